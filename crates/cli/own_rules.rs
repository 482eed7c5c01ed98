//! Rules that are not built in: those of `--rules`, and those that the repository's settings name.
//!
//! What the settings name is data of a repository that nobody may have looked at yet. So it has to be
//! plain files of a bearable size inside of the work tree: an error about a rule file quotes it, and a
//! link could make that any file of the machine.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use leakgate_policy::{CONFIG_NAME, Config};
use leakgate_secrets::RuleSet;

use crate::stray;

/// A larger file of the repository holds no rules: 1 MiB.
const LARGEST: u64 = 1 << 20;

/// The built-in rules, those of a folder, and those that the settings of a work tree name.
pub(crate) fn set(given: Option<&Path>, root: Option<&Path>) -> anyhow::Result<RuleSet> {
    let config = config(root)?;
    let folders = folders_of(given, root, &config)?;
    let rules = match &folders[..] {
        [] => RuleSet::default(),
        folders => {
            let paths: Vec<_> = folders.iter().map(PathBuf::as_path).collect();
            RuleSet::with_dirs(&paths).map_err(|errors| {
                let names: Vec<_> = paths.iter().map(|path| path.display().to_string()).collect();
                let names = names.join(" and ");
                anyhow::anyhow!("could not use the rules of {names}:\n{}", errors.join("\n"))
            })?
        }
    };
    if let Some(unknown) = config.disabled.keys().find(|id| !stray::is_rule(&rules, id)) {
        bail!(
            "{CONFIG_NAME} disables a rule that there is not: {unknown}; `leakgate rules list` \
             names them all"
        );
    }
    Ok(rules)
}

/// The folders of such rules.
pub(crate) fn folders(given: Option<&Path>, root: Option<&Path>) -> anyhow::Result<Vec<PathBuf>> {
    folders_of(given, root, &config(root)?)
}

/// The files of folders of rules, by their paths, and what they hold.
pub(crate) fn files(folders: &[PathBuf]) -> anyhow::Result<Vec<(PathBuf, Vec<u8>)>> {
    let mut files = Vec::new();
    for folder in folders {
        let context = || format!("could not read the rules of {}", folder.display());
        let mut paths = Vec::new();
        for entry in fs::read_dir(folder).with_context(context)? {
            paths.push(entry.with_context(context)?.path());
        }
        paths.sort();
        for path in paths.into_iter().filter(|path| path.is_file()) {
            let text = fs::read(&path).with_context(context)?;
            files.push((path, text));
        }
    }
    Ok(files)
}

fn config(root: Option<&Path>) -> anyhow::Result<Config> {
    Ok(root.map(Config::read).transpose()?.unwrap_or_default())
}

fn folders_of(
    given: Option<&Path>,
    root: Option<&Path>,
    config: &Config,
) -> anyhow::Result<Vec<PathBuf>> {
    let mut folders = Vec::new();
    if let (Some(root), Some(folder)) = (root, &config.rules) {
        folders.push(of_repository(root, folder)?);
    }
    folders.extend(given.map(Path::to_owned));
    Ok(folders)
}

/// The folder that the settings name, if nothing in it leads elsewhere.
fn of_repository(root: &Path, folder: &Path) -> anyhow::Result<PathBuf> {
    let context = || {
        let folder = folder.display();
        format!("could not use the rules in {folder}, which {CONFIG_NAME} names")
    };
    let mut path = root.to_owned();
    for part in folder {
        path.push(part);
        if !path.symlink_metadata().with_context(context)?.is_dir() {
            bail!("{}: {} is no folder, or a link to one", context(), path.display());
        }
    }
    for entry in fs::read_dir(&path).with_context(context)? {
        let file = entry.with_context(context)?.path();
        let metadata = file.symlink_metadata().with_context(context)?;
        let is_rules = file.extension().is_some_and(|ext| ext == "yml" || ext == "yaml");
        if is_rules && (!metadata.is_file() || metadata.len() > LARGEST) {
            bail!("{}: {} is no regular file of less than 1 MiB", context(), file.display());
        }
    }
    Ok(path)
}
