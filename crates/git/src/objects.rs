//! The object folders of one repository as one: its own, and those that git names for a while.
//!
//! While a server decides about a push, the pushed objects lie in a quarantine that only the
//! environment names; gix does not read those variables. Without them this costs nothing.

use std::env;
use std::path::PathBuf;

use gix::ObjectId;
use gix::objs::{Find, FindHeader};

use crate::repository::ALLOC_LIMIT;

/// Reads objects of one repository, on one thread.
pub(crate) struct Objects {
    pub(crate) local: gix::Repository,
    extra: Vec<gix::odb::Handle>,
}

impl Objects {
    /// `folders` are there beside the repository's own. What cannot be opened is passed over: its
    /// objects are then missing, and that is told of each.
    pub(crate) fn new(local: gix::Repository, folders: &[PathBuf]) -> Self {
        let hash = local.object_hash();
        let open = |folder: &PathBuf| {
            let options = gix::odb::store::init::Options {
                alloc_limit_bytes: Some(ALLOC_LIMIT),
                ..Default::default()
            };
            gix::odb::at_opts(folder, hash, None, options).ok()
        };
        Self { extra: folders.iter().filter_map(open).collect(), local }
    }

    /// The bytes and kind of an object; `None` if it is nowhere.
    ///
    /// # Errors
    /// A phrase when it is there and cannot be decoded.
    pub(crate) fn get(
        &self,
        id: ObjectId,
        buffer: &mut Vec<u8>,
    ) -> Result<Option<gix::objs::Kind>, String> {
        match self.try_find(&id, buffer) {
            Ok(found) => Ok(found.map(|data| data.kind)),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Whether the object is in any of the folders.
    pub(crate) fn has(&self, id: ObjectId) -> bool {
        matches!(self.try_header(&id), Ok(Some(_)))
    }
}

impl Find for Objects {
    fn try_find<'a>(
        &self,
        id: &gix::oid,
        buffer: &'a mut Vec<u8>,
    ) -> gix::Result<Option<gix::objs::Data<'a>>> {
        for store in &self.extra {
            if matches!(store.try_header(id), Ok(Some(_))) {
                return store.try_find(id, buffer);
            }
        }
        Find::try_find(&self.local.objects, id, buffer)
    }
}

impl FindHeader for Objects {
    fn try_header(&self, id: &gix::oid) -> gix::Result<Option<gix::objs::Header>> {
        for store in &self.extra {
            if let Some(header) = FindHeader::try_header(store, id)? {
                return Ok(Some(header));
            }
        }
        FindHeader::try_header(&self.local.objects, id)
    }
}

/// The folders that the environment adds to a repository whose own is `main`.
pub(crate) fn folders_of_environment(main: &std::path::Path) -> Vec<PathBuf> {
    let own = env::var_os("GIT_OBJECT_DIRECTORY").into_iter().map(PathBuf::from);
    let others = env::var_os("GIT_ALTERNATE_OBJECT_DIRECTORIES").unwrap_or_default();
    let others: Vec<PathBuf> = env::split_paths(&others).map(unquoted).collect();
    let main = main.canonicalize().ok();
    own.chain(others)
        .filter(|folder| !folder.as_os_str().is_empty())
        .filter(|folder| folder.is_dir() && folder.canonicalize().ok() != main)
        .collect()
}

/// Git writes a folder with odd characters in quotes.
fn unquoted(path: PathBuf) -> PathBuf {
    let text = path.to_str().and_then(|text| text.strip_prefix('"')?.strip_suffix('"'));
    match text {
        Some(text) => PathBuf::from(text.replace("\\\"", "\"").replace("\\\\", "\\")),
        None => path,
    }
}
