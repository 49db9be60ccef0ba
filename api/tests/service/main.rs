//! The service as a client meets it: the real binary, a real socket, an artefact fitted in the test.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod answers;
mod deployment;
mod document;
mod parcel;
mod refusals;
mod server;
mod start;
mod stop;
