//! `leakgate doctor`: does leakgate run when it should? Not by looking alone, but by trying.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;
use bstr::ByteSlice as _;
use leakgate_git::{HooksPath, Repository};
use leakgate_hooks::{Event, State};
use serde_json::{Value, json};

use crate::args::DoctorArgs;
use crate::canary::{self, Attempt, Canary, Fate};
use crate::exit::Exit;
use crate::install::Scope;
use crate::{mask, run, terminal};

/// One thing that was looked at or tried.
#[derive(Debug)]
struct Check {
    /// What, as a name for programs.
    name: String,
    verdict: Verdict,
    /// What is so.
    detail: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// As it should be.
    Good,
    /// Worth knowing.
    Note,
    /// A secret could slip by here.
    Bad,
    /// It could not be found out.
    Unknown,
}

impl Verdict {
    fn word(self) -> &'static str {
        match self {
            Self::Good => "ok",
            Self::Note => "note",
            Self::Bad => "bad",
            Self::Unknown => "unknown",
        }
    }
}

/// All that was found.
#[derive(Debug, Default)]
struct Findings {
    checks: Vec<Check>,
}

impl Findings {
    fn add(&mut self, name: impl Into<String>, verdict: Verdict, detail: impl Into<String>) {
        let (name, detail) = (mask::text(&name.into()), mask::text(&detail.into()));
        self.checks.push(Check { name, verdict, detail });
    }

    fn exit(&self) -> Exit {
        let has = |verdict| self.checks.iter().any(|check| check.verdict == verdict);
        match () {
            () if has(Verdict::Bad) => Exit::Findings,
            () if has(Verdict::Unknown) => Exit::Incomplete,
            () => Exit::Clean,
        }
    }

    fn json(&self) -> Value {
        let check = |check: &Check| json!({ "name": check.name, "verdict": check.verdict.word(), "detail": check.detail });
        json!({
            "schema": 1,
            "guarded": self.exit() == Exit::Clean,
            "exit": self.exit().status(),
            "checks": self.checks.iter().map(check).collect::<Vec<_>>(),
        })
    }

    fn lines(&self) -> Vec<String> {
        let line = |check: &Check| {
            let told = format!("{}: {}", check.name, plain(&check.detail));
            format!("{:<8}{}", check.verdict.word(), terminal::hanging(&told, 8))
        };
        let mut lines: Vec<_> = self.checks.iter().map(line).collect();
        lines.push(
            match self.exit() {
                Exit::Clean => "leakgate: guarded",
                Exit::Findings => "leakgate: not guarded; what is marked bad lets secrets slip by",
                Exit::Incomplete => "leakgate: not all of it could be tried",
            }
            .to_owned(),
        );
        lines
    }
}

/// Names of folders are anybody's.
fn plain(text: &str) -> String {
    text.chars().map(|c| if leakgate_model::is_invisible(c) { '?' } else { c }).collect()
}

/// `leakgate doctor`.
pub(crate) fn doctor(args: &DoctorArgs) -> anyhow::Result<Exit> {
    let repository = run::repository()?;
    let mut findings = Findings::default();
    let hooks_dir = repository.hooks_dir()?;
    folder(&repository, &hooks_dir, &mut findings)?;
    if repository.work_tree().is_none() {
        hook(&hooks_dir, Event::PreReceive, &mut findings);
    } else {
        let strict: &[Event] = if is_strict(&hooks_dir) { &Event::STRICT } else { &[] };
        for &event in Event::DEFAULT.iter().chain(strict) {
            hook(&hooks_dir, event, &mut findings);
        }
        put_aside(&hooks_dir, &mut findings);
        environment(&mut findings);
        worktrees(&repository, &mut findings);
        attempts(&repository, &hooks_dir, &mut findings);
    }
    if args.json {
        let text =
            serde_json::to_string_pretty(&findings.json()).context("could not write JSON")?;
        terminal::say([text])?;
    } else {
        terminal::say(findings.lines())?;
    }
    Ok(findings.exit())
}

fn folder(
    repository: &Repository,
    hooks_dir: &Path,
    findings: &mut Findings,
) -> anyhow::Result<()> {
    let shown = hooks_dir.display();
    let name = "hooks folder";
    if hooks_dir == Path::new("/dev/null") {
        findings.add(name, Verdict::Bad, "core.hooksPath is /dev/null, which switches hooks off");
        return Ok(());
    }
    let detail = match repository.hooks_path()? {
        HooksPath::Unset => format!("{shown}"),
        HooksPath::Own => format!("{shown}, set by core.hooksPath of this repository"),
        HooksPath::Shared => {
            format!("{shown}, set by core.hooksPath of the user or the system for all repositories")
        }
    };
    findings.add(name, Verdict::Good, detail);
    Ok(())
}

/// What the file of a hook tells. Where a tool or the configuration of git decides, trying tells.
fn hook(hooks_dir: &Path, event: Event, findings: &mut Findings) {
    let configured = is_configured(event);
    let install = install_command(hooks_dir);
    let (verdict, detail) = match leakgate_hooks::state(hooks_dir, event) {
        State::Installed { binary, previous } => {
            let (verdict, about) = about_binary(&binary);
            let then =
                previous.map_or_else(String::new, |path| format!("; also runs {}", path.display()));
            (verdict, format!("runs {}{about}{then}", binary.display()))
        }
        _ if configured => (Verdict::Good, "runs leakgate by the configuration of git".to_owned()),
        State::Forwards => (
            Verdict::Bad,
            format!("runs the repository's own hook and not leakgate; `{install}` mends it"),
        ),
        State::NotExecutable => {
            (Verdict::Bad, format!("not executable, so git passes over it; `{install}` mends it"))
        }
        State::CarriageReturns => (
            Verdict::Bad,
            format!(
                "its lines end in carriage returns, so sh cannot run it; remove it and run \
                 `{install}`"
            ),
        ),
        State::Edited => (Verdict::Note, "leakgate's, and edited since".to_owned()),
        State::Missing => (Verdict::Bad, format!("not there; `{install}` writes it")),
        State::Managed(manager) => {
            (Verdict::Note, format!("{manager} decides; `{install}` shows the lines to add"))
        }
        State::Foreign => (
            Verdict::Bad,
            format!(
                "another hook, which does not run leakgate by what its file tells; `{install}` \
                 keeps it and adds leakgate"
            ),
        ),
        State::Unreadable(why) => (Verdict::Unknown, format!("could not be read: {why}")),
    };
    findings.add(format!("{event} hook"), verdict, detail);
}

/// Hooks of ours under a name that another tool gave them.
fn put_aside(hooks_dir: &Path, findings: &mut Findings) {
    for path in leakgate_hooks::put_aside(hooks_dir) {
        let name = path.file_name().unwrap_or_default().display().to_string();
        let detail = "leakgate's, put aside by another tool, which may run it beside its own hook; \
                      `leakgate uninstall` takes it out";
        findings.add(name, Verdict::Note, detail);
    }
}

/// The command that installs into this folder.
fn install_command(hooks_dir: &Path) -> String {
    match Scope::of(hooks_dir) {
        Some(scope) => format!("leakgate install {}", scope.option()),
        None => "leakgate install".to_owned(),
    }
}

/// What an installed hook runs, by its version.
fn about_binary(binary: &Path) -> (Verdict, String) {
    let own = concat!("leakgate ", env!("CARGO_PKG_VERSION"));
    match Command::new(binary).arg("--version").output() {
        Err(_) => (Verdict::Note, ", which is gone: it is looked for in PATH instead".to_owned()),
        Ok(output) if output.stdout.trim_ascii() == own.as_bytes() => {
            (Verdict::Good, String::new())
        }
        Ok(output) => {
            let version = output.stdout.trim_ascii().to_str_lossy().into_owned();
            (Verdict::Note, format!(", which is {version:?}, while this is {own}"))
        }
    }
}

/// Git 2.54 and newer run hooks that are named in the configuration; older ones do not.
fn is_configured(event: Event) -> bool {
    let listed = Command::new("git").args(["hook", "list", event.name()]).output();
    listed.is_ok_and(|output| output.status.success() && output.stdout.contains_str("leakgate"))
}

/// Variables that switch hooks off, ours or those of other managers.
fn environment(findings: &mut Findings) {
    for (name, off) in [("HUSKY", "0"), ("LEFTHOOK", "0"), ("SKIP_SIMPLE_GIT_HOOKS", "1")] {
        if env::var_os(name).is_some_and(|value| value == off) {
            findings.add("environment", Verdict::Note, format!("{name}={off} switches hooks off"));
        }
    }
    if env::var("SKIP").is_ok_and(|skip| skip.contains("leakgate")) {
        findings.add("environment", Verdict::Bad, "SKIP makes pre-commit pass over leakgate");
    }
    if env::var_os("LEAKGATE_SKIP").is_some_and(|reason| !reason.is_empty()) {
        findings.add("environment", Verdict::Bad, "LEAKGATE_SKIP is set for every command");
    }
}

/// A linked work tree may have hooks of its own.
fn worktrees(repository: &Repository, findings: &mut Findings) {
    let list = Command::new("git").args(["worktree", "list", "--porcelain", "-z"]).output();
    let Ok(list) = list.map(|output| output.stdout) else { return };
    let here = repository.work_tree();
    for line in list.split_str("\0").filter_map(|line| line.strip_prefix(b"worktree ")) {
        let Ok(path) = line.to_path().map(PathBuf::from) else { continue };
        if here.as_ref() == Some(&path) || !path.is_dir() {
            continue;
        }
        let other = Repository::discover(&path).and_then(|other| other.hooks_dir());
        let name = format!("work tree {}", path.display());
        match other {
            Ok(folder) => match leakgate_hooks::state(&folder, Event::PreCommit) {
                State::Installed { .. } => findings.add(name, Verdict::Good, "has the hooks, too"),
                State::Managed(_) => {
                    findings.add(name, Verdict::Note, "run `leakgate doctor` there as well");
                }
                _ => {
                    let detail = format!("its hooks are in {}, without leakgate", folder.display());
                    findings.add(name, Verdict::Bad, detail);
                }
            },
            Err(error) => findings.add(name, Verdict::Unknown, error.to_string()),
        }
    }
}

/// Attempts that count, with what each would let slip by.
const ATTEMPTS: [(Attempt, &str, &str); 5] = [
    (Attempt::Commit, "try to commit", "a secret in a file can be committed"),
    (Attempt::Message, "try to commit a message", "a secret in a message can be committed"),
    (Attempt::Merge, "try to merge", "a secret that a merge brings can be committed"),
    (Attempt::Push, "try to push", "a secret can be pushed"),
    (
        Attempt::ShortPath,
        "try as a graphical client",
        "a secret can be committed where PATH is short",
    ),
];

fn attempts(repository: &Repository, hooks_dir: &Path, findings: &mut Findings) {
    let canary = match Canary::new(repository, hooks_dir) {
        Ok(canary) => canary,
        Err(error) => {
            findings.add("try to commit", Verdict::Unknown, format!("{error:#}"));
            return;
        }
    };
    for (attempt, name, consequence) in ATTEMPTS {
        if attempt == Attempt::ShortPath && !canary::is_git_on_short_path() {
            continue;
        }
        let (verdict, detail) = match canary.attempt(attempt) {
            // It is leakgate or another program that is not found there: nothing slips by.
            Ok(Fate::Otherwise(said)) if attempt == Attempt::ShortPath => {
                (Verdict::Note, format!("no commit goes through: {said}"))
            }
            fate => judged(fate, (Verdict::Bad, consequence)),
        };
        findings.add(name, verdict, detail);
    }
    strict_attempts(&canary, hooks_dir, findings);
}

/// What an attempt tells, if going through means `through`.
fn judged(fate: anyhow::Result<Fate>, through: (Verdict, &str)) -> (Verdict, String) {
    match fate {
        Ok(Fate::Stopped) => (Verdict::Good, "leakgate stops it".to_owned()),
        Ok(Fate::Through) => (through.0, through.1.to_owned()),
        Ok(Fate::Otherwise(said)) => {
            (Verdict::Unknown, format!("something else stopped it: {said}"))
        }
        Err(error) => (Verdict::Unknown, format!("{error:#}")),
    }
}

/// What only `--strict` promises, with what goes through else.
const STRICT: [(Attempt, &str, &str, &str); 2] = [
    (
        Attempt::NoVerify,
        "try to commit with --no-verify",
        "a secret can be committed with --no-verify",
        "goes through until it is pushed",
    ),
    (
        Attempt::Ref,
        "try to change a branch",
        "a secret can get into a branch, a tag or the stash by commands that run few hooks",
        "commands that run few hooks go through until the push",
    ),
];

/// Whether a hook is there that only `--strict` installs.
fn is_strict(hooks_dir: &Path) -> bool {
    let is_installed =
        |event| matches!(leakgate_hooks::state(hooks_dir, event), State::Installed { .. });
    Event::STRICT.into_iter().any(|event| is_installed(event) || is_configured(event))
}

fn strict_attempts(canary: &Canary, hooks_dir: &Path, findings: &mut Findings) {
    let strict = is_strict(hooks_dir);
    let install = install_command(hooks_dir);
    for (attempt, name, consequence, otherwise) in STRICT {
        let advice = format!("{otherwise}; `{install} --strict` stops it");
        let through = if strict { (Verdict::Bad, consequence) } else { (Verdict::Note, &*advice) };
        let (verdict, detail) = judged(canary.attempt(attempt), through);
        findings.add(name, verdict, detail);
    }
}
