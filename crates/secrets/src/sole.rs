//! A file that holds nothing but one value, and is named as a credential: `db_password.txt`,
//! `master.key`, `.vault_pass`.
//!
//! Secrets are handed to containers and tools in such files. Nothing in the content tells what the
//! value is, so the file's name stands for the name that it would be assigned to elsewhere. And a
//! long random value with nothing beside it is a token that somebody has saved.

use std::ops::Range;

use leakgate_model::Confidence;

use crate::assignment::{self, Assigned};
use crate::evident;
use crate::syntax::Syntax;
use crate::value;

/// Longer files hold more than a password or a token.
const LONGEST: usize = 600;
const SHORTEST: usize = 6;

/// Ends of names that say nothing of what is in the file.
const ENDINGS: [&[u8]; 9] =
    [b"txt", b"text", b"dat", b"conf", b"cfg", b"local", b"prod", b"b64", b"value"];
/// Ends of names that say that it is a credential.
const TELLING: [&[u8]; 6] = [b"key", b"token", b"secret", b"password", b"passwd", b"pass"];

/// Returns true if and only if a content is one value and nothing else, whatever its name.
pub(crate) fn is_one(content: &[u8]) -> bool {
    content.len() <= LONGEST && value(content).len() >= SHORTEST && {
        let value = value(content);
        value.iter().all(u8::is_ascii_graphic)
    }
}

/// The secret that a file holds, told by the file's name or by nothing but the value.
pub(crate) fn read(path: &[u8], content: &[u8]) -> Option<Assigned> {
    if !is_one(content) {
        return None;
    }
    named(path, content).or_else(|| nameless(path, content))
}

/// A value that was drawn at random beyond doubt, where the file's name allows a text without
/// structure. A lone hash in hex is a checksum or a revision, unless somebody put it in quotes.
fn nameless(path: &[u8], content: &[u8]) -> Option<Assigned> {
    name(path).filter(|name| !name.is_empty() && !is_of_public(name))?;
    Some(Assigned {
        name: 0..0,
        value: drawn(content)?,
        confidence: Confidence::Medium,
        reason: "a random value, and the file holds nothing else".into(),
        others: Vec::new(),
        end: content.len(),
    })
}

/// The value that is all of a content and tells by itself that it is a secret.
pub(crate) fn drawn(content: &[u8]) -> Option<Range<usize>> {
    let whole = value(content);
    let quoted = match whole {
        [b'"', inside @ .., b'"'] | [b'\'', inside @ .., b'\''] => Some(inside),
        _ => None,
    };
    let value = quoted.unwrap_or(whole);
    let has = |accept: fn(&u8) -> bool| value.iter().any(accept);
    let of_letters_and = |marks: &[u8]| {
        value.iter().all(|byte| byte.is_ascii_alphanumeric() || marks.contains(byte))
    };
    let has_form = if quoted.is_some() {
        value.len() >= 32 && of_letters_and(b"+/=")
    } else {
        let mixed = has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase);
        mixed && has(u8::is_ascii_digit) && is_in_parts(value) && of_letters_and(b"_-.")
    };
    let start = content.iter().position(|byte| !byte.is_ascii_whitespace())?;
    let start = start + usize::from(quoted.is_some());
    let drawn = has_form && evident::kind(value, b"").is_none() && value::is_drawn(value);
    drawn.then(|| start..start + value.len())
}

/// Returns true if and only if a value is signed as tokens of sessions and bots are: two long parts,
/// and a short one between them.
fn is_in_parts(value: &[u8]) -> bool {
    let lengths: Vec<_> = value.split(|&byte| byte == b'.').map(<[u8]>::len).collect();
    matches!(lengths[..], [first, 6..=20, last] if first.min(last) >= 20)
}

/// Returns true if and only if a file's name says that everybody may read what it holds.
fn is_of_public(name: &[u8]) -> bool {
    const WORDS: [&str; 10] =
        ["pub", "sha", "md5", "sum", "hash", "digest", "sig", "version", "revision", "fingerprint"];
    let name = name.to_ascii_lowercase();
    WORDS.iter().any(|word| memchr::memmem::find(&name, word.as_bytes()).is_some())
}

fn named(path: &[u8], content: &[u8]) -> Option<Assigned> {
    let name = name(path).filter(|name| !name.is_empty())?;
    let value = value(content);
    let start = content.iter().position(|byte| !byte.is_ascii_whitespace())?;
    // As a line of settings would have it.
    let line = [&name[..], b"=", value, b"\n"].concat();
    let found = assignment::read(&line, 0, name.len(), Syntax::Settings)?;
    let shift = |at: usize| (at + start).checked_sub(name.len() + 1);
    let value = Range { start: shift(found.value.start)?, end: shift(found.value.end)? };
    Some(Assigned { name: 0..0, value, others: Vec::new(), ..found })
}

/// Returns true if a file of this name can be one that [`read`] takes for a credential.
pub(crate) fn may_be_named(file: &[u8]) -> bool {
    // What is no letter of a name is left to the reading.
    let is_odd = |name: &[u8]| !name.iter().all(|&byte| assignment::is_name_byte(byte));
    name(file).is_some_and(|name| is_odd(&name) || crate::name::kind(&name).is_some())
}

fn value(content: &[u8]) -> &[u8] {
    content.trim_ascii()
}

/// The name of a credential that a file's name is, if its ending allows a text without structure.
fn name(path: &[u8]) -> Option<Vec<u8>> {
    let file = path.rsplit(|&byte| byte == b'/').next().unwrap_or(path);
    let file = file.strip_prefix(b".").unwrap_or(file);
    let Some(dot) = file.iter().rposition(|&byte| byte == b'.') else { return Some(file.into()) };
    let ending = file[dot + 1..].to_ascii_lowercase();
    if ENDINGS.contains(&&ending[..]) {
        Some(file[..dot].into())
    } else {
        TELLING.contains(&&ending[..]).then(|| file.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found<'c>(path: &str, content: &'c str) -> Option<&'c str> {
        let found = read(path.as_bytes(), content.as_bytes())?;
        Some(&content[found.value])
    }

    /// Assembled here so that no file holds it whole.
    fn hex() -> String {
        ["8f3a91c07b2e4d56", "a1e09c3b7f28d465"].concat()
    }

    #[test]
    fn a_value_in_a_file_named_as_a_credential_is_found() {
        for path in ["config/master.key", "secrets/jwt_token.txt", "API_KEY", ".api-token"] {
            let content = format!("\n {}\n", hex());
            assert_eq!(found(path, &content), Some(&hex()[..]), "{path}");
        }
        for path in ["db_password", "run/secrets/db_password.txt", ".vault_pass"] {
            assert_eq!(found(path, "Wq7-tangerine\n"), Some("Wq7-tangerine"), "{path}");
        }
    }

    #[test]
    fn a_random_value_alone_is_found_under_any_name() {
        let token = [&hex()[..], ".Qx7_ZbW3.", "tLr5GvYc2NwPz8HdKj4s"].concat();
        for content in [format!("{token}\n"), format!("\"{}\"", hex()), format!("'{}'\n", hex())] {
            let bare = content.trim().trim_matches(['"', '\'']);
            assert_eq!(found("notes/config.txt", &content), Some(bare), "{content}");
            for path in ["a.rs", "file.sha256", "CHECKSUM", "id.pub", "a.svg"] {
                assert_eq!(found(path, &content), None, "{path}");
            }
        }
        let path = "target/".repeat(8);
        for content in ["getElementsByTagNameAndAttributeValue2InOrder", &path, "\"1.2.3-beta.4\""]
        {
            assert_eq!(found("config.txt", content), None, "{content}");
        }
    }

    #[test]
    fn a_name_may_be_as_long_as_file_systems_allow() {
        for len in 70..255 {
            let path = format!("{}_password", "a".repeat(len - 9));
            assert_eq!(found(&path, &hex()), Some(&hex()[..]), "{len}");
            found(&"+".repeat(len), &hex());
        }
    }

    #[test]
    fn other_names_and_other_contents_are_not() {
        for path in
            ["", "VERSION", "config.txt", "public.key", "password.rs", "token.md", "key.sha256"]
        {
            assert_eq!(found(path, &hex()), None, "{path}");
        }
        for content in ["", "changeme\n", "one two three\n", "${DB_PASSWORD}\n", "a=b\nc=d\n"] {
            assert_eq!(found("db_password.txt", content), None, "{content}");
        }
    }
}
