//! The record against the catalogue, before anything is read: every difference at once, each with what to do.
//!
//! PostgreSQL's types are in `postgres/types.rs`; these are SQLite's, in `docs/TYPES.md` for readers. The order and the substrings
//! are SQLite's own (sqlite.org/datatype3.html, section 3.1), with the names for booleans, instants, days and times before them.
//! Each value is looked at when it is read, so a kind that not all values have is a mismatch, no guess.

use super::FrameError;
use crate::record::{DIGITS, Field, Kind, Schema};
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
pub(super) fn sqlite_kinds(column: &CatalogueColumn) -> Vec<Kind> {
    let declared = column.base.as_str();
    let has = |parts: &[&str]| parts.iter().any(|part| declared.contains(part));
    // Declared with places after the point, such as NUMERIC(10,2): none declared, none known.
    let decimal = Kind::Decimal(places(declared).unwrap_or(0));
    if matches!(declared, "BOOLEAN" | "BOOL") {
        vec![Kind::Bool]
    } else if matches!(declared, "TIMESTAMP" | "DATETIME") {
        vec![Kind::Timestamp, Kind::Datetime, Kind::Text]
    } else if declared == "DATE" {
        vec![Kind::Date, Kind::Text]
    } else if declared == "TIME" {
        vec![Kind::Time, Kind::Text]
    } else if has(&["INT"]) {
        vec![Kind::Int64, Kind::Int32, Kind::Float64, decimal]
    } else if has(&["CHAR", "CLOB", "TEXT"]) {
        vec![
            Kind::Text,
            Kind::Timestamp,
            Kind::Datetime,
            Kind::Date,
            Kind::Time,
            decimal,
        ]
    } else if declared == "BLOB" {
        vec![Kind::Bytes, Kind::Text]
    } else if has(&["REAL", "FLOA", "DOUB"]) {
        vec![Kind::Float64, Kind::Float32]
    } else if declared.is_empty() || has(&["BLOB"]) {
        vec![
            Kind::Text,
            Kind::Int64,
            Kind::Float64,
            Kind::Int32,
            Kind::Float32,
            decimal,
            Kind::Bool,
            Kind::Bytes,
            Kind::Timestamp,
            Kind::Datetime,
            Kind::Date,
            Kind::Time,
        ]
    } else if has(&["NUM", "DEC"]) {
        vec![
            Kind::Float64,
            Kind::Int64,
            Kind::Int32,
            Kind::Float32,
            decimal,
            Kind::Text,
        ]
    } else {
        // JSON, UUID, and whatever else a schema says: numbers are numbers to SQLite, but most such types are text.
        vec![
            Kind::Text,
            Kind::Float64,
            Kind::Int64,
            Kind::Int32,
            Kind::Float32,
            decimal,
            Kind::Bytes,
        ]
    }
}

/// The places after the point of a type declared as `NUMERIC(10,2)`.
pub(super) fn places(declared: &str) -> Option<u8> {
    let (_, rest) = declared.split_once('(')?;
    let (inner, _) = rest.split_once(')')?;
    let mut numbers = inner.split(',').map(|number| number.trim().parse::<u8>());
    let digits = numbers.next()?.ok()?;
    let places = numbers.next().map_or(Some(0), Result::ok)?;
    (digits <= DIGITS && places <= digits).then_some(places)
}

/// The Rust type of a field of this kind.
pub(super) fn rust_type(kind: &Kind) -> String {
    match kind {
        Kind::Decimal(scale) => return format!("Decimal<{scale}>"),
        Kind::List { item, nullable } => return format!("Vec<{}>", spelt(item, *nullable)),
        Kind::Struct(_) => "a struct that derives Record",
        Kind::Bool => "bool",
        Kind::Int32 => "i32",
        Kind::Int64 => "i64",
        Kind::Float32 => "f32",
        Kind::Float64 => "f64",
        Kind::Text => "String",
        Kind::Bytes => "Vec<u8>",
        Kind::Date => "NaiveDate",
        Kind::Time => "NaiveTime",
        Kind::Datetime => "NaiveDateTime",
        Kind::Timestamp => "DateTime<Utc>",
    }
    .to_owned()
}

/// The Rust type of a field.
pub(super) fn spelt(kind: &Kind, nullable: bool) -> String {
    if nullable {
        format!("Option<{}>", rust_type(kind))
    } else {
        rust_type(kind)
    }
}

/// Compares the record's fields with the table's columns; `kinds` are those a column can be loaded as.
///
/// # Errors
/// Every difference, in field order.
pub(super) fn check(
    schema: &Schema,
    columns: &[CatalogueColumn],
    kinds: fn(&CatalogueColumn) -> Vec<Kind>,
) -> Result<(), FrameError> {
    let differences: Vec<Difference> = schema
        .fields
        .iter()
        .filter_map(|field| difference(field, columns, kinds))
        .collect();
    told(schema, differences)
}

/// All differences as one error, if there are any.
fn told(schema: &Schema, differences: Vec<Difference>) -> Result<(), FrameError> {
    if differences.is_empty() {
        return Ok(());
    }
    Err(FrameError::Record {
        place: schema.place.to_string(),
        differences,
    })
}

/// Compares types alone, as writing wants it: a column that allows nulls takes values without any.
///
/// # Errors
/// Every difference, in field order.
pub(super) fn types(
    schema: &Schema,
    columns: &[CatalogueColumn],
    kinds: fn(&CatalogueColumn) -> Vec<Kind>,
    takes: fn(&CatalogueColumn, &Kind) -> bool,
) -> Result<(), FrameError> {
    let mut nullable = schema.clone();
    nullable
        .fields
        .iter_mut()
        .for_each(|field| field.nullable = true);
    check(&nullable, columns, kinds)?;
    let rounds = |field: &Field| {
        let column = columns.iter().find(|column| column.name == field.path)?;
        (!takes(column, &field.kind)).then(|| Difference {
            field: field.name.clone(),
            wanted: spelt(&field.kind, field.nullable),
            found: column.declared.clone(),
            remedy:
                "values could not be written exactly: give the field a type that the column holds"
                    .into(),
        })
    };
    told(schema, schema.fields.iter().filter_map(rounds).collect())
}

fn difference(
    field: &Field,
    columns: &[CatalogueColumn],
    kinds: fn(&CatalogueColumn) -> Vec<Kind>,
) -> Option<Difference> {
    let wanted = spelt(&field.kind, field.nullable);
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
    if !kinds.iter().any(|kind| kind.is_like(&field.kind)) {
        let options: Vec<String> = kinds
            .iter()
            .map(|kind| spelt(kind, field.nullable || column.nullable))
            .collect();
        let remedy = format!("write {}", options.join(" or "));
        return differs(declared.to_owned(), remedy);
    }
    if column.nullable && !field.nullable {
        return differs(
            format!("{declared} that allows nulls"),
            format!("write {}", spelt(&field.kind, true)),
        );
    }
    None
}
