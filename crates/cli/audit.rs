//! `leakgate audit`: how a whole repository stands, and what to mend first.
//!
//! What is tracked goes through the checks of a staged change as if all of it were new. Around it
//! stand things that no commit brings: files that git ignores or would take, git's configuration
//! and hooks, names of branches and tags, authors.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::Path;
use std::time::Instant;

use bstr::{BStr, BString, ByteSlice as _};
use leakgate_git::{
    ConfigScope, IgnoreRules, IgnoredBy, PathKind, Repository, Staged, WorkTreePath,
};
use leakgate_model::{Entry, Finding, Listing, Mode, Problem, ProblemKind};
use leakgate_modes::{FileMode, Setting, Standing};
use leakgate_policy::{IgnoreFile, Samples};
use leakgate_report::Scope;
use leakgate_secrets::{RuleSet, Scratch};

use crate::args::ScanArgs;
use crate::exit::Exit;
use crate::run::Scanned;
use crate::{access, check, run, shipped};

/// What stands around the content.
#[derive(Default)]
struct Around {
    findings: Vec<Finding>,
    problems: Vec<Problem>,
}

/// `leakgate audit`.
pub(crate) fn audit(scan: &ScanArgs) -> anyhow::Result<Exit> {
    let start = Instant::now();
    let repository = run::repository()?;
    let root = repository.work_tree();
    let rules = run::rules(scan, root.as_deref())?;
    let ignores = run::ignores(root.as_deref())?;
    let scanned = look(&repository, &rules, &ignores, scan)?;
    run::finish("audit", Scope::Repository, &scanned, &rules, scan, start)
}

/// What is tracked, and what stands around it.
pub(crate) fn look(
    repository: &Repository,
    rules: &RuleSet,
    ignores: &IgnoreFile,
    scan: &ScanArgs,
) -> anyhow::Result<Scanned> {
    let listed = Staged::list_index(repository)?;
    let around = look_around(repository, &listed.1, rules);
    let mut scanned = run::scan_listed(repository, listed, rules, ignores, Samples::Count, scan)?;
    scanned.add(leakgate_policy::apply(around.findings, ignores));
    scanned.outcome.problems.extend(around.problems);
    scanned.outcome.problems.sort();
    Ok(scanned)
}

fn look_around(repository: &Repository, listing: &Listing, rules: &RuleSet) -> Around {
    let mut around = Around::default();
    let file_mode = if repository.file_mode() { FileMode::Trusted } else { FileMode::Untrusted };
    if let (Some(root), Some(ignores)) = (repository.work_tree(), repository.ignore_rules()) {
        let tree = WorkTree { root: &root, ignores: &ignores, listing, file_mode };
        tree.look(repository, &mut around);
        if file_mode == FileMode::Trusted {
            let new = access::look(&root, &mut around.findings);
            around.findings.extend(new);
        }
        around.findings.extend(unchecked(repository, &root));
        around.findings.extend(shipped::findings(repository, &root, listing));
    }
    configuration(repository, &mut around);
    let own = repository.own_files();
    around.findings.extend(own.iter().filter_map(|file| {
        leakgate_modes::check_own_file(file.path.as_bstr(), file.bits, file_mode)
    }));
    names(repository, rules, &mut around);
    around
}

/// The work tree with what is tracked of it.
struct WorkTree<'w> {
    root: &'w Path,
    ignores: &'w IgnoreRules,
    listing: &'w Listing,
    file_mode: FileMode,
}

impl WorkTree<'_> {
    fn look(&self, repository: &Repository, around: &mut Around) {
        let (paths, problems) = repository.list_work_tree(self.ignores);
        around.problems.extend(problems);
        for path in &paths {
            match (path.kind, path.bits) {
                (PathKind::Folder, Some(bits)) => around.findings.extend(
                    leakgate_modes::check_folder(path.path.as_bstr(), bits, self.file_mode),
                ),
                (PathKind::Folder, None) => {}
                (PathKind::File, _) => self.look_at_file(path, around),
            }
        }
        let tracked = self.listing.entries.iter().map(|entry| entry.path.as_bstr());
        let mut probes = leakgate_modes::probes(&tracked);
        probes.retain(|probe| {
            let by = self.ignores.of(probe.name.into(), PathKind::File);
            matches!(by, IgnoredBy::Nobody | IgnoredBy::Exclude | IgnoredBy::User)
        });
        around.findings.extend(leakgate_modes::uncovered(&probes));
    }

    fn look_at_file(&self, file: &WorkTreePath, around: &mut Around) {
        let path = file.path.as_bstr();
        let is_tracked = self.is_tracked(path);
        let standing = match (is_tracked, file.ignored) {
            (true, IgnoredBy::Repository) => Standing::TrackedYetIgnored,
            // The staged checks judge what is tracked.
            (true, _) => return,
            (false, IgnoredBy::Nobody) => Standing::Untracked,
            (false, IgnoredBy::Repository) => Standing::Ignored,
            (false, IgnoredBy::Exclude | IgnoredBy::User) => Standing::IgnoredHere,
        };
        let is_settings = !is_tracked && leakgate_agents::wants_content(path);
        if !is_settings && !leakgate_modes::names_secret(path) {
            return;
        }
        let head = match self.read(path) {
            Ok(head) => head,
            Err(error) => {
                around.problems.push(unreadable(path, &error));
                return;
            }
        };
        if is_settings && head.len() as u64 > MOST {
            around.problems.push(check::settings_too_large(path));
            return;
        }
        around.findings.extend(leakgate_modes::check_file(
            path,
            &head,
            file.bits,
            standing,
            self.file_mode,
        ));
        if is_settings {
            let found = leakgate_agents::check(&Entry::present(path, Mode::File), &head);
            // Settings of one person are where they belong as long as nobody tracks them.
            let found = found.into_iter().filter(|f| f.rule.as_str() != "claude-local-settings");
            around.findings.extend(found);
        }
    }

    fn is_tracked(&self, path: &BStr) -> bool {
        self.listing.entries.binary_search_by(|entry| entry.path.as_bstr().cmp(path)).is_ok()
    }

    fn read(&self, path: &BStr) -> std::io::Result<Vec<u8>> {
        let path = path.to_path().map_err(|_| std::io::ErrorKind::InvalidFilename)?;
        let mut head = Vec::new();
        File::open(self.root.join(path))?.take(MOST + 1).read_to_end(&mut head)?;
        Ok(head)
    }
}

/// So much is read of a file that nobody tracks; settings of agents are smaller by far.
const MOST: u64 = 16 << 20;

fn unreadable(path: &BStr, error: &std::io::Error) -> Problem {
    Problem {
        path: Some(path.to_owned()),
        kind: ProblemKind::Unreadable,
        detail: format!("could not read the file: {error}"),
        help: "make it readable, or leave it out".to_owned(),
    }
}

/// Whether some hook names leakgate: git's own, or the configuration of a manager of hooks.
fn unchecked(repository: &Repository, root: &Path) -> Option<Finding> {
    let names_us = |path: &Path| {
        let mut text = Vec::new();
        let is_file = fs::metadata(path).is_ok_and(|metadata| metadata.is_file());
        let opened = if is_file { File::open(path).ok() } else { None };
        opened.is_some_and(|file| file.take(1 << 20).read_to_end(&mut text).is_ok())
            && text.contains_str("leakgate")
    };
    let hooks = repository.hooks_dir().ok()?;
    let hook = hooks.join("pre-commit");
    // Of a folder, what it has for a commit.
    let configures_us = |name: String| {
        let path = root.join(name);
        names_us(&path) || names_us(&path.join("pre-commit"))
    };
    let managed = leakgate_hooks::managed_by(&hooks)
        .is_some_and(|manager| manager.configuration().into_iter().any(configures_us));
    let why = match (names_us(&hook), leakgate_hooks::is_executable(&hook)) {
        _ if managed => return None,
        (true, true) => return None,
        (true, false) => "the hook is not executable, so git passes over it",
        (false, _) => "pre-commit does not run leakgate",
    };
    let shown = hook.strip_prefix(root).unwrap_or(&hook);
    let shown = <[u8]>::from_path(shown).unwrap_or(b"pre-commit");
    Some(leakgate_modes::unchecked_commits(shown.as_bstr(), why))
}

fn configuration(repository: &Repository, around: &mut Around) {
    let settings = match repository.settings() {
        Ok(settings) => settings,
        Err(error) => {
            around.problems.push(Problem {
                path: None,
                kind: ProblemKind::Unreadable,
                detail: error.to_string(),
                help: "`git config --list` may tell more".to_owned(),
            });
            return;
        }
    };
    around.findings.extend(settings.iter().filter_map(|setting| {
        leakgate_modes::check_setting(&Setting {
            file: match setting.scope {
                ConfigScope::Repository => "--local",
                ConfigScope::User => "--global",
                ConfigScope::System => "--system",
            },
            section: &setting.section,
            subsection: setting.subsection.as_bstr(),
            key: &setting.key,
            value: setting.value.as_bstr(),
        })
    }));
}

/// Secrets in the names of branches and tags, and in the names of authors.
fn names(repository: &Repository, rules: &RuleSet, around: &mut Around) {
    let mut scratch = Scratch::default();
    let mut found = Vec::new();
    match repository.ref_names() {
        Ok(refs) => {
            for name in refs {
                found.extend(in_name(rules, &name, &name, "in the name of a ref", &mut scratch));
            }
        }
        Err(problem) => around.problems.push(problem),
    }
    match repository.identities() {
        Ok(identities) => {
            for (who, commit) in identities {
                let place = BString::from(format!("commit {commit}"));
                let why = "in the author or committer of a commit";
                found.extend(in_name(rules, &who, &place, why, &mut scratch));
            }
        }
        Err(problem) => around.problems.push(problem),
    }
    around.problems.dedup();
    around.findings.extend(found);
}

fn in_name(
    rules: &RuleSet,
    name: &BString,
    place: &BString,
    why: &'static str,
    scratch: &mut Scratch,
) -> Vec<Finding> {
    let found = rules.scan(b"", name, scratch);
    let mut seen = BTreeSet::new();
    found
        .into_iter()
        .filter(|finding| seen.insert(finding.secret.clone()))
        .map(|finding| Finding {
            path: place.clone(),
            place: None,
            excerpt: None,
            lines: None,
            reasons: [finding.reasons, vec![why.into()]].concat(),
            ..finding
        })
        .collect()
}
