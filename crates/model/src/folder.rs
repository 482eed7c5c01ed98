//! Tells what a folder is for by its name: one table for all checks, so that no two of them have
//! another idea of what a test is.
//!
//! What follows from it differs. Examples are often copied from what works, and templates are filled
//! in and deployed: of these, names and modes of files are taken lightly, but no secret is. Of
//! documentation it is the other way round: it quotes keys, and has no reason to hold files of them.

use bstr::BStr;

/// What a folder is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FolderKind {
    /// Tests and what they need.
    Tests,
    /// Texts for people.
    Documentation,
    /// Examples and templates, to be copied and filled in.
    Examples,
}

use FolderKind::{Documentation, Examples, Tests};

/// Names of folders in lower case, in order.
const NAMES: [(&str, FolderKind); 35] = [
    ("__fixtures__", Tests),
    ("__mocks__", Tests),
    ("__snapshots__", Tests),
    ("__tests__", Tests),
    ("doc", Documentation),
    ("docs", Documentation),
    ("documentation", Documentation),
    ("e2e", Tests),
    ("example", Examples),
    ("examples", Examples),
    ("fixture", Tests),
    ("fixtures", Tests),
    ("javadoc", Documentation),
    ("mock", Tests),
    ("mocks", Tests),
    ("sample", Examples),
    ("samples", Examples),
    ("selftest", Tests),
    ("selftests", Tests),
    ("spec", Tests),
    ("specs", Tests),
    ("t", Tests),
    ("template", Examples),
    ("templates", Examples),
    ("test", Tests),
    ("test-data", Tests),
    ("test-fixtures", Tests),
    ("test_data", Tests),
    ("testdata", Tests),
    ("testing", Tests),
    ("tests", Tests),
    ("testsuite", Tests),
    ("unittest", Tests),
    ("unittests", Tests),
    ("xt", Tests),
];
/// What other folders of tests end with.
const TEST_ENDS: [&[u8]; 8] =
    [b"_test", b"_tests", b"-test", b"-tests", b".test", b".tests", b"Test", b"Tests"];

/// Returns true if and only if some folder of `path` is of one of these kinds.
pub fn lies_in(path: &[u8], kinds: &[FolderKind]) -> bool {
    let mut parts = path.rsplit(|&byte| byte == b'/');
    parts.next();
    parts.any(|name| kind(name).is_some_and(|kind| kinds.contains(&kind)))
}

/// Returns true if and only if a folder of `path` is one of tests, examples or templates, where files
/// that are named as secrets, or have odd modes, are dummies.
pub fn in_sample_folder(path: &BStr) -> bool {
    lies_in(path, &[Tests, Examples])
}

/// What a folder of this name is for, if its name tells.
fn kind(name: &[u8]) -> Option<FolderKind> {
    if let Ok(at) = NAMES.binary_search_by(|(one, _)| compare(one, name)) {
        return Some(NAMES[at].1);
    }
    let is_longer = |end: &&[u8]| name.ends_with(end) && name.len() > end.len();
    let is_test = begins_with_test(name) || TEST_ENDS.iter().any(is_longer);
    is_test.then_some(Tests)
}

/// Returns true if and only if the first word of a name is `test`: `test-support`, `testFixtures`.
fn begins_with_test(name: &[u8]) -> bool {
    let next = name.strip_prefix(b"test").and_then(<[u8]>::first);
    next.is_some_and(|next| next.is_ascii_uppercase() || b"-_.".contains(next))
}

/// Compares a word in lower case with one in any.
fn compare(one: &str, name: &[u8]) -> std::cmp::Ordering {
    one.bytes().cmp(name.iter().map(u8::to_ascii_lowercase))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_in_order() {
        assert!(NAMES.is_sorted_by_key(|(name, _)| name));
    }

    #[test]
    fn each_kind_is_told() {
        for (path, kind) in [
            ("a/Tests/id_rsa", Some(Tests)),
            ("unit-tests/a", Some(Tests)),
            ("app/src/androidTest/a", Some(Tests)),
            ("testFixtures/a", Some(Tests)),
            ("DOCS/a", Some(Documentation)),
            ("a/examples/b/c", Some(Examples)),
            ("templates/a", Some(Examples)),
            ("a/tests", None),
            ("contest/x", None),
            ("latest/x", None),
            ("-test/x", None),
            ("", None),
        ] {
            for one in [Tests, Documentation, Examples] {
                assert_eq!(lies_in(path.as_bytes(), &[one]), kind == Some(one), "{path}");
            }
        }
    }
}
