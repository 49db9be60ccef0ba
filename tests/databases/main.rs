//! Whole databases through the library's public face, on real SQLite files and real servers: migrations, their files, upgrades of
//! documents, links, structure, the records of a collection, making and dropping. Built without frames.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod collecting;
mod files;
mod indexes;
mod links;
mod managing;
mod migrating;
mod partitions;
#[path = "../library/servers.rs"]
#[allow(dead_code)]
mod servers;
mod structure;
mod upgrading;

use carnet::store::{Migrations, Store};
use std::path::{Path, PathBuf};

/// The project's own migrations.
fn migrations() -> Migrations<'static> {
    Migrations::read(folder()).unwrap()
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations")
}

/// An empty SQLite file, removed with the folder.
fn sqlite() -> (Store, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::create_file(folder.path().join("tables.db")).unwrap();
    (store, folder)
}

/// Runs statements on whatever the tables are in.
fn execute(store: &Store, sql: &str) {
    try_execute(store, sql).unwrap();
}

fn try_execute(store: &Store, sql: &str) -> Result<(), sqlx::Error> {
    let sql = sqlx::raw_sql(sqlx::SqlSafeStr::into_sql_str(sqlx::AssertSqlSafe(
        sql.to_owned(),
    )));
    store.block_on(async {
        match (store.sqlite(), store.postgres()) {
            (Some(pool), _) => sql.execute(pool).await.map(drop),
            (_, Some(pool)) => sql.execute(pool).await.map(drop),
            _ => unreachable!("tables are in one of the two"),
        }
    })
}

/// The one number that a query gives.
fn number(store: &Store, sql: &'static str) -> i64 {
    let query = sqlx::query_scalar(sql);
    store.block_on(async {
        match store.sqlite() {
            Some(pool) => query.fetch_one(pool).await.unwrap(),
            None => {
                let pool = store.postgres().unwrap();
                sqlx::query_scalar(sql).fetch_one(pool).await.unwrap()
            }
        }
    })
}
