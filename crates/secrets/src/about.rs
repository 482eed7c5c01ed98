//! What rules tell people: where to revoke a credential, what to do, where its format is published.
//!
//! Only a finding needs it, and it is a third of all that rules hold. So it is packed by the build
//! script, and what a finding needs is unpacked when there is one.

use std::io::Read;
use std::sync::OnceLock;

use flate2::read::DeflateDecoder;
use serde::{Deserialize, Serialize};

/// How many rules are packed together: more pack better, and take longer to unpack.
pub(crate) const TOGETHER: usize = 128;

/// What a rule tells people.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[allow(unreachable_pub, reason = "public in the library, which the build script is not")]
pub struct About {
    /// Where the secret is revoked.
    pub rotate: Option<String>,
    /// What to do once it has leaked.
    pub advice: Option<String>,
    /// Where the format is published.
    pub references: Vec<String>,
}

/// What the built-in rules tell, packed.
#[derive(Debug)]
pub(crate) struct Packed {
    bytes: &'static [u8],
    unpacked: Vec<OnceLock<Vec<About>>>,
}

impl Packed {
    /// `bytes` is what the build script's `pack` has made.
    pub(crate) fn new(bytes: &'static [u8]) -> Self {
        let parts = number(bytes, 0);
        Self { bytes, unpacked: (0..parts).map(|_| OnceLock::new()).collect() }
    }

    /// What the rule at `index` tells.
    pub(crate) fn get(&self, index: usize) -> &About {
        let part = index / TOGETHER;
        &self.unpacked[part].get_or_init(|| self.unpack(part))[index % TOGETHER]
    }

    fn unpack(&self, part: usize) -> Vec<About> {
        let bounds = (number(self.bytes, part + 1), number(self.bytes, part + 2));
        let mut bytes = Vec::new();
        DeflateDecoder::new(&self.bytes[bounds.0..bounds.1])
            .read_to_end(&mut bytes)
            .expect("the build script packed it");
        postcard::from_bytes(&bytes).expect("the build script wrote it with the same types")
    }
}

/// The number at a position of the table at the beginning.
fn number(bytes: &[u8], at: usize) -> usize {
    let four = bytes[4 * at..4 * at + 4].try_into().expect("four bytes");
    u32::from_le_bytes(four) as usize
}

#[cfg(test)]
mod tests {
    use leakgate_model::RuleId;

    use crate::RuleSet;
    use crate::rulefile;

    #[test]
    fn what_was_packed_is_what_the_files_say() {
        let loaded = rulefile::load_own();
        let rules = RuleSet::default();
        for rule in &loaded {
            let id = RuleId(rule.rule.id.clone().into());
            let (told, about) = (rules.about(&id).expect("it is built in"), rule.about());
            assert_eq!(told.rotate, about.rotate, "{id}");
            assert_eq!(told.advice, about.advice, "{id}");
            assert_eq!(told.references, about.references, "{id}");
        }
    }
}
