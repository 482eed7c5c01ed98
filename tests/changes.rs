//! What a change does to a path, and what of it is new.

use crate::support::secret::{github_token, line, password};
use crate::support::{Repo, blocks, incomplete, matrix, passes};

/// A file in which something is found, committed.
fn committed(repo: &Repo, path: &str, content: &str) {
    repo.stage(path, content).commit();
}

/// Many lines, so that git takes a slightly changed copy for a rename.
fn long(end: &str) -> String {
    let lines: String = (0..60).map(|number| format!("line {number}\n")).collect();
    lines + end
}

matrix! {
    a_new_file: |repo| { repo.stage("a", line(1)); } => blocks(["a"]);
    a_new_file_without_a_secret: |repo| { repo.stage("a", "nothing\n"); } => passes();
    a_password: |repo| {
        repo.stage("settings.py", format!("DB_PASSWORD = '{}'\n", password(1)));
    } => blocks(["settings.py"]);
    an_empty_file: |repo| { repo.stage("a", ""); } => passes();
    nothing_staged: |_repo| {} => passes();
    a_line_added: |repo| {
        committed(repo, "a", "one\n");
        repo.stage("a", format!("one\n{}", line(1)));
    } => blocks(["a"]);
    several_files: |repo| {
        repo.stage("z", line(1)).stage("sub/deep/er/a", line(2)).stage("m", "nothing\n");
    } => blocks(["sub/deep/er/a", "z"]);

    // In the index or in the work tree.
    staged_and_edited_since: |repo| { repo.stage("a", line(1)).write("a", "nothing\n"); } => blocks(["a"]);
    staged_and_deleted_since: |repo| { repo.stage("a", line(1)).remove("a"); } => blocks(["a"]);
    staged_and_a_folder_since: |repo| {
        repo.stage("a", line(1)).remove("a").write("a/b", "nothing\n");
    } => blocks(["a"]);
    only_in_the_work_tree: |repo| {
        repo.stage("a", "nothing\n").write("a", line(1)).write("b", line(2));
    } => passes();
    edited_but_not_staged: |repo| {
        committed(repo, "a", "nothing\n");
        repo.write("a", line(1)).stage("b", "nothing\n");
    } => passes();
    staged_though_ignored: |repo| {
        repo.stage(".gitignore", "*.log\n").stage("a.log", line(1));
    } => blocks(["a.log"]);
    marked_as_unchanged: |repo| {
        committed(repo, "a", "nothing\n");
        repo.stage("a", line(1)).git(&["update-index", "--assume-unchanged", "a"]);
    } => blocks(["a"]);
    marked_as_not_in_the_work_tree: |repo| {
        committed(repo, "a", "nothing\n");
        repo.stage("a", line(1)).git(&["update-index", "--skip-worktree", "a"]);
    } => blocks(["a"]);

    // Old secrets are not new.
    an_old_secret_in_a_changed_file: |repo| {
        committed(repo, "a", &line(1));
        repo.stage("a", format!("{}more\n", line(1)));
    } => passes();
    an_old_secret_beside_a_new_one: |repo| {
        committed(repo, "a", &line(1));
        repo.stage("a", line(1) + &line(2));
    } => blocks(["a"]);
    an_old_secret_replaced: |repo| {
        committed(repo, "a", &line(1));
        repo.stage("a", line(2));
    } => blocks(["a"]);
    lines_moved_inside_a_file: |repo| {
        committed(repo, "a", &(line(1) + &long("")));
        repo.stage("a", long("") + &line(1));
    } => passes();
    a_secret_indented: |repo| {
        committed(repo, "a", &line(1));
        repo.stage("a", format!("if x:\n    {}", line(1)));
    } => passes();
    line_ends_changed: |repo| {
        committed(repo, "a", &line(1));
        repo.stage("a", line(1).replace('\n', "\r\n"));
    } => passes();
    a_second_copy_in_the_file: |repo| {
        committed(repo, "a", &line(1));
        repo.stage("a", line(1) + "between\n" + &line(1));
    } => blocks(["a"]);
    a_second_copy_in_a_new_file: |repo| {
        committed(repo, "a", &line(1));
        repo.stage("b", line(1));
    } => blocks(["b"]);
    a_second_copy_in_another_old_file: |repo| {
        committed(repo, "a", &line(1));
        committed(repo, "b", "nothing\n");
        repo.stage("b", line(1));
    } => blocks(["b"]);
    copied_from_an_unchanged_file_and_edited: |repo| {
        committed(repo, "a", &long(&line(1)));
        repo.stage("b", long(&line(1)) + "more\n");
    } => blocks(["b"]);

    // Renames.
    renamed: |repo| {
        committed(repo, "a", &line(1));
        repo.git(&["mv", "a", "b"]);
    } => passes();
    renamed_and_edited: |repo| {
        committed(repo, "a", &long(&line(1)));
        repo.git(&["mv", "a", "b"]);
        repo.stage("b", long(&line(1)) + "more\n");
    } => passes();
    renamed_with_a_new_secret: |repo| {
        committed(repo, "a", &long(""));
        repo.git(&["mv", "a", "b"]);
        repo.stage("b", long(&line(1)));
    } => blocks(["b"]);
    renamed_with_a_second_secret: |repo| {
        committed(repo, "a", &long(&line(1)));
        repo.git(&["mv", "a", "b"]);
        repo.stage("b", long(&line(1)) + &line(2));
    } => blocks(["b"]);
    a_folder_renamed: |repo| {
        committed(repo, "old/in/a", &line(1));
        committed(repo, "old/b", &line(2));
        repo.git(&["mv", "old", "new"]);
    } => passes();
    renamed_and_kept: |repo| {
        committed(repo, "a", &line(1));
        repo.git(&["mv", "a", "b"]);
        repo.stage("a", line(1));
    } => blocks(["b"]);
    renamed_into_two: |repo| {
        committed(repo, "a", &line(1));
        repo.git(&["mv", "a", "b"]);
        repo.stage("c", line(1));
    } => blocks(["c"]);

    // Deletions.
    deleted: |repo| {
        committed(repo, "a", &line(1));
        repo.git(&["rm", "-q", "a"]);
    } => passes();
    deleted_from_the_index_alone: |repo| {
        committed(repo, "a", &line(1));
        repo.git(&["rm", "-q", "--cached", "a"]);
    } => passes();
    everything_deleted: |repo| {
        committed(repo, "a", &line(1));
        repo.git(&["rm", "-q", "-r", "."]);
    } => passes();
    a_file_becomes_a_folder: |repo| {
        committed(repo, "a", "nothing\n");
        repo.remove("a").git(&["rm", "-q", "--cached", "a"]);
        repo.stage("a/b", line(1));
    } => blocks(["a/b"]);
    a_folder_becomes_a_file: |repo| {
        committed(repo, "a/b", "nothing\n");
        repo.git(&["rm", "-q", "-r", "a"]);
        repo.stage("a", line(1));
    } => blocks(["a"]);

    // Modes and types.
    made_executable_with_an_old_secret: |repo| {
        committed(repo, "run.sh", &format!("#!/bin/sh\n{}", line(1)));
        repo.chmod("run.sh", 0o755).git(&["update-index", "--chmod=+x", "run.sh"]);
    } => passes();
    data_made_executable: |repo| {
        committed(repo, "data.json", "{}\n");
        repo.chmod("data.json", 0o755).add("data.json");
    } => blocks(["mode-made-executable data.json"]);
    new_data_that_is_executable: |repo| {
        repo.write("data.json", "{}\n").chmod("data.json", 0o755).add("data.json");
    } => passes();
    a_link_becomes_a_file: |repo| {
        repo.link("a", "README").add("a").commit();
        repo.remove("a").stage("a", line(1));
    } => blocks(["a"]);
    a_file_becomes_a_link: |repo| {
        committed(repo, "a", "nothing\n");
        repo.link("a", &github_token(1)).add("a");
    } => blocks(["a"]);
    a_link_to_a_secret_text: |repo| {
        repo.link("a", &format!("download/{}", github_token(1))).add("a");
    } => blocks(["a"]);
    a_link_into_the_repository: |repo| { repo.link("a", "README").add("a"); } => passes();
    a_link_out_of_the_repository: |repo| {
        repo.link("a", "../secret").add("a");
    } => blocks(["link-escapes a"]);
    what_a_link_leads_to_is_not_read: |repo| {
        std::fs::write(repo.beside("secret"), line(1)).expect("a file");
        repo.link("a", "../secret").add("a");
    } => blocks(["link-escapes a"]);
    an_absolute_link: |repo| { repo.link("a", "/etc/passwd").add("a"); } => blocks(["link-absolute a"]);
    an_embedded_repository: |repo| {
        let id = repo.git(&["rev-parse", "HEAD"]);
        repo.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{id},vendor/lib")]);
    } => blocks(["gitlink-unlisted vendor/lib"]);
    a_submodule: |repo| {
        let id = repo.git(&["rev-parse", "HEAD"]);
        repo.stage(".gitmodules", "[submodule \"lib\"]\n\tpath = vendor/lib\n\turl = ../lib\n");
        repo.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{id},vendor/lib")]);
    } => passes();
    a_submodule_address_with_a_secret: |repo| {
        let url = format!("https://user:{}@github.com/o/r", github_token(1));
        repo.stage(".gitmodules", format!("[submodule \"lib\"]\n\tpath = lib\n\turl = {url}\n"));
    } => blocks([".gitmodules", "submodule-url-credentials .gitmodules"]);

    // What is not in the commit, or cannot be.
    intent_to_add: |repo| { repo.write("a", line(1)).git(&["add", "-N", "a"]); } => passes();
    intent_to_add_beside_a_secret: |repo| {
        repo.write("a", line(1)).git(&["add", "-N", "a"]);
        repo.stage("b", line(2));
    } => blocks(["b"]);
    a_conflict: |repo| { conflict(repo); } => incomplete(["conflict"]);
    a_conflict_beats_a_finding: |repo| {
        conflict(repo);
        repo.stage("b", line(2));
    } => incomplete(["conflict"]);
}

/// Leaves `a` in conflict.
fn conflict(repo: &Repo) {
    committed(repo, "a", "one\n");
    repo.git(&["checkout", "-q", "-b", "side"]);
    committed(repo, "a", "two\n");
    repo.git(&["checkout", "-q", "main"]);
    committed(repo, "a", "three\n");
    assert_eq!(repo.try_git(&["merge", "-q", "side"]).code, 1);
}

#[test]
fn both_status_and_findings_tell_of_a_conflict_beside_a_secret() {
    let repo = Repo::new();
    conflict(&repo);
    repo.stage("b", line(2));
    assert_eq!(repo.staged().blocking(), ["b"]);
}

#[test]
fn the_summary_counts_what_the_change_holds() {
    let repo = Repo::new();
    repo.stage("gone", "x").stage("folder/gone", "x").stage("folder/too", "x").commit();
    repo.git(&["rm", "-q", "-r", "gone", "folder"]);
    repo.stage("new", "12345").stage("README", "123");
    repo.write("later", "x").git(&["add", "-N", "later"]);
    let scan = repo.staged();
    let counts = ["scanned", "bytes", "deleted", "intent_to_add", "blocking", "problems"];
    assert_eq!(counts.map(|name| scan.count(name)), [2, 8, 3, 1, 0, 0]);
}

#[test]
fn an_old_secret_is_told_as_such() {
    let repo = Repo::new();
    committed(&repo, "a", &line(1));
    repo.stage("a", line(1) + "more\n");
    let scan = repo.staged();
    assert_eq!((scan.count("already_committed"), scan.paths()), (1, vec!["a".to_owned()]));
    let usual = repo.leakgate(&["staged"]).text();
    let verbose = repo.leakgate(&["staged", "-v"]).text();
    assert!(
        !usual.contains("note[") && verbose.contains("note[github-personal-token]"),
        "{verbose}"
    );
}
