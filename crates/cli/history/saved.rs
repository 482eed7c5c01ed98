//! A report of the history as it is kept for the next time: places and fingerprints, no values.
//!
//! To show a finding again, the object that holds it is scanned again. If that does not find the
//! same, the report counts for nothing.

use bstr::BString;
use leakgate_git::Repository;
use leakgate_git::history::{Bits, History, Message as _};
use leakgate_model::{
    Content, Deed, Finding, Fingerprint, ObjectId, Outcome, Problem, ProblemKind, Reader, Site,
    Skip, Standing, Trace,
};
use leakgate_policy::{IgnoreFile, fingerprint_of};
use leakgate_secrets::{Memory, RuleSet, Scratch};
use serde::{Deserialize, Serialize};

use super::Told;
use super::messages::Messages;
use crate::run::Scanned;

/// A report without values.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Saved {
    findings: Vec<Found>,
    commits: u64,
    shallow: bool,
    scanned: u64,
    bytes: u64,
    ignored: u64,
    samples: u64,
    skipped: Vec<(usize, u64)>,
    problems: Vec<(Option<Vec<u8>>, usize, String, String)>,
}

/// Where a finding was found, whose names hold no secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Origin {
    /// In a blob: its id, and the path it is judged by.
    Blob(Vec<u8>, Vec<u8>),
    /// In a commit or tag: its id.
    Message(Vec<u8>),
}

#[derive(Debug, Serialize, Deserialize)]
struct Found {
    origin: Origin,
    rule: String,
    span: Option<(u64, u64)>,
    fingerprint: String,
    introduced: Option<Author>,
    removed: Option<Author>,
    standing: usize,
    refs: Vec<Vec<u8>>,
    sites: Vec<Place>,
}

/// A commit's id, its author, when and how far from UTC.
type Author = (Vec<u8>, Vec<u8>, i64, i32);

/// A path, an object, line and column, first and last byte.
type Place = (Vec<u8>, Option<Vec<u8>>, Option<(u64, u64, u64, u64)>);

const STANDINGS: [Standing; 4] =
    [Standing::Head, Standing::Tip, Standing::Past, Standing::Unreachable];
const SKIPS: [Skip; 8] = [
    Skip::Submodule,
    Skip::IntentToAdd,
    Skip::MergeParent,
    Skip::Special,
    Skip::EncryptedArchive,
    Skip::ArchiveLimit,
    Skip::DamagedArchive,
    Skip::UnknownArchive,
];
const PROBLEMS: [ProblemKind; 7] = [
    ProblemKind::Missing,
    ProblemKind::Corrupt,
    ProblemKind::Unreadable,
    ProblemKind::TooLarge,
    ProblemKind::Conflict,
    ProblemKind::Unsupported,
    ProblemKind::Fault,
];

impl Saved {
    /// A report to be kept; `None` if it cannot be without a secret, or was cut short.
    pub(super) fn of(told: &Told, rules: &RuleSet) -> Option<Self> {
        let outcome = &told.scanned.outcome;
        let mut scratch = Scratch::default();
        let mut problems = Vec::new();
        for problem in &outcome.problems {
            let path = problem.path.as_ref();
            let texts = [problem.detail.as_bytes(), problem.help.as_bytes()];
            let mut told = texts.into_iter().chain(path.map(|path| path.as_slice()));
            if told.any(|text| !rules.scan(b"", text, &mut scratch).is_empty()) {
                return None;
            }
            let kind = PROBLEMS.iter().position(|&kind| kind == problem.kind)?;
            let path = path.map(|path| path.to_vec());
            problems.push((path, kind, problem.detail.clone(), problem.help.clone()));
        }
        let skipped = outcome.skipped.iter();
        let skipped = skipped
            .map(|(skip, count)| Some((SKIPS.iter().position(|other| other == skip)?, *count)));
        let findings = told.scanned.findings.iter().zip(&told.traces).zip(&told.origins);
        Some(Self {
            findings: findings
                .map(|((finding, trace), origin)| Found::of(finding, trace, origin.clone()?))
                .collect::<Option<_>>()?,
            commits: told.commits,
            shallow: told.shallow,
            scanned: outcome.scanned,
            bytes: outcome.bytes,
            ignored: outcome.ignored,
            samples: outcome.samples,
            skipped: skipped.collect::<Option<_>>()?,
            problems,
        })
    }

    /// The report again; `None` if a finding is not where it was.
    pub(super) fn recall(
        &self,
        repository: &Repository,
        rules: &RuleSet,
        ignores: &IgnoreFile,
    ) -> Option<Told> {
        let mut outcome = Outcome {
            scanned: self.scanned,
            bytes: self.bytes,
            ignored: self.ignored,
            samples: self.samples,
            ..Outcome::default()
        };
        for &(skip, count) in &self.skipped {
            outcome.skipped.insert(*SKIPS.get(skip)?, count);
        }
        for (path, kind, detail, help) in &self.problems {
            outcome.problems.push(Problem {
                path: path.clone().map(BString::from),
                kind: *PROBLEMS.get(*kind)?,
                detail: detail.clone(),
                help: help.clone(),
            });
        }
        let (reader, scratch) = (History::reader_of(repository), Scratch::default());
        let mut again = Again { repository, rules, ignores, reader, scratch };
        let (mut findings, mut traces, mut origins) = (Vec::new(), Vec::new(), Vec::new());
        for found in &self.findings {
            findings.push(again.find(found)?);
            traces.push(found.trace()?);
            origins.push(Some(found.origin.clone()));
        }
        findings.iter().for_each(|finding| outcome.count(finding));
        let scanned = Scanned { findings, outcome };
        Some(Told { scanned, traces, origins, commits: self.commits, shallow: self.shallow })
    }
}

impl Found {
    fn of(finding: &Finding, trace: &Trace, origin: Origin) -> Option<Self> {
        let author = |deed: &Deed| {
            (deed.commit.as_bytes().to_vec(), deed.author.to_vec(), deed.seconds, deed.offset)
        };
        let site = |site: &Site| {
            let object = site.object.map(|id| id.as_bytes().to_vec());
            (site.path.to_vec(), object, site.at)
        };
        Some(Self {
            origin,
            rule: finding.rule.as_str().to_owned(),
            span: span(finding),
            fingerprint: finding.fingerprint?.to_string(),
            introduced: trace.introduced.as_ref().map(author),
            removed: trace.removed.as_ref().map(author),
            standing: STANDINGS.iter().position(|&standing| standing == trace.standing)?,
            refs: trace.refs.iter().map(|name| name.to_vec()).collect(),
            sites: trace.sites.iter().map(site).collect(),
        })
    }

    fn trace(&self) -> Option<Trace> {
        let deed = |(commit, author, seconds, offset): &Author| {
            let commit = ObjectId::from_bytes(commit)?;
            let author = BString::from(author.as_slice());
            Some(Deed { commit, author, seconds: *seconds, offset: *offset })
        };
        let site = |(path, object, at): &Place| Site {
            path: path.as_slice().into(),
            object: object.as_ref().and_then(|id| ObjectId::from_bytes(id)),
            at: *at,
        };
        Some(Trace {
            introduced: self.introduced.as_ref().and_then(deed),
            removed: self.removed.as_ref().and_then(deed),
            standing: *STANDINGS.get(self.standing)?,
            refs: self.refs.iter().map(|name| name.as_slice().into()).collect(),
            sites: self.sites.iter().map(site).collect(),
        })
    }
}

/// Scans again what holds findings.
struct Again<'a> {
    repository: &'a Repository,
    rules: &'a RuleSet,
    ignores: &'a IgnoreFile,
    reader: Box<dyn Reader + 'a>,
    scratch: Scratch,
}

impl Again<'_> {
    fn find(&mut self, found: &Found) -> Option<Finding> {
        let fingerprint = Fingerprint::parse(&found.fingerprint)?;
        let is_that = |finding: &Finding| {
            finding.rule.as_str() == found.rule
                && span(finding) == found.span
                && fingerprint_of(finding, self.ignores.key()) == fingerprint
        };
        let here = match &found.origin {
            Origin::Blob(id, path) => {
                let path = BString::from(path.as_slice());
                let mut buffer = Vec::new();
                let id = ObjectId::from_bytes(id)?;
                match self.reader.read_object(&path, id, &mut buffer).ok()? {
                    Content::Whole(bytes) => {
                        self.rules.scan_file(&path, bytes, &mut self.scratch).findings
                    }
                    Content::Stream(mut stream) => {
                        let scratch = &mut self.scratch;
                        self.rules.scan_file_stream(&path, &mut stream, scratch).ok()?.findings
                    }
                }
            }
            Origin::Message(id) => {
                let (kind, raw) = self.repository.message(ObjectId::from_bytes(id)?)?;
                let nothing = Bits::default();
                let memory = Memory::for_objects(1);
                let mut messages = Messages::new(self.rules, &memory, &nothing);
                messages.look(0, kind, &raw);
                messages.said.found.into_iter().map(|(_, _, finding)| finding).collect()
            }
        };
        let finding = here.into_iter().find(is_that)?;
        leakgate_policy::apply(vec![finding], self.ignores).kept.pop()
    }
}

fn span(finding: &Finding) -> Option<(u64, u64)> {
    finding.place.as_ref().map(|place| (place.span.start, place.span.end))
}
