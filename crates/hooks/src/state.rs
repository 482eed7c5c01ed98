//! Which file has a hook's name, and whether git would run it.

use std::io;
use std::path::{Path, PathBuf};

use bstr::ByteSlice;

use crate::install::{is_executable, read_start};
use crate::shim::{self, Author};
use crate::{Event, Manager, managed_by};

/// The state of one hook. Only the first stops what it should.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Ours, as it was written.
    Installed {
        /// What it runs.
        binary: PathBuf,
        /// The hook that it runs as well.
        previous: Option<PathBuf>,
    },
    /// Ours, and all it does is run the repository's own hook.
    Forwards,
    /// Ours, but git passes over a hook without the executable bit.
    NotExecutable,
    /// Ours, with carriage returns, which sh takes for a part of each word.
    CarriageReturns,
    /// Ours, and edited since.
    Edited,
    /// There is no hook.
    Missing,
    /// A tool writes the hooks of this folder; what it runs is its own matter.
    Managed(Manager),
    /// Somebody else's hook.
    Foreign,
    /// It cannot be read.
    Unreadable(String),
}

/// What git would find for `event` in this folder.
pub fn state(hooks_dir: &Path, event: Event) -> State {
    let path = hooks_dir.join(event.name());
    match path.metadata() {
        // Opening a named pipe would wait for its other end.
        Ok(metadata) if !metadata.is_file() => {
            return State::Unreadable("it is not a file".to_owned());
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return managed_by(hooks_dir).map_or(State::Missing, State::Managed);
        }
        _ => {}
    }
    let text = match read_start(&path) {
        Ok(text) => text,
        Err(error) => return State::Unreadable(error.to_string()),
    };
    match shim::author(&text) {
        Author::SomebodyElse => managed_by(hooks_dir).map_or(State::Foreign, State::Managed),
        _ if text.contains_str("\r\n") => State::CarriageReturns,
        Author::LeakgateEdited => State::Edited,
        Author::Leakgate if !is_executable(&path) => State::NotExecutable,
        Author::Leakgate => {
            let Some(binary) = shim::binary_of(&text) else { return State::Forwards };
            let previous = hooks_dir.join(format!("{event}.leakgate-previous"));
            State::Installed { binary, previous: previous.exists().then_some(previous) }
        }
    }
}
