//! Archives of hostile bytes: bounded, the same in pieces as whole, and what was not opened is told.

use std::io::{Cursor, Read, Write};
use std::time::{Duration, Instant};

use flate2::Compression;
use leakgate_model::Finding;
use leakgate_secrets::{Scanned, Scratch};
use zip::write::SimpleFileOptions;

use crate::content::nothing_is_shown;
use crate::rules;

/// The most that one may take, in a build that is ten times slower than what is installed.
const MOST: Duration = Duration::from_secs(10);

/// A layer around bytes, by the number that stands before them.
const LAYERS: [fn(&[u8]) -> Vec<u8>; 8] =
    [bare, gzip, bzip2, xz, zstd, tar, zip_stored, zip_deflated];

/// Each layer around each, with a password in the middle; all but the innermost are made when it is
/// run, so that what is inside of them can be changed.
pub fn seeds() -> Vec<Vec<u8>> {
    let text = ["db_pass", "word = 'Wq7-tange", "rine-4411'\n"].concat();
    let mut seeds = Vec::new();
    for (number, layer) in LAYERS.iter().enumerate() {
        for outer in 0..LAYERS.len() as u8 {
            seeds.push([&[outer, 0][..], &layer(text.as_bytes())].concat());
            seeds.push([&[outer, number as u8][..], text.as_bytes()].concat());
        }
        for inner in LAYERS {
            seeds.push([&[0, 0][..], &layer(&inner(text.as_bytes()))].concat());
        }
    }
    seeds
}

/// Two bytes say what is put around the rest.
pub fn run(data: &[u8]) {
    let [outer, inner, rest @ ..] = data else { return };
    let layer = |number: &u8| LAYERS[usize::from(*number) % LAYERS.len()];
    let content = layer(outer)(&layer(inner)(rest));
    let start = Instant::now();
    let mut scratch = Scratch::default();
    let whole = rules().scan_file(b"a.bin", &content, &mut scratch);
    let took = start.elapsed();
    assert!(took < MOST, "{} bytes took {took:?}", content.len());
    // What is found in one file says nothing of another.
    let file = |one: &Finding| one.place.as_ref().map(|place| place.inside.clone());
    let groups = whole.findings.chunk_by(|a, b| file(a) == file(b));
    groups.for_each(nothing_is_shown);
    assert_eq!(whole.bytes, content.len() as u64);
    let pieces = rules()
        .scan_file_stream(b"a.bin", &mut &content[..], &mut scratch)
        .expect("a slice can be read");
    assert_eq!(told(&pieces), told(&whole));
}

fn told(scanned: &Scanned) -> impl PartialEq + std::fmt::Debug {
    let told = |one: &Finding| (one.rule.clone(), one.place.clone(), one.secret.clone());
    let findings: Vec<_> = scanned.findings.iter().map(told).collect();
    (findings, scanned.bytes, scanned.skipped.clone())
}

fn bare(content: &[u8]) -> Vec<u8> {
    content.to_vec()
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), Compression::fast());
    out.write_all(content).and_then(|()| out.finish()).expect("memory can be written")
}

fn bzip2(content: &[u8]) -> Vec<u8> {
    let mut packed = Vec::new();
    bzip2::read::BzEncoder::new(content, bzip2::Compression::fast())
        .read_to_end(&mut packed)
        .expect("memory can be read");
    packed
}

fn xz(content: &[u8]) -> Vec<u8> {
    let options = lzma_rust2::XzOptions::with_preset(0);
    let mut out = lzma_rust2::XzWriter::new(Vec::new(), options).expect("the preset is known");
    out.write_all(content).expect("memory can be written");
    out.finish().expect("memory can be written")
}

fn zstd(content: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(content, ruzstd::encoding::CompressionLevel::Fastest)
}

fn tar(content: &[u8]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for name in ["a.env", "b/c.bin"] {
        let mut header = tar::Header::new_ustar();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, name, content).expect("memory can be written");
    }
    archive.into_inner().expect("memory can be written")
}

fn zip_stored(content: &[u8]) -> Vec<u8> {
    zip(content, zip::CompressionMethod::Stored)
}

fn zip_deflated(content: &[u8]) -> Vec<u8> {
    zip(content, zip::CompressionMethod::Deflated)
}

fn zip(content: &[u8], how: zip::CompressionMethod) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(how);
    archive.start_file("a.env", options).expect("memory can be written");
    archive.write_all(content).expect("memory can be written");
    archive.finish().expect("memory can be written").into_inner()
}
