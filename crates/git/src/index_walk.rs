//! Compares the entries of a decoded index with a tree, for an index whose cache tree is not
//! up to date: after `git add` by hand, or when only some paths are committed.
//!
//! Where the cache tree knows a folder's id and it is the one in the tree, the folder is passed over.

use std::collections::HashMap;

use gix::ObjectId;
use gix::bstr::{BString, ByteSlice as _};
use gix::index::entry::Flags;
use gix::index::extension::Tree;
use leakgate_model::Skip;

use crate::staged::Changed;
use crate::tree_diff::{self, Difference, Line, TREE_MODE, TreeError};

/// What the walk saw beside the difference.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) difference: Difference,
    pub(crate) skipped: Vec<(BString, Skip)>,
    /// Paths in conflict, each once.
    pub(crate) conflicts: Vec<BString>,
}

/// A folder of the index: its entries, and the tree to compare them with.
struct Folder<'a> {
    entries: std::ops::Range<usize>,
    path: BString,
    cached: Option<&'a Tree>,
    tree: Option<ObjectId>,
}

/// Compares a whole index with a tree; `None` is the empty tree.
pub(crate) fn walk(
    objects: &impl gix::objs::Find,
    index: &gix::index::State,
    tree: Option<ObjectId>,
) -> Result<Seen, TreeError> {
    let mut seen = Seen::default();
    let root = Folder {
        entries: 0..index.entries().len(),
        path: BString::default(),
        cached: index.tree(),
        tree,
    };
    let mut pending = vec![root];
    while let Some(folder) = pending.pop() {
        one_folder(objects, index, &folder, &mut seen, &mut pending)?;
    }
    Ok(seen)
}

fn one_folder<'a>(
    objects: &impl gix::objs::Find,
    index: &'a gix::index::State,
    folder: &Folder<'a>,
    seen: &mut Seen,
    pending: &mut Vec<Folder<'a>>,
) -> Result<(), TreeError> {
    let known = folder.cached.filter(|cached| cached.num_entries.is_some());
    if known.is_some_and(|cached| Some(cached.id) == folder.tree) {
        return Ok(());
    }
    let lines = tree_diff::read_old(objects, &folder.path, folder.tree, &mut seen.difference)?;
    let mut left: HashMap<&[u8], &Line> = lines.iter().map(|line| (&line.name[..], line)).collect();
    let backing = index.path_backing();
    let entries = index.entries();
    let skip = if folder.path.is_empty() { 0 } else { folder.path.len() + 1 };
    let mut at = folder.entries.start;
    while at < folder.entries.end {
        let entry = &entries[at];
        let path = entry.path_in(backing);
        let name = &path[skip..];
        // A sparse index holds a whole folder as one entry that ends in a slash.
        let slash = name.find_byte(b'/').filter(|slash| slash + 1 < name.len());
        let Some(slash) = slash else {
            leaf(
                objects,
                entry,
                path.to_owned(),
                name.trim_end_with(|c| c == '/'),
                &mut left,
                seen,
            )?;
            at += 1;
            continue;
        };
        let name = name[..slash].as_bytes();
        let inside = &path[..skip + slash + 1];
        let end = at
            + entries[at..folder.entries.end]
                .partition_point(|entry| entry.path_in(backing).starts_with(inside));
        // A file of that name in the tree is removed; a folder is compared.
        let tree = match left.get(name) {
            Some(line) if line.is_tree() => left.remove(name).map(|line| line.id),
            _ => None,
        };
        let cached = folder
            .cached
            .and_then(|cached| cached.children.iter().find(|child| child.name.as_slice() == name));
        let path = inside[..inside.len() - 1].as_bstr().to_owned();
        pending.push(Folder { entries: at..end, path, cached, tree });
        at = end;
    }
    let mut removed: Vec<_> = left.into_values().collect();
    removed.sort_by(|a, b| a.name.cmp(&b.name));
    seen.difference.removed.extend(
        removed
            .iter()
            .map(|line| (tree_diff::join(&folder.path, line.name.as_bstr()), line.mode, line.id)),
    );
    Ok(())
}

fn leaf(
    objects: &impl gix::objs::Find,
    entry: &gix::index::Entry,
    path: BString,
    name: &[u8],
    left: &mut HashMap<&[u8], &Line>,
    seen: &mut Seen,
) -> Result<(), TreeError> {
    if entry.flags.contains(Flags::INTENT_TO_ADD) {
        // The commit would not have it, so a file of that name in the tree is removed.
        seen.skipped.push((path, Skip::IntentToAdd));
        return Ok(());
    }
    let line = match left.get(name) {
        Some(line) if line.is_tree() == (entry.mode.bits() == TREE_MODE) => left.remove(name),
        _ => None,
    };
    if entry.stage_raw() != 0 {
        if seen.conflicts.last() != Some(&path) {
            seen.conflicts.push(path);
        }
        return Ok(());
    }
    if entry.mode.bits() == TREE_MODE {
        let path = path.trim_end_with(|c| c == '/').as_bstr().to_owned();
        let tree = line.map(|line| line.id);
        return tree_diff::diff(
            objects,
            path.as_bstr(),
            tree,
            Some(entry.id),
            &mut seen.difference,
        );
    }
    let mode = entry.mode.bits();
    if line.is_none_or(|line| line.id != entry.id || line.mode != mode) {
        let previous = line.map(|line| (line.mode, line.id));
        seen.difference.changed.push(Changed::new(path, mode, entry.id, previous));
    }
    Ok(())
}
