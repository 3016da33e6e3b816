#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| ascep_fuzz::frames::check(bytes));
