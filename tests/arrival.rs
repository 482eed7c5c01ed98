//! What a checkout or a merge brings that makes programs run: told of, never stopped.

use std::path::Path;

use crate::support::secret::{assert_hidden, github_token};
use crate::support::{Repo, Run};

fn guarded() -> Repo {
    let repo = Repo::new();
    repo.leakgate(&["install", "--on-checkout"]).assert_code(0);
    repo
}

/// A branch `side` with this file, from a `main` without it.
fn with_side(repo: &Repo, path: &str, content: &str) {
    repo.git(&["checkout", "-q", "-b", "side"]);
    repo.stage(path, content).commit();
    repo.try_git(&["checkout", "-q", "main"]).assert_code(0);
}

fn warned(run: &Run) -> bool {
    assert_eq!(run.code, 0, "{run}");
    run.errors().contains("make programs run")
}

#[test]
fn a_checkout_tells_of_what_runs() {
    for (path, when) in [
        (".envrc", "direnv"),
        ("deep/er/.envrc", "direnv"),
        (".claude/settings.json", "agent"),
        (".mcp.json", "agent"),
        (".husky/pre-commit", "git runs it"),
        (".pre-commit-config.yaml", "git runs"),
        ("lefthook.yml", "git runs"),
        (".vscode/tasks.json", "editor"),
        (".github/workflows/ci.yml", "CI"),
    ] {
        let repo = guarded();
        with_side(&repo, path, "one\n");
        let run = repo.try_git(&["checkout", "-q", "side"]);
        assert!(warned(&run), "{path}: {run}");
        let shown = run.errors();
        assert!(shown.contains(&format!("{path} (new): ")) && shown.contains(when), "{run}");
        // The command that it prints shows the change.
        let command = shown.lines().find_map(|line| line.trim().strip_prefix("git ")).expect("one");
        let args: Vec<_> = command.split(' ').collect();
        assert!(repo.git(&args).contains("+one"), "{command}");
        // Back again it goes away, which makes nothing run.
        assert!(!warned(&repo.try_git(&["checkout", "-q", "main"])));
    }
}

#[test]
fn what_runs_nothing_is_not_told_of() {
    for path in ["README.md", "envrc", ".envrc.example", "src/hooks/pre-commit", "a.json"] {
        let repo = guarded();
        with_side(&repo, path, "one\n");
        let run = repo.try_git(&["checkout", "-q", "side"]);
        assert_eq!((run.code, run.errors()), (0, String::new()), "{path}");
    }
}

#[test]
fn single_files_and_the_same_commit_are_no_matter() {
    let repo = guarded();
    with_side(&repo, ".envrc", "one\n");
    assert!(!warned(&repo.try_git(&["checkout", "side", "--", ".envrc"])));
    repo.git(&["reset", "-q", "--hard"]);
    repo.git(&["branch", "same"]);
    assert!(!warned(&repo.try_git(&["checkout", "-q", "same"])));
}

#[test]
fn a_merge_tells_of_what_runs() {
    for options in [&["--ff-only"][..], &["--no-ff", "--no-edit"]] {
        let repo = guarded();
        repo.stage(".envrc", "zero\n").commit();
        with_side(&repo, ".envrc", "one\n");
        let run = repo.try_git(&[&["merge", "-q", "side"], options].concat());
        assert!(warned(&run) && run.errors().contains(".envrc (changed): "), "{run}");
        repo.git(&["checkout", "-q", "-b", "more"]);
        repo.stage("README", "more\n").commit();
        repo.git(&["checkout", "-q", "side"]);
        assert!(!warned(&repo.try_git(&["merge", "-q", "--no-edit", "more"])));
    }
}

#[test]
fn of_packages_only_the_scripts_that_run_by_themselves() {
    let of = |scripts: &str, version: u32| {
        format!("{{\"version\": \"{version}\", \"scripts\": {{{scripts}}}}}\n")
    };
    for (old, new, expected) in [
        ("\"test\": \"a\"", "\"test\": \"b\"", false),
        ("\"postinstall\": \"a\"", "\"postinstall\": \"a\"", false),
        ("\"postinstall\": \"a\"", "\"postinstall\": \"b\"", true),
        ("", "\"prepare\": \"husky\"", true),
        ("\"prepare\": \"husky\"", "", false),
    ] {
        let repo = guarded();
        repo.stage("app/package.json", of(old, 1)).commit();
        with_side(&repo, "app/package.json", &of(new, 2));
        assert_eq!(warned(&repo.try_git(&["checkout", "-q", "side"])), expected, "{old} {new}");
    }
}

#[test]
fn hooks_in_the_work_tree_are_told_of_wherever_they_are() {
    let repo = Repo::new();
    repo.git(&["config", "core.hooksPath", "tools/hooks"]);
    repo.leakgate(&["install", "--on-checkout"]).assert_code(0);
    repo.git(&["checkout", "-q", "-b", "side"]);
    repo.stage("tools/hooks/post-commit", "#!/bin/sh\n").stage("tools/other", "x\n").commit();
    repo.git(&["checkout", "-q", "main"]);
    let run = repo.try_git(&["checkout", "-q", "side"]);
    assert!(warned(&run) && !run.errors().contains("tools/other"), "{run}");
}

#[test]
fn a_clone_tells_of_everything() {
    let theirs = Repo::new();
    theirs.stage(".envrc", "one\n").commit();
    std::fs::create_dir_all(theirs.beside("home/config")).expect("a folder");
    theirs.leakgate(&["install", "--global", "--on-checkout"]).assert_code(0);
    let run = theirs.try_git(&["clone", "-q", ".", "../clone"]);
    assert!(warned(&run) && run.errors().contains("git show"), "{run}");
}

#[test]
fn names_are_shown_harmlessly() {
    let repo = guarded();
    let token = github_token(1);
    with_side(&repo, &format!("{token}/\u{1b}[31m/.envrc"), "one\n");
    let run = repo.try_git(&["checkout", "-q", "side"]);
    assert!(warned(&run) && run.errors().contains("ghp_****"), "{run}");
    assert_hidden(&run.stderr);
}

#[test]
fn a_long_list_is_cut() {
    let repo = guarded();
    repo.git(&["checkout", "-q", "-b", "side"]);
    for at in 0..25 {
        repo.stage(format!(".husky/hook-{at}"), "x\n");
    }
    repo.commit();
    repo.git(&["checkout", "-q", "main"]);
    let run = repo.try_git(&["checkout", "-q", "side"]);
    assert!(warned(&run) && run.errors().contains("and 15 more"), "{run}");
    assert!(run.errors().lines().count() < 14, "{run}");
}

/// It is too late to stop anything, so nothing makes git fail.
#[test]
fn no_fault_makes_git_fail() {
    let repo = guarded();
    with_side(&repo, ".envrc", "one\n");
    let program = repo.beside("leakgate-that-goes");
    let hook = repo.path(".git/hooks/post-checkout");
    let text = std::fs::read_to_string(&hook).expect("a hook");
    let line = text.lines().find(|line| line.starts_with("leakgate='")).expect("the program");
    let text = text.replace(line, &format!("leakgate='{}'", program.display()));
    std::fs::write(&hook, text).expect("it can be written");
    let mut checkout = repo.command("git", &["checkout", "-q", "side"]);
    let run = Run::of(checkout.env("PATH", short_path()), b"");
    assert!(run.code == 0 && run.errors().contains("not looked at"), "{run}");
}

/// Git and sh are there, leakgate is not.
fn short_path() -> std::ffi::OsString {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).filter(|folder| !has_leakgate(folder));
    std::env::join_paths(folders).expect("folders of a path")
}

fn has_leakgate(folder: &Path) -> bool {
    folder.join("leakgate").exists()
}

#[test]
fn another_hook_runs_as_before() {
    let repo = Repo::new();
    repo.script(".git/hooks/post-checkout", "echo \"$@\" >>trace");
    repo.leakgate(&["install", "--on-checkout"]).assert_code(0);
    with_side(&repo, ".envrc", "one\n");
    repo.remove("trace");
    assert!(warned(&repo.try_git(&["checkout", "-q", "side"])));
    let ids = repo.git(&["rev-parse", "main", "side"]).replace('\n', " ");
    let trace = std::fs::read_to_string(repo.path("trace")).expect("a trace");
    assert_eq!(trace, format!("{ids} 1\n"));
}
