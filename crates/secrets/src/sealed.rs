//! Values that are encrypted so that they can be committed: they are what a secret should become.
//!
//! The formats are told by their own marks, never by the file's name: a value that was put beside
//! encrypted ones in the clear is still found.

use std::ops::Range;

/// SOPS writes `ENC[AES256_GCM,data:…]`; hiera-eyaml `ENC[PKCS7,…]` and `ENC[GPG,…]`.
const IN_BRACKETS: [&[u8]; 3] = [b"ENC[AES256_GCM,", b"ENC[PKCS7,", b"ENC[GPG,"];
/// Ansible's vault, Jasypt's settings, and age in its armour.
const BEGINNINGS: [&[u8]; 3] = [b"$ANSIBLE_VAULT;", b"ENC(", b"-----BEGIN AGE ENCRYPTED"];
/// A session key of RSA 4096 takes 512 bytes, and the sealed value and its tag follow.
const LEAST_SEALED: usize = 700;
/// Of a sealed value, so many bytes are looked at.
const FAR: usize = 16 * 1024;

/// Returns true if and only if the value at `span` is encrypted by one of the known tools.
pub(crate) fn is_sealed(text: &[u8], span: &Range<usize>) -> bool {
    let value = &text[span.clone()];
    let begins = |marks: &[&[u8]]| marks.iter().any(|mark| value.starts_with(mark));
    begins(&IN_BRACKETS) || begins(&BEGINNINGS) || is_sealed_secret(text, span)
}

/// `kubeseal` writes the length of the encrypted session key in two bytes, 512, then the key, then
/// the value: base64 that begins with `AgA`, `AgB`, `AgC` or `AgD`, and is long.
fn is_sealed_secret(text: &[u8], span: &Range<usize>) -> bool {
    let rest = &text[span.start..text.len().min(span.start + FAR)];
    let is_letter = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
    matches!(rest, [b'A', b'g', b'A'..=b'D', ..])
        && rest.iter().take_while(|byte| is_letter(byte)).count() >= LEAST_SEALED
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed(value: &str) -> bool {
        let text = format!("password: {value}\n");
        is_sealed(text.as_bytes(), &(10..10 + value.len()))
    }

    #[test]
    fn what_tools_have_encrypted_is_sealed() {
        assert!(sealed("ENC[AES256_GCM,data:p673w7DYkqFY,iv:LFyV,tag:3NJ3,type:str]"));
        assert!(sealed("ENC[PKCS7,MIIBeQYJKoZIhvcNAQcDoIIBajCCAWYCAQAx]"));
        assert!(sealed("$ANSIBLE_VAULT;1.1;AES256"));
        assert!(sealed("ENC(G6N718UuyPE5bHyWKyuLQSm02auQPUtm)"));
        assert!(sealed(&format!("AgB{}", "y3i4OJSWK+PiTySYZZA9rO43c".repeat(30))));
    }

    #[test]
    fn what_only_begins_like_it_is_not() {
        assert!(!sealed("ENCk3J9zQ1xW8vB5nM2"));
        assert!(!sealed("AgBy3i4OJSWKPiTySYZZA9rO43c"));
        assert!(!sealed("AgEy3i4OJSWKPiTySYZZA9rO43c"));
    }
}
