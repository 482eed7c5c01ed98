//! Where a symbolic link leads by way of other links of the repository.
//!
//! `link.rs` judges the text of a target; this module follows it through other links.

use bstr::{BStr, BString, ByteSlice};
use leakgate_model::{Entry, Finding, Mode, Rule, Severity, untrack_command};

use crate::tree::{Node, Tree, join, node};
use crate::{found, link, name, rules};

/// How many links are followed; systems give up after as many.
const MOST_LINKS: usize = 40;

/// Where a link ends.
#[derive(Debug, PartialEq, Eq)]
enum End {
    /// At this path of the repository.
    Inside(BString),
    /// Out of the repository, after this many further links.
    Outside(usize),
    /// In a submodule, of which nothing is known here.
    Submodule,
    /// Nowhere.
    Nothing,
    /// Back at itself.
    Loop,
}

/// Follows the link, and tells of a folder that it replaces.
pub(crate) fn check(entry: &Entry, tree: &dyn Tree, findings: &mut Vec<Finding>) {
    let path = entry.path.as_bstr();
    if tree.was_folder(path) {
        let mut finding = found(rules::LINK_REPLACES_FOLDER, entry, |_| false);
        finding.fixes.push(untrack_command(path));
        findings.push(finding);
    }
    let Some(target) = tree.content(path) else { return };
    if link::is_absolute(target.as_bstr()) || link::is_judged_by_text(path, target.as_bstr()) {
        return;
    }
    let Some((rule, severity, why)) = judge(path, &follow(tree, path, target.as_bstr())) else {
        return;
    };
    let mut finding =
        found(rule, entry, |old| old.mode == Mode::Symlink && entry.id == Some(old.id));
    finding.severity = severity;
    finding.reasons.push(why.into());
    finding.fixes.push(untrack_command(path));
    findings.push(finding);
}

fn judge(path: &BStr, end: &End) -> Option<(&'static Rule, Severity, &'static str)> {
    let is = |rule: &'static Rule, why| Some((rule, rule.severity, why));
    match end {
        End::Outside(0) | End::Submodule => None,
        End::Outside(_) => is(rules::LINK_ESCAPES, "by way of another link"),
        End::Nothing => is(rules::LINK_DANGLING, "the target is not tracked"),
        End::Loop => is(rules::LINK_LOOP, "the links form a circle"),
        End::Inside(end) if path.starts_with(&join(end.as_bstr(), b"")) => {
            is(rules::LINK_LOOP, "it leads to a folder that it is in")
        }
        End::Inside(end) if end.split_str("/").any(name::is_git) => {
            is(rules::LINK_INTO_GIT, "by way of another link")
        }
        End::Inside(end) if link::is_secret_by_name(end.as_bstr()) => {
            Some((rules::LINK_TO_SECRET, Severity::Medium, "by way of another link"))
        }
        End::Inside(_) => None,
    }
}

fn follow(tree: &dyn Tree, path: &BStr, target: &BStr) -> End {
    let mut at: Vec<BString> = path.split_str("/").map(BString::from).collect();
    at.pop();
    // The parts still to be walked, the next one last.
    let mut ahead: Vec<BString> = Vec::new();
    push(&mut ahead, target);
    let mut links = 0;
    while let Some(part) = ahead.pop() {
        match &part[..] {
            b"" | b"." => continue,
            b".." if at.pop().is_none() => return End::Outside(links),
            b".." => continue,
            _ => at.push(part),
        }
        let here: BString = bstr::join("/", &at).into();
        match node(tree, here.as_bstr()) {
            None => return End::Nothing,
            Some(Node::Leaf(Mode::Gitlink)) if !ahead.is_empty() => return End::Submodule,
            Some(Node::Leaf(Mode::Symlink)) => {
                links += 1;
                let Some(target) = tree.content(here.as_bstr()).filter(|_| links <= MOST_LINKS)
                else {
                    return End::Loop;
                };
                if link::is_absolute(target.as_bstr()) {
                    return if target == b"/dev/null" {
                        End::Submodule
                    } else {
                        End::Outside(links)
                    };
                }
                at.pop();
                push(&mut ahead, target.as_bstr());
            }
            Some(Node::Leaf(_)) if ahead.iter().any(|part| !matches!(&part[..], b"" | b".")) => {
                return End::Nothing;
            }
            Some(_) => {}
        }
    }
    End::Inside(bstr::join("/", &at).into())
}

fn push(ahead: &mut Vec<BString>, target: &BStr) {
    ahead.extend(target.rsplit_str("/").map(BString::from));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::sample::Sample;

    fn ids(sample: &Sample) -> Vec<(String, String)> {
        sample.ids()
    }

    fn found(rule: &str, path: &str) -> Vec<(String, String)> {
        vec![(rule.to_owned(), path.to_owned())]
    }

    #[test]
    fn out_of_the_repository_by_way_of_another() {
        // The text of neither `a/out` nor `b` leaves the repository.
        let sample = Sample::default().file("x/y/z", "").link("deep", "x/y").link("s", "deep/..");
        assert_eq!(ids(&sample), []);
        let sample =
            Sample::default().file("x/y", "").link("a/b/up", "../..").link("c", "a/b/up/..");
        assert_eq!(
            ids(&sample),
            [found("link-loop", "a/b/up"), found("link-escapes", "c")].concat()
        );
        let sample = Sample::default().link("a", "/etc").link("b", "a/passwd");
        assert_eq!(ids(&sample), found("link-escapes", "b"));
    }

    #[test]
    fn circles_and_nothing() {
        let sample = Sample::default().link("a", "b").link("b", "a");
        assert_eq!(ids(&sample), [found("link-loop", "a"), found("link-loop", "b")].concat());
        assert_eq!(ids(&Sample::default().link("a", "a")), found("link-loop", "a"));
        assert_eq!(ids(&Sample::default().link("a", "b")), found("link-dangling", "a"));
        let sample = Sample::default().file("f", "").link("a", "f/x");
        assert_eq!(ids(&sample), found("link-dangling", "a"));
        let sample = Sample::default().file("f", "").link("a", "./f").link("b", "a");
        assert_eq!(ids(&sample), []);
        let module = Sample::default().with("m", Mode::Gitlink, "").link("a", "m/x/y");
        assert_eq!(ids(&module), []);
        assert_eq!(ids(&Sample::default().link("a", "/dev/null").link("b", "a")), []);
    }

    #[test]
    fn a_folder_that_contains_the_link() {
        let sample = Sample::default().file("a/b/f", "").link("a/b/up", "..");
        assert_eq!(ids(&sample), found("link-loop", "a/b/up"));
        let sample = Sample::default().file("a/b/f", "").file("a/bc/f", "").link("a/bc/up", "../b");
        assert_eq!(ids(&sample), []);
    }

    #[test]
    fn to_a_secret_by_way_of_another() {
        let sample =
            Sample::default().file("conf/.env", "").link("c", "conf").link("settings", "c/.env");
        assert_eq!(ids(&sample), []);
        let sample = Sample::default().file("conf/.env", "").link("a", "conf/.env").link("b", "a");
        assert_eq!(ids(&sample), found("link-to-secret", "b"));
    }

    #[test]
    fn in_place_of_a_folder() {
        let sample = Sample::default().link("a", "b").file("b/x", "").before("a/x", "");
        assert_eq!(ids(&sample), found("link-replaces-folder", "a"));
        let sample = Sample::default().link("a", "b").file("b/x", "").before("ab/x", "");
        assert_eq!(ids(&sample), []);
    }
}
