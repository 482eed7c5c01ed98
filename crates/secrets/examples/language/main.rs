//! Trains the language model of `src/language.rs`, and measures it on source it has not seen.
//!
//! ```sh
//! cargo run --release -p leakgate-secrets --example language -- train TABLE FOLDER…
//! cargo run --release -p leakgate-secrets --example language -- measure TRAINED… -- UNSEEN…
//! cargo run --release -p leakgate-secrets --example language -- score <NAMES-AND-VALUES
//! ```
//!
//! The same folders give the same bytes.

#![allow(clippy::print_stdout, reason = "a program whose output is a table")]

use std::error::Error;
use std::ffi::OsString;
use std::io::{self, Read as _};
use std::path::PathBuf;
use std::{env, fs};

#[path = "../../src/evident.rs"]
#[allow(dead_code, reason = "of the library, only what is measured is asked")]
mod evident;
#[path = "../../src/language.rs"]
#[allow(dead_code, unused_imports, reason = "of the library, only what is measured is asked")]
mod language;
mod measure;
mod pairs;
mod samples;
#[path = "../../src/stand_in.rs"]
mod stand_in;
#[path = "../../src/structure.rs"]
mod structure;
#[path = "../../src/symbols.rs"]
mod symbols;
mod train;
mod words;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<OsString> = env::args_os().skip(1).collect();
    let (command, rest) = arguments.split_first().ok_or("say `train`, `measure` or `score`")?;
    if command == "train" {
        let (table, folders) = rest.split_first().ok_or("name the table to write")?;
        let words = words::read(&paths(folders))?;
        fs::write(table, train::model(&words))?;
        println!("{} distinct words", words.len());
        return Ok(());
    }
    if command == "score" {
        return score();
    }
    let mut parts = rest.split(|argument| argument == "--").map(paths);
    let trained = parts.next().unwrap_or_default();
    let unseen = parts.next().ok_or("name the unseen folders behind `--`")?;
    measure::table(&trained, &unseen)
}

/// Writes for each line of standard input, `name TAB value`, its randomness, surprise and kind.
/// The values themselves are not written: they may be secret.
fn score() -> Result<(), Box<dyn Error>> {
    let mut text = Vec::new();
    io::stdin().read_to_end(&mut text)?;
    for line in text.strip_suffix(b"\n").unwrap_or(&text).split(|&byte| byte == b'\n') {
        let tab = line.iter().position(|&byte| byte == b'\t').ok_or("a line without a tab")?;
        let (name, value) = (&line[..tab], &line[tab + 1..]);
        let (randomness, surprise) = (language::randomness(value), language::surprise(value));
        println!("{randomness:.4}\t{surprise:.2}\t{:?}", evident::kind(value, name));
    }
    Ok(())
}

fn paths(arguments: &[OsString]) -> Vec<PathBuf> {
    arguments.iter().map(PathBuf::from).collect()
}
