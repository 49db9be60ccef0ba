//! MongoDB collections into frames, and writing them, by the same calls as embedded documents.

use crate::servers::mongodb;
use crate::world::{readings, upsert, world};
use bson::doc;
use carnet::record::Record;
use carnet::store::{Migrated, Migration, Migrations, Store, StoreError, Upserted};
use chrono::{DateTime, Utc};

#[derive(Record)]
#[record(collection = "reading")]
#[allow(dead_code)]
struct Reading {
    #[record(path = "_id", key)]
    id: String,
    station: String,
    time: DateTime<Utc>,
    #[record(path = "obs.temperature")]
    temperature: Option<f64>,
    #[record(path = "obs.wind.speed")]
    wind_speed: Option<f64>,
}

const MONGODB: &[Migration] = &[Migration::new(
    1,
    "readings",
    r#"[{"create": "reading"}, {"createIndexes": "reading", "indexes": [{"key": {"station": 1}, "name": "station"}]}]"#,
)];

fn migrations(mongodb: &[Migration]) -> Migrations<'_> {
    Migrations {
        mongodb: mongodb.into(),
        ..Migrations::default()
    }
}

#[test]
fn the_same_documents_give_the_same_frame_as_in_the_embedded_store() {
    let (server, embedded) = (mongodb(), world());
    server.store.migrate(&migrations(MONGODB)).unwrap();
    let documents = readings(2_500);
    let done = upsert(&server.store, &documents).unwrap();
    assert_eq!(
        done,
        Upserted {
            new: 2_500,
            changed: 0,
            same: 0
        }
    );
    embedded.upsert(&documents);
    let filters = [
        doc! {},
        doc! { "station": "A" },
        doc! { "obs.temperature": { "$gte": 2.0, "$lt": 700 }, "station": { "$in": ["B", "C"] } },
        doc! { "obs.wind.speed": { "$exists": false } },
        doc! { "$or": [ { "obs.wind.speed": 3 }, { "_id": "A/00004" } ] },
        doc! { "obs.wind.speed": null },
    ];
    for filter in filters {
        let load = |store: &Store| {
            let loaded = store
                .load::<Reading>()
                .matching(filter.clone())
                .run()
                .unwrap();
            let frame = loaded.frame.sort(["id"], Default::default()).unwrap();
            (carnet::frame::content_hash(&frame), frame.height())
        };
        assert_eq!(load(&server.store), load(&embedded.store), "{filter}");
    }
    let limited = server
        .store
        .load::<Reading>()
        .limit(7)
        .columns(["station"])
        .run()
        .unwrap();
    assert_eq!((limited.height(), limited.width()), (7, 1));
    assert_eq!(
        server
            .store
            .load::<Reading>()
            .limit(0)
            .run()
            .unwrap()
            .height(),
        0
    );
}

#[test]
fn migrations_apply_once_and_a_changed_or_newer_one_is_refused() {
    let edited = Migration {
        statements: "[]".into(),
        ..MONGODB[0].clone()
    };
    let broken = Migration::new(2, "broken", r#"[{"noSuchCommand": 1}]"#);
    let later = [MONGODB[0].clone(), broken];
    let server = mongodb();
    let migrate = |list: &[Migration]| server.store.migrate(&migrations(list));
    assert_eq!(
        migrate(MONGODB).unwrap(),
        Migrated {
            applied: 1,
            ..Migrated::default()
        }
    );
    assert_eq!(migrate(MONGODB).unwrap().applied, 0);
    assert!(matches!(
        migrate(&[edited]).unwrap_err(),
        StoreError::Changed { version: 1, .. }
    ));
    assert!(matches!(
        migrate(&later).unwrap_err(),
        StoreError::Migration { version: 2, .. }
    ));
    assert!(matches!(
        migrate(&[]).unwrap_err(),
        StoreError::Newer {
            found: 1,
            known: 0,
            ..
        }
    ));
}

#[test]
fn a_missing_collection_lists_those_there_are_and_a_server_that_is_not_there_is_named() {
    let server = mongodb();
    let error = server
        .store
        .load::<Reading>()
        .run()
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("there is no collection reading; there are: "),
        "{error}"
    );
    let url = "mongodb://user:secret@127.0.0.1:1/carnet?serverSelectionTimeoutMS=300";
    let error = Store::open_urls(&server.file(), Some(url))
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("MongoDB at 127.0.0.1:1")
            && error.contains("check that the server runs")
            && !error.contains("secret"),
        "{error}"
    );
    let (without_database, _) = server.url.rsplit_once('/').unwrap();
    let error = Store::open_urls(&server.file(), Some(without_database))
        .unwrap_err()
        .to_string();
    assert!(error.contains("DATABASE"), "{error}");
}

#[test]
fn without_a_document_store_a_collection_says_how_to_name_one() {
    let database = crate::servers::postgres();
    let error = database
        .store
        .load::<Reading>()
        .run()
        .unwrap_err()
        .to_string();
    assert!(error.contains("CARNET_DOCUMENTS_URL"), "{error}");
}
