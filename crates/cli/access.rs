//! Tells of files of secrets who else has rights in them.

use std::collections::BTreeSet;
use std::path::Path;

use bstr::{BString, ByteSlice as _};
use leakgate_model::Finding;

/// Adds what is known to findings about files that are named as secrets, and gives those that are
/// new. Few files are: nothing is asked of others.
pub(crate) fn look(root: &Path, findings: &mut [Finding]) -> Vec<Finding> {
    let named = findings.iter().map(|finding| &finding.path);
    let paths: BTreeSet<BString> =
        named.filter(|path| leakgate_modes::names_secret(path.as_bstr())).cloned().collect();
    let mut new = Vec::new();
    for path in paths {
        let Ok(file) = path.to_path() else { continue };
        let leakgate_git::Access { owner, named } = leakgate_git::access(&root.join(file));
        let access = leakgate_modes::Access { owner, named: &named };
        new.extend(leakgate_modes::check_access(path.as_bstr(), &access, findings));
    }
    new
}
