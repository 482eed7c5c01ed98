//! Permission bits of the file in the work tree.
//!
//! Git stores none of them but the owner's executable bit, so a commit neither carries nor mends
//! them. A group that may write is left alone: with umask 002 that is how every file is made.

use bstr::{BStr, ByteSlice};
use leakgate_model::{Confidence, Entry, Finding, Rule, in_sample_folder, shell_path};

use crate::{Context, FileMode, found, rules};

const OTHERS_WRITE: u32 = 0o002;
const OTHERS_ANY: u32 = 0o077;
const SET_USER: u32 = 0o4000;
// Without the group's executable bit, set-group-ID means locking.
const SET_GROUP: u32 = 0o2010;

/// Judges a file that holds no secret.
pub(crate) fn check_plain(entry: &Entry, context: &Context, findings: &mut Vec<Finding>) {
    let Some(bits) = bits(entry, context) else {
        return;
    };
    if bits & OTHERS_WRITE != 0 {
        findings.push(finding(rules::WORK_TREE_WORLD_WRITABLE, entry, bits, "o-w"));
    }
    check_setuid(entry, bits, findings);
}

/// Judges a file that holds a secret.
pub(crate) fn check_secret(entry: &Entry, context: &Context, findings: &mut Vec<Finding>) {
    let Some(bits) = bits(entry, context) else {
        return;
    };
    if bits & OTHERS_WRITE != 0 {
        findings.push(finding(rules::WORK_TREE_SECRET_WRITABLE, entry, bits, "600"));
    } else if bits & OTHERS_ANY != 0 && !in_sample_folder(entry.path.as_bstr()) {
        // What stands among tests on purpose is no secret of this machine.
        findings.push(finding(rules::WORK_TREE_SECRET_READABLE, entry, bits, "600"));
    }
    check_setuid(entry, bits, findings);
}

/// Rights in a file that its permission bits do not show.
#[derive(Debug, Clone, Copy, Default)]
pub struct Access<'a> {
    /// The number of the user that it belongs to, if it is another one than who asks.
    pub owner: Option<u32>,
    /// Users and groups with rights of their own, as `user 1000`.
    pub named: &'a [String],
}

/// Adds to what was found about a secret file who has rights in it; a finding of its own is only
/// that it belongs to somebody else.
pub fn check_access(path: &BStr, access: &Access<'_>, findings: &mut [Finding]) -> Option<Finding> {
    let owner = access.owner.map(|owner| format!("it belongs to user {owner}"));
    let list = (!access.named.is_empty())
        .then(|| format!("an access control list names {}", access.named.join(" and ")));
    let ids = [rules::WORK_TREE_SECRET_READABLE.id, rules::WORK_TREE_SECRET_WRITABLE.id];
    let known = findings
        .iter_mut()
        .find(|finding| finding.path == path && ids.iter().any(|id| finding.rule.as_str() == *id));
    if let Some(finding) = known {
        finding.reasons.extend(owner.into_iter().chain(list).map(Into::into));
        return None;
    }
    let mut finding = rules::WORK_TREE_SECRET_READABLE.finding(path, Confidence::Certain);
    finding.reasons.push(owner?.into());
    finding.fixes.push(format!("sudo chown \"$(id -u)\" {}", shell_path(path)));
    Some(finding)
}

/// Returns true if and only if everybody may do everything, as on file systems without bits.
pub(crate) fn all_permissions(entry: &Entry) -> bool {
    entry.work_tree_bits.is_some_and(|bits| bits & 0o777 == 0o777)
}

fn check_setuid(entry: &Entry, bits: u32, findings: &mut Vec<Finding>) {
    if bits & SET_USER != 0 || bits & SET_GROUP == SET_GROUP {
        findings.push(finding(rules::WORK_TREE_SETUID, entry, bits, "ug-s"));
    }
}

fn bits(entry: &Entry, context: &Context) -> Option<u32> {
    // A link's own bits mean nothing.
    let real = context.file_mode == FileMode::Trusted && entry.mode.is_regular();
    entry.work_tree_bits.filter(|_| real)
}

fn finding(rule: &Rule, entry: &Entry, bits: u32, change: &str) -> Finding {
    let mut finding = found(rule, entry, |_| false);
    finding.reasons.push(format!("permissions {:04o} in the work tree", bits & 0o7777).into());
    finding.fixes.push(format!("chmod {change} {}", shell_path(entry.path.as_bstr())));
    finding
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use leakgate_model::Mode;

    use super::*;

    fn check(bits: u32, holds: fn(&Entry, &Context, &mut Vec<Finding>)) -> Vec<Finding> {
        let mut findings = Vec::new();
        let context = Context { submodules: BTreeSet::new(), file_mode: FileMode::Trusted };
        let entry = Entry { work_tree_bits: Some(bits), ..Entry::present("a b", Mode::File) };
        holds(&entry, &context, &mut findings);
        findings
    }

    #[test]
    fn files_that_everybody_can_write() {
        for bits in [0o666, 0o777, 0o602] {
            let findings = check(bits, check_plain);
            assert_eq!(findings[0].rule.as_str(), "work-tree-world-writable");
            assert_eq!(findings[0].fixes, ["chmod o-w 'a b'"]);
        }
        for bits in [0o644, 0o664, 0o775] {
            assert_eq!(check(bits, check_plain), []);
        }
    }

    #[test]
    fn secrets_that_others_can_reach() {
        let writable = check(0o777, check_secret);
        assert_eq!(writable[0].rule.as_str(), "work-tree-secret-writable");
        assert!(writable[0].blocks());
        assert_eq!(writable[0].reasons, ["permissions 0777 in the work tree"]);
        for bits in [0o644, 0o660, 0o604] {
            let readable = check(bits, check_secret);
            assert_eq!(readable[0].rule.as_str(), "work-tree-secret-readable");
            assert!(!readable[0].blocks());
        }
        for bits in [0o600, 0o400, 0o700] {
            assert_eq!(check(bits, check_secret), []);
        }
    }

    #[test]
    fn who_else_has_rights() {
        let named = ["user 7".to_owned(), "group 9".to_owned()];
        let access = Access { owner: Some(1234), named: &named };
        let mut findings = check(0o660, check_secret);
        assert_eq!(check_access("a b".into(), &access, &mut findings), None);
        assert_eq!(
            findings[0].reasons[1..],
            ["it belongs to user 1234", "an access control list names user 7 and group 9"]
        );
        let alone = check_access("a b".into(), &access, &mut []).expect("of somebody else");
        assert_eq!(alone.rule.as_str(), "work-tree-secret-readable");
        assert_eq!(alone.fixes, ["sudo chown \"$(id -u)\" 'a b'"]);
        // Without rights in the mask, and with the owner's own number, there is nothing to say.
        assert_eq!(check_access("a b".into(), &Access::default(), &mut []), None);
    }

    #[test]
    fn files_that_run_with_the_rights_of_another() {
        for bits in [0o4755, 0o2755] {
            assert_eq!(check(bits, check_plain)[0].rule.as_str(), "work-tree-setuid");
        }
        for bits in [0o1755, 0o2644] {
            assert_eq!(check(bits, check_plain), []);
        }
    }

    #[test]
    fn bits_that_mean_nothing() {
        let mut findings = Vec::new();
        let trusted = Context { submodules: BTreeSet::new(), file_mode: FileMode::Trusted };
        let untrusted = Context { file_mode: FileMode::Untrusted, ..trusted.clone() };
        let link = Entry { work_tree_bits: Some(0o777), ..Entry::present("a", Mode::Symlink) };
        let file = Entry { mode: Mode::File, ..link.clone() };
        check_plain(&link, &trusted, &mut findings);
        check_plain(&file, &untrusted, &mut findings);
        check_secret(&file, &untrusted, &mut findings);
        assert_eq!(findings, []);
    }
}
