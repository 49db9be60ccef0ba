//! The load on real SQLite files: what it puts there, and that whatever stops it changes nothing.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod broken;
mod collected;
mod fill;
mod instants;
mod parity;
mod queries;
mod sample;
mod servers;
mod sources;
mod stopped;

use carnet::store::Store;
use flights::load::{Records, load};
use flights::progress::Progress;
use flights::report::LoadSummary;
use flights::source::Source;
use std::future::pending;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

/// The sample, read once.
static RECORDS: LazyLock<Records> = LazyLock::new(|| Records::read(&Source::Embedded).unwrap());

/// A database with the whole sample, filled once for all tests that only look at it.
static LOADED: LazyLock<PathBuf> = LazyLock::new(|| {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("flights_store.db");
    for end in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{end}", path.display()));
    }
    fill(&path);
    path
});

/// Loads the sample into this file.
fn fill(path: &Path) -> LoadSummary {
    let store = Store::create_file(path).unwrap();
    store.migrate(&flights::MIGRATIONS).unwrap();
    store
        .block_on(load(&store, &RECORDS, &Progress::quiet(), pending()))
        .unwrap()
}

/// The filled database, to look at.
fn loaded() -> Store {
    Store::open_file(&*LOADED).unwrap()
}

/// The one number that a query gives.
fn number(store: &Store, sql: &'static str) -> i64 {
    store
        .block_on(sqlx::query_scalar(sql).fetch_one(store.sqlite().unwrap()))
        .unwrap()
}

/// The one text that a query gives.
fn text(store: &Store, sql: &'static str) -> String {
    store
        .block_on(sqlx::query_scalar(sql).fetch_one(store.sqlite().unwrap()))
        .unwrap()
}

/// Runs a statement.
fn run(store: &Store, sql: &'static str) {
    store
        .block_on(sqlx::query(sql).execute(store.sqlite().unwrap()))
        .unwrap();
}

/// The rows of all tables together.
fn all_rows(store: &Store) -> i64 {
    number(
        store,
        "SELECT (SELECT count(*) FROM airline) + (SELECT count(*) FROM airport) + (SELECT count(*) FROM plane) \
         + (SELECT count(*) FROM flight) + (SELECT count(*) FROM document_observation)",
    )
}

/// `flights load` with these arguments, not started yet.
fn command(database: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_flights"));
    command.arg("load").arg("--database").arg(database);
    command
}

/// What a command wrote to standard error, which must be how it failed.
fn failure(output: &Output) -> String {
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success(), "it should have failed: {told}");
    told
}
