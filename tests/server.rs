//! What a server takes, with the objects still in quarantine.

use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::process::Stdio;
use std::thread;

use crate::support::secret::line;
use crate::support::{Repo, Run};

/// A bare repository that leakgate guards, and a clone of it with one commit pushed.
fn guarded() -> (Repo, Repo) {
    let repo = Repo::new();
    let server = repo.at(repo.beside("server.git"));
    repo.git(&["init", "-q", "--bare", "../server.git"]);
    repo.git(&["remote", "add", "origin", "../server.git"]);
    repo.git(&["push", "-q", "origin", "main"]);
    server.leakgate(&["install", "--server"]).assert_code(0);
    (server, repo)
}

fn refs(server: &Repo) -> String {
    server.git(&["for-each-ref"])
}

/// # Panics
/// When the push is taken, when anything is left of it, or when the reason is not told.
fn assert_refused(server: &Repo, repo: &Repo, push: &[&str]) {
    let before = refs(server);
    let objects = server.git(&["count-objects", "-v"]);
    let run = repo.try_git(&[&["push", "origin"], push].concat());
    assert_ne!(run.code, 0, "{run}");
    assert!(run.errors().contains("remote: leakgate: 1 secret blocks this push"), "{run}");
    assert_eq!(refs(server), before);
    assert_eq!(server.git(&["count-objects", "-v"]), objects);
}

#[test]
fn a_push_is_looked_at_before_it_is_taken() {
    let (server, repo) = guarded();
    for unpack_limit in ["1", "1000"] {
        server.git(&["config", "receive.unpackLimit", unpack_limit]);
        repo.stage("a", line(1)).commit();
        assert_refused(&server, &repo, &["main"]);
        repo.git(&["reset", "-q", "--hard", "HEAD~1"]);
        repo.stage(unpack_limit, "x\n").commit();
        repo.try_git(&["push", "origin", "main"]).assert_code(0);
    }
}

#[test]
fn each_kind_of_change_of_a_ref() {
    let (server, repo) = guarded();
    let push = |args: &[&str]| {
        repo.try_git(&[&["push", "origin"], args].concat()).assert_code(0);
    };
    repo.stage("good", "x\n").commit();
    push(&["main", "main:refs/heads/new", "main:refs/tags/light"]);
    repo.git(&["tag", "-a", "v1", "-m", "clean"]);
    push(&["v1"]);
    push(&["--delete", "new"]);
    repo.git(&["commit", "-q", "--amend", "-m", "again"]);
    push(&["--force", "main"]);
    repo.stage("bad", line(1)).commit();
    assert_refused(&server, &repo, &["main:refs/heads/other"]);
    assert_refused(&server, &repo, &["HEAD:refs/tags/light2"]);
    assert_refused(&server, &repo, &["HEAD~1:refs/heads/fine", "HEAD:refs/heads/zbad"]);
    repo.git(&["commit", "-q", "--amend", "-m", "again"]);
    assert_refused(&server, &repo, &["--force", "main"]);
    repo.git(&["reset", "-q", "--hard", "HEAD~1"]);
    repo.git(&["tag", "-a", "v2", "-m", &line(1)]);
    assert_refused(&server, &repo, &["v2"]);
    push(&["main"]);
}

#[test]
fn many_refs_at_once() {
    let (server, repo) = guarded();
    for at in 0..40 {
        repo.git(&["branch", &format!("b{at}")]);
    }
    repo.git(&["checkout", "-q", "b17"]);
    repo.stage("bad", line(1)).commit();
    assert_refused(&server, &repo, &["--all"]);
    repo.git(&["reset", "-q", "--hard", "HEAD~1"]);
    repo.try_git(&["push", "origin", "--all"]).assert_code(0);
    assert_eq!(refs(&server).lines().count(), 41);
}

#[test]
fn a_hook_for_each_ref_refuses_the_bad_one_alone() {
    let (server, repo) = guarded();
    server.leakgate(&["uninstall"]).assert_code(0);
    let program = crate::support::program();
    let program = program.to_str().expect("a plain path");
    let script = format!("exec '{program}' hook update \"$@\"");
    server.script("hooks/update", &script);
    repo.stage("good", "x\n").commit();
    repo.stage("bad", line(1)).commit();
    let run = repo.try_git(&["push", "origin", "HEAD~1:refs/heads/fine", "HEAD:refs/heads/zbad"]);
    assert!(run.code != 0 && run.errors().contains("zbad (hook declined)"), "{run}");
    let refs = refs(&server);
    assert!(refs.contains("fine") && !refs.contains("zbad"), "{refs}");
}

/// A server has no work tree: the ignore file is the one that is pushed.
#[test]
fn what_is_let_pass_with_a_reason_is_let_pass_here_too() {
    let (server, repo) = guarded();
    repo.stage("a", line(1));
    let scan = repo.staged();
    let print = scan.findings().next().expect("a finding")["fingerprint"].as_str().expect("text");
    repo.leakgate(&["ignore", print, "--reason", "a fixture of the tests"]).assert_code(0);
    repo.commit();
    assert_refused(&server, &repo, &["main"]);
    let said = repo.try_git(&["push", "origin", "main"]).errors();
    let said: Vec<_> = said.split_whitespace().filter(|word| *word != "remote:").collect();
    assert!(said.join(" ").contains("once it is committed and pushed"), "{said:?}");
    repo.add(".leakgate-ignore").commit();
    repo.try_git(&["push", "origin", "main"]).assert_code(0);
    // A file that cannot be read lets nothing pass.
    repo.stage(".leakgate-ignore", "nonsense\n").commit();
    let run = repo.try_git(&["push", "origin", "main"]);
    assert!(run.code != 0 && run.errors().contains("the pushed .leakgate-ignore"), "{run}");
}

/// A skip is for whoever commits, not for whoever pushes to a server.
#[test]
fn nobody_skips_a_server() {
    let (server, repo) = guarded();
    repo.stage("a", line(1)).commit();
    let mut push = repo.command("git", &["push", "origin", "main"]);
    let run = Run::of(push.env("LEAKGATE_SKIP", "in a hurry today"), b"");
    assert_ne!(run.code, 0, "{run}");
    assert!(!server.path("leakgate-skipped.log").exists());
}

#[test]
fn a_push_over_the_network() {
    let (server, repo) = guarded();
    server.git(&["config", "daemon.receivepack", "true"]);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let url = format!("git://127.0.0.1:{port}/server.git");
    let base = server.root.parent().expect("a folder").display().to_string();
    let mut daemons: Vec<_> = (0..2)
        .map(|_| {
            let base = format!("--base-path={base}");
            server.command("git", &["daemon", "--inetd", "--export-all", &base])
        })
        .collect();
    let serving = thread::spawn(move || {
        for daemon in &mut daemons {
            let (stream, _) = listener.accept().expect("a connection");
            let input = OwnedFd::from(stream.try_clone().expect("another handle"));
            daemon.stdin(input).stdout(OwnedFd::from(stream)).stderr(Stdio::null());
            daemon.status().expect("it runs");
            // Its handles are closed with it, or the other side would wait for more.
            daemon.stdin(Stdio::null()).stdout(Stdio::null());
        }
    });
    repo.stage("a", line(1)).commit();
    let refused = repo.try_git(&["push", &url, "main"]);
    assert!(refused.errors().contains("remote: leakgate: 1 secret blocks"), "{refused}");
    repo.git(&["reset", "-q", "--hard", "HEAD~1"]);
    repo.stage("a", "x\n").commit();
    repo.try_git(&["push", &url, "main"]).assert_code(0);
    serving.join().expect("it ended well");
}

#[test]
fn nothing_is_committed_in_a_bare_repository() {
    let (server, _) = guarded();
    let run = server.leakgate(&["install"]).assert_code(2);
    assert!(run.errors().contains("--server"), "{run}");
    server.leakgate(&["uninstall"]).assert_code(0);
    assert!(!server.path("hooks/pre-receive").exists());
}
