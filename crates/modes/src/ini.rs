//! Files in the format of git's configuration, as `.gitmodules`. Only read, and never failing: a
//! line that makes no sense is passed over.

use bstr::{BString, ByteSlice};

/// One line that sets something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Setting {
    /// In lower case.
    pub(crate) section: String,
    /// As written, empty if there is none.
    pub(crate) subsection: BString,
    /// In lower case.
    pub(crate) key: String,
    /// Without quotes and comments; empty for a key alone.
    pub(crate) value: BString,
}

/// All settings, in order.
pub(crate) fn parse(text: &[u8]) -> Vec<Setting> {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let mut settings = Vec::new();
    let (mut section, mut subsection) = (String::new(), BString::default());
    let mut rest = text;
    while !rest.is_empty() {
        let mut line = rest.trim_ascii_start();
        if let Some(header) = line.strip_prefix(b"[") {
            let (name, sub, after) = parse_header(header);
            (section, subsection) = (name, sub);
            line = after.trim_start_with(|c| c == ' ' || c == '\t');
        }
        if line.is_empty() {
            break;
        }
        if matches!(line[0], b'\n' | b'[') {
            rest = line.strip_prefix(b"\n").unwrap_or(line);
            continue;
        }
        let length = line.iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'-').count();
        let (key, after) = line.split_at(length);
        let after = after.trim_start_with(|c| c == ' ' || c == '\t');
        let (value, next) = match after.strip_prefix(b"=") {
            Some(value) => parse_value(value),
            None => (BString::default(), after_line(after)),
        };
        if length > 0 {
            let key = key.to_str_lossy().to_ascii_lowercase();
            let (section, subsection) = (section.clone(), subsection.clone());
            settings.push(Setting { section, subsection, key, value });
        }
        rest = next;
    }
    settings
}

fn after_line(text: &[u8]) -> &[u8] {
    text.find_byte(b'\n').map_or(&[], |end| &text[end + 1..])
}

/// `section "subsection"]`, or the older `section.subsection]`.
fn parse_header(text: &[u8]) -> (String, BString, &[u8]) {
    let end = text.find_byteset(b" \t\"]\n").unwrap_or(text.len());
    let name = text[..end].to_str_lossy().to_ascii_lowercase();
    let (name, old) = name.split_once('.').unwrap_or((&name, ""));
    let mut subsection = BString::from(old);
    let mut rest = text[end..].trim_start_with(|c| c == ' ' || c == '\t');
    if let Some(quoted) = rest.strip_prefix(b"\"") {
        let mut at = 0;
        while at < quoted.len() && !matches!(quoted[at], b'"' | b'\n') {
            at += usize::from(quoted[at] == b'\\' && at + 1 < quoted.len());
            subsection.push(quoted[at]);
            at += 1;
        }
        rest = &quoted[at.min(quoted.len())..];
    }
    let end = rest.find_byteset(b"]\n").map_or(rest.len(), |at| at + usize::from(rest[at] == b']'));
    (name.to_owned(), subsection, &rest[end..])
}

/// The value that begins `text`, and what stands behind its line.
fn parse_value(text: &[u8]) -> (BString, &[u8]) {
    let mut value = BString::default();
    let mut in_quotes = false;
    let mut kept = 0;
    let mut at = text.len() - text.trim_start_with(|c| c == ' ' || c == '\t').len();
    while at < text.len() {
        match text[at] {
            b'\n' => break,
            b'"' => in_quotes = !in_quotes,
            b'#' | b';' if !in_quotes => {
                value.truncate(kept);
                return (value, after_line(&text[at..]));
            }
            b'\\' if text.get(at + 1) == Some(&b'\n') => at += 1,
            b'\\' if at + 1 < text.len() => {
                at += 1;
                value.push(match text[at] {
                    b'n' => b'\n',
                    b't' => b'\t',
                    b'b' => 8,
                    other => other,
                });
                kept = value.len();
            }
            byte => {
                value.push(byte);
                if in_quotes || !matches!(byte, b' ' | b'\t') {
                    kept = value.len();
                }
            }
        }
        at += 1;
    }
    value.truncate(kept);
    if value.ends_with(b"\r") && !text[..at].ends_with(b"\"") {
        value.pop();
    }
    (value, text.get(at + 1..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Vec<String> {
        parse(text.as_bytes())
            .into_iter()
            .map(|s| format!("{}|{}|{}|{:?}", s.section, s.subsection, s.key, s.value))
            .collect()
    }

    #[test]
    fn settings_as_git_reads_them() {
        let text = "# c\n[Core]\n\tBare = true ; x\n[a \"b \\\"c\"] k=v\n; d\n\tflag\n\
                    \tq = \" x \" y # z\n\tl = a\\\nb\n\te = \"a\\nb\"\n[x.Y]\nz=\r\n";
        assert_eq!(
            shown(text),
            [
                "core||bare|\"true\"",
                "a|b \"c|k|\"v\"",
                "a|b \"c|flag|\"\"",
                "a|b \"c|q|\" x  y\"",
                "a|b \"c|l|\"ab\"",
                "a|b \"c|e|\"a\\nb\"",
                "x|y|z|\"\"",
            ]
        );
    }

    #[test]
    fn nonsense_does_no_harm() {
        for text in ["[", "[a \"", "[a \"b\\", "=", "a=\\", "a=\"", "[a]]", "\0", "[a", "]\n[\n="] {
            parse(text.as_bytes());
        }
    }
}
