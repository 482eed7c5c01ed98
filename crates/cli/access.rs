//! Tells of files of secrets who else has rights in them.

use std::path::Path;

use bstr::ByteSlice as _;
use leakgate_model::Finding;

/// Adds what is known to findings about files that are named as secrets, and gives those that are
/// new. Few files are: nothing is asked of others. The findings are sorted by their paths then.
pub(crate) fn look(root: &Path, findings: &mut [Finding]) -> Vec<Finding> {
    findings.sort_by(|a, b| a.path.cmp(&b.path));
    let mut new = Vec::new();
    for of_one in findings.chunk_by_mut(|a, b| a.path == b.path) {
        let path = of_one[0].path.clone();
        if !leakgate_modes::names_secret(path.as_bstr()) {
            continue;
        }
        let Ok(file) = path.to_path() else { continue };
        let leakgate_git::Access { owner, named } = leakgate_git::access(&root.join(file));
        let access = leakgate_modes::Access { owner, named: &named };
        new.extend(leakgate_modes::check_access(path.as_bstr(), &access, of_one));
    }
    new
}
