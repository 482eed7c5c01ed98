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
        if is_closed() {
            return Err(Problem {
                path: Some(entry.path.clone()),
                kind: ProblemKind::Unreadable,
                detail: "standard input is closed".to_owned(),
                help: "give it a file, as in `leakgate stdin <FILE`, or a pipe".to_owned(),
            });
        }
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

/// Whether there was no standard input when the program started. Rust has put the null device in
/// its place by then, open for writing as well, which nobody does who means it to be read.
#[cfg(unix)]
fn is_closed() -> bool {
    let mode = rustix::fs::fcntl_getfl(io::stdin());
    let is_writable =
        mode.is_ok_and(|mode| mode & rustix::fs::OFlags::RWMODE == rustix::fs::OFlags::RDWR);
    let (input, null) = (rustix::fs::fstat(io::stdin()), rustix::fs::stat("/dev/null"));
    is_writable && input.is_ok_and(|input| null.is_ok_and(|null| input.st_rdev == null.st_rdev))
}

#[cfg(not(unix))]
fn is_closed() -> bool {
    false
}
