//! Names that hide what they are, or that a checkout would put somewhere else.

use bstr::{BStr, BString, ByteSlice};
use leakgate_model::{
    Change, Entry, Finding, Mode, Rule, is_invisible, shell_path, untrack_command,
};

use crate::{found, rules};

/// Finds hostile names.
pub(crate) fn check(entry: &Entry, findings: &mut Vec<Finding>) {
    let path = entry.path.as_bstr();
    for (rule, holds) in [
        (rules::NAME_CONTROL_CHARACTERS, has_control as fn(&BStr) -> bool),
        (rules::NAME_INVISIBLE_CHARACTERS, has_invisible),
    ] {
        if holds(path) {
            findings.push(misread(rule, entry, holds));
        }
    }
    // A path that a user typed may well begin with `..` or name a file of git's.
    if entry.change != Change::Present {
        for (rule, holds) in [
            (rules::NAME_PATH_TRAVERSAL, climbs as fn(&BStr) -> bool),
            (rules::NAME_GIT_LOOKALIKE, passes_git),
        ] {
            if holds(path) {
                let mut finding = found(rule, entry, |old| holds(old.path.as_bstr()));
                // No pathspec reaches a path outside; only the whole index can be made anew.
                finding.fixes.push(if climbs(path) {
                    "git reset -q".to_owned()
                } else {
                    untrack_command(entry.path.as_bstr())
                });
                findings.push(finding);
            }
        }
    }
}

/// Returns true if and only if some system takes `component` for `.git`.
pub(crate) fn is_git(component: &[u8]) -> bool {
    // Windows drops trailing dots and spaces and reads a colon as the start of a stream.
    let could_be = matches!(component.first(), Some(b'.' | b'g' | b'G' | 0x80..));
    could_be && matches!(&*folded(component), b".git" | b"git~1")
}

/// The name as the systems that are least exact compare it.
fn folded(component: &[u8]) -> Vec<u8> {
    let stem = component.split_str(":").next().unwrap_or_default();
    let stem = stem.trim_end_with(|c| c == '.' || c == ' ');
    if stem.is_ascii() {
        return stem.to_ascii_lowercase();
    }
    // macOS compares names without these characters.
    let ignored = |c: char| {
        matches!(c, '\u{200c}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{206a}'..='\u{206f}' | '\u{feff}')
    };
    let kept = stem.chars().filter(|&c| !ignored(c)).map(|c| c.to_ascii_lowercase());
    kept.collect::<String>().into_bytes()
}

fn misread(rule: &Rule, entry: &Entry, holds: fn(&BStr) -> bool) -> Finding {
    let mut finding = found(rule, entry, |old| holds(old.path.as_bstr()));
    let shown = readable(entry.path.as_bstr());
    let command = match entry.change {
        Change::Present => "mv",
        Change::Added | Change::Modified => "git mv",
    };
    if entry.mode != Mode::Gitlink {
        let (old, new) = (shell_path(entry.path.as_bstr()), shell_path(shown.as_bstr()));
        finding.fixes.push(format!("{command} {old} {new}"));
    }
    finding
}

/// The path with an underscore for each character that cannot be seen.
fn readable(path: &BStr) -> BString {
    let mut readable = BString::default();
    for (start, end, c) in path.char_indices() {
        if is_invisible(c) {
            readable.push(b'_');
        } else {
            readable.extend_from_slice(&path[start..end]);
        }
    }
    readable
}

fn has_control(path: &BStr) -> bool {
    path.iter().any(u8::is_ascii_control) || !path.is_ascii() && path.chars().any(char::is_control)
}

fn has_invisible(path: &BStr) -> bool {
    if path.is_ascii() {
        return false;
    }
    let right_to_left = path.chars().any(is_right_to_left);
    let mut flag = false;
    let mut before = '/';
    let mut chars = path.chars().peekable();
    while let Some(c) = chars.next() {
        let after = chars.peek().copied().unwrap_or('/');
        flag = c == '\u{1f3f4}' || flag && ('\u{e0020}'..='\u{e007f}').contains(&c);
        let hides = match c {
            // Many scripts, and pictures made of several, join or part letters with these.
            '\u{200c}' | '\u{200d}' | '\u{ad}' => before.is_ascii() && after.is_ascii(),
            // The marks of direction that a name with Hebrew or Arabic in it may need.
            '\u{200e}' | '\u{200f}' | '\u{61c}' => !right_to_left,
            // Some characters of Chinese and Japanese have variants, which these choose.
            '\u{e0100}'..='\u{e01ef}' => before.is_ascii(),
            // The flags of England, Scotland and Wales are spelt in tags.
            '\u{e0020}'..='\u{e007f}' => !flag,
            _ => is_invisible(c) && !c.is_control(),
        };
        if hides {
            return true;
        }
        before = c;
    }
    false
}

fn is_right_to_left(c: char) -> bool {
    matches!(c, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}')
        && c != '\u{61c}'
}

fn climbs(path: &BStr) -> bool {
    path.split_str("/").any(|part| part.is_empty() || part == b"." || part == b"..")
        || path.split(|&byte| byte == b'\\' || byte == b'/').any(|part| part == b"..")
}

fn passes_git(path: &BStr) -> bool {
    path.split(|&byte| byte == b'\\' || byte == b'/')
        .any(|part| is_git(part) || is_file_of_git(part))
}

/// Returns true if and only if some system takes `component` for a file that git reads, though it
/// is another name.
fn is_file_of_git(component: &[u8]) -> bool {
    // Windows makes up short names; git knows these from its own checks.
    const FILES: [(&str, &str); 4] = [
        (".gitmodules", "gitmod~"),
        (".gitattributes", "gitatt~"),
        (".gitignore", "gitign~"),
        (".mailmap", "mailma~"),
    ];
    // Cheap first: this runs for each part of each path.
    if !matches!(component.first(), Some(b'.' | b'g' | b'G' | 0x80..)) {
        return false;
    }
    let seen = folded(component);
    FILES.iter().any(|(name, short)| {
        component != name.as_bytes()
            && (seen == name.as_bytes()
                || seen.strip_prefix(short.as_bytes()).is_some_and(|n| matches!(n, [b'1'..=b'4'])))
    })
}

#[cfg(test)]
mod tests {
    use leakgate_model::{ObjectId, Previous, Status};

    use super::*;

    fn ids(path: &[u8]) -> Vec<String> {
        let mut findings = Vec::new();
        let entry = Entry { change: Change::Added, ..Entry::present(path, Mode::File) };
        check(&entry, &mut findings);
        findings.iter().map(|finding| finding.rule.to_string()).collect()
    }

    #[test]
    fn control_characters() {
        for path in [&b"a\nb"[..], b"a\x1b[2Jb", b"a\x7f", "a\u{9b}b".as_bytes(), b"\xff\r"] {
            assert_eq!(ids(path), ["name-control-characters"]);
        }
        for path in [&b"a b"[..], b"a\xffb", b"a\x9bb", "\u{e9}t\u{e9}".as_bytes()] {
            assert_eq!(ids(path), [""; 0]);
        }
    }

    #[test]
    fn invisible_characters() {
        for path in ["a\u{202e}b", "a\u{200b}b", "a\u{200d}b", "\u{e0041}", "a\u{200f}"] {
            assert_eq!(ids(path.as_bytes()), ["name-invisible-characters"], "{path:?}");
        }
        let family = "\u{1f468}\u{200d}\u{1f469}";
        let variant = "葛\u{e0100}.txt";
        assert_eq!(ids(variant.as_bytes()), [""; 0]);
        assert_eq!(ids("a\u{e0100}.txt".as_bytes()), ["name-invisible-characters"]);
        let wales = "\u{1f3f4}\u{e0067}\u{e0062}\u{e0077}\u{e006c}\u{e0073}\u{e007f}.svg";
        for path in [family, wales, "\u{645}\u{6cc}\u{200c}\u{634}", "\u{5d0}\u{200f}.txt"] {
            assert_eq!(ids(path.as_bytes()), [""; 0], "{path:?}");
        }
    }

    #[test]
    fn names_taken_for_git() {
        for path in [
            ".git/config",
            "a/.GIT",
            "git~1/hooks/x",
            ".git ",
            ".git.. .",
            ".git::$INDEX_ALLOCATION",
            ".GitModules",
            "a/.gitattributes .",
            "gitmod~1",
            "a\\.git\\config",
        ] {
            assert_eq!(ids(path.as_bytes()), ["name-git-lookalike"], "{path:?}");
        }
        let hidden = "\u{200c}.g\u{feff}it";
        assert!(ids(hidden.as_bytes()).contains(&"name-git-lookalike".to_owned()));
        for path in [".gitignore", ".github/x", "git", "x.git/config", "git~2", ".gît"] {
            assert_eq!(ids(path.as_bytes()), [""; 0], "{path:?}");
        }
    }

    #[test]
    fn paths_that_climb() {
        for path in ["../a", "/a", "a//b", "a/./b", "a\\..\\b", ".."] {
            assert_eq!(ids(path.as_bytes()), ["name-path-traversal"], "{path:?}");
        }
        for path in ["..a", "a..b/c", "a\\b", "..."] {
            assert_eq!(ids(path.as_bytes()), [""; 0], "{path:?}");
        }
        let mut findings = Vec::new();
        check(&Entry::present("../.git/config", Mode::File), &mut findings);
        assert_eq!(findings, []);
    }

    #[test]
    fn an_old_name_is_not_new_and_a_fix_renames() {
        let mut entry = Entry { change: Change::Added, ..Entry::present("a\nb", Mode::File) };
        let mut findings = Vec::new();
        check(&entry, &mut findings);
        assert_eq!(findings[0].status, Status::Introduced);
        assert_eq!(findings[0].fixes, [r"git mv $'a\012b' a_b"]);
        let id = ObjectId::from_bytes(&[0; 20]).expect("twenty bytes fit");
        entry.previous = vec![Previous { path: "a\tb".into(), mode: Mode::File, id }];
        findings.clear();
        check(&entry, &mut findings);
        assert_eq!(findings[0].status, Status::AlreadyCommitted);
    }
}
