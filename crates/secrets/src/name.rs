//! What a name says about the value beside it: does `db.userPassword2` mean a credential?

use std::ops::Range;

/// What a credential's name promises of the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// People choose it: it may be short and may hold words.
    Password,
    /// A program makes it, as a rule, and a person may have chosen it.
    Secret,
    /// Programs make it: it is random.
    Token,
    /// It may be a credential or an index into a table: only its value can tell.
    Key,
    /// A credential's name and more behind it: the value may be something about it.
    Mention,
}

/// Words that mean a password wherever they end a name.
const PASSWORDS: &[&str] = &[
    "password",
    "passwords",
    "passwd",
    "passphrase",
    "passcode",
    "pwd",
    "pass",
    "passwort",
    "passw",
    "userpass",
    "dbpass",
    "dbpassword",
    "userpassword",
    "psw",
    "pswd",
    "pw",
    "secrete",
    "requirepass",
    "masterauth",
    "rootpw",
    "psk",
];
/// Words that mean a secret that two programs share.
const SECRETS: &[&str] = &[
    "secret",
    "clientsecret",
    "appsecret",
    "apisecret",
    "consumersecret",
    "sharedsecret",
    "secretkey",
];
/// Words that mean a token or key.
const TOKENS: &[&str] = &[
    "token",
    "apikey",
    "accesskey",
    "authkey",
    "privatekey",
    "signingkey",
    "encryptionkey",
    "masterkey",
    "accountkey",
    "sharedkey",
    "accesstoken",
    "authtoken",
    "apitoken",
    "bearertoken",
    "refreshtoken",
    "secrettoken",
    "credential",
    "credentials",
    "authorization",
    "auth",
    "passkey",
    "servicekey",
    "appkey",
    "licensekey",
    "authenticationkey",
    "storagekey",
];
/// A plain `key` means one only behind these.
const KEY_OF: &[&str] = &[
    "api",
    "access",
    "secret",
    "auth",
    "private",
    "signing",
    "encryption",
    "encrypt",
    "crypt",
    "master",
    "account",
    "shared",
    "service",
    "app",
    "application",
    "admin",
    "license",
    "storage",
    "write",
    "integration",
    "rest",
    "sdk",
    "server",
    "webhook",
];
/// Words that name a credential or something else.
const KEYS: &[&str] =
    &["key", "keys", "api", "pat", "cred", "creds", "auth", "bearer", "jwt", "access"];
/// A plain `key` behind these is none.
const NOT_KEY_OF: &[&str] = &[
    "cache",
    "sort",
    "partition",
    "primary",
    "foreign",
    "object",
    "map",
    "index",
    "lookup",
    "row",
    "group",
    "routing",
    "idempotency",
    "public",
    "publishable",
    "pub",
    "host",
    "known",
    "site",
    "translation",
    "socket",
    "websocket",
    "hash",
    "event",
    "i18n",
    "registry",
    "verify",
    "verifying",
    "verification",
];
/// Words that may follow without changing the meaning.
const NEUTRAL: &[&str] = &[
    "base",
    "value",
    "string",
    "str",
    "text",
    "default",
    "prod",
    "production",
    "dev",
    "development",
    "staging",
    "test",
    "live",
    "sandbox",
    "current",
    "old",
    "new",
    "raw",
    "plain",
    "plaintext",
    "b64",
    "base64",
    "main",
    "primary",
    "secondary",
    "local",
    "confirm",
    "confirmation",
    "again",
    "env",
    "data",
    "hex",
];
/// Words before which a name means no credential.
const OTHERWISE: &[&str] = &[
    "next",
    "page",
    "continuation",
    "cursor",
    "public",
    "is",
    "has",
    "no",
    "max",
    "min",
    "num",
    "sync",
    "cancellation",
    "cancel",
    "eos",
    "bos",
    "pad",
    "sep",
    "unk",
    "mask",
    "special",
    "keyword",
    "invalid",
    "csrf",
    "xsrf",
    "parse",
    "lex",
];

/// Words that may end in another word without a mark between: `functionkey`, `mytoken`.
const ENDINGS: &[&str] = &["password", "passwd", "pwd", "secret", "token", "key"];
/// What `key` ends without meaning one.
const OTHER_WORDS: &[&str] = &["mon", "don", "tur", "hoc", "joc", "whis", "hot", "lac", "cro"];
/// Words behind which the name of a credential is that of something about it, which may well be
/// random and is public.
const ABOUT: &[&str] = &[
    "id",
    "ids",
    "hash",
    "hashed",
    "digest",
    "checksum",
    "fingerprint",
    "arn",
    "ref",
    "version",
    "nonce",
    "iv",
    "salt",
    "state",
    "challenge",
    "verifier",
    "contract",
    "address",
    "user",
    "username",
    "owner",
    "issuer",
    "scope",
    "icon",
    "image",
    "logo",
    "url",
    "uri",
    "endpoint",
];

/// Last words of what else stands in a map of credentials.
const BESIDE: &[&str] = &[
    "name",
    "host",
    "hostname",
    "port",
    "login",
    "account",
    "email",
    "mail",
    "database",
    "db",
    "region",
    "type",
    "file",
    "path",
    "label",
    "title",
    "description",
    "group",
    "role",
    "env",
    "date",
    "comment",
    "server",
    "domain",
    "tenant",
];

/// What the name means, or `None` if it is no credential's.
pub(crate) fn kind(name: &[u8]) -> Option<Kind> {
    let lower = name.to_ascii_lowercase();
    let words = words(name);
    let word = |at: usize| words.get(at).map_or(&b""[..], |range| &lower[range.clone()]);
    let mut last = words.len().checked_sub(1)?;
    while is_in(NEUTRAL, word(last)) || word(last).iter().all(u8::is_ascii_digit) {
        last = last.checked_sub(1)?;
    }
    let before = last.checked_sub(1).map_or(&b""[..], word);
    if is_in(OTHERWISE, before) || (0..words.len()).any(|at| word(at) == b"public") {
        return None;
    }
    let noun = trim_digits(word(last));
    of_noun(noun, before).or_else(|| of_ending(&lower[..words[last].end])).or_else(|| {
        let mentions = (0..last).any(|at| is_credential(word(at), word(at + 1)));
        (mentions && !is_in(ABOUT, noun)).then_some(Kind::Mention)
    })
}

/// What the name of a list means for each of its items: what it means of one of them.
pub(crate) fn kind_of_items(name: &[u8]) -> Option<Kind> {
    let single = if is_plural(name) { &name[..name.len() - 1] } else { name };
    let kind = kind(name).filter(|&kind| kind != Kind::Key).or_else(|| kind(single));
    // Keys of any kind and what only mentions a credential say too little of many values.
    kind.filter(|kind| matches!(kind, Kind::Password | Kind::Secret | Kind::Token))
}

/// Returns true if and only if the name is one of several things.
pub(crate) fn is_plural(name: &[u8]) -> bool {
    matches!(name, [.., before, b's' | b'S'] if before.is_ascii_alphabetic() && !b"sS".contains(before))
}

/// Returns true if and only if a name is that of something about a credential, or beside it.
pub(crate) fn is_about(name: &[u8]) -> bool {
    let lower = name.to_ascii_lowercase();
    let last = words(name).last().map_or(&b""[..], |last| &lower[last.clone()]);
    is_in(ABOUT, last) || is_in(BESIDE, last)
}

/// What a name means that ends in these two words.
fn of_noun(noun: &[u8], before: &[u8]) -> Option<Kind> {
    if is_in(PASSWORDS, noun) {
        Some(Kind::Password)
    } else if is_in(SECRETS, noun) || (noun == b"key" && before == b"secret") {
        Some(Kind::Secret)
    } else if is_in(TOKENS, noun) || (noun == b"key" && is_in(KEY_OF, before)) {
        Some(Kind::Token)
    } else if is_in(KEYS, noun) && !is_in(NOT_KEY_OF, before) {
        Some(Kind::Key)
    } else {
        None
    }
}

/// What a name means whose last word is two in one.
fn of_ending(lower: &[u8]) -> Option<Kind> {
    let lower = trim_digits(lower);
    let start = lower.iter().rposition(|byte| !byte.is_ascii_alphanumeric()).map_or(0, |at| at + 1);
    let ending = ENDINGS.iter().find(|end| lower[start..].ends_with(end.as_bytes()))?;
    let before = &lower[start..lower.len() - ending.len()];
    let ends_in = |list: &[&str]| list.iter().any(|word| before.ends_with(word.as_bytes()));
    let other = ends_in(NOT_KEY_OF) || is_in(OTHERWISE, before) || is_in(OTHER_WORDS, before);
    if before.is_empty() || other {
        return None;
    }
    match *ending {
        "key" if ends_in(KEY_OF) => Some(Kind::Token),
        ending => of_noun(ending.as_bytes(), b""),
    }
}

/// Returns true if and only if a word, or it and the next, mean a credential wherever they stand.
fn is_credential(word: &[u8], next: &[u8]) -> bool {
    const WORDS: &[&str] = &["password", "passwd", "secret", "token", "apikey"];
    is_in(WORDS, trim_digits(word)) || (matches!(word, b"api" | b"access") && next == b"key")
}

fn is_in(list: &[&str], one: &[u8]) -> bool {
    list.iter().any(|entry| entry.as_bytes() == one)
}

fn trim_digits(word: &[u8]) -> &[u8] {
    let end = word.iter().rposition(|byte| !byte.is_ascii_digit()).map_or(0, |at| at + 1);
    &word[..end]
}

/// The words of a snake, kebab, dotted or camel case name.
fn words(name: &[u8]) -> Vec<Range<usize>> {
    let mut words = Vec::new();
    let mut start = 0;
    for at in 0..=name.len() {
        let here = name.get(at).copied().unwrap_or(b'_');
        let before = at.checked_sub(1).and_then(|at| name.get(at)).copied().unwrap_or(b'_');
        let after = name.get(at + 1).copied().unwrap_or(b'_');
        let hump = here.is_ascii_uppercase()
            && (before.is_ascii_lowercase()
                || before.is_ascii_digit()
                || (before.is_ascii_uppercase() && after.is_ascii_lowercase()));
        let separator = !here.is_ascii_alphanumeric();
        if (hump || separator) && at > start {
            words.push(start..at);
        }
        if hump {
            start = at;
        } else if separator {
            start = at + 1;
        }
    }
    words
}

/// Returns true if and only if a value only repeats its name, give or take a digit or two:
/// `password: "password1"`.
pub(crate) fn mentions(value: &[u8], name: &[u8]) -> bool {
    let letters = |text: &[u8]| -> Vec<u8> {
        text.iter().filter(|byte| byte.is_ascii_alphabetic()).map(u8::to_ascii_lowercase).collect()
    };
    let (value, name) = (letters(value), letters(name));
    const STOCK: &[&[u8]] = &[
        b"password",
        b"passwd",
        b"pass",
        b"secret",
        b"token",
        b"apikey",
        b"key",
        b"changeit",
        b"change",
        b"changeme",
        b"admin",
        b"root",
        b"user",
        b"username",
        b"test",
        b"tests",
        b"testpassword",
        b"testing",
        b"mypassword",
        b"mypass",
        b"newpassword",
        b"oldpassword",
        b"secretkey",
        b"mysecretkey",
        b"abc",
        b"abcd",
        b"abcdef",
        b"qwerty",
        b"foo",
        b"bar",
        b"pw",
        b"wrongpassword",
        b"wrong",
        b"invalid",
        b"invalidpassword",
    ];
    value.is_empty() || STOCK.contains(&&value[..]) || (value.len() >= 4 && name.ends_with(&value))
}

/// Words that people put together where no real secret is needed: `secret-passwd`, `wrong_token2`.
const MADE_OF: &[&[u8]] = &[
    b"a",
    b"actual",
    b"admin",
    b"an",
    b"another",
    b"auth",
    b"bad",
    b"bar",
    b"baz",
    b"client",
    b"correct",
    b"db",
    b"default",
    b"demo",
    b"different",
    b"dummy",
    b"encrypted",
    b"expected",
    b"fake",
    b"first",
    b"foo",
    b"for",
    b"forbidden",
    b"good",
    b"hash",
    b"hidden",
    b"insecure",
    b"invalid",
    b"is",
    b"key",
    b"login",
    b"long",
    b"mock",
    b"my",
    b"new",
    b"no",
    b"not",
    b"of",
    b"old",
    b"original",
    b"other",
    b"pass",
    b"passwd",
    b"password",
    b"plain",
    b"private",
    b"pwd",
    b"random",
    b"real",
    b"root",
    b"same",
    b"second",
    b"secret",
    b"server",
    b"some",
    b"string",
    b"strong",
    b"super",
    b"temp",
    b"test",
    b"testing",
    b"the",
    b"this",
    b"tmp",
    b"to",
    b"token",
    b"top",
    b"unit",
    b"unknown",
    b"unsafe",
    b"user",
    b"valid",
    b"value",
    b"very",
    b"weak",
    b"with",
    b"wrong",
    b"your",
];

/// Returns true if and only if a value is made of such words alone.
pub(crate) fn is_made_up(value: &[u8]) -> bool {
    let lower = value.to_ascii_lowercase();
    let words: Vec<_> = words(value).into_iter().map(|word| trim_digits(&lower[word])).collect();
    let letters: usize = words.iter().map(|word| word.len()).sum();
    letters * 2 >= value.len() && words.iter().all(|word| is_of_words(word))
}

/// Returns true if and only if a word is one of them, or several put together: `supersecret`.
fn is_of_words(word: &[u8]) -> bool {
    let begins = |first: &&[u8]| {
        let rest = word.strip_prefix(*first).filter(|rest| first.len() >= 3 && !rest.is_empty());
        rest.is_some_and(is_of_words)
    };
    word.is_empty() || MADE_OF.contains(&word) || MADE_OF.iter().any(begins)
}

/// Returns true if and only if that is so with the letters that its digits and marks stand for:
/// `sup3rS3cret`, `p@ssword`.
pub(crate) fn is_made_up_in_leet(value: &[u8]) -> bool {
    let letter = |byte: &u8| match byte {
        b'4' | b'@' => b'a',
        b'3' => b'e',
        b'1' | b'!' => b'i',
        b'0' => b'o',
        b'$' | b'5' => b's',
        b'7' => b't',
        _ => *byte,
    };
    let end = value.iter().rposition(u8::is_ascii_alphabetic).map_or(0, |at| at + 1);
    let plain: Vec<u8> = value[..end].iter().map(letter).collect();
    plain != value[..end] && (is_made_up(&plain) || mentions(&plain, b""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_credentials_and_others() {
        for (name, expected) in [
            ("password", Some(Kind::Password)),
            ("DB_PASSWORD_1", Some(Kind::Password)),
            ("dbPass", Some(Kind::Password)),
            ("spring.datasource.password", Some(Kind::Password)),
            ("clientSecret", Some(Kind::Secret)),
            ("AWS_SECRET_ACCESS_KEY", Some(Kind::Token)),
            ("APIKey", Some(Kind::Token)),
            ("api-key", Some(Kind::Token)),
            ("githubToken2", Some(Kind::Token)),
            ("token_type", Some(Kind::Mention)),
            ("passwordField", Some(Kind::Mention)),
            ("primary_key", None),
            ("nextToken", None),
            ("secretName", Some(Kind::Mention)),
            ("secret_id", None),
            ("public_key", None),
            ("compass", None),
            ("bypass", None),
            ("tokens", None),
            ("SECRET_KEY_BASE64", Some(Kind::Secret)),
            ("functionkey", Some(Kind::Key)),
            ("siteapikey", Some(Kind::Token)),
            ("stage47secret", Some(Kind::Secret)),
            ("MYSecret", Some(Kind::Secret)),
            ("token_of_mine", Some(Kind::Mention)),
            ("monkey", None),
            ("pagecachekey", None),
            ("token_expiry", Some(Kind::Mention)),
            ("public_token_of_mine", None),
        ] {
            assert_eq!(kind(name.as_bytes()), expected, "{name}");
        }
    }

    #[test]
    fn names_of_lists() {
        for (name, expected) in [
            ("API_KEYS", Some(Kind::Token)),
            ("tokens", Some(Kind::Token)),
            ("apiKey", Some(Kind::Token)),
            ("client_secrets", Some(Kind::Secret)),
            ("passwords", Some(Kind::Password)),
            ("keys", None),
            ("max_tokens", None),
            ("public_keys", None),
            ("password_hashes", None),
        ] {
            assert_eq!(kind_of_items(name.as_bytes()), expected, "{name}");
        }
        assert!(is_about(b"clientId") && is_about(b"hostname") && !is_about(b"client"));
    }

    #[test]
    fn values_made_of_words_for_secrets() {
        for value in ["secret-passwd", "wrongToken2", "my_secret_key", "supersecretpassword"] {
            assert!(is_made_up(value.as_bytes()), "{value}");
        }
        for value in ["p@ssw0rd", "sup3rS3cret!"] {
            assert!(is_made_up_in_leet(value.as_bytes()), "{value}");
        }
        for value in ["secret-tr0ub4dor", "42", "!?"] {
            assert!(!is_made_up_in_leet(value.as_bytes()), "{value}");
            assert!(!is_made_up(value.as_bytes()), "{value}");
        }
    }

    #[test]
    fn a_value_that_repeats_its_name() {
        assert!(mentions(b"password123", b"password"));
        assert!(mentions(b"api_key", b"my_api_key"));
        assert!(!mentions(b"tr0ub4dor", b"password"));
    }
}
