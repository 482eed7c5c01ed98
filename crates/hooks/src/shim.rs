//! The text of a hook of ours, and telling it from any other.

use std::path::{Path, PathBuf};

use bstr::ByteSlice;
use sha2::{Digest, Sha256};

use crate::{Error, Event, Order, Reach, Site};

/// A POSIX sh script. The number after the marker goes up with every change of this file.
const TEMPLATE: &str = include_str!("../../../hooks/shim.sh");
/// What stands for a hook that leakgate has no part in, where git looks into one folder for all.
const FORWARD: &str = include_str!("../../../hooks/forward.sh");
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

/// The hook of a site for `event`.
pub(crate) fn render(event: Event, site: &Site) -> Result<Vec<u8>, Error> {
    let binary = quote(&site.binary)?;
    let order = match site.order {
        Some(Order::Last) => "last",
        Some(Order::First) | None => "first",
    };
    let reach = match site.reach {
        Reach::Repository => "one-repository",
        Reach::EveryRepository => "every-repository",
    };
    let when = if event.can_stop() { "before" } else { "after" };
    let (head, body) = parts(TEMPLATE);
    let body = body
        .replace("@EVENT@", event.name())
        .replace("@ORDER@", order)
        .replace("@REACH@", reach)
        .replace("@WHEN@", when);
    let (before, after) = body.split_once("@BINARY@").expect("the template names the binary");
    Ok(signed(head, &[before.as_bytes(), &binary, after.as_bytes()].concat()))
}

/// The hook that runs the repository's own hook of that name, and nothing else.
pub(crate) fn forward(hook: &str) -> Vec<u8> {
    let (head, body) = parts(FORWARD);
    signed(head, body.replace("@EVENT@", hook).as_bytes())
}

/// When a hook of ours runs, where there is another hook.
pub(crate) fn order_of(text: &[u8]) -> Option<Order> {
    text.lines().find_map(|line| match line {
        b"if [ last = last ]; then" => Some(Order::Last),
        b"if [ first = last ]; then" => Some(Order::First),
        _ => None,
    })
}

/// The path of the binary that a hook of ours runs.
pub(crate) fn binary_of(text: &[u8]) -> Option<PathBuf> {
    let line = text.lines().find_map(|line| line.strip_prefix(b"leakgate='"))?;
    let path = line.strip_suffix(b"'")?.replace(r"'\''", "'");
    path.to_path().ok().map(Path::to_owned)
}

fn parts(template: &'static str) -> (&'static str, &'static str) {
    template.split_once("@CHECKSUM@\n").expect("the template has a marker line")
}

fn signed(head: &str, body: &[u8]) -> Vec<u8> {
    [head.as_bytes(), checksum(body).as_bytes(), b"\n", body].concat()
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
        let site = Site::new("/hooks", binary);
        render(Event::PreCommit, &site).expect("the path can be written")
    }

    #[test]
    fn the_templates_are_for_sh() {
        for template in [TEMPLATE, FORWARD] {
            assert!(template.starts_with("#!/bin/sh\n# leakgate-shim "));
            assert!(!template.contains('\r'), "sh would take it for a part of the word");
        }
        assert_eq!(author(&forward("post-merge")), Author::Leakgate);
    }

    #[test]
    #[cfg(unix)]
    fn the_binary_can_be_read_back() {
        for path in ["/usr/bin/leakgate", "/it's/here", "/a b/'/leakgate"] {
            assert_eq!(binary_of(&shim(path)).as_deref(), Some(Path::new(path)));
        }
        assert_eq!(binary_of(&forward("post-merge")), None);
    }

    #[test]
    #[cfg(unix)]
    fn the_order_can_be_read_back() {
        for order in [Order::First, Order::Last] {
            let site = Site { order: Some(order), ..Site::new("/hooks", "/bin/leakgate") };
            let text = render(Event::PreCommit, &site).expect("the path can be written");
            assert_eq!(order_of(&text), Some(order));
        }
        assert_eq!(order_of(&shim("/bin/leakgate")), Some(Order::First));
        assert_eq!(order_of(&forward("post-merge")), None);
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
