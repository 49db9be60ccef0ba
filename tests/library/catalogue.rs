//! What a store says it holds.

use crate::servers::{mongodb, postgres};
use crate::world::{World, readings, world};
use carnet::polars::prelude::*;
use carnet::store::{Migration, Migrations, Store};

/// The rows of a frame as text, a null as `-`.
fn rows(frame: &DataFrame) -> Vec<String> {
    let cell = |column: &Column, row: usize| match column.get(row).unwrap() {
        AnyValue::Null => "-".to_owned(),
        value => value.str_value().into_owned(),
    };
    (0..frame.height())
        .map(|row| {
            let cells: Vec<String> = frame.columns().iter().map(|one| cell(one, row)).collect();
            cells.join(" | ")
        })
        .collect()
}

const COLUMNS: [&str; 8] = [
    "table",
    "kind",
    "column",
    "type",
    "nullable",
    "key",
    "references",
    "rows",
];

fn world_of_readings(count: i32) -> World {
    let world = world();
    world.upsert(&readings(count));
    world
}

#[test]
fn sqlite_lists_its_tables_and_views_with_keys_references_and_counted_rows_and_no_collections() {
    let world = world_of_readings(2);
    world.execute(
        "CREATE TABLE Station (country VARCHAR(2), number INTEGER, document_note, PRIMARY KEY (number, country)) WITHOUT ROWID;
         CREATE TABLE document_type (name TEXT NOT NULL, sensor REFERENCES sensor, country TEXT, number INTEGER,
           FOREIGN KEY (number, country) REFERENCES station, FOREIGN KEY (country) REFERENCES sensor (code));
         CREATE VIEW active AS SELECT code, height * 2 AS doubled FROM sensor WHERE active;
         INSERT INTO Station VALUES ('US', 1, NULL)",
    );
    let catalogue = world.store.catalogue().unwrap();
    assert_eq!(catalogue.get_column_names(), COLUMNS);
    assert_eq!(
        rows(&catalogue),
        [
            "Station | table | country | VARCHAR(2) | false | 2 | - | 1",
            "Station | table | number | INTEGER | false | 1 | - | 1",
            "Station | table | document_note |  | true | - | - | 1",
            "active | view | code | TEXT | true | - | - | -",
            "active | view | doubled |  | true | - | - | -",
            "document_type | table | name | TEXT | false | - | - | 0",
            "document_type | table | sensor |  | true | - | sensor.sensor_id | 0",
            "document_type | table | country | TEXT | true | - | sensor.code, station.country | 0",
            "document_type | table | number | INTEGER | true | - | station.number | 0",
            "sensor | table | sensor_id | INTEGER | false | 1 | - | 3",
            "sensor | table | code | TEXT | false | - | - | 3",
            "sensor | table | installed | TIMESTAMP | false | - | - | 3",
            "sensor | table | height | REAL | true | - | - | 3",
            "sensor | table | floors | INTEGER | true | - | - | 3",
            "sensor | table | active | BOOLEAN | false | - | - | 3",
        ]
    );
}

const TABLES: &str = r#"
    CREATE DOMAIN code AS varchar(3) NOT NULL;
    CREATE DOMAIN airport_code AS code CHECK (value <> '');
    CREATE TABLE airport (code airport_code PRIMARY KEY);
    CREATE TABLE gate (airport varchar(3) REFERENCES airport, number int2, PRIMARY KEY (number, airport)) PARTITION BY LIST (airport);
    CREATE TABLE gate_jfk PARTITION OF gate FOR VALUES IN ('JFK');
    CREATE TABLE flight_log (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "tail number" varchar(6), "type" text NOT NULL,
      at timestamptz NOT NULL, gate int2, origin airport_code, speed real, FOREIGN KEY (gate, origin) REFERENCES gate);
    CREATE MATERIALIZED VIEW busy AS SELECT origin, count(*) AS flights FROM flight_log GROUP BY origin;
    CREATE SCHEMA "Odd schema";
    CREATE TABLE "Odd schema"."Ünï ""t""" ("a ""b""; --" int4 NOT NULL, größe float8, "self" bool, "a b" text);
    INSERT INTO airport VALUES ('JFK');
    INSERT INTO gate VALUES ('JFK', 7);
    INSERT INTO flight_log ("tail number", type, at, gate, origin) VALUES (NULL, 'A320', '2013-01-01T10:00:00Z', 7, 'JFK');
    INSERT INTO "Odd schema"."Ünï ""t""" VALUES (7, 1.5, NULL, 'x')"#;

#[test]
fn postgres_lists_its_tables_and_views_with_keys_references_and_estimated_rows() {
    let database = postgres();
    database.execute(TABLES);
    let catalogue = database.store.catalogue().unwrap();
    assert_eq!(catalogue.get_column_names(), COLUMNS);
    assert_eq!(
        rows(&catalogue),
        [
            "Odd schema.Ünï \"t\" | table | a \"b\"; -- | integer | false | - | - | -",
            "Odd schema.Ünï \"t\" | table | größe | double precision | true | - | - | -",
            "Odd schema.Ünï \"t\" | table | self | boolean | true | - | - | -",
            "Odd schema.Ünï \"t\" | table | a b | text | true | - | - | -",
            "airport | table | code | airport_code | false | 1 | - | -",
            "busy | view | origin | airport_code | false | - | - | -",
            "busy | view | flights | bigint | true | - | - | -",
            "flight_log | table | id | bigint | false | 1 | - | -",
            "flight_log | table | tail number | character varying(6) | true | - | - | -",
            "flight_log | table | type | text | false | - | - | -",
            "flight_log | table | at | timestamp with time zone | false | - | - | -",
            "flight_log | table | gate | smallint | true | - | gate.number | -",
            "flight_log | table | origin | airport_code | false | - | gate.airport | -",
            "flight_log | table | speed | real | true | - | - | -",
            "gate | table | airport | character varying(3) | false | 2 | airport.code | -",
            "gate | table | number | smallint | false | 1 | - | -",
            "gate_jfk | table | airport | character varying(3) | false | 2 | airport.code | -",
            "gate_jfk | table | number | smallint | false | 1 | - | -",
        ]
    );
    database.execute("ANALYZE");
    let counted = rows(&database.store.catalogue().unwrap());
    assert_eq!(
        counted[4],
        "airport | table | code | airport_code | false | 1 | - | 1"
    );
    // Without a document store there are no collections, which is no failure.
    assert_eq!(database.store.collections().unwrap().shape(), (0, 3));
}

#[test]
fn collections_have_their_number_of_documents_and_their_indexed_paths_in_both_stores() {
    const INDEXED: &[Migration] = &[Migration {
        version: 1,
        description: "readings",
        statements: r#"[{"create": "reading"}, {"createIndexes": "reading", "indexes": [
            {"key": {"station": 1, "time": -1}, "name": "both"}, {"key": {"station": 1}, "name": "one"}]}]"#,
    }];
    let (server, embedded) = (mongodb(), world_of_readings(25));
    let migrations = Migrations {
        mongodb: INDEXED,
        ..Migrations::default()
    };
    server.store.migrate(&migrations).unwrap();
    write(&server.store, "reading", &readings(25));
    for store in [&server.store, &embedded.store] {
        let collections = store.collections().unwrap();
        assert_eq!(
            collections.get_column_names(),
            ["collection", "documents", "indexed"]
        );
        assert_eq!(rows(&collections), ["reading | 25 | station, time"]);
    }
}

fn write(store: &Store, collection: &str, documents: &[bson::raw::RawDocumentBuf]) {
    store.block_on(async {
        let mut transaction = store.begin().await.unwrap();
        transaction
            .upsert_documents(collection, documents)
            .await
            .unwrap();
        transaction.commit().await.unwrap();
    });
}
