//! Judges a value with no format of its own: is it random, a word, a placeholder?

use crate::stand_in;

/// Shannon entropy in bits a byte: 0 for one repeated byte, at most 8.
pub(crate) fn entropy(value: &[u8]) -> f32 {
    let mut counts = [0_u32; 256];
    for &byte in value {
        counts[usize::from(byte)] += 1;
    }
    let total = value.len() as f32;
    counts
        .iter()
        .filter(|&&count| count > 0)
        .map(|&count| {
            let share = count as f32 / total;
            -share * share.log2()
        })
        .sum()
}

/// Returns true if and only if the value reads like something to be filled in.
pub(crate) fn is_placeholder(value: &[u8]) -> bool {
    stand_in::holds_stand_in(value)
        || stand_in::is_masked(value)
        || stand_in::is_template(value)
        || is_monotonous(value)
}

/// Returns true if and only if runs of one character or of consecutive ones make up most of it,
/// or it uses hardly any different characters for its length.
pub(crate) fn is_monotonous(value: &[u8]) -> bool {
    if value.len() < 8 {
        return false;
    }
    let mut seen = [false; 256];
    let mut distinct = 0;
    for &byte in value {
        distinct += usize::from(!seen[usize::from(byte)]);
        seen[usize::from(byte)] = true;
    }
    if distinct <= 4 || (value.len() >= 24 && distinct <= 6) {
        return true;
    }
    let mut in_runs = 0;
    let mut run = 1;
    let mut last_step = None;
    for pair in value.windows(2) {
        let step = i16::from(pair[1]) - i16::from(pair[0]);
        if matches!(step, -1..=1) && last_step == Some(step) {
            run += 1;
        } else {
            if run >= 5 {
                in_runs += run;
            }
            run = if matches!(step, -1..=1) { 2 } else { 1 };
        }
        last_step = Some(step);
    }
    if run >= 5 {
        in_runs += run;
    }
    in_runs * 2 >= value.len()
}

/// Passwords that documentation writes, in lower case.
const STOCK: &[&[u8]] = &[
    b"pass",
    b"password",
    b"passwd",
    b"pwd",
    b"pw",
    b"secret",
    b"user",
    b"username",
    b"postgres",
    b"root",
    b"admin",
    b"guest",
    b"test",
    b"token",
    b"access_token",
    b"apikey",
    b"api_key",
    b"key",
    b"mypassword",
    b"mypass",
    b"yourpassword",
    b"changeme",
    b"p",
    b"pass1",
    b"foo",
    b"bar",
    b"baz",
    b"none",
    b"null",
    b"undefined",
    b"x-oauth-basic",
    b"x",
    b"port",
    b"db_password",
    b"oauth2",
    b"private-token",
    b"somepassword",
    b"some_password",
    b"userpass",
    b"user_password",
    b"pass%20word",
    b"hunter2",
];

/// Returns true if and only if a password is one that documentation writes, or the user's name.
pub(crate) fn is_stock_password(user: &[u8], password: &[u8]) -> bool {
    let lower = password.to_ascii_lowercase();
    STOCK.contains(&&lower[..])
        || lower.eq_ignore_ascii_case(user)
        || password.iter().all(|&byte| password.first() == Some(&byte))
}

/// The kinds of characters in a value.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Alphabet {
    pub(crate) lower: usize,
    pub(crate) upper: usize,
    pub(crate) digits: usize,
    /// Printable ASCII, and neither letter nor digit.
    pub(crate) marks: usize,
    /// Bytes beyond ASCII.
    pub(crate) foreign: usize,
    /// A control character or space.
    pub(crate) others: usize,
}

impl Alphabet {
    /// Counts the characters of a value.
    pub(crate) fn of(value: &[u8]) -> Self {
        let mut alphabet = Self::default();
        for byte in value {
            match byte {
                b'a'..=b'z' => alphabet.lower += 1,
                b'A'..=b'Z' => alphabet.upper += 1,
                b'0'..=b'9' => alphabet.digits += 1,
                0x21..=0x7e => alphabet.marks += 1,
                0x80.. => alphabet.foreign += 1,
                _ => alphabet.others += 1,
            }
        }
        alphabet
    }

    /// Letters of either case.
    pub(crate) fn letters(self) -> usize {
        self.lower + self.upper
    }

    /// How many of lower case, upper case, digits and marks occur.
    pub(crate) fn kinds(self) -> usize {
        [self.lower, self.upper, self.digits, self.marks].iter().filter(|&&n| n > 0).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entropy_of_one_and_of_many() {
        assert_eq!(entropy(b"aaaaaaaa"), 0.0);
        assert!((entropy(b"abcdefgh") - 3.0).abs() < 1e-6);
    }

    #[test]
    fn placeholders_are_told_from_random_values() {
        for filled_in in [
            "xxxxxxxxxxxx",
            "your_api_key_goes",
            "${TOKEN_VALUE}",
            "<the-token>",
            "abcdefghijklmnop",
            "1234567890123456",
            "aaaaaaaaaaaab",
            "{{ secret }}",
            "sk_live_{name}x1",
            "0123456789abcdef",
        ] {
            assert!(is_placeholder(filled_in.as_bytes()), "{filled_in}");
        }
        for random in ["k3J9zQ1xW8vB5nM2", "9f8e2c71b04d6a53", "tr0ub4dor&3"] {
            assert!(!is_placeholder(random.as_bytes()), "{random}");
        }
    }
}
