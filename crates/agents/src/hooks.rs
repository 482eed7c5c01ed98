//! Commands that an agent or an editor runs by itself.

use jsonc_parser::ast::{ObjectProp, Value};

use crate::hit::{Hit, MASK};
use crate::{command, json, rules};

/// Names under which agents keep a command line.
const COMMANDS: [&str; 3] = ["command", "bash", "powershell"];

/// Judges each command at any depth below `value`.
pub(crate) fn check(value: &Value<'_>, hits: &mut Vec<Hit>) {
    for property in json::find_deep(value, &COMMANDS) {
        hits.extend(from_network(property, json::scalar(&property.value), &[]));
    }
}

/// The command of a server or a task, and a few more if the key is repeated, the last one first.
pub(crate) fn commands<'v, 'a>(of: &'v Value<'a>) -> Vec<&'v ObjectProp<'a>> {
    // Each is judged with all arguments, so their number must not grow with the file.
    json::find(of, &["command"]).into_iter().rev().take(4).collect()
}

/// The arguments of a server or a task.
pub(crate) fn arguments<'v>(of: &'v Value<'_>) -> Vec<&'v str> {
    json::find(of, &["args"])
        .into_iter()
        .flat_map(|list| json::elements(&list.value))
        .map(json::scalar)
        .collect()
}

/// A hit if the command in `property` runs what it downloads.
pub(crate) fn from_network(
    property: &ObjectProp<'_>,
    program: &str,
    arguments: &[&str],
) -> Option<Hit> {
    let fetched = command::judge_words(program, arguments)?;
    let shown = format!("\"{} {MASK} | {}\"", fetched.by, fetched.run_by);
    let hit = Hit::property(rules::COMMAND_FROM_NETWORK, property, &shown);
    let reason = format!("{} runs what {} downloads", fetched.run_by, fetched.by);
    Some(hit.of(&arguments.join("\0")).because(reason))
}
