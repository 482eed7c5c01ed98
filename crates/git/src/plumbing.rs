//! The one place that runs git: fixed plumbing, for refs in a format that gix cannot read.

use std::process::{Command, Stdio};

use gix::ObjectId;
use gix::bstr::{BString, ByteSlice as _};

use crate::Repository;

/// The tree that a revision points to; `None` if the revision does not exist, as an unborn `HEAD`.
///
/// # Errors
/// A phrase when git could not be run or answered with something else than an id.
pub(crate) fn tree_of(repository: &Repository, revision: &str) -> Result<Option<ObjectId>, String> {
    let tree = format!("{revision}^{{tree}}");
    let output = run(repository, &["rev-parse", "--verify", "--quiet", &tree])?;
    if output.is_empty() {
        return Ok(None);
    }
    ObjectId::from_hex(output.trim_ascii()).map(Some).map_err(|error| error.to_string())
}

/// The full names of all refs.
///
/// # Errors
/// A phrase when git could not be run or failed.
pub(crate) fn ref_names(repository: &Repository) -> Result<Vec<BString>, String> {
    let output = run(repository, &["for-each-ref", "--format=%(refname)"])?;
    Ok(output.lines().map(BString::from).collect())
}

/// The commit that a revision leads to; `None` if there is none.
///
/// # Errors
/// A phrase when git could not be run.
pub(crate) fn commit_of(repository: &Repository, name: &str) -> Result<Option<ObjectId>, String> {
    let revision = format!("{name}^{{commit}}");
    let output = run(repository, &["rev-parse", "--verify", "--quiet", &revision])?;
    Ok(ObjectId::from_hex(output.trim_ascii()).ok())
}

/// Runs git and gives what it wrote. An answer of nothing, as of an unborn branch, is silent;
/// anything else says why on standard error.
fn run(repository: &Repository, arguments: &[&str]) -> Result<Vec<u8>, String> {
    let output = Command::new("git")
        .arg("--git-dir")
        .arg(repository.git_dir())
        // Nothing that the repository configures may run or reach the network.
        .args(["-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null"])
        .args(["-c", "protocol.allow=never"])
        .args(arguments)
        .env("GIT_NO_REPLACE_OBJECTS", "1")
        .env("GIT_NO_LAZY_FETCH", "1")
        .env("GIT_OPTIONAL_LOCKS", "0")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("its refs need git, which could not be run: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    if output.stdout.is_empty() && !said.is_empty() {
        return Err(said);
    }
    Ok(output.stdout)
}
