//! The checks of modes, links and names over everything that trees of the history hold.
//!
//! Trees are passed once, for secrets anyway; on the way those entries are kept that a check can say
//! something of, told by name and mode. Only of these the paths are looked up and the contents read.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::io::Read as _;
use std::panic::{AssertUnwindSafe, catch_unwind};

use bstr::{BStr, BString, ByteSlice as _};
use leakgate_git::history::{
    Below, Bits, Broken, Decoded, Kind, Marks, Places, Target, Visit, Where,
};
use leakgate_git::submodule_paths;
use leakgate_model::{Content, Entry, Finding, Mode, ObjectId, Outcome, Problem, ProblemKind};
use leakgate_modes::{Folder, Whereabouts};

use super::confirm::broken_off;
use super::hits::{Hit, Hits, Name};
use super::{NEVER, Scan};
use crate::check;

/// Which entries of trees can be worth a look.
pub(super) fn marks(name: &[u8]) -> Marks {
    let name = name.as_bstr();
    let place_of = |mode| match leakgate_modes::whereabouts(name, mode) {
        Whereabouts::Nowhere => Where::Nowhere,
        Whereabouts::InFolder => Where::InFolder,
        Whereabouts::Anywhere => Where::Anywhere,
    };
    Marks {
        file: place_of(Mode::File),
        executable: place_of(Mode::Executable),
        below: match leakgate_modes::folder(name) {
            Folder::Plain => Below::Nothing,
            Folder::Files => Below::Files,
            Folder::All => Below::All,
        },
        is_odd: leakgate_modes::is_odd_name(name),
    }
}

/// What the checks found.
#[derive(Default)]
pub(super) struct Modes {
    /// At places, by their numbers.
    pub(super) hits: Hits,
    /// Of these, places of commits of other repositories, with their paths: they count in commits
    /// that do not list them.
    pub(super) links: Vec<(u32, BString)>,
    /// Places of lists of submodules, with what they list.
    pub(super) listed: BTreeMap<BString, Vec<u32>>,
}

/// Judges the places that were searched for; `entries` are the modes and objects of their targets.
pub(super) fn look(
    scan: &Scan<'_>,
    places: &Places,
    entries: &[(Mode, ObjectId)],
    outcome: &mut Outcome,
) -> Modes {
    let mut modes = Modes::default();
    let mut of_blob: HashMap<u32, Vec<(u32, Entry)>> = HashMap::new();
    for (index, place) in (0..).zip(&places.list) {
        match place.target {
            Target::Odd(_) => {
                let found =
                    guarded(&place.path, || leakgate_modes::check_name(place.path.as_bstr()));
                modes.take(index, found, outcome);
            }
            Target::Entry(entry) => {
                let (mode, id) = entries[entry as usize];
                let entry = leakgate_modes::stored(place.path.clone(), mode, id);
                let found = guarded(&place.path, || leakgate_modes::check_stored(&entry));
                if mode == Mode::Gitlink {
                    modes.links.push((index, place.path.clone()));
                }
                modes.take(index, found, outcome);
                let wants = leakgate_modes::wants_content(&entry) || lists_submodules(&entry);
                if wants && let Some(number) = scan.history.number(id) {
                    of_blob.entry(number).or_default().push((index, entry));
                }
            }
            Target::Object(_) | Target::Missing(_) | Target::Name(_) => {}
        }
    }
    contents(scan, &of_blob, &mut modes, outcome);
    modes
}

/// The name of a file of a key says less than the key that was found in it.
pub(super) fn drop_told(
    modes: &mut Hits,
    secrets: &Hits,
    places: &Places,
    entries: &[(Mode, ObjectId)],
    id_of: impl Fn(u32) -> ObjectId,
) {
    let names = secrets.names();
    let is_key = |hit: &&Hit| match names[hit.name as usize] {
        Name::Secret(rule, _) => check::is_of_key(rule),
        Name::Entry(..) => false,
    };
    let told: HashSet<(&BStr, ObjectId)> = secrets
        .list
        .iter()
        .filter(is_key)
        .filter_map(|hit| match places.list[hit.place as usize].target {
            Target::Object(number) => {
                Some((places.list[hit.place as usize].path.as_bstr(), id_of(number)))
            }
            _ => None,
        })
        .collect();
    modes.list.retain(|hit| {
        let place = &places.list[hit.place as usize];
        let Target::Entry(entry) = place.target else { return true };
        !hit.whole.as_deref().is_some_and(check::names_key)
            || !told.contains(&(place.path.as_bstr(), entries[entry as usize].1))
    });
}

impl Modes {
    fn take(&mut self, place: u32, found: Result<Vec<Finding>, Problem>, outcome: &mut Outcome) {
        match found {
            Ok(found) => self.hits.add_whole(place, found),
            Err(problem) => outcome.problems.push(problem),
        }
    }
}

/// Git reads it at the root alone.
fn lists_submodules(entry: &Entry) -> bool {
    entry.path == ".gitmodules" && entry.mode.is_regular()
}

/// Judges blobs under each of their paths.
fn contents(
    scan: &Scan<'_>,
    of_blob: &HashMap<u32, Vec<(u32, Entry)>>,
    modes: &mut Modes,
    outcome: &mut Outcome,
) {
    let mut wanted = Bits::new(scan.history.len());
    for &number in of_blob.keys() {
        wanted.insert(number);
    }
    let new = |_| Heads {
        of_blob,
        modes: Modes::default(),
        outcome: Outcome::default(),
        large: BTreeSet::new(),
    };
    let mut visitors: Vec<_> = (0..scan.threads).map(new).collect();
    scan.history.walk(Kind::Blob, Some(&wanted), &mut visitors, &NEVER);
    for visitor in visitors {
        modes.hits.append(visitor.modes.hits);
        for (path, lists) in visitor.modes.listed {
            modes.listed.entry(path).or_default().extend(lists);
        }
        outcome.problems.extend(visitor.outcome.problems);
        for number in visitor.large {
            large(scan, scan.history.id(number), &of_blob[&number], modes, outcome);
        }
    }
}

/// Judges by its first bytes what is not decoded beside others.
fn large(
    scan: &Scan<'_>,
    id: ObjectId,
    entries: &[(u32, Entry)],
    modes: &mut Modes,
    outcome: &mut Outcome,
) {
    let (mut reader, mut buffer, mut head) = (scan.history.reader(), Vec::new(), Vec::new());
    let path = &entries[0].1.path;
    let read = match reader.read_object(path, id, &mut buffer) {
        Ok(Content::Whole(bytes)) => {
            head.extend_from_slice(bytes);
            Ok(())
        }
        Ok(Content::Stream(stream)) => {
            let most = leakgate_modes::HEAD as u64;
            let read = stream.take(most).read_to_end(&mut head);
            read.map(drop).map_err(|error| broken_off(path, id, &error))
        }
        Err(problem) => Err(problem),
    };
    match read {
        Ok(()) => entries.iter().for_each(|one| judge(one, &head, modes, outcome)),
        Err(problem) => outcome.problems.push(problem),
    }
}

fn judge((place, entry): &(u32, Entry), content: &[u8], modes: &mut Modes, outcome: &mut Outcome) {
    if lists_submodules(entry) {
        for path in submodule_paths(content) {
            modes.listed.entry(path).or_default().push(*place);
        }
    }
    let found = guarded(&entry.path, || leakgate_modes::check_stored_content(entry, content));
    modes.take(*place, found, outcome);
}

/// A fault of a check's own is a problem of this entry, not the end.
fn guarded(path: &BString, check: impl FnOnce() -> Vec<Finding>) -> Result<Vec<Finding>, Problem> {
    catch_unwind(AssertUnwindSafe(check)).map_err(|_| Problem {
        path: Some(path.clone()),
        kind: ProblemKind::Fault,
        detail: "a check of modes failed on this entry".to_owned(),
        help: "please report it".to_owned(),
    })
}

/// One thread's blobs.
struct Heads<'s> {
    of_blob: &'s HashMap<u32, Vec<(u32, Entry)>>,
    modes: Modes,
    outcome: Outcome,
    large: BTreeSet<u32>,
}

impl Visit for Heads<'_> {
    type Note = ();

    const LARGE: u64 = 16 << 20;

    fn visit(&mut self, blob: &Decoded<'_, ()>) {
        // What others build on is decoded as well.
        for one in self.of_blob.get(&blob.number).into_iter().flatten() {
            judge(one, blob.content, &mut self.modes, &mut self.outcome);
        }
    }

    /// Told of by the scan for secrets.
    fn broken(&mut self, _: u32, _: Broken) {}

    fn large(&mut self, number: u32, _: u64) {
        if self.of_blob.contains_key(&number) {
            self.large.insert(number);
        }
    }
}
