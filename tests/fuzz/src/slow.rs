pub fn seeds() -> Vec<Vec<u8>> { Vec::new() }
pub fn run(_: &[u8]) {}
