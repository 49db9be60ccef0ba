//! PostgreSQL rows → columns, by `COPY (…) TO STDOUT (FORMAT binary)`: bytes of the wire go straight into column builders, row
//! by row as they arrive, while the server makes the next ones.
//!
//! One load is one read-only transaction of one snapshot: the catalogue that the record is checked against, the types of the
//! filter's placeholders and the rows are all of the same moment.

mod bind;
mod copy;
mod decode;
mod numeric;
mod placeholder;
mod types;

pub(super) use types::kinds;

use super::load::{Output, Read, Request};
use super::{FrameError, check};
use crate::record::Schema;
use crate::store::StoreError;
use crate::store::quoted;
use crate::store::relational::{CatalogueColumn, Postgres, postgres_catalogue};
use copy::{CopyError, Reader};
use decode::Decoder;
use futures_util::TryStreamExt;
use sqlx::pool::PoolConnection;
use sqlx::{AssertSqlSafe, PgConnection, SqlSafeStr};
use std::ops::DerefMut;

/// A scan of a large table would otherwise begin where another one is, and equal data would come in another order each time.
const BEGIN: &str =
    "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL synchronize_seqscans = off";

/// Reads the rows of a table or view.
pub(super) async fn read(
    store: &Postgres,
    table: &str,
    request: &Request<'_>,
    output: &mut Output,
) -> Result<Read, FrameError> {
    let failed = |source| {
        let store = store.name().to_owned();
        FrameError::Store(match source {
            sqlx::Error::Io(_) => StoreError::Lost { store, source },
            source => StoreError::Database { store, source },
        })
    };
    let mut lease = Lease(Some(store.pool().acquire().await.map_err(failed)?));
    let connection = lease.connection();
    execute(connection, BEGIN).await.map_err(failed)?;
    let outcome = in_transaction(connection, table, request, output).await;
    match outcome {
        Ok(read) => {
            execute(connection, "COMMIT").await.map_err(failed)?;
            lease.give_back();
            Ok(read)
        }
        Err(Failed::Told(error)) => {
            // The server is ready for the next statement, so the connection can be used again if it takes this one.
            if execute(connection, "ROLLBACK").await.is_ok() {
                lease.give_back();
            }
            Err(error)
        }
        Err(Failed::Database(source)) => Err(failed(source)),
    }
}

/// Why a read ended early.
enum Failed {
    /// An error of ours, with nothing left on the wire.
    Told(FrameError),
    /// The database's or the connection's; rows may still be on the wire.
    Database(sqlx::Error),
}

impl From<sqlx::Error> for Failed {
    fn from(error: sqlx::Error) -> Failed {
        Failed::Database(error)
    }
}

impl From<FrameError> for Failed {
    fn from(error: FrameError) -> Failed {
        Failed::Told(error)
    }
}

async fn in_transaction(
    connection: &mut PgConnection,
    table: &str,
    request: &Request<'_>,
    output: &mut Output,
) -> Result<Read, Failed> {
    let snapshot: String = sqlx::query_scalar(
        "SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')",
    )
    .fetch_one(&mut *connection)
    .await?;
    let columns = postgres_catalogue::columns_of_table(connection, table).await?;
    if columns.is_empty() {
        return Err(Failed::Told(FrameError::NoTable {
            name: table.to_owned(),
            existing: postgres_catalogue::tables(connection).await?.join(", "),
        }));
    }
    check::check(request.schema, &columns, types::kinds)?;
    let (fields, mut decoders) = plan(request.schema, &columns);
    let key = request.key.and_then(|key| {
        request
            .schema
            .fields
            .iter()
            .position(|field| field.path == key)
    });
    let rest = request.clauses(&postgres_catalogue::quoted_path(table));
    let query = format!("SELECT {} {rest}", fields.join(", "));
    let bound = bind::bind(connection, &query, request.values()).await?;

    let mut stream = connection
        .copy_out_raw(&format!("COPY ({bound}\n) TO STDOUT (FORMAT binary)"))
        .await?;
    let mut reader = Reader::new(decoders.len());
    let damaged = |error: CopyError| Failed::Database(sqlx::Error::Protocol(error.to_string()));
    while let Some(message) = stream.try_next().await? {
        reader
            .feed(&message, |row| {
                decode::append(row, key, request.schema, &mut decoders, output);
            })
            .map_err(damaged)?;
    }
    let (rows, bytes) = reader.finish().map_err(damaged)?;
    Ok(Read {
        query,
        rows,
        read: rows,
        bytes,
        snapshot: Some(snapshot),
    })
}

/// What to select for each field, and how its bytes are read. The record has been compared with these columns.
fn plan(schema: &Schema, columns: &[CatalogueColumn]) -> (Vec<String>, Vec<Decoder>) {
    schema
        .fields
        .iter()
        .map(|field| {
            let name = quoted(&field.path);
            let base = columns
                .iter()
                .find(|column| column.name == field.path)
                .map_or("", |column| column.base.as_str());
            match types::wire(base, field.kind) {
                Some(wire) => (name, Decoder::new(wire)),
                // Every type has a text form, whatever it is and whoever made it.
                None => (format!("{name}::text"), Decoder::new(types::Wire::Text)),
            }
        })
        .unzip()
}

async fn execute(connection: &mut PgConnection, sql: &'static str) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned()).into_sql_str())
        .execute(connection)
        .await?;
    Ok(())
}

/// A connection that is closed unless it is given back: when a load breaks off, rows are still on the wire, and the server ends
/// the query as soon as nobody listens.
struct Lease(Option<PoolConnection<sqlx::Postgres>>);

impl Lease {
    #[allow(clippy::expect_used)]
    fn connection(&mut self) -> &mut PgConnection {
        self.0
            .as_mut()
            .expect("it is taken only when the lease ends")
            .deref_mut()
    }

    fn give_back(mut self) {
        drop(self.0.take());
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(connection) = self.0.take() {
            drop(connection.detach());
        }
    }
}
