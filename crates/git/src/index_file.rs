//! Reads the root of the index's cache tree without decoding the entries.
//!
//! Before it runs a hook, git writes the trees of the commit to be and notes their ids in the
//! index. When the root is noted and nothing stands apart from it, it is what will be committed,
//! and the index's entries, a hundred thousand or not, need not be looked at.

use std::io::{self, Read};

use gix::ObjectId;

/// Bytes of an entry before its object id: times, device, inode, mode, owner, size.
const STAT: usize = 40;
const EXTENDED: u16 = 0x4000;
const NAME_MASK: u16 = 0x0fff;

/// The tree that the whole index stands for, if it is noted there.
///
/// `None` when it is not noted, or the file is split, sparse, or not as expected: then the entries
/// tell. `length` is that of the file in bytes. See git's `Documentation/gitformat-index.adoc`.
///
/// # Errors
/// Those of reading the file.
pub(crate) fn root(index: impl Read, length: u64, hash_len: usize) -> io::Result<Option<ObjectId>> {
    let mut pieces = Pieces::new(index);
    match read_root(&mut pieces, length, hash_len) {
        Ok(root) => Ok(Some(root)),
        Err(Stop::NotNoted) => Ok(None),
        Err(Stop::Io(error)) => Err(error),
    }
}

/// Why reading ended before a root was found.
enum Stop {
    NotNoted,
    Io(io::Error),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

fn read_root(
    pieces: &mut Pieces<impl Read>,
    length: u64,
    hash_len: usize,
) -> Result<ObjectId, Stop> {
    let header = pieces.take(12)?;
    let (magic, version, count) = (&header[..4], be32(&header[4..]), be32(&header[8..]));
    if magic != b"DIRC" || !(2..=4).contains(&version) {
        return Err(Stop::NotNoted);
    }
    for _ in 0..count {
        match version {
            4 => skip_compressed_entry(pieces, hash_len)?,
            _ => skip_entry(pieces, hash_len)?,
        }
    }
    let mut root = None;
    // The file ends with its checksum.
    while pieces.passed + 8 + hash_len as u64 <= length {
        let header = pieces.take(8)?;
        let (name, size) = ([header[0], header[1], header[2], header[3]], be32(&header[4..]));
        match &name {
            // Only the first node of the tree counts; a long one need not be held.
            b"TREE" => {
                let first = (size as usize).min(FIRST_NODE);
                root = tree_root(pieces.take(first)?, count, hash_len);
                pieces.skip(u64::from(size) - first as u64)?;
            }
            // Split and sparse indexes keep entries elsewhere or in other shapes.
            b"link" | b"sdir" => return Err(Stop::NotNoted),
            _ => pieces.skip(u64::from(size))?,
        }
    }
    root.ok_or(Stop::NotNoted)
}

/// An empty name, two numbers and an id of 32 bytes have room in this.
const FIRST_NODE: usize = 80;

fn skip_entry(pieces: &mut Pieces<impl Read>, hash_len: usize) -> Result<(), Stop> {
    let head = pieces.peek(STAT + hash_len + 2)?;
    let flags = be16(&head[STAT + hash_len..]);
    let fixed = STAT + hash_len + if flags & EXTENDED == 0 { 2 } else { 4 };
    let name = match flags & NAME_MASK {
        NAME_MASK => pieces.distance_to_nul(fixed)?,
        short => usize::from(short),
    };
    // Padded with one to eight NULs to a multiple of eight.
    Ok(pieces.skip(((fixed + name + 8) & !7) as u64)?)
}

fn skip_compressed_entry(pieces: &mut Pieces<impl Read>, hash_len: usize) -> Result<(), Stop> {
    let head = pieces.peek(STAT + hash_len + 2)?;
    let flags = be16(&head[STAT + hash_len..]);
    pieces.skip((STAT + hash_len + if flags & EXTENDED == 0 { 2 } else { 4 }) as u64)?;
    // How much of the previous name to drop, then the new rest with its NUL.
    while pieces.take(1)?[0] & 0x80 != 0 {}
    let rest = pieces.distance_to_nul(0)?;
    Ok(pieces.skip(rest as u64 + 1)?)
}

/// A file read through one buffer that is used again: an index of ten megabytes fills no more
/// memory than a small one.
struct Pieces<R> {
    inner: R,
    buffer: Vec<u8>,
    /// The part of the buffer that holds bytes not passed yet.
    at: usize,
    end: usize,
    /// Bytes of the file that were passed.
    passed: u64,
}

/// Larger ones cost more in fresh pages than they save in calls.
const BUFFER: usize = 32 << 10;

impl<R: Read> Pieces<R> {
    fn new(inner: R) -> Self {
        Self { inner, buffer: vec![0; BUFFER], at: 0, end: 0, passed: 0 }
    }

    /// The next `count` bytes, not passed; `count` is at most a quarter of the buffer.
    fn peek(&mut self, count: usize) -> io::Result<&[u8]> {
        while self.end - self.at < count {
            if self.at + count > self.buffer.len() {
                self.buffer.copy_within(self.at..self.end, 0);
                self.end -= self.at;
                self.at = 0;
            }
            let read = self.inner.read(&mut self.buffer[self.end..])?;
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.end += read;
        }
        Ok(&self.buffer[self.at..self.at + count])
    }

    /// The next `count` bytes, passed.
    fn take(&mut self, count: usize) -> io::Result<&[u8]> {
        self.peek(count)?;
        self.at += count;
        self.passed += count as u64;
        Ok(&self.buffer[self.at - count..self.at])
    }

    fn skip(&mut self, mut count: u64) -> io::Result<()> {
        while count > 0 {
            let here = count.min((self.end - self.at) as u64);
            self.at += here as usize;
            self.passed += here;
            count -= here;
            if count > 0 {
                self.peek(1)?;
            }
        }
        Ok(())
    }

    /// How many bytes follow before the next NUL, from `from` on counted with those before it.
    fn distance_to_nul(&mut self, from: usize) -> io::Result<usize> {
        let mut distance = from;
        loop {
            let known = self.peek(distance + 1)?.len();
            match self.buffer[self.at + distance..self.end].iter().position(|&byte| byte == 0) {
                Some(nul) => return Ok(distance + nul - from),
                // Git refuses paths of this length.
                None if known > BUFFER / 4 => return Err(io::ErrorKind::InvalidData.into()),
                None => distance = self.end - self.at,
            }
        }
    }
}

/// The first node: an empty name, how many entries it covers, how many subtrees, its id.
fn tree_root(content: &[u8], count: u32, hash_len: usize) -> Option<ObjectId> {
    let rest = content.strip_prefix(b"\0")?;
    let line = rest.iter().position(|&byte| byte == b'\n')?;
    let covered = std::str::from_utf8(&rest[..line]).ok()?.split(' ').next()?;
    // "-1" says that the tree is out of date.
    if covered.parse::<u32>().ok()? != count {
        return None;
    }
    ObjectId::try_from(rest.get(line + 1..line + 1 + hash_len)?).ok()
}

fn be32(bytes: &[u8]) -> u32 {
    u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
}

fn be16(bytes: &[u8]) -> u16 {
    u16::from_be_bytes([bytes[0], bytes[1]])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root(index: &[u8]) -> Option<ObjectId> {
        super::root(index, index.len() as u64, 20).unwrap_or_default()
    }

    #[test]
    fn nothing_is_read_out_of_bounds() {
        let mut index = b"DIRC\0\0\0\x02\0\0\0\x01".to_vec();
        for _ in 0..200 {
            assert_eq!(root(&index), None);
            index.push(0xff);
        }
        assert_eq!(root(b""), None);
    }

    #[test]
    fn a_root_that_covers_every_entry_is_taken() {
        let mut index = b"DIRC\0\0\0\x02\0\0\0\0TREE".to_vec();
        let tree = [b"\0".as_slice(), b"0 0\n", &[7; 20]].concat();
        index.extend((tree.len() as u32).to_be_bytes());
        index.extend(tree);
        index.extend([0; 20]);
        assert_eq!(root(&index), Some(ObjectId::from([7; 20])));
        let stale = [b"DIRC\0\0\0\x02\0\0\0\0TREE\0\0\0\x06\0-1 0\n".as_slice(), &[0; 20]].concat();
        assert_eq!(root(&stale), None);
    }
}
