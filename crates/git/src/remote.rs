//! Remotes, and what is known to be at the address of a push.
//!
//! What a remote-tracking ref names was fetched from one address. A push may go to another one by the
//! same name of a remote, as with `pushurl`, and what one has may be private to it.

use gix::bstr::{BStr, BString, ByteSlice as _};
use gix::remote::Direction;
use gix::url::{Scheme, Url};
use leakgate_model::ObjectId;

use crate::Repository;
use crate::repository::Error;

impl Repository {
    /// The objects that are known to be at an address, as git gives it to the hook `pre-push`: those
    /// that the remote-tracking refs of the remotes name that are fetched from there.
    ///
    /// # Errors
    /// As [`Repository::refs`], or when the user's configuration cannot be read.
    pub fn known_at(&self, address: &BStr) -> Result<Vec<ObjectId>, Error> {
        let Ok(address) = gix::url::parse(address) else { return Ok(Vec::new()) };
        let remotes = self.remotes()?;
        let is_there = |name: &[u8]| {
            // The refs of a remote called `a/b` lie in the folder of one called `a`.
            let owners = remotes.iter().filter(|remote| name.starts_with(&remote.folder));
            let owner = owners.max_by_key(|remote| remote.folder.len());
            owner.is_some_and(|owner| is_same(&owner.fetched_from, &address))
        };
        if !remotes.iter().any(|remote| is_same(&remote.fetched_from, &address)) {
            return Ok(Vec::new());
        }
        let refs = self.refs()?.into_iter();
        Ok(refs.filter(|(name, _)| is_there(name)).map(|(_, id)| id).collect())
    }

    /// Returns true if and only if the repository itself names a remote.
    pub fn has_remote(&self) -> bool {
        !self.local().remote_names().is_empty()
    }

    /// The configured remotes that can be fetched from.
    fn remotes(&self) -> Result<Vec<Remote>, Error> {
        // What an address stands for is mostly said in the user's configuration.
        let repository = self.with_user_configuration()?;
        let remotes = repository.remote_names().into_iter().filter_map(|name| {
            let remote = repository.find_remote(&*name).ok()?;
            // Of several, git fetches from the first.
            let fetched_from = remote.url(Direction::Fetch)?.clone();
            Some(Remote { folder: format!("refs/remotes/{name}/").into(), fetched_from })
        });
        Ok(remotes.collect())
    }
}

/// A configured remote.
struct Remote {
    /// Where its remote-tracking refs are.
    folder: BString,
    fetched_from: Url,
}

/// Returns true if and only if two addresses lead to one repository.
fn is_same(one: &Url, other: &Url) -> bool {
    let is_same_host = match (one.host(), other.host()) {
        (Some(one), Some(other)) => one.eq_ignore_ascii_case(other),
        (one, other) => one == other,
    };
    if one.scheme == other.scheme {
        return is_same_host
            && one.user() == other.user()
            && one.port_or_default() == other.port_or_default()
            && path(one) == path(other);
    }
    let is_pair = |one, other| is_web(one) && is_service(other);
    is_same_host
        && (is_pair(one, other) || is_pair(other, one))
        && path(one).trim_start_with(|c| c == '/') == path(other).trim_start_with(|c| c == '/')
}

/// The path without what makes no difference, which on one's own disk anything may.
fn path(url: &Url) -> &[u8] {
    let path = url.path.trim_end_with(|c| c == '/');
    let is_local = url.scheme == Scheme::File;
    path.strip_suffix(b".git").filter(|_| !is_local).unwrap_or(path)
}

fn is_web(url: &Url) -> bool {
    url.scheme == Scheme::Https && url.port.is_none()
}

/// Hosting services have at `git@HOST:PATH` what they have at `https://HOST/PATH`.
fn is_service(url: &Url) -> bool {
    url.scheme == Scheme::Ssh && url.port.is_none() && url.user() == Some("git")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_one_repository() {
        let is_same = |one: &str, other: &str| {
            let [one, other] = [one, other].map(|url| gix::url::parse(url).expect("an address"));
            assert_eq!(is_same(&one, &other), is_same(&other, &one), "{one} {other}");
            is_same(&one, &other)
        };
        for (one, other) in [
            ("../remote.git", "../remote.git"),
            ("/srv/a", "/srv/a/"),
            ("https://example.com/o/r.git", "https://EXAMPLE.com:443/o/r"),
            ("https://example.com/o/r", "git@example.com:o/r.git"),
            ("https://example.com/o/r.git", "ssh://git@example.com/o/r.git"),
            ("ssh://me@example.com/r", "ssh://me@example.com:22/r"),
        ] {
            assert!(is_same(one, other), "{one} {other}");
        }
        for (one, other) in [
            ("../remote.git", "../public.git"),
            ("/srv/a", "/srv/a.git"),
            ("https://example.com/o/r", "https://example.com/o/s"),
            ("https://example.com/o/r", "https://example.org/o/r"),
            ("https://example.com/o/r", "http://example.com/o/r"),
            ("https://example.com/o/r", "me@example.com:o/r"),
            ("https://example.com:8443/o/r", "git@example.com:o/r"),
            ("me@example.com:r", "you@example.com:r"),
            // One is below the home folder of `me`.
            ("me@example.com:r", "ssh://me@example.com/r"),
            ("ssh://git@example.com:2222/o/r", "git@example.com:o/r"),
        ] {
            assert!(!is_same(one, other), "{one} {other}");
        }
    }
}
