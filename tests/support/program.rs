//! Runs programs in a folder of their own, with a known environment.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use super::secret;

/// A temporary folder and the environment of the programs that run in it.
#[derive(Debug)]
pub(crate) struct Sandbox {
    folder: TempDir,
}

/// Everybody may clone from a folder here, and nothing else is set.
const GLOBAL_CONFIG: &str = "[init]\n\tdefaultBranch = main\n\
    [protocol \"file\"]\n\tallow = always\n[uploadpack]\n\tallowFilter = true\n";

impl Sandbox {
    pub(crate) fn new() -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        fs::create_dir(folder.path().join("home")).expect("a home folder");
        fs::write(folder.path().join("home/gitconfig"), GLOBAL_CONFIG).expect("a configuration");
        Self { folder }
    }

    /// A path inside of the sandbox.
    pub(crate) fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        // macOS has its temporary folder behind a link.
        self.folder.path().canonicalize().expect("it is there").join(path)
    }

    /// A command that knows nothing of the machine but `PATH`.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>, cwd: &Path) -> Command {
        let mut command = Command::new(program);
        let home = self.path("home");
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", &home)
            .env("XDG_CONFIG_HOME", home.join("config"))
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", home.join("gitconfig"))
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("LC_ALL", "C")
            .current_dir(cwd);
        for who in ["AUTHOR", "COMMITTER"] {
            command
                .env(format!("GIT_{who}_NAME"), "A U Thor")
                .env(format!("GIT_{who}_EMAIL"), "author@example.com")
                .env(format!("GIT_{who}_DATE"), "2024-05-06T07:08:09Z");
        }
        command
    }

    /// The program under test, to be run in `cwd`.
    pub(crate) fn leakgate(&self, cwd: &Path) -> Command {
        self.command(program(), cwd)
    }
}

/// The binary that cargo has built, or the one that the environment names.
pub(crate) fn program() -> OsString {
    std::env::var_os("LEAKGATE_TEST_PROGRAM")
        .unwrap_or_else(|| env!("CARGO_BIN_EXE_leakgate").into())
}

/// How a program ended and what it wrote.
pub(crate) struct Run {
    /// The exit status; that of a signal is negative.
    pub(crate) code: i32,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
    command: String,
}

impl Run {
    /// Runs a command to its end.
    pub(crate) fn of(command: &mut Command, input: &[u8]) -> Self {
        let shown = format!("{command:?}");
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("could not start {shown}: {error}"));
        let mut stdin = child.stdin.take().expect("it is a pipe");
        let output = std::thread::scope(|scope| {
            // A program may end without having read all of it.
            scope.spawn(move || drop(stdin.write_all(input)));
            child.wait_with_output().expect("it ends")
        });
        Self {
            code: code(output.status),
            stdout: output.stdout,
            stderr: output.stderr,
            command: shown,
        }
    }

    /// # Panics
    /// When a secret or a control character was written, or a panic was told of.
    pub(crate) fn assert_fit_for_a_screen(self) -> Self {
        for output in [&self.stdout, &self.stderr] {
            secret::assert_hidden(output);
            let text = String::from_utf8_lossy(output);
            let raw = text.chars().find(|c| c.is_control() && !matches!(c, '\n' | '\t'));
            assert_eq!(raw, None, "a control character was printed:\n{self}");
            assert!(!text.contains("internal fault"), "a check failed:\n{self}");
            assert!(!text.contains("panicked"), "it panicked:\n{self}");
        }
        self
    }

    /// # Panics
    /// When the status is another one.
    pub(crate) fn assert_code(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self}");
        self
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.stdout).unwrap_or_else(|error| panic!("{error}:\n{self}"))
    }

    /// Standard output as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// Standard error as text.
    pub(crate) fn errors(&self) -> String {
        String::from_utf8_lossy(&self.stderr).into_owned()
    }
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let command = self.command.rsplit_once("XDG_CONFIG_HOME").map_or("", |(_, rest)| rest);
        write!(f, "{command}\nstatus {}\n{}\n{}", self.code, self.text(), self.errors())
    }
}

fn code(status: std::process::ExitStatus) -> i32 {
    use std::os::unix::process::ExitStatusExt as _;
    status.code().unwrap_or_else(|| -status.signal().expect("it ended by a signal"))
}
