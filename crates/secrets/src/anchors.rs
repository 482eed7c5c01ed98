//! Finds every place where one of some thousand literals stands.
//!
//! An Aho-Corasick automaton steps through a dependent table load a byte, and building one costs
//! more than a whole staged scan. This index asks, for each position, whether the four bytes there
//! could be those of a literal: one multiplication and one word of a Bloom filter of 64 KiB, with
//! no dependence between positions. Only where its two bits are set is anything compared. It finds exactly what the automaton finds; a property test holds it to that.
//!
//! The index is one run of bytes without pointers. The build script bakes the one of the built-in
//! rules, so at start there is nothing to build and nothing to relocate.

use std::borrow::Cow;

/// Four bytes that some literal contains, as one number, `FOLD`ed.
type Gram = u32;

/// Sets bit 5: the two cases of a letter become one, other bytes may fall together.
const FOLD: u32 = 0x2020_2020;
const FOLD_TWICE: u64 = 0x2020_2020_2020_2020;
const GRAM: usize = 4;
/// Words of the Bloom filter; each gram sets two bits of one of them, so that one load tells.
const WORDS: usize = 1 << 13;
const TABLE: usize = WORDS * 8;
/// Knuth's multiplicative hashing: 2^32 divided by the golden ratio.
const SPREAD: u32 = 0x9E37_79B1;
/// Stands for the fourth byte of a literal of three.
const SHORT: u32 = 0xff00_0000;

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
    literals: Section,
    rules: Section,
    pool: Section,
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

const HEADER: usize = 5 * 4;
const SLOT: usize = 8;
const PLACE: usize = 8;
const LITERAL: usize = 16;
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
        let literals = section(2, LITERAL);
        let rules = section(3, 2);
        let pool = section(4, 1);
        Self { bytes, slots, places, literals, rules, pool }
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
            let maybe = |word: u64, step: u32| {
                u32::from(may_be(table, (word >> (8 * step)) as u32)) << step
            };
            let mut found = maybe(low, 0) | maybe(low, 1) | maybe(low, 2) | maybe(low, 3);
            found |= (maybe(high, 0) | maybe(high, 1) | maybe(high, 2) | maybe(high, 3)) << 4;
            while found != 0 {
                let step = found.trailing_zeros();
                found &= found - 1;
                let gram = if step < 4 { low >> (8 * step) } else { high >> (8 * (step - 4)) };
                self.compare(text, at + step as usize, gram as u32, &mut hit);
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

    /// Looks for literals whose gram this is, and for those of three bytes.
    fn compare(&self, text: &[u8], at: usize, gram: Gram, hit: &mut impl FnMut(Hit)) {
        for key in [gram, gram & !SHORT | SHORT] {
            let Some(first) = self.slot(key) else { continue };
            for index in first.. {
                let place = self.places.start + PLACE * index as usize;
                let literal = u32_at(&self.bytes, place);
                let rest = u32_at(&self.bytes, place + 4);
                self.compare_one(text, at, literal as usize, (rest & 0xffff) as usize, hit);
                if rest >> 16 != 0 {
                    break;
                }
            }
        }
    }

    /// The first place of a key.
    fn slot(&self, key: u32) -> Option<u32> {
        let mask = self.slots.count - 1;
        let mut slot = home(key) & mask;
        loop {
            let at = self.slots.start + SLOT * slot;
            let first = u32_at(&self.bytes, at + 4);
            if first == NONE {
                return None;
            }
            if u32_at(&self.bytes, at) == key {
                return Some(first);
            }
            slot = (slot + 1) & mask;
        }
    }

    fn compare_one(
        &self,
        text: &[u8],
        at: usize,
        literal: usize,
        before: usize,
        hit: &mut impl FnMut(Hit),
    ) {
        let record = self.literals.start + LITERAL * literal;
        let pool = self.pool.start + u32_at(&self.bytes, record) as usize;
        let len_and_case = u32_at(&self.bytes, record + 4);
        let len = (len_and_case & 0xffff) as usize;
        let bytes = &self.bytes[pool..pool + len];
        let Some(start) = at.checked_sub(before) else { return };
        let Some(there) = text.get(start..start + len) else { return };
        let exact = len_and_case >> 16 != 0;
        if if exact { there == bytes } else { there.eq_ignore_ascii_case(bytes) } {
            let first = u32_at(&self.bytes, record + 8);
            let count = u32_at(&self.bytes, record + 12);
            hit(Hit { start, len, first, count });
        }
    }
}

/// Builds the index of some literals. Those shorter than three bytes are never found.
pub(crate) fn build(literals: &[Literal]) -> Vec<u8> {
    let mut table = vec![0_u64; WORDS];
    let mut places: Vec<(u32, u32, u32)> = Vec::new();
    for (index, literal) in literals.iter().enumerate() {
        place(index as u32, literal, &mut table, &mut places);
    }
    places.sort_unstable();
    let mut slots = vec![(0_u32, NONE); (places.len() * 2 + 2).next_power_of_two()];
    for (index, (key, ..)) in places.iter().enumerate() {
        if index == 0 || places[index - 1].0 != *key {
            insert(&mut slots, *key, index as u32);
        }
    }
    let rule_count: usize = literals.iter().map(|literal| literal.rules.len()).sum();
    let pool: Vec<u8> = literals.iter().flat_map(|literal| literal.bytes.iter().copied()).collect();
    let counts = [slots.len(), places.len(), literals.len(), rule_count, pool.len()];
    let mut out = Vec::new();
    let number = |out: &mut Vec<u8>, number: usize| {
        out.extend(u32::try_from(number).expect("an index is smaller than 4 GiB").to_le_bytes());
    };
    counts.iter().for_each(|&count| number(&mut out, count));
    out.extend(table.iter().flat_map(|word| word.to_le_bytes()));
    for (key, first) in slots {
        number(&mut out, key as usize);
        number(&mut out, first as usize);
    }
    for (index, (key, literal, before)) in places.iter().enumerate() {
        let last = places.get(index + 1).is_none_or(|next| next.0 != *key);
        number(&mut out, *literal as usize);
        number(&mut out, *before as usize | usize::from(last) << 16);
    }
    let (mut offset, mut rule) = (0, 0);
    for literal in literals {
        number(&mut out, offset);
        number(&mut out, literal.bytes.len() | usize::from(literal.exact) << 16);
        number(&mut out, rule);
        number(&mut out, literal.rules.len());
        offset += literal.bytes.len();
        rule += literal.rules.len();
    }
    out.extend(literals.iter().flat_map(|literal| &literal.rules).flat_map(|rule| rule.to_le_bytes()));
    out.extend(pool);
    out
}

/// Chooses the bytes that a literal is found by: its four rarest, or its three and what follows.
fn place(index: u32, literal: &Literal, table: &mut [u64], places: &mut Vec<(u32, u32, u32)>) {
    let mut set = |gram: Gram| {
        let (word, bits) = bloom(gram | FOLD);
        table[word] |= bits;
    };
    if let [a, b, c] = literal.bytes[..] {
        let any: Vec<u8> = (0..=u8::MAX).collect();
        let next = if literal.next.is_empty() { &any } else { &literal.next };
        next.iter().for_each(|&byte| set(u32::from_le_bytes([a, b, c, byte])));
        let key = (u32::from_le_bytes([a, b, c, 0]) | FOLD) & !SHORT | SHORT;
        places.push((key, index, 0));
        return;
    }
    let rarest = literal.bytes.windows(GRAM).enumerate().min_by_key(|(_, four)| commonness(four));
    if let Some((before, four)) = rarest {
        let gram = u32::from_le_bytes(four.try_into().expect("windows of four")) | FOLD;
        set(gram);
        places.push((gram, index, before as u32));
    }
}

fn insert(slots: &mut [(u32, u32)], key: u32, first: u32) {
    let mask = slots.len() - 1;
    let mut slot = home(key) & mask;
    while slots[slot].1 != NONE {
        slot = (slot + 1) & mask;
    }
    slots[slot] = (key, first);
}

/// How common four bytes are in source: by their rank among the 2,400 most common, then by the
/// letters' own.
fn commonness(four: &[u8]) -> (usize, usize) {
    /// Counted over 117 MB of Rust, Python, JavaScript and C; four letters each, commonest first.
    const COMMON: &str = include_str!("common_grams.txt");
    const USUAL: &[u8] = b"qzjxkw7968543vb2/:-y10_gpfmhducl.snoirate ";
    let lower = four.to_ascii_lowercase();
    let grams = COMMON.lines().flat_map(|line| line.as_bytes().chunks_exact(GRAM));
    let rank = grams.clone().position(|gram| gram == lower);
    let letters = lower.iter().map(|byte| USUAL.iter().position(|usual| usual == byte));
    (rank.map_or(0, |rank| usize::MAX - rank), letters.map(|rank| rank.map_or(0, |rank| rank + 1)).sum())
}

#[inline]
fn may_be(table: &[[u8; 8]; WORDS], gram: Gram) -> bool {
    let (word, bits) = bloom(gram);
    u64::from_le_bytes(table[word]) & bits == bits
}

/// The word of the filter that a gram belongs to, and its two bits there.
#[inline]
fn bloom(gram: Gram) -> (usize, u64) {
    let hash = u64::from(gram).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (((hash >> 51) as usize) & (WORDS - 1), 1 << (hash >> 45 & 63) | 1 << (hash >> 39 & 63))
}

/// Where the search for a key begins in the slots.
fn home(key: u32) -> usize {
    (key.wrapping_mul(SPREAD) >> 8) as usize
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
