//! From what was found at places to what is told: one finding for each secret, with its stay.

use std::collections::{HashMap, HashSet};

use bstr::BString;
use leakgate_git::history::{Graph, Kind, Places, Stay, Target, Unless};
use leakgate_model::{
    Category, Deed, Finding, Mode, ObjectId, Outcome, Problem, ProblemKind, Site, Standing, Trace,
};
use leakgate_policy::{Config, Marker, fingerprint_of, marker};
use leakgate_secrets::Scratch;

use super::confirm;
use super::hits::{At, Hit, Hits, Name, at};
use super::messages::Said;
use super::modes::Modes;
use super::saved::Origin;
use super::{Extent, Found, Scan};
use crate::mask::masked;

/// All secrets, each once.
pub(super) struct Secrets<'s> {
    scan: &'s Scan<'s>,
    graph: &'s Graph,
    extent: &'s Extent,
    /// Places in trees that a ref points to without a commit.
    pub(super) folders: HashSet<u32>,
    /// Modes and objects of entries that were searched for.
    entries: &'s [(Mode, ObjectId)],
    numbers: HashMap<Name, u32>,
    list: Vec<Known>,
    /// Which secrets each place holds.
    held_at: Vec<Vec<u32>>,
    /// What counts in some commits and not in others, and how many numbers it takes.
    unless: Vec<Unless>,
    parts: u32,
    /// The numbers of these by place.
    part_at: HashMap<u32, u32>,
    scratch: Scratch,
    shown: HashMap<BString, BString>,
}

/// What is known of a secret.
struct Known {
    name: Name,
    /// Where it stands, by path and content.
    at: Vec<Hit>,
    /// Commits and tags that tell it, by their numbers.
    messages: Vec<(u32, Kind, Finding)>,
    /// Refs that have it in their names, by their place in the list.
    refs: Vec<(usize, Finding)>,
}

/// Which of the places of a secret is shown.
#[derive(Clone, Copy)]
enum Pick {
    /// By its place in the list.
    At(usize),
    Message,
    Ref,
}

/// A secret that counts.
struct Chosen {
    number: usize,
    known: Known,
    pick: Pick,
}

impl<'s> Secrets<'s> {
    pub(super) fn new(
        scan: &'s Scan<'s>,
        graph: &'s Graph,
        extent: &'s Extent,
        entries: &'s [(Mode, ObjectId)],
    ) -> Self {
        Self {
            scan,
            graph,
            extent,
            entries,
            unless: Vec::new(),
            parts: 0,
            part_at: HashMap::new(),
            folders: HashSet::new(),
            numbers: HashMap::new(),
            list: Vec::new(),
            held_at: Vec::new(),
            scratch: Scratch::default(),
            shown: HashMap::new(),
        }
    }

    /// Takes what was found at places, in any order.
    pub(super) fn take_places(&mut self, places: &Places, mut hits: Hits) {
        self.held_at = vec![Vec::new(); places.list.len()];
        let mut order: Vec<u32> = (0..places.list.len() as u32).collect();
        order.sort_by_cached_key(|&place| {
            (&places.list[place as usize].path, self.object_at(place, places))
        });
        let mut rank = vec![0; order.len()];
        for (at, place) in (0_u32..).zip(order) {
            rank[place as usize] = at;
        }
        let mut list = std::mem::take(&mut hits.list);
        let names = hits.names();
        list.sort_by_key(|hit| {
            let span = hit.at.map(|(_, _, start, end)| (start, end));
            (rank[hit.place as usize], span, names[hit.name as usize].rule())
        });
        let mut numbers = vec![None; names.len()];
        for hit in list {
            let known = &mut numbers[hit.name as usize];
            let number = *known.get_or_insert_with(|| self.number(names[hit.name as usize]));
            self.held_at[hit.place as usize].push(number);
            self.list[number as usize].at.push(hit);
        }
    }

    /// Takes which commits of other repositories are submodules, of those that were taken as found.
    /// They are if the same commit lists them; so each place of them is a thing of its own, which
    /// makes the finding in commits that do not.
    pub(super) fn take_submodules(&mut self, modes: &Modes) {
        let mut next = self.list.len() as u32;
        let mut number = || {
            next += 1;
            next - 1
        };
        let mut by_path: HashMap<&BString, u32> = HashMap::new();
        for (place, path) in &modes.links {
            let by = *by_path.entry(path).or_insert_with(|| {
                let by = number();
                for &list in modes.listed.get(path).into_iter().flatten() {
                    self.held_at[list as usize].push(by);
                }
                by
            });
            let part = number();
            let held = std::mem::take(&mut self.held_at[*place as usize]);
            self.unless.extend(held.into_iter().map(|whole| Unless { part, by, whole }));
            self.held_at[*place as usize].push(part);
            self.part_at.insert(*place, part);
        }
        self.unless.sort_unstable();
        self.parts = next - self.list.len() as u32;
    }

    /// Takes what commits and tags tell, as far as they count.
    pub(super) fn take_messages(&mut self, messages: Vec<Said>) {
        let mut found: Vec<_> = messages.into_iter().flat_map(|one| one.found).collect();
        found.retain(|&(number, kind, _)| match kind {
            Kind::Tag => self.extent.others.iter().any(|&(tag, _)| tag == number),
            _ => self.graph.place(number).is_some_and(|place| self.extent.scope.has(place as u32)),
        });
        found.sort_by(|(one, _, a), (other, _, b)| {
            one.cmp(other).then_with(|| a.sort_key().cmp(&b.sort_key()))
        });
        for (number, kind, finding) in found {
            let Some(name) = Name::of(&finding) else { continue };
            let secret = self.number(&name);
            self.list[secret as usize].messages.push((number, kind, finding));
        }
    }

    /// Looks at the names of refs.
    pub(super) fn take_refs(&mut self) {
        for (index, one) in self.extent.refs.iter().enumerate() {
            for mut finding in self.scan.rules.scan(b"", &one.name, &mut self.scratch) {
                finding.place = None;
                finding.excerpt = None;
                finding.lines = None;
                finding.reasons.push("in the name of a ref".into());
                finding.path = one.name.clone();
                let Some(name) = Name::of(&finding) else { continue };
                let secret = self.number(&name);
                self.list[secret as usize].refs.push((index, finding));
            }
        }
    }

    fn number(&mut self, name: &Name) -> u32 {
        if let Some(&known) = self.numbers.get(name) {
            return known;
        }
        let number = self.list.len() as u32;
        self.numbers.insert(name.clone(), number);
        let (at, messages, refs) = (Vec::new(), Vec::new(), Vec::new());
        self.list.push(Known { name: name.clone(), at, messages, refs });
        number
    }

    /// The findings that count, their traces and where each was found, in the order of reports.
    pub(super) fn tell(
        mut self,
        places: &Places,
        found: &Found,
        outcome: &mut Outcome,
    ) -> (Vec<Finding>, Vec<Trace>, Vec<Option<Origin>>) {
        let tips: Vec<(usize, usize)> = self.tips();
        let of_tips: Vec<usize> = tips.iter().map(|&(_, place)| place).collect();
        let count = self.list.len() + self.parts as usize;
        let scope = &self.extent.scope;
        let stays = self.graph.stays(places, &self.held_at, &self.unless, count, scope, &of_tips);
        let chosen = self.choose(places, &stays, outcome);
        let again = again(self.scan, places, found, &chosen);
        let mut told = Vec::new();
        for one in &chosen {
            let Some(finding) = one.finding(&again) else {
                outcome.problems.push(self.lost(one, places));
                continue;
            };
            let applied = leakgate_policy::apply(vec![finding], self.scan.ignores);
            outcome.ignored += applied.ignored;
            let Some(mut finding) = applied.kept.into_iter().next() else { continue };
            let trace = self.trace(&one.known, &stays[one.number], places, &tips);
            let origin = self.origin(one, places);
            if finding.category == Category::Permission {
                self.tidy(&mut finding, &trace);
            }
            finding.path = self.shown(&finding.path.clone());
            told.push((finding, trace, origin));
        }
        told.sort_by(|(a, ..), (b, ..)| {
            a.sort_key().cmp(&b.sort_key()).then_with(|| a.fingerprint.cmp(&b.fingerprint))
        });
        // Where a name holds a secret, what was found is not kept.
        let is_plain = self.shown.iter().all(|(name, shown)| name == shown);
        let (mut findings, mut traces, mut origins) = (Vec::new(), Vec::new(), Vec::new());
        for (finding, trace, origin) in told {
            findings.push(finding);
            traces.push(trace);
            origins.push(origin.filter(|_| is_plain));
        }
        (findings, traces, origins)
    }

    /// The secrets that are told, each with the place that is shown; the others are counted.
    fn choose(&mut self, places: &Places, stays: &[Stay], outcome: &mut Outcome) -> Vec<Chosen> {
        let mut chosen = Vec::new();
        for (number, mut known) in std::mem::take(&mut self.list).into_iter().enumerate() {
            let part = |hit: &Hit| self.part_at.get(&hit.place).map(|&part| &stays[part as usize]);
            known.at.retain(|hit| part(hit).is_none_or(|part| part.is_anywhere));
            let Some(first) = self.first(&known, &stays[number], places) else { continue };
            // Of all its places, one that is not let pass is enough.
            let others = (0..known.at.len()).map(Pick::At);
            let mut picks = std::iter::once(first).chain(others);
            let is_kept = |pick: &Pick| known.marker(*pick) != Marker::Reasoned;
            let Some(pick) = picks.find(is_kept).filter(|_| !self.is_ignored(&known)) else {
                outcome.ignored += 1;
                continue;
            };
            if self.is_sample(&known, places) {
                outcome.samples += 1;
                continue;
            }
            chosen.push(Chosen { number, known, pick });
        }
        chosen
    }

    /// Returns true if and only if an entry of the ignore file or the settings let it pass.
    fn is_ignored(&self, known: &Known) -> bool {
        let ignores = self.scan.ignores;
        match &known.name {
            Name::Secret(rule, secret) => ignores.ignores(rule, secret.fingerprint(ignores.key())),
            Name::Entry(rule, _) => {
                let whole = known.at.iter().find_map(|hit| hit.whole.as_deref());
                whole.is_some_and(|whole| {
                    let passes = |policy: &Config| policy.lets_pass(whole);
                    ignores.ignores(rule, fingerprint_of(whole, ignores.key()))
                        || self.scan.modes.as_ref().is_some_and(passes)
                })
            }
        }
    }

    /// What was found and cannot be read any more.
    fn lost(&self, one: &Chosen, places: &Places) -> Problem {
        let place = one.hit().map(|hit| &places.list[hit.place as usize]);
        Problem {
            path: place.map(|place| place.path.clone()),
            kind: ProblemKind::Unreadable,
            detail: format!("a secret of rule {} was not found again", one.known.name.rule()),
            help: "the repository changed while it was read; run it again".to_owned(),
        }
    }

    /// Takes out of a finding about a file what would not help, or tell a secret.
    fn tidy(&mut self, finding: &mut Finding, trace: &Trace) {
        let has_secret = self.shown(&finding.path) != finding.path;
        if has_secret || trace.standing != Standing::Head {
            finding.fixes.clear();
        }
        if has_secret {
            finding.reasons.clear();
        }
    }

    /// Returns true if and only if a secret stands nowhere but where samples do.
    fn is_sample(&self, known: &Known, places: &Places) -> bool {
        let Scan { rules, samples, .. } = *self.scan;
        let kept = || known.at.iter().filter(|hit| hit.marker != Marker::Reasoned);
        let paths = kept().map(|hit| places.list[hit.place as usize].path.as_slice());
        known.messages.is_empty()
            && known.refs.is_empty()
            && kept().all(|hit| hit.at.is_some())
            && samples.leaves_out(rules, known.name.rule(), paths)
    }

    /// Where a finding can be found again.
    fn origin(&self, one: &Chosen, places: &Places) -> Option<Origin> {
        if let Some(hit) = one.hit() {
            let place = &places.list[hit.place as usize];
            let Target::Object(number) = place.target else { return None };
            let id = self.scan.history.id(number);
            return Some(Origin::Blob(id.as_bytes().to_vec(), place.path.to_vec()));
        }
        let (number, ..) = one.known.messages.first()?;
        Some(Origin::Message(self.scan.history.id(*number).as_bytes().to_vec()))
    }

    /// The refs that lead to commits, by their place in the list, and these commits' places.
    fn tips(&self) -> Vec<(usize, usize)> {
        let refs = self.extent.refs.iter().enumerate();
        refs.filter_map(|(index, one)| {
            let commit = self.graph.peel(one.target?).0?;
            Some((index, self.graph.place(commit)?))
        })
        .collect()
    }

    /// Which place of a secret is shown: where it came in.
    fn first(&self, known: &Known, stay: &Stay, places: &Places) -> Option<Pick> {
        let at = |is_that: &dyn Fn(&Hit) -> bool| known.at.iter().position(is_that).map(Pick::At);
        if let Some(place) = stay.introduced {
            let tree = self.graph.commits[place].tree?;
            let there = places.in_tree(tree);
            return at(&|hit| there.binary_search(&hit.place).is_ok());
        }
        if !known.messages.is_empty() {
            return Some(Pick::Message);
        }
        if !known.refs.is_empty() {
            return Some(Pick::Ref);
        }
        // It stands in no commit, or came before those that count.
        at(&|hit| self.is_apart(hit.place, places))
    }

    /// What stands at a place, if it is more than a name.
    fn object_at(&self, place: u32, places: &Places) -> Option<ObjectId> {
        match places.list[place as usize].target {
            Target::Object(number) => Some(self.scan.history.id(number)),
            Target::Entry(entry) => Some(self.entries[entry as usize].1),
            Target::Missing(_) | Target::Name(_) | Target::Odd(_) => None,
        }
    }

    /// Returns true if and only if a place is one that no commit has to lead to.
    fn is_apart(&self, place: u32, places: &Places) -> bool {
        !places.is_in_a_tree(place) || self.folders.contains(&place)
    }

    fn trace(
        &mut self,
        known: &Known,
        stay: &Stay,
        places: &Places,
        tips: &[(usize, usize)],
    ) -> Trace {
        let mut refs: Vec<BString> =
            stay.tips.iter().map(|&tip| self.extent.refs[tips[tip].0].name.clone()).collect();
        refs.extend(known.refs.iter().map(|&(index, _)| self.extent.refs[index].name.clone()));
        refs.sort();
        refs.dedup();
        let in_head = refs.iter().any(|name| name == "HEAD");
        refs.retain(|name| name != "HEAD");
        let reached = |number: u32| {
            self.graph.place(number).is_none_or(|place| self.extent.reached.has(place as u32))
        };
        let introduced = stay.introduced.map(|place| self.graph.commits[place].number);
        let message = known.messages.iter().map(|&(number, ..)| number).min_by_key(|&number| {
            self.graph.place(number).map_or(i64::MAX, |place| self.graph.commits[place].time)
        });
        let first = introduced.or(message);
        let standing = if in_head {
            Standing::Head
        } else if !refs.is_empty() {
            Standing::Tip
        } else if first.is_some_and(reached) || known.at.is_empty() {
            Standing::Past
        } else if first.is_none() && !self.in_others(known, places) || first.is_some() {
            Standing::Unreachable
        } else {
            Standing::Tip
        };
        let removed = stay.removed.filter(|_| !in_head);
        let removed = removed.map(|place| self.graph.commits[place].number);
        let refs = refs.iter().map(|name| self.shown(name)).collect();
        Trace {
            introduced: first.and_then(|number| self.deed(number)),
            removed: removed.and_then(|number| self.deed(number)),
            standing,
            refs,
            sites: self.sites(known, places),
        }
    }

    /// Returns true if and only if a ref points to one of its places itself.
    fn in_others(&self, known: &Known, places: &Places) -> bool {
        known.at.iter().any(|hit| {
            let is_pointed_at = match places.list[hit.place as usize].target {
                Target::Object(number) => {
                    self.extent.others.iter().any(|&(other, _)| other == number)
                }
                _ => false,
            };
            is_pointed_at || self.folders.contains(&hit.place)
        })
    }

    fn sites(&mut self, known: &Known, places: &Places) -> Vec<Site> {
        let mut sites = Vec::new();
        for hit in &known.at {
            let object = self.object_at(hit.place, places);
            let path = self.shown(&places.list[hit.place as usize].path);
            sites.push(Site { path, object, at: hit.at });
        }
        for (number, _, finding) in &known.messages {
            let object = Some(self.scan.history.id(*number));
            sites.push(Site { path: finding.path.clone(), object, at: at(finding) });
        }
        for (_, finding) in &known.refs {
            sites.push(Site { path: self.shown(&finding.path), object: None, at: None });
        }
        sites.sort();
        sites.dedup();
        sites
    }

    fn deed(&mut self, number: u32) -> Option<Deed> {
        let deed = self.scan.history.deed(number)?;
        let author = self.shown(&deed.author);
        Some(Deed { author, ..deed })
    }

    /// A name as it may be shown: what is secret in it is masked.
    fn shown(&mut self, name: &BString) -> BString {
        if let Some(shown) = self.shown.get(name) {
            return shown.clone();
        }
        let found = self.scan.rules.scan(b"", name, &mut self.scratch);
        let shown = if found.is_empty() { name.clone() } else { masked(name, &found) };
        self.shown.insert(name.clone(), shown.clone());
        shown
    }
}

impl Known {
    /// What stands beside it at a place.
    fn marker(&self, pick: Pick) -> Marker {
        let finding = match pick {
            Pick::At(index) => return self.at[index].marker,
            Pick::Message => self.messages.first().map(|(.., finding)| finding),
            Pick::Ref => self.refs.first().map(|(_, finding)| finding),
        };
        finding.and_then(|finding| finding.lines.as_ref()).map_or(Marker::None, marker)
    }
}

impl Chosen {
    /// What was found at a place, if that is what is shown.
    fn hit(&self) -> Option<&Hit> {
        match self.pick {
            Pick::At(index) => self.known.at.get(index),
            Pick::Message | Pick::Ref => None,
        }
    }

    /// All that is shown, of what was found again.
    fn finding(&self, again: &HashMap<(u32, &Name), Finding>) -> Option<Finding> {
        match self.pick {
            Pick::Message => self.known.messages.first().map(|(.., finding)| finding.clone()),
            Pick::Ref => self.known.refs.first().map(|(_, finding)| finding.clone()),
            Pick::At(index) => {
                let hit = self.known.at.get(index)?;
                let again = || again.get(&(hit.place, &self.known.name)).cloned();
                hit.whole.as_deref().cloned().or_else(again)
            }
        }
    }
}

/// Finds again what is shown of places, by their numbers.
fn again<'c>(
    scan: &Scan<'_>,
    places: &Places,
    found: &Found,
    chosen: &'c [Chosen],
) -> HashMap<(u32, &'c Name), Finding> {
    let mut wanted: HashMap<u32, Vec<(&Name, Option<At>)>> = HashMap::new();
    for one in chosen {
        if let Some(hit) = one.hit().filter(|hit| hit.whole.is_none()) {
            wanted.entry(hit.place).or_default().push((&one.known.name, hit.at));
        }
    }
    confirm::again(scan, places, found, &wanted)
}
