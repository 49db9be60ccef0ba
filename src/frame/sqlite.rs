//! SQLite rows → columns. A column's declared type says what to expect, but SQLite lets any cell hold anything, so each cell
//! is looked at: one of another type is a mismatch, never a guess.

use super::builder::{Builder, push_float, push_whole};
use super::cursor::{Cell, Cursor};
use super::output::Output;
use super::request::{Declared, Read, Request};
use super::watch::Watch;
use super::{FrameError, Param, check, query};
use crate::record::{Field, Kind, decimal_from};
use crate::store::quoted;
use crate::store::relational::{CatalogueColumn, sqlite_catalogue};
use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Timelike};
use polars::prelude::ChunkedBuilder;
use sqlx::SqliteConnection;

/// Reads the rows of a table, or those that a query gives.
pub(super) async fn read(
    connection: &mut SqliteConnection,
    request: &Request,
    watch: &Watch,
    output: &mut Output<'_>,
) -> Result<Read, FrameError> {
    let Selection {
        sql,
        told,
        fields,
        columns,
        has_key,
        mixed,
    } = match &request.statement {
        Some(statement) => of_statement(connection, statement, request, watch).await?,
        None => of_table(connection, request).await?,
    };
    let values = &request.values;
    let compared = request.statement.is_none()
        && values
            .iter()
            .any(|value| matches!(value, Param::Instant(_)));
    output.begin(&fields);
    let mut handle = connection.lock_handle().await?;
    let mut cursor = Cursor::open(&mut handle, &sql, values, watch)?;
    while cursor.step()? {
        let mut bytes = 0;
        let (builders, mismatches) = output.columns();
        for (index, (field, builder)) in fields.iter().zip(builders).enumerate() {
            let cell = cursor.cell(index);
            bytes += size(cell);
            // The catalogue can rule a null out and be wrong: SQLite lets the key of a table that is not STRICT hold nulls.
            let fits = (field.nullable || cell != Cell::Null)
                && if mixed[index] {
                    push_any(builder, cell)
                } else {
                    push(builder, cell)
                };
            if !fits {
                builder.push_null();
                mismatches.add(&field.name, &field.kind, found(cell), || {
                    let of = if has_key {
                        cursor.cell(fields.len())
                    } else {
                        Cell::Null
                    };
                    format!("{} ({})", key(of, cursor.row()), shown(cell))
                });
            }
            if compared && field.kind == Kind::Timestamp && !is_canonical(cell) {
                return Err(FrameError::InstantForm {
                    field: field.name.clone(),
                    found: shown(cell),
                });
            }
        }
        output.row(bytes)?;
    }
    Ok(Read {
        query: told,
        read: output.rows,
        snapshot: None,
        columns,
    })
}

/// What to select: the fields, and behind them the key for messages.
struct Selection {
    sql: String,
    /// What the report shows, without the key.
    told: String,
    fields: Vec<Field>,
    columns: Vec<Declared>,
    has_key: bool,
    /// Of which columns values of any type are taken: as text, or as bytes of it.
    mixed: Vec<bool>,
}

/// The record's fields, compared with the table's columns.
async fn of_table(
    connection: &mut SqliteConnection,
    request: &Request,
) -> Result<Selection, FrameError> {
    let table = request.table();
    let columns = sqlite_catalogue::columns_of_table(connection, table).await?;
    if columns.is_empty() {
        return Err(FrameError::NoTable {
            name: table.to_owned(),
            existing: sqlite_catalogue::tables(connection).await?.join(", "),
        });
    }
    check::check(&request.schema, &columns, check::sqlite_kinds)?;
    let fields = request.schema.fields.clone();
    let names: Vec<String> = fields.iter().map(|field| quoted(&field.path)).collect();
    let key = request.key.as_deref().map_or("NULL".to_owned(), quoted);
    let rest = request.clauses(&quoted(table), |column| {
        format!("{} COLLATE BINARY", quoted(column))
    });
    let names = names.join(", ");
    let declared = fields.iter().map(|field| {
        let column = columns.iter().find(|column| column.name == field.path);
        Declared::of(column)
    });
    Ok(Selection {
        sql: format!("SELECT {names}, {key} {rest}"),
        told: format!("SELECT {names} {rest}"),
        has_key: true,
        mixed: vec![false; fields.len()],
        columns: declared.collect(),
        fields,
    })
}

/// The columns of a query: a column of a table is of its declared type. SQLite has none for an expression, so it is asked which
/// types all the values of it are.
async fn of_statement(
    connection: &mut SqliteConnection,
    statement: &str,
    request: &Request,
    watch: &Watch,
) -> Result<Selection, FrameError> {
    if !is_query(statement) {
        return Err(FrameError::NoQuery {
            sql: statement.to_owned(),
        });
    }
    let described = {
        let mut handle = connection.lock_handle().await?;
        let cursor = Cursor::open(&mut handle, statement, &request.values, watch)?;
        if !cursor.only_reads() {
            return Err(FrameError::NoQuery {
                sql: statement.to_owned(),
            });
        }
        cursor.columns()
    };
    let mut columns = Vec::with_capacity(described.len());
    let mut is_nullable = Vec::with_capacity(described.len());
    for column in &described {
        let nullable = match &column.origin {
            Some((table, name)) => {
                let of_table = sqlite_catalogue::columns_of_table(connection, table).await?;
                let found = of_table.into_iter().find(|found| found.name == *name);
                found.map(|found| found.nullable)
            }
            None => None,
        };
        let declared = column.declared.to_uppercase();
        is_nullable.push(nullable);
        columns.push(CatalogueColumn {
            name: column.name.clone(),
            base: declared.clone(),
            declared,
            nullable: nullable.unwrap_or(true),
        });
    }
    let mut mixed = vec![false; columns.len()];
    if columns.iter().any(|column| column.base.is_empty()) {
        let types = types(connection, statement, columns.len(), request, watch).await?;
        for (place, column) in columns.iter_mut().enumerate() {
            if column.base.is_empty() {
                let base;
                (base, mixed[place]) = types[place].declared();
                column.base = base.to_owned();
            }
        }
    }
    let fields = query::fields(&columns, check::sqlite_kinds)?;
    let declared = columns.iter().zip(is_nullable);
    let columns = declared
        .map(|(column, nullable)| Declared {
            kind: (!column.declared.is_empty()).then(|| column.declared.clone()),
            nullable,
        })
        .collect();
    Ok(Selection {
        sql: statement.to_owned(),
        told: statement.to_owned(),
        mixed,
        has_key: false,
        fields,
        columns,
    })
}

/// Whether the text begins as a query does. SQLite carries some other statements out when it only prepares them.
fn is_query(mut statement: &str) -> bool {
    loop {
        statement = statement.trim_start();
        let end = match statement.get(..2) {
            Some("--") => statement.find('\n').map(|at| at + 1),
            Some("/*") => statement.find("*/").map(|at| at + 2),
            _ => break,
        };
        statement = end.and_then(|end| statement.get(end..)).unwrap_or_default();
    }
    let word = statement.split(|letter: char| !letter.is_ascii_alphabetic());
    let word = word.into_iter().next().unwrap_or_default();
    ["SELECT", "VALUES", "WITH"]
        .iter()
        .any(|query| word.eq_ignore_ascii_case(query))
}

/// The types of the values of one column.
#[derive(Clone, Copy, Default)]
struct Types {
    integer: bool,
    real: bool,
    text: bool,
    blob: bool,
}

impl Types {
    /// A declared type that holds them all, and whether values of another type have to be written as it.
    fn declared(self) -> (&'static str, bool) {
        let Types {
            integer,
            real,
            text,
            blob,
        } = self;
        match (real, integer || real, text, blob) {
            (_, _, text, true) => ("BLOB", integer || real || text),
            (_, number, true, false) => ("TEXT", number),
            // An integer that a float does not hold exactly is a misfit.
            (true, ..) => ("REAL", false),
            (false, true, ..) => ("INTEGER", false),
            (false, false, false, false) => ("TEXT", false),
        }
    }
}

async fn types(
    connection: &mut SqliteConnection,
    statement: &str,
    columns: usize,
    request: &Request,
    watch: &Watch,
) -> Result<Vec<Types>, FrameError> {
    let names: Vec<String> = (0..columns).map(|place| format!("c{place}")).collect();
    let asked: Vec<String> = names
        .iter()
        .flat_map(|name| {
            ["integer", "real", "text", "blob"]
                .map(|of| format!("coalesce(max(typeof({name}) = '{of}'), 0)"))
        })
        .collect();
    let sql = format!(
        "WITH query ({}) AS (\n{statement}\n) SELECT {} FROM query",
        names.join(", "),
        asked.join(", ")
    );
    let mut handle = connection.lock_handle().await?;
    let mut cursor = Cursor::open(&mut handle, &sql, &request.values, watch)?;
    cursor.step()?;
    let has = |place: usize| cursor.cell(place) == Cell::Integer(1);
    Ok((0..names.len())
        .map(|place| Types {
            integer: has(4 * place),
            real: has(4 * place + 1),
            text: has(4 * place + 2),
            blob: has(4 * place + 3),
        })
        .collect())
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
        (Builder::Bool(builder), Cell::Integer(value @ (0 | 1))) => {
            builder.append_value(value == 1)
        }
        // SQLite stores 3.0 in a REAL column as the integer 3 and gives a float back, but a view may give the integer.
        (builder, Cell::Integer(value)) => return push_whole(builder, value),
        (Builder::Decimal(builder, scale), Cell::Real(value)) => {
            // The shortest text that reads back as the same float is what was written, up to 15 digits.
            match decimal_from(&format!("{value:?}"), *scale) {
                Some(number) => builder.append_value(number),
                None => return false,
            }
        }
        (builder, Cell::Real(value)) => return push_float(builder, value),
        (Builder::Bytes(builder), Cell::Blob(bytes)) => builder.append_value(bytes),
        (builder, Cell::Text(bytes)) => {
            return std::str::from_utf8(bytes).is_ok_and(|text| push_text(builder, text));
        }
        _ => return false,
    }
    true
}

/// Appends a cell of any type to a column of text or bytes; a number as the shortest text that reads back as it.
fn push_any(builder: &mut Builder, cell: Cell<'_>) -> bool {
    let text = match cell {
        Cell::Integer(number) => number.to_string(),
        Cell::Real(number) => format!("{number:?}"),
        Cell::Text(bytes) if matches!(builder, Builder::Bytes(_)) => {
            return push(builder, Cell::Blob(bytes));
        }
        cell => return push(builder, cell),
    };
    match builder {
        Builder::Text(builder) => builder.append_value(text),
        Builder::Bytes(builder) => builder.append_value(text.as_bytes()),
        _ => return false,
    }
    true
}

fn push_text(builder: &mut Builder, text: &str) -> bool {
    match builder {
        Builder::Text(builder) => builder.append_value(text),
        Builder::Decimal(builder, scale) => match decimal_from(text, *scale) {
            Some(number) => builder.append_value(number),
            None => return false,
        },
        Builder::Date(builder) => match text.parse::<NaiveDate>() {
            Ok(day) => builder.append_value(day.to_epoch_days()),
            Err(_) => return false,
        },
        Builder::Time(builder) => match time(text) {
            Some(time) => builder.append_value(
                i64::from(time.num_seconds_from_midnight()) * 1_000_000_000
                    + i64::from(time.nanosecond()),
            ),
            None => return false,
        },
        Builder::Datetime(builder) => match datetime(text) {
            Some(time) => builder.append_value(time.and_utc().timestamp_micros()),
            None => return false,
        },
        Builder::Timestamp(builder) => match instant(text) {
            Some(micros) => builder.append_value(micros),
            None => return false,
        },
        _ => return false,
    }
    true
}

/// A time of day, to the microsecond.
fn time(text: &str) -> Option<NaiveTime> {
    let time = NaiveTime::parse_from_str(text, "%H:%M:%S%.f")
        .or_else(|_| NaiveTime::parse_from_str(text, "%H:%M"));
    time.ok().filter(is_exact)
}

/// Whether microseconds hold the time: chrono also takes leap seconds, as a second of two thousand milliseconds.
fn is_exact(time: &impl Timelike) -> bool {
    time.nanosecond() < 1_000_000_000 && time.nanosecond().is_multiple_of(1_000)
}

/// Text without an offset, in the forms of SQLite's own functions (sqlite.org/lang_datefunc.html).
fn datetime(text: &str) -> Option<NaiveDateTime> {
    [
        "%Y-%m-%d %H:%M:%S%.f",
        "%Y-%m-%dT%H:%M:%S%.f",
        "%Y-%m-%d %H:%M",
    ]
    .iter()
    .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())
    .filter(is_exact)
}

/// Microseconds since 1970 of RFC 3339 text, or of text without an offset, which SQLite's own functions write and take as UTC.
fn instant(text: &str) -> Option<i64> {
    match DateTime::parse_from_rfc3339(text) {
        Ok(instant) => is_exact(&instant).then(|| instant.timestamp_micros()),
        Err(_) => datetime(text).map(|time| time.and_utc().timestamp_micros()),
    }
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
