//! Opening and migrating stores, and what stops it.

use crate::world::{MIGRATIONS, world};
use carnet::store::{Migrated, Migration, Store, StoreError};

#[test]
fn migrating_twice_applies_once() {
    let world = world();
    assert_eq!(
        world.store.migrate(MIGRATIONS).unwrap(),
        Migrated {
            applied: 0,
            version: 1
        }
    );
}

#[test]
fn a_file_of_a_newer_program_is_refused_and_left_alone() {
    let world = world();
    let newer = Migration {
        version: 7,
        description: "later",
        sql: "CREATE TABLE later (x INTEGER)",
    };
    world.store.migrate(&[MIGRATIONS[0], newer]).unwrap();
    let error = world.store.migrate(MIGRATIONS).unwrap_err();
    assert!(
        matches!(
            error,
            StoreError::Newer {
                found: 7,
                known: 1,
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn an_applied_migration_must_not_change() {
    let world = world();
    let edited = Migration {
        sql: "CREATE TABLE other (x INTEGER)",
        ..MIGRATIONS[0]
    };
    let error = world.store.migrate(&[edited]).unwrap_err();
    assert!(
        matches!(error, StoreError::Changed { version: 1, .. }),
        "{error}"
    );
}

#[test]
fn a_migration_that_fails_half_way_leaves_nothing_of_itself_and_of_those_before_it() {
    let world = world();
    let sound = Migration {
        version: 2,
        description: "sound",
        sql: "CREATE TABLE sound (x INTEGER)",
    };
    let broken = Migration {
        version: 3,
        description: "broken",
        sql: "CREATE TABLE half (x INTEGER); CREATE TABLE half (x)",
    };
    let error = world
        .store
        .migrate(&[MIGRATIONS[0], sound, broken])
        .unwrap_err();
    assert!(
        matches!(error, StoreError::Migration { version: 3, .. }),
        "{error}"
    );
    world.execute("CREATE TABLE half (x INTEGER)");
    world.execute("CREATE TABLE sound (x INTEGER)");
    world.store.migrate(MIGRATIONS).unwrap();
}

#[test]
fn a_file_that_is_not_a_database_is_named_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.txt");
    let text = "this is not a database, it is a text of more than a hundred bytes. ".repeat(20);
    std::fs::write(&path, &text).unwrap();
    for opened in [Store::open_file(&path), Store::create_file(&path)] {
        let error = opened.unwrap_err();
        assert!(matches!(error, StoreError::NotADatabase { .. }), "{error}");
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
}

#[test]
fn a_missing_file_and_an_unknown_url_say_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let error = Store::open_file(folder.path().join("none.db"))
        .unwrap_err()
        .to_string();
    assert!(error.contains("load data first"), "{error}");
    assert!(!folder.path().join("none.db").exists());
    let error = Store::open_url("postgresql://user:secret@host/db")
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("postgresql") && !error.contains("secret"),
        "{error}"
    );
}
