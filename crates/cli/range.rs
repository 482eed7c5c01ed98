//! `leakgate range`, and every other scan of commits.

use std::env;
use std::time::Instant;

use anyhow::{Context as _, bail};
use bstr::BString;
use leakgate_git::{Cut, NAMES, Range, RangeSpec, Repository, Tip};
use leakgate_model::{Finding, ObjectId};
use leakgate_modes::FileMode;
use leakgate_policy::{FILE_NAME, IgnoreFile, Samples};
use leakgate_report::Scope;
use leakgate_secrets::RuleSet;

use crate::args::{RangeArgs, ScanArgs};
use crate::check::Checks;
use crate::ci;
use crate::exit::Exit;
use crate::history;
use crate::run::{self, Scanned};
use crate::samples::Handling;

/// Two ends in words: what is reachable from the last and not from the first ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ends {
    /// The first of these that there is counts, and [`NOTHING`] is always there; without any,
    /// nothing is hidden.
    pub(crate) base: Vec<String>,
    pub(crate) head: String,
}

/// What commits are scanned for.
pub(crate) struct Purpose<'p> {
    /// The command, as reports name it.
    pub(crate) command: &'p str,
    pub(crate) scope: Scope,
    /// Whose ignore file counts.
    pub(crate) ignores: Ignores,
    /// What is to be done where things stand.
    pub(crate) advice: Option<&'static str>,
}

/// Where the ignore file is.
pub(crate) enum Ignores {
    WorkTree,
    /// In what was pushed: a server has no work tree.
    Tips,
    /// Nobody's.
    None,
}

/// `leakgate range [A..B]`.
pub(crate) fn range(args: &RangeArgs) -> anyhow::Result<Exit> {
    let start = Instant::now();
    let repository = run::repository()?;
    let ends = match &args.range {
        Some(range) => parse(range)?,
        None => ci::ends(|name| env::var(name).ok().filter(|value| !value.is_empty()))?,
    };
    let spec = resolve(&repository, &ends)?;
    let purpose = Purpose {
        command: "range",
        scope: Scope::Commits,
        ignores: Ignores::WorkTree,
        advice: None,
    };
    scan(&repository, &spec, &purpose, &args.scan, start)
}

/// Scans commits and reports.
pub(crate) fn scan(
    repository: &Repository,
    spec: &RangeSpec,
    purpose: &Purpose<'_>,
    scan: &ScanArgs,
    start: Instant,
) -> anyhow::Result<Exit> {
    // A server obeys no settings of what is pushed to it but the entries of its ignore file.
    let root = match purpose.ignores {
        Ignores::WorkTree => repository.work_tree(),
        Ignores::Tips | Ignores::None => None,
    };
    let rules = run::rules(scan, root.as_deref())?;
    let mut scanned = look(repository, spec, &rules, &purpose.ignores, scan)?;
    if let Some(advice) = purpose.advice {
        advise(&mut scanned.findings, advice);
    }
    if matches!(purpose.ignores, Ignores::Tips) {
        for finding in scanned.findings.iter_mut().filter(|finding| finding.blocks()) {
            finding.advice.push(IGNORED_HERE.into());
        }
    }
    run::finish(purpose.command, purpose.scope, &scanned, &rules, scan, start)
}

/// Scans commits.
fn look(
    repository: &Repository,
    spec: &RangeSpec,
    rules: &RuleSet,
    ignores: &Ignores,
    scan: &ScanArgs,
) -> anyhow::Result<Scanned> {
    let (mut source, listing) = Range::list(repository, spec);
    if listing.entries.len() >= MANY {
        let blobs = listing.entries.iter().filter_map(|entry| entry.id);
        let threads = history::threads(scan.threads);
        source.set_calm(history::calm(repository, rules, blobs, threads));
    }
    let ignores = match ignores {
        Ignores::WorkTree => run::ignores(repository.work_tree().as_deref())?,
        Ignores::Tips => pushed_ignores(&source)?,
        Ignores::None => IgnoreFile::default(),
    };
    let modes = run::mode_context(&listing, FileMode::Trusted, || source.submodules());
    let samples = Handling::of(scan, Samples::Warn);
    let checks = Checks { rules, modes: Some(modes), whole: None, samples };
    run::scan_all(&checks, &source, listing, &ignores, scan)
}

/// From so many files on, versions of the same ones are likely among them. What is told does not
/// depend on it: `how_many_files_there_are_changes_nothing` has more.
const MANY: usize = 64;

/// What the commits of `HEAD` bring that no remote is known to have, nothing ignored.
pub(crate) fn unpushed(
    repository: &Repository,
    rules: &RuleSet,
    scan: &ScanArgs,
) -> anyhow::Result<Vec<Finding>> {
    let Some(head) = repository.resolve("HEAD")? else { return Ok(Vec::new()) };
    let refs = repository.refs()?.into_iter();
    let known = refs.filter(|(name, _)| name.starts_with(b"refs/remotes/")).map(|(_, id)| id);
    let tips = vec![Tip { name: BString::default(), id: head }];
    let spec = RangeSpec { tips, hidden: known.collect(), cut: Cut::Whole, scanned: Vec::new() };
    Ok(look(repository, &spec, rules, &Ignores::None, scan)?.findings)
}

/// What to do about a commit that is there.
pub(crate) const IN_A_COMMIT: &str = "Take it out of the commit that adds it, with `git commit --amend` for \
    the last one or `git rebase -i` for an earlier one: a later commit that removes it is not \
    enough.";

/// What an ignore entry needs where there is no work tree.
const IGNORED_HERE: &str = "What `leakgate ignore` writes to .leakgate-ignore counts here once it is \
    committed and pushed as well.";

/// Says first what is to be done where things stand. Of a name no commit has to be mended.
pub(crate) fn advise(findings: &mut [Finding], sentence: &str) {
    for finding in findings.iter_mut().filter(|finding| finding.blocks()) {
        let of_name = "Choose another name for the branch or tag.";
        let sentence = if finding.path == NAMES { of_name } else { sentence };
        finding.advice.insert(0, sentence.to_owned().into());
    }
}

fn pushed_ignores(source: &Range<'_>) -> anyhow::Result<IgnoreFile> {
    let Some(bytes) = source.file(FILE_NAME) else { return Ok(IgnoreFile::default()) };
    let text = String::from_utf8(bytes)
        .with_context(|| format!("could not read the pushed {FILE_NAME}: it is not UTF-8"))?;
    IgnoreFile::parse(&text).with_context(|| format!("could not use the pushed {FILE_NAME}"))
}

/// `A..B`, with `HEAD` for a side that is left out. The commits of `A...B` that are not in `A` are
/// the same ones.
fn parse(range: &str) -> anyhow::Result<Ends> {
    let Some((base, head)) = range.split_once("...").or_else(|| range.split_once("..")) else {
        bail!(
            "{range:?} names no range; write A..B for the commits of B that A has not, as in \
             origin/main..HEAD"
        );
    };
    let or_head = |name: &str| if name.is_empty() { "HEAD" } else { name }.to_owned();
    Ok(Ends { base: vec![or_head(base)], head: or_head(head) })
}

fn resolve(repository: &Repository, ends: &Ends) -> anyhow::Result<RangeSpec> {
    let head = find(repository, &ends.head)?;
    let mut hidden = Vec::new();
    let mut found = ends.base.is_empty();
    for name in &ends.base {
        if is_zero(name) {
            found = true;
            break;
        }
        if let Some(id) = repository.resolve(name)? {
            hidden.push(id);
            found = true;
            break;
        }
    }
    if !found {
        return Err(not_found(repository, &ends.base[0]));
    }
    let tips = vec![Tip { name: BString::default(), id: head }];
    Ok(RangeSpec { tips, hidden, cut: Cut::Problem, scanned: Vec::new() })
}

fn find(repository: &Repository, name: &str) -> anyhow::Result<ObjectId> {
    repository.resolve(name)?.ok_or_else(|| not_found(repository, name))
}

fn not_found(repository: &Repository, name: &str) -> anyhow::Error {
    let way_out = if repository.is_shallow() {
        "this clone is shallow: fetch the rest with `git fetch --unshallow`, or in CI set the \
         depth of the checkout to 0 (GitHub: fetch-depth, GitLab: GIT_DEPTH)"
    } else {
        "`git fetch` may bring it, `git log` shows what there is"
    };
    anyhow::anyhow!("could not find the commit {name:?} here; {way_out}")
}

/// Git's id of nothing.
pub(crate) const NOTHING: &str = "0000000000000000000000000000000000000000";

/// Whether this is git's id of nothing, of either hash.
pub(crate) fn is_zero(id: &str) -> bool {
    matches!(id.len(), 40 | 64) && id.bytes().all(|digit| digit == b'0')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_as_users_write_them() {
        for (range, base, head) in [
            ("a..b", "a", "b"),
            ("a...b", "a", "b"),
            ("origin/main..", "origin/main", "HEAD"),
            ("..b", "HEAD", "b"),
        ] {
            let ends = Ends { base: vec![base.to_owned()], head: head.to_owned() };
            assert_eq!(parse(range).expect("a range"), ends);
        }
        assert!(parse("HEAD").is_err());
        assert!(is_zero(&"0".repeat(40)) && is_zero(&"0".repeat(64)));
        assert!(!is_zero("0") && !is_zero(&"1".repeat(40)));
    }
}
