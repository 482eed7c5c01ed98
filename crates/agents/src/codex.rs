//! Codex's settings, of which one line matters here.
//!
//! Not a TOML parser: it reads `key = "value"` lines outside of multi-line strings, at the top
//! and in profiles, and passes over whatever else there is.

use crate::hit::Hit;
use crate::rules;

/// Judges the text of `config.toml`.
pub(crate) fn check(text: &str, hits: &mut Vec<Hit>) {
    let mut table = "";
    let mut in_string = false;
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let trimmed = line.trim();
        let at = start + (line.len() - line.trim_start().len());
        start += line.len();
        let fences = line.matches("\"\"\"").count() + line.matches("'''").count();
        let starts_in_string = in_string;
        in_string ^= fences % 2 == 1;
        if starts_in_string {
            continue;
        }
        if let Some(name) = trimmed.strip_prefix('[') {
            table = name.split(']').next().unwrap_or_default().trim();
        } else if (table.is_empty() || table.starts_with("profiles.")) && switches_off(trimmed) {
            let shown = "sandbox_mode = \"danger-full-access\"";
            let span = at..at + trimmed.len();
            hits.push(Hit::text(rules::CODEX_NO_SANDBOX, span, shown).of(table));
        }
    }
}

fn switches_off(line: &str) -> bool {
    let Some((key, value)) = line.split_once('=') else { return false };
    let value = value.split('#').next().unwrap_or_default().trim();
    key.trim().trim_matches(['"', '\'']) == "sandbox_mode"
        && value.trim_matches(['"', '\'']) == "danger-full-access"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(text: &str) -> usize {
        let mut hits = Vec::new();
        check(text, &mut hits);
        hits.len()
    }

    #[test]
    fn the_sandbox_switched_off() {
        for text in [
            "sandbox_mode = \"danger-full-access\"",
            "model = \"x\"\r\n  sandbox_mode='danger-full-access' # yes\r\n",
            "[profiles.ci]\nsandbox_mode = \"danger-full-access\"\n",
        ] {
            assert_eq!(count(text), 1, "{text}");
        }
        for text in [
            "",
            "sandbox_mode = \"workspace-write\"",
            "# sandbox_mode = \"danger-full-access\"",
            "[other]\nsandbox_mode = \"danger-full-access\"",
            "x = \"\"\"\nsandbox_mode = \"danger-full-access\"\n\"\"\"",
        ] {
            assert_eq!(count(text), 0, "{text}");
        }
    }
}
