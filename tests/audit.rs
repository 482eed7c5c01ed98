//! `leakgate audit`: what stands around the content, and how it is told.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use proptest::prelude::*;

use crate::support::secret::{github_token, line, password};
use crate::support::{Repo, Scan, Verdict};

fn audit(repo: &Repo) -> Scan {
    let text = repo.leakgate(&["audit"]);
    let json = repo.leakgate(&["audit", "--format", "json"]).assert_code(text.code);
    repo.leakgate(&["audit", "--format", "sarif"]).assert_code(text.code);
    Scan::of(&json)
}

fn rules(scan: &Scan) -> BTreeSet<String> {
    scan.findings().map(|finding| finding["rule"].as_str().expect("a rule").to_owned()).collect()
}

/// A repository with nothing to mend.
fn tidy() -> Repo {
    let repo = Repo::new();
    repo.stage(".gitignore", ".env*\nid_*\n*.key\n*.p12\n*.pfx\n*.kdbx\n").commit();
    repo.leakgate(&["install"]).assert_code(0);
    repo
}

#[test]
fn nothing_to_mend() {
    let repo = tidy();
    let scan = audit(&repo);
    assert_eq!(
        (scan.verdict(), scan.findings().count()),
        (Verdict::Passes, 0),
        "{:#}",
        scan.report
    );
    assert_eq!(scan.report["scope"], "repository");
    assert_eq!(repo.leakgate(&["audit", "-q"]).text(), "");
}

#[test]
fn what_is_committed_counts_as_well() {
    let repo = tidy();
    repo.stage("a", line(1)).commit();
    audit(&repo).assert(&Verdict::Blocks(vec!["a".to_owned()]));
}

#[test]
fn names_of_branches_and_tags() {
    for make in [&["branch"][..], &["tag"], &["tag", "-a", "-m", "x"]] {
        let repo = tidy();
        let name = format!("fix/{}", github_token(1));
        repo.git(&[make, &[&*name]].concat());
        let scan = audit(&repo);
        assert_eq!(scan.count("blocking"), 1, "{:#}", scan.report);
        let path = scan.findings().next().expect("a finding")["path"].to_string();
        assert!(path.contains("fix/ghp_********"), "{path}");
    }
}

#[test]
fn authors_and_committers() {
    let repo = tidy();
    let name = format!("user.name={}", github_token(1));
    let author = format!("{} <a@example.com>", github_token(2));
    repo.git(&["-c", &name, "commit", "-q", "-n", "--allow-empty", "-m", "x", "--author", &author]);
    repo.git(&["checkout", "-q", "--detach"]);
    let mut commit = repo.command("git", &["commit", "-q", "-n", "--allow-empty", "-m", "y"]);
    commit.env("GIT_COMMITTER_NAME", github_token(3));
    assert!(commit.status().expect("git runs").success());
    let scan = audit(&repo);
    assert_eq!(scan.count("blocking"), 2, "{:#}", scan.report);
    assert!(scan.paths().iter().all(|path| path.starts_with("commit ")));
}

#[test]
fn a_secret_file_that_others_can_read() {
    let repo = tidy();
    repo.write(".env", "A=b\n").chmod(".env", 0o644);
    assert_eq!(rules(&audit(&repo)), BTreeSet::from(["work-tree-secret-readable".to_owned()]));
    repo.chmod(".env", 0o600);
    assert!(rules(&audit(&repo)).is_empty());
    repo.chmod(".env", 0o644).git(&["config", "core.fileMode", "false"]);
    assert!(rules(&audit(&repo)).is_empty());
}

#[test]
fn settings_of_an_agent_that_nobody_tracks() {
    let repo = tidy();
    repo.write(".git/info/exclude", ".claude\n");
    let settings = r#"{"permissions": {"defaultMode": "bypassPermissions"}}"#;
    repo.write(".claude/settings.local.json", settings);
    assert!(rules(&audit(&repo)).is_empty(), "an ignored folder is not entered");
    repo.write(".git/info/exclude", "");
    let found = rules(&audit(&repo));
    assert!(found.contains("claude-bypass-permissions"), "{found:?}");
    assert!(!found.contains("claude-local-settings"), "{found:?}");
}

/// However long they are, they count, or it is told that they were not read.
#[test]
fn long_settings_of_an_agent() {
    let repo = tidy();
    let settings = |more: usize| {
        let rest = " ".repeat(more);
        format!("{{\"permissions\": {{\"defaultMode\": \"bypassPermissions\"}}{rest}}}")
    };
    repo.write(".claude/settings.json", settings(2 << 20));
    assert!(rules(&audit(&repo)).contains("claude-bypass-permissions"));
    repo.write(".claude/settings.json", settings(17 << 20));
    audit(&repo).assert(&Verdict::Incomplete(vec!["too_large".into()]));
}

#[test]
fn what_cannot_be_looked_at_is_told() {
    // One that cannot be listed, and one whose files cannot be looked at.
    for mode in [0o000, 0o444] {
        let repo = tidy();
        repo.write("locked/a", "x").chmod("locked", mode);
        let can_read = std::fs::metadata(repo.path("locked/a")).is_ok();
        let scan = audit(&repo);
        repo.chmod("locked", 0o755);
        // Root may read everything.
        let expected =
            if can_read { Verdict::Passes } else { Verdict::Incomplete(vec!["unreadable".into()]) };
        scan.assert(&expected);
    }
}

#[test]
fn a_hook_without_the_bit() {
    let repo = tidy();
    let hook = repo.path(".git/hooks/pre-commit");
    std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o644)).expect("a mode");
    assert!(rules(&audit(&repo)).contains("audit-hook-missing"));
}

#[test]
fn settings_of_the_user_are_advice() {
    let repo = tidy();
    repo.git(&["config", "--global", "http.sslVerify", "false"]);
    let scan = audit(&repo);
    scan.assert(&Verdict::Passes);
    assert_eq!(scan.count("warnings"), 1, "{:#}", scan.report);
}

/// Each names a secret.
const NAMES: [&str; 3] = [".env", "prod.local.env", ".env.local"];

const FOLDERS: [&str; 4] = ["", "d/", "d/e/", "x/"];

const PATTERNS: [&str; 24] = [
    ".env",
    "/.env",
    "*.env",
    "!.env",
    "d",
    "d/",
    "/d/e",
    "d/**",
    "**/e",
    "e/",
    ".env*",
    "!.env.local",
    "x/*",
    "!d/e/",
    "#.env",
    "[.]env",
    "*.loc?l",
    ".env/",
    "**/d/.env",
    " .env",
    ".env ",
    "\\.env",
    "!x/",
    "/*",
];

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 24,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    /// Whether a secret is untracked, ignored by this machine alone or by all is what git says.
    #[test]
    fn ignored_is_what_git_ignores(
        top in patterns(),
        below in patterns(),
        exclude in patterns(),
        user in patterns(),
    ) {
        let repo = Repo::init(&[]);
        for path in paths() {
            repo.write(&path, format!("API_PASSWORD={}\n", password(1))).chmod(&path, 0o600);
        }
        repo.write(".gitignore", top).write("d/.gitignore", below);
        repo.write(".git/info/exclude", exclude);
        std::fs::create_dir_all(repo.beside("home/config/git")).expect("a folder");
        std::fs::write(repo.beside("home/config/git/ignore"), user).expect("a file");
        let expected: BTreeSet<_> =
            paths().iter().filter_map(|path| Some((path.clone(), verdict(&repo, path)?))).collect();
        let text = |value: &serde_json::Value| value.as_str().expect("a text").to_owned();
        let found: BTreeSet<_> = audit(&repo)
            .findings()
            .map(|found| (text(&found["path"]), text(&found["rule"])))
            .filter(|(_, rule)| ["audit-untracked-secret", HERE_ONLY].contains(&&**rule))
            .collect();
        prop_assert_eq!(found, expected);
    }
}

const HERE_ONLY: &str = "audit-ignored-here-only";

fn paths() -> Vec<String> {
    FOLDERS.iter().flat_map(|folder| NAMES.map(|name| format!("{folder}{name}"))).collect()
}

fn patterns() -> impl Strategy<Value = String> {
    let lines = prop::collection::vec(prop::sample::select(&PATTERNS[..]), 0..4);
    lines.prop_map(|lines| lines.join("\n"))
}

/// Which rule `path` meets by what git says. The audit enters no ignored folder.
fn verdict(repo: &Repo, path: &str) -> Option<String> {
    let mut folders = Path::new(path).ancestors().skip(1).filter(|f| !f.as_os_str().is_empty());
    if folders.any(|folder| source(repo, folder.to_str().expect("a text")).is_some()) {
        return None;
    }
    match source(repo, path) {
        None => Some("audit-untracked-secret".to_owned()),
        Some(source) if source.ends_with(".gitignore") => None,
        Some(_) => Some(HERE_ONLY.to_owned()),
    }
}

/// The file that has git ignore `path`.
fn source(repo: &Repo, path: &str) -> Option<String> {
    let output =
        repo.command("git", &["check-ignore", "-v", "--", path]).output().expect("git runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let (by, _) = said.split_once('\t')?;
    let mut parts = by.splitn(3, ':');
    let (source, pattern) = (parts.next()?, parts.nth(1)?);
    (!pattern.starts_with('!')).then(|| source.to_owned())
}
