//! Objects that stand alone in a file each.

use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::bufread::ZlibDecoder;
use gix::ObjectId;
use gix::objs::Kind;

use super::walk::Broken;
use crate::repository::ALLOC_LIMIT;

/// A loose object.
pub(super) struct Loose {
    pub(super) id: ObjectId,
    path: PathBuf,
    /// Its kind and size, or that they cannot be read.
    pub(super) header: Option<(Kind, u64)>,
}

/// The loose objects of an object folder, in the order of their ids.
pub(super) fn list(folder: &Path, hash: gix::hash::Kind) -> io::Result<Vec<Loose>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let Some(head) = name.to_str().filter(|name| is_hex(name, 2)) else { continue };
        for file in fs::read_dir(entry.path())? {
            let file = file?;
            let name = file.file_name();
            let rest = hash.len_in_hex() - 2;
            let Some(tail) = name.to_str().filter(|name| is_hex(name, rest)) else { continue };
            let Ok(id) = ObjectId::from_hex(format!("{head}{tail}").as_bytes()) else { continue };
            let path = file.path();
            let header = open(&path).ok().map(|(kind, size, _)| (kind, size));
            found.push(Loose { id, path, header });
        }
    }
    found.sort_unstable_by_key(|loose| loose.id);
    Ok(found)
}

fn is_hex(name: &str, len: usize) -> bool {
    name.len() == len && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

impl Loose {
    /// The object of an id in an object folder, if it stands alone there.
    pub(super) fn find(folder: &Path, id: ObjectId) -> Option<Self> {
        let hex = id.to_string();
        let path = folder.join(&hex[..2]).join(&hex[2..]);
        let header = match open(&path) {
            Ok((kind, size, _)) => Some((kind, size)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            Err(_) => None,
        };
        Some(Self { id, path, header })
    }

    /// Reads all of it into `out`, which is cleared first.
    pub(super) fn read(&self, out: &mut Vec<u8>) -> Result<(), Broken> {
        out.clear();
        let (_, size, mut stream) = open(&self.path).map_err(|_| Broken::Corrupt)?;
        if size > ALLOC_LIMIT as u64 {
            return Err(Broken::TooLarge(size));
        }
        let read = stream.by_ref().take(size + 1).read_to_end(out).map_err(|_| Broken::Corrupt)?;
        if read as u64 == size { Ok(()) } else { Err(Broken::Corrupt) }
    }
}

/// Opens a loose object: its kind and size, and its content still compressed.
fn open(path: &Path) -> io::Result<(Kind, u64, impl Read + use<>)> {
    let mut stream = ZlibDecoder::new(BufReader::with_capacity(16 << 10, File::open(path)?));
    // "blob 123", NUL.
    let mut header = Vec::with_capacity(32);
    let mut byte = [0];
    while header.len() < 32 {
        stream.read_exact(&mut byte)?;
        if byte[0] == 0 {
            break;
        }
        header.push(byte[0]);
    }
    let parsed = header.split(|&byte| byte == b' ').collect::<Vec<_>>();
    let [kind, size] = parsed[..] else { return Err(io::ErrorKind::InvalidData.into()) };
    let kind = Kind::from_bytes(kind).map_err(|_| io::ErrorKind::InvalidData)?;
    let size = std::str::from_utf8(size).ok().and_then(|size| size.parse().ok());
    Ok((kind, size.ok_or(io::ErrorKind::InvalidData)?, stream))
}
