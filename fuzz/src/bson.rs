//! Any bytes as a BSON document.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| carnet::frame::hostile::bson(bytes));
