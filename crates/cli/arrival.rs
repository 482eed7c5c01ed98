//! The hooks `post-checkout` and `post-merge`: warns when what has come into the work tree makes
//! programs run that nobody calls. It is there already, so nothing is stopped, and no fault of ours
//! makes git fail.

use std::ffi::OsString;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use bstr::{BString, ByteSlice as _};
use leakgate_git::{Brought, Repository};
use leakgate_hooks::Event;
use leakgate_model::{ObjectId, shell_path};
use leakgate_modes::Packager;
use leakgate_secrets::{RuleSet, Scratch};
use serde_json::{Map, Value};

use crate::exit::Exit;
use crate::{below, mask, run, terminal};

/// Tells what has come, by the arguments that git gives the hook.
pub(crate) fn warn(event: Event, args: &[OsString]) -> Exit {
    // A fault is told of where it happens.
    if let Ok(Err(error)) = catch_unwind(AssertUnwindSafe(|| look(event, args))) {
        terminal::complain(&error.context("could not tell what this brought that runs by itself"));
    }
    Exit::Clean
}

fn look(event: Event, args: &[OsString]) -> anyhow::Result<()> {
    let word = |at: usize| args.get(at).and_then(|word| word.to_str()).unwrap_or_default();
    // A checkout of single files is told of as well, with 0 for the flag.
    if event == Event::PostCheckout && (word(0) == word(1) || word(2) == "0") {
        return Ok(());
    }
    let repository = run::repository()?;
    let (old, new) = match event {
        Event::PostCheckout => (repository.resolve_id(word(0)), repository.resolve_id(word(1))),
        _ => (repository.original_head()?, repository.head()?),
    };
    let Some(new) = new.filter(|&new| old != Some(new)) else { return Ok(()) };
    let arrivals = arrivals(&repository, repository.brought(old, new)?)?;
    if !arrivals.is_empty() {
        terminal::warn(&lines(old, new, &arrivals));
    }
    Ok(())
}

/// A file that makes something run, and when.
struct Arrival {
    path: BString,
    is_new: bool,
    when: &'static str,
}

fn arrivals(repository: &Repository, brought: Vec<Brought>) -> anyhow::Result<Vec<Arrival>> {
    if brought.is_empty() {
        return Ok(Vec::new());
    }
    let hooks = hooks_folder(repository)?;
    let when = |file: &Brought| {
        let path = file.path.as_bstr();
        match leakgate_modes::runs(path) {
            None if hooks.as_ref().is_some_and(|hooks| path.starts_with(hooks)) => {
                Some("git runs it")
            }
            None if changes_scripts(repository, file) => {
                Some("npm and its like run its scripts at each install")
            }
            when => when,
        }
    };
    let arrivals = brought.into_iter().filter_map(|file| {
        let when = when(&file)?;
        Some(Arrival { is_new: file.old.is_none(), path: file.path, when })
    });
    Ok(arrivals.collect())
}

/// The folder of hooks with a slash at its end, if it is a part of the work tree.
fn hooks_folder(repository: &Repository) -> anyhow::Result<Option<Vec<u8>>> {
    let Some(work_tree) = repository.work_tree() else { return Ok(None) };
    let hooks = repository.hooks_dir()?;
    if hooks.starts_with(repository.common_dir()) {
        return Ok(None);
    }
    let inside = hooks.strip_prefix(std::path::absolute(work_tree)?).ok();
    let inside =
        inside.filter(|path| *path != Path::new("")).and_then(|path| <[u8]>::from_path(path));
    Ok(inside.map(|path| [path, b"/"].concat()))
}

/// The scripts that package managers run by themselves, and what hook managers read.
const SCRIPTS: [&str; 6] =
    ["preinstall", "install", "postinstall", "prepare", "preprepare", "postprepare"];
const MANAGERS: [&str; 2] = ["simple-git-hooks", "husky"];

fn changes_scripts(repository: &Repository, file: &Brought) -> bool {
    let is_named = Packager::of(file.path.as_bstr()) == Some(Packager::Npm);
    let read = |id: ObjectId| -> Option<Map<String, Value>> {
        let package: Value = serde_json::from_slice(&repository.blob(id)?).ok()?;
        let scripts = SCRIPTS.iter().map(|name| (*name, &package["scripts"][name]));
        let managers = MANAGERS.iter().map(|name| (*name, &package[name]));
        let own = |(name, value): (&str, &Value)| (name.to_owned(), value.clone());
        Some(scripts.chain(managers).map(own).filter(|(_, value)| !value.is_null()).collect())
    };
    // What cannot be read runs nothing.
    let scripts = |id: Option<ObjectId>| id.and_then(read).unwrap_or_default();
    is_named && {
        let (old, new) = (scripts(file.old), scripts(Some(file.new)));
        new.iter().any(|(name, value)| old.get(name) != Some(value))
    }
}

/// More files than this are counted.
const MOST: usize = 10;

fn lines(old: Option<ObjectId>, new: ObjectId, arrivals: &[Arrival]) -> Vec<String> {
    let (rules, mut scratch) = (RuleSet::default(), Scratch::default());
    let mut lines =
        vec!["this brought files that make programs run; look at them first".to_owned()];
    let mut paths = String::new();
    for Arrival { path, is_new, when } in arrivals.iter().take(MOST) {
        let found = rules.scan(b"", path, &mut scratch);
        let what = if *is_new { "new" } else { "changed" };
        lines.push(format!("  {} ({what}): {when}", mask::masked(path, &found)));
        if found.is_empty() {
            paths = paths + " " + &shell_path(path.as_bstr());
        }
    }
    if let Some(more @ 1..) = arrivals.len().checked_sub(MOST) {
        lines.push(format!("  and {more} more"));
        paths.clear();
    }
    let paths = if paths.is_empty() { paths } else { format!(" --{paths}") };
    let short = |id: ObjectId| id.to_string()[..12].to_owned();
    let command = match old {
        Some(old) => format!("git diff {} {}{paths}", short(old), short(new)),
        None => format!("git show {}{paths}", short(new)),
    };
    lines.extend(below::commands([&command].into_iter()).iter().map(|line| format!("  {line}")));
    lines
}
