//! Inline markers: `leakgate:ignore` and a reason, on the line of the finding or alone above it.

use leakgate_model::SourceLines;

/// The words that ignore a finding in place.
pub const MARKER: &str = "leakgate:ignore";

/// What stands beside a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Marker {
    /// Nothing.
    None,
    /// The marker without a reason: no effect.
    Bare,
    /// The marker and a reason.
    Reasoned,
}

/// Looks for a marker on a finding's line, and on the line above if that is only a comment.
pub fn marker(lines: &SourceLines) -> Marker {
    match on(&lines.line) {
        Marker::None if is_comment(&lines.above) => on(&lines.above),
        found => found,
    }
}

fn on(line: &[u8]) -> Marker {
    let Some(at) = line.windows(MARKER.len()).position(|part| part == MARKER.as_bytes()) else {
        return Marker::None;
    };
    let reason = &line[at + MARKER.len()..];
    // A longer word is another marker.
    if reason.first().is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'-') {
        return Marker::None;
    }
    // The end of a comment is no reason, neither are quotes and brackets.
    let letters =
        reason.iter().filter(|byte| byte.is_ascii_alphanumeric() || !byte.is_ascii()).count();
    if letters >= 3 { Marker::Reasoned } else { Marker::Bare }
}

/// Returns true if and only if a line begins as a comment does in some common language.
fn is_comment(line: &[u8]) -> bool {
    let line = line.trim_ascii_start();
    [&b"#"[..], b"//", b"--", b";", b"/*", b"*", b"<!--", b"%", b"rem ", b"REM ", b"{{!", b"{#"]
        .iter()
        .any(|sign| line.starts_with(sign))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(above: &str, line: &str) -> Marker {
        marker(&SourceLines { line: line.into(), above: above.into() })
    }

    #[test]
    fn a_marker_needs_a_reason() {
        assert_eq!(found("", "x = 1  # leakgate:ignore sample from the manual"), Marker::Reasoned);
        assert_eq!(found("", "x = 1  # leakgate:ignore: public by design"), Marker::Reasoned);
        assert_eq!(found("", "x = 1  # leakgate:ignore"), Marker::Bare);
        assert_eq!(found("", "<a b='1'/> <!-- leakgate:ignore -->"), Marker::Bare);
        assert_eq!(found("", "x = 1  # leakgate:ignored by nobody"), Marker::None);
    }

    #[test]
    fn a_comment_above_counts_and_code_above_does_not() {
        assert_eq!(found("  # leakgate:ignore fixture", "x = 1"), Marker::Reasoned);
        assert_eq!(found("y = 2 # leakgate:ignore fixture", "x = 1"), Marker::None);
    }
}
