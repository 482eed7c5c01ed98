//! Names as hostile or odd as a file system takes them. That no control character reaches the
//! screen is asserted in each test of this suite by the way it runs the program.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;

use crate::support::secret::{github_token, line};
use crate::support::{Repo, blocks, matrix};

matrix! {
    with_a_space: |repo| { repo.stage("a b", line(1)); } => blocks(["a b"]);
    with_a_leading_space: |repo| { repo.stage(" a", line(1)); } => blocks([" a"]);
    with_quotes: |repo| { repo.stage("it's \"a\"", line(1)); } => blocks(["it's \"a\""]);
    with_a_backslash: |repo| { repo.stage(r"a\nb", line(1)); } => blocks([r"a\nb"]);
    with_a_dash_first: |repo| { repo.stage("--output=x", line(1)); } => blocks(["--output=x"]);
    with_a_pattern: |repo| { repo.stage("[a-z]*?", line(1)); } => blocks(["[a-z]*?"]);
    with_a_colon_first: |repo| {
        repo.stage_unseen("100644", ":(exclude)a", line(1));
    } => blocks([":(exclude)a"]);
    with_shell_syntax: |repo| { repo.stage("$(touch x)`y`;&|", line(1)); } => blocks(["$(touch x)`y`;&|"]);
    with_letters_of_the_world: |repo| { repo.stage("é/日本/😀", line(1)); } => blocks(["é/日本/😀"]);
    with_a_newline: |repo| {
        repo.stage("a\nb", line(1));
    } => blocks(["a\nb", "name-control-characters a\nb"]);
    with_a_tab_and_a_bell: |repo| {
        repo.stage("a\t\u{7}", line(1));
    } => blocks(["a\t\u{7}", "name-control-characters a\t\u{7}"]);
    with_an_escape_sequence: |repo| {
        repo.stage("\u{1b}[2J\u{1b}[1;1Hclean", line(1));
    } => blocks(["\u{1b}[2J\u{1b}[1;1Hclean", "name-control-characters \u{1b}[2J\u{1b}[1;1Hclean"]);
    with_a_mark_that_turns_the_direction: |repo| {
        repo.stage("a\u{202e}txt.exe", line(1));
    } => blocks(["a\u{202e}txt.exe", "name-invisible-characters a\u{202e}txt.exe"]);
    of_many_letters: |repo| { repo.stage("n".repeat(255), line(1)); } => blocks([&*"n".repeat(255)]);
    that_differ_in_case: |repo| {
        repo.stage("A", line(1)).stage_unseen("100644", "a", line(2));
    } => blocks(["A", "a", "name-case-collision a"]);
    that_sort_around_a_folder: |repo| {
        repo.stage("a/x", line(1)).stage("a-b", line(2)).stage("a.b", line(3)).stage("a0", line(4));
    } => blocks(["a-b", "a.b", "a/x", "a0"]);
    of_one_format: |repo| { repo.stage("%s%n{}%(x)", line(1)); } => blocks(["%s%n{}%(x)"]);
}

/// A bidirectional mark is no control character to Unicode; it must not be seen either.
#[test]
fn marks_that_turn_the_direction_are_not_printed() {
    let repo = Repo::new();
    repo.stage("a\u{202e}txt.exe", line(1)).stage("b", "\u{202e} ".to_owned() + &line(2));
    for format in ["text", "json", "sarif"] {
        let run = repo.leakgate(&["staged", "--format", format]).assert_code(1);
        assert!(!run.text().contains('\u{202e}'), "{run}");
    }
}

#[test]
fn with_bytes_that_are_no_utf8() {
    let repo = Repo::new();
    repo.stage(OsStr::from_bytes(b"caf\xe9/\xff\xfe"), line(1));
    let scan = repo.staged();
    scan.assert(&blocks(["caf\u{fffd}/\u{fffd}\u{fffd}"]));
    let finding = scan.findings().next().expect("a finding");
    assert_eq!(finding["path_bytes"], "caf%E9/%FF%FE");
    let text = repo.leakgate(&["staged"]).text();
    assert!(text.contains(r"caf\xe9/\xff\xfe"), "{text}");
}

/// The name shows in no report, and neither does the one of the file's folder.
#[test]
fn that_are_secrets_themselves() {
    for name in ["{}", "{}.txt", "backup-{}/a", "a/b={}"] {
        let repo = Repo::new();
        repo.stage(name.replace("{}", &github_token(1)), "nothing\n");
        let scan = repo.staged();
        let masked = name.replace("{}", "ghp_********");
        scan.assert(&blocks([&*masked]));
        let sarif = repo.leakgate(&["staged", "--format", "sarif"]).assert_code(1);
        assert!(sarif.text().contains("ghp_"), "{sarif}");
        repo.leakgate(&["files", "."]).assert_code(1);
    }
}

#[test]
fn that_are_secrets_beside_other_findings() {
    let repo = Repo::new();
    let name = format!("{}.json", github_token(1));
    repo.write(&name, line(2)).chmod(&name, 0o777).add(&name);
    let scan = repo.staged();
    scan.assert(&blocks(["ghp_********.json"]));
    assert_eq!(scan.count("blocking"), 2);
    // Nor when the content cannot be read.
    let id = repo.git(&["rev-parse", &format!(":{name}")]);
    std::fs::remove_file(repo.path(".git/objects").join(&id[..2]).join(&id[2..])).expect("a file");
    repo.staged().assert(&crate::support::incomplete(["missing"]));
}

#[test]
fn that_are_secrets_of_submodules_conflicts_and_intentions() {
    let repo = Repo::new();
    let head = repo.git(&["rev-parse", "HEAD"]);
    let gitlink = format!("160000,{head},{}", github_token(1));
    repo.git(&["update-index", "--add", "--cacheinfo", &gitlink]);
    let scan = repo.staged();
    assert!(scan.blocking().contains(&"ghp_********".to_owned()), "{:#}", scan.report);

    let repo = Repo::new();
    repo.write(github_token(2), "x").git(&["add", "-N", "."]);
    repo.staged();

    let repo = Repo::new();
    let id = repo.store("one\n");
    let stages: String =
        (1..=3).map(|stage| format!("100644 {id} {stage}\t{}\n", github_token(3))).collect();
    repo.git_with(&["update-index", "--index-info"], stages.as_bytes());
    repo.staged().assert(&crate::support::incomplete(["conflict"]));
}

/// Errors quote paths and refs; those are no safer than names in a report.
#[test]
fn in_errors() {
    let repo = Repo::new();
    let folder = repo.beside("\u{1b}[2J\nleakgate: no secrets");
    std::fs::create_dir(&folder).expect("a folder");
    let run = repo.leakgate_in(&folder, &["staged"]).assert_code(2);
    assert!(run.errors().contains(r"\u{1b}[2J"), "{run}");
    assert!(!run.errors().lines().any(|line| line.starts_with("leakgate: no secrets")), "{run}");
    repo.write(".git/HEAD", "ref: refs/heads/\u{1b}[2J\n");
    repo.leakgate(&["staged"]).assert_code(2);
    repo.leakgate(&["files", "no\u{1b}[2Jwhere"]).assert_code(2);
    let run = repo.leakgate(&["files", "no\u{e0100}where"]).assert_code(2);
    assert!(run.text().contains(r"no\u{e0100}where"), "{run}");
    let run = repo.leakgate(&["rules", "show", "no\u{e0100}rule"]).assert_code(2);
    assert!(!run.errors().contains('\u{e0100}'), "{run}");
    repo.leakgate(&["rules", "show", "\u{1b}[2J"]).assert_code(2);
    repo.leakgate(&["hook", "\u{1b}[2J"]).assert_code(2);
}
