//! The door of a report: names and texts that hold a secret are masked here, once for all commands.
//!
//! A path, a ref, an author or a line of `.gitmodules` can hold a secret, and what one of them holds
//! stands in more than one text: in the reasons of a finding, in the command that mends it, in a
//! problem. So what makes these texts need not care, and nothing passes by.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};

use bstr::BString;
use leakgate_model::{Category, Finding, Outcome, Problem, Text, Trace};
use leakgate_secrets::{RuleSet, Scratch};

use crate::run::Scanned;

/// What a scan has to tell, as it may be shown.
pub(crate) struct Shown<'s> {
    /// Sorted by [`Finding::sort_key`], as they are shown.
    pub(crate) findings: Cow<'s, [Finding]>,
    pub(crate) outcome: Cow<'s, Outcome>,
    /// Those of a history: one of each finding, in the same order.
    pub(crate) traces: Cow<'s, [Trace]>,
}

/// Masks what a scan has to tell; nothing is copied where there is nothing to mask.
pub(crate) fn report<'s>(rules: &RuleSet, scanned: &'s Scanned, traces: &'s [Trace]) -> Shown<'s> {
    let Scanned { findings, outcome } = scanned;
    let mut mask = Mask::new(rules);
    findings.iter().for_each(|finding| mask.learn_finding(finding));
    outcome.problems.iter().for_each(|problem| mask.learn_problem(problem));
    traces.iter().for_each(|trace| mask.learn_trace(trace));
    if mask.values.by_length.is_empty() {
        let (findings, outcome) = (Cow::Borrowed(&findings[..]), Cow::Borrowed(outcome));
        return Shown { findings, outcome, traces: Cow::Borrowed(traces) };
    }
    let mut traces = traces.iter().map(|trace| mask.trace(trace));
    let mut told: Vec<_> =
        findings.iter().map(|finding| (mask.finding(finding), traces.next())).collect();
    told.sort_by(|(a, _), (b, _)| a.sort_key().cmp(&b.sort_key()));
    let (findings, traces): (Vec<_>, Vec<_>) = told.into_iter().unzip();
    let mut outcome = outcome.clone();
    outcome.problems.iter_mut().for_each(|problem| mask.hide_in_problem(problem));
    outcome.problems.sort();
    Shown {
        findings: findings.into(),
        outcome: Cow::Owned(outcome),
        traces: traces.into_iter().flatten().collect(),
    }
}

/// Masks a text that is shown beside a report, as an error.
pub(crate) fn text(text: &str) -> String {
    let rules = RuleSet::default();
    let mut mask = Mask::new(&rules);
    mask.learn(text.as_bytes());
    mask.values.masked(text.as_bytes()).map_or_else(|| text.to_owned(), |shown| shown.to_string())
}

/// A name with the secrets that were found in it masked.
pub(crate) fn masked(name: &[u8], found: &[Finding]) -> BString {
    let mut values = Values::default();
    values.take(name, found);
    values.masked(name).unwrap_or_else(|| name.into())
}

/// Secrets that stand in names, by their lengths, and what is shown instead of each. A repository
/// can have any number of them; they have few lengths.
#[derive(Default)]
struct Values {
    by_length: BTreeMap<usize, HashMap<Vec<u8>, String>>,
}

impl Values {
    /// Takes those that were found in a name or a text.
    fn take(&mut self, text: &[u8], found: &[Finding]) {
        for finding in found {
            let (Some(place), Some(secret)) = (&finding.place, &finding.secret) else { continue };
            let (start, end) = (place.span.start as usize, place.span.end as usize);
            // Of what was decoded as a whole the span says nothing here.
            let is_other_text = place.decoded.first().is_some_and(|how| how.starts_with("utf"));
            let value = text.get(start..end).filter(|value| !is_other_text && !value.is_empty());
            let value = value.unwrap_or(text);
            let of_length = self.by_length.entry(value.len()).or_default();
            of_length.entry(value.to_vec()).or_insert_with(|| secret.masked());
        }
    }

    /// The text as it may be shown, if not as it is.
    fn masked(&self, text: &[u8]) -> Option<BString> {
        let mut shown: Option<Vec<u8>> = None;
        // The longest first: it may hold another.
        for (&length, values) in self.by_length.iter().rev() {
            let so_far = shown.as_deref().unwrap_or(text);
            shown = without(so_far, length, values).or(shown);
        }
        shown.map(BString::from)
    }
}

/// The text without these values, all of one length; `None` if it has none of them.
fn without(text: &[u8], length: usize, values: &HashMap<Vec<u8>, String>) -> Option<Vec<u8>> {
    let mut shown = Vec::new();
    let (mut from, mut at) = (0, 0);
    while let Some(window) = text.get(at..at + length) {
        let Some(instead) = values.get(window) else {
            at += 1;
            continue;
        };
        shown.extend_from_slice(&text[from..at]);
        shown.extend_from_slice(instead.as_bytes());
        at += length;
        from = at;
    }
    shown.extend_from_slice(&text[from..]);
    (from > 0).then_some(shown)
}

/// What is known of the names and texts of one report.
struct Mask<'r> {
    rules: &'r RuleSet,
    scratch: Scratch,
    learnt: HashSet<Vec<u8>>,
    values: Values,
}

impl<'r> Mask<'r> {
    fn new(rules: &'r RuleSet) -> Self {
        let (scratch, learnt, values) = (Scratch::default(), HashSet::new(), Values::default());
        Self { rules, scratch, learnt, values }
    }

    /// Looks for secrets in a name or a text, once.
    fn learn(&mut self, text: &[u8]) {
        if self.learnt.contains(text) {
            return;
        }
        self.learnt.insert(text.to_vec());
        let found = self.rules.scan(b"", text, &mut self.scratch);
        self.values.take(text, &found);
    }

    fn learn_finding(&mut self, finding: &Finding) {
        self.learn(&finding.path);
        let inside = finding.place.iter().flat_map(|place| &place.inside);
        inside.for_each(|name| self.learn(name));
        finding.fixes.iter().for_each(|fix| self.learn(fix.as_bytes()));
        // What is baked in holds nothing of a repository.
        for text in finding.reasons.iter().chain(&finding.advice).chain([&finding.title]) {
            if let Cow::Owned(text) = text {
                self.learn(text.as_bytes());
            }
        }
    }

    fn learn_problem(&mut self, problem: &Problem) {
        problem.path.iter().for_each(|path| self.learn(path));
        self.learn(problem.detail.as_bytes());
        self.learn(problem.help.as_bytes());
    }

    fn learn_trace(&mut self, trace: &Trace) {
        trace.refs.iter().for_each(|name| self.learn(name));
        trace.sites.iter().for_each(|site| self.learn(&site.path));
        let deeds = trace.introduced.iter().chain(&trace.removed);
        deeds.for_each(|deed| self.learn(&deed.author));
    }

    fn finding(&self, finding: &Finding) -> Finding {
        let mut finding = finding.clone();
        if self.hide(&mut finding.path) {
            // A command to paste would have to spell the name out, and so may a reason that
            // compares it with others.
            finding.fixes.clear();
            if finding.category == Category::Permission {
                finding.reasons.clear();
            }
        }
        finding.fixes.retain(|fix| self.values.masked(fix.as_bytes()).is_none());
        let inside = finding.place.iter_mut().flat_map(|place| &mut place.inside);
        inside.for_each(|name| _ = self.hide(name));
        let texts = finding.reasons.iter_mut().chain(&mut finding.advice);
        texts.chain([&mut finding.title]).for_each(|text| self.hide_in_text(text));
        finding
    }

    fn hide_in_problem(&self, problem: &mut Problem) {
        problem.path.iter_mut().for_each(|path| _ = self.hide(path));
        for text in [&mut problem.detail, &mut problem.help] {
            if let Some(shown) = self.values.masked(text.as_bytes()) {
                *text = shown.to_string();
            }
        }
    }

    fn trace(&self, trace: &Trace) -> Trace {
        let mut trace = trace.clone();
        trace.refs.iter_mut().for_each(|name| _ = self.hide(name));
        trace.sites.iter_mut().for_each(|site| _ = self.hide(&mut site.path));
        let deeds = trace.introduced.iter_mut().chain(&mut trace.removed);
        deeds.for_each(|deed| _ = self.hide(&mut deed.author));
        trace
    }

    fn hide_in_text(&self, text: &mut Text) {
        if let Some(shown) = self.values.masked(text.as_bytes()) {
            *text = shown.to_string().into();
        }
    }

    /// Masks a name; returns whether there was something to mask.
    fn hide(&self, name: &mut BString) -> bool {
        let shown = self.values.masked(name);
        let is_masked = shown.is_some();
        *name = shown.unwrap_or_else(|| std::mem::take(name));
        is_masked
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_masked_wherever_they_stand() {
        let mut values = Values::default();
        for (value, instead) in [("inner", "1"), ("an inner one", "2"), ("other", "3")] {
            let of_length = values.by_length.entry(value.len()).or_default();
            of_length.insert(value.into(), instead.into());
        }
        let masked = |text: &str| values.masked(text.as_bytes()).map(|shown| shown.to_string());
        assert_eq!(masked("otherinner: an inner one, inne"), Some("31: 2, inne".to_owned()));
        assert_eq!((masked("nothing"), masked("")), (None, None));
    }
}
