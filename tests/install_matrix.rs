//! Installing into whatever there is, that it then stops a commit, and that taking it out again
//! leaves everything as it was.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use crate::support::secret::line;
use crate::support::{Repo, Run, Scan};

/// Every file below a folder: mode, and content or target.
type Snapshot = BTreeMap<PathBuf, (u32, Vec<u8>)>;

fn snapshot(folder: &Path) -> Snapshot {
    let mut found = Snapshot::new();
    let mut pending = vec![folder.to_owned()];
    while let Some(path) = pending.pop() {
        let metadata = path.symlink_metadata().expect("it is there");
        let content = if metadata.is_dir() {
            let entries = fs::read_dir(&path).expect("a folder");
            pending.extend(entries.map(|entry| entry.expect("an entry").path()));
            Vec::new()
        } else if metadata.is_symlink() {
            fs::read_link(&path).expect("a link").into_os_string().into_encoded_bytes()
        } else {
            fs::read(&path).expect("a file")
        };
        found.insert(path, (metadata.mode(), content));
    }
    found
}

/// A hook that leaves a trace and ends before anything that is appended to it could run.
fn hook_of_the_user(repo: &Repo, path: &str) {
    let trace = repo.beside("trace").display().to_string();
    repo.script(path, &format!("touch '{trace}'\nexit 0"));
}

/// A place to install into: how it is made, and from where things are done in it.
struct Place {
    make: fn(&Repo),
    /// The work tree, from the folder of the sandbox.
    root: &'static str,
    /// Whether a hook of the user's is to run as well.
    traced: bool,
}

fn check(place: &Place) {
    let main = Repo::new();
    (place.make)(&main);
    let repo = main.at(main.beside(place.root));
    let everything = || snapshot(main.root.parent().expect("the sandbox"));
    let before = everything();
    for order in ["first", "last"] {
        for options in [&["install"][..], &["install", "--strict"], &["install", "--every-ref"]] {
            let options = [options, &["--order", order]].concat();
            repo.leakgate(&options).assert_code(0);
            let installed = everything();
            assert_ne!(installed, before);
            repo.leakgate(&options).assert_code(0);
            assert_eq!(everything(), installed, "the second time changed something");
            repo.leakgate(&["uninstall"]).assert_code(0);
            let after = everything();
            assert_eq!(after.keys().collect::<Vec<_>>(), before.keys().collect::<Vec<_>>());
            assert!(after == before, "it is not as it was");
        }
    }
    repo.leakgate(&["install"]).assert_code(0);
    let head = || repo.git(&["rev-parse", "HEAD"]);
    let old = head();
    repo.stage("bad", line(1));
    let stopped = repo.try_git(&["commit", "-m", "x"]);
    assert!(stopped.code != 0 && head() == old, "{stopped}");
    let message = repo.try_git(&["commit", "--allow-empty", "--only", "-m", &line(2)]);
    assert!(message.code != 0 && head() == old, "{message}");
    repo.stage("bad", "nothing\n").try_git(&["commit", "-m", "x"]).assert_code(0);
    assert_eq!(repo.beside("trace").exists(), place.traced);
}

macro_rules! places {
    ($($name:ident: $make:expr, $root:expr, $traced:expr;)*) => {
        $(
            #[test]
            fn $name() {
                check(&Place { make: $make, root: $root, traced: $traced });
            }
        )*
    };
}

places! {
    fresh: |_| {}, "repo", false;

    without_a_folder_of_hooks: |repo| {
        fs::remove_dir_all(repo.path(".git/hooks")).expect("it was there");
        fs::create_dir(repo.path(".git/hooks")).expect("a folder");
    }, "repo", false;

    beside_a_hook_of_sh: |repo| hook_of_the_user(repo, ".git/hooks/pre-commit"), "repo", true;

    beside_a_hook_that_reads_refs: |repo| hook_of_the_user(repo, ".git/hooks/commit-msg"),
        "repo", true;

    beside_a_hook_of_python: |repo| {
        let trace = repo.beside("trace").display().to_string();
        let path = repo.script(".git/hooks/pre-commit", "");
        let text = format!(
            "#!/usr/bin/env python3\nimport pathlib, sys\npathlib.Path('{trace}').touch()\n\
             sys.exit(0)\n"
        );
        fs::write(path, text).expect("a hook");
    }, "repo", true;

    beside_a_hook_that_is_a_link: |repo| {
        hook_of_the_user(repo, "scripts/check");
        std::os::unix::fs::symlink("../../scripts/check", repo.path(".git/hooks/pre-commit"))
            .expect("a link");
    }, "repo", true;

    beside_a_hook_that_git_passes_over: |repo| {
        hook_of_the_user(repo, ".git/hooks/pre-commit");
        repo.chmod(".git/hooks/pre-commit", 0o644);
    }, "repo", false;

    in_a_relative_hooks_path: |repo| {
        repo.git(&["config", "core.hooksPath", "tools/git hooks"]);
        hook_of_the_user(repo, "tools/git hooks/pre-commit");
    }, "repo", true;

    in_an_absolute_hooks_path: |repo| {
        let path = repo.beside("it's a \"folder\"");
        fs::create_dir(&path).expect("a folder");
        repo.git(&["config", "core.hooksPath", &path.display().to_string()]);
    }, "repo", false;

    in_a_hooks_path_of_the_user: |repo| {
        let path = repo.beside("shared");
        fs::create_dir(&path).expect("a folder");
        repo.git(&["config", "--global", "core.hooksPath", &path.display().to_string()]);
    }, "repo", false;

    in_a_linked_worktree: |repo| {
        hook_of_the_user(repo, ".git/hooks/pre-commit");
        repo.git(&["worktree", "add", "-q", "-b", "linked", "../linked"]);
    }, "linked", true;

    in_a_submodule: |repo| {
        repo.git(&["clone", "-q", "--bare", ".", "../library.git"]);
        repo.git(&["submodule", "--quiet", "add", "../library.git", "library"]);
        repo.commit();
    }, "repo/library", false;

    in_a_separate_git_folder: |repo| {
        repo.git(&["init", "-q", "--separate-git-dir", "../elsewhere.git"]);
    }, "repo", false;
}

#[test]
fn a_bare_repository() {
    let main = Repo::new();
    main.git(&["clone", "-q", "--bare", ".", "../server.git"]);
    let server = main.at(main.beside("server.git"));
    hook_of_the_user(&server, "hooks/pre-receive");
    let before = snapshot(&server.root);
    server.leakgate(&["install", "--server"]).assert_code(0);
    server.leakgate(&["install", "--server"]).assert_code(0);
    main.git(&["push", "-q", "../server.git", "HEAD:refs/heads/other"]);
    assert!(main.beside("trace").exists());
    main.git(&["push", "-q", "../server.git", ":refs/heads/other"]);
    server.leakgate(&["uninstall"]).assert_code(0);
    assert_eq!(snapshot(&server.root.join("hooks")), {
        let hooks = server.root.join("hooks");
        before.into_iter().filter(|(path, _)| path.starts_with(&hooks)).collect()
    });
}

/// Who shares the folder is told.
#[test]
fn a_shared_folder_is_named() {
    let repo = Repo::new();
    let shared = repo.beside("shared").display().to_string();
    let told = |repo: &Repo| repo.leakgate(&["install"]).assert_code(0).text();
    assert!(!told(&repo).contains("all of them"));
    repo.git(&["config", "core.hooksPath", &shared]);
    assert!(!told(&repo).contains("all of them"));
    repo.git(&["config", "--unset", "core.hooksPath"]);
    repo.git(&["config", "--global", "core.hooksPath", &shared]);
    let text = told(&repo);
    assert!(text.contains("all of them") && text.contains(&shared), "{text}");
}

/// A folder that may not be written: by whoever runs this, or by nobody if that is root.
#[test]
fn a_folder_that_may_not_be_written() {
    let repo = Repo::new();
    hook_of_the_user(&repo, ".git/hooks/pre-commit");
    repo.chmod(".git/hooks", 0o555);
    let sandbox = repo.root.parent().expect("the sandbox");
    fs::set_permissions(sandbox, fs::Permissions::from_mode(0o755)).expect("a mode");
    let before = snapshot(&repo.path(".git"));
    let is_root = fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0);
    let program = crate::support::program().into_string().expect("a plain path");
    let command: &[&str] = if is_root {
        &["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", &program, "install"]
    } else {
        &[&program, "install"]
    };
    let run = Run::of(&mut repo.command(command[0], &command[1..]), b"").assert_code(2);
    assert!(run.errors().contains("cannot write to the hooks folder"), "{run}");
    assert!(run.errors().contains("make it writable"), "{run}");
    assert!(snapshot(&repo.path(".git")) == before);
    repo.chmod(".git/hooks", 0o755);
}

/// However far it came, git runs the old hook or the whole new one, and the next run finishes.
#[test]
fn killed_in_the_middle() {
    for micros in (0..6000).step_by(150) {
        let repo = Repo::new();
        hook_of_the_user(&repo, ".git/hooks/pre-commit");
        let before = snapshot(&repo.path(".git"));
        let mut child = repo.sandbox.leakgate(&repo.root).arg("install").spawn().expect("it runs");
        thread::sleep(Duration::from_micros(micros));
        child.kill().expect("it is ours");
        child.wait().expect("it ends");
        let hook = fs::read(repo.path(".git/hooks/pre-commit")).expect("a hook");
        let old = &before[&repo.path(".git/hooks/pre-commit")].1;
        let kept = fs::read(repo.path(".git/hooks/pre-commit.leakgate-previous"));
        let whole = hook.starts_with(b"#!/bin/sh\n# leakgate-shim") && hook.ends_with(b"fi\n");
        assert!(hook == *old || (whole && kept.expect("the old one is kept") == *old));
        if micros % 300 == 0 {
            repo.leakgate(&["install"]).assert_code(0);
        }
        repo.leakgate(&["uninstall"]).assert_code(0);
        assert!(snapshot(&repo.path(".git")) == before, "after {micros} µs");
    }
}

/// For all of a user's repositories, those to come too, with their own hooks as before.
#[test]
fn everywhere() {
    for (option, file) in [("--global", "home/gitconfig"), ("--system", "etc/gitconfig")] {
        let repo = Repo::new();
        fs::create_dir_all(repo.beside("etc")).expect("a folder");
        fs::create_dir_all(repo.beside("home/config")).expect("a folder");
        fs::write(repo.beside("etc/gitconfig"), "").expect("a file");
        let system = repo.beside("etc/gitconfig");
        let with = |mut command: std::process::Command| {
            command.env_remove("GIT_CONFIG_NOSYSTEM").env("GIT_CONFIG_SYSTEM", &system);
            Run::of(&mut command, b"").assert_fit_for_a_screen()
        };
        let leakgate = |args: &[&str]| {
            let mut command = repo.sandbox.leakgate(&repo.root);
            command.args(args);
            with(command)
        };
        hook_of_the_user(&repo, ".git/hooks/pre-commit");
        hook_of_the_user(&repo, ".git/hooks/post-checkout");
        let before = snapshot(repo.root.parent().expect("the sandbox"));
        leakgate(&["install", option]).assert_code(0);
        leakgate(&["install", option]).assert_code(0);
        let configured = fs::read_to_string(repo.beside(file)).expect("a file");
        assert!(configured.contains("hooksPath"), "{configured}");
        assert_eq!(leakgate(&["install"]).code, 2, "it is there already");

        let git = |args: &[&str]| with(repo.command("git", args));
        repo.stage("a", line(1));
        assert_ne!(git(&["commit", "-m", "x"]).code, 0);
        assert!(!repo.beside("trace").exists());
        git(&["checkout", "-q", "-b", "side"]).assert_code(0);
        assert!(repo.beside("trace").exists(), "another hook of the repository is lost");
        fs::remove_file(repo.beside("trace")).expect("it was there");
        repo.stage("a", "x\n");
        git(&["commit", "-q", "-m", "x"]).assert_code(0);
        assert!(repo.beside("trace").exists(), "the hook of the repository is lost");
        git(&["checkout", "-q", "main"]).assert_code(0);
        fs::remove_file(repo.beside("trace")).expect("it was there");

        leakgate(&["uninstall", option]).assert_code(0);
        leakgate(&["uninstall", option]).assert_code(0);
        let outside = |snapshot: Snapshot| -> Snapshot {
            snapshot.into_iter().filter(|(path, _)| !path.starts_with(&repo.root)).collect()
        };
        let mut after = outside(snapshot(repo.root.parent().expect("the sandbox")));
        let mut before = outside(before);
        // Git leaves the emptied section.
        let text = |snapshot: &mut Snapshot| {
            let (_, text) = snapshot.remove(&repo.beside(file)).expect("it is there");
            String::from_utf8(text).expect("text").replace("[core]\n", "")
        };
        assert_eq!(text(&mut after), text(&mut before));
        assert_eq!(after.keys().collect::<Vec<_>>(), before.keys().collect::<Vec<_>>());
    }
}

/// Cloning and fetching go on as before, whatever the other side has.
#[test]
fn everywhere_and_strict() {
    let theirs = Repo::new();
    theirs.stage("bad", line(1)).commit();
    theirs.git(&["tag", "-a", "v1", "-m", &line(2)]);
    fs::create_dir_all(theirs.beside("home/config")).expect("a folder");
    theirs.leakgate(&["install", "--global", "--strict"]).assert_code(0);
    for options in [&[][..], &["--bare"], &["--mirror"], &["--no-hardlinks", "--depth=1"]] {
        let name = format!("../clone{}", options.concat());
        let from = format!("file://{}", theirs.root.display());
        theirs.try_git(&[&["clone", "-q"], options, &[&from, &name]].concat()).assert_code(0);
    }
    let clone = theirs.at(theirs.beside("clone"));
    clone.stage("b", line(3));
    let stopped = clone.try_git(&["commit", "--no-verify", "-m", "x"]);
    assert!(stopped.code != 0 && stopped.errors().contains("blocks"), "{stopped}");
    assert_ne!(clone.try_git(&["stash"]).code, 0);
    clone.stage("b", "x\n").try_git(&["commit", "-m", "x"]).assert_code(0);
    clone.try_git(&["fetch", "-q"]).assert_code(0);
}

/// A folder of the user's own that is set for all repositories is used, not replaced.
#[test]
fn everywhere_with_a_folder_of_the_users_own() {
    let repo = Repo::new();
    let shared = repo.beside("shared");
    fs::create_dir(&shared).expect("a folder");
    repo.git(&["config", "--global", "core.hooksPath", &shared.display().to_string()]);
    repo.leakgate(&["install", "--global"]).assert_code(0);
    assert!(shared.join("pre-commit").exists() && !shared.join("post-checkout").exists());
    repo.stage("a", line(1));
    assert_ne!(repo.try_git(&["commit", "-m", "x"]).code, 0);
    repo.leakgate(&["uninstall", "--global"]).assert_code(0);
    assert_eq!(fs::read_dir(&shared).expect("a folder").count(), 0);
    assert_eq!(repo.git(&["config", "core.hooksPath"]), shared.display().to_string());
}

/// A newer git runs hooks that the configuration names; what is written for it is told here by a
/// git that only says it is newer.
#[test]
fn everywhere_with_a_newer_git() {
    let repo = Repo::new();
    let git = repo.git(&["--exec-path"]) + "/git";
    let body =
        format!("[ \"$1\" = --version ] && echo 'git version 2.54.0' && exit\nexec '{git}' \"$@\"");
    repo.script("../newer/git", &body);
    let path = std::env::var("PATH").expect("a path");
    let path = format!("{}:{path}", repo.beside("newer").display());
    let leakgate = |args: &[&str]| {
        let mut command = repo.sandbox.leakgate(&repo.root);
        Run::of(command.args(args).env("PATH", &path), b"").assert_code(0);
    };
    let config = || fs::read_to_string(repo.beside("home/gitconfig")).expect("a file");
    let before = config();
    leakgate(&["install", "--global"]);
    leakgate(&["install", "--global"]);
    let get = |key: &str| repo.git(&["config", "--global", "--get-all", key]);
    assert_eq!(get("hook.leakgate-pre-push.event"), "pre-push");
    assert!(get("hook.leakgate-pre-push.command").ends_with("leakgate' hook pre-push"));
    assert!(!config().contains("hooksPath"));
    leakgate(&["uninstall", "--global"]);
    assert_eq!(config(), before);
}

/// Tools that write hooks themselves are told from each other, and each gets lines of its own.
#[test]
fn tools_that_write_hooks() {
    let cases: [(&str, &str, &str); 6] = [
        (".husky/_/h", "", ".husky/commit-msg: leakgate hook commit-msg \"$@\""),
        (
            ".git/hooks/pre-commit",
            "call_lefthook run",
            ".lefthook/pre-push/leakgate: exec leakgate hook pre-push \"$@\"",
        ),
        (".git/hooks/pre-commit", "# File generated by pre-commit: x", "- id: leakgate-pre-push"),
        (".git/hooks/pre-commit", "# File generated by prek: x", "`prek install --hook-type"),
        (".git/hooks/overcommit-hook", "", "CommitMsg:"),
        (".git/hooks/pre-commit", "[ \"$SKIP_SIMPLE_GIT_HOOKS\" = 1 ]", "\"pre-push\": \"leakgate"),
    ];
    for (path, body, lines) in cases {
        let repo = Repo::new();
        repo.script(path, body);
        if path.starts_with(".husky") {
            repo.git(&["config", "core.hooksPath", ".husky/_"]);
        }
        let before = snapshot(&repo.root);
        let run = repo.leakgate(&["install"]).assert_code(2);
        assert!(run.errors().contains(lines), "{run}");
        assert!(snapshot(&repo.root) == before);
        repo.leakgate(&["uninstall"]).assert_code(0);
        assert!(snapshot(&repo.root) == before);
    }
}

/// The pre-commit framework puts a hook that it finds aside and runs it beside its own: what it
/// put aside of ours is named and taken out, and a hook of the user's stays where that one was.
#[test]
fn put_aside_by_a_tool() {
    let repo = Repo::new();
    hook_of_the_user(&repo, ".git/hooks/pre-commit");
    let own = fs::read(repo.path(".git/hooks/pre-commit")).expect("a hook");
    assert!(!repo.leakgate(&["install"]).text().contains("pre-commit-config"));
    repo.write(".pre-commit-config.yaml", "repos: []\n");
    let note = repo.leakgate(&["install"]).assert_code(0).text();
    assert!(note.contains("note: .pre-commit-config.yaml is here"), "{note}");
    let hooks = repo.path(".git/hooks");
    for event in ["pre-commit", "commit-msg", "pre-push"] {
        let aside = hooks.join(format!("{event}.legacy"));
        fs::rename(hooks.join(event), aside).expect("it was there");
        let text = "# File generated by pre-commit: x\n\"$0.legacy\" \"$@\"";
        repo.script(format!(".git/hooks/{event}"), text);
    }
    let generated = fs::read(hooks.join("pre-commit")).expect("a hook");
    let doctor = repo.leakgate(&["doctor"]).text();
    assert!(doctor.contains("note    pre-commit.legacy: leakgate's"), "{doctor}");
    let refused = repo.leakgate(&["install"]).assert_code(2).errors();
    assert!(refused.contains("put aside") && refused.contains("repos:"), "{refused}");
    let out = repo.leakgate(&["uninstall"]).assert_code(0).text();
    assert!(out.contains("commit-msg.legacy"), "{out}");
    assert_eq!(fs::read(hooks.join("pre-commit.legacy")).expect("the user's"), own);
    assert_eq!(fs::read(hooks.join("pre-commit")).expect("the framework's"), generated);
    for gone in ["commit-msg.legacy", "pre-push.legacy", "pre-commit.leakgate-previous"] {
        assert!(!hooks.join(gone).exists(), "{gone}");
    }
    assert_eq!(repo.leakgate(&["uninstall"]).text(), "leakgate was not installed here\n");
}

/// The lines to be copied that stand last in what `install` prints.
fn printed_last(run: &Run) -> String {
    let errors = run.errors();
    let lines: Vec<_> =
        errors.lines().rev().map_while(|line| line.strip_prefix("      ")).collect();
    lines.into_iter().rev().map(|line| format!("{line}\n")).collect()
}

/// What is printed for a tool that reads YAML is YAML, as it stands on the screen, and below what
/// its file has already.
#[test]
fn lines_for_yaml_are_yaml() {
    let parsed = |text: &str| -> serde_json::Value {
        serde_yaml::from_str(text).unwrap_or_else(|error| panic!("{error}:\n{text}"))
    };
    let shown = |path: &str, body: &str| {
        let repo = Repo::new();
        repo.script(path, body);
        repo.leakgate(&["install"]).assert_code(2)
    };
    for tool in ["pre-commit", "prek"] {
        let run = shown(".git/hooks/pre-commit", &format!("# File generated by {tool}: x"));
        let lines = printed_last(&run);
        let repos = parsed(&run.errors()[run.errors().find("repos:\n").expect("them") - 6..]);
        assert_eq!(repos, parsed(&lines));
        let hooks = repos["repos"][0]["hooks"].as_array().expect("a list");
        assert_eq!(hooks[0]["entry"], "leakgate hook pre-commit");
        assert_eq!(hooks[0]["stages"][1], "pre-merge-commit");
        assert_eq!(hooks.len(), 3);
        let below = lines.strip_prefix("repos:\n").expect("the section");
        let merged = format!("repos:\n  - repo: https://example.com\n    hooks: []\n{below}");
        assert_eq!(parsed(&merged)["repos"][1], repos["repos"][0]);
    }
    let lefthook = parsed(&printed_last(&shown(".git/hooks/pre-commit", "call_lefthook run")));
    assert_eq!(lefthook["pre-commit"]["scripts"]["leakgate"]["runner"], "sh");
    assert_eq!(lefthook["pre-push"]["scripts"]["leakgate"]["use_stdin"], true);
    let overcommit = parsed(&printed_last(&shown(".git/hooks/overcommit-hook", "")));
    assert_eq!(overcommit["PrePush"]["Leakgate"]["command"][2], "pre-push");
}

/// An audit looks where the tool that writes the hooks looks, and nowhere else.
#[test]
fn an_audit_reads_what_the_tool_reads() {
    let unchecked = |hook: &str, files: &[&str]| {
        let repo = Repo::new();
        repo.script(".git/hooks/pre-commit", hook);
        for file in files {
            repo.write(file, "# leakgate hook pre-commit\n");
        }
        let audit = Scan::of(&repo.leakgate(&["audit", "--format", "json"]));
        audit.findings().any(|finding| finding["rule"] == "audit-hook-missing")
    };
    let (lefthook, pre_commit) = ("call_lefthook run", "# File generated by pre-commit: x");
    assert!(unchecked(lefthook, &[]));
    for file in ["lefthook.toml", ".lefthook.yaml", ".config/lefthook.yml", ".lefthook/pre-commit"]
    {
        assert!(!unchecked(lefthook, &[file]), "{file}");
    }
    assert!(!unchecked(pre_commit, &[".pre-commit-config.yaml"]));
    assert!(unchecked(pre_commit, &["lefthook.yml"]), "it is no file of pre-commit's");
}

/// Overcommit has one program behind all hooks; it runs the commands that `install` prints, with
/// what git gives the hook appended, as its own `execute_hook` does.
#[test]
fn overcommit_runs_the_commands_that_are_printed() {
    let repo = Repo::new();
    let run = "event=${0##*/}\ncommand=$(git rev-parse --git-common-dir)/printed/$event\n\
        [ ! -f \"$command\" ] || exec sh \"$command\" \"$@\"";
    repo.script(".git/hooks/overcommit-hook", run);
    let events = [
        "pre-commit",
        "prepare-commit-msg",
        "commit-msg",
        "post-checkout",
        "post-merge",
        "pre-push",
    ];
    for event in events {
        repo.link(&format!(".git/hooks/{event}"), "overcommit-hook");
    }
    let before = snapshot(&repo.root);
    let shown = repo.leakgate(&["install", "--strict", "--on-checkout"]).assert_code(2);
    assert!(shown.errors().contains("overcommit"), "{shown}");
    assert!(snapshot(&repo.root) == before, "it changed something");
    let mut printed = Vec::new();
    for line in shown.errors().lines() {
        let Some(command) = line.trim().strip_prefix("command: ") else { continue };
        let words: Vec<String> =
            serde_json::from_str(&command.replace('\'', "\"")).expect("a list of words");
        let leakgate = crate::support::program();
        assert_eq!(words[..2], ["leakgate", "hook"]);
        let text = format!("exec '{}' hook {} \"$@\"", leakgate.display(), words[2]);
        repo.write(format!(".git/printed/{}", words[2]), text);
        printed.push(words[2].clone());
    }
    printed.sort();
    let mut expected = events;
    expected.sort_unstable();
    assert_eq!(printed, expected);

    let remote = repo.beside("remote.git").display().to_string();
    repo.git(&["init", "-q", "--bare", &remote]);
    let stops = |args: &[&str]| {
        let run = repo.try_git(args);
        assert!(run.code != 0 && run.to_string().contains("blocks this"), "{run}");
    };
    repo.stage("bad", line(1));
    stops(&["commit", "-m", "x"]);
    stops(&["commit", "--no-verify", "-m", "x"]);
    repo.git(&["rm", "-q", "--cached", "bad"]);
    stops(&["commit", "--allow-empty", "-m", &line(1)]);
    repo.stage("good", "x\n").try_git(&["commit", "-m", "x"]).assert_code(0);
    let tree = repo.git(&["mktree"]);
    let bad = repo.git(&["commit-tree", "-m", &line(2), &tree]);
    stops(&["push", "-q", &remote, &format!("{bad}:refs/heads/x")]);
    repo.try_git(&["push", "-q", &remote, "main"]).assert_code(0);
    // Nobody runs anything before a merge that ends without a conflict.
    let doctor = repo.leakgate(&["doctor"]).assert_code(1).text();
    assert!(doctor.contains("ok      try to commit: "), "{doctor}");
    assert!(doctor.contains("bad     try to merge: "), "{doctor}");
}
