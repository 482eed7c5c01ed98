//! Any path and any content: what is said of where a secret may stand agrees with a scan, windows
//! find what the whole holds, and no value stands in what may be shown.

use std::ops::Range;

use leakgate_model::{Finding, Reveal};
use leakgate_secrets::{Encoding, Found, Memory, Recall, RuleSet, Scratch, Spot, examples_in};

use crate::{hash, root, rules, split};

/// The examples of all rules, under paths that they are looked for in.
pub fn seeds() -> Vec<Vec<u8>> {
    let examples = examples_in(&root().join("patterns")).expect("the rules are in order");
    let bytes = |path: &str, text: &str| [path.as_bytes(), b"\n", text.as_bytes()].concat();
    examples.iter().map(|one| bytes(&one.path, &one.text)).collect()
}

/// The first line is a path, all behind it the content.
pub fn run(data: &[u8]) {
    let (path, content) = split(data);
    let mut scratch = Scratch::default();
    let findings = rules().scan(path, content, &mut scratch);
    nothing_is_shown(&findings);
    places_are_in_the_content(&findings, content);
    spots_agree(path, content, &findings, &mut scratch);
    // All of them each time would leave time for a third of the inputs.
    match hash(data) % 4 {
        0 => parts_agree(content),
        1 => what_is_far_does_not_matter(content),
        2 => memory_agrees(content),
        _ => windows_agree(path, content, &mut scratch),
    }
}

/// No excerpt holds a value that was found.
pub(crate) fn nothing_is_shown(findings: &[Finding]) {
    for shown in findings {
        let Some(excerpt) = &shown.excerpt else { continue };
        assert!(excerpt.text.get(excerpt.highlight.clone()).is_some(), "a highlight that cuts");
        for finding in findings {
            let Some(secret) = &finding.secret else { continue };
            let value = secret.reveal(Reveal::the_user_asked());
            let Ok(value) = std::str::from_utf8(value) else { continue };
            assert!(
                value.len() < 8 || is_stars(value) || !excerpt.text.contains(value),
                "{} is shown by {}",
                finding.rule,
                shown.rule
            );
        }
    }
}

/// A value of stars stands in every mask.
fn is_stars(value: &str) -> bool {
    value.bytes().all(|byte| byte == b'*')
}

fn places_are_in_the_content(findings: &[Finding], content: &[u8]) {
    for finding in findings {
        let Some(place) = &finding.place else { continue };
        assert!(place.line >= 1 && place.column >= 1 && place.end_line >= place.line);
        assert!(place.span.start <= place.span.end, "{:?}", place.span);
        if place.decoded.is_empty() {
            assert!(place.span.end <= content.len() as u64, "{:?}", place.span);
        }
    }
}

fn spots(text: &[u8], begins: Range<usize>) -> Vec<Spot> {
    let mut spots = Vec::new();
    rules().spots(text, begins, &mut spots);
    spots.sort_unstable();
    spots
}

/// There is no finding without a likely place, and a look at likely places alone tells of all.
fn spots_agree(path: &[u8], text: &[u8], findings: &[Finding], scratch: &mut Scratch) {
    if RuleSet::is_opaque(text) || RuleSet::is_read_by_name(path) {
        return;
    }
    let encodings = rules().all_encodings(text);
    let mut found = Found { spots: spots(text, 0..text.len()), encodings };
    found.encodings.sort_unstable();
    assert_eq!(rules().may_hold(text), found.is_likely());
    assert!(findings.is_empty() || found.is_likely(), "{findings:?}");
    assert_eq!(rules().scan_at(path, text, &found.likely(), scratch), findings);
}

/// A part has the spots that begin in it.
fn parts_agree(text: &[u8]) {
    let at = hash(text) as usize % (text.len() + 1);
    let mut parts = spots(text, 0..at);
    parts.extend(spots(text, at..text.len()));
    assert_eq!(parts, spots(text, 0..text.len()), "{at}");
}

/// Spots are what the bytes in their reach make them.
fn what_is_far_does_not_matter(text: &[u8]) {
    let near = rules().near();
    let number = hash(text) as usize;
    let (at, from) = (number % (text.len() + 1), (number >> 32) % (text.len() + 1));
    let other = &text[from..];
    let all = spots(text, 0..text.len());
    let changed = [&text[..at], other].concat();
    let after = spots(&changed, 0..changed.len());
    for spot in &all {
        let reach = usize::from(spot.after).max(near.before);
        if spot.at as usize + reach <= at {
            assert!(after.contains(spot), "{spot:?} {at}");
        }
    }
    let changed = [other, &text[at..]].concat();
    let before = spots(&changed, 0..changed.len());
    for spot in &all {
        let start = spot.at as usize;
        if start >= at + usize::from(spot.before).max(near.behind) {
            let moved = Spot { at: (start - at + other.len()) as u32, ..*spot };
            assert!(before.contains(&moved), "{spot:?} {at}");
        }
    }
}

/// What is recalled of ranges is what is there, in texts that share much.
fn memory_agrees(text: &[u8]) {
    let memory = Memory::for_objects(16);
    let mut recall = Recall::new(&memory);
    let number = hash(text) as usize;
    let middle = number % (text.len() + 1);
    let turned = [&text[middle..], &text[..middle]].concat();
    for (round, text) in [text, &turned, text, &text[..middle]].into_iter().enumerate() {
        let mut cuts: Vec<_> =
            (0..4).map(|cut| (number >> (8 * cut + round)) % (text.len() + 1)).collect();
        cuts.sort_unstable();
        cuts.dedup();
        let ranges: Vec<_> = cuts.chunks_exact(2).map(|cut| cut[0]..cut[1]).collect();
        recalled(&mut recall, text, &ranges);
    }
}

fn recalled(recall: &mut Recall<'_>, text: &[u8], ranges: &[Range<usize>]) {
    let mut found = Found::default();
    recall.ask(rules(), text, ranges, &[], &mut found);
    let all = spots(text, 0..text.len());
    for spot in &all {
        let is_asked = ranges.iter().any(|range| range.contains(&(spot.at as usize)));
        assert!(!is_asked || found.spots.contains(spot), "{spot:?} in {ranges:?}");
    }
    assert!(found.spots.iter().all(|spot| all.contains(spot)));
    let encodings = rules().all_encodings(text);
    // What stands there whatever the ranges hold is known from another text.
    let mut blank = text.to_vec();
    ranges.iter().for_each(|range| blank[range.clone()].fill(b' '));
    let others = rules().all_encodings(&blank);
    let overlap = |a: &Encoding, b: &Encoding| a.start < b.end && b.start < a.end;
    for one in encodings.iter().filter(|one| !others.iter().any(|other| overlap(one, other))) {
        let covers = |other: &Encoding| {
            other.start <= one.start && other.end >= one.end && other.likely >= one.likely
        };
        assert!(found.encodings.iter().any(covers), "{one:?} in {ranges:?}");
    }
}

/// The first window has so many bytes.
const WINDOW: usize = 4096;

/// Content that is cut into two windows has the findings of the whole.
fn windows_agree(path: &[u8], content: &[u8], scratch: &mut Scratch) {
    if content.is_empty() {
        return;
    }
    let lead = WINDOW - hash(content) as usize % content.len().min(WINDOW);
    let padded: Vec<u8> = b"words that say nothing\n"
        .iter()
        .copied()
        .cycle()
        .take(lead.saturating_sub(1))
        .chain([b'\n'])
        .chain(content.iter().copied())
        .collect();
    let whole = rules().scan(path, &padded, scratch);
    let (windows, bytes) =
        rules().scan_stream(path, &mut &padded[..], scratch).expect("a slice can be read");
    assert_eq!(bytes, padded.len() as u64);
    let places = |findings: &[Finding]| -> Vec<_> {
        findings
            .iter()
            .map(|one| (one.rule.clone(), one.place.clone(), one.secret.clone()))
            .collect()
    };
    assert_eq!(places(&windows), places(&whole));
}
