//! Decides which findings count: what is new, what the user ignores, and with what reason.
//!
//! Ignores are keyed by content, not by position: a moved line stays ignored, a new value alerts.

mod config;
mod ignore_file;
mod marker;
mod novelty;
mod sample;

use leakgate_model::{Category, Finding, Fingerprint, Key, Secret, Text};

pub use config::{CONFIG_NAME, Config, ConfigError, rules};
pub use ignore_file::{Error, FILE_NAME, IgnoreEntry, IgnoreFile, check_reason};
pub use marker::{MARKER, Marker, is_reason, marker};
pub use novelty::{has_new, mark_known};
pub use sample::{Samples, is_sample_place};

/// What a policy made of some findings.
#[derive(Debug, Default)]
pub struct Applied {
    /// Those that count, each with its fingerprint.
    pub kept: Vec<Finding>,
    /// How many were ignored with a reason.
    pub ignored: u64,
}

/// Gives each finding its fingerprint and takes out those that are ignored with a reason, and what an
/// ignore file itself is made of.
///
/// A marker without a reason ignores nothing; the finding then says so.
pub fn apply(findings: Vec<Finding>, ignores: &IgnoreFile) -> Applied {
    let mut applied = Applied::default();
    for mut finding in findings.into_iter().filter(|finding| !is_of_ignore_file(finding)) {
        finding.fingerprint = Some(fingerprint_of(&finding, ignores.key()));
        let marker = finding.lines.as_ref().map_or(Marker::None, marker);
        let listed = finding.fingerprint.is_some_and(|print| ignores.ignores(&finding.rule, print));
        if listed || marker == Marker::Reasoned {
            applied.ignored += 1;
            continue;
        }
        finding.reasons.extend(without_effect(marker));
        applied.kept.push(finding);
    }
    applied
}

/// Returns true if and only if what was taken for a secret is a fingerprint or the key of an ignore
/// file. Beside the name of a rule, which is mostly a provider's, it looks like that provider's key.
fn is_of_ignore_file(finding: &Finding) -> bool {
    let is_one = finding.path.rsplit(|&byte| byte == b'/').next() == Some(FILE_NAME.as_bytes());
    let (true, Some(secret), Some(lines)) = (is_one, &finding.secret, &finding.lines) else {
        return false;
    };
    ignore_file::value_of(&lines.line)
        .is_some_and(|value| secret.value() == Secret::new(value, 0).value())
}

/// What stands beside a finding and was meant to let it pass, if it does not.
fn without_effect(marker: Marker) -> Option<Text> {
    match marker {
        Marker::None | Marker::Reasoned => None,
        Marker::Bare => Some(
            format!("`{MARKER}` has no effect without a reason of three letters or digits").into(),
        ),
        Marker::Near(near) => {
            Some(format!("`{near}` has no effect: write `{MARKER}` and a reason").into())
        }
    }
}

/// Names a finding by its value, or by its rule, path and line where it has none.
pub fn fingerprint_of(finding: &Finding, key: &Key) -> Fingerprint {
    if let Some(secret) = &finding.secret {
        return secret.fingerprint(key);
    }
    let kind: &[u8] = match finding.category {
        Category::Secret => b"secret",
        Category::Permission => b"permission",
        Category::Agent => b"agent",
    };
    let line = finding.lines.as_ref().map_or(&[][..], |lines| &lines.line);
    key.fingerprint(&[kind, finding.rule.as_str().as_bytes(), &finding.path, line])
}
