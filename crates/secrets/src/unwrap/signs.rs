//! Finds single bytes that are frequent: quotes, backslashes.
//!
//! A search that starts anew behind each hit spends more on starting than on searching. Here one
//! bit tells of each byte of a block whether it is one of those looked for.

use wide::u8x16;

/// How many bytes are compared together; one bit for each.
const BLOCK: usize = 64;
const LANES: usize = 16;

/// Calls `found` with each place of a text where one of some bytes stands, none of them NUL.
pub(super) fn each<const COUNT: usize>(
    text: &[u8],
    bytes: [u8; COUNT],
    mut found: impl FnMut(usize),
) {
    let (blocks, rest) = text.as_chunks();
    let bytes = bytes.map(u8x16::splat);
    let mut of_block = |start: usize, block: &[u8; BLOCK]| {
        let mut set = equal(block, &bytes);
        while set != 0 {
            found(start + set.trailing_zeros() as usize);
            set &= set - 1;
        }
    };
    for (index, block) in blocks.iter().enumerate() {
        of_block(index * BLOCK, block);
    }
    let mut last = [0; BLOCK];
    last[..rest.len()].copy_from_slice(rest);
    of_block(blocks.len() * BLOCK, &last);
}

/// For each byte of a block whether it is one of some bytes: the first byte's in the lowest bit.
#[inline]
fn equal(block: &[u8; BLOCK], bytes: &[u8x16]) -> u64 {
    let (parts, _) = block.as_chunks::<LANES>();
    let mut set = 0;
    for (index, part) in parts.iter().enumerate() {
        let part = u8x16::new(*part);
        let any = bytes.iter().fold(u8x16::ZERO, |any, byte| any | part.simd_eq(*byte));
        set |= u64::from(any.to_bitmask()) << (index * LANES);
    }
    set
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn finds_all_that_stand_there(text in prop::collection::vec(any::<u8>(), 0..300)) {
            let mut found = Vec::new();
            each(&text, [b'a', b'\'', 0xff], |at| found.push(at));
            let is_one = |&at: &usize| matches!(text[at], b'a' | b'\'' | 0xff);
            prop_assert_eq!(found, (0..text.len()).filter(is_one).collect::<Vec<_>>());
        }
    }
}
