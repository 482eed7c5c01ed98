//! The mode that would be committed: the executable bit, submodules, modes of no known type.

use bstr::ByteSlice;
use leakgate_model::{Change, Entry, Finding, Mode, mode_commands, shell_path, untrack_command};

use crate::data::{self, Kind};
use crate::{Context, found, rules, work_tree};

/// What modes and names alone tell.
pub(crate) fn check(entry: &Entry, context: &Context, findings: &mut Vec<Finding>) {
    match entry.mode {
        Mode::Executable if data::kind(entry.path.as_bstr()) == Kind::Data => {
            findings.extend(executable(entry));
        }
        Mode::Gitlink if !context.submodules.contains(&entry.path) => {
            findings.push(embedded(entry));
        }
        Mode::Other(_) => findings.push(unknown(entry)),
        _ => {}
    }
}

/// Finds data that only its content tells from a program.
pub(crate) fn check_content(entry: &Entry, head: &[u8], findings: &mut Vec<Finding>) {
    if entry.mode == Mode::Executable && data::is_data_by_content(entry.path.as_bstr(), head) {
        findings.extend(executable(entry));
    }
}

fn executable(entry: &Entry) -> Option<Finding> {
    // Outside of git the bit is the file system's, and one that keeps no bits sets them all.
    if entry.change == Change::Present && work_tree::all_permissions(entry) {
        return None;
    }
    let was_executable = entry.previous.iter().any(|old| old.mode == Mode::Executable);
    let was_file = entry.previous.iter().any(|old| old.mode == Mode::File);
    let switched_on = was_file && !was_executable;
    let rule = if switched_on { rules::MODE_MADE_EXECUTABLE } else { rules::MODE_EXECUTABLE_DATA };
    let mut finding = found(rule, entry, |old| old.mode == Mode::Executable);
    if switched_on {
        finding.reasons.push("mode changes from 100644 to 100755".into());
    }
    finding.fixes = mode_commands(entry, Mode::File);
    Some(finding)
}

fn embedded(entry: &Entry) -> Finding {
    let mut finding = found(rules::GITLINK_UNLISTED, entry, |old| old.mode == Mode::Gitlink);
    let path = shell_path(entry.path.as_bstr());
    // Git takes the folder for a changed file, and forced it still leaves the folder alone.
    finding.fixes.push(format!("git --literal-pathspecs rm --cached -f -- {path}"));
    let address = format!("\"$(git -C {path} remote get-url origin)\"");
    finding.fixes.push(format!("git submodule add -- {address} {path}"));
    finding
}

fn unknown(entry: &Entry) -> Finding {
    let mut finding = found(rules::MODE_UNKNOWN, entry, |old| old.mode == entry.mode);
    finding.reasons.push(format!("mode {}", entry.mode).into());
    finding.fixes.push(untrack_command(entry.path.as_bstr()));
    finding.fixes.push(format!("git add -- {}", shell_path(entry.path.as_bstr())));
    finding
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use leakgate_model::{ObjectId, Previous, Severity, Status};

    use super::*;
    use crate::{FileMode, check_content, check_entry, wants_content};

    fn trusted() -> Context {
        Context { submodules: BTreeSet::new(), file_mode: FileMode::Trusted }
    }

    fn entry(path: &str, mode: Mode, old: &[Mode]) -> Entry {
        let id = ObjectId::from_bytes(&[1; 20]);
        let previous =
            |&mode: &Mode| Previous { path: path.into(), mode, id: id.expect("twenty bytes fit") };
        Entry {
            id,
            change: if old.is_empty() { Change::Added } else { Change::Modified },
            previous: old.iter().map(previous).collect(),
            ..Entry::present(path, mode)
        }
    }

    fn ids(findings: &[Finding]) -> Vec<(&str, Status)> {
        findings.iter().map(|found| (found.rule.as_str(), found.status)).collect()
    }

    #[test]
    fn the_executable_bit_on_data() {
        let new = check_entry(&entry("a/b.PNG", Mode::Executable, &[]), &trusted());
        assert_eq!(ids(&new), [("mode-executable-data", Status::Introduced)]);
        let id = "01".repeat(20);
        let staged = format!("git update-index --cacheinfo 100644,{id},a/b.PNG");
        assert_eq!(new[0].fixes, ["chmod a-x a/b.PNG".to_owned(), staged]);
        for (path, mode) in [("a/b.png", Mode::File), ("a/b.sh", Mode::Executable)] {
            assert_eq!(check_entry(&entry(path, mode, &[]), &trusted()), []);
        }
    }

    #[test]
    fn a_bit_switched_on_blocks_and_an_old_one_does_not() {
        let on = check_entry(&entry("b.png", Mode::Executable, &[Mode::File]), &trusted());
        assert_eq!(ids(&on), [("mode-made-executable", Status::Introduced)]);
        assert!(on[0].blocks());
        for old in [&[Mode::Executable][..], &[Mode::File, Mode::Executable]] {
            let findings = check_entry(&entry("b.png", Mode::Executable, old), &trusted());
            assert_eq!(ids(&findings), [("mode-executable-data", Status::AlreadyCommitted)]);
        }
    }

    #[test]
    fn text_is_data_unless_it_begins_as_a_script() {
        for path in ["a.json", "README.md", "LICENSE", ".env"] {
            let entry = entry(path, Mode::Executable, &[Mode::File]);
            assert!(wants_content(&entry));
            assert_eq!(check_entry(&entry, &trusted()), []);
            let findings = check_content(&entry, b"plain", &trusted());
            assert_eq!(ids(&findings), [("mode-made-executable", Status::Introduced)], "{path}");
            assert_eq!(check_content(&entry, b"#!/bin/sh\n", &trusted()), []);
        }
        assert_eq!(check_content(&entry("run", Mode::Executable, &[]), b"echo", &trusted()), []);
        let image = b"\x89PNG\r\n\x1a\n";
        let findings = check_content(&entry("logo", Mode::Executable, &[]), image, &trusted());
        assert_eq!(ids(&findings), [("mode-executable-data", Status::Introduced)]);
    }

    #[test]
    fn a_file_system_without_bits_makes_nothing_executable() {
        let mut entry = Entry::present("a.png", Mode::Executable);
        entry.work_tree_bits = Some(0o777);
        let context = Context { file_mode: FileMode::Untrusted, ..trusted() };
        assert_eq!(check_entry(&entry, &context), []);
        entry.work_tree_bits = Some(0o755);
        assert_eq!(
            ids(&check_entry(&entry, &context)),
            [("mode-executable-data", Status::Introduced)]
        );
    }

    #[test]
    fn an_embedded_repository() {
        let link = entry("a b", Mode::Gitlink, &[]);
        let findings = check_entry(&link, &trusted());
        assert_eq!(ids(&findings), [("gitlink-unlisted", Status::Introduced)]);
        assert_eq!(
            findings[0].fixes,
            [
                "git --literal-pathspecs rm --cached -f -- 'a b'",
                "git submodule add -- \"$(git -C 'a b' remote get-url origin)\" 'a b'"
            ]
        );
        let known =
            Context { submodules: BTreeSet::from(["a b".into()]), file_mode: FileMode::Trusted };
        assert_eq!(check_entry(&link, &known), []);
        let moved = check_entry(&entry("a b", Mode::Gitlink, &[Mode::Gitlink]), &trusted());
        assert_eq!(ids(&moved), [("gitlink-unlisted", Status::AlreadyCommitted)]);
    }

    #[test]
    fn a_mode_of_no_known_type() {
        let findings = check_entry(&entry("a", Mode::Other(0o104_755), &[]), &trusted());
        assert_eq!(ids(&findings), [("mode-unknown", Status::Introduced)]);
        assert_eq!(findings[0].reasons, ["mode 104755"]);
        assert_eq!(findings[0].severity, Severity::Medium);
        assert_eq!(check_entry(&entry("a", Mode::File, &[]), &trusted()), []);
    }
}
