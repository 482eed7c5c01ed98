//! Where a secret could stand, told from a piece of a content and without its name.
//!
//! The history of a repository holds each file in thousands of versions that differ by a few lines.
//! Scanning each version whole would do most of the work again and again. So what is asked first is
//! where a secret could stand at all, and this is made to be asked of changed places alone: whether
//! a [`Spot`] is there depends on bytes within its reach and on nothing else, neither on the name of
//! the file nor on what was found before it. Only a content with a [`Spot`] that could be a secret
//! is then scanned, and where that is plain text, at such spots alone. There is no finding without
//! one; a property test says so.

use std::ops::Range;

use regex_automata::Input;

use crate::anchor_index::Hit;
use crate::anchors::Around;
use crate::archive;
use crate::assignment;
use crate::beyond;
use crate::columns;
use crate::decode::Charset;
use crate::name;
use crate::near;
use crate::ruleset::{Finder, Ready, RuleSet};
use crate::sole;
use crate::syntax::Syntax;
use crate::unwrap;
use crate::url;
use crate::value;

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

/// A spot that depends on no more bytes than these, ahead of its anchor's begin and before it, is
/// told only if a secret could stand there: beside a change it is looked for again in any case. Larger
/// numbers mean more bytes to search beside each change, smaller ones more spots to carry along. Most
/// rules depend on nothing before their anchor, and the others on more than this.
pub(crate) const AHEAD: usize = 64;
pub(crate) const BACK: usize = 32;

/// How far from a change anchors begin that it can make a new spot of, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Near {
    /// Before the change: how far spots look ahead.
    pub before: usize,
    /// Behind it: how far they look back.
    pub behind: usize,
}

impl Near {
    /// The bytes to ask when a range of a text of `len` bytes is new.
    pub fn around(self, new: &Range<usize>, len: usize) -> Range<usize> {
        new.start.saturating_sub(self.before)..len.min(new.end + self.behind)
    }
}

/// Where secrets could stand in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Likely {
    /// Where their anchors begin, in order.
    pub spots: Box<[u32]>,
    /// Where they could stand encoded, in order.
    pub encodings: Box<[Range<u32>]>,
}

impl RuleSet {
    /// Which bytes beside a change must be asked for new spots.
    pub fn near(&self) -> Near {
        Near { before: AHEAD.max(self.anchors.reach()), behind: BACK }
    }

    /// Appends the spots whose anchor begins in a range of a text, in no order.
    ///
    /// What is told of a spot depends on the bytes in its reach, and on where the text ends if that
    /// is in reach.
    pub fn spots(&self, text: &[u8], begins: Range<usize>, spots: &mut Vec<Spot>) {
        self.anchors.find(text, begins, Around::Fits, |hit| spots.extend(self.spot(text, hit)));
    }

    /// Returns true if and only if a content is read in other ways than byte by byte, so that spots
    /// do not tell what may be found in it.
    pub fn is_opaque(content: &[u8]) -> bool {
        Self::has_control(content) || Self::begins_opaque(content)
    }

    /// The same for a content without a byte that [`RuleSet::has_control`] finds.
    pub fn begins_opaque(content: &[u8]) -> bool {
        Charset::detect(content) != Charset::Bytes
            || archive::is_archive(content)
            || sole::is_one(content)
    }

    /// Returns true if and only if a content can only be a secret as a file of a name that
    /// [`RuleSet::may_name_a_secret`].
    pub fn needs_a_name(&self, content: &[u8]) -> bool {
        sole::is_one(content)
            && sole::drawn(content).is_none()
            && Charset::detect(content) == Charset::Bytes
            && !archive::is_archive(content)
            && !self.may_hold(content)
    }

    /// Returns true if and only if a file of this name is read in ways that others are not, so that
    /// what is told without its name is not all.
    pub fn is_read_by_name(file: &[u8]) -> bool {
        unwrap::is_mail(file)
    }

    /// Returns true if a file of this name could be a secret as a whole.
    pub fn may_name_a_secret(file: &[u8]) -> bool {
        sole::may_be_named(file)
    }

    /// Returns true if and only if some bytes hold one that makes a content opaque.
    pub fn has_control(bytes: &[u8]) -> bool {
        memchr::memchr2(0, 0x1b, bytes).is_some()
    }

    /// Returns true if a secret could stand in a text that is not opaque, as it is or encoded.
    pub fn may_hold(&self, text: &[u8]) -> bool {
        let mut spots = Vec::new();
        self.spots(text, 0..text.len(), &mut spots);
        spots.iter().any(|spot| spot.likely) || self.may_hide(text)
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
        let watched = before > BACK || after > AHEAD;
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
            after: (gate.longest + 2).max(hit.len + near::reach(text, hit.start + hit.len, gate)),
            likely: false,
        };
        if !window.is_empty()
            && gate.opens(text, window.clone())
            && let Ready { compiled: Some(compiled), .. } = self.ready(index)
        {
            let input = Input::new(text).range(window).anchored(anchored);
            let name = hit.start..hit.start + hit.len;
            // Whether the text assigns, as a value near a name needs, is told later.
            view.likely = compiled.is_match(&input)
                || near::find(text, &name, gate, |value| compiled.is_secret(value)).is_some();
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
    let word = &text[name.clone()];
    if name::kind(word).is_none() && name::kind_of_items(word).is_none() {
        let (before, after) = (hit.start - name.start + 1, name.end - hit.start + 1);
        return View { before, after, likely: false };
    }
    let likely = [Syntax::Code, Syntax::Settings, Syntax::Prose]
        .iter()
        .any(|&syntax| assignment::read(text, hit.start, hit.len, syntax).is_some());
    if !likely && let Some(end) = assigns_nothing(text, name.end) {
        let (before, after) = (hit.start - name.start + 1, end - hit.start + 2);
        return View { before, after, likely };
    }
    // An option's name is read to its dashes, however long it is.
    let run = text[..name.start].iter().rev().take(usize::from(u16::MAX));
    let run = run.take_while(|&&byte| assignment::is_name_byte(byte)).count();
    let before = hit.start - name.start + run + assignment::REACH_BACK;
    let after = read_until(text, name.end) - hit.start;
    View { before, after, likely }
}

/// What stands behind a name that ends at `at` and decides what is assigned to it ends before this.
/// A value ends with its line, and may begin on the line behind an opening bracket. Only what
/// stands in tags goes on over more lines.
fn read_until(text: &[u8], at: usize) -> usize {
    let most = at + assignment::LONGEST_READ;
    let sign =
        at + text[at..].iter().take(44).take_while(|byte| b"\"'`]\\ \t".contains(byte)).count();
    // A tag's value goes on over lines, and a heading's stands below it.
    if matches!(text.get(sign), None | Some(b'<' | b'>' | b',' | b';' | b'|' | b'\r' | b'\n'))
        || text[at..sign].contains(&b'\t')
        || columns::go_on(text, sign)
    {
        return most;
    }
    // What is declared goes on over some lines.
    let rest = &text[sign..text.len().min(most)];
    let line = &rest[..memchr::memchr(b'\n', rest).unwrap_or(rest.len())];
    let declares = matches!(line.trim_ascii_end().last(), Some(b'{' | b':' | b'=' | b'[' | b'('));
    if declares || beyond::opens_text_below(line) {
        return most;
    }
    let line_end = |from: usize| {
        // In quotes, a backslash takes the end of a line along.
        // Blanks may go on beyond what is read.
        let rest = text.get(from..text.len().min(most)).unwrap_or_default();
        memchr::memchr_iter(b'\n', rest).map(|end| from + end).find(|&end| text[end - 1] != b'\\')
    };
    let second = line_end(sign).and_then(|end| {
        let blanks = text[end..].iter().take(44).take_while(|byte| byte.is_ascii_whitespace());
        line_end(end + blanks.count())
    });
    second.map_or(most, |end| most.min(end + 2 + value::AROUND))
}

/// Where it shows that nothing is assigned to a name that ends at `at`: neither a sign stands
/// there, nor a blank behind which there may be a value, nor the end of a heading.
fn assigns_nothing(text: &[u8], at: usize) -> Option<usize> {
    let count = |from: usize, most: usize, bytes: &[u8]| {
        text[from..].iter().take(most).take_while(|byte| bytes.contains(byte)).count()
    };
    let quotes = count(at, 4, b"\"'`]\\");
    let blanks = count(at + quotes, 40, b" \t");
    let end = at + quotes + blanks;
    let next = text.get(end).copied().unwrap_or(0);
    (blanks == 0 && !b":=?.+|-<>,([{!vV&%);\r\n\0".contains(&next)).then_some(end)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::*;
    use crate::recall::Found;
    use crate::scan::Scratch;
    use crate::{rulefile, template};

    fn spots(rules: &RuleSet, text: &[u8], begins: Range<usize>) -> Vec<Spot> {
        let mut spots = Vec::new();
        rules.spots(text, begins, &mut spots);
        spots.sort_unstable();
        spots
    }

    #[test]
    fn a_line_that_ends_where_reading_does() {
        let most = assignment::LONGEST_READ;
        for len in most - 60..most + 4 {
            let text = format!("{}\n{}\nx\n", "x".repeat(len), " ".repeat(44));
            let end = read_until(text.as_bytes(), 0);
            assert!(end <= most && end >= (len + 1).min(most), "{len}: {end}");
        }
    }

    #[test]
    fn what_ends_a_text_below_is_within_reach() {
        for opening in ["password: |", "password: >-", "password = <<EOT", "password = @\""] {
            let text = format!("{opening}\n  value\n{}\n", "x".repeat(290));
            let end = read_until(text.as_bytes(), "password".len());
            assert!(end >= text.len(), "{opening}: {end}");
        }
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
            1 => "\"?(user|url)\"?[,;\t|] ?\"?password\"?[,;|\t]?[a-z]{0,5}\r?\n".prop_map(String::from),
            1 => made("me,{alnum:14},x\n"),
            1 => made("me|{alnum:14}\r\n"),
            1 => made("(password):? &quot;{alnum:14}&quot;\n"),
            1 => made("db_password: |\n  {alnum:24}\n"),
            1 => made("  password = <<EOT\n{alnum:24}\nEOT\n"),
            1 => made("\"db_password\" {\n  type = string\n  default = \"{alnum:24}\"\n"),
            1 => made("  DbPassword:\r\n    Type: String\r\n    Default: {alnum:24}\r\n"),
            1 => made("token = get(\"X\") or \"{alnum:24}\"\n"),
            1 => made("token = (\n    \"{alnum:24}\"\n"),
            1 => made("char token[] = \"{alnum:24}\";"),
            1 => made("api_keys:\n  - {alnum:24}\n  - \"{alnum:24}\"\n"),
            1 => made("  tokens = [\n  '{alnum:24}',\n # x\n  '{alnum:24}'\n]\n"),
            1 => made("API_KEYS={alnum:24},{alnum:24}\n"),
            1 => made("secrets: {\n  a: '{alnum:24}',\n"),
            1 => made("tokens:\n  a: {alnum:24}\n"),
            1 => made("(id, password) VALUES\n (1, '{alnum:14}'),\n(2, '{alnum:14}')"),
            1 => made("(password, at) FROM stdin;\n{alnum:14}\t1\n"),
            1 => made("api_key = \"\"\"\n  {alnum:24}\n  \"\"\""),
            1 => made("PASSWORD: ${PW:-{alnum:14}}\n"),
            1 => made("<password><![CDATA[{alnum:14}]]>"),
            1 => made("\"com.API_KEY\"\n   android:value=\"{alnum:24}\""),
            1 => made("{alnum:14}|x\n|--|--|\n| {alnum:14} | `{alnum:14}` |\n"),
            1 => "[\\[({\\])},;'\"|\n ]{1,12}".prop_map(String::from),
            1 => made("<a:password b=\"c\">{alnum:24}</a:password>"),
            1 => "( \\|| >-| <<EOT|EOT| \\{| \\?\\? |  default: |&a |!!str )\n?".prop_map(String::from),
            1 => "-{0,3}[a-z-]{0,200}".prop_map(String::from),
            1 => made("token: ghp_{alnum:30}{check}\nand more of it\n")
                .prop_map(|text| STANDARD.encode(text) + "\n"),
            1 => made("x = \"\\u0067\\x68p_{alnum:30}{check}\"\n"),
            1 => made("x = \"password\\u003d{alnum:24}\" \\\n").prop_map(|text| text.repeat(3)),
            1 => made("x = \"{alnum:12}\"\n   \"{alnum:12}\"\n"),
            1 => made("GET /?password%3D{alnum:14}%26a=b\n"),
        ];
        prop::collection::vec(part, 0..24).prop_map(|parts| parts.concat().into_bytes())
    }

    #[test]
    fn every_example_of_every_rule_has_a_likely_spot() {
        let loaded = rulefile::load_own();
        let rules = RuleSet::default();
        for one in &loaded {
            for (index, example) in one.rule.examples.iter().enumerate() {
                let seed = format!("{} example {index}", one.rule.id);
                let text = template::expand(example, &seed).into_bytes();
                let likely = spots(&rules, &text, 0..text.len()).iter().any(|spot| spot.likely);
                let likely = likely || rules.may_hide(&text);
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
            let likely = likely || rules.may_hide(&text);
            prop_assert!(found.is_empty() || likely || RuleSet::is_opaque(&text), "{found:?}");
        }

        #[test]
        fn what_is_found_at_likely_spots_is_all(
            text in text(),
            path in prop::sample::select(vec!["a.c", "a.yml", "README", ".env", "node_modules/a.js"]),
        ) {
            let rules = RuleSet::default();
            let spots = spots(&rules, &text, 0..text.len());
            let mut all = Found { spots, encodings: rules.all_encodings(&text) };
            all.encodings.sort_unstable();
            let mut scratch = Scratch::default();
            let found = rules.scan_at(path.as_bytes(), &text, &all.likely(), &mut scratch);
            if !RuleSet::is_opaque(&text) {
                prop_assert_eq!(found, rules.scan(path.as_bytes(), &text, &mut scratch));
            }
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
                let reach = usize::from(spot.after).max(near.before);
                if start + reach <= at {
                    prop_assert!(after.contains(&spot), "{spot:?} {at}");
                }
            }
            let changed = [&other[..], &text[at..]].concat();
            let before = spots(&rules, &changed, 0..changed.len());
            for spot in spots(&rules, &text, 0..text.len()) {
                let start = spot.at as usize;
                let reach = usize::from(spot.before).max(near.behind);
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
