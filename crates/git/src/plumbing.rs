//! The one place that runs git: fixed plumbing, for refs in a format that gix cannot read.

use std::process::{Command, Output, Stdio};

use bstr::{BString, ByteSlice as _};
use gix::ObjectId;

use crate::Repository;

/// The tree that a revision points to; `None` if the revision does not exist, as an unborn `HEAD`.
///
/// # Errors
/// A phrase when git could not be run or answered with something else than an id.
pub(crate) fn tree_of(repository: &Repository, revision: &str) -> Result<Option<ObjectId>, String> {
    let revision = format!("{revision}^{{tree}}");
    let output = git(repository, &["rev-parse", "--verify", "--quiet", &revision])?;
    if output.stdout.is_empty() {
        // An unborn branch is silent; anything else says why on standard error.
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return if said.is_empty() { Ok(None) } else { Err(said) };
    }
    ObjectId::from_hex(output.stdout.trim_ascii()).map(Some).map_err(|error| error.to_string())
}

/// All refs that are not symbolic, and what `HEAD` points to.
///
/// # Errors
/// A phrase when git could not be run or answered with something else.
pub(crate) fn refs(repository: &Repository) -> Result<Vec<(BString, ObjectId)>, String> {
    let format = "--format=%(objectname) %(symref) %(refname)";
    let mut refs = Vec::new();
    let listed = git(repository, &["for-each-ref", format])?;
    if !listed.status.success() {
        return Err(String::from_utf8_lossy(&listed.stderr).trim().to_owned());
    }
    for line in listed.stdout.lines() {
        let mut parts = line.splitn(3, |&byte| byte == b' ');
        let (Some(id), Some(b""), Some(name)) = (parts.next(), parts.next(), parts.next()) else {
            continue;
        };
        refs.push((name.into(), ObjectId::from_hex(id).map_err(|error| error.to_string())?));
    }
    let head = git(repository, &["rev-parse", "--verify", "--quiet", "HEAD"])?;
    if let Ok(id) = ObjectId::from_hex(head.stdout.trim_ascii()) {
        refs.push(("HEAD".into(), id));
    }
    Ok(refs)
}

fn git(repository: &Repository, args: &[&str]) -> Result<Output, String> {
    Command::new("git")
        .arg("--git-dir")
        .arg(repository.git_dir())
        // Nothing that the repository configures may run or reach the network.
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
        .map_err(|error| {
            format!("its refs need `git {}`, which could not be run: {error}", args[0])
        })
}
