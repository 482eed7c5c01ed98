#![no_main]

use leakgate_fuzz::content;

libfuzzer_sys::fuzz_target!(init: leakgate_fuzz::start(content::seeds), |data: &[u8]| content::run(data));
