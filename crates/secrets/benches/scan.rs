//! The engine alone, on text that has no secret: how fast it passes over ordinary source.

use std::fmt::Write as _;
use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use leakgate_secrets::{RuleSet, Scratch};

/// Source-like text of about `size` bytes: this crate's own, repeated with other numbers.
fn source(size: usize) -> Vec<u8> {
    let own = concat!(
        include_str!("../src/scan.rs"),
        include_str!("../src/assignment.rs"),
        include_str!("../src/anchors.rs"),
    );
    let mut text = String::new();
    let mut copy = 0;
    while text.len() < size {
        text.push_str(own);
        writeln!(text, "// copy {copy}").expect("writing to a String does not fail");
        copy += 1;
    }
    text.into_bytes()
}

fn scan(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("scan");
    for size in [4 << 10, 1 << 20] {
        let text = source(size);
        let rules = RuleSet::default();
        let mut scratch = Scratch::default();
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(format!("source of {size} bytes"), |bencher| {
            bencher.iter(|| rules.scan(b"src/lib.rs", black_box(&text), &mut scratch));
        });
    }
    group.finish();
    criterion.bench_function("start: a rule set and its first scan", |bencher| {
        let text = source(4 << 10);
        bencher.iter(|| {
            RuleSet::default().scan(b"src/lib.rs", black_box(&text), &mut Scratch::default())
        });
    });
}

criterion_group!(benches, scan);
criterion_main!(benches);
