//! A secret is found however it is written down.
//!
//! Secrets of examples of the built-in rules are written in every form that people use, beside the
//! name of their provider: in settings, programs, logs, commands, addresses. What a form loses is
//! counted for all of them together, since a few values of each kind read like something else.

use std::path::Path;

use leakgate_model::Reveal;
use leakgate_secrets::{Example, RuleSet, Scratch, examples_in};

/// The file's name, a text in which `NAME` stands for the provider and `VALUE` for the secret, and
/// what share of the secrets may be lost, in percent.
type Form = (&'static str, &'static str, usize);

const FORMS: [Form; 33] = [
    ("notes.txt", "NAME token = 'VALUE'\n", 4),
    ("notes.txt", "NAME token - 'VALUE'\n", 6),
    ("notes.txt", "NAME SECRET VALUE\n", 6),
    ("notes.txt", "NAME key: VALUE\n", 6),
    // Without a word for a secret, what may be a hash is none.
    ("notes.txt", "NAME: VALUE\n", 30),
    ("notes.txt", "NAME VALUE\n", 30),
    (".env", "NAME_API_TOKEN=VALUE\n", 4),
    (".env", "export NAME_KEY=\"VALUE\"\n", 6),
    ("deploy.yml", "  NAME_secret: VALUE\n", 4),
    ("deploy.yml", "NAME:\n  api_key: 'VALUE'\n", 4),
    ("deploy.yml", "env:\n  - name: NAME_API_KEY\n    value: \"VALUE\"\n", 6),
    ("app.json", "{\"NAME_token\": \"VALUE\"}\n", 4),
    ("app.json", "{\"NAME\": {\"apiKey\": \"VALUE\"}}\n", 4),
    ("app.json", "{\"config\": \"{\\\"NAMEToken\\\": \\\"VALUE\\\"}\"}\n", 4),
    ("app.ini", "[NAME]\nkey = VALUE\n", 20),
    ("app.toml", "NAME_token = \"VALUE\"\n", 4),
    ("app.xml", "<NAMEToken>\n  VALUE\n</NAMEToken>\n", 4),
    ("app.config", "<add key=\"NAMEKey\" value=\"VALUE\" />\n", 8),
    ("jobs.xml", "<id>{NAME}</id>\n<secret>{NAME AQAAABAAA VALUE}</secret>\n", 8),
    ("app.py", "NAME_token = 'VALUE'\n", 4),
    ("app.py", "client = NAME.Client(api_key=\"VALUE\")\n", 4),
    ("app.js", "const NAMEKey = `VALUE`;\n", 6),
    ("app.go", "NAMEToken := \"VALUE\"\n", 4),
    ("App.java", "System.setProperty(\"NAME_TOKEN\", \"VALUE\")\n", 4),
    ("App.kt", "var NAMEToken: String = \"VALUE\"\n", 4),
    ("index.php", "$NAMEToken .= \"VALUE\";\n", 4),
    ("Makefile", "NAME_TOKEN ?= \"VALUE\"\n", 4),
    ("build.log", "[DEBUG] Using API_KEY=VALUE\n[INFO] sent to the NAME API\n", 6),
    ("run.sh", "curl -H 'Authorization: Bearer VALUE' https://api.NAME.com/v1/users\n", 8),
    ("run.sh", "curl -H \"X-Api-Key: VALUE\" https://api.NAME.com/v1/users\n", 4),
    ("run.sh", "curl 'https://api.NAME.com/v1/users?page=1&api_key=VALUE&limit=2'\n", 4),
    ("run.sh", "NAME --verbose --token VALUE list\n", 4),
    ("secrets.csv", "name,url,token\nNAME,https://api.NAME.com,VALUE\n", 8),
];

/// One rule of so many is asked: each of them is compiled for it.
const EACH: usize = 24;

/// A provider's name, and a secret of one of its rules.
type Sample = (String, String);

#[test]
fn a_secret_is_found_in_every_form() {
    let patterns = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../patterns");
    let examples = examples_in(&patterns).expect("the rule files are of the form");
    let rules = RuleSet::default();
    let mut scratch = Scratch::default();
    let samples: Vec<Sample> =
        examples.iter().step_by(EACH).filter_map(|one| sample(&rules, one, &mut scratch)).collect();
    assert!(samples.len() > 100, "{}", samples.len());
    for (path, form, most) in FORMS {
        let lost: Vec<_> = samples
            .iter()
            .map(|(name, value)| form.replace("NAME", name).replace("VALUE", value))
            .filter(|text| rules.scan(path.as_bytes(), text.as_bytes(), &mut scratch).is_empty())
            .collect();
        let share = 100 * lost.len() / samples.len();
        assert!(share <= most, "{share} percent lost of {form:?} in {path}: {lost:#?}");
    }
}

/// The secret of an example, if it is a word that stands there as it is.
fn sample(rules: &RuleSet, example: &Example, scratch: &mut Scratch) -> Option<Sample> {
    let findings = rules.scan(example.path.as_bytes(), example.text.as_bytes(), scratch);
    let finding = findings.into_iter().find(|finding| finding.rule.as_str() == example.rule)?;
    let secret = finding.secret?;
    let value = std::str::from_utf8(secret.reveal(Reveal::the_user_asked())).ok()?.to_owned();
    let name = finding.provider?.to_lowercase().replace(' ', "_");
    let is_word = value.len() >= 16 && value.bytes().all(|byte| byte.is_ascii_graphic());
    (is_word && finding.place?.decoded.is_empty()).then_some((name, value))
}
