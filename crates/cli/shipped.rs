//! What packages and images would take along: the ignore files of npm and Docker, put to the test by
//! names that nobody means to publish.

use std::fs;
use std::path::Path;

use bstr::{BStr, ByteSlice as _};
use leakgate_git::{Patterns, Repository};
use leakgate_model::{Entry, Finding, Listing};
use leakgate_modes::Packager;
use serde_json::Value;

/// One finding for each ignore file that lets something through.
pub(crate) fn findings(repository: &Repository, root: &Path, listing: &Listing) -> Vec<Finding> {
    let entries = listing.entries.iter().filter(|entry| entry.mode.is_regular());
    let mut findings: Vec<_> =
        entries.filter_map(|entry| finding(repository, root, entry)).collect();
    findings.dedup_by(|a, b| a.path == b.path);
    findings
}

fn finding(repository: &Repository, root: &Path, entry: &Entry) -> Option<Finding> {
    let path = entry.path.as_bstr();
    let packager = Packager::of(path)?;
    let files = packager.ignore_files(path);
    let there: Vec<_> =
        files.iter().filter_map(|file| Some((file, read(root, file.as_bstr())?))).collect();
    // Without a file of its own npm reads git's, which is looked at elsewhere.
    if packager == Packager::Npm && there.is_empty() {
        return None;
    }
    let text = repository.blob(entry.id?)?;
    let takes_all = match packager {
        Packager::Npm => is_published_whole(&text),
        Packager::Docker => leakgate_modes::copies_all(&text),
    };
    if !takes_all {
        return None;
    }
    let patterns = |text: &[u8]| match packager {
        Packager::Npm => Patterns::of_git(text),
        Packager::Docker => Patterns::of_docker(text),
    };
    let taken_by = |text: &[u8]| {
        let patterns = patterns(text);
        let probes = packager.probes().iter().copied();
        probes.filter(|probe| !patterns.ignore(probe)).collect::<Vec<_>>()
    };
    // Which file counts depends on how the tool is called: one that says all is enough.
    let taken = there.iter().map(|(_, text)| taken_by(text)).min_by_key(Vec::len);
    let taken = taken.unwrap_or_else(|| packager.probes().to_vec());
    let file = there.first().map_or(&files[0], |(file, _)| file);
    packager.finding(file.as_bstr(), &taken)
}

/// Whether npm would publish the package, and all files of its folder.
fn is_published_whole(text: &[u8]) -> bool {
    let package: Value = serde_json::from_slice(text).unwrap_or_default();
    package["name"].is_string() && package["private"] != true && package["files"].is_null()
}

/// A file of the work tree, links not followed.
fn read(root: &Path, path: &BStr) -> Option<Vec<u8>> {
    let path = root.join(path.to_path().ok()?);
    let is_file = fs::symlink_metadata(&path).is_ok_and(|metadata| metadata.is_file());
    if is_file { fs::read(path).ok() } else { None }
}
