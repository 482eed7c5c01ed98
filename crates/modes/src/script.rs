//! Scripts without the executable bit.
//!
//! Half of all scripts in public repositories lack it and are called by naming their interpreter,
//! so only what is called by its own name counts: hooks, and programs in folders of programs.

use bstr::{BStr, ByteSlice};
use leakgate_model::{Change, Entry, Finding, Mode, Rule, mode_commands};

use crate::{found, rules};

/// Folders that `core.hooksPath` is pointed at. Husky calls its hooks by way of sh.
const HOOK_FOLDERS: [&str; 4] = [".githooks", ".git-hooks", "githooks", "git-hooks"];

/// Git's names for hooks.
const HOOKS: [&str; 20] = [
    "applypatch-msg",
    "commit-msg",
    "fsmonitor-watchman",
    "post-applypatch",
    "post-checkout",
    "post-commit",
    "post-merge",
    "post-receive",
    "post-rewrite",
    "post-update",
    "pre-applypatch",
    "pre-auto-gc",
    "pre-commit",
    "pre-merge-commit",
    "pre-push",
    "pre-rebase",
    "pre-receive",
    "prepare-commit-msg",
    "reference-transaction",
    "update",
];

/// Folders of programs.
const PROGRAM_FOLDERS: [&str; 4] = ["bin", "sbin", "script", "scripts"];

/// Returns true if and only if [`check`] can find something.
pub(crate) fn wants_content(entry: &Entry) -> bool {
    entry.mode == Mode::File && entry.change != Change::Present && suspicion(entry).is_some()
}

/// Judges a regular file without the bit by how it begins.
pub(crate) fn check(entry: &Entry, head: &[u8], findings: &mut Vec<Finding>) {
    if !wants_content(entry) || !names_interpreter(head) {
        return;
    }
    let Some(rule) = suspicion(entry) else { return };
    let mut finding = found(rule, entry, |old| {
        rule != rules::MODE_SCRIPT_MADE_PLAIN
            && old.mode == Mode::File
            && is_hook(old.path.as_bstr()) == is_hook(entry.path.as_bstr())
    });
    finding.fixes = mode_commands(entry, Mode::Executable);
    findings.push(finding);
}

/// Returns true if and only if a file of this name is a hook in some folder.
pub(crate) fn may_be_hook(name: &BStr) -> bool {
    HOOKS.iter().any(|hook| name == hook)
}

/// Returns true if and only if a file of this name is called by it in some folder.
pub(crate) fn may_be_called_by_name(name: &BStr) -> bool {
    !name.contains(&b'.') || name.ends_with(b".sh")
}

/// Returns true if and only if a folder of this name is one of programs.
pub(crate) fn is_program_folder(folder: &BStr) -> bool {
    PROGRAM_FOLDERS.iter().any(|programs| folder == programs)
}

/// A file of Rust may begin with `#![`, which names no program.
fn names_interpreter(head: &[u8]) -> bool {
    head.strip_prefix(b"#!").is_some_and(|rest| rest.trim_ascii_start().starts_with(b"/"))
}

fn suspicion(entry: &Entry) -> Option<&'static Rule> {
    let path = entry.path.as_bstr();
    let was = |mode| entry.previous.iter().any(|old| old.mode == mode);
    if is_hook(path) {
        Some(rules::MODE_HOOK_NOT_EXECUTABLE)
    } else if was(Mode::Executable) && !was(Mode::File) {
        Some(rules::MODE_SCRIPT_MADE_PLAIN)
    } else if entry.change == Change::Added && is_called_by_name(path) {
        Some(rules::MODE_SCRIPT_NOT_EXECUTABLE)
    } else {
        None
    }
}

fn is_hook(path: &BStr) -> bool {
    let (folder, name) = split(path);
    HOOK_FOLDERS.iter().any(|hooks| folder == hooks.as_bytes())
        && HOOKS.iter().any(|hook| name == hook.as_bytes())
}

fn is_called_by_name(path: &BStr) -> bool {
    let (folder, name) = split(path);
    is_program_folder(folder.as_bstr()) && may_be_called_by_name(name.as_bstr())
}

/// The name of the folder a file is in, and its own.
fn split(path: &BStr) -> (&[u8], &[u8]) {
    let mut parts = path.rsplit_str("/");
    let name = parts.next().unwrap_or_default();
    (parts.next().unwrap_or_default(), name)
}

#[cfg(test)]
mod tests {
    use leakgate_model::{ObjectId, Previous, Status};

    use super::*;

    fn verdict(path: &str, old: Option<Mode>, head: &str) -> Option<(String, Status)> {
        let id = ObjectId::from_bytes(&[1; 20]).expect("twenty bytes fit");
        let entry = Entry {
            change: if old.is_some() { Change::Modified } else { Change::Added },
            previous: old
                .map(|mode| Previous { path: path.into(), mode, id })
                .into_iter()
                .collect(),
            ..Entry::present(path, Mode::File)
        };
        let mut findings = Vec::new();
        check(&entry, head.as_bytes(), &mut findings);
        findings.pop().map(|finding| (finding.rule.to_string(), finding.status))
    }

    #[test]
    fn scripts_by_where_they_stand() {
        const SCRIPT: &str = "#!/bin/sh\n";
        let new = |rule: &str| Some((rule.to_owned(), Status::Introduced));
        let hook = ".githooks/pre-commit";
        assert_eq!(verdict(hook, None, SCRIPT), new("mode-hook-not-executable"));
        assert_eq!(
            verdict(hook, Some(Mode::File), SCRIPT),
            Some(("mode-hook-not-executable".to_owned(), Status::AlreadyCommitted))
        );
        assert_eq!(verdict("a", Some(Mode::Executable), SCRIPT), new("mode-script-made-plain"));
        assert_eq!(verdict("bin/a", None, SCRIPT), new("mode-script-not-executable"));
        for (path, old) in [
            (".githooks/readme", None),
            (".husky/pre-commit", None),
            ("src/a", None),
            ("bin/a.py", None),
            ("bin/a", Some(Mode::File)),
        ] {
            assert_eq!(verdict(path, old, SCRIPT), None, "{path}");
        }
        assert_eq!(verdict("tests/a.rs", Some(Mode::Executable), "#![warn(x)]\n"), None);
        for path in [hook, "bin/a"] {
            assert_eq!(verdict(path, None, "echo\n"), None);
        }
    }
}
