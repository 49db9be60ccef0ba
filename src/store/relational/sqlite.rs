//! Opening the SQLite file: one pool of connections with foreign keys on. A file made here has a write-ahead log, so that readers
//! do not wait for a load; one that is only opened is left as it is. And what all that reads and writes SQLite shares.

use crate::store::StoreError;
use chrono::{DateTime, SecondsFormat, Utc};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions, SqlSafeStr, SqliteConnection, SqlitePool};
use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Bind parameters a statement may have (SQLITE_LIMIT_VARIABLE_NUMBER's default).
pub(crate) const PARAMETERS: usize = 32_766;

/// The text that an instant is stored as, which sorts as time does; none for one with a part of a second.
pub(crate) fn stored_instant(instant: DateTime<Utc>) -> Option<String> {
    (instant.timestamp_subsec_nanos() == 0)
        .then(|| instant.to_rfc3339_opts(SecondsFormat::Secs, true))
}

/// The rows of a table, whose name must be quoted.
pub(crate) async fn count(
    connection: &mut SqliteConnection,
    table: &str,
) -> Result<u64, sqlx::Error> {
    let sql = AssertSqlSafe(format!("SELECT count(*) FROM {table}")).into_sql_str();
    let count: i64 = sqlx::query_scalar(sql).fetch_one(connection).await?;
    Ok(count.unsigned_abs())
}

/// SQLite's code for "file is not a database" (sqlite3.h, SQLITE_NOTADB).
const NOT_A_DATABASE: &str = "26";

/// How a store is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Opening {
    /// What is not there is made.
    Create,
    /// It must be there.
    Existing,
    /// It must be there, and nothing can be written to its file.
    ReadOnly,
}

/// An open SQLite file.
#[derive(Debug, Clone)]
pub(crate) struct Sqlite {
    pool: SqlitePool,
    path: Arc<Path>,
}

impl Sqlite {
    /// Opens the file, or makes it and its folder.
    pub(crate) async fn open(path: &Path, opening: Opening) -> Result<Sqlite, StoreError> {
        let create = opening == Opening::Create;
        if create {
            if let Some(folder) = path
                .parent()
                .filter(|folder| !folder.as_os_str().is_empty())
            {
                std::fs::create_dir_all(folder).map_err(|source| StoreError::Folder {
                    path: folder.to_owned(),
                    source,
                })?;
            }
        } else if !path.is_file() {
            return Err(StoreError::NoFile {
                path: path.to_owned(),
            });
        }
        let mut options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(create)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(30))
            .pragma("cache_size", "-65536")
            .disable_statement_logging();
        if create {
            options = options
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Normal);
        } else if OpenOptions::new().append(true).open(path).is_err() {
            // A write-ahead log beside it may hold rows; without one nobody is writing, and no lock has to be taken.
            let logged = log_of(path).exists();
            options = options.read_only(true).immutable(!logged);
        } else if opening == Opening::ReadOnly {
            options = options.read_only(true);
        }
        let pool = SqlitePoolOptions::new()
            .max_connections(4)
            .connect_with(options)
            .await
            .map_err(|source| database_error(path, source))?;
        // Only reading the first page tells whether the file is a database.
        sqlx::query("SELECT count(*) FROM sqlite_schema")
            .execute(&pool)
            .await
            .map_err(|source| database_error(path, source))?;
        Ok(Sqlite {
            pool,
            path: path.into(),
        })
    }

    pub(crate) fn pool(&self) -> &SqlitePool {
        &self.pool
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

/// The write-ahead log of a database.
fn log_of(path: &Path) -> PathBuf {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    log.into()
}

fn database_error(path: &Path, source: sqlx::Error) -> StoreError {
    let code = source
        .as_database_error()
        .and_then(|error| error.code().map(|code| code.into_owned()));
    if code.as_deref() == Some(NOT_A_DATABASE) {
        StoreError::NotADatabase {
            path: path.to_owned(),
        }
    } else {
        StoreError::Database {
            store: path.display().to_string(),
            source,
        }
    }
}
