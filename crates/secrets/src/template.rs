//! Makes the texts of examples: fixed parts as written, random parts the same on each run.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use crate::check;

/// A text made of a template, as `docs/rules.md` describes them. The same seed, the same text.
pub(crate) fn expand(template: &str, seed: &str) -> String {
    let mut random = Random::new(seed);
    let mut text = String::new();
    let mut rest = template;
    while let Some(open) = rest.find('{') {
        text.push_str(&rest[..open]);
        rest = &rest[open..];
        let made = rest
            .find('}')
            .and_then(|close| Some((make(&rest[1..close], &text, &mut random)?, close)));
        match made {
            Some((made, close)) => {
                text.push_str(&made);
                rest = &rest[close + 1..];
            }
            None => {
                text.push('{');
                rest = &rest[1..];
            }
        }
    }
    text.push_str(rest);
    text
}

/// The first part of a template that looks like one to be filled in and is none: `{alnm:32}`.
pub(crate) fn unknown(template: &str) -> Option<&str> {
    let mut random = Random::new("");
    template.match_indices('{').find_map(|(open, _)| {
        let inside = template[open + 1..].split_once('}')?.0;
        let (name, count) = inside.split_once(':')?;
        let is_like_one = !name.is_empty()
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric())
            && !count.is_empty()
            && count.bytes().all(|byte| byte.is_ascii_digit());
        let is_one = make(inside, "", &mut random).is_some();
        (is_like_one && !is_one).then(|| &template[open..open + inside.len() + 2])
    })
}

const LOWER: &str = "abcdefghijklmnopqrstuvwxyz";
const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const DIGITS: &str = "0123456789";

/// What stands for `{name}` or `{name:argument}` after `before`; `None` if it is no template.
fn make(inside: &str, before: &str, random: &mut Random) -> Option<String> {
    match inside {
        "uuid" => return Some(random.uuid()),
        "jwt" => return Some(random.web_token()),
        "check" | "badcheck" => {
            let body = before.rsplit('_').next().unwrap_or_default();
            let mut digits = check::crc32_digits(body.as_bytes());
            if inside == "badcheck" {
                digits.reverse();
                digits[0] = if digits[0] == b'7' { b'8' } else { b'7' };
            }
            return Some(digits.iter().map(|&digit| char::from(digit)).collect());
        }
        "check36" => {
            let digits = check::crc32_base36_digits(token(before).as_bytes());
            return Some(String::from_utf8_lossy(&digits).into_owned());
        }
        "luhn" => {
            let digits: Vec<u8> = token(before).bytes().filter(u8::is_ascii_digit).collect();
            return Some(char::from(check::luhn_digit(&digits)).into());
        }
        "checkhex" => {
            return Some(check::crc32_hex_digits(token(before).trim_end_matches('_').as_bytes()));
        }
        _ => {}
    }
    let (name, argument) = inside.split_once(':')?;
    if name == "pem" {
        return Some(random.block(argument));
    }
    let count: usize = argument.parse().ok()?;
    let alphabet = match name {
        "alnum" => [UPPER, LOWER, DIGITS].concat(),
        "alpha" => [UPPER, LOWER].concat(),
        "lower" => LOWER.to_owned(),
        "upper" => UPPER.to_owned(),
        "digit" => DIGITS.to_owned(),
        "lowernum" => [LOWER, DIGITS].concat(),
        "uppernum" => [UPPER, DIGITS].concat(),
        "hex" => [DIGITS, "abcdef"].concat(),
        "HEX" => [DIGITS, "ABCDEF"].concat(),
        "base64" => [UPPER, LOWER, DIGITS, "+/"].concat(),
        "base64url" => [UPPER, LOWER, DIGITS, "-_"].concat(),
        "base32" => [UPPER, "234567"].concat(),
        "base58" => "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz".to_owned(),
        _ => return None,
    };
    let inner = alphabet.trim_end_matches(['+', '/', '-', '_']);
    let letters = (0..count).map(|at| {
        let at_end = at == 0 || at + 1 == count;
        random.one_of(if at_end { inner } else { &alphabet })
    });
    Some(letters.collect())
}

/// The token that a text ends with.
fn token(text: &str) -> &str {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    text.rsplit(|c| !is_part(c)).next().unwrap_or_default()
}

/// SplitMix64 (Steele, Lea and Flood, 2014): enough for texts that only have to look random.
struct Random(u64);

impl Random {
    fn new(seed: &str) -> Self {
        // FNV-1a turns the seed's text into a number.
        let hash = seed.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Self(hash)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| (self.next() >> 32) as u8).collect()
    }

    /// A letter of an ASCII alphabet.
    fn one_of(&mut self, alphabet: &str) -> char {
        let at = (self.next() >> 32) as usize % alphabet.len();
        char::from(alphabet.as_bytes()[at])
    }

    fn uuid(&mut self) -> String {
        let hex: String = self.bytes(16).iter().map(|byte| format!("{byte:02x}")).collect();
        let (a, b, c, d, e) = (&hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..]);
        format!("{a}-{b}-4{c}-a{d}-{e}")
    }

    fn web_token(&mut self) -> String {
        let subject = URL_SAFE_NO_PAD.encode(self.bytes(9));
        let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","typ":"JWT"}"#);
        let payload = URL_SAFE_NO_PAD.encode(format!(r#"{{"sub":"{subject}","iat":1700000000}}"#));
        format!("{header}.{payload}.{}", URL_SAFE_NO_PAD.encode(self.bytes(32)))
    }

    /// An armoured block whose body begins as such a key does.
    fn block(&mut self, label: &str) -> String {
        let random = self.bytes(596);
        let start: &[u8] = match label {
            label if label.contains("OPENSSH") => b"openssh-key-v1\0\0\0\0\x04none",
            label if label.contains("PGP") => &[0x95],
            _ => &[0x30, 0x82, 0x02, 0x54],
        };
        let body = STANDARD.encode([start, &random].concat());
        let mut lines = vec![format!("-----BEGIN {label}-----")];
        lines.extend(
            body.as_bytes().chunks(64).map(|line| String::from_utf8_lossy(line).into_owned()),
        );
        lines.push(format!("-----END {label}-----"));
        lines.join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_filled_the_same_way_each_time() {
        let text = expand(r#"{"key": "abc_{hex:8}{check}", "n": {digit:3}}"#, "seed");
        assert_eq!(text, expand(r#"{"key": "abc_{hex:8}{check}", "n": {digit:3}}"#, "seed"));
        assert!(text.starts_with(r#"{"key": "abc_"#) && text.ends_with('}'), "{text}");
        assert_ne!(text, expand(r#"{"key": "abc_{hex:8}{check}", "n": {digit:3}}"#, "other"));
        assert_eq!(expand("{unknown:3} {x}", "seed"), "{unknown:3} {x}");
    }
}
