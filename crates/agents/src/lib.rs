//! Judges settings of coding agents that a repository brings to everybody who opens it.
//!
//! An agent that starts in a folder obeys the settings committed there: which commands need no
//! approval, which programs start by themselves, where keys are sent. A hook at commit time sees
//! such a setting arrive, which the agents' own prompts, bound to a path and asked once, do not.
//!
//! Only what one file shows by itself is judged here, and only what is hardly ever meant.

use std::collections::BTreeSet;

use bstr::{BStr, ByteSlice};
use leakgate_model::{
    Confidence, Entry, Finding, Mode, Rule, Severity, Status, in_sample_folder, untrack_command,
};

mod allow;
mod claude;
mod codex;
mod command;
mod file;
mod hit;
mod hooks;
mod json;
mod mcp;
mod rules;
mod vscode;

use file::Kind;
use hit::Hit;
use json::Failure;

/// Returns true if and only if [`check`] can find something in a file at `path`.
pub fn wants_content(path: &BStr) -> bool {
    file::is_settings(path)
}

/// Judges the settings in `content`, the whole of a regular file, or a symbolic link's target.
///
/// Without the content that is already committed, each setting counts as introduced, unless the
/// entry only moved or changed its mode. [`check_change`] knows better.
pub fn check(entry: &Entry, content: &[u8]) -> Vec<Finding> {
    check_change(entry, content, &[])
}

/// As [`check`], given the paths and contents that are `committed`: a setting that one of them
/// has too is already committed, wherever in the file it stands.
pub fn check_change(entry: &Entry, content: &[u8], committed: &[(&BStr, &[u8])]) -> Vec<Finding> {
    let path = entry.path.as_bstr();
    let mut findings = match entry.mode {
        Mode::Symlink if file::is_settings(path) => vec![link(entry)],
        Mode::File | Mode::Executable => match file::kind(path) {
            Some(kind) => regular(entry, kind, content, committed),
            None => Vec::new(),
        },
        Mode::Symlink | Mode::Gitlink | Mode::Other(_) => Vec::new(),
    };
    if in_sample_folder(path) {
        for finding in &mut findings {
            finding.severity = Severity::Low;
            finding.reasons.push("in a folder of tests, examples or templates".into());
        }
    }
    findings
}

/// All rules of this crate, sorted by id.
pub fn rules() -> &'static [Rule] {
    rules::ALL
}

fn regular(
    entry: &Entry,
    kind: Kind,
    content: &[u8],
    committed: &[(&BStr, &[u8])],
) -> Vec<Finding> {
    let mut findings = Vec::new();
    if kind == Kind::ClaudeLocal {
        findings.push(local_settings(entry));
    }
    let unchanged = entry
        .previous
        .iter()
        .any(|old| Some(old.id) == entry.id && file::kind(old.path.as_bstr()) == Some(kind));
    let Some((text, offset)) = decode(content) else {
        findings.push(with_status(unreadable(entry), unchanged));
        return findings;
    };
    let old_hits: Vec<_> = committed
        .iter()
        .filter_map(|(path, content)| Some(judge(file::kind(path)?, decode(content)?.0)))
        .flatten()
        .collect();
    let old_settings: BTreeSet<_> = old_hits.iter().map(Hit::setting).collect();
    for (hit, finding) in hit::findings(entry, text, offset, judge(kind, text)) {
        let old = unchanged || old_settings.contains(&hit.setting());
        findings.push(with_status(finding, old));
    }
    findings
}

/// All hits in the text of a settings file.
fn judge(kind: Kind, text: &str) -> Vec<Hit> {
    let mut hits = Vec::new();
    if kind == Kind::Codex {
        codex::check(text, &mut hits);
        return hits;
    }
    let root = match json::parse(text) {
        Ok(Some(root)) => root,
        Ok(None) => return hits,
        Err(Failure::TooDeep) => return vec![Hit::text(rules::SETTINGS_TOO_DEEP, 0..0, "")],
        Err(Failure::Syntax(at)) => {
            return vec![Hit::text(rules::SETTINGS_UNREADABLE, at..at, "")];
        }
    };
    match kind {
        Kind::Claude | Kind::ClaudeLocal => {
            claude::check(&root, &mut hits);
            if let Some(at) = json::strict_failure(text) {
                claude::check_ignored(&root, at, &mut hits);
            }
        }
        Kind::Mcp => mcp::check(&root, &mut hits),
        Kind::Gemini => mcp::check_gemini(&root, &mut hits),
        Kind::Hooks => hooks::check(&root, &mut hits),
        Kind::VsCode => vscode::check_settings(&root, &mut hits),
        Kind::VsCodeTasks => vscode::check_tasks(&root, &mut hits),
        Kind::VsCodeWorkspace => vscode::check_workspace(&root, &mut hits),
        Kind::Codex => {}
    }
    hits
}

/// The text without its byte order mark, and how many bytes that was; `None` if not UTF-8.
fn decode(content: &[u8]) -> Option<(&str, usize)> {
    let rest = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
    Some((rest.to_str().ok()?, content.len() - rest.len()))
}

fn unreadable(entry: &Entry) -> Finding {
    let mut finding = rules::SETTINGS_UNREADABLE.finding(entry.path.clone(), Confidence::Certain);
    finding.reasons.push("the content is not UTF-8".into());
    finding
}

fn local_settings(entry: &Entry) -> Finding {
    let mut finding = rules::LOCAL_SETTINGS.finding(entry.path.clone(), Confidence::Certain);
    finding.fixes.push(untrack_command(entry.path.as_bstr()));
    let is_local = |path: &BStr| file::kind(path) == Some(Kind::ClaudeLocal);
    with_status(finding, entry.previous.iter().any(|old| is_local(old.path.as_bstr())))
}

fn link(entry: &Entry) -> Finding {
    let mut finding = rules::SETTINGS_LINK.finding(entry.path.clone(), Confidence::Certain);
    finding.fixes.push(untrack_command(entry.path.as_bstr()));
    let was_link = entry
        .previous
        .iter()
        .any(|old| old.mode == Mode::Symlink && file::is_settings(old.path.as_bstr()));
    with_status(finding, was_link)
}

fn with_status(mut finding: Finding, committed: bool) -> Finding {
    if committed {
        finding.status = Status::AlreadyCommitted;
    }
    finding
}

#[cfg(test)]
mod tests;
