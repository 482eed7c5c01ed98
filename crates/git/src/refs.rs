//! Refs and revisions: what a name stands for.

use std::collections::HashSet;

use gix::bstr::{BString, ByteSlice as _};
use leakgate_model::ObjectId;

use crate::object::{to_gix_id, to_model_id};
use crate::repository::Error;
use crate::{Repository, plumbing};

impl Repository {
    /// Every ref with the object it names, symbolic ones followed, broken ones left out.
    ///
    /// # Errors
    /// [`Error::Refs`] when they cannot be listed.
    pub fn refs(&self) -> Result<Vec<(BString, ObjectId)>, Error> {
        let failed = |why: String| Error::Refs { path: self.git_dir().to_owned(), why };
        if self.has_foreign_refs() {
            let refs = plumbing::refs(self).map_err(failed)?;
            return Ok(refs.into_iter().map(|(name, id)| (name, to_model_id(&id))).collect());
        }
        let local = self.local();
        let platform = local.references().map_err(|error| failed(error.to_string()))?;
        let all = platform.all().map_err(|error| failed(error.to_string()))?;
        let mut refs = Vec::new();
        // A ref that cannot be read hides nothing, so that more is scanned.
        for mut reference in all.flatten() {
            let id = match reference.try_id() {
                Some(id) => Some(id.detach()),
                None => reference.follow_to_object().ok().map(gix::Id::detach),
            };
            if let Some(id) = id {
                refs.push((reference.name().as_bstr().to_owned(), to_model_id(&id)));
            }
        }
        Ok(refs)
    }

    /// The commit that `HEAD` leads to; `None` before the first one.
    ///
    /// # Errors
    /// [`Error::Refs`] when it cannot be read.
    pub fn head(&self) -> Result<Option<ObjectId>, Error> {
        let failed = |why: String| Error::Refs { path: self.git_dir().to_owned(), why };
        if self.has_foreign_refs() {
            let id = plumbing::object_of(self, "HEAD").map_err(failed)?;
            return Ok(id.map(|id| to_model_id(&id)));
        }
        let local = self.local();
        let head = local.head().map_err(|error| failed(error.to_string()))?;
        Ok(head.id().map(|id| to_model_id(&id.detach())))
    }

    /// The objects that the last `git fetch` brought, or one that is under way.
    pub fn fetched(&self) -> Vec<ObjectId> {
        let text = std::fs::read(self.git_dir().join("FETCH_HEAD")).unwrap_or_default();
        let ids = text.lines().filter_map(|line| {
            let (id, _) = line.split_once_str("\t")?;
            gix::ObjectId::from_hex(id).ok()
        });
        ids.map(|id| to_model_id(&id)).collect()
    }

    /// The object that a revision such as `main~3` names; `None` if there is no such object.
    ///
    /// # Errors
    /// [`Error::Refs`] when git, which is asked for anything but a whole id, could not answer.
    pub fn resolve(&self, revision: &str) -> Result<Option<ObjectId>, Error> {
        if gix::ObjectId::from_hex(revision.as_bytes()).is_ok() {
            return Ok(self.resolve_id(revision));
        }
        let failed = |why: String| Error::Refs { path: self.git_dir().to_owned(), why };
        let id = plumbing::object_of(self, revision).map_err(failed)?;
        Ok(id.map(|id| to_model_id(&id)))
    }

    /// The object of a whole id as git writes it; `None` if it is no such id, or is not there.
    pub fn resolve_id(&self, hex: &str) -> Option<ObjectId> {
        let id = gix::ObjectId::from_hex(hex.as_bytes()).ok()?;
        self.objects().has(id).then(|| to_model_id(&id))
    }

    /// Whether the object database has this object.
    pub fn has(&self, id: ObjectId) -> bool {
        self.objects().has(to_gix_id(id))
    }

    /// Returns true if and only if a part of the history was never fetched.
    pub fn is_shallow(&self) -> bool {
        !self.shallow_commits().is_empty()
    }

    /// The commits whose parents a shallow clone has left out.
    pub(crate) fn shallow_commits(&self) -> HashSet<gix::ObjectId> {
        let file = match std::env::var_os("GIT_SHALLOW_FILE").filter(|path| !path.is_empty()) {
            Some(path) => path.into(),
            None => self.local().common_dir().join("shallow"),
        };
        let text = std::fs::read(file).unwrap_or_default();
        text.lines().filter_map(|line| gix::ObjectId::from_hex(line).ok()).collect()
    }
}
