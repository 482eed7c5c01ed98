//! The message of a commit that is being made, without what git will take out of it.
//!
//! What git keeps is decided by an option of the command line that a hook is not told. So lines
//! are left out only where git is sure to strip them; else they are scanned.

use std::env;
use std::fs;
use std::path::Path;

use bstr::{BString, ByteSlice as _};
use leakgate_model::{Content, Entry, Listing, Mode, Problem, Reader, Source};

use crate::Repository;
use crate::repository::Error;

/// A message, read once when it is made.
pub struct Message {
    text: Vec<u8>,
}

/// What git will take out of a message, by configuration and environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cleanup {
    /// What begins a line that git takes out; `None` when it takes none out, or nobody knows.
    pub comment: Option<Vec<u8>>,
    /// Whether git cuts the message at a line of scissors in any case.
    pub scissors: bool,
}

impl Message {
    /// Reads the file of a message, which is the one entry.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read(file: &Path, cleanup: &Cleanup) -> Result<(Self, Listing), Error> {
        let raw = fs::read(file).map_err(|why| Error::Path { path: file.to_owned(), why })?;
        let name = <[u8]>::from_path(file)
            .map_or_else(|| file.to_string_lossy().into_owned().into(), BString::from);
        let entries = vec![Entry::present(name, Mode::File)];
        let text = kept(&raw, cleanup);
        Ok((Self { text }, Listing { entries, ..Listing::default() }))
    }
}

impl Source for Message {
    fn reader(&self) -> Box<dyn Reader + '_> {
        Box::new(MessageReader { message: self })
    }
}

struct MessageReader<'m> {
    message: &'m Message,
}

impl Reader for MessageReader<'_> {
    fn read<'a>(
        &'a mut self,
        _entry: &Entry,
        _buffer: &'a mut Vec<u8>,
    ) -> Result<Content<'a>, Problem> {
        Ok(Content::Whole(&self.message.text))
    }
}

impl Cleanup {
    /// Nothing is taken out.
    pub const NONE: Self = Self { comment: None, scissors: false };

    /// What `git commit` will do in this repository.
    ///
    /// # Errors
    /// When the user's configuration cannot be read.
    pub fn of(repository: &Repository) -> Result<Self, Error> {
        // Git says so when nobody edits the message; then it keeps comments.
        let edited = env::var_os("GIT_EDITOR").is_none_or(|editor| editor != ":");
        let on_command_line = env::var("GIT_CONFIG_PARAMETERS")
            .is_ok_and(|text| text.to_lowercase().contains("commit.cleanup"));
        let config = repository.with_user_configuration()?;
        let config = config.config_snapshot();
        let mode = config.string("commit.cleanup").map(|mode| mode.to_string());
        let strips = match mode.as_deref() {
            _ if on_command_line => false,
            Some("strip") => true,
            None | Some("default") => edited,
            _ => false,
        };
        let comment = config
            .string("core.commentString")
            .or_else(|| config.string("core.commentChar"))
            .map_or_else(|| b"#".to_vec(), |mark| mark.to_vec());
        Ok(Self {
            // With `auto` git chooses a character anew for each message.
            comment: (strips && comment != b"auto" && !comment.is_empty()).then_some(comment),
            scissors: edited && !on_command_line && mode.as_deref() == Some("scissors"),
        })
    }
}

/// The message with the lines that git takes out left empty, so that the others keep their numbers.
fn kept(raw: &[u8], cleanup: &Cleanup) -> Vec<u8> {
    let end = end(raw, cleanup);
    let mut text = Vec::with_capacity(end);
    for line in raw[..end].lines_with_terminator() {
        match &cleanup.comment {
            Some(mark) if line.starts_with(mark) => text.push(b'\n'),
            _ => text.extend_from_slice(line),
        }
    }
    text
}

/// The line above a diff that `--verbose` shows, after the comment mark.
const SCISSORS: &[u8] = b" ------------------------ >8 ------------------------";

/// Where the message ends: before the scissors, if git cuts there.
pub(crate) fn end(raw: &[u8], cleanup: &Cleanup) -> usize {
    let mut at = 0;
    for line in raw.lines_with_terminator() {
        let mark = line.trim_end().strip_suffix(SCISSORS);
        let after = &raw[at + line.len()..];
        if mark.is_some_and(|mark| !mark.is_empty() && mark.len() <= 16)
            && (cleanup.scissors || is_followed_by_diff(after, mark.unwrap_or_default()))
        {
            return at;
        }
        at += line.len();
    }
    raw.len()
}

/// With `--verbose`, comments and then the diff stand below the scissors, and git cuts them off.
fn is_followed_by_diff(after: &[u8], mark: &[u8]) -> bool {
    let mut lines = after.lines();
    let has_comment = lines.next().is_some_and(|line| line.starts_with(mark));
    let diff = lines.find(|line| !line.starts_with(mark));
    has_comment && diff.is_none_or(|line| line.starts_with(b"diff --"))
}

/// Appends the header of a commit or tag without ids and signatures, which are random and no
/// secrets.
pub fn unsigned_header(head: &[u8], into: &mut Vec<u8>) {
    let mut signed = false;
    for line in head.lines() {
        if !line.starts_with(b" ") {
            let label = line.split_once_str(" ").map_or(line, |(label, _)| label);
            signed = matches!(label, b"gpgsig" | b"gpgsig-sha256");
            if matches!(label, b"tree" | b"parent" | b"object") {
                continue;
            }
        }
        if !signed {
            into.extend_from_slice(line);
            into.push(b'\n');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIFF: &str = "subject\n# note\n# ------------------------ >8 ------------------------\n\
        # Do not modify or remove the line above.\ndiff --git a/a b/a\n-old\n";

    fn cleanup(comment: Option<&str>, scissors: bool) -> Cleanup {
        Cleanup { comment: comment.map(|mark| mark.as_bytes().to_vec()), scissors }
    }

    fn text(raw: &str, cleanup: &Cleanup) -> String {
        String::from_utf8(kept(raw.as_bytes(), cleanup)).expect("it was text")
    }

    #[test]
    fn lines_keep_their_numbers() {
        let raw = "one\n#two\n #three\nfour";
        assert_eq!(text(raw, &cleanup(Some("#"), false)), "one\n\n #three\nfour");
        assert_eq!(text(raw, &cleanup(Some("//"), false)), raw);
        assert_eq!(text(raw, &Cleanup::NONE), raw);
    }

    #[test]
    fn what_verbose_shows_is_cut_off() {
        assert_eq!(text(DIFF, &Cleanup::NONE), "subject\n# note\n");
        assert_eq!(text(DIFF, &cleanup(Some("#"), true)), "subject\n\n");
    }

    #[test]
    fn scissors_of_the_authors_own_are_kept_with_what_follows() {
        let own = DIFF.replace("diff --git a/a b/a", "more of the message");
        assert_eq!(text(&own, &Cleanup::NONE), own);
        assert_eq!(text(&own, &cleanup(None, true)), "subject\n# note\n");
        let bare = DIFF.replace("# Do not modify or remove the line above.\n", "");
        assert_eq!(text(&bare, &Cleanup::NONE), bare);
    }
}
