//! Asking PostgreSQL: a declared statement in a read-only transaction, and its plan.

use super::error::by_database;
use super::{Cell, QueryError, Statement};
use crate::store::relational::{Lease, Postgres};
use chrono::{DateTime, SecondsFormat, Utc};
use futures_util::TryFutureExt;
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, Column, Executor, Row, SqlSafeStr, Statement as _, TypeInfo, ValueRef};

/// How the server writes instants while it answers.
const FORMS: &str = "SET LOCAL TimeZone = 'UTC'; SET LOCAL DateStyle = 'ISO'";

type Rows = (Vec<String>, Vec<Vec<Cell>>);

/// Runs a statement; the columns and the rows.
pub(super) async fn ask(
    tables: &Postgres,
    statement: &Statement,
    stop: impl Future<Output = ()>,
) -> Result<Rows, QueryError> {
    let failed = |error| database(tables, error);
    let mut lease = Lease::begin(tables.pool(), None).await.map_err(failed)?;
    let asked = tokio::select! {
        asked = read(tables, &mut lease, statement) => Some(asked),
        () = stop => None,
    };
    match asked {
        Some(Ok(rows)) => {
            lease.end().await.map_err(failed)?;
            Ok(rows)
        }
        Some(Err(error)) => Err(error),
        None => {
            lease.cancel().await;
            Err(QueryError::stopped())
        }
    }
}

fn database(tables: &Postgres, source: sqlx::Error) -> QueryError {
    by_database(&source).unwrap_or_else(|| QueryError::Store(tables.error(source)))
}

async fn read(
    tables: &Postgres,
    lease: &mut Lease,
    statement: &Statement,
) -> Result<Rows, QueryError> {
    let failed = |error| database(tables, error);
    let connection = lease.connection();
    sqlx::raw_sql(FORMS)
        .execute(&mut *connection)
        .map_err(failed)
        .await?;
    let sql = || AssertSqlSafe(statement.sql().to_owned()).into_sql_str();
    // The server prepares only what is one statement by its own reading, and so guards the read-only transaction.
    let prepared = connection.prepare(sql()).await.map_err(failed)?;
    let columns: Vec<(String, String)> = prepared
        .columns()
        .iter()
        .map(|column| {
            (
                column.name().to_owned(),
                column.type_info().name().to_owned(),
            )
        })
        .collect();
    // As text, so that values of every type have the server's own form.
    let rows = sqlx::raw_sql(sql())
        .fetch_all(&mut *connection)
        .await
        .map_err(failed)?;
    let rows: Result<Vec<_>, _> = rows.iter().map(|row| cells(row, &columns)).collect();
    Ok((columns.into_iter().map(|(name, _)| name).collect(), rows?))
}

fn cells(row: &PgRow, columns: &[(String, String)]) -> Result<Vec<Cell>, QueryError> {
    let cell = |(at, (column, kind)): (usize, &(String, String))| cell(row, at, column, kind);
    columns.iter().enumerate().map(cell).collect()
}

fn cell(row: &PgRow, at: usize, column: &str, kind: &str) -> Result<Cell, QueryError> {
    let value = row.try_get_raw(at).map_err(QueryError::refused)?;
    if value.is_null() {
        return Ok(Cell::Null);
    }
    let text = value.as_str().map_err(QueryError::refused)?;
    let unread =
        || QueryError::unshowable(column, format!("{kind} as {text:?}"), "cast it to text");
    match kind {
        "INT2" | "INT4" | "INT8" | "OID" => text.parse().map(Cell::Integer).map_err(|_| unread()),
        "FLOAT4" | "FLOAT8" => text.parse().map(Cell::Real).map_err(|_| unread()),
        "NUMERIC" => Ok(Cell::Decimal(text.to_owned())),
        "BOOL" => Ok(Cell::Boolean(text == "t")),
        "TIMESTAMPTZ" => Ok(Cell::Text(instant(text).unwrap_or_else(|| text.to_owned()))),
        "BYTEA" => Err(QueryError::unshowable(
            column,
            kind,
            "show it as encode(…, 'hex'), or leave the column out",
        )),
        _ => Ok(Cell::Text(text.to_owned())),
    }
}

/// In the form of instants elsewhere; one beyond the calendar (`infinity`) stays as the server has it.
fn instant(text: &str) -> Option<String> {
    let instant = DateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f%#z").ok()?;
    Some(
        instant
            .with_timezone(&Utc)
            .to_rfc3339_opts(SecondsFormat::AutoSi, true),
    )
}

/// The server's plan, without what it estimates.
pub(super) async fn explain(
    tables: &Postgres,
    statement: &Statement,
) -> Result<String, QueryError> {
    let failed = |error| database(tables, error);
    let mut lease = Lease::begin(tables.pool(), None).await.map_err(failed)?;
    let sql = format!("EXPLAIN (COSTS OFF) {}", statement.sql());
    let query = sqlx::query_scalar::<_, String>(AssertSqlSafe(sql).into_sql_str());
    let lines = query.fetch_all(lease.connection()).await.map_err(failed)?;
    lease.end().await.map_err(failed)?;
    Ok(lines.into_iter().map(|line| line + "\n").collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_of_the_server_has_the_form_of_all_others() {
        let form = |text| instant(text);
        assert_eq!(
            form("2013-01-01 10:15:00+00").as_deref(),
            Some("2013-01-01T10:15:00Z")
        );
        assert_eq!(
            form("2013-01-01 10:15:00.25+00").as_deref(),
            Some("2013-01-01T10:15:00.250Z")
        );
        assert_eq!(form("infinity"), None);
    }
}
