//! A pack and the forest its deltas make: who builds on whom.
//!
//! Only the headers of the entries are read to know the forest, a few bytes each. Entries are named
//! by their number in the index of the pack, which is in the order of their ids.

use std::path::Path;

use gix::hash::oid;
use gix::objs::Kind;
use gix::odb::pack;

/// No entry.
pub(super) const NONE: u32 = u32::MAX;

/// An opened pack.
pub(super) struct Pack {
    pub(super) index: pack::index::File,
    pub(super) data: pack::data::File,
    /// The number of its first entry among all objects.
    pub(super) first: u32,
    /// For each entry, its kind; `None` where the base is missing or builds on the entry itself.
    kinds: Vec<Option<Kind>>,
    /// For each entry, what it builds on.
    bases: Vec<u32>,
    /// For each entry, the first and the next of those that build on the same.
    first_child: Vec<u32>,
    next_sibling: Vec<u32>,
    /// The entries in the order of their places in the pack.
    order: Vec<u32>,
}

impl Pack {
    /// Opens the pack that belongs to an index.
    pub(super) fn open(index: &Path, hash: gix::hash::Kind, first: u32) -> Result<Self, String> {
        let data = pack::data::File::at(index.with_extension("pack"), hash)
            .map_err(|error| error.to_string())?;
        let index = pack::index::File::at(index, hash).map_err(|error| error.to_string())?;
        let count = index.num_objects() as usize;
        let mut places: Vec<(u64, u32)> = (0..index.num_objects())
            .map(|entry| (index.pack_offset_at_index(entry), entry))
            .collect();
        places.sort_unstable();
        let mut pack = Self {
            index,
            data,
            first,
            kinds: vec![None; count],
            bases: vec![NONE; count],
            first_child: vec![NONE; count],
            next_sibling: vec![NONE; count],
            order: places.iter().map(|&(_, entry)| entry).collect(),
        };
        pack.read_headers(&places);
        Ok(pack)
    }

    pub(super) fn len(&self) -> usize {
        self.kinds.len()
    }

    pub(super) fn id(&self, entry: u32) -> &oid {
        self.index.oid_at_index(entry)
    }

    pub(super) fn kind(&self, entry: u32) -> Option<Kind> {
        self.kinds[entry as usize]
    }

    pub(super) fn base(&self, entry: u32) -> Option<u32> {
        Some(self.bases[entry as usize]).filter(|&base| base != NONE)
    }

    pub(super) fn children(&self, entry: u32) -> impl Iterator<Item = u32> + '_ {
        let exists = |entry: u32| Some(entry).filter(|&entry| entry != NONE);
        std::iter::successors(exists(self.first_child[entry as usize]), move |&child| {
            exists(self.next_sibling[child as usize])
        })
    }

    /// The entries in the order of their places.
    pub(super) fn in_order(&self) -> impl Iterator<Item = u32> + '_ {
        self.order.iter().copied()
    }

    /// The entry's header, or `None` if it cannot be read.
    pub(super) fn header(&self, entry: u32) -> Option<pack::data::Entry> {
        let offset = self.index.pack_offset_at_index(entry);
        if offset >= self.data.pack_end() as u64 {
            return None;
        }
        self.data.entry(offset).ok()
    }

    /// Reads who builds on whom. `places` are offsets and entries, in order.
    fn read_headers(&mut self, places: &[(u64, u32)]) {
        use pack::data::entry::Header;
        let entry_at = |offset: u64| {
            let found = places.binary_search_by_key(&offset, |&(offset, _)| offset).ok()?;
            Some(places[found].1)
        };
        let mut deltas = Vec::new();
        for &(_, entry) in places {
            let Some(header) = self.header(entry) else { continue };
            let base = match header.header {
                Header::OfsDelta { base_distance } => {
                    header.checked_base_pack_offset(base_distance).and_then(entry_at)
                }
                Header::RefDelta { base_id } => self.index.lookup(base_id),
                other => {
                    self.kinds[entry as usize] = other.as_kind();
                    continue;
                }
            };
            if let Some(base) = base {
                self.bases[entry as usize] = base;
                self.next_sibling[entry as usize] =
                    std::mem::replace(&mut self.first_child[base as usize], entry);
                // Most bases stand before what builds on them.
                self.kinds[entry as usize] = self.kinds[base as usize];
            }
            if self.kinds[entry as usize].is_none() {
                deltas.push(entry);
            }
        }
        for delta in deltas {
            self.resolve_kind(delta);
        }
    }

    /// Follows the bases of an entry whose own base stands behind it.
    fn resolve_kind(&mut self, entry: u32) {
        let mut root = entry;
        let mut steps = 0;
        while self.kinds[root as usize].is_none() {
            root = self.bases[root as usize];
            steps += 1;
            if root == NONE || steps > self.len() {
                return;
            }
        }
        let kind = self.kinds[root as usize];
        let mut at = entry;
        while self.kinds[at as usize].is_none() {
            self.kinds[at as usize] = kind;
            at = self.bases[at as usize];
        }
    }
}
