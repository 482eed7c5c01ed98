//! Everything in the work tree, tracked or not, with who ignores it and its permission bits.
//!
//! Ignored folders are not entered: build output and packages are large, and not secret.

use std::fs;
use std::io::{self, ErrorKind};

use gix::bstr::{BString, ByteSlice as _};
use leakgate_model::{Problem, ProblemKind};

use crate::Repository;
use crate::ignored::{IgnoreRules, IgnoredBy, PathKind};

/// One path of the work tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkTreePath {
    /// Relative to the work tree.
    pub path: BString,
    /// File or folder. A link, a device or a pipe is neither and is left out.
    pub kind: PathKind,
    /// Unix permission bits, as `0o644`.
    pub bits: Option<u32>,
    /// Who ignores it.
    pub ignored: IgnoredBy,
}

impl Repository {
    /// Lists the work tree, sorted by path: files and folders, ignored ones too, but nothing that
    /// is in an ignored folder or in another repository.
    pub fn list_work_tree(&self, rules: &IgnoreRules) -> (Vec<WorkTreePath>, Vec<Problem>) {
        let (mut found, mut problems) = (Vec::new(), Vec::new());
        let Some(root) = self.work_tree() else { return (found, problems) };
        let mut folders = vec![BString::default()];
        while let Some(folder) = folders.pop() {
            let path = folder.to_path().map(|folder| root.join(folder));
            let listed = path.map_err(|_| ErrorKind::InvalidFilename.into());
            let entries = match listed.and_then(fs::read_dir) {
                Ok(entries) => entries,
                Err(error) => {
                    problems.push(unreadable(folder, &error));
                    continue;
                }
            };
            for entry in entries {
                match entry.and_then(|entry| look_at(&entry, &folder, rules)) {
                    Ok(Some((one, is_repository))) => {
                        let enter = one.kind == PathKind::Folder
                            && one.ignored == IgnoredBy::Nobody
                            && !is_repository;
                        folders.extend(enter.then(|| one.path.clone()));
                        found.push(one);
                    }
                    Ok(None) => {}
                    // It went away in the meantime.
                    Err(error) if error.kind() == ErrorKind::NotFound => {}
                    Err(error) => problems.push(unreadable(folder.clone(), &error)),
                }
            }
        }
        found.sort_by(|a, b| a.path.cmp(&b.path));
        problems.sort();
        (found, problems)
    }
}

/// What stands in a folder, if it is a file or a folder, and whether it is another repository.
fn look_at(
    entry: &fs::DirEntry,
    folder: &BString,
    rules: &IgnoreRules,
) -> io::Result<Option<(WorkTreePath, bool)>> {
    let name = entry.file_name();
    let name = <[u8]>::from_os_str(&name).ok_or(ErrorKind::InvalidFilename)?;
    if name == b".git" {
        return Ok(None);
    }
    let metadata = entry.metadata()?;
    let kind = match metadata.file_type() {
        kind if kind.is_dir() => PathKind::Folder,
        kind if kind.is_file() => PathKind::File,
        _ => return Ok(None),
    };
    let mut path = folder.clone();
    if !path.is_empty() {
        path.push(b'/');
    }
    path.extend_from_slice(name);
    let ignored = rules.of_one(path.as_bstr(), kind);
    let is_repository =
        kind == PathKind::Folder && fs::symlink_metadata(entry.path().join(".git")).is_ok();
    let bits = permission_bits(&metadata);
    Ok(Some((WorkTreePath { path, kind, bits, ignored }, is_repository)))
}

/// The permission bits of what is on disk, where the system has any.
#[cfg(unix)]
pub(crate) fn permission_bits(metadata: &fs::Metadata) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt as _;
    Some(metadata.permissions().mode() & 0o7777)
}

#[cfg(not(unix))]
pub(crate) fn permission_bits(_metadata: &fs::Metadata) -> Option<u32> {
    None
}

fn unreadable(folder: BString, error: &io::Error) -> Problem {
    Problem {
        path: Some(folder),
        kind: ProblemKind::Unreadable,
        detail: format!("could not list the folder whole: {error}"),
        help: "make it readable, or leave it out".to_owned(),
    }
}
