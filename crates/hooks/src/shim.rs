//! The text of a hook of ours, and telling it from any other.

use std::path::Path;

use bstr::ByteSlice;
use sha2::{Digest, Sha256};

use crate::{Error, Event};

/// A POSIX sh script. The number after the marker goes up with every change of this file.
const TEMPLATE: &str = include_str!("../../../hooks/shim.sh");
const MARKER: &[u8] = b"# leakgate-shim ";

/// Whose hook a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Author {
    /// Written by some version of leakgate and not changed since.
    Leakgate,
    /// Written by leakgate, then changed by somebody.
    LeakgateEdited,
    /// Not ours.
    SomebodyElse,
}

/// The hook for `event` that runs `binary`.
pub(crate) fn render(event: Event, binary: &Path) -> Result<Vec<u8>, Error> {
    let binary = quote(binary)?;
    let (head, body) = TEMPLATE.split_once("@CHECKSUM@\n").expect("the template has a marker line");
    let body = body.replace("@EVENT@", event.name());
    let (before, after) = body.split_once("@BINARY@").expect("the template names the binary");
    let body = [before.as_bytes(), &binary, after.as_bytes()].concat();
    Ok([head.as_bytes(), checksum(&body).as_bytes(), b"\n", &body].concat())
}

/// Whose hook `text` is.
pub(crate) fn author(text: &[u8]) -> Author {
    if !text.lines().any(|line| line.starts_with(MARKER)) {
        Author::SomebodyElse
    } else if is_untouched(text).unwrap_or(false) {
        Author::Leakgate
    } else {
        Author::LeakgateEdited
    }
}

fn is_untouched(text: &[u8]) -> Option<bool> {
    let marked = text.strip_prefix(b"#!/bin/sh\n")?.strip_prefix(MARKER)?;
    let (marker, body) = marked.split_once_str("\n")?;
    let (_version, sum) = marker.split_once_str(" ")?;
    Some(sum == checksum(body).as_bytes())
}

/// Notices edits; it is no defence against somebody who wants to deceive.
fn checksum(body: &[u8]) -> String {
    Sha256::digest(body)[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The path as one word of sh.
fn quote(binary: &Path) -> Result<Vec<u8>, Error> {
    let refuse = |reason| Error::Binary { binary: binary.to_owned(), reason };
    if !binary.is_absolute() {
        return Err(refuse("the path is not absolute"));
    }
    let path = <[u8]>::from_path(binary).ok_or_else(|| refuse("the path is not Unicode"))?;
    if path.iter().any(u8::is_ascii_control) {
        return Err(refuse("the path has a line break or another control character in it"));
    }
    let path = if cfg!(windows) { with_slashes(path) } else { path.to_vec() };
    Ok([b"'", path.replace("'", r"'\''").as_slice(), b"'"].concat())
}

/// Git for Windows' sh takes backslashes for escapes and knows no `\\?\` paths.
fn with_slashes(path: &[u8]) -> Vec<u8> {
    path.strip_prefix(br"\\?\").unwrap_or(path).replace(r"\", "/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shim(binary: &str) -> Vec<u8> {
        render(Event::PreCommit, Path::new(binary)).expect("the path can be written")
    }

    #[test]
    fn the_template_is_for_sh() {
        assert!(TEMPLATE.starts_with("#!/bin/sh\n# leakgate-shim "));
        assert!(!TEMPLATE.contains('\r'), "sh would take it for a part of the word");
    }

    #[test]
    #[cfg(unix)]
    fn every_placeholder_is_filled_once() {
        let text = shim("/opt/@EVENT@/leakgate").to_str_lossy().into_owned();
        assert!(text.contains("leakgate='/opt/@EVENT@/leakgate'\n"));
        assert_eq!(text.matches('@').count(), 2 + text.matches("\"$@\"").count());
    }

    #[test]
    #[cfg(unix)]
    fn ours_is_told_from_edited_and_foreign() {
        let ours = shim("/usr/bin/leakgate");
        assert_eq!(author(&ours), Author::Leakgate);
        assert_eq!(author(&ours.replace("exit 2", "exit 0")), Author::LeakgateEdited);
        assert_eq!(author(&ours.replace("\n", "\r\n")), Author::LeakgateEdited);
        assert_eq!(author(&ours[..ours.len() / 2]), Author::LeakgateEdited);
        assert_eq!(author(b"#!/bin/sh\nleakgate staged\n"), Author::SomebodyElse);
        assert_eq!(author(b""), Author::SomebodyElse);
    }

    #[test]
    fn an_older_shim_is_ours() {
        let body = "leakgate staged\n";
        let text = format!("#!/bin/sh\n# leakgate-shim 0 {}\n{body}", checksum(body.as_bytes()));
        assert_eq!(author(text.as_bytes()), Author::Leakgate);
    }

    #[test]
    #[cfg(unix)]
    fn a_path_is_one_word() {
        let quoted = |path| quote(Path::new(path)).expect("the path can be written");
        assert_eq!(quoted("/a b/$c/`d`").as_bstr(), "'/a b/$c/`d`'");
        assert_eq!(quoted("/it's").as_bstr(), r"'/it'\''s'");
        assert!(quote(Path::new("/a\nb")).is_err());
        assert!(quote(Path::new("bin/leakgate")).is_err());
    }

    #[test]
    fn a_windows_path_is_written_with_slashes() {
        assert_eq!(with_slashes(br"\\?\C:\a b\leakgate.exe").as_bstr(), "C:/a b/leakgate.exe");
    }
}
