//! Typed loaders: a [`Record`](crate::record::Record) and a store give a polars frame with exactly the record's types, and
//! a [`LoadReport`] that says what was read and what did not fit.
//!
//! `load.rs` and `query.rs` are what a caller says; `plan.rs` has it read by one `reader.rs` or several into `output.rs`, and
//! `batches.rs` frame by frame; a `request.rs` is what a database is asked. One file a conversion: `sqlite.rs` reads tables by SQLite's own cursor, `postgres/` by binary COPY, `bson.rs` reads documents
//! from raw bytes, which `embedded.rs` and `mongodb.rs` bring. All push into the same [`builder`] and none makes a row or a
//! document object. The record is compared with the database's catalogue before the first row is read.
//!
//! Before there is a record, `catalogue.rs` shows what a store holds and `describe/` writes the record of a table or collection.

mod as_of;
mod batches;
mod bson;
mod builder;
mod catalogue;
mod check;
mod columns;
mod cursor;
mod describe;
mod embedded;
mod error;
mod hash;
#[cfg(any(test, fuzzing))]
pub mod hostile;
mod load;
mod mongodb;
mod output;
mod param;
mod plan;
mod postgres;
mod query;
mod reader;
mod report;
mod request;
mod sqlite;
mod watch;
mod write;

pub use as_of::{AsOf, AsOfError, Side};
pub use batches::Batches;
pub use check::Difference;
pub use columns::columns_of;
pub use describe::{DescribedField, Description};
pub use error::FrameError;
pub use hash::content_hash;
pub use load::{Load, Loaded, Policy};
pub use param::{IntoParams, Param};
pub use query::{Query, Untyped};
pub use report::{LoadReport, Mismatch, ReportColumn};
pub use watch::{Cancel, Progress};
pub use write::{Unfit, Write};
