//! The record against the catalogue, before anything is read: every difference at once, each with what to do.
//!
//! | declared type (SQLite, upper case)          | kinds a record may give it |
//! | ------------------------------------------- | -------------------------- |
//! | contains INT                                | Int64, Int32               |
//! | BOOLEAN, BOOL                               | Bool                       |
//! | TIMESTAMP, DATETIME                         | Timestamp                  |
//! | contains CHAR, CLOB or TEXT                 | Text                       |
//! | contains REAL, FLOA or DOUB                 | Float64, Float32           |
//!
//! The order and the substrings are SQLite's own (sqlite.org/datatype3.html, section 3.1), with the two date and boolean
//! names before them.

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

/// The kinds a declared type can be loaded as, the natural one first; none for types that are not supported.
fn kinds(declared: &str) -> &'static [Kind] {
    let has = |parts: &[&str]| parts.iter().any(|part| declared.contains(part));
    if matches!(declared, "BOOLEAN" | "BOOL") {
        &[Kind::Bool]
    } else if matches!(declared, "TIMESTAMP" | "DATETIME") {
        &[Kind::Timestamp]
    } else if has(&["INT"]) {
        &[Kind::Int64, Kind::Int32]
    } else if has(&["CHAR", "CLOB", "TEXT"]) {
        &[Kind::Text]
    } else if has(&["REAL", "FLOA", "DOUB"]) {
        &[Kind::Float64, Kind::Float32]
    } else {
        &[]
    }
}

fn rust_type(kind: Kind) -> &'static str {
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

/// Every difference between the record's fields and the table's columns.
pub(super) fn differences(schema: &Schema, columns: &[CatalogueColumn]) -> Vec<Difference> {
    schema
        .fields
        .iter()
        .filter_map(|field| difference(field, columns))
        .collect()
}

fn difference(field: &Field, columns: &[CatalogueColumn]) -> Option<Difference> {
    let wanted = if field.nullable {
        format!("Option<{}>", rust_type(field.kind))
    } else {
        rust_type(field.kind).into()
    };
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
    let kinds = kinds(&column.declared);
    if !kinds.contains(&field.kind) {
        let remedy = match kinds.first() {
            Some(kind) if field.nullable || column.nullable => {
                format!("write Option<{}>", rust_type(*kind))
            }
            Some(kind) => format!("write {}", rust_type(*kind)),
            None => "leave the field out: this version cannot load that type".into(),
        };
        return differs(declared.to_owned(), remedy);
    }
    if column.nullable && !field.nullable {
        return differs(
            format!("{declared} that allows nulls"),
            format!("write Option<{}>", rust_type(field.kind)),
        );
    }
    None
}
