#![no_main]

use leakgate_fuzz::repository;

libfuzzer_sys::fuzz_target!(init: leakgate_fuzz::start(repository::seeds), |data: &[u8]| repository::run(data));
