//! Incident files.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| amp_rules_fuzz::incident(data));
