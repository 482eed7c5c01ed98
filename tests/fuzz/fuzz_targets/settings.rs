#![no_main]

use leakgate_fuzz::settings;

libfuzzer_sys::fuzz_target!(init: leakgate_fuzz::start(settings::seeds), |data: &[u8]| settings::run(data));
