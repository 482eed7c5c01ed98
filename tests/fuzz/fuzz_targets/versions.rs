#![no_main]

use leakgate_fuzz::versions;

libfuzzer_sys::fuzz_target!(init: leakgate_fuzz::start(versions::seeds), |data: &[u8]| versions::run(data));
