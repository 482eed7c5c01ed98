//! A value that cannot be printed: only a masked form and a keyed fingerprint leave it.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The bytes of a credential.
///
/// There is no `Display` and no way to serialise it; `Debug` says `[redacted]`.
/// The bytes come out only to someone who holds a [`Reveal`].
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Secret {
    value: Vec<u8>,
    /// How many leading bytes are the format's public prefix, as the four of `ghp_`.
    public: usize,
}

/// What tells a value from others.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Value<'s>(&'s [u8]);

/// Permission to show values, made by the one flag that asks for it.
#[derive(Debug, Clone, Copy)]
pub struct Reveal(());

impl Reveal {
    /// The user said `--show-secrets`.
    pub fn the_user_asked() -> Self {
        Self(())
    }
}

impl Secret {
    /// Takes the bytes of a credential, the first `public` of which every such credential shares.
    pub fn new(value: impl Into<Vec<u8>>, public: usize) -> Self {
        let value = value.into();
        // A prefix is worth showing only when much more stays hidden.
        let public = if public * 2 <= value.len() { public } else { 0 };
        Self { value, public }
    }

    /// The length of the value in bytes.
    pub fn len(&self) -> usize {
        self.value.len()
    }

    /// Returns true if and only if there are no bytes.
    pub fn is_empty(&self) -> bool {
        self.value.is_empty()
    }

    /// The public prefix, then stars whose number says nothing of the length.
    pub fn masked(&self) -> String {
        let prefix = std::str::from_utf8(&self.value[..self.public]).unwrap_or_default();
        let prefix = prefix.lines().next().unwrap_or_default();
        let printable = prefix.chars().all(|c| c.is_ascii_graphic() || c == ' ');
        format!("{}********", if printable { prefix } else { "" })
    }

    /// The bytes themselves.
    pub fn reveal(&self, _permission: Reveal) -> &[u8] {
        &self.value
    }

    /// The bytes as something to look up and compare by, and nothing else.
    pub fn value(&self) -> Value<'_> {
        Value(&self.value)
    }

    /// Names this value without telling it to anybody who lacks the key and a guess.
    pub fn fingerprint(&self, key: &Key) -> Fingerprint {
        key.fingerprint(&[b"secret", &self.value])
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// The key of a repository's fingerprints: 16 random bytes kept in its ignore file.
#[derive(Clone, PartialEq, Eq)]
pub struct Key([u8; 16]);

impl Key {
    /// The key of repositories that have none of their own yet.
    pub const SHARED: Self = Self(*b"leakgate/shared1");

    /// A key with these bytes.
    pub fn new(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Parses 32 hexadecimal digits; `None` for anything else.
    pub fn parse(hex: &str) -> Option<Self> {
        parse_hex(hex).map(Self)
    }

    /// The key as 32 hexadecimal digits.
    pub fn to_hex(&self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The keyed hash (HMAC-SHA-256, first ten bytes) of these parts, kept apart by their lengths.
    pub fn fingerprint(&self, parts: &[&[u8]]) -> Fingerprint {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes a key of any length");
        for part in parts {
            mac.update(&(part.len() as u64).to_le_bytes());
            mac.update(part);
        }
        let mut short = [0; 10];
        short.copy_from_slice(&mac.finalize().into_bytes()[..10]);
        Fingerprint(short)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key")
    }
}

/// Names a finding by its content, not by its position: 20 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint([u8; 10]);

impl Fingerprint {
    /// Parses 20 hexadecimal digits; `None` for anything else.
    pub fn parse(hex: &str) -> Option<Self> {
        parse_hex(hex).map(Self)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

fn parse_hex<const N: usize>(hex: &str) -> Option<[u8; N]> {
    let digits = hex.as_bytes();
    if digits.len() != 2 * N || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_does_not_print() {
        let secret = Secret::new(*b"tok_0123456789", 4);
        assert_eq!(format!("{secret:?}"), "[redacted]");
        assert_eq!(secret.masked(), "tok_********");
    }

    #[test]
    fn a_prefix_that_is_most_of_the_value_is_hidden() {
        assert_eq!(Secret::new(*b"tok_01", 4).masked(), "********");
    }

    #[test]
    fn fingerprints_depend_on_key_and_value_and_parse_back() {
        let one = Secret::new(*b"one", 0).fingerprint(&Key::SHARED);
        assert_ne!(one, Secret::new(*b"two", 0).fingerprint(&Key::SHARED));
        assert_ne!(one, Secret::new(*b"one", 0).fingerprint(&Key::new([7; 16])));
        assert_eq!(Fingerprint::parse(&one.to_string()), Some(one));
        assert_eq!(Fingerprint::parse("zz"), None);
        assert_eq!(Key::parse(&Key::SHARED.to_hex()), Some(Key::SHARED));
    }
}
