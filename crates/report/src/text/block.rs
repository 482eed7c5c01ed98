//! One finding: title, place, the masked line, how sure and why, and what is for it alone.

use std::ops::Range;

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Message, Origin, Snippet};
use bstr::BStr;
use leakgate_model::{Confidence, Excerpt, Finding, Place, Status, Trace};

use super::advice::{Advice, Ignoring};
use super::pen::Pen;
use super::trace;
use crate::escape::{visible, visible_bytes};
use crate::{Detail, Settings};

/// How many columns a tab takes in an excerpt.
const TAB: &str = "    ";

/// The finding as a diagnostic, without a line end after it.
pub(super) fn render(
    pen: &Pen,
    finding: &Finding,
    trace: Option<&Trace>,
    advice: &Advice<'_>,
    settings: &Settings,
) -> String {
    let level = level(finding);
    let head = level
        .clone()
        .primary_title(title(finding))
        .id(visible(finding.rule.as_str()))
        .element(origin(finding));
    let stay = trace.map(trace::lines).unwrap_or_default();
    let mut above: Vec<_> = stay.into_iter().map(|line| Level::NOTE.message(line)).collect();
    let below = notes(pen, finding, advice, settings);
    let sureness = sureness(finding);
    let told_apart = || {
        let text = pen.broken(&sureness, indent(finding, "note"));
        Level::NOTE.with_name("note").message(text)
    };
    match finding.excerpt.as_ref().filter(|_| finding.place.is_some()) {
        Some(excerpt) => {
            let fitted = fit(excerpt, &sureness, pen.room(indent(finding, "") - ": ".len()));
            let label = fitted.has_room.then(|| sureness.clone());
            above.extend((!fitted.has_room).then(told_apart));
            let body = Group::with_level(level).element(snippet(excerpt, fitted, label));
            let body = body.elements(above.into_iter().chain(below));
            without_doubled_gutter(&pen.diagnostic(&[head, body]))
        }
        None => {
            // Of a name or a mode that simply is so, there is nothing more to say.
            let is_plain = finding.reasons.is_empty() && finding.confidence == Confidence::Certain;
            above.extend((!is_plain).then(told_apart));
            let head = head.elements(above.into_iter().chain(below));
            // Without a line number the renderer leaves no gutter: align with those that have one.
            pen.diagnostic(&[head]).replace('\n', "\n ")
        }
    }
}

fn level(finding: &Finding) -> Level<'static> {
    if finding.status == Status::AlreadyCommitted {
        Level::NOTE
    } else if finding.blocks() {
        Level::ERROR
    } else {
        Level::WARNING
    }
}

fn title(finding: &Finding) -> String {
    let title = visible(&finding.title);
    match finding.status {
        Status::Introduced => title.into_owned(),
        Status::AlreadyCommitted => format!("{title}: already committed, does not block"),
    }
}

/// The place in the file. It is given apart from the excerpt, whose columns are not the file's.
fn origin(finding: &Finding) -> Origin<'static> {
    let mut path = visible_bytes(&finding.path);
    for inside in finding.place.iter().flat_map(|place| &place.inside) {
        path.push_str(" → ");
        path.push_str(&visible_bytes(inside));
    }
    let origin = Origin::path(path);
    match &finding.place {
        Some(place) => origin.line(number(place.line)).char_column(number(place.column)),
        None => origin,
    }
}

/// How sure we are and why: "certain: checksum valid".
fn sureness(finding: &Finding) -> String {
    let sure = match finding.confidence {
        Confidence::Certain => "certain",
        Confidence::High => "high confidence",
        Confidence::Medium => "medium confidence",
        Confidence::Low => "low confidence",
    };
    let reasons = finding.reasons.join(", ");
    if reasons.is_empty() { sure.to_owned() } else { format!("{sure}: {}", visible(&reasons)) }
}

fn snippet(
    excerpt: &Excerpt,
    fitted: Fitted,
    label: Option<String>,
) -> Snippet<'static, Annotation<'static>> {
    let value = AnnotationKind::Primary.span(fitted.highlight).label(label);
    Snippet::source(fitted.line).line_start(number(excerpt.line)).annotation(value)
}

/// An excerpt cut to the width of the screen.
struct Fitted {
    line: String,
    /// Where in it the finding is, in bytes.
    highlight: Range<usize>,
    /// Whether the label has room behind the marks under the finding.
    has_room: bool,
}

/// Characters before a finding that are worth more than a label beside it.
const CONTEXT: usize = 16;

/// Cuts the excerpt so that the line and the label under it take `room` characters at most. Where
/// that leaves too little of the line, the label is told elsewhere.
fn fit(excerpt: &Excerpt, label: &str, room: usize) -> Fitted {
    let [before, value, after] = parts(excerpt).map(shown);
    let length = |text: &str| text.chars().count();
    let beside_label = room.saturating_sub(length(&value) + 1 + length(label));
    let has_room = beside_label >= length(&before).min(CONTEXT) + usize::from(excerpt.cut_start);
    let around = room.saturating_sub(length(&value));
    let behind = length(&after) + usize::from(excerpt.cut_end);
    let room_before = if has_room { beside_label } else { around };
    // What stands behind the finding has a part of it, if that is needed.
    let room_before = room_before.min(around.saturating_sub(behind.min(around / 3)));
    let before = cut_start(&before, excerpt.cut_start, room_before);
    let room = room.saturating_sub(length(&before));
    let is_last = after.is_empty() && !excerpt.cut_end;
    let value = cut_end(&value, false, room.saturating_sub(usize::from(!is_last)));
    let after = cut_end(&after, excerpt.cut_end, room.saturating_sub(length(&value)));
    let highlight = before.len()..before.len() + value.len();
    Fitted { line: before + &value + &after, highlight, has_room }
}

/// The end of a text that has room, an ellipsis before it where some is missing.
fn cut_start(text: &str, is_cut: bool, room: usize) -> String {
    let length = text.chars().count();
    if length + usize::from(is_cut) <= room {
        return format!("{}{text}", if is_cut { "…" } else { "" });
    }
    let left_out = length - room.saturating_sub(1).min(length);
    format!("…{}", text.chars().skip(left_out).collect::<String>())
}

/// The beginning of a text that has room, an ellipsis behind it where some is missing.
fn cut_end(text: &str, is_cut: bool, room: usize) -> String {
    let length = text.chars().count();
    if length + usize::from(is_cut) <= room {
        return format!("{text}{}", if is_cut { "…" } else { "" });
    }
    format!("{}…", text.chars().take(room.saturating_sub(1)).collect::<String>())
}

/// The excerpt before, in and after the finding; all of it after, if the bounds are not right.
fn parts(excerpt: &Excerpt) -> [&str; 3] {
    let text = excerpt.text.as_str();
    let range = &excerpt.highlight;
    match (text.get(..range.start), text.get(range.clone()), text.get(range.end..)) {
        (Some(before), Some(value), Some(after)) => [before, value, after],
        _ => ["", "", text],
    }
}

fn shown(text: &str) -> String {
    visible(&text.replace('\t', TAB)).into_owned()
}

/// A number as the renderer counts, with room for it to go on counting.
fn number(number: u64) -> usize {
    u32::try_from(number).unwrap_or(u32::MAX / 2) as usize
}

/// Two groups are joined by a gutter that each of them draws: the third line is one too many.
fn without_doubled_gutter(rendered: &str) -> String {
    let lines: Vec<&str> =
        rendered.lines().enumerate().filter_map(|(at, line)| (at != 2).then_some(line)).collect();
    lines.join("\n")
}

fn notes(
    pen: &Pen,
    finding: &Finding,
    advice: &Advice<'_>,
    settings: &Settings,
) -> Vec<Message<'static>> {
    let mut notes = Vec::new();
    let note = |name: &'static str, text: String| Level::NOTE.with_name(name).message(text);
    if let Some(about) = about(finding, settings.detail) {
        notes.push(note("note", about));
    }
    if let Some(decoded) = finding.place.as_ref().and_then(decoded) {
        notes.push(note("note", decoded));
    }
    if let (Some(secret), Some(permission)) = (&finding.secret, settings.reveal) {
        let value = format!("{:?}", BStr::new(secret.reveal(permission)));
        notes.push(note("value", visible(&value).into_owned()));
    }
    notes.extend(finding.fixes.iter().map(|fix| {
        // A command is never broken: it is there to be copied.
        Level::HELP.with_name("fix").message(visible(fix).into_owned())
    }));
    notes.extend(
        advice
            .own(finding)
            .into_iter()
            .map(|sentence| Level::HELP.message(pen.broken(&sentence, indent(finding, "help")))),
    );
    notes.extend(advice.ignoring(finding).map(|ignoring| match ignoring {
        Ignoring::Command(command) => Level::HELP.message(command),
        Ignoring::Fingerprint(fingerprint) => note("fingerprint", fingerprint),
    }));
    notes
}

/// Whose it is, unless the title says so, and how severe.
fn about(finding: &Finding, detail: Detail) -> Option<String> {
    let mut about = Vec::new();
    if let Some(provider) = &finding.provider
        && !finding.title.to_lowercase().contains(&provider.to_lowercase())
    {
        about.push(format!("provider: {}", visible(provider)));
    }
    if detail == Detail::Verbose {
        about.push(format!("severity: {}", finding.severity.as_str()));
    }
    (!about.is_empty()).then(|| about.join(", "))
}

fn decoded(place: &Place) -> Option<String> {
    let decoded = place.decoded.join(", then ");
    (!decoded.is_empty()).then(|| format!("found after decoding {decoded}"))
}

/// Columns before the text of a note with this name.
fn indent(finding: &Finding, name: &str) -> usize {
    let gutter = finding.excerpt.as_ref().map_or(1, |excerpt| excerpt.line.to_string().len());
    gutter + " = ".len() + name.len() + ": ".len()
}
