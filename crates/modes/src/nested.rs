//! A repository hidden in a folder. Git takes a folder with `HEAD`, `objects` and `refs` for a
//! repository without a work tree: whoever enters it and runs any git command, or opens it in an
//! editor, obeys the `config` that stands there.

use std::collections::BTreeMap;

use bstr::{BStr, ByteSlice};
use leakgate_model::{
    Change, Confidence, Entry, Finding, Mode, Severity, Status, in_sample_folder, shell_path,
};

use crate::ini;
use crate::rules;
use crate::tree::{Node, Tree, join, node};

/// Finds folders that the change makes into repositories, or whose configuration it changes.
pub(crate) fn check(entries: &[Entry], tree: &dyn Tree, findings: &mut Vec<(usize, Finding)>) {
    let mut folders: BTreeMap<&BStr, (usize, bool)> = BTreeMap::new();
    for (at, entry) in entries.iter().enumerate() {
        for folder in candidates(entry.path.as_bstr()) {
            let seen = folders.entry(folder).or_insert((at, false));
            seen.1 |= entry.change == Change::Added;
            // The configuration is what matters, so the finding stands there.
            if entry.path.ends_with(b"/config") {
                seen.0 = at;
            }
        }
    }
    for (folder, (at, has_added)) in folders {
        if is_repository(tree, folder) {
            findings.push((at, finding(tree, folder, &entries[at], has_added)));
        }
    }
}

/// The folders that `path` could make into repositories.
fn candidates(path: &BStr) -> impl Iterator<Item = &BStr> {
    const PARTS: [&str; 5] = ["/HEAD", "/config", "/commondir", "/objects/", "/refs/"];
    PARTS.into_iter().flat_map(move |part| {
        path.find_iter(part)
            .filter(move |at| part.ends_with('/') || at + part.len() == path.len())
            .map(move |at| path[..at].as_bstr())
    })
}

fn is_repository(tree: &dyn Tree, folder: &BStr) -> bool {
    let is = |name: &str| node(tree, join(folder, name.as_bytes()).as_bstr());
    let leads = |node| matches!(node, Some(Node::Folder | Node::Leaf(Mode::Symlink)));
    matches!(is("HEAD"), Some(Node::Leaf(_)))
        && (leads(is("objects")) && leads(is("refs"))
            || matches!(is("commondir"), Some(Node::Leaf(_))))
}

fn finding(tree: &dyn Tree, folder: &BStr, entry: &Entry, has_added: bool) -> Finding {
    let rule = rules::NESTED_BARE_REPOSITORY;
    let mut finding = rule.finding(entry.path.clone(), Confidence::Certain);
    let config = join(folder, b"config");
    let runs = |text: Option<Vec<u8>>| text.and_then(|text| runs_programs(&text));
    let now = runs(tree.content(config.as_bstr()));
    if let Some(key) = now {
        finding.severity = Severity::Critical;
        finding.reasons.push(format!("its configuration sets {key}, which runs a program").into());
    } else if in_sample_folder(entry.path.as_bstr()) {
        finding.severity = Severity::Low;
        finding.reasons.push("in a folder of tests, examples or templates".into());
    }
    let before = runs(tree.committed(config.as_bstr()));
    let was_there = tree.was_folder(join(folder, b"objects").as_bstr())
        && tree.was_folder(join(folder, b"refs").as_bstr())
        && tree.committed(join(folder, b"HEAD").as_bstr()).is_some();
    if (was_there || !has_added) && now == before {
        finding.status = Status::AlreadyCommitted;
    }
    finding
        .fixes
        .push(format!("git --literal-pathspecs rm -r -q --cached -- {}", shell_path(folder)));
    finding
}

/// The first setting that makes git run something, of a configuration's text.
pub(crate) fn runs_programs(text: &[u8]) -> Option<&'static str> {
    const KEYS: [(&str, &str); 16] = [
        ("core", "fsmonitor"),
        ("core", "hookspath"),
        ("core", "sshcommand"),
        ("core", "pager"),
        ("core", "editor"),
        ("core", "askpass"),
        ("core", "gitproxy"),
        ("core", "worktree"),
        ("credential", "helper"),
        ("diff", "external"),
        ("diff", "command"),
        ("diff", "textconv"),
        ("filter", "clean"),
        ("filter", "smudge"),
        ("filter", "process"),
        ("include", "path"),
    ];
    let settings = ini::parse(text);
    settings.iter().find_map(|setting| {
        if setting.section == "alias" || setting.section == "pager" {
            return Some("an alias or pager");
        }
        let is =
            |(section, key): &&(&str, &str)| setting.section == *section && setting.key == *key;
        let off = matches!(&setting.value[..], b"" | b"false");
        KEYS.iter().find(is).filter(|_| !off).map(|(_, key)| *key)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::sample::Sample;

    fn bare(folder: &str, config: &str) -> Sample {
        let at = |name: &str| format!("{folder}/{name}");
        Sample::default()
            .file(&at("HEAD"), "ref: refs/heads/main\n")
            .file(&at("config"), config)
            .file(&at("objects/.keep"), "")
            .file(&at("refs/.keep"), "")
    }

    #[test]
    fn folders_that_are_repositories() {
        let id = "nested-bare-repository".to_owned();
        assert_eq!(bare("a/b", "").ids(), [(id, "a/b/config".to_owned())]);
        let linked = Sample::default().file("a/HEAD", "").file("a/commondir", "../x");
        assert_eq!(linked.ids().len(), 1);
        let not = Sample::default().file("a/HEAD", "").file("a/config", "").file("a/refs/x", "");
        assert_eq!(not.ids(), []);
        assert_eq!(Sample::default().file("a/objects", "").file("a/HEAD", "").ids(), []);
    }

    #[test]
    fn what_it_says_decides_how_grave_it_is() {
        let severity = |folder, config| bare(folder, config).findings()[0].severity;
        assert_eq!(severity("a", "[core]\n\tbare = true\n"), Severity::High);
        assert_eq!(severity("tests/a", "[core]\n\tbare = true\n"), Severity::Low);
        for config in ["[core]\n fsmonitor = x\n", "[alias]\n st = !x\n", "[core] sshCommand=x"] {
            assert_eq!(severity("tests/a", config), Severity::Critical, "{config}");
        }
        assert_eq!(severity("a", "[core]\n fsmonitor = false\n"), Severity::High);
    }

    #[test]
    fn one_that_was_there_is_old_until_its_configuration_runs_something() {
        let old = |config| {
            bare("a", config)
                .before("a/HEAD", "")
                .before("a/config", "")
                .before("a/objects/.keep", "")
                .before("a/refs/.keep", "")
                .findings()[0]
                .status
        };
        assert_eq!(old(""), Status::AlreadyCommitted);
        assert_eq!(old("[core]\n hooksPath = x\n"), Status::Introduced);
    }
}
