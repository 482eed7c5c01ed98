//! Finds the number of an object by its id: one look into a table, one to compare.
//!
//! Trees name millions of objects, and a binary search in the index of a pack is a dozen reads far
//! from each other for each.

use gix::hash::oid;

use super::pack::NONE;

/// A hash table of numbers: eight bytes a slot, at most half of them used.
pub(super) struct Ids {
    /// Four bytes of the id, and the number.
    slots: Vec<(u32, u32)>,
}

/// What stands in the first slot for an id.
#[derive(Clone, Copy)]
pub(super) struct First((u32, u32));

impl Ids {
    pub(super) fn with_capacity(count: usize) -> Self {
        Self { slots: vec![(0, NONE); (2 * count + 2).next_power_of_two()] }
    }

    /// Adds a number, or gives the one that is there with the same id.
    pub(super) fn insert<'i>(
        &mut self,
        id: &oid,
        number: u32,
        id_of: impl Fn(u32) -> &'i oid,
    ) -> Option<u32> {
        let slot = self.slot(id, id_of);
        let there = self.slots[slot].1;
        if there != NONE {
            return Some(there);
        }
        self.slots[slot] = (tag(id), number);
        None
    }

    pub(super) fn get<'i>(&self, id: &oid, id_of: impl Fn(u32) -> &'i oid) -> Option<u32> {
        Some(self.slots[self.slot(id, id_of)].1).filter(|&number| number != NONE)
    }

    /// The slot where an id is looked for first, for [`Ids::get_from`].
    pub(super) fn first(&self, id: &oid) -> First {
        First(self.slots[home(id) & (self.slots.len() - 1)])
    }

    /// What [`Ids::get`] gives, if the first slot was looked at already.
    pub(super) fn get_from<'i>(
        &self,
        First((there, number)): First,
        id: &oid,
        id_of: impl Fn(u32) -> &'i oid,
    ) -> Option<u32> {
        match number {
            NONE => None,
            number if there == tag(id) && id_of(number) == id => Some(number),
            _ => self.get(id, id_of),
        }
    }

    /// The slot that the id is in, or would be.
    fn slot<'i>(&self, id: &oid, id_of: impl Fn(u32) -> &'i oid) -> usize {
        let mask = self.slots.len() - 1;
        let mut slot = home(id) & mask;
        loop {
            let (there, number) = self.slots[slot];
            if number == NONE || there == tag(id) && id_of(number) == id {
                return slot;
            }
            slot = (slot + 1) & mask;
        }
    }
}

fn home(id: &oid) -> usize {
    let bytes = id.as_bytes();
    let low = u64::from_le_bytes(bytes[..8].try_into().expect("an id has 20 bytes at least"));
    // Ids can be chosen to share their first bytes, at a price: the rest is mixed in.
    let high = u64::from_le_bytes(bytes[8..16].try_into().expect("an id has 20 bytes at least"));
    (low ^ high.rotate_left(29)) as usize
}

fn tag(id: &oid) -> u32 {
    u32::from_le_bytes(id.as_bytes()[16..20].try_into().expect("an id has 20 bytes at least"))
}
