//! Reads blobs by id: loose ones straight from their file, piece by piece if they are large.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek as _, SeekFrom};
use std::path::PathBuf;

use flate2::bufread::ZlibDecoder;
use gix::bstr::BString;
use gix::objs::{Find as _, FindHeader as _};
use gix::odb::pack;
use leakgate_model::{Content, Entry, ObjectId, Problem, ProblemKind, Reader};

use crate::Repository;
use crate::objects::Objects;
use crate::repository::ALLOC_LIMIT;

/// Content up to this size is held whole: 16 MiB.
pub(crate) const WHOLE: u64 = 16 << 20;

/// Reads objects of one repository, on one thread.
pub(crate) struct ObjectReader {
    objects: Objects,
    /// The object folder, those it borrows from, and those that the environment names.
    folders: Vec<PathBuf>,
}

/// The same id in the words of the other rooms.
pub(crate) fn to_model_id(id: &gix::ObjectId) -> ObjectId {
    ObjectId::from_bytes(id.as_bytes()).expect("git's hashes have 32 bytes at most")
}

pub(crate) fn to_gix_id(id: ObjectId) -> gix::ObjectId {
    gix::ObjectId::try_from(id.as_bytes()).expect("ids of this kind came from gix")
}

/// What a failure to read is, before it is put in words.
enum Failure {
    Missing,
    Corrupt(String),
    TooLarge(u64),
    NotABlob,
}

impl ObjectReader {
    pub(crate) fn new(repository: &Repository) -> Self {
        let objects = repository.objects();
        let store = objects.local.objects.store_ref();
        let mut folders = vec![store.path().to_owned()];
        folders.extend(store.alternate_db_paths().unwrap_or_default());
        folders.extend(repository.extra_objects.iter().cloned());
        Self { objects, folders }
    }

    /// The objects it reads from.
    pub(crate) fn objects(&self) -> &Objects {
        &self.objects
    }

    fn blob<'a>(&'a self, id: ObjectId, buffer: &'a mut Vec<u8>) -> Result<Content<'a>, Failure> {
        if let Some((size, mut stream)) = self.loose(id)? {
            if size > WHOLE {
                let exact = Exactly { inner: Box::new(stream), left: size };
                return Ok(Content::Stream(Box::new(exact)));
            }
            buffer.clear();
            let read = stream.by_ref().take(size + 1).read_to_end(buffer);
            return match read {
                Ok(read) if read as u64 == size => Ok(Content::Whole(buffer)),
                Ok(_) => Err(Failure::Corrupt("its length is not the one it states".to_owned())),
                Err(error) => Err(Failure::Corrupt(error.to_string())),
            };
        }
        self.packed(&to_gix_id(id), buffer)
    }

    /// Opens a loose blob: its size, and its content still compressed.
    fn loose(&self, id: ObjectId) -> Result<Option<(u64, impl Read + 'static)>, Failure> {
        let hex = id.to_string();
        let opened = self
            .folders
            .iter()
            .find_map(|folder| File::open(folder.join(&hex[..2]).join(&hex[2..])).ok());
        let Some(file) = opened else { return Ok(None) };
        let mut stream = ZlibDecoder::new(BufReader::with_capacity(32 << 10, file));
        // "blob 123", NUL, and the first of the content.
        let mut start = [0; 64];
        let mut length = 0;
        let header = loop {
            if let Some(end) = start[..length].iter().position(|&byte| byte == 0) {
                break end;
            }
            match stream.read(&mut start[length..]) {
                Ok(0) => return Err(Failure::Corrupt("its header does not end".to_owned())),
                Ok(read) => length += read,
                Err(error) => return Err(Failure::Corrupt(error.to_string())),
            }
        };
        let content = io::Cursor::new(start[header + 1..length].to_vec());
        let header = &start[..header];
        let size = header.strip_prefix(b"blob ").ok_or(Failure::NotABlob)?;
        let size = std::str::from_utf8(size).ok().and_then(|size| size.parse().ok());
        let size = size.ok_or_else(|| Failure::Corrupt("its header has no size".to_owned()))?;
        Ok(Some((size, content.chain(stream))))
    }

    fn packed<'a>(
        &'a self,
        id: &gix::ObjectId,
        buffer: &'a mut Vec<u8>,
    ) -> Result<Content<'a>, Failure> {
        let header = match self.objects.try_header(id) {
            Ok(Some(header)) => header,
            Ok(None) => return Err(Failure::Missing),
            Err(error) => return Err(Failure::Corrupt(error.to_string())),
        };
        if header.kind != gix::objs::Kind::Blob {
            return Err(Failure::NotABlob);
        }
        if header.size > WHOLE {
            if let Some(stream) = self.undeltified(id) {
                let exact = Exactly { inner: Box::new(stream), left: header.size };
                return Ok(Content::Stream(Box::new(exact)));
            }
            if header.size > ALLOC_LIMIT as u64 {
                return Err(Failure::TooLarge(header.size));
            }
        }

        match self.objects.try_find(id, buffer) {
            Ok(Some(_)) => Ok(Content::Whole(buffer)),
            Ok(None) => Err(Failure::Missing),
            Err(error) => Err(Failure::Corrupt(error.to_string())),
        }
    }

    /// Opens the compressed bytes of an object that a pack stores as it is.
    fn undeltified(&self, id: &gix::ObjectId) -> Option<impl Read + 'static> {
        let hash = self.objects.local.object_hash();
        for folder in &self.folders {
            for entry in folder.join("pack").read_dir().ok()?.flatten() {
                let index = entry.path();
                if index.extension().is_none_or(|extension| extension != "idx") {
                    continue;
                }
                let Ok(found) = pack::index::File::at(&index, hash) else { continue };
                let Some(at) = found.lookup(id) else { continue };
                let offset = found.pack_offset_at_index(at);
                let mut file = BufReader::new(File::open(index.with_extension("pack")).ok()?);
                file.seek(SeekFrom::Start(offset)).ok()?;
                let header =
                    pack::data::Entry::from_read(&mut file, offset, hash.len_in_bytes()).ok()?;
                if !header.header.is_base() {
                    continue;
                }
                return Some(ZlibDecoder::new(file));
            }
        }
        None
    }

    fn read<'a>(
        &'a self,
        path: &BString,
        id: ObjectId,
        buffer: &'a mut Vec<u8>,
    ) -> Result<Content<'a>, Problem> {
        self.blob(id, buffer).map_err(|failure| problem(path, id, &failure))
    }
}

impl Reader for ObjectReader {
    fn read<'a>(
        &'a mut self,
        entry: &Entry,
        buffer: &'a mut Vec<u8>,
    ) -> Result<Content<'a>, Problem> {
        match entry.id {
            Some(id) => (*self).read(&entry.path, id, buffer),
            None => Err(Problem {
                path: Some(entry.path.clone()),
                kind: ProblemKind::Fault,
                detail: "the entry names no object".to_owned(),
                help: "please report this".to_owned(),
            }),
        }
    }

    fn read_object<'a>(
        &'a mut self,
        path: &BString,
        id: ObjectId,
        buffer: &'a mut Vec<u8>,
    ) -> Result<Content<'a>, Problem> {
        (*self).read(path, id, buffer)
    }
}

fn problem(path: &BString, id: ObjectId, failure: &Failure) -> Problem {
    let (kind, detail, help) = match failure {
        Failure::Missing => (
            ProblemKind::Missing,
            format!("object {id} is not in the object database"),
            "fetch it (in a partial clone `git fetch` does), or `git fsck` to see what is lost",
        ),
        Failure::Corrupt(why) => (
            ProblemKind::Corrupt,
            format!("object {id} could not be decoded: {why}"),
            "`git fsck` tells what is damaged; `git add` the file again to write it anew",
        ),
        Failure::TooLarge(size) => (
            ProblemKind::TooLarge,
            format!("object {id} has {size} bytes and is stored as a delta"),
            "keep files of this size out of git, or in Git LFS",
        ),
        Failure::NotABlob => (
            ProblemKind::Corrupt,
            format!("object {id} is not a blob, though a path points to it"),
            "`git fsck` tells more",
        ),
    };
    Problem { path: Some(path.clone()), kind, detail, help: help.to_owned() }
}

/// A reader that fails if there are fewer or more bytes than were promised.
struct Exactly<'a> {
    inner: Box<dyn Read + 'a>,
    left: u64,
}

impl Read for Exactly<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        let wrong =
            || io::Error::new(io::ErrorKind::InvalidData, "its length is not the one it states");
        if read == 0 && self.left > 0 && !buffer.is_empty() {
            return Err(wrong());
        }
        self.left = self.left.checked_sub(read as u64).ok_or_else(wrong)?;
        Ok(read)
    }
}
