//! Writing records to their table by key: new ones are added, changed ones updated, equal ones left alone. The record's own
//! schema gives the table, the columns and the key. In SQLite every value is a bind parameter, many rows a statement; in
//! PostgreSQL rows go by COPY into a temporary table and from there by one statement.

use super::catalogue::postgres::{columns_of_table, quoted_path};
use super::sqlite::{PARAMETERS, count, stored_instant};
use crate::record::{Place, Record, Schema};
use crate::store::{StoreError, Upserted, quoted};
use chrono::{DateTime, SecondsFormat, Utc};
use sqlx::sqlite::SqliteArguments;
use sqlx::{Arguments, AssertSqlSafe, PgConnection, SqlSafeStr, SqliteConnection};
use std::fmt::Write;

/// Types of PostgreSQL whose equality tells all values apart.
const EXACT: &[&str] = &[
    "bool",
    "int2",
    "int4",
    "int8",
    "oid",
    "float4",
    "float8",
    "numeric",
    "text",
    "varchar",
    "bpchar",
    "name",
    "bytea",
    "date",
    "time",
    "timestamp",
    "timestamptz",
    "uuid",
    "enum",
];
/// Rows sent between two signs of progress.
const ROWS_A_STEP: usize = 5_000;

/// A record that can be written.
pub trait Row: Record + Sync {
    /// The column that says where a row was read from, if there is one. It is written with a new row and with a changed one, but
    /// a row that differs in nothing else is the same, and keeps what it has there.
    const PROVENANCE: Option<&'static str> = None;

    /// Binds the values of all fields, in the order of the schema.
    fn bind(&self, to: &mut Bound);
}

/// The values of a statement.
#[derive(Debug)]
pub struct Bound {
    to: To,
    /// Values of the row that is being bound.
    values: usize,
    error: Option<String>,
}

#[derive(Debug)]
enum To {
    /// Parameters of an SQLite statement.
    Parameters(SqliteArguments),
    /// Lines of PostgreSQL's COPY in text format: values apart by tabs, `\N` for null.
    Lines(String),
}

impl Bound {
    fn new(to: To) -> Bound {
        Bound {
            to,
            values: 0,
            error: None,
        }
    }

    /// Binds text.
    pub fn text(&mut self, value: &str) {
        self.text_or_null(Some(value));
    }

    /// Binds text or null.
    pub fn text_or_null(&mut self, value: Option<&str>) {
        self.add(value.map(str::to_owned), |line, text| escape(line, &text));
    }

    /// Binds a truth value or null.
    pub fn bool_or_null(&mut self, value: Option<bool>) {
        self.add(value, |line, truth| {
            line.push_str(if truth { "t" } else { "f" })
        });
    }

    /// Binds a whole number or null.
    pub fn whole_or_null(&mut self, value: Option<impl Into<i64>>) {
        self.add(value.map(Into::into), |line, number: i64| {
            let _ = write!(line, "{number}");
        });
    }

    /// Binds bytes or null.
    pub fn bytes_or_null(&mut self, value: Option<&[u8]>) {
        self.add(value.map(<[u8]>::to_vec), |line, bytes| {
            // A backslash, for COPY, and the hexadecimal form of bytea.
            line.push_str("\\\\x");
            for byte in bytes {
                let _ = write!(line, "{byte:02x}");
            }
        });
    }

    /// Binds a number or null. SQLite has no NaN, so that is an error there, told when the rows are written.
    pub fn number_or_null(&mut self, value: Option<f64>) {
        if matches!(self.to, To::Parameters(_)) && value.is_some_and(f64::is_nan) {
            let error = "a number is NaN, which SQLite would make a null".to_owned();
            self.error.get_or_insert(error);
        }
        self.add(value, |line, number| {
            // The shortest text that reads back as the same number.
            let _ = write!(line, "{number:?}");
        });
    }

    /// Binds an instant or null. Where the database has no type for it, it is UTC text to the second, which sorts as time does;
    /// there a part of a second is an error, told when the rows are written.
    pub fn instant_or_null(&mut self, value: Option<DateTime<Utc>>) {
        let is_text = matches!(self.to, To::Parameters(_));
        let text = value.and_then(|instant| {
            if !is_text {
                return Some(instant.to_rfc3339_opts(SecondsFormat::AutoSi, true));
            }
            let text = stored_instant(instant);
            if text.is_none() {
                let error = format!("{instant} is not a whole second, as instants are stored here");
                self.error.get_or_insert(error);
            }
            text
        });
        self.add(text, |line, text| line.push_str(&text));
    }

    fn add<'q, T>(&mut self, value: Option<T>, write: impl FnOnce(&mut String, T))
    where
        T: 'q + sqlx::Encode<'q, sqlx::Sqlite> + sqlx::Type<sqlx::Sqlite>,
    {
        self.values += 1;
        match &mut self.to {
            To::Parameters(arguments) => {
                if let Err(error) = arguments.add(value) {
                    self.error.get_or_insert(error.to_string());
                }
            }
            To::Lines(lines) => {
                match value {
                    Some(value) => write(lines, value),
                    None => lines.push_str("\\N"),
                }
                lines.push('\t');
            }
        }
    }

    /// Ends a row, which must have as many values as its table's columns here: one too few would shift all that follow.
    fn end_row(&mut self, target: &Target) -> Result<(), StoreError> {
        let bound = std::mem::take(&mut self.values);
        let columns = target.columns.len();
        if bound != columns {
            let place = &target.place;
            self.error = Some(format!(
                "a record of {place} has {columns} fields and bound {bound}"
            ));
        }
        if let To::Lines(lines) = &mut self.to {
            lines.pop();
            lines.push('\n');
        }
        match self.error.take() {
            Some(error) => Err(StoreError::Statement(sqlx::Error::Encode(error.into()))),
            None => Ok(()),
        }
    }
}

/// Text for a line of COPY: what would end a value or a line, and the backslash, are escaped (PostgreSQL's documentation of COPY,
/// "Text Format").
fn escape(line: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '\\' => line.push_str("\\\\"),
            '\t' => line.push_str("\\t"),
            '\n' => line.push_str("\\n"),
            '\r' => line.push_str("\\r"),
            other => line.push(other),
        }
    }
}

/// Rows to be written, wherever they are.
pub(crate) struct Rows<'a> {
    pub(crate) schema: &'a Schema,
    pub(crate) count: usize,
    /// The column that makes no row a changed one.
    pub(crate) provenance: Option<&'a str>,
    /// Binds the values of all fields of a row.
    pub(crate) bind: &'a (dyn Fn(usize, &mut Bound) + Sync),
}

impl Rows<'_> {
    /// The table's name; empty for records that live in none, which are refused before.
    fn table(&self) -> &str {
        match &self.schema.place {
            Place::Table(name) => name,
            Place::Collection(_) | Place::Inline => "",
        }
    }
}

/// Writes all rows to SQLite in the caller's transaction, telling `progress` how many are written so far.
///
/// # Errors
/// When the record has no table or no key, or the database refuses a row. What was written before is the transaction's to undo.
pub(crate) async fn into_sqlite(
    connection: &mut SqliteConnection,
    rows: Rows<'_>,
    mut progress: impl FnMut(usize),
) -> Result<Upserted, StoreError> {
    let target = Target::of(&rows, quoted)?;
    let before = count(connection, &target.table).await?;
    let (mut written, mut done) = (0, 0);
    // As long as SQLite allows: each statement is handed to its own thread and back, which costs more than the text.
    let at_once = (PARAMETERS / target.columns.len().max(1)).max(1);
    while done < rows.count {
        let step = done..rows.count.min(done + at_once);
        let mut bound = Bound::new(To::Parameters(SqliteArguments::default()));
        for row in step.clone() {
            (rows.bind)(row, &mut bound);
            bound.end_row(&target)?;
        }
        let To::Parameters(arguments) = bound.to else {
            continue;
        };
        let row = format!("({})", vec!["?"; target.columns.len()].join(", "));
        let values = format!("VALUES {}", vec![row; step.len()].join(", "));
        // Only names of the record's own schema are in the text, quoted.
        let sql = AssertSqlSafe(target.statement(&values, |column| {
            format!("target.{column} COLLATE BINARY IS NOT excluded.{column}")
        }))
        .into_sql_str();
        written += sqlx::query_with(sql, arguments)
            .execute(&mut *connection)
            .await?
            .rows_affected();
        done = step.end;
        progress(done);
    }
    let new = count(connection, &target.table)
        .await?
        .saturating_sub(before);
    Ok(Upserted {
        new,
        changed: written.saturating_sub(new),
        same: (rows.count as u64).saturating_sub(written),
    })
}

/// Writes all rows to PostgreSQL in the caller's transaction, telling `progress` how many are sent so far.
///
/// # Errors
/// As [`into_sqlite`].
pub(crate) async fn into_postgres(
    connection: &mut PgConnection,
    rows: Rows<'_>,
    mut progress: impl FnMut(usize),
) -> Result<Upserted, StoreError> {
    let target = Target::of(&rows, quoted_path)?;
    let columns = target.columns.join(", ");
    // Without constraints or defaults: the target's own are checked when the rows get there.
    let make = format!(
        "CREATE TEMP TABLE carnet_rows ON COMMIT DROP AS SELECT {columns} FROM {} WITH NO DATA",
        target.table
    );
    sqlx::query(AssertSqlSafe(make).into_sql_str())
        .execute(&mut *connection)
        .await?;
    let mut copy = connection
        .copy_in_raw(&format!("COPY carnet_rows ({columns}) FROM STDIN"))
        .await?;
    let mut done = 0;
    while done < rows.count {
        let step = done..rows.count.min(done + ROWS_A_STEP);
        let mut bound = Bound::new(To::Lines(String::new()));
        for row in step.clone() {
            (rows.bind)(row, &mut bound);
            bound.end_row(&target)?;
        }
        if let To::Lines(lines) = bound.to {
            copy.send(lines.as_bytes()).await?;
        }
        done = step.end;
        progress(done);
    }
    copy.finish().await?;
    // Some types call equal what differs (30 days and a month, areas of boxes), and some have no equality at all: those are
    // compared as they are written.
    let catalogue = columns_of_table(connection, rows.table()).await?;
    let differs = |column: &str| {
        let known = catalogue.iter().find(|known| quoted(&known.name) == column);
        let cast = match known {
            Some(known) if EXACT.contains(&known.base.as_str()) => "",
            _ => "::text",
        };
        format!("target.{column}{cast} IS DISTINCT FROM excluded.{column}{cast}")
    };
    // In two statements, because only that tells new rows from changed ones in any table: what an insert returns of a partitioned
    // one has no xmax.
    let insert = target.insert(&format!("SELECT {columns} FROM carnet_rows"), "DO NOTHING");
    let new = execute(connection, insert).await?;
    let mut changed = 0;
    if new < rows.count as u64 {
        let repeated = format!(
            "SELECT EXISTS (SELECT FROM carnet_rows GROUP BY {} HAVING count(*) > 1)",
            target.key.join(", ")
        );
        let repeated: bool = sqlx::query_scalar(AssertSqlSafe(repeated).into_sql_str())
            .fetch_one(&mut *connection)
            .await?;
        if repeated {
            return Err(target.unwritable("two of them have the same key, so which is meant?"));
        }
        if let Some(update) = target.update_from("carnet_rows", differs) {
            changed = execute(connection, update).await?;
        }
    }
    execute(connection, "DROP TABLE carnet_rows".to_owned()).await?;
    Ok(Upserted {
        new,
        changed,
        same: (rows.count as u64).saturating_sub(new + changed),
    })
}

async fn execute(connection: &mut PgConnection, sql: String) -> Result<u64, sqlx::Error> {
    let done = sqlx::query(AssertSqlSafe(sql).into_sql_str())
        .execute(connection)
        .await?;
    Ok(done.rows_affected())
}

/// A table's name and columns, quoted.
struct Target {
    place: String,
    table: String,
    columns: Vec<String>,
    key: Vec<String>,
    provenance: Option<String>,
}

impl Target {
    /// `name` quotes a table's name as its database takes it.
    fn of(rows: &Rows<'_>, name: fn(&str) -> String) -> Result<Target, StoreError> {
        let fields = rows.schema.fields.iter();
        let target = Target {
            place: rows.schema.place.to_string(),
            table: name(rows.table()),
            columns: fields.clone().map(|field| quoted(&field.path)).collect(),
            key: fields
                .filter(|field| field.key)
                .map(|field| quoted(&field.path))
                .collect(),
            provenance: rows.provenance.map(quoted),
        };
        if !matches!(rows.schema.place, Place::Table(_)) {
            return Err(target.unwritable("it lives in no table"));
        }
        if target.key.is_empty() {
            return Err(target.unwritable("no field of it is marked #[record(key)]"));
        }
        Ok(target)
    }

    fn unwritable(&self, reason: &'static str) -> StoreError {
        StoreError::Unwritable {
            place: self.place.clone(),
            reason,
        }
    }

    /// An insert of rows from `source`, with what happens to those whose key is there.
    fn insert(&self, source: &str, then: &str) -> String {
        format!(
            "INSERT INTO {} AS target ({}) {source} ON CONFLICT ({}) {then}",
            self.table,
            self.columns.join(", "),
            self.key.join(", "),
        )
    }

    /// An insert of rows from `source` that updates those with the same key and another value.
    fn statement(&self, source: &str, differs: impl Fn(&str) -> String) -> String {
        let then = match self.changes(differs) {
            Some((sets, differ)) => format!("DO UPDATE SET {sets} WHERE {differ}"),
            None => "DO NOTHING".to_owned(),
        };
        self.insert(source, &then)
    }

    /// An update of the rows that have the same key and another value in the table `source`; none when rows are all key.
    fn update_from(&self, source: &str, differs: impl Fn(&str) -> String) -> Option<String> {
        let (sets, differ) = self.changes(differs)?;
        let same: Vec<String> = self
            .key
            .iter()
            .map(|column| format!("target.{column} = excluded.{column}"))
            .collect();
        Some(format!(
            "UPDATE {} AS target SET {sets} FROM {source} AS excluded WHERE {} AND ({differ})",
            self.table,
            same.join(" AND "),
        ))
    }

    /// What sets all columns beside the key, and what tells whether any but the provenance differs; none when there is none.
    fn changes(&self, differs: impl Fn(&str) -> String) -> Option<(String, String)> {
        let others = self
            .columns
            .iter()
            .filter(|column| !self.key.contains(column));
        let sets: Vec<String> = others
            .clone()
            .map(|column| format!("{column} = excluded.{column}"))
            .collect();
        let differ: Vec<String> = others
            .filter(|column| self.provenance.as_ref() != Some(column))
            .map(|column| differs(column))
            .collect();
        (!differ.is_empty()).then(|| (sets.join(", "), differ.join(" OR ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_for_a_line_of_copy_keeps_what_would_end_it() {
        let mut line = String::new();
        escape(&mut line, "a\tb\nc\\d\re");
        assert_eq!(line, "a\\tb\\nc\\\\d\\re");
    }
}
