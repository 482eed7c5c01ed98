//! The one place that runs git: fixed plumbing, for refs in a format that gix cannot read and for
//! revisions as users write them.

use std::process::{Command, Output, Stdio};

use gix::ObjectId;
use gix::bstr::{BString, ByteSlice as _};

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
    let output = git(repository, &["for-each-ref", "--format=%(objectname) %(refname)"])?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).trim().to_owned());
    }
    let refs = output.stdout.lines().filter_map(|line| {
        let (id, name) = line.split_once_str(" ")?;
        Some((name.into(), ObjectId::from_hex(id).ok()?))
    });
    Ok(refs.collect())
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

/// Runs git in a way that nothing the repository configures can run or reach the network.
fn git(repository: &Repository, args: &[&str]) -> Result<Output, String> {
    Command::new("git")
        .arg("--git-dir")
        .arg(repository.git_dir())
        .args(["-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null"])
        .args(["-c", "protocol.allow=never"])
        .args(args)
        .env("GIT_NO_REPLACE_OBJECTS", "1")
        .env("GIT_NO_LAZY_FETCH", "1")
        .env("GIT_OPTIONAL_LOCKS", "0")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("git is needed for that and could not be run: {error}"))
}
