//! Settings that look right and count for nothing: told, as they would else just not work.

use std::collections::BTreeSet;
use std::path::Path;

use bstr::{BStr, ByteSlice as _};
use leakgate_model::{Entry, RuleId};
use leakgate_policy::{CONFIG_NAME, FILE_NAME, IgnoreFile};
use leakgate_secrets::RuleSet;

use crate::terminal;

/// Names that somebody may expect to be read, and those that are.
const MISNAMED: [(&str, &str); 9] = [
    (".leakgate.yml", CONFIG_NAME),
    (".leakgate.json", CONFIG_NAME),
    (".leakgate.toml", CONFIG_NAME),
    ("leakgate.yaml", CONFIG_NAME),
    ("leakgate.yml", CONFIG_NAME),
    ("leakgate.toml", CONFIG_NAME),
    (".leakgate_ignore", FILE_NAME),
    (".leakgate.ignore", FILE_NAME),
    (".leakgateignore", FILE_NAME),
];

/// Says on standard error what counts for nothing, of what lies at the top of the work tree and of
/// what is scanned.
pub(crate) fn warn(root: &Path, entries: &[Entry], rules: &RuleSet, ignores: &IgnoreFile) {
    let mut notes = Vec::new();
    for (name, right) in MISNAMED {
        if root.join(name).symlink_metadata().is_ok() {
            notes.push(format!("{name} is not read: the name is {right}"));
        }
    }
    notes.extend(entries.iter().filter_map(|entry| elsewhere(entry.path.as_bstr())));
    if entries.iter().any(|entry| entry.path == FILE_NAME) {
        notes.extend(without_key(ignores));
        notes.extend(unknown(rules, ignores));
    }
    notes.iter().for_each(|note| terminal::note(note));
}

/// A file of settings that is not at the top.
fn elsewhere(path: &BStr) -> Option<String> {
    let (_, name) = path.rsplit_once_str("/")?;
    let is_ours = name == FILE_NAME.as_bytes() || name == CONFIG_NAME.as_bytes();
    is_ours.then(|| format!("{path} is not read: only the one at the top of the work tree is"))
}

/// Entries that were made under a key and are read without one.
fn without_key(ignores: &IgnoreFile) -> Option<String> {
    let is_bare = !ignores.has_own_key() && ignores.entries().next().is_some();
    is_bare.then(|| {
        format!(
            "{FILE_NAME} has no line with its key, so no entry counts that was made under one; \
             `git log -p {FILE_NAME}` shows whether it had one"
        )
    })
}

/// Entries of rules that there are not.
fn unknown(rules: &RuleSet, ignores: &IgnoreFile) -> Vec<String> {
    let named: BTreeSet<&RuleId> = ignores.entries().map(|(entry, _)| &entry.rule).collect();
    let unknown = named.into_iter().filter(|id| !is_rule(rules, id));
    unknown
        .map(|id| format!("{FILE_NAME} names a rule that there is not: {id}; its entries are idle"))
        .collect()
}

/// Returns true if and only if some check has a rule of this id.
pub(crate) fn is_rule(rules: &RuleSet, id: &RuleId) -> bool {
    let mut own = leakgate_modes::rules()
        .iter()
        .chain(leakgate_agents::rules())
        .chain(leakgate_policy::rules());
    own.any(|rule| rule.id == id.as_str()) || rules.get(id).is_some()
}
