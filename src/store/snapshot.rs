//! One state of the relational store that several loads read, however long they take and whatever is written meanwhile.

use super::relational::{Lease, Postgres, Sqlite};
use super::{Store, StoreError, Tables};
use sqlx::pool::PoolConnection;
use std::fmt;
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
        _lease: Lease,
    },
    /// The one connection whose transaction sees the state; loads take turns.
    Sqlite(Mutex<Option<PoolConnection<sqlx::Sqlite>>>),
}

impl Store {
    /// Holds the state of this moment for several loads: `store.load::<T>().at(&snapshot)`. While it is held, PostgreSQL keeps old
    /// rows, and an SQLite file its log; so drop it when the loads are done.
    ///
    /// # Errors
    /// When the database fails.
    pub fn snapshot(&self) -> Result<Snapshot, StoreError> {
        super::runtime::block_on(self.snapshot_async())
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
            _lease: lease,
        })))
    }

    async fn of_sqlite(store: &Sqlite) -> Result<Snapshot, StoreError> {
        let mut connection = store.pool().acquire().await?;
        sqlx::query("BEGIN").execute(&mut *connection).await?;
        // A transaction of SQLite sees the state of its first read, not of its beginning.
        sqlx::query("SELECT count(*) FROM sqlite_schema")
            .execute(&mut *connection)
            .await?;
        Ok(Snapshot(Arc::new(Held::Sqlite(Mutex::new(Some(
            connection,
        ))))))
    }

    /// The name under which other connections to the PostgreSQL server find it.
    pub(crate) fn exported(&self) -> Option<&str> {
        match &*self.0 {
            Held::Postgres { name, .. } => Some(name),
            Held::Sqlite(_) => None,
        }
    }

    /// The connection to SQLite that sees it.
    pub(crate) async fn connection(
        &self,
    ) -> Option<MappedMutexGuard<'_, PoolConnection<sqlx::Sqlite>>> {
        match &*self.0 {
            Held::Sqlite(connection) => {
                MutexGuard::try_map(connection.lock().await, Option::as_mut).ok()
            }
            Held::Postgres { .. } => None,
        }
    }
}

impl fmt::Display for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            Held::Postgres { taken, .. } => write!(f, "the state of {taken}"),
            Held::Sqlite(_) => f.write_str("a state of the file"),
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Held::Sqlite(connection) = self {
            // A connection with an open transaction must not be lent to anybody. It closes by itself, on the runtime.
            if let Some(mut connection) = connection.get_mut().take() {
                let _guard = super::runtime::enter();
                connection.close_on_drop();
                drop(connection);
            }
        }
    }
}
