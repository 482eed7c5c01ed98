//! Tells data from programs, by name where the name is enough and else by the first bytes.
//!
//! Only what nobody runs counts as data: source code, libraries, archives that some systems
//! start (`.jar`, `.exe`) and unknown extensions do not.

use bstr::{BStr, ByteSlice};

/// Extensions of formats that cannot begin as a script.
const BINARY: [&str; 61] = [
    "7z", "aac", "avi", "avif", "bmp", "bz2", "db", "der", "doc", "docx", "eot", "epub", "flac",
    "gif", "gz", "heic", "icns", "ico", "jks", "jpeg", "jpg", "kdbx", "keystore", "m4a", "mkv",
    "mov", "mp3", "mp4", "npy", "npz", "odp", "ods", "odt", "ogg", "onnx", "otf", "p12", "parquet",
    "pdf", "pfx", "png", "ppt", "pptx", "psd", "rar", "sqlite", "sqlite3", "tar", "tgz", "tif",
    "tiff", "ttf", "wav", "webm", "webp", "woff", "woff2", "xls", "xlsx", "xz", "zst",
];

/// Extensions of text formats, which are data unless they begin with `#!`.
const TEXT: [&str; 56] = [
    "adoc",
    "asc",
    "bib",
    "cer",
    "cfg",
    "conf",
    "crt",
    "csr",
    "css",
    "csv",
    "diff",
    "env",
    "geojson",
    "graphql",
    "htm",
    "html",
    "ini",
    "ipynb",
    "json",
    "json5",
    "jsonc",
    "jsonl",
    "key",
    "less",
    "lock",
    "log",
    "map",
    "markdown",
    "md",
    "ndjson",
    "patch",
    "pem",
    "po",
    "pot",
    "properties",
    "proto",
    "pub",
    "rst",
    "sass",
    "scss",
    "sig",
    "srt",
    "sum",
    "svg",
    "tex",
    "tfstate",
    "tfvars",
    "toml",
    "tsv",
    "txt",
    "vtt",
    "webmanifest",
    "xml",
    "xsd",
    "yaml",
    "yml",
];

/// Whole names of text without an extension, or with one that says nothing.
const TEXT_NAMES: [&str; 14] = [
    ".dockerignore",
    ".editorconfig",
    ".env",
    ".gitattributes",
    ".gitignore",
    ".gitmodules",
    ".mailmap",
    ".npmrc",
    "authors",
    "changelog",
    "copying",
    "licence",
    "license",
    "readme",
];

/// What a name says of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Data, whatever it begins with.
    Data,
    /// Data unless it begins as a script.
    Text,
    /// No extension: the content decides.
    Bare,
    /// Something that may run.
    Program,
}

/// What the name in `path` says.
pub(crate) fn kind(path: &BStr) -> Kind {
    let name = path.rsplit_once_str("/").map_or(path.as_bytes(), |(_, name)| name);
    let is_one_of =
        |names: &[&str], word: &[u8]| names.iter().any(|n| word.eq_ignore_ascii_case(n.as_bytes()));
    if is_one_of(&TEXT_NAMES, name) || name.starts_with(b".env.") {
        return Kind::Text;
    }
    match name.rsplit_once_str(".") {
        Some((_, extension)) if is_one_of(&BINARY, extension) => Kind::Data,
        Some((_, extension)) if is_one_of(&TEXT, extension) => Kind::Text,
        Some(_) => Kind::Program,
        None => Kind::Bare,
    }
}

/// Returns true if and only if the content is needed to tell whether `path` is data.
pub(crate) fn wants_content(path: &BStr) -> bool {
    matches!(kind(path), Kind::Text | Kind::Bare)
}

/// Returns true if and only if the content shows that `path`, which [`wants_content`], is data.
pub(crate) fn is_data_by_content(path: &BStr, head: &[u8]) -> bool {
    match kind(path) {
        Kind::Text => !is_program(head),
        Kind::Bare => is_document(head),
        Kind::Data | Kind::Program => false,
    }
}

fn is_program(head: &[u8]) -> bool {
    // Script, ELF, Windows, Mach-O (both byte orders, both widths, universal), WebAssembly.
    const MAGIC: [&[u8]; 9] = [
        b"#!",
        b"\x7fELF",
        b"MZ",
        b"\xfe\xed\xfa\xce",
        b"\xfe\xed\xfa\xcf",
        b"\xce\xfa\xed\xfe",
        b"\xcf\xfa\xed\xfe",
        b"\xca\xfe\xba\xbe",
        b"\0asm",
    ];
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    MAGIC.iter().any(|magic| head.starts_with(magic))
}

fn is_document(head: &[u8]) -> bool {
    const MAGIC: [&[u8]; 6] =
        [b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"%PDF-", b"-----BEGIN ", b"SQLite format 3\0"];
    MAGIC.iter().any(|magic| head.starts_with(magic))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_decides_where_it_can() {
        for (path, expected) in [
            ("a.png", Kind::Data),
            ("dir.png/run", Kind::Bare),
            ("a.json", Kind::Text),
            (".env.production", Kind::Text),
            ("a/LICENSE", Kind::Text),
            ("a.sh", Kind::Program),
            ("tool.jar", Kind::Program),
            ("Makefile", Kind::Bare),
            ("png", Kind::Bare),
        ] {
            assert_eq!(kind(path.into()), expected, "{path}");
        }
    }
}
