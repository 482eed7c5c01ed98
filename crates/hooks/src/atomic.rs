//! Writing so that every reader, and every crash, sees the old file or the whole new one.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Puts an executable file with this content at `path`, replacing what is there.
pub(crate) fn write_executable(path: &Path, content: &[u8]) -> io::Result<()> {
    let temporary = Temporary::beside(path)?;
    temporary.fill(content)?;
    temporary.rename_to(path)
}

/// Gives the file or symbolic link at `path` the further name `copy`, which must be free.
///
/// `path` stays as it is. What `copy` names has the same bytes and mode, or the same target.
pub(crate) fn keep(path: &Path, copy: &Path) -> io::Result<()> {
    let kept = if path.symlink_metadata()?.is_symlink() {
        copy_link(path, copy)
    } else {
        fs::hard_link(path, copy)
    };
    match kept {
        Ok(()) => sync_folder_of(copy),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(error),
        // Some file systems have no hard links, and some systems allow none to others' files.
        Err(_) => copy_file(path, copy)?,
    }
    Ok(())
}

/// Moves `from` to `to`, replacing what is there.
pub(crate) fn rename(from: &Path, to: &Path) -> io::Result<()> {
    fs::rename(from, to)?;
    sync_folder_of(to);
    Ok(())
}

/// Removes what an interrupted write of `path` has left.
pub(crate) fn sweep(path: &Path) -> io::Result<()> {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
        return Ok(());
    };
    let prefix = temporary_prefix(&name.to_string_lossy());
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(&prefix) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// A file that is gone when dropped, unless it was renamed.
struct Temporary {
    path: PathBuf,
}

impl Temporary {
    /// A new empty file in the folder of `path`: a rename is atomic only inside one file system.
    fn beside(path: &Path) -> io::Result<Self> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let name = format!("{}{}", temporary_prefix(&name), std::process::id());
        let path = path.with_file_name(name);
        OpenOptions::new().write(true).create_new(true).open(&path)?;
        Ok(Self { path })
    }

    fn fill(&self, content: &[u8]) -> io::Result<()> {
        let mut file = OpenOptions::new().write(true).open(&self.path)?;
        file.write_all(content)?;
        set_executable(&file)?;
        file.sync_all()
    }

    fn rename_to(self, path: &Path) -> io::Result<()> {
        rename(&self.path, path)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // After a rename there is nothing to remove, and after a failure nothing more to be done.
        fs::remove_file(&self.path).ok();
    }
}

fn temporary_prefix(name: &str) -> String {
    format!("{name}.leakgate-new-")
}

/// The umask would take bits away from a mode given at creation.
#[cfg(unix)]
fn set_executable(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
fn set_executable(_file: &File) -> io::Result<()> {
    Ok(())
}

fn copy_file(path: &Path, copy: &Path) -> io::Result<()> {
    let temporary = Temporary::beside(copy)?;
    fs::copy(path, &temporary.path)?;
    File::open(&temporary.path)?.sync_all()?;
    temporary.rename_to(copy)
}

/// The target is copied as it is: the copy is in the same folder, so that it stays right.
#[cfg(unix)]
fn copy_link(link: &Path, copy: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(fs::read_link(link)?, copy)
}

#[cfg(not(unix))]
fn copy_link(link: &Path, copy: &Path) -> io::Result<()> {
    fs::hard_link(link, copy)
}

/// Not every file system can do this, and the change is made either way.
fn sync_folder_of(path: &Path) {
    if let Some(folder) = path.parent() {
        File::open(folder).and_then(|folder| folder.sync_all()).ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).expect("the folder can be read");
        let name = |entry: io::Result<fs::DirEntry>| {
            entry.expect("the entry can be read").file_name().to_string_lossy().into_owned()
        };
        let mut names: Vec<_> = entries.map(name).collect();
        names.sort();
        names
    }

    #[test]
    fn a_write_replaces_and_leaves_nothing_else() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("hook");
        fs::write(&path, "old")?;
        write_executable(&path, b"new")?;
        assert_eq!(fs::read(&path)?, b"new");
        assert_eq!(names(folder.path()), ["hook"]);
        Ok(())
    }

    #[test]
    fn a_failed_write_leaves_nothing() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("hook");
        fs::create_dir_all(path.join("not empty"))?;
        assert!(write_executable(&path, b"new").is_err());
        assert_eq!(names(folder.path()), ["hook"]);
        Ok(())
    }

    #[test]
    fn what_is_kept_replaces_nothing() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let (path, copy) = (folder.path().join("hook"), folder.path().join("kept"));
        fs::write(&path, "one")?;
        keep(&path, &copy)?;
        assert_eq!(fs::read(&copy)?, b"one");
        fs::write(&path, "two")?;
        assert!(keep(&path, &copy).is_err());
        Ok(())
    }

    #[test]
    fn a_copy_has_the_same_bytes_and_mode() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let (path, copy) = (folder.path().join("hook"), folder.path().join("kept"));
        write_executable(&path, b"one")?;
        copy_file(&path, &copy)?;
        assert_eq!(fs::read(&copy)?, b"one");
        assert_eq!(path.metadata()?.permissions(), copy.metadata()?.permissions());
        assert_eq!(names(folder.path()), ["hook", "kept"]);
        Ok(())
    }

    #[test]
    fn only_what_an_interrupted_write_left_is_swept() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        for name in ["hook", "hook.leakgate-new-7", "hook.leakgate-previous", "other"] {
            fs::write(folder.path().join(name), "")?;
        }
        sweep(&folder.path().join("hook"))?;
        assert_eq!(names(folder.path()), ["hook", "hook.leakgate-previous", "other"]);
        Ok(())
    }
}
