//! Lets the checks of modes, links and names see what would be committed as a whole.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use bstr::{BStr, BString};
use leakgate_git::{Staged, View};
use leakgate_model::{Entry, Finding, Listing, Problem, ProblemKind};
use leakgate_modes::{HEAD, Member, Node, Tree};
use leakgate_policy::Config;

/// What the change shows only as a whole, each finding with the position of its entry. What could
/// not be read for it joins the problems.
pub(crate) fn findings(
    staged: &Staged<'_>,
    listing: &mut Listing,
    config: &Config,
) -> Vec<(usize, Finding)> {
    let tree = Seen { view: View::new(staged, &listing.entries), folders: RefCell::default() };
    let checked = catch_unwind(AssertUnwindSafe(|| {
        let mut findings = leakgate_modes::check_tree(&listing.entries, &tree);
        wanted(config, &tree.view, &listing.entries, &mut findings);
        findings
    }));
    let problems = tree.view.into_problems();
    if !problems.is_empty() {
        // The content of an entry is read again by the scan, and told of there.
        let entries: HashSet<_> = listing.entries.iter().map(|entry| &entry.path).collect();
        let is_entry = |path: &Option<BString>| path.as_ref().is_some_and(|p| entries.contains(p));
        listing.problems.extend(problems.into_iter().filter(|problem| !is_entry(&problem.path)));
    }
    checked.unwrap_or_else(|_| {
        listing.problems.push(Problem {
            path: None,
            kind: ProblemKind::Fault,
            detail: "a check of names and links failed on this change".to_owned(),
            help: "please report it".to_owned(),
        });
        Vec::new()
    })
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
