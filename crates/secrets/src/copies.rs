//! Where a known secret stands once more, in a place that no rule tells.
//!
//! `export TOKEN=x; curl -H x` has one finding. An excerpt that masks only that one shows the value
//! beside its mask, so what an excerpt shows is looked through for every value that is known.

use std::collections::HashMap;
use std::ops::Range;

/// The values of a text, found by their last bytes, which are the ones that differ.
#[derive(Debug)]
pub(crate) struct Copies<'v> {
    by_tail: HashMap<[u8; TAIL], Vec<Known<'v>>, foldhash::fast::RandomState>,
    /// A bit for each two bytes that some value ends with: nearly all places end here.
    ends: Box<[u64; 1 << 10]>,
    longest: usize,
    /// How many bytes of the text have been looked through.
    looked: usize,
    /// All copies in the text, sorted by their ends, once it was worth a look at the whole.
    all: Option<Vec<Copied<'v>>>,
}

/// Where a value stands, and what is shown in its place.
type Copied<'v> = (Range<usize>, &'v str);

/// A value, and what is shown in its place.
type Known<'v> = (&'v [u8], &'v str);

/// Shorter values are words: masking them wherever they stand would hide more than them.
const TAIL: usize = 4;
/// No farther beyond an excerpt are copies looked for that reach into it.
const LONGEST: usize = 4096;

impl<'v> Copies<'v> {
    /// Of these values, each with what is shown in its place.
    pub(crate) fn new(values: impl Iterator<Item = Known<'v>>) -> Self {
        let (by_tail, ends) = (HashMap::default(), Box::new([0; 1 << 10]));
        let mut copies = Self { by_tail, ends, longest: 0, looked: 0, all: None };
        for (value, mask) in values {
            let Some(tail) = value.last_chunk() else { continue };
            let (word, bit) = bit_of(tail);
            copies.ends[word] |= bit;
            let alike = copies.by_tail.entry(*tail).or_default();
            if alike.iter().all(|(other, _)| *other != value) {
                alike.push((value, mask));
                copies.longest = copies.longest.max(value.len().min(LONGEST));
            }
        }
        copies
    }

    /// All that reach into a part of a text, sorted by their ends. The text is always the same.
    pub(crate) fn within(&mut self, text: &[u8], part: &Range<usize>) -> Vec<Copied<'v>> {
        let ends = part.start + 1..text.len().min(part.end + self.longest) + 1;
        if self.all.is_none() {
            self.looked += ends.len();
            if self.looked <= text.len() {
                let mut found = self.ending(text, ends);
                found.retain(|(copy, _)| copy.start < part.end);
                return found;
            }
        }
        let all = self.all.take().unwrap_or_else(|| self.ending(text, 1..text.len() + 1));
        let first = all.partition_point(|(copy, _)| copy.end < ends.start);
        let near = all[first..].iter().take_while(|(copy, _)| copy.end < ends.end);
        let found = near.filter(|(copy, _)| copy.start < part.end).cloned().collect();
        self.all = Some(all);
        found
    }

    /// All that end in a range.
    fn ending(&self, text: &[u8], ends: Range<usize>) -> Vec<Copied<'v>> {
        let mut found = Vec::new();
        for end in ends {
            let before = &text[..end];
            let may_end = |tail: &&[u8; TAIL]| {
                let (word, bit) = bit_of(tail);
                self.ends[word] & bit != 0
            };
            let alike = before.last_chunk().filter(may_end).and_then(|tail| self.by_tail.get(tail));
            for (value, mask) in alike.into_iter().flatten() {
                if before.ends_with(value) {
                    found.push((end - value.len()..end, *mask));
                }
            }
        }
        found
    }
}

/// Where the bit of the last two bytes stands.
#[inline]
fn bit_of(tail: &[u8; TAIL]) -> (usize, u64) {
    let end = usize::from(u16::from_le_bytes([tail[2], tail[3]]));
    (end >> 6, 1 << (end & 63))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_that_reach_into_a_part_are_found() {
        let mut copies = Copies::new([(&b"value"[..], "v"), (b"longer value", "l")].into_iter());
        let text = b"a longer value, a value, an other";
        let mut starts = |part| {
            let found = copies.within(text, &part).into_iter();
            found.map(|(at, mask)| (at.start, mask)).collect::<Vec<_>>()
        };
        // After the first, the whole text has been looked through.
        for _ in 0..2 {
            assert_eq!(starts(3..4), [(2, "l")]);
            assert_eq!(starts(22..23), [(18, "v")]);
            assert_eq!(starts(23..30), []);
            assert_eq!(starts(0..text.len()), [(9, "v"), (2, "l"), (18, "v")]);
        }
        assert_eq!(Copies::new([(&b"a"[..], "v")].into_iter()).within(text, &(0..9)), []);
    }
}
