//! Which commits are reachable from some and not from others, newest first, as git would say.
//!
//! Only as much of the hidden side is read as is needed to be sure, so that a push of one commit
//! onto a long history reads a handful. Where clocks were wrong a hidden commit may be listed all
//! the same: that scans more than was asked for, never less.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};

use gix::ObjectId;
use gix::bstr::ByteSlice as _;
use gix::objs::Kind;

use crate::objects::Objects;

/// What of a commit the walk needs.
#[derive(Debug, Clone)]
pub(crate) struct Commit {
    pub(crate) id: ObjectId,
    pub(crate) tree: ObjectId,
    pub(crate) parents: Vec<ObjectId>,
    time: i64,
}

/// The listed commits and those that should have been.
#[derive(Debug, Default)]
pub(crate) struct Walk {
    /// Oldest first: a child never before its parent, if their clocks were right.
    pub(crate) commits: Vec<Commit>,
    /// Parents that could not be read, each with the reason.
    pub(crate) unreadable: Vec<(ObjectId, Unreadable)>,
    /// Listed commits whose parents a shallow clone has left out.
    pub(crate) cut: Vec<ObjectId>,
}

/// Why a commit could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Unreadable {
    Missing,
    Corrupt(String),
}

/// Hidden commits that are read on after the first sign that no other will be hidden.
const SLOP: u32 = 5;

/// Walks from `tips`, leaving out what is reachable from `hidden`. Hidden commits that are not
/// there hide nothing.
pub(crate) fn walk(
    objects: &Objects,
    tips: &[ObjectId],
    hidden: &[ObjectId],
    shallow: &HashSet<ObjectId>,
) -> Walk {
    let mut walker = Walker::new(objects, shallow);
    hidden.iter().for_each(|&id| walker.push(id, Side::Hidden));
    tips.iter().for_each(|&id| walker.push(id, Side::Listed));
    walker.run();
    walker.finish()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Listed,
    Hidden,
}

struct Node {
    commit: Commit,
    side: Side,
    queued: bool,
}

struct Walker<'w> {
    objects: &'w Objects,
    shallow: &'w HashSet<ObjectId>,
    nodes: HashMap<ObjectId, Node>,
    /// By time, newest first; of one time, in the order they were met.
    queue: BinaryHeap<(i64, Reverse<usize>, ObjectId)>,
    met: usize,
    /// How many of the queue are not hidden.
    open: usize,
    listed: Vec<ObjectId>,
    unreadable: Vec<(ObjectId, Unreadable)>,
    /// The same, to be looked up.
    absent: HashSet<ObjectId>,
}

impl<'w> Walker<'w> {
    fn new(objects: &'w Objects, shallow: &'w HashSet<ObjectId>) -> Self {
        Self {
            objects,
            shallow,
            nodes: HashMap::new(),
            queue: BinaryHeap::new(),
            met: 0,
            open: 0,
            listed: Vec::new(),
            unreadable: Vec::new(),
            absent: HashSet::new(),
        }
    }

    fn push(&mut self, id: ObjectId, side: Side) {
        if self.nodes.contains_key(&id) {
            if side == Side::Hidden {
                self.hide(id);
            }
            return;
        }
        match read(self.objects, id) {
            Ok(commit) => {
                self.queue.push((commit.time, Reverse(self.met), id));
                self.met += 1;
                self.open += usize::from(side == Side::Listed);
                self.nodes.insert(id, Node { commit, side, queued: true });
            }
            Err(_) if side == Side::Hidden => {}
            Err(why) => {
                if self.absent.insert(id) {
                    self.unreadable.push((id, why));
                }
            }
        }
    }

    /// Hides a commit that was met before, and what it made listed.
    fn hide(&mut self, id: ObjectId) {
        let mut pending = vec![id];
        while let Some(id) = pending.pop() {
            let Some(node) = self.nodes.get_mut(&id) else { continue };
            if node.side == Side::Listed {
                node.side = Side::Hidden;
                pending.extend_from_slice(&node.commit.parents);
                self.open -= usize::from(node.queued);
            }
        }
    }

    fn run(&mut self) {
        let mut slop = SLOP;
        while let Some(&(time, _, id)) = self.queue.peek() {
            if self.open == 0 {
                let oldest = self.listed.last().map(|id| self.nodes[id].commit.time);
                // While the hidden side is newer than what is listed, it may yet meet it.
                match oldest {
                    None => return,
                    Some(oldest) if oldest <= time => slop = SLOP,
                    Some(_) if slop == 0 => return,
                    Some(_) => slop -= 1,
                }
            }
            self.queue.pop();
            let Some(node) = self.nodes.get_mut(&id) else { continue };
            node.queued = false;
            let (side, parents) = (node.side, node.commit.parents.clone());
            if side == Side::Listed {
                self.open -= 1;
                self.listed.push(id);
            }
            if !self.shallow.contains(&id) {
                parents.into_iter().for_each(|parent| self.push(parent, side));
            }
        }
    }

    fn finish(mut self) -> Walk {
        let mut walk = Walk::default();
        for id in self.listed.iter().rev() {
            let Some(node) = self.nodes.remove(id).filter(|node| node.side == Side::Listed) else {
                continue;
            };
            let mut commit = node.commit;
            if self.shallow.contains(id) && !commit.parents.is_empty() {
                commit.parents.clear();
                walk.cut.push(*id);
            }
            walk.commits.push(commit);
        }
        walk.unreadable = self.unreadable;
        walk
    }
}

/// Reads a commit.
pub(crate) fn read(objects: &Objects, id: ObjectId) -> Result<Commit, Unreadable> {
    let mut buffer = Vec::new();
    match objects.get(id, &mut buffer).map_err(Unreadable::Corrupt)? {
        None => Err(Unreadable::Missing),
        Some(Kind::Commit) => parse(id, &buffer)
            .ok_or_else(|| Unreadable::Corrupt("it names no tree or no time".to_owned())),
        Some(kind) => Err(Unreadable::Corrupt(format!("it is a {kind}, not a commit"))),
    }
}

/// Takes the lines it needs and passes over the rest, whatever that is.
fn parse(id: ObjectId, raw: &[u8]) -> Option<Commit> {
    let mut tree = None;
    let mut parents = Vec::new();
    let mut time = None;
    for line in raw.lines().take_while(|line| !line.is_empty()) {
        if let Some(hex) = line.strip_prefix(b"tree ") {
            tree = tree.or(ObjectId::from_hex(hex).ok());
        } else if let Some(hex) = line.strip_prefix(b"parent ") {
            parents.push(ObjectId::from_hex(hex).ok()?);
        } else if let Some(who) = line.strip_prefix(b"committer ") {
            time = time.or(seconds(who));
        }
    }
    // A commit without a readable time is still one; it only sorts badly.
    Some(Commit { id, tree: tree?, parents, time: time.unwrap_or(0) })
}

/// "A U Thor <author@example.com> 1700000000 +0100"
fn seconds(who: &[u8]) -> Option<i64> {
    let (_, after) = who.rsplit_once_str(">")?;
    std::str::from_utf8(after.trim().split_str(" ").next()?).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(digit: char) -> ObjectId {
        ObjectId::from_hex(digit.to_string().repeat(40).as_bytes()).expect("an id")
    }

    #[test]
    fn the_lines_of_a_commit() {
        let raw = format!(
            "tree {}\nparent {}\nparent {}\nauthor A <a> 1 +0000\ncommitter B > <b> 23 +0100\n\
             gpgsig x\n y\n\ntree of the message\nparent too\n",
            id('1'),
            id('2'),
            id('3')
        );
        let commit = parse(id('9'), raw.as_bytes()).expect("a commit");
        assert_eq!((commit.tree, commit.time), (id('1'), 23));
        assert_eq!(commit.parents, [id('2'), id('3')]);
    }

    #[test]
    fn what_is_no_commit() {
        for raw in ["", "\n", "tree 12\n\n", "parent x\n\n", "tree \n"] {
            assert!(parse(id('9'), raw.as_bytes()).is_none(), "{raw:?}");
        }
        let odd = format!("tree {}\ncommitter nobody\n\n", id('1'));
        assert_eq!(parse(id('9'), odd.as_bytes()).expect("a commit").time, 0);
    }
}
