//! The last line: whether the way is free, what was scanned, what was not, in what time.
//!
//! It is often the only line that is read, so its first words are the verdict, and a scan that
//! was not complete never sounds clean.

use std::collections::BTreeMap;
use std::time::Duration;

use leakgate_model::{Outcome, Skip};

use super::pen::{Pen, Tone};
use crate::counts::Counts;
use crate::{Detail, Report, Scope};

/// The summary line, without its end.
pub(super) fn render(pen: &Pen, report: &Report<'_>, counts: &Counts, detail: Detail) -> String {
    let (tone, verdict) = verdict(report, counts);
    let tally = tally(report, counts, detail);
    format!("{} {}; {tally}", pen.toned(Tone::Name, "leakgate:"), pen.toned(tone, &verdict))
}

fn verdict(report: &Report<'_>, counts: &Counts) -> (Tone, String) {
    let stops = report.scope.stops();
    let not_scanned = not_scanned(report.outcome);
    match (counts.blocking(), not_scanned) {
        (0, None) => clean(stops, counts, report.outcome),
        (0, Some(not_scanned)) => {
            let so = stops.map_or_else(String::new, |what| format!(", which blocks {what}"));
            (Tone::Bad, format!("not clean: {not_scanned}{so}"))
        }
        (blocking, not_scanned) => {
            let verb = match (stops, blocking) {
                (Some(what), 1) => format!("blocks {what}"),
                (Some(what), _) => format!("block {what}"),
                (None, _) => "found".to_owned(),
            };
            let also = not_scanned.map_or_else(String::new, |what| format!(", and {what}"));
            (Tone::Bad, format!("{} {verb}{also}", found(counts)))
        }
    }
}

fn clean(stops: Option<&str>, counts: &Counts, outcome: &Outcome) -> (Tone, String) {
    if counts.warnings > 0 {
        let verdict = stops.map(|what| format!("nothing blocks {what}"));
        return (Tone::Notable, verdict.unwrap_or_else(|| "nothing but warnings".to_owned()));
    }
    let verdict = if counts.already_committed > 0 { "no new secrets" } else { "no secrets" };
    if outcome.passes_over_content() {
        return (Tone::Notable, format!("{verdict} in what was read"));
    }
    (Tone::Good, verdict.to_owned())
}

/// "2 secrets, 1 dangerous permission and 1 agent setting"
fn found(counts: &Counts) -> String {
    let kinds = [
        (counts.secrets, "secret", "secrets"),
        (counts.permissions, "dangerous permission", "dangerous permissions"),
        (counts.files, "dangerous name, link or file", "dangerous names, links or files"),
        (counts.agents, "dangerous agent setting", "dangerous agent settings"),
    ];
    let mut words: Vec<String> =
        kinds.iter().filter(|(n, ..)| *n > 0).map(|&(n, one, many)| count(n, one, many)).collect();
    let last = words.pop().unwrap_or_default();
    if words.is_empty() { last } else { format!("{} and {last}", words.join(", ")) }
}

/// "2 items could not be scanned (1 in conflict, 1 object missing)"
fn not_scanned(outcome: &Outcome) -> Option<String> {
    let mut kinds = BTreeMap::new();
    for problem in &outcome.problems {
        *kinds.entry(problem.kind).or_insert(0_u64) += 1;
    }
    let total = kinds.values().sum();
    let why = match kinds.len() {
        0 => return None,
        1 => kinds.keys().map(|kind| kind.as_str().to_owned()).collect(),
        _ => kinds
            .iter()
            .map(|(kind, n)| format!("{n} {}", kind.as_str()))
            .collect::<Vec<_>>()
            .join(", "),
    };
    Some(format!("{} could not be scanned ({why})", count(total, "item", "items")))
}

/// What was done: "5 staged files scanned (12.3 kB) in 3 ms, 1 warning"
fn tally(report: &Report<'_>, counts: &Counts, detail: Detail) -> String {
    let outcome = report.outcome;
    let mut tally = vec![format!("{} in {}", scanned(report), time(report.elapsed))];
    tally.extend(
        outcome.skipped.iter().filter(|(_, n)| **n > 0).map(|(skip, n)| skipped(*skip, *n)),
    );
    if report.history.is_some_and(|history| history.shallow) {
        tally.push("older commits are not in this shallow clone".to_owned());
    }
    if outcome.deleted > 0 && detail == Detail::Verbose {
        tally.push(count(outcome.deleted, "deletion", "deletions"));
    }
    if counts.warnings > 0 {
        tally.push(count(counts.warnings, "warning", "warnings"));
    }
    if counts.already_committed > 0 {
        let hint = if detail == Detail::Verbose { "" } else { " (see with -v)" };
        tally.push(format!("{} already committed{hint}", grouped(counts.already_committed)));
    }
    if outcome.ignored > 0 {
        tally.push(format!("{} ignored", grouped(outcome.ignored)));
    }
    if outcome.samples > 0 {
        let samples = count(outcome.samples, "sample", "samples");
        tally.push(format!("{samples} in tests and documentation (see with --samples)"));
    }
    tally.join(", ")
}

fn scanned(report: &Report<'_>) -> String {
    let Outcome { scanned, bytes, .. } = *report.outcome;
    let nothing = scanned == 0 && report.outcome.is_complete();
    let what = match report.scope {
        Scope::StagedChange if nothing => return "no staged content to scan".to_owned(),
        Scope::Files | Scope::Repository if nothing => return "no files to scan".to_owned(),
        Scope::StagedChange => count(scanned, "staged file", "staged files"),
        Scope::Files => count(scanned, "file", "files"),
        Scope::Repository => count(scanned, "tracked file", "tracked files"),
        Scope::Commits | Scope::Push | Scope::RefChange if nothing => {
            return "no new commits".to_owned();
        }
        Scope::Message => "the message".to_owned(),
        Scope::Commits | Scope::Push | Scope::RefChange => {
            count(scanned, "file or message of new commits", "files and messages of new commits")
        }
        Scope::Stdin if scanned == 0 => "nothing".to_owned(),
        Scope::Stdin => "standard input".to_owned(),
        Scope::History => {
            let commits = report.history.map_or(0, |history| history.commits);
            let commits = count(commits, "commit", "commits");
            format!("{} of {commits}", count(scanned, "version", "versions"))
        }
    };
    format!("{what} scanned ({})", size(bytes))
}

fn skipped(skip: Skip, n: u64) -> String {
    match skip {
        Skip::Submodule => count(n, "submodule not scanned", "submodules not scanned"),
        Skip::IntentToAdd => count(
            n,
            "file of `git add -N` has no content yet",
            "files of `git add -N` have no content yet",
        ),
        Skip::MergeParent => {
            count(n, "file as in the merged branch", "files as in the merged branch")
        }
        Skip::Special => count(n, "special file not scanned", "special files not scanned"),
        Skip::EncryptedArchive => {
            count(n, "encrypted archive not opened", "encrypted archives not opened")
        }
        Skip::ArchiveLimit => {
            count(n, "archive too large to open whole", "archives too large to open whole")
        }
        Skip::DamagedArchive => {
            count(n, "damaged archive not opened whole", "damaged archives not opened whole")
        }
        Skip::UnknownArchive => {
            count(n, "archive of an unknown format", "archives of an unknown format")
        }
    }
}

fn count(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(n), if n == 1 { one } else { many })
}

/// The number with a comma between groups of three digits.
fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A number of bytes in decimal units, three digits at most.
fn size(bytes: u64) -> String {
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    let mut value = bytes as f64 / 1000.0;
    let mut units = ["kB", "MB", "GB", "TB", "PB"].iter();
    let mut unit = units.next().expect("there are units");
    while value >= 999.5 {
        let Some(next) = units.next() else { break };
        value /= 1000.0;
        unit = next;
    }
    if value < 99.95 { format!("{value:.1} {unit}") } else { format!("{value:.0} {unit}") }
}

fn time(elapsed: Duration) -> String {
    let seconds = elapsed.as_secs_f64();
    if seconds < 0.000_95 {
        format!("{:.1} ms", seconds * 1000.0)
    } else if seconds < 0.999_5 {
        format!("{:.0} ms", seconds * 1000.0)
    } else if elapsed.as_secs() < 60 {
        format!("{seconds:.1} s")
    } else {
        let whole = elapsed.as_secs();
        format!("{} min {} s", whole / 60, whole % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_three_digits() {
        let sizes = [0, 999, 1000, 12_345, 99_949, 99_950, 999_499, 999_500, 200_000_000];
        let shown = sizes.map(size);
        assert_eq!(
            shown,
            [
                "0 B", "999 B", "1.0 kB", "12.3 kB", "99.9 kB", "100 kB", "999 kB", "1.0 MB",
                "200 MB"
            ]
        );
        assert_eq!(size(u64::MAX), "18447 PB");
    }

    #[test]
    fn times_fit_their_size() {
        let times = [0, 400, 950, 3_000, 999_400, 999_500, 12_340_000, 59_990_000, 3_725_000_000];
        let shown = times.map(|micros| time(Duration::from_micros(micros)));
        assert_eq!(
            shown,
            [
                "0.0 ms",
                "0.4 ms",
                "1 ms",
                "3 ms",
                "999 ms",
                "1.0 s",
                "12.3 s",
                "60.0 s",
                "62 min 5 s"
            ]
        );
    }

    #[test]
    fn long_numbers_are_grouped() {
        let shown = [0, 999, 1000, 1_234_567].map(grouped);
        assert_eq!(shown, ["0", "999", "1,000", "1,234,567"]);
    }
}
