#![no_main]

use leakgate_fuzz::archives;

libfuzzer_sys::fuzz_target!(init: leakgate_fuzz::start(archives::seeds), |data: &[u8]| archives::run(data));
