//! `.leakgate.yaml`, `leakgate fix modes` and `--fix`: what a repository wants of its files, and
//! mending without touching anything else.

use std::os::unix::fs::PermissionsExt;

use crate::support::secret::line;
use crate::support::{Repo, Run, Scan, blocks, incomplete, matrix, passes};

const CONFIG: &str = ".leakgate.yaml";

fn mode(repo: &Repo, path: &str) -> u32 {
    std::fs::metadata(repo.path(path)).expect("a file").permissions().mode() & 0o7777
}

matrix! {
    a_mode_by_pattern: |repo| {
        repo.write(CONFIG, "modes: {'bin/**': 755, '**/*.md': 644}\n");
        repo.stage("bin/a", "echo\n").write("b.md", "# B\n").chmod("b.md", 0o755).add("b.md");
    } => blocks(["policy-mode b.md", "policy-mode bin/a"]);
    a_mode_as_wanted: |repo| {
        repo.write(CONFIG, "modes: {'bin/**': 755}\n");
        repo.write("bin/a", "echo\n").chmod("bin/a", 0o755).add("bin/a");
    } => passes();
    a_mode_that_was_so: |repo| {
        repo.stage("bin/a", "echo\n").commit();
        repo.write(CONFIG, "modes: {'bin/**': 755}\n").stage("bin/a", "echo 2\n");
    } => passes();
    data_that_is_meant_to_run: |repo| {
        repo.write(CONFIG, "modes: {'*.json': 755}\n").stage("a.json", "{}\n").commit();
        repo.chmod("a.json", 0o755).add("a.json");
    } => passes();
    a_link_that_is_forbidden: |repo| {
        repo.write(CONFIG, "links: {forbid: ['**']}\n").link("a", "README").add("a");
    } => blocks(["policy-link a"]);
    a_link_that_is_allowed: |repo| {
        repo.write(CONFIG, "links: {allow: ['a']}\n").link("a", "/usr/bin/env").add("a");
    } => passes();
    a_link_to_a_secret_is_never_allowed: |repo| {
        repo.write(CONFIG, "links: {allow: ['**']}\n").link("a", "../.ssh/id_rsa").add("a");
    } => blocks(["link-to-secret a"]);
    a_file_that_is_too_large: |repo| {
        repo.write(CONFIG, "sizes: {'**': 1 kB, 'big/*': 1 MB}\n");
        repo.stage("a", "x".repeat(1001)).stage("b", "x".repeat(1000));
        repo.stage("big/a", "x".repeat(1001));
    } => blocks(["policy-size a"]);
    a_file_that_was_too_large: |repo| {
        repo.stage("a", "x".repeat(2000)).commit();
        repo.write(CONFIG, "sizes: {'**': 1 kB}\n").stage("a", "x".repeat(1500));
    } => passes();
    a_configuration_of_another_form: |repo| {
        repo.write(CONFIG, "modes: {'bin/**': 700}\n").stage("a", "");
    } => incomplete([]);
    a_configuration_that_is_a_link: |repo| {
        repo.link(CONFIG, "/dev/zero").stage("a", "");
    } => incomplete([]);
}

/// Modes and what is tracked change; contents, staged or not, do not.
#[test]
fn mending_touches_nothing_else() {
    let repo = Repo::new();
    repo.stage("a.json", "one\n").stage("-odd \u{e9}\n.json", "one\n").commit();
    for path in ["a.json", "-odd \u{e9}\n.json"] {
        repo.write(path, "two\n").chmod(path, 0o777).add(path);
        repo.write(path, "three, not staged\n");
    }
    repo.write(".githooks/pre-commit", "#!/bin/sh\n").add(".githooks/pre-commit");
    repo.write(".env", "A=b\n").chmod(".env", 0o644).add(".env");
    repo.write(".gitignore", "*.log").write("unrelated", "x");
    let run = repo.leakgate(&["fix", "modes"]).assert_code(0);
    assert!(run.text().contains("git add .gitignore"), "{run}");
    let index = repo.git(&["ls-files", "-s", "-z"]);
    for (path, wanted) in
        [("a.json", "100644"), ("-odd \u{e9}\n.json", "100644"), (".githooks/pre-commit", "100755")]
    {
        let of_path = index.split('\0').find(|line| line.ends_with(&format!("\t{path}")));
        assert!(of_path.is_some_and(|line| line.starts_with(wanted)), "{path}: {index}");
    }
    assert_eq!(repo.git(&["show", ":a.json"]), "two");
    assert_eq!(
        std::fs::read_to_string(repo.path("a.json")).expect("a file"),
        "three, not staged\n"
    );
    assert_eq!((mode(&repo, "a.json"), mode(&repo, ".githooks/pre-commit")), (0o664, 0o755));
    assert_eq!(repo.git(&["ls-files", ".env", ".gitignore", "unrelated"]), "");
    assert_eq!(mode(&repo, ".env"), 0o600);
    let ignored = std::fs::read_to_string(repo.path(".gitignore")).expect("a file");
    assert_eq!(ignored, "*.log\n/.env\n");
    repo.staged().assert(&passes());
    assert_eq!(repo.leakgate(&["fix", "modes"]).assert_code(0).text(), "nothing to mend\n");
}

#[test]
fn what_is_committed_is_mended_when_asked_for() {
    let repo = Repo::new();
    repo.write("a.png", "x").chmod("a.png", 0o755).add("a.png").commit();
    repo.leakgate(&["fix", "modes"]).assert_code(0);
    assert!(repo.git(&["ls-files", "-s", "a.png"]).starts_with("100755"));
    repo.leakgate(&["fix", "modes", "--all"]).assert_code(0);
    assert!(repo.git(&["ls-files", "-s", "a.png"]).starts_with("100644"));
}

#[test]
fn a_link_in_the_way_is_not_followed() {
    let repo = Repo::new();
    let outside = repo.beside("outside");
    std::fs::create_dir(&outside).expect("a folder");
    std::fs::write(outside.join("a.png"), "x").expect("a file");
    std::fs::set_permissions(outside.join("a.png"), PermissionsExt::from_mode(0o755))
        .expect("mode");
    repo.stage_unseen("100755", "d/a.png", "x").link("d", "../outside");
    repo.leakgate(&["fix", "modes"]).assert_code(0);
    let bits = std::fs::metadata(outside.join("a.png")).expect("a file").permissions().mode();
    assert_eq!(bits & 0o777, 0o755);
    assert!(repo.git(&["ls-files", "-s", "d/a.png"]).starts_with("100644"));
}

#[test]
fn commands_can_be_had_alone() {
    let repo = Repo::new();
    repo.write("a.png", "x").chmod("a.png", 0o755).add("a.png").stage("b", line(1));
    let id = repo.git(&["rev-parse", ":a.png"]);
    let expected = format!("chmod a-x a.png\ngit update-index --cacheinfo 100644,{id},a.png\n");
    assert_eq!(repo.leakgate(&["staged", "--fix"]).assert_code(1).text(), expected);
    assert_eq!(repo.leakgate(&["fix", "modes", "--print"]).assert_code(0).text(), expected);
    assert!(repo.git(&["ls-files", "-s", "a.png"]).starts_with("100755"), "nothing was done");
}

/// What the screen advises works where it was read, from the command and from the hook.
#[test]
fn commands_work_in_the_folder_one_is_in() {
    let repo = Repo::new();
    repo.leakgate(&["install"]).assert_code(0);
    let below = repo.path("p/q r");
    let stage = || {
        repo.stage("p/q r/.env", line(1)).link("p/q r/l", "/usr/bin/env").add("p/q r/l");
    };
    let run = |script: &str| {
        let mut sh = repo.sandbox.command("sh", &below);
        Run::of(sh.args(["-e", "-c", script]), b"").assert_code(0);
        assert_eq!(repo.git(&["diff", "--cached", "--name-only"]), "", "{script}");
    };
    stage();
    run(&repo.leakgate_in(&below, &["staged", "--fix"]).assert_code(1).text());
    stage();
    let mut commit = repo.sandbox.command("git", &below);
    let shown = Run::of(commit.args(["commit", "-m", "x"]), b"").assert_code(1).errors();
    let fixes: Vec<_> = shown.lines().filter_map(|line| line.split_once(" = fix: ")).collect();
    run(&fixes.iter().map(|(_, fix)| format!("{fix}\n")).collect::<String>());
    stage();
    let json = Scan::of(&repo.leakgate_in(&below, &["staged", "--format", "json"]));
    let fixes = json.findings().find(|found| found["rule"] == "name-env-file").expect("it");
    assert_eq!(fixes["fixes"][0], "git rm --cached -- 'p/q r/.env'");
    let at_top = repo.leakgate(&["staged", "--fix"]).text();
    assert!(!at_top.contains("rev-parse"), "{at_top}");
}

/// What a shell may read holds commands only; what they leave undone is told beside them.
#[test]
fn commands_alone_are_never_a_report() {
    let repo = Repo::new();
    repo.stage("a", line(1));
    let run = repo.leakgate(&["staged", "--fix"]).assert_code(1);
    assert_eq!(run.text(), "");
    assert!(run.errors().contains("no command mends 1 of 1 findings"), "{run}");
    repo.stage_unseen("100644", "$(touch ran)", "x\n");
    let id = repo.git(&["rev-parse", ":$(touch ran)"]);
    repo.remove(&format!(".git/objects/{}/{}", &id[..2], &id[2..]));
    let run = repo.leakgate(&["staged", "--fix"]).assert_code(2);
    assert!(!run.text().contains("touch"), "{run}");
    assert!(run.errors().contains("not scanned: $(touch ran): "), "{run}");
    repo.leakgate(&["staged", "--fix", "--format", "json"]).assert_code(2);
    repo.leakgate(&["audit", "--fix", "--format", "json"]).assert_code(2);
}

#[test]
fn what_mending_modes_leaves_is_told() {
    let repo = Repo::new();
    repo.stage("a\u{1}b", "x\n");
    let told = repo.leakgate(&["fix", "modes"]).text();
    assert!(told.starts_with("nothing to mend\n") && told.contains("staged --fix"), "{told}");
    assert!(repo.leakgate(&["staged", "--fix"]).text().starts_with("git mv "));
}
