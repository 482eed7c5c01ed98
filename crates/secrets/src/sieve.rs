//! Asks of each position of a text whether the four bytes there could be those of an anchor.
//!
//! Of each byte, five bits count: they tell letters apart, whatever their case, and what falls
//! together with a letter is rare. Twenty bits are the number of a bit in a table of 128 KiB. This
//! is the only work that is done for each byte of everything that is scanned, so where the machine
//! has AVX2, eight positions are asked at a time.

use crate::anchor_index::{LOWER, TABLE};

/// The number of words in a table.
const WORDS: usize = TABLE / 4;

/// One bit for each twenty, in words of little endian.
pub(crate) type Table = [[u8; 4]; WORDS];

/// How many positions are asked together; the last of them needs the bytes behind it.
const BLOCK: usize = 64;
type Block = [u8; BLOCK + 8];

/// How many positions are told at most.
pub(crate) const MOST: usize = 128;

/// Puts positions of a text into `found`, from `at` up to `end`, whose bit is set. Tells where it
/// ended for want of room, or `end`, and how many there are. Behind a text stand NULs.
pub(crate) fn sieve(
    table: &Table,
    text: &[u8],
    at: usize,
    end: usize,
    found: &mut [usize; MOST],
) -> (usize, usize) {
    #[cfg(target_arch = "x86_64")]
    if let Some(has_avx2) = fearless_simd::Level::new().as_avx2() {
        return avx2::sieve_by_eight(has_avx2, table, text, at, end, found);
    }
    each_block(text, at, end, found, |block| bits(table, block))
}

/// The same by the instructions of AVX2.
#[cfg(target_arch = "x86_64")]
mod avx2 {
    use std::arch::x86_64::{
        _mm_cvtsi32_si128, _mm256_and_si256, _mm256_andnot_si256, _mm256_madd_epi16,
        _mm256_maddubs_epi16, _mm256_movemask_epi8, _mm256_or_si256, _mm256_set1_epi8,
        _mm256_set1_epi16, _mm256_set1_epi32, _mm256_setr_epi32, _mm256_setzero_si256,
        _mm256_sll_epi32, _mm256_sllv_epi32, _mm256_srli_epi32,
    };

    use fearless_simd::{kernel, prelude::*, u8x32, u32x8};

    use super::{MOST, Table, WORDS, each_block};
    use crate::anchor_index::GRAM;

    kernel!(
        pub(super) fn sieve_by_eight(
            avx2: Avx2,
            table: &Table,
            text: &[u8],
            at: usize,
            end: usize,
            found: &mut [usize; MOST],
        ) -> (usize, usize) {
            let lower = _mm256_set1_epi8(0x1f);
            let (two, four) = (_mm256_set1_epi16(0x2001), _mm256_set1_epi32(0x0400_0001));
            let last = _mm256_set1_epi32(31);
            each_block(text, at, end, found, |block| {
                let mut set = 0;
                for half in 0..2 {
                    let mut signs = _mm256_setzero_si256();
                    for step in 0..GRAM {
                        // Every fourth position from here on.
                        let from = 32 * half + step;
                        let bytes = u8x32::from_slice(avx2, &block[from..from + 32]).into();
                        let pairs = _mm256_maddubs_epi16(_mm256_and_si256(bytes, lower), two);
                        let numbers = _mm256_madd_epi16(pairs, four);
                        let at: u32x8<_> = _mm256_srli_epi32::<5>(numbers).simd_into(avx2);
                        let at: [u32; 8] = at.into();
                        let word =
                            |lane: usize| i32::from_le_bytes(table[at[lane] as usize % WORDS]);
                        let words = _mm256_setr_epi32(
                            word(0),
                            word(1),
                            word(2),
                            word(3),
                            word(4),
                            word(5),
                            word(6),
                            word(7),
                        );
                        // Each number's bit becomes the highest of its word.
                        let high = _mm256_sllv_epi32(words, _mm256_andnot_si256(numbers, last));
                        let bit = _mm256_srli_epi32::<31>(high);
                        let bit = _mm256_sll_epi32(bit, _mm_cvtsi32_si128(8 * step as i32 + 7));
                        signs = _mm256_or_si256(signs, bit);
                    }
                    set |= u64::from(_mm256_movemask_epi8(signs) as u32) << (32 * half);
                }
                set
            })
        }
    );
}

/// Calls `bits` with each block of a text, and puts what it tells into `found`.
#[inline(always)]
fn each_block(
    text: &[u8],
    mut at: usize,
    end: usize,
    found: &mut [usize; MOST],
    bits: impl Fn(&Block) -> u64,
) -> (usize, usize) {
    let mut count = 0;
    while at < end && count <= MOST - BLOCK {
        let last;
        let block = match text[at..].first_chunk() {
            Some(block) => block,
            None => {
                last = padded(&text[at..]);
                &last
            }
        };
        let mut set = bits(block);
        if end - at < BLOCK {
            set &= (1 << (end - at)) - 1;
        }
        while set != 0 {
            found[count % MOST] = at + set.trailing_zeros() as usize;
            count += 1;
            set &= set - 1;
        }
        at += BLOCK;
    }
    (at.min(end), count)
}

/// For each position of a block whether its bit is set: the first position's in the lowest bit.
#[inline]
fn bits(table: &Table, block: &Block) -> u64 {
    let (eights, _) = block.as_chunks();
    let mut set = 0;
    let mut here = lower_bits(eights[0]);
    for (index, next) in eights[1..].iter().enumerate() {
        let next = lower_bits(*next);
        let numbers = here | next << (8 * LOWER);
        let mut of_eight = 0;
        for position in 0..8 {
            let number = numbers >> (position * LOWER);
            let word = u32::from_le_bytes(table[(number >> 5) as usize % WORDS]);
            of_eight |= u64::from(word >> (number & 31) & 1) << position;
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

/// What is left of a text, with NULs behind it.
#[cold]
pub(crate) fn padded<const LEN: usize>(bytes: &[u8]) -> [u8; LEN] {
    let mut all = [0; LEN];
    let len = bytes.len().min(LEN);
    all[..len].copy_from_slice(&bytes[..len]);
    all
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::anchor_index::number;

    /// A table in which one bit of eight is set.
    fn table() -> Box<Table> {
        let mut table = Box::new([[0; 4]; WORDS]);
        for (index, word) in table.iter_mut().enumerate() {
            *word = (index as u32).wrapping_mul(0x9e37_79b1).to_le_bytes();
            word.iter_mut().for_each(|byte| *byte &= byte.rotate_left(3) & byte.rotate_left(5));
        }
        table
    }

    proptest! {
        #[test]
        fn each_way_finds_what_the_numbers_tell(
            text in prop::collection::vec(any::<u8>(), 0..400),
            from: prop::sample::Index,
            to: prop::sample::Index,
        ) {
            let table = table();
            let (from, to) = (from.index(text.len() + 1), to.index(text.len() + 1));
            let (from, to) = (from.min(to), from.max(to));
            let is_set = |&at: &usize| {
                let number = number(u32::from_le_bytes(padded(&text[at..])));
                u32::from_le_bytes(table[number as usize / 32]) >> (number % 32) & 1 != 0
            };
            let expected: Vec<usize> = (from..to).filter(is_set).collect();
            for plain in [false, true] {
                let (mut at, mut all, mut found) = (from, Vec::<usize>::new(), [0; MOST]);
                while at < to {
                    let (next, count) = if plain {
                        each_block(&text, at, to, &mut found, |block| bits(&table, block))
                    } else {
                        sieve(&table, &text, at, to, &mut found)
                    };
                    all.extend_from_slice(&found[..count]);
                    at = next;
                }
                prop_assert_eq!(&all, &expected);
            }
        }
    }
}
