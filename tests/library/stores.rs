//! Opening and migrating stores, and what stops it.

use crate::world::{MIGRATIONS, SQLITE, world};
use carnet::store::{Migrated, Migration, Migrations, Store, StoreError};

fn sqlite(migrations: &[Migration]) -> Migrations<'_> {
    Migrations {
        sqlite: migrations.into(),
        ..Migrations::default()
    }
}

#[test]
fn migrating_twice_applies_once() {
    let world = world();
    assert_eq!(
        world.store.migrate(MIGRATIONS).unwrap(),
        Migrated {
            version: 1,
            ..Migrated::default()
        }
    );
}

#[test]
fn a_file_of_a_newer_program_is_refused_and_left_alone() {
    let world = world();
    let newer = Migration::new(7, "later", "CREATE TABLE later (x INTEGER)");
    world
        .store
        .migrate(&sqlite(&[SQLITE[0].clone(), newer]))
        .unwrap();
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
        statements: "CREATE TABLE other (x INTEGER)".into(),
        ..SQLITE[0].clone()
    };
    let error = world.store.migrate(&sqlite(&[edited])).unwrap_err();
    assert!(
        matches!(error, StoreError::Changed { version: 1, .. }),
        "{error}"
    );
}

#[test]
fn a_migration_that_fails_half_way_leaves_nothing_of_itself_and_of_those_before_it() {
    let world = world();
    let sound = Migration::new(2, "sound", "CREATE TABLE sound (x INTEGER)");
    let broken = Migration::new(
        3,
        "broken",
        "CREATE TABLE half (x INTEGER); CREATE TABLE half (x)",
    );
    let error = world
        .store
        .migrate(&sqlite(&[SQLITE[0].clone(), sound, broken]))
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
    let error = Store::open_urls("mysql://user:secret@host/db", None)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("mysql") && !error.contains("secret"),
        "{error}"
    );
}

#[test]
fn a_file_that_is_only_opened_stays_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("foreign.db");
    let made = std::process::Command::new("python3")
        .args(["-c", "import sqlite3, sys; db = sqlite3.connect(sys.argv[1]); db.execute('CREATE TABLE t (x INTEGER NOT NULL)'); db.execute('INSERT INTO t VALUES (7)'); db.commit()"])
        .arg(&path)
        .status()
        .unwrap();
    assert!(made.success());
    let before = std::fs::read(&path).unwrap();

    #[derive(carnet::record::Record)]
    #[record(table = "t")]
    #[allow(dead_code)]
    struct Row {
        x: i64,
    }
    let load = || {
        let store = Store::open_file(&path).unwrap();
        store.load::<Row>().run().unwrap().height()
    };
    assert_eq!(load(), 1);
    assert_eq!(std::fs::read(&path).unwrap(), before);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}
