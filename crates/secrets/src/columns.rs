//! Rows that a statement of SQL puts into columns: the name of a column stands in a list, and its
//! values at the same place of each row.

use std::ops::Range;

/// How far before a name the list of columns may begin, and how far behind it rows are read, in
/// bytes: within what decides on a name.
const WIDEST: usize = 160;
const LONGEST: usize = 2048;
/// How many rows are read.
const MOST_ROWS: usize = 100;

/// The values of a column: `INSERT INTO t (a, NAME) VALUES ('…', '…'), …`, and rows parted by tabs
/// behind `COPY t (a, NAME) FROM stdin;`.
pub(crate) fn values(text: &[u8], name: &Range<usize>) -> Vec<Range<usize>> {
    columns(text, name).unwrap_or_default()
}

/// How many bytes may stand between a list of columns and what is done with it.
const WIDEST_GAP: usize = 40;

/// Returns true if rows may follow behind a list of columns that ends at `at`.
pub(crate) fn go_on(text: &[u8], at: usize) -> bool {
    let behind = &text[at.min(text.len())..];
    behind.strip_prefix(b")").is_some_and(|behind| {
        let next = behind.get(gap(behind));
        next.is_some_and(|next| b"vVfF".contains(next))
    })
}

fn is_column(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'_' | b'`' | b'"' | b'[' | b']' | b',' | b' ' | b'\r' | b'\n')
        || matches!(byte, b'\t' | b'.' | b'$' | b'\\')
}

fn gap(behind: &[u8]) -> usize {
    let is_gap = |byte: &&u8| b" \t\r\n\"+.\\".contains(byte);
    behind.iter().take(WIDEST_GAP).take_while(is_gap).count()
}

fn columns(text: &[u8], name: &Range<usize>) -> Option<Vec<Range<usize>>> {
    let text = &text[..text.len().min(name.end + LONGEST)];
    let is_lead = |byte: &&u8| matches!(byte, b'`' | b'"' | b']' | b'\\' | b' ' | b'\r' | b'\n');
    let lead = text[name.end..].iter().take(8).take_while(is_lead).count();
    if !matches!(text.get(name.end + lead), Some(b',' | b')')) {
        return None;
    }
    // In a list of columns a name stands behind a bracket or a comma.
    let is_first = |byte: &u8| matches!(byte, b'(' | b',' | b' ' | b'\n' | b'"' | b'`' | b'[');
    if !text[..name.start].last().is_some_and(is_first) {
        return None;
    }
    let close = name.end + memchr::memchr(b')', &text[name.end..])?;
    if !go_on(text, close) || !text[name.end..close].iter().all(is_column) {
        return None;
    }
    let behind = &text[close + 1..];
    let lead = gap(behind);
    let (word, at) = (&behind[lead..], close + 1 + lead);
    let begins = |keyword: &[u8]| {
        word.get(..keyword.len()).is_some_and(|word| word.eq_ignore_ascii_case(keyword))
    };
    let stdin = b"from stdin;";
    if !begins(b"values") && !begins(stdin) {
        return None;
    }
    let before = &text[name.start.saturating_sub(WIDEST)..name.start];
    let len = before.iter().rev().take_while(|byte| is_column(byte)).count();
    let list = &before[before.len() - len..];
    if len == before.len() || before[before.len() - len - 1] != b'(' {
        return None;
    }
    let column = memchr::memchr_iter(b',', list).count();
    if begins(b"values") {
        return Some(rows(text, at + 6, column));
    }
    Some(copied(text, at + stdin.len(), column))
}

/// One column of the tuples that stand from `at` on.
fn rows(text: &[u8], mut at: usize, column: usize) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for _ in 0..MOST_ROWS {
        at += text[at..].iter().take_while(|byte| b" \t\r\n,".contains(byte)).count();
        if text.get(at) != Some(&b'(') {
            break;
        }
        let Some((value, end)) = cell(text, at + 1, column) else { break };
        found.extend(value);
        at = end;
    }
    found
}

/// The text in quotes at one place of a tuple, if it is one, and where the tuple ends.
fn cell(text: &[u8], start: usize, column: usize) -> Option<(Option<Range<usize>>, usize)> {
    let (mut at, mut index, mut depth) = (start, 0, 0);
    let mut value = None;
    loop {
        match *text.get(at)? {
            quote @ (b'\'' | b'"') => {
                let end = closing(text, at + 1, quote)?;
                if index == column && depth == 0 {
                    value = Some(at + 1..end);
                }
                at = end;
            }
            b'(' => depth += 1,
            // What a function makes of a text is not the text.
            b')' if depth > 0 => (depth, value) = (depth - 1, value.filter(|_| index != column)),
            b')' => return Some((value, at + 1)),
            b',' if depth == 0 => index += 1,
            b';' => return None,
            _ => {}
        }
        at += 1;
    }
}

/// Where a quote closes; a second one beside it, or a backslash before it, stands for itself.
fn closing(text: &[u8], mut at: usize, quote: u8) -> Option<usize> {
    loop {
        match *text.get(at)? {
            b'\\' => at += 2,
            byte if byte == quote && text.get(at + 1) == Some(&quote) => at += 2,
            byte if byte == quote => return Some(at),
            _ => at += 1,
        }
    }
}

/// One column of the lines behind a statement, up to `\.` or a line of another shape.
fn copied(text: &[u8], at: usize, column: usize) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let Some(newline) = memchr::memchr(b'\n', &text[at..]) else { return found };
    let mut start = at + newline + 1;
    for line in text[start..].split(|&byte| byte == b'\n').take(MOST_ROWS) {
        let mut cells = line.split(|byte| matches!(byte, b'\t' | b'\r'));
        let before: usize = cells.by_ref().take(column).map(|cell| cell.len() + 1).sum();
        let Some(cell) = cells.next().filter(|_| line.contains(&b'\t')) else { break };
        found.push(start + before..start + before + cell.len());
        start += line.len() + 1;
    }
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn found(text: &str) -> Vec<&str> {
        let at = text.find("pw").expect("the text has the name");
        values(text.as_bytes(), &(at..at + 2)).into_iter().map(|span| &text[span]).collect()
    }

    #[test]
    fn the_values_of_a_column_are_found() {
        for text in [
            "INSERT INTO u (name, pw) VALUES ('a', 'ONE'), ('b''c', 'TWO');",
            "insert into `u` (`pw`, `at`)\nvalues\n  ('ONE', now()),\n  ('TWO', now())\n",
            "INSERT INTO [u] ([Name],[pw]) VALUES (N'a',N'ONE'),(f(1, 'x'),N'TWO')",
            "(id, pw, at) VALUES (1, 'ONE', 2), (2, NULL, 3), (3, 'TWO', 4)",
            "COPY u (id, name, pw) FROM stdin;\n1\ta\tONE\n2\tb\tTWO\n\\.\n",
        ] {
            assert_eq!(found(text), ["ONE", "TWO"], "{text}");
        }
    }

    #[test]
    fn what_is_no_column_has_no_values() {
        for text in [
            "call(name, pw)\nVALUES ('a', 'ONE')x".replace("VALUES", "then").as_str(),
            "INSERT INTO u (name, pw) SELECT 'a', 'ONE'",
            "INSERT INTO u (name, pw) VALUES (?, ?)",
            "INSERT INTO u (name, pw) VALUES ('a', md5('ONE'))",
            "(pw) VALUES",
            "pw) VALUES ('ONE')",
            "COPY u (id, pw) TO stdout;\n1\tONE\n",
        ] {
            assert!(found(text).is_empty(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "(\\(a, )?pw(, b)?(\\) VALUES|\\) FROM stdin;\n)[(),'\"\\\\ \t\n;a]{0,60}") {
            for end in 0..text.len() {
                for span in values(text.as_bytes(), &(end / 2..end)) {
                    prop_assert!(span.start <= span.end && span.end <= text.len());
                }
            }
        }
    }
}
