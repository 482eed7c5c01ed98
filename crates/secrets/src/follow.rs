//! Which bytes can stand behind an anchor, told by walking a pattern's automaton.

use regex_automata::nfa::thompson::{NFA, State};
use regex_automata::util::primitives::StateID;
use regex_syntax::hir::Hir;
use serde::{Deserialize, Serialize};

/// A set of bytes: one bit for each value.
pub(crate) type Bytes = [u64; 4];

/// All bytes.
pub(crate) const ANY: Bytes = [u64::MAX; 4];

/// Returns true if and only if `byte` is one of `bytes`.
pub(crate) fn has(bytes: Bytes, byte: u8) -> bool {
    bytes[usize::from(byte >> 6)] >> (byte & 63) & 1 != 0
}

/// Puts a byte into a set.
pub(crate) fn add(bytes: &mut Bytes, byte: u8) {
    bytes[usize::from(byte >> 6)] |= 1 << (byte & 63);
}

/// A set of ASCII characters, one bit each. Bytes beyond ASCII are in every set: they are rare, and
/// what passes is looked at by the rule itself.
pub(crate) type Ascii = [u8; ASCII];
pub(crate) const ASCII: usize = 16;

/// The ASCII characters of a set.
pub(crate) fn ascii(bytes: Bytes) -> Ascii {
    (u128::from(bytes[1]) << 64 | u128::from(bytes[0])).to_le_bytes()
}

/// Returns true if and only if a byte is in a set.
#[inline]
pub(crate) fn allows(set: &Ascii, byte: u8) -> bool {
    byte >= 0x80 || set[usize::from(byte >> 3)] >> (byte & 7) & 1 != 0
}

/// What can follow an anchor: so many bytes of a set, or fewer where the text ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ahead {
    pub(crate) bytes: Bytes,
    pub(crate) run: u8,
}

impl Ahead {
    /// Anything can follow.
    pub(crate) const ANY: Self = Self { bytes: ANY, run: 0 };
    /// How many bytes behind an anchor are told at most.
    pub(crate) const MOST: usize = 16;

    /// The run that is the least likely to stand anywhere else, of what can follow at each step.
    fn rarest(steps: &[Bytes]) -> Self {
        let mut best = (0.0, Self::ANY);
        let mut bytes = [0; 4];
        for (step, run) in steps.iter().zip(1..) {
            unite(&mut bytes, *step);
            let rarity = -f64::from(run) * share(bytes).ln();
            if rarity > best.0 {
                best = (rarity, Self { bytes, run });
            }
        }
        best.1
    }

    /// What can follow either of two.
    pub(crate) fn or(mut self, other: Self) -> Self {
        unite(&mut self.bytes, other.bytes);
        Self { bytes: self.bytes, run: self.run.min(other.run) }
    }
}

/// Which part of source is made of these bytes, about.
fn share(bytes: Bytes) -> f64 {
    let of = |byte: u8| match byte {
        b' ' => 0.16,
        b'a'..=b'z' => 0.021,
        b'\n' | b'_' => 0.025,
        b'A'..=b'Z' => 0.002,
        b'0'..=b'9' => 0.005,
        b'.' | b',' | b'(' | b')' | b'"' | b'\'' | b'=' | b';' | b':' | b'-' | b'/' => 0.01,
        _ => 0.002,
    };
    let part: f64 = (0..0x80).filter(|&byte| has(bytes, byte)).map(of).sum();
    let all: f64 = (0..0x80).map(of).sum();
    part / all
}

/// Puts all bytes of one set into another.
pub(crate) fn unite(bytes: &mut Bytes, more: Bytes) {
    bytes.iter_mut().zip(more).for_each(|(word, more)| *word |= more);
}

/// A pattern as an automaton, to be asked about its matches.
pub(crate) struct Follow(NFA);

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
        NFA::compiler().configure(config).build_from_hir(hir).ok().map(Self)
    }

    /// The bytes that can follow `anchor`, in either case of its letters, where it stands there in
    /// a match: all that some match has, and maybe more. `None` if it can be anything.
    pub(crate) fn after(&self, anchor: &[u8], stands: Stands) -> Option<Bytes> {
        self.bytes(&self.behind(anchor, stands))
    }

    /// A run of at most so many bytes that follows any of these anchors in each match.
    pub(crate) fn ahead(&self, anchors: &[String], stands: Stands, most: usize) -> Ahead {
        let mut states: Vec<_> =
            anchors.iter().map(|anchor| self.behind(anchor.as_bytes(), stands)).collect();
        let mut steps = Vec::new();
        while steps.len() < most {
            let all = states.iter().map(|states| self.bytes(states));
            let Some(bytes) = all.reduce(|all, more| {
                let mut all = all?;
                unite(&mut all, more?);
                Some(all)
            }) else {
                break;
            };
            let Some(bytes) = bytes else { break };
            steps.push(bytes);
            for states in &mut states {
                let next = states.iter().flat_map(|&id| moves(self.0.state(id)));
                *states = self.closure(next.map(|(.., to)| to).collect());
            }
        }
        Ahead::rarest(&steps)
    }

    /// The states of a match behind an anchor.
    fn behind(&self, anchor: &[u8], stands: Stands) -> Vec<StateID> {
        let mut states = match stands {
            Stands::First => self.closure(vec![self.0.start_anchored()]),
            Stands::Anywhere => self.all(),
        };
        for byte in anchor {
            let cases = [byte.to_ascii_lowercase(), byte.to_ascii_uppercase()];
            let mut next = Vec::new();
            for &id in &states {
                for (first, last, to) in moves(self.0.state(id)) {
                    if cases.iter().any(|case| (first..=last).contains(case)) {
                        next.push(to);
                    }
                }
            }
            states = self.closure(next);
        }
        states
    }

    /// The bytes that lead on from these states. `None` where the match can end, as anything can
    /// follow then, and where there is no state: that the anchor stands nowhere in the match tells
    /// nothing about what follows it.
    fn bytes(&self, states: &[StateID]) -> Option<Bytes> {
        let ends = |&id: &StateID| matches!(self.0.state(id), State::Match { .. });
        if states.is_empty() || states.iter().any(ends) {
            return None;
        }
        let mut bytes = [0; 4];
        for (first, last, _) in states.iter().flat_map(|&id| moves(self.0.state(id))) {
            (first..=last).for_each(|byte| add(&mut bytes, byte));
        }
        Some(bytes)
    }

    /// The states that a match can go through.
    fn all(&self) -> Vec<StateID> {
        let mut all = self.closure(vec![self.0.start_anchored()]);
        loop {
            let next = all.iter().flat_map(|&id| moves(self.0.state(id)));
            let more = self.closure(all.iter().copied().chain(next.map(|(.., to)| to)).collect());
            if more.len() == all.len() {
                return all;
            }
            all = more;
        }
    }

    /// Some states and those that are reached from them without a byte.
    fn closure(&self, mut todo: Vec<StateID>) -> Vec<StateID> {
        let mut seen = vec![false; self.0.states().len()];
        let mut closed = Vec::new();
        while let Some(id) = todo.pop() {
            if !std::mem::replace(&mut seen[id], true) {
                closed.push(id);
                todo.extend(jumps(self.0.state(id)));
            }
        }
        closed
    }
}

/// Where a state goes: from which byte to which, and to which state.
fn moves(state: &State) -> impl Iterator<Item = (u8, u8, StateID)> {
    let ranges = match state {
        State::ByteRange { trans } => std::slice::from_ref(trans),
        State::Sparse(sparse) => &sparse.transitions,
        _ => &[],
    };
    let dense = match state {
        State::Dense(dense) => &dense.transitions[..],
        _ => &[],
    };
    let dense = (0..=u8::MAX).zip(dense).filter(|(_, to)| **to != StateID::ZERO);
    let ranges = ranges.iter().map(|range| (range.start, range.end, range.next));
    ranges.chain(dense.map(|(byte, to)| (byte, byte, *to)))
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
        Some((0..=u8::MAX).filter(|&byte| has(bytes, byte)).map(char::from).collect())
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
