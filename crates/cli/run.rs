//! The pipeline: open the source, build the rule set, fan out, apply policy, report, exit.

use std::collections::BTreeSet;
use std::env;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context as _, bail};
use bstr::BString;
use leakgate_git::{Files, FilesOptions, Moment, Repository, Staged, Stdin};
use leakgate_model::{Entry, Finding, Listing, Mode, Outcome, Source, Status};
use leakgate_modes::FileMode;
use leakgate_policy::{Applied, Config, IgnoreFile, Samples};
use leakgate_report::{HistoryFacts, Report, RuleInfo, Scope};
use leakgate_secrets::RuleSet;

use crate::args::{FilesArgs, ScanArgs, StdinArgs};
use crate::check::{self, Checks};
use crate::exit::Exit;
use crate::samples::Handling;
use crate::{access, below, mask, own_rules, stray, terminal, whole};

/// What a scan found, policy applied.
pub(crate) struct Scanned {
    pub(crate) findings: Vec<Finding>,
    pub(crate) outcome: Outcome,
}

impl Scanned {
    /// Adds findings that policy has been applied to.
    pub(crate) fn add(&mut self, applied: Applied) {
        self.outcome.ignored += applied.ignored;
        applied.kept.iter().for_each(|finding| self.outcome.count(finding));
        if !applied.kept.is_empty() {
            self.findings.extend(applied.kept);
            self.findings.sort_by(|a, b| a.sort_key().cmp(&b.sort_key()));
        }
    }

    /// Counts findings that are meant as ignored.
    fn let_pass(&mut self, is_meant: impl Fn(&Finding) -> bool) {
        let before = self.findings.len();
        self.findings.retain(|finding| !is_meant(finding));
        let outcome = &mut self.outcome;
        outcome.ignored += (before - self.findings.len()) as u64;
        (outcome.blocking, outcome.advice, outcome.already_committed) = (0, 0, 0);
        self.findings.iter().for_each(|finding| outcome.count(finding));
    }
}

/// `leakgate staged`.
pub(crate) fn staged(scan: &ScanArgs, moment: Moment) -> anyhow::Result<Exit> {
    let start = Instant::now();
    staged_in(&repository()?, scan, moment, start)
}

/// The staged change of a repository that is open already, as for the hooks at their moments.
pub(crate) fn staged_in(
    repository: &Repository,
    scan: &ScanArgs,
    moment: Moment,
    start: Instant,
) -> anyhow::Result<Exit> {
    let root = repository.work_tree();
    let rules = rules(scan, root.as_deref())?;
    let ignores = ignores(root.as_deref())?;
    let scanned = scan_staged(repository, moment, &rules, &ignores, scan)?;
    finish("staged", Scope::StagedChange, &scanned, &rules, scan, start)
}

/// The whole index, as the pre-commit framework wants with `--all-files`.
pub(crate) fn index(scan: &ScanArgs) -> anyhow::Result<Exit> {
    let start = Instant::now();
    let repository = repository()?;
    let root = repository.work_tree();
    let rules = rules(scan, root.as_deref())?;
    let ignores = ignores(root.as_deref())?;
    let listed = Staged::list_index(&repository)?;
    let scanned = scan_listed(&repository, listed, &rules, &ignores, Samples::Count, scan)?;
    finish("index", Scope::Files, &scanned, &rules, scan, start)
}

/// `leakgate files PATH…`.
pub(crate) fn files(args: &FilesArgs) -> anyhow::Result<Exit> {
    let start = Instant::now();
    if args.paths.iter().any(|path| path.as_os_str() == "-" && !path.exists()) {
        bail!("there is no file called -; `leakgate stdin` scans standard input");
    }
    // A folder that was deleted looks like an empty one from inside.
    if args.paths.iter().any(|path| path.is_relative()) {
        env::current_dir().context("could not find out the current folder")?;
    }
    let root = nearest_work_tree();
    let rules = rules(&args.scan, root.as_deref())?;
    let ignores = ignores(root.as_deref())?;
    let options =
        if args.no_ignore { FilesOptions::Everything } else { FilesOptions::RespectIgnores };
    let scanned = scan_files(&args.paths, options, &rules, &ignores, &args.scan)?;
    finish("files", Scope::Files, &scanned, &rules, &args.scan, start)
}

/// `leakgate stdin`.
pub(crate) fn stdin(args: &StdinArgs) -> anyhow::Result<Exit> {
    let start = Instant::now();
    let root = nearest_work_tree();
    let rules = rules(&args.scan, root.as_deref())?;
    let ignores = ignores(root.as_deref())?;
    let (source, listing) = Stdin::list(args.name.as_str());
    let samples = Handling::of(&args.scan, Samples::Tell);
    let checks = Checks { rules: &rules, modes: None, whole: None, samples };
    let scanned = scan_all(&checks, &source, listing, &ignores, &args.scan)?;
    finish("stdin", Scope::Stdin, &scanned, &rules, &args.scan, start)
}

pub(crate) fn scan_staged(
    repository: &Repository,
    moment: Moment,
    rules: &RuleSet,
    ignores: &IgnoreFile,
    scan: &ScanArgs,
) -> anyhow::Result<Scanned> {
    let listed = Staged::list(repository, moment)?;
    scan_listed(repository, listed, rules, ignores, Samples::Warn, scan)
}

/// Scans what was listed of the index, modes included.
pub(crate) fn scan_listed(
    repository: &Repository,
    (source, listing): (Staged<'_>, Listing),
    rules: &RuleSet,
    ignores: &IgnoreFile,
    samples: Samples,
    scan: &ScanArgs,
) -> anyhow::Result<Scanned> {
    let file_mode = if repository.file_mode() { FileMode::Trusted } else { FileMode::Untrusted };
    let modes = mode_context(&listing, file_mode, || source.submodules());
    let config = match repository.work_tree() {
        Some(root) => Config::read(&root)?,
        None => Config::default(),
    };
    if let Some(root) = repository.work_tree().filter(|_| !scan.quiet) {
        stray::warn(&root, &listing.entries, rules, ignores);
    }
    let whole = |entries: &[Entry]| whole::look(&source, entries, &config);
    let samples = Handling::of(scan, samples);
    let checks = Checks { rules, modes: Some(modes), whole: Some(&whole), samples };
    let mut scanned = scan_all(&checks, &source, listing, ignores, scan)?;
    if let Some(root) = repository.work_tree().filter(|_| file_mode == FileMode::Trusted) {
        let new = access::look(&root, &mut scanned.findings);
        scanned.add(leakgate_policy::apply(new, ignores));
    }
    scanned.let_pass(|finding| config.lets_pass(finding));
    Ok(scanned)
}

pub(crate) fn scan_files(
    paths: &[PathBuf],
    options: FilesOptions,
    rules: &RuleSet,
    ignores: &IgnoreFile,
    scan: &ScanArgs,
) -> anyhow::Result<Scanned> {
    let (source, listing) = Files::list(paths, options);
    let samples = Handling::of(scan, Samples::Count).below(paths);
    let checks = Checks { rules, modes: None, whole: None, samples };
    scan_all(&checks, &source, listing, ignores, scan)
}

pub(crate) fn scan_all(
    checks: &Checks<'_>,
    source: &dyn Source,
    listing: Listing,
    ignores: &IgnoreFile,
    scan: &ScanArgs,
) -> anyhow::Result<Scanned> {
    let (findings, outcome) = check::all(checks, source, listing, scan.threads)?;
    let mut scanned = Scanned { findings: Vec::new(), outcome };
    let mut applied = leakgate_policy::apply(findings, ignores);
    scanned.outcome.samples = checks.samples.handle(checks.rules, &mut applied);
    scanned.add(applied);
    Ok(scanned)
}

pub(crate) fn finish(
    command: &str,
    scope: Scope,
    scanned: &Scanned,
    rules: &RuleSet,
    scan: &ScanArgs,
    start: Instant,
) -> anyhow::Result<Exit> {
    finish_with(command, scope, scanned, rules, scan, start, None)
}

/// Reports a scan, with what there is to tell of a history.
pub(crate) fn finish_with(
    command: &str,
    scope: Scope,
    scanned: &Scanned,
    rules: &RuleSet,
    scan: &ScanArgs,
    start: Instant,
    history: Option<HistoryFacts<'_>>,
) -> anyhow::Result<Exit> {
    let exit = Exit::of(&scanned.outcome);
    let shown = mask::report(rules, scanned, history.map_or(&[], |history| history.traces));
    if scan.fix {
        let findings = below::adapted(&shown.findings, scope, scan.format);
        say_fixes(&findings, &shown.outcome)?;
        return Ok(exit);
    }
    let ids: BTreeSet<_> = scanned.findings.iter().map(|finding| &finding.rule).collect();
    let described: Vec<_> =
        ids.into_iter().filter_map(|id| Some((rules.get(id)?, rules.about(id)?))).collect();
    let found: Vec<RuleInfo<'_>> = described
        .iter()
        .map(|(rule, about)| RuleInfo {
            id: rule.id.as_str(),
            title: &rule.title,
            provider: Some(rule.provider.as_ref()).filter(|name| !name.is_empty()),
            severity: rule.severity,
            help: about.references.first().map(String::as_str),
        })
        .collect();
    let report = Report {
        command,
        version: env!("CARGO_PKG_VERSION"),
        findings: &shown.findings,
        outcome: &shown.outcome,
        rules: &found,
        elapsed: start.elapsed(),
        scope,
        history: history.map(|history| HistoryFacts { traces: &shown.traces, ..history }),
        exit: exit.status(),
    };
    write(&report, scan)?;
    if let Some(scan) = scan.on_screen() {
        write(&report, &scan)?;
    }
    Ok(exit)
}

fn write(report: &Report<'_>, scan: &ScanArgs) -> anyhow::Result<()> {
    let settings = terminal::settings(scan);
    let findings = below::adapted(report.findings, report.scope, scan.format);
    let report = Report { findings: &findings, ..*report };
    terminal::output(scan.output.as_deref(), |out| leakgate_report::write(out, &report, &settings))
}

/// Prints commands and nothing else, as a shell may read it; what they leave is told beside them.
fn say_fixes(findings: &[Finding], outcome: &Outcome) -> anyhow::Result<()> {
    let new = findings.iter().filter(|finding| finding.status == Status::Introduced);
    let (mended, left): (Vec<_>, Vec<_>) = new.partition(|finding| !finding.fixes.is_empty());
    terminal::say(mended.iter().flat_map(|finding| finding.fixes.iter().cloned()))?;
    for problem in &outcome.problems {
        let place = problem.path.as_ref().map_or_else(String::new, |path| format!("{path}: "));
        terminal::note(&format!("not scanned: {place}{}", problem.detail));
    }
    if !left.is_empty() {
        terminal::note(&format!(
            "no command mends {} of {} findings; without --fix they are shown",
            left.len(),
            left.len() + mended.len()
        ));
    }
    Ok(())
}

/// The repository that git would use here.
pub(crate) fn repository() -> anyhow::Result<Repository> {
    let here = env::current_dir().context("could not find out the current folder")?;
    Ok(Repository::discover(&here)?)
}

/// The built-in rules, those of the work tree's settings and those of `--rules`.
pub(crate) fn rules(scan: &ScanArgs, work_tree: Option<&Path>) -> anyhow::Result<RuleSet> {
    own_rules::set(scan.rules.as_deref(), work_tree)
}

/// What the work tree's ignore file and its settings let pass.
pub(crate) fn ignores(work_tree: Option<&Path>) -> anyhow::Result<IgnoreFile> {
    let Some(root) = work_tree else { return Ok(IgnoreFile::default()) };
    let disabled = Config::read(root)?.disabled;
    Ok(IgnoreFile::read(root)?.and_all_of(disabled.into_keys()))
}

/// The work tree around the current folder, if there is one: its ignore file counts.
pub(crate) fn nearest_work_tree() -> Option<PathBuf> {
    repository().ok()?.work_tree()
}

/// What the mode checks need. The submodules are asked for only where there may be one.
pub(crate) fn mode_context(
    listing: &Listing,
    file_mode: FileMode,
    submodules: impl FnOnce() -> BTreeSet<BString>,
) -> leakgate_modes::Context {
    let has_gitlinks = listing.entries.iter().any(|entry| entry.mode == Mode::Gitlink);
    let submodules = if has_gitlinks { submodules() } else { BTreeSet::new() };
    leakgate_modes::Context { submodules, file_mode }
}
