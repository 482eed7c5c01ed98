//! The engine as its users see it: the built-in rules, encodings, what is compiled and what not.

mod support;

use std::path::Path;

use leakgate_model::{Confidence, Finding};
use leakgate_secrets::{RuleSet, Scratch, check_dir};

use support::token;

fn scan(content: &[u8]) -> Vec<Finding> {
    RuleSet::default().scan(b"a.txt", content, &mut Scratch::default())
}

fn utf16le(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

#[test]
fn every_example_has_its_finding_and_no_counter_example_has_one() {
    let patterns = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../patterns");
    let checked = check_dir(&patterns).expect("the rule files are of the form");
    assert!(checked.rules > 500, "only {} rules", checked.rules);
    assert_eq!(checked.faults, Vec::<String>::new());
}

#[test]
fn a_checksum_makes_certain() {
    let found = scan(format!("key = {}", token()).as_bytes());
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].confidence, Confidence::Certain);
    assert_eq!(found[0].reasons, ["checksum valid"]);
}

#[test]
fn a_wrong_checksum_is_a_placeholder() {
    let mut wrong = token();
    let last = if wrong.ends_with('0') { '1' } else { '0' };
    wrong.pop();
    wrong.push(last);
    assert!(scan(wrong.as_bytes()).is_empty());
}

#[test]
fn nothing_hides_behind_an_encoding() {
    let token = token();
    let plain = format!("t = {token}\n");
    let cases: [(&str, Vec<u8>); 8] = [
        ("plain", plain.clone().into_bytes()),
        ("a leading NUL", [b"\0", plain.as_bytes()].concat()),
        ("UTF-16 with a mark", [vec![0xff, 0xfe], utf16le(&plain)].concat()),
        ("UTF-16 without a mark", utf16le(&plain.repeat(4))),
        ("a mark that lies", [b"\xff\xfe", plain.as_bytes()].concat()),
        (
            "ASCII behind UTF-16",
            [utf16le(&"words ".repeat(2000)), plain.clone().into_bytes()].concat(),
        ),
        (
            "a wide string in a binary",
            [b"\x7fELF\x01\0\0\x90".to_vec(), utf16le(&token), vec![0x90; 9]].concat(),
        ),
        ("colour codes", format!("t=\u{1b}[8m{token}\u{1b}[0m").into_bytes()),
    ];
    for (name, content) in cases {
        let found = scan(&content);
        assert!(found.iter().any(|one| one.confidence == Confidence::Certain), "{name}: {found:?}");
    }
}

#[test]
fn what_is_shown_of_a_line_holds_no_secret() {
    let token = token();
    let parts = ["k3J9zQ", "1xW8v"];
    let password = parts.concat();
    let text = format!("a = \"{token}\"; b = \"{token}\"; password = \"{password}\"");
    for finding in scan(text.as_bytes()) {
        let excerpt = finding.excerpt.expect("a finding in text has an excerpt");
        assert!(
            !excerpt.text.contains(&token[8..16]) && !excerpt.text.contains("J9zQ"),
            "{excerpt:?}"
        );
    }
}

#[test]
fn no_regex_is_compiled_whose_anchor_is_not_hit() {
    let rules = RuleSet::default();
    let text = "fn main() { println!(\"a plain program that says hello\"); }\n".repeat(50);
    assert!(rules.scan(b"main.rs", text.as_bytes(), &mut Scratch::default()).is_empty());
    assert_eq!(rules.compiled(), 0);
}

#[test]
fn hostile_bytes_do_no_harm() {
    let mut scratch = Scratch::default();
    let rules = RuleSet::default();
    let mut state = 7_u64;
    for len in 0..200 {
        let bytes: Vec<u8> = (0..len)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                (state >> 56) as u8
            })
            .collect();
        for prefix in [
            "password='",
            "-----BEGIN PRIVATE KEY-----",
            "https://a:",
            "\u{1b}[",
            "eyJ",
            "token=\"",
        ] {
            rules.scan(b"x.py", &[prefix.as_bytes(), &bytes].concat(), &mut scratch);
        }
    }
}
