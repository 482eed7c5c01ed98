//! Finds every place where one of some thousand literals stands.
//!
//! An Aho-Corasick automaton steps through a dependent table load a byte, and building one costs
//! more than a whole staged scan. This index asks, for each position, whether the four bytes there
//! could be those of a literal: five bits of each are the number of a bit in a table of 128 KiB, with
//! no dependence between positions. Only where the bit is set is anything compared. It finds exactly
//! what the automaton finds; a property test holds it to that. Then it asks what stands around: a
//! prefix inside a word, or in front of a blank, cannot begin a match.
//!
//! The index is one run of bytes without pointers. The build script bakes the one of the built-in
//! rules, so at start there is nothing to build and nothing to relocate.

use std::borrow::Cow;
use std::ops::Range;

use fearless_simd::{Level, Simd, dispatch};

use crate::anchor_index::{
    ENTRIES, ENTRY, EXACT, FOLD, GRAM, Gram, HEADER, Hit, LAST, MIXED, NO_SET, PLACE, RANKS, TABLE,
    TAG, bit_of, gram_of, tag_of,
};
use crate::follow::{self, ASCII};
use crate::sieve::{self, MOST, Table, padded};

/// The index over some literals.
#[derive(Debug)]
pub(crate) struct Anchors {
    bytes: Cow<'static, [u8]>,
    /// Where the places begin.
    places: usize,
    /// Where the sets begin.
    sets: usize,
    /// Where the pool begins.
    pool: usize,
    /// How far behind the beginning of a literal its four bytes stand at most.
    behind: usize,
    /// The most bytes, from the beginning of a literal, that decide whether it is hit.
    reach: usize,
}

/// Whether a literal counts wherever it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Around {
    /// Only where a match could be, by the bytes next to it.
    Fits,
    /// Everywhere.
    Anything,
}

impl Anchors {
    /// An index made by [`crate::anchor_index::build`].
    pub(crate) fn new(bytes: Cow<'static, [u8]>) -> Self {
        let [entries, places, sets, behind, reach] =
            [0, 4, 8, 12, 16].map(|at| u32_at(&bytes, at) as usize);
        let places_at = ENTRIES + ENTRY * entries;
        let sets_at = places_at + PLACE * places;
        let pool = sets_at + ASCII * sets;
        Self { bytes, places: places_at, sets: sets_at, pool, behind, reach }
    }

    /// Calls `hit` for each literal in `text` that begins in a range of it, from left to right by
    /// the place of the four bytes that it is found by.
    pub(crate) fn find(
        &self,
        text: &[u8],
        begins: Range<usize>,
        around: Around,
        mut hit: impl FnMut(Hit),
    ) {
        // A literal that begins in the range has its four bytes this far behind it at most.
        let end = text.len().min(begins.end.saturating_add(self.behind));
        let mut hit = |one: Hit| {
            if begins.contains(&one.start) {
                hit(one);
            }
        };
        let (words, _) = self.bytes[HEADER..HEADER + TABLE].as_chunks();
        let table: &Table = words.try_into().expect("the table has its size");
        let mut at = begins.start.min(end);
        let mut looks = [0; MOST];
        let mut places = [(0, 0); MOST];
        // A branch that depends on the text costs more than what it would save, so positions and
        // then tags are sieved without one.
        while at < end {
            let (next, count) = sieve::sieve(table, text, at, end, &mut looks);
            at = next;
            let looks = &looks[..count];
            // Bits are counted by one instruction where there is one.
            let count = dispatch!(Level::new(), simd => self.keep(simd, text, looks, &mut places));
            for &(at, first) in &places[..count] {
                self.compare(text, at, first, around, &mut hit);
            }
        }
    }

    /// Puts into `places` those of the looks whose gram is one of the literals, as far as a tag
    /// tells, each with the first of its places; tells how many there are.
    #[inline(always)]
    fn keep<S: Simd>(
        &self,
        _level: S,
        text: &[u8],
        looks: &[usize],
        places: &mut [(usize, usize); MOST],
    ) -> usize {
        let mut kept = 0;
        for &look in looks {
            let gram = gram_at(text, look);
            let (word, bit) = bit_of(gram);
            let before = (eight(&self.bytes[HEADER + 8 * word..][..8]) & (bit - 1)).count_ones();
            let index = usize::from(u16_at(&self.bytes, RANKS + 2 * word)) + before as usize;
            let entry = u32_at(&self.bytes, ENTRIES + ENTRY * index);
            let tag = entry >> TAG;
            places[kept % MOST] = (look, (entry & ((1 << TAG) - 1)) as usize);
            kept += usize::from((tag == tag_of(gram)) | (tag == MIXED));
        }
        kept
    }

    /// The rules that a hit's literal is an anchor of.
    pub(crate) fn rules_of(&self, hit: Hit) -> impl Iterator<Item = u16> + '_ {
        let count = usize::from(u16_at(&self.bytes, hit.rules));
        (1..=count).map(move |index| u16_at(&self.bytes, hit.rules + 2 * index))
    }

    /// How far behind the beginning of a literal its four bytes stand at most.
    pub(crate) fn behind(&self) -> usize {
        self.behind
    }

    /// The most bytes, from the beginning of a literal, that decide whether it is hit.
    pub(crate) fn reach(&self) -> usize {
        self.reach
    }

    /// Looks for the literals of a gram that stands at `at`, by the first of its places.
    fn compare(
        &self,
        text: &[u8],
        at: usize,
        first: usize,
        around: Around,
        hit: &mut impl FnMut(Hit),
    ) {
        let first = self.places + PLACE * first;
        for place in self.bytes[first..self.sets].as_chunks::<PLACE>().0 {
            if let Some(found) = self.stands(text, at, place, around) {
                hit(found);
            }
            if place[27] & LAST != 0 {
                return;
            }
        }
    }

    /// Whether the literal of a place stands where it must if its gram stands at `at`.
    #[inline]
    fn stands(&self, text: &[u8], at: usize, place: &[u8; PLACE], around: Around) -> Option<Hit> {
        let start = at.checked_sub(usize::from(place[25]))?;
        let there = match text.get(start..start + 8) {
            Some(there) => eight(there),
            None => u64::from_le_bytes(padded(&text[start..])),
        };
        if there & eight(&place[8..16]) != eight(&place[..8]) {
            return None;
        }
        let len = usize::from(place[24]);
        let pool = self.pool + u32_at(place, 16) as usize;
        let end = start + len;
        if len > 8 {
            let (rest, literal) = (text.get(start + 8..end)?, &self.bytes[pool + 8..pool + len]);
            let same = if place[27] & EXACT != 0 {
                rest == literal
            } else {
                rest.eq_ignore_ascii_case(literal)
            };
            if !same {
                return None;
            }
        }
        let fits = || {
            let behind = start == 0 || self.has(u16_at(place, 20), text[start - 1]);
            let ahead = &text[end..text.len().min(end + usize::from(place[26]))];
            behind && ahead.iter().all(|&byte| self.has(u16_at(place, 22), byte))
        };
        (around == Around::Anything || fits()).then_some(Hit { start, len, rules: pool + len })
    }

    /// Returns true if and only if a byte is in a set.
    fn has(&self, set: u16, byte: u8) -> bool {
        let sets = || self.bytes[self.sets..self.pool].as_chunks::<ASCII>().0;
        set == NO_SET || follow::allows(&sets()[usize::from(set)], byte)
    }
}

/// The four bytes at a place, folded. A gram that reaches over the end can belong to a literal of
/// three.
#[inline]
fn gram_at(text: &[u8], at: usize) -> Gram {
    match text.get(at..at + GRAM) {
        Some(four) => gram_of(four),
        None => u32::from_le_bytes(padded(&text[at..])) | FOLD,
    }
}

#[inline]
fn eight(bytes: &[u8]) -> u64 {
    u64::from_le_bytes(bytes.try_into().expect("the caller slices eight bytes"))
}

#[inline]
fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}

#[inline]
fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

#[cfg(test)]
mod tests {
    use aho_corasick::{AhoCorasickBuilder, MatchKind};
    use proptest::prelude::*;

    use super::*;
    use crate::anchor_index::{Literal, build};
    use crate::follow::{ANY, Ahead};

    fn index(literals: &[Vec<u8>], exact: bool) -> Anchors {
        let literal = |(index, bytes): (usize, &Vec<u8>)| Literal {
            bytes: bytes.clone(),
            exact,
            next: ANY,
            behind: ANY,
            ahead: Ahead::ANY,
            rules: vec![index as u16],
        };
        Anchors::new(build(&literals.iter().enumerate().map(literal).collect::<Vec<_>>()).into())
    }

    fn ours(literals: &[Vec<u8>], text: &[u8], exact: bool) -> Vec<(usize, usize)> {
        let mut hits = Vec::new();
        let anchors = index(literals, exact);
        anchors.find(text, 0..text.len(), Around::Fits, |hit| {
            hits.extend(anchors.rules_of(hit).map(|rule| (usize::from(rule), hit.start)));
        });
        hits.sort_unstable();
        hits
    }

    fn automaton(literals: &[Vec<u8>], text: &[u8], exact: bool) -> Vec<(usize, usize)> {
        let automaton = AhoCorasickBuilder::new()
            .ascii_case_insensitive(!exact)
            .match_kind(MatchKind::Standard)
            .build(literals)
            .expect("small literals build");
        let mut hits: Vec<_> = automaton
            .find_overlapping_iter(text)
            .map(|hit| (hit.pattern().as_usize(), hit.start()))
            .collect();
        hits.sort_unstable();
        hits
    }

    proptest! {
        #[test]
        fn finds_what_the_automaton_finds(
            literals in prop::collection::vec("[aAbB_@`1]{3,7}", 1..12),
            text in prop::collection::vec(prop::sample::select(b"aAbB_@`1\x00\xff".to_vec()), 0..2000),
            exact: bool,
        ) {
            let literals: Vec<Vec<u8>> = literals.into_iter().map(String::into_bytes).collect();
            prop_assert_eq!(ours(&literals, &text, exact), automaton(&literals, &text, exact));
        }
    }

    #[test]
    fn finds_at_both_ends_and_of_three_bytes() {
        let literals = vec![b"abc".to_vec(), b"key_".to_vec()];
        assert_eq!(ours(&literals, b"KEY_ and ABC", false), [(0, 9), (1, 0)]);
        assert_eq!(ours(&literals, b"KEY_ and abc", true), [(0, 9)]);
        assert_eq!(ours(&literals, b"abc", false), [(0, 0)]);
        assert_eq!(ours(&literals, b"ab", false), []);
    }
}
