//! Escapes: of JSON and programs (`\u0067`, `\x67`, `\n`), URLs (`%67`), HTML (`&#103;`), mail
//! (`=67`).
//!
//! Most escapes change nothing for a scanner: it sees `\"` and goes on. Only an escape that stands
//! for a printable character, or one whose letter would join the token behind it (`\nghp_…`), is a
//! reason to decode. Then the text around it is decoded, as far as a match that touches it reaches.

use std::ops::Range;

use super::{Piece, count, is_token, signs};

/// How far around an escape the text is decoded.
const MARGIN: usize = 1024;
/// A token has this many letters or more.
const LEAST_TOKEN: usize = 16;

/// One way of escaping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scheme {
    Backslash,
    Percent,
    Html,
    QuotedPrintable,
}

/// What one escape stands for.
struct Escape {
    /// Bytes of UTF-8; a backslash before a newline stands for none.
    bytes: [u8; 4],
    len: usize,
    /// How long the escape is.
    taken: usize,
}

impl Escape {
    fn byte(byte: u8, taken: usize) -> Self {
        Self { bytes: [byte, 0, 0, 0], len: 1, taken }
    }

    fn nothing(taken: usize) -> Self {
        Self { bytes: [0; 4], len: 0, taken }
    }

    fn letter(number: u32, taken: usize) -> Option<Self> {
        let mut bytes = [0; 4];
        let len = char::from_u32(number)?.encode_utf8(&mut bytes).len();
        Some(Self { bytes, len, taken })
    }

    /// Returns true if and only if a token could hold what it stands for.
    fn is_printable(&self) -> bool {
        self.len == 1 && self.bytes[0].is_ascii_graphic()
    }
}

/// Calls `found` with each part of the text that escapes make different, but for those of mail.
pub(super) fn each(text: &[u8], found: &mut dyn FnMut(Piece)) {
    let mut clusters = [Scheme::Backslash, Scheme::Percent, Scheme::Html].map(Cluster::new);
    signs::each(text, [b'\\', b'%', b'&'], |at| {
        let index = match (text[at], text.get(at + 1)) {
            (b'\\', _) => 0,
            (b'%', _) => 1,
            // `&#…;` and `&amp;`: most others are operators.
            (_, Some(b'#' | b'a')) => 2,
            _ => return,
        };
        clusters[index].offer(text, at, found);
    });
    clusters.into_iter().for_each(|cluster| cluster.flush(text, found));
}

/// Calls `found` with each part of the text that the escapes of mail make different.
pub(super) fn quoted_printable(text: &[u8], found: &mut dyn FnMut(Piece)) {
    let mut cluster = Cluster::new(Scheme::QuotedPrintable);
    signs::each(text, [b'='], |at| cluster.offer(text, at, found));
    cluster.flush(text, found);
}

/// Escapes of one scheme that are near each other.
struct Cluster {
    scheme: Scheme,
    /// From what stands before the first escape that is worth decoding to the end of the last.
    escapes: Option<Range<usize>>,
    /// Where the last escape ends: what is inside of it is none.
    end: usize,
    /// The last backslash of a row of several, and whether what it stands before is worth decoding.
    row: (usize, bool),
}

impl Cluster {
    fn new(scheme: Scheme) -> Self {
        Self { scheme, escapes: None, end: 0, row: (0, false) }
    }

    /// Takes in the mark at `at`, if it is of an escape that makes a difference.
    fn offer(&mut self, text: &[u8], at: usize, found: &mut dyn FnMut(Piece)) {
        if at < self.end {
            return;
        }
        let Some(taken) = self.worth(text, at) else {
            if text[at] == b'\\' {
                // Of two backslashes, the second begins no escape.
                self.end = at + 2;
            }
            return;
        };
        self.end = at + taken;
        let scheme = self.scheme;
        match &mut self.escapes {
            Some(escapes) if scheme.goes_on_to(text, escapes.end..at) => escapes.end = self.end,
            _ => {
                self.cut(text, found);
                self.escapes = Some(scheme.back(text, at)..self.end);
            }
        }
    }

    /// How long the escape at `at` is, if it can make a difference to a token.
    fn worth(&mut self, text: &[u8], at: usize) -> Option<usize> {
        if self.scheme != Scheme::Backslash || text.get(at + 1) != Some(&b'\\') {
            return self.scheme.worth(text, at);
        }
        // An escaped escape: the next round decodes it. What stands behind all of them decides.
        if at >= self.row.0 {
            let row = text[at..].iter().take_while(|&&byte| byte == b'\\').count();
            let last = at + row - 1;
            let decides = text.get(last + 1) != Some(&b'\n');
            self.row = (last, decides && self.scheme.worth(text, last).is_some());
        }
        self.row.1.then_some(2)
    }

    fn cut(&mut self, text: &[u8], found: &mut dyn FnMut(Piece)) {
        let Some(escapes) = self.escapes.take() else { return };
        let around = escapes.start..self.scheme.forward(text, escapes.end);
        if around.len() >= LEAST_TOKEN {
            found(self.scheme.decode(text, around));
        }
    }

    fn flush(mut self, text: &[u8], found: &mut dyn FnMut(Piece)) {
        self.cut(text, found);
    }
}

impl Scheme {
    fn mark(self) -> u8 {
        match self {
            Self::Backslash => b'\\',
            Self::Percent => b'%',
            Self::Html => b'&',
            Self::QuotedPrintable => b'=',
        }
    }

    fn how(self) -> &'static str {
        match self {
            Self::Backslash => "escapes",
            Self::Percent => "percent-encoding",
            Self::Html => "html-escapes",
            Self::QuotedPrintable => "quoted-printable",
        }
    }

    /// What the escape at `at`, where its mark stands, stands for.
    fn read(self, text: &[u8], at: usize) -> Option<Escape> {
        let rest = &text[at + 1..];
        match self {
            Self::Backslash => backslash(rest),
            Self::Percent => Some(Escape::byte(u8::try_from(number(rest, 2, 16)?).ok()?, 3)),
            Self::Html => html(rest),
            Self::QuotedPrintable => match rest {
                [b'\r', b'\n', ..] => Some(Escape::nothing(3)),
                [b'\n', ..] => Some(Escape::nothing(2)),
                _ => Some(Escape::byte(u8::try_from(number(rest, 2, 16)?).ok()?, 3)),
            },
        }
    }

    /// How long the escape at `at` is, if it can make a difference to a token; no row of backslashes.
    fn worth(self, text: &[u8], at: usize) -> Option<usize> {
        let rest = &text[at + 1..];
        let second = *rest.first()?;
        if self == Self::Backslash {
            match second {
                b'n' | b'r' | b't' | b'"' => {
                    let joins =
                        second != b'"' && rest.get(1).is_some_and(u8::is_ascii_alphanumeric);
                    return (joins && count(&rest[1..], LEAST_TOKEN, is_token) == LEAST_TOKEN)
                        .then_some(2);
                }
                b'/' => return (at > 0 && text[at - 1] == b':').then_some(2),
                b'\n' | b'\r' => return joins_lines(text, at),
                b'u' | b'x' | b'U' | b'0'..=b'3' => {}
                _ => return None,
            }
        }
        let escape = self.read(text, at)?;
        if self == Self::Html && second != b'#' {
            // Of the named ones, that inside of an address: `?a=b&amp;c=d`.
            let inside = |at: usize| text.get(at).is_some_and(|&byte| is_token(byte));
            let joins = inside(at.wrapping_sub(1)) && inside(at + escape.taken);
            return (escape.bytes[0] == b'&' && joins).then_some(escape.taken);
        }
        // Most ends of lines with `=` are assignments that go on in the next line, indented.
        let joins = || text.get(at + escape.taken).is_some_and(|&byte| is_token(byte));
        let soft_break = self == Self::QuotedPrintable && escape.len == 0 && joins();
        (escape.is_printable() || soft_break).then_some(escape.taken)
    }

    /// Returns true if and only if a match may go on over this byte.
    fn goes_on(self, byte: u8) -> bool {
        match self {
            Self::Percent => !byte.is_ascii_whitespace(),
            Self::Backslash | Self::Html => byte != b'\n',
            Self::QuotedPrintable => true,
        }
    }

    /// Returns true if and only if what stands between two escapes belongs to both.
    fn goes_on_to(self, text: &[u8], between: Range<usize>) -> bool {
        between.len() <= MARGIN && text[between].iter().all(|&byte| self.goes_on(byte))
    }

    fn back(self, text: &[u8], at: usize) -> usize {
        at - super::count_back(&text[..at], MARGIN, |byte| self.goes_on(byte))
    }

    fn forward(self, text: &[u8], at: usize) -> usize {
        at + count(&text[at..], MARGIN, |byte| self.goes_on(byte))
    }

    fn decode(self, text: &[u8], around: Range<usize>) -> Piece {
        let mut piece = Piece::new(self.how());
        let mut at = around.start;
        while let Some(next) = memchr::memchr(self.mark(), &text[at..around.end]) {
            let mark = at + next;
            match self.read(text, mark).filter(|escape| mark + escape.taken <= around.end) {
                Some(escape) => {
                    piece.literal(text, at..mark);
                    at = mark + escape.taken;
                    piece.unit(mark..at, &escape.bytes[..escape.len]);
                }
                None => {
                    piece.literal(text, at..mark + 1);
                    at = mark + 1;
                }
            }
        }
        piece.literal(text, at..around.end);
        piece
    }
}

/// The escape whose text behind the backslash is `rest`.
fn backslash(rest: &[u8]) -> Option<Escape> {
    let byte = |byte| Some(Escape::byte(byte, 2));
    match *rest.first()? {
        b'n' => byte(b'\n'),
        b'r' => byte(b'\r'),
        b't' => byte(b'\t'),
        quoted @ (b'\\' | b'/' | b'"' | b'\'') => byte(quoted),
        b'x' => Some(Escape::byte(u8::try_from(number(&rest[1..], 2, 16)?).ok()?, 4)),
        b'u' if rest.get(1) == Some(&b'{') => {
            let digits = count(&rest[2..], 6, |byte| byte.is_ascii_hexdigit());
            let closed = rest.get(2 + digits) == Some(&b'}');
            Escape::letter(number(&rest[2..], digits, 16).filter(|_| closed)?, 4 + digits)
        }
        b'u' => Escape::letter(number(&rest[1..], 4, 16)?, 6),
        b'U' => Escape::letter(number(&rest[1..], 8, 16)?, 10),
        b'0'..=b'3' => Some(Escape::byte(u8::try_from(number(rest, 3, 8)?).ok()?, 4)),
        b'\n' | b'\r' => {
            let newline = 1 + usize::from(rest.starts_with(b"\r\n"));
            let indent = count(&rest[newline..], 80, |byte| matches!(byte, b' ' | b'\t'));
            Some(Escape::nothing(1 + newline + indent))
        }
        _ => None,
    }
}

/// How long a backslash, its newline and the indentation behind it are, if a token goes on there.
fn joins_lines(text: &[u8], at: usize) -> Option<usize> {
    let escape = backslash(&text[at + 1..])?;
    let goes_on = |byte: Option<&u8>| byte.is_some_and(|&byte| is_token(byte));
    let before = at.checked_sub(1).and_then(|before| text.get(before));
    (goes_on(before) && goes_on(text.get(at + escape.taken))).then_some(escape.taken)
}

fn html(rest: &[u8]) -> Option<Escape> {
    const NAMES: [(&[u8], u8); 5] =
        [(b"amp;", b'&'), (b"quot;", b'"'), (b"apos;", b'\''), (b"lt;", b'<'), (b"gt;", b'>')];
    if rest.first() != Some(&b'#') {
        let (name, byte) = NAMES.iter().find(|(name, _)| rest.starts_with(name))?;
        return Some(Escape::byte(*byte, 1 + name.len()));
    }
    let (radix, start) = match rest.get(1)? {
        b'x' | b'X' => (16, 2),
        _ => (10, 1),
    };
    let digits = count(&rest[start..], 7, |byte| char::from(byte).is_digit(radix));
    let closed = rest.get(start + digits) == Some(&b';');
    Escape::letter(number(&rest[start..], digits, radix).filter(|_| closed)?, 2 + start + digits)
}

/// The number that the first `digits` bytes are.
fn number(text: &[u8], digits: usize, radix: u32) -> Option<u32> {
    let digits = text.get(..digits).filter(|digits| !digits.is_empty())?;
    digits.iter().try_fold(0_u32, |number, &byte| {
        number.checked_mul(radix)?.checked_add(char::from(byte).to_digit(radix)?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(path: &str, text: &str) -> Vec<(String, String)> {
        let mut found = Vec::new();
        super::super::each(path.as_bytes(), text.as_bytes(), &mut |piece| {
            found.push((piece.how.to_owned(), String::from_utf8_lossy(&piece.text).into_owned()));
        });
        found
    }

    #[test]
    fn each_scheme_is_decoded() {
        for (path, text, how, expected) in [
            ("a", r#"{"a": "\u0061bc\x64\145\u{66}"} "#, "escapes", r#"{"a": "abcdef"} "#),
            ("a", r"x = 'a\nabcdefghijklmnop'", "escapes", "x = 'a\nabcdefghijklmnop'"),
            ("a", r"https:\/\/user:pass@host", "escapes", "https://user:pass@host"),
            ("a", "run --key abc\\\n   def and on", "escapes", "run --key abcdef and on"),
            ("a", "GET /?a%3Dbc%2Fabcdefg", "percent-encoding", "/?a=bc/abcdefg"),
            ("a", "<b>&#97;bc&#x64;ef &amp; g</b>", "html-escapes", "<b>abcdef & g</b>"),
            ("a.eml", "x=3Dabc=\ndefghijklmnop", "quoted-printable", "x=abcdefghijklmnop"),
        ] {
            assert_eq!(decoded(path, text), [(how.to_owned(), expected.to_owned())], "{text}");
        }
    }

    #[test]
    fn what_makes_no_difference_is_left() {
        for text in [
            r"C:\users\name\files and more text",
            r#""a line\n", "caf\u00e9 \u001b[0m and more""#,
            "100 % of them, %d and %s, %20x a",
            "a && b & c &amp; d &nbsp; and more",
            r"\\\\n and \\d and so on for a while",
        ] {
            assert_eq!(decoded("a.c", text), [], "{text}");
        }
    }

    #[test]
    fn a_row_of_backslashes_is_as_long_as_it_likes() {
        for (end, worth) in [(r"u0061bcdefghijklmnop", true), ("d and more of it", false)] {
            for row in [2, 3, 2_000_000] {
                let text = format!("{}{end}", r"\".repeat(row));
                assert_eq!(decoded("a", &text).len(), usize::from(worth), "{row} {end}");
            }
        }
    }

    #[test]
    fn a_place_leads_back_to_the_escapes() {
        let text = r#"a = "x\u0061b\u0063y" and more"#;
        let mut spans = Vec::new();
        each(text.as_bytes(), &mut |piece| {
            let at = piece.text.windows(3).position(|three| three == b"abc").expect("it is there");
            let origin = piece.origin(&(at..at + 3));
            spans.push((origin.start, origin.end));
        });
        assert_eq!(spans, [(6, 19)]);
    }
}
