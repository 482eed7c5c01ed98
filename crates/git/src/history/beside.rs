//! What no ref of this work tree leads to and yet nobody has thrown away: commits that other work
//! trees stand on, and all of the stash but its newest entry.

use std::fs;

use bstr::{BString, ByteSlice as _};
use gix::ObjectId;

use crate::plumbing;
use crate::repository::Repository;

/// Names as git understands them, and what they name.
pub(crate) fn beside(repository: &Repository) -> Vec<(BString, ObjectId)> {
    let mut found = heads(repository);
    found.extend(stashed(repository));
    found
}

/// The detached `HEAD` of each other work tree. What one on a branch stands on has a ref.
fn heads(repository: &Repository) -> Vec<(BString, ObjectId)> {
    let common = repository.common_dir();
    let mut folders = vec![(common.clone(), BString::from("main-worktree/HEAD"))];
    for folder in fs::read_dir(common.join("worktrees")).into_iter().flatten().flatten() {
        let name = folder.file_name();
        let name = [b"worktrees/", name.as_encoded_bytes(), b"/HEAD"].concat();
        folders.push((folder.path(), name.into()));
    }
    let own = fs::canonicalize(repository.git_dir()).ok();
    let others = folders.into_iter().filter(|(folder, _)| fs::canonicalize(folder).ok() != own);
    let of = |(folder, name): (std::path::PathBuf, BString)| {
        let id = if repository.has_foreign_refs() {
            plumbing::object_of(repository, name.to_str().ok()?).ok()??
        } else {
            ObjectId::from_hex(fs::read(folder.join("HEAD")).ok()?.trim()).ok()?
        };
        Some((name, id))
    };
    others.filter_map(of).collect()
}

/// The entries of the stash below the newest, which has a ref: they stand in its log alone.
fn stashed(repository: &Repository) -> Vec<(BString, ObjectId)> {
    let ids = if repository.has_foreign_refs() {
        plumbing::log_of(repository, "refs/stash").unwrap_or_default()
    } else {
        let log = fs::read(repository.common_dir().join("logs/refs/stash")).unwrap_or_default();
        let new = |line: &[u8]| ObjectId::from_hex(line.split_str(" ").nth(1)?).ok();
        log.lines().rev().filter_map(new).collect()
    };
    let named = |(at, id)| (format!("stash@{{{at}}}").into(), id);
    ids.into_iter().enumerate().skip(1).map(named).collect()
}
