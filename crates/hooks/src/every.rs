//! Stand-ins for hooks that leakgate has no part in.
//!
//! Where git reads one folder of hooks for all repositories, it runs no repository's own hooks any
//! more. In that folder, a stand-in for each hook of git runs the one of the repository.

use std::fs;
use std::path::Path;

use crate::install::{Found, look_at, read_start, written};
use crate::{Error, Event, atomic, shim};

/// Hooks of git that leakgate has no part in. `fsmonitor-watchman` and `p4-*` are configured
/// otherwise.
const OTHERS: [&str; 10] = [
    "post-applypatch",
    "post-commit",
    "post-index-change",
    "post-receive",
    "post-rewrite",
    "post-update",
    "pre-auto-gc",
    "pre-rebase",
    "proc-receive",
    "push-to-checkout",
];

/// Writes a stand-in for each hook but `events`, where there is none yet.
///
/// # Errors
/// When the operating system refuses.
pub fn forward_others(folder: &Path, events: &[Event]) -> Result<(), Error> {
    fs::create_dir_all(folder).map_err(written("create", folder, folder))?;
    let left_out = Event::ALL.iter().filter(|event| !events.contains(event)).map(|e| e.name());
    for name in OTHERS.into_iter().chain(left_out) {
        let path = folder.join(name);
        let text = shim::forward(name);
        if !matches!(look_at(&path)?, Found::SomebodyElses) {
            atomic::write_executable(&path, &text).map_err(written("write", &path, folder))?;
        }
    }
    Ok(())
}

/// Takes the stand-ins away, and the folder if nothing else is left in it.
///
/// # Errors
/// When the operating system refuses.
pub fn remove_forwards(folder: &Path) -> Result<(), Error> {
    for name in OTHERS.into_iter().chain(Event::ALL.iter().map(|event| event.name())) {
        let path = folder.join(name);
        if read_start(&path).is_ok_and(|text| text == shim::forward(name)) {
            fs::remove_file(&path).map_err(written("remove", &path, folder))?;
        }
    }
    // It stays when somebody has put something else into it.
    fs::remove_dir(folder).ok();
    Ok(())
}
