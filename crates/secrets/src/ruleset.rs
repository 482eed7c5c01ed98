//! All rules of a run, each made ready when its anchor is first hit.

use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use bstr::ByteSlice as _;
use globset::{Glob, GlobSet, GlobSetBuilder};
use leakgate_model::{Confidence, RuleId, Severity, Text};
use regex_automata::meta;
use regex_automata::util::syntax;
use regex_automata::{Input, Span};

use crate::anchors::Anchors;
use crate::gate::{self, Gates};
use crate::rule::Rule;
use crate::rulefile::{self, Baked, Loaded};
use crate::shape::Shape;

/// The rules of a run and the index of their anchors.
///
/// The built-in ones lie in the program as the build script baked them: making a set of them reads
/// nothing, and a rule is decoded and its regex compiled when its anchor is first hit.
#[derive(Debug)]
pub struct RuleSet {
    source: Source,
    /// What decides whether a rule is worth trying at a hit.
    pub(crate) gates: Gates,
    ready: Vec<OnceLock<Box<Ready>>>,
    pub(crate) anchors: Anchors,
}

/// Where rules come from.
#[derive(Debug)]
enum Source {
    Builtin,
    Given(Vec<Baked>),
}

/// A rule that can be run.
#[derive(Debug)]
pub(crate) struct Ready {
    pub(crate) rule: Rule,
    /// Of a rule with a pattern.
    pub(crate) compiled: Option<Compiled>,
}

/// How a rule looks at the text around an anchor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Finder {
    /// By a regex.
    Pattern,
    /// The password of a URL.
    Url,
    /// A value assigned to a credential's name.
    Assignment,
}

/// A regex ready to run.
#[derive(Debug)]
pub(crate) struct Compiled {
    /// Quick to build, slow to run: most rules are tried a few times or never.
    regex: OnceLock<meta::Regex>,
    /// Slow to build, quick to run: for a rule that is tried often.
    automaton: OnceLock<meta::Regex>,
    tries: AtomicU32,
    /// The group `secret` by itself, for values that are looked at alone.
    alone: OnceLock<meta::Regex>,
    pattern: Text,
    files: Option<GlobSet>,
    /// Files that it does not run on.
    others: GlobSet,
}

/// After so many tries an automaton is worth building: about as long as they took.
const MANY: u32 = 8;

/// The rule of values that no format tells.
const GENERIC: RuleId = RuleId::new("generic-secret");
/// The rule of passwords in URLs.
const URL_PASSWORD: RuleId = RuleId::new("url-password");

static RULES: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/rules.bin"));
static OFFSETS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/offsets.bin"));
static GATES: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/gates.bin"));
static ANCHORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/anchors.bin"));

impl Default for RuleSet {
    /// The built-in rules.
    fn default() -> Self {
        Self::with(Source::Builtin, Gates::new(GATES.into()), Anchors::new(ANCHORS.into()))
    }
}

impl RuleSet {
    /// The built-in rules and those of a folder, which replace built-in ones of the same id.
    ///
    /// # Errors
    /// One line for each thing that is wrong: file, rule, what.
    pub fn with_dir(dir: &Path) -> Result<Self, Vec<String>> {
        Ok(Self::with_loaded(&rulefile::load_dir(dir)?))
    }

    pub(crate) fn with_loaded(more: &[Loaded]) -> Self {
        // The baked index numbers the built-in rules only, so one is built for all: rules of a
        // run's own are worth the milliseconds.
        let builtin = (0..Source::Builtin.len()).map(|index| Source::Builtin.get(index));
        let mut rules: Vec<Baked> =
            builtin.filter(|builtin| more.iter().all(|rule| rule.rule.id != builtin.id)).collect();
        rules.extend(more.iter().map(Baked::from));
        Self::of(rules)
    }

    fn with(source: Source, gates: Gates, anchors: Anchors) -> Self {
        let patterns = source.len();
        let ready = (0..patterns + 2).map(|_| OnceLock::new()).collect();
        Self { source, gates, ready, anchors }
    }

    /// These rules alone, and those whose finder is code.
    pub fn only(&self, ids: &[RuleId]) -> Self {
        let all = (0..self.source.len()).map(|index| self.source.get(index));
        let rules: Vec<_> =
            all.filter(|rule| ids.iter().any(|id| id.as_str() == rule.id)).collect();
        Self::of(rules)
    }

    fn of(rules: Vec<Baked>) -> Self {
        let anchors = Anchors::new(rulefile::index(&rules).into());
        let gates = Gates::new(gate::build(rules.iter().map(Baked::gate)).into());
        Self::with(Source::Given(rules), gates, anchors)
    }

    /// Which finder looks at the hits of a rule.
    pub(crate) fn finder(&self, index: u16) -> Finder {
        match usize::from(index).checked_sub(self.source.len()) {
            None => Finder::Pattern,
            Some(0) => Finder::Url,
            Some(_) => Finder::Assignment,
        }
    }

    /// The rule of the finder of assignments.
    pub(crate) fn assignments(&self) -> u16 {
        u16::try_from(self.source.len() + 1).expect("there are fewer rules than 65,536")
    }

    /// All rules, in the order of their names' files.
    pub fn rules(&self) -> impl Iterator<Item = Rule> + '_ {
        (0..self.ready.len()).map(|index| self.rule(index))
    }

    /// The rule with this id.
    pub fn get(&self, id: &RuleId) -> Option<Rule> {
        self.index_of(id).map(|index| self.rule(usize::from(index)))
    }

    /// Where the rule with this id stands.
    pub(crate) fn index_of(&self, id: &RuleId) -> Option<u16> {
        let is_it = |index: &u16| match usize::from(*index).checked_sub(self.source.len()) {
            None => self.source.has_id(usize::from(*index), id.as_str()),
            Some(_) => self.rule(usize::from(*index)).id == *id,
        };
        (0..u16::try_from(self.ready.len()).unwrap_or(u16::MAX)).find(is_it)
    }

    /// The literals that a rule is looked for by; empty for a finder that is code.
    pub(crate) fn anchors_of(&self, index: u16) -> Vec<String> {
        let index = usize::from(index);
        if index < self.source.len() { self.source.get(index).anchors } else { Vec::new() }
    }

    /// How many rules have their regex compiled so far.
    pub fn compiled(&self) -> usize {
        let compiled = |ready: &Ready| {
            ready
                .compiled
                .as_ref()
                .is_some_and(|compiled| compiled.tries.load(Ordering::Relaxed) > 0)
        };
        self.ready.iter().filter_map(OnceLock::get).filter(|ready| compiled(ready)).count()
    }

    /// The rules that have been made ready.
    pub(crate) fn built(&self) -> impl Iterator<Item = &Ready> {
        self.ready.iter().filter_map(OnceLock::get).map(AsRef::as_ref)
    }

    pub(crate) fn len(&self) -> usize {
        self.ready.len()
    }

    /// The rule at an index, ready to run.
    pub(crate) fn ready(&self, index: u16) -> &Ready {
        let index = usize::from(index);
        self.ready[index].get_or_init(|| {
            let rule = self.rule(index);
            let compiled = (index < self.source.len()).then(|| Compiled::new(&rule));
            Box::new(Ready { rule, compiled })
        })
    }

    fn rule(&self, index: usize) -> Rule {
        match index.checked_sub(self.source.len()) {
            None => self.source.get(index).into(),
            Some(0) => in_code(
                URL_PASSWORD,
                "Password in a URL",
                "https://www.rfc-editor.org/rfc/rfc3986#section-3.2.1",
            ),
            Some(_) => in_code(
                GENERIC,
                "Secret assigned to a credential's name",
                "https://cwe.mitre.org/data/definitions/798.html",
            ),
        }
    }
}

impl Source {
    fn len(&self) -> usize {
        match self {
            Self::Builtin => OFFSETS.len() / 4 - 1,
            Self::Given(rules) => rules.len(),
        }
    }

    fn get(&self, index: usize) -> Baked {
        match self {
            Self::Builtin => postcard::from_bytes(baked(index))
                .expect("the build script wrote it with the same types"),
            Self::Given(rules) => rules[index].clone(),
        }
    }

    /// Returns true if and only if this is the id of the rule at `index`.
    fn has_id(&self, index: usize, id: &str) -> bool {
        match self {
            // The id comes first: the rest need not be decoded.
            Self::Builtin => {
                postcard::take_from_bytes::<&str>(baked(index)).is_ok_and(|(one, _)| one == id)
            }
            Self::Given(rules) => rules[index].id == id,
        }
    }
}

/// The bytes of a built-in rule.
fn baked(index: usize) -> &'static [u8] {
    let offset = |index: usize| {
        let bytes = OFFSETS[4 * index..4 * index + 4].try_into();
        u32::from_le_bytes(bytes.expect("four bytes")) as usize
    };
    &RULES[offset(index)..offset(index + 1)]
}

/// A rule whose finder is code.
fn in_code(id: RuleId, title: &'static str, reference: &'static str) -> Rule {
    Rule {
        id,
        provider: Text::Borrowed(""),
        title: Text::Borrowed(title),
        severity: Severity::High,
        confidence: Confidence::Medium,
        pattern: Text::Borrowed(""),
        checks: Vec::new(),
        entropy: 0.0,
        files: Vec::new(),
        keep_placeholders: false,
        general: true,
        pair: Vec::new(),
        within: 0,
        rotate: None,
        advice: Some(Text::Borrowed(
            "Change it where it is used, and read it from the environment or a secrets manager.",
        )),
        references: vec![Text::Borrowed(reference)],
        shape: Shape::of_code(),
    }
}

impl Compiled {
    fn new(rule: &Rule) -> Self {
        let (others, files): (Vec<_>, Vec<_>) =
            rule.files.iter().partition(|glob| glob.starts_with('!'));
        Self {
            regex: OnceLock::new(),
            automaton: OnceLock::new(),
            tries: AtomicU32::new(0),
            alone: OnceLock::new(),
            pattern: rule.pattern.clone(),
            files: (!files.is_empty()).then(|| globs(files.into_iter().map(String::as_str))),
            others: globs(others.into_iter().map(|glob| &glob[1..])),
        }
    }

    /// The whole match and the secret in it. The pattern was parsed when the rule was loaded, and
    /// is compiled when it is first looked for.
    pub(crate) fn find(&self, input: &Input<'_>) -> Option<(Span, Span)> {
        let often = self.tries.load(Ordering::Relaxed) >= MANY
            || self.tries.fetch_add(1, Ordering::Relaxed) >= MANY;
        let (slot, engine) = if often {
            (&self.automaton, Engine::Automaton)
        } else {
            (&self.regex, Engine::Simple)
        };
        let regex = slot.get_or_init(|| compile(&self.pattern, engine));
        // Most tries match nothing: the groups are asked for only when something does.
        if !regex.is_match(input.clone()) {
            return None;
        }
        let mut groups = regex.create_captures();
        regex.search_captures(input, &mut groups);
        Some((groups.get_match()?.span(), groups.get_group_by_name("secret")?))
    }

    /// How many times it has been compiled.
    pub(crate) fn regexes(&self) -> usize {
        [&self.regex, &self.automaton, &self.alone]
            .iter()
            .filter(|slot| slot.get().is_some())
            .count()
    }

    /// Returns true if and only if `value` is a secret of the rule, from its first byte to its last.
    pub(crate) fn is_secret(&self, value: &[u8]) -> bool {
        let alone = self.alone.get_or_init(|| {
            let group = secret_group(&self.pattern);
            compile(&format!(r"\A(?:{group})\z"), Engine::Simple)
        });
        alone.is_match(value)
    }

    /// Returns true if and only if the rule runs on this path.
    pub(crate) fn wants(&self, path: &[u8]) -> bool {
        let path = path.to_path_lossy();
        self.files.as_ref().is_none_or(|files| files.is_match(&path))
            && !self.others.is_match(&path)
    }
}

fn globs<'g>(globs: impl Iterator<Item = &'g str>) -> GlobSet {
    let mut set = GlobSetBuilder::new();
    for glob in globs {
        // A glob without a slash is one for the name alone.
        let glob = if glob.contains('/') { glob.to_owned() } else { format!("**/{glob}") };
        set.add(Glob::new(&glob).expect("a rule's globs were read when it was loaded"));
    }
    set.build().unwrap_or_default()
}

/// What stands in the group `secret` of a pattern that has one.
fn secret_group(pattern: &str) -> &str {
    const OPEN: &str = "(?<secret>";
    let start = pattern.find(OPEN).map_or(0, |at| at + OPEN.len());
    let bytes = pattern.as_bytes();
    let (mut at, mut depth, mut in_class) = (start, 0, false);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 1,
            b'[' => in_class = true,
            b']' => in_class = false,
            b'(' if !in_class => depth += 1,
            b')' if !in_class && depth == 0 => break,
            b')' if !in_class => depth -= 1,
            _ => {}
        }
        at += 1;
    }
    pattern.get(start..at).unwrap_or(pattern)
}

/// How a regex is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Engine {
    /// By backtracking within bounds.
    Simple,
    /// By a DFA that is built as it runs.
    Automaton,
}

fn compile(pattern: &str, engine: Engine) -> meta::Regex {
    let automaton = engine == Engine::Automaton;
    // Anchors are the prefilter; a DFA built ahead of time would cost more than it gains.
    let config = meta::Config::new()
        .utf8_empty(false)
        .dfa(false)
        .onepass(false)
        .hybrid(automaton)
        .auto_prefilter(false)
        .nfa_size_limit(Some(64 << 20));
    meta::Builder::new()
        .configure(config)
        .syntax(syntax::Config::new().unicode(false).utf8(false))
        .build(pattern)
        .expect("a rule's pattern compiles: its shape was computed from it")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_group_of_each_rule_stands_alone() {
        assert_eq!(secret_group(r"a(?<secret>(?:[()\]]\)|b){2})c"), r"(?:[()\]]\)|b){2}");
        for rule in RuleSet::default().rules().filter(|rule| !rule.pattern.is_empty()) {
            let group = secret_group(&rule.pattern);
            assert!(regex_syntax::Parser::new().parse(group).is_ok(), "{}: {group}", rule.id);
        }
    }
}
