//! Finds long runs of the base64 alphabets. Ordinary source has few, so this is nearly all the cost
//! of decoding: of each sixteen bytes, eight are looked at as one number.

use std::ops::Range;

/// The shortest run that is worth decoding: of eighteen bytes.
pub(super) const LEAST: usize = 24;
const STRIDE: usize = 16;
const WORD: usize = 8;

const EACH: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x80 * EACH;

/// The bytes of both base64 alphabets.
static ALPHABET: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 128 {
        let one = byte as u8;
        table[byte] = one.is_ascii_alphanumeric() || matches!(one, b'+' | b'/' | b'-' | b'_');
        byte += 1;
    }
    table
};

pub(super) fn is_letter(byte: u8) -> bool {
    ALPHABET[usize::from(byte)]
}

/// Calls `found` with each run of [`LEAST`] bytes or more; it says where to go on.
pub(super) fn each(text: &[u8], mut found: impl FnMut(Range<usize>) -> usize) {
    let mut at = 0;
    let mut done = 0;
    // A run of 23 bytes or more holds a whole word at one of the places that are looked at.
    while let Some(word) = text.get(at..at + WORD) {
        if may_be(word) && word.iter().all(|&byte| is_letter(byte)) && has_neighbour(text, at) {
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

/// Of a run of 24 bytes that holds this word, the one before or the one after is part as well.
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
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn finds_each_run(text in "([a-zA-Z0-9+/_-]{0,40}[ .=:{é]){0,12}[a-z]{0,40}") {
            let text = text.as_bytes();
            let mut runs = Vec::new();
            each(text, |run| {
                runs.push(run.clone());
                run.end
            });
            let mut expected = Vec::new();
            let mut start = 0;
            for part in text.split(|&byte| !is_letter(byte)) {
                if part.len() >= LEAST {
                    expected.push(start..start + part.len());
                }
                start += part.len() + 1;
            }
            prop_assert_eq!(runs, expected);
        }
    }
}
