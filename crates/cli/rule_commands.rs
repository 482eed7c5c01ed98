//! `leakgate rules`: list, show, test, check.

use std::fs;
use std::io::{self, Read as _};
use std::path::Path;

use anyhow::{Context as _, bail};
use leakgate_model::{RuleId, Severity};
use leakgate_secrets::{About, Explained, Rule, RuleSet};

use crate::args::{RulesArgs, RulesCommand, RulesListArgs, RulesShowArgs, RulesTestArgs};
use crate::exit::Exit;
use crate::{own_rules, run, terminal};

pub(crate) fn rules(args: &RulesArgs) -> anyhow::Result<Exit> {
    match &args.command {
        RulesCommand::List(args) => list(args),
        RulesCommand::Show(args) => show(args),
        RulesCommand::Test(args) => test(args),
        RulesCommand::Check { dir } => check(dir),
    }
}

/// The rules that a scan here would use.
fn set(given: Option<&Path>) -> anyhow::Result<RuleSet> {
    own_rules::set(given, run::nearest_work_tree().as_deref())
}

/// Rules that are code.
fn in_code() -> impl Iterator<Item = &'static leakgate_model::Rule> {
    leakgate_modes::rules().iter().chain(leakgate_agents::rules()).chain(leakgate_policy::rules())
}

fn list(args: &RulesListArgs) -> anyhow::Result<Exit> {
    let rules = set(args.rules.as_deref())?;
    let line = |id: &str, severity: Severity, title: &str| {
        format!("{id}\t{}\t{}", severity.as_str(), terminal::harmless(title))
    };
    let mut lines: Vec<String> = rules
        .rules()
        .filter(|rule| is_meant(args, &[rule.id.as_str(), &rule.title, &rule.provider]))
        .map(|rule| line(rule.id.as_str(), rule.severity, &rule.title))
        .collect();
    let own = in_code().filter(|rule| is_meant(args, &[rule.id, rule.title]));
    lines.extend(own.map(|rule| line(rule.id, rule.severity, rule.title)));
    lines.sort();
    if let (true, Some(word)) = (lines.is_empty(), &args.word) {
        bail!("no rule has {word:?} in its id, title or provider");
    }
    terminal::say(lines)?;
    Ok(Exit::Clean)
}

/// Returns true if and only if the word that is asked for stands in one of the texts.
fn is_meant(args: &RulesListArgs, texts: &[&str]) -> bool {
    let Some(word) = args.word.as_ref().map(|word| word.to_lowercase()) else { return true };
    texts.iter().any(|text| text.to_lowercase().contains(&word))
}

fn show(args: &RulesShowArgs) -> anyhow::Result<Exit> {
    let rules = set(args.rules.as_deref())?;
    let id = &args.id;
    if let Some(rule) = rules.get(&RuleId(id.clone().into())) {
        let about = rules.about(&rule.id).unwrap_or_default();
        let lines = told(&rule, &about);
        terminal::say(lines.iter().map(|line| terminal::harmless(line)))?;
        return Ok(Exit::Clean);
    }
    let Some(rule) = in_code().find(|rule| rule.id == id) else {
        return Err(no_rule(&rules, id));
    };
    let mut lines = vec![
        format!("{}: {}", rule.id, rule.title),
        format!("severity: {}", rule.severity.as_str()),
    ];
    lines.extend(rule.advice.iter().map(|advice| format!("advice: {advice}")));
    terminal::say(lines)?;
    Ok(Exit::Clean)
}

/// All about a rule.
fn told(rule: &Rule, about: &About) -> Vec<String> {
    let mut lines = vec![
        format!("{}: {}", rule.id, rule.title),
        format!("provider: {}", if rule.provider.is_empty() { "any" } else { &rule.provider }),
        format!("severity: {}, confidence: {}", rule.severity.as_str(), rule.confidence.as_str()),
    ];
    lines.extend(about.advice.iter().map(|advice| format!("advice: {advice}")));
    lines.extend(about.rotate.iter().map(|page| format!("revoke or renew: {page}")));
    lines.extend(about.references.iter().map(|page| format!("reference: {page}")));
    if !rule.pattern.is_empty() {
        lines.push(format!("pattern: {}", rule.pattern));
    }
    lines
}

/// Says that there is no such rule, and which ones may be meant.
fn no_rule(rules: &RuleSet, id: &str) -> anyhow::Error {
    const MOST: usize = 5;
    let word = id.to_lowercase();
    let has_word = |one: &str| !word.is_empty() && one.contains(&word);
    let mut like: Vec<String> = rules.rules().map(|rule| rule.id.to_string()).collect();
    like.extend(in_code().map(|rule| rule.id.to_owned()));
    like.retain(|one| has_word(one));
    like.sort();
    let shown = like.iter().take(MOST).map(String::as_str).collect::<Vec<_>>().join(", ");
    match like.len() {
        0 => anyhow::anyhow!("there is no rule {id:?}; `leakgate rules list` names them all"),
        more if more > MOST => anyhow::anyhow!(
            "there is no rule {id:?}; there are {shown} and {} more, as `leakgate rules list {id}` \
             tells",
            more - MOST
        ),
        _ => anyhow::anyhow!("there is no rule {id:?}; there is {shown}"),
    }
}

fn test(args: &RulesTestArgs) -> anyhow::Result<Exit> {
    let rules = set(args.rules.as_deref())?;
    let id = RuleId(args.id.clone().into());
    let Some(rule) = rules.get(&id) else {
        if in_code().any(|rule| rule.id == args.id) {
            bail!(
                "{} is no rule that looks for secrets, so there is no text to try it on",
                args.id
            );
        }
        return Err(no_rule(&rules, &args.id));
    };
    let mut lines = vec![format!("{}: {}", rule.id, rule.title)];
    let mut exit = Exit::Clean;
    for file in &args.files {
        let (name, text) = read(file)?;
        let Some(explained) = rules.explain(&id, name.as_bytes(), &text) else { continue };
        if explained.reports.iter().any(|told| told.rule == id) {
            exit = Exit::Findings;
        }
        lines.extend(steps(&name, &id, &explained));
    }
    terminal::say(lines.iter().map(|line| terminal::harmless(line)))?;
    Ok(exit)
}

/// A file's name to judge by, and what it holds.
fn read(file: &Path) -> anyhow::Result<(String, Vec<u8>)> {
    if file == Path::new("-") {
        let mut text = Vec::new();
        io::stdin().read_to_end(&mut text).context("could not read standard input")?;
        return Ok(("stdin".to_owned(), text));
    }
    let text = fs::read(file).with_context(|| format!("could not read {}", file.display()))?;
    Ok((file.display().to_string(), text))
}

/// One line for each anchor, each step behind it, and each finding.
fn steps(name: &str, id: &RuleId, explained: &Explained) -> Vec<String> {
    let mut lines = Vec::new();
    for one in &explained.tries {
        lines.push(format!("{name}:{}:{}: the anchor {:?}", one.line, one.column, one.anchor));
        lines.extend(one.steps.iter().map(|step| format!("    {step}")));
    }
    if explained.untold > 0 {
        lines.push(format!("{name}: and {} more anchors", explained.untold));
    }
    if explained.tries.is_empty() {
        let anchors: Vec<_> =
            explained.anchors.iter().map(|anchor| format!("{anchor:?}")).collect();
        let which = if anchors.is_empty() { "none".to_owned() } else { anchors.join(", ") };
        lines.push(format!("{name}: no anchor of the rule stands here as it is: {which}"));
    }
    for told in &explained.reports {
        let whose = if told.rule == *id { String::new() } else { format!(" as {}", told.rule) };
        let place = format!("{name}:{}:{}", told.line, told.column);
        lines.push(format!("{place}: reported{whose}: {}", told.why));
    }
    if explained.reports.is_empty() {
        lines.push(format!("{name}: nothing is reported"));
    }
    lines
}

fn check(dir: &Path) -> anyhow::Result<Exit> {
    match leakgate_secrets::check_dir(dir) {
        Ok(checked) if checked.faults.is_empty() => {
            let rules = if checked.rules == 1 { "rule is" } else { "rules are" };
            terminal::say([format!("{} {rules} right", checked.rules)])?;
            Ok(Exit::Clean)
        }
        Ok(checked) => {
            terminal::say(checked.faults)?;
            Ok(Exit::Findings)
        }
        Err(errors) => {
            bail!("could not use the rules of {}:\n{}", dir.display(), errors.join("\n"))
        }
    }
}
