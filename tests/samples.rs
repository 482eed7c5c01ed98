//! What tests and documentation show as secrets: told at a commit, counted in a whole tree.

use serde_json::Value;

use crate::support::secret::{line, password};
use crate::support::{Repo, Scan, blocks, passes};

fn assigned(seed: u64) -> String {
    format!("password = '{}'\n", password(seed))
}

/// A repository with a password in its tests, staged.
fn with_sample() -> Repo {
    let repo = Repo::new();
    repo.stage("tests/login.py", assigned(1));
    repo
}

fn report(repo: &Repo, args: &[&str]) -> Value {
    repo.leakgate(&[args, &["--format", "json"]].concat()).json()
}

#[test]
fn a_change_that_brings_one_is_warned_of() {
    let repo = with_sample();
    let scan = repo.staged();
    scan.assert(&passes());
    assert_eq!(scan.count("warnings"), 1);
    let text = repo.leakgate(&["staged"]).assert_code(0).text();
    assert!(text.contains("in tests or documentation"), "{text}");
    repo.leakgate(&["staged", "--samples"]).assert_code(1);
}

#[test]
fn elsewhere_it_blocks() {
    let repo = with_sample();
    repo.stage("src/login.py", assigned(2)).stage("tests/.env", assigned(3));
    repo.staged().assert(&blocks(["src/login.py", "tests/.env"]));
}

#[test]
fn what_a_provider_issued_counts_everywhere() {
    let repo = Repo::new();
    repo.stage("tests/login.py", line(1));
    repo.staged().assert(&blocks(["tests/login.py"]));
    repo.commit();
    repo.leakgate(&["files", "."]).assert_code(1);
}

#[test]
fn whole_trees_count_them() {
    let repo = with_sample();
    repo.commit();
    for scan in [&["files", "."][..], &["history"]] {
        let text = repo.leakgate(scan).assert_code(0).text();
        assert!(text.contains("1 sample in tests and documentation"), "{text}");
        let told = report(&repo, scan);
        assert_eq!(told["findings"].as_array().map(Vec::len), Some(0), "{told:#}");
        assert_eq!(told["summary"]["samples"], 1);
        let all = [scan, &["--samples"]].concat();
        repo.leakgate(&all).assert_code(1);
        assert_eq!(report(&repo, &all)["summary"]["samples"], 0);
    }
}

#[test]
fn what_is_named_is_told() {
    let repo = with_sample();
    for path in ["tests", "tests/login.py", "./tests/"] {
        repo.leakgate(&["files", path]).assert_code(1);
    }
    let inside = repo.leakgate_in(&repo.path("tests"), &["files", "."]);
    assert_eq!(inside.code, 1);
}

#[test]
fn a_secret_with_one_place_elsewhere_is_no_sample() {
    let repo = with_sample();
    repo.commit();
    repo.stage("login.py", assigned(1)).commit();
    repo.git(&["rm", "-q", "login.py"]);
    repo.commit();
    repo.leakgate(&["history"]).assert_code(1);
}

#[test]
fn one_that_is_cached_is_told_when_asked_for() {
    let repo = with_sample();
    repo.commit();
    for _ in 0..2 {
        let told = report(&repo, &["history", "--cache"]);
        assert_eq!(told["summary"]["samples"], 1);
        repo.leakgate(&["history", "--cache", "--samples"]).assert_code(1);
    }
}

#[test]
fn one_can_be_ignored_by_its_fingerprint() {
    let repo = with_sample();
    let run = repo.leakgate(&["staged", "--format", "json"]);
    let scan = Scan::of(&run);
    let print =
        scan.findings().next().and_then(|one| one["fingerprint"].as_str().map(String::from));
    let print = print.expect("it has a fingerprint");
    repo.leakgate(&["ignore", &print, "--reason", "made up"]).assert_code(0);
    assert_eq!(repo.staged().count("warnings"), 0);
}
