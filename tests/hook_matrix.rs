//! Every way a commit is made, against each set of hooks, with git as the judge: did it get in?

use std::fs;

use crate::support::secret::{github_token, line};
use crate::support::{Repo, Run};

/// What is installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Set {
    Default,
    Strict,
    EveryRef,
}

const SETS: [Set; 3] = [Set::Default, Set::Strict, Set::EveryRef];

/// Where the secret was stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stopped {
    /// No commit, tag or ref has it.
    Locally,
    /// The other repository has not got it.
    AtPush,
    /// It went nowhere, but stays in this repository.
    Never,
}

use Stopped::{AtPush, Locally, Never};

/// One way of making a commit.
struct Way {
    /// What is there before leakgate is installed.
    before: fn(&Repo),
    /// The operation itself.
    run: fn(&Repo),
    /// What to look in for the secret, as revisions for git.
    within: &'static [&'static str],
    /// What to push then; nothing if it cannot be pushed.
    push: &'static [&'static str],
}

const NOTHING: fn(&Repo) = |_| {};
const MAIN: &[&str] = &["HEAD"];
const PUSH_MAIN: &[&str] = &["main"];

/// Runs git as a user does, who may be stopped.
fn git(repo: &Repo, args: &[&str]) -> Run {
    git_with(repo, args, b"")
}

fn git_with(repo: &Repo, args: &[&str], input: &[u8]) -> Run {
    let mut command = repo.command("git", args);
    command.env("GIT_EDITOR", "true");
    Run::of(&mut command, input)
}

/// Whether the secret is in any file, message, tag or note of the revisions, or in a name of a ref.
fn holds(repo: &Repo, git_dir: Option<&str>, revisions: &[&str]) -> bool {
    let token = github_token(1);
    let dir = git_dir.map(|dir| format!("--git-dir={dir}"));
    let with = |args: &[&str]| {
        let args: Vec<_> = dir.iter().map(String::as_str).chain(args.iter().copied()).collect();
        git(repo, &args)
    };
    let commits = with(&[&["rev-list"], revisions, &["--"]].concat()).text();
    let commits: Vec<_> = commits.lines().collect();
    let grep = [&["grep", "--quiet", "--text", "-F", "-e", &token], &commits[..], &["--"]].concat();
    let told = [
        with(&[&["log", "-m", "--name-only", "--format=%B"], revisions, &["--"]].concat()),
        with(&["for-each-ref", "--format=%(refname) %(contents)"]),
    ];
    (!commits.is_empty() && with(&grep).code == 0)
        || told.iter().any(|run| run.text().contains(&token))
}

fn guarded(set: Set, before: fn(&Repo)) -> Repo {
    let repo = Repo::new();
    let remote = repo.beside("remote.git").display().to_string();
    repo.git(&["init", "-q", "--bare", &remote]);
    repo.git(&["remote", "add", "origin", &remote]);
    repo.stage("tracked", "one\ntwo\nthree\n").commit();
    repo.git(&["push", "-q", "origin", "main"]);
    before(&repo);
    let install: &[&str] = match set {
        Set::Default => &["install"],
        Set::Strict => &["install", "--strict"],
        Set::EveryRef => &["install", "--every-ref"],
    };
    repo.leakgate(install).assert_code(0);
    repo
}

fn stopped(way: &Way, set: Set) -> Stopped {
    let repo = guarded(set, way.before);
    (way.run)(&repo);
    if !holds(&repo, None, way.within) {
        return Locally;
    }
    if way.push.is_empty() {
        return Never;
    }
    let push = [&["push", "-q", "origin"], way.push].concat();
    let pushed = repo.try_git(&push);
    let remote = repo.beside("remote.git").display().to_string();
    assert!(!holds(&repo, Some(&remote), &["--all"]), "it was pushed: {pushed}");
    assert_ne!(pushed.code, 0, "{pushed}");
    AtPush
}

macro_rules! ways {
    ($($name:ident: $before:expr, $run:expr, $within:expr, $push:expr => $expected:expr;)*) => {
        $(
            #[test]
            fn $name() {
                let way = Way { before: $before, run: $run, within: $within, push: $push };
                let found = SETS.map(|set| stopped(&way, set));
                assert_eq!(found, $expected, "{SETS:?}");
            }
        )*
    };
}

fn with_branch(repo: &Repo) {
    repo.git(&["checkout", "-q", "-b", "side"]);
    repo.stage("bad", line(1)).commit();
    repo.git(&["checkout", "-q", "main"]);
    repo.stage("good", "nothing\n").commit();
}

fn with_original(repo: &Repo) {
    with_branch(repo);
    repo.git(&["branch", "original", "side"]);
}

fn with_conflict(repo: &Repo) {
    repo.git(&["checkout", "-q", "-b", "side"]);
    repo.stage("tracked", "one\nside\nthree\n").commit();
    repo.git(&["checkout", "-q", "main"]);
    repo.stage("tracked", "one\nmain\nthree\n").commit();
}

/// A merge driver writes what neither side has.
fn with_driver(repo: &Repo) {
    repo.stage(".gitattributes", "tracked merge=odd\n").commit();
    with_conflict(repo);
    repo.write(".git/secret", line(1));
    repo.git(&["config", "merge.odd.driver", "cp .git/secret %A"]);
}

fn with_patch(repo: &Repo) {
    with_branch(repo);
    let patch = repo.git(&["format-patch", "--stdout", "main..side"]);
    repo.write(".git/patch", patch + "\n");
    repo.git(&["branch", "-q", "-D", "side"]);
}

/// The other side had it and it was taken out again.
fn with_removal(repo: &Repo) {
    repo.stage("bad", line(2)).commit();
    repo.git(&["rm", "-q", "bad"]);
    repo.commit();
    repo.git(&["push", "-q", "origin", "main"]);
    repo.stage("bad", line(1)).commit();
    repo.git(&["rm", "-q", "bad"]);
    repo.commit();
}

fn with_evil_merge(repo: &Repo) {
    with_conflict(repo);
    repo.try_git(&["merge", "side"]);
    repo.stage("tracked", line(1)).commit();
}

ways! {
    commit: NOTHING, |repo| {
        repo.stage("a", line(1));
        git(repo, &["commit", "-m", "x"]);
    }, MAIN, PUSH_MAIN => [Locally; 3];

    commit_all: NOTHING, |repo| {
        repo.write("tracked", line(1));
        git(repo, &["commit", "-a", "-m", "x"]);
    }, MAIN, PUSH_MAIN => [Locally; 3];

    commit_patch: NOTHING, |repo| {
        repo.write("tracked", line(1));
        let run = git_with(repo, &["commit", "-p", "-m", "x"], b"y\n");
        assert!(run.text().contains("Stage this hunk"), "{run}");
    }, MAIN, PUSH_MAIN => [Locally; 3];

    commit_path: NOTHING, |repo| {
        repo.write("tracked", line(1)).stage("other", "x\n");
        git(repo, &["commit", "-m", "x", "tracked"]);
    }, MAIN, PUSH_MAIN => [Locally; 3];

    commit_include: NOTHING, |repo| {
        repo.write("tracked", line(1)).stage("other", "x\n");
        git(repo, &["commit", "-m", "x", "-i", "tracked"]);
    }, MAIN, PUSH_MAIN => [Locally; 3];

    amend: NOTHING, |repo| {
        repo.stage("a", line(1));
        git(repo, &["commit", "--amend", "--no-edit"]);
    }, MAIN, PUSH_MAIN => [Locally; 3];

    first_commit: |repo| {
        repo.git(&["checkout", "-q", "--orphan", "fresh"]);
    }, |repo| {
        repo.stage("a", line(1));
        git(repo, &["commit", "-m", "x"]);
    }, &["--branches"], &["fresh"] => [Locally; 3];

    in_a_linked_worktree: |repo| {
        repo.git(&["worktree", "add", "-q", "-b", "linked", "../linked"]);
    }, |repo| {
        let linked = repo.at(repo.beside("linked"));
        linked.stage("a", line(1));
        git(&linked, &["commit", "-m", "x"]);
    }, &["linked"], &["linked"] => [Locally; 3];

    merge_that_a_driver_spoils: with_driver, |repo| {
        let run = git(repo, &["merge", "--no-edit", "side"]);
        assert!(!run.text().contains("CONFLICT"), "{run}");
    }, MAIN, PUSH_MAIN => [Locally; 3];

    merge_with_conflict: with_conflict, |repo| {
        git(repo, &["merge", "side"]);
        repo.stage("tracked", line(1));
        git(repo, &["commit", "--no-edit"]);
    }, MAIN, PUSH_MAIN => [Locally; 3];

    merge_continued: with_conflict, |repo| {
        git(repo, &["merge", "side"]);
        repo.stage("tracked", line(1));
        git(repo, &["merge", "--continue"]);
    }, MAIN, PUSH_MAIN => [Locally; 3];

    // The branch has it already, so that the merge brings nothing new into this repository.
    merge_of_a_branch_that_has_it: with_branch, |repo| {
        git(repo, &["merge", "--no-edit", "side"]);
    }, MAIN, PUSH_MAIN => [AtPush; 3];

    merge_fast_forward: |repo| {
        repo.git(&["checkout", "-q", "-b", "side"]);
        repo.stage("bad", line(1)).commit();
        repo.git(&["checkout", "-q", "main"]);
    }, |repo| {
        git(repo, &["merge", "--ff-only", "side"]);
    }, MAIN, PUSH_MAIN => [AtPush; 3];

    merge_squashed: with_branch, |repo| {
        git(repo, &["merge", "--squash", "side"]);
        git(repo, &["commit", "-m", "x"]);
    }, MAIN, PUSH_MAIN => [Locally; 3];

    cherry_pick: with_branch, |repo| {
        git(repo, &["cherry-pick", "side"]);
    }, MAIN, PUSH_MAIN => [AtPush, Locally, Locally];

    revert: with_removal, |repo| {
        git(repo, &["revert", "--no-edit", "HEAD"]);
    }, &["HEAD", "^HEAD~1"], PUSH_MAIN => [AtPush, Locally, Locally];

    rebase: with_original, |repo| {
        git(repo, &["rebase", "main", "side"]);
    }, &["HEAD", "^original"], &["HEAD:refs/heads/side"] => [AtPush, Locally, Locally];

    rebase_by_patches: with_original, |repo| {
        git(repo, &["rebase", "--apply", "main", "side"]);
    }, &["HEAD", "^original"], &["HEAD:refs/heads/side"] => [Locally; 3];

    am: with_patch, |repo| {
        git(repo, &["am", ".git/patch"]);
    }, MAIN, PUSH_MAIN => [Locally; 3];

    am_no_verify: with_patch, |repo| {
        git(repo, &["am", "--no-verify", ".git/patch"]);
    }, MAIN, PUSH_MAIN => [AtPush, AtPush, Locally];

    stash: NOTHING, |repo| {
        repo.write("tracked", line(1));
        git(repo, &["stash"]);
    }, &["stash@{0}"], &[] => [Never, Never, Locally];

    commit_no_verify: NOTHING, |repo| {
        repo.stage("a", line(1));
        git(repo, &["commit", "--no-verify", "-m", "x"]);
    }, MAIN, PUSH_MAIN => [AtPush, Locally, Locally];

    commit_tree: NOTHING, |repo| {
        repo.stage("a", line(1));
        let tree = repo.git(&["write-tree"]);
        let commit = repo.git(&["commit-tree", &tree, "-p", "HEAD", "-m", "x"]);
        git(repo, &["update-ref", "refs/heads/main", &commit]);
    }, MAIN, PUSH_MAIN => [AtPush, AtPush, Locally];

    message: NOTHING, |repo| {
        repo.stage("a", "x\n");
        git(repo, &["commit", "-m", &line(1)]);
    }, MAIN, PUSH_MAIN => [Locally; 3];

    message_no_verify: NOTHING, |repo| {
        repo.stage("a", "x\n");
        git(repo, &["commit", "--no-verify", "-m", &line(1)]);
    }, MAIN, PUSH_MAIN => [AtPush, Locally, Locally];

    message_of_a_patch: |repo| {
        with_patch(repo);
        let patch = fs::read_to_string(repo.path(".git/patch")).expect("a patch");
        let patch = patch.replace(line(1).trim_end(), "nothing");
        repo.write(".git/patch", patch.replace("a change", &format!("a change\n\n{}", line(1))));
    }, |repo| {
        git(repo, &["am", ".git/patch"]);
    }, MAIN, PUSH_MAIN => [Locally; 3];

    message_of_a_merge: |repo| {
        with_conflict(repo);
        repo.git(&["checkout", "-q", "side"]);
        repo.stage("tracked", "one\ntwo\nthree\n").stage("side", "x\n").commit();
        repo.git(&["checkout", "-q", "main"]);
    }, |repo| {
        git(repo, &["merge", "-m", &line(1), "side"]);
    }, MAIN, PUSH_MAIN => [Locally; 3];

    tag: NOTHING, |repo| {
        git(repo, &["tag", "-a", "v1", "-m", &line(1)]);
    }, MAIN, &["v1"] => [AtPush, AtPush, Locally];

    tag_of_a_blob: |repo| {
        repo.git(&["tag", "blob", &repo.store(line(1))]);
    }, |repo| {
        let id = repo.git(&["rev-parse", "blob"]);
        repo.git(&["tag", "-d", "blob"]);
        git(repo, &["tag", "-a", "v1", "-m", &format!("see {}", github_token(1)), &id]);
    }, MAIN, &["v1"] => [AtPush, AtPush, Locally];

    note: NOTHING, |repo| {
        git(repo, &["notes", "add", "-m", &line(1)]);
    }, &["--all"], &["refs/notes/*"] => [AtPush, AtPush, Locally];

    name_of_a_branch: NOTHING, |repo| {
        git(repo, &["branch", &format!("fix/{}", github_token(1))]);
    }, MAIN, &["--all"] => [AtPush, AtPush, Locally];

    name_of_a_file: NOTHING, |repo| {
        repo.stage(github_token(1), "x\n");
        git(repo, &["commit", "--no-verify", "-m", "x"]);
    }, MAIN, PUSH_MAIN => [AtPush, Locally, Locally];

    push_of_a_merge_that_was_spoiled: with_evil_merge, NOTHING, MAIN, PUSH_MAIN => [AtPush; 3];

    push_of_what_was_taken_out_again: |repo| {
        repo.stage("a", line(1)).commit();
        repo.git(&["rm", "-q", "a"]);
        repo.commit();
    }, NOTHING, MAIN, PUSH_MAIN => [AtPush; 3];

    push_of_two_branches: |repo| {
        repo.git(&["checkout", "-q", "-b", "good"]);
        repo.stage("good", "x\n").commit();
        repo.git(&["checkout", "-q", "-b", "zbad"]);
        repo.stage("bad", line(1)).commit();
    }, NOTHING, &["--all"], &["good", "zbad"] => [AtPush; 3];

    push_by_force: |repo| {
        repo.stage("a", line(1));
        repo.git(&["commit", "-q", "--amend", "--no-edit"]);
    }, NOTHING, MAIN, &["+main"] => [AtPush; 3];

    push_of_another_name: |repo| {
        repo.stage("a", line(1)).commit();
    }, NOTHING, MAIN, &["HEAD~0:refs/heads/elsewhere"] => [AtPush; 3];
}

/// What is no secret gets through all of it.
#[test]
fn what_is_clean_passes() {
    for set in SETS {
        let repo = guarded(set, with_branch);
        let run = |args: &[&str]| {
            git(&repo, args).assert_fit_for_a_screen().assert_code(0);
        };
        repo.stage("a", "x\n");
        run(&["commit", "-m", "clean"]);
        repo.write("tracked", "more\n");
        run(&["commit", "-am", "clean"]);
        run(&["commit", "--amend", "--no-edit"]);
        run(&["revert", "--no-edit", "HEAD"]);
        run(&["tag", "-a", "v1", "-m", "clean"]);
        run(&["push", "-q", "origin", "main", "v1"]);
        repo.write("tracked", "even more\n");
        run(&["stash"]);
        run(&["stash", "pop"]);
        run(&["push", "-q", "origin", "--delete", "v1"]);
        run(&["push", "-q", "origin", "main"]);
    }
}

/// With `--strict` two hooks run for each commit, and only the first of them scans.
#[test]
fn strict_scans_once() {
    let repo = guarded(Set::Strict, NOTHING);
    repo.stage("a", "x\n");
    let shown = repo.try_git(&["commit", "-m", "x"]).assert_code(0);
    assert_eq!(shown.errors().matches("scanned (").count(), 1, "{shown}");
    assert!(repo.path(".git/leakgate/scanned").exists());
    // A note is for the very change that was scanned.
    repo.stage("b", line(1));
    assert_ne!(repo.try_git(&["commit", "--no-verify", "-m", "x"]).code, 0);
    repo.leakgate(&["uninstall"]).assert_code(0);
    assert!(!repo.path(".git/leakgate").exists());
}

/// A way past leakgate that leaves a trace.
#[test]
fn skipping_needs_a_reason_and_is_recorded() {
    let repo = guarded(Set::Strict, NOTHING);
    repo.stage("a", line(1));
    let commit = |reason: &str| {
        let mut commit = repo.command("git", &["commit", "-m", "x"]);
        Run::of(commit.env("LEAKGATE_SKIP", reason), b"").assert_fit_for_a_screen()
    };
    assert_ne!(commit("").code, 0);
    let refused = commit("1");
    assert_ne!(refused.code, 0);
    assert!(refused.errors().contains("no reason"), "{refused}");
    let log = repo.path(".git/leakgate-skipped.log");
    assert!(!log.exists());
    let head = repo.git(&["rev-parse", "HEAD"]);
    let skipped = commit("a fixture of\tthe\u{1b}[31m tests").assert_code(0);
    assert!(skipped.errors().contains("nothing scanned"), "{skipped}");
    let log = fs::read_to_string(log).expect("a log");
    let lines: Vec<Vec<_>> = log.lines().map(|line| line.split('\t').collect()).collect();
    let events: Vec<_> = lines.iter().map(|line| line[1]).collect();
    assert_eq!(events, ["pre-commit", "prepare-commit-msg", "commit-msg"]);
    for line in lines {
        assert!(line[0].ends_with('Z') && line[2] == head, "{line:?}");
        assert_eq!(line[3], "a fixture of the [31m tests");
    }
    // What was skipped is stopped when it is pushed.
    assert_ne!(repo.try_git(&["push", "-q", "origin", "main"]).code, 0);
}

/// The diff that `--verbose` shows below the message is no part of it.
#[test]
fn taking_a_secret_out_with_a_verbose_message() {
    let repo = guarded(Set::Strict, |repo| {
        repo.stage("a", line(1)).commit();
    });
    repo.stage("a", "taken out\n");
    let editor = "sed -i '1s/^/Take it out/'";
    for args in [&["commit", "-v"][..], &["commit", "--amend", "-v"]] {
        let mut commit = repo.command("git", args);
        let run = Run::of(commit.env("GIT_EDITOR", editor), b"");
        run.assert_code(0);
    }
    // Of one's own below the comments, it is.
    repo.stage("b", "x\n");
    let editor = format!("printf '%s\\n' subject '{}' >", line(3).trim_end());
    let mut commit = repo.command("git", &["commit", "-v"]);
    assert_ne!(Run::of(commit.env("GIT_EDITOR", editor), b"").code, 0);
}

/// Only what that remote lacks is scanned: each remote may be seen by others.
#[test]
fn another_remote_may_not_have_it() {
    let repo = guarded(Set::Default, |repo| {
        repo.stage("a", line(1)).commit();
        repo.git(&["push", "-q", "origin", "main"]);
    });
    repo.stage("b", "x\n").commit();
    repo.try_git(&["push", "-q", "origin", "main"]).assert_code(0);
    let public = repo.beside("public.git").display().to_string();
    repo.git(&["init", "-q", "--bare", &public]);
    let refused = repo.try_git(&["push", "-q", &public, "main"]);
    assert!(refused.code != 0 && refused.text().contains("added by commit"), "{refused}");
    repo.git(&["remote", "add", "origin/public", &public]);
    assert_ne!(repo.try_git(&["push", "-q", "origin/public", "main"]).code, 0);
    assert!(!holds(&repo, Some(&public), &["--all"]));
}
