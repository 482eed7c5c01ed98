//! Black-box tests: the built binary, run as a user runs it, on repositories made by the real git.
//!
//! Set `LEAKGATE_TEST_PROGRAM` to the path of another leakgate to test that one.
//! Each module is a table or close to it: a case is a line or two, and its name says all.

#![cfg(unix)]

mod support;

mod changes;
mod commits;
mod content;
mod decoding;
mod files;
mod history;
mod history_property;
mod hostile;
mod install;
mod names;
mod output;
mod own;
mod permissions;
mod property;
mod repositories;
