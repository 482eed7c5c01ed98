//! `leakgate history --cache`: what is told does not depend on it.

use std::fs;
use std::path::Path;

use proptest::prelude::*;

use crate::history_property::{history, leakgate};
use crate::support::secret::{assert_hidden, github_token, line};
use crate::support::{Repo, Run};

/// A rule of a repository's own, which finds other words with another seed.
pub(crate) fn rule(seed: u64) -> String {
    let word = ["words", "line"][seed as usize % 2];
    format!(
        "provider: Corp\nrules:\n  - id: corp-word\n    description: Corp's word\n    \
         severity: high\n    confidence: high\n    anchors: [{word}]\n    \
         pattern: '\\b(?<secret>{word} [a-z0-9]{{1,9}})\\b'\n    \
         references:\n      - https://example.com/docs\n    \
         examples:\n      - 'a {word} abc'\n      - '{word} of'\n    \
         counter_examples:\n      - 'a {word}'\n      - '{word}.'\n"
    )
}

fn told(repo: &Repo, args: &[&str]) -> (i32, Vec<u8>) {
    let args = [&["history", "--format", "json"], args].concat();
    let run = Run::of(&mut leakgate(repo, &args), b"");
    (run.code, run.stdout)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2, max_shrink_iters: 0, ..ProptestConfig::default() })]
    #[test]
    fn a_cache_changes_nothing(seed in any::<u64>()) {
        let repo = Repo::init(&[]);
        let cache = format!("--cache={}", repo.beside("cache").display());
        let rules = repo.beside("rules");
        fs::create_dir(&rules).expect("a folder");
        let options = ["--rules", rules.to_str().expect("a path in Unicode")];
        for step in 0..5 {
            fs::write(rules.join("corp.yml"), rule(step / 2)).expect("a rule");
            repo.git_with(&["fast-import", "--quiet", "--force"], &history(seed.wrapping_add(step / 3)));
            repo.stage("more", format!("step {step}\n{}", line(step % 2))).commit();
            if step % 2 == 0 {
                repo.git(&["repack", "-q", "-a", "-d", "-f"]);
            }
            let options = if step < 2 { &[][..] } else { &options };
            let plain = told(&repo, options);
            prop_assert!(plain.0 < 2, "{}", String::from_utf8_lossy(&plain.1));
            let with = [options, &[cache.as_str()]].concat();
            prop_assert!(told(&repo, &with) == plain, "{step}, something new");
            prop_assert!(told(&repo, &with) == plain, "{step}, nothing new");
            let other = [&with[..], &["--unreachable"]].concat();
            let unreachable = [options, &["--unreachable"]].concat();
            prop_assert!(told(&repo, &other) == told(&repo, &unreachable), "{step}");
        }
    }
}

fn files(folder: &Path) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let listed = fs::read_dir(folder).expect("a folder");
    let mut files: Vec<_> = listed
        .map(|entry| entry.expect("a file").path())
        .map(|path| (path.clone(), fs::read(path).expect("a file")))
        .collect();
    files.sort();
    files
}

fn with_secrets() -> Repo {
    let repo = Repo::new();
    repo.stage("a", line(1)).commit();
    repo.stage("a", "gone\n").commit();
    repo.git(&["commit", "-q", "--allow-empty", "-m", &format!("say\n\n{}", github_token(2))]);
    repo
}

#[test]
fn it_stands_in_the_git_folder_without_a_value() {
    let repo = with_secrets();
    let plain = repo.leakgate(&["history", "--format", "json"]).assert_code(1);
    let first = repo.leakgate(&["history", "--format", "json", "--cache"]).assert_code(1);
    let kept = files(&repo.path(".git/leakgate-cache"));
    assert_eq!(kept.len(), 2);
    kept.iter().for_each(|(_, content)| assert_hidden(content));
    let second = repo.leakgate(&["history", "--format", "json", "--cache"]).assert_code(1);
    assert_eq!((&first.stdout, &second.stdout), (&plain.stdout, &plain.stdout));
    let shown = ["history", "--format", "json", "--show-secrets"];
    let plain = Run::of(&mut leakgate(&repo, &shown), b"");
    let again = Run::of(&mut leakgate(&repo, &[&shown[..], &["--cache"]].concat()), b"");
    assert_eq!(plain.stdout, again.stdout);
    assert!(String::from_utf8_lossy(&again.stdout).contains(&github_token(1)));
}

#[test]
fn what_holds_a_secret_in_its_name_is_not_kept() {
    let repo = Repo::new();
    repo.stage(format!("{}.txt", github_token(1)), "x\n").commit();
    for _ in 0..2 {
        repo.leakgate(&["history", "--cache"]).assert_code(1);
        files(&repo.path(".git/leakgate-cache")).iter().for_each(|(_, file)| assert_hidden(file));
    }
}

#[test]
fn a_damaged_or_foreign_cache_is_none() {
    let repo = with_secrets();
    let folder = repo.path(".git/leakgate-cache");
    let plain = repo.leakgate(&["history", "--format", "json"]).assert_code(1).stdout;
    let again = || repo.leakgate(&["history", "--format", "json", "--cache"]).assert_code(1).stdout;
    again();
    let good = files(&folder);
    for (path, content) in &good {
        for damaged in [
            Vec::new(),
            content[..content.len() - 1].to_vec(),
            content[..30].to_vec(),
            [&content[..], b"x"].concat(),
            content.iter().map(|byte| byte ^ 1).collect(),
            b"\xff".repeat(200),
        ] {
            fs::write(path, damaged).expect("a file");
            assert_eq!(again(), plain);
        }
        let mut other = content.clone();
        let last = other.len() - 2;
        other[last] ^= 1;
        fs::write(path, other).expect("a file");
        assert_eq!(again(), plain);
    }
    let other = Repo::new();
    other.stage("b", line(3)).commit();
    other.leakgate(&["history", "--cache"]).assert_code(1);
    for (path, content) in files(&other.path(".git/leakgate-cache")) {
        fs::write(folder.join(path.file_name().expect("a name")), content).expect("a file");
    }
    assert_eq!(again(), plain);
    fs::remove_dir_all(&folder).expect("it can go");
    assert_eq!(again(), plain);
}

#[test]
fn an_ignore_entry_counts_at_once() {
    let repo = Repo::new();
    repo.stage("a", line(1)).commit();
    let history = ["history", "--format", "json", "--cache"];
    let run = repo.leakgate(&history).assert_code(1);
    let print = run.json()["findings"][0]["fingerprint"].as_str().expect("it has one").to_owned();
    repo.leakgate(&["ignore", &print, "--reason", "an example"]).assert_code(0);
    repo.leakgate(&history).assert_code(0);
    repo.leakgate(&history).assert_code(0);
}

#[test]
fn a_folder_that_cannot_be_written_is_told_and_no_more() {
    let repo = with_secrets();
    repo.write("file", "in the way");
    let run = repo.leakgate(&["history", "--cache=file/cache"]).assert_code(1);
    let told = String::from_utf8_lossy(&run.stderr);
    assert!(told.contains("could not write the cache"), "{run}");
}

#[test]
fn what_stands_beside_is_told_of_the_same_version() {
    let repo = Repo::new();
    let token = github_token(1);
    let first = format!("{} key = -----BEGIN {} KEY-----\n", line(1).trim_end(), "RSA PRIVATE");
    let body = "Qm9sdHMgYW5kIG51dHMgb2YgYSBrZXkgdGhhdCBub2JvZHkgaGFz\n".repeat(12);
    let whole = format!("{first}{body}-----END {} KEY-----\n", "RSA PRIVATE");
    let stored = repo.stage("a", &whole).store(&whole);
    repo.commit();
    // The same line in another version, which comes first by its id, and where no key follows.
    let other = (0..).map(|n| format!("{first}{n}\n")).find(|other| repo.store(other) < stored);
    repo.stage("a", other.expect("one of them comes first")).commit();
    let plain = repo.leakgate(&["history", "--format", "json"]).assert_code(1).stdout;
    assert!(!String::from_utf8_lossy(&plain).contains(&token));
    for _ in 0..2 {
        let told = repo.leakgate(&["history", "--format", "json", "--cache"]).assert_code(1).stdout;
        assert_eq!(String::from_utf8_lossy(&told), String::from_utf8_lossy(&plain));
    }
}
