//! Modes, links and names that the checks beside the secret scanner stop, from the index to the
//! exit status. Links and gitlinks are in `changes.rs`, as they are types of change too.

use crate::support::secret::{line, password};
use crate::support::{Repo, Scan, blocks, matrix, passes};

/// A file of values with these permission bits.
fn env_file(repo: &Repo, mode: u32) {
    repo.write(".env", format!("API_PASSWORD={}\n", password(1)));
    repo.chmod(".env", mode).add(".env");
}

/// The text of a private key: the letters say nothing.
fn private_key() -> String {
    let body: String = (0..8).map(|seed| password(seed) + &password(seed + 100) + "\n").collect();
    let label = "RSA PRIVATE KEY";
    format!("-----BEGIN {label}-----\n{body}-----END {label}-----\n")
}

/// The rules of all findings, each once.
fn rules(scan: &Scan) -> Vec<String> {
    let mut rules: Vec<_> = scan.findings().map(|finding| finding["rule"].to_string()).collect();
    rules.sort();
    rules.dedup();
    rules.iter().map(|rule| rule.trim_matches('"').to_owned()).collect()
}

matrix! {
    made_executable: |repo| {
        repo.stage("a.json", "{}\n").commit();
        repo.chmod("a.json", 0o755).add("a.json");
    } => blocks(["mode-made-executable a.json"]);
    made_executable_in_the_index_alone: |repo| {
        repo.stage("a.json", "{}\n").commit();
        repo.git(&["update-index", "--chmod=+x", "a.json"]);
    } => blocks(["mode-made-executable a.json"]);
    made_executable_by_everything_in_reach: |repo| {
        repo.stage("a.json", "{}\n").stage("b.md", "# B\n").stage("c.sh", "#!/bin/sh\n").commit();
        for path in ["a.json", "b.md", "c.sh"] {
            repo.chmod(path, 0o777).add(path);
        }
    } => blocks(["mode-made-executable a.json", "mode-made-executable b.md"]);
    made_plain_again: |repo| {
        repo.write("a.json", "{}\n").chmod("a.json", 0o755).add("a.json").commit();
        repo.chmod("a.json", 0o644).add("a.json");
    } => passes();
    a_script: |repo| {
        repo.write("run", "#!/bin/sh\n").chmod("run", 0o755).add("run");
    } => passes();
    executable_since_long_and_edited: |repo| {
        repo.write("a.json", "{}\n").chmod("a.json", 0o755).add("a.json").commit();
        repo.write("a.json", "[]\n").add("a.json");
    } => passes();
    renamed_executable_data: |repo| {
        repo.write("a.json", "{}\n").chmod("a.json", 0o755).add("a.json").commit();
        repo.git(&["mv", "a.json", "b.json"]);
    } => passes();
    environment_file: |repo| { env_file(repo, 0o600); } => blocks([".env", "name-env-file .env"]);
    environment_file_for_everybody: |repo| {
        env_file(repo, 0o777);
    } => blocks([".env", "name-env-file .env", "work-tree-secret-writable .env"]);
    environment_file_for_everybody_where_bits_mean_nothing: |repo| {
        repo.git(&["config", "core.fileMode", "false"]);
        env_file(repo, 0o777);
    } => blocks([".env", "name-env-file .env"]);
    environment_file_without_values: |repo| { repo.stage(".env.example", "API_PASSWORD=\n"); } => passes();
    key_by_name_and_content: |repo| {
        repo.write("id_rsa", private_key()).chmod("id_rsa", 0o600).add("id_rsa");
    } => blocks(["id_rsa"]);
    key_by_name_alone: |repo| { repo.write("id_rsa", "").chmod("id_rsa", 0o600).add("id_rsa"); } => passes();
    name_that_some_systems_take_for_git: |repo| {
        repo.git(&["config", "core.protectNTFS", "false"]);
        repo.stage_unseen("100644", "git~1/config", "x");
    } => blocks(["name-git-lookalike git~1/config"]);
    settings_that_let_an_agent_do_all: |repo| {
        let settings = r#"{"permissions": {"defaultMode": "bypassPermissions"}}"#;
        repo.stage(".claude/settings.json", settings);
    } => blocks(["claude-bypass-permissions .claude/settings.json"]);
    settings_that_let_an_agent_do_all_since_long: |repo| {
        let settings = r#"{"permissions": {"defaultMode": "bypassPermissions"}}"#;
        repo.stage(".claude/settings.json", settings).commit();
        repo.stage(".claude/settings.json", settings.replace('}', " }"));
    } => passes();
}

#[test]
fn a_file_that_everybody_can_write_is_a_warning() {
    let repo = Repo::new();
    repo.write("a.txt", "x\n").chmod("a.txt", 0o666).add("a.txt");
    let scan = repo.staged();
    scan.assert(&passes());
    assert_eq!(
        (scan.count("warnings"), rules(&scan)),
        (1, vec!["work-tree-world-writable".to_owned()])
    );
}

#[test]
fn a_key_that_others_can_read_is_told_of() {
    let repo = Repo::new();
    repo.write("id_rsa", private_key()).chmod("id_rsa", 0o644).add("id_rsa");
    assert!(rules(&repo.staged()).contains(&"work-tree-secret-readable".to_owned()));
}

/// The commands that the report prints do what it says.
#[test]
fn the_fixes_can_be_pasted() {
    let repo = Repo::new();
    let odd = "it's $(HOME) \u{e9}\n*.json";
    for path in ["a.json", "-x y.json", odd] {
        repo.stage(path, "{}\n");
    }
    repo.commit();
    for path in ["a.json", "-x y.json"] {
        repo.chmod(path, 0o755).add(path);
    }
    repo.link(odd, "/etc/passwd").add(odd);
    let scan = repo.staged();
    assert_eq!(scan.blocking().len(), 3, "{:#}", scan.report);
    for finding in scan.findings() {
        for fix in finding["fixes"].as_array().expect("a list") {
            let fix = fix.as_str().expect("a text");
            let shell = if std::path::Path::new("/bin/bash").exists() { "bash" } else { "sh" };
            repo.command(shell, &["-c", fix]).output().expect("a shell");
        }
    }
    repo.staged().assert(&passes());
}

/// A secret in a file whose mode is the only change is old.
#[test]
fn a_mode_alone_brings_no_secret() {
    let repo = Repo::new();
    repo.stage("a.json", format!("{{\"token\": {:?}}}", line(1))).commit();
    repo.chmod("a.json", 0o755).add("a.json");
    let scan = repo.staged();
    scan.assert(&blocks(["mode-made-executable a.json"]));
    assert_eq!(scan.count("already_committed"), 1);
}
