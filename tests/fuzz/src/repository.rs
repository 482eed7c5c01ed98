//! Damaged and hostile repositories: whatever stands in a git folder, the commands that read it
//! come to an end, and what they write is fit for a screen.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::{env, fs};

use arbitrary::{Arbitrary, Unstructured};
use clap::Parser as _;
use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use leakgate_git::Moment;

use crate::args::{Args, Command};
use crate::pack::{self, Entry};
use crate::template::Template;
use crate::{history, range, reading, run, terminal};

/// What is done to a repository, and what is run in it then.
#[derive(Debug, Arbitrary)]
struct Plan {
    command: u8,
    index: u8,
    steps: Vec<Step>,
}

/// One change. Files and objects are meant by their number.
#[derive(Debug, Arbitrary)]
enum Step {
    /// Some bytes of a file become others.
    Patch { file: u16, at: u32, bytes: Vec<u8> },
    /// Some bytes of a file are left out, and others stand there.
    Splice { file: u16, at: u32, len: u16, bytes: Vec<u8> },
    /// The index, its checksum being that of what it holds then.
    Index { at: u16, len: u8, bytes: Vec<u8> },
    /// The content of an object, which is then stored in a file of its own.
    Object { object: u16, kind: u8, at: u16, len: u8, bytes: Vec<u8> },
    /// A pack of what git would not write, in place of some objects.
    Pack { entries: Vec<Entry> },
    /// A ref of any content.
    Ref { name: u8, content: Vec<u8> },
}

/// What is run. The report's format and name follow.
const COMMANDS: [&[&str]; 14] = [
    &["staged"],
    &["staged"],
    &["staged", "--verbose"],
    &["history"],
    &["history", "--modes"],
    &["history", "--unreachable", "--modes"],
    &["history", "--threads=2", "--max-memory=1K"],
    &["history", "--cache"],
    &["history", "--range=HEAD~2..HEAD"],
    &["history", "--since=2024-05-06", "--refs=heads/*"],
    &["history", "--shard=1/2"],
    &["range", "HEAD~3..HEAD"],
    &["range", "side..HEAD", "--threads=2"],
    &["audit"],
];

/// A plan is short; the repository is made when this starts.
pub fn seeds() -> Vec<Vec<u8>> {
    let numbers = (0..COMMANDS.len() as u8).chain(0x80..0x90);
    let plan = |command: u8, kind: u8| {
        let mut seed = vec![command, kind];
        seed.extend((0..60_u8).map(|at| at.wrapping_mul(37).wrapping_add(kind.wrapping_mul(43))));
        seed
    };
    numbers.flat_map(|command| (0..6).map(move |kind| plan(command, kind))).collect()
}

/// The bytes are a plan, as `arbitrary` reads them.
pub fn run(data: &[u8]) {
    let Ok(plan) = Plan::arbitrary_take_rest(Unstructured::new(data)) else { return };
    static TEMPLATE: OnceLock<Template> = OnceLock::new();
    let template = TEMPLATE.get_or_init(|| {
        let template = Template::new();
        env::set_current_dir(&template.root).expect("the repository is there");
        template
    });
    let mut scene = Scene { template, changed: BTreeMap::new() };
    scene.set_index(plan.index);
    for step in plan.steps.iter().take(8) {
        scene.apply(step);
    }
    if plan.command & 0x80 == 0 {
        look(plan.command, &template.report);
    } else {
        reading::everything(&template.root);
    }
}

/// Runs a command and checks what it has written.
fn look(command: u8, report: &Path) {
    let words = COMMANDS[usize::from(command) % COMMANDS.len()];
    let formats: &[&str] = if words.iter().any(|word| word.starts_with("--shard")) {
        &["json"]
    } else {
        &["text", "json", "sarif"]
    };
    let format = formats[usize::from(command) / COMMANDS.len() % formats.len()];
    let output = format!("--output={}", report.display());
    let _ = fs::remove_file(report);
    let threads = words.iter().all(|word| !word.starts_with("--threads"));
    let line = ["leakgate"].into_iter().chain(words.iter().copied());
    let line = line.chain([&*output, "--format", format]).chain(threads.then_some("--threads=1"));
    let args = Args::try_parse_from(line).expect("the commands are in order");
    let ended = match &args.command {
        Command::Staged(scan) => run::staged(scan, Moment::Commit),
        Command::History(args) => history::history(args),
        Command::Range(args) => range::range(args),
        Command::Audit(scan) => crate::audit::audit(scan),
        _ => unreachable!("no other command is named above"),
    };
    match ended {
        Ok(_) => {
            let written = fs::read_to_string(report).expect("a report is text");
            crate::reports::is_fit(&written, format);
        }
        Err(error) => {
            let shown = terminal::harmless(&format!("{error:#}"));
            assert!(!shown.contains(|c: char| c.is_control() && c != '\n'), "{shown:?}");
        }
    }
}

/// The repository and what was changed in it, to be undone.
struct Scene<'t> {
    template: &'t Template,
    /// What stood in the files that were changed, if they were there.
    changed: BTreeMap<PathBuf, Option<Vec<u8>>>,
}

impl Scene<'_> {
    fn write(&mut self, path: &Path, content: &[u8]) {
        if !self.changed.contains_key(path) {
            self.changed.insert(path.to_owned(), fs::read(path).ok());
        }
        let _ = fs::create_dir_all(path.parent().expect("it stands in a folder"));
        fs::write(path, content).expect("the repository can be written");
    }

    fn remove(&mut self, path: &Path) {
        if let Ok(content) = fs::read(path) {
            self.changed.entry(path.to_owned()).or_insert(Some(content));
            fs::remove_file(path).expect("the repository can be written");
        }
    }

    fn set_index(&mut self, number: u8) {
        let indexes = &self.template.indexes;
        let index = &indexes[usize::from(number) % indexes.len()];
        self.write(&self.template.git_dir.join("index"), index);
    }

    fn apply(&mut self, step: &Step) {
        let git_dir = &self.template.git_dir;
        match step {
            Step::Patch { file, at, bytes } => self.splice(*file, *at, bytes.len(), bytes),
            Step::Splice { file, at, len, bytes } => {
                self.splice(*file, *at, usize::from(*len), bytes);
            }
            Step::Index { at, len, bytes } => {
                let path = git_dir.join("index");
                let mut index = fs::read(&path).unwrap_or_default();
                index.truncate(index.len().saturating_sub(20));
                splice(&mut index, usize::from(*at), usize::from(*len), bytes);
                let sum = pack::sha1(&index);
                index.extend(sum);
                self.write(&path, &index);
            }
            Step::Object { object, kind, at, len, bytes } => {
                let objects = &self.template.objects;
                let (id, known, content) = &objects[usize::from(*object) % objects.len()];
                let mut content = content.clone();
                splice(&mut content, usize::from(*at), usize::from(*len), bytes);
                let kinds = ["blob", "tree", "commit", "tag"];
                let kind = kinds.get(usize::from(*kind)).copied().unwrap_or(known);
                self.loose(id, kind, &content);
            }
            Step::Pack { entries } => {
                let objects = &self.template.objects;
                let (pack, index, ids) = pack::written(entries, objects);
                for id in ids {
                    self.remove(&self.template.loose(&id));
                }
                self.write(&git_dir.join("objects/pack/pack-hostile.pack"), &pack);
                self.write(&git_dir.join("objects/pack/pack-hostile.idx"), &index);
            }
            Step::Ref { name, content } => {
                let names = [
                    "HEAD",
                    "refs/heads/main",
                    "refs/heads/odd",
                    "MERGE_HEAD",
                    "packed-refs",
                    "shallow",
                ];
                let name = names[usize::from(*name) % names.len()];
                self.write(&git_dir.join(name), content);
            }
        }
    }

    fn splice(&mut self, file: u16, at: u32, len: usize, bytes: &[u8]) {
        let files = &self.template.files;
        let path = &files[usize::from(file) % files.len()];
        let Ok(mut content) = fs::read(path) else { return };
        splice(&mut content, at as usize, len, bytes);
        self.write(path, &content);
    }

    fn loose(&mut self, id: &str, kind: &str, content: &[u8]) {
        let mut packed = ZlibEncoder::new(Vec::new(), Compression::fast());
        let header = format!("{kind} {}\0", content.len());
        let whole = [header.as_bytes(), content].concat();
        let packed = packed.write_all(&whole).and_then(|()| packed.finish());
        self.write(&self.template.loose(id), &packed.expect("memory can be written"));
    }
}

impl Drop for Scene<'_> {
    fn drop(&mut self) {
        for (path, content) in &self.changed {
            let restored = match content {
                Some(content) => fs::write(path, content),
                None => fs::remove_file(path),
            };
            restored.expect("the repository can be written");
        }
    }
}

/// Takes `len` bytes out and puts others in, wherever `at` falls.
fn splice(content: &mut Vec<u8>, at: usize, len: usize, bytes: &[u8]) {
    let at = at % (content.len() + 1);
    let end = content.len().min(at + len);
    content.splice(at..end, bytes.iter().copied());
}

/// What is in a file of a loose object: its kind and its content.
pub(crate) fn unpacked(file: &[u8]) -> Option<(&'static str, Vec<u8>)> {
    let mut whole = Vec::new();
    ZlibDecoder::new(file).read_to_end(&mut whole).ok()?;
    let kind = ["blob", "tree", "commit", "tag"]
        .into_iter()
        .find(|kind| whole.starts_with(kind.as_bytes()))?;
    let end = whole.iter().position(|&byte| byte == 0)?;
    Some((kind, whole.split_off(end + 1)))
}
