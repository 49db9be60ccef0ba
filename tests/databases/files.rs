//! Migrations read from files.

use carnet::store::{Migrations, MigrationsError};
use std::fs;

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn error(files: &[(&str, &str)]) -> MigrationsError {
    Migrations::read(folder(files).path()).unwrap_err()
}

#[test]
fn a_file_is_a_migration_and_the_one_beside_it_undoes_it() {
    let folder = folder(&[
        ("sqlite/0002_more_things.sql", "B"),
        ("sqlite/0001_things.sql", "A"),
        ("sqlite/0001_things.down.sql", "not A"),
        ("sqlite/README.md", "no migration"),
        ("documents/0003_things.json", "{}"),
        ("queries/late.sql", "no migration"),
    ]);
    let migrations = Migrations::read(folder.path()).unwrap();
    let found: Vec<(i64, &str, &str, Option<&str>)> = migrations
        .sqlite
        .iter()
        .map(|one| {
            (
                one.version,
                &*one.description,
                &*one.statements,
                one.undo.as_deref(),
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            (1, "things", "A", Some("not A")),
            (2, "more things", "B", None)
        ]
    );
    assert_eq!((migrations.postgres.len(), migrations.newest()), (0, 3));
}

#[test]
fn what_is_no_migration_is_told_with_its_file() {
    let twice = error(&[("sqlite/0001_a.sql", ""), ("sqlite/001_b.sql", "")]);
    assert!(
        matches!(&twice, MigrationsError::Twice { other, .. } if other == "0001 a"),
        "{twice}"
    );
    let across = error(&[
        ("mongodb/0004_a.json", "[]"),
        ("documents/0004_b.json", "{}"),
    ]);
    assert!(matches!(across, MigrationsError::Twice { .. }), "{across}");
    for name in [
        "sqlite/flight.sql",
        "sqlite/0_a.sql",
        "sqlite/12_.sql",
        "sqlite/-1_a.sql",
    ] {
        let error = error(&[(name, "")]);
        assert!(
            matches!(error, MigrationsError::Name { .. }),
            "{name}: {error}"
        );
    }
    let nothing = error(&[("postgres/0001_a.down.sql", "")]);
    assert!(
        matches!(nothing, MigrationsError::UndoesNothing { .. }),
        "{nothing}"
    );
    let other_name = error(&[("sqlite/0001_a.sql", ""), ("sqlite/0001_b.down.sql", "")]);
    assert!(
        matches!(other_name, MigrationsError::UndoesNothing { .. }),
        "{other_name}"
    );
}

#[test]
fn a_folder_that_is_not_there_and_one_without_migrations_say_so() {
    let empty = folder(&[]);
    let error = Migrations::read(empty.path()).unwrap_err();
    assert!(
        error.to_string().contains("sqlite, postgres, mongodb"),
        "{error}"
    );
    let error = Migrations::read(empty.path().join("none")).unwrap_err();
    assert!(
        matches!(error, MigrationsError::Unreadable { .. }),
        "{error}"
    );
}
