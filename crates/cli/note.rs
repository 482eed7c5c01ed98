//! Remembers that the staged change was scanned and clean, so that a hook which runs right after
//! another need not scan it again. Only there where `install --strict` has made a folder for it.
//!
//! The note is bound to all that a scan depends on: trees, ignore file, policy, rules, program. Losing it costs a
//! scan, so nothing here is an error.

use std::env;
use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use leakgate_git::{Moment, Repository, Staged, StagedTrees};
use leakgate_policy::{CONFIG_NAME, FILE_NAME};

use crate::own_rules;

/// The folder that notes are kept in.
pub(crate) fn folder(repository: &Repository) -> PathBuf {
    repository.common_dir().join("leakgate")
}

/// Notes that the staged change is clean, where `install` or [`prepare`] has made the folder.
/// A commit whose objects go elsewhere leaves no note here.
pub(crate) fn write(repository: &Repository, moment: Moment) {
    let folder = folder(repository);
    if folder.is_dir()
        && is_of_this_repository()
        && let Ok(Some(trees)) = Staged::trees(repository, moment)
        && let Some(key) = key(repository, &trees)
    {
        fs::write(folder.join("scanned"), key).ok();
    }
}

/// Makes the folder for notes, where hooks are installed for all repositories.
pub(crate) fn prepare(repository: &Repository) {
    if is_of_this_repository() {
        fs::create_dir(folder(repository)).ok();
    }
}

fn is_of_this_repository() -> bool {
    env::var_os("GIT_OBJECT_DIRECTORY").is_none()
}

/// Whether this very staged change was noted as clean.
pub(crate) fn is_there(repository: &Repository, moment: Moment) -> bool {
    let trees = Staged::trees(repository, moment);
    trees.is_ok_and(|trees| trees.is_some_and(|trees| is_noted(repository, &trees)))
}

/// Whether a staged change of these trees was noted as clean.
pub(crate) fn is_noted(repository: &Repository, trees: &StagedTrees) -> bool {
    let noted = fs::read_to_string(folder(repository).join("scanned")).ok();
    noted.is_some() && noted == key(repository, trees)
}

fn key(repository: &Repository, trees: &StagedTrees) -> Option<String> {
    let mut hasher = DefaultHasher::new();
    policy(repository).hash(&mut hasher);
    let folders = own_rules::folders(None, repository.work_tree().as_deref()).ok()?;
    own_rules::files(&folders).ok()?.hash(&mut hasher);
    program(&env::current_exe().ok()?).hash(&mut hasher);
    Some(format!("{trees} {:016x}\n", hasher.finish()))
}

/// The files of the work tree that a verdict depends on beside what is scanned, as far as they are
/// there: whoever keeps a verdict keeps what they were.
pub(crate) fn policy(repository: &Repository) -> [Option<Vec<u8>>; 2] {
    let root = repository.work_tree();
    [FILE_NAME, CONFIG_NAME].map(|name| fs::read(root.as_ref()?.join(name)).ok())
}

/// What tells one build of the program from another.
pub(crate) fn program(path: &Path) -> Option<(u64, u128)> {
    let metadata = path.metadata().ok()?;
    let changed = metadata.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some((metadata.len(), changed.as_nanos()))
}
