//! A rule as the engine runs it.

use leakgate_model::{Confidence, RuleId, Severity, Text};

use crate::check::Check;
use crate::rulefile::{self, Baked, Level, Sureness};
use crate::shape::Shape;

/// One kind of credential: what it looks like, what it means.
#[derive(Debug, Clone)]
pub struct Rule {
    /// The stable name.
    pub id: RuleId,
    /// Whose credential it is; empty if that is not known.
    pub provider: Text,
    /// A noun phrase for the screen.
    pub title: Text,
    /// What it opens.
    pub severity: Severity,
    /// How sure a match is before any check.
    pub confidence: Confidence,
    /// The regex over bytes; its group `secret` is the secret. Empty for a finder that is code.
    pub pattern: Text,
    /// Offline proofs.
    pub checks: Vec<Check>,
    /// Least entropy of the secret, bits a byte.
    pub entropy: f32,
    /// Globs of the only files it runs on; all files if empty. Behind `!`, of files it does not
    /// run on.
    pub files: Vec<String>,
    /// Report values that read like placeholders.
    pub keep_placeholders: bool,
    /// Tells a kind of structure: any provider's own rule goes before it.
    pub general: bool,
    /// Rules of the ids that belong with this secret.
    pub pair: Vec<RuleId>,
    /// How many lines away such an id may stand.
    pub within: u64,
    /// What the pattern's structure tells.
    pub(crate) shape: Shape,
}

impl From<Baked> for Rule {
    fn from(baked: Baked) -> Self {
        Self {
            id: RuleId(baked.id.into()),
            provider: baked.provider.into(),
            title: baked.title.into(),
            severity: match baked.severity {
                Level::Low => Severity::Low,
                Level::Medium => Severity::Medium,
                Level::High => Severity::High,
                Level::Critical => Severity::Critical,
            },
            confidence: match baked.confidence {
                Sureness::Low => Confidence::Low,
                Sureness::Medium => Confidence::Medium,
                Sureness::High => Confidence::High,
            },
            pattern: rulefile::expanded(&baked.pattern).into(),
            checks: baked.checks,
            entropy: baked.entropy,
            files: baked.files,
            keep_placeholders: baked.keep_placeholders,
            general: baked.general,
            pair: baked.pair.into_iter().map(|id| RuleId(id.into())).collect(),
            within: u64::from(baked.within),
            shape: baked.shape,
        }
    }
}
