//! A table with a column of passwords: the heading names what stands in the rows below it.
//!
//! Password managers and browsers export such tables, and people keep them in notes. Each row is a
//! finding: who adds one brings a secret.

use std::ops::Range;

/// How far before a heading its line may begin, and how long a line may be, in bytes. Three of them
/// are read: what decides on a name stands within `assignment::LONGEST_READ`.
pub(crate) const WIDEST: usize = 160;
const LONGEST_ROW: usize = 640;
/// How far behind a heading rows are read, in bytes, and how many.
const LONGEST_TABLE: usize = 2048;
const MOST_ROWS: usize = 100;

/// Where the values stand that a heading names: in the same column of the rows below it.
pub(crate) fn below(text: &[u8], heading: &Range<usize>) -> Vec<Range<usize>> {
    rows(text, heading).unwrap_or_default()
}

fn rows(text: &[u8], heading: &Range<usize>) -> Option<Vec<Range<usize>>> {
    let rest = &text[heading.end..text.len().min(heading.end + 4)];
    let behind = rest.iter().find(|byte| !matches!(byte, b'"' | b' '))?;
    if !matches!(behind, b',' | b';' | b'\t' | b'|' | b'\r' | b'\n') {
        return None;
    }
    let start = line_start(text, heading.start)?;
    let end = line_end(text, heading.end)?;
    let line = &text[start..end];
    let delimiter = *line.iter().find(|byte| matches!(byte, b',' | b';' | b'\t' | b'|'))?;
    let is_heading = |cell: &[u8]| {
        let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"_- \"'/.".contains(byte);
        cell.len() <= 40 && cell.iter().all(plain)
    };
    let headings = || line.split(|&byte| byte == delimiter);
    let named = headings().filter(|cell| !cell.trim_ascii().is_empty()).count();
    if named < 2 || !headings().all(is_heading) {
        return None;
    }
    let column = line[..heading.start - start].iter().filter(|&&byte| byte == delimiter).count();
    let columns = line.iter().filter(|&&byte| byte == delimiter).count() + 1;
    let head = self::cells(line, delimiter);
    let mut found = Vec::new();
    let mut row = end;
    // A line of dashes stands below the headings of a table in Markdown, and nowhere else.
    let mut ruled = delimiter != b'|';
    let last = heading.end + LONGEST_TABLE;
    for _ in 0..MOST_ROWS {
        row += usize::from(text.get(row) == Some(&b'\r'));
        row += usize::from(text.get(row) == Some(&b'\n'));
        if found.is_empty() && row > end && delimiter != b'|' && text.get(row) == Some(&b'\n') {
            // An empty line below the headings.
            row += 1;
        }
        let Some(end) = line_end(text, row).filter(|&end| end > row && end < last) else { break };
        let rule = |byte: &u8| b"|-:+ \t".contains(byte);
        if !ruled {
            if !text[row..end].iter().all(rule) {
                break;
            }
            (row, ruled) = (end, true);
            continue;
        }
        let cells = cells(&text[row..end], delimiter);
        let Some(cell) = cells.get(column).filter(|_| cells.len() == columns) else { break };
        let says_the_same = |(at, cell): (usize, &Range<usize>)| {
            at != column
                && !cell.is_empty()
                && text[row..end][cell.clone()] == line[head[at].clone()]
        };
        if head.len() == columns && cells.iter().enumerate().any(says_the_same) {
            // What stands in a row as well is no heading.
            return None;
        }
        if !cell.is_empty() {
            found.push(row + cell.start..row + cell.end);
        }
        row = end;
    }
    Some(found)
}

fn line_start(text: &[u8], at: usize) -> Option<usize> {
    let lowest = at.saturating_sub(WIDEST);
    match memchr::memrchr(b'\n', &text[lowest..at]) {
        Some(newline) => Some(lowest + newline + 1),
        None => (lowest == 0).then_some(0),
    }
}

fn line_end(text: &[u8], at: usize) -> Option<usize> {
    let rest = &text[at..text.len().min(at + LONGEST_ROW)];
    let len = memchr::memchr2(b'\r', b'\n', rest);
    len.or((at + rest.len() == text.len()).then_some(rest.len())).map(|len| at + len)
}

/// The cells of a row, without the quotes and blanks around them. RFC 4180: a delimiter in quotes
/// parts nothing.
fn cells(row: &[u8], delimiter: u8) -> Vec<Range<usize>> {
    let mut cells = Vec::new();
    let mut start = 0;
    let mut quoted = false;
    for at in 0..=row.len() {
        let byte = row.get(at).copied();
        if byte == Some(b'"') && (quoted || at == start) {
            quoted = !quoted;
        }
        if byte.is_none() || byte == Some(delimiter) && !quoted {
            cells.push(trimmed(row, start..at));
            start = at + 1;
        }
    }
    cells
}

fn trimmed(row: &[u8], cell: Range<usize>) -> Range<usize> {
    let around = |byte: &u8| matches!(byte, b'"' | b' ' | b'`');
    let value = &row[cell.clone()];
    let lead = value.iter().take_while(|&byte| around(byte)).count();
    let trail = value[lead..].iter().rev().take_while(|&byte| around(byte)).count();
    cell.start + lead..cell.end - trail
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn found<'t>(text: &'t str, heading: &str) -> Vec<&'t str> {
        let at = text.find(heading).expect("the table has the heading");
        let below = below(text.as_bytes(), &(at..at + heading.len()));
        below.into_iter().map(|span| &text[span]).collect()
    }

    #[test]
    fn each_row_counts() {
        let text = "name,password\na,ONE\nb,\nc,TWO\n\nd,THREE\n";
        assert_eq!(found(text, "password"), ["ONE", "TWO"]);
        assert_eq!(found("name,password\n\na,ONE\n", "password"), ["ONE"]);
        let text = "| name | password |\n|--|--|\n| a | ONE |\n| b | `TWO` |\n\nand more\n";
        assert_eq!(found(text, "password"), ["ONE", "TWO"]);
    }

    #[test]
    fn the_value_stands_below_the_heading() {
        for text in [
            "name,url,password,note\nshop,https://h.io,WORD,\n",
            "\"name\";\"password\"\r\n\"a;b\";\"WORD\"\r\n",
            "user\tpassword\nme\tWORD",
            "| user | password |\n|------|:--------:|\n| me | `WORD` |\n",
        ] {
            assert_eq!(found(text, "password"), ["WORD"], "{text}");
        }
    }

    #[test]
    fn what_is_no_table_has_nothing_below() {
        for text in [
            "login(user, password,\n      WORD, other)\n",
            "user, password\nWORD\n",
            "user, password",
            "the password\nof WORD\n",
            "password,\nWORD,\n",
            "keyword\tservice\tpassword\nkeyword\tservice\tWORD\n",
            "| password | of the user |\n| WORD | of another |\n",
        ] {
            assert!(found(text, "password").is_empty(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "[a-c,;|\"\n\r -]{0,60}") {
            for at in 0..text.len() {
                below(text.as_bytes(), &(at..at + 1));
            }
        }
    }
}
