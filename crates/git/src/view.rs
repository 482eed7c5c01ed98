//! The tree that would be committed, looked at folder by folder.
//!
//! `HEAD`'s tree with the staged change laid over it: nobody needs to write that tree, or to read
//! more of it than the folders that are asked for.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::Read as _;
use std::rc::Rc;

use gix::ObjectId;
use gix::bstr::{BStr, BString, ByteSlice as _};
use leakgate_model::{Content, Entry, Mode, Problem, ProblemKind, Reader as _};

use crate::Staged;
use crate::object::{ObjectReader, to_model_id};
use crate::tree_diff::{self, Line, TREE_MODE, TreeError};

/// One name in a folder: its mode, or `None` for a folder.
pub type ViewMember = (BString, Option<Mode>);

/// What would be committed.
pub struct View<'r> {
    local: gix::Repository,
    reader: RefCell<ObjectReader>,
    head: Option<ObjectId>,
    /// What the change brings: path, mode, content.
    brought: BTreeMap<BString, (Mode, leakgate_model::ObjectId)>,
    removed: HashSet<&'r BString>,
    trees: RefCell<HashMap<BString, Rc<[Line]>>>,
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
            reader: RefCell::new(ObjectReader::new(staged.repository)),
            head: staged.head,
            brought: brought.collect(),
            removed: staged.removed.iter().map(|(path, ..)| path).collect(),
            trees: RefCell::default(),
            problems: RefCell::default(),
        }
    }

    /// What is in a folder, sorted by name; nothing if there is no such folder.
    pub fn folder(&self, path: &BStr) -> Vec<ViewMember> {
        let mut members: BTreeMap<BString, Option<Mode>> = BTreeMap::new();
        let prefix = prefix(path);
        for line in self.tree(path).iter() {
            let full = tree_diff::join(&path.to_owned(), &line.name);
            if !self.removed.contains(&full) {
                let mode = (!line.is_tree()).then(|| Mode::from_git(line.mode));
                members.insert(line.name.clone(), mode);
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

    /// The first `most` bytes that would be committed under `path`.
    pub fn content(&self, path: &BStr, most: usize) -> Option<Vec<u8>> {
        let id = match self.brought.get(path.as_bytes().as_bstr()) {
            Some((Mode::Gitlink, _)) => return None,
            Some((_, id)) => *id,
            None if self.removed.contains(&path.to_owned()) => return None,
            None => return self.committed(path, most),
        };
        self.read(path, id, most)
    }

    /// The first `most` bytes that `HEAD` has under `path`.
    pub fn committed(&self, path: &BStr, most: usize) -> Option<Vec<u8>> {
        let line = self.committed_line(path)?;
        let is_blob = !line.1 && Mode::from_git(line.0) != Mode::Gitlink;
        if is_blob { self.read(path, to_model_id(&line.2), most) } else { None }
    }

    /// Returns true if and only if `HEAD` has a folder of this path.
    pub fn was_folder(&self, path: &BStr) -> bool {
        self.committed_line(path).is_some_and(|(_, is_tree, _)| is_tree)
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

    fn committed_line(&self, path: &BStr) -> Option<(u32, bool, ObjectId)> {
        let (folder, name) = match path.rfind_byte(b'/') {
            Some(at) => (path[..at].as_bstr(), path[at + 1..].as_bstr()),
            None => (b"".as_bstr(), path),
        };
        let tree = self.tree(folder);
        let line = tree.iter().find(|line| line.name == name)?;
        Some((line.mode, line.is_tree(), line.id))
    }

    /// The lines of a folder of `HEAD`.
    fn tree(&self, path: &BStr) -> Rc<[Line]> {
        if let Some(known) = self.trees.borrow().get(path.as_bytes().as_bstr()) {
            return Rc::clone(known);
        }
        let id = if path.is_empty() {
            self.head
        } else {
            self.committed_line(path).filter(|(mode, ..)| *mode == TREE_MODE).map(|(.., id)| id)
        };
        let read = tree_diff::read(&self.local.objects, &path.to_owned(), id);
        let lines: Rc<[Line]> = read.map_or_else(
            |error| {
                self.note(unreadable(error));
                Rc::from(Vec::new())
            },
            Rc::from,
        );
        self.trees.borrow_mut().insert(path.to_owned(), Rc::clone(&lines));
        lines
    }

    fn read(&self, path: &BStr, id: leakgate_model::ObjectId, most: usize) -> Option<Vec<u8>> {
        let mut buffer = Vec::new();
        let mut reader = self.reader.borrow_mut();
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

fn unreadable(error: TreeError) -> Problem {
    Problem {
        path: (!error.path.is_empty()).then_some(error.path),
        kind: if error.missing { ProblemKind::Missing } else { ProblemKind::Corrupt },
        detail: error.why,
        help: "`git fsck` tells which objects are damaged or missing".to_owned(),
    }
}
