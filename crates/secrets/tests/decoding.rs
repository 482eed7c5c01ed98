//! Secrets that stand encoded: what is found, where it is told, and what is left alone.

mod support;

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use flate2::Compression;
use flate2::write::GzEncoder;
use leakgate_model::{Confidence, Finding, Reveal};
use leakgate_secrets::{RuleSet, Scratch};

use support::token;

fn scan(name: &str, content: &str) -> Vec<Finding> {
    RuleSet::default().scan(name.as_bytes(), content.as_bytes(), &mut Scratch::default())
}

fn value(finding: &Finding) -> String {
    let secret = finding.secret.as_ref().expect("a secret is found");
    String::from_utf8_lossy(secret.reveal(Reveal::the_user_asked())).into_owned()
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes()).expect("memory takes it");
    encoder.finish().expect("memory takes it")
}

fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

fn each_byte(text: &str, escape: impl Fn(u8) -> String) -> String {
    text.bytes().map(escape).collect()
}

/// How a text is hidden, as a file holds it, and what a finding's place says of it.
fn hidden(text: &str) -> Vec<(String, Vec<&'static str>)> {
    let (head, tail) = text.split_at(9);
    let wrapped = STANDARD.encode(format!("{}{text}", "filler of a line. ".repeat(6)));
    let lines: Vec<_> = wrapped.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
    vec![
        (STANDARD.encode(text), vec!["base64"]),
        (STANDARD.encode(format!("token: {text}\n")), vec!["base64"]),
        (URL_SAFE_NO_PAD.encode(text), vec!["base64"]),
        (lines.join("\n  "), vec!["base64"]),
        (STANDARD.encode(STANDARD.encode(text)), vec!["base64", "base64"]),
        (STANDARD.encode(gzip(text)), vec!["base64 of gzip"]),
        (STANDARD.encode(STANDARD.encode(gzip(text))), vec!["base64", "base64 of gzip"]),
        (hex(text), vec!["hex"]),
        (hex(text).to_uppercase(), vec!["hex"]),
        (each_byte(text, |byte| format!("\\x{byte:02x}")), vec!["escapes"]),
        (each_byte(text, |byte| format!("\\u{byte:04X}")), vec!["escapes"]),
        (each_byte(text, |byte| format!("\\{byte:03o}")), vec!["escapes"]),
        (each_byte(text, |byte| format!("\\\\u{byte:04x}")), vec!["escapes", "escapes"]),
        // What proves itself may stand inside of a word.
        (format!("a line\\n{text}"), vec![]),
        (format!("{{\\\"a\\\": \\\"b\\\\n{text}\\\"}}"), vec![]),
        (format!("{head}\\\n{tail}"), vec!["escapes"]),
        (format!("/?next=%2Fa%3Ftoken%3D{text}"), vec![]),
        (each_byte(text, |byte| format!("%{byte:02X}")), vec!["percent-encoding"]),
        (each_byte(text, |byte| format!("&#{byte};")), vec!["html-escapes"]),
        (each_byte(text, |byte| format!("&#x{byte:x};")), vec!["html-escapes"]),
        (format!("{head}\" + \"{tail}"), vec!["joined"]),
        (format!("{head}\"\n    \"{tail}"), vec!["joined"]),
        (format!("gh\" . \"{}", &text[2..]), vec!["joined"]),
    ]
}

/// An escape ends in a letter that would make one word of it and what follows.
#[test]
fn what_an_escape_would_join_is_found() {
    let id = ["AKIA", "QYLPMN5HHHFPZAM2"].concat();
    for (text, how) in [
        (format!("a line\\n{id}"), vec!["escapes"]),
        (format!("{{\\\"a\\\": \\\"b\\\\n{id}\\\"}}"), vec!["escapes", "escapes"]),
        (format!("/?next=%2Fa%3Ftoken%3D{id}"), vec!["percent-encoding"]),
    ] {
        let found = scan("a.txt", &format!("x = \"{text}\";\n"));
        let [one] = &found[..] else { panic!("{text}: {found:?}") };
        assert_eq!(one.place.as_ref().expect("it stands in text").decoded, how, "{text}");
    }
}

#[test]
fn nothing_hides_in_an_encoding_of_text() {
    let token = token();
    for (encoded, how) in hidden(&token) {
        let content = format!("first line\nx = \"{encoded}\";\nlast line\n");
        let found = scan("a.txt", &content);
        let [one] = &found[..] else { panic!("{content}: {found:?}") };
        assert_eq!(value(one), token);
        assert_eq!(one.confidence, Confidence::Certain);
        let place = one.place.as_ref().expect("it stands in text");
        assert_eq!(place.decoded, how, "{content}");
        let region = &content[place.span.start as usize..place.span.end as usize];
        assert!(content[place.span.start as usize..].len() > 36, "{content}");
        assert!(content.contains(region) && !region.contains("first"), "{region}");
        // No part of the encoded secret is shown.
        let shown = &one.excerpt.as_ref().expect("it stands in text").text;
        let line = content.lines().nth(place.line as usize - 1).expect("the line exists");
        assert!(place.line >= 2 && !shown.contains(&line[5..]), "{shown}");
    }
}

#[test]
fn a_wrapped_block_is_told_at_its_line() {
    let token = token();
    let text = format!("{}\nTOKEN={token}\n", "NAME=some-plain-value\n".repeat(20));
    let encoded = STANDARD.encode(&text);
    let lines: Vec<_> = encoded.as_bytes().chunks(76).map(String::from_utf8_lossy).collect();
    let found = scan("values.yaml", &format!("data:\n  env: |\n    {}\n", lines.join("\n    ")));
    let [one] = &found[..] else { panic!("{found:?}") };
    let at = text.find(&token).expect("it is there") * 4 / 3 / 76;
    assert_eq!(one.place.as_ref().expect("it stands in text").line, 3 + at as u64);
}

#[test]
fn settings_in_base64_are_read_as_settings() {
    let parts = ["k3J9zQ", "1xW8v"];
    let password = parts.concat();
    let encoded = STANDARD.encode(format!("DB_HOST=db.internal\nDB_PASSWORD={password}\n"));
    let found = scan("secret.yaml", &format!("env: {encoded}\n"));
    assert_eq!(found.iter().map(value).collect::<Vec<_>>(), [password]);
    let prose = STANDARD.encode("The password: it is k3J9zQ1xW8v, said he,\nand so on it went");
    assert_eq!(scan("secret.yaml", &format!("env: {prose}\n")), []);
}

#[test]
fn a_secret_that_stands_as_it_is_is_told_once() {
    let token = token();
    for content in [
        format!(r#"{{"a": "\u0041", "token": "{token}\n"}}"#),
        format!("'one' + 'two' + '{token}'"),
        format!("/?a=%41%42&token={token}"),
    ] {
        let found = scan("a.json", &content);
        let [one] = &found[..] else { panic!("{content}: {found:?}") };
        assert!(one.place.as_ref().is_some_and(|place| place.decoded.is_empty()), "{content}");
    }
}

#[test]
fn hostile_encodings_do_no_harm() {
    let nested = (0..12).fold(token(), |text, _| STANDARD.encode(text));
    assert_eq!(scan("a", &nested), []);
    for content in [
        "\\".repeat(5000),
        "%".repeat(5000),
        "&#".repeat(5000),
        "\\u00".repeat(3000),
        "'+'a".repeat(3000),
        "\"a\"+\"".repeat(3000),
        "\\u{61}\\".repeat(2000),
        format!("'a'{}", "+ ".repeat(3000)),
        format!("x\\{}", "\n \\".repeat(3000)),
    ] {
        assert_eq!(scan("a.eml", &content), []);
    }
}
