//! The words that every room of leakgate shares.
//!
//! A source lists [`Entry`]s and reads their content; checks turn entries and content into
//! [`Finding`]s; whatever could not be looked at is a [`Problem`]; an [`Outcome`] counts it all.
//! This crate knows none of the others, does no input or output, and knows no clock.

mod entry;
mod finding;
mod folder;
mod outcome;
mod path;
mod rule;
mod secret;
mod size;
mod source;
mod trace;

pub use entry::{Change, Entry, Mode, ObjectId, Previous};
pub use finding::{
    Category, Confidence, Excerpt, Finding, Place, RuleId, Severity, SourceLines, Status, Text,
};
pub use folder::{FolderKind, in_sample_folder, lies_in};
pub use outcome::{Outcome, Problem, ProblemKind, Skip};
pub use path::{is_invisible, mode_commands, shell_path, untrack_command};
pub use rule::Rule;
pub use secret::{Fingerprint, Key, Reveal, Secret, Value};
pub use size::parse_size;
pub use source::{Content, Listing, Reader, Source};
pub use trace::{Deed, Site, Standing, Trace};
