//! What one row of data is: its fields, their types, and where each value lives in a table or a document.
//!
//! Everything right of this module (store, frame, recipe, artefact, service) reads the same [`Schema`], so a name or a
//! type is written once. Nothing here knows a database, a frame or HTTP, and nothing here links polars.

mod columns;
mod decimal;
#[cfg(feature = "source")]
pub mod extract;
mod json;
mod schema;

pub use carnet_derive::Record;
pub use columns::{Column, Columns, ColumnsError};
pub use decimal::{DIGITS, Decimal, DecimalError};
pub(crate) use decimal::{decimal_from, decimal_text, scaled};
pub use json::{ERRORS_LISTED, FieldError};
pub use schema::{Field, Kind, Place, Record, RecordField, Schema};
