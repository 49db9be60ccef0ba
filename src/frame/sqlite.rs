//! SQLite rows → columns. A column's declared type says what to expect, but SQLite lets any cell hold anything, so each cell
//! is looked at: one of another type is a mismatch, never a guess.

use super::FrameError;
use super::builder::{Builder, holds, narrows};
use super::cursor::{Cell, Cursor};
use super::report::Mismatches;
use crate::record::Schema;
use chrono::DateTime;
use polars::prelude::ChunkedBuilder;

/// Reads all rows: column 0 is the row's key for messages, the record's fields follow in order. Returns the number of rows.
pub(super) fn read(
    cursor: &mut Cursor<'_, '_>,
    schema: &Schema,
    builders: &mut [Builder],
    mismatches: &mut Mismatches,
) -> Result<usize, FrameError> {
    let mut rows = 0;
    while cursor.step()? {
        for (index, (field, builder)) in schema.fields.iter().zip(builders.iter_mut()).enumerate() {
            let cell = cursor.cell(index + 1);
            // The catalogue can rule a null out and be wrong: SQLite lets the key of a table that is not STRICT hold nulls.
            let fits = (field.nullable || cell != Cell::Null) && push(builder, cell);
            if !fits {
                builder.push_null();
                mismatches.add(&field.name, &field.kind.to_string(), found(cell), || {
                    key(cursor.cell(0))
                });
            }
        }
        rows += 1;
    }
    Ok(rows)
}

/// Appends the cell; false when it does not fit.
fn push(builder: &mut Builder, cell: Cell<'_>) -> bool {
    match (builder, cell) {
        (builder, Cell::Null) => builder.push_null(),
        (Builder::Int64(builder), Cell::Integer(value)) => builder.append_value(value),
        (Builder::Int32(builder), Cell::Integer(value)) => match i32::try_from(value) {
            Ok(value) => builder.append_value(value),
            Err(_) => return false,
        },
        (Builder::Float64(builder), Cell::Real(value)) => builder.append_value(value),
        (Builder::Float32(builder), Cell::Real(value)) if narrows(value) => {
            builder.append_value(value as f32)
        }
        // SQLite stores 3.0 in a REAL column as the integer 3 and gives a float back, but a view may give the integer.
        (Builder::Float64(builder), Cell::Integer(value)) if holds(f64::MANTISSA_DIGITS, value) => {
            builder.append_value(value as f64)
        }
        (Builder::Float32(builder), Cell::Integer(value)) if holds(f32::MANTISSA_DIGITS, value) => {
            builder.append_value(value as f32)
        }
        (Builder::Bool(builder), Cell::Integer(value @ (0 | 1))) => {
            builder.append_value(value == 1)
        }
        (Builder::Text(builder), Cell::Text(bytes)) => match std::str::from_utf8(bytes) {
            Ok(text) => builder.append_value(text),
            Err(_) => return false,
        },
        (Builder::Timestamp(builder), Cell::Text(bytes)) => {
            match std::str::from_utf8(bytes)
                .ok()
                .and_then(|text| DateTime::parse_from_rfc3339(text).ok())
            {
                Some(instant) => builder.append_value(instant.timestamp_micros()),
                None => return false,
            }
        }
        _ => return false,
    }
    true
}

fn found(cell: Cell<'_>) -> &'static str {
    match cell {
        Cell::Null => "null",
        Cell::Integer(_) => "an integer out of range",
        Cell::Real(_) => "a float out of range",
        Cell::Text(_) => "other text",
        Cell::Blob(_) => "a blob",
    }
}

fn key(cell: Cell<'_>) -> String {
    match cell {
        Cell::Integer(value) => value.to_string(),
        Cell::Real(value) => value.to_string(),
        Cell::Text(bytes) | Cell::Blob(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        Cell::Null => "a row without a key".into(),
    }
}
