//! Everything that git ever stored, each object decoded once.
//!
//! A pack stores most objects as deltas against others. Decoding along the deltas costs a fraction
//! of asking for one object after another, and tells what is new in each: see `docs/history.md`.
//! Objects are numbered, first those of the packs, then the loose ones; one that is stored more
//! than once goes by the first of its numbers.

mod beside;
mod bits;
mod commits;
mod delta;
mod entries;
mod ids;
mod loose;
mod pack;
mod refs;
mod revision;
mod shard;
mod state;
mod timeline;
mod trees;
mod walk;

use std::collections::{HashMap, HashSet};
use std::fs;
use std::io;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use gix::hash::oid;
use leakgate_model::{Problem, ProblemKind, Reader};

use self::ids::{First, Ids};
use self::loose::Loose;
use self::pack::Pack;
use self::walk::Selection;
use crate::object::{ObjectReader, to_gix_id, to_model_id};
use crate::repository::{Error, Repository};

pub use bits::Bits;
pub use commits::{Commit, Graph, Message};
pub use delta::Copy;
pub use entries::{Below, Marking, Marks, Search, Where};
pub use refs::Ref;
pub use revision::seconds_of;
pub use shard::Shard;
pub use timeline::{Place, Places, Stay, Unless};
pub use trees::{Sightings, Target};
pub use walk::{Base, Broken, Decoded, Visit};

/// What an object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The content of a file.
    Blob,
    /// A folder.
    Tree,
    /// A commit.
    Commit,
    /// An annotated tag.
    Tag,
}

impl Kind {
    fn to_git(self) -> gix::objs::Kind {
        match self {
            Self::Blob => gix::objs::Kind::Blob,
            Self::Tree => gix::objs::Kind::Tree,
            Self::Commit => gix::objs::Kind::Commit,
            Self::Tag => gix::objs::Kind::Tag,
        }
    }
}

/// Numbers have two bits to spare.
const MOST: usize = 1 << 30;

/// The object database of a repository, to be read as a whole.
pub struct History<'r> {
    repository: &'r Repository,
    hash: gix::hash::Kind,
    packs: Vec<Pack>,
    loose: Vec<Loose>,
    first_loose: u32,
    ids: Ids,
    /// For an object that is stored once more, the number it goes by.
    doubles: HashMap<u32, u32>,
    problems: Vec<Problem>,
    most_held: usize,
}

/// Fewer objects are not worth a thread.
const FEW: usize = 10_000;
/// Objects stay decoded for those that build on them up to so many bytes, if nothing else is said.
const MOST_HELD: usize = 256 << 20;

impl<'r> History<'r> {
    /// Opens all packs and lists all loose objects of a repository and of those it borrows from.
    /// What cannot be read of them is a problem.
    ///
    /// # Errors
    /// [`Error::Path`] when an object folder cannot be read.
    pub fn open(repository: &'r Repository) -> Result<Self, Error> {
        let hash = repository.local().object_hash();
        let mut history = Self::empty(repository, hash);
        let folders = folders(repository);
        let mut count = 0;
        for folder in &folders {
            for index in indexes(&folder.join("pack"), &mut history.problems)? {
                let first = u32::try_from(count).unwrap_or(u32::MAX);
                match Pack::open(&index, hash, first) {
                    Ok(pack) if count + pack.len() < MOST => {
                        count += pack.len();
                        history.packs.push(pack);
                    }
                    Ok(_) => {
                        history.problems.push(unreadable(&index, "there are too many objects"));
                    }
                    Err(why) => history.problems.push(unreadable(&index, &why)),
                }
            }
        }
        history.first_loose = count as u32;
        for folder in &folders {
            let failed = |why| Error::Path { path: folder.clone(), why };
            history.loose.extend(loose::list(folder, hash).map_err(failed)?);
        }
        history.fill();
        Ok(history)
    }

    /// Opens some objects of a repository and what they build on. What is not there, or in a pack
    /// that cannot be opened, is left out.
    pub fn open_some(
        repository: &'r Repository,
        ids: impl IntoIterator<Item = leakgate_model::ObjectId>,
    ) -> Self {
        let hash = repository.local().object_hash();
        let mut history = Self::empty(repository, hash);
        let mut wanted: HashSet<_> = ids.into_iter().map(to_gix_id).collect();
        let folders = folders(repository);
        let mut count = 0;
        for folder in &folders {
            wanted.retain(|id| {
                let loose = Loose::find(folder, *id);
                let is_there = loose.is_some();
                history.loose.extend(loose);
                !is_there
            });
        }
        for folder in &folders {
            let indexes = indexes(&folder.join("pack"), &mut Vec::new()).unwrap_or_default();
            for index in indexes {
                if wanted.is_empty() {
                    break;
                }
                if let Ok(pack) = Pack::open_some(&index, hash, count as u32, &mut wanted) {
                    count += pack.len();
                    history.packs.push(pack);
                }
            }
        }
        history.first_loose = count as u32;
        history.fill();
        history
    }

    fn empty(repository: &'r Repository, hash: gix::hash::Kind) -> Self {
        Self {
            repository,
            hash,
            packs: Vec::new(),
            loose: Vec::new(),
            first_loose: 0,
            ids: Ids::with_capacity(0),
            doubles: HashMap::new(),
            problems: Vec::new(),
            most_held: MOST_HELD,
        }
    }

    /// Lets only so many bytes of decoded objects wait for those that build on them. Less memory
    /// takes more time and gives the same.
    pub fn limit_memory(&mut self, bytes: usize) {
        self.most_held = bytes;
    }

    /// What could not be opened.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// How many objects there are, those that are stored more than once counted as often.
    pub fn len(&self) -> usize {
        self.first_loose as usize + self.loose.len()
    }

    /// How many objects of a kind there are, those that are stored more than once counted as often.
    pub fn count(&self, kind: Kind) -> u64 {
        (0..self.len() as u32).filter(|&number| self.kind(number) == Some(kind)).count() as u64
    }

    /// Returns true if and only if there are no objects.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The id of an object.
    pub fn id(&self, number: u32) -> leakgate_model::ObjectId {
        to_model_id(&self.oid(number).to_owned())
    }

    /// The number of an object; of one that is stored more than once, the one it goes by.
    pub fn number(&self, id: leakgate_model::ObjectId) -> Option<u32> {
        self.find(oid::try_from_bytes(id.as_bytes()).ok()?)
    }

    /// The number that an object goes by.
    pub fn canonical(&self, number: u32) -> u32 {
        if self.doubles.is_empty() {
            return number;
        }
        self.doubles.get(&number).copied().unwrap_or(number)
    }

    /// Shows each object of a kind to one of the visitors, each of which runs on a thread; or only
    /// the wanted ones and what they build on. `stop` ends it early.
    pub fn walk<V: Visit>(
        &self,
        kind: Kind,
        wanted: Option<&Bits>,
        visitors: &mut [V],
        stop: &AtomicBool,
    ) {
        for pack in &self.packs {
            let selection = match wanted {
                None => Selection::all(kind.to_git()),
                Some(wanted) => {
                    Selection::only(pack, kind.to_git(), |entry| wanted.has(pack.first + entry))
                }
            };
            walk::walk(pack, &selection, visitors, self.most_held, stop);
        }
        self.walk_loose(kind, wanted, visitors, stop);
    }

    fn walk_loose<V: Visit>(
        &self,
        kind: Kind,
        wanted: Option<&Bits>,
        visitors: &mut [V],
        stop: &AtomicBool,
    ) {
        let next = AtomicUsize::new(0);
        let run = |visitor: &mut V| {
            let mut content = Vec::new();
            while !stop.load(Ordering::Relaxed) {
                let index = next.fetch_add(1, Ordering::Relaxed);
                let Some(loose) = self.loose.get(index) else { return };
                let number = self.first_loose + index as u32;
                if wanted.is_some_and(|wanted| !wanted.has(number)) {
                    continue;
                }
                match loose.header {
                    Some((other, _)) if other != kind.to_git() => {}
                    // Nobody knows what it is: it is told of once.
                    None if kind == Kind::Blob => visitor.broken(number, Broken::Corrupt),
                    None => {}
                    Some((_, size)) if size >= V::LARGE => visitor.large(number, size),
                    Some(_) => match loose.read(&mut content) {
                        Ok(()) => {
                            visitor.visit(&Decoded { number, content: &content, base: None });
                        }
                        Err(why) => visitor.broken(number, why),
                    },
                }
            }
        };
        match visitors {
            [visitor] => run(visitor),
            _ if self.loose.is_empty() => {}
            _ => std::thread::scope(|scope| {
                for visitor in visitors {
                    scope.spawn(|| run(visitor));
                }
            }),
        }
    }

    /// Objects of packs that have no kind: they, or what they build on, are damaged or missing.
    pub fn broken(&self) -> Vec<u32> {
        let of_pack = |pack: &Pack| -> Vec<u32> {
            let entries = 0..pack.len() as u32;
            entries.filter(|&e| pack.kind(e).is_none()).map(|e| pack.first + e).collect()
        };
        self.packs.iter().flat_map(of_pack).collect()
    }

    /// The problem that an object cannot be decoded.
    pub fn broken_problem(&self, number: u32, why: Broken) -> Problem {
        let id = self.oid(number);
        match why {
            Broken::Corrupt => Problem {
                path: None,
                kind: ProblemKind::Corrupt,
                detail: format!("object {id} could not be decoded"),
                help: "`git fsck` tells what is damaged; fetch it again from another clone".into(),
            },
            Broken::TooLarge(size) => Problem {
                path: None,
                kind: ProblemKind::TooLarge,
                detail: format!("object {id} has {size} bytes and is stored as a delta"),
                help: "keep files of this size out of git, or in Git LFS".to_owned(),
            },
        }
    }

    /// What an object is; `None` if that cannot be told.
    pub fn kind(&self, number: u32) -> Option<Kind> {
        let kind = if number >= self.first_loose {
            self.loose[(number - self.first_loose) as usize].header.map(|(kind, _)| kind)
        } else {
            let pack = self.pack_of(number);
            pack.kind(number - pack.first)
        };
        kind.map(|kind| match kind {
            gix::objs::Kind::Blob => Kind::Blob,
            gix::objs::Kind::Tree => Kind::Tree,
            gix::objs::Kind::Commit => Kind::Commit,
            gix::objs::Kind::Tag => Kind::Tag,
        })
    }

    /// Reads single blobs, large ones as streams.
    pub fn reader(&self) -> Box<dyn Reader + '_> {
        Self::reader_of(self.repository)
    }

    /// The same for a repository that is not opened as a whole.
    pub fn reader_of(repository: &Repository) -> Box<dyn Reader + '_> {
        Box::new(ObjectReader::new(repository))
    }

    fn find(&self, id: &oid) -> Option<u32> {
        self.ids.get(id, |number| self.oid(number))
    }

    /// The numbers of several objects. Each look waits for memory; those of a loop that does nothing
    /// else wait together.
    fn find_all<'i>(
        &self,
        ids: impl Iterator<Item = &'i oid> + Clone,
        firsts: &mut Vec<First>,
        numbers: &mut Vec<Option<u32>>,
    ) {
        firsts.clear();
        firsts.extend(ids.clone().map(|id| self.ids.first(id)));
        let looks = ids.zip(&*firsts);
        numbers.extend(
            looks.map(|(id, &first)| self.ids.get_from(first, id, |number| self.oid(number))),
        );
    }

    fn oid(&self, number: u32) -> &oid {
        if number >= self.first_loose {
            return &self.loose[(number - self.first_loose) as usize].id;
        }
        let pack = self.pack_of(number);
        pack.id(number - pack.first)
    }

    fn pack_of(&self, number: u32) -> &Pack {
        &self.packs[self.packs.partition_point(|pack| pack.first <= number) - 1]
    }

    /// The objects that build on one.
    fn children(&self, number: u32) -> impl Iterator<Item = u32> + '_ {
        let pack = (number < self.first_loose).then(|| self.pack_of(number));
        pack.into_iter().flat_map(move |pack| {
            pack.children(number - pack.first).map(|entry| pack.first + entry)
        })
    }
}

impl History<'_> {
    /// Fills the table of ids, and meanwhile reads the forests of the packs.
    fn fill(&mut self) {
        let (ids, forests) = std::thread::scope(|scope| {
            let forests = || self.packs.iter().map(Pack::forest).collect::<Vec<_>>();
            if self.len() < FEW {
                return (self.list_ids(), forests());
            }
            let forests = scope.spawn(forests);
            (self.list_ids(), forests.join().unwrap_or_else(|panic| resume_unwind(panic)))
        });
        (self.ids, self.doubles) = ids;
        self.packs.iter_mut().zip(forests).for_each(|(pack, forest)| pack.forest = forest);
    }

    /// The numbers of all ids, and which objects are stored more than once.
    fn list_ids(&self) -> (Ids, HashMap<u32, u32>) {
        let mut ids = Ids::with_capacity(self.len());
        let mut doubles = HashMap::new();
        for number in 0..self.len() as u32 {
            let id = self.oid(number);
            if id.is_null() {
                continue;
            }
            let there = ids.insert(id, number, |number| self.oid(number));
            if let Some(first) = there {
                doubles.insert(number, first);
            }
        }
        (ids, doubles)
    }
}

/// The object folders of a repository: its own, those it borrows from, those that git names for a
/// while.
fn folders(repository: &Repository) -> Vec<PathBuf> {
    let local = repository.local();
    let store = local.objects.store_ref();
    let mut folders = vec![store.path().to_owned()];
    folders.extend(store.alternate_db_paths().unwrap_or_default());
    folders.extend(repository.extra_objects.iter().cloned());
    folders
}

/// The indexes of the packs of a folder, in order of their names.
fn indexes(folder: &Path, problems: &mut Vec<Problem>) -> Result<Vec<PathBuf>, Error> {
    let failed = |why| Error::Path { path: folder.to_owned(), why };
    let listed = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        listed => listed.map_err(failed)?,
    };
    let mut packs = Vec::new();
    for entry in listed {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|extension| extension == "pack") {
            packs.push(path);
        }
    }
    packs.sort();
    let mut indexes = Vec::new();
    for pack in packs {
        let index = pack.with_extension("idx");
        if index.is_file() {
            indexes.push(index);
        } else {
            problems.push(unreadable(&pack, "its index is missing"));
        }
    }
    Ok(indexes)
}

fn unreadable(path: &Path, why: &str) -> Problem {
    Problem {
        path: None,
        kind: ProblemKind::Corrupt,
        detail: format!("could not open the pack {}: {why}", path.display()),
        help: "`git fsck` tells what is damaged; `git index-pack` makes an index anew".to_owned(),
    }
}
