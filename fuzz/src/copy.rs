//! Any bytes as a stream of PostgreSQL's binary COPY.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| carnet::frame::hostile::copy(bytes));
