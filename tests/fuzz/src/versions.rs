//! A scan of the history finds what scanning every version whole finds, whatever the deltas that
//! make versions of each other.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::{env, fs};

use arbitrary::{Arbitrary, Unstructured};
use clap::Parser as _;
use leakgate_secrets::{Example, Scratch, examples_in};
use serde_json::Value;
use tempfile::TempDir;

use crate::args::{Args, Command};
use crate::pack::{self, Delta, Raw};
use crate::{history, root, rules};

/// The first versions, and what is made of them.
#[derive(Debug, Arbitrary)]
struct Plan {
    first: Vec<Piece>,
    others: Vec<Other>,
    how: u8,
}

/// A version that builds on an earlier one.
#[derive(Debug, Arbitrary)]
struct Other {
    base: u8,
    by_id: bool,
    parts: Vec<Part>,
}

#[derive(Debug, Arbitrary)]
enum Part {
    /// What stands there in the base.
    Copy {
        from: u16,
        len: u16,
    },
    /// From there to the end of the base.
    Rest {
        from: u16,
    },
    Insert(Piece),
}

#[derive(Debug, Arbitrary)]
enum Piece {
    /// A part of an example of a rule.
    Example {
        number: u16,
        from: u8,
        len: u8,
    },
    /// All of it.
    Whole {
        number: u16,
    },
    Bytes(Vec<u8>),
    Fill {
        byte: u8,
        len: u8,
    },
    LineEnd,
}

/// A repository whose one pack is written anew each time.
struct Place {
    root: PathBuf,
    report: PathBuf,
    examples: Vec<Example>,
    _folder: TempDir,
}

fn place() -> &'static Place {
    static PLACE: OnceLock<Place> = OnceLock::new();
    PLACE.get_or_init(|| {
        let folder = TempDir::new().expect("a temporary folder");
        let root = folder.path().canonicalize().expect("it is there").join("repository");
        fs::create_dir_all(root.join(".git/objects/pack")).expect("a folder");
        fs::create_dir_all(root.join(".git/refs/heads")).expect("a folder");
        fs::write(root.join(".git/HEAD"), "ref: refs/heads/main\n").expect("a file");
        env::set_current_dir(&root).expect("the repository is there");
        let examples = examples_in(&crate::root().join("patterns")).expect("they are in order");
        Place { root, report: folder.path().join("report"), examples, _folder: folder }
    })
}

/// A plan is short; the pieces are the examples of all rules.
pub fn seeds() -> Vec<Vec<u8>> {
    let seed = |step: u8| (0..160_u8).map(|at| at.wrapping_mul(step)).collect();
    (1..60_u8).map(|step| seed(step.wrapping_mul(5).wrapping_add(2))).collect()
}

/// Names of the versions' files, by their numbers.
const NAMES: [&str; 6] = ["a.txt", "a.yml", "a.js", ".env", "password.txt", "a.eml"];
/// How long a version may get.
const LONGEST: usize = 8000;

/// The bytes are a plan, as `arbitrary` reads them.
pub fn run(data: &[u8]) {
    let Ok(plan) = Plan::arbitrary_take_rest(Unstructured::new(data)) else { return };
    let versions = versions(&plan);
    write(&versions);
    let mut expected = BTreeSet::new();
    let mut scratch = Scratch::default();
    for (number, (content, raw)) in versions.iter().enumerate() {
        let path = path(number);
        let found = rules().scan_file(path.as_bytes(), content, &mut scratch);
        let rules = found.findings.into_iter().map(|one| one.rule.to_string());
        expected.extend(rules.map(|rule| (raw.id.clone(), path.clone(), rule)));
    }
    assert_eq!(told(plan.how), expected);
}

fn path(number: usize) -> String {
    format!("{number}/{}", NAMES[number % NAMES.len()])
}

/// The contents, and how each stands in the pack.
fn versions(plan: &Plan) -> Vec<(Vec<u8>, Raw)> {
    let mut first = Vec::new();
    plan.first.iter().take(20).for_each(|piece| first.extend(piece.bytes()));
    first.truncate(LONGEST);
    let id = |number: usize| format!("{:038x}{number:02x}", 0xb10b_u32);
    let raw = Raw { id: id(0), kind: 3, base: 0, size: first.len(), content: first.clone() };
    let mut versions = vec![(first, raw)];
    for other in plan.others.iter().take(10) {
        let number = versions.len();
        let base = usize::from(other.base) % number;
        let from = &versions[base].0;
        let (mut content, mut delta) = (Vec::new(), Delta::default());
        for part in other.parts.iter().take(20) {
            let (start, len) = match part {
                Part::Copy { from: start, len } => {
                    let start = usize::from(*start) % (from.len() + 1);
                    (start, usize::from(*len) % (from.len() - start + 1))
                }
                Part::Rest { from: start } => {
                    let start = usize::from(*start) % (from.len() + 1);
                    (start, from.len() - start)
                }
                Part::Insert(piece) => {
                    let bytes = piece.bytes();
                    if content.len() + bytes.len() <= LONGEST {
                        delta.insert(&bytes);
                        content.extend(bytes);
                    }
                    continue;
                }
            };
            if content.len() + len <= LONGEST {
                delta.copy(start, len);
                content.extend_from_slice(&from[start..start + len]);
            }
        }
        let delta = delta.finish(from.len());
        let kind = 6 + u8::from(other.by_id);
        let raw = Raw { id: id(number), kind, base, size: delta.len(), content: delta };
        versions.push((content, raw));
    }
    versions
}

impl Piece {
    fn bytes(&self) -> Vec<u8> {
        let examples = &place().examples;
        let text = |number: &u16| examples[usize::from(*number) % examples.len()].text.as_bytes();
        match self {
            Self::Example { number, from, len } => {
                let text = text(number);
                let from = usize::from(*from).min(text.len());
                text[from..text.len().min(from + usize::from(*len))].to_vec()
            }
            Self::Whole { number } => text(number).to_vec(),
            Self::Bytes(bytes) => bytes.iter().copied().take(500).collect(),
            Self::Fill { byte, len } => vec![*byte; usize::from(*len)],
            Self::LineEnd => b"\n".to_vec(),
        }
    }
}

/// Puts the versions into a commit, each in a folder of its own.
fn write(versions: &[(Vec<u8>, Raw)]) {
    let raw = |id: String, kind: u8, content: Vec<u8>| Raw {
        id,
        kind,
        base: 0,
        size: content.len(),
        content,
    };
    let line = |mode: &str, name: &str, id: &str| {
        [mode.as_bytes(), b" ", name.as_bytes(), b"\0", &pack::bytes_of(id)].concat()
    };
    let mut entries: Vec<Raw> = versions
        .iter()
        .map(|(_, one)| Raw { id: one.id.clone(), content: one.content.clone(), ..*one })
        .collect();
    let mut top = Vec::new();
    for (number, (_, one)) in versions.iter().enumerate() {
        let id = format!("{:038x}{number:02x}", 0x7ee_u32);
        let path = path(number);
        let (folder, name) = path.split_once('/').expect("it is in a folder");
        entries.push(raw(id.clone(), 2, line("100644", name, &one.id)));
        top.push((folder.to_owned(), line("40000", folder, &id)));
    }
    top.sort();
    let top = top.into_iter().flat_map(|(_, line)| line).collect();
    let (tree, commit) = ("7".repeat(40), "c".repeat(40));
    let person = "A U Thor <author@example.com> 1714979289 +0000";
    let text = format!("tree {tree}\nauthor {person}\ncommitter {person}\n\nAll\n");
    entries.push(raw(tree, 2, top));
    entries.push(raw(commit.clone(), 1, text.into_bytes()));
    let (pack, index) = pack::assembled(&entries);
    let git_dir = place().root.join(".git");
    for (name, content) in [
        ("objects/pack/pack-a.pack", pack),
        ("objects/pack/pack-a.idx", index),
        ("refs/heads/main", format!("{commit}\n").into_bytes()),
    ] {
        fs::write(git_dir.join(name), content).expect("the repository can be written");
    }
}

/// What the command tells: object, path and rule.
fn told(how: u8) -> BTreeSet<(String, String, String)> {
    let report = &place().report;
    let output = format!("--output={}", report.display());
    let memory = if how & 1 == 0 { "--max-memory=1K" } else { "--max-memory=64M" };
    let threads = if how & 6 == 0 { "--threads=3" } else { "--threads=1" };
    let line = ["leakgate", "history", "--samples", "--format=json", memory, threads, &output];
    let args = Args::try_parse_from(line).expect("the command is in order");
    let Command::History(args) = args.command else { unreachable!("that is what it says") };
    history::history(&args).expect("the repository is in order");
    let text = fs::read_to_string(report).expect("a report is text");
    let document: Value = serde_json::from_str(&text).expect("it is JSON");
    assert_eq!(document["problems"], Value::Array(Vec::new()));
    let word = |value: &Value| value.as_str().map(str::to_owned);
    let mut told = BTreeSet::new();
    for finding in document["findings"].as_array().expect("a list") {
        let rule = word(&finding["rule"]).expect("a name");
        for site in finding["history"]["sites"].as_array().expect("a list") {
            let object = word(&site["object"]).expect("the names hold nothing");
            told.insert((object, word(&site["path"]).expect("a path"), rule.clone()));
        }
    }
    told
}
