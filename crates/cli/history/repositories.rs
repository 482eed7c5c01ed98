//! Reports of several repositories as one.
//!
//! They are complete as they are, so nothing is read again: the findings of each stand under the name
//! of its report, and the counts are added up.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use serde_json::{Map, Value, json};

use crate::args::{FormatArg, ScanArgs};
use crate::exit::Exit;
use crate::terminal;

/// What `leakgate history --format json` wrote.
struct Whole {
    name: String,
    report: Map<String, Value>,
}

/// Returns true if and only if the file looks like the report of a whole repository.
pub(super) fn is_whole(file: &Path) -> bool {
    fs::read(file).is_ok_and(|text| whole(&text).is_some())
}

fn whole(text: &[u8]) -> Option<Map<String, Value>> {
    let Value::Object(report) = serde_json::from_slice(text).ok()? else { return None };
    let is_ours = report.get("schema") == Some(&json!(1))
        && report.get("scope").and_then(Value::as_str) == Some("history")
        && report.get("summary").is_some_and(Value::is_object)
        && report.get("findings").is_some_and(Value::is_array)
        && report.get("exit").and_then(Value::as_u64).is_some_and(|exit| exit <= 2);
    is_ours.then_some(report)
}

/// Writes one report of many.
pub(super) fn merge(files: &[PathBuf], scan: &ScanArgs) -> anyhow::Result<Exit> {
    let mut wholes = Vec::new();
    for file in files {
        let name = file.display().to_string();
        if wholes.iter().any(|whole: &Whole| whole.name == name) {
            bail!("{name} is given twice; give it once");
        }
        let text = fs::read(file).with_context(|| format!("could not read the report {name}"))?;
        let mut report = whole(&text).with_context(|| {
            format!(
                "could not use the report {name}: the others are of whole repositories, and this \
                 one is not, or is damaged; `leakgate history --format json` writes one"
            )
        })?;
        if !scan.show_secrets {
            hide_values(&mut report);
        }
        wholes.push(Whole { name, report });
    }
    wholes.sort_by(|a, b| a.name.cmp(&b.name));
    let statuses = wholes.iter().filter_map(|whole| whole.report["exit"].as_u64());
    let exit = match statuses.max() {
        Some(0) => Exit::Clean,
        Some(1) => Exit::Findings,
        _ => Exit::Incomplete,
    };
    match scan.format {
        FormatArg::Json => write_json(&wholes, exit, scan)?,
        FormatArg::Text => write_text(&wholes, scan)?,
        FormatArg::Sarif => bail!(
            "reports of several repositories have no common SARIF; write one in each repository, \
             or use --format json here"
        ),
    }
    Ok(exit)
}

/// Values stay where they were asked for.
fn hide_values(report: &mut Map<String, Value>) {
    let findings = report.get_mut("findings").and_then(Value::as_array_mut);
    for finding in findings.into_iter().flatten().filter_map(Value::as_object_mut) {
        finding.remove("value");
        finding.remove("value_bytes");
    }
}

fn write_json(wholes: &[Whole], exit: Exit, scan: &ScanArgs) -> anyhow::Result<()> {
    let mut summary = Map::new();
    wholes.iter().for_each(|whole| add(&mut summary, &whole.report["summary"]));
    let one = |whole: &Whole| json!({"name": whole.name, "report": whole.report});
    let document = json!({
        "schema": 1,
        "tool": {"name": "leakgate", "version": env!("CARGO_PKG_VERSION"), "command": "merge"},
        "scope": "repositories",
        "complete": exit != Exit::Incomplete,
        "exit": exit.status(),
        "summary": summary,
        "repositories": wholes.iter().map(one).collect::<Vec<_>>(),
    });
    terminal::output(scan.output.as_deref(), |out| leakgate_report::write_json(out, &document))
}

/// Adds numbers, those of objects inside as well.
fn add(sum: &mut Map<String, Value>, more: &Value) {
    for (name, value) in more.as_object().into_iter().flatten() {
        match value {
            Value::Number(number) => {
                let known = sum.get(name).and_then(Value::as_u64).unwrap_or(0);
                let number = number.as_u64().unwrap_or(0);
                sum.insert(name.clone(), known.saturating_add(number).into());
            }
            Value::Object(_) => {
                let inner = sum.entry(name.clone()).or_insert_with(|| json!({}));
                if let Some(inner) = inner.as_object_mut() {
                    add(inner, value);
                }
            }
            Value::Bool(is_so) => {
                let known = sum.get(name).and_then(Value::as_bool).unwrap_or(false);
                sum.insert(name.clone(), (known || *is_so).into());
            }
            _ => {}
        }
    }
}

/// A line for each repository; what was found stands in its own report.
fn write_text(wholes: &[Whole], scan: &ScanArgs) -> anyhow::Result<()> {
    let mut sum = Map::new();
    let count = |summary: &Value, name: &str| summary[name].as_u64().unwrap_or(0);
    let told = |name: &str, summary: &Value| {
        format!(
            "{name}: {} block, {} warn, {} not scanned, {} versions",
            count(summary, "blocking"),
            count(summary, "warnings"),
            count(summary, "problems"),
            count(summary, "scanned")
        )
    };
    let mut lines = Vec::new();
    for whole in wholes {
        let summary = &whole.report["summary"];
        add(&mut sum, summary);
        if !scan.quiet || count(summary, "blocking") + count(summary, "problems") > 0 {
            lines.push(told(&whole.name, summary));
        }
    }
    if !scan.quiet || !lines.is_empty() {
        let word = if wholes.len() == 1 { "repository" } else { "repositories" };
        let all = format!("leakgate: {} {word}", wholes.len());
        lines.push(told(&all, &Value::Object(sum)));
    }
    terminal::output(scan.output.as_deref(), |out| {
        lines.iter().try_for_each(|line| writeln!(out, "{}", terminal::harmless(line)))
    })
}
