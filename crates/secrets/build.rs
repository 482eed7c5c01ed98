//! Bakes `patterns/*.yml` into a static table, so that nothing is parsed at start.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

#[allow(dead_code, unreachable_pub, reason = "the library uses the rest")]
#[path = "src/rulefile.rs"]
mod rulefile;
#[allow(dead_code, unreachable_pub, reason = "the library uses the rest")]
#[path = "src/shape.rs"]
mod shape;

fn main() {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let patterns = root.join("../../patterns");
    println!("cargo::rerun-if-changed={}", patterns.display());
    println!("cargo::rerun-if-changed=src/rulefile.rs");
    println!("cargo::rerun-if-changed=src/shape.rs");
    let rules = match rulefile::load_dir(&patterns) {
        Ok(rules) => rules,
        Err(errors) => {
            for error in &errors {
                println!("cargo::error={error}");
            }
            return;
        }
    };
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    write(&out.join("baked.rs"), &rules);
}

fn write(to: &Path, rules: &[rulefile::Loaded]) {
    let mut code = String::from("static BAKED: &[Rule] = &[\n");
    for rule in rules {
        one(&mut code, rule);
    }
    code.push_str("];\n");
    fs::write(to, code).expect("cargo's output folder can be written");
}

fn one(code: &mut String, loaded: &rulefile::Loaded) {
    let rule = &loaded.rule;
    let text = |value: &str| format!("Cow::Borrowed({value:?})");
    let list = |values: &[String]| {
        let items: Vec<_> = values.iter().map(|value| text(value)).collect();
        format!("Cow::Borrowed(&[{}])", items.join(", "))
    };
    let maybe = |value: &Option<String>| match value {
        Some(value) => format!("Some({})", text(value)),
        None => "None".to_owned(),
    };
    let checks: Vec<_> = rule.check.0.iter().map(|name| format!("Check::{name:?}")).collect();
    writeln!(
        code,
        "Rule {{ id: RuleId::new({id:?}), provider: {provider}, title: {title}, \
         severity: Severity::{severity:?}, confidence: Confidence::{confidence:?}, \
         anchors: {anchors}, pattern: {pattern}, leads: {leads}, longest: {longest}, \
         public: {public}, literal: {literal}, checks: Cow::Borrowed(&[{checks}]), \
         entropy: {entropy:?}, files: {files}, keep_placeholders: {keep}, general: {general}, rotate: {rotate}, \
         advice: {advice}, references: {references} }},",
        id = rule.id,
        provider = text(&loaded.provider),
        title = text(&rule.description),
        severity = rule.severity,
        confidence = rule.confidence,
        anchors = list(&loaded.anchors),
        pattern = text(&loaded.pattern),
        leads = loaded.shape.leads,
        longest = loaded.shape.longest,
        public = loaded.shape.public,
        literal = loaded.shape.literal,
        checks = checks.join(", "),
        entropy = rule.entropy,
        files = list(&rule.files),
        keep = rule.placeholders.is_some(),
        general = rule.general,
        rotate = maybe(&rule.rotate),
        advice = maybe(&rule.advice),
        references = list(&rule.references),
    )
    .expect("writing to a String does not fail");
}
