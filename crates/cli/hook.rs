//! `leakgate hook EVENT`: what git's hooks and the pre-commit framework call.

use std::env;
use std::ffi::OsString;
use std::io::{self, Read as _};
use std::path::{self, Path};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use bstr::{BString, ByteSlice as _};
use leakgate_git::{Cut, Message, Moment, RangeSpec, Repository, Tip, is_edited};
use leakgate_hooks::Event;
use leakgate_model::shell_path;
use leakgate_policy::Samples;
use leakgate_report::Scope;

use crate::args::{HookArgs, ScanArgs};
use crate::check::Checks;
use crate::exit::Exit;
use crate::range::{self, Ignores, Purpose, is_zero};
use crate::samples::Handling;
use crate::{arrival, note, run, skip, terminal, transaction};

/// Runs what belongs to the event.
pub(crate) fn hook(args: &HookArgs) -> anyhow::Result<Exit> {
    let Some(&event) = Event::ALL.iter().find(|event| event.name() == args.event) else {
        let names: Vec<_> = Event::ALL.iter().map(|event| event.name()).collect();
        bail!(
            "there is no check for the hook {:?}; there is one for {}",
            args.event,
            names.join(", ")
        );
    };
    // Of refs git tells so often that it is asked there whether anything is to be skipped.
    let asks = event.can_stop() && !event.is_of_server() && event != Event::ReferenceTransaction;
    if asks && let Some(reason) = skip::reason_for(event)? {
        if event.has_message()
            && let Some(file) = args.rest.first()
        {
            skip::leave_trailer(&reason, Path::new(file))?;
        }
        return Ok(Exit::Clean);
    }
    match event {
        Event::PreCommit | Event::PreMergeCommit if is_framework() => framework(),
        // The framework runs one hook for both.
        Event::PreCommit if is_set("PRE_COMMIT") && names_merge() => {
            staged(Moment::Merge, Say::Summary)
        }
        Event::PreCommit => staged(Moment::Commit, Say::Summary),
        Event::PreMergeCommit => staged(Moment::Merge, Say::Summary),
        Event::PreApplypatch => staged(Moment::Commit, Say::Nothing),
        Event::PrepareCommitMsg => prepared(message_file(&args.rest)?),
        Event::CommitMsg => message(message_file(&args.rest)?, MessageOf::Commit),
        Event::ApplypatchMsg => message(message_file(&args.rest)?, MessageOf::Patch),
        Event::PrePush => push(&args.rest),
        Event::PreReceive => receive(&Update::read(&input()?)?, "pre-receive"),
        Event::Update => receive(&[update(&args.rest)?], "update"),
        Event::PostCheckout | Event::PostMerge => Ok(arrival::warn(event, &args.rest)),
        Event::ReferenceTransaction => transaction::transaction(&args.rest),
    }
}

/// A hook that has nothing to say says nothing: several run for one commit.
pub(crate) fn quiet() -> ScanArgs {
    ScanArgs { quiet: true, ..ScanArgs::default() }
}

/// What a hook says of a change that it lets pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Say {
    /// A line, unless the user wants none.
    Summary,
    Nothing,
}

fn staged(moment: Moment, say: Say) -> anyhow::Result<Exit> {
    let start = Instant::now();
    let repository = run::repository()?;
    let is_quiet = say == Say::Nothing || is_set("LEAKGATE_QUIET");
    let scan = if is_quiet { quiet() } else { ScanArgs::default() };
    let exit = run::staged_in(&repository, &scan, moment, start)?;
    if exit == Exit::Clean {
        note::write(&repository, moment);
    }
    Ok(exit)
}

/// Before the message is edited, also where git runs no other hook. What `pre-commit` has scanned
/// a moment ago is not scanned again.
fn prepared(file: &Path) -> anyhow::Result<Exit> {
    let repository = run::repository()?;
    if !note::is_there(&repository, Moment::Commit) {
        let exit = run::staged_in(&repository, &quiet(), Moment::Commit, Instant::now())?;
        if exit != Exit::Clean {
            return Ok(exit);
        }
        note::prepare(&repository);
        note::write(&repository, Moment::Commit);
    }
    // What is about to be edited is looked at when that is done: the editor may be opened to mend it.
    if is_edited() {
        return Ok(Exit::Clean);
    }
    message(file, MessageOf::Commit)
}

/// Whose message it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum MessageOf {
    /// A commit's.
    Commit,
    /// A patch's: `git am` keeps every line.
    Patch,
}

fn message_file(args: &[OsString]) -> anyhow::Result<&Path> {
    let file = args.first().context("this hook needs the file of the message; git gives it")?;
    Ok(Path::new(file))
}

fn message(file: &Path, of: MessageOf) -> anyhow::Result<Exit> {
    let start = Instant::now();
    let (scan, repository) = (quiet(), run::repository()?);
    let root = repository.work_tree();
    let rules = run::rules(&scan, root.as_deref())?;
    let ignores = run::ignores(root.as_deref())?;
    let samples = Handling::of(&scan, Samples::Tell);
    let checks = Checks { rules: &rules, modes: None, whole: None, samples };
    let look =
        |message: &Message| run::scan_all(&checks, message, message.listing(), &ignores, &scan);
    let mut message = Message::read(file)?;
    let mut scanned = look(&message)?;
    // Mostly there is nothing in all of it; only else it matters what git will take out.
    if of == MessageOf::Commit && scanned.outcome.blocking > 0 {
        message.clean_up();
        scanned = look(&message)?;
    }
    range::advise(&mut scanned.findings, &message_advice(of, &message, file));
    run::finish("message", Scope::Message, &scanned, &rules, &scan, start)
}

/// How to go on without losing what was written: the next `git commit` begins a message anew.
fn message_advice(of: MessageOf, message: &Message, file: &Path) -> String {
    match of {
        MessageOf::Patch => {
            "Nothing was applied: leave the patch out with `--skip`, or take it out \
            of the patch and begin again after `--abort`."
                .to_owned()
        }
        MessageOf::Commit if is_edited() => {
            let diff = if message.is_cut() { "-v " } else { "" };
            // Git runs hooks at the top, wherever the user is.
            let is_at_top = env::var_os("GIT_PREFIX").is_none_or(|prefix| prefix.is_empty());
            let absolute = path::absolute(file).unwrap_or_else(|_| file.to_owned());
            let file = if is_at_top { file } else { &absolute };
            let file = shell_path(file.as_os_str().as_encoded_bytes().as_bstr());
            format!(
                "Your message is kept: commit again with `{diff}-e -F {file}` and take it out there."
            )
        }
        _ => "Take it out of the message and commit again.".to_owned(),
    }
}

/// One ref as git tells a hook of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Update {
    /// The ref's name where it goes.
    pub(crate) name: BString,
    pub(crate) new: String,
    pub(crate) old: String,
}

impl Update {
    /// Lines of `OLD NEW REF`.
    pub(crate) fn read(input: &[u8]) -> anyhow::Result<Vec<Self>> {
        input.lines().map(Self::of_line).collect()
    }

    fn of_line(line: &[u8]) -> anyhow::Result<Self> {
        let words: Vec<_> = line.splitn_str(3, " ").collect();
        let [old, new, name] = words[..] else {
            bail!("could not read what git wrote to the hook: {:?}", line.as_bstr());
        };
        let text = |word: &[u8]| word.to_str_lossy().into_owned();
        Ok(Self { name: name.into(), new: text(new), old: text(old) })
    }

    pub(crate) fn is_deletion(&self) -> bool {
        is_zero(&self.new)
    }
}

/// `pre-push NAME ADDRESS`, with lines of `LOCAL-REF NEW REF OLD`.
fn push(args: &[OsString]) -> anyhow::Result<Exit> {
    let start = Instant::now();
    let input = input()?;
    if input.trim().is_empty() && is_framework() {
        return framework();
    }
    let mut updates = Vec::new();
    for line in input.lines() {
        // The first word may hold spaces, as in `main@{1 day ago}`.
        let words: Vec<_> = line.rsplitn_str(4, " ").collect();
        let [old, name, new, _local] = words[..] else {
            bail!("could not read what git wrote to the hook: {:?}", line.as_bstr());
        };
        let text = |word: &[u8]| word.to_str_lossy().into_owned();
        updates.push(Update { name: name.into(), new: text(new), old: text(old) });
    }
    let repository = run::repository()?;
    // The name says less: one remote may be fetched from here and pushed to there.
    let address = args.get(1).map(|address| address.as_encoded_bytes()).unwrap_or_default();
    let spec = spec(&repository, &updates, repository.known_at(address.as_bstr())?)?;
    scan_push(&repository, &spec, "push", Ignores::WorkTree, start)
}

/// What a server is to decide on. Whatever any of its refs leads to is there already.
fn receive(updates: &[Update], command: &str) -> anyhow::Result<Exit> {
    let start = Instant::now();
    give_up_in_time()?;
    let repository = run::repository()?;
    let known = repository.refs()?.into_iter().map(|(_, id)| id).collect();
    let spec = spec(&repository, updates, known)?;
    scan_push(&repository, &spec, command, Ignores::Tips, start)
}

/// `update REF OLD NEW`.
fn update(args: &[OsString]) -> anyhow::Result<Update> {
    let [name, old, new] = args else { bail!("this hook needs a ref and two ids; git gives them") };
    let text = |word: &OsString| word.to_string_lossy().into_owned();
    Ok(Update { name: text(name).into(), new: text(new), old: text(old) })
}

pub(crate) fn spec(
    repository: &Repository,
    updates: &[Update],
    known: Vec<leakgate_model::ObjectId>,
) -> anyhow::Result<RangeSpec> {
    let mut tips = Vec::new();
    let mut hidden = known;
    for update in updates.iter().filter(|update| !update.is_deletion()) {
        let Some(id) = repository.resolve(&update.new)? else {
            bail!(
                "could not find the object {} that is to be sent; `git fsck` may tell more",
                update.new
            );
        };
        tips.push(Tip { name: update.name.clone(), id });
        if !is_zero(&update.old)
            && let Some(old) = repository.resolve(&update.old)?
        {
            hidden.push(old);
        }
    }
    Ok(RangeSpec { tips, hidden, cut: Cut::Whole, scanned: Vec::new() })
}

fn scan_push(
    repository: &Repository,
    spec: &RangeSpec,
    command: &str,
    ignores: Ignores,
    start: Instant,
) -> anyhow::Result<Exit> {
    if spec.tips.is_empty() {
        return Ok(Exit::Clean);
    }
    let advice = Some(range::IN_A_COMMIT);
    let purpose = Purpose { command, scope: Scope::Push, ignores, advice };
    range::scan(repository, spec, &purpose, &quiet(), start)
}

pub(crate) fn input() -> anyhow::Result<Vec<u8>> {
    let mut input = Vec::new();
    io::stdin().lock().read_to_end(&mut input).context("could not read what git has to say")?;
    Ok(input)
}

/// A server's connection must not hang for ever: after this many seconds the push is refused.
const TIME_LIMIT: u64 = 600;

fn give_up_in_time() -> anyhow::Result<()> {
    let limit = match env::var("LEAKGATE_TIME_LIMIT") {
        Ok(text) => text.parse().with_context(|| {
            format!("LEAKGATE_TIME_LIMIT is {text:?}, which is no number of seconds")
        })?,
        Err(_) => TIME_LIMIT,
    };
    thread::spawn(move || {
        thread::sleep(Duration::from_secs(limit));
        terminal::complain(&anyhow::anyhow!(
            "could not scan all of it in {limit} s, so the push is refused; push fewer commits at \
             a time, or ask who runs this server to raise LEAKGATE_TIME_LIMIT"
        ));
        std::process::exit(i32::from(Exit::Incomplete.status()));
    });
    Ok(())
}

/// Whether the pre-commit framework runs this, and not a git that it runs: git names the index.
fn is_framework() -> bool {
    is_set("PRE_COMMIT") && !is_set("GIT_INDEX_FILE")
}

/// The framework tells by its environment what is meant: commits, a push, or all files.
fn framework() -> anyhow::Result<Exit> {
    let start = Instant::now();
    let repository = run::repository()?;
    let text = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
    let head = text("PRE_COMMIT_TO_REF").or_else(|| text("PRE_COMMIT_LOCAL_BRANCH"));
    let (Some(head), from) = (head, text("PRE_COMMIT_FROM_REF")) else {
        return run::index(&ScanArgs::default());
    };
    let find = |name: &str| -> anyhow::Result<_> {
        repository.resolve(name)?.with_context(|| {
            format!("could not find the commit {name:?} here; `git fetch` may bring it")
        })
    };
    let is_push = text("PRE_COMMIT_REMOTE_NAME").is_some();
    let mut hidden = match text("PRE_COMMIT_REMOTE_URL") {
        Some(address) => repository.known_at(address.as_bytes().as_bstr())?,
        None => Vec::new(),
    };
    hidden.extend(from.map(|from| find(&from)).transpose()?);
    let name = text("PRE_COMMIT_REMOTE_BRANCH").unwrap_or_default().into();
    let tips = vec![Tip { name, id: find(&head)? }];
    let spec = RangeSpec { tips, hidden, cut: Cut::Whole, scanned: Vec::new() };
    let scope = if is_push { Scope::Push } else { Scope::Commits };
    let advice = (scope == Scope::Push).then_some(range::IN_A_COMMIT);
    let purpose = Purpose { command: "hook", scope, ignores: Ignores::WorkTree, advice };
    range::scan(&repository, &spec, &purpose, &ScanArgs::default(), start)
}

/// Whether git has named what it merges in the environment, as it does before `pre-merge-commit`.
fn names_merge() -> bool {
    env::vars_os().any(|(name, _)| name.to_string_lossy().starts_with("GITHEAD_"))
}

fn is_set(name: &str) -> bool {
    env::var_os(name).is_some_and(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_a_server() {
        let zero = "0".repeat(40);
        let input = format!("{zero} 12 refs/heads/a b\n34 {zero} refs/tags/v\n");
        let updates = Update::read(input.as_bytes()).expect("git's own words");
        assert_eq!(updates[0].name, "refs/heads/a b");
        assert_eq!((updates[0].new.as_str(), updates[0].is_deletion()), ("12", false));
        assert!(updates[1].is_deletion());
        assert!(Update::read(b"refs/heads/a\n").is_err());
        assert!(Update::read(b"").expect("nothing").is_empty());
    }
}
