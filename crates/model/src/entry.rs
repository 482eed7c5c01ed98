//! What can be scanned: one path with its content id and mode, on the new side and the old.

use std::fmt;

use bstr::BString;

/// A file mode as git stores it in trees and in the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// `100644`: a regular file. Historical `100664` is taken for it.
    File,
    /// `100755`: a regular file with the executable bit.
    Executable,
    /// `120000`: a symbolic link; the content is the target.
    Symlink,
    /// `160000`: a commit of another repository, a submodule.
    Gitlink,
    /// Anything else: no current git writes it.
    Other(u32),
}

impl Mode {
    /// The mode for git's number, as `0o100644`.
    pub fn from_git(mode: u32) -> Self {
        match mode {
            0o100_644 | 0o100_664 => Self::File,
            0o100_755 => Self::Executable,
            0o120_000 => Self::Symlink,
            0o160_000 => Self::Gitlink,
            other => Self::Other(other),
        }
    }

    /// Git's number for this mode.
    pub fn to_git(self) -> u32 {
        match self {
            Self::File => 0o100_644,
            Self::Executable => 0o100_755,
            Self::Symlink => 0o120_000,
            Self::Gitlink => 0o160_000,
            Self::Other(other) => other,
        }
    }

    /// Returns true if and only if git stores bytes of a regular file under this mode.
    pub fn is_regular(self) -> bool {
        matches!(self, Self::File | Self::Executable)
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:06o}", self.to_git())
    }
}

/// The id of an object in git's database: 20 bytes of SHA-1 or 32 of SHA-256.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectId {
    bytes: [u8; 32],
    len: u8,
}

impl ObjectId {
    /// The id with these raw bytes, or `None` if they are more than 32.
    pub fn from_bytes(raw: &[u8]) -> Option<Self> {
        let mut bytes = [0; 32];
        bytes.get_mut(..raw.len())?.copy_from_slice(raw);
        Some(Self { bytes, len: raw.len() as u8 })
    }

    /// The raw bytes of the id.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_bytes().iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ObjectId({self})")
    }
}

/// How an entry differs from what was there before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// The path was not there before.
    Added,
    /// Content, mode or type differ.
    Modified,
    /// Nothing to compare with: a file, standard input, a message.
    Present,
}

/// One side of an entry that is already committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Previous {
    /// The path on that side. Differs from the entry's when the content moved.
    pub path: BString,
    /// The mode on that side.
    pub mode: Mode,
    /// The content on that side.
    pub id: ObjectId,
}

/// One path to be scanned: cheap, read only when a check asks for the content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Slash-separated bytes, relative to the repository's root; for files, as the user named them.
    pub path: BString,
    /// The mode that would be committed, or the nearest one for a file outside of git.
    pub mode: Mode,
    /// The content's object id, where git knows it.
    pub id: Option<ObjectId>,
    /// How it differs from what is committed.
    pub change: Change,
    /// What is committed under this path: in `HEAD`, and in the other parents of a merge.
    pub previous: Vec<Previous>,
    /// Unix permission bits (as `0o644`) of the file in the work tree, where there is one.
    pub work_tree_bits: Option<u32>,
}

impl Entry {
    /// An entry that has nothing to be compared with, as a file or standard input.
    pub fn present(path: impl Into<BString>, mode: Mode) -> Self {
        Self {
            path: path.into(),
            mode,
            id: None,
            change: Change::Present,
            previous: Vec::new(),
            work_tree_bits: None,
        }
    }
}
