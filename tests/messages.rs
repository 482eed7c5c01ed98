//! Messages of commits: what git keeps of them is scanned, and what it takes out stops nobody. Git
//! itself is the judge, by what it keeps without hooks.

use std::fs;

use crate::support::secret::{github_token, line};
use crate::support::{Repo, Run};

/// A repository whose staged change takes out a secret, guarded.
fn guarded(install: &[&str]) -> Repo {
    let repo = Repo::new();
    repo.stage("a", line(2)).commit();
    repo.leakgate(&[&["install"], install].concat()).assert_code(0);
    repo.stage("a", "taken out\n");
    // Puts one text above what git gives to an editor, and another one below.
    repo.script(
        ".git/editor",
        "cat .git/above \"$1\" .git/below >.git/both && cp .git/both \"$1\"",
    );
    repo
}

fn commit(repo: &Repo, args: &[&str]) -> Run {
    let args: Vec<_> = match args.iter().position(|arg| *arg == "-c") {
        Some(at) => [&args[at..at + 2], &["commit"], &args[..at], &args[at + 2..]].concat(),
        None => [&["commit"], args].concat(),
    };
    let mut commit = repo.command("git", &args);
    Run::of(commit.env("GIT_EDITOR", repo.path(".git/editor")), b"")
}

/// Whether git keeps the secret in the message, if nothing stops it.
fn is_kept(repo: &Repo, args: &[&str]) -> bool {
    if commit(repo, &[&["--no-verify"], args].concat()).code != 0 {
        return false;
    }
    let message = repo.git(&["log", "-1", "--format=%B"]);
    repo.git(&["reset", "-q", "--soft", "HEAD@{1}"]);
    message.contains(&github_token(1))
}

/// Texts that somebody writes above and below what git has in the editor.
fn texts() -> [(String, String); 5] {
    let token = github_token(1);
    [
        ("subject\n".to_owned(), String::new()),
        (format!("subject {token}\n"), String::new()),
        (format!("subject\n# key {token}\n"), String::new()),
        (format!("subject\n; key {token}\n"), String::new()),
        ("subject\n".to_owned(), format!("{token}\n")),
    ]
}

#[test]
fn what_git_keeps_of_an_edited_message_is_scanned() {
    let repo = guarded(&[]);
    fs::write(repo.path(".git/saved"), "saved\n").expect("a file");
    for args in [
        &[][..],
        &["-v"],
        &["--cleanup=strip"],
        &["--cleanup=verbatim"],
        &["--cleanup=whitespace"],
        &["--cleanup=scissors"],
        &["--cleanup=scissors", "-v"],
        &["--cleanup=verbatim", "-v"],
        &["-c", "commit.cleanup=scissors"],
        &["-c", "commit.cleanup=verbatim"],
        &["-c", "core.commentChar=;"],
        &["-c", "core.commentChar=;", "-v"],
        &["-m", "x", "-e"],
        &["-F", ".git/saved", "-e"],
        &["--amend", "-v"],
    ] {
        for (above, below) in texts() {
            fs::write(repo.path(".git/above"), &above).expect("a file");
            fs::write(repo.path(".git/below"), &below).expect("a file");
            let kept = is_kept(&repo, args);
            let run = commit(&repo, args);
            // Scissors with somebody's own text below could be somebody's own.
            let may_be_own = !below.is_empty() && args.iter().any(|arg| arg.ends_with("=scissors"));
            let as_kept = (run.code != 0) == kept || may_be_own && !kept;
            assert!(as_kept, "{args:?}\n{above}{below}{run}");
            if run.code == 0 {
                repo.git(&["reset", "-q", "--soft", "HEAD@{1}"]);
            }
        }
    }
}

/// Where git says nothing of comments, they are scanned whether it keeps them or not.
#[test]
fn comments_that_git_says_nothing_of_are_scanned() {
    let repo = guarded(&[]);
    let (above, _) = &texts()[2];
    fs::write(repo.path(".git/above"), above).expect("a file");
    fs::write(repo.path(".git/below"), "").expect("a file");
    for args in [&["--no-status"][..], &["--no-status", "--cleanup=verbatim"]] {
        assert_ne!(commit(&repo, args).code, 0, "{args:?}");
    }
    // Of a merge it says that it takes them out even where it keeps them.
    repo.git(&["stash", "-q"]);
    repo.git(&["checkout", "-q", "-b", "side", "HEAD~1"]);
    repo.stage("b", "x\n").commit();
    repo.git(&["checkout", "-q", "main"]);
    let mut merge = repo.command("git", &["merge", "-q", "-e", "--cleanup=verbatim", "side"]);
    let run = Run::of(merge.env("GIT_EDITOR", repo.path(".git/editor")), b"");
    assert_ne!(run.code, 0, "{run}");
}

/// What an editor was once given may be a message again, and then git keeps all of it.
#[test]
fn what_is_kept_of_a_message_that_was_used_before() {
    let repo = guarded(&[]);
    let token = github_token(1);
    fs::write(repo.path(".git/above"), format!("subject\n# key {token}\n")).expect("a file");
    fs::write(repo.path(".git/below"), "").expect("a file");
    for before in [&["-v"][..], &["--cleanup=scissors"], &[]] {
        fs::write(repo.path(".git/above"), "subject\n").expect("a file");
        fs::write(repo.path(".git/below"), format!("# {token}\n+{token}\n")).expect("a file");
        commit(&repo, &[&["--no-verify"], before].concat()).assert_code(0);
        repo.git(&["reset", "-q", "--soft", "HEAD~1"]);
        fs::copy(repo.path(".git/COMMIT_EDITMSG"), repo.path(".git/saved")).expect("a copy");
        fs::write(repo.path(".git/below"), "").expect("a file");
        for args in [
            &["-F", ".git/saved"][..],
            &["-e", "-F", ".git/saved"],
            &["-e", "-F", ".git/saved", "--cleanup=verbatim"],
        ] {
            let kept = is_kept(&repo, args);
            let run = commit(&repo, args);
            assert!(run.code != 0 || !kept, "{before:?} {args:?}{run}");
            if run.code == 0 {
                repo.git(&["reset", "-q", "--soft", "HEAD~1"]);
            }
        }
    }
}

/// Nothing that was written is lost: the advice opens the same message again.
#[test]
fn a_message_that_was_stopped_can_be_mended() {
    stop_and_mend(&[]);
    stop_and_mend(&["--strict"]);
}

fn stop_and_mend(install: &[&str]) {
    let repo = guarded(install);
    let mend = format!("sed -i.bak 's/{}/the key/' \"$1\"", github_token(1));
    repo.script(".git/mend", &mend);
    fs::write(repo.path(".git/above"), format!("subject\n\nlong, with {}\n", github_token(1)))
        .expect("a file");
    fs::write(repo.path(".git/below"), "").expect("a file");
    fs::create_dir(repo.path("folder")).expect("a folder");
    for (folder, option) in [("", None), ("folder", None), ("", Some("-v")), ("folder", Some("-v"))]
    {
        let within = repo.at(repo.path(folder));
        let mut commit = within.command("git", &["commit", "--allow-empty"]);
        commit
            .args(option)
            .env("GIT_EDITOR", format!("cd '{}' && .git/editor", repo.root.display()));
        let run = Run::of(&mut commit, b"").assert_fit_for_a_screen();
        assert_ne!(run.code, 0, "{run}");
        let told = run.errors().replace("\n          ", " ");
        let (_, rest) = told.split_once("commit again with `").expect("advice");
        let (options, _) = rest.split_once('`').expect("it ends");
        let command = format!("git commit --allow-empty {options}");
        let mut commit = within.command("sh", &["-c", &command]);
        let again = Run::of(commit.env("GIT_EDITOR", repo.path(".git/mend")), b"");
        assert_eq!(again.code, 0, "{command}: {again}");
        assert_eq!(repo.git(&["log", "-1", "--format=%B"]).trim(), "subject\n\nlong, with the key");
    }
}
