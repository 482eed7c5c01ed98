//! Which trees hold what, told from what changed in each tree against the one it builds on.
//!
//! All trees of a repository together name a hundred times more than there are objects, as each
//! repeats most of another. Along the deltas, an entry is parsed where it was inserted and carried
//! where it was copied. Of each tree only what it names beyond the one it builds on, and what of
//! that it names no more, is kept; from this, [`Sightings`] finds back up from an object to the
//! trees that hold it, and down again to paths.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, PoisonError};

use bstr::BString;
use gix::ObjectId;
use gix::hash::oid;
use leakgate_model::{Problem, ProblemKind};

use super::{Bits, Broken, Copy, Decoded, History, Kind, Visit};

/// What an entry of a tree can be searched for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    /// An object that is there, by its number.
    Object(u32),
    /// An id that is not there, by its place in the list of those.
    Missing(u32),
    /// A name, whatever stands under it, by its place in the list of names.
    Name(u32),
}

/// What holds what: a target, the tree that names it, and the name it has there.
type Edge = (Target, u32, u32);

/// What all trees name of what was searched for.
#[derive(Default)]
pub(super) struct Trees {
    /// Entries that a tree has and the one it builds on has not, sorted.
    added: Vec<Edge>,
    /// Entries that the one it builds on has and a tree has not, sorted.
    removed: Vec<Edge>,
    /// Names of folders and of what was searched for.
    names: Vec<BString>,
    /// Ids that are named and not there.
    missing: Vec<ObjectId>,
    problems: Vec<(u32, Problem)>,
}

impl History<'_> {
    /// Reads all trees: where the `wanted` objects stand, names that `is_odd`, what is missing.
    pub fn sightings(
        &self,
        wanted: &Bits,
        is_odd: &(dyn Fn(&[u8]) -> bool + Sync),
        threads: usize,
        stop: &AtomicBool,
    ) -> Sightings<'_> {
        let lists = Lists::default();
        let new = |_| Reader {
            history: self,
            wanted,
            is_odd,
            lists: &lists,
            names: HashMap::new(),
            plain: HashSet::new(),
            trees: Trees::default(),
        };
        let mut readers: Vec<_> = (0..threads.max(1)).map(new).collect();
        self.walk(Kind::Tree, None, &mut readers, stop);
        let mut parts = readers.into_iter().map(|reader| reader.trees);
        let mut trees = parts.next().unwrap_or_default();
        for part in parts {
            trees.added.extend(part.added);
            trees.removed.extend(part.removed);
            trees.problems.extend(part.problems);
        }
        trees.added.sort_unstable();
        trees.removed.sort_unstable();
        trees.names = lists.names.into_list();
        trees.missing = lists.missing.into_list();
        Sightings::new(self, trees)
    }
}

/// Lists that all threads add to, each thing once.
#[derive(Default)]
struct Lists {
    names: Interner<BString>,
    missing: Interner<ObjectId>,
}

struct Interner<T>(Mutex<(HashMap<T, u32>, Vec<T>)>);

impl<T> Default for Interner<T> {
    fn default() -> Self {
        Self(Mutex::new((HashMap::new(), Vec::new())))
    }
}

impl<T: Clone + Eq + std::hash::Hash> Interner<T> {
    fn place(&self, thing: T) -> u32 {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(&place) = inner.0.get(&thing) {
            return place;
        }
        let place = inner.1.len() as u32;
        inner.0.insert(thing.clone(), place);
        inner.1.push(thing);
        place
    }

    fn into_list(self) -> Vec<T> {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner).1
    }
}

/// What is carried from a tree to those that build on it.
struct Note {
    /// Where each entry begins, and where the last one ends.
    starts: Vec<u32>,
    /// Those that are searched for, by where they begin.
    kept: Vec<(u32, Target, u32)>,
}

struct Reader<'h> {
    history: &'h History<'h>,
    wanted: &'h Bits,
    is_odd: &'h (dyn Fn(&[u8]) -> bool + Sync),
    lists: &'h Lists,
    /// Names whose places are known to this thread.
    names: HashMap<BString, u32>,
    /// Names that are not odd.
    plain: HashSet<BString>,
    trees: Trees,
}

impl Visit for Reader<'_> {
    type Note = Note;

    fn visit(&mut self, object: &Decoded<'_, Note>) -> Note {
        let mut note = Note { starts: Vec::new(), kept: Vec::new() };
        let mut copies: &[Copy] = object.base.as_ref().map_or(&[], |base| base.copies);
        let mut carried = vec![false; object.base.as_ref().map_or(0, |base| base.note.kept.len())];
        let mut at = 0;
        while at < object.content.len() {
            while let Some((first, rest)) = copies.split_first()
                && first.to + first.len <= at
            {
                copies = rest;
            }
            if let (Some(base), Some(copy)) = (&object.base, copies.first())
                && let Some(end) = carry(base.note, copy, at, &mut note, &mut carried)
            {
                at = end;
                continue;
            }
            let Some(entry) = Entry::parse(&object.content[at..], self.history.hash) else {
                self.broken(object.number, Broken::Corrupt);
                break;
            };
            note.starts.push(at as u32);
            let first = note.kept.len();
            self.entry(&entry, at as u32, &mut note.kept);
            let edges = note.kept[first..].iter();
            self.trees.added.extend(edges.map(|&(_, target, name)| (target, object.number, name)));
            at += entry.len;
        }
        note.starts.push(at as u32);
        if let Some(base) = &object.base {
            let gone = base.note.kept.iter().zip(&carried).filter(|(_, carried)| !**carried);
            let edges = gone.map(|(&(_, target, name), _)| (target, object.number, name));
            self.trees.removed.extend(edges);
        }
        note
    }

    fn broken(&mut self, number: u32, why: Broken) {
        self.trees.problems.push((number, self.history.broken_problem(number, why)));
    }
}

/// Carries the entries that a copy holds whole, if one begins at `at`. Returns where they end.
fn carry(
    base: &Note,
    copy: &Copy,
    at: usize,
    note: &mut Note,
    carried: &mut [bool],
) -> Option<usize> {
    let from = copy.from + at.checked_sub(copy.to)?;
    let first = base.starts.binary_search(&(from as u32)).ok()?;
    let limit = (copy.from + copy.len) as u32;
    // Each entry ends where the next one begins.
    let last = base.starts.partition_point(|&start| start <= limit).checked_sub(1)?;
    if last <= first {
        return None;
    }
    let moved = |place: u32| place - from as u32 + at as u32;
    note.starts.extend(base.starts[first..last].iter().map(|&start| moved(start)));
    let (begin, end) = (base.starts[first], base.starts[last]);
    let kept = base.kept.partition_point(|&(start, ..)| start < begin);
    for (index, &(start, target, name)) in base.kept.iter().enumerate().skip(kept) {
        if start >= end {
            break;
        }
        carried[index] = true;
        note.kept.push((moved(start), target, name));
    }
    Some(moved(end) as usize)
}

impl Reader<'_> {
    /// Keeps an entry if it is a folder or searched for.
    fn entry(&mut self, entry: &Entry<'_>, at: u32, kept: &mut Vec<(u32, Target, u32)>) {
        if !self.plain.contains(entry.name) {
            if (self.is_odd)(entry.name) {
                let name = self.name(entry.name);
                kept.push((at, Target::Name(name), name));
            } else {
                self.plain.insert(entry.name.into());
            }
        }
        if entry.mode == b"160000" {
            return;
        }
        let target = match self.history.find(entry.id) {
            Some(number) if entry.is_tree() || self.wanted.has(number) => Target::Object(number),
            Some(_) => return,
            None if entry.id.is_empty_tree() || entry.id.is_empty_blob() => return,
            None => Target::Missing(self.lists.missing.place(entry.id.to_owned())),
        };
        let name = self.name(entry.name);
        kept.push((at, target, name));
    }

    fn name(&mut self, name: &[u8]) -> u32 {
        let name: &bstr::BStr = name.into();
        if let Some(&place) = self.names.get(name) {
            return place;
        }
        let place = self.lists.names.place(name.to_owned());
        self.names.insert(name.to_owned(), place);
        place
    }
}

/// A line of a tree.
struct Entry<'t> {
    mode: &'t [u8],
    name: &'t bstr::BStr,
    id: &'t oid,
    /// How many bytes it takes.
    len: usize,
}

impl<'t> Entry<'t> {
    fn parse(rest: &'t [u8], hash: gix::hash::Kind) -> Option<Self> {
        let space = rest.iter().take(8).position(|&byte| byte == b' ')?;
        let name = space + 1;
        let end = name + rest[name..].iter().position(|&byte| byte == 0)?;
        let len = end + 1 + hash.len_in_bytes();
        let id = oid::try_from_bytes(rest.get(end + 1..len)?).ok()?;
        Some(Self { mode: &rest[..space], name: rest[name..end].into(), id, len })
    }

    fn is_tree(&self) -> bool {
        matches!(self.mode, b"40000" | b"040000")
    }
}

/// Where everything that was searched for stands.
pub struct Sightings<'h> {
    history: &'h History<'h>,
    trees: Trees,
    /// What each tree holds of it, directly or not: the tree, the name, the target; sorted.
    holds: Vec<(u32, u32, Target)>,
    /// For each number, where in `holds` its part begins; and where the last part ends.
    begins: Vec<u32>,
}

impl<'h> Sightings<'h> {
    fn new(history: &'h History<'h>, trees: Trees) -> Self {
        let mut sightings = Self { history, trees, holds: Vec::new(), begins: Vec::new() };
        sightings.climb();
        sightings
    }

    /// Climbs from what was searched for to the trees that hold it, and those that hold them.
    fn climb(&mut self) {
        let is_tree = |target: Target| match target {
            Target::Object(number) => self.history.kind(number) == Some(Kind::Tree),
            _ => false,
        };
        let mut seen = Bits::new(self.history.len());
        let mut queue: Vec<Target> =
            self.trees.added.iter().map(|edge| edge.0).filter(|&target| !is_tree(target)).collect();
        queue.dedup();
        let mut holds = Vec::new();
        while let Some(target) = queue.pop() {
            for &(_, tree, name) in edges_of(&self.trees.added, target) {
                let mut lineage = vec![tree];
                while let Some(tree) = lineage.pop() {
                    let known = self.history.canonical(tree);
                    holds.push((known, name, target));
                    if seen.insert(known) {
                        queue.push(Target::Object(known));
                    }
                    let heirs = self.history.children(tree);
                    lineage.extend(heirs.filter(|&heir| {
                        self.trees.removed.binary_search(&(target, heir, name)).is_err()
                    }));
                }
            }
        }
        holds.sort_unstable();
        holds.dedup();
        let mut at = 0;
        let begin = |number: usize| {
            at += holds[at..].iter().take_while(|&&(tree, ..)| (tree as usize) < number).count();
            at as u32
        };
        self.begins = (0..=self.history.len()).map(begin).collect();
        self.holds = holds;
    }

    /// What a tree holds directly: itself, names and targets.
    pub(super) fn held_by(&self, tree: u32) -> &[(u32, u32, Target)] {
        let [from, to] = [tree, tree + 1].map(|number| self.begins[number as usize] as usize);
        &self.holds[from..to]
    }

    pub(super) fn object_count(&self) -> usize {
        self.history.len()
    }

    pub(super) fn name(&self, name: u32) -> &BString {
        &self.trees.names[name as usize]
    }

    /// The problem that something is not there.
    pub fn missing_problem(&self, place: u32, path: &BString) -> Problem {
        let id = &self.trees.missing[place as usize];
        Problem { path: Some(path.clone()), ..missing(id) }
    }

    /// A name under which an object stands in some tree, whether or not a commit leads there.
    pub fn a_name_of(&self, number: u32) -> Option<&BString> {
        let edge = edges_of(&self.trees.added, Target::Object(number)).next()?;
        Some(self.name(edge.2))
    }

    /// What could not be read of the trees, with their numbers.
    pub fn problems(&self) -> &[(u32, Problem)] {
        &self.trees.problems
    }
}

fn edges_of(edges: &[Edge], target: Target) -> impl Iterator<Item = &Edge> {
    let from = edges.partition_point(|edge| edge.0 < target);
    edges[from..].iter().take_while(move |edge| edge.0 == target)
}

/// The problem that an object is not there.
pub(super) fn missing(id: &ObjectId) -> Problem {
    Problem {
        path: None,
        kind: ProblemKind::Missing,
        detail: format!("object {id} is not in the object database"),
        help: "fetch it (in a partial clone `git fetch --refetch` does), or `git fsck` to see \
               what is lost"
            .to_owned(),
    }
}
