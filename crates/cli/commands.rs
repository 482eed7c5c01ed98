//! The commands about ignore entries.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use leakgate_git::{FilesOptions, Moment};
use leakgate_model::{Finding, Fingerprint};
use leakgate_policy::{FILE_NAME, IgnoreEntry, IgnoreFile};
use leakgate_secrets::RuleSet;

use crate::args::{IgnoreArgs, ScanArgs};
use crate::exit::Exit;
use crate::{run, terminal};

/// `leakgate ignore FINGERPRINT --reason …`.
pub(crate) fn ignore(args: &IgnoreArgs) -> anyhow::Result<Exit> {
    let wanted = Fingerprint::parse(&args.fingerprint).with_context(|| {
        format!("{:?} is no fingerprint: it has 20 hexadecimal digits", args.fingerprint)
    })?;
    let root = run::nearest_work_tree()
        .context("there is no work tree here to keep the ignore file in")?;
    let mut file = run::ignores(Some(&root))?;
    let found = find(wanted, &file, &args.files)?;
    let Some(first) = found.first() else {
        bail!(
            "nothing found has the fingerprint {wanted}; `leakgate staged` shows those of the \
             staged change, and `--files PATH` looks elsewhere"
        );
    };
    if !file.has_own_key() {
        file.make_key()?;
    }
    let rule = first.rule.clone();
    let fingerprint = leakgate_policy::fingerprint_of(first, file.key());
    file.add(IgnoreEntry { rule: rule.clone(), fingerprint }, &args.reason)?;
    file.write(&root)?;
    terminal::say([format!(
        "{FILE_NAME}: {rule} {fingerprint} is let pass from now on; commit the file so that it \
         holds for everybody"
    )])?;
    Ok(Exit::Clean)
}

/// The findings with a fingerprint, under the file's key or the one of repositories without.
fn find(wanted: Fingerprint, file: &IgnoreFile, paths: &[PathBuf]) -> anyhow::Result<Vec<Finding>> {
    let scan = ScanArgs::default();
    let rules = RuleSet::default();
    let none = IgnoreFile::default();
    let scanned = if paths.is_empty() {
        run::scan_staged(&run::repository()?, Moment::Commit, &rules, &none, &scan)?
    } else {
        run::scan_files(paths, FilesOptions::RespectIgnores, &rules, &none, &scan)?
    };
    let is_wanted = |finding: &Finding| {
        finding.fingerprint == Some(wanted)
            || leakgate_policy::fingerprint_of(finding, file.key()) == wanted
    };
    Ok(scanned.findings.into_iter().filter(is_wanted).collect())
}
