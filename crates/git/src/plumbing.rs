//! The one place that runs git: fixed plumbing, for refs in a format that gix cannot read, and
//! for changing the index under git's own lock.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use gix::ObjectId;
use gix::bstr::{BString, ByteSlice as _};
use leakgate_model::Mode;

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

/// Writes entries of the index: a mode and an id, or `None` to take the path out.
///
/// # Errors
/// A phrase when git could not be run or refused.
pub(crate) fn write_index(
    repository: &Repository,
    work_tree: &Path,
    entries: &[(BString, Option<(Mode, leakgate_model::ObjectId)>)],
) -> Result<(), String> {
    let mut lines = Vec::new();
    for (path, entry) in entries {
        let start = match entry {
            Some((mode, id)) => format!("{mode} {id} 0\t"),
            None => format!("0 {} 0\t", "0".repeat(40)),
        };
        lines.extend_from_slice(start.as_bytes());
        lines.extend_from_slice(path);
        lines.push(0);
    }
    let mut child = Command::new("git")
        .arg("--git-dir")
        .arg(repository.git_dir())
        .arg("--work-tree")
        .arg(work_tree)
        .args(["-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null"])
        .args(["update-index", "-z", "--index-info"])
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("LC_ALL", "C")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("git could not be run: {error}"))?;
    // Git reads all of it before it says anything but an error of a line.
    let written = child.stdin.take().map_or(Ok(()), |mut input| input.write_all(&lines));
    let output = child.wait_with_output().map_err(|error| error.to_string())?;
    if output.status.success() {
        return written.map_err(|error| error.to_string());
    }
    Err(String::from_utf8_lossy(&output.stderr).trim().to_owned())
}
