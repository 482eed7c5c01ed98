//! `leakgate fix modes`: carries out what findings about modes and names advise.
//!
//! It changes modes, permission bits and what is tracked, and nothing else: edits that are not
//! staged stay so, and so does `.gitignore`, to which lines are only added.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, bail};
use bstr::{BStr, BString, ByteSlice as _};
use leakgate_git::{Moment, PathKind, Repository, Staged};
use leakgate_model::{Finding, Mode, ObjectId, shell_path};
use leakgate_policy::Samples;

use crate::args::{FixArgs, FixWhat, ScanArgs};
use crate::exit::Exit;
use crate::{below, mask, run, terminal};

/// What is done about one path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Action {
    /// Another mode in the index, and the bit of the file if it is there.
    SetMode(Mode),
    /// These permissions are taken from the file.
    Take(u32),
    /// The file is no longer tracked, and ignored from now on.
    Untrack,
}

/// `leakgate fix WHAT`.
pub(crate) fn fix(args: &FixArgs) -> anyhow::Result<Exit> {
    let FixWhat::Modes(modes) = &args.what;
    let repository = run::repository()?;
    let Some(root) = repository.work_tree() else {
        bail!("could not mend anything: a bare repository has no work tree");
    };
    let scan = ScanArgs::default();
    let rules = run::rules(&scan, Some(&root))?;
    let ignores = run::ignores(Some(&root))?;
    let listed = if modes.all {
        Staged::list_index(&repository)?
    } else {
        Staged::list(&repository, Moment::Commit)?
    };
    let staged: BTreeMap<_, _> = listed
        .1
        .entries
        .iter()
        .filter_map(|entry| Some((entry.path.clone(), (entry.mode, entry.id?))))
        .collect();
    let scanned = run::scan_listed(&repository, listed, &rules, &ignores, Samples::Tell, &scan)?;
    let introduced = scanned.findings.iter().filter(|finding| is_new(finding));
    let wanted: BTreeMap<(BString, Action), &Finding> = introduced
        .filter_map(|finding| Some(((finding.path.clone(), action(finding, &staged)?), finding)))
        .collect();
    if modes.print {
        let fixes = wanted.values().flat_map(|finding| &finding.fixes);
        // A command that would spell a secret out is none to paste.
        terminal::say(below::commands(fixes.filter(|fix| mask::text(fix) == **fix)))?;
        return Ok(Exit::Clean);
    }
    let plan: Vec<_> = wanted.into_keys().collect();
    let mut done = carry_out(&repository, &root, &plan, &staged)?;
    let others = |finding: &&Finding| is_new(finding) && action(finding, &staged).is_none();
    let mut others = scanned.findings.iter().filter(others);
    if done.is_empty() {
        done.push("nothing to mend".to_owned());
    }
    if others.any(|finding| !finding.fixes.is_empty()) {
        let command = if modes.all { "leakgate audit" } else { "leakgate staged --fix" };
        done.push(format!("what is left needs a decision: `{command}` shows the commands"));
    }
    terminal::say(done.iter().map(|line| mask::text(line)))?;
    Ok(Exit::Clean)
}

fn is_new(finding: &Finding) -> bool {
    finding.status == leakgate_model::Status::Introduced
}

fn action(finding: &Finding, staged: &BTreeMap<BString, (Mode, ObjectId)>) -> Option<Action> {
    Some(match finding.rule.as_str() {
        "mode-executable-data" | "mode-made-executable" => Action::SetMode(Mode::File),
        "mode-hook-not-executable" | "mode-script-made-plain" | "mode-script-not-executable" => {
            Action::SetMode(Mode::Executable)
        }
        // There are two modes: what is wrong is the other.
        "policy-mode" => match staged.get(&finding.path)?.0 {
            Mode::File => Action::SetMode(Mode::Executable),
            _ => Action::SetMode(Mode::File),
        },
        "work-tree-secret-readable" | "work-tree-secret-writable" => Action::Take(0o177),
        "work-tree-world-writable" => Action::Take(0o002),
        "work-tree-setuid" => Action::Take(0o6000),
        "name-credentials"
        | "name-env-file"
        | "name-key-store"
        | "name-memory-dump"
        | "name-private-key"
        | "name-shell-history"
        | "name-terraform-state" => Action::Untrack,
        _ => return None,
    })
}

/// Does what was planned, and tells what was done.
fn carry_out(
    repository: &Repository,
    root: &Path,
    plan: &[(BString, Action)],
    staged: &BTreeMap<BString, (Mode, ObjectId)>,
) -> anyhow::Result<Vec<String>> {
    let mut index = Vec::new();
    let mut done = Vec::new();
    for (path, action) in plan {
        let shown = shell_path(path.as_bstr());
        match action {
            Action::SetMode(mode) => {
                let Some((_, id)) = staged.get(path) else { continue };
                index.push((path.clone(), Some((*mode, *id))));
                change_bits(root, path.as_bstr(), |bits| match mode {
                    // Whoever may read may run, as with umask.
                    Mode::Executable => bits | (bits & 0o444) >> 2,
                    _ => bits & !0o111,
                })?;
                done.push(format!("{shown}: mode {mode}"));
            }
            Action::Take(taken) => {
                change_bits(root, path.as_bstr(), |bits| bits & !taken)?;
                done.push(format!("{shown}: permissions taken away"));
            }
            Action::Untrack => {
                index.push((path.clone(), None));
                done.push(format!("{shown}: no longer tracked; the file is still there"));
            }
        }
    }
    repository.write_index(&index).context("could not change the index")?;
    let untracked = plan.iter().filter(|(_, action)| *action == Action::Untrack);
    done.extend(ignore(repository, root, untracked.map(|(path, _)| path.as_bstr()))?);
    Ok(done)
}

/// Adds lines to the top `.gitignore` for paths that nothing of the repository ignores yet.
fn ignore<'p>(
    repository: &Repository,
    root: &Path,
    paths: impl Iterator<Item = &'p BStr>,
) -> anyhow::Result<Option<String>> {
    let rules = repository.ignore_rules();
    let is_ignored = |path: &BStr| {
        rules.as_ref().is_some_and(|rules| {
            rules.of(path, PathKind::File) == leakgate_git::IgnoredBy::Repository
        })
    };
    let lines: Vec<BString> =
        paths.filter(|path| !is_ignored(path)).filter_map(leakgate_modes::ignore_line).collect();
    if lines.is_empty() {
        return Ok(None);
    }
    let file = root.join(".gitignore");
    let context = "could not add to .gitignore; add the paths yourself";
    if file.is_symlink() {
        bail!("could not add to .gitignore: it is a symbolic link; commit a regular file");
    }
    let mut text = match fs::read(&file) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        text => text.context(context)?,
    };
    let start = text.len();
    if !text.is_empty() && !text.ends_with(b"\n") {
        text.push(b'\n');
    }
    for line in &lines {
        text.extend_from_slice(line);
        text.push(b'\n');
    }
    let mut out = fs::OpenOptions::new().append(true).create(true).open(&file).context(context)?;
    out.write_all(&text[start..]).context(context)?;
    Ok(Some(format!(".gitignore: {} added; `git add .gitignore` when you agree", lines.len())))
}

/// Changes the permission bits of a regular file of the work tree, reached through no link.
#[cfg(unix)]
fn change_bits(root: &Path, path: &BStr, new: impl Fn(u32) -> u32) -> anyhow::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let mut full = root.to_owned();
    for part in path.split_str("/") {
        if part == b".." {
            return Ok(());
        }
        full.push(part.to_path().context("could not make a path of a name")?);
        match fs::symlink_metadata(&full) {
            Ok(metadata) if metadata.is_symlink() => return Ok(()),
            // Only the index has it.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            metadata => {
                metadata.context("could not look at a file of the work tree")?;
            }
        }
    }
    let metadata = fs::symlink_metadata(&full)?;
    let bits = metadata.permissions().mode() & 0o7777;
    if metadata.is_file() && new(bits) != bits {
        fs::set_permissions(&full, fs::Permissions::from_mode(new(bits)))
            .with_context(|| format!("could not change the permissions of {}", shell_path(path)))?;
    }
    Ok(())
}

#[cfg(not(unix))]
fn change_bits(_root: &Path, _path: &BStr, _new: impl Fn(u32) -> u32) -> anyhow::Result<()> {
    Ok(())
}
