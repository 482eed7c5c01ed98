//! Reads what git is about to commit, commits, and plain files.
//!
//! The staged change is read from the index and the object database, blob by blob, by object id:
//! no textual diff, no content of the work tree. So attributes, textconv,
//! filters, colours, encodings and odd names cannot hide anything, and nothing that the repository
//! configures is ever run. This is the only crate that knows gix and `ignore`.

mod access;
mod brought;
mod commit_walk;
mod files;
pub mod history;
mod ignored;
mod index_file;
mod index_walk;
mod message;
mod object;
mod objects;
mod plumbing;
mod posture;
mod range;
mod refs;
mod remote;
mod repository;
mod staged;
mod stdin;
mod step;
mod tracked;
mod trailer;
mod tree_diff;
mod view;
mod work_tree;

pub use access::{Access, access};
pub use brought::Brought;
pub use files::{Files, Options as FilesOptions};
pub use ignored::{IgnoreRules, IgnoredBy, PathKind, Patterns};
pub use message::{Message, is_edited, unsigned_header};
pub use posture::{ConfigScope, ConfigSetting, Identities, OwnFile};
pub use range::{Cut, NAMES, Range, RangeSpec, Tip};
pub use repository::{Error, HooksPath, Moment, Repository};
pub use staged::{Staged, submodule_paths};
pub use stdin::Stdin;
pub use step::{StagedTrees, Step};
pub use trailer::with_trailer;
pub use view::{View, ViewMember};
pub use work_tree::WorkTreePath;
