//! Finds single bytes that are frequent: quotes, backslashes.
//!
//! A search that starts anew behind each hit spends more on starting than on searching. Here one
//! bit tells of each byte of a block whether it is one of those looked for.

use fearless_simd::{Level, dispatch, prelude::*, u8x64};

use crate::sieve::padded;

/// How many bytes are compared together; one bit for each.
const BLOCK: usize = 64;
/// How many blocks are compared before a look at what was found.
const BLOCKS: usize = 32;

/// Calls `found` with each place of a text where one of some bytes stands, none of them NUL.
pub(super) fn each<const COUNT: usize>(
    text: &[u8],
    bytes: [u8; COUNT],
    mut found: impl FnMut(usize),
) {
    let mut sets = [0; BLOCKS];
    for (index, part) in text.chunks(BLOCKS * BLOCK).enumerate() {
        dispatch!(Level::new(), simd => compare(simd, part, bytes, &mut sets));
        for (block, &set) in sets[..part.len().div_ceil(BLOCK)].iter().enumerate() {
            let start = (index * BLOCKS + block) * BLOCK;
            let mut set = set;
            while set != 0 {
                found(start + set.trailing_zeros() as usize);
                set &= set - 1;
            }
        }
    }
}

/// For each byte of some blocks whether it is one of some bytes: the first byte's in the lowest bit.
#[inline(always)]
fn compare<S: Simd, const COUNT: usize>(
    simd: S,
    text: &[u8],
    bytes: [u8; COUNT],
    sets: &mut [u64; BLOCKS],
) {
    let (blocks, rest) = text.as_chunks::<BLOCK>();
    for (set, block) in sets.iter_mut().zip(blocks) {
        *set = equal(simd, block, bytes);
    }
    if !rest.is_empty() {
        sets[blocks.len()] = equal(simd, &padded(rest), bytes);
    }
}

#[inline(always)]
fn equal<S: Simd, const COUNT: usize>(simd: S, block: &[u8; BLOCK], bytes: [u8; COUNT]) -> u64 {
    let block = u8x64::from_slice(simd, block);
    let mut any = block.simd_eq(bytes[0]);
    for byte in bytes {
        any |= block.simd_eq(byte);
    }
    any.to_bitmask()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn finds_all_that_stand_there(text in prop::collection::vec(any::<u8>(), 0..5000)) {
            let mut found = Vec::new();
            each(&text, [b'a', b'\'', 0xff], |at| found.push(at));
            let is_one = |&at: &usize| matches!(text[at], b'a' | b'\'' | 0xff);
            prop_assert_eq!(found, (0..text.len()).filter(is_one).collect::<Vec<_>>());
        }
    }
}
