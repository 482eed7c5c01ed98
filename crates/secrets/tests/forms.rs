//! A secret is found however it is written down.
//!
//! The secret of an example of each built-in rule is written in every form that people use, beside
//! the name of its provider: in settings, programs, logs, commands, addresses. What a form loses is
//! counted for all rules together, since a few values of each kind read like something else.

use std::collections::BTreeMap;
use std::path::Path;

use leakgate_model::Reveal;
use leakgate_secrets::{RuleSet, Scratch, examples_in};

/// A form: the file's name, and a text in which `NAME` stands for the provider and `VALUE` for the
/// secret.
type Form = (&'static str, &'static str);

/// In these, a word says that a secret follows.
const FORMS: [Form; 34] = [
    ("notes.txt", "NAME token = 'VALUE'\n"),
    ("notes.txt", "NAME token - 'VALUE'\n"),
    ("notes.txt", "NAME SECRET VALUE\n"),
    ("notes.txt", "NAME key: VALUE\n"),
    ("notes.txt", "NAME: VALUE\n"),
    ("notes.txt", "NAME VALUE\n"),
    (".env", "NAME_API_TOKEN=VALUE\n"),
    (".env", "export NAME_KEY=\"VALUE\"\n"),
    ("deploy.yml", "  NAME_secret: VALUE\n"),
    ("deploy.yml", "NAME:\n  api_key: 'VALUE'\n"),
    ("deploy.yml", "auth:\n  - name: NAME_API_KEY\n    value: \"VALUE\"\n"),
    ("app.json", "{\"NAME_token\": \"VALUE\"}\n"),
    ("app.json", "{\"NAME\": {\"apiKey\": \"VALUE\"}}\n"),
    ("app.json", "{\"config\": \"{\\\"NAMEToken\\\": \\\"VALUE\\\"}\"}\n"),
    ("app.ini", "[NAME]\nkey = VALUE\n"),
    ("app.toml", "NAME_token = \"VALUE\"\n"),
    ("app.xml", "<NAMEToken>\n  VALUE\n</NAMEToken>\n"),
    ("app.config", "<add key=\"NAMEKey\" value=\"VALUE\" />\n"),
    ("credentials.xml", "<id>{NAME}</id>\n<secret>{NAME AQAAABAAA VALUE}</secret>\n"),
    ("app.py", "NAME_token = 'VALUE'\n"),
    ("app.py", "client = NAME.Client(api_key=\"VALUE\")\n"),
    ("app.js", "const NAMEKey = `VALUE`;\n"),
    ("app.go", "NAMEToken := \"VALUE\"\n"),
    ("app.go", "func check() {\n\tNAME := \"VALUE\"\n\treturn isActive(NAME)\n}\n"),
    ("App.java", "System.setProperty(\"NAME_TOKEN\", \"VALUE\")\n"),
    ("App.kt", "var NAMEToken: String = \"VALUE\"\n"),
    ("index.php", "$NAMEToken .= \"VALUE\";\n"),
    ("Makefile", "NAME_TOKEN ?= \"VALUE\"\n"),
    ("build.log", "[DEBUG] Using Key=VALUE\n[INFO] sent to the NAME API\n"),
    ("build.log", "[INFO] Sending request to the NAME API\n[DEBUG] Using API_KEY=VALUE\n"),
    ("run.sh", "curl -H 'Authorization: Bearer VALUE' https://api.NAME.com/v1/users\n"),
    ("run.sh", "curl -H \"X-Api-Key: VALUE\" https://api.NAME.com/v1/users\n"),
    ("run.sh", "curl 'https://api.NAME.com/v1/users?page=1&api_key=VALUE&limit=2'\n"),
    ("run.sh", "NAME --verbose --token VALUE list\n"),
];

#[test]
fn a_secret_is_found_in_every_form() {
    let patterns = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../patterns");
    let examples = examples_in(&patterns).expect("the rule files are of the form");
    let rules = RuleSet::default();
    let mut scratch = Scratch::default();
    let mut values: BTreeMap<String, (String, String)> = BTreeMap::new();
    for one in &examples {
        if values.contains_key(&one.rule) {
            continue;
        }
        let found = rules.scan(one.path.as_bytes(), one.text.as_bytes(), &mut scratch);
        let Some(finding) = found.into_iter().find(|finding| finding.rule.as_str() == one.rule)
        else {
            continue;
        };
        let secret = finding
            .secret
            .as_ref()
            .map(|s| String::from_utf8_lossy(s.reveal(Reveal::the_user_asked())).into_owned())
            .unwrap_or_default();
        if !finding.place.as_ref().unwrap().decoded.is_empty()
            || secret.contains(char::is_whitespace)
            || secret.contains('"')
        {
            continue;
        }
        values.insert(one.rule.clone(), (secret, one.path.clone()));
    }
    for (path, form) in FORMS {
        let mut lost = Vec::new();
        let mut n = 0;
        for (rule, (value, _)) in &values {
            let slug: String = rules
                .rules()
                .find(|r| r.id.as_str() == *rule)
                .map(|r| r.provider.to_lowercase().replace(' ', "_"))
                .unwrap_or_default();
            if slug.is_empty() {
                continue;
            }
            n += 1;
            let text = form.replace("NAME", &slug).replace("VALUE", value);
            if rules.scan(path.as_bytes(), text.as_bytes(), &mut scratch).is_empty() {
                lost.push(format!("{rule} {text:?}"));
            }
        }
        println!(
            "=== {:5.2} {} of {n} lost: {path} {form:?}",
            100.0 * lost.len() as f64 / n as f64,
            lost.len()
        );
        for one in &lost {
            println!("   {one}");
        }
    }
}
