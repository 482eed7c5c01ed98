//! Tells random values from what people write: code, words, names, paths.
//!
//! Entropy counts how often each character occurs in the value itself, which says little about
//! sixteen of them. This model knows which characters follow which in real source and English, so
//! a value tells itself by being unexpected: each random letter costs some six bits, each letter
//! of a word two or three. `docs/detection.md` describes its training and what it can tell apart.

use crate::symbols::{self, BOUNDARY, COUNT, DIGIT};

/// What `examples/language` has made: [`TRIGRAMS`], then [`SLOTS`].
static MODEL: &[u8; LEN] = include_bytes!("language.bin");

/// One byte for each three symbols: what the third costs behind the two, in steps of a bit's 1/16.
pub(crate) const TRIGRAMS: usize = COUNT * COUNT * COUNT;
/// Behind them, two bytes for each slot of the four-symbol texts that three do not foretell: the
/// top bits of the text's hash that the slot's place does not tell, then the cost.
pub(crate) const SLOTS: usize = 1 << SLOT_BITS;
pub(crate) const SLOT_BITS: u32 = 14;
const LEN: usize = TRIGRAMS + 2 * SLOTS;
/// Steps of cost in a bit.
pub(crate) const STEPS: f32 = 16.0;

/// Information of which digit it is, which the symbols do not tell, in steps.
const DIGIT_STEPS: u32 = 53;

/// Mean cost of a value's characters in bits, as code and English go: words have about 3, random
/// letters and digits about 7. Takes some 3 ns a character; 0 for no characters.
#[allow(dead_code, reason = "the program that measures the model asks it")]
pub(crate) fn surprise(value: &[u8]) -> f32 {
    bits(value) / value.len().max(1) as f32
}

/// How unlike language a value is, from 0 to 1: the probability that it, or a part of it, was
/// drawn from its alphabet at random rather than written, if both were as likely before. Below
/// eight characters it says little.
pub(crate) fn randomness(value: &[u8]) -> f32 {
    1.0 / (1.0 + ((BIAS - evidence(value)) / SCALE).exp())
}

/// By how many bits the draw explains a value better than language does: as a whole, or the sum
/// of its parts that are random, as the one behind the prefix of a token.
fn evidence(value: &[u8]) -> f32 {
    let parts = value.split(|byte| !byte.is_ascii_alphanumeric());
    let mut sum = 0.0;
    for part in parts.filter(|part| part.len() >= SHORTEST_PART && part.len() < value.len()) {
        sum += (evidence_of_one(part) - PART).max(0.0);
    }
    let whole = evidence_of_one(value);
    if sum > 0.0 { whole.max(sum) } else { whole }
}

fn evidence_of_one(value: &[u8]) -> f32 {
    match Alphabet::of(value) {
        // Numbers are not language, but not drawn at random either.
        Alphabet::Digits => 0.0,
        alphabet => bits(value) - alphabet.bits() * value.len() as f32,
    }
}

/// Returns true if and only if a value was rather written than drawn at random.
pub(crate) fn reads_like_language(value: &[u8]) -> bool {
    randomness(value) < 0.5
}

/// What evidence makes both as likely, and how much more makes a draw e times as likely.
const BIAS: f32 = 6.0;
const SCALE: f32 = 4.0;
/// What parts have to show beyond that, as there are several to choose from.
const PART: f32 = 8.0;
const SHORTEST_PART: usize = 10;

/// The smallest usual alphabet that has all of a value's characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Alphabet {
    Digits,
    /// In one case.
    Hex,
    /// In both cases.
    MixedHex,
    /// In one case.
    Letters,
    /// In one case: base 32 and base 36.
    LettersDigits,
    /// In both cases.
    MixedLetters,
    /// In both cases: base 58 and base 62.
    Alphanumeric,
    /// With two marks, as base64 and its URL-safe kind.
    Base64,
    /// Any printable ASCII.
    Printable,
    /// Anything else.
    Bytes,
}

impl Alphabet {
    /// The smallest of them that has all characters of `value`.
    pub(crate) fn of(value: &[u8]) -> Self {
        let seen = value.iter().fold(0, |seen, &byte| seen | CLASSES[usize::from(byte)]);
        let has = |class: u8| seen & class != 0;
        let (lower, upper) = (has(LOWER | LOWER_HEX), has(UPPER | UPPER_HEX));
        if has(OTHER) {
            Self::Bytes
        } else if has(MARK) {
            Self::Printable
        } else if has(BASE64) {
            Self::Base64
        } else if lower && upper && !has(LOWER | UPPER) && has(DIGITS) {
            Self::MixedHex
        } else if lower && upper {
            if has(DIGITS) { Self::Alphanumeric } else { Self::MixedLetters }
        } else if !lower && !upper {
            Self::Digits
        } else if !has(LOWER | UPPER) && has(DIGITS) {
            Self::Hex
        } else if has(DIGITS) {
            Self::LettersDigits
        } else {
            Self::Letters
        }
    }

    /// Bits of information in a random character of it.
    pub(crate) fn bits(self) -> f32 {
        match self {
            Self::Digits => 3.322,
            Self::Hex => 4.0,
            Self::MixedHex => 4.459,
            Self::Letters => 4.700,
            Self::LettersDigits => 5.170,
            Self::MixedLetters => 5.700,
            Self::Alphanumeric => 5.954,
            Self::Base64 => 6.0,
            Self::Printable => 6.555,
            Self::Bytes => 8.0,
        }
    }
}

const DIGITS: u8 = 1;
const LOWER_HEX: u8 = 2;
const UPPER_HEX: u8 = 4;
const LOWER: u8 = 8;
const UPPER: u8 = 16;
const BASE64: u8 = 32;
const MARK: u8 = 64;
const OTHER: u8 = 128;

const CLASSES: [u8; 256] = {
    let mut table = [OTHER; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = match byte as u8 {
            b'0'..=b'9' => DIGITS,
            b'a'..=b'f' => LOWER_HEX,
            b'A'..=b'F' => UPPER_HEX,
            b'g'..=b'z' => LOWER,
            b'G'..=b'Z' => UPPER,
            b'+' | b'/' | b'=' | b'_' | b'-' => BASE64,
            0x21..=0x7e => MARK,
            _ => OTHER,
        };
        byte += 1;
    }
    table
};

/// The cost of a whole value, the end of its last word included, in bits.
fn bits(value: &[u8]) -> f32 {
    let mut text = START;
    let mut steps = 0;
    symbols::each(value, |symbol| {
        text = push(text, symbol);
        steps += cost(text) + DIGIT_STEPS * u32::from(symbol == DIGIT);
    });
    steps as f32 / STEPS
}

/// The last four symbols, five bits each.
pub(crate) const START: u32 =
    (((BOUNDARY as u32) << 5 | BOUNDARY as u32) << 5 | BOUNDARY as u32) << 5 | BOUNDARY as u32;

#[inline]
pub(crate) fn push(text: u32, symbol: u8) -> u32 {
    (text << 5 | u32::from(symbol)) & 0xf_ffff
}

/// What the last of four symbols costs, in steps.
#[inline]
fn cost(text: u32) -> u32 {
    let (slot, check) = place(text);
    let at = TRIGRAMS + 2 * (slot & (SLOTS - 1));
    let (found, four) = (MODEL[at], MODEL[at + 1]);
    let three = MODEL[text as usize & (TRIGRAMS - 1)];
    // Both are read, so that there is a choice and no branch.
    u32::from(if found == check { four } else { three })
}

/// The slot of four symbols, and the byte that tells them from all others of the slot.
#[inline]
pub(crate) fn place(text: u32) -> (usize, u8) {
    // Odd factors permute: slot and byte together are as good as the text.
    let hash = text.wrapping_mul(0x9E375) & 0xf_ffff;
    let hash = (hash ^ hash >> 9).wrapping_mul(0x5_851F) & 0xf_ffff;
    // From 1, as an empty slot holds 0.
    ((hash >> (20 - SLOT_BITS)) as usize, 1 + (hash as u8 & ((1 << (20 - SLOT_BITS)) - 1)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::template::expand;

    /// The share of 200 values drawn by `template` that do not read like language.
    fn caught(template: &str) -> f32 {
        let drawn = |seed: &u32| expand(template, &format!("{template} {seed}"));
        let values: Vec<_> = (0..200).map(|seed| drawn(&seed)).collect();
        let count = values.iter().filter(|value| !reads_like_language(value.as_bytes())).count();
        count as f32 / values.len() as f32
    }

    #[test]
    fn random_values_do_not_read_like_language() {
        for alphabet in ["hex", "HEX", "lower", "alnum", "base64", "lowernum"] {
            for (len, least) in [(10, 0.97), (16, 0.99), (32, 1.0), (64, 1.0)] {
                let share = caught(&format!("{{{alphabet}:{len}}}"));
                assert!(share >= least, "{alphabet}:{len}: {share}");
            }
        }
    }

    #[test]
    fn what_people_write_reads_like_language() {
        for written in [
            "configuration",
            "getElementById",
            "MAX_BUFFER_SIZE",
            "XMLHttpRequest",
            "django.contrib.auth.hashers",
            "/usr/share/common-licenses",
            "application-credentials",
            "user_password_field",
            "the quick brown fox",
            "AuthenticationMiddleware",
            "sha256_update_internal",
            "benutzername",
            "mot_de_passe_oublie",
        ] {
            assert!(reads_like_language(written.as_bytes()), "{written}");
            assert!(surprise(written.as_bytes()) < 4.5, "{written}");
        }
    }

    #[test]
    fn a_random_part_is_not_hidden_by_words_around_it() {
        for template in ["service_token_{hex:32}", "sk-{hex:40}", "/api/hooks/{alnum:24}/messages"]
        {
            assert_eq!(caught(template), 1.0, "{template}");
        }
        assert!(reads_like_language(b"service_token_deployment_environment"));
    }

    #[test]
    fn numbers_are_not_drawn() {
        assert!(randomness(b"15616669") < 0.5);
        assert!(randomness(b"1234-5678-20240101") < 0.5);
    }

    #[test]
    fn alphabets_by_their_smallest() {
        for (value, alphabet) in [
            ("0123", Alphabet::Digits),
            ("09af", Alphabet::Hex),
            ("09AF", Alphabet::Hex),
            ("09aF", Alphabet::MixedHex),
            ("facade", Alphabet::Letters),
            ("09ag", Alphabet::LettersDigits),
            ("fooBar", Alphabet::MixedLetters),
            ("fooBar2", Alphabet::Alphanumeric),
            ("foo_Bar2", Alphabet::Base64),
            ("foo!", Alphabet::Printable),
            ("foo bar", Alphabet::Bytes),
        ] {
            assert_eq!(Alphabet::of(value.as_bytes()), alphabet, "{value}");
        }
    }

    #[test]
    fn no_two_texts_share_slot_and_check() {
        let mut seen = vec![false; SLOTS << (20 - SLOT_BITS)];
        for text in 0..1 << 20 {
            let (slot, check) = place(text);
            let at = (slot << (20 - SLOT_BITS)) + usize::from(check) - 1;
            assert!(!std::mem::replace(&mut seen[at], true), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_have_a_score(value: Vec<u8>) {
            prop_assert!((0.0..=1.0).contains(&randomness(&value)));
            prop_assert!((0.0..=64.0).contains(&surprise(&value)));
        }
    }
}
