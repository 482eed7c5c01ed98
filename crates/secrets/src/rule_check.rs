//! Runs the examples and counter-examples of rule files through the whole engine.

use std::path::Path;

use leakgate_model::RuleId;

use crate::rulefile::{self, Loaded};
use crate::ruleset::{self, RuleSet};
use crate::scan::Scratch;
use crate::template;

/// What became of a folder of rules.
#[derive(Debug)]
pub struct Checked {
    /// How many rules there are.
    pub rules: usize,
    /// One line for each example that does not do what it should.
    pub faults: Vec<String>,
}

/// A text in which a rule has one finding, made from a template.
#[derive(Debug, Clone)]
pub struct Example {
    /// The rule's id.
    pub rule: String,
    /// A path that the rule runs on.
    pub path: String,
    /// The text.
    pub text: String,
}

/// Checks every rule of a folder: each example has exactly one finding and it is the rule's own,
/// each counter-example has none of the rule's.
///
/// # Errors
/// As [`RuleSet::with_dir`].
pub fn check_dir(dir: &Path) -> Result<Checked, Vec<String>> {
    let loaded = rulefile::load_dir(dir)?;
    let clashes = ruleset::clashes(&loaded);
    if !clashes.is_empty() {
        return Err(clashes);
    }
    let rules = RuleSet::with_loaded(&loaded);
    let mut scratch = Scratch::default();
    let faults = loaded.iter().flat_map(|one| check(one, &rules, &mut scratch)).collect();
    Ok(Checked { rules: loaded.len(), faults })
}

/// The examples of every rule of a folder, the same on each call.
///
/// # Errors
/// As [`RuleSet::with_dir`].
pub fn examples_in(dir: &Path) -> Result<Vec<Example>, Vec<String>> {
    let loaded = rulefile::load_dir(dir)?;
    Ok(loaded.iter().flat_map(|one| texts(one, "example", &one.rule.examples)).collect())
}

/// The texts that some templates of a rule become.
fn texts(loaded: &Loaded, kind: &str, templates: &[String]) -> Vec<Example> {
    let rule = &loaded.rule;
    let glob = rule.files.iter().find(|glob| !glob.starts_with('!'));
    let path = path_for(glob.map(String::as_str));
    let text = |(index, template): (usize, &String)| Example {
        rule: rule.id.clone(),
        path: path.clone(),
        text: template::expand(template, &format!("{} {kind} {index}", rule.id)),
    };
    templates.iter().enumerate().map(text).collect()
}

fn check(loaded: &Loaded, rules: &RuleSet, scratch: &mut Scratch) -> Vec<String> {
    let rule = &loaded.rule;
    let mut faults = Vec::new();
    let mut found_in = |one: &Example| {
        let findings = rules.scan(one.path.as_bytes(), one.text.as_bytes(), scratch);
        findings.iter().map(|finding| finding.rule.as_str().to_owned()).collect::<Vec<_>>()
    };
    let mut fault = |kind: &str, index: usize, what: &str| {
        let file = loaded.file.file_name().unwrap_or_default().to_string_lossy();
        faults.push(format!("{file}: {}: {kind} {}: {what}", rule.id, index + 1));
    };
    for (index, example) in texts(loaded, "example", &rule.examples).iter().enumerate() {
        let found = found_in(example);
        if found != [rule.id.as_str()] {
            let reported = if found.is_empty() { "nothing".to_owned() } else { found.join(", ") };
            let why = if found.contains(&rule.id) { None } else { why_not(loaded, index, example) };
            fault("example", index, &format!("reports {reported}{}", why.unwrap_or_default()));
        }
    }
    for (index, id) in rule.pair.iter().enumerate() {
        if rules.get(&RuleId(id.clone().into())).is_none() {
            fault("pair", index, &format!("there is no rule {id:?}"));
        }
    }
    let counters = texts(loaded, "counter-example", &rule.counter_examples);
    for (index, counter) in counters.iter().enumerate() {
        if found_in(counter).contains(&rule.id) {
            fault("counter-example", index, "is reported");
        }
    }
    faults
}

/// What is most likely wrong where a rule does not report its example.
fn why_not(loaded: &Loaded, index: usize, example: &Example) -> Option<String> {
    if let Some(unknown) = template::unknown(&loaded.rule.examples[index]) {
        return Some(format!(": {unknown} stands for itself, as there is no such placeholder"));
    }
    let text = example.text.to_ascii_lowercase();
    let has_anchor =
        loaded.anchors.iter().any(|anchor| text.contains(&anchor.to_ascii_lowercase()));
    (!has_anchor).then(|| format!(": it holds no anchor, of {}", loaded.anchors.join(", ")))
}

/// A path that a rule's first glob matches.
fn path_for(glob: Option<&str>) -> String {
    let Some(glob) = glob else { return "settings.txt".to_owned() };
    glob.replace("**/", "").replace('*', "a").replace(['{', '}', '[', ']'], "")
}
