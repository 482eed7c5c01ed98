//! Repositories made to run something, to fill the memory, or to make a scanner give up and pass.

use std::io::Write;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::support::secret::line;
use crate::support::{
    Repo, Run, Scan, blocks, incomplete, loose_header, matrix, passes, tree_line, write_loose,
};

const NO_BLOB: &str = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391";

/// Commits a tree of these lines, whatever is in them.
fn commit_tree(repo: &Repo, lines: &[Vec<u8>]) {
    let args = ["hash-object", "-t", "tree", "--literally", "-w", "--stdin"];
    let tree = repo.git_with(&args, &lines.concat());
    let commit = repo.git(&["commit-tree", "-m", "hostile", &tree]);
    repo.git(&["update-ref", "refs/heads/main", &commit]);
}

/// A secret staged on top of a commit with a line of this mode and name in its tree.
fn on_top_of(repo: &Repo, mode: &str, name: &[u8]) {
    repo.store("");
    repo.stage("leak", line(1));
    commit_tree(repo, &[tree_line(mode, name, NO_BLOB)]);
}

/// A tree of so many levels, each with ten names for the next.
fn tree_bomb(repo: &Repo, content: &str, levels: usize) -> String {
    let mut id = repo.store(content);
    for level in 0..levels {
        let mode = if level == 0 { "100644" } else { "40000" };
        let lines: Vec<_> =
            (0..10).map(|n| tree_line(mode, format!("{n}").as_bytes(), &id)).collect();
        let args = ["hash-object", "-t", "tree", "--literally", "-w", "--stdin"];
        id = repo.git_with(&args, &lines.concat());
    }
    id
}

/// Stages an object that git has not written.
fn stage_made_up(repo: &Repo, path: &str, write: impl FnOnce(&mut dyn Write)) {
    let id = "b0".repeat(20);
    write_loose(repo, &id, write);
    repo.git(&["update-index", "--add", "--cacheinfo", &format!("100644,{id},{path}")]);
}

fn write_all(out: &mut dyn Write, bytes: &[u8]) {
    out.write_all(bytes).expect("it is written");
}

matrix! {
    // Trees that no git writes.
    tree_with_a_git_folder: |repo| on_top_of(repo, "40000", b".git") => blocks(["leak"]);
    tree_with_a_git_file: |repo| on_top_of(repo, "100644", b".git") => blocks(["leak"]);
    tree_with_dots: |repo| on_top_of(repo, "100644", b"..") => blocks(["leak"]);
    tree_with_one_dot: |repo| on_top_of(repo, "100644", b".") => blocks(["leak"]);
    tree_with_a_slash: |repo| on_top_of(repo, "100644", b"a/b") => blocks(["leak"]);
    tree_with_a_leading_slash: |repo| on_top_of(repo, "100644", b"/a") => blocks(["leak"]);
    tree_with_a_newline: |repo| on_top_of(repo, "100644", b"a\nb") => blocks(["leak"]);
    tree_with_an_odd_mode: |repo| on_top_of(repo, "100666", b"a") => blocks(["leak"]);
    tree_with_an_old_mode: |repo| on_top_of(repo, "100664", b"a") => blocks(["leak"]);
    tree_with_a_padded_mode: |repo| on_top_of(repo, "040000", b"a") => blocks(["leak"]);
    tree_with_names_twice: |repo| {
        repo.stage("leak", line(1));
        let clean = repo.store("clean\n");
        commit_tree(repo, &[tree_line("100644", b"a", NO_BLOB), tree_line("100644", b"a", &clean)]);
    } => blocks(["leak"]);
    tree_out_of_order: |repo| {
        repo.store("");
        repo.stage("b", line(1)).stage("a", line(2));
        commit_tree(repo, &[tree_line("100644", b"z", NO_BLOB), tree_line("100644", b"a", NO_BLOB)]);
    } => blocks(["a", "b"]);
    tree_out_of_order_that_holds_the_secret_elsewhere: |repo| {
        // What is committed under another name vouches for nothing.
        let id = repo.store(line(1));
        repo.stage("leak", line(1));
        commit_tree(repo, &[tree_line("100644", b"z", &id), tree_line("100644", b"a", NO_BLOB)]);
    } => passes();
    file_in_place_of_a_tree: |repo| {
        let id = repo.store("no tree\n");
        repo.stage("sub/leak", line(1));
        commit_tree(repo, &[tree_line("40000", b"sub", &id)]);
    } => incomplete(["corrupt"]);
    tree_cut_short: |repo| {
        repo.stage("leak", line(1));
        commit_tree(repo, &[tree_line("100644", b"a", NO_BLOB)[..20].to_vec()]);
    } => incomplete(["corrupt"]);

    // Bombs.
    tree_bomb_that_is_deleted: |repo| {
        let bomb = tree_bomb(repo, "", 12);
        repo.stage("leak", line(1));
        commit_tree(repo, &[tree_line("40000", b"bomb", &bomb)]);
    } => blocks(["leak"]);
    object_longer_than_it_says: |repo| {
        stage_made_up(repo, "a", |out| {
            write_all(out, &loose_header(10));
            write_all(out, &b"harmless \n".repeat(100_000));
            write_all(out, line(1).as_bytes());
        });
    } => incomplete(["corrupt"]);
    object_shorter_than_it_says: |repo| {
        stage_made_up(repo, "a", |out| {
            write_all(out, &loose_header(100));
            write_all(out, b"harmless \n");
        });
    } => incomplete(["corrupt"]);
    object_far_shorter_than_it_says: |repo| {
        stage_made_up(repo, "a", |out| {
            write_all(out, &loose_header(1 << 60));
            write_all(out, line(1).as_bytes());
        });
    } => incomplete(["corrupt"]);
    large_object_longer_than_it_says: |repo| {
        stage_made_up(repo, "a", |out| {
            write_all(out, &loose_header(20 << 20));
            write_all(out, &b"harmless \n".repeat(2_200_000));
            write_all(out, line(1).as_bytes());
        });
    } => incomplete(["corrupt"]);
    large_object_shorter_than_it_says: |repo| {
        stage_made_up(repo, "a", |out| {
            write_all(out, &loose_header(20 << 20));
            write_all(out, b"harmless \n");
        });
    } => incomplete(["corrupt"]);
    object_with_an_endless_header: |repo| {
        stage_made_up(repo, "a", |out| write_all(out, &b"blob 0".repeat(1000)));
    } => incomplete(["corrupt"]);
    object_with_a_negative_length: |repo| {
        stage_made_up(repo, "a", |out| write_all(out, b"blob -1\0x"));
    } => incomplete(["corrupt"]);
    object_of_no_known_kind: |repo| {
        stage_made_up(repo, "a", |out| write_all(out, b"blub 1\0x"));
    } => incomplete(["corrupt"]);
    object_that_is_not_compressed: |repo| {
        stage_made_up(repo, "a", |_| {});
        let path = repo.path(".git/objects").join("b0").join("b0".repeat(19));
        std::fs::write(path, line(1)).expect("a file");
    } => incomplete(["corrupt"]);
}

/// A blob that takes some hundred kilobytes on disk and more memory than the program may have.
#[test]
fn a_blob_larger_than_the_memory() {
    const SIZE: usize = 600 << 20;
    let repo = Repo::new();
    let (zeros, end) = (vec![0; 1 << 20], line(1));
    stage_made_up(&repo, "a", |out| {
        write_all(out, &loose_header((SIZE + end.len()) as u64));
        for _ in 0..SIZE >> 20 {
            write_all(out, &zeros);
        }
        write_all(out, end.as_bytes());
    });
    let limited = "ulimit -v 400000 && exec \"$0\" staged --format json";
    let program = crate::support::program();
    let mut command = repo.command("sh", &["-c", limited]);
    let scan = Scan::of(&Run::of(command.arg(program), b"").assert_fit_for_a_screen());
    scan.assert(&blocks(["a"]));
    assert_eq!(scan.count("bytes"), (SIZE + end.len()) as u64);
}

/// Ten to the power of twelve paths of one blob are not walked one by one.
#[test]
fn a_tree_bomb_takes_no_time() {
    let repo = Repo::new();
    let bomb = tree_bomb(&repo, "", 12);
    repo.stage("leak", line(1));
    commit_tree(&repo, &[tree_line("40000", b"bomb", &bomb)]);
    let start = Instant::now();
    let scan = repo.staged();
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    assert_eq!(scan.count("deleted"), 10_u64.pow(12));
}

/// What a push can bring in some kilobytes does not fill the memory of whoever looks at it.
#[test]
fn a_tree_bomb_that_holds_a_secret_ends_the_scan() {
    let repo = Repo::new().with_commit();
    repo.git(&["tag", "start"]);
    let bomb = tree_bomb(&repo, &line(1), 12);
    commit_tree(&repo, &[tree_line("40000", b"bomb", &bomb)]);
    let program = crate::support::program();
    for scan in ["range start..HEAD", "history"] {
        let limited = format!("ulimit -v 1000000 && exec \"$0\" {scan} --format json");
        let mut command = repo.command("sh", &["-c", &limited]);
        Run::of(command.arg(&program), b"").assert_fit_for_a_screen().assert_code(2);
    }
}

/// Everything in a repository's configuration that names a program names one that leaves a trace.
fn booby_trapped(repo: &Repo) -> PathBuf {
    let trace = repo.beside("trace");
    let trap = repo.script("../trap", &format!("touch '{}'; cat", trace.display()));
    let trap = trap.display().to_string();
    for name in [
        "alias.rev-parse",
        "alias.diff",
        "alias.status",
        "core.alternateRefsCommand",
        "core.askPass",
        "core.editor",
        "core.fsmonitor",
        "core.gitProxy",
        "core.pager",
        "core.sshCommand",
        "credential.helper",
        "diff.external",
        "diff.own.command",
        "diff.own.textconv",
        "filter.own.clean",
        "filter.own.process",
        "filter.own.smudge",
        "gpg.program",
        "gpg.ssh.defaultKeyCommand",
        "interactive.diffFilter",
        "merge.own.driver",
        "pager.diff",
        "pager.rev-parse",
        "pager.status",
        "remote.origin.uploadpack",
        "sequence.editor",
        "uploadpack.packObjectsHook",
    ] {
        repo.git(&["config", name, &trap]);
    }
    repo.git(&["config", "filter.own.required", "true"]);
    repo.git(&["config", "remote.origin.url", &format!("ext::{trap}")]);
    repo.git(&["config", "remote.origin.promisor", "true"]);
    repo.git(&["config", "protocol.allow", "always"]);
    repo.git(&["config", "hook.own.command", &trap]);
    repo.git(&["config", "hook.own.event", "reference-transaction"]);
    for hook in
        ["post-checkout", "post-index-change", "reference-transaction", "fsmonitor-watchman"]
    {
        repo.script(format!("traps/{hook}"), &format!("touch '{}'", trace.display()));
    }
    repo.git(&["config", "core.hooksPath", &repo.path("traps").display().to_string()]);
    repo.write(".gitattributes", "* filter=own diff=own merge=own text eol=lf\n");
    repo.write(".git/info/attributes", "* filter=own diff=own merge=own\n");
    trace
}

/// # Panics
/// When any command of ours leaves the trace.
fn assert_nothing_runs(repo: &Repo) {
    repo.stage("a", line(1)).stage("b", line(2)).commit();
    repo.stage("a", line(1) + &line(3)).git(&["rm", "-q", "--cached", "b"]);
    let lost = repo.git(&["rev-parse", "HEAD:b"]);
    std::fs::remove_file(repo.path(".git/objects").join(&lost[..2]).join(&lost[2..]))
        .expect("a file");
    let trace = booby_trapped(repo);
    // The work tree does not look like the index any more: git would want to compare them.
    repo.write("a", "changed\n").write("README", "changed\n");
    repo.staged().assert(&blocks(["a"]));
    let fingerprint = repo.leakgate(&["staged", "--format", "json"]).json();
    let fingerprint =
        fingerprint["findings"][0]["fingerprint"].as_str().expect("a text").to_owned();
    for command in [
        &["files", "."][..],
        &["hook", "pre-commit"],
        &["hook", "pre-merge-commit"],
        &["install"],
        &["uninstall"],
        &["ignore", &fingerprint, "--reason", "a test"],
    ] {
        repo.leakgate(command);
        assert!(!trace.exists(), "{command:?} ran a program of the repository");
    }
}

#[test]
fn no_configured_program_is_run() {
    assert_nothing_runs(&Repo::new());
}

/// Here git itself is asked for the refs.
#[test]
fn no_configured_program_is_run_with_reftable() {
    let repo = Repo::init(&[]);
    std::fs::remove_dir_all(repo.path(".git")).expect("it was there");
    if repo.try_git(&["init", "-q", "--ref-format=reftable"]).code == 0 {
        assert_nothing_runs(&repo.with_commit());
    }
}

/// The traps do work: git itself falls into one.
#[test]
fn a_trap_leaves_a_trace() {
    let repo = Repo::new();
    let trace = booby_trapped(&repo);
    repo.write("README", "changed\n");
    Run::of(&mut repo.command("git", &["status"]), b"");
    assert!(trace.exists());
}

/// Reading a configuration that never ends would hang.
#[test]
fn a_pipe_included_by_the_configuration() {
    let repo = Repo::new();
    repo.stage("a", line(1));
    let pipe = repo.beside("pipe").display().to_string();
    assert!(repo.command("mkfifo", &[&pipe]).status().expect("it runs").success());
    let config = std::fs::read_to_string(repo.path(".git/config")).expect("a configuration");
    repo.write(".git/config", format!("{config}[include]\n\tpath = {pipe}\n"));
    let scan = repo.staged();
    assert_ne!(scan.verdict(), passes());
}
