//! What no ref of this work tree leads to and yet nobody has thrown away: commits that other work
//! trees stand on, and all of the stash but its newest entry.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use bstr::{BStr, BString, ByteSlice as _};
use gix::ObjectId;
use leakgate_model::{Problem, ProblemKind};

use crate::plumbing;
use crate::repository::Repository;

/// What is beside the refs of a repository.
#[derive(Debug, Default)]
pub(crate) struct Beside {
    /// Names as git understands them, and what they name.
    pub(crate) named: Vec<(BString, ObjectId)>,
    /// What is there and could not be read.
    pub(crate) problems: Vec<Problem>,
}

impl Beside {
    /// Looks what there is.
    pub(crate) fn of(repository: &Repository) -> Self {
        let mut found = Self::default();
        found.heads(repository);
        found.stashed(repository);
        found
    }

    /// The detached `HEAD` of each other work tree. What one on a branch stands on has a ref.
    fn heads(&mut self, repository: &Repository) {
        let common = repository.common_dir();
        let mut folders = vec![(common.clone(), BString::from("main-worktree/HEAD"))];
        for folder in self.listed(&common.join("worktrees")) {
            let name = folder.file_name().unwrap_or_default().as_encoded_bytes();
            let name = [b"worktrees/", name, b"/HEAD"].concat();
            folders.push((folder, name.into()));
        }
        let own = fs::canonicalize(repository.git_dir()).ok();
        for (folder, name) in folders {
            if fs::canonicalize(&folder).ok() == own {
                continue;
            }
            match head(repository, &folder, &name) {
                Ok(id) => self.named.extend(id.map(|id| (name, id))),
                Err(why) => self.problems.push(unreadable(name.as_bstr(), &why)),
            }
        }
    }

    /// The folders of the other work trees.
    fn listed(&mut self, folder: &Path) -> Vec<PathBuf> {
        let entries = fs::read_dir(folder)
            .and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect::<Result<_, _>>());
        match entries {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                self.problems.push(unreadable("worktrees".into(), &error.to_string()));
                Vec::new()
            }
            entries => entries.unwrap_or_default(),
        }
    }

    /// The entries of the stash below the newest, which has a ref: they stand in its log alone.
    fn stashed(&mut self, repository: &Repository) {
        let log = if repository.has_foreign_refs() {
            plumbing::log_of(repository, STASH)
        } else {
            log(&repository.common_dir().join("logs").join(STASH))
        };
        let named = |(at, id)| (format!("stash@{{{at}}}").into(), id);
        match log {
            Ok(ids) => self.named.extend(ids.into_iter().enumerate().skip(1).map(named)),
            Err(why) => self.problems.push(unreadable("the log of the stash".into(), &why)),
        }
    }
}

const STASH: &str = "refs/stash";

/// What the `HEAD` in a git folder names; `None` where it is a branch's, or is not there.
fn head(
    repository: &Repository,
    folder: &Path,
    name: &BString,
) -> Result<Option<ObjectId>, String> {
    if repository.has_foreign_refs() {
        let name = name.to_str().map_err(|error| error.to_string())?;
        return plumbing::object_of(repository, name);
    }
    let text = match fs::read(folder.join("HEAD")) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        text => text.map_err(|error| error.to_string())?,
    };
    if text.starts_with(b"ref:") {
        return Ok(None);
    }
    ObjectId::from_hex(text.trim()).map(Some).map_err(|error| error.to_string())
}

/// What the lines of a log say was new, the newest first; nothing where there is no log.
fn log(path: &Path) -> Result<Vec<ObjectId>, String> {
    let text = match fs::read(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        text => text.map_err(|error| error.to_string())?,
    };
    let new = |line: &[u8]| line.split_str(" ").nth(1).and_then(|id| ObjectId::from_hex(id).ok());
    let ids: Option<Vec<_>> = text.lines().rev().map(new).collect();
    ids.ok_or_else(|| "a line of it is damaged".to_owned())
}

fn unreadable(what: &BStr, why: &str) -> Problem {
    Problem {
        path: None,
        kind: ProblemKind::Unreadable,
        detail: format!("could not read {what}, which may lead to more commits: {why}"),
        help: "make it readable; `git worktree prune` takes away what is left of a work tree"
            .to_owned(),
    }
}
