//! Where entries come from, and how a check gets at their content.

use std::io::Read;

use bstr::BString;

use crate::{Entry, ObjectId, Previous, Problem, ProblemKind, Skip, Text};

/// What a source has to scan.
#[derive(Debug, Default)]
pub struct Listing {
    /// To be scanned, sorted by path.
    pub entries: Vec<Entry>,
    /// Seen, and holding nothing to scan.
    pub skipped: Vec<(BString, Skip)>,
    /// Could not be listed.
    pub problems: Vec<Problem>,
    /// How many committed files the change deletes.
    pub deleted: u64,
}

/// Something that lists entries: the staged change, files, standard input.
pub trait Source: Sync {
    /// A reader for one thread.
    fn reader(&self) -> Box<dyn Reader + '_>;

    /// Committed files whose paths the change deletes: what they held may have moved.
    ///
    /// A source may leave some out when they are very many.
    fn removed(&self) -> Vec<Previous> {
        Vec::new()
    }
}

/// Reads the content of entries, one at a time.
pub trait Reader {
    /// The content that would be committed under `entry`, in `buffer` or as a stream.
    ///
    /// # Errors
    /// A [`Problem`] when the content cannot be read whole.
    fn read<'a>(
        &'a mut self,
        entry: &Entry,
        buffer: &'a mut Vec<u8>,
    ) -> Result<Content<'a>, Problem>;

    /// The content of an object that is already committed under `path`. A source whose entries
    /// have nothing committed is never asked.
    ///
    /// # Errors
    /// A [`Problem`] when the object cannot be read.
    fn read_object<'a>(
        &'a mut self,
        path: &BString,
        _id: ObjectId,
        _buffer: &'a mut Vec<u8>,
    ) -> Result<Content<'a>, Problem> {
        Err(Problem {
            path: Some(path.clone()),
            kind: ProblemKind::Fault,
            detail: "this source has no earlier versions".to_owned(),
            help: "please report this".to_owned(),
        })
    }

    /// How many bytes the content of an entry has, if it is known already that no secret can stand
    /// in it under most names. Under one that tells how to read the file, it has to be read.
    fn calm(&self, _entry: &Entry) -> Option<u64> {
        None
    }

    /// Where the entry comes from, as a short phrase for the reasons of its findings.
    fn origin(&self, _entry: &Entry) -> Option<Text> {
        None
    }
}

/// The bytes of an entry.
pub enum Content<'a> {
    /// All of them.
    Whole(&'a [u8]),
    /// Too many to hold at once.
    Stream(Box<dyn Read + 'a>),
}
