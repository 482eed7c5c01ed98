//! `.leakgate-ignore`: one sorted line for each secret that is known and accepted.
//!
//! ```text
//! key 6f1d…
//! generic-secret 3fa9c1… the password of the local test database
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;
use std::{fs, io};

use bstr::ByteSlice as _;
use leakgate_model::{Fingerprint, Key, RuleId};

use crate::is_reason;

/// The file's name, at the root of the work tree.
pub const FILE_NAME: &str = ".leakgate-ignore";

/// Why an ignore file could not be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A line is not of the form.
    #[error("could not read line {line} of {FILE_NAME}: {why}; mend the line or take it out")]
    Line {
        /// From 1.
        line: usize,
        /// What is wrong with it.
        why: &'static str,
    },
    /// It could not be read or written.
    #[error("could not {what} {FILE_NAME}: {why}")]
    Io {
        /// `read` or `write`.
        what: &'static str,
        /// What the system said.
        why: io::Error,
    },
    /// A reason says nothing, or holds a line end.
    #[error(
        "a reason is one line with three letters or digits at least; say why the finding is no \
         danger"
    )]
    Reason,
}

/// What is taken for a reason to let a finding pass.
///
/// # Errors
/// [`Error::Reason`].
pub fn check_reason(reason: &str) -> Result<(), Error> {
    if !is_reason(reason.as_bytes()) || reason.trim().chars().any(char::is_control) {
        return Err(Error::Reason);
    }
    Ok(())
}

/// The fingerprint or the key that a line of the file has, if it has one.
pub(crate) fn value_of(line: &[u8]) -> Option<&[u8]> {
    let mut words = line.fields();
    let first = words.next()?;
    let second = words.next()?;
    let text = second.to_str().ok()?;
    let is_value = match first {
        b"key" => Key::parse(text).is_some(),
        _ => Fingerprint::parse(text).is_some(),
    };
    is_value.then_some(second)
}

/// One line of the file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct IgnoreEntry {
    /// The rule whose finding is ignored.
    pub rule: RuleId,
    /// Names the secret under the file's key.
    pub fingerprint: Fingerprint,
}

/// A whole file: the key of its fingerprints, and what it ignores and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IgnoreFile {
    key: Key,
    /// Whether the key is the file's own.
    own_key: bool,
    entries: BTreeMap<IgnoreEntry, String>,
    /// Rules of which nothing counts. They stand in `.leakgate.yaml`, not here.
    disabled: BTreeSet<RuleId>,
}

impl Default for IgnoreFile {
    fn default() -> Self {
        Self {
            key: Key::SHARED,
            own_key: false,
            entries: BTreeMap::new(),
            disabled: BTreeSet::new(),
        }
    }
}

const HEAD: &str = "# What leakgate lets pass, and why. `leakgate ignore` writes this file.\n";

impl IgnoreFile {
    /// Reads the file of a work tree; a file that is not there ignores nothing.
    ///
    /// # Errors
    /// [`Error::Io`] and [`Error::Line`].
    pub fn read(work_tree: &Path) -> Result<Self, Error> {
        let path = work_tree.join(FILE_NAME);
        let failed = |why| Error::Io { what: "read", why };
        let metadata = match fs::symlink_metadata(&path) {
            Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            metadata => metadata.map_err(failed)?,
        };
        // A link could make the scanned repository's file one from elsewhere; a pipe never ends.
        if !metadata.is_file() {
            let what = if metadata.is_symlink() { "symbolic link" } else { "special file" };
            let what = if metadata.is_dir() { "folder" } else { what };
            return Err(failed(io::Error::other(format!("it is a {what}, not a file"))));
        }
        Self::parse(&fs::read_to_string(path).map_err(failed)?)
    }

    /// Reads the text of a file.
    ///
    /// # Errors
    /// [`Error::Line`] for the first line that is not of the form.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let mut file = Self::default();
        for (index, line) in text.lines().enumerate() {
            let wrong = |why| Error::Line { line: index + 1, why };
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if let Some(hex) = line.strip_prefix("key ") {
                file.key =
                    Key::parse(hex.trim()).ok_or(wrong("a key has 32 hexadecimal digits"))?;
                file.own_key = true;
                continue;
            }
            let mut words = line.splitn(3, char::is_whitespace);
            let (Some(rule), Some(print)) = (words.next(), words.next()) else {
                return Err(wrong("it needs a rule, a fingerprint and a reason"));
            };
            let fingerprint = Fingerprint::parse(print)
                .ok_or(wrong("a fingerprint has 20 hexadecimal digits"))?;
            let reason = words.next().map(str::trim).unwrap_or_default();
            if !is_reason(reason.as_bytes()) {
                return Err(wrong("it gives no reason of three letters or digits"));
            }
            let entry = IgnoreEntry { rule: RuleId(rule.to_owned().into()), fingerprint };
            file.entries.insert(entry, reason.to_owned());
        }
        Ok(file)
    }

    /// The key of the file's fingerprints.
    pub fn key(&self) -> &Key {
        &self.key
    }

    /// The same with all that these rules find let pass.
    pub fn and_all_of(self, disabled: impl IntoIterator<Item = RuleId>) -> Self {
        Self { disabled: disabled.into_iter().collect(), ..self }
    }

    /// Returns true if and only if the rule is switched off, or a line names rule and fingerprint.
    pub fn ignores(&self, rule: &RuleId, fingerprint: Fingerprint) -> bool {
        self.disabled.contains(rule)
            || !self.entries.is_empty()
                && self.entries.contains_key(&IgnoreEntry { rule: rule.clone(), fingerprint })
    }

    /// Returns true if and only if the file has a key of its own, or needs none as it is empty.
    pub fn has_own_key(&self) -> bool {
        self.own_key
    }

    /// Gives a file without a key a random one. Its fingerprints change with that.
    ///
    /// # Errors
    /// [`Error::Io`] when the system has no random bytes.
    pub fn make_key(&mut self) -> Result<(), Error> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes)
            .map_err(|why| Error::Io { what: "make a key for", why: why.into() })?;
        self.key = Key::new(bytes);
        self.own_key = true;
        Ok(())
    }

    /// Each entry and its reason, in order.
    pub fn entries(&self) -> impl Iterator<Item = (&IgnoreEntry, &str)> {
        self.entries.iter().map(|(entry, reason)| (entry, reason.as_str()))
    }

    /// Adds a line, or gives a new reason to one that is there. Returns the reason it had.
    ///
    /// # Errors
    /// [`Error::Reason`].
    pub fn add(&mut self, entry: IgnoreEntry, reason: &str) -> Result<Option<String>, Error> {
        check_reason(reason)?;
        Ok(self.entries.insert(entry, reason.trim().to_owned()))
    }

    /// Takes out the entries with these fingerprints.
    pub fn remove(&mut self, fingerprints: &BTreeSet<Fingerprint>) {
        self.entries.retain(|entry, _| !fingerprints.contains(&entry.fingerprint));
    }

    /// The file's text: the key, then the lines in order.
    pub fn to_text(&self) -> String {
        let mut text = String::from(HEAD);
        let mut line = |line: std::fmt::Arguments<'_>| {
            text.write_fmt(line).expect("writing to a String does not fail");
        };
        line(format_args!("key {}\n", self.key.to_hex()));
        for (entry, reason) in &self.entries {
            line(format_args!("{} {} {reason}\n", entry.rule, entry.fingerprint));
        }
        text
    }

    /// Writes the file into a work tree, whole or not at all.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn write(&self, work_tree: &Path) -> Result<(), Error> {
        let target = work_tree.join(FILE_NAME);
        let beside = work_tree.join(format!("{FILE_NAME}.{}.tmp", std::process::id()));
        let failed = |why| Error::Io { what: "write", why };
        fs::write(&beside, self.to_text()).map_err(failed)?;
        fs::rename(&beside, target).map_err(|why| {
            let _ = fs::remove_file(&beside);
            failed(why)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(rule: &'static str, value: &[u8], key: &Key) -> IgnoreEntry {
        IgnoreEntry { rule: RuleId::new(rule), fingerprint: key.fingerprint(&[value]) }
    }

    #[test]
    fn a_file_is_read_as_it_was_written() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut file = IgnoreFile::read(folder.path()).expect("none is fine");
        file.make_key().expect("random bytes");
        let key = file.key().clone();
        file.add(entry("b-rule", b"2", &key), "second").expect("a reason");
        file.add(entry("a-rule", b"1", &key), " first ").expect("a reason");
        file.write(folder.path()).expect("written");
        let read = IgnoreFile::read(folder.path()).expect("read");
        assert_eq!(read, file);
        let rules: Vec<_> =
            read.to_text().lines().skip(2).map(|line| line[..6].to_owned()).collect();
        assert_eq!(rules, ["a-rule", "b-rule"]);
        assert!(read.ignores(&RuleId::new("a-rule"), key.fingerprint(&[b"1"])));
        assert!(!read.ignores(&RuleId::new("b-rule"), key.fingerprint(&[b"1"])));
    }

    #[test]
    fn a_wrong_line_is_named() {
        let print = Key::SHARED.fingerprint(&[b"x"]);
        for (text, line) in [
            ("# fine\nrule\n".to_owned(), 2),
            ("rule zz why\n".to_owned(), 1),
            (format!("rule {print}\n"), 1),
            ("key 12\n".to_owned(), 1),
        ] {
            match IgnoreFile::parse(&text) {
                Err(Error::Line { line: found, .. }) => assert_eq!(found, line, "{text}"),
                other => panic!("{text}: {other:?}"),
            }
        }
    }

    #[test]
    fn a_reason_is_needed() {
        let mut file = IgnoreFile::default();
        for reason in ["", "  ", "…", "ok", "two\nlines"] {
            assert!(file.add(entry("a", b"1", &Key::SHARED), reason).is_err());
        }
    }
}
