//! One state of the relational store that several loads read, however long they take and whatever is written meanwhile.

use super::relational::{Lease, Postgres, Sqlite};
use super::{Store, StoreError, Tables};
use crate::runtime;
use sqlx::pool::PoolConnection;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::{MappedMutexGuard, Mutex, MutexGuard};

/// A state of the tables (and of the embedded documents) that is held until the last copy of this is dropped. Documents in MongoDB
/// are not part of it.
#[derive(Debug, Clone)]
pub struct Snapshot(Arc<Held>);

#[derive(Debug)]
enum Held {
    Postgres {
        /// Exported, and valid as long as its transaction is open.
        name: String,
        taken: String,
        /// The server and the database.
        of: String,
        lease: Option<Lease>,
    },
    /// The one connection whose transaction sees the state of the file; loads take turns.
    Sqlite(Mutex<Option<PoolConnection<sqlx::Sqlite>>>, PathBuf),
}

impl Store {
    /// Holds the state of this moment for several loads: `store.load::<T>().at(&snapshot)`. While it is held, PostgreSQL keeps old
    /// rows, and an SQLite file its log; so drop it when the loads are done.
    ///
    /// # Errors
    /// When the database fails.
    pub fn snapshot(&self) -> Result<Snapshot, StoreError> {
        runtime::block_on(self.snapshot_async())
    }

    /// [`Store::snapshot`] for async code.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn snapshot_async(&self) -> Result<Snapshot, StoreError> {
        match &self.tables {
            Tables::Postgres(store) => Snapshot::of_postgres(store).await,
            Tables::Sqlite(store) => Snapshot::of_sqlite(store).await,
        }
    }
}

impl Snapshot {
    pub(crate) async fn of_postgres(store: &Postgres) -> Result<Snapshot, StoreError> {
        let failed = |source| store.error(source);
        let mut lease = Lease::begin(store.pool(), None).await.map_err(failed)?;
        let name = lease.export().await.map_err(failed)?;
        let taken = lease.now().to_owned();
        Ok(Snapshot(Arc::new(Held::Postgres {
            name,
            taken,
            of: store.name().to_owned(),
            lease: Some(lease),
        })))
    }

    async fn of_sqlite(store: &Sqlite) -> Result<Snapshot, StoreError> {
        let mut connection = store.pool().acquire().await?;
        // With a transaction that the pool does not know of, it must not be lent to anybody.
        connection.close_on_drop();
        sqlx::query("BEGIN").execute(&mut *connection).await?;
        // A transaction of SQLite sees the state of its first read, not of its beginning.
        sqlx::query("SELECT count(*) FROM sqlite_schema")
            .execute(&mut *connection)
            .await?;
        Ok(Snapshot(Arc::new(Held::Sqlite(
            Mutex::new(Some(connection)),
            store.path().to_owned(),
        ))))
    }

    /// The name under which other connections to the same PostgreSQL database find it, and when it was taken.
    pub(crate) fn exported(&self, store: &Postgres) -> Option<(&str, &str)> {
        match &*self.0 {
            Held::Postgres {
                name, taken, of, ..
            } if of == store.name() => Some((name, taken)),
            _ => None,
        }
    }

    /// The connection to the same SQLite file that sees it.
    pub(crate) async fn connection(
        &self,
        store: &Sqlite,
    ) -> Option<MappedMutexGuard<'_, PoolConnection<sqlx::Sqlite>>> {
        match &*self.0 {
            Held::Sqlite(connection, path) if path == store.path() => {
                MutexGuard::try_map(connection.lock().await, Option::as_mut).ok()
            }
            _ => None,
        }
    }

    /// Whether all loads at it share one connection.
    pub(crate) fn is_one_connection(&self) -> bool {
        matches!(&*self.0, Held::Sqlite(..))
    }
}

impl fmt::Display for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            Held::Postgres { taken, .. } => write!(f, "the state of {taken}"),
            Held::Sqlite(_, path) => write!(f, "a state of {}", path.display()),
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        match self {
            Held::Postgres { lease, .. } => {
                if let Some(lease) = lease.take() {
                    // A connection that does not end well is closed, which ends the transaction as well.
                    runtime::spawn(async { drop(lease.end().await) });
                }
            }
            Held::Sqlite(connection, _) => {
                // It closes by itself, on the runtime.
                let _guard = runtime::enter();
                drop(connection.get_mut().take());
            }
        }
    }
}
