//! Rules are tight: what is nearly a token of a format is not reported under its name.
//!
//! Each example of each built-in rule is broken in one place, and its rule may not report it any
//! more. Another rule may: a broken token under a credential's name is still a credential.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use std::thread;

use leakgate_model::{Confidence, Reveal};
use leakgate_secrets::{Check, Example, Rule, RuleSet, Scratch, examples_in};
use regex_syntax::ParserBuilder;
use regex_syntax::hir::literal::Extractor;
use regex_syntax::hir::{Hir, HirKind};

#[test]
fn what_is_nearly_a_token_is_not_reported() {
    let patterns = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../patterns");
    let examples = examples_in(&patterns).expect("the rule files are of the form");
    let rules = RuleSet::default();
    let formats: BTreeMap<String, Format> = rules
        .rules()
        .filter(|rule| !rule.pattern.is_empty())
        .map(|rule| (rule.id.to_string(), Format::of(&rule)))
        .collect();
    let half = examples.len().div_ceil(2);
    let loose: Vec<String> = thread::scope(|scope| {
        let parts = examples.chunks(half).map(|part| {
            let (rules, formats) = (&rules, &formats);
            scope.spawn(move || {
                let mut scratch = Scratch::default();
                let loose = part
                    .iter()
                    .flat_map(|one| loose(rules, &formats[&one.rule], one, &mut scratch));
                loose.collect::<Vec<_>>()
            })
        });
        let parts: Vec<_> = parts.collect();
        parts.into_iter().flat_map(|part| part.join().expect("no scan panics")).collect()
    });
    assert!(loose.is_empty(), "{} rules are loose:\n{}", loose.len(), loose.join("\n"));
}

/// Checks that refute what is damaged.
const SUMS: [Check; 3] = [Check::Crc32Base62, Check::Crc32Base36, Check::Crc32Hex];

/// What the pattern of a rule fixes of its secrets.
struct Format {
    /// The least and the greatest length, in bytes.
    lengths: (usize, usize),
    /// What every secret begins with, one of these; empty if anything goes.
    prefixes: Vec<Vec<u8>>,
    /// A check refutes what is damaged.
    summed: bool,
}

impl Format {
    fn of(rule: &Rule) -> Self {
        let pattern = ParserBuilder::new()
            .unicode(false)
            .utf8(false)
            .build()
            .parse(&rule.pattern)
            .expect("the pattern of a rule is a regex");
        let secret = secret(&pattern).expect("each pattern has a secret");
        let properties = secret.properties();
        let lengths = (
            properties.minimum_len().expect("a secret can match"),
            properties.maximum_len().expect("a secret has a longest match"),
        );
        let mut begins = Extractor::new().extract(secret);
        begins.minimize_by_preference();
        let begins = begins.literals().unwrap_or_default();
        let telling = begins.iter().all(|begin| begin.len() >= 3);
        let prefixes = begins.iter().map(|begin| begin.as_bytes().to_vec());
        Self {
            lengths,
            prefixes: if telling { prefixes.collect() } else { Vec::new() },
            summed: rule.checks.iter().any(|check| SUMS.contains(check)),
        }
    }
}

/// The group `secret` of a pattern.
fn secret(pattern: &Hir) -> Option<&Hir> {
    match pattern.kind() {
        HirKind::Capture(group) if group.name.as_deref() == Some("secret") => Some(&group.sub),
        HirKind::Capture(group) => secret(&group.sub),
        HirKind::Repetition(repetition) => secret(&repetition.sub),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => parts.iter().find_map(secret),
        _ => None,
    }
}

/// One line for each way in which a broken example is still reported.
fn loose(rules: &RuleSet, format: &Format, one: &Example, scratch: &mut Scratch) -> Vec<String> {
    let mut found = |text: &[u8]| {
        let findings = rules.scan(one.path.as_bytes(), text, scratch);
        findings.into_iter().find(|finding| finding.rule.as_str() == one.rule)
    };
    let text = one.text.as_bytes();
    let Some(finding) = found(text) else { return vec![format!("{}: not found", one.rule)] };
    let (Some(place), Some(secret)) = (finding.place, finding.secret) else { return Vec::new() };
    if !place.decoded.is_empty() {
        return Vec::new();
    }
    let span = place.span.start as usize..place.span.end as usize;
    let secret = secret.reveal(Reveal::the_user_asked()).to_vec();
    let summed = format.summed && finding.confidence == Confidence::Certain;
    let broken = broken(format, summed, &secret);
    let still = broken.into_iter().filter(|(_, secret)| found(&put(text, &span, secret)).is_some());
    still
        .map(|(how, _)| format!("{}: {how}: in an example of {} bytes", one.rule, one.text.len()))
        .collect()
}

fn put(text: &[u8], span: &Range<usize>, secret: &[u8]) -> Vec<u8> {
    [&text[..span.start], secret, &text[span.end..]].concat()
}

/// The ways to break a secret, and what becomes of it.
fn broken(format: &Format, summed: bool, secret: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut broken = Vec::new();
    let (least, most) = format.lengths;
    let middle = secret.len() / 2;
    // The fixed parts stand at the ends, so what goes and what comes does so in the middle.
    let gone = (secret.len() + 1).saturating_sub(least);
    if (1..secret.len()).contains(&gone) && least > 1 {
        let start = middle.min(secret.len() - gone);
        let short = [&secret[..start], &secret[start + gone..]].concat();
        broken.push(("too short".to_owned(), short));
    }
    if least == most && secret.len() == most {
        let long = [&secret[..middle], &secret[middle - 1..]].concat();
        broken.push(("too long".to_owned(), long));
    }
    let prefix = format.prefixes.iter().find(|prefix| secret.starts_with(prefix));
    for at in 0..prefix.map_or(0, Vec::len) {
        let mut other = secret.to_vec();
        other[at] = another(other[at]);
        if !format.prefixes.iter().any(|prefix| other.starts_with(prefix)) {
            broken.push((format!("another prefix, byte {at}"), other));
        }
    }
    if summed {
        let mut other = secret.to_vec();
        other[middle] = another(other[middle]);
        broken.push(("a wrong checksum".to_owned(), other));
    }
    broken
}

/// Another character of the same kind.
fn another(byte: u8) -> u8 {
    match byte {
        b'a'..=b'z' => b'a' + (byte - b'a' + 13) % 26,
        b'A'..=b'Z' => b'A' + (byte - b'A' + 13) % 26,
        b'0'..=b'9' => b'0' + (byte - b'0' + 5) % 10,
        b'_' => b'-',
        _ => b'_',
    }
}
