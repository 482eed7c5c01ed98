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
use std::collections::HashMap;
use std::ops::Range;
use std::sync::{LazyLock, OnceLock};

use crate::follow::{self, ASCII, Ahead, Ascii, Bytes, has};

/// Four bytes that some literal contains, as one number, `FOLD`ed.
type Gram = u32;

/// Sets bit 5: the two cases of a letter become one, other bytes may fall together.
const FOLD: u32 = 0x2020_2020;
const GRAM: usize = 4;
/// Of each byte, the table knows the lower bits alone: they tell letters apart, and what falls
/// together with a letter is rare. The bits of four bytes are the number of a bit of the table.
const LOWER: u32 = 5;
const WORDS: usize = 1 << (GRAM as u32 * LOWER - 6);
const TABLE: usize = WORDS * 8;

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

/// The index over some literals.
///
/// The bytes are a header, the table of bits, for each of its words how many bits are set before
/// it, the entries, the places, the sets and the pool. The bits are numbered as they stand, and
/// that number is the index of the bit's entry: where its places begin, and a tag by which most
/// grams that only share the bit are told apart.
#[derive(Debug)]
pub(crate) struct Anchors {
    bytes: Cow<'static, [u8]>,
    /// Where the places begin.
    places: usize,
    /// Where the sets begin.
    sets: usize,
    /// Where the pool begins.
    pool: usize,
    /// The longest literal, and the most bytes that are looked at from the beginning of one.
    reach: OnceLock<(usize, usize)>,
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

/// Whether a literal counts wherever it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Around {
    /// Only where a match could be, by the bytes next to it.
    Fits,
    /// Everywhere.
    Anything,
}

/// The number of entries, of places and of sets, in a line of the cache.
const HEADER: usize = 64;
const RANKS: usize = HEADER + TABLE;
const ENTRIES: usize = RANKS + 2 * WORDS;
/// The first place in the lower bits, a tag in the upper ones.
const ENTRY: usize = 4;
const TAG: u32 = 20;
/// The tag of a bit that several grams share.
const MIXED: u32 = (1 << (32 - TAG)) - 1;
/// What tells whether a literal is there.
///
/// Its first eight bytes and which of their bits count, eight bytes each; where it stands in the
/// pool, four; the sets of bytes behind and ahead, two each; then one each: its length, how many
/// of its bytes stand before the gram, how many are asked ahead, flags.
const PLACE: usize = 32;
const EXACT: u8 = 1;
/// No further place belongs to the entry.
const LAST: u8 = 2;
/// In place of a set that has all bytes.
const NO_SET: u16 = u16::MAX;
/// How many positions are asked together, and how many of them are kept for a closer look.
const BLOCK: usize = 64;
const BATCH: usize = 128;

impl Anchors {
    /// An index made by [`build`].
    pub(crate) fn new(bytes: Cow<'static, [u8]>) -> Self {
        let [entries, places, sets] = [0, 4, 8].map(|at| u32_at(&bytes, at) as usize);
        let places_at = ENTRIES + ENTRY * entries;
        let sets_at = places_at + PLACE * places;
        let pool = sets_at + ASCII * sets;
        Self { bytes, places: places_at, sets: sets_at, pool, reach: OnceLock::new() }
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
        let end = if begins.end >= text.len() {
            text.len()
        } else {
            text.len().min(begins.end + self.longest())
        };
        let mut hit = |one: Hit| {
            if begins.contains(&one.start) {
                hit(one);
            }
        };
        let mut at = begins.start.min(end);
        let mut looks = [0; BATCH];
        let mut places = [(0, 0); BATCH];
        // A branch that depends on the text costs more than what it would save, so positions and
        // then tags are sieved without one.
        while at < end {
            let (next, count) = self.sieve(text, at, end, &mut looks);
            at = next;
            let count = self.keep(text, &looks[..count], &mut places);
            for &(at, first) in &places[..count] {
                self.compare(text, at, first, around, &mut hit);
            }
        }
    }

    /// Puts positions into `looks`, from `at` on, where the bit of a gram is set. Tells where it
    /// ended for want of room, or `end`, and how many there are.
    fn sieve(
        &self,
        text: &[u8],
        mut at: usize,
        end: usize,
        looks: &mut [usize; BATCH],
    ) -> (usize, usize) {
        let (words, _) = self.bytes[HEADER..HEADER + TABLE].as_chunks();
        let table: &[[u8; 8]; WORDS] = words.try_into().expect("the table has its size");
        let mut count = 0;
        while at < end && count <= BATCH - BLOCK {
            let mut set = match text[at..].first_chunk() {
                Some(block) => sieved(table, block),
                None => sieved(table, &padded(&text[at..])),
            };
            if end - at < BLOCK {
                set &= (1 << (end - at)) - 1;
            }
            while set != 0 {
                looks[count % BATCH] = at + set.trailing_zeros() as usize;
                count += 1;
                set &= set - 1;
            }
            at += BLOCK;
        }
        (at.min(end), count)
    }

    /// Puts into `places` those of the looks whose gram is one of the literals, as far as a tag
    /// tells, each with the first of its places; tells how many there are.
    fn keep(&self, text: &[u8], looks: &[usize], places: &mut [(usize, usize); BATCH]) -> usize {
        let mut kept = 0;
        for &look in looks {
            let gram = gram_at(text, look);
            let (word, bit) = bit_of(gram);
            let before = (eight(&self.bytes[HEADER + 8 * word..][..8]) & (bit - 1)).count_ones();
            let index = usize::from(u16_at(&self.bytes, RANKS + 2 * word)) + before as usize;
            let entry = u32_at(&self.bytes, ENTRIES + ENTRY * index);
            let tag = entry >> TAG;
            places[kept % BATCH] = (look, (entry & ((1 << TAG) - 1)) as usize);
            kept += usize::from((tag == tag_of(gram)) | (tag == MIXED));
        }
        kept
    }

    /// The rules that a hit's literal is an anchor of.
    pub(crate) fn rules_of(&self, hit: Hit) -> impl Iterator<Item = u16> + '_ {
        let count = usize::from(u16_at(&self.bytes, hit.rules));
        (1..=count).map(move |index| u16_at(&self.bytes, hit.rules + 2 * index))
    }

    /// The length of the longest literal.
    pub(crate) fn longest(&self) -> usize {
        self.reaches().0
    }

    /// The most bytes, from the beginning of a literal, that decide whether it is hit.
    pub(crate) fn reach(&self) -> usize {
        self.reaches().1
    }

    fn reaches(&self) -> (usize, usize) {
        *self.reach.get_or_init(|| {
            let places = self.bytes[self.places..self.sets].chunks_exact(PLACE);
            let of = |place: &[u8]| (usize::from(place[24]), usize::from(place[24] + place[26]));
            places.map(of).fold((0, 0), |most, one| (most.0.max(one.0), most.1.max(one.1)))
        })
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
    let mut out = Vec::new();
    for count in [entries.len(), places.len(), sets.len()] {
        out.extend(u32::try_from(count).expect("an index is smaller than 4 GiB").to_le_bytes());
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

fn gram_of(four: &[u8]) -> Gram {
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

/// For each position of a block whether the bit of the gram there is set: the first position's in
/// the lowest bit.
#[inline]
fn sieved(table: &[[u8; 8]; WORDS], block: &[u8; BLOCK + 8]) -> u64 {
    let (eights, _) = block.as_chunks();
    let mut set = 0;
    let mut here = lower_bits(eights[0]);
    for (index, next) in eights[1..].iter().enumerate() {
        let next = lower_bits(*next);
        let grams = here | next << (8 * LOWER);
        let mut of_eight = 0;
        for position in 0..8 {
            let gram = grams >> (position * LOWER);
            let word = u64::from_le_bytes(table[(gram >> 6) as usize & (WORDS - 1)]);
            of_eight |= (word >> (gram & 63) & 1) << position;
        }
        set |= of_eight << (8 * index);
        here = next;
    }
    set
}

/// The lower bits of eight bytes, side by side.
#[inline]
fn lower_bits(eight: [u8; 8]) -> u64 {
    let each = u64::from_le_bytes(eight);
    let two = each & 0x001f_001f_001f_001f | each >> 3 & 0x03e0_03e0_03e0_03e0;
    let four = two & 0x0000_03ff_0000_03ff | two >> 6 & 0x000f_fc00_000f_fc00;
    four & 0xf_ffff | four >> 12 & 0xff_fff0_0000
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

/// The word of the table that a gram belongs to, and its bit there.
#[inline]
fn bit_of(gram: Gram) -> (usize, u64) {
    let number = lower_bits(u64::from(gram).to_le_bytes());
    ((number >> 6) as usize, 1 << (number & 63))
}

/// A second number for a gram, which two grams of one bit seldom share; never [`MIXED`].
#[inline]
fn tag_of(gram: Gram) -> u32 {
    // Knuth's multiplicative hashing: 2^32 divided by the golden ratio.
    let tag = gram.wrapping_mul(0x9e37_79b1) >> TAG;
    tag - u32::from(tag == MIXED)
}

#[inline]
fn eight(bytes: &[u8]) -> u64 {
    u64::from_le_bytes(bytes.try_into().expect("the caller slices eight bytes"))
}

/// What is left of a text, with NULs behind it; no literal has one.
#[cold]
fn padded<const LEN: usize>(bytes: &[u8]) -> [u8; LEN] {
    let mut all = [0; LEN];
    let len = bytes.len().min(LEN);
    all[..len].copy_from_slice(&bytes[..len]);
    all
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
    use crate::follow::ANY;

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
