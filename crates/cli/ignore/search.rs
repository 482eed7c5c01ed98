//! Finds again what was shown, from what is quickly read to what takes long.
//!
//! A fingerprint tells nothing of the value, and the one on the screen may have been made without the
//! key that the file has now. So the finding itself has to be there.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::path::{Path, PathBuf};

use leakgate_git::{FilesOptions, Moment, Repository, Stdin};
use leakgate_model::{Finding, Fingerprint, Key, Outcome, RuleId};
use leakgate_policy::{IgnoreFile, Samples};
use leakgate_secrets::RuleSet;

use crate::args::{HistoryArgs, IgnoreArgs, ScanArgs};
use crate::check::Checks;
use crate::run::{self, Scanned};
use crate::samples::Handling;
use crate::{audit, history, range};

/// Files in which git keeps the message of what was stopped.
const MESSAGES: [&str; 4] = ["COMMIT_EDITMSG", "MERGE_MSG", "TAG_EDITMSG", "NOTES_EDITMSG"];

/// A finding that is looked for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Wanted {
    pub(super) fingerprint: Fingerprint,
    /// Of whatever rule, if there is none.
    pub(super) rule: Option<RuleId>,
}

impl Wanted {
    pub(super) fn any(fingerprint: Fingerprint) -> Self {
        Self { fingerprint, rule: None }
    }
}

/// A finding that was looked for.
pub(super) struct Found {
    /// Its fingerprint as it was shown.
    pub(super) shown: Fingerprint,
    pub(super) finding: Finding,
}

/// How far back it is looked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// To what some ref leads to.
    Refs,
    /// To all that is there.
    All,
}

pub(super) struct Search<'s> {
    repository: &'s Repository,
    key: &'s Key,
    rules: RuleSet,
    scan: ScanArgs,
    none: IgnoreFile,
    reach: Reach,
    /// What was not found yet.
    pub(super) open: BTreeSet<Wanted>,
    /// One of each rule and fingerprint.
    pub(super) found: Vec<Found>,
    /// How much could not be read.
    pub(super) unread: usize,
}

impl<'s> Search<'s> {
    pub(super) fn new(
        repository: &'s Repository,
        key: &'s Key,
        args: &IgnoreArgs,
        open: BTreeSet<Wanted>,
    ) -> anyhow::Result<Self> {
        let (root, rules) = (repository.work_tree(), args.rules.clone());
        let scan = ScanArgs { samples: true, quiet: true, rules, ..ScanArgs::default() };
        let (rules, none) = (run::rules(&scan, root.as_deref())?, IgnoreFile::default());
        // What no ref leads to is shown where it is asked for, but is no reason to keep an entry.
        let reach = if args.stale { Reach::Refs } else { Reach::All };
        Ok(Self { repository, key, rules, scan, none, reach, open, found: Vec::new(), unread: 0 })
    }

    /// Looks in files and folders; `-` is standard input.
    pub(super) fn look_in(&mut self, paths: &[PathBuf]) -> anyhow::Result<()> {
        let (streams, files): (Vec<_>, Vec<_>) =
            paths.iter().cloned().partition(|path| path == Path::new("-"));
        if !streams.is_empty() && !self.open.is_empty() {
            let scanned = self.stdin()?;
            self.take(scanned);
        }
        if !files.is_empty() && !self.open.is_empty() {
            let scanned = self.files(&files)?;
            self.take(scanned);
        }
        Ok(())
    }

    /// Looks wherever a command may have found something, until nothing is wanted any more.
    pub(super) fn look_everywhere(&mut self) -> anyhow::Result<()> {
        let places =
            [Self::staged, Self::messages, Self::unpushed, Self::audit, Self::here, Self::history];
        for place in places {
            if self.open.is_empty() {
                break;
            }
            let scanned = place(self)?;
            self.take(scanned);
        }
        Ok(())
    }

    fn take(&mut self, scanned: Scanned) {
        self.unread += scanned.outcome.problems.len();
        let mut taken: BTreeMap<(Fingerprint, RuleId), Finding> = BTreeMap::new();
        let mut closed = BTreeSet::new();
        for finding in scanned.findings {
            let own = leakgate_policy::fingerprint_of(&finding, self.key);
            for shown in [Some(own), finding.fingerprint].into_iter().flatten() {
                let rule = Some(finding.rule.clone());
                let mut wanted = vec![Wanted::any(shown), Wanted { fingerprint: shown, rule }];
                wanted.retain(|wanted| self.open.contains(wanted));
                if !wanted.is_empty() {
                    closed.extend(wanted);
                    taken.insert((shown, finding.rule.clone()), finding.clone());
                }
            }
        }
        self.open.retain(|wanted| !closed.contains(wanted));
        let found = taken.into_iter().map(|((shown, _), finding)| Found { shown, finding });
        self.found.extend(found);
    }

    fn staged(&self) -> anyhow::Result<Scanned> {
        run::scan_staged(self.repository, Moment::Commit, &self.rules, &self.none, &self.scan)
    }

    fn messages(&self) -> anyhow::Result<Scanned> {
        let files = MESSAGES.map(|name| self.repository.git_dir().join(name));
        let files: Vec<_> = files.into_iter().filter(|file| file.is_file()).collect();
        self.files(&files)
    }

    fn unpushed(&self) -> anyhow::Result<Scanned> {
        let findings = range::unpushed(self.repository, &self.rules, &self.scan)?;
        Ok(Scanned { findings, outcome: Outcome::default() })
    }

    fn audit(&self) -> anyhow::Result<Scanned> {
        audit::look(self.repository, &self.rules, &self.none, &self.scan)
    }

    /// The work tree, what git does not track included. Of settings, the path counts as it was shown:
    /// from the folder that the user is in.
    fn here(&self) -> anyhow::Result<Scanned> {
        let root = self.repository.work_tree().filter(|root| {
            env::current_dir()
                .is_ok_and(|here| here.canonicalize().ok() != root.canonicalize().ok())
        });
        self.files(&[PathBuf::from(".")].into_iter().chain(root).collect::<Vec<_>>())
    }

    fn history(&self) -> anyhow::Result<Scanned> {
        // It may take long, so how far it got is shown.
        let scan = ScanArgs { quiet: false, ..self.scan.clone() };
        let unreachable = self.reach == Reach::All;
        let args = HistoryArgs { unreachable, modes: true, scan, ..HistoryArgs::default() };
        history::look(&args, self.repository, &self.rules)
    }

    fn files(&self, paths: &[PathBuf]) -> anyhow::Result<Scanned> {
        run::scan_files(paths, FilesOptions::RespectIgnores, &self.rules, &self.none, &self.scan)
    }

    fn stdin(&self) -> anyhow::Result<Scanned> {
        let (source, listing) = Stdin::list("stdin");
        let samples = Handling::of(&self.scan, Samples::Tell);
        let checks = Checks { rules: &self.rules, modes: None, whole: None, samples };
        run::scan_all(&checks, &source, listing, &self.none, &self.scan)
    }
}
