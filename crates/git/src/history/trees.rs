//! Which trees hold what, told from what changed in each tree against the one it builds on.
//!
//! All trees of a repository together name a hundred times more than there are objects, as each
//! repeats most of another. Along the deltas, an entry is parsed where it was inserted and carried
//! where it was copied. Of each tree only what it names beyond the one it builds on, and what of
//! that it names no more, is kept; from this, [`Sightings`] finds back up from an object to the
//! trees that hold it, and down again to paths.

use std::collections::HashMap;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use bstr::BString;
use gix::ObjectId;
use gix::hash::oid;
use leakgate_model::{Mode, Problem, ProblemKind};

use super::entries::{Below, Marks, Search, Where};
use super::ids::First;
use super::pack::NONE;
use super::{Bits, Broken, Copy, Decoded, History, Kind, Visit};
use crate::object::to_model_id;

/// What an entry of a tree can be searched for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    /// An object that is there, by its number.
    Object(u32),
    /// An id that is not there, by its place in the list of those.
    Missing(u32),
    /// A name, whatever stands under it, by its place in the list of names.
    Name(u32),
    /// A name that is odd as such, by its place in the list of names.
    Odd(u32),
    /// A mode and what stands under it, by their place in the list of those.
    Entry(u32),
}

/// What holds what: a target, the tree that names it, and the name it has there.
type Edge = (Target, u32, u32);

/// A tree, the name under which it holds something directly, and what.
pub(super) type Hold = (u32, u32, Target);

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
    /// Modes and ids of entries that were searched for.
    entries: Vec<(Mode, ObjectId)>,
    problems: Vec<(u32, Problem)>,
}

impl History<'_> {
    /// Reads all trees: where that stands which is searched for, and what is missing.
    pub fn sightings(
        &self,
        search: &Search<'_>,
        threads: usize,
        stop: &AtomicBool,
    ) -> Sightings<'_> {
        let lists = Lists::default();
        let new = |_| Reader {
            history: self,
            search,
            lists: &lists,
            numbers: Vec::new(),
            firsts: Vec::new(),
            names: HashMap::default(),
            trees: Trees::default(),
            folders: Vec::new(),
        };
        let mut readers: Vec<_> = (0..threads.max(1)).map(new).collect();
        self.walk(Kind::Tree, None, &mut readers, stop);
        let (mut added, mut removed, mut trees) = (Vec::new(), Vec::new(), Trees::default());
        let mut folders = Vec::new();
        for reader in readers {
            folders.extend(reader.folders);
            added.push(reader.trees.added);
            removed.push(reader.trees.removed);
            trees.problems.extend(reader.trees.problems);
        }
        trees.added = sorted(added);
        trees.removed = sorted(removed);
        let holds = self.in_folders(folders, search, &lists, threads, stop);
        trees.names = lists.names.into_list();
        trees.missing = lists.missing.into_list();
        trees.entries = lists.entries.into_list();
        Sightings::new(self, trees, holds, threads)
    }
}

/// Sorts lists, each on a thread, and makes one of them, which has each thing once.
fn sorted<T: Ord + Clone + Send>(mut lists: Vec<Vec<T>>) -> Vec<T> {
    match &mut lists[..] {
        [list] => list.sort_unstable(),
        _ => std::thread::scope(|scope| {
            for list in &mut lists {
                scope.spawn(|| list.sort_unstable());
            }
        }),
    }
    let mut lists = lists.into_iter();
    let mut all = lists.next().unwrap_or_default();
    lists.for_each(|list| all.extend(list));
    // This sort finds what is in order already, and only merges it.
    all.sort();
    all.dedup();
    all
}

/// Lists that all threads add to, each thing once.
#[derive(Default)]
pub(super) struct Lists {
    pub(super) names: Interner<BString>,
    missing: Interner<ObjectId>,
    pub(super) entries: Interner<(Mode, ObjectId)>,
}

pub(super) struct Interner<T>(Mutex<(HashMap<T, u32>, Vec<T>)>);

impl<T> Default for Interner<T> {
    fn default() -> Self {
        Self(Mutex::new((HashMap::new(), Vec::new())))
    }
}

impl<T: Clone + Eq + std::hash::Hash> Interner<T> {
    pub(super) fn place(&self, thing: T) -> u32 {
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
    kept: Vec<Kept>,
}

/// An entry that is searched for: where it begins, what it is, and its name.
type Kept = (u32, Target, u32);

/// What is known of a name.
#[derive(Clone, Copy)]
struct Name {
    is_odd: bool,
    marks: Marks,
    /// Its place in the list of names; [`NONE`] as long as it needs none.
    place: u32,
}

/// An entry that was not carried.
struct New<'t> {
    entry: Entry<'t>,
    /// Where it begins.
    at: u32,
    /// How many kept entries were carried before it.
    behind: usize,
}

struct Reader<'h> {
    history: &'h History<'h>,
    search: &'h Search<'h>,
    lists: &'h Lists,
    /// Numbers of new entries, and where they are looked for first.
    numbers: Vec<Option<u32>>,
    firsts: Vec<First>,
    /// What this thread knows of names. Names are hostile: the hash is seeded.
    names: HashMap<BString, Name, foldhash::fast::RandomState>,
    trees: Trees,
    /// Folders whose names make files in them count.
    folders: Vec<(u32, Below)>,
}

impl Visit for Reader<'_> {
    type Note = Note;

    fn visit(&mut self, object: &Decoded<'_, Note>) -> Note {
        let mut note = Note { starts: Vec::new(), kept: Vec::new() };
        let mut copies: &[Copy] = object.base.as_ref().map_or(&[], |base| base.copies);
        let mut new = Vec::new();
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
            let len = entry.len;
            new.push(New { entry, at: at as u32, behind: note.kept.len() });
            at += len;
        }
        note.starts.push(at as u32);
        if !new.is_empty() {
            note.kept = self.add(object.number, &new, &note.kept);
        }
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
    /// Adds what is kept of new entries to what was carried, and tells of it.
    fn add(&mut self, tree: u32, new: &[New<'_>], carried: &[Kept]) -> Vec<Kept> {
        let mut numbers = std::mem::take(&mut self.numbers);
        numbers.clear();
        self.history.find_all(new.iter().map(|new| new.entry.id), &mut self.firsts, &mut numbers);
        let mut kept = Vec::with_capacity(carried.len() + new.len());
        let mut done = 0;
        for (new, &number) in new.iter().zip(&numbers) {
            kept.extend_from_slice(&carried[done..new.behind]);
            done = new.behind;
            let first = kept.len();
            self.entry(&new.entry, number, new.at, &mut kept);
            let edges = kept[first..].iter();
            self.trees.added.extend(edges.map(|&(_, target, name)| (target, tree, name)));
        }
        kept.extend_from_slice(&carried[done..]);
        self.numbers = numbers;
        kept
    }

    /// Keeps an entry if it is a folder or searched for.
    fn entry(&mut self, entry: &Entry<'_>, number: Option<u32>, at: u32, kept: &mut Vec<Kept>) {
        let known = self.names.get(entry.name).copied();
        let name = known.unwrap_or_else(|| self.meet(entry.name));
        if name.is_odd {
            kept.push((at, Target::Name(name.place), name.place));
        }
        if self.search.marks.is_some() {
            self.mark(entry, number, name.marks, at, kept);
        }
        if entry.mode == b"160000" {
            return;
        }
        let target = match number {
            Some(number) if entry.is_tree() || (self.search.wanted)(number, entry.name) => {
                Target::Object(number)
            }
            Some(_) => return,
            None if entry.id.is_empty_tree() || entry.id.is_empty_blob() => return,
            None => Target::Missing(self.lists.missing.place(entry.id.to_owned())),
        };
        let place = if name.place == NONE { self.place(entry.name) } else { name.place };
        kept.push((at, target, place));
    }

    /// Keeps an entry, or notes a folder, if its name and mode make it count.
    fn mark(
        &mut self,
        entry: &Entry<'_>,
        number: Option<u32>,
        marks: Marks,
        at: u32,
        kept: &mut Vec<Kept>,
    ) {
        let is_tree = entry.is_tree();
        if is_tree && marks.below != Below::Nothing {
            self.folders.extend(number.map(|number| (number, marks.below)));
        }
        let mode = (!is_tree).then(|| entry.mode());
        let counts = mode.filter(|&mode| marks.place_of(mode) == Where::Anywhere);
        if counts.is_none() && !marks.is_odd {
            return;
        }
        let name = self.place(entry.name);
        if marks.is_odd {
            kept.push((at, Target::Odd(name), name));
        }
        if let Some(mode) = counts {
            let target = self.lists.entries.place((mode, entry.id.to_owned()));
            kept.push((at, Target::Entry(target), name));
        }
    }

    /// Looks at a name that is new to this thread.
    fn meet(&mut self, name: &bstr::BStr) -> Name {
        let is_odd = (self.search.is_odd)(name);
        let marks = self.search.marks.map_or(Marks::NONE, |marks| marks(name));
        self.names.insert(name.to_owned(), Name { is_odd, marks, place: NONE });
        let place = if is_odd { self.place(name) } else { NONE };
        Name { is_odd, marks, place }
    }

    /// The place of a known name in the list of names.
    fn place(&mut self, name: &bstr::BStr) -> u32 {
        let place = self.lists.names.place(name.to_owned());
        if let Some(known) = self.names.get_mut(name) {
            known.place = place;
        }
        place
    }
}

/// A line of a tree.
pub(super) struct Entry<'t> {
    mode: &'t [u8],
    pub(super) name: &'t bstr::BStr,
    pub(super) id: &'t oid,
    /// How many bytes it takes.
    pub(super) len: usize,
}

impl<'t> Entry<'t> {
    pub(super) fn parse(rest: &'t [u8], hash: gix::hash::Kind) -> Option<Self> {
        let space = rest.iter().take(8).position(|&byte| byte == b' ')?;
        let name = space + 1;
        let end = name + rest[name..].iter().position(|&byte| byte == 0)?;
        let len = end + 1 + hash.len_in_bytes();
        let id = oid::try_from_bytes(rest.get(end + 1..len)?).ok()?;
        Some(Self { mode: &rest[..space], name: rest[name..end].into(), id, len })
    }

    pub(super) fn is_tree(&self) -> bool {
        matches!(self.mode, b"40000" | b"040000")
    }

    pub(super) fn mode(&self) -> Mode {
        let digits = std::str::from_utf8(self.mode).ok();
        // What is no number is no mode that git writes either.
        Mode::from_git(digits.and_then(|digits| u32::from_str_radix(digits, 8).ok()).unwrap_or(0))
    }
}

/// Where everything that was searched for stands.
pub struct Sightings<'h> {
    history: &'h History<'h>,
    trees: Trees,
    /// What each tree holds of it, directly or not: the tree, the name, the target; sorted.
    holds: Vec<Hold>,
    /// For each number, where in `holds` its part begins; and where the last part ends.
    begins: Vec<u32>,
}

impl<'h> Sightings<'h> {
    fn new(history: &'h History<'h>, trees: Trees, found: Vec<Hold>, threads: usize) -> Self {
        let mut sightings = Self { history, trees, holds: Vec::new(), begins: Vec::new() };
        let holds = sightings.climb(found, threads);
        let mut at = 0;
        let begin = |number: usize| {
            at += holds[at..].iter().take_while(|&&(tree, ..)| (tree as usize) < number).count();
            at as u32
        };
        sightings.begins = (0..=history.len()).map(begin).collect();
        sightings.holds = holds;
        // From here on, only names of what was searched for are asked.
        sightings.trees.removed = Vec::new();
        sightings.trees.added.retain(|edge| !is_tree(history, edge.0));
        sightings.trees.added.shrink_to_fit();
        sightings
    }

    /// Climbs from what was searched for to the trees that hold it, then to those that hold them;
    /// of some of it that is known already.
    fn climb(&self, found: Vec<Hold>, threads: usize) -> Vec<Hold> {
        let mut seen = Bits::new(self.history.len());
        let targets = self.trees.added.iter().map(|edge| edge.0);
        let mut wave: Vec<Target> =
            targets.filter(|&target| !is_tree(self.history, target)).collect();
        wave.dedup();
        let known = found.iter().filter(|&&(tree, ..)| seen.insert(tree));
        wave.extend(known.map(|&(tree, ..)| Target::Object(tree)));
        let mut holds: Vec<Vec<_>> = vec![Vec::new(); threads.max(1)];
        holds[0] = found;
        while !wave.is_empty() {
            let found = self.holders(&wave, threads);
            let trees = found.iter().flatten().map(|&(tree, ..)| tree);
            wave = trees.filter(|&tree| seen.insert(tree)).map(Target::Object).collect();
            wave.sort_unstable();
            holds.iter_mut().zip(found).for_each(|(holds, found)| holds.extend(found));
        }
        sorted(holds)
    }

    /// What holds some targets directly, in no order.
    fn holders(&self, targets: &[Target], threads: usize) -> Vec<Vec<Hold>> {
        let next = AtomicUsize::new(0);
        let run = || {
            let mut holds = Vec::new();
            loop {
                let from = next.fetch_add(TARGETS, Ordering::Relaxed);
                let Some(part) = targets.get(from..) else { return holds };
                part.iter().take(TARGETS).for_each(|&target| self.hold(target, &mut holds));
            }
        };
        if threads == 1 || targets.len() <= TARGETS {
            return vec![run()];
        }
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..threads).map(|_| scope.spawn(run)).collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic)))
                .collect()
        })
    }

    /// The trees that hold a target: those that name it first, and what builds on them, as long as
    /// it does not name it no more.
    fn hold(&self, target: Target, holds: &mut Vec<Hold>) {
        let removed = edges_of(&self.trees.removed, target);
        let mut lineage = Vec::new();
        for &(_, tree, name) in edges_of(&self.trees.added, target) {
            lineage.push(tree);
            while let Some(tree) = lineage.pop() {
                holds.push((self.history.canonical(tree), name, target));
                let heirs = self.history.children(tree);
                lineage.extend(
                    heirs.filter(|&heir| removed.binary_search(&(target, heir, name)).is_err()),
                );
            }
        }
    }

    /// What a tree holds directly: itself, names and targets.
    pub(super) fn held_by(&self, tree: u32) -> &[Hold] {
        let [from, to] = [tree, tree + 1].map(|number| self.begins[number as usize] as usize);
        &self.holds[from..to]
    }

    pub(super) fn object_count(&self) -> usize {
        self.history.len()
    }

    pub(super) fn name(&self, name: u32) -> &BString {
        &self.trees.names[name as usize]
    }

    /// The modes and ids of the entries that were searched for.
    pub fn entries(&self) -> impl Iterator<Item = (Mode, leakgate_model::ObjectId)> {
        self.trees.entries.iter().map(|(mode, id)| (*mode, to_model_id(id)))
    }

    /// The problem that something is not there.
    pub fn missing_problem(&self, place: u32, path: &BString) -> Problem {
        let id = &self.trees.missing[place as usize];
        Problem { path: Some(path.clone()), ..missing(id) }
    }

    /// The names under which an object stands in some tree, whether or not a commit leads there.
    pub fn names_of(&self, number: u32) -> impl Iterator<Item = &BString> {
        let edges = edges_of(&self.trees.added, Target::Object(number));
        edges.iter().map(|edge| self.name(edge.2))
    }

    /// What could not be read of the trees, with their numbers.
    pub fn problems(&self) -> &[(u32, Problem)] {
        &self.trees.problems
    }
}

fn is_tree(history: &History<'_>, target: Target) -> bool {
    matches!(target, Target::Object(number) if history.kind(number) == Some(Kind::Tree))
}

/// A thread takes so many targets at a time.
const TARGETS: usize = 64;

fn edges_of(edges: &[Edge], target: Target) -> &[Edge] {
    let from = edges.partition_point(|edge| edge.0 < target);
    let rest = &edges[from..];
    // Few edges have the same target: the end is near.
    &rest[..rest.iter().take_while(|edge| edge.0 == target).count()]
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
