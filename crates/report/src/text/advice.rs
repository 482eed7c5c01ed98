//! What to do next: with the finding when it is for that one only, else once at the end.
//!
//! Ten findings of one rule have the same advice. Said ten times it is noise, and the one
//! sentence that differs drowns in it.

use std::collections::{BTreeMap, BTreeSet};

use leakgate_model::{Finding, shell_path};

use crate::escape::visible;

/// Rules named before a shared sentence; with more of them the sentence would not be found.
const NAMED_RULES: usize = 3;

/// Which sentences of advice the shown findings have in common.
pub(super) struct Advice<'a> {
    uses: BTreeMap<String, Use<'a>>,
    findings: usize,
    ignorable: usize,
    /// The command that found them.
    command: &'a str,
}

/// What a finding shows of the way to let it pass.
pub(super) enum Ignoring {
    /// All of it: no other finding has one.
    Command(String),
    /// What the command at the end is to be given.
    Fingerprint(String),
}

/// Who a sentence is for.
struct Use<'a> {
    first: usize,
    findings: usize,
    rules: BTreeSet<&'a str>,
}

impl<'a> Advice<'a> {
    /// The advice for these findings of a command.
    pub(super) fn of(shown: &[&'a Finding], command: &'a str) -> Self {
        let mut uses = BTreeMap::new();
        for finding in shown {
            for sentence in sentences(finding) {
                let first = uses.len();
                let using = uses.entry(sentence).or_insert_with(|| Use {
                    first,
                    findings: 0,
                    rules: BTreeSet::new(),
                });
                using.findings += 1;
                using.rules.insert(finding.rule.as_str());
            }
        }
        let ignorable = shown.iter().filter(|finding| finding.fingerprint.is_some()).count();
        Self { uses, findings: shown.len(), ignorable, command }
    }

    /// The sentences for this finding and no other.
    pub(super) fn own(&self, finding: &Finding) -> Vec<String> {
        sentences(finding)
            .into_iter()
            .filter(|sentence| self.uses.get(sentence).is_none_or(|using| using.findings == 1))
            .collect()
    }

    /// How to let this finding pass. It holds a command, so it must not be broken.
    pub(super) fn ignoring(&self, finding: &Finding) -> Option<Ignoring> {
        let fingerprint = finding.fingerprint?.to_string();
        Some(if self.ignorable > 1 {
            Ignoring::Fingerprint(fingerprint)
        } else {
            let place = self.place(&shell_path(finding.path.as_ref()));
            Ignoring::Command(format!(
                "if this is safe: leakgate ignore {fingerprint} --reason \"…\"{place}"
            ))
        })
    }

    /// Where it can be found again, if that need not be in the repository.
    fn place(&self, path: &str) -> String {
        match self.command {
            "files" => format!(" --files {path}"),
            "stdin" => " --files - <FILE".to_owned(),
            _ => String::new(),
        }
    }

    /// The sentences for more than one finding, in the order of the findings.
    pub(super) fn shared(&self) -> Vec<String> {
        let mut shared: Vec<(&String, &Use<'_>)> =
            self.uses.iter().filter(|(_, using)| using.findings > 1).collect();
        shared.sort_by_key(|(_, using)| using.first);
        shared
            .into_iter()
            .map(|(sentence, using)| {
                if using.findings == self.findings {
                    sentence.clone()
                } else {
                    format!("{}: {sentence}", named(&using.rules))
                }
            })
            .collect()
    }

    /// How to let any of several findings pass.
    pub(super) fn shared_ignoring(&self) -> Option<String> {
        let place = self.place("PATH");
        (self.ignorable > 1)
            .then(|| format!("if one is safe: leakgate ignore FINGERPRINT --reason \"…\"{place}"))
    }
}

/// All advice for a finding, each sentence once.
fn sentences(finding: &Finding) -> Vec<String> {
    let mut sentences: Vec<String> = Vec::new();
    let rotate = finding.rotate.as_ref().map(|page| format!("revoke or renew it at {page}"));
    for sentence in finding.advice.iter().map(ToString::to_string).chain(rotate) {
        let sentence = visible(&sentence).into_owned();
        if !sentences.contains(&sentence) {
            sentences.push(sentence);
        }
    }
    sentences
}

fn named(rules: &BTreeSet<&str>) -> String {
    let names: Vec<_> = rules.iter().take(NAMED_RULES).map(|rule| visible(rule)).collect();
    match rules.len().saturating_sub(NAMED_RULES) {
        0 => format!("for {}", names.join(", ")),
        1 => format!("for {} and 1 more rule", names.join(", ")),
        more => format!("for {} and {more} more rules", names.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use leakgate_model::RuleId;

    use super::*;
    use crate::sample;

    #[test]
    fn a_single_finding_has_all_of_it() {
        let finding = sample::secret();
        let advice = Advice::of(&[&finding], "staged");
        assert_eq!(
            advice.own(&finding),
            [
                "take it out of the file and read it from the environment",
                "revoke or renew it at https://cloud.example/keys",
            ]
        );
        assert!(matches!(advice.ignoring(&finding), Some(Ignoring::Command(_))));
        assert!(advice.shared().is_empty());
        assert_eq!(advice.shared_ignoring(), None);
    }

    #[test]
    fn what_may_be_outside_of_the_repository_is_named() {
        let mut finding = sample::secret();
        finding.path = "a b".into();
        let command = |of: &str| match Advice::of(&[&finding], of).ignoring(&finding) {
            Some(Ignoring::Command(command)) => command,
            _ => panic!("{of}: no command"),
        };
        assert!(command("files").ends_with("--reason \"…\" --files 'a b'"));
        assert!(command("stdin").ends_with("--reason \"…\" --files - <FILE"));
        assert!(command("history").ends_with("--reason \"…\""));
        let several = Advice::of(&[&finding, &finding], "files").shared_ignoring();
        assert!(several.is_some_and(|command| command.ends_with(" --files PATH")));
    }

    #[test]
    fn what_is_common_is_said_once_and_what_is_not_stays() {
        let finding = sample::secret();
        let mut other = sample::secret();
        other.rule = RuleId::new("other-token");
        other.rotate = Some("https://other.example".into());
        let advice = Advice::of(&[&finding, &other], "staged");
        assert_eq!(advice.own(&finding), ["revoke or renew it at https://cloud.example/keys"]);
        assert_eq!(advice.own(&other), ["revoke or renew it at https://other.example"]);
        assert_eq!(advice.shared(), ["take it out of the file and read it from the environment"]);
        assert!(matches!(advice.ignoring(&finding), Some(Ignoring::Fingerprint(_))));
        assert!(advice.shared_ignoring().is_some());
    }

    #[test]
    fn what_only_some_share_names_their_rules() {
        let (finding, mode) = (sample::secret(), sample::mode());
        let advice = Advice::of(&[&finding, &finding, &mode], "staged");
        let shared = advice.shared();
        assert_eq!(
            shared[1],
            "for example-token: revoke or renew it at https://cloud.example/keys"
        );
    }

    #[test]
    fn many_rules_are_not_all_named() {
        let rules = BTreeSet::from(["a", "b", "c"]);
        assert_eq!(named(&rules), "for a, b, c");
        let rules = BTreeSet::from(["a", "b", "c", "d", "e"]);
        assert_eq!(named(&rules), "for a, b, c and 2 more rules");
    }
}
