//! Passwords that are words: weak, and still what opens the door.
//!
//! Only in settings: in programs such values are labels, and the made-up passwords of tests.

use crate::evident::Kind;
use crate::stand_in;
use crate::syntax::Syntax;
use crate::value::How;

/// What else a word under a password's name says.
const OTHERWISE: &[&[u8]] = &[
    b"basic",
    b"bcrypt",
    b"boolean",
    b"bytes",
    b"crypt",
    b"default",
    b"disabled",
    b"empty",
    b"enabled",
    b"encrypted",
    b"false",
    b"forgot",
    b"hashed",
    b"hidden",
    b"input",
    b"integer",
    b"invalid",
    b"login",
    b"missing",
    b"never",
    b"nullable",
    b"number",
    b"object",
    b"optional",
    b"plain",
    b"prompt",
    b"random",
    b"readonly",
    b"required",
    b"reset",
    b"string",
    b"undefined",
    b"unset",
    b"update",
    b"value",
    b"write",
];

/// What products ship with: everybody knows it, and it opens only what was never set up.
const SHIPPED: &[&[u8]] = &[
    b"airflow",
    b"cassandra",
    b"docker",
    b"elastic",
    b"grafana",
    b"jenkins",
    b"keycloak",
    b"laravel",
    b"mariadb",
    b"minioadmin",
    b"mongodb",
    b"oracle",
    b"postgres",
    b"postgresql",
    b"rabbitmq",
    b"superset",
    b"ubuntu",
    b"vagrant",
    b"wordpress",
    b"qwerty",
    b"letmein",
    b"symfony",
    b"zabbix",
    b"drupal",
];

/// Parts of words that name a credential instead of being one.
const NAMES: &[&[u8]] = &[b"pass", b"pwd", b"secret", b"token", b"key", b"cred", b"auth", b"user"];

/// Returns true if and only if the value is words that can be a password where it stands.
pub(crate) fn is_password(value: &[u8], evident: Option<Kind>, how: How, syntax: Syntax) -> bool {
    let doubted = matches!(how, How::Doubtful | How::Fallback);
    let stands = syntax == Syntax::Settings && !doubted || how == How::Told;
    let told = evident.is_none() || evident == Some(Kind::Words);
    let letters = value.iter().filter(|byte| byte.is_ascii_lowercase()).count();
    let is_of_words = |byte: &u8| byte.is_ascii_lowercase() || b"_-.#!?@$%^*+".contains(byte);
    stands
        && told
        && (6..=40).contains(&value.len())
        && letters >= 5
        && value.iter().all(is_of_words)
        && !value.starts_with(b"-")
        && !NAMES.iter().any(|name| stand_in::holds(value, name))
        && !SHIPPED.contains(&value)
        && !value.split(|byte| b"_-.".contains(byte)).any(|part| OTHERWISE.contains(&part))
}

/// Words of sentences that speak of a password.
const SPEAKING: &[&[u8]] = &[
    b"the", b"your", b"you", b"and", b"for", b"not", b"must", b"enter", b"new", b"old", b"with",
    b"this", b"that", b"from", b"are", b"has", b"can", b"please", b"confirm", b"forgot", b"change",
    b"use", b"set", b"get", b"any", b"all", b"true", b"false", b"null", b"none", b"string",
];

/// Returns true if and only if a value in quotes is two words or more that say nothing:
/// `correct horse battery staple`.
pub(crate) fn is_phrase(value: &[u8], how: How, syntax: Syntax) -> bool {
    let stands = how == How::Quoted && syntax == Syntax::Settings;
    let is_word = |word: &[u8]| {
        (3..=12).contains(&word.len())
            && word.iter().all(u8::is_ascii_lowercase)
            && !SPEAKING.contains(&word)
            && !OTHERWISE.contains(&word)
            && !NAMES.iter().any(|name| stand_in::holds(word, name))
    };
    let mut words = 0;
    let mut count = |word: &[u8]| {
        words += 1;
        is_word(word)
    };
    stands && value.split(|&byte| byte == b' ').all(&mut count) && (2..=6).contains(&words)
}

/// Returns true if and only if a value of settings is words for a password, and made to have all
/// that is asked of one: `AdminPassword1`.
pub(crate) fn is_dressed_up(value: &[u8], how: How, syntax: Syntax) -> bool {
    let has = |accept: fn(&u8) -> bool| value.iter().any(accept);
    syntax == Syntax::Settings
        && matches!(how, How::Bare | How::Quoted | How::Element)
        && value.len() >= 10
        && value.iter().all(u8::is_ascii_alphanumeric)
        && has(u8::is_ascii_uppercase)
        && has(u8::is_ascii_lowercase)
        && value.last().is_some_and(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_password_in(value: &str, syntax: Syntax) -> bool {
        is_password(value.as_bytes(), None, How::Bare, syntax)
    }

    #[test]
    fn words_in_settings_are_passwords() {
        for value in ["blooberry", "open-sesame", "what.a.day!"] {
            assert!(is_password_in(value, Syntax::Settings), "{value}");
            assert!(!is_password_in(value, Syntax::Code), "{value}");
        }
    }

    #[test]
    fn words_with_all_that_is_asked_of_a_password() {
        assert!(is_dressed_up(b"AdminPassword1", How::Bare, Syntax::Settings));
        for (value, syntax) in [("AdminPassword1", Syntax::Code), ("password1", Syntax::Settings)] {
            assert!(!is_dressed_up(value.as_bytes(), How::Bare, syntax), "{value}");
        }
    }

    #[test]
    fn labels_and_what_everybody_knows_are_not() {
        for value in
            ["required", "prompt-for-it", "minioadmin", "db-password", "short", "Wachtwoord"]
        {
            assert!(!is_password_in(value, Syntax::Settings), "{value}");
        }
    }
}
