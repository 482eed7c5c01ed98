//! The staged reader and the whole scan of a staged change, without starting a process.

use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::process::Command;

use criterion::{Criterion, criterion_group, criterion_main};
use leakgate_git::{Moment, Repository, Staged};
use leakgate_model::{Content, Source as _};
use leakgate_secrets::{RuleSet, Scratch};

/// A repository of `files` files, five of which have a staged change.
fn repository(root: &Path, files: usize) {
    git(root, &["init", "--quiet"]);
    for file in 0..files {
        let folder = root.join(format!("src/part{}", file / 50));
        fs::create_dir_all(&folder).expect("a folder");
        let text = format!("pub fn number() -> usize {{\n    {file}\n}}\n").repeat(20);
        fs::write(folder.join(format!("file{file}.rs")), text).expect("a file");
    }
    git(root, &["add", "--all"]);
    git(root, &["-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "-m", "all"]);
    for file in (0..files).step_by(files / 5) {
        let path = root.join(format!("src/part{}/file{file}.rs", file / 50));
        fs::write(path, "pub fn changed() {}\n".repeat(50)).expect("a file");
    }
    git(root, &["add", "--all"]);
    git(root, &["write-tree"]);
}

fn git(root: &Path, arguments: &[&str]) {
    let output = Command::new("git")
        .args(arguments)
        .current_dir(root)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .output()
        .expect("git runs");
    assert!(output.status.success(), "git {arguments:?}");
}

fn staged(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a folder");
    repository(folder.path(), 2000);
    criterion.bench_function("list the staged change", |bencher| {
        bencher.iter(|| {
            let repository = Repository::discover(folder.path()).expect("a repository");
            let (_, listing) = Staged::list(&repository, Moment::Commit).expect("it lists");
            assert_eq!(black_box(listing).entries.len(), 5);
        });
    });
    criterion.bench_function("list, read and scan the staged change", |bencher| {
        let rules = RuleSet::default();
        let mut scratch = Scratch::default();
        let mut buffer = Vec::new();
        bencher.iter(|| {
            let repository = Repository::discover(folder.path()).expect("a repository");
            let (source, listing) = Staged::list(&repository, Moment::Commit).expect("it lists");
            let mut reader = source.reader();
            for entry in &listing.entries {
                match reader.read(entry, &mut buffer) {
                    Ok(Content::Whole(bytes)) => {
                        black_box(rules.scan(&entry.path, bytes, &mut scratch));
                    }
                    Ok(Content::Stream(_)) | Err(_) => {
                        unreachable!("the files are small and there")
                    }
                }
            }
        });
    });
}

criterion_group!(benches, staged);
criterion_main!(benches);
