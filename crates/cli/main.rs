//! The `leakgate` command.
//!
//! This is the only room that knows the command line, the terminal, the environment and exit
//! statuses. `run.rs` shows the whole pipeline; read it first.

mod access;
mod args;
mod arrival;
mod audit;
mod canary;
mod check;
mod ci;
mod doctor;
mod exit;
mod fix;
mod history;
mod hook;
mod ignore;
mod install;
mod note;
mod own_rules;
mod range;
mod rule_commands;
mod run;
mod samples;
mod shipped;
mod skip;
mod stray;
mod terminal;
mod transaction;
mod whole;

use std::process::ExitCode;

use leakgate_git::Moment;

use crate::args::{Args, Command};
use crate::exit::Exit;

fn main() -> ExitCode {
    terminal::keep_values_out_of_panics();
    let args = Args::typed();
    let result = match args.command {
        Command::Staged(scan) => run::staged(&scan, Moment::Commit),
        Command::Audit(scan) => audit::audit(&scan),
        Command::Fix(args) => fix::fix(&args),
        Command::Files(files) => run::files(&files),
        Command::Stdin(stdin) => run::stdin(&stdin),
        Command::History(args) => history::history(&args),
        Command::Merge(args) => history::merge(&args),
        Command::Range(range) => range::range(&range),
        Command::Hook(args) => hook::hook(&args),
        Command::Install(args) => install::install(&args),
        Command::Uninstall(args) => install::uninstall(&args),
        Command::Doctor(args) => doctor::doctor(&args),
        Command::Ignore(ignore) => ignore::ignore(&ignore),
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
