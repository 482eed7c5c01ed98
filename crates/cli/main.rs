//! The `leakgate` command.
//!
//! This is the only room that knows the command line, the terminal, the environment and exit
//! statuses. `run.rs` shows the whole pipeline; read it first.

mod args;
mod check;
mod commands;
mod exit;
mod history;
mod rule_commands;
mod run;
mod terminal;

use std::process::ExitCode;

use clap::Parser as _;
use leakgate_git::Moment;

use crate::args::{Args, Command};
use crate::exit::Exit;

fn main() -> ExitCode {
    terminal::keep_values_out_of_panics();
    // Bad usage ends here, with status 2.
    let args = Args::parse();
    let result = match args.command {
        Command::Staged(scan) => run::staged(&scan, Moment::Commit),
        Command::Files(files) => run::files(&files),
        Command::Stdin(stdin) => run::stdin(&stdin),
        Command::History(args) => history::history("history", &args),
        Command::Range(args) => history::range(args),
        Command::Hook(hook) => commands::hook(&hook),
        Command::Install => commands::install(),
        Command::Uninstall => commands::uninstall(),
        Command::Ignore(ignore) => commands::ignore(&ignore),
        Command::Rules(rules) => rule_commands::rules(&rules),
    };
    match result {
        Ok(exit) => exit.into(),
        Err(error) => {
            terminal::complain(&error);
            Exit::Incomplete.into()
        }
    }
}
