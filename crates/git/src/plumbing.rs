//! The one place that runs git: fixed plumbing, for refs in a format that gix cannot read.

use std::process::{Command, Stdio};

use gix::ObjectId;

use crate::Repository;

/// The tree that a revision points to; `None` if the revision does not exist, as an unborn `HEAD`.
///
/// # Errors
/// A phrase when git could not be run or answered with something else than an id.
pub(crate) fn tree_of(repository: &Repository, revision: &str) -> Result<Option<ObjectId>, String> {
    let output = Command::new("git")
        .arg("--git-dir")
        .arg(repository.git_dir())
        // Nothing that the repository configures may run or reach the network.
        .args(["-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null"])
        .args(["-c", "protocol.allow=never", "rev-parse", "--verify", "--quiet"])
        .arg(format!("{revision}^{{tree}}"))
        .env("GIT_NO_REPLACE_OBJECTS", "1")
        .env("GIT_NO_LAZY_FETCH", "1")
        .env("GIT_OPTIONAL_LOCKS", "0")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .output()
        .map_err(|error| {
            format!("its refs need `git rev-parse`, which could not be run: {error}")
        })?;
    if output.stdout.is_empty() {
        // An unborn branch is silent; anything else says why on standard error.
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return if said.is_empty() { Ok(None) } else { Err(said) };
    }
    ObjectId::from_hex(output.stdout.trim_ascii()).map(Some).map_err(|error| error.to_string())
}
