//! The sample in PostgreSQL and MongoDB, on the servers that `scripts/test-servers` starts.

#[path = "../../../tests/library/servers.rs"]
#[allow(dead_code)]
mod empty;

use super::RECORDS;
use carnet::store::Store;
use flights::load::load;
use flights::progress::Progress;
use std::future::pending;

/// Databases of one test, dropped with it.
pub(crate) struct Servers {
    pub(crate) store: Store,
    /// Drops its database when it is dropped.
    _tables: empty::Postgres,
}

/// Both filled with the whole sample.
pub(crate) fn filled_servers() -> Servers {
    let tables = empty::postgres();
    let documents = empty::server("CARNET_TEST_DOCUMENTS_URL");
    let documents = empty::with_database(&documents, &empty::name());
    let store = Store::open_urls(&tables.url, Some(&documents)).unwrap();
    store.migrate(&flights::MIGRATIONS).unwrap();
    store
        .block_on(load(&store, &RECORDS, &Progress::quiet(), pending()))
        .unwrap();
    Servers {
        store,
        _tables: tables,
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let database = self.store.mongodb().unwrap();
            let _ = self.store.block_on(database.drop().into_future());
        }
    }
}
