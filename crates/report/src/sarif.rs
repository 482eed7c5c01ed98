//! The report for code hosts: SARIF 2.1.0, with what GitHub code scanning asks for on top.
//!
//! Such a report is uploaded and kept, so it never holds a value, whatever the settings say, nor
//! the text of a region. The shapes are the part of the standard that is used here.

mod uri;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::io;

use leakgate_model::{Confidence, Finding, Place, Problem, Severity, Status, Trace};
use serde::Serialize;

use self::uri::uri;
use crate::escape::{json_visible, visible};
use crate::json::{category, problem_kind};
use crate::trace::WireTrace;
use crate::{Report, RuleInfo};

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
/// The name and version of our fingerprints, for tools that follow a finding from run to run.
const FINGERPRINT: &str = "leakgate/v1";

/// Writes the document and a line end.
pub(crate) fn write(out: &mut dyn io::Write, report: &Report<'_>) -> io::Result<()> {
    let document = serde_json::to_string_pretty(&Log::of(report))?;
    writeln!(out, "{}", json_visible(&document))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Log<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'a> {
    tool: Tool<'a>,
    invocations: [Invocation; 1],
    column_kind: &'static str,
    results: Vec<SarifResult<'a>>,
}

#[derive(Serialize)]
struct Tool<'a> {
    driver: Driver<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver<'a> {
    name: &'static str,
    version: &'a str,
    semantic_version: &'a str,
    information_uri: &'static str,
    rules: Vec<Rule<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule<'a> {
    id: &'a str,
    short_description: Message,
    full_description: Message,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<Message>,
    #[serde(skip_serializing_if = "Option::is_none")]
    help_uri: Option<&'a str>,
    default_configuration: Configuration,
    properties: RuleProperties,
}

#[derive(Serialize)]
struct Configuration {
    level: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct RuleProperties {
    tags: [&'static str; 1],
    security_severity: &'static str,
}

#[derive(Serialize)]
struct Message {
    text: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifResult<'a> {
    rule_id: &'a str,
    rule_index: usize,
    level: &'static str,
    message: Message,
    locations: [Location; 1],
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    partial_fingerprints: BTreeMap<&'static str, String>,
    baseline_state: &'static str,
    properties: ResultProperties<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    physical_location: PhysicalLocation,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: ArtifactLocation,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<Region>,
}

#[derive(Serialize)]
struct ArtifactLocation {
    uri: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: u64,
    start_column: u64,
    end_line: u64,
    end_column: u64,
}

#[derive(Serialize)]
struct ResultProperties<'a> {
    category: &'static str,
    severity: &'static str,
    confidence: &'static str,
    reasons: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    excerpt: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    decoded: &'a [&'static str],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    inside: Vec<Cow<'a, str>>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    fixes: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    history: Option<WireTrace<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    execution_successful: bool,
    exit_code: u8,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_execution_notifications: Vec<Notification>,
}

#[derive(Serialize)]
struct Notification {
    level: &'static str,
    message: Message,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    locations: Vec<Location>,
    properties: NotificationProperties,
}

#[derive(Serialize)]
struct NotificationProperties {
    kind: &'static str,
}

impl<'a> Log<'a> {
    fn of(report: &Report<'a>) -> Self {
        let rules = Rules::of(report);
        let traces = report.history.map_or(&[][..], |history| history.traces);
        let traces = traces.iter().map(Some).chain(std::iter::repeat(None));
        let results = report.findings.iter().zip(traces);
        let results = results.map(|(one, trace)| SarifResult::of(one, trace, &rules)).collect();
        let driver = Driver {
            name: "leakgate",
            version: report.version,
            semantic_version: report.version,
            information_uri: env!("CARGO_PKG_REPOSITORY"),
            rules: rules.list,
        };
        let run = Run {
            tool: Tool { driver },
            invocations: [Invocation::of(report)],
            column_kind: "unicodeCodePoints",
            results,
        };
        Self { schema: SCHEMA, version: "2.1.0", runs: [run] }
    }
}

/// The rules of the run, each once, and where each stands.
struct Rules<'a> {
    list: Vec<Rule<'a>>,
    index: BTreeMap<&'a str, usize>,
}

impl<'a> Rules<'a> {
    fn of(report: &Report<'a>) -> Self {
        let mut rules = Self { list: Vec::new(), index: BTreeMap::new() };
        let mut examples = BTreeMap::new();
        for finding in report.findings {
            examples.entry(finding.rule.as_str()).or_insert(finding);
        }
        for rule in report.rules {
            rules.add(*rule, examples.get(rule.id).copied());
        }
        for finding in report.findings {
            let rule = RuleInfo {
                id: finding.rule.as_str(),
                title: &finding.title,
                provider: finding.provider.as_deref(),
                severity: finding.severity,
                help: None,
            };
            rules.add(rule, Some(finding));
        }
        rules
    }

    fn add(&mut self, rule: RuleInfo<'a>, example: Option<&'a Finding>) {
        if let Entry::Vacant(place) = self.index.entry(rule.id) {
            place.insert(self.list.len());
            self.list.push(Rule::of(rule, example));
        }
    }
}

impl<'a> Rule<'a> {
    fn of(rule: RuleInfo<'a>, example: Option<&Finding>) -> Self {
        let full = match rule.provider {
            Some(provider) => format!("{} ({provider})", rule.title),
            None => rule.title.to_owned(),
        };
        Self {
            id: rule.id,
            short_description: Message::of(rule.title),
            full_description: Message::of(&full),
            help: example.and_then(what_to_do).map(|text| Message::of(&text)),
            help_uri: rule.help,
            default_configuration: Configuration {
                level: if rule.severity.blocks() { "error" } else { "warning" },
            },
            properties: RuleProperties {
                tags: ["security"],
                security_severity: security_severity(rule.severity),
            },
        }
    }
}

/// All advice of a finding as one text.
fn what_to_do(finding: &Finding) -> Option<String> {
    let rotate = finding.rotate.as_ref().map(|page| format!("revoke or renew it at {page}"));
    let sentences: Vec<String> =
        finding.advice.iter().map(ToString::to_string).chain(rotate).collect();
    (!sentences.is_empty()).then(|| sentences.join("\n"))
}

/// A score in the middle of the range that GitHub gives each word.
fn security_severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Low => "2.0",
        Severity::Medium => "5.5",
        Severity::High => "8.0",
        Severity::Critical => "9.5",
    }
}

impl Message {
    /// A plain text message: braces are doubled and links broken up, as the standard reads
    /// `{0}` and `[text](target)` in them.
    fn of(text: &str) -> Self {
        let lines: Vec<_> = text.lines().map(visible).collect();
        let text = lines.join("\n").replace('{', "{{").replace('}', "}}").replace("](", "] (");
        Self { text }
    }
}

impl<'a> SarifResult<'a> {
    fn of(finding: &'a Finding, trace: Option<&'a Trace>, rules: &Rules<'a>) -> Self {
        let id = finding.rule.as_str();
        let fingerprint = finding.fingerprint.map(|print| (FINGERPRINT, print.to_string()));
        Self {
            rule_id: id,
            rule_index: *rules.index.get(id).expect("each finding's rule was added"),
            level: level(finding),
            message: Message::of(&message(finding)),
            locations: [Location::of(&finding.path, finding.place.as_ref())],
            partial_fingerprints: fingerprint.into_iter().collect(),
            baseline_state: match finding.status {
                Status::Introduced => "new",
                Status::AlreadyCommitted => "unchanged",
            },
            properties: ResultProperties {
                category: category(finding.category),
                severity: finding.severity.as_str(),
                confidence: finding.confidence.as_str(),
                reasons: finding.reasons.iter().map(AsRef::as_ref).collect(),
                excerpt: finding.excerpt.as_ref().map(|excerpt| excerpt.text.as_str()),
                decoded: finding.place.as_ref().map_or(&[], |place| &place.decoded),
                inside: inside(finding),
                fixes: &finding.fixes,
                history: trace.map(WireTrace::of),
            },
        }
    }
}

fn level(finding: &Finding) -> &'static str {
    match finding.status {
        Status::AlreadyCommitted => "note",
        Status::Introduced if finding.blocks() => "error",
        Status::Introduced => "warning",
    }
}

/// "Example Cloud API token (tok_********); certain: checksum valid"
fn message(finding: &Finding) -> String {
    let mut message = finding.title.to_string();
    if let Some(secret) = &finding.secret {
        message.push_str(&format!(" ({})", secret.masked()));
    }
    message.push_str(match finding.confidence {
        Confidence::Certain => "; certain",
        Confidence::High => "; high confidence",
        Confidence::Medium => "; medium confidence",
        Confidence::Low => "; low confidence",
    });
    if !finding.reasons.is_empty() {
        message.push_str(": ");
        message.push_str(&finding.reasons.join(", "));
    }
    if let Some(place) = finding.place.as_ref().filter(|place| !place.inside.is_empty()) {
        message.push_str(&format!(
            " (inside: {}, line {})",
            inside(finding).join(", "),
            place.line
        ));
    }
    message
}

/// The files inside of an archive that lead to the finding.
fn inside(finding: &Finding) -> Vec<Cow<'_, str>> {
    let names = finding.place.iter().flat_map(|place| &place.inside);
    names.map(|name| String::from_utf8_lossy(name)).collect()
}

impl Location {
    fn of(path: &[u8], place: Option<&Place>) -> Self {
        // Lines of a file inside of an archive are none of the archive.
        let region = place.filter(|place| place.inside.is_empty()).map(|place| Region {
            start_line: place.line,
            start_column: place.column,
            end_line: place.end_line,
            end_column: place.end_column,
        });
        let artifact_location = ArtifactLocation { uri: uri(path) };
        Self { physical_location: PhysicalLocation { artifact_location, region } }
    }
}

impl Invocation {
    fn of(report: &Report<'_>) -> Self {
        Self {
            execution_successful: report.outcome.is_complete(),
            exit_code: report.exit,
            tool_execution_notifications: report
                .outcome
                .problems
                .iter()
                .map(Notification::of)
                .collect(),
        }
    }
}

impl Notification {
    fn of(problem: &Problem) -> Self {
        let locations = problem.path.iter().map(|path| Location::of(path, None)).collect();
        Self {
            level: "error",
            message: Message::of(&format!("not scanned: {}; {}", problem.detail, problem.help)),
            locations,
            properties: NotificationProperties { kind: problem_kind(problem.kind) },
        }
    }
}

#[cfg(test)]
mod tests;
