//! One finding: title, place, the masked line, how sure and why, and what is for it alone.

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
    let stay = stay.into_iter().map(|line| Level::NOTE.message(line));
    let notes: Vec<_> = stay.chain(notes(pen, finding, advice, settings)).collect();
    match &finding.excerpt {
        Some(excerpt) if finding.place.is_some() => {
            let body = Group::with_level(level).element(snippet(excerpt, &sureness(finding)));
            without_doubled_gutter(&pen.diagnostic(&[head, body.elements(notes)]))
        }
        // Without a line number the renderer leaves no gutter: align with those that have one.
        _ => pen.diagnostic(&[head.elements(notes)]).replace('\n', "\n "),
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

fn snippet(excerpt: &Excerpt, label: &str) -> Snippet<'static, Annotation<'static>> {
    let [before, value, after] = parts(excerpt);
    let before = format!("{}{}", if excerpt.cut_start { "…" } else { "" }, shown(before));
    let value = shown(value);
    let highlight = before.len()..before.len() + value.len();
    let line = format!("{before}{value}{}{}", shown(after), if excerpt.cut_end { "…" } else { "" });
    Snippet::source(line)
        .line_start(number(excerpt.line))
        .annotation(AnnotationKind::Primary.span(highlight).label(label.to_owned()))
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
    if finding.excerpt.is_none() || finding.place.is_none() {
        notes.push(note("note", pen.broken(&sureness(finding), indent(finding, "note"))));
    }
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
