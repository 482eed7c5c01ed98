//! Private keys and key stores, told by their first bytes.

use bstr::{BStr, ByteSlice};

/// Fewer characters than the shortest key in any encoding has; a template has none.
const LEAST_BODY: usize = 40;

/// What stands between a reader and the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protection {
    /// Nothing.
    None,
    /// A password, which can be guessed offline.
    Password,
}

/// The weakest private key in `text`, if there is one.
pub(crate) fn private_key(text: &[u8]) -> Option<Protection> {
    let mut strongest = putty(text).or_else(|| age(text)).or_else(|| der(text));
    let mut rest = text;
    while let Some(at) = rest.find("-----BEGIN ") {
        rest = &rest[at + "-----BEGIN ".len()..];
        match pem(rest) {
            Some(Protection::None) => return Some(Protection::None),
            Some(Protection::Password) => strongest = Some(Protection::Password),
            None => {}
        }
    }
    strongest
}

/// Returns true if and only if `head` begins a store that holds more than public certificates.
pub(crate) fn is_key_store(path: &BStr, head: &[u8]) -> bool {
    const KEEPASS: [u8; 4] = [0x03, 0xd9, 0xa2, 0x9a];
    const JAVA: [[u8; 4]; 2] = [[0xfe, 0xed, 0xfe, 0xed], [0xce, 0xce, 0xce, 0xce]];
    let lower = path.to_ascii_lowercase();
    let trust = lower.contains_str("trust") || lower.contains_str("cacert");
    match head.get(..4) {
        Some(magic) if magic == KEEPASS => true,
        Some(magic) if JAVA.iter().any(|java| magic == java) => !java_trust_store(head),
        // PKCS #12 is a sequence that begins with version 3.
        Some([0x30, ..]) => !trust && sequence(head).is_some_and(|s| s.starts_with(&[2, 1, 3])),
        // Bouncy Castle: a version of 1 or 2, then the length of the salt, 20.
        Some([0, 0, 0, 1 | 2]) => !trust && head.get(4..8) == Some(&[0, 0, 0, 20]),
        _ => false,
    }
}

/// `text` follows the marker that begins an armoured block.
fn pem(text: &[u8]) -> Option<Protection> {
    let (label, body) = text.split_once_str("-----")?;
    let secret = label.ends_with(b"PRIVATE KEY")
        || label.ends_with(b"PRIVATE KEY BLOCK")
        || label == b"OpenVPN Static key V1";
    if label.contains(&b'\n') || !secret {
        return None;
    }
    let body = &body[..body.find("-----END").unwrap_or(body.len())];
    let letters = body.iter().filter(|byte| byte.is_ascii_alphanumeric()).count();
    if letters < LEAST_BODY {
        return None;
    }
    let encrypted = label.contains_str("ENCRYPTED")
        || body.contains_str("4,ENCRYPTED")
        || label.starts_with(b"OPENSSH") && !names_no_cipher(body);
    Some(if encrypted { Protection::Password } else { Protection::None })
}

/// Returns true if and only if the body of an OpenSSH key says cipher "none".
fn names_no_cipher(body: &[u8]) -> bool {
    // "openssh-key-v1", NUL, the length 4 and "none", in base64.
    body.trim_ascii().starts_with(b"b3BlbnNzaC1rZXktdjEAAAAABG5vbmU")
}

fn putty(text: &[u8]) -> Option<Protection> {
    if !text.starts_with(b"PuTTY-User-Key-File-") || !text.contains_str("Private-Lines:") {
        return None;
    }
    let open = text.contains_str("Encryption: none");
    Some(if open { Protection::None } else { Protection::Password })
}

fn age(text: &[u8]) -> Option<Protection> {
    let (_, key) = text.split_once_str("AGE-SECRET-KEY-1")?;
    let length = key.iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
    (length >= LEAST_BODY).then_some(Protection::None)
}

/// PKCS #8 and PKCS #1 begin with version 0, SEC 1 with version 1 and the key itself.
fn der(head: &[u8]) -> Option<Protection> {
    const STARTS: [&[u8]; 3] = [&[2, 1, 0, 0x30], &[2, 1, 0, 2], &[2, 1, 1, 4]];
    let content = sequence(head)?;
    let is_key = content.len() >= LEAST_BODY && STARTS.iter().any(|s| content.starts_with(s));
    is_key.then_some(Protection::None)
}

/// The content of the DER sequence that `head` begins, as much of it as there is.
fn sequence(head: &[u8]) -> Option<&[u8]> {
    let header = match head {
        [0x30, 0x82, ..] => 4,
        [0x30, 0x81, ..] => 3,
        // PKCS #12 files of Java are often written with an open length.
        [0x30, ..=0x80, ..] => 2,
        [0x30, 0x83, ..] => 5,
        _ => return None,
    };
    head.get(header..)
}

/// Returns true if and only if each entry that `head` shows is a trusted certificate.
fn java_trust_store(head: &[u8]) -> bool {
    const TRUSTED: u64 = 2;
    let mut bytes = Bytes(head);
    let start = (bytes.number(4), bytes.number(4), bytes.number(4));
    let (Some(_), Some(version), Some(entries)) = start else {
        return false;
    };
    for _ in 0..entries {
        match bytes.number(4) {
            Some(TRUSTED) => {}
            Some(_) => return false,
            None => return true,
        }
        let whole = bytes.skip_sized(2).is_some()
            && bytes.number(8).is_some()
            && (version < 2 || bytes.skip_sized(2).is_some())
            && bytes.skip_sized(4).is_some();
        if !whole {
            return true;
        }
    }
    true
}

/// Big-endian numbers and counted bytes, from the front.
struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn number(&mut self, width: usize) -> Option<u64> {
        let (digits, rest) = self.0.split_at_checked(width)?;
        self.0 = rest;
        Some(digits.iter().fold(0, |number, &byte| number << 8 | u64::from(byte)))
    }

    fn skip_sized(&mut self, width: usize) -> Option<()> {
        let length = usize::try_from(self.number(width)?).ok()?;
        self.0 = self.0.get(length..)?;
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn armoured(label: &[&str], body: &str) -> String {
        let label = label.join(" ");
        format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n")
    }

    fn filler() -> String {
        "Ab3".repeat(30)
    }

    #[test]
    fn armoured_keys() {
        let open = [
            armoured(&["RSA", "PRIVATE", "KEY"], &filler()),
            armoured(&["PGP", "PRIVATE", "KEY", "BLOCK"], &filler()),
            armoured(&["OpenVPN Static key V1"], &"0a".repeat(32)),
            armoured(
                &["OPENSSH", "PRIVATE", "KEY"],
                &format!("b3BlbnNzaC1rZXktdjEAAAAABG5vbmU{}", filler()),
            ),
        ];
        for text in &open {
            assert_eq!(private_key(text.as_bytes()), Some(Protection::None), "{text}");
        }
        let closed = [
            armoured(&["ENCRYPTED", "PRIVATE", "KEY"], &filler()),
            armoured(
                &["RSA", "PRIVATE", "KEY"],
                &format!("Proc-Type: 4,ENCRYPTED\nDEK-Info: x\n\n{}", filler()),
            ),
            armoured(
                &["OPENSSH", "PRIVATE", "KEY"],
                &format!("b3BlbnNzaC1rZXktdjEAAAAACmFlczI1Ni1jdHI{}", filler()),
            ),
        ];
        for text in &closed {
            assert_eq!(private_key(text.as_bytes()), Some(Protection::Password), "{text}");
            let both = format!("{text}{}", open[0]);
            assert_eq!(private_key(both.as_bytes()), Some(Protection::None));
        }
    }

    #[test]
    fn what_only_looks_like_a_key() {
        for text in [
            armoured(&["PUBLIC KEY"], &filler()),
            armoured(&["CERTIFICATE"], &filler()),
            armoured(&["PRIVATE", "KEY"], "..."),
            armoured(&["PRIVATE", "KEY"], "{{ key }}"),
            "-----BEGIN ".to_owned(),
            "the PRIVATE KEY".to_owned(),
        ] {
            assert_eq!(private_key(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn other_forms_of_keys() {
        let putty = |cipher: &str| {
            format!("PuTTY-User-Key-File-3: x\nEncryption: {cipher}\nPrivate-Lines: 1\nAA\n")
        };
        assert_eq!(private_key(putty("none").as_bytes()), Some(Protection::None));
        assert_eq!(private_key(putty("aes256-cbc").as_bytes()), Some(Protection::Password));
        let age = format!("# created\nAGE-SECRET-{}-1{}", "KEY", "Q".repeat(58));
        assert_eq!(private_key(age.as_bytes()), Some(Protection::None));
        let mut der = vec![0x30, 0x82, 1, 0, 2, 1, 0, 0x30];
        assert_eq!(private_key(&der), None);
        der.resize(100, 7);
        assert_eq!(private_key(&der), Some(Protection::None));
        der[4] = 0x30;
        assert_eq!(private_key(&der), None);
    }

    #[test]
    fn stores() {
        let pkcs12 = [0x30, 0x82, 9, 9, 2, 1, 3, 0x30];
        assert!(is_key_store("a.p12".into(), &pkcs12));
        assert!(!is_key_store("truststore.p12".into(), &pkcs12));
        assert!(!is_key_store("slides.key".into(), b"PK\x03\x04"));
        assert!(!is_key_store("a.p12".into(), b""));
    }

    #[test]
    fn java_stores_of_certificates_alone() {
        let mut store = vec![0xfe, 0xed, 0xfe, 0xed, 0, 0, 0, 2, 0, 0, 0, 2];
        let entry = |kind: u8| {
            let mut entry = vec![0, 0, 0, kind, 0, 1, b'a', 0, 0, 0, 0, 0, 0, 0, 0];
            entry.extend([0, 1, b'X', 0, 0, 0, 1, 0]);
            entry
        };
        store.extend(entry(2));
        let mut keys = store.clone();
        store.extend(entry(2));
        keys.extend(entry(1));
        assert!(!is_key_store("a.jks".into(), &store));
        assert!(is_key_store("a.jks".into(), &keys));
    }
}
