//! The table of rules. `docs/agents.md` says why for each; a test keeps the two in step.

leakgate_model::rule_table! {
    Agent:
    COMMAND_FROM_NETWORK "agent-command-from-network" Critical
        "Command that runs what it downloads"
        "Whoever controls the address runs code on each machine that opens the project."
        "Commit a script, or install a pinned version, and call that.";
    SETTINGS_LINK "agent-settings-link" Low
        "Symbolic link in place of an agent's settings"
        "Trust and deny rules go by path, so a link changes what was agreed to: commit a regular file.";
    SETTINGS_TOO_DEEP "agent-settings-too-deep" Medium
        "Agent settings nested too deep to be judged"
        "No one writes settings like that by hand: find out where they come from.";
    SETTINGS_UNREADABLE "agent-settings-unreadable" Low
        "Agent settings that could not be judged"
        "The file does not parse, so the agent may ignore all of it, deny rules too: mend its syntax.";
    TOOLS_AUTO_APPROVED "agent-tools-auto-approved" High
        "Tools that an agent may use without asking"
        "List the tools that are safe by name, and only where you need them.";
    ALLOW_ANY_COMMAND "claude-allow-any-command" Critical
        "Allow rule for any shell command"
        "List the commands that are needed, as Bash(cargo test *).";
    ALLOW_INTERPRETER "claude-allow-interpreter" Medium
        "Allow rule for an interpreter with any program"
        "An argument is a program here: name the script, as Bash(python scripts/check.py *).";
    API_REDIRECT "claude-api-redirect" High
        "API address set for everybody who opens the project"
        "The key and all code that is read go to that host: set a gateway in user or managed settings.";
    BYPASS_PERMISSIONS "claude-bypass-permissions" Critical
        "Permission prompts switched off"
        "Remove the mode: everybody who opens the project would run each command unasked.";
    CREDENTIAL_HELPER "claude-credential-helper" Medium
        "Credential helper set for everybody who opens the project"
        "It runs on each machine with the credential it makes: set it in user or managed settings.";
    ENV_LOADER "claude-env-loader" High
        "Variable that loads code or switches TLS checks off"
        "It reaches each program the agent starts: remove it, or set it for the one command.";
    HOOKS_DISABLED "claude-hooks-disabled" Medium
        "Hooks switched off for everybody who opens the project"
        "It silences the guards of others too: set it in your own settings if you must.";
    LOCAL_SETTINGS "claude-local-settings" Medium
        "Personal Claude Code settings"
        "They hold one person's approvals, at times with tokens in them: leave the file out of the commit and list it in .gitignore.";
    SETTINGS_IGNORED "claude-settings-ignored" Medium
        "Claude Code settings with rules that are ignored"
        "Claude Code reads strict JSON and skips the whole file otherwise: remove comments and trailing commas.";
    TRUST_ALL_MCP "claude-trust-all-mcp" High
        "All MCP servers of the project approved at once"
        "A server that is added later starts unasked: approve servers one by one, in local settings.";
    CODEX_NO_SANDBOX "codex-no-sandbox" High
        "Codex sandbox switched off"
        "Use sandbox_mode = \"workspace-write\".";
    VSCODE_AUTOMATIC_TASKS "vscode-automatic-tasks" Medium
        "Tasks that start without asking when the folder is opened"
        "Remove the setting: each developer can allow tasks for folders they trust.";
    VSCODE_CHAT_AUTO_APPROVE "vscode-chat-auto-approve" Critical
        "Chat tools that run without asking"
        "Remove the setting: prompts injected into any file would run commands unasked.";
    VSCODE_TASK_ON_OPEN "vscode-task-on-open" Low
        "Task that starts when the folder is opened"
        "Check what it runs, or let it be started by hand.";
}
