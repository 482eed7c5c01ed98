//! What each rule costs, and what all of them cost beside twenty.
//!
//! ```sh
//! cargo bench -p leakgate-secrets --bench rules -- FOLDER…
//! ```
//!
//! Without a folder, the sources of this repository are scanned. One thread, files in memory, each
//! time the best of three.

#![allow(clippy::print_stdout, reason = "the table is what it is for")]

use std::env;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use leakgate_model::RuleId;
use leakgate_secrets::{Costs, RuleSet, Scratch};

/// How many of the dearest rules are shown.
const WORST: usize = 10;
/// Larger files are read in pieces by a scan, which is not what is measured.
const LARGEST: u64 = 16 << 20;

/// Rules that every scanner has.
const TWENTY: [&str; 20] = [
    "aws-access-key-id",
    "aws-secret-access-key",
    "azure-storage-signed-key",
    "digitalocean-personal-access-token",
    "gcp-api-key",
    "github-fine-grained-token",
    "github-oauth-token",
    "github-personal-token",
    "gitlab-personal-token",
    "npm-access-token",
    "openai-project-api-key",
    "private-key",
    "pypi-api-token",
    "sendgrid-api-key",
    "shopify-access-token",
    "slack-bot-token",
    "slack-webhook",
    "stripe-secret-key-live",
    "telegram-bot-token",
    "twilio-api-key-sid",
];

struct File {
    path: Vec<u8>,
    content: Vec<u8>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut folders: Vec<PathBuf> = env::args_os()
        .skip(1)
        .map(PathBuf::from)
        .filter(|arg| !arg.starts_with("--bench"))
        .collect();
    if folders.is_empty() {
        folders.push(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../crates"));
    }
    let mut files = Vec::new();
    for folder in &folders {
        read(folder, &mut files)?;
    }
    let bytes: usize = files.iter().map(|file| file.content.len()).sum();
    println!("{} files, {:.1} MB", files.len(), bytes as f64 / 1e6);
    let all = RuleSet::default();
    rules(&all, &files);
    let twenty = all.only(&TWENTY.map(RuleId::new));
    let known = twenty.rules().count() - 2;
    assert_eq!(known, TWENTY.len(), "each of the twenty is a rule");
    let few = best(&twenty, &files);
    let many = best(&all, &files);
    let speed = |time: Duration| bytes as f64 / 1e6 / time.as_secs_f64();
    println!();
    println!(
        "20 rules: {:.0} MB/s; {} rules: {:.0} MB/s; {:.2} times the time",
        speed(few),
        all.rules().count() - 2,
        speed(many),
        many.as_secs_f64() / few.as_secs_f64()
    );
    Ok(())
}

/// Prints the dearest rules.
fn rules(rules: &RuleSet, files: &[File]) {
    let mut costs = Costs::new(rules);
    let mut scratch = Scratch::default();
    for file in files {
        rules.measure(&file.path, &file.content, &mut scratch, &mut costs);
    }
    let costs = costs.dearest(rules);
    let total: Duration = costs.iter().map(|(_, cost)| cost.time).sum();
    let tried = costs.iter().filter(|(_, cost)| cost.tries > 0).count();
    println!(
        "{tried} of {} rules tried, {} compiled into {} regexes, {total:.1?} in all",
        costs.len(),
        rules.compiled(),
        rules.regexes(),
    );
    println!("{:>9} {:>9} {:>8} {:>9}  rule", "hits", "tries", "matches", "time");
    for (id, cost) in costs.iter().take(WORST) {
        println!(
            "{:>9} {:>9} {:>8} {:>9}  {id}",
            cost.hits,
            cost.tries,
            cost.matches,
            format!("{:.1?}", cost.time)
        );
    }
}

/// The shortest time of three that a scan of all files takes.
fn best(rules: &RuleSet, files: &[File]) -> Duration {
    let once = || {
        let mut scratch = Scratch::default();
        let start = Instant::now();
        for file in files {
            rules.scan(&file.path, &file.content, &mut scratch);
        }
        start.elapsed()
    };
    (0..3).map(|_| once()).min().unwrap_or_default()
}

fn read(folder: &Path, files: &mut Vec<File>) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let (path, kind) = (entry.path(), entry.file_type()?);
        if kind.is_dir() && !entry.file_name().as_encoded_bytes().starts_with(b".") {
            read(&path, files)?;
        } else if kind.is_file() && entry.metadata()?.len() < LARGEST {
            let content = fs::read(&path)?;
            files.push(File { path: path.as_os_str().as_encoded_bytes().to_vec(), content });
        }
    }
    Ok(())
}
