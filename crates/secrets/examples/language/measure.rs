//! How well measures tell random values from what stands in source.

use std::error::Error;
use std::hint::black_box;
use std::path::PathBuf;
use std::time::Instant;

use crate::evident;
use crate::language;
use crate::pairs::Pairs;
use crate::samples::{self, ALPHABETS, Leet, Random};
use crate::words;

type Measure<'m> = (&'static str, Box<dyn Fn(&[u8]) -> f32 + 'm>);

const LENGTHS: [(usize, usize); 5] = [(8, 11), (12, 15), (16, 23), (24, 39), (40, 64)];
/// How many random values there are of each alphabet and range of lengths.
const DRAWS: usize = 4000;

/// Writes a table for each set of values found in `unseen`.
pub(crate) fn table(trained: &[PathBuf], unseen: &[PathBuf]) -> Result<(), Box<dyn Error>> {
    let known = words::read(trained)?;
    let pairs = Pairs::train(&known);
    let measures: [Measure<'_>; 4] = [
        ("randomness", Box::new(language::randomness)),
        ("surprise", Box::new(language::surprise)),
        ("bytes a token", Box::new(|value| -pairs.bytes_a_token(value))),
        ("entropy", Box::new(entropy)),
    ];
    let found = samples::found(unseen)?;
    let mut words: Vec<Vec<u8>> = known
        .iter()
        .filter(|(word, times)| {
            **times > 20 && (4..9).contains(&word.len()) && word.iter().all(u8::is_ascii_lowercase)
        })
        .map(|(word, _)| word.clone())
        .collect();
    words.dedup();
    time();
    let sets = [
        ("identifiers", &found.identifiers),
        ("literals", &found.literals),
        ("settings", &found.settings),
    ];
    for (name, set) in sets {
        println!("\n## {name}: {} values", set.len());
        for (least, most) in LENGTHS {
            let written: Vec<&[u8]> = set
                .iter()
                .map(Vec::as_slice)
                .filter(|value| (least..=most).contains(&value.len()))
                .collect();
            let flagged = written.iter().filter(|value| language::randomness(value) >= 0.5).count();
            println!(
                "\n{least}-{most}: {} values, {:.2} % suspect",
                written.len(),
                percent(flagged, written.len())
            );
            println!(
                "{:20}{:>8}  caught at 1 % false, at 0.1 % false, area: {:?}",
                "",
                "suspect",
                measures.each_ref().map(|(name, _)| *name)
            );
            let sorted = measures.each_ref().map(|(_, measure)| {
                let mut scores: Vec<f32> = written.iter().map(|value| measure(value)).collect();
                scores.sort_by(f32::total_cmp);
                scores
            });
            for (kind, drawn) in drawn(least, most, &words) {
                let caught = drawn.iter().filter(|value| is_suspect(value)).count();
                print!("{kind:20}{:8.1}", percent(caught, drawn.len()));
                for (scores, (_, measure)) in sorted.iter().zip(&measures) {
                    let drawn: Vec<f32> = drawn.iter().map(|value| measure(value)).collect();
                    let at = |share: f32| {
                        let limit = scores[(scores.len() as f32 * (1.0 - share)) as usize];
                        percent(drawn.iter().filter(|&&score| score > limit).count(), drawn.len())
                    };
                    print!(" |{:6.1}{:6.1}{:7.4}", at(0.01), at(0.001), area(scores, &drawn));
                }
                println!();
            }
        }
    }
    Ok(())
}

/// Writes how long a value of 32 bytes takes.
fn time() {
    let mut random = Random::new(32);
    let values: Vec<_> = (0..10_000).map(|_| random.text(ALPHABETS[5].1, 32)).collect();
    // The quickest of some rounds: others are at work on the machine, too.
    let quickest = |ask: &dyn Fn(&[u8]) -> bool| {
        let round = |_| {
            let start = Instant::now();
            black_box(values.iter().filter(|value| ask(value)).count());
            start.elapsed().as_nanos() / values.len() as u128
        };
        (0..50).map(round).min().unwrap_or_default()
    };
    let surprise = quickest(&|value| language::surprise(value) > 5.0);
    let both = quickest(&|value| is_suspect(value));
    println!("32 bytes: surprise {surprise} ns, kind and randomness {both} ns");
}

/// What a scanner would ask: nothing that it evidently is, and unlike language.
fn is_suspect(value: &[u8]) -> bool {
    evident::kind(value, b"").is_none() && language::randomness(value) >= 0.5
}

/// Values of each alphabet, and passwords.
fn drawn(least: usize, most: usize, words: &[Vec<u8>]) -> Vec<(&'static str, Vec<Vec<u8>>)> {
    let mut random = Random::new((least * 100 + most) as u64);
    let mut drawn = Vec::new();
    for (name, alphabet) in ALPHABETS {
        let one = |_| {
            let len = least + random.below(most - least + 1);
            random.text(alphabet, len)
        };
        drawn.push((name, (0..DRAWS).map(one).collect()));
    }
    if least < 12 {
        for (name, leet) in [("word, digits, mark", Leet::No), ("the same, leet", Leet::Yes)] {
            let one = |_| samples::password(&mut random, words, leet);
            drawn.push((name, (0..DRAWS).map(one).collect()));
        }
    }
    drawn
}

fn percent(part: usize, of: usize) -> f32 {
    100.0 * part as f32 / of.max(1) as f32
}

/// The area under the curve: how often a random value scores above a written one.
fn area(sorted: &[f32], drawn: &[f32]) -> f32 {
    let below = |score: f32| {
        let less = sorted.partition_point(|&other| other < score);
        let equal = sorted.partition_point(|&other| other <= score) - less;
        less as f32 + equal as f32 / 2.0
    };
    let sum: f32 = drawn.iter().map(|&score| below(score) / sorted.len() as f32).sum();
    sum / drawn.len() as f32
}

/// Shannon's entropy of the value's own characters, as other scanners use it.
fn entropy(value: &[u8]) -> f32 {
    let mut counts = [0_u32; 256];
    value.iter().for_each(|&byte| counts[usize::from(byte)] += 1);
    let share = |count: u32| count as f32 / value.len() as f32;
    counts
        .iter()
        .filter(|&&count| count > 0)
        .map(|&count| -share(count) * share(count).log2())
        .sum()
}
