//! `leakgate ignore`: whatever a command has shown can be let pass, and looked after later.

use std::fs;

use crate::support::secret::{line, password};
use crate::support::{Repo, Run, Scan, program};

/// Follows the advice on a screen, as pasted but for the reason.
fn follow(repo: &Repo, shown: &Run) -> Run {
    let told = shown.text() + &shown.errors();
    let (_, command) = told.split_once("leakgate ignore ").unwrap_or_else(|| panic!("{shown}"));
    let command = command.lines().next().expect("a line").replace('…', "a fixture of the tests");
    let command = command.replace("<FILE", "<s.py");
    let script = format!("'{}' ignore {command}", program().display());
    Run::of(&mut repo.command("sh", &["-c", &script]), b"").assert_fit_for_a_screen()
}

fn prints(run: &Run) -> Vec<String> {
    let report = Scan::of(run);
    report.findings().map(|one| one["fingerprint"].as_str().expect("a text").to_owned()).collect()
}

/// A repository whose commits a remote has, one of which has a secret that is there no more.
fn pushed() -> Repo {
    let repo = Repo::new();
    repo.stage("old.py", line(1)).commit();
    repo.git(&["rm", "-q", "old.py"]);
    repo.commit();
    repo.git(&["init", "-q", "--bare", "../remote.git"]);
    repo.git(&["remote", "add", "origin", "../remote.git"]);
    repo.git(&["push", "-q", "origin", "main"]);
    repo
}

#[test]
fn what_is_only_in_the_history() {
    let repo = pushed();
    let shown = repo.leakgate(&["history"]).assert_code(1);
    follow(&repo, &shown).assert_code(0);
    repo.leakgate(&["history"]).assert_code(0);
}

#[test]
fn what_no_ref_leads_to() {
    let repo = pushed();
    repo.stage("gone.py", line(2)).commit();
    repo.git(&["reset", "-q", "--hard", "HEAD~"]);
    repo.git(&["reflog", "expire", "--expire=now", "--all"]);
    let shown = repo.leakgate(&["history", "--unreachable", "--format", "json"]).assert_code(1);
    let prints = prints(&shown);
    assert_eq!(prints.len(), 2);
    let args = [&["ignore", "--reason", "known"][..], &[&prints[0], &prints[1]]].concat();
    repo.leakgate(&args).assert_code(0);
    repo.leakgate(&["history", "--unreachable"]).assert_code(0);
}

#[test]
fn what_is_not_staged_or_not_tracked() {
    let repo = pushed();
    repo.write("sub/s.py", line(2));
    follow(&repo, &repo.leakgate(&["files", "sub"]).assert_code(1)).assert_code(0);
    repo.leakgate(&["files", "sub"]).assert_code(0);
    let alone = repo.path("sub/t.py");
    fs::write(&alone, line(3)).expect("a file");
    let print = prints(&repo.leakgate(&["files", ".", "--format", "json"])).remove(0);
    repo.leakgate(&["ignore", &print, "--reason", "known"]).assert_code(0);
    repo.leakgate(&["files", "."]).assert_code(0);
}

#[test]
fn what_git_ignores_or_is_elsewhere() {
    let repo = pushed();
    repo.stage(".gitignore", "*.log\n").commit();
    repo.write("it's a.log", line(2));
    follow(&repo, &repo.leakgate(&["files", "it's a.log"]).assert_code(1)).assert_code(0);
    repo.leakgate(&["files", "it's a.log"]).assert_code(0);
    fs::write(repo.beside("other"), line(3)).expect("a file");
    follow(&repo, &repo.leakgate(&["files", "../other"]).assert_code(1)).assert_code(0);
    repo.leakgate(&["files", "../other"]).assert_code(0);
}

#[test]
fn what_was_piped() {
    let repo = pushed();
    repo.stage(".gitignore", "s.py\n").commit();
    repo.write("s.py", line(2));
    let stdin = || {
        let mut command = repo.sandbox.leakgate(&repo.root);
        Run::of(command.arg("stdin"), line(2).as_bytes())
    };
    follow(&repo, &stdin().assert_code(1)).assert_code(0);
    stdin().assert_code(0);
}

#[test]
fn what_the_audit_shows() {
    let repo = pushed();
    repo.write(".env", format!("DB_PASSWORD={}\n", password(2)));
    repo.write(".claude/settings.json", r#"{"permissions": {"allow": ["Bash(*)"]}}"#);
    let shown = repo.leakgate(&["audit", "--format", "json"]).assert_code(1);
    let prints = prints(&shown);
    let text = repo.leakgate(&["audit", "-v"]).text();
    assert!(prints.iter().all(|print| text.contains(print.as_str())), "{text}");
    for print in &prints {
        repo.leakgate(&["ignore", print, "--reason", "known"]).assert_code(0);
    }
    let shown = repo.leakgate(&["audit", "--format", "json"]).assert_code(0);
    assert_eq!(Scan::of(&shown).findings().count(), 0);
}

#[test]
fn what_is_nowhere_has_a_way_out() {
    let repo = pushed();
    let none = "0".repeat(20);
    let run = repo.leakgate(&["ignore", &none, "--reason", "known"]).assert_code(2);
    assert!(run.errors().contains(&none) && run.errors().contains("--files -"), "{run}");
    assert!(!repo.path(".leakgate-ignore").exists());
    // What is there is let pass all the same.
    repo.write("s.py", line(2));
    let print = prints(&repo.leakgate(&["files", "s.py", "--format", "json"])).remove(0);
    repo.leakgate(&["ignore", &none, &print, "--reason", "known"]).assert_code(2);
    repo.leakgate(&["files", "s.py"]).assert_code(0);
}

#[test]
fn all_of_a_report_passes_at_once() {
    let repo = pushed();
    for seed in 2..32 {
        repo.stage(format!("s{seed}.py"), line(seed));
    }
    repo.stage("a.py", format!("password = '{}'\n", password(3))).link("out", "/usr/bin/env");
    repo.add("out").commit();
    let report = repo.leakgate(&["history", "--modes", "--format", "json", "-o", "found.json"]);
    report.assert_code(1);
    let run = repo.leakgate(&["ignore", "--report", "found.json", "--reason", "there before"]);
    assert!(run.text().contains(": 33 findings are let pass"), "{}", run.assert_code(0));
    repo.leakgate(&["history", "--modes"]).assert_code(0);
    repo.leakgate(&["files", "."]).assert_code(0);
    // Again from a pipe, after all of it was let pass.
    let report = repo.leakgate(&["files", ".", "--format", "json"]).assert_code(0);
    let mut ignore = repo.sandbox.leakgate(&repo.root);
    ignore.args(["ignore", "--report", "-", "--reason", "there before"]);
    let run = Run::of(&mut ignore, &report.stdout).assert_code(0);
    assert!(run.text().contains("no findings"), "{run}");
}

#[test]
fn a_report_of_files_that_are_elsewhere() {
    let repo = pushed();
    fs::write(repo.beside("other"), line(3)).expect("a file");
    repo.leakgate(&["files", "../other", "--format", "json", "-o", "r.json"]).assert_code(1);
    repo.leakgate(&["ignore", "--report", "r.json", "--reason", "known"]).assert_code(0);
    repo.leakgate(&["files", "../other"]).assert_code(0);
    for bad in ["{}", "", "{\"findings\": [{}]}", "[1]"] {
        repo.write("r.json", bad);
        let run = repo.leakgate(&["ignore", "--report", "r.json", "--reason", "known"]);
        assert!(run.errors().contains("could not use r.json"), "{}", run.assert_code(2));
    }
}

#[test]
fn entries_are_listed_found_to_be_stale_and_removed() {
    let repo = pushed();
    repo.stage("a", line(2)).stage("b", line(3));
    let prints = prints(&repo.leakgate(&["staged", "--format", "json"]).assert_code(1));
    let args = ["ignore", "--reason", "known", &prints[0], &prints[1]];
    let run = repo.leakgate(&args).assert_code(0);
    assert!(prints.iter().all(|print| run.text().contains(print.as_str())), "{run}");
    let run = repo.leakgate(&["ignore", &prints[0], "--reason", "another"]).assert_code(0);
    assert!(run.text().contains("was let pass already"), "{run}");

    let listed = repo.leakgate(&["ignore", "--list"]).assert_code(0).text();
    assert_eq!(listed.lines().count(), 2, "{listed}");
    repo.leakgate(&["ignore", "--stale"]).assert_code(0);
    repo.git(&["rm", "-q", "-f", "a"]);
    let stale = repo.leakgate(&["ignore", "--stale"]).assert_code(1).text();
    assert_eq!(stale.lines().count(), 1, "{stale}");
    assert!(stale.ends_with(" another\n") && listed.contains(&stale), "{stale}{listed}");

    let print = stale.split(' ').nth(1).expect("a fingerprint");
    repo.leakgate(&["ignore", "--remove", print]).assert_code(0);
    assert_eq!(repo.leakgate(&["ignore", "--list"]).text().lines().count(), 1);
    repo.leakgate(&["ignore", "--remove", print]).assert_code(2);
    repo.leakgate(&["ignore", "--stale"]).assert_code(0);
}

/// The line that a usage error shows works in any order, and a reason has to say something.
#[test]
fn as_it_is_typed() {
    let repo = Repo::new();
    repo.stage("a", line(2));
    let print = prints(&repo.leakgate(&["staged", "--format", "json"])).remove(0);
    for reason in ["…", "", "ok", "\"\""] {
        let run = repo.leakgate(&["ignore", &print, "--reason", reason]).assert_code(2);
        assert!(run.errors().contains("three letters or digits"), "{run}");
    }
    repo.leakgate(&["ignore", "--files", "a", &print, "--reason", "known"]).assert_code(0);
    repo.leakgate(&["ignore"]).assert_code(2);
    repo.leakgate(&["ignore", "--list", "--stale"]).assert_code(2);
}

#[test]
fn a_marker_without_effect_says_so_where_it_stands() {
    let repo = Repo::new();
    let lines =
        ["leakgate:ignore", "leakgate: ignore fixture", "gitleaks:allow", "leakgate:ignore ok"];
    let text: String = (1..)
        .zip(lines)
        .map(|(seed, mark)| format!("{} # {mark}\n", line(seed).trim_end()))
        .collect();
    repo.stage("a.py", format!("{text}{}", line(9)));
    let report = repo.leakgate(&["staged", "--format", "json"]).assert_code(1);
    let reasons: Vec<String> =
        Scan::of(&report).findings().map(|one| one["reasons"].to_string()).collect();
    for (at, told) in [
        (0, "`leakgate:ignore` has no effect without a reason of three letters"),
        (1, "`leakgate: ignore` has no effect: write `leakgate:ignore` and a reason"),
        (2, "`gitleaks:allow` has no effect"),
        (3, "`leakgate:ignore` has no effect without"),
    ] {
        assert!(reasons[at].contains(told), "{reasons:#?}");
    }
    assert!(!reasons[4].contains("effect"), "{reasons:#?}");
}

#[test]
fn settings_that_count_for_nothing_are_told() {
    let repo = Repo::new();
    let told = |args: &[&str]| repo.leakgate(args).assert_code(0).errors();
    repo.write(".leakgate.yml", "modes: {}\n").write("leakgate.toml", "");
    let errors = told(&["staged"]);
    assert!(errors.contains(".leakgate.yml is not read: the name is .leakgate.yaml"), "{errors}");
    assert!(errors.contains("leakgate.toml is not read"), "{errors}");
    assert_eq!(told(&["staged", "-q"]), "");
    repo.remove(".leakgate.yml").remove("leakgate.toml");
    assert_eq!(told(&["staged"]), "");

    repo.stage("sub/.leakgate-ignore", "").stage("sub/.leakgate.yaml", "");
    let errors = told(&["staged"]);
    for path in ["sub/.leakgate-ignore is not read", "sub/.leakgate.yaml is not read"] {
        assert!(errors.contains(path), "{errors}");
    }
    repo.commit();
    assert_eq!(told(&["staged"]), "");

    let entry = format!("no-such-rule {} known\n", "0".repeat(20));
    repo.stage(".leakgate-ignore", &entry);
    let errors = told(&["staged"]);
    assert!(
        errors.contains("not: no-such-rule") && errors.contains("no line with its key"),
        "{errors}"
    );
    let key = format!("key {}\n{}", "0".repeat(32), entry.replace("no-such-rule", "url-password"));
    repo.stage(".leakgate-ignore", key);
    assert_eq!(told(&["staged"]), "");
}

/// A fingerprint beside the name of a rule looks like a key beside the name of a provider.
#[test]
fn an_ignore_file_is_no_finding_itself() {
    let repo = Repo::new();
    let print = "3fa9c1d27be04488a1f0";
    let entries = format!(
        "key {0}{1}\ngitlab-runner-registration-token {print} there before\n\
         clickhouse-cloud-api-secret {print} there before\ngeneric-secret {print} known\n",
        "5b1c9e0d7a3f4826", "c4d8e1f20b6a7935"
    );
    repo.stage(".leakgate-ignore", &entries);
    for args in [&["staged"][..], &["files", "."], &["files", ".leakgate-ignore"], &["audit", "-q"]]
    {
        repo.leakgate(args).assert_code(0);
    }
    repo.commit();
    repo.leakgate(&["history"]).assert_code(0);
    // Only in such a file, and only in its place.
    repo.stage("other", &entries);
    repo.leakgate(&["staged"]).assert_code(1);
    repo.git(&["rm", "-q", "-f", "other"]);
    repo.stage(".leakgate-ignore", format!("{entries}generic-secret {print} {}", line(1)));
    repo.leakgate(&["staged"]).assert_code(1);
}
