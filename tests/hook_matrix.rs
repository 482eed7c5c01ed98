//! Every way a commit is made, against each set of hooks, with git as the judge: did it get in?

use std::fs;

use crate::support::secret::{github_token, line};
use crate::support::{Repo, Run};

/// What is installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Set {
    Default,
    Strict,
}

const SETS: [Set; 2] = [Set::Default, Set::Strict];

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
    }, MAIN, PUSH_MAIN => [Locally; 2];

    commit_all: NOTHING, |repo| {
        repo.write("tracked", line(1));
        git(repo, &["commit", "-a", "-m", "x"]);
    }, MAIN, PUSH_MAIN => [Locally; 2];

    commit_patch: NOTHING, |repo| {
        repo.write("tracked", line(1));
        let run = git_with(repo, &["commit", "-p", "-m", "x"], b"y\n");
        assert!(run.text().contains("Stage this hunk"), "{run}");
    }, MAIN, PUSH_MAIN => [Locally; 2];

    commit_path: NOTHING, |repo| {
        repo.write("tracked", line(1)).stage("other", "x\n");
        git(repo, &["commit", "-m", "x", "tracked"]);
    }, MAIN, PUSH_MAIN => [Locally; 2];

    commit_include: NOTHING, |repo| {
        repo.write("tracked", line(1)).stage("other", "x\n");
        git(repo, &["commit", "-m", "x", "-i", "tracked"]);
    }, MAIN, PUSH_MAIN => [Locally; 2];

    amend: NOTHING, |repo| {
        repo.stage("a", line(1));
        git(repo, &["commit", "--amend", "--no-edit"]);
    }, MAIN, PUSH_MAIN => [Locally; 2];

    first_commit: |repo| {
        repo.git(&["checkout", "-q", "--orphan", "fresh"]);
    }, |repo| {
        repo.stage("a", line(1));
        git(repo, &["commit", "-m", "x"]);
    }, &["--branches"], &["fresh"] => [Locally; 2];

    in_a_linked_worktree: |repo| {
        repo.git(&["worktree", "add", "-q", "-b", "linked", "../linked"]);
    }, |repo| {
        let linked = repo.at(repo.beside("linked"));
        linked.stage("a", line(1));
        git(&linked, &["commit", "-m", "x"]);
    }, &["linked"], &["linked"] => [Locally; 2];

    merge_that_a_driver_spoils: with_driver, |repo| {
        let run = git(repo, &["merge", "--no-edit", "side"]);
        assert!(!run.text().contains("CONFLICT"), "{run}");
    }, MAIN, PUSH_MAIN => [Locally; 2];

    merge_with_conflict: with_conflict, |repo| {
        git(repo, &["merge", "side"]);
        repo.stage("tracked", line(1));
        git(repo, &["commit", "--no-edit"]);
    }, MAIN, PUSH_MAIN => [Locally; 2];

    merge_continued: with_conflict, |repo| {
        git(repo, &["merge", "side"]);
        repo.stage("tracked", line(1));
        git(repo, &["merge", "--continue"]);
    }, MAIN, PUSH_MAIN => [Locally; 2];

    // The branch has it already, so that the merge brings nothing new into this repository.
    merge_of_a_branch_that_has_it: with_branch, |repo| {
        git(repo, &["merge", "--no-edit", "side"]);
    }, MAIN, PUSH_MAIN => [AtPush; 2];

    merge_fast_forward: |repo| {
        repo.git(&["checkout", "-q", "-b", "side"]);
        repo.stage("bad", line(1)).commit();
        repo.git(&["checkout", "-q", "main"]);
    }, |repo| {
        git(repo, &["merge", "--ff-only", "side"]);
    }, MAIN, PUSH_MAIN => [AtPush; 2];

    merge_squashed: with_branch, |repo| {
        git(repo, &["merge", "--squash", "side"]);
        git(repo, &["commit", "-m", "x"]);
    }, MAIN, PUSH_MAIN => [Locally; 2];

    cherry_pick: with_branch, |repo| {
        git(repo, &["cherry-pick", "side"]);
    }, MAIN, PUSH_MAIN => [AtPush, Locally];

    revert: with_removal, |repo| {
        git(repo, &["revert", "--no-edit", "HEAD"]);
    }, &["HEAD", "^HEAD~1"], PUSH_MAIN => [AtPush, Locally];

    rebase: with_original, |repo| {
        git(repo, &["rebase", "main", "side"]);
    }, &["HEAD", "^original"], &["HEAD:refs/heads/side"] => [AtPush, Locally];

    rebase_by_patches: with_original, |repo| {
        git(repo, &["rebase", "--apply", "main", "side"]);
    }, &["HEAD", "^original"], &["HEAD:refs/heads/side"] => [Locally; 2];

    am: with_patch, |repo| {
        git(repo, &["am", ".git/patch"]);
    }, MAIN, PUSH_MAIN => [Locally; 2];

    am_no_verify: with_patch, |repo| {
        git(repo, &["am", "--no-verify", ".git/patch"]);
    }, MAIN, PUSH_MAIN => [AtPush, Locally];

    stash: NOTHING, |repo| {
        repo.write("tracked", line(1));
        git(repo, &["stash"]);
    }, &["stash@{0}"], &[] => [Never, Locally];

    stash_of_what_is_staged: NOTHING, |repo| {
        repo.stage("a", line(1));
        git(repo, &["stash"]);
    }, &["stash@{0}"], &[] => [Never, Locally];

    stash_of_what_is_untracked: NOTHING, |repo| {
        repo.write("a", line(1)).write("tracked", "x\n");
        git(repo, &["stash", "-u"]);
    }, &["stash@{0}^3"], &[] => [Never, Locally];

    commit_no_verify: NOTHING, |repo| {
        repo.stage("a", line(1));
        git(repo, &["commit", "--no-verify", "-m", "x"]);
    }, MAIN, PUSH_MAIN => [AtPush, Locally];

    commit_tree: NOTHING, |repo| {
        repo.stage("a", line(1));
        let tree = repo.git(&["write-tree"]);
        let commit = repo.git(&["commit-tree", &tree, "-p", "HEAD", "-m", "x"]);
        git(repo, &["update-ref", "refs/heads/main", &commit]);
    }, MAIN, PUSH_MAIN => [AtPush, Locally];

    commit_without_a_branch: |repo| {
        repo.git(&["checkout", "-q", "--detach"]);
    }, |repo| {
        repo.stage("a", line(1));
        let tree = repo.git(&["write-tree"]);
        let commit = repo.git(&["commit-tree", &tree, "-p", "HEAD", "-m", "x"]);
        git(repo, &["update-ref", "HEAD", &commit]);
    }, MAIN, &["HEAD:refs/heads/x"] => [AtPush, Locally];

    merge_no_verify: with_driver, |repo| {
        git(repo, &["merge", "--no-edit", "--no-verify", "side"]);
    }, MAIN, PUSH_MAIN => [AtPush, Locally];

    fast_import: NOTHING, |repo| {
        let input = format!(
            "commit refs/heads/main\ncommitter a <a@example.com> 1 +0000\ndata 1\nx\n\
             from refs/heads/main^0\nM 644 inline a\ndata {}\n{}\n",
            line(1).len(),
            line(1)
        );
        git_with(repo, &["fast-import", "--quiet"], input.as_bytes());
    }, MAIN, PUSH_MAIN => [AtPush, Locally];

    message: NOTHING, |repo| {
        repo.stage("a", "x\n");
        git(repo, &["commit", "-m", &line(1)]);
    }, MAIN, PUSH_MAIN => [Locally; 2];

    message_no_verify: NOTHING, |repo| {
        repo.stage("a", "x\n");
        git(repo, &["commit", "--no-verify", "-m", &line(1)]);
    }, MAIN, PUSH_MAIN => [AtPush, Locally];

    message_of_a_patch: |repo| {
        with_patch(repo);
        let patch = fs::read_to_string(repo.path(".git/patch")).expect("a patch");
        let patch = patch.replace(line(1).trim_end(), "nothing");
        repo.write(".git/patch", patch.replace("a change", &format!("a change\n\n{}", line(1))));
    }, |repo| {
        git(repo, &["am", ".git/patch"]);
    }, MAIN, PUSH_MAIN => [Locally; 2];

    message_of_a_merge: |repo| {
        with_conflict(repo);
        repo.git(&["checkout", "-q", "side"]);
        repo.stage("tracked", "one\ntwo\nthree\n").stage("side", "x\n").commit();
        repo.git(&["checkout", "-q", "main"]);
    }, |repo| {
        git(repo, &["merge", "-m", &line(1), "side"]);
    }, MAIN, PUSH_MAIN => [Locally; 2];

    tag: NOTHING, |repo| {
        git(repo, &["tag", "-a", "v1", "-m", &line(1)]);
    }, MAIN, &["v1"] => [AtPush, Locally];

    tag_of_a_blob: |repo| {
        repo.git(&["tag", "blob", &repo.store(line(1))]);
    }, |repo| {
        let id = repo.git(&["rev-parse", "blob"]);
        repo.git(&["tag", "-d", "blob"]);
        git(repo, &["tag", "-a", "v1", "-m", &format!("see {}", github_token(1)), &id]);
    }, MAIN, &["v1"] => [AtPush, Locally];

    note: NOTHING, |repo| {
        git(repo, &["notes", "add", "-m", &line(1)]);
    }, &["--all"], &["refs/notes/*"] => [AtPush, Locally];

    name_of_a_branch: NOTHING, |repo| {
        git(repo, &["branch", &format!("fix/{}", github_token(1))]);
    }, MAIN, &["--all"] => [AtPush, Locally];

    name_of_a_file: NOTHING, |repo| {
        repo.stage(github_token(1), "x\n");
        git(repo, &["commit", "--no-verify", "-m", "x"]);
    }, MAIN, PUSH_MAIN => [AtPush, Locally];

    push_of_a_merge_that_was_spoiled: with_evil_merge, NOTHING, MAIN, PUSH_MAIN => [AtPush; 2];

    push_of_what_was_taken_out_again: |repo| {
        repo.stage("a", line(1)).commit();
        repo.git(&["rm", "-q", "a"]);
        repo.commit();
    }, NOTHING, MAIN, PUSH_MAIN => [AtPush; 2];

    push_of_two_branches: |repo| {
        repo.git(&["checkout", "-q", "-b", "good"]);
        repo.stage("good", "x\n").commit();
        repo.git(&["checkout", "-q", "-b", "zbad"]);
        repo.stage("bad", line(1)).commit();
    }, NOTHING, &["--all"], &["good", "zbad"] => [AtPush; 2];

    push_by_force: |repo| {
        repo.stage("a", line(1));
        repo.git(&["commit", "-q", "--amend", "--no-edit"]);
    }, NOTHING, MAIN, &["+main"] => [AtPush; 2];

    push_of_another_name: |repo| {
        repo.stage("a", line(1)).commit();
    }, NOTHING, MAIN, &["HEAD~0:refs/heads/elsewhere"] => [AtPush; 2];
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

/// With `--strict` several hooks run for each commit, and only the first of them scans.
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
    assert_eq!(events, ["pre-commit", "prepare-commit-msg", "commit-msg", "reference-transaction"]);
    for line in lines {
        assert!(line[0].ends_with('Z') && line[2] == head, "{line:?}");
        assert_eq!(line[3], "a fixture of the [31m tests");
    }
    // What was skipped is stopped when it is pushed.
    assert_ne!(repo.try_git(&["push", "-q", "origin", "main"]).code, 0);
}

/// Where the policy wants it, the message of the commit says what was skipped.
#[test]
fn a_skip_leaves_a_trailer_where_the_policy_wants_one() {
    let repo = guarded(Set::Strict, NOTHING);
    let commit = |args: &[&str]| {
        repo.write("a", line(1)).add("a");
        let mut commit = repo.command("git", &[&["commit", "--allow-empty"], args].concat());
        commit.env("LEAKGATE_SKIP", "a fixture of the tests").env("GIT_EDITOR", "true");
        Run::of(&mut commit, b"").assert_code(0);
        let trailers = repo.git(&["log", "-1", "--format=%(trailers:unfold)%x00"]);
        (repo.git(&["log", "-1", "--format=%s"]), trailers.replace(['\0', '\n'], ";"))
    };
    let plain = |trailers: &str| ("x".to_owned(), format!("{trailers};"));
    assert_eq!(commit(&["-m", "x"]), plain(""));
    repo.stage(".leakgate.yaml", "skip-trailer: true\n");
    let skip = "Leakgate-Skip: a fixture of the tests";
    assert_eq!(commit(&["-m", "x"]), plain(&format!("{skip};")));
    assert_eq!(commit(&["-m", "x", "--no-verify"]), plain(&format!("{skip};")));
    let signed = format!("Signed-off-by: A U Thor <author@example.com>;{skip};");
    assert_eq!(commit(&["-m", "x", "--signoff"]), plain(&signed));
    assert_eq!(commit(&["-v", "-e", "-m", "x"]), plain(&format!("{skip};")));
    assert_eq!(commit(&["--amend", "--no-edit"]), plain(&format!("{skip};")));
    repo.stage(".leakgate.yaml", "skip-trailer: maybe\n");
    let mut wrong = repo.command("git", &["commit", "-m", "x"]);
    wrong.env("LEAKGATE_SKIP", "a fixture of the tests");
    assert_ne!(Run::of(&mut wrong, b"").code, 0, "a policy that cannot be read");
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

/// What was fetched from one place is not known to another, though both have one name.
#[test]
fn what_is_fetched_is_not_known_where_it_is_pushed() {
    let repo = guarded(Set::Default, |repo| {
        repo.stage("a", line(1)).commit();
        repo.git(&["push", "-q", "origin", "main"]);
    });
    repo.stage("b", "x\n").commit();
    let public = repo.beside("public.git").display().to_string();
    repo.git(&["init", "-q", "--bare", &public]);
    let private = repo.beside("remote.git").display().to_string();
    let config = fs::read(repo.path(".git/config")).expect("a configuration");
    for (name, value) in [
        ("remote.origin.pushurl", &public),
        ("remote.origin.url", &public),
        (&format!("url.{public}.pushInsteadOf"), &private),
    ] {
        repo.git(&["config", "--add", name, value]);
        assert_ne!(repo.try_git(&["push", "-q", "origin", "main"]).code, 0, "{name}");
        assert!(!holds(&repo, Some(&public), &["--all"]), "{name}");
        repo.write(".git/config", &config);
    }
    // Whatever the place is called, it is the same.
    repo.git(&["config", "url.../.insteadOf", "https://example.com/"]);
    repo.git(&["config", "remote.origin.url", "https://example.com/remote.git"]);
    repo.try_git(&["push", "-q", "origin", "main:other"]).assert_code(0);
    repo.try_git(&["push", "-q", "../remote.git", "main:more"]).assert_code(0);
}

/// What comes from another repository is there already, and git's own work on refs is not stopped.
#[test]
fn strict_is_in_nobodys_way() {
    for fetch in [
        &["fetch", "-q"][..],
        &["fetch", "-q", "--atomic"],
        &["fetch", "-q", "origin", "theirs:theirs"],
        &["fetch", "-q", "origin", "tag", "v1"],
        &["fetch", "-q", "origin", "+refs/*:refs/mirror/*"],
        &["pull", "-q", "--ff-only", "origin", "main"],
        &["pull", "-q", "--no-rebase", "--no-edit", "origin", "theirs"],
        &["pull", "-q", "--rebase", "origin", "main"],
    ] {
        let repo = guarded(Set::Strict, with_other_side);
        repo.stage("mine", "x\n");
        if fetch.contains(&"--ff-only") {
            repo.git(&["reset", "-q", "--hard"]);
        } else {
            git(&repo, &["commit", "-m", "mine"]).assert_code(0);
        }
        let run = repo.try_git(fetch);
        assert_eq!(run.code, 0, "{run}");
        let heads = repo.git(&["for-each-ref", "--format=%(refname)"]);
        assert!(heads.lines().count() >= 2, "{heads}");
    }
}

/// A clone brings what others have, also where every repository has the hooks.
#[test]
fn strict_lets_a_clone_through() {
    let repo = guarded(Set::Strict, |repo| {
        with_other_side(repo);
        let other = repo.at(repo.beside("other"));
        other.git(&["checkout", "-q", "--orphan", "loose"]);
        other.commit();
        other.git(&["tag", "-a", "of-no-branch", "-m", &line(4)]);
        other.git(&["push", "-q", "origin", "of-no-branch"]);
    });
    let hooks = format!("core.hooksPath={}", repo.path(".git/hooks").display());
    let url = format!("file://{}", repo.beside("remote.git").display());
    for (at, options) in [&[][..], &["--single-branch"], &["--depth=1"], &["-b", "v1"], &["--bare"]]
        .iter()
        .enumerate()
    {
        let to = repo.beside(&format!("clone{at}")).display().to_string();
        let clone = [&["-c", &hooks, "clone", "-q", &url, &to], *options].concat();
        repo.try_git(&clone).assert_code(0);
    }
}

/// What others have excuses what leads to it, and nothing beside it.
#[test]
fn no_ref_excuses_another() {
    let repo = guarded(Set::Strict, NOTHING);
    let blob = repo.store(line(1));
    let tree = repo.git_with(&["mktree"], format!("100644 blob {blob}\tbad\n").as_bytes());
    let bad = repo.git(&["commit-tree", "-m", "bad", &tree]);
    let create = |refs: &[(&str, &str)]| {
        let lines: String = refs.iter().map(|(name, id)| format!("create {name} {id}\n")).collect();
        git_with(&repo, &["update-ref", "--stdin"], lines.as_bytes()).code
    };
    for refused in [
        &[("refs/heads/evil", &*bad)][..],
        &[("refs/remotes/x/y", "HEAD"), ("refs/heads/evil", &bad)],
        &[("refs/remotes/x/y", "HEAD"), ("refs/tags/evil", &bad)],
        &[("refs/bisect/evil", &bad)],
        &[("refs/rewritten/evil", &bad)],
    ] {
        assert_ne!(create(refused), 0, "{refused:?}");
        assert!(!repo.git(&["for-each-ref"]).contains("evil"), "{refused:?}");
    }
    assert_eq!(create(&[("refs/remotes/x/y", &bad), ("refs/heads/theirs", &bad)]), 0);
    repo.git(&["update-ref", "-d", "refs/remotes/x/y"]);
    repo.git(&["update-ref", "-d", "refs/heads/theirs"]);
    // Where there is no commit yet, a tag is looked at all the same.
    repo.git(&["symbolic-ref", "HEAD", "refs/heads/orphan"]);
    assert_ne!(git(&repo, &["tag", "evil", &bad]).code, 0);
    repo.git(&["update-ref", "-d", "refs/heads/main"]);
    repo.git(&["remote", "remove", "origin"]);
    assert_ne!(git(&repo, &["tag", "evil", &bad]).code, 0);
}

/// Another repository has a branch, a tag and the main branch with secrets.
fn with_other_side(repo: &Repo) {
    let other = repo.at(repo.beside("other"));
    let remote = repo.beside("remote.git").display().to_string();
    repo.git(&["clone", "-q", &remote, "../other"]);
    other.stage("bad", line(1)).commit();
    other.git(&["push", "-q", "origin", "main"]);
    other.git(&["checkout", "-q", "-b", "theirs", "HEAD~1"]);
    other.stage("worse", line(2)).commit();
    other.git(&["tag", "-a", "v1", "-m", &line(3)]);
    other.git(&["push", "-q", "origin", "theirs", "v1"]);
}

/// Whatever git does to refs without bringing anything new.
#[test]
fn strict_lets_git_keep_house() {
    let repo = guarded(Set::Strict, |repo| {
        // What was there before leakgate is no reason to stop anything.
        repo.stage("bad", line(1)).commit();
        repo.git(&["tag", "-a", "v0", "-m", &line(2)]);
        repo.stage("good", "x\n").commit();
        repo.git(&["branch", "side", "HEAD~1"]);
    });
    let run = |args: &[&str]| {
        let run = git(&repo, args);
        assert_eq!(run.code, 0, "{run}");
    };
    run(&["pack-refs", "--all"]);
    run(&["gc", "-q", "--prune=now"]);
    run(&["checkout", "-q", "side"]);
    run(&["checkout", "-q", "--detach", "main~1"]);
    run(&["checkout", "-q", "main"]);
    run(&["branch", "again", "side"]);
    run(&["branch", "-m", "again", "renamed"]);
    run(&["branch", "-D", "renamed"]);
    run(&["tag", "light", "v0"]);
    run(&["tag", "-d", "light", "v0"]);
    run(&["worktree", "add", "-q", "-b", "linked", "../linked", "side"]);
    run(&["worktree", "remove", "../linked"]);
    run(&["bisect", "start", "main", "main~2"]);
    run(&["bisect", "reset"]);
    repo.write("tracked", "more\n");
    run(&["stash"]);
    run(&["stash", "drop"]);
    run(&["notes", "add", "-m", "clean"]);
    run(&["update-ref", "-d", "refs/notes/commits"]);
    run(&["symbolic-ref", "HEAD", "refs/heads/side"]);
    run(&["symbolic-ref", "HEAD", "refs/heads/main"]);
    run(&["reset", "-q", "--hard", "main~1"]);
    run(&["reset", "-q", "--hard", "ORIG_HEAD"]);
    run(&["checkout", "-q", "-b", "topic", "main~1"]);
    repo.stage("topic", "x\n");
    run(&["commit", "-q", "-m", "topic"]);
    repo.stage("topic", "y\n");
    run(&["commit", "-q", "-m", "fixup! topic"]);
    run(&["rebase", "-q", "main"]);
    run(&["rebase", "-q", "-i", "--autosquash", "--root"]);
    run(&["merge", "-q", "--no-ff", "-m", "merge", "main~1"]);
    run(&["rebase", "-q", "--rebase-merges", "--no-ff", "main~1"]);
    run(&["bisect", "start", "--no-checkout", "HEAD", "main~2"]);
    run(&["bisect", "good"]);
    run(&["bisect", "reset"]);
    run(&["remote", "set-head", "origin", "main"]);
    run(&["remote", "update", "--prune"]);
    run(&["clone", "-q", ".", "../clone"]);
    run(&["push", "-q", "origin", "origin/main:refs/heads/more"]);
    run(&["push", "-q", "origin", "--delete", "more"]);
    run(&["update-ref", "-d", "refs/heads/side"]);
    run(&["replace", "HEAD", "HEAD~1"]);
    run(&["replace", "-d", &repo.git(&["rev-parse", "HEAD"])]);
}

/// Whoever is stopped is told what was not done and what to do.
#[test]
fn a_refused_change_says_what_to_do() {
    let repo = guarded(Set::Strict, NOTHING);
    let say = |args: &[&str]| {
        let run = repo.try_git(args);
        assert_ne!(run.code, 0, "{run}");
        run.text() + &run.errors()
    };
    assert!(say(&["tag", "-a", "v1", "-m", &line(1)]).contains("The tag was not made"));
    assert!(say(&["notes", "add", "-m", &line(1)]).contains("The note was not added"));
    repo.write("tracked", line(1));
    assert!(say(&["stash"]).contains("Nothing was stashed"));
    assert_eq!(fs::read_to_string(repo.path("tracked")).expect("it is there"), line(1));
    let branch = format!("fix/{}", github_token(1));
    let said = say(&["branch", &branch]);
    assert!(
        said.contains("this change of a branch") && said.contains("Choose another name"),
        "{said}"
    );
    assert!(!said.contains("--abort"), "{said}");
}
