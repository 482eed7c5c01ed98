//! Which agent reads a file, told by its path.
//!
//! Case is ignored, because macOS and Windows ignore it.

use bstr::{BStr, ByteSlice};

/// A kind of settings file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Claude Code's settings of a project.
    Claude,
    /// Claude Code's settings of one person in a project.
    ClaudeLocal,
    /// MCP servers, in one of the agents' own files.
    Mcp,
    /// Gemini CLI's settings, with MCP servers in them.
    Gemini,
    /// Commands that an agent runs at certain events.
    Hooks,
    /// VS Code's settings of a folder.
    VsCode,
    /// VS Code's tasks of a folder.
    VsCodeTasks,
    /// A VS Code workspace: settings and tasks.
    VsCodeWorkspace,
    /// Codex's settings, in TOML.
    Codex,
}

const FILES: [(&str, Kind); 18] = [
    (".claude/settings.json", Kind::Claude),
    (".claude/settings.local.json", Kind::ClaudeLocal),
    (".mcp.json", Kind::Mcp),
    (".cursor/mcp.json", Kind::Mcp),
    (".vscode/mcp.json", Kind::Mcp),
    (".kiro/settings/mcp.json", Kind::Mcp),
    (".amazonq/mcp.json", Kind::Mcp),
    (".roo/mcp.json", Kind::Mcp),
    (".github/mcp.json", Kind::Mcp),
    (".windsurf/mcp_config.json", Kind::Mcp),
    (".gemini/settings.json", Kind::Gemini),
    (".cursor/hooks.json", Kind::Hooks),
    (".windsurf/hooks.json", Kind::Hooks),
    (".codex/hooks.json", Kind::Hooks),
    ("hooks/hooks.json", Kind::Hooks),
    (".vscode/settings.json", Kind::VsCode),
    (".vscode/tasks.json", Kind::VsCodeTasks),
    (".codex/config.toml", Kind::Codex),
];

/// Folders that hold settings, and so should not be links.
const FOLDERS: [&str; 4] = [".claude", ".cursor", ".codex", ".gemini"];

/// The kind of settings file that `path` names, if any.
pub(crate) fn kind(path: &BStr) -> Option<Kind> {
    let path = path.to_ascii_lowercase();
    if path.ends_with(b".code-workspace") {
        return Some(Kind::VsCodeWorkspace);
    }
    let copilot_hook = path
        .rsplit_once_str("/")
        .is_some_and(|(folder, name)| is_at(folder, ".github/hooks") && name.ends_with(b".json"));
    if copilot_hook {
        return Some(Kind::Hooks);
    }
    FILES.iter().find(|(file, _)| is_at(&path, file)).map(|&(_, kind)| kind)
}

/// Returns true if and only if a symbolic link at `path` would stand for settings.
pub(crate) fn is_settings(path: &BStr) -> bool {
    let lower = path.to_ascii_lowercase();
    kind(path).is_some() || FOLDERS.iter().any(|folder| is_at(&lower, folder))
}

/// Returns true if and only if `path` is `place`, in whatever folder.
fn is_at(path: &[u8], place: &str) -> bool {
    path.strip_suffix(place.as_bytes())
        .is_some_and(|folder| folder.is_empty() || folder.ends_with(b"/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_settings() {
        for (path, expected) in [
            (".claude/settings.json", Some(Kind::Claude)),
            ("a/.Claude/Settings.JSON", Some(Kind::Claude)),
            (".claude/settings.local.json", Some(Kind::ClaudeLocal)),
            ("a/.mcp.json", Some(Kind::Mcp)),
            (".github/hooks/x.json", Some(Kind::Hooks)),
            ("x.code-workspace", Some(Kind::VsCodeWorkspace)),
            ("claude/settings.json", None),
            ("a.mcp.json", None),
            (".github/hooks/x/y.json", None),
            ("settings.json", None),
            ("", None),
        ] {
            assert_eq!(kind(path.into()), expected, "{path}");
        }
        assert!(is_settings("a/.claude".into()));
        assert!(!is_settings("a/claude".into()));
    }
}
