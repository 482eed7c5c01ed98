//! How far a long scan is, and how to end it early.

use std::io::{IsTerminal as _, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use indicatif::{ProgressBar, ProgressStyle};

use crate::terminal;

/// A bar on standard error, if that is a terminal.
pub(super) struct Progress {
    bar: Option<ProgressBar>,
    done: AtomicU64,
}

/// Before anything is done there is no rate to tell.
const BEGUN: &str = "{wide_bar} {human_pos}/{human_len} versions";
const GOING: &str = "{wide_bar} {human_pos}/{human_len} versions, {per_sec:0}, {eta} left";
/// A part of the work whose end is not known.
const PHASE: &str = "{spinner} {msg}";

impl Progress {
    /// A bar for so many objects; shown once the scan has taken a moment.
    pub(super) fn new(total: u64, is_quiet: bool) -> Self {
        Self::of(is_quiet, BEGUN, || ProgressBar::new(total))
    }

    /// What is being done, as "reading commits".
    pub(super) fn phase(what: &'static str, is_quiet: bool) -> Self {
        Self::of(is_quiet, PHASE, || ProgressBar::new_spinner().with_message(what))
    }

    fn of(is_quiet: bool, form: &str, bar: impl FnOnce() -> ProgressBar) -> Self {
        let bar = (!is_quiet && std::io::stderr().is_terminal()).then(|| {
            let bar = bar().with_style(style(form));
            bar.enable_steady_tick(Duration::from_millis(200));
            bar
        });
        Self { bar, done: AtomicU64::new(0) }
    }

    /// Nothing is shown.
    pub(super) fn none() -> Self {
        Self { bar: None, done: AtomicU64::new(0) }
    }

    /// So many more are done.
    pub(super) fn add(&self, count: u64) {
        let before = self.done.fetch_add(count, Ordering::Relaxed);
        if let Some(bar) = self.bar.as_ref().filter(|_| count > 0) {
            if before == 0 {
                bar.set_style(style(GOING));
            }
            bar.set_position(before + count);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn style(form: &str) -> ProgressStyle {
    ProgressStyle::with_template(form).expect("the form is of the library")
}

/// What the first Ctrl-C sets; the second ends the program at once.
pub(super) fn interrupt() -> anyhow::Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    let set = Arc::clone(&stop);
    ctrlc::set_handler(move || {
        if set.swap(true, Ordering::Relaxed) {
            // What a shell says of a program that Ctrl-C ended.
            std::process::exit(130);
        }
        if std::io::stderr().is_terminal() {
            // Below the bar.
            let _ = writeln!(std::io::stderr());
        }
        terminal::note(
            "stopping, to tell what was read; Ctrl-C again ends at once, without a report",
        );
    })
    .context("could not listen for Ctrl-C")?;
    Ok(stop)
}
