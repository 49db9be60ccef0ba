//! SQLite rows → columns. A column's declared type says what to expect, but SQLite lets any cell hold anything, so each cell
//! is looked at: one of another type is a mismatch, never a guess.

use super::builder::{Builder, holds, narrows};
use super::cursor::{Cell, Cursor};
use super::load::{Output, Read, Request};
use super::{FrameError, Param, check};
use crate::record::Kind;
use crate::store::quoted;
use crate::store::relational::{Sqlite, sqlite_catalogue};
use chrono::{DateTime, NaiveDateTime};
use polars::prelude::ChunkedBuilder;
use sqlx::SqliteConnection;

/// Reads the rows of a table.
pub(super) async fn read(
    store: &Sqlite,
    table: &str,
    request: &Request<'_>,
    output: &mut Output,
) -> Result<Read, FrameError> {
    let mut connection = store.pool().acquire().await?;
    let (query, told) = query(&mut connection, table, request).await?;
    let values = request.values();
    let compared = values
        .iter()
        .any(|value| matches!(value, Param::Instant(_)));
    let mut handle = connection.lock_handle().await?;
    let mut cursor = Cursor::open(&mut handle, &query, values)?;
    let (mut rows, mut bytes) = (0, 0);
    while cursor.step()? {
        let fields = request.schema.fields.iter().zip(output.builders.iter_mut());
        for (index, (field, builder)) in fields.enumerate() {
            let cell = cursor.cell(index + 1);
            bytes += size(cell);
            // The catalogue can rule a null out and be wrong: SQLite lets the key of a table that is not STRICT hold nulls.
            let fits = (field.nullable || cell != Cell::Null) && push(builder, cell);
            if !fits {
                builder.push_null();
                let (wanted, found) = (field.kind.to_string(), found(cell));
                output.mismatches.add(&field.name, &wanted, found, || {
                    format!("{} ({})", key(cursor.cell(0), rows + 1), shown(cell))
                });
            }
            if compared && field.kind == Kind::Timestamp && !is_canonical(cell) {
                return Err(FrameError::InstantForm {
                    field: field.name.clone(),
                    found: shown(cell),
                });
            }
        }
        rows += 1;
    }
    Ok(Read {
        query: told,
        rows,
        read: rows,
        bytes,
        snapshot: None,
    })
}

/// Checks the record against the catalogue and makes the statement: the key for messages, then the fields. With it comes what
/// the report shows, without the key.
async fn query(
    connection: &mut SqliteConnection,
    table: &str,
    request: &Request<'_>,
) -> Result<(String, String), FrameError> {
    let columns = sqlite_catalogue::columns_of_table(connection, table).await?;
    if columns.is_empty() {
        return Err(FrameError::NoTable {
            name: table.to_owned(),
            existing: sqlite_catalogue::tables(connection).await?.join(", "),
        });
    }
    check::check(request.schema, &columns, check::sqlite_kinds)?;
    let fields: Vec<String> = request
        .schema
        .fields
        .iter()
        .map(|field| quoted(&field.path))
        .collect();
    let key = request.key.map_or("NULL".to_owned(), quoted);
    let rest = request.clauses(&quoted(table));
    let fields = fields.join(", ");
    Ok((
        format!("SELECT {key}, {fields} {rest}"),
        format!("SELECT {fields} {rest}"),
    ))
}

/// Bytes of the value, as SQLite keeps it in memory.
fn size(cell: Cell<'_>) -> u64 {
    match cell {
        Cell::Null => 0,
        Cell::Integer(_) | Cell::Real(_) => 8,
        Cell::Text(bytes) | Cell::Blob(bytes) => bytes.len() as u64,
    }
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
            match std::str::from_utf8(bytes).ok().and_then(instant) {
                Some(micros) => builder.append_value(micros),
                None => return false,
            }
        }
        _ => return false,
    }
    true
}

/// Microseconds since 1970 of RFC 3339 text, or of text without an offset, which SQLite's own functions write and take as UTC
/// (sqlite.org/lang_datefunc.html).
fn instant(text: &str) -> Option<i64> {
    if let Ok(instant) = DateTime::parse_from_rfc3339(text) {
        return Some(instant.timestamp_micros());
    }
    [
        "%Y-%m-%d %H:%M:%S%.f",
        "%Y-%m-%dT%H:%M:%S%.f",
        "%Y-%m-%d %H:%M",
    ]
    .iter()
    .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())
    .map(|instant| instant.and_utc().timestamp_micros())
}

/// Whether an instant is stored in the form in which a filter's instants are bound: only then do their texts sort as time does.
fn is_canonical(cell: Cell<'_>) -> bool {
    match cell {
        Cell::Text(text) => text.len() == 20 && text[10] == b'T' && text[19] == b'Z',
        _ => true,
    }
}

/// A value in a message, cut when it is long.
fn shown(cell: Cell<'_>) -> String {
    match cell {
        Cell::Null => "null".into(),
        Cell::Integer(value) => value.to_string(),
        Cell::Real(value) => format!("{value:?}"),
        Cell::Text(bytes) => {
            let text = String::from_utf8_lossy(bytes);
            match text.char_indices().nth(40) {
                Some((end, _)) => format!("{:?}…", &text[..end]),
                None => format!("{text:?}"),
            }
        }
        Cell::Blob(bytes) => format!("{} bytes", bytes.len()),
    }
}

fn found(cell: Cell<'_>) -> &'static str {
    match cell {
        Cell::Null => "null",
        Cell::Integer(_) => "an integer",
        Cell::Real(_) => "a float",
        Cell::Text(_) => "other text",
        Cell::Blob(_) => "a blob",
    }
}

fn key(cell: Cell<'_>, row: usize) -> String {
    match cell {
        Cell::Integer(value) => value.to_string(),
        Cell::Real(value) => value.to_string(),
        Cell::Text(bytes) | Cell::Blob(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        Cell::Null => format!("row {row}"),
    }
}
