//! Values to tell apart: drawn at random, and found in source.

use std::collections::BTreeSet;
use std::error::Error;
use std::path::PathBuf;

use crate::words;

/// Numbers that are the same in each run (xorshift64*).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % end
    }

    fn of<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }

    /// `len` characters of an alphabet.
    pub(crate) fn text(&mut self, alphabet: &[u8], len: usize) -> Vec<u8> {
        (0..len).map(|_| *self.of(alphabet)).collect()
    }
}

/// The alphabets that programs draw from.
pub(crate) const ALPHABETS: [(&str, &[u8]); 8] = [
    ("hex", b"0123456789abcdef"),
    ("base 32", b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"),
    ("lower", b"abcdefghijklmnopqrstuvwxyz"),
    ("lower, digits", b"abcdefghijklmnopqrstuvwxyz0123456789"),
    ("letters", b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"),
    ("base 62", b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"),
    ("base 64", b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/"),
    (
        "printable",
        b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!@#$%^&*()-_=+?.,:;~",
    ),
];

/// Passwords of the kind people make: a word or two, digits, a mark; or letters told as digits.
pub(crate) fn password(random: &mut Random, words: &[Vec<u8>], leet: Leet) -> Vec<u8> {
    let mut value = random.of(words).clone();
    value[0].make_ascii_uppercase();
    if value.len() < 6 {
        let second: &Vec<u8> = random.of(words);
        value.extend_from_slice(second);
    }
    if leet == Leet::Yes {
        for byte in &mut value {
            *byte = match *byte {
                b'a' => b'@',
                b'e' => b'3',
                b'i' => b'1',
                b'o' => b'0',
                b's' => b'$',
                other => other,
            };
        }
    }
    let digits = 1 + random.below(4);
    value.extend(random.text(b"0123456789", digits));
    value.push(*random.of(b"!@#$%&*?"));
    value
}

/// Whether letters are told as digits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Leet {
    Yes,
    No,
}

/// What stands in source: distinct identifiers, texts in quotes, values of settings.
#[derive(Default)]
pub(crate) struct Found {
    pub(crate) identifiers: BTreeSet<Vec<u8>>,
    pub(crate) literals: BTreeSet<Vec<u8>>,
    pub(crate) settings: BTreeSet<Vec<u8>>,
}

/// Finds them in the texts of `folders`, from 8 to 64 bytes long.
pub(crate) fn found(folders: &[PathBuf]) -> Result<Found, Box<dyn Error>> {
    let mut found = Found::default();
    words::texts(folders, &mut |text| words::lines(text).for_each(|line| found.line(line)))?;
    Ok(found)
}

impl Found {
    fn line(&mut self, line: &[u8]) {
        // What has blanks is no token.
        let fits = |value: &&[u8]| (8..=64).contains(&value.len()) && !value.contains(&b' ');
        let part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
        self.identifiers.extend(
            line.split(|byte| !part(byte))
                .filter(|name| fits(name) && !name[0].is_ascii_digit())
                .map(<[u8]>::to_vec),
        );
        for quote in [b'"', b'\'', b'`'] {
            let inside = line.split(|&byte| byte == quote).skip(1).step_by(2);
            self.literals.extend(inside.filter(fits).map(<[u8]>::to_vec));
        }
        if let Some(at) = line.iter().position(|byte| matches!(byte, b'=' | b':')) {
            let value = line[at + 1..].trim_ascii();
            let word = value.split(|byte| matches!(byte, b' ' | b',' | b';')).next();
            self.settings.extend(word.filter(fits).map(<[u8]>::to_vec));
        }
    }
}
