//! Puts leakgate into a repository's hooks, and takes it out again.
//!
//! A hook that is there already is somebody's work: it is kept under another name, run after ours
//! and put back on [`uninstall`], never edited. At every moment the folder holds either the hook
//! it held before or the whole new one, so that an interruption loses nothing.
//!
//! This crate knows no git: the caller finds the folder that git reads hooks from.

mod atomic;
mod error;
mod every;
mod install;
mod manager;
mod shim;
mod state;

use std::fmt;
use std::path::PathBuf;

pub use error::Error;
pub use every::{forward_others, remove_forwards};
pub use install::{install, installed, is_executable, put_aside, uninstall};
pub use manager::{Manager, managed_by};
pub use state::{State, state};

use error::Shown;

/// A moment at which git runs a hook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Event {
    /// Before `git commit` makes a commit.
    PreCommit,
    /// Before `git merge` makes a commit without having met a conflict.
    PreMergeCommit,
    /// Before a message is edited; also where no other hook runs: `--no-verify`, a cherry-pick, a
    /// revert, a rebase.
    PrepareCommitMsg,
    /// After a message was edited.
    CommitMsg,
    /// After `git am` has read a message.
    ApplypatchMsg,
    /// After `git am` has applied a patch, before it commits.
    PreApplypatch,
    /// Before anything is sent to another repository. Refs are given on standard input.
    PrePush,
    /// Before a server takes a push. Refs are given on standard input.
    PreReceive,
    /// Before a server changes one ref.
    Update,
    /// Before any ref changes in any way. Refs are given on standard input.
    ReferenceTransaction,
    /// After another commit was checked out, or single files.
    PostCheckout,
    /// After a merge, one that only moves a branch included.
    PostMerge,
}

impl Event {
    /// Every event that leakgate has a hook for.
    pub const ALL: [Self; 12] = [
        Self::PreCommit,
        Self::PreMergeCommit,
        Self::PrepareCommitMsg,
        Self::CommitMsg,
        Self::ApplypatchMsg,
        Self::PreApplypatch,
        Self::PrePush,
        Self::PreReceive,
        Self::Update,
        Self::ReferenceTransaction,
        Self::PostCheckout,
        Self::PostMerge,
    ];

    /// What is installed unless the user asks for something else.
    pub const DEFAULT: [Self; 6] = [
        Self::PreCommit,
        Self::PreMergeCommit,
        Self::CommitMsg,
        Self::ApplypatchMsg,
        Self::PreApplypatch,
        Self::PrePush,
    ];

    /// What `--strict` adds: where git runs hardly any other hook.
    pub const STRICT: [Self; 2] = [Self::PrepareCommitMsg, Self::ReferenceTransaction];

    /// Git's name for the event, which is the name of the hook's file.
    pub fn name(self) -> &'static str {
        match self {
            Self::PreCommit => "pre-commit",
            Self::PreMergeCommit => "pre-merge-commit",
            Self::PrepareCommitMsg => "prepare-commit-msg",
            Self::CommitMsg => "commit-msg",
            Self::ApplypatchMsg => "applypatch-msg",
            Self::PreApplypatch => "pre-applypatch",
            Self::PrePush => "pre-push",
            Self::PreReceive => "pre-receive",
            Self::Update => "update",
            Self::ReferenceTransaction => "reference-transaction",
            Self::PostCheckout => "post-checkout",
            Self::PostMerge => "post-merge",
        }
    }

    /// Whether the hook's exit status can stop anything.
    pub fn can_stop(self) -> bool {
        !matches!(self, Self::PostCheckout | Self::PostMerge)
    }

    /// Whether git names the file of a commit's message to the hook.
    pub fn has_message(self) -> bool {
        matches!(self, Self::PrepareCommitMsg | Self::CommitMsg | Self::ApplypatchMsg)
    }

    /// Whether git runs the hook on the side that receives a push.
    pub fn is_of_server(self) -> bool {
        matches!(self, Self::PreReceive | Self::Update)
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Where hooks are installed, and what they run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// The folder that git reads hooks from in this repository. Made if it is not there.
    pub hooks_dir: PathBuf,
    /// The absolute path of the leakgate binary.
    pub binary: PathBuf,
    /// When leakgate runs, where there is another hook. `None` is as it was installed before, and
    /// [`Order::First`] where it was not.
    pub order: Option<Order>,
    /// Whose hooks the folder holds.
    pub reach: Reach,
}

impl Site {
    /// A repository's folder, with the order that was installed before.
    pub fn new(hooks_dir: impl Into<PathBuf>, binary: impl Into<PathBuf>) -> Self {
        let (hooks_dir, binary) = (hooks_dir.into(), binary.into());
        Self { hooks_dir, binary, order: None, reach: Reach::Repository }
    }
}

/// When leakgate runs, where there is another hook. The one that fails ends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Before the other hook.
    First,
    /// After it, so that what it changes is scanned too.
    Last,
}

/// Whose hooks a folder holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Those of one repository, or of whoever shares the folder.
    Repository,
    /// Those of every repository, whose own folders git then passes over: they are looked into.
    EveryRepository,
}

/// What was done for one event. `Display` says it in one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The event.
    pub event: Event,
    /// The path of the event's hook.
    pub hook: PathBuf,
    /// What was done to it.
    pub action: Action,
}

/// What was done to a hook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// There was no hook; ours was written.
    Installed,
    /// Ours was there as it should be; nothing was written.
    AlreadyInstalled,
    /// Ours was there for another binary, of another version or not executable; written anew.
    Updated,
    /// Another hook was there; ours was written and runs it afterwards.
    Chained {
        /// Where the other hook is now.
        existing: PathBuf,
    },
    /// Ours was removed; now there is no hook.
    Removed,
    /// The hook that was there before ours is back in its place.
    Restored,
    /// Ours was not there; nothing was done.
    NotInstalled,
}

/// What was done, in few lines: one for all hooks of which the same is to be said. Nothing, where
/// nothing was done.
pub fn told(changes: &[Change]) -> Vec<String> {
    let mut lines: Vec<(Option<&'static str>, String)> = Vec::new();
    for change in changes.iter().filter(|change| change.action != Action::NotInstalled) {
        let folder = Shown(change.hook.parent().unwrap_or(&change.hook));
        let name = Shown(change.hook.file_name().unwrap_or_default().as_ref()).to_string();
        let done = match change.action {
            Action::Installed => Some("installed in"),
            Action::AlreadyInstalled => Some("already installed in"),
            Action::Updated => Some("updated in"),
            Action::Removed => Some("removed from"),
            Action::Chained { .. } | Action::Restored | Action::NotInstalled => None,
        };
        match (lines.iter_mut().find(|(other, _)| done.is_some() && *other == done), done) {
            (Some((_, line)), _) => line.push_str(&format!(", {name}")),
            (None, Some(done)) => lines.push((Some(done), format!("{done} {folder}: {name}"))),
            (None, None) => lines.push((None, change.to_string())),
        }
    }
    lines.into_iter().map(|(_, line)| line).collect()
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hook = Shown(&self.hook);
        match &self.action {
            Action::Installed => write!(f, "{}: installed {hook}", self.event),
            Action::AlreadyInstalled => write!(f, "{}: already installed {hook}", self.event),
            Action::Updated => write!(f, "{}: updated {hook}", self.event),
            Action::Chained { existing } => write!(
                f,
                "{}: installed {hook}; it then runs the hook that was there, now {}",
                self.event,
                Shown(existing)
            ),
            Action::Removed => write!(f, "{}: removed {hook}", self.event),
            Action::Restored => {
                write!(f, "{}: put back the hook that was there before, {hook}", self.event)
            }
            Action::NotInstalled => write!(f, "{}: not installed, {hook}", self.event),
        }
    }
}
