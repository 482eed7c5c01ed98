//! What commits and tags say, scanned whole: the message and what stands above it.

use bstr::ByteSlice as _;
use leakgate_git::history::{Bits, Kind, Message};
use leakgate_git::unsigned_header;
use leakgate_model::Finding;
use leakgate_secrets::{Found, Memory, Recall, RuleSet, Scratch};

/// One thread's messages with something in them.
pub(super) struct Messages<'r> {
    rules: &'r RuleSet,
    recall: Recall<'r>,
    asked: Found,
    /// In these no secret can stand.
    known: &'r Bits,
    header: Vec<u8>,
    scratch: Scratch,
    pub(super) said: Said,
}

/// What was found out about commits and tags.
#[derive(Default)]
pub(super) struct Said {
    /// The commit or tag, and what was found in it.
    pub(super) found: Vec<(u32, Kind, Finding)>,
    /// In these no secret can stand.
    pub(super) calm: Vec<u32>,
}

impl<'r> Messages<'r> {
    pub(super) fn new(rules: &'r RuleSet, memory: &'r Memory, known: &'r Bits) -> Self {
        Self {
            rules,
            recall: Recall::new(memory),
            asked: Found::default(),
            known,
            header: Vec::new(),
            scratch: Scratch::default(),
            said: Said::default(),
        }
    }
}

/// The names under which they are reported; neither tells a syntax.
pub(super) const COMMIT: &[u8] = b"commit message";
pub(super) const TAG: &[u8] = b"tag message";

impl Message for Messages<'_> {
    fn look(&mut self, number: u32, kind: Kind, raw: &[u8]) {
        if self.known.has(number) {
            return;
        }
        let (path, label) = if kind == Kind::Tag { (TAG, "tag") } else { (COMMIT, "commit") };
        let (head, message) = raw.split_once_str("\n\n").unwrap_or((raw, b""));
        let mut is_calm = true;
        if self.may_say(message) {
            is_calm = false;
            let found = self.rules.scan(path, message, &mut self.scratch);
            self.said.found.extend(found.into_iter().map(|finding| (number, kind, finding)));
        }
        let mut header = std::mem::take(&mut self.header);
        header.clear();
        unsigned_header(head, &mut header);
        if RuleSet::is_opaque(&header) || self.rules.may_hold(&header) {
            is_calm = false;
            for mut finding in self.rules.scan(path, &header, &mut self.scratch) {
                // Lines of the message are counted from its first.
                finding.place = None;
                finding.excerpt = None;
                finding.reasons.push(format!("in the header of the {label}").into());
                self.said.found.push((number, kind, finding));
            }
        }
        self.header = header;
        if is_calm {
            self.said.calm.push(number);
        }
    }
}

impl Messages<'_> {
    /// Returns true if a secret could stand in a message. Commits that are made anew, as when a
    /// branch is rebased, say the same again; only the times above are others.
    fn may_say(&mut self, message: &[u8]) -> bool {
        if RuleSet::is_opaque(message) {
            return true;
        }
        self.asked.clear();
        self.recall.ask(self.rules, message, [&(0..message.len())], &[], &mut self.asked);
        self.asked.is_likely()
    }
}
