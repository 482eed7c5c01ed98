//! What one commit has that another has not: what a checkout or a merge brings into the work tree.

use gix::bstr::{BString, ByteSlice as _};
use leakgate_model::{Content, ObjectId, Reader as _};

use crate::object::{ObjectReader, to_gix_id, to_model_id};
use crate::repository::Error;
use crate::tree_diff::{self, Difference, TREE_MODE};
use crate::{Repository, commit_walk, plumbing};

/// A file that was added or changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Brought {
    /// Where it is.
    pub path: BString,
    /// Its content before, if it was there.
    pub old: Option<ObjectId>,
    /// Its content now.
    pub new: ObjectId,
}

impl Repository {
    /// The files that the commit `new` has, and `old` has not or has otherwise.
    ///
    /// # Errors
    /// [`Error::Refs`] when one of the commits or their trees cannot be read.
    pub fn brought(&self, old: Option<ObjectId>, new: ObjectId) -> Result<Vec<Brought>, Error> {
        let failed = |why: String| Error::Refs { path: self.git_dir().to_owned(), why };
        let objects = self.objects();
        let tree = |id: ObjectId| match commit_walk::read(&objects, to_gix_id(id)) {
            Ok(commit) => Ok(commit.tree),
            Err(why) => Err(failed(format!("commit {id}: {why:?}"))),
        };
        let old = old.map(tree).transpose()?;
        let mut difference = Difference::default();
        tree_diff::diff(&objects, b"".as_bstr(), old, Some(tree(new)?), &mut difference)
            .map_err(|error| failed(error.why))?;
        let files = difference.changed.into_iter().filter(|changed| changed.mode != TREE_MODE);
        let brought = files.map(|changed| Brought {
            path: changed.path,
            old: changed.previous.map(|(_, id)| to_model_id(&id)),
            new: to_model_id(&changed.id),
        });
        Ok(brought.collect())
    }

    /// The content of a file, if it can be held in memory.
    pub fn blob(&self, id: ObjectId) -> Option<Vec<u8>> {
        let (mut reader, mut buffer) = (ObjectReader::new(self), Vec::new());
        match reader.read_object(&BString::default(), id, &mut buffer).ok()? {
            Content::Whole(bytes) => Some(bytes.to_vec()),
            Content::Stream(_) => None,
        }
    }

    /// Where `HEAD` was before the last merge or reset: `ORIG_HEAD`.
    ///
    /// # Errors
    /// [`Error::Refs`] when it cannot be read.
    pub fn original_head(&self) -> Result<Option<ObjectId>, Error> {
        let failed = |why: String| Error::Refs { path: self.git_dir().to_owned(), why };
        if self.has_foreign_refs() {
            let id = plumbing::object_of(self, "ORIG_HEAD").map_err(failed)?;
            return Ok(id.map(|id| to_model_id(&id)));
        }
        let text = std::fs::read(self.git_dir().join("ORIG_HEAD")).unwrap_or_default();
        let id = gix::ObjectId::from_hex(text.trim()).ok();
        Ok(id.map(|id| to_model_id(&id)))
    }
}
