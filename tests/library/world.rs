//! A small store in a folder of its own: one table and one collection, with the awkward values that real ones hold.

use crate::servers::mongodb;
use bson::raw::RawDocumentBuf;
use bson::{DateTime, rawdoc};
use carnet::store::{Migration, Migrations, Store, StoreError, Upserted};
use std::borrow::Cow;
use tempfile::TempDir;

pub(crate) const SQLITE: &[Migration] = &[Migration::new(1, "sensors and readings", "CREATE TABLE sensor (
            sensor_id INTEGER PRIMARY KEY,
            code TEXT NOT NULL,
            installed TIMESTAMP NOT NULL,
            height REAL,
            floors INTEGER,
            active BOOLEAN NOT NULL
          );
          CREATE TABLE document_reading (id TEXT PRIMARY KEY, body BLOB NOT NULL, station TEXT, time INTEGER);
          CREATE INDEX reading_station_time ON document_reading (station, time);")];

pub(crate) const MIGRATIONS: &Migrations<'static> = &Migrations {
    sqlite: Cow::Borrowed(SQLITE),
    postgres: Cow::Borrowed(&[]),
    mongodb: Cow::Borrowed(&[]),
    documents: Cow::Borrowed(&[]),
};

pub(crate) struct World {
    pub(crate) store: Store,
    /// Removed with the world.
    _folder: TempDir,
}

pub(crate) fn world() -> World {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::create_file(folder.path().join("world.db")).unwrap();
    store.migrate(MIGRATIONS).unwrap();
    let world = World {
        store,
        _folder: folder,
    };
    world.execute(
        "INSERT INTO sensor VALUES
           (1, 'north', '2013-03-10T06:30:00Z', 12.5, 3, 1),
           (2, 'söuth', '2013-11-03T05:00:00.25Z', NULL, NULL, 0),
           (3, '', '1969-12-31T23:59:59Z', -0.0, 2147483647, 1)",
    );
    world
}

impl World {
    pub(crate) fn execute(&self, sql: &'static str) {
        self.store
            .block_on(sqlx::query(sql).execute(self.store.sqlite().unwrap()))
            .unwrap();
    }

    pub(crate) fn upsert(&self, documents: &[RawDocumentBuf]) -> Upserted {
        upsert(&self.store, documents).unwrap()
    }
}

/// Readings of two stations, one an hour from the epoch; `wind` is an integer in every third, absent in every fifth.
pub(crate) fn readings(count: i32) -> Vec<RawDocumentBuf> {
    (0..count)
        .map(|number| {
            let mut obs = rawdoc! { "temperature": f64::from(number) / 2.0 };
            let wind = if number % 5 == 4 {
                rawdoc! {}
            } else if number % 3 == 0 {
                rawdoc! { "speed": number }
            } else {
                rawdoc! { "speed": f64::from(number) + 0.5 }
            };
            obs.append(bson::cstr!("wind"), wind);
            let station = if number % 2 == 0 { "A" } else { "B" };
            let time = DateTime::from_millis(i64::from(number) * 3_600_000);
            rawdoc! { "_id": format!("{station}/{number:05}"), "station": station, "time": time, "obs": obs }
        })
        .collect()
}

/// Writes documents to the collection `reading`.
pub(crate) fn upsert(store: &Store, documents: &[RawDocumentBuf]) -> Result<Upserted, StoreError> {
    store.block_on(async {
        let mut transaction = store.begin().await?;
        let done = transaction.upsert_documents("reading", documents).await?;
        transaction.commit().await?;
        Ok(done)
    })
}

/// Checks the same of MongoDB and of the embedded store, each with these documents in the collection `reading`.
pub(crate) fn both(documents: &[RawDocumentBuf], check: impl Fn(&Store)) {
    let (server, embedded) = (mongodb(), world());
    for store in [&server.store, &embedded.store] {
        let done = upsert(store, documents).unwrap();
        assert_eq!(done.new, documents.len() as u64);
        check(store);
    }
}
