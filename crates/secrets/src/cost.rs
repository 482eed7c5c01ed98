//! What each rule costs on a text: for the bench that finds the dear ones.

use std::time::{Duration, Instant};

use leakgate_model::RuleId;

use crate::anchor_index::Hit;
use crate::anchors::Around;
use crate::compiled::Compiled;
use crate::ruleset::{Finder, Ready, RuleSet};
use crate::scan::{Run, Scratch};
use crate::syntax::Syntax;

/// What a rule has cost so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cost {
    /// Anchors that were hit.
    pub hits: u64,
    /// Hits that passed the gate, so that more than a few bytes were looked at.
    pub tries: u64,
    /// What looked like a secret.
    pub matches: u64,
    /// Time spent on its hits, compiling included; reading the clock adds some 30 ns a hit.
    pub time: Duration,
}

/// The costs of all rules of a set, in its order.
#[derive(Debug, Clone)]
pub struct Costs(Vec<Cost>);

impl Costs {
    /// Nothing so far.
    pub fn new(rules: &RuleSet) -> Self {
        Self(vec![Cost::default(); rules.len()])
    }

    /// Each rule with its cost, the dearest first.
    pub fn dearest(&self, rules: &RuleSet) -> Vec<(RuleId, Cost)> {
        let mut all: Vec<_> = rules.rules().map(|rule| rule.id).zip(self.0.clone()).collect();
        all.sort_by_key(|(_, cost)| std::cmp::Reverse(cost.time));
        all
    }
}

impl RuleSet {
    /// Tries all rules on a text as a scan does, encodings left out, and adds up what each costs.
    pub fn measure(&self, path: &[u8], text: &[u8], scratch: &mut Scratch, costs: &mut Costs) {
        scratch.prepare(self);
        let mut run = Run::new(self, path, text, Some(Syntax::of(path)), scratch);
        self.anchors.find(text, 0..text.len(), Around::Fits, |hit| {
            for index in self.anchors.rules_of(hit) {
                let cost = &mut costs.0[usize::from(index)];
                cost.hits += 1;
                cost.tries += u64::from(self.is_open(text, index, hit));
                let start = Instant::now();
                let found = run.try_rule(index, hit);
                cost.time += start.elapsed();
                cost.matches += found as u64;
            }
        });
        run.end();
    }

    /// Returns true if and only if the gate of a rule lets a hit through.
    fn is_open(&self, text: &[u8], index: u16, hit: Hit) -> bool {
        if self.finder(index) != Finder::Pattern {
            return true;
        }
        let gate = self.gates.get(index);
        gate.window(text, hit).is_ok_and(|(window, _)| gate.opens(text, window))
    }

    /// How many regexes there are: a rule that is tried often has two.
    pub fn regexes(&self) -> usize {
        let built = self.built().filter_map(|Ready { compiled, .. }| compiled.as_ref());
        built.map(Compiled::regexes).sum()
    }
}
