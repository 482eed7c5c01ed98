//! Runs the examples and counter-examples of rule files through the whole engine.

use std::path::Path;

use crate::rulefile::{self, Loaded};
use crate::ruleset::RuleSet;
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

/// Checks every rule of a folder: each example has exactly one finding and it is the rule's own,
/// each counter-example has none of the rule's.
///
/// # Errors
/// As [`RuleSet::with_dir`].
pub fn check_dir(dir: &Path) -> Result<Checked, Vec<String>> {
    let loaded = rulefile::load_dir(dir)?;
    let rules = RuleSet::with_loaded(&loaded);
    let mut scratch = Scratch::default();
    let faults = loaded.iter().flat_map(|one| check(one, &rules, &mut scratch)).collect();
    Ok(Checked { rules: loaded.len(), faults })
}

fn check(loaded: &Loaded, rules: &RuleSet, scratch: &mut Scratch) -> Vec<String> {
    let rule = &loaded.rule;
    let path = path_for(rule.files.first().map(String::as_str));
    let mut faults = Vec::new();
    let mut found_in = |kind: &str, index: usize, template: &str| {
        let text = template::expand(template, &format!("{} {kind} {index}", rule.id));
        let findings = rules.scan(path.as_bytes(), text.as_bytes(), scratch);
        findings.iter().map(|finding| finding.rule.as_str().to_owned()).collect::<Vec<_>>()
    };
    let mut fault = |kind: &str, index: usize, what: &str| {
        let file = loaded.file.file_name().unwrap_or_default().to_string_lossy();
        faults.push(format!("{file}: {}: {kind} {}: {what}", rule.id, index + 1));
    };
    for (index, example) in rule.examples.iter().enumerate() {
        let found = found_in("example", index, example);
        if found != [rule.id.as_str()] {
            let found = if found.is_empty() { "nothing".to_owned() } else { found.join(", ") };
            fault("example", index, &format!("reports {found}"));
        }
    }
    for (index, example) in rule.counter_examples.iter().enumerate() {
        if found_in("counter-example", index, example).contains(&rule.id) {
            fault("counter-example", index, "is reported");
        }
    }
    faults
}

/// A path that a rule's first glob matches.
fn path_for(glob: Option<&str>) -> String {
    let Some(glob) = glob else { return "settings.txt".to_owned() };
    glob.replace("**/", "").replace('*', "a").replace(['{', '}', '[', ']'], "")
}
