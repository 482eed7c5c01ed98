#![no_main]

use leakgate_fuzz::reports;

libfuzzer_sys::fuzz_target!(init: leakgate_fuzz::start(reports::seeds), |data: &[u8]| reports::run(data));
