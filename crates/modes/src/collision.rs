//! Names that are one name on systems that do not tell them apart.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use bstr::{BStr, BString, ByteSlice};
use leakgate_model::{Change, Confidence, Entry, Finding, Mode, Severity, shell_path};
use unicode_normalization::UnicodeNormalization as _;

use crate::rules;
use crate::tree::{Tree, join, split};

/// Finds added paths of which a folder holds another that folds to the same name.
pub(crate) fn check(entries: &[Entry], tree: &dyn Tree, findings: &mut Vec<(usize, Finding)>) {
    // Names that the change adds, by folder, each with the first entry that brings it.
    let mut added: BTreeMap<&BStr, BTreeMap<&BStr, usize>> = BTreeMap::new();
    for (at, entry) in entries.iter().enumerate().filter(|(_, e)| e.change == Change::Added) {
        let mut path = entry.path.as_bstr();
        while !path.is_empty() {
            let (folder, name) = split(path);
            if added.entry(folder).or_default().insert(name, at).is_some() {
                // Those above are known by the entry that was there first.
                break;
            }
            path = folder;
        }
    }
    for (folder, names) in added {
        one_folder(entries, tree, folder, &names, findings);
    }
}

fn one_folder(
    entries: &[Entry],
    tree: &dyn Tree,
    folder: &BStr,
    names: &BTreeMap<&BStr, usize>,
    findings: &mut Vec<(usize, Finding)>,
) {
    let members = tree.folder(folder);
    let wanted: BTreeSet<Vec<u8>> = names.keys().map(|name| fold(name)).collect();
    let mut same: HashMap<Vec<u8>, Vec<&BString>> = HashMap::new();
    for member in members.iter() {
        let folded = fold(&member.name);
        if wanted.contains(&folded) {
            same.entry(folded).or_default().push(&member.name);
        }
    }
    for (name, &at) in names {
        let Some(twins) = same.get(&fold(name)).filter(|twins| twins.len() > 1) else { continue };
        // Of names that are all new, the first stays as it is.
        let all_new = twins.iter().all(|twin| names.contains_key(twin.as_bstr()));
        if all_new && twins.first().is_some_and(|first| first.as_bstr() == *name) {
            continue;
        }
        let other = twins.iter().find(|twin| twin.as_bstr() != *name);
        findings.push((at, finding(&entries[at], folder, name, other.copied())));
    }
}

fn finding(entry: &Entry, folder: &BStr, name: &BStr, other: Option<&BString>) -> Finding {
    let rule = rules::NAME_CASE_COLLISION;
    let mut finding = rule.finding(entry.path.clone(), Confidence::Certain);
    if fold(name).starts_with(b".git") {
        finding.severity = Severity::High;
        finding.reasons.push("git itself reads a file of this name".into());
    }
    if let Some(other) = other {
        finding.reasons.push(format!("the other is {other}").into());
    }
    if entry.mode != Mode::Gitlink {
        let (stem, extension) = match name.rfind_byte(b'.').filter(|&dot| dot > 0) {
            Some(dot) => name.split_at(dot),
            None => (name.as_bytes(), &b""[..]),
        };
        let new = [stem, b"-2", extension].concat();
        let (old, new) = (join(folder, name), join(folder, &new));
        finding.fixes.push(format!(
            "git mv {} {}",
            shell_path(old.as_bstr()),
            shell_path(new.as_bstr())
        ));
    }
    finding
}

/// The name without case, accents composed. Other bytes than UTF-8 fold to themselves.
fn fold(name: &[u8]) -> Vec<u8> {
    if name.is_ascii() {
        return name.to_ascii_lowercase();
    }
    match name.to_str() {
        Ok(text) => text.nfc().flat_map(char::to_lowercase).nfc().collect::<String>().into_bytes(),
        Err(_) => name.to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use crate::tree::sample::Sample;

    #[test]
    fn names_that_differ_only_in_how_they_are_written() {
        let twins = |a: &str, b: &str| Sample::default().file(a, "").file(b, "").ids();
        for (a, b, path) in [
            ("A", "a", "a"),
            ("docs/README.md", "docs/readme.md", "docs/readme.md"),
            ("Src/x", "src/y", "src/y"),
            ("e\u{301}", "\u{e9}", "\u{e9}"),
            ("\u{c9}", "\u{e9}", "\u{e9}"),
        ] {
            assert_eq!(twins(a, b), [("name-case-collision".to_owned(), path.to_owned())]);
        }
        for (a, b) in [("a", "b"), ("a/x", "b/X"), ("a", "á"), ("Src/x", "Src/y")] {
            assert_eq!(twins(a, b), [], "{a} {b}");
        }
    }

    #[test]
    fn a_name_that_was_there_is_the_one_that_stays() {
        let sample = Sample::default().file("a", "").file("A", "").before("a", "");
        assert_eq!(sample.ids(), [("name-case-collision".to_owned(), "A".to_owned())]);
        assert_eq!(sample.findings()[0].fixes, ["git mv A A-2"]);
        let sample = sample.before("A", "");
        assert_eq!(sample.ids(), []);
    }
}
