//! A rule as the engine runs it.

use std::borrow::Cow;
use std::path::Path;

use leakgate_model::{Confidence, RuleId, Severity, Text};

use crate::check::Check;
use crate::rulefile;

/// One kind of credential: where to look, what it looks like, what it means.
#[derive(Debug, Clone)]
pub struct Rule {
    /// The stable name.
    pub id: RuleId,
    /// Whose credential it is.
    pub provider: Text,
    /// A noun phrase for the screen.
    pub title: Text,
    /// What it opens.
    pub severity: Severity,
    /// How sure a match is before any check.
    pub confidence: Confidence,
    /// Literals in lower case; every match contains one.
    pub anchors: Cow<'static, [Text]>,
    /// The regex over bytes; its group `secret` is the secret.
    pub pattern: Text,
    /// Every match begins with an anchor.
    pub leads: bool,
    /// The longest match in bytes.
    pub longest: usize,
    /// How many first bytes of the secret are the format's public prefix.
    pub public: usize,
    /// Bytes of literal text that every match begins with.
    pub literal: usize,
    /// Offline proofs.
    pub checks: Cow<'static, [Check]>,
    /// Least entropy of the secret, bits a byte.
    pub entropy: f32,
    /// Globs of the only files it runs on; all files if empty.
    pub files: Cow<'static, [Text]>,
    /// Report values that read like placeholders.
    pub keep_placeholders: bool,
    /// Tells a kind of structure: any provider's own rule goes before it.
    pub general: bool,
    /// Where the secret is revoked.
    pub rotate: Option<Text>,
    /// What to do once it has leaked.
    pub advice: Option<Text>,
    /// Where the format is published.
    pub references: Cow<'static, [Text]>,
}

include!(concat!(env!("OUT_DIR"), "/baked.rs"));

/// The rules of `patterns/`, baked in when the program was built.
pub fn builtin() -> &'static [Rule] {
    BAKED
}

/// Reads a folder of rule files.
///
/// # Errors
/// One line for each thing that is wrong: file, rule, what.
pub fn load_dir(dir: &Path) -> Result<Vec<Rule>, Vec<String>> {
    Ok(rulefile::load_dir(dir)?.into_iter().map(Rule::from).collect())
}

impl From<rulefile::Loaded> for Rule {
    fn from(loaded: rulefile::Loaded) -> Self {
        let own = |texts: Vec<String>| Cow::Owned(texts.into_iter().map(Cow::Owned).collect());
        let rule = loaded.rule;
        Self {
            id: RuleId(rule.id.into()),
            provider: loaded.provider.into(),
            title: rule.description.into(),
            severity: match rule.severity {
                rulefile::Level::Low => Severity::Low,
                rulefile::Level::Medium => Severity::Medium,
                rulefile::Level::High => Severity::High,
                rulefile::Level::Critical => Severity::Critical,
            },
            confidence: match rule.confidence {
                rulefile::Sureness::Low => Confidence::Low,
                rulefile::Sureness::Medium => Confidence::Medium,
                rulefile::Sureness::High => Confidence::High,
            },
            anchors: own(loaded.anchors),
            pattern: loaded.pattern.into(),
            leads: loaded.shape.leads,
            longest: loaded.shape.longest,
            public: loaded.shape.public,
            literal: loaded.shape.literal,
            checks: Cow::Owned(rule.check.0),
            entropy: rule.entropy,
            files: own(rule.files),
            keep_placeholders: rule.placeholders.is_some(),
            general: rule.general,
            rotate: rule.rotate.map(Cow::Owned),
            advice: rule.advice.map(Cow::Owned),
            references: own(rule.references),
        }
    }
}
