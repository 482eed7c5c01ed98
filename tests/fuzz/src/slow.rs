//! What is repeated many times takes time in proportion: nothing that is read may cost more for
//! each byte the longer it is.

use std::time::{Duration, Instant};

use leakgate_secrets::{Found, Memory, Recall, Scratch, examples_in};

use crate::{hash, root, rules, split};

/// How long a repeated text gets.
const LONG: usize = 100_000;
/// The most that a scan of it may take. What is built for fuzzing is ten times slower than what is
/// installed, and others may use the machine as well.
const MOST: Duration = Duration::from_secs(4);

/// Parts of the examples of all rules.
pub fn seeds() -> Vec<Vec<u8>> {
    let examples = examples_in(&root().join("patterns")).expect("the rules are in order");
    let mut seeds = Vec::new();
    for one in examples.iter().step_by(7) {
        let text = &one.text.as_bytes()[..one.text.len().min(60)];
        seeds.push([one.path.as_bytes(), b"\n\x04", text].concat());
    }
    let units: [&[u8]; 12] = [
        b"\\x68", b"%6", b"&#10", b"\"+\"", b"aGVsbG8g", b"=?utf-8?q?=41", b"a:", b"[[", b"{\"", b"\\\n",
        b"a|b\n", b"-----BEGIN A-----\n",
    ];
    seeds.extend(units.map(|unit| [b"a.eml\n\0", unit].concat()));
    seeds
}

/// The first line is a path; the byte behind it says how much of the rest stands before what is
/// repeated.
pub fn run(data: &[u8]) {
    let (path, rest) = split(data);
    let Some((&lead, rest)) = rest.split_first() else { return };
    let (lead, unit) = rest.split_at(rest.len().min(usize::from(lead)));
    if unit.is_empty() || rest.len() > 300 {
        return;
    }
    let mut text = lead.to_vec();
    text.extend(unit.iter().copied().cycle().take(LONG));
    let mut scratch = Scratch::default();
    within("a scan", || drop(rules().scan_file(path, &text, &mut scratch)));
    let mut spots = Vec::new();
    within("spots", || rules().spots(&text, 0..text.len(), &mut spots));
    within("all encodings", || drop(rules().may_hide(&text)));
    let memory = Memory::for_objects(1000);
    let mut recall = Recall::new(&memory);
    // As of a base with some changes in it.
    let at = |part: usize| (hash(data) as usize).wrapping_mul(part + 1) % text.len();
    let mut places: Vec<_> = (0..16).map(at).collect();
    places.sort_unstable();
    places.dedup();
    let ranges: Vec<_> = places.iter().map(|&at| at..at + 1).collect();
    let mut found = Found::default();
    within("changes", || recall.ask(rules(), &text, &ranges, &mut found));
    within("what stands encoded at changes", || {
        for range in &ranges {
            rules().encodings(&text, range.clone(), &mut found.encodings);
        }
    });
    let likely: Vec<_> = spots.iter().filter(|spot| spot.likely).map(|spot| spot.at).collect();
    within("a look at spots", || drop(rules().holds_at(path, &text, &likely, &mut scratch)));
}

fn within(what: &str, run: impl FnOnce()) {
    let start = Instant::now();
    run();
    let took = start.elapsed();
    assert!(took < MOST, "{what} took {took:?}");
}
