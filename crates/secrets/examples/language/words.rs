//! The words of some folders of source and text.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

/// Each distinct word, and how often it occurs.
pub(crate) type Words = BTreeMap<Vec<u8>, u32>;

/// The words of all texts in `folders`, without those that look like data.
pub(crate) fn read(folders: &[PathBuf]) -> Result<Words, Box<dyn Error>> {
    let mut words = Words::new();
    texts(folders, &mut |text| read_text(text, &mut words))?;
    Ok(words)
}

/// Calls `see` with the content of each text in `folders`, in the order of their names.
pub(crate) fn texts(
    folders: &[PathBuf],
    see: &mut impl FnMut(&[u8]),
) -> Result<(), Box<dyn Error>> {
    folders.iter().try_for_each(|folder| read_folder(folder, see))
}

const TEXTS: &[&str] = &[
    "py", "pyi", "js", "mjs", "ts", "c", "h", "cpp", "hpp", "rs", "go", "java", "rb", "pl", "pm",
    "pod", "sh", "md", "rst", "txt", "html", "css", "json", "toml", "yml", "yaml", "xml", "cfg",
    "ini", "in", "po", "build",
];
const LONGEST_FILE: u64 = 4 << 20;
/// Longer lines are data or were written by a program.
const LONGEST_LINE: usize = 400;
const LONGEST_WORD: usize = 64;

fn read_folder(folder: &Path, see: &mut impl FnMut(&[u8])) -> Result<(), Box<dyn Error>> {
    let mut entries: Vec<_> = fs::read_dir(folder)?.collect::<Result<_, _>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let (path, kind) = (entry.path(), entry.file_type()?);
        // Texts without an extension are licences and the like.
        let extension = path.extension().map_or("txt".into(), |ending| ending.to_string_lossy());
        if kind.is_dir() {
            read_folder(&path, see)?;
        } else if kind.is_file()
            && TEXTS.contains(&&*extension)
            && entry.metadata()?.len() <= LONGEST_FILE
        {
            see(&fs::read(&path)?);
        }
    }
    Ok(())
}

/// The lines of a text that a person may have written.
pub(crate) fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|&byte| byte == b'\n').filter(|line| line.len() <= LONGEST_LINE)
}

fn read_text(text: &[u8], words: &mut Words) {
    let between = |byte: &u8| byte.is_ascii_whitespace() || b"\"'`()[]{}<>;,=".contains(byte);
    for line in lines(text) {
        for word in line.split(between) {
            let letters = word.iter().filter(|byte| byte.is_ascii_alphabetic()).count();
            if letters >= 2 && word.len() <= LONGEST_WORD && !is_data(word) {
                *words.entry(word.to_vec()).or_default() += 1;
            }
        }
    }
}

/// Digests, base64 and the like, which the model must not learn.
fn is_data(word: &[u8]) -> bool {
    word.split(|byte| !byte.is_ascii_alphanumeric()).any(|run| {
        let digits = run.iter().filter(|byte| byte.is_ascii_digit()).count();
        let kind = |byte: u8| (byte.is_ascii_digit(), byte.is_ascii_uppercase());
        let changes = run.windows(2).filter(|pair| kind(pair[0]) != kind(pair[1])).count();
        run.len() >= 10 && (digits >= 2 || changes * 3 >= run.len()) && changes * 5 >= run.len()
    }) || (word.len() >= 24 && word.iter().any(u8::is_ascii_digit) && word.ends_with(b"="))
}
