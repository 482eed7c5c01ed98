//! Whatever name holds a secret, no command shows it in any format. That nothing of a secret is on
//! the screen is asserted by the way each program is run.

use std::fs;

use crate::support::secret::{github_token, line};
use crate::support::{Repo, Run};

/// Puts a secret into a name of its own kind.
type Place = fn(&Repo, &str);

/// What git gives names to, and what else reports tell the names of.
const PLACES: [Place; 24] = [
    |repo, t| _ = repo.stage(format!("{t}.txt"), line(2)).commit().stage(format!("{t}.txt"), "x"),
    |repo, t| _ = repo.stage(format!("a-{t}/.env"), "A=b\n"),
    |repo, t| _ = repo.stage(format!("{t}.pem"), "x").chmod(&format!("{t}.pem"), 0o666),
    |repo, t| _ = repo.stage(".gitignore", format!("!{t}.pem\n!{t}/.env\n")),
    |repo, t| {
        let module = format!("[submodule \"{t}\"]\n\tpath = ../x\n\turl = http://h/{t}/x.git\n");
        repo.stage(".gitmodules", module);
    },
    |repo, t| {
        let module = format!("[submodule \"a\"]\n\tpath = {t}\n\turl = ../x\n\tbranch = -{t}\n");
        repo.stage(".gitmodules", module);
    },
    |repo, t| _ = repo.link("l", &format!("../../{t}")).add("l"),
    |repo, t| _ = repo.link(&format!("l-{t}"), &format!("/etc/{t}")).add(format!("l-{t}")),
    |repo, t| {
        repo.stage_unseen("100644", &format!("{t}/a"), "x");
        repo.stage_unseen("100644", &format!("{}/a", t.to_lowercase()), "x");
    },
    |repo, t| _ = repo.stage(format!("{t}\u{7}\u{202e}b"), "x"),
    |repo, t| _ = repo.write(format!("{t}.env"), "A=b\n").chmod(&format!("{t}.env"), 0o666),
    |repo, t| _ = repo.write(format!("{t}.d/x"), "x").chmod(&format!("{t}.d"), 0o777),
    |repo, t| {
        repo.write(format!("{t}-locked"), "x").chmod(&format!("{t}-locked"), 0o000);
    },
    |repo, t| _ = repo.git(&["branch", &format!("fix/{t}")]),
    |repo, t| _ = repo.git(&["tag", "-a", "-m", "x", t]),
    |repo, t| _ = repo.git(&["remote", "add", t, &format!("http://h/{t}.git")]),
    |repo, t| {
        let nobody = "1".repeat(40);
        repo.write(format!(".git/refs/heads/gone-{t}"), nobody + "\n");
        repo.write(format!(".git/refs/heads/odd-{t}"), "odd\n");
    },
    |repo, t| {
        let head = repo.git(&["rev-parse", "HEAD"]);
        repo.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{head},s-{t}")]);
    },
    |repo, t| {
        let id = repo.store("one\n");
        let stages = (1..=3).map(|stage| format!("100644 {id} {stage}\tc-{t}\n"));
        repo.git_with(&["update-index", "--index-info"], stages.collect::<String>().as_bytes());
    },
    |repo, t| {
        let name = format!("user.name={t}");
        repo.git(&["-c", &name, "commit", "-q", "-n", "--allow-empty", "-m", t]);
    },
    |repo, t| {
        let name = format!("lost-{t}.txt");
        repo.stage(&name, "lost\n").commit();
        let id = repo.git(&["rev-parse", &format!("HEAD:{name}")]);
        fs::remove_file(repo.path(".git/objects").join(&id[..2]).join(&id[2..])).expect("a file");
    },
    |repo, t| {
        let other = repo.beside(&format!("work-{t}"));
        repo.git(&["worktree", "add", "-q", "--detach", other.to_str().expect("a text")]);
        repo.write(format!(".git/worktrees/work-{t}/HEAD"), "odd\n");
    },
    |repo, t| _ = repo.git(&["config", &format!("url.http://h/{t}/.insteadOf"), "x:"]),
    |repo, t| _ = repo.git(&["config", "core.hooksPath", &format!("hooks-{t}")]),
];

const COMMANDS: [&[&str]; 8] = [
    &["staged"],
    &["audit"],
    &["files", "."],
    &["history", "--modes"],
    &["history", "--unreachable"],
    &["range", "HEAD^..HEAD"],
    &["hook", "pre-commit"],
    &["doctor"],
];

/// # Panics
/// When a command shows a piece of the secret.
fn show(place: Place, seed: u64) {
    let repo = Repo::new();
    repo.stage("b", "x").commit();
    place(&repo, &github_token(seed));
    for command in COMMANDS {
        let formats: &[&[&str]] = match command {
            ["hook", ..] => &[&[]],
            ["doctor"] => &[&[], &["--json"]],
            _ => &[&["-v"], &["--format", "json"], &["--format", "sarif"], &["--fix"]],
        };
        for format in formats {
            repo.leakgate(&[command, *format].concat());
        }
    }
    repo.leakgate(&["fix", "modes", "--print"]);
    repo.leakgate(&["fix", "modes"]);
}

#[test]
fn no_name_is_shown_whole_1() {
    (0..).zip(PLACES).step_by(2).for_each(|(seed, place)| show(place, seed));
}

#[test]
fn no_name_is_shown_whole_2() {
    (0..).zip(PLACES).skip(1).step_by(2).for_each(|(seed, place)| show(place, seed));
}

/// Who is told of a fault is told of it without the secret.
#[test]
fn no_error_shows_a_name_whole() {
    let repo = Repo::new();
    let token = github_token(1);
    for args in [
        &["files", &token][..],
        &["files", ".", "--rules", &token],
        &["history", "--branch", &token],
        &["history", "--range", &format!("{token}..HEAD")],
        &["range", &format!("{token}..HEAD")],
        &["rules", "show", &token],
        &["hook", &token],
        &["hook", "commit-msg", &token],
        &["merge", &token],
    ] {
        repo.leakgate(args).assert_code(2);
    }
    for (hook, input) in [("pre-push", "bad {}"), ("pre-push", "{} 1 {} 0"), ("pre-receive", "{}")]
    {
        let mut command = repo.sandbox.leakgate(&repo.root);
        let run = Run::of(command.args(["hook", hook]), input.replace("{}", &token).as_bytes());
        run.assert_fit_for_a_screen().assert_code(2);
    }
}
