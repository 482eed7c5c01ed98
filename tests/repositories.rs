//! Every shape of repository that git makes: formats, indexes, work trees, borrowed objects.

use std::fs;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};

use crate::support::secret::{github_token, line};
use crate::support::{Repo, blocks, incomplete, matrix, passes};

/// Switches features on that change how the index is written.
fn with_index_features(repo: &Repo) {
    let monitor = repo.script("../monitor", r"printf 'token\0/\0'").display().to_string();
    for (name, value) in [
        ("feature.manyFiles", "true"),
        ("index.version", "4"),
        ("index.skipHash", "true"),
        ("core.untrackedCache", "true"),
        ("core.fsmonitor", &monitor),
    ] {
        repo.git(&["config", name, value]);
    }
    repo.git(&["update-index", "--index-version", "4", "--force-untracked-cache", "--fsmonitor"]);
    let index = fs::read(repo.path(".git/index")).expect("an index");
    let holds = |name: &[u8]| index.windows(4).any(|part| part == name);
    assert!(index[7] == 4 && index.ends_with(&[0; 20]) && holds(b"UNTR") && holds(b"FSMN"));
}

/// A repository of two folders, of which only one is checked out. The second of two commits has a
/// secret in the other.
fn sparse(repo: &Repo, index: &str) {
    repo.stage("in/a", "1\n").stage("out/deep/b", "2\n").stage("out/c", "3\n").commit();
    repo.stage("out/deep/b", line(1)).commit();
    repo.git(&["sparse-checkout", "set", "--cone", index, "in"]);
    assert!(!repo.path("out").exists());
}

/// The path of a loose object.
fn loose(repo: &Repo, id: &str) -> PathBuf {
    repo.path(".git/objects").join(&id[..2]).join(&id[2..])
}

/// Loses a loose object.
fn lose(repo: &Repo, id: &str) {
    fs::remove_file(loose(repo, id)).expect("it is loose");
}

/// Moves the blob of `a` into an object folder beside the repository.
fn lend(repo: &Repo) -> PathBuf {
    let lender = repo.beside("lender");
    let id = repo.git(&["rev-parse", ":a"]);
    fs::create_dir_all(lender.join(&id[..2])).expect("a folder");
    fs::rename(loose(repo, &id), lender.join(&id[..2]).join(&id[2..])).expect("it moves");
    lender
}

fn borrow_from(repo: &Repo, folder: &str) {
    repo.write(".git/objects/info/alternates", format!("{folder}\n"));
}

matrix! {
    // How the index is written.
    index_with_many_features: |repo| { with_index_features(repo); repo.stage("a", line(1)); } => blocks(["a"]);
    index_with_many_features_all_unchanged: |repo| {
        repo.stage("a", line(1)).commit();
        with_index_features(repo);
    } => passes();
    index_version_4_with_shared_prefixes: |repo| {
        repo.git(&["update-index", "--index-version", "4"]);
        repo.stage("folder/aaa", "1\n").stage("folder/aab", line(1)).stage("folder/b", "2\n");
    } => blocks(["folder/aab"]);
    index_version_3: |repo| {
        repo.write("later", "x").git(&["add", "-N", "later"]);
        repo.stage("a", line(1));
    } => blocks(["a"]);
    split_index: |repo| {
        repo.stage("b", "1\n").git(&["update-index", "--split-index"]);
        repo.stage("a", line(1));
    } => blocks(["a"]);
    split_index_with_a_secret_in_the_shared_part: |repo| {
        repo.stage("a", line(1)).git(&["update-index", "--split-index"]);
        repo.stage("b", "1\n");
    } => blocks(["a"]);
    index_with_its_tree_written: |repo| {
        repo.stage("sub/a", line(1)).git(&["write-tree"]);
    } => blocks(["sub/a"]);
    index_with_its_tree_outdated: |repo| {
        repo.stage("sub/a", "1\n").git(&["write-tree"]);
        repo.stage("sub/a", line(1)).stage("sub/b", line(2));
    } => blocks(["sub/a", "sub/b"]);
    index_with_resolved_conflicts: |repo| {
        for (branch, text) in [("one", "1\n"), ("two", "2\n")] {
            repo.git(&["checkout", "-q", "-b", branch, "main"]);
            repo.stage("a", text).commit();
        }
        assert_eq!(repo.try_git(&["merge", "-q", "one"]).code, 1);
        repo.stage("a", line(1));
    } => blocks(["a"]);
    no_index: |repo| { fs::remove_file(repo.path(".git/index")).expect("it was there"); } => passes();
    damaged_index: |repo| { repo.write(".git/index", "DIRC of nothing"); } => incomplete([]);
    index_of_no_bytes: |repo| {
        // Git itself says that such a file is damaged.
        repo.stage("a", line(1)).write(".git/index", "");
    } => incomplete([]);
    index_that_is_a_pipe: |repo| {
        repo.stage("a", line(1)).remove(".git/index");
        let index = repo.path(".git/index").display().to_string();
        assert!(repo.command("mkfifo", &[&index]).status().expect("it runs").success());
    } => incomplete([]);
    ignore_file_that_is_a_pipe: |repo| {
        let file = repo.path(".leakgate-ignore").display().to_string();
        assert!(repo.command("mkfifo", &[&file]).status().expect("it runs").success());
    } => incomplete([]);
    shortened_index: |repo| {
        repo.stage("a", line(1)).stage("b", line(2));
        let index = fs::read(repo.path(".git/index")).expect("an index");
        repo.write(".git/index", &index[..index.len() / 2]);
    } => incomplete([]);
    index_version_of_the_future: |repo| {
        repo.stage("a", line(1));
        let mut index = fs::read(repo.path(".git/index")).expect("an index");
        index[7] = 9;
        repo.write(".git/index", index);
    } => incomplete([]);

    // Sparse checkouts.
    sparse_checkout: |repo| {
        sparse(repo, "--no-sparse-index");
        repo.stage("in/a", line(2)).stage_unseen("100644", "out/new", line(3));
    } => blocks(["in/a", "out/new"]);
    sparse_index: |repo| { sparse(repo, "--sparse-index"); repo.stage("in/a", line(2)); } => blocks(["in/a"]);
    sparse_index_unchanged: |repo| { sparse(repo, "--sparse-index"); } => passes();
    sparse_index_with_a_change_outside: |repo| {
        sparse(repo, "--sparse-index");
        repo.git(&["reset", "-q", "--soft", "HEAD~1"]);
        let entries = repo.git(&["ls-files", "--sparse", "--stage"]);
        assert!(entries.contains("040000"), "the index is not sparse: {entries}");
    } => blocks(["out/deep/b"]);

    // How HEAD is named.
    detached_head: |repo| { repo.git(&["checkout", "-q", "--detach"]); repo.stage("a", line(1)); } => blocks(["a"]);
    orphan_branch: |repo| {
        repo.stage("a", line(1)).commit();
        repo.git(&["checkout", "-q", "--orphan", "new"]);
    } => blocks(["a"]);
    packed_refs: |repo| { repo.git(&["pack-refs", "--all"]); repo.stage("a", line(1)); } => blocks(["a"]);
    head_of_nothing: |repo| {
        repo.stage("a", line(1)).write(".git/HEAD", "nothing\n");
    } => incomplete([]);
    head_of_an_empty_ref: |repo| {
        repo.stage("a", line(1)).write(".git/refs/heads/main", "");
    } => incomplete([]);
    merge_of_nothing: |repo| {
        repo.stage("a", line(1)).write(".git/MERGE_HEAD", "nothing\n");
    } => incomplete([]);
    merge_of_a_lost_commit: |repo| {
        repo.stage("a", line(1)).write(".git/MERGE_HEAD", format!("{}\n", "1".repeat(40)));
    } => incomplete([]);
    head_of_a_lost_commit: |repo| {
        repo.stage("a", line(1)).git(&["checkout", "-q", "--detach"]);
        repo.write(".git/HEAD", format!("{}\n", "1".repeat(40)));
    } => incomplete([]);

    // Packed, lost and damaged objects.
    packed_objects: |repo| {
        repo.stage("old", line(1)).commit();
        repo.stage("a", line(2)).stage("old", line(1) + "more\n");
        repo.git(&["gc", "-q"]);
        repo.git(&["repack", "-q", "-a", "-d"]);
    } => blocks(["a"]);
    packed_deltas: |repo| {
        let text: String = (0..2000).map(|number| format!("line {number}\n")).collect();
        repo.stage("a", &text).commit();
        repo.stage("a", format!("{text}{}", line(1)));
        repo.git(&["repack", "-q", "-a", "-d", "-f"]);
    } => blocks(["a"]);
    lost_blob: |repo| {
        repo.stage("a", line(1));
        lose(repo, &repo.git(&["rev-parse", ":a"]));
    } => incomplete(["missing"]);
    lost_old_blob: |repo| {
        repo.stage("a", line(1)).commit();
        let id = repo.git(&["rev-parse", "HEAD:a"]);
        repo.stage("a", line(1) + "more\n");
        lose(repo, &id);
    } => blocks(["a"]);
    lost_tree: |repo| {
        repo.stage("sub/a", "1\n").commit();
        repo.stage("sub/a", line(1));
        lose(repo, &repo.git(&["rev-parse", "HEAD:sub"]));
    } => incomplete(["missing"]);
    lost_tree_of_an_unchanged_folder: |repo| {
        repo.stage("sub/a", "1\n").commit();
        repo.stage("a", line(1));
        lose(repo, &repo.git(&["rev-parse", "HEAD:sub"]));
    } => blocks(["a"]);
    damaged_blob: |repo| {
        repo.stage("a", line(1));
        damage(repo, &repo.git(&["rev-parse", ":a"]));
    } => incomplete(["corrupt"]);
    damaged_tree: |repo| {
        repo.stage("sub/a", "1\n").commit();
        repo.stage("sub/a", line(1));
        damage(repo, &repo.git(&["rev-parse", "HEAD:sub"]));
    } => incomplete(["corrupt"]);
    empty_object: |repo| {
        repo.stage("a", line(1));
        let id = repo.git(&["rev-parse", ":a"]);
        lose(repo, &id);
        fs::write(loose(repo, &id), "").expect("a file");
    } => incomplete(["corrupt"]);
    tree_where_a_blob_should_be: |repo| {
        let id = repo.git(&["rev-parse", "HEAD^{tree}"]);
        repo.git(&["update-index", "--add", "--cacheinfo", &format!("100644,{id},a")]);
    } => incomplete(["corrupt"]);

    // Borrowed and replaced objects.
    alternates_absolute: |repo| {
        repo.stage("a", line(1));
        borrow_from(repo, &lend(repo).display().to_string());
    } => blocks(["a"]);
    alternates_relative: |repo| {
        repo.stage("a", line(1));
        lend(repo);
        borrow_from(repo, "../../../lender");
    } => blocks(["a"]);
    alternates_nested: |repo| {
        repo.stage("a", line(1));
        lend(repo);
        fs::create_dir_all(repo.beside("between/info")).expect("a folder");
        let lender = format!("{}\n", repo.beside("lender").display());
        fs::write(repo.beside("between/info/alternates"), lender).expect("a file");
        borrow_from(repo, "../../../between");
    } => blocks(["a"]);
    alternates_packed: |repo| {
        repo.stage("a", line(1)).commit();
        repo.git(&["repack", "-q", "-a", "-d"]);
        fs::rename(repo.path(".git/objects"), repo.beside("lender")).expect("it moves");
        fs::create_dir_all(repo.path(".git/objects/info")).expect("a folder");
        borrow_from(repo, "../../../lender");
        repo.git(&["update-ref", "-d", "HEAD"]);
    } => blocks(["a"]);
    replaced_blob: |repo| {
        let clean = repo.store("clean\n");
        repo.stage("a", line(1));
        repo.git(&["replace", &repo.git(&["rev-parse", ":a"]), &clean]);
    } => blocks(["a"]);
    replaced_blob_in_a_pack: |repo| {
        let clean = repo.store("clean\n");
        repo.stage("a", line(1));
        repo.git(&["replace", &repo.git(&["rev-parse", ":a"]), &clean]);
        repo.git(&["-c", "core.useReplaceRefs=false", "repack", "-q", "-a", "-d"]);
    } => blocks(["a"]);
    replaced_head: |repo| {
        repo.stage("a", line(1)).commit();
        let new = repo.git(&["rev-parse", "HEAD"]);
        repo.git(&["replace", &repo.git(&["rev-parse", "HEAD~1"]), &new]);
        repo.git(&["--no-replace-objects", "reset", "-q", "--soft", &format!("{new}~1")]);
    } => blocks(["a"]);

    // Formats and configuration.
    unknown_extension: |repo| {
        repo.stage("a", line(1));
        repo.git(&["config", "core.repositoryFormatVersion", "1"]);
        repo.git(&["config", "extensions.fromTheFuture", "true"]);
    } => incomplete([]);
    unknown_format_version: |repo| {
        repo.stage("a", line(1)).git(&["config", "core.repositoryFormatVersion", "2"]);
    } => incomplete([]);
    worktree_configuration: |repo| {
        repo.git(&["config", "extensions.worktreeConfig", "true"]);
        repo.git(&["config", "--worktree", "core.sparseCheckout", "false"]);
        repo.stage("a", line(1));
    } => blocks(["a"]);
    coloured_output: |repo| {
        for name in ["color.ui", "color.diff", "color.status"] {
            repo.git(&["config", name, "always"]);
        }
        repo.stage("a", line(1));
    } => blocks(["a"]);
    odd_diff_settings: |repo| {
        for (name, value) in [
            ("diff.noprefix", "true"), ("diff.ignoreSubmodules", "all"), ("diff.renames", "copies"),
            ("diff.orderFile", "/dev/null"), ("diff.context", "0"), ("status.relativePaths", "false"),
            ("core.quotePath", "false"), ("core.ignoreCase", "true"), ("diff.relative", "true"),
        ] {
            repo.git(&["config", name, value]);
        }
        repo.stage("a", line(1));
    } => blocks(["a"]);
    configuration_that_does_not_parse: |repo| {
        repo.stage("a", line(1));
        let text = fs::read_to_string(repo.path(".git/config")).expect("a configuration");
        repo.write(".git/config", text + "[nonsense\n");
    } => incomplete([]);

    // Rights.
    files_of_another_user: |repo| {
        repo.stage("a", line(1));
        // Only root can give files away; without, this is the plain case once more.
        give_away(&repo.root);
    } => blocks(["a"]);
}

/// Cuts a loose object short.
fn damage(repo: &Repo, id: &str) {
    let path = loose(repo, id);
    let bytes = fs::read(&path).expect("it is loose");
    fs::remove_file(&path).expect("it was there");
    fs::write(path, &bytes[..bytes.len() - 8]).expect("a file");
}

fn give_away(path: &Path) {
    let _ = chown(path, Some(4242), Some(4242));
    for entry in path.read_dir().expect("a folder") {
        let entry = entry.expect("an entry");
        if entry.file_type().expect("a type").is_dir() {
            give_away(&entry.path());
        } else {
            let _ = chown(entry.path(), Some(4242), Some(4242));
        }
    }
}

/// The cases that need another way of making a repository than `git init`.
#[test]
fn sha256() {
    let repo = Repo::init(&["--object-format=sha256"]).with_commit();
    repo.stage("old", line(1)).commit();
    repo.stage("a", line(2)).stage("old", line(1) + "more\n");
    repo.staged().assert(&blocks(["a"]));
    repo.git(&["write-tree"]);
    repo.git(&["repack", "-q", "-a", "-d"]);
    repo.staged().assert(&blocks(["a"]));
    repo.git(&["update-index", "--split-index", "--index-version", "4"]);
    repo.staged().assert(&blocks(["a"]));
}

#[test]
fn reftable() {
    let repo = Repo::init(&[]);
    fs::remove_dir_all(repo.path(".git")).expect("it was there");
    if repo.try_git(&["init", "-q", "--ref-format=reftable"]).code != 0 {
        return; // This git is too old to write the format.
    }
    repo.stage("a", line(1));
    repo.staged().assert(&blocks(["a"]));
    repo.commit();
    repo.staged().assert(&passes());
    repo.stage("b", line(2));
    repo.staged().assert(&blocks(["b"]));
    repo.staged_in(&repo.path(".git")).assert(&blocks(["b"]));
    repo.git(&["checkout", "-q", "--orphan", "new"]);
    repo.staged().assert(&blocks(["a", "b"]));
}

#[test]
fn reftable_and_linked_worktree() {
    let repo = Repo::init(&[]);
    fs::remove_dir_all(repo.path(".git")).expect("it was there");
    if repo.try_git(&["init", "-q", "--ref-format=reftable"]).code != 0 {
        return;
    }
    repo.stage("a", line(1)).commit();
    repo.git(&["worktree", "add", "-q", "-b", "linked", "../linked"]);
    let linked = repo.at(repo.beside("linked"));
    linked.stage("b", line(2));
    linked.staged().assert(&blocks(["b"]));
}

#[test]
fn linked_worktree_with_relative_paths() {
    let repo = Repo::new();
    // Older gits pass the setting over.
    repo.git(&["config", "worktree.useRelativePaths", "true"]);
    repo.git(&["worktree", "add", "-q", "-b", "linked", "../linked"]);
    let linked = repo.at(repo.beside("linked"));
    linked.stage("a", line(1));
    linked.staged().assert(&blocks(["a"]));
    repo.staged().assert(&passes());
}

#[test]
fn shallow_clone() {
    let repo = Repo::new();
    repo.stage("old", line(1)).commit();
    repo.stage("newer", "1\n").commit();
    let url = format!("file://{}", repo.root.display());
    repo.git(&["clone", "-q", "--depth=1", &url, "../shallow"]);
    let shallow = repo.at(repo.beside("shallow"));
    shallow.stage("a", line(2)).stage("old", line(1) + "more\n");
    shallow.staged().assert(&blocks(["a"]));
}

#[test]
fn partial_clone_without_a_blob() {
    let repo = Repo::new();
    repo.stage("a", line(1)).commit();
    let url = format!("file://{}", repo.root.display());
    repo.git(&["clone", "-q", "--filter=blob:none", "--no-checkout", &url, "../partial"]);
    let partial = repo.at(repo.beside("partial"));
    partial.git(&["read-tree", "HEAD"]);
    partial.git(&["reset", "-q", "--soft", "HEAD~1"]);
    let missing = || partial.git(&["rev-list", "--objects", "--all", "--missing=print"]);
    let before = missing();
    assert!(before.contains("\n?"), "nothing is missing: {before}");
    partial.staged().assert(&incomplete(["missing"]));
    // Whoever scans must not fetch.
    assert_eq!(missing(), before);
}

#[test]
fn bare_repository() {
    let repo = Repo::init(&["--bare"]);
    let run = repo.leakgate(&["staged"]).assert_code(2);
    assert!(run.errors().contains("bare"), "{run}");
}

/// As in the hooks of a server that serves several repositories out of one.
#[test]
fn in_a_namespace() {
    let repo = Repo::new();
    repo.stage("a", line(1));
    let scan = repo.staged_by(|| {
        let mut command = repo.sandbox.leakgate(&repo.root);
        command.env("GIT_NAMESPACE", "tenant");
        command
    });
    scan.assert(&blocks(["a"]));
}

#[test]
fn no_repository() {
    let repo = Repo::new();
    let run = repo.leakgate_in(&repo.beside("home"), &["staged"]).assert_code(2);
    assert!(run.errors().contains("there is no git repository in "), "{run}");
}

#[test]
fn inside_the_git_folder() {
    let repo = Repo::new();
    repo.stage("a", line(1));
    repo.staged_in(&repo.path(".git")).assert(&blocks(["a"]));
}

#[test]
fn from_subfolders_tracked_and_not() {
    let repo = Repo::new();
    repo.stage("sub/in/a", "1\n").stage("b", line(1)).write("other/c", "untracked\n");
    for folder in ["sub", "sub/in", "other"] {
        repo.staged_in(&repo.path(folder)).assert(&blocks(["b"]));
    }
}

#[test]
fn through_a_link_to_the_work_tree() {
    let repo = Repo::new();
    repo.stage("sub/a", line(1));
    std::os::unix::fs::symlink("repo", repo.beside("link")).expect("a link");
    for folder in ["link", "link/sub"] {
        repo.staged_in(&repo.beside(folder)).assert(&blocks(["sub/a"]));
    }
}

#[test]
fn a_repository_inside_of_another() {
    let repo = Repo::new();
    repo.stage("a", line(1));
    repo.git(&["init", "-q", "inner"]);
    let inner = repo.at(repo.path("inner"));
    inner.staged().assert(&passes());
    inner.stage("b", line(2));
    inner.staged().assert(&blocks(["b"]));
    repo.staged().assert(&blocks(["a"]));
}

#[test]
fn a_repository_that_cannot_be_written() {
    let repo = Repo::new();
    repo.stage("a", line(1));
    for path in [".git/index", ".git/objects", ".git"] {
        repo.chmod(path, 0o555);
    }
    let scan = repo.staged();
    // Or the folder could not be taken away.
    for path in [".git", ".git/objects"] {
        repo.chmod(path, 0o755);
    }
    scan.assert(&blocks(["a"]));
}

#[test]
fn without_an_identity() {
    let repo = Repo::init(&[]);
    repo.stage("a", line(1));
    let scan = repo.staged_by(|| {
        let mut command = repo.sandbox.leakgate(&repo.root);
        for name in
            ["GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL"]
        {
            command.env_remove(name);
        }
        command
    });
    scan.assert(&blocks(["a"]));
}

#[test]
fn git_dir_in_the_environment() {
    let repo = Repo::new();
    repo.stage("a", line(1));
    let home = repo.beside("home");
    for (name, cwd) in [(".git", &repo.root), ("../repo/.git", &home)] {
        let scan = repo.staged_by(|| {
            let mut command = repo.sandbox.leakgate(cwd);
            command.env("GIT_DIR", name);
            command
        });
        scan.assert(&blocks(["a"]));
    }
}

#[test]
fn git_dir_and_work_tree_in_the_environment() {
    let repo = Repo::new();
    repo.stage("a", line(1));
    fs::rename(repo.path(".git"), repo.beside("elsewhere")).expect("it moves");
    let scan = repo.staged_by(|| {
        let mut command = repo.sandbox.leakgate(&repo.beside("home"));
        command.env("GIT_DIR", repo.beside("elsewhere")).env("GIT_WORK_TREE", &repo.root);
        command
    });
    scan.assert(&blocks(["a"]));
}

#[test]
fn work_tree_in_the_configuration() {
    let repo = Repo::new();
    repo.stage("a", line(1));
    fs::rename(repo.path(".git"), repo.beside("elsewhere")).expect("it moves");
    let elsewhere = repo.at(repo.beside("elsewhere"));
    elsewhere.git(&["config", "core.worktree", &repo.root.display().to_string()]);
    elsewhere.staged().assert(&blocks(["a"]));
}

#[test]
fn git_index_file_in_the_environment() {
    let repo = Repo::new();
    fs::copy(repo.path(".git/index"), repo.path("other-index")).expect("a copy");
    repo.stage("a", line(1));
    let absolute = repo.path("other-index").display().to_string();
    for index in [&absolute, "other-index", ".git/none-yet"] {
        let with_index = || {
            let mut command = repo.sandbox.leakgate(&repo.root);
            command.env("GIT_INDEX_FILE", index);
            command
        };
        repo.staged_by(with_index).assert(&passes());
    }
    let mut add = repo.command("git", &["add", "-f", "a"]);
    assert!(add.env("GIT_INDEX_FILE", &absolute).status().expect("git runs").success());
    repo.git(&["rm", "-q", "--cached", "a"]);
    let scan = repo.staged_by(|| {
        let mut command = repo.sandbox.leakgate(&repo.root);
        command.env("GIT_INDEX_FILE", &absolute);
        command
    });
    scan.assert(&blocks(["a"]));
    repo.staged().assert(&passes());
}

/// Objects that only the environment leads to are scanned, or it is said that they were not.
#[test]
fn objects_borrowed_by_the_environment() {
    let repo = Repo::new();
    repo.stage("a", line(1));
    let lender = lend(&repo);
    for name in ["GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_OBJECT_DIRECTORY"] {
        let run = crate::support::Run::of(
            repo.sandbox.leakgate(&repo.root).arg("staged").env(name, &lender),
            b"",
        );
        assert_ne!(run.code, 0, "{name}: {run}");
    }
}

/// A scan leaves the repository as it was, byte for byte.
#[test]
fn nothing_is_written() {
    let repo = Repo::new();
    repo.stage("a", line(1)).stage("b", github_token(2));
    let before = snapshot(&repo.root);
    repo.staged().assert(&blocks(["a", "b"]));
    repo.leakgate(&["files", "."]).assert_code(1);
    assert_eq!(snapshot(&repo.root), before);
}

/// All files below a folder with their contents.
fn snapshot(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files = Vec::new();
    let mut pending = vec![folder.to_owned()];
    while let Some(folder) = pending.pop() {
        for entry in folder.read_dir().expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                pending.push(path);
            } else {
                let content = fs::read(&path).expect("a file");
                files.push((path, content));
            }
        }
    }
    files.sort();
    files
}
