//! All rules of a run, compiled as far as they need to be.

use std::borrow::Cow;
use std::sync::OnceLock;

use globset::{Glob, GlobSet, GlobSetBuilder};
use leakgate_model::{Confidence, RuleId, Severity, Text};
use regex_automata::meta;
use regex_automata::util::syntax;

use crate::anchors::Anchors;
use crate::assignment;
use crate::rule::{self, Rule};

/// The rules of a run and the index of their anchors.
///
/// Building one costs tens of microseconds: no regex is compiled before its anchor is hit.
#[derive(Debug)]
pub struct RuleSet {
    rules: Vec<Slot>,
    pub(crate) anchors: Anchors,
    /// For each literal of `anchors`, the rules that it is an anchor of.
    pub(crate) wanted: Vec<Vec<u16>>,
    /// The longest match of any rule, in bytes.
    longest: usize,
}

/// A rule and how it is tried at a hit of its anchor.
#[derive(Debug)]
pub(crate) struct Slot {
    pub(crate) rule: Cow<'static, Rule>,
    pub(crate) finder: Finder,
}

/// How a rule looks at the text around an anchor.
#[derive(Debug)]
pub(crate) enum Finder {
    /// A regex, compiled on first use.
    Pattern(OnceLock<Compiled>),
    /// The password of a URL.
    Url,
    /// A value assigned to a credential's name.
    Assignment,
}

/// A regex ready to run.
#[derive(Debug)]
pub(crate) struct Compiled {
    pub(crate) regex: meta::Regex,
    /// The index of the group `secret`.
    pub(crate) secret: usize,
    pub(crate) files: Option<GlobSet>,
}

/// The rule of values that no format tells.
pub const GENERIC: RuleId = RuleId::new("generic-secret");
/// The rule of passwords in URLs.
pub const URL_PASSWORD: RuleId = RuleId::new("url-password");

static DETECTED: [Rule; 2] = [
    detected(
        URL_PASSWORD,
        "password in a URL",
        &[Cow::Borrowed("https://www.rfc-editor.org/rfc/rfc3986#section-3.2.1")],
    ),
    detected(
        GENERIC,
        "secret assigned to a credential's name",
        &[Cow::Borrowed("https://cwe.mitre.org/data/definitions/798.html")],
    ),
];

/// A rule whose finder is code.
const fn detected(id: RuleId, title: &'static str, references: &'static [Text]) -> Rule {
    Rule {
        id,
        provider: Cow::Borrowed("Generic"),
        title: Cow::Borrowed(title),
        severity: Severity::High,
        confidence: Confidence::Medium,
        anchors: Cow::Borrowed(&[]),
        pattern: Cow::Borrowed(""),
        leads: false,
        longest: 1280,
        public: 0,
        literal: 0,
        checks: Cow::Borrowed(&[]),
        entropy: 0.0,
        files: Cow::Borrowed(&[]),
        keep_placeholders: false,
        general: true,
        rotate: None,
        advice: Some(Cow::Borrowed(
            "Change it where it is used, and read it from the environment or a secrets manager.",
        )),
        references: Cow::Borrowed(references),
    }
}

/// The bytes that can stand before the `://` of a URL.
const URL_ANCHORS: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789";

impl Default for RuleSet {
    fn default() -> Self {
        Self::new(Vec::new())
    }
}

impl RuleSet {
    /// The built-in rules, and `more` from the user. A user's rule replaces the one of its id.
    pub fn new(more: Vec<Rule>) -> Self {
        let kept = rule::builtin()
            .iter()
            .filter(|builtin| !more.iter().any(|rule| rule.id == builtin.id))
            .map(Cow::Borrowed);
        let mut rules: Vec<Slot> = kept
            .chain(more.iter().cloned().map(Cow::Owned))
            .map(|rule| Slot { rule, finder: Finder::Pattern(OnceLock::new()) })
            .collect();
        let [url, generic] = &DETECTED;
        rules.push(Slot { rule: Cow::Borrowed(url), finder: Finder::Url });
        rules.push(Slot { rule: Cow::Borrowed(generic), finder: Finder::Assignment });
        let url_anchors = URL_ANCHORS.iter().map(|&byte| [&[byte][..], b"://"].concat()).collect();
        Self::index(rules, url_anchors)
    }

    fn index(rules: Vec<Slot>, url_anchors: Vec<Vec<u8>>) -> Self {
        let mut pairs: Vec<(&[u8], u16)> = Vec::with_capacity(rules.len() * 2);
        for (index, slot) in rules.iter().enumerate() {
            let index = u16::try_from(index).expect("there are fewer rules than 65,536");
            match slot.finder {
                Finder::Pattern(_) => {
                    pairs.extend(slot.rule.anchors.iter().map(|text| (text.as_bytes(), index)));
                }
                Finder::Url => pairs.extend(url_anchors.iter().map(|text| (&text[..], index))),
                Finder::Assignment => {
                    pairs.extend(assignment::STEMS.iter().map(|text| (text.as_bytes(), index)));
                }
            }
        }
        pairs.sort_unstable();
        let mut literals = Vec::new();
        let mut wanted = Vec::new();
        for group in pairs.chunk_by(|a, b| a.0 == b.0) {
            literals.push(group[0].0);
            wanted.push(group.iter().map(|pair| pair.1).collect());
        }
        let anchors = Anchors::new(literals);
        let longest = rules.iter().map(|slot| slot.rule.longest).max().unwrap_or(0);
        Self { rules, anchors, wanted, longest }
    }

    /// All rules, in the order they are tried.
    pub fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter().map(|slot| &*slot.rule)
    }

    /// The rule with this id.
    pub fn get(&self, id: &RuleId) -> Option<&Rule> {
        self.rules().find(|rule| rule.id == *id)
    }

    pub(crate) fn slot(&self, index: u16) -> &Slot {
        &self.rules[usize::from(index)]
    }

    pub(crate) fn len(&self) -> usize {
        self.rules.len()
    }

    /// The longest match of any rule, in bytes.
    pub(crate) fn longest(&self) -> usize {
        self.longest
    }

    /// How many rules have their regex compiled so far.
    pub fn compiled(&self) -> usize {
        let is_compiled =
            |slot: &&Slot| matches!(&slot.finder, Finder::Pattern(cell) if cell.get().is_some());
        self.rules.iter().filter(is_compiled).count()
    }
}

impl Compiled {
    /// Compiles a rule's pattern, which was parsed when the rule was loaded.
    pub(crate) fn new(rule: &Rule) -> Self {
        let regex = meta::Builder::new()
            // Building a DFA ahead of time costs more than a whole scan of a small change.
            .configure(meta::Config::new().utf8_empty(false).dfa(false).nfa_size_limit(Some(64 << 20)))
            .syntax(syntax::Config::new().unicode(false).utf8(false))
            .build(&rule.pattern)
            .expect("a rule's pattern compiles: its shape was computed from it");
        let secret = regex
            .group_info()
            .to_index(regex_automata::PatternID::ZERO, "secret")
            .expect("a rule's pattern has the group: its shape was computed from it");
        let mut globs = GlobSetBuilder::new();
        for file in rule.files.iter() {
            // A glob without a slash is one for the name alone.
            let glob = if file.contains('/') { file.to_string() } else { format!("**/{file}") };
            if let Ok(glob) = Glob::new(&glob) {
                globs.add(glob);
            }
        }
        let files = (!rule.files.is_empty()).then(|| globs.build().unwrap_or_default());
        Self { regex, secret, files }
    }

    pub(crate) fn wants(&self, path: &[u8]) -> bool {
        self.files.as_ref().is_none_or(|files| {
            use bstr::ByteSlice as _;
            files.is_match(path.to_path_lossy().as_ref())
        })
    }
}
