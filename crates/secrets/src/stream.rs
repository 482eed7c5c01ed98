//! Content too large to hold: read in windows that overlap by as far as a match can reach.

use std::io::{self, Read};

use leakgate_model::Finding;

use crate::decode::{Charset, SAMPLE};
use crate::ruleset::RuleSet;
use crate::scan::{Scratch, Window};
use crate::text::Base;

/// Bytes read at a time.
const STEP: usize = 4 << 20;

impl RuleSet {
    /// Finds the secrets in content of any length in bounded memory, and counts its bytes.
    ///
    /// The findings are those of [`RuleSet::scan`], but for strings in UTF-16 inside a binary,
    /// which are looked for only in content that is held whole.
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

    pub(crate) fn scan_windows(
        &self,
        path: &[u8],
        content: &mut dyn Read,
        scratch: &mut Scratch,
        step: usize,
    ) -> io::Result<(Vec<Finding>, u64)> {
        let reach = self.reach();
        let mut piece = Vec::new();
        content.take(SAMPLE as u64).read_to_end(&mut piece)?;
        let charset = Charset::detect(&piece);
        let decoded: Vec<&'static str> = charset.label().into_iter().collect();
        let mut decoder = charset.decoder();
        let mut findings = Vec::new();
        let mut total = piece.len() as u64;
        // `text` is [what was reported, kept for context][to report][what a match may reach into].
        let mut text = Vec::new();
        let mut base = Base::START;
        let mut reported = 0;
        loop {
            decoder.push(&piece, false, &mut text);
            piece.clear();
            total += content.take(step as u64).read_to_end(&mut piece)? as u64;
            let last = piece.is_empty();
            if last {
                decoder.push(&[], true, &mut text);
            }
            let until = if last { text.len() } else { text.len().saturating_sub(reach) };
            if until > reported || last {
                let matches = self.matches(path, &text, scratch);
                let window = Window { begins: reported..until, base };
                findings.extend(self.findings(path, &text, &matches, window, &decoded));
                let keep = until.saturating_sub(reach);
                base = base.after(&text[..keep]);
                text.drain(..keep);
                reported = until - keep;
            }
            if last {
                return Ok((findings, total));
            }
        }
    }
}
