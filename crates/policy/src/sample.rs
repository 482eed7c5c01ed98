//! Tells where what looks like a secret is mostly made up: in tests and documentation.
//!
//! What a provider issued counts everywhere, as it opens something wherever it stands. But a key
//! made for a test server, or the password in a chapter on passwords, opens nothing, and nothing in
//! its form says so. What does is the folder it stands in.

use bstr::ByteSlice as _;
use leakgate_model::{FolderKind, lies_in};

/// What is done about samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Samples {
    /// They warn and do not block: who makes a change knows what is in it.
    Warn,
    /// They are counted: of a whole tree, nobody wants to be told of them.
    Count,
    /// They are findings as all others.
    Tell,
}

/// What the names of test programs end with, without their extension.
const FILE_ENDS: [&[u8]; 9] =
    [b"_test", b"_tests", b"_spec", b".test", b".spec", b"-test", b"-spec", b"Test", b"Tests"];

/// Returns true if and only if a path leads into tests or documentation.
///
/// A file whose name begins with a dot does not: settings such as `.env` are read wherever they are.
pub fn is_sample_place(path: &[u8]) -> bool {
    let file = path.rsplit(|&byte| byte == b'/').next().unwrap_or_default();
    let kinds = [FolderKind::Tests, FolderKind::Documentation];
    !file.starts_with(b".") && (is_test_program(file) || lies_in(path, &kinds))
}

fn is_test_program(file: &[u8]) -> bool {
    let Some(dot) = file.rfind_byte(b'.') else { return false };
    let stem = &file[..dot];
    stem.starts_with(b"test_")
        || stem == b"conftest"
        || FILE_ENDS.iter().any(|end| stem.ends_with(end) && stem.len() > end.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_and_documentation_are_told() {
        for path in [
            "tests/a.py",
            "a/Test/b.c",
            "docs/setup.rst",
            "src/test/java/A.java",
            "app/src/androidTest/A.kt",
            "lib/test_data/key.pem",
            "unit-tests/a.c",
            "My.App.Tests/A.cs",
            "src/testFixtures/a.p12",
            "t/lib.sh",
            "pkg/server_test.go",
            "src/a.spec.ts",
            "src/UserTest.java",
            "test_login.py",
            "conftest.py",
        ] {
            assert!(is_sample_place(path.as_bytes()), "{path}");
        }
    }

    #[test]
    fn all_else_counts() {
        for path in [
            "",
            "a.py",
            "test",
            "docs",
            "src/latest/a.py",
            "contest/a.py",
            "tests/.env",
            "src/docs.py",
            "testify.go",
            "attest.rs",
            "testament/a.rs",
            "README.md",
        ] {
            assert!(!is_sample_place(path.as_bytes()), "{path}");
        }
    }
}
