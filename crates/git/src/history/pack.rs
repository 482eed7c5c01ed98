//! A pack and the forest its deltas make: who builds on whom.
//!
//! Only the headers of the entries are read to know the forest, a few bytes each. Entries are named
//! by their number in the index of the pack, which is in the order of their ids; or if only some are
//! wanted, by their number among these and what they build on.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::path::Path;

use gix::ObjectId;
use gix::hash::oid;
use gix::objs::Kind;
use gix::odb::pack;

/// No entry.
pub(super) const NONE: u32 = u32::MAX;

/// An opened pack.
pub(super) struct Pack {
    index: pack::index::File,
    pub(super) data: pack::data::File,
    /// The number of its first entry among all objects.
    pub(super) first: u32,
    /// For each entry, where it stands in the pack.
    offsets: Vec<u64>,
    /// The ids of the entries, if they are not those of the index: null ones of those that only
    /// others build on.
    ids: Option<Vec<ObjectId>>,
    /// Nothing until [`Pack::forest`] was asked for it.
    pub(super) forest: Forest,
}

/// Who builds on whom.
#[derive(Default)]
pub(super) struct Forest {
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
    /// Opens the pack that belongs to an index, without its forest.
    pub(super) fn open(index: &Path, hash: gix::hash::Kind, first: u32) -> Result<Self, String> {
        let (data, index) = files(index, hash)?;
        let offsets = (0..index.num_objects()).map(|entry| index.pack_offset_at_index(entry));
        let (offsets, forest) = (offsets.collect(), Forest::default());
        Ok(Self { index, data, first, offsets, ids: None, forest })
    }

    /// Opens it for some of its objects and what they build on; what it has not is left in `wanted`.
    pub(super) fn open_some(
        index: &Path,
        hash: gix::hash::Kind,
        first: u32,
        wanted: &mut HashSet<ObjectId>,
    ) -> Result<Self, String> {
        let (data, index) = files(index, hash)?;
        let mut members: HashMap<u64, ObjectId> = HashMap::new();
        wanted.retain(|id| match index.lookup(id) {
            Some(entry) => {
                members.insert(index.pack_offset_at_index(entry), *id);
                false
            }
            None => true,
        });
        let mut pending: Vec<u64> = members.keys().copied().collect();
        while let Some(offset) = pending.pop() {
            let base = header_at(&data, offset).and_then(|header| base_of(&header, &index));
            if let Some(base) = base
                && let Entry::Vacant(place) = members.entry(base)
            {
                place.insert(ObjectId::null(hash));
                pending.push(base);
            }
        }
        let (offsets, ids) = members.into_iter().unzip();
        Ok(Self { index, data, first, offsets, ids: Some(ids), forest: Forest::default() })
    }

    pub(super) fn len(&self) -> usize {
        self.offsets.len()
    }

    pub(super) fn id(&self, entry: u32) -> &oid {
        match &self.ids {
            Some(ids) => &ids[entry as usize],
            None => self.index.oid_at_index(entry),
        }
    }

    pub(super) fn kind(&self, entry: u32) -> Option<Kind> {
        self.forest.kinds[entry as usize]
    }

    pub(super) fn base(&self, entry: u32) -> Option<u32> {
        Some(self.forest.bases[entry as usize]).filter(|&base| base != NONE)
    }

    pub(super) fn children(&self, entry: u32) -> impl Iterator<Item = u32> + '_ {
        let exists = |entry: u32| Some(entry).filter(|&entry| entry != NONE);
        let forest = &self.forest;
        std::iter::successors(exists(forest.first_child[entry as usize]), move |&child| {
            exists(forest.next_sibling[child as usize])
        })
    }

    /// The entries in the order of their places.
    pub(super) fn in_order(&self) -> impl Iterator<Item = u32> + '_ {
        self.forest.order.iter().copied()
    }

    /// The entry's header, or `None` if it cannot be read.
    pub(super) fn header(&self, entry: u32) -> Option<pack::data::Entry> {
        header_at(&self.data, self.offsets[entry as usize])
    }

    /// Reads who builds on whom.
    pub(super) fn forest(&self) -> Forest {
        let mut places: Vec<(u64, u32)> = self.offsets.iter().copied().zip(0..).collect();
        places.sort_unstable();
        let mut forest = Forest {
            kinds: vec![None; self.len()],
            bases: vec![NONE; self.len()],
            first_child: vec![NONE; self.len()],
            next_sibling: vec![NONE; self.len()],
            order: places.iter().map(|&(_, entry)| entry).collect(),
        };
        let mut deltas = Vec::new();
        for (place, &(_, entry)) in places.iter().enumerate() {
            let Some(header) = self.header(entry) else { continue };
            if header.header.is_base() {
                forest.kinds[entry as usize] = header.header.as_kind();
                continue;
            }
            let base = base_of(&header, &self.index);
            if let Some(base) = base.and_then(|offset| entry_at(&places, place, offset)) {
                forest.add(entry, base);
            }
            if forest.kinds[entry as usize].is_none() {
                deltas.push(entry);
            }
        }
        for delta in deltas {
            forest.resolve_kind(delta);
        }
        forest
    }
}

/// The entry at an offset. Most bases stand a little before what builds on them, `near` this place.
fn entry_at(places: &[(u64, u32)], near: usize, offset: u64) -> Option<u32> {
    let mut back = 1;
    while back < near && places[near - back].0 > offset {
        back *= 2;
    }
    let part = if places[near].0 > offset {
        &places[near.saturating_sub(back)..near]
    } else {
        &places[near..]
    };
    let found = part.binary_search_by_key(&offset, |&(offset, _)| offset).ok()?;
    Some(part[found].1)
}

impl Forest {
    fn add(&mut self, entry: u32, base: u32) {
        self.bases[entry as usize] = base;
        self.next_sibling[entry as usize] =
            std::mem::replace(&mut self.first_child[base as usize], entry);
        // Most bases stand before what builds on them.
        self.kinds[entry as usize] = self.kinds[base as usize];
    }

    /// Follows the bases of an entry whose own base stands behind it.
    fn resolve_kind(&mut self, entry: u32) {
        let mut root = entry;
        let mut steps = 0;
        while self.kinds[root as usize].is_none() {
            root = self.bases[root as usize];
            steps += 1;
            if root == NONE || steps > self.kinds.len() {
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

/// Opens the two files of a pack, named by the index.
fn files(
    index: &Path,
    hash: gix::hash::Kind,
) -> Result<(pack::data::File, pack::index::File), String> {
    let data = pack::data::File::at(index.with_extension("pack"), hash)
        .map_err(|error| error.to_string())?;
    let index = pack::index::File::at(index, hash).map_err(|error| error.to_string())?;
    Ok((data, index))
}

/// The header at a place, or `None` if it cannot be read.
fn header_at(data: &pack::data::File, offset: u64) -> Option<pack::data::Entry> {
    if offset >= data.pack_end() as u64 {
        return None;
    }
    data.entry(offset).ok()
}

/// Where the object stands that an entry builds on.
fn base_of(header: &pack::data::Entry, index: &pack::index::File) -> Option<u64> {
    use pack::data::entry::Header;
    match header.header {
        Header::OfsDelta { base_distance } => header.checked_base_pack_offset(base_distance),
        Header::RefDelta { base_id } => {
            index.lookup(base_id).map(|entry| index.pack_offset_at_index(entry))
        }
        _ => None,
    }
}
