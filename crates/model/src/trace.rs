//! How long a finding stood in a repository's history, and where.

use bstr::BString;

use crate::ObjectId;

/// The stay of one finding in the history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    /// The first commit that has it.
    pub introduced: Option<Deed>,
    /// The last commit that took it away, if it is gone from `HEAD`.
    pub removed: Option<Deed>,
    /// Where it is now.
    pub standing: Standing,
    /// Refs whose newest commit has it, by their whole names, sorted.
    pub refs: Vec<BString>,
    /// Everywhere it stands, by path and then by content.
    pub sites: Vec<Site>,
}

/// A commit and who made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deed {
    /// The commit.
    pub commit: ObjectId,
    /// The author's name and address, as `A U Thor <author@example.com>`.
    pub author: BString,
    /// When the author wrote it, in seconds since 1970.
    pub seconds: i64,
    /// How far the author's clock is ahead of UTC, in seconds.
    pub offset: i32,
}

/// Where a finding is now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// In the commit that is checked out.
    Head,
    /// In the newest commit of another ref.
    Tip,
    /// Only in older commits.
    Past,
    /// Only in objects that no ref leads to.
    Unreachable,
}

impl Standing {
    /// The word for it in lower case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Head => "head",
            Self::Tip => "tip",
            Self::Past => "past",
            Self::Unreachable => "unreachable",
        }
    }
}

/// One place of a finding in the history.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Site {
    /// The path under which it stands.
    pub path: BString,
    /// The object that holds it, where it is not a name.
    pub object: Option<ObjectId>,
    /// Line and column, from 1, and first and last byte, from 0, where it stands in content.
    pub at: Option<(u64, u64, u64, u64)>,
}
