//! Files inside of archives in which nothing was found.
//!
//! A folder of releases holds the same files many times over, and so does the history of a document:
//! its pictures and styles are in each version. What was found to hold nothing is not scanned again
//! under the same name.

use std::collections::HashSet;
use std::hash::{BuildHasher as _, Hasher as _};

use foldhash::quality::RandomState;

/// The files that hold nothing, as far as there is room; of one thread.
#[derive(Debug, Default)]
pub(crate) struct Calm(HashSet<u64>);

/// Longer contents are not remembered: reading them into memory costs what scanning saves.
pub(super) const LONGEST: usize = 1 << 20;
const MOST: usize = 1 << 16;

impl Calm {
    pub(super) fn has(&self, file: u64) -> bool {
        self.0.contains(&file)
    }

    pub(super) fn keep(&mut self, file: u64) {
        if self.0.len() == MOST {
            self.0.clear();
        }
        self.0.insert(file);
    }
}

/// A hash of a name and a content. The key is that of a set of rules, and nobody knows it.
pub(super) fn hash(key: &RandomState, name: &[u8], content: &[u8]) -> u64 {
    let mut hasher = key.build_hasher();
    hasher.write_usize(name.len());
    hasher.write(name);
    hasher.write(content);
    hasher.finish()
}
