//! Asking SQLite: a declared statement, and how it would go about one.

use super::error::by_database;
use super::{Cell, QueryError, Statement};
use crate::store::StoreError;
use crate::store::relational::Sqlite;
use bson::Bson;
use sqlx::pool::PoolConnection;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{
    Arguments, AssertSqlSafe, Column, Decode, Executor, Row, SqlSafeStr, Statement as _, TypeInfo,
    ValueRef,
};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Instructions of SQLite's machine between two looks at whether the query was stopped.
const INSTRUCTIONS: i32 = 10_000;

/// A connection for one query, which ends when this is dropped.
pub(super) struct Session {
    pub(super) connection: PoolConnection<sqlx::Sqlite>,
    stopped: Arc<AtomicBool>,
}

impl Session {
    pub(super) async fn begin(tables: &Sqlite) -> Result<Session, QueryError> {
        let failed = |error| database(tables, error);
        let mut connection = tables.pool().acquire().await.map_err(failed)?;
        // What it is asked to stop by must not stay on it for the next one.
        connection.close_on_drop();
        let stopped = Arc::new(AtomicBool::new(false));
        let told = stopped.clone();
        let mut handle = connection.lock_handle().await.map_err(failed)?;
        handle.set_progress_handler(INSTRUCTIONS, move || !told.load(Ordering::Relaxed));
        drop(handle);
        Ok(Session {
            connection,
            stopped,
        })
    }

    /// What tells the query to end.
    pub(super) fn switch(&self) -> Arc<AtomicBool> {
        self.stopped.clone()
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
    }
}

/// Waits for the work; when `stop` ends first, tells it to end and waits until it has.
pub(super) async fn until<T>(
    switch: &AtomicBool,
    work: impl Future<Output = Result<T, QueryError>>,
    stop: impl Future<Output = ()>,
) -> Result<T, QueryError> {
    tokio::pin!(work);
    tokio::select! {
        done = &mut work => done,
        () = stop => {
            switch.store(true, Ordering::Relaxed);
            // However it ends, nobody waits for its rows.
            let _ = work.await;
            Err(QueryError::stopped())
        }
    }
}

pub(super) fn database(tables: &Sqlite, source: sqlx::Error) -> QueryError {
    by_database(&source).unwrap_or_else(|| {
        QueryError::Store(StoreError::Database {
            store: tables.path().display().to_string(),
            source,
        })
    })
}

/// Runs a statement; the columns and the rows.
pub(super) async fn ask(
    tables: &Sqlite,
    statement: &Statement,
    stop: impl Future<Output = ()>,
) -> Result<(Vec<String>, Vec<Vec<Cell>>), QueryError> {
    let mut session = Session::begin(tables).await?;
    let switch = session.switch();
    let work = async {
        let failed = |error| database(tables, error);
        let sql = AssertSqlSafe(statement.sql().to_owned()).into_sql_str();
        let prepared = session.connection.prepare(sql).await.map_err(failed)?;
        let columns: Vec<String> = prepared
            .columns()
            .iter()
            .map(|column| column.name().to_owned())
            .collect();
        let rows = prepared
            .query()
            .fetch_all(&mut *session.connection)
            .await
            .map_err(failed)?;
        let rows: Result<Vec<_>, _> = rows.iter().map(|row| cells(row, &columns)).collect();
        Ok((columns, rows?))
    };
    until(&switch, work, stop).await
}

fn cells(row: &SqliteRow, columns: &[String]) -> Result<Vec<Cell>, QueryError> {
    columns
        .iter()
        .enumerate()
        .map(|(at, column)| cell(row, at, column))
        .collect()
}

fn cell(row: &SqliteRow, at: usize, column: &str) -> Result<Cell, QueryError> {
    let value = row.try_get_raw(at).map_err(QueryError::refused)?;
    if value.is_null() {
        return Ok(Cell::Null);
    }
    let kind = value.type_info().name().to_owned();
    let damaged = |_| QueryError::unshowable(column, "text that is not UTF-8", "show it as hex(…)");
    match kind.as_str() {
        "INTEGER" => <i64 as Decode<sqlx::Sqlite>>::decode(value)
            .map(Cell::Integer)
            .map_err(QueryError::refused),
        "REAL" => <f64 as Decode<sqlx::Sqlite>>::decode(value)
            .map(Cell::Real)
            .map_err(QueryError::refused),
        "TEXT" => <String as Decode<sqlx::Sqlite>>::decode(value)
            .map(Cell::Text)
            .map_err(damaged),
        _ => Err(QueryError::unshowable(
            column,
            kind,
            "show it as hex(…), or leave the column out",
        )),
    }
}

/// SQLite's plan, a step a line, set in below the step that it is part of.
pub(super) async fn explain(
    tables: &Sqlite,
    sql: &str,
    values: &[Bson],
) -> Result<String, QueryError> {
    let failed = |error| database(tables, error);
    let mut session = Session::begin(tables).await?;
    let sql = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}")).into_sql_str();
    let query = sqlx::query_with(sql, arguments(values)?);
    let rows = query
        .fetch_all(&mut *session.connection)
        .await
        .map_err(failed)?;
    let (mut depths, mut plan) = (HashMap::new(), String::new());
    for row in rows {
        let step = |at: usize| row.try_get::<i64, _>(at).map_err(QueryError::refused);
        let depth = depths.get(&step(1)?).map_or(0, |depth| depth + 1);
        depths.insert(step(0)?, depth);
        let detail: String = row.try_get("detail").map_err(QueryError::refused)?;
        plan.push_str(&format!("{:width$}{detail}\n", "", width = depth * 2));
    }
    Ok(plan)
}

/// Values as SQLite has them in the columns of indexed paths.
pub(super) fn arguments(values: &[Bson]) -> Result<SqliteArguments, QueryError> {
    let mut arguments = SqliteArguments::default();
    for value in values {
        let added = match value {
            Bson::String(text) => arguments.add(text.clone()),
            Bson::Double(number) => arguments.add(*number),
            Bson::Int64(number) => arguments.add(*number),
            Bson::DateTime(instant) => arguments.add(instant.timestamp_millis()),
            other => Err(format!("{other} is no value of a column").into()),
        };
        added.map_err(QueryError::refused)?;
    }
    Ok(arguments)
}
