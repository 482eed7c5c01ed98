//! All rules of a run, each made ready when its anchor is first hit.

use std::path::Path;
use std::sync::OnceLock;

use foldhash::quality::RandomState;
use leakgate_model::{Confidence, RuleId, Severity, Text};

use crate::about::{About, Packed};
use crate::anchors::Anchors;
use crate::compiled::Compiled;
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
    /// What is remembered of contents under these rules is hashed with it.
    pub(crate) key: RandomState,
}

/// Where rules come from.
#[derive(Debug)]
enum Source {
    Builtin(Packed),
    Given(Vec<(Baked, About)>),
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

/// The rule of values that no format tells.
const GENERIC: RuleId = RuleId::new("generic-secret");
/// The rule of passwords in URLs.
const URL_PASSWORD: RuleId = RuleId::new("url-password");

static RULES: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/rules.bin"));
static OFFSETS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/offsets.bin"));
static ABOUT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/about.bin"));
static GATES: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/gates.bin"));
/// Words of the index's table are read at any moment of a scan: none shall cross a line of the cache.
static ANCHORS: &Aligned<[u8]> =
    &Aligned(*include_bytes!(concat!(env!("OUT_DIR"), "/anchors.bin")));

#[repr(align(64))]
struct Aligned<T: ?Sized>(T);

impl Default for RuleSet {
    /// The built-in rules.
    fn default() -> Self {
        Self::with(Source::builtin(), Gates::new(GATES.into()), Anchors::new(ANCHORS.0.into()))
    }
}

impl RuleSet {
    /// The built-in rules and those of a folder.
    ///
    /// # Errors
    /// One line for each thing that is wrong: file, rule, what.
    pub fn with_dir(dir: &Path) -> Result<Self, Vec<String>> {
        Self::with_dirs(&[dir])
    }

    /// The built-in rules and those of several folders.
    ///
    /// # Errors
    /// As [`RuleSet::with_dir`].
    pub fn with_dirs(dirs: &[&Path]) -> Result<Self, Vec<String>> {
        let loaded = rulefile::load_dirs(dirs)?;
        let clashes = clashes(&loaded);
        if clashes.is_empty() { Ok(Self::with_loaded(&loaded)) } else { Err(clashes) }
    }

    pub(crate) fn with_loaded(more: &[Loaded]) -> Self {
        // The baked index numbers the built-in rules only, so one is built for all: rules of a
        // run's own are worth the milliseconds.
        let builtin = Source::builtin();
        let mut rules: Vec<_> = (0..builtin.len())
            .map(|index| (builtin.get(index), builtin.about(index)))
            .filter(|(builtin, _)| more.iter().all(|rule| rule.rule.id != builtin.id))
            .collect();
        rules.extend(more.iter().map(|rule| (Baked::from(rule), rule.about())));
        Self::of(rules)
    }

    fn with(source: Source, gates: Gates, anchors: Anchors) -> Self {
        let patterns = source.len();
        let ready = (0..patterns + 2).map(|_| OnceLock::new()).collect();
        Self { source, gates, ready, anchors, key: RandomState::default() }
    }

    /// These rules alone, and those whose finder is code.
    pub fn only(&self, ids: &[RuleId]) -> Self {
        let rules: Vec<_> = (0..self.source.len())
            .map(|index| (self.source.get(index), self.source.about(index)))
            .filter(|(rule, _)| ids.iter().any(|id| id.as_str() == rule.id))
            .collect();
        Self::of(rules)
    }

    fn of(rules: Vec<(Baked, About)>) -> Self {
        let baked = || rules.iter().map(|(rule, _)| rule);
        let anchors = Anchors::new(rulefile::index(baked()).into());
        let gates = Gates::new(gate::build(baked().map(Baked::gate)).into());
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

    /// What the rule with this id tells people.
    pub fn about(&self, id: &RuleId) -> Option<About> {
        self.index_of(id).map(|index| self.about_of(index))
    }

    /// What the rule at an index tells people.
    pub(crate) fn about_of(&self, index: u16) -> About {
        match usize::from(index).checked_sub(self.source.len()) {
            None => self.source.about(usize::from(index)),
            Some(0) => in_code_about("https://www.rfc-editor.org/rfc/rfc3986#section-3.2.1"),
            Some(_) => in_code_about("https://cwe.mitre.org/data/definitions/798.html"),
        }
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
        let tried = |ready: &&Ready| ready.compiled.as_ref().is_some_and(Compiled::is_tried);
        self.built().filter(tried).count()
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
            Some(0) => in_code(URL_PASSWORD, "Password in a URL"),
            Some(_) => in_code(GENERIC, "Secret assigned to a credential's name"),
        }
    }
}

impl Source {
    fn builtin() -> Self {
        Self::Builtin(Packed::new(ABOUT))
    }

    fn len(&self) -> usize {
        match self {
            Self::Builtin(_) => OFFSETS.len() / 4 - 1,
            Self::Given(rules) => rules.len(),
        }
    }

    fn get(&self, index: usize) -> Baked {
        match self {
            Self::Builtin(_) => postcard::from_bytes(baked(index))
                .expect("the build script wrote it with the same types"),
            Self::Given(rules) => rules[index].0.clone(),
        }
    }

    fn about(&self, index: usize) -> About {
        match self {
            Self::Builtin(packed) => packed.get(index).clone(),
            Self::Given(rules) => rules[index].1.clone(),
        }
    }

    /// Returns true if and only if this is the id of the rule at `index`.
    fn has_id(&self, index: usize, id: &str) -> bool {
        match self {
            // The id comes first: the rest need not be decoded.
            Self::Builtin(_) => {
                postcard::take_from_bytes::<&str>(baked(index)).is_ok_and(|(one, _)| one == id)
            }
            Self::Given(rules) => rules[index].0.id == id,
        }
    }
}

/// An error for each rule that has the id of a built-in one and is another. It would take the place of
/// that rule, and nobody would know that what it finds is looked for no more.
pub(crate) fn clashes(loaded: &[Loaded]) -> Vec<String> {
    let builtin = Source::builtin();
    let is_another = |one: &&Loaded| {
        let index = (0..builtin.len()).find(|&index| builtin.has_id(index, &one.rule.id));
        let bytes = postcard::to_allocvec(&Baked::from(*one)).unwrap_or_default();
        index.is_some_and(|index| baked(index) != bytes)
    };
    let clash = |one: &Loaded| {
        let (file, id) = (one.file.display(), &one.rule.id);
        format!("{file}: {id}: a built-in rule has this id; choose another")
    };
    loaded.iter().filter(is_another).map(clash).collect()
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
fn in_code(id: RuleId, title: &'static str) -> Rule {
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
        issued: false,
        pair: Vec::new(),
        within: 0,
        shape: Shape::of_code(),
    }
}

fn in_code_about(reference: &str) -> About {
    let advice =
        "Change it where it is used, and read it from the environment or a secrets manager.";
    About { rotate: None, advice: Some(advice.into()), references: vec![reference.into()] }
}
