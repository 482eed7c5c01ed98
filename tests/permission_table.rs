//! Each row of the table in `docs/permissions.md`: a repository that has the finding, one that is
//! near and has it not, and the printed commands, which make it go away.

use std::path::Path;

use crate::support::secret::password;
use crate::support::{Repo, Run, Scan, program};

type Build = fn(&Repo);

/// A row: the rule, what has it, what is near.
struct Row(&'static str, Build, Build);

const ROWS: &[Row] = &[
    Row(
        "attributes-not-encrypted",
        |repo| crypted(repo, "A=b\n"),
        |repo| {
            crypted(repo, "\0GITCRYPT\0xyz");
        },
    ),
    Row(
        "attributes-unknown-filter",
        |repo| done(repo.stage(".gitattributes", "*.x filter=mine\n")),
        |repo| done(repo.stage(".gitattributes", "*.x filter=lfs diff=lfs merge=lfs -text\n")),
    ),
    Row(
        "audit-config-credentials",
        |repo| {
            let url = format!("https://me:{}@example.com/x", password(4));
            repo.git(&["remote", "add", "origin", &url]);
        },
        |repo| done(repo.git(&["remote", "add", "origin", "https://me@example.com/x"])),
    ),
    Row(
        "audit-config-unsafe",
        |repo| done(repo.git(&["config", "http.sslVerify", "false"])),
        |repo| done(repo.git(&["config", "http.sslVerify", "true"])),
    ),
    Row(
        "audit-git-writable",
        |repo| done(repo.chmod(".git/hooks", 0o777)),
        |repo| {
            repo.chmod(".git/hooks", 0o775);
        },
    ),
    Row("audit-hook-missing", |_| {}, |repo| done(repo.leakgate(&["install"]).assert_code(0))),
    Row(
        "audit-ignore-missing",
        |_| {},
        |repo| {
            repo.write(".gitignore", ".env*\nid_*\n*.key\n*.p12\n*.pfx\n*.kdbx\n");
        },
    ),
    Row(
        "audit-ignored-here-only",
        |repo| ignored(repo, ".git/info/exclude"),
        |repo| {
            ignored(repo, ".gitignore");
        },
    ),
    Row(
        "audit-ignored-yet-tracked",
        |repo| {
            ignored(repo, ".gitignore");
            repo.add(".env");
        },
        |repo| done(repo.write(".env", "A=b\n").add(".env")),
    ),
    Row(
        "audit-package-ships",
        |repo| {
            repo.stage("Dockerfile", "FROM x\nCOPY . /app\n").write(".dockerignore", "target\n");
            repo.stage("a/package.json", "{\"name\": \"a\"}\n").write("a/.npmignore", "test\n");
        },
        |repo| {
            repo.stage("Dockerfile", "FROM x\nCOPY src /app\n");
            repo.stage("b/Dockerfile", "FROM x\nCOPY . /app\n");
            repo.write(".dockerignore", "**\n!src\n");
            repo.stage("a/package.json", "{\"name\": \"a\", \"files\": [\"dist\"]}\n");
            repo.write("a/.npmignore", "test\n");
            repo.stage("c/package.json", "{\"name\": \"c\"}\n");
        },
    ),
    Row(
        "audit-untracked-secret",
        |repo| done(repo.write(".env", "A=b\n")),
        |repo| {
            ignored(repo, ".gitignore");
        },
    ),
    Row("config-file-url", |repo| lfs(repo, "http"), |repo| lfs(repo, "https")),
    Row(
        "gitlink-unlisted",
        |repo| embedded(repo, "lib"),
        |repo| {
            repo.git(&["clone", "-q", ".", "../other"]);
            repo.git(&["submodule", "--quiet", "add", "../other", "lib"]);
        },
    ),
    Row(
        "ignore-copies-secret",
        |repo| done(repo.stage(".worktreeinclude", "# of each\n.env\n.env.local\n")),
        |repo| done(repo.stage(".worktreeinclude", ".env.example\n.env\n!.env\n")),
    ),
    Row(
        "ignore-takes-back-secret",
        |repo| done(repo.stage(".gitignore", ".env*\n!.env.local\n")),
        |repo| done(repo.stage(".gitignore", ".env*\n!.env.example\n")),
    ),
    Row(
        "link-absolute",
        |repo| link(repo, "a", "/usr/bin/env"),
        |repo| link(repo, "a", "/dev/null"),
    ),
    Row("link-dangling", |repo| link(repo, "a", "b"), |repo| link(repo, "a", "README")),
    Row(
        "link-escapes",
        |repo| link(repo, "a", "../b"),
        |repo| {
            link(repo.stage("x/y", ""), "x/a", "../README");
        },
    ),
    Row(
        "link-git-config",
        |repo| link(repo, ".gitignore", "README"),
        |repo| {
            link(repo, ".gitkeep", "README");
        },
    ),
    Row(
        "link-into-automation",
        |repo| {
            link(
                repo.stage(".github/workflows/ci.yml", "on: push\n"),
                "a.yml",
                ".github/workflows/ci.yml",
            );
        },
        |repo| link(repo.stage(".github/README.md", "# A\n"), "a.md", ".github/README.md"),
    ),
    Row(
        "link-into-git",
        |repo| link(repo, "a", ".git/config"),
        |repo| {
            link(repo.stage(".github/x", ""), "a", ".github/x");
        },
    ),
    Row(
        "link-loop",
        |repo| link(repo, "a", "a"),
        |repo| {
            link(repo, "a", "README");
            link(repo, "b", "a");
        },
    ),
    Row(
        "link-replaces-file",
        |repo| link(repo.stage("a", "").commit(), "a", "README"),
        |repo| {
            link(repo, "a", "README");
            repo.commit();
            link(repo.stage("b", ""), "a", "b");
        },
    ),
    Row(
        "link-replaces-folder",
        |repo| {
            repo.stage("a/x", "").stage("b/x", "").commit();
            std::fs::remove_dir_all(repo.path("a")).expect("it was there");
            link(repo, "a", "b");
        },
        |repo| {
            repo.stage("a/x", "").stage("b/x", "").commit();
            link(repo, "c", "b");
        },
    ),
    Row("link-to-device", |repo| link(repo, "a", "/dev/zero"), |repo| link(repo, "a", "/dev/null")),
    Row(
        "link-to-secret",
        |repo| link(repo, "a", "../.ssh/id_rsa"),
        |repo| {
            link(repo.stage("id_rsa.pub", ""), "a", "id_rsa.pub");
        },
    ),
    Row(
        "mode-executable-data",
        |repo| file(repo, "a.png", "x", 0o755),
        |repo| {
            file(repo, "a.sh", "#!/bin/sh\n", 0o755);
        },
    ),
    Row(
        "mode-hook-not-executable",
        |repo| file(repo, ".githooks/pre-commit", "#!/bin/sh\n", 0o644),
        |repo| file(repo, ".githooks/pre-commit", "#!/bin/sh\n", 0o755),
    ),
    Row(
        "mode-made-executable",
        |repo| {
            repo.stage("a.json", "{}\n").commit();
            repo.chmod("a.json", 0o755).add("a.json");
        },
        |repo| {
            repo.stage("a.json", "#!/usr/bin/env node\n").commit();
            repo.chmod("a.json", 0o755).add("a.json");
        },
    ),
    Row(
        "mode-script-made-plain",
        |repo| made_plain(repo, "#!/bin/sh\n"),
        |repo| {
            made_plain(repo, "echo\n");
        },
    ),
    Row(
        "mode-script-not-executable",
        |repo| file(repo, "bin/a", "#!/bin/sh\n", 0o644),
        |repo| {
            file(repo, "src/a", "#!/bin/sh\n", 0o644);
        },
    ),
    Row(
        "mode-unknown",
        |repo| patched(repo, "a", &[0x81, 0xa4], &[0x81, 0xb0]),
        |repo| {
            file(repo, "a", "", 0o600);
        },
    ),
    Row(
        "name-agent-session",
        |repo| done(repo.stage(".claude/projects/x/1.jsonl", "{\"type\": \"user\"}\n")),
        |repo| done(repo.stage("data/1.jsonl", "{\"type\": \"user\"}\n")),
    ),
    Row(
        "name-case-collision",
        |repo| done(repo.stage("a/Name", "").stage("a/name", "")),
        |repo| {
            repo.stage("a/Name", "").stage("b/name", "");
        },
    ),
    Row(
        "name-control-characters",
        |repo| done(repo.stage("a\tb", "")),
        |repo| done(repo.stage("a b", "")),
    ),
    Row(
        "name-credentials",
        |repo| file(repo, ".netrc", &netrc(), 0o600),
        |repo| {
            file(repo, ".netrc", "machine h\n", 0o600);
        },
    ),
    Row(
        "name-database-dump",
        |repo| done(repo.stage("a.sql", "-- MySQL dump 10.13\nINSERT INTO `a` VALUES (1);\n")),
        |repo| done(repo.stage("a.sql", "-- MySQL dump 10.13\nCREATE TABLE `a` (b int);\n")),
    ),
    Row(
        "name-env-file",
        |repo| file(repo, ".env", "A=b\n", 0o600),
        |repo| {
            file(repo, ".env.example", "A=b\n", 0o600);
        },
    ),
    Row(
        "name-git-lookalike",
        |repo| unseen(repo, "git~1/config"),
        |repo| unseen(repo, "git~2/config"),
    ),
    Row(
        "name-invisible-characters",
        |repo| done(repo.stage("a\u{202e}b", "")),
        |repo| {
            repo.stage("\u{5d0}\u{5d1}", "");
        },
    ),
    Row(
        "name-key-store",
        |repo| file(repo, "a.kdbx", KEEPASS, 0o600),
        |repo| {
            file(repo, "a.kdbx", "none", 0o600);
        },
    ),
    Row(
        "name-leading-dash",
        |repo| done(repo.stage("-rf", "")),
        |repo| done(repo.stage("a-rf", "")),
    ),
    Row(
        "name-memory-dump",
        |repo| file(repo, "a.hprof", "JAVA PROFILE 1.0.2", 0o600),
        |repo| {
            file(repo, "a.hprof", "# no dump\n", 0o600);
        },
    ),
    Row(
        "name-not-portable",
        |repo| done(repo.stage("aux.c", "")),
        |repo| done(repo.stage("auxiliary.c", "")),
    ),
    Row(
        "name-path-traversal",
        |repo| patched(repo, "xx/a", b"xx/a", b"../a"),
        |repo| {
            repo.stage("..a/b..", "");
        },
    ),
    Row(
        "name-private-key",
        |repo| file(repo, "a.key", &der_key(), 0o600),
        |repo| {
            file(repo, "a.key", "x", 0o600);
        },
    ),
    Row(
        "name-shell-history",
        |repo| file(repo, ".bash_history", "ls\n", 0o600),
        |repo| {
            file(repo, ".bash_history", "", 0o600);
        },
    ),
    Row(
        "name-terraform-state",
        |repo| file(repo, "a.tfstate", "{\"resources\": [{\"attributes\": {}}]}", 0o600),
        |repo| file(repo, "a.tfstate", "{\"resources\": []}", 0o600),
    ),
    Row("nested-bare-repository", |repo| bare(repo, "objects"), |repo| bare(repo, "items")),
    Row(
        "submodule-command",
        |repo| module(repo, "update = !touch x"),
        |repo| module(repo, "update = rebase"),
    ),
    Row(
        "submodule-insecure-url",
        |repo| module(repo, "url = http://example.com/x"),
        |repo| module(repo, "url = https://example.com/x"),
    ),
    Row("submodule-path", |repo| module(repo, "path = ../x"), |repo| module(repo, "path = x")),
    Row(
        "submodule-unsafe-url",
        |repo| module(repo, "url = ext::sh -c id"),
        |repo| module(repo, "url = git@example.com:x/y"),
    ),
    Row(
        "submodule-url-credentials",
        |repo| module(repo, &format!("url = https://me:{}@example.com/x", password(3))),
        |repo| module(repo, "url = https://me@example.com/x"),
    ),
    Row("work-tree-folder-writable", |repo| folder(repo, 0o777), |repo| folder(repo, 0o1777)),
    Row(
        "work-tree-secret-readable",
        |repo| file(repo, ".env", "A=b\n", 0o644),
        |repo| {
            file(repo, ".env", "A=b\n", 0o600);
        },
    ),
    Row(
        "work-tree-secret-writable",
        |repo| file(repo, ".env", "A=b\n", 0o666),
        |repo| {
            file(repo, ".env", "A=b\n", 0o644);
        },
    ),
    Row(
        "work-tree-setuid",
        |repo| file(repo, "a", "x", 0o4755),
        |repo| file(repo, "a", "x", 0o755),
    ),
    Row(
        "work-tree-world-writable",
        |repo| file(repo, "a", "x", 0o666),
        |repo| {
            file(repo, "a", "x", 0o664);
        },
    ),
];

const KEEPASS: &str = "\u{3}\u{659}\u{2}";

/// Lets a chain of calls be all that a closure does.
fn done<T>(_: T) {}

fn file(repo: &Repo, path: &str, content: &str, mode: u32) {
    // The magic of KeePass is no UTF-8.
    let content = match content {
        KEEPASS => b"\x03\xd9\xa2\x9a\x67".to_vec(),
        content => content.as_bytes().to_vec(),
    };
    repo.write(path, content).chmod(path, mode).add(path);
}

fn link(repo: &Repo, path: &str, target: &str) {
    repo.link(path, target).add(path);
}

fn folder(repo: &Repo, mode: u32) {
    repo.stage("a/b", "").chmod("a", mode);
}

fn ignored(repo: &Repo, by: &str) {
    repo.write(by, ".env\n").write(".env", "A=b\n");
}

fn unseen(repo: &Repo, path: &str) {
    repo.git(&["config", "core.protectNTFS", "false"]);
    repo.stage_unseen("100644", path, "");
}

fn crypted(repo: &Repo, content: &str) {
    repo.write(".gitattributes", "secrets/** filter=git-crypt diff=git-crypt\n");
    repo.write("secrets/a", content).add("secrets/a").add(".gitattributes");
}

fn lfs(repo: &Repo, scheme: &str) {
    repo.stage(".lfsconfig", format!("[lfs]\n\turl = {scheme}://example.com/x\n"));
}

fn embedded(repo: &Repo, path: &str) {
    repo.git(&["clone", "-q", ".", path]);
    repo.git(&["add", path]);
}

fn made_plain(repo: &Repo, content: &str) {
    file(repo, "a", content, 0o755);
    repo.commit();
    file(repo, "a", content, 0o644);
}

/// Stages an empty file, then changes bytes of its entry in the index.
fn patched(repo: &Repo, path: &str, from: &[u8], to: &[u8]) {
    repo.git(&["config", "index.skipHash", "true"]);
    repo.git(&["rm", "-q", "--cached", "README"]);
    repo.stage(path, "");
    let mut index = std::fs::read(repo.path(".git/index")).expect("an index");
    let at = index.windows(from.len()).position(|bytes| bytes == from).expect("its entry");
    index[at..at + to.len()].copy_from_slice(to);
    std::fs::write(repo.path(".git/index"), index).expect("an index");
}

fn bare(repo: &Repo, objects: &str) {
    repo.stage("a/HEAD", "ref: refs/heads/main\n").stage("a/config", "[core]\n\tbare = true\n");
    repo.stage("a/refs/x", "").stage(format!("a/{objects}/x"), "");
}

fn module(repo: &Repo, line: &str) {
    repo.stage(".gitmodules", format!("[submodule \"a\"]\n\t{line}\n"));
}

fn netrc() -> String {
    format!("machine example.com login me password {}\n", password(1))
}

/// A private key in DER as far as it is looked at, in bytes that are also UTF-8.
fn der_key() -> String {
    String::from_utf8([&[0x30, 0x40, 2, 1, 0, 0x30][..], &[7; 60]].concat()).expect("it is ASCII")
}

fn scan(repo: &Repo, rule: &str) -> Scan {
    if rule.starts_with("audit-") || rule == "work-tree-folder-writable" {
        let run = repo.leakgate(&["audit", "--format", "json"]);
        return Scan::of(&run);
    }
    repo.staged()
}

fn has(scan: &Scan, rule: &str) -> bool {
    scan.findings().any(|finding| finding["rule"] == rule && finding["status"] == "introduced")
}

/// Runs the commands that the findings of a rule print.
fn mend(repo: &Repo, scan: &Scan, rule: &str) {
    let shell = if Path::new("/bin/bash").exists() { "bash" } else { "sh" };
    let fixes: Vec<_> = scan
        .findings()
        .filter(|finding| finding["rule"] == rule)
        .flat_map(|finding| finding["fixes"].as_array().cloned().unwrap_or_default())
        .collect();
    assert!(!fixes.is_empty(), "{rule} prints no command");
    for fix in fixes {
        let fix = fix.as_str().expect("a text");
        let fix = fix.strip_prefix("leakgate ").map_or(fix.to_owned(), |arguments| {
            format!("{} {arguments}", program().to_string_lossy())
        });
        let run = Run::of(&mut repo.command(shell, &["-c", &fix]), b"");
        assert_eq!(run.code, 0, "{rule}: {fix}\n{run}");
    }
}

/// Rules whose finding is a question to the user; there is nothing to run.
const NO_COMMAND: [&str; 1] = ["link-replaces-file"];

fn check_row(Row(rule, has_it, is_near): &Row) {
    let near = Repo::new();
    is_near(&near);
    assert!(!has(&scan(&near, rule), rule), "{rule}: the near one has it");
    let repo = Repo::new();
    has_it(&repo);
    let before = scan(&repo, rule);
    assert!(has(&before, rule), "{rule}: it is not found in {:#}", before.report);
    if NO_COMMAND.contains(rule) {
        return;
    }
    mend(&repo, &before, rule);
    let after = scan(&repo, rule);
    assert!(!has(&after, rule), "{rule}: the commands did not help: {:#}", after.report);
}

/// In four tests, so that they run side by side.
fn check_rows(quarter: usize) {
    ROWS.iter().skip(quarter).step_by(4).for_each(check_row);
}

#[test]
fn each_row_is_found_and_mended_1() {
    check_rows(0);
}

#[test]
fn each_row_is_found_and_mended_2() {
    check_rows(1);
}

#[test]
fn each_row_is_found_and_mended_3() {
    check_rows(2);
}

#[test]
fn each_row_is_found_and_mended_4() {
    check_rows(3);
}

#[test]
fn each_rule_of_the_documentation_has_a_row() {
    let documented = include_str!("../docs/permissions.md").lines().filter_map(|line| {
        line.strip_prefix("| `").and_then(|row| row.split_once('`')).map(|(rule, _)| rule)
    });
    let rows: Vec<_> = ROWS.iter().map(|Row(rule, ..)| *rule).collect();
    assert_eq!(rows, documented.collect::<Vec<_>>());
}

#[test]
fn an_ordinary_repository_has_none() {
    let repo = Repo::new();
    assert_eq!(repo.staged().findings().count(), 0);
}
