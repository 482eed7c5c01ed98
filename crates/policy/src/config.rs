//! `.leakgate.yaml`: what a repository wants of its own files, by path.
//!
//! ```yaml
//! modes:
//!   "bin/**": 755
//!   "**/*.md": 644
//! links:
//!   allow: ["docs/latest"]
//!   forbid: ["src/**"]
//! sizes:
//!   "**": 5 MB
//!   "assets/**": 50 MB
//! skip-trailer: true
//! rules: tools/leakgate
//! disable:
//!   generic-secret: the values here are made up
//! ```
//!
//! Of several patterns that fit a path, the last one counts.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use std::{fs, io};

use bstr::{BStr, ByteSlice as _};
use globset::{GlobBuilder, GlobMatcher};
use leakgate_model::{
    Change, Entry, Finding, Mode, Previous, RuleId, Status, mode_commands, parse_size, rule_table,
    untrack_command,
};
use serde_yaml::{Mapping, Value};

use crate::is_reason;

/// The file's name, at the root of the work tree.
pub const CONFIG_NAME: &str = ".leakgate.yaml";

/// Whoever has installed leakgate need not have its documentation.
const PAGE: &str = concat!(env!("CARGO_PKG_REPOSITORY"), "/blob/main/docs/policy.md");

/// A larger file is no configuration: 1 MiB.
const LARGEST: u64 = 1 << 20;

rule_table! {
    Permission:
    POLICY_LINK "policy-link" Medium
        "Symbolic link where the repository wants none"
        "Commit a regular file, or allow the link in .leakgate.yaml.";
    POLICY_MODE "policy-mode" Medium
        "Mode other than the repository wants"
        "Change the mode, or the pattern in .leakgate.yaml.";
    POLICY_RULE_DISABLED "policy-rule-disabled" Low
        "Rule switched off for the whole repository"
        "Have the change of .leakgate.yaml read by somebody who knows why.";
    POLICY_SIZE "policy-size" Medium
        "File larger than the repository wants"
        "Keep it elsewhere, as in Git LFS, or raise the limit in .leakgate.yaml.";
}

/// The rules of this crate, sorted by id.
pub fn rules() -> &'static [leakgate_model::Rule] {
    ALL
}

/// Why a configuration could not be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// It is not of the form.
    #[error("could not read {CONFIG_NAME}: {0}; its form is shown at {PAGE}")]
    Form(String),
    /// It could not be read.
    #[error("could not read {CONFIG_NAME}: {0}; make it readable, or take it out")]
    Io(io::Error),
}

/// A whole configuration.
#[derive(Debug, Default)]
pub struct Config {
    modes: Vec<(GlobMatcher, Mode)>,
    allowed_links: Vec<GlobMatcher>,
    forbidden_links: Vec<GlobMatcher>,
    sizes: Vec<(GlobMatcher, u64)>,
    /// Whether a commit that went past leakgate says so in its message.
    pub skip_trailer: bool,
    /// A folder of rules, from the top of the work tree.
    pub rules: Option<PathBuf>,
    /// Rules whose findings are let pass, and why.
    pub disabled: BTreeMap<RuleId, String>,
}

impl Config {
    /// The configuration of the work tree at `root`; an empty one if there is no such file.
    ///
    /// # Errors
    /// When the file cannot be read or is not of the form.
    pub fn read(root: &Path) -> Result<Self, ConfigError> {
        let path = root.join(CONFIG_NAME);
        let metadata = match fs::symlink_metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            metadata => metadata.map_err(ConfigError::Io)?,
        };
        if !metadata.is_file() || metadata.len() > LARGEST {
            return Err(ConfigError::Form("it is no regular file of less than 1 MiB".to_owned()));
        }
        Self::parse(&fs::read_to_string(&path).map_err(ConfigError::Io)?)
    }

    fn parse(text: &str) -> Result<Self, ConfigError> {
        let form = |why: String| ConfigError::Form(why);
        let document: Value =
            serde_yaml::from_str(text).map_err(|error| match error.location() {
                Some(place) => form(format!("line {} is no YAML", place.line())),
                None => form("it is no YAML".to_owned()),
            })?;
        let mut config = Self::default();
        for (key, value) in &mapping(&document, "the file").map_err(form)? {
            match key.as_str() {
                Some("modes") => config.modes = patterns(value, "modes", mode).map_err(form)?,
                Some("sizes") => config.sizes = patterns(value, "sizes", size).map_err(form)?,
                Some("skip-trailer") => {
                    let value = value.as_bool().ok_or("skip-trailer is true or false".to_owned());
                    config.skip_trailer = value.map_err(form)?;
                }
                Some("links") => config.read_links(value).map_err(form)?,
                Some("rules") => config.rules = Some(folder(value).map_err(form)?),
                Some("disable") => config.disabled = disabled(value).map_err(form)?,
                _ => return Err(form(format!("there is no section {}", shown(key)))),
            }
        }
        Ok(config)
    }

    fn read_links(&mut self, value: &Value) -> Result<(), String> {
        for (key, value) in &mapping(value, "links")? {
            let list = value.as_sequence().ok_or("links.allow and links.forbid are lists")?;
            let globs: Vec<_> = list.iter().map(glob).collect::<Result<_, _>>()?;
            match key.as_str() {
                Some("allow") => self.allowed_links = globs,
                Some("forbid") => self.forbidden_links = globs,
                _ => return Err(format!("links has no {}, only allow and forbid", shown(key))),
            }
        }
        Ok(())
    }

    /// Judges `entry` by its mode.
    pub fn check_entry(&self, entry: &Entry) -> Vec<Finding> {
        let mut findings = Vec::new();
        let path = entry.path.as_bstr();
        if entry.mode == Mode::Symlink && self.forbids_link(path) {
            let was_so =
                |old: &Previous| old.mode == Mode::Symlink && self.forbids_link(old.path.as_bstr());
            let mut finding = found(POLICY_LINK, entry, was_so);
            finding.fixes.push(untrack_command(path));
            findings.push(finding);
        }
        if let Some(wanted) = self.mode_of(path).filter(|wanted| *wanted != entry.mode)
            && entry.mode.is_regular()
        {
            let mut finding = found(POLICY_MODE, entry, |old| old.mode == entry.mode);
            finding.reasons.push(format!("mode {} instead of {wanted}", entry.mode).into());
            finding.fixes = mode_commands(entry, wanted);
            findings.push(finding);
        }
        findings
    }

    /// Tells which rules a change of the configuration's own file switches off, by its new and its
    /// committed text.
    pub fn check_own(entry: &Entry, new: &[u8], committed: Option<&[u8]>) -> Option<Finding> {
        let disabled = |text: &[u8]| {
            let config = text.to_str().ok().and_then(|text| Self::parse(text).ok());
            config.unwrap_or_default().disabled
        };
        let before = committed.map(disabled).unwrap_or_default();
        let mut new = disabled(new);
        new.retain(|rule, _| !before.contains_key(rule));
        if new.is_empty() {
            return None;
        }
        let mut finding = found(POLICY_RULE_DISABLED, entry, |_| false);
        finding.reasons.extend(new.keys().map(|rule| format!("no more {rule}").into()));
        Some(finding)
    }

    /// Returns true if and only if some file is to be judged by its size.
    pub fn limits_sizes(&self) -> bool {
        !self.sizes.is_empty()
    }

    /// Judges `entry` by the size of its content in bytes, and of what is committed of it.
    pub fn check_size(&self, entry: &Entry, size: u64, committed: Option<u64>) -> Option<Finding> {
        let limit = last(&self.sizes, entry.path.as_bstr()).filter(|limit| size > **limit)?;
        let mut finding = found(POLICY_SIZE, entry, |_| committed.is_some_and(|old| old > *limit));
        finding.reasons.push(format!("{size} bytes, of {limit} at most").into());
        finding.fixes.push(untrack_command(entry.path.as_bstr()));
        Some(finding)
    }

    /// Returns true if and only if the configuration says that this finding is meant.
    ///
    /// No pattern lets a link to a secret or into `.git` pass.
    pub fn lets_pass(&self, finding: &Finding) -> bool {
        const LINKS: [&str; 8] = [
            "link-absolute",
            "link-dangling",
            "link-escapes",
            "link-into-automation",
            "link-loop",
            "link-replaces-file",
            "link-replaces-folder",
            "link-to-device",
        ];
        const DATA: [&str; 2] = ["mode-executable-data", "mode-made-executable"];
        const SCRIPTS: [&str; 3] =
            ["mode-hook-not-executable", "mode-script-made-plain", "mode-script-not-executable"];
        let (rule, path) = (finding.rule.as_str(), finding.path.as_bstr());
        LINKS.contains(&rule) && fits(&self.allowed_links, path)
            || DATA.contains(&rule) && self.mode_of(path) == Some(Mode::Executable)
            || SCRIPTS.contains(&rule) && self.mode_of(path) == Some(Mode::File)
    }

    fn forbids_link(&self, path: &BStr) -> bool {
        fits(&self.forbidden_links, path) && !fits(&self.allowed_links, path)
    }

    fn mode_of(&self, path: &BStr) -> Option<Mode> {
        last(&self.modes, path).copied()
    }
}

/// A finding about `entry`, already committed if it `was_so`.
fn found(
    rule: &leakgate_model::Rule,
    entry: &Entry,
    was_so: impl Fn(&Previous) -> bool,
) -> Finding {
    let mut finding = rule.finding(entry.path.clone(), leakgate_model::Confidence::Certain);
    let old = |previous: &Previous| entry.change != Change::Added && was_so(previous);
    if entry.previous.iter().any(old) {
        finding.status = Status::AlreadyCommitted;
    }
    finding
}

fn last<'p, T>(patterns: &'p [(GlobMatcher, T)], path: &BStr) -> Option<&'p T> {
    let path = path.to_path().ok()?;
    patterns.iter().rev().find(|(glob, _)| glob.is_match(path)).map(|(_, value)| value)
}

fn fits(globs: &[GlobMatcher], path: &BStr) -> bool {
    path.to_path().is_ok_and(|path| globs.iter().any(|glob| glob.is_match(path)))
}

fn mapping(value: &Value, what: &str) -> Result<Mapping, String> {
    match value {
        Value::Null => Ok(Mapping::new()),
        Value::Mapping(mapping) => Ok(mapping.clone()),
        _ => Err(format!("{what} is no list of `name: value`")),
    }
}

fn patterns<T>(
    value: &Value,
    what: &str,
    parse: fn(&Value) -> Option<T>,
) -> Result<Vec<(GlobMatcher, T)>, String> {
    mapping(value, what)?
        .iter()
        .map(|(key, value)| {
            let parsed = parse(value).ok_or_else(|| {
                let wanted = if what == "modes" { "644 or 755" } else { "a size, as 5 MB" };
                format!("{what}: {} must be {wanted}", shown(key))
            })?;
            Ok((glob(key)?, parsed))
        })
        .collect()
}

/// A folder that cannot be outside of the work tree, unless by a link.
fn folder(value: &Value) -> Result<PathBuf, String> {
    let path = value.as_str().map(PathBuf::from).filter(|path| {
        path.components().next().is_some()
            && path.components().all(|part| matches!(part, Component::Normal(_)))
    });
    path.ok_or_else(|| "rules is a folder of the repository, as tools/leakgate".to_owned())
}

fn disabled(value: &Value) -> Result<BTreeMap<RuleId, String>, String> {
    mapping(value, "disable")?
        .iter()
        .map(|(id, reason)| {
            let rule = id.as_str().ok_or_else(|| format!("disable: {} is no rule", shown(id)))?;
            let reason = reason.as_str().filter(|reason| is_reason(reason.as_bytes()));
            let reason = reason.ok_or_else(|| {
                format!("disable: {rule:?} needs a reason of three letters or digits behind it")
            })?;
            if rule == POLICY_RULE_DISABLED.id {
                return Err(format!("disable: {rule:?} tells what is switched off, and stays on"));
            }
            Ok((RuleId(rule.to_owned().into()), reason.to_owned()))
        })
        .collect()
}

fn glob(value: &Value) -> Result<GlobMatcher, String> {
    let text = value.as_str().ok_or_else(|| format!("{} is no pattern", shown(value)))?;
    let glob = GlobBuilder::new(text).literal_separator(true).build();
    glob.map(|glob| glob.compile_matcher()).map_err(|error| error.to_string())
}

fn mode(value: &Value) -> Option<Mode> {
    let text = value.as_str().map(str::to_owned).or_else(|| Some(value.as_u64()?.to_string()))?;
    match text.trim_start_matches("100").trim_start_matches('0') {
        "644" => Some(Mode::File),
        "755" => Some(Mode::Executable),
        _ => None,
    }
}

fn size(value: &Value) -> Option<u64> {
    if let Some(bytes) = value.as_u64() {
        return Some(bytes);
    }
    parse_size(value.as_str()?)
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => format!("{text:?}"),
        Value::Number(number) => number.to_string(),
        _ => "something else than text".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(path: &str, mode: Mode) -> Entry {
        Entry { change: Change::Added, ..Entry::present(path, mode) }
    }

    fn ids(config: &Config, path: &str, mode: Mode) -> Vec<String> {
        config.check_entry(&entry(path, mode)).iter().map(|f| f.rule.to_string()).collect()
    }

    #[test]
    fn modes_links_and_sizes_by_path() {
        let text = "modes:\n  '**': 644\n  'bin/**': '0755'\nlinks:\n  forbid: ['src/**']\n  \
                    allow: ['src/ok']\nsizes:\n  '**': 1 kB\n  'big/*': 2MiB\n";
        let config = Config::parse(text).expect("it is of the form");
        assert_eq!(ids(&config, "a", Mode::Executable), ["policy-mode"]);
        assert_eq!(ids(&config, "bin/x/a", Mode::File), ["policy-mode"]);
        assert_eq!(ids(&config, "bin/a", Mode::Executable), [""; 0]);
        assert_eq!(ids(&config, "src/a", Mode::Symlink), ["policy-link"]);
        for path in ["src/ok", "a"] {
            assert_eq!(ids(&config, path, Mode::Symlink), [""; 0]);
        }
        let over = |path, size| config.check_size(&entry(path, Mode::File), size, None).is_some();
        assert!(over("a", 1001) && !over("a", 1000) && !over("big/a", 1001));
        assert!(over("big/a", (2 << 20) + 1));
    }

    #[test]
    fn what_is_not_of_the_form_is_named() {
        for (text, why) in [
            ("a: [", "no YAML"),
            ("mode: {}", "no section \"mode\""),
            ("modes: {a: 600}", "\"a\" must be 644 or 755"),
            ("sizes: {a: 5 apples}", "must be a size"),
            ("links: {deny: []}", "no \"deny\""),
            ("links: {allow: a}", "are lists"),
            ("modes: {'[': 644}", "["),
            ("- a", "the file is no list"),
            ("rules: ../a", "a folder of the repository"),
            ("rules: /a", "a folder of the repository"),
            ("rules: ''", "a folder of the repository"),
            ("disable: [a-rule]", "disable is no list"),
            ("disable: {a-rule: }", "\"a-rule\" needs a reason"),
            ("disable: {a-rule: '…'}", "\"a-rule\" needs a reason"),
            ("disable: {policy-rule-disabled: why not}", "stays on"),
        ] {
            let error = Config::parse(text).expect_err(text).to_string();
            assert!(error.contains(why), "{error}");
        }
        assert!(Config::parse("").is_ok_and(|config| !config.limits_sizes()));
    }

    #[test]
    fn what_is_meant_is_let_pass() {
        let config = Config::parse("links: {allow: ['l']}\nmodes: {'*.json': 755}").expect("form");
        let finding = |rule: &'static str, path: &str| Finding {
            rule: leakgate_model::RuleId::new(rule),
            ..POLICY_LINK.finding(path, leakgate_model::Confidence::Certain)
        };
        assert!(config.lets_pass(&finding("link-escapes", "l")));
        assert!(config.lets_pass(&finding("mode-executable-data", "a.json")));
        assert!(!config.lets_pass(&finding("link-to-secret", "l")));
        assert!(!config.lets_pass(&finding("link-escapes", "m")));
    }

    #[test]
    fn the_documentation_lists_each_rule() {
        let page = include_str!("../../../docs/policy.md");
        assert!(rules().iter().all(|rule| page.contains(&format!("| `{}` |", rule.id))));
    }
}
