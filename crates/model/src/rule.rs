//! A rule that is written in Rust, as one line of its check's table.

use bstr::BString;

use crate::{Category, Confidence, Finding, RuleId, Severity, Status};

/// One kind of finding a check can make: for making it, for listing, for the documentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// Stable kebab-case name, unique over all checks.
    pub id: &'static str,
    /// Which kind of check it belongs to.
    pub category: Category,
    /// A noun phrase.
    pub title: &'static str,
    /// The most severe a finding of it is; one that is milder says why in its reasons.
    pub severity: Severity,
    /// What to do, each one sentence.
    pub advice: &'static [&'static str],
}

impl Rule {
    /// A finding of this rule about `path` as a whole, introduced by the change.
    pub fn finding(&self, path: impl Into<BString>, confidence: Confidence) -> Finding {
        Finding {
            rule: RuleId::new(self.id),
            category: self.category,
            title: self.title.into(),
            provider: None,
            severity: self.severity,
            confidence,
            reasons: Vec::new(),
            path: path.into(),
            place: None,
            excerpt: None,
            lines: None,
            secret: None,
            status: Status::Introduced,
            advice: self.advice.iter().map(|&sentence| sentence.into()).collect(),
            fixes: Vec::new(),
            rotate: None,
            fingerprint: None,
        }
    }
}

/// The rules of one category as a table: for each a constant, and `ALL` of them in its order.
///
/// A row is the constant's name, the rule's id, its severity, its title and its advice.
#[macro_export]
macro_rules! rule_table {
    ($category:ident: $($name:ident $id:literal $severity:ident $title:literal $($advice:literal)+;)+) => {
        $(pub(crate) const $name: &$crate::Rule = &$crate::Rule {
            id: $id,
            category: $crate::Category::$category,
            title: $title,
            severity: $crate::Severity::$severity,
            advice: &[$($advice),+],
        };)+

        /// Each rule of the table, in its order.
        pub(crate) const ALL: &[$crate::Rule] = &[$(*$name),+];
    };
}
