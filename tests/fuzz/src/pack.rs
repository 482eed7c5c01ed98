//! Packs that no git would write, and the indexes that belong to them.

use std::io::Write as _;

use arbitrary::Arbitrary;
use flate2::Compression;
use flate2::write::ZlibEncoder;
use sha1::{Digest as _, Sha1};

/// An object of a pack.
#[derive(Debug, Arbitrary)]
pub(crate) struct Entry {
    /// Which object it pretends to be.
    object: u16,
    how: How,
    /// Added to the size that the entry tells.
    lie: u8,
}

#[derive(Debug, Arbitrary)]
enum How {
    /// As it is in truth.
    Whole,
    /// Of a kind of git's numbers, with this content.
    Other { kind: u8, content: Vec<u8> },
    /// What another entry is, changed.
    Near { base: u8, by_id: bool, parts: Vec<Part> },
    /// A delta of any bytes.
    Delta { base: u8, by_id: bool, delta: Vec<u8> },
}

/// An instruction of a delta.
#[derive(Debug, Arbitrary)]
enum Part {
    Copy { from: u16, len: u16 },
    Insert { bytes: Vec<u8> },
}

/// An id in hexadecimal, a kind, a content.
pub(crate) type Object = (String, &'static str, Vec<u8>);

pub(crate) fn sha1(bytes: &[u8]) -> [u8; 20] {
    Sha1::digest(bytes).into()
}

/// An entry as it is written.
pub(crate) struct Raw {
    pub(crate) id: String,
    /// Git's number of the kind: 6 and 7 build on an entry.
    pub(crate) kind: u8,
    /// Which entry that is.
    pub(crate) base: usize,
    /// The content or the delta.
    pub(crate) content: Vec<u8>,
    /// Its size, as the entry tells it.
    pub(crate) size: usize,
}

/// A pack and its index, and the ids in it.
pub(crate) fn written(entries: &[Entry], objects: &[Object]) -> (Vec<u8>, Vec<u8>, Vec<String>) {
    let entries = &entries[..entries.len().min(40)];
    let object = |entry: &Entry| &objects[usize::from(entry.object) % objects.len()];
    let raw = |entry: &Entry| {
        let (id, known, content) = object(entry);
        let base_of = |base: u8| usize::from(base) % entries.len();
        let (kind, base, content) = match &entry.how {
            How::Whole => (number_of(known), 0, content.clone()),
            How::Other { kind, content } => (kind % 8, 0, content.clone()),
            How::Near { base, by_id, parts } => {
                let base = base_of(*base);
                let len = object(&entries[base]).2.len();
                (6 + u8::from(*by_id), base, delta(len, parts))
            }
            How::Delta { base, by_id, delta } => {
                (6 + u8::from(*by_id), base_of(*base), delta.clone())
            }
        };
        let size = content.len() + usize::from(entry.lie % 3);
        Raw { id: id.clone(), kind, base, content, size }
    };
    let raw: Vec<_> = entries.iter().map(raw).collect();
    let (pack, index) = assembled(&raw);
    (pack, index, raw.into_iter().map(|one| one.id).collect())
}

/// A pack of these entries, and its index.
pub(crate) fn assembled(entries: &[Raw]) -> (Vec<u8>, Vec<u8>) {
    let mut pack = [&b"PACK\0\0\0\x02"[..], &(entries.len() as u32).to_be_bytes()].concat();
    let mut offsets: Vec<usize> = Vec::new();
    for entry in entries {
        let offset = pack.len();
        push_header(&mut pack, entry.kind, entry.size);
        match entry.kind {
            // An entry behind this one cannot be told by its distance, which is hostile enough.
            6 => push_distance(&mut pack, offset - offsets.get(entry.base).copied().unwrap_or(0)),
            7 => pack.extend(bytes_of(&entries[entry.base].id)),
            _ => {}
        }
        let mut packed = ZlibEncoder::new(Vec::new(), Compression::fast());
        let packed = packed.write_all(&entry.content).and_then(|()| packed.finish());
        pack.extend(packed.expect("memory can be written"));
        offsets.push(offset);
    }
    let sum = sha1(&pack);
    pack.extend(sum);
    let mut places: Vec<_> = entries.iter().map(|entry| &entry.id[..]).zip(offsets).collect();
    places.sort_unstable();
    let index = index(&places, &sum);
    (pack, index)
}

fn number_of(kind: &str) -> u8 {
    match kind {
        "commit" => 1,
        "tree" => 2,
        "blob" => 3,
        _ => 4,
    }
}

/// A delta whose sizes are right.
fn delta(base: usize, parts: &[Part]) -> Vec<u8> {
    let mut delta = Delta::default();
    for part in parts.iter().take(40) {
        match part {
            Part::Copy { from, len } => {
                let from = usize::from(*from) % (base + 1);
                delta.copy(from, usize::from(*len) % (base - from + 1));
            }
            Part::Insert { bytes } => delta.insert(bytes),
        }
    }
    delta.finish(base)
}

/// A delta while it is made.
#[derive(Default)]
pub(crate) struct Delta {
    body: Vec<u8>,
    target: usize,
}

impl Delta {
    pub(crate) fn copy(&mut self, from: usize, len: usize) {
        if len > 0 {
            self.body.push(0xff);
            self.body.extend((from as u32).to_le_bytes());
            self.body.extend(&(len as u32).to_le_bytes()[..3]);
            self.target += len;
        }
    }

    pub(crate) fn insert(&mut self, bytes: &[u8]) {
        for piece in bytes.chunks(127) {
            self.body.push(piece.len() as u8);
            self.body.extend(piece);
            self.target += piece.len();
        }
    }

    /// For a base of so many bytes.
    pub(crate) fn finish(self, base: usize) -> Vec<u8> {
        let mut delta = Vec::new();
        push_number(&mut delta, base);
        push_number(&mut delta, self.target);
        delta.extend(self.body);
        delta
    }
}

/// Seven bits a byte, the lowest first.
fn push_number(to: &mut Vec<u8>, mut number: usize) {
    while number >= 0x80 {
        to.push(number as u8 | 0x80);
        number >>= 7;
    }
    to.push(number as u8);
}

/// Four bits of the size stand beside the kind.
fn push_header(to: &mut Vec<u8>, kind: u8, size: usize) {
    let first = kind << 4 | (size & 0xf) as u8;
    if size < 0x10 {
        return to.push(first);
    }
    to.push(first | 0x80);
    push_number(to, size >> 4);
}

/// Seven bits a byte, the highest first, each but the last counting from one.
fn push_distance(to: &mut Vec<u8>, mut distance: usize) {
    let mut bytes = vec![(distance & 0x7f) as u8];
    while distance >= 0x80 {
        distance = (distance >> 7) - 1;
        bytes.push((distance & 0x7f) as u8 | 0x80);
    }
    to.extend(bytes.into_iter().rev());
}

fn index(places: &[(&str, usize)], pack: &[u8; 20]) -> Vec<u8> {
    let ids: Vec<Vec<u8>> = places.iter().map(|(id, _)| bytes_of(id)).collect();
    let mut index = b"\xfftOc\0\0\0\x02".to_vec();
    for first in 0..=255_u8 {
        let below = ids.iter().filter(|id| id[0] <= first).count() as u32;
        index.extend(below.to_be_bytes());
    }
    ids.iter().for_each(|id| index.extend(id));
    index.extend(vec![0; 4 * ids.len()]);
    places.iter().for_each(|(_, offset)| index.extend((*offset as u32).to_be_bytes()));
    index.extend(pack);
    let sum = sha1(&index);
    index.extend(sum);
    index
}

pub(crate) fn bytes_of(id: &str) -> Vec<u8> {
    let digit = |digit: u8| (digit as char).to_digit(16).unwrap_or(0) as u8;
    id.as_bytes().chunks(2).map(|two| digit(two[0]) << 4 | digit(two[1])).collect()
}
