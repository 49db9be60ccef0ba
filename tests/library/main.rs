//! The library through its public face, on real SQLite files: one binary, one module a subject.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod documents;
mod show;
mod stores;
mod tables;
mod world;
