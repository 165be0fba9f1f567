//! Rows as CSV.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| amp_rules_fuzz::csv(data));
