//! Black-box tests: the built binary, run as a user runs it, on repositories made by the real git.
//!
//! Set `LEAKGATE_TEST_PROGRAM` to the path of another leakgate to test that one.
//! Each module is a table or close to it: a case is a line or two, and its name says all.

#![cfg(unix)]

mod support;

mod arrival;
mod audit;
mod changes;
mod commits;
mod content;
mod decoding;
mod doctor;
mod files;
mod fleet;
mod history;
mod history_cache;
mod history_modes;
mod history_property;
mod history_shards;
mod hook_input;
mod hook_matrix;
mod hostile;
mod ignore;
mod install;
mod install_matrix;
mod masking;
mod mending;
mod messages;
mod names;
mod output;
mod own;
mod pairs;
mod permission_table;
mod permissions;
mod property;
mod ranges;
mod repositories;
mod rules;
mod samples;
mod server;
