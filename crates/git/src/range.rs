//! Commits: all that some of them bring and others do not have, message by message.
//!
//! A push carries every commit between, not the difference of two ends: what one commit adds and
//! the next takes away is on the server all the same. So each commit is compared with each of its
//! parents, and what is new to all of them is listed, once.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::num::NonZero;
use std::panic::resume_unwind;
use std::thread;

use gix::ObjectId as GixId;
use gix::bstr::{BStr, BString, ByteSlice as _};
use gix::objs::Kind;
use leakgate_model::{
    Change, Content, Entry, Listing, Mode, ObjectId, Previous, Problem, ProblemKind, Reader,
    Source, Text,
};

use crate::Repository;
use crate::commit_walk::{self, Commit, Unreadable};
use crate::message::unsigned_header;
use crate::object::{ObjectReader, to_gix_id, to_model_id};
use crate::objects::Objects;
use crate::staged::{Changed, files_in, submodule_paths, tree_problem};
use crate::tree_diff::{self, Difference, TREE_MODE};

/// One end of what is to be scanned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tip {
    /// The ref's name where it goes, or nothing. It is scanned, too.
    pub name: BString,
    /// A commit, a tag, or whatever else a ref may name.
    pub id: ObjectId,
}

/// Which commits are meant: those reachable from the tips and not from what is hidden.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RangeSpec {
    /// The new ends.
    pub tips: Vec<Tip>,
    /// Objects that need no scan, with all that is reachable from them. Missing ones hide nothing.
    pub hidden: Vec<ObjectId>,
    /// What to make of the end of a shallow history.
    pub cut: Cut,
    /// Commits whose files were scanned when they were staged: only their messages are left.
    pub scanned: Vec<ObjectId>,
}

/// What to make of a commit whose parents a shallow clone has left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// Commits are missing that should have been scanned.
    Problem,
    /// All of them is scanned, and nothing more can be sent from here.
    Whole,
}

/// What some commits bring, read once when it is made.
pub struct Range<'r> {
    repository: &'r Repository,
    removed: Vec<Previous>,
    /// Objects that are read as text: commits and tags.
    messages: HashSet<ObjectId>,
    origins: HashMap<(ObjectId, BString), GixId>,
    names: Vec<u8>,
    commits: u64,
    /// The trees of the tips that are commits.
    trees: Vec<GixId>,
    /// Blobs in which no secret can stand under most names, and how many bytes they have.
    calm: HashMap<ObjectId, u64>,
}

/// The path of the entry that holds the names of refs.
pub const NAMES: &str = "names of refs";

/// Fewer commits than this are compared on one thread.
const MANY: usize = 16;
/// So many are compared before they are listed.
const AT_ONCE: usize = 4096;

/// Tags of tags are followed this far.
const DEEPEST_TAG: usize = 64;

impl<'r> Range<'r> {
    /// Lists what the commits bring. What cannot be read is a problem in the listing.
    pub fn list(repository: &'r Repository, spec: &RangeSpec) -> (Self, Listing) {
        let objects = repository.objects_with_cache();
        let mut lister = Lister::new(&objects);
        lister.hidden = spec.hidden.iter().map(|&id| to_gix_id(id)).collect();
        lister.scanned = spec.scanned.iter().map(|&id| to_gix_id(id)).collect();
        let mut tips = Vec::new();
        let mut names = Vec::new();
        for tip in &spec.tips {
            names.extend_from_slice(&tip.name);
            names.push(b'\n');
            tips.extend(lister.tip(tip));
        }
        // Where nothing is new, the rest of many refs need not be looked at.
        let hidden = spec.hidden.iter().filter(|_| !tips.is_empty());
        let hidden: Vec<_> = hidden.filter_map(|&id| peeled(&objects, to_gix_id(id))).collect();
        let shallow = repository.shallow_commits();
        let walk = commit_walk::walk(&objects, &tips, &hidden, &shallow);
        // Not all at once: what trees differ in takes memory until it is listed.
        for part in walk.commits.chunks(AT_ONCE) {
            for (commit, compared) in part.iter().zip(compare(repository, part)) {
                lister.commit(commit, compared);
            }
        }
        for (id, why) in walk.unreadable {
            lister.listing.problems.push(unreadable(id, why));
        }
        if spec.cut == Cut::Problem {
            lister.listing.problems.extend(walk.cut.into_iter().map(cut_off));
        }
        if spec.tips.iter().any(|tip| !tip.name.is_empty()) {
            lister.listing.entries.push(Entry::present(NAMES, Mode::File));
        }
        let Lister { mut listing, brought, removed, messages, origins, .. } = lister;
        listing.problems.sort();
        // What these commits brought themselves vouches for nothing.
        let removed =
            files_in(&objects, removed, |path, id| !brought.contains(&(*id, path.clone())));
        let commits = walk.commits.len() as u64;
        let trees = tips.iter().filter_map(|&tip| commit_walk::read(&objects, tip).ok());
        let trees = trees.map(|commit| commit.tree).collect();
        let calm = HashMap::new();
        (Self { repository, removed, messages, origins, names, commits, trees, calm }, listing)
    }

    /// The content of a file at the root of the first tip that has it.
    pub fn file(&self, name: &str) -> Option<Vec<u8>> {
        self.files(name).next()
    }

    /// The paths that the `.gitmodules` of the tips name.
    pub fn submodules(&self) -> BTreeSet<BString> {
        self.files(".gitmodules").flat_map(|text| submodule_paths(&text)).collect()
    }

    fn files(&self, name: &str) -> impl Iterator<Item = Vec<u8>> {
        let objects = self.repository.objects();
        self.trees.iter().filter_map(move |&tree| {
            let lines = tree_diff::read(&objects, &BString::default(), Some(tree)).ok()?;
            let line = lines.into_iter().find(|line| line.name == name)?;
            let mut text = Vec::new();
            (objects.get(line.id, &mut text).ok()?? == Kind::Blob).then_some(text)
        })
    }

    /// Takes note that no secret can stand in some blobs, given with their sizes, under names that do
    /// not tell how to read them.
    pub fn set_calm(&mut self, blobs: impl IntoIterator<Item = (ObjectId, u64)>) {
        self.calm.extend(blobs);
    }

    /// How many commits there are.
    pub fn commits(&self) -> u64 {
        self.commits
    }
}

impl Repository {
    /// Returns true if and only if tags lead to commits alone that can be reached from others.
    pub fn lead_into(&self, tags: &[ObjectId], others: &[ObjectId]) -> bool {
        let objects = self.objects_with_cache();
        let commit = |&id: &ObjectId| {
            let id = peeled(&objects, to_gix_id(id))?;
            commit_walk::read(&objects, id).is_ok().then_some(id)
        };
        let Some(tips) = tags.iter().map(commit).collect::<Option<Vec<_>>>() else { return false };
        let hidden: Vec<_> = others.iter().filter_map(commit).collect();
        let walk = commit_walk::walk(&objects, &tips, &hidden, &self.shallow_commits());
        walk.commits.is_empty() && walk.unreadable.is_empty()
    }
}

impl Source for Range<'_> {
    fn reader(&self) -> Box<dyn Reader + '_> {
        Box::new(RangeReader { range: self, objects: ObjectReader::new(self.repository) })
    }

    fn removed(&self) -> Vec<Previous> {
        self.removed.clone()
    }
}

/// Collects the entries of commits and tags.
struct Lister<'o> {
    objects: &'o Objects,
    /// Commits whose files need no scan.
    scanned: Vec<GixId>,
    /// Objects that need no scan.
    hidden: HashSet<GixId>,
    listing: Listing,
    seen: HashSet<(GixId, u32, BString)>,
    /// What was not there before: all of it but for what was renamed.
    brought: HashSet<(GixId, BString)>,
    removed: Vec<(BString, u32, GixId)>,
    messages: HashSet<ObjectId>,
    origins: HashMap<(ObjectId, BString), GixId>,
}

impl<'o> Lister<'o> {
    fn new(objects: &'o Objects) -> Self {
        Self {
            objects,
            scanned: Vec::new(),
            hidden: HashSet::new(),
            listing: Listing::default(),
            seen: HashSet::new(),
            brought: HashSet::new(),
            removed: Vec::new(),
            messages: HashSet::new(),
            origins: HashMap::new(),
        }
    }

    /// Lists the tags of a tip and whatever is no commit; gives the commit it leads to.
    fn tip(&mut self, tip: &Tip) -> Option<GixId> {
        let mut id = to_gix_id(tip.id);
        let mut buffer = Vec::new();
        for _ in 0..DEEPEST_TAG {
            if self.hidden.contains(&id) {
                return None;
            }
            match self.objects.get(id, &mut buffer) {
                Ok(Some(Kind::Commit)) => return Some(id),
                Ok(Some(Kind::Tag)) => {
                    let name = tag_name(&buffer).unwrap_or(tip.name.as_bstr()).to_owned();
                    self.message(id, format!("message of tag {name}").into());
                    id = target(&buffer)?;
                }
                Ok(Some(Kind::Tree)) => {
                    self.tree(id);
                    return None;
                }
                Ok(Some(Kind::Blob)) => {
                    let path = tip.name.clone();
                    self.add(Changed::new(path, 0o100_644, id, None), &[], None);
                    return None;
                }
                Ok(None) => {
                    self.listing.problems.push(unreadable(id, Unreadable::Missing));
                    return None;
                }
                Err(why) => {
                    self.listing.problems.push(unreadable(id, Unreadable::Corrupt(why)));
                    return None;
                }
            }
        }
        let why = "tags of tags go on for too long".to_owned();
        self.listing.problems.push(unreadable(id, Unreadable::Corrupt(why)));
        None
    }

    /// Lists the message of a commit and what is new to all its parents.
    fn commit(&mut self, commit: &Commit, compared: Compared) {
        self.message(commit.id, format!("message of commit {}", short(&commit.id)).into());
        if self.scanned.contains(&commit.id) {
            return;
        }
        for problem in compared.problems {
            if !self.listing.problems.contains(&problem) {
                self.listing.problems.push(problem);
            }
        }
        if let Some(mut difference) = compared.difference {
            self.removed.append(&mut difference.removed);
            self.add_all(difference, &compared.sides, commit.id);
        }
    }

    fn tree(&mut self, id: GixId) {
        let mut compared = Compared::default();
        if let Some(difference) = compared.difference(self.objects, None, id) {
            for changed in difference.changed {
                self.add(changed, &[], None);
            }
        }
        self.listing.problems.append(&mut compared.problems);
    }

    fn add_all(
        &mut self,
        difference: Difference,
        sides: &[HashMap<BString, Changed>],
        commit: GixId,
    ) {
        for changed in difference.changed {
            let others: Vec<_> = sides.iter().filter_map(|side| side.get(&changed.path)).collect();
            // As in some parent: it came from there, and is listed there if it is new.
            if others.len() == sides.len() {
                let others: Vec<_> = others.into_iter().filter_map(|one| one.previous).collect();
                self.add(changed, &others, Some(commit));
            }
        }
    }

    fn add(&mut self, changed: Changed, others: &[(u32, GixId)], commit: Option<GixId>) {
        let Changed { path, mode, id, previous, renamed_from } = changed;
        if mode == TREE_MODE || !self.seen.insert((id, mode, path.clone())) {
            return;
        }
        if renamed_from.as_ref().is_none_or(|old| self.brought.contains(&(id, old.clone()))) {
            self.brought.insert((id, path.clone()));
        }
        let id = to_model_id(&id);
        if let Some(commit) = commit {
            self.origins.entry((id, path.clone())).or_insert(commit);
        }
        let previous: Vec<_> = previous
            .iter()
            .chain(others)
            .map(|(mode, id)| Previous {
                path: renamed_from.as_ref().unwrap_or(&path).clone(),
                mode: Mode::from_git(*mode),
                id: to_model_id(id),
            })
            .collect();
        self.listing.entries.push(Entry {
            path,
            mode: Mode::from_git(mode),
            id: Some(id),
            change: if previous.is_empty() { Change::Added } else { Change::Modified },
            previous,
            work_tree_bits: None,
        });
    }

    fn message(&mut self, id: GixId, path: BString) {
        let id = to_model_id(&id);
        if self.messages.insert(id) {
            self.listing.entries.push(Entry { id: Some(id), ..Entry::present(path, Mode::File) });
        }
    }
}

/// What a commit brings, compared with its parents.
#[derive(Default)]
struct Compared {
    /// With the first parent; `None` if there is nothing to list.
    difference: Option<Difference>,
    /// What differs from each of the others.
    sides: Vec<HashMap<BString, Changed>>,
    problems: Vec<Problem>,
}

impl Compared {
    fn of(objects: &Objects, commit: &Commit) -> Self {
        let mut compared = Self::default();
        compared.difference = compared.compare(objects, commit);
        compared
    }

    fn compare(&mut self, objects: &Objects, commit: &Commit) -> Option<Difference> {
        // The walk has told of a parent that should have been listed; one that is hidden and
        // missing only makes more of this commit look new.
        let parents: Vec<GixId> = commit
            .parents
            .iter()
            .filter_map(|&parent| Some(commit_walk::read(objects, parent).ok()?.tree))
            .collect();
        let Some((first, others)) = parents.split_first() else {
            return self.difference(objects, None, commit.tree);
        };
        let mut difference = self.difference(objects, Some(*first), commit.tree)?;
        if others.is_empty() {
            Self::pair_renamed(objects, &mut difference);
        } else {
            difference.removed.clear();
        }
        for other in others {
            if difference.changed.is_empty() {
                return None;
            }
            let side = self.difference(objects, Some(*other), commit.tree)?;
            let side = side.changed.into_iter().map(|one| (one.path.clone(), one));
            self.sides.push(side.collect());
        }
        Some(difference)
    }

    fn difference(
        &mut self,
        objects: &Objects,
        old: Option<GixId>,
        new: GixId,
    ) -> Option<Difference> {
        let mut difference = Difference::default();
        match tree_diff::diff(objects, b"".as_bstr(), old, Some(new), &mut difference) {
            Ok(()) => Some(difference),
            Err(error) => {
                self.problems.push(tree_problem(error));
                None
            }
        }
    }

    /// Gives what a commit has only renamed its old name: that brings nothing.
    fn pair_renamed(objects: &Objects, difference: &mut Difference) {
        let is_added = |changed: &Changed| changed.previous.is_none();
        if difference.removed.is_empty() || !difference.changed.iter().any(is_added) {
            return;
        }
        let removed = std::mem::take(&mut difference.removed);
        let mut left: HashMap<_, Vec<Previous>> = HashMap::new();
        for old in files_in(objects, removed, |_, _| true) {
            left.entry(to_gix_id(old.id)).or_default().push(old);
        }
        for changed in difference.changed.iter_mut().filter(|changed| is_added(changed)) {
            if let Some(old) = left.get_mut(&changed.id).and_then(Vec::pop) {
                changed.renamed_from = Some(old.path);
                changed.previous = Some((old.mode.to_git(), changed.id));
            }
        }
        let left = left.into_iter().flat_map(|(id, files)| {
            files.into_iter().map(move |old| (old.path, old.mode.to_git(), id))
        });
        difference.removed = left.collect();
        difference.removed.sort();
    }
}

/// Compares commits with their parents, many of them on several threads.
fn compare(repository: &Repository, commits: &[Commit]) -> Vec<Compared> {
    let of_part = |part: &[Commit]| -> Vec<Compared> {
        let objects = repository.objects_with_cache();
        part.iter().map(|commit| Compared::of(&objects, commit)).collect()
    };
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    if threads == 1 || commits.len() < MANY {
        return of_part(commits);
    }
    // Commits that follow each other have most of their trees in common.
    let parts = commits.chunks(commits.len().div_ceil(threads));
    thread::scope(|scope| {
        let parts: Vec<_> = parts.map(|part| scope.spawn(move || of_part(part))).collect();
        let compared = parts.into_iter();
        compared.flat_map(|part| part.join().unwrap_or_else(|panic| resume_unwind(panic))).collect()
    })
}

struct RangeReader<'r> {
    range: &'r Range<'r>,
    objects: ObjectReader,
}

impl Reader for RangeReader<'_> {
    fn read<'a>(
        &'a mut self,
        entry: &Entry,
        buffer: &'a mut Vec<u8>,
    ) -> Result<Content<'a>, Problem> {
        let Some(id) = entry.id else { return Ok(Content::Whole(&self.range.names)) };
        if !self.range.messages.contains(&id) {
            return self.objects.read(entry, buffer);
        }
        let mut raw = Vec::new();
        let id = to_gix_id(id);
        match self.objects.objects().get(id, &mut raw) {
            Ok(Some(_)) => {
                message_first(&raw, buffer);
                Ok(Content::Whole(buffer))
            }
            Ok(None) => Err(unreadable(id, Unreadable::Missing)),
            Err(why) => Err(unreadable(id, Unreadable::Corrupt(why))),
        }
    }

    fn read_object<'a>(
        &'a mut self,
        path: &BString,
        id: ObjectId,
        buffer: &'a mut Vec<u8>,
    ) -> Result<Content<'a>, Problem> {
        self.objects.read_object(path, id, buffer)
    }

    fn calm(&self, entry: &Entry) -> Option<u64> {
        self.range.calm.get(&entry.id?).copied()
    }

    fn origin(&self, entry: &Entry) -> Option<Text> {
        let commit = self.range.origins.get(&(entry.id?, entry.path.clone()))?;
        Some(format!("added by commit {}", short(commit)).into())
    }
}

/// The text of a commit or tag: its message, so that lines count as its author sees them, then
/// what stands before it, but for ids and signatures.
fn message_first(raw: &[u8], into: &mut Vec<u8>) {
    let (head, message) = raw.split_once_str("\n\n").unwrap_or((raw, b""));
    into.clear();
    into.extend_from_slice(message);
    into.extend_from_slice(b"\n\n");
    unsigned_header(head, into);
}

/// The commit, tree or blob that a tag leads to in the end.
fn peeled(objects: &Objects, id: GixId) -> Option<GixId> {
    let mut id = id;
    let mut buffer = Vec::new();
    for _ in 0..DEEPEST_TAG {
        match objects.get(id, &mut buffer) {
            Ok(Some(Kind::Tag)) => id = target(&buffer)?,
            Ok(Some(_)) => return Some(id),
            _ => return None,
        }
    }
    None
}

fn target(tag: &[u8]) -> Option<GixId> {
    GixId::from_hex(tag.lines().next()?.strip_prefix(b"object ")?).ok()
}

fn tag_name(tag: &[u8]) -> Option<&BStr> {
    let head = tag.lines().take_while(|line| !line.is_empty());
    head.filter_map(|line| line.strip_prefix(b"tag ")).map(BStr::new).next()
}

/// Enough of an id to find the commit with.
fn short(id: &GixId) -> String {
    id.to_hex_with_len(12).to_string()
}

fn unreadable(id: GixId, why: Unreadable) -> Problem {
    let (kind, detail) = match why {
        Unreadable::Missing => {
            (ProblemKind::Missing, format!("object {id} is not in the object database"))
        }
        Unreadable::Corrupt(why) => {
            (ProblemKind::Corrupt, format!("object {id} could not be decoded: {why}"))
        }
    };
    let help = "`git fsck` tells what is lost or damaged; `git fetch` may bring it";
    Problem { path: None, kind, detail, help: help.to_owned() }
}

fn cut_off(id: GixId) -> Problem {
    Problem {
        path: None,
        kind: ProblemKind::Missing,
        detail: format!(
            "the history ends at commit {} because this clone is shallow, so earlier commits \
             were not scanned",
            short(&id)
        ),
        help: "fetch the rest with `git fetch --unshallow`; in CI, set the depth of the checkout \
               to 0 (GitHub: fetch-depth, GitLab: GIT_DEPTH)"
            .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_stands_before_its_headers() {
        let mut text = Vec::new();
        let raw = b"tree 12\nparent 34\nauthor A <a> 1 +0000\ngpgsig -----\n abc\n \n def\nx-note y\n\nsubject\n\nbody\n";
        message_first(raw, &mut text);
        assert_eq!(text.as_bstr(), "subject\n\nbody\n\n\nauthor A <a> 1 +0000\nx-note y\n");
        message_first(b"object 12\ntag v1", &mut text);
        assert_eq!(text.as_bstr(), "\n\ntag v1\n");
    }
}
