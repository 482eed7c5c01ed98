//! What git and the pre-commit framework tell a hook, by arguments, standard input and environment.

use crate::support::secret::line;
use crate::support::{Repo, Run, Scan, passes};

fn hook(repo: &Repo, args: &[&str], input: &[u8], variables: &[(&str, &str)]) -> Run {
    let mut command = repo.sandbox.leakgate(&repo.root);
    command.arg("hook").args(args).envs(variables.iter().copied());
    Run::of(&mut command, input).assert_fit_for_a_screen()
}

const ZERO: &str = "0000000000000000000000000000000000000000";

#[test]
fn lines_of_a_push() {
    let repo = Repo::new();
    let clean = repo.git(&["rev-parse", "HEAD"]);
    repo.stage("a", line(1)).commit();
    let bad = repo.git(&["rev-parse", "HEAD"]);
    let push = |input: String| hook(&repo, &["pre-push", "origin", "url"], input.as_bytes(), &[]);
    for (input, code) in [
        (String::new(), 0),
        (format!("refs/heads/main {bad} refs/heads/main {ZERO}\n"), 1),
        (format!("refs/heads/main {bad} refs/heads/main {clean}\n"), 1),
        (format!("refs/heads/main {clean} refs/heads/main {bad}\n"), 0),
        (format!("(delete) {ZERO} refs/heads/main {bad}\n"), 0),
        (format!("main@{{1 day ago}} {bad} refs/heads/main {ZERO}\n"), 1),
        (format!("a {clean} refs/heads/a {ZERO}\nb {bad} refs/heads/b {ZERO}\n"), 1),
        // The remote's commit may be one that was never fetched.
        (format!("main {clean} refs/heads/main {}\n", "1".repeat(40)), 0),
        (format!("main {bad} refs/heads/main {}\n", "1".repeat(40)), 1),
        (format!("main {} refs/heads/main {ZERO}\n", "1".repeat(40)), 2),
        ("nonsense\n".to_owned(), 2),
        ("\u{1b}[31m a b\n".to_owned(), 2),
    ] {
        let run = push(input.clone());
        assert_eq!(run.code, code, "{input}{run}");
        assert_eq!(code == 0, run.stdout.is_empty() && run.stderr.is_empty(), "{run}");
    }
}

#[test]
fn arguments_that_are_none() {
    let repo = Repo::new();
    for args in [
        &["commit-msg"][..],
        &["commit-msg", "nowhere"],
        &["commit-msg", "."],
        &["prepare-commit-msg"],
        &["update"],
        &["update", "refs/heads/main", "0"],
        &["reference-transaction"],
        &["post-commit"],
        &[],
    ] {
        let run = hook(&repo, args, b"", &[]).assert_code(2);
        assert!(!run.stderr.is_empty(), "{run}");
    }
    let limit = [("LEAKGATE_TIME_LIMIT", "soon")];
    let run = hook(&repo, &["pre-receive"], b"", &limit).assert_code(2);
    assert!(run.errors().contains("no number of seconds"), "{run}");
}

/// The framework runs one hook at several moments and tells by the environment which.
#[test]
fn what_the_framework_means() {
    let repo = Repo::new();
    repo.git(&["init", "-q", "--bare", "../remote.git"]);
    repo.git(&["remote", "add", "origin", "../remote.git"]);
    repo.git(&["push", "-q", "origin", "main"]);
    repo.stage("a", line(1)).commit();
    repo.git(&["rm", "-q", "a"]);
    repo.commit();
    let run = |event: &str, variables: &[(&str, &str)]| {
        hook(&repo, &[event], b"", &[&[("PRE_COMMIT", "1")], variables].concat()).code
    };
    // All files.
    assert_eq!(run("pre-commit", &[]), 0);
    for event in ["pre-commit", "pre-push"] {
        // A range.
        let from = |name| [("PRE_COMMIT_FROM_REF", name), ("PRE_COMMIT_TO_REF", "HEAD")];
        assert_eq!(run(event, &from("HEAD~2")), 1);
        assert_eq!(run(event, &from("HEAD~1")), 0);
        assert_eq!(run(event, &from("nowhere")), 2);
        // The first push of a branch.
        let remote = ("PRE_COMMIT_REMOTE_NAME", "origin");
        assert_eq!(run(event, &[remote, ("PRE_COMMIT_LOCAL_BRANCH", "refs/heads/main")]), 1);
        assert_eq!(run(event, &[remote, ("PRE_COMMIT_TO_REF", "HEAD~2")]), 0);
    }
    // A commit that a hook of the framework makes elsewhere is a commit.
    repo.stage("b", line(2));
    let inner = [
        ("PRE_COMMIT_FROM_REF", "HEAD"),
        ("PRE_COMMIT_TO_REF", "HEAD"),
        ("GIT_INDEX_FILE", ".git/index"),
    ];
    assert_eq!(run("pre-commit", &inner), 1);
}

/// What a hook advises can be done where it has stopped.
#[test]
fn what_is_in_a_message_or_a_commit_can_be_ignored() {
    let repo = Repo::new();
    repo.leakgate(&["install"]).assert_code(0);
    repo.git(&["init", "-q", "--bare", "../remote.git"]);
    let ignore = |run: &Run| {
        let told = run.text() + &run.errors();
        let (_, command) = told.split_once("leakgate ignore ").expect("advice");
        let (fingerprint, _) = command.split_once(' ').expect("a fingerprint");
        let args = ["ignore", fingerprint, "--reason", "a fixture of the tests"];
        repo.leakgate(&args).assert_code(0);
    };
    let message = ["commit", "-q", "--allow-empty", "-m", &line(1)];
    let stopped = repo.try_git(&message);
    assert!(stopped.errors().contains("Take it out of the message"), "{stopped}");
    ignore(&stopped);
    repo.try_git(&message).assert_code(0);

    repo.stage("a", line(2)).commit();
    repo.git(&["rm", "-q", "a"]);
    repo.commit();
    let push = ["push", "../remote.git", "main"];
    let stopped = repo.try_git(&push);
    assert!(stopped.text().contains("Take it out of the commit"), "{stopped}");
    ignore(&stopped);
    repo.try_git(&push).assert_code(0);
}

/// The workflow for GitHub tells a secret from what could not be scanned, and shows it.
#[test]
fn the_workflow_for_github() {
    let repo = Repo::new();
    repo.stage("a", line(1)).commit();
    let workflow = include_str!("../hooks/ci/github.yml");
    let step = workflow.lines().find_map(|line| line.trim().strip_prefix("run: leakgate "));
    let step = step.expect("a step that scans");
    for (base, code) in [("HEAD", 0), ("HEAD~1", 1), ("nowhere", 2)] {
        let mut leakgate = repo.sandbox.leakgate(&repo.root);
        leakgate.args(step.split(' '));
        leakgate.env("LEAKGATE_BASE", base).env("LEAKGATE_HEAD", "HEAD");
        let run = Run::of(&mut leakgate, b"").assert_fit_for_a_screen().assert_code(code);
        assert_eq!(run.text().contains("github-personal-token"), code == 1, "{run}");
        assert_eq!(repo.path("leakgate.sarif").exists(), code < 2);
        let _ = std::fs::remove_file(repo.path("leakgate.sarif"));
    }
}

/// The script for any CI fetches what a shallow clone has left out.
#[test]
fn the_script_for_any_ci() {
    let repo = Repo::new();
    repo.stage("a", line(1)).commit();
    repo.git(&["rm", "-q", "a"]);
    repo.commit();
    let base = repo.git(&["rev-parse", "HEAD~2"]);
    let url = format!("file://{}", repo.root.display());
    repo.git(&["clone", "-q", "--depth", "1", &url, "../clone"]);
    let clone = repo.at(repo.beside("clone"));
    std::fs::create_dir(repo.beside("bin")).expect("a folder");
    std::os::unix::fs::symlink(crate::support::program(), repo.beside("bin/leakgate"))
        .expect("a link");
    let path = std::env::var("PATH").expect("a path");
    let path = format!("{}:{path}", repo.beside("bin").display());
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/hooks/ci/generic.sh");
    let mut run = clone.command("sh", &[script, "--format", "json"]);
    let run = Run::of(run.env("PATH", path).env("LEAKGATE_BASE", base), b"").assert_code(1);
    assert!(run.text().contains("github-personal-token"), "{run}");
}

/// A scan of the staged change is not led astray by what hooks leave in the environment.
#[test]
fn objects_that_the_environment_names() {
    let repo = Repo::new();
    let objects = repo.beside("objects");
    std::fs::create_dir(&objects).expect("a folder");
    let with = |command: &mut std::process::Command| {
        command
            .env("GIT_OBJECT_DIRECTORY", &objects)
            .env("GIT_ALTERNATE_OBJECT_DIRECTORIES", repo.path(".git/objects"));
    };
    repo.write("a", line(1));
    let mut add = repo.command("git", &["add", "a"]);
    with(&mut add);
    Run::of(&mut add, b"").assert_code(0);
    let scan = repo.staged_by(|| {
        let mut leakgate = repo.sandbox.leakgate(&repo.root);
        with(&mut leakgate);
        leakgate
    });
    assert_eq!(scan.blocking(), ["a"]);
    // Without them the blob is missing, which is no clean scan.
    assert_ne!(repo.staged().verdict(), passes());
    assert_eq!(Scan::of(&repo.leakgate(&["staged", "--format", "json"])).paths(), [""; 0]);
}
