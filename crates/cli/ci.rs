//! Which commits a job of continuous integration is about, told by its environment.
//!
//! A merge request is the commits of its head that its base has not; a push, those that the branch
//! had not before. A new branch is compared with the default one, which has nothing to be compared
//! with itself: where it is new, or what it had before is gone, all of it is meant.

use std::fs;

use anyhow::{Context as _, bail};
use serde_json::Value;

use crate::range::{Ends, NOTHING, is_zero};

/// The ends that the environment names; `env` gives a variable that is set and not empty.
///
/// # Errors
/// When no system is recognised, or the job is not about commits.
pub(crate) fn ends(env: impl Fn(&str) -> Option<String>) -> anyhow::Result<Ends> {
    if let Some(head) = env("LEAKGATE_HEAD") {
        return Ok(Ends { base: env("LEAKGATE_BASE").into_iter().collect(), head });
    }
    if env("GITHUB_ACTIONS").is_some() {
        return github(&env);
    }
    if env("GITLAB_CI").is_some() {
        return gitlab(&env);
    }
    if let Some(range) = env("TRAVIS_COMMIT_RANGE")
        && let Some((base, head)) = range.split_once("...")
    {
        return Ok(Ends { base: vec![base.to_owned()], head: head.to_owned() });
    }
    // Drone names a target for pushes as well: the branch that was pushed.
    if env("DRONE_BUILD_EVENT").is_some_and(|event| event == "push") {
        let before = env("DRONE_COMMIT_BEFORE");
        let (branch, default) = (env("DRONE_BRANCH"), env("DRONE_REPO_BRANCH"));
        return Ok(Push { before, after: "HEAD".to_owned(), branch, default }.ends());
    }
    // Each names the branch that the request is to be merged into.
    const TARGETS: [&str; 6] = [
        "BITBUCKET_PR_DESTINATION_BRANCH",
        "BUILDKITE_PULL_REQUEST_BASE_BRANCH",
        "CHANGE_TARGET",
        "CI_COMMIT_TARGET_BRANCH",
        "DRONE_TARGET_BRANCH",
        "SYSTEM_PULLREQUEST_TARGETBRANCH",
    ];
    if let Some(target) = TARGETS.iter().find_map(|name| env(name)) {
        return Ok(Ends { base: branch(&target), head: "HEAD".to_owned() });
    }
    // Each names the commit that the branch was at before.
    const BEFORE: [&str; 2] = ["CI_PREV_COMMIT_SHA", "GIT_PREVIOUS_SUCCESSFUL_COMMIT"];
    if let Some(before) = BEFORE.iter().find_map(|name| env(name)) {
        return Ok(Ends { base: vec![before], head: "HEAD".to_owned() });
    }
    bail!(
        "the environment does not tell which commits are meant; name them, as in `leakgate range \
         origin/main..HEAD`, or set LEAKGATE_BASE and LEAKGATE_HEAD"
    )
}

/// The event is a file; its head is there even where the job has checked out a merge of it.
fn github(env: &impl Fn(&str) -> Option<String>) -> anyhow::Result<Ends> {
    let path = env("GITHUB_EVENT_PATH").context("GITHUB_EVENT_PATH is not set")?;
    let read = || -> anyhow::Result<Value> { Ok(serde_json::from_slice(&fs::read(&path)?)?) };
    let event = read().with_context(|| format!("could not read the event {path:?}"))?;
    let text = |pointer: &str| event.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    for (base, head) in [
        ("/pull_request/base/sha", "/pull_request/head/sha"),
        ("/merge_group/base_sha", "/merge_group/head_sha"),
    ] {
        if let (Some(base), Some(head)) = (text(base), text(head)) {
            return Ok(Ends { base: vec![base], head });
        }
    }
    let (Some(_), Some(after)) = (text("/before"), text("/after")) else {
        bail!(
            "the event {:?} is about no commits; run this for push and pull_request, or name \
             the commits, as in `leakgate range origin/main..HEAD`",
            env("GITHUB_EVENT_NAME").unwrap_or_default()
        );
    };
    let (before, default) = (text("/before"), text("/repository/default_branch"));
    Ok(Push { before, after, branch: text("/ref"), default }.ends())
}

fn gitlab(env: &impl Fn(&str) -> Option<String>) -> anyhow::Result<Ends> {
    let after = env("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA")
        .or_else(|| env("CI_COMMIT_SHA"))
        .context("CI_COMMIT_SHA is not set")?;
    if let Some(base) = env("CI_MERGE_REQUEST_DIFF_BASE_SHA") {
        return Ok(Ends { base: vec![base], head: after });
    }
    let before = env("CI_COMMIT_BEFORE_SHA");
    let (branch, default) = (env("CI_COMMIT_BRANCH"), env("CI_DEFAULT_BRANCH"));
    Ok(Push { before, after, branch, default }.ends())
}

/// A push of one ref, as the environment tells of it.
struct Push {
    /// What the ref was at; zeros if it is new.
    before: Option<String>,
    after: String,
    /// The branch, or the whole name of the ref.
    branch: Option<String>,
    /// The default branch of the repository.
    default: Option<String>,
}

impl Push {
    /// What the push brought. After a forced one the old commit may be gone; a new branch has none.
    fn ends(self) -> Ends {
        let short = |name: &str| name.strip_prefix("refs/heads/").unwrap_or(name).to_owned();
        let pushed = self.branch.as_deref().map(short);
        let default =
            self.default.as_deref().map(short).filter(|name| Some(name) != pushed.as_ref());
        let mut base: Vec<_> = self.before.into_iter().filter(|before| !is_zero(before)).collect();
        base.extend(default.iter().flat_map(|name| branch(name)));
        base.push(NOTHING.to_owned());
        Ends { base, head: self.after }
    }
}

/// A branch of the remote, under the names it may have here.
fn branch(name: &str) -> Vec<String> {
    let name = name.strip_prefix("refs/heads/").unwrap_or(name);
    vec![format!("refs/remotes/origin/{name}"), format!("refs/heads/{name}")]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(variables: &[(&str, &str)]) -> anyhow::Result<Ends> {
        ends(|wanted| {
            let found = variables.iter().find(|(name, _)| *name == wanted);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    fn assert_ends(variables: &[(&str, &str)], base: &[&str], head: &str) {
        let found = of(variables).expect("the environment tells");
        assert_eq!(
            (found.base, found.head.as_str()),
            (base.iter().map(ToString::to_string).collect(), head)
        );
    }

    fn github_event(json: &str, base: &[&str], head: &str) {
        let file = tempfile::NamedTempFile::new().expect("a file");
        fs::write(file.path(), json).expect("an event");
        let path = file.path().to_str().expect("a plain path");
        assert_ends(&[("GITHUB_ACTIONS", "true"), ("GITHUB_EVENT_PATH", path)], base, head);
    }

    #[test]
    fn events_of_github() {
        github_event(
            r#"{"pull_request":{"base":{"sha":"b"},"head":{"sha":"h"}},"before":"x","after":"y"}"#,
            &["b"],
            "h",
        );
        github_event(r#"{"merge_group":{"base_sha":"b","head_sha":"h"}}"#, &["b"], "h");
        let default = r#""repository":{"default_branch":"main"}"#;
        let fallback = ["refs/remotes/origin/main", "refs/heads/main"];
        let of = |before: &str, name: &str, base: &[&str]| {
            let event = format!(r#"{{"ref":"{name}","before":"{before}","after":"h",{default}}}"#);
            github_event(&event, base, "h");
        };
        of("b", "refs/heads/topic", &["b", fallback[0], fallback[1], NOTHING]);
        of(NOTHING, "refs/heads/topic", &[fallback[0], fallback[1], NOTHING]);
        of(NOTHING, "refs/tags/main", &[fallback[0], fallback[1], NOTHING]);
        // Compared with itself, a branch brings nothing.
        of("b", "refs/heads/main", &["b", NOTHING]);
        of(NOTHING, "refs/heads/main", &[NOTHING]);
    }

    #[test]
    fn pipelines_of_gitlab() {
        let ci = ("GITLAB_CI", "true");
        let head = ("CI_COMMIT_SHA", "h");
        assert_ends(&[ci, head, ("CI_MERGE_REQUEST_DIFF_BASE_SHA", "b")], &["b"], "h");
        assert_ends(&[ci, head, ("CI_COMMIT_BEFORE_SHA", "b")], &["b", NOTHING], "h");
        let new = [ci, head, ("CI_COMMIT_BEFORE_SHA", NOTHING), ("CI_DEFAULT_BRANCH", "main")];
        let fallback = ["refs/remotes/origin/main", "refs/heads/main", NOTHING];
        let on = |branch| [&new[..], &[("CI_COMMIT_BRANCH", branch)]].concat();
        assert_ends(&new, &fallback, "h");
        assert_ends(&on("topic"), &fallback, "h");
        assert_ends(&on("main"), &[NOTHING], "h");
    }

    #[test]
    fn builds_of_drone() {
        let target = ("DRONE_TARGET_BRANCH", "main");
        let fallback = ["refs/remotes/origin/main", "refs/heads/main"];
        assert_ends(&[target, ("DRONE_BUILD_EVENT", "pull_request")], &fallback, "HEAD");
        let push = [
            target,
            ("DRONE_BUILD_EVENT", "push"),
            ("DRONE_BRANCH", "main"),
            ("DRONE_REPO_BRANCH", "main"),
            ("DRONE_COMMIT_BEFORE", "b"),
        ];
        assert_ends(&push, &["b", NOTHING], "HEAD");
    }

    #[test]
    fn others() {
        assert_ends(&[("LEAKGATE_BASE", "b"), ("LEAKGATE_HEAD", "h")], &["b"], "h");
        assert_ends(&[("TRAVIS_COMMIT_RANGE", "b...h")], &["b"], "h");
        assert_ends(
            &[("SYSTEM_PULLREQUEST_TARGETBRANCH", "refs/heads/main")],
            &["refs/remotes/origin/main", "refs/heads/main"],
            "HEAD",
        );
        assert_ends(&[("CI_PREV_COMMIT_SHA", "b")], &["b"], "HEAD");
        assert!(of(&[]).is_err());
        assert!(of(&[("GITHUB_ACTIONS", "true")]).is_err());
    }
}
