//! The measure to beat: bytes a token, for tokens made by byte-pair encoding.

use std::collections::HashMap;

use crate::words::Words;

/// A vocabulary as pairs in the order of their merging.
pub(crate) struct Pairs(HashMap<(u16, u16), u16>);

const MERGES: u16 = 8000;
/// The commonest words tell nearly all pairs.
const WORDS: usize = 60_000;

impl Pairs {
    /// Merges the commonest pair again and again.
    pub(crate) fn train(words: &Words) -> Self {
        let mut common: Vec<_> = words.iter().collect();
        common.sort_by_key(|(word, times)| (std::cmp::Reverse(**times), *word));
        common.truncate(WORDS);
        let mut texts: Vec<(Vec<u16>, u64)> = common
            .iter()
            .map(|(word, times)| {
                (word.iter().map(|&byte| byte.into()).collect(), u64::from(1 + times.ilog2()))
            })
            .collect();
        let mut counts: HashMap<(u16, u16), u64> = HashMap::new();
        let mut merges = HashMap::new();
        for next in 256..256 + MERGES {
            counts.clear();
            for (text, weight) in &texts {
                for pair in text.windows(2) {
                    *counts.entry((pair[0], pair[1])).or_default() += weight;
                }
            }
            let Some((&pair, _)) = counts.iter().max_by_key(|(pair, count)| (**count, **pair))
            else {
                break;
            };
            merges.insert(pair, next);
            for (text, _) in &mut texts {
                merge(text, pair, next);
            }
        }
        Self(merges)
    }

    /// Bytes of the value a token.
    pub(crate) fn bytes_a_token(&self, value: &[u8]) -> f32 {
        let mut text: Vec<u16> = value.iter().map(|&byte| byte.into()).collect();
        while let Some((&next, pair)) = text
            .windows(2)
            .filter_map(|pair| {
                self.0.get(&(pair[0], pair[1])).map(|next| (next, (pair[0], pair[1])))
            })
            .min()
        {
            merge(&mut text, pair, next);
        }
        value.len() as f32 / text.len().max(1) as f32
    }
}

fn merge(text: &mut Vec<u16>, pair: (u16, u16), next: u16) {
    let mut to = 0;
    let mut from = 0;
    while from < text.len() {
        if from + 1 < text.len() && (text[from], text[from + 1]) == pair {
            text[to] = next;
            from += 2;
        } else {
            text[to] = text[from];
            from += 1;
        }
        to += 1;
    }
    text.truncate(to);
}
