//! A dangerous setting and its place, and how it becomes a finding.
//!
//! A line of settings may hold a token, which this crate would not know. So nothing of the file
//! is shown but names that the rules know: an excerpt is made anew of those and stars.

use std::ops::Range;

use bstr::ByteSlice;
use jsonc_parser::ast::{ObjectProp, Value};
use leakgate_model::{Confidence, Entry, Excerpt, Finding, Place, Rule, SourceLines};

use crate::json;

/// What stands in an excerpt for text of the file.
pub(crate) const MASK: &str = "********";

/// How much of a long line is kept on either side of the finding, in bytes.
const MARGIN: usize = 1024;

/// A dangerous setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hit {
    rule: &'static Rule,
    /// Where in the text, in bytes.
    span: Range<usize>,
    /// The setting without anything that might be secret.
    shown: String,
    /// The setting with all that matters to it, to be told from others of the same rule.
    subject: String,
    confidence: Confidence,
    reason: Option<String>,
}

impl Hit {
    /// A property whose name the rules know; `shown` stands for its value.
    pub(crate) fn property(rule: &'static Rule, property: &ObjectProp<'_>, shown: &str) -> Self {
        let name = property.name.as_str();
        Self {
            rule,
            span: json::span(property),
            shown: format!("\"{name}\": {shown}"),
            subject: format!("{name}\0{}", plain(&property.value)),
            confidence: Confidence::Certain,
            reason: None,
        }
    }

    /// An element of an array; `shown` stands for it.
    pub(crate) fn element(rule: &'static Rule, value: &Value<'_>, shown: &str) -> Self {
        Self {
            rule,
            span: json::span(value),
            shown: format!("\"{shown}\""),
            subject: plain(value),
            confidence: Confidence::Certain,
            reason: None,
        }
    }

    /// A stretch of text; `shown` stands for it, and it is the same wherever it is.
    pub(crate) fn text(rule: &'static Rule, span: Range<usize>, shown: &str) -> Self {
        Self {
            rule,
            span,
            shown: shown.to_owned(),
            subject: shown.to_owned(),
            confidence: Confidence::Certain,
            reason: None,
        }
    }

    /// Adds what else tells this hit from others, as the name of the server it is about.
    pub(crate) fn of(mut self, subject: &str) -> Self {
        self.subject.push('\0');
        self.subject.push_str(subject);
        self
    }

    /// Says why, and that it was worked out and not just read.
    pub(crate) fn because(mut self, reason: impl Into<String>) -> Self {
        self.confidence = Confidence::High;
        self.reason = Some(reason.into());
        self
    }

    /// What is the same for the same setting, wherever it stands.
    pub(crate) fn setting(&self) -> (&'static str, &str) {
        (self.rule.id, &self.subject)
    }
}

/// Turns hits in `text`, which begins `offset` bytes into the file, into findings, in order.
pub(crate) fn findings(
    entry: &Entry,
    text: &str,
    offset: usize,
    mut hits: Vec<Hit>,
) -> Vec<(Hit, Finding)> {
    hits.sort_by(|a, b| (a.span.start, a.rule.id).cmp(&(b.span.start, b.rule.id)));
    let mut cursor = Cursor { at: 0, line: 1, column: 1 };
    let locate = |hit: Hit| {
        cursor.advance(text, hit.span.start);
        let finding = finding(entry, text, offset, &hit, cursor);
        (hit, finding)
    };
    hits.into_iter().map(locate).collect()
}

fn finding(entry: &Entry, text: &str, offset: usize, hit: &Hit, start: Cursor) -> Finding {
    let mut end = start;
    end.advance(text, hit.span.end);
    let mut finding = hit.rule.finding(entry.path.clone(), hit.confidence);
    finding.reasons.extend(hit.reason.clone().map(Into::into));
    finding.place = Some(Place {
        line: start.line,
        column: start.column,
        end_line: end.line,
        end_column: end.column,
        span: (hit.span.start + offset) as u64..(hit.span.end + offset) as u64,
        decoded: Vec::new(),
        inside: Vec::new(),
    });
    finding.excerpt = Some(excerpt(text, hit, start.line));
    finding.lines = Some(source_lines(text, hit.span.start));
    finding
}

/// A place in a text that only goes forward, so that many of them cost one pass.
#[derive(Debug, Clone, Copy)]
struct Cursor {
    at: usize,
    line: u64,
    column: u64,
}

impl Cursor {
    fn advance(&mut self, text: &str, to: usize) {
        for c in text[self.at..to].chars() {
            (self.line, self.column) =
                if c == '\n' { (self.line + 1, 1) } else { (self.line, self.column + 1) };
        }
        self.at = to;
    }
}

fn excerpt(text: &str, hit: &Hit, line: u64) -> Excerpt {
    let before = text[..hit.span.start].trim_end_matches([' ', '\t']);
    let indent = hit.span.start - before.len();
    let cut_start = indent > MARGIN || !(before.is_empty() || before.ends_with('\n'));
    let after = text[hit.span.end..].trim_start_matches([' ', '\t', ',', '\r']);
    let indent = " ".repeat(if cut_start { 0 } else { indent });
    Excerpt {
        highlight: indent.len()..indent.len() + hit.shown.len(),
        text: indent + &hit.shown,
        line,
        cut_start,
        cut_end: !(after.is_empty() || after.starts_with('\n')),
    }
}

fn source_lines(text: &str, at: usize) -> SourceLines {
    let text = text.as_bytes();
    let floor = at.saturating_sub(MARGIN);
    let ceiling = text.len().min(at + MARGIN);
    let start = text[floor..at].rfind_byte(b'\n').map_or(floor, |newline| floor + newline + 1);
    let end = text[at..ceiling].find_byte(b'\n').map_or(ceiling, |newline| at + newline);
    let above = match start.checked_sub(1) {
        Some(newline) if text[newline] == b'\n' => {
            let floor = newline.saturating_sub(MARGIN);
            let start = text[floor..newline].rfind_byte(b'\n').map_or(floor, |at| floor + at + 1);
            &text[start..newline]
        }
        _ => b"",
    };
    SourceLines { line: text[start..end].to_vec(), above: above.to_vec() }
}

/// The text of a value, or of the elements of an array.
fn plain(value: &Value<'_>) -> String {
    let elements: Vec<_> = json::elements(value).map(json::scalar).collect();
    if elements.is_empty() { json::scalar(value).to_owned() } else { elements.join("\0") }
}

#[cfg(test)]
mod tests {
    use leakgate_model::Mode;

    use super::*;
    use crate::rules;

    fn found(text: &str, needle: &str) -> Finding {
        let start = text.find(needle).expect("it is there");
        let hit = Hit::text(rules::ENV_LOADER, start..start + needle.len(), "\"A\"");
        let entry = Entry::present("x", Mode::File);
        findings(&entry, text, 3, vec![hit]).remove(0).1
    }

    #[test]
    fn places_count_characters_and_spans_count_bytes() {
        let place = found("{\n  \"é\": x,\n}", "x").place.expect("it has one");
        assert_eq!((place.line, place.column, place.end_line, place.end_column), (2, 8, 2, 9));
        assert_eq!(place.span, 13..14);
    }

    #[test]
    fn excerpts_say_what_they_leave_out() {
        let whole = found("{\n  xyz,\n}", "xyz").excerpt.expect("it has one");
        assert_eq!((whole.text.as_str(), whole.highlight.clone()), ("  \"A\"", 2..5));
        assert_eq!((whole.cut_start, whole.cut_end, whole.line), (false, false, 2));
        let part = found("{xyz, 1}", "xyz").excerpt.expect("it has one");
        assert_eq!((part.text.as_str(), part.cut_start, part.cut_end), ("\"A\"", true, true));
        let hidden = format!("{}xyz", " ".repeat(5000));
        assert!(found(&hidden, "xyz").excerpt.expect("it has one").cut_start);
    }

    #[test]
    fn source_lines_are_bounded() {
        let lines = found("above\nline xyz\nbelow", "xyz").lines.expect("it has some");
        assert_eq!((lines.line, lines.above), (b"line xyz".to_vec(), b"above".to_vec()));
        let long = format!("{0}xyz{0}", "a".repeat(5000));
        let lines = found(&long, "xyz").lines.expect("it has some");
        assert_eq!((lines.line.len(), lines.above.len()), (2 * MARGIN, 0));
    }
}
