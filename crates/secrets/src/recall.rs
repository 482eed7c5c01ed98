//! What was asked of a piece of text before, so that the same piece is not asked twice.
//!
//! An edit that was merged into several branches stands in many versions of a file, and the deltas
//! of all these versions insert it again. Of the bytes that the deltas of a long history insert,
//! margins included, more than half were inserted before, mostly a moment ago. So the answers are
//! kept with a hash of all the bytes that they depend on, and given again where these bytes stand.
//! The hash has 128 bits and a key that nobody knows.

use std::hash::{BuildHasher as _, Hasher as _};
use std::ops::Range;

use foldhash::quality::RandomState;

use crate::candidates::{Encoding, Spot};
use crate::ruleset::RuleSet;
use crate::unwrap;

/// Answers as [`RuleSet::spots`] and [`RuleSet::encodings`] give them, some from memory.
#[derive(Debug, Default)]
pub struct Recall {
    keys: [RandomState; 2],
    slots: Vec<Option<Answer>>,
    fresh: Answer,
}

/// What there is in a piece of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece {
    /// Text that is read byte by byte.
    Plain,
    /// Bytes that make [`RuleSet::is_opaque`] of a whole.
    Opaque,
}

/// Slots for answers: most of what comes again comes soon, and few of them stay in the cache.
const SLOTS: usize = 1 << 13;
/// An answer that depends on more bytes is not kept.
const LONGEST: usize = 8 << 10;
/// Nor is one with more in it.
const MOST: usize = 64;

impl Recall {
    /// Appends the spots that begin in a range of a text, by their places, and what a change of the
    /// range can make stand encoded there, as [`RuleSet`] tells them; nothing if it is opaque.
    pub fn ask(
        &mut self,
        rules: &RuleSet,
        text: &[u8],
        range: &Range<usize>,
        spots: &mut Vec<Spot>,
        encodings: &mut Vec<Encoding>,
    ) -> Piece {
        let tag = self.hash(0, &text[range.clone()]);
        if let Some(answer) = self.slots.get(tag as usize % SLOTS).and_then(Option::as_ref)
            && let Some(from) = answer.stands(text, range, tag)
            && answer.hash == self.both(&text[from..from + answer.len as usize])
        {
            answer.tell(from, spots, encodings);
            return Piece::Plain;
        }
        if RuleSet::has_control(&text[range.clone()]) {
            return Piece::Opaque;
        }
        let mut fresh = std::mem::take(&mut self.fresh);
        if let Some(reach) = fresh.ask(rules, text, range) {
            fresh.tag = tag;
            fresh.hash = self.both(&text[reach]);
            fresh.tell(0, spots, encodings);
            self.keep(&fresh);
        } else {
            fresh.tell(0, spots, encodings);
        }
        self.fresh = fresh;
        Piece::Plain
    }

    fn hash(&self, key: usize, bytes: &[u8]) -> u64 {
        let mut hasher = self.keys[key].build_hasher();
        hasher.write(bytes);
        hasher.finish()
    }

    fn both(&self, bytes: &[u8]) -> (u64, u64) {
        (self.hash(0, bytes), self.hash(1, bytes))
    }

    /// Keeps an answer in the place of another, by places from the first byte it depends on.
    fn keep(&mut self, answer: &Answer) {
        if self.slots.is_empty() {
            self.slots.resize_with(SLOTS, || None);
        }
        let by = -i64::from(answer.from);
        self.slots[answer.tag as usize % SLOTS] = Some(Answer {
            spots: answer.spots.iter().map(|spot| spot.moved(by)).collect(),
            encodings: answer.encodings.iter().map(|one| one.moved(by)).collect(),
            ..*answer
        });
    }
}

/// What was found in a range.
#[derive(Debug, Default)]
struct Answer {
    /// A hash of the bytes of the range, which is the key, too.
    tag: u64,
    /// A hash of all bytes that the answer depends on.
    hash: (u64, u64),
    /// Where these begin, until the answer is kept, and how many they are.
    from: u32,
    len: u32,
    /// How many of them stand before the range, and how long that is.
    before: u32,
    asked: u32,
    /// Whether they are the first of their text, and the last.
    opens: bool,
    closes: bool,
    /// Whether the answer depends on where in the text they begin: long runs are looked for in
    /// strides from its beginning.
    strides: bool,
    spots: Vec<Spot>,
    encodings: Vec<Encoding>,
}

impl Answer {
    /// Asks the rules. Returns the bytes that the answer depends on, if it is worth keeping.
    fn ask(&mut self, rules: &RuleSet, text: &[u8], range: &Range<usize>) -> Option<Range<usize>> {
        self.spots.clear();
        self.encodings.clear();
        rules.spots(text, range.clone(), &mut self.spots);
        self.spots.sort_unstable();
        self.spots.dedup();
        let window = rules.encodings(text, range.clone(), &mut self.encodings);
        let reach = rules.reach_of(text.len(), range, &self.spots)?;
        self.strides = has_run(&text[window.clone()]);
        let mut reach = reach.start.min(window.start)..reach.end.max(window.end);
        if self.strides {
            reach.start -= reach.start % unwrap::STRIDE;
        }
        if reach.len() > LONGEST || self.spots.len() + self.encodings.len() > MOST {
            return None;
        }
        let short = |length: usize| u32::try_from(length).ok();
        self.from = short(reach.start)?;
        self.len = short(reach.len())?;
        self.before = short(range.start - reach.start)?;
        self.asked = short(range.len())?;
        self.opens = reach.start == 0;
        self.closes = reach.end == text.len();
        Some(reach)
    }

    /// Where the bytes that a kept answer depends on begin in a text, if it may be the answer for a
    /// range there.
    fn stands(&self, text: &[u8], range: &Range<usize>, tag: u64) -> Option<usize> {
        let from = range.start.checked_sub(self.before as usize)?;
        let to = from + self.len as usize;
        let fits = self.tag == tag
            && self.asked as usize == range.len()
            && to <= text.len()
            && self.opens == (from == 0)
            && self.closes == (to == text.len())
            && (!self.strides || from.is_multiple_of(unwrap::STRIDE));
        fits.then_some(from)
    }

    fn tell(&self, from: usize, spots: &mut Vec<Spot>, encodings: &mut Vec<Encoding>) {
        spots.extend(self.spots.iter().map(|spot| spot.moved(from as i64)));
        encodings.extend(self.encodings.iter().map(|one| one.moved(from as i64)));
    }
}

impl Spot {
    /// The same, so much farther on.
    fn moved(self, by: i64) -> Self {
        Self { at: (i64::from(self.at) + by) as u32, ..self }
    }
}

impl Encoding {
    /// The same, so much farther on.
    fn moved(self, by: i64) -> Self {
        let [start, end] = [self.start, self.end].map(|at| (i64::from(at) + by) as u32);
        Self { start, end, ..self }
    }
}

/// Returns true if and only if a text holds letters of base64 in a row that could be looked for.
fn has_run(text: &[u8]) -> bool {
    let mut at = unwrap::LEAST - 1;
    while at < text.len() {
        let back = text[..=at].iter().rev().take(unwrap::LEAST);
        let run = back.take_while(|&&byte| IS_LETTER[usize::from(byte)]).count();
        if run == unwrap::LEAST {
            return true;
        }
        // The byte that ended the run is in none.
        at += unwrap::LEAST - run;
    }
    false
}

/// The letters of either base64 alphabet.
static IS_LETTER: [bool; 256] = {
    let mut letters = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        letters[byte] =
            (byte as u8).is_ascii_alphanumeric() || matches!(byte as u8, b'+' | b'/' | b'-' | b'_');
        byte += 1;
    }
    letters
};

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
                let (mut told, mut encoded) = (Vec::new(), Vec::new());
                let piece = recall.ask(&rules, text, &range, &mut told, &mut encoded);
                prop_assert_eq!(piece, Piece::Plain);
                let (mut asked, mut expected) = (Vec::new(), Vec::new());
                rules.spots(text, range.clone(), &mut asked);
                asked.sort_unstable();
                asked.dedup();
                prop_assert_eq!(told, asked);
                rules.encodings(text, range, &mut expected);
                prop_assert_eq!(encoded, expected);
            }
        }
    }
}
