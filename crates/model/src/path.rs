//! What the bytes of a path tell, and how to write them in a command that a user can paste.

use std::fmt::Write as _;

use bstr::{BStr, ByteSlice};

use crate::{Entry, Mode};

/// `path` as one word of a shell command, which also never begins with a dash.
///
/// Plain names stay as they are and other printable ones get single quotes. What cannot be
/// shown (control and invisible characters, bytes that are not UTF-8) is written in octal
/// inside `$'…'`, which bash, zsh, ksh and POSIX 2024 read.
pub fn shell_path(path: &BStr) -> String {
    let dot = if path.first() == Some(&b'-') { "./" } else { "" };
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-./+@%,".contains(byte);
    if !path.is_empty() && path.iter().all(plain) {
        return format!("{dot}{path}");
    }
    match path.to_str() {
        Ok(text) if !text.chars().any(is_invisible) => {
            format!("'{dot}{}'", text.replace('\'', r"'\''"))
        }
        _ => format!("$'{dot}{}'", octal(path)),
    }
}

/// The command that takes `path` out of the next commit and leaves the file alone.
pub fn untrack_command(path: &BStr) -> String {
    // `git rm` takes patterns, and a hostile name could make it remove other files.
    let pattern = path.find_byteset(b"*?[\\").is_some() || path.starts_with(b":");
    let literal = if pattern { " --literal-pathspecs" } else { "" };
    format!("git{literal} rm --cached -- {}", shell_path(path))
}

/// The commands that give `entry` another mode, in the work tree and in the index.
///
/// `git update-index --chmod` would be shorter, but it also stages edits of the file that the user
/// has not staged.
pub fn mode_commands(entry: &Entry, mode: Mode) -> Vec<String> {
    let path = entry.path.as_bstr();
    let change = if mode == Mode::Executable { "+x" } else { "a-x" };
    let mut commands = vec![format!("chmod {change} {}", shell_path(path))];
    if let Some(id) = entry.id {
        let info = [format!("{mode},{id},").as_bytes(), path].concat();
        commands.push(format!("git update-index --cacheinfo {}", shell_path(info.as_bstr())));
    }
    commands
}

/// Returns true if and only if a terminal would not show `c`, or would show its neighbours
/// differently because of it.
///
/// These are the control characters, the marks that turn the direction of writing, separators, the
/// characters of no width, the tags and what else is not shown beside them. Names in some scripts
/// need U+200C, U+200D and those from U+E0100 on.
pub fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}')
}

fn octal(path: &BStr) -> String {
    let mut word = String::new();
    for (start, end, c) in path.char_indices() {
        let bytes = &path[start..end];
        // An invalid sequence reads as the replacement character, which may also stand there.
        let shown = !is_invisible(c) && bytes.to_str().is_ok();
        match c {
            '\'' | '\\' => word.extend(['\\', c]),
            _ if shown => word.push(c),
            _ => {
                for byte in bytes.iter() {
                    write!(word, "\\{byte:03o}").expect("a string takes all that is written");
                }
            }
        }
    }
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_a_shell_command() {
        for (path, word) in [
            (&b"src/main.rs"[..], "src/main.rs"),
            (b"", "''"),
            (b"-rf", "./-rf"),
            (b"-r f", "'./-r f'"),
            (b"$(id)", "'$(id)'"),
            (b"it's", r"'it'\''s'"),
            (b"~root", "'~root'"),
            ("é".as_bytes(), "'é'"),
            (b"a\nb", r"$'a\012b'"),
            (b"-\x1b'\\\xff7", r"$'./-\033\'\\\3777'"),
            ("a\u{202e}b".as_bytes(), r"$'a\342\200\256b'"),
        ] {
            assert_eq!(shell_path(path.into()), word);
        }
    }

    #[test]
    fn taking_out_a_file_takes_out_no_other() {
        let command = |path: &str| untrack_command(path.into());
        assert_eq!(command(".env"), "git rm --cached -- .env");
        assert_eq!(command("a*"), "git --literal-pathspecs rm --cached -- 'a*'");
        assert_eq!(command(":/"), "git --literal-pathspecs rm --cached -- ':/'");
        assert_eq!(command("-r"), "git rm --cached -- ./-r");
    }

    #[test]
    fn what_is_not_seen_is_invisible() {
        for c in ['\u{7f}', '\u{85}', '\u{ad}', '\u{2028}', '\u{202e}', '\u{e0001}', '\u{e0100}'] {
            assert!(is_invisible(c), "{c:?}");
        }
        assert!(!"aé日🔑 \u{fe0f}\u{f0000}".contains(is_invisible));
    }
}
