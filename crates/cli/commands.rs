//! The commands that change something: hooks, ignore entries.

use std::env;
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use leakgate_git::{FilesOptions, Moment};
use leakgate_hooks::{Event, Site};
use leakgate_model::{Finding, Fingerprint};
use leakgate_policy::{FILE_NAME, IgnoreEntry, IgnoreFile};
use leakgate_secrets::RuleSet;

use crate::args::{HookArgs, IgnoreArgs, ScanArgs};
use crate::exit::Exit;
use crate::{run, terminal};

/// `leakgate hook EVENT`: what a hook calls.
pub(crate) fn hook(args: &HookArgs) -> anyhow::Result<Exit> {
    let Some(event) = Event::ALL.iter().find(|event| event.name() == args.event) else {
        let names: Vec<_> = Event::ALL.iter().map(|event| event.name()).collect();
        bail!(
            "there is no check for the hook {:?}; there is one for {}",
            args.event,
            names.join(", ")
        );
    };
    let scan = ScanArgs::default();
    // `pre-commit run --all-files` runs outside of a commit and stages nothing: then everything
    // is meant. In a commit, git names the index.
    if is_set("PRE_COMMIT") && !is_set("GIT_INDEX_FILE") {
        return run::index(&scan);
    }
    run::staged(
        &scan,
        match event {
            Event::PreCommit => Moment::Commit,
            Event::PreMergeCommit => Moment::Merge,
        },
    )
}

fn is_set(name: &str) -> bool {
    env::var_os(name).is_some_and(|value| !value.is_empty())
}

/// `leakgate install`.
pub(crate) fn install() -> anyhow::Result<Exit> {
    let site = site()?;
    let changes = leakgate_hooks::install(&site, &Event::ALL)?;
    terminal::say(changes.iter().map(ToString::to_string))?;
    Ok(Exit::Clean)
}

/// `leakgate uninstall`.
pub(crate) fn uninstall() -> anyhow::Result<Exit> {
    let changes = leakgate_hooks::uninstall(&site()?, &Event::ALL)?;
    terminal::say(changes.iter().map(ToString::to_string))?;
    Ok(Exit::Clean)
}

fn site() -> anyhow::Result<Site> {
    let hooks_dir = run::repository()?.hooks_dir()?;
    let binary = env::current_exe().context("could not find out where leakgate itself is")?;
    Ok(Site { hooks_dir, binary })
}

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
