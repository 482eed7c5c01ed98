//! Secrets in encodings and archives, as a commit brings them.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::support::secret::{github_token, line};
use crate::support::{Repo, blocks, matrix, passes};

fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

fn gzip(content: &str) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(content.as_bytes()).expect("a Vec takes all");
    packed.finish().expect("a Vec takes all")
}

matrix! {
    in_hex: |repo| { repo.stage("a.yaml", format!("key: {}\n", hex(&line(1)))); } => blocks(["a.yaml"]);
    behind_an_escaped_line_end: |repo| {
        repo.stage("a.json", format!(r#"{{"log": "first\n{}"}}"#, github_token(1)));
    } => blocks(["a.json"]);
    in_a_compressed_file: |repo| { repo.stage("a.sql.gz", gzip(&line(1))); } => blocks(["a.sql.gz"]);
    in_a_compressed_file_as_before: |repo| {
        repo.stage("a.sql.gz", gzip(&line(1))).commit();
        repo.stage("a.sql.gz", gzip(&format!("{}more\n", line(1))));
    } => passes();
    unpacked_from_what_was_committed: |repo| {
        repo.stage("a.sql.gz", gzip(&line(1))).commit();
        repo.git(&["rm", "-q", "a.sql.gz"]);
        repo.stage("a.sql", line(1));
    } => passes();
    nothing_in_a_compressed_file: |repo| { repo.stage("a.gz", gzip("plain text\n")); } => passes();
}

#[test]
fn an_archive_that_is_damaged_is_counted_and_does_not_block() {
    let repo = Repo::new();
    let whole = gzip(&"some text that goes on\n".repeat(2000));
    repo.stage("a.gz", &whole[..whole.len() - 9]);
    let scan = repo.staged();
    scan.assert(&passes());
    assert_eq!((scan.count("damaged_archive"), scan.count("scanned")), (1, 1));
}

#[test]
fn the_place_leads_into_the_archive() {
    let repo = Repo::new();
    repo.stage("backup/a.sql.gz", gzip(&format!("first line\n{}", line(1))));
    let scan = repo.staged();
    let places: Vec<_> = scan.findings().map(|finding| &finding["location"]).collect();
    assert_eq!(places.len(), 1);
    assert_eq!(places[0]["line"], 2);
    assert_eq!(places[0]["inside"][0]["path"], "a.sql");
    assert_eq!(places[0]["decoded"][0], "gzip");
}
