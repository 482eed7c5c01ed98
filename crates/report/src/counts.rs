//! How many findings of which weight a report has.

use leakgate_model::{Category, Finding, Status};

/// Counts of findings, made from what is shown, so that they cannot disagree with it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Introduced findings that block, in content, names or messages.
    pub(crate) secrets: u64,
    /// Introduced findings that block, on modes and permission bits.
    pub(crate) permissions: u64,
    /// Introduced findings that block, on what else there is to a file: names, links, sizes.
    pub(crate) files: u64,
    /// Introduced findings that block, in settings of coding agents.
    pub(crate) agents: u64,
    /// Introduced findings that do not block.
    pub(crate) warnings: u64,
    /// Findings that were committed before.
    pub(crate) already_committed: u64,
}

impl Counts {
    /// Counts the findings.
    pub(crate) fn of(findings: &[Finding]) -> Self {
        let mut counts = Self::default();
        for finding in findings {
            *counts.slot(finding) += 1;
        }
        counts
    }

    /// Findings that block, of any category.
    pub(crate) fn blocking(&self) -> u64 {
        self.secrets + self.permissions + self.files + self.agents
    }

    fn slot(&mut self, finding: &Finding) -> &mut u64 {
        match (finding.status, finding.category) {
            (Status::AlreadyCommitted, _) => &mut self.already_committed,
            (Status::Introduced, _) if !finding.blocks() => &mut self.warnings,
            (Status::Introduced, Category::Secret) => &mut self.secrets,
            (Status::Introduced, Category::Permission) if is_of_mode(finding) => {
                &mut self.permissions
            }
            (Status::Introduced, Category::Permission) => &mut self.files,
            (Status::Introduced, Category::Agent) => &mut self.agents,
        }
    }
}

fn is_of_mode(finding: &Finding) -> bool {
    let rule = finding.rule.as_str();
    ["mode-", "policy-mode", "work-tree-"].iter().any(|start| rule.starts_with(start))
}

#[cfg(test)]
mod tests {
    use leakgate_model::{RuleId, Severity};

    use super::*;
    use crate::sample;

    #[test]
    fn each_finding_counts_once() {
        let mut warning = sample::secret();
        warning.severity = Severity::Low;
        let mut old = sample::mode();
        old.status = Status::AlreadyCommitted;
        let mut size = sample::mode();
        size.rule = RuleId::new("policy-size");
        let counts = Counts::of(&[sample::secret(), sample::mode(), size, warning, old]);
        let expected = Counts {
            secrets: 1,
            permissions: 1,
            files: 1,
            agents: 0,
            warnings: 1,
            already_committed: 1,
        };
        assert_eq!(counts, expected);
        assert_eq!(counts.blocking(), 3);
    }
}
