//! Scans the few blobs in which a secret could stand, under each of their paths: plain text where it
//! could stand, all else whole.

use std::collections::{BTreeSet, HashMap};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};

use bstr::BString;
use leakgate_git::history::{Bits, Broken, Decoded, Kind, Place, Places, Target, Visit};
use leakgate_model::{Content, Finding, ObjectId, Outcome, Problem, ProblemKind, Skip};
use leakgate_secrets::{Likely, RuleSet, Scanned, Scratch};

use super::hits::{At, Hits, Name, at};
use super::{Found, NEVER, Scan};

/// Scans what stands at these places, names included.
pub(super) fn blobs(
    scan: &Scan<'_>,
    places: &Places,
    found: &Found,
    outcome: &mut Outcome,
) -> Hits {
    let mut hits = Hits::default();
    let mut scratch = Scratch::default();
    for (index, place) in (0..).zip(&places.list) {
        if let Target::Name(_) = place.target {
            hits.add_whole(index, name(scan.rules, place, &mut scratch));
        }
    }
    let all = 0..places.list.len() as u32;
    let new = || (Hits::default(), Scratch::without_excerpts());
    for kept in walk(scan, places, found, all, new) {
        hits.append(kept.to);
        outcome.problems.extend(kept.problems);
        for (_, skip) in kept.skipped {
            *outcome.skipped.entry(skip).or_default() += 1;
        }
    }
    hits
}

/// Scans some places again for what was found there, to show it. What cannot be read any more is
/// left out.
pub(super) fn again<'n>(
    scan: &Scan<'_>,
    places: &Places,
    found: &Found,
    wanted: &HashMap<u32, Vec<(&'n Name, Option<At>)>>,
) -> HashMap<(u32, &'n Name), Finding> {
    let new = || (Chosen { wanted, found: HashMap::new() }, Scratch::default());
    let parts = walk(scan, places, found, wanted.keys().copied(), new);
    parts.into_iter().flat_map(|kept| kept.to.found).collect()
}

/// Takes what is found at a place.
pub(super) trait Take {
    fn take(&mut self, place: u32, findings: Vec<Finding>);
}

/// Keeps what is to be shown.
struct Chosen<'w, 'n> {
    wanted: &'w HashMap<u32, Vec<(&'n Name, Option<At>)>>,
    found: HashMap<(u32, &'n Name), Finding>,
}

impl Take for Chosen<'_, '_> {
    fn take(&mut self, place: u32, findings: Vec<Finding>) {
        let wanted = self.wanted.get(&place).into_iter().flatten();
        for finding in findings {
            let is_that = |(name, there): &&(&Name, Option<At>)| {
                *there == at(&finding) && Name::of(&finding).as_ref() == Some(name)
            };
            if let Some((name, _)) = wanted.clone().find(is_that) {
                self.found.entry((place, *name)).or_insert(finding);
            }
        }
    }
}

/// Scans what stands at some places, in threads that each hand what they find to one that `new` made.
fn walk<T: Take + Send>(
    scan: &Scan<'_>,
    places: &Places,
    found: &Found,
    some: impl Iterator<Item = u32>,
    new: impl Fn() -> (T, Scratch),
) -> Vec<Kept<T>> {
    let mut of_blob: HashMap<u32, Vec<u32>> = HashMap::new();
    for index in some {
        if let Target::Object(number) = places.list[index as usize].target {
            of_blob.entry(number).or_default().push(index);
        }
    }
    let mut wanted = Bits::new(scan.history.len());
    for &number in of_blob.keys() {
        wanted.insert(number);
    }
    let is_broken = |number: u32| found.broken.iter().any(|&(broken, _)| broken == number);
    let confirm = |_| {
        let (to, scratch) = new();
        let kept = Kept { to, problems: Vec::new(), skipped: BTreeSet::new() };
        Confirm { scan, places, at: &found.at, of_blob: &of_blob, scratch, kept }
    };
    let mut visitors: Vec<_> = (0..scan.threads).map(confirm).collect();
    scan.history.walk(Kind::Blob, Some(&wanted), &mut visitors, &NEVER);
    if let Some(visitor) = visitors.first_mut() {
        for &number in found.large.iter().filter(|&&number| wanted.has(number)) {
            if !is_broken(number) {
                visitor.stream(number);
            }
        }
    }
    visitors.into_iter().map(|visitor| visitor.kept).collect()
}

/// What a name holds itself.
fn name(rules: &RuleSet, place: &Place, scratch: &mut Scratch) -> Vec<Finding> {
    let mut found = rules.scan(b"", &place.path, scratch);
    for finding in &mut found {
        finding.place = None;
        finding.excerpt = None;
        finding.lines = None;
        finding.reasons.push("in the name of the file".into());
        finding.path = place.path.clone();
    }
    found
}

/// An object that cannot be read to its end.
pub(super) fn broken_off(path: &BString, id: ObjectId, error: &io::Error) -> Problem {
    Problem {
        path: Some(path.clone()),
        kind: ProblemKind::Corrupt,
        detail: format!("object {id} broke off while it was read: {error}"),
        help: "`git fsck` tells what is damaged".to_owned(),
    }
}

/// One thread's scan.
struct Confirm<'s, T> {
    scan: &'s Scan<'s>,
    places: &'s Places,
    at: &'s HashMap<u32, Likely>,
    of_blob: &'s HashMap<u32, Vec<u32>>,
    scratch: Scratch,
    kept: Kept<T>,
}

/// What comes of it.
struct Kept<T> {
    to: T,
    problems: Vec<Problem>,
    /// What was not looked at inside of which content.
    skipped: BTreeSet<(Target, Skip)>,
}

impl<T: Take + Send> Visit for Confirm<'_, T> {
    type Note = ();

    const LARGE: u64 = 16 << 20;

    fn visit(&mut self, blob: &Decoded<'_, ()>) {
        // An object that is stored twice is looked at where it goes by its own number.
        for &index in self.of_blob.get(&blob.number).into_iter().flatten() {
            let path = &self.places.list[index as usize].path;
            let rules = self.scan.rules;
            let scratch = &mut self.scratch;
            let at = self.at.get(&blob.number).filter(|_| !RuleSet::is_read_by_name(path));
            let scanned = catch_unwind(AssertUnwindSafe(|| match at {
                Some(at) => Scanned {
                    findings: rules.scan_at(path, blob.content, at, scratch),
                    bytes: blob.content.len() as u64,
                    ..Scanned::default()
                },
                None => rules.scan_file(path, blob.content, scratch),
            }));
            match scanned {
                Ok(scanned) => self.take(index, scanned),
                Err(_) => {
                    self.scratch = self.scratch.renewed();
                    self.kept.problems.push(Problem {
                        path: Some(path.clone()),
                        kind: ProblemKind::Fault,
                        detail: format!(
                            "a check failed on object {}",
                            self.scan.history.id(blob.number)
                        ),
                        help: "please report it, with the file if it holds no secret".to_owned(),
                    });
                }
            }
        }
    }

    /// Told of by the pass before.
    fn broken(&mut self, _: u32, _: Broken) {}
}

impl<T: Take> Confirm<'_, T> {
    fn take(&mut self, place: u32, scanned: Scanned) {
        self.kept.to.take(place, scanned.findings);
        // One content counts once, however many paths it has.
        for skip in scanned.skipped {
            self.kept.skipped.insert((self.places.list[place as usize].target, skip));
        }
    }

    fn stream(&mut self, number: u32) {
        let mut reader = self.scan.history.reader();
        let mut buffer = Vec::new();
        let id = self.scan.history.id(number);
        for &index in &self.of_blob[&number] {
            let path = &self.places.list[index as usize].path;
            let scanned = match reader.read_object(path, id, &mut buffer) {
                Ok(Content::Whole(bytes)) => {
                    Ok(self.scan.rules.scan_file(path, bytes, &mut self.scratch))
                }
                Ok(Content::Stream(mut stream)) => {
                    let scanned =
                        self.scan.rules.scan_file_stream(path, &mut stream, &mut self.scratch);
                    scanned.map_err(|error| broken_off(path, id, &error))
                }
                Err(problem) => Err(problem),
            };
            match scanned {
                Ok(scanned) => self.take(index, scanned),
                Err(problem) => self.kept.problems.push(problem),
            }
        }
    }
}
