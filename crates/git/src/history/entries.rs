//! Entries of trees that are searched for by their names and modes, whatever they hold.
//!
//! Some names count anywhere, others only in certain folders. A tree does not know its own name, and
//! what it holds is carried along the deltas from trees of other names; so trees that have such a
//! name somewhere are read once more, each by itself, and there are few of these.

use std::sync::atomic::AtomicBool;

use leakgate_model::Mode;

use super::trees::{Entry, Hold, Lists, Target};
use super::{Bits, Broken, Decoded, History, Kind, Visit};

/// What to look for in trees.
pub struct Search<'s> {
    /// Which objects, by number, under which names.
    pub wanted: &'s (dyn Fn(u32, &[u8]) -> bool + Sync),
    /// Which names, whatever stands under them.
    pub is_odd: &'s (dyn Fn(&[u8]) -> bool + Sync),
    /// Which entries, by what their names say; none if it is not given. Asked for each name, not
    /// for each entry.
    pub marks: Option<&'s Marking<'s>>,
}

/// What each name says of entries.
pub type Marking<'s> = dyn Fn(&[u8]) -> Marks + Sync + 's;

/// Where an entry must be to count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Where {
    /// Nowhere.
    Nowhere,
    /// In a folder with a name that says so.
    InFolder,
    /// In any folder.
    Anywhere,
}

/// What the name of a folder makes count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Below {
    /// Nothing.
    Nothing,
    /// Files in it.
    Files,
    /// Files anywhere below it.
    All,
}

/// What a name says of an entry. Links, commits and unknown modes count anywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Marks {
    /// Of a regular file.
    pub file: Where,
    /// Of an executable one.
    pub executable: Where,
    /// Of a folder.
    pub below: Below,
    /// Whether the name itself counts, under any mode.
    pub is_odd: bool,
}

impl Marks {
    /// A name that says nothing.
    pub const NONE: Self = Self {
        file: Where::Nowhere,
        executable: Where::Nowhere,
        below: Below::Nothing,
        is_odd: false,
    };

    pub(super) fn place_of(&self, mode: Mode) -> Where {
        match mode {
            Mode::File => self.file,
            Mode::Executable => self.executable,
            Mode::Symlink | Mode::Gitlink | Mode::Other(_) => Where::Anywhere,
        }
    }
}

impl History<'_> {
    /// What counts in some folders, by the numbers of their trees, and not anywhere.
    pub(super) fn in_folders(
        &self,
        mut folders: Vec<(u32, Below)>,
        search: &Search<'_>,
        lists: &Lists,
        threads: usize,
        stop: &AtomicBool,
    ) -> Vec<Hold> {
        let Some(marks) = search.marks else { return Vec::new() };
        let mut holds = Vec::new();
        let mut seen = Bits::new(self.len());
        let mut seen_below = Bits::new(self.len());
        loop {
            let (mut wanted, mut below) = (Bits::new(self.len()), Bits::new(self.len()));
            for (tree, what) in folders.drain(..) {
                let is_below = what == Below::All && seen_below.insert(tree);
                if is_below {
                    below.insert(tree);
                }
                if seen.insert(tree) || is_below {
                    wanted.insert(tree);
                }
            }
            if wanted.count() == 0 {
                return holds;
            }
            let new = |_| Reader {
                history: self,
                marks,
                lists,
                wanted: &wanted,
                below: &below,
                holds: Vec::new(),
                folders: Vec::new(),
            };
            let mut readers: Vec<_> = (0..threads.max(1)).map(new).collect();
            self.walk(Kind::Tree, Some(&wanted), &mut readers, stop);
            for reader in readers {
                holds.extend(reader.holds);
                folders.extend(reader.folders);
            }
        }
    }
}

struct Reader<'h> {
    history: &'h History<'h>,
    marks: &'h Marking<'h>,
    lists: &'h Lists,
    wanted: &'h Bits,
    /// Trees of which the folders count as well.
    below: &'h Bits,
    holds: Vec<Hold>,
    folders: Vec<(u32, Below)>,
}

impl Visit for Reader<'_> {
    type Note = ();

    fn visit(&mut self, object: &Decoded<'_, ()>) {
        if !self.wanted.has(object.number) {
            return;
        }
        let mut rest = object.content;
        // What cannot be read was told of by the walk over all trees.
        while let Some(entry) = Entry::parse(rest, self.history.hash) {
            rest = &rest[entry.len..];
            if entry.is_tree() {
                let number = self.history.find(entry.id).filter(|_| self.below.has(object.number));
                self.folders.extend(number.map(|number| (number, Below::All)));
            } else if (self.marks)(entry.name).place_of(entry.mode()) == Where::InFolder {
                let target = self.lists.entries.place((entry.mode(), entry.id.to_owned()));
                let name = self.lists.names.place(entry.name.to_owned());
                self.holds.push((object.number, name, Target::Entry(target)));
            }
        }
    }

    fn broken(&mut self, _: u32, _: Broken) {}
}
