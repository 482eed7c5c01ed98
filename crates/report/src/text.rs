//! The report for people: what, where, how sure, what now.
//!
//! Whoever reads it was just stopped. So what blocks stands last, next to the prompt; what one
//! finding needs stands with it; what many need is said once, after them all.

mod advice;
mod block;
mod brief;
mod mending;
mod pen;
mod summary;
mod trace;

use std::io;

use leakgate_model::{Finding, Problem, Status, Trace};

use self::advice::Advice;
use self::pen::Pen;
use crate::counts::Counts;
use crate::escape::{visible, visible_bytes};
use crate::{Detail, Report, Scope, Settings};

/// The text with line ends between words, as sentences of a report have them: lines have `room`
/// characters at most, unless a word is longer.
pub fn broken(text: &str, room: usize) -> String {
    pen::broken(text, room)
}

/// Writes the findings, the problems, the shared advice and the summary line.
pub(crate) fn write(
    out: &mut dyn io::Write,
    report: &Report<'_>,
    settings: &Settings,
) -> io::Result<()> {
    let counts = Counts::of(report.findings);
    let clean = counts.blocking() == 0 && report.outcome.is_complete();
    // What was passed over is told also to who wants to hear little: it may hold anything.
    if clean && settings.detail == Detail::Quiet && !report.outcome.passes_over_content() {
        return Ok(());
    }
    let pen = Pen::new(settings);
    let shown = shown(report.findings, settings.detail);
    if report.scope == Scope::Repository {
        mending::write(out, &pen, &shown, settings.detail)?;
        write_problems(out, &pen, &report.outcome.problems)?;
        return writeln!(out, "{}", summary::render(&pen, report, &counts, settings.detail));
    }
    let advice = Advice::of(&shown, report.command);
    let is_brief = brief::is_wanted(shown.len(), settings);
    for finding in &shown {
        let trace = trace_of(report, finding);
        if is_brief {
            brief::write(out, &pen, finding, trace)?;
        } else {
            writeln!(out, "{}\n", block::render(&pen, finding, trace, &advice, settings))?;
        }
    }
    if is_brief {
        writeln!(out)?;
    }
    write_problems(out, &pen, &report.outcome.problems)?;
    if is_brief {
        writeln!(out, "{}", pen.help(&brief::hint(&shown, report.scope)))?;
    }
    write_shared(out, &pen, &advice)?;
    writeln!(out, "{}", summary::render(&pen, report, &counts, settings.detail))
}

/// What there is to tell of a finding's history.
fn trace_of<'r>(report: &Report<'r>, finding: &Finding) -> Option<&'r Trace> {
    let traces = report.history?.traces;
    // Findings and traces stand side by side, in the order of reports.
    let from = report.findings.partition_point(|other| other.sort_key() < finding.sort_key());
    let same = report.findings[from..].iter().position(|other| std::ptr::eq(other, finding))?;
    traces.get(from + same)
}

/// The findings of this detail, the least pressing first.
fn shown(findings: &[Finding], detail: Detail) -> Vec<&Finding> {
    let mut shown: Vec<&Finding> = findings
        .iter()
        .filter(|finding| match detail {
            Detail::Quiet => finding.blocks(),
            Detail::Normal => finding.status == Status::Introduced,
            Detail::Verbose => true,
        })
        .collect();
    shown.sort_by_key(|finding| (finding.blocks(), finding.status == Status::Introduced));
    shown
}

/// The advice that is for more than one finding.
fn write_shared(out: &mut dyn io::Write, pen: &Pen, advice: &Advice<'_>) -> io::Result<()> {
    let sentences = advice.shared();
    let ignoring = advice.shared_ignoring();
    for sentence in &sentences {
        writeln!(out, "{}", pen.help(sentence))?;
    }
    if let Some(command) = &ignoring {
        writeln!(out, "{}", pen.help_unbroken(command))?;
    }
    if !sentences.is_empty() || ignoring.is_some() {
        writeln!(out)?;
    }
    Ok(())
}

/// Each problem in a line, and the way out once for neighbours that share it.
fn write_problems(out: &mut dyn io::Write, pen: &Pen, problems: &[Problem]) -> io::Result<()> {
    for (at, problem) in problems.iter().enumerate() {
        let detail = visible(&problem.detail);
        let what = match &problem.path {
            Some(path) => format!("not scanned: {}: {detail}", visible_bytes(path)),
            None => format!("not scanned: {detail}"),
        };
        writeln!(out, "{}", pen.error(&what))?;
        if problems.get(at + 1).is_none_or(|next| next.help != problem.help) {
            writeln!(out, "{}\n", pen.help(&visible(&problem.help)))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
