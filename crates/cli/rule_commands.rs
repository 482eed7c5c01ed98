//! `leakgate rules`: list, show, check.

use std::path::Path;

use anyhow::bail;
use leakgate_model::RuleId;
use leakgate_secrets::RuleSet;

use crate::args::{RulesArgs, RulesCommand};
use crate::exit::Exit;
use crate::terminal;

pub(crate) fn rules(args: &RulesArgs) -> anyhow::Result<Exit> {
    match &args.command {
        RulesCommand::List => list(),
        RulesCommand::Show { id } => show(id),
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
        lines.extend(rule.advice.iter().map(|advice| format!("advice: {advice}")));
        lines.extend(rule.rotate.iter().map(|page| format!("revoke or renew: {page}")));
        lines.extend(rule.references.iter().map(|page| format!("reference: {page}")));
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
