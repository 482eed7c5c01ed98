use leakgate_model::{Key, Outcome, ProblemKind, RuleId, Secret, Severity};
use proptest::prelude::*;

use super::*;
use crate::{Color, Format, Scope, sample};

fn text(findings: &[Finding], outcome: &Outcome, settings: &Settings) -> String {
    sample::written(&sample::report(findings, outcome), settings)
}

fn plain(findings: &[Finding]) -> String {
    text(findings, &sample::outcome(), &sample::settings(Format::Text))
}

fn with_detail(detail: Detail) -> Settings {
    Settings { detail, ..sample::settings(Format::Text) }
}

fn summary(findings: &[Finding], outcome: &Outcome) -> String {
    let text = text(findings, outcome, &sample::settings(Format::Text));
    text.lines().last().expect("there is a summary").to_owned()
}

fn warning() -> Finding {
    let mut warning = sample::secret();
    warning.severity = Severity::Low;
    warning
}

fn already_committed() -> Finding {
    let mut old = sample::secret();
    old.status = Status::AlreadyCommitted;
    old
}

fn incomplete() -> Outcome {
    let mut outcome = sample::outcome();
    let conflict = Problem {
        path: Some("src/lib.rs".into()),
        kind: ProblemKind::Conflict,
        ..sample::problem()
    };
    outcome.problems.extend([sample::problem(), conflict]);
    outcome
}

#[test]
fn one_secret_has_all_it_needs_in_one_place() {
    let expected = r#"error[example-token]: Example Cloud API token
 --> src/config.py:3:10
  |
3 | TOKEN = "tok_********"
  |          ^^^^^^^^^^^^ certain: checksum valid
  = help: take it out of the file and read it from the environment
  = help: revoke or renew it at https://cloud.example/keys
  = help: if this is safe: leakgate ignore 19ba8904fb58d07ad854 --reason "…"

leakgate: 1 secret blocks this commit; 5 staged files scanned (12.3 kB) in 3 ms, 1 submodule not scanned
"#;
    assert_eq!(plain(&[sample::secret()]), expected);
}

#[test]
fn a_finding_on_an_entry_has_no_line() {
    let mut mode = sample::mode();
    mode.fingerprint = Some(Key::SHARED.fingerprint(&[b"mode"]));
    let expected = r#"error[mode-executable-data]: executable bit on a data file
 --> data/table.csv
  = note: high confidence: a CSV file does not run
  = fix: git update-index --chmod=-x data/table.csv
  = help: if this is safe: leakgate ignore 95e11b811efe67184218 --reason "…"

leakgate: 1 dangerous permission blocks this commit; 5 staged files scanned (12.3 kB) in 3 ms, 1 submodule not scanned
"#;
    assert_eq!(plain(&[mode]), expected);
}

#[test]
fn many_findings_share_their_advice_and_what_blocks_stands_last() {
    let mut other = sample::secret();
    other.path = "src/other.py".into();
    let mut publishable = warning();
    publishable.rule = RuleId::new("example-publishable-key");
    publishable.title = "publishable key".into();
    publishable.rotate = None;
    let expected = r#"warning[example-publishable-key]: publishable key
 --> src/config.py:3:10
  |
3 | TOKEN = "tok_********"
  |          ^^^^^^^^^^^^ certain: checksum valid
  = note: provider: Example Cloud
  = fingerprint: 19ba8904fb58d07ad854

error[example-token]: Example Cloud API token
 --> src/config.py:3:10
  |
3 | TOKEN = "tok_********"
  |          ^^^^^^^^^^^^ certain: checksum valid
  = fingerprint: 19ba8904fb58d07ad854

error[example-token]: Example Cloud API token
 --> src/other.py:3:10
  |
3 | TOKEN = "tok_********"
  |          ^^^^^^^^^^^^ certain: checksum valid
  = fingerprint: 19ba8904fb58d07ad854

help: take it out of the file and read it from the environment
help: for example-token: revoke or renew it at https://cloud.example/keys
help: if one is safe: leakgate ignore FINGERPRINT --reason "…"

leakgate: 2 secrets block this commit; 5 staged files scanned (12.3 kB) in 3 ms, 1 submodule not scanned, 1 warning
"#;
    assert_eq!(plain(&[sample::secret(), publishable, other]), expected);
}

#[test]
fn more_than_a_screen_of_findings_is_a_line_each() {
    let mut findings = vec![warning(), sample::mode()];
    for line in 1..=20 {
        let mut finding = sample::secret();
        finding.place.as_mut().expect("it has one").line = line;
        findings.push(finding);
    }
    let brief = plain(&findings);
    let lines: Vec<_> = brief.lines().collect();
    assert_eq!(lines[0], "src/config.py:3:10: warning[example-token] 19ba8904fb58d07ad854");
    assert_eq!(lines[1], "data/table.csv: error[mode-executable-data] 95e11b811efe67184218");
    assert_eq!(lines[21], "src/config.py:20:10: error[example-token] 19ba8904fb58d07ad854");
    let rest = "
help: `leakgate staged -v` shows each of these 22 with its line and what to do;
      `leakgate staged --fix` gives commands that mend
help: for example-token: take it out of the file and read it from the
      environment
help: for example-token: revoke or renew it at https://cloud.example/keys
help: if one is safe: leakgate ignore FINGERPRINT --reason \"…\"
";
    assert!(lines[22..].join("\n").starts_with(rest), "{brief}");
    let outcome = sample::outcome();
    let whole = text(&findings, &outcome, &with_detail(Detail::Verbose));
    assert_eq!(whole.matches(" --> ").count(), 22);
    let revealing = text(&findings, &outcome, &sample::revealing(Format::Text));
    assert_eq!(revealing.matches("= value: ").count(), 21);
    assert_eq!(plain(&findings[2..]).matches(" --> ").count(), 20);
}

#[test]
fn problems_come_after_findings_and_the_summary_is_not_clean() {
    let text = text(&[], &incomplete(), &sample::settings(Format::Text));
    let expected = "\
error: not scanned: big.bin: could not read object 1234
error: not scanned: src/lib.rs: could not read object 1234
help: fetch it with `git fetch --refetch`

leakgate: not clean: 2 items could not be scanned (1 object missing, 1 in conflict), which blocks \
this commit; 5 staged files scanned (12.3 kB) in 3 ms, 1 submodule not scanned
";
    assert_eq!(text, expected);
}

#[test]
fn each_verdict_has_its_words() {
    let (none, complete) = (&[][..], sample::outcome());
    let verdict = |findings: &[Finding], outcome: &Outcome| {
        let line = summary(findings, outcome);
        line.split_once("; ").expect("a verdict and a tally").0.to_owned()
    };
    assert_eq!(verdict(none, &complete), "leakgate: no secrets");
    assert_eq!(verdict(&[already_committed()], &complete), "leakgate: no new secrets");
    assert_eq!(verdict(&[warning()], &complete), "leakgate: nothing blocks this commit");
    assert_eq!(
        verdict(&[sample::secret(), sample::mode()], &incomplete()),
        "leakgate: 1 secret and 1 dangerous permission block this commit, and 2 items could not \
         be scanned (1 object missing, 1 in conflict)"
    );
}

#[test]
fn each_scope_has_its_words() {
    let line = |scope, findings: &[Finding], outcome: &Outcome| {
        let report = Report { scope, ..sample::report(findings, outcome) };
        sample::written(&report, &with_detail(Detail::Quiet))
            .lines()
            .last()
            .expect("there is a summary")
            .to_owned()
    };
    let outcome = Outcome { scanned: 1, bytes: 7, ..Outcome::default() };
    let findings = [sample::secret()];
    assert_eq!(
        line(Scope::Files, &findings, &outcome),
        "leakgate: 1 secret found; 1 file scanned (7 B) in 3 ms"
    );
    assert_eq!(
        line(Scope::Stdin, &findings, &outcome),
        "leakgate: 1 secret found; standard input scanned (7 B) in 3 ms"
    );
    let nothing = Outcome::default();
    assert_eq!(summary(&[], &nothing), "leakgate: no secrets; no staged content to scan in 3 ms");
    let mut failed = nothing;
    failed.problems.push(sample::problem());
    assert_eq!(
        line(Scope::Stdin, &[], &failed),
        "leakgate: not clean: 1 item could not be scanned (object missing); nothing scanned (0 B) \
         in 3 ms"
    );
}

#[test]
fn the_tally_says_what_is_not_shown() {
    let mut outcome = sample::outcome();
    outcome.ignored = 2;
    outcome.deleted = 3;
    assert!(
        summary(&[already_committed()], &outcome)
            .ends_with("1 submodule not scanned, 1 already committed (see with -v), 2 ignored")
    );
    let verbose = text(&[already_committed()], &outcome, &with_detail(Detail::Verbose));
    assert!(verbose.ends_with("3 deletions, 1 already committed, 2 ignored\n"), "{verbose}");
}

#[test]
fn quiet_is_silent_when_nothing_blocks() {
    let quiet = with_detail(Detail::Quiet);
    assert_eq!(text(&[], &sample::outcome(), &quiet), "");
    assert_eq!(text(&[warning(), already_committed()], &sample::outcome(), &quiet), "");
}

#[test]
fn quiet_shows_what_blocks_and_what_was_not_scanned() {
    let quiet = with_detail(Detail::Quiet);
    let blocked = text(&[sample::secret(), warning()], &sample::outcome(), &quiet);
    assert!(blocked.starts_with("error[example-token]"));
    assert!(!blocked.contains("warning["));
    assert!(text(&[], &incomplete(), &quiet).starts_with("error: not scanned: big.bin"));
}

#[test]
fn what_was_committed_before_shows_only_in_detail() {
    assert!(!plain(&[already_committed()]).contains("example-token"));
    let verbose = text(&[already_committed()], &sample::outcome(), &with_detail(Detail::Verbose));
    assert!(verbose.starts_with(
        "note[example-token]: Example Cloud API token: already committed, does not block\n"
    ));
    assert!(verbose.contains("  = note: severity: critical\n"));
}

#[test]
fn the_place_is_the_files_and_not_the_excerpts() {
    let mut finding = sample::secret();
    let place = finding.place.as_mut().expect("it has one");
    (place.line, place.column) = (1200, 4000);
    place.decoded = vec!["utf-16le"];
    let excerpt = finding.excerpt.as_mut().expect("it has one");
    (excerpt.line, excerpt.cut_start, excerpt.cut_end) = (1200, true, true);
    let expected = r#"
    --> src/config.py:1200:4000
     |
1200 | …TOKEN = "tok_********"…
     |           ^^^^^^^^^^^^ certain: checksum valid
     = note: found after decoding utf-16le
"#;
    let text = plain(&[finding]);
    assert!(text.contains(expected), "{text}");
}

#[test]
fn values_are_shown_only_when_asked_for() {
    let (findings, outcome) = ([sample::secret()], sample::outcome());
    assert!(!plain(&findings).contains(&sample::value()));
    let mut key = sample::secret();
    key.secret = Some(Secret::new(*b"line\n\xff\x1b\"", 0));
    let text = text(&[findings[0].clone(), key], &outcome, &sample::revealing(Format::Text));
    assert!(text.contains(&format!("  = value: \"{}\"\n", sample::value())), "{text}");
    assert!(text.contains(r#"  = value: "line\n\xff\x1b\"""#), "{text}");
}

#[test]
fn hostile_names_cannot_write_on_the_screen() {
    let mut mode = sample::mode();
    mode.path = b"a\n\x1b[2J\xff\xe2\x80\xae.csv".into();
    let text = plain(&[mode]);
    assert!(text.contains(" --> a\\n\\u{1b}[2J\\xff\\u{202e}.csv\n"), "{text}");
}

#[test]
fn colours_only_when_asked_for() {
    let (findings, outcome) = ([sample::secret()], sample::outcome());
    let colored = Settings { color: Color::Always, ..sample::settings(Format::Text) };
    let colored = text(&findings, &outcome, &colored);
    assert!(colored.contains('\u{1b}'));
    let mut bare = String::new();
    for (at, part) in colored.split("\u{1b}[").enumerate() {
        bare.push_str(if at == 0 { part } else { part.split_once('m').expect("a style").1 });
    }
    assert_eq!(bare, plain(&findings));
}

#[test]
fn sentences_are_broken_and_commands_are_not() {
    let mut finding = sample::secret();
    finding.fixes = vec!["git rm --cached a-file-with-a-name-that-is-longer-than-the-line".into()];
    let narrow = Settings { width: 10, ..sample::settings(Format::Text) };
    let text = text(&[finding], &sample::outcome(), &narrow);
    let expected = r#"  = fix: git rm --cached a-file-with-a-name-that-is-longer-than-the-line
  = help: take it out of the file and
          read it from the environment
  = help: revoke or renew it at
          https://cloud.example/keys
  = help: if this is safe: leakgate ignore 19ba8904fb58d07ad854 --reason "…"
"#;
    assert!(text.contains(expected), "{text}");
}

#[test]
fn an_excerpt_fits_the_screen() {
    let mut finding = sample::secret();
    let excerpt = finding.excerpt.as_mut().expect("it has one");
    let (start, end) = ("a".repeat(50), "z".repeat(60));
    excerpt.text = format!("{start} tok_******** {end}");
    excerpt.highlight = 51..63;
    excerpt.line = 1234;
    let at = |width, finding: &Finding| {
        let settings = Settings { width, ..sample::settings(Format::Text) };
        text(std::slice::from_ref(finding), &sample::outcome(), &settings)
    };
    let expected = "
     |
1234 | …aaaaaaaaaaaaaaa tok_******** zzzzzzzzzzzzzzzzzzzzzz…
     |                  ^^^^^^^^^^^^ certain: checksum valid
";
    let narrow = at(60, &finding);
    assert!(narrow.contains(expected), "{narrow}");
    finding.reasons.push("and much else that is to be said about it".into());
    let narrow = at(60, &finding);
    assert!(
        narrow.contains("^\n     = note: certain: checksum valid, and much else that is\n"),
        "{narrow}"
    );
    for width in 40..200 {
        let shown = at(width, &finding);
        let lines = shown.lines().take_while(|line| !line.contains("= help"));
        assert!(lines.skip(1).all(|line| line.chars().count() <= width), "{width}:\n{shown}");
        assert!(shown.contains("tok_********"), "{width}:\n{shown}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_finding_is_shown_harmlessly(
        (path, words) in (prop::collection::vec(any::<u8>(), 0..20), prop::collection::vec("\\PC{0,8}|[\\x00-\\x20\u{202e}\u{200d}]{0,4}", 8)),
        (line, column, start, end) in (any::<u64>(), any::<u64>(), 0..12_usize, 0..12_usize),
        (cut, has_place, width) in (any::<bool>(), any::<bool>(), 0..200_usize),
        (findings, detail) in prop_oneof![Just((2, Detail::Verbose)), Just((21, Detail::Normal))],
    ) {
        let mut finding = sample::secret();
        finding.path = path.into();
        finding.rule = RuleId(words[0].clone().into());
        finding.title = words[1].clone().into();
        finding.provider = Some(words[2].clone().into());
        finding.reasons = vec![words[3].clone().into()];
        finding.advice = vec![words[4].clone().into()];
        finding.fixes = vec![words[5].clone()];
        finding.rotate = Some(words[6].clone().into());
        let place = finding.place.as_mut().expect("it has one");
        (place.line, place.column) = (line, column);
        let excerpt = finding.excerpt.as_mut().expect("it has one");
        excerpt.text.clone_from(&words[7]);
        excerpt.highlight = start..end;
        excerpt.line = line;
        (excerpt.cut_start, excerpt.cut_end) = (cut, !cut);
        if !has_place {
            finding.place = None;
        }
        let settings = Settings { width, detail, ..sample::settings(Format::Text) };
        let text = text(&vec![finding; findings], &incomplete(), &settings);
        prop_assert!(!text.contains(|c| c != '\n' && leakgate_model::is_invisible(c)), "{text:?}");
        prop_assert!(!text.contains(&sample::value()));
    }
}
