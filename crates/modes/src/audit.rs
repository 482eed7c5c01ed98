//! Judges what stands around the content of a repository: which secrets `git add` would take,
//! git's configuration, and the permissions of git's own files. Only the audit asks: a commit
//! neither brings nor mends these.

use bstr::{BStr, BString, ByteSlice};
use leakgate_model::{
    Confidence, Entry, Finding, Mode, Rule, Severity, in_sample_folder, is_invisible, shell_path,
    untrack_command,
};

use crate::{Context, FileMode, address, rules, secret_file, work_tree};

/// A name that secrets live under, to be put to git's ignore rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Probe {
    /// The name itself.
    pub name: &'static str,
    /// The pattern that covers it and its like.
    pub pattern: &'static str,
    /// Only where a tracked path ends or begins so does anybody have such files.
    needs: Option<&'static str>,
}

const fn probe(name: &'static str, pattern: &'static str) -> Probe {
    Probe { name, pattern, needs: None }
}

const PROBES: &[Probe] = &[
    probe(".env", ".env"),
    probe(".env.local", ".env.local"),
    probe(".env.production.local", ".env.*.local"),
    probe("id_rsa", "id_rsa"),
    probe("id_ed25519", "id_ed25519"),
    probe("private.key", "*.key"),
    probe("store.p12", "*.p12"),
    probe("store.pfx", "*.pfx"),
    probe("passwords.kdbx", "*.kdbx"),
    Probe { name: "terraform.tfstate", pattern: "*.tfstate", needs: Some(".tf") },
    Probe { name: "terraform.tfstate.backup", pattern: "*.tfstate.*", needs: Some(".tf") },
    Probe {
        name: ".claude/settings.local.json",
        pattern: ".claude/settings.local.json",
        needs: Some(".claude/"),
    },
];

/// The probes that concern a repository with these tracked paths.
///
/// A kind of file that is tracked on purpose, as the certificates of a test, is left out.
pub fn probes<'t>(tracked: &(impl Iterator<Item = &'t BStr> + Clone)) -> Vec<Probe> {
    let extension = |probe: &Probe| probe.pattern.strip_prefix('*').filter(|e| !e.contains('*'));
    let concerns = |probe: &&Probe| {
        let needed = probe.needs.is_none_or(|needs| {
            tracked
                .clone()
                .any(|p| p.ends_with(needs.as_bytes()) || p.starts_with(needs.as_bytes()))
        });
        let kept = extension(probe)
            .is_some_and(|extension| tracked.clone().any(|p| p.ends_with(extension.as_bytes())));
        needed && !kept
    };
    PROBES.iter().filter(concerns).copied().collect()
}

/// The finding that these probes would be taken by `git add`.
pub fn uncovered(probes: &[Probe]) -> Option<Finding> {
    if probes.is_empty() {
        return None;
    }
    let patterns: Vec<_> = probes.iter().map(|probe| probe.pattern).collect();
    let mut finding = rules::AUDIT_IGNORE_MISSING.finding(".gitignore", Confidence::Certain);
    finding.reasons.push(format!("not ignored: {}", patterns.join(" ")).into());
    let quoted: Vec<_> = patterns.iter().map(|p| shell_path(p.as_bytes().as_bstr())).collect();
    finding.fixes.push(format!("printf '%s\\n' {} >>.gitignore", quoted.join(" ")));
    Some(finding)
}

/// Which rules a file of the work tree meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Not tracked, and nothing ignores it.
    Untracked,
    /// Not tracked, and ignored by this machine alone.
    IgnoredHere,
    /// Not tracked, and ignored by the repository.
    Ignored,
    /// Tracked, though the repository ignores it.
    TrackedYetIgnored,
}

/// Returns true if and only if [`check_file`] can find something at `path`.
pub fn names_secret(path: &BStr) -> bool {
    secret_file::kind(path).is_some()
}

/// Judges a file of the work tree by its name and the first [`HEAD`](crate::HEAD) bytes.
pub fn check_file(
    path: &BStr,
    head: &[u8],
    bits: Option<u32>,
    standing: Standing,
    file_mode: FileMode,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    if !secret_file::holds_secret(path, head) {
        return findings;
    }
    let rule = match standing {
        Standing::Untracked => Some(rules::AUDIT_UNTRACKED_SECRET),
        Standing::IgnoredHere => Some(rules::AUDIT_IGNORED_HERE_ONLY),
        Standing::TrackedYetIgnored => Some(rules::AUDIT_IGNORED_YET_TRACKED),
        Standing::Ignored => None,
    };
    if let Some(rule) = rule {
        let mut finding = rule.finding(path, Confidence::High);
        if in_sample_folder(path) {
            finding.severity = Severity::Low;
            finding.reasons.push("in a folder of tests, examples or templates".into());
        }
        finding.fixes.extend(match standing {
            Standing::TrackedYetIgnored => Some(untrack_command(path)),
            _ => ignore_command(path),
        });
        findings.push(finding);
    }
    if standing != Standing::TrackedYetIgnored {
        let entry = Entry { work_tree_bits: bits, ..Entry::present(path, Mode::File) };
        let context = Context { submodules: Default::default(), file_mode };
        work_tree::check_secret(&entry, &context, &mut findings);
    }
    findings
}

/// The line of `.gitignore` that means `path` and no other. `None` where no line can.
pub fn ignore_line(path: &BStr) -> Option<BString> {
    if path.to_str().map_or(true, |text| text.chars().any(is_invisible)) {
        return None;
    }
    let mut line = BString::from("/");
    for &byte in path.iter() {
        if matches!(byte, b'*' | b'?' | b'[' | b'\\') {
            line.push(b'\\');
        }
        line.push(byte);
    }
    if line.ends_with(b" ") {
        line.pop();
        line.extend_from_slice(b"\\ ");
    }
    Some(line)
}

fn ignore_command(path: &BStr) -> Option<String> {
    let line = ignore_line(path)?;
    Some(format!("printf '%s\\n' {} >>.gitignore", shell_path(line.as_bstr())))
}

/// Judges a folder of the work tree by its permission bits.
pub fn check_folder(path: &BStr, bits: u32, file_mode: FileMode) -> Option<Finding> {
    const STICKY: u32 = 0o1000;
    let open = bits & 0o002 != 0 && bits & STICKY == 0 && file_mode == FileMode::Trusted;
    open.then(|| writable(rules::WORK_TREE_FOLDER_WRITABLE, path, bits))
}

/// Judges one of git's own files by its permission bits.
pub fn check_own_file(path: &BStr, bits: u32, file_mode: FileMode) -> Option<Finding> {
    let open = bits & 0o002 != 0 && file_mode == FileMode::Trusted;
    open.then(|| writable(rules::AUDIT_GIT_WRITABLE, path, bits))
}

fn writable(rule: &Rule, path: &BStr, bits: u32) -> Finding {
    let mut finding = rule.finding(path, Confidence::Certain);
    finding.reasons.push(format!("permissions {bits:04o}").into());
    finding.fixes.push(format!("chmod o-w {}", shell_path(path)));
    finding
}

/// The finding that no hook runs leakgate, and why.
pub fn unchecked_commits(hook: &BStr, why: &'static str) -> Finding {
    let mut finding = rules::AUDIT_HOOK_MISSING.finding(hook, Confidence::Certain);
    finding.reasons.push(why.into());
    finding.fixes.push("leakgate install".to_owned());
    finding
}

/// A setting of git's configuration.
#[derive(Debug, Clone, Copy)]
pub struct Setting<'s> {
    /// The option of `git config` that names its file: `--local`, `--global` or `--system`.
    pub file: &'static str,
    /// In lower case.
    pub section: &'s str,
    /// As written.
    pub subsection: &'s BStr,
    /// In lower case.
    pub key: &'s str,
    /// Without quotes.
    pub value: &'s BStr,
}

impl Setting<'_> {
    /// The name as `git config` takes it; `None` where it holds a credential itself.
    fn name(&self) -> Option<BString> {
        if address::has_credentials(self.subsection) {
            return None;
        }
        let mut name = BString::from(self.section);
        if !self.subsection.is_empty() {
            name.push(b'.');
            name.extend_from_slice(self.subsection);
        }
        name.push(b'.');
        name.extend_from_slice(self.key.as_bytes());
        Some(name)
    }

    fn finding(&self, rule: &Rule, why: Option<&'static str>) -> Finding {
        let path = match self.file {
            "--local" => ".git/config".to_owned(),
            file => format!("git config {file}"),
        };
        let mut finding = rule.finding(path, Confidence::Certain);
        finding.reasons.push(match self.name() {
            Some(name) => name.to_string().into(),
            None => format!("{}.….{}", self.section, self.key).into(),
        });
        finding.reasons.extend(why.map(Into::into));
        let mended =
            address::mended(self.value).filter(|_| rule == rules::AUDIT_CONFIG_CREDENTIALS);
        finding.fixes.extend(self.name().map(|name| {
            let name = shell_path(name.as_bstr());
            match mended {
                Some(url) => format!(
                    "git config {} --replace-all {name} {}",
                    self.file,
                    shell_path(url.as_bstr())
                ),
                None => format!("git config {} --unset-all {name}", self.file),
            }
        }));
        finding
    }
}

/// Judges one setting.
pub fn check_setting(setting: &Setting<'_>) -> Option<Finding> {
    if holds_credential(setting) {
        return Some(setting.finding(rules::AUDIT_CONFIG_CREDENTIALS, None));
    }
    let why = why_unsafe(setting)?;
    let mut finding = setting.finding(rules::AUDIT_CONFIG_UNSAFE, Some(why));
    if setting.file != "--local" {
        finding.severity = Severity::Low;
        finding.reasons.push("a setting of yours for every repository".into());
    }
    Some(finding)
}

fn holds_credential(setting: &Setting<'_>) -> bool {
    let value = setting.value;
    match (setting.section, setting.key) {
        (_, "url" | "pushurl" | "proxy" | "lfsurl") => address::has_credentials(value),
        ("url", "insteadof" | "pushinsteadof") => {
            address::has_credentials(setting.subsection) || address::has_credentials(value)
        }
        ("http", "extraheader") => {
            let lower = value.to_ascii_lowercase();
            lower.trim_ascii().starts_with(b"authorization:") && lower.len() > 30
        }
        (_, "smtppass" | "oauthtoken" | "password") => !value.is_empty(),
        ("github" | "gitlab", "token") => !value.is_empty(),
        _ => false,
    }
}

fn why_unsafe(setting: &Setting<'_>) -> Option<&'static str> {
    let value = setting.value.to_ascii_lowercase();
    let off = matches!(&value[..], b"false" | b"no" | b"off" | b"0");
    match (setting.section, setting.key) {
        ("http", "sslverify") if off => Some("whoever is on the way can read and change all"),
        ("credential", "helper") if value == b"store" || value.starts_with(b"store ") => {
            Some("passwords are kept in plain text")
        }
        ("protocol", "allow") if value == b"always" && setting.subsection == "ext" => {
            Some("an address may run any command")
        }
        ("safe", "directory") if value == b"*" => {
            Some("git obeys the configuration of anybody's repository")
        }
        ("core", "fsmonitor")
            if !off && !matches!(&value[..], b"" | b"true" | b"yes" | b"on" | b"1") =>
        {
            Some("git status runs this command")
        }
        ("core", "sshcommand") if value.contains_str("stricthostkeychecking=no") => {
            Some("the host that answers is not checked")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(findings: &[Finding]) -> Vec<&str> {
        findings.iter().map(|finding| finding.rule.as_str()).collect()
    }

    #[test]
    fn probes_that_concern_a_repository() {
        let patterns = |tracked: &[&str]| {
            let paths: Vec<&BStr> = tracked.iter().map(|path| BStr::new(*path)).collect();
            probes(&paths.iter().copied()).iter().map(|p| p.pattern).collect::<Vec<_>>()
        };
        assert!(patterns(&["a"]).contains(&"*.key") && !patterns(&["a"]).contains(&"*.tfstate"));
        assert!(!patterns(&["tests/a.key"]).contains(&"*.key"));
        assert!(patterns(&["a/main.tf"]).contains(&"*.tfstate"));
        assert!(uncovered(&[]).is_none());
    }

    #[test]
    fn files_by_how_they_stand() {
        let check = |path: &str, head: &str, standing| {
            let found =
                check_file(path.into(), head.as_bytes(), Some(0o600), standing, FileMode::Trusted);
            found.iter().map(|f| f.rule.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(check(".env", "A=b", Standing::Untracked), ["audit-untracked-secret"]);
        assert_eq!(check(".env", "A=b", Standing::IgnoredHere), ["audit-ignored-here-only"]);
        assert_eq!(
            check(".env", "A=b", Standing::TrackedYetIgnored),
            ["audit-ignored-yet-tracked"]
        );
        assert_eq!(check(".env", "A=b", Standing::Ignored), [""; 0]);
        assert_eq!(check(".env", "A=", Standing::Untracked), [""; 0]);
        let open =
            check_file(".env".into(), b"A=b", Some(0o644), Standing::Ignored, FileMode::Trusted);
        assert_eq!(ids(&open), ["work-tree-secret-readable"]);
    }

    #[test]
    fn lines_that_mean_one_path() {
        for (path, line) in [("a", "/a"), ("a*/b?[c]", "/a\\*/b\\?\\[c]"), ("a ", "/a\\ ")] {
            assert_eq!(ignore_line(path.into()), Some(line.into()));
        }
        assert_eq!(ignore_line("a\nb".into()), None);
    }

    #[test]
    fn settings() {
        let check = |section, subsection: &'static str, key, value: &str| {
            let setting = Setting {
                file: "--local",
                section,
                subsection: subsection.into(),
                key,
                value: value.into(),
            };
            check_setting(&setting).map(|f| (f.rule.to_string(), f.fixes))
        };
        let url = format!("https://me:{}@h/x", "pw");
        let (rule, fixes) = check("remote", "origin", "url", &url).expect("a finding");
        assert_eq!(rule, "audit-config-credentials");
        assert_eq!(fixes, ["git config --local --replace-all remote.origin.url 'https://h/x'"]);
        let header = format!("Authorization: Basic {}", "q7".repeat(10));
        assert!(check("http", "https://h/", "extraheader", &header).is_some());
        for (section, subsection, key, value) in [
            ("http", "", "sslverify", "false"),
            ("credential", "", "helper", "store"),
            ("protocol", "ext", "allow", "always"),
            ("safe", "", "directory", "*"),
            ("core", "", "fsmonitor", "touch x"),
        ] {
            let found = check(section, subsection, key, value).expect("a finding");
            assert_eq!(found.0, "audit-config-unsafe", "{key}");
        }
        for (section, subsection, key, value) in [
            ("remote", "origin", "url", "git@h:x"),
            ("http", "", "sslverify", "true"),
            ("credential", "", "helper", "osxkeychain"),
            ("protocol", "file", "allow", "always"),
            ("safe", "", "directory", "/srv/x"),
            ("core", "", "fsmonitor", "true"),
        ] {
            assert_eq!(check(section, subsection, key, value), None, "{key}");
        }
    }

    #[test]
    fn permissions() {
        let folder = |bits| check_folder("a".into(), bits, FileMode::Trusted).is_some();
        assert!(folder(0o777) && !folder(0o1777) && !folder(0o775));
        let own = |bits| check_own_file("a".into(), bits, FileMode::Trusted).is_some();
        assert!(own(0o666) && !own(0o664));
        assert!(check_own_file("a".into(), 0o777, FileMode::Untrusted).is_none());
    }
}
