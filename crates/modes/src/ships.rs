//! What packaging tools take along: they have ignore files of their own, and git's do not count once
//! there is one.

use bstr::{BStr, BString, ByteSlice as _};
use leakgate_model::{Confidence, Finding, shell_path};

use crate::rules;
use crate::tree::{join, split};

/// A tool that packs files of a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packager {
    /// npm and its like, by `package.json`.
    Npm,
    /// Docker and its like, by a `Dockerfile`.
    Docker,
}

impl Packager {
    /// The tool that the file at `path` directs.
    pub fn of(path: &BStr) -> Option<Self> {
        let name = split(path).1;
        match name.as_bytes() {
            b"package.json" => Some(Self::Npm),
            b"Dockerfile" | b"Containerfile" => Some(Self::Docker),
            name if name.ends_with(b".Dockerfile") || name.starts_with(b"Dockerfile.") => {
                (!name.ends_with(b".dockerignore")).then_some(Self::Docker)
            }
            _ => None,
        }
    }

    /// The ignore files that may count for the file at `path`, the likeliest first.
    pub fn ignore_files(self, path: &BStr) -> Vec<BString> {
        let folder = split(path).0;
        match self {
            Self::Npm => vec![join(folder, b".npmignore")],
            Self::Docker => {
                let own = [path.as_bytes(), b".dockerignore"].concat().into();
                let mut files = vec![join(folder, b".dockerignore"), own, ".dockerignore".into()];
                files.dedup();
                files
            }
        }
    }

    /// Names that are to be put to the ignore file: what nobody means to publish.
    pub fn probes(self) -> &'static [&'static str] {
        match self {
            Self::Npm => &[".env", ".claude/settings.local.json"],
            Self::Docker => &[".env", ".git"],
        }
    }

    /// The finding that these probes are taken along.
    pub fn finding(self, ignore_file: &BStr, probes: &[&str]) -> Option<Finding> {
        if probes.is_empty() {
            return None;
        }
        let mut finding = rules::AUDIT_PACKAGE_SHIPS.finding(ignore_file, Confidence::Medium);
        let what = match self {
            Self::Npm => "npm packs, as .npmignore counts instead of .gitignore:",
            Self::Docker => "an image gets:",
        };
        finding.reasons.push(format!("{what} {}", probes.join(" ")).into());
        let quoted: Vec<_> = probes.iter().map(|p| shell_path(p.as_bytes().as_bstr())).collect();
        let file = shell_path(ignore_file);
        finding.fixes.push(format!("printf '%s\\n' {} >>{file}", quoted.join(" ")));
        Some(finding)
    }
}

/// Returns true if and only if a `Dockerfile` copies all of its folder into the image.
pub fn copies_all(text: &[u8]) -> bool {
    let text = text.replace("\\\r\n", " ").replace("\\\n", " ");
    text.lines().any(|line| {
        let mut words = line.fields_with(|c| matches!(c, ' ' | '\t' | '[' | ']' | '"' | ','));
        let is_copy = words.next().is_some_and(|word| {
            word.eq_ignore_ascii_case(b"COPY") || word.eq_ignore_ascii_case(b"ADD")
        });
        let words: Vec<_> = words.filter(|word| !word.is_empty()).collect();
        // From another stage or image, which has no files of ours but those it was given.
        let from_elsewhere = words.iter().any(|word| word.starts_with(b"--from="));
        let named: Vec<_> = words.into_iter().filter(|word| !word.starts_with(b"--")).collect();
        let sources = named.split_last().map_or(&[][..], |(_, sources)| sources);
        let is_all = |source: &&[u8]| matches!(*source, b"." | b"./" | b"*" | b"./*");
        is_copy && !from_elsewhere && sources.iter().any(is_all)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_copies_a_whole_folder() {
        for text in
            ["COPY . .", "copy . /app/", "ADD ./ /", "COPY [\".\", \"/app\"]", "COPY \\\n . /a"]
        {
            assert!(copies_all(format!("FROM x\n{text}\n").as_bytes()), "{text}");
        }
        for text in ["COPY src .", "COPY --from=build . .", "# COPY . .", "RUN cp . x", "COPY ."] {
            assert!(!copies_all(format!("FROM x\n{text}\n").as_bytes()), "{text}");
        }
    }

    #[test]
    fn files_that_direct_a_tool() {
        for (path, packager) in [
            ("package.json", Some(Packager::Npm)),
            ("a/Dockerfile", Some(Packager::Docker)),
            ("Dockerfile.dev", Some(Packager::Docker)),
            ("Dockerfile.dockerignore", None),
            ("a/package.jsonc", None),
        ] {
            assert_eq!(Packager::of(path.into()), packager, "{path}");
        }
        let files = Packager::Docker.ignore_files("a/Dockerfile".into());
        assert_eq!(files, ["a/.dockerignore", "a/Dockerfile.dockerignore", ".dockerignore"]);
    }
}
