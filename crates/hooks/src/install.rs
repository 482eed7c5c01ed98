//! Deciding what to do with each hook, then doing it.
//!
//! Everything is looked at before anything is written, so that a refusal changes nothing. A hook
//! of somebody else's first gets a second name and only then is replaced under its first one: an
//! interruption between the two leaves both, which the next run recognises.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::shim::{self, Author};
use crate::{Action, Change, Error, Event, Order, Site, atomic, managed_by};

/// Installs a hook for each of `events`, in git's order, keeping and chaining what is there.
///
/// May be repeated: what is as it should be is left alone, and what an interruption left half
/// done is finished.
///
/// # Errors
/// Before anything is written, when a tool manages the folder or a hook cannot be replaced safely;
/// while writing, when the operating system refuses, and then the hooks already done stay done.
pub fn install(site: &Site, events: &[Event]) -> Result<Vec<Change>, Error> {
    let folder = &site.hooks_dir;
    check_folder(folder)?;
    if let Some(manager) = managed_by(folder) {
        let (hooks_dir, events) = (folder.clone(), events.to_vec());
        return Err(Error::Managed { manager, hooks_dir, events, aside: put_aside(folder) });
    }
    let site = &Site { order: site.order.or_else(|| order_before(folder)), ..site.clone() };
    let plans = each_once(events)
        .map(|event| Installation::plan(site, event))
        .collect::<Result<Vec<_>, _>>()?;
    fs::create_dir_all(folder).map_err(written("create", folder, folder))?;
    plans.into_iter().map(|plan| plan.carry_out(folder)).collect()
}

/// The events that a hook of ours is there for, whether git would run it or not.
pub fn installed(folder: &Path) -> Vec<Event> {
    ours(folder).map(|(event, _)| event).collect()
}

/// Takes out the hooks that [`install`] wrote for `events`, and puts back what was there before.
///
/// # Errors
/// Before anything is changed, when a hook of ours was edited or it is not clear which hook to
/// keep; afterwards, when the operating system refuses.
pub fn uninstall(site: &Site, events: &[Event]) -> Result<Vec<Change>, Error> {
    let folder = &site.hooks_dir;
    check_folder(folder)?;
    let mut plans = Vec::new();
    for event in each_once(events) {
        let aside = ASIDE.map(|suffix| Hook::aside(site, event, suffix));
        let aside = aside.into_iter().filter(Hook::is_ours);
        let hooks: Vec<_> = [Hook::new(site, event)].into_iter().chain(aside).collect();
        // What was there before ours goes where ours is now.
        let heir = hooks.iter().position(Hook::is_ours).unwrap_or(0);
        for (at, hook) in hooks.into_iter().enumerate() {
            plans.push(if at == heir { Removal::plan(hook)? } else { Removal::of_one_more(hook)? });
        }
    }
    plans.into_iter().map(|plan| plan.carry_out(folder)).collect()
}

/// Hooks of ours that another tool has put aside, by their paths.
pub fn put_aside(folder: &Path) -> Vec<PathBuf> {
    let names = Event::ALL.iter().flat_map(|event| ASIDE.map(|suffix| format!("{event}{suffix}")));
    names.map(|name| folder.join(name)).filter(|path| is_ours(path)).collect()
}

/// What other tools add to the name of a hook that they find: pre-commit and prek run it beside
/// their own, lefthook does not.
const ASIDE: [&str; 2] = [".legacy", ".old"];

fn is_ours(path: &Path) -> bool {
    matches!(look_at(path), Ok(Found::Ours { .. }))
}

/// The hooks of ours that run leakgate, each with its text.
fn ours(folder: &Path) -> impl Iterator<Item = (Event, Vec<u8>)> {
    Event::ALL.into_iter().filter_map(|event| match look_at(&folder.join(event.name())) {
        Ok(Found::Ours { text, .. }) if shim::binary_of(&text).is_some() => Some((event, text)),
        _ => None,
    })
}

fn order_before(folder: &Path) -> Option<Order> {
    ours(folder).find_map(|(_, text)| shim::order_of(&text))
}

fn each_once(events: &[Event]) -> impl Iterator<Item = Event> {
    events.iter().copied().collect::<BTreeSet<_>>().into_iter()
}

/// The two files of one event.
struct Hook {
    event: Event,
    /// What git runs.
    path: PathBuf,
    /// What was there before ours.
    previous: PathBuf,
}

impl Hook {
    fn new(site: &Site, event: Event) -> Self {
        let file = |suffix| site.hooks_dir.join(format!("{event}{suffix}"));
        Self { event, path: file(""), previous: file(".leakgate-previous") }
    }

    /// Where another tool has put it.
    fn aside(site: &Site, event: Event, suffix: &str) -> Self {
        Self { path: site.hooks_dir.join(format!("{event}{suffix}")), ..Self::new(site, event) }
    }

    fn is_ours(&self) -> bool {
        is_ours(&self.path)
    }

    fn change(self, action: Action) -> Change {
        Change { event: self.event, hook: self.path, action }
    }

    /// Removes what interrupted writes of both files have left.
    fn sweep(&self, folder: &Path) -> Result<(), Error> {
        [&self.path, &self.previous].into_iter().try_for_each(|path| {
            atomic::sweep(path).map_err(written("clean up beside", path, folder))
        })
    }

    /// Returns true if and only if somebody else's hook has both names: an installation stopped
    /// half way.
    fn is_kept_already(&self) -> Result<bool, Error> {
        if !exists(&self.previous)? {
            return Ok(false);
        }
        if is_same(&self.path, &self.previous).map_err(Error::io("read", &self.path))? {
            return Ok(true);
        }
        Err(Error::TwoHooks { hook: self.path.clone(), kept: self.previous.clone() })
    }
}

/// One hook to be installed.
struct Installation {
    hook: Hook,
    text: Vec<u8>,
    step: InstallStep,
}

enum InstallStep {
    Nothing,
    Write(Action),
    KeepAndWrite,
}

impl Installation {
    fn plan(site: &Site, event: Event) -> Result<Self, Error> {
        let hook = Hook::new(site, event);
        let text = shim::render(event, site)?;
        let chained = || Action::Chained { existing: hook.previous.clone() };
        let step = match look_at(&hook.path)? {
            Found::Nothing if exists(&hook.previous)? => InstallStep::Write(chained()),
            Found::Nothing => InstallStep::Write(Action::Installed),
            Found::Ours { text: same, executable: true } if same == text => InstallStep::Nothing,
            Found::Ours { .. } => InstallStep::Write(Action::Updated),
            Found::SomebodyElses if hook.is_kept_already()? => InstallStep::Write(chained()),
            Found::SomebodyElses => InstallStep::KeepAndWrite,
        };
        Ok(Self { hook, text, step })
    }

    fn carry_out(self, folder: &Path) -> Result<Change, Error> {
        let Self { hook, text, step } = self;
        hook.sweep(folder)?;
        let action = match step {
            InstallStep::Nothing => return Ok(hook.change(Action::AlreadyInstalled)),
            InstallStep::Write(action) => action,
            InstallStep::KeepAndWrite => {
                atomic::keep(&hook.path, &hook.previous)
                    .map_err(written("keep", &hook.path, folder))?;
                Action::Chained { existing: hook.previous.clone() }
            }
        };
        atomic::write_executable(&hook.path, &text)
            .map_err(written("write", &hook.path, folder))?;
        Ok(hook.change(action))
    }
}

/// One hook to be taken out.
struct Removal {
    hook: Hook,
    step: RemovalStep,
}

enum RemovalStep {
    Nothing,
    Remove,
    Restore,
    /// Somebody else's hook is in its place; drop its second name.
    ForgetKept,
}

impl Removal {
    fn plan(hook: Hook) -> Result<Self, Error> {
        let step = match look_at(&hook.path)? {
            Found::Nothing | Found::Ours { .. } if exists(&hook.previous)? => RemovalStep::Restore,
            Found::Nothing => RemovalStep::Nothing,
            Found::Ours { .. } => RemovalStep::Remove,
            Found::SomebodyElses if hook.is_kept_already()? => RemovalStep::ForgetKept,
            Found::SomebodyElses => RemovalStep::Nothing,
        };
        Ok(Self { hook, step })
    }

    /// Of one event, what is beside the hook that the one before ours goes to.
    fn of_one_more(hook: Hook) -> Result<Self, Error> {
        let step = match look_at(&hook.path)? {
            Found::Ours { .. } => RemovalStep::Remove,
            Found::Nothing | Found::SomebodyElses => RemovalStep::Nothing,
        };
        Ok(Self { hook, step })
    }

    fn carry_out(self, folder: &Path) -> Result<Change, Error> {
        let Self { hook, step } = self;
        if folder.exists() {
            hook.sweep(folder)?;
        }
        let (done, action) = match step {
            RemovalStep::Nothing => (Ok(()), Action::NotInstalled),
            RemovalStep::Remove => (fs::remove_file(&hook.path), Action::Removed),
            RemovalStep::Restore => (atomic::rename(&hook.previous, &hook.path), Action::Restored),
            RemovalStep::ForgetKept => (fs::remove_file(&hook.previous), Action::Restored),
        };
        done.map_err(written("remove", &hook.path, folder))?;
        Ok(hook.change(action))
    }
}

/// What there is under a hook's name, when it is something that may be replaced.
pub(crate) enum Found {
    Nothing,
    Ours { text: Vec<u8>, executable: bool },
    SomebodyElses,
}

/// Longer than any shim; a hook of somebody else's may be a program of many megabytes.
const LONGEST_SHIM: u64 = 64 * 1024;

pub(crate) fn look_at(path: &Path) -> Result<Found, Error> {
    let failed = |error| Error::io("read", path)(error);
    if !exists(path)? {
        return Ok(Found::Nothing);
    }
    let link = path.symlink_metadata().map_err(failed)?.is_symlink();
    let target = match path.metadata() {
        // A link to nowhere, which git passes over.
        Err(error) if link && error.kind() == io::ErrorKind::NotFound => {
            return Ok(Found::SomebodyElses);
        }
        target => target.map_err(failed)?,
    };
    if !target.is_file() {
        return Err(Error::NotAFile(path.to_owned()));
    }
    let text = read_start(path).map_err(failed)?;
    match shim::author(&text) {
        Author::SomebodyElse => Ok(Found::SomebodyElses),
        _ if link => Err(Error::LinkToShim(path.to_owned())),
        Author::Leakgate => Ok(Found::Ours { text, executable: is_executable(path) }),
        Author::LeakgateEdited => Err(Error::Edited(path.to_owned())),
    }
}

pub(crate) fn read_start(path: &Path) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    File::open(path)?.take(LONGEST_SHIM).read_to_end(&mut text)?;
    Ok(text)
}

/// Returns true if and only if there is anything under this name, a dangling link included.
fn exists(path: &Path) -> Result<bool, Error> {
    match path.symlink_metadata() {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(Error::io("look at", path)(error)),
    }
}

/// Returns true if and only if losing either would lose nothing.
fn is_same(one: &Path, other: &Path) -> io::Result<bool> {
    let (a, b) = (one.symlink_metadata()?, other.symlink_metadata()?);
    if a.is_symlink() && b.is_symlink() {
        return Ok(fs::read_link(one)? == fs::read_link(other)?);
    }
    let alike = a.is_file() && b.is_file() && a.len() == b.len();
    Ok(alike && a.permissions() == b.permissions() && fs::read(one)? == fs::read(other)?)
}

fn check_folder(folder: &Path) -> Result<(), Error> {
    if folder == Path::new("/dev/null") {
        return Err(Error::SwitchedOff(folder.to_owned()));
    }
    match folder.metadata() {
        Ok(found) if found.is_dir() => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) if error.kind() != io::ErrorKind::NotADirectory => {
            Err(Error::io("look at", folder)(error))
        }
        _ => Err(Error::NotAFolder(folder.to_owned())),
    }
}

/// The error for something that was to be written at `path` in the hooks folder.
pub(crate) fn written<'a>(
    attempt: &'static str,
    path: &'a Path,
    folder: &'a Path,
) -> impl FnOnce(io::Error) -> Error + 'a {
    move |cause| match cause.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            Error::NotWritable { hooks_dir: folder.to_owned(), cause }
        }
        _ => Error::io(attempt, path)(cause),
    }
}

/// Returns true if and only if git would run this file, which asks whether it may.
#[cfg(unix)]
pub fn is_executable(file: &Path) -> bool {
    rustix::fs::access(file, rustix::fs::Access::EXEC_OK).is_ok()
}

/// Here git does not look at any such bit.
#[cfg(not(unix))]
pub fn is_executable(_file: &Path) -> bool {
    true
}
