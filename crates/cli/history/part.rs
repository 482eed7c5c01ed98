//! Tells which blobs cannot hold a secret, so that a scan of some commits need not look at them.

use std::sync::atomic::AtomicBool;

use leakgate_git::Repository;
use leakgate_git::history::{Bits, History, Kind};
use leakgate_model::ObjectId;
use leakgate_secrets::{Memory, RuleSet};

use super::blobs::Blobs;
use super::progress::Progress;

/// Asks some blobs along the deltas that store them, and gives those in which no secret can stand,
/// with their sizes; and some that these build on. The others have to be read whole, and these as
/// well under a name that [`RuleSet::is_read_by_name`].
pub(crate) fn calm(
    repository: &Repository,
    rules: &RuleSet,
    blobs: impl IntoIterator<Item = ObjectId>,
    threads: usize,
) -> Vec<(ObjectId, u64)> {
    let history = History::open_some(repository, blobs);
    let (progress, nothing) = (Progress::none(), Bits::default());
    let memory = Memory::for_objects(history.len());
    let new = |_| Blobs::new(&history, rules, &nothing, &memory, &progress);
    let mut visitors: Vec<_> = (0..threads).map(new).collect();
    history.walk(Kind::Blob, None, &mut visitors, &AtomicBool::new(false));
    let calm = visitors.into_iter().flat_map(|visitor| visitor.calm);
    calm.map(|(number, size)| (history.id(number), size)).collect()
}
