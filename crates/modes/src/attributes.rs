//! Which filter `.gitattributes` gives a path, by git's rules for patterns.

use bstr::{BStr, BString, ByteSlice};
use globset::{GlobBuilder, GlobMatcher};

/// A line that says something of filters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line<'t> {
    /// The pattern, without quotes.
    pattern: BString,
    /// `Some(None)` takes the filter away.
    pub(crate) filter: Option<Option<&'t [u8]>>,
    /// Whether the line defines a macro of that name.
    is_macro: bool,
    words: Vec<&'t [u8]>,
}

impl Line<'_> {
    /// Returns true if and only if the line takes the filter from every path.
    pub(crate) fn clears_all(&self) -> bool {
        self.pattern == "*" && self.filter == Some(None)
    }
}

/// The lines of a file, in order.
pub(crate) fn parse(text: &[u8]) -> impl Iterator<Item = Line<'_>> {
    text.lines().filter_map(|line| {
        let line = line.trim_ascii();
        if line.is_empty() || line.starts_with(b"#") {
            return None;
        }
        let (pattern, rest) = match line.strip_prefix(b"\"") {
            Some(quoted) => {
                let (pattern, rest) = quoted.split_once_str("\"")?;
                (pattern, rest)
            }
            None => line.split_at(line.find_byteset(b" \t").unwrap_or(line.len())),
        };
        let is_macro = pattern.starts_with(b"[attr]");
        let pattern = pattern.strip_prefix(b"[attr]").unwrap_or(pattern);
        let words: Vec<_> = rest.fields_with(|c| c == ' ' || c == '\t').collect();
        let filter = words.iter().rev().find_map(|word| filter_of(word));
        Some(Line { pattern: pattern.into(), filter, is_macro, words })
    })
}

fn filter_of(word: &[u8]) -> Option<Option<&[u8]>> {
    match word {
        b"!filter" | b"-filter" => Some(None),
        word => word.strip_prefix(b"filter=").map(Some),
    }
}

/// The rules of one `.gitattributes` about filters.
#[derive(Debug)]
pub(crate) struct Filters {
    rules: Vec<(GlobMatcher, Option<BString>)>,
}

impl Filters {
    /// Of a file's text; `None` where it says nothing of filters.
    pub(crate) fn parse(text: &[u8]) -> Option<Self> {
        if !text.contains_str("filter") && !text.contains_str("crypt") {
            return None;
        }
        let lines: Vec<_> = parse(text).collect();
        let mut rules = Vec::new();
        for line in lines.iter().filter(|line| !line.is_macro) {
            let by_macro = || {
                let named = |word: &&[u8]| {
                    lines.iter().rev().find(|l| l.is_macro && l.pattern == **word)?.filter
                };
                line.words.iter().rev().find_map(named)
            };
            let Some(filter) = line.filter.or_else(by_macro) else { continue };
            if let Some(matcher) = matcher(line.pattern.as_bstr()) {
                rules.push((matcher, filter.map(BString::from)));
            }
        }
        Some(Self { rules })
    }

    /// What the file says of `path`, relative to its folder; the last line that fits counts.
    pub(crate) fn of(&self, path: &BStr) -> Option<Option<&BString>> {
        let path = path.to_path().ok()?;
        let rule = self.rules.iter().rev().find(|(matcher, _)| matcher.is_match(path));
        rule.map(|(_, filter)| filter.as_ref())
    }
}

/// A pattern of git as a glob over the path below the file's folder.
fn matcher(pattern: &BStr) -> Option<GlobMatcher> {
    let text = pattern.to_str().ok()?;
    let anchored = text.trim_end_matches('/').contains('/');
    // A pattern for folders says nothing of the files in them.
    if text.ends_with('/') {
        return None;
    }
    let text = text.strip_prefix('/').unwrap_or(text);
    let glob = if anchored { text.to_owned() } else { format!("**/{text}") };
    let glob =
        GlobBuilder::new(&glob).literal_separator(true).backslash_escape(true).build().ok()?;
    Some(glob.compile_matcher())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_as_git_reads_them() {
        let text = b"*.key filter=git-crypt diff=git-crypt\n/top filter=a\nd/** filter=b\n\
            x/y.key !filter\n\"a b\" filter=c\ndir/ filter=d\n[attr]secret filter=e\n*.s secret\n";
        let filters = Filters::parse(text).expect("it names filters");
        for (path, filter) in [
            ("a.key", Some(Some("git-crypt"))),
            ("q/a.key", Some(Some("git-crypt"))),
            ("top", Some(Some("a"))),
            ("q/top", None),
            ("d/e/f", Some(Some("b"))),
            ("q/d/e", None),
            ("x/y.key", Some(None)),
            ("a b", Some(Some("c"))),
            ("dir/x", None),
            ("a.s", Some(Some("e"))),
        ] {
            let of = filters.of(path.into());
            assert_eq!(
                of.map(|f| f.map(ToString::to_string)),
                filter.map(|f| f.map(str::to_owned))
            );
        }
        assert!(Filters::parse(b"* text=auto\n").is_none());
    }
}
