//! Texts that stand encoded inside a text: base64, hex, escapes, literals in pieces.
//!
//! A secret in a Kubernetes manifest is base64, one in a JSON string may have its letters escaped,
//! one in a program may be put together from two literals. Each such place becomes a [`Piece`]: the
//! decoded text, and for each of its bytes where it comes from, so that a finding is told at the
//! place where the user can see it. Looking for such places has to cost next to nothing where there
//! are none: the passes here skip over ordinary text in words or vectors, and decode only what
//! begins like text.

mod base;
mod escapes;
mod packed;
mod runs;
mod signs;
mod split;

use std::ops::Range;

use crate::syntax::Syntax;

pub(crate) use runs::{STRIDE, is_letter};

/// How deep encodings inside encodings are followed.
pub(crate) const DEEPEST: usize = 4;
/// How many bytes are decoded for each byte of a text in all, behind the first encoding: more only
/// come out of a text that is made for it.
pub(crate) const MOST: usize = 8;
/// The shortest decoded text that can hold a secret.
const SHORTEST: usize = 16;

/// A text that stood encoded in another.
#[derive(Debug)]
pub(crate) struct Piece {
    /// The decoded text.
    pub(crate) text: Vec<u8>,
    /// The word for the encoding in a finding's place.
    pub(crate) how: &'static str,
    /// How values are assigned in it, where names in it can be trusted to be names.
    pub(crate) assigns: Option<Syntax>,
    marks: Vec<Mark>,
    /// Where the encoded text ends.
    end: usize,
}

/// From here to the next mark, each `from` bytes of the encoded text make `to` of the decoded.
#[derive(Debug, Clone, Copy)]
struct Mark {
    decoded: usize,
    encoded: usize,
    from: usize,
    to: usize,
}

impl Piece {
    fn new(how: &'static str) -> Self {
        Self { text: Vec::new(), how, assigns: None, marks: Vec::new(), end: 0 }
    }

    /// Says that what is appended next comes from `encoded` on, `to` bytes of each `from`.
    fn mark(&mut self, encoded: usize, from: usize, to: usize) {
        let decoded = self.text.len();
        // A row of thousands of escapes that are alike takes one mark.
        let goes_on = |last: &Mark| {
            let groups = (decoded - last.decoded) / to;
            (last.from, last.to) == (from, to)
                && decoded == last.decoded + groups * to
                && encoded == last.encoded + groups * from
        };
        if !self.marks.last().is_some_and(goes_on) {
            self.marks.push(Mark { decoded, encoded, from, to });
        }
    }

    /// Appends a range of the encoded text as it is.
    fn literal(&mut self, encoded: &[u8], range: Range<usize>) {
        if !range.is_empty() {
            self.mark(range.start, 1, 1);
            self.end = range.end;
            self.text.extend_from_slice(&encoded[range]);
        }
    }

    /// Appends what one escape stands for.
    fn unit(&mut self, range: Range<usize>, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.mark(range.start, range.len(), bytes.len());
            self.text.extend_from_slice(bytes);
        }
        self.end = range.end;
    }

    /// The same, if the encoded text is a part of another that begins so many bytes into that.
    pub(crate) fn moved(mut self, by: usize) -> Self {
        self.marks.iter_mut().for_each(|mark| mark.encoded += by);
        self.end += by;
        self
    }

    /// Which bytes of the encoded text were decoded.
    pub(crate) fn extent(&self) -> Range<usize> {
        let start = self.marks.first().map_or(self.end, |mark| mark.encoded);
        start..self.end.max(start)
    }

    /// Where a span of the decoded text stands in the encoded one.
    pub(crate) fn origin(&self, span: &Range<usize>) -> Range<usize> {
        let after = |at: usize| self.marks.partition_point(|mark| mark.decoded <= at);
        let group = |at: usize, more: usize| {
            let next = after(at);
            let Some(mark) = next.checked_sub(1).map(|index| self.marks[index]) else { return 0 };
            let limit = self.marks.get(next).map_or(self.end, |next| next.encoded);
            (mark.encoded + ((at - mark.decoded) / mark.to + more) * mark.from).min(limit)
        };
        let start = group(span.start, 0);
        start..group(span.end.max(span.start + 1) - 1, 1).max(start)
    }
}

/// Calls `found` with each text that stands encoded in `text`.
pub(crate) fn each(path: &[u8], text: &[u8], found: &mut dyn FnMut(Piece)) {
    over_lines(text, found);
    in_lines(text, found);
    if is_mail(path) {
        escapes::quoted_printable(text, found);
    }
}

/// Calls `found` with each text that stands encoded in `text` and may go on over lines.
pub(crate) fn over_lines(text: &[u8], found: &mut dyn FnMut(Piece)) {
    if text.len() < SHORTEST {
        return;
    }
    runs::each(text, |run| {
        let Some((piece, end)) = base::decode(text, &run) else { return run.end };
        found(piece);
        end.max(run.end)
    });
    packed::each(text, found);
    split::each(text, found);
}

/// Calls `found` with each text that stands encoded in `text` as one line, or as several that end in
/// backslashes but for the last. What other lines hold makes no difference to it.
pub(crate) fn in_lines(text: &[u8], found: &mut dyn FnMut(Piece)) {
    if text.len() >= SHORTEST {
        escapes::each(text, found);
    }
}

/// Returns true if and only if the file's name is one of mail and its relatives.
pub(crate) fn is_mail(path: &[u8]) -> bool {
    const EXTENSIONS: [&[u8]; 7] = [b"eml", b"mbox", b"mht", b"mhtml", b"emlx", b"vcf", b"ics"];
    let end = &path[path.len().saturating_sub(6)..];
    let dot = end.iter().rposition(|&byte| byte == b'.');
    dot.is_some_and(|dot| {
        let extension = &end[dot + 1..];
        path.len() > extension.len() + 1
            && EXTENSIONS.iter().any(|one| extension.eq_ignore_ascii_case(one))
    })
}

/// A run of letters that is long enough to be decoded.
pub(crate) struct Run {
    range: Range<usize>,
    is_encoded: bool,
}

impl Run {
    /// Returns true if it may be decoded in another text that has the same bytes in this range.
    pub(crate) fn may_be_decoded(&self, range: &Range<usize>) -> bool {
        let inside = self.range.start.max(range.start)..self.range.end.min(range.end);
        inside.len() >= runs::LEAST && (self.is_encoded || inside != self.range)
    }
}

/// The runs of letters in a range of a text that are long enough.
pub(crate) fn runs_in(text: &[u8], range: &Range<usize>) -> Vec<Run> {
    let mut found = Vec::new();
    let mut at = range.start;
    while let Some(run) = runs::next(text, at, range.end) {
        at = run.end;
        let is_encoded = base::decode(text, &run).is_some();
        // One at the edges may go on.
        let is_letter = |at: usize| text.get(at).is_some_and(|&byte| runs::is_letter(byte));
        let opens = run.start == range.start && run.start > 0 && is_letter(run.start - 1);
        let goes_on = run.end == range.end && is_letter(run.end);
        let range = run.start - usize::from(opens)..run.end + usize::from(goes_on);
        found.push(Run { range, is_encoded });
    }
    found
}

/// Returns true if and only if the byte can stand inside a token.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'+' | b'/' | b'=' | b'.' | b':')
}

/// How many bytes at the start of `text`, of at most `most`, satisfy `accept`.
fn count(text: &[u8], most: usize, accept: impl Fn(u8) -> bool) -> usize {
    text.iter().take(most).take_while(|&&byte| accept(byte)).count()
}

/// How many bytes at the end of `text`, of at most `most`, satisfy `accept`.
fn count_back(text: &[u8], most: usize, accept: impl Fn(u8) -> bool) -> usize {
    text.iter().rev().take(most).take_while(|&&byte| accept(byte)).count()
}
