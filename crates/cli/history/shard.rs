//! A history read by several machines: what each found out about its blobs, and how it is joined.
//!
//! A shard asks its blobs whether a secret could stand in them, which is most of the work, and keeps
//! the answer for each. What commits, trees and messages tell needs all of the history and little
//! time: the merge reads that, in the repository, and does with the answers what it would have done
//! with its own. So the report is that of one run, whatever the shards were, and theirs hold
//! neither a path nor a name nor anything of a secret.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use leakgate_git::Repository;
use leakgate_git::history::{Bits, History, Kind, Shard};
use leakgate_model::{Fingerprint, Key, ObjectId};
use leakgate_secrets::{Memory, RuleSet};
use serde::{Deserialize, Serialize};

use super::blobs::Blobs;
use super::progress::{Progress, interrupt};
use super::{Known, threads};
use crate::args::{FormatArg, HistoryArgs};
use crate::exit::Exit;
use crate::{own_rules, run, terminal};

/// The number of the shapes below.
const SCHEMA: u32 = 1;
const SCOPE: &str = "history_shard";

/// What one shard found out. `docs/output.md` describes each field.
#[derive(Debug, Serialize, Deserialize)]
struct Document {
    schema: u32,
    tool: Tool,
    scope: String,
    shard: Part,
    complete: bool,
    /// Of the rules, so that none is joined with others.
    rules: String,
    /// How many bytes an id has.
    id_length: usize,
    blobs: usize,
    calm: String,
    likely: String,
    likely_by_name: String,
    large: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct Tool {
    name: String,
    version: String,
    command: String,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Part {
    index: u32,
    count: u32,
}

/// What is known of a blob.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Verdict {
    /// No secret can stand in it.
    Calm,
    /// One could.
    Likely,
    /// One could, under names that tell of a secret.
    LikelyByName,
    /// To be scanned as a stream.
    Large,
}

/// A blob, its size, and what is known of it.
type Blob = (ObjectId, u64, Verdict);

/// A report that was read.
pub(super) struct ShardReport {
    file: PathBuf,
    part: Part,
    blobs: Vec<Blob>,
}

/// Reads one shard and writes what it tells.
pub(super) fn write(args: &HistoryArgs, shard: Shard) -> anyhow::Result<Exit> {
    if matches!(args.scan.format, FormatArg::Sarif) {
        bail!("a shard has no findings of its own to write as SARIF; `leakgate merge` has");
    }
    let repository = run::repository()?;
    let rules = run::rules(&args.scan, repository.work_tree().as_deref())?;
    let (document, is_complete) = ask(args, &repository, &rules, shard)?;
    terminal::output(args.scan.output.as_deref(), |out| {
        leakgate_report::write_json(out, &document)
    })?;
    if !is_complete {
        return Ok(Exit::Incomplete);
    }
    if !args.scan.quiet {
        let Part { index, count } = document.shard;
        terminal::note(&format!(
            "shard {index} of {count} read, {} versions; what they hold, `leakgate merge` tells",
            document.blobs
        ));
    }
    Ok(Exit::Clean)
}

fn ask(
    args: &HistoryArgs,
    repository: &Repository,
    rules: &RuleSet,
    shard: Shard,
) -> anyhow::Result<(Document, bool)> {
    let mut history = History::open(repository)?;
    if let Some(bytes) = args.max_memory {
        history.limit_memory(bytes);
    }
    // What cannot be opened here is a problem of the merge, which opens it as well.
    let mine = history.shard(Kind::Blob, shard);
    let progress = Progress::new(mine.count(), args.scan.quiet);
    let (stop, nothing) = (interrupt()?, Bits::default());
    let memory = Memory::for_objects(history.len());
    let new = |_| Blobs::new(&history, rules, &nothing, &memory, &progress);
    let mut visitors: Vec<_> = (0..threads(args.scan.threads)).map(new).collect();
    history.walk(Kind::Blob, Some(&mine), &mut visitors, &stop);
    let mut verdicts = BTreeMap::new();
    for visitor in visitors {
        let mut add = |number: u32, size: Option<u64>, verdict: Verdict| {
            // What cannot be decoded is left to the merge, as all that no shard tells of.
            let Some(size) = size.or_else(|| history.size(number)) else { return };
            // An object that is stored twice can be told of twice.
            let known = verdicts.entry(history.id(number)).or_insert((size, verdict));
            known.1 = known.1.max(verdict);
        };
        visitor.calm.iter().for_each(|&(number, size)| add(number, Some(size), Verdict::Calm));
        visitor.candidates.iter().for_each(|(number, _)| add(*number, None, Verdict::Likely));
        visitor.nameless.iter().for_each(|&number| add(number, None, Verdict::LikelyByName));
        visitor.large.iter().for_each(|&number| add(number, None, Verdict::Large));
    }
    let is_complete = !stop.load(std::sync::atomic::Ordering::Relaxed);
    let list = |verdict: Verdict| {
        let mut bytes = Vec::new();
        for (id, (size, _)) in verdicts.iter().filter(|(_, (_, other))| *other == verdict) {
            bytes.extend_from_slice(id.as_bytes());
            pack_size(*size, &mut bytes);
        }
        BASE64_STANDARD.encode(bytes)
    };
    let document = Document {
        schema: SCHEMA,
        tool: Tool {
            name: "leakgate".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            command: "history".to_owned(),
        },
        scope: SCOPE.to_owned(),
        shard: Part { index: shard.index, count: shard.count },
        complete: is_complete,
        rules: of_rules(args, rules)?.to_string(),
        id_length: verdicts.keys().next().map_or(20, |id| id.as_bytes().len()),
        blobs: verdicts.len(),
        calm: list(Verdict::Calm),
        likely: list(Verdict::Likely),
        likely_by_name: list(Verdict::LikelyByName),
        large: list(Verdict::Large),
    };
    Ok((document, is_complete))
}

/// Reads the reports of all shards.
pub(super) fn read(
    files: &[PathBuf],
    args: &HistoryArgs,
    rules: &RuleSet,
) -> anyhow::Result<Vec<ShardReport>> {
    let rules = of_rules(args, rules)?.to_string();
    let mut reports: Vec<ShardReport> = Vec::new();
    for file in files {
        let report = read_one(file, &rules)
            .with_context(|| format!("could not use the report {}", file.display()))?;
        if let Some(other) = reports.first().filter(|one| one.part.count != report.part.count) {
            bail!(
                "{} is one of {} shards and {} one of {}; give all reports of one division",
                file.display(),
                report.part.count,
                other.file.display(),
                other.part.count
            );
        }
        if let Some(twin) = reports.iter().find(|one| one.part.index == report.part.index) {
            bail!(
                "{} and {} are both of shard {}; give one of them",
                twin.file.display(),
                file.display(),
                report.part.index
            );
        }
        reports.push(report);
    }
    if let Some(first) = reports.first() {
        let is_there = |index: &u32| reports.iter().any(|one| one.part.index == *index);
        if let Some(missing) = (1..=first.part.count).find(|index| !is_there(index)) {
            bail!(
                "the report of shard {missing} is missing: {} is one of {}; read it with \
                 `leakgate history --shard {missing}/{}`",
                first.file.display(),
                first.part.count,
                first.part.count
            );
        }
    }
    Ok(reports)
}

fn read_one(file: &Path, rules: &str) -> anyhow::Result<ShardReport> {
    let text = fs::read(file).context("it cannot be read")?;
    let document: Document = serde_json::from_slice(&text)
        .ok()
        .filter(|document: &Document| document.scope == SCOPE)
        .context("it is not of a shard, or not whole; `leakgate history --shard` writes one")?;
    if document.schema != SCHEMA || document.tool.version != env!("CARGO_PKG_VERSION") {
        bail!(
            "it was written by leakgate {:?}, and this is {}; use one version for all",
            document.tool.version,
            env!("CARGO_PKG_VERSION")
        );
    }
    if document.rules != rules {
        bail!("its shard was read with other rules; give the same --rules to all");
    }
    let Part { index, count } = document.shard;
    if !(1..=count).contains(&index) {
        bail!("its shard is {index} of {count}, which there cannot be");
    }
    if !document.complete {
        bail!("its shard was ended before it was read; {}", again(document.shard));
    }
    let lists = [
        (&document.calm, Verdict::Calm),
        (&document.likely, Verdict::Likely),
        (&document.likely_by_name, Verdict::LikelyByName),
        (&document.large, Verdict::Large),
    ];
    let mut blobs = Vec::new();
    for (list, verdict) in lists {
        let damaged = || format!("a list in it is damaged; {}", again(document.shard));
        unpack(list, document.id_length, verdict, &mut blobs).with_context(damaged)?;
    }
    if blobs.len() != document.blobs {
        let again = again(document.shard);
        bail!("it lists {} versions and says {}; {again}", blobs.len(), document.blobs);
    }
    Ok(ShardReport { file: file.to_owned(), part: document.shard, blobs })
}

fn again(Part { index, count }: Part) -> String {
    format!("read it again with `leakgate history --shard {index}/{count}`")
}

/// Ids and sizes as [`ask`] packs them.
fn unpack(list: &str, id_length: usize, verdict: Verdict, blobs: &mut Vec<Blob>) -> Option<()> {
    let bytes = BASE64_STANDARD.decode(list).ok()?;
    let mut rest = &bytes[..];
    while !rest.is_empty() {
        let (id, after) = rest.split_at_checked(id_length)?;
        rest = after;
        let id = ObjectId::from_bytes(id)?;
        blobs.push((id, size_of(&mut rest)?, verdict));
    }
    Some(())
}

/// Writes a size: seven bits a byte, the lowest first, the highest bit set but in the last.
fn pack_size(mut size: u64, into: &mut Vec<u8>) {
    while size > 0x7f {
        into.push(size as u8 | 0x80);
        size >>= 7;
    }
    into.push(size as u8);
}

fn size_of(bytes: &mut &[u8]) -> Option<u64> {
    let mut size = 0;
    for shift in (0..63).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        size |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(size);
        }
    }
    None
}

/// Names the rules that shards must have in common: those of the program and those of a folder.
fn of_rules(args: &HistoryArgs, rules: &RuleSet) -> anyhow::Result<Fingerprint> {
    let mut parts: Vec<Vec<u8>> = Vec::new();
    for rule in rules.rules() {
        parts.push(format!("{}\n{}\n{}", rule.id, rule.title, rule.pattern).into_bytes());
    }
    let root = run::nearest_work_tree();
    let folders = own_rules::folders(args.scan.rules.as_deref(), root.as_deref())?;
    for (path, text) in own_rules::files(&folders)? {
        // The folder itself may be another on each machine.
        let name = path.file_name().unwrap_or_default();
        parts.extend([name.as_encoded_bytes().to_vec(), text]);
    }
    let parts: Vec<_> = parts.iter().map(Vec::as_slice).collect();
    // What is told apart here is no secret, so everybody may know the key.
    Ok(Key::new(*b"leakgate/shards1").fingerprint(&parts))
}

impl Known {
    /// Adds what shards have found out.
    pub(super) fn add(
        &mut self,
        history: &History<'_>,
        shards: &[ShardReport],
    ) -> anyhow::Result<()> {
        if self.list.is_empty() {
            self.numbers = Bits::new(history.len());
        }
        // One that is stored twice may be in two shards.
        let mut verdicts: BTreeMap<u32, (ObjectId, u64, Verdict)> = BTreeMap::new();
        for shard in shards {
            for &(id, size, verdict) in &shard.blobs {
                let number = history.number(id).filter(|&n| history.kind(n) == Some(Kind::Blob));
                let number = number.with_context(|| {
                    format!(
                        "could not use the report {}: it lists the object {id}, which is not in \
                         this repository; merge where the shards were read, or in a newer copy",
                        shard.file.display()
                    )
                })?;
                let known = verdicts.entry(number).or_insert((id, size, verdict));
                known.2 = known.2.max(verdict);
            }
        }
        for (number, (id, size, verdict)) in verdicts {
            if !self.numbers.insert(number) {
                continue;
            }
            self.blobs += 1;
            self.bytes += size;
            match verdict {
                Verdict::Calm => self.list.push((id, size)),
                Verdict::Likely => self.found.likely.push((number, false)),
                Verdict::LikelyByName => self.found.likely.push((number, true)),
                Verdict::Large => self.found.large.push(number),
            }
        }
        Ok(())
    }

    /// Says how many blobs are in no shard, as after a fetch, or where copies are packed differently.
    pub(super) fn tell_of_rest(&self, history: &History<'_>, args: &HistoryArgs) {
        let is_rest = |&number: &u32| {
            history.kind(number) == Some(Kind::Blob)
                && history.canonical(number) == number
                && !self.numbers.has(number)
        };
        let rest = (0..history.len() as u32).filter(is_rest).count();
        if rest > 0 && !args.scan.quiet {
            terminal::note(&format!("versions that are in no shard, and are read here: {rest}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_come_back_whole_and_damage_is_seen() {
        let id = |byte| ObjectId::from_bytes(&[byte; 20]).expect("it is short");
        let blobs: Vec<Blob> =
            [0, 1, 127, 128, 300, 1 << 40].iter().map(|&n| (id(7), n, Verdict::Calm)).collect();
        let mut bytes = Vec::new();
        for (id, size, _) in &blobs {
            bytes.extend_from_slice(id.as_bytes());
            pack_size(*size, &mut bytes);
        }
        let mut back = Vec::new();
        assert_eq!(unpack(&BASE64_STANDARD.encode(&bytes), 20, Verdict::Calm, &mut back), Some(()));
        assert_eq!(back, blobs);
        for cut in [bytes.len() - 1, 19, 20] {
            let list = BASE64_STANDARD.encode(&bytes[..cut]);
            assert_eq!(unpack(&list, 20, Verdict::Calm, &mut Vec::new()), None, "{cut}");
        }
        assert_eq!(unpack("?", 20, Verdict::Calm, &mut Vec::new()), None);
        assert_eq!(unpack("AAAA", usize::MAX, Verdict::Calm, &mut Vec::new()), None);
    }
}
