//! Literals that are not just a pair of quotes: `[[…]]`, `%q(…)`, `R"(…)"`, and what languages wrap
//! around one to give it a type: `[]byte("…")`, `String::from("…")`, `_T("…")`.

use std::ops::Range;

/// The longest literal, in bytes.
const LONGEST: usize = 1024;
/// How far behind a value on a line of its own its end is looked for. What decides on a name ends
/// `value::AROUND` behind its second line.
const BELOW: usize = 80;

/// The most bytes of a name that is wrapped around a literal.
const LONGEST_WRAPPER: usize = 44;

/// What takes one text and stands for it, or for what is encoded in it. Blanks count as they are.
const WRAPPERS: [&[u8]; 44] = [
    b"[]byte(",
    b"String::from(",
    b"Some(",
    b"Ok(",
    b"Just ",
    b"Optional.of(",
    b"new String(",
    b"String(",
    b"Buffer.from(",
    b"new Buffer(",
    b"TEXT(",
    b"_T(",
    b"_TEXT(",
    b"F(",
    b"PSTR(",
    b"T.pack ",
    b"BS.pack ",
    b"pack ",
    b"SecretStr(",
    b"SecretString(",
    b"SecretString::new(",
    b"SecretString::from(",
    b"Secret::new(",
    b"new TextEncoder().encode(",
    b"str(",
    b"bytes(",
    b"strdup(",
    b"aws.String(",
    b"to.StringPtr(",
    b"pointer.String(",
    b"pulumi.String(",
    b"cdk.SecretValue.unsafePlainText(",
    b"SecretValue.unsafePlainText(",
    b"Cow::from(",
    b"atob(",
    b"base64.b64decode(",
    b"b64decode(",
    b"base64_decode(",
    b"Base64.decode64(",
    b"Base64.getDecoder().decode(",
    b"Convert.FromBase64String(",
    b"ConvertTo-SecureString ",
    b"ConvertTo-SecureString -String ",
    b"ConvertTo-SecureString -AsPlainText -Force ",
];

/// How many bytes of wrappers stand before a literal.
pub(crate) fn wrapped(rest: &[u8]) -> usize {
    let mut at = 0;
    if !may_wrap(rest) {
        return 0;
    }
    // `Some(String::from("…"))`
    for _ in 0..2 {
        let Some(len) = wrapper(&rest[at..]) else { break };
        at += len;
    }
    at
}

/// Tells by a few bytes that most of what stands behind a sign wraps nothing.
fn may_wrap(rest: &[u8]) -> bool {
    let near = &rest[..rest.len().min(LONGEST_WRAPPER)];
    let is_part = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b':');
    let part = near.iter().take_while(is_part).count();
    let next = near.get(part + 1);
    match near.get(part) {
        Some(b'(') => matches!(next, Some(b'"' | b'\'' | b'`' | b'S' | b's' | b'@')),
        Some(b' ') => matches!(near[0], b'n' | b'J' | b'p' | b'T' | b'B'),
        Some(b'-') => near.starts_with(b"ConvertTo"),
        Some(b'[') => part == 0 && near.starts_with(b"[]byte("),
        _ => false,
    }
}

fn wrapper(rest: &[u8]) -> Option<usize> {
    let first = *rest.first()?;
    let begins = |wrapper: &&&[u8]| wrapper[0] == first && rest.starts_with(wrapper);
    // Longer ones that begin alike stand further down.
    WRAPPERS.iter().rev().find(begins).map(|wrapper| wrapper.len())
}

/// Where the value stands in a literal that begins here, if it is none in plain quotes.
pub(crate) fn value(rest: &[u8]) -> Option<Range<usize>> {
    let first = *rest.first()?;
    if !matches!(
        first,
        b'[' | b'%'
            | b'q'
            | b'R'
            | b'~'
            | b'\''
            | b'{'
            | b'"'
            | b'r'
            | b'u'
            | b'U'
            | b'B'
            | b'N'
            | b'L'
            | b'<'
    ) {
        return None;
    }
    // Most literals are in plain quotes.
    if matches!(first, b'"' | b'\'') && rest.get(1).is_some_and(|&next| next != first) {
        return None;
    }
    let rest = &rest[..rest.len().min(LONGEST + 2 * BELOW)];
    let line = &rest[..memchr::memchr(b'\n', rest).unwrap_or(rest.len())];
    match first {
        b'"' => block(rest, line.len()),
        b'[' => {
            // Lua
            let level = line[1..].iter().take_while(|&&byte| byte == b'=').count();
            let opens = line.get(1 + level) == Some(&b'[');
            let closing = [&b"]"[..], &line[1..=level], b"]"].concat();
            until(line, 2 + level, &closing).filter(|_| opens)
        }
        b'\'' if line.starts_with(b"''") => until(line, 2, b"''"),
        b'{' if line.starts_with(b"{|") => until(line, 2, b"|}"),
        b'<' if line.starts_with(b"<<\"") => until(line, 3, b"\">>"),
        b'%' => {
            let kind = line[1..].iter().take(1).take_while(|byte| b"qQ".contains(byte)).count();
            // Without a letter, braces and the like are templates.
            let plain = kind > 0 || line.get(1) == Some(&b'(');
            in_brackets(line, 1 + kind).filter(|_| plain)
        }
        b'~' if matches!(line.get(1), Some(b's' | b'S')) => in_brackets(line, 2),
        b'q' => {
            let kind = 1 + usize::from(line.get(1) == Some(&b'q'));
            in_brackets(line, kind)
        }
        b'r' if line.starts_with(b"raw\"") => until(line, 4, b"\""),
        b'R' | b'u' | b'U' | b'L' => {
            let prefix = line.iter().take(4).position(|&byte| byte == b'"')?;
            let known = [&b"R"[..], b"u8", b"u8R", b"uR", b"UR", b"LR", b"U"];
            if !known.contains(&&line[..prefix]) {
                None
            } else {
                let raw = line[..prefix].ends_with(b"R");
                let raw = raw.then(|| cpp(line, prefix)).flatten();
                raw.or_else(|| until(line, prefix + 1, b"\""))
            }
        }
        b'B' | b'N' => {
            let quote = line.get(1).filter(|byte| matches!(byte, b'"' | b'\''))?;
            until(line, 2, &[*quote])
        }
        _ => None,
    }
}

/// What stands between `start` and the next `closing`, if it begins like a value and nothing goes on
/// behind it.
fn until(line: &[u8], start: usize, closing: &[u8]) -> Option<Range<usize>> {
    let inside = line.get(start..)?;
    let len = memchr::memmem::find(inside, closing)?;
    let begins = inside[0].is_ascii_graphic() && !b"\"'[](){}|,;:=".contains(&inside[0]);
    let goes_on = line.get(start + len + closing.len()).is_some_and(u8::is_ascii_alphanumeric);
    (begins && len > 0 && !goes_on).then_some(start..start + len)
}

/// `(…)`, `{…}`, `|…|` from its opening bracket on.
fn in_brackets(line: &[u8], at: usize) -> Option<Range<usize>> {
    let closing = match line.get(at)? {
        b'(' => b')',
        b'[' => b']',
        b'{' => b'}',
        b'<' => b'>',
        mark @ (b'|' | b'/' | b'!') => *mark,
        _ => return None,
    };
    until(line, at + 1, &[closing])
}

/// `R"name(…)name"` of C++.
fn cpp(line: &[u8], quote: usize) -> Option<Range<usize>> {
    let name = line[quote + 1..].iter().take(16).position(|&byte| byte == b'(')?;
    let closing = [&b")"[..], &line[quote + 1..quote + 1 + name], b"\""].concat();
    until(line, quote + name + 2, &closing)
}

/// The only line of a block in triple quotes that begins at the end of a line.
fn block(rest: &[u8], end: usize) -> Option<Range<usize>> {
    if rest[..end].trim_ascii_end() != b"\"\"\"" {
        return None;
    }
    let below = rest.get(end + 1..)?;
    let len = memchr::memchr(b'\n', below)?;
    let last = &below[len + 1..below.len().min(len + 1 + BELOW)];
    let value = below[..len].trim_ascii();
    let start = end + 1 + len - below[..len].trim_ascii_start().len();
    let plain = !value.is_empty() && !value.iter().any(u8::is_ascii_whitespace);
    (plain && last.trim_ascii_start().starts_with(b"\"\"\"")).then(|| start..start + value.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn literals_of_languages() {
        for text in [
            "[[WORD]]",
            "[=[WORD]=]",
            "%q(WORD)",
            "%Q{WORD}",
            "%(WORD)",
            "q{WORD};",
            "qq|WORD|;",
            "R\"(WORD)\"",
            "u8R\"xx(WORD)xx\";",
            "u8\"WORD\"",
            "~s(WORD)",
            "~S{WORD}",
            "''WORD'';",
            "{|WORD|}",
            "<<\"WORD\">>",
            "raw\"WORD\"",
            "B'WORD'",
            "\"\"\"\n    WORD\n    \"\"\";",
        ] {
            let found = value(text.as_bytes()).map(|span| &text[span]);
            assert_eq!(found, Some("WORD"), "{text}");
        }
    }

    #[test]
    fn what_only_begins_like_one() {
        for text in [
            "[['WORD']]",
            "[[ $WORD ]]",
            "%(word)s",
            "%w(WORD)",
            "%{WORD}",
            "query(WORD)",
            "Router(WORD)",
            "''",
            "'', 'WORD'",
            "{WORD}",
            "update\"WORD\"",
            "\"\"\"\nWORD\nmore\n\"\"\"",
            "<<EOT",
            "",
        ] {
            assert_eq!(value(text.as_bytes()).map(|span| &text[span]), None, "{text}");
        }
    }

    #[test]
    fn wrappers_are_skipped() {
        for (text, len) in [
            ("[]byte(\"x\")", 7),
            ("Some(String::from(\"x\"))", 18),
            ("_T(\"x\")", 3),
            ("getenv(\"x\")", 0),
            ("\"x\"", 0),
            ("", 0),
        ] {
            assert_eq!(wrapped(text.as_bytes()), len, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "[\\[\\](){}=%qQRLuU8~sS'\"<>|rawBN \na]{0,40}") {
            let found = value(text.as_bytes());
            prop_assert!(found.is_none_or(|span| span.start < span.end && span.end <= text.len()));
            prop_assert!(wrapped(text.as_bytes()) <= text.len());
        }
    }
}
