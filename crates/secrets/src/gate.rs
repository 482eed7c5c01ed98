//! What is asked at a hit before a rule is tried: could a secret of this rule stand here at all?
//!
//! Most rules look for a keyword and a long random value near it. The keyword is a common word in
//! many files; a run of thirty characters of the value's alphabet is rare. Looking for the run
//! costs a few byte tests, while a regex costs a microsecond, and half a millisecond more when it
//! is compiled for its first hit. The gates are one run of bytes, baked for the built-in rules.

use std::borrow::Cow;
use std::ops::Range;

use regex_automata::Anchored;

use crate::anchor_index::Hit;
use crate::follow::{self, ASCII, Ascii, Bytes};
use crate::shape::Shape;

/// The gates of all rules, by their index.
#[derive(Debug)]
pub(crate) struct Gates(Cow<'static, [u8]>);

/// What a rule asks of a place.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Gate<'g> {
    /// Every match begins with the anchor.
    pub(crate) leads: bool,
    /// Every match begins at a word boundary.
    pub(crate) boundary: bool,
    /// No match begins behind a letter, a digit, `_`, `-`, `+` or `/`.
    pub(crate) apart: bool,
    /// The longest match, in bytes.
    pub(crate) longest: usize,
    /// The least length of the secret, in bytes.
    pub(crate) least: usize,
    /// The greatest.
    pub(crate) most: usize,
    /// The secret may also stand near a name.
    pub(crate) near: bool,
    /// The rule runs on some files only.
    pub(crate) choosy: bool,
    /// The bytes that a secret can consist of.
    alphabet: &'g Ascii,
    /// The bytes that can follow an anchor, and how many of them do.
    ahead: &'g Ascii,
    run: usize,
}

/// Why a rule is not tried at a hit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Away {
    /// What stands behind the anchor cannot follow it in a match.
    Behind,
    /// A match begins at the anchor, and that stands inside a word.
    InWord,
    /// A match begins at the anchor, and that is joined to what stands before.
    Joined,
}

/// Flags; longest, least and most in two bytes each; the alphabet; what follows an anchor, and how
/// many bytes of it.
const RECORD: usize = 1 + 2 + 2 + 2 + ASCII + ASCII + 1;
const LEADS: u8 = 1;
const BOUNDARY: u8 = 2;
const APART: u8 = 4;
const CHOOSY: u8 = 8;
const NEAR: u8 = 16;

/// Writes the gates of some rules: their shapes, and whether they run on some files only.
pub(crate) fn build<'s>(rules: impl Iterator<Item = (&'s Shape, bool)>) -> Vec<u8> {
    let mut out = Vec::new();
    for (shape, choosy) in rules {
        let short = |number: usize| u16::try_from(number).unwrap_or(u16::MAX).to_le_bytes();
        let flag = |set: bool, flag: u8| if set { flag } else { 0 };
        let begins = flag(shape.boundary, BOUNDARY) | flag(shape.apart, APART);
        let near = flag(shape.near && !choosy, NEAR);
        out.push(flag(shape.leads, LEADS) | flag(choosy, CHOOSY) | near | begins);
        out.extend(short(shape.longest));
        out.extend(short(shape.least));
        out.extend(short(shape.most));
        out.extend(follow::ascii(shape.alphabet));
        out.extend(follow::ascii(shape.ahead.bytes));
        out.push(shape.ahead.run);
    }
    out
}

impl Gates {
    /// The gates that [`build`] wrote.
    pub(crate) fn new(bytes: Cow<'static, [u8]>) -> Self {
        Self(bytes)
    }

    /// The gate of a rule.
    pub(crate) fn get(&self, rule: u16) -> Gate<'_> {
        let at = RECORD * usize::from(rule);
        let record = &self.0[at..at + RECORD];
        let short = |at: usize| usize::from(u16::from_le_bytes([record[at], record[at + 1]]));
        Gate {
            leads: record[0] & LEADS != 0,
            boundary: record[0] & BOUNDARY != 0,
            apart: record[0] & APART != 0,
            longest: short(1),
            least: short(3),
            most: short(5),
            near: record[0] & NEAR != 0,
            choosy: record[0] & CHOOSY != 0,
            alphabet: record[7..7 + ASCII].try_into().expect("a record has its size"),
            ahead: record[7 + ASCII..][..ASCII].try_into().expect("a record has its size"),
            run: usize::from(record[7 + 2 * ASCII]),
        }
    }
}

impl Gate<'_> {
    /// Returns true if and only if the text has a run of the secret's alphabet as long as the
    /// shortest secret, at least partly in `window`.
    pub(crate) fn opens(self, text: &[u8], window: Range<usize>) -> bool {
        let Some(text) = text.get(..window.end) else { return true };
        // A run of `least` bytes covers one of every `least`: those are looked at, from the last
        // byte that the first such run could have.
        let mut start = window.start;
        while let Some(run) = text.get(start..start + self.least) {
            match run.iter().rposition(|&byte| !self.has(byte)) {
                // The byte that ended the run cannot be part of one.
                Some(end) => start += end + 1,
                None => return true,
            }
        }
        false
    }

    /// Where the pattern is tried for a hit, and whether a match has to begin where that begins.
    pub(crate) fn window(self, text: &[u8], hit: Hit) -> Result<(Range<usize>, Anchored), Away> {
        let end = hit.start + hit.len;
        if !self.goes_on(text, end) {
            return Err(Away::Behind);
        }
        if self.boundary && is_inside_word(text, hit.start) {
            return Err(Away::InWord);
        }
        if self.leads && self.apart && is_joined(text, hit.start) {
            return Err(Away::Joined);
        }
        let highest = text.len().min(hit.start + self.longest);
        Ok(if self.leads {
            (hit.start..highest, Anchored::Yes)
        } else {
            (end.saturating_sub(self.longest)..highest, Anchored::No)
        })
    }

    /// Returns true if and only if what stands behind an anchor that ends at `end` can follow it.
    fn goes_on(self, text: &[u8], end: usize) -> bool {
        text[end..text.len().min(end + self.run)]
            .iter()
            .all(|&byte| follow::allows(self.ahead, byte))
    }

    /// Returns true if and only if a secret can have this byte.
    pub(crate) fn has(self, byte: u8) -> bool {
        follow::allows(self.alphabet, byte)
    }
}

/// The bytes that can stand before an anchor of a rule where [`Gate::window`] lets it through.
pub(crate) fn behind(shape: &Shape, anchor: &[u8]) -> Bytes {
    let boundary = shape.boundary && is_word(anchor[0]);
    let apart = shape.leads && shape.apart;
    let stands = |&byte: &u8| !(boundary && is_word(byte) || apart && joins(byte));
    let mut bytes = [0; 4];
    (0..=u8::MAX).filter(stands).for_each(|byte| follow::add(&mut bytes, byte));
    bytes
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Returns true if and only if a byte could belong to the token that follows it.
fn joins(byte: u8) -> bool {
    is_word(byte) || matches!(byte, b'-' | b'+' | b'/')
}

/// Returns true if and only if the byte at `at` and the one before belong to one word.
fn is_inside_word(text: &[u8], at: usize) -> bool {
    at > 0 && is_word(text[at - 1]) && is_word(text[at])
}

/// Returns true if and only if the byte before `at` could belong to the same token.
pub(crate) fn is_joined(text: &[u8], at: usize) -> bool {
    at > 0 && joins(text[at - 1])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::anchors::Around;
    use crate::ruleset::{Finder, RuleSet};

    fn gate(least: usize) -> Gates {
        let mut alphabet = [0; 4];
        (b'a'..=b'c').for_each(|byte| follow::add(&mut alphabet, byte));
        let shape = Shape { least, alphabet, ..Shape::of_code() };
        Gates::new(build(std::iter::once((&shape, false))).into())
    }

    proptest! {
        #[test]
        fn opens_where_a_run_is(text in "[a-d ]{0,60}", least in 1_usize..8, cut in 0_usize..20) {
            let start = cut.min(text.len());
            let longest = text[start..].split(|c| !matches!(c, 'a'..='c')).map(str::len).max();
            let expected = longest.unwrap_or(0) >= least;
            let gates = gate(least);
            let opens = gates.get(0).opens(text.as_bytes(), start..text.len());
            prop_assert_eq!(opens, expected);
        }
    }

    proptest! {
        #[test]
        fn the_index_keeps_every_hit_that_a_gate_lets_through(
            parts in prop::collection::vec(
                prop_oneof![
                    "[ -~\n]{0,12}",
                    "[A-Za-z0-9]{0,40}",
                    prop::sample::select(vec!["ghp_", "xoxb-", "AKIA", "0.", "fal", "pat", "key="])
                        .prop_map(String::from),
                ],
                0..20,
            ),
        ) {
            let rules = RuleSet::default();
            let text = parts.concat().into_bytes();
            let hits = |around: Around| {
                let mut hits = Vec::new();
                rules.anchors.find(&text, 0..text.len(), around, |hit| hits.push(hit));
                hits
            };
            let kept = hits(Around::Fits);
            for hit in hits(Around::Anything) {
                let passes = |rule: u16| {
                    rules.finder(rule) != Finder::Pattern
                        || rules.gates.get(rule).window(&text, hit).is_ok()
                };
                let passes = rules.anchors.rules_of(hit).any(passes);
                prop_assert!(!passes || kept.contains(&hit), "{hit:?}");
            }
        }
    }
}
