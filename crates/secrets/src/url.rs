//! Passwords in URLs: `scheme://user:password@host`, RFC 3986 section 3.2.1.

use std::ops::Range;

use crate::judge;

/// The longest userinfo and host that are looked at.
pub(crate) const LONGEST: usize = 512;

/// Finds the password of the URL whose `://` begins at `at`.
pub(crate) fn password(text: &[u8], at: usize) -> Option<Range<usize>> {
    let start = at + 3;
    let rest = &text[start.min(text.len())..text.len().min(start + LONGEST)];
    let len = rest.iter().position(|byte| is_end(*byte)).unwrap_or(rest.len());
    let authority = &rest[..len];
    let sign = authority.iter().rposition(|&byte| byte == b'@')?;
    let userinfo = &authority[..sign];
    let colon = userinfo.iter().position(|&byte| byte == b':')?;
    let (user, password) = (&userinfo[..colon], &userinfo[colon + 1..]);
    let host = &authority[sign + 1..];
    if !is_host(host) || !is_secret(user, password) {
        return None;
    }
    let from = start + colon + 1;
    Some(from..from + password.len())
}

fn is_end(byte: u8) -> bool {
    matches!(
        byte,
        0..=b' ' | b'"' | b'\'' | b'<' | b'>' | b'`' | b'/' | b'?' | b'#' | b'\\' | b'|' | 0x7f
    )
}

fn is_host(host: &[u8]) -> bool {
    let first = host.first().copied().unwrap_or(0);
    let named = first.is_ascii_alphanumeric() || matches!(first, b'[' | b'_' | b'$' | b'{' | b'%');
    let documented = [&b"example.com"[..], b"example.org", b"example.net"]
        .iter()
        .any(|domain| host.to_ascii_lowercase().starts_with(domain));
    named && !documented
}

fn is_secret(user: &[u8], password: &[u8]) -> bool {
    password.len() >= 3
        && !judge::is_stock_password(user, password)
        && !judge::is_placeholder(password)
        && !is_reference(password)
        // A port before a host: `http://:8080@…` is nobody's password.
        && (!user.is_empty() || password.iter().any(|byte| !byte.is_ascii_digit()))
}

/// `$NAME`, `%s`, `:name`, `{name}`, `#{…}`: the value comes from elsewhere.
fn is_reference(password: &[u8]) -> bool {
    matches!(password.first(), Some(b'$' | b'{' | b'<' | b':' | b'[' | b'('))
        || password.starts_with(b"%s")
        || password.starts_with(b"%v")
        || password.starts_with(b"%d")
        || password.iter().any(|byte| matches!(byte, b'{' | b'}' | b'(' | b')' | b',' | b';'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Option<&str> {
        let at = text.find("://").expect("the case has a URL");
        password(text.as_bytes(), at).map(|span| &text[span])
    }

    #[test]
    fn a_password_is_found_between_user_and_host() {
        for (url, password) in [
            ("postgres://app:PASS@db.internal/x", "s3cr-t9"),
            ("redis://:PASS@10.0.0.1:6379", "longp4ss"),
            ("https://me:PASS@host.io/", "p@ss9word"),
        ] {
            assert_eq!(found(&url.replace("PASS", password)), Some(password));
        }
    }

    #[test]
    fn what_only_looks_like_one_is_not() {
        for text in [
            "https://host/path@2x",
            "https://user@host",
            "http://u:${PASS}@h",
            "http://u:%s@h",
            "http://user:password@host",
            "http://host:8080/a@b",
            "ssh://git@host:22/x",
            "postgres://postgres:postgres@localhost",
            "http://u:<password>@h",
            "http://a:b9c8d7@example.com",
        ] {
            assert_eq!(found(text), None, "{text}");
        }
    }
}
