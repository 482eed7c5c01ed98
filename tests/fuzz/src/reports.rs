//! Findings of hostile words and names: every report is fit for a screen, what programs read can be
//! read again, and no value is written but where somebody asked for it.

use std::time::Duration;

use arbitrary::{Arbitrary, Unstructured};
use leakgate_model::{
    Category, Confidence, Deed, Excerpt, Finding, ObjectId, Outcome, Place, Problem, ProblemKind,
    Reveal, RuleId, Secret, Severity, Site, Skip, SourceLines, Standing, Status, Trace,
    is_invisible,
};
use leakgate_report::{
    Color, Detail, Format, HistoryFacts, Report, RuleInfo, Scope, Settings, write,
};

use crate::hash;

#[derive(Debug, Arbitrary)]
struct Scene {
    findings: Vec<Drawn>,
    problems: Vec<(Option<Vec<u8>>, String, String)>,
    command: String,
    width: u16,
    look: u8,
    scope: u8,
    is_history: bool,
}

#[derive(Debug, Arbitrary)]
struct Drawn {
    path: Vec<u8>,
    rule: String,
    title: String,
    words: [Option<String>; 5],
    fixes: Vec<String>,
    kinds: u8,
    place: Option<([u32; 6], Vec<Vec<u8>>)>,
    excerpt: Option<(String, u16, u16, u32, bool, bool)>,
    author: Vec<u8>,
    seconds: i64,
    offset: i32,
    refs: Vec<Vec<u8>>,
    public: u8,
}

/// Whatever is drawn from nothing, and from some bytes.
pub fn seeds() -> Vec<Vec<u8>> {
    let drawn = |step: u8| (0..200_u8).map(|at| at.wrapping_mul(step)).collect();
    [0_u8, 1, 3, 7, 37, 91, 255].map(drawn).to_vec()
}

/// The bytes are findings, as `arbitrary` reads them.
pub fn run(data: &[u8]) {
    let Ok(scene) = Scene::arbitrary_take_rest(Unstructured::new(data)) else { return };
    // No word of the scene holds this.
    let value = format!("{:016x}{:016x}", hash(data), hash(&[data, b"!"].concat()));
    let findings: Vec<_> = scene.findings.iter().map(|one| one.finding(&value)).collect();
    let traces: Vec<_> = scene.findings.iter().map(Drawn::trace).collect();
    let outcome = outcome(&scene, &findings);
    let ids: Vec<_> = findings.iter().map(|one| one.rule.as_str()).collect();
    let rules: Vec<_> = findings
        .iter()
        .enumerate()
        .filter(|(at, one)| !ids[..*at].contains(&one.rule.as_str()))
        .map(|(_, one)| RuleInfo {
            id: one.rule.as_str(),
            title: &one.title,
            provider: one.provider.as_deref(),
            severity: one.severity,
            help: one.rotate.as_deref(),
        })
        .collect();
    let facts = HistoryFacts { traces: &traces, commits: 7, shallow: scene.look & 1 != 0 };
    let report = Report {
        command: &scene.command,
        version: "0",
        findings: &findings,
        outcome: &outcome,
        rules: &rules,
        elapsed: Duration::from_millis(scene.width.into()),
        scope: [
            Scope::StagedChange,
            Scope::Files,
            Scope::Stdin,
            Scope::History,
            Scope::Repository,
            Scope::Message,
            Scope::Commits,
            Scope::Push,
            Scope::RefChange,
        ][usize::from(scene.scope) % 9],
        history: scene.is_history.then_some(facts),
        exit: scene.look % 3,
    };
    for (format, name) in [(Format::Text, "text"), (Format::Json, "json"), (Format::Sarif, "sarif")]
    {
        for reveal in [None, Some(Reveal::the_user_asked())] {
            let settings = Settings {
                format,
                detail: [Detail::Quiet, Detail::Normal, Detail::Verbose]
                    [usize::from(scene.look) % 3],
                reveal,
                color: if scene.look & 4 == 0 { Color::Always } else { Color::Never },
                width: scene.width.into(),
            };
            let mut out = Vec::new();
            write(&mut out, &report, &settings).expect("memory can be written");
            let text = String::from_utf8(out).expect("a report is text");
            is_fit(&without_colors(&text), name);
            let may_show = reveal.is_some() && format != Format::Sarif;
            assert!(may_show || !text.contains(&value), "{name} shows a value");
        }
    }
}

/// Nothing of a report moves a cursor or turns text around, and a document is one.
pub(crate) fn is_fit(text: &str, format: &str) {
    let hidden = text.chars().find(|&c| c != '\n' && is_invisible(c));
    assert_eq!(hidden, None, "in {format}: {text:?}");
    if format != "text" {
        let parsed = serde_json::from_str::<serde_json::Value>(text);
        assert!(parsed.is_ok(), "{format} is no JSON: {parsed:?}");
    }
}

/// Colours are ours: what is left of hostile bytes has no escape to begin with.
fn without_colors(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let mut bare = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (style, rest) = part.split_once('m').expect("a colour ends");
        assert!(style.bytes().all(|byte| byte.is_ascii_digit() || byte == b';'), "{style:?}");
        bare.push_str(rest);
    }
    bare
}

fn outcome(scene: &Scene, findings: &[Finding]) -> Outcome {
    let mut outcome = Outcome { scanned: 3, bytes: u64::from(scene.width), ..Outcome::default() };
    outcome.skipped.insert(Skip::DamagedArchive, u64::from(scene.look));
    outcome.problems = scene
        .problems
        .iter()
        .map(|(path, detail, help)| Problem {
            path: path.as_ref().map(|path| path.clone().into()),
            kind: ProblemKind::Corrupt,
            detail: detail.clone(),
            help: help.clone(),
        })
        .collect();
    findings.iter().for_each(|finding| outcome.count(finding));
    outcome
}

impl Drawn {
    fn finding(&self, value: &str) -> Finding {
        let word = |at: usize| self.words[at].clone().map(Into::into);
        Finding {
            rule: RuleId(self.rule.clone().into()),
            category: [Category::Secret, Category::Permission, Category::Agent]
                [usize::from(self.kinds) % 3],
            title: self.title.clone().into(),
            provider: word(0),
            severity: [Severity::Low, Severity::Medium, Severity::High, Severity::Critical]
                [usize::from(self.kinds >> 2) % 4],
            confidence: [
                Confidence::Low,
                Confidence::Medium,
                Confidence::High,
                Confidence::Certain,
            ][usize::from(self.kinds >> 4) % 4],
            reasons: word(1).into_iter().collect(),
            path: self.path.clone().into(),
            place: self.place.as_ref().map(|(at, inside)| Place {
                line: at[0].into(),
                column: at[1].into(),
                end_line: at[2].into(),
                end_column: at[3].into(),
                span: u64::from(at[4])..u64::from(at[5]),
                decoded: vec!["utf-16le"],
                inside: inside.iter().map(|name| name.clone().into()).collect(),
            }),
            excerpt: self.excerpt.as_ref().map(|(text, from, to, line, cut_start, cut_end)| {
                Excerpt {
                    text: text.clone(),
                    highlight: usize::from(*from)..usize::from(*to),
                    line: (*line).into(),
                    cut_start: *cut_start,
                    cut_end: *cut_end,
                }
            }),
            lines: Some(SourceLines { line: value.into(), above: value.into() }),
            secret: Some(Secret::new(value, usize::from(self.public))),
            status: if self.kinds & 1 == 0 { Status::Introduced } else { Status::AlreadyCommitted },
            advice: word(2).into_iter().collect(),
            fixes: self.fixes.clone(),
            rotate: word(3),
            fingerprint: None,
        }
    }

    fn trace(&self) -> Trace {
        let commit = ObjectId::from_bytes(&[7; 20]).expect("it is as long as an id");
        let deed = Deed {
            commit,
            author: self.author.clone().into(),
            seconds: self.seconds,
            offset: self.offset,
        };
        Trace {
            introduced: Some(deed.clone()),
            removed: Some(deed),
            standing: [Standing::Head, Standing::Tip, Standing::Past, Standing::Unreachable]
                [usize::from(self.kinds) % 4],
            refs: self.refs.iter().map(|name| name.clone().into()).collect(),
            sites: vec![Site {
                path: self.path.clone().into(),
                object: Some(commit),
                at: Some((1, 2, 3, 4)),
            }],
        }
    }
}
