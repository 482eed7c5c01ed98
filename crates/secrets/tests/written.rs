//! Values without a format of their own, in lists, columns, literals and calls as languages and
//! formats write them: each is found, and what only looks like it is not.

use leakgate_model::Reveal;
use leakgate_secrets::{RuleSet, Scratch};

/// Assembled here so that no file holds them whole.
fn fill(text: &str) -> String {
    let one = ["k3J9zQ1x", "W8vB5nM2", "Tq7Lr4Hc"].concat();
    let two = ["Zt6Yp2Ks", "9dFw3GmX", "Rb8Vn5Qj"].concat();
    let word = ["Gr4n!te", "_vALe77"].concat();
    text.replace("ONE", &one).replace("TWO", &two).replace("PHRASE", &word)
}

fn found(path: &str, text: &str) -> Vec<String> {
    let findings =
        RuleSet::default().scan(path.as_bytes(), text.as_bytes(), &mut Scratch::default());
    let value = |secret: leakgate_model::Secret| {
        String::from_utf8_lossy(secret.reveal(Reveal::the_user_asked())).into_owned()
    };
    findings.into_iter().filter_map(|finding| finding.secret.map(value)).collect()
}

#[test]
fn each_item_of_a_list_is_found() {
    for (path, text) in [
        ("a.yml", "api_keys:\n  - ONE\n  - TWO\n"),
        ("a.yml", "tokens: [ONE, TWO]\n"),
        ("a.yml", "tokens:\n  alice: ONE\n  bob: TWO\n"),
        ("a.json", "{\"apiKeys\": [\n  \"ONE\",\n  \"TWO\"\n]}\n"),
        ("a.toml", "api_keys = [\"ONE\", \"TWO\"]\n"),
        ("a.py", "API_KEYS = [\n    'ONE',\n    'TWO',\n]\n"),
        ("a.py", "TOKENS = {\n    'alice': 'ONE',\n    'bob': 'TWO',\n}\n"),
        ("a.go", "apiKeys := []string{\"ONE\", \"TWO\"}\n"),
        ("a.rs", "const API_KEYS: [&'static str; 2] = [\"ONE\", \"TWO\"];\n"),
        ("A.java", "List<String> apiKeys = Arrays.asList(\"ONE\", \"TWO\");\n"),
        ("a.php", "$api_keys = array('ONE', 'TWO');\n"),
        ("a.rb", "API_KEYS = %w[ONE TWO]\n"),
        ("a.sh", "TOKENS=(\n  \"ONE\"\n  \"TWO\"\n)\n"),
        (".env", "API_KEYS=ONE,TWO\n"),
        ("a.csv", "name,token\nalice,ONE\nbob,TWO\n"),
        ("a.sql", "INSERT INTO t (id, api_key) VALUES (1, 'ONE'), (2, 'TWO');\n"),
    ] {
        assert_eq!(found(path, &fill(text)), [fill("ONE"), fill("TWO")], "{text}");
    }
}

#[test]
fn what_is_in_other_lists_is_not() {
    for (path, text) in [
        ("a.yml", "cache_keys:\n  - ONE\n  - TWO\n"),
        ("a.yml", "tokens:\n  - first-token\n  - second_token\n"),
        ("a.yml", "token_ids: [ONE, TWO]\n"),
        ("a.py", "TOKENS = {\n    'alice_id': 'ONE',\n}\n"),
        ("a.py", "PUBLIC_KEYS = ['ONE', 'TWO']\n"),
        ("a.py", "tokens = lookup('ONE', 'TWO')\n"),
        ("a.py", "tokens = ['if', 'else', 'IDENTIFIER', 'left_paren']\n"),
        ("a.js", "const token = { kind: 'ONE', next: 'TWO' };\n"),
        ("a.go", "tokens := []string{one, two}\n"),
        (".env", "API_KEYS=first,second\n"),
        ("a.sql", "INSERT INTO t (id, name) VALUES (1, 'ONE'), (2, 'TWO');\n"),
        ("a.sql", "INSERT INTO t (id, password) VALUES (1, sha2('PHRASE', 256));\n"),
    ] {
        assert!(found(path, &fill(text)).is_empty(), "{text}");
    }
}

#[test]
fn a_value_is_found_however_it_is_quoted() {
    for (path, text) in [
        ("a.lua", "local password = [[PHRASE]]\n"),
        ("a.rb", "password = %q(PHRASE)\n"),
        ("a.pl", "my $password = q{PHRASE};\n"),
        ("a.cpp", "std::string password = R\"(PHRASE)\";\n"),
        ("a.nix", "password = ''PHRASE'';\n"),
        ("a.ex", "password = ~s(PHRASE)\n"),
        ("a.h", "#define WIFI_PASSWORD \"PHRASE\"\n"),
        ("a.cpp", "LPCTSTR password = TEXT(\"PHRASE\");\n"),
        ("a.rs", "password: Some(String::from(\"PHRASE\")),\n"),
        ("a.go", "var password = []byte(\"PHRASE\")\n"),
        ("a.gradle", "storePassword 'PHRASE'\n"),
        ("a.gradle", "buildConfigField \"String\", \"API_TOKEN\", \"\\\"ONE\\\"\"\n"),
        ("a.xml", "<password><![CDATA[PHRASE]]></password>\n"),
        ("a.xml", "<property name=\"password\"><value>PHRASE</value></property>\n"),
        ("AndroidManifest.xml", "android:name=\"a.b.API_TOKEN\"\n    android:value=\"ONE\" />\n"),
        ("a.html", "<tr><td>Password</td><td>PHRASE</td></tr>\n"),
        ("README.md", "**Password:** `PHRASE`\n"),
        ("README.md", "Log in as `admin` with the password `PHRASE`.\n"),
        ("README.md", "| Setting | Value |\n|---|---|\n| Password | `PHRASE` |\n"),
        ("docker-compose.yml", "  DB_PASSWORD: ${DB_PASSWORD:-PHRASE}\n"),
        ("Dockerfile", "ENV DB_PASSWORD PHRASE\n"),
        ("params.json", "{\"ParameterKey\": \"DbPassword\", \"ParameterValue\": \"PHRASE\"}\n"),
        ("params.json", "{\"adminPassword\": {\"value\": \"PHRASE\"}}\n"),
        ("a.erl", "{password, \"PHRASE\"}.\n"),
        ("a.yml", "api_token:\n  ONE\nother: 1\n"),
    ] {
        let expected = fill(if text.contains("ONE") { "ONE" } else { "PHRASE" });
        assert_eq!(found(path, &fill(text)), [expected], "{text}");
    }
}

#[test]
fn what_is_quoted_like_one_is_not() {
    for (path, text) in [
        ("a.lua", "if password [[PHRASE]] then\n"),
        ("a.py", "password = '%(password)s'\n"),
        ("a.h", "#define PASSWORD_PROMPT PHRASE\n"),
        ("a.rs", "password: Some(read(\"PHRASE\")),\n"),
        ("a.html", "<tr><td>Password</td><td>at least eight characters</td></tr>\n"),
        ("README.md", "| Option | Meaning |\n|---|---|\n| password | of the user |\n"),
        ("docker-compose.yml", "  DB_PASSWORD: ${DB_PASSWORD:-postgres}\n"),
        ("docker-compose.yml", "  DB_PASSWORD: ${DB_PASSWORD:?PHRASE}\n"),
        ("params.json", "{\"adminPassword\": {\"type\": \"PHRASE\"}}\n"),
        ("a.c", "call(password, \"PHRASE\");\n"),
    ] {
        assert!(found(path, &fill(text)).is_empty(), "{text}: {:?}", found(path, &fill(text)));
    }
}
