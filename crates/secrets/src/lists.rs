//! Several values under one name: the lists of programs, settings and shells, and maps whose name
//! says that each of their values is a credential.
//!
//! A new key is added to a list as another line below the name, so one finding for the whole list
//! would hide it. Each item is a finding; it has to tell itself, as names of lists say less.

use std::ops::Range;

use crate::name;
use crate::syntax::Syntax;
use crate::value::{How, Written};

/// How far behind its name a list is read, in bytes, and how many items of it.
const LONGEST: usize = 2048;
const MOST_ITEMS: usize = 100;
/// The most bytes between a name and what opens a list: an operator, a type, a constructor.
const WIDEST: usize = 64;
/// The deepest a list of YAML is indented.
const DEEPEST: usize = 60;

/// What stands between a name and its list in all sorts of languages.
const WORDS: &[&str] = &[
    "array",
    "arraylist",
    "arrayof",
    "arrays",
    "aslist",
    "char",
    "collections",
    "const",
    "copyof",
    "frozenset",
    "hashset",
    "immutablelist",
    "immutableset",
    "in",
    "list",
    "listof",
    "mutablelistof",
    "new",
    "of",
    "qw",
    "readonly",
    "set",
    "setof",
    "static",
    "std",
    "str",
    "string",
    "tuple",
    "vec",
    "vector",
    "w",
];

/// The values that stand in a list behind a name, if one begins there.
pub(crate) fn values(text: &[u8], name: &Range<usize>, syntax: Syntax) -> Vec<Written> {
    let Some(opens) = opening(&text[name.end..]) else { return Vec::new() };
    let plural = name::is_plural(&text[name.clone()]);
    if opens == Opening::Line && !plural {
        return Vec::new();
    }
    // Nothing behind this decides on anything.
    let text = &text[..text.len().min(name.end + LONGEST)];
    let after = &text[name.end..];
    let line = &after[..memchr::memchr(b'\n', after).unwrap_or(after.len())];
    let quotes = line.iter().take(4).take_while(|byte| b"\"'`]".contains(byte)).count();
    let line = line[quotes..].trim_ascii_end();
    let begins = name.end + quotes;
    let mut list = List { text, at: begins, end: begins + line.len(), found: Vec::new() };
    if line == b":" && syntax != Syntax::Code {
        list.lines(name.start, plural);
    } else if let Some(header) = header(line, syntax) {
        list.at += header.len;
        if header.len == line.len() {
            // Only a list that opens at the end of its line goes on over others.
            list.end = text.len();
        }
        list.items(header.bare, plural);
    } else if plural {
        list.parts(line);
    }
    list.found
}

/// What may open a list, at first sight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Opening {
    /// A bracket, or the end of a line behind which a list of YAML may stand.
    List,
    /// A value on the line.
    Line,
}

/// Tells by a few bytes behind a name that most names open no list.
fn opening(after: &[u8]) -> Option<Opening> {
    let is_lead = |byte: &&u8| matches!(byte, b'"' | b'\'' | b'`' | b']' | b' ' | b'\t');
    let lead = after.iter().take(8).take_while(is_lead).count();
    let near = &after[lead..after.len().min(lead + WIDEST)];
    if !matches!(near.first()?, b'=' | b':' | b'[' | b'?' | b'+' | b'<' | b'i') {
        return None;
    }
    let mut at = 1;
    while let Some(&byte) = near.get(at) {
        match byte {
            b'[' | b'(' | b'{' if is_constructor(near, at) => return Some(Opening::List),
            b'(' => break,
            b'\n' if near[..at].trim_ascii() == b":" => return Some(Opening::List),
            b'"' | b'\'' | b'\n' | b')' | b';' => break,
            _ => at += 1,
        }
    }
    // A lifetime is no quote.
    let lifetime = near[at.min(near.len())..].starts_with(b"'static ");
    Some(if lifetime { Opening::List } else { Opening::Line })
}

/// Returns true if and only if a bracket stands by itself, or behind a word that makes a list.
fn is_constructor(near: &[u8], bracket: usize) -> bool {
    let is_word = |byte: &&u8| byte.is_ascii_alphanumeric() || **byte == b'_';
    let len = near[..bracket].iter().rev().take_while(is_word).count();
    let word = &near[bracket - len..bracket];
    let next = near[bracket + 1..].iter().find(|byte| **byte != b' ');
    let holds = matches!(next, None | Some(b'"' | b'\'' | b'\r' | b'\n'));
    let holds = holds || matches!(word, b"w" | b"W" | b"qw");
    len == 0 || holds && WORDS.iter().any(|one| word.eq_ignore_ascii_case(one.as_bytes()))
}

/// What opens a list: how many bytes of the line it takes, and whether items need no quotes.
struct Header {
    len: usize,
    bare: bool,
}

/// Reads from the end of a name over an operator and a constructor to the bracket.
fn header(line: &[u8], syntax: Syntax) -> Option<Header> {
    let near = &line[..line.len().min(WIDEST)];
    let is_quote = |&at: &usize| {
        matches!(near[at], b'"' | b'\'' | b'`') && !near[at..].starts_with(b"'static ")
    };
    let quote = (0..near.len()).find(is_quote);
    let of_sign = |byte: &&u8| b" \t=>+|".contains(byte);
    let mark = &near[near.iter().take_while(of_sign).count()..];
    let words = mark.starts_with(b"%w") || mark.starts_with(b"%W") || mark.starts_with(b"qw");
    let is_opening = |byte: &u8| b"[({".contains(byte);
    let len = match quote {
        Some(quote) if !words => {
            // A prefix of the first string: `b"…"`.
            let lead = near[..quote].iter().rev().take(2).take_while(|b| b.is_ascii_lowercase());
            let lead = quote - lead.count();
            near[..lead].trim_ascii_end().iter().rposition(is_opening)? + 1
        }
        _ if line.last().is_some_and(is_opening) && line.len() <= WIDEST => line.len(),
        _ => {
            let sign = near.iter().position(|byte| b"=:".contains(byte))?;
            sign + near[sign..].iter().position(is_opening)? + 1
        }
    };
    let before = &near[..len - 1];
    let inner = near[len..quote.unwrap_or(len).max(len)].trim_ascii();
    let is_prefix = inner.len() <= 2 && inner.iter().all(u8::is_ascii_lowercase);
    let is_sign =
        |byte: &u8| byte.is_ascii_alphanumeric() || b" \t_.:=<>&!@%?*+-[]();|'".contains(byte);
    let known = |word: &[u8]| {
        word.iter().all(u8::is_ascii_digit)
            || WORDS.iter().any(|one| word.eq_ignore_ascii_case(one.as_bytes()))
    };
    let assigns = before.iter().any(|byte| b"=:".contains(byte)) || before.starts_with(b" in ");
    let header = assigns
        && is_prefix
        && before.iter().all(is_sign)
        && before.split(|byte| !byte.is_ascii_alphanumeric()).all(known);
    let bare = words || syntax != Syntax::Code && matches!(line[len - 1], b'[' | b'(');
    header.then_some(Header { len, bare })
}

struct List<'t> {
    text: &'t [u8],
    at: usize,
    end: usize,
    found: Vec<Written>,
}

/// What stands at a place of a list.
enum Part {
    Value(Range<usize>, How),
    /// A key, and the sign behind it was read.
    Label(Range<usize>),
    /// Nothing that counts: a variable, a comment.
    Other,
    End,
}

impl List<'_> {
    /// Reads items up to the closing bracket, with keys before them if it is a map.
    fn items(&mut self, bare: bool, plural: bool) {
        // Strings side by side are pieces of one, but for lists of shells and of Nix.
        let pieces = !bare && self.text[..self.at].ends_with(b"(");
        let mut public = false;
        while self.found.len() < MOST_ITEMS {
            match self.part(bare) {
                Part::Value(span, how) => {
                    let next = self.text[self.at..self.end].trim_ascii_start().first();
                    if pieces && matches!(next, Some(b'"' | b'\'')) {
                        return self.found.clear();
                    }
                    if !std::mem::take(&mut public) {
                        self.found.push(Written { span, how });
                    }
                }
                // A map under a name of one thing says something about that.
                Part::Label(_) if !plural => return self.found.clear(),
                Part::Label(label) => public = name::is_about(&self.text[label]),
                Part::Other => {}
                Part::End => return,
            }
        }
    }

    fn part(&mut self, bare: bool) -> Part {
        self.skip(|byte| byte.is_ascii_whitespace() || b",;".contains(&byte));
        let rest = &self.text[self.at..self.end];
        let Some(&first) = rest.first() else { return Part::End };
        if let b'"' | b'\'' | b'`' = first {
            let Some(len) = closing(rest) else { return Part::End };
            let span = self.at + 1..self.at + len;
            self.at += len + 1;
            return if self.labels() { Part::Label(span) } else { Part::Value(span, How::Quoted) };
        }
        if first == b'#' || rest.starts_with(b"//") {
            self.skip(|byte| byte != b'\n');
            return Part::Other;
        }
        let is_word = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.+/=~$:@".contains(&byte);
        let of_label = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.:".contains(&byte);
        let len = rest.iter().take_while(|&&byte| is_word(byte)).count();
        let label = rest.iter().take_while(|&&byte| of_label(byte)).count();
        let span = self.at..self.at + len;
        self.at += label;
        let name = span.start..self.at - usize::from(rest[..label].ends_with(b":"));
        if label > 0 && (rest[..label].ends_with(b":") || self.labels()) {
            return Part::Label(name);
        }
        self.at = span.end;
        match rest.get(len) {
            _ if len == 0 => Part::End,
            // A string's prefix.
            Some(b'"' | b'\'') if len <= 2 => Part::Other,
            Some(b'(' | b'[' | b'{' | b'"' | b'\'') => Part::End,
            _ if bare => Part::Value(span, How::Bare),
            _ => Part::Other,
        }
    }

    /// Skips the sign that makes what was read a key of a map.
    fn labels(&mut self) -> bool {
        let start = self.at;
        self.skip(|byte| matches!(byte, b' ' | b'\t'));
        let rest = &self.text[self.at..self.end];
        const SIGNS: [&[u8]; 3] = [b"=>", b":", b"="];
        let sign = SIGNS.iter().find(|sign| rest.starts_with(sign));
        self.at = sign.map_or(start, |sign| self.at + sign.len());
        sign.is_some()
    }

    fn skip(&mut self, accept: impl Fn(u8) -> bool) {
        let rest = &self.text[self.at..self.end];
        self.at += rest.iter().take_while(|&&byte| accept(byte)).count();
    }

    /// Reads the lines of a list of YAML below its name, or of a map.
    fn lines(&mut self, name: usize, plural: bool) {
        let before = &self.text[name.saturating_sub(DEEPEST)..name];
        let own = before.iter().rev().take_while(|&&byte| byte == b' ').count();
        let mut indent = None;
        let mut at = self.at + 1;
        while self.found.len() < MOST_ITEMS {
            let rest = &self.text[at.min(self.text.len())..];
            let Some(newline) = memchr::memchr(b'\n', rest) else { return };
            at += newline + 1;
            let rest = &self.text[at..];
            let line = rest[..memchr::memchr(b'\n', rest).unwrap_or(rest.len())].trim_ascii_end();
            let depth = line.iter().take_while(|&&byte| byte == b' ').count();
            if line.is_empty() || *indent.get_or_insert(depth) != depth {
                return;
            }
            let item = &line[depth..];
            let lead = match item.strip_prefix(b"- ") {
                Some(_) => Some(2),
                None if plural && depth > own => label_of_line(item),
                None => return,
            };
            let Some(lead) = lead else { continue };
            let value = item[lead..].trim_ascii();
            let start =
                at + depth + lead + (item[lead..].len() - item[lead..].trim_ascii_start().len());
            let quoted = value.first().is_some_and(|byte| matches!(byte, b'"' | b'\''));
            let (span, how) = match closing(value).filter(|_| quoted) {
                Some(len) => (start + 1..start + len, How::Quoted),
                None => (start..start + value.len(), How::Bare),
            };
            let value = &self.text[span.clone()];
            if !value.iter().any(u8::is_ascii_whitespace) {
                self.found.push(Written { span, how });
            }
        }
    }

    /// Reads what commas part in one value: `API_KEYS=a,b`.
    fn parts(&mut self, line: &[u8]) {
        let sign = line.iter().take_while(|byte| b" \t:=?+'\"`".contains(byte)).count();
        let value = &line[sign..];
        let is_end = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\'' | b'`');
        let value = &value[..value.iter().position(is_end).unwrap_or(value.len())];
        if !value.iter().any(|byte| b",;".contains(byte)) {
            return;
        }
        let mut start = self.at + sign;
        for part in value.split(|byte| b",;".contains(byte)).take(MOST_ITEMS) {
            self.found.push(Written { span: start..start + part.len(), how: How::Quoted });
            start += part.len() + 1;
        }
    }
}

/// Where the quote that opens a value closes, on the same line.
fn closing(rest: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        match *rest.get(at)? {
            b'\n' => return None,
            b'\\' => at += 2,
            byte if Some(&byte) == rest.first() => return Some(at),
            _ => at += 1,
        }
    }
}

/// How long the key and the sign of a line in a map are, if it is not about something else.
fn label_of_line(line: &[u8]) -> Option<usize> {
    let of_label = |byte: &&u8| byte.is_ascii_alphanumeric() || b"_-.\"'".contains(byte);
    let len = line.iter().take_while(of_label).count();
    let is_label = len > 0 && line[len..].starts_with(b": ") && !name::is_about(&line[..len]);
    is_label.then_some(len + 2)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn found<'t>(text: &'t str, name: &str, syntax: Syntax) -> Vec<&'t str> {
        let at = text.find(name).expect("the text has the name");
        let values = values(text.as_bytes(), &(at..at + name.len()), syntax);
        values.into_iter().map(|one| &text[one.span]).collect()
    }

    #[test]
    fn lists_of_programs() {
        for text in [
            "keys = ['ONE', 'TWO']",
            "keys = [\n    'ONE',\n    b'TWO', # more\n]\nother = ['x']",
            "const keys: [&'static str; 2] = [\"ONE\", \"TWO\"];",
            "const keys: &[&str] = &[\n  \"ONE\",\n  // old\n  \"TWO\",\n];",
            "keys := []string{\"ONE\", \"TWO\"}",
            "String[] keys = {\"ONE\", \"TWO\"};",
            "List<String> keys = Arrays.asList(\"ONE\", \"TWO\");",
            "char *keys[] = { \"ONE\", \"TWO\" };",
            "$keys = array('ONE', 'TWO');",
            "'keys' => ['ONE', 'TWO']",
            "const keys: string[] = ['ONE', 'TWO']",
            "keys = %w[ONE TWO].freeze",
            "my @keys = qw(ONE TWO);",
            "let keys = vec![\"ONE\", \"TWO\"];",
            "string[] keys = new string[] { \"ONE\", \"TWO\" };",
            "if keys in ('ONE', 'TWO'):",
            "{\"keys\": [\n  \"ONE\",\n  \"TWO\"\n]}",
            "keys = {\n  \"a\": \"ONE\",\n  b: 'TWO',\n  \"c_id\": \"THREE\"\n}",
        ] {
            assert_eq!(found(text, "keys", Syntax::Code), ["ONE", "TWO"], "{text}");
        }
    }

    #[test]
    fn lists_of_settings() {
        for text in [
            "keys:\n  - ONE\n  - \"TWO\"\nnext: x\n",
            "keys:\n- ONE\n- TWO\n",
            "keys: [ONE, TWO]\n",
            "keys:\n  a: ONE\n  b: 'TWO'\n  b_url: THREE\n",
            "keys=(ONE TWO)\n",
            "keys=(\n  \"ONE\"\n  \"TWO\"\n)\n",
            "keys=ONE,TWO\n",
            "keys=\"ONE;TWO\"\n",
        ] {
            assert_eq!(found(text, "keys", Syntax::Settings), ["ONE", "TWO"], "{text}");
        }
    }

    #[test]
    fn what_is_no_list_has_no_items() {
        for (text, syntax) in [
            ("key = lookup('ONE', 'TWO')", Syntax::Code),
            ("key = { a: 'ONE', b: 'TWO' }", Syntax::Code),
            ("key = [one, two]", Syntax::Code),
            ("key: ['ONE'\n  , 'TWO']", Syntax::Prose),
            ("key = ONE,TWO\n", Syntax::Settings),
            ("key:\n  a: ONE\n", Syntax::Settings),
            ("key[0]", Syntax::Code),
            ("keys = (\n  'ONE'\n  'TWO'\n)", Syntax::Code),
            ("key", Syntax::Code),
        ] {
            let found = found(text, if text.starts_with("keys") { "keys" } else { "key" }, syntax);
            assert!(found.iter().all(|&one| one == "ONE"), "{text}: {found:?}");
            assert!(found.is_empty() || text.starts_with("key: ["), "{text}: {found:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "(keys|token)[\" ]?[:=]{0,2} ?[a-z\\[\\](){}:=>,;'\"\\\\# %\n-]{0,80}") {
            for syntax in [Syntax::Code, Syntax::Settings, Syntax::Prose] {
                for end in 0..text.len() {
                    for one in values(text.as_bytes(), &(0..end), syntax) {
                        prop_assert!(one.span.start <= one.span.end && one.span.end <= text.len());
                    }
                }
            }
        }
    }
}
