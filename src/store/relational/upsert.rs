//! Writing records to their table by key, many rows a statement: new ones are added, changed ones updated, equal ones left alone. The record's own schema gives the table, the columns and the key; every value is a bind parameter.

use crate::record::{Place, Record};
use crate::store::{StoreError, Upserted, quoted};
use chrono::{DateTime, SecondsFormat, Utc};
use sqlx::sqlite::SqliteArguments;
use sqlx::{Arguments, AssertSqlSafe, SqlSafeStr, SqliteConnection};

/// Bind parameters a statement may have (SQLITE_LIMIT_VARIABLE_NUMBER's default). Statements are as long as that allows:
/// each is handed to the database's own thread and back, which costs more than its text.
const PARAMETERS: usize = 32_766;

/// A record that can be written.
pub trait Row: Record {
    /// Binds the values of all fields, in the order of the schema.
    fn bind(&self, to: &mut Bound);
}

/// The values of a statement.
#[derive(Debug, Default)]
pub struct Bound {
    arguments: SqliteArguments,
    error: Option<String>,
}

impl Bound {
    /// Binds text.
    pub fn text(&mut self, value: &str) {
        self.text_or_null(Some(value));
    }

    /// Binds text or null.
    pub fn text_or_null(&mut self, value: Option<&str>) {
        let outcome = self.arguments.add(value.map(str::to_owned));
        self.note(outcome);
    }

    /// Binds a whole number or null.
    pub fn whole_or_null(&mut self, value: Option<i32>) {
        let outcome = self.arguments.add(value);
        self.note(outcome);
    }

    /// Binds a number or null.
    pub fn number_or_null(&mut self, value: Option<f64>) {
        let outcome = self.arguments.add(value);
        self.note(outcome);
    }

    /// Binds an instant, as UTC text to the second, or null.
    pub fn instant_or_null(&mut self, value: Option<DateTime<Utc>>) {
        let outcome = self
            .arguments
            .add(value.map(|instant| instant.to_rfc3339_opts(SecondsFormat::Secs, true)));
        self.note(outcome);
    }

    fn note(&mut self, outcome: Result<(), sqlx::error::BoxDynError>) {
        if let Err(error) = outcome {
            self.error.get_or_insert(error.to_string());
        }
    }
}

/// Writes all rows in the caller's transaction, telling `progress` how many are written so far.
///
/// # Errors
/// When the record has no table or no key, or the database refuses a row. What was written before is the transaction's to undo.
pub async fn upsert<R: Row>(
    connection: &mut SqliteConnection,
    rows: &[R],
    mut progress: impl FnMut(usize),
) -> Result<Upserted, StoreError> {
    let target = Target::of::<R>()?;
    let before = target.count(connection).await?;
    let (mut written, mut done) = (0, 0);
    for rows in rows.chunks(PARAMETERS / target.columns.len().max(1)) {
        let mut bound = Bound::default();
        rows.iter().for_each(|row| row.bind(&mut bound));
        if let Some(error) = bound.error {
            return Err(StoreError::Statement(sqlx::Error::Encode(error.into())));
        }
        // Only names of the record's own schema are in the text, quoted.
        let sql = AssertSqlSafe(target.statement(rows.len())).into_sql_str();
        written += sqlx::query_with(sql, bound.arguments)
            .execute(&mut *connection)
            .await?
            .rows_affected();
        done += rows.len();
        progress(done);
    }
    let new = target.count(connection).await?.saturating_sub(before);
    Ok(Upserted {
        new,
        changed: written.saturating_sub(new),
        same: (rows.len() as u64).saturating_sub(written),
    })
}

/// A table's name and columns, quoted.
struct Target {
    table: String,
    columns: Vec<String>,
    key: Vec<String>,
}

impl Target {
    fn of<R: Record>() -> Result<Target, StoreError> {
        let schema = R::schema();
        let unwritable = |reason| StoreError::Unwritable {
            place: schema.place.to_string(),
            reason,
        };
        let Place::Table(table) = &schema.place else {
            return Err(unwritable("it lives in no table"));
        };
        if schema.fields.iter().all(|field| !field.key) {
            return Err(unwritable("no field of it is marked #[record(key)]"));
        }
        let table = quoted(table);
        Ok(Target {
            table,
            columns: schema
                .fields
                .iter()
                .map(|field| quoted(&field.path))
                .collect(),
            key: schema
                .fields
                .iter()
                .filter(|field| field.key)
                .map(|field| quoted(&field.path))
                .collect(),
        })
    }

    async fn count(&self, connection: &mut SqliteConnection) -> Result<u64, StoreError> {
        let sql = AssertSqlSafe(format!("SELECT count(*) FROM {}", self.table)).into_sql_str();
        let count: i64 = sqlx::query_scalar(sql).fetch_one(connection).await?;
        Ok(count.unsigned_abs())
    }

    /// An insert of this many rows that updates those with the same key and another value.
    fn statement(&self, rows: usize) -> String {
        let Target {
            table,
            columns,
            key,
        } = self;
        let others: Vec<&String> = columns
            .iter()
            .filter(|column| !key.contains(column))
            .collect();
        let row = format!("({})", vec!["?"; columns.len()].join(", "));
        let sets: Vec<String> = others
            .iter()
            .map(|column| format!("{column} = excluded.{column}"))
            .collect();
        let differs: Vec<String> = others
            .iter()
            .map(|column| format!("{table}.{column} IS NOT excluded.{column}"))
            .collect();
        let then = if others.is_empty() {
            "DO NOTHING".to_owned()
        } else {
            format!(
                "DO UPDATE SET {} WHERE {}",
                sets.join(", "),
                differs.join(" OR ")
            )
        };
        format!(
            "INSERT INTO {table} ({}) VALUES {} ON CONFLICT ({}) {then}",
            columns.join(", "),
            vec![row; rows].join(", "),
            key.join(", "),
        )
    }
}
