//! The message of a commit that is being made, without what git will take out of it.
//!
//! What git keeps is decided by options and settings that a hook is not told. But in the text that it
//! gives to an editor it says what it will take out, and below which line it cuts. So lines are left
//! out only where that is said, in English; else they are scanned.

use std::env;
use std::fs;
use std::path::Path;

use bstr::{BString, ByteSlice as _};
use leakgate_model::{Content, Entry, Listing, Mode, Problem, Reader, Source};

use crate::repository::Error;

/// A message, read once when it is made.
pub struct Message {
    name: BString,
    text: Vec<u8>,
    is_cut: bool,
}

/// What git will take out of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cleanup {
    /// What begins a line that git takes out; `None` when it takes none out, or nobody knows.
    comment: Option<Vec<u8>>,
    /// Where the message ends, in bytes from 0.
    end: usize,
}

impl Message {
    /// Reads the file of a message, with all that stands in it.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read(file: &Path) -> Result<Self, Error> {
        let failed = |why| Error::Path { path: file.to_owned(), why };
        let name = <[u8]>::from_path(file)
            .map_or_else(|| file.to_string_lossy().into_owned().into(), BString::from);
        Ok(Self { name, text: fs::read(file).map_err(failed)?, is_cut: false })
    }

    /// Leaves out what git says that it will take out. The lines that stay keep their numbers.
    pub fn clean_up(&mut self) {
        let cleanup = Cleanup::said_in(&self.text, is_edited());
        self.is_cut = cleanup.end < self.text.len();
        self.text = kept(&self.text, &cleanup);
    }

    /// Whether something was left out at the end, as the diff of `--verbose`.
    pub fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// The one entry.
    pub fn listing(&self) -> Listing {
        let entries = vec![Entry::present(self.name.clone(), Mode::File)];
        Listing { entries, ..Listing::default() }
    }
}

/// Whether somebody edits the message: if not, git says so to its hooks.
pub fn is_edited() -> bool {
    env::var_os("GIT_EDITOR").is_none_or(|editor| editor != ":")
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
    /// What git will take out of a text for an editor, as far as it says so there.
    fn said_in(raw: &[u8], edited: bool) -> Self {
        let hint = hint(raw).filter(|hint| edited && hint.strips);
        let end = cut(raw).filter(|_| edited).unwrap_or(raw.len());
        Self { comment: hint.map(|hint| hint.mark.to_vec()), end }
    }

    /// What git will take out as likely as not: by default it takes out comments of what was
    /// edited.
    pub(crate) fn likely_of(raw: &[u8], edited: bool) -> Self {
        let said = Self::said_in(raw, edited);
        let by_default = || (edited && hint(raw).is_none()).then(|| b"#".to_vec());
        Self { comment: said.comment.or_else(by_default), ..said }
    }

    /// Returns true if and only if git takes the line out, which stands above the end.
    pub(crate) fn strips(&self, line: &[u8]) -> bool {
        self.comment.as_ref().is_some_and(|mark| line.starts_with(mark))
    }

    /// Where the message ends, in bytes from 0.
    pub(crate) fn end(&self) -> usize {
        self.end
    }
}

/// The message with the lines that git takes out left empty, so that the others keep their numbers.
fn kept(raw: &[u8], cleanup: &Cleanup) -> Vec<u8> {
    let mut text = Vec::with_capacity(cleanup.end);
    for line in raw[..cleanup.end].lines_with_terminator() {
        text.extend_from_slice(if cleanup.strips(line) { b"\n" } else { line });
    }
    text
}

/// What git tells whoever edits a message.
struct Hint<'m> {
    /// What begins a comment.
    mark: &'m [u8],
    /// Whether comments are taken out.
    strips: bool,
}

/// What `git commit` says last of comments: it says so below a message that it is given, which may
/// be one that it was given before. `git merge` says that they are taken out even where it keeps them.
fn hint(raw: &[u8]) -> Option<Hint<'_>> {
    const FIRST: &[u8] = b" Please enter the commit message for your changes. Lines starting";
    let lines: Vec<_> = raw.lines().collect();
    lines.windows(2).rev().find_map(|pair| {
        let mark = pair[0].strip_suffix(FIRST).filter(|mark| !mark.is_empty())?;
        let rest = pair[1].strip_prefix(mark)?.strip_prefix(b" with '")?.strip_prefix(mark)?;
        let said = rest.strip_prefix(b"' will be ")?;
        Some(Hint { mark, strips: said.starts_with(b"ignored") })
    })
}

/// The line above a diff that `--verbose` shows, after the comment mark.
const SCISSORS: &[u8] = b" ------------------------ >8 ------------------------";

/// Where git cuts the message off: at the first line of scissors, if the last one is its own. One in
/// a message that it is given has what it says to the editor below.
fn cut(raw: &[u8]) -> Option<usize> {
    let mark_of = |line: &'_ [u8]| -> Option<usize> {
        let mark = line.trim_end().strip_suffix(SCISSORS)?.len();
        (1..=16).contains(&mark).then_some(mark)
    };
    let mut lines = Vec::new();
    let mut at = 0;
    for line in raw.lines_with_terminator() {
        if let Some(mark) = mark_of(line) {
            lines.push((at, &line[..mark], at + line.len()));
        }
        at += line.len();
    }
    let &(_, mark, after) = lines.last()?;
    let first = lines.iter().find(|(_, other, _)| *other == mark)?;
    is_of_git(&raw[after..], mark).then_some(first.0)
}

/// Below its scissors git has comments, and with `--verbose` a diff to the end; all that it says of
/// comments stands above.
fn is_of_git(below: &[u8], mark: &[u8]) -> bool {
    let lines: Vec<_> = below.lines().collect();
    let comments = lines.iter().take_while(|line| line.starts_with(mark)).count();
    let diff = &lines[comments..];
    comments > 0
        && hint(below).is_none()
        && diff.first().is_none_or(|line| line.starts_with(b"diff --"))
        && !diff.iter().any(|line| line.starts_with(mark))
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

    const SAID: &str = "# Please enter the commit message for your changes. Lines starting\n\
        # with '#' will be ignored, and an empty message aborts the commit.\n";
    const DIFF: &str = "# ------------------------ >8 ------------------------\n\
        # Do not modify or remove the line above.\ndiff --git a/a b/a\n-old\n";

    fn text(raw: &str) -> String {
        let kept = kept(raw.as_bytes(), &Cleanup::said_in(raw.as_bytes(), true));
        String::from_utf8(kept).expect("it was text")
    }

    #[test]
    fn lines_keep_their_numbers() {
        let raw = format!("one\n#two\n #three\n{SAID}four");
        assert_eq!(text(&raw), "one\n\n #three\n\n\nfour");
        assert_eq!(text(&raw.replace('#', "//")), "one\n\n //three\n\n\nfour");
    }

    #[test]
    fn comments_are_kept_where_git_does_not_say_otherwise() {
        let keeps = SAID.replace("ignored", "kept");
        for raw in [
            "one\n#two\n".to_owned(),
            format!("one\n#two\n{keeps}"),
            format!("one\n#two\n{SAID}{keeps}"),
            format!("one\n#two\n{}", SAID.replace("'#'", "';'")),
            format!("one\n#two\n{}", SAID.lines().next().unwrap_or_default()),
        ] {
            assert_eq!(text(&raw), raw);
        }
        let raw = format!("one\n#two\n{SAID}{DIFF}");
        let unedited = Cleanup::said_in(raw.as_bytes(), false);
        assert_eq!(kept(raw.as_bytes(), &unedited).as_bstr(), raw);
    }

    #[test]
    fn what_verbose_shows_is_cut_off() {
        assert_eq!(text(&format!("subject\n{DIFF}")), "subject\n");
        assert_eq!(text(&format!("subject\n{SAID}{DIFF}")), "subject\n\n\n");
        // A message that was used before, with its diff and that of now.
        assert_eq!(text(&format!("subject\n{DIFF}{SAID}{DIFF}")), "subject\n");
    }

    #[test]
    fn scissors_of_the_authors_own_are_kept_with_what_follows() {
        let own = DIFF.replace("diff --git a/a b/a", "more of the message");
        assert_eq!(text(&own), own);
        let bare = DIFF.replace("# Do not modify or remove the line above.\n", "");
        assert_eq!(text(&bare), bare);
        let keeps = SAID.replace("ignored", "kept");
        let used_before = format!("{DIFF}{keeps}");
        assert_eq!(text(&used_before), used_before);
    }
}
