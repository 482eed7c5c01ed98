//! Reads what git is about to commit, and plain files.
//!
//! The staged change is read from the index and the object database, blob by blob, by object id:
//! no textual diff, no content of the work tree, no child process. So attributes, textconv,
//! filters, colours, encodings and odd names cannot hide anything, and nothing that the repository
//! configures is ever run. This is the only crate that knows gix and `ignore`.

mod files;
pub mod history;
mod index_file;
mod index_walk;
mod object;
mod plumbing;
mod repository;
mod staged;
mod stdin;
mod tree_diff;

pub use files::{Files, Options as FilesOptions};
pub use repository::{Error, Moment, Repository};
pub use staged::Staged;
pub use stdin::Stdin;
