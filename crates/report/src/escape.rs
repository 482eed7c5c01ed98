//! Makes hostile text harmless to look at.
//!
//! A file name may hold a line feed, an escape sequence or a control that turns text around; a
//! report that prints it as it is lets a repository write on the reader's screen.

use std::borrow::Cow;
use std::fmt::Write;

use leakgate_model::is_invisible;

/// The text with each hidden character as `\n`, `\t`, `\r` or `\u{…}`.
pub(crate) fn visible(text: &str) -> Cow<'_, str> {
    if !text.contains(is_invisible) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    push_visible(&mut shown, text);
    Cow::Owned(shown)
}

/// The bytes of a path as text: like [`visible`], and `\xff` for each byte that is not UTF-8.
pub(crate) fn visible_bytes(bytes: &[u8]) -> String {
    let mut shown = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        push_visible(&mut shown, chunk.valid());
        for byte in chunk.invalid() {
            push_fmt(&mut shown, format_args!("\\x{byte:02x}"));
        }
    }
    shown
}

/// A JSON document with each hidden character as `\uXXXX`: the same document to a parser.
pub(crate) fn json_visible(document: &str) -> Cow<'_, str> {
    // Line ends are layout here: inside of strings the serialiser has escaped them already.
    let is_hidden = |c: char| c != '\n' && is_invisible(c);
    if !document.contains(is_hidden) {
        return Cow::Borrowed(document);
    }
    let mut shown = String::with_capacity(document.len() + 8);
    for c in document.chars() {
        if is_hidden(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                push_fmt(&mut shown, format_args!("\\u{unit:04x}"));
            }
        } else {
            shown.push(c);
        }
    }
    Cow::Owned(shown)
}

/// The bytes with all but unreserved characters (RFC 3986) and slashes as `%FF`.
pub(crate) fn percent_encoded(bytes: &[u8]) -> String {
    let mut encoded = String::with_capacity(bytes.len());
    for &byte in bytes {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            push_fmt(&mut encoded, format_args!("%{byte:02X}"));
        }
    }
    encoded
}

fn push_visible(shown: &mut String, text: &str) {
    for c in text.chars() {
        if is_invisible(c) {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
    }
}

fn push_fmt(text: &mut String, args: std::fmt::Arguments<'_>) {
    text.write_fmt(args).expect("writing to a string does not fail");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_characters_become_visible() {
        assert_eq!(visible("a\nb\tc\u{1b}[31m"), r"a\nb\tc\u{1b}[31m");
        assert_eq!(
            visible("a\u{202e}b\u{2066}\u{200d}\u{feff}"),
            r"a\u{202e}b\u{2066}\u{200d}\u{feff}"
        );
        assert_eq!(visible("\u{9b}2J\u{7f}"), r"\u{9b}2J\u{7f}");
    }

    #[test]
    fn other_characters_stay() {
        for text in ["naïve/日本語.txt", "a b\\c", "emoji 🔑", ""] {
            assert!(matches!(visible(text), Cow::Borrowed(same) if same == text));
        }
    }

    #[test]
    fn bytes_that_are_not_utf8_become_visible() {
        assert_eq!(visible_bytes(b"a\xff\xc3(\n\xe2\x82"), r"a\xff\xc3(\n\xe2\x82");
        assert_eq!(visible_bytes("日本".as_bytes()), "日本");
    }

    #[test]
    fn json_keeps_its_meaning() {
        let text = "a\u{7f}\u{202e}\u{e0001}\u{85}\u{1b}é";
        let document = serde_json::to_string_pretty(&[text]).expect("it is text");
        let shown = json_visible(&document);
        assert_eq!(shown, "[\n  \"a\\u007f\\u202e\\udb40\\udc01\\u0085\\u001bé\"\n]");
        assert_eq!(serde_json::from_str::<[String; 1]>(&shown).expect("it is JSON"), [text]);
    }

    #[test]
    fn uris_hold_any_bytes() {
        assert_eq!(percent_encoded(b"a b/\xff%:#?[]~-_.Z9"), "a%20b/%FF%25%3A%23%3F%5B%5D~-_.Z9");
    }
}
