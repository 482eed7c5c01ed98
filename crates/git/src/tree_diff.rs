//! The difference of two trees, subtrees of one id passed over unread.

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use gix::ObjectId;
use gix::bstr::{BStr, BString, ByteVec as _};
use gix::objs::tree::EntryRef;
use gix::objs::{FindExt as _, TreeRefIter};

use crate::staged::Changed;

/// What two trees differ in.
#[derive(Debug, Default)]
pub(crate) struct Difference {
    /// Paths of the new tree, sorted by git's order.
    pub(crate) changed: Vec<Changed>,
    /// Files and folders that only the old tree has: path, mode, id.
    pub(crate) removed: Vec<(BString, u32, ObjectId)>,
    /// Trees of the old side that were read on the way and can be, for whoever looks at what is
    /// beside the change. Not all of them, where there are many.
    pub(crate) trees: Trees,
}

/// The bytes of trees by the paths of their folders.
pub(crate) type Trees = HashMap<BString, Arc<Vec<u8>>>;

/// More trees are not kept.
const MOST_TREES: usize = 1024;

impl Difference {
    fn keep(&mut self, folder: &BString, id: Option<ObjectId>, raw: Vec<u8>) {
        if id.is_some() && self.trees.len() < MOST_TREES {
            self.trees.insert(folder.clone(), Arc::new(raw));
        }
    }
}

/// A tree object that could not be read.
#[derive(Debug)]
pub(crate) struct TreeError {
    pub(crate) path: BString,
    pub(crate) missing: bool,
    pub(crate) why: String,
}

/// Git refuses to write deeper trees; a bomb would have them.
const DEEPEST: usize = 4096;

/// Folders inside each other whose files are still counted when they are deleted.
const DEEPEST_COUNTED: usize = 256;

/// Compares the trees below `prefix`; `None` is the empty tree.
pub(crate) fn diff(
    objects: &impl gix::objs::Find,
    prefix: &BStr,
    old: Option<ObjectId>,
    new: Option<ObjectId>,
    into: &mut Difference,
) -> Result<(), TreeError> {
    let mut pending = vec![(prefix.to_owned(), old, new)];
    let mut width = Width::default();
    while let Some((prefix, old, new)) = pending.pop() {
        if old == new {
            continue;
        }
        if prefix.len() > DEEPEST {
            let why = "its path is longer than git allows".to_owned();
            return Err(TreeError { path: prefix, missing: false, why });
        }
        let (old_raw, new_raw) = (raw(objects, &prefix, old)?, raw(objects, &prefix, new)?);
        let (old_lines, new_lines) =
            (lines(&old_raw, &prefix, old)?, lines(&new_raw, &prefix, new)?);
        if !width.takes(old, old_lines.len()) || !width.takes(new, new_lines.len()) {
            let why = "the trees make more paths than can be followed".to_owned();
            return Err(TreeError { path: prefix, missing: false, why });
        }
        merge(&prefix, &old_lines, &new_lines, into, &mut pending);
        into.keep(&prefix, old, old_raw);
    }
    Ok(())
}

/// How many lines the trees on the way have, and those that were met for the first time.
#[derive(Default)]
struct Width {
    met: HashSet<ObjectId>,
    new: usize,
    all: usize,
}

/// Trees that name each other many times make more paths than any repository has: few trees stand
/// under many paths, but for so many lines.
const PATHS_PER_LINE: usize = 16;
const MORE_PATHS: usize = 100_000;

impl Width {
    /// Counts the lines of a tree. Returns false if they are more than in any repository.
    fn takes(&mut self, tree: Option<ObjectId>, lines: usize) -> bool {
        self.all += lines;
        if tree.is_some_and(|id| self.met.insert(id)) {
            self.new += lines;
        }
        self.all <= MORE_PATHS + PATHS_PER_LINE * self.new
    }
}

/// One line of a tree: name, mode, id.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) name: BString,
    pub(crate) mode: u32,
    pub(crate) id: ObjectId,
}

pub(crate) const TREE_MODE: u32 = 0o040_000;

impl Line {
    pub(crate) fn is_tree(&self) -> bool {
        self.mode == TREE_MODE
    }
}

fn is_tree(line: &EntryRef<'_>) -> bool {
    u32::from(line.mode.value()) == TREE_MODE
}

/// Git sorts a folder as if its name ended in a slash.
fn order(one: &EntryRef<'_>, other: &EntryRef<'_>) -> Ordering {
    let end = |line: &EntryRef<'_>| if is_tree(line) { b"/".as_slice() } else { b"" };
    let shorter = one.filename.len().min(other.filename.len());
    // Mostly the names differ before either ends.
    match one.filename[..shorter].cmp(&other.filename[..shorter]) {
        Ordering::Equal => {
            let rest = |line: &EntryRef<'_>| [&line.filename[shorter..], end(line)].concat();
            rest(one).cmp(&rest(other))
        }
        order => order,
    }
}

/// Reads one tree; `None` is the empty one.
pub(crate) fn read(
    objects: &impl gix::objs::Find,
    path: &BString,
    id: Option<ObjectId>,
) -> Result<Vec<Line>, TreeError> {
    let raw = raw(objects, path, id)?;
    Ok(lines(&raw, path, id)?.iter().map(line).collect())
}

/// As [`read`], and keeps the tree for whoever looks beside the change.
pub(crate) fn read_old(
    objects: &impl gix::objs::Find,
    path: &BString,
    id: Option<ObjectId>,
    into: &mut Difference,
) -> Result<Vec<Line>, TreeError> {
    let raw = raw(objects, path, id)?;
    let read = lines(&raw, path, id)?.iter().map(line).collect();
    into.keep(path, id, raw);
    Ok(read)
}

fn line(entry: &EntryRef<'_>) -> Line {
    Line {
        name: entry.filename.to_owned(),
        mode: u32::from(entry.mode.value()),
        id: entry.oid.to_owned(),
    }
}

/// The bytes of one tree.
fn raw(
    objects: &impl gix::objs::Find,
    path: &BString,
    id: Option<ObjectId>,
) -> Result<Vec<u8>, TreeError> {
    let mut buffer = Vec::new();
    let Some(id) = id.filter(|id| !id.is_empty_tree()) else { return Ok(buffer) };
    match objects.find_tree_iter(&id, &mut buffer).map(|_| ()) {
        Ok(()) => Ok(buffer),
        Err(error) => {
            let missing = matches!(objects.try_find(&id, &mut Vec::new()), Ok(None));
            let why = format!("could not read tree {id}: {error}");
            Err(TreeError { path: path.clone(), missing, why })
        }
    }
}

/// The lines of a tree, none of which is copied.
fn lines<'t>(
    raw: &'t [u8],
    path: &BString,
    id: Option<ObjectId>,
) -> Result<Vec<EntryRef<'t>>, TreeError> {
    let Some(id) = id else { return Ok(Vec::new()) };
    let mut lines = Vec::with_capacity(raw.len() / 32);
    for line in TreeRefIter::from_bytes(raw, id.kind()) {
        lines.push(line.map_err(|error| {
            let why = format!("could not decode tree {id}: {error}");
            TreeError { path: path.clone(), missing: false, why }
        })?);
    }
    Ok(lines)
}

fn merge(
    prefix: &BString,
    old: &[EntryRef<'_>],
    new: &[EntryRef<'_>],
    into: &mut Difference,
    pending: &mut Vec<(BString, Option<ObjectId>, Option<ObjectId>)>,
) {
    let mode = |line: &EntryRef<'_>| u32::from(line.mode.value());
    let id = |line: &EntryRef<'_>| line.oid.to_owned();
    let (mut old, mut new) = (old.iter().peekable(), new.iter().peekable());
    loop {
        let order = match (old.peek(), new.peek()) {
            (None, None) => return,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            // Most lines are the same on both sides.
            (Some(old), Some(new)) if old.filename == new.filename && old.mode == new.mode => {
                Ordering::Equal
            }
            (Some(old), Some(new)) => order(old, new),
        };
        let before = if order == Ordering::Greater { None } else { old.next() };
        let after = if order == Ordering::Less { None } else { new.next() };
        if before.is_some_and(|before| {
            after.is_some_and(|after| before.oid == after.oid && before.mode == after.mode)
        }) {
            continue;
        }
        let Some(line) = after.or(before) else { return };
        let path = join(prefix, line.filename);
        match (before, after) {
            (Some(before), Some(after)) if is_tree(before) => {
                pending.push((path, Some(id(before)), Some(id(after))));
            }
            (None, Some(after)) if is_tree(after) => {
                pending.push((path, None, Some(id(after))));
            }
            (before, Some(after)) => {
                let previous = before.map(|before| (mode(before), id(before)));
                into.changed.push(Changed::new(path, mode(after), id(after), previous));
            }
            (Some(before), None) => into.removed.push((path, mode(before), id(before))),
            (None, None) => return,
        }
    }
}

/// How many files these paths stand for, those in folders counted. Each tree is read once, so
/// that one which repeats itself is no bomb; one that cannot be read counts as nothing.
pub(crate) fn count_files(
    objects: &impl gix::objs::Find,
    paths: &[(BString, u32, ObjectId)],
) -> u64 {
    let mut known = HashMap::new();
    let one = |(_, mode, id): &(BString, u32, ObjectId)| match *mode {
        TREE_MODE => count_in(objects, *id, 0, &mut known),
        _ => 1,
    };
    paths.iter().map(one).fold(0, u64::saturating_add)
}

fn count_in(
    objects: &impl gix::objs::Find,
    tree: ObjectId,
    depth: usize,
    known: &mut HashMap<ObjectId, u64>,
) -> u64 {
    if let Some(&count) = known.get(&tree) {
        return count;
    }
    if depth > DEEPEST_COUNTED {
        return 0;
    }
    let lines = read(objects, &BString::default(), Some(tree)).unwrap_or_default();
    let count = lines.iter().fold(0_u64, |sum, line| {
        let files = if line.is_tree() { count_in(objects, line.id, depth + 1, known) } else { 1 };
        sum.saturating_add(files)
    });
    known.insert(tree, count);
    count
}

/// `prefix/name`, or `name` at the root.
pub(crate) fn join(prefix: &BString, name: &BStr) -> BString {
    let mut path = prefix.clone();
    if !path.is_empty() {
        path.push_byte(b'/');
    }
    path.push_str(name);
    path
}
