//! What people call commits: ids, names of refs, `~` and `^` behind them, and dates.

use gix::ObjectId;
use gix::bstr::ByteSlice as _;

use super::{Graph, History, Ref};

impl Ref {
    /// Returns true if and only if the name is that, or matches the glob as git's `--glob` does:
    /// `refs/` is understood, and what has no wildcard means all below it, too.
    pub fn matches(&self, glob: &str) -> bool {
        let full = if glob.starts_with("refs/") { glob.to_owned() } else { format!("refs/{glob}") };
        let full = full.trim_end_matches('/');
        let is = |pattern: &str| {
            let mode = gix::glob::wildmatch::Mode::empty();
            gix::glob::wildmatch(pattern.into(), self.name.as_bstr(), mode)
        };
        self.name == glob || is(full) || !full.contains(['*', '?', '[']) && is(&format!("{full}/*"))
    }

    /// Returns true if and only if this is the local branch of that name, or one of a remote.
    pub fn is_branch(&self, branch: &str) -> bool {
        let local = self.name.strip_prefix(b"refs/heads/");
        let remote = self.name.strip_prefix(b"refs/remotes/");
        let remote = remote.and_then(|name| name.split_once_str("/")).map(|(_, name)| name);
        local == Some(branch.as_bytes()) || remote == Some(branch.as_bytes())
    }
}

impl History<'_> {
    /// The number of the commit that a revision means: a ref's name, an id or the beginning of
    /// one, and `~N` or `^N` behind it.
    pub fn revision(&self, text: &str, refs: &[Ref], graph: &Graph) -> Option<u32> {
        let end = text.find(['~', '^']).unwrap_or(text.len());
        let (name, steps) = text.split_at(end);
        let number = self.named(name, refs)?;
        let mut commit = graph.place(graph.peel(number).0?)?;
        let mut rest = steps;
        while let Some(sign) = rest.chars().next() {
            let digits = rest[1..].find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len() - 1);
            let count = match &rest[1..=digits] {
                "" => 1,
                number => number.parse().ok()?,
            };
            let parent = |commit: usize, which: usize| {
                graph.place(*graph.parents(&graph.commits[commit]).get(which)?)
            };
            match sign {
                '~' => {
                    for _ in 0..count {
                        commit = parent(commit, 0)?;
                    }
                }
                '^' if count > 0 => commit = parent(commit, count - 1)?,
                '^' => {}
                _ => return None,
            }
            rest = &rest[1 + digits..];
        }
        Some(graph.commits[commit].number)
    }

    fn named(&self, name: &str, refs: &[Ref]) -> Option<u32> {
        let name = if name.is_empty() || name == "@" { "HEAD" } else { name };
        // The order is that of gitrevisions(7).
        for prefix in ["", "refs/", "refs/tags/", "refs/heads/", "refs/remotes/"] {
            let full = format!("{prefix}{name}");
            if let Some(found) = refs.iter().find(|one| one.name == full) {
                return found.target;
            }
        }
        if let Ok(id) = ObjectId::from_hex(name.as_bytes()) {
            return self.find(&id);
        }
        if name.len() < 4 || !name.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let prefix = name.to_ascii_lowercase();
        let mut found = (0..self.len() as u32)
            .map(|number| self.canonical(number))
            .filter(|&number| self.oid(number).to_string().starts_with(&prefix));
        let first = found.next()?;
        found.all(|other| other == first).then_some(first)
    }
}

/// The seconds since 1970 of a date: `2024-05-06`, other forms that git writes, `2 weeks ago`, `yesterday`.
/// `now` is in seconds since 1970, too.
pub fn seconds_of(date: &str, now: i64) -> Option<i64> {
    if let Ok(time) = gix::date::parse(date, None) {
        return Some(time.seconds);
    }
    match date {
        "now" | "today" => return Some(now),
        "yesterday" => return now.checked_sub(24 * 60 * 60),
        _ => {}
    }
    let words: Vec<&str> = date.split(['.', ' ']).filter(|word| !word.is_empty()).collect();
    let (&[count, unit, "ago"] | &[count, unit]) = words.as_slice() else { return None };
    let day = 24 * 60 * 60;
    let unit = match unit.trim_end_matches('s') {
        "hour" => 60 * 60,
        "day" => day,
        "week" => 7 * day,
        "month" => 30 * day,
        "year" => 365 * day,
        _ => return None,
    };
    now.checked_sub(count.parse::<u32>().ok().map(i64::from)?.checked_mul(unit)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_understood() {
        assert_eq!(seconds_of("2024-05-06 07:08:09 +0000", 0), Some(1_714_979_289));
        assert_eq!(seconds_of("2 weeks ago", 10_000_000), Some(10_000_000 - 14 * 86_400));
        assert_eq!(seconds_of("3.days", 10_000_000), Some(10_000_000 - 3 * 86_400));
        assert_eq!(seconds_of("yesterday", 10_000_000), Some(10_000_000 - 86_400));
        assert_eq!(seconds_of("soon", 0), None);
    }

    #[test]
    fn globs_are_those_of_git() {
        let one = |name: &str| Ref { name: name.into(), target: None, id: String::new() };
        assert!(one("refs/heads/a/b").matches("heads"));
        assert!(one("refs/heads/a").matches("refs/heads/*"));
        assert!(one("refs/tags/v1").matches("tags/v?"));
        assert!(one("HEAD").matches("HEAD"));
        assert!(!one("refs/heads/a").matches("tags"));
        assert!(one("refs/remotes/origin/a/b").is_branch("a/b"));
        assert!(!one("refs/tags/a").is_branch("a"));
    }
}
