//! A value of the length and alphabet of a provider's secrets that stands near its name without
//! being assigned to it: `acme token - '…'`, `acme SECRET …`, a line of a log.
//!
//! A rule's pattern knows how settings and programs write a secret down. In prose and logs there is
//! anything between the name and the value, so nothing but the value itself can tell: it has to be
//! drawn at random beyond doubt, and where hashes look the same, a word for a secret has to stand
//! beside it.

use std::ops::Range;

use crate::evident::{self, Kind};
use crate::gate::Gate;
use crate::stand_in;
use crate::value;

/// How far behind the name the value may begin, in bytes.
const REACH: usize = 64;
/// The farthest byte behind the name that is looked at.
const FARTHEST: usize = REACH + LONGEST + 4;
/// Shorter values are not told from other text.
const SHORTEST: usize = 16;
const LONGEST: usize = 256;

/// Returns true if and only if the rule's anchors are names that a secret of it can stand near.
fn is_asked(gate: Gate<'_>) -> bool {
    gate.near && gate.leads && gate.least >= SHORTEST
}

/// How many bytes behind a name that ends at `end` decide what [`find`] finds.
pub(crate) fn reach(text: &[u8], end: usize, gate: Gate<'_>) -> usize {
    if !is_asked(gate) {
        return 0;
    }
    let limit = text.len().min(end + REACH);
    let line = memchr::memchr(b'\n', &text[end.min(limit)..limit]);
    line.filter(|_| !gate.has(b'\n')).map_or(FARTHEST, |len| len + 2)
}

/// Finds the value near the name that stands at `name`; `is_whole` tells whether the rule takes a
/// value for its secret.
pub(crate) fn find(
    text: &[u8],
    name: &Range<usize>,
    gate: Gate<'_>,
    is_whole: impl Fn(&[u8]) -> bool,
) -> Option<Range<usize>> {
    let is_provider = || {
        let lower = text[name.clone()].to_ascii_lowercase();
        !has_word_for_secret(&lower) && !lower.starts_with(b"private") && !is_in_word(text, name)
    };
    if !is_asked(gate) || !is_provider() {
        return None;
    }
    let limit = text.len().min(name.end + REACH);
    let line = memchr::memchr(b'\n', &text[name.end..limit]).map_or(limit, |len| name.end + len);
    let mut at = name.end;
    while at < line {
        let len = text[at..].iter().take(LONGEST).take_while(|&&byte| gate.has(byte)).count();
        let run = at..at + len;
        if (gate.least..=gate.most).contains(&len)
            && !is_joined(text, &run)
            && is_told(text, name, &run)
            && is_whole(&text[run.clone()])
        {
            return Some(run);
        }
        at += len + 1;
    }
    None
}

/// Returns true if and only if the name is only a part of a word: of `snapshot`, say.
fn is_in_word(text: &[u8], name: &Range<usize>) -> bool {
    let before = name.start.checked_sub(1).map(|at| text[at]);
    before.is_some_and(|byte| byte.is_ascii_alphabetic())
        && !(text[name.start].is_ascii_uppercase()
            && before.is_some_and(|b| b.is_ascii_lowercase()))
}

/// Returns true if and only if the value belongs to a longer word.
fn is_joined(text: &[u8], value: &Range<usize>) -> bool {
    let before = value.start.checked_sub(1).map(|at| text[at]);
    let after = text.get(value.end).copied();
    let joins = |byte: u8| byte.is_ascii_alphanumeric() || b"+/-_.@%\\#".contains(&byte);
    // What goes on with a mark inside of it is no value of letters and digits.
    let goes_on = |byte: u8| {
        let next = text.get(value.end + 1).is_some_and(u8::is_ascii_alphanumeric);
        b"?=:!$^*~".contains(&byte) && next
    };
    before.is_some_and(|byte| joins(byte) || byte == b'?')
        || after.is_some_and(|byte| joins(byte) && !ends(text, value.end) || goes_on(byte))
}

/// Returns true if and only if a full stop or an escaped line end stands at `at`.
fn ends(text: &[u8], at: usize) -> bool {
    let next = text.get(at + 1).copied().unwrap_or(b' ');
    match text[at] {
        b'.' => next.is_ascii_whitespace(),
        b'\\' => matches!(next, b'n' | b'r' | b'"' | b'\''),
        _ => false,
    }
}

fn is_told(text: &[u8], name: &Range<usize>, run: &Range<usize>) -> bool {
    let value = &text[run.clone()];
    let evident = evident::kind(value, b"");
    // Some providers hand out UUIDs; more often a UUID is only an id.
    let is_uuid = evident == Some(Kind::Uuid);
    if !is_uuid && (evident.is_some() || !value::is_drawn(value)) {
        return false;
    }
    let between = text[name.end..run.start].to_ascii_lowercase();
    let is_hex = is_uuid || value.iter().all(u8::is_ascii_hexdigit);
    let is_hash = is_hex && !is_uuid && matches!(value.len(), 40 | 56 | 64 | 96 | 128);
    !is_for_something_else(&text[name.start..run.start])
        && (!is_hex || has_word_for_secret(&between) || !is_hash && is_assignment(&between))
}

/// Returns true if and only if nothing but what assigns stands between a name and a value.
fn is_assignment(between: &[u8]) -> bool {
    between.len() <= 6 && between.iter().all(|byte| b" \t:='\"`->".contains(byte))
}

/// Returns true if and only if the word right before the value says that it is no secret.
fn is_for_something_else(before: &[u8]) -> bool {
    const WORDS: [&[u8]; 15] = [
        b"account", b"app", b"branch", b"bucket", b"build", b"commit", b"digest", b"event",
        b"project", b"region", b"sha", b"tag", b"user", b"version", b"zone",
    ];
    const ENDS: [&[u8]; 9] =
        [b"id", b"name", b"url", b"uri", b"host", b"path", b"file", b"domain", b"endpoint"];
    let lower = before.to_ascii_lowercase();
    let last = lower.rsplit(|byte| !byte.is_ascii_alphanumeric()).find(|word| !word.is_empty());
    last.is_some_and(|word| WORDS.contains(&word) || ENDS.iter().any(|end| word.ends_with(end)))
        || stand_in::holds(&lower, b"public")
}

fn has_word_for_secret(between: &[u8]) -> bool {
    const WORDS: [&[u8]; 7] = [b"key", b"token", b"secret", b"auth", b"access", b"pass", b"cred"];
    WORDS.iter().any(|word| stand_in::holds(between, word))
}

#[cfg(test)]
mod tests {
    use leakgate_model::Finding;

    use crate::{RuleSet, Scratch};

    fn found(text: &str) -> Vec<Finding> {
        RuleSet::default().scan(b"notes.txt", text.as_bytes(), &mut Scratch::default())
    }

    /// Assembled here so that no file holds it whole.
    fn hex() -> String {
        ["8f3a91c07b2e4d56", "a1e09c3b7f28d465"].concat()
    }

    #[test]
    fn a_random_value_behind_a_providers_name_is_found() {
        for text in ["clarifai, as noted: (token: VALUE)", "clarifai (at the time): key; VALUE."] {
            let found = found(&text.replace("VALUE", &hex()));
            assert_eq!(found.len(), 1, "{text}");
            assert_eq!(found[0].rule.as_str(), "clarifai-api-key", "{text}");
        }
    }

    #[test]
    fn what_is_assigned_to_the_provider_itself_is_found() {
        for text in ["clarifai: VALUE", "clarifai := \"VALUE\"", "clarifai VALUE"] {
            let found = found(&text.replace("VALUE", &hex()));
            assert_eq!(found.len(), 1, "{text}");
        }
    }

    #[test]
    fn a_hash_without_a_word_for_a_secret_is_not() {
        for text in [
            "clarifai, as noted: (see: VALUE)",
            "clarifai, as noted: (token):\n\nVALUE",
            "clarifai, as noted: (see a/token/VALUE)",
            "clarifai: VALUE9f8e2c71",
            "notclarifai, as noted: (token; VALUE)",
        ] {
            assert!(found(&text.replace("VALUE", &hex())).is_empty(), "{text}");
        }
    }
}
