//! Secrets inside archives and compressed files, and archives that cannot be opened whole.

mod support;

use std::io::{Cursor, Write as _};

use flate2::Compression;
use flate2::write::GzEncoder;
use leakgate_model::{Confidence, Finding, Skip};
use leakgate_secrets::{RuleSet, Scanned, Scratch};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use support::token;

fn scan(name: &str, content: &[u8]) -> Scanned {
    let (rules, mut scratch) = (RuleSet::default(), Scratch::default());
    let whole = rules.scan_file(name.as_bytes(), content, &mut scratch);
    let mut stream = Cursor::new(content);
    let streamed = rules
        .scan_file_stream(name.as_bytes(), &mut stream, &mut scratch)
        .expect("a slice can be read");
    assert_eq!(whole.findings, streamed.findings);
    assert_eq!((whole.bytes, &whole.skipped), (streamed.bytes, &streamed.skipped));
    whole
}

fn text() -> Vec<u8> {
    format!("first line\ntoken: {}\n", token()).into_bytes()
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(content).expect("a Vec takes all");
    packed.finish().expect("a Vec takes all")
}

fn bzip2(content: &[u8]) -> Vec<u8> {
    let mut packed = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::default());
    packed.write_all(content).expect("a Vec takes all");
    packed.finish().expect("a Vec takes all")
}

fn zstd(content: &[u8]) -> Vec<u8> {
    let level = ruzstd::encoding::CompressionLevel::Fastest;
    ruzstd::encoding::compress_to_vec(content, level)
}

fn xz(content: &[u8]) -> Vec<u8> {
    let mut packed = lzma_rust2::XzWriter::new(Vec::new(), lzma_rust2::XzOptions::default())
        .expect("the options are the default");
    packed.write_all(content).expect("a Vec takes all");
    packed.finish().expect("a Vec takes all")
}

fn lzma(content: &[u8]) -> Vec<u8> {
    let options = lzma_rust2::LzmaOptions::default();
    let mut packed = lzma_rust2::LzmaWriter::new_use_header(Vec::new(), &options, None)
        .expect("the options are the default");
    packed.write_all(content).expect("a Vec takes all");
    packed.finish().expect("a Vec takes all")
}

fn deb(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = b"!<arch>\n".to_vec();
    let version: (&str, &[u8]) = ("debian-binary", b"2.0\n");
    for (name, content) in std::iter::once(&version).chain(files) {
        let size = content.len();
        writeln!(archive, "{name:<16}{:<12}{:<6}{:<6}{:<8}{size:<10}`", 0, 0, 0, 100_644)
            .expect("a Vec takes all");
        archive.extend_from_slice(content);
        archive.resize(archive.len().next_multiple_of(2), b'\n');
    }
    archive
}

/// A header as it was before there were magic numbers.
fn old_tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (name, content) in files {
        let mut header = tar::Header::new_old();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, name, *content).expect("a Vec takes all");
    }
    archive.into_inner().expect("a Vec takes all")
}

fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (name, content) in files {
        let mut header = tar::Header::new_ustar();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, name, *content).expect("a Vec takes all");
    }
    archive.into_inner().expect("a Vec takes all")
}

fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        archive.start_file(*name, SimpleFileOptions::default()).expect("a Vec takes all");
        archive.write_all(content).expect("a Vec takes all");
    }
    archive.finish().expect("a Vec takes all").into_inner()
}

/// The place of the only finding: how it was decoded, the files inside, the line.
fn place(findings: &[Finding]) -> (Vec<&'static str>, Vec<String>, u64) {
    let [one] = findings else { panic!("{findings:?}") };
    assert_eq!(one.confidence, Confidence::Certain);
    let place = one.place.as_ref().expect("it stands in text");
    let inside = place.inside.iter().map(ToString::to_string).collect();
    (place.decoded.clone(), inside, place.line)
}

#[test]
fn each_format_is_opened() {
    let text = text();
    let files: [(&str, &[u8]); 2] = [("README", b"nothing here"), ("etc/app.conf", &text)];
    let inner = zip(&files);
    for (name, content, how, inside) in [
        ("a.conf.gz", gzip(&text), vec!["gzip"], vec!["a.conf"]),
        ("a.conf.gz", [gzip(b"one\n"), gzip(&text)].concat(), vec!["gzip"], vec!["a.conf"]),
        ("d/a.conf.bz2", bzip2(&text), vec!["bzip2"], vec!["a.conf"]),
        ("a.conf.xz", xz(&text), vec!["xz"], vec!["a.conf"]),
        ("a.conf.zst", zstd(&text), vec!["zstd"], vec!["a.conf"]),
        ("a.conf.zst", [zstd(b"one\n"), zstd(&text)].concat(), vec!["zstd"], vec!["a.conf"]),
        ("a.tar", tar(&files), vec!["tar"], vec!["etc/app.conf"]),
        ("a.jar", zip(&files), vec!["zip"], vec!["etc/app.conf"]),
        ("a.tgz", gzip(&tar(&files)), vec!["gzip", "tar"], vec!["etc/app.conf"]),
        (
            "a.tar.xz",
            xz(&tar(&[("lib/b.whl", &inner)])),
            vec!["xz", "tar", "zip"],
            vec!["lib/b.whl", "etc/app.conf"],
        ),
        ("a.conf.lzma", lzma(&text), vec!["lzma"], vec!["a.conf"]),
        (
            "a.tar",
            old_tar(&[("a.conf.gz", &gzip(&text))]),
            vec!["tar", "gzip"],
            vec!["a.conf.gz", "a.conf"],
        ),
        (
            "a.tgz",
            gzip(&[tar(&files[..1]), tar(&files)].concat()),
            vec!["gzip", "tar"],
            vec!["etc/app.conf"],
        ),
        (
            "a.deb",
            deb(&[
                ("control.tar.gz", &gzip(&tar(&files[..1]))),
                ("data.tar.xz", &xz(&tar(&files))),
            ]),
            vec!["deb", "xz", "tar"],
            vec!["data.tar.xz", "etc/app.conf"],
        ),
    ] {
        let scanned = scan(name, &content);
        let inside = inside.into_iter().map(str::to_owned).collect::<Vec<_>>();
        let (found_how, found_inside, line) = place(&scanned.findings);
        assert_eq!((found_how, found_inside), (how, inside), "{name}");
        assert!((2..=3).contains(&line) && scanned.skipped.is_empty(), "{name}: {scanned:?}");
    }
}

/// As `python -m zipapp` writes them, and what unpacks itself.
#[test]
fn a_zip_behind_a_program_is_opened() {
    let (rules, mut scratch) = (RuleSet::default(), Scratch::default());
    let text = [&text()[..], &vec![b'x'; 1000]].concat();
    let inner = zip(&[("app/main.py", &text)]);
    let none = zip(&[]);
    let script = b"#!/usr/bin/env python3\n".repeat(30);
    for start in [script, [b"MZ", &[0; 5000][..]].concat(), none.repeat(30)] {
        let content = [&start[..], &inner].concat();
        let scanned = rules.scan_file(b"a", &content, &mut scratch);
        assert_eq!(place(&scanned.findings).1, ["app/main.py"]);
        assert!(scanned.skipped.is_empty(), "{scanned:?}");
        // Of what is too large to hold, the end tells that something was not looked at.
        let streamed = rules.scan_file_stream(b"a", &mut &content[..], &mut scratch);
        let skipped = streamed.expect("a slice can be read").skipped;
        assert_eq!(skipped.iter().collect::<Vec<_>>(), [&Skip::ArchiveLimit]);
    }
    for start in [&b""[..], b"#!/bin/sh\n"] {
        let content = [start, &zip(&[])].concat();
        assert!(rules.scan_file(b"a", &content, &mut scratch).skipped.is_empty());
    }
}

#[test]
fn what_a_link_in_an_archive_leads_to_is_a_text() {
    let mut archive = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::Symlink);
    header.set_size(0);
    archive.append_link(&mut header, "link", format!("x/{}", token())).expect("a Vec takes all");
    let archive = gzip(&archive.into_inner().expect("a Vec takes all"));
    assert_eq!(scan("a.tgz", &archive).findings.len(), 1);
}

/// What has content is looked at, whatever its header says it is.
#[test]
fn members_of_each_type_are_opened() {
    let text = text();
    for kind in [b'0', b'7', b'2', b'5', b'S', b'Z'] {
        let mut header = tar::Header::new_gnu();
        header.set_path("a").expect("it is short");
        header.set_entry_type(tar::EntryType::new(kind));
        header.set_size(text.len() as u64);
        let gnu = header.as_gnu_mut().expect("it is one of GNU");
        // A hole of a block before the text.
        let hole = if kind == b'S' { 512 } else { 0 };
        gnu.set_real_size(hole + text.len() as u64);
        if kind == b'S' {
            gnu.sparse[0].offset = *b"00000001000\0";
            gnu.sparse[0].numbytes.copy_from_slice(format!("{:011o}\0", text.len()).as_bytes());
        }
        header.set_cksum();
        let mut archive = tar::Builder::new(Vec::new());
        archive.append(&header, &text[..]).expect("a Vec takes all");
        let archive = gzip(&archive.into_inner().expect("a Vec takes all"));
        let scanned = scan("a.tgz", &archive);
        assert_eq!(scanned.findings.len(), 1, "{}", char::from(kind));
        assert!(scanned.skipped.is_empty(), "{}", char::from(kind));
    }
}

#[test]
fn links_and_folders_of_a_zip_are_opened() {
    let options = SimpleFileOptions::default();
    let empty = || ZipWriter::new(Cursor::new(Vec::new()));
    let mut link = empty();
    link.add_symlink("link", format!("x/{}", token()), options).expect("a Vec takes all");
    // A file whose name says that it is a folder.
    let mut folder = empty();
    folder.start_file("folder/", options).expect("a Vec takes all");
    folder.write_all(&text()).expect("a Vec takes all");
    let mut name = empty();
    name.add_directory(token(), options).expect("a Vec takes all");
    for archive in [link, folder, name] {
        let archive = archive.finish().expect("a Vec takes all").into_inner();
        assert_eq!(scan("a.zip", &gzip(&archive)).findings.len(), 1);
    }
}

/// Who unpacks it gets one of them, and which, depends on the program.
#[test]
fn two_files_of_one_name_in_a_zip_are_told() {
    let mut archive = zip(&[("a", &text()), ("b", b"nothing")]);
    for at in 1..archive.len() - 1 {
        if archive[at] == b'b' && archive[at - 1] <= 1 {
            archive[at] = b'a';
        }
    }
    let skipped = scan("a.zip", &gzip(&archive)).skipped;
    assert_eq!(skipped.into_iter().collect::<Vec<_>>(), [Skip::DamagedArchive]);
}

#[test]
fn what_is_not_opened_is_told() {
    let text = text();
    let whole = gzip(&[&text[..], &vec![b'x'; 100_000]].concat());
    let cut = &whole[..whole.len() - 20];
    let bomb = gzip(&vec![0; 300 << 20]);
    let deep = (0..10).fold(text, |inner, _| zip(&[("a.zip", &inner)]));
    let mut locked = ZipWriter::new(Cursor::new(Vec::new()));
    locked.start_file("a", SimpleFileOptions::default()).expect("a Vec takes all");
    let mut locked = locked.finish().expect("a Vec takes all").into_inner();
    // Bit 0 of the flags says that the file is encrypted: at 6 in its header, at 8 in the list.
    let list = locked.windows(4).position(|four| four == b"PK\x01\x02").expect("it has a list");
    locked[6] |= 1;
    locked[list + 8] |= 1;
    for (name, content, skip) in [
        ("a cut one", cut, Skip::DamagedArchive),
        ("no zip", b"PK\x03\x04 and nothing more", Skip::DamagedArchive),
        ("a bomb", &bomb, Skip::ArchiveLimit),
        ("a deep one", &deep, Skip::ArchiveLimit),
        ("a locked one", &locked, Skip::EncryptedArchive),
        ("an unknown one", b"7z\xbc\xaf\x27\x1c and more", Skip::UnknownArchive),
        ("a package", b"\xed\xab\xee\xdb\x03\0 and more", Skip::UnknownArchive),
        ("an old one", b"\x1f\x9d\x90 and more", Skip::UnknownArchive),
        ("a bundle", b"# v2 git bundle\nPACK", Skip::UnknownArchive),
        ("no lzma", &[&b"]\0\0\x80\0"[..], &[0xff; 40]].concat(), Skip::DamagedArchive),
    ] {
        let scanned = scan("a", content);
        assert_eq!(scanned.skipped.iter().collect::<Vec<_>>(), [&skip], "{name}");
    }
    // What comes before the damage is seen.
    assert_eq!(place(&scan("a.gz", cut).findings).2, 2);
}

#[test]
fn a_damaged_decoder_is_not_asked_again() {
    // Too short to be compressed, so its end can be found. A chunk that goes on with what there is
    // not takes the place of the end; asked again, the decoder would wait for it forever.
    let packed = xz(b"short");
    let text = packed.windows(5).position(|five| five == b"short").expect("it is stored");
    let mut damaged = packed;
    damaged[text + 5] = 0x88;
    for content in [damaged.clone(), zip(&[("a.xz", &damaged)]), gzip(&damaged)] {
        let skipped = scan("a.xz", &content).skipped;
        assert_eq!(skipped.iter().collect::<Vec<_>>(), [&Skip::DamagedArchive]);
    }
}

#[test]
fn what_is_stored_as_it_is_is_told_once() {
    let (text, token) = (text(), token());
    place(&scan("a.tar", &tar(&[("a", &text)])).findings);
    let named = scan("a.tar", &tar(&[(&format!("{token}.txt"), &text)]));
    assert_eq!(named.findings.len(), 2);
    for finding in &named.findings {
        let inside = finding.place.iter().flat_map(|place| &place.inside);
        assert!(inside.into_iter().all(|name| !name.to_string().contains(&token)), "{finding:?}");
    }
}

#[test]
fn what_held_nothing_is_looked_at_again_under_another_name_or_other_rules() {
    // In a program this assigns a variable.
    let value = ["db_password=", "violet", "lantern\n"].concat();
    let text = format!("see {}\n", token()).into_bytes();
    let plain: (&str, &[u8]) = ("src/a.c", value.as_bytes());
    let (rules, mut scratch) = (RuleSet::default(), Scratch::default());
    let found = |rules: &RuleSet, scratch: &mut Scratch, files: &[(&str, &[u8])]| {
        rules.scan_file(b"a.zip", &zip(files), scratch).findings.len()
    };
    assert_eq!(found(&rules, &mut scratch, &[plain]), 0);
    assert_eq!(found(&rules, &mut scratch, &[plain, ("etc/.env", plain.1)]), 1);
    let few = rules.only(&[]);
    assert_eq!(found(&few, &mut scratch, &[("a.txt", &text)]), 0);
    assert_eq!(found(&rules, &mut scratch, &[plain, ("a.txt", &text)]), 1);
    assert_eq!(found(&rules, &mut scratch, &[plain, ("a.txt", &text)]), 1);
}
