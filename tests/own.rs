//! What this repository asks of others, it does itself.

use std::path::Path;

use crate::support::{Run, Sandbox};

#[test]
fn leakgate_passes_its_own_scan() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let sandbox = Sandbox::new();
    let folders = ["crates", "patterns", "hooks", "benches", "tests", "docs", ".ci"];
    let files = [
        "README.md",
        "CONTRIBUTING.md",
        "Cargo.toml",
        "deny.toml",
        ".pre-commit-hooks.yaml",
        "pyproject.toml",
    ];
    let run = Run::of(sandbox.leakgate(root).arg("files").args(folders).args(files), b"");
    assert_eq!(run.code, 0, "{}", run.text());
}
