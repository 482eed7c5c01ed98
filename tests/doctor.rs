//! `leakgate doctor` tells whether a secret would slip by, and leaves nothing behind.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::{Repo, Run};

/// Every file below a folder with its content.
fn snapshot(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut pending = vec![folder.to_owned()];
    while let Some(path) = pending.pop() {
        if path.is_dir() && !path.is_symlink() {
            let entries = fs::read_dir(&path).expect("a folder");
            pending.extend(entries.map(|entry| entry.expect("an entry").path()));
            found.insert(path, Vec::new());
        } else {
            let content = fs::read(&path).unwrap_or_default();
            found.insert(path, content);
        }
    }
    found
}

/// What doctor says, after it was seen that it has changed nothing.
fn doctor(repo: &Repo, variables: &[(&str, &str)]) -> (i32, Value) {
    let before = snapshot(repo.root.parent().expect("the sandbox"));
    let mut command = repo.sandbox.leakgate(&repo.root);
    let temporary = tempfile::tempdir().expect("a folder");
    command.args(["doctor", "--json"]).envs(variables.iter().copied());
    command.env("TMPDIR", temporary.path());
    let run = Run::of(&mut command, b"").assert_fit_for_a_screen();
    assert!(snapshot(repo.root.parent().expect("the sandbox")) == before, "it left a trace: {run}");
    assert_eq!(fs::read_dir(temporary.path()).expect("a folder").count(), 0, "{run}");
    let json = run.json();
    assert_eq!(json["exit"], run.code);
    assert_eq!(json["guarded"], run.code == 0);
    (run.code, json)
}

/// The names of what is bad.
fn bad(json: &Value) -> Vec<&str> {
    let checks = json["checks"].as_array().expect("a list").iter();
    let bad = checks.filter(|check| check["verdict"] == "bad");
    bad.map(|check| check["name"].as_str().expect("a name")).collect()
}

fn verdict<'v>(json: &'v Value, name: &str) -> &'v str {
    let mut checks = json["checks"].as_array().expect("a list").iter();
    let check = checks.find(|check| check["name"] == name).expect("it was looked at");
    check["verdict"].as_str().expect("a word")
}

fn guarded() -> Repo {
    let repo = Repo::new();
    repo.leakgate(&["install"]).assert_code(0);
    repo
}

#[test]
fn guarded_and_not() {
    let repo = guarded();
    let (code, json) = doctor(&repo, &[]);
    assert_eq!((code, bad(&json)), (0, vec![]), "{json:#}");
    let strict = ["try to commit with --no-verify", "try to change a branch"];
    assert_eq!(strict.map(|name| verdict(&json, name)), ["note"; 2]);
    repo.leakgate(&["install", "--strict"]).assert_code(0);
    let (code, json) = doctor(&repo, &[]);
    assert_eq!((code, bad(&json)), (0, vec![]), "{json:#}");
    assert_eq!(strict.map(|name| verdict(&json, name)), ["ok"; 2]);
    repo.remove(".git/hooks/reference-transaction");
    let (code, json) = doctor(&repo, &[]);
    assert_eq!(code, 1);
    assert_eq!(bad(&json), ["reference-transaction hook", "try to change a branch"], "{json:#}");
    repo.leakgate(&["uninstall"]).assert_code(0);
    let (code, json) = doctor(&repo, &[]);
    assert_eq!(code, 1);
    for name in ["try to commit", "try to commit a message", "try to merge", "try to push"] {
        assert_eq!(verdict(&json, name), "bad", "{json:#}");
    }
}

#[test]
fn each_hook_that_is_gone_is_noticed_by_trying() {
    for (hook, attempt) in [
        ("pre-commit", "try to commit"),
        ("pre-merge-commit", "try to merge"),
        ("commit-msg", "try to commit a message"),
        ("pre-push", "try to push"),
    ] {
        let repo = guarded();
        repo.remove(&format!(".git/hooks/{hook}"));
        let (code, json) = doctor(&repo, &[]);
        assert!(code == 1 && bad(&json).contains(&attempt), "{json:#}");
        assert!(bad(&json).contains(&&*format!("{hook} hook")), "{json:#}");
    }
}

/// A hook that is there and does not run.
#[test]
fn each_way_a_hook_is_switched_off() {
    let ways: [fn(&Repo); 4] = [
        |repo| {
            repo.chmod(".git/hooks/pre-commit", 0o644);
        },
        |repo| {
            repo.git(&["config", "core.hooksPath", "/dev/null"]);
        },
        |repo| {
            repo.git(&["config", "core.hooksPath", "elsewhere"]);
        },
        |repo| {
            repo.script(".git/hooks/pre-commit", "exit 0");
        },
    ];
    for way in ways {
        let repo = guarded();
        way(&repo);
        let (code, json) = doctor(&repo, &[]);
        assert!(code == 1 && bad(&json).contains(&"try to commit"), "{json:#}");
    }
}

/// Git asks whether it may run a hook, and not whether everybody may.
#[test]
fn a_hook_that_its_owner_may_run() {
    let repo = guarded();
    for (mode, state) in [(0o744, "ok"), (0o700, "ok"), (0o600, "bad")] {
        repo.chmod(".git/hooks/pre-commit", mode);
        let (_, json) = doctor(&repo, &[]);
        assert_eq!(verdict(&json, "pre-commit hook"), state, "{json:#}");
        assert_eq!(verdict(&json, "try to commit"), state, "{json:#}");
    }
}

#[test]
fn a_hook_with_carriage_returns() {
    let repo = guarded();
    let hook = repo.path(".git/hooks/pre-commit");
    let text = fs::read_to_string(&hook).expect("a hook").replace('\n', "\r\n");
    fs::write(&hook, text).expect("it can be written");
    let (code, json) = doctor(&repo, &[]);
    assert!(code == 1 && bad(&json).contains(&"pre-commit hook"), "{json:#}");
}

#[test]
fn a_program_that_is_gone_or_of_another_version() {
    let repo = guarded();
    let other = repo.script("../other/leakgate", "echo leakgate 0.0.1");
    let hook = repo.path(".git/hooks/pre-commit");
    fs::remove_file(&hook).expect("it was there");
    let mut install = repo.command("cp", &[]);
    install.arg(crate::support::program()).arg(repo.beside("copy"));
    assert!(install.status().expect("it runs").success());
    Run::of(&mut repo.command(&repo.beside("copy").display().to_string(), &["install"]), b"");
    let (code, json) = doctor(&repo, &[]);
    assert_eq!((code, verdict(&json, "pre-commit hook")), (0, "ok"), "{json:#}");
    fs::rename(other, repo.beside("copy")).expect("it can be replaced");
    let (code, json) = doctor(&repo, &[]);
    assert!(code == 1 && verdict(&json, "pre-commit hook") == "note", "{json:#}");
    fs::remove_file(repo.beside("copy")).expect("it was there");
    let (code, json) = doctor(&repo, &[]);
    assert_eq!(verdict(&json, "pre-commit hook"), "note", "{json:#}");
    assert_ne!(code, 0);
}

/// Before 2.43, `git hook run` hands nothing on to a hook.
#[test]
fn with_an_older_git() {
    let repo = guarded();
    let path = std::env::var("PATH").expect("a path");
    let git = repo.command("sh", &["-c", "command -v git"]).output().expect("it runs").stdout;
    let git = String::from_utf8(git).expect("a path");
    let (git, to) = (git.trim(), "to-stdin");
    let refusal = format!("echo \"error: unknown option '{to}'\" >&2; exit 129");
    let older = format!("case \"$*\" in *--{to}=*) {refusal} ;; esac\nexec '{git}' \"$@\"");
    let older = repo.script("../older/git", &older);
    let path = format!("{}:{path}", older.parent().expect("a folder").display());
    let name = "try to change a branch";
    let (code, json) = doctor(&repo, &[("PATH", &path)]);
    assert_eq!((code, verdict(&json, name)), (0, "note"), "{json:#}");
    repo.leakgate(&["install", "--strict"]).assert_code(0);
    let (code, json) = doctor(&repo, &[("PATH", &path)]);
    assert_eq!((code, verdict(&json, name)), (0, "ok"), "{json:#}");
}

#[test]
fn what_the_environment_switches_off() {
    let repo = guarded();
    let (code, json) = doctor(&repo, &[("LEAKGATE_SKIP", "always, for everything")]);
    assert!(code == 1 && bad(&json) == ["environment"], "{json:#}");
    assert_eq!(doctor(&repo, &[("SKIP", "other,leakgate")]).0, 1);
    assert_eq!(verdict(&doctor(&repo, &[("HUSKY", "0")]).1, "environment"), "note");
}

/// The same folder of hooks is meant from each work tree, and one with another is named.
#[test]
fn linked_work_trees_and_submodules() {
    let repo = guarded();
    repo.git(&["worktree", "add", "-q", "-b", "linked", "../linked"]);
    let linked = repo.at(repo.beside("linked"));
    assert_eq!(doctor(&repo, &[]).0, 0);
    assert_eq!(doctor(&linked, &[]).0, 0);
    repo.git(&["config", "extensions.worktreeConfig", "true"]);
    linked.git(&["config", "--worktree", "core.hooksPath", "elsewhere"]);
    let (code, json) = doctor(&repo, &[]);
    assert!(code == 1 && bad(&json)[0].starts_with("work tree "), "{json:#}");
    let (code, json) = doctor(&linked, &[]);
    assert!(code == 1 && bad(&json).contains(&"try to commit"), "{json:#}");

    let repo = Repo::new();
    repo.git(&["clone", "-q", "--bare", ".", "../library.git"]);
    repo.git(&["submodule", "--quiet", "add", "../library.git", "library"]);
    let library = repo.at(repo.path("library"));
    assert_eq!(doctor(&library, &[]).0, 1);
    library.leakgate(&["install"]).assert_code(0);
    assert_eq!(doctor(&library, &[]).0, 0);
}

/// A hooks folder in the work tree, before the first commit, with another hook that would run on.
#[test]
fn in_an_odd_repository() {
    let repo = Repo::init(&["--object-format=sha256"]);
    let trace = repo.beside("trace").display().to_string();
    repo.git(&["config", "core.hooksPath", "tools/hooks"]);
    repo.script("tools/hooks/pre-commit", &format!("touch '{trace}'"));
    repo.leakgate(&["install"]).assert_code(0);
    repo.stage("a", "staged and not committed\n");
    let (code, json) = doctor(&repo, &[]);
    assert_eq!(code, 0, "{json:#}");
}

/// A folder of hooks for every repository has stand-ins that are no hooks of leakgate.
#[test]
fn where_it_is_installed_for_all_repositories() {
    let repo = Repo::new();
    repo.leakgate(&["install", "--global"]).assert_code(0);
    let strict = ["try to commit with --no-verify", "try to change a branch"];
    let (code, json) = doctor(&repo, &[]);
    assert_eq!((code, bad(&json)), (0, vec![]), "{json:#}");
    assert_eq!(strict.map(|name| verdict(&json, name)), ["note"; 2]);
    let text = repo.leakgate(&["doctor"]).text();
    assert!(text.contains("`leakgate install --global --strict` stops it"), "{text}");
    repo.leakgate(&["install", "--global", "--strict"]).assert_code(0);
    let (code, json) = doctor(&repo, &[]);
    assert_eq!((code, bad(&json)), (0, vec![]), "{json:#}");
    assert_eq!(strict.map(|name| verdict(&json, name)), ["ok"; 2]);
}

/// What runs through another manager of hooks is found by trying, too.
#[test]
fn with_another_manager() {
    let repo = Repo::new();
    repo.git(&["config", "core.hooksPath", ".husky/_"]);
    let program = crate::support::program();
    let program = program.to_str().expect("a plain path");
    repo.script(".husky/_/h", "");
    let (code, json) = doctor(&repo, &[]);
    assert!(code == 1 && bad(&json).contains(&"try to commit"), "{json:#}");
    for event in ["pre-commit", "pre-merge-commit", "commit-msg", "pre-push"] {
        // Some are run by the pre-commit framework in turn.
        let body = format!("PRE_COMMIT=1 exec '{program}' hook {event} \"$@\"");
        repo.script(format!(".husky/_/{event}"), &body);
    }
    let (code, json) = doctor(&repo, &[]);
    assert_eq!(code, 0, "{json:#}");
    assert_eq!(verdict(&json, "pre-commit hook"), "note");
}

#[test]
fn a_server_and_text() {
    let repo = Repo::new();
    repo.git(&["clone", "-q", "--bare", ".", "../server.git"]);
    let server = repo.at(repo.beside("server.git"));
    assert_eq!(server.leakgate(&["doctor"]).code, 1);
    server.leakgate(&["install", "--server"]).assert_code(0);
    let run = server.leakgate(&["doctor"]).assert_code(0);
    assert!(run.text().ends_with("leakgate: guarded\n"), "{run}");
    let run = repo.leakgate(&["doctor"]).assert_code(1);
    assert!(run.text().contains("bad     try to commit: "), "{run}");
    let mut narrow = repo.sandbox.leakgate(&repo.root);
    let narrow = Run::of(narrow.arg("doctor").env("COLUMNS", "60"), b"").text();
    let broken =
        "note    try to commit with --no-verify: goes through until\n        it is pushed; ";
    assert!(narrow.contains("\n        ") && narrow.contains(broken), "{narrow}");
}
