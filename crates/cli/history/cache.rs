//! What a scan of the history leaves for the next one.
//!
//! Two files, each written whole beside its place and then moved there: the objects in which no
//! secret can stand, and what there was to report, with places and fingerprints instead of values.
//! The first counts as long as program and rules are the same, the second as long as refs, packs
//! and options are, too. Whatever does not fit or is damaged is as if it were not there; so nothing
//! is lost with them but time.

use std::fs;
use std::io::{self, Write as _};
use std::path::PathBuf;

use anyhow::Context as _;
use leakgate_git::Repository;
use leakgate_model::{Fingerprint, Key, ObjectId};

use super::saved::Saved;
use crate::args::HistoryArgs;
use crate::{note, own_rules};

/// Where the files are, and what they must be about.
pub(super) struct Cache {
    folder: PathBuf,
    /// The program and its rules.
    program: Fingerprint,
    /// These and all else that a report depends on.
    state: Fingerprint,
}

const OBJECTS: &str = "objects";
const REPORT: &str = "report";
const MAGIC: &[u8] = b"leakgate history 1\n";

impl Cache {
    /// The cache that is asked for, if there is one.
    pub(super) fn of(args: &HistoryArgs, repository: &Repository) -> anyhow::Result<Option<Self>> {
        let Some(folder) = &args.cache else { return Ok(None) };
        let folder =
            folder.clone().unwrap_or_else(|| repository.common_dir().join("leakgate-cache"));
        let mut parts = program()?;
        let root = repository.work_tree();
        let folders = own_rules::folders(args.scan.rules.as_deref(), root.as_deref())?;
        for (path, text) in own_rules::files(&folders)? {
            parts.extend([path.into_os_string().into_encoded_bytes(), text]);
        }
        let program = fingerprint(&parts);
        for list in [&args.refs, &args.branch] {
            parts.push(list.len().to_le_bytes().to_vec());
            parts.extend(list.iter().map(|one| one.as_bytes().to_vec()));
        }
        let (samples, flags) = (args.scan.samples, (args.unreachable, args.modes));
        // Of a date as `2 weeks ago` the words say nothing of which commits count.
        let since = super::since(args)?;
        parts.push(format!("{:?} {since:?} {flags:?} {samples}", args.range).into_bytes());
        parts.extend(note::policy(repository).map(|file| format!("{file:?}").into_bytes()));
        parts.extend(repository.history_state()?);
        Ok(Some(Self { folder, program, state: fingerprint(&parts) }))
    }

    /// What was reported, if nothing has changed since.
    pub(super) fn report(&self) -> Option<Saved> {
        let file = fs::read(self.folder.join(REPORT)).ok()?;
        serde_json::from_slice(body(&file, self.state)?).ok()
    }

    /// The objects in which no secret can stand, and their sizes.
    pub(super) fn calm(&self) -> Vec<(ObjectId, u64)> {
        let Ok(file) = fs::read(self.folder.join(OBJECTS)) else { return Vec::new() };
        let Some((&len, lines)) = body(&file, self.program).and_then(<[u8]>::split_first) else {
            return Vec::new();
        };
        let lines = lines.chunks_exact(usize::from(len) + 8);
        lines
            .filter_map(|line| {
                let (id, size) = line.split_last_chunk()?;
                Some((ObjectId::from_bytes(id)?, u64::from_le_bytes(*size)))
            })
            .collect()
    }

    /// Keeps both for the next time.
    pub(super) fn keep(
        &self,
        calm: &[(ObjectId, u64)],
        report: Option<&Saved>,
    ) -> anyhow::Result<()> {
        let context = || format!("could not write the cache in {}", self.folder.display());
        fs::create_dir_all(&self.folder).with_context(context)?;
        let mut lines = vec![calm.first().map_or(20, |(id, _)| id.as_bytes().len() as u8)];
        for (id, size) in calm {
            lines.extend_from_slice(id.as_bytes());
            lines.extend_from_slice(&size.to_le_bytes());
        }
        self.write(OBJECTS, self.program, &lines).with_context(context)?;
        if let Some(report) = report {
            let body = serde_json::to_vec(report).with_context(context)?;
            self.write(REPORT, self.state, &body).with_context(context)?;
        }
        Ok(())
    }

    fn write(&self, name: &str, about: Fingerprint, body: &[u8]) -> io::Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(&self.folder)?;
        file.write_all(MAGIC)?;
        writeln!(file, "{about} {}", digest(&[body]))?;
        file.write_all(body)?;
        file.as_file().sync_all()?;
        file.persist(self.folder.join(name)).map_err(|error| error.error)?;
        Ok(())
    }
}

/// What a file holds, if it is whole and about this.
fn body(file: &[u8], about: Fingerprint) -> Option<&[u8]> {
    let rest = file.strip_prefix(MAGIC)?;
    let (line, body) = rest.split_at_checked(42)?;
    let is_that = line == format!("{about} {}\n", digest(&[body])).as_bytes();
    is_that.then_some(body)
}

fn fingerprint(parts: &[Vec<u8>]) -> Fingerprint {
    digest(&parts.iter().map(Vec::as_slice).collect::<Vec<_>>())
}

/// What is told apart here is no secret, so everybody may know the key.
fn digest(parts: &[&[u8]]) -> Fingerprint {
    Key::new(*b"leakgate/history").fingerprint(parts)
}

/// What tells this program from another, which may find something else.
fn program() -> anyhow::Result<Vec<Vec<u8>>> {
    let path = std::env::current_exe().context("could not find out which program this is")?;
    let build = format!("{:?}", note::program(&path));
    Ok(vec![env!("CARGO_PKG_VERSION").as_bytes().to_vec(), build.into_bytes()])
}
