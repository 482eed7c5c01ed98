//! Content too large to hold: read in windows that overlap by as far as a match can reach.

use std::collections::HashSet;
use std::io::{self, Read};

use leakgate_model::{Finding, RuleId, Secret};

use crate::decode::{self, Charset, Decoder, SAMPLE};
use crate::ruleset::RuleSet;
use crate::scan::{self, Scratch, Window};
use crate::text::Base;

/// Bytes read at a time.
const STEP: usize = 4 << 20;

impl RuleSet {
    /// Finds the secrets in content of any length in bounded memory, and counts its bytes.
    ///
    /// The findings are those of [`RuleSet::scan`], but for a secret in a string of two-byte
    /// characters or in encoded text that is cut by a window, which takes some 64 KiB of it: there,
    /// a part may be found instead, or nothing.
    ///
    /// # Errors
    /// Those of `content`; what was found before is lost with them, as the scan is not complete.
    pub fn scan_stream(
        &self,
        path: &[u8],
        content: &mut dyn Read,
        scratch: &mut Scratch,
    ) -> io::Result<(Vec<Finding>, u64)> {
        self.scan_windows(path, content, scratch, STEP)
    }

    fn scan_windows(
        &self,
        path: &[u8],
        content: &mut dyn Read,
        scratch: &mut Scratch,
        step: usize,
    ) -> io::Result<(Vec<Finding>, u64)> {
        let mut piece = Vec::new();
        content.take(SAMPLE as u64).read_to_end(&mut piece)?;
        let charset = Charset::detect(&piece);
        let mut raw = Windows::new(Charset::Bytes);
        raw.reads_wide = !charset.is_wide();
        // What looks like another charset may not be it all the way: both readings are scanned.
        let mut decoded = (charset != Charset::Bytes).then(|| Windows::new(charset));
        let mut total = 0;
        loop {
            let last = piece.is_empty();
            total += piece.len() as u64;
            raw.feed(self, path, &piece, last, scratch);
            if let Some(decoded) = &mut decoded {
                decoded.feed(self, path, &piece, last, scratch);
            }
            if last {
                break;
            }
            piece.clear();
            content.take(step as u64).read_to_end(&mut piece)?;
        }
        let mut findings = decoded.map(|decoded| decoded.findings).unwrap_or_default();
        findings.extend(raw.findings);
        scan::add_unknown(&mut findings, raw.wide);
        Ok((findings, total))
    }
}

/// One reading of the content, in windows.
struct Windows {
    decoder: Decoder,
    label: Vec<&'static str>,
    /// What was reported and is kept for context, then what is to be reported, then what a match
    /// may reach into.
    text: Vec<u8>,
    base: Base,
    /// How much of `text` was reported.
    reported: usize,
    findings: Vec<Finding>,
    /// Whether strings of two-byte characters are looked for.
    reads_wide: bool,
    /// Secrets in such strings, each once.
    wide: Vec<Finding>,
    seen: HashSet<(RuleId, Option<Secret>)>,
}

impl Windows {
    fn new(charset: Charset) -> Self {
        Self {
            decoder: charset.decoder(),
            label: charset.label().into_iter().collect(),
            text: Vec::new(),
            base: Base::START,
            reported: 0,
            findings: Vec::new(),
            reads_wide: false,
            wide: Vec::new(),
            seen: HashSet::new(),
        }
    }

    /// Takes the next piece and reports as far as no later piece can change the matches.
    fn feed(
        &mut self,
        rules: &RuleSet,
        path: &[u8],
        piece: &[u8],
        last: bool,
        scratch: &mut Scratch,
    ) {
        let reach = rules.reach();
        self.decoder.push(piece, last, &mut self.text);
        let until = if last { self.text.len() } else { self.text.len().saturating_sub(reach) };
        if until <= self.reported && !last {
            return;
        }
        let matches = rules.matches(path, &self.text, scratch);
        let window = Window::part(self.reported..until, self.base, scratch);
        self.findings.extend(rules.findings(path, &self.text, &matches, &window, &self.label));
        if self.reads_wide && memchr::memchr(0, &self.text).is_some() {
            let mut strings = Vec::new();
            decode::wide_strings(&self.text, &mut strings);
            for finding in rules.scan_wide(path, &strings, scratch) {
                if self.seen.insert((finding.rule.clone(), finding.secret.clone())) {
                    self.wide.push(finding);
                }
            }
        }
        let keep = until.saturating_sub(reach);
        self.base = self.base.after(&self.text[..keep]);
        self.text.drain(..keep);
        self.reported = until - keep;
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use proptest::prelude::*;

    use super::*;
    use crate::template;

    /// Texts with tokens at random places, some of them many windows long.
    fn content() -> impl Strategy<Value = Vec<u8>> {
        let part = prop_oneof![
            4 => "[a-z =\n\"]{0,3000}".prop_map(String::from),
            2 => any::<u32>().prop_map(|seed| template::expand("x = ghp_{alnum:30}{check}\n", &seed.to_string())),
            1 => any::<u32>().prop_map(|seed| template::expand("{pem:RSA PRIVATE KEY}\n", &seed.to_string())),
            1 => "[é\u{1b}\0 ]{0,40}".prop_map(String::from),
            3 => (any::<u32>(), 0..5_usize).prop_map(|(seed, how)| encoded(seed, how)),
        ];
        (prop::collection::vec(part, 0..40), any::<bool>()).prop_map(|(parts, wide)| {
            let text = parts.concat();
            if wide {
                text.encode_utf16().flat_map(u16::to_le_bytes).collect()
            } else {
                text.into_bytes()
            }
        })
    }

    /// A token in one of the encodings that are looked through.
    fn encoded(seed: u32, how: usize) -> String {
        let plain = template::expand("token: ghp_{alnum:30}{check}\n", &seed.to_string());
        let (head, tail) = plain.trim_end().split_at(15);
        match how {
            0 => format!("x: {}\n", STANDARD.encode(&plain)),
            1 => {
                let many = STANDARD.encode(plain.repeat(200));
                let lines = many.as_bytes().chunks(76).map(String::from_utf8_lossy);
                format!("x: |\n  {}\n", lines.collect::<Vec<_>>().join("\n  "))
            }
            2 => plain.bytes().map(|byte| format!("\\x{byte:02x}")).collect(),
            3 => plain.trim_end().bytes().map(|byte| format!("%{byte:02x}")).collect(),
            _ => format!("x = \"{head}\" + \"{tail}\"\n"),
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn windows_find_what_the_whole_has(content in content(), step in 500_usize..20_000) {
            let rules = RuleSet::default();
            let mut scratch = Scratch::default();
            let whole = rules.scan(b"a.txt", &content, &mut scratch);
            let (windows, bytes) = rules
                .scan_windows(b"a.txt", &mut &content[..], &mut scratch, step)
                .expect("a slice can be read");
            prop_assert_eq!(bytes, content.len() as u64);
            let places = |findings: &[Finding]| -> Vec<_> {
                findings
                    .iter()
                    .map(|one| (one.rule.clone(), one.place.clone(), one.secret.clone()))
                    .collect()
            };
            prop_assert_eq!(places(&windows), places(&whole));
        }
    }
}
