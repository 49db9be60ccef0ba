//! Typed loaders: a [`Record`](crate::record::Record) and a store give a polars frame with exactly the record's types, and
//! a [`LoadReport`] that says what was read and what did not fit.
//!
//! One file a conversion: `sqlite.rs` reads tables by SQLite's own cursor, `postgres/` by binary COPY, `bson.rs` reads documents
//! from raw bytes, which `embedded.rs` and `mongodb.rs` bring. All push into the same [`builder`] and none makes a row or a
//! document object. The record is compared with the database's catalogue before the first row is read.
//!
//! Before there is a record, `catalogue.rs` shows what a store holds and `describe/` writes the record of a table or collection.

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
mod load;
mod mongodb;
mod param;
mod postgres;
mod report;
mod sqlite;

pub use check::Difference;
pub use columns::columns_of;
pub use describe::{DescribedField, Description};
pub use error::FrameError;
pub use hash::content_hash;
pub use load::{Load, Loaded, Policy};
pub use param::Param;
pub use report::{LoadReport, Mismatch};
