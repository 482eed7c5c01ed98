//! What a value evidently is, where it is no secret: a path, a date, a placeholder, code.
//!
//! Each kind has a shape that random values do not have by chance, or next to never; where the
//! shape alone does not tell, the language model must agree. The shapes of fixed structure are in
//! `structure.rs`, those of placeholders in `stand_in.rs`.

use crate::language;
use crate::stand_in::{self, holds};
use crate::structure;

/// What a value evidently is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Runs, repetitions, or hardly any different characters: `abcdef…`, `123456…`, `xyxyxyxy`.
    Sequence,
    /// Something will stand there: `changeme`, `<your-key>`, `***`, `xxxx`.
    Placeholder,
    /// A program fills it in: `${NAME}`, `{{ name }}`, `%s`, `$name`.
    Template,
    /// 8-4-4-4-12 hexadecimal digits.
    Uuid,
    /// A hash, as its prefix or the name it is assigned to says.
    Digest,
    /// A number, with a unit or without. All-digit passwords are numbers, too.
    Number,
    /// `1.2.3-beta`, `>=2,<3`.
    Version,
    /// A date, a time, or both.
    Date,
    /// Of a machine or a mailbox: IPv4, IPv6, MAC, `name@host.tld`.
    Address,
    /// Without credentials or parts that read like one.
    Url,
    /// Of a file or folder, or a file's name.
    Path,
    /// A colour, media type, pattern of a date, data URL, list of short items.
    Format,
    /// An expression: a call, member access, type, regex.
    Code,
    /// Words with blanks between them, or in another script than Latin.
    Text,
    /// A word or identifier: camel, snake, kebab case, or dotted. Weak passwords are words, too.
    Words,
}

/// What `value` evidently is, or `None` if it may be a secret. `name` is what it is assigned to,
/// or empty: some values are told by it.
pub(crate) fn kind(value: &[u8], name: &[u8]) -> Option<Kind> {
    let value = value.trim_ascii();
    if value.is_empty() {
        return Some(Kind::Placeholder);
    }
    if value.starts_with(b"-----BEGIN ") {
        return None;
    }
    if stand_in::is_masked(value) || stand_in::holds_stand_in(value) {
        return Some(Kind::Placeholder);
    }
    if is_digest(value, name) {
        return Some(Kind::Digest);
    }
    // Letters and digits alone are most of what is asked for, and few of the kinds.
    let plain = value.iter().all(u8::is_ascii_alphanumeric);
    let shaped = if plain {
        structure::is_number(value).then_some(Kind::Number)
    } else {
        structure::kind(value).or_else(|| stand_in::is_template(value).then_some(Kind::Template))
    };
    if shaped.is_some() {
        return shaped;
    }
    if is_sequence(value) {
        return Some(Kind::Sequence);
    }
    let like_language = language::reads_like_language(value);
    if plain { like_language.then_some(Kind::Words) } else { written(value, like_language) }
}

/// Kinds that the language model has a say in.
fn written(value: &[u8], like_language: bool) -> Option<Kind> {
    if let Some(at) = memchr::memmem::find(value, b"//")
        && (at == 0 || value[at - 1] == b':')
    {
        return is_tame_url(value, at).then_some(Kind::Url);
    }
    if is_list(value) {
        return Some(Kind::Format);
    }
    if is_path(value, like_language) {
        return Some(Kind::Path);
    }
    if is_foreign(value) {
        return Some(Kind::Text);
    }
    if !like_language {
        return None;
    }
    if is_code(value) {
        return Some(Kind::Code);
    }
    if value.contains(&b' ') {
        return Some(Kind::Text);
    }
    is_words(value).then_some(Kind::Words)
}

/// Names of what is public though it is random.
const DIGESTS: &[&[u8]] = &[
    b"sha1",
    b"sha2",
    b"sha5",
    b"sha_",
    b"sha-",
    b"md5",
    b"digest",
    b"checksum",
    b"integrity",
    b"commit",
    b"revision",
    b"srcrev",
    b"etag",
    b"fingerprint",
    b"thumbprint",
    b"crc",
    b"cid",
    b"oid",
    b"object_id",
    b"build_id",
    b"cachekey",
    b"cache_key",
    b"nonce",
];

/// Returns true if and only if the value is a hash and says so, or its name does.
fn is_digest(value: &[u8], name: &[u8]) -> bool {
    let labelled = [&b"sha1"[..], b"sha256", b"sha384", b"sha512", b"md5"].iter().any(|label| {
        let rest = value.get(label.len()..).unwrap_or_default();
        value[..value.len().min(label.len())].eq_ignore_ascii_case(label)
            && matches!(rest.first(), Some(b'-' | b':' | b'='))
            && rest.len() >= 28
    });
    let hex = value.iter().all(u8::is_ascii_hexdigit)
        && matches!(value.len(), 7 | 8 | 12 | 16 | 32 | 40 | 56 | 64 | 96 | 128);
    let base64 = value.len() >= 24 && value.len().is_multiple_of(4) && value.ends_with(b"=");
    if labelled || !(hex || base64) {
        return labelled;
    }
    let name = name.to_ascii_lowercase();
    let named = DIGESTS.iter().any(|word| holds(&name, word))
        || name.ends_with(b"rev")
        || name.ends_with(b"hash")
        || name.ends_with(b"sha");
    // The hash of a password opens what the password does, with some patience.
    let of_password = holds(&name, b"pass");
    named && !of_password
}

/// Returns true if and only if most of the value follows from what is before it.
fn is_sequence(value: &[u8]) -> bool {
    if value.len() < 6 {
        return value.iter().all(|byte| *byte == value[0]);
    }
    let mut seen = 0_u128;
    value.iter().for_each(|byte| seen |= 1 << (byte.to_ascii_lowercase() & 0x7f));
    let few = match value.len() {
        ..12 => 3,
        12..24 => 4,
        _ => 6,
    };
    seen.count_ones() <= few || repeats(value) || in_runs(value) * 2 > value.len() || steps(value)
}

/// Returns true if and only if one part makes up the whole, twice or oftener.
fn repeats(value: &[u8]) -> bool {
    (1..=value.len() / 2).any(|period| value[period..] == value[..value.len() - period])
}

/// How many characters stand in runs of four or more of the same, the next, or the previous one,
/// or of neighbours on a keyboard.
fn in_runs(value: &[u8]) -> usize {
    let mut covered = 0;
    let mut start = 0;
    let mut last = None;
    for at in 1..=value.len() {
        let step = (at < value.len()).then(|| step(value[at - 1], value[at])).flatten();
        if at > start + 1 && step == last && step.is_some() {
            continue;
        }
        if at > start + 1 || step.is_none() {
            covered += if at - start >= 4 { at - start } else { 0 };
            // The last character may begin the next run.
            start = if step.is_some() && at - start < 4 { at - 1 } else { at };
        }
        last = step;
    }
    covered
}

/// The way from one character to the next, if it is a small one.
fn step(from: u8, to: u8) -> Option<i8> {
    let (from, to) = (from.to_ascii_lowercase(), to.to_ascii_lowercase());
    let (key, next) = (KEYS[usize::from(from)], KEYS[usize::from(to)]);
    match to.wrapping_sub(from) {
        0 => Some(0),
        1 => Some(1),
        u8::MAX => Some(-1),
        _ if key == 0 || next == 0 => None,
        _ if key + 1 == next => Some(2),
        _ if key == next + 1 => Some(-2),
        _ => None,
    }
}

/// The place of each key on a keyboard, from 1; rows have a gap between them.
const KEYS: [u8; 256] = {
    let rows = b"qwertyuiop  asdfghjkl  zxcvbnm  1234567890  !@#$%^&*()";
    let mut keys = [0; 256];
    let mut at = 0;
    while at < rows.len() {
        keys[rows[at] as usize] = if rows[at] == b' ' { 0 } else { at as u8 + 1 };
        at += 1;
    }
    keys
};

/// Two sequences, one character from each in turn: `a1b2c3d4e5`.
fn steps(value: &[u8]) -> bool {
    let near = |pair: &&[u8]| pair[0].abs_diff(pair[2]) <= 1;
    value.len() >= 10 && value.windows(3).filter(near).count() * 5 >= (value.len() - 2) * 4
}

/// A URL without a user and without parts that may be secret; its slashes stand at `slashes`.
fn is_tame_url(value: &[u8], slashes: usize) -> bool {
    let scheme = &value[..slashes];
    let rest = &value[slashes + 2..];
    let host = rest.split(|byte| b"/?#".contains(byte)).next().unwrap_or_default();
    scheme.iter().all(|byte| byte.is_ascii_alphanumeric() || b"+.-:".contains(byte))
        && !host.contains(&b'@')
        && rest.split(|byte| b"/?#&=;,.".contains(byte)).all(is_tame)
}

/// Three items or more that are too short for a secret: `i4,f8,f8`, `a|b|cd`.
fn is_list(value: &[u8]) -> bool {
    let is_separator = |byte: &u8| b",;|".contains(byte);
    let separators = value.iter().filter(|byte| is_separator(byte)).count();
    separators >= 2 && value.split(is_separator).all(|item| item.len() <= 4)
}

/// Too short for a secret, or like language, or of a public kind.
fn is_tame(part: &[u8]) -> bool {
    part.len() < 8 || language::reads_like_language(part) || structure::kind(part).is_some()
}

/// Endings of files that a value may name.
const ENDINGS: &[&[u8]] = &[
    b"bin",
    b"bak",
    b"bmp",
    b"c",
    b"cc",
    b"cer",
    b"cert",
    b"cfg",
    b"conf",
    b"cpp",
    b"crt",
    b"cs",
    b"css",
    b"csv",
    b"dat",
    b"db",
    b"der",
    b"dll",
    b"doc",
    b"docx",
    b"env",
    b"exe",
    b"gif",
    b"go",
    b"gz",
    b"h",
    b"hpp",
    b"htm",
    b"html",
    b"ico",
    b"in",
    b"ini",
    b"jar",
    b"java",
    b"jks",
    b"jpeg",
    b"jpg",
    b"js",
    b"json",
    b"jsx",
    b"key",
    b"kt",
    b"lock",
    b"log",
    b"lua",
    b"md",
    b"mjs",
    b"mp3",
    b"mp4",
    b"p12",
    b"pdf",
    b"pem",
    b"pfx",
    b"php",
    b"pl",
    b"png",
    b"properties",
    b"ps1",
    b"pub",
    b"py",
    b"rb",
    b"rs",
    b"rst",
    b"scss",
    b"sh",
    b"so",
    b"sql",
    b"sqlite",
    b"svg",
    b"swift",
    b"tar",
    b"tf",
    b"toml",
    b"ts",
    b"tsx",
    b"ttf",
    b"txt",
    b"vue",
    b"war",
    b"wasm",
    b"woff",
    b"woff2",
    b"xls",
    b"xlsx",
    b"xml",
    b"yaml",
    b"yml",
    b"zip",
];

/// A file's name or path.
fn is_path(value: &[u8], like_language: bool) -> bool {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"/\\._-~@+$%:* ".contains(byte);
    if !value.iter().all(plain) {
        return false;
    }
    let rooted =
        [&b"/"[..], b"./", b"../", b"~/", b"\\\\"].iter().any(|root| value.starts_with(root))
            || matches!(value, [drive, b':', b'\\' | b'/', ..] if drive.is_ascii_alphabetic());
    let is_separator = |byte: &u8| matches!(byte, b'/' | b'\\');
    let name = value.rsplit(is_separator).next().unwrap_or_default();
    let ending = name.rsplit(|&byte| byte == b'.').next().unwrap_or_default();
    let named = ending.len() < name.len() && ENDINGS.contains(&&ending.to_ascii_lowercase()[..]);
    let nested = value.iter().any(is_separator);
    let tame: usize =
        value.split(is_separator).filter(|part| is_tame(part)).map(|part| part.len() + 1).sum();
    // A path may hold one part that is random, as the hash of a built file.
    (nested && like_language)
        || (rooted && tame * 2 > value.len())
        || (named && (like_language || (nested && tame * 2 > value.len())))
}

/// Text in another script, or with so many letters beyond ASCII that a person wrote it.
fn is_foreign(value: &[u8]) -> bool {
    if value.is_ascii() {
        return false;
    }
    let Ok(text) = std::str::from_utf8(value) else { return false };
    let foreign = text.chars().filter(|c| !c.is_ascii() && c.is_alphabetic()).count();
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    foreign >= 2 && (foreign * 4 >= letters || language::reads_like_language(value))
}

/// An expression, as its signs say. The caller has seen that it reads like language.
fn is_code(value: &[u8]) -> bool {
    const SIGNS: &[&[u8]] = &[
        b"::", b"->", b"=>", b"?.", b"&&", b"||", b"==", b"!=", b"[]", b"()", b".*", b".+", b"\\d",
        b"\\w", b"\\s", b"\\b", b"[^", b"(?", b"<=", b">=", b"+=", b"</", b"/>",
    ];
    SIGNS.iter().any(|sign| holds(value, sign)) || brackets_close(value) || is_member(value)
}

/// `name(…)`, `name[…]`, `Name<…>`, maybe more behind.
fn brackets_close(value: &[u8]) -> bool {
    let Some(open) = value.iter().position(|byte| b"([<".contains(byte)) else { return false };
    let close = match value[open] {
        b'(' => b')',
        b'[' => b']',
        _ => b'>',
    };
    let part = |byte: &u8| byte.is_ascii_alphanumeric() || b"_.$:&!*- ".contains(byte);
    value[..open].iter().all(part) && value[open..].contains(&close)
}

/// `object.member`, `this.a.b`: names joined by dots, one of them with a hump or an underscore,
/// or the first a word of a programming language.
fn is_member(value: &[u8]) -> bool {
    const OBJECTS: &[&[u8]] = &[
        b"self",
        b"this",
        b"env",
        b"process",
        b"os",
        b"config",
        b"settings",
        b"ctx",
        b"args",
        b"options",
        b"opts",
        b"req",
        b"request",
    ];
    let name = |part: &[u8]| {
        part.first().is_some_and(|byte| byte.is_ascii_alphabetic() || b"_$".contains(byte))
            && part.iter().all(|byte| byte.is_ascii_alphanumeric() || b"_$".contains(byte))
    };
    let mut parts = value.split(|&byte| byte == b'.');
    let first = parts.next().unwrap_or_default();
    let inner = |part: &[u8]| {
        part.windows(2).any(|pair| {
            (pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase()) || pair[1] == b'_'
        })
    };
    value.contains(&b'.')
        && value.split(|&byte| byte == b'.').all(name)
        && (OBJECTS.contains(&first) || value.split(|&byte| byte == b'.').any(inner))
}

/// Words joined as identifiers are, with at most a sigil before and a sign behind.
/// The caller has seen that they read like language.
fn is_words(value: &[u8]) -> bool {
    let value = match value {
        [b'.' | b'#' | b'@' | b':' | b'$' | b'&' | b'*' | b'-' | b'!' | b'?', rest @ ..] => rest,
        _ => value,
    };
    let value = match value {
        // Behind a digit, a sign is more likely part of a password.
        [rest @ .., b':' | b';' | b'.' | b',' | b'!' | b'?']
            if rest.last().is_some_and(u8::is_ascii_alphabetic) =>
        {
            rest
        }
        _ => value,
    };
    let part = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-.:,/'".contains(byte);
    !value.is_empty() && value.iter().all(part)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::template::expand;

    fn kind_of(value: &str) -> Option<Kind> {
        kind(value.as_bytes(), b"")
    }

    #[test]
    fn what_is_no_secret_tells_what_it_is() {
        for (value, expected) in [
            ("abcdefghijkl", Kind::Sequence),
            ("1a2b3c4d5e6f", Kind::Sequence),
            ("qwertyuiop", Kind::Sequence),
            ("xyzxyzxyzxyz", Kind::Sequence),
            ("changeme", Kind::Placeholder),
            ("your-api-key", Kind::Placeholder),
            ("********", Kind::Placeholder),
            ("AKIAXXXXXXXXXXXXXXXX", Kind::Placeholder),
            ("abc...", Kind::Placeholder),
            ("${DB_PASSWORD}", Kind::Template),
            ("{{ vault.token }}", Kind::Template),
            ("<the-token>", Kind::Template),
            ("$api_token", Kind::Template),
            ("Bearer %s", Kind::Template),
            ("prefix-{name}", Kind::Template),
            ("9F8C1D52-0b4e-4d3a-9a55-1c2f3e4d5b6a", Kind::Uuid),
            ("20231117", Kind::Number),
            ("0xdeadbeef", Kind::Number),
            ("1.5e-9", Kind::Number),
            ("4096kb", Kind::Number),
            ("1.2.3-beta.1", Kind::Version),
            (">=2.0,<3.1", Kind::Version),
            ("2024-02-30T23:59:59Z", Kind::Date),
            ("23:59:59", Kind::Date),
            ("192.168.1.10", Kind::Address),
            ("fe80::1ff:fe23:4567:890a", Kind::Address),
            ("00:1b:44:11:3a:b7", Kind::Address),
            ("someone@site.org", Kind::Address),
            ("https://docs.site.org/en/latest/index.html", Kind::Url),
            ("/etc/ssl/private/server.key", Kind::Path),
            ("../secrets/prod", Kind::Path),
            ("C:\\Users\\name", Kind::Path),
            ("settings.production.json", Kind::Path),
            ("#ff8800", Kind::Format),
            ("application/x-www-form-urlencoded", Kind::Format),
            ("yyyy-MM-dd HH:mm", Kind::Format),
            ("i4,f8,f8", Kind::Format),
            ("get_password(user)", Kind::Code),
            ("process.env.API_TOKEN", Kind::Code),
            ("Option<String>", Kind::Code),
            ("crypto::Secret", Kind::Code),
            ("^[a-z]+\\d*$", Kind::Code),
            ("Enter your password", Kind::Text),
            ("Пароль", Kind::Text),
            ("contraseña_inválida", Kind::Text),
            ("userPasswordField", Kind::Words),
            ("db-credentials", Kind::Words),
            ("#add-password", Kind::Words),
            ("SECRET_KEY_BASE", Kind::Words),
        ] {
            assert_eq!(kind_of(value), Some(expected), "{value}");
        }
    }

    #[test]
    fn random_values_are_nothing_evident() {
        for template in [
            "{hex:32}",
            "{hex:40}",
            "{alnum:20}",
            "{alnum:40}",
            "{base64:44}",
            "key_{alnum:24}",
            "/{base64:40}",
            "https://hooks.site.org/services/{alnum:24}",
        ] {
            let nothing = |seed: &u32| kind_of(&expand(template, &seed.to_string())).is_none();
            let count = (0..500).filter(nothing).count();
            assert!(count >= 498, "{template}: {count} of 500");
        }
    }

    #[test]
    fn urls_with_a_user_may_hold_a_password() {
        let url = ["postgres://name:", "word@host.site.org/db"].concat();
        assert_eq!(kind_of(&url), None);
    }

    #[test]
    fn the_name_tells_a_hash_from_a_key() {
        let hex = expand("{hex:40}", "hash");
        assert_eq!(kind(hex.as_bytes(), b"commit_sha1"), Some(Kind::Digest));
        assert_eq!(kind(hex.as_bytes(), b"SRCREV"), Some(Kind::Digest));
        assert_eq!(kind(hex.as_bytes(), b"api_key"), None);
        assert_eq!(kind(hex.as_bytes(), b"password_hash"), None);
        assert_eq!(kind_of(&expand("sha512-{base64:88}", "1")), Some(Kind::Digest));
    }

    #[test]
    fn passwords_with_a_mark_behind_a_digit_are_not_just_words() {
        assert_eq!(kind_of(&["Summer", "2031!"].concat()), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_judged(value: Vec<u8>, name in "[a-z_]{0,8}") {
            kind(&value, name.as_bytes());
        }

        #[test]
        fn any_text_is_judged(value in "[ -~]{0,40}") {
            kind(value.as_bytes(), b"");
        }
    }
}
