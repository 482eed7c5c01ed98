//! `leakgate range`: the commits of one end that the other has not, as git would list them.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use proptest::prelude::*;
use proptest::test_runner::Config;
use serde_json::Value;

use crate::history_property::{self, Dice, NAMES};
use crate::support::secret::{github_token, line};
use crate::support::{Repo, Run, Scan, blocks, incomplete, passes};

fn range(repo: &Repo, range: &str) -> Scan {
    Scan::of(&repo.leakgate(&["range", range, "--format", "json"]))
}

#[test]
fn only_what_the_commits_bring() {
    let repo = Repo::new();
    repo.stage("old", line(1)).commit();
    repo.git(&["tag", "base"]);
    repo.stage("new", line(2)).commit();
    repo.stage("old", format!("above\n{}", line(1))).commit();
    range(&repo, "base..").assert(&blocks(["new"]));
    range(&repo, "base~1..HEAD").assert(&blocks(["new", "old"]));
    range(&repo, "HEAD~1..HEAD").assert(&passes());
    range(&repo, "HEAD..base").assert(&passes());
    range(&repo, &format!("{}..HEAD", "0".repeat(40))).assert(&blocks(["new", "old"]));
}

#[test]
fn moving_brings_nothing_and_copying_does() {
    let repo = Repo::new();
    repo.stage("a", line(1)).stage("folder/b", line(2)).commit();
    repo.git(&["tag", "base"]);
    repo.git(&["mv", "a", "moved"]);
    repo.git(&["mv", "folder", "other"]);
    repo.commit();
    range(&repo, "base..").assert(&passes());
    repo.git(&["mv", "moved", "moved again"]);
    repo.stage("other/b", format!("above\n{}", line(2)));
    repo.git(&["mv", "other/b", "b"]);
    repo.commit();
    range(&repo, "base..").assert(&passes());
    repo.stage("copy", line(1)).commit();
    range(&repo, "base..").assert(&blocks(["copy"]));
}

#[test]
fn a_name_vouches_for_no_other() {
    let repo = Repo::new();
    let named = |seed| format!("{}.txt", github_token(seed));
    repo.stage("a", "x\n").stage("folder/b", "y\n").stage(named(9), line(8)).commit();
    repo.git(&["tag", "base"]);
    repo.git(&["mv", "a", &named(1)]);
    repo.commit();
    assert_eq!(range(&repo, "base..").assert(&blocks(["ghp_********.txt"])).findings().count(), 1);
    repo.git(&["mv", "folder", &github_token(2)]);
    repo.commit();
    range(&repo, "HEAD~1..").assert(&blocks(["ghp_********/b"]));
    // Moved as it is, nor changed in place, a name is not new.
    repo.git(&["mv", &named(9), &format!("folder {}", named(9))]);
    repo.stage(named(1), "z\n").commit();
    range(&repo, "HEAD~1..").assert(&passes());
}

/// What came and went within the range vouches for nothing.
#[test]
fn what_was_moved_within_the_range_is_new_all_the_same() {
    let repo = Repo::new();
    repo.stage("a", line(1)).commit();
    repo.git(&["mv", "a", "b"]);
    repo.commit();
    repo.git(&["rm", "-q", "b"]);
    repo.commit();
    range(&repo, "HEAD~3..").assert(&blocks(["a"]));
}

#[test]
fn messages_and_modes() {
    let repo = Repo::new();
    repo.git(&["commit", "-q", "--allow-empty", "-m", &format!("subject\n\n{}", line(1))]);
    let id = repo.git(&["rev-parse", "--short=12", "HEAD"]);
    let scan = range(&repo, "HEAD~1..");
    scan.assert(&blocks([&*format!("message of commit {id}")]));
    assert_eq!(scan.findings().next().expect("a finding")["location"]["line"], 3);
    repo.link("away", "/etc/passwd").add("away").commit();
    range(&repo, "HEAD~1..").assert(&blocks(["link-absolute away"]));
}

#[test]
fn each_finding_names_its_commit() {
    let repo = Repo::new();
    repo.stage("a", line(1)).commit();
    let id = repo.git(&["rev-parse", "--short=12", "HEAD"]);
    repo.stage("b", "x\n").commit();
    let run = repo.leakgate(&["range", "HEAD~2..HEAD"]).assert_code(1);
    assert!(run.text().contains(&format!("added by commit {id}")), "{run}");
}

#[test]
fn a_shallow_clone_is_no_clean_one() {
    let repo = Repo::new();
    for seed in 1..4 {
        repo.stage("a", line(seed)).commit();
    }
    let url = format!("file://{}", repo.root.display());
    repo.git(&["clone", "-q", "--depth", "1", &url, "../shallow"]);
    let shallow = repo.at(repo.beside("shallow"));
    let base = repo.git(&["rev-parse", "HEAD~2"]);
    let run = shallow.leakgate(&["range", &format!("{base}..HEAD")]).assert_code(2);
    assert!(run.errors().contains("fetch-depth"), "{run}");
    let zero = format!("{}..HEAD", "0".repeat(40));
    range(&shallow, &zero).assert(&incomplete(["missing"]));
    let run = shallow.leakgate(&["range", &zero]).assert_code(2);
    assert!(run.text().contains("this clone is shallow"), "{run}");
    shallow.git(&["fetch", "-q", "--unshallow"]);
    range(&shallow, &format!("{base}..HEAD")).assert(&blocks(["a"]));
}

#[test]
fn what_is_missing_or_damaged_is_told() {
    let repo = Repo::new();
    repo.stage("folder/a", "x\n").commit();
    repo.stage("b", "y\n").commit();
    for what in ["HEAD~1^{tree}", "HEAD~1:folder", "HEAD:b", "HEAD~1"] {
        let copy = repo.at(repo.beside("copy"));
        let mut cp = repo.command("cp", &["-r", "."]);
        assert!(cp.arg(&copy.root).status().expect("it runs").success());
        let id = repo.git(&["rev-parse", what]);
        copy.remove(&format!(".git/objects/{}/{}", &id[..2], &id[2..]));
        range(&copy, &format!("{}..HEAD", "0".repeat(40))).assert(&incomplete(["missing"]));
        std::fs::remove_dir_all(&copy.root).expect("it was there");
    }
}

#[test]
fn ends_that_are_none() {
    let repo = Repo::new();
    for range in ["HEAD", "nowhere..HEAD", "HEAD..nowhere", "--all..HEAD", "..", "HEAD..-x"] {
        let run = repo.leakgate(&["range", "--", range]);
        let expected = if range == ".." { 0 } else { 2 };
        assert_eq!(run.code, expected, "{run}");
    }
    let run = repo.leakgate(&["range"]).assert_code(2);
    assert!(run.errors().contains("LEAKGATE_BASE"), "{run}");
}

#[test]
fn what_a_job_of_ci_is_about() {
    let repo = Repo::new();
    repo.stage("a", line(1)).commit();
    let (base, head) = (repo.git(&["rev-parse", "HEAD~1"]), repo.git(&["rev-parse", "HEAD"]));
    let event =
        format!(r#"{{"pull_request":{{"base":{{"sha":"{base}"}},"head":{{"sha":"{head}"}}}}}}"#);
    repo.write(".git/event", event);
    let path = repo.path(".git/event").display().to_string();
    for variables in [
        &[("GITHUB_ACTIONS", "true"), ("GITHUB_EVENT_PATH", &path)][..],
        &[("GITLAB_CI", "1"), ("CI_COMMIT_SHA", &head), ("CI_COMMIT_BEFORE_SHA", &base)],
        &[("LEAKGATE_BASE", &base), ("LEAKGATE_HEAD", "HEAD")],
        &[("CHANGE_TARGET", "main"), ("LEAKGATE_HEAD", "main")],
    ] {
        let mut command = repo.sandbox.leakgate(&repo.root);
        command.args(["range", "--format", "json"]).envs(variables.iter().copied());
        let scan = Scan::of(&Run::of(&mut command, b"").assert_fit_for_a_screen());
        scan.assert(&blocks(["a"]));
    }
}

/// What is on the default branch is no base for what was pushed to it.
#[test]
fn a_push_of_the_default_branch_in_ci() {
    let repo = Repo::new();
    let clean = repo.git(&["rev-parse", "HEAD"]);
    repo.stage("a", line(1)).commit();
    let head = repo.git(&["rev-parse", "HEAD"]);
    repo.git(&["update-ref", "refs/remotes/origin/main", "HEAD"]);
    let (new, gone) = ("0".repeat(40), "1".repeat(40));
    let event = repo.path(".git/event").display().to_string();
    for (before, branch, expected) in [
        (&new, "main", blocks(["a"])),
        (&gone, "main", blocks(["a"])),
        (&clean, "main", blocks(["a"])),
        (&head, "main", passes()),
        (&new, "topic", passes()),
    ] {
        repo.write(
            ".git/event",
            format!(
                r#"{{"ref":"refs/heads/{branch}","before":"{before}","after":"{head}",
                    "repository":{{"default_branch":"main"}}}}"#
            ),
        );
        for variables in [
            &[("GITHUB_ACTIONS", "true"), ("GITHUB_EVENT_PATH", &*event)][..],
            &[
                ("GITLAB_CI", "1"),
                ("CI_COMMIT_SHA", &head),
                ("CI_COMMIT_BEFORE_SHA", before),
                ("CI_COMMIT_BRANCH", branch),
                ("CI_DEFAULT_BRANCH", "main"),
            ],
        ] {
            let mut command = repo.sandbox.leakgate(&repo.root);
            command.args(["range", "--format", "json"]).envs(variables.iter().copied());
            Scan::of(&Run::of(&mut command, b"").assert_fit_for_a_screen()).assert(&expected);
        }
    }
}

#[test]
fn a_repository_with_another_hash_or_another_kind_of_refs() {
    for options in [&["--object-format=sha256"][..], &["--ref-format=reftable"]] {
        let repo = Repo::init(options).with_commit();
        repo.stage("a", line(1)).commit();
        range(&repo, "HEAD~1..HEAD").assert(&blocks(["a"]));
        let remote = repo.beside("remote.git").display().to_string();
        repo.git(&["clone", "-q", "--bare", ".", &remote]);
        repo.git(&["remote", "add", "origin", &remote]);
        repo.git(&["fetch", "-q", "origin"]);
        repo.leakgate(&["install"]).assert_code(0);
        repo.stage("b", "x\n").commit();
        repo.try_git(&["push", "-q", "origin", "main"]).assert_code(0);
        repo.stage("b", line(2)).commit();
        assert_ne!(repo.try_git(&["push", "-q", "origin", "main"]).code, 0);
    }
}

/// A commit of a made-up history: it adds a file or a message with a secret of its own.
#[derive(Debug, Clone)]
struct Made {
    parents: Vec<prop::sample::Index>,
    in_message: bool,
    removes: Option<prop::sample::Index>,
    skew: i64,
}

fn made(skew: impl Strategy<Value = i64>) -> impl Strategy<Value = Made> {
    let index = any::<prop::sample::Index>;
    (prop::collection::vec(index(), 0..3), any::<bool>(), prop::option::of(index()), skew).prop_map(
        |(parents, in_message, removes, skew)| Made { parents, in_message, removes, skew },
    )
}

/// A repository with these commits, each with a branch `c0`, `c1` and so on.
fn build(history: &[Made]) -> Repo {
    let repo = Repo::init(&["--bare"]);
    let mut stream = String::new();
    for (at, made) in history.iter().enumerate() {
        let token = line(at as u64);
        let message = if made.in_message { &*token } else { "nothing\n" };
        let time = 1_700_000_000 + 100 * at as i64 + made.skew;
        let mut parents: Vec<_> =
            made.parents.iter().filter(|_| at > 0).map(|i| i.index(at)).collect();
        parents.dedup();
        write!(stream, "commit refs/heads/c{at}\nmark :{}\n", at + 1).expect("a string");
        writeln!(stream, "committer A <a@example.com> {time} +0000").expect("a string");
        write!(stream, "data {}\n{message}", message.len()).expect("a string");
        for (nth, parent) in parents.iter().enumerate() {
            let word = if nth == 0 { "from" } else { "merge" };
            writeln!(stream, "{word} :{}", parent + 1).expect("a string");
        }
        if let Some(removed) = made.removes.filter(|_| !parents.is_empty()) {
            writeln!(stream, "D f{}", removed.index(at)).expect("a string");
        }
        if !made.in_message {
            write!(stream, "M 100644 inline f{at}\ndata {}\n{token}\n", token.len())
                .expect("a string");
        }
        stream.push('\n');
    }
    repo.git_with(&["fast-import", "--quiet", "--force"], stream.as_bytes());
    repo
}

/// The commits that git lists, and those in which leakgate finds their secrets.
fn compare(history: &[Made], from: usize, to: usize) -> (BTreeSet<String>, BTreeSet<String>) {
    let repo = build(history);
    let listed = repo.git(&["rev-list", &format!("c{to}"), &format!("^c{from}")]);
    let place = |id: &str| {
        let at = (0..history.len())
            .find(|at| repo.git(&["rev-parse", &format!("c{at}")]) == id)
            .expect("each commit has a branch");
        match history[at].in_message {
            true => format!("message of commit {}", &id[..12]),
            false => format!("f{at}"),
        }
    };
    let expected = listed.lines().map(place).collect();
    let found = range(&repo, &format!("c{from}..c{to}")).blocking().into_iter().collect();
    (expected, found)
}

/// With so many files, some are left out that no secret can stand in.
const MANY: usize = 64;

fn stage_many(repo: &Repo) -> &Repo {
    for at in 0..MANY {
        repo.write(format!("many/{at}"), format!("{at}\n"));
    }
    repo.add("many")
}

#[test]
fn mail_among_many_files() {
    let repo = Repo::new();
    let quoted = history_property::quoted(&github_token(1));
    stage_many(&repo).stage("m.eml", quoted).commit();
    range(&repo, "HEAD~1..HEAD").assert(&blocks(["m.eml"]));
}

/// What was found in a range, but where many files of numbers are.
fn found(repo: &Repo, range: &str) -> BTreeSet<String> {
    let args = ["range", range, "--format", "json", "-v"];
    let report = Run::of(&mut history_property::leakgate(repo, &args), b"").json();
    assert_eq!(report["complete"], true, "{report:#}");
    let findings = report["findings"].as_array().expect("a list").iter();
    findings.map(Value::to_string).collect()
}

/// Two versions of each of some files, in two commits, then a commit of many files.
fn with_versions(seed: u64) -> Repo {
    let (repo, mut dice) = (Repo::new(), Dice(seed));
    let mut files: Vec<(&str, Vec<u8>)> = Vec::new();
    for name in NAMES {
        let most = 1 + dice.roll(40);
        let lines = 1 + dice.roll(most);
        let text: String = (0..lines).map(|_| history_property::line(&mut dice)).collect();
        files.push((name, text.into_bytes()));
    }
    // What looks like nothing but in mail.
    for name in ["quoted.eml", "quoted.txt"] {
        files.push((name, history_property::quoted(&github_token(seed % 6)).into_bytes()));
    }
    for _ in 0..2 {
        for (name, text) in &mut files {
            repo.write(*name, &text);
            *text = history_property::edited(text, &mut dice);
        }
        repo.add(".").commit();
    }
    repo.git(&["repack", "-q", "-a", "-d", "-f"]);
    stage_many(&repo).commit();
    repo
}

fn cases(count: u32) -> Config {
    Config { cases: count, failure_persistence: None, ..Config::default() }
}

proptest! {
    #![proptest_config(cases(24))]

    #[test]
    fn the_commits_are_those_that_git_lists(
        history in prop::collection::vec(made(Just(0)), 2..10),
        from in any::<prop::sample::Index>(),
        to in any::<prop::sample::Index>(),
    ) {
        let (from, to) = (from.index(history.len()), to.index(history.len()));
        let (expected, found) = compare(&history, from, to);
        prop_assert_eq!(found, expected);
    }

    /// With clocks that were wrong there may be more, never less.
    #[test]
    fn wrong_clocks_hide_nothing(
        history in prop::collection::vec(made(-2000_i64..2000), 2..10),
        from in any::<prop::sample::Index>(),
        to in any::<prop::sample::Index>(),
    ) {
        let (from, to) = (from.index(history.len()), to.index(history.len()));
        let (expected, found) = compare(&history, from, to);
        prop_assert!(found.is_superset(&expected), "{:?} {:?}", found, expected);
    }
}

proptest! {
    #![proptest_config(cases(12))]

    #[test]
    fn how_many_files_there_are_changes_nothing(seed in any::<u64>()) {
        let repo = with_versions(seed);
        for (few, many) in [("HEAD~3..HEAD~1", "HEAD~3..HEAD"), ("HEAD~2..HEAD~1", "HEAD~2..HEAD")] {
            prop_assert_eq!(found(&repo, few), found(&repo, many), "{}", many);
        }
    }
}
