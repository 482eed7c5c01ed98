//! How text is set: styles, the snippet renderer, the breaking of long sentences.

use annotate_snippets::renderer::{
    DEFAULT_EMPHASIS_STYLE, DEFAULT_ERROR_STYLE, DEFAULT_NOTE_STYLE, DEFAULT_WARNING_STYLE,
};
use annotate_snippets::{Group, Level, Renderer};
use anstyle::Style;

use crate::{Color, Settings};

/// Sentences longer than this are tiring, however wide the terminal is.
const LONGEST_LINE: usize = 100;
/// Narrower than this nothing can be set well.
const NARROWEST: usize = 40;
/// More than any screen has.
const WIDEST: usize = 1000;

/// What a piece of the summary line tells.
#[derive(Debug, Clone, Copy)]
pub(super) enum Tone {
    /// The program's name.
    Name,
    /// All is well.
    Good,
    /// Something does not block and wants a look.
    Notable,
    /// Something blocks.
    Bad,
}

/// Renders pieces of a report.
pub(super) struct Pen {
    renderer: Renderer,
    color: Color,
    width: usize,
}

impl Pen {
    /// A pen for the colours and the width of the settings.
    pub(super) fn new(settings: &Settings) -> Self {
        let width = settings.width.clamp(NARROWEST, WIDEST);
        let renderer = match settings.color {
            Color::Always => Renderer::styled(),
            Color::Never => Renderer::plain(),
        };
        // Excerpts are cut before: the renderer would do so in its own way.
        Self { renderer: renderer.term_width(10 * WIDEST), color: settings.color, width }
    }

    /// The groups as one diagnostic.
    pub(super) fn diagnostic(&self, groups: &[Group<'_>]) -> String {
        self.renderer.render(groups)
    }

    /// A line of its own that begins with `error:`.
    pub(super) fn error(&self, text: &str) -> String {
        self.diagnostic(&[Group::with_title(Level::ERROR.primary_title(text))])
    }

    /// A sentence of its own that begins with `help:`.
    pub(super) fn help(&self, text: &str) -> String {
        self.help_unbroken(&self.broken(text, "help: ".len()))
    }

    /// Like [`Pen::help`], for commands: they are there to be copied.
    pub(super) fn help_unbroken(&self, text: &str) -> String {
        self.diagnostic(&[Group::with_title(Level::HELP.secondary_title(text))])
    }

    /// The text in the style of the tone.
    pub(super) fn toned(&self, tone: Tone, text: &str) -> String {
        let style = match (self.color, tone) {
            (Color::Never, _) => Style::new(),
            (Color::Always, Tone::Name) => DEFAULT_EMPHASIS_STYLE,
            (Color::Always, Tone::Good) => DEFAULT_NOTE_STYLE,
            (Color::Always, Tone::Notable) => DEFAULT_WARNING_STYLE,
            (Color::Always, Tone::Bad) => DEFAULT_ERROR_STYLE,
        };
        format!("{style}{text}{style:#}")
    }

    /// Characters that a line has beside `indent` columns.
    pub(super) fn room(&self, indent: usize) -> usize {
        self.width.saturating_sub(indent)
    }

    /// The sentence with line ends between words, so that it fits beside `indent` columns.
    pub(super) fn broken(&self, text: &str, indent: usize) -> String {
        broken(text, self.width.min(LONGEST_LINE).saturating_sub(indent))
    }
}

/// What must stay on one line: words, and commands in backticks.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let mut is_command = false;
    let mut rest = text.char_indices();
    text.split(move |_: char| {
        let Some((at, c)) = rest.next() else { return false };
        if c == '`' {
            is_command = !is_command && text[at + 1..].contains('`');
        }
        c == ' ' && !is_command
    })
}

/// The text with line ends between words, so that lines have `room` characters at most.
pub(super) fn broken(text: &str, room: usize) -> String {
    let room = room.max(NARROWEST / 2);
    let mut broken = String::with_capacity(text.len() + 4);
    let mut column = 0;
    for word in words(text) {
        let length = word.chars().count();
        if column > 0 && column + 1 + length > room {
            broken.push('\n');
            column = 0;
        } else if column > 0 {
            broken.push(' ');
            column += 1;
        }
        broken.push_str(word);
        column += length;
    }
    broken
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_stays_on_its_line() {
        let text = "to mend it, say `leakgate install --strict` and try again, or don't `quote";
        let expected =
            "to mend it, say\n`leakgate install --strict`\nand try again, or\ndon't `quote";
        assert_eq!(broken(text, 20), expected);
        assert_eq!(broken("a  b ", 20), "a  b ");
    }
}
