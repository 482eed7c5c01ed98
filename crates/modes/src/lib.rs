//! Judges what git stores beside content: file modes, links and names.
//!
//! [`check_entry`] needs an entry alone and so runs while content is still being read.
//! [`check_content`] is for what a name or mode only suggests: a `.pem` may be a certificate, a
//! `.json` may be a script, and a link is its target. Nothing here reads a file or follows a
//! link, so a link that leaves the repository by way of another link is not seen.
//!
//! A finding is introduced unless the same rule held for what is committed under the entry's
//! [`previous`](Entry::previous) paths.

use std::collections::BTreeSet;

use bstr::{BString, ByteSlice};
use leakgate_model::{Confidence, Entry, Finding, Mode, Previous, Rule, Status};

mod address;
mod attributes;
mod audit;
mod automation;
mod chain;
mod collision;
mod data;
mod encrypted;
mod gitfile;
mod ini;
mod key;
mod link;
mod mode;
mod name;
mod nested;
mod portable;
mod rules;
mod script;
mod secret_file;
mod ships;
mod stored;
mod tree;
mod value;
mod work_tree;

pub use audit::{
    Probe, Setting, Standing, check_file, check_folder, check_own_file, check_setting, ignore_line,
    names_secret, probes, unchecked_commits, uncovered,
};
pub use automation::runs;
pub use ships::{Packager, copies_all};
pub use stored::{
    Folder, Whereabouts, check_name, check_stored, check_stored_content, folder, is_odd_name,
    stored, whereabouts,
};
pub use tree::{Member, Node, Tree, check_tree};
pub use work_tree::{Access, check_access};

/// How many leading bytes of a regular file [`check_content`] wants.
pub const HEAD: usize = 64 * 1024;

/// What an entry cannot tell of itself.
#[derive(Debug, Clone)]
pub struct Context {
    /// The paths named in the `.gitmodules` that would be committed.
    pub submodules: BTreeSet<BString>,
    /// Whether permission bits in the work tree mean anything.
    pub file_mode: FileMode,
}

/// Whether the permission bits of the work tree are real.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileMode {
    /// The file system keeps them.
    Trusted,
    /// `core.fileMode` is false, or the file system makes them up (FAT, SMB, Windows drives).
    Untrusted,
}

/// Judges `entry` by its modes, its path and its permission bits alone.
pub fn check_entry(entry: &Entry, context: &Context) -> Vec<Finding> {
    let mut findings = Vec::new();
    name::check(entry, &mut findings);
    portable::check(entry, &mut findings);
    mode::check(entry, context, &mut findings);
    link::check_entry(entry, &mut findings);
    if secret_file::kind(entry.path.as_bstr()).is_none() {
        work_tree::check_plain(entry, context, &mut findings);
    }
    findings
}

/// Judges `entry` by its content: the whole target of a symbolic link, and of a regular file the
/// first [`HEAD`] bytes, whether or not there are more.
pub fn check_content(entry: &Entry, content: &[u8], context: &Context) -> Vec<Finding> {
    let mut findings = Vec::new();
    match entry.mode {
        Mode::Symlink => link::check_target(entry, content.as_bstr(), &mut findings),
        Mode::File | Mode::Executable => {
            let head = &content[..content.len().min(HEAD)];
            mode::check_content(entry, head, &mut findings);
            script::check(entry, head, &mut findings);
            secret_file::check(entry, head, context, &mut findings);
        }
        Mode::Gitlink | Mode::Other(_) => {}
    }
    findings
}

/// Returns true if and only if [`check_content`] can find something in `entry`.
pub fn wants_content(entry: &Entry) -> bool {
    let path = entry.path.as_bstr();
    match entry.mode {
        Mode::Symlink => true,
        Mode::File => secret_file::kind(path).is_some() || script::wants_content(entry),
        Mode::Executable => data::wants_content(path) || secret_file::kind(path).is_some(),
        Mode::Gitlink | Mode::Other(_) => false,
    }
}

/// All rules of this crate, sorted by id.
pub fn rules() -> &'static [Rule] {
    rules::ALL
}

/// A finding about `entry`, already committed if it `was_so` on any side that is.
fn found(rule: &Rule, entry: &Entry, was_so: impl Fn(&Previous) -> bool) -> Finding {
    let mut finding = rule.finding(entry.path.clone(), Confidence::Certain);
    if entry.previous.iter().any(was_so) {
        finding.status = Status::AlreadyCommitted;
    }
    finding
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trusted() -> Context {
        Context { submodules: BTreeSet::new(), file_mode: FileMode::Trusted }
    }

    #[test]
    fn the_documentation_lists_each_rule() {
        let documented: Vec<_> = include_str!("../../../docs/permissions.md")
            .lines()
            .filter_map(|line| line.strip_prefix("| `"))
            .map(|row| {
                let cells: Vec<_> = row.split(" | ").collect();
                (cells[0].trim_end_matches('`'), cells[1], cells[2], cells[3])
            })
            .collect();
        let listed: Vec<_> = rules()
            .iter()
            .map(|rule| {
                let effect = if rule.severity.blocks() { "blocks" } else { "warns" };
                (rule.id, rule.title, rule.severity.as_str(), effect)
            })
            .collect();
        assert_eq!(documented, listed);
    }

    #[test]
    fn ids_are_sorted_and_advice_is_given() {
        assert!(rules().is_sorted_by(|a, b| a.id < b.id));
        assert!(rules().iter().all(|rule| !rule.advice.is_empty() && rule.advice.len() <= 2));
    }

    #[test]
    fn odd_bytes_do_no_harm() {
        let paths: [&[u8]; 6] = [b"", b"/", b"//", b"\xff\xfe", b".env.", b"a\\..\\b"];
        let heads: [&[u8]; 6] = [b"", b"\0", b"\xff\xfe=\0", b"=", b"-----BEGIN ", b"\x30"];
        for path in paths {
            for mode in [Mode::File, Mode::Executable, Mode::Symlink, Mode::Gitlink] {
                let entry = Entry::present(path, mode);
                check_entry(&entry, &trusted());
                for head in heads {
                    check_content(&entry, head, &trusted());
                }
            }
        }
    }
}
