//! Literals in pieces: `"ghp_" + "…"`, two strings side by side, and the same over lines.
//!
//! Whoever writes a secret in two strings does it to get past a scanner, or past a linter's line
//! length. A closing quote, a sign that joins, an opening quote, with a token's letters on both
//! sides, is rare in ordinary source.

use std::ops::Range;

use super::{Piece, count, count_back, is_token, signs};

/// How far before the first and behind the last string the text is taken along.
const MARGIN: usize = 256;
/// The longest string that is followed.
const LONGEST: usize = 1024;
/// The fewest letters of a token on both sides of a gap together: shorter ones tell nothing.
const SHORTEST: usize = 16;
/// The widest gap between two strings.
const WIDEST: usize = 120;

/// Calls `found` with each line whose strings are joined.
pub(super) fn each(text: &[u8], found: &mut dyn FnMut(Piece)) {
    let mut piece = Piece::new("joined");
    let mut from = 0;
    let mut done = 0;
    signs::each(text, [b'"', b'\''], |at| {
        if at < done || !may_join(text, at) {
            return;
        }
        let Some(gap) = gap(text, at) else { return };
        let back = at - count_back(&text[done..at], MARGIN, |byte| byte != b'\n');
        if !piece.text.is_empty() && back > done {
            finish(std::mem::replace(&mut piece, Piece::new("joined")), text, from, found);
        }
        from = if piece.text.is_empty() { back } else { from };
        piece.literal(text, from..at);
        from = gap.end;
        done = gap.end;
    });
    if !piece.text.is_empty() {
        finish(piece, text, from, found);
    }
}

/// For each byte, whether it can follow a string that goes on in another one.
static JOINS: [bool; 256] = {
    let mut joins = [false; 256];
    let mut index = 0;
    while index < 256 {
        let byte = index as u8;
        joins[index] = byte.is_ascii_whitespace()
            || matches!(byte, b'+' | b'.' | b'&' | b'~' | b'<' | b'\\' | b'"' | b'\'');
        index += 1;
    }
    joins
};

/// Returns true if the quote at `at` may end a string that goes on in another one, by the bytes
/// beside it.
fn may_join(text: &[u8], at: usize) -> bool {
    text.get(at + 1).is_some_and(|&next| JOINS[usize::from(next)])
        && at.checked_sub(1).is_some_and(|before| is_token(text[before]))
}

/// Takes the rest of the last string along, and some of what follows.
fn finish(mut piece: Piece, text: &[u8], from: usize, found: &mut dyn FnMut(Piece)) {
    let end = from + count(&text[from..], MARGIN + LONGEST, |byte| byte != b'\n');
    piece.literal(text, from..end);
    found(piece);
}

/// From the closing quote at `at` over a sign to the opening quote of the string that goes on.
fn gap(text: &[u8], at: usize) -> Option<Range<usize>> {
    let rest = &text[at + 1..text.len().min(at + WIDEST)];
    let spaces = count(rest, WIDEST, |byte| byte.is_ascii_whitespace());
    let sign = sign(&rest[spaces..]);
    let more = count(&rest[spaces + sign..], WIDEST, |byte| byte.is_ascii_whitespace());
    let opening = spaces + sign + more;
    // Python's prefixes of strings.
    let prefix = count(&rest[opening..], 2, |byte| matches!(byte, b'f' | b'r' | b'b' | b'u'));
    let quote = opening + prefix;
    let [open, first, ..] = rest.get(quote..)? else { return None };
    let opens = matches!(open, b'"' | b'\'' | b'`') && is_token(*first);
    // Two strings on a line with nothing between them but blanks are arguments of a command.
    let joins = sign > 0 || quote == 0 || rest[..quote].contains(&b'\n');
    let first = at + 1 + quote + 1;
    let letters = || {
        let after = &text[first..text.len().min(first + SHORTEST)];
        count_back(&text[..at], SHORTEST, is_token) + count(after, SHORTEST, is_token)
    };
    (opens && joins && letters() >= SHORTEST).then_some(at..first)
}

/// How long the sign at the start is that joins strings; nothing joins them in some languages.
fn sign(rest: &[u8]) -> usize {
    const SIGNS: [&[u8]; 8] = [b"++", b"+", b"..", b".", b"&", b"~", b"<>", b"\\"];
    SIGNS.iter().find(|sign| rest.starts_with(sign)).map_or(0, |sign| sign.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(text: &str) -> Vec<String> {
        let mut found = Vec::new();
        each(text.as_bytes(), &mut |piece| {
            found.push(String::from_utf8_lossy(&piece.text).into_owned());
        });
        found
    }

    #[test]
    fn strings_are_joined() {
        for (text, expected) in [
            (r#"a = "firsthalf" + "secondhalf";"#, r#"a = "firsthalfsecondhalf";"#),
            (r"a = 'firsthalf'.'secondhalf'.'lasthalf'", "a = 'firsthalfsecondhalflasthalf'"),
            ("a = (\"firsthalf\"\n     \"secondhalf\")", "a = (\"firsthalfsecondhalf\")"),
            ("a = 'firsthalf' \\\n  'secondhalf'", "a = 'firsthalfsecondhalf'"),
            (r#"a = "firsthalf""secondhalf""#, r#"a = "firsthalfsecondhalf""#),
        ] {
            assert_eq!(joined(text), [expected], "{text}");
        }
    }

    #[test]
    fn what_is_not_joined_is_left() {
        for text in [
            r#"f("one", "two")"#,
            r#"a = "hello " + name"#,
            r#"a = "short" + "words""#,
            r#"{"a": "b"}"#,
            r#"cp "one" "two""#,
            "'",
            "a'+'",
        ] {
            assert_eq!(joined(text), Vec::<String>::new(), "{text}");
        }
    }
}
