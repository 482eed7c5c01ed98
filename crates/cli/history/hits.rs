//! What was found at places: as little of it as tells secrets apart, as one secret can stand in
//! thousands of versions of a file.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use bstr::BString;
use leakgate_model::{Category, Finding, RuleId, Secret};
use leakgate_policy::{Marker, marker};

use super::confirm::Take;

/// What makes a finding the same as another.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Name {
    Secret(RuleId, Secret),
    /// A mode, link or name: the file that has it.
    Entry(RuleId, BString),
}

/// Line and column, first and last byte.
pub(super) type At = (u64, u64, u64, u64);

/// A finding at a place.
#[derive(Debug)]
pub(super) struct Hit {
    pub(super) place: u32,
    /// What is found, by its number in the list of names.
    pub(super) name: u32,
    /// Where in the content.
    pub(super) at: Option<At>,
    /// What stands beside it.
    pub(super) marker: Marker,
    /// All of it, if it is not to be had by another scan.
    pub(super) whole: Option<Box<Finding>>,
}

/// Findings at places, by whoever looks.
#[derive(Debug, Default)]
pub(super) struct Hits {
    pub(super) list: Vec<Hit>,
    names: HashMap<Name, u32>,
}

impl Name {
    /// `None` for what the history is not looked through for.
    pub(super) fn of(finding: &Finding) -> Option<Self> {
        let rule = finding.rule.clone();
        match &finding.secret {
            Some(secret) => Some(Self::Secret(rule, secret.clone())),
            None if finding.category == Category::Permission => {
                Some(Self::Entry(rule, finding.path.clone()))
            }
            None => None,
        }
    }

    pub(super) fn rule(&self) -> &RuleId {
        match self {
            Self::Secret(rule, _) | Self::Entry(rule, _) => rule,
        }
    }
}

/// Where in a content a finding stands.
pub(super) fn at(finding: &Finding) -> Option<At> {
    let at = finding.place.as_ref()?;
    Some((at.line, at.column, at.span.start, at.span.end))
}

impl Hits {
    /// Takes findings at a place, to be found there again by another scan.
    fn add(&mut self, place: u32, findings: Vec<Finding>) {
        for finding in findings {
            self.push(place, &finding, None);
        }
    }

    /// Takes findings that no other scan will find again.
    pub(super) fn add_whole(&mut self, place: u32, findings: Vec<Finding>) {
        for finding in findings {
            let whole = Box::new(finding.clone());
            self.push(place, &finding, Some(whole));
        }
    }

    fn push(&mut self, place: u32, finding: &Finding, whole: Option<Box<Finding>>) {
        let Some(name) = Name::of(finding) else { return };
        let name = self.number(name);
        let marker = finding.lines.as_ref().map_or(Marker::None, marker);
        self.list.push(Hit { place, name, at: at(finding), marker, whole });
    }

    fn number(&mut self, name: Name) -> u32 {
        let next = self.names.len() as u32;
        match self.names.entry(name) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(new) => *new.insert(next),
        }
    }

    /// Takes what another has found.
    pub(super) fn append(&mut self, other: Self) {
        let mut numbers = vec![0; other.names.len()];
        for (name, number) in other.names {
            numbers[number as usize] = self.number(name);
        }
        let renamed = |hit: Hit| Hit { name: numbers[hit.name as usize], ..hit };
        self.list.extend(other.list.into_iter().map(renamed));
    }

    /// All names, by their numbers.
    pub(super) fn names(&self) -> Vec<&Name> {
        let mut names: Vec<_> = self.names.iter().collect();
        names.sort_unstable_by_key(|(_, number)| **number);
        names.into_iter().map(|(name, _)| name).collect()
    }
}

impl Take for Hits {
    fn take(&mut self, place: u32, findings: Vec<Finding>) {
        self.add(place, findings);
    }
}
