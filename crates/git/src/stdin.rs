//! Standard input as one entry.

use std::io::{self, Read as _};

use bstr::BString;
use leakgate_model::{Content, Entry, Listing, Mode, Problem, ProblemKind, Reader, Source};

use crate::object::WHOLE;

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
        entry: &Entry,
        buffer: &'a mut Vec<u8>,
    ) -> Result<Content<'a>, Problem> {
        let mut input = io::stdin().lock();
        buffer.clear();
        // Up to the limit in one go; what is longer goes on as a stream.
        input.by_ref().take(WHOLE).read_to_end(buffer).map_err(|error| Problem {
            path: Some(entry.path.clone()),
            kind: ProblemKind::Unreadable,
            detail: format!("could not read standard input: {error}"),
            help: "give it again from a file or a pipe that can be read".to_owned(),
        })?;
        if (buffer.len() as u64) < WHOLE {
            return Ok(Content::Whole(buffer));
        }
        Ok(Content::Stream(Box::new(buffer.as_slice().chain(input))))
    }
}
