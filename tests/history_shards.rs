//! `leakgate history --shard` and `leakgate merge`: together they tell what one run tells.

use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use serde_json::Value;

use crate::history_property::{Dice, history, leakgate};
use crate::support::secret::{github_token, line};
use crate::support::{Repo, Run};

const FORMATS: [&[&str]; 4] = [
    &["--format", "json"],
    &["--format", "sarif"],
    &["--format", "text", "--color", "never"],
    &["--format", "json", "--unreachable", "--modes"],
];

/// Reads a repository in shards, each in a process of its own, and gives the reports.
fn shards(repo: &Repo, count: usize, args: &[&str]) -> Vec<PathBuf> {
    let file = |index: usize| repo.beside(&format!("{count}-{index}.json"));
    for index in 1..=count {
        let shard = format!("{index}/{count}");
        let to = file(index).display().to_string();
        let args = [&["history", "--shard", &shard, "--output", &to], args].concat();
        let run = repo.leakgate(&args).assert_code(0);
        assert!(run.stdout.is_empty() && run.errors().contains("`leakgate merge` tells"), "{run}");
    }
    (1..=count).map(file).collect()
}

fn merge(repo: &Repo, files: &[PathBuf], args: &[&str]) -> Run {
    let files: Vec<_> = files.iter().map(|file| file.to_str().expect("a path")).collect();
    Run::of(&mut leakgate(repo, &[&["merge"], args, &files[..]].concat()), b"")
}

/// What was written, but for the time that it took.
fn told(run: &Run) -> (i32, String) {
    let text = run.text();
    let timeless = text.lines().map(|line| match line.rsplit_once(") in ") {
        Some((before, after)) if line.starts_with("leakgate: ") => {
            let rest = after.split_once(", ").map_or("", |(_, rest)| rest);
            format!("{before}) in no time, {rest}\n")
        }
        _ => format!("{line}\n"),
    });
    (run.code, timeless.collect())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2, max_shrink_iters: 0, ..ProptestConfig::default() })]
    #[test]
    fn shards_tell_what_one_run_tells(seed in any::<u64>()) {
        let repo = Repo::init(&[]);
        let mut dice = Dice(seed);
        repo.git_with(&["fast-import", "--quiet"], &history(seed));
        repo.stage("more", line(8)).commit();
        repo.git(&["commit", "-q", "--allow-empty", "-m", &format!("say\n\n{}", github_token(2))]);
        repo.git(&["tag", "-a", "-m", &github_token(3), "one"]);
        repo.git(&["branch", &format!("b-{}", github_token(4))]);
        repo.store(line(9));
        for packing in [None, Some("1"), Some("50")] {
            if let Some(depth) = packing {
                let depth = format!("--depth={depth}");
                repo.git(&["repack", "-q", "-a", "-d", "-f", &depth]);
                // Some of it is there twice, and some of it loose.
                repo.git_with(&["pack-objects", "-q", ".git/objects/pack/pack"], repo.git(&["rev-parse", "HEAD:more", "HEAD"]).as_bytes());
                repo.store(line(dice.roll(100) as u64));
            }
            let one = FORMATS.map(|args| Run::of(&mut leakgate(&repo, &[&["history"], args].concat()), b""));
            for count in 1..=5 {
                let mut files = shards(&repo, count, &[]);
                let turn = dice.roll(count);
                files.rotate_left(turn);
                let format = dice.roll(FORMATS.len());
                let merged = merge(&repo, &files, FORMATS[format]);
                prop_assert_eq!(merged.errors(), "");
                prop_assert_eq!(told(&merged), told(&one[format]), "{} {:?}", count, packing);
                prop_assert_eq!(one[0].json()["summary"]["scanned"].as_u64(), Some(listed(&files)));
            }
        }
    }
}

/// How many versions some reports list.
fn listed(files: &[PathBuf]) -> u64 {
    let report =
        |file| -> Value { serde_json::from_slice(&fs::read(file).expect("a file")).expect("JSON") };
    files.iter().map(|file| report(file)["blobs"].as_u64().expect("a number")).sum()
}

#[test]
fn copies_that_are_packed_otherwise_can_share_the_work() {
    let repo = Repo::init(&[]);
    repo.git_with(&["fast-import", "--quiet"], &history(5));
    repo.git(&["repack", "-q", "-a", "-d", "-f", "--depth=3"]);
    let copy = repo.beside("copy");
    let at = copy.to_str().expect("a path");
    repo.git(&["clone", "-q", "--mirror", "--no-local", ".", at]);
    let copy = repo.at(copy);
    copy.git(&["repack", "-q", "-a", "-d", "-f", "--depth=60", "--window=80"]);
    let ours = shards(&repo, 2, &[]);
    let theirs = shards(&copy, 2, &[]);
    // A file of each.
    let args = ["--format", "json"];
    let plain = Run::of(&mut leakgate(&repo, &[&["history"], &args[..]].concat()), b"");
    fs::copy(&theirs[1], repo.beside("other.json")).expect("a file");
    let files = [shards(&repo, 2, &[])[0].clone(), repo.beside("other.json")];
    assert_eq!(told(&merge(&repo, &files, &args)), told(&plain));
    assert_eq!(told(&merge(&repo, &ours, &args)), told(&plain));
}

#[test]
fn what_came_since_is_read_and_told_of() {
    let repo = Repo::new();
    repo.stage("a", line(1)).commit();
    let files = shards(&repo, 2, &[]);
    repo.stage("b", line(2)).commit();
    let args = ["--format", "json"];
    let merged = merge(&repo, &files, &args);
    assert_eq!(merged.errors(), "leakgate: versions that are in no shard, and are read here: 1\n");
    let plain = repo.leakgate(&["history", "--format", "json"]);
    assert_eq!(told(&merged), told(&plain));
}

#[test]
fn what_is_damaged_is_a_problem_of_the_merge() {
    let repo = Repo::new();
    repo.stage("a", line(1)).stage("b", "x\n").commit();
    let id = repo.git(&["rev-parse", "HEAD:b"]);
    let file = repo.path(format!(".git/objects/{}/{}", &id[..2], &id[2..]));
    fs::remove_file(&file).expect("it is there");
    fs::write(&file, "no object").expect("a file");
    let files = shards(&repo, 3, &[]);
    let plain = repo.leakgate(&["history", "--format", "json"]).assert_code(2);
    let merged = merge(&repo, &files, &["--format", "json"]);
    assert_eq!(told(&merged), told(&plain));
}

#[test]
fn ignore_entries_and_refs_are_those_of_the_merge() {
    let repo = Repo::new();
    repo.stage("a", line(1)).commit();
    repo.git(&["checkout", "-q", "-b", "other"]);
    repo.stage("b", line(2)).commit();
    let files = shards(&repo, 2, &[]);
    for args in [&["--branch", "main"][..], &["--since", "2030-01-01"], &["--range", "main..other"]]
    {
        let args = [&["--format", "json"], args].concat();
        let plain = repo.leakgate(&[&["history"], &args[..]].concat());
        assert_eq!(told(&merge(&repo, &files, &args)), told(&plain));
    }
    let told_at_first = repo.leakgate(&["history", "--format", "json"]).json();
    let fingerprint = told_at_first["findings"][0]["fingerprint"].as_str().expect("one").to_owned();
    repo.write(".leakgate-ignore", format!("github-personal-token {fingerprint} known\n"));
    let plain = repo.leakgate(&["history", "--format", "json"]);
    assert_eq!(plain.json()["summary"]["ignored"], 1);
    assert_eq!(told(&merge(&repo, &files, &["--format", "json"])), told(&plain));
}

#[test]
fn a_report_of_a_shard_holds_no_path_name_or_value() {
    let repo = Repo::new();
    repo.stage("telling-name", line(1)).commit();
    for file in shards(&repo, 2, &[]) {
        let text = fs::read_to_string(file).expect("a file");
        crate::support::secret::assert_hidden(text.as_bytes());
        assert!(!text.contains("telling-name") && !text.contains("author"), "{text}");
    }
}

/// Changes a field of a report.
fn changed(file: &Path, to: &Path, change: impl Fn(&mut Value)) -> PathBuf {
    let mut report = serde_json::from_slice(&fs::read(file).expect("a file")).expect("JSON");
    change(&mut report);
    fs::write(to, report.to_string()).expect("a file");
    to.to_owned()
}

#[test]
fn what_does_not_belong_together_is_refused_by_name() {
    let repo = Repo::new();
    repo.stage("a", line(1)).commit();
    let other = Repo::new();
    other.stage("b", line(2)).commit();
    let two = shards(&repo, 2, &[]);
    let three = shards(&repo, 3, &[]);
    let foreign = shards(&other, 1, &[]);
    let rules = repo.beside("rules");
    fs::create_dir(&rules).expect("a folder");
    fs::write(rules.join("own.yml"), crate::history_cache::rule(1)).expect("a rule");
    let spoilt = |name: &str, change: &dyn Fn(&mut Value)| {
        changed(&two[1], &repo.beside(&format!("{name}.json")), change)
    };
    let old = spoilt("old", &|report| report["tool"]["version"] = "0.0.1".into());
    let schema = spoilt("schema", &|report| report["schema"] = 9.into());
    let short = spoilt("short", &|report| report["blobs"] = 99.into());
    let damaged = spoilt("damaged", &|report| report["calm"] = "AAAA".into());
    let cut_off = spoilt("cut-off", &|report| report["complete"] = false.into());
    let odd = spoilt("odd", &|report| report["shard"]["index"] = 7.into());
    let cut = repo.beside("cut.json");
    fs::write(&cut, &fs::read(&two[1]).expect("a file")[..100]).expect("a file");
    let plain = repo.beside("plain.json");
    fs::write(&plain, repo.leakgate(&["history", "--format", "json"]).stdout).expect("a file");
    let first = two[0].clone();
    for (files, file, why) in [
        (vec![first.clone(), first.clone()], "2-1.json", "both of shard 1"),
        (vec![first.clone()], "2-1.json", "the report of shard 2 is missing"),
        (vec![first.clone(), three[1].clone()], "3-2.json", "one of 3 shards"),
        (foreign, "1-1.json", "not in this repository"),
        (vec![first.clone(), old], "old.json", "use one version for all"),
        (vec![first.clone(), schema], "schema.json", "use one version for all"),
        (vec![first.clone(), short], "short.json", "says 99"),
        (vec![first.clone(), damaged], "damaged.json", "is damaged"),
        (vec![first.clone(), cut_off], "cut-off.json", "was ended before"),
        (vec![first.clone(), odd], "odd.json", "7 of 2"),
        (vec![first.clone(), cut], "cut.json", "not whole"),
        (vec![first.clone(), plain], "plain.json", "not of a shard"),
        (vec![first, repo.beside("nowhere.json")], "nowhere.json", "cannot be read"),
    ] {
        let run = merge(&repo, &files, &[]).assert_code(2);
        let errors = run.errors();
        assert!(errors.contains(file) && errors.contains(why), "{why}: {errors}");
        assert!(run.stdout.is_empty(), "{run}");
    }
    let with_rules = ["--rules", rules.to_str().expect("a path")];
    let errors = merge(&repo, &two, &with_rules).assert_code(2).errors();
    assert!(errors.contains("2-1.json") && errors.contains("other rules"), "{errors}");
}

#[test]
fn a_shard_that_there_cannot_be_is_refused() {
    let repo = Repo::new();
    for shard in ["0/2", "3/2", "1", "1/0", "a/b", "1/2/3", "-1/2"] {
        repo.leakgate(&["history", &format!("--shard={shard}")]).assert_code(2);
    }
    for args in [&["--branch", "main"][..], &["--cache"], &["--modes"], &["--format", "sarif"]] {
        repo.leakgate(&[&["history", "--shard", "1/2"], args].concat()).assert_code(2);
    }
    let file = shards(&repo, 1, &[]).remove(0);
    let file = file.to_str().expect("a path");
    repo.leakgate(&["merge", file, "--shard", "1/2"]).assert_code(2);
}
