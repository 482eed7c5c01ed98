//! Content as it comes: encodings, attributes and filters that hide it from `git diff`, sizes.

use crate::support::secret::{github_token, line};
use crate::support::{Repo, blocks, matrix, passes};

fn utf16(text: &str, to_bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(to_bytes).collect()
}

/// A configuration value and an attribute that takes it up.
fn with_driver(repo: &Repo, settings: &[(&str, &str)], attribute: &str) {
    for (name, value) in settings {
        repo.git(&["config", name, value]);
    }
    repo.stage(".gitattributes", format!("* {attribute}\n")).commit();
}

fn utf32(text: &str, bytes: fn(u32) -> [u8; 4]) -> Vec<u8> {
    text.chars().flat_map(|letter| bytes(letter.into())).collect()
}

matrix! {
    // Encodings.
    utf16le_with_mark: |repo| {
        repo.stage("a.ps1", utf16(&format!("\u{feff}{}", line(1)), u16::to_le_bytes));
    } => blocks(["a.ps1"]);
    utf16be_with_mark: |repo| {
        repo.stage("a.ps1", utf16(&format!("\u{feff}{}", line(1)), u16::to_be_bytes));
    } => blocks(["a.ps1"]);
    utf16le_without_mark: |repo| { repo.stage("a", utf16(&line(1), u16::to_le_bytes)); } => blocks(["a"]);
    utf16be_without_mark: |repo| { repo.stage("a", utf16(&line(1), u16::to_be_bytes)); } => blocks(["a"]);
    utf32le_without_mark: |repo| { repo.stage("a", utf32(&line(1), u32::to_le_bytes)); } => blocks(["a"]);
    utf32be_without_mark: |repo| { repo.stage("a", utf32(&line(1), u32::to_be_bytes)); } => blocks(["a"]);
    utf16_behind_what_looks_like_utf32: |repo| {
        let numbers = utf32(&"harmless".repeat(600), u32::to_le_bytes);
        repo.stage("a", [numbers, utf16(&line(1), u16::to_be_bytes)].concat());
    } => blocks(["a"]);
    utf8_with_mark: |repo| { repo.stage("a", format!("\u{feff}{}", line(1))); } => blocks(["a"]);
    wide_string_in_a_binary: |repo| {
        let wide = utf16(&format!("\0{}\0", line(1)), u16::to_le_bytes);
        repo.stage("a.exe", [b"MZ\x90\0\x03\0\0\0\xff\xff\x01\x02\x03".repeat(700), wide].concat());
    } => blocks(["a.exe"]);
    latin1: |repo| { repo.stage("a", [b"caf\xe9 ", line(1).as_bytes()].concat()); } => blocks(["a"]);
    nul_first: |repo| { repo.stage("a", format!("\0{}", line(1))); } => blocks(["a"]);
    nul_everywhere: |repo| { repo.stage("a", format!("\0\0x\0{}\0\0y", line(1))); } => blocks(["a"]);
    nul_around: |repo| { repo.stage("a", format!("\0{}\0", github_token(1))); } => blocks(["a"]);
    old_mac_line_ends: |repo| { repo.stage("a", format!("one\r{}\rtwo", line(1))); } => blocks(["a"]);
    windows_line_ends: |repo| { repo.stage("a", format!("one\r\n{}\r\n", line(1))); } => blocks(["a"]);
    no_line_end: |repo| { repo.stage("a", github_token(1)); } => blocks(["a"]);
    between_control_characters: |repo| {
        repo.stage("a", format!("\u{1b}\u{7}{}\u{8}\u{1b}", github_token(1)));
    } => blocks(["a"]);

    // What hides it from git diff.
    not_to_be_diffed: |repo| { with_driver(repo, &[], "-diff"); repo.stage("a", line(1)); } => blocks(["a"]);
    declared_binary: |repo| { with_driver(repo, &[], "binary"); repo.stage("a", line(1)); } => blocks(["a"]);
    not_to_be_diffed_by_local_attributes: |repo| {
        repo.write(".git/info/attributes", "* -diff\n").stage("a", line(1));
    } => blocks(["a"]);
    not_to_be_diffed_by_global_attributes: |repo| {
        std::fs::write(repo.beside("home/attributes"), "* -diff\n").expect("a file");
        repo.git(&["config", "core.attributesFile", &repo.beside("home/attributes").display().to_string()]);
        repo.stage("a", line(1));
    } => blocks(["a"]);
    shown_by_a_textconv: |repo| {
        with_driver(repo, &[("diff.own.textconv", "true"), ("diff.own.cachetextconv", "true")], "diff=own");
        repo.stage("a", line(1));
    } => blocks(["a"]);
    shown_by_a_diff_program: |repo| {
        with_driver(repo, &[("diff.own.command", "true"), ("diff.external", "true")], "diff=own");
        repo.stage("a", line(1));
    } => blocks(["a"]);
    not_exported: |repo| {
        with_driver(repo, &[], "export-ignore linguist-generated");
        repo.stage("a", line(1));
    } => blocks(["a"]);
    the_index_has_it_unfiltered: |repo| {
        with_driver(repo, &[("filter.own.clean", "tr a b"), ("filter.own.smudge", "cat")], "filter=own");
        repo.stage_unseen("100644", "a", line(1));
    } => blocks(["a"]);
    the_filter_takes_it_out: |repo| {
        with_driver(repo, &[("filter.own.clean", "sed /token/d"), ("filter.own.smudge", "cat")], "filter=own");
        repo.stage("a", line(1));
    } => passes();
    another_encoding_in_the_work_tree: |repo| {
        repo.stage(".gitattributes", "a working-tree-encoding=UTF-16LE\n");
        repo.stage("a", utf16(&line(1), u16::to_le_bytes));
    } => blocks(["a"]);
    line_ends_converted: |repo| {
        repo.git(&["config", "core.autocrlf", "true"]);
        repo.stage("a", line(1).replace('\n', "\r\n"));
    } => blocks(["a"]);
    old_secret_with_line_ends_normalised: |repo| {
        repo.stage("a", line(1).replace('\n', "\r\n")).commit();
        repo.stage(".gitattributes", "* text=auto\n").git(&["add", "--renormalize", "."]);
    } => passes();

    // Places that others leave out.
    in_a_lock_file: |repo| { repo.stage("package-lock.json", json(1)); } => blocks(["package-lock.json"]);
    in_a_vendor_folder: |repo| {
        repo.stage("vendor/github.com/x/y.go", line(1));
    } => blocks(["vendor/github.com/x/y.go"]);
    in_node_modules: |repo| { repo.stage("node_modules/x/y.js", line(1)); } => blocks(["node_modules/x/y.js"]);
    in_a_test_folder: |repo| { repo.stage("tests/a.py", line(1)); } => blocks(["tests/a.py"]);
    in_a_minified_file: |repo| { repo.stage("dist/a.min.js", line(1)); } => blocks(["dist/a.min.js"]);
    in_an_image: |repo| {
        repo.stage("a.png", [b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", line(1).as_bytes()].concat());
    } => blocks(["a.png"]);
    in_a_word_of_the_allowing_kind: |repo| {
        // A token may hold any letters, also these.
        repo.stage("a", format!("false null example {}", line(1)));
    } => blocks(["a"]);
    in_a_comment: |repo| { repo.stage("a.py", format!("# {}", line(1))); } => blocks(["a.py"]);
    in_a_deep_folder: |repo| {
        let path = format!("{}a", "d/".repeat(300));
        repo.stage_unseen("100644", &path, line(1));
    } => blocks([&*format!("{}a", "d/".repeat(300))]);

    // Sizes.
    one_line_of_two_megabytes: |repo| {
        let noise = "function(a,b){return a+b};".repeat(40_000);
        repo.stage("a.js", format!("{noise}var t=\"{}\";{noise}", github_token(1)));
    } => blocks(["a.js"]);
    one_line_of_two_megabytes_without_a_secret: |repo| {
        repo.stage("a.js", "function(a,b){return a+b};".repeat(80_000));
    } => passes();
    large_with_a_secret_at_the_end: |repo| {
        repo.stage("a", "some words in a row\n".repeat(900_000) + &github_token(1));
    } => blocks(["a"]);
}

fn json(seed: u64) -> String {
    format!("{{\"lockfileVersion\": 3, \"token\": \"{}\"}}\n", github_token(seed))
}

/// Wherever a large file is cut for reading, no secret is cut with it: loose, packed, from a file,
/// from a pipe.
#[test]
fn secrets_all_over_a_file_of_forty_megabytes() {
    const EACH: usize = 60_007;
    const COUNT: usize = 700;
    let mut content = Vec::with_capacity(EACH * COUNT);
    for seed in 0..COUNT {
        content.extend_from_slice(line(seed as u64).as_bytes());
        content.resize((seed + 1) * EACH - 1, b' ');
        content.push(b'\n');
    }
    let repo = Repo::new();
    repo.stage("large", &content);
    let found = |args: &[&str], input: &[u8]| {
        let mut leakgate = repo.sandbox.leakgate(&repo.root);
        let run = crate::support::Run::of(leakgate.args(args).args(["--format", "json"]), input);
        let report = run.assert_fit_for_a_screen().assert_code(1).json();
        let starts = report["findings"].as_array().expect("a list").iter();
        let starts =
            starts.map(|finding| finding["location"]["start_byte"].as_u64().expect("a number"));
        starts.collect::<Vec<_>>()
    };
    let expected: Vec<u64> = (0..COUNT).map(|seed| (seed * EACH + 9) as u64).collect();
    assert_eq!(found(&["staged"], b""), expected);
    repo.git(&["repack", "-q", "-a", "-d"]);
    assert_eq!(found(&["staged"], b""), expected);
    assert_eq!(found(&["files", "large"], b""), expected);
    assert_eq!(found(&["stdin"], &content), expected);
}

/// A change of a large file brings only what it adds.
#[test]
fn a_line_added_to_a_large_file() {
    let repo = Repo::new();
    let text = line(1) + &"some words in a row\n".repeat(900_000);
    repo.stage("a", &text).commit();
    repo.stage("a", text.clone() + "more\n");
    repo.staged().assert(&passes());
    repo.stage("a", text + &line(2));
    let scan = repo.staged();
    scan.assert(&blocks(["a"]));
    assert_eq!((scan.count("blocking"), scan.count("already_committed")), (1, 1));
}

/// The encoding is told, so that the place can be found.
#[test]
fn the_place_is_in_the_decoded_text() {
    let repo = Repo::new();
    repo.stage("a", utf16(&format!("\u{feff}first\n{}", line(1)), u16::to_le_bytes));
    let scan = repo.staged();
    let location = &scan.findings().next().expect("a finding")["location"];
    assert_eq!((&location["line"], &location["column"]), (&2.into(), &10.into()));
    assert_eq!(location["decoded"], serde_json::json!(["utf-16le"]));
}
