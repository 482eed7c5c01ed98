//! Whether a text file of settings holds a value that somebody must keep secret.
//!
//! Only whether there is one: which one, and of what kind, is the secret scanner's work.

use std::borrow::Cow;

use bstr::ByteSlice;

/// Shorter values of a named key are not credentials.
const LEAST_VALUE: usize = 4;

/// What in the content shows a stored credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Proof {
    /// `password WORD`
    Netrc,
    /// Five columns parted by colons, the last of them the password.
    PasswordColumn,
    /// `https://user:password@host`
    UserInUrl,
    /// `user:hash`
    HashedPassword,
    /// A word on its own.
    Word,
    /// A key named password.
    Password,
    /// A token of a package registry.
    PackageToken,
    /// Docker's encoded user and password.
    DockerAuth,
    /// The secret half of a cloud's key.
    CloudKey,
    /// A user's key, token or password in a kubeconfig.
    Kubernetes,
    /// A key named token.
    Token,
    /// A private key or a client's secret in JSON.
    ServiceAccount,
}

impl Proof {
    /// Returns true if and only if the files it proves often hold mere settings.
    pub(crate) fn is_of_settings(self) -> bool {
        matches!(self, Self::PackageToken | Self::CloudKey | Self::Token | Self::Password)
    }

    /// Returns true if and only if `text` holds such a credential.
    pub(crate) fn holds(self, text: &[u8]) -> bool {
        let keys: &[&str] = match self {
            Self::Netrc => return netrc(text),
            Self::PasswordColumn => return text.lines().any(password_column),
            Self::UserInUrl => return text.lines().any(user_in_url),
            Self::HashedPassword => return text.lines().any(hashed_password),
            Self::Word => return !text.starts_with(b"#!") && is_real(text.trim_ascii()),
            Self::Password => &["password", "passwd"],
            Self::PackageToken => {
                &["_authToken", "_password", "_auth", "npmAuthToken", "npmAuthIdent", "token"]
            }
            Self::DockerAuth => &["auth", "identitytoken"],
            Self::CloudKey => &[
                "aws_secret_access_key",
                "aws_session_token",
                "secret_access_key",
                "secret_key",
                "gs_oauth2_refresh_token",
                "gs_secret_access_key",
                "rubygems_api_key",
                "pass",
            ],
            Self::Kubernetes => &["client-key-data", "token", "password"],
            Self::Token => &[
                "token",
                "oauth_token",
                "accessToken",
                "refreshToken",
                "access_token",
                "refresh_token",
                "OPENAI_API_KEY",
            ],
            Self::ServiceAccount => &["private_key", "client_secret", "refresh_token"],
        };
        keys.iter().any(|key| has_assigned(text, key.as_bytes()))
    }
}

/// The text of a file: without a byte order mark, and without the NULs of UTF-16.
pub(crate) fn text(head: &[u8]) -> Cow<'_, [u8]> {
    if head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff") {
        return Cow::Owned(head[2..].iter().copied().filter(|&byte| byte != 0).collect());
    }
    Cow::Borrowed(head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head))
}

/// Returns true if and only if a variable of the environment file `text` has a value.
pub(crate) fn has_values(text: &[u8]) -> bool {
    variables(text).any(|(name, value)| !name.contains_str("PUBLIC") && !is_placeholder(value))
}

/// Returns true if and only if a variable that is named as a secret has a value.
pub(crate) fn has_secret_values(text: &[u8]) -> bool {
    const WORDS: [&str; 8] =
        ["SECRET", "TOKEN", "PASSWORD", "PASSWD", "PRIVATE", "CREDENTIAL", "API_KEY", "ACCESS_KEY"];
    // What a bundler copies into the page is public, whatever its name.
    const PUBLISHED: [&str; 6] =
        ["VITE_", "REACT_APP_", "NEXT_PUBLIC_", "VUE_APP_", "NUXT_PUBLIC_", "PUBLIC"];
    variables(text).any(|(name, value)| {
        let name = name.to_ascii_uppercase();
        WORDS.iter().any(|word| name.contains_str(word))
            && !PUBLISHED.iter().any(|word| name.contains_str(word))
            && is_real(value)
    })
}

/// The names and values of an environment file.
fn variables(text: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    text.lines().filter_map(|line| {
        let line = line.trim_ascii_start();
        let line = line.strip_prefix(b"export ").unwrap_or(line);
        let (name, value) = line.split_once_str("=")?;
        let name = name.trim_ascii();
        let valid = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
        (!name.is_empty() && name.iter().all(valid)).then(|| (name, unquoted(value)))
    })
}

/// The value at the start of `text`: what quotes hold, or all before a comment.
fn unquoted(text: &[u8]) -> &[u8] {
    let text = text.trim_start_with(|c| c == ' ' || c == '\t');
    match text {
        [quote @ (b'"' | b'\''), rest @ ..] => {
            &rest[..rest.find_byte(*quote).unwrap_or(rest.len())]
        }
        [b'#', ..] => b"",
        _ => text[..text.find(" #").unwrap_or(text.len())].trim_ascii(),
    }
}

/// Returns true if and only if `key` is given a value that is no placeholder.
fn has_assigned(text: &[u8], key: &[u8]) -> bool {
    let mut from = 0;
    while let Some(at) = find_ignoring_case(&text[from..], key) {
        let start = from + at;
        from = start + key.len();
        let inside_word = text[..start]
            .last()
            .is_some_and(|&byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
        if !inside_word && value_of(&text[from..]).is_some_and(is_real) {
            return true;
        }
    }
    false
}

/// The value after a key's name, as `= x`, `: x`, `": "x"`, `="x"`, or ` "x"` as old yarn has it.
fn value_of(after: &[u8]) -> Option<&[u8]> {
    let is_blank = |c: char| c == ' ' || c == '\t';
    let after = after.strip_prefix(b"\"").unwrap_or(after).trim_start_with(is_blank);
    let after = match after {
        [b'=' | b':', rest @ ..] => rest.trim_start_with(is_blank),
        [b'"', ..] => after,
        _ => return None,
    };
    Some(match after {
        [quote @ (b'"' | b'\''), rest @ ..] => {
            &rest[..rest.find_byte(*quote).unwrap_or(rest.len())]
        }
        _ => &after[..after.find_byteset(b" \t\r\n,#").unwrap_or(after.len())],
    })
}

fn find_ignoring_case(text: &[u8], word: &[u8]) -> Option<usize> {
    let first = [word[0].to_ascii_lowercase(), word[0].to_ascii_uppercase()];
    let mut from = 0;
    while let Some(at) = text[from..].find_byteset(first) {
        let start = from + at;
        if text[start..].get(..word.len())?.eq_ignore_ascii_case(word) {
            return Some(start);
        }
        from = start + 1;
    }
    None
}

fn netrc(text: &[u8]) -> bool {
    let mut words = text.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    while let Some(word) = words.next() {
        if word == b"password" && words.next().is_some_and(is_real) {
            return true;
        }
    }
    false
}

fn password_column(line: &[u8]) -> bool {
    let mut columns = line.splitn_str(5, ":");
    !line.starts_with(b"#") && columns.nth(4).is_some_and(|password| is_real(password.trim_ascii()))
}

fn user_in_url(line: &[u8]) -> bool {
    let Some((_, rest)) = line.split_once_str("://") else {
        return false;
    };
    let Some((user, _)) = rest.split_once_str("@") else {
        return false;
    };
    user.split_once_str(":").is_some_and(|(_, password)| is_real(password))
}

fn hashed_password(line: &[u8]) -> bool {
    const CRYPT: usize = 13;
    let Some((user, hash)) = line.split_once_str(":") else {
        return false;
    };
    let user_is_name = !user.is_empty() && !user.starts_with(b"#") && !user.contains(&b' ');
    user_is_name
        && (hash.starts_with(b"$") && hash.find_iter("$").count() >= 3
            || hash.starts_with(b"{SHA}")
            || hash.len() == CRYPT && !hash.contains(&b' '))
}

fn is_real(value: &[u8]) -> bool {
    value.len() >= LEAST_VALUE && !is_placeholder(value)
}

/// Returns true if and only if `value` stands for another: empty, a reference, encrypted, a dummy.
fn is_placeholder(value: &[u8]) -> bool {
    const STARTS: [&str; 13] = [
        "$",
        "<",
        "{{",
        "%",
        "ENC[",
        "encrypted:",
        "vault:",
        "op://",
        "ref+",
        "file:",
        "your",
        "my-",
        "#",
    ];
    const PARTS: [&str; 12] = [
        "example",
        "placeholder",
        "changeme",
        "change_me",
        "change-me",
        "change me",
        "xxxx",
        "****",
        "...",
        "dummy",
        "todo",
        "redacted",
    ];
    let value = value.trim_ascii().to_ascii_lowercase();
    value.is_empty()
        || matches!(value.as_slice(), b"null" | b"none" | b"undefined")
        || STARTS.iter().any(|start| value.starts_with(start.to_ascii_lowercase().as_bytes()))
        || PARTS.iter().any(|part| value.contains_str(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_variables() {
        for text in ["A=b", "export A=b", "A = 'b c'", "# x\r\nA=\"b\"\r\n", "A=b # note"] {
            assert!(has_values(text.as_bytes()), "{text}");
        }
        for text in [
            "",
            "A=",
            "A=\"\"",
            "# A=b",
            "A=${B}",
            "A=<value>",
            "A=changeme",
            "A= # note",
            "A=encrypted:abc",
            "A=ENC[abc]",
            "PUBLIC_KEY=abc",
            "no variable",
            "a b=c",
        ] {
            assert!(!has_values(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn variables_named_as_secrets() {
        assert!(has_secret_values(b"STRIPE_SECRET=q7q7q7"));
        assert!(has_secret_values(b"x\ndb_password: y\nDB_PASSWORD=q7q7q7"));
        for text in ["STRIPE_SECRET=", "TITLE=q7q7q7", "VITE_TOKEN=q7q7q7", "TOKEN=no"] {
            assert!(!has_secret_values(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn utf_16_reads_as_text() {
        let utf16: Vec<u8> =
            [0xfeff].into_iter().chain("A=b".encode_utf16()).flat_map(u16::to_le_bytes).collect();
        assert!(has_values(&text(&utf16)));
        assert!(has_values(&text(b"\xef\xbb\xbfA=b")));
    }

    #[test]
    fn assigned_keys() {
        for text in
            ["token = abcd", "x\n  TOKEN: \"abcd\"", "{\"token\":\"abcd\"}", "token 'x' token=abcd"]
        {
            assert!(Proof::Token.holds(text.as_bytes()), "{text}");
        }
        for text in ["my_token = abcd", "tokens = abcd", "token", "token = ", "token = $X"] {
            assert!(!Proof::Token.holds(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn columns_and_urls() {
        assert!(!Proof::PasswordColumn.holds(b"# host:port:db:user:password"));
        assert!(!Proof::UserInUrl.holds(b"https://me@host"));
        assert!(!Proof::Netrc.holds(b"machine h login me"));
        assert!(Proof::HashedPassword.holds(b"me:{SHA}abc"));
        assert!(!Proof::HashedPassword.holds(b"note: this is plain"));
        assert!(!Proof::Word.holds(b"#!/bin/sh\nget-password"));
    }
}
