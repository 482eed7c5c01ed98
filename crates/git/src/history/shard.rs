//! Divides the objects of a repository into shards that need nothing of each other.
//!
//! What builds on an object is in its shard, so each shard decodes and asks what the others do not.
//! The id of the object at the bottom decides, so nobody has to be asked which shard is whose, and
//! copies of a repository that are packed alike for the most part are divided alike for the most part.

use super::pack::{NONE, Pack};
use super::{Bits, History, Kind};
use crate::object::to_gix_id;

/// One of several shards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    /// Which, from 1.
    pub index: u32,
    /// Of how many, one at least.
    pub count: u32,
}

impl Shard {
    fn has(self, id: &gix::hash::oid) -> bool {
        let bytes = id.as_bytes();
        let first = bytes[..8].try_into().expect("an id has 20 bytes at least");
        u64::from_be_bytes(first) % u64::from(self.count) == u64::from(self.index) - 1
    }
}

impl History<'_> {
    /// The objects of a kind that are in a shard, as [`History::walk`] takes them.
    pub fn shard(&self, kind: Kind, shard: Shard) -> Bits {
        let mut chosen = Bits::new(self.len());
        for pack in &self.packs {
            let roots = roots(pack);
            for entry in 0..pack.len() as u32 {
                let is_there = pack.kind(entry) == Some(kind.to_git());
                if is_there && shard.has(pack.id(roots[entry as usize])) {
                    chosen.insert(pack.first + entry);
                }
            }
        }
        for (number, loose) in (self.first_loose..).zip(&self.loose) {
            // Nobody knows what the others are: whoever has their ids tells of them.
            if loose.header.is_none_or(|(other, _)| other == kind.to_git()) && shard.has(&loose.id)
            {
                chosen.insert(number);
            }
        }
        chosen
    }

    /// The size of an object, told without decoding it; `None` if it cannot be told.
    pub fn size(&self, number: u32) -> Option<u64> {
        let id = to_gix_id(self.id(number));
        Some(self.repository.local().find_header(id).ok()?.size())
    }
}

/// For each entry of a pack that has a kind, what it builds on in the end.
fn roots(pack: &Pack) -> Vec<u32> {
    let mut roots = vec![NONE; pack.len()];
    let mut chain = Vec::new();
    for entry in 0..pack.len() as u32 {
        // Those without a kind build on nothing, or on themselves.
        let mut at = entry;
        while pack.kind(entry).is_some() && roots[at as usize] == NONE {
            chain.push(at);
            match pack.base(at) {
                Some(base) => at = base,
                None => break,
            }
        }
        let root = if roots[at as usize] == NONE { at } else { roots[at as usize] };
        chain.drain(..).for_each(|entry| roots[entry as usize] = root);
    }
    roots
}
