//! The report for scripts: one JSON document, the same bytes for the same scan.
//!
//! The shapes are private and written out by hand: each field is a promise, described in
//! `docs/output.md`. Fields may be added under the same schema number; none changes its meaning
//! or goes away.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io;

use bstr::{BString, ByteSlice};
use leakgate_model::{
    Category, Excerpt, Finding, Place, Problem, ProblemKind, Reveal, Secret, Skip, Status,
};
use serde::Serialize;

use crate::counts::Counts;
use crate::escape::percent_encoded;
use crate::trace::WireTrace;
use crate::{Report, Scope};

/// The number of the shapes below.
const SCHEMA: u32 = 1;

/// Writes the document and a line end.
pub(crate) fn write(
    out: &mut dyn io::Write,
    report: &Report<'_>,
    reveal: Option<Reveal>,
) -> io::Result<()> {
    crate::write_json(out, &Document::of(report, reveal))
}

/// The word for a category, in JSON and in SARIF.
pub(crate) fn category(category: Category) -> &'static str {
    match category {
        Category::Secret => "secret",
        Category::Permission => "permission",
        Category::Agent => "agent",
    }
}

/// The word for a kind of problem, in JSON and in SARIF.
pub(crate) fn problem_kind(kind: ProblemKind) -> &'static str {
    match kind {
        ProblemKind::Missing => "missing",
        ProblemKind::Corrupt => "corrupt",
        ProblemKind::Unreadable => "unreadable",
        ProblemKind::TooLarge => "too_large",
        ProblemKind::Conflict => "conflict",
        ProblemKind::Unsupported => "unsupported",
        ProblemKind::Fault => "fault",
        ProblemKind::Interrupted => "interrupted",
    }
}

#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    tool: Tool<'a>,
    scope: &'static str,
    complete: bool,
    exit: u8,
    summary: Summary,
    findings: Vec<WireFinding<'a>>,
    problems: Vec<WireProblem<'a>>,
}

#[derive(Serialize)]
struct Tool<'a> {
    name: &'static str,
    version: &'a str,
    command: &'a str,
}

#[derive(Serialize)]
struct Summary {
    scanned: u64,
    bytes: u64,
    deleted: u64,
    skipped: BTreeMap<&'static str, u64>,
    blocking: u64,
    warnings: u64,
    already_committed: u64,
    ignored: u64,
    samples: u64,
    problems: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    commits: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    shallow: Option<bool>,
}

#[derive(Serialize)]
struct WireFinding<'a> {
    rule: &'a str,
    title: &'a str,
    category: &'static str,
    provider: Option<&'a str>,
    severity: &'static str,
    confidence: &'static str,
    reasons: Vec<&'a str>,
    status: &'static str,
    blocks: bool,
    #[serde(flatten)]
    path: WirePath<'a>,
    location: Option<Location<'a>>,
    excerpt: Option<WireExcerpt<'a>>,
    masked: Option<String>,
    #[serde(flatten)]
    value: Option<Value<'a>>,
    fingerprint: Option<String>,
    advice: Vec<&'a str>,
    fixes: &'a [String],
    rotate: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    history: Option<WireTrace<'a>>,
}

#[derive(Serialize)]
struct WirePath<'a> {
    path: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path_bytes: Option<String>,
}

/// Only there when the user asked for values.
#[derive(Serialize)]
struct Value<'a> {
    value: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value_bytes: Option<String>,
}

#[derive(Serialize)]
struct Location<'a> {
    line: u64,
    column: u64,
    end_line: u64,
    end_column: u64,
    start_byte: u64,
    end_byte: u64,
    decoded: &'a [&'static str],
    inside: Vec<WirePath<'a>>,
}

#[derive(Serialize)]
struct WireExcerpt<'a> {
    text: &'a str,
    line: u64,
    start: usize,
    end: usize,
    cut_start: bool,
    cut_end: bool,
}

#[derive(Serialize)]
struct WireProblem<'a> {
    path: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path_bytes: Option<String>,
    kind: &'static str,
    detail: &'a str,
    help: &'a str,
}

impl<'a> Document<'a> {
    fn of(report: &Report<'a>, reveal: Option<Reveal>) -> Self {
        Self {
            schema: SCHEMA,
            tool: Tool { name: "leakgate", version: report.version, command: report.command },
            scope: match report.scope {
                Scope::StagedChange => "staged_change",
                Scope::Files => "files",
                Scope::Stdin => "stdin",
                Scope::History => "history",
                Scope::Repository => "repository",
                Scope::Message => "message",
                Scope::Commits => "commits",
                Scope::Push => "push",
                Scope::RefChange => "ref_change",
            },
            complete: report.outcome.is_complete(),
            exit: report.exit,
            summary: Summary::of(report),
            findings: findings(report, reveal),
            problems: report.outcome.problems.iter().map(WireProblem::of).collect(),
        }
    }
}

fn findings<'a>(report: &Report<'a>, reveal: Option<Reveal>) -> Vec<WireFinding<'a>> {
    let traces = report.history.map_or(&[][..], |history| history.traces);
    let traces = traces.iter().map(|trace| Some(WireTrace::of(trace)));
    let findings = report.findings.iter().zip(traces.chain(std::iter::repeat_with(|| None)));
    findings.map(|(one, history)| WireFinding { history, ..WireFinding::of(one, reveal) }).collect()
}

impl Summary {
    fn of(report: &Report<'_>) -> Self {
        let counts = Counts::of(report.findings);
        let outcome = report.outcome;
        Self {
            scanned: outcome.scanned,
            bytes: outcome.bytes,
            deleted: outcome.deleted,
            skipped: outcome.skipped.iter().map(|(skip, n)| (skip_name(*skip), *n)).collect(),
            blocking: counts.blocking(),
            warnings: counts.warnings,
            already_committed: counts.already_committed,
            ignored: outcome.ignored,
            samples: outcome.samples,
            problems: outcome.problems.len(),
            commits: report.history.map(|history| history.commits),
            shallow: report.history.map(|history| history.shallow),
        }
    }
}

impl<'a> WireFinding<'a> {
    fn of(finding: &'a Finding, reveal: Option<Reveal>) -> Self {
        Self {
            rule: finding.rule.as_str(),
            title: &finding.title,
            category: category(finding.category),
            provider: finding.provider.as_deref(),
            severity: finding.severity.as_str(),
            confidence: finding.confidence.as_str(),
            reasons: finding.reasons.iter().map(AsRef::as_ref).collect(),
            status: match finding.status {
                Status::Introduced => "introduced",
                Status::AlreadyCommitted => "already_committed",
            },
            blocks: finding.blocks(),
            path: WirePath::of(&finding.path),
            location: finding.place.as_ref().map(Location::of),
            excerpt: finding.excerpt.as_ref().map(WireExcerpt::of),
            masked: finding.secret.as_ref().map(Secret::masked),
            value: finding.secret.as_ref().zip(reveal).map(|(secret, permission)| {
                let (value, value_bytes) = lossy(secret.reveal(permission));
                Value { value, value_bytes }
            }),
            fingerprint: finding.fingerprint.map(|fingerprint| fingerprint.to_string()),
            advice: finding.advice.iter().map(AsRef::as_ref).collect(),
            fixes: &finding.fixes,
            rotate: finding.rotate.as_deref(),
            history: None,
        }
    }
}

impl<'a> WirePath<'a> {
    fn of(path: &'a BString) -> Self {
        let (path, path_bytes) = lossy(path);
        Self { path, path_bytes }
    }
}

impl<'a> Location<'a> {
    fn of(place: &'a Place) -> Self {
        Self {
            line: place.line,
            column: place.column,
            end_line: place.end_line,
            end_column: place.end_column,
            start_byte: place.span.start,
            end_byte: place.span.end,
            decoded: &place.decoded,
            inside: place.inside.iter().map(WirePath::of).collect(),
        }
    }
}

impl<'a> WireExcerpt<'a> {
    fn of(excerpt: &'a Excerpt) -> Self {
        let characters = |end| excerpt.text.get(..end).map_or(0, |text| text.chars().count());
        Self {
            text: &excerpt.text,
            line: excerpt.line,
            start: characters(excerpt.highlight.start),
            end: characters(excerpt.highlight.end),
            cut_start: excerpt.cut_start,
            cut_end: excerpt.cut_end,
        }
    }
}

impl<'a> WireProblem<'a> {
    fn of(problem: &'a Problem) -> Self {
        let (path, path_bytes) = problem.path.as_ref().map(|path| lossy(path)).unzip();
        Self {
            path,
            path_bytes: path_bytes.flatten(),
            kind: problem_kind(problem.kind),
            detail: &problem.detail,
            help: &problem.help,
        }
    }
}

fn skip_name(skip: Skip) -> &'static str {
    match skip {
        Skip::Submodule => "submodule",
        Skip::IntentToAdd => "intent_to_add",
        Skip::MergeParent => "merge_parent",
        Skip::Special => "special",
        Skip::EncryptedArchive => "encrypted_archive",
        Skip::ArchiveLimit => "archive_limit",
        Skip::DamagedArchive => "damaged_archive",
        Skip::UnknownArchive => "unknown_archive",
    }
}

/// The bytes as text, and percent-encoded too when text cannot hold them.
fn lossy(bytes: &[u8]) -> (Cow<'_, str>, Option<String>) {
    let exact = bytes.to_str().is_err().then(|| percent_encoded(bytes));
    (bytes.to_str_lossy(), exact)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::{Format, sample};

    fn parsed(findings: &[Finding], outcome: &leakgate_model::Outcome) -> Value {
        let text =
            sample::written(&sample::report(findings, outcome), &sample::settings(Format::Json));
        serde_json::from_str(&text).expect("it is JSON")
    }

    #[test]
    fn the_document_has_all_promised_fields() {
        let findings = [sample::mode(), sample::secret()];
        let mut outcome = sample::outcome();
        outcome.problems.push(sample::problem());
        let document = parsed(&findings, &outcome);
        let expected = json!({
            "schema": 1,
            "tool": {"name": "leakgate", "version": "0.1.0", "command": "staged"},
            "scope": "staged_change",
            "complete": false,
            "exit": 2,
            "summary": {
                "scanned": 5, "bytes": 12345, "deleted": 0, "skipped": {"submodule": 1},
                "blocking": 2, "warnings": 0, "already_committed": 0, "ignored": 0, "samples": 0,
                "problems": 1
            },
            "findings": [mode_document(&findings[0]), secret_document(&findings[1])],
            "problems": [{
                "path": "big.bin",
                "kind": "missing",
                "detail": "could not read object 1234",
                "help": "fetch it with `git fetch --refetch`"
            }]
        });
        assert_eq!(document, expected);
    }

    fn mode_document(finding: &Finding) -> Value {
        json!({
            "rule": "mode-executable-data", "title": "executable bit on a data file",
            "category": "permission", "provider": null, "severity": "medium",
            "confidence": "high", "reasons": ["a CSV file does not run"],
            "status": "introduced", "blocks": true, "path": "data/table.csv",
            "location": null, "excerpt": null, "masked": null,
            "fingerprint": finding.fingerprint.map(|print| print.to_string()),
            "advice": [], "fixes": ["git update-index --chmod=-x data/table.csv"], "rotate": null
        })
    }

    fn secret_document(finding: &Finding) -> Value {
        json!({
            "rule": "example-token", "title": "Example Cloud API token",
            "category": "secret", "provider": "Example Cloud", "severity": "critical",
            "confidence": "certain", "reasons": ["checksum valid"],
            "status": "introduced", "blocks": true, "path": "src/config.py",
            "location": {
                "line": 3, "column": 10, "end_line": 3, "end_column": 38,
                "start_byte": 29, "end_byte": 57, "decoded": [], "inside": []
            },
            "excerpt": {
                "text": "TOKEN = \"tok_********\"", "line": 3, "start": 9, "end": 21,
                "cut_start": false, "cut_end": false
            },
            "masked": "tok_********",
            "fingerprint": finding.fingerprint.map(|print| print.to_string()),
            "advice": ["take it out of the file and read it from the environment"],
            "fixes": [], "rotate": "https://cloud.example/keys"
        })
    }

    #[test]
    fn values_are_there_only_when_asked_for() {
        let (findings, outcome) = ([sample::secret()], sample::outcome());
        let report = sample::report(&findings, &outcome);
        assert!(
            !sample::written(&report, &sample::settings(Format::Json)).contains(&sample::value())
        );
        let text = sample::written(&report, &sample::revealing(Format::Json));
        let document: Value = serde_json::from_str(&text).expect("it is JSON");
        assert_eq!(document["findings"][0]["value"], sample::value());
        assert!(document["findings"][0].get("value_bytes").is_none());
    }

    #[test]
    fn paths_and_values_that_are_not_utf8_come_back_whole() {
        let mut finding = sample::secret();
        finding.path = b"a\xff b".into();
        finding.secret = Some(Secret::new(*b"\xfe\x01", 0));
        let (findings, outcome) = ([finding], sample::outcome());
        let text =
            sample::written(&sample::report(&findings, &outcome), &sample::revealing(Format::Json));
        let document: Value = serde_json::from_str(&text).expect("it is JSON");
        let finding = &document["findings"][0];
        assert_eq!(finding["path"], "a\u{fffd} b");
        assert_eq!(finding["path_bytes"], "a%FF%20b");
        assert_eq!(finding["value_bytes"], "%FE%01");
    }

    #[test]
    fn columns_of_an_excerpt_are_characters() {
        let mut finding = sample::secret();
        let excerpt = finding.excerpt.as_mut().expect("it has one");
        excerpt.text = "é = tok".to_owned();
        excerpt.highlight = 5..8;
        let document = parsed(&[finding], &sample::outcome());
        assert_eq!(document["findings"][0]["excerpt"]["start"], 4);
        assert_eq!(document["findings"][0]["excerpt"]["end"], 7);
    }

    #[test]
    fn nothing_depends_on_the_clock() {
        let (findings, outcome) = ([sample::secret()], sample::outcome());
        let report = sample::report(&findings, &outcome);
        let later = Report { elapsed: report.elapsed * 7, ..report };
        let settings = sample::settings(Format::Json);
        assert_eq!(sample::written(&report, &settings), sample::written(&later, &settings));
    }
}
