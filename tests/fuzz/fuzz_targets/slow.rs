#![no_main]

use leakgate_fuzz::slow;

libfuzzer_sys::fuzz_target!(init: leakgate_fuzz::start(slow::seeds), |data: &[u8]| slow::run(data));
