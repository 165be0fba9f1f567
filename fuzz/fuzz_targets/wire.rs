//! Bodies of responses.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| amp_rules_fuzz::wire(data));
