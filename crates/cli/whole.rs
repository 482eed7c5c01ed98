//! Gives the checks of modes, links and names the whole tree that would be committed.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use bstr::{BStr, BString};
use leakgate_git::{Staged, View};
use leakgate_model::{Entry, Finding, Problem, ProblemKind};
use leakgate_modes::{HEAD, Member, Node, Tree};
use leakgate_policy::{CONFIG_NAME, Config};

/// What a change shows only as a whole.
#[derive(Default)]
pub(crate) struct Whole {
    /// Each finding with the position of its entry.
    pub(crate) findings: Vec<(usize, Finding)>,
    /// What could not be read for it.
    pub(crate) problems: Vec<Problem>,
}

/// Looks at the staged change as a whole.
pub(crate) fn look(staged: &Staged<'_>, entries: &[Entry], config: &Config) -> Whole {
    let tree = Seen { view: View::new(staged, entries), folders: RefCell::default() };
    let checked = catch_unwind(AssertUnwindSafe(|| {
        let mut findings = leakgate_modes::check_tree(entries, &tree);
        wanted(config, &tree.view, entries, &mut findings);
        findings
    }));
    let mut problems = tree.view.into_problems();
    if !problems.is_empty() {
        // The content of an entry is read again by the scan, and told of there.
        let paths: HashSet<_> = entries.iter().map(|entry| &entry.path).collect();
        problems.retain(|problem| !problem.path.as_ref().is_some_and(|path| paths.contains(path)));
    }
    let findings = checked.unwrap_or_else(|_| {
        problems.push(Problem {
            path: None,
            kind: ProblemKind::Fault,
            detail: "a check of names and links failed on this change".to_owned(),
            help: "please report it".to_owned(),
        });
        Vec::new()
    });
    Whole { findings, problems }
}

/// What the repository's own policy says of each entry.
fn wanted(
    config: &Config,
    view: &View<'_>,
    entries: &[Entry],
    findings: &mut Vec<(usize, Finding)>,
) {
    for (at, entry) in entries.iter().enumerate() {
        findings.extend(config.check_entry(entry).into_iter().map(|finding| (at, finding)));
        if entry.path == CONFIG_NAME
            && let Some(new) = view.content(entry.path.as_ref(), HEAD)
        {
            let committed = view.committed(entry.path.as_ref(), HEAD);
            let found = Config::check_own(entry, &new, committed.as_deref());
            findings.extend(found.map(|found| (at, found)));
        }
        if config.limits_sizes()
            && entry.mode.is_regular()
            && let Some(size) = entry.id.and_then(|id| view.size(id))
        {
            let committed = entry.previous.iter().filter_map(|old| view.size(old.id)).max();
            findings.extend(config.check_size(entry, size, committed).map(|found| (at, found)));
        }
    }
}

/// The view in the words of the checks, each folder made once.
struct Seen<'v> {
    view: View<'v>,
    folders: RefCell<HashMap<BString, Rc<[Member]>>>,
}

impl Tree for Seen<'_> {
    fn folder(&self, path: &BStr) -> Rc<[Member]> {
        if let Some(known) = self.folders.borrow().get(path) {
            return Rc::clone(known);
        }
        let members = self.view.folder(path).into_iter().map(|(name, mode)| {
            let node = mode.map_or(Node::Folder, Node::Leaf);
            Member { name, node }
        });
        let members: Rc<[Member]> = members.collect();
        self.folders.borrow_mut().insert(path.to_owned(), Rc::clone(&members));
        members
    }

    fn node(&self, path: &BStr) -> Option<Node> {
        Some(self.view.node(path)?.map_or(Node::Folder, Node::Leaf))
    }

    fn content(&self, path: &BStr) -> Option<Vec<u8>> {
        self.view.content(path, HEAD)
    }

    fn committed(&self, path: &BStr) -> Option<Vec<u8>> {
        self.view.committed(path, HEAD)
    }

    fn was_folder(&self, path: &BStr) -> bool {
        self.view.was_folder(path)
    }
}
