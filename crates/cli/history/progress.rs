//! How far a long scan is, and how to end it early.

use std::io::IsTerminal as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use indicatif::{ProgressBar, ProgressStyle};

/// A bar on standard error, if that is a terminal.
pub(super) struct Progress {
    bar: Option<ProgressBar>,
    done: AtomicU64,
}

impl Progress {
    /// A bar for so many objects; shown once the scan has taken a moment.
    pub(super) fn new(total: u64, is_quiet: bool) -> Self {
        let bar = (!is_quiet && std::io::stderr().is_terminal()).then(|| {
            let bar = ProgressBar::new(total);
            let form = "{wide_bar} {human_pos}/{human_len} versions, {per_sec}, {eta} left";
            bar.set_style(ProgressStyle::with_template(form).expect("the form is of the library"));
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
        let done = self.done.fetch_add(count, Ordering::Relaxed) + count;
        if let Some(bar) = &self.bar {
            bar.set_position(done);
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

/// What the first Ctrl-C sets; the second ends the program at once.
pub(super) fn interrupt() -> anyhow::Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    let set = Arc::clone(&stop);
    ctrlc::set_handler(move || {
        if set.swap(true, Ordering::Relaxed) {
            // What a shell says of a program that Ctrl-C ended.
            std::process::exit(130);
        }
    })
    .context("could not listen for Ctrl-C")?;
    Ok(stop)
}
