//! Every way to make a commit, through the hook that `leakgate install` has put in place. What git
//! committed in the end is the judge, not what leakgate says of it.

use std::path::Path;

use crate::support::secret::{github_token, line};
use crate::support::{Repo, Run};

/// A repository with one commit and our hooks.
fn guarded() -> Repo {
    let repo = Repo::new();
    install(&repo);
    repo
}

fn install(repo: &Repo) {
    repo.leakgate(&["install"]).assert_code(0);
}

/// # Panics
/// When git went on, or the secret of this number got into a commit.
fn assert_stopped(repo: &Repo, run: &Run, seed: u64) {
    assert_ne!(run.code, 0, "git went on: {run}");
    assert!(run.errors().contains("blocks this commit"), "the hook did not say why: {run}");
    assert!(!repo.is_committed(&github_token(seed)), "the secret was committed: {run}");
}

/// # Panics
/// When git was stopped, or left this text out.
fn assert_committed(repo: &Repo, run: &Run, text: &str) {
    assert_eq!(run.code, 0, "git was stopped: {run}");
    assert!(repo.is_committed(text), "nothing was committed: {run}");
}

/// A branch `side` on which a secret got past the hook, and a `main` that went on.
fn with_old_secret_on_a_branch() -> Repo {
    let repo = guarded();
    repo.git(&["checkout", "-q", "-b", "side"]);
    repo.stage("leak", line(1)).commit();
    repo.git(&["checkout", "-q", "main"]);
    repo.stage("other", "unlike\n").commit();
    repo
}

#[test]
fn the_first_commit() {
    let repo = Repo::init(&[]);
    install(&repo);
    repo.stage("a", line(1));
    assert_stopped(&repo, &repo.try_git(&["commit", "-m", "x"]), 1);
    repo.stage("a", "nothing here\n");
    assert_committed(&repo, &repo.try_git(&["commit", "-m", "x"]), "nothing here");
}

#[test]
fn as_it_is_staged() {
    let repo = guarded();
    repo.stage("a", line(1));
    assert_stopped(&repo, &repo.try_git(&["commit", "-m", "x"]), 1);
}

#[test]
fn without_verification_no_hook_runs() {
    let repo = guarded();
    repo.stage("a", line(1));
    let run = repo.try_git(&["commit", "--no-verify", "-m", "x"]);
    assert_committed(&repo, &run, &github_token(1));
}

#[test]
fn all_tracked_files() {
    let repo = guarded();
    repo.write("README", line(1));
    assert_stopped(&repo, &repo.try_git(&["commit", "-a", "-m", "x"]), 1);
}

#[test]
fn all_tracked_files_beside_an_untracked_secret() {
    let repo = guarded();
    repo.write("README", "changed\n").write("untracked", line(1));
    assert_committed(&repo, &repo.try_git(&["commit", "-a", "-m", "x"]), "changed");
}

/// Two hunks of `a`: the upper holds nothing, the lower a secret.
fn two_hunks(repo: &Repo) {
    let middle: String = (0..40).map(|number| format!("line {number}\n")).collect();
    repo.stage("a", &middle).commit();
    repo.write("a", format!("harmless\n{middle}{}", line(1)));
}

#[test]
fn one_hunk_picked_with_the_secret() {
    let repo = guarded();
    two_hunks(&repo);
    let run = Run::of(&mut repo.command("git", &["commit", "-p", "-m", "x"]), b"n\ny\n");
    assert_stopped(&repo, &run, 1);
}

#[test]
fn one_hunk_picked_beside_the_secret() {
    let repo = guarded();
    two_hunks(&repo);
    let run = Run::of(&mut repo.command("git", &["commit", "-p", "-m", "x"]), b"y\nn\n");
    assert_committed(&repo, &run, "harmless");
    assert!(!repo.is_committed(&github_token(1)));
}

#[test]
fn one_path_while_another_staged_one_has_a_secret() {
    let repo = guarded();
    repo.stage("leak", line(1)).write("README", "changed\n");
    assert_committed(&repo, &repo.try_git(&["commit", "-m", "x", "README"]), "changed");
    assert!(!repo.is_committed(&github_token(1)));
    assert_stopped(&repo, &repo.try_git(&["commit", "-m", "x"]), 1);
}

#[test]
fn one_path_with_a_secret_while_another_is_staged() {
    let repo = guarded();
    repo.stage("harmless", "nothing\n").write("README", line(1));
    assert_stopped(&repo, &repo.try_git(&["commit", "-m", "x", "README"]), 1);
    assert_committed(&repo, &repo.try_git(&["commit", "-m", "x"]), "nothing");
}

#[test]
fn one_path_from_a_subfolder() {
    let repo = guarded();
    repo.stage("sub/a", "one\n").stage("leak", line(2)).write("sub/a", line(1));
    let mut git = repo.command("git", &["commit", "-m", "x", "a"]);
    assert_stopped(&repo, &Run::of(git.current_dir(repo.path("sub")), b""), 1);
    repo.write("sub/a", "two\n");
    let mut git = repo.command("git", &["commit", "-m", "x", "a"]);
    assert_committed(&repo, &Run::of(git.current_dir(repo.path("sub")), b""), "two");
    assert!(!repo.is_committed(&github_token(2)));
}

#[test]
fn one_path_in_a_first_commit() {
    let repo = Repo::init(&[]);
    install(&repo);
    repo.stage("leak", line(1)).stage("a", "harmless\n");
    assert_committed(&repo, &repo.try_git(&["commit", "-m", "x", "a"]), "harmless");
    assert!(!repo.is_committed(&github_token(1)));
}

#[test]
fn one_path_together_with_what_is_staged() {
    let repo = guarded();
    repo.stage("leak", line(1)).write("README", "changed\n");
    assert_stopped(&repo, &repo.try_git(&["commit", "-m", "x", "-i", "README"]), 1);
}

#[test]
fn an_amended_commit() {
    let repo = guarded();
    repo.stage("a", "before\n").commit();
    repo.stage("a", line(1));
    assert_stopped(&repo, &repo.try_git(&["commit", "--amend", "--no-edit"]), 1);
    repo.stage("a", "after\n");
    assert_committed(&repo, &repo.try_git(&["commit", "--amend", "--no-edit"]), "after");
}

#[test]
fn an_amended_message() {
    let repo = guarded();
    repo.try_git(&["commit", "--amend", "-m", "another message"]).assert_code(0);
}

#[test]
fn a_commit_that_takes_a_secret_away() {
    let repo = guarded();
    repo.stage("a", line(1)).commit();
    repo.stage("a", "clean again\n");
    assert_committed(&repo, &repo.try_git(&["commit", "-m", "x"]), "clean again");
}

#[test]
fn a_clean_merge_of_an_old_secret() {
    let repo = with_old_secret_on_a_branch();
    repo.try_git(&["merge", "-q", "-m", "x", "side"]).assert_code(0);
    assert_eq!(repo.git(&["rev-list", "--count", "--merges", "HEAD"]), "1");
}

#[test]
fn a_clean_merge_of_lines_in_one_file() {
    let repo = guarded();
    let middle: String = (0..40).map(|number| format!("line {number}\n")).collect();
    repo.stage("a", &middle).commit();
    repo.git(&["checkout", "-q", "-b", "side"]);
    repo.stage("a", line(1) + &middle).commit();
    repo.git(&["checkout", "-q", "main"]);
    repo.stage("a", middle + "an end\n").commit();
    repo.try_git(&["merge", "-q", "-m", "x", "side"]).assert_code(0);
    assert_eq!(repo.git(&["rev-list", "--count", "--merges", "HEAD"]), "1");
}

#[test]
fn a_clean_merge_of_three_branches() {
    let repo = with_old_secret_on_a_branch();
    repo.git(&["checkout", "-q", "-b", "third", "main"]);
    repo.stage("third", line(3)).commit();
    repo.git(&["checkout", "-q", "main"]);
    repo.try_git(&["merge", "-q", "-m", "x", "side", "third"]).assert_code(0);
}

/// A merge driver is the user's own program, so git runs it, and what it writes is in no parent.
#[test]
fn a_clean_merge_that_brings_a_secret_of_its_own() {
    let repo = guarded();
    let driver = repo.script("../driver", &format!("echo '{}' > \"$1\"", line(7).trim()));
    repo.git(&["config", "merge.own.driver", &format!("{} %A", driver.display())]);
    repo.stage(".gitattributes", "a merge=own\n").stage("a", "one\n").commit();
    repo.git(&["checkout", "-q", "-b", "side"]);
    repo.stage("a", "two\n").commit();
    repo.git(&["checkout", "-q", "main"]);
    repo.stage("a", "three\n").commit();
    assert_stopped(&repo, &repo.try_git(&["merge", "-m", "x", "side"]), 7);
}

#[test]
fn a_merge_concluded_by_hand() {
    let repo = with_old_secret_on_a_branch();
    repo.git(&["merge", "-q", "--no-commit", "side"]);
    repo.stage("evil", line(7));
    assert_stopped(&repo, &repo.try_git(&["commit", "-m", "x"]), 7);
    repo.git(&["rm", "-q", "-f", "evil"]);
    repo.try_git(&["commit", "-m", "x"]).assert_code(0);
}

#[test]
fn a_merge_concluded_after_a_conflict() {
    let repo = with_old_secret_on_a_branch();
    repo.stage("both", "ours\n").commit();
    repo.git(&["checkout", "-q", "side"]);
    repo.stage("both", line(2)).commit();
    repo.git(&["checkout", "-q", "main"]);
    assert_eq!(repo.try_git(&["merge", "-q", "side"]).code, 1);
    repo.leakgate(&["staged"]).assert_code(2);
    repo.stage("both", line(2) + &line(7));
    assert_stopped(&repo, &repo.try_git(&["commit", "-m", "x"]), 7);
    // The secret of the other side is committed there already.
    repo.stage("both", "ours\n".to_owned() + &line(2));
    assert_committed(&repo, &repo.try_git(&["commit", "-m", "x"]), "ours");
}

#[test]
fn a_squashed_merge_is_new() {
    let repo = with_old_secret_on_a_branch();
    repo.git(&["merge", "-q", "--squash", "side"]);
    let run = repo.try_git(&["commit", "-m", "x"]);
    assert_eq!(run.code, 1, "{run}");
    assert_eq!(repo.git(&["log", "--format=%H", "main", "--", "leak"]), "");
}

#[test]
fn a_linked_worktree() {
    let repo = guarded();
    let linked = repo.at(repo.beside("linked"));
    repo.git(&["worktree", "add", "-q", "-b", "linked", "../linked"]);
    linked.stage("a", line(1));
    assert_stopped(&linked, &linked.try_git(&["commit", "-m", "x"]), 1);
    linked.staged().assert(&crate::support::blocks(["a"]));
    linked.stage("a", "from the linked one\n").write("README", line(2));
    assert_stopped(&linked, &linked.try_git(&["commit", "-a", "-m", "x"]), 2);
    linked.stage("README", "fine\n");
    assert_committed(&linked, &linked.try_git(&["commit", "-m", "x"]), "from the linked one");
}

#[test]
fn a_merge_in_a_linked_worktree() {
    let repo = with_old_secret_on_a_branch();
    let linked = repo.at(repo.beside("linked"));
    repo.git(&["worktree", "add", "-q", "-b", "linked", "../linked", "main"]);
    linked.git(&["merge", "-q", "--no-commit", "side"]);
    linked.stage("evil", line(7));
    assert_stopped(&linked, &linked.try_git(&["commit", "-m", "x"]), 7);
    linked.git(&["rm", "-q", "-f", "evil"]);
    linked.try_git(&["commit", "-m", "x"]).assert_code(0);
}

#[test]
fn a_submodule() {
    let repo = Repo::new();
    let library = repo.at(repo.beside("library"));
    repo.git(&["init", "-q", "../library"]);
    library.stage("lib", "1\n").commit();
    repo.git(&["submodule", "--quiet", "add", "../library", "lib"]);
    repo.commit();
    let inside = repo.at(repo.path("lib"));
    install(&inside);
    inside.stage("a", line(1));
    assert_stopped(&inside, &inside.try_git(&["commit", "-m", "x"]), 1);
    inside.stage("a", "in the submodule\n");
    assert_committed(&inside, &inside.try_git(&["commit", "-m", "x"]), "in the submodule");
    // The new commit of the submodule is no content of the outer repository.
    install(&repo);
    repo.add("lib").try_git(&["commit", "-m", "x"]).assert_code(0);
}

#[test]
fn a_git_folder_elsewhere() {
    let repo = Repo::init(&["--separate-git-dir", "../elsewhere"]).with_commit();
    install(&repo);
    repo.stage("a", line(1));
    assert_stopped(&repo, &repo.try_git(&["commit", "-m", "x"]), 1);
}

#[test]
fn git_folder_and_work_tree_named() {
    let repo = guarded();
    std::fs::rename(repo.path(".git"), repo.beside("bare")).expect("it moves");
    let tree = repo.root.display().to_string();
    let dir = repo.beside("bare").display().to_string();
    let named = |args: &[&str], cwd: &Path| {
        let named = [&["--git-dir", &dir, "--work-tree", &tree], args].concat();
        Run::of(repo.command("git", &named).current_dir(cwd), b"")
    };
    repo.write("a", line(1));
    named(&["add", "a"], &repo.root).assert_code(0);
    for cwd in [&repo.root, &repo.beside("home")] {
        let run = named(&["commit", "-m", "x"], cwd);
        assert_ne!(run.code, 0, "{run}");
        assert!(run.errors().contains("blocks this commit"), "{run}");
    }
    assert_eq!(named(&["rev-list", "--count", "HEAD"], &repo.root).text(), "1\n");
}

#[test]
fn from_a_subfolder() {
    let repo = guarded();
    repo.stage("sub/a", "nothing\n").stage("leak", line(1));
    let mut git = repo.command("git", &["commit", "-m", "x"]);
    assert_stopped(&repo, &Run::of(git.current_dir(repo.path("sub")), b""), 1);
}

#[test]
fn through_a_hooks_folder_of_the_user() {
    let repo = Repo::new();
    repo.git(&["config", "core.hooksPath", "tools/hooks"]);
    install(&repo);
    assert!(repo.path("tools/hooks/pre-commit").exists());
    repo.stage("a", line(1));
    assert_stopped(&repo, &repo.try_git(&["commit", "-m", "x"]), 1);
}

#[test]
fn through_a_hooks_folder_for_all_repositories() {
    let repo = Repo::new();
    let hooks = repo.beside("home/hooks").display().to_string();
    repo.git(&["config", "--global", "core.hooksPath", &hooks]);
    install(&repo);
    repo.stage("a", line(1));
    assert_stopped(&repo, &repo.try_git(&["commit", "-m", "x"]), 1);
}

#[test]
fn with_split_index() {
    let repo = guarded();
    repo.git(&["update-index", "--split-index"]);
    repo.write("README", line(1));
    assert_stopped(&repo, &repo.try_git(&["commit", "-a", "-m", "x"]), 1);
}

#[test]
fn what_cannot_be_read_is_not_committed() {
    let repo = guarded();
    repo.stage("a", "one\n");
    let id = repo.git(&["rev-parse", ":a"]);
    std::fs::remove_file(repo.path(".git/objects").join(&id[..2]).join(&id[2..])).expect("a file");
    let run = repo.try_git(&["commit", "-m", "x"]);
    assert_ne!(run.code, 0, "{run}");
    assert_eq!(repo.git(&["rev-list", "--count", "HEAD"]), "1");
}
