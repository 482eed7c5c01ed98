//! One value under a credential's name, in every syntax, and what only looks like one.

use super::*;

fn found<'t>(text: &'t str, path: &str) -> Option<&'t str> {
    let syntax = Syntax::of(path.as_bytes());
    let lower = text.to_ascii_lowercase();
    crate::stems::ASSIGNED.iter().find_map(|stem| {
        let at = lower.find(stem)?;
        read(text.as_bytes(), at, stem.len(), syntax).map(|assigned| &text[assigned.value])
    })
}

/// Assembled here so that no file holds it whole.
fn random() -> String {
    ["k3J9zQ1x", "W8vB5nM2"].concat()
}

#[test]
fn values_are_found_in_every_syntax() {
    let value = random();
    for (text, path) in [
        ("password = 'VALUE'", "a.py"),
        ("DB_PASSWORD=VALUE", ".env"),
        ("apiKey: \"VALUE\",", "a.js"),
        ("  client-secret: VALUE", "a.yml"),
        ("{\"authToken\":\"VALUE\"}", "a.json"),
        ("<password>VALUE</password>", "a.xml"),
        ("<add key=\"ApiKey\" value=\"VALUE\"/>", "a.config"),
        ("const API_KEY: &'static str = \"VALUE\";", "a.rs"),
        ("secret := \"VALUE\"", "a.go"),
        ("set(\"password\", \"VALUE\")", "A.java"),
        ("app.secret.key=VALUE", "a.properties"),
        ("tool --api-key VALUE run", "a.sh"),
        ("password: str = \"VALUE\"", "a.py"),
        ("x = {\\\"token\\\": \\\"VALUE\\\"}", "a.c"),
        ("<key>api_key</key>\n <string>VALUE</string>", "a.plist"),
        ("<a href=\"/?token=&quot;VALUE&quot;\">", "a.html"),
        ("at https://h/?user=%22me%22&token=%22VALUE%22", "a.txt"),
        ("password = ' VALUE '", "a.py"),
        ("Key(clientSecret):VALUE", "notes.txt"),
        ("DB_PASSWORD=VALUE,;&VALUE", ".env"),
        ("user=me,pass=VALUE", "notes.txt"),
        ("host h\npassword VALUE\n", ".msmtprc"),
        ("  remote_password \"VALUE\"\n", "a.conf"),
        ("requirepass VALUE\n", "redis.conf"),
        ("rootpw VALUE\n", "slapd.conf"),
        ("poll h user \"me\" password \"VALUE\"\n", ".fetchmailrc"),
        ("url,username,password\nhttps://h.io,me,VALUE\n", "passwords.csv"),
        ("pass = VALUE\n", "rclone.conf"),
        ("- name: API_KEY\n  value: \"VALUE\"\n", "a.yml"),
        ("{\"name\": \"API_KEY\", \"value\": \"VALUE\"}", "a.json"),
        ("{\n  \"Key\": \"client_secret\",\n  \"Value\": \"VALUE\"\n}", "a.json"),
        ("var token_of_production = \"VALUE\"", "a.go"),
        ("db_password: &shared VALUE\n", "a.yml"),
        ("db_password: !!str VALUE\n", "a.yml"),
        ("db_password: |\n  VALUE\n", "a.yml"),
        ("password = <<EOT\nVALUE\nEOT\n", "a.tf"),
        ("variable \"db_password\" {\n  default = \"VALUE\"\n}\n", "a.tf"),
        ("DbPassword:\n  Type: String\n  Default: VALUE\n", "a.yml"),
        ("{\"adminPassword\": {\n  \"value\": \"VALUE\"\n}}", "a.json"),
        ("password = os.getenv(\"DB_PW\") or \"VALUE\"", "a.py"),
        ("const password = env.DB_PW ?? 'VALUE';", "a.js"),
        ("password = (\n    \"VALUE\"\n)", "a.py"),
        ("char password[] = \"VALUE\";", "a.c"),
        ("<sec:password type=\"plain\">VALUE</sec:password>", "a.xml"),
    ] {
        let expected = if text.contains("VALUE,") { "VALUE,;&VALUE" } else { "VALUE" };
        let (text, expected) = (text.replace("VALUE", &value), expected.replace("VALUE", &value));
        assert_eq!(found(&text, path), Some(&expected[..]), "{text}");
    }
}

#[test]
fn words_are_passwords_where_settings_stand() {
    for (text, path, expected) in [
        ("host=h\nAUTO_PASSWD=tangerine\nport=1", "notes.txt", Some("tangerine")),
        ("jwt:\n  secret: \"green#tangerine\"\n", "a.yml", Some("green#tangerine")),
        ("the password: tangerine of mine", "notes.txt", None),
        ("see secret: green-tangerine", "a.yml", None),
        ("if user.secret != \"WORD\" {", "a.go", Some("tangerine")),
        ("The default password is 'WORD'.", "notes.txt", Some("tangerine")),
        ("The default password is tangerine.", "notes.txt", None),
        ("if token == \"green-tangerine\" {", "a.go", None),
        ("password = 'green tangerine'\n", "notes.txt", Some("green tangerine")),
        ("password = 'enter your tangerine'\n", "notes.txt", None),
    ] {
        let text = text.replace("WORD", "tangerine");
        assert_eq!(found(&text, path), expected, "{text}");
    }
}

#[test]
fn what_only_looks_like_one_is_not() {
    for (text, path) in [
        ("password = get_password()", "a.py"),
        ("password: |\n  k3J9zQ1xW8vB5nM2\n  and more\n", "a.yml"),
        ("password = env.PW || 'changeme'", "a.js"),
        ("password = { a : 'k3J9zQ1xW8vB5nM2' }", "a.js"),
        ("password: *k3J9zQ1xW8vB5nM2\n", "a.yml"),
        ("\"token\": {\n  \"id\": \"k3J9zQ1xW8vB5nM2\"\n}", "a.json"),
        ("<input name=\"password\" type=\"k3J9zQ1xW8vB5nM2\"/>", "a.html"),
        ("password: string", "a.ts"),
        ("token_type = 'Bearer9x8y'", "a.py"),
        ("password = ${DB_PASSWORD}", ".env"),
        ("PASSWORD=$(cat /run/secret)", "a.sh"),
        ("\"password\": \"Enter your password\"", "a.json"),
        ("api_key = 'YOUR_API_KEY_1'", "a.py"),
        ("next_token = 'k3J9zQ1xW8vB5nM2'", "a.py"),
        ("secret_name: prod/db/password1", "a.yml"),
        ("password = password", "a.py"),
        ("token = 'abc'", "a.py"),
        ("api_key: process.env.API_KEY", "a.js"),
        ("<label for=\"password\">Password</label>", "a.html"),
        ("password = 'password1'", "a.py"),
        ("PASS: gdb.base/Return2.exp: print x", "gdb.log"),
        ("echo 'export DB_PASSWORD=\"'$DB_PASSWORD_1'\"' >> .env", "a.sh"),
        ("token = 'k3J9zQ1@xW8vB5nM#2'", "a.py"),
        ("hidden = \"%22token%22:%22next%22\"", "a.py"),
        ("the password: tuesday's", "notes.txt"),
        ("set the password \"enter-it\" there", "notes.txt"),
        ("- name: API_KEY\n  valueFrom: k3J9zQ1xW8vB5nM2\n", "a.yml"),
        ("values(\"a.password=none\", \"k3J9zQ1xW8vB5nM2\")", "A.java"),
        ("Public key: k3J9zQ1xW8vB5nM2k3J9zQ1xW8vB5nM2", "notes.txt"),
        ("db_password: !vault |\n  $ANSIBLE", "a.yml"),
        ("db_password: !secret db_password_1\n", "a.yml"),
        ("- title: API_KEY\n  value: k3J9zQ1xW8vB5nM2\n", "a.yml"),
        ("signing key 9F8E2C71B04D6A539F8E2C71B04D6A53A1B2C3D4", "NEWS"),
        ("SHA-1 of the secret: 9f8e2c71b04d6a539f8e2c71b04d6a53a1b2c3d4", "notes.txt"),
    ] {
        assert_eq!(found(text, path), None, "{text}");
    }
}
