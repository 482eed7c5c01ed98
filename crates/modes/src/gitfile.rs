//! Committed files that git and its companions obey: `.gitmodules`, `.gitattributes`,
//! `.gitignore`, `.lfsconfig`. Each is judged against what is committed of it.

use std::collections::HashSet;

use bstr::{BStr, BString, ByteSlice};
use leakgate_model::{Confidence, Entry, Finding, Rule, Severity, Status, shell_path};

use crate::address::{self, Fault};
use crate::ini::{self, Setting};
use crate::tree::{Node, Tree, node, split};
use crate::{attributes, name, nested, rules, secret_file};

/// Something wrong in a file.
struct Hit {
    rule: &'static Rule,
    severity: Severity,
    why: String,
    /// What tells it from another of its rule. Never shown: it may hold a credential.
    subject: BString,
    fixes: Vec<String>,
}

/// Judges `entry` if it is such a file.
pub(crate) fn check(entry: &Entry, tree: &dyn Tree, findings: &mut Vec<Finding>) {
    let path = entry.path.as_bstr();
    let Some(judge) = judge_of(path) else { return };
    let Some(text) = tree.content(path) else { return };
    let hits = judge(path, &text, tree);
    if hits.is_empty() {
        return;
    }
    let old = tree.committed(path).map_or_else(Vec::new, |text| judge(path, &text, tree));
    let old: HashSet<_> = old.iter().map(|hit| (hit.rule.id, &hit.subject)).collect();
    for hit in &hits {
        let mut finding = hit.rule.finding(entry.path.clone(), Confidence::Certain);
        finding.severity = hit.severity;
        finding.reasons.push(hit.why.clone().into());
        finding.fixes.clone_from(&hit.fixes);
        finding.fixes.push(format!("git add -- {}", shell_path(path)));
        if old.contains(&(hit.rule.id, &hit.subject)) {
            finding.status = Status::AlreadyCommitted;
        }
        findings.push(finding);
    }
}

type Judge = fn(&BStr, &[u8], &dyn Tree) -> Vec<Hit>;

fn judge_of(path: &BStr) -> Option<Judge> {
    match (path.as_bytes(), split(path).1.as_bytes()) {
        (b".gitmodules", _) => Some(submodules),
        (_, b".gitattributes") => Some(filters),
        (_, b".gitignore") => Some(negations),
        (_, b".lfsconfig" | b".gitconfig") => Some(configuration),
        (b".worktreeinclude", _) => Some(copies),
        _ => None,
    }
}

fn submodules(path: &BStr, text: &[u8], tree: &dyn Tree) -> Vec<Hit> {
    let settings = ini::parse(text);
    settings.iter().filter_map(|setting| submodule(path, setting, tree)).collect()
}

fn submodule(path: &BStr, setting: &Setting, tree: &dyn Tree) -> Option<Hit> {
    if setting.section != "submodule" {
        return None;
    }
    let (rule, why) = match setting.key.as_str() {
        _ if climbs(setting.subsection.as_bstr()) => {
            (rules::SUBMODULE_PATH, "the submodule's name leads elsewhere")
        }
        "update" if setting.value.starts_with(b"!") => {
            (rules::SUBMODULE_COMMAND, "submodule.update names a command")
        }
        "path" => (rules::SUBMODULE_PATH, path_fault(setting.value.as_bstr(), tree)?),
        "url" => {
            let fault = address::fault(setting.value.as_bstr())?;
            let rule = match fault {
                Fault::Credentials => rules::SUBMODULE_URL_CREDENTIALS,
                Fault::Unsafe(_) => rules::SUBMODULE_UNSAFE_URL,
                Fault::Insecure(_) => rules::SUBMODULE_INSECURE_URL,
            };
            (rule, fault.why())
        }
        _ => return None,
    };
    let mended = match (rule, setting.key.as_str()) {
        (_, "url") => address::mended(setting.value.as_bstr()),
        _ => None,
    };
    let file = shell_path(path);
    let section = [b"submodule.", setting.subsection.as_bytes()].concat();
    let full = |key: &str| shell_path([&section[..], b".", key.as_bytes()].concat().as_bstr());
    let fix = match mended {
        Some(url) => {
            format!("git config -f {file} {} {}", full("url"), shell_path(url.as_bstr()))
        }
        None if rule == rules::SUBMODULE_COMMAND => {
            format!("git config -f {file} --unset-all {}", full("update"))
        }
        None => format!("git config -f {file} --remove-section {}", shell_path(section.as_bstr())),
    };
    Some(hit(rule, why, setting, vec![fix]))
}

fn climbs(path: &BStr) -> bool {
    path.split(|&byte| byte == b'/' || byte == b'\\').any(|part| part == b"..")
}

fn path_fault(path: &BStr, tree: &dyn Tree) -> Option<&'static str> {
    if climbs(path) || path.starts_with(b"/") || path.starts_with(b"\\") {
        return Some("it leads out of the repository");
    }
    if path.split(|&byte| byte == b'/' || byte == b'\\').any(name::is_git) {
        return Some("it leads into .git");
    }
    if path.iter().any(u8::is_ascii_control) {
        return Some("it holds a control character");
    }
    if path.starts_with(b"-") {
        return Some("it begins with a dash");
    }
    let through_link = path.find_iter("/").any(|at| {
        let link = Some(Node::Leaf(leakgate_model::Mode::Symlink));
        node(tree, path[..at].as_bstr()) == link
    });
    through_link.then_some("it leads through a symbolic link")
}

fn hit(rule: &'static Rule, why: &str, setting: &Setting, fixes: Vec<String>) -> Hit {
    let subject = [&setting.subsection[..], b"\0", &setting.value].concat().into();
    Hit { rule, severity: rule.severity, why: why.to_owned(), subject, fixes }
}

fn configuration(path: &BStr, text: &[u8], _tree: &dyn Tree) -> Vec<Hit> {
    let settings = ini::parse(text);
    let is_address =
        |s: &&Setting| matches!(s.key.as_str(), "url" | "pushurl" | "lfsurl" | "proxy");
    let mut hits: Vec<_> = settings
        .iter()
        .filter(is_address)
        .filter_map(|setting| {
            let fault = address::fault(setting.value.as_bstr())?;
            let fixes = fix_address(path, setting);
            Some(hit(rules::CONFIG_FILE_URL, fault.why(), setting, fixes))
        })
        .collect();
    // Nobody's git reads a tracked `.gitconfig` unless it is told to: advice.
    if split(path).1 == ".gitconfig" {
        hits.iter_mut().filter(|hit| !hit.why.contains("credential")).for_each(|hit| {
            hit.severity = Severity::Low;
        });
    }
    if let Some(key) = nested::runs_programs(text).filter(|_| split(path).1 == ".lfsconfig") {
        let rule = rules::CONFIG_FILE_URL;
        let why = format!("it sets {key}, which runs a program");
        hits.push(Hit {
            rule,
            severity: rule.severity,
            why,
            subject: key.into(),
            fixes: Vec::new(),
        });
    }
    hits
}

fn fix_address(path: &BStr, setting: &Setting) -> Vec<String> {
    let mut name = setting.section.clone().into_bytes();
    if !setting.subsection.is_empty() {
        name.push(b'.');
        name.extend_from_slice(&setting.subsection);
    }
    name.push(b'.');
    name.extend_from_slice(setting.key.as_bytes());
    let (file, name) = (shell_path(path), shell_path(name.as_bstr()));
    vec![match address::mended(setting.value.as_bstr()) {
        Some(url) => format!("git config -f {file} {name} {}", shell_path(url.as_bstr())),
        None => format!("git config -f {file} --unset-all {name}"),
    }]
}

/// Filters that are commonly used and documented.
const KNOWN_FILTERS: [&str; 12] = [
    "lfs",
    "git-crypt",
    "crypt",
    "transcrypt",
    "git-agecrypt",
    "agenix",
    "sops",
    "nbstripout",
    "jupytext",
    "annex",
    "media",
    "dotbare",
];

fn filters(path: &BStr, text: &[u8], _tree: &dyn Tree) -> Vec<Hit> {
    let rule = rules::ATTRIBUTES_UNKNOWN_FILTER;
    let lines: Vec<_> = attributes::parse(text).collect();
    // A line for all paths that takes the filter away undoes those above it.
    let from = lines.iter().rposition(attributes::Line::clears_all).unwrap_or(0);
    let mut seen = HashSet::new();
    lines[from..]
        .iter()
        .filter_map(|line| line.filter)
        .flatten()
        .filter(|name| !KNOWN_FILTERS.iter().any(|known| name.starts_with(known.as_bytes())))
        .filter(|name| seen.insert(name.to_vec()))
        .map(|name| Hit {
            rule,
            severity: rule.severity,
            why: format!("filter={}", name.as_bstr()),
            subject: name.into(),
            fixes: vec![format!("printf '%s\\n' '* !filter' >>{}", shell_path(path))],
        })
        .collect()
}

fn negations(path: &BStr, text: &[u8], _tree: &dyn Tree) -> Vec<Hit> {
    let lines: Vec<&[u8]> = text.lines().map(<[u8]>::trim_ascii_end).collect();
    let mut hits = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let Some(pattern) = line.strip_prefix(b"!") else { continue };
        let Some(severity) = names_secret(pattern.as_bstr()) else { continue };
        if lines[at..].contains(&pattern) {
            continue;
        }
        let rule = rules::IGNORE_TAKES_BACK_SECRET;
        let quoted = shell_path(pattern.as_bstr());
        hits.push(Hit {
            rule,
            severity,
            why: format!("line {} is the pattern !{}", at + 1, pattern.as_bstr()),
            subject: pattern.into(),
            fixes: vec![format!("printf '%s\\n' {quoted} >>{}", shell_path(path))],
        });
    }
    hits
}

/// `.worktreeinclude` names ignored files that are copied into each new work tree.
fn copies(path: &BStr, text: &[u8], _tree: &dyn Tree) -> Vec<Hit> {
    let lines: Vec<_> = text.lines().map(<[u8]>::trim_ascii).collect();
    let patterns = lines.iter().enumerate();
    let hits =
        patterns.filter(|(_, line)| !line.starts_with_str("!")).filter_map(|(at, pattern)| {
            names_secret(pattern.as_bstr())?;
            let negated = BString::from([b"!", *pattern].concat());
            let is_taken_back = lines[at..].contains(&negated.as_bytes());
            let quoted = shell_path(negated.as_bstr());
            (!is_taken_back).then(|| Hit {
                rule: rules::IGNORE_COPIES_SECRET,
                severity: Severity::Low,
                why: format!("line {} is the pattern {}", at + 1, pattern.as_bstr()),
                subject: (*pattern).into(),
                fixes: vec![format!("printf '%s\\n' {quoted} >>{}", shell_path(path))],
            })
        });
    hits.collect()
}

/// How grave it is to take back what this pattern matches.
fn names_secret(pattern: &BStr) -> Option<Severity> {
    let name = split(pattern.trim_end_with(|c| c == '/').as_bstr()).1;
    // A star stands for any name: the rest decides.
    let sample: BString = name.replace("*", "x").into();
    let sample = if name == ".env.*" { BString::from(".env.local") } else { sample };
    match secret_file::kind(sample.as_bstr())? {
        kind if kind.is_sure() => Some(Severity::Medium),
        _ => Some(Severity::Low),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::sample::Sample;

    fn modules(text: &str) -> Vec<(String, Severity)> {
        let sample = Sample::default().file(".gitmodules", text);
        sample.findings().into_iter().map(|f| (f.rule.to_string(), f.severity)).collect()
    }

    fn one(rule: &str, severity: Severity) -> Vec<(String, Severity)> {
        vec![(rule.to_owned(), severity)]
    }

    #[test]
    fn submodules_that_harm() {
        let with = |line: &str| modules(&format!("[submodule \"a\"]\n\tpath = a\n\t{line}\n"));
        let pass = format!("url = https://me:{}@h/x", "pw");
        assert_eq!(with(&pass), one("submodule-url-credentials", Severity::High));
        for line in ["url = ext::sh -c x", "url = -uX", "url = \"a\\nb\"", "url = https://h/%0ax"] {
            assert_eq!(with(line), one("submodule-unsafe-url", Severity::Critical), "{line}");
        }
        for line in ["url = http://h/x", "url = git://h/x", "url = file:///x"] {
            assert_eq!(with(line), one("submodule-insecure-url", Severity::Medium), "{line}");
        }
        assert_eq!(with("update = !x"), one("submodule-command", Severity::Critical));
        for line in ["path = ../a", "path = .git/modules", "path = \"a\\u\r\"", "path = -a"] {
            assert_eq!(with(line), one("submodule-path", Severity::High), "{line}");
        }
        for line in ["url = https://h/x", "url = git@h:x", "url = ../x", "update = rebase"] {
            assert_eq!(with(line), [], "{line}");
        }
    }

    #[test]
    fn a_submodule_through_a_link() {
        let text = "[submodule \"a\"]\n\tpath = l/a\n\turl = ../x\n";
        let sample = Sample::default().file(".gitmodules", text).link("l", "d").file("d/x", "");
        assert_eq!(sample.ids(), [("submodule-path".to_owned(), ".gitmodules".to_owned())]);
    }

    #[test]
    fn what_was_there_is_old_and_another_is_new() {
        let text = "[submodule \"a\"]\n\turl = http://h/x\n";
        let more = format!("{text}[submodule \"b\"]\n\turl = http://h/y\n");
        let sample = Sample::default().file(".gitmodules", &more).before(".gitmodules", text);
        let status: Vec<_> = sample.findings().iter().map(|f| f.status).collect();
        assert_eq!(status, [Status::AlreadyCommitted, Status::Introduced]);
    }

    #[test]
    fn a_fix_spells_no_credential_out() {
        let text = format!("[submodule \"a b\"]\n\turl = https://me:{}@h/x\n", "pw");
        let findings = Sample::default().file(".gitmodules", &text).findings();
        let fix = "git config -f .gitmodules 'submodule.a b.url' 'https://h/x'";
        assert_eq!(findings[0].fixes, [fix, "git add -- .gitmodules"]);
    }

    #[test]
    fn tracked_configurations() {
        let ids = |path: &str, text: &str| Sample::default().file(path, text).findings();
        let found = ids(".lfsconfig", "[lfs]\n\turl = http://h/x\n");
        assert_eq!((found[0].rule.as_str(), found.len()), ("config-file-url", 1));
        assert_eq!(ids(".lfsconfig", "[lfs]\n\turl = https://h/x\n"), []);
        let found = ids("home/.gitconfig", "[remote \"o\"]\n\turl = http://h/x\n");
        assert_eq!(found[0].severity, Severity::Low);
    }

    #[test]
    fn filters_by_name() {
        let ids = |text: &str| Sample::default().file("a/.gitattributes", text).ids();
        assert_eq!(ids("*.x filter=mine\n*.y filter=mine\n").len(), 1);
        assert_eq!(ids("*.x filter=lfs diff=lfs -text\n*.y -filter\n*.z text\n"), []);
    }

    #[test]
    fn secrets_that_are_taken_back() {
        let severity = |text: &str| {
            let found = Sample::default().file(".gitignore", text).findings();
            found.first().map(|finding| finding.severity)
        };
        for text in ["!.env", "/x\n!/a/.env.local\n", "!id_rsa", "!*.p12"] {
            assert_eq!(severity(text), Some(Severity::Medium), "{text}");
        }
        for text in ["!.env.production", "!*.key", "!*.pem"] {
            assert_eq!(severity(text), Some(Severity::Low), "{text}");
        }
        for text in ["!.env.example", "!a.txt", ".env", "!.env\n.env\n", "!", "!/"] {
            assert_eq!(severity(text), None, "{text}");
        }
    }
}
