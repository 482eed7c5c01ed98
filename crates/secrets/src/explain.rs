//! Tells step by step what one rule makes of a text: for those who write rules, or who wonder why
//! something is not found.
//!
//! The steps are those of a scan, taken by the same functions. Values are masked.

use std::ops::Range;

use leakgate_model::{RuleId, Secret};
use regex_automata::Input;

use crate::anchor_index::Hit;
use crate::anchors::Around;
use crate::assignment;
use crate::compiled::Compiled;
use crate::gate::{self, Away};
use crate::near;
use crate::rule::Rule;
use crate::ruleset::{Finder, Ready, RuleSet};
use crate::scan::{Dropped, Match, Scratch};
use crate::sealed;
use crate::syntax::{self, Syntax};
use crate::text::{Base, Places};
use crate::url;

/// What a rule makes of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explained {
    /// The literals that the rule is looked for by, as far as they are literals.
    pub anchors: Vec<String>,
    /// What came of each anchor in the text, in order; at most fifty.
    pub tries: Vec<Try>,
    /// How many more anchors there are.
    pub untold: usize,
    /// What a scan of the text reports of this rule, and what it reports in its stead.
    pub reports: Vec<Told>,
}

/// What came of one anchor. Texts may hold control characters of the scanned text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Try {
    /// From 1.
    pub line: u64,
    /// From 1.
    pub column: u64,
    /// The anchor as it stands in the text.
    pub anchor: String,
    /// What was done, a phrase each.
    pub steps: Vec<String>,
}

/// A finding of a scan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Whose it is.
    pub rule: RuleId,
    /// From 1; 0 if it stands nowhere that could be looked up.
    pub line: u64,
    /// From 1, or 0.
    pub column: u64,
    /// How sure it is and why.
    pub why: String,
}

/// More anchors than this are only counted.
const MOST: usize = 50;

impl RuleSet {
    /// Runs one rule on a text that stands in the file `path`; `None` if there is no such rule.
    pub fn explain(&self, id: &RuleId, path: &[u8], text: &[u8]) -> Option<Explained> {
        let index = self.index_of(id)?;
        let mut hits = Vec::new();
        self.anchors.find(text, 0..text.len(), Around::Anything, |hit| {
            if self.anchors.rules_of(hit).any(|rule| rule == index) {
                hits.push(hit);
            }
        });
        let mut places = Places::new(text, Base::START);
        let mut values = Vec::new();
        let tries = hits.iter().take(MOST).map(|&hit| {
            let span = hit.start..hit.start + hit.len;
            let place = places.of(&span, &[]);
            let anchor = String::from_utf8_lossy(&text[span]).into_owned();
            let steps = Steps { rules: self, index, path, text, told: Vec::new() };
            let steps = steps.of(hit, &mut values);
            Try { line: place.line, column: place.column, anchor, steps }
        });
        let tries = tries.collect();
        let reports = self.told(id, path, text, &values);
        let untold = hits.len().saturating_sub(MOST);
        Some(Explained { anchors: self.anchors_of(index), tries, untold, reports })
    }

    /// What a scan reports of a rule, and where the values are that it has found.
    fn told(&self, id: &RuleId, path: &[u8], text: &[u8], values: &[Range<usize>]) -> Vec<Told> {
        let found = self.scan(path, text, &mut Scratch::default());
        let is_about = |span: &Range<u64>| {
            let (start, end) = (span.start as usize, span.end as usize);
            values.iter().any(|value| value.start < end && start < value.end)
        };
        found
            .into_iter()
            .filter(|one| {
                one.rule == *id || one.place.as_ref().is_some_and(|place| is_about(&place.span))
            })
            .map(|one| {
                let mut why = format!("{} confidence", one.confidence.as_str());
                let decoded = one.place.iter().flat_map(|place| &place.decoded);
                decoded.for_each(|how| why.push_str(&format!(", in {how}")));
                one.reasons.iter().for_each(|reason| why.push_str(&format!(", {reason}")));
                let (line, column) = one.place.map_or((0, 0), |place| (place.line, place.column));
                Told { rule: one.rule, line, column, why }
            })
            .collect()
    }
}

/// The steps at one hit.
struct Steps<'s> {
    rules: &'s RuleSet,
    index: u16,
    path: &'s [u8],
    text: &'s [u8],
    told: Vec<String>,
}

impl Steps<'_> {
    /// All steps; what is a secret to the rule is added to `values`.
    fn of(mut self, hit: Hit, values: &mut Vec<Range<usize>>) -> Vec<String> {
        if let Some(value) = values.iter().find(|value| value.contains(&hit.start)) {
            let value = value.clone();
            self.say(format!("is part of the value {} before", self.masked(&value, 0)));
            return self.told;
        }
        match self.rules.finder(self.index) {
            Finder::Pattern => self.pattern(hit, values),
            Finder::Url => match url::password(self.text, hit.start + 1) {
                Some(value) => values.push(value),
                None => self.say("no user and password stand behind it, or no secret ones"),
            },
            Finder::Assignment => self.assignment(hit, values),
        }
        self.told
    }

    fn say(&mut self, step: impl Into<String>) {
        self.told.push(step.into());
    }

    fn masked(&self, value: &Range<usize>, public: usize) -> String {
        Secret::new(&self.text[value.clone()], public).masked()
    }

    fn pattern(&mut self, hit: Hit, values: &mut Vec<Range<usize>>) {
        let gate = self.rules.gates.get(self.index);
        let ready = self.rules.ready(self.index);
        let Ready { rule, compiled: Some(compiled) } = ready else { return };
        let (window, anchored) = match gate.window(self.text, hit) {
            Ok(tried) => tried,
            Err(away) => return self.say(away_because(away)),
        };
        if !gate.opens(self.text, window.clone()) {
            let least = gate.least;
            return self.say(format!(
                "nothing near it is {least} or more characters that the secret can consist of"
            ));
        }
        if !compiled.wants(self.path) {
            let files = rule.files.join(", ");
            return self.say(format!("the rule runs on other files only: {files}"));
        }
        let mut found = false;
        let mut from = window.start;
        while from < window.end {
            let input = Input::new(self.text).range(from..window.end).anchored(anchored);
            let Some((whole, secret)) = compiled.find(&input) else { break };
            from = whole.end.max(from + 1);
            found = true;
            self.say(format!(
                "the pattern matches: {}",
                self.masked(&secret.range(), rule.shape.public)
            ));
            if gate.apart && gate::is_joined(self.text, whole.start) {
                self.say(away_because(Away::Joined));
            } else {
                self.judge(rule, secret.range(), values);
            }
            if gate.leads {
                break;
            }
        }
        if !found {
            self.near(rule, compiled, hit, values);
        }
    }

    fn near(&mut self, rule: &Rule, compiled: &Compiled, hit: Hit, values: &mut Vec<Range<usize>>) {
        self.say("the pattern does not match");
        let gate = self.rules.gates.get(self.index);
        let name = hit.start..hit.start + hit.len;
        let whole = |value: &[u8]| compiled.is_secret(value);
        if let Some(value) = near::find(self.text, &name, gate, whole) {
            self.say(format!("a random value stands near it: {}", self.masked(&value, 0)));
            self.judge(rule, value, values);
        }
    }

    fn judge(&mut self, rule: &Rule, value: Range<usize>, values: &mut Vec<Range<usize>>) {
        match Match::judged(self.index, rule, self.text, value) {
            Ok(one) => {
                self.say("nothing speaks against it");
                values.push(one.span);
            }
            Err(Dropped::Entropy(entropy)) => {
                let least = rule.entropy;
                self.say(format!("its entropy is {entropy:.2} bits a byte, less than {least}"));
            }
            Err(Dropped::Placeholder) => self.say("it reads like a placeholder"),
            Err(Dropped::Refuted(check)) => {
                self.say(format!("the check {} refutes it", check.name()));
            }
        }
    }

    fn assignment(&mut self, hit: Hit, values: &mut Vec<Range<usize>>) {
        let syntax = Syntax::of(self.path);
        let Some(found) = assignment::read(self.text, hit.start, hit.len, syntax) else {
            return self.say("no value that reads like a secret is assigned to it");
        };
        if syntax::is_generated(self.path) {
            self.say("a tool has written files of this name: they are full of digests");
        } else if sealed::is_sealed(self.text, &found.value) {
            self.say("the value is encrypted");
        } else {
            self.say(format!("the value is {}", found.reason));
            values.push(found.value);
            values.extend(found.others.into_iter().map(|one| one.span));
        }
    }
}

fn away_because(away: Away) -> &'static str {
    match away {
        Away::Behind => "what stands behind it cannot follow it in a match",
        Away::InWord => "it stands inside of a word, and a match begins one",
        Away::Joined => "it is joined to the character before it",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template;

    fn explained(rule: &'static str, text: &str) -> Explained {
        let rules = RuleSet::default();
        rules.explain(&RuleId::new(rule), b"a.txt", text.as_bytes()).expect("there is the rule")
    }

    /// The last step at the last anchor, and how many findings are told.
    fn end(rule: &'static str, template: &str) -> (String, usize) {
        let text = template::expand(template, "seed");
        let explained = explained(rule, &text);
        let steps = explained.tries.last().map(|one| one.steps.clone()).unwrap_or_default();
        let all = format!("{explained:?}");
        let secret = text.split(['=', '"', '\n']).find(|part| part.len() >= 16);
        assert!(secret.is_none_or(|secret| !all.contains(&secret[8..])), "{all}");
        (steps.last().cloned().unwrap_or_default(), explained.reports.len())
    }

    #[test]
    fn each_step_that_can_be_the_last_is_told() {
        let github = "github-personal-token";
        for (rule, template, last, reports) in [
            (github, "t=ghp_{alnum:30}{check}", "nothing speaks against it", 1),
            (github, "t=ghp_{alnum:30}{badcheck}", "the check crc32-base62 refutes it", 0),
            (
                "github-refresh-token",
                "t=aghr_{alnum:70}{check}",
                "it stands inside of a word, and a match begins one",
                0,
            ),
            (
                github,
                "t=ghp_{alnum:30}",
                "nothing near it is 40 or more characters that the secret can consist of",
                0,
            ),
            (github, "nothing", "", 0),
            ("cronitor-api-key", "cronitor {hex:32}x", "the pattern does not match", 0),
            (
                "generic-secret",
                "api_token=\"{alnum:32}\"",
                "the value is a random value under a credential's name",
                1,
            ),
            (
                "generic-secret",
                "api_token=\"none\"",
                "no value that reads like a secret is assigned to it",
                0,
            ),
        ] {
            let expected = (last.to_owned(), reports);
            assert_eq!(end(rule, template), expected, "{template}");
        }
    }

    #[test]
    fn what_another_rule_reports_is_told() {
        let text = template::expand("cronitor_token=ghp_{alnum:30}{check}", "seed");
        let explained = explained("generic-secret", &text);
        let rules: Vec<_> = explained.reports.iter().map(|one| one.rule.as_str()).collect();
        assert_eq!(rules, ["github-personal-token"]);
    }
}
