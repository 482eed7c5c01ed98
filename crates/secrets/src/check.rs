//! Offline proofs: what a value's own structure says about whether it is real.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use leakgate_model::Text;
use serde_json::Value;

use crate::expiry;
use crate::judge;
use crate::marvin;
use crate::name;
use crate::pem;
pub use crate::rulefile::CheckName as Check;
use crate::structured;

impl Check {
    /// As rule files name it.
    pub(crate) fn name(self) -> String {
        serde_json::to_value(self)
            .ok()
            .and_then(|name| Some(name.as_str()?.to_owned()))
            .unwrap_or_default()
    }
}

/// What a check says of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Proven; the phrase says how.
    Valid(Text),
    /// Cannot be real.
    Invalid,
    /// Nothing proven; the phrase is worth telling.
    Unknown(Option<Text>),
}

/// A verdict, and where the secret ends if the check saw further than the pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Proof {
    pub(crate) verdict: Verdict,
    pub(crate) end: Option<usize>,
}

/// Runs one check on `text[start..end]`, the secret that a pattern matched.
pub(crate) fn run(check: Check, text: &[u8], start: usize, end: usize) -> Proof {
    let value = &text[start..end];
    let verdict = match check {
        Check::Crc32Base62 => crc32_base62(value),
        Check::Crc32Base36 => crc32_base36(value),
        Check::Crc32Hex => crc32_hex(value),
        Check::AzureKey if marvin::is_right(value) => Verdict::Valid("checksum valid".into()),
        // Keys older than the format can look like it.
        Check::AzureKey => Verdict::Unknown(None),
        Check::SasExpiry => Verdict::Unknown(expiry::of_signature(text, start)),
        Check::Jwt => jwt(value),
        Check::AwsKeyId => aws_key_id(value),
        Check::Base64Json => base64_json(value),
        Check::Mixed => mixed(value),
        Check::BasicCredentials => basic_credentials(value),
        Check::Password => password(value),
        Check::Der => structured::der(value),
        Check::Macaroon => structured::macaroon(value),
        Check::Protobuf => structured::protobuf(value),
        Check::Luhn => luhn(value),
        Check::Seed => structured::seed(value),
        Check::Pem => return pem::prove(text, start, end),
    };
    Proof { verdict, end: None }
}

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const CRC_DIGITS: usize = 6;

/// The CRC-32 of `entropy` as six digits of base 62, most significant first.
///
/// GitHub, "Behind GitHub's new authentication token formats", 2021; npm follows it.
pub(crate) fn crc32_digits(entropy: &[u8]) -> [u8; CRC_DIGITS] {
    let mut left = crc32fast::hash(entropy) as usize;
    let mut digits = [b'0'; CRC_DIGITS];
    for digit in digits.iter_mut().rev() {
        *digit = BASE62[left % 62];
        left /= 62;
    }
    digits
}

fn crc32_base62(value: &[u8]) -> Verdict {
    let body = value.iter().rposition(|&byte| byte == b'_').map_or(value, |at| &value[at + 1..]);
    let Some((entropy, digits)) = body.split_last_chunk::<CRC_DIGITS>() else {
        return Verdict::Unknown(None);
    };
    checksum(*digits == crc32_digits(entropy))
}

/// The CRC-32 of all before it as seven digits of base 36.
///
/// GitLab, the design document "Routable tokens".
pub(crate) fn crc32_base36_digits(token: &[u8]) -> [u8; 7] {
    const BASE36: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    let mut left = crc32fast::hash(token) as usize;
    let mut digits = [b'0'; 7];
    for digit in digits.iter_mut().rev() {
        *digit = BASE36[left % 36];
        left /= 36;
    }
    digits
}

fn crc32_base36(value: &[u8]) -> Verdict {
    match value.split_last_chunk() {
        // Tokens of before have neither a full stop nor a checksum.
        Some((token, digits)) if value.contains(&b'.') => {
            checksum(*digits == crc32_base36_digits(token))
        }
        _ => Verdict::Unknown(None),
    }
}

/// The CRC-32 of a token as hexadecimal digits, its least byte first.
///
/// Grafana, `pkg/components/satokengen`.
pub(crate) fn crc32_hex_digits(token: &[u8]) -> String {
    let sum = crc32fast::hash(token).to_le_bytes();
    sum.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn crc32_hex(value: &[u8]) -> Verdict {
    let Some(at) = memchr::memrchr(b'_', value) else { return Verdict::Unknown(None) };
    checksum(value[at + 1..].eq_ignore_ascii_case(crc32_hex_digits(&value[..at]).as_bytes()))
}

fn checksum(is_right: bool) -> Verdict {
    if is_right { Verdict::Valid("checksum valid".into()) } else { Verdict::Invalid }
}

/// Base64 of either alphabet, padding as it comes.
pub(crate) fn decode_base64(text: &[u8]) -> Option<Vec<u8>> {
    const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
    const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);
    STANDARD.decode(text).or_else(|_| URL_SAFE.decode(text)).ok()
}

/// ISO/IEC 7812-1, annex B. Numbers that are published for tests repeat their digits.
fn luhn(value: &[u8]) -> Verdict {
    let digits: Vec<u8> = value.iter().filter(|byte| byte.is_ascii_digit()).copied().collect();
    let is_told = |digit: &u8| digits.contains(digit);
    let distinct = (b'0'..=b'9').filter(is_told).count();
    let repeats = digits.windows(4).any(|four| four.iter().all(|digit| *digit == four[0]));
    let Some((last, rest)) = digits.split_last() else { return Verdict::Invalid };
    if repeats || distinct < 6 || *last != luhn_digit(rest) {
        return Verdict::Invalid;
    }
    Verdict::Unknown(Some("its last digit is right".into()))
}

/// The digit that belongs behind a card number.
pub(crate) fn luhn_digit(digits: &[u8]) -> u8 {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(at, digit)| match (u32::from(digit - b'0'), at % 2) {
            (digit, 0) => digit * 2 / 10 + digit * 2 % 10,
            (digit, _) => digit,
        })
        .sum();
    b'0' + ((10 - sum % 10) % 10) as u8
}

fn json_object(text: &[u8]) -> Option<Value> {
    let value: Value = serde_json::from_slice(&decode_base64(text)?).ok()?;
    value.is_object().then_some(value)
}

fn base64_json(value: &[u8]) -> Verdict {
    match json_object(value) {
        Some(_) => Verdict::Valid("decodes to JSON".into()),
        None => Verdict::Unknown(None),
    }
}

/// RFC 7519: header, payload and signature, the first two JSON objects in base64url.
fn jwt(value: &[u8]) -> Verdict {
    let mut parts = value.split(|&byte| byte == b'.');
    let (Some(header), Some(payload)) = (parts.next(), parts.next()) else {
        return Verdict::Invalid;
    };
    let Some(header) = json_object(header) else { return Verdict::Invalid };
    let algorithm = header.get("alg").and_then(Value::as_str);
    if algorithm.is_some_and(|alg| alg.eq_ignore_ascii_case("none")) {
        return Verdict::Invalid;
    }
    let Some(payload) = json_object(payload) else {
        // A JWE's second part is an encrypted key.
        return if algorithm.is_some() { Verdict::Unknown(None) } else { Verdict::Invalid };
    };
    match payload.get("iss").and_then(Value::as_str) {
        Some("supabase" | "supabase-demo")
            if payload.get("role").and_then(Value::as_str) == Some("anon") =>
        {
            Verdict::Unknown(Some("a public Supabase key by its role".into()))
        }
        _ => {
            Verdict::Valid(match payload.get("exp").and_then(Value::as_u64).and_then(expiry::day) {
                Some(day) => format!("header and payload parse, expires {day}").into(),
                None => "header and payload parse".into(),
            })
        }
    }
}

/// The account id stands in the base-32 text after the four-letter prefix, one bit shifted.
///
/// Aidan Steele, "AWS Access Key ID formats", 2020; keys issued before 2019 hold no account id.
fn aws_key_id(value: &[u8]) -> Verdict {
    let Some(tail) = value.get(4..).filter(|tail| tail.len() == 16) else {
        return Verdict::Unknown(None);
    };
    let mut bits = 0_u128;
    for byte in tail {
        let five = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'2'..=b'7' => byte - b'2' + 26,
            _ => return Verdict::Invalid,
        };
        bits = bits << 5 | u128::from(five);
    }
    // 80 bits: the first 48 hold the account, of which 40 after the first bit count.
    let account = (bits >> 32 & 0x7fff_ffff_ff80) >> 7;
    let plausible = account < 1_000_000_000_000 && tail[0] >= b'Q';
    Verdict::Unknown(plausible.then(|| format!("of AWS account {account:012}").into()))
}

fn mixed(value: &[u8]) -> Verdict {
    let alphabet = judge::Alphabet::of(value);
    if alphabet.digits == 0 || alphabet.letters() == 0 || judge::is_monotonous(value) {
        return Verdict::Invalid;
    }
    Verdict::Unknown(None)
}

/// RFC 7617: base64 of `user:password`, printable.
fn basic_credentials(value: &[u8]) -> Verdict {
    let Some(decoded) = decode_base64(value) else { return Verdict::Invalid };
    let Some(colon) = decoded.iter().position(|&byte| byte == b':') else {
        return Verdict::Invalid;
    };
    let (user, secret) = (&decoded[..colon], &decoded[colon + 1..]);
    let printable = user.iter().all(|byte| (0x20..0x7f).contains(byte));
    if !printable || secret.len() < 3 || judge::is_stock_password(user, secret) {
        return Verdict::Invalid;
    }
    Verdict::Unknown(Some("decodes to a user and a password".into()))
}

fn password(value: &[u8]) -> Verdict {
    let stock = judge::is_stock_password(b"", value) || name::is_made_up(value);
    if stock || is_name_of_another(value) { Verdict::Invalid } else { Verdict::Unknown(None) }
}

/// Returns true if and only if a value is what a variable for a secret is called: `DB_PASSWORD`.
fn is_name_of_another(value: &[u8]) -> bool {
    let is_constant = |byte: &u8| byte.is_ascii_uppercase() || *byte == b'_';
    value.contains(&b'_') && value.iter().all(is_constant) && name::kind(value).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(body: &str) -> Vec<u8> {
        let mut token = b"ghp_".to_vec();
        token.extend_from_slice(body.as_bytes());
        token.extend_from_slice(&crc32_digits(body.as_bytes()));
        token
    }

    #[test]
    fn a_checksum_proves_and_a_wrong_one_refutes() {
        let mut good = token(&["k3J9zQ1xW8vB5nM", "2k3J9zQ1xW8vB5n"].concat());
        assert!(matches!(crc32_base62(&good), Verdict::Valid(_)));
        let last = good.len() - 1;
        good[last] = if good[last] == b'0' { b'1' } else { b'0' };
        assert_eq!(crc32_base62(&good), Verdict::Invalid);
    }

    #[test]
    fn a_web_token_parses_or_is_none() {
        let encode = |text: &str| {
            GeneralPurpose::new(
                &alphabet::URL_SAFE,
                GeneralPurposeConfig::new().with_encode_padding(false),
            )
            .encode(text)
        };
        let header = encode(r#"{"alg":"HS256","typ":"JWT"}"#);
        let payload = encode(r#"{"sub":"1"}"#);
        let good = format!("{header}.{payload}.c2lnbmF0dXJl");
        assert!(matches!(jwt(good.as_bytes()), Verdict::Valid(_)));
        let unsigned = encode(r#"{"alg":"none"}"#);
        assert_eq!(jwt(format!("{unsigned}.{payload}.").as_bytes()), Verdict::Invalid);
        assert_eq!(jwt(b"abc.def.ghi"), Verdict::Invalid);
    }

    #[test]
    fn an_account_id_is_read_from_a_key_id() {
        // The account is put in the way the format's description says, and read back.
        let account = 123_456_789_012_u128;
        let bits = (1_u128 << 47 | account << 7) << 32;
        let letters: String = (0..16)
            .rev()
            .map(|at| {
                let five = (bits >> (5 * at) & 31) as u8;
                char::from(if five < 26 { b'A' + five } else { b'2' + five - 26 })
            })
            .collect();
        let id = ["AKIA", &letters].concat();
        assert_eq!(
            aws_key_id(id.as_bytes()),
            Verdict::Unknown(Some("of AWS account 123456789012".into()))
        );
    }
}
