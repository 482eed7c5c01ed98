//! Which archive or compressed file this is, by its first bytes, and how to read a compressed one.

use std::io::{self, Cursor, Read};

use bzip2::read::MultiBzDecoder;
use flate2::read::MultiGzDecoder;
use lzma_rust2::XzReader;
use ruzstd::decoding::StreamingDecoder;

/// How many bytes [`Format::of`] looks at.
pub(super) const HEAD: usize = 512;
/// The most that a reader of xz may take, in KiB: as much as `xz -9` needs.
const XZ_MEMORY: u32 = 65 * 1024;

/// A kind of file that holds others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Gzip,
    Bzip2,
    Xz,
    Zstd,
    Tar,
    Zip,
    /// One that is not opened here.
    Unknown,
}

impl Format {
    /// Tells the format from the first [`HEAD`] bytes.
    pub(super) fn of(head: &[u8]) -> Option<Self> {
        match head {
            [0x1f, 0x8b, 8, ..] => Some(Self::Gzip),
            [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, 0x59, 0x26, ..] => Some(Self::Bzip2),
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Some(Self::Xz),
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Self::Zstd),
            [b'P', b'K', 3, 4, ..] => Some(Self::Zip),
            [b'7', b'z', 0xbc, 0xaf, 0x27, 0x1c, ..] => Some(Self::Unknown),
            [b'R', b'a', b'r', b'!', 0x1a, 7, ..] => Some(Self::Unknown),
            _ if head.get(257..262) == Some(b"ustar") => Some(Self::Tar),
            _ => None,
        }
    }

    /// The word for it in a finding's place.
    pub(super) fn how(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Bzip2 => "bzip2",
            Self::Xz => "xz",
            Self::Zstd => "zstd",
            Self::Tar => "tar",
            Self::Zip => "zip",
            Self::Unknown => "archive",
        }
    }

    /// The content of one compressed file; `None` for an archive of several.
    pub(super) fn decompress<'r>(self, packed: Box<dyn Read + 'r>) -> Option<Box<dyn Read + 'r>> {
        match self {
            Self::Gzip => Some(Box::new(MultiGzDecoder::new(packed))),
            Self::Bzip2 => Some(Box::new(MultiBzDecoder::new(packed))),
            Self::Xz => Some(Box::new(XzReader::new_mem_limit(packed, true, XZ_MEMORY))),
            Self::Zstd => Some(Box::new(Frames::Between(packed))),
            Self::Tar | Self::Zip | Self::Unknown => None,
        }
    }
}

/// Frames of zstd, one after the other.
enum Frames<'r> {
    Between(Box<dyn Read + 'r>),
    Inside(Box<StreamingDecoder<Box<dyn Read + 'r>, ruzstd::decoding::FrameDecoder>>),
}

impl Frames<'_> {
    fn next(self) -> io::Result<Option<Self>> {
        let mut packed = match self {
            Self::Between(packed) => packed,
            Self::Inside(decoder) => decoder.into_inner(),
        };
        let mut magic = Vec::new();
        packed.by_ref().take(4).read_to_end(&mut magic)?;
        if magic.is_empty() {
            return Ok(None);
        }
        let frame: Box<dyn Read + '_> = Box::new(Cursor::new(magic).chain(packed));
        let decoder = StreamingDecoder::new(frame).map_err(io::Error::other)?;
        Ok(Some(Self::Inside(Box::new(decoder))))
    }
}

impl Read for Frames<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if let Self::Inside(decoder) = self {
                let count = decoder.read(buffer)?;
                if count > 0 || buffer.is_empty() {
                    return Ok(count);
                }
            }
            let ended = std::mem::replace(self, Self::Between(Box::new(io::empty())));
            match ended.next()? {
                Some(next) => *self = next,
                None => return Ok(0),
            }
        }
    }
}
