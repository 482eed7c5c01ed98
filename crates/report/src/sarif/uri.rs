//! Paths as URI references.

use crate::escape::percent_encoded;

/// The path as a URI reference: relative as it is, absolute as a `file` URI.
///
/// A relative one is relative to the repository's root, which is what code hosts resolve it
/// against. A colon is encoded, so that `a:b` is no scheme.
pub(super) fn uri(path: &[u8]) -> String {
    let mut path = path;
    while let Some(rest) = path.strip_prefix(b"./") {
        path = rest;
    }
    let encoded = percent_encoded(path);
    if encoded.starts_with('/') { format!("file://{encoded}") } else { encoded }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_paths_stay_relative() {
        assert_eq!(uri(b"src/a b.rs"), "src/a%20b.rs");
        assert_eq!(uri(b"././src/a.rs"), "src/a.rs");
        assert_eq!(uri(b"../a.rs"), "../a.rs");
        assert_eq!(uri(b"c:d"), "c%3Ad");
        assert_eq!(uri(b"a\xff%"), "a%FF%25");
    }

    #[test]
    fn absolute_paths_name_their_scheme() {
        assert_eq!(uri(b"/tmp/a"), "file:///tmp/a");
        assert_eq!(uri(b"//host/a"), "file:////host/a");
    }
}
