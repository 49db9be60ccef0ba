//! The two relational databases of the project, compared by their catalogues, and the documents of both stores.

use crate::servers::postgres;
use crate::{migrations, sqlite};
use carnet::store::structure::{Collection, Table, collections};

/// What may differ, and why: the tables that are partitioned in PostgreSQL. A key there must hold the column that the table is
/// partitioned by, and SQLite has no partitions.
const PARTITIONED: [(&str, &str); 1] = [("flight", "scheduled_departure")];

fn both() -> (Vec<Table>, Vec<Table>) {
    let ((store, _folder), server) = (sqlite(), postgres());
    store.migrate(&migrations()).unwrap();
    server.store.migrate(&migrations()).unwrap();
    (
        store.structure().unwrap(),
        server.store.structure().unwrap(),
    )
}

#[test]
fn both_catalogues_have_the_same_tables_columns_keys_checks_and_indexes() {
    let (sqlite, mut postgres) = both();
    for table in &mut postgres {
        table.comment = None;
        table
            .columns
            .iter_mut()
            .for_each(|column| column.comment = None);
        if let Some((_, by)) = PARTITIONED.iter().find(|(name, _)| *name == table.name) {
            assert_eq!(table.partitioned_by, [*by]);
            table.partitioned_by.clear();
            assert_eq!(table.key.pop().as_deref(), Some(*by));
        }
        assert_eq!(
            table.partitioned_by, [""; 0],
            "{} is not listed as partitioned",
            table.name
        );
    }
    let names =
        |tables: &[Table]| -> Vec<String> { tables.iter().map(|one| one.name.clone()).collect() };
    assert_eq!(names(&sqlite), names(&postgres));
    for (one, other) in sqlite.iter().zip(&postgres) {
        assert_eq!(one, other, "{} in SQLite and in PostgreSQL", one.name);
    }
    assert_eq!(sqlite.len(), 10, "{:?}", names(&sqlite));
}

#[test]
fn every_table_and_column_of_postgresql_says_what_it_is() {
    let (_, postgres) = both();
    for table in &postgres {
        assert!(table.comment.is_some(), "table {}", table.name);
        for column in &table.columns {
            assert!(column.comment.is_some(), "{}.{}", table.name, column.name);
        }
    }
}

#[test]
fn every_table_and_column_of_sqlite_has_a_comment_above_it() {
    for migration in migrations().sqlite.iter() {
        let lines: Vec<&str> = migration.statements.lines().map(str::trim).collect();
        let mut in_table = false;
        for (at, line) in lines.iter().enumerate() {
            let begins = line.starts_with("CREATE TABLE")
                || line.starts_with("ALTER TABLE")
                || line.starts_with("CREATE INDEX");
            let is_column = in_table
                && line.split_whitespace().nth(1).is_some_and(|word| {
                    ["TEXT", "INTEGER", "REAL", "TIMESTAMP", "BLOB"]
                        .contains(&word.trim_end_matches(','))
                });
            if begins && !line.starts_with("CREATE INDEX") || is_column {
                let above = at.checked_sub(1).map_or("", |before| lines[before]);
                assert!(above.starts_with("--"), "{} {line}", migration.description);
            }
            in_table = (in_table || line.starts_with("CREATE TABLE")) && !line.starts_with(')');
        }
    }
}

#[test]
fn every_document_has_a_version_and_every_path_that_is_read_a_meaning() {
    let found: Vec<Collection> = collections(&migrations()).unwrap();
    let names: Vec<&str> = found.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["aircraft_page", "airport_page", "observation"]);
    for collection in &found {
        let version = collection.paths.iter().find(|path| path.path == "schema");
        assert!(
            version.is_some_and(|path| path.required),
            "{}",
            collection.name
        );
        assert!(collection.comment.is_some(), "{}", collection.name);
        for personal in ["owner", "street", "city", "county", "zip"] {
            let found = collection
                .paths
                .iter()
                .find(|path| path.path.contains(personal));
            assert_eq!(found, None, "{}", collection.name);
        }
    }
}

#[test]
fn embedded_collections_have_columns_for_the_paths_that_mongodb_indexes() {
    let (store, _folder) = sqlite();
    store.migrate(&migrations()).unwrap();
    for collection in collections(&migrations()).unwrap() {
        let table = format!("document_{}", collection.name);
        let columns: Vec<String> = store.block_on(async {
            sqlx::query_scalar("SELECT name FROM pragma_table_info($1) ORDER BY name")
                .bind(&table)
                .fetch_all(store.sqlite().unwrap())
                .await
                .unwrap()
        });
        let mut indexed: Vec<String> = collection.indexes.concat();
        indexed.sort();
        indexed.dedup();
        let paths: Vec<&String> = columns
            .iter()
            .filter(|name| !["id", "body"].contains(&name.as_str()))
            .collect();
        assert_eq!(paths, indexed.iter().collect::<Vec<_>>(), "{table}");
    }
}
