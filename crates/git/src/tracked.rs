//! Files that git tracks although an ignore file names them: git ignores no tracked file.

use std::fs;
use std::path::{Path, PathBuf};

use bstr::{BString, ByteSlice as _};
use gix::index::entry::Mode as IndexMode;
use leakgate_model::{Entry, Listing, Mode, Problem, ProblemKind};

use crate::Repository;
use crate::files::to_bytes;
use crate::staged::Index;

/// Adds the tracked files below these folders that a walk has left out.
///
/// The entries of `listing` are sorted by their paths, before and after.
pub(crate) fn add<'p>(folders: impl Iterator<Item = &'p PathBuf>, listing: &mut Listing) {
    let mut missing = Vec::new();
    for folder in folders.filter(|folder| folder.is_dir()) {
        let found = Repository::discover(folder)
            .and_then(|repository| below(&repository, folder, &listing.entries));
        match found {
            Ok(entries) => missing.extend(entries),
            Err(crate::Error::None(_)) => {}
            Err(why) => listing.problems.push(Problem {
                path: Some(to_bytes(folder)),
                kind: ProblemKind::Unreadable,
                detail: format!("which of the ignored files git tracks is not known: {why}"),
                help: "`leakgate files --no-ignore` scans all that is ignored".to_owned(),
            }),
        }
    }
    if !missing.is_empty() {
        listing.entries.append(&mut missing);
        listing.entries.sort_by(|a, b| a.path.cmp(&b.path));
        listing.entries.dedup_by(|a, b| a.path == b.path);
    }
}

/// The tracked files below `folder` that are in the work tree and not among those listed.
fn below(
    repository: &Repository,
    folder: &Path,
    listed: &[Entry],
) -> Result<Vec<Entry>, crate::Error> {
    let inside = || -> Option<BString> {
        let root = fs::canonicalize(repository.work_tree()?).ok()?;
        let folder = fs::canonicalize(folder).ok()?;
        Some(to_bytes(folder.strip_prefix(root).ok()?))
    };
    let Some(mut prefix) = inside() else { return Ok(Vec::new()) };
    if !prefix.is_empty() {
        prefix.push(b'/');
    }
    let index = Index::read(repository, repository.local().object_hash())?;
    let Some(state) = index.entries()? else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for entry in state.entries() {
        let is_file =
            matches!(entry.mode, IndexMode::FILE | IndexMode::FILE_EXECUTABLE | IndexMode::SYMLINK);
        let Some(rest) = entry.path(state).strip_prefix(&prefix[..]).filter(|_| is_file) else {
            continue;
        };
        let Ok(inner) = rest.to_path() else { continue };
        let path = to_bytes(&folder.join(inner));
        if listed.binary_search_by(|entry| entry.path.cmp(&path)).is_err()
            && let Some(mode) = mode_in(folder, inner)
        {
            found.push(Entry::present(path, mode));
        }
    }
    Ok(found)
}

/// What stands at a path of the work tree; nothing where a link leads there.
fn mode_in(folder: &Path, inner: &Path) -> Option<Mode> {
    let parents = inner.ancestors().skip(1).filter(|parent| !parent.as_os_str().is_empty());
    for parent in parents {
        if folder.join(parent).is_symlink() {
            return None;
        }
    }
    let kind = fs::symlink_metadata(folder.join(inner)).ok()?.file_type();
    match kind {
        kind if kind.is_symlink() => Some(Mode::Symlink),
        kind if kind.is_file() => Some(Mode::File),
        _ => None,
    }
}
