//! `leakgate history --modes`: what the checks of modes, links and names say of each commit's tree.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;

use proptest::prelude::*;
use serde_json::Value;

use crate::history_property::{Dice, leakgate};
use crate::support::secret::{github_token, password};
use crate::support::{Repo, Run};

/// A rule, a path, and what stands there unless it is about the name.
type Site = (String, String, String);

/// The rules that judge names, whatever stands under them.
const OF_NAMES: [&str; 4] = [
    "name-control-characters",
    "name-invisible-characters",
    "name-leading-dash",
    "name-not-portable",
];

/// The rules that judge a tree as a whole; a history is not looked at by them.
fn is_of_whole_trees(rule: &str) -> bool {
    const WHOLE: [&str; 6] = [
        "attributes-",
        "ignore-",
        "link-dangling",
        "link-loop",
        "name-case-collision",
        "submodule-",
    ];
    WHOLE.iter().any(|start| rule.starts_with(start))
}

const PATHS: [&str; 30] = [
    "run",
    "a.json",
    "README.md",
    "logo.png",
    "bin/tool",
    "bin/notes.md",
    "scripts/go.sh",
    ".githooks/pre-commit",
    ".githooks/readme",
    "keys/id_rsa",
    "keys/server.pem",
    "conf/.env",
    ".env.production",
    "-dash",
    "we?ird",
    "deep/\u{200b}er",
    ".claude/projects/s.jsonl",
    ".claude/notes.md",
    "docs/s.jsonl",
    ".aws/config",
    "x/config",
    "lib/link",
    "link",
    ".gitignore",
    "mod1",
    "sub/mod2",
    "core.7",
    "a.c",
    "b.c",
    "db/rows.sql",
];

fn key() -> String {
    let rule = "-".repeat(5);
    let body: String = (0..20).map(|n| format!("{}{}\n", password(n), password(n + 1))).collect();
    format!("{rule}BEGIN RSA PRIVATE KEY{rule}\n{body}{rule}END RSA PRIVATE KEY{rule}\n")
}

fn content(dice: &mut Dice) -> Vec<u8> {
    let rule = "-".repeat(5);
    match dice.roll(11) {
        0 => format!("#!/bin/sh\nexec {}\n", dice.roll(4)).into(),
        1 => format!("{{\"a\":{}}}\n", dice.roll(4)).into(),
        2 => b"\x89PNG\r\n\x1a\nrest".to_vec(),
        3 => format!("NAME={}\n", dice.roll(4)).into(),
        4 => format!("# page {}\n", dice.roll(4)).into(),
        5 => key().into(),
        6 => format!("{rule}BEGIN ENCRYPTED PRIVATE KEY{rule}\n{}\n", "MIIE".repeat(20)).into(),
        7 => format!("aws_secret_access_key = {}{}\n", password(1), password(2)).into(),
        8 => format!("DB_PASSWORD={}\n", password(dice.roll(2) as u64)).into(),
        9 => b"-- MySQL dump 1\nINSERT INTO a VALUES (1);\n".to_vec(),
        _ => format!("plain {}\n", "words ".repeat(dice.roll(5))).into(),
    }
}

/// None leads to another link: what links do together only the whole tree tells.
const TARGETS: [&str; 9] = [
    "/etc/passwd",
    "../../x",
    "../.env",
    "no.c",
    "/dev/zero",
    ".git/config",
    "/home/me/.ssh/id",
    ".github/workflows/ci.yml",
    "no/../no.c",
];

/// Writes a history as `git fast-import` reads it.
fn history(seed: u64) -> Vec<u8> {
    let mut dice = Dice(seed);
    let mut stream = Vec::new();
    let mut begun = [false; 2];
    for step in 0..30 + dice.roll(15) {
        let branch = dice.roll(2);
        let mut head = format!(
            "commit refs/heads/b{branch}\nmark :{}\ncommitter A <a@example.com> {} +0000\ndata 4\nstep\n",
            step + 1,
            1_700_000_000 + step * 60
        );
        if !begun[branch] && begun[1 - branch] {
            head += &format!("from refs/heads/b{}\n", 1 - branch);
        } else if begun[branch] && begun[1 - branch] && dice.roll(6) == 0 {
            head += &format!("merge refs/heads/b{}\n", 1 - branch);
        }
        begun[branch] = true;
        stream.extend(head.into_bytes());
        for _ in 0..1 + dice.roll(4) {
            change(&mut dice, &mut stream);
        }
    }
    stream
}

fn change(dice: &mut Dice, stream: &mut Vec<u8>) {
    let path = PATHS[dice.roll(PATHS.len())];
    let mut write = |mode: &str, path: &str, text: &[u8]| {
        stream.extend(format!("M {mode} inline {path}\ndata {}\n", text.len()).into_bytes());
        stream.extend_from_slice(text);
        stream.push(b'\n');
    };
    match dice.roll(12) {
        0 | 1 => stream.extend(format!("D {path}\n").into_bytes()),
        2 | 3 => write("120000", path, TARGETS[dice.roll(TARGETS.len())].as_bytes()),
        4 => {
            let id = ["1", "2"][dice.roll(2)].repeat(40);
            let path = ["mod1", "sub/mod2"][dice.roll(2)];
            stream.extend(format!("M 160000 {id} {path}\n").into_bytes());
        }
        5 => {
            let listed = [&["mod1"][..], &["sub/mod2"], &["mod1", "sub/mod2"], &[]][dice.roll(4)];
            let list = |path: &&str| format!("[submodule \"{path}\"]\n\tpath = {path}\n");
            let text: String = listed.iter().map(list).collect();
            write("100644", ".gitmodules", text.as_bytes());
        }
        // The same files in folders of other names are the same tree.
        6 => {
            let folder =
                [".claude/projects/", ".aws/", "bin/", "docs/", "a/.claude/x/"][dice.roll(5)];
            write("100644", &format!("{folder}s.jsonl"), b"{\"said\":1}\n");
            write("100644", &format!("{folder}config"), b"aws_secret_access_key\n");
            write("100644", &format!("{folder}tool"), b"#!/bin/sh\n");
        }
        n => write(["100644", "100755"][n % 2], path, &content(dice)),
    }
}

/// What the checks of a staged change say of each commit's tree, all of it new.
struct Oracle {
    /// By commit.
    sites: BTreeMap<String, BTreeSet<Site>>,
    parents: HashMap<String, Vec<String>>,
    /// From the oldest to the newest.
    order: Vec<String>,
}

impl Oracle {
    fn of(repo: &Repo) -> Self {
        let folder = repo.beside("oracle");
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir(&folder).expect("a folder");
        let other = repo.at(folder);
        other.git(&["init", "-q"]);
        let objects = repo.path(".git/objects").display().to_string();
        fs::write(other.path(".git/objects/info/alternates"), objects).expect("a file");
        let mut oracle =
            Self { sites: BTreeMap::new(), parents: HashMap::new(), order: Vec::new() };
        let log = repo.git(&["log", "--all", "--reverse", "--date-order", "--format=%ct %H %P"]);
        let mut lines: Vec<_> = log.lines().collect();
        lines.sort();
        for line in lines {
            let mut ids = line.split_whitespace().skip(1).map(ToOwned::to_owned);
            let commit = ids.next().expect("an id");
            other.git(&["read-tree", &format!("{commit}^{{tree}}")]);
            oracle.sites.insert(commit.clone(), sites_of_tree(&other, &commit));
            oracle.parents.insert(commit.clone(), ids.collect());
            oracle.order.push(commit);
        }
        oracle
    }

    fn has(&self, commit: &str, rule: &str, path: &str) -> bool {
        self.sites[commit].iter().any(|site| site.0 == rule && site.1 == path)
    }

    fn introduced(&self, rule: &str, path: &str) -> Option<&String> {
        self.order.iter().find(|commit| {
            self.has(commit, rule, path)
                && self.parents[*commit].iter().all(|parent| !self.has(parent, rule, path))
        })
    }
}

fn sites_of_tree(other: &Repo, commit: &str) -> BTreeSet<Site> {
    let listed = other.git(&["ls-tree", "-r", "-z", commit]);
    let ids: HashMap<&str, &str> = listed
        .split_terminator('\0')
        .map(|line| line.split_once('\t').expect("a path"))
        .map(|(facts, path)| (path, facts.rsplit(' ').next().expect("an id")))
        .collect();
    let report = Run::of(&mut leakgate(other, &["staged", "--format", "json"]), b"").json();
    let findings = report["findings"].as_array().expect("a list").iter();
    findings
        .filter(|finding| finding["category"] == "permission")
        .filter(|finding| !is_of_whole_trees(finding["rule"].as_str().expect("a rule")))
        .map(|finding| site(finding, |path| ids[path].to_owned()))
        .collect()
}

fn site(finding: &Value, id: impl Fn(&str) -> String) -> Site {
    let rule = finding["rule"].as_str().expect("a rule").to_owned();
    let path = finding["path"].as_str().expect("a path").to_owned();
    let id = if OF_NAMES.contains(&&*rule) { String::new() } else { id(&path) };
    (rule, path, id)
}

fn told(repo: &Repo, args: &[&str]) -> Vec<Value> {
    let args = [&["history", "--modes", "--format", "json"], args].concat();
    let report = Run::of(&mut leakgate(repo, &args), b"").json();
    assert_eq!(report["complete"], true, "{report:#}");
    let findings = report["findings"].as_array().expect("a list").iter();
    findings.filter(|finding| finding["category"] == "permission").cloned().collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4, max_shrink_iters: 0, ..ProptestConfig::default() })]
    #[test]
    fn places_are_those_of_each_tree_checked_whole(seed in any::<u64>()) {
        let repo = Repo::init(&[]);
        repo.git_with(&["fast-import", "--quiet"], &history(seed));
        let oracle = Oracle::of(&repo);
        let expected: BTreeSet<_> = oracle.sites.values().flatten().cloned().collect();
        for packing in [None, Some("1"), Some("50")] {
            if let Some(depth) = packing {
                let depth = format!("--depth={depth}");
                repo.git(&["repack", "-q", "-a", "-d", "-f", &depth, "--window=100"]);
            }
            let findings = told(&repo, &[]);
            let mut sites = BTreeSet::new();
            for finding in &findings {
                for place in finding["history"]["sites"].as_array().expect("a list") {
                    let id = place["object"].as_str().unwrap_or_default().to_owned();
                    let at = Value::from(place["path"].as_str().expect("a path"));
                    let of_site = serde_json::json!({"rule": finding["rule"], "path": at});
                    sites.insert(site(&of_site, |_| id.clone()));
                }
                let (rule, path, _) = site(finding, |_| String::new());
                let introduced = finding["history"]["introduced"]["commit"].as_str();
                prop_assert_eq!(introduced, oracle.introduced(&rule, &path).map(|id| &**id), "{} {}", rule, path);
            }
            prop_assert_eq!(&sites, &expected, "{:?}", packing);
        }
    }
}

#[test]
fn a_name_is_told_of_once_however_much_is_below() {
    let repo = Repo::new();
    repo.stage("a/-x/b/c", "1\n").stage("a/-x/d", "2\n").commit();
    let findings = told(&repo, &[]);
    assert_eq!(findings.len(), 1, "{findings:#?}");
    assert_eq!(findings[0]["path"], "a/-x");
    assert_eq!(findings[0]["rule"], "name-leading-dash");
    assert_eq!(findings[0]["blocks"], false);
}

#[test]
fn what_is_gone_is_told_without_a_command_that_would_not_help() {
    let repo = Repo::new();
    repo.link("a", "/etc/passwd").add("a").commit();
    let fixes = |findings: &[Value]| findings[0]["fixes"].as_array().map_or(0, Vec::len);
    let findings = told(&repo, &[]);
    assert_eq!((findings.len(), fixes(&findings)), (1, 1));
    assert_eq!(findings[0]["history"]["standing"], "head");
    repo.git(&["rm", "-q", "a"]);
    repo.commit();
    let findings = told(&repo, &[]);
    assert_eq!((findings.len(), fixes(&findings)), (1, 0));
    assert_eq!(findings[0]["history"]["standing"], "past");
    assert!(findings[0]["history"]["removed"].is_object());
    let text = repo.leakgate(&["history", "--modes"]).assert_code(1).text();
    assert!(text.contains("1 dangerous name, link or file found"), "{text}");
    repo.leakgate(&["history"]).assert_code(0);
}

#[test]
fn what_the_repository_lets_pass_is_counted() {
    let repo = Repo::new();
    repo.link("a", "/etc/passwd").add("a").commit();
    let report = || repo.leakgate(&["history", "--modes", "--format", "json"]).json();
    let fingerprint = report()["findings"][0]["fingerprint"].as_str().expect("one").to_owned();
    let entry = format!("link-absolute {fingerprint} it is meant\n");
    repo.write(".leakgate-ignore", entry);
    assert_eq!(report()["summary"]["ignored"], 1);
    repo.remove(".leakgate-ignore");
    repo.write(".leakgate.yaml", "links:\n  allow: [\"a\"]\n");
    assert_eq!(report()["summary"]["ignored"], 1);
}

#[test]
fn a_cached_report_is_not_one_of_another_policy() {
    let repo = Repo::new();
    repo.link("a", "/etc/passwd").add("a").commit();
    let scan = || repo.leakgate(&["history", "--modes", "--cache"]);
    for _ in 0..2 {
        repo.write(".leakgate.yaml", "links:\n  allow: [\"a\"]\n");
        scan().assert_code(0);
        repo.remove(".leakgate.yaml");
        scan().assert_code(1);
    }
}

#[test]
fn a_secret_in_the_name_of_a_file_is_masked() {
    let repo = Repo::new();
    repo.link(&github_token(1), "/etc/passwd").add(github_token(1)).commit();
    let run = repo.leakgate(&["history", "--modes", "--format", "json"]).assert_code(1);
    let report = run.json();
    let findings = report["findings"].as_array().expect("a list");
    assert!(findings.iter().any(|finding| finding["rule"] == "link-absolute"), "{report:#}");
    repo.leakgate(&["history", "--modes"]).assert_code(1);
}

#[test]
fn a_cached_report_is_not_one_without_modes() {
    let repo = Repo::new();
    repo.link("a", "/etc/passwd").add("a").commit();
    repo.leakgate(&["history", "--cache"]).assert_code(0);
    repo.leakgate(&["history", "--cache", "--modes"]).assert_code(1);
    repo.leakgate(&["history", "--cache", "--modes"]).assert_code(1);
    repo.leakgate(&["history", "--cache"]).assert_code(0);
}
