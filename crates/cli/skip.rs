//! `LEAKGATE_SKIP="reason"`: going past leakgate in the open, where `--no-verify` leaves no trace.

use std::env;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, bail};
use leakgate_git::{Repository, with_trailer};
use leakgate_hooks::Event;
use leakgate_policy::{Config, is_reason};

use crate::{run, terminal};

const VARIABLE: &str = "LEAKGATE_SKIP";

/// Where it is recorded: a line each time, with the time in UTC, the hook, what `HEAD` was and the
/// reason, separated by tabs.
pub(crate) fn log(repository: &Repository) -> PathBuf {
    repository.common_dir().join("leakgate-skipped.log")
}

/// The reason to go past this hook, if the user wants to; then it is on record.
///
/// # Errors
/// When there is no reason, or it cannot be recorded.
pub(crate) fn reason_for(event: Event) -> anyhow::Result<Option<String>> {
    let Some(reason) = env::var_os(VARIABLE) else { return Ok(None) };
    let reason: String = reason.to_string_lossy().chars().map(plain).collect();
    let reason = reason.trim();
    if reason.is_empty() {
        return Ok(None);
    }
    if !is_reason(reason.as_bytes()) {
        bail!(
            "{VARIABLE} is {reason:?}, which is no reason: it has three letters or digits at \
             least; say why"
        );
    }
    let repository = run::repository()?;
    let head = repository.resolve("HEAD").ok().flatten();
    let head = head.map_or_else(|| "-".to_owned(), |id| id.to_string());
    let path = log(&repository);
    let line = format!("{}\t{event}\t{head}\t{reason}\n", utc(SystemTime::now()));
    if path.is_symlink() {
        bail!("could not record the skip in {}: it is a symbolic link", path.display());
    }
    let mut file = OpenOptions::new().create(true).append(true).open(&path);
    file.as_mut()
        .map_err(|error| std::io::Error::new(error.kind(), error.to_string()))
        .and_then(|file| file.write_all(line.as_bytes()))
        .with_context(|| format!("could not record the skip in {}", path.display()))?;
    terminal::complain(&anyhow::anyhow!(
        "{event} skipped and nothing scanned: {reason} (recorded in {})",
        path.display()
    ));
    Ok(Some(reason.to_owned()))
}

/// Says in the message that the commit went past leakgate, where the repository wants that.
///
/// # Errors
/// When the policy or the message cannot be read, or the message not be written.
pub(crate) fn leave_trailer(reason: &str, file: &Path) -> anyhow::Result<()> {
    let repository = run::repository()?;
    let Some(root) = repository.work_tree() else { return Ok(()) };
    if !Config::read(&root)?.skip_trailer {
        return Ok(());
    }
    let context = || format!("could not add the trailer to the message in {}", file.display());
    let message = fs::read(file).with_context(context)?;
    let line = format!("Leakgate-Skip: {reason}");
    match with_trailer(&message, &line) {
        Some(message) => fs::write(file, message).with_context(context),
        None => Ok(()),
    }
}

/// A record is one line.
fn plain(c: char) -> char {
    if leakgate_model::is_invisible(c) { ' ' } else { c }
}

/// A moment as `2026-11-22T10:11:12Z`.
fn utc(moment: SystemTime) -> String {
    let seconds = moment.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = date(days);
    let (hour, minute) = (second / 3600, second / 60 % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{:02}Z", second % 60)
}

/// The date of a day counted from 1970-01-01, by years that begin in March.
fn date(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let of_month = day - (153 * month + 2) / 5 + 1;
    let (month, later) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (era * 400 + year + later, month, of_month)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn moments_as_people_write_them() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_709_251_199, "2024-02-29T23:59:59Z"),
            (1_795_345_272, "2026-11-22T11:01:12Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(utc(UNIX_EPOCH + Duration::from_secs(seconds)), text);
        }
    }
}
