//! Tries to commit and to push a secret, as a user would, and looks at who stops it.
//!
//! The attempts are git's own, in a git folder made for the purpose: it shares configuration and
//! hooks with the repository, as a linked work tree does, and has a `HEAD`, an index, objects and
//! a work tree of its own. A lock on that `HEAD` keeps git from going through with any commit. So
//! whatever happens, the repository stays as it is.

use std::collections::BTreeSet;
use std::collections::hash_map::RandomState;
use std::env;
use std::fs;
use std::hash::{BuildHasher as _, Hasher as _};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use anyhow::{Context as _, bail};
use bstr::{BStr, ByteSlice as _};
use leakgate_git::Repository;
use leakgate_hooks::Manager;
use tempfile::TempDir;

use crate::git;

/// What became of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Leakgate stopped it.
    Stopped,
    /// It would have gone through.
    Through,
    /// Something else stopped it; this is what was said.
    Otherwise(String),
}

/// What is attempted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Attempt {
    /// `git commit` of a secret.
    Commit,
    /// The same from a graphical client, which has a short `PATH`.
    ShortPath,
    /// What `git commit` runs when the message has a secret.
    Message,
    /// What `git merge` runs before it commits.
    Merge,
    /// `git push` of a commit with a secret.
    Push,
    /// `git commit --no-verify` of a secret.
    NoVerify,
    /// What any command runs before a branch leads to a commit with a secret.
    Ref,
}

/// Longer files are none of theirs.
const LONGEST: u64 = 1 << 20;

/// Nor are more of them, or folders so deep.
const MOST: usize = 200;
const DEEPEST: usize = 4;

/// The `PATH` of graphical clients.
pub(crate) const SHORT_PATH: &str = "/usr/bin:/bin";

/// A place to try things in, gone when dropped.
pub(crate) struct Canary {
    folder: TempDir,
    common_dir: PathBuf,
    hooks_dir: PathBuf,
    /// Whether where hooks are depends on the work tree.
    in_work_tree: bool,
    name: String,
    token: String,
    /// A commit that has the secret.
    bad: String,
}

impl Canary {
    /// Makes the place and a commit with a secret that is made up now.
    pub(crate) fn new(repository: &Repository, hooks_dir: &Path) -> anyhow::Result<Self> {
        let work_tree = repository.work_tree().context("there is no work tree here")?;
        let common_dir = std::path::absolute(repository.common_dir())
            .context("could not find the git folder")?;
        let folder = TempDir::with_prefix("leakgate-doctor-")
            .context("could not make a folder to try things in")?;
        let in_work_tree = hooks_dir.starts_with(&work_tree) && !hooks_dir.starts_with(&common_dir);
        let mut canary = Self {
            folder,
            common_dir,
            hooks_dir: hooks_dir.to_owned(),
            in_work_tree,
            name: format!("leakgate-canary-{:08x}.txt", random() as u32),
            token: token(),
            bad: String::new(),
        };
        canary.lay_out(repository, &work_tree).context("could not lay out a place to try in")?;
        Ok(canary)
    }

    /// Makes one attempt.
    pub(crate) fn attempt(&self, attempt: Attempt) -> anyhow::Result<Fate> {
        let commit = ["commit", "-m", "a canary of leakgate doctor"];
        let mut command = match attempt {
            Attempt::Commit => self.git(&commit),
            Attempt::ShortPath => {
                let mut command = self.git(&commit);
                command.env("PATH", SHORT_PATH);
                command
            }
            Attempt::NoVerify => self.git(&[&commit[..], &["--no-verify"]].concat()),
            // Not a commit: what else runs before one would run to its end.
            Attempt::Message => {
                let file = self.path("git/COMMIT_EDITMSG");
                fs::write(&file, format!("token {}\n", self.token))
                    .context("could not write a message")?;
                let file = file.display().to_string();
                self.git(&["hook", "run", "--ignore-missing", "commit-msg", "--", &file])
            }
            Attempt::Merge => {
                let mut command =
                    self.git(&["hook", "run", "--ignore-missing", "pre-merge-commit"]);
                // As a merge does; the pre-commit framework is told by it from what it runs itself.
                command.env("GIT_INDEX_FILE", self.path("git/index"));
                command
            }
            Attempt::Ref => {
                let file = self.path("git/refs-to-change");
                let none = "0".repeat(self.bad.len());
                fs::write(&file, format!("{none} {} refs/heads/leakgate-canary\n", self.bad))
                    .context("could not write a change of a ref")?;
                let input = format!("--to-stdin={}", file.display());
                let hook = "reference-transaction";
                self.git(&["hook", "run", "--ignore-missing", &input, hook, "--", "prepared"])
            }
            Attempt::Push => {
                let remote = self.path("remote.git").display().to_string();
                let refspec = format!("{}:refs/heads/canary", self.bad);
                self.git(&[
                    "push",
                    "--no-follow-tags",
                    "--recurse-submodules=no",
                    &remote,
                    &refspec,
                ])
            }
        };
        let run = |command: &mut Command| git::output(command.stdin(Stdio::null()));
        let mut output = run(&mut command)?;
        if attempt == Attempt::Ref && output.stderr.contains_str("unknown option") {
            output = run(&mut self.change_elsewhere()?)?;
        }
        Ok(self.fate(&output))
    }

    fn fate(&self, output: &Output) -> Fate {
        let said = [&output.stdout[..], &output.stderr].concat();
        // The lock is met after every hook has let it go on.
        let reached_the_end = output.status.success() || said.contains_str("HEAD.lock");
        let is_ours = said.contains_str("leakgate:") && said.contains_str("block");
        match (reached_the_end, is_ours) {
            (true, _) => Fate::Through,
            (false, true) => Fate::Stopped,
            (false, false) => Fate::Otherwise(self.hidden(&said)),
        }
    }

    /// What was said, on one line, without the secret and without colours.
    fn hidden(&self, said: &[u8]) -> String {
        let text = said.to_str_lossy().replace(&self.token, "[redacted]");
        let plain = anstream::adapter::strip_str(&text).to_string();
        let lines: Vec<_> = plain.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let shown = |c| if leakgate_model::is_invisible(c) { ' ' } else { c };
        lines.join("; ").chars().map(shown).take(300).collect()
    }

    fn lay_out(&mut self, repository: &Repository, work_tree: &Path) -> anyhow::Result<()> {
        for folder in ["git", "objects", "tree"] {
            fs::create_dir(self.path(folder))?;
        }
        fs::write(self.path("git/commondir"), format!("{}\n", self.common_dir.display()))?;
        let back = self.path("tree").join(".git");
        fs::write(self.path("git/gitdir"), format!("{}\n", back.display()))?;
        let own = repository.git_dir().join("config.worktree");
        if own.is_file() {
            fs::copy(own, self.path("git/config.worktree"))?;
        }
        // Anything will do for git to take the folder for its own.
        fs::write(self.path("git/HEAD"), "ref: refs/heads/leakgate-canary\n")?;
        let tree = self.ok(&["mktree"])?;
        let root = self.ok(&["commit-tree", "-m", "a canary of leakgate doctor", &tree])?;
        fs::write(self.path("git/HEAD"), format!("{root}\n"))?;
        let mut left = MOST;
        let configuration: BTreeSet<_> =
            Manager::ALL.into_iter().flat_map(Manager::configuration).collect();
        for name in &configuration {
            let (from, to) = (work_tree.join(name), self.path("tree").join(name));
            if !from.exists() {
                continue;
            }
            to.parent().map_or(Ok(()), fs::create_dir_all)?;
            copy(&from, &to, DEEPEST, &mut left)?;
            if to.exists() {
                self.ok(&["add", "-f", "--", name])?;
            }
        }
        let text = format!("token = \"{}\"\n", self.token);
        fs::write(self.path("tree").join(&self.name), text)?;
        self.ok(&["add", "-f", "--", &self.name])?;
        let tree = self.ok(&["write-tree"])?;
        self.bad = self.ok(&["commit-tree", "-p", &root, "-m", "a canary", &tree])?;
        let (format, remote) = (object_format(&root), self.path("remote.git"));
        let mut init = outside(Command::new("git"));
        self.run(init.args(["init", "-q", "--bare", format]).arg(remote))?;
        fs::write(self.path("git/HEAD.lock"), "")?;
        Ok(())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Git, in the place that was made.
    fn git(&self, args: &[&str]) -> Command {
        let mut command = outside(Command::new("git"));
        command
            .current_dir(self.path("tree"))
            .env("GIT_DIR", self.path("git"))
            .env("GIT_WORK_TREE", self.path("tree"))
            .env("GIT_OBJECT_DIRECTORY", self.path("objects"))
            .env("GIT_ALTERNATE_OBJECT_DIRECTORIES", self.common_dir.join("objects"))
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_EDITOR", ":")
            .env("NO_COLOR", "1")
            .env("LC_ALL", "C");
        for who in ["AUTHOR", "COMMITTER"] {
            command
                .env(format!("GIT_{who}_NAME"), "leakgate doctor")
                .env(format!("GIT_{who}_EMAIL"), "doctor@leakgate.invalid");
        }
        for setting in [
            "commit.gpgSign=false",
            "core.fsmonitor=false",
            "gc.auto=0",
            "maintenance.auto=false",
            "push.gpgSign=false",
            "rerere.enabled=false",
        ] {
            command.args(["-c", setting]);
        }
        if self.in_work_tree {
            command.arg("-c").arg(self.hooks_path());
        }
        command.args(args);
        command
    }

    /// The setting that makes git run the hooks of the repository.
    fn hooks_path(&self) -> String {
        format!("core.hooksPath={}", self.hooks_dir.display())
    }

    /// Changes a branch of another repository with the same hooks, for a git whose `hook run` hands
    /// nothing on: before 2.43.
    fn change_elsewhere(&self) -> anyhow::Result<Command> {
        let other = self.path("other");
        let format = object_format(&self.bad);
        self.run(outside(Command::new("git")).args(["init", "-q", format]).arg(&other))?;
        let hooks = self.hooks_path();
        let mut command =
            self.git(&["-c", &hooks, "update-ref", "refs/heads/leakgate-canary", &self.bad]);
        command.env("GIT_DIR", other.join(".git")).env("GIT_WORK_TREE", &other);
        Ok(command)
    }

    /// Runs git, which must succeed, and gives what it wrote.
    fn ok(&self, args: &[&str]) -> anyhow::Result<String> {
        self.run(&mut self.git(args))
    }

    fn run(&self, command: &mut Command) -> anyhow::Result<String> {
        let output = git::output(command.stdin(Stdio::null()))?;
        if !output.status.success() {
            bail!("git failed: {}", self.hidden(&output.stderr));
        }
        Ok(BStr::new(output.stdout.trim_ascii()).to_string())
    }
}

/// Copies a file or a folder as far as it can be what it should be; links are passed over.
fn copy(from: &Path, to: &Path, depth: usize, left: &mut usize) -> io::Result<()> {
    let Ok(metadata) = from.symlink_metadata() else { return Ok(()) };
    if metadata.is_file() && metadata.len() <= LONGEST && *left > 0 {
        *left -= 1;
        fs::copy(from, to)?;
    } else if metadata.is_dir() && depth > 0 {
        fs::create_dir(to)?;
        for entry in fs::read_dir(from)? {
            let name = entry?.file_name();
            copy(&from.join(&name), &to.join(&name), depth - 1, left)?;
        }
    }
    Ok(())
}

/// The option of `git init` for ids like this one.
fn object_format(id: &str) -> &'static str {
    if id.len() == 64 { "--object-format=sha256" } else { "--object-format=sha1" }
}

/// A command that knows nothing of the repository around it.
fn outside(mut command: Command) -> Command {
    for name in [
        "GIT_DIR",
        "GIT_WORK_TREE",
        "GIT_INDEX_FILE",
        "GIT_COMMON_DIR",
        "GIT_PREFIX",
        "GIT_OBJECT_DIRECTORY",
        "GIT_ALTERNATE_OBJECT_DIRECTORIES",
        "GIT_QUARANTINE_PATH",
        "GIT_NAMESPACE",
        // It would be recorded as a skip.
        "LEAKGATE_SKIP",
        "PRE_COMMIT",
    ] {
        command.env_remove(name);
    }
    command
}

/// Whether there is a git that graphical clients find.
pub(crate) fn is_git_on_short_path() -> bool {
    env::split_paths(SHORT_PATH).any(|folder| folder.join("git").is_file())
}

/// A GitHub token that never was one, with the checksum of a real one.
fn token() -> String {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let digit = |number: u64| char::from(DIGITS[(number % 62) as usize]);
    let body: String = (0..30).map(|_| digit(random())).collect();
    let sum = u64::from(crc32fast::hash(body.as_bytes()));
    let checksum: String = (0..6).rev().map(|place| digit(sum / 62_u64.pow(place))).collect();
    format!("ghp_{body}{checksum}")
}

/// Not for keys: each call takes new seeds from the standard library.
fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}
