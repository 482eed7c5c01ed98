//! In which blobs of a part of the history no secret can stand.

use std::sync::atomic::AtomicBool;

use leakgate_git::Repository;
use leakgate_git::history::{Broken, Decoded, History, Kind, Visit};
use leakgate_model::ObjectId;
use leakgate_secrets::RuleSet;

use super::blobs::{Blobs, Note};
use super::progress::Progress;

/// Asks some blobs along the deltas that store them, and gives those in which no secret can stand,
/// with their sizes. The others have to be read whole.
pub(crate) fn calm(
    repository: &Repository,
    rules: &RuleSet,
    blobs: impl IntoIterator<Item = ObjectId>,
    threads: usize,
) -> Vec<(ObjectId, u64)> {
    let history = History::open_some(repository, blobs);
    let progress = Progress::none();
    let new = |_| Part { blobs: Blobs::new(&history, rules, &progress), calm: Vec::new() };
    let mut visitors: Vec<_> = (0..threads).map(new).collect();
    history.walk(Kind::Blob, None, &mut visitors, &AtomicBool::new(false));
    let calm = visitors.into_iter().flat_map(|visitor| visitor.calm);
    calm.map(|(number, size)| (history.id(number), size)).collect()
}

struct Part<'h> {
    blobs: Blobs<'h>,
    /// What was asked and is calm, what only others build on included.
    calm: Vec<(u32, u64)>,
}

impl Visit for Part<'_> {
    type Note = Note;

    const LARGE: u64 = Blobs::LARGE;

    fn visit(&mut self, blob: &Decoded<'_, Note>) -> Note {
        let note = self.blobs.visit(blob);
        if !note.is_candidate() {
            self.calm.push((blob.number, blob.content.len() as u64));
        }
        note
    }

    /// What cannot be decoded is read again, and told of then.
    fn broken(&mut self, _: u32, _: Broken) {}
}
