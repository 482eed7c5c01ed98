//! A repository made by the real git.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::rc::Rc;

use super::{Run, Sandbox, Scan};

/// A work tree and its repository.
#[derive(Debug, Clone)]
pub(crate) struct Repo {
    /// The top of the work tree.
    pub(crate) root: PathBuf,
    pub(crate) sandbox: Rc<Sandbox>,
}

impl Repo {
    /// A repository with one commit.
    pub(crate) fn new() -> Self {
        Self::init(&[]).with_commit()
    }

    /// A repository without a commit, made with these options of `git init`.
    pub(crate) fn init(options: &[&str]) -> Self {
        let sandbox = Rc::new(Sandbox::new());
        let repo = Self { root: sandbox.path("repo"), sandbox };
        fs::create_dir(&repo.root).expect("a folder");
        repo.git(&[&["init", "-q"], options].concat());
        repo
    }

    pub(crate) fn with_commit(self) -> Self {
        self.stage("README", "Nothing to hide.\n").commit();
        self
    }

    /// Another work tree in the same sandbox, there already.
    pub(crate) fn at(&self, root: PathBuf) -> Self {
        Self { root, sandbox: Rc::clone(&self.sandbox) }
    }

    /// A folder beside the repository.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.sandbox.path(name)
    }

    pub(crate) fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        self.root.join(path)
    }

    pub(crate) fn write(&self, path: impl AsRef<Path>, content: impl AsRef<[u8]>) -> &Self {
        let path = self.path(path);
        fs::create_dir_all(path.parent().expect("it is in the work tree")).expect("folders");
        fs::write(path, content).expect("a file");
        self
    }

    pub(crate) fn link(&self, path: &str, target: &str) -> &Self {
        let _ = fs::remove_file(self.path(path));
        std::os::unix::fs::symlink(target, self.path(path)).expect("a link");
        self
    }

    pub(crate) fn remove(&self, path: &str) -> &Self {
        fs::remove_file(self.path(path)).expect("it was there");
        self
    }

    pub(crate) fn chmod(&self, path: &str, mode: u32) -> &Self {
        fs::set_permissions(self.path(path), fs::Permissions::from_mode(mode)).expect("a mode");
        self
    }

    /// Writes a program of sh.
    pub(crate) fn script(&self, path: impl AsRef<Path>, body: &str) -> PathBuf {
        let path = self.path(path);
        fs::create_dir_all(path.parent().expect("it has a folder")).expect("folders");
        fs::write(&path, format!("#!/bin/sh\n{body}\n")).expect("a file");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("a mode");
        path
    }

    pub(crate) fn add(&self, path: impl AsRef<OsStr>) -> &Self {
        let added = self.command("git", &["add", "-f", "--"]).arg(path).output().expect("git runs");
        assert!(added.status.success(), "{}", String::from_utf8_lossy(&added.stderr));
        self
    }

    pub(crate) fn stage(&self, path: impl AsRef<Path>, content: impl AsRef<[u8]>) -> &Self {
        self.write(&path, content).add(path.as_ref())
    }

    /// Puts content into the index alone.
    pub(crate) fn stage_unseen(&self, mode: &str, path: &str, content: impl AsRef<[u8]>) -> &Self {
        let id = self.store(content);
        self.git(&["update-index", "--add", "--cacheinfo", &format!("{mode},{id},{path}")]);
        self
    }

    /// Writes a blob and gives its id.
    pub(crate) fn store(&self, content: impl AsRef<[u8]>) -> String {
        self.git_with(&["hash-object", "-w", "--stdin"], content.as_ref())
    }

    /// Commits what is staged, asking nobody.
    pub(crate) fn commit(&self) -> &Self {
        self.git(&["commit", "-q", "--no-verify", "--allow-empty", "-m", "a change"]);
        self
    }

    /// Runs git, which must succeed, and gives its output without the last line end.
    pub(crate) fn git(&self, args: &[&str]) -> String {
        self.git_with(args, b"")
    }

    pub(crate) fn git_with(&self, args: &[&str], input: &[u8]) -> String {
        let run = Run::of(&mut self.command("git", args), input).assert_code(0);
        run.text().trim_end_matches('\n').to_owned()
    }

    /// Runs git, which may fail, as a user who looks at the screen.
    pub(crate) fn try_git(&self, args: &[&str]) -> Run {
        Run::of(&mut self.command("git", args), b"").assert_fit_for_a_screen()
    }

    pub(crate) fn command(&self, program: &str, args: &[&str]) -> Command {
        let mut command = self.sandbox.command(program, &self.root);
        command.args(args);
        command
    }

    pub(crate) fn leakgate(&self, args: &[&str]) -> Run {
        self.leakgate_in(&self.root, args)
    }

    pub(crate) fn leakgate_in(&self, cwd: &Path, args: &[&str]) -> Run {
        Run::of(self.sandbox.leakgate(cwd).args(args), b"").assert_fit_for_a_screen()
    }

    /// Scans the staged change from the top of the work tree.
    pub(crate) fn staged(&self) -> Scan {
        self.staged_in(&self.root)
    }

    pub(crate) fn staged_in(&self, cwd: &Path) -> Scan {
        self.staged_by(|| self.sandbox.leakgate(cwd))
    }

    /// Scans the staged change by a command with a changed environment, once for people and once
    /// for programs.
    pub(crate) fn staged_by(&self, leakgate: impl Fn() -> Command) -> Scan {
        let text = Run::of(leakgate().arg("staged"), b"").assert_fit_for_a_screen();
        let json = Run::of(leakgate().args(["staged", "--format", "json"]), b"");
        Scan::of(&json.assert_fit_for_a_screen().assert_code(text.code))
    }

    /// Returns true if and only if some commit holds this text in some file.
    pub(crate) fn is_committed(&self, text: &str) -> bool {
        let commits = self.git(&["rev-list", "--all", "--reflog"]);
        let commits: Vec<_> = commits.lines().collect();
        let args =
            [&["grep", "--quiet", "--text", "-F", "-e", text], &commits[..], &["--"]].concat();
        !commits.is_empty() && Run::of(&mut self.command("git", &args), b"").code == 0
    }
}
