//! The one place that runs git: fixed plumbing, for refs in a format that gix cannot read, for
//! revisions as users write them, and for changing the index under git's own lock.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use gix::ObjectId;
use gix::bstr::{BString, ByteSlice as _};
use leakgate_model::Mode;

use crate::Repository;

/// The tree that a revision points to; `None` if the revision does not exist, as an unborn `HEAD`.
///
/// # Errors
/// A phrase when git could not be run or answered with something else than an id.
pub(crate) fn tree_of(repository: &Repository, revision: &str) -> Result<Option<ObjectId>, String> {
    id_of(repository, &format!("{revision}^{{tree}}"))
}

/// The object that a revision names, a tag not followed; `None` if it does not exist.
///
/// # Errors
/// As [`tree_of`].
pub(crate) fn object_of(
    repository: &Repository,
    revision: &str,
) -> Result<Option<ObjectId>, String> {
    id_of(repository, revision)
}

/// Every ref and the object it names.
///
/// # Errors
/// A phrase when git could not be run or failed.
pub(crate) fn refs(repository: &Repository) -> Result<Vec<(BString, ObjectId)>, String> {
    listed(repository, "--format=%(objectname) %(refname)", " ")
}

/// All refs that are not symbolic, and what `HEAD` points to.
///
/// # Errors
/// As [`refs`].
pub(crate) fn direct_refs(repository: &Repository) -> Result<Vec<(BString, ObjectId)>, String> {
    // Two blanks stand where the symbolic ref is left out.
    let mut refs = listed(repository, "--format=%(objectname) %(symref) %(refname)", "  ")?;
    refs.extend(object_of(repository, "HEAD")?.map(|id| ("HEAD".into(), id)));
    Ok(refs)
}

/// What git lists in a format whose lines are an id, a separator and a name; other lines do not
/// count.
fn listed(
    repository: &Repository,
    format: &str,
    separator: &str,
) -> Result<Vec<(BString, ObjectId)>, String> {
    let output = git(repository, &["for-each-ref", format])?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).trim().to_owned());
    }
    let refs = output.stdout.lines().filter_map(|line| {
        let (id, name) = line.split_once_str(separator)?;
        Some((name.into(), ObjectId::from_hex(id).ok()?))
    });
    Ok(refs.collect())
}

/// What a ref named before, the newest first; nothing if there is no such ref.
///
/// # Errors
/// As [`refs`].
pub(crate) fn log_of(repository: &Repository, name: &str) -> Result<Vec<ObjectId>, String> {
    if object_of(repository, name)?.is_none() {
        return Ok(Vec::new());
    }
    let output = git(repository, &["rev-list", "--walk-reflogs", "--end-of-options", name, "--"])?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).trim().to_owned());
    }
    Ok(output.stdout.lines().filter_map(|line| ObjectId::from_hex(line).ok()).collect())
}

/// The commit that a revision leads to; `None` if there is none.
///
/// # Errors
/// As [`tree_of`].
pub(crate) fn commit_of(repository: &Repository, name: &str) -> Result<Option<ObjectId>, String> {
    id_of(repository, &format!("{name}^{{commit}}"))
}

fn id_of(repository: &Repository, revision: &str) -> Result<Option<ObjectId>, String> {
    let output =
        git(repository, &["rev-parse", "--verify", "--quiet", "--end-of-options", revision])?;
    if output.stdout.is_empty() {
        // An unborn branch is silent; anything else says why on standard error.
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return if said.is_empty() { Ok(None) } else { Err(said) };
    }
    ObjectId::from_hex(output.stdout.trim_ascii()).map(Some).map_err(|error| error.to_string())
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
    let mut child = command(repository)
        .arg("--work-tree")
        .arg(work_tree)
        .args(["update-index", "-z", "--index-info"])
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

/// Git for this repository, so that nothing it configures can run or reach the network.
fn command(repository: &Repository) -> Command {
    let mut git = Command::new("git");
    git.arg("--git-dir")
        .arg(repository.git_dir())
        .args(["-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null"])
        .args(["-c", "protocol.allow=never"])
        .env("GIT_NO_REPLACE_OBJECTS", "1")
        .env("GIT_NO_LAZY_FETCH", "1")
        .env("GIT_OPTIONAL_LOCKS", "0")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("LC_ALL", "C");
    git
}

/// Runs git and gives what it said.
fn git(repository: &Repository, args: &[&str]) -> Result<Output, String> {
    command(repository)
        .args(args)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("git is needed for that and could not be run: {error}"))
}
