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

use crate::anchor_index::Hit;
use crate::anchors::Around;
use crate::archive;
use crate::assignment;
use crate::decode::Charset;
use crate::name;
use crate::near;
use crate::ruleset::{Finder, Ready, RuleSet};
use crate::sole;
use crate::syntax::Syntax;
use crate::unwrap::{self, Piece};
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

/// Spots of no greater reach are told only if they are likely: they are found anew beside a change.
/// More of it means more bytes to ask beside changes, less of it more spots to carry. Most rules
/// look only forward from their anchor, and those that look back as well look farther.
const AHEAD: usize = 64;
const BACK: usize = 32;

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

/// A place where something stands encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Encoding {
    /// Where the first byte stands that is decoded.
    pub start: u32,
    /// Where the bytes end that are decoded.
    pub end: u32,
    /// Whether a secret could stand in what comes out.
    pub likely: bool,
}

impl Encoding {
    /// Changes farther than this from what is decoded, in bytes, do not change what it is.
    pub const REACH: usize = 256;
}

/// Where secrets could stand in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Likely {
    /// Where their anchors begin, in order.
    pub spots: Box<[u32]>,
    /// Where they could stand encoded, in order.
    pub encodings: Box<[Range<u32>]>,
}

/// A name under which nothing is looked for that others are not. Files of names that make a
/// difference, as [`RuleSet::is_read_by_name`] tells, are scanned whole.
const ANY_NAME: &[u8] = b"";
/// What decides whether something counts as encoded stands no farther from it. Those who ask have
/// added [`AHEAD`] and [`BACK`] to what was changed.
const AROUND_ESCAPE: usize = 160;
/// What comes so near to the edge of a window could go on behind it.
const EDGE: usize = 128;
/// In longer lines, what is encoded is looked for as if it could go on anywhere.
const LONG_LINE: usize = 1024;
/// More than an escape can reach: so much is added to a window that was too narrow.
const WIDER: usize = 1280;

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

    /// Returns true if a secret could stand encoded in a text.
    pub fn may_hide(&self, text: &[u8]) -> bool {
        let mut found = Vec::new();
        let is_likely = &mut |text: &[u8]| self.is_likely_inside(text);
        self.encodings(text, 0..text.len(), is_likely, &mut found);
        found.iter().any(|one| one.likely)
    }

    /// Appends the places where something stands encoded that a change in this range of a text can
    /// be the reason of. Others nearby may be among them.
    ///
    /// They are found in a window around the change, which is widened until nothing that is found
    /// could reach over its edges: so it does not matter for them what stands outside. Returns the
    /// window. `is_likely` tells whether a secret could stand in what comes out.
    pub(crate) fn encodings(
        &self,
        text: &[u8],
        changed: Range<usize>,
        is_likely: &mut dyn FnMut(&[u8]) -> bool,
        found: &mut Vec<Encoding>,
    ) -> Range<usize> {
        let near = around(text, &changed);
        let short = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        let made = &mut |piece: Piece| {
            let Range { start, end } = piece.extent();
            let likely = is_likely(&piece.text);
            Encoding { start: short(start), end: short(end), likely }
        };
        let one = encodings_in(text, near.clone(), OVER_LINES, made, found);
        let other = encodings_in(text, near, IN_LINES, made, found);
        one.start.max(other.start)..one.end.min(other.end)
    }

    /// Returns true if a look at a window has told already what stands encoded that a change of
    /// this range of the text can be the reason of. Where much stands encoded, windows get as wide
    /// as the text, and one look is enough for all changes.
    pub fn is_seen(text: &[u8], window: &Range<usize>, changed: &Range<usize>) -> bool {
        *window == (0..text.len()) || {
            let needed = around(text, changed);
            window.start <= needed.start && needed.end <= window.end
        }
    }

    /// Returns true if a secret could stand in a decoded text, or in what is encoded in it, or if
    /// that is too much to find out.
    pub(crate) fn is_likely_inside(&self, text: &[u8]) -> bool {
        self.is_likely(text, 1, &mut (text.len() * unwrap::MOST))
    }

    fn is_likely(&self, text: &[u8], depth: usize, left: &mut usize) -> bool {
        let mut spots = Vec::new();
        self.spots(text, 0..text.len(), &mut spots);
        let mut likely = spots.iter().any(|spot| spot.likely);
        if depth < unwrap::DEEPEST && !likely {
            unwrap::each(ANY_NAME, text, &mut |piece| {
                let Some(rest) = left.checked_sub(piece.text.len()) else {
                    likely = true;
                    return;
                };
                *left = rest;
                likely = likely || self.is_likely(&piece.text, depth + 1, left);
            });
        }
        likely
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

/// A range and what tells whether something is encoded there: a run is decoded from its beginning
/// to its end.
fn around(text: &[u8], changed: &Range<usize>) -> Range<usize> {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"+/-_=\\".contains(&byte);
    let mut start = changed.start.saturating_sub(AROUND_ESCAPE - AHEAD);
    let mut end = text.len().min(changed.end + AROUND_ESCAPE - BACK);
    start -= text[..start].iter().rev().take_while(|&&byte| is_part(byte)).count();
    end += text[end..].iter().take_while(|&&byte| is_part(byte)).count();
    start..end
}

/// Appends what `made` makes of each text that stands encoded in a frame around some bytes, which is
/// widened until nothing could reach over its edges. Returns its window.
fn encodings_in<T>(
    text: &[u8],
    mut near: Range<usize>,
    (frame, each): Way,
    made: &mut dyn FnMut(Piece) -> T,
    found: &mut Vec<T>,
) -> Range<usize> {
    let before = found.len();
    loop {
        let Frame { window, opens, goes_on } = frame(text, near);
        let mut complete = true;
        each(&text[window.clone()], &mut |piece| {
            let Range { start, end } = piece.extent();
            complete &= !(opens && start < EDGE || goes_on && end + EDGE > window.len());
            if complete {
                found.push(made(piece.moved(window.start)));
            }
        });
        if complete {
            return window;
        }
        found.truncate(before);
        let more = WIDER.max(window.len());
        near = window.start.saturating_sub(more)..text.len().min(window.end + more);
    }
}

/// A part of a text in which encodings are looked for.
struct Frame {
    window: Range<usize>,
    /// What stands before the window could make a difference to what is encoded at its beginning.
    opens: bool,
    /// What stands behind it could make one at its end.
    goes_on: bool,
}

/// How some encodings are looked for: in which part of a text, and by what.
type Way = (fn(&[u8], Range<usize>) -> Frame, fn(&[u8], &mut dyn FnMut(Piece)));
const OVER_LINES: Way = (Frame::strides, unwrap::over_lines);
const IN_LINES: Way = (Frame::lines, unwrap::in_lines);

/// The texts that stand encoded in some ranges of a text, and maybe others near them, each once.
pub(crate) fn pieces(text: &[u8], ranges: &[Range<u32>]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for range in ranges {
        let near = around(text, &(range.start as usize..range.end as usize));
        encodings_in(text, near.clone(), OVER_LINES, &mut |piece| piece, &mut pieces);
        encodings_in(text, near, IN_LINES, &mut |piece| piece, &mut pieces);
    }
    let key = |piece: &Piece| (piece.extent().start, piece.extent().end, piece.how);
    pieces.sort_by(|a, b| key(a).cmp(&key(b)).then_with(|| a.text.cmp(&b.text)));
    pieces.dedup_by(|a, b| key(a) == key(b) && a.text == b.text);
    pieces
}

impl Frame {
    /// One for what may go on over lines: runs are looked for in strides from the beginning of the
    /// text.
    fn strides(text: &[u8], near: Range<usize>) -> Self {
        let start = near.start - near.start % unwrap::STRIDE;
        Self { window: start..near.end, opens: start > 0, goes_on: near.end < text.len() }
    }

    /// One for what ends with its line: whole lines, unless those are very long.
    fn lines(text: &[u8], near: Range<usize>) -> Self {
        let first = near.start.saturating_sub(LONG_LINE);
        let ends = |end: &usize| !goes_on_behind(text, *end);
        let line = memchr::memrchr_iter(b'\n', &text[first..near.start]).map(|end| first + end);
        let start = line.into_iter().find(ends).map(|end| end + 1);
        let start = start.or((first == 0).then_some(0));
        let last = text.len().min(near.end + LONG_LINE);
        let from = near.end.saturating_sub(1).max(near.start);
        let line = memchr::memchr_iter(b'\n', &text[from..last]).map(|end| from + end);
        let end = line.into_iter().find(ends).map(|end| end + 1);
        let end = end.or((last == text.len()).then_some(last));
        let (opens, goes_on) = (start.is_none(), end.is_none());
        Self { window: start.unwrap_or(near.start)..end.unwrap_or(near.end), opens, goes_on }
    }
}

/// Returns true if and only if a backslash joins the line that ends at `end` with the next one.
fn goes_on_behind(text: &[u8], end: usize) -> bool {
    let line = &text[end.saturating_sub(2)..end];
    line.strip_suffix(b"\r").unwrap_or(line).ends_with(b"\\")
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
    {
        return most;
    }
    // What is declared goes on over some lines.
    let rest = &text[sign..text.len().min(most)];
    let line = &rest[..memchr::memchr(b'\n', rest).unwrap_or(rest.len())];
    if matches!(line.trim_ascii_end().last(), Some(b'{' | b':' | b'=')) {
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
    fn one_look_is_enough_where_much_stands_encoded() {
        let rules = RuleSet::default();
        let dense = b"x = \"\\x41\\x42\\x63\"; ".repeat(2000);
        let seen = rules.encodings(&dense, 20_000..20_001, &mut Vec::new());
        assert!((0..dense.len()).step_by(99).all(|at| RuleSet::is_seen(
            &dense,
            &seen,
            &(at..at + 1)
        )));
        let plain = b"words that say nothing\n".repeat(2000);
        let seen = rules.encodings(&plain, 20_000..20_001, &mut Vec::new());
        assert!(RuleSet::is_seen(&plain, &seen, &(20_000..20_001)));
        assert!(!RuleSet::is_seen(&plain, &seen, &(0..1)));
        assert!(!RuleSet::is_seen(&plain, &seen, &(40_000..40_001)));
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
            let mut all = Found { spots: spots(&rules, &text, 0..text.len()), encodings: vec![] };
            let is_likely = &mut |text: &[u8]| rules.is_likely_inside(text);
            rules.encodings(&text, 0..text.len(), is_likely, &mut all.encodings);
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
