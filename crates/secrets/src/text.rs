//! From byte offsets to what a person reads: lines, columns, and a masked piece of the line.

use std::ops::Range;

use bstr::ByteSlice as _;
use leakgate_model::{Excerpt, Place, SourceLines, is_invisible};

use crate::copies::Copies;

/// Characters of context an excerpt keeps on each side of a finding.
const CONTEXT: usize = 60;
/// The longest highlighted part of an excerpt, in characters.
const WIDEST: usize = 100;
/// Raw bytes kept on each side for inline markers.
const RAW_CONTEXT: usize = 2048;

/// Where a text begins inside the whole content, when it is one window of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Base {
    /// Bytes of the content before the text.
    pub(crate) offset: u64,
    /// The line that the text begins on, from 1.
    pub(crate) line: u64,
    /// The column that the text begins at, from 1.
    pub(crate) column: u64,
}

impl Base {
    /// The beginning of the content.
    pub(crate) const START: Self = Self { offset: 0, line: 1, column: 1 };

    /// The base of what follows after `text`.
    pub(crate) fn after(self, text: &[u8]) -> Self {
        let offset = self.offset + text.len() as u64;
        match memchr::memrchr(b'\n', text) {
            Some(at) => Self {
                offset,
                line: self.line + memchr::memchr_iter(b'\n', text).count() as u64,
                column: 1 + columns(&text[at + 1..]),
            },
            None => Self { offset, line: self.line, column: self.column + columns(text) },
        }
    }
}

fn columns(text: &[u8]) -> u64 {
    text.chars().count() as u64
}

/// Turns offsets into lines and columns, going forward through one text.
pub(crate) struct Places<'t> {
    text: &'t [u8],
    first: Base,
    at: usize,
    base: Base,
    /// The line of the last span, without its end.
    line: Range<usize>,
}

impl<'t> Places<'t> {
    pub(crate) fn new(text: &'t [u8], base: Base) -> Self {
        Self { text, first: base, at: 0, base, line: 0..0 }
    }

    /// The place of a span. Cheap when spans come in order of their start.
    pub(crate) fn of(&mut self, span: &Range<usize>, decoded: &[&'static str]) -> Place {
        let start = self.advance(span.start);
        let end = start.after(&self.text[span.clone()]);
        Place {
            line: start.line,
            column: start.column,
            end_line: end.line,
            end_column: end.column,
            span: start.offset..end.offset,
            decoded: decoded.to_vec(),
            inside: Vec::new(),
        }
    }

    fn advance(&mut self, to: usize) -> Base {
        if to < self.at {
            (self.at, self.base) = (0, self.first);
        }
        self.base = self.base.after(&self.text[self.at..to]);
        self.at = to;
        self.base
    }

    /// The line that a span begins on, without its end. Cheap when many are on one.
    pub(crate) fn line_of(&mut self, span: &Range<usize>) -> Range<usize> {
        if !self.line.contains(&span.start) {
            self.line = line_around(self.text, span.start);
        }
        self.line.clone()
    }
}

/// The raw line of a span and the one above, cut around the span.
pub(crate) fn source_lines(text: &[u8], span: &Range<usize>, line: &Range<usize>) -> SourceLines {
    let from = line.start.max(span.start.saturating_sub(RAW_CONTEXT));
    let to = line.end.min(span.start + RAW_CONTEXT);
    let above = match line.start.checked_sub(1) {
        Some(end) => {
            let near = &text[end.saturating_sub(RAW_CONTEXT)..end];
            &near[memchr::memrchr(b'\n', near).map_or(0, |newline| newline + 1)..]
        }
        None => &[],
    };
    SourceLines { line: text[from..to.max(from)].to_vec(), above: above.to_vec() }
}

fn line_around(text: &[u8], at: usize) -> Range<usize> {
    let start = memchr::memrchr(b'\n', &text[..at]).map_or(0, |newline| newline + 1);
    let end = memchr::memchr(b'\n', &text[at..]).map_or(text.len(), |newline| at + newline);
    start..end
}

/// Makes excerpts of one text.
pub(crate) struct Excerpts<'x> {
    pub(crate) text: &'x [u8],
    /// All spans of the text that hold a secret, sorted, with what to show for each.
    pub(crate) masks: &'x [(Range<usize>, String)],
    /// Where else their values stand.
    pub(crate) copies: Copies<'x>,
}

impl<'x> Excerpts<'x> {
    /// A masked piece of the line that `span` begins on: where that is, and its number.
    pub(crate) fn of(&mut self, span: &Range<usize>, line: Range<usize>, number: u64) -> Excerpt {
        let text = self.text;
        let mut whole = line;
        whole.end -= usize::from(whole.end > span.start && text[whole.end - 1] == b'\r');
        let from = back(text, whole.start, span.start);
        let shown_end = whole.end.min(span.end);
        let to = forward(text, shown_end, whole.end);
        let mut shown = String::new();
        let mut highlight = 0..0;
        let mut at = from;
        for (mask, masked) in self.hidden(&(from..to)) {
            if mask.start > at {
                push_clean(&mut shown, &text[at..mask.start]);
            }
            let start = shown.len();
            if mask.end > at {
                shown.push_str(masked);
            }
            if mask.start <= span.start && span.start < mask.end {
                highlight = start..shown.len();
            }
            at = at.max(mask.end);
        }
        if at < to {
            push_clean(&mut shown, &text[at..to]);
        }
        let leading = shown.len() - shown.trim_start().len();
        let kept = shown.trim().to_owned();
        let highlight = clamp(highlight.start.saturating_sub(leading), &kept)
            ..clamp(highlight.end.saturating_sub(leading), &kept);
        Excerpt {
            text: kept,
            highlight,
            line: number,
            cut_start: from > whole.start,
            cut_end: to < whole.end && whole.end > span.end,
        }
    }

    /// What is not shown of a part of the text, sorted by place: secrets where rules find them, and
    /// where else they stand.
    fn hidden(&mut self, part: &Range<usize>) -> Vec<(Range<usize>, &'x str)> {
        let first = self.masks.partition_point(|(mask, _)| mask.end <= part.start);
        let masks = self.masks[first..].iter().take_while(|(mask, _)| mask.start < part.end);
        let mut hidden: Vec<_> = masks.map(|(mask, shown)| (mask.clone(), &shown[..])).collect();
        let mut others = self.copies.within(self.text, part);
        others.retain(|(copy, _)| {
            let covers = |mask: &Range<usize>| mask.start <= copy.start && copy.end <= mask.end;
            !hidden.iter().any(|(mask, _)| covers(mask))
        });
        hidden.append(&mut others);
        hidden.sort_by_key(|(mask, _)| mask.start);
        hidden
    }
}

fn clamp(at: usize, text: &str) -> usize {
    at.min(text.len())
}

/// Steps back from `at` by the context's width, not beyond `limit`, to a character boundary.
fn back(text: &[u8], limit: usize, at: usize) -> usize {
    let context = &text[limit..at];
    context.char_indices().rev().take(CONTEXT).last().map_or(at, |(start, _, _)| limit + start)
}

fn forward(text: &[u8], at: usize, limit: usize) -> usize {
    let context = &text[at..limit];
    context.char_indices().take(CONTEXT).last().map_or(at, |(_, end, _)| at + end)
}

/// Appends text with everything that could steer a terminal replaced.
fn push_clean(to: &mut String, bytes: &[u8]) {
    for letter in bytes.chars() {
        match letter {
            '\t' => to.push(' '),
            letter if is_invisible(letter) => to.push('\u{fffd}'),
            letter => to.push(letter),
        }
    }
}

/// What is shown for a secret, never wider than an excerpt allows.
pub(crate) fn short_mask(masked: String) -> String {
    if masked.chars().count() <= WIDEST { masked } else { masked.chars().take(WIDEST).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_lines_and_code_points() {
        let text = "a\nhé = x\r\nz".as_bytes();
        let mut places = Places::new(text, Base::START);
        let at = memchr::memchr(b'x', text).expect("it is there");
        let place = places.of(&(at..at + 1), &[]);
        assert_eq!((place.line, place.column, place.end_column), (2, 6, 7));
        let place = places.of(&(text.len() - 1..text.len()), &[]);
        assert_eq!((place.line, place.column), (3, 1));
    }

    #[test]
    fn a_base_goes_on_where_a_text_ended() {
        let text = b"one\ntwo three\nfour";
        for cut in 0..text.len() {
            let base = Base::START.after(&text[..cut]);
            assert_eq!(base.after(&text[cut..]), Base::START.after(text), "{cut}");
        }
    }

    fn excerpt(text: &[u8], span: Range<usize>, masks: &[(Range<usize>, String)]) -> Excerpt {
        let values = masks.iter().map(|(at, mask)| (&text[at.clone()], &mask[..]));
        let mut places = Places::new(text, Base::START);
        let (line, number) = (places.line_of(&span), places.of(&span, &[]).line);
        Excerpts { text, masks, copies: Copies::new(values) }.of(&span, line, number)
    }

    #[test]
    fn an_excerpt_masks_each_secret_and_underlines_one() {
        let text = b"first\n  a = SECRETONE, b = SECRETTWO;\nlast";
        let masks = [(12..21, "****".to_owned()), (27..36, "++".to_owned())];
        let excerpt = excerpt(text, 27..36, &masks);
        assert_eq!((&excerpt.text[..], excerpt.line), ("a = ****, b = ++;", 2));
        assert_eq!(&excerpt.text[excerpt.highlight.clone()], "++");
        assert!(!excerpt.cut_start && !excerpt.cut_end);
    }

    #[test]
    fn an_excerpt_masks_what_stands_there_once_more() {
        let text = b"login SECRETONE; a = SECRETONE; b = 'SECRETONE'\r\nlast";
        let excerpt = excerpt(text, 21..30, &[(21..30, "****".to_owned())]);
        assert_eq!(excerpt.text, "login ****; a = ****; b = '****'");
        assert_eq!(excerpt.highlight, 16..20);
    }

    #[test]
    fn a_long_line_is_cut_and_controls_are_replaced() {
        let text = [b"x".repeat(500), b"\x1b[31mKEY".to_vec(), b"y".repeat(500)].concat();
        let excerpt = excerpt(&text, 505..508, &[(505..508, "***".to_owned())]);
        assert!(excerpt.cut_start && excerpt.cut_end && excerpt.text.len() < 140);
        assert!(!excerpt.text.contains('\u{1b}'));
    }

    #[test]
    fn places_can_be_asked_for_in_any_order() {
        let text = "one\ntwo é three\nfour";
        let letters: Vec<_> = text.char_indices().collect();
        let text = text.as_bytes();
        let mut places = Places::new(text, Base::START);
        for &(start, letter) in letters.iter().rev().chain(&letters) {
            let at = &(start..start + letter.len_utf8());
            let other = &mut Places::new(text, Base::START);
            assert_eq!(places.of(at, &[]), other.of(at, &[]));
            assert_eq!(places.line_of(at), line_around(text, start));
        }
    }
}
