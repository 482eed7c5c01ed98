//! Exit statuses, formats, and what is shown to whom.

use std::io;
use std::process::Stdio;

use serde_json::Value;

use crate::support::secret::{github_token, line, password};
use crate::support::{Repo, Run, Sandbox, blocks};

/// A repository with something of each kind staged: new secrets, an old one, a warning.
fn with_findings() -> Repo {
    let repo = Repo::new();
    repo.stage("old", line(1)).commit();
    repo.stage("old", line(1) + "more\n").stage("sub/new", line(2));
    repo.stage("config.py", format!("DB_PASSWORD = '{}'\n", password(3)));
    repo.write("shared.txt", "x\n").chmod("shared.txt", 0o666).add("shared.txt");
    repo
}

/// Adds a file that cannot be scanned.
fn with_problem(repo: &Repo) {
    repo.stage("lost", "lost\n");
    let id = repo.git(&["rev-parse", ":lost"]);
    std::fs::remove_file(repo.path(".git/objects").join(&id[..2]).join(&id[2..])).expect("a file");
}

#[test]
fn statuses() {
    let repo = Repo::new();
    repo.stage("a", "nothing\n");
    repo.leakgate(&["staged"]).assert_code(0);
    repo.stage("a", line(1));
    repo.leakgate(&["staged"]).assert_code(1);
    with_problem(&repo);
    repo.leakgate(&["staged"]).assert_code(2);
    repo.git(&["rm", "-q", "--cached", "a"]);
    repo.leakgate(&["staged"]).assert_code(2);
}

/// An archive that is not opened does not block, but nobody takes it for clean.
#[test]
fn quiet_tells_of_an_archive_that_was_not_opened() {
    let repo = Repo::new();
    repo.leakgate(&["install"]).assert_code(0);
    repo.stage("a", "nothing\n").git(&["commit", "-q", "-m", "a"]);
    repo.git(&["init", "-q", "--bare", "../remote"]);
    let push = || repo.try_git(&["push", "-q", "../remote", "main"]).assert_code(0);
    assert!(!push().errors().contains("no secrets"));
    assert_eq!(repo.leakgate(&["staged", "-q"]).assert_code(0).text(), "");
    repo.stage("b.7z", b"7z\xbc\xaf\x27\x1c and more");
    let said = "no secrets in what was read";
    let run = repo.leakgate(&["staged", "-q"]).assert_code(0);
    assert!(run.text().contains(said) && run.text().contains("1 archive of an unknown"), "{run}");
    repo.git(&["commit", "-q", "-m", "b"]);
    for args in [&["files", ".", "-q"][..], &["history", "-q"], &["range", "HEAD~1..HEAD", "-q"]] {
        let run = repo.leakgate(args).assert_code(0);
        assert!(run.text().contains(said), "{run}");
    }
    let pushed = push();
    assert!([pushed.text(), pushed.errors()].concat().contains(said), "{pushed}");
    // What was there before was told before.
    repo.stage("a", "nothing more\n");
    assert_eq!(repo.leakgate(&["staged", "-q"]).assert_code(0).text(), "");
}

#[test]
fn the_status_depends_on_no_option() {
    let clean = Repo::new();
    let found = with_findings();
    let broken = with_findings();
    with_problem(&broken);
    for options in [
        &["-q"][..],
        &["-v"],
        &["--format", "json"],
        &["--format", "sarif"],
        &["--show-secrets", "-q"],
        &["--color", "never"],
        &["-j", "1"],
        &["-o", "report"],
        &["--format", "json", "-q"],
    ] {
        for (repo, code) in [(&clean, 0), (&found, 1), (&broken, 2)] {
            let mut leakgate = repo.sandbox.leakgate(&repo.root);
            let run = Run::of(leakgate.arg("staged").args(options), b"");
            assert_eq!(run.code, code, "{options:?}");
        }
    }
}

/// A job of CI keeps a report for programs and shows what is wrong, in one scan.
#[test]
fn a_report_in_a_file_leaves_the_text_on_the_screen() {
    let repo = Repo::new();
    repo.stage("a", line(1));
    let without_time = |run: &Run| run.text().rsplit_once(" in ").expect("a time").0.to_owned();
    let text = repo.leakgate(&["staged"]).assert_code(1);
    for format in ["json", "sarif"] {
        let plain = repo.leakgate(&["staged", "--format", format]).assert_code(1);
        let args = ["staged", "--format", format, "--output", "report"];
        let run = repo.leakgate(&args).assert_code(1);
        assert_eq!(without_time(&run), without_time(&text), "{format}");
        assert_eq!(std::fs::read(repo.path("report")).expect("a report"), plain.stdout);
    }
    let run = repo.leakgate(&["staged", "--output", "report"]).assert_code(1);
    assert!(run.stdout.is_empty(), "{run}");
    repo.git(&["rm", "-q", "--cached", "a"]);
    let args = ["staged", "-q", "--format", "json", "--output", "report"];
    assert!(repo.leakgate(&args).assert_code(0).stdout.is_empty());
}

#[test]
fn bad_usage_is_status_two() {
    let repo = Repo::new();
    for args in [
        &[][..],
        &["unknown"],
        &["staged", "--unknown"],
        &["staged", "--format", "xml"],
        &["staged", "-q", "-v"],
        &["files"],
        &["staged", "-j", "many"],
        &["staged", "extra"],
        &["ignore"],
        &["ignore", "zz", "--reason", "x"],
        &["hook", "post-commit"],
        &["hook"],
        &["staged", "--rules", "no/such/folder"],
    ] {
        let run = repo.leakgate(args).assert_code(2);
        assert!(run.stdout.is_empty() && !run.stderr.is_empty(), "{run}");
    }
    for args in [&["--help"][..], &["--version"], &["staged", "--help"]] {
        let run = repo.leakgate(args).assert_code(0);
        assert!(!run.stdout.is_empty() && run.stderr.is_empty(), "{run}");
    }
}

#[test]
fn quiet_is_silent_unless_something_blocks() {
    let clean = Repo::new();
    clean.write("shared.txt", "x\n").chmod("shared.txt", 0o666).add("shared.txt");
    let run = clean.leakgate(&["staged", "-q"]).assert_code(0);
    assert!(run.stdout.is_empty() && run.stderr.is_empty(), "{run}");

    let found = with_findings();
    let text = found.leakgate(&["staged", "-q"]).assert_code(1).text();
    assert!(text.contains("sub/new:1:10") && !text.contains("shared.txt"), "{text}");

    with_problem(&clean);
    let text = clean.leakgate(&["staged", "-q"]).assert_code(2).text();
    assert!(text.contains("lost"), "{text}");
}

#[test]
fn how_much_is_shown() {
    let repo = with_findings();
    let usual = repo.leakgate(&["staged"]).assert_code(1).text();
    let verbose = repo.leakgate(&["staged", "-v"]).assert_code(1).text();
    for place in ["sub/new:1:10", "config.py:1:", "shared.txt", "ghp_********", "checksum valid"] {
        assert!(usual.contains(place) && verbose.contains(place), "{place}: {usual}");
    }
    assert!(!usual.contains("old:1:10") && verbose.contains("old:1:10"), "{verbose}");
    let summary = usual.lines().last().expect("a line");
    assert!(
        summary.starts_with("leakgate: 2 secrets block this commit; 4 staged files"),
        "{summary}"
    );
    assert!(summary.contains("1 warning") && summary.contains("1 already committed"), "{summary}");
}

#[test]
fn what_was_not_scanned_is_in_the_last_line() {
    let repo = Repo::new();
    with_problem(&repo);
    let text = repo.leakgate(&["staged"]).assert_code(2).text();
    let summary = text.lines().last().expect("a line");
    assert!(summary.starts_with("leakgate: not clean: 1 item could not be scanned"), "{summary}");
}

#[test]
fn json_is_as_described() {
    let repo = with_findings();
    with_problem(&repo);
    let report = repo.leakgate(&["staged", "--format", "json"]).assert_code(2).json();
    let expected = [
        ("/schema", Value::from(1)),
        ("/tool/name", "leakgate".into()),
        ("/tool/command", "staged".into()),
        ("/scope", "staged_change".into()),
        ("/complete", false.into()),
        ("/exit", 2.into()),
        ("/summary/scanned", 4.into()),
        ("/summary/blocking", 2.into()),
        ("/summary/warnings", 1.into()),
        ("/summary/already_committed", 1.into()),
        ("/summary/problems", 1.into()),
        ("/problems/0/path", "lost".into()),
        ("/problems/0/kind", "missing".into()),
        ("/findings/0/path", "config.py".into()),
        ("/findings/1/status", "already_committed".into()),
        ("/findings/3/rule", "github-personal-token".into()),
        ("/findings/3/confidence", "certain".into()),
        ("/findings/3/masked", "ghp_********".into()),
        ("/findings/3/location/column", 10.into()),
        ("/findings/3/excerpt/text", "token = \"ghp_********\"".into()),
    ];
    for (pointer, value) in expected {
        assert_eq!(report.pointer(pointer), Some(&value), "{pointer} of {report:#}");
    }
}

#[test]
fn sarif_is_as_described() {
    let repo = with_findings();
    with_problem(&repo);
    let report = repo.leakgate(&["staged", "--format", "sarif"]).assert_code(2).json();
    assert_eq!(report["version"], "2.1.0");
    let run = &report["runs"][0];
    assert_eq!(run["invocations"][0]["executionSuccessful"], false);
    assert_eq!(run["invocations"][0]["exitCode"], 2);
    let results = run["results"].as_array().expect("a list");
    let rules = run["tool"]["driver"]["rules"].as_array().expect("a list");
    let levels: Vec<_> =
        results.iter().map(|result| result["level"].as_str().expect("a text")).collect();
    assert_eq!(levels, ["error", "note", "warning", "error"]);
    for result in results {
        let id = result["ruleId"].as_str().expect("a text");
        assert!(rules.iter().any(|rule| rule["id"] == id), "no rule {id}");
        assert!(result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].is_string());
    }
}

#[test]
fn an_empty_report_is_well_formed_too() {
    let repo = Repo::new();
    let json = repo.leakgate(&["staged", "--format", "json"]).assert_code(0).json();
    assert_eq!(json["findings"], Value::Array(Vec::new()));
    let sarif = repo.leakgate(&["staged", "--format", "sarif"]).assert_code(0).json();
    assert_eq!(sarif["runs"][0]["results"], Value::Array(Vec::new()));
}

/// Sixty files scanned by any number of threads give the same bytes, and so does a second run.
#[test]
fn any_number_of_threads_gives_the_same_bytes() {
    let repo = Repo::new();
    for number in 0..60 {
        let text = format!("{}PASSWORD = '{}'\n", line(number), password(number));
        repo.write(format!("folder{}/file{number}.py", number % 7), text);
    }
    repo.git(&["add", "."]);
    for format in ["json", "sarif"] {
        let with = |threads| {
            repo.leakgate(&["staged", "--format", format, "-j", threads]).assert_code(1).stdout
        };
        let one = with("1");
        assert!(["1", "2", "8", "8", "64"].iter().all(|threads| with(threads) == one), "{format}");
    }
    // The text tells the time that it took.
    let with = |threads| {
        let text = repo.leakgate(&["staged", "-v", "-j", threads]).assert_code(1).text();
        text.rsplit_once(" in ").expect("a summary").0.to_owned()
    };
    assert_eq!(with("1"), with("8"));
    let scan = repo.staged();
    assert_eq!((scan.count("scanned"), scan.count("blocking")), (60, 120));
}

#[test]
fn a_reader_that_went_away_is_no_fault() {
    let repo = with_findings();
    for args in [&["staged"][..], &["staged", "--format", "json"], &["rules", "list"], &["--help"]]
    {
        let (reader, writer) = io::pipe().expect("a pipe");
        drop(reader);
        let mut command = repo.sandbox.leakgate(&repo.root);
        let output = command.args(args).stdin(Stdio::null()).stdout(writer).stderr(Stdio::piped());
        let output = output.spawn().expect("it starts").wait_with_output().expect("it ends");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(!errors.contains("panic") && !errors.contains("fault"), "{args:?}: {errors}");
        let code = if args[0] == "staged" { 1 } else { 0 };
        assert_eq!(output.status.code(), Some(code), "{args:?}: {errors}");
    }
}

#[test]
fn a_full_disk_is_told() {
    let full = std::path::Path::new("/dev/full");
    if full.exists() {
        let repo = Repo::new();
        let mut command = repo.sandbox.leakgate(&repo.root);
        let full = std::fs::File::options().write(true).open(full).expect("it opens");
        let output = command.arg("staged").stdout(full).output().expect("it ends");
        assert_eq!(output.status.code(), Some(2));
    }
}

#[test]
fn colours_only_where_they_are_wanted() {
    let repo = with_findings();
    let run = |args: &[&str], name: &str, value: &str| {
        let mut command = repo.sandbox.leakgate(&repo.root);
        Run::of(command.arg("staged").args(args).env(name, value), b"").text()
    };
    let coloured = |text: &str| text.contains("\u{1b}[");
    assert!(coloured(&run(&["--color", "always"], "TERM", "xterm")));
    assert!(!coloured(&run(&[], "TERM", "xterm")));
    assert!(!coloured(&run(&["--color", "never"], "CLICOLOR_FORCE", "1")));
    assert!(!coloured(&run(&[], "NO_COLOR", "1")));
    assert!(!coloured(&run(&["--color", "always", "--format", "json"], "TERM", "xterm")));
    assert!(!coloured(&run(&["--color", "always", "--format", "sarif"], "TERM", "xterm")));
}

/// The one way to see a value, and never in a report that is uploaded.
#[test]
fn values_are_shown_to_who_asks() {
    let repo = Repo::new();
    repo.stage("a", line(1));
    let run = |format: &str| {
        let mut command = repo.sandbox.leakgate(&repo.root);
        Run::of(command.args(["staged", "--show-secrets", "--format", format]), b"").text()
    };
    assert!(run("text").contains(&github_token(1)) && run("json").contains(&github_token(1)));
    assert!(!run("sarif").contains(&github_token(1)));
}

/// Whatever stands beside a value in its line must not give it away.
#[test]
fn no_other_secret_of_the_line_is_shown() {
    let repo = Repo::new();
    let both = format!(
        "a = \"{}\"; b = \"{}\"; password = \"{}\"",
        github_token(1),
        github_token(2),
        password(3)
    );
    repo.stage("a.js", format!("{both}\n{both}\n"));
    let scan = repo.staged();
    scan.assert(&blocks(["a.js"]));
    assert_eq!(scan.count("blocking"), 6, "{:#}", scan.report);
    repo.leakgate(&["staged", "--format", "sarif"]).assert_code(1);
    repo.leakgate(&["staged", "-v"]).assert_code(1);
}

#[test]
fn a_rule_can_be_tried_on_a_text() {
    let sandbox = Sandbox::new();
    let token = github_token(77);
    let run = |args: &[&str], input: &str| {
        let mut command = sandbox.leakgate(&sandbox.path("home"));
        Run::of(command.args(["rules", "test"]).args(args), input.as_bytes())
    };
    let good = run(&["github-personal-token"], &format!("a = {token}\n")).assert_code(1).text();
    assert!(good.contains("stdin:1:5: reported: certain confidence"), "{good}");
    assert!(!good.contains(&token[10..]), "{good}");
    let short = run(&["github-personal-token", "-"], &token[..30]).assert_code(0).text();
    assert!(short.contains("nothing is reported"), "{short}");
    let none = run(&["github-personal-token"], "\u{1b}[2J").assert_code(0).text();
    assert!(none.contains("no anchor") && !none.contains('\u{1b}'), "{none}");
    run(&["no-such-rule"], "").assert_code(2);
    run(&["github-personal-token", "no-such-file"], "").assert_code(2);
}

#[test]
fn rules_can_be_listed_and_shown() {
    let sandbox = Sandbox::new();
    let run = |args: &[&str]| Run::of(sandbox.leakgate(&sandbox.path("home")).args(args), b"");
    let list = run(&["rules", "list"]).assert_code(0).text();
    let ids: Vec<_> = list.lines().filter_map(|line| line.split('\t').next()).collect();
    for id in ["github-personal-token", "mode-made-executable", "claude-bypass-permissions"] {
        assert!(ids.contains(&id), "no {id}");
        assert!(run(&["rules", "show", id]).assert_code(0).text().starts_with(id));
    }
    assert!(ids.is_sorted());
    run(&["rules", "show", "no-such-rule"]).assert_code(2);
}
