//! Standard input as one entry.

use std::io;

use bstr::BString;
use leakgate_model::{Content, Entry, Listing, Mode, Problem, Reader, Source};

/// What comes on standard input, under a name that the user may give.
pub struct Stdin;

impl Stdin {
    /// Standard input under `name`, which tells the syntax.
    pub fn list(name: impl Into<BString>) -> (Self, Listing) {
        let entries = vec![Entry::present(name, Mode::File)];
        (Self, Listing { entries, ..Listing::default() })
    }
}

impl Source for Stdin {
    fn reader(&self) -> Box<dyn Reader + '_> {
        Box::new(StdinReader)
    }
}

struct StdinReader;

impl Reader for StdinReader {
    fn read<'a>(
        &'a mut self,
        _entry: &Entry,
        _buffer: &'a mut Vec<u8>,
    ) -> Result<Content<'a>, Problem> {
        Ok(Content::Stream(Box::new(io::stdin().lock())))
    }
}
