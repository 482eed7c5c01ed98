//! One new commit: what was staged when it was made.
//!
//! A hook that runs when the commit is there already finds out with it whether another hook has
//! scanned the same files a moment before.

use std::fmt;

use gix::ObjectId as GixId;
use leakgate_model::ObjectId;

use crate::object::{to_gix_id, to_model_id};
use crate::{Repository, commit_walk};

/// The trees that a scan of the staged change depends on. `Display` is one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StagedTrees {
    /// What is committed.
    root: GixId,
    /// What it is compared with; none before the first commit.
    head: Option<GixId>,
    /// The other parents of a merge, sorted.
    merged: Vec<GixId>,
}

/// A commit as one step from where a ref was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What was staged when it was made.
    pub trees: StagedTrees,
    /// Its parents.
    pub parents: Vec<ObjectId>,
}

impl StagedTrees {
    pub(crate) fn new(root: GixId, head: Option<GixId>, mut merged: Vec<GixId>) -> Self {
        merged.sort();
        Self { root, head, merged }
    }
}

impl fmt::Display for StagedTrees {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.root)?;
        match self.head {
            Some(head) => write!(f, " {head}")?,
            None => f.write_str(" -")?,
        }
        self.merged.iter().try_for_each(|tree| write!(f, " {tree}"))
    }
}

impl Repository {
    /// `new` as a commit that was made on top of `old`, or in its place as by `--amend`; `None` if
    /// it is no such commit or cannot be read.
    pub fn step(&self, old: Option<ObjectId>, new: ObjectId) -> Option<Step> {
        let objects = self.objects();
        let read = |id: GixId| commit_walk::read(&objects, id).ok();
        let new = read(to_gix_id(new))?;
        let old = match old {
            Some(old) => Some(read(to_gix_id(old))?),
            None => None,
        };
        let on_top = new.parents.first() == old.as_ref().map(|old| &old.id);
        let in_place = old.as_ref().is_some_and(|old| old.parents == new.parents);
        if !on_top && !in_place {
            return None;
        }
        let merged = if on_top { new.parents.get(1..).unwrap_or_default() } else { &[] };
        let merged: Option<Vec<_>> = merged.iter().map(|&id| Some(read(id)?.tree)).collect();
        Some(Step {
            trees: StagedTrees::new(new.tree, old.map(|old| old.tree), merged?),
            parents: new.parents.iter().map(to_model_id).collect(),
        })
    }
}
