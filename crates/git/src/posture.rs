//! What stands around the content of a repository: its configuration, the names of branches and
//! tags, who wrote its commits, and the permissions of git's own files.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use gix::bstr::{BString, ByteSlice as _};
use leakgate_model::{Problem, ProblemKind};

use crate::repository::Error;
use crate::work_tree::permission_bits;
use crate::{Repository, plumbing};

/// Which configuration file a setting stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ConfigScope {
    /// The repository's own.
    Repository,
    /// The user's.
    User,
    /// The machine's.
    System,
}

/// A setting as git reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigSetting {
    /// Where it stands.
    pub scope: ConfigScope,
    /// In lower case, as `remote`.
    pub section: String,
    /// As written, as `origin`; empty if there is none.
    pub subsection: BString,
    /// In lower case, as `url`.
    pub key: String,
    /// The value without quotes.
    pub value: BString,
}

/// One of git's own files or folders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnFile {
    /// Its path for a command: relative to the work tree where it is inside.
    pub path: BString,
    /// Unix permission bits, as `0o644`.
    pub bits: u32,
}

/// Who wrote a commit, with one commit that says so.
pub type Identities = BTreeMap<BString, String>;

impl Repository {
    /// Every setting that git would read here, in its order.
    ///
    /// # Errors
    /// [`Error::Open`] when a configuration file cannot be read.
    pub fn settings(&self) -> Result<Vec<ConfigSetting>, Error> {
        let whole = self.with_user_configuration()?;
        let config = whole.config_snapshot();
        let mut settings = Vec::new();
        for section in config.plumbing().sections() {
            let scope = match section.meta().source {
                gix::config::Source::Local | gix::config::Source::Worktree => {
                    ConfigScope::Repository
                }
                gix::config::Source::Git | gix::config::Source::User => ConfigScope::User,
                gix::config::Source::System | gix::config::Source::GitInstallation => {
                    ConfigScope::System
                }
                // Of this command alone.
                _ => continue,
            };
            let header = section.header();
            let names: BTreeSet<String> =
                section.value_names().map(|name| name.to_ascii_lowercase()).collect();
            for key in names {
                for value in section.values(&key) {
                    settings.push(ConfigSetting {
                        scope,
                        section: header.name().to_str_lossy().to_ascii_lowercase(),
                        subsection: header.subsection_name().unwrap_or_default().to_owned(),
                        key: key.clone(),
                        value,
                    });
                }
            }
        }
        Ok(settings)
    }

    /// The full names of all refs, sorted.
    ///
    /// # Errors
    /// A [`Problem`] when the refs cannot be listed.
    pub fn ref_names(&self) -> Result<Vec<BString>, Problem> {
        if self.foreign_refs {
            let refs = plumbing::refs(self).map_err(unlisted)?;
            return Ok(refs.into_iter().map(|(name, _)| name).collect());
        }
        let local = self.local();
        let mut names = Vec::new();
        let platform = local.references().map_err(unlisted)?;
        for reference in platform.all().map_err(unlisted)? {
            let reference = reference.map_err(unlisted)?;
            names.push(reference.name().as_bstr().to_owned());
        }
        names.sort();
        Ok(names)
    }

    /// Every author and committer of the commits that `HEAD` and all refs lead to: name and
    /// address as they stand in the commit.
    ///
    /// # Errors
    /// A [`Problem`] when a commit cannot be read.
    pub fn identities(&self) -> Result<Identities, Problem> {
        let local = self.local();
        let mut tips = BTreeSet::new();
        for name in self.ref_names()? {
            if let Some(id) = self.commit_of(&local, &name.to_str_lossy()) {
                tips.insert(id);
            }
        }
        tips.extend(self.commit_of(&local, "HEAD"));
        let mut identities = Identities::new();
        let walk = local.rev_walk(tips).all().map_err(unwalked)?;
        let mut buffer = Vec::new();
        for info in walk {
            let id = info.map_err(unwalked)?.id;
            let data = gix::objs::Find::try_find(&local.objects, &id, &mut buffer)
                .map_err(unwalked)?
                .ok_or_else(|| unwalked(format!("commit {id} is missing")))?;
            for who in people(data.data) {
                if !identities.contains_key(who.as_bstr()) {
                    identities.insert(who.into(), id.to_hex_with_len(12).to_string());
                }
            }
        }
        Ok(identities)
    }

    fn commit_of(&self, local: &gix::Repository, name: &str) -> Option<gix::ObjectId> {
        if self.foreign_refs {
            return plumbing::commit_of(self, name).ok().flatten();
        }
        let mut reference = local.find_reference(name).ok()?;
        // A ref may well name a tree or a blob, as a tag of a key does.
        Some(reference.peel_to_commit().ok()?.id)
    }

    /// Writes entries of the index, their content as it is: each a path with a mode and an id, or
    /// with `None` to take it out. The work tree is not touched.
    ///
    /// # Errors
    /// [`Error::Index`] when git refuses.
    pub fn write_index(
        &self,
        entries: &[(BString, Option<(leakgate_model::Mode, leakgate_model::ObjectId)>)],
    ) -> Result<(), Error> {
        if entries.is_empty() {
            return Ok(());
        }
        let work_tree = self.work_tree().ok_or_else(|| Error::Bare(self.git_dir.clone()))?;
        plumbing::write_index(self, &work_tree, entries)
            .map_err(|why| Error::Index { path: self.index_path(), why })
    }

    /// The git folder's configuration and hooks, with their permissions.
    pub fn own_files(&self) -> Vec<OwnFile> {
        let common = self.local().common_dir().to_owned();
        let mut paths: Vec<PathBuf> = [".", "config", "config.worktree", "hooks", "info"]
            .iter()
            .map(|name| if *name == "." { common.clone() } else { common.join(name) })
            .collect();
        if let Ok(hooks) = self.hooks_dir() {
            let files = fs::read_dir(&hooks).into_iter().flatten().flatten();
            let active = files.map(|file| file.path());
            paths.extend(active.filter(|path| path.extension().is_none_or(|e| e != "sample")));
            paths.push(hooks);
        }
        paths.sort();
        paths.dedup();
        let root = self.work_tree().unwrap_or_default();
        let root = fs::canonicalize(&root).unwrap_or(root);
        paths
            .iter()
            .filter_map(|path| {
                let bits = permission_bits(&fs::metadata(path).ok()?)?;
                let full = fs::canonicalize(path).unwrap_or_else(|_| path.clone());
                let shown = full.strip_prefix(&root).unwrap_or(&full);
                Some(OwnFile { path: <[u8]>::from_path(shown)?.into(), bits })
            })
            .collect()
    }
}

/// The names and addresses in a commit's header.
fn people(commit: &[u8]) -> impl Iterator<Item = &[u8]> {
    commit.split(|&byte| byte == b'\n').take_while(|line| !line.is_empty()).filter_map(|line| {
        let who = line.strip_prefix(b"author ").or_else(|| line.strip_prefix(b"committer "))?;
        // Behind the address stand the time and its zone.
        Some(who.rfind_byte(b'>').map_or(who, |end| &who[..=end]))
    })
}

fn unlisted(why: impl std::fmt::Display) -> Problem {
    Problem {
        path: None,
        kind: ProblemKind::Corrupt,
        detail: format!("could not list the refs: {why}"),
        help: "`git for-each-ref` may tell more".to_owned(),
    }
}

fn unwalked(why: impl std::fmt::Display) -> Problem {
    Problem {
        path: None,
        kind: ProblemKind::Missing,
        detail: format!("could not read all commits: {why}"),
        help: "`git fsck` tells what is lost; a shallow or partial clone lacks some".to_owned(),
    }
}
