//! VS Code's settings and tasks of a folder, which its forks read too.

use jsonc_parser::ast::Value;

use crate::hit::Hit;
use crate::{hooks, json, rules};

/// Judges parsed settings.
pub(crate) fn check_settings(root: &Value<'_>, hits: &mut Vec<Hit>) {
    for key in ["chat.tools.global.autoApprove", "chat.tools.autoApprove"] {
        for setting in json::find(root, &[key]) {
            if json::is_true(&setting.value) {
                hits.push(Hit::property(rules::VSCODE_CHAT_AUTO_APPROVE, setting, "true"));
            }
        }
    }
    for setting in json::find(root, &["task.allowAutomaticTasks"]) {
        if json::scalar(&setting.value) == "on" {
            hits.push(Hit::property(rules::VSCODE_AUTOMATIC_TASKS, setting, "\"on\""));
        }
    }
}

/// Judges parsed tasks.
pub(crate) fn check_tasks(root: &Value<'_>, hits: &mut Vec<Hit>) {
    for tasks in json::find(root, &["tasks"]) {
        for task in json::elements(&tasks.value) {
            check_task(task, hits);
        }
    }
}

/// Judges a workspace, which has settings and tasks as parts.
pub(crate) fn check_workspace(root: &Value<'_>, hits: &mut Vec<Hit>) {
    for settings in json::find(root, &["settings"]) {
        check_settings(&settings.value, hits);
    }
    for tasks in json::find(root, &["tasks"]) {
        check_tasks(&tasks.value, hits);
    }
}

fn check_task(task: &Value<'_>, hits: &mut Vec<Hit>) {
    let runs = json::find(task, &["runOptions", "runOn"]);
    let Some(run) = runs.into_iter().find(|run| json::scalar(&run.value) == "folderOpen") else {
        return;
    };
    let arguments = hooks::arguments(task);
    let commands = hooks::commands(task);
    let program = commands.first().map_or("", |command| json::scalar(&command.value));
    let hit = Hit::property(rules::VSCODE_TASK_ON_OPEN, run, "\"folderOpen\"");
    hits.push(hit.of(program).of(&arguments.join("\0")));
    for command in commands {
        hits.extend(hooks::from_network(command, json::scalar(&command.value), &arguments));
    }
}
