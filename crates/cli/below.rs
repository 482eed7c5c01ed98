//! Commands for whoever is not at the top of the work tree.
//!
//! What findings advise is written for the top, where their paths begin. People commit from the
//! folder they work in, and paste there what the screen says.

use std::borrow::Cow;
use std::env;

use leakgate_model::Finding;
use leakgate_report::Scope;

use crate::args::FormatArg;
use crate::run;

/// Findings whose commands work in the folder that the user is in; for programs, as they are.
pub(crate) fn adapted(findings: &[Finding], scope: Scope, format: FormatArg) -> Cow<'_, [Finding]> {
    let for_people = matches!(format, FormatArg::Text);
    // These take their paths from the current folder already.
    let at_hand = matches!(scope, Scope::Files | Scope::Stdin);
    let has_any = || findings.iter().any(|finding| !finding.fixes.is_empty());
    if !for_people || at_hand || !has_any() || !is_below() {
        return Cow::Borrowed(findings);
    }
    let mut findings = findings.to_vec();
    let fixes = findings.iter_mut().flat_map(|finding| &mut finding.fixes);
    fixes.for_each(|fix| *fix = from_top(fix));
    Cow::Owned(findings)
}

/// The commands as they work in the folder that the user is in.
pub(crate) fn commands<'f>(fixes: impl Iterator<Item = &'f String>) -> Vec<String> {
    let fixes: Vec<_> = fixes.cloned().collect();
    if fixes.is_empty() || !is_below() {
        return fixes;
    }
    fixes.iter().map(|fix| from_top(fix)).collect()
}

/// The command, run at the top of the work tree, if it matters to it where it runs.
fn from_top(command: &str) -> String {
    if ["git config ", "leakgate "].iter().any(|start| command.starts_with(start)) {
        return command.to_owned();
    }
    format!("(cd \"$(git rev-parse --show-toplevel)\" && {command})")
}

/// Whether the user is in a folder below the top; a hook runs at the top, and git tells it where
/// the user was.
fn is_below() -> bool {
    if env::var_os("GIT_PREFIX").is_some_and(|prefix| !prefix.is_empty()) {
        return true;
    }
    let top = || run::repository().ok()?.work_tree()?.canonicalize().ok();
    let here = || env::current_dir().ok()?.canonicalize().ok();
    matches!((top(), here()), (Some(top), Some(here)) if top != here)
}
