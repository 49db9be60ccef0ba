//! A connection to PostgreSQL lent for one read-only transaction: given back when the transaction ends, closed when it breaks off.

use crate::runtime;
use sqlx::pool::PoolConnection;
use sqlx::{AssertSqlSafe, PgConnection, PgPool, SqlSafeStr};
use std::fmt;
use std::ops::DerefMut;

/// A scan of a large table would otherwise begin where another one is, and equal data would come in another order each time.
const SCANS: &str = "SET LOCAL synchronize_seqscans = off";

/// A connection within a read-only transaction of one snapshot.
pub(crate) struct Lease {
    connection: Option<PoolConnection<sqlx::Postgres>>,
    pool: PgPool,
    /// The server's process, to be told when the transaction breaks off.
    process: i32,
    now: String,
}

impl Lease {
    /// Begins the transaction: of a new snapshot, or of one that another connection has exported.
    pub(crate) async fn begin(pool: &PgPool, snapshot: Option<&str>) -> Result<Lease, sqlx::Error> {
        let mut lease = Lease {
            connection: Some(pool.acquire().await?),
            pool: pool.clone(),
            process: 0,
            now: String::new(),
        };
        let at = match snapshot {
            // The server made the name; a quote in it would be no name of its.
            Some(name) => format!("SET TRANSACTION SNAPSHOT '{}'; ", name.replace('\'', "''")),
            None => String::new(),
        };
        let begin = format!("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; {at}{SCANS}");
        execute(lease.connection(), begin).await?;
        let (process, now) = sqlx::query_as(
            "SELECT pg_backend_pid(), to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')",
        )
        .fetch_one(lease.connection())
        .await?;
        (lease.process, lease.now) = (process, now);
        Ok(lease)
    }

    /// When the transaction began, by the server's clock.
    pub(crate) fn now(&self) -> &str {
        &self.now
    }

    /// Lets other connections read the same snapshot, as long as this one is held.
    pub(crate) async fn export(&mut self) -> Result<String, sqlx::Error> {
        sqlx::query_scalar("SELECT pg_export_snapshot()")
            .fetch_one(self.connection())
            .await
    }

    #[allow(clippy::expect_used)]
    pub(crate) fn connection(&mut self) -> &mut PgConnection {
        self.connection
            .as_mut()
            .expect("it is taken only when the lease ends")
            .deref_mut()
    }

    /// Ends the transaction and gives the connection back; nothing may be left on the wire.
    pub(crate) async fn end(mut self) -> Result<(), sqlx::Error> {
        execute(self.connection(), "COMMIT".into()).await?;
        drop(self.connection.take());
        Ok(())
    }

    /// Breaks the transaction off and waits until the server has been told, for a program that is about to end.
    pub(crate) async fn cancel(mut self) {
        if let Some(connection) = self.connection.take() {
            break_off(connection, self.pool.clone(), self.process).await;
        }
    }
}

async fn execute(connection: &mut PgConnection, sql: String) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(AssertSqlSafe(sql).into_sql_str())
        .execute(connection)
        .await?;
    Ok(())
}

impl Drop for Lease {
    fn drop(&mut self) {
        let Some(connection) = self.connection.take() else {
            return;
        };
        runtime::spawn(break_off(connection, self.pool.clone(), self.process));
    }
}

/// Tells the server to end what the connection does, and closes it. Rows may still be on the wire, so nobody else can use it;
/// and a query that has sent none yet would not notice that nobody listens. It is kept until the server has been told, so that
/// the process is still this one.
async fn break_off(connection: PoolConnection<sqlx::Postgres>, pool: PgPool, process: i32) {
    let connection = connection.detach();
    if process != 0 {
        // What cannot be cancelled ends at its first row.
        let _ = sqlx::query("SELECT pg_cancel_backend($1)")
            .bind(process)
            .execute(&pool)
            .await;
    }
    drop(connection);
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lease").field("now", &self.now).finish()
    }
}
