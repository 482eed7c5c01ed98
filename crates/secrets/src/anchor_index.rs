//! How the index of anchors is laid out, and how it is built.
//!
//! The bytes are a header, the table of bits, for each of its words how many bits are set before
//! it, the entries, the places, the sets and the pool. The bits are numbered as they stand, and
//! that number is the index of the bit's entry: where its places begin, and a tag by which most
//! grams that only share the bit are told apart.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::follow::{self, ASCII, Ahead, Ascii, Bytes, has};

/// Four bytes that some literal contains, as one number, `FOLD`ed.
pub(crate) type Gram = u32;

/// Sets bit 5: the two cases of a letter become one, other bytes may fall together.
pub(crate) const FOLD: u32 = 0x2020_2020;
pub(crate) const GRAM: usize = 4;
/// Of each byte, the table knows the lower bits alone: they tell letters apart, and what falls
/// together with a letter is rare. The bits of four bytes are the number of a bit of the table.
pub(crate) const LOWER: u32 = 5;
/// The size of the table in bytes, and in words of 64 bits.
pub(crate) const TABLE: usize = 1 << (GRAM as u32 * LOWER - 3);
const WORDS: usize = TABLE / 8;

/// A literal, and what can stand around it.
#[derive(Debug, Clone)]
pub(crate) struct Literal {
    /// Three bytes or more.
    pub(crate) bytes: Vec<u8>,
    /// Compared with regard to ASCII case.
    pub(crate) exact: bool,
    /// For a literal of three bytes: the bytes that can follow it in a match.
    pub(crate) next: Bytes,
    /// The bytes that can stand before it.
    pub(crate) behind: Bytes,
    /// The bytes that can follow it, and how many of them do.
    pub(crate) ahead: Ahead,
    /// What the literal is an anchor of.
    pub(crate) rules: Vec<u16>,
}

/// What stands at a hit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Hit {
    /// Where the literal begins.
    pub(crate) start: usize,
    /// How long it is.
    pub(crate) len: usize,
    /// Where its rules stand; for `Anchors::rules_of`.
    pub(crate) rules: usize,
}

/// The number of entries, of places and of sets; how far behind the beginning of a literal its gram
/// stands at most; and the most bytes that are looked at from there. Four bytes each, in a line of
/// the cache.
pub(crate) const HEADER: usize = 64;
pub(crate) const RANKS: usize = HEADER + TABLE;
pub(crate) const ENTRIES: usize = RANKS + 2 * WORDS;
/// The first place in the lower bits, a tag in the upper ones.
pub(crate) const ENTRY: usize = 4;
pub(crate) const TAG: u32 = 20;
/// The tag of a bit that several grams share.
pub(crate) const MIXED: u32 = (1 << (32 - TAG)) - 1;
/// What tells whether a literal is there.
///
/// Its first eight bytes and which of their bits count, eight bytes each; where it stands in the
/// pool, four; the sets of bytes behind and ahead, two each; then one each: its length, how many
/// of its bytes stand before the gram, how many are asked ahead, flags.
pub(crate) const PLACE: usize = 32;
pub(crate) const EXACT: u8 = 1;
/// No further place belongs to the entry.
pub(crate) const LAST: u8 = 2;
/// In place of a set that has all bytes.
pub(crate) const NO_SET: u16 = u16::MAX;

/// What `build` collects of one gram of a literal: the bit, the gram, the literal, and how many of
/// its bytes stand before the gram.
type Found = ((usize, u64), Gram, usize, usize);

/// Builds the index of some literals, which have 255 bytes at most. Those shorter than three are
/// never found.
pub(crate) fn build(literals: &[Literal]) -> Vec<u8> {
    let (pool, offsets) = pool(literals);
    let mut found: Vec<Found> = Vec::new();
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
        Some(u16::try_from(rank).expect("there are fewer grams than 65,536"))
    });
    let mut sets: Vec<Ascii> = Vec::new();
    let mut places: Vec<[u8; PLACE]> = Vec::new();
    let mut lists: HashMap<Vec<[u8; PLACE]>, usize> = HashMap::new();
    let mut entries: Vec<u32> = Vec::new();
    for of_bit in found.chunk_by(|a, b| a.0 == b.0) {
        let mut list: Vec<_> = of_bit
            .iter()
            .map(|&(_, _, literal, before)| {
                place(&literals[literal], offsets[literal], before, &mut sets)
            })
            .collect();
        // The grams of a literal of three bytes differ in what follows it alone.
        list.sort_unstable();
        list.dedup();
        list.last_mut().expect("a chunk is not empty")[27] |= LAST;
        let first = *lists.entry(list).or_insert_with_key(|list| {
            places.extend(list);
            places.len() - list.len()
        });
        let one = of_bit.iter().all(|found| found.1 == of_bit[0].1);
        let tag = if one { tag_of(of_bit[0].1) } else { MIXED };
        assert!(first < 1 << TAG, "places are told in {TAG} bits");
        entries.push(tag << TAG | u32::try_from(first).expect("it fits 20 bits"));
    }
    let most = |of: fn(&[u8; PLACE]) -> usize| places.iter().map(of).max().unwrap_or(0);
    let behind = most(|place| usize::from(place[25]));
    let reach = most(|place| usize::from(place[24]) + usize::from(place[26]));
    let mut out = Vec::new();
    for number in [entries.len(), places.len(), sets.len(), behind, reach] {
        out.extend(u32::try_from(number).expect("an index is smaller than 4 GiB").to_le_bytes());
    }
    out.resize(HEADER, 0);
    out.extend(table.iter().flat_map(|word| word.to_le_bytes()));
    out.extend(ranks.flat_map(u16::to_le_bytes));
    out.extend(entries.iter().flat_map(|entry| entry.to_le_bytes()));
    out.extend(places.as_flattened());
    out.extend(sets.as_flattened());
    out.extend(pool);
    out
}

/// A place without its mark of being the last.
fn place(literal: &Literal, pool: usize, before: usize, sets: &mut Vec<Ascii>) -> [u8; PLACE] {
    let mut place = [0; PLACE];
    for (at, &byte) in literal.bytes.iter().take(8).enumerate() {
        let case = if !literal.exact && byte.is_ascii_alphabetic() { 0x20 } else { 0 };
        (place[at], place[8 + at]) = (byte & !case, !case);
    }
    place[16..20].copy_from_slice(&u32::try_from(pool).expect("a pool is small").to_le_bytes());
    let mut number = |bytes: Bytes| {
        let set = follow::ascii(bytes);
        if set == [u8::MAX; ASCII] {
            return NO_SET;
        }
        let index = sets.iter().position(|one| *one == set).unwrap_or_else(|| {
            sets.push(set);
            sets.len() - 1
        });
        u16::try_from(index).expect("there are few sets")
    };
    let (behind, ahead) = (number(literal.behind), number(literal.ahead.bytes));
    place[20..22].copy_from_slice(&behind.to_le_bytes());
    place[22..24].copy_from_slice(&ahead.to_le_bytes());
    place[24] = u8::try_from(literal.bytes.len()).expect("literals have 255 bytes at most");
    place[25] = before as u8;
    place[26] = if ahead == NO_SET { 0 } else { literal.ahead.run };
    place[27] = if literal.exact { EXACT } else { 0 };
    place
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
    if let [a, b, c] = literal.bytes[..] {
        let next = (0..=u8::MAX).filter(|&byte| has(literal.next, byte));
        return next.map(|byte| (gram_of(&[a, b, c, byte]), 0)).collect();
    }
    let rarest = literal.bytes.windows(GRAM).enumerate().min_by_key(|(_, four)| commonness(four));
    rarest.map(|(before, four)| (gram_of(four), before)).into_iter().collect()
}

/// What four bytes the bits that are met most often in 840 MB of source, settings and documents in
/// C, Go, Java, JavaScript, Python and Rust stand for, the commonest first; of the bytes that share
/// a bit, those from `@` to `_`.
const COMMON: &str = include_str!("common_grams.txt");

/// The place of four bytes among the commonest.
fn rank(four: &[u8]) -> Option<usize> {
    static RANKS: LazyLock<HashMap<(usize, u64), usize>> = LazyLock::new(|| {
        let common = COMMON.lines().flat_map(|line| line.as_bytes().chunks_exact(GRAM));
        common.enumerate().map(|(rank, four)| (bit_of(gram_of(four)), rank)).collect()
    });
    RANKS.get(&bit_of(gram_of(four))).copied()
}

/// How often the bit of four bytes is met in source, about so many times in ten million, and how
/// common their letters are.
fn commonness(four: &[u8]) -> (usize, usize) {
    const USUAL: &[u8] = b"qzjxkw7968543vb2/:-y10_gpfmhducl.snoirate ";
    let letter = |byte: &u8| USUAL.iter().position(|usual| *usual == byte.to_ascii_lowercase());
    let letters = four.iter().map(|byte| letter(byte).map_or(0, |rank| rank + 1)).sum();
    (rank(four).map_or(0, |rank| 1_500_000 / (rank + 200)), letters)
}

pub(crate) fn gram_of(four: &[u8]) -> Gram {
    u32::from_le_bytes(four.try_into().expect("a gram is four bytes")) | FOLD
}

/// Returns true if and only if a text is made of four bytes that are met more often than fifteen
/// times in a million.
pub(crate) fn is_common(text: &[u8]) -> bool {
    text.windows(GRAM).all(|four| rank(four).is_some_and(|rank| rank < 9_700))
}

/// How often some anchors together will be hit in source, on a scale of its own: a text that is
/// as common as `self` counts some thousands, a rare one nothing.
pub(crate) fn cost(anchors: &[String]) -> usize {
    let of_one = |anchor: &String| match anchor.as_str() {
        // Each link has them: the name of the host tells more.
        "http://" | "https://" => 5000,
        short if short.len() < GRAM => 1500,
        _ => anchor
            .as_bytes()
            .windows(GRAM)
            .map(|four| rank(four).map_or(0, |rank| 2400_usize.saturating_sub(rank)))
            .min()
            .unwrap_or(0),
    };
    anchors.iter().map(of_one).sum()
}

/// The number of the bit that four bytes have, the first in the lowest bits.
#[inline]
pub(crate) fn number(four: u32) -> u32 {
    let two = four & 0x001f_001f | four >> 3 & 0x03e0_03e0;
    two & 0x3ff | two >> 6 & 0xf_fc00
}

/// The word of the table that a gram belongs to, and its bit there.
#[inline]
pub(crate) fn bit_of(gram: Gram) -> (usize, u64) {
    let number = number(gram);
    ((number >> 6) as usize, 1 << (number & 63))
}

/// A second number for a gram, which two grams of one bit seldom share; never [`MIXED`].
#[inline]
pub(crate) fn tag_of(gram: Gram) -> u32 {
    // Knuth's multiplicative hashing: 2^32 divided by the golden ratio.
    let tag = gram.wrapping_mul(0x9e37_79b1) >> TAG;
    tag - u32::from(tag == MIXED)
}
