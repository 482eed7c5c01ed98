//! `leakgate files` and `leakgate stdin`.

use std::fs;
use std::path::Path;

use crate::support::secret::{github_token, line};
use crate::support::{Repo, Run, Sandbox, Scan, Verdict, blocks, incomplete, passes};

/// A folder with these files, in no repository.
fn folder(files: &[(&str, &str)]) -> Sandbox {
    let sandbox = Sandbox::new();
    for (path, content) in files {
        let path = sandbox.path("work").join(path);
        fs::create_dir_all(path.parent().expect("it has a folder")).expect("folders");
        fs::write(path, content).expect("a file");
    }
    sandbox
}

fn scan(sandbox: &Sandbox, args: &[&str]) -> Scan {
    let work = sandbox.path("work");
    let run = |more: &[&str]| {
        let mut command = sandbox.leakgate(&work);
        Run::of(command.arg("files").args(args).args(more), b"").assert_fit_for_a_screen()
    };
    let text = run(&[]);
    Scan::of(&run(&["--format", "json"]).assert_code(text.code))
}

/// The paths that a scan of the current folder scans: a token is in each file.
fn scanned(files: &[&str], ignore: &[(&str, &str)], args: &[&str]) -> Vec<String> {
    let text = line(1);
    let files: Vec<_> =
        files.iter().map(|path| (*path, text.as_str())).chain(ignore.iter().copied()).collect();
    scan(&folder(&files), args).paths()
}

#[test]
fn a_folder_and_a_file() {
    let text = line(1);
    let sandbox = folder(&[("a", &text), ("sub/b", &text), ("sub/c", "nothing\n"), ("d", &text)]);
    scan(&sandbox, &["sub"]).assert(&blocks(["sub/b"]));
    scan(&sandbox, &["a", "sub"]).assert(&blocks(["a", "sub/b"]));
    scan(&sandbox, &["."]).assert(&blocks(["a", "d", "sub/b"]));
    scan(&sandbox, &["./sub/../a"])
        .assert(&blocks(["./sub/../a"].map(|path| path.trim_start_matches("./"))));
    scan(&sandbox, &["sub/c"]).assert(&passes());
    let absolute = sandbox.path("work/sub/b").display().to_string();
    scan(&sandbox, &[&absolute]).assert(&blocks([absolute.as_str()]));
}

#[test]
fn a_file_named_twice_is_scanned_once() {
    let sandbox = folder(&[("a", &line(1))]);
    assert_eq!(scan(&sandbox, &["a", "a", "."]).count("scanned"), 1);
}

/// What makes a folder a repository to whoever only looks for ignore files.
const GIT: (&str, &str) = (".git/HEAD", "ref: refs/heads/main\n");

#[test]
fn what_git_ignores_is_left_out() {
    let files = ["a.log", "b", "sub/c.log", "sub/d", "build/e"];
    let ignore = [GIT, (".gitignore", "*.log\n/build/\n"), ("sub/.gitignore", "!c.log\nd\n")];
    assert_eq!(scanned(&files, &ignore, &["."]), ["b", "sub/c.log"]);
    assert_eq!(
        scanned(&files, &ignore, &["--no-ignore", "."]),
        ["a.log", "b", "build/e", "sub/c.log", "sub/d"]
    );
}

#[test]
fn what_is_named_is_never_left_out() {
    let ignore = [GIT, (".gitignore", "*.log\n")];
    assert_eq!(scanned(&["a.log", "b"], &ignore, &["a.log"]), ["a.log"]);
}

#[test]
fn outside_of_a_repository_git_ignores_nothing() {
    assert_eq!(scanned(&["a.log", "b"], &[(".gitignore", "*.log\n")], &["."]), ["a.log", "b"]);
}

#[test]
fn other_programs_ignore_files_do_not_count() {
    let ignore = [GIT, (".ignore", "*\n"), (".rgignore", "*\n"), (".dockerignore", "*\n")];
    assert_eq!(scanned(&["a"], &ignore, &["."]), ["a"]);
}

#[test]
fn hidden_files_are_scanned_and_git_folders_are_not() {
    let files =
        [".env", ".github/workflows/x.yml", ".git/config", "sub/.git/config", "sub/.hidden"];
    assert_eq!(scanned(&files, &[], &["."]), [".env", ".github/workflows/x.yml", "sub/.hidden"]);
}

#[test]
fn ignored_files_of_a_repository() {
    let repo = Repo::new();
    repo.write(".git/info/exclude", "*.tmp\n").write(".gitignore", "*.log\n");
    for path in ["a.log", "b.tmp", "c", "sub/d.log", "sub/e"] {
        repo.write(path, line(1));
    }
    let found =
        |cwd: &Path| Scan::of(&repo.leakgate_in(cwd, &["files", ".", "--format", "json"])).paths();
    assert_eq!(found(&repo.root), ["c", "sub/e"]);
    assert_eq!(found(&repo.path("sub")), ["e"]);
}

/// Which of the ignored files git tracks nobody can tell then.
#[test]
fn a_repository_that_cannot_be_opened_is_told() {
    for config in ["[core]\n\trepositoryformatversion = 1\n[extensions]\n\tfoo = 1\n", "[core"] {
        let repo = Repo::new();
        repo.stage(".gitignore", "*.env\n").stage("s.env", line(1)).commit();
        let scan = || Scan::of(&repo.leakgate(&["files", ".", "--format", "json"]));
        scan().assert(&blocks(["s.env"]));
        repo.write(".git/config", config);
        scan().assert(&incomplete(["unreadable"]));
        // Where git ignores nothing, nothing depends on it.
        let all = repo.leakgate(&["files", ".", "--no-ignore", "--format", "json"]);
        Scan::of(&all).assert(&blocks(["s.env"]));
    }
}

/// An ignore file does not change what git tracks.
#[test]
fn what_is_tracked_is_not_ignored() {
    let repo = Repo::new();
    for path in ["tracked.log", "out/in/tracked", "out/link/gone", "sub/tracked.log"] {
        repo.stage(path, line(1));
    }
    // What lies behind a link is another file.
    std::fs::remove_dir_all(repo.path("out/link")).expect("a folder");
    repo.write("beside/gone", line(2)).link("out/link", "../beside");
    repo.write("untracked.log", line(2)).write("out/untracked", line(2));
    repo.write(".gitignore", "*.log\nout\n");
    let inner = repo.at(repo.path("inner"));
    inner.write("tracked", line(1)).write("untracked", line(2));
    inner.git(&["init", "-q"]);
    inner.add("tracked").write(".gitignore", "*tracked\n");
    let found = |cwd: &Path, args: &[&str]| {
        let args = [&["files", "--format", "json"], args].concat();
        Scan::of(&repo.leakgate_in(cwd, &args)).paths()
    };
    let below =
        ["beside/gone", "inner/tracked", "out/in/tracked", "sub/tracked.log", "tracked.log"];
    assert_eq!(found(&repo.root, &["."]), below);
    assert_eq!(found(&repo.path("sub"), &["."]), ["tracked.log"]);
    assert_eq!(found(&repo.path("sub"), &["../inner"]), ["../inner/tracked"]);
    assert_eq!(found(&repo.root, &["sub", "sub/tracked.log"]), ["sub/tracked.log"]);

    repo.write(".git/index", "DIRC of nothing");
    let scan = Scan::of(&repo.leakgate(&["files", ".", "--format", "json"]));
    scan.assert(&incomplete(["unreadable"]));
}

#[test]
fn ignore_files_around_a_repository_do_not_count() {
    let repo = Repo::new();
    std::fs::write(repo.beside(".gitignore"), "*\n").expect("a file");
    repo.write("sub/a", line(1));
    repo.leakgate(&["files", "."]).assert_code(1);
    repo.leakgate(&["files", "sub"]).assert_code(1);
}

#[test]
fn links_are_not_followed() {
    let sandbox = folder(&[("in/a", "nothing\n"), ("in/deep/b", "nothing\n")]);
    fs::write(sandbox.path("secret"), line(1)).expect("a file");
    let link = |target: &str, path: &str| {
        std::os::unix::fs::symlink(target, sandbox.path("work/in").join(path)).expect("a link");
    };
    link("../../secret", "file");
    link("../..", "folder");
    link("..", "deep/loop");
    link("nowhere", "dangling");
    scan(&sandbox, &["in"]).assert(&passes());
    link(&format!("/x/{}", github_token(2)), "told");
    scan(&sandbox, &["in"]).assert(&blocks(["in/told"]));
}

#[test]
fn pipes_do_not_stop_it() {
    let sandbox = folder(&[("a", &line(1))]);
    let pipe = sandbox.path("work/pipe");
    let made = sandbox.command("mkfifo", Path::new("/")).arg(&pipe).status().expect("it runs");
    assert!(made.success());
    let all = scan(&sandbox, &["."]);
    all.assert(&blocks(["a"]));
    assert_eq!(all.count("special"), 1);
    // One that is named is meant, as with `<(…)`.
    scan(&sandbox, &["pipe"]).assert(&incomplete(["unreadable"]));
    scan(&sandbox, &["pipe", "a"]).assert(&incomplete(["unreadable"]));
    scan(&sandbox, &["/dev/null"]).assert(&incomplete(["unreadable"]));
    let run = Run::of(sandbox.leakgate(&sandbox.path("work")).args(["files", "-"]), b"");
    assert!(run.assert_code(2).errors().contains("leakgate stdin"));
}

#[test]
fn what_is_not_there_is_not_clean() {
    let sandbox = folder(&[("a", "nothing\n")]);
    scan(&sandbox, &["b"]).assert(&incomplete(["unreadable"]));
    scan(&sandbox, &["a/b", "a"]).assert(&incomplete(["unreadable"]));
    let run = Run::of(sandbox.leakgate(&sandbox.path("work")).arg("files"), b"").assert_code(2);
    assert!(run.errors().contains("Usage"), "{run}");
}

/// One that is gone keeps nobody from reading the others.
#[test]
fn what_is_not_there_hides_nothing_else() {
    let scan = scan(&folder(&[("a", &line(1)), ("sub/c", &line(2))]), &["a", "b", "b", "sub"]);
    scan.assert(&incomplete(["unreadable"]));
    assert_eq!((scan.paths(), scan.count("problems")), (vec!["a".into(), "sub/c".into()], 1));
}

/// To others it means standard input.
#[test]
fn a_file_called_dash() {
    let sandbox = folder(&[("-", &line(1)), ("sub/-", &line(2))]);
    scan(&sandbox, &["-"]).assert(&blocks(["-"]));
    scan(&sandbox, &["sub", "-"]).assert(&blocks(["-", "sub/-"]));
    scan(&folder(&[("a", "")]), &["-"]).assert(&incomplete([]));
}

/// From inside, it looks like an empty one.
#[test]
fn a_folder_that_is_gone() {
    let sandbox = folder(&[("a", "nothing\n")]);
    let mut command = sandbox.command("sh", &sandbox.path("work"));
    command.args(["-c", "mkdir gone && cd gone && rmdir ../gone && exec \"$0\" files ."]);
    let run = Run::of(command.arg(crate::support::program()), b"").assert_code(2);
    assert!(run.errors().contains("current folder"), "{run}");
}

#[test]
fn an_empty_folder() {
    let sandbox = folder(&[]);
    fs::create_dir(sandbox.path("work")).expect("a folder");
    scan(&sandbox, &["."]).assert(&passes());
}

#[test]
fn a_standard_input_that_is_closed() {
    let sandbox = folder(&[]);
    for (redirection, code) in [("<&-", 2), ("</dev/null", 0)] {
        let mut command = sandbox.command("sh", &sandbox.path("home"));
        command.args(["-c", &format!("exec \"$0\" stdin {redirection}")]);
        Run::of(command.arg(crate::support::program()), b"").assert_code(code);
    }
}

/// Runs `leakgate stdin` in no repository.
fn stdin(args: &[&str], input: &[u8]) -> Scan {
    let sandbox = folder(&[]);
    let run = |more: &[&str]| {
        let mut command = sandbox.leakgate(&sandbox.path("home"));
        Run::of(command.arg("stdin").args(args).args(more), input).assert_fit_for_a_screen()
    };
    let text = run(&[]);
    Scan::of(&run(&["--format", "json"]).assert_code(text.code))
}

#[test]
fn standard_input() {
    stdin(&[], line(1).as_bytes()).assert(&blocks(["stdin"]));
    stdin(&[], b"nothing\n").assert(&passes());
    stdin(&[], b"").assert(&passes());
    stdin(&["--name", "src/a.py"], line(1).as_bytes()).assert(&blocks(["src/a.py"]));
    let wide: Vec<u8> = line(1).encode_utf16().flat_map(u16::to_le_bytes).collect();
    stdin(&[], &wide).assert(&blocks(["stdin"]));
}

#[test]
fn settings_of_an_agent_on_standard_input() {
    let name = ".claude/settings.json";
    let settings = r#"{"permissions": {"defaultMode": "bypassPermissions"}}"#;
    let expected = blocks(["claude-bypass-permissions .claude/settings.json"]);
    stdin(&["--name", name], settings.as_bytes()).assert(&expected);
    // Too many to be judged: that is said, and is not clean.
    let padded = [settings.as_bytes(), &vec![b' '; 17 << 20]].concat();
    stdin(&["--name", name], &padded).assert(&incomplete(["too_large"]));
}

#[test]
fn the_report_can_go_into_a_file() {
    let sandbox = folder(&[("a", &line(1))]);
    let work = sandbox.path("work");
    let run = |target: &str| {
        let mut command = sandbox.leakgate(&work);
        command.args(["files", "a", "--format", "json", "-o", target]);
        Run::of(&mut command, b"").assert_fit_for_a_screen()
    };
    let told = run("report.json").assert_code(1);
    assert!(told.text().contains("1 secret found"), "{told}");
    let report = fs::read(work.join("report.json")).expect("a report");
    let report: serde_json::Value = serde_json::from_slice(&report).expect("JSON");
    assert_eq!(report["exit"], 1);
    // A link could lead to a file of the user's.
    std::os::unix::fs::symlink("../home/gitconfig", work.join("link")).expect("a link");
    let before = fs::read(sandbox.path("home/gitconfig")).expect("a file");
    run("link").assert_code(2);
    assert_eq!(fs::read(sandbox.path("home/gitconfig")).expect("a file"), before);
    run("no/such/folder").assert_code(2);
}

#[test]
fn what_is_ignored_with_a_reason_passes_here_too() {
    let repo = Repo::new();
    repo.write("a", line(1).trim_end().to_owned() + " # leakgate:ignore a fixture of this test\n");
    repo.leakgate(&["files", "a"]).assert_code(0);
    repo.write("b", line(2));
    let found = Scan::of(&repo.leakgate(&["files", ".", "--format", "json"]));
    assert_eq!(found.verdict(), Verdict::Blocks(vec!["b".to_owned()]));
    let fingerprint = found.findings().next().expect("a finding")["fingerprint"].clone();
    let fingerprint = fingerprint.as_str().expect("a text");
    repo.leakgate(&["ignore", fingerprint, "--reason", "known", "--files", "b"]).assert_code(0);
    repo.leakgate(&["files", "."]).assert_code(0);
}
