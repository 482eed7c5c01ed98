//! The tree that would be committed, looked at folder by folder.
//!
//! `HEAD`'s tree with the staged change laid over it: nobody needs to write that tree, or to read
//! more of it than the folders that are asked for.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::Read as _;
use std::sync::Arc;

use gix::ObjectId;
use gix::bstr::{BStr, BString, ByteSlice as _};
use gix::objs::{Find as _, FindExt as _, TreeRefIter};
use leakgate_model::{Content, Entry, Mode, Problem, ProblemKind, Reader as _};

use crate::object::{ObjectReader, to_model_id};
use crate::tree_diff::{TREE_MODE, Trees};
use crate::{Repository, Staged};

/// One name in a folder: its mode, or `None` for a folder.
pub type ViewMember = (BString, Option<Mode>);

/// What would be committed.
pub struct View<'r> {
    local: gix::Repository,
    repository: &'r Repository,
    reader: RefCell<Option<ObjectReader>>,
    head: Option<ObjectId>,
    /// What the change brings: path, mode, content.
    brought: BTreeMap<BString, (Mode, leakgate_model::ObjectId)>,
    removed: HashSet<&'r BStr>,
    /// What was read to find the change: mostly all that is asked for.
    known: &'r Trees,
    trees: RefCell<HashMap<BString, Arc<Vec<u8>>>>,
    problems: RefCell<Vec<Problem>>,
}

impl<'r> View<'r> {
    /// Of a staged change and the entries it listed.
    pub fn new(staged: &'r Staged<'_>, entries: &[Entry]) -> Self {
        let brought =
            entries
                .iter()
                .filter_map(|entry| Some((entry.path.clone(), (entry.mode, entry.id?))))
                .chain(staged.merged.iter().map(|(path, mode, id)| {
                    (path.clone(), (Mode::from_git(*mode), to_model_id(id)))
                }));
        Self {
            local: staged.repository.local(),
            repository: staged.repository,
            reader: RefCell::default(),
            head: staged.head,
            brought: brought.collect(),
            removed: staged.removed.iter().map(|(path, ..)| path.as_bstr()).collect(),
            known: &staged.trees,
            trees: RefCell::default(),
            problems: RefCell::default(),
        }
    }

    /// What is in a folder, sorted by name; nothing if there is no such folder.
    pub fn folder(&self, path: &BStr) -> Vec<ViewMember> {
        let mut members: BTreeMap<BString, Option<Mode>> = BTreeMap::new();
        let prefix = prefix(path);
        if !self.is_removed(path) {
            let tree = self.tree(path);
            for line in TreeRefIter::from_bytes(&tree, self.local.object_hash()).flatten() {
                let full: BString = [&prefix[..], line.filename].concat().into();
                if !self.removed.contains(full.as_bstr()) {
                    let mode = u32::from(line.mode.value());
                    let leaf = (mode != TREE_MODE).then(|| Mode::from_git(mode));
                    members.insert(line.filename.to_owned(), leaf);
                }
            }
        }
        self.lay_over(&prefix, &mut members);
        members.into_iter().collect()
    }

    /// Adds what the change brings into the folder with this prefix, each folder below it once.
    fn lay_over(&self, prefix: &BString, members: &mut BTreeMap<BString, Option<Mode>>) {
        let mut from = prefix.clone();
        loop {
            let next = self.brought.range(from.clone()..).next();
            let Some((path, (mode, _))) = next else { return };
            let Some(rest) = path.strip_prefix(prefix.as_bytes()) else { return };
            let (name, mode, mut after) = match rest.find_byte(b'/') {
                Some(slash) => (&rest[..slash], None, path[..prefix.len() + slash].to_vec()),
                None => (rest, Some(*mode), path.to_vec()),
            };
            members.insert(name.into(), mode);
            // The first path behind the name, or behind all that is below it: `0` follows `/`.
            after.push(if mode.is_none() { b'0' } else { 0 });
            from = after.into();
        }
    }

    /// What would be committed under `path`: a mode, or `Some(None)` for a folder.
    pub fn node(&self, path: &BStr) -> Option<Option<Mode>> {
        if let Some((mode, _)) = self.brought.get(path) {
            return Some(Some(*mode));
        }
        let below = prefix(path);
        let first = self.brought.range(below.clone()..).next();
        if first.is_some_and(|(brought, _)| brought.starts_with(&below)) {
            return Some(None);
        }
        if self.is_removed(path) {
            return None;
        }
        let (mode, _) = self.committed_line(path)?;
        Some((mode != TREE_MODE).then(|| Mode::from_git(mode)))
    }

    /// Returns true if and only if the change takes away `path` or a folder above it.
    fn is_removed(&self, path: &BStr) -> bool {
        let removed = |end: usize| self.removed.contains(path[..end].as_bstr());
        !self.removed.is_empty() && (removed(path.len()) || path.find_iter("/").any(removed))
    }

    /// The first `most` bytes that would be committed under `path`.
    pub fn content(&self, path: &BStr, most: usize) -> Option<Vec<u8>> {
        let id = match self.brought.get(path) {
            Some((Mode::Gitlink, _)) => return None,
            Some((_, id)) => *id,
            None if self.is_removed(path) => return None,
            None => return self.committed(path, most),
        };
        self.read(path, id, most)
    }

    /// The first `most` bytes that `HEAD` has under `path`.
    pub fn committed(&self, path: &BStr, most: usize) -> Option<Vec<u8>> {
        let (mode, id) = self.committed_line(path)?;
        let is_blob = mode != TREE_MODE && Mode::from_git(mode) != Mode::Gitlink;
        if is_blob { self.read(path, to_model_id(&id), most) } else { None }
    }

    /// Returns true if and only if `HEAD` has a folder of this path.
    pub fn was_folder(&self, path: &BStr) -> bool {
        self.committed_line(path).is_some_and(|(mode, _)| mode == TREE_MODE)
    }

    /// How many bytes an object has; `None` if it cannot be told, which reading it will tell.
    pub fn size(&self, id: leakgate_model::ObjectId) -> Option<u64> {
        use gix::objs::FindHeader as _;
        let id = ObjectId::try_from(id.as_bytes()).ok()?;
        self.local.objects.try_header(&id).ok().flatten().map(|header| header.size)
    }

    /// What could not be read on the way: each is something that no check has seen.
    pub fn into_problems(self) -> Vec<Problem> {
        self.problems.into_inner()
    }

    fn committed_line(&self, path: &BStr) -> Option<(u32, ObjectId)> {
        let (folder, name) = split(path);
        let tree = self.tree(folder);
        // Mostly there is no such name, which is told without looking at each line.
        if !tree.contains_str([b" ", &**name, b"\0"].concat()) {
            return None;
        }
        let mut lines = TreeRefIter::from_bytes(&tree, self.local.object_hash()).flatten();
        let line = lines.find(|line| line.filename == name)?;
        Some((u32::from(line.mode.value()), line.oid.to_owned()))
    }

    /// The bytes of a folder of `HEAD`, each line of which can be read.
    fn tree(&self, path: &BStr) -> Arc<Vec<u8>> {
        if let Some(known) = self.known.get(path).or(self.trees.borrow().get(path)) {
            return Arc::clone(known);
        }
        let id = if path.is_empty() {
            self.head
        } else {
            self.committed_line(path).filter(|(mode, _)| *mode == TREE_MODE).map(|(_, id)| id)
        };
        let bytes = match id.filter(|id| !id.is_empty_tree()) {
            Some(id) => Arc::new(self.read_tree(path, id)),
            None => Arc::default(),
        };
        self.trees.borrow_mut().insert(path.to_owned(), Arc::clone(&bytes));
        bytes
    }

    fn read_tree(&self, path: &BStr, id: ObjectId) -> Vec<u8> {
        let mut buffer = Vec::new();
        let read = self.local.objects.find_tree_iter(&id, &mut buffer).map(|_| ());
        let why = match read {
            Ok(()) => {
                let mut lines = TreeRefIter::from_bytes(&buffer, self.local.object_hash());
                match lines.find_map(Result::err) {
                    None => return buffer,
                    Some(error) => error.to_string(),
                }
            }
            Err(error) => error.to_string(),
        };
        let missing = matches!(self.local.objects.try_find(&id, &mut Vec::new()), Ok(None));
        self.note(Problem {
            path: (!path.is_empty()).then(|| path.to_owned()),
            kind: if missing { ProblemKind::Missing } else { ProblemKind::Corrupt },
            detail: format!("could not read tree {id}: {why}"),
            help: "`git fsck` tells which objects are damaged or missing".to_owned(),
        });
        Vec::new()
    }

    fn read(&self, path: &BStr, id: leakgate_model::ObjectId, most: usize) -> Option<Vec<u8>> {
        let mut buffer = Vec::new();
        let mut reader = self.reader.borrow_mut();
        let reader = reader.get_or_insert_with(|| ObjectReader::new(self.repository));
        match reader.read_object(&path.to_owned(), id, &mut buffer) {
            Ok(Content::Whole(bytes)) => Some(bytes[..bytes.len().min(most)].to_vec()),
            Ok(Content::Stream(stream)) => {
                let mut head = Vec::new();
                stream.take(most as u64).read_to_end(&mut head).ok()?;
                Some(head)
            }
            Err(problem) => {
                self.note(problem);
                None
            }
        }
    }

    fn note(&self, problem: Problem) {
        let mut problems = self.problems.borrow_mut();
        if !problems.contains(&problem) {
            problems.push(problem);
        }
    }
}

fn prefix(path: &BStr) -> BString {
    let mut prefix = path.to_owned();
    if !prefix.is_empty() {
        prefix.push(b'/');
    }
    prefix
}

/// The folder of a path, and the name in it.
fn split(path: &BStr) -> (&BStr, &BStr) {
    match path.rfind_byte(b'/') {
        Some(at) => (path[..at].as_bstr(), path[at + 1..].as_bstr()),
        None => (b"".as_bstr(), path),
    }
}
