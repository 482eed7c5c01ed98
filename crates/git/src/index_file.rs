//! Reads the root of the index's cache tree without decoding the entries.
//!
//! Before it runs a hook, git writes the trees of the commit to be and notes their ids in the
//! index. When the root is noted and nothing stands apart from it, it is what will be committed,
//! and the index's entries, a hundred thousand or not, need not be looked at.

use gix::ObjectId;

const HEADER: usize = 12;
/// Bytes of an entry before its object id: times, device, inode, mode, owner, size.
const STAT: usize = 40;
const EXTENDED: u16 = 0x4000;
const NAME_MASK: u16 = 0x0fff;

/// The tree that the whole index stands for, if it is noted there.
///
/// `None` when it is not noted, or the file is split, sparse, or not as expected: then the entries
/// tell. See git's `Documentation/gitformat-index.adoc`.
pub(crate) fn root(index: &[u8], hash_len: usize) -> Option<ObjectId> {
    let body = index.get(..index.len().checked_sub(hash_len)?)?;
    if body.get(..4)? != b"DIRC" {
        return None;
    }
    let version = be32(body, 4)?;
    let count = be32(body, 8)?;
    let mut at = match version {
        2 | 3 => after_entries(body, count, hash_len)?,
        4 => after_compressed_entries(body, count, hash_len)?,
        _ => return None,
    };
    let mut root = None;
    while at + 8 <= body.len() {
        let (name, size) = (body.get(at..at + 4)?, be32(body, at + 4)? as usize);
        let content = body.get(at + 8..(at + 8).checked_add(size)?)?;
        match name {
            b"TREE" => root = tree_root(content, count, hash_len),
            // Split and sparse indexes keep entries elsewhere or in other shapes.
            b"link" | b"sdir" => return None,
            _ => {}
        }
        at += 8 + size;
    }
    root
}

fn after_entries(body: &[u8], count: u32, hash_len: usize) -> Option<usize> {
    let mut at = HEADER;
    for _ in 0..count {
        let flags = be16(body, at + STAT + hash_len)?;
        let fixed = STAT + hash_len + if flags & EXTENDED == 0 { 2 } else { 4 };
        let name = match flags & NAME_MASK {
            NAME_MASK => memchr_nul(body.get(at + fixed..)?)?,
            short => usize::from(short),
        };
        // Padded with one to eight NULs to a multiple of eight.
        at += (fixed + name + 8) & !7;
    }
    (at <= body.len()).then_some(at)
}

fn after_compressed_entries(body: &[u8], count: u32, hash_len: usize) -> Option<usize> {
    let mut at = HEADER;
    for _ in 0..count {
        let flags = be16(body, at + STAT + hash_len)?;
        at += STAT + hash_len + if flags & EXTENDED == 0 { 2 } else { 4 };
        // How much of the previous name to drop, then the new rest with its NUL.
        while body.get(at)? & 0x80 != 0 {
            at += 1;
        }
        at += 1;
        at += memchr_nul(body.get(at..)?)? + 1;
    }
    Some(at)
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

fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn be16(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn memchr_nul(bytes: &[u8]) -> Option<usize> {
    bytes.iter().position(|&byte| byte == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_read_out_of_bounds() {
        let mut index = b"DIRC\0\0\0\x02\0\0\0\x01".to_vec();
        for _ in 0..200 {
            assert_eq!(root(&index, 20), None);
            index.push(0xff);
        }
        assert_eq!(root(b"", 20), None);
    }

    #[test]
    fn a_root_that_covers_every_entry_is_taken() {
        let mut index = b"DIRC\0\0\0\x02\0\0\0\0TREE".to_vec();
        let tree = [b"\0".as_slice(), b"0 0\n", &[7; 20]].concat();
        index.extend((tree.len() as u32).to_be_bytes());
        index.extend(tree);
        index.extend([0; 20]);
        assert_eq!(root(&index, 20), Some(ObjectId::from([7; 20])));
        let stale = [b"DIRC\0\0\0\x02\0\0\0\0TREE\0\0\0\x06\0-1 0\n".as_slice(), &[0; 20]].concat();
        assert_eq!(root(&stale, 20), None);
    }
}
