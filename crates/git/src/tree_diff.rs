//! The difference of two trees, subtrees of one id passed over unread.

use std::cmp::Ordering;
use std::collections::HashMap;

use gix::ObjectId;
use gix::bstr::{BStr, BString, ByteVec as _};
use gix::objs::FindExt as _;
use gix::objs::tree::EntryRef;

use crate::staged::Changed;

/// What two trees differ in.
#[derive(Debug, Default)]
pub(crate) struct Difference {
    /// Paths of the new tree, sorted by git's order.
    pub(crate) changed: Vec<Changed>,
    /// Files and folders that only the old tree has: path, mode, id.
    pub(crate) removed: Vec<(BString, u32, ObjectId)>,
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
    let (mut old_buffer, mut new_buffer) = (Vec::new(), Vec::new());
    let mut pending = vec![(prefix.to_owned(), old, new)];
    while let Some((prefix, old, new)) = pending.pop() {
        if old == new {
            continue;
        }
        if prefix.len() > DEEPEST {
            let why = "its path is longer than git allows".to_owned();
            return Err(TreeError { path: prefix, missing: false, why });
        }
        let old = entries(objects, &prefix, old, &mut old_buffer)?;
        let new = entries(objects, &prefix, new, &mut new_buffer)?;
        merge(&prefix, &old, &new, into, &mut pending);
    }
    Ok(())
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

/// Git sorts a folder as if its name ended in a slash.
fn order(one: &EntryRef<'_>, other: &EntryRef<'_>) -> Ordering {
    if one.filename == other.filename && one.mode.is_tree() == other.mode.is_tree() {
        return Ordering::Equal;
    }
    let end = |entry: &EntryRef<'_>| if entry.mode.is_tree() { b"/".as_slice() } else { b"" };
    let ours = one.filename.iter().chain(end(one));
    ours.cmp(other.filename.iter().chain(end(other)))
}

/// Reads one tree; `None` is the empty one.
pub(crate) fn read(
    objects: &impl gix::objs::Find,
    path: &BString,
    id: Option<ObjectId>,
) -> Result<Vec<Line>, TreeError> {
    let mut buffer = Vec::new();
    let entries = entries(objects, path, id, &mut buffer)?;
    let line = |entry: &EntryRef<'_>| Line {
        name: entry.filename.to_owned(),
        mode: u32::from(entry.mode.value()),
        id: entry.oid.to_owned(),
    };
    Ok(entries.iter().map(line).collect())
}

/// The same, with names that stand in the buffer.
fn entries<'b>(
    objects: &impl gix::objs::Find,
    path: &BString,
    id: Option<ObjectId>,
    buffer: &'b mut Vec<u8>,
) -> Result<Vec<EntryRef<'b>>, TreeError> {
    let Some(id) = id.filter(|id| !id.is_empty_tree()) else { return Ok(Vec::new()) };
    let failed = |missing: bool, why: String| TreeError { path: path.clone(), missing, why };
    let tree = objects.find_tree_iter(&id, buffer).map_err(|error| {
        let missing = matches!(objects.try_find(&id, &mut Vec::new()), Ok(None));
        failed(missing, format!("could not read tree {id}: {error}"))
    })?;
    tree.collect::<Result<_, _>>()
        .map_err(|error| failed(false, format!("could not decode tree {id}: {error}")))
}

fn merge(
    prefix: &BString,
    old: &[EntryRef<'_>],
    new: &[EntryRef<'_>],
    into: &mut Difference,
    pending: &mut Vec<(BString, Option<ObjectId>, Option<ObjectId>)>,
) {
    let (mut old, mut new) = (old.iter().peekable(), new.iter().peekable());
    loop {
        let order = match (old.peek(), new.peek()) {
            (None, None) => return,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(old), Some(new)) => order(old, new),
        };
        let before = if order == Ordering::Greater { None } else { old.next() };
        let after = if order == Ordering::Less { None } else { new.next() };
        let Some(entry) = after.or(before).filter(|_| before != after) else { continue };
        let path = join(prefix, entry.filename);
        let id = |entry: &EntryRef<'_>| entry.oid.to_owned();
        let mode = |entry: &EntryRef<'_>| u32::from(entry.mode.value());
        match (before, after) {
            (Some(before), Some(after)) if before.mode.is_tree() => {
                pending.push((path, Some(id(before)), Some(id(after))));
            }
            (None, Some(after)) if after.mode.is_tree() => {
                pending.push((path, None, Some(id(after))));
            }
            (before, Some(after)) => {
                let previous = before.map(|before| (mode(before), id(before)));
                into.changed.push(Changed::new(path, mode(after), id(after), previous));
            }
            (Some(before), None) => into.removed.push((path, mode(before), id(before))),
            (None, None) => {}
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
