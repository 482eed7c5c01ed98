//! What a scan of the history depends on in a repository, told without reading an object.

use std::fs;
use std::io;
use std::path::Path;
use std::time::UNIX_EPOCH;

use super::beside::Beside;
use super::{Kind, folders};
use crate::object::to_gix_id;
use crate::repository::{Error, Repository};

impl Repository {
    /// The refs, what object folders hold, where a shallow clone ends: as long as all of it stays
    /// the same, so does the history.
    ///
    /// # Errors
    /// Those of [`Repository::refs`], and [`Error::Path`] when an object folder cannot be read.
    pub fn history_state(&self) -> Result<Vec<Vec<u8>>, Error> {
        let mut state = Vec::new();
        for (name, id) in self.refs()? {
            state.push([&name[..], b" ", id.as_bytes()].concat());
        }
        let beside = Beside::of(self);
        for (name, id) in beside.named {
            state.push([&name[..], b" ", id.as_bytes()].concat());
        }
        state.extend(beside.problems.into_iter().map(|problem| problem.detail.into_bytes()));
        let head = self.resolve("HEAD")?;
        state.push(head.map_or_else(Vec::new, |id| id.as_bytes().to_vec()));
        let mut shallow: Vec<_> = self.shallow_commits().into_iter().collect();
        shallow.sort_unstable();
        state.extend(shallow.iter().map(|id| id.as_bytes().to_vec()));
        for folder in folders(self) {
            let failed = |why| Error::Path { path: folder.clone(), why };
            let mut found = vec![folder.as_os_str().as_encoded_bytes().to_vec()];
            list(&folder, &mut found).map_err(failed)?;
            found[1..].sort_unstable();
            state.append(&mut found);
        }
        Ok(state)
    }

    /// The raw bytes of a commit or tag.
    pub fn message(&self, id: leakgate_model::ObjectId) -> Option<(Kind, Vec<u8>)> {
        let mut raw = Vec::new();
        match self.objects().get(to_gix_id(id), &mut raw).ok()?? {
            gix::objs::Kind::Commit => Some((Kind::Commit, raw)),
            gix::objs::Kind::Tag => Some((Kind::Tag, raw)),
            _ => None,
        }
    }
}

/// The files of packs, with their sizes and times, and the names of loose objects.
fn list(folder: &Path, into: &mut Vec<Vec<u8>>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.as_encoded_bytes();
        let is_pack = name == b"pack";
        if !is_pack && name.len() != 2 {
            continue;
        }
        for file in fs::read_dir(entry.path())? {
            let file = file?;
            let mut line = [name, b"/", file.file_name().as_encoded_bytes()].concat();
            if is_pack {
                let metadata = file.metadata()?;
                let changed = metadata.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
                line.extend_from_slice(&metadata.len().to_le_bytes());
                line.extend_from_slice(&changed.as_nanos().to_le_bytes());
            }
            into.push(line);
        }
    }
    Ok(())
}
