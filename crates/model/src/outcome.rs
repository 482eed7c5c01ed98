//! What was done, what was left out, and what could not be done.

use std::collections::BTreeMap;

use bstr::BString;

use crate::{Finding, Status};

/// Why something could not be scanned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProblemKind {
    /// Git's object database does not have the content.
    Missing,
    /// The content, an index or a tree is damaged.
    Corrupt,
    /// The operating system would not let us read it.
    Unreadable,
    /// Larger than the memory limit, and stored in a way that cannot be read piece by piece.
    TooLarge,
    /// The path is in conflict: there is no one content to be committed.
    Conflict,
    /// The repository uses something this version cannot read.
    Unsupported,
    /// A check stopped on a fault of its own.
    Fault,
    /// The user ended the scan.
    Interrupted,
}

impl ProblemKind {
    /// A phrase for the summary line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "object missing",
            Self::Corrupt => "damaged",
            Self::Unreadable => "unreadable",
            Self::TooLarge => "too large",
            Self::Conflict => "in conflict",
            Self::Unsupported => "unsupported",
            Self::Fault => "internal fault",
            Self::Interrupted => "interrupted",
        }
    }
}

/// Something that should have been scanned and was not. One of these makes the exit status 2.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The path it is about, if it is about one.
    pub path: Option<BString>,
    /// Why it was not scanned.
    pub kind: ProblemKind,
    /// What was attempted and what went wrong, without a secret in it.
    pub detail: String,
    /// The way out.
    pub help: String,
}

/// Why an entry, or what is inside of an archive, was not scanned. These do not change the exit status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Skip {
    /// A commit of another repository; this one stores no content for it.
    Submodule,
    /// `git add -N`: not part of the commit.
    IntentToAdd,
    /// The same content is already committed in a branch being merged.
    MergeParent,
    /// A device, socket or named pipe.
    Special,
    /// An archive that was scanned as bytes, but needs a password to be opened, at least in part.
    EncryptedArchive,
    /// An archive that was not looked into further: too deep, too many files, too many bytes.
    ArchiveLimit,
    /// An archive that could not be read to its end.
    DamagedArchive,
    /// An archive of a format, or with a compression, that is not known here.
    UnknownArchive,
}

impl Skip {
    /// A phrase for the summary line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Submodule => "submodule",
            Self::IntentToAdd => "intent to add",
            Self::MergeParent => "unchanged from the merged branch",
            Self::Special => "not a file",
            Self::EncryptedArchive => "encrypted archive",
            Self::ArchiveLimit => "archive beyond the limits",
            Self::DamagedArchive => "damaged archive",
            Self::UnknownArchive => "archive of an unknown format",
        }
    }

    /// Returns true if and only if there is content that was passed over, as inside of an archive.
    pub fn passes_over_content(self) -> bool {
        match self {
            Self::Submodule | Self::IntentToAdd | Self::MergeParent | Self::Special => false,
            Self::EncryptedArchive
            | Self::ArchiveLimit
            | Self::DamagedArchive
            | Self::UnknownArchive => true,
        }
    }
}

/// The counts of one scan.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Entries whose content was read to the end.
    pub scanned: u64,
    /// Bytes of that content.
    pub bytes: u64,
    /// Paths that the change deletes: nothing of them is committed.
    pub deleted: u64,
    /// Entries with nothing to scan, and archives that were not opened or not whole, by reason.
    pub skipped: BTreeMap<Skip, u64>,
    /// What could not be scanned, sorted.
    pub problems: Vec<Problem>,
    /// Findings that block.
    pub blocking: u64,
    /// Findings that are shown but do not block.
    pub advice: u64,
    /// Findings that were committed before this change.
    pub already_committed: u64,
    /// Findings that an ignore entry or an inline marker let pass.
    pub ignored: u64,
    /// What tests and documentation hold that is most likely made up, where it is not told.
    pub samples: u64,
}

impl Outcome {
    /// Counts a finding that policy has kept.
    pub fn count(&mut self, finding: &Finding) {
        match finding.status {
            _ if finding.blocks() => self.blocking += 1,
            Status::Introduced => self.advice += 1,
            Status::AlreadyCommitted => self.already_committed += 1,
        }
    }

    /// Returns true if and only if everything that should have been scanned was.
    pub fn is_complete(&self) -> bool {
        self.problems.is_empty()
    }

    /// Returns true if and only if some content was passed over, which does not block.
    pub fn passes_over_content(&self) -> bool {
        self.skipped.iter().any(|(skip, &count)| count > 0 && skip.passes_over_content())
    }
}
