//! `leakgate install` and `leakgate uninstall`: choosing where and for which events.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};
use bstr::ByteSlice as _;
use leakgate_git::HooksPath;
use leakgate_hooks::{Change, Event, Manager, Order, Reach, Site};

use crate::args::{InstallArgs, OrderArg, UninstallArgs};
use crate::exit::Exit;
use crate::{git, note, run, terminal};

/// `leakgate install`.
pub(crate) fn install(args: &InstallArgs) -> anyhow::Result<Exit> {
    match everywhere(args.global, args.system) {
        Some(scope) => scope.install(args),
        None => install_here(args),
    }
}

/// `leakgate uninstall`.
pub(crate) fn uninstall(args: &UninstallArgs) -> anyhow::Result<Exit> {
    match everywhere(args.global, args.system) {
        Some(scope) => scope.uninstall(),
        None => uninstall_here(),
    }
}

/// What is to be installed: what was asked for, and what is there already.
fn events(args: &InstallArgs, already: &[Event]) -> Vec<Event> {
    if args.server {
        return vec![Event::PreReceive];
    }
    let mut events = Event::DEFAULT.to_vec();
    if args.strict {
        events.extend(Event::STRICT);
    }
    if args.on_checkout {
        events.extend(ON_CHECKOUT);
    }
    let kept = already.iter().filter(|event| !event.is_of_server() && !events.contains(event));
    let kept: Vec<_> = kept.copied().collect();
    events.extend(kept);
    events
}

const ON_CHECKOUT: [Event; 2] = [Event::PostCheckout, Event::PostMerge];

/// How it stands now, where that is not what the options say by themselves.
fn standing(args: &InstallArgs, events: &[Event], uninstall: &str) -> Vec<String> {
    let has = |some: &[Event]| some.iter().any(|event| events.contains(event));
    let mut kept = Vec::new();
    if has(&Event::STRICT) && !args.strict {
        kept.push("--strict");
    }
    if has(&ON_CHECKOUT) && !args.on_checkout {
        kept.push("--on-checkout");
    }
    let mut lines = Vec::new();
    if !kept.is_empty() {
        lines.push(format!(
            "as before, with {}; to go back: `{uninstall}`, then install again",
            kept.join(" and ")
        ));
    }
    if !args.server && !has(&Event::STRICT) {
        lines.push(
            "commits made with --no-verify are stopped when they are pushed; with --strict, when \
             they are made"
                .to_owned(),
        );
    }
    lines
}

fn install_here(args: &InstallArgs) -> anyhow::Result<Exit> {
    let repository = run::repository()?;
    let bare = repository.work_tree().is_none();
    if bare && !args.server {
        bail!(
            "cannot guard commits in {}: it is bare, and nothing is committed there; \
             `leakgate install --server` guards what is pushed to it",
            repository.git_dir().display()
        );
    }
    let hooks_dir = repository.hooks_dir()?;
    if let Some(scope) = Scope::of(&hooks_dir) {
        bail!(
            "leakgate is installed for every repository already: core.hooksPath is {}; \
             `leakgate install {}` changes what runs there",
            hooks_dir.display(),
            scope.option()
        );
    }
    let events = events(args, &leakgate_hooks::installed(&hooks_dir));
    let site = Site { order: args.order.map(order), ..Site::new(hooks_dir, binary()?) };
    let changes = leakgate_hooks::install(&site, &events)?;
    if args.strict {
        let folder = note::folder(&repository);
        fs::create_dir_all(&folder)
            .with_context(|| format!("could not make the folder {}", folder.display()))?;
    }
    let mut lines = lines(&changes);
    if repository.hooks_path()? == HooksPath::Shared {
        lines.push(format!(
            "note: core.hooksPath is set for every repository, so these hooks run in all of them: {}",
            site.hooks_dir.display()
        ));
    }
    lines.extend(standing(args, &events, "leakgate uninstall"));
    lines.extend(repository.work_tree().and_then(|root| about_framework(&root)));
    terminal::say(lines)?;
    Ok(Exit::Clean)
}

/// The framework, once it is installed, would put our hooks aside and run them beside its own.
fn about_framework(root: &Path) -> Option<String> {
    let mut files = Manager::PreCommit.configuration().into_iter();
    let file = files.find(|file| root.join(file).is_file())?;
    Some(format!(
        "note: {file} is here; before `pre-commit install`, run `leakgate uninstall`: after it, \
         `leakgate install` prints the lines that make pre-commit run leakgate"
    ))
}

fn uninstall_here() -> anyhow::Result<Exit> {
    let repository = run::repository()?;
    let site = Site::new(repository.hooks_dir()?, binary()?);
    if let Some(scope) = Scope::of(&site.hooks_dir) {
        bail!(
            "leakgate is installed for every repository; `leakgate uninstall {}` takes it out",
            scope.option()
        );
    }
    let changes = leakgate_hooks::uninstall(&site, &Event::ALL)?;
    let notes = note::folder(&repository);
    if notes.is_dir() && !notes.is_symlink() {
        fs::remove_file(notes.join("scanned")).ok();
        fs::remove_dir(&notes).ok();
    }
    terminal::say(lines(&changes))?;
    Ok(Exit::Clean)
}

/// What was done, or that there was nothing to do.
fn lines(changes: &[Change]) -> Vec<String> {
    let done = leakgate_hooks::told(changes);
    if done.is_empty() { vec!["leakgate was not installed here".to_owned()] } else { done }
}

fn order(order: OrderArg) -> Order {
    match order {
        OrderArg::First => Order::First,
        OrderArg::Last => Order::Last,
    }
}

fn binary() -> anyhow::Result<PathBuf> {
    env::current_exe().context("could not find out where leakgate itself is")
}

fn everywhere(global: bool, system: bool) -> Option<Scope> {
    match (global, system) {
        (true, _) => Some(Scope::Global),
        (_, true) => Some(Scope::System),
        _ => None,
    }
}

/// Whose repositories are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// The user's.
    Global,
    /// Those of everybody on this machine.
    System,
}

impl Scope {
    const ALL: [Self; 2] = [Self::Global, Self::System];

    /// Whose repositories this folder of hooks is for, if leakgate made it for many.
    pub(crate) fn of(hooks_dir: &Path) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.folder().is_ok_and(|own| own == hooks_dir))
    }

    /// The option that names it.
    pub(crate) fn option(self) -> &'static str {
        match self {
            Self::Global => "--global",
            Self::System => "--system",
        }
    }

    /// The folder of hooks that leakgate makes for this scope.
    pub(crate) fn folder(self) -> anyhow::Result<PathBuf> {
        let set = |name| env::var_os(name).filter(|path| !path.is_empty()).map(PathBuf::from);
        let configuration = match self {
            Self::Global => set("XDG_CONFIG_HOME")
                .or_else(|| Some(set("HOME").or_else(|| set("USERPROFILE"))?.join(".config")))
                .context("could not find the home folder: HOME is not set")?,
            Self::System => match set("GIT_CONFIG_SYSTEM") {
                Some(file) => file.parent().map(Path::to_owned).unwrap_or_default(),
                None => PathBuf::from("/etc"),
            },
        };
        let folder = configuration.join("leakgate").join("hooks");
        std::path::absolute(&folder).with_context(|| format!("could not use {}", folder.display()))
    }

    fn install(self, args: &InstallArgs) -> anyhow::Result<Exit> {
        if has_configured_hooks()? {
            return self.install_configured(args);
        }
        let own = self.folder()?;
        let configured = self.get("core.hooksPath")?;
        let (folder, reach) = match configured {
            Some(path) if Path::new(&path) != own => (PathBuf::from(path), Reach::Repository),
            _ => (own, Reach::EveryRepository),
        };
        let events = events(args, &leakgate_hooks::installed(&folder));
        let order = args.order.map(order);
        let site = Site { order, reach, ..Site::new(&folder, binary()?) };
        let changes = leakgate_hooks::install(&site, &events)?;
        if reach == Reach::EveryRepository {
            leakgate_hooks::forward_others(&folder, &events)?;
            self.git(&["core.hooksPath", &folder.to_string_lossy()])?;
        }
        let mut lines = lines(&changes);
        lines.push(format!(
            "these hooks run in every repository that has no core.hooksPath of its own: {}",
            folder.display()
        ));
        if reach == Reach::EveryRepository {
            lines.push("a repository's own hooks run as well, as before".to_owned());
        }
        lines.extend(self.standing(args, &events));
        terminal::say(lines)?;
        Ok(Exit::Clean)
    }

    /// Git 2.54 and newer run hooks that are named in the configuration, beside those in folders.
    fn install_configured(self, args: &InstallArgs) -> anyhow::Result<Exit> {
        let mut already = Vec::new();
        for event in Event::ALL {
            if self.get(&format!("hook.leakgate-{event}.command"))?.is_some() {
                already.push(event);
            }
        }
        let events = events(args, &already);
        let binary = binary()?;
        let path = binary.to_str().context("the path of leakgate is not Unicode")?;
        let word = format!("'{}'", path.replace('\'', r"'\''"));
        let mut lines = Vec::new();
        for event in &events {
            let key = format!("hook.leakgate-{event}");
            // The command first: an event without one would stop every commit.
            self.git(&[&format!("{key}.command"), &format!("{word} hook {event}")])?;
            self.git(&[&format!("{key}.event"), event.name()])?;
            lines.push(format!("{event}: runs leakgate in every repository, by {key}"));
        }
        lines.push("a git older than 2.54 passes over these settings".to_owned());
        lines.extend(self.standing(args, &events));
        terminal::say(lines)?;
        Ok(Exit::Clean)
    }

    fn standing(self, args: &InstallArgs, events: &[Event]) -> Vec<String> {
        standing(args, events, &format!("leakgate uninstall {}", self.option()))
    }

    fn uninstall(self) -> anyhow::Result<Exit> {
        let mut done = Vec::new();
        for event in Event::ALL {
            let section = format!("hook.leakgate-{event}");
            if self.get(&format!("{section}.command"))?.is_some() {
                self.git(&["--remove-section", &section])?;
                done.push(format!("{event}: removed {section}"));
            }
        }
        let own = self.folder()?;
        let configured = self.get("core.hooksPath")?.map(PathBuf::from);
        if configured.as_deref() == Some(&*own) {
            self.git(&["--unset", "core.hooksPath"])?;
        }
        for folder in configured.iter().filter(|path| **path != own).chain([&own]) {
            if folder.is_dir() {
                let site = Site::new(folder, binary()?);
                if *folder == own {
                    leakgate_hooks::remove_forwards(folder)?;
                }
                let changes = leakgate_hooks::uninstall(&site, &Event::ALL)?;
                done.extend(leakgate_hooks::told(&changes));
                if *folder == own {
                    leakgate_hooks::remove_forwards(folder)?;
                    // It stays when somebody has put something else into it.
                    own.parent().map(fs::remove_dir);
                }
            }
        }
        if done.is_empty() {
            done.push("leakgate was not installed there".to_owned());
        }
        terminal::say(done)?;
        Ok(Exit::Clean)
    }

    /// A setting of this scope.
    fn get(self, key: &str) -> anyhow::Result<Option<String>> {
        let mut command = Command::new("git");
        command.args(["config", self.option(), "--type=path", "--get", key]);
        let output = git::output(&mut command)?;
        let text = output.stdout.trim_ascii().to_str_lossy().into_owned();
        Ok((output.status.success() && !text.is_empty()).then_some(text))
    }

    /// Runs `git config` in this scope.
    fn git(self, args: &[&str]) -> anyhow::Result<()> {
        let mut command = Command::new("git");
        let output = git::output(command.args(["config", self.option()]).args(args))?;
        if !output.status.success() {
            let said = output.stderr.trim_ascii().to_str_lossy().into_owned();
            bail!("could not change the configuration ({}): {said}", self.option());
        }
        Ok(())
    }
}

/// Whether git runs hooks that are named in the configuration.
fn has_configured_hooks() -> anyhow::Result<bool> {
    let output = git::output(Command::new("git").arg("--version"))?;
    Ok(version(&output.stdout.to_str_lossy()) >= Some((2, 54)))
}

/// "git version 2.54.0.windows.1"
fn version(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.split_whitespace().nth(2)?.split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_git() {
        assert_eq!(version("git version 2.47.3\n"), Some((2, 47)));
        assert_eq!(version("git version 2.54.0.windows.1"), Some((2, 54)));
        assert_eq!(version("git version 3.0-rc1"), None);
        assert_eq!(version("nonsense"), None);
        assert!(version("git version 2.9.5") < Some((2, 54)));
    }
}
