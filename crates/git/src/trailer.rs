//! Adds a trailer to a message that git will clean up, where git will find it again.

use bstr::ByteSlice as _;

use crate::message::{Cleanup, is_edited};

/// The message with the line `trailer` added to its trailers; `None` if it has it, or nothing else.
pub fn with_trailer(message: &[u8], trailer: &str) -> Option<Vec<u8>> {
    added(message, &Cleanup::likely_of(message, is_edited()), trailer)
}

fn added(message: &[u8], cleanup: &Cleanup, trailer: &str) -> Option<Vec<u8>> {
    let is_comment = |line: &[u8]| cleanup.strips(line);
    let mut text_end = 0;
    let mut at = 0;
    for line in message[..cleanup.end()].lines_with_terminator() {
        at += line.len();
        if !line.trim().is_empty() && !is_comment(line) {
            text_end = at;
        }
    }
    let text = &message[..text_end];
    let kept: Vec<_> = text.lines().filter(|line| !is_comment(line)).collect();
    if kept.is_empty() || kept.contains(&trailer.as_bytes()) {
        return None;
    }
    let last: Vec<_> = kept.iter().rev().take_while(|line| !line.trim().is_empty()).collect();
    let ends_in_trailers = last.len() < kept.len() && last.iter().all(|line| is_trailer(line));
    let mut added = text.to_vec();
    if !text.ends_with(b"\n") {
        added.push(b'\n');
    }
    if !ends_in_trailers {
        added.push(b'\n');
    }
    added.extend_from_slice(trailer.as_bytes());
    added.push(b'\n');
    added.extend_from_slice(&message[text_end..]);
    Some(added)
}

/// `Token: value`, the continuation of one, or what a cherry-pick adds.
fn is_trailer(line: &[u8]) -> bool {
    let token = line.split_once_str(":").map_or(&b""[..], |(token, _)| token.trim_end());
    let is_word = |token: &[u8]| token.iter().all(|c| c.is_ascii_alphanumeric() || *c == b'-');
    line.starts_with(b" ")
        || line.starts_with(b"(cherry picked from commit ")
        || (!token.is_empty() && is_word(token))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SKIP: &str = "Leakgate-Skip: a fixture";

    fn added(message: &str, edited: bool) -> Option<String> {
        let cleanup = Cleanup::likely_of(message.as_bytes(), edited);
        super::added(message.as_bytes(), &cleanup, SKIP)
            .map(|text| String::from_utf8(text).expect("it was text"))
    }

    #[test]
    fn trailers_stay_together() {
        for (message, expected) in [
            ("subject", "subject\n\nLeakgate-Skip: a fixture\n"),
            ("fix: subject\n", "fix: subject\n\nLeakgate-Skip: a fixture\n"),
            ("s\n\nbody: is\nprose\n", "s\n\nbody: is\nprose\n\nLeakgate-Skip: a fixture\n"),
            ("s\n\nA-By: b\n", "s\n\nA-By: b\nLeakgate-Skip: a fixture\n"),
            ("s\n\nA-By: b\n c\n\n\n", "s\n\nA-By: b\n c\nLeakgate-Skip: a fixture\n\n\n"),
        ] {
            assert_eq!(added(message, true).as_deref(), Some(expected), "{message:?}");
        }
    }

    #[test]
    fn comments_stay_below() {
        let message = "s\n# one\n\n# two\n";
        let expected = "s\n\nLeakgate-Skip: a fixture\n# one\n\n# two\n";
        assert_eq!(added(message, true).as_deref(), Some(expected));
        let expected = format!("{message}\n{SKIP}\n");
        assert_eq!(added(message, false), Some(expected), "these are no comments");
    }

    #[test]
    fn nothing_is_added_twice_or_to_nothing() {
        for message in ["", "\n\n", "# only comments\n", "s\n\nLeakgate-Skip: a fixture\n"] {
            assert_eq!(added(message, true), None, "{message:?}");
        }
    }
}
