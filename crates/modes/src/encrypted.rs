//! Files that the repository itself says must be encrypted, and are not: `.gitattributes` names
//! the filter of git-crypt and its like, `.sops.yaml` the paths of sops.
//!
//! Nobody notices when such a filter did not run: the file looks the same in the work tree.

use std::collections::HashMap;
use std::rc::Rc;

use bstr::{BStr, BString, ByteSlice};
use leakgate_model::{Confidence, Entry, Finding, Status, untrack_command};
use regex::bytes::Regex;

use crate::attributes::Filters;
use crate::rules;
use crate::tree::{Node, Tree, join, node, split};

/// What a folder says of the files below it.
struct Demands {
    filters: Option<Filters>,
    sops: Vec<Regex>,
}

/// How each tool's encrypted files begin.
const FILTERS: [(&str, &[u8]); 7] = [
    ("git-crypt", b"\0GITCRYPT\0"),
    ("crypt", b"U2FsdGVkX1"),
    ("transcrypt", b"U2FsdGVkX1"),
    ("git-agecrypt", b"age-encryption.org/v1"),
    ("agecrypt", b"age-encryption.org/v1"),
    ("age", b"age-encryption.org/v1"),
    ("ansible-vault", b"$ANSIBLE_VAULT;"),
];

/// Finds regular files among `entries` that are not as demanded.
pub(crate) fn check(entries: &[Entry], tree: &dyn Tree, findings: &mut Vec<(usize, Finding)>) {
    let mut known: HashMap<BString, Rc<Demands>> = HashMap::new();
    for (at, entry) in entries.iter().enumerate() {
        if entry.mode.is_regular()
            && let Some(why) = fault(entry.path.as_bstr(), tree, &mut known)
        {
            findings.push((at, finding(entry, why, tree)));
        }
    }
}

fn finding(entry: &Entry, why: Expected, tree: &dyn Tree) -> Finding {
    let path = entry.path.as_bstr();
    let mut finding = rules::ATTRIBUTES_NOT_ENCRYPTED.finding(path, Confidence::Certain);
    finding.reasons.push(match why {
        Expected::Start(filter, _) => format!("its filter is {filter}").into(),
        Expected::Sops => ".sops.yaml names its path".into(),
    });
    finding.fixes.push(untrack_command(path));
    if tree.committed(path).is_some_and(|old| !old.is_empty() && !why.holds(&old)) {
        finding.status = Status::AlreadyCommitted;
    }
    finding
}

/// What an encrypted file looks like.
#[derive(Clone, Copy)]
enum Expected {
    /// This filter's files begin like this.
    Start(&'static str, &'static [u8]),
    /// Values are encrypted one by one, and a block of sops tells how.
    Sops,
}

impl Expected {
    fn holds(self, content: &[u8]) -> bool {
        match self {
            Self::Start(_, start) => content.starts_with(start),
            Self::Sops => content.contains_str("ENC[AES256_GCM,") || content.contains_str("sops"),
        }
    }
}

fn fault(
    path: &BStr,
    tree: &dyn Tree,
    known: &mut HashMap<BString, Rc<Demands>>,
) -> Option<Expected> {
    let expected = expected(path, tree, known)?;
    let content = tree.content(path)?;
    // Filters leave an empty file empty.
    (!content.is_empty() && !expected.holds(&content)).then_some(expected)
}

fn expected(
    path: &BStr,
    tree: &dyn Tree,
    known: &mut HashMap<BString, Rc<Demands>>,
) -> Option<Expected> {
    let name = split(path).1;
    if name == ".gitattributes" || name == ".sops.yaml" {
        return None;
    }
    let mut folder = split(path).0;
    let mut filter: Option<Option<BString>> = None;
    let mut sops: Option<bool> = None;
    loop {
        let demands = known.entry(folder.to_owned()).or_insert_with(|| Rc::new(read(tree, folder)));
        let below = if folder.is_empty() { path } else { path[folder.len() + 1..].as_bstr() };
        // The deepest file that says something counts.
        if filter.is_none() {
            let said = demands.filters.as_ref().and_then(|filters| filters.of(below));
            filter = said.map(Option::<&BString>::cloned);
        }
        if sops.is_none() && !demands.sops.is_empty() {
            sops = Some(demands.sops.iter().any(|regex| regex.is_match(below)));
        }
        if folder.is_empty() {
            break;
        }
        folder = split(folder).0;
    }
    let by_filter = filter.flatten().and_then(|name| {
        FILTERS.iter().find(|(tool, _)| {
            // A second key of git-crypt makes the name longer.
            name.strip_prefix(tool.as_bytes()).is_some_and(|r| r.is_empty() || r[0] == b'-')
        })
    });
    match by_filter {
        Some((tool, start)) => Some(Expected::Start(tool, start)),
        // Paths of sops are often all of a kind; only a name that speaks of secrets is sure.
        None => (sops == Some(true) && speaks_of_secrets(path)).then_some(Expected::Sops),
    }
}

fn read(tree: &dyn Tree, folder: &BStr) -> Demands {
    let content = |name: &str| {
        let path = join(folder, name.as_bytes());
        let there =
            matches!(node(tree, path.as_bstr()), Some(Node::Leaf(mode)) if mode.is_regular());
        if there { tree.content(path.as_bstr()) } else { None }
    };
    Demands {
        filters: content(".gitattributes").and_then(|text| Filters::parse(&text)),
        sops: content(".sops.yaml").map_or_else(Vec::new, |text| path_regexes(&text)),
    }
}

/// The patterns of creation rules. Such a file has a line for each, whatever else it has.
fn path_regexes(text: &[u8]) -> Vec<Regex> {
    text.lines()
        .filter_map(|line| {
            let (key, value) = line.trim_ascii().split_once_str(":")?;
            let key = key.trim_start_with(|c| c == '-' || c == ' ');
            let value = value.trim_ascii().trim_with(|c| c == '"' || c == '\'');
            let named = key == b"path_regex" && !value.is_empty();
            named.then(|| Regex::new(value.to_str().ok()?).ok())?
        })
        .collect()
}

fn speaks_of_secrets(path: &BStr) -> bool {
    const WORDS: [&str; 7] =
        ["secret", "credential", "password", ".enc.", ".sops.", "vault", "private"];
    let lower = path.to_ascii_lowercase();
    let template = ["example", "sample", "template"].iter().any(|word| lower.contains_str(word));
    !template && WORDS.iter().any(|word| lower.contains_str(word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::sample::Sample;

    fn crypted(content: &str) -> Sample {
        Sample::default()
            .file(".gitattributes", "secrets/** filter=git-crypt diff=git-crypt\n")
            .file("secrets/a", content)
    }

    #[test]
    fn plain_text_where_a_filter_should_have_run() {
        let found = [("attributes-not-encrypted".to_owned(), "secrets/a".to_owned())];
        assert_eq!(crypted("A=b\n").ids(), found);
        for content in ["", "\0GITCRYPT\0xyz"] {
            assert_eq!(crypted(content).ids(), [], "{content:?}");
        }
        let sample = crypted("x").file("secrets/.gitattributes", "a !filter\n");
        assert_eq!(sample.ids(), []);
        let sample = crypted("x").before("secrets/a", "y");
        assert_eq!(sample.findings()[0].status, Status::AlreadyCommitted);
        let sample = crypted("x").before("secrets/a", "\0GITCRYPT\0xyz");
        assert_eq!(sample.findings()[0].status, Status::Introduced);
    }

    #[test]
    fn plain_text_where_sops_should_have_run() {
        let rules = "creation_rules:\n  - path_regex: 'k8s/.*\\.yaml$'\n    age: x\n";
        let ids = |path: &str, content: &str| {
            Sample::default().file(".sops.yaml", rules).file(path, content).ids()
        };
        let path = "k8s/secret.yaml";
        assert_eq!(ids(path, "a: b\n"), [("attributes-not-encrypted".to_owned(), path.to_owned())]);
        assert_eq!(ids(path, "a: ENC[AES256_GCM,data:x]\n"), []);
        for path in ["k8s/service.yaml", "x/secret.yaml", "k8s/secret.example.yaml"] {
            assert_eq!(ids(path, "a: b\n"), [], "{path}");
        }
    }
}
