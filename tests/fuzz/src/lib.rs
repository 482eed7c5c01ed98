//! Hostile bytes for everything that leakgate reads.
//!
//! Each module is a target of `cargo fuzz`: `run` takes bytes and panics when something does not
//! hold, `seeds` gives bytes to begin with. They go through the crates' public interfaces, and
//! where the claim is about a whole command, through the modules of the command itself.

#![allow(dead_code, reason = "of the command's modules, only some are called")]
#![allow(unused_imports, reason = "they call each other by these names")]

// Each of its histories would ask once more to be told of Ctrl-C, which a process can do once.
extern crate self as ctrlc;

pub mod archives;
pub mod content;
mod pack;
mod reading;
pub mod reports;
pub mod repository;
pub mod settings;
pub mod slow;
mod template;
pub mod versions;

#[path = "../../../crates/cli"]
mod command {
    pub(crate) mod access;
    pub(crate) mod args;
    pub(crate) mod arrival;
    pub(crate) mod audit;
    pub(crate) mod below;
    pub(crate) mod canary;
    pub(crate) mod check;
    pub(crate) mod ci;
    pub(crate) mod doctor;
    pub(crate) mod exit;
    pub(crate) mod fix;
    pub(crate) mod git;
    pub(crate) mod history;
    pub(crate) mod hook;
    pub(crate) mod ignore;
    pub(crate) mod install;
    pub(crate) mod mask;
    pub(crate) mod note;
    pub(crate) mod own_rules;
    pub(crate) mod range;
    pub(crate) mod rule_commands;
    pub(crate) mod run;
    pub(crate) mod samples;
    pub(crate) mod shipped;
    pub(crate) mod skip;
    pub(crate) mod stray;
    pub(crate) mod terminal;
    pub(crate) mod transaction;
    pub(crate) mod whole;
}
use command::*;

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::{env, fs, io};

use leakgate_secrets::RuleSet;

/// In place of the library's: nobody listens.
pub fn set_handler(_handler: impl FnMut() + Send + 'static) -> io::Result<()> {
    Ok(())
}

/// Called once before anything is run: writes the seeds into the folder that `LEAKGATE_SEEDS` names.
pub fn start(seeds: fn() -> Vec<Vec<u8>>) {
    let Some(folder) = env::var_os("LEAKGATE_SEEDS").map(PathBuf::from) else { return };
    fs::create_dir_all(&folder).expect("a folder for seeds");
    for (index, seed) in seeds().iter().enumerate() {
        fs::write(folder.join(format!("{index:05}")), seed).expect("a seed is written");
    }
}

/// The built-in rules.
fn rules() -> &'static RuleSet {
    static RULES: OnceLock<RuleSet> = OnceLock::new();
    RULES.get_or_init(RuleSet::default)
}

/// The root of the repository that this is built from.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("it stands in tests/fuzz")
}

/// A path and what stands under it: the first line, and all behind it.
fn split(data: &[u8]) -> (&[u8], &[u8]) {
    let end = data.iter().position(|&byte| byte == b'\n').unwrap_or(data.len());
    (&data[..end], data.get(end + 1..).unwrap_or_default())
}

/// A number that any change of the input changes.
fn hash(data: &[u8]) -> u64 {
    let step = |hash: u64, &byte: &u8| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3).rotate_left(23)
    };
    data.iter().fold(0xcbf2_9ce4_8422_2325, step)
}
