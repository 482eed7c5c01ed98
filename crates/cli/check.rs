//! Fans entries out to the checks and brings the findings back in order.

use std::collections::BTreeSet;
use std::io::{self, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Context as _;
use bstr::{BStr, ByteSlice as _};
use leakgate_model::{
    Content, Entry, Finding, Listing, Mode, Outcome, Previous, Problem, ProblemKind, Reader,
    RuleId, Skip, Source, Status,
};
use leakgate_policy::{has_new, mark_known};
use leakgate_secrets::{RuleSet, Scanned, Scratch};
use rayon::prelude::*;

use crate::samples::Handling;
use crate::whole::Whole;

/// Looks at the entries of a change as a whole.
type LookAtWhole<'c> = dyn Fn(&[Entry]) -> Whole + Sync + 'c;

/// The checks of one run.
pub(crate) struct Checks<'c> {
    pub(crate) rules: &'c RuleSet,
    /// What the mode checks need; `None` where there are no modes that git stores.
    pub(crate) modes: Option<leakgate_modes::Context>,
    /// Looks at the change as a whole; `None` where there is no change.
    pub(crate) whole: Option<&'c LookAtWhole<'c>>,
    /// What is done with samples.
    pub(crate) samples: Handling<'c>,
}

/// Fewer entries than this are scanned on one thread: starting others costs more.
const FEW: usize = 8;

/// Runs all checks over a listing: findings in the order of the entries, and the counts.
pub(crate) fn all(
    checks: &Checks<'_>,
    source: &dyn Source,
    listing: Listing,
    threads: Option<usize>,
) -> anyhow::Result<(Vec<Finding>, Outcome)> {
    let mut listing = listing;
    let entries = &listing.entries;
    let new_worker = || Worker::new(checks, source);
    let modes_of = |entry: &Entry| match &checks.modes {
        Some(context) => leakgate_modes::check_entry(entry, context),
        None => Vec::new(),
    };
    let whole = || checks.whole.map(|look| look(entries)).unwrap_or_default();
    let (seen, (mut modes, whole)): (Vec<Seen>, (Vec<Vec<Finding>>, Whole)) =
        if entries.len() < FEW || threads == Some(1) {
            let mut worker = new_worker();
            let seen = entries.iter().map(|entry| worker.look_at(entry)).collect();
            (seen, (entries.iter().map(modes_of).collect(), whole()))
        } else {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads.unwrap_or(0))
                .build()
                .context("could not start the threads")?;
            let modes = || entries.par_iter().map(modes_of).collect();
            pool.install(|| {
                rayon::join(|| by_turns(entries, &new_worker), || rayon::join(modes, whole))
            })
        };
    for (at, finding) in whole.findings {
        modes[at].push(finding);
    }
    listing.problems.extend(whole.problems);
    let (mut findings, outcome) = gather(listing, seen, modes);
    if has_new(&findings) {
        // What stops on a fault of its own vouches for nothing.
        let looked = AssertUnwindSafe(|| new_worker().secrets_of(&source.removed()));
        let known = catch_unwind(looked).unwrap_or_default();
        mark_known(&mut findings, known);
    }
    checks.rules.join_pairs(&mut findings);
    Ok((findings, outcome))
}

/// Each entry looked at by whichever thread is free, in order of the entries.
///
/// Contents differ in size by six orders of magnitude and large ones stand together, so no thread is
/// given a range of them.
fn by_turns<'w>(entries: &[Entry], new_worker: &(impl Fn() -> Worker<'w> + Sync)) -> Vec<Seen> {
    let next = AtomicUsize::new(0);
    let turns = rayon::broadcast(|_| {
        let mut worker = new_worker();
        let mut seen = Vec::new();
        while let at = next.fetch_add(1, Ordering::Relaxed)
            && let Some(entry) = entries.get(at)
        {
            seen.push((at, worker.look_at(entry)));
        }
        seen
    });
    let mut seen: Vec<_> = turns.into_iter().flatten().collect();
    seen.sort_unstable_by_key(|(at, _)| *at);
    seen.into_iter().map(|(_, seen)| seen).collect()
}

/// What came of one entry.
#[derive(Default)]
struct Seen {
    findings: Vec<Finding>,
    problem: Option<Problem>,
    skip: Option<Skip>,
    /// Why some of what an archive holds was not looked at.
    unopened: BTreeSet<Skip>,
    bytes: u64,
    /// The content, if it is the settings of a coding agent.
    settings: Option<Vec<u8>>,
}

impl Seen {
    fn take(&mut self, scanned: Scanned) {
        (self.findings, self.bytes, self.unopened) =
            (scanned.findings, scanned.bytes, scanned.skipped);
    }
}

fn gather(listing: Listing, seen: Vec<Seen>, modes: Vec<Vec<Finding>>) -> (Vec<Finding>, Outcome) {
    let mut outcome =
        Outcome { problems: listing.problems, deleted: listing.deleted, ..Outcome::default() };
    let mut findings = Vec::new();
    for (_, skip) in listing.skipped {
        *outcome.skipped.entry(skip).or_default() += 1;
    }
    for (one, modes) in seen.into_iter().zip(modes) {
        findings.extend(one.findings);
        findings.extend(modes);
        for skip in one.unopened {
            *outcome.skipped.entry(skip).or_default() += 1;
        }
        match (one.problem, one.skip) {
            (Some(problem), _) => outcome.problems.push(problem),
            (None, Some(skip)) => *outcome.skipped.entry(skip).or_default() += 1,
            (None, None) => {
                outcome.scanned += 1;
                outcome.bytes += one.bytes;
            }
        }
    }
    outcome.problems.sort();
    (findings, outcome)
}

/// One thread's reader and buffers.
struct Worker<'w> {
    checks: &'w Checks<'w>,
    reader: Box<dyn Reader + 'w>,
    buffer: Vec<u8>,
    scratch: Scratch,
}

impl<'w> Worker<'w> {
    fn new(checks: &'w Checks<'w>, source: &'w dyn Source) -> Self {
        let (buffer, scratch) = (Vec::new(), Scratch::default());
        Self { checks, reader: source.reader(), buffer, scratch }
    }

    /// Scans one entry. A fault of a check's own is a problem of this entry, not the end.
    fn look_at(&mut self, entry: &Entry) -> Seen {
        let looked = catch_unwind(AssertUnwindSafe(|| {
            let mut seen = self.content(entry);
            if let Some(settings) = seen.settings.take() {
                seen.findings.extend(self.agent_settings(entry, &settings));
            }
            self.compare(entry, &mut seen.findings);
            self.name(entry, &mut seen);
            if !seen.findings.is_empty()
                && let Some(origin) = self.reader.origin(entry)
            {
                seen.findings.iter_mut().for_each(|one| one.reasons.push(origin.clone()));
            }
            seen
        }));
        looked.unwrap_or_else(|_| {
            self.scratch = Scratch::default();
            Seen { problem: Some(fault(entry)), ..Seen::default() }
        })
    }

    fn content(&mut self, entry: &Entry) -> Seen {
        let mut seen = Seen::default();
        if entry.mode == Mode::Gitlink {
            seen.skip = Some(Skip::Submodule);
            return seen;
        }
        let is_settings = leakgate_agents::wants_content(entry.path.as_bstr());
        let wants_content = is_settings
            || RuleSet::is_read_by_name(&entry.path)
            || self.checks.modes.is_some() && leakgate_modes::wants_content(entry);
        if let Some(bytes) = self.reader.calm(entry).filter(|_| !wants_content) {
            return Seen { bytes, ..seen };
        }
        let content = match self.reader.read(entry, &mut self.buffer) {
            Ok(content) => content,
            Err(problem) => return Seen { problem: Some(problem), ..seen },
        };
        match content {
            Content::Whole(bytes) => {
                let scanned = self.checks.rules.scan_file(&entry.path, bytes, &mut self.scratch);
                seen.take(scanned);
                judge_whole(self.checks, entry, bytes, &mut seen.findings);
                seen.settings = is_settings.then(|| bytes.to_vec());
            }
            Content::Stream(_) if is_settings => {
                seen.problem = Some(settings_too_large(entry.path.as_bstr()));
            }
            Content::Stream(mut stream) => {
                match scan_stream(self.checks, entry, &mut stream, &mut self.scratch) {
                    Ok(scanned) => seen.take(scanned),
                    Err(error) => seen.problem = Some(broken_off(entry, &error)),
                }
            }
        }
        seen
    }

    /// Judges agent settings against those that are committed.
    fn agent_settings(&mut self, entry: &Entry, new: &[u8]) -> Vec<Finding> {
        let mut committed = Vec::new();
        for previous in entry.previous.iter().filter(|previous| previous.mode != Mode::Gitlink) {
            let read = self.reader.read_object(&previous.path, previous.id, &mut self.buffer);
            if let Ok(Content::Whole(bytes)) = read {
                committed.push((previous.path.as_bstr(), bytes.to_vec()));
            }
        }
        let committed: Vec<_> = committed.iter().map(|(path, bytes)| (*path, &bytes[..])).collect();
        leakgate_agents::check_change(entry, new, &committed)
    }

    /// A name can hold a secret as well. What is committed under another name vouches for that name
    /// alone, whatever the content.
    fn name(&mut self, entry: &Entry, seen: &mut Seen) {
        let mut found = self.checks.rules.scan(b"", &entry.path, &mut self.scratch);
        if found.is_empty() {
            return;
        }
        for previous in &entry.previous {
            let known = self.checks.rules.scan(b"", &previous.path, &mut self.scratch);
            mark_known(&mut found, known);
        }
        for mut finding in found {
            finding.place = None;
            finding.excerpt = None;
            finding.lines = None;
            finding.reasons.push("in the name of the file".into());
            finding.advice.insert(0, "Give the file another name.".into());
            finding.path = entry.path.clone();
            seen.findings.push(finding);
        }
    }

    /// Tells what a content holds that was committed before, by the same checks run on what is
    /// committed.
    fn compare(&mut self, entry: &Entry, findings: &mut [Finding]) {
        for previous in &entry.previous {
            if !has_new(findings) {
                return;
            }
            if Some(previous.id) == entry.id {
                for finding in findings.iter_mut().filter(|finding| finding.secret.is_some()) {
                    finding.status = Status::AlreadyCommitted;
                }
                return;
            }
            let known = self.secrets_of(std::slice::from_ref(previous));
            mark_known(findings, known);
        }
    }

    /// The secrets in committed files. One that cannot be read vouches for nothing.
    fn secrets_of(&mut self, files: &[Previous]) -> Vec<Finding> {
        let mut secrets = Vec::new();
        for file in files.iter().filter(|file| file.mode != Mode::Gitlink) {
            match self.reader.read_object(&file.path, file.id, &mut self.buffer) {
                Ok(Content::Whole(bytes)) => {
                    let rules = self.checks.rules;
                    secrets.extend(rules.scan_file(&file.path, bytes, &mut self.scratch).findings);
                }
                Ok(Content::Stream(mut stream)) => {
                    let rules = self.checks.rules;
                    let scanned =
                        rules.scan_file_stream(&file.path, &mut stream, &mut self.scratch);
                    secrets.extend(scanned.unwrap_or_default().findings);
                }
                Err(_) => {}
            }
        }
        secrets
    }
}

/// The checks that judge a file by its content and name together.
fn judge_whole(checks: &Checks<'_>, entry: &Entry, bytes: &[u8], findings: &mut Vec<Finding>) {
    if let Some(context) = &checks.modes
        && leakgate_modes::wants_content(entry)
    {
        findings.extend(leakgate_modes::check_content(entry, bytes, context));
    }
    // The secret itself says more than the name of the file that holds it.
    if findings.iter().any(|finding| finding.secret.is_some() && is_of_key(&finding.rule)) {
        findings.retain(|finding| !names_key(finding));
    }
}

/// Returns true if and only if the secrets of a rule are private keys.
pub(crate) fn is_of_key(rule: &RuleId) -> bool {
    rule.as_str().contains("private-key")
}

/// Returns true if and only if a file is only named as one of a private key.
pub(crate) fn names_key(finding: &Finding) -> bool {
    finding.rule.as_str() == "name-private-key"
}

fn scan_stream(
    checks: &Checks<'_>,
    entry: &Entry,
    stream: &mut dyn Read,
    scratch: &mut Scratch,
) -> io::Result<Scanned> {
    let mut head = Vec::new();
    if let Some(context) = checks.modes.as_ref().filter(|_| leakgate_modes::wants_content(entry)) {
        stream.take(leakgate_modes::HEAD as u64).read_to_end(&mut head)?;
        let judged = leakgate_modes::check_content(entry, &head, context);
        let mut whole = head.chain(stream);
        let mut scanned = checks.rules.scan_file_stream(&entry.path, &mut whole, scratch)?;
        scanned.findings.extend(judged);
        return Ok(scanned);
    }
    checks.rules.scan_file_stream(&entry.path, stream, scratch)
}

fn broken_off(entry: &Entry, error: &io::Error) -> Problem {
    Problem {
        path: Some(entry.path.clone()),
        kind: ProblemKind::Corrupt,
        detail: format!("the content broke off while it was read: {error}"),
        help: "`git fsck` tells what is damaged; `git add` the file again to write it anew".into(),
    }
}

pub(crate) fn settings_too_large(path: &BStr) -> Problem {
    Problem {
        path: Some(path.to_owned()),
        kind: ProblemKind::TooLarge,
        detail: "these settings of a coding agent are too large to be judged".to_owned(),
        help: "no agent reads settings of many megabytes: leave the file out".to_owned(),
    }
}

fn fault(entry: &Entry) -> Problem {
    Problem {
        path: Some(entry.path.clone()),
        kind: ProblemKind::Fault,
        detail: "a check failed on this content".to_owned(),
        help: "please report it, with the file if it holds no secret".to_owned(),
    }
}
