//! Where a secret could stand, told from a piece of a content and without its name.
//!
//! The history of a repository holds each file in thousands of versions that differ by a few lines.
//! Scanning each version whole would do most of the work again and again. So what is asked first is
//! where a secret could stand at all, and this is made to be asked of changed places alone: whether
//! a [`Spot`] is there depends on bytes within its reach and on nothing else, neither on the name of
//! the file nor on what was found before it. Only a content with a [`Spot`] that could be a secret
//! is then scanned whole. There is no finding without such a spot; a property test says so.

use std::ops::Range;

use regex_automata::Input;

use crate::anchors::Hit;
use crate::archive;
use crate::assignment;
use crate::decode::Charset;
use crate::name;
use crate::near;
use crate::ruleset::{Finder, Ready, RuleSet};
use crate::syntax::Syntax;
use crate::unwrap;
use crate::url;

/// A place where an anchor stands that is worth a second look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Spot {
    /// Where the anchor begins.
    pub at: u32,
    /// As long as this many bytes before the anchor stay the same,
    pub before: u16,
    /// and this many from its beginning on, the spot stays what it is.
    pub after: u16,
    /// Whether a secret could stand here.
    pub likely: bool,
}

/// Spots of no greater reach are told only if they are likely: they are found anew beside a change.
/// More of it means more bytes to ask beside changes, less of it more spots to carry.
const NEAR: usize = 96;

/// What stands encoded in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Encoded {
    /// Nothing does.
    Nothing,
    /// Something does, and no secret could stand in it.
    Something,
    /// A secret could stand in it.
    Likely,
}

/// A name under which all encodings are looked for.
const ANY_SCHEME: &[u8] = b"a.eml";
/// An escape, or two strings that are joined, with what decides whether they count.
const AROUND_ESCAPE: usize = 256;
/// A longer run is looked at whole, but not for each change in it.
const LONGEST_RUN: usize = 64 << 10;

impl RuleSet {
    /// Changes farther than this from a place, in bytes, make no new spot there.
    pub fn near(&self) -> usize {
        NEAR.max(self.anchors.longest())
    }

    /// Appends the spots whose anchor begins in a range of a text, in no order.
    ///
    /// What is told of a spot depends on the bytes in its reach, and on where the text ends if that
    /// is in reach.
    pub fn spots(&self, text: &[u8], begins: Range<usize>, spots: &mut Vec<Spot>) {
        let end = text.len().min(begins.end + self.anchors.longest());
        let Some(piece) = text.get(begins.start..end) else { return };
        self.anchors.find(piece, |mut hit| {
            hit.start += begins.start;
            if hit.start < begins.end
                && let Some(spot) = self.spot(text, hit)
            {
                spots.push(spot);
            }
        });
    }

    /// Returns true if and only if a content is read in other ways than byte by byte, so that spots
    /// do not tell what may be found in it.
    pub fn is_opaque(content: &[u8]) -> bool {
        memchr::memchr2(0, 0x1b, content).is_some()
            || Charset::detect(content) != Charset::Bytes
            || archive::is_archive(content)
    }

    /// What stands encoded in a text, and in what stands encoded in that.
    pub fn encoded(&self, text: &[u8]) -> Encoded {
        let mut left = text.len() * unwrap::MOST;
        self.encoded_inside(text, 0, &mut left)
    }

    fn encoded_inside(&self, text: &[u8], depth: usize, left: &mut usize) -> Encoded {
        let mut what = Encoded::Nothing;
        if depth == unwrap::DEEPEST {
            return what;
        }
        let mut spots = Vec::new();
        unwrap::each(ANY_SCHEME, text, &mut |piece| {
            what = what.max(Encoded::Something);
            if depth > 0 {
                let Some(rest) = left.checked_sub(piece.text.len()) else { return };
                *left = rest;
            }
            if what < Encoded::Likely {
                self.spots(&piece.text, 0..piece.text.len(), &mut spots);
                if spots.drain(..).any(|spot| spot.likely) {
                    what = Encoded::Likely;
                } else {
                    what = what.max(self.encoded_inside(&piece.text, depth + 1, left));
                }
            }
        });
        what
    }

    /// Returns true if a change in this range of a text can be why something stands encoded in it.
    pub fn may_encode(&self, text: &[u8], changed: Range<usize>) -> bool {
        let mut start = changed.start.saturating_sub(AROUND_ESCAPE);
        let mut end = text.len().min(changed.end + AROUND_ESCAPE);
        // A run is decoded from its beginning to its end.
        let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"+/-_=\\".contains(&byte);
        start -= text[..start].iter().rev().take(LONGEST_RUN).take_while(|&&b| is_part(b)).count();
        end += text[end..].iter().take(LONGEST_RUN).take_while(|&&b| is_part(b)).count();
        if end - start >= LONGEST_RUN {
            return true;
        }
        let mut found = false;
        unwrap::each(ANY_SCHEME, &text[start..end], &mut |_| found = true);
        found
    }

    /// What all rules of a hit make of it.
    fn spot(&self, text: &[u8], hit: Hit) -> Option<Spot> {
        let (mut before, mut after, mut likely) = (0, 0, false);
        for index in self.anchors.rules_of(hit) {
            let view = match self.finder(index) {
                Finder::Pattern => self.pattern(text, index, hit),
                Finder::Url => Some(View {
                    before: 8,
                    after: url::LONGEST + 16,
                    likely: url::password(text, hit.start + 1).is_some(),
                }),
                Finder::Assignment => Some(assigned(text, hit)),
            };
            if let Some(view) = view {
                before = before.max(view.before);
                after = after.max(view.after);
                likely |= view.likely;
            }
        }
        let watched = before > NEAR || after > NEAR;
        let short = |reach: usize| u16::try_from(reach).unwrap_or(u16::MAX);
        (likely || watched).then(|| Spot {
            at: u32::try_from(hit.start).unwrap_or(u32::MAX),
            before: short(before),
            after: short(after),
            // What reaches farther than can be told is always worth scanning.
            likely: likely || before.max(after) >= usize::from(u16::MAX),
        })
    }

    /// As [`RuleSet::scan`] tries a rule at a hit, but for what it judges by the whole content.
    fn pattern(&self, text: &[u8], index: u16, hit: Hit) -> Option<View> {
        let gate = self.gates.get(index);
        let (window, anchored) = gate.window(text, hit).ok()?;
        let mut view = View {
            before: if gate.leads { 2 } else { gate.longest + 2 },
            after: (gate.longest + 2).max(hit.len + near::FARTHEST),
            likely: false,
        };
        let whole = |value: &[u8]| match self.ready(index) {
            Ready { compiled: Some(compiled), .. } => compiled.is_secret(value),
            _ => false,
        };
        // Only in text that assigns, and where the pattern matches nothing: that is told later.
        let name = hit.start..hit.start + hit.len;
        view.likely = near::find(text, &name, gate, whole).is_some();
        if !window.is_empty()
            && gate.opens(text, window.clone())
            && let Ready { compiled: Some(compiled), .. } = self.ready(index)
        {
            let input = Input::new(text).range(window).anchored(anchored);
            view.likely |= compiled.find(&input).is_some();
        }
        Some(view)
    }
}

/// What one rule makes of a hit, and how far it looked.
struct View {
    before: usize,
    after: usize,
    likely: bool,
}

/// A credential's name, and whether a secret is assigned to it in any syntax.
fn assigned(text: &[u8], hit: Hit) -> View {
    let name = assignment::name_around(text, hit.start, hit.start + hit.len);
    if name::kind(&text[name.clone()]).is_none() {
        let (before, after) = (hit.start - name.start + 1, name.end - hit.start + 1);
        return View { before, after, likely: false };
    }
    let likely = [Syntax::Code, Syntax::Settings, Syntax::Prose]
        .iter()
        .any(|&syntax| assignment::read(text, hit.start, hit.len, syntax).is_some());
    // An option's name is read to its dashes, however long it is.
    let run = text[..name.start].iter().rev().take(usize::from(u16::MAX));
    let run = run.take_while(|&&byte| assignment::is_name_byte(byte)).count();
    let before = hit.start - name.start + run + 4;
    let after = name.end - hit.start + assignment::LONGEST_READ;
    View { before, after, likely }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;

    use super::*;
    use crate::scan::Scratch;
    use crate::{rulefile, template};

    fn spots(rules: &RuleSet, text: &[u8], begins: Range<usize>) -> Vec<Spot> {
        let mut spots = Vec::new();
        rules.spots(text, begins, &mut spots);
        spots.sort_unstable();
        spots
    }

    /// Texts with whole secrets, parts of them, and what only looks like one.
    fn text() -> impl Strategy<Value = Vec<u8>> {
        let made = |form: &'static str| {
            any::<u32>().prop_map(move |seed| template::expand(form, &seed.to_string()))
        };
        let part = prop_oneof![
            4 => "[a-z_ =\n\":-]{0,60}".prop_map(String::from),
            2 => made("x = ghp_{alnum:30}{check}\n"),
            1 => made("ghp_{alnum:16}"),
            1 => made("{pem:RSA PRIVATE KEY}\n"),
            2 => "(db_|my)?(password|token|api_key|secret)( is)?( *[:=]>? *)?[\"']?".prop_map(String::from),
            2 => made("'{alnum:24}'\n"),
            1 => made("https://me:{alnum:12}@db.corp/x\n"),
            1 => "-{0,3}[a-z-]{0,200}".prop_map(String::from),
        ];
        prop::collection::vec(part, 0..24).prop_map(|parts| parts.concat().into_bytes())
    }

    #[test]
    fn every_example_of_every_rule_has_a_likely_spot() {
        let patterns = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../patterns");
        let loaded = rulefile::load_dir(&patterns).expect("the rule files are of the form");
        let rules = RuleSet::default();
        for one in &loaded {
            for (index, example) in one.rule.examples.iter().enumerate() {
                let seed = format!("{} example {index}", one.rule.id);
                let text = template::expand(example, &seed).into_bytes();
                let likely = spots(&rules, &text, 0..text.len()).iter().any(|spot| spot.likely);
                let likely = likely || rules.encoded(&text) == Encoded::Likely;
                assert!(likely || RuleSet::is_opaque(&text), "{} {index}", one.rule.id);
            }
        }
    }

    #[test]
    fn plain_text_has_no_likely_spot() {
        let rules = RuleSet::default();
        let text = b"fn main() { println!(\"a token is no secret\"); }\n".repeat(20);
        assert!(!spots(&rules, &text, 0..text.len()).iter().any(|spot| spot.likely));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]
        #[test]
        fn no_finding_without_a_likely_spot(
            text in text(),
            path in prop::sample::select(vec!["a.c", "a.yml", "README", ".env", "node_modules/a.js"]),
        ) {
            let rules = RuleSet::default();
            let found = rules.scan(path.as_bytes(), &text, &mut Scratch::default());
            let likely = spots(&rules, &text, 0..text.len()).iter().any(|spot| spot.likely);
            let likely = likely || rules.encoded(&text) == Encoded::Likely;
            prop_assert!(found.is_empty() || likely || RuleSet::is_opaque(&text), "{found:?}");
        }

        #[test]
        fn spots_are_what_the_bytes_in_their_reach_make_them(
            text in text(),
            other in text(),
            at in any::<prop::sample::Index>(),
        ) {
            let rules = RuleSet::default();
            let at = at.index(text.len() + 1);
            // What follows is changed, then what stands before.
            let near = rules.near();
            let changed = [&text[..at], &other[..]].concat();
            let after = spots(&rules, &changed, 0..changed.len());
            for spot in spots(&rules, &text, 0..text.len()) {
                let start = spot.at as usize;
                let reach = usize::from(spot.after).max(near);
                if start + reach <= at {
                    prop_assert!(after.contains(&spot), "{spot:?} {at}");
                }
            }
            let changed = [&other[..], &text[at..]].concat();
            let before = spots(&rules, &changed, 0..changed.len());
            for spot in spots(&rules, &text, 0..text.len()) {
                let start = spot.at as usize;
                let reach = usize::from(spot.before).max(near);
                if start >= at + reach {
                    let moved = Spot { at: (start - at + other.len()) as u32, ..spot };
                    prop_assert!(before.contains(&moved), "{spot:?} {at}");
                }
            }
        }

        #[test]
        fn a_part_has_the_spots_that_begin_in_it(text in text(), from: prop::sample::Index) {
            let rules = RuleSet::default();
            let from = from.index(text.len() + 1);
            let mut parts = spots(&rules, &text, 0..from);
            parts.extend(spots(&rules, &text, from..text.len()));
            prop_assert_eq!(parts, spots(&rules, &text, 0..text.len()));
        }
    }
}
