//! Secrets made at run time, the same on each run, and the check that none is ever printed.

use std::cell::RefCell;
use std::collections::HashSet;

/// This many bytes of a secret in a row must not be seen anywhere.
const TELLING: usize = 8;

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

thread_local! {
    /// Pieces of all secrets that this test has made: a test runs on a thread of its own.
    static PIECES: RefCell<HashSet<[u8; TELLING]>> = RefCell::default();
}

/// A GitHub personal access token with a valid checksum.
pub(crate) fn github_token(seed: u64) -> String {
    let body = random(seed, 30);
    let mut sum = crc32fast::hash(body.as_bytes());
    let mut digits = [b'0'; 6];
    for digit in digits.iter_mut().rev() {
        *digit = BASE62[sum as usize % 62];
        sum /= 62;
    }
    let checksum = String::from_utf8_lossy(&digits);
    keep(&format!("{body}{checksum}"));
    format!("ghp_{body}{checksum}")
}

/// A password as a generator makes them.
pub(crate) fn password(seed: u64) -> String {
    let password = random(seed ^ 0x5ec2e7, 20);
    keep(&password);
    password
}

/// A line that assigns the GitHub token of this number.
pub(crate) fn line(seed: u64) -> String {
    format!("token = \"{}\"\n", github_token(seed))
}

/// # Panics
/// When a piece of a secret that this test has made is in `output`.
pub(crate) fn assert_hidden(output: &[u8]) {
    PIECES.with_borrow(|pieces| {
        let told = output.windows(TELLING).find(|window| pieces.contains(*window));
        assert!(told.is_none(), "a secret was printed:\n{}", String::from_utf8_lossy(output));
    });
}

fn keep(secret: &str) {
    let windows = secret.as_bytes().windows(TELLING);
    let windows = windows.map(|w| <[u8; TELLING]>::try_from(w).expect("windows have this length"));
    PIECES.with_borrow_mut(|pieces| pieces.extend(windows));
}

/// Letters and digits by SplitMix64.
fn random(seed: u64, len: usize) -> String {
    let mut state = seed.wrapping_mul(0x2545_f491_4f6c_dd1d).wrapping_add(len as u64);
    let mut next = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    };
    (0..len).map(|_| char::from(BASE62[(next() % 62) as usize])).collect()
}
