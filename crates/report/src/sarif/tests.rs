//! What is written against what SARIF 2.1.0 asks of it.

use leakgate_model::{Outcome, RuleId, Secret};
use serde_json::Value;

use super::*;
use crate::{Format, sample};

/// What a property of an object may hold.
enum Kind {
    Text,
    /// A URI with a scheme.
    Uri,
    /// A URI with or without one, of ASCII characters that need no encoding.
    UriReference,
    OneOf(&'static [&'static str]),
    /// An integer from this number on.
    From(u64),
    Flag,
    /// An object of this name in [`OBJECTS`].
    Object(&'static str),
    /// A list of at least this many such objects.
    Objects(u64, &'static str),
    /// Texts under any names.
    Texts,
    /// Anything under any names, but `tags` are a list.
    Bag,
}

/// An object of the standard: its name, the properties it must have, those written here.
type Object = (&'static str, &'static [&'static str], &'static [(&'static str, Kind)]);

use Kind::{Bag, Flag, From, Object as One, Objects, OneOf, Text, Texts, Uri, UriReference};

const LEVELS: &[&str] = &["none", "note", "warning", "error"];

/// The part of the standard that is written here: as strict as its schema, or stricter where we
/// write a property always. No object may have properties that the standard does not name, so one
/// that is missing here is an error too.
const OBJECTS: &[Object] = &[
    (
        "sarifLog",
        &["version", "runs"],
        &[("$schema", Uri), ("version", OneOf(&["2.1.0"])), ("runs", Objects(0, "run"))],
    ),
    (
        "run",
        &["tool"],
        &[
            ("tool", One("tool")),
            ("invocations", Objects(0, "invocation")),
            ("columnKind", OneOf(&["utf16CodeUnits", "unicodeCodePoints"])),
            ("results", Objects(0, "result")),
        ],
    ),
    ("tool", &["driver"], &[("driver", One("toolComponent"))]),
    (
        "toolComponent",
        &["name"],
        &[
            ("name", Text),
            ("version", Text),
            ("semanticVersion", Text),
            ("informationUri", Uri),
            ("rules", Objects(0, "reportingDescriptor")),
        ],
    ),
    (
        "reportingDescriptor",
        &["id"],
        &[
            ("id", Text),
            ("shortDescription", One("multiformatMessageString")),
            ("fullDescription", One("multiformatMessageString")),
            ("help", One("multiformatMessageString")),
            ("helpUri", Uri),
            ("defaultConfiguration", One("reportingConfiguration")),
            ("properties", Bag),
        ],
    ),
    ("multiformatMessageString", &["text"], &[("text", Text)]),
    ("message", &["text"], &[("text", Text)]),
    ("reportingConfiguration", &[], &[("level", OneOf(LEVELS))]),
    (
        "result",
        &["message"],
        &[
            ("ruleId", Text),
            ("ruleIndex", From(0)),
            ("level", OneOf(LEVELS)),
            ("message", One("message")),
            ("locations", Objects(0, "location")),
            ("partialFingerprints", Texts),
            ("baselineState", OneOf(&["new", "unchanged", "updated", "absent"])),
            ("properties", Bag),
        ],
    ),
    ("location", &[], &[("physicalLocation", One("physicalLocation"))]),
    (
        "physicalLocation",
        &["artifactLocation"],
        &[("artifactLocation", One("artifactLocation")), ("region", One("region"))],
    ),
    ("artifactLocation", &["uri"], &[("uri", UriReference)]),
    (
        "region",
        &["startLine"],
        &[
            ("startLine", From(1)),
            ("startColumn", From(1)),
            ("endLine", From(1)),
            ("endColumn", From(1)),
        ],
    ),
    (
        "invocation",
        &["executionSuccessful"],
        &[
            ("executionSuccessful", Flag),
            ("exitCode", From(0)),
            ("toolExecutionNotifications", Objects(0, "notification")),
        ],
    ),
    (
        "notification",
        &["message"],
        &[
            ("level", OneOf(LEVELS)),
            ("message", One("message")),
            ("locations", Objects(0, "location")),
            ("properties", Bag),
        ],
    ),
];

/// Where `value` is not what the standard calls by this name, with what is wrong there.
fn faults(value: &Value, name: &str, at: &str) -> Vec<String> {
    let (_, required, properties) =
        OBJECTS.iter().find(|(known, ..)| *known == name).expect("the table has it");
    let Some(object) = value.as_object() else {
        return vec![format!("{at}: no object")];
    };
    let mut faults: Vec<String> = required
        .iter()
        .filter(|property| !object.contains_key(**property))
        .map(|property| format!("{at}: no {property}"))
        .collect();
    for (property, value) in object {
        let at = format!("{at}.{property}");
        match properties.iter().find(|(known, _)| known == property) {
            Some((_, kind)) => faults.extend(property_faults(value, kind, &at)),
            None => faults.push(format!("{at}: not in the standard")),
        }
    }
    faults
}

fn property_faults(value: &Value, kind: &Kind, at: &str) -> Vec<String> {
    let text = value.as_str();
    let right = match kind {
        One(name) => return faults(value, name, at),
        Objects(least, name) => {
            let Some(list) = value.as_array() else {
                return vec![format!("{at}: no list")];
            };
            if (list.len() as u64) < *least {
                return vec![format!("{at}: too short")];
            }
            return list.iter().flat_map(|one| faults(one, name, at)).collect();
        }
        Text => text.is_some(),
        Uri => text.is_some_and(|uri| uri.starts_with("https://") && is_uri(uri)),
        UriReference => text.is_some_and(is_uri),
        OneOf(words) => text.is_some_and(|text| words.contains(&text)),
        From(least) => value.as_u64().is_some_and(|number| number >= *least),
        Flag => value.is_boolean(),
        Texts => value.as_object().is_some_and(|map| map.values().all(Value::is_string)),
        Bag => value.as_object().is_some_and(|bag| bag.get("tags").is_none_or(Value::is_array)),
    };
    if right { Vec::new() } else { vec![format!("{at}: {value}")] }
}

fn is_uri(uri: &str) -> bool {
    let (scheme, rest) = match uri.split_once("://") {
        Some((scheme, rest)) => (scheme, rest),
        None => ("", uri),
    };
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._~/%".contains(c);
    let first = rest.split('/').next().unwrap_or_default();
    let has_escapes = rest.split('%').skip(1).all(|escape| {
        escape.get(..2).is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
    });
    ["", "https", "file"].contains(&scheme)
        && rest.chars().all(is_plain)
        && !first.contains(':')
        && has_escapes
}

fn parsed(findings: &[Finding], outcome: &Outcome) -> Value {
    let report = sample::report(findings, outcome);
    let text = sample::written(&report, &sample::settings(Format::Sarif));
    serde_json::from_str(&text).expect("it is JSON")
}

/// One finding of each sort, on awkward paths, and a problem of each sort.
fn everything() -> (Vec<Finding>, Outcome) {
    let mut old = sample::secret();
    old.status = Status::AlreadyCommitted;
    old.path = b"./\xff a:b%/\xe6\x97\xa5[1]?#".into();
    let mut warning = sample::mode();
    warning.severity = Severity::Low;
    warning.path = "/tmp/{0}".into();
    warning.fingerprint = None;
    let mut decoded = sample::secret();
    decoded.place.as_mut().expect("it has one").decoded = vec!["utf-16le"];
    let mut outcome = sample::outcome();
    let general = Problem { path: None, detail: "[a](b) {0}".to_owned(), ..sample::problem() };
    outcome.problems.extend([sample::problem(), general]);
    (vec![old, sample::mode(), sample::secret(), warning, decoded], outcome)
}

#[test]
fn what_is_written_is_sarif() {
    let (findings, outcome) = everything();
    let expected: &[String] = &[];
    assert_eq!(faults(&parsed(&findings, &outcome), "sarifLog", ""), expected);
    assert_eq!(faults(&parsed(&[], &Outcome::default()), "sarifLog", ""), expected);
}

#[test]
fn the_check_sees_what_is_not_sarif() {
    let (findings, outcome) = everything();
    let good = parsed(&findings, &outcome);
    let broken = |pointer: &str, value: Value| {
        let mut document = good.clone();
        *document.pointer_mut(pointer).expect("it is there") = value;
        faults(&document, "sarifLog", "")
    };
    let region = "/runs/0/results/0/locations/0/physicalLocation/region";
    assert_eq!(broken("/version", "2.0".into()), [".version: \"2.0\""]);
    assert_eq!(
        broken("/runs/0/tool/driver", serde_json::json!({"name": "a", "nam": 1})),
        [".runs.tool.driver.nam: not in the standard"]
    );
    assert_eq!(broken(region, serde_json::json!({})).len(), 1);
    assert_eq!(broken(&format!("{region}/startColumn"), 0.into()).len(), 1);
    let uri = "/runs/0/results/0/locations/0/physicalLocation/artifactLocation/uri";
    for bad in ["a b", "a:b", "%4", "é", "https:a"] {
        assert_eq!(broken(uri, bad.into()).len(), 1, "{bad}");
    }
}

#[test]
fn each_finding_has_its_level_state_and_rule() {
    let (mut findings, outcome) = everything();
    findings[1].rule = RuleId::new("not-listed");
    let document = parsed(&findings, &outcome);
    let run = &document["runs"][0];
    let results = run["results"].as_array().expect("there are results");
    let all = |property: &str| -> Vec<Value> {
        results.iter().map(|result| result[property].clone()).collect()
    };
    assert_eq!(all("level"), ["note", "error", "error", "warning", "error"]);
    assert_eq!(all("baselineState"), ["unchanged", "new", "new", "new", "new"]);
    assert_eq!(all("ruleIndex"), [0, 1, 0, 2, 0]);
    for result in results {
        let index = result["ruleIndex"].as_u64().expect("it is a number") as usize;
        assert_eq!(run["tool"]["driver"]["rules"][index]["id"], result["ruleId"]);
    }
    let print = findings[2].fingerprint.expect("it has one").to_string();
    assert_eq!(results[2]["partialFingerprints"]["leakgate/v1"], print);
    assert!(results[3].get("partialFingerprints").is_none());
}

#[test]
fn rules_tell_what_github_asks_for() {
    let document = parsed(&[sample::secret()], &sample::outcome());
    let rule = &document["runs"][0]["tool"]["driver"]["rules"][0];
    assert_eq!(rule["properties"]["security-severity"], "9.5");
    assert_eq!(rule["properties"]["tags"], serde_json::json!(["security"]));
    assert_eq!(rule["defaultConfiguration"]["level"], "error");
    assert_eq!(rule["helpUri"], "https://cloud.example/docs");
    assert_eq!(rule["fullDescription"]["text"], "Example Cloud API token (Example Cloud)");
    assert_eq!(
        rule["help"]["text"],
        "take it out of the file and read it from the environment\n\
         revoke or renew it at https://cloud.example/keys"
    );
}

#[test]
fn what_was_not_scanned_is_a_failed_run() {
    let (findings, outcome) = everything();
    let document = parsed(&findings, &outcome);
    let invocation = &document["runs"][0]["invocations"][0];
    assert_eq!(invocation["executionSuccessful"], false);
    assert_eq!(invocation["exitCode"], 2);
    let notifications = &invocation["toolExecutionNotifications"];
    assert_eq!(
        notifications[0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"],
        "big.bin"
    );
    assert_eq!(
        notifications[1]["message"]["text"],
        "not scanned: [a] (b) {{0}}; fetch it with `git fetch --refetch`"
    );
    let complete = parsed(&findings, &sample::outcome());
    assert_eq!(complete["runs"][0]["invocations"][0]["executionSuccessful"], true);
}

#[test]
fn a_finding_without_a_place_has_no_region() {
    let document = parsed(&[sample::mode()], &sample::outcome());
    let location = &document["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!(location["artifactLocation"]["uri"], "data/table.csv");
    assert!(location.get("region").is_none());
}

#[test]
fn a_value_is_never_written_even_when_asked_for() {
    let (findings, outcome) = (vec![sample::secret()], sample::outcome());
    let text =
        sample::written(&sample::report(&findings, &outcome), &sample::revealing(Format::Sarif));
    assert!(!text.contains(&sample::value()));
    assert!(text.contains("Example Cloud API token (tok_********); certain: checksum valid"));
}

#[test]
fn each_region_cuts_its_finding_out_of_the_text() {
    let secrets = [sample::value(), format!("{}\n🔑{}", sample::value(), sample::value())];
    let text = format!("# é 日本 🔑\nkey='é🔑' {}\nlast = \"{}\"\n", secrets[0], secrets[1]);
    let findings: Vec<Finding> = secrets
        .iter()
        .map(|secret| {
            let start = text.find(secret.as_str()).expect("it is there");
            finding_at(&text, start..start + secret.len())
        })
        .collect();
    let document = parsed(&findings, &sample::outcome());
    assert_eq!(document["runs"][0]["columnKind"], "unicodeCodePoints");
    let results = document["runs"][0]["results"].as_array().expect("there are results");
    for (result, secret) in results.iter().zip(&secrets) {
        let region = &result["locations"][0]["physicalLocation"]["region"];
        assert_eq!(cut(&text, region), *secret);
    }
}

fn finding_at(text: &str, span: std::ops::Range<usize>) -> Finding {
    let position = |at: usize| {
        let before = &text[..at];
        let line_start = before.rfind('\n').map_or(0, |end| end + 1);
        let line = before.matches('\n').count() as u64 + 1;
        (line, before[line_start..].chars().count() as u64 + 1)
    };
    let ((line, column), (end_line, end_column)) = (position(span.start), position(span.end));
    let mut finding = sample::secret();
    finding.secret = Some(Secret::new(&text.as_bytes()[span.clone()], 4));
    let span = span.start as u64..span.end as u64;
    finding.place = Some(Place {
        line,
        column,
        end_line,
        end_column,
        span,
        decoded: Vec::new(),
        inside: Vec::new(),
    });
    finding
}

/// The text of a region as the standard defines it: columns count code points, the end is
/// exclusive.
fn cut(text: &str, region: &Value) -> String {
    let offset = |line: &str, column: &str| {
        let line = region[line].as_u64().expect("it is a number") as usize;
        let column = region[column].as_u64().expect("it is a number") as usize;
        let before: usize = text.split_inclusive('\n').take(line - 1).map(str::len).sum();
        before + text[before..].chars().take(column - 1).map(char::len_utf8).sum::<usize>()
    };
    text[offset("startLine", "startColumn")..offset("endLine", "endColumn")].to_owned()
}
