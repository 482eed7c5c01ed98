//! The alphabet of the language model: what of a value's bytes it looks at.
//!
//! Letters lose their case, since words are the same words in any; what case tells is where words
//! begin, and that becomes a symbol of its own, the boundary, which `_`, `-` and blanks are too.
//! So `fooBar`, `foo_bar`, `FOO-BAR` and `foo bar` read alike, while the case of random letters,
//! which changes anywhere, puts boundaries where no word ends. Shared with the program that trains.

/// How many symbols there are: five bits.
pub(crate) const COUNT: usize = 32;
/// A decimal digit: which one, the model does not ask.
pub(crate) const DIGIT: u8 = 26;
/// Where a word begins or ends.
pub(crate) const BOUNDARY: u8 = 27;
const DOT: u8 = 28;
const SLASH: u8 = 29;
const MARK: u8 = 30;
const OTHER: u8 = 31;

const UPPER: u8 = 0x40;
const LOWER: u8 = 0x80;
const SYMBOL: u8 = 0x1f;

/// The symbol of each byte, and whether it is a letter of which case.
const OF_BYTE: [u8; 256] = {
    let mut table = [OTHER; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = match byte as u8 {
            letter @ b'a'..=b'z' => LOWER | (letter - b'a'),
            letter @ b'A'..=b'Z' => UPPER | (letter - b'A'),
            b'0'..=b'9' => DIGIT,
            0..=b' ' | b'_' | b'-' => BOUNDARY,
            b'.' | b':' | b',' => DOT,
            b'/' | b'\\' => SLASH,
            0x21..=0x7e => MARK,
            _ => OTHER,
        };
        byte += 1;
    }
    table
};

/// Calls `see` with the symbols of a value, from the first to the boundary that ends it.
/// The boundary before the first is not among them.
#[inline]
pub(crate) fn each(value: &[u8], mut see: impl FnMut(u8)) {
    const CHUNK: usize = 64;
    let mut symbols = [0; 2 * CHUNK];
    let mut last = 0;
    for start in (0..value.len()).step_by(CHUNK) {
        let mut count = 0;
        // Random letters change their case anywhere: a branch would be mispredicted every time,
        // so each boundary is written, and stays only if it is one.
        for at in start..value.len().min(start + CHUNK) {
            let here = OF_BYTE[usize::from(value[at])];
            let next = OF_BYTE[usize::from(value[(at + 1).min(value.len() - 1)])];
            // `fooBar`, and `HTTPServer` between its words.
            let hump = here & UPPER & ((last >> 1) | (last & (next >> 1)));
            symbols[count] = BOUNDARY;
            count += usize::from(hump / UPPER);
            symbols[count] = here & SYMBOL;
            count += 1;
            last = here;
        }
        symbols[..count].iter().for_each(|&symbol| see(symbol));
    }
    see(BOUNDARY);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn symbols(value: &str) -> String {
        let mut text = String::new();
        each(value.as_bytes(), |symbol| {
            text.push(char::from(match symbol {
                0..DIGIT => b'a' + symbol,
                DIGIT => b'0',
                BOUNDARY => b'_',
                DOT => b'.',
                SLASH => b'/',
                MARK => b'!',
                _ => b'?',
            }));
        });
        text
    }

    #[test]
    fn words_read_alike_however_they_are_joined() {
        for name in ["fooBar", "foo_bar", "FOO-BAR", "foo bar", "FooBar"] {
            assert_eq!(symbols(name), "foo_bar_", "{name}");
        }
        assert_eq!(symbols("HTTPServer2.go"), "http_server0.go_");
        assert_eq!(symbols("a/b\\c@é"), "a/b/c!??_");
    }
}
