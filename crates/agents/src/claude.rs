//! Claude Code's settings of a project: permissions, variables, helpers.

use jsonc_parser::ast::Value;

use crate::allow::{self, Breadth};
use crate::hit::{Hit, MASK};
use crate::{hooks, json, rules};

/// Settings that name a program which makes a credential.
const HELPERS: [&str; 6] = [
    "apiKeyHelper",
    "awsAuthRefresh",
    "awsCredentialExport",
    "gcpAuthRefresh",
    "otelHeadersHelper",
    "proxyAuthHelper",
];

/// Variables that say where the key and the code are sent.
const ADDRESSES: [&str; 5] = [
    "ANTHROPIC_BASE_URL",
    "ANTHROPIC_BEDROCK_BASE_URL",
    "ANTHROPIC_FOUNDRY_BASE_URL",
    "ANTHROPIC_VERTEX_BASE_URL",
    "OPENAI_BASE_URL",
];

/// Judges parsed settings.
pub(crate) fn check(root: &Value<'_>, hits: &mut Vec<Hit>) {
    permissions(root, hits);
    switches(root, hits);
    helpers(root, hits);
    environment(root, hits);
    for key in ["hooks", "statusLine", "subagentStatusLine", "fileSuggestion"] {
        for property in json::find(root, &[key]) {
            hooks::check(&property.value, hits);
        }
    }
}

/// Judges settings that an editor reads and Claude Code does not: `at` is where they go wrong.
pub(crate) fn check_ignored(root: &Value<'_>, at: usize, hits: &mut Vec<Hit>) {
    let rule = |list| json::find(root, &["permissions", list]);
    let guards = ["deny", "ask"].into_iter().flat_map(rule);
    let guarded = guards.into_iter().any(|list| json::elements(&list.value).next().is_some());
    if guarded || !json::find(root, &["hooks"]).is_empty() {
        hits.push(Hit::text(rules::SETTINGS_IGNORED, at..at, ""));
    }
}

fn permissions(root: &Value<'_>, hits: &mut Vec<Hit>) {
    for mode in json::find(root, &["permissions", "defaultMode"]) {
        if json::scalar(&mode.value) == "bypassPermissions" {
            hits.push(Hit::property(rules::BYPASS_PERMISSIONS, mode, "\"bypassPermissions\""));
        }
    }
    for list in json::find(root, &["permissions", "allow"]) {
        for rule in json::elements(&list.value) {
            match allow::judge(json::scalar(rule)) {
                Some(Breadth::Anything(shown)) => {
                    hits.push(Hit::element(rules::ALLOW_ANY_COMMAND, rule, &shown));
                }
                Some(Breadth::Language(shown)) => {
                    hits.push(Hit::element(rules::ALLOW_INTERPRETER, rule, &shown));
                }
                None => {}
            }
        }
    }
}

fn switches(root: &Value<'_>, hits: &mut Vec<Hit>) {
    for (key, rule) in [
        ("enableAllProjectMcpServers", rules::TRUST_ALL_MCP),
        ("disableAllHooks", rules::HOOKS_DISABLED),
    ] {
        for switch in json::find(root, &[key]) {
            if json::is_true(&switch.value) {
                hits.push(Hit::property(rule, switch, "true"));
            }
        }
    }
}

fn helpers(root: &Value<'_>, hits: &mut Vec<Hit>) {
    for key in HELPERS {
        for helper in json::find(root, &[key]) {
            let command = json::scalar(&helper.value);
            if !command.trim().is_empty() {
                hits.push(Hit::property(rules::CREDENTIAL_HELPER, helper, &format!("\"{MASK}\"")));
                hits.extend(hooks::from_network(helper, command, &[]));
            }
        }
    }
}

fn environment(root: &Value<'_>, hits: &mut Vec<Hit>) {
    for variables in json::find(root, &["env"]) {
        for variable in json::properties(&variables.value) {
            let (name, value) = (variable.name.as_str(), json::scalar(&variable.value));
            if ADDRESSES.contains(&name) && is_foreign(value) {
                hits.push(Hit::property(rules::API_REDIRECT, variable, &format!("\"{MASK}\"")));
            } else if let Some(reason) = why_it_loads(name, value) {
                let hit = Hit::property(rules::ENV_LOADER, variable, &format!("\"{MASK}\""));
                hits.push(hit.because(reason));
            }
        }
    }
}

/// Returns true if and only if `address` is neither the vendor's own nor this machine.
fn is_foreign(address: &str) -> bool {
    let host = host(address);
    let vendor = ["anthropic.com", "openai.com"].iter().any(|domain| {
        host.strip_suffix(domain).is_some_and(|sub| sub.is_empty() || sub.ends_with('.'))
    });
    let local = host.starts_with("127.")
        && host.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
        || matches!(host.as_str(), "localhost" | "[::1]" | "0.0.0.0" | "host.docker.internal");
    let placeholder = host.contains(['<', '{', '$']);
    !(host.is_empty() || vendor || local || placeholder)
}

/// The host in `address` in lower case, as a browser reads it.
fn host(address: &str) -> String {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let end = rest.find(['/', '\\', '?', '#']).unwrap_or(rest.len());
    let authority = rest[..end].rsplit('@').next().unwrap_or_default();
    let port = match authority.rfind(']') {
        Some(bracket) => bracket + 1,
        None => authority.find(':').unwrap_or(authority.len()),
    };
    authority[..port].trim().to_ascii_lowercase()
}

fn why_it_loads(name: &str, value: &str) -> Option<&'static str> {
    let has = |options: &[&str]| {
        value
            .split_whitespace()
            .map(|word| word.split('=').next().unwrap_or(word))
            .any(|word| options.contains(&word))
    };
    let set = !value.trim().is_empty();
    match name {
        "LD_PRELOAD" | "LD_AUDIT" | "DYLD_INSERT_LIBRARIES" if set => {
            Some("loads a library into each program")
        }
        "BASH_ENV" | "PYTHONSTARTUP" if set => Some("runs a file at each start"),
        "NODE_OPTIONS"
            if has(&["-r", "--require", "--import", "--loader", "--experimental-loader"]) =>
        {
            Some("loads a file into each Node.js program")
        }
        "JAVA_TOOL_OPTIONS" if value.contains("-javaagent") || value.contains("-agentpath") => {
            Some("loads an agent into each Java program")
        }
        "NODE_TLS_REJECT_UNAUTHORIZED" | "PYTHONHTTPSVERIFY" if value.trim() == "0" => {
            Some("switches TLS checks off")
        }
        "GIT_SSL_NO_VERIFY" if matches!(value, "1" | "true" | "yes" | "on") => {
            Some("switches TLS checks off")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts() {
        for (address, expected) in [
            ("https://Api.Example.com:8443/v1", "api.example.com"),
            ("https://api.anthropic.com@evil.test/", "evil.test"),
            ("https://evil.test\\@api.anthropic.com", "evil.test"),
            ("http://[::1]:80/", "[::1]"),
            ("", ""),
            ("://:@", ""),
        ] {
            assert_eq!(host(address), expected, "{address}");
        }
    }

    #[test]
    fn foreign_addresses() {
        for address in ["https://evil.test", "https://notanthropic.com", "http://127.evil.test"] {
            assert!(is_foreign(address), "{address}");
        }
        for address in [
            "",
            "https://api.anthropic.com",
            "http://localhost:4000",
            "http://127.0.0.1",
            "https://<gateway>/",
            "${GATEWAY}",
        ] {
            assert!(!is_foreign(address), "{address}");
        }
    }

    #[test]
    fn variables_that_load_code() {
        for (name, value) in [
            ("LD_PRELOAD", "./x.so"),
            ("NODE_OPTIONS", "--max-old-space-size=1 --require=./x.js"),
            ("NODE_TLS_REJECT_UNAUTHORIZED", "0"),
            ("GIT_SSL_NO_VERIFY", "true"),
            ("JAVA_TOOL_OPTIONS", "-javaagent:x.jar"),
        ] {
            assert!(why_it_loads(name, value).is_some(), "{name}");
        }
        for (name, value) in [
            ("LD_PRELOAD", ""),
            ("NODE_OPTIONS", "--max-old-space-size=4096"),
            ("NODE_TLS_REJECT_UNAUTHORIZED", "1"),
            ("JAVA_TOOL_OPTIONS", "-Xmx2g"),
            ("PATH", "./bin"),
        ] {
            assert_eq!(why_it_loads(name, value), None, "{name}");
        }
    }
}
