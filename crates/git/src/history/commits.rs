//! The graph of commits, and what commits and tags say.

use std::collections::HashMap;
use std::sync::atomic::AtomicBool;

use bstr::BString;
use gix::ObjectId;
use gix::bstr::ByteSlice as _;
use leakgate_model::{Deed, Problem};

use super::{Bits, Broken, Decoded, History, Kind, Visit};

/// A commit, as far as attribution needs it.
#[derive(Debug, Clone)]
pub struct Commit {
    /// Its number among the objects.
    pub number: u32,
    /// The number of its tree, if that is there.
    pub tree: Option<u32>,
    /// When it was committed, in seconds since 1970.
    pub time: i64,
    /// Where its parents begin in the list of all, and how many there are.
    first_parent: u32,
    parent_count: u32,
}

/// All commits of a repository.
#[derive(Default)]
pub struct Graph {
    /// In the order of their numbers.
    pub commits: Vec<Commit>,
    /// What could not be read.
    pub problems: Vec<Problem>,
    /// The numbers of the parents that are there, commit by commit.
    parents: Vec<u32>,
    /// Ids of trees and parents that are not there, with the number of the commit.
    missing: Vec<(u32, ObjectId)>,
    /// The target of each tag object.
    tags: HashMap<u32, Option<u32>>,
}

/// Looks at the raw commits and tags of one thread.
pub trait Message: Send {
    /// Called for each commit and tag, in no order.
    fn look(&mut self, number: u32, kind: Kind, raw: &[u8]);
}

impl History<'_> {
    /// Reads all commits and tags, and shows each to one of the lookers, one of each thread.
    pub fn graph<M: Message>(&self, lookers: &mut [M], stop: &AtomicBool) -> Graph {
        let mut graph = Graph::default();
        for kind in [Kind::Commit, Kind::Tag] {
            let new = |looker| Reader { history: self, looker, kind, read: Graph::default() };
            let mut readers: Vec<_> = lookers.iter_mut().map(new).collect();
            self.walk(kind, None, &mut readers, stop);
            readers.into_iter().for_each(|reader| graph.append(reader.read));
        }
        graph.commits.sort_unstable_by_key(|commit| commit.number);
        graph.commits.dedup_by_key(|commit| commit.number);
        graph
    }
}

impl Graph {
    fn append(&mut self, other: Self) {
        let first = self.parents.len() as u32;
        self.parents.extend(other.parents);
        self.commits.reserve_exact(other.commits.len());
        self.commits.extend(
            other
                .commits
                .into_iter()
                .map(|commit| Commit { first_parent: first + commit.first_parent, ..commit }),
        );
        self.missing.extend(other.missing);
        self.tags.extend(other.tags);
        self.problems.extend(other.problems);
    }

    /// The numbers of a commit's parents, as far as they are there.
    pub fn parents(&self, commit: &Commit) -> &[u32] {
        &self.parents[commit.first_parent as usize..][..commit.parent_count as usize]
    }

    /// The place of a commit among the commits.
    pub fn place(&self, number: u32) -> Option<usize> {
        self.commits.binary_search_by_key(&number, |commit| commit.number).ok()
    }

    /// Follows a tag to what it points to, and tells the tags on the way.
    pub fn peel(&self, mut number: u32) -> (Option<u32>, Vec<u32>) {
        let mut tags = Vec::new();
        while let Some(target) = self.tags.get(&number) {
            tags.push(number);
            match target {
                // A tag cannot point to itself: its id is a hash of where it points.
                Some(target) if tags.len() <= self.tags.len() => number = *target,
                _ => return (None, tags),
            }
        }
        (Some(number), tags)
    }

    /// The places of the commits that can be reached from some commits, by their numbers.
    pub fn reachable(&self, from: impl IntoIterator<Item = u32>) -> Bits {
        let mut reached = Bits::new(self.commits.len());
        let mut stack: Vec<usize> = from.into_iter().filter_map(|n| self.place(n)).collect();
        while let Some(place) = stack.pop() {
            if reached.insert(place as u32) {
                let parents = self.parents(&self.commits[place]).iter();
                stack.extend(parents.filter_map(|&parent| self.place(parent)));
            }
        }
        reached
    }

    /// Ids that these commits name and that are not in the database, each with the commit's place.
    pub fn missing(&self, reached: &Bits) -> impl Iterator<Item = (usize, &ObjectId)> {
        let named = self.missing.iter().filter_map(|(number, id)| Some((self.place(*number)?, id)));
        named.filter(|&(place, _)| reached.has(place as u32))
    }
}

struct Reader<'h, M> {
    history: &'h History<'h>,
    looker: &'h mut M,
    kind: Kind,
    read: Graph,
}

impl<M: Message> Visit for Reader<'_, M> {
    type Note = ();

    fn visit(&mut self, object: &Decoded<'_, ()>) {
        let number = self.history.canonical(object.number);
        if number != object.number {
            return;
        }
        self.looker.look(number, self.kind, object.content);
        let read = match self.kind {
            Kind::Tag => self.tag(number, object.content),
            _ => self.commit(number, object.content),
        };
        if read.is_none() {
            self.broken(number, Broken::Corrupt);
        }
    }

    fn broken(&mut self, number: u32, why: Broken) {
        self.read.problems.push(self.history.broken_problem(number, why));
    }
}

impl<M> Reader<'_, M> {
    fn commit(&mut self, number: u32, raw: &[u8]) -> Option<()> {
        let mut lines = raw.lines();
        let tree = self.named(lines.next()?, b"tree ")?;
        // The empty tree need not be stored.
        let tree =
            if tree.is_empty_tree() { self.history.find(&tree) } else { self.there(number, tree) };
        let first_parent = self.read.parents.len() as u32;
        let mut time = 0;
        for line in lines.take_while(|line| !line.is_empty()) {
            if let Some(parent) = self.named(line, b"parent ") {
                let parent = self.there(number, parent);
                self.read.parents.extend(parent);
            } else if let Some(committer) = line.strip_prefix(b"committer ") {
                time = time_of(committer).unwrap_or(0);
                break;
            }
        }
        let parent_count = self.read.parents.len() as u32 - first_parent;
        self.read.commits.push(Commit { number, tree, time, first_parent, parent_count });
        Some(())
    }

    /// The number of an object that a commit names, which should be there.
    fn there(&mut self, commit: u32, id: ObjectId) -> Option<u32> {
        let found = self.history.find(&id);
        if found.is_none() {
            self.read.missing.push((commit, id));
        }
        found
    }

    fn tag(&mut self, number: u32, raw: &[u8]) -> Option<()> {
        let target = self.named(raw.lines().next()?, b"object ")?;
        let target = self.history.find(&target);
        self.read.tags.insert(number, target);
        Some(())
    }

    fn named(&self, line: &[u8], label: &[u8]) -> Option<ObjectId> {
        let hex = line.strip_prefix(label)?;
        ObjectId::from_hex(hex).ok().filter(|id| id.kind() == self.history.hash)
    }
}

impl History<'_> {
    /// A commit's id and author; `None` if it cannot be read.
    pub fn deed(&self, number: u32) -> Option<Deed> {
        let id = self.oid(number).to_owned();
        let local = self.repository.local();
        let object = local.find_object(id).ok()?;
        let label: &[u8] =
            if object.kind == gix::objs::Kind::Tag { b"tagger " } else { b"author " };
        let line = object.data.lines().take_while(|line| !line.is_empty());
        let person = line.filter_map(|line| line.strip_prefix(label)).next()?;
        let end = person.rfind_byte(b'>')? + 1;
        let author = BString::from(&person[..end]);
        let offset = person[end..].fields().nth(1).and_then(offset_of).unwrap_or(0);
        let seconds = time_of(person).unwrap_or(0);
        Some(Deed { commit: self.id(number), author, seconds, offset })
    }
}

/// The seconds of `+0130`.
fn offset_of(zone: &[u8]) -> Option<i32> {
    let number: i32 = std::str::from_utf8(zone).ok()?.parse().ok()?;
    Some((number / 100 * 60 + number % 100).clamp(-1440, 1440) * 60)
}

/// The seconds of `Name <mail> 1700000000 +0100`.
fn time_of(person: &[u8]) -> Option<i64> {
    let rest = &person[person.rfind_byte(b'>')? + 1..];
    let seconds = rest.fields().next()?;
    std::str::from_utf8(seconds).ok()?.parse().ok()
}
