//! `leakgate history`: whatever was ever committed, in every shape of repository.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::Stdio;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;

use crate::support::secret::{github_token, line};
use crate::support::{Repo, Run};

/// What the history of a repository holds.
struct Told {
    report: Value,
    code: i32,
}

impl Told {
    fn of(repo: &Repo, args: &[&str]) -> Self {
        let args = [&["history", "--format", "json"], args].concat();
        Self::by(&repo.leakgate(&args))
    }

    fn by(run: &Run) -> Self {
        Self { report: run.json(), code: run.code }
    }

    fn findings(&self) -> &[Value] {
        self.report["findings"].as_array().map_or(&[], Vec::as_slice)
    }

    /// The one finding.
    fn only(&self) -> &Value {
        assert_eq!(self.findings().len(), 1, "{:#}", self.report);
        &self.findings()[0]
    }

    fn paths(&self) -> Vec<&str> {
        self.findings().iter().map(|one| one["path"].as_str().expect("a path")).collect()
    }

    fn assert_code(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{:#}", self.report);
        self
    }
}

fn head(repo: &Repo) -> String {
    repo.git(&["rev-parse", "HEAD"])
}

#[test]
fn a_clean_history_is_clean() {
    let repo = Repo::new();
    let told = Told::of(&repo, &[]).assert_code(0);
    assert_eq!(told.report["summary"]["commits"], 1);
    assert_eq!(told.report["summary"]["scanned"], 1);
    let text = repo.leakgate(&["history"]).assert_code(0).text();
    assert!(text.contains("no secrets; 1 version of 1 commit scanned"), "{text}");
}

#[test]
fn mail_is_decoded_under_names_of_mail_alone() {
    let token = github_token(1);
    let (head, tail) = token.split_at(12);
    let mail = format!("Subject: deploy\n\nuse {head}=\n{tail} for it\n");
    let repo = Repo::new();
    repo.stage("notes.txt", &mail).commit();
    assert!(Told::of(&repo, &[]).assert_code(0).findings().is_empty());
    repo.stage("notes.eml", &mail).commit();
    assert_eq!(Told::of(&repo, &[]).assert_code(1).paths(), ["notes.eml"]);
    // In what no ref leads to as well.
    repo.git(&["reset", "-q", "--hard", "HEAD~1"]);
    assert!(Told::of(&repo, &[]).assert_code(0).findings().is_empty());
    assert_eq!(Told::of(&repo, &["--unreachable"]).assert_code(1).paths(), ["notes.eml"]);
}

#[test]
fn what_was_removed_is_found_with_its_commits() {
    let repo = Repo::new();
    repo.stage("a", line(1)).commit();
    let came = head(&repo);
    repo.stage("b", "nothing\n").commit();
    repo.stage("a", "gone\n").commit();
    let went = head(&repo);
    let told = Told::of(&repo, &[]).assert_code(1);
    let stay = &told.only()["history"];
    assert_eq!(stay["introduced"]["commit"], came);
    assert_eq!(stay["introduced"]["author"], "A U Thor <author@example.com>");
    assert_eq!(stay["introduced"]["date"], "2024-05-06T07:08:09+00:00");
    assert_eq!(stay["removed"]["commit"], went);
    assert_eq!(stay["standing"], "past");
    assert_eq!(stay["sites"].as_array().map(Vec::len), Some(1));
    let text = repo.leakgate(&["history"]).assert_code(1).text();
    assert!(text.contains("introduced on 2024-05-06 by A U Thor"), "{text}");
    assert!(text.contains("only in the history"), "{text}");
}

#[test]
fn one_secret_is_one_finding_with_all_its_places() {
    let repo = Repo::new();
    repo.stage("a", line(1)).commit();
    repo.stage("a", format!("more\n{}", line(1))).commit();
    repo.git(&["mv", "a", "b"]);
    repo.commit();
    let told = Told::of(&repo, &[]).assert_code(1);
    let stay = &told.only()["history"];
    assert_eq!(stay["standing"], "head");
    assert!(stay["removed"].is_null());
    let sites = stay["sites"].as_array().expect("a list");
    let told =
        |site: &Value| format!("{}:{}", site["path"].as_str().expect("a path"), site["line"]);
    let sites: BTreeSet<_> = sites.iter().map(told).collect();
    assert_eq!(sites, ["a:1", "a:2", "b:2"].map(String::from).into());
}

#[test]
fn refs_that_still_have_it_are_named() {
    let repo = Repo::new();
    repo.git(&["checkout", "-q", "-b", "side/one"]);
    repo.stage("a", line(1)).commit();
    repo.git(&["checkout", "-q", "main"]);
    let told = Told::of(&repo, &[]).assert_code(1);
    let stay = &told.only()["history"];
    assert_eq!(stay["standing"], "tip");
    assert_eq!(stay["refs"], serde_json::json!(["refs/heads/side/one"]));
    assert!(stay["removed"].is_null());
}

#[test]
fn content_that_only_a_merge_brings() {
    let repo = Repo::new();
    repo.git(&["checkout", "-q", "-b", "side"]);
    repo.stage("b", "b\n").commit();
    repo.git(&["checkout", "-q", "main"]);
    repo.stage("c", "c\n").commit();
    repo.git(&["merge", "-q", "--no-commit", "side"]);
    repo.stage("a", line(1)).commit();
    let told = Told::of(&repo, &[]).assert_code(1);
    assert_eq!(told.only()["history"]["introduced"]["commit"], head(&repo));
}

#[test]
fn messages_tags_names_and_refs_are_scanned() {
    let repo = Repo::new();
    let token = github_token(1);
    repo.git_with(
        &["commit", "-q", "--allow-empty", "-F", "-"],
        format!("x\n\nis {token}").as_bytes(),
    );
    let told = Told::of(&repo, &[]).assert_code(1);
    assert_eq!(told.only()["path"], "commit message");
    assert_eq!(told.only()["location"]["line"], 3);
    assert_eq!(told.only()["history"]["introduced"]["commit"], head(&repo));

    let repo = Repo::new();
    repo.git_with(&["tag", "-a", "v1", "-F", "-"], github_token(2).as_bytes());
    assert_eq!(Told::of(&repo, &[]).assert_code(1).paths(), ["tag message"]);

    let repo = Repo::new();
    repo.stage(format!("dir/{}.txt", github_token(3)), "x\n").commit();
    repo.git(&["mv", "dir", "other"]);
    repo.commit();
    let told = Told::of(&repo, &[]).assert_code(1);
    assert_eq!(told.only()["path"], "dir/ghp_********.txt");

    let repo = Repo::new();
    repo.git(&["branch", &github_token(4)]);
    assert_eq!(Told::of(&repo, &[]).assert_code(1).paths(), ["refs/heads/ghp_********"]);
}

#[test]
fn tags_of_trees_and_of_blobs_count() {
    let repo = Repo::new();
    repo.stage("deep/a", line(1));
    let tree = repo.git(&["write-tree"]);
    repo.git(&["tag", "-a", "-m", "a tree", "tree", &tree]);
    let blob = repo.store(line(2));
    repo.git(&["tag", "blob", &blob]);
    repo.git(&["reset", "-q", "--hard"]);
    let told = Told::of(&repo, &[]).assert_code(1);
    assert_eq!(told.paths(), ["deep/a", "refs/tags/blob"]);
    assert_eq!(told.findings()[0]["history"]["standing"], "tip");
    assert_eq!(told.findings()[1]["history"]["standing"], "tip");
}

#[test]
fn a_secret_in_a_folder_name_hides_in_no_path() {
    let repo = Repo::new();
    repo.stage(format!("{}/a", github_token(1)), line(2)).commit();
    let mut paths = Told::of(&repo, &[]).assert_code(1).paths().len();
    paths += repo.leakgate(&["history"]).assert_code(1).text().matches("ghp_********/a").count();
    assert!(paths >= 3);
}

#[test]
fn stash_notes_and_remote_refs_count() {
    let repo = Repo::new();
    repo.stage("a", line(1));
    repo.git(&["stash", "-q"]);
    repo.git(&["notes", "add", "-m", &github_token(2)]);
    repo.stage("b", line(3)).commit();
    repo.git(&["update-ref", "refs/remotes/origin/main", "HEAD"]);
    repo.git(&["reset", "-q", "--hard", "HEAD~1"]);
    assert_eq!(Told::of(&repo, &[]).assert_code(1).findings().len(), 3);
}

/// Only the newest entry of the stash has a ref; the others are listed all the same.
#[test]
fn each_entry_of_the_stash_counts() {
    for options in [&[][..], &["--ref-format=reftable"]] {
        let Some(repo) = with_refs(options) else { continue };
        for n in 1..4 {
            repo.stage("README", line(n));
            repo.git(&["stash", "-q"]);
        }
        let told = Told::of(&repo, &[]).assert_code(1);
        assert_eq!(told.findings().len(), 3, "{options:?}");
        repo.git(&["stash", "drop", "-q", "stash@{1}"]);
        assert_eq!(Told::of(&repo, &["--cache"]).assert_code(1).findings().len(), 2);
        repo.git(&["stash", "drop", "-q", "stash@{1}"]);
        assert_eq!(Told::of(&repo, &["--cache"]).assert_code(1).findings().len(), 1);
    }
}

#[test]
fn each_work_tree_counts() {
    for options in [&[][..], &["--ref-format=reftable"]] {
        let Some(repo) = with_refs(options) else { continue };
        repo.git(&["worktree", "add", "-q", "--detach", "../linked"]);
        let linked = repo.at(repo.beside("linked"));
        linked.stage("a", line(1)).commit();
        repo.git(&["checkout", "-q", "--detach"]);
        repo.stage("b", line(2)).commit();
        for tree in [&repo, &linked] {
            let told = Told::of(tree, &[]).assert_code(1);
            assert_eq!(told.findings().len(), 2, "{options:?}");
        }
    }
}

/// What may lead to more commits and cannot be read is told.
#[test]
fn a_stash_or_a_work_tree_that_cannot_be_read_is_told() {
    let broken: [fn(&Repo); 4] = [
        |repo| {
            repo.remove(".git/logs/refs/stash").write(".git/logs/refs/stash/x", "");
        },
        |repo| _ = repo.write(".git/logs/refs/stash", "odd\n"),
        |repo| _ = repo.write(".git/worktrees/linked/HEAD", "odd\n"),
        |repo| {
            std::fs::remove_dir_all(repo.path(".git/worktrees")).expect("it was there");
            repo.write(".git/worktrees", "");
        },
    ];
    for damage in broken {
        let repo = Repo::new();
        for n in 1..3 {
            repo.stage("README", format!("{n}\n"));
            repo.git(&["stash", "-q"]);
        }
        repo.git(&["worktree", "add", "-q", "--detach", "../linked"]);
        Told::of(&repo, &["--cache"]).assert_code(0);
        damage(&repo);
        Told::of(&repo, &["--cache"]).assert_code(2);
    }
}

/// A repository whose refs are kept in some way; `None` where git does not know it.
fn with_refs(options: &[&str]) -> Option<Repo> {
    let repo = Repo::init(&[]);
    std::fs::remove_dir_all(repo.path(".git")).expect("it was there");
    let init = [&["init", "-q"], options].concat();
    (repo.try_git(&init).code == 0).then(|| repo.with_commit())
}

#[test]
fn what_no_ref_leads_to_counts_only_when_asked_for() {
    let repo = Repo::new();
    repo.stage("a", line(1)).commit();
    repo.git(&["reset", "-q", "--hard", "HEAD~1"]);
    repo.store(line(2));
    repo.stage("never-committed", line(3));
    repo.git(&["rm", "-q", "--cached", "never-committed"]);
    Told::of(&repo, &[]).assert_code(0);
    let told = Told::of(&repo, &["--unreachable"]).assert_code(1);
    assert_eq!(told.findings().len(), 3);
    for finding in told.findings() {
        assert_eq!(finding["history"]["standing"], "unreachable", "{finding:#}");
    }
    // The same in packs, some of them for what is no longer reachable.
    repo.git(&["repack", "-q", "-a", "-d", "--cruft"]);
    Told::of(&repo, &[]).assert_code(0);
    assert_eq!(Told::of(&repo, &["--unreachable"]).assert_code(1).findings().len(), 3);
}

#[test]
fn refs_branches_ranges_and_dates_narrow_it_down() {
    let repo = Repo::new();
    repo.stage("a", line(1)).commit();
    repo.git(&["tag", "one"]);
    repo.git(&["checkout", "-q", "-b", "side"]);
    repo.stage("b", line(2)).commit();
    repo.git(&["checkout", "-q", "main"]);
    repo.stage("c", line(3));
    let mut late = repo.command("git", &["commit", "-q", "--no-verify", "-m", "late"]);
    for who in ["GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"] {
        late.env(who, "2025-05-06T07:08:09Z");
    }
    Run::of(&mut late, b"").assert_code(0);
    let paths = |args: &[&str]| Told::of(&repo, args).paths().join(" ");
    assert_eq!(paths(&[]), "a b c");
    assert_eq!(paths(&["--branch", "side"]), "a b");
    assert_eq!(paths(&["--refs", "tags"]), "a");
    assert_eq!(paths(&["--refs", "refs/heads/s*"]), "a b");
    assert_eq!(paths(&["--range", "one..main"]), "c");
    assert_eq!(paths(&["--range", "one..HEAD"]), "c");
    assert_eq!(paths(&["--range", "HEAD~2..HEAD~1"]), "a");
    assert_eq!(paths(&["--since", "2025-01-01"]), "c");
    assert_eq!(paths(&["--since", "2026-01-01"]), "");
    for (wrong, word) in [
        (&["--range", "main"][..], "main"),
        (&["--range", "a..b"], "b"),
        (&["--since", "x"], "x"),
        (&["--refs", "y"], "y"),
        // One that is right beside it does not make it right.
        (&["--branch", "side", "--branch", "mian"], "mian"),
        (&["--refs", "tags", "--refs", "main"], "main"),
        (&["--branch", "side", "--refs", "main"], "main"),
    ] {
        let run = repo.leakgate(&[&["history"], wrong].concat()).assert_code(2);
        assert!(run.stdout.is_empty(), "{run}");
        assert!(run.errors().contains(&format!("{word:?}")), "{run}");
    }
}

#[test]
fn a_reason_lets_it_pass() {
    let repo = Repo::new();
    repo.stage("a", format!("{} # leakgate:ignore made up for a test\n", line(1).trim_end()))
        .commit();
    repo.stage("a", "gone\n").commit();
    let told = Told::of(&repo, &[]).assert_code(0);
    assert_eq!(told.report["summary"]["ignored"], 1);
    // One version without the marker is enough.
    repo.stage("a", line(1)).commit();
    Told::of(&repo, &[]).assert_code(1);
}

#[test]
fn bare_empty_and_other_formats() {
    let repo = Repo::init(&[]);
    let told = Told::of(&repo, &[]).assert_code(0);
    assert_eq!(told.report["summary"]["commits"], 0);
    repo.stage("a", line(1)).commit();
    let bare = repo.beside("bare");
    repo.git(&["clone", "-q", "--bare", ".", &bare.display().to_string()]);
    let run = repo.leakgate_in(&bare, &["history", "--format", "json"]);
    assert_eq!(Told::by(&run).assert_code(1).paths(), ["a"]);
    for option in ["--object-format=sha256", "--ref-format=reftable"] {
        let repo = Repo::init(&[option]);
        Told::of(&repo, &[]).assert_code(0);
        repo.stage("a", line(1)).commit();
        repo.git(&["checkout", "-q", "-b", "other"]);
        repo.stage("b", line(2)).commit();
        repo.git(&["checkout", "-q", "main"]);
        assert_eq!(Told::of(&repo, &[]).assert_code(1).paths(), ["a", "b"], "{option}");
        repo.git(&["repack", "-q", "-a", "-d"]);
        assert_eq!(Told::of(&repo, &[]).assert_code(1).paths(), ["a", "b"], "{option}");
    }
}

#[test]
fn a_shallow_clone_says_so() {
    let repo = Repo::new();
    repo.stage("a", line(1)).commit();
    repo.stage("a", "gone\n").commit();
    let clone = repo.beside("clone");
    let origin = format!("file://{}", repo.path("").display());
    repo.git(&["clone", "-q", "--depth=1", &origin, &clone.display().to_string()]);
    let told = Told::by(&repo.leakgate_in(&clone, &["history", "--format", "json"])).assert_code(0);
    assert_eq!(told.report["summary"]["shallow"], true);
    let text = repo.leakgate_in(&clone, &["history"]).assert_code(0).text();
    assert!(text.contains("older commits are not in this shallow clone"), "{text}");
}

#[test]
fn what_a_partial_clone_lacks_is_a_problem() {
    let repo = Repo::new();
    repo.stage("big", "x".repeat(4000)).commit();
    let clone = repo.beside("clone");
    let origin = format!("file://{}", repo.path("").display());
    let args = ["clone", "-q", "--no-checkout", "--filter=blob:limit=1k", &origin];
    repo.git(&[&args[..], &[&clone.display().to_string()]].concat());
    let told = Told::by(&repo.leakgate_in(&clone, &["history", "--format", "json"])).assert_code(2);
    assert_eq!(told.report["problems"][0]["kind"], "missing");
    assert_eq!(told.report["problems"][0]["path"], "big");
}

#[test]
fn damage_is_a_problem_and_the_rest_goes_on() {
    let repo = Repo::new();
    repo.stage("a", line(1)).stage("b", "damaged soon\n").commit();
    let id = repo.git(&["rev-parse", ":b"]);
    let path = repo.path(".git/objects").join(&id[..2]).join(&id[2..]);
    fs::remove_file(&path).expect("it is loose");
    fs::write(&path, b"no zlib").expect("it is written");
    let told = Told::of(&repo, &[]).assert_code(2);
    assert_eq!(told.paths(), ["a"]);
    assert_eq!(told.report["problems"][0]["kind"], "corrupt");
}

#[test]
fn a_damaged_pack_is_a_problem_and_the_rest_goes_on() {
    let repo = Repo::new();
    for seed in 0..40 {
        repo.stage(format!("f{seed}"), format!("{seed}\n{}", line(seed))).commit();
    }
    repo.git(&["repack", "-q", "-a", "-d"]);
    let folder = repo.path(".git/objects/pack");
    let files = fs::read_dir(&folder).expect("a folder").map(|entry| entry.expect("a file").path());
    let pack = files.into_iter().find(|path| path.extension().is_some_and(|e| e == "pack"));
    let pack = pack.expect("a pack");
    let whole = fs::read(&pack).expect("it is read");
    fs::remove_file(&pack).expect("it goes");
    for at in (20..whole.len() - 20).step_by(97) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x55;
        fs::write(&pack, &bytes).expect("it is written");
        let run = repo.leakgate(&["history", "--format", "json"]);
        assert!(run.code == 2 || run.code == 1, "{at} {run}");
        // Where it says that all was read, all was read.
        assert!(run.code == 2 || Told::by(&run).findings().len() == 40, "{at}");
    }
}

#[test]
fn borrowed_doubled_and_replaced_objects() {
    let repo = Repo::new();
    repo.stage("a", line(1)).commit();
    let clone = repo.beside("clone");
    repo.git(&["clone", "-q", "--shared", ".", &clone.display().to_string()]);
    let told = |args: &[&str]| {
        Told::by(&repo.leakgate_in(&clone, &[&["history", "--format", "json"], args].concat()))
    };
    assert_eq!(told(&[]).assert_code(1).paths(), ["a"]);
    // The same objects in several packs and loose ones.
    let lender = repo.path(".git/objects");
    let scanned =
        |repo: &Repo| Told::of(repo, &[]).assert_code(1).report["summary"]["scanned"].clone();
    let before = scanned(&repo);
    repo.git(&["repack", "-q", "-a"]);
    repo.stage("b", "b\n").commit();
    repo.git(&["repack", "-q", "-a"]);
    repo.git(&["multi-pack-index", "write"]);
    assert!(lender.join("pack/multi-pack-index").exists());
    assert_eq!(scanned(&repo).as_u64(), before.as_u64().map(|count| count + 1));
    // A replacement hides nothing.
    let clean = repo.store("clean\n");
    let id = repo.git(&["rev-parse", "HEAD:a"]);
    repo.git(&["replace", &id, &clean]);
    Told::of(&repo, &[]).assert_code(1);
}

#[test]
fn other_encodings_long_files_and_links() {
    let repo = Repo::new();
    let wide: Vec<u8> = line(1).encode_utf16().flat_map(u16::to_le_bytes).collect();
    repo.stage("wide", [&[0xff, 0xfe], &wide[..]].concat());
    repo.stage("binary", [b"\0\x01\x02", line(2).as_bytes()].concat());
    repo.stage("long", format!("{}{}", "x ".repeat(9 << 20), line(3)));
    repo.link("link", &github_token(4)).add("link").commit();
    let paths = Told::of(&repo, &[]).assert_code(1);
    assert_eq!(paths.paths(), ["binary", "link", "long", "wide"]);
    repo.git(&["repack", "-q", "-a", "-d"]);
    assert_eq!(Told::of(&repo, &[]).assert_code(1).paths(), ["binary", "link", "long", "wide"]);
}

#[test]
fn archives_and_encodings_in_the_past() {
    let repo = Repo::new();
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(line(1).as_bytes()).expect("a vector takes it");
    repo.stage("a.gz", packed.finish().expect("a vector takes it"));
    let hex: String = line(2).bytes().map(|byte| format!("{byte:02x}")).collect();
    let text: String = (0..40).map(|n| format!("line {n}\n")).collect();
    repo.stage("b", &text).commit();
    repo.stage("b", format!("{text}data: {hex}\n")).commit();
    repo.remove("a.gz").remove("b").git(&["add", "-A"]);
    repo.commit();
    repo.git(&["repack", "-q", "-a", "-d"]);
    assert_eq!(Told::of(&repo, &[]).assert_code(1).paths(), ["a.gz", "b"]);
}

#[test]
fn any_number_of_threads_tells_the_same() {
    let repo = Repo::new();
    for seed in 0..30 {
        let text: String = (0..60).map(|n| format!("line {}\n", n * seed % 7)).collect();
        repo.stage("a", format!("{text}{}", line(seed % 5))).commit();
    }
    repo.git(&["repack", "-q", "-a", "-d"]);
    let told = |threads| repo.leakgate(&["history", "--format", "json", "-j", threads]).stdout;
    let one = told("1");
    assert!(["2", "3", "8"].iter().all(|threads| told(threads) == one));
}

/// A file that is nothing but a value is told by its name, and one may have several.
#[test]
fn a_lone_value_is_told_by_any_of_its_names() {
    let repo = Repo::new();
    let value = format!("{}\n", crate::support::secret::password(5));
    repo.stage("notes/ab12", &value).commit();
    repo.stage("config/master.key", &value).commit();
    repo.git(&["rm", "-q", "config/master.key"]);
    repo.commit();
    let told = Told::of(&repo, &[]).assert_code(1);
    assert_eq!(told.paths(), ["config/master.key"]);
    assert_eq!(told.only()["history"]["sites"].as_array().map(Vec::len), Some(1));
}

/// A value that can only have been drawn at random needs no name.
#[test]
fn a_random_value_alone_is_told_under_any_name() {
    let repo = Repo::new();
    let value = format!("\"{}\"\n", [5, 6, 7].map(crate::support::secret::password).concat());
    repo.stage("notes/today.txt", &value).stage("notes/SHA", &value).commit();
    let told = Told::of(&repo, &[]).assert_code(1);
    assert_eq!(told.paths(), ["notes/today.txt"]);
}

/// The first Ctrl-C is answered at once, and what was read is told.
#[test]
fn interrupted_it_says_so_and_tells_what_it_has() {
    let repo = Repo::new();
    repo.stage("a", line(1)).commit();
    // Where the scan waits until the test has done its part.
    let log = repo.path(".git/logs/refs/stash");
    assert!(repo.command("mkfifo", &[]).arg(&log).status().expect("it runs").success());
    let mut scan = repo.sandbox.leakgate(&repo.root);
    let mut scan = scan
        .arg("history")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it runs");
    let gate = fs::OpenOptions::new().write(true).open(&log).expect("it is being read");
    let kill = repo.command("kill", &["-INT", &scan.id().to_string()]).status();
    assert!(kill.expect("it runs").success());
    let mut said = String::new();
    let mut errors = BufReader::new(scan.stderr.take().expect("a pipe"));
    errors.read_line(&mut said).expect("a line");
    assert!(said.starts_with("leakgate: stopping") && said.contains("Ctrl-C again"), "{said}");
    drop(gate);
    let output = scan.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(2));
    let report = String::from_utf8_lossy(&output.stdout);
    assert!(report.contains("ended before everything was read"), "{report}");
}

/// The place that is shown is where a secret came in, and it may have gone from there.
#[test]
fn still_in_head_but_not_where_it_came_in() {
    let repo = Repo::new();
    repo.stage("a", line(1)).commit();
    repo.stage("b", line(1)).git(&["rm", "-q", "-f", "a"]);
    repo.commit();
    let text = repo.leakgate(&["history"]).assert_code(1).text();
    assert!(text.contains("still in HEAD (in some file of those below)"), "{text}");
    assert!(text.contains("in 2 versions of a, b\n"), "{text}");
}
