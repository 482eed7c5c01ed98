//! Where history begins: branches, tags, notes, the stash, what was fetched, other work trees.

use bstr::BString;
use gix::ObjectId;
use leakgate_model::{Problem, ProblemKind};

use super::History;
use super::beside::Beside;
use crate::plumbing;
use crate::repository::Error;

/// A ref and what it points to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ref {
    /// Its whole name, as `refs/heads/main`, or `HEAD`.
    pub name: BString,
    /// The number of what it points to; that may be a tag. `None` if it is missing.
    pub target: Option<u32>,
    /// The id of what it points to, in hexadecimal.
    pub id: String,
}

impl History<'_> {
    /// All refs that point to objects themselves, sorted by name; among them each work tree's
    /// `HEAD` and each entry of the stash. A ref that cannot be read is a problem.
    ///
    /// # Errors
    /// [`Error::Head`] when the refs cannot be listed at all.
    pub fn refs(&self) -> Result<(Vec<Ref>, Vec<Problem>), Error> {
        let failed = |why: String| Error::Head { path: self.repository.git_dir().to_owned(), why };
        let mut problems = Vec::new();
        let listed = if self.repository.has_foreign_refs() {
            plumbing::direct_refs(self.repository).map_err(failed)?
        } else {
            self.list_refs(&mut problems).map_err(failed)?
        };
        let beside = Beside::of(self.repository);
        problems.extend(beside.problems);
        let mut refs: Vec<Ref> = listed
            .into_iter()
            .chain(beside.named)
            .map(|(name, id)| Ref { name, target: self.find(&id), id: id.to_string() })
            .collect();
        refs.sort_by(|a, b| a.name.cmp(&b.name));
        refs.dedup();
        Ok((refs, problems))
    }

    fn list_refs(&self, problems: &mut Vec<Problem>) -> Result<Vec<(BString, ObjectId)>, String> {
        let local = self.repository.local();
        let mut refs = Vec::new();
        let head = local.head().map_err(|error| error.to_string())?;
        if let Some(id) = head.id() {
            refs.push(("HEAD".into(), id.detach()));
        }
        let platform = local.references().map_err(|error| error.to_string())?;
        for reference in platform.all().map_err(|error| error.to_string())? {
            match reference {
                Ok(reference) => {
                    // What a symbolic ref points to is listed itself.
                    if let Some(id) = reference.try_id() {
                        let name = reference.name().as_bstr().to_vec();
                        refs.push((name.into(), id.detach()));
                    }
                }
                Err(error) => problems.push(Problem {
                    path: None,
                    kind: ProblemKind::Corrupt,
                    detail: format!("a ref could not be read: {error}"),
                    help: "make it readable, or mend it by what its reflog or another clone says"
                        .into(),
                }),
            }
        }
        Ok(refs)
    }

    /// The commits below which a shallow clone has nothing, by their numbers.
    pub fn shallow(&self) -> Vec<u32> {
        let commits = self.repository.shallow_commits();
        let mut numbers: Vec<_> = commits.iter().filter_map(|id| self.find(id)).collect();
        numbers.sort_unstable();
        numbers
    }
}
