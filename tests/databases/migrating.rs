//! The project's migrations up and down on every backend, several at once, and failing.

use crate::servers::{mongodb, postgres};
use crate::{execute, migrations, number, sqlite};
use carnet::store::{Migration, MigrationState, Migrations, Store, StoreError};
use std::borrow::Cow;

/// The project's migrations without the upgrades of documents, which are for good.
fn structure_only() -> Migrations<'static> {
    Migrations {
        documents: Cow::Borrowed(&[]),
        ..migrations()
    }
}

/// Every migration goes up, all the way down, and up again step by step, and the tables are those of the first time.
fn goes_up_and_down(store: &Store) {
    let all = structure_only();
    let up = store.migrate(&all).unwrap();
    assert!(up.applied >= 5, "{up:?}");
    let structure = store.structure().unwrap();
    let down = store.migrate_to(&all, 0).unwrap();
    assert_eq!(
        (down.undone, down.applied, down.version),
        (up.applied, 0, 0)
    );
    assert_eq!(store.contents().unwrap(), []);
    for version in 1..=all.newest() {
        store.migrate_to(&all, version).unwrap();
        store.migrate_to(&all, version - 1).unwrap();
        store.migrate_to(&all, version).unwrap();
    }
    assert_eq!(store.structure().unwrap(), structure);
}

#[test]
fn every_migration_of_postgresql_can_be_undone_and_applied_again() {
    goes_up_and_down(&postgres().store);
}

#[test]
fn every_migration_of_sqlite_can_be_undone_and_applied_again_but_for_upgraded_documents() {
    let (store, _folder) = sqlite();
    goes_up_and_down(&store);
    store.migrate(&migrations()).unwrap();
    let before = (
        store.structure().unwrap(),
        store.status(&migrations()).unwrap(),
    );
    let error = store.migrate_to(&migrations(), 0).unwrap_err();
    assert!(
        matches!(error, StoreError::Irreversible { version: 9, .. }),
        "{error}"
    );
    let after = (
        store.structure().unwrap(),
        store.status(&migrations()).unwrap(),
    );
    assert_eq!(after, before);
}

#[test]
fn every_migration_of_mongodb_can_be_undone_and_applied_again_but_for_upgraded_documents() {
    let server = mongodb();
    let without = structure_only();
    let names = || -> Vec<String> {
        let contents = server.store.contents().unwrap().into_iter();
        contents
            .filter(|one| one.is_collection)
            .map(|one| one.name)
            .collect()
    };
    server.store.migrate(&without).unwrap();
    assert_eq!(names(), ["aircraft_page", "airport_page", "observation"]);
    assert_eq!(server.store.migrate_to(&without, 0).unwrap().version, 0);
    assert_eq!(names(), Vec::<String>::new());
    server.store.migrate(&without).unwrap();
    assert_eq!(names(), ["aircraft_page", "airport_page", "observation"]);
    server.store.migrate(&migrations()).unwrap();
    let error = server.store.migrate_to(&migrations(), 8).unwrap_err();
    assert!(
        matches!(error, StoreError::Irreversible { version: 9, .. }),
        "{error}"
    );
}

#[test]
fn rows_keep_their_ids_when_flights_move_into_partitions_and_back() {
    let database = postgres();
    let (store, all) = (&database.store, migrations());
    store.migrate_to(&all, 5).unwrap();
    execute(
        store,
        "INSERT INTO airline (carrier, name) VALUES ('UA', 'United');
         INSERT INTO airport (faa) VALUES ('JFK'), ('BOS');
         INSERT INTO flight (carrier, flight_number, origin, dest, scheduled_departure, distance)
         SELECT 'UA', n, 'JFK', 'BOS', timestamptz '2013-01-30T00:00Z' + n * interval '1 day', 100 + n FROM generate_series(1, 60) n;
         DELETE FROM flight WHERE flight_id = 7",
    );
    let sum = "SELECT sum(flight_id * 1000 + distance)::bigint FROM flight";
    let before = number(store, sum);
    store.migrate(&all).unwrap();
    assert_eq!(number(store, sum), before);
    assert_eq!(number(store, "SELECT count(*) FROM flight_2013_02"), 27);
    assert_eq!(number(store, "SELECT count(*) FROM flight_other"), 0);
    let insert =
        "INSERT INTO flight (carrier, flight_number, origin, dest, scheduled_departure, distance)
        VALUES ('UA', 99, 'JFK', 'BOS', '2013-02-10T00:00Z', 100)";
    execute(store, insert);
    assert_eq!(number(store, "SELECT max(flight_id) FROM flight"), 61);
    let before = number(store, sum);
    store.migrate_to(&all, 5).unwrap();
    assert_eq!(number(store, sum), before);
    execute(store, &insert.replace("99", "98"));
    assert_eq!(number(store, "SELECT max(flight_id) FROM flight"), 62);
}

#[test]
fn programs_that_migrate_at_once_apply_each_migration_once() {
    let (file, folder) = sqlite();
    let (server, documents) = (postgres(), mongodb());
    let path = folder.path().join("tables.db");
    for (store, tables, mongo) in [
        (&file, path.to_str().unwrap(), None),
        (&server.store, server.url.as_str(), None),
        (
            &documents.store,
            &*documents.file(),
            Some(documents.url.as_str()),
        ),
    ] {
        let all = migrations();
        let applied: usize = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4)
                .map(|_| {
                    scope.spawn(|| {
                        let store = Store::open_urls(tables, mongo).unwrap();
                        store.migrate(&all).unwrap().applied
                    })
                })
                .collect();
            threads.into_iter().map(|one| one.join().unwrap()).sum()
        });
        let status = store.status(&all).unwrap();
        assert!(
            status
                .iter()
                .all(|one| one.state == MigrationState::Applied),
            "{status:?}"
        );
        // MongoDB has no lock: two may do the same at once, which ends the same.
        assert!(if mongo.is_some() {
            applied >= status.len()
        } else {
            applied == status.len()
        });
        assert_eq!(store.migrate(&all).unwrap().applied, 0);
    }
}

#[test]
fn a_migration_that_fails_leaves_tables_and_rows_as_they_were() {
    let (file, _folder) = sqlite();
    let server = postgres();
    for store in [&file, &server.store] {
        let sound = migrations();
        store.migrate(&sound).unwrap();
        execute(
            store,
            "INSERT INTO airline (carrier, name) VALUES ('UA', 'United')",
        );
        let before = (store.structure().unwrap(), store.status(&sound).unwrap());
        let mut broken = sound.clone();
        for kind in [&mut broken.sqlite, &mut broken.postgres] {
            kind.to_mut().push(Migration::new(
                90,
                "broken",
                "CREATE TABLE half (x INTEGER); DELETE FROM airline; CREATE TABLE half (x INTEGER)",
            ));
        }
        let error = store.migrate(&broken).unwrap_err();
        assert!(
            matches!(error, StoreError::Migration { version: 90, .. }),
            "{error}"
        );
        assert_eq!(
            (store.structure().unwrap(), store.status(&sound).unwrap()),
            before
        );
        assert_eq!(number(store, "SELECT count(*) FROM airline"), 1);
    }
}

#[test]
fn mongodb_goes_on_where_a_migration_broke_off() {
    let server = mongodb();
    let list = |second: &'static str| Migrations {
        mongodb: vec![
            Migration::new(1, "one", r#"[{"create": "one"}]"#),
            Migration::new(2, "two", second),
        ]
        .into(),
        ..Migrations::default()
    };
    let broken = list(r#"[{"create": "two"}, {"noSuchCommand": 1}]"#);
    let error = server.store.migrate(&broken).unwrap_err();
    assert!(
        matches!(error, StoreError::Migration { version: 2, .. }),
        "{error}"
    );
    let mended = list(
        r#"[{"create": "two"}, {"createIndexes": "two", "indexes": [{"key": {"a": 1}, "name": "a"}]}]"#,
    );
    assert_eq!(server.store.migrate(&mended).unwrap().applied, 1);
}

#[test]
fn status_tells_what_is_applied_pending_changed_and_newer() {
    let (file, _folder) = sqlite();
    let server = postgres();
    for store in [&file, &server.store] {
        let states = |migrations: &Migrations<'_>| -> Vec<(i64, MigrationState, bool)> {
            let status = store.status(migrations).unwrap().into_iter();
            status
                .map(|one| (one.version, one.state, one.applied.is_some()))
                .collect()
        };
        let list = |list: &[Migration]| Migrations {
            sqlite: list.to_vec().into(),
            postgres: list.to_vec().into(),
            ..Migrations::default()
        };
        let one = Migration::new(1, "one", "CREATE TABLE one (x INTEGER)");
        let two = Migration::new(2, "two", "CREATE TABLE two (x INTEGER)");
        let three = Migration::new(3, "three", "CREATE TABLE three (x INTEGER)");
        let fresh = states(&list(&[one.clone(), two.clone()]));
        assert_eq!(
            fresh,
            [
                (1, MigrationState::Pending, false),
                (2, MigrationState::Pending, false)
            ]
        );
        store.migrate(&list(&[one.clone(), two, three])).unwrap();
        let edited = Migration::new(2, "two", "CREATE TABLE two (y INTEGER)");
        assert_eq!(
            states(&list(&[one, edited])),
            [
                (1, MigrationState::Applied, true),
                (2, MigrationState::Changed, true),
                (3, MigrationState::Unknown, true)
            ]
        );
    }
}

#[test]
fn a_version_that_is_none_is_refused() {
    let (store, _folder) = sqlite();
    for version in [-1, 1_000] {
        let error = store.migrate_to(&migrations(), version).unwrap_err();
        assert!(matches!(error, StoreError::NoVersion { .. }), "{error}");
    }
}
