//! What can stand in the way, each with the way out.

use std::fmt::{self, Write};
use std::io;
use std::path::{Path, PathBuf};

use leakgate_model::is_invisible;

use crate::{Event, Manager};

/// Why hooks could not be installed or uninstalled. Nothing that was there before is lost.
///
/// The operating system's answer is part of the message, so that the way out can follow it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Another tool writes the hooks in this folder.
    #[error(
        "cannot install into {}: {manager} writes the hooks there; let it run leakgate instead{}\n\n{}",
        Shown(hooks_dir), also_aside(aside), manager.instructions(events)
    )]
    Managed {
        /// The tool.
        manager: Manager,
        /// The folder.
        hooks_dir: PathBuf,
        /// The events that were to be installed.
        events: Vec<Event>,
        /// Hooks of ours that it has put aside.
        aside: Vec<PathBuf>,
    },

    /// `core.hooksPath` is `/dev/null`.
    #[error(
        "cannot install hooks: core.hooksPath is {}, which switches all hooks off; \
         `git config --show-origin core.hooksPath` shows where it is set",
        Shown(.0)
    )]
    SwitchedOff(PathBuf),

    /// The hooks folder, or one above it, is something else.
    #[error(
        "cannot use {} as the hooks folder: it is not a folder; \
         `git config --show-origin core.hooksPath` shows where it is set",
        Shown(.0)
    )]
    NotAFolder(PathBuf),

    /// The hooks folder may not be written.
    #[error(
        "cannot write to the hooks folder {}: {cause}; make it writable, or run this as its owner",
        Shown(hooks_dir)
    )]
    NotWritable {
        /// The folder.
        hooks_dir: PathBuf,
        /// The operating system's answer.
        cause: io::Error,
    },

    /// A folder, device or pipe has the name of a hook.
    #[error("cannot replace {}: it is not a file; move it away and try again", Shown(.0))]
    NotAFile(PathBuf),

    /// The shim was changed after it was written.
    #[error(
        "cannot touch {}: leakgate wrote it and it was edited since; \
         move it away, which takes leakgate out, and run `leakgate install` to have it back",
        Shown(.0)
    )]
    Edited(PathBuf),

    /// The hook is a symbolic link to a shim that belongs to another folder.
    #[error(
        "cannot touch {}: it is a symbolic link to a leakgate hook elsewhere; \
         remove the link and try again",
        Shown(.0)
    )]
    LinkToShim(PathBuf),

    /// There is a kept hook already, and another one that is not ours.
    #[error(
        "cannot tell which hook to keep: {} is not leakgate's, and {} was kept from before; \
         join them into the first, delete the second and try again",
        Shown(hook),
        Shown(kept)
    )]
    TwoHooks {
        /// The hook that git runs.
        hook: PathBuf,
        /// The hook that was there before leakgate.
        kept: PathBuf,
    },

    /// The path of the binary cannot stand in a hook.
    #[error(
        "cannot write a hook that runs {}: {reason}; install leakgate in another folder",
        Shown(binary)
    )]
    Binary {
        /// The path.
        binary: PathBuf,
        /// What is wrong with it.
        reason: &'static str,
    },

    /// The operating system refused.
    #[error("cannot {attempt} {}: {cause}; nothing was lost, try again", Shown(path))]
    Io {
        /// What was attempted, as "read".
        attempt: &'static str,
        /// On what.
        path: PathBuf,
        /// The operating system's answer.
        cause: io::Error,
    },
}

fn also_aside(hooks: &[PathBuf]) -> String {
    match hooks {
        [] => String::new(),
        [first, ..] => format!(
            ", and take out what it has put aside, as {}, with `leakgate uninstall`",
            Shown(first)
        ),
    }
}

impl Error {
    /// The error for something that was attempted on a path.
    pub(crate) fn io(attempt: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |cause| Self::Io { attempt, path: path.to_owned(), cause }
    }
}

/// A path made safe for a terminal: on one line, with nothing in it that is not seen.
pub(crate) struct Shown<'a>(pub(crate) &'a Path);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.to_string_lossy().chars() {
            if is_invisible(c) {
                write!(f, "{}", c.escape_unicode())?;
            } else {
                f.write_char(c)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shown_path_cannot_steer_the_terminal() {
        let path = Path::new("a b/\u{1b}[31m\n\u{202e}/é");
        assert_eq!(Shown(path).to_string(), "a b/\\u{1b}[31m\\u{a}\\u{202e}/é");
    }
}
