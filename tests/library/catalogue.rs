//! What a store says it holds, and records written from that: each file of `described/` is compared with what is printed, and
//! compiled, and its record loads what it was written for.

use crate::servers::{mongodb, postgres};
use crate::world::{World, readings, world};
use bson::rawdoc;
use carnet::frame::{Description, FrameError};
use carnet::polars::prelude::*;
use carnet::show::{Show, mime};
use carnet::store::{Migration, Migrations, Store};

/// A description as it was printed: its text, and the record that it is.
macro_rules! pasted {
    ($module:ident, $file:literal, $record:ident) => {
        #[allow(dead_code)]
        mod $module {
            use carnet::prelude::*;
            include!($file);
            pub(super) const TEXT: &str = include_str!($file);
            pub(super) fn load(store: &Store) -> Loaded {
                store.load::<$record>().run().unwrap()
            }
        }
    };
}
pasted!(postgres_table, "described/postgres_table.rs", FlightLog);
pasted!(postgres_names, "described/postgres_names.rs", ÜnïT);
pasted!(sqlite_table, "described/sqlite_table.rs", Sensor);
pasted!(collection, "described/collection.rs", Reading);

fn assert_printed(description: &Description, text: &str) {
    assert_eq!(description.to_string(), text.trim_end());
}

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
    const INDEXED: &[Migration] = &[Migration::new(
        1,
        "readings",
        r#"[{"create": "reading"}, {"createIndexes": "reading", "indexes": [
            {"key": {"station": 1, "time": -1}, "name": "both"}, {"key": {"station": 1}, "name": "one"}]}]"#,
    )];
    let (server, embedded) = (mongodb(), world_of_readings(25));
    let migrations = Migrations {
        mongodb: INDEXED.into(),
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

#[test]
fn the_record_described_of_a_postgres_table_loads_it() {
    let database = postgres();
    database.execute(TABLES);
    assert_printed(
        &database.store.describe("flight_log").unwrap(),
        postgres_table::TEXT,
    );
    assert_eq!(postgres_table::load(&database.store).height(), 1);
    let odd = database.store.describe("Odd schema.Ünï \"t\"").unwrap();
    assert_printed(&odd, postgres_names::TEXT);
    let loaded = postgres_names::load(&database.store);
    assert_eq!(
        loaded.get_column_names(),
        ["a_b", "größe", "self_", "a_b_2"]
    );
    let error = database.store.describe("fligth").unwrap_err().to_string();
    assert_eq!(
        error,
        "there is no table or collection fligth; tables: Odd schema.Ünï \"t\", airport, busy, flight_log, gate, gate_jfk; \
         collections: none"
    );
}

#[test]
fn the_record_described_of_an_sqlite_table_loads_it() {
    let world = world();
    assert_printed(&world.store.describe("sensor").unwrap(), sqlite_table::TEXT);
    assert_eq!(sqlite_table::load(&world.store).height(), 3);
    // The table of a collection is the collection's own affair.
    for name in ["document_reading", "sqlite_schema", "_sqlx_migrations"] {
        let error = world.store.describe(name).unwrap_err();
        let FrameError::Unknown {
            tables,
            collections,
            ..
        } = error
        else {
            panic!("{error}")
        };
        assert_eq!(
            (tables, collections),
            (vec!["sensor".into()], vec!["reading".into()])
        );
    }
}

#[test]
fn the_record_described_of_a_collection_loads_it_from_both_stores() {
    let (server, embedded) = (mongodb(), world_of_readings(200));
    write(&server.store, "reading", &readings(200));
    for store in [&server.store, &embedded.store] {
        assert_printed(&store.describe("reading").unwrap(), collection::TEXT);
        assert_eq!(collection::load(store).height(), 200);
    }
}

#[test]
fn a_thousand_documents_of_a_larger_collection_are_looked_at() {
    let (server, embedded) = (mongodb(), world_of_readings(2_500));
    write(&server.store, "reading", &readings(2_500));
    for store in [&server.store, &embedded.store] {
        let description = store.describe("reading").unwrap();
        assert_eq!(
            description.basis,
            "Collection reading: 1,000 documents of 2,500 were looked at, drawn at random."
        );
        let types: Vec<Option<&str>> = description
            .fields
            .iter()
            .map(|field| field.rust_type.as_deref())
            .collect();
        let expected = ["String", "String", "DateTime<Utc>", "f64", "Option<f64>"];
        assert_eq!(types, expected.map(Some));
        assert_eq!(
            description.fields[1].note,
            "in all 1,000 sampled, so at most 0.3 % lack it (95 % confidence); string"
        );
        // Four in five have it; fewer than 750 or more than 850 of a random thousand would be five standard deviations off.
        let wind = &description.fields[4].note;
        let present: usize = wind.split(' ').nth(1).unwrap().parse().unwrap();
        assert!((750..850).contains(&present), "{wind}");
    }
}

#[test]
fn what_does_not_fit_is_told_where_it_is() {
    let server = mongodb();
    let documents = [
        rawdoc! { "_id": 1_i64, "type": "A", "tags": ["x", 1], "id": "own", "at": bson::DateTime::from_millis(0) },
        rawdoc! { "_id": 2, "type": 7, "tags": null, "raw": bson::Binary { subtype: bson::spec::BinarySubtype::Generic, bytes: vec![1] } },
        rawdoc! { "_id": 3, "type": "B", "at": {} },
    ];
    write(&server.store, "odd things", &documents);
    let lines: Vec<String> = server
        .store
        .describe("odd things")
        .unwrap()
        .to_string()
        .lines()
        .map(|line| line.trim().to_owned())
        .collect();
    let has = |wanted: &str| {
        assert!(
            lines.iter().any(|line| line == wanted),
            "{wanted} in {lines:#?}"
        )
    };
    has("struct OddThings {");
    has("id: i64, // in all 3; int32 2, int64 1");
    has("type_: String, // in all 3; string 2; int32 1 would not fit");
    has("id_2: Option<String>, // in 1 of 3; string");
    has("// tags: in 1 of 3, null in 1; array of string 1 and int32 1; not a field yet");
    has("raw: Option<Vec<u8>>, // in 1 of 3; binary");
    let error = server.store.describe("nothing").unwrap_err().to_string();
    assert!(
        error.ends_with("tables: none; collections: odd things"),
        "{error}"
    );
}

#[test]
fn an_empty_collection_is_described_as_one_and_a_notebook_shows_it_as_text() {
    let description = world().store.describe("reading").unwrap();
    let text = "// Collection reading: it has no documents yet, so nothing is known.\n\
                #[derive(Record)]\n#[record(collection = \"reading\")]\nstruct Reading {\n}";
    assert_eq!(description.to_string(), text);
    let bundle = description.bundle();
    let html = bundle.get(mime::HTML).unwrap().to_string();
    assert!(
        html.contains("<pre>// Collection") && html.contains("&quot;reading&quot;"),
        "{html}"
    );
}
