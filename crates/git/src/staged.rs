//! The staged change: what the next commit would bring that no parent has.

use std::cell::OnceCell;
use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::io;
use std::num::NonZero;
use std::path::Path;

use gix::ObjectId;
use gix::bstr::{BStr, BString, ByteSlice as _};
use leakgate_model::{
    Change, Entry, Listing, Mode, Previous, Problem, ProblemKind, Reader, Skip, Source,
};

use crate::index_walk::{self, Seen};
use crate::object::{ObjectReader, to_model_id};
use crate::objects::Objects;
use crate::repository::{ALLOC_LIMIT, Error, Moment};
use crate::step::StagedTrees;
use crate::tree_diff::{self, Difference, TREE_MODE, TreeError, Trees};
use crate::{Repository, index_file};

/// A path that differs from a tree.
#[derive(Debug, Clone)]
pub(crate) struct Changed {
    pub(crate) path: BString,
    pub(crate) mode: u32,
    pub(crate) id: ObjectId,
    /// Mode and id on the old side.
    pub(crate) previous: Option<(u32, ObjectId)>,
    /// The path on the old side, if it is another one.
    pub(crate) renamed_from: Option<BString>,
}

impl Changed {
    pub(crate) fn new(
        path: BString,
        mode: u32,
        id: ObjectId,
        previous: Option<(u32, ObjectId)>,
    ) -> Self {
        Self { path, mode, id, previous, renamed_from: None }
    }
}

/// The staged change of a repository, read once when it is made.
pub struct Staged<'r> {
    pub(crate) repository: &'r Repository,
    pub(crate) removed: Vec<(BString, u32, ObjectId)>,
    /// The tree the change was compared with.
    pub(crate) head: Option<ObjectId>,
    /// What the change takes as it is from a merged branch.
    pub(crate) merged: Vec<(BString, u32, ObjectId)>,
    /// Trees of `HEAD` that were read for the comparison.
    pub(crate) trees: Trees,
}

/// How many removed files are looked through for what moved, at most.
const MOST_REMOVED: usize = 2_000;

impl<'r> Staged<'r> {
    /// Lists what is staged: index against `HEAD`, and against the other parents of a merge.
    ///
    /// # Errors
    /// When `HEAD` or the index cannot be read at all. What concerns single paths is a problem in
    /// the listing.
    pub fn list(repository: &'r Repository, moment: Moment) -> Result<(Self, Listing), Error> {
        let objects = repository.objects();
        let head = repository.head_tree(&objects)?;
        let merged = repository.merge_trees(&objects, moment)?;
        Self::list_against(repository, &objects, head, &merged)
    }

    fn list_against(
        repository: &'r Repository,
        objects: &Objects,
        head: Option<ObjectId>,
        merged: &[ObjectId],
    ) -> Result<(Self, Listing), Error> {
        let Some(work_tree) = repository.work_tree() else {
            return Err(Error::Bare(repository.git_dir().to_owned()));
        };
        let index = Index::read(repository, objects.local.object_hash())?;
        let mut listing = Listing::default();
        let mut staged =
            Self { repository, removed: Vec::new(), head, merged: Vec::new(), trees: Trees::new() };
        let seen = match index.against(objects, head) {
            Ok(seen) => seen,
            Err(error) => {
                listing.problems.push(tree_problem(error));
                return Ok((staged, listing));
            }
        };
        let mut others = Vec::new();
        for &tree in merged {
            match index.against(objects, Some(tree)) {
                Ok(seen) => others.push(by_path(seen.difference.changed)),
                Err(error) => listing.problems.push(tree_problem(error)),
            }
        }
        listing.skipped = seen.skipped;
        listing.problems.extend(seen.conflicts.into_iter().map(conflict));
        for changed in seen.difference.changed {
            if others.iter().any(|tree| !tree.contains_key(&changed.path)) {
                staged.merged.push((changed.path.clone(), changed.mode, changed.id));
            }
            add(changed, &others, &mut listing);
        }
        read_permissions(&work_tree, &mut listing.entries);
        staged.removed = seen.difference.removed;
        staged.trees = seen.difference.trees;
        listing.deleted = tree_diff::count_files(objects, &staged.removed);
        listing.entries.sort_by(|a, b| a.path.cmp(&b.path));
        listing.skipped.sort();
        listing.problems.sort();
        Ok((staged, listing))
    }

    /// Lists everything in the index, as if nothing were committed yet.
    ///
    /// # Errors
    /// As [`Staged::list`].
    pub fn list_index(repository: &'r Repository) -> Result<(Self, Listing), Error> {
        Self::list_against(repository, &repository.objects(), None, &[])
    }

    /// What a scan of the staged change depends on. `None` when the index does not know its tree.
    ///
    /// # Errors
    /// As [`Staged::list`].
    pub fn trees(repository: &Repository, moment: Moment) -> Result<Option<StagedTrees>, Error> {
        let objects = repository.objects();
        let index = Index::read(repository, objects.local.object_hash())?;
        let Some(root) = index.root else { return Ok(None) };
        let head = repository.head_tree(&objects)?;
        let merged = repository.merge_trees(&objects, moment)?;
        Ok(Some(StagedTrees::new(root, head, merged)))
    }

    /// The paths that the `.gitmodules` in the index names.
    pub fn submodules(&self) -> BTreeSet<BString> {
        let objects = self.repository.objects();
        let read = || -> Option<Vec<u8>> {
            let index = Index::read(self.repository, objects.local.object_hash()).ok()?;
            let id = index.state().ok()?.entry_by_path(b".gitmodules".as_bstr())?.id;
            let mut text = Vec::new();
            objects.get(id, &mut text).ok()??;
            Some(text)
        };
        submodule_paths(&read().unwrap_or_default())
    }
}

/// The paths that a `.gitmodules` file names.
pub fn submodule_paths(text: &[u8]) -> BTreeSet<BString> {
    text.lines()
        .filter_map(|line| line.trim().strip_prefix(b"path")?.trim_start().strip_prefix(b"="))
        .map(|path| path.trim().trim_with(|c| c == '"').as_bstr().to_owned())
        .collect()
}

impl Source for Staged<'_> {
    fn reader(&self) -> Box<dyn Reader + '_> {
        Box::new(ObjectReader::new(self.repository))
    }

    fn removed(&self) -> Vec<Previous> {
        let objects = self.repository.objects();
        files_in(&objects, self.removed.clone(), |_, _| true)
    }
}

/// The files that these paths stand for, those in folders too, as far as `wanted` and not too many.
pub(crate) fn files_in(
    objects: &Objects,
    paths: Vec<(BString, u32, ObjectId)>,
    wanted: impl Fn(&BString, &ObjectId) -> bool,
) -> Vec<Previous> {
    let mut files = Vec::new();
    let mut pending = paths;
    while let Some((path, mode, id)) = pending.pop() {
        if files.len() >= MOST_REMOVED {
            break;
        }
        if mode != TREE_MODE {
            if wanted(&path, &id) {
                files.push(Previous { path, mode: Mode::from_git(mode), id: to_model_id(&id) });
            }
            continue;
        }
        // A tree that cannot be read only leaves fewer places that something moved from.
        let lines = tree_diff::read(objects, &path, Some(id)).unwrap_or_default();
        pending.extend(
            lines
                .into_iter()
                .rev()
                .map(|line| (tree_diff::join(&path, line.name.as_bstr()), line.mode, line.id)),
        );
    }
    files
}

fn add(changed: Changed, merged: &[HashMap<BString, Changed>], listing: &mut Listing) {
    let others: Vec<_> = merged.iter().map(|tree| tree.get(&changed.path)).collect();
    if others.iter().any(Option::is_none) {
        listing.skipped.push((changed.path, Skip::MergeParent));
        return;
    }
    let sides = others.into_iter().flatten().map(|other| other.previous);
    let previous: Vec<Previous> = std::iter::once(changed.previous)
        .chain(sides)
        .flatten()
        .map(|(mode, id)| Previous {
            path: changed.path.clone(),
            mode: Mode::from_git(mode),
            id: to_model_id(&id),
        })
        .collect();
    listing.entries.push(Entry {
        change: if previous.is_empty() { Change::Added } else { Change::Modified },
        mode: Mode::from_git(changed.mode),
        id: Some(to_model_id(&changed.id)),
        work_tree_bits: None,
        path: changed.path,
        previous,
    });
}

fn by_path(changed: Vec<Changed>) -> HashMap<BString, Changed> {
    changed.into_iter().map(|one| (one.path.clone(), one)).collect()
}

fn conflict(path: BString) -> Problem {
    Problem {
        path: Some(path),
        kind: ProblemKind::Conflict,
        detail: "the path is in conflict, so there is no one content to scan".to_owned(),
        help: "resolve the conflict and `git add` the path".to_owned(),
    }
}

pub(crate) fn tree_problem(error: TreeError) -> Problem {
    let help = "`git fsck` tells which objects are damaged or missing";
    Problem {
        path: (!error.path.is_empty()).then_some(error.path),
        kind: if error.missing { ProblemKind::Missing } else { ProblemKind::Corrupt },
        detail: error.why,
        help: help.to_owned(),
    }
}

/// Fewer files than this are looked at by one thread.
const MANY: usize = 1024;

/// Asks the work tree for the permissions of all entries.
fn read_permissions(work_tree: &Path, entries: &mut [Entry]) {
    let read = |entries: &mut [Entry]| {
        for entry in entries {
            entry.work_tree_bits = permission_bits(work_tree, entry.path.as_bstr());
        }
    };
    if entries.len() < MANY {
        return read(entries);
    }
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
    let part = entries.len().div_ceil(threads);
    std::thread::scope(|scope| {
        for part in entries.chunks_mut(part) {
            scope.spawn(|| read(part));
        }
    });
}

/// The permission bits of a regular file of the work tree, links not followed.
#[cfg(unix)]
fn permission_bits(work_tree: &Path, path: &BStr) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt as _;
    let metadata = fs::symlink_metadata(work_tree.join(path.to_path().ok()?)).ok()?;
    metadata.is_file().then(|| metadata.permissions().mode() & 0o7777)
}

#[cfg(not(unix))]
fn permission_bits(_work_tree: &Path, _path: &BStr) -> Option<u32> {
    None
}

/// An index file: what it stands for, or else where its entries are.
pub(crate) struct Index {
    path: std::path::PathBuf,
    hash: gix::hash::Kind,
    /// There is no index yet.
    empty: bool,
    /// The tree of the whole index, where git has noted it.
    root: Option<ObjectId>,
    /// All entries, decoded when they are first needed.
    state: OnceCell<gix::index::State>,
}

impl Index {
    pub(crate) fn read(repository: &Repository, hash: gix::hash::Kind) -> Result<Self, Error> {
        let path = repository.index_path();
        let failed = |why: io::Error| Error::Index { path: path.clone(), why: why.to_string() };
        let metadata = match fs::metadata(&path) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Self { path, hash, empty: true, root: None, state: OnceCell::new() });
            }
            Err(error) => return Err(failed(error)),
        };
        // A pipe would be waited for, and of a file without bytes git says that it is damaged.
        if !metadata.is_file() || metadata.len() == 0 {
            let what = if metadata.is_file() { "it is empty" } else { "it is no regular file" };
            return Err(failed(io::Error::other(what)));
        }
        let (file, length) = (fs::File::open(&path).map_err(failed)?, metadata.len());
        // What cannot be understood here is decoded in full, and told there.
        let root = index_file::root(file, length, hash.len_in_bytes()).unwrap_or_default();
        let index = Self { path, hash, empty: false, root, state: OnceCell::new() };
        if index.root.is_none() {
            index.state().map_err(|why| Error::Index { path: index.path.clone(), why })?;
        }
        Ok(index)
    }

    /// All entries; `None` where there is no index yet.
    pub(crate) fn entries(&self) -> Result<Option<&gix::index::State>, Error> {
        if self.empty {
            return Ok(None);
        }
        let failed = |why| Error::Index { path: self.path.clone(), why };
        self.state().map(Some).map_err(failed)
    }

    fn state(&self) -> Result<&gix::index::State, String> {
        if let Some(state) = self.state.get() {
            return Ok(state);
        }
        let state = self.decode()?;
        Ok(self.state.get_or_init(|| state))
    }

    fn decode(&self) -> Result<gix::index::State, String> {
        let options = gix::index::decode::Options {
            thread_limit: Some(1),
            alloc_limit_bytes: Some(ALLOC_LIMIT),
            ..Default::default()
        };
        // From the file, not from the bytes: a split index needs the shared one beside it.
        gix::index::File::at(&self.path, self.hash, true, options)
            .map(|file| file.into_parts().0)
            .map_err(|error| error.to_string())
    }

    /// What the index has that `tree` has not.
    fn against(&self, objects: &Objects, tree: Option<ObjectId>) -> Result<Seen, TreeError> {
        let mut seen = Seen::default();
        if self.empty {
            tree_diff::diff(objects, b"".as_bstr(), tree, None, &mut seen.difference)?;
            return Ok(seen);
        }
        if let Some(root) = self.root {
            let mut difference = Difference::default();
            let root_path = b"".as_bstr();
            if tree_diff::diff(objects, root_path, tree, Some(root), &mut difference).is_ok() {
                seen.difference = difference;
                return Ok(seen);
            }
            // The trees may not have been written; the entries tell all the same.
        }
        let corrupt = |why| TreeError { path: BString::default(), missing: false, why };
        let state = self.state().map_err(corrupt)?;
        index_walk::walk(objects, state, tree)
    }
}
