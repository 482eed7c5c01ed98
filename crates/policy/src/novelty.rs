//! Tells secrets that a change brings from those that were committed before it.

use leakgate_model::{Finding, Secret, Status};

/// Marks the findings in `new` whose secrets are among `known`, each of which counts once.
///
/// Moving a line or changing what stands around a secret does not make it new; one more copy
/// does. Findings on a line that was there before are matched first, so that of two copies the
/// added one is told as new. Returns what of `known` is left.
pub fn mark_known(new: &mut [Finding], mut known: Vec<Finding>) -> Vec<Finding> {
    for same_line in [true, false] {
        for finding in new.iter_mut().filter(|finding| finding.status == Status::Introduced) {
            let Some(secret) = &finding.secret else { continue };
            let matches = |old: &Finding| {
                old.secret.as_ref().is_some_and(|old| secret.same_value(old))
                    && (!same_line
                        || (old.lines == finding.lines || line_of(old) == line_of(finding)))
            };
            if let Some(at) = known.iter().position(matches) {
                known.remove(at);
                finding.status = Status::AlreadyCommitted;
            }
        }
    }
    known
}

fn line_of(finding: &Finding) -> Option<&[u8]> {
    finding.lines.as_ref().map(|lines| &lines.line[..])
}

/// Returns true if and only if some secret is still taken for new.
pub fn has_new(findings: &[Finding]) -> bool {
    let is_new = |finding: &Finding| {
        finding.status == Status::Introduced && finding.secret.as_ref().is_some_and(has_bytes)
    };
    findings.iter().any(is_new)
}

fn has_bytes(secret: &Secret) -> bool {
    !secret.is_empty()
}
