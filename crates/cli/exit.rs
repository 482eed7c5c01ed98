//! What the exit status says; `docs/output.md` is its description for users.

use std::process::ExitCode;

use leakgate_model::Outcome;

/// The exit status of a scan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// 0: everything was scanned and nothing blocks.
    Clean,
    /// 1: everything was scanned and something blocks.
    Findings,
    /// 2: something could not be scanned, the usage was wrong, or leakgate itself failed.
    Incomplete,
}

impl Exit {
    /// What was not scanned beats what was found.
    pub(crate) fn of(outcome: &Outcome) -> Self {
        match outcome {
            outcome if !outcome.is_complete() => Self::Incomplete,
            outcome if outcome.blocking > 0 => Self::Findings,
            _ => Self::Clean,
        }
    }

    pub(crate) fn status(self) -> u8 {
        match self {
            Self::Clean => 0,
            Self::Findings => 1,
            Self::Incomplete => 2,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.status())
    }
}
