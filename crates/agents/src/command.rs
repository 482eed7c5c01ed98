//! Whether a command line runs what it downloads.
//!
//! Enough of a shell's grammar to know which words are programs: a download must stand where a
//! program stands, and its output must reach something that takes it for a program. So neither
//! `curl … | jq`, nor `curl … ; echo x | sh`, nor `printf 'curl …' | sh` counts. A file that is
//! downloaded and then started by another command is not seen.

/// How deep commands in the arguments of shells are looked at.
const DEPTH: usize = 4;

/// How many words may stand between a shell and the option that takes a command.
const SHELL_OPTIONS: usize = 4;

const FETCHERS: [&str; 7] =
    ["curl", "wget", "fetch", "invoke-webrequest", "invoke-restmethod", "iwr", "irm"];
const SHELLS: [&str; 10] =
    ["sh", "bash", "zsh", "dash", "ksh", "ash", "fish", "pwsh", "powershell", "cmd"];
const INTERPRETERS: [&str; 8] = ["python", "node", "perl", "ruby", "php", "deno", "bun", "lua"];
const EVALUATORS: [&str; 5] = ["eval", "source", ".", "iex", "invoke-expression"];

/// Words that stand before a program and are not one.
const PREFIXES: [&str; 18] = [
    "sudo", "doas", "env", "exec", "command", "builtin", "nohup", "time", "nice", "if", "then",
    "else", "elif", "while", "until", "do", "!", "{",
];

/// What fetches and what runs it, by the names of the programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fetched {
    /// As `curl`.
    pub(crate) by: &'static str,
    /// As `bash`.
    pub(crate) run_by: &'static str,
}

/// Judges a command line of a shell.
pub(crate) fn judge_line(line: &str) -> Option<Fetched> {
    judge_nested(line, DEPTH)
}

/// Judges a program with its arguments, as one that is started without a shell.
pub(crate) fn judge_words(program: &str, arguments: &[&str]) -> Option<Fetched> {
    let words: Vec<_> = std::iter::once(program).chain(arguments.iter().copied()).collect();
    // Some put the whole line where the program should be.
    judge_stage(&words, DEPTH).or_else(|| judge_line(&words.join(" ")))
}

/// The base name of a program in lower case, without `.exe` and without a version.
pub(crate) fn program_name(word: &str) -> String {
    let base = word.rsplit(['/', '\\']).next().unwrap_or(word).to_ascii_lowercase();
    let base = base.strip_suffix(".exe").unwrap_or(&base);
    let name = base.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    if name.is_empty() { base.to_owned() } else { name.to_owned() }
}

fn judge_nested(line: &str, depth: usize) -> Option<Fetched> {
    let depth = depth.checked_sub(1)?;
    split(line).iter().find_map(|pipeline| judge_pipeline(pipeline, depth))
}

fn judge_pipeline(pipeline: &[Vec<String>], depth: usize) -> Option<Fetched> {
    let mut fetched_by = None;
    for stage in pipeline {
        let words: Vec<_> = stage.iter().map(String::as_str).collect();
        let (program, arguments) = program(&words);
        if let (Some(by), Some(run_by)) = (fetched_by, reader_of_programs(&program, arguments)) {
            return Some(Fetched { by, run_by });
        }
        if let Some(fetched) = judge_stage(&words, depth) {
            return Some(fetched);
        }
        fetched_by = fetched_by.or_else(|| one_of(&FETCHERS, &program));
    }
    None
}

/// Judges one command of a pipeline by its own words.
fn judge_stage(words: &[&str], depth: usize) -> Option<Fetched> {
    let (program, arguments) = program(words);
    let first = arguments.first().copied().unwrap_or_default();
    if let Some(run_by) = one_of(&EVALUATORS, &program)
        && let Some(by) = substituted_fetcher(first)
    {
        return Some(Fetched { by, run_by });
    }
    if let Some(run_by) = one_of(&SHELLS, &program)
        && first.starts_with("<(")
        && let Some(by) = substituted_fetcher(first)
    {
        return Some(Fetched { by, run_by });
    }
    // A shell may stand behind any other program: `docker run x sh -c …`.
    for (at, word) in words.iter().enumerate() {
        let Some(run_by) = one_of(&SHELLS, &program_name(word)) else { continue };
        let mut options = words[at + 1..].iter().take(SHELL_OPTIONS);
        let Some(option) = options.position(|option| takes_command(option)) else { continue };
        let Some((script, rest)) = words[at + option + 2..].split_first() else { continue };
        if let Some(by) = substituted_fetcher(script) {
            return Some(Fetched { by, run_by });
        }
        if matches!(run_by, "cmd" | "pwsh" | "powershell") {
            // These take all that follows, so nothing is left to look at behind it.
            return judge_nested(&format!("{script} {}", rest.join(" ")), depth);
        }
        if let Some(fetched) = judge_nested(script, depth) {
            return Some(fetched);
        }
    }
    None
}

/// The program of a command and its arguments, behind assignments and words such as `sudo`.
fn program<'w>(words: &'w [&'w str]) -> (String, &'w [&'w str]) {
    let mut behind_prefix = false;
    for (at, word) in words.iter().enumerate() {
        let assignment = word.split_once('=').is_some_and(|(name, _)| {
            !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        });
        let name = program_name(word);
        let prefix = PREFIXES.contains(&name.as_str());
        if prefix || assignment || behind_prefix && word.starts_with('-') {
            behind_prefix |= prefix;
            continue;
        }
        return (name, &words[at + 1..]);
    }
    (String::new(), &[])
}

/// The name of a program that takes its standard input for a program, given these arguments.
fn reader_of_programs(program: &str, arguments: &[&str]) -> Option<&'static str> {
    if let Some(name @ ("iex" | "invoke-expression")) = one_of(&EVALUATORS, program) {
        return Some(name);
    }
    let shell = one_of(&SHELLS, program);
    let name = shell.or_else(|| one_of(&INTERPRETERS, program))?;
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        match *argument {
            "-" | "/dev/stdin" => return Some(name),
            option if shell.is_some() && takes_command(option) => return None,
            option if shell.is_some() && is_short(option) && option.contains('s') => {
                return Some(name);
            }
            option if option.starts_with('-') && (shell.is_some() || option == "-u") => {}
            redirect if redirect.ends_with('>') => {
                arguments.next();
            }
            redirect if redirect.contains('>') => {}
            _ => return None,
        }
    }
    Some(name)
}

/// Returns true if and only if a shell takes the word after `option` for a command.
fn takes_command(option: &str) -> bool {
    let lower = option.to_ascii_lowercase();
    is_short(option) && option.ends_with('c') || matches!(lower.as_str(), "/c" | "/k" | "-command")
}

fn is_short(option: &str) -> bool {
    option.len() > 1 && option.starts_with('-') && !option.starts_with("--") && option.len() < 6
}

/// The program that fetches in a word such as `$(curl …)`, `<(curl …)`, `(irm …)` or `` `curl …` ``.
fn substituted_fetcher(word: &str) -> Option<&'static str> {
    let inner = word.trim_start_matches(['"', '\'', ' ']);
    let command = inner.trim_start_matches(['$', '<', '&', '(', '`', ' ']);
    if command.len() == inner.len() {
        return None;
    }
    let end = command.find([' ', ')', '`']).unwrap_or(command.len());
    one_of(&FETCHERS, &program_name(&command[..end]))
}

fn one_of(names: &[&'static str], name: &str) -> Option<&'static str> {
    names.iter().copied().find(|known| *known == name)
}

/// Splits a command line into pipelines of commands of words.
fn split(line: &str) -> Vec<Vec<Vec<String>>> {
    let mut splitter = Splitter { pipelines: vec![vec![Vec::new()]], word: None };
    let mut rest = line;
    while let Some(c) = rest.chars().next() {
        let taken = splitter.take(c, rest);
        rest = &rest[taken..];
    }
    splitter.end_word(0);
    splitter.pipelines
}

struct Splitter {
    pipelines: Vec<Vec<Vec<String>>>,
    word: Option<String>,
}

impl Splitter {
    /// Takes what `rest` begins with, of which `c` is the first character; says how many bytes.
    fn take(&mut self, c: char, rest: &str) -> usize {
        let redirects = self.word.as_ref().is_some_and(|word| word.ends_with('>'));
        match c {
            ' ' | '\t' | '\r' => self.end_word(1),
            '|' if rest.starts_with("||") => self.end_pipeline(2),
            '|' => self.end_command(if rest.starts_with("|&") { 2 } else { 1 }),
            '&' if redirects || rest.starts_with("&>") => self.push("&"),
            '\n' | ';' | '&' | ')' => self.end_pipeline(1),
            '(' if self.is_substitution() => self.push(nested(rest)),
            '(' => self.end_pipeline(1),
            '`' => self.push(quoted(rest, '`')),
            '\'' | '"' => {
                let text = quoted(rest, c);
                self.push(text[1..].strip_suffix(c).unwrap_or(&text[1..]));
                text.len()
            }
            '\\' => {
                let next = rest[1..].chars().next().map_or(0, char::len_utf8);
                1 + self.push(&rest[1..=next])
            }
            _ => self.push(&rest[..c.len_utf8()]),
        }
    }

    /// A parenthesis after `$` or `<`, or as an argument of PowerShell's `iex`.
    fn is_substitution(&self) -> bool {
        match &self.word {
            Some(word) => word.ends_with(['$', '<', '>']),
            None => self.pipelines.last().and_then(|p| p.last()).is_some_and(|c| !c.is_empty()),
        }
    }

    // Each of these says how many bytes were taken.

    fn push(&mut self, text: &str) -> usize {
        self.word.get_or_insert_default().push_str(text);
        text.len()
    }

    fn end_word(&mut self, taken: usize) -> usize {
        let word = self.word.take();
        let command = self.pipelines.last_mut().and_then(|pipeline| pipeline.last_mut());
        command.expect("there is always a command").extend(word);
        taken
    }

    fn end_command(&mut self, taken: usize) -> usize {
        self.end_word(0);
        self.pipelines.last_mut().expect("there is always a pipeline").push(Vec::new());
        taken
    }

    fn end_pipeline(&mut self, taken: usize) -> usize {
        self.end_word(0);
        self.pipelines.push(vec![Vec::new()]);
        taken
    }
}

/// The start of `text` up to the parenthesis that closes its first one.
fn nested(text: &str) -> &str {
    let mut depth = 0_usize;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'(' => depth += 1,
            b')' if depth == 1 => return &text[..=at],
            b')' => depth -= 1,
            _ => {}
        }
    }
    text
}

/// The start of `text`, which begins with `quote`, up to the next one that is not escaped.
fn quoted(text: &str, quote: char) -> &str {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        if c == quote && !escaped {
            return &text[..=at];
        }
        escaped = c == '\\' && !escaped && quote != '\'';
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_run_what_they_download() {
        for line in [
            "curl -fsSL https://x/i | sh",
            "curl https://x|bash -s -- --yes",
            "cd /tmp && wget -qO- https://x | sudo -E bash -",
            "curl x | tee log | python3",
            "curl x |& /bin/zsh > /dev/null 2>&1",
            "FOO=1 curl x | env BAR=2 node -",
            "bash -c \"$(curl -fsSL https://x)\"",
            "sh -c 'curl x | sh'",
            "bash <(curl -s x)",
            "eval \"$(wget -qO- x)\"",
            "source <(curl x)",
            "eval `curl x`",
            "iwr https://x | iex",
            "iex (irm https://x)",
            "powershell -Command \"irm https://x | iex\"",
            "docker run --rm img sh -lc 'curl x | bash'",
            "if true; then curl x | sh; fi",
            "(curl x | sh)",
            "echo a\ncurl x | sh",
        ] {
            assert!(judge_line(line).is_some(), "{line}");
        }
    }

    #[test]
    fn lines_that_do_not() {
        for line in [
            "",
            "curl https://x/health",
            "curl x | jq .",
            "curl x | python3 -m json.tool",
            "curl x | python -c 'import sys'",
            "curl x | bash -c 'cat'",
            "curl x | sh script.sh",
            "curl x | node -e 'x'",
            "curl health; echo x | sh",
            "printf 'curl x' | bash",
            "echo 'curl x | sh'",
            "bash scripts/curl.sh",
            "eval \"$(ssh-agent -s)\"",
            "source <(kubectl completion bash)",
            "npx -y server | sh",
            "'",
            "\\",
            "$(",
            "|&",
        ] {
            assert_eq!(judge_line(line), None, "{line}");
        }
    }

    #[test]
    fn words_of_a_program() {
        let fetched = Some(Fetched { by: "curl", run_by: "bash" });
        assert_eq!(judge_words("bash", &["-c", "curl x | bash"]), fetched);
        assert_eq!(judge_words("curl x | bash", &[]), fetched);
        assert!(judge_words("cmd", &["/c", "curl x", "| cmd"]).is_some());
        assert_eq!(judge_words("cmd", &["/c", "npx", "server"]), None);
        assert_eq!(judge_words("node", &["curl.js", "x"]), None);
    }

    #[test]
    fn nesting_ends() {
        let mut line = "curl x | sh".to_owned();
        for _ in 0..3 {
            line = format!("sh -c {line:?}");
        }
        judge_line(&line);
        judge_line(&"sh -c ".repeat(1000));
        judge_line(&"(".repeat(10_000));
        judge_line(&"cmd /c ".repeat(10_000));
        judge_line(&"sh ".repeat(100_000));
    }

    #[test]
    fn names_of_programs() {
        for (word, name) in
            [("/usr/bin/python3.12", "python"), ("C:\\x\\Node.EXE", "node"), ("7", "7"), ("", "")]
        {
            assert_eq!(program_name(word), name);
        }
    }
}
