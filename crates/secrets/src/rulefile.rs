//! The shape of a rule file, and its validation: shared by the build script, which bakes
//! `patterns/`, and by the loader of a user's own rules. `docs/rules.md` is its description.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::de::{self, IntoDeserializer as _, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::about::About;
use crate::anchor_index::{self, Literal};
use crate::follow::{self, ANY, Ahead, Bytes};
use crate::gate;
use crate::shape::{self, Shape};
use crate::stems;

/// One YAML file: all rules of one provider.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RuleFile {
    /// The provider's name as it writes it.
    pub provider: String,
    /// The provider's site: for people who read the file.
    #[serde(default, rename = "homepage")]
    pub _homepage: Option<String>,
    /// Default for the rules of this file.
    #[serde(default)]
    pub rotate: Option<String>,
    /// Default for the rules of this file.
    #[serde(default)]
    pub advice: Option<String>,
    /// The rules.
    pub rules: Vec<RuleText>,
}

/// One rule, as written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RuleText {
    /// Kebab-case, unique.
    pub id: String,
    /// A noun phrase.
    pub description: String,
    /// What the secret opens.
    pub severity: Level,
    /// How sure a match is before any check.
    pub confidence: Sureness,
    /// Literals one of which every match contains.
    pub anchors: Vec<String>,
    /// The regex, with fragments.
    pub pattern: String,
    /// Names of offline proofs.
    #[serde(default)]
    pub check: Checks,
    /// Least Shannon entropy of the secret, bits a byte.
    #[serde(default)]
    pub entropy: f32,
    /// Globs of the only files it runs on; behind `!`, of those it does not run on.
    #[serde(default)]
    pub files: Vec<String>,
    /// Tells a kind of structure rather than a provider's: any provider's own rule goes before it.
    #[serde(default)]
    pub general: bool,
    /// `false` for what no provider issues, as a password that somebody chooses.
    #[serde(default = "issued")]
    pub issued: bool,
    /// `keep` to report values that read like placeholders.
    #[serde(default)]
    pub placeholders: Option<Keep>,
    /// Rules of the ids that belong with this secret.
    #[serde(default)]
    pub pair: Vec<String>,
    /// How many lines away such an id may stand.
    #[serde(default = "within")]
    pub within: u8,
    /// Where the secret is revoked.
    #[serde(default)]
    pub rotate: Option<String>,
    /// What to do once it has leaked.
    #[serde(default)]
    pub advice: Option<String>,
    /// Where the format is published.
    pub references: Vec<String>,
    /// Templates of texts with one finding.
    pub examples: Vec<String>,
    /// Templates of texts without a finding.
    pub counter_examples: Vec<String>,
}

/// Most rules are about what a provider issues.
fn issued() -> bool {
    true
}

/// An id and its secret are mostly assigned one behind the other.
fn within() -> u8 {
    5
}

/// What a secret opens.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Level {
    /// Advice.
    Low,
    /// Something.
    Medium,
    /// Much.
    High,
    /// Everything.
    Critical,
}

/// How sure a match is.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Sureness {
    /// Other things have the shape.
    Low,
    /// A name beside a shape.
    Medium,
    /// A fixed structure.
    High,
}

/// The one word `keep`.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Keep {
    /// Keep values that read like placeholders.
    Keep,
}

/// One check's name or a list of them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Checks(pub Vec<CheckName>);

/// An offline proof; `check.rs` holds the code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(unreachable_pub, reason = "public in the library, where `Check` names it")]
pub enum CheckName {
    /// Six base-62 digits of CRC-32 at the end.
    #[serde(rename = "crc32-base62")]
    Crc32Base62,
    /// Seven base-36 digits of CRC-32 at the end, where a full stop stands before.
    #[serde(rename = "crc32-base36")]
    Crc32Base36,
    /// Eight hexadecimal digits of CRC-32 behind the last `_`.
    Crc32Hex,
    /// Four bytes of Marvin32 at the end.
    AzureKey,
    /// The end of a shared access signature.
    SasExpiry,
    /// A JSON web token.
    Jwt,
    /// An armoured block.
    Pem,
    /// Base64 of a private key in DER.
    Der,
    /// A macaroon behind a prefix.
    Macaroon,
    /// A protocol buffer in base64 behind a prefix.
    Protobuf,
    /// The last digit of a card number.
    Luhn,
    /// Base32 of the seed of one-time passwords.
    Seed,
    /// An AWS access key id.
    AwsKeyId,
    /// Base64 of a JSON object.
    #[serde(rename = "base64-json")]
    Base64Json,
    /// Letters and digits both, no repeated pattern.
    Mixed,
    /// Base64 of `user:password`.
    BasicCredentials,
    /// A password that somebody chose, and none of those that documentation writes.
    Password,
}

impl<'de> Deserialize<'de> for Checks {
    // An untagged enum would not tell which names there are.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrMany;

        impl<'de> Visitor<'de> for OneOrMany {
            type Value = Checks;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a check, or a list of them")
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<Checks, E> {
                Ok(Checks(vec![CheckName::deserialize(name.into_deserializer())?]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut names: A) -> Result<Checks, A::Error> {
                let mut checks = Vec::new();
                while let Some(check) = names.next_element()? {
                    checks.push(check);
                }
                Ok(Checks(checks))
            }
        }

        deserializer.deserialize_any(OneOrMany)
    }
}

/// A rule that has been read and found right.
#[derive(Debug, Clone)]
pub(crate) struct Loaded {
    /// The file it stands in.
    pub file: PathBuf,
    /// From the head of the file.
    pub provider: String,
    /// As written, defaults of the file filled in.
    pub rule: RuleText,
    /// Character classes spelled out as far as needed.
    pub anchors: Vec<String>,
    /// What the pattern's structure tells.
    pub shape: Shape,
}

/// From the end of a keyword to the start of the value assigned to it.
const ASSIGN: &str = concat!(
    r"[\w.\- \t\[\]]{0,40}?",
    r#"[\]"'`\\)]{0,4}[ \t]{0,20}"#,
    r"(?:=>|:=|==?|:{1,3}=?|,|\(|>|\|\||\?=|\.=|<-|[ \t]-|[ \t])",
    r"[ \t]{0,20}(?:\r?\n[ \t]{0,40})?",
    // `@` and `$` are a part of a value, but for strings such as `@"…"`.
    r#"(?:[\["'`\\(={>]|[@$]["'`]){0,6}?"#,
    // Python's and Rust's kinds of strings: only before a quote, else a letter of the value.
    r#"(?:[bru]{1,2}["'`])?"#,
);
const START: &str = r"(?:\A|[^A-Za-z0-9_\-+/])";
const END: &str = r"(?:[^A-Za-z0-9_\-+/=]|\z)";

/// The longest match a pattern may have, in bytes.
pub(crate) const LONGEST_MATCH: usize = 4096;

/// What of a rule the program needs at run time: baked by the build script, read back on first use.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Baked {
    pub(crate) id: String,
    pub(crate) provider: String,
    pub(crate) title: String,
    pub(crate) severity: Level,
    pub(crate) confidence: Sureness,
    pub(crate) anchors: Vec<String>,
    /// With its fragments, which are spelled out when the rule is made ready.
    pub(crate) pattern: String,
    pub(crate) shape: Shape,
    pub(crate) checks: Vec<CheckName>,
    pub(crate) entropy: f32,
    pub(crate) files: Vec<String>,
    pub(crate) general: bool,
    pub(crate) issued: bool,
    pub(crate) keep_placeholders: bool,
    pub(crate) pair: Vec<String>,
    pub(crate) within: u8,
}

impl Loaded {
    /// What it tells people.
    pub(crate) fn about(&self) -> About {
        let RuleText { rotate, advice, references, .. } = self.rule.clone();
        About { rotate, advice, references }
    }
}

impl Baked {
    /// What its gate is made of: its shape, and whether it runs on some files only.
    pub(crate) fn gate(&self) -> (&Shape, bool) {
        (&self.shape, !self.files.is_empty())
    }
}

impl From<&Loaded> for Baked {
    fn from(loaded: &Loaded) -> Self {
        let rule = loaded.rule.clone();
        Self {
            id: rule.id,
            provider: loaded.provider.clone(),
            title: rule.description,
            severity: rule.severity,
            confidence: rule.confidence,
            anchors: loaded.anchors.clone(),
            pattern: rule.pattern,
            shape: loaded.shape.clone(),
            checks: rule.check.0,
            entropy: rule.entropy,
            files: rule.files,
            general: rule.general,
            issued: rule.issued && !rule.general,
            keep_placeholders: rule.placeholders.is_some(),
            pair: rule.pair,
            within: rule.within,
        }
    }
}

/// The index of the anchors of all rules, which are told by their position.
///
/// The password finder and the assignment finder come after the rules, in this order.
pub(crate) fn index<'r>(rules: impl Iterator<Item = &'r Baked>) -> Vec<u8> {
    let mut anchors: BTreeMap<(String, bool), Literal> = BTreeMap::new();
    let mut add = |text: &str, exact: bool, next: Bytes, shape: &Shape, rule: usize| {
        let text = if exact { text.to_owned() } else { text.to_ascii_lowercase() };
        let behind = gate::behind(shape, text.as_bytes());
        let literal = anchors.entry((text, exact)).or_insert_with_key(|(text, exact)| Literal {
            bytes: text.clone().into_bytes(),
            exact: *exact,
            next: [0; 4],
            behind: [0; 4],
            ahead: Ahead { bytes: [0; 4], run: u8::MAX },
            rules: Vec::new(),
        });
        literal.rules.push(u16::try_from(rule).expect("there are fewer rules than 65,536"));
        // Of two rules with one anchor, what may stand around either may stand there.
        follow::unite(&mut literal.next, next);
        follow::unite(&mut literal.behind, behind);
        literal.ahead = literal.ahead.or(shape.ahead);
    };
    let mut count = 0;
    for (index, rule) in rules.enumerate() {
        for anchor in &rule.anchors {
            let next = rule.shape.next.get(anchor).copied().unwrap_or(ANY);
            add(anchor, rule.shape.exact, next, &rule.shape, index);
        }
        count = index + 1;
    }
    let code = Shape::of_code();
    for byte in stems::URL_BEFORE {
        add(&format!("{}://", char::from(*byte)), false, ANY, &code, count);
    }
    let mut behind = [0; 4];
    stems::BEHIND_SHORT.iter().for_each(|&byte| follow::add(&mut behind, byte));
    for stem in stems::ASSIGNED_SHORT {
        add(stem, false, behind, &code, count + 1);
    }
    for stem in stems::ASSIGNED {
        add(stem, false, ANY, &code, count + 1);
    }
    anchor_index::build(&anchors.into_values().collect::<Vec<_>>())
}

/// The files that the built-in rules are made of.
#[cfg(test)]
pub(crate) fn load_own() -> Vec<Loaded> {
    let patterns = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../patterns");
    load_dir(&patterns).expect("the rule files are of the form")
}

/// Reads every `*.yml` and `*.yaml` file of a folder, sorted by name.
///
/// # Errors
/// One line each: what is wrong, in which file and rule.
pub(crate) fn load_dir(dir: &Path) -> Result<Vec<Loaded>, Vec<String>> {
    load_dirs(&[dir])
}

/// The same of several folders.
///
/// # Errors
/// As [`load_dir`].
pub(crate) fn load_dirs(dirs: &[&Path]) -> Result<Vec<Loaded>, Vec<String>> {
    let mut rules = Vec::new();
    let mut errors = Vec::new();
    for dir in dirs {
        match files_in(dir) {
            Ok(files) if files.is_empty() => {
                errors.push(format!("{} holds no rule file, as NAME.yml", dir.display()));
            }
            Ok(files) => {
                for file in files {
                    match read(&file) {
                        Ok(loaded) => rules.extend(loaded),
                        Err(found) => errors.extend(found),
                    }
                }
            }
            Err(error) => {
                errors.push(format!("could not read the rule folder {}: {error}", dir.display()));
            }
        }
    }
    errors.extend(duplicates(&rules));
    if errors.is_empty() { Ok(rules) } else { Err(errors) }
}

/// The rule files of a folder, sorted by name.
fn files_in(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files: Vec<PathBuf> = fs::read_dir(dir)?
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|ext| ext == "yml" || ext == "yaml"))
        .collect();
    files.sort();
    Ok(files)
}

fn read(file: &Path) -> Result<Vec<Loaded>, Vec<String>> {
    let text = fs::read_to_string(file)
        .map_err(|error| vec![format!("could not read {}: {error}", file.display())])?;
    load(file, &text)
}

/// Reads one file's text; `file` only names it in errors.
///
/// # Errors
/// One line each, with line and column where the text is not of the right form.
pub(crate) fn load(file: &Path, text: &str) -> Result<Vec<Loaded>, Vec<String>> {
    let name = file.display();
    let parsed: RuleFile =
        serde_yaml::from_str(text).map_err(|error| vec![format!("{name}: {}", plain(&error))])?;
    let mut rules = Vec::new();
    let mut errors = Vec::new();
    for mut rule in parsed.rules {
        rule.rotate = rule.rotate.or_else(|| parsed.rotate.clone());
        rule.advice = rule.advice.or_else(|| parsed.advice.clone());
        let id = rule.id.clone();
        match settle(file, &parsed.provider, rule) {
            Ok(loaded) => rules.push(loaded),
            Err(found) => errors.extend(found.iter().map(|why| format!("{name}: {id}: {why}"))),
        }
    }
    if errors.is_empty() { Ok(rules) } else { Err(errors) }
}

/// An error of the parser in the words of the format.
fn plain(error: &serde_yaml::Error) -> String {
    let mut text = error.to_string();
    for (ours, plain) in [
        ("expected f32", "expected a number, as 3.5"),
        ("expected u8", "expected a number from 0 to 255"),
        ("expected a sequence", "expected a list"),
        ("expected struct RuleFile", "expected a mapping with `provider` and `rules`"),
        ("expected struct RuleText", "expected a mapping with `id` and the other fields of a rule"),
    ] {
        text = text.replace(ours, plain);
    }
    text
}

/// A pattern with its fragments spelled out.
pub(crate) fn expanded(pattern: &str) -> String {
    // At the beginning, the engine looks at the byte before: the match then begins with what the
    // pattern says, which can serve as its anchor.
    let rest = pattern.strip_prefix("{{start}}").unwrap_or(pattern);
    rest.replace("{{assign}}", ASSIGN).replace("{{start}}", START).replace("{{end}}", END)
}

fn settle(file: &Path, provider: &str, rule: RuleText) -> Result<Loaded, Vec<String>> {
    let mut errors = Vec::new();
    if rule.id.is_empty() || !rule.id.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'))
    {
        errors.push("an id is made of a-z, 0-9 and '-'".to_owned());
    }
    if rule.examples.len() < 2 || rule.counter_examples.len() < 2 {
        errors.push("a rule has two examples and two counter-examples or more".to_owned());
    }
    let mut anchors: Vec<String> =
        rule.anchors.iter().flat_map(|anchor| spell_out(anchor)).collect();
    anchors.sort();
    anchors.dedup();
    if anchors.is_empty() {
        errors.push("a rule has an anchor or more".to_owned());
    }
    if let Some(short) = anchors.iter().find(|anchor| anchor.len() < 3) {
        errors.push(format!("the anchor {short:?} is shorter than three bytes"));
    }
    for glob in &rule.files {
        if let Err(error) = globset::Glob::new(glob.trim_start_matches('!')) {
            errors.push(format!("the glob {glob:?} cannot be read: {error}"));
        }
    }
    let apart = rule.pattern.starts_with("{{start}}");
    let pattern = expanded(&rule.pattern);
    // Where a value is assigned, one may also stand near the name: less is told of what follows.
    let assigns = rule.pattern.contains("{{assign}}");
    let ahead = if assigns { 1 } else { Ahead::MOST };
    match shape::of(&pattern, &anchors, ahead) {
        Ok((shape, _)) if shape.longest > LONGEST_MATCH => {
            errors.push(format!("the longest match is {} bytes", shape.longest));
            Err(errors)
        }
        Ok((mut shape, anchors)) if errors.is_empty() => {
            shape.apart = apart;
            shape.near = assigns && shape.public == 0 && !rule.general;
            if shape.near {
                // A value near the name may follow where the pattern has none.
                NEXT_TO_NAME.iter().for_each(|&byte| follow::add(&mut shape.ahead.bytes, byte));
            }
            let (file, provider) = (file.to_owned(), provider.to_owned());
            Ok(Loaded { file, provider, rule, anchors, shape })
        }
        Ok(_) => Err(errors),
        Err(why) => {
            errors.push(why);
            Err(errors)
        }
    }
}

/// What stands between a provider's name and a value that is assigned to the name itself.
const NEXT_TO_NAME: &[u8] = b" :=\"'";

/// `ab[0-2]` becomes `ab0`, `ab1`, `ab2`. Four bytes are enough to look further: a class that
/// begins behind them is left away.
fn spell_out(anchor: &str) -> Vec<String> {
    const ENOUGH: usize = 4;
    let Some((before, rest)) = anchor.split_once('[') else { return vec![anchor.to_owned()] };
    let Some((class, after)) = rest.split_once(']') else { return vec![anchor.to_owned()] };
    if before.len() >= ENOUGH {
        return vec![before.to_owned()];
    }
    let class: Vec<char> = class.chars().collect();
    let mut letters = Vec::new();
    let mut at = 0;
    while let Some(&from) = class.get(at) {
        match (class.get(at + 1), class.get(at + 2)) {
            (Some('-'), Some(&to)) => {
                letters.extend(from..=to);
                at += 3;
            }
            _ => {
                letters.push(from);
                at += 1;
            }
        }
    }
    letters.iter().flat_map(|letter| spell_out(&format!("{before}{letter}{after}"))).collect()
}

/// An error for each id that stands twice.
fn duplicates(rules: &[Loaded]) -> Vec<String> {
    let mut seen: BTreeMap<&str, &Path> = BTreeMap::new();
    let mut errors = Vec::new();
    for rule in rules {
        if let Some(first) = seen.insert(&rule.rule.id, &rule.file) {
            let (second, first) = (rule.file.display(), first.display());
            errors.push(format!("{second}: the id {:?} is also in {first}", rule.rule.id));
        }
    }
    errors
}
