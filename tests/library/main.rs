//! The library through its public face, on real SQLite files and real servers: one binary, one module a subject.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod catalogue;
mod charts;
mod documents;
mod file;
mod filters;
mod mongodb;
mod nested;
mod postgres;
mod queries;
mod servers;
mod show;
mod source;
mod stores;
mod tables;
mod world;
