//! What is known of pieces of text, so that none of them is asked twice.
//!
//! The same edit is made in many versions of a file, so what was found in a piece of text is kept
//! with a hash of all bytes that it depends on. A short piece is remembered as it is asked. A long one
//! holds lines that others insert in other portions, so it is cut into chunks where the text itself
//! says so, at the ends of some lines. The hash has a key that nobody knows, and 64 bits. In the
//! histories of git and redis, most pieces were seen before.

use std::hash::{BuildHasher as _, Hasher as _};
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

use foldhash::quality::RandomState;

use crate::candidates::{Likely, Spot};
use crate::encodings::{Encoding, Seen};
use crate::ruleset::RuleSet;
use crate::unwrap;

/// The chunks that hold nothing, as far as there is room. Threads share it.
#[derive(Debug)]
pub struct Memory {
    key: RandomState,
    calm: Vec<AtomicU64>,
}

/// What one thread knows of chunks.
#[derive(Debug)]
pub struct Recall<'m> {
    memory: &'m Memory,
    /// Those with spots in them, and their hashes.
    answers: Vec<(u64, Option<Box<Answer>>)>,
    /// How many spots more there is room for in them.
    room: usize,
    /// What the ranges of a text are cut into, and what seems to be known of it.
    chunks: Vec<(Chunk, Hint)>,
    /// What is being asked.
    asked: Vec<Chunk>,
    /// What was looked through for what is encoded.
    seen: Seen,
    /// The same for what stands encoded; none for what stands encoded in that.
    inside: Option<Box<Inside<'m>>>,
}

/// What one thread knows of decoded texts.
#[derive(Debug)]
struct Inside<'m> {
    recall: Recall<'m>,
    found: Found,
}

/// What was found in the pieces of a text that had to be asked.
#[derive(Debug, Default)]
pub struct Found {
    /// The spots, in no order; some of them may be told twice.
    pub spots: Vec<Spot>,
    /// What stands encoded there.
    pub encodings: Vec<Encoding>,
}

impl Found {
    /// Forgets what was found, and keeps the room for it.
    pub fn clear(&mut self) {
        self.spots.clear();
        self.encodings.clear();
    }

    /// Where secrets could stand.
    pub fn likely(&self) -> Likely {
        let spots = self.spots.iter().filter(|spot| spot.likely);
        let encodings = self.encodings.iter().filter(|one| one.likely);
        Likely {
            spots: spots.map(|spot| spot.at).collect(),
            encodings: encodings.map(|one| one.start..one.end).collect(),
        }
    }

    /// Returns true if and only if a secret could stand there.
    pub fn is_likely(&self) -> bool {
        self.spots.iter().any(|spot| spot.likely) || self.encodings.iter().any(|one| one.likely)
    }
}

/// The spots of a chunk.
#[derive(Debug)]
struct Answer {
    /// How far before the chunk and behind it bytes decide what the spots are.
    before: usize,
    after: usize,
    /// Whether these bytes are the first of their text, and the last.
    ends: [bool; 2],
    /// The hash of these bytes.
    reach: u64,
    /// By their places in the chunk.
    spots: Box<[Spot]>,
}

/// What the memory says of a chunk at first sight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hint {
    /// It holds nothing.
    Calm,
    /// There may be an answer.
    Answer,
    Unknown,
}

/// A part of a text, and the hash of all that decides what is in it.
#[derive(Debug, Clone)]
struct Chunk {
    range: Range<usize>,
    hash: u64,
}

impl Chunk {
    /// Where it belongs among a power of two of slots.
    fn slot(&self, slots: usize) -> usize {
        self.hash as usize & (slots - 1)
    }
}

/// Slots for each object of a history, and how many there are at most: 16 MiB of them.
const SLOTS_PER_OBJECT: usize = 8;
const MOST_SLOTS: usize = 1 << 21;
/// Answers of each thread at most, each of some hundred bytes, and the spots in all of them.
const MOST_ANSWERS: usize = 1 << 17;
const SPOTS_PER_ANSWER: usize = 8;
/// The same of decoded texts.
const MOST_ANSWERS_INSIDE: usize = 1 << 13;
/// With more spots, or if more bytes decide about them, an answer is not kept.
const MOST_SPOTS: usize = 256;
const LONGEST_REACH: usize = 8 << 10;
/// What decides whether something begins or stands encoded in a chunk stands no farther from it,
/// but for runs of letters.
const AROUND: usize = 160;
/// The longest run of letters that is taken along to its end.
const LONGEST_RUN: usize = 256;
/// A chunk ends behind one of this many lines; where those are long, behind one of so many bytes.
const LINES: u32 = 8;
const BYTES: u32 = 256;
const LONGEST: usize = 2048;
/// A range of so many bytes is a chunk of its own.
const SHORT: usize = 512;
/// So many chunks are looked for together.
const AT_ONCE: usize = 1024;
/// So many bytes are asked together at most.
const TOGETHER: usize = 64 << 10;

impl Memory {
    /// With room for a history of so many objects.
    pub fn for_objects(count: usize) -> Self {
        let slots = (count * SLOTS_PER_OBJECT).next_power_of_two().min(MOST_SLOTS);
        Self { key: RandomState::default(), calm: (0..slots).map(|_| AtomicU64::new(0)).collect() }
    }

    /// The hash of a range of a text, of where a chunk stands in it, and of whether the text begins
    /// or ends with it.
    fn hash(&self, text: &[u8], range: &Range<usize>, chunk: &Range<usize>) -> u64 {
        let ends = usize::from(range.start == 0) << 1 | usize::from(range.end == text.len());
        let mut hasher = self.key.build_hasher();
        hasher.write(&text[range.clone()]);
        hasher.write_usize(chunk.start - range.start);
        hasher.write_usize(chunk.len() << 2 | ends);
        hasher.finish()
    }

    fn chunk(&self, text: &[u8], range: Range<usize>) -> Chunk {
        let near = near(text, &range);
        let hash = self.hash(text, &near, &range);
        Chunk { range, hash }
    }

    fn is_calm(&self, chunk: &Chunk) -> bool {
        self.calm[chunk.slot(self.calm.len())].load(Ordering::Relaxed) == chunk.hash
    }

    fn keep(&self, chunk: &Chunk) {
        self.calm[chunk.slot(self.calm.len())].store(chunk.hash, Ordering::Relaxed);
    }
}

impl<'m> Recall<'m> {
    /// What one thread knows beside what all know.
    pub fn new(memory: &'m Memory) -> Self {
        let inside = Self::with(memory, MOST_ANSWERS_INSIDE, None);
        let inside = Inside { recall: inside, found: Found::default() };
        Self::with(memory, MOST_ANSWERS, Some(Box::new(inside)))
    }

    fn with(memory: &'m Memory, most: usize, inside: Option<Box<Inside<'m>>>) -> Self {
        let answers: Vec<_> = (0..memory.calm.len().min(most)).map(|_| (0, None)).collect();
        let room = answers.len() * SPOTS_PER_ANSWER;
        let (chunks, asked) = (Vec::new(), Vec::new());
        Self { memory, answers, room, chunks, asked, seen: Seen::default(), inside }
    }

    /// Finds the spots that begin in some ranges of a text, which are sorted and apart, and what a
    /// change of a range can make stand encoded there, as [`RuleSet`] tells them; of `stale` ranges,
    /// only what stands encoded. More of what is near may be among them.
    pub fn ask<'t>(
        &mut self,
        rules: &RuleSet,
        text: &[u8],
        ranges: impl IntoIterator<Item = &'t Range<usize>>,
        stale: &[Range<usize>],
        found: &mut Found,
    ) {
        // Whoever asked last may have ended on a fault.
        self.asked.clear();
        self.chunks.clear();
        self.seen = Seen::default();
        for range in ranges {
            let mut at = range.start;
            while at < range.end {
                let end = if range.end - at <= SHORT { range.end } else { end(text, at) };
                let end = end.min(range.end);
                self.chunks.push((self.memory.chunk(text, at..end), Hint::Unknown));
                at = end;
                if self.chunks.len() == AT_ONCE {
                    self.look(rules, text, found);
                }
            }
        }
        self.look(rules, text, found);
        self.find(rules, text, found);
        stale.iter().for_each(|range| self.encodings(rules, text, range, found));
    }

    /// Finds what a change of a range can make stand encoded there, if it was not found already.
    fn encodings(&mut self, rules: &RuleSet, text: &[u8], range: &Range<usize>, found: &mut Found) {
        let inside = &mut self.inside;
        let is_likely = &mut |text: &[u8]| match inside {
            Some(inside) => inside.is_likely(rules, text),
            None => rules.is_likely_inside(text),
        };
        rules.encodings(text, range, &mut self.seen, is_likely, &mut found.encodings);
    }

    /// Looks for chunks in the memory, and asks for those that are not there; the last of them wait
    /// for those that follow.
    fn look(&mut self, rules: &RuleSet, text: &[u8], found: &mut Found) {
        // Most looks into the memory wait for it: those of a loop that does nothing else wait
        // together.
        for (chunk, hint) in &mut self.chunks {
            let has_answer = self.answers[chunk.slot(self.answers.len())].0 == chunk.hash;
            *hint = match self.memory.is_calm(chunk) {
                true => Hint::Calm,
                false if has_answer => Hint::Answer,
                false => Hint::Unknown,
            };
        }
        let mut chunks = std::mem::take(&mut self.chunks);
        for (chunk, hint) in chunks.drain(..).filter(|(_, hint)| *hint != Hint::Calm) {
            let (first, last) = (self.asked.first(), self.asked.last());
            let goes_on = last.is_some_and(|last| last.range.end == chunk.range.start);
            let is_long = first.is_some_and(|first| chunk.range.end - first.range.start > TOGETHER);
            let is_known = hint == Hint::Answer && self.tell(text, &chunk, found);
            if is_known || is_long || !goes_on {
                self.find(rules, text, found);
            }
            if !is_known {
                self.asked.push(chunk);
            }
        }
        self.chunks = chunks;
    }

    /// Tells what is known of a chunk with spots. Returns true if and only if that is all.
    fn tell(&self, text: &[u8], chunk: &Chunk, found: &mut Found) -> bool {
        let (hash, answer) = &self.answers[chunk.slot(self.answers.len())];
        let answer = answer.as_ref().filter(|_| *hash == chunk.hash);
        let Some(answer) = answer.filter(|answer| self.stands(text, chunk, answer)) else {
            return false;
        };
        let start = chunk.range.start as u32;
        found.spots.extend(answer.spots.iter().map(|spot| Spot { at: start + spot.at, ..*spot }));
        true
    }

    /// Returns true if and only if an answer is one for this chunk.
    fn stands(&self, text: &[u8], chunk: &Chunk, answer: &Answer) -> bool {
        let Some(from) = chunk.range.start.checked_sub(answer.before) else { return false };
        let to = chunk.range.end + answer.after;
        to <= text.len()
            && answer.ends == [from == 0, to == text.len()]
            && answer.reach == self.memory.hash(text, &(from..to), &chunk.range)
    }

    /// Asks the rules for the chunks that are not known, and keeps what they say.
    fn find(&mut self, rules: &RuleSet, text: &[u8], found: &mut Found) {
        let (Some(first), Some(last)) = (self.asked.first(), self.asked.last()) else { return };
        let range = first.range.start..last.range.end;
        let spots = found.spots.len();
        rules.spots(text, range.clone(), &mut found.spots);
        self.encodings(rules, text, &range, found);
        found.spots[spots..].sort_unstable();
        let runs = unwrap::runs_in(text, &near(text, &range));
        let mut spots = &found.spots[spots..];
        for chunk in self.asked.drain(..) {
            let near = near(text, &chunk.range);
            let end = spots.partition_point(|spot| (spot.at as usize) < chunk.range.end);
            let (here, rest) = spots.split_at(end);
            spots = rest;
            if self.seen.touches(&near) || runs.iter().any(|run| run.may_be_decoded(&near)) {
                continue;
            }
            if here.is_empty() {
                self.memory.keep(&chunk);
            } else if let Some(answer) = Answer::of(self.memory, text, &chunk, here) {
                keep(&mut self.answers, &mut self.room, &chunk, answer);
            }
        }
    }
}

/// Puts an answer in its place, if there is room for its spots.
fn keep(
    answers: &mut [(u64, Option<Box<Answer>>)],
    room: &mut usize,
    chunk: &Chunk,
    answer: Answer,
) {
    let place = &mut answers[chunk.slot(answers.len())];
    let freed = place.1.as_ref().map_or(0, |old| old.spots.len());
    if let Some(rest) = (*room + freed).checked_sub(answer.spots.len()) {
        *room = rest;
        *place = (chunk.hash, Some(Box::new(answer)));
    }
}

impl Inside<'_> {
    /// Returns true if a secret could stand in a decoded text, or in what is encoded in it.
    fn is_likely(&mut self, rules: &RuleSet, text: &[u8]) -> bool {
        self.found.clear();
        self.recall.ask(rules, text, [&(0..text.len())], &[], &mut self.found);
        self.found.is_likely()
    }
}

impl Answer {
    /// What was found in a chunk, if it is worth keeping.
    fn of(memory: &Memory, text: &[u8], chunk: &Chunk, spots: &[Spot]) -> Option<Self> {
        let is_endless = |spot: &Spot| spot.before.max(spot.after) == u16::MAX;
        if spots.len() > MOST_SPOTS || spots.iter().any(is_endless) {
            return None;
        }
        let Range { start, end } = chunk.range;
        let mut reach = start..end;
        for spot in spots {
            let at = spot.at as usize;
            reach.start = reach.start.min(at.saturating_sub(usize::from(spot.before)));
            reach.end = reach.end.max(text.len().min(at + usize::from(spot.after)));
        }
        (reach.len() <= LONGEST_REACH).then(|| Self {
            before: start - reach.start,
            after: reach.end - end,
            ends: [reach.start == 0, reach.end == text.len()],
            reach: memory.hash(text, &reach, &chunk.range),
            spots: spots.iter().map(|spot| Spot { at: spot.at - start as u32, ..*spot }).collect(),
        })
    }
}

/// A chunk, or several, and what decides what is in them, runs of letters whole unless they are very
/// long.
fn near(text: &[u8], chunk: &Range<usize>) -> Range<usize> {
    let start = chunk.start.saturating_sub(AROUND);
    let end = text.len().min(chunk.end + AROUND);
    let is_letter = |byte: &&u8| unwrap::is_letter(**byte);
    let (mut before, mut behind) = (0, 0);
    if text[start..end].first().as_ref().is_some_and(is_letter) {
        before = text[..start].iter().rev().take(LONGEST_RUN).take_while(is_letter).count();
    }
    if text[start..end].last().as_ref().is_some_and(is_letter) {
        behind = text[end..].iter().take(LONGEST_RUN).take_while(is_letter).count();
    }
    start - before..end + behind
}

/// Where the chunk ends that begins at `at`: behind some line, or in long lines behind some byte.
fn end(text: &[u8], at: usize) -> usize {
    let most = text.len().min(at + LONGEST);
    let mut ends = memchr::memchr_iter(b'\n', &text[at..most]).map(|end| at + end);
    let line = ends.find(|&end| ends_chunk(text, end, LINES)).map(|end| end + 1);
    line.or_else(|| (at + SHORT..most).find(|&end| ends_chunk(text, end, BYTES))).unwrap_or(most)
}

/// Returns true of one place in `among`, by the bytes before it.
fn ends_chunk(text: &[u8], end: usize, among: u32) -> bool {
    let mut last = [0; 8];
    let line = &text[end.saturating_sub(last.len())..end];
    last[..line.len()].copy_from_slice(line);
    let mixed = u64::from_le_bytes(last).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    ((mixed >> 32) as u32).is_multiple_of(among)
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use proptest::prelude::*;

    use super::*;
    use crate::template;

    fn part() -> impl Strategy<Value = String> {
        let made = |form: &'static str| {
            (0..3_u32).prop_map(move |seed| template::expand(form, &seed.to_string()))
        };
        prop_oneof![
            4 => "[ab_ =\n\":-]{0,12}".prop_map(String::from),
            2 => made("x = ghp_{alnum:30}{check}\n"),
            2 => made("password = '{alnum:24}'\n"),
            1 => made("ghp_{alnum:30}{check}\n").prop_map(|text| STANDARD.encode(text)),
            1 => made("{hex:60}"),
            1 => Just("a = \"\\u0067\\x68p_abcdefghijklmnop\" + \"qrstuvwxyzabcdef\"\n".to_owned()),
            2 => Just("words of a line that says nothing\n".repeat(9)),
            2 => "[a-f]{1,3}".prop_map(|word| format!("{word} and some words\n").repeat(20)),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(600))]
        #[test]
        fn what_is_left_out_holds_nothing(
            parts in prop::collection::vec(part(), 3..8),
            texts in prop::collection::vec(prop::collection::vec(any::<prop::sample::Index>(), 1..16), 1..16),
            cuts in prop::collection::vec(prop::collection::vec(any::<prop::sample::Index>(), 0..6), 16),
        ) {
            let rules = RuleSet::default();
            let memory = Memory::for_objects(1000);
            let mut recall = Recall::new(&memory);
            for (choice, cuts) in texts.iter().zip(&cuts) {
                let text = choice.iter().map(|index| index.get(&parts).as_str()).collect::<String>();
                let text = text.as_bytes();
                let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(text.len() + 1)).collect();
                if cuts.len() < 2 {
                    cuts = vec![0, text.len()];
                }
                cuts.sort_unstable();
                cuts.dedup();
                let ranges: Vec<_> = cuts.chunks_exact(2).map(|cut| cut[0]..cut[1]).collect();
                let mut found = Found::default();
                recall.ask(&rules, text, &ranges, &[], &mut found);
                let mut spots = Vec::new();
                rules.spots(text, 0..text.len(), &mut spots);
                for spot in &spots {
                    let is_new = ranges.iter().any(|range| range.contains(&(spot.at as usize)));
                    prop_assert!(!is_new || found.spots.contains(spot), "{spot:?}");
                }
                prop_assert!(found.spots.iter().all(|spot| spots.contains(spot)));
                let encodings = rules.all_encodings(text);
                // What stands there whatever the range holds is known from another text.
                let mut blank = text.to_vec();
                ranges.iter().for_each(|range| blank[range.clone()].fill(b' '));
                let others = rules.all_encodings(&blank);
                let overlap = |a: &Encoding, b: &Encoding| a.start < b.end && b.start < a.end;
                for one in encodings.iter().filter(|one| !others.iter().any(|b| overlap(one, b))) {
                    let covers = |other: &Encoding| {
                        other.start <= one.start && other.end >= one.end && other.likely >= one.likely
                    };
                    prop_assert!(found.encodings.iter().any(covers), "{one:?}");
                }
            }
        }
    }
}
