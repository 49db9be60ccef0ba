//! Bad input: files that are cut short or are something else, and databases that are none or are too new.

use super::{command, failure, run};
use carnet::store::Store;
use flights::source::File;
use std::path::Path;

/// A folder with the five files, one of them with these bytes.
fn folder_with(changed: File, bytes: &[u8]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for file in File::ALL {
        let bytes = if file == changed {
            bytes
        } else {
            file.embedded()
        };
        std::fs::write(folder.path().join(file.name()), bytes).unwrap();
    }
    folder
}

/// What a load of this folder says when it fails, which must leave no database behind.
fn refused(folder: &Path) -> String {
    let database = folder.join("carnet.db");
    let told = failure(
        &command(&database)
            .arg("--data")
            .arg(folder)
            .output()
            .unwrap(),
    );
    assert!(
        !database.exists(),
        "a load that cannot read its files makes no database"
    );
    assert!(!told.contains("panicked"), "{told}");
    told
}

#[test]
fn a_file_cut_short_is_named_and_nothing_is_made() {
    let whole = File::Flights.embedded();
    for length in [0, 3, 100, whole.len() / 2, whole.len() - 1] {
        let folder = folder_with(File::Flights, &whole[..length]);
        let told = refused(folder.path());
        assert!(
            told.contains("flights.parquet is not a whole Parquet file"),
            "{length} bytes: {told}"
        );
        assert!(told.contains("scripts/sample-data"), "{told}");
    }
}

#[test]
fn a_file_of_another_table_is_named_with_the_column_it_lacks() {
    let folder = folder_with(File::Weather, File::Airlines.embedded());
    let told = refused(folder.path());
    assert!(
        told.contains("weather.parquet has no such column where column origin of text is expected"),
        "{told}"
    );
}

#[test]
fn a_missing_file_is_named() {
    let folder = folder_with(File::Planes, b"");
    std::fs::remove_file(folder.path().join(File::Planes.name())).unwrap();
    let told = refused(folder.path());
    assert!(told.contains("planes.parquet cannot be read"), "{told}");
}

#[test]
fn a_file_that_is_no_database_stays_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.txt");
    let notes = "Not a database, but something that someone still needs.\n".repeat(100);
    std::fs::write(&path, &notes).unwrap();
    let told = failure(&command(&path).output().unwrap());
    assert!(
        told.contains("notes.txt is not a SQLite database"),
        "{told}"
    );
    assert_eq!(std::fs::read_to_string(&path).unwrap(), notes);
}

#[test]
fn a_database_of_a_newer_program_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("carnet.db");
    let store = Store::create_file(&path).unwrap();
    store.migrate(&flights::MIGRATIONS).unwrap();
    run(
        &store,
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
         VALUES (999, 'from the future', TRUE, x'00', 0)",
    );
    drop(store);
    let told = failure(&command(&path).output().unwrap());
    assert!(
        told.contains("is at migration 999, newer than the 9 this program knows"),
        "{told}"
    );
}
