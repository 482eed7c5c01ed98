//! Opens a repository so that its own configuration can neither run nor hide anything.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

use gix::ObjectId;
use gix::sec::Permission;

use crate::objects::{self, Objects};
use crate::{commit_walk, plumbing};

/// Why a repository could not be opened or read at all.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A repository cannot be opened.
    #[error("could not open a git repository at {path}: {why}")]
    Open {
        /// Where it was looked for.
        path: PathBuf,
        /// What went wrong.
        why: String,
    },
    /// There is no repository here, and none above.
    #[error(
        "there is no git repository in {0} or above it; `leakgate files` scans folders without one"
    )]
    None(PathBuf),
    /// There is no work tree, so nothing can be staged.
    #[error(
        "the repository at {0} is bare: nothing can be staged in it (scan its history instead)"
    )]
    Bare(PathBuf),
    /// The repository is written in a way this version cannot read.
    #[error(
        "the repository uses the extension {0:?}, which this version cannot read; update leakgate"
    )]
    Extension(String),
    /// `HEAD` cannot be read.
    #[error("could not read HEAD of {path}: {why}; `git fsck` may tell more")]
    Head {
        /// The git folder.
        path: PathBuf,
        /// What went wrong.
        why: String,
    },
    /// The other parents of a merge cannot be read.
    #[error(
        "could not read what is being merged in {path}: {why}; `git merge --abort` starts anew"
    )]
    Merge {
        /// The git folder.
        path: PathBuf,
        /// What went wrong.
        why: String,
    },
    /// The index cannot be read.
    #[error("could not read the index {path}: {why}; `git status` may tell more")]
    Index {
        /// The index file.
        path: PathBuf,
        /// What went wrong.
        why: String,
    },
    /// Refs or revisions cannot be read.
    #[error("could not read the refs of {path}: {why}; `git for-each-ref` may tell more")]
    Refs {
        /// The git folder.
        path: PathBuf,
        /// What went wrong.
        why: String,
    },
    /// A folder or file that was named cannot be read.
    #[error("could not read {path}: {why}")]
    Path {
        /// What was to be read.
        path: PathBuf,
        /// What went wrong.
        why: io::Error,
    },
}

/// An opened repository.
pub struct Repository {
    pub(crate) inner: gix::ThreadSafeRepository,
    pub(crate) git_dir: PathBuf,
    work_tree: Option<PathBuf>,
    /// Where the refs are kept in a format that gix cannot read.
    pub(crate) foreign_refs: bool,
    /// Object folders that only the environment names.
    pub(crate) extra_objects: Vec<PathBuf>,
}

/// Who has set `core.hooksPath`, the folder that git runs hooks from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HooksPath {
    /// Nobody.
    Unset,
    /// The repository's own configuration.
    Own,
    /// The user's or the system's configuration: the folder is shared by every repository.
    Shared,
}

/// When the staged change is looked at: it decides where git names the other parents of a merge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// Before `git commit` commits, or at any other time: in `MERGE_HEAD`, if there is a merge.
    Commit,
    /// In the hook `pre-merge-commit`: in the environment, as `MERGE_HEAD` is not written yet.
    Merge,
}

/// Objects larger than this are not decoded in memory: 512 MiB.
pub(crate) const ALLOC_LIMIT: usize = 512 << 20;

/// What is remembered of decoded objects, of each kind of cache: 16 MiB.
const CACHE: usize = 16 << 20;

/// Extensions of repository format 1 that change nothing for us, or that gix knows.
const KNOWN_EXTENSIONS: &[&str] = &[
    "noop",
    "noop-v1",
    "preciousobjects",
    "partialclone",
    "worktreeconfig",
    "objectformat",
    "relativeworktrees",
    "refstorage",
    "compatobjectformat",
    "submodulepathconfig",
];

impl Repository {
    /// Opens the repository that git would use from `directory`: `GIT_DIR` if it is set, or the
    /// one found by going up.
    ///
    /// # Errors
    /// [`Error::None`], [`Error::Open`], or [`Error::Extension`] for a format that cannot be read.
    pub fn discover(directory: &Path) -> Result<Self, Error> {
        let failed = |why: String| Error::Open { path: directory.to_owned(), why };
        let options = gix::sec::trust::Mapping {
            full: options().with(gix::sec::Trust::Full),
            reduced: options().with(gix::sec::Trust::Full),
        };
        let upwards = gix::discover::upwards::Options {
            match_ceiling_dir_or_error: false,
            ..Default::default()
        };
        let inner = gix::ThreadSafeRepository::discover_with_environment_overrides_opts(
            directory, upwards, options,
        )
        .map_err(|error| {
            use gix::discover::upwards::Error as Not;
            match error.downcast_any_ref() {
                Some(
                    Not::NoGitRepository { .. }
                    | Not::NoGitRepositoryWithinCeiling { .. }
                    | Not::NoGitRepositoryWithinFs { .. },
                ) => Error::None(directory.to_owned()),
                _ => failed(error.to_string()),
            }
        })?;
        let local = inner.to_thread_local();
        check_extensions(&local)?;
        let storage = local.config_snapshot().string("extensions.refStorage");
        let foreign_refs = storage.is_some_and(|name| name != "files");
        let git_dir = local.git_dir().to_owned();
        let work_tree = local.workdir().map(Path::to_owned).or_else(|| implied(&local, directory));
        let extra_objects = objects::folders_of_environment(local.objects.store_ref().path());
        Ok(Self { inner, git_dir, work_tree, foreign_refs, extra_objects })
    }

    /// The root of the work tree, if there is one.
    pub fn work_tree(&self) -> Option<PathBuf> {
        self.work_tree.clone()
    }

    /// The repository's private git folder: that of the linked work tree, if it is one.
    pub fn git_dir(&self) -> &Path {
        &self.git_dir
    }

    /// Whether the file system keeps the executable bit: `core.fileMode`.
    pub fn file_mode(&self) -> bool {
        self.local().config_snapshot().boolean("core.fileMode").unwrap_or(true)
    }

    /// The folder that git runs hooks from, by its own rules: `core.hooksPath` of all
    /// configuration files, relative to the work tree; else `hooks` in the common git folder.
    ///
    /// # Errors
    /// [`Error::Open`] when the user's configuration cannot be read.
    pub fn hooks_dir(&self) -> Result<PathBuf, Error> {
        let failed = |why: String| Error::Open { path: self.git_dir.clone(), why };
        // Here the user's and the system's configuration count, as they do for git.
        let repository = self.with_user_configuration()?;
        let configured = repository.config_snapshot().trusted_path("core.hooksPath");
        let base = self.work_tree().unwrap_or_else(|| self.git_dir.clone());
        let folder = match configured.map_err(|error| failed(error.to_string()))? {
            Some(path) => base.join(path),
            None => repository.common_dir().join("hooks"),
        };
        std::path::absolute(&folder).map_err(|why| Error::Path { path: folder, why })
    }

    /// Who has set `core.hooksPath`.
    ///
    /// # Errors
    /// As [`Repository::hooks_dir`].
    pub fn hooks_path(&self) -> Result<HooksPath, Error> {
        let repository = self.with_user_configuration()?;
        let config = repository.config_snapshot();
        let Some(sections) = config.plumbing().sections_by_name("core") else {
            return Ok(HooksPath::Unset);
        };
        // The last one counts.
        let last = sections.filter(|section| section.value("hooksPath").is_some()).last();
        Ok(match last.map(|section| section.meta().source) {
            None => HooksPath::Unset,
            Some(gix::config::Source::Local | gix::config::Source::Worktree) => HooksPath::Own,
            Some(_) => HooksPath::Shared,
        })
    }

    /// The repository with the user's and the system's configuration, as git would see it.
    pub(crate) fn with_user_configuration(&self) -> Result<gix::Repository, Error> {
        let failed = |why: String| Error::Open { path: self.git_dir.clone(), why };
        let options = gix::open::Options::default()
            .permissions(gix::open::Permissions::all())
            .with(gix::sec::Trust::Full)
            .open_path_as_is(true);
        gix::open_opts(&self.git_dir, options).map_err(|error| failed(error.to_string()))
    }

    pub(crate) fn local(&self) -> gix::Repository {
        let mut local = self.inner.to_thread_local();
        // Of a namespace only what is served to others has a part; `HEAD` is not in it.
        local.clear_namespace();
        // A pack is read once more for an object that git has just written, not again and again.
        local.objects.refresh_never();
        local
    }

    /// The objects of the repository, for one thread.
    pub(crate) fn objects(&self) -> Objects {
        Objects::new(self.local(), &self.extra_objects)
    }

    /// The same, remembering some of what it decodes: trees of commits build on each other.
    pub(crate) fn objects_with_cache(&self) -> Objects {
        use gix::odb::pack::cache::lru::MemoryCappedHashmap as PackCache;
        use gix::odb::pack::cache::object::MemoryCappedHashmap as ObjectCache;
        let mut local = self.local();
        local.objects.set_pack_cache(|| Box::new(PackCache::new(CACHE)));
        local.objects.set_object_cache(|| Box::new(ObjectCache::new(CACHE)));
        Objects::new(local, &self.extra_objects)
    }

    /// Whether the refs are kept in a format that gix cannot read.
    pub(crate) fn has_foreign_refs(&self) -> bool {
        self.foreign_refs
    }

    /// The git folder that all work trees of the repository share.
    pub fn common_dir(&self) -> PathBuf {
        self.local().common_dir().to_owned()
    }

    /// The index that git means: `GIT_INDEX_FILE`, relative to the work tree, or the usual one.
    pub(crate) fn index_path(&self) -> PathBuf {
        match env::var_os("GIT_INDEX_FILE").filter(|path| !path.is_empty()) {
            Some(path) => self.work_tree().unwrap_or_default().join(path),
            None => self.git_dir.join("index"),
        }
    }

    /// The tree of `HEAD`; `None` before the first commit.
    pub(crate) fn head_tree(&self, objects: &Objects) -> Result<Option<ObjectId>, Error> {
        let failed = |why: String| Error::Head { path: self.git_dir.clone(), why };
        if self.foreign_refs {
            return plumbing::tree_of(self, "HEAD").map_err(failed);
        }
        let head = objects.local.head().map_err(|error| failed(error.to_string()))?;
        let Some(id) = head.id() else { return Ok(None) };
        tree_of(objects, id.detach()).map(Some).map_err(failed)
    }

    /// The trees of the other parents of a merge that is about to be committed.
    pub(crate) fn merge_trees(
        &self,
        objects: &Objects,
        moment: Moment,
    ) -> Result<Vec<ObjectId>, Error> {
        let failed = |why: String| Error::Merge { path: self.git_dir.clone(), why };
        let commits = match moment {
            Moment::Commit => self.recorded_merge().map_err(|error| failed(error.to_string()))?,
            Moment::Merge => named_merge(),
        };
        let tree_of = |commit: &Vec<u8>| {
            let id = ObjectId::from_hex(commit).map_err(|error| error.to_string())?;
            tree_of(objects, id)
        };
        commits.iter().map(tree_of).collect::<Result<_, String>>().map_err(failed)
    }

    /// The lines of `MERGE_HEAD`, if there is one.
    fn recorded_merge(&self) -> io::Result<Vec<Vec<u8>>> {
        let text = match fs::read(self.git_dir.join("MERGE_HEAD")) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            text => text?,
        };
        let lines = text.split(|&byte| byte == b'\n');
        Ok(lines.filter(|line| !line.is_empty()).map(<[u8]>::to_vec).collect())
    }
}

/// The tree of a commit.
fn tree_of(objects: &Objects, commit: ObjectId) -> Result<ObjectId, String> {
    match commit_walk::read(objects, commit) {
        Ok(commit) => Ok(commit.tree),
        Err(commit_walk::Unreadable::Missing) => Err(format!("commit {commit} is missing")),
        Err(commit_walk::Unreadable::Corrupt(why)) => Err(format!("commit {commit}: {why}")),
    }
}

/// The commits that `git merge` names to what it starts: `GITHEAD_<id>` is set to a branch's name.
fn named_merge() -> Vec<Vec<u8>> {
    let named = env::vars_os()
        .filter_map(|(name, _)| Some(name.to_str()?.strip_prefix("GITHEAD_")?.as_bytes().to_vec()));
    named.collect()
}

/// With `GIT_DIR` set and nothing said of a work tree, git takes the current folder for its top;
/// gix takes a git folder of another name than `.git` for bare.
fn implied(local: &gix::Repository, directory: &Path) -> Option<PathBuf> {
    let config = local.config_snapshot();
    let is_bare = config.boolean("core.bare") == Some(true);
    let is_named = env::var_os("GIT_DIR").is_some_and(|path| !path.is_empty());
    (is_named && !is_bare).then(|| directory.to_owned())
}

/// No configuration but the repository's own, and of the environment only what says which
/// repository and index are meant.
fn options() -> gix::open::Options {
    let mut permissions = gix::open::Permissions::isolated();
    permissions.env.git_prefix = Permission::Allow;
    permissions.env.objects = Permission::Allow;
    gix::open::Options::default()
        .permissions(permissions)
        // A replacement hides what is pushed; an object bomb fills the memory.
        .config_overrides([
            "core.useReplaceRefs=false".to_owned(),
            format!("gitoxide.objects.allocLimit={ALLOC_LIMIT}"),
        ])
}

/// Git refuses extensions it does not know; gix passes them over.
fn check_extensions(local: &gix::Repository) -> Result<(), Error> {
    let config = local.config_snapshot();
    if config.integer("core.repositoryFormatVersion").unwrap_or(0) < 1 {
        return Ok(());
    }
    let Some(sections) = config.plumbing().sections_by_name("extensions") else { return Ok(()) };
    for section in sections {
        for name in section.value_names() {
            if !KNOWN_EXTENSIONS.contains(&&*name.to_ascii_lowercase()) {
                return Err(Error::Extension(name));
            }
        }
    }
    Ok(())
}
