//! Findings for tests.

use std::time::Duration;

use leakgate_model::{
    Category, Confidence, Excerpt, Finding, Key, Outcome, Place, Problem, ProblemKind, Reveal,
    RuleId, Secret, Severity, Skip, Status,
};

use crate::{Color, Detail, Format, Report, RuleInfo, Scope, Settings};

/// A value with the public prefix `tok_`, put together here so that no scanner sees it.
pub(crate) fn value() -> String {
    format!("tok_{}", "a1B2c3D4".repeat(3))
}

/// A secret in the third line of `src/config.py`.
pub(crate) fn secret() -> Finding {
    let secret = Secret::new(value(), 4);
    let text = format!("TOKEN = \"{}\"", secret.masked());
    Finding {
        rule: RuleId::new("example-token"),
        category: Category::Secret,
        title: "Example Cloud API token".into(),
        provider: Some("Example Cloud".into()),
        severity: Severity::Critical,
        confidence: Confidence::Certain,
        reasons: vec!["checksum valid".into()],
        path: "src/config.py".into(),
        place: Some(Place {
            line: 3,
            column: 10,
            end_line: 3,
            end_column: 38,
            span: 29..57,
            decoded: Vec::new(),
            inside: Vec::new(),
        }),
        excerpt: Some(Excerpt {
            highlight: 9..9 + secret.masked().len(),
            text,
            line: 3,
            cut_start: false,
            cut_end: false,
        }),
        fingerprint: Some(secret.fingerprint(&Key::SHARED)),
        lines: None,
        secret: Some(secret),
        status: Status::Introduced,
        advice: vec!["take it out of the file and read it from the environment".into()],
        fixes: Vec::new(),
        rotate: Some("https://cloud.example/keys".into()),
    }
}

/// A mode, so without a line.
pub(crate) fn mode() -> Finding {
    Finding {
        rule: RuleId::new("mode-executable-data"),
        category: Category::Permission,
        title: "executable bit on a data file".into(),
        provider: None,
        severity: Severity::Medium,
        confidence: Confidence::High,
        reasons: vec!["a CSV file does not run".into()],
        path: "data/table.csv".into(),
        place: None,
        excerpt: None,
        lines: None,
        secret: None,
        status: Status::Introduced,
        advice: Vec::new(),
        fixes: vec!["git update-index --chmod=-x data/table.csv".into()],
        rotate: None,
        fingerprint: Some(Key::SHARED.fingerprint(&[b"mode"])),
    }
}

/// The counts of a scan of five files and a submodule.
pub(crate) fn outcome() -> Outcome {
    let mut outcome = Outcome { scanned: 5, bytes: 12_345, ..Outcome::default() };
    outcome.skipped.insert(Skip::Submodule, 1);
    outcome
}

/// The report of `leakgate staged` on these findings.
pub(crate) fn report<'a>(findings: &'a [Finding], outcome: &'a Outcome) -> Report<'a> {
    let blocking = findings.iter().any(Finding::blocks);
    Report {
        command: "staged",
        history: None,
        version: "0.1.0",
        findings,
        outcome,
        rules: &[RuleInfo {
            id: "example-token",
            title: "Example Cloud API token",
            provider: Some("Example Cloud"),
            severity: Severity::Critical,
            help: Some("https://cloud.example/docs"),
        }],
        elapsed: Duration::from_millis(3),
        scope: Scope::StagedChange,
        exit: if outcome.is_complete() { u8::from(blocking) } else { 2 },
    }
}

/// Plain settings, 80 columns wide.
pub(crate) fn settings(format: Format) -> Settings {
    Settings { format, detail: Detail::Normal, reveal: None, color: Color::Never, width: 80 }
}

/// Settings that show values.
pub(crate) fn revealing(format: Format) -> Settings {
    Settings { reveal: Some(Reveal::the_user_asked()), ..settings(format) }
}

/// What [`crate::write`] writes.
pub(crate) fn written(report: &Report<'_>, settings: &Settings) -> String {
    let mut out = Vec::new();
    crate::write(&mut out, report, settings).expect("memory takes it all");
    String::from_utf8(out).expect("reports are UTF-8")
}

/// A problem with a path.
pub(crate) fn problem() -> Problem {
    Problem {
        path: Some("big.bin".into()),
        kind: ProblemKind::Missing,
        detail: "could not read object 1234".to_owned(),
        help: "fetch it with `git fetch --refetch`".to_owned(),
    }
}
