//! Which bytes can stand behind an anchor, told by walking a pattern's automaton.

use std::collections::BTreeSet;

use regex_automata::nfa::thompson::{NFA, State};
use regex_automata::util::primitives::StateID;
use regex_syntax::hir::Hir;

/// A pattern as an automaton, to be asked about its matches.
pub(crate) struct Follow {
    nfa: NFA,
    /// The states that some path of a match goes through.
    all: BTreeSet<StateID>,
}

/// Where an anchor stands in a match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stands {
    /// Each match begins with one of the rule's anchors.
    First,
    /// Each match has one of them somewhere.
    Anywhere,
}

impl Follow {
    /// The automaton of a pattern; `None` if it is too big to be worth asking.
    pub(crate) fn new(hir: &Hir) -> Option<Self> {
        let config = NFA::config().utf8(false).nfa_size_limit(Some(16 << 20));
        let nfa = NFA::compiler().configure(config).build_from_hir(hir).ok()?;
        let mut all = BTreeSet::new();
        let mut todo = vec![nfa.start_anchored()];
        while let Some(id) = todo.pop() {
            if all.insert(id) {
                todo.extend(targets(nfa.state(id), None));
                todo.extend(jumps(nfa.state(id)));
            }
        }
        Some(Self { nfa, all })
    }

    /// The bytes that can follow `anchor`, in either case of its letters, where it stands there in
    /// a match: all that some match has, and maybe more. `None` if it can be anything.
    pub(crate) fn after(&self, anchor: &[u8], stands: Stands) -> Option<Vec<u8>> {
        let mut states = match stands {
            Stands::First => self.closure(vec![self.nfa.start_anchored()]),
            Stands::Anywhere => self.all.clone(),
        };
        for byte in anchor {
            let cases = [byte.to_ascii_lowercase(), byte.to_ascii_uppercase()];
            let next = states.iter().flat_map(|&id| {
                let state = self.nfa.state(id);
                cases.into_iter().flat_map(|byte| targets(state, Some(byte)))
            });
            states = self.closure(next.collect());
        }
        // Where the match can end, anything can follow. That the anchor stands nowhere in the
        // match tells nothing about what follows it.
        let ends = |&id: &StateID| matches!(self.nfa.state(id), State::Match { .. });
        if states.is_empty() || states.iter().any(ends) {
            return None;
        }
        let goes = |byte: u8| {
            states.iter().any(|&id| targets(self.nfa.state(id), Some(byte)).next().is_some())
        };
        Some((0..=u8::MAX).filter(|&byte| goes(byte)).collect())
    }

    fn closure(&self, mut todo: Vec<StateID>) -> BTreeSet<StateID> {
        let mut closed = BTreeSet::new();
        while let Some(id) = todo.pop() {
            if closed.insert(id) {
                todo.extend(jumps(self.nfa.state(id)));
            }
        }
        closed
    }
}

/// Where a state goes on `byte`, or on any byte if there is none.
fn targets(state: &State, byte: Option<u8>) -> impl Iterator<Item = StateID> {
    let ranges = match state {
        State::ByteRange { trans } => std::slice::from_ref(trans),
        State::Sparse(sparse) => &sparse.transitions,
        _ => &[],
    };
    let dense = match state {
        State::Dense(dense) => &dense.transitions[..],
        _ => &[],
    };
    let fits = move |first: u8, last: u8| byte.is_none_or(|byte| (first..=last).contains(&byte));
    let ranges = ranges.iter().filter(move |range| fits(range.start, range.end));
    let dense = (0..=u8::MAX).zip(dense).filter(move |(at, to)| fits(*at, *at) && **to != StateID::ZERO);
    ranges.map(|range| range.next).chain(dense.map(|(_, to)| *to))
}

/// Where a state goes without a byte. A boundary or the like is taken to hold.
fn jumps(state: &State) -> Vec<StateID> {
    match state {
        State::Look { next, .. } | State::Capture { next, .. } => vec![*next],
        State::Union { alternates } => alternates.to_vec(),
        State::BinaryUnion { alt1, alt2 } => vec![*alt1, *alt2],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use regex_syntax::ParserBuilder;

    use super::*;

    fn after(pattern: &str, anchor: &str, stands: Stands) -> Option<String> {
        let hir = ParserBuilder::new().unicode(false).utf8(false).build().parse(pattern);
        let follow = Follow::new(&hir.expect("it parses")).expect("it is small");
        let bytes = follow.after(anchor.as_bytes(), stands)?;
        Some(bytes.into_iter().map(char::from).collect())
    }

    #[test]
    fn tells_what_can_follow() {
        let first = |pattern| after(pattern, "tok", Stands::First);
        assert_eq!(first(r"\btok[_-]?(?<secret>[x-z]{8})\b").as_deref(), Some("-_xyz"));
        assert_eq!(first(r"(?:tok|lock)[0-1]tok-").as_deref(), Some("01"));
        let anywhere = |pattern| after(pattern, "tok", Stands::Anywhere);
        assert_eq!(anywhere(r"[a-z]{0,2}(?i:tok) ?=").as_deref(), Some(" ="));
        assert_eq!(anywhere(r"(?:tok|stock)[0-1]tok-").as_deref(), Some("-01"));
    }

    #[test]
    fn knows_nothing_where_a_match_ends_or_the_anchor_is_not_in_it() {
        for pattern in [r"[0-9]{3}tok", r"[0-9]{3}=[0-9]{3}"] {
            assert_eq!(after(pattern, "tok", Stands::Anywhere), None, "{pattern}");
        }
    }
}
