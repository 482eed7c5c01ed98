//! Which archive or compressed file this is, by its first bytes, and how to read a compressed one.

use std::io::{self, Cursor, Read};

use bstr::ByteSlice as _;
use bzip2::read::MultiBzDecoder;
use flate2::read::MultiGzDecoder;
use lzma_rust2::{LzmaReader, XzReader};
use ruzstd::decoding::StreamingDecoder;

/// How many bytes [`Format::of`] looks at.
pub(super) const HEAD: usize = 512;
/// The most that a reader of xz or lzma may take, in KiB: as much as `xz -9` needs.
const XZ_MEMORY: u32 = 65 * 1024;

/// A kind of file that holds others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Gzip,
    Bzip2,
    Xz,
    Lzma,
    Zstd,
    Tar,
    /// A package of Debian: tar files beside each other.
    Deb,
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
            // The dictionary's size, and the content's: not known, or less than 2^40.
            [0x5d, 0, 0, _, _, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, ..]
            | [0x5d, 0, 0, _, _, _, _, _, _, _, 0, 0, 0, ..] => Some(Self::Lzma),
            _ if head.starts_with(b"!<arch>\ndebian-binary") => Some(Self::Deb),
            _ if UNKNOWN.iter().any(|magic| head.starts_with(magic)) => Some(Self::Unknown),
            // What `compress` wrote: at most 16 bits a code, in blocks or not.
            [0x1f, 0x9d, flags, ..] if matches!(flags & 0x7f, 9..=16) => Some(Self::Unknown),
            _ if head.get(257..262) == Some(b"ustar") || is_old_tar(head) => Some(Self::Tar),
            _ => None,
        }
    }

    /// Tells the format from all of a file: a program or a script can stand before a zip, as in
    /// what unpacks itself or `python -m zipapp` writes.
    pub(super) fn of_whole(content: &[u8]) -> Option<Self> {
        let head = Self::of(&content[..content.len().min(HEAD)]);
        head.or_else(|| ends_zip(content).then_some(Self::Zip))
    }

    /// The word for it in a finding's place.
    pub(super) fn how(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Bzip2 => "bzip2",
            Self::Xz => "xz",
            Self::Lzma => "lzma",
            Self::Zstd => "zstd",
            Self::Tar => "tar",
            Self::Deb => "deb",
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
            Self::Lzma => match LzmaReader::new_mem_limit(packed, XZ_MEMORY, None) {
                Ok(content) => Some(Box::new(content)),
                Err(error) => Some(Box::new(Broken(Some(error)))),
            },
            Self::Zstd => Some(Box::new(Frames::Between(packed))),
            Self::Tar | Self::Deb | Self::Zip | Self::Unknown => None,
        }
    }
}

/// How files begin that hold others and are not opened here.
const UNKNOWN: [&[u8]; 14] = [
    b"7z\xbc\xaf\x27\x1c",
    b"Rar!\x1a\x07",
    // lz4, now and before
    b"\x04\x22\x4d\x18",
    b"\x02\x21\x4c\x18",
    b"LZIP\x01",
    b"\x89LZO\0\r\n\x1a\n",
    b"\xff\x06\0\0sNaPpY",
    // RPM packages, cabinets, packages of macOS, images of file systems
    b"\xed\xab\xee\xdb",
    b"MSCF\0\0\0\0",
    b"xar!\0",
    b"hsqs",
    // What git packs
    b"# v2 git bundle\n",
    b"# v3 git bundle\n",
    b"PACK\0\0\0\x02",
];

/// A tar from before there were magic numbers: the sum of the header's bytes is in it.
fn is_old_tar(head: &[u8]) -> bool {
    const SUM: std::ops::Range<usize> = 148..156;
    let Some(header) = head.get(..512).filter(|header| header[0] != 0) else { return false };
    let digits = header[SUM].trim_ascii_start();
    let digits = digits.split(|&byte| byte == 0 || byte == b' ').next().unwrap_or_default();
    let noted = std::str::from_utf8(digits).ok().and_then(|text| u32::from_str_radix(text, 8).ok());
    // Its own place counts as blanks.
    let blanks = SUM.len() as u32 * u32::from(b' ');
    let others = header.iter().enumerate().filter(|(at, _)| !SUM.contains(at));
    noted == Some(blanks + others.map(|(_, &byte)| u32::from(byte)).sum::<u32>())
}

/// How many bytes at the end of a file [`ends_zip`] looks at: a comment longer than that is rare.
pub(super) const TAIL: usize = 1024;

/// Returns true if and only if a file ends as a zip does, of which there is a file in it.
pub(super) fn ends_zip(content: &[u8]) -> bool {
    const END: &[u8] = b"PK\x05\x06";
    let tail = &content[content.len() - content.len().min(TAIL)..];
    let Some(end) = tail.rfind(END).and_then(|at| tail.get(at..at + 22)) else { return false };
    end[10..12] != [0, 0]
}

/// Fails when it is read.
struct Broken(Option<io::Error>);

impl Read for Broken {
    fn read(&mut self, _buffer: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
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
