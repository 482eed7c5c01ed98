//! From what was found at places to what is told: one finding for each secret, with its stay.

use std::collections::{HashMap, HashSet};

use bstr::BString;
use leakgate_git::history::{Graph, Kind, Places, Stay, Target, Unless};
use leakgate_model::{
    Category, Deed, Finding, Mode, ObjectId, Outcome, RuleId, Secret, Site, Standing, Trace,
};
use leakgate_secrets::Scratch;

use super::confirm::Hits;
use super::messages::Said;
use super::modes::Modes;
use super::saved::Origin;
use super::{Extent, Scan};
use crate::check::masked;

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

/// What makes a finding the same as another.
#[derive(PartialEq, Eq, Hash)]
enum Name {
    Secret(RuleId, Secret),
    /// A mode, link or name: the file that has it.
    Entry(RuleId, BString),
}

impl Name {
    fn of(finding: &Finding) -> Option<Self> {
        let rule = finding.rule.clone();
        match &finding.secret {
            Some(secret) => Some(Self::Secret(rule, secret.clone())),
            None if finding.category == Category::Permission => {
                Some(Self::Entry(rule, finding.path.clone()))
            }
            None => None,
        }
    }
}

/// What is known of a secret.
#[derive(Default)]
struct Known {
    /// Where it stands, by place.
    at: Vec<(u32, Finding)>,
    /// Commits and tags that tell it, by their numbers.
    messages: Vec<(u32, Kind, Finding)>,
    /// Refs that have it in their names, by their place in the list.
    refs: Vec<(usize, Finding)>,
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
        hits.sort_by(|(one, a), (other, b)| {
            let key =
                |place: u32| (&places.list[place as usize].path, self.object_at(place, places));
            key(*one).cmp(&key(*other)).then_with(|| a.sort_key().cmp(&b.sort_key()))
        });
        for (place, finding) in hits {
            let Some(number) = self.number(&finding) else { continue };
            self.held_at[place as usize].push(number);
            self.list[number as usize].at.push((place, finding));
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
            let Some(secret) = self.number(&finding) else { continue };
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
                let Some(secret) = self.number(&finding) else { continue };
                self.list[secret as usize].refs.push((index, finding));
            }
        }
    }

    fn number(&mut self, finding: &Finding) -> Option<u32> {
        let next = self.list.len() as u32;
        let number = *self.numbers.entry(Name::of(finding)?).or_insert(next);
        if number == next {
            self.list.push(Known::default());
        }
        Some(number)
    }

    /// The findings that count, their traces and where each was found, in the order of reports.
    pub(super) fn tell(
        mut self,
        places: &Places,
        outcome: &mut Outcome,
    ) -> (Vec<Finding>, Vec<Trace>, Vec<Option<Origin>>) {
        let tips: Vec<(usize, usize)> = self.tips();
        let of_tips: Vec<usize> = tips.iter().map(|&(_, place)| place).collect();
        let count = self.list.len() + self.parts as usize;
        let scope = &self.extent.scope;
        let stays = self.graph.stays(places, &self.held_at, &self.unless, count, scope, &of_tips);
        let mut told = Vec::new();
        for (number, mut known) in std::mem::take(&mut self.list).into_iter().enumerate() {
            let stay = &stays[number];
            let part = |place: &u32| self.part_at.get(place).map(|&part| &stays[part as usize]);
            known.at.retain(|(place, _)| part(place).is_none_or(|part| part.is_anywhere));
            let Some(finding) = self.finding(&known, stay, places) else { continue };
            // Of all its places, one that is not let pass is enough.
            let all = known.at.iter().map(|(_, finding)| finding.clone());
            let first = std::iter::once(finding.clone()).chain(all).collect();
            let mut applied = leakgate_policy::apply(first, self.scan.ignores);
            if applied.kept.is_empty() {
                outcome.ignored += 1;
                continue;
            }
            if self.is_sample(&known, &applied.kept) {
                outcome.samples += 1;
                continue;
            }
            let mut finding = applied.kept.swap_remove(0);
            if self.scan.modes.as_ref().is_some_and(|policy| policy.lets_pass(&finding)) {
                outcome.ignored += 1;
                continue;
            }
            let trace = self.trace(&known, stay, places, &tips);
            let origin = self.origin(&finding, &known, places);
            if finding.category == Category::Permission {
                self.tidy(&mut finding, &trace);
            }
            let shown = self.shown(&finding.path.clone());
            finding.path = shown;
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
    fn is_sample(&self, known: &Known, found: &[Finding]) -> bool {
        let Scan { rules, samples, .. } = *self.scan;
        known.messages.is_empty() && known.refs.is_empty() && samples.leaves_out(rules, found)
    }

    /// Where a finding can be found again.
    fn origin(&self, finding: &Finding, known: &Known, places: &Places) -> Option<Origin> {
        // Another version may have it at the same place, beside something else.
        let is_that = |other: &Finding| {
            (&other.path, &other.place, &other.lines, &other.excerpt, &other.reasons)
                == (
                    &finding.path,
                    &finding.place,
                    &finding.lines,
                    &finding.excerpt,
                    &finding.reasons,
                )
        };
        if let Some((place, _)) = known.at.iter().find(|(_, other)| is_that(other)) {
            let place = &places.list[*place as usize];
            let Target::Object(number) = place.target else { return None };
            let id = self.scan.history.id(number);
            return Some(Origin::Blob(id.as_bytes().to_vec(), place.path.to_vec()));
        }
        let (number, ..) = known.messages.iter().find(|(.., other)| is_that(other))?;
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

    /// The finding that is shown of a secret: where it came in.
    fn finding(&self, known: &Known, stay: &Stay, places: &Places) -> Option<Finding> {
        if let Some(place) = stay.introduced {
            let tree = self.graph.commits[place].tree?;
            let there = places.in_tree(tree);
            let first = known.at.iter().find(|(place, _)| there.binary_search(place).is_ok());
            return first.map(|(_, finding)| finding.clone());
        }
        if let Some((_, _, finding)) = known.messages.first() {
            return Some(finding.clone());
        }
        if let Some((_, finding)) = known.refs.first() {
            return Some(finding.clone());
        }
        // It stands in no commit, or came before those that count.
        let stray = known.at.iter().find(|(place, _)| self.is_apart(*place, places));
        stray.map(|(_, finding)| finding.clone())
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
        known.at.iter().any(|&(place, _)| {
            let is_pointed_at = match places.list[place as usize].target {
                Target::Object(number) => {
                    self.extent.others.iter().any(|&(other, _)| other == number)
                }
                _ => false,
            };
            is_pointed_at || self.folders.contains(&place)
        })
    }

    fn sites(&mut self, known: &Known, places: &Places) -> Vec<Site> {
        let mut sites = Vec::new();
        for (place, finding) in &known.at {
            let object = self.object_at(*place, places);
            let place = &places.list[*place as usize];
            let at = finding.place.as_ref();
            let at = at.map(|at| (at.line, at.column, at.span.start, at.span.end));
            sites.push(Site { path: self.shown(&place.path), object, at });
        }
        for (number, _, finding) in &known.messages {
            let at = finding.place.as_ref();
            let at = at.map(|at| (at.line, at.column, at.span.start, at.span.end));
            let object = Some(self.scan.history.id(*number));
            sites.push(Site { path: finding.path.clone(), object, at });
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
