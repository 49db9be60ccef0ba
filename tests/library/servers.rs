//! Databases on the real servers that `scripts/test-servers` starts, one for each test, dropped with it.

use carnet::store::Store;
use sqlx::{AssertSqlSafe, SqlSafeStr};
use std::sync::atomic::{AtomicUsize, Ordering};

/// A name that no other test of this or another run uses.
pub(crate) fn name() -> String {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    format!("carnet_test_{}_{number}", std::process::id())
}

pub(crate) fn server(variable: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| {
        panic!(
            "{variable} names no server: run `make test`, or `scripts/test-servers cargo test …`"
        )
    })
}

/// The URL with another database.
pub(crate) fn with_database(url: &str, database: &str) -> String {
    let (path, options) = url
        .split_once('?')
        .map_or((url, String::new()), |(path, options)| {
            (path, format!("?{options}"))
        });
    let (host, _) = path.rsplit_once('/').unwrap();
    format!("{host}/{database}{options}")
}

/// An empty PostgreSQL database.
pub(crate) struct Postgres {
    pub(crate) store: Store,
    pub(crate) url: String,
    name: String,
}

pub(crate) fn postgres() -> Postgres {
    let (name, admin) = (name(), server("CARNET_TEST_DATABASE_URL"));
    execute(
        &Store::open_urls(&admin, None).unwrap(),
        &format!("CREATE DATABASE {name}"),
    );
    let url = with_database(&admin, &name);
    let store = Store::open_urls(&url, None).unwrap();
    Postgres { store, url, name }
}

impl Postgres {
    pub(crate) fn execute(&self, sql: &str) {
        execute(&self.store, sql);
    }

    pub(crate) fn number(&self, sql: &'static str) -> i64 {
        let query = sqlx::query_scalar(sql);
        self.store
            .block_on(query.fetch_one(self.store.postgres().unwrap()))
            .unwrap()
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let admin = Store::open_urls(&server("CARNET_TEST_DATABASE_URL"), None).unwrap();
            execute(&admin, &format!("DROP DATABASE {} WITH (FORCE)", self.name));
        }
    }
}

fn execute(store: &Store, sql: &str) {
    let sql = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()).into_sql_str());
    store
        .block_on(sql.execute(store.postgres().unwrap()))
        .unwrap();
}

/// An empty MongoDB database, and an SQLite file beside it for the tables.
pub(crate) struct Mongo {
    pub(crate) store: Store,
    pub(crate) url: String,
    folder: tempfile::TempDir,
}

pub(crate) fn mongodb() -> Mongo {
    let url = with_database(&server("CARNET_TEST_DOCUMENTS_URL"), &name());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tables.db");
    Store::create_file(&file).unwrap();
    let store = Store::open_urls(file.to_str().unwrap(), Some(&url)).unwrap();
    Mongo { store, url, folder }
}

impl Mongo {
    /// The SQLite file beside it.
    pub(crate) fn file(&self) -> String {
        self.folder
            .path()
            .join("tables.db")
            .to_str()
            .unwrap()
            .to_owned()
    }
}

impl Drop for Mongo {
    fn drop(&mut self) {
        let database = self.store.mongodb().unwrap();
        let _ = self.store.block_on(database.drop().into_future());
    }
}
