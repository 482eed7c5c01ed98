//! From `leakgate install` to a commit that passes, by following what the screen says.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::support::secret::{github_token, line, password};
use crate::support::{Repo, Run, Scan, blocks, incomplete, passes};

fn guarded() -> Repo {
    let repo = Repo::new();
    repo.leakgate(&["install"]).assert_code(0);
    repo
}

/// The command that a report advises, as words.
fn advised(run: &Run) -> Vec<String> {
    let errors = run.errors();
    let (_, command) = errors.split_once("leakgate ignore ").expect("advice");
    let (fingerprint, _) = command.split_once(' ').expect("a fingerprint");
    ["ignore", fingerprint, "--reason", "a test fixture"].map(ToOwned::to_owned).into()
}

fn commits(repo: &Repo) -> String {
    repo.git(&["rev-list", "--count", "HEAD"])
}

#[test]
fn stopped_advised_and_through() {
    let repo = guarded();
    repo.stage("a", line(1));
    let stopped = repo.try_git(&["commit", "-m", "x"]);
    assert_eq!((stopped.code, &*commits(&repo)), (1, "1"), "{stopped}");
    let advised = advised(&stopped);
    let advised: Vec<_> = advised.iter().map(String::as_str).collect();
    repo.leakgate(&advised).assert_code(0);
    repo.try_git(&["commit", "-m", "x"]).assert_code(0);
    repo.add(".leakgate-ignore").try_git(&["commit", "-m", "ignore"]).assert_code(0);
    assert_eq!(commits(&repo), "3");
    let file = fs::read_to_string(repo.path(".leakgate-ignore")).expect("a file");
    assert!(file.ends_with(" a test fixture\n") && !file.contains(&github_token(1)), "{file}");
    repo.leakgate(&["files", "."]).assert_code(0);

    // It is the value that is let pass: where it moves, but no other one.
    repo.stage("elsewhere/b", "moved\n".to_owned() + &line(1));
    repo.staged().assert(&passes());
    assert_eq!(repo.staged().count("ignored"), 1);
    repo.stage("a", line(2));
    repo.staged().assert(&blocks(["a"]));
}

#[test]
fn ignored_one_by_one() {
    let repo = Repo::new();
    repo.stage("a", line(1))
        .stage("b", line(2))
        .stage("c.py", format!("password = '{}'\n", password(3)));
    let ignore_first = || {
        let scan = repo.staged();
        let first = scan.findings().next()?;
        let print = first["fingerprint"].as_str().expect("a text");
        repo.leakgate(&["ignore", print, "--reason", "known"]).assert_code(0);
        Some(())
    };
    for expected in [&["a", "b", "c.py"][..], &["b", "c.py"], &["c.py"]] {
        assert_eq!(repo.staged().blocking(), expected);
        ignore_first().expect("something is left");
    }
    repo.staged().assert(&passes());
    let file = fs::read_to_string(repo.path(".leakgate-ignore")).expect("a file");
    let entries: Vec<_> = file.lines().filter(|line| line.ends_with(" known")).collect();
    assert!(entries.len() == 3 && entries.is_sorted(), "{file}");
}

#[test]
fn ignored_from_a_subfolder() {
    let repo = Repo::new();
    repo.stage("sub/a", line(1));
    let scan = repo.staged();
    let print = scan.findings().next().expect("a finding")["fingerprint"].as_str().expect("a text");
    let sub = repo.path("sub");
    repo.leakgate_in(&sub, &["ignore", print, "--reason", "known"]).assert_code(0);
    assert!(repo.path(".leakgate-ignore").exists());
    repo.staged_in(&sub).assert(&passes());
}

#[test]
fn a_permission_can_be_ignored_too() {
    let repo = Repo::new();
    repo.link("a", "/usr/bin/env").add("a");
    let scan = repo.staged();
    scan.assert(&blocks(["link-absolute a"]));
    let print = scan.findings().next().expect("a finding")["fingerprint"].as_str().expect("a text");
    repo.leakgate(&["ignore", print, "--reason", "meant"]).assert_code(0);
    repo.staged().assert(&passes());
}

#[test]
fn what_cannot_be_ignored() {
    let repo = Repo::new();
    repo.stage("a", line(1));
    let scan = repo.staged();
    let print = scan.findings().next().expect("a finding")["fingerprint"].as_str().expect("a text");
    for args in [
        &["ignore", print][..],
        &["ignore", print, "--reason", " "],
        &["ignore", print, "--reason", "two\nlines"],
        &["ignore", "00000000000000000000", "--reason", "not found"],
    ] {
        repo.leakgate(args).assert_code(2);
    }
    assert!(!repo.path(".leakgate-ignore").exists());
    // A file that says something else than it should ignores nothing and is no silence.
    repo.write(".leakgate-ignore", format!("github-personal-token {print}\n"));
    repo.staged().assert(&incomplete([]));
    repo.remove(".leakgate-ignore").link(".leakgate-ignore", "../elsewhere");
    repo.staged().assert(&incomplete([]));
}

#[test]
fn an_inline_marker_needs_a_reason() {
    let repo = Repo::new();
    let marked = |seed, marker: &str| format!("{} # {marker}\n", line(seed).trim_end());
    for (content, through) in [
        (marked(1, "leakgate:ignore a fixture of the tests"), true),
        (format!("# leakgate:ignore a fixture of the tests\n{}", line(1)), true),
        (marked(1, "leakgate:ignore"), false),
        (marked(1, "leakgate:ignored by nobody"), false),
        (format!("# leakgate:ignore a fixture\n\n{}", line(1)), false),
        (marked(1, "leakgate:ignore a fixture") + &line(2), false),
    ] {
        repo.stage("a.py", &content);
        repo.staged().assert(&if through { passes() } else { blocks(["a.py"]) });
    }
}

#[test]
fn installing_twice_and_taking_out() {
    let repo = guarded();
    let hook = repo.path(".git/hooks/pre-commit");
    let first = fs::read(&hook).expect("a hook");
    repo.leakgate(&["install"]).assert_code(0);
    assert_eq!(fs::read(&hook).expect("a hook"), first);
    repo.leakgate(&["uninstall"]).assert_code(0);
    assert!(!hook.exists() && !repo.path(".git/hooks/pre-merge-commit").exists());
    repo.stage("a", line(1)).try_git(&["commit", "-m", "x"]).assert_code(0);
    repo.leakgate(&["uninstall"]).assert_code(0);
}

/// What is not said the second time stays as it was, and the screen says how it is.
#[test]
fn installing_again_changes_what_is_asked_for() {
    for global in [&[][..], &["--global"]] {
        let repo = Repo::new();
        let trace = repo.beside("trace");
        let touch = format!("touch '{}'", trace.display());
        repo.script(".git/hooks/pre-commit", &touch);
        let install = |options: &[&str]| {
            let args = [&["install"], global, options].concat();
            repo.leakgate(&args).assert_code(0).text()
        };
        install(&["--order", "last"]);
        assert!(install(&["--strict"]).lines().all(|line| !line.contains("--no-verify")));
        let again = install(&[]);
        assert!(
            again.ends_with(&format!(
                "as before, with --strict; to go back: `{}`, then install again\n",
                [&["leakgate", "uninstall"], global].concat().join(" ")
            )),
            "{again}"
        );
        repo.stage("a", line(1));
        assert_ne!(repo.try_git(&["commit", "-m", "x"]).code, 0);
        assert!(trace.exists(), "the order was lost");
        fs::remove_file(&trace).expect("it was there");
        assert_ne!(repo.try_git(&["commit", "--no-verify", "-m", "x"]).code, 0, "strict was lost");
        install(&["--order", "first"]);
        assert_ne!(repo.try_git(&["commit", "-m", "x"]).code, 0);
        assert!(!trace.exists(), "the order was not changed");
    }
}

#[test]
fn a_hook_of_the_user_is_kept_run_and_put_back() {
    let repo = Repo::new();
    let trace = repo.beside("trace");
    let hook =
        repo.script(".git/hooks/pre-commit", &format!("touch '{}'\nexit 0", trace.display()));
    fs::set_permissions(&hook, fs::Permissions::from_mode(0o751)).expect("a mode");
    let before = fs::read(&hook).expect("a hook");
    repo.leakgate(&["install"]).assert_code(0);
    repo.stage("a", line(1));
    assert_eq!(repo.try_git(&["commit", "-m", "x"]).code, 1);
    assert!(!trace.exists(), "it need not run once the commit is stopped");
    repo.stage("a", "nothing\n").try_git(&["commit", "-m", "x"]).assert_code(0);
    assert!(trace.exists(), "it was lost");
    repo.leakgate(&["uninstall"]).assert_code(0);
    assert_eq!(fs::read(&hook).expect("a hook"), before);
    assert_eq!(hook.metadata().expect("a mode").permissions().mode() & 0o777, 0o751);
}

#[test]
fn a_hook_of_the_user_still_decides() {
    let repo = Repo::new();
    repo.script(".git/hooks/pre-commit", "echo no; exit 7");
    repo.leakgate(&["install"]).assert_code(0);
    repo.stage("a", "nothing\n");
    assert_ne!(repo.try_git(&["commit", "-m", "x"]).code, 0);
    assert_eq!(commits(&repo), "1");
}

#[test]
fn from_a_linked_worktree_it_is_for_all() {
    let repo = Repo::new();
    repo.git(&["worktree", "add", "-q", "-b", "linked", "../linked"]);
    let linked = repo.at(repo.beside("linked"));
    linked.leakgate(&["install"]).assert_code(0);
    for tree in [&repo, &linked] {
        tree.stage("a", line(1));
        assert_eq!(tree.try_git(&["commit", "-m", "x"]).code, 1);
    }
}

#[test]
fn from_a_subfolder_it_is_the_same() {
    let repo = Repo::new();
    repo.write("sub/a", "x");
    repo.leakgate_in(&repo.path("sub"), &["install"]).assert_code(0);
    assert!(repo.path(".git/hooks/pre-commit").exists() && !repo.path("sub/.git").exists());
    repo.git(&["config", "core.hooksPath", "own hooks"]);
    repo.leakgate_in(&repo.path("sub"), &["install"]).assert_code(0);
    assert!(repo.path("own hooks/pre-commit").exists());
    repo.stage("a", line(1));
    assert_eq!(repo.try_git(&["commit", "-m", "x"]).code, 1);
}

#[test]
fn hooks_that_are_switched_off() {
    let repo = Repo::new();
    repo.git(&["config", "core.hooksPath", "/dev/null"]);
    let run = repo.leakgate(&["install"]).assert_code(2);
    assert!(run.errors().contains("/dev/null"), "{run}");
}

#[test]
fn another_manager_of_hooks_is_left_alone() {
    let repo = Repo::new();
    repo.script(".husky/_/pre-commit", ". \"$(dirname \"$0\")/h\"");
    repo.script(".husky/_/h", "exit 0");
    repo.git(&["config", "core.hooksPath", ".husky/_"]);
    let before = fs::read(repo.path(".husky/_/pre-commit")).expect("a hook");
    let run = repo.leakgate(&["install"]).assert_code(2);
    assert!(run.errors().contains("leakgate hook pre-commit"), "{run}");
    assert_eq!(fs::read(repo.path(".husky/_/pre-commit")).expect("a hook"), before);
}

/// Without its program the hook stops git and says how to go on.
#[test]
fn a_hook_without_its_program_stops() {
    let repo = Repo::new();
    let copy = repo.beside("leakgate-copy");
    // By another process: a file that this one may still be writing cannot be run.
    let mut cp = repo.command("cp", &[]);
    assert!(cp.arg(crate::support::program()).arg(&copy).status().expect("it runs").success());
    let mut install = repo.command(&copy.display().to_string(), &["install"]);
    Run::of(&mut install, b"").assert_code(0);
    fs::remove_file(&copy).expect("it was there");
    repo.stage("a", line(1));
    let mut commit = repo.command("git", &["commit", "-m", "x"]);
    // Nothing of the machine's own may be found instead.
    let run = Run::of(commit.env("PATH", tools(&repo)), b"");
    assert_ne!(run.code, 0, "{run}");
    assert!(run.errors().contains("program not found"), "{run}");
    assert_eq!(commits(&repo), "1");
}

/// Whoever finds a line for each commit too much can do without, and is stopped all the same.
#[test]
fn a_user_who_wants_quiet() {
    let repo = guarded();
    repo.stage("a", "nothing\n");
    let told = repo.try_git(&["commit", "-q", "-m", "x"]).assert_code(0);
    assert!(told.errors().contains("leakgate: no secrets"), "{told}");
    let quietly = || {
        let mut commit = repo.command("git", &["commit", "-q", "-m", "x"]);
        Run::of(commit.env("LEAKGATE_QUIET", "1"), b"").assert_fit_for_a_screen()
    };
    repo.stage("b", "nothing\n");
    assert_eq!(quietly().assert_code(0).errors(), "");
    repo.stage("c", line(1));
    assert!(quietly().assert_code(1).errors().contains("blocks this commit"));
}

#[test]
fn what_is_installed_is_told_in_a_line() {
    let repo = Repo::new();
    let text = repo.leakgate(&["install"]).text();
    let hooks =
        "pre-commit, pre-merge-commit, commit-msg, applypatch-msg, pre-applypatch, pre-push";
    assert!(text.starts_with("installed in ") && text.contains(hooks), "{text}");
    assert_eq!(text.lines().count(), 2, "{text}");
    let mut blind = repo.sandbox.leakgate(&repo.root);
    let blind = Run::of(blind.args(["install", "--global"]).env("PATH", "/nowhere"), b"");
    assert!(blind.errors().contains("git: it is not on the PATH"), "{blind}");
}

/// A folder for `PATH` with git and a shell and nothing else.
fn tools(repo: &Repo) -> std::path::PathBuf {
    let folder = repo.beside("tools");
    fs::create_dir(&folder).expect("a folder");
    for program in ["git", "sh"] {
        let path = std::env::var_os("PATH").expect("a path");
        let found =
            std::env::split_paths(&path).map(|dir| dir.join(program)).find(|path| path.is_file());
        std::os::unix::fs::symlink(found.expect("it is there"), folder.join(program))
            .expect("a link");
    }
    folder
}

/// The pre-commit framework with `--all-files` runs outside of a commit and means the whole index.
#[test]
fn the_framework_with_all_files() {
    let repo = Repo::new();
    repo.stage("a", line(1)).commit();
    let run = |name: &str, value: &str| {
        let mut hook = repo.sandbox.leakgate(&repo.root);
        hook.args(["hook", "pre-commit"]).env("PRE_COMMIT", "1").env(name, value);
        Run::of(&mut hook, b"").assert_fit_for_a_screen()
    };
    run("OTHER", "1").assert_code(1);
    run("GIT_INDEX_FILE", ".git/index").assert_code(0);
    repo.stage("a", "nothing\n");
    run("OTHER", "1").assert_code(0);
}

#[test]
fn outside_of_a_repository_there_is_nothing_to_install() {
    let repo = Repo::new();
    for command in ["install", "uninstall"] {
        repo.leakgate_in(&repo.beside("home"), &[command]).assert_code(2);
    }
    assert_eq!(Scan::of(&repo.leakgate(&["staged", "--format", "json"])).verdict(), passes());
}
