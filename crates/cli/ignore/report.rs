//! What a report lists, to let all of it pass.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use leakgate_model::{Fingerprint, RuleId};
use serde_json::Value;

use super::search::Wanted;

/// What is to be let pass, and where it may stand if not in the repository.
pub(super) struct Listed {
    pub(super) wanted: BTreeSet<Wanted>,
    pub(super) paths: Vec<PathBuf>,
}

impl Listed {
    pub(super) fn of(wanted: impl Iterator<Item = Wanted>) -> Self {
        Self { wanted: wanted.collect(), paths: Vec::new() }
    }

    /// Reads what `--format json` wrote; `-` is standard input.
    pub(super) fn read(path: &Path) -> anyhow::Result<Self> {
        let shown = path.display();
        let context = || format!("could not read the report {shown}");
        let mut text = Vec::new();
        if path == Path::new("-") {
            io::stdin().read_to_end(&mut text).with_context(context)?;
        } else {
            text = fs::read(path).with_context(context)?;
        }
        let report: Value = serde_json::from_slice(&text).unwrap_or_default();
        let Some(findings) = report["findings"].as_array() else {
            bail!(
                "could not use {shown}: it is no report; every command writes one with \
                 `--format json`"
            );
        };
        let wanted: Option<BTreeSet<_>> = findings.iter().map(wanted).collect();
        let wanted = wanted.with_context(|| {
            format!("could not use {shown}: a finding has no rule or no fingerprint")
        })?;
        // The paths of other commands begin at the top of the work tree.
        let paths = if report["tool"]["command"] == "files" { paths(findings) } else { Vec::new() };
        Ok(Self { wanted, paths })
    }
}

fn wanted(finding: &Value) -> Option<Wanted> {
    let rule = RuleId(finding["rule"].as_str()?.to_owned().into());
    let fingerprint = Fingerprint::parse(finding["fingerprint"].as_str()?)?;
    Some(Wanted { fingerprint, rule: Some(rule) })
}

/// The files that are there.
fn paths(findings: &[Value]) -> Vec<PathBuf> {
    let paths: BTreeSet<_> = findings.iter().filter_map(|one| one["path"].as_str()).collect();
    paths.into_iter().map(PathBuf::from).filter(|path| path.is_file()).collect()
}
