//! What was asked of a piece of text before, so that the same piece is not asked twice.
//!
//! An edit that was merged into several branches stands in many versions of a file, and the deltas
//! of all these versions insert it again. Of the bytes that the deltas of a long history insert,
//! margins included, more than half were inserted before, mostly a moment ago. So the answers are
//! kept with all the bytes that they depend on, and given again where exactly these bytes stand.

use std::hash::{BuildHasher as _, Hasher as _};
use std::ops::Range;

use foldhash::fast::FixedState;

use crate::candidates::{Encoding, Spot};
use crate::ruleset::RuleSet;
use crate::unwrap;

/// Answers as [`RuleSet::spots`] and [`RuleSet::encodings`] give them, some from memory.
#[derive(Debug, Default)]
pub struct Recall {
    spots: Answers<Spot>,
    encodings: Answers<Encoding>,
    fresh_spots: Vec<Spot>,
    fresh_encodings: Vec<Encoding>,
}

impl Recall {
    /// Appends what [`RuleSet::spots`] does, in the order of places.
    pub fn spots(
        &mut self,
        rules: &RuleSet,
        text: &[u8],
        begins: Range<usize>,
        spots: &mut Vec<Spot>,
    ) {
        if self.spots.find(text, &begins, |_, _| true, spots) {
            return;
        }
        let fresh = &mut self.fresh_spots;
        fresh.clear();
        rules.spots(text, begins.clone(), fresh);
        fresh.sort_unstable();
        fresh.dedup();
        if let Some(reach) = rules.reach_of(text.len(), &begins, fresh) {
            self.spots.keep(text, &begins, reach, Phase::Any, fresh);
        }
        spots.extend_from_slice(fresh);
    }

    /// Appends what [`RuleSet::encodings`] does.
    pub fn encodings(
        &mut self,
        rules: &RuleSet,
        text: &[u8],
        changed: Range<usize>,
        found: &mut Vec<Encoding>,
    ) {
        let fits = |phase, from: usize| phase == Phase::Any || from.is_multiple_of(unwrap::STRIDE);
        if self.encodings.find(text, &changed, fits, found) {
            return;
        }
        let fresh = &mut self.fresh_encodings;
        fresh.clear();
        let window = rules.encodings(text, changed.clone(), fresh);
        let phase = if has_run(&text[window.clone()]) { Phase::Stride } else { Phase::Any };
        self.encodings.keep(text, &changed, window, phase, fresh);
        found.extend_from_slice(fresh);
    }
}

/// Whether an answer depends on where in a text a piece begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Any,
    /// Long runs are looked for in strides from the beginning of the text: see [`unwrap::STRIDE`].
    Stride,
}

/// Something found at a place in a text.
trait Found: Copy {
    /// The same, so much farther on.
    fn moved(self, by: i64) -> Self;
}

impl Found for Spot {
    fn moved(self, by: i64) -> Self {
        Self { at: (i64::from(self.at) + by) as u32, ..self }
    }
}

impl Found for Encoding {
    fn moved(self, by: i64) -> Self {
        let [start, end] = [self.start, self.end].map(|at| (i64::from(at) + by) as u32);
        Self { start, end, ..self }
    }
}

/// Answers by the range that was asked for; an answer takes the place of another.
#[derive(Debug)]
struct Answers<T> {
    slots: Vec<Answer<T>>,
    /// How many bytes of texts and of what was found there are kept.
    held: usize,
}

/// What was found in a range.
#[derive(Debug)]
struct Answer<T> {
    hash: u64,
    /// The range, from the beginning of the bytes.
    asked: Range<usize>,
    /// All that the answer depends on, the range included.
    bytes: Vec<u8>,
    /// Whether the bytes are the first of their text, and the last.
    opens: bool,
    closes: bool,
    phase: Phase,
    /// By places from the beginning of the bytes.
    found: Vec<T>,
}

/// Slots for answers: most of what comes again comes soon.
const SLOTS: usize = 1 << 14;
/// The memory that the answers of one kind take at most, in bytes.
const MOST_HELD: usize = 12 << 20;
/// The longest range that is remembered, and what it depends on.
const LONGEST: usize = 16 << 10;

impl<T> Default for Answers<T> {
    fn default() -> Self {
        Self { slots: Vec::new(), held: 0 }
    }
}

impl<T: Found> Answers<T> {
    /// Appends what was found in the same range before; false if nothing is known of it.
    fn find(
        &self,
        text: &[u8],
        asked: &Range<usize>,
        fits: impl Fn(Phase, usize) -> bool,
        into: &mut Vec<T>,
    ) -> bool {
        if self.slots.is_empty() || asked.len() > LONGEST {
            return false;
        }
        let hash = hash(&text[asked.clone()]);
        let answer = &self.slots[hash as usize % SLOTS];
        let Some(from) = asked.start.checked_sub(answer.asked.start) else { return false };
        let to = from + answer.bytes.len();
        let known = answer.hash == hash
            && answer.asked.len() == asked.len()
            && text.get(from..to) == Some(&answer.bytes)
            && answer.opens == (from == 0)
            && answer.closes == (to == text.len())
            && fits(answer.phase, from);
        if known {
            into.extend(answer.found.iter().map(|one| one.moved(from as i64)));
        }
        known
    }

    /// Remembers what was found in a range and depends on the bytes of `reach`.
    fn keep(
        &mut self,
        text: &[u8],
        asked: &Range<usize>,
        reach: Range<usize>,
        phase: Phase,
        found: &[T],
    ) {
        if reach.len() > LONGEST {
            return;
        }
        if self.slots.is_empty() || self.held > MOST_HELD {
            self.slots = std::iter::repeat_with(Answer::nothing).take(SLOTS).collect();
            self.held = 0;
        }
        let hash = hash(&text[asked.clone()]);
        let answer = &mut self.slots[hash as usize % SLOTS];
        self.held -= answer.size();
        answer.hash = hash;
        answer.asked = asked.start - reach.start..asked.end - reach.start;
        answer.opens = reach.start == 0;
        answer.closes = reach.end == text.len();
        answer.phase = phase;
        answer.bytes.clear();
        answer.bytes.extend_from_slice(&text[reach.clone()]);
        answer.found.clear();
        answer.found.extend(found.iter().map(|one| one.moved(-(reach.start as i64))));
        self.held += answer.size();
    }
}

impl<T> Answer<T> {
    /// The answer to a question that nobody asks.
    fn nothing() -> Self {
        let (bytes, found, asked) = (Vec::new(), Vec::new(), usize::MAX..usize::MAX);
        Self { hash: 0, asked, bytes, opens: true, closes: true, phase: Phase::Any, found }
    }

    fn size(&self) -> usize {
        self.bytes.capacity() + self.found.capacity() * size_of::<T>()
    }
}

/// Returns true if and only if a text holds letters of base64 in a row that could be looked for.
fn has_run(text: &[u8]) -> bool {
    let is_letter = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/-_".contains(byte);
    let mut at = unwrap::LEAST - 1;
    while at < text.len() {
        let back = text[..=at].iter().rev().take(unwrap::LEAST).take_while(|byte| is_letter(byte));
        let run = back.count();
        if run == unwrap::LEAST {
            return true;
        }
        // The byte that ended the run is in none.
        at += unwrap::LEAST - run;
    }
    false
}

/// Only chooses a slot: what it holds is compared whole.
fn hash(bytes: &[u8]) -> u64 {
    let mut hasher = FixedState::default().build_hasher();
    hasher.write(bytes);
    hasher.finish()
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
            1 => Just("words of a line that says nothing\n".repeat(9)),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]
        #[test]
        fn answers_are_the_same_from_memory(
            parts in prop::collection::vec(part(), 3..8),
            texts in prop::collection::vec(prop::collection::vec(any::<prop::sample::Index>(), 1..12), 1..12),
            cuts in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 12),
        ) {
            let rules = RuleSet::default();
            let mut recall = Recall::default();
            for (choice, (one, other)) in texts.iter().zip(&cuts) {
                let text = choice.iter().map(|index| index.get(&parts).as_str()).collect::<String>();
                let text = text.as_bytes();
                let (one, other) = (one.index(text.len() + 1), other.index(text.len() + 1));
                let range = one.min(other)..one.max(other);
                let (mut told, mut asked) = (Vec::new(), Vec::new());
                recall.spots(&rules, text, range.clone(), &mut told);
                rules.spots(text, range.clone(), &mut asked);
                asked.sort_unstable();
                asked.dedup();
                prop_assert_eq!(told, asked);
                let (mut told, mut asked) = (Vec::new(), Vec::new());
                recall.encodings(&rules, text, range.clone(), &mut told);
                rules.encodings(text, range, &mut asked);
                prop_assert_eq!(told, asked);
            }
        }
    }
}
