//! Finds every place where one of a few thousand literals stands, without regard to ASCII case.
//!
//! An Aho-Corasick automaton steps through a dependent table load a byte, and building one costs
//! more than a whole staged scan. This index asks, for each position, whether the four bytes there
//! could be those of a literal: one multiplication and one bit of a table that stays in the first
//! level cache, with no dependence between positions. Only where the bit is set is anything
//! compared. It finds exactly what the automaton finds; a property test holds it to that.

use memchr::memmem;

/// Four bytes that some literal contains, as one number, `FOLD`ed.
type Gram = u32;

/// Sets bit 5: the two cases of a letter become one, other bytes may fall together.
const FOLD: u32 = 0x2020_2020;
const FOLD_TWICE: u64 = 0x2020_2020_2020_2020;
const GRAM: usize = 4;
/// The table has 2^18 bits: 32 KiB.
const BITS: u32 = 18;
const WORDS: usize = 1 << (BITS - 6);
/// Slots of the exact table; a power of two, at most half of them used.
const SPREAD: u32 = 0x9E37_79B1;

/// An index over literals of three bytes or more.
#[derive(Debug)]
pub(crate) struct Anchors {
    maybe: Box<[u64; WORDS]>,
    /// Open addressing by gram; `NONE` marks a free slot.
    slots: Vec<Slot>,
    /// Runs of `places` that share a gram.
    places: Vec<Placed>,
    literals: Vec<Box<[u8]>>,
}

#[derive(Debug, Clone, Copy)]
struct Slot {
    gram: Gram,
    /// Index into `places`, or `NONE`.
    first: u32,
    count: u32,
}

/// A literal, and how many of its bytes stand before the gram that it is found by.
#[derive(Debug, Clone, Copy)]
struct Placed {
    gram: Gram,
    literal: u32,
    before: u32,
}

const NONE: u32 = u32::MAX;

impl Anchors {
    /// An index over `literals`, which are told by their position in this list.
    ///
    /// Literals shorter than three bytes are never found.
    pub(crate) fn new<'l>(literals: impl IntoIterator<Item = &'l [u8]>) -> Self {
        let literals: Vec<Box<[u8]>> =
            literals.into_iter().map(|literal| literal.to_ascii_lowercase().into()).collect();
        let mut places = Vec::with_capacity(literals.len());
        for (index, literal) in literals.iter().enumerate() {
            place(index as u32, literal, &mut places);
        }
        places.sort_unstable_by_key(|placed| (placed.gram, placed.literal));
        let mut maybe = Box::new([0; WORDS]);
        let mut slots = vec![
            Slot { gram: 0, first: NONE, count: 0 };
            (places.len() * 2 + 2).next_power_of_two()
        ];
        let mut first = 0;
        for run in places.chunk_by(|a, b| a.gram == b.gram) {
            let gram = run[0].gram;
            let bit = spread(gram);
            maybe[(bit >> 6) as usize] |= 1 << (bit & 63);
            insert(&mut slots, Slot { gram, first, count: run.len() as u32 });
            first += run.len() as u32;
        }
        Self { maybe, slots, places, literals }
    }

    /// Calls `hit` with the index and the start of each literal in `text`, from left to right by
    /// the place of its rarest four bytes.
    pub(crate) fn find(&self, text: &[u8], mut hit: impl FnMut(usize, usize)) {
        let mut at = 0;
        // Two overlapping loads of eight bytes give the grams of eight positions.
        while let Some(eleven) = text.get(at..at + 12) {
            let low = fold(&eleven[..8]);
            let high = fold(&eleven[4..]);
            for (word, from) in [(low, at), (high, at + 4)] {
                for step in 0..4 {
                    let gram = (word >> (8 * step)) as u32;
                    if self.may_be(gram) {
                        self.compare(text, from + step, gram, &mut hit);
                    }
                }
            }
            at += 8;
        }
        // The rest, padded: a gram that reaches over the end can belong to a three-byte literal.
        for at in at..text.len() {
            let mut four = [0; GRAM];
            let rest = &text[at..text.len().min(at + GRAM)];
            four[..rest.len()].copy_from_slice(rest);
            let gram = u32::from_le_bytes(four) | FOLD;
            if self.may_be(gram) {
                self.compare(text, at, gram, &mut hit);
            }
        }
    }

    /// The length of a literal in bytes.
    pub(crate) fn len_of(&self, literal: usize) -> usize {
        self.literals[literal].len()
    }

    #[inline]
    fn may_be(&self, gram: Gram) -> bool {
        let bit = spread(gram);
        self.maybe[(bit >> 6) as usize] >> (bit & 63) & 1 != 0
    }

    #[cold]
    fn compare(&self, text: &[u8], at: usize, gram: Gram, hit: &mut impl FnMut(usize, usize)) {
        let mask = self.slots.len() - 1;
        let mut slot = gram.wrapping_mul(SPREAD) as usize >> 7 & mask;
        loop {
            let Slot { gram: here, first, count } = self.slots[slot];
            if first == NONE {
                return;
            }
            if here == gram {
                let run = first as usize..(first + count) as usize;
                for placed in &self.places[run] {
                    self.compare_one(text, at, *placed, hit);
                }
                return;
            }
            slot = (slot + 1) & mask;
        }
    }

    fn compare_one(
        &self,
        text: &[u8],
        at: usize,
        placed: Placed,
        hit: &mut impl FnMut(usize, usize),
    ) {
        let literal = &self.literals[placed.literal as usize];
        let Some(start) = at.checked_sub(placed.before as usize) else { return };
        let there = text.get(start..start + literal.len());
        if there.is_some_and(|there| there.eq_ignore_ascii_case(literal)) {
            hit(placed.literal as usize, start);
        }
    }
}

#[inline]
fn fold(eight: &[u8]) -> u64 {
    u64::from_le_bytes(eight.try_into().expect("the caller slices eight bytes")) | FOLD_TWICE
}

#[inline]
fn spread(gram: Gram) -> u32 {
    gram.wrapping_mul(SPREAD) >> (32 - BITS)
}

fn insert(slots: &mut [Slot], new: Slot) {
    let mask = slots.len() - 1;
    let mut slot = new.gram.wrapping_mul(SPREAD) as usize >> 7 & mask;
    while slots[slot].first != NONE {
        slot = (slot + 1) & mask;
    }
    slots[slot] = new;
}

/// Chooses the four bytes of a literal that are rarest in text.
fn place(literal: u32, bytes: &[u8], places: &mut Vec<Placed>) {
    if bytes.len() == GRAM - 1 {
        // Any fourth byte may follow; folded, half of all values remain.
        for fourth in (0..=u8::MAX).filter(|byte| byte & 0x20 != 0) {
            let gram = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], fourth]) | FOLD;
            places.push(Placed { gram, literal, before: 0 });
        }
        return;
    }
    let rarest = bytes.windows(GRAM).enumerate().min_by_key(|(_, four)| {
        four.iter().map(|byte| commonness(*byte)).sum::<u32>()
    });
    if let Some((before, four)) = rarest {
        let gram = u32::from_le_bytes(four.try_into().expect("windows of four")) | FOLD;
        places.push(Placed { gram, literal, before: before as u32 });
    }
}

/// How common a byte is in source and prose, roughly: its rank in a list of the usual ones.
fn commonness(byte: u8) -> u32 {
    const USUAL: &[u8] = b"qzjxkw7968543vb2/:-y10_gpfmhducl.snoirate ";
    memmem::find(USUAL, &[byte]).map_or(0, |rank| rank as u32 + 1)
}

#[cfg(test)]
mod tests {
    use aho_corasick::{AhoCorasickBuilder, MatchKind};
    use proptest::prelude::*;

    use super::*;

    fn ours(literals: &[Vec<u8>], text: &[u8]) -> Vec<(usize, usize)> {
        let mut hits = Vec::new();
        Anchors::new(literals.iter().map(Vec::as_slice))
            .find(text, |literal, start| hits.push((literal, start)));
        hits.sort_unstable();
        hits
    }

    fn automaton(literals: &[Vec<u8>], text: &[u8]) -> Vec<(usize, usize)> {
        let automaton = AhoCorasickBuilder::new()
            .ascii_case_insensitive(true)
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
        ) {
            let literals: Vec<Vec<u8>> = literals.into_iter().map(String::into_bytes).collect();
            prop_assert_eq!(ours(&literals, &text), automaton(&literals, &text));
        }
    }

    #[test]
    fn finds_at_both_ends_and_of_three_bytes() {
        let literals = vec![b"abc".to_vec(), b"key_".to_vec()];
        assert_eq!(ours(&literals, b"KEY_ and ABC"), [(0, 9), (1, 0)]);
        assert_eq!(ours(&literals, b"abc"), [(0, 0)]);
        assert_eq!(ours(&literals, b"ab"), []);
    }
}
