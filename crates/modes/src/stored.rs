//! The checks of what a commit stores, for a scan that walks every tree of a history.
//!
//! Most entries of most trees can never be worth a look, and a tree does not know its own name. So
//! what a name alone can rule out is told here, before the path is known: names that count
//! anywhere, names that count only below certain folders, and those folders.

use std::collections::BTreeSet;

use bstr::{BStr, BString, ByteSlice as _};
use leakgate_model::{Change, Entry, Finding, Mode};

use crate::{Context, FileMode, data, link, mode, name, portable, script, secret_file};

/// Where a file must be for the checks to have something to say of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whereabouts {
    /// There is no such place.
    Nowhere,
    /// In, or somewhere below, a folder that [`folder`] names.
    InFolder,
    /// In any folder.
    Anywhere,
}

/// Which files of a folder its name makes worth a look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Folder {
    /// None.
    Plain,
    /// Those in it.
    Files,
    /// Those anywhere below it.
    All,
}

/// Where an entry with this name, without its folder, is worth a look.
pub fn whereabouts(name: &BStr, mode: Mode) -> Whereabouts {
    let everywhere = match mode {
        Mode::Symlink | Mode::Gitlink | Mode::Other(_) => true,
        Mode::Executable => {
            data::kind(name) != data::Kind::Program || secret_file::may_be_secret(name)
        }
        Mode::File => {
            name == ".gitmodules" || secret_file::may_be_secret(name) || script::may_be_hook(name)
        }
    };
    if everywhere {
        Whereabouts::Anywhere
    } else if secret_file::may_be_session(name)
        || mode == Mode::File && script::may_be_called_by_name(name)
    {
        Whereabouts::InFolder
    } else {
        Whereabouts::Nowhere
    }
}

/// What the name of a folder makes worth a look.
pub fn folder(name: &BStr) -> Folder {
    if secret_file::keeps_sessions(name) {
        Folder::All
    } else if script::is_program_folder(name) {
        Folder::Files
    } else {
        Folder::Plain
    }
}

/// Returns true if and only if a name, without its folder, may be a finding itself.
pub fn is_odd_name(name: &BStr) -> bool {
    !check_name(name).is_empty()
}

/// Judges the last name of `path`, a file's or a folder's. What is wrong with the folders above it
/// is told where these are judged.
pub fn check_name(path: &BStr) -> Vec<Finding> {
    let findings_of = |path: &BStr| {
        let entry = Entry { change: Change::Added, ..Entry::present(path, Mode::File) };
        let mut findings = Vec::new();
        name::check(&entry, &mut findings);
        portable::check(&entry, &mut findings);
        findings
    };
    let Some((_, last)) = path.rsplit_once_str("/") else { return findings_of(path) };
    let alone = findings_of(last.as_bstr());
    if alone.is_empty() {
        return alone;
    }
    let mut findings = findings_of(path);
    findings.retain(|finding| alone.iter().any(|other| other.rule == finding.rule));
    findings
}

/// Judges an entry of a tree by its mode and path, names apart.
pub fn check_stored(entry: &Entry) -> Vec<Finding> {
    let mut findings = Vec::new();
    mode::check(entry, &context(), &mut findings);
    link::check_entry(entry, &mut findings);
    findings
}

/// Judges an entry of a tree by its content, as [`check_content`](crate::check_content).
pub fn check_stored_content(entry: &Entry, content: &[u8]) -> Vec<Finding> {
    crate::check_content(entry, content, &context())
}

/// An entry of a tree, as if its commit had brought it.
pub fn stored(path: BString, mode: Mode, id: leakgate_model::ObjectId) -> Entry {
    Entry { change: Change::Added, id: Some(id), ..Entry::present(path, mode) }
}

/// There is no work tree, and which submodules are listed is another commit's in each commit.
fn context() -> Context {
    Context { submodules: BTreeSet::new(), file_mode: FileMode::Untrusted }
}

#[cfg(test)]
mod tests {
    use leakgate_model::ObjectId;

    use super::*;
    use crate::wants_content;

    const FOLDERS: [&str; 12] = [
        "",
        "src/",
        "bin/",
        "a/scripts/",
        ".githooks/",
        ".aws/",
        ".claude/",
        ".claude/x/y/",
        ".docker/",
        ".specstory/history/",
        "agent-transcripts/",
        "x/.gemini/",
    ];

    const NAMES: [&str; 36] = [
        "a.c",
        "run",
        "a.sh",
        "a.py",
        "a.png",
        "a.json",
        "README.md",
        "a.txt",
        "s.jsonl",
        ".env",
        ".env.local",
        "prod.env",
        "id_rsa",
        "id_rsa.pub",
        "x.pem",
        "x.p12",
        "config",
        "config.json",
        "credentials",
        "hosts.yml",
        "auth.json",
        "pre-commit",
        "update",
        "core",
        "core.5",
        "a.sql",
        "terraform.tfstate",
        ".npmrc",
        ".netrc",
        "Makefile",
        "LICENSE",
        "rollout-1.jsonl",
        ".gitignore",
        ".mailmap",
        "kubeconfig",
        "x-credentials.json",
    ];

    /// What the checks may say of an entry, or ask its content for, is never ruled out by its name.
    #[test]
    fn no_finding_without_whereabouts() {
        let id = ObjectId::from_bytes(&[1; 20]).expect("it is short");
        let modes = [Mode::File, Mode::Executable, Mode::Symlink, Mode::Gitlink, Mode::Other(0)];
        let mut counted = 0;
        for (above, name) in FOLDERS.iter().flat_map(|f| NAMES.map(|name| (*f, name))) {
            for mode in modes {
                let entry = stored(format!("{above}{name}").into(), mode, id);
                if check_stored(&entry).is_empty() && !wants_content(&entry) {
                    continue;
                }
                counted += 1;
                let mut parts: Vec<_> = above.split_terminator('/').collect();
                let direct = parts.pop().is_some_and(|f| folder(f.into()) != Folder::Plain);
                let below = parts.iter().any(|part| folder((*part).into()) == Folder::All);
                match whereabouts(name.into(), mode) {
                    Whereabouts::Anywhere => {}
                    Whereabouts::InFolder => assert!(direct || below, "{} {mode}", entry.path),
                    Whereabouts::Nowhere => panic!("{} {mode} is passed over", entry.path),
                }
            }
        }
        assert!(counted > 400, "{counted}");
        assert_eq!(whereabouts("a.c".into(), Mode::File), Whereabouts::Nowhere);
    }

    #[test]
    fn a_name_is_judged_apart_from_its_folders() {
        let ids = |path: &str| -> Vec<String> {
            check_name(path.into()).iter().map(|finding| finding.rule.to_string()).collect()
        };
        assert_eq!(ids("a/-x"), ["name-leading-dash"]);
        assert_eq!(ids("-x/a"), [""; 0]);
        assert_eq!(ids("-x/a?"), ["name-not-portable"]);
        assert!(is_odd_name("aux".into()) && !is_odd_name("main.c".into()));
    }
}
