//! What a pattern's structure tells about how to run it: computed once, from its syntax tree.

use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Capture, Class, Hir, HirKind};

/// Facts about a pattern that decide where it is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shape {
    /// Every match begins with an anchor, so it is tried only where the anchor stands.
    pub leads: bool,
    /// The longest match, in bytes.
    pub longest: usize,
    /// How many first bytes of the secret are the same kind of text in each match.
    pub public: usize,
    /// Bytes of the longest literal that every match begins with: more is more specific.
    pub literal: usize,
}

/// Reads a pattern whose fragments are expanded. `anchors` are in lower case.
///
/// # Errors
/// A phrase: it does not parse, lacks the group `secret`, has no longest match, or matches
/// the empty text.
pub(crate) fn of(pattern: &str, anchors: &[String]) -> Result<Shape, String> {
    let hir = ParserBuilder::new()
        .unicode(false)
        .utf8(false)
        .build()
        .parse(pattern)
        .map_err(|error| format!("the pattern is not a regex: {error}"))?;
    let longest = hir
        .properties()
        .maximum_len()
        .ok_or("the pattern has no longest match: give each repetition a bound")?;
    if hir.properties().minimum_len().unwrap_or(0) == 0 {
        return Err("the pattern matches the empty text".to_owned());
    }
    let secret = find_group(&hir).ok_or("the pattern has no group named `secret`")?;
    let starts = leading(&hir);
    let leads = !starts.texts.is_empty()
        && starts
            .texts
            .iter()
            .all(|text| anchors.iter().any(|anchor| text.starts_with(anchor.as_bytes())));
    Ok(Shape {
        leads,
        longest,
        public: common_prefix(&leading(&secret.sub).texts),
        literal: starts.texts.iter().map(Vec::len).min().unwrap_or(0),
    })
}

fn find_group(hir: &Hir) -> Option<&Capture> {
    match hir.kind() {
        HirKind::Capture(capture) if capture.name.as_deref() == Some("secret") => Some(capture),
        HirKind::Capture(capture) => find_group(&capture.sub),
        HirKind::Repetition(repetition) => find_group(&repetition.sub),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => parts.iter().find_map(find_group),
        _ => None,
    }
}

/// What a pattern can begin with, in lower case; `whole` if that is all of it.
struct Leading {
    texts: Vec<Vec<u8>>,
    whole: bool,
}

/// More alternatives than this are not worth following.
const MOST_TEXTS: usize = 64;
const LONGEST_TEXT: usize = 48;

fn leading(hir: &Hir) -> Leading {
    let stop = || Leading { texts: vec![Vec::new()], whole: false };
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => Leading { texts: vec![Vec::new()], whole: true },
        HirKind::Literal(literal) => {
            Leading { texts: vec![literal.0.to_ascii_lowercase()], whole: true }
        }
        HirKind::Class(class) => one_of(class).unwrap_or_else(stop),
        HirKind::Capture(capture) => leading(&capture.sub),
        HirKind::Repetition(repetition) if repetition.min == 0 => stop(),
        HirKind::Repetition(repetition) => {
            let once = leading(&repetition.sub);
            let exact = repetition.min == 1 && repetition.max == Some(1);
            Leading { whole: once.whole && exact, ..once }
        }
        HirKind::Concat(parts) => {
            let mut so_far = Leading { texts: vec![Vec::new()], whole: true };
            for part in parts {
                if !so_far.whole {
                    break;
                }
                so_far = join(&so_far, &leading(part));
            }
            so_far
        }
        HirKind::Alternation(parts) => {
            let each: Vec<Leading> = parts.iter().map(leading).collect();
            let whole = each.iter().all(|one| one.whole);
            let texts: Vec<_> = each.into_iter().flat_map(|one| one.texts).collect();
            if texts.len() > MOST_TEXTS { stop() } else { Leading { texts, whole } }
        }
    }
}

/// The letters of a small class, cases folded.
fn one_of(class: &Class) -> Option<Leading> {
    let Class::Bytes(class) = class else { return None };
    let mut letters: Vec<u8> = class
        .iter()
        .flat_map(|range| range.start()..=range.end())
        .take(256)
        .map(|byte| byte.to_ascii_lowercase())
        .collect();
    letters.sort_unstable();
    letters.dedup();
    (letters.len() <= 8).then(|| Leading {
        texts: letters.into_iter().map(|letter| vec![letter]).collect(),
        whole: true,
    })
}

/// Every text of `first` followed by every text of `second`; `first` alone if that is too much.
fn join(first: &Leading, second: &Leading) -> Leading {
    let many = first.texts.len() * second.texts.len() > MOST_TEXTS;
    if many || first.texts.iter().any(|text| text.len() > LONGEST_TEXT) {
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
