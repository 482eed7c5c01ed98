//! What `install` and `uninstall` make of a folder, file by file.
#![cfg(unix)]

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use leakgate_hooks::{Action, Error, Event, Manager, Site, install, uninstall};
use tempfile::TempDir;

const BOTH: [Event; 2] = [Event::PreCommit, Event::PreMergeCommit];
const ENDS_EARLY: &str = "#!/bin/sh\nmake check\nexit 0\n";
const PYTHON: &str = "#!/usr/bin/env python3\nimport sys\nsys.exit(0)\n";

/// A repository's hooks folder beside other things.
struct Repository {
    folder: TempDir,
    site: Site,
}

/// Every name in a folder, with its mode and its bytes or its target.
type Snapshot = BTreeMap<OsString, (u32, Vec<u8>)>;

impl Repository {
    fn new() -> Self {
        let folder = TempDir::new().expect("a folder");
        let hooks_dir = folder.path().join("hooks");
        fs::create_dir(&hooks_dir).expect("a folder");
        fs::write(hooks_dir.join("pre-commit.sample"), "#!/bin/sh\n").expect("a file");
        let site = Site::new(hooks_dir, "/opt/leakgate/bin/leakgate");
        Self { folder, site }
    }

    fn hook(&self, name: &str) -> PathBuf {
        self.site.hooks_dir.join(name)
    }

    fn write(&self, name: &str, text: &str, mode: u32) {
        fs::write(self.hook(name), text).expect("a hook");
        set_mode(&self.hook(name), mode);
    }

    fn install(&self) -> Vec<Action> {
        let changes = install(&self.site, &BOTH).expect("hooks can be installed");
        changes.into_iter().map(|change| change.action).collect()
    }

    fn uninstall(&self) -> Vec<Action> {
        let changes = uninstall(&self.site, &BOTH).expect("hooks can be uninstalled");
        changes.into_iter().map(|change| change.action).collect()
    }

    fn snapshot(&self) -> Snapshot {
        let entries = fs::read_dir(&self.site.hooks_dir).expect("a folder");
        entries
            .map(|entry| {
                let entry = entry.expect("an entry");
                let meta = entry.metadata().expect("a mode");
                let content = if meta.is_symlink() {
                    fs::read_link(entry.path())
                        .expect("a target")
                        .into_os_string()
                        .into_encoded_bytes()
                } else if meta.is_file() {
                    fs::read(entry.path()).expect("a text")
                } else {
                    Vec::new()
                };
                (entry.file_name(), (meta.permissions().mode(), content))
            })
            .collect()
    }

    /// Asserts that neither command does anything, and gives install's reason.
    #[track_caller]
    fn refuses_both(&self) -> String {
        let before = self.snapshot();
        let reason = install(&self.site, &BOTH).expect_err("install refuses").to_string();
        uninstall(&self.site, &BOTH).expect_err("uninstall refuses");
        assert_eq!(self.snapshot(), before);
        reason
    }
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a mode");
}

fn mode(path: &Path) -> u32 {
    path.symlink_metadata().expect("a file").permissions().mode() & 0o7777
}

#[test]
fn a_fresh_folder() {
    let repository = Repository::new();
    let before = repository.snapshot();
    assert_eq!(repository.install(), [Action::Installed, Action::Installed]);
    assert_eq!(mode(&repository.hook("pre-commit")), 0o755);
    let installed = repository.snapshot();
    assert_eq!(installed.len(), before.len() + 2);

    assert_eq!(repository.install(), [Action::AlreadyInstalled, Action::AlreadyInstalled]);
    assert_eq!(repository.snapshot(), installed);

    assert_eq!(repository.uninstall(), [Action::Removed, Action::Removed]);
    assert_eq!(repository.snapshot(), before);
    assert_eq!(repository.uninstall(), [Action::NotInstalled, Action::NotInstalled]);
}

#[test]
fn a_folder_that_is_not_there_is_made() {
    let mut repository = Repository::new();
    repository.site.hooks_dir = repository.folder.path().join("no/hooks yet");
    assert_eq!(repository.uninstall(), [Action::NotInstalled, Action::NotInstalled]);
    assert!(!repository.site.hooks_dir.exists());
    assert_eq!(repository.install(), [Action::Installed, Action::Installed]);
    assert_eq!(repository.uninstall(), [Action::Removed, Action::Removed]);
}

#[test]
fn another_hook_is_kept_as_it_is_and_comes_back() {
    for (text, mode) in
        [(ENDS_EARLY, 0o755), (PYTHON, 0o700), (ENDS_EARLY, 0o444), ("", 0o755), ("\r\n\0", 0o6775)]
    {
        let repository = Repository::new();
        repository.write("pre-commit", text, mode);
        let before = repository.snapshot();
        let kept = repository.hook("pre-commit.leakgate-previous");
        let chained = Action::Chained { existing: kept.clone() };
        assert_eq!(repository.install(), [chained, Action::Installed]);
        assert_eq!(fs::read(&kept).expect("a text"), text.as_bytes());
        assert_eq!(self::mode(&kept), mode);

        assert_eq!(repository.install(), [Action::AlreadyInstalled, Action::AlreadyInstalled]);
        assert_eq!(repository.uninstall(), [Action::Restored, Action::Removed]);
        assert_eq!(repository.snapshot(), before);
    }
}

#[test]
fn a_linked_hook_is_kept_as_a_link() {
    for target in ["../check", "nowhere"] {
        let repository = Repository::new();
        let check = repository.folder.path().join("check");
        fs::write(&check, ENDS_EARLY).expect("a file");
        symlink(target, repository.hook("pre-commit")).expect("a link");
        let before = repository.snapshot();
        repository.install();
        let kept = repository.hook("pre-commit.leakgate-previous");
        assert_eq!(fs::read_link(kept).expect("a link"), Path::new(target));
        assert_eq!(fs::read_to_string(&check).expect("a text"), ENDS_EARLY);
        repository.uninstall();
        assert_eq!(repository.snapshot(), before);
    }
}

#[test]
fn a_shim_that_is_not_as_it_should_be_is_written_anew() {
    let repository = Repository::new();
    repository.install();
    let right = repository.snapshot();

    set_mode(&repository.hook("pre-commit"), 0o644);
    assert_eq!(repository.install(), [Action::Updated, Action::AlreadyInstalled]);
    assert_eq!(repository.snapshot(), right);

    let elsewhere = Site { binary: "/elsewhere/leakgate".into(), ..repository.site.clone() };
    install(&elsewhere, &[Event::PreCommit]).expect("it can be installed");
    assert_ne!(repository.snapshot(), right);
    assert_eq!(repository.install(), [Action::Updated, Action::AlreadyInstalled]);
    assert_eq!(repository.snapshot(), right);
}

#[test]
fn an_update_leaves_the_kept_hook_alone() {
    let repository = Repository::new();
    repository.write("pre-commit", ENDS_EARLY, 0o755);
    let before = repository.snapshot();
    repository.install();
    set_mode(&repository.hook("pre-commit"), 0o644);
    assert_eq!(repository.install(), [Action::Updated, Action::AlreadyInstalled]);
    repository.uninstall();
    assert_eq!(repository.snapshot(), before);
}

#[test]
fn an_edited_shim_is_not_touched() {
    let repository = Repository::new();
    repository.install();
    let hook = repository.hook("pre-merge-commit");
    let text = fs::read_to_string(&hook).expect("a text");
    fs::write(&hook, text + "echo mine\n").expect("an edit");
    assert!(repository.refuses_both().contains("it was edited since"));
}

#[test]
fn two_hooks_of_others_are_not_touched() {
    let repository = Repository::new();
    repository.write("pre-commit", ENDS_EARLY, 0o755);
    repository.install();
    fs::remove_file(repository.hook("pre-commit")).expect("it can be removed");
    repository.write("pre-commit", PYTHON, 0o755);
    assert!(repository.refuses_both().contains("cannot tell which hook to keep"));
}

#[test]
fn an_installation_that_stopped_half_way_is_finished() {
    for keep in [fs::hard_link::<PathBuf, PathBuf>, |from, to| fs::copy(from, to).map(drop)] {
        let repository = Repository::new();
        repository.write("pre-commit", ENDS_EARLY, 0o755);
        repository.write("pre-commit.leakgate-new-123", "#!/bi", 0o644);
        repository.write("pre-commit.leakgate-previous.leakgate-new-123", "", 0o644);
        let kept = repository.hook("pre-commit.leakgate-previous");
        keep(repository.hook("pre-commit"), kept.clone()).expect("a second name");
        assert_eq!(repository.install()[0], Action::Chained { existing: kept });
        assert_eq!(repository.uninstall(), [Action::Restored, Action::Removed]);
        assert_eq!(repository.snapshot().len(), 2);
        assert_eq!(fs::read(repository.hook("pre-commit")).expect("a text"), ENDS_EARLY.as_bytes());
    }
}

#[test]
fn an_installation_that_stopped_half_way_is_undone() {
    for link in [false, true] {
        let repository = Repository::new();
        let hook = repository.hook("pre-commit");
        let kept = repository.hook("pre-commit.leakgate-previous");
        if link {
            symlink("../check", &hook).expect("a link");
            symlink("../check", &kept).expect("a link");
        } else {
            repository.write("pre-commit", ENDS_EARLY, 0o755);
            fs::hard_link(&hook, &kept).expect("a second name");
        }
        assert_eq!(repository.uninstall(), [Action::Restored, Action::NotInstalled]);
        assert!(hook.symlink_metadata().is_ok());
        assert!(kept.symlink_metadata().is_err());
    }
}

#[test]
fn a_shim_that_was_deleted_leaves_the_kept_hook_in_reach() {
    let repository = Repository::new();
    repository.write("pre-commit", ENDS_EARLY, 0o755);
    let before = repository.snapshot();
    repository.install();
    fs::remove_file(repository.hook("pre-commit")).expect("it can be removed");
    let existing = repository.hook("pre-commit.leakgate-previous");
    assert_eq!(repository.install()[0], Action::Chained { existing });
    fs::remove_file(repository.hook("pre-commit")).expect("it can be removed");
    assert_eq!(repository.uninstall(), [Action::Restored, Action::Removed]);
    assert_eq!(repository.snapshot(), before);
}

#[test]
fn a_hook_of_somebody_elses_is_not_uninstalled() {
    let repository = Repository::new();
    repository.write("pre-commit", ENDS_EARLY, 0o755);
    let before = repository.snapshot();
    assert_eq!(repository.uninstall(), [Action::NotInstalled, Action::NotInstalled]);
    assert_eq!(repository.snapshot(), before);
}

#[test]
fn a_link_to_a_shim_is_not_touched() {
    let repository = Repository::new();
    repository.install();
    fs::rename(repository.hook("pre-commit"), repository.folder.path().join("shared"))
        .expect("a rename");
    symlink("../shared", repository.hook("pre-commit")).expect("a link");
    assert!(repository.refuses_both().contains("symbolic link to a leakgate hook"));
}

#[test]
fn what_is_not_a_file_is_not_touched() {
    let repository = Repository::new();
    fs::create_dir(repository.hook("pre-merge-commit")).expect("a folder");
    assert!(repository.refuses_both().contains("it is not a file"));

    let repository = Repository::new();
    let _socket = UnixListener::bind(repository.hook("pre-commit")).expect("a socket");
    assert!(repository.refuses_both().contains("it is not a file"));
}

#[test]
fn a_folder_that_a_tool_manages_is_not_touched() {
    let repository = Repository::new();
    repository.write("pre-push", "#!/bin/sh\ncall_lefthook() {\n", 0o755);
    let before = repository.snapshot();
    let error = install(&repository.site, &BOTH).expect_err("install refuses");
    assert!(matches!(error, Error::Managed { manager: Manager::Lefthook, .. }));
    assert!(error.to_string().contains("lefthook.yml"), "{error}");
    assert_eq!(repository.snapshot(), before);
    assert_eq!(repository.uninstall(), [Action::NotInstalled, Action::NotInstalled]);
}

#[test]
fn huskys_folder_is_not_even_made() {
    let mut repository = Repository::new();
    repository.site.hooks_dir = repository.folder.path().join(".husky/_");
    let error = install(&repository.site, &BOTH).expect_err("install refuses").to_string();
    assert!(error.contains(".husky/pre-commit: leakgate hook pre-commit\n"), "{error}");
    assert!(!repository.folder.path().join(".husky").exists());
}

#[test]
fn what_is_not_a_folder_is_refused() {
    let mut repository = Repository::new();
    for (folder, reason) in [
        (PathBuf::from("/dev/null"), "switches all hooks off"),
        (repository.hook("pre-commit.sample"), "it is not a folder"),
        (repository.hook("pre-commit.sample").join("hooks"), "it is not a folder"),
    ] {
        repository.site.hooks_dir = folder;
        let error = install(&repository.site, &BOTH).expect_err("install refuses");
        assert!(error.to_string().contains(reason), "{error}");
        uninstall(&repository.site, &BOTH).expect_err("uninstall refuses");
    }
}

#[test]
fn a_folder_that_may_not_be_written_is_named() {
    let repository = Repository::new();
    repository.write("pre-commit", ENDS_EARLY, 0o755);
    set_mode(&repository.site.hooks_dir, 0o555);
    // Root may write everywhere.
    if fs::write(repository.hook("probe"), "").is_err() {
        let before = repository.snapshot();
        let error = install(&repository.site, &BOTH).expect_err("install refuses");
        assert!(matches!(error, Error::NotWritable { .. }), "{error}");
        assert!(error.to_string().contains("hooks; ") || error.to_string().contains("hooks: "));
        assert_eq!(repository.snapshot(), before);
    }
    set_mode(&repository.site.hooks_dir, 0o755);
}

#[test]
fn a_refusal_for_one_event_changes_nothing_for_another() {
    let repository = Repository::new();
    repository.write("pre-commit", ENDS_EARLY, 0o755);
    fs::create_dir(repository.hook("pre-merge-commit")).expect("a folder");
    let before = repository.snapshot();
    install(&repository.site, &BOTH).expect_err("install refuses");
    assert_eq!(repository.snapshot(), before);
}

#[test]
fn only_the_events_asked_for_each_once() {
    let repository = Repository::new();
    let twice = [Event::PreMergeCommit, Event::PreMergeCommit];
    let changes = install(&repository.site, &twice).expect("it can be installed");
    assert_eq!(changes.len(), 1);
    assert_eq!(changes[0].hook, repository.hook("pre-merge-commit"));
    assert!(!repository.hook("pre-commit").exists());
}

#[test]
fn a_binary_that_cannot_stand_in_a_hook_is_refused() {
    let mut repository = Repository::new();
    let before = repository.snapshot();
    for binary in ["/a\nb/leakgate", "leakgate", "./leakgate"] {
        repository.site.binary = binary.into();
        let error = install(&repository.site, &BOTH).expect_err("install refuses");
        assert!(matches!(error, Error::Binary { .. }), "{error}");
        assert!(!error.to_string().contains('\n'));
    }
    assert_eq!(repository.snapshot(), before);
    repository.site.binary = OsStr::from_bytes(b"/opt/\xff/leakgate").into();
    assert_eq!(repository.install(), [Action::Installed, Action::Installed]);
}
