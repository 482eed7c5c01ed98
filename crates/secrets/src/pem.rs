//! Armoured blocks: from `-----BEGIN … PRIVATE KEY-----` to the end of the block, through
//! indentation, quotes, comment signs and `\n` escapes.

use bstr::ByteSlice as _;
use memchr::memmem;

use crate::check::{Proof, Verdict, decode_base64};

/// A block longer than this is not a key; RSA of 16,384 bits takes 13 KiB.
pub(crate) const LONGEST_BLOCK: usize = 64 * 1024;
/// The shortest body that can be a key: an Ed25519 private key in PKCS#8 has 64 characters.
const SHORTEST_BODY: usize = 40;

const LONGEST_END_LINE: usize = 80;

/// Proves the block whose begin line is `text[start..end]`, and finds where it ends.
pub(crate) fn prove(text: &[u8], start: usize, end: usize) -> Proof {
    let refuted = Proof { verdict: Verdict::Invalid, end: None };
    let limit = text.len().min(start + LONGEST_BLOCK);
    let rest = &text[end..limit];
    let stop = memmem::find(rest, b"-----END").or_else(|| memmem::find(rest, b"---- END"));
    let next_begin = memmem::find(rest, b"-----BEGIN").unwrap_or(rest.len());
    let inside = &rest[..stop.unwrap_or(rest.len()).min(next_begin)];
    let body = body_of(inside);
    if body.letters.len() < SHORTEST_BODY || is_filler(&body.letters) {
        return refuted;
    }
    let label = String::from_utf8_lossy(&text[start..end]);
    let encrypted = body.encrypted || label.contains("ENCRYPTED");
    let whole = stop.is_some_and(|stop| stop <= next_begin);
    let decoded = decode_base64(&body.letters).unwrap_or_default();
    let verdict = match (
        encrypted || is_encrypted_openssh(&decoded),
        whole && looks_like_key(&decoded, &label),
    ) {
        (true, _) => Verdict::Unknown(Some("encrypted with a passphrase".into())),
        (false, true) => Verdict::Valid("the key parses".into()),
        (false, false) => Verdict::Unknown(None),
    };
    let end = if whole {
        let after = end + inside.len();
        // The end line repeats the label, then five dashes more.
        let rest = &text[after..text.len().min(after + LONGEST_END_LINE)];
        memmem::rfind(rest.lines().next().unwrap_or(rest), b"-----")
            .map_or(after, |dashes| after + dashes + 5)
    } else {
        end + body.end
    };
    Proof { verdict, end: Some(end) }
}

struct Body {
    /// The base64 characters, in order.
    letters: Vec<u8>,
    encrypted: bool,
    /// Bytes up to the last base64 line.
    end: usize,
}

/// Collects the base64 of a block line by line; a line that is not base64 inside the usual
/// wrapping is a header or the end.
fn body_of(inside: &[u8]) -> Body {
    let mut body = Body { letters: Vec::new(), encrypted: false, end: 0 };
    let mut at = 0;
    let mut strange = 0;
    while at < inside.len() {
        let (len, skip) = line_length(&inside[at..]);
        let line = payload(&inside[at..at + len]);
        if memmem::find(line, b"ENCRYPTED").is_some() {
            body.encrypted = true;
        }
        let is_header = memmem::find(line, b": ").is_some() || line.is_empty();
        if is_base64(line) {
            body.letters.extend_from_slice(line);
            body.end = at + len;
        } else if !is_header {
            strange += 1;
            if strange > 2 {
                break;
            }
        }
        at += len + skip;
    }
    while body.letters.last() == Some(&b'=') {
        body.letters.pop();
    }
    body
}

/// The bytes up to a line's end, and those of the end itself: a newline or an escaped one.
fn line_length(text: &[u8]) -> (usize, usize) {
    let end = memchr::memchr2(b'\n', b'\\', text);
    match end {
        Some(at) if text[at] == b'\n' => (at, 1),
        Some(at) => {
            let slashes = text[at..].iter().take_while(|&&byte| byte == b'\\').count();
            let letter =
                text.get(at + slashes).is_some_and(|byte| matches!(byte, b'n' | b'r' | b't'));
            (at, slashes + usize::from(letter))
        }
        None => (text.len(), 0),
    }
}

/// What a line says: all of it, or its last word where a log wrote the time and more before each
/// line, or a program adds string to string.
fn payload(line: &[u8]) -> &[u8] {
    const LEAST: usize = 16;
    let whole = unwrap(line);
    let last = unwrap(whole.rsplit(|&byte| byte == b' ').next().unwrap_or(whole));
    if last.len() >= LEAST && is_base64(last) { last } else { whole }
}

fn is_base64(line: &[u8]) -> bool {
    let letter =
        |byte: &u8| matches!(byte, b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' | b'=');
    !line.is_empty() && line.iter().all(letter)
}

/// Takes off what editors, diffs and string literals put around a line.
fn unwrap(line: &[u8]) -> &[u8] {
    let wrapping = |byte: &u8| {
        matches!(
            byte,
            b' ' | b'\t'
                | b'\r'
                | b'"'
                | b'\''
                | b'`'
                | b','
                | b'#'
                | b'*'
                | b'>'
                | b'|'
                | b'.'
                | b';'
                | b'('
                | b')'
                | b'-'
        )
    };
    let start = line.iter().position(|byte| !wrapping(byte)).unwrap_or(line.len());
    let end = line.iter().rposition(|byte| !wrapping(byte)).map_or(start, |at| at + 1);
    let line = &line[start..end];
    // String concatenation: the sign stands apart from the text.
    let line = line.strip_suffix(b"\" +").or(line.strip_suffix(b"' +")).unwrap_or(line);
    line.strip_prefix(b"+ \"").or(line.strip_prefix(b"+ '")).unwrap_or(line)
}

fn is_filler(letters: &[u8]) -> bool {
    let mut counts = [0_usize; 256];
    letters.iter().for_each(|&letter| counts[usize::from(letter)] += 1);
    let distinct = counts.iter().filter(|&&count| count > 0).count();
    let most = counts.iter().max().copied().unwrap_or(0);
    distinct < 16 || most * 3 > letters.len()
}

fn is_encrypted_openssh(decoded: &[u8]) -> bool {
    // "openssh-key-v1", NUL, then the length and the name of the cipher.
    let Some(rest) = decoded.strip_prefix(b"openssh-key-v1\0") else { return false };
    rest.get(4..8) != Some(b"none")
}

/// DER begins with a SEQUENCE whose length fits; OpenSSH and PGP have their own marks.
fn looks_like_key(decoded: &[u8], label: &str) -> bool {
    if label.contains("OPENSSH") {
        return decoded.starts_with(b"openssh-key-v1\0");
    }
    if label.contains("PGP") {
        return decoded.first().is_some_and(|tag| tag & 0x80 != 0);
    }
    match decoded {
        [0x30, len, ..] if *len < 0x80 => decoded.len() >= usize::from(*len) + 2,
        [0x30, 0x81, len, ..] => decoded.len() >= usize::from(*len) + 3,
        [0x30, 0x82, high, low, ..] => {
            decoded.len() >= usize::from(*high) * 256 + usize::from(*low) + 4
        }
        _ => false,
    }
}
