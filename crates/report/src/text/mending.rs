//! The report of an audit: not what stands where, but what to mend and by which command.
//!
//! One screen is enough for most repositories, so findings of a rule stand together.

use std::io;

use leakgate_model::{Finding, Severity, Status};

use super::pen::{Pen, Tone};
use crate::Detail;
use crate::escape::{visible, visible_bytes};

/// How many paths of a rule are named.
const MOST_PATHS: usize = 3;

/// Writes the findings in groups, the gravest last: next to the prompt.
pub(super) fn write(
    out: &mut dyn io::Write,
    pen: &Pen,
    findings: &[&Finding],
    detail: Detail,
) -> io::Result<()> {
    for group in groups(findings) {
        write_group(out, pen, &group, detail)?;
    }
    Ok(())
}

fn groups<'f>(findings: &[&'f Finding]) -> Vec<Vec<&'f Finding>> {
    let mut sorted: Vec<_> = findings.to_vec();
    sorted.sort_by(|a, b| (a.severity, &a.rule).cmp(&(b.severity, &b.rule)));
    let same = |a: &&Finding, b: &&Finding| a.rule == b.rule && a.severity == b.severity;
    sorted.chunk_by(same).map(<[_]>::to_vec).collect()
}

fn write_group(
    out: &mut dyn io::Write,
    pen: &Pen,
    group: &[&Finding],
    detail: Detail,
) -> io::Result<()> {
    let first = group[0];
    let tone = match first.severity {
        _ if first.status == Status::AlreadyCommitted => Tone::Good,
        Severity::Low => Tone::Notable,
        _ => Tone::Bad,
    };
    let count = if group.len() > 1 { format!(" ({})", group.len()) } else { String::new() };
    let severity = pen.toned(tone, first.severity.as_str());
    let title = pen.toned(Tone::Name, &visible(&first.title));
    writeln!(out, "{severity}: {title}{count} [{}]", visible(first.rule.as_str()))?;
    let most = if detail == Detail::Verbose { group.len() } else { MOST_PATHS };
    for finding in group.iter().take(most) {
        write_one(out, finding, detail)?;
    }
    if group.len() > most {
        writeln!(out, "  … and {} more (all of them with -v)", group.len() - most)?;
    }
    if first.fixes.is_empty()
        && let Some(advice) = first.advice.first()
    {
        writeln!(out, "  {}", pen.broken(&visible(advice), 2).replace('\n', "\n  "))?;
    }
    writeln!(out)
}

fn write_one(out: &mut dyn io::Write, finding: &Finding, detail: Detail) -> io::Result<()> {
    let path = visible_bytes(&finding.path);
    let line = finding.place.as_ref().map_or_else(String::new, |place| format!(":{}", place.line));
    let reasons = finding.reasons.join(", ");
    let reasons =
        if reasons.is_empty() { String::new() } else { format!(": {}", visible(&reasons)) };
    writeln!(out, "  {path}{line}{reasons}")?;
    for fix in &finding.fixes {
        writeln!(out, "    $ {}", visible(fix))?;
    }
    if detail == Detail::Verbose
        && let Some(fingerprint) = finding.fingerprint
    {
        writeln!(out, "    fingerprint: {fingerprint}")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use leakgate_model::{Category, Confidence, Rule};

    use super::*;
    use crate::{Color, Format, Settings};

    const RULE: Rule = Rule {
        id: "a-rule",
        category: Category::Permission,
        title: "A thing",
        severity: Severity::Medium,
        advice: &["Do this."],
    };

    #[test]
    fn findings_of_a_rule_stand_together() {
        let finding = |path: &str| {
            let mut finding = RULE.finding(path, Confidence::Certain);
            finding.fixes.push(format!("mend {path}"));
            finding
        };
        let low = Rule { id: "z", severity: Severity::Low, ..RULE };
        let mut findings: Vec<_> = ["a", "b\u{1b}", "c", "d"].map(finding).into();
        findings.push(low.finding("q", Confidence::Certain));
        let pen = Pen::new(&Settings {
            format: Format::Text,
            detail: Detail::Normal,
            reveal: None,
            color: Color::Never,
            width: 80,
        });
        let mut out = Vec::new();
        let shown: Vec<_> = findings.iter().collect();
        write(&mut out, &pen, &shown, Detail::Normal).expect("a vector takes all");
        let expected = "low: A thing [z]\n  q\n  Do this.\n\n\
            medium: A thing (4) [a-rule]\n  a\n    $ mend a\n  b\\u{1b}\n    $ mend b\\u{1b}\n  \
            c\n    $ mend c\n  … and 1 more (all of them with -v)\n\n";
        assert_eq!(String::from_utf8_lossy(&out), expected);
    }
}
