//! A set of numbers, one bit each.

/// A set of object numbers below a limit.
#[derive(Debug, Clone, Default)]
pub struct Bits {
    words: Vec<u64>,
}

impl Bits {
    /// An empty set of numbers below `limit`.
    pub fn new(limit: usize) -> Self {
        Self { words: vec![0; limit.div_ceil(64)] }
    }

    /// Returns true if and only if the number is in the set.
    pub fn has(&self, number: u32) -> bool {
        let word = self.words.get(number as usize / 64).copied().unwrap_or(0);
        word >> (number % 64) & 1 != 0
    }

    /// Adds a number. Returns true if and only if it was not there.
    pub fn insert(&mut self, number: u32) -> bool {
        let is_new = !self.has(number);
        self.words[number as usize / 64] |= 1 << (number % 64);
        is_new
    }

    /// How many numbers are in the set.
    pub fn count(&self) -> u64 {
        self.words.iter().map(|word| u64::from(word.count_ones())).sum()
    }
}
