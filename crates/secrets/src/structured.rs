//! Offline proofs by binary structure: private keys in DER, macaroons, protocol buffers, seeds of
//! one-time passwords.
//!
//! What a random value cannot have by chance is lengths that fit. Each of these is read no further
//! than it takes to be sure.

use leakgate_model::Text;

use crate::check::{Verdict, decode_base64};

/// Base64 of a private key without armour: PKCS#8 (RFC 5958), PKCS#1 (RFC 8017), SEC 1 (RFC 5915).
pub(crate) fn der(value: &[u8]) -> Verdict {
    let decoded = decode_base64(value).unwrap_or_default();
    if is_private_key(&decoded) { valid("the key parses") } else { Verdict::Invalid }
}

/// A token that is a macaroon in base64 behind its prefix: PyPI's, and others'.
///
/// libmacaroons, `doc/format.txt`, version 2: fields of a type, a length and data, each section
/// ended by a zero; the last field is the signature.
pub(crate) fn macaroon(value: &[u8]) -> Verdict {
    let body = value.iter().position(|&byte| byte == b'-').map_or(value, |at| &value[at + 1..]);
    let decoded = decode_base64(body).unwrap_or_default();
    match decoded.split_first() {
        Some((2, fields)) if ends_with_signature(fields) => valid("the macaroon parses"),
        _ => Verdict::Unknown(None),
    }
}

/// A token that is a protocol buffer in base64url behind its prefix and a full stop, as those that
/// HashiCorp Vault hands out since 1.10: a number first, then bytes, a key's worth of them at least,
/// and nothing behind the last field.
pub(crate) fn protobuf(value: &[u8]) -> Verdict {
    let body = value.iter().position(|&byte| byte == b'.').map_or(value, |at| &value[at + 1..]);
    let decoded = decode_base64(body).unwrap_or_default();
    if is_signed_message(&decoded) { valid("its structure parses") } else { Verdict::Unknown(None) }
}

/// Base32 of a seed, RFC 4226 and 6238: text instead of random bytes is what documents show.
pub(crate) fn seed(value: &[u8]) -> Verdict {
    const HEAD: usize = 6;
    let head = from_base32(value, HEAD);
    let is_text = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'!' | b' ');
    // The best known one is "Hello!" and four bytes more.
    let documented = head.len() == HEAD && head.iter().all(is_text);
    if documented { Verdict::Invalid } else { Verdict::Unknown(None) }
}

fn valid(why: &'static str) -> Verdict {
    Verdict::Valid(Text::Borrowed(why))
}

const INTEGER: u8 = 0x02;
const OCTETS: u8 = 0x04;
const OBJECT_ID: u8 = 0x06;
const SEQUENCE: u8 = 0x30;

fn is_private_key(der: &[u8]) -> bool {
    let Some((SEQUENCE, key, [])) = element(der) else { return false };
    let Some((INTEGER, [version @ (0 | 1)], rest)) = element(key) else { return false };
    let Some((tag, content, rest)) = element(rest) else { return false };
    match tag {
        // PKCS#8: the algorithm, then the key.
        SEQUENCE => {
            matches!(element(content), Some((OBJECT_ID, ..)))
                && matches!(element(rest), Some((OCTETS, ..)))
        }
        // PKCS#1: the modulus, and seven numbers more.
        INTEGER => *version == 0 && content.len() >= 32 && count_integers(rest) >= 7,
        // SEC 1: a number of the curve's size.
        OCTETS => *version == 1 && matches!(content.len(), 28..=66),
        _ => false,
    }
}

fn count_integers(mut rest: &[u8]) -> usize {
    let mut count = 0;
    while let Some((INTEGER, _, next)) = element(rest) {
        (count, rest) = (count + 1, next);
    }
    count
}

/// The tag and content of the first element, and what follows it.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (len, rest) = match first {
        0x00..=0x7f => (usize::from(first), rest),
        0x81 => (usize::from(*rest.first()?), &rest[1..]),
        0x82 => (usize::from(*rest.first()?) << 8 | usize::from(*rest.get(1)?), &rest[2..]),
        _ => return None,
    };
    Some((tag, rest.get(..len)?, rest.get(len..)?))
}

fn ends_with_signature(mut rest: &[u8]) -> bool {
    const END: u8 = 0;
    const SIGNATURE: u8 = 6;
    while let Some((&kind, more)) = rest.split_first() {
        if kind == END {
            rest = more;
            continue;
        }
        let Some((len, more)) = varint(more) else { return false };
        if kind > SIGNATURE || more.len() < len {
            return false;
        }
        if kind == SIGNATURE {
            return len == 32 && more.len() == len;
        }
        rest = &more[len..];
    }
    false
}

/// Protocol Buffers, "Encoding": each field has a tag, which is its number and its type, and a
/// value. The fields stand in the order of their numbers.
fn is_signed_message(bytes: &[u8]) -> bool {
    const NUMBER: usize = 0;
    const BYTES: usize = 2;
    let (mut last, mut signed, mut rest) = (0, false, bytes);
    while !rest.is_empty() {
        let Some((tag, more)) = varint(rest) else { return false };
        let Some((value, more)) = varint(more) else { return false };
        let taken = match tag & 7 {
            NUMBER => 0,
            BYTES if last > 0 => value,
            _ => return false,
        };
        if tag >> 3 <= last || more.len() < taken {
            return false;
        }
        (last, signed, rest) = (tag >> 3, signed || taken >= 16, &more[taken..]);
    }
    signed
}

/// A number of seven bits a byte, least first, as protocol buffers have them.
fn varint(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let last = bytes.iter().take(3).position(|byte| byte & 0x80 == 0)?;
    let digits = bytes[..=last].iter().rev();
    Some((digits.fold(0, |sum, byte| sum << 7 | usize::from(byte & 0x7f)), &bytes[last + 1..]))
}

/// The first bytes, at most `most`, that letters of base32 stand for, RFC 4648.
fn from_base32(letters: &[u8], most: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    let (mut bits, mut held) = (0_u32, 0);
    for letter in letters {
        let five = match letter.to_ascii_uppercase() {
            letter @ b'A'..=b'Z' => letter - b'A',
            letter @ b'2'..=b'7' => letter - b'2' + 26,
            _ => break,
        };
        bits = bits << 5 & 0xffff | u32::from(five);
        held += 5;
        if held >= 8 && bytes.len() < most {
            held -= 8;
            bytes.push((bits >> held) as u8);
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
    use proptest::prelude::*;

    use super::*;

    fn wrap(tag: u8, content: &[u8]) -> Vec<u8> {
        let len = content.len();
        match len {
            0..=0x7f => [&[tag, len as u8], content].concat(),
            _ => [&[tag, 0x82, (len >> 8) as u8, len as u8], content].concat(),
        }
    }

    #[test]
    fn private_keys_are_told_from_public_ones() {
        let version = |number: u8| wrap(INTEGER, &[number]);
        let number = wrap(INTEGER, &[0x7b; 64]);
        let algorithm = wrap(SEQUENCE, &wrap(OBJECT_ID, &[0x2b, 0x65, 0x70]));
        let rsa = wrap(SEQUENCE, &[version(0), number.repeat(8)].concat());
        let public_rsa = wrap(SEQUENCE, &number.repeat(2));
        let pkcs8 =
            wrap(SEQUENCE, &[version(0), algorithm.clone(), wrap(OCTETS, &[9; 34])].concat());
        let public = wrap(SEQUENCE, &[algorithm, wrap(0x03, &[9; 33])].concat());
        let sec1 = wrap(SEQUENCE, &[version(1), wrap(OCTETS, &[9; 32])].concat());
        for key in [rsa, pkcs8, sec1] {
            assert!(matches!(der(STANDARD.encode(&key).as_bytes()), Verdict::Valid(_)));
            assert_eq!(der(STANDARD.encode(&key[..key.len() - 1]).as_bytes()), Verdict::Invalid);
        }
        for key in [public_rsa, public] {
            assert_eq!(der(STANDARD.encode(&key).as_bytes()), Verdict::Invalid);
        }
    }

    #[test]
    fn a_macaroon_parses_to_its_signature() {
        let field = |kind: u8, data: &[u8]| [&[kind, data.len() as u8], data].concat();
        let head = [field(1, b"host.io"), field(2, b"an id"), vec![0]].concat();
        let caveat = [field(2, b"time < 9"), vec![0]].concat();
        let whole = [vec![2], head, caveat, vec![0], field(6, &[7; 32])].concat();
        let token = |bytes: &[u8]| format!("host-{}", URL_SAFE_NO_PAD.encode(bytes));
        assert!(matches!(macaroon(token(&whole).as_bytes()), Verdict::Valid(_)));
        let cut = &whole[..whole.len() - 3];
        assert_eq!(macaroon(token(cut).as_bytes()), Verdict::Unknown(None));
    }

    #[test]
    fn a_signed_message_parses_to_its_end() {
        let message = [&[8, 1, 0x12, 32][..], &[7; 32], &[0x1a, 4], b"abcd"].concat();
        let token = |bytes: &[u8]| format!("hvs.{}", URL_SAFE_NO_PAD.encode(bytes));
        assert!(matches!(protobuf(token(&message).as_bytes()), Verdict::Valid(_)));
        for wrong in [&message[..message.len() - 1], &message[2..], &[8, 1, 0x12, 2, 7, 7]] {
            assert_eq!(protobuf(token(wrong).as_bytes()), Verdict::Unknown(None));
        }
    }

    #[test]
    fn seeds_that_documents_show_are_none() {
        // Of RFC 4226: the digits, twice.
        let documented = ["GEZDGNBVGY3TQOJQ", "GEZDGNBVGY3TQOJQ"].concat();
        assert_eq!(seed(documented.as_bytes()), Verdict::Invalid);
        assert_eq!(seed(b"Q7X2MZ5KJ4WNB6TV"), Verdict::Unknown(None));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(bytes: Vec<u8>, text in "[A-Za-z0-9_=-]{0,90}") {
            is_private_key(&bytes);
            ends_with_signature(&bytes);
            is_signed_message(&bytes);
            for check in [der, macaroon, protobuf, seed] {
                check(text.as_bytes());
            }
        }
    }
}
