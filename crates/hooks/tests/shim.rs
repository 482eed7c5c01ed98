//! Runs installed hooks with a real sh and a stand-in for leakgate.
#![cfg(unix)]

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};

use leakgate_hooks::{Event, Order, Site, install};
use tempfile::TempDir;

/// Starting a program fails while another thread's child still holds it open for writing.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// A folder with hooks, a home and stand-ins for the folders of the system.
struct Machine {
    folder: TempDir,
    _serial: MutexGuard<'static, ()>,
}

struct Ran {
    status: Option<i32>,
    /// One line for each program that ran: its name and arguments.
    log: String,
    stderr: String,
}

impl Machine {
    fn new() -> Self {
        let serial = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        let machine = Self { folder: TempDir::new().expect("a folder"), _serial: serial };
        fs::create_dir(machine.at("hooks")).expect("a folder");
        machine
    }

    fn at(&self, path: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join(path)
    }

    /// Writes a program that logs its name and arguments and exits with `status`.
    fn program(&self, path: impl AsRef<Path>, status: i32) -> PathBuf {
        let path = self.at(path);
        let text = format!(
            "#!/bin/sh\nprintf '%s' \"${{0##*/}}\" >>\"$LOG\"\n\
             for a in \"$@\"; do printf ' [%s]' \"$a\" >>\"$LOG\"; done\n\
             echo >>\"$LOG\"\nexit {status}\n"
        );
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(&path, text).expect("a program");
        set_mode(&path, 0o755);
        path
    }

    fn install(&self, event: Event, binary: impl Into<PathBuf>) {
        self.install_at(event, &Site::new(self.at("hooks"), binary));
    }

    fn install_at(&self, event: Event, site: &Site) {
        install(site, &[event]).expect("the hook can be installed");
        // The machine that runs the tests may have leakgate in these folders.
        let hook = self.at("hooks").join(event.name());
        let text = fs::read(&hook).expect("a hook");
        let root = self.folder.path().to_str().expect("a plain path");
        let text = bstr::ByteSlice::replace(&text[..], "/usr/local/bin", format!("{root}/local"));
        let text = bstr::ByteSlice::replace(&text[..], "/opt/homebrew", format!("{root}/brew"));
        fs::write(&hook, text).expect("the hook can be written");
    }

    fn run(&self, hook: &str, args: &[&str]) -> Ran {
        self.run_with_path(hook, args, "/nonexistent")
    }

    fn run_with_path(&self, hook: &str, args: &[&str], path: impl AsRef<OsStr>) -> Ran {
        self.run_with_input(hook, args, path, "")
    }

    fn run_with_input(
        &self,
        hook: &str,
        args: &[&str],
        path: impl AsRef<OsStr>,
        input: &str,
    ) -> Ran {
        fs::write(self.at("input"), input).expect("a file");
        let output = Command::new("/bin/sh")
            .arg(format!("hooks/{hook}"))
            .args(args)
            .stdin(fs::File::open(self.at("input")).expect("a file"))
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", path)
            .env("HOME", self.at("home"))
            .env("LOG", self.at("log"))
            .output()
            .expect("sh starts");
        Ran {
            status: output.status.code(),
            log: fs::read_to_string(self.at("log")).unwrap_or_default(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a mode");
}

#[test]
fn shells_accept_it() {
    let machine = Machine::new();
    let binary = machine.program("it's a \"$HOME\" `id` \\ path/leakgate", 0);
    machine.install(Event::PreCommit, binary);
    for shell in ["sh", "dash", "bash", "busybox"] {
        let args: &[&str] = match shell {
            "bash" => &["--posix", "-n"],
            "busybox" => &["sh", "-n"],
            _ => &["-n"],
        };
        let checked = Command::new(shell).args(args).arg(machine.at("hooks/pre-commit")).output();
        if let Ok(checked) = checked {
            assert!(checked.status.success(), "{shell}: {checked:?}");
        }
    }
}

#[test]
fn leakgate_gets_the_event_and_arguments_and_decides() {
    for status in [0, 1, 2] {
        let machine = Machine::new();
        machine.install(Event::PreCommit, machine.program("leakgate", status));
        let ran = machine.run("pre-commit", &["a b", "", "$c"]);
        assert_eq!(ran.status, Some(status));
        assert_eq!(ran.log, "leakgate [hook] [pre-commit] [a b] [] [$c]\n");
        assert_eq!(ran.stderr, "");
    }
}

#[test]
fn each_event_calls_its_own_name_whatever_the_file_is_called() {
    let machine = Machine::new();
    machine.install(Event::PreMergeCommit, machine.program("leakgate", 0));
    let hooks = machine.at("hooks");
    fs::rename(hooks.join("pre-merge-commit"), hooks.join("moved.legacy")).expect("a rename");
    assert_eq!(machine.run("moved.legacy", &[]).log, "leakgate [hook] [pre-merge-commit]\n");
}

#[test]
fn any_path_of_the_binary_is_run() {
    for name in ["a b", "it's", "\"q\"", "$HOME", "`id`", "back\\slash", "*", "é", "-n", "@BINARY@"]
    {
        let machine = Machine::new();
        machine.install(Event::PreCommit, machine.program(Path::new(name).join("leakgate"), 1));
        let ran = machine.run("pre-commit", &[]);
        assert_eq!((ran.status, ran.log.lines().count()), (Some(1), 1), "{name}: {}", ran.stderr);
    }
}

#[test]
fn the_previous_hook_runs_afterwards_and_decides() {
    for status in [0, 3] {
        let machine = Machine::new();
        machine.program("hooks/pre-commit", status);
        machine.install(Event::PreCommit, machine.program("leakgate", 0));
        let ran = machine.run("pre-commit", &["a b"]);
        assert_eq!(ran.status, Some(status));
        assert_eq!(
            ran.log,
            "leakgate [hook] [pre-commit] [a b]\npre-commit.leakgate-previous [a b]\n"
        );
    }
}

#[test]
fn the_previous_hook_does_not_run_when_leakgate_blocks() {
    for status in [1, 2] {
        let machine = Machine::new();
        machine.program("hooks/pre-commit", 0);
        machine.install(Event::PreCommit, machine.program("leakgate", status));
        let ran = machine.run("pre-commit", &[]);
        assert_eq!(ran.status, Some(status));
        assert_eq!(ran.log, "leakgate [hook] [pre-commit]\n");
    }
}

#[test]
fn the_previous_hook_of_another_event_does_not_run() {
    let machine = Machine::new();
    machine.program("hooks/pre-merge-commit", 1);
    machine.install(Event::PreCommit, machine.program("leakgate", 0));
    assert_eq!(machine.run("pre-commit", &[]).status, Some(0));
}

#[test]
fn a_previous_hook_that_git_would_pass_over_does_not_run() {
    let machine = Machine::new();
    set_mode(&machine.program("hooks/pre-commit", 1), 0o644);
    symlink("nowhere", machine.at("hooks/pre-merge-commit")).expect("a link");
    let binary = machine.program("leakgate", 0);
    machine.install(Event::PreCommit, &binary);
    machine.install(Event::PreMergeCommit, &binary);
    assert_eq!(machine.run("pre-commit", &[]).status, Some(0));
    assert_eq!(machine.run("pre-merge-commit", &[]).status, Some(0));
}

#[test]
fn a_linked_previous_hook_runs() {
    let machine = Machine::new();
    machine.program("scripts/check", 4);
    symlink("../scripts/check", machine.at("hooks/pre-commit")).expect("a link");
    machine.install(Event::PreCommit, machine.program("leakgate", 0));
    assert_eq!(machine.run("pre-commit", &[]).status, Some(4));
}

#[test]
fn a_binary_that_is_nowhere_blocks_and_says_how_to_go_on() {
    let machine = Machine::new();
    machine.install(Event::PreCommit, machine.at("gone/leakgate"));
    machine.install(Event::PrePush, machine.at("gone/leakgate"));
    machine.program("hooks/post-merge", 0);
    let ran = machine.run("pre-commit", &[]);
    assert_eq!(ran.status, Some(2));
    assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
    let undo = "take out its hooks: rm 'hooks/pre-commit' 'hooks/pre-push'\n";
    assert!(ran.stderr.ends_with(undo), "{}", ran.stderr);
}

#[test]
fn with_no_binary_the_previous_hook_does_not_run_but_is_offered_back() {
    let machine = Machine::new();
    machine.program("hooks/pre-commit", 0);
    machine.install(Event::PreCommit, machine.at("gone/leakgate"));
    let ran = machine.run("pre-commit", &[]);
    assert_eq!((ran.status, ran.log.as_str()), (Some(2), ""));
    let undo = "mv -f 'hooks/pre-commit.leakgate-previous' 'hooks/pre-commit'\n";
    assert!(ran.stderr.ends_with(undo), "{}", ran.stderr);
}

#[test]
fn a_binary_that_moved_is_found() {
    let places = [
        "path/leakgate",
        "home/.cargo/bin/leakgate",
        "home/.local/bin/leakgate",
        "local/leakgate",
        "brew/bin/leakgate",
    ];
    for place in places {
        let machine = Machine::new();
        machine.install(Event::PreCommit, machine.at("gone/leakgate"));
        machine.program(place, 1);
        let ran = machine.run_with_path("pre-commit", &[], machine.at("path"));
        assert_eq!(ran.status, Some(1), "{place}: {}", ran.stderr);
        assert_eq!(ran.log, "leakgate [hook] [pre-commit]\n", "{place}");
    }
}

#[test]
fn the_installed_binary_goes_before_others() {
    let machine = Machine::new();
    machine.install(Event::PreCommit, machine.program("here/leakgate", 1));
    machine.program("path/leakgate", 0);
    assert_eq!(machine.run_with_path("pre-commit", &[], machine.at("path")).status, Some(1));
}

#[test]
fn a_program_of_the_repository_is_never_run() {
    for path in [".", "", "tools", ":/nonexistent"] {
        let machine = Machine::new();
        machine.install(Event::PreCommit, machine.at("gone/leakgate"));
        machine.program("leakgate", 0);
        machine.program("tools/leakgate", 0);
        let ran = machine.run_with_path("pre-commit", &[], path);
        assert_eq!((ran.status, ran.log.as_str()), (Some(2), ""), "{path}: {}", ran.stderr);
    }
}

#[test]
fn a_binary_that_is_no_program_is_passed_over() {
    let machine = Machine::new();
    let binary = machine.program("here/leakgate", 0);
    set_mode(&binary, 0o644);
    machine.install(Event::PreCommit, binary);
    fs::create_dir_all(machine.at("path/leakgate")).expect("a folder");
    let ran = machine.run_with_path("pre-commit", &[], machine.at("path"));
    assert_eq!(ran.status, Some(2), "{}", ran.stderr);
}

#[test]
fn a_binary_that_is_killed_blocks() {
    let machine = Machine::new();
    machine.program("hooks/pre-commit", 0);
    let binary = machine.program("leakgate", 0);
    fs::write(&binary, "#!/bin/sh\nkill -9 $$\n").expect("a program");
    machine.install(Event::PreCommit, binary);
    let ran = machine.run("pre-commit", &[]);
    assert_ne!(ran.status, Some(0));
    assert_eq!(ran.log, "");
}

#[test]
fn what_git_writes_reaches_both() {
    let lines = "refs/heads/a 1 refs/heads/a 2\n\nno line end, % and \\n";
    for order in [Order::First, Order::Last] {
        let machine = Machine::new();
        for path in ["hooks/pre-push", "leakgate"] {
            let path = machine.program(path, 0);
            fs::write(&path, "#!/bin/sh\nexec /bin/cat >>\"$LOG.${0##*/}\"\n").expect("a program");
        }
        let site =
            Site { order: Some(order), ..Site::new(machine.at("hooks"), machine.at("leakgate")) };
        machine.install_at(Event::PrePush, &site);
        let path = std::env::var_os("PATH").expect("a path");
        let ran = machine.run_with_input("pre-push", &["origin"], path, lines);
        assert_eq!((ran.status, ran.stderr.as_str()), (Some(0), ""));
        for log in ["log.leakgate", "log.pre-push.leakgate-previous"] {
            assert_eq!(fs::read_to_string(machine.at(log)).expect("it was given it"), lines);
        }
    }
}

#[test]
fn the_previous_hook_runs_first_where_that_is_asked_for() {
    for (theirs, ours, status, log) in [
        (0, 1, 1, "pre-commit.leakgate-previous\nleakgate [hook] [pre-commit]\n"),
        (3, 0, 3, "pre-commit.leakgate-previous\n"),
        (0, 0, 0, "pre-commit.leakgate-previous\nleakgate [hook] [pre-commit]\n"),
    ] {
        let machine = Machine::new();
        machine.program("hooks/pre-commit", theirs);
        let binary = machine.program("leakgate", ours);
        let site = Site { order: Some(Order::Last), ..Site::new(machine.at("hooks"), binary) };
        machine.install_at(Event::PreCommit, &site);
        let ran = machine.run("pre-commit", &[]);
        assert_eq!((ran.status, ran.log.as_str()), (Some(status), log), "{}", ran.stderr);
    }
}

/// What one change of `ref` looks like to the hook.
fn change(from: char, to: char, name: &str) -> String {
    let id = |digit: char| digit.to_string().repeat(40);
    format!("{} {} {name}\n", id(from), id(to))
}

#[test]
fn a_change_of_refs_is_looked_at_once() {
    let machine = Machine::new();
    machine.install(Event::ReferenceTransaction, machine.program("leakgate", 1));
    let run = |state: &str, input: &str| {
        machine.run_with_input("reference-transaction", &[state], "/nonexistent", input)
    };
    let head = change('0', '1', "HEAD");
    for state in ["preparing", "committed", "aborted"] {
        assert_eq!(run(state, &head).status, Some(0), "{state}");
    }
    // What others have, deletions, and what leads elsewhere.
    for input in [
        String::new(),
        change('0', '1', "refs/remotes/origin/main") + &change('1', '0', "refs/heads/a"),
        change('1', '1', "refs/heads/a") + &change('0', '0', "AUTO_MERGE"),
        format!("{} ref:refs/heads/a HEAD\n", "0".repeat(40)),
        change('0', '1', "ORIG_HEAD") + &change('0', '1', "refs/prefetch/remotes/origin/a"),
    ] {
        let ran = run("prepared", &input);
        assert_eq!((ran.status, ran.log.as_str()), (Some(0), ""), "{input}");
    }
    // Nothing that was read is lost.
    let input = change('0', '1', "refs/remotes/origin/a") + &change('0', '1', "refs/tags/v");
    let ran = run("prepared", &input);
    let args: Vec<_> = input.lines().map(|line| format!("[{line}]")).collect();
    let expected =
        format!("leakgate [hook] [reference-transaction] [prepared] {}\n", args.join(" "));
    assert_eq!((ran.status, ran.log), (Some(1), expected));
}

#[test]
fn many_changes_of_refs_are_left_to_the_program() {
    let machine = Machine::new();
    machine.install(Event::ReferenceTransaction, machine.program("leakgate", 1));
    let input = change('0', '1', "refs/remotes/origin/a").repeat(9);
    let ran =
        machine.run_with_input("reference-transaction", &["prepared"], "/nonexistent", &input);
    assert_eq!((ran.status, ran.log.matches("refs/remotes").count()), (Some(1), 8));
}

/// Git can go on with what cannot be stopped even where leakgate is gone.
#[test]
fn a_fetch_needs_no_leakgate() {
    let machine = Machine::new();
    machine.install(Event::ReferenceTransaction, machine.at("gone"));
    let run = |name: &str| {
        let input = change('0', '1', name);
        machine.run_with_input("reference-transaction", &["prepared"], "/nonexistent", &input)
    };
    assert_eq!(run("refs/remotes/origin/a").status, Some(0));
    assert_eq!(run("refs/heads/a").status, Some(2));
}

/// Another hook of that name is told of all of it.
#[test]
fn another_hook_of_refs_is_told_of_everything() {
    let machine = Machine::new();
    machine.program("hooks/reference-transaction", 0);
    machine.install(Event::ReferenceTransaction, machine.program("leakgate", 0));
    let input = change('0', '1', "refs/remotes/origin/a");
    let run = |state: &str| {
        machine.run_with_input("reference-transaction", &[state], "/nonexistent", &input)
    };
    run("committed");
    let ran = run("prepared");
    let expected = "reference-transaction.leakgate-previous [committed]\n\
        leakgate [hook] [reference-transaction] [prepared]\n\
        reference-transaction.leakgate-previous [prepared]\n";
    assert_eq!((ran.status, ran.log.as_str()), (Some(0), expected), "{}", ran.stderr);
}
