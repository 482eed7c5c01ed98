//! What a check found: plain data, made once, shown many ways.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use bstr::BString;

use crate::{Fingerprint, Secret};

/// Text that is mostly baked in.
pub type Text = Cow<'static, str>;

/// The stable kebab-case name of a rule, as `github-pat` or `mode-executable-data`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleId(pub Text);

impl RuleId {
    /// The name of a rule that is part of the program.
    pub const fn new(name: &'static str) -> Self {
        Self(Cow::Borrowed(name))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Which kind of check found it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Category {
    /// A credential in content, a name or a message.
    Secret,
    /// A file mode, link or name.
    Permission,
    /// A permission setting of a coding agent.
    Agent,
}

/// What the finding opens to whoever reads it. From `Medium` on it blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Advice; shown, does not block.
    Low,
    /// Blocks.
    Medium,
    /// Blocks.
    High,
    /// Blocks: money, production or a whole account.
    Critical,
}

impl Severity {
    /// The word for it in lower case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// Returns true if and only if an introduced finding of this severity blocks.
    pub fn blocks(self) -> bool {
        self >= Self::Medium
    }
}

/// How sure we are that it is what the rule says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Confidence {
    /// The shape is one that other things have too.
    Low,
    /// A telling name beside a telling shape.
    Medium,
    /// A structure that nothing else has.
    High,
    /// Proven offline, by a checksum or by parsing it.
    Certain,
}

impl Confidence {
    /// The word for it in lower case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Certain => "certain",
        }
    }
}

/// Whether the scanned change brings it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// New with this change, or there is nothing to compare with. Blocks.
    Introduced,
    /// Already committed before this change. Does not block.
    AlreadyCommitted,
}

/// Where in the text a finding stands, for people (1-based) and for programs (bytes, 0-based).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Line of the first character, from 1.
    pub line: u64,
    /// Column of the first character, from 1, in Unicode code points.
    pub column: u64,
    /// Line of the last character, from 1.
    pub end_line: u64,
    /// Column after the last character, from 1, in Unicode code points.
    pub end_column: u64,
    /// Byte offsets in the decoded text; the same as in the file unless `decoded` says otherwise.
    pub span: Range<u64>,
    /// How the bytes were decoded before the match, outermost first, as `["utf-16le"]`.
    pub decoded: Vec<&'static str>,
    /// Of a finding in an archive: the file inside, and if that is an archive, the file inside of
    /// that. Lines, columns and offsets are those of the innermost.
    pub inside: Vec<BString>,
}

/// A piece of the line around the finding, every known secret in it masked, safe to print.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excerpt {
    /// One line without its end, control characters replaced.
    pub text: String,
    /// Which bytes of `text` are the finding: on character boundaries.
    pub highlight: Range<usize>,
    /// The line in the file that `text` was cut from, from 1.
    pub line: u64,
    /// Whether `text` begins after the line's first character.
    pub cut_start: bool,
    /// Whether `text` ends before the line's last character.
    pub cut_end: bool,
}

/// The raw text around a finding, for inline markers and for telling what moved. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct SourceLines {
    /// The line the finding begins on, without its end; cut around the finding if it is long.
    pub line: Vec<u8>,
    /// The line above it, likewise.
    pub above: Vec<u8>,
}

impl fmt::Debug for SourceLines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// One secret, mode, link, name or setting that should not be committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule that found it.
    pub rule: RuleId,
    /// Which kind of check the rule belongs to.
    pub category: Category,
    /// A noun phrase: "GitHub personal access token (classic)".
    pub title: Text,
    /// Whose credential it is, where that is known.
    pub provider: Option<Text>,
    /// What it opens.
    pub severity: Severity,
    /// How sure we are.
    pub confidence: Confidence,
    /// Why we are that sure, each a short phrase: "checksum valid".
    pub reasons: Vec<Text>,
    /// The path, as [`crate::Entry::path`].
    pub path: BString,
    /// Where in the content; `None` when the finding is about the entry itself.
    pub place: Option<Place>,
    /// The line, masked.
    pub excerpt: Option<Excerpt>,
    /// The raw lines, where the finding stands in text.
    pub lines: Option<SourceLines>,
    /// The value, which cannot be printed by accident.
    pub secret: Option<Secret>,
    /// Whether this change brings it.
    pub status: Status,
    /// What to do next, each one sentence.
    pub advice: Vec<Text>,
    /// Shell commands the user can paste to mend it, one each.
    pub fixes: Vec<String>,
    /// The page where the secret is revoked or renewed.
    pub rotate: Option<Text>,
    /// Names this secret in ignore entries; set by policy, which holds the key.
    pub fingerprint: Option<Fingerprint>,
}

impl Finding {
    /// Returns true if and only if this finding must stop a commit.
    pub fn blocks(&self) -> bool {
        self.status == Status::Introduced && self.severity.blocks()
    }

    /// The order of reports: by path, then place, then rule.
    pub fn sort_key(&self) -> (&BString, Option<(u64, u64)>, &RuleId) {
        let span = self.place.as_ref().map(|place| (place.span.start, place.span.end));
        (&self.path, span, &self.rule)
    }
}
