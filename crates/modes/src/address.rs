//! Addresses of repositories: which hold a credential, which are not what they seem.

use bstr::{BStr, BString, ByteSlice};

/// What is wrong with an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// A password or token stands in it.
    Credentials,
    /// Using it runs a program, or asks another host than it shows.
    Unsafe(&'static str),
    /// What is fetched can be changed on the way, or is on one machine alone.
    Insecure(&'static str),
}

impl Fault {
    pub(crate) fn why(self) -> &'static str {
        match self {
            Self::Credentials => "a credential stands in the address",
            Self::Unsafe(why) | Self::Insecure(why) => why,
        }
    }
}

/// Shorter users of an address are names; longer ones of letters and digits are tokens.
const LEAST_TOKEN: usize = 20;

/// The gravest fault of an address, if it has one.
pub(crate) fn fault(url: &BStr) -> Option<Fault> {
    let lower: BString = url.to_ascii_lowercase().into();
    if url.starts_with(b"-") {
        return Some(Fault::Unsafe("it begins as an option"));
    }
    if url.iter().any(u8::is_ascii_control)
        || lower.contains_str("%0a")
        || lower.contains_str("%0d")
    {
        return Some(Fault::Unsafe("it holds a line end or another control character"));
    }
    if helper(url) {
        return Some(Fault::Unsafe("it names a transport helper, which is a program"));
    }
    if let Some((scheme, rest)) = lower.split_once_str("://") {
        let authority = rest.split(|&byte| byte == b'/').next().unwrap_or_default();
        let host = authority.rsplit_once_str("@").map_or(authority, |(_, host)| host);
        if host.starts_with(b"-") {
            return Some(Fault::Unsafe("its host begins as an option"));
        }
        if !host.is_ascii() {
            return Some(Fault::Unsafe("its host has letters that look like others"));
        }
        if has_credentials(url) {
            return Some(Fault::Credentials);
        }
        return match scheme {
            b"http" | b"ftp" | b"ftps" if is_local(host) => None,
            b"http" | b"ftp" => Some(Fault::Insecure("what it fetches can be changed on the way")),
            b"git" => Some(Fault::Insecure("what it fetches can be changed on the way")),
            b"file" => Some(Fault::Insecure("it is a folder of one machine")),
            _ => None,
        };
    }
    (url.starts_with(b"/") || url.starts_with(b"~"))
        .then_some(Fault::Insecure("it is a folder of one machine"))
}

/// Returns true if and only if a password or a token stands before the host.
pub(crate) fn has_credentials(url: &BStr) -> bool {
    let Some((_, rest)) = url.split_once_str("://") else { return false };
    let authority = rest.split(|&byte| byte == b'/').next().unwrap_or_default();
    let Some((user, _)) = authority.rsplit_once_str("@") else { return false };
    match user.split_once_str(":") {
        Some((_, password)) => !password.is_empty() && !is_variable(password),
        None => {
            user.len() >= LEAST_TOKEN
                && user.iter().any(u8::is_ascii_digit)
                && user.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'))
        }
    }
}

/// The address over https and without a credential, where that is known to be the same place.
pub(crate) fn mended(url: &BStr) -> Option<BString> {
    let (scheme, rest) = url.split_once_str("://")?;
    let known = ["http", "https", "git"].iter().any(|s| scheme.eq_ignore_ascii_case(s.as_bytes()));
    let end = rest.find_byte(b'/').unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let host = authority.rsplit_once_str("@").map_or(authority, |(_, host)| host);
    // A query may hold a token of its own.
    let plain = known && !host.is_empty() && !path.contains(&b'?') && !path.contains(&b'#');
    let mended: BString = [b"https://", host, path].concat().into();
    (plain && fault(mended.as_bstr()).is_none()).then_some(mended)
}

fn is_variable(password: &[u8]) -> bool {
    password.starts_with(b"$") || password.starts_with(b"<") || password.starts_with(b"{")
}

fn is_local(host: &[u8]) -> bool {
    let name = host.split(|&byte| byte == b':').next().unwrap_or_default();
    matches!(name, b"localhost" | b"127.0.0.1" | b"[")
}

/// `ext::command`, `fd::7` and their like.
fn helper(url: &BStr) -> bool {
    url.split_once_str("::").is_some_and(|(name, _)| {
        !name.is_empty() && name.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'-')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_in_addresses() {
        let token = "q7".repeat(12);
        for url in [format!("https://me:{token}@h/x"), format!("https://{token}@h/x")] {
            assert_eq!(fault(url.as_bytes().into()), Some(Fault::Credentials));
            assert_eq!(mended(url.as_bytes().into()), Some("https://h/x".into()));
        }
        for url in ["https://me@h/x", "ssh://git@h/x", "https://me:$T@h/x", "https://h/a@b:c"] {
            assert_eq!(fault(url.into()), None, "{url}");
        }
    }

    #[test]
    fn addresses_that_are_not_what_they_seem() {
        for url in ["ssh://-oX/y", "https://gíthub.com/x", "fd::1", "https://a\n/"] {
            assert!(matches!(fault(url.into()), Some(Fault::Unsafe(_))), "{url}");
        }
        for url in ["../x", "git@h:x", "http://localhost:3000/x", "https://[::1]/x"] {
            assert_eq!(fault(url.into()), None, "{url}");
        }
        assert_eq!(mended("http://h/x".into()), Some("https://h/x".into()));
        for url in ["file:///x", "https://h/x?token=a", "a"] {
            assert_eq!(mended(url.into()), None, "{url}");
        }
    }
}
