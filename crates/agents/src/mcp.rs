//! Servers of the Model Context Protocol: what starts them, and what they may do unasked.

use jsonc_parser::ast::Value;

use crate::hit::Hit;
use crate::{hooks, json, rules};

/// Lists of the tools of a server that need no approval.
const APPROVALS: [&str; 3] = ["autoApprove", "alwaysAllow", "autoApproveTools"];

/// Judges each server in parsed settings.
pub(crate) fn check(root: &Value<'_>, hits: &mut Vec<Hit>) {
    for key in ["mcpServers", "servers"] {
        for servers in json::find(root, &[key]) {
            for server in json::properties(&servers.value) {
                check_server(server.name.as_str(), &server.value, hits);
            }
        }
    }
}

/// Judges Gemini CLI's settings, which hold servers and more.
pub(crate) fn check_gemini(root: &Value<'_>, hits: &mut Vec<Hit>) {
    check(root, hits);
    for hooks in json::find(root, &["hooks"]) {
        hooks::check(&hooks.value, hits);
    }
    for key in ["discoveryCommand", "callCommand"] {
        for tool in json::find(root, &["tools", key]) {
            hits.extend(hooks::from_network(tool, json::scalar(&tool.value), &[]));
        }
    }
    for mode in json::find(root, &["general", "defaultApprovalMode"]) {
        if json::scalar(&mode.value) == "yolo" {
            hits.push(Hit::property(rules::TOOLS_AUTO_APPROVED, mode, "\"yolo\""));
        }
    }
    for allowed in json::find(root, &["tools", "allowed"]) {
        for tool in json::elements(&allowed.value) {
            let name = json::scalar(tool);
            if matches!(name, "run_shell_command" | "ShellTool") {
                hits.push(Hit::element(rules::TOOLS_AUTO_APPROVED, tool, name));
            }
        }
    }
}

fn check_server(name: &str, server: &Value<'_>, hits: &mut Vec<Hit>) {
    let arguments = hooks::arguments(server);
    for command in hooks::commands(server) {
        let program = json::scalar(&command.value);
        hits.extend(hooks::from_network(command, program, &arguments).map(|hit| hit.of(name)));
    }
    for key in APPROVALS {
        for approval in json::find(server, &[key]) {
            if json::is_true(&approval.value) {
                let hit = Hit::property(rules::TOOLS_AUTO_APPROVED, approval, "true");
                hits.push(hit.of(name));
            } else if json::elements(&approval.value).any(|tool| json::scalar(tool) == "*") {
                let hit = Hit::property(rules::TOOLS_AUTO_APPROVED, approval, "[\"*\"]");
                hits.push(hit.of(name));
            }
        }
    }
    for trust in json::find(server, &["trust"]) {
        if json::is_true(&trust.value) {
            hits.push(Hit::property(rules::TOOLS_AUTO_APPROVED, trust, "true").of(name));
        }
    }
}
