//! What a pattern's structure tells about how to run it: computed once, from its syntax tree.

use std::collections::BTreeMap;

use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Capture, Class, Hir, HirKind, Look, Repetition};
use serde::{Deserialize, Serialize};

use crate::anchor_index;
use crate::follow::{self, ANY, Ahead, Bytes, Follow, Stands};

/// Facts about a pattern that decide where it is tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Shape {
    /// Every match begins with an anchor, so it is tried only where the anchor stands.
    pub(crate) leads: bool,
    /// The anchors count only in the case they are written in.
    pub(crate) exact: bool,
    /// Every match begins at a word boundary.
    pub(crate) boundary: bool,
    /// No match begins behind a letter, a digit, `_`, `-`, `+` or `/`.
    pub(crate) apart: bool,
    /// The longest match, in bytes.
    pub(crate) longest: usize,
    /// How many first bytes of the secret are the same kind of text in each match.
    pub(crate) public: usize,
    /// Bytes of the longest literal that every match begins with: more is more specific.
    pub(crate) literal: usize,
    /// The least length of the secret, in bytes.
    pub(crate) least: usize,
    /// The greatest length of the secret, in bytes.
    pub(crate) most: usize,
    /// The secret has no form of its own: it is told by the name that it is assigned to.
    pub(crate) near: bool,
    /// The bytes that a secret can consist of.
    pub(crate) alphabet: Bytes,
    /// What can follow the anchors.
    pub(crate) ahead: Ahead,
    /// The bytes that can follow each anchor of three bytes; any if it is left out.
    pub(crate) next: BTreeMap<String, Bytes>,
}

impl Shape {
    /// The shape of a finder that is code and has no pattern.
    #[allow(dead_code, reason = "the build script knows only patterns")]
    pub(crate) fn of_code() -> Self {
        Self {
            leads: false,
            exact: false,
            boundary: false,
            apart: false,
            longest: 0,
            public: 0,
            literal: 0,
            least: 0,
            most: 0,
            near: false,
            alphabet: ANY,
            ahead: Ahead::ANY,
            next: BTreeMap::new(),
        }
    }
}

/// Reads a pattern whose fragments are expanded, and chooses its anchors: what every match begins
/// with, where the pattern tells, else the `declared` ones. Of what follows them, `ahead` bytes are
/// told at most.
///
/// # Errors
/// A phrase: it does not parse, lacks the group `secret`, has no longest match, or matches
/// the empty text.
pub(crate) fn of(
    pattern: &str,
    declared: &[String],
    ahead: usize,
) -> Result<(Shape, Vec<String>), String> {
    let hir = parse(pattern).map_err(|error| format!("the pattern is not a regex: {error}"))?;
    let longest = hir
        .properties()
        .maximum_len()
        .ok_or("the pattern has no longest match: give each repetition a bound")?;
    if hir.properties().minimum_len().unwrap_or(0) == 0 {
        return Err("the pattern matches the empty text".to_owned());
    }
    let secret = secret(&hir).ok_or("the pattern has no group named `secret`")?;
    let folded = leading(&hir, Case::Folded);
    let as_written = heads(&leading(&hir, Case::AsWritten));
    let exact = as_written.is_some();
    let found = as_written.or_else(|| heads(&folded));
    let lower: Vec<String> = declared.iter().map(|anchor| anchor.to_ascii_lowercase()).collect();
    // What a match begins with saves looking backwards, unless it stands everywhere.
    let found =
        found.filter(|heads| anchor_index::cost(heads) <= 2 * anchor_index::cost(&lower) + 500);
    let leads = found.is_some();
    let exact = exact && leads;
    let anchors = found.unwrap_or(lower);
    let stands = if leads { Stands::First } else { Stands::Anywhere };
    let next = next_bytes(&hir, &anchors, stands, ahead);
    let shape = Shape {
        leads,
        exact,
        boundary: leads && begins_at_boundary(&hir),
        apart: false,
        longest,
        public: common_prefix(&leading(&secret.sub, Case::AsWritten).texts),
        literal: folded.texts.iter().map(Vec::len).min().unwrap_or(0),
        least: secret.sub.properties().minimum_len().unwrap_or(0),
        most: secret.sub.properties().maximum_len().unwrap_or(0),
        near: false,
        alphabet: alphabet(&secret.sub),
        ahead: next.all,
        next: next.short,
    };
    Ok((shape, anchors))
}

/// The texts that every match begins with, if they can serve as anchors: of three bytes or more.
fn heads(leading: &Leading) -> Option<Vec<String>> {
    let mut anchors = Vec::new();
    for text in &leading.texts {
        let text =
            std::str::from_utf8(text).ok().filter(|text| text.is_ascii() && text.len() >= 3)?;
        anchors.push(text[..text.len().min(LONGEST_ANCHOR)].to_owned());
    }
    anchors.sort();
    // Where one begins with another, that other stands there as well.
    anchors.dedup_by(|longer, one| longer.starts_with(&one[..]));
    (!anchors.is_empty()).then_some(anchors)
}

/// All bytes that a match can hold.
fn alphabet(hir: &Hir) -> Bytes {
    let mut all = [0; 4];
    let add = |byte: u8| follow::add(&mut all, byte);
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => literal.0.iter().copied().for_each(add),
        HirKind::Class(Class::Bytes(class)) => {
            class.iter().flat_map(|range| range.start()..=range.end()).for_each(add);
        }
        HirKind::Class(Class::Unicode(_)) => all = ANY,
        HirKind::Capture(capture) => return alphabet(&capture.sub),
        HirKind::Repetition(repetition) => return alphabet(&repetition.sub),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => {
            parts.iter().map(alphabet).for_each(|part| follow::unite(&mut all, part));
        }
    }
    all
}

/// Whether two texts that differ only in ASCII case are one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Case {
    Folded,
    AsWritten,
}

/// A pattern's syntax. Patterns are of bytes.
pub(crate) fn parse(pattern: &str) -> Result<Hir, Box<regex_syntax::Error>> {
    ParserBuilder::new().unicode(false).utf8(false).build().parse(pattern).map_err(Box::new)
}

/// The group named `secret`.
pub(crate) fn secret(hir: &Hir) -> Option<&Capture> {
    match hir.kind() {
        HirKind::Capture(capture) if capture.name.as_deref() == Some("secret") => Some(capture),
        HirKind::Capture(capture) => secret(&capture.sub),
        HirKind::Repetition(repetition) => secret(&repetition.sub),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => parts.iter().find_map(secret),
        _ => None,
    }
}

fn begins_at_boundary(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Look(look) => matches!(look, Look::WordAscii | Look::WordStartAscii),
        HirKind::Capture(capture) => begins_at_boundary(&capture.sub),
        HirKind::Concat(parts) => parts.first().is_some_and(begins_at_boundary),
        HirKind::Alternation(parts) => parts.iter().all(begins_at_boundary),
        _ => false,
    }
}

/// What can follow the anchors, where the pattern tells.
struct Next {
    all: Ahead,
    short: BTreeMap<String, Bytes>,
}

fn next_bytes(hir: &Hir, anchors: &[String], stands: Stands, most: usize) -> Next {
    let mut next = Next { all: Ahead::ANY, short: BTreeMap::new() };
    // Walking from everywhere takes long, and gains only where there are few bytes to find by.
    let short = || anchors.iter().filter(|anchor| anchor.len() == 3);
    if stands == Stands::Anywhere && short().next().is_none() {
        return next;
    }
    let Some(follow) = Follow::new(hir) else { return next };
    if stands == Stands::First {
        next.all = follow.ahead(anchors, stands, most);
    }
    for anchor in short() {
        if let Some(after) = follow.after(anchor.as_bytes(), stands) {
            next.short.insert(anchor.clone(), after);
        }
    }
    next
}

/// What a pattern can begin with; `whole` if that is all of it.
struct Leading {
    texts: Vec<Vec<u8>>,
    whole: bool,
}

/// More alternatives than this are not worth following.
const MOST_TEXTS: usize = 300;
const MOST_OF_FOUR: usize = 1300;
const LONGEST_TEXT: usize = 48;
const ENOUGH: usize = 4;
const FEW: usize = 6;
const LONGEST_ANCHOR: usize = 32;

fn leading(hir: &Hir, case: Case) -> Leading {
    let stop = || Leading { texts: vec![Vec::new()], whole: false };
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => Leading { texts: vec![Vec::new()], whole: true },
        HirKind::Literal(literal) => {
            let mut text = literal.0.to_vec();
            if case == Case::Folded {
                text.make_ascii_lowercase();
            }
            Leading { texts: vec![text], whole: true }
        }
        HirKind::Class(class) => one_of(class, case).unwrap_or_else(stop),
        HirKind::Capture(capture) => leading(&capture.sub, case),
        HirKind::Repetition(repetition) if repetition.max == Some(1) && repetition.min == 0 => {
            let mut once = leading(&repetition.sub, case);
            if !once.whole {
                return stop();
            }
            once.texts.push(Vec::new());
            once
        }
        HirKind::Repetition(repetition) if repetition.min == 0 => stop(),
        HirKind::Repetition(repetition) => {
            let once = leading(&repetition.sub, case);
            let exactly_once = repetition.min == 1 && repetition.max == Some(1);
            Leading { whole: once.whole && exactly_once, ..once }
        }
        HirKind::Concat(parts) => {
            let mut so_far = Leading { texts: vec![Vec::new()], whole: true };
            for part in parts {
                if !so_far.whole {
                    break;
                }
                so_far = match part.kind() {
                    HirKind::Repetition(repetition) if repetition.min > 1 => {
                        repeated(so_far, repetition, case)
                    }
                    _ => join(&so_far, &leading(part, case)),
                };
            }
            so_far
        }
        HirKind::Alternation(parts) => {
            let each: Vec<Leading> = parts.iter().map(|part| leading(part, case)).collect();
            let whole = each.iter().all(|one| one.whole);
            let texts: Vec<_> = each.into_iter().flat_map(|one| one.texts).collect();
            if texts.len() > MOST_TEXTS { stop() } else { Leading { texts, whole } }
        }
    }
}

/// The letters of a small class.
fn one_of(class: &Class, case: Case) -> Option<Leading> {
    let Class::Bytes(class) = class else { return None };
    let mut letters: Vec<u8> =
        class.iter().flat_map(|range| range.start()..=range.end()).take(256).collect();
    match case {
        Case::Folded => letters.make_ascii_lowercase(),
        // A pattern without regard to case is one for folded texts.
        Case::AsWritten => {
            let twice = |letter: &u8| letters.contains(&letter.to_ascii_lowercase());
            if letters.iter().filter(|letter| letter.is_ascii_uppercase()).any(twice) {
                return None;
            }
        }
    }
    letters.sort_unstable();
    letters.dedup();
    (letters.len() <= 26).then(|| Leading {
        texts: letters.into_iter().map(|letter| vec![letter]).collect(),
        whole: true,
    })
}

/// Every text of `first` followed by as many rounds of a repetition as are not too much.
fn repeated(first: Leading, repetition: &Repetition, case: Case) -> Leading {
    let once = leading(&repetition.sub, case);
    let mut all = first;
    for _ in 0..repetition.min {
        all = join(&all, &once);
        if !all.whole {
            return all;
        }
    }
    Leading { whole: repetition.max == Some(repetition.min), ..all }
}

/// Every text of `first` followed by every text of `second`; `first` alone if that is too much.
fn join(first: &Leading, second: &Leading) -> Leading {
    // Texts that are long enough to be rare are not multiplied further.
    let enough = if second.texts.len() > FEW { ENOUGH } else { 2 * ENOUGH };
    let is_enough = |text: &Vec<u8>| text.len() >= enough && !anchor_index::is_common(text);
    let enough = second.texts.len() > 1 && first.texts.iter().all(is_enough);
    // What can follow three letters is spelled out in the index in any case.
    let most =
        if first.texts.iter().all(|text| text.len() == 3) { MOST_OF_FOUR } else { MOST_TEXTS };
    let many = first.texts.len() > 1 && first.texts.len() * second.texts.len() > most;
    if enough || many || first.texts.iter().any(|text| text.len() > LONGEST_TEXT) {
        return Leading { texts: first.texts.clone(), whole: false };
    }
    let texts = first
        .texts
        .iter()
        .flat_map(|head| second.texts.iter().map(move |tail| [&head[..], &tail[..]].concat()))
        .collect();
    Leading { texts, whole: second.whole }
}

fn common_prefix(texts: &[Vec<u8>]) -> usize {
    let Some((first, rest)) = texts.split_first() else { return 0 };
    rest.iter().fold(first.len(), |most, text| {
        first.iter().zip(text).take(most).take_while(|(a, b)| a == b).count()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(pattern: &str, anchors: &[&str]) -> Shape {
        let anchors: Vec<String> = anchors.iter().map(ToString::to_string).collect();
        of(pattern, &anchors, Ahead::MOST).expect("the pattern is right").0
    }

    #[test]
    fn anchors_are_taken_from_the_pattern_where_it_tells() {
        let pattern = r"(?i:open[_-]?cti)[a-z]{0,9}=(?<secret>[a-z]{8})";
        let (shape, anchors) = of(pattern, &["cti".to_owned()], 1).expect("the pattern is right");
        assert!(shape.leads && !shape.exact);
        assert_eq!(anchors, ["open-cti", "open_cti", "opencti"]);
    }

    #[test]
    fn a_prefix_leads_and_keeps_its_case() {
        let found = shape(r"\b(?<secret>Tok_[a-z]{8})\b", &["Tok_"]);
        assert!(found.leads && found.exact && found.boundary);
        assert_eq!((found.longest, found.public, found.literal), (12, 4, 4));
    }

    #[test]
    fn a_keyword_of_either_case_leads() {
        let found = shape("(?i:tok)[0-9a-z]{4}=(?<secret>[a-z]{8})", &["tok"]);
        assert!(found.leads && !found.exact && !found.boundary);
        assert_eq!(found.next["tok"].iter().map(|word| word.count_ones()).sum::<u32>(), 36);
    }

    #[test]
    fn what_comes_before_an_anchor_does_not_lead() {
        assert!(!shape("[a-z]{1,9}(?i:tok)=(?<secret>[a-z]{8})", &["tok"]).leads);
    }

    #[test]
    fn unbounded_and_empty_patterns_are_refused() {
        for pattern in ["(?<secret>a+)", "(?<secret>a{0,3})", "abc", "("] {
            assert!(of(pattern, &["abc".to_owned()], 1).is_err(), "{pattern}");
        }
    }
}
