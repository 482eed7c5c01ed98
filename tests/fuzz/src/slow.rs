//! What is repeated many times takes time in proportion: nothing that is read may cost more for
//! each byte the longer it is.

use std::time::{Duration, Instant};

use leakgate_secrets::{Found, Memory, Recall, RuleSet, Scratch, examples_in};

use crate::{hash, root, rules, split};

/// How long a repeated text gets, and how long a part of it that is measured before.
const LONG: usize = 15_000;
const SHORT: usize = LONG / 5;
/// What takes less is not worth a look.
const LEAST: Duration = Duration::from_millis(300);
/// How many times longer than the short text the long one may take: five times were fair, and
/// twenty-five say that each part costs as much as there are parts.
const MOST: u32 = 12;

/// Parts of the examples of all rules.
pub fn seeds() -> Vec<Vec<u8>> {
    let examples = examples_in(&root().join("patterns")).expect("the rules are in order");
    let mut seeds = Vec::new();
    for one in examples.iter().step_by(40) {
        let text = &one.text.as_bytes()[..one.text.len().min(60)];
        seeds.push([one.path.as_bytes(), b"\n\x04", text].concat());
    }
    let units: [&[u8]; 12] = [
        b"\\x68",
        b"%6",
        b"&#10",
        b"\"+\"",
        b"aGVsbG8g",
        b"=?utf-8?q?=41",
        b"a:",
        b"[[",
        b"{\"",
        b"\\\n",
        b"a|b\n",
        b"-----BEGIN A-----\n",
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
    let text: Vec<u8> = lead.iter().chain(unit.iter().cycle().take(LONG)).copied().collect();
    let (short, long) = (times(path, &text[..SHORT]), times(path, &text));
    for ((what, short), (_, long)) in short.iter().zip(&long) {
        assert!(*long < LEAST || *long < *short * MOST, "{what}: {short:?}, then {long:?}");
    }
}

/// How long each of what is asked of a text takes.
fn times(path: &[u8], text: &[u8]) -> Vec<(&'static str, Duration)> {
    let mut times = Vec::new();
    let mut time = |what: &'static str, run: &mut dyn FnMut()| {
        let start = Instant::now();
        run();
        times.push((what, start.elapsed()));
    };
    let mut scratch = Scratch::default();
    let mut spots = Vec::new();
    // As of a base with some changes in it.
    let at = |part: usize| (hash(text) as usize).wrapping_mul(part + 1) % text.len();
    let mut places: Vec<_> = (0..16).map(at).collect();
    places.sort_unstable();
    places.dedup();
    let ranges: Vec<_> = places.iter().map(|&at| at..at + 1).collect();
    let mut found = Found::default();
    let memory = Memory::for_objects(1000);
    let mut recall = Recall::new(&memory);
    time("a scan", &mut || {
        rules().scan_file(path, text, &mut scratch);
    });
    time("spots", &mut || rules().spots(text, 0..text.len(), &mut spots));
    let mut encodings = Vec::new();
    time("all encodings", &mut || encodings = rules().all_encodings(text));
    time("changes", &mut || recall.ask(rules(), text, &ranges, &[], &mut found));
    time("what stands encoded at changes", &mut || {
        recall.ask(rules(), text, &[], &ranges, &mut found);
    });
    let likely = Found { spots, encodings }.likely();
    time("a look at likely places", &mut || {
        rules().scan_at(path, text, &likely, &mut scratch);
    });
    times
}
