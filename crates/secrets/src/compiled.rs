//! A rule's pattern, ready to run.
//!
//! A scan tries some hundred rules some hundred times each and finds nothing with nearly all. So
//! what counts is how soon a pattern is ready and how soon it says no. A class that may stand up to
//! forty times makes forty copies in an automaton, which take far longer to build than one that may
//! stand any number of times. So a rough automaton without such bounds is asked first; each match is
//! one of it as well. Only where it says yes is the exact one built. Both run as DFAs whose states
//! are made as they are needed. They tell where a match ends, and from that most patterns tell where
//! the secret stands; only of the others is the automaton walked once more, for its groups.

use std::fmt;
use std::sync::OnceLock;

use bstr::ByteSlice as _;
use globset::{Glob, GlobSet, GlobSetBuilder};
use leakgate_model::Text;
use regex_automata::hybrid::dfa::{self, DFA};
use regex_automata::nfa::thompson::backtrack::{self, BoundedBacktracker};
use regex_automata::nfa::thompson::pikevm::{self, PikeVM};
use regex_automata::nfa::thompson::{self, NFA, WhichCaptures};
use regex_automata::util::pool::Pool;
use regex_automata::{Anchored, Input, MatchError, MatchKind, Span};
use regex_syntax::hir::{Hir, HirKind, Look, Repetition};

use crate::rule::Rule;
use crate::shape;

/// A regex ready to run.
#[derive(Debug)]
pub(crate) struct Compiled {
    /// Matches wherever `whole` does.
    rough: OnceLock<Machine>,
    whole: OnceLock<Machine>,
    /// The group `secret` by itself, for values that are looked at alone.
    alone: OnceLock<Machine>,
    pattern: Text,
    files: Option<GlobSet>,
    /// Files that it does not run on.
    others: GlobSet,
}

impl Compiled {
    /// Reads a rule's globs; its pattern is compiled when it is first looked for.
    pub(crate) fn new(rule: &Rule) -> Self {
        let (others, files): (Vec<_>, Vec<_>) =
            rule.files.iter().partition(|glob| glob.starts_with('!'));
        Self {
            rough: OnceLock::new(),
            whole: OnceLock::new(),
            alone: OnceLock::new(),
            pattern: rule.pattern.clone(),
            files: (!files.is_empty()).then(|| globs(files.into_iter().map(String::as_str))),
            others: globs(others.into_iter().map(|glob| &glob[1..])),
        }
    }

    /// The whole match and the secret in it.
    pub(crate) fn find(&self, input: &Input<'_>) -> Option<(Span, Span)> {
        self.exact(input)?.find(input)
    }

    /// Returns true if and only if there is a match: much sooner told than where the secret stands.
    pub(crate) fn is_match(&self, input: &Input<'_>) -> bool {
        self.exact(input).is_some_and(|whole| whole.is_match(input))
    }

    /// The exact automaton, if the rough one matches.
    fn exact(&self, input: &Input<'_>) -> Option<&Machine> {
        let rough = self.rough.get_or_init(|| Machine::new(rough(&parsed(&self.pattern))));
        let whole = || self.whole.get_or_init(|| Machine::new(parsed(&self.pattern)));
        rough.is_match(input).then(whole)
    }

    /// Returns true if and only if `value` is a secret of the rule, from its first byte to its last.
    pub(crate) fn is_secret(&self, value: &[u8]) -> bool {
        let alone = self.alone.get_or_init(|| {
            let pattern = parsed(&self.pattern);
            let group = shape::secret(&pattern).expect("a rule's pattern has the group");
            Machine::new(Hir::concat(vec![
                Hir::look(Look::Start),
                (*group.sub).clone(),
                Hir::look(Look::End),
            ]))
        });
        alone.is_match(&Input::new(value))
    }

    /// Returns true if and only if it has been looked for.
    pub(crate) fn is_tried(&self) -> bool {
        self.rough.get().is_some()
    }

    /// How many automata have been compiled.
    pub(crate) fn regexes(&self) -> usize {
        [&self.rough, &self.whole, &self.alone].iter().filter(|slot| slot.get().is_some()).count()
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

/// A pattern's syntax; it has been parsed before, as its shape was computed from it.
fn parsed(pattern: &str) -> Hir {
    shape::parse(pattern).expect("a rule's pattern is a regex: its shape was computed from it")
}

/// A pattern that matches wherever this one does, and where a part of it stands more often.
fn rough(hir: &Hir) -> Hir {
    /// Fewer copies are built as they are.
    const FEW: u32 = 4;
    match hir.kind() {
        HirKind::Repetition(repetition) => {
            let Repetition { min, max, greedy, ref sub } = *repetition;
            let max = max.filter(|max| max - min < FEW);
            Hir::repetition(Repetition { min, max, greedy, sub: Box::new(rough(sub)) })
        }
        HirKind::Capture(capture) => rough(&capture.sub),
        HirKind::Concat(parts) => Hir::concat(parts.iter().map(rough).collect()),
        HirKind::Alternation(parts) => Hir::alternation(parts.iter().map(rough).collect()),
        HirKind::Empty | HirKind::Literal(_) | HirKind::Class(_) | HirKind::Look(_) => hir.clone(),
    }
}

/// What stands around the secret in each match of a pattern, as far as it is always the same.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Frame {
    /// How many bytes stand before the secret.
    before: Option<usize>,
    /// How long the secret is.
    secret: Option<usize>,
    after: Option<After>,
}

/// What a match has behind the secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum After {
    /// So many bytes.
    Bytes(usize),
    /// One byte, or none at the end of the text.
    ByteOrEnd,
}

impl Frame {
    /// Of a pattern that is one thing after another, the secret one of them.
    fn of(pattern: &Hir) -> Self {
        let parts = match pattern.kind() {
            HirKind::Concat(parts) => &parts[..],
            _ => std::slice::from_ref(pattern),
        };
        let is_secret = |part: &Hir| match part.kind() {
            HirKind::Capture(capture) => capture.name.as_deref() == Some("secret"),
            _ => false,
        };
        let Some(at) = parts.iter().position(is_secret) else { return Self::default() };
        let len = |part: &Hir| {
            let (least, most) = (part.properties().minimum_len(), part.properties().maximum_len());
            least.filter(|_| least == most)
        };
        let (before, after) = (&parts[..at], &parts[at + 1..]);
        let after = match after {
            [one] if is_byte_or_end(one) => Some(After::ByteOrEnd),
            _ => after.iter().map(len).sum::<Option<_>>().map(After::Bytes),
        };
        Self { before: before.iter().map(len).sum(), secret: len(&parts[at]), after }
    }

    /// Where the secret stands in a match, if that is all one has to know.
    fn secret(self, whole: Span, text: &[u8]) -> Option<Span> {
        let end = match self.after? {
            After::Bytes(count) => whole.end - count,
            After::ByteOrEnd if whole.end < text.len() => whole.end - 1,
            After::ByteOrEnd => return None,
        };
        let before = self.before.map(|count| whole.start + count);
        let start = before.or_else(|| self.secret.map(|len| end - len))?;
        Some(Span { start, end })
    }
}

fn is_byte_or_end(part: &Hir) -> bool {
    let HirKind::Alternation(ways) = part.kind() else { return false };
    let [byte, end] = &ways[..] else { return false };
    matches!(byte.kind(), HirKind::Class(_))
        && byte.properties().maximum_len() == Some(1)
        && *end.kind() == HirKind::Look(Look::End)
}

/// One bit for each byte of a match and each state of its automaton takes so many bytes at most.
const MOST_VISITED: usize = 1 << 20;

/// One automaton as walks of different kinds go over it.
struct Machine {
    pattern: Hir,
    frame: Frame,
    forward: Walk,
    /// From the end of a match to its beginning.
    backward: OnceLock<Walk>,
    groups: BoundedBacktracker,
    /// For matches that are too long for the other.
    long: PikeVM,
}

/// A DFA whose states are made as they are needed, and what its walks keep between them.
struct Walk {
    dfa: DFA,
    caches: Pool<dfa::Cache, Box<dyn Fn() -> dfa::Cache + Send + Sync>>,
}

const COMPILES: &str = "a rule's pattern compiles: its shape was computed from it";

impl Machine {
    fn new(pattern: Hir) -> Self {
        let nfa = nfa(&pattern, thompson::Config::new());
        let groups = backtrack::Builder::new()
            .configure(backtrack::Config::new().visited_capacity(MOST_VISITED))
            .build_from_nfa(nfa.clone())
            .expect(COMPILES);
        let long = pikevm::Builder::new().build_from_nfa(nfa.clone()).expect(COMPILES);
        let forward = Walk::new(nfa, DFA::config());
        let frame = Frame::of(&pattern);
        Self { pattern, frame, forward, backward: OnceLock::new(), groups, long }
    }

    /// The first match, if there is one, and the secret in it.
    fn find(&self, input: &Input<'_>) -> Option<(Span, Span)> {
        let Ok(whole) = self.whole(input) else { return self.groups(input) };
        let whole = whole?;
        let secret = self.frame.secret(whole, input.haystack());
        let groups = || self.groups(&input.clone().span(whole).anchored(Anchored::Yes));
        secret.map(|secret| (whole, secret)).or_else(groups)
    }

    /// The first match, if there is one, by the DFAs alone.
    fn whole(&self, input: &Input<'_>) -> Result<Option<Span>, MatchError> {
        let forward = self.forward.walk(|dfa, cache| dfa.try_search_fwd(cache, input))?;
        let Some(end) = forward.map(|end| end.offset()) else { return Ok(None) };
        let mut whole = Span { start: input.start(), end };
        if !input.get_anchored().is_anchored() {
            let input = input.clone().span(whole).anchored(Anchored::Yes);
            let walk = self.backward.get_or_init(|| {
                let backward = thompson::Config::new().reverse(true);
                let backward = backward.which_captures(WhichCaptures::None);
                let config = DFA::config().match_kind(MatchKind::All);
                Walk::new(nfa(&self.pattern, backward), config)
            });
            let start = walk.walk(|dfa, cache| dfa.try_search_rev(cache, &input))?;
            whole.start = start.map_or(whole.start, |start| start.offset());
        }
        Ok(Some(whole))
    }

    /// The first match and the secret in it, told by its groups.
    fn groups(&self, input: &Input<'_>) -> Option<(Span, Span)> {
        let mut found = self.groups.create_captures();
        let mut cache = self.groups.create_cache();
        if self.groups.try_captures(&mut cache, input.clone(), &mut found).is_err() {
            self.long.search(&mut self.long.create_cache(), input, &mut found);
        }
        Some((found.get_match()?.span(), found.get_group_by_name("secret")?))
    }

    /// Returns true if and only if there is a match, by whichever walk can tell.
    fn is_match(&self, input: &Input<'_>) -> bool {
        let first = input.clone().earliest(true);
        let found = self.forward.walk(|dfa, cache| dfa.try_search_fwd(cache, &first));
        found.map_or_else(
            |_| self.long.is_match(&mut self.long.create_cache(), input.clone()),
            |end| end.is_some(),
        )
    }
}

impl Walk {
    fn new(nfa: NFA, config: dfa::Config) -> Self {
        // A DFA that does not fit its cache gives up, and a slower walk tells.
        let config = config.skip_cache_capacity_check(true).minimum_cache_clear_count(Some(8));
        let dfa = dfa::Builder::new().configure(config).build_from_nfa(nfa).expect(COMPILES);
        let for_caches = dfa.clone();
        let caches: Box<dyn Fn() -> dfa::Cache + Send + Sync> =
            Box::new(move || for_caches.create_cache());
        Self { dfa, caches: Pool::new(caches) }
    }

    fn walk<T>(
        &self,
        walk: impl FnOnce(&DFA, &mut dfa::Cache) -> Result<T, MatchError>,
    ) -> Result<T, MatchError> {
        walk(&self.dfa, &mut self.caches.get())
    }
}

fn nfa(pattern: &Hir, config: thompson::Config) -> NFA {
    thompson::Compiler::new()
        .configure(config.utf8(false).nfa_size_limit(Some(64 << 20)))
        .build_from_hir(pattern)
        .expect(COMPILES)
}

impl fmt::Debug for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Machine").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ruleset::RuleSet;
    use crate::{rulefile, template};

    #[test]
    fn a_rough_pattern_matches_wherever_the_exact_one_does() {
        for rule in RuleSet::default().rules().filter(|rule| !rule.pattern.is_empty()) {
            let exact = parsed(&rule.pattern);
            let rough = rough(&exact);
            let least = |hir: &Hir| hir.properties().minimum_len();
            assert_eq!(least(&rough), least(&exact), "{}", rule.id);
        }
        let pattern = "a[b-d]{0,9}?(?<secret>x{3,8}|y{2})";
        let (exact, rough) = (Machine::new(parsed(pattern)), Machine::new(rough(&parsed(pattern))));
        for (text, is_exact, is_rough) in [
            ("abcdxxx", true, true),
            ("ayy", true, true),
            ("abbbbbbbbbbbyy", false, true),
            ("abxx", false, false),
        ] {
            assert_eq!(exact.is_match(&Input::new(text)), is_exact, "{text}");
            assert_eq!(rough.is_match(&Input::new(text)), is_rough, "{text}");
        }
    }

    #[test]
    fn a_frame_tells_the_secret_as_the_groups_do() {
        let framed = |pattern: &str| Frame::of(&parsed(pattern));
        assert_eq!(framed(r"ab?(?<secret>x+)c{2}").before, None);
        assert_eq!(framed(r"ab?(?<secret>x{3})c{2}").secret, Some(3));
        assert_eq!(framed(r"a(?<secret>x+)c?").after, None);
        assert_eq!(framed(r"a(?:b(?<secret>x+)|c(?<other>y))"), Frame::default());
        let mut told = 0;
        for one in rulefile::load_own().iter().filter(|one| !one.rule.pattern.is_empty()) {
            let machine = Machine::new(parsed(&rulefile::expanded(&one.rule.pattern)));
            for (index, example) in one.rule.examples.iter().enumerate() {
                let seed = format!("{} example {index}", one.rule.id);
                let mut text = template::expand(example, &seed).into_bytes();
                for _ in 0..2 {
                    for at in 0..text.len() {
                        let input = Input::new(&text).range(at..);
                        for input in [input.clone().anchored(Anchored::Yes), input] {
                            let Some(found) = machine.find(&input) else { continue };
                            let groups = machine.groups(&input);
                            assert_eq!(Some(found), groups, "{} {index} {at}", one.rule.id);
                            told += 1;
                        }
                    }
                    text.extend(b", and more\n");
                }
            }
        }
        assert!(told > 10_000, "{told}");
    }

    #[test]
    fn the_group_of_each_rule_stands_alone() {
        let whole = parsed(r"a(?<secret>(?:[()\]]\)|b){2})c");
        let group = shape::secret(&whole).expect("it is there");
        assert_eq!(*group.sub, parsed(r"(?:[()\]]\)|b){2}"));
        for rule in RuleSet::default().rules().filter(|rule| !rule.pattern.is_empty()) {
            assert!(shape::secret(&parsed(&rule.pattern)).is_some(), "{}", rule.id);
        }
    }
}
