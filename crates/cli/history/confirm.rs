//! Scans the few blobs in which a secret could stand, under each of their paths: plain text where it
//! could stand, all else whole.

use std::collections::{BTreeSet, HashMap};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};

use bstr::BString;
use leakgate_git::history::{Bits, Broken, Decoded, Kind, Place, Places, Target, Visit};
use leakgate_model::{Content, Finding, ObjectId, Outcome, Problem, ProblemKind, Skip};
use leakgate_secrets::{Likely, RuleSet, Scanned, Scratch};

use super::{Found, NEVER, Scan};

/// What was found at places, by their numbers.
pub(super) type Hits = Vec<(u32, Finding)>;

/// Scans what stands at these places, names included.
pub(super) fn blobs(
    scan: &Scan<'_>,
    places: &Places,
    found: &Found,
    outcome: &mut Outcome,
) -> Hits {
    let mut of_blob: HashMap<u32, Vec<u32>> = HashMap::new();
    let mut hits = Hits::new();
    let mut scratch = Scratch::default();
    for (index, place) in places.list.iter().enumerate() {
        match place.target {
            Target::Object(number) => of_blob.entry(number).or_default().push(index as u32),
            Target::Name(_) => hits.extend(name(scan.rules, index as u32, place, &mut scratch)),
            Target::Missing(_) | Target::Odd(_) | Target::Entry(_) => {}
        }
    }
    let mut wanted = Bits::new(scan.history.len());
    for &number in of_blob.keys() {
        wanted.insert(number);
    }
    let is_broken = |number: u32| found.broken.iter().any(|&(broken, _)| broken == number);
    let new = |_| Confirm {
        scan,
        places,
        at: &found.at,
        wanted: &wanted,
        of_blob: &of_blob,
        scratch: Scratch::default(),
        hits: Hits::new(),
        problems: Vec::new(),
        skipped: BTreeSet::new(),
    };
    let mut visitors: Vec<_> = (0..scan.threads).map(new).collect();
    scan.history.walk(Kind::Blob, Some(&wanted), &mut visitors, &NEVER);
    if let Some(visitor) = visitors.first_mut() {
        for &number in found.large.iter().filter(|&&number| wanted.has(number)) {
            if !is_broken(number) {
                visitor.stream(number);
            }
        }
    }
    for visitor in visitors {
        hits.extend(visitor.hits);
        outcome.problems.extend(visitor.problems);
        for (_, skip) in visitor.skipped {
            *outcome.skipped.entry(skip).or_default() += 1;
        }
    }
    hits
}

/// What a name holds itself.
fn name(rules: &RuleSet, index: u32, place: &Place, scratch: &mut Scratch) -> Hits {
    let mut found = rules.scan(b"", &place.path, scratch);
    for finding in &mut found {
        finding.place = None;
        finding.excerpt = None;
        finding.lines = None;
        finding.reasons.push("in the name of the file".into());
        finding.path = place.path.clone();
    }
    found.into_iter().map(|finding| (index, finding)).collect()
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

struct Confirm<'s> {
    scan: &'s Scan<'s>,
    places: &'s Places,
    at: &'s HashMap<u32, Likely>,
    wanted: &'s Bits,
    of_blob: &'s HashMap<u32, Vec<u32>>,
    scratch: Scratch,
    hits: Hits,
    problems: Vec<Problem>,
    /// What was not looked at inside of which content.
    skipped: BTreeSet<(Target, Skip)>,
}

impl Visit for Confirm<'_> {
    type Note = ();

    const LARGE: u64 = 16 << 20;

    fn visit(&mut self, blob: &Decoded<'_, ()>) {
        // An object that is stored twice is looked at where it goes by its own number.
        if !self.wanted.has(blob.number) {
            return;
        }
        for &index in &self.of_blob[&blob.number] {
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
                    self.scratch = Scratch::default();
                    self.problems.push(Problem {
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

impl Confirm<'_> {
    fn take(&mut self, place: u32, scanned: Scanned) {
        self.hits.extend(scanned.findings.into_iter().map(|finding| (place, finding)));
        // One content counts once, however many paths it has.
        for skip in scanned.skipped {
            self.skipped.insert((self.places.list[place as usize].target, skip));
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
                Err(problem) => self.problems.push(problem),
            }
        }
    }
}
