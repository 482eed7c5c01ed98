//! Symbolic links: where they would lead whoever clones the repository.
//!
//! A target is judged as text, against the folder that holds the link.

use bstr::{BStr, BString, ByteSlice};
use leakgate_model::{Change, Entry, Finding, Mode, Rule, Severity, untrack_command};

use crate::{automation, found, name, rules, secret_file};

/// Files in which git does not follow a link.
const READ_BY_GIT: [&str; 4] = [".gitattributes", ".gitignore", ".gitmodules", ".mailmap"];

/// Folders that hold keys wherever they are.
const KEY_FOLDERS: [&str; 6] = [".ssh", ".aws", ".gnupg", ".kube", ".azure", ".docker"];

/// What links alone tell, without their targets.
pub(crate) fn check_entry(entry: &Entry, findings: &mut Vec<Finding>) {
    if entry.mode != Mode::Symlink {
        return;
    }
    let was_link = entry.previous.iter().any(|old| old.mode == Mode::Symlink);
    if !was_link && !entry.previous.is_empty() {
        let mut finding = found(rules::LINK_REPLACES_FILE, entry, |_| false);
        finding.reasons.push(format!("mode changes from {}", entry.previous[0].mode).into());
        findings.push(finding);
    }
    let name = file_name(entry.path.as_bstr());
    if READ_BY_GIT.iter().any(|read| name.eq_ignore_ascii_case(read.as_bytes())) {
        let mut finding = found(rules::LINK_GIT_CONFIG, entry, |old| old.mode == Mode::Symlink);
        finding.fixes.push(untrack_command(entry.path.as_bstr()));
        findings.push(finding);
    }
}

/// Judges where the link leads: the gravest thing alone.
pub(crate) fn check_target(entry: &Entry, target: &BStr, findings: &mut Vec<Finding>) {
    let Some((rule, severity)) = judge(entry.path.as_bstr(), entry.change, target) else {
        return;
    };
    let mut finding = found(rule, entry, |old| {
        old.mode == Mode::Symlink
            && entry.id == Some(old.id)
            && judge(old.path.as_bstr(), entry.change, target) == Some((rule, severity))
    });
    finding.severity = severity;
    if severity < rule.severity {
        finding.reasons.push("the target is inside the repository".into());
    }
    finding.fixes.push(untrack_command(entry.path.as_bstr()));
    findings.push(finding);
}

/// Returns true if and only if [`check_target`] finds something in a staged link.
pub(crate) fn is_judged_by_text(path: &BStr, target: &BStr) -> bool {
    judge(path, Change::Added, target).is_some()
}

fn judge(path: &BStr, change: Change, target: &BStr) -> Option<(&'static Rule, Severity)> {
    let outside = if is_absolute(target) {
        Some(rules::LINK_ABSOLUTE)
    } else if change != Change::Present && escapes(path, target) {
        // Where a path that a user typed begins in the repository is not known here.
        Some(rules::LINK_ESCAPES)
    } else {
        None
    };
    if components(target).any(name::is_git) {
        Some((rules::LINK_INTO_GIT, rules::LINK_INTO_GIT.severity))
    } else if outside.is_some() && leads_to_keys(target) {
        Some((rules::LINK_TO_SECRET, rules::LINK_TO_SECRET.severity))
    } else if is_secret_by_name(target) {
        let severity = if outside.is_some() { Severity::High } else { Severity::Medium };
        Some((rules::LINK_TO_SECRET, severity))
    } else if target == "/dev/null" {
        // A link to nothing is how a unit or a file is switched off.
        None
    } else if target.starts_with(b"/dev/") {
        Some((rules::LINK_TO_DEVICE, rules::LINK_TO_DEVICE.severity))
    } else if outside.is_none() && leads_to_automation(path, target) {
        Some((rules::LINK_INTO_AUTOMATION, rules::LINK_INTO_AUTOMATION.severity))
    } else {
        outside.map(|rule| (rule, rule.severity))
    }
}

fn components(path: &BStr) -> impl Iterator<Item = &[u8]> {
    path.split(|&byte| byte == b'/' || byte == b'\\')
}

fn file_name(path: &BStr) -> &[u8] {
    components(path).last().unwrap_or_default()
}

pub(crate) fn is_absolute(target: &BStr) -> bool {
    let drive = target.len() > 2 && target[0].is_ascii_alphabetic() && target[1] == b':';
    target.starts_with(b"/")
        || target.starts_with(b"\\")
        || target.starts_with(b"~/")
        || target == "~"
        || drive && matches!(target[2], b'/' | b'\\')
}

fn escapes(path: &BStr, target: &BStr) -> bool {
    let mut depth = path.iter().filter(|&&byte| byte == b'/').count();
    for part in components(target) {
        match part {
            b"" | b"." => {}
            b".." if depth == 0 => return true,
            b".." => depth -= 1,
            _ => depth += 1,
        }
    }
    false
}

/// For a target outside of the repository.
fn leads_to_keys(target: &BStr) -> bool {
    let lower = target.to_ascii_lowercase();
    let lower = lower.as_bstr();
    let process = lower.starts_with(b"/proc/") && lower.ends_with(b"/environ");
    process
        || ["/etc/shadow", "/etc/gshadow", "/etc/sudoers"].iter().any(|file| lower == file)
        || lower.ends_with(b"/docker.sock")
        || components(lower).any(|part| KEY_FOLDERS.iter().any(|folder| part == folder.as_bytes()))
}

/// Returns true if and only if the link, which is no such file itself, leads to one that says
/// what runs.
fn leads_to_automation(path: &BStr, target: &BStr) -> bool {
    let mut parts: Vec<&[u8]> = path.split_str("/").collect();
    parts.pop();
    for part in components(target) {
        match part {
            b"" | b"." => {}
            b".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    let reached: BString = bstr::join("/", parts).into();
    automation::runs_at_root(reached.as_bstr()).is_some()
        && automation::runs_at_root(path).is_none()
}

pub(crate) fn is_secret_by_name(target: &BStr) -> bool {
    secret_file::kind(target).is_some_and(secret_file::Kind::is_sure)
}

#[cfg(test)]
mod tests {
    use leakgate_model::{ObjectId, Previous, Status};

    use super::*;

    fn entry(path: &str) -> Entry {
        Entry { change: Change::Added, ..Entry::present(path, Mode::Symlink) }
    }

    fn verdict(path: &str, target: &str) -> Option<(String, Severity)> {
        let mut findings = Vec::new();
        check_target(&entry(path), target.into(), &mut findings);
        assert!(findings.len() <= 1);
        findings.pop().map(|finding| (finding.rule.to_string(), finding.severity))
    }

    #[test]
    fn absolute_targets() {
        for target in ["/usr/bin/x", "C:\\x", "c:/x", "\\\\host\\share", "~/x", "~"] {
            let expected = ("link-absolute".to_owned(), Severity::Medium);
            assert_eq!(verdict("a", target), Some(expected), "{target}");
        }
        for target in ["usr/bin", "./x", "C:", "~x/y", "", "/dev/null"] {
            assert_eq!(verdict("a", target), None, "{target}");
        }
    }

    #[test]
    fn targets_that_leave_the_repository() {
        for (path, target) in [("a", "../b"), ("a/b", "../../c"), ("a/b", "x/../../../c")] {
            let expected = ("link-escapes".to_owned(), Severity::Medium);
            assert_eq!(verdict(path, target), Some(expected), "{path} {target}");
        }
        for (path, target) in [("a/b", "../c"), ("a/b/c", "../../d"), ("a", "x/../y")] {
            assert_eq!(verdict(path, target), None, "{path} {target}");
        }
        let mut findings = Vec::new();
        let typed = Entry { change: Change::Present, ..entry("a") };
        check_target(&typed, "../b".into(), &mut findings);
        assert_eq!(findings, []);
    }

    #[test]
    fn targets_that_are_secrets() {
        for (target, severity) in [
            ("/home/me/.ssh/config", Severity::High),
            ("../../.aws/config", Severity::High),
            ("/proc/self/environ", Severity::High),
            ("/var/run/docker.sock", Severity::High),
            ("../../shared/.env", Severity::High),
            ("../.env", Severity::Medium),
            ("id_rsa", Severity::Medium),
        ] {
            let expected = ("link-to-secret".to_owned(), severity);
            assert_eq!(verdict("a/b", target), Some(expected), "{target}");
        }
        for target in [".env.example", "id_rsa.pub", "../.ssh/config", "ca.pem", "../environ"] {
            assert_eq!(verdict("a/b", target), None, "{target}");
        }
    }

    #[test]
    fn targets_that_are_devices_or_say_what_runs() {
        let device = ("link-to-device".to_owned(), Severity::Medium);
        assert_eq!(verdict("a", "/dev/zero"), Some(device));
        assert_eq!(verdict("a", "/dev/null"), None);
        for target in ["../.github/workflows/ci.yml", "../.claude/settings.json", "../.husky"] {
            let expected = ("link-into-automation".to_owned(), Severity::Medium);
            assert_eq!(verdict("a/b", target), Some(expected), "{target}");
        }
        assert_eq!(verdict(".husky/a", "b"), None);
        for target in ["../.github/x.md", "../.claude/rules", ".husky", "../AGENTS.md"] {
            assert_eq!(verdict("a/b", target), None, "{target}");
        }
    }

    #[test]
    fn targets_inside_git() {
        for target in ["../.git/hooks/pre-commit", ".GIT", "/srv/x/.git/config"] {
            let expected = ("link-into-git".to_owned(), Severity::High);
            assert_eq!(verdict("a/b", target), Some(expected), "{target}");
        }
        assert_eq!(verdict("a/b", "../.github/x"), None);
    }

    #[test]
    fn an_old_target_is_not_new_unless_it_leads_elsewhere_now() {
        let id = ObjectId::from_bytes(&[1; 20]);
        let old = |path: &str| Previous {
            path: path.into(),
            mode: Mode::Symlink,
            id: id.expect("twenty bytes fit"),
        };
        let status = |previous: Previous, target: &str| {
            let mut findings = Vec::new();
            let entry = Entry { id, previous: vec![previous], ..entry("a/b") };
            check_target(&entry, target.into(), &mut findings);
            findings[0].status
        };
        assert_eq!(status(old("a/b"), "/x"), Status::AlreadyCommitted);
        assert_eq!(status(old("c"), "/x"), Status::AlreadyCommitted);
        assert_eq!(status(old("a/b/c"), "../../x"), Status::Introduced);
        let other = ObjectId::from_bytes(&[2; 20]).expect("twenty bytes fit");
        assert_eq!(status(Previous { id: other, ..old("a/b") }, "/x"), Status::Introduced);
    }

    #[test]
    fn links_in_place_of_files() {
        let ids = |entry: &Entry| {
            let mut findings = Vec::new();
            check_entry(entry, &mut findings);
            findings.iter().map(|finding| finding.rule.to_string()).collect::<Vec<_>>()
        };
        let id = ObjectId::from_bytes(&[1; 20]).expect("twenty bytes fit");
        let old = |mode| vec![Previous { path: "a".into(), mode, id }];
        let changed = Entry { previous: old(Mode::File), ..entry("a") };
        assert_eq!(ids(&changed), ["link-replaces-file"]);
        assert_eq!(ids(&Entry { previous: old(Mode::Symlink), ..entry("a") }), [""; 0]);
        assert_eq!(ids(&entry("a")), [""; 0]);
        assert_eq!(ids(&entry("a/.gitignore")), ["link-git-config"]);
        assert_eq!(ids(&entry("a/.gitkeep")), [""; 0]);
        assert_eq!(ids(&Entry { mode: Mode::File, ..entry(".gitignore") }), [""; 0]);
    }
}
