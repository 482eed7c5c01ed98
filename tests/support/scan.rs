//! What a scan said, in words that a table can hold.

use serde_json::Value;

use super::{Repo, Run};

/// The outcome of a scan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Status 0.
    Passes,
    /// Status 1: the paths of what blocks, each once, or its rule and path.
    Blocks(Vec<String>),
    /// Status 2: the kinds of problems, each once.
    Incomplete(Vec<String>),
}

/// The change may be committed.
pub(crate) fn passes() -> Verdict {
    Verdict::Passes
}

/// These are stopped, each a path (a secret is in it) or a rule and a path.
pub(crate) fn blocks<const N: usize>(what: [&str; N]) -> Verdict {
    Verdict::Blocks(what.map(ToOwned::to_owned).into())
}

/// Something could not be scanned.
pub(crate) fn incomplete<const N: usize>(kinds: [&str; N]) -> Verdict {
    Verdict::Incomplete(kinds.map(ToOwned::to_owned).into())
}

/// Builds on a repository with one commit and compares what the scan says.
pub(crate) fn check(build: impl FnOnce(&Repo), expected: &Verdict) {
    let repo = Repo::new();
    build(&repo);
    repo.staged().assert(expected);
}

/// The JSON report of a scan.
#[derive(Debug)]
pub(crate) struct Scan {
    pub(crate) report: Value,
    code: i32,
}

impl Scan {
    pub(crate) fn of(run: &Run) -> Self {
        if run.stdout.is_empty() {
            assert_eq!(run.code, 2, "without a report it must have failed: {run}");
            assert!(!run.stderr.is_empty(), "it must say why");
            return Self { report: Value::Null, code: run.code };
        }
        let report = run.json();
        assert_eq!(report["exit"], run.code, "{run}");
        assert_eq!(report["complete"], run.code != 2, "{run}");
        Self { report, code: run.code }
    }

    pub(crate) fn verdict(&self) -> Verdict {
        match self.code {
            0 => Verdict::Passes,
            1 => Verdict::Blocks(self.blocking()),
            2 => {
                let mut kinds = texts(&self.report["problems"], "kind");
                kinds.sort();
                kinds.dedup();
                Verdict::Incomplete(kinds)
            }
            other => panic!("there is no status {other}: {:#}", self.report),
        }
    }

    /// # Panics
    /// When the verdict is another one.
    pub(crate) fn assert(&self, expected: &Verdict) -> &Self {
        assert_eq!(self.verdict(), *expected, "{:#}", self.report);
        self
    }

    /// What blocks, sorted, each once: the path for a secret, else the rule and the path.
    pub(crate) fn blocking(&self) -> Vec<String> {
        let found = self.findings().filter(|finding| finding["blocks"] == true).map(|finding| {
            let path = finding["path"].as_str().expect("a path");
            match finding["category"].as_str() {
                Some("secret") => path.to_owned(),
                _ => format!("{} {path}", finding["rule"].as_str().expect("a rule")),
            }
        });
        sorted(found.collect())
    }

    /// The paths in which anything was found, sorted, each once.
    pub(crate) fn paths(&self) -> Vec<String> {
        sorted(texts(&self.report["findings"], "path"))
    }

    pub(crate) fn findings(&self) -> impl Iterator<Item = &Value> {
        self.report["findings"].as_array().into_iter().flatten()
    }

    /// A number of the summary; 0 where it is left out.
    pub(crate) fn count(&self, name: &str) -> u64 {
        let summary = &self.report["summary"];
        summary[name].as_u64().or_else(|| summary["skipped"][name].as_u64()).unwrap_or(0)
    }
}

fn texts(list: &Value, field: &str) -> Vec<String> {
    let list = list.as_array().into_iter().flatten();
    list.filter_map(|one| one[field].as_str().map(ToOwned::to_owned)).collect()
}

fn sorted(mut texts: Vec<String>) -> Vec<String> {
    texts.sort();
    texts.dedup();
    texts
}
