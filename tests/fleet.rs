//! The files of `hooks/fleet`: what they run is run here, in processes of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_yaml::Value;

use crate::support::secret::line;
use crate::support::{Repo, Run, program};

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("hooks/fleet").join(name)
}

fn yaml(name: &str) -> Value {
    let text = fs::read_to_string(file(name)).expect("a file");
    serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// A repository with a secret that is gone, leakgate and a folder for reports beside it.
fn with_secret() -> Repo {
    let repo = Repo::new();
    repo.stage("a", line(1)).commit();
    repo.stage("a", "gone\n").commit();
    fs::create_dir(repo.beside("bin")).expect("a folder");
    fs::create_dir(repo.beside("reports")).expect("a folder");
    std::os::unix::fs::symlink(program(), repo.beside("bin/leakgate")).expect("a link");
    repo
}

/// A command that finds leakgate.
fn command(repo: &Repo, program: &str, args: &[&str]) -> Command {
    let path = std::env::var("PATH").expect("a path");
    let mut command = repo.command(program, args);
    command.env("PATH", format!("{}:{path}", repo.beside("bin").display()));
    command.env("LEAKGATE_REPORTS", repo.beside("reports"));
    command
}

/// What one run tells, without the time that it takes.
fn told(run: &Run) -> String {
    let text = run.text();
    text.rsplit_once(") in ").map_or(text.clone(), |(told, _)| told.to_owned())
}

fn one_run(repo: &Repo) -> String {
    let run = repo.leakgate(&["history"]).assert_code(1);
    assert!(run.text().contains("github-personal-token"), "{run}");
    told(&run)
}

#[test]
fn kubernetes() {
    let repo = with_secret();
    let shards = yaml("kubernetes.yml");
    let merge = yaml("kubernetes-merge.yml");
    let texts = |list: &Value| -> Vec<String> {
        let list = list.as_sequence().expect("a list").iter();
        list.map(|text| text.as_str().expect("a text").to_owned()).collect()
    };
    let run = |job: &Value, index: u64| {
        let container = &job["spec"]["template"]["spec"]["containers"][0];
        let words = texts(&container["command"]);
        let words: Vec<_> = words.iter().map(String::as_str).collect();
        let mut command = command(&repo, words[0], &words[1..]);
        for variable in container["env"].as_sequence().expect("a list") {
            let name = variable["name"].as_str().expect("a name");
            if name != "LEAKGATE_REPORTS" {
                command.env(name, variable["value"].as_str().expect("a text"));
            }
        }
        Run::of(command.env("JOB_COMPLETION_INDEX", index.to_string()), b"")
    };
    assert_eq!(shards["spec"]["completionMode"], "Indexed");
    let completions = shards["spec"]["completions"].as_u64().expect("a number");
    // Before the last is there, the merge says which one is not.
    for index in 0..completions {
        let early = run(&merge, 0).assert_code(2);
        assert!(index == 0 || early.errors().contains("is missing"), "{early}");
        run(&shards, index).assert_code(0);
    }
    assert_eq!(told(&run(&merge, 0).assert_code(1)), one_run(&repo));
    assert!(repo.beside("reports/leakgate.sarif").is_file());
}

#[test]
fn github() {
    let repo = with_secret();
    let workflow = yaml("github.yml");
    let shards = workflow["jobs"]["shard"]["strategy"]["matrix"]["shard"].as_sequence();
    let shards = shards.expect("a list");
    // GitHub runs them so.
    let run = |job: &str, shard: &Value| {
        let steps = workflow["jobs"][job]["steps"].as_sequence().expect("a list").iter();
        let commands = steps.filter_map(|step| step["run"].as_str());
        let mut commands = commands.filter(|command| !command.starts_with("cargo install"));
        let line = commands.next().expect("a command");
        assert_eq!(commands.next(), None);
        let shard = serde_yaml::to_string(shard).expect("a number");
        let line = line
            .replace("${{ matrix.shard }}", shard.trim())
            .replace("${{ strategy.job-total }}", &shards.len().to_string());
        assert!(!line.contains("${{"), "{line}");
        Run::of(&mut command(&repo, "sh", &["-e", "-c", &line]), b"")
    };
    for shard in shards {
        run("shard", shard).assert_code(0);
    }
    assert_eq!(told(&run("merge", &Value::Null).assert_code(1)), one_run(&repo));
    assert!(repo.path("leakgate.sarif").is_file());
    assert_eq!(workflow["permissions"]["contents"], "read");
}

/// Runs the lines of standard input put into a command, all at once, as GNU parallel does.
const PARALLEL: &str = "while [ \"${1#--}\" != \"$1\" ]; do case $1 in --halt) shift;; esac; shift; done\n\
    while read -r line; do\n  \
    sh -c \"$(printf '%s' \"$1\" | sed \"s/{}/$line/g\")\" &\ndone\nwait";

#[test]
fn parallel() {
    let repo = with_secret();
    let script = file("parallel.sh");
    let script = script.to_str().expect("a path");
    let is_there = Command::new("parallel").arg("--version").output();
    if !is_there.is_ok_and(|output| output.stdout.starts_with(b"GNU parallel")) {
        repo.script("../bin/parallel", PARALLEL);
    }
    let mut run = command(&repo, "sh", &[script]);
    let run = Run::of(run.env("LEAKGATE_SHARDS", "5"), b"").assert_code(1);
    assert_eq!(told(&run), one_run(&repo), "{run}");
    assert_eq!(fs::read_dir(repo.beside("reports")).expect("a folder").count(), 5);
    let mut run = command(&repo, "sh", &[script, "--format", "json"]);
    let run = Run::of(run.env_remove("LEAKGATE_REPORTS").env("TMPDIR", repo.beside("")), b"");
    assert_eq!(run.code, 1, "{run}");
    assert_eq!(run.text(), repo.leakgate(&["history", "--format", "json"]).text());
    let left = fs::read_dir(repo.beside("")).expect("a folder");
    let left = left.filter(|one| {
        one.as_ref().expect("a file").file_name().to_string_lossy().starts_with("tmp.")
    });
    assert_eq!(left.count(), 0, "its folder is taken away");
}

#[test]
fn repositories() {
    let repo = with_secret();
    let mut list = String::new();
    for index in 0..7 {
        let other = repo.at(repo.beside(&format!("repo {index}")));
        fs::create_dir(&other.root).expect("a folder");
        other.git(&["init", "-q"]);
        let text = if index == 3 { line(2) } else { "nothing\n".to_owned() };
        other.stage("a", text).commit();
        list += &format!("{}\n", other.root.display());
    }
    let at = repo.beside("list");
    fs::write(&at, list).expect("a file");
    let script = file("repositories.sh");
    let run = |shard: &str| {
        let args = [script.as_path(), &at, Path::new(shard), &repo.beside("reports")];
        let args = args.map(|path| path.to_str().expect("a path").to_owned());
        let args: Vec<_> = args.iter().map(String::as_str).collect();
        Run::of(&mut command(&repo, "sh", &args), b"").code
    };
    assert_eq!([run("1/3"), run("2/3"), run("3/3")], [1, 0, 0]);
    for index in 1..=7 {
        let name = format!("reports/{index}-repo {}.json", index - 1);
        let report = fs::read(repo.beside(&name)).expect("a report");
        let report: serde_json::Value = serde_json::from_slice(&report).expect("JSON");
        assert_eq!(report["exit"], u8::from(index == 4), "{index}");
    }
    let merge = |args: &[&str]| {
        let line = format!("leakgate merge \"$LEAKGATE_REPORTS\"/*.json {}", args.join(" "));
        Run::of(&mut command(&repo, "sh", &["-c", &line]), b"")
    };
    let merged = merge(&["--format", "json"]).assert_code(1).json();
    assert_eq!(merged["summary"]["commits"], 7);
    assert_eq!(merged["summary"]["blocking"], 1);
    let fourth = &merged["repositories"][3];
    assert!(fourth["name"].as_str().is_some_and(|name| name.ends_with("/4-repo 3.json")));
    assert_eq!(fourth["report"]["findings"].as_array().map(Vec::len), Some(1));
    let text = merge(&["-q"]).assert_code(1).text();
    assert!(text.contains("4-repo 3.json: 1 block") && text.lines().count() == 2, "{text}");
    merge(&["--format", "sarif"]).assert_code(2);
    // Nothing is read any more, so what is said of reading would have no effect.
    for args in [&["--modes"][..], &["--rules", "/nonexistent"], &["--samples"], &["-j", "2"]] {
        let run = merge(args).assert_code(2);
        assert!(run.errors().contains("the `leakgate history` that writes them"), "{run}");
    }
    for args in [&["--max-memory", "1M"][..], &["--fix"], &["-v"], &["--shard", "1/2"]] {
        merge(args).assert_code(2);
    }
    fs::write(repo.beside("reports/5-no.json"), "{}").expect("a file");
    assert!(merge(&[]).assert_code(2).errors().contains("5-no.json"));
    assert_eq!([run("0/3"), run("4/3")], [2, 2]);
    fs::remove_dir_all(repo.beside("repo 1")).expect("a folder");
    assert_eq!(run("2/3"), 2);
}
