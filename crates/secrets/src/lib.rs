//! Bytes in, secrets out.
//!
//! A [`RuleSet`] holds the rules of `patterns/`, baked in at build time. A scan goes over the bytes
//! once to find the anchors of all rules, then runs a rule only in a window around its anchor,
//! compiling its regex on first use. What matches is judged: placeholders fall out, checksums and
//! structure make sure. This crate does no input or output beyond reading rule files, and knows
//! neither git nor the terminal: the same bytes and rules give the same findings.

mod about;
mod anchor_index;
mod anchors;
mod archive;
mod assignment;
mod beyond;
mod candidates;
mod check;
mod columns;
mod compiled;
mod copies;
mod cost;
mod decode;
mod encodings;
mod evident;
mod expiry;
mod explain;
mod follow;
mod gate;
mod judge;
mod language;
mod lists;
mod literal;
mod marvin;
mod name;
mod near;
mod pair;
mod pem;
pub mod ranges;
mod recall;
mod rule;
mod rule_check;
mod rulefile;
mod ruleset;
mod scan;
mod sealed;
mod shape;
mod sieve;
mod sole;
mod stand_in;
mod stems;
mod stream;
mod structure;
mod structured;
#[allow(dead_code, reason = "the training program names its parts")]
mod symbols;
mod syntax;
mod table;
mod template;
mod text;
mod unwrap;
mod url;
mod value;
mod weak;

pub use about::About;
pub use archive::Scanned;
pub use candidates::{Likely, Near, Spot};
pub use check::{Check, Verdict};
pub use cost::{Cost, Costs};
pub use encodings::Encoding;
pub use explain::{Explained, Told, Try};
pub use recall::{Found, Memory, Recall};
pub use rule::Rule;
pub use rule_check::{Checked, Example, check_dir, examples_in};
pub use ruleset::RuleSet;
pub use scan::Scratch;
