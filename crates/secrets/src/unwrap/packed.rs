//! Files that are compressed and then written in base64: releases of Helm, user data of machines.
//!
//! Nothing of such a run looks like text until it is unpacked. It is told by how a gzip file
//! begins, RFC 1952, which makes four letters of base64 that are the same in all.

use std::io::Read;
use std::ops::Range;
use std::sync::LazyLock;

use flate2::read::GzDecoder;
use memchr::memmem::Finder;

use super::base;
use super::runs::is_letter;
use super::{Piece, SHORTEST};
use crate::syntax::Syntax;

/// `1f 8b 08` in base64: a gzip file.
const BEGINNING: &[u8] = b"H4sI";
/// Fewer letters hold no file.
const LEAST: usize = 28;
/// How many bytes come out for each letter: more only does what is made for it.
const MOST: usize = 16;
/// How many bytes come out of one file.
const LARGEST: usize = 16 << 20;

/// Calls `found` with each file that stands in base64 of gzip in `text`.
pub(super) fn each(text: &[u8], found: &mut dyn FnMut(Piece)) {
    static FINDER: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(BEGINNING));
    let mut done = 0;
    for at in FINDER.find_iter(text) {
        if at < done || at > 0 && is_letter(text[at - 1]) {
            continue;
        }
        let (packed, extent) = letters(text, at);
        done = extent.end;
        if extent.len() < LEAST {
            continue;
        }
        let mut plain = Vec::new();
        let limit = LARGEST.min(extent.len() * MOST);
        // What comes out before the damage or the limit counts.
        let _ = GzDecoder::new(&packed[..]).take(limit as u64).read_to_end(&mut plain);
        if plain.len() >= SHORTEST {
            found(piece(plain, &extent));
        }
    }
}

/// The bytes that a run of base64 and the lines that go on with it stand for, and where it stands.
fn letters(text: &[u8], start: usize) -> (Vec<u8>, Range<usize>) {
    let mut bytes = Vec::new();
    let len = text[start..].iter().take_while(|&&byte| is_letter(byte)).count();
    let mut line = start..start + len;
    loop {
        base::push_decoded(&text[line.clone()], &mut bytes);
        let next = line.len().is_multiple_of(4).then(|| base::next_line(text, line.end)).flatten();
        match next {
            Some(next) => line = next,
            None => return (bytes, start..line.end),
        }
    }
}

fn piece(text: Vec<u8>, extent: &Range<usize>) -> Piece {
    let mut piece = Piece::new("base64 of gzip");
    // No byte of it comes from a letter of its own.
    piece.mark(extent.start, extent.len(), text.len());
    piece.end = extent.end;
    piece.assigns = Some(if base::is_config(&text) { Syntax::Settings } else { Syntax::Prose });
    piece.text = text;
    piece
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use proptest::prelude::*;

    use super::*;

    fn packed(text: &[u8]) -> String {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text).expect("memory takes it");
        STANDARD.encode(encoder.finish().expect("memory takes it"))
    }

    fn unpacked(text: &str) -> Vec<Vec<u8>> {
        let mut all = Vec::new();
        each(text.as_bytes(), &mut |piece| all.push(piece.text));
        all
    }

    proptest! {
        #[test]
        fn what_was_packed_comes_out(text in "[ -~\n]{16,300}", width in 10_usize..20) {
            let letters = packed(text.as_bytes());
            let lines: Vec<&str> = letters
                .as_bytes()
                .chunks(4 * width)
                .map(|line| std::str::from_utf8(line).expect("it is ASCII"))
                .collect();
            let wrapped = format!("data:\n  {}\n", lines.join("\n  "));
            prop_assert_eq!(unpacked(&wrapped), vec![text.into_bytes()]);
        }

        #[test]
        fn damage_does_no_harm(rest in "[A-Za-z0-9+/]{0,200}") {
            unpacked(&format!("x = \"H4sI{rest}\""));
        }
    }

    #[test]
    fn a_bomb_is_unpacked_within_bounds() {
        let bomb = packed(&vec![b'a'; 64 << 20]);
        let out: usize = unpacked(&bomb).iter().map(Vec::len).sum();
        assert!(out <= bomb.len() * MOST, "{out}");
    }
}
