//! What is inside archives and compressed files, within bounds.
//!
//! A secret in a jar, a wheel or a backup is as public as one in a text. Archives are opened in
//! memory, layer by layer and file by file; only a zip inside of something else is held whole.
//! A hostile one costs as much as its bounds allow, and whatever was not looked at is told.

mod calm;
mod format;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeSet, HashSet};
use std::io::{self, Cursor, Read};
use std::rc::Rc;

use bstr::{BString, ByteSlice as _};
use leakgate_model::{Finding, Skip};
use zip::ZipArchive;
use zip::result::ZipError;

use crate::ruleset::RuleSet;
use crate::scan::Scratch;
pub(crate) use calm::Calm;
use format::{Format, HEAD, TAIL};

/// Archives inside archives are opened so deep; a `.tar.gz` is two.
const DEEPEST: usize = 6;
/// The most files that are opened of one.
const MOST_FILES: usize = 50_000;
/// The most bytes that come out of one, all layers together.
const MOST_BYTES: u64 = 256 << 20;
/// The most bytes that come out of one for each that is in it, if it is no small one.
const MOST_RATIO: u64 = 200;
const SMALL: u64 = 32 << 20;
/// The largest archive that is opened.
const LARGEST: u64 = 256 << 20;

/// What came of scanning one file and all that it holds.
#[derive(Debug, Default)]
pub struct Scanned {
    /// In order of place; those of an archive's files follow, in the order of the archive.
    pub findings: Vec<Finding>,
    /// The bytes of the file itself.
    pub bytes: u64,
    /// Why some of what it holds was not looked at, each reason once.
    pub skipped: BTreeSet<Skip>,
}

/// Returns true if and only if this is opened as an archive or a compressed file.
pub(crate) fn is_archive(content: &[u8]) -> bool {
    Format::of_whole(content).is_some()
}

impl RuleSet {
    /// Finds the secrets in a whole file, and in the files inside if it is an archive.
    pub fn scan_file(&self, path: &[u8], content: &[u8], scratch: &mut Scratch) -> Scanned {
        let findings = self.scan(path, content, scratch);
        let scanned = Scanned { findings, bytes: content.len() as u64, ..Scanned::default() };
        self.look_inside(path, content, scanned, scratch)
    }

    /// The same for a file that is too large to hold, unless it is an archive.
    ///
    /// # Errors
    /// Those of `content`.
    pub fn scan_file_stream(
        &self,
        path: &[u8],
        content: &mut dyn Read,
        scratch: &mut Scratch,
    ) -> io::Result<Scanned> {
        let mut held = Vec::new();
        content.take(HEAD as u64).read_to_end(&mut held)?;
        let is_archive = Format::of(&held).is_some();
        if is_archive {
            content.take(LARGEST).read_to_end(&mut held)?;
        }
        let mut scanned = Scanned::default();
        let mut content = Tailed { content: &mut held.chain(content), tail: Vec::new() };
        (scanned.findings, scanned.bytes) = self.scan_stream(path, &mut content, scratch)?;
        if scanned.bytes > held.len() as u64 {
            let is_archive = is_archive || format::ends_zip(&content.tail);
            scanned.skipped.extend(is_archive.then_some(Skip::ArchiveLimit));
            return Ok(scanned);
        }
        Ok(self.look_inside(path, &held, scanned, scratch))
    }

    fn look_inside(
        &self,
        path: &[u8],
        content: &[u8],
        mut scanned: Scanned,
        scratch: &mut Scratch,
    ) -> Scanned {
        if !is_archive(content) {
            return scanned;
        }
        let limit = (content.len() as u64 * MOST_RATIO).clamp(SMALL, MOST_BYTES);
        let meter = Rc::new(Meter { left: Cell::new(limit), noted: RefCell::default() });
        let mut opener = Opener {
            rules: self,
            scratch,
            meter: Rc::clone(&meter),
            files: 0,
            names: Vec::new(),
            how: Vec::new(),
            findings: Vec::new(),
        };
        opener.content(path, content);
        let mut inside = opener.findings;
        inside.iter_mut().for_each(|finding| finding.path = path.into());
        // What is stored as it is was seen from outside as well.
        let known: HashSet<_> = inside.iter().map(|one| &one.secret).collect();
        scanned.findings.retain(|one| !known.contains(&one.secret));
        scanned.findings.append(&mut inside);
        scanned.skipped.extend(meter.noted.borrow().iter());
        scanned
    }
}

/// A reader that remembers at least the last [`TAIL`] bytes.
struct Tailed<'r> {
    content: &'r mut dyn Read,
    tail: Vec<u8>,
}

impl Read for Tailed<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.content.read(buffer)?;
        let new = &buffer[..count];
        self.tail.extend_from_slice(&new[count - count.min(TAIL)..]);
        if self.tail.len() > 16 * TAIL {
            self.tail.drain(..self.tail.len() - TAIL);
        }
        Ok(count)
    }
}

/// What one archive may still cost, and what was left out.
struct Meter {
    left: Cell<u64>,
    noted: RefCell<BTreeSet<Skip>>,
}

impl Meter {
    fn note(&self, skip: Skip) {
        let mut noted = self.noted.borrow_mut();
        // What is cut off by a limit looks damaged as well.
        if skip != Skip::DamagedArchive || !noted.contains(&Skip::ArchiveLimit) {
            noted.insert(skip);
        }
    }

    fn is_spent(&self) -> bool {
        self.left.get() == 0
    }
}

/// A reader that ends where the content cannot be read further, and notes why.
struct Metered<'r> {
    content: Box<dyn Read + 'r>,
    meter: Rc<Meter>,
}

impl Read for Metered<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.meter.is_spent() {
            self.meter.note(Skip::ArchiveLimit);
            return Ok(0);
        }
        match self.content.read(buffer) {
            Ok(count) => {
                self.meter.left.set(self.meter.left.get().saturating_sub(count as u64));
                Ok(count)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            Err(_) => {
                self.meter.note(Skip::DamagedArchive);
                // A decoder that is asked again after an error may never come to an end.
                self.content = Box::new(io::empty());
                Ok(0)
            }
        }
    }
}

/// Opens one file and all that is in it.
struct Opener<'o> {
    rules: &'o RuleSet,
    scratch: &'o mut Scratch,
    meter: Rc<Meter>,
    files: usize,
    /// The names that lead to the current file, outermost first, as they may be shown.
    names: Vec<BString>,
    /// The formats of the layers, outermost first.
    how: Vec<&'static str>,
    findings: Vec<Finding>,
}

impl Opener<'_> {
    /// Looks into the file that was given, which was scanned from outside.
    fn content(&mut self, path: &[u8], content: &[u8]) {
        match Format::of_whole(content) {
            Some(Format::Zip) => self.zip(content),
            Some(format) => self.layer(path, format, Box::new(content)),
            None => {}
        }
    }

    /// Looks at a file inside.
    fn file(&mut self, name: &[u8], content: Box<dyn Read + '_>) {
        let mut content = Metered { content, meter: Rc::clone(&self.meter) };
        let mut head = Vec::new();
        if content.by_ref().take(HEAD as u64).read_to_end(&mut head).is_err() {
            return self.meter.note(Skip::DamagedArchive);
        }
        let format = Format::of(&head);
        let mut whole = Cursor::new(head).chain(content);
        match format {
            None => self.scan(name, &mut whole),
            Some(_) if self.how.len() >= DEEPEST => self.meter.note(Skip::ArchiveLimit),
            Some(Format::Zip) => {
                let mut held = Vec::new();
                match whole.read_to_end(&mut held) {
                    Ok(_) => self.zip(&held),
                    Err(_) => self.meter.note(Skip::DamagedArchive),
                }
            }
            Some(format) => self.layer(name, format, Box::new(whole)),
        }
    }

    fn layer(&mut self, name: &[u8], format: Format, packed: Box<dyn Read + '_>) {
        self.how.push(format.how());
        match format {
            Format::Tar => self.tar(packed),
            Format::Deb => self.deb(packed),
            Format::Unknown => self.meter.note(Skip::UnknownArchive),
            _ => {
                if let Some(content) = format.decompress(packed) {
                    self.file(without_extension(name), content);
                }
            }
        }
        self.how.pop();
    }

    fn tar(&mut self, packed: Box<dyn Read + '_>) {
        let mut archive = tar::Archive::new(packed);
        // Behind the end another can follow, as `cat` and `tar -A` leave it.
        archive.set_ignore_zeros(true);
        let Ok(entries) = archive.entries() else {
            return self.meter.note(Skip::DamagedArchive);
        };
        for entry in entries {
            let Ok(entry) = entry else { return self.meter.note(Skip::DamagedArchive) };
            if !entry.header().entry_type().is_file() {
                // What a link leads to is a text as well.
                self.shown(entry.link_name_bytes().as_deref().unwrap_or_default());
                continue;
            }
            let name = entry.path_bytes().into_owned();
            if !self.member(&name, Box::new(entry)) {
                return;
            }
        }
    }

    /// Members follow a line that tells the format, each behind a header of 60 bytes.
    fn deb(&mut self, mut packed: Box<dyn Read + '_>) {
        const MAGIC: usize = 8;
        const HEADER: usize = 60;
        let mut start = [0; MAGIC];
        if packed.read_exact(&mut start).is_err() {
            return self.meter.note(Skip::DamagedArchive);
        }
        loop {
            let mut header = Vec::new();
            let read = packed.by_ref().take(HEADER as u64).read_to_end(&mut header);
            if read.is_ok() && header.is_empty() {
                return;
            }
            let field = header.get(48..58).map(|field| String::from_utf8_lossy(field));
            let size = field.and_then(|field| field.trim().parse::<u64>().ok());
            let Some(size) = size.filter(|_| header.ends_with(b"`\n")) else {
                return self.meter.note(Skip::DamagedArchive);
            };
            let mut content = packed.by_ref().take(size);
            if !self.member(header[..16].trim_end_with(|c| c == ' '), Box::new(&mut content)) {
                return;
            }
            // What nobody has read of it, and the blank that makes its length even.
            let rest = content.limit() + size % 2;
            if io::copy(&mut packed.by_ref().take(rest), &mut io::sink()).is_err() {
                return self.meter.note(Skip::DamagedArchive);
            }
        }
    }

    fn zip(&mut self, content: &[u8]) {
        let Ok(mut archive) = ZipArchive::new(Cursor::new(content)) else {
            return self.meter.note(Skip::DamagedArchive);
        };
        self.how.push(Format::Zip.how());
        for index in 0..archive.len() {
            match archive.by_index(index) {
                Ok(entry) if !entry.is_file() => {}
                Ok(entry) => {
                    let name = entry.name_raw().to_vec();
                    if !self.member(&name, Box::new(entry)) {
                        break;
                    }
                }
                Err(ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED)) => {
                    self.meter.note(Skip::EncryptedArchive);
                }
                Err(
                    ZipError::UnsupportedArchive(_) | ZipError::CompressionMethodNotSupported(_),
                ) => {
                    self.meter.note(Skip::UnknownArchive);
                }
                Err(_) => self.meter.note(Skip::DamagedArchive),
            }
        }
        self.how.pop();
    }

    /// Looks at a file of an archive; returns false if and only if no more may follow.
    fn member(&mut self, name: &[u8], content: Box<dyn Read + '_>) -> bool {
        self.files += 1;
        if self.files > MOST_FILES || self.meter.is_spent() {
            self.meter.note(Skip::ArchiveLimit);
            return false;
        }
        let shown = self.shown(name);
        self.names.push(shown);
        self.file(name, content);
        self.names.pop();
        true
    }

    fn scan(&mut self, name: &[u8], content: &mut dyn Read) {
        let mut held = Vec::new();
        if content.take(calm::LONGEST as u64).read_to_end(&mut held).is_err() {
            return self.meter.note(Skip::DamagedArchive);
        }
        let is_short = held.len() < calm::LONGEST;
        let file = is_short.then(|| calm::hash(&self.rules.key, name, &held));
        if file.is_some_and(|file| self.scratch.calm.has(file)) {
            return;
        }
        let content = &mut held.chain(content);
        let Ok((found, _)) = self.rules.scan_stream(name, content, self.scratch) else {
            return self.meter.note(Skip::DamagedArchive);
        };
        if found.is_empty() {
            if let Some(file) = file {
                self.scratch.calm.keep(file);
            }
            return;
        }
        // A file that is compressed by itself has no name inside but what its own tells.
        let stem = name.rsplit_once_str("/").map_or(name, |(_, stem)| stem);
        let alone = !self.how.last().is_some_and(|how| ["tar", "deb", "zip"].contains(how));
        let own = alone.then(|| self.masked(stem).unwrap_or_else(|| stem.into()));
        for mut finding in found {
            if let Some(place) = &mut finding.place {
                place.decoded.splice(0..0, self.how.iter().copied());
                place.inside = self.names.iter().chain(&own).cloned().collect();
            }
            self.findings.push(finding);
        }
    }

    /// A word in place of a name that holds a secret.
    fn masked(&mut self, name: &[u8]) -> Option<BString> {
        let found = self.rules.scan(b"", name, self.scratch);
        (!found.is_empty()).then(|| "(a name that holds a secret)".into())
    }

    /// A name as it may be shown. A secret in it is a finding as well.
    fn shown(&mut self, name: &[u8]) -> BString {
        let Some(masked) = self.masked(name) else { return name.into() };
        for mut finding in self.rules.scan(b"", name, self.scratch) {
            (finding.place, finding.excerpt, finding.lines) = (None, None, None);
            finding.reasons.push("in the name of a file in the archive".into());
            self.findings.push(finding);
        }
        masked
    }
}

/// `backup.sql` of `backup.sql.gz`: the name tells how values are written.
fn without_extension(name: &[u8]) -> &[u8] {
    name.rsplit_once_str(".").map_or(name, |(stem, _)| stem)
}
