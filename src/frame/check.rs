//! The record against the catalogue, before anything is read: every difference at once, each with what to do.
//!
//! PostgreSQL's types are in `postgres/types.rs`; these are SQLite's:
//!
//! | declared type (SQLite, upper case)          | kinds a record may give it |
//! | ------------------------------------------- | -------------------------- |
//! | contains INT                                | Int64, Int32               |
//! | BOOLEAN, BOOL                               | Bool                       |
//! | TIMESTAMP, DATETIME                         | Timestamp, Text            |
//! | DATE                                        | Text                       |
//! | contains CHAR, CLOB or TEXT                 | Text, Timestamp            |
//! | contains REAL, FLOA or DOUB                 | Float64, Float32           |
//! | none, or contains BLOB                      | any                        |
//! | any other, such as NUMERIC(10,2)            | Float64, Int64, Int32, Float32 |
//!
//! The order and the substrings are SQLite's own (sqlite.org/datatype3.html, section 3.1), with the names for booleans, instants
//! and dates before them. Each value is looked at when it is read, so a kind that not all values have is a mismatch, no guess.

use super::FrameError;
use crate::record::{Field, Kind, Schema};
use crate::store::relational::CatalogueColumn;
use std::fmt;

/// One way in which a record differs from its table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The record's field.
    pub field: String,
    /// What the record says.
    pub wanted: String,
    /// What the table has.
    pub found: String,
    /// What to do.
    pub remedy: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Difference {
            field,
            wanted,
            found,
            remedy,
        } = self;
        write!(
            f,
            "{field}: the record says {wanted}, the table has {found}; {remedy}"
        )
    }
}

/// The kinds an SQLite column can be loaded as, the natural one first.
pub(super) fn sqlite_kinds(column: &CatalogueColumn) -> &'static [Kind] {
    let declared = column.base.as_str();
    let has = |parts: &[&str]| parts.iter().any(|part| declared.contains(part));
    if matches!(declared, "BOOLEAN" | "BOOL") {
        &[Kind::Bool]
    } else if matches!(declared, "TIMESTAMP" | "DATETIME") {
        &[Kind::Timestamp, Kind::Text]
    } else if declared == "DATE" {
        &[Kind::Text]
    } else if has(&["INT"]) {
        &[Kind::Int64, Kind::Int32]
    } else if has(&["CHAR", "CLOB", "TEXT"]) {
        &[Kind::Text, Kind::Timestamp]
    } else if has(&["REAL", "FLOA", "DOUB"]) {
        &[Kind::Float64, Kind::Float32]
    } else if declared.is_empty() || has(&["BLOB"]) {
        &[
            Kind::Text,
            Kind::Int64,
            Kind::Float64,
            Kind::Int32,
            Kind::Float32,
            Kind::Bool,
            Kind::Timestamp,
        ]
    } else {
        &[Kind::Float64, Kind::Int64, Kind::Int32, Kind::Float32]
    }
}

pub(super) fn rust_type(kind: Kind) -> &'static str {
    match kind {
        Kind::Bool => "bool",
        Kind::Int32 => "i32",
        Kind::Int64 => "i64",
        Kind::Float32 => "f32",
        Kind::Float64 => "f64",
        Kind::Text => "String",
        Kind::Timestamp => "DateTime<Utc>",
    }
}

/// The Rust type of a field.
pub(super) fn spelt(kind: Kind, nullable: bool) -> String {
    if nullable {
        format!("Option<{}>", rust_type(kind))
    } else {
        rust_type(kind).into()
    }
}

/// Compares the record's fields with the table's columns; `kinds` are those a column can be loaded as.
///
/// # Errors
/// Every difference, in field order.
pub(super) fn check(
    schema: &Schema,
    columns: &[CatalogueColumn],
    kinds: fn(&CatalogueColumn) -> &'static [Kind],
) -> Result<(), FrameError> {
    let differences: Vec<Difference> = schema
        .fields
        .iter()
        .filter_map(|field| difference(field, columns, kinds))
        .collect();
    if differences.is_empty() {
        return Ok(());
    }
    Err(FrameError::Record {
        place: schema.place.to_string(),
        differences,
    })
}

fn difference(
    field: &Field,
    columns: &[CatalogueColumn],
    kinds: fn(&CatalogueColumn) -> &'static [Kind],
) -> Option<Difference> {
    let wanted = spelt(field.kind, field.nullable);
    let differs = |found: String, remedy: String| {
        Some(Difference {
            field: field.name.clone(),
            wanted,
            found,
            remedy,
        })
    };
    let Some(column) = columns.iter().find(|column| column.name == field.path) else {
        let existing: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
        return differs(
            format!("no column {}", field.path),
            format!(
                "name one of its columns with #[record(path = \"…\")]: {}",
                existing.join(", ")
            ),
        );
    };
    let declared = if column.declared.is_empty() {
        "no declared type"
    } else {
        column.declared.as_str()
    };
    let kinds = kinds(column);
    if !kinds.contains(&field.kind) {
        let options: Vec<String> = kinds
            .iter()
            .map(|kind| spelt(*kind, field.nullable || column.nullable))
            .collect();
        let remedy = format!("write {}", options.join(" or "));
        return differs(declared.to_owned(), remedy);
    }
    if column.nullable && !field.nullable {
        return differs(
            format!("{declared} that allows nulls"),
            format!("write {}", spelt(field.kind, true)),
        );
    }
    None
}
