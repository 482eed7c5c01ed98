//! `leakgate ignore`: letting findings pass, and looking after the entries that do.

mod report;
mod search;

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context as _, bail};
use leakgate_git::Repository;
use leakgate_model::{Fingerprint, RuleId};
use leakgate_policy::{FILE_NAME, IgnoreEntry, IgnoreFile, check_reason, fingerprint_of};

use self::report::Listed;
use self::search::{Found, Search, Wanted};
use crate::args::IgnoreArgs;
use crate::exit::Exit;
use crate::{run, terminal};

/// How many lines tell of single entries.
const MOST_LINES: usize = 20;

/// `leakgate ignore …`.
pub(crate) fn ignore(args: &IgnoreArgs) -> anyhow::Result<Exit> {
    let repository = run::repository()?;
    let root =
        repository.work_tree().context("there is no work tree here to keep the ignore file in")?;
    let file = run::ignores(Some(&root))?;
    if args.list {
        list(&file)
    } else if args.stale {
        stale(args, &repository, &file)
    } else if args.remove {
        remove(args, &root, file)
    } else {
        add(args, &repository, &root, file)
    }
}

fn add(
    args: &IgnoreArgs,
    repository: &Repository,
    root: &Path,
    mut file: IgnoreFile,
) -> anyhow::Result<Exit> {
    let reason = args.reason.as_deref().unwrap_or_default();
    check_reason(reason)?;
    let listed = match &args.report {
        Some(path) => Listed::read(path)?,
        None => Listed::of(fingerprints(args)?.into_iter().map(Wanted::any)),
    };
    if listed.wanted.is_empty() {
        terminal::say(["nothing to let pass: the report has no findings".to_owned()])?;
        return Ok(Exit::Clean);
    }
    let key = file.key().clone();
    let mut search = Search::new(repository, &key, args, listed.wanted)?;
    search.look_in(&args.files)?;
    search.look_in(&listed.paths)?;
    search.look_everywhere()?;
    if search.found.is_empty() {
        bail!("{}", not_found(&search));
    }
    if !file.has_own_key() {
        file.make_key()?;
    }
    let mut lines = Vec::new();
    for found in &search.found {
        lines.push(add_one(&mut file, found, reason)?);
    }
    file.write(root)?;
    lines.sort();
    tell(lines)?;
    if search.open.is_empty() {
        return Ok(Exit::Clean);
    }
    terminal::complain(&anyhow::anyhow!("{}", not_found(&search)));
    Ok(Exit::Incomplete)
}

/// Adds an entry. Returns what there is to tell of it.
fn add_one(file: &mut IgnoreFile, found: &Found, reason: &str) -> anyhow::Result<String> {
    let rule = found.finding.rule.clone();
    let fingerprint = fingerprint_of(&found.finding, file.key());
    let mut line = format!("{FILE_NAME}: {rule} {fingerprint}");
    if fingerprint != found.shown {
        line += &format!(", shown as {} so far,", found.shown);
    }
    match file.add(IgnoreEntry { rule, fingerprint }, reason)? {
        Some(_) => line += " was let pass already, and has another reason now",
        None => line += " is let pass from now on",
    }
    Ok(line)
}

/// Tells of the entries that were added; of many, only how many there are.
fn tell(mut lines: Vec<String>) -> anyhow::Result<()> {
    if lines.len() > MOST_LINES {
        lines = vec![format!("{FILE_NAME}: {} findings are let pass from now on", lines.len())];
    }
    lines.push("commit the file so that it holds for everybody".to_owned());
    terminal::say(lines)
}

fn not_found(search: &Search<'_>) -> String {
    let mut names: Vec<_> =
        search.open.iter().take(MOST_LINES).map(|wanted| wanted.fingerprint.to_string()).collect();
    if search.open.len() > names.len() {
        names.push(format!("{} more", search.open.len() - names.len()));
    }
    let unread = match search.unread {
        0 => String::new(),
        unread => format!(" ({unread} could not be read)"),
    };
    format!(
        "nothing that is staged, committed or in the work tree{unread} has the fingerprint {}; \
         `--files PATH` looks in a file that git ignores or that is elsewhere, `--files -` in \
         standard input",
        names.join(", ")
    )
}

fn fingerprints(args: &IgnoreArgs) -> anyhow::Result<Vec<Fingerprint>> {
    let parse = |text: &String| {
        Fingerprint::parse(text)
            .with_context(|| format!("{text:?} is no fingerprint: it has 20 hexadecimal digits"))
    };
    args.fingerprints.iter().map(parse).collect()
}

fn list(file: &IgnoreFile) -> anyhow::Result<Exit> {
    terminal::say(file.entries().map(|(entry, reason)| line(entry, reason)))?;
    Ok(Exit::Clean)
}

/// An entry as it stands in the file.
fn line(entry: &IgnoreEntry, reason: &str) -> String {
    terminal::harmless(&format!("{} {} {reason}", entry.rule, entry.fingerprint))
}

/// Tells which entries let nothing pass that there is.
fn stale(args: &IgnoreArgs, repository: &Repository, file: &IgnoreFile) -> anyhow::Result<Exit> {
    let wanted = |(entry, _): (&IgnoreEntry, &str)| Wanted {
        fingerprint: entry.fingerprint,
        rule: Some(entry.rule.clone()),
    };
    let key = file.key().clone();
    let mut search = Search::new(repository, &key, args, file.entries().map(wanted).collect())?;
    search.look_in(&args.files)?;
    search.look_everywhere()?;
    if search.open.is_empty() {
        terminal::say([format!("{FILE_NAME}: each entry lets something pass")])?;
        return Ok(Exit::Clean);
    }
    if search.unread > 0 {
        bail!(
            "could not tell which entries are stale: {} could not be read; `leakgate history` and \
             `leakgate audit` name it",
            search.unread
        );
    }
    let is_open = |entry: &IgnoreEntry| {
        let (fingerprint, rule) = (entry.fingerprint, Some(entry.rule.clone()));
        search.open.contains(&Wanted { fingerprint, rule })
    };
    let stale = file.entries().filter(|(entry, _)| is_open(entry));
    terminal::say(stale.map(|(entry, reason)| line(entry, reason)))?;
    Ok(Exit::Findings)
}

fn remove(args: &IgnoreArgs, root: &Path, mut file: IgnoreFile) -> anyhow::Result<Exit> {
    let wanted: BTreeSet<_> = fingerprints(args)?.into_iter().collect();
    let gone: Vec<(RuleId, Fingerprint)> = file
        .entries()
        .filter(|(entry, _)| wanted.contains(&entry.fingerprint))
        .map(|(entry, _)| (entry.rule.clone(), entry.fingerprint))
        .collect();
    if let Some(missing) = wanted.iter().find(|print| !gone.iter().any(|(_, one)| one == *print)) {
        bail!("no entry has the fingerprint {missing}; `leakgate ignore --list` shows them all");
    }
    file.remove(&wanted);
    file.write(root)?;
    let told = |(rule, print)| format!("{FILE_NAME}: {rule} {print} is let pass no more");
    terminal::say(gone.into_iter().map(told))?;
    Ok(Exit::Clean)
}
