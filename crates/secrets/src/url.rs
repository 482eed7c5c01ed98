//! Passwords in URLs: `scheme://user:password@host`, RFC 3986 section 3.2.1.

use std::ops::Range;

use crate::judge;
use crate::name;

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
    let unreal = host.len() < 2 || [&b"foo"[..], b"bar", b"host"].contains(&host);
    let documented = unreal || is_documented(&host.to_ascii_lowercase());
    named && !documented
}

/// Returns true if and only if a host, in lower case, is one for documentation and tests, RFC 2606.
fn is_documented(host: &[u8]) -> bool {
    const DOMAINS: [&[u8]; 3] = [b"example.com", b"example.org", b"example.net"];
    const TOPS: [&[u8]; 3] = [b"example", b"invalid", b"test"];
    let name = host.split(|&byte| byte == b':').next().unwrap_or_default();
    let is_below = |end: &&[u8]| {
        name.strip_suffix(*end).is_some_and(|rest| rest.is_empty() || rest.ends_with(b"."))
    };
    DOMAINS.iter().any(is_below) || name.contains(&b'.') && TOPS.iter().any(is_below)
}

/// Returns true if and only if a password with escapes is made of words for one: `pass%20word`.
fn is_made_up(password: &[u8]) -> bool {
    let mut plain = Vec::new();
    let mut rest = password;
    while let Some((&byte, more)) = rest.split_first() {
        let escaped = byte == b'%' && more.len() >= 2;
        plain.push(if escaped { b' ' } else { byte });
        rest = if escaped { &more[2..] } else { more };
    }
    plain.len() < password.len() && name::is_made_up(&plain)
}

fn is_secret(user: &[u8], password: &[u8]) -> bool {
    password.len() >= 3
        && !is_made_up(password)
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
            "http://a:b9c8d7@db.example.com:5432/x",
            "http://a:b9c8d7@x/y",
            "http://a:b9c8d7@somewhere.test/x",
            "http://a:pass%20word@host.io/x",
        ] {
            assert_eq!(found(text), None, "{text}");
        }
    }
}
