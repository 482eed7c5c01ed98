//! What commits and tags say, scanned whole: the message and what stands above it.

use bstr::ByteSlice as _;
use leakgate_git::history::{Kind, Message};
use leakgate_model::Finding;
use leakgate_secrets::{RuleSet, Scratch, Spot};

/// One thread's messages with something in them.
pub(super) struct Messages<'r> {
    rules: &'r RuleSet,
    spots: Vec<Spot>,
    scratch: Scratch,
    /// The commit or tag, and what was found in it.
    pub(super) found: Vec<(u32, Kind, Finding)>,
}

impl<'r> Messages<'r> {
    pub(super) fn new(rules: &'r RuleSet) -> Self {
        let (spots, found) = (Vec::new(), Vec::new());
        Self { rules, spots, scratch: Scratch::default(), found }
    }
}

/// The names under which they are reported; neither tells a syntax.
pub(super) const COMMIT: &[u8] = b"commit message";
pub(super) const TAG: &[u8] = b"tag message";

impl Message for Messages<'_> {
    fn look(&mut self, number: u32, kind: Kind, raw: &[u8]) {
        self.spots.clear();
        self.rules.spots(raw, 0..raw.len(), &mut self.spots);
        let likely = self.spots.iter().any(|spot| spot.likely) || RuleSet::is_opaque(raw);
        if !likely && !self.rules.may_hide(raw) {
            return;
        }
        let (path, label) = if kind == Kind::Tag { (TAG, "tag") } else { (COMMIT, "commit") };
        let (head, message) = raw.split_once_str("\n\n").unwrap_or((raw, b""));
        self.found.extend(
            self.rules
                .scan(path, message, &mut self.scratch)
                .into_iter()
                .map(|finding| (number, kind, finding)),
        );
        for mut finding in self.rules.scan(path, &unsigned(head), &mut self.scratch) {
            // Lines of the message are counted from its first.
            finding.place = None;
            finding.excerpt = None;
            finding.reasons.push(format!("in the header of the {label}").into());
            self.found.push((number, kind, finding));
        }
    }
}

/// The header without ids and signatures, which are random and no secrets.
fn unsigned(head: &[u8]) -> Vec<u8> {
    let mut kept = Vec::new();
    let mut signed = false;
    for line in head.lines() {
        if !line.starts_with(b" ") {
            let label = line.split_once_str(" ").map_or(line, |(label, _)| label);
            signed = matches!(label, b"gpgsig" | b"gpgsig-sha256");
            if matches!(label, b"tree" | b"parent" | b"object") {
                continue;
            }
        }
        if !signed {
            kept.extend_from_slice(line);
            kept.push(b'\n');
        }
    }
    kept
}
