//! Checks that need all of what would be committed: where chains of links lead, which names
//! collide, what `.gitattributes` says of a file.
//!
//! A change of one file must not cost a walk of the repository, so folders are asked for one by
//! one, and only those beside and above what changes.

use std::rc::Rc;

use bstr::{BStr, BString, ByteSlice};
use leakgate_model::{Entry, Finding, Mode};

use crate::{chain, collision, encrypted, gitfile, nested};

/// What would be committed, as folders.
pub trait Tree {
    /// What is in a folder (`""` is the root), sorted by name; nothing if there is no such folder.
    fn folder(&self, path: &BStr) -> Rc<[Member]>;

    /// What `path` is. Cheaper than [`Tree::folder`], which it agrees with.
    fn node(&self, path: &BStr) -> Option<Node>;

    /// The first [`HEAD`](crate::HEAD) bytes that would be committed under `path`; a symbolic
    /// link's are its target.
    fn content(&self, path: &BStr) -> Option<Vec<u8>>;

    /// The same of what is committed already.
    fn committed(&self, path: &BStr) -> Option<Vec<u8>>;

    /// Returns true if and only if `path` is a folder in what is committed already.
    fn was_folder(&self, path: &BStr) -> bool;
}

/// One name in a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The name alone.
    pub name: BString,
    /// What it is.
    pub node: Node,
}

/// What a path is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Node {
    /// A folder.
    Folder,
    /// Anything that has a mode of its own.
    Leaf(Mode),
}

/// Judges all `entries` of a change together. Each finding comes with its entry's position.
pub fn check_tree(entries: &[Entry], tree: &dyn Tree) -> Vec<(usize, Finding)> {
    let mut findings = Vec::new();
    collision::check(entries, tree, &mut findings);
    nested::check(entries, tree, &mut findings);
    encrypted::check(entries, tree, &mut findings);
    for (at, entry) in entries.iter().enumerate() {
        let mut found = Vec::new();
        if entry.mode == Mode::Symlink {
            chain::check(entry, tree, &mut found);
        } else if entry.mode.is_regular() {
            gitfile::check(entry, tree, &mut found);
        }
        findings.extend(found.into_iter().map(|finding| (at, finding)));
    }
    findings
}

/// What `path` is; the root is a folder.
pub(crate) fn node(tree: &dyn Tree, path: &BStr) -> Option<Node> {
    if path.is_empty() { Some(Node::Folder) } else { tree.node(path) }
}

/// The folder of a path, and the name in it.
pub(crate) fn split(path: &BStr) -> (&BStr, &BStr) {
    match path.rfind_byte(b'/') {
        Some(at) => (path[..at].as_bstr(), path[at + 1..].as_bstr()),
        None => (b"".as_bstr(), path),
    }
}

/// `folder/name`, or `name` at the root.
pub(crate) fn join(folder: &BStr, name: &[u8]) -> BString {
    let mut path = folder.to_owned();
    if !path.is_empty() {
        path.push(b'/');
    }
    path.extend_from_slice(name);
    path
}

/// A tree in memory, for tests.
#[cfg(test)]
pub(crate) mod sample {
    use std::collections::BTreeMap;

    use super::*;

    /// Paths with modes and contents, before and after.
    #[derive(Debug, Default)]
    pub(crate) struct Sample {
        pub(crate) new: BTreeMap<BString, (Mode, Vec<u8>)>,
        pub(crate) old: BTreeMap<BString, (Mode, Vec<u8>)>,
    }

    impl Sample {
        pub(crate) fn with(mut self, path: &str, mode: Mode, content: &str) -> Self {
            self.new.insert(path.into(), (mode, content.into()));
            self
        }

        pub(crate) fn file(self, path: &str, content: &str) -> Self {
            self.with(path, Mode::File, content)
        }

        pub(crate) fn link(self, path: &str, target: &str) -> Self {
            self.with(path, Mode::Symlink, target)
        }

        pub(crate) fn before(mut self, path: &str, content: &str) -> Self {
            self.old.insert(path.into(), (Mode::File, content.into()));
            self
        }

        /// The rules of all findings with their paths, each path of `new` an entry.
        pub(crate) fn ids(&self) -> Vec<(String, String)> {
            let findings = self.findings();
            let ids = findings.iter().map(|f| (f.rule.to_string(), f.path.to_string()));
            ids.collect()
        }

        pub(crate) fn findings(&self) -> Vec<Finding> {
            let id = |n| leakgate_model::ObjectId::from_bytes(&[n; 20]).expect("20 bytes fit");
            let entries: Vec<_> = self
                .new
                .iter()
                .map(|(path, (mode, content))| {
                    let old = self.old.get(path);
                    let same = old.is_some_and(|(_, old)| old == content);
                    Entry {
                        id: Some(id(1)),
                        change: match old {
                            Some(_) => leakgate_model::Change::Modified,
                            None => leakgate_model::Change::Added,
                        },
                        previous: old
                            .map(|(mode, _)| leakgate_model::Previous {
                                path: path.clone(),
                                mode: *mode,
                                id: id(if same { 1 } else { 2 }),
                            })
                            .into_iter()
                            .collect(),
                        ..Entry::present(path.clone(), *mode)
                    }
                })
                .collect();
            check_tree(&entries, self).into_iter().map(|(_, finding)| finding).collect()
        }
    }

    impl Tree for Sample {
        fn folder(&self, path: &BStr) -> Rc<[Member]> {
            let mut members = BTreeMap::new();
            for (full, (mode, _)) in &self.new {
                let below = match path.is_empty() {
                    true => Some(full.as_bstr()),
                    false => full
                        .strip_prefix(path.as_bytes())
                        .and_then(|rest| rest.strip_prefix(b"/"))
                        .map(ByteSlice::as_bstr),
                };
                match below.map(|below| below.split_once_str("/")) {
                    Some(Some((name, _))) => members.insert(BString::from(name), Node::Folder),
                    Some(None) => {
                        members.insert(below.unwrap_or_default().to_owned(), Node::Leaf(*mode))
                    }
                    None => None,
                };
            }
            members.into_iter().map(|(name, node)| Member { name, node }).collect()
        }

        fn node(&self, path: &BStr) -> Option<Node> {
            let (folder, name) = split(path);
            let members = self.folder(folder);
            members.iter().find(|member| member.name == name).map(|member| member.node)
        }

        fn content(&self, path: &BStr) -> Option<Vec<u8>> {
            self.new.get(path).map(|(_, content)| content.clone())
        }

        fn committed(&self, path: &BStr) -> Option<Vec<u8>> {
            self.old.get(path).map(|(_, content)| content.clone())
        }

        fn was_folder(&self, path: &BStr) -> bool {
            self.old.keys().any(|full| full.starts_with(&join(path, b"")[..]))
        }
    }
}
