//! What a file's name says of how values are written in it.

use bstr::ByteSlice as _;

/// How a file writes an assigned value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Syntax {
    /// A programming language: a bare word is a variable, a value stands in quotes.
    Code,
    /// Settings: a bare word is a value.
    Settings,
    /// Prose, logs, or nothing known: a bare word is a value if it reads like one.
    Prose,
}

const CODE: &[&str] = &[
    "rs", "py", "pyi", "js", "mjs", "cjs", "jsx", "ts", "mts", "cts", "tsx", "go", "java", "kt",
    "kts", "scala", "groovy", "c", "h", "cc", "cpp", "cxx", "hpp", "hh", "m", "mm", "cs", "fs",
    "vb", "rb", "erb", "php", "pl", "pm", "swift", "dart", "lua", "r", "jl", "ex", "exs", "erl",
    "hs", "ml", "mli", "clj", "cljs", "elm", "vue", "svelte", "sql", "proto", "sol", "zig", "nim",
    "tf", "hcl", "bicep", "gradle", "cmake", "ipynb", "json", "json5", "jsonc", "html", "css",
    "scss", "less", "coffee", "d", "pas", "asm", "s", "graphql", "rst",
];
const SETTINGS: &[&str] = &[
    "env",
    "yml",
    "yaml",
    "ini",
    "cfg",
    "conf",
    "config",
    "properties",
    "props",
    "toml",
    "sh",
    "bash",
    "zsh",
    "fish",
    "ps1",
    "bat",
    "cmd",
    "dockerfile",
    "tfvars",
    "xml",
    "plist",
    "service",
    "cnf",
    "netrc",
    "npmrc",
    "pypirc",
    "envrc",
    "desktop",
    "reg",
    "tfstate",
];

impl Syntax {
    /// Tells by extension or by the whole name.
    pub(crate) fn of(path: &[u8]) -> Self {
        let name = path.rsplit(|&byte| byte == b'/').next().unwrap_or(path).to_ascii_lowercase();
        let is_env =
            name.starts_with(b".env") || name.ends_with(b".env") || name.contains_str(".env.");
        if is_env || name.starts_with(b"dockerfile") {
            return Self::Settings;
        }
        let extension = name.rsplit(|&byte| byte == b'.').next().unwrap_or_default();
        let listed = |list: &[&str]| list.iter().any(|one| one.as_bytes() == extension);
        if listed(CODE) {
            Self::Code
        } else if listed(SETTINGS) {
            Self::Settings
        } else {
            Self::Prose
        }
    }
}

/// Files written by tools, full of digests: generic rules stay out, specific ones run.
const GENERATED: &[&str] = &[
    "package-lock.json",
    "npm-shrinkwrap.json",
    "yarn.lock",
    "pnpm-lock.yaml",
    "bun.lock",
    "bun.lockb",
    "cargo.lock",
    "go.sum",
    "go.work.sum",
    "poetry.lock",
    "pipfile.lock",
    "uv.lock",
    "pdm.lock",
    "composer.lock",
    "gemfile.lock",
    "podfile.lock",
    "mix.lock",
    "flake.lock",
    "packages.lock.json",
    "pubspec.lock",
    "deno.lock",
    "gradle.lockfile",
    "project.assets.json",
    ".terraform.lock.hcl",
    ".leakgate-ignore",
    ".gitleaksignore",
    ".secrets.baseline",
];
const VENDORED: &[&[u8]] = &[
    b"node_modules/",
    b"bower_components/",
    b"vendor/github.com/",
    b"vendor/golang.org/",
    b"site-packages/",
];
const BUNDLES: &[&[u8]] =
    &[b".min.js", b".min.css", b".js.map", b".css.map", b".mjs.map", b".bundle.js", b".svg"];

/// Returns true if and only if people do not write this file by hand.
pub(crate) fn is_generated(path: &[u8]) -> bool {
    let lower = path.to_ascii_lowercase();
    let name = lower.rsplit(|&byte| byte == b'/').next().unwrap_or(&lower);
    GENERATED.iter().any(|one| one.as_bytes() == name)
        || BUNDLES.iter().any(|end| lower.ends_with(end))
        || VENDORED.iter().any(|part| {
            lower.starts_with(part) || lower.find(part).is_some_and(|at| lower[at - 1] == b'/')
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_the_syntax() {
        for (path, syntax) in [
            ("a/b.py", Syntax::Code),
            (".env.production", Syntax::Settings),
            ("prod.env", Syntax::Settings),
            ("Dockerfile", Syntax::Settings),
            ("x/Config.YML", Syntax::Settings),
            ("notes.md", Syntax::Prose),
            ("README", Syntax::Prose),
        ] {
            assert_eq!(Syntax::of(path.as_bytes()), syntax, "{path}");
        }
    }

    #[test]
    fn lock_files_and_vendored_files_are_generated() {
        assert!(is_generated(b"web/package-lock.json"));
        assert!(is_generated(b"vendor/github.com/x/y.go"));
        assert!(is_generated(b"web/node_modules/x/index.js"));
        assert!(!is_generated(b"src/vendor/mod.rs"));
        assert!(!is_generated(b"my_node_modules/x.js"));
    }
}
