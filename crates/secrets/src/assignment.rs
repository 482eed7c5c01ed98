//! Secrets with no format of their own: a name that means a credential, and what is assigned to it.
//!
//! The name is found by an anchor. From there this module reads forward by hand, as a regex with
//! so many optional parts would cost more and say less: the rest of the name, an operator, a value.

use std::ops::Range;

use leakgate_model::{Confidence, Text};

use crate::beyond;
use crate::columns;
use crate::lists;
use crate::literal;
use crate::name;
use crate::syntax::Syntax;
use crate::table;
use crate::value::{self, How, Judged, Written};

/// A value that is assigned to a credential's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Assigned {
    pub(crate) name: Range<usize>,
    pub(crate) value: Range<usize>,
    pub(crate) confidence: Confidence,
    pub(crate) reason: Text,
    /// The further values of a list or column.
    pub(crate) others: Vec<Judged>,
    /// Behind this, the next name is looked for.
    pub(crate) end: usize,
}

/// The longest name and value that are looked at, in bytes.
const LONGEST_NAME: usize = 80;
const LONGEST_VALUE: usize = 1024;
/// How far behind a name a value is looked for: blanks, an operator and a type stand before it.
pub(crate) const LONGEST_READ: usize = 2 * LONGEST_VALUE + value::AROUND;
/// The most blanks between two lines of a list.
const LONGEST_INDENT: usize = 60;
/// How many bytes before a name are looked at, and before the letters that join it.
pub(crate) const LOOKED_BACK: usize = 24;
/// How far before a name anything that decides stands.
pub(crate) const REACH_BACK: usize =
    8 + if value::AROUND > table::WIDEST { value::AROUND } else { table::WIDEST };

/// Reads the assignment whose name holds an anchor at `at`.
pub(crate) fn read(text: &[u8], at: usize, len: usize, syntax: Syntax) -> Option<Assigned> {
    let name = name_around(text, at, at + len);
    let several = several(text, &name, syntax);
    if several.is_empty() {
        let judged = one(text, &name, syntax)?;
        return Some(Assigned {
            end: judged.span.end.max(name.end),
            name,
            value: judged.span,
            confidence: judged.confidence,
            reason: judged.reason,
            others: Vec::new(),
        });
    }
    let mut several = several.into_iter();
    let first = several.next()?;
    Some(Assigned {
        // Other names stand between the values, as of columns and keys.
        end: name.end,
        name,
        value: first.span,
        confidence: first.confidence,
        reason: first.reason,
        others: several.collect(),
    })
}

/// The one value behind a name, if it is a secret.
fn one(text: &[u8], name: &Range<usize>, syntax: Syntax) -> Option<Judged> {
    // Most names stand before no value, and whether one does is asked sooner.
    let written = value_after(text, name, syntax)?;
    let kind = name::kind(&text[name.clone()]).filter(|_| !is_of_public(text, name.start))?;
    let asked = match syntax {
        Syntax::Prose => true,
        // Some languages call without brackets: `storePassword '…'`.
        Syntax::Code => {
            written.how == How::Doubtful
                && written.span.start.checked_sub(1).is_some_and(|at| b"\"'".contains(&text[at]))
        }
        Syntax::Settings => false,
    };
    let alone = asked && is_alone(text, name, &written);
    let syntax = if alone { Syntax::Settings } else { syntax };
    value::judge(text, name, &written, kind, syntax)
}

/// The secrets among several values behind a name, or below it.
fn several(text: &[u8], name: &Range<usize>, syntax: Syntax) -> Vec<Judged> {
    let written = |spans: Vec<Range<usize>>, how| -> Vec<Written> {
        spans.into_iter().map(|span| Written { span, how }).collect()
    };
    let mut found = written(columns::values(text, name), How::Fallback);
    if found.is_empty() && syntax != Syntax::Code {
        found = written(table::below(text, name), How::Cell);
    }
    let rows = !found.is_empty();
    if !rows {
        found = lists::values(text, name, syntax);
    }
    if found.is_empty() || is_of_public(text, name.start) {
        return Vec::new();
    }
    let word = &text[name.clone()];
    let Some(kind) = (if rows { name::kind(word) } else { name::kind_of_items(word) }) else {
        return Vec::new();
    };
    let judge = |written: Written| match rows {
        true => value::judge(text, name, &written, kind, Syntax::Settings),
        false => value::judge_item(text, name, &written, kind, syntax),
    };
    found.into_iter().filter_map(judge).collect()
}

pub(crate) fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
}

/// The identifier, dotted path or kebab name around an anchor.
pub(crate) fn name_around(text: &[u8], from: usize, to: usize) -> Range<usize> {
    // A file's name, which is an anchor as well, can be longer.
    let lowest = to.saturating_sub(LONGEST_NAME).min(from);
    // Some anchors end in an operator or quote, which is not part of the name.
    let to = to - usize::from(!is_name_byte(text[to - 1]));
    let left = text[lowest..from].iter().rev().take_while(|&&byte| is_name_byte(byte)).count();
    let highest = text.len().min(to + LONGEST_NAME);
    let right = text[to..highest].iter().take_while(|&&byte| is_name_byte(byte)).count();
    from - left..to + right
}

/// Returns true if and only if the word before a name says that it is public: `Public key: …`.
fn is_of_public(text: &[u8], name: usize) -> bool {
    let before = &text[name.saturating_sub(LOOKED_BACK)..name];
    let word = before.strip_suffix(b" ").unwrap_or_default();
    word.len() >= 6 && word[word.len() - 6..].eq_ignore_ascii_case(b"public")
}

/// Returns true if and only if a quote stands before a name: it is not the end of a longer text.
fn opens_quote(text: &[u8], name: usize) -> bool {
    name.checked_sub(1).is_some_and(|at| matches!(text[at], b'"' | b'\'' | b'`'))
}

/// What a line begins with that sets a variable.
const LINES_THAT_SET: [&[u8]; 9] =
    [b"export ", b"ENV ", b"ARG ", b"SetEnv ", b"setenv ", b"set -x ", b"set -gx ", b"set ", b":"];

/// Returns true if and only if a line holds nothing but a name and its value, as settings do.
fn is_alone(text: &[u8], name: &Range<usize>, written: &Written) -> bool {
    let near = &text[name.start.saturating_sub(LOOKED_BACK)..name.start];
    let line = match memchr::memrchr(b'\n', near) {
        Some(at) => &near[at + 1..],
        None if near.len() < LOOKED_BACK => near,
        None => return false,
    };
    let line = line.trim_ascii_start();
    let sets = LINES_THAT_SET.iter().find_map(|word| line.strip_prefix(*word));
    let line = sets.unwrap_or(line).trim_ascii_start();
    let is_quote = |byte: &u8| matches!(byte, b'"' | b'\'');
    let rest = &text[written.span.end..];
    let rest = &rest[rest.iter().take_while(|&byte| is_quote(byte)).take(3).count()..];
    line.is_empty() && matches!(rest.first(), None | Some(b'\n' | b'\r'))
}

/// Skips from the end of a name over an operator to the value.
fn value_after(text: &[u8], name: &Range<usize>, syntax: Syntax) -> Option<Written> {
    let mut cursor = Cursor { text, at: name.end };
    let brace = name.start.checked_sub(1).is_some_and(|at| text[at] == b'{');
    if brace && text[..name.start].ends_with(b"${") {
        return beyond::fallback_of(text, name.start - 2, name.end).map(fallback);
    }
    if syntax == Syntax::Code {
        cursor.skip_length();
    }
    if let Some(written) = cursor.in_tags(name.start) {
        return Some(written);
    }
    let bold = if syntax == Syntax::Prose { b'*' } else { b'"' };
    let is_quote = |byte| matches!(byte, b'"' | b'\'' | b'`' | b']' | b'\\') || byte == bold;
    let quotes = cursor.skip_while(is_quote, 4);
    let closes = cursor.peek() == b')'
        && [&b"):"[..], b")=", b") ="].iter().any(|end| cursor.rest().starts_with(end));
    cursor.at += usize::from(closes && syntax != Syntax::Code);
    let blanks = cursor.skip_spaces();
    if syntax == Syntax::Code && quotes == 0 && blanks > 0 && cursor.peek().is_ascii_alphabetic() {
        // `var name Type = `: what the sign stands behind is no value.
        cursor.skip_type();
        if let Some(quoted) = cursor.quoted() {
            return Some(quoted);
        }
    }
    let operator = match cursor.operator_behind(name) {
        // A bare name before a comma is a variable, and what follows is something else's value.
        Some(Operator::Next) if quotes == 0 || !opens_quote(text, name.start) => {
            return if quotes == 0 { cursor.in_tuple(name, syntax) } else { None };
        }
        Some(operator) => operator,
        None if blanks > 0 && quotes == 0 && syntax != Syntax::Code => {
            return cursor.second_word(name).or_else(|| cursor.after_blank(name));
        }
        None if blanks > 0 => return cursor.after_blank(name),
        None => return None,
    };
    let call = match operator {
        Operator::Assign | Operator::Compare | Operator::Row => false,
        Operator::Next => true,
        Operator::Argument => {
            if let Some(span) = beyond::declared(text, name.start, cursor.at - 1) {
                return Some(Written { span, how: How::Quoted });
            }
            cursor.skip_while(|byte| byte.is_ascii_whitespace(), 40);
            true
        }
        Operator::Element => return cursor.element(),
        Operator::Flag => return cursor.bare(How::Bare),
    };
    if syntax == Syntax::Prose {
        cursor.skip_while(|byte| byte == b'*', 2);
    }
    cursor.skip_spaces();
    if syntax == Syntax::Code || call {
        cursor.skip_type();
    }
    if !call {
        if let Some(span) = cursor.beyond(name.start) {
            return Some(Written { span, how: How::Quoted });
        }
        if syntax != Syntax::Code
            && let Some(span) = beyond::word_below(text, name.start, cursor.at)
        {
            return Some(Written { span, how: How::Doubtful });
        }
        if let Some(span) = beyond::given(text, cursor.at) {
            return Some(Written { span, how: How::Quoted });
        }
        cursor.at += beyond::properties(cursor.rest());
        cursor.skip_opening();
        if syntax != Syntax::Settings {
            cursor.at += literal::wrapped(cursor.rest());
        }
    }
    let start = cursor.at + usize::from(matches!(cursor.peek(), b'"' | b'\''));
    if text.get(start) == Some(&b'$')
        && let Some(span) = beyond::fallback_of(text, start, start)
    {
        return Some(fallback(span));
    }
    if let Some(quoted) = cursor.quoted() {
        let how = match operator {
            _ if call => How::Argument,
            Operator::Row => How::Fallback,
            Operator::Compare => How::Told,
            _ => quoted.how,
        };
        return Some(Written { how, ..quoted });
    }
    match (call, syntax) {
        (true, _) => None,
        _ if operator == Operator::Row => cursor.bare(How::Fallback),
        (false, Syntax::Code) => match beyond::fallback(text, cursor.at) {
            Some(span) => Some(Written { span, how: How::Argument }),
            None => cursor.no_code().or_else(|| cursor.bare(How::Doubtful)),
        },
        (false, Syntax::Prose) => cursor.bare(How::Bare),
        (false, Syntax::Settings) => {
            let first = name.start.checked_sub(1).map(|at| text[at]);
            let among = first.is_some_and(|byte| b"?&;,{(".contains(&byte));
            if among { cursor.bare(How::Bare) } else { cursor.rest_of_line() }
        }
    }
}

/// A value that counts where something else is not set.
fn fallback(span: Range<usize>) -> Written {
    Written { span, how: How::Fallback }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Assign,
    /// A program asks whether it is this value.
    Compare,
    /// An opening parenthesis or brace: the value is the argument.
    Argument,
    /// A comma: the value is the next argument.
    Next,
    /// A command-line option's blank.
    Flag,
    /// The end of an opening tag.
    Element,
    /// What parts two cells of a row: the name is in the first, the value in the second.
    Row,
}

/// Quotes as HTML, URLs and JSON write them, longest first of those that begin alike.
const QUOTES: [(u8, &[u8]); 9] = [
    (b'"', b"&quot;"),
    (b'"', b"&#34;"),
    (b'"', b"%22"),
    (b'"', b"\\u0022"),
    (b'"', b"\\x22"),
    (b'\'', b"&apos;"),
    (b'\'', b"&#39;"),
    (b'\'', b"%27"),
    (b'\'', b"\\u0027"),
];

/// What stands around a value inside of its element.
const INNER: [(&[u8], &[u8]); 3] =
    [(b"<![CDATA[", b"]]>"), (b"<value>", b"</value>"), (b"<string>", b"</string>")];

struct Cursor<'t> {
    text: &'t [u8],
    at: usize,
}

impl Cursor<'_> {
    fn peek(&self) -> u8 {
        self.text.get(self.at).copied().unwrap_or(0)
    }

    fn rest(&self) -> &[u8] {
        &self.text[self.at.min(self.text.len())..]
    }

    fn skip_while(&mut self, accept: impl Fn(u8) -> bool, most: usize) -> usize {
        let count = self.rest().iter().take(most).take_while(|&&byte| accept(byte)).count();
        self.at += count;
        count
    }

    fn skip_spaces(&mut self) -> usize {
        self.skip_while(|byte| matches!(byte, b' ' | b'\t'), 40)
    }

    /// Skips the length of an array in C, or an index: `password[] = `.
    fn skip_length(&mut self) {
        let rest = self.rest();
        let inside = rest.strip_prefix(b"[").unwrap_or_default();
        let is_name = |byte: &&u8| byte.is_ascii_alphanumeric() || **byte == b'_';
        let len = inside.iter().take(20).take_while(is_name).count();
        if inside.get(len) == Some(&b']') {
            self.at += len + 2;
        }
    }

    /// Skips the parenthesis that lets a value stand on a line of its own.
    fn skip_opening(&mut self) {
        if self.rest().starts_with(b"(\n") || self.rest().starts_with(b"(\r\n") {
            self.at += 1;
            self.skip_while(|byte| byte.is_ascii_whitespace(), LONGEST_INDENT);
        }
    }

    /// What stands on the next lines, as far as the sign or the line behind it says so.
    fn beyond(&self, name: usize) -> Option<Range<usize>> {
        match self.peek() {
            b'|' | b'>' | b'<' | b'@' => beyond::text_below(self.text, self.at),
            b'{' | b'\r' | b'\n' => beyond::declared(self.text, name, self.at),
            _ => None,
        }
    }

    /// The value of an element whose opening tag has attributes: `<password type="plain">…`.
    fn in_tags(&mut self, name: usize) -> Option<Written> {
        const LONGEST_ATTRIBUTES: usize = 120;
        let before = &self.text[name.saturating_sub(LOOKED_BACK)..name];
        let space = before.iter().rev().take_while(|&&byte| is_name_byte(byte) || byte == b':');
        let space = space.count();
        if self.peek() != b' ' || !before[..before.len() - space].ends_with(b"<") {
            return None;
        }
        let rest = self.rest();
        let tag = &rest[..rest.len().min(LONGEST_ATTRIBUTES)];
        let end = memchr::memchr2(b'>', b'\n', tag).filter(|&end| tag[end] == b'>')?;
        let has_attributes = memchr::memchr(b'=', &tag[..end]).is_some();
        if !has_attributes || tag[end - 1] == b'/' {
            return None;
        }
        let start = self.at;
        self.at += end + 1;
        let written = if self.closes_element() { self.element() } else { None };
        self.at = start;
        written
    }

    fn operator_behind(&mut self, name: &Range<usize>) -> Option<Operator> {
        if self.value_of_named(name) { Some(Operator::Assign) } else { self.operator() }
    }

    fn operator(&mut self) -> Option<Operator> {
        const SIGNS: [&str; 14] =
            [":::=", "::=", ":=", "=>", "==", "!=", "?=", ".=", "+=", "||", "->", "<-", "=", ":"];
        for sign in SIGNS {
            if self.rest().starts_with(sign.as_bytes()) {
                self.at += sign.len();
                // `===`, and YAML's or XML's further signs.
                self.skip_while(|byte| byte == b'=', 1);
                let compares = matches!(sign, "==" | "!=");
                return Some(if compares { Operator::Compare } else { Operator::Assign });
            }
        }
        match self.peek() {
            b'>' => {
                self.at += 1;
                self.closes_element().then_some(Operator::Element)
            }
            b',' => {
                self.at += 1;
                Some(Operator::Next)
            }
            b'(' | b'{' => {
                self.at += 1;
                Some(Operator::Argument)
            }
            b'|' if self.is_cell() => {
                self.at += 1;
                Some(Operator::Row)
            }
            _ if self.is_flag() => Some(Operator::Flag),
            _ => self.value_attribute(),
        }
    }

    /// XML, HTML and property lists: `key="password" value="…"`, `<key>password</key><string>…`,
    /// `<td>password</td><td>…`.
    fn value_attribute(&mut self) -> Option<Operator> {
        const LABELS: [&str; 9] = [
            "value=",
            "Value=",
            "android:value=",
            "content=",
            "</key>",
            "</name>",
            "</td>",
            "</th>",
            "</dt>",
        ];
        let start = self.at;
        self.skip_while(|byte| byte.is_ascii_whitespace(), LONGEST_INDENT);
        let blank = self.at > start;
        if !b"vVac<".contains(&self.peek()) {
            self.at = start;
            return None;
        }
        let fits = |label: &&&str| {
            self.rest().starts_with(label.as_bytes()) && (!blank || label.starts_with("android"))
        };
        let Some(label) = LABELS.iter().find(fits) else {
            self.at = start;
            return None;
        };
        self.at += label.len();
        if !label.starts_with('<') {
            return Some(Operator::Assign);
        }
        self.skip_while(|byte| byte.is_ascii_whitespace(), 40);
        if self.peek() == b'<' {
            self.skip_while(|byte| byte != b'>', 60);
            self.at += 1;
        }
        let is_cell = label.starts_with("</t") || label.starts_with("</d");
        Some(if is_cell { Operator::Element } else { Operator::Assign })
    }

    /// Returns true if and only if the cursor stands behind the first cell of a row of two or more.
    fn is_cell(&self) -> bool {
        let near = &self.text[self.at.saturating_sub(LOOKED_BACK)..self.at];
        let row = &near[memchr::memrchr2(b'\n', b'|', near).map_or(near.len(), |at| at)..];
        let is_name = |byte: &u8| is_name_byte(*byte) || b" *`\"".contains(byte);
        row.starts_with(b"|") && row[1..].iter().all(is_name)
    }

    /// Skips from a name that is itself the value of `name:` to what `value:` has beside it, as
    /// lists of variables have them: `- name: API_KEY` and `value: …` on the next line.
    fn value_of_named(&mut self, name: &Range<usize>) -> bool {
        const LABELS: [&[u8]; 4] = [b"name", b"key", b"variable", b"field"];
        let before = &self.text[name.start.saturating_sub(LOOKED_BACK)..name.start];
        let is_between = |byte: &u8| b" \t\"':=".contains(byte);
        let len = before.iter().rev().take_while(|&byte| is_between(byte)).count();
        let (label, between) = before.split_at(before.len() - len);
        let ends_in = |word: &&[u8]| {
            label.len() >= word.len()
                && label[label.len() - word.len()..].eq_ignore_ascii_case(word)
        };
        if !between.iter().any(|byte| b":=".contains(byte)) || !LABELS.iter().any(ends_in) {
            return false;
        }
        let start = self.at;
        self.skip_while(|byte| byte.is_ascii_whitespace() || byte == b',', LONGEST_INDENT);
        self.skip_while(|byte| matches!(byte, b'"' | b'\''), 1);
        // As parameters of CloudFormation are given: `ParameterValue`.
        self.at += if self.rest().starts_with(b"ParameterValue") { 9 } else { 0 };
        let is_label = self.rest().get(..5).is_some_and(|word| word.eq_ignore_ascii_case(b"value"));
        self.at += if is_label { 5 } else { 0 };
        self.skip_while(|byte| matches!(byte, b'"' | b'\''), 1);
        self.skip_spaces();
        let found = is_label && matches!(self.peek(), b':' | b'=');
        self.at = if found { self.at + 1 } else { start };
        found
    }

    /// Returns true if and only if an end tag follows on the line, or the next one.
    fn closes_element(&self) -> bool {
        let rest = self.rest();
        let near = &rest[..rest.len().min(LONGEST_VALUE)];
        let inner = |at: usize| INNER.iter().any(|(opening, _)| near[at..].starts_with(opening));
        memchr::memchr(b'<', near).is_some_and(|at| near[at..].starts_with(b"</") || inner(at))
    }

    /// Returns true if and only if the cursor stands behind `--name ` or `-name `.
    fn is_flag(&self) -> bool {
        let before = &self.text[..self.at];
        let trimmed = before.len() - before.iter().rev().take_while(|&&byte| byte == b' ').count();
        let word = before[..trimmed].iter().rev().take_while(|&&byte| is_name_byte(byte)).count();
        trimmed < before.len() && before[trimmed - word..trimmed].starts_with(b"-")
    }

    /// Skips a type between a name and its value: `: &'static str =`, `string =`.
    fn skip_type(&mut self) {
        let rest = self.rest();
        let line = &rest[..rest.len().min(60)];
        let line = &line[..memchr::memchr(b'\n', line).unwrap_or(line.len())];
        let Some(sign) = memchr::memchr(b'=', line) else { return };
        let is_type = line[..sign].iter().all(|byte| {
            byte.is_ascii_alphanumeric()
                || matches!(
                    byte,
                    b' ' | b'&'
                        | b'\''
                        | b'<'
                        | b'>'
                        | b'['
                        | b']'
                        | b'?'
                        | b'.'
                        | b'|'
                        | b'_'
                        | b':'
                )
        });
        // A quote that closes again is a value, not a lifetime.
        let quotes = memchr::memchr_iter(b'\'', &line[..sign]).count();
        // The sign stands apart from the type: in `key=value&next=` it does not.
        let before = &line[..sign];
        let apart = before.ends_with(b" ") || before.ends_with(b" :");
        if is_type && apart && quotes < 2 && line[..sign].iter().any(u8::is_ascii_alphabetic) {
            self.at += sign + 1;
            self.skip_spaces();
        }
    }

    /// A value in quotes, with the prefixes that languages put before them.
    fn quoted(&mut self) -> Option<Written> {
        let rest = self.rest();
        if let Some(span) = literal::value(rest) {
            return Some(self.written(self.at + span.start..self.at + span.end));
        }
        if let Some((quote, encoded)) = QUOTES.iter().find(|(_, one)| rest.starts_with(one)) {
            return self.quoted_as(*quote, encoded);
        }
        let open = rest.iter().take(6).position(|byte| matches!(byte, b'"' | b'\'' | b'`'))?;
        let prefix = rest[..open].iter().all(|byte| {
            matches!(
                byte,
                b'b' | b'r'
                    | b'u'
                    | b'f'
                    | b'L'
                    | b'@'
                    | b'$'
                    | b'('
                    | b'['
                    | b'{'
                    | b'\\'
                    | b' '
                    | b'#'
            )
        });
        if !prefix {
            return None;
        }
        let mut quote = rest[open];
        let mut escaped = open > 0 && rest[open - 1] == b'\\';
        let mut start = self.at + open + 1;
        if rest[open..].starts_with(&[quote; 3]) {
            start += 2;
        } else if rest[open + 1..].starts_with(&[b'\\', quote]) {
            // A literal of another language: `"\"…\""`, `'"…"'`.
            (escaped, start) = (true, start + 2);
        } else if let Some(&inner @ (b'"' | b'\'')) = rest.get(open + 1)
            && inner != quote
            && !escaped
        {
            (quote, start) = (inner, start + 1);
        }
        let limit = self.text.len().min(start + LONGEST_VALUE);
        let mut end = start;
        while end < limit {
            match self.text[end] {
                b'\n' => return None,
                b'\\' if escaped && self.text.get(end + 1) == Some(&quote) => break,
                b'\\' => end += 1,
                byte if byte == quote => break,
                _ => {}
            }
            end += 1;
        }
        (end < limit).then(|| self.written(start..end))
    }

    /// A value in quotes that are written as an escape.
    fn quoted_as(&self, quote: u8, encoded: &[u8]) -> Option<Written> {
        let start = self.at + encoded.len();
        let near = &self.text[start..self.text.len().min(start + LONGEST_VALUE)];
        let ends = |at: &usize| {
            let rest = &near[*at..];
            rest[0] == quote
                || QUOTES.iter().any(|(one, text)| *one == quote && rest.starts_with(text))
        };
        let len = (0..near.len()).take_while(|&at| near[at] != b'\n').find(ends)?;
        Some(self.written(start..start + len))
    }

    /// A value in quotes, without the blanks at its ends.
    fn written(&self, span: Range<usize>) -> Written {
        let value = &self.text[span.clone()];
        let start = span.start + value.len() - value.trim_ascii_start().len();
        let end = start.max(span.start + value.trim_ascii_end().len());
        Written { span: start..end, how: How::Quoted }
    }

    /// A bare word, and what follows on the line if that is no blank: settings have one value a
    /// line, whatever characters it holds.
    fn rest_of_line(&mut self) -> Option<Written> {
        let at = self.at;
        let word = self.bare(How::Bare);
        let rest = &self.text[at..self.text.len().min(at + LONGEST_VALUE)];
        let line = &rest[..memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len())];
        let line = line.trim_ascii_end();
        let is_one = line
            .iter()
            .all(|byte| !matches!(byte, 0..=b' ' | b'"' | b'\'' | b'=' | b'<' | b'>' | 0x7f));
        let longer = word.as_ref().is_none_or(|word| at + line.len() > word.span.end);
        let opens = matches!(line.first(), Some(b'[' | b'{' | b'<' | b'(' | b'&' | b'*'));
        if !is_one || !longer || opens || line.ends_with(b",") || line.ends_with(b";") {
            return word;
        }
        Some(Written { span: at..at + line.len(), how: How::Bare })
    }

    /// A bare word, up to a blank or a sign that ends it.
    fn bare(&mut self, how: How) -> Option<Written> {
        self.skip_while(|byte| matches!(byte, b'"' | b'\''), 1);
        let start = self.at;
        let len = self.skip_while(
            |byte| {
                !matches!(byte, 0..=b' ' | b'"' | b'\'' | b'`' | b'<' | b'>' | b',' | b';' | b')' | b'}' | b']' | b'\\' | b'&' | 0x7f..)
            },
            LONGEST_VALUE,
        );
        (len > 0).then_some(Written { span: start..start + len, how })
    }

    /// A bare word that no language takes for an expression: it has characters beyond ASCII.
    fn no_code(&mut self) -> Option<Written> {
        let start = self.at;
        let written = self.rest_of_line();
        self.at = start;
        written.filter(|written| !self.text[written.span.clone()].is_ascii())
    }

    /// What stands between an opening tag and the next one.
    fn element(&mut self) -> Option<Written> {
        self.skip_while(|byte| byte.is_ascii_whitespace(), 80);
        let inner = INNER.iter().find(|(opening, _)| self.rest().starts_with(opening));
        if let Some((opening, closing)) = inner {
            self.at += opening.len();
            let near = &self.rest()[..self.rest().len().min(LONGEST_VALUE)];
            let len = memchr::memmem::find(near, closing).filter(|&len| len > 0)?;
            return Some(Written { span: self.at..self.at + len, how: How::Element });
        }
        let rest = self.rest();
        let near = &rest[..rest.len().min(LONGEST_VALUE)];
        let len = near[..memchr::memchr(b'<', near)?].trim_ascii_end().len();
        (len > 0).then_some(Written { span: self.at..self.at + len, how: How::Element })
    }

    /// The second and last word of a line, as settings of daemons have a name and its value.
    fn second_word(&mut self, name: &Range<usize>) -> Option<Written> {
        let start = self.at;
        let mut written = self.quoted().or_else(|| self.bare(How::Bare))?;
        self.at = start;
        if self.text.get(written.span.end).is_some_and(|byte| b"&,;)]}".contains(byte)) {
            written = self.rest_of_line()?;
            self.at = start;
        }
        let has = |accept: fn(&u8) -> bool| self.text[written.span.clone()].iter().any(accept);
        let mixed = has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic);
        let short = written.span.len() <= 128;
        (mixed && short && is_alone(self.text, name, &written)).then_some(written)
    }

    /// The value behind a bare name and a comma: a tuple of Erlang, `{password, "…"}`, or a line of
    /// a table without a heading, `API_KEY,…`.
    fn in_tuple(&mut self, name: &Range<usize>, syntax: Syntax) -> Option<Written> {
        let before = &self.text[..name.start];
        let opens = matches!(before.last(), None | Some(b'{' | b'(' | b'\n'));
        if !opens {
            return None;
        }
        self.skip_spaces();
        if before.ends_with(b"{") || before.ends_with(b"define(") {
            let how = if self.rest().starts_with(b"<<") { How::Quoted } else { How::Argument };
            return self.quoted().map(|quoted| Written { how, ..quoted });
        }
        if syntax != Syntax::Prose || before.last().is_some_and(|&byte| byte != b'\n') {
            return None;
        }
        let written = self.bare(How::Doubtful)?;
        is_alone(self.text, name, &written).then_some(written)
    }

    /// A value that only a blank, a dash or `is` parts from its name: `token - '…'`.
    fn after_blank(&mut self, name: &Range<usize>) -> Option<Written> {
        if self.text[..name.start].ends_with(b"#define ") {
            self.at += literal::wrapped(self.rest());
            if let Some(quoted) = self.quoted() {
                return Some(quoted);
            }
        }
        for word in ["is ", "- ", "is: ", "= "] {
            if self.rest().starts_with(word.as_bytes()) {
                self.at += word.len();
                if word.starts_with("is")
                    && let Some(quoted) = self.quoted()
                {
                    return Some(Written { how: How::Told, ..quoted });
                }
                break;
            }
        }
        let mut written = self.quoted().or_else(|| self.bare(How::Doubtful))?;
        written.how = How::Doubtful;
        Some(written)
    }
}

#[cfg(test)]
mod tests;
