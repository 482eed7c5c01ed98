//! Running git, for what only git itself can do.

use std::io;
use std::process::{Command, Output};

use anyhow::{Context as _, bail};

/// Runs a command of git to its end.
///
/// # Errors
/// When it cannot be run.
pub(crate) fn output(command: &mut Command) -> anyhow::Result<Output> {
    match command.output() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            bail!("could not run git: it is not on the PATH")
        }
        output => output.context("could not run git"),
    }
}
