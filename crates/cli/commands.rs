//! The commands about ignore entries.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use leakgate_git::{FilesOptions, Moment};
use leakgate_model::{Finding, Fingerprint};
use leakgate_policy::{FILE_NAME, IgnoreEntry, IgnoreFile};
use leakgate_secrets::RuleSet;

use crate::args::{IgnoreArgs, ScanArgs};
use crate::exit::Exit;
use crate::{range, run, terminal};

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
             staged change, `leakgate range` those of commits, and `--files PATH` looks elsewhere"
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
///
/// Where no paths are given, they are looked for wherever a hook may have found them: in the staged
/// change, in the message of a commit that was stopped, in commits that were not pushed yet.
fn find(wanted: Fingerprint, file: &IgnoreFile, paths: &[PathBuf]) -> anyhow::Result<Vec<Finding>> {
    let scan = ScanArgs { samples: true, ..ScanArgs::default() };
    let rules = RuleSet::default();
    let is_wanted = |finding: &Finding| {
        finding.fingerprint == Some(wanted)
            || leakgate_policy::fingerprint_of(finding, file.key()) == wanted
    };
    let of = |findings: Vec<Finding>| -> Vec<Finding> {
        findings.into_iter().filter(is_wanted).collect()
    };
    let none = IgnoreFile::default();
    let in_files = |paths: &[PathBuf]| {
        run::scan_files(paths, FilesOptions::RespectIgnores, &rules, &none, &scan)
    };
    if !paths.is_empty() {
        return Ok(of(in_files(paths)?.findings));
    }
    let repository = run::repository()?;
    let staged = run::scan_staged(&repository, Moment::Commit, &rules, &none, &scan)?;
    let mut found = of(staged.findings);
    let message = repository.git_dir().join("COMMIT_EDITMSG");
    if found.is_empty() && message.is_file() {
        found = of(in_files(&[message])?.findings);
    }
    if found.is_empty() {
        found = of(range::unpushed(&repository, &rules, &scan)?);
    }
    Ok(found)
}
