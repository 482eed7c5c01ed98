//! Base64 and hex: a run whose beginning decodes to text is decoded whole.
//!
//! Twelve bytes of printable ASCII come out of random letters once in a hundred thousand times, so
//! keys, digests, images and identifiers cost a look at their beginning and no more.

use std::ops::Range;

use super::runs::{VALUES, is_letter};
use super::{Piece, SHORTEST, count, count_back};
use crate::syntax::Syntax;

/// Letters of base64 whose decoded bytes are looked at first.
const HEAD: usize = 16;
/// The shortest run of hex digits that is worth decoding.
const LEAST_HEX: usize = 2 * SHORTEST;
/// How far into a run a beginning behind `/`, `-`, `_` or `+` is looked for.
const GLUED: usize = 24;
const MOST_GLUED: usize = 3;
/// The longest line of wrapped base64.
const LONGEST_LINE: usize = 1024;

/// Decodes a run of letters and the lines that go on with it: the text, and where all of it ends.
pub(super) fn decode(text: &[u8], run: &Range<usize>) -> Option<(Piece, usize)> {
    if let Some(found) = base64(text, run.clone()).or_else(|| hex(text, run)) {
        return Some(found);
    }
    // It may stand behind another word: `Basic_…`, `path/…`.
    let mut tries = 0;
    for at in run.start..run.end.min(run.start + GLUED) {
        if tries < MOST_GLUED && !text[at].is_ascii_alphanumeric() {
            tries += 1;
            if let Some(found) = base64(text, at + 1..run.end) {
                return Some(found);
            }
        }
    }
    None
}

fn hex(text: &[u8], run: &Range<usize>) -> Option<(Piece, usize)> {
    let mark = if text[run.clone()].starts_with(b"0x") { 2 } else { 0 };
    let digits = run.start + mark..run.end;
    if digits.len() < LEAST_HEX || !digits.len().is_multiple_of(2) {
        return None;
    }
    let byte = |pair: &[u8]| Some(digit(pair[0])? << 4 | digit(pair[1])?);
    let mut pairs = text[digits.clone()].chunks_exact(2).map(byte);
    let head = pairs.clone().take(SHORTEST);
    if !head.clone().all(|byte| byte.is_some_and(is_text)) || !pairs.all(|byte| byte.is_some()) {
        return None;
    }
    let mut piece = Piece::new("hex");
    piece.mark(digits.start, 2, 1);
    piece.end = digits.end;
    piece.text = text[digits.clone()].chunks_exact(2).filter_map(byte).collect();
    finish(piece, digits.end)
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).map(|digit| digit as u8)
}

fn base64(text: &[u8], first: Range<usize>) -> Option<(Piece, usize)> {
    if first.len() < super::runs::LEAST {
        return None;
    }
    let groups = text[first.start..first.start + HEAD].chunks_exact(4).map(bytes_of);
    let is_text = groups.clone().all(|bytes| bytes.into_iter().all(is_text));
    let wide = !is_text && is_wide(groups);
    if !is_text && !wide {
        return None;
    }
    let mut piece = Piece::new("base64");
    let mut line = first;
    let mut end;
    loop {
        piece.mark(line.start, 4, 3);
        push_decoded(&text[line.clone()], &mut piece.text);
        end = line.end + count(&text[line.end..], 2, |byte| byte == b'=');
        piece.end = line.end;
        if !line.len().is_multiple_of(4) || end > line.end {
            break;
        }
        match next_line(text, end) {
            Some(next) => line = next,
            None => break,
        }
    }
    if wide {
        narrow(&mut piece);
    }
    finish(piece, end)
}

/// Drops what follows behind the text, if what is left is worth it.
fn finish(mut piece: Piece, end: usize) -> Option<(Piece, usize)> {
    let text = piece.text.iter().position(|&byte| !is_text(byte) && byte < 0x80);
    piece.text.truncate(text.unwrap_or(piece.text.len()));
    if piece.text.len() < SHORTEST {
        return None;
    }
    piece.assigns = is_config(&piece.text).then_some(Syntax::Settings);
    Some((piece, end))
}

pub(super) fn push_decoded(letters: &[u8], out: &mut Vec<u8>) {
    out.reserve(letters.len() / 4 * 3 + 2);
    for group in letters.chunks(4) {
        out.extend_from_slice(&bytes_of(group)[..group.len() - 1]);
    }
}

/// The bytes that four letters stand for; fewer letters make fewer bytes.
fn bytes_of(group: &[u8]) -> [u8; 3] {
    let bits = group
        .iter()
        .fold(0_u32, |bits, &letter| bits << 6 | u32::from(VALUES[usize::from(letter)]));
    let [_, bytes @ ..] = (bits << (6 * (4 - group.len()))).to_be_bytes();
    bytes
}

fn is_text(byte: u8) -> bool {
    matches!(byte, b'\t' | b'\n' | b'\r' | 0x20..=0x7e)
}

/// Returns true if and only if these are two-byte characters, as PowerShell takes its commands.
fn is_wide(head: impl Iterator<Item = [u8; 3]>) -> bool {
    head.flatten().enumerate().all(|(at, byte)| if at % 2 == 0 { is_text(byte) } else { byte == 0 })
}

fn narrow(piece: &mut Piece) {
    for mark in &mut piece.marks {
        *mark = super::Mark { decoded: mark.decoded.div_ceil(2), from: 8, ..*mark };
    }
    let pairs = piece.text.chunks_exact(2).take_while(|pair| pair[1] == 0);
    piece.text = pairs.map(|pair| pair[0]).collect();
}

/// The letters of a next line that holds nothing but them, inside what a literal or a comment
/// puts around.
pub(super) fn next_line(text: &[u8], end: usize) -> Option<Range<usize>> {
    let around = |byte| matches!(byte, b' ' | b'\t' | b'"' | b'\'' | b',' | b'\\' | b'\r' | b'+');
    let before = |byte| matches!(byte, b' ' | b'\t' | b'"' | b'\'' | b'#' | b'*' | b'>' | b'|');
    let newline = end + count(&text[end..], 6, around);
    if text.get(newline) != Some(&b'\n') {
        return None;
    }
    let start = newline + 1 + count(&text[newline + 1..], 64, before);
    let stop = start + count(&text[start..], LONGEST_LINE, is_letter);
    let padded = stop + count(&text[stop..], 2, |byte| byte == b'=');
    let after = padded + count(&text[padded..], 6, |byte| around(byte) || byte == b';');
    let whole = matches!(text.get(after), None | Some(b'\n'));
    (whole && stop > start && count_back(&text[..start], 1, is_letter) == 0).then_some(start..stop)
}

/// Returns true if and only if each line assigns something to a name, or the text is JSON.
pub(super) fn is_config(text: &[u8]) -> bool {
    let trimmed = text.trim_ascii();
    if trimmed.starts_with(b"{") {
        return serde_json::from_slice::<serde::de::IgnoredAny>(trimmed).is_ok();
    }
    let assigns = |line: &[u8]| {
        let line = line.strip_prefix(b"export ").unwrap_or(line).trim_ascii();
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
        let name = count(line, 64, is_name);
        let sign = name + count(&line[name..], 4, |byte| byte == b' ');
        line.is_empty()
            || matches!(line[0], b'#' | b';' | b'[' | b'-')
            || name > 0 && matches!(line.get(sign), Some(b'=' | b':'))
    };
    trimmed.split(|&byte| byte == b'\n').all(assigns)
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
    use proptest::prelude::*;

    use super::*;

    fn piece(text: &str) -> Option<Piece> {
        let mut found = None;
        super::super::runs::each(text.as_bytes(), |run| {
            let decoded = decode(text.as_bytes(), &run);
            let end = decoded.as_ref().map_or(run.end, |(_, end)| *end);
            found = found.take().or(decoded.map(|(piece, _)| piece));
            end
        });
        found
    }

    proptest! {
        #[test]
        fn what_was_encoded_comes_out(text in "[ -~]{24,120}", width in 7_usize..20, safe: bool) {
            let encoded = if safe { URL_SAFE_NO_PAD.encode(&text) } else { STANDARD.encode(&text) };
            let width = if safe { usize::MAX } else { 4 * width };
            let lines: Vec<&str> = encoded
                .as_bytes()
                .chunks(width)
                .map(|line| std::str::from_utf8(line).expect("it is ASCII"))
                .collect();
            let wrapped = format!("key:\n  {}\n", lines.join("\n  "));
            let decoded = piece(&wrapped).expect("it is text");
            prop_assert_eq!(&decoded.text, text.as_bytes());
            // The last byte comes from the last letter.
            let last = decoded.origin(&(text.len() - 1..text.len()));
            prop_assert_eq!(last.end, wrapped.trim_end().trim_end_matches('=').len());
        }

        #[test]
        fn hex_comes_out(text in "[ -~]{16,60}") {
            let hex: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
            let decoded = piece(&format!("x = 0x{hex};")).expect("it is text");
            prop_assert_eq!(&decoded.text, text.as_bytes());
            prop_assert_eq!(decoded.origin(&(2..4)), 10..14);
        }
    }

    #[test]
    fn what_is_no_text_is_dropped() {
        for binary in [
            "createSourceFileWithSomeOptions",
            "9f8e2c71b04d6a539f8e2c71b04d6a539f8e2c71",
            &STANDARD.encode([0x30, 0x82, 4, 1, 200, 3, 9, 0, 1, 44, 5, 90, 3, 3, 3, 3, 3, 3, 3]),
        ] {
            assert!(piece(binary).is_none(), "{binary}");
        }
    }

    #[test]
    fn a_command_of_two_byte_characters_comes_out() {
        let wide: Vec<u8> =
            "Invoke-Thing -Key abcdef".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let decoded = piece(&STANDARD.encode(wide)).expect("it is text");
        assert_eq!(decoded.text, b"Invoke-Thing -Key abcdef");
    }

    #[test]
    fn settings_are_told_from_prose() {
        assert!(is_config(b"# db\nDB_HOST=x\nDB_PASSWORD = y\n"));
        assert!(is_config(b"{\"a\": 1}"));
        assert!(!is_config(b"the password: it is said, was found\nby chance"));
    }
}
