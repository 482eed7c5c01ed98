//! Finds every place where one of some thousand literals stands.
//!
//! An Aho-Corasick automaton steps through a dependent table load a byte, and building one costs
//! more than a whole staged scan. This index asks, for each position, whether the four bytes there
//! could be those of a literal: one multiplication and one bit of a table of 128 KiB, with no
//! dependence between positions. Only where the bit is set is anything compared. It finds exactly what the automaton finds; a property test holds it to that.
//!
//! The index is one run of bytes without pointers. The build script bakes the one of the built-in
//! rules, so at start there is nothing to build and nothing to relocate.

use std::borrow::Cow;
use std::sync::OnceLock;

/// Four bytes that some literal contains, as one number, `FOLD`ed.
type Gram = u32;

/// Sets bit 5: the two cases of a letter become one, other bytes may fall together.
const FOLD: u32 = 0x2020_2020;
const FOLD_TWICE: u64 = 0x2020_2020_2020_2020;
const GRAM: usize = 4;
/// The table has 2^20 bits: with some ten thousand grams, one position in a hundred is looked at
/// for nothing.
const BITS: u32 = 20;
const WORDS: usize = 1 << (BITS - 6);
const TABLE: usize = WORDS * 8;
/// Knuth's multiplicative hashing: 2^32 divided by the golden ratio.
const SPREAD: u32 = 0x9E37_79B1;

/// A literal, and which of the bytes may follow it.
#[derive(Debug, Clone)]
pub(crate) struct Literal {
    /// Three bytes or more.
    pub(crate) bytes: Vec<u8>,
    /// Compared with regard to ASCII case.
    pub(crate) exact: bool,
    /// For a literal of three bytes: the bytes that can follow it in a match; any if empty.
    pub(crate) next: Vec<u8>,
    /// What the literal is an anchor of.
    pub(crate) rules: Vec<u16>,
}

/// The index over some literals.
#[derive(Debug)]
pub(crate) struct Anchors {
    bytes: Cow<'static, [u8]>,
    slots: Section,
    places: Section,
    rules: Section,
    pool: Section,
    longest: OnceLock<usize>,
}

/// A part of the index: where its records begin, and how many there are.
#[derive(Debug, Clone, Copy)]
struct Section {
    start: usize,
    count: usize,
}

/// What stands at a hit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Hit {
    /// Where the literal begins.
    pub(crate) start: usize,
    /// How long it is.
    pub(crate) len: usize,
    /// The first of its rules, and how many they are; for [`Anchors::rules_of`].
    first: u32,
    count: u32,
}

const HEADER: usize = 4 * 4;
/// A gram and the first of its places.
const SLOT: usize = 8;
/// Where the literal stands in the pool, then one byte each: its length, how many of its bytes
/// stand before the gram, whether case matters, whether it is the gram's last place; then the
/// first of its rules and their number.
const PLACE: usize = 16;
const NONE: u32 = u32::MAX;

impl Anchors {
    /// An index made by [`build`].
    pub(crate) fn new(bytes: Cow<'static, [u8]>) -> Self {
        let mut start = HEADER + TABLE;
        let mut section = |index: usize, size: usize| {
            let count = u32_at(&bytes, 4 * index) as usize;
            let section = Section { start, count };
            start += count * size;
            section
        };
        let slots = section(0, SLOT);
        let places = section(1, PLACE);
        let rules = section(2, 2);
        let pool = section(3, 1);
        Self { bytes, slots, places, rules, pool, longest: OnceLock::new() }
    }

    /// Calls `hit` for each literal in `text`, from left to right by the place of the four bytes
    /// that it is found by.
    pub(crate) fn find(&self, text: &[u8], mut hit: impl FnMut(Hit)) {
        let (words, _) = self.bytes[HEADER..HEADER + TABLE].as_chunks();
        let table: &[[u8; 8]; WORDS] = words.try_into().expect("the table has its size");
        let mut at = 0;
        // Two overlapping loads of eight bytes give the grams of eight positions.
        while let Some(twelve) = text.get(at..at + 12) {
            let low = eight(&twelve[..8]);
            let high = eight(&twelve[4..]);
            for step in 0..4 {
                let gram = (low >> (8 * step)) as u32;
                if may_be(table, gram) {
                    self.compare(text, at + step, gram, &mut hit);
                }
            }
            for step in 0..4 {
                let gram = (high >> (8 * step)) as u32;
                if may_be(table, gram) {
                    self.compare(text, at + 4 + step, gram, &mut hit);
                }
            }
            at += 8;
        }
        // The rest, padded: a gram that reaches over the end can belong to a literal of three.
        for at in at..text.len() {
            let mut four = [0; GRAM];
            let rest = &text[at..text.len().min(at + GRAM)];
            four[..rest.len()].copy_from_slice(rest);
            self.compare(text, at, u32::from_le_bytes(four) | FOLD, &mut hit);
        }
    }

    /// The rules that a hit's literal is an anchor of.
    pub(crate) fn rules_of(&self, hit: Hit) -> impl Iterator<Item = u16> + '_ {
        let start = self.rules.start + 2 * hit.first as usize;
        let bytes = &self.bytes[start..start + 2 * hit.count as usize];
        bytes.chunks_exact(2).map(|two| u16::from_le_bytes([two[0], two[1]]))
    }

    /// The length of the longest literal.
    pub(crate) fn longest(&self) -> usize {
        *self.longest.get_or_init(|| {
            let places = &self.bytes[self.places.start..][..PLACE * self.places.count];
            places.chunks_exact(PLACE).map(|place| usize::from(place[4])).max().unwrap_or(0)
        })
    }

    /// Compares the literals whose gram this is.
    fn compare(&self, text: &[u8], at: usize, gram: Gram, hit: &mut impl FnMut(Hit)) {
        let Some(first) = self.slot(gram) else { return };
        let places = &self.bytes[self.places.start..];
        for place in places[PLACE * first as usize..].chunks_exact(PLACE) {
            let [len, before, exact, last] =
                [place[4], place[5], place[6], place[7]].map(usize::from);
            let pool = self.pool.start + u32_at(place, 0) as usize;
            let literal = &self.bytes[pool..pool + len];
            let start = at.wrapping_sub(before);
            let there = text.get(start..start.wrapping_add(len)).unwrap_or_default();
            if if exact != 0 { there == literal } else { there.eq_ignore_ascii_case(literal) } {
                hit(Hit { start, len, first: u32_at(place, 8), count: u32_at(place, 12) });
            }
            if last != 0 {
                return;
            }
        }
    }

    /// The first place of a gram.
    fn slot(&self, gram: Gram) -> Option<u32> {
        let mask = self.slots.count - 1;
        let mut slot = home(gram) & mask;
        loop {
            let at = self.slots.start + SLOT * slot;
            let first = u32_at(&self.bytes, at + 4);
            if first == NONE {
                return None;
            }
            if u32_at(&self.bytes, at) == gram {
                return Some(first);
            }
            slot = (slot + 1) & mask;
        }
    }
}

/// Builds the index of some literals, which have 255 bytes at most. Those shorter than three are
/// never found.
pub(crate) fn build(literals: &[Literal]) -> Vec<u8> {
    let mut places: Vec<(Gram, usize, usize)> = Vec::new();
    for (index, literal) in literals.iter().enumerate() {
        places.extend(grams(literal).into_iter().map(|(gram, before)| (gram, index, before)));
    }
    places.sort_unstable();
    places.dedup();
    let mut table = vec![0_u64; WORDS];
    let mut slots = vec![(0, NONE); (places.len() * 2 + 2).next_power_of_two()];
    for (index, (gram, ..)) in places.iter().enumerate() {
        if index == 0 || places[index - 1].0 != *gram {
            let (word, bit) = bit_of(*gram);
            table[word] |= bit;
            insert(&mut slots, *gram, index as u32);
        }
    }
    let rule_count: usize = literals.iter().map(|literal| literal.rules.len()).sum();
    let pool_len: usize = literals.iter().map(|literal| literal.bytes.len()).sum();
    let mut out = Vec::new();
    let number = |out: &mut Vec<u8>, number: usize| {
        out.extend(u32::try_from(number).expect("an index is smaller than 4 GiB").to_le_bytes());
    };
    for count in [slots.len(), places.len(), rule_count, pool_len] {
        number(&mut out, count);
    }
    out.extend(table.iter().flat_map(|word| word.to_le_bytes()));
    for (gram, first) in slots {
        number(&mut out, gram as usize);
        number(&mut out, first as usize);
    }
    let offsets: Vec<(usize, usize)> = literals
        .iter()
        .scan((0, 0), |(pool, rule), literal| {
            let here = (*pool, *rule);
            *pool += literal.bytes.len();
            *rule += literal.rules.len();
            Some(here)
        })
        .collect();
    for (index, &(gram, literal, before)) in places.iter().enumerate() {
        let last = places.get(index + 1).is_none_or(|next| next.0 != gram);
        let (pool, rule) = offsets[literal];
        let literal = &literals[literal];
        number(&mut out, pool);
        let byte = |number: usize| u8::try_from(number).expect("literals have 255 bytes at most");
        out.extend([
            byte(literal.bytes.len()),
            byte(before),
            u8::from(literal.exact),
            u8::from(last),
        ]);
        number(&mut out, rule);
        number(&mut out, literal.rules.len());
    }
    out.extend(
        literals.iter().flat_map(|literal| &literal.rules).flat_map(|rule| rule.to_le_bytes()),
    );
    out.extend(literals.iter().flat_map(|literal| &literal.bytes));
    out
}

/// Chooses the bytes that a literal is found by: its four rarest, or its three and what follows.
fn grams(literal: &Literal) -> Vec<(Gram, usize)> {
    let gram = |four: [u8; GRAM]| u32::from_le_bytes(four) | FOLD;
    if let [a, b, c] = literal.bytes[..] {
        let any: Vec<u8> = (0..=u8::MAX).collect();
        let next = if literal.next.is_empty() { &any } else { &literal.next };
        return next.iter().map(|&byte| (gram([a, b, c, byte]), 0)).collect();
    }
    let rarest = literal.bytes.windows(GRAM).enumerate().min_by_key(|(_, four)| commonness(four));
    let found =
        rarest.map(|(before, four)| (gram(four.try_into().expect("windows of four")), before));
    found.into_iter().collect()
}

fn insert(slots: &mut [(Gram, u32)], gram: Gram, first: u32) {
    let mask = slots.len() - 1;
    let mut slot = home(gram) & mask;
    while slots[slot].1 != NONE {
        slot = (slot + 1) & mask;
    }
    slots[slot] = (gram, first);
}

/// Four-byte texts counted over 117 MB of Rust, Python, JavaScript and C, the 2,400 commonest first.
const COMMON: &str = include_str!("common_grams.txt");

/// The place of four bytes among the commonest.
fn rank(four: &[u8]) -> Option<usize> {
    let lower = four.to_ascii_lowercase();
    COMMON
        .lines()
        .flat_map(|line| line.as_bytes().chunks_exact(GRAM))
        .position(|gram| gram == lower)
}

/// How common four bytes are in source: by their rank among the commonest, then by their letters.
fn commonness(four: &[u8]) -> (usize, usize) {
    const USUAL: &[u8] = b"qzjxkw7968543vb2/:-y10_gpfmhducl.snoirate ";
    let letter = |byte: &u8| USUAL.iter().position(|usual| *usual == byte.to_ascii_lowercase());
    let letters = four.iter().map(|byte| letter(byte).map_or(0, |rank| rank + 1)).sum();
    (rank(four).map_or(0, |rank| usize::MAX - rank), letters)
}

/// How often some anchors together will be hit in source, on a scale of its own: a text that is
/// as common as `self` counts some thousands, a rare one nothing.
pub(crate) fn cost(anchors: &[String]) -> usize {
    let of_one = |anchor: &String| match anchor.len() {
        0..GRAM => 1500,
        _ => anchor
            .as_bytes()
            .windows(GRAM)
            .map(|four| rank(four).map_or(0, |rank| 2400 - rank))
            .min()
            .unwrap_or(0),
    };
    anchors.iter().map(of_one).sum()
}

#[inline]
fn may_be(table: &[[u8; 8]; WORDS], gram: Gram) -> bool {
    let (word, bit) = bit_of(gram);
    u64::from_le_bytes(table[word]) & bit != 0
}

/// The word of the table that a gram belongs to, and its bit there.
#[inline]
fn bit_of(gram: Gram) -> (usize, u64) {
    let hash = gram.wrapping_mul(SPREAD) >> (32 - BITS);
    ((hash >> 6) as usize & (WORDS - 1), 1 << (hash & 63))
}

/// Where the search for a gram begins in the slots: by bits that each byte of it changes.
fn home(gram: Gram) -> usize {
    (u64::from(gram).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) as usize
}

#[inline]
fn eight(bytes: &[u8]) -> u64 {
    u64::from_le_bytes(bytes.try_into().expect("the caller slices eight bytes")) | FOLD_TWICE
}

#[inline]
fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}

#[cfg(test)]
mod tests {
    use aho_corasick::{AhoCorasickBuilder, MatchKind};
    use proptest::prelude::*;

    use super::*;

    fn index(literals: &[Vec<u8>], exact: bool) -> Anchors {
        let literal = |(index, bytes): (usize, &Vec<u8>)| Literal {
            bytes: bytes.clone(),
            exact,
            next: Vec::new(),
            rules: vec![index as u16],
        };
        Anchors::new(build(&literals.iter().enumerate().map(literal).collect::<Vec<_>>()).into())
    }

    fn ours(literals: &[Vec<u8>], text: &[u8], exact: bool) -> Vec<(usize, usize)> {
        let mut hits = Vec::new();
        let anchors = index(literals, exact);
        anchors.find(text, |hit| {
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
            text in prop::collection::vec(prop::sample::select(b"aAbB_@`1\x00\xff".to_vec()), 0..200),
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
