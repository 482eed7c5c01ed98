//! One leak of an id and its secret is one finding: the secret's, which names the id.
//!
//! This is done to findings, after what was committed before has been told from what is new: an id
//! that stays where a secret was taken away is as old as it was.

use std::collections::HashMap;

use bstr::BString;
use leakgate_model::{Confidence, Finding, RuleId};

use crate::ruleset::RuleSet;

/// Where ids of a rule stand in one file: line and position in the findings, sorted.
type Ids = Vec<(u64, usize)>;
/// A rule, a file, and the files inside of it.
type Key<'f> = (&'f RuleId, &'f BString, &'f [BString]);

impl RuleSet {
    /// Joins each secret with the nearest id that its rule belongs with: the secret is surer and
    /// names the id, the id is no longer a finding of its own.
    ///
    /// An id whose status is another than the secret's is named and stays.
    pub fn join_pairs(&self, findings: &mut Vec<Finding>) {
        let joined = self.pairs(findings);
        let mut absorbed = vec![false; findings.len()];
        for (secret, id) in joined {
            let reason = beside(&findings[id]);
            absorbed[id] |= findings[id].status == findings[secret].status;
            let finding = &mut findings[secret];
            finding.reasons.push(reason.into());
            finding.confidence = finding.confidence.max(Confidence::High);
        }
        let mut absorbed = absorbed.into_iter();
        findings.retain(|_| !absorbed.next().unwrap_or_default());
    }

    /// Positions of secrets, each with that of the id nearest to it.
    fn pairs(&self, findings: &[Finding]) -> Vec<(usize, usize)> {
        let mut rules = HashMap::new();
        for finding in findings.iter().filter(|finding| finding.secret.is_some()) {
            rules.entry(&finding.rule).or_insert_with(|| self.get(&finding.rule));
        }
        let paired: Vec<_> =
            rules.values().flatten().filter(|rule| !rule.pair.is_empty()).collect();
        let mut ids: HashMap<Key<'_>, Ids> = HashMap::new();
        for (at, finding) in findings.iter().enumerate() {
            let Some(place) = &finding.place else { continue };
            if paired.iter().any(|rule| rule.pair.contains(&finding.rule)) {
                let key = (&finding.rule, &finding.path, &place.inside[..]);
                ids.entry(key).or_default().push((place.line, at));
            }
        }
        ids.values_mut().for_each(|ids| ids.sort_unstable());
        let mut pairs = Vec::new();
        for (at, finding) in findings.iter().enumerate() {
            let Some(Some(rule)) = rules.get(&finding.rule) else { continue };
            let Some(place) = &finding.place else { continue };
            let near = rule.pair.iter().filter_map(|id| {
                nearest(ids.get(&(id, &finding.path, &place.inside[..]))?, place.line)
            });
            let nearest = near.filter(|&(lines, _)| lines <= rule.within).min();
            pairs.extend(nearest.map(|(_, id)| (at, id)));
        }
        pairs
    }
}

/// How many lines the nearest id is away, and its position.
fn nearest(ids: &Ids, line: u64) -> Option<(u64, usize)> {
    let after = ids.partition_point(|&(other, _)| other < line);
    let before = after.checked_sub(1);
    let around = before.into_iter().chain([after]).filter_map(|at| ids.get(at));
    around.map(|&(other, at)| (other.abs_diff(line), at)).min()
}

fn beside(id: &Finding) -> String {
    let line = id.place.as_ref().map_or(0, |place| place.line);
    let masked = id.secret.as_ref().map(leakgate_model::Secret::masked).unwrap_or_default();
    let shown = if masked.starts_with('*') { String::new() } else { format!(" {masked}") };
    format!("beside the {}{shown} on line {line}", id.title)
}

#[cfg(test)]
mod tests {
    use leakgate_model::Status;

    use super::*;
    use crate::scan::Scratch;
    use crate::template;

    fn found(template: &str) -> Vec<Finding> {
        let text = template::expand(template, "seed");
        RuleSet::default().scan(b"settings.txt", text.as_bytes(), &mut Scratch::default())
    }

    /// The rules and confidences that are left.
    fn joined(mut findings: Vec<Finding>) -> Vec<(String, Confidence)> {
        RuleSet::default().join_pairs(&mut findings);
        findings.into_iter().map(|one| (one.rule.to_string(), one.confidence)).collect()
    }

    const PAIR: &str = "aws_access_key_id = AKIA{base32:16}\naws_secret_access_key = {base64:40}\n";

    #[test]
    fn an_id_and_its_secret_are_one_finding() {
        let mut findings = found(PAIR);
        assert_eq!(findings.len(), 2);
        RuleSet::default().join_pairs(&mut findings);
        let [secret] = &findings[..] else { panic!("{findings:?}") };
        assert_eq!(secret.rule.as_str(), "aws-secret-access-key");
        assert_eq!(secret.confidence, Confidence::High);
        assert_eq!(secret.reasons, ["beside the AWS access key id A******** on line 1"]);
    }

    #[test]
    fn what_stands_apart_or_alone_stays() {
        let apart = PAIR.replace(":16}\n", &format!(":16}}{}", "\n".repeat(9)));
        assert_eq!(joined(found(&apart)).len(), 2);
        assert_eq!(joined(found(PAIR.lines().next().expect("a line"))).len(), 1);
        // Of two ids, the nearest belongs to the secret.
        let two = format!("x AKIA{{base32:16}}\n{PAIR}");
        assert_eq!(joined(found(&two)).len(), 2);
    }

    #[test]
    fn an_old_id_stays_old() {
        let mut findings = found(PAIR);
        findings[0].status = Status::AlreadyCommitted;
        assert_eq!(joined(findings).len(), 2);
    }

    #[test]
    fn each_pair_names_rules_that_exist() {
        let rules = RuleSet::default();
        for rule in rules.rules() {
            for id in &rule.pair {
                assert!(rules.get(id).is_some() && *id != rule.id, "{}: {id}", rule.id);
            }
        }
    }
}
