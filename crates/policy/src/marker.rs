//! Inline markers: `leakgate:ignore` and a reason, on the line of the finding or alone above it.

use bstr::ByteSlice as _;
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
    /// What was most likely meant as a marker, or is another tool's: no effect.
    Near(&'static str),
    /// The marker and a reason.
    Reasoned,
}

/// What has no effect here, in lower case.
const NEAR: [&str; 9] = [
    "leakgate:ignore",
    "leakgate: ignore",
    "leakgate-ignore",
    "leakgate ignore",
    "leakgate:allow",
    "gitleaks:allow",
    "trufflehog:ignore",
    "ggignore",
    "pragma: allowlist secret",
];

/// Looks for a marker on a finding's line, and on the line above if that is only a comment.
pub fn marker(lines: &SourceLines) -> Marker {
    match on(&lines.line) {
        Marker::None if is_comment(&lines.above) => on(&lines.above),
        found => found,
    }
}

fn on(line: &[u8]) -> Marker {
    let Some(at) = line.find(MARKER) else { return near(line) };
    let reason = &line[at + MARKER.len()..];
    // A longer word is another marker.
    if reason.first().is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'-') {
        return Marker::None;
    }
    if is_reason(reason) { Marker::Reasoned } else { Marker::Bare }
}

fn near(line: &[u8]) -> Marker {
    let line = line.to_ascii_lowercase();
    NEAR.iter().find(|near| line.contains_str(near)).map_or(Marker::None, |near| Marker::Near(near))
}

/// Returns true if and only if a text can be a reason: it has three letters or digits.
///
/// The end of a comment is none, neither are quotes, brackets, and the dots that stand for a reason.
pub fn is_reason(text: &[u8]) -> bool {
    let weight = |c: char| match c {
        // In scripts of syllables, two characters are a word; what is not UTF-8 may be such a one.
        c if c.is_alphanumeric() => c.len_utf8().min(2),
        c => usize::from(c == char::REPLACEMENT_CHARACTER),
    };
    text.chars().map(weight).sum::<usize>() >= 3
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
    fn what_is_nearly_a_marker_is_told() {
        assert_eq!(found("", "x = 1 # leakgate: ignore it"), Marker::Near("leakgate: ignore"));
        assert_eq!(found("", "x = 1 # Leakgate:Ignore it"), Marker::Near("leakgate:ignore"));
        assert_eq!(found("// gitleaks:allow", "x = 1"), Marker::Near("gitleaks:allow"));
        assert_eq!(found("", "x = leakgate.ignore()"), Marker::None);
        let both = "x = 1 # gitleaks:allow leakgate:ignore fixture";
        assert_eq!(found("", both), Marker::Reasoned);
    }

    #[test]
    fn a_reason_says_something_in_any_script() {
        for reason in ["key", "42a", "測試", "ключ"] {
            assert!(is_reason(reason.as_bytes()), "{reason}");
        }
        for reason in ["", "…", "ok", "-->", "\"\"", "……… —"] {
            assert!(!is_reason(reason.as_bytes()), "{reason}");
        }
    }

    #[test]
    fn a_comment_above_counts_and_code_above_does_not() {
        assert_eq!(found("  # leakgate:ignore fixture", "x = 1"), Marker::Reasoned);
        assert_eq!(found("y = 2 # leakgate:ignore fixture", "x = 1"), Marker::None);
    }
}
