//! The `leakgate` command.
//!
//! This is the only room that knows the command line, the terminal, the environment and exit
//! statuses. `run.rs` shows the whole pipeline; read it first.

mod access;
mod args;
mod arrival;
mod audit;
mod below;
mod canary;
mod check;
mod ci;
mod doctor;
mod exit;
mod fix;
mod git;
mod history;
mod hook;
mod ignore;
mod install;
mod mask;
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

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use leakgate_git::Moment;

use crate::args::{Args, Command};
use crate::exit::Exit;

fn main() -> ExitCode {
    terminal::keep_values_out_of_panics();
    let args = Args::typed();
    guarded(|| carry_out(args.command)).into()
}

/// The exit of a command: an error or a fault of ours means that not all was done.
fn guarded(command: impl FnOnce() -> anyhow::Result<Exit>) -> Exit {
    match catch_unwind(AssertUnwindSafe(command)) {
        Ok(Ok(exit)) => exit,
        Ok(Err(error)) => {
            terminal::complain(&error);
            Exit::Incomplete
        }
        // It has been told of where it happened.
        Err(_) => Exit::Incomplete,
    }
}

fn carry_out(command: Command) -> anyhow::Result<Exit> {
    match command {
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
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_a_failed_run() {
        assert_eq!(guarded(|| panic!("a fault")), Exit::Incomplete);
        assert_eq!(guarded(|| Err(anyhow::anyhow!("an error"))), Exit::Incomplete);
        assert_eq!(guarded(|| Ok(Exit::Findings)), Exit::Findings);
    }
}
