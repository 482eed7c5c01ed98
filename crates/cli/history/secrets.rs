//! From what was found at places to what is told: one finding for each secret, with its stay.

use std::collections::{HashMap, HashSet};

use bstr::BString;
use leakgate_git::history::{Graph, Kind, Places, Stay, Target};
use leakgate_model::{Deed, Finding, Outcome, RuleId, Secret, Site, Standing, Trace};
use leakgate_secrets::Scratch;

use super::confirm::Hits;
use super::messages::Messages;
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
    numbers: HashMap<(RuleId, Secret), u32>,
    list: Vec<Known>,
    /// Which secrets each place holds.
    held_at: Vec<Vec<u32>>,
    scratch: Scratch,
    shown: HashMap<BString, BString>,
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
    pub(super) fn new(scan: &'s Scan<'s>, graph: &'s Graph, extent: &'s Extent) -> Self {
        Self {
            scan,
            graph,
            extent,
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
            let by_path = places.list[*one as usize].path.cmp(&places.list[*other as usize].path);
            by_path.then(one.cmp(other)).then_with(|| a.sort_key().cmp(&b.sort_key()))
        });
        for (place, finding) in hits {
            let Some(number) = self.number(&finding) else { continue };
            self.held_at[place as usize].push(number);
            self.list[number as usize].at.push((place, finding));
        }
    }

    /// Takes what commits and tags tell, as far as they count.
    pub(super) fn take_messages(&mut self, messages: Vec<Messages<'_>>) {
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
        let key = (finding.rule.clone(), finding.secret.clone()?);
        let next = self.list.len() as u32;
        let number = *self.numbers.entry(key).or_insert(next);
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
        let stays =
            self.graph.stays(places, &self.held_at, self.list.len(), &self.extent.scope, &of_tips);
        let mut told = Vec::new();
        for (number, stay) in stays.iter().enumerate() {
            let known = std::mem::take(&mut self.list[number]);
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
            let trace = self.trace(&known, stay, places, &tips);
            let origin = self.origin(&finding, &known, places);
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

    /// Returns true if and only if a secret stands nowhere but where samples do.
    fn is_sample(&self, known: &Known, found: &[Finding]) -> bool {
        let Scan { rules, samples, .. } = *self.scan;
        known.messages.is_empty()
            && known.refs.is_empty()
            && found.iter().all(|finding| samples.is_left_out(rules, finding))
    }

    /// Where a finding can be found again.
    fn origin(&self, finding: &Finding, known: &Known, places: &Places) -> Option<Origin> {
        let is_that = |other: &Finding| {
            (&other.path, &other.place, &other.lines, &other.reasons)
                == (&finding.path, &finding.place, &finding.lines, &finding.reasons)
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
            let place = &places.list[*place as usize];
            let object = match place.target {
                Target::Object(number) => Some(self.scan.history.id(number)),
                _ => None,
            };
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
