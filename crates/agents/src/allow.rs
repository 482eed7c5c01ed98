//! How much an allow rule of Claude Code allows.
//!
//! The rule is taken apart as Claude Code does: a tool, and for shell tools a prefix of words.
//! A rule is broad when its star stands where a program, or the program's code, would stand.

use crate::command::program_name;

const TOOLS: [&str; 3] = ["Bash", "PowerShell", "Monitor"];

/// Programs whose first argument is another program, or a line for a shell.
const STARTERS: [&str; 18] = [
    "bash",
    "cmd",
    "command",
    "dash",
    "doas",
    "env",
    "eval",
    "exec",
    "fish",
    "ksh",
    "nohup",
    "powershell",
    "pwsh",
    "sh",
    "su",
    "sudo",
    "xargs",
    "zsh",
];
const INTERPRETERS: [&str; 13] = [
    "bun",
    "deno",
    "lua",
    "node",
    "osascript",
    "perl",
    "php",
    "python",
    "rscript",
    "ruby",
    "ts-node",
    "tsx",
    "irb",
];

/// Words that Claude Code takes away before it compares.
const WRAPPERS: [&str; 7] = ["timeout", "time", "nice", "nohup", "stdbuf", "command", "builtin"];

/// What a broad rule lets run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Breadth {
    /// Any command.
    Anything(String),
    /// Any program in one language.
    Language(String),
}

/// Judges one rule; the text inside is the rule, made anew of known words alone.
pub(crate) fn judge(rule: &str) -> Option<Breadth> {
    let rule = rule.trim();
    let (tool, spec) = match rule.split_once('(') {
        Some((tool, spec)) => (tool, spec.strip_suffix(')')?.trim()),
        None => (rule, "*"),
    };
    let tool = TOOLS.iter().find(|known| **known == tool)?;
    if matches!(spec, "*" | ":*" | "**") {
        let bare = if rule.contains('(') { format!("{tool}({spec})") } else { (*tool).to_owned() };
        return Some(Breadth::Anything(bare));
    }
    let prefix = spec.strip_suffix('*')?;
    let prefix = prefix.strip_suffix(':').unwrap_or(prefix);
    let mut words = prefix.split_whitespace().peekable();
    while words.peek().is_some_and(|word| WRAPPERS.contains(word)) {
        let wrapper = words.next();
        if wrapper == Some("timeout") {
            words.next_if(|word| word.starts_with(|c: char| c.is_ascii_digit()));
        }
    }
    let Some(program) = words.next() else {
        return Some(Breadth::Anything(format!("{tool}(… *)")));
    };
    let name = program_name(program);
    let flag = words.next();
    if flag.is_some_and(|flag| !takes_code(flag)) || words.next().is_some() {
        return None;
    }
    let shown = |name: &str| match flag {
        Some(_) => format!("{tool}({name} … *)"),
        None => format!("{tool}({name} *)"),
    };
    if let Some(name) = STARTERS.iter().find(|known| **known == name) {
        return Some(Breadth::Anything(shown(name)));
    }
    let language = INTERPRETERS.iter().find(|known| **known == name)?;
    Some(Breadth::Language(shown(language)))
}

/// Returns true if and only if the argument after `flag` is code.
fn takes_code(flag: &str) -> bool {
    matches!(flag, "-c" | "-lc" | "-ec" | "-e" | "-p" | "-r" | "-E" | "--eval" | "/c" | "-Command")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_for_any_command() {
        for rule in [
            "Bash",
            "Bash(*)",
            "Bash(:*)",
            " Bash( * ) ",
            "PowerShell(*)",
            "Monitor",
            "Bash(sudo *)",
            "Bash(sudo:*)",
            "Bash(bash -c:*)",
            "Bash(/bin/sh *)",
            "Bash(timeout 60 *)",
            "Bash(nohup *)",
            "Bash(xargs *)",
            "Bash(env:*)",
        ] {
            assert!(matches!(judge(rule), Some(Breadth::Anything(_))), "{rule}");
        }
    }

    #[test]
    fn rules_for_any_program_in_a_language() {
        for rule in ["Bash(python *)", "Bash(python3:*)", "Bash(node -e *)", "Bash(time ruby:*)"] {
            assert!(matches!(judge(rule), Some(Breadth::Language(_))), "{rule}");
        }
        assert_eq!(
            judge("Bash(python3.12 -c:*)"),
            Some(Breadth::Language("Bash(python … *)".to_owned()))
        );
    }

    #[test]
    fn narrow_rules() {
        for rule in [
            "",
            "Read",
            "Read(**)",
            "bash",
            "Bash(ls)",
            "Bash(python)",
            "Bash(sudo)",
            "Bash(*",
            "Bash(npm run *)",
            "Bash(cargo test:*)",
            "Bash(python scripts/x.py *)",
            "Bash(sudo apt-get update *)",
            "Bash(bash scripts/*)",
            "Bash(timeout 60 cargo test *)",
            "Bash(node -e \"1\")",
            "Bash(git:* push)",
            "Bash(bashful *)",
            "mcp__x__*",
        ] {
            assert_eq!(judge(rule), None, "{rule}");
        }
    }
}
