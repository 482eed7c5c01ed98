//! Counts what follows what, and bakes the table of `src/language.rs`.
//!
//! Each distinct word counts by the logarithm of how often it occurs, so that the model knows many
//! words rather than a few keywords very well.

use std::collections::HashMap;

use crate::language::{SLOTS, START, STEPS, TRIGRAMS, place, push};
use crate::symbols::{self, COUNT};
use crate::words::Words;

/// The table; the same words give the same bytes.
pub(crate) fn model(words: &Words) -> Vec<u8> {
    let counts = count(words);
    let total: f64 = counts.one.iter().sum();
    let one: Vec<f64> =
        counts.one.iter().map(|count| (count + 1.0) / (total + COUNT as f64)).collect();
    let two = interpolate(&counts.two, &one);
    let three = interpolate(&counts.three, &two);
    let four = interpolate(&counts.four, &three);
    let steps = |share: f64| (-share.log2() * f64::from(STEPS)).round().clamp(1.0, 255.0) as u8;
    let mut table: Vec<u8> = three.iter().map(|&share| steps(share)).collect();
    table.resize(TRIGRAMS + 2 * SLOTS, 0);
    // Each slot goes to the text that three symbols foretell worst.
    let mut best: HashMap<usize, f64> = HashMap::new();
    for text in 0..1 << 20 {
        let (p, q) = (four[text], three[text % TRIGRAMS]);
        let context: f64 = counts.four[text / COUNT * COUNT..][..COUNT].iter().sum();
        let gain = context * (p - q) * (p / q).ln();
        let (slot, check) = place(text as u32);
        let best = best.entry(slot).or_default();
        if gain > *best {
            *best = gain;
            let at = TRIGRAMS + 2 * slot;
            table[at..at + 2].copy_from_slice(&[check, steps(p)]);
        }
    }
    table
}

/// How often each text of one to four symbols occurs.
struct Counts {
    four: Vec<f64>,
    three: Vec<f64>,
    two: Vec<f64>,
    one: Vec<f64>,
}

fn count(words: &Words) -> Counts {
    let mut four = vec![0.0; 1 << 20];
    for (word, times) in words {
        let weight = f64::from(1 + times.ilog2());
        let mut text = START;
        symbols::each(word, |symbol| {
            text = push(text, symbol);
            four[text as usize] += weight;
        });
    }
    let fold = |of: &[f64], size: usize| {
        let mut folded = vec![0.0; size];
        of.iter().enumerate().for_each(|(text, count)| folded[text % size] += count);
        folded
    };
    let three = fold(&four, TRIGRAMS);
    let two = fold(&three, COUNT * COUNT);
    let one = fold(&two, COUNT);
    Counts { four, three, two, one }
}

/// Probabilities by interpolation (Witten and Bell): the more kinds of symbols follow a text, the
/// more the shorter text has to say.
fn interpolate(counts: &[f64], shorter: &[f64]) -> Vec<f64> {
    let mut probabilities = Vec::with_capacity(counts.len());
    for (context, row) in counts.chunks(COUNT).enumerate() {
        let total: f64 = row.iter().sum();
        let kinds = row.iter().filter(|&&count| count > 0.0).count() as f64;
        for (symbol, count) in row.iter().enumerate() {
            let lower = shorter[(context * COUNT + symbol) % shorter.len()];
            let all = total + kinds;
            probabilities.push(if all > 0.0 { (count + kinds * lower) / all } else { lower });
        }
    }
    probabilities
}
