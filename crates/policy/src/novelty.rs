//! Tells secrets that a change brings from those that were committed before it.

use std::collections::HashMap;

use leakgate_model::{Finding, Secret, Status, Value};

/// Marks the findings in `new` whose secrets are among `known`, each of which counts once.
///
/// Moving a line or changing what stands around a secret does not make it new; one more copy
/// does. Findings on a line that was there before are matched first, so that of two copies the
/// added one is told as new. Returns what of `known` is left.
pub fn mark_known(new: &mut [Finding], mut known: Vec<Finding>) -> Vec<Finding> {
    let mut is_taken = vec![false; known.len()];
    mark(new, &known, &mut is_taken, |finding| (value(finding), line_of(finding)));
    mark(new, &known, &mut is_taken, |finding| (value(finding), None));
    let mut is_taken = is_taken.into_iter();
    known.retain(|_| is_taken.next() == Some(false));
    known
}

/// What two findings have to have in common: the secret, and the line if that counts.
type Key<'f> = (Option<Value<'f>>, Option<&'f [u8]>);

/// Marks new findings of the same key as one of `known` that is not taken yet, and takes that.
fn mark(
    new: &mut [Finding],
    known: &[Finding],
    is_taken: &mut [bool],
    key: impl for<'f> Fn(&'f Finding) -> Key<'f>,
) {
    let mut left: HashMap<Key<'_>, Vec<usize>> = HashMap::new();
    for (index, finding) in known.iter().enumerate().rev().filter(|&(index, _)| !is_taken[index]) {
        left.entry(key(finding)).or_default().push(index);
    }
    let mut found = Vec::new();
    for (place, finding) in new.iter().enumerate().filter(|(_, finding)| is_new(finding)) {
        if let Some(index) = left.get_mut(&key(finding)).and_then(Vec::pop) {
            is_taken[index] = true;
            found.push(place);
        }
    }
    found.into_iter().for_each(|place| new[place].status = Status::AlreadyCommitted);
}

fn value(finding: &Finding) -> Option<Value<'_>> {
    finding.secret.as_ref().map(Secret::value)
}

fn line_of(finding: &Finding) -> Option<&[u8]> {
    finding.lines.as_ref().map(|lines| &lines.line[..])
}

/// Returns true if and only if some secret is still taken for new.
pub fn has_new(findings: &[Finding]) -> bool {
    let has_bytes = |finding: &Finding| finding.secret.as_ref().is_some_and(|one| !one.is_empty());
    findings.iter().any(|finding| is_new(finding) && has_bytes(finding))
}

fn is_new(finding: &Finding) -> bool {
    finding.status == Status::Introduced && finding.secret.is_some()
}
