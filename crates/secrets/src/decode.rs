//! Texts that a content holds in another encoding: UTF-16, UTF-32, and wide strings in binaries.

use encoding_rs::{Encoding, UTF_16BE, UTF_16LE};

/// How a content's text is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Charset {
    /// ASCII or a superset of it, or bytes of no charset: scanned as they are.
    Bytes,
    /// UTF-16 in either byte order.
    Utf16(&'static Encoding),
    /// UTF-32, little or big endian.
    Utf32(ByteOrder),
}

/// Which byte of a number comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ByteOrder {
    Little,
    Big,
}

/// How many bytes are looked at to tell the charset.
pub(crate) const SAMPLE: usize = 4096;

impl Charset {
    /// Tells the charset from the first bytes: by a byte order mark, or by where the NULs stand.
    pub(crate) fn detect(content: &[u8]) -> Self {
        match content {
            [0xff, 0xfe, 0, 0, ..] => return Self::Utf32(ByteOrder::Little),
            [0, 0, 0xfe, 0xff, ..] => return Self::Utf32(ByteOrder::Big),
            [0xff, 0xfe, ..] => return Self::Utf16(UTF_16LE),
            [0xfe, 0xff, ..] => return Self::Utf16(UTF_16BE),
            _ => {}
        }
        let sample = &content[..content.len().min(SAMPLE) & !1];
        if sample.len() < 8 || memchr::memchr(0, sample).is_none() {
            return Self::Bytes;
        }
        let zeros =
            |odd: usize| sample.iter().skip(odd).step_by(2).filter(|&&byte| byte == 0).count();
        // In UTF-16 of mostly Latin text, nearly each second byte is NUL and few others are.
        let (even, odd, pairs) = (zeros(0), zeros(1), sample.len() / 2);
        if odd * 10 >= pairs * 7 && even * 10 < pairs {
            Self::Utf16(UTF_16LE)
        } else if even * 10 >= pairs * 7 && odd * 10 < pairs {
            Self::Utf16(UTF_16BE)
        } else {
            Self::of_quads(sample)
        }
    }

    /// In UTF-32 of mostly Latin text, three of four bytes are NUL and the fourth is not.
    fn of_quads(sample: &[u8]) -> Self {
        let quads = sample.len() / 4;
        let zeros = |at: usize| sample.chunks_exact(4).filter(|quad| quad[at] == 0).count();
        let mostly = |at: usize| zeros(at) * 10 >= quads * 7;
        let hardly = |at: usize| zeros(at) * 10 < quads;
        let all = |at: usize| zeros(at) == quads;
        if hardly(0) && mostly(1) && all(2) && all(3) {
            Self::Utf32(ByteOrder::Little)
        } else if all(0) && all(1) && mostly(2) && hardly(3) {
            Self::Utf32(ByteOrder::Big)
        } else {
            Self::Bytes
        }
    }

    /// Returns true if and only if it is one of two-byte characters.
    pub(crate) fn is_wide(self) -> bool {
        matches!(self, Self::Utf16(_))
    }

    /// The word for it in a finding's place, or `None` for plain bytes.
    pub(crate) fn label(self) -> Option<&'static str> {
        match self {
            Self::Bytes => None,
            Self::Utf16(encoding) if encoding == UTF_16LE => Some("utf-16le"),
            Self::Utf16(_) => Some("utf-16be"),
            Self::Utf32(ByteOrder::Little) => Some("utf-32le"),
            Self::Utf32(ByteOrder::Big) => Some("utf-32be"),
        }
    }

    /// A decoder for content that comes piece by piece.
    pub(crate) fn decoder(self) -> Decoder {
        match self {
            Self::Bytes => Decoder::Bytes,
            Self::Utf16(encoding) => {
                Decoder::Utf16(Box::new(encoding.new_decoder_with_bom_removal()))
            }
            Self::Utf32(order) => Decoder::Utf32(order, Vec::new()),
        }
    }
}

/// Turns bytes of a charset into UTF-8, piece by piece; malformed parts become U+FFFD.
pub(crate) enum Decoder {
    Bytes,
    Utf16(Box<encoding_rs::Decoder>),
    /// The order, and up to three bytes of an unfinished character.
    Utf32(ByteOrder, Vec<u8>),
}

impl Decoder {
    /// Appends the text of `piece` to `text`. `last` says that no piece follows.
    pub(crate) fn push(&mut self, piece: &[u8], last: bool, text: &mut Vec<u8>) {
        match self {
            Self::Bytes => text.extend_from_slice(piece),
            Self::Utf16(decoder) => {
                let need =
                    decoder.max_utf8_buffer_length(piece.len()).unwrap_or(piece.len() * 3 + 16);
                let start = text.len();
                text.resize(start + need, 0);
                let (_, _, written, _) = decoder.decode_to_utf8(piece, &mut text[start..], last);
                text.truncate(start + written);
            }
            Self::Utf32(order, rest) => {
                rest.extend_from_slice(piece);
                let whole = rest.len() & !3;
                for four in rest[..whole].chunks_exact(4) {
                    push_scalar(*order, four, text);
                }
                rest.drain(..whole);
            }
        }
    }
}

fn push_scalar(order: ByteOrder, four: &[u8], text: &mut Vec<u8>) {
    let four = [four[0], four[1], four[2], four[3]];
    let number = match order {
        ByteOrder::Little => u32::from_le_bytes(four),
        ByteOrder::Big => u32::from_be_bytes(four),
    };
    let letter = char::from_u32(number).unwrap_or(char::REPLACEMENT_CHARACTER);
    if letter != '\u{feff}' {
        text.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
    }
}

/// Shortest run of wide characters that is worth scanning.
const SHORTEST_RUN: usize = 12;

/// Takes runs of printable ASCII that stand as two-byte characters out of a binary, each as one
/// line, so that a credential compiled into a program is seen.
pub(crate) fn wide_strings(content: &[u8], text: &mut Vec<u8>) {
    let mut from = 0;
    while let Some(zero) = memchr::memchr(0, &content[from..]) {
        let zero = from + zero;
        // Binaries have long runs of NULs.
        from = zero + content[zero..].iter().take_while(|&&byte| byte == 0).count();
        // A run begins with a letter and its NUL; in big endian, its first NUL is not needed.
        let Some(start) = zero.checked_sub(1) else { continue };
        // In most binaries no letter stands here, or no second one follows.
        let [first, _, second, 0, ..] = content[start..] else { continue };
        if !is_letter(first) || !is_letter(second) {
            continue;
        }
        let len = wide_letters(&content[start..]).count();
        if len < SHORTEST_RUN {
            continue;
        }
        from = start + len * 2;
        text.extend(wide_letters(&content[start..]));
        text.push(b'\n');
        // In big endian, the last letter has its NUL before it.
        let last = content.get(from).copied().filter(|byte| matches!(byte, 0x20..=0x7e));
        if let (Some(last), Some(0)) = (last, start.checked_sub(1).map(|at| content[at])) {
            text.extend(wide_letters(&content[start..start + len * 2]));
            text.extend([last, b'\n']);
        }
    }
}

fn is_letter(byte: u8) -> bool {
    matches!(byte, b'\t' | b'\n' | b'\r' | 0x20..=0x7e)
}

/// The letters of pairs `letter, NUL` at the start of `content`.
fn wide_letters(content: &[u8]) -> impl Iterator<Item = u8> + '_ {
    let is_wide = |pair: &&[u8]| pair[1] == 0 && is_letter(pair[0]);
    content.chunks_exact(2).take_while(is_wide).map(|pair| pair[0])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(content: &[u8]) -> (Option<&'static str>, String) {
        let charset = Charset::detect(content);
        let mut text = Vec::new();
        charset.decoder().push(content, true, &mut text);
        (charset.label(), String::from_utf8_lossy(&text).into_owned())
    }

    fn utf16(text: &str, mark: bool, order: ByteOrder) -> Vec<u8> {
        let units = mark.then_some(0xfeff).into_iter().chain(text.encode_utf16());
        units
            .flat_map(|unit| match order {
                ByteOrder::Little => unit.to_le_bytes(),
                ByteOrder::Big => unit.to_be_bytes(),
            })
            .collect()
    }

    #[test]
    fn utf_16_is_told_with_and_without_a_mark() {
        let text = "password = \"é1\"\n";
        for order in [ByteOrder::Little, ByteOrder::Big] {
            for mark in [true, false] {
                let (label, decoded) = decode(&utf16(text, mark, order));
                assert!(label.is_some_and(|label| label.starts_with("utf-16")), "{order:?} {mark}");
                assert_eq!(decoded, text);
            }
        }
    }

    #[test]
    fn utf_32_is_decoded_in_any_pieces() {
        let content: Vec<u8> =
            "\u{feff}key é".chars().flat_map(|letter| u32::from(letter).to_le_bytes()).collect();
        let charset = Charset::detect(&content);
        let mut decoder = charset.decoder();
        let mut text = Vec::new();
        for byte in &content {
            decoder.push(&[*byte], false, &mut text);
        }
        assert_eq!(text, "key é".as_bytes());
    }

    #[test]
    fn a_leading_nul_is_not_utf_16() {
        assert_eq!(Charset::detect(b"\0plain text follows here"), Charset::Bytes);
    }

    #[test]
    fn wide_strings_are_found_at_any_offset_in_either_order() {
        for order in [ByteOrder::Little, ByteOrder::Big] {
            for padding in 0..3 {
                let mut content = vec![0x90; padding];
                content.extend(utf16("a wide string here", false, order));
                content.extend([0x90, 0x01, 0, 0, 0, 7]);
                let mut text = Vec::new();
                wide_strings(&content, &mut text);
                let text = String::from_utf8_lossy(&text);
                assert!(text.contains("wide string here"), "{order:?} {padding} {text:?}");
            }
        }
    }
}
