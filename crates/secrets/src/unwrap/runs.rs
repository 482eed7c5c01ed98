//! Finds long runs of the base64 alphabets that could be text.
//!
//! This is most of what decoding costs where there is nothing to decode. Of each twenty bytes,
//! eight are looked at as one number. Programs are full of long identifiers; what tells base64 of
//! text from them is that the highest bit of each byte of ASCII is clear.

use std::ops::Range;

use fearless_simd::{Level, dispatch, prelude::*, u8x16};

/// The shortest run that is worth decoding: of twenty bytes, as an AWS key id has.
pub(crate) const LEAST: usize = 27;
/// Runs are looked for at each multiple of so many bytes.
pub(crate) const STRIDE: usize = 20;
const WORD: usize = 8;
const LANES: usize = 16;

const EACH: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x80 * EACH;

/// The six bits of each letter of either base64 alphabet; `NONE` for other bytes.
pub(super) static VALUES: [u8; 256] = {
    let mut values = [NONE; 256];
    let mut value = 0;
    while value < 26 {
        values[b'A' as usize + value] = value as u8;
        values[b'a' as usize + value] = value as u8 + 26;
        value += 1;
    }
    while value < 36 {
        values[b'0' as usize + value - 26] = value as u8 + 26;
        value += 1;
    }
    (values[b'+' as usize], values[b'-' as usize]) = (62, 62);
    (values[b'/' as usize], values[b'_' as usize]) = (63, 63);
    values
};
const NONE: u8 = 0xff;

/// For a letter at one of four places in a row, by bits: with how many letters before it in its
/// group of four it could be base64 of ASCII (bits 0 to 3, for a row that begins so far into a
/// group), and whether it is a hex digit (bit 4).
///
/// Each byte of ASCII has its highest bit clear. Those bits are the highest of the first letter's
/// six, the third lowest but one of the second's and the second lowest of the third's.
static ROLES: [[u8; 256]; 4] = {
    let mut roles = [[0; 256]; 4];
    let mut byte = 0;
    while byte < 256 {
        let value = VALUES[byte];
        let fits = [value & 32 == 0, value & 8 == 0, value & 2 == 0, true];
        let mut place = 0;
        while place < 4 && value != NONE {
            let mut begin = 0;
            while begin < 4 {
                roles[place][byte] |= (fits[(place + begin) % 4] as u8) << begin;
                begin += 1;
            }
            roles[place][byte] |= ((byte as u8).is_ascii_hexdigit() as u8) << 4;
            place += 1;
        }
        byte += 1;
    }
    roles
};

/// Returns true if and only if a byte is one of either base64 alphabet.
pub(crate) fn is_letter(byte: u8) -> bool {
    VALUES[usize::from(byte)] != NONE
}

/// Calls `found` with each run of [`LEAST`] bytes or more that could be text in base64 or hex; it
/// says where to go on.
pub(super) fn each(text: &[u8], mut found: impl FnMut(Range<usize>) -> usize) {
    let mut at = 0;
    let mut done = 0;
    // A run of 27 bytes holds a whole word at one of the places that are looked at.
    while let Some(word) = text.get(at..at + WORD) {
        if may_be(word) && has_role(word) && has_neighbour(text, at) {
            let (mut start, mut end) = (at, at + WORD);
            while start > done && is_letter(text[start - 1]) {
                start -= 1;
            }
            while end < text.len() && is_letter(text[end]) {
                end += 1;
            }
            if end - start >= LEAST {
                done = found(start..end).clamp(end, text.len());
                at = done.next_multiple_of(STRIDE);
                continue;
            }
        }
        at += STRIDE;
    }
}

/// The first run of [`LEAST`] letters or more between two places of a text.
pub(super) fn next(text: &[u8], from: usize, to: usize) -> Option<Range<usize>> {
    dispatch!(Level::new(), simd => next_by(simd, text, from, to))
}

#[inline(always)]
fn next_by<S: Simd>(simd: S, text: &[u8], from: usize, to: usize) -> Option<Range<usize>> {
    let mut start = from;
    while start + LEAST <= to {
        let Some(other) = last_other(simd, &text[start..start + LEAST]) else {
            let more = text[start + LEAST..to].iter().take_while(|&&byte| is_letter(byte));
            return Some(start..start + LEAST + more.count());
        };
        // No run of that length holds this byte.
        start += other + 1;
    }
    None
}

/// The last of [`LEAST`] bytes that is no letter.
#[inline(always)]
fn last_other<S: Simd>(simd: S, span: &[u8]) -> Option<usize> {
    // The two vectors overlap.
    let second = LEAST - LANES;
    let others = others(simd, &span[..LANES]) | others(simd, &span[second..]) << second;
    others.checked_ilog2().map(|last| last as usize)
}

/// For each of some bytes whether it is no letter: the first one's in the lowest bit.
#[inline(always)]
fn others<S: Simd>(simd: S, bytes: &[u8]) -> u64 {
    let bytes = u8x16::from_slice(simd, bytes);
    let lower = bytes | 0x20;
    let alphabetic = lower.simd_ge(b'a') & lower.simd_le(b'z');
    let numeric = bytes.simd_ge(b'/') & bytes.simd_le(b'9');
    let signs = bytes.simd_eq(b'+') | bytes.simd_eq(b'-') | bytes.simd_eq(b'_');
    (!(alphabetic | numeric | signs)).to_bitmask()
}

/// Returns true if and only if this could be a part of ASCII in base64 or of hex.
fn has_role(word: &[u8]) -> bool {
    let mut roles = !0;
    for (at, &byte) in word.iter().enumerate() {
        roles &= ROLES[at % 4][usize::from(byte)];
        if roles == 0 {
            return false;
        }
    }
    true
}

/// Of a run of 27 bytes that holds this word, the one before or the one after is part as well.
fn has_neighbour(text: &[u8], at: usize) -> bool {
    let part = |start: usize| text.get(start..start + WORD).is_some_and(may_be);
    part(at + WORD) || at.checked_sub(WORD).is_some_and(part)
}

/// Returns true for each word of the alphabets, and for some others: no byte is below `+` or
/// above `z`.
fn may_be(word: &[u8]) -> bool {
    let word = u64::from_le_bytes(word.try_into().expect("the caller slices eight bytes"));
    let below = word.wrapping_sub(EACH * b'+' as u64);
    let above = word.wrapping_add(EACH * (0x7f - b'z') as u64);
    (word | below | above) & HIGH == 0
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD_NO_PAD;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn finds_each_encoded_text(
            before in "[a-z .:={]{0,60}[ .=:{é]",
            text in "[ -~]{20,60}",
            after in "[ .=:{é\n][a-z .:={]{0,40}",
            in_hex: bool,
        ) {
            let encoded = if in_hex {
                text.bytes().map(|byte| format!("{byte:02x}")).collect()
            } else {
                STANDARD_NO_PAD.encode(&text)
            };
            let content = [&before, &encoded, &after].map(String::as_bytes).concat();
            let mut runs = Vec::new();
            each(&content, |run| {
                runs.push(run.clone());
                run.end
            });
            let expected = before.len()..before.len() + encoded.len();
            prop_assert!(runs.contains(&expected), "{:?} in {:?}", expected, runs);
        }
    }

    #[test]
    fn the_last_byte_that_is_no_letter_is_told() {
        for byte in 0..=u8::MAX {
            for at in 0..LEAST {
                let mut span = [b'x'; LEAST];
                span[at] = byte;
                let last = dispatch!(Level::new(), simd => last_other(simd, &span));
                assert_eq!(last, (!is_letter(byte)).then_some(at), "{byte}");
            }
        }
    }

    #[test]
    fn identifiers_are_passed_over() {
        let mut runs = 0;
        each(b"createSourceFileWithSomeOptions.getTheNextParametersOfDeclaration", |run| {
            runs += 1;
            run.end
        });
        assert_eq!(runs, 0);
    }
}
