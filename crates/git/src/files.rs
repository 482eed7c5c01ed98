//! Plain files and folders, `.gitignore` respected, hidden files included.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bstr::{BString, ByteSlice as _};
use ignore::{WalkBuilder, WalkState};
use leakgate_model::{Content, Entry, Listing, Mode, Problem, ProblemKind, Reader, Skip, Source};

use crate::object::WHOLE;
use crate::tracked;

/// Files and folders that the user named.
pub struct Files;

/// What to leave out of a walk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Options {
    /// What git ignores, and `.git` itself.
    RespectIgnores,
    /// Nothing but `.git` itself.
    Everything,
}

impl Files {
    /// Lists every file below `paths`. A file that is named is listed whatever ignores it; one that
    /// is not there is a problem.
    pub fn list(paths: &[PathBuf], options: Options) -> (Self, Listing) {
        // To the walker a dash is standard input.
        let named = |path: &PathBuf| match path.as_os_str() == "-" {
            true => Path::new(".").join(path),
            false => path.clone(),
        };
        let mut roots = paths.iter().map(named);
        let Some(first) = roots.next() else { return (Self, Listing::default()) };
        let mut walk = WalkBuilder::new(first);
        for path in roots {
            walk.add(path);
        }
        let respect = options == Options::RespectIgnores;
        let nested = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&nested);
        walk.hidden(false)
            .ignore(false)
            .git_ignore(respect)
            .git_global(respect)
            .git_exclude(respect)
            .parents(respect)
            // Without this, ignore files above the repository would count too: one in the home
            // folder can say `*`.
            .require_git(true)
            .follow_links(false)
            .filter_entry(move |entry| {
                let is_repository = entry.file_name() == ".git" && entry.depth() > 0;
                if is_repository && let Some(folder) = entry.path().parent() {
                    lock(&seen).push(folder.to_owned());
                }
                !is_repository
            });
        let found = Mutex::new(Listing::default());
        walk.build_parallel().run(|| {
            Box::new(|entry| {
                note(entry, &mut lock(&found));
                WalkState::Continue
            })
        });
        let mut listing = found.into_inner().unwrap_or_else(PoisonError::into_inner);
        listing.entries.sort_by(|a, b| a.path.cmp(&b.path));
        listing.entries.dedup_by(|a, b| a.path == b.path);
        if respect {
            let folders = std::mem::take(&mut *lock(&nested));
            tracked::add(paths.iter().chain(&folders), &mut listing);
        }
        listing.skipped.sort();
        listing.problems.sort();
        listing.problems.dedup();
        (Self, listing)
    }
}

fn note(entry: Result<ignore::DirEntry, ignore::Error>, listing: &mut Listing) {
    match entry {
        Ok(entry) => {
            let path = to_bytes(entry.path());
            let Some(kind) = entry.file_type() else {
                listing.problems.push(named_special(path));
                return;
            };
            if kind.is_symlink() {
                listing.entries.push(Entry::present(path, Mode::Symlink));
            } else if kind.is_file() {
                listing.entries.push(Entry::present(path, Mode::File));
            } else if !kind.is_dir() && entry.depth() == 0 {
                listing.problems.push(named_special(path));
            } else if !kind.is_dir() {
                listing.skipped.push((path, Skip::Special));
            }
        }
        // A pattern in an ignore file that does not parse ignores nothing: no harm done.
        Err(error) if error.is_partial() || error.io_error().is_none() => {}
        Err(error) => {
            let (path, why) = place_of(error);
            listing.problems.push(Problem {
                path: path.map(|path| to_bytes(&path)),
                kind: ProblemKind::Unreadable,
                detail: format!("could not look at it: {why}"),
                help: "make it readable, or leave it out".to_owned(),
            });
        }
    }
}

/// What a lock holds, even if another thread has failed with it.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Who names a pipe, as `<(…)` does, wants it scanned.
fn named_special(path: BString) -> Problem {
    Problem {
        path: Some(path),
        kind: ProblemKind::Unreadable,
        detail: "it is a pipe, a socket or a device, not a file".to_owned(),
        help: "`leakgate stdin` scans what is piped into it".to_owned(),
    }
}

/// An error apart from the path that it is about: a name is escaped and masked, a text is not.
fn place_of(error: ignore::Error) -> (Option<PathBuf>, ignore::Error) {
    match error {
        ignore::Error::WithPath { path, err } => (Some(path), place_of(*err).1),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => {
            place_of(*err)
        }
        error => (None, error),
    }
}

/// A path as bytes, without the `./` that a walk of the current folder puts before it.
pub(crate) fn to_bytes(path: &Path) -> BString {
    let path = path.strip_prefix("./").unwrap_or(path);
    <[u8]>::from_path(path)
        .map_or_else(|| path.to_string_lossy().into_owned().into(), BString::from)
}

impl Source for Files {
    fn reader(&self) -> Box<dyn Reader + '_> {
        Box::new(FileReader)
    }
}

struct FileReader;

impl Reader for FileReader {
    fn read<'a>(
        &'a mut self,
        entry: &Entry,
        buffer: &'a mut Vec<u8>,
    ) -> Result<Content<'a>, Problem> {
        read_file(entry, buffer).map_err(|error| Problem {
            path: Some(entry.path.clone()),
            kind: ProblemKind::Unreadable,
            detail: format!("could not read the file: {error}"),
            help: "make it readable, or leave it out".to_owned(),
        })
    }
}

fn read_file<'a>(entry: &Entry, buffer: &'a mut Vec<u8>) -> std::io::Result<Content<'a>> {
    let path = entry.path.to_path().map_err(|_| std::io::ErrorKind::InvalidFilename)?;
    buffer.clear();
    if entry.mode == Mode::Symlink {
        buffer.extend_from_slice(&to_bytes(&fs::read_link(path)?));
        return Ok(Content::Whole(buffer));
    }
    let mut file = File::open(path)?;
    // Up to the limit in one go; what is longer goes on as a stream.
    file.by_ref().take(WHOLE).read_to_end(buffer)?;
    if (buffer.len() as u64) < WHOLE {
        return Ok(Content::Whole(buffer));
    }
    Ok(Content::Stream(Box::new(buffer.as_slice().chain(file))))
}
