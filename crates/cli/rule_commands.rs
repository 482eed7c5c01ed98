//! `leakgate rules`: list, show, test, check.

use std::fs;
use std::io::{self, Read as _};
use std::path::Path;

use anyhow::{Context as _, bail};
use leakgate_model::RuleId;
use leakgate_secrets::{Explained, RuleSet};

use crate::args::{RulesArgs, RulesCommand, RulesTestArgs};
use crate::exit::Exit;
use crate::{run, terminal};

pub(crate) fn rules(args: &RulesArgs) -> anyhow::Result<Exit> {
    match &args.command {
        RulesCommand::List => list(),
        RulesCommand::Show { id } => show(id),
        RulesCommand::Test(args) => test(args),
        RulesCommand::Check { dir } => check(dir),
    }
}

fn list() -> anyhow::Result<Exit> {
    let rules = RuleSet::default();
    let mut lines: Vec<String> =
        rules.rules().map(|rule| format!("{}\t{}", rule.id, rule.title)).collect();
    let own = leakgate_modes::rules().iter().chain(leakgate_agents::rules());
    lines.extend(own.map(|rule| format!("{}\t{}", rule.id, rule.title)));
    lines.sort();
    terminal::say(lines)?;
    Ok(Exit::Clean)
}

fn show(id: &str) -> anyhow::Result<Exit> {
    let rules = RuleSet::default();
    if let Some(rule) = rules.get(&RuleId(id.to_owned().into())) {
        let mut lines = vec![
            format!("{}: {}", rule.id, rule.title),
            format!("provider: {}", if rule.provider.is_empty() { "any" } else { &rule.provider }),
            format!(
                "severity: {}, confidence: {}",
                rule.severity.as_str(),
                rule.confidence.as_str()
            ),
        ];
        let about = rules.about(&rule.id).unwrap_or_default();
        lines.extend(about.advice.iter().map(|advice| format!("advice: {advice}")));
        lines.extend(about.rotate.iter().map(|page| format!("revoke or renew: {page}")));
        lines.extend(about.references.iter().map(|page| format!("reference: {page}")));
        if !rule.pattern.is_empty() {
            lines.push(format!("pattern: {}", rule.pattern));
        }
        terminal::say(lines)?;
        return Ok(Exit::Clean);
    }
    let mut own = leakgate_modes::rules().iter().chain(leakgate_agents::rules());
    let Some(rule) = own.find(|rule| rule.id == id) else {
        bail!("there is no rule {id:?}; `leakgate rules list` names them all");
    };
    let mut lines = vec![
        format!("{}: {}", rule.id, rule.title),
        format!("severity: {}", rule.severity.as_str()),
    ];
    lines.extend(rule.advice.iter().map(|advice| format!("advice: {advice}")));
    terminal::say(lines)?;
    Ok(Exit::Clean)
}

fn test(args: &RulesTestArgs) -> anyhow::Result<Exit> {
    let rules = run::rules_with(args.rules.as_deref())?;
    let id = RuleId(args.id.clone().into());
    let Some(rule) = rules.get(&id) else {
        bail!("there is no rule {id:?} that looks for secrets; `leakgate rules list` names them");
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
            terminal::say([format!("{} rules are right", checked.rules)])?;
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
