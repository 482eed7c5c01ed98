//! Files that make programs run without anybody calling them: hooks, settings of agents and editors,
//! CI.

use bstr::{BStr, ByteSlice as _};

/// Folders and files, and when what they name runs. A name that ends in a slash is a folder's.
const AUTOMATION: [(&str, &str); 52] = [
    (".amazonq/", "an agent runs it"),
    (".circleci/", "CI runs it"),
    (".claude-plugin/", "an agent runs it"),
    (".claude/agents/", "an agent runs it"),
    (".claude/commands/", "an agent runs it"),
    (".claude/hooks/", "an agent runs it at each step"),
    (".claude/settings.json", "an agent runs its hooks and what it allows"),
    (".claude/settings.local.json", "an agent runs its hooks and what it allows"),
    (".claude/skills/", "an agent runs it"),
    (".codex/config.toml", "an agent starts the servers in it"),
    (".codex/hooks.json", "an agent runs it at each step"),
    (".codex/rules/", "an agent runs what it allows"),
    (".cursor/environment.json", "an agent runs it"),
    (".cursor/hooks.json", "an agent runs it at each step"),
    (".cursor/hooks/", "an agent runs it at each step"),
    (".cursor/mcp.json", "an agent starts the servers in it"),
    (".cursor/permissions.json", "an agent runs what it allows"),
    (".devcontainer.json", "an editor runs it when it opens the folder"),
    (".devcontainer/", "an editor runs it when it opens the folder"),
    (".envrc", "direnv runs it when a shell enters the folder"),
    (".gemini/settings.json", "an agent starts the servers in it"),
    (".git-hooks/", "git or overcommit runs it"),
    (".githooks/", "git runs it"),
    (".github/actions/", "CI runs it"),
    (".github/hooks/", "an agent runs it at each step"),
    (".github/workflows/", "CI runs it"),
    (".gitlab-ci.yml", "CI runs it"),
    (".husky/", "git runs it"),
    (".kiro/hooks/", "an agent runs it at each step"),
    (".kiro/settings/", "an agent starts the servers in it"),
    (".lefthook.yml", "git runs what it names"),
    (".lefthook/", "git runs it"),
    (".mcp.json", "an agent starts the servers in it"),
    (".opencode/", "an agent runs it"),
    (".overcommit.yml", "git runs what it names"),
    (".pnpmfile.cjs", "pnpm runs it at each install"),
    (".pre-commit-config.yaml", "git runs what it names"),
    (".vscode/launch.json", "an editor runs it"),
    (".vscode/mcp.json", "an agent starts the servers in it"),
    (".vscode/settings.json", "an editor or an agent runs what it allows"),
    (".vscode/tasks.json", "an editor runs it, some when it opens the folder"),
    (".windsurf/hooks.json", "an agent runs it at each step"),
    (".yarnrc.yml", "yarn runs the plugins it names"),
    ("Jenkinsfile", "CI runs it"),
    ("hooks/hooks.json", "an agent runs it at each step"),
    ("lefthook-local.yml", "git runs what it names"),
    ("lefthook.toml", "git runs what it names"),
    ("lefthook.yaml", "git runs what it names"),
    ("lefthook.yml", "git runs what it names"),
    ("mise.toml", "mise runs it when a shell enters the folder"),
    ("opencode.json", "an agent starts the servers in it"),
    ("opencode.jsonc", "an agent starts the servers in it"),
];

/// When programs run that the file at `path` names, if it is such a file; in whatever folder it is,
/// as a part of a repository may be opened by itself.
pub fn runs(path: &BStr) -> Option<&'static str> {
    let mut rest = path;
    loop {
        if let Some(when) = runs_at_root(rest) {
            return Some(when);
        }
        rest = rest[rest.find_byte(b'/')? + 1..].as_bstr();
    }
}

/// As [`runs`], only for what is read from the root of a repository. A folder itself counts.
pub(crate) fn runs_at_root(path: &BStr) -> Option<&'static str> {
    let fits = |name: &str| match name.strip_suffix('/') {
        None => path.eq_ignore_ascii_case(name.as_bytes()),
        Some(folder) => {
            path.get(..folder.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(folder.as_bytes()))
                && matches!(path.get(folder.len()), None | Some(b'/'))
        }
    };
    // Most paths begin with none of these letters.
    let first = path.first()?.to_ascii_lowercase();
    if !matches!(first, b'.' | b'h' | b'j' | b'l' | b'm' | b'o') {
        return None;
    }
    AUTOMATION.iter().find(|(name, _)| fits(name)).map(|&(_, when)| when)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_runs_by_itself() {
        for path in [".envrc", "sub/.envrc", ".husky/pre-commit", "a/b/.claude/settings.json"] {
            assert!(runs(path.into()).is_some(), "{path}");
        }
        for path in ["", "envrc", ".envrc.example", "husky/pre-commit", ".claude/README.md", "a//"]
        {
            assert_eq!(runs(path.into()), None, "{path}");
        }
        assert!(runs_at_root(".githooks".into()).is_some());
        assert_eq!(runs_at_root("sub/.envrc".into()), None);
    }

    #[test]
    fn names_are_sorted_and_their_first_letters_known() {
        assert!(AUTOMATION.is_sorted());
        for (name, _) in AUTOMATION {
            assert!(runs_at_root(name.trim_end_matches('/').into()).is_some(), "{name}");
        }
    }
}
