//! Which blobs of the history could hold a secret, each asked for what is new in it.
//!
//! A blob that builds on another has most of its bytes from there. What was asked of them there
//! holds here as well, as far as the bytes around are the same: a spot is carried along with the
//! copy that holds it and all it depends on. Spots beside an edit are asked anew.

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};

use leakgate_git::history::{Base, Bits, Broken, Copy, Decoded, History, Visit};
use leakgate_secrets::ranges::{join, touched};
use leakgate_secrets::{Encoding, Found, Likely, Memory, Recall, RuleSet, Spot};

use super::progress::Progress;

/// What one thread found out.
pub(super) struct Blobs<'h> {
    history: &'h History<'h>,
    rules: &'h RuleSet,
    recall: Recall<'h>,
    /// Blobs that need not be asked, but for those that build on them.
    known: &'h Bits,
    /// Blobs in which no secret can stand, with their sizes.
    pub(super) calm: Vec<(u32, u64)>,
    /// To be scanned again, where secrets could stand: by their numbers, with the places if a look
    /// at these is enough.
    pub(super) candidates: Vec<(u32, Option<Likely>)>,
    /// To be scanned whole under names that tell of a secret.
    pub(super) nameless: Vec<u32>,
    /// Too large to be decoded beside others: to be scanned as streams.
    pub(super) large: Vec<u32>,
    pub(super) broken: Vec<(u32, Broken)>,
    /// How many blobs were asked, and how many bytes they have.
    pub(super) count: u64,
    pub(super) bytes: u64,
    /// Where the blob must be asked anew.
    ranges: Vec<Range<usize>>,
    /// Where what stood encoded in the base must be asked anew.
    stale: Vec<Range<usize>>,
    /// What was found there, the spots by place.
    fresh: Found,
    progress: &'h Progress,
    /// How many blobs the progress was not told of yet.
    untold: u64,
}

/// What is remembered of a blob for those that build on it.
pub(super) struct Note {
    len: usize,
    /// What there is in a plain text, sorted by place, no encoding overlapping another; `None` if
    /// it is to be scanned whole in any case.
    plain: Option<Found>,
}

impl Note {
    /// Returns true if and only if a secret could stand in the blob.
    pub(super) fn is_candidate(&self) -> bool {
        self.plain.as_ref().is_none_or(Found::is_likely)
    }
}

/// No source has so many; a list of them must not take more than the content.
const MOST_SPOTS: usize = 1 << 20;

/// The progress is told after so many blobs.
const TELL_AFTER: u64 = 256;

impl<'h> Blobs<'h> {
    pub(super) fn new(
        history: &'h History<'h>,
        rules: &'h RuleSet,
        known: &'h Bits,
        memory: &'h Memory,
        progress: &'h Progress,
    ) -> Self {
        Self {
            history,
            rules,
            recall: Recall::new(memory),
            known,
            calm: Vec::new(),
            candidates: Vec::new(),
            nameless: Vec::new(),
            large: Vec::new(),
            broken: Vec::new(),
            count: 0,
            bytes: 0,
            ranges: Vec::new(),
            stale: Vec::new(),
            fresh: Found::default(),
            progress,
            untold: 0,
        }
    }

    /// What there is in a blob; `None` if it is no plain text, or has too many spots to keep.
    fn ask(&mut self, blob: &Decoded<'_, Note>) -> Option<Found> {
        let text = blob.content;
        let base = blob.base.as_ref();
        let mut spots = Vec::new();
        self.fresh.clear();
        if let Some((base, from)) = base.and_then(|base| Some((base, base.note.plain.as_ref()?))) {
            if RuleSet::begins_opaque(text) {
                return None;
            }
            self.find_changed(text.len(), base.note.len, base.copies);
            self.find_stale(text.len(), base, &from.spots);
            self.carry_encodings(base.copies, &from.encodings);
            self.ask_changed(text)?;
            self.carry(base, &from.spots, &mut spots);
        } else if RuleSet::is_opaque(text) {
            return None;
        } else {
            self.recall.ask(self.rules, text, [&(0..text.len())], &[], &mut self.fresh);
            spots.extend_from_slice(&self.fresh.spots);
        }
        let mut encodings = self.fresh.encodings.clone();
        // Two anchors can begin at one place, and each of them asks for both.
        if !spots.is_sorted() {
            spots.sort_unstable();
        }
        spots.dedup();
        merge(&mut encodings);
        (spots.len() <= MOST_SPOTS).then_some(Found { spots, encodings })
    }

    /// Where a blob must be asked anew: around what was inserted or left out.
    fn find_changed(&mut self, len: usize, base: usize, copies: &[Copy]) {
        self.ranges.clear();
        let near = self.rules.near();
        let ranges = &mut self.ranges;
        let mut add = |from: usize, to: usize| {
            let range = near.around(&(from..to), len);
            match ranges.last_mut() {
                Some(last) if last.end >= range.start => last.end = range.end,
                _ => ranges.push(range),
            }
        };
        let mut end = 0;
        for (index, copy) in copies.iter().enumerate() {
            if index > 0 || copy.from > 0 || copy.to > 0 {
                add(end, copy.to);
            }
            end = copy.to + copy.len;
        }
        let reaches_end = copies.last().is_some_and(|copy| copy.from + copy.len == base);
        if end < len || !reaches_end {
            add(end, len);
        }
    }

    /// Adds the spots of the base that do not stay what they are to what must be asked anew.
    fn find_stale(&mut self, len: usize, base: &Base<'_, Note>, from: &[Spot]) {
        if from.is_empty() {
            return;
        }
        let known = self.ranges.len();
        for copy in base.copies {
            let opens = copy.from == 0 && copy.to == 0;
            let end = copy.from + copy.len;
            let closes = end == base.note.len && copy.to + copy.len == len;
            for spot in spots_of(copy, from) {
                let at = spot.at as usize;
                let same_before = opens || at >= copy.from + usize::from(spot.before);
                let same_after = closes || at + usize::from(spot.after) <= end;
                if !same_before || !same_after {
                    let here = at - copy.from + copy.to;
                    self.ranges.push(here..here + 1);
                }
            }
        }
        if self.ranges.len() > known {
            join(&mut self.ranges);
        }
    }

    /// Carries the spots of the base that stay what they are, and adds what was asked anew.
    fn carry(&self, base: &Base<'_, Note>, from: &[Spot], spots: &mut Vec<Spot>) {
        let mut ranges = self.ranges.iter().peekable();
        let mut fresh = self.fresh.spots.iter().peekable();
        spots.reserve(from.len() + self.fresh.spots.len());
        let copies = if from.is_empty() { &[] } else { base.copies };
        for copy in copies {
            for spot in spots_of(copy, from) {
                let here = spot.at as usize - copy.from + copy.to;
                while ranges.next_if(|range| range.end <= here).is_some() {}
                if ranges.peek().is_some_and(|range| range.contains(&here)) {
                    continue;
                }
                while let Some(spot) = fresh.next_if(|spot| (spot.at as usize) < here) {
                    spots.push(*spot);
                }
                spots.push(Spot { at: here as u32, ..*spot });
            }
        }
        spots.extend(fresh);
    }

    /// Asks what was changed for spots, and for what is encoded there. Returns `None` if that makes
    /// an opaque text of it.
    fn ask_changed(&mut self, text: &[u8]) -> Option<()> {
        let fresh = &mut self.fresh;
        for range in &self.ranges {
            if RuleSet::has_control(&text[range.clone()]) {
                return None;
            }
            if touched(&self.stale, range) {
                self.rules.spots(text, range.clone(), &mut fresh.spots);
            }
        }
        let others = self.ranges.iter().filter(|range| !touched(&self.stale, range));
        self.recall.ask(self.rules, text, others, &self.stale, fresh);
        fresh.spots.sort_unstable();
        fresh.spots.dedup();
        Some(())
    }

    /// Carries what stands encoded away from changes. What stood beside them is asked anew together
    /// with the changes that touch it: an encoding reaches far.
    fn carry_encodings(&mut self, copies: &[Copy], from: &[Encoding]) {
        self.stale.clear();
        if from.is_empty() {
            return;
        }
        let mut ranges = self.ranges.iter().peekable();
        for copy in copies {
            let end = copy.from + copy.len;
            let first = from.partition_point(|one| one.end as usize <= copy.from);
            for one in from[first..].iter().take_while(|one| (one.start as usize) < end) {
                let whole = one.start as usize..one.end as usize;
                let part = whole.start.max(copy.from)..whole.end.min(end);
                let here = part.start - copy.from + copy.to..part.end - copy.from + copy.to;
                let reach = here.start.saturating_sub(Encoding::REACH)..here.end + Encoding::REACH;
                while ranges.next_if(|range| range.end < reach.start).is_some() {}
                if part != whole || ranges.peek().is_some_and(|range| range.start <= reach.end) {
                    self.stale.push(here);
                } else {
                    let fresh = &mut self.fresh.encodings;
                    fresh.push(Encoding { start: here.start as u32, end: here.end as u32, ..*one });
                }
            }
        }
        if !self.stale.is_empty() {
            join(&mut self.stale);
            let touching = self.ranges.iter().filter(|range| touched(&self.stale, range));
            let touching: Vec<_> = touching.cloned().collect();
            self.stale.extend(touching);
            join(&mut self.stale);
        }
    }
}

/// The spots of a base that a copy takes along.
fn spots_of<'s>(copy: &Copy, from: &'s [Spot]) -> impl Iterator<Item = &'s Spot> + use<'s> {
    let (start, end) = (copy.from, copy.from + copy.len);
    let first = from.partition_point(|spot| (spot.at as usize) < start);
    from[first..].iter().take_while(move |spot| (spot.at as usize) < end)
}

/// Sorts encodings and makes one of those that overlap.
fn merge(encodings: &mut Vec<Encoding>) {
    encodings.sort_unstable();
    encodings.dedup_by(|next, last| {
        let overlaps = next.start < last.end;
        if overlaps {
            last.end = last.end.max(next.end);
            last.likely |= next.likely;
        }
        overlaps
    });
}

impl Visit for Blobs<'_> {
    type Note = Note;

    const LARGE: u64 = 16 << 20;

    fn visit(&mut self, blob: &Decoded<'_, Note>) -> Note {
        self.untold += 1;
        if self.untold == TELL_AFTER {
            self.progress.add(std::mem::take(&mut self.untold));
        }
        let text = blob.content;
        let number = self.history.canonical(blob.number);
        let is_first = number == blob.number && !self.known.has(number);
        if is_first {
            self.count += 1;
            self.bytes += text.len() as u64;
        }
        // A fault of a check's own leaves the blob to the scan of the whole, which tells of it.
        let plain = catch_unwind(AssertUnwindSafe(|| self.ask(blob))).unwrap_or(None);
        let note = Note { len: text.len(), plain };
        if note.is_candidate() && self.rules.needs_a_name(text) {
            self.nameless.push(number);
        } else if note.is_candidate() {
            self.candidates.push((number, note.plain.as_ref().map(Found::likely)));
        } else if is_first {
            self.calm.push((number, text.len() as u64));
        }
        note
    }

    fn broken(&mut self, number: u32, why: Broken) {
        self.broken.push((self.history.canonical(number), why));
    }

    fn large(&mut self, number: u32, size: u64) {
        let known = self.history.canonical(number);
        if known == number {
            self.count += 1;
            self.bytes += size;
            self.large.push(known);
        }
    }
}
