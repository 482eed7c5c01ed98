//! How findings in tests and documentation are reported, most of which are made up: as all others,
//! as warnings, or only as a number.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use bstr::ByteSlice as _;
use leakgate_model::{Finding, RuleId, Severity, Status};
use leakgate_policy::{Applied, Samples, is_sample_place};
use leakgate_secrets::RuleSet;

use crate::args::ScanArgs;

/// How the samples of one scan are handled.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Handling<'a> {
    samples: Samples,
    /// Paths that the user named: what they are called says nothing.
    named: &'a [PathBuf],
}

impl<'a> Handling<'a> {
    /// As usual for a scan, unless `--samples` is given.
    pub(crate) fn of(scan: &ScanArgs, usual: Samples) -> Self {
        let samples = if scan.samples { Samples::Tell } else { usual };
        Self { samples, named: &[] }
    }

    /// The same for a scan of files and folders.
    pub(crate) fn below(self, named: &'a [PathBuf]) -> Self {
        Self { named, ..self }
    }

    /// Takes out samples, or makes warnings of them. Returns how many were taken out.
    pub(crate) fn handle(self, rules: &RuleSet, applied: &mut Applied) -> u64 {
        // Many findings are of few rules, and to look one up takes long.
        let mut rules = Issued { rules, known: HashMap::new() };
        match self.samples {
            Samples::Tell => 0,
            Samples::Warn => {
                let kept = applied.kept.iter_mut();
                kept.filter(|finding| self.is_sample(&mut rules, finding)).for_each(warn);
                0
            }
            Samples::Count => {
                let before = applied.kept.len();
                applied.kept.retain(|finding| !self.is_sample(&mut rules, finding));
                (before - applied.kept.len()) as u64
            }
        }
    }

    /// Returns true if and only if what a rule finds in the content of these files, and nowhere else,
    /// may be taken out of the report.
    pub(crate) fn leaves_out<'p>(
        self,
        rules: &RuleSet,
        rule: &RuleId,
        mut paths: impl Iterator<Item = &'p [u8]>,
    ) -> bool {
        self.samples == Samples::Count
            && rules.get(rule).is_some_and(|rule| !rule.issued)
            && paths.all(|path| is_sample_place(self.inner(path)))
    }

    fn is_sample(self, rules: &mut Issued<'_>, finding: &Finding) -> bool {
        finding.status == Status::Introduced
            && finding.place.is_some()
            && is_sample_place(self.inner(&finding.path))
            && !rules.issues(&finding.rule)
    }

    /// The part of a path that the user did not name.
    fn inner<'p>(&self, path: &'p [u8]) -> &'p [u8] {
        let below = |named: &PathBuf| {
            // Nothing of the current folder's name is in the path.
            let named = Path::new(named).strip_prefix(".").unwrap_or(named);
            let named = <[u8]>::from_path(named).filter(|named| !named.is_empty())?;
            let rest = path.strip_prefix(named)?;
            let is_whole = named.ends_with(b"/") || rest.is_empty() || rest.starts_with(b"/");
            is_whole.then_some(rest)
        };
        self.named.iter().filter_map(below).min_by_key(|rest| rest.len()).unwrap_or(path)
    }
}

/// Which rules are about what a provider issues.
struct Issued<'r> {
    rules: &'r RuleSet,
    known: HashMap<RuleId, bool>,
}

impl Issued<'_> {
    fn issues(&mut self, rule: &RuleId) -> bool {
        if let Some(&issued) = self.known.get(rule) {
            return issued;
        }
        let issued = self.rules.get(rule).is_none_or(|rule| rule.issued);
        self.known.insert(rule.clone(), issued);
        issued
    }
}

fn warn(finding: &mut Finding) {
    finding.severity = Severity::Low;
    finding.reasons.push("in tests or documentation, where most are made up".into());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_named_says_nothing() {
        let named = [PathBuf::from("tests"), PathBuf::from("./a/docs/"), PathBuf::from(".")];
        let handling = Handling { samples: Samples::Count, named: &named };
        for (path, inner) in [
            ("tests/a/b", "/a/b"),
            ("testsuite/a", "testsuite/a"),
            ("a/docs/tests/x", "/tests/x"),
            ("docs/x", "docs/x"),
            ("other/tests/x", "other/tests/x"),
            ("tests", ""),
        ] {
            assert_eq!(handling.inner(path.as_bytes()).as_bstr(), inner);
        }
    }
}
