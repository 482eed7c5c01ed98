//! Objects that no git would write.

use std::fs::{self, File};
use std::io::{BufWriter, Write};

use flate2::Compression;
use flate2::write::ZlibEncoder;

use super::Repo;

/// Writes a loose object under an id of our choice, whatever is in it. The first bytes should be
/// those of [`loose_header`].
pub(crate) fn write_loose(repo: &Repo, id: &str, write: impl FnOnce(&mut dyn Write)) {
    let folder = repo.path(".git/objects").join(&id[..2]);
    fs::create_dir_all(&folder).expect("a folder");
    let path = folder.join(&id[2..]);
    let _ = fs::remove_file(&path);
    let file = BufWriter::new(File::create(path).expect("a file"));
    let mut out = ZlibEncoder::new(file, Compression::fast());
    write(&mut out);
    out.finish().and_then(|mut file| file.flush()).expect("it is written");
}

/// What an object begins with.
pub(crate) fn loose_header(size: u64) -> Vec<u8> {
    format!("blob {size}\0").into_bytes()
}

/// A line of a tree object, its id given in hexadecimal.
pub(crate) fn tree_line(mode: &str, name: &[u8], id: &str) -> Vec<u8> {
    let digits = id.as_bytes().chunks(2);
    let id = digits.map(|two| {
        let two = std::str::from_utf8(two).expect("hexadecimal digits");
        u8::from_str_radix(two, 16).expect("hexadecimal digits")
    });
    [mode.as_bytes(), b" ", name, b"\0"].concat().into_iter().chain(id).collect()
}
