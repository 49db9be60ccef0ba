//! Documents of an old version, brought to the newest by the project's own declared upgrade, on both kinds of store.

use crate::servers::mongodb;
use crate::{migrations, sqlite};
use bson::raw::RawDocumentBuf;
use bson::{DateTime, Document, doc, rawdoc};
use carnet::store::{Migration, Migrations, Store, StoreError};

/// The version before documents are upgraded.
const BEFORE: i64 = 8;
const COUNT: i64 = 2_345;

fn old(number: i64) -> RawDocumentBuf {
    let time = DateTime::from_millis(number * 3_600_000);
    rawdoc! { "_id": format!("JFK/{number}"), "station": "JFK", "time": time, "obs": { "humidity_pct": 1.5 }, "source": "old" }
}

fn upsert(store: &Store, documents: &[RawDocumentBuf]) {
    store.block_on(async {
        let mut transaction = store.begin().await.unwrap();
        transaction
            .upsert_documents("observation", documents)
            .await
            .unwrap();
        transaction.commit().await.unwrap();
    });
}

fn all(store: &Store) -> Vec<Document> {
    store.block_on(async {
        if let Some(database) = store.mongodb() {
            let mut cursor = database
                .collection::<Document>("observation")
                .find(doc! {})
                .await
                .unwrap();
            let mut found = Vec::new();
            while cursor.advance().await.unwrap() {
                found.push(cursor.deserialize_current().unwrap());
            }
            found.sort_by_key(|document| document.get_str("_id").unwrap().to_owned());
            return found;
        }
        let bodies: Vec<Vec<u8>> =
            sqlx::query_scalar("SELECT body FROM document_observation ORDER BY id")
                .fetch_all(store.sqlite().unwrap())
                .await
                .unwrap();
        bodies
            .iter()
            .map(|body| Document::from_reader(&body[..]).unwrap())
            .collect()
    })
}

fn is_new(document: &Document) -> bool {
    let source = document.get_document("source").unwrap();
    document.get_i32("schema").ok() == Some(2) && source.get_str("name").is_ok()
}

/// Both kinds of store, at the version before the upgrade.
fn both(check: impl Fn(&Store)) {
    let (embedded, _folder) = sqlite();
    let server = mongodb();
    for store in [&embedded, &server.store] {
        store.migrate_to(&migrations(), BEFORE).unwrap();
        check(store);
    }
}

#[test]
fn old_documents_become_new_ones_once_and_are_counted() {
    both(|store| {
        let documents: Vec<RawDocumentBuf> = (0..COUNT).map(old).collect();
        upsert(store, &documents);
        let done = store.migrate(&migrations()).unwrap();
        assert_eq!(done.upgraded, COUNT.unsigned_abs());
        let found = all(store);
        assert_eq!(found.len() as u64, done.upgraded);
        assert!(found.iter().all(is_new), "{:?}", found[0]);
        let first = found
            .iter()
            .find(|one| one.get_str("_id").ok() == Some("JFK/0"))
            .unwrap();
        let wanted = doc! {
            "_id": "JFK/0", "schema": 2, "station": "JFK", "time": DateTime::from_millis(0),
            "obs": { "humidity_pct": 1.5 }, "source": { "name": "old" },
        };
        assert_eq!(first, &wanted);
        if store.mongodb().is_none() {
            // In the order in which new ones are written, so that one that is written again is the same. The server that tests
            // run against keeps the order of old fields.
            assert_eq!(first.to_string(), wanted.to_string());
        }
        assert_eq!(store.migrate(&migrations()).unwrap().upgraded, 0);
    });
}

#[test]
fn an_upgrade_that_broke_off_goes_on_with_the_documents_that_are_left() {
    both(|store| {
        let documents: Vec<RawDocumentBuf> = (0..100)
            .map(|number| match number % 4 {
                0 => rawdoc! { "_id": format!("JFK/{number}"), "schema": 2, "station": "JFK", "time": DateTime::from_millis(0),
                    "obs": {}, "source": { "name": "kept", "response": 7_i64 } },
                _ => old(number),
            })
            .collect();
        upsert(store, &documents);
        assert_eq!(store.migrate(&migrations()).unwrap().upgraded, 75);
        let found = all(store);
        assert!(found.iter().all(is_new));
        let kept = found.iter().filter(|one| {
            one.get_document("source").unwrap() == &doc! { "name": "kept", "response": 7_i64 }
        });
        assert_eq!(kept.count(), 25);
    });
}

#[test]
fn a_document_that_does_not_fit_stops_the_upgrade_by_its_name() {
    const UNFIT: Migration = Migration::new(
        9,
        "unfit",
        r#"{ "collection": "observation", "version": 2, "steps": [{ "set": "station.code", "value": "x" }] }"#,
    );
    both(|store| {
        upsert(store, &[old(5)]);
        let unfit = Migrations {
            documents: vec![UNFIT].into(),
            ..migrations()
        };
        let error = store.migrate(&unfit).unwrap_err();
        assert!(matches!(error, StoreError::Upgrade { .. }), "{error}");
        assert!(error.to_string().contains("JFK/5"), "{error}");
        assert_eq!(all(store)[0].get_str("source").ok(), Some("old"));
        // Nothing was recorded, so the right one still applies.
        assert_eq!(store.migrate(&migrations()).unwrap().upgraded, 1);
    });
}
