//! Builds repositories with the real git and runs the binary on them, sealed off from the machine:
//! neither its configuration nor its environment reaches a test.

mod objects;
mod program;
mod repo;
mod scan;
pub(crate) mod secret;

pub(crate) use objects::{loose_header, tree_line, write_loose};
pub(crate) use program::{Run, Sandbox, program};
pub(crate) use repo::Repo;
pub(crate) use scan::{Scan, Verdict, blocks, check, incomplete, passes};

/// A table of cases, each a test: what is done to a repository with one commit, and what the scan
/// of its staged change then says.
macro_rules! matrix {
    ($($case:ident: $build:expr => $verdict:expr;)*) => {
        $(
            #[test]
            fn $case() {
                $crate::support::check($build, &$verdict);
            }
        )*
    };
}
pub(crate) use matrix;
