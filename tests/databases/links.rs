//! Links between two stores: what dangles on which side, counted and named.

use crate::servers::{mongodb, postgres};
use crate::{execute, folder, sqlite};
use bson::rawdoc;
use carnet::store::link::{Ends, LinkError};
use carnet::store::{Links, Migration, Migrations, Store};

const TABLES: &str = "CREATE TABLE sensor (code text PRIMARY KEY);
    CREATE TABLE visit (visit_id integer PRIMARY KEY, sensor text, station text, began @);
    INSERT INTO sensor VALUES ('a'), ('b''c'), ('unseen');
    INSERT INTO visit VALUES
      (1, 'a', 'N', '2013-01-01T05:59:59Z'), (2, 'a', 'N', '2013-01-01T05:00:00Z'), (3, 'b''c', 'N', '2013-01-01T06:00:00Z'),
      (4, 'gone', 'S', '2013-01-01T05:30:00Z'), (5, 'gone', NULL, '2013-01-01T05:30:00Z'), (6, NULL, 'S', NULL)";

const LINKS: &str = r#"[
  { "name": "sensor", "description": "d", "from": "visit", "to": { "table": "sensor", "column": "code" }, "key": "{sensor}",
    "from_may_dangle": { "share": 0.4, "because": "some are gone" } },
  { "name": "hour", "description": "d", "from": "visit", "to": { "collection": "reading" }, "key": "{station}/{began:hour}" }
]"#;

fn links(text: &str) -> Result<Links, LinkError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("links.json");
    std::fs::write(&path, text).unwrap();
    Links::read(path)
}

/// Tables and readings: N at 5, and W, which nothing refers to.
fn fill(store: &Store) {
    let documents = "CREATE TABLE document_reading (id TEXT PRIMARY KEY, body BLOB NOT NULL)";
    let tables = |instant: &str| TABLES.replace('@', instant);
    let migrations = Migrations {
        sqlite: vec![Migration {
            statements: format!("{documents}; {}", tables("TIMESTAMP")).into(),
            ..Migration::new(1, "tables", "")
        }]
        .into(),
        postgres: vec![Migration {
            statements: tables("timestamptz").into(),
            ..Migration::new(1, "tables", "")
        }]
        .into(),
        mongodb: vec![Migration::new(1, "reading", r#"[{"create": "reading"}]"#)].into(),
        ..Migrations::default()
    };
    store.migrate(&migrations).unwrap();
    let readings: Vec<_> = ["N/2013-01-01T05:00:00Z", "W/2013-01-01T05:00:00Z"]
        .map(|id| rawdoc! { "_id": id })
        .into();
    store.block_on(async {
        let mut transaction = store.begin().await.unwrap();
        transaction
            .upsert_documents("reading", &readings)
            .await
            .unwrap();
        transaction.commit().await.unwrap();
    });
}

fn check(store: &Store) {
    fill(store);
    let found = links(LINKS).unwrap().verify(store).unwrap();
    let side = |ends: &Ends| {
        let first: Vec<&str> = ends.first.iter().map(String::as_str).collect();
        (ends.all, ends.dangling, first.join(" "), ends.is_problem())
    };
    let sides: Vec<_> = found
        .iter()
        .map(|one| (one.link.as_str(), side(&one.from), side(&one.to)))
        .collect();
    let text = str::to_owned;
    assert_eq!(
        sides,
        [
            (
                "sensor",
                (5, 2, text("gone"), false),
                (3, 1, text("unseen"), true)
            ),
            (
                "hour",
                (
                    4,
                    2,
                    text("N/2013-01-01T06:00:00Z S/2013-01-01T05:00:00Z"),
                    true
                ),
                (2, 1, text("W/2013-01-01T05:00:00Z"), true)
            ),
        ]
    );
}

#[test]
fn dangling_ends_are_counted_and_named_on_both_sides_in_an_embedded_store() {
    check(&sqlite().0);
}

#[test]
fn dangling_ends_are_counted_across_postgresql_and_mongodb_whatever_the_session_time_zone() {
    let (database, documents) = (postgres(), mongodb());
    execute(
        &database.store,
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET timezone TO ''Asia/Kolkata''', current_database()); END $$",
    );
    check(&Store::open_urls(&database.url, Some(&documents.url)).unwrap());
}

#[test]
fn the_first_ten_of_many_are_named_in_order() {
    let (store, _folder) = sqlite();
    fill(&store);
    execute(
        &store,
        "INSERT INTO visit (sensor) WITH RECURSIVE n (n) AS (SELECT 100 UNION ALL SELECT n + 1 FROM n WHERE n < 150) SELECT 'x' || n FROM n ORDER BY n DESC",
    );
    execute(
        &store,
        "INSERT INTO sensor WITH RECURSIVE n (n) AS (SELECT 100 UNION ALL SELECT n + 1 FROM n WHERE n < 150) SELECT 'y' || n FROM n ORDER BY n DESC",
    );
    let found = links(LINKS).unwrap().verify(&store).unwrap();
    assert_eq!(
        (found[0].from.dangling, found[0].from.first.len()),
        (53, 10)
    );
    assert_eq!(found[0].from.first[1], "x100");
    assert_eq!((found[0].to.dangling, found[0].to.first.len()), (52, 10));
    assert_eq!(found[0].to.first[9], "y108");
}

#[test]
fn a_link_whose_other_end_is_not_there_says_which() {
    let (store, _folder) = sqlite();
    fill(&store);
    let lost = LINKS.replace("\"reading\"", "\"lost\"");
    let error = links(&lost).unwrap().verify(&store).unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("link hour") && text.contains("no collection lost; there are: reading"),
        "{text}"
    );
    let error = links(&LINKS.replace("began", "ended"))
        .unwrap()
        .verify(&store)
        .unwrap_err();
    assert!(error.to_string().contains("link hour"), "{error}");
}

#[test]
fn a_file_that_declares_no_links_is_told() {
    assert!(matches!(links("{}").unwrap_err(), LinkError::File { .. }));
    assert!(matches!(
        links(&LINKS.replace("{sensor}", "sensor")).unwrap_err(),
        LinkError::Rule { .. }
    ));
    let error = Links::read(folder().join("none.json")).unwrap_err();
    assert!(matches!(error, LinkError::Unreadable { .. }), "{error}");
}

#[test]
fn the_projects_own_links_hold_on_its_empty_databases() {
    let (store, _folder) = sqlite();
    store.migrate(&crate::migrations()).unwrap();
    let found = Links::read(folder().join("links.json"))
        .unwrap()
        .verify(&store)
        .unwrap();
    assert_eq!(found.len(), 4);
    assert!(
        found
            .iter()
            .all(|link| !link.from.is_problem() && !link.to.is_problem())
    );
}
