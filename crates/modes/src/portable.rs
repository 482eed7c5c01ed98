//! Names that a shell or another system cannot take as they are: advice, as most repositories
//! are never checked out there.

use std::borrow::Cow;

use bstr::{BStr, BString, ByteSlice};
use leakgate_model::{Change, Entry, Finding, Mode, shell_path};

use crate::{found, rules};

/// The longest name that file systems take, in bytes.
const LONGEST: usize = 255;

/// Names that Windows keeps for devices, with any extension.
const RESERVED: [&str; 6] = ["con", "prn", "aux", "nul", "conin$", "conout$"];

/// Finds names that begin with a dash, and names that Windows cannot write.
pub(crate) fn check(entry: &Entry, findings: &mut Vec<Finding>) {
    // A path that a user typed exists on that user's system.
    if entry.change == Change::Present {
        return;
    }
    if leads_with_dash(entry.path.as_bstr()) {
        let mut finding =
            found(rules::NAME_LEADING_DASH, entry, |old| leads_with_dash(old.path.as_bstr()));
        finding.fixes.extend(rename(entry, |part| part.trim_start_with(|c| c == '-').into()));
        findings.push(finding);
    }
    if let Some(why) = why_not_portable(entry.path.as_bstr()) {
        let mut finding = found(rules::NAME_NOT_PORTABLE, entry, |old| {
            why_not_portable(old.path.as_bstr()) == Some(why)
        });
        finding.reasons.push(why.into());
        finding.fixes.extend(rename(entry, portable));
        findings.push(finding);
    }
}

fn leads_with_dash(path: &BStr) -> bool {
    path.split_str("/").any(|part| part.starts_with(b"-"))
}

fn why_not_portable(path: &BStr) -> Option<&'static str> {
    path.split_str("/").find_map(|part| {
        if part.len() > LONGEST {
            Some("a name has more than 255 bytes")
        } else if part.find_byteset(b"<>:\"|?*\\").is_some() {
            Some("a character that Windows forbids")
        } else if part.ends_with(b".") || part.ends_with(b" ") {
            Some("Windows drops the dot or space at the end")
        } else if is_reserved(part) {
            Some("Windows keeps the name for a device")
        } else {
            None
        }
    })
}

fn is_reserved(part: &[u8]) -> bool {
    let stem = part.split_str(".").next().unwrap_or_default().trim_ascii_end();
    let port = |name: &[u8]| {
        stem.len() == 4 && stem[..3].eq_ignore_ascii_case(name) && matches!(stem[3], b'1'..=b'9')
    };
    RESERVED.iter().any(|name| stem.eq_ignore_ascii_case(name.as_bytes()))
        || port(b"com")
        || port(b"lpt")
}

/// A name near `part` that every system can write.
fn portable(part: &[u8]) -> Cow<'_, [u8]> {
    let mut name: Vec<u8> =
        part.iter().map(|&byte| if b"<>:\"|?*\\".contains(&byte) { b'_' } else { byte }).collect();
    if name.len() > LONGEST {
        let mut end = LONGEST;
        while end > 0 && name[end] & 0xc0 == 0x80 {
            end -= 1;
        }
        name.truncate(end);
    }
    while matches!(name.last(), Some(b'.' | b' ')) {
        name.pop();
    }
    if is_reserved(&name) {
        name.insert(0, b'_');
    }
    name.into()
}

fn rename<'e>(entry: &'e Entry, better: impl Fn(&'e [u8]) -> Cow<'e, [u8]>) -> Option<String> {
    let mut new = BString::default();
    for (at, part) in entry.path.split_str("/").enumerate() {
        if at > 0 {
            new.push(b'/');
        }
        let name = better(part);
        new.extend_from_slice(if name.is_empty() { b"_" } else { &name });
    }
    (entry.mode != Mode::Gitlink).then(|| {
        // The new name may stand in a folder that is not there yet.
        let folder = new.rfind_byte(b'/').map(|at| &new[..at]);
        let make = match folder {
            Some(folder) if !entry.path.starts_with(folder) => {
                format!("mkdir -p {} && ", shell_path(folder.as_bstr()))
            }
            _ => String::new(),
        };
        format!("{make}git mv {} {}", shell_path(entry.path.as_bstr()), shell_path(new.as_bstr()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(path: &str) -> Vec<(String, Vec<String>)> {
        let mut findings = Vec::new();
        let entry = Entry { change: Change::Added, ..Entry::present(path, Mode::File) };
        check(&entry, &mut findings);
        findings.into_iter().map(|f| (f.rule.to_string(), f.fixes)).collect()
    }

    #[test]
    fn names_that_windows_cannot_write() {
        for (path, new) in [
            ("con", "_con"),
            ("a/AUX.txt", "a/_AUX.txt"),
            ("lpt9.c", "_lpt9.c"),
            ("a.", "a"),
            ("a ", "a"),
            ("a?b", "a_b"),
            ("a\\b", "a_b"),
        ] {
            let found = findings(path);
            assert_eq!(found.len(), 1, "{path}");
            assert_eq!(found[0].0, "name-not-portable");
            assert!(found[0].1[0].ends_with(&format!(" {new}")), "{:?}", found[0].1);
        }
        for path in ["con2", "icon", "com0", "com10", "aux_", "a.b", ".a", "nul-l/x"] {
            assert_eq!(findings(path), [], "{path}");
        }
        assert_eq!(findings(&"é".repeat(128))[0].0, "name-not-portable");
    }

    #[test]
    fn names_that_begin_with_a_dash() {
        assert_eq!(findings("-rf")[0].1, ["git mv ./-rf rf"]);
        assert_eq!(findings("a/--b")[0].1, ["git mv a/--b a/b"]);
        assert_eq!(findings("-")[0].1, ["git mv ./- _"]);
        assert_eq!(findings("-a/b")[0].1, ["mkdir -p a && git mv ./-a/b a/b"]);
        assert_eq!(findings("a-b"), []);
    }
}
