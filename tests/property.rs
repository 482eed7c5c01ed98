//! Whatever is committed and staged: the paths that are scanned are those that git would tell of.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use proptest::collection::btree_map;
use proptest::prelude::*;
use proptest::sample::select;

use crate::support::secret::line;
use crate::support::{Repo, Scan};

/// Names whose order is not that of their bytes once folders are among them, and that can be a
/// file on one side and a folder on the other.
const PATHS: &[&str] = &[
    "a", "a-b", "a.b", "a/b", "a/b/c", "a/b.c", "a0", "B", "b/x/y/z", "b/x/y/w", "b/x/v", "b/u",
    "\u{e9}",
];

/// A file: its mode and which content it has.
type File = (&'static str, u64);

/// The files of one side.
type Tree = BTreeMap<&'static str, File>;

/// What is done to the index beside staging files in it.
#[derive(Debug, Clone, Copy)]
enum Shape {
    /// As git leaves it after `git add`.
    Plain,
    /// Its trees written, as before a hook.
    TreesWritten,
    /// Its trees written, then one file staged once more.
    TreesOutdated,
    /// Names compressed against the one before.
    Compressed,
    /// Most of the entries in a shared file.
    Split,
}

fn file() -> impl Strategy<Value = File> {
    (select(vec!["100644", "100644", "100644", "100755", "120000", "160000"]), 0_u64..6)
}

/// A tree in which nothing is both a file and a folder.
fn tree() -> impl Strategy<Value = Tree> {
    btree_map(select(PATHS), file(), 0..10).prop_map(|files| {
        let inside = |outer: &str, path: &str| path.starts_with(&format!("{outer}/"));
        let paths: Vec<_> = files.keys().copied().collect();
        files
            .into_iter()
            .filter(|(path, _)| !paths.iter().any(|other| inside(path, other)))
            .collect()
    })
}

/// What is committed and what is staged, the second mostly like the first.
fn change() -> impl Strategy<Value = (Tree, Tree)> {
    (tree(), tree(), 0_u8..4).prop_map(|(old, new, how)| {
        if how == 0 {
            return (old, new);
        }
        // Some of the new on top of the old, if nothing is both a file and a folder then.
        let mut mixed = old.clone();
        for (path, file) in new.into_iter().take(3) {
            let clash = |other: &str| {
                other.starts_with(&format!("{path}/")) || path.starts_with(&format!("{other}/"))
            };
            if !mixed.keys().any(|other| clash(other)) {
                mixed.insert(path, file);
            }
        }
        if how == 1 {
            mixed.pop_first();
        }
        (old, mixed)
    })
}

fn shape() -> impl Strategy<Value = Shape> {
    use Shape::{Compressed, Plain, Split, TreesOutdated, TreesWritten};
    select(vec![Plain, TreesWritten, TreesOutdated, Compressed, Split])
}

/// Puts these files into the index, and nothing else. Each content holds a token of its own.
fn stage(repo: &Repo, tree: &Tree, contents: &[String], commit: &str) {
    let mut lines = String::new();
    for (path, (mode, content)) in tree {
        let id = if *mode == "160000" { commit } else { &contents[*content as usize] };
        writeln!(lines, "{mode} {id}\t{path}").expect("a String takes it");
    }
    repo.git(&["read-tree", "--empty"]);
    repo.git_with(&["update-index", "--add", "--index-info"], lines.as_bytes());
}

fn bring_into(repo: &Repo, shape: Shape, staged: &Tree) {
    match shape {
        Shape::Plain => {}
        Shape::TreesWritten => {
            repo.git(&["write-tree"]);
        }
        Shape::TreesOutdated => {
            repo.git(&["write-tree"]);
            if let Some((path, (mode, _))) = staged.last_key_value()
                && *mode != "160000"
            {
                repo.stage_unseen(mode, path, line(99));
            }
        }
        Shape::Compressed => {
            repo.git(&["update-index", "--index-version", "4"]);
        }
        Shape::Split => {
            repo.git(&["update-index", "--split-index"]);
        }
    }
}

/// What git tells of the staged change: paths with content, submodules, deletions.
fn told_by_git(repo: &Repo) -> (BTreeSet<String>, u64, u64) {
    let raw = repo.git(&["diff", "--cached", "--raw", "--no-renames", "-z"]);
    let mut fields = raw.split('\0');
    let (mut paths, mut submodules, mut deleted) = (BTreeSet::new(), 0, 0);
    while let (Some(change), Some(path)) =
        (fields.next().filter(|field| !field.is_empty()), fields.next())
    {
        match change.split(' ').nth(1) {
            Some("000000") => deleted += 1,
            Some("160000") => submodules += 1,
            _ => {
                paths.insert(path.to_owned());
            }
        }
    }
    (paths, submodules, deleted)
}

fn told_by_leakgate(scan: &Scan) -> (BTreeSet<String>, u64, u64) {
    let secrets = scan.findings().filter(|finding| finding["category"] == "secret");
    let paths =
        secrets.map(|finding| finding["path"].as_str().expect("a text").to_owned()).collect();
    (paths, scan.count("submodule"), scan.count("deleted"))
}

#[test]
fn what_is_scanned_is_what_git_tells_of() {
    let repo = Repo::init(&[]);
    let contents: Vec<_> = (0..6).map(|seed| repo.store(line(seed))).collect();
    let empty = repo.git_with(&["mktree"], b"");
    let commit = repo.git(&["commit-tree", "-m", "x", &empty]);
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: 60,
        failure_persistence: None,
        rng_seed: proptest::test_runner::RngSeed::Fixed(2),
        ..ProptestConfig::default()
    });
    let cases = (change(), shape(), any::<bool>());
    let run = runner.run(&cases, |((committed, staged), shape, has_head)| {
        let _ = std::fs::remove_file(repo.path(".git/index"));
        stage(&repo, &committed, &contents, &commit);
        let tree = repo.git(&["write-tree"]);
        if has_head {
            let head = repo.git(&["commit-tree", "-m", "x", &tree]);
            repo.git(&["update-ref", "refs/heads/main", &head]);
        } else {
            repo.git(&["update-ref", "-d", "refs/heads/main"]);
        }
        stage(&repo, &staged, &contents, &commit);
        bring_into(&repo, shape, &staged);
        let scan = Scan::of(&repo.leakgate(&["staged", "--format", "json"]));
        let told = told_by_git(&repo);
        prop_assert_eq!(scan.count("scanned"), told.0.len() as u64);
        prop_assert_eq!(told_by_leakgate(&scan), told);
        Ok(())
    });
    run.unwrap_or_else(|error| panic!("{error}"));
}
