//! Values that do not stand right behind the sign: on the next line, as a block or a text of its
//! own; behind another value that is asked for first; as the default of what is declared.
//!
//! All of these read no further than a few lines, and each returns where the value stands.

use std::ops::Range;

use bstr::ByteSlice as _;

/// The longest line that is read, in bytes.
const LONGEST_LINE: usize = 300;
/// How many bytes of a declaration are read, and how many lines.
const LONGEST_DECLARATION: usize = 400;
const MOST_LINES: usize = 6;
/// The deepest a name is indented that has its value below, and the shortest such value.
const DEEPEST: usize = 60;
const SHORTEST_BELOW: usize = 16;

/// The anchor and the tag that YAML allows before a value: `&name`, `!!str`. How many bytes they
/// take with the blanks behind them.
pub(crate) fn properties(rest: &[u8]) -> usize {
    let mut at = 0;
    while let Some(len) = property(&rest[at..]) {
        at += len;
    }
    at
}

fn property(rest: &[u8]) -> Option<usize> {
    const STRING: &[u8] = b"!!str";
    let word = match rest {
        [b'&', name @ ..] => {
            let is_name = |byte: &&u8| byte.is_ascii_alphanumeric() || b"_-".contains(byte);
            1 + Some(name.iter().take(40).take_while(is_name).count()).filter(|&len| len > 0)?
        }
        rest if rest.starts_with(STRING) => STRING.len(),
        _ => return None,
    };
    let blanks = rest[word..].iter().take(8).take_while(|&&byte| byte == b' ').count();
    (blanks > 0).then_some(word + blanks)
}

/// The one line of a text that begins on the next line: a block of YAML, a here document, a here
/// string of PowerShell. `at` is behind the sign.
pub(crate) fn text_below(text: &[u8], at: usize) -> Option<Range<usize>> {
    let (opening, next) = line(text, at)?;
    let opening = text[opening].trim_ascii();
    let (value, behind) = line(text, next?)?;
    let indent = text[value.clone()].iter().take_while(|&&byte| byte == b' ').count();
    let found = trimmed(text, value)?;
    let last = behind.and_then(|behind| line(text, behind)).map(|(line, _)| &text[line]);
    let ends = match opening {
        b"|" | b"|-" | b"|+" | b">" | b">-" | b">+" => {
            let deeper = |line: &[u8]| {
                !line.trim_ascii().is_empty()
                    && line.iter().take_while(|&&byte| byte == b' ').count() >= indent
            };
            indent > 0 && !last.is_some_and(deeper)
        }
        b"@\"" => last.is_some_and(|line| line.starts_with(b"\"@")),
        b"@'" => last.is_some_and(|line| line.starts_with(b"'@")),
        _ => {
            let tag = opening.strip_prefix(b"<<").unwrap_or_default();
            let tag = tag.trim_with(|c| "<-~'\"".contains(c));
            let is_tag = !tag.is_empty() && tag.iter().all(u8::is_ascii_alphanumeric);
            is_tag && last.is_some_and(|line| line.trim_ascii().starts_with(tag))
        }
    };
    ends.then_some(found)
}

/// Returns true if what a line ends with may open a text that [`text_below`] reads.
pub(crate) fn opens_text_below(line: &[u8]) -> bool {
    const SIGNS: [&[u8]; 8] = [b"|", b"|-", b"|+", b">", b">-", b">+", b"@\"", b"@'"];
    let line = line.trim_ascii_end();
    SIGNS.iter().any(|sign| line.ends_with(sign)) || line.windows(2).any(|pair| pair == b"<<")
}

/// The text in quotes that counts where what is asked for first is not there:
/// `getenv("NAME") or "…"`, `env.NAME ?? '…'`, `Field(default="…")`.
pub(crate) fn fallback(text: &[u8], at: usize) -> Option<Range<usize>> {
    const SIGNS: [&[u8]; 8] = [
        b" || ",
        b" ?? ",
        b" or ",
        b" : ",
        b"default=",
        b"defaultValue: ",
        b".unwrap_or(",
        b".orElse(",
    ];
    let (span, _) = line(text, at)?;
    let whole = &text[span.clone()];
    let is_behind_sign = |&open: &usize| SIGNS.iter().any(|sign| whole[..open].ends_with(sign));
    let open = memchr::memchr3_iter(b'"', b'\'', b'`', whole).find(is_behind_sign)?;
    // A conditional has its question before the colon.
    let is_colon = whole[..open].ends_with(b" : ");
    if is_colon && !whole[..open].contains_str(" ? ") {
        return None;
    }
    let len = memchr::memchr(whole[open], &whole[open + 1..])?;
    let start = span.start + open + 1;
    Some(start..start + len)
}

/// What counts where a variable of a shell is not set, in what begins at `start` as `${NAME:-…}`;
/// from `at` on it is read.
pub(crate) fn fallback_of(text: &[u8], start: usize, at: usize) -> Option<Range<usize>> {
    let (span, _) = text.get(start..)?.starts_with(b"${").then(|| line(text, at))??;
    let line = &text[span.clone()];
    let name = usize::from(at == start) * 2;
    let is_name = |byte: &&u8| byte.is_ascii_alphanumeric() || **byte == b'_';
    let sign = name + line[name..].iter().take_while(is_name).count();
    let len = [&b":-"[..], b":=", b"-"].iter().find(|one| line[sign..].starts_with(one))?.len();
    let end = sign + memchr::memchr(b'}', &line[sign..])?;
    let value = &line[sign + len..end];
    let quotes = |byte: &&u8| matches!(**byte, b'"' | b'\'');
    let lead = value.iter().take(1).take_while(quotes).count();
    let trail = value[lead..].iter().rev().take(1).take_while(quotes).count();
    let start = span.start + sign + len + lead;
    (lead + trail < value.len()).then(|| start..span.start + end - trail)
}

/// What an object on the same line gives as its value: `"NAME": {"value": "…"}`.
pub(crate) fn given(text: &[u8], at: usize) -> Option<Range<usize>> {
    let (span, _) = text.get(at).filter(|&&byte| byte == b'{').and_then(|_| line(text, at + 1))?;
    let whole = &text[span.clone()];
    let found = value_of_member(whole)?;
    let quoted = matches!(whole[found.start - 1], b'"' | b'\'');
    quoted.then(|| span.start + found.start..span.start + found.end)
}

/// What a declaration gives as its value or default: `variable "…" { default = "…" }` of
/// Terraform, `"…": { "value": "…" }` of JSON, `Default: …` below a name in YAML.
pub(crate) fn declared(text: &[u8], name: usize, at: usize) -> Option<Range<usize>> {
    let (opening, mut next) = line(text, at)?;
    if !matches!(text[opening].trim_ascii(), b"{" | b"") {
        return None;
    }
    let indent_of = |line: &[u8]| line.iter().take_while(|byte| b" \t".contains(byte)).count();
    let before = &text[name.saturating_sub(LONGEST_LINE)..name];
    let own = indent_of(&before[memchr::memrchr(b'\n', before).map_or(0, |newline| newline + 1)..]);
    for _ in 0..MOST_LINES {
        let (span, behind) = line(text, next?)?;
        let whole = &text[span.clone()];
        if indent_of(whole) <= own || span.end > at + LONGEST_DECLARATION {
            return None;
        }
        if let Some(value) = value_of_member(whole) {
            return Some(span.start + value.start..span.start + value.end);
        }
        next = behind;
    }
    None
}

/// The only word of the only line that is indented below a name: a value of settings.
pub(crate) fn word_below(text: &[u8], name: usize, at: usize) -> Option<Range<usize>> {
    let (opening, next) = line(text, at)?;
    let indent_of = |line: &[u8]| line.iter().take_while(|byte| b" \t".contains(byte)).count();
    let before = text[..name].iter().rev().take(DEEPEST);
    let own = before.take_while(|&&byte| byte == b' ').count();
    let (value, behind) = line(text, next.filter(|_| opening.is_empty())?)?;
    let deeper = |line: &[u8]| indent_of(line) > own;
    let last = behind.and_then(|behind| line(text, behind)).map(|(line, _)| &text[line]);
    let word = trimmed(text, value.clone()).filter(|_| deeper(&text[value]))?;
    let is_word = text[word.clone()]
        .iter()
        .all(|byte| byte.is_ascii_alphanumeric() || b"_-+/=.!@#$%^&*~".contains(byte));
    (is_word && word.len() >= SHORTEST_BELOW && !last.is_some_and(deeper)).then_some(word)
}

/// The value of a line that is a member called `value` or `default`.
fn value_of_member(line: &[u8]) -> Option<Range<usize>> {
    const NAMES: [&[u8]; 3] = [b"defaultvalue", b"default", b"value"];
    let start = line.iter().position(|byte| !b" \t\"'".contains(byte))?;
    let is_named = |name: &&&[u8]| {
        line.get(start..start + name.len()).is_some_and(|word| word.eq_ignore_ascii_case(name))
    };
    let name = NAMES.iter().find(is_named)?;
    let count = |from: usize, bytes: &[u8]| {
        line[from..].iter().take_while(|byte| bytes.contains(byte)).count()
    };
    let mut at = start + name.len();
    at += count(at, b"\"' \t");
    if !matches!(line.get(at), Some(b'=' | b':')) {
        return None;
    }
    at += 1;
    at += count(at, b" \t");
    match line.get(at)? {
        quote @ (b'"' | b'\'') => {
            let len = memchr::memchr(*quote, &line[at + 1..])?;
            Some(at + 1..at + 1 + len)
        }
        _ => {
            let value = line[at..].trim_ascii_end();
            let is_word = value.iter().all(|byte| byte.is_ascii_graphic() && *byte != b',');
            is_word.then_some(at..at + value.len())
        }
    }
}

/// The rest of the line at `at`, and where the next begins; `None` where it is too long.
fn line(text: &[u8], at: usize) -> Option<(Range<usize>, Option<usize>)> {
    let rest = text.get(at..text.len().min(at + LONGEST_LINE))?;
    let Some(len) = memchr::memchr(b'\n', rest) else {
        return (at + rest.len() == text.len()).then_some((at..text.len(), None));
    };
    let end = at + len - usize::from(rest[..len].ends_with(b"\r"));
    Some((at..end, Some(at + len + 1)))
}

/// A line without the blanks at its ends, if anything is left.
fn trimmed(text: &[u8], line: Range<usize>) -> Option<Range<usize>> {
    let whole = &text[line.clone()];
    let start = line.start + whole.len() - whole.trim_ascii_start().len();
    let end = line.start + whole.trim_ascii_end().len();
    (start < end).then_some(start..end)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_text_of_one_line_is_read() {
        for (text, expected) in [
            (" |\n  WORD\nnext: 1\n", Some("WORD")),
            (" >-\r\n    WORD\r\n", Some("WORD")),
            (" |\n  WORD\n  and more\n", None),
            (" |\nWORD\n", None),
            (" <<EOT\nWORD\nEOT\n", Some("WORD")),
            (" <<-'EOT'\n  WORD\n  EOT\n", Some("WORD")),
            (" <<EOT\nWORD\nmore\nEOT\n", None),
            (" @\"\nWORD\n\"@\n", Some("WORD")),
            (" 1 << 2\nWORD\n", None),
            ("\nWORD\n", None),
        ] {
            let found = text_below(text.as_bytes(), 0).map(|span| &text[span]);
            assert_eq!(found, expected, "{text:?}");
        }
    }

    #[test]
    fn what_is_given_as_default_is_read() {
        for (text, expected) in [
            ("os.getenv(\"A\") or \"WORD\"", Some("WORD")),
            ("process.env.A ?? 'WORD';", Some("WORD")),
            ("prod ? env.A : 'WORD';", Some("WORD")),
            ("Field(default=\"WORD\")", Some("WORD")),
            ("env::var(\"A\").ok().unwrap_or(\"WORD\")", Some("WORD")),
            ("{ a : 'WORD' }", None),
            ("a or b", None),
        ] {
            assert_eq!(fallback(text.as_bytes(), 0).map(|span| &text[span]), expected, "{text}");
        }
        for (text, expected) in [
            ("variable \"a\" {\n  type = string\n  default = \"WORD\"\n}\n", Some("WORD")),
            ("\"a\" {\n  value: 'WORD',\n}\n", Some("WORD")),
            ("  A a\n    Type: String\n    Default: WORD\n", Some("WORD")),
            ("  A a\n    Type: String\n  Default: WORD\n", None),
            ("\"a\" {\n}\ndefault = \"WORD\"\n", None),
            ("\"a\" {\n  defaults = \"WORD\"\n", None),
        ] {
            let name = text.find('a').expect("it is there");
            let at = text.find(['{', '\n']).expect("it is there");
            let found = declared(text.as_bytes(), name, at).map(|span| &text[span]);
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn a_word_below_its_name_is_read() {
        for (text, expected) in [
            ("a\n    k3J9zQ1xW8vB5nM2\nb: c\n", Some("k3J9zQ1xW8vB5nM2")),
            ("  a\r\n    k3J9zQ1xW8vB5nM2", Some("k3J9zQ1xW8vB5nM2")),
            ("  a\n  k3J9zQ1xW8vB5nM2\n", None),
            ("a\n  k3J9zQ1xW8vB5nM2\n  more: 1\n", None),
            ("a\n  k3J9zQ1xW8vB5nM2: x\n", None),
            ("a\n  short\n", None),
        ] {
            let name = text.find('a').expect("it is there");
            let found = word_below(text.as_bytes(), name, name + 1).map(|span| &text[span]);
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn what_a_shell_falls_back_to_is_read() {
        for (text, expected) in [
            ("${A:-WORD}", Some("WORD")),
            ("${A:=\"WORD\"}", Some("WORD")),
            ("${A-WORD}", Some("WORD")),
            ("${A}", None),
            ("${A:-}", None),
            ("$A:-WORD", None),
            ("${A:?WORD}", None),
        ] {
            let found = fallback_of(text.as_bytes(), 0, 0).map(|span| &text[span]);
            assert_eq!(found, expected, "{text}");
        }
        for (text, expected) in [
            ("{ \"value\": \"WORD\" }", Some("WORD")),
            ("{value: 'WORD', type: x}", Some("WORD")),
            ("{ value: word }", None),
            ("{ \"values\": \"WORD\" }", None),
            ("[\"value\"]", None),
        ] {
            assert_eq!(given(text.as_bytes(), 0).map(|span| &text[span]), expected, "{text}");
        }
    }

    #[test]
    fn properties_of_yaml_are_skipped() {
        for (text, len) in [("&a b", 3), ("!!str b", 6), ("&a !!str b", 9), ("&a", 0), ("b", 0)] {
            assert_eq!(properties(text.as_bytes()), len, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "[a {}:=|<@\"'\n\r]{0,60}", at in 0_usize..60) {
            let at = at.min(text.len());
            for read in [text_below, fallback] {
                prop_assert!(read(text.as_bytes(), at).is_none_or(|span| span.end <= text.len()));
            }
            declared(text.as_bytes(), at, at);
            properties(&text.as_bytes()[at..]);
        }
    }
}
