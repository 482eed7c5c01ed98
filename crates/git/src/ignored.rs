//! What git ignores and which file says so, by the matcher that walks use.
//!
//! A rule that only one machine has protects nobody else, so who says it matters.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use gix::bstr::{BStr, BString, ByteSlice as _};
use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

use crate::Repository;

/// Who ignores a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum IgnoredBy {
    /// Nobody: `git add` takes it.
    Nobody,
    /// A `.gitignore` of the repository.
    Repository,
    /// `.git/info/exclude`, which no clone has.
    Exclude,
    /// The user's own exclude file.
    User,
}

/// What a path that is asked about is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathKind {
    /// A file or a link.
    File,
    /// A folder.
    Folder,
}

/// The ignore rules of a work tree.
pub struct IgnoreRules {
    root: PathBuf,
    case_insensitive: bool,
    exclude: Gitignore,
    user: Gitignore,
    folders: RefCell<HashMap<BString, Rc<Gitignore>>>,
}

impl Repository {
    /// The ignore rules that git applies here; `None` in a bare repository.
    pub fn ignore_rules(&self) -> Option<IgnoreRules> {
        let root = self.work_tree()?;
        let whole = self.with_user_configuration().ok();
        let config = whole.as_ref().map(gix::Repository::config_snapshot);
        let case_insensitive =
            config.as_ref().and_then(|c| c.boolean("core.ignoreCase")).unwrap_or(false);
        let configured = config.and_then(|c| c.trusted_path("core.excludesFile").ok().flatten());
        let user = configured.or_else(usual_excludes);
        let common = self.local().common_dir().to_owned();
        Some(IgnoreRules {
            exclude: rules_of(&root, &common.join("info/exclude"), case_insensitive),
            user: user.map_or_else(Gitignore::empty, |path| {
                rules_of(&root, &root.join(path), case_insensitive)
            }),
            root,
            case_insensitive,
            folders: RefCell::default(),
        })
    }
}

impl IgnoreRules {
    /// Who ignores `path`, relative to the work tree. Whether it is tracked does not count.
    pub fn of(&self, path: &BStr, kind: PathKind) -> IgnoredBy {
        // What stands in an ignored folder is ignored whatever else is said of it.
        for at in path.find_iter("/") {
            let by = self.of_one(path[..at].as_bstr(), PathKind::Folder);
            if by != IgnoredBy::Nobody {
                return by;
            }
        }
        self.of_one(path, kind)
    }

    /// As [`IgnoreRules::of`], for a path whose folder is known not to be ignored.
    pub(crate) fn of_one(&self, path: &BStr, kind: PathKind) -> IgnoredBy {
        let Ok(name) = path.to_path() else { return IgnoredBy::Nobody };
        let is_dir = kind == PathKind::Folder;
        let mut folder = path;
        while !folder.is_empty() {
            folder = folder.rfind_byte(b'/').map_or(b"".as_bstr(), |at| folder[..at].as_bstr());
            let verdict = self.rules_in(folder).matched(self.root.join(name), is_dir).map(|_| ());
            match verdict {
                Match::Ignore(()) => return IgnoredBy::Repository,
                Match::Whitelist(()) => return IgnoredBy::Nobody,
                Match::None => {}
            }
        }
        let sources = [(&self.exclude, IgnoredBy::Exclude), (&self.user, IgnoredBy::User)];
        for (rules, by) in sources {
            match rules.matched(self.root.join(name), is_dir) {
                Match::Ignore(_) => return by,
                Match::Whitelist(_) => return IgnoredBy::Nobody,
                Match::None => {}
            }
        }
        IgnoredBy::Nobody
    }

    fn rules_in(&self, folder: &BStr) -> Rc<Gitignore> {
        if let Some(known) = self.folders.borrow().get(folder) {
            return Rc::clone(known);
        }
        let path = folder.to_path().map(|folder| self.root.join(folder)).unwrap_or_default();
        let rules = Rc::new(rules_of(&path, &path.join(".gitignore"), self.case_insensitive));
        self.folders.borrow_mut().insert(folder.to_owned(), Rc::clone(&rules));
        rules
    }
}

/// The patterns of another tool's ignore file, which are written much as git's are.
pub struct Patterns {
    rules: Gitignore,
}

impl Patterns {
    /// Patterns as git reads them, and npm.
    pub fn of_git(text: &[u8]) -> Self {
        Self::of_lines(text.lines().map(|line| line.to_str_lossy().into_owned()))
    }

    /// Patterns as Docker reads them: from the folder itself, not at any depth.
    pub fn of_docker(text: &[u8]) -> Self {
        Self::of_lines(text.lines().map(|line| {
            let line = line.trim().to_str_lossy();
            let (not, pattern) = match line.strip_prefix('!') {
                Some(pattern) => ("!", pattern),
                None => ("", &*line),
            };
            let pattern = pattern.trim_start_matches("./").trim_start_matches('/');
            match pattern {
                "" => String::new(),
                comment if comment.starts_with('#') => String::new(),
                deep if deep.starts_with("**") => format!("{not}{deep}"),
                pattern => format!("{not}/{pattern}"),
            }
        }))
    }

    /// Whether the file at `path`, or a folder it is in, is ignored.
    pub fn ignore(&self, path: &str) -> bool {
        self.rules.matched_path_or_any_parents(path, false).is_ignore()
    }

    fn of_lines(lines: impl Iterator<Item = String>) -> Self {
        let mut builder = GitignoreBuilder::new("");
        for line in lines {
            // A pattern that does not parse ignores nothing.
            let _ = builder.add_line(None, &line);
        }
        Self { rules: builder.build().unwrap_or_else(|_| Gitignore::empty()) }
    }
}

/// The rules of one file for paths below `folder`. What cannot be read ignores nothing.
fn rules_of(folder: &Path, file: &Path, case_insensitive: bool) -> Gitignore {
    // Git follows no link in place of a `.gitignore`; a user's own file may well be one.
    let is_own = file.file_name().is_some_and(|name| name == ".gitignore");
    let metadata = if is_own { fs::symlink_metadata(file) } else { fs::metadata(file) };
    if !metadata.is_ok_and(|metadata| metadata.is_file()) {
        return Gitignore::empty();
    }
    let mut builder = GitignoreBuilder::new(folder);
    // Setting this fails only in ways that building would tell of as well.
    let _ = builder.case_insensitive(case_insensitive);
    // A pattern that does not parse ignores nothing, as in git.
    let _ = builder.add(file);
    builder.build().unwrap_or_else(|_| Gitignore::empty())
}

/// Where git looks without `core.excludesFile`.
fn usual_excludes() -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let config = set("XDG_CONFIG_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(set("HOME")?).join(".config")))?;
    Some(config.join("git/ignore"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_of_docker() {
        for (text, path, expected) in [
            (".env", ".env", true),
            (".env", "a/.env", false),
            ("**/.env", "a/.env", true),
            ("/.git/", ".git", false),
            (".git", ".git/config", true),
            ("*\n!src", ".env", true),
            ("*\n!.env", ".env", false),
            ("# .env\n./x", ".env", false),
        ] {
            assert_eq!(
                Patterns::of_docker(text.as_bytes()).ignore(path),
                expected,
                "{text} {path}"
            );
        }
        assert!(Patterns::of_git(b".env").ignore("a/.env"));
    }
}
