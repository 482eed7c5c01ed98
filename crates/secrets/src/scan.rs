//! One content in, its secrets out: anchors, rules near them, overlaps resolved.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashSet};
use std::ops::Range;

use leakgate_model::{Category, Confidence, Finding, Secret, Status, Text};
use regex_automata::Input;

use crate::anchor_index::Hit;
use crate::anchors::Around;
use crate::archive::Calm;
use crate::assignment;
use crate::candidates::Likely;
use crate::check::{self, Check, Verdict};
use crate::copies::Copies;
use crate::decode::{self, Charset};
use crate::encodings;
use crate::gate::{self, Gate};
use crate::judge;
use crate::near;
use crate::pem;
use crate::rule::Rule;
use crate::rulefile::LONGEST_MATCH;
use crate::ruleset::{Finder, Ready, RuleSet};
use crate::sealed;
use crate::sole;
use crate::syntax::{self, Syntax};
use crate::text::{self, Base, Excerpts, Places};
use crate::unwrap::{self, Piece};
use crate::url;
use crate::value::Judged;

/// Buffers of one thread, kept between contents.
#[derive(Debug, Default)]
pub struct Scratch {
    /// Findings do not say what their lines are.
    no_excerpts: bool,
    /// For each rule, where the next match may begin in the current text.
    from: Vec<usize>,
    /// Rules whose entry in `from` is not zero.
    touched: Vec<u16>,
    matches: Vec<Match>,
    text: Vec<u8>,
    /// How many bytes of encodings inside encodings may still be looked at.
    nested: usize,
    /// Files of archives that hold nothing.
    pub(crate) calm: Calm,
}

impl Scratch {
    /// For findings without excerpts, which are asked for in so many contents that few are shown.
    pub fn without_excerpts() -> Self {
        Self { no_excerpts: true, ..Self::default() }
    }

    /// The same without what a scan that failed may have left.
    #[must_use]
    pub fn renewed(&self) -> Self {
        Self { no_excerpts: self.no_excerpts, ..Self::default() }
    }

    /// Makes the buffers fit a set of rules and a new text.
    pub(crate) fn prepare(&mut self, rules: &RuleSet) {
        self.from.resize(rules.len(), 0);
        self.matches.clear();
    }
}

/// A rule matched here.
#[derive(Debug, Clone)]
pub(crate) struct Match {
    rule: u16,
    /// The secret.
    pub(crate) span: Range<usize>,
    confidence: Confidence,
    reasons: Vec<Text>,
    /// Only a name near it tells what it is.
    near: bool,
    /// What the span decodes to, if the secret does not stand there as it is.
    decoded: Option<Box<Decoded>>,
}

/// A secret that stood encoded.
#[derive(Debug, Clone)]
struct Decoded {
    value: Vec<u8>,
    /// Outermost first.
    how: Vec<&'static str>,
}

/// Why what a pattern matched is no finding.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Dropped {
    /// It has this entropy, and the rule asks for more.
    Entropy(f32),
    /// It reads like a placeholder.
    Placeholder,
    /// A check refutes it.
    Refuted(Check),
}

impl Match {
    /// What is made of the secret that a rule's pattern has matched in `text`.
    pub(crate) fn judged(
        index: u16,
        rule: &Rule,
        text: &[u8],
        span: Range<usize>,
    ) -> Result<Self, Dropped> {
        let value = &text[span.clone()];
        if rule.entropy > 0.0 {
            let entropy = judge::entropy(value);
            if entropy < rule.entropy {
                return Err(Dropped::Entropy(entropy));
            }
        }
        let goes_on = rule.general && text.get(span.end) == Some(&b'{');
        if !rule.keep_placeholders && (goes_on || judge::is_placeholder(value)) {
            return Err(Dropped::Placeholder);
        }
        let mut one = Self {
            rule: index,
            span,
            confidence: rule.confidence,
            reasons: Vec::new(),
            near: false,
            decoded: None,
        };
        for &name in &rule.checks {
            let proof = check::run(name, text, one.span.start, one.span.end);
            if let Some(end) = proof.end {
                one.span.end = end;
            }
            match proof.verdict {
                Verdict::Invalid => return Err(Dropped::Refuted(name)),
                Verdict::Valid(why) => {
                    one.confidence = Confidence::Certain;
                    one.reasons.push(why);
                }
                Verdict::Unknown(why) => one.reasons.extend(why),
            }
        }
        Ok(one)
    }

    /// The bytes of the secret, found in `text`.
    fn value<'t>(&'t self, text: &'t [u8]) -> &'t [u8] {
        self.decoded.as_ref().map_or(&text[self.span.clone()], |decoded| &decoded.value)
    }

    /// The encodings around it, outermost first.
    fn layers(&self) -> &[&'static str] {
        self.decoded.as_ref().map_or(&[], |decoded| &decoded.how)
    }

    /// The same match in the text that `piece` stands encoded in.
    fn outside(mut self, piece: &Piece) -> Self {
        let inside = self.decoded.take();
        let (value, mut how) = match inside {
            Some(inside) => (inside.value, inside.how),
            None => (piece.text[self.span.clone()].to_vec(), Vec::new()),
        };
        how.insert(0, piece.how);
        self.span = piece.origin(&self.span);
        self.decoded = Some(Box::new(Decoded { value, how }));
        self
    }

    /// Takes over what another rule has proven of the same value.
    fn confirm(&mut self, other: &Self) {
        if other.span == self.span
            && other.confidence == Confidence::Certain
            && self.confidence < Confidence::Certain
        {
            self.confidence = Confidence::Certain;
            self.reasons.extend(other.reasons.iter().cloned());
        }
    }
}

impl RuleSet {
    /// Finds the secrets in a whole content, in every encoding it may be in.
    ///
    /// `path` tells the syntax and is copied into the findings. Findings come in order of place.
    pub fn scan(&self, path: &[u8], content: &[u8], scratch: &mut Scratch) -> Vec<Finding> {
        let mut findings = Vec::new();
        let charset = Charset::detect(content);
        if let Some(label) = charset.label() {
            let mut text = std::mem::take(&mut scratch.text);
            text.clear();
            charset.decoder().push(content, true, &mut text);
            findings = self.scan_text(path, &text, &[label], scratch);
            scratch.text = text;
        }
        // What looks like another charset may not be it all the way: both readings are scanned.
        findings.extend(self.scan_text(path, content, &[], scratch));
        if !charset.is_wide() && memchr::memchr(0, content).is_some() {
            let mut text = std::mem::take(&mut scratch.text);
            text.clear();
            decode::wide_strings(content, &mut text);
            let wide = self.scan_wide(path, &text, scratch);
            scratch.text = text;
            add_unknown(&mut findings, wide);
        }
        findings
    }

    /// Finds what [`RuleSet::scan`] does in a text that is not opaque, under a name that makes no
    /// difference to how it is read, if these are the places where a secret could stand.
    pub fn scan_at(
        &self,
        path: &[u8],
        text: &[u8],
        likely: &Likely,
        scratch: &mut Scratch,
    ) -> Vec<Finding> {
        scratch.prepare(self);
        scratch.nested = text.len() * unwrap::MOST;
        let mut run = Run::new(self, path, text, Some(Syntax::of(path)), scratch);
        // Hits that are near each other do not come in the order of their places.
        let is_near = |a: &u32, b: &u32| b.saturating_sub(*a) as usize <= self.anchors.behind();
        for near in likely.spots.chunk_by(is_near) {
            let (first, last) = (near[0] as usize, near[near.len() - 1] as usize);
            self.anchors.find(text, first..last + 1, Around::Fits, |hit| run.hit(hit));
        }
        run.end();
        let mut all = std::mem::take(&mut scratch.matches);
        for piece in encodings::pieces(text, &likely.encodings) {
            let inside = self.matches_inside(path, &piece.text, piece.assigns, 1, scratch);
            all.extend(inside.into_iter().map(|one| one.outside(&piece)));
        }
        scratch.matches = all;
        let matches = self.resolve(&mut scratch.matches);
        self.findings(path, text, &matches, &Window::whole(text, scratch), &[])
    }

    /// Scans strings taken out of a binary. They have no line that a person could look up.
    pub(crate) fn scan_wide(
        &self,
        path: &[u8],
        text: &[u8],
        scratch: &mut Scratch,
    ) -> Vec<Finding> {
        let mut findings = self.scan_text(path, text, &[], scratch);
        let mut seen = HashSet::new();
        findings.retain(|one| seen.insert((one.rule.clone(), one.secret.clone())));
        for finding in &mut findings {
            finding.place = None;
            finding.excerpt = None;
            finding.lines = None;
            finding.reasons.push("in a UTF-16 string".into());
        }
        findings
    }

    fn scan_text(
        &self,
        path: &[u8],
        text: &[u8],
        decoded: &[&'static str],
        scratch: &mut Scratch,
    ) -> Vec<Finding> {
        let matches = self.matches(path, text, scratch);
        self.findings(path, text, &matches, &Window::whole(text, scratch), decoded)
    }

    /// The matches in a text, none overlapping another, in order of place.
    pub(crate) fn matches(&self, path: &[u8], text: &[u8], scratch: &mut Scratch) -> Vec<Match> {
        scratch.prepare(self);
        let plain = without_colours(text);
        let text = plain.as_deref().unwrap_or(text);
        scratch.nested = text.len() * unwrap::MOST;
        self.matches_inside(path, text, Some(Syntax::of(path)), 0, scratch)
    }

    /// The matches in a text and in what stands encoded in it. Without a syntax, nothing is taken
    /// for an assignment.
    fn matches_inside(
        &self,
        path: &[u8],
        text: &[u8],
        syntax: Option<Syntax>,
        depth: usize,
        scratch: &mut Scratch,
    ) -> Vec<Match> {
        let mut run = Run::new(self, path, text, syntax, scratch);
        self.anchors.find(text, 0..text.len(), Around::Fits, |hit| run.hit(hit));
        if depth == 0
            && let Some(found) = sole::read(path, text)
        {
            run.push_generic(self.assignments(), found.value, found.confidence, found.reason);
        }
        run.end();
        if depth < unwrap::DEEPEST {
            let mut all = std::mem::take(&mut scratch.matches);
            unwrap::each(path, text, &mut |piece| {
                if depth > 0 {
                    let Some(left) = scratch.nested.checked_sub(piece.text.len()) else { return };
                    scratch.nested = left;
                }
                let inside =
                    self.matches_inside(path, &piece.text, piece.assigns, depth + 1, scratch);
                all.extend(inside.into_iter().map(|one| one.outside(&piece)));
            });
            scratch.matches = all;
        }
        if scratch.matches.is_empty() {
            return Vec::new();
        }
        self.resolve(&mut scratch.matches)
    }

    /// Keeps the best of overlapping matches: a provider's own before a general one, then the
    /// surest, the most specific, the longest. What a general one has proven of the same value
    /// holds for the provider's as well.
    fn resolve(&self, matches: &mut Vec<Match>) -> Vec<Match> {
        matches.sort_by(|a, b| {
            let start = a.span.start.cmp(&b.span.start);
            self.rank(b).cmp(&self.rank(a)).then(start).then(a.layers().cmp(b.layers()))
        });
        let mut taken: BTreeMap<usize, Match> = BTreeMap::new();
        for one in matches.drain(..) {
            let before = taken.range_mut(..one.span.end).next_back();
            match before.filter(|(_, other)| other.span.end > one.span.start) {
                Some((_, other)) => other.confirm(&one),
                None => drop(taken.insert(one.span.start, one)),
            }
        }
        taken.into_values().collect()
    }

    fn rank(
        &self,
        one: &Match,
    ) -> (bool, Reverse<usize>, bool, Confidence, usize, usize, Reverse<u16>) {
        let ready = self.ready(one.rule);
        let by_pattern = ready.compiled.is_some();
        let literal = ready.rule.shape.literal;
        (
            !ready.rule.general && !one.near,
            Reverse(one.layers().len()),
            by_pattern,
            one.confidence,
            literal,
            one.span.len(),
            Reverse(one.rule),
        )
    }

    /// Turns the matches that begin inside a window into findings.
    pub(crate) fn findings(
        &self,
        path: &[u8],
        text: &[u8],
        matches: &[Match],
        window: &Window,
        decoded: &[&'static str],
    ) -> Vec<Finding> {
        if matches.is_empty() {
            return Vec::new();
        }
        let secret =
            |one: &Match| Secret::new(one.value(text), self.ready(one.rule).rule.shape.public);
        let hidden = if window.has_excerpts { matches } else { &[] };
        let masks: Vec<(Range<usize>, String)> = hidden
            .iter()
            .map(|one| (one.span.clone(), text::short_mask(secret(one).masked())))
            .collect();
        let values = hidden.iter().zip(&masks);
        let copies = Copies::new(values.map(|(one, (_, mask))| (one.value(text), &mask[..])));
        let mut excerpts = Excerpts { text, masks: &masks, copies };
        let mut places = Places::new(text, window.base);
        matches
            .iter()
            .filter(|one| window.begins.contains(&one.span.start))
            .map(|one| {
                let rule = &self.ready(one.rule).rule;
                let about = self.about_of(one.rule);
                let mut place = places.of(&one.span, decoded);
                place.decoded.extend(one.layers());
                let line = places.line_of(&one.span);
                let excerpt = || excerpts.of(&one.span, line.clone(), place.line);
                let excerpt = window.has_excerpts.then(excerpt);
                Finding {
                    rule: rule.id.clone(),
                    category: Category::Secret,
                    title: rule.title.clone(),
                    provider: Some(rule.provider.clone()).filter(|provider| !provider.is_empty()),
                    severity: rule.severity,
                    confidence: one.confidence,
                    reasons: one.reasons.clone(),
                    path: path.into(),
                    excerpt,
                    lines: Some(text::source_lines(text, &one.span, &line)),
                    place: Some(place),
                    secret: Some(secret(one)),
                    status: Status::Introduced,
                    advice: about.advice.into_iter().map(Text::Owned).collect(),
                    fixes: Vec::new(),
                    rotate: about.rotate.map(Text::Owned),
                    fingerprint: None,
                }
            })
            .collect()
    }

    /// How far around a position a match that touches it can reach, in bytes.
    pub(crate) fn reach(&self) -> usize {
        LONGEST_MATCH.max(pem::LONGEST_BLOCK) + 64
    }
}

/// Adds the findings whose secrets are not among those that were found already.
pub(crate) fn add_unknown(findings: &mut Vec<Finding>, mut others: Vec<Finding>) {
    let known: HashSet<_> = findings.iter().map(|one| &one.secret).collect();
    others.retain(|one| !known.contains(&one.secret));
    findings.append(&mut others);
}

/// The text with terminal colour codes blanked, if it has any: their last letter would join the
/// token that they colour. Offsets stay as they are.
fn without_colours(text: &[u8]) -> Option<Vec<u8>> {
    let mut at = memchr::memchr(0x1b, text)?;
    let mut plain = text.to_vec();
    loop {
        // ECMA-48: ESC, `[`, parameters, one final letter.
        let parameters =
            plain[at + 1..].iter().skip(1).take_while(|byte| matches!(byte, b'0'..=b'?')).count();
        let end = (at + 2 + parameters).min(plain.len() - 1);
        if plain.get(at + 1) == Some(&b'[') && plain[end].is_ascii_alphabetic() {
            plain[at..=end].fill(b' ');
        }
        match memchr::memchr(0x1b, &plain[at + 1..]) {
            Some(next) => at += 1 + next,
            None => return Some(plain),
        }
    }
}

/// Which part of a text is reported, and where the text stands in the content.
#[derive(Debug, Clone)]
pub(crate) struct Window {
    pub(crate) begins: Range<usize>,
    pub(crate) base: Base,
    /// Whether findings show their lines.
    pub(crate) has_excerpts: bool,
}

impl Window {
    fn whole(text: &[u8], scratch: &Scratch) -> Self {
        Self::part(0..text.len(), Base::START, scratch)
    }

    /// The matches that begin in a range of a text.
    pub(crate) fn part(begins: Range<usize>, base: Base, scratch: &Scratch) -> Self {
        Self { begins, base, has_excerpts: !scratch.no_excerpts }
    }
}

/// One pass over one text.
pub(crate) struct Run<'r> {
    rules: &'r RuleSet,
    path: &'r [u8],
    text: &'r [u8],
    /// How values are assigned, if they are.
    syntax: Option<Syntax>,
    /// Whether a tool wrote the file; computed when a generic rule asks.
    generated: Option<bool>,
    scratch: &'r mut Scratch,
}

impl<'r> Run<'r> {
    pub(crate) fn new(
        rules: &'r RuleSet,
        path: &'r [u8],
        text: &'r [u8],
        syntax: Option<Syntax>,
        scratch: &'r mut Scratch,
    ) -> Self {
        Self { rules, path, text, syntax, generated: None, scratch }
    }

    fn hit(&mut self, hit: Hit) {
        let rules = self.rules;
        for index in rules.anchors.rules_of(hit) {
            self.try_rule(index, hit);
        }
    }

    /// Tries one rule at a hit of its anchor. Returns how many matches it has made.
    pub(crate) fn try_rule(&mut self, index: u16, hit: Hit) -> usize {
        let before = self.scratch.matches.len();
        match self.rules.finder(index) {
            Finder::Pattern => self.pattern(index, hit),
            Finder::Url => self.url(index, hit.start),
            Finder::Assignment => self.assignment(index, hit),
        }
        self.scratch.matches.len() - before
    }

    /// Leaves the buffers as the next text needs them.
    pub(crate) fn end(self) {
        for index in self.scratch.touched.drain(..) {
            self.scratch.from[usize::from(index)] = 0;
        }
    }

    fn set_from(&mut self, index: u16, from: usize) {
        let slot = &mut self.scratch.from[usize::from(index)];
        if *slot == 0 {
            self.scratch.touched.push(index);
        }
        *slot = from;
    }

    /// Tries a rule in the window around a hit.
    fn pattern(&mut self, index: u16, hit: Hit) {
        let gate = self.rules.gates.get(index);
        let Ok((window, anchored)) = gate.window(self.text, hit) else { return };
        let highest = window.end;
        let mut lowest = window.start.max(self.scratch.from[usize::from(index)]);
        if lowest >= highest || !gate.opens(self.text, lowest..highest) {
            return;
        }
        let ready = self.rules.ready(index);
        let Ready { rule, compiled: Some(compiled) } = ready else { return };
        if gate.choosy && !compiled.wants(self.path) {
            // Nothing in this text will do.
            self.set_from(index, usize::MAX);
            return;
        }
        let mut found = false;
        while lowest < highest {
            let input = Input::new(self.text).range(lowest..highest).anchored(anchored);
            let Some((whole, secret)) = compiled.find(&input) else { break };
            found = true;
            lowest = whole.end.max(lowest + 1);
            self.set_from(index, secret.end.max(whole.start + 1));
            if !(gate.apart && gate::is_joined(self.text, whole.start)) {
                self.judge(index, rule, secret.range());
            }
            if gate.leads {
                break;
            }
        }
        // In decoded text that is no settings, a name says nothing of what is near it.
        if !found && self.syntax.is_some() {
            self.near(index, ready, hit, gate);
        }
    }

    /// Looks for a secret of a rule near its name, where the pattern has found none.
    fn near(&mut self, index: u16, ready: &Ready, hit: Hit, gate: Gate<'_>) {
        let Ready { rule, compiled: Some(compiled) } = ready else { return };
        let name = hit.start..hit.start + hit.len;
        let whole = |value: &[u8]| compiled.is_secret(value);
        let Some(span) = near::find(self.text, &name, gate, whole) else { return };
        let held = self.scratch.matches.len();
        self.judge(index, rule, span);
        if let Some(one) = self.scratch.matches.get_mut(held) {
            one.near = true;
            one.confidence = one.confidence.min(Confidence::Medium);
            one.reasons.push("a random value near the provider's name".into());
        }
    }

    fn judge(&mut self, index: u16, rule: &Rule, span: Range<usize>) {
        self.scratch.matches.extend(Match::judged(index, rule, self.text, span));
    }

    fn url(&mut self, index: u16, start: usize) {
        // The anchor is one letter of the scheme and `://`.
        let Some(span) = url::password(self.text, start + 1) else { return };
        self.push_generic(index, span, Confidence::Medium, "between user and host of a URL".into());
    }

    fn assignment(&mut self, index: u16, hit: Hit) {
        if hit.start < self.scratch.from[usize::from(index)] {
            return;
        }
        let Some(syntax) = self.syntax else { return };
        let Some(found) = assignment::read(self.text, hit.start, hit.len, syntax) else {
            return;
        };
        self.set_from(index, found.end);
        let generated = *self.generated.get_or_insert_with(|| syntax::is_generated(self.path));
        if generated {
            return;
        }
        let first =
            Judged { span: found.value, confidence: found.confidence, reason: found.reason };
        for one in [first].into_iter().chain(found.others) {
            if !sealed::is_sealed(self.text, &one.span) {
                self.push_generic(index, one.span, one.confidence, one.reason);
            }
        }
    }

    fn push_generic(&mut self, rule: u16, span: Range<usize>, confidence: Confidence, why: Text) {
        let reasons = vec![why];
        let decoded = None;
        self.scratch.matches.push(Match { rule, span, confidence, reasons, near: false, decoded });
    }
}
