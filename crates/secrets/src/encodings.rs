//! Where something stands encoded in a text, told from the surroundings of a change.
//!
//! Each version of a file in a history is asked for what its changes can make stand encoded there.
//! What is decoded reaches over a line or over many, so it is looked for in a window around the
//! change that no piece could reach out of; where that gets as wide as the text, one look is enough
//! for all changes.

use std::ops::Range;

use crate::candidates::{AHEAD, BACK};
use crate::ranges;
use crate::ruleset::RuleSet;
use crate::unwrap::{self, Piece};

/// A place where something stands encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Encoding {
    /// Where the first byte stands that is decoded.
    pub start: u32,
    /// Where the bytes end that are decoded.
    pub end: u32,
    /// Whether a secret could stand in what comes out.
    pub likely: bool,
}

impl Encoding {
    /// Changes farther than this from what is decoded, in bytes, do not change what it is.
    pub const REACH: usize = 256;
}

/// A name under which nothing is looked for that others are not. Files of names that make a
/// difference, as [`RuleSet::is_read_by_name`] tells, are scanned whole.
const ANY_NAME: &[u8] = b"";
/// What decides whether something counts as encoded stands no farther from it. Those who ask have
/// added [`AHEAD`] and [`BACK`] to what was changed.
const AROUND_ESCAPE: usize = 160;
/// What comes so near to the edge of a window could go on behind it.
const EDGE: usize = 128;
/// In longer lines, what is encoded is looked for as if it could go on anywhere.
const LONG_LINE: usize = 1024;
/// More than an escape can reach: so much is added to a window that was too narrow.
const WIDER: usize = 1280;

/// What was looked through in one text.
#[derive(Debug, Default)]
pub(crate) struct Seen([Looked; 2]);

/// A part of a text that was looked through in one way.
#[derive(Debug, Default)]
struct Looked {
    window: Range<usize>,
    /// Where something is encoded, sorted, none overlapping another.
    encoded: Vec<Range<usize>>,
}

impl Looked {
    fn new(window: Range<usize>, found: &[Encoding]) -> Self {
        let range = |one: &Encoding| one.start as usize..one.end as usize;
        let mut encoded = found.iter().map(range).collect();
        ranges::join(&mut encoded);
        Self { window, encoded }
    }

    fn covers(&self, range: &Range<usize>) -> bool {
        self.window.start <= range.start && range.end <= self.window.end
    }
}

impl Seen {
    /// Returns true if and only if something is encoded that touches this range, by the last look.
    pub(crate) fn touches(&self, range: &Range<usize>) -> bool {
        self.0.iter().any(|looked| ranges::touched(&looked.encoded, range))
    }
}

impl RuleSet {
    /// Appends the places where something stands encoded that a change in this range of a text can
    /// be the reason of, but for what the last look, which `seen` keeps, has told already. Others
    /// nearby may be among them.
    ///
    /// They are found in a window around the change, which is widened until nothing that is found
    /// could reach over its edges: so it does not matter for them what stands outside. `is_likely`
    /// tells whether a secret could stand in what comes out.
    pub(crate) fn encodings(
        &self,
        text: &[u8],
        changed: &Range<usize>,
        seen: &mut Seen,
        is_likely: &mut dyn FnMut(&[u8]) -> bool,
        found: &mut Vec<Encoding>,
    ) {
        let near = around(text, changed);
        let short = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        let made = &mut |piece: Piece| {
            let Range { start, end } = piece.extent();
            let likely = is_likely(&piece.text);
            Encoding { start: short(start), end: short(end), likely }
        };
        for (looked, way) in seen.0.iter_mut().zip([OVER_LINES, IN_LINES]) {
            if !looked.covers(&near) {
                let before = found.len();
                let window = encodings_in(text, near.clone(), way, made, found);
                *looked = Looked::new(window, &found[before..]);
            }
        }
    }

    /// Returns true if a secret could stand encoded in a text.
    pub(crate) fn may_hide(&self, text: &[u8]) -> bool {
        self.all_encodings(text).iter().any(|one| one.likely)
    }

    /// All that stands encoded in a text.
    pub fn all_encodings(&self, text: &[u8]) -> Vec<Encoding> {
        let mut found = Vec::new();
        let is_likely = &mut |text: &[u8]| self.is_likely_inside(text);
        self.encodings(text, &(0..text.len()), &mut Seen::default(), is_likely, &mut found);
        found
    }

    /// Returns true if a secret could stand in a decoded text, or in what is encoded in it, or if
    /// that is too much to find out.
    pub(crate) fn is_likely_inside(&self, text: &[u8]) -> bool {
        self.is_likely(text, 1, &mut (text.len() * unwrap::MOST))
    }

    fn is_likely(&self, text: &[u8], depth: usize, left: &mut usize) -> bool {
        let mut spots = Vec::new();
        self.spots(text, 0..text.len(), &mut spots);
        let mut likely = spots.iter().any(|spot| spot.likely);
        if depth < unwrap::DEEPEST && !likely {
            unwrap::each(ANY_NAME, text, &mut |piece| {
                let Some(rest) = left.checked_sub(piece.text.len()) else {
                    likely = true;
                    return;
                };
                *left = rest;
                likely = likely || self.is_likely(&piece.text, depth + 1, left);
            });
        }
        likely
    }
}

/// A range and what tells whether something is encoded there: a run is decoded from its beginning
/// to its end.
fn around(text: &[u8], changed: &Range<usize>) -> Range<usize> {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"+/-_=\\".contains(&byte);
    let mut start = changed.start.saturating_sub(AROUND_ESCAPE - AHEAD);
    let mut end = text.len().min(changed.end + AROUND_ESCAPE - BACK);
    start -= text[..start].iter().rev().take_while(|&&byte| is_part(byte)).count();
    end += text[end..].iter().take_while(|&&byte| is_part(byte)).count();
    start..end
}

/// Appends what `made` makes of each text that stands encoded in a frame around some bytes, which is
/// widened until nothing could reach over its edges. Returns its window.
fn encodings_in<T>(
    text: &[u8],
    mut near: Range<usize>,
    (frame, each): Way,
    made: &mut dyn FnMut(Piece) -> T,
    found: &mut Vec<T>,
) -> Range<usize> {
    let before = found.len();
    loop {
        let Frame { window, opens, goes_on } = frame(text, near);
        let mut complete = true;
        each(&text[window.clone()], &mut |piece| {
            let Range { start, end } = piece.extent();
            complete &= !(opens && start < EDGE || goes_on && end + EDGE > window.len());
            if complete {
                found.push(made(piece.moved(window.start)));
            }
        });
        if complete {
            return window;
        }
        found.truncate(before);
        let more = WIDER.max(window.len());
        near = window.start.saturating_sub(more)..text.len().min(window.end + more);
    }
}

/// A part of a text in which encodings are looked for.
struct Frame {
    window: Range<usize>,
    /// What stands before the window could make a difference to what is encoded at its beginning.
    opens: bool,
    /// What stands behind it could make one at its end.
    goes_on: bool,
}

/// How some encodings are looked for: in which part of a text, and by what.
type Way = (fn(&[u8], Range<usize>) -> Frame, fn(&[u8], &mut dyn FnMut(Piece)));
const OVER_LINES: Way = (Frame::strides, unwrap::over_lines);
const IN_LINES: Way = (Frame::lines, unwrap::in_lines);

/// The texts that stand encoded in some ranges of a text, and maybe others near them, each once.
pub(crate) fn pieces(text: &[u8], ranges: &[Range<u32>]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for range in ranges {
        let near = around(text, &(range.start as usize..range.end as usize));
        for way in [OVER_LINES, IN_LINES] {
            encodings_in(text, near.clone(), way, &mut |piece| piece, &mut pieces);
        }
    }
    let key = |piece: &Piece| (piece.extent().start, piece.extent().end, piece.how);
    pieces.sort_by(|a, b| key(a).cmp(&key(b)).then_with(|| a.text.cmp(&b.text)));
    pieces.dedup_by(|a, b| key(a) == key(b) && a.text == b.text);
    pieces
}

impl Frame {
    /// One for what may go on over lines: runs are looked for in strides from the beginning of the
    /// text.
    fn strides(text: &[u8], near: Range<usize>) -> Self {
        let start = near.start - near.start % unwrap::STRIDE;
        Self { window: start..near.end, opens: start > 0, goes_on: near.end < text.len() }
    }

    /// One for what ends with its line: whole lines, unless those are very long.
    fn lines(text: &[u8], near: Range<usize>) -> Self {
        let first = near.start.saturating_sub(LONG_LINE);
        let ends = |end: &usize| !goes_on_behind(text, *end);
        let line = memchr::memrchr_iter(b'\n', &text[first..near.start]).map(|end| first + end);
        let start = line.into_iter().find(ends).map(|end| end + 1);
        let start = start.or((first == 0).then_some(0));
        let last = text.len().min(near.end + LONG_LINE);
        let from = near.end.saturating_sub(1).max(near.start);
        let line = memchr::memchr_iter(b'\n', &text[from..last]).map(|end| from + end);
        let end = line.into_iter().find(ends).map(|end| end + 1);
        let end = end.or((last == text.len()).then_some(last));
        let (opens, goes_on) = (start.is_none(), end.is_none());
        Self { window: start.unwrap_or(near.start)..end.unwrap_or(near.end), opens, goes_on }
    }
}

/// Returns true if and only if a backslash joins the line that ends at `end` with the next one.
fn goes_on_behind(text: &[u8], end: usize) -> bool {
    let line = &text[end.saturating_sub(2)..end];
    line.strip_suffix(b"\r").unwrap_or(line).ends_with(b"\\")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_look_is_enough_where_much_stands_encoded() {
        let rules = RuleSet::default();
        let looks = |text: &[u8]| {
            let (mut seen, mut found) = (Seen::default(), Vec::new());
            let mut looks = 0;
            let is_likely = &mut |_: &[u8]| {
                looks += 1;
                false
            };
            for at in (0..text.len()).step_by(99) {
                rules.encodings(text, &(at..at + 1), &mut seen, is_likely, &mut found);
            }
            looks
        };
        // One piece, asked for once; then one for each line.
        assert_eq!(looks(&b"x = \"\\x41\\x42\\x63\"; ".repeat(2000)), 1);
        let lines = looks(&b"some words = \"\\x41\\x42\\x63\";\n".repeat(2000));
        assert!((2000..8000).contains(&lines), "{lines}");
    }
}
