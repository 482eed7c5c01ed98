//! Whatever the history and however it is packed: what is found is what scanning every version of
//! every file whole finds.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::process::Command;

use proptest::prelude::*;
use serde_json::Value;

use crate::support::secret::{github_token, password};
use crate::support::{Repo, Run, program};

/// A rule, a path, an object, the first and the last byte.
type Site = (String, String, String, u64, u64);

/// Numbers by a linear congruence; the high bits are good enough.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        (self.0 >> 33) as usize % sides
    }
}

/// A line as files have them: most hold nothing, some a secret, some a part of one.
pub(crate) fn line(dice: &mut Dice) -> String {
    let seed = dice.roll(6) as u64;
    let token = github_token(seed);
    match dice.roll(28) {
        0 => format!("token = \"{token}\"\n"),
        1 => format!("{token}\n"),
        2 => format!("db_password: {}\n", password(seed)),
        3 => format!("  \"password\": \"{}\",\n", password(seed)),
        4 => format!("url = https://me:{}@db.internal.corp/x\n", password(seed)),
        5 => token[..12 + dice.roll(20)].to_owned(),
        6 => token[4 + dice.roll(20)..].to_owned(),
        7 => format!("client_secret{}=\n", " ".repeat(dice.roll(30))),
        8 => "password = ".to_owned(),
        9 => format!("{}\n", pem(seed)),
        10 => "api_key token secret password\n".to_owned(),
        11 => "x".repeat(dice.roll(900)),
        12 => format!("data: {}\n", hex(&format!("token={token} ok"))),
        13 => format!("s = \"{}\" + \"{}\";\n", &token[..14], &token[14..]),
        14 => format!("{{\"t\": \"\\u0067{}\"}}\n", &token[1..]),
        15 => hex(&token)[..20 + dice.roll(40)].to_owned(),
        // As mail has it; elsewhere these are no words.
        16 => quoted(&token),
        n => format!("line {} of {}\n", dice.roll(50), "words ".repeat(n % 5)),
    }
}

/// A token as mail may write it.
pub(crate) fn quoted(token: &str) -> String {
    format!("={:02X}{}=\n{}\n", b'g', &token[1..18], &token[18..])
}

fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

/// A private key in name only, as long as one.
fn pem(seed: u64) -> String {
    let kind = ["RSA", "EC"][seed as usize % 2];
    let rule = "-".repeat(5);
    let body: String =
        (0..20).map(|n| format!("{}{}\n", password(n + seed), password(n))).collect();
    format!("{rule}BEGIN {kind} PRIVATE KEY{rule}\n{body}{rule}END {kind} PRIVATE KEY{rule}")
}

/// A file that differs little from another.
pub(crate) fn edited(text: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut text = text.to_vec();
    for _ in 0..=dice.roll(3) {
        let at = dice.roll(text.len() + 1);
        let end = (at + dice.roll(120)).min(text.len());
        match dice.roll(8) {
            0 => drop(text.drain(at..end)),
            1 => drop(text.splice(at..at, line(dice).into_bytes())),
            2 => drop(text.splice(at..end, line(dice).into_bytes())),
            3 => {
                let part = text[at..end].to_vec();
                let to = dice.roll(text.len() + 1);
                text.splice(to..to, part);
            }
            4 => text.truncate(at.max(200)),
            5 => {
                let whole: Vec<_> = text.split_inclusive(|&byte| byte == b'\n').collect();
                let mut whole: Vec<_> = whole.into_iter().map(<[u8]>::to_vec).collect();
                let to = dice.roll(whole.len() + 1);
                whole.insert(to, line(dice).into_bytes());
                text = whole.concat();
            }
            6 if dice.roll(6) == 0 => text.insert(at, [0, 0x1b, 0xff, b'\n'][dice.roll(4)]),
            _ => text.extend(line(dice).into_bytes()),
        }
    }
    text
}

pub(crate) const NAMES: [&str; 11] = [
    "a.c",
    "config.yml",
    "notes.md",
    "deep/er/b.py",
    "deep/settings.env",
    "deep/x",
    "package-lock.json",
    "web/node_modules/p.json",
    "Makefile",
    "mail/m.eml",
    "key.txt",
];

/// Writes a history as `git fast-import` reads it: some branches, edits, renames, merges.
pub(crate) fn history(seed: u64) -> Vec<u8> {
    let mut dice = Dice(seed);
    let mut stream = Vec::new();
    let mut branches: Vec<Vec<(String, Vec<u8>)>> = vec![Vec::new(); 3];
    let mut begun = [false; 3];
    for step in 0..30 + dice.roll(20) {
        let branch = dice.roll(3);
        let mut head = format!(
            "commit refs/heads/b{branch}\nmark :{}\ncommitter A <a@example.com> {} +0000\n",
            step + 1,
            1_700_000_000 + step * 60
        );
        let message = format!("step {step}");
        write!(head, "data {}\n{message}\n", message.len()).expect("a string takes it");
        let from = dice.roll(3);
        if begun[branch] && begun[from] && from != branch && dice.roll(6) == 0 {
            writeln!(head, "merge refs/heads/b{from}").expect("a string takes it");
        } else if !begun[branch] && begun[from] {
            writeln!(head, "from refs/heads/b{from}").expect("a string takes it");
            branches[branch] = branches[from].clone();
        }
        begun[branch] = true;
        stream.extend(head.into_bytes());
        let files = &mut branches[branch];
        for _ in 0..=dice.roll(2) {
            change(files, &mut dice, &mut stream);
        }
    }
    stream
}

fn change(files: &mut Vec<(String, Vec<u8>)>, dice: &mut Dice, stream: &mut Vec<u8>) {
    let which = dice.roll(files.len().max(1));
    match dice.roll(10) {
        0 if files.len() > 2 => {
            let (name, _) = files.swap_remove(which);
            stream.extend(format!("D {name}\n").into_bytes());
        }
        1 if files.len() > 1 => {
            let name = NAMES[dice.roll(NAMES.len())].to_owned();
            if files.iter().all(|(other, _)| *other != name) {
                stream.extend(format!("R {} {name}\n", files[which].0).into_bytes());
                files[which].0 = name;
            }
        }
        2..=7 if !files.is_empty() => {
            let (name, text) = &mut files[which];
            *text = edited(text, dice);
            write_file(stream, name, text);
        }
        _ => {
            let name = NAMES[dice.roll(NAMES.len())].to_owned();
            let text: String = (0..20 + dice.roll(100)).map(|_| line(dice)).collect();
            write_file(stream, &name, text.as_bytes());
            files.retain(|(other, _)| *other != name);
            files.push((name, text.into_bytes()));
        }
    }
}

fn write_file(stream: &mut Vec<u8>, name: &str, text: &[u8]) {
    stream.extend(format!("M 100644 inline {name}\ndata {}\n", text.len()).into_bytes());
    stream.extend_from_slice(text);
    stream.push(b'\n');
}

fn sites_of(run: &Run) -> BTreeSet<Site> {
    let report = run.json();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut sites = BTreeSet::new();
    for finding in report["findings"].as_array().expect("a list") {
        for site in finding["history"]["sites"].as_array().expect("a list") {
            let at = |name: &str| site[name].as_u64().unwrap_or(u64::MAX);
            sites.insert((
                text(&finding["rule"]),
                text(&site["path"]),
                text(&site["object"]),
                at("start_byte"),
                at("end_byte"),
            ));
        }
    }
    sites
}

/// Writes every version of every file that git knows into a folder and scans them as files.
fn scanned_whole(repo: &Repo) -> BTreeSet<Site> {
    let folder = repo.beside("versions");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir(&folder).expect("a folder");
    for commit in repo.git(&["rev-list", "--all"]).lines() {
        for entry in repo.git(&["ls-tree", "-r", commit]).lines() {
            let (facts, path) = entry.split_once('\t').expect("a path");
            let id = facts.rsplit(' ').next().expect("an id");
            let file = folder.join(id).join(path);
            if !file.exists() {
                let content = repo.command("git", &["cat-file", "blob", id]).output();
                fs::create_dir_all(file.parent().expect("a folder")).expect("folders");
                fs::write(&file, content.expect("git runs").stdout).expect("a file");
            }
        }
    }
    let mut files = leakgate(repo, &["files", ".", "--no-ignore", "--format", "json"]);
    whole_sites(&Run::of(files.current_dir(&folder), b""))
}

/// Parts of secrets are no secrets, and may be shown: what is written is not looked through.
pub(crate) fn leakgate(repo: &Repo, args: &[&str]) -> Command {
    repo.command(program().to_str().expect("a path in Unicode"), args)
}

fn whole_sites(run: &Run) -> BTreeSet<Site> {
    let report = run.json();
    assert_eq!(report["complete"], true, "{run}");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let findings = report["findings"].as_array().expect("a list").iter();
    findings
        .filter(|finding| finding["category"] == "secret")
        .map(|finding| {
            let path = text(&finding["path"]);
            let path = path.trim_start_matches("./");
            let (object, path) = path.split_once('/').expect("it stands under its id");
            let at = |name: &str| finding["location"][name].as_u64().unwrap_or(u64::MAX);
            let rule = text(&finding["rule"]);
            (rule, path.to_owned(), object.to_owned(), at("start_byte"), at("end_byte"))
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 5, max_shrink_iters: 0, ..ProptestConfig::default() })]
    #[test]
    fn findings_are_those_of_every_version_scanned_whole(seed in any::<u64>()) {
        let repo = Repo::init(&[]);
        repo.git_with(&["fast-import", "--quiet"], &history(seed));
        let expected = scanned_whole(&repo);
        let told = || sites_of(&Run::of(&mut leakgate(&repo, &["history", "--format", "json"]), b""));
        prop_assert!(!expected.is_empty());
        prop_assert_eq!(&told(), &expected);
        for (depth, window, offsets) in [("1", "2", "true"), ("4", "50", "false"), ("50", "10", "true"), ("4095", "200", "true")] {
            let delta = format!("repack.useDeltaBaseOffset={offsets}");
            let depth = format!("--depth={depth}");
            let window = format!("--window={window}");
            repo.git(&["-c", &delta, "repack", "-q", "-a", "-d", "-f", &depth, &window]);
            prop_assert_eq!(&told(), &expected, "{} {} {}", depth, window, offsets);
            let args = ["history", "--format", "json", "--max-memory", "1K"];
            let little = sites_of(&Run::of(&mut leakgate(&repo, &args), b""));
            prop_assert_eq!(&little, &expected, "{} {} {}, in little memory", depth, window, offsets);
        }
        // Some objects loose, some in a pack.
        repo.git(&["repack", "-q", "-a", "-d", "-f"]);
        let packs = repo.path(".git/objects/pack");
        let away = repo.beside("away.pack");
        for entry in fs::read_dir(&packs).expect("a folder") {
            let path = entry.expect("a file").path();
            if path.extension().is_some_and(|extension| extension == "pack") {
                fs::rename(&path, &away).expect("it moves");
            }
            let _ = fs::remove_file(path);
        }
        let pack = fs::read(&away).expect("it is read");
        repo.git_with(&["unpack-objects", "-q"], &pack);
        prop_assert_eq!(&told(), &expected);
    }
}
