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
use std::collections::HashMap;
use std::sync::{LazyLock, OnceLock};

use crate::follow::{Bytes, has};

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
    /// For a literal of three bytes: the bytes that can follow it in a match.
    pub(crate) next: Bytes,
    /// What the literal is an anchor of.
    pub(crate) rules: Vec<u16>,
}

/// The index over some literals.
///
/// The bytes are a header, the table of bits, for each of its words how many bits are set before
/// it, the places, and the pool. The bits are numbered as they stand, and that number is the index
/// of the first place whose gram has this bit: a look costs one access to each part.
#[derive(Debug)]
pub(crate) struct Anchors {
    bytes: Cow<'static, [u8]>,
    /// Where the pool begins.
    pool: usize,
    longest: OnceLock<usize>,
}

/// What stands at a hit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Hit {
    /// Where the literal begins.
    pub(crate) start: usize,
    /// How long it is.
    pub(crate) len: usize,
    /// Where its rules stand; for [`Anchors::rules_of`].
    rules: usize,
}

/// The number of places.
const HEADER: usize = 4;
const RANKS: usize = HEADER + TABLE;
const PLACES: usize = RANKS + 4 * WORDS;
/// A gram, where its literal stands in the pool, the next place with the same bit, then one byte
/// each: the literal's length, how many of its bytes stand before the gram, whether case matters.
const PLACE: usize = 16;
const NONE: u32 = u32::MAX;

impl Anchors {
    /// An index made by [`build`].
    pub(crate) fn new(bytes: Cow<'static, [u8]>) -> Self {
        let pool = PLACES + PLACE * u32_at(&bytes, 0) as usize;
        Self { bytes, pool, longest: OnceLock::new() }
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
            let gram = u32::from_le_bytes(four) | FOLD;
            if may_be(table, gram) {
                self.compare(text, at, gram, &mut hit);
            }
        }
    }

    /// The rules that a hit's literal is an anchor of.
    pub(crate) fn rules_of(&self, hit: Hit) -> impl Iterator<Item = u16> + '_ {
        let short = |at: usize| u16::from_le_bytes([self.bytes[at], self.bytes[at + 1]]);
        let count = usize::from(short(hit.rules));
        (1..=count).map(move |index| short(hit.rules + 2 * index))
    }

    /// The length of the longest literal.
    pub(crate) fn longest(&self) -> usize {
        *self.longest.get_or_init(|| {
            let places = self.bytes[PLACES..self.pool].chunks_exact(PLACE);
            places.map(|place| usize::from(place[12])).max().unwrap_or(0)
        })
    }

    /// Compares the literals whose gram this is, where the gram's bit is set.
    fn compare(&self, text: &[u8], at: usize, gram: Gram, hit: &mut impl FnMut(Hit)) {
        let (word, bit) = bit_of(gram);
        let bits = u64::from_le_bytes(
            self.bytes[HEADER + 8 * word..][..8].try_into().expect("eight bytes"),
        );
        let before = (bits & (bit - 1)).count_ones();
        let mut index = u32_at(&self.bytes, RANKS + 4 * word) + before;
        while index != NONE {
            let start = PLACES + PLACE * index as usize;
            let place = &self.bytes[start..start + PLACE];
            if u32_at(place, 0) == gram {
                self.literal(text, at, place, hit);
            }
            index = u32_at(place, 8);
        }
    }

    fn literal(&self, text: &[u8], at: usize, place: &[u8], hit: &mut impl FnMut(Hit)) {
        let [len, before] = [place[12], place[13]].map(usize::from);
        let pool = self.pool + u32_at(place, 4) as usize;
        let literal = &self.bytes[pool..pool + len];
        let start = at.wrapping_sub(before);
        let there = text.get(start..start.wrapping_add(len)).unwrap_or_default();
        if if place[14] != 0 { there == literal } else { there.eq_ignore_ascii_case(literal) } {
            hit(Hit { start, len, rules: pool + len });
        }
    }
}

/// Builds the index of some literals, which have 255 bytes at most. Those shorter than three are
/// never found.
pub(crate) fn build(literals: &[Literal]) -> Vec<u8> {
    let (pool, offsets) = pool(literals);
    let mut found: Vec<((usize, u64), Gram, usize, usize)> = Vec::new();
    for (index, literal) in literals.iter().enumerate() {
        let grams = grams(literal).into_iter();
        found.extend(grams.map(|(gram, before)| (bit_of(gram), gram, index, before)));
    }
    found.sort_unstable();
    found.dedup();
    let mut table = vec![0_u64; WORDS];
    found.iter().for_each(|((word, bit), ..)| table[*word] |= bit);
    let ranks = table.iter().scan(0, |before, bits| {
        let rank = *before;
        *before += bits.count_ones();
        Some(rank)
    });
    let number = |number: usize| u32::try_from(number).expect("an index is smaller than 4 GiB");
    let mut out = Vec::new();
    out.extend(number(found.len()).to_le_bytes());
    out.extend(table.iter().flat_map(|word| word.to_le_bytes()));
    out.extend(ranks.flat_map(u32::to_le_bytes));
    // The first place of each bit stands where the bit's number says, the others behind them all.
    let bits: Vec<&[_]> = found.chunk_by(|a, b| a.0 == b.0).collect();
    let mut later = bits.len();
    let mut rest = Vec::new();
    for places in bits {
        for (index, &(_, gram, literal, before)) in places.iter().enumerate() {
            let next = if index + 1 < places.len() { number(later) } else { NONE };
            later += usize::from(next != NONE);
            let to = if index == 0 { &mut out } else { &mut rest };
            for number in [gram, number(offsets[literal]), next] {
                to.extend(number.to_le_bytes());
            }
            let literal = &literals[literal];
            let len = u8::try_from(literal.bytes.len()).expect("literals have 255 bytes at most");
            to.extend([len, before as u8, u8::from(literal.exact), 0]);
        }
    }
    out.extend(rest);
    out.extend(pool);
    out
}

/// The literals, each followed by the number of its rules and the rules, and where each begins.
fn pool(literals: &[Literal]) -> (Vec<u8>, Vec<usize>) {
    let mut pool = Vec::new();
    let mut offsets = Vec::new();
    for literal in literals {
        offsets.push(pool.len());
        pool.extend(&literal.bytes);
        let count = u16::try_from(literal.rules.len()).expect("there are fewer rules than 65,536");
        pool.extend(count.to_le_bytes());
        pool.extend(literal.rules.iter().flat_map(|rule| rule.to_le_bytes()));
    }
    (pool, offsets)
}

/// Chooses the bytes that a literal is found by: its four rarest, or its three and what follows.
fn grams(literal: &Literal) -> Vec<(Gram, usize)> {
    let gram = |four: [u8; GRAM]| u32::from_le_bytes(four) | FOLD;
    if let [a, b, c] = literal.bytes[..] {
        let next = (0..=u8::MAX).filter(|&byte| has(literal.next, byte));
        return next.map(|byte| (gram([a, b, c, byte]), 0)).collect();
    }
    let rarest = literal.bytes.windows(GRAM).enumerate().min_by_key(|(_, four)| commonness(four));
    let found =
        rarest.map(|(before, four)| (gram(four.try_into().expect("windows of four")), before));
    found.into_iter().collect()
}

/// Four-byte texts counted over 117 MB of Rust, Python, JavaScript and C, the 7,200
/// commonest first; `_` stands for itself and what falls together with it.
const COMMON: &str = include_str!("common_grams.txt");

/// The place of four bytes among the commonest.
fn rank(four: &[u8]) -> Option<usize> {
    static RANKS: LazyLock<HashMap<&'static [u8], usize>> = LazyLock::new(|| {
        let grams = COMMON.lines().flat_map(|line| line.as_bytes().chunks_exact(GRAM));
        grams.enumerate().map(|(rank, gram)| (gram, rank)).collect()
    });
    RANKS.get(&four.to_ascii_lowercase()[..]).copied()
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
            .map(|four| rank(four).map_or(0, |rank| 2400_usize.saturating_sub(rank)))
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
    use crate::follow::ANY;

    fn index(literals: &[Vec<u8>], exact: bool) -> Anchors {
        let literal = |(index, bytes): (usize, &Vec<u8>)| Literal {
            bytes: bytes.clone(),
            exact,
            next: ANY,
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
