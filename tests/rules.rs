//! Rules of one's own: how they are named, loaded and judged, and what is said of mistakes in them.

use crate::support::secret::{github_token, line, password};
use crate::support::{Repo, Run, Scan};

/// A rule for what nobody else issues.
const RULE: &str = r"provider: Acme
rules:
  - id: acme-key
    description: Acme key
    severity: high
    confidence: high
    anchors: [acme_live_]
    pattern: '\b(?<secret>acme_live_[a-z0-9]{24})\b'
    references: [https://acme.example]
    examples:
      - 'K=acme_live_{lowernum:24}'
      - 'x acme_live_{lowernum:24}'
    counter_examples:
      - 'acme_live_{lowernum:20}'
      - 'acme_test_{lowernum:24}'
";

fn acme_key(seed: u64) -> String {
    format!("K = acme_live_{}abcd\n", password(seed).to_lowercase())
}

fn found(run: &Run) -> Vec<String> {
    let rules = Scan::of(run);
    rules.findings().map(|one| one["rule"].as_str().expect("a rule").to_owned()).collect()
}

/// Each mistake is told in the words of the format: where, what, and what there is instead.
#[test]
fn mistakes_are_named() {
    let repo = Repo::new();
    let check = |text: &str| {
        repo.write("r/a.yml", text);
        let run = repo.leakgate(&["rules", "check", "r"]);
        assert_ne!(run.code, 0, "{text}");
        run.text() + &run.errors()
    };
    let severity = "    severity: high\n";
    let with = |field: &str| RULE.replace(severity, &format!("{severity}    {field}\n"));
    for (text, told) in [
        (with("check: crc99"), &["rules[0].check", "crc99", "crc32-base62"][..]),
        (with("check: [luhn, crc99]"), &["rules[0].check[1]", "crc99", "crc32-base62"]),
        (with("check: {}"), &["the name of a check, or a list"]),
        (with("entropy: high"), &["rules[0].entropy", "expected a number"]),
        (with("within: many"), &["rules[0].within", "expected a number from 0 to 255"]),
        (with("anchor: x"), &["anchor", "anchors"]),
        (RULE.replace("[acme_live_]", "acme_live_"), &["rules[0].anchors", "expected a list"]),
        (
            RULE.replace("K=acme_live_{lowernum:24}", "K=acme_live_{lowernums:24}"),
            &["example 1", "{lowernums:24} stands for itself"],
        ),
        (
            RULE.replace("[acme_live_]", "[dead]").replace(">acme_live_", ">[a-z_]{10}"),
            &["example 1", "holds no anchor, of dead"],
        ),
        (
            RULE.replace("K=acme_live_{lowernum:24}", "K={lowernum:24}"),
            &["example 1", "holds no anchor, of acme_live_"],
        ),
        (RULE.replace("acme-key", "stripe-secret-key-live"), &["a built-in rule has this id"]),
        ("rules: []\n".to_owned(), &["provider"]),
    ] {
        let errors = check(&text);
        assert!(told.iter().all(|part| errors.contains(part)), "{told:?}\n{errors}");
    }
    repo.write("r/a.yml", RULE);
    let run = repo.leakgate(&["rules", "check", "r"]).assert_code(0);
    assert!(run.text().contains("1 rule is right"), "{run}");
}

#[test]
fn a_rule_takes_the_place_of_no_built_in_one() {
    let repo = Repo::new();
    repo.write("r/a.yml", RULE.replace("acme-key", "github-personal-token"));
    repo.write("s.py", line(1));
    for args in [&["files", "s.py"][..], &["staged"], &["rules", "list"]] {
        let run = repo.leakgate(&[args, &["--rules", "r"]].concat()).assert_code(2);
        assert!(run.errors().contains("github-personal-token: a built-in rule has"), "{run}");
    }
}

#[test]
fn a_folder_without_rules_is_a_mistake() {
    let repo = Repo::new();
    repo.write("empty/README", "");
    for args in [&["files", ".", "--rules", "empty"][..], &["rules", "check", "empty"]] {
        let run = repo.leakgate(args).assert_code(2);
        assert!(run.errors().contains("holds no rule file"), "{run}");
    }
}

#[test]
fn rules_are_found_by_a_word() {
    let repo = Repo::new();
    repo.write("r/a.yml", RULE);
    let list = |args: &[&str]| repo.leakgate(&[&["rules", "list"], args].concat());
    let github = list(&["GitHub"]).assert_code(0).text();
    let lines: Vec<Vec<_>> = github.lines().map(|line| line.split('\t').collect()).collect();
    let token = lines.iter().find(|line| line[0] == "github-personal-token");
    assert_eq!(token.expect("it is among them")[1], "critical", "{github}");
    assert!(lines.len() < 50 && !github.contains("gitlab"), "{github}");
    list(&["no such thing"]).assert_code(2);
    assert!(list(&["policy-"]).text().contains("policy-size\tmedium\t"));
    assert_eq!(list(&["acme", "--rules", "r"]).text(), "acme-key\thigh\tAcme key\n");

    let show = |args: &[&str]| repo.leakgate(&[&["rules", "show"], args].concat());
    show(&["acme-key", "--rules", "r"]).assert_code(0);
    let run = show(&["github"]).assert_code(2);
    assert!(run.errors().contains("github-") && run.errors().contains("rules list"), "{run}");
    for id in ["no-such-rule", "mode-made-executable"] {
        let run = repo.leakgate(&["rules", "test", id]).assert_code(2);
        assert!(run.errors().contains(id) && !run.errors().contains("RuleId"), "{run}");
    }
}

#[test]
fn rules_of_the_repository_guard_each_commit() {
    let repo = Repo::new();
    repo.leakgate(&["install"]).assert_code(0);
    repo.stage(".leakgate.yaml", "rules: tools/rules\n").stage("tools/rules/a.yml", RULE);
    repo.try_git(&["commit", "-m", "rules"]).assert_code(0);
    repo.stage("a", acme_key(1));
    let stopped = repo.try_git(&["commit", "-m", "x"]);
    assert!(stopped.errors().contains("acme-key"), "{stopped}");
    let sub = repo.path("tools");
    let staged = repo.leakgate_in(&sub, &["staged", "--format", "json"]).assert_code(1);
    assert_eq!(found(&staged), ["acme-key"]);
    for args in [&["files", "a"][..], &["audit"], &["rules", "test", "acme-key", "a"]] {
        repo.leakgate(args).assert_code(1);
    }
    let message = ["commit", "--allow-empty", "-m", &acme_key(2)];
    repo.git(&["reset", "-q", "a"]);
    assert_ne!(repo.try_git(&message).code, 0);
    let print = |run: &Run| {
        let scan = Scan::of(run);
        scan.findings().next().expect("a finding")["fingerprint"].as_str().map(str::to_owned)
    };
    let print = print(&staged).expect("a fingerprint");
    repo.leakgate(&["ignore", &print, "--reason", "known"]).assert_code(0);
    repo.leakgate(&["files", "a"]).assert_code(0);

    repo.add("a").git(&["commit", "-q", "-m", "a"]);
    repo.stage("b", acme_key(3)).commit();
    for args in [&["history", "--cache"][..], &["range", "HEAD~..HEAD"]] {
        repo.leakgate(args).assert_code(1);
    }
    // What was kept of the history is no longer right once the rules are others.
    repo.write("tools/rules/a.yml", RULE.replace("{24}", "{23}x?"));
    repo.leakgate(&["history", "--cache"]).assert_code(0);
}

#[test]
fn rules_of_the_repository_are_files_inside_of_it() {
    let repo = Repo::new();
    std::fs::create_dir(repo.beside("out")).expect("a folder");
    std::fs::write(repo.beside("out/a.yml"), RULE).expect("a file");
    let refused = |settings: &str, told: &str| {
        repo.write(".leakgate.yaml", settings);
        let run = repo.leakgate(&["staged"]).assert_code(2);
        assert!(run.errors().contains(told), "{run}");
    };
    refused("rules: ../out\n", "a folder of the repository");
    refused("rules: no/such\n", "could not use the rules");
    repo.link("linked", "../out");
    refused("rules: linked\n", "a link to one");
    std::fs::create_dir(repo.path("tools")).expect("a folder");
    repo.link("tools/a.yml", "../../out/a.yml");
    refused("rules: tools\n", "no regular file");
    repo.remove("tools/a.yml");
    refused("rules: tools\n", "holds no rule file");
}

#[test]
fn a_rule_is_switched_off_with_a_reason() {
    let repo = Repo::new();
    let settings = "disable:\n  github-personal-token: all of them are made up\n  \
                    link-absolute: we mean them\n";
    repo.stage("a", line(1)).link("l", "/usr/bin/env").add("l");
    repo.leakgate(&["staged"]).assert_code(1);
    repo.write(".leakgate.yaml", settings);
    let staged = repo.leakgate(&["staged", "--format", "json"]).assert_code(0);
    assert_eq!(Scan::of(&staged).count("ignored"), 2, "{staged}");
    for args in [&["files", "a"][..], &["history", "--modes"], &["range", "HEAD.."]] {
        repo.commit();
        repo.leakgate(args).assert_code(0);
    }
    // That a rule is switched off is told once, when it is.
    repo.add(".leakgate.yaml");
    let rules = || found(&repo.leakgate(&["staged", "--format", "json"]).assert_code(0));
    assert_eq!(rules(), ["policy-rule-disabled"]);
    repo.commit();
    repo.stage(".leakgate.yaml", format!("# why\n{settings}"));
    assert_eq!(rules(), [""; 0]);
    repo.write("b", format!("password = '{}'\n", password(1)));
    repo.leakgate(&["files", "b"]).assert_code(1);
    for (settings, told) in [
        ("disable:\n  no-such-rule: as it is\n", "disables a rule that there is not: no-such-rule"),
        ("disable:\n  link-absolute:\n", "needs a reason"),
        ("disable: [link-absolute]\n", "no list of"),
    ] {
        repo.write(".leakgate.yaml", settings);
        for args in [&["staged"][..], &["files", "a"], &["history"]] {
            let run = repo.leakgate(args).assert_code(2);
            assert!(run.errors().contains(told), "{run}");
        }
    }
    assert!(!repo.leakgate(&["staged"]).errors().contains(&github_token(1)));
}

/// Who has installed leakgate has no folder of its documentation.
#[test]
fn help_has_an_address() {
    let repo = Repo::new();
    repo.write(".leakgate.yaml", "sizes: {a: b}\n");
    let error = repo.leakgate(&["staged"]).assert_code(2).errors();
    let help = repo.leakgate(&["rules", "check", "--help"]).text();
    let all = repo.leakgate(&["--help"]).text();
    for text in [error, help, all] {
        assert!(text.contains("https://github.com/"), "{text}");
        assert!(!text.contains(" docs/"), "{text}");
    }
}
