//! Shows what a scan found: as text for people, as JSON for scripts, as SARIF for code hosts.
//!
//! Findings are plain data made elsewhere; the shapes that are written live here, so that a
//! format can stay stable while the data grows, and so that nothing that is serialised can hold
//! a secret by accident. Names and content are hostile: whatever could move a terminal's cursor
//! or turn its text around is escaped in every format.

mod counts;
mod escape;
mod json;
mod sarif;
mod text;
mod trace;

pub use text::broken;

#[cfg(test)]
mod sample;

use std::fmt;
use std::io;
use std::str::FromStr;
use std::time::Duration;

use leakgate_model::{Finding, Outcome, Reveal, Severity, Trace};

/// How a report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For people, in the manner of rustc.
    Text,
    /// One JSON document, described in `docs/output.md`.
    Json,
    /// One SARIF 2.1.0 document.
    Sarif,
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Self, UnknownFormat> {
        match name {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            "sarif" => Ok(Self::Sarif),
            _ => Err(UnknownFormat(name.to_owned())),
        }
    }
}

/// A format that is none of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownFormat(String);

impl fmt::Display for UnknownFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown format `{}`: use text, json or sarif", escape::visible(&self.0))
    }
}

impl std::error::Error for UnknownFormat {}

/// How much the text report shows. The other formats always hold everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// What blocks and what was not scanned; nothing at all when there is neither.
    Quiet,
    /// Also warnings, and always a summary line.
    Normal,
    /// Also what was committed before, and how severe each finding is.
    Verbose,
}

/// Whether the text report has colours; the caller knows the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Color {
    /// ANSI escape codes.
    Always,
    /// Plain text.
    Never,
}

/// How the user wants to see a report.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// The format.
    pub format: Format,
    /// How much of it, in text.
    pub detail: Detail,
    /// Permission to show values, in text and JSON. SARIF is made to be uploaded: it never has them.
    pub reveal: Option<Reveal>,
    /// Colours, in text.
    pub color: Color,
    /// Columns of the terminal, in text. Less than 40 is taken for 40.
    pub width: usize,
}

/// What was scanned, for the wording of the summary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// What `git commit` would commit now.
    StagedChange,
    /// Files and folders that were named.
    Files,
    /// Standard input.
    Stdin,
    /// Everything that was ever committed.
    History,
    /// All that is tracked, and what stands around it.
    Repository,
    /// The message of the commit that is being made.
    Message,
    /// Commits, with their messages.
    Commits,
    /// Commits that are about to be pushed, with their messages.
    Push,
    /// What a change of a branch, a tag or another ref brings.
    RefChange,
}

impl Scope {
    /// What findings stop, where they stop something.
    pub(crate) fn stops(self) -> Option<&'static str> {
        match self {
            Self::StagedChange | Self::Message => Some("this commit"),
            Self::Push => Some("this push"),
            Self::RefChange => Some("this change of a branch, a tag or the stash"),
            Self::Files | Self::Stdin | Self::Commits | Self::Repository | Self::History => None,
        }
    }
}

/// What there is to tell of a history beside its findings.
#[derive(Debug, Clone, Copy)]
pub struct HistoryFacts<'a> {
    /// How long each finding stood: one of each, in their order.
    pub traces: &'a [Trace],
    /// How many commits count.
    pub commits: u64,
    /// Whether the repository lacks the oldest commits.
    pub shallow: bool,
}

/// A rule as formats that list rules describe it.
#[derive(Debug, Clone, Copy)]
pub struct RuleInfo<'a> {
    /// The rule's name, as in [`Finding::rule`].
    pub id: &'a str,
    /// A noun phrase for what it finds.
    pub title: &'a str,
    /// Whose credential it is, where that is known.
    pub provider: Option<&'a str>,
    /// What the rule's findings open.
    pub severity: Severity,
    /// The address of a page about it, absolute.
    pub help: Option<&'a str>,
}

/// All there is to tell about one scan.
#[derive(Debug, Clone, Copy)]
pub struct Report<'a> {
    /// The subcommand that scanned, as `staged`.
    pub command: &'a str,
    /// The program's version.
    pub version: &'a str,
    /// The findings, sorted by [`Finding::sort_key`].
    pub findings: &'a [Finding],
    /// What was scanned and what was not.
    pub outcome: &'a Outcome,
    /// Rules that SARIF lists. One that has findings and is missing here is made from them.
    pub rules: &'a [RuleInfo<'a>],
    /// How long the scan took. Only text shows it: the other formats are the same on each run.
    pub elapsed: Duration,
    /// What was scanned.
    pub scope: Scope,
    /// Of a scan of the history.
    pub history: Option<HistoryFacts<'a>>,
    /// The status the program will exit with.
    pub exit: u8,
}

/// Writes the report in the format of the settings.
///
/// # Errors
/// Whatever `out` fails with, a closed pipe included.
pub fn write(out: &mut dyn io::Write, report: &Report<'_>, settings: &Settings) -> io::Result<()> {
    match settings.format {
        Format::Text => text::write(out, report, settings),
        Format::Json => json::write(out, report, settings.reveal),
        Format::Sarif => sarif::write(out, report),
    }
}

/// Writes a document in JSON, of whatever shape, that is harmless to look at.
///
/// # Errors
/// As [`write()`].
pub fn write_json(out: &mut dyn io::Write, document: &impl serde::Serialize) -> io::Result<()> {
    let text = serde_json::to_string_pretty(document)?;
    writeln!(out, "{}", escape::json_visible(&text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_have_names() {
        assert_eq!("text".parse(), Ok(Format::Text));
        assert_eq!("json".parse(), Ok(Format::Json));
        assert_eq!("sarif".parse(), Ok(Format::Sarif));
    }

    #[test]
    fn other_names_are_refused_with_the_way_out() {
        let error = "JSON\u{1b}".parse::<Format>().expect_err("names are lower case");
        assert_eq!(error.to_string(), r"unknown format `JSON\u{1b}`: use text, json or sarif");
    }
}
