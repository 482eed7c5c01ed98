//! The hook `reference-transaction`: any change of a branch, a tag, a note or the stash, by whatever
//! command, also by those that run no other hook.
//!
//! Git runs it often, so it looks at no more than what the new objects bring, and at the files of a
//! commit not again when they were scanned a moment ago. What comes by `git fetch` others have
//! already, and it is not stopped: that excuses what leads to it, and nothing else in the same change.

use std::ffi::OsString;
use std::time::Instant;

use anyhow::bail;
use leakgate_git::{RangeSpec, Repository};
use leakgate_hooks::Event;
use leakgate_model::ObjectId;
use leakgate_report::Scope;

use crate::exit::Exit;
use crate::hook::{self, Update};
use crate::range::{self, Ignores, Purpose, is_zero};
use crate::{note, run, skip};

/// `reference-transaction STATE [LINE…]`, with lines of `OLD NEW REF` or more of them.
pub(crate) fn transaction(args: &[OsString]) -> anyhow::Result<Exit> {
    let start = Instant::now();
    let Some((state, lines)) = args.split_first() else {
        bail!("this hook needs the state of the change; git gives it");
    };
    // Git tells of each change several times, and only this one can be stopped.
    if state != "prepared" {
        return Ok(Exit::Clean);
    }
    let mut text = Vec::new();
    for line in lines {
        text.extend_from_slice(line.as_encoded_bytes());
        text.push(b'\n');
    }
    text.extend(hook::input()?);
    let all = Update::read(&text)?;
    let (mut changes, others): (Vec<_>, Vec<_>) = all.into_iter().partition(is_of_interest);
    if changes.is_empty() || skip::reason_for(Event::ReferenceTransaction)?.is_some() {
        return Ok(Exit::Clean);
    }
    let repository = run::repository()?;
    // Nothing is committed into a bare repository: it is a clone, or a server with its own hooks.
    if repository.work_tree().is_none() || is_clone(&repository, &changes)? {
        return Ok(Exit::Clean);
    }
    let fetched = fetched(&repository, &others);
    if !fetched.is_empty() {
        drop_fetched_tags(&repository, &mut changes, &fetched);
    }
    if changes.is_empty() {
        return Ok(Exit::Clean);
    }
    let spec = spec(&repository, &changes, fetched)?;
    let purpose = Purpose {
        command: "reference-transaction",
        scope: Scope::RefChange,
        ignores: Ignores::WorkTree,
        advice: Some(advice(&changes)),
    };
    range::scan(&repository, &spec, &purpose, &hook::quiet(), start)
}

/// What others have. Refs that git keeps for itself on the way, as those of a bisection or a rebase,
/// are looked at as all others: what has once been a ref is taken for known.
const OF_OTHERS: [&str; 2] = ["refs/remotes/", "refs/prefetch/"];

fn is_of_others(name: &[u8]) -> bool {
    OF_OTHERS.iter().any(|folder| name.starts_with(folder.as_bytes()))
}

/// Whether the change may bring anything of the user's. `hooks/shim.sh` asks the same.
fn is_of_interest(update: &Update) -> bool {
    let name = &update.name;
    (name.starts_with(b"refs/") || name == "HEAD")
        && !is_of_others(name)
        && !update.is_deletion()
        && !update.new.starts_with("ref:")
        && update.new != update.old
}

/// Whether a clone is under way: it writes remote-tracking branches and tags before there is a branch
/// of one's own.
fn is_clone(repository: &Repository, changes: &[Update]) -> anyhow::Result<bool> {
    let are_tags = changes.iter().all(|change| change.name.starts_with(b"refs/tags/"));
    // As long as it is under way, `HEAD` may be nothing that can be read.
    let has_head = matches!(repository.head(), Ok(Some(_)));
    if !are_tags || has_head || !repository.has_remote() {
        return Ok(false);
    }
    Ok(!repository.refs()?.iter().any(|(name, _)| name.starts_with(b"refs/heads/")))
}

/// What the same change makes known of others: a fetch with `--atomic` is one change of all refs, and
/// has not yet noted elsewhere what it brings.
fn fetched(repository: &Repository, others: &[Update]) -> Vec<ObjectId> {
    let refs = others.iter().filter(|one| is_of_others(&one.name));
    refs.filter_map(|one| repository.resolve_id(&one.new)).collect()
}

/// Leaves out tags that came with what they lead to: git fetches those, whatever they say.
fn drop_fetched_tags(repository: &Repository, changes: &mut Vec<Update>, fetched: &[ObjectId]) {
    let is_tag = |change: &Update| change.name.starts_with(b"refs/tags/") && is_zero(&change.old);
    let tags = changes.iter().filter(|change| is_tag(change));
    let tags: Option<Vec<_>> = tags.map(|tag| repository.resolve_id(&tag.new)).collect();
    if tags.is_some_and(|tags| repository.lead_into(&tags, fetched)) {
        changes.retain(|change| !is_tag(change));
    }
}

/// What is to be scanned.
fn spec(
    repository: &Repository,
    changes: &[Update],
    fetched: Vec<ObjectId>,
) -> anyhow::Result<RangeSpec> {
    if let Some(spec) = one_commit(repository, changes)? {
        return Ok(spec);
    }
    let mut known = fetched;
    known.extend(repository.refs()?.into_iter().map(|(_, id)| id));
    // One that cannot be read, as in a clone that is under way, hides nothing.
    known.extend(repository.head().ok().flatten());
    known.extend(repository.fetched());
    hook::spec(repository, changes, known)
}

/// One new commit whose files were scanned as the staged change: only its message is left. Git tells
/// of `HEAD` beside its branch.
fn one_commit(repository: &Repository, changes: &[Update]) -> anyhow::Result<Option<RangeSpec>> {
    let new = &changes[0].new;
    if changes.iter().any(|change| change.new != *new) {
        return Ok(None);
    }
    let old = changes.iter().map(|change| &change.old).find(|old| !is_zero(old));
    let old = old.and_then(|old| repository.resolve_id(old));
    let Some(id) = repository.resolve_id(new) else { return Ok(None) };
    let Some(step) = repository.step(old, id) else { return Ok(None) };
    if !note::is_noted(repository, &step.trees) {
        return Ok(None);
    }
    let known: Vec<ObjectId> = match (&step.parents[..], old) {
        (&[parent], Some(old)) => vec![parent, old],
        _ => repository.refs()?.into_iter().map(|(_, id)| id).collect(),
    };
    let mut spec = hook::spec(repository, &changes[changes.len() - 1..], known)?;
    spec.scanned = vec![id];
    Ok(Some(spec))
}

/// What can be done where things stand, by the kind of ref.
fn advice(changes: &[Update]) -> &'static str {
    let is_in = |folder: &str| changes.iter().any(|one| one.name.starts_with(folder.as_bytes()));
    if is_in("refs/stash") {
        "Nothing was stashed, and your files are as they were: take it out of the file first, or \
         stash the others with `git stash push -- PATH`."
    } else if is_in("refs/tags/") {
        "The tag was not made: make it again without the secret, or of another commit."
    } else if is_in("refs/notes/") {
        "The note was not added: write it again without the secret."
    } else if is_in("refs/heads/") || changes.iter().any(|one| one.name == "HEAD") {
        "No branch leads to this commit: take the secret out of what is to be committed and run the \
         command again; one that was broken off midway goes back with its `--abort`."
    } else {
        "The ref was not changed: take the secret out and run the command again."
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_have_is_of_no_interest() {
        let (zero, one, two) = ("0".repeat(40), "1".repeat(40), "2".repeat(40));
        let is = |old: &str, new: &str, name: &str| {
            let (name, new, old) = (name.into(), new.to_owned(), old.to_owned());
            is_of_interest(&Update { name, new, old })
        };
        for name in [
            "HEAD",
            "refs/heads/a",
            "refs/tags/v",
            "refs/notes/x",
            "refs/stash",
            "refs/x",
            "refs/bisect/bad",
            "refs/rewritten/onto",
        ] {
            assert!(is(&zero, &one, name) && is(&one, &two, name), "{name}");
            assert!(!is(&one, &zero, name) && !is(&one, &one, name), "{name}");
        }
        for name in ["ORIG_HEAD", "AUTO_MERGE", "refs/remotes/origin/a", "refs/prefetch/remotes/a"]
        {
            assert!(!is(&zero, &one, name), "{name}");
        }
        assert!(!is(&zero, "ref:refs/heads/a", "HEAD"));
    }
}
