//! Many findings, each on one line: where, how grave, which rule, and what names the value.
//!
//! Whole, three hundred findings of one rule are two thousand lines, which scroll away what must be
//! known. As one line each they can be read, counted and filtered like a compiler's errors.

use std::io;

use leakgate_model::{Finding, Standing, Status, Trace};

use super::pen::{Pen, Tone};
use crate::escape::{visible, visible_bytes};
use crate::{Detail, Scope, Settings};

/// This many findings are told whole.
const MOST_WHOLE: usize = 20;

/// Whether so many findings are told in lines. Whoever asks for details or values gets them.
pub(super) fn is_wanted(findings: usize, settings: &Settings) -> bool {
    findings > MOST_WHOLE && settings.detail != Detail::Verbose && settings.reveal.is_none()
}

/// `src/config.py:3:10: error[example-token] 19ba8904fb58d07ad854`
pub(super) fn write(
    out: &mut dyn io::Write,
    pen: &Pen,
    finding: &Finding,
    trace: Option<&Trace>,
) -> io::Result<()> {
    let mut place = visible_bytes(&finding.path);
    for inside in finding.place.iter().flat_map(|place| &place.inside) {
        place.push_str(" → ");
        place.push_str(&visible_bytes(inside));
    }
    if let Some(found) = &finding.place {
        place.push_str(&format!(":{}:{}", found.line, found.column));
    }
    let (tone, level) = match finding.status {
        Status::AlreadyCommitted => (Tone::Good, "note"),
        Status::Introduced if finding.blocks() => (Tone::Bad, "error"),
        Status::Introduced => (Tone::Notable, "warning"),
    };
    let rule = format!("{level}[{}]", visible(finding.rule.as_str()));
    write!(out, "{}: {}", pen.toned(Tone::Name, &place), pen.toned(tone, &rule))?;
    if let Some(fingerprint) = &finding.fingerprint {
        write!(out, " {fingerprint}")?;
    }
    if let Some(trace) = trace {
        write!(out, " {}", standing(trace))?;
    }
    writeln!(out)
}

fn standing(trace: &Trace) -> &'static str {
    match trace.standing {
        Standing::Head => "(in HEAD)",
        Standing::Tip => "(in a ref)",
        Standing::Past => "(in the past)",
        Standing::Unreachable => "(in no ref)",
    }
}

/// What the lines leave out, and how to have it.
pub(super) fn hint(findings: &[&Finding], scope: Scope) -> String {
    // `git commit -v` would be another thing.
    let (whole, fix) = match scope {
        Scope::StagedChange => ("`leakgate staged -v` shows", "`leakgate staged --fix`"),
        _ => ("-v shows", "--fix"),
    };
    let has_fixes = findings.iter().any(|finding| !finding.fixes.is_empty());
    let fixes = if has_fixes { format!("; {fix} gives commands that mend") } else { String::new() };
    format!("{whole} each of these {} with its line and what to do{fixes}", findings.len())
}
