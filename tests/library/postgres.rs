//! PostgreSQL tables into frames by binary COPY, and writing them: every type's fate, binding, and what goes wrong.

use crate::servers::{Postgres, postgres};
use carnet::frame::{FrameError, Param};
use carnet::polars::prelude::*;
use carnet::record::Record;
use carnet::store::relational::{Bound, Row};
use carnet::store::{Migrated, Migration, Migrations, Store, StoreError, Upserted};
use chrono::{DateTime, Utc};
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

#[derive(Record)]
#[record(table = "sensor")]
#[allow(dead_code)]
struct Sensor {
    #[record(key, path = "sensor_id")]
    id: i64,
    code: String,
    installed: DateTime<Utc>,
    height: Option<f64>,
    floors: Option<i32>,
    active: bool,
    price: Option<f64>,
}

fn sensors() -> Postgres {
    let database = postgres();
    database.execute(
        "CREATE TABLE sensor (sensor_id bigint PRIMARY KEY, code varchar(20) NOT NULL, installed timestamptz NOT NULL,
           height double precision, floors integer, active boolean NOT NULL, price numeric(20, 4));
         INSERT INTO sensor VALUES
           (1, 'north', '2013-03-10T06:30:00Z', 12.5, 3, true, 12.34),
           (2, 'söuth', '2013-11-03T05:00:00.25Z', NULL, NULL, false, NULL),
           (9223372036854775807, '', '1969-12-31T23:59:59Z', '-Infinity', 2147483647, true, -0.0001)",
    );
    database
}

#[test]
fn a_frame_has_exactly_the_records_columns_types_and_values() {
    let database = sensors();
    let loaded = database.store.load::<Sensor>().run().unwrap();
    let types: Vec<DataType> = loaded.dtypes();
    let instant = DataType::Datetime(TimeUnit::Microseconds, Some(TimeZone::UTC));
    assert_eq!(
        types,
        [
            DataType::Int64,
            DataType::String,
            instant,
            DataType::Float64,
            DataType::Int32,
            DataType::Boolean,
            DataType::Float64
        ]
    );
    let ids = loaded.column("id").unwrap().i64().unwrap();
    assert_eq!(ids.get(2), Some(i64::MAX));
    let codes = loaded.column("code").unwrap().str().unwrap();
    assert_eq!((codes.get(1), codes.get(2)), (Some("söuth"), Some("")));
    let installed = loaded.column("installed").unwrap().datetime().unwrap();
    assert_eq!(installed.physical().get(1), Some(1_383_454_800_250_000));
    assert_eq!(installed.physical().get(2), Some(-1_000_000));
    let heights = loaded.column("height").unwrap().f64().unwrap();
    assert_eq!(
        (heights.get(1), heights.get(2)),
        (None, Some(f64::NEG_INFINITY))
    );
    let prices = loaded.column("price").unwrap().f64().unwrap();
    assert_eq!((prices.get(0), prices.get(2)), (Some(12.34), Some(-0.0001)));
    let report = &loaded.report;
    assert_eq!((report.rows, report.read), (3, 3));
    assert!(report.bytes > 60 && report.snapshot.is_some(), "{report:?}");
}

/// A type, a value of it, and how PostgreSQL writes that value. Each is loaded as text, whatever the type.
const VALUES: &[(&str, &str, &str)] = &[
    ("bool", "true", "true"),
    ("int2", "'-32768'", "-32768"),
    ("int4", "2147483647", "2147483647"),
    ("int8", "'-9223372036854775808'", "-9223372036854775808"),
    ("oid", "4294967295", "4294967295"),
    ("float4", "'NaN'", "NaN"),
    ("float8", "1e-300", "1e-300"),
    (
        "numeric",
        "123456789012345678901234567890.123",
        "123456789012345678901234567890.123",
    ),
    ("numeric(5,2)", "'NaN'", "NaN"),
    ("money", "'12.50'", "$12.50"),
    ("text", "''", ""),
    ("varchar(5)", "'añ€🦀'", "añ€🦀"),
    ("char(4)", "'ab'", "ab  "),
    ("\"char\"", "'x'", "x"),
    ("name", "'a name'", "a name"),
    ("bytea", r"'\x00ff'", r"\x00ff"),
    ("date", "'0044-03-15 BC'", "0044-03-15 BC"),
    ("time", "'24:00'", "24:00:00"),
    ("timetz", "'12:00+05:30'", "12:00:00+05:30"),
    ("timestamp", "'infinity'", "infinity"),
    ("timestamptz", "'-infinity'", "-infinity"),
    (
        "interval",
        "'1 year 2 mons 3 days 04:05:06.7'",
        "1 year 2 mons 3 days 04:05:06.7",
    ),
    (
        "uuid",
        "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'",
        "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
    ),
    ("json", r#"'{"a": [1, null]}'"#, r#"{"a": [1, null]}"#),
    ("jsonb", r#"'{"b":1,"a":2}'"#, r#"{"a": 2, "b": 1}"#),
    ("jsonpath", "'$.a'", "$.\"a\""),
    ("xml", "'<a/>'", "<a/>"),
    ("inet", "'::1/64'", "::1/64"),
    ("cidr", "'10.0.0.0/8'", "10.0.0.0/8"),
    ("macaddr", "'08:00:2b:01:02:03'", "08:00:2b:01:02:03"),
    ("bit(3)", "B'101'", "101"),
    ("varbit", "B''", ""),
    ("point", "'(1,2)'", "(1,2)"),
    ("box", "'((0,0),(1,1))'", "(1,1),(0,0)"),
    ("path", "'[(0,0),(1,1)]'", "[(0,0),(1,1)]"),
    ("polygon", "'((0,0),(1,1),(1,0))'", "((0,0),(1,1),(1,0))"),
    ("circle", "'<(0,0),2>'", "<(0,0),2>"),
    ("line", "'{1,2,3}'", "{1,2,3}"),
    ("lseg", "'[(0,0),(1,1)]'", "[(0,0),(1,1)]"),
    ("tsvector", "'a b'", "'a' 'b'"),
    ("tsquery", "'a & b'", "'a' & 'b'"),
    ("pg_lsn", "'16/B374D848'", "16/B374D848"),
    ("int4[]", "'{1,NULL,3}'", "{1,NULL,3}"),
    ("text[][]", "'{{a,b},{c,\"d,e\"}}'", "{{a,b},{c,\"d,e\"}}"),
    ("numeric[]", "'{}'", "{}"),
    ("int4range", "'[1,5)'", "[1,5)"),
    ("tstzrange", "'empty'", "empty"),
    ("int8multirange", "'{[1,2),[3,4)}'", "{[1,2),[3,4)}"),
    ("mood", "'so so'", "so so"),
    ("mood[]", "'{\"so so\"}'", "{\"so so\"}"),
    ("positive", "7", "7"),
    ("pair", "ROW(1, 'x')", "(1,x)"),
    ("pair[]", "ARRAY[ROW(1, 'x')::pair]", "{\"(1,x)\"}"),
    ("regclass", "'pg_class'", "pg_class"),
];

#[test]
fn every_type_can_be_loaded_as_text_as_postgresql_writes_it_and_as_null() {
    #[derive(Record)]
    #[record(table = "one")]
    #[allow(dead_code)]
    struct One {
        #[record(key)]
        n: i32,
        value: Option<String>,
    }
    let database = postgres();
    database.execute(
        "CREATE TYPE mood AS ENUM ('so so', 'fine'); CREATE DOMAIN positive AS int4 CHECK (value > 0);
         CREATE TYPE pair AS (a int4, b text)",
    );
    for (number, (kind, value, written)) in VALUES.iter().enumerate() {
        database.execute(&format!(
            "CREATE TABLE one (n int4 NOT NULL, value {kind});
             INSERT INTO one SELECT i, CASE WHEN i = 1 THEN {value}::{kind} END FROM generate_series(0, 2) AS i ORDER BY i"
        ));
        let loaded = database.store.load::<One>().run();
        let loaded = loaded.unwrap_or_else(|error| panic!("{number} {kind}: {error}"));
        let values = loaded.column("value").unwrap().str().unwrap();
        assert_eq!(
            values.iter().collect::<Vec<_>>(),
            [None, Some(*written), None],
            "{kind}"
        );
        database.execute("DROP TABLE one");
    }
}

#[test]
fn a_text_of_a_megabyte_and_an_empty_table_arrive_whole() {
    #[derive(Record)]
    #[record(table = "long")]
    #[allow(dead_code)]
    struct Long {
        text: String,
    }
    let database = postgres();
    database.execute("CREATE TABLE long (text text NOT NULL)");
    let empty = database.store.load::<Long>().run().unwrap();
    assert_eq!((empty.height(), empty.width()), (0, 1));
    database.execute("INSERT INTO long SELECT repeat('é', 500000)");
    let loaded = database.store.load::<Long>().run().unwrap();
    let text = loaded
        .column("text")
        .unwrap()
        .str()
        .unwrap()
        .get(0)
        .unwrap();
    assert_eq!(text.len(), 1_000_000);
}

#[test]
fn numbers_widen_where_nothing_is_lost_and_what_does_not_fit_is_counted_with_its_key() {
    #[derive(Record)]
    #[record(table = "number")]
    #[allow(dead_code)]
    struct Number {
        #[record(key)]
        name: String,
        small: Option<i64>,
        whole: Option<i32>,
        exact: Option<f64>,
        money: Option<f64>,
        narrow: Option<f32>,
        at: Option<DateTime<Utc>>,
    }
    let database = postgres();
    database.execute(
        "CREATE TABLE number (name text PRIMARY KEY, small int2, whole int8, exact int8, money numeric, narrow float8, at timestamptz);
         INSERT INTO number VALUES
           ('fits', -3, 5, 9007199254740992, 0.1, 1.5, '2000-01-01Z'),
           ('too large', 1, 3000000000, 9007199254740993, 1e400, 1e300, 'infinity'),
           ('special', NULL, NULL, NULL, 'NaN', 'Infinity', '294276-12-31Z')",
    );
    let error = database.store.load::<Number>().run().unwrap_err();
    let FrameError::Mismatch { mismatches, .. } = &error else {
        panic!("{error}")
    };
    let told: Vec<(&str, u64, &[String])> = mismatches
        .iter()
        .map(|one| (one.field.as_str(), one.count, one.examples.as_slice()))
        .collect();
    let large = ["too large".to_owned()];
    let both = ["too large".to_owned(), "special".to_owned()];
    assert_eq!(
        told[..4],
        [
            ("whole", 1, &large[..]),
            ("exact", 1, &large[..]),
            ("money", 1, &large[..]),
            ("narrow", 1, &large[..])
        ]
    );
    assert_eq!(told[4].0, "at");
    assert!(told[4].2.iter().all(|key| both.contains(key)));
    let loaded = database
        .store
        .load::<Number>()
        .misfits_as_null()
        .run()
        .unwrap();
    let money = loaded.column("money").unwrap().f64().unwrap();
    assert_eq!((money.get(0), money.get(1)), (Some(0.1), None));
    assert!(money.get(2).unwrap().is_nan());
    assert_eq!(
        loaded.column("narrow").unwrap().f32().unwrap().get(2),
        Some(f32::INFINITY)
    );
    assert_eq!(
        loaded.column("small").unwrap().i64().unwrap().get(0),
        Some(-3)
    );
}

#[test]
fn a_record_that_does_not_match_is_one_error_with_every_difference() {
    #[derive(Record)]
    #[record(table = "sensor")]
    #[allow(dead_code)]
    struct Wrong {
        sensor_id: f32,
        heigth: Option<f64>,
        floors: i32,
        installed: Option<i64>,
        code: String,
    }
    let error = sensors().store.load::<Wrong>().run().unwrap_err();
    let FrameError::Record { differences, .. } = &error else {
        panic!("{error}")
    };
    let fields: Vec<&str> = differences.iter().map(|one| one.field.as_str()).collect();
    assert_eq!(fields, ["sensor_id", "heigth", "floors", "installed"]);
    let text = error.to_string();
    assert!(
        text.contains("bigint; write i64 or i32 or f64 or String"),
        "{text}"
    );
    assert!(text.contains("timestamp with time zone"), "{text}");
    assert!(text.contains("integer that allows nulls"), "{text}");
}

#[test]
fn a_table_may_be_of_another_schema_and_one_that_is_not_there_lists_those_that_are() {
    #[derive(Record)]
    #[record(table = "Odd schema.Ünï \"t\"")]
    #[allow(dead_code)]
    struct Odd {
        #[record(path = "a \"b\"; --")]
        value: i32,
    }
    let database = sensors();
    let error = database.store.load::<Odd>().run().unwrap_err().to_string();
    assert!(error.contains("there are: sensor"), "{error}");
    database.execute(
        r#"CREATE SCHEMA "Odd schema"; CREATE TABLE "Odd schema"."Ünï ""t""" ("a ""b""; --" int4 NOT NULL);
           INSERT INTO "Odd schema"."Ünï ""t""" VALUES (7)"#,
    );
    assert_eq!(database.store.load::<Odd>().run().unwrap().height(), 1);
}

#[test]
fn values_of_every_kind_are_bound_with_the_columns_own_type() {
    let database = sensors();
    let load = |condition: &str, values: Vec<Param>| {
        let load = database.store.load::<Sensor>();
        load.filter(condition, values).run().unwrap().height()
    };
    let at = "2013-11-03T05:00:00.25Z".parse::<DateTime<Utc>>().unwrap();
    assert_eq!(load("code = $1", vec!["söuth".into()]), 1);
    assert_eq!(
        load("floors = $2 AND code = $1", vec!["north".into(), 3.into()]),
        1
    );
    assert_eq!(load("installed = $1", vec![at.into()]), 1);
    assert_eq!(load("installed > $1", vec![at.into()]), 0);
    assert_eq!(load("active = $1", vec![true.into()]), 2);
    assert_eq!(load("height = $1", vec![f64::NEG_INFINITY.into()]), 1);
    assert_eq!(load("price < $1", vec![0.0.into()]), 1);
    assert_eq!(load("code IS NOT DISTINCT FROM $1", vec![Param::Null]), 0);
    assert_eq!(
        load(
            "$1 = ANY ('{north,x}'::text[]) AND code = $1",
            vec!["north".into()]
        ),
        1
    );
    assert_eq!(
        load("code <> '$1' AND code = $1 -- $2", vec!["north".into()]),
        1
    );
}

#[test]
fn a_filter_that_is_more_than_a_condition_or_miscounts_its_values_is_refused() {
    let database = sensors();
    for condition in [
        "true); DROP TABLE sensor; --",
        "true\n); DELETE FROM sensor; --",
        "true) TO STDOUT; DROP TABLE sensor; --",
    ] {
        let load = database.store.load::<Sensor>();
        let error = load.filter(condition, [0i64; 0]).run().unwrap_err();
        assert!(error.to_string().contains("syntax error"), "{error}");
    }
    let load = database.store.load::<Sensor>();
    let error = load.filter("code = $1", ["a", "b"]).run().unwrap_err();
    assert!(error.to_string().contains("2 values"), "{error}");
    assert_eq!(database.store.load::<Sensor>().run().unwrap().height(), 3);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1, ..ProptestConfig::default() })]
    /// Two hundred hostile texts: each finds exactly its own row, and the table is as before.
    #[test]
    fn no_value_can_change_what_a_statement_does(
        texts in prop::collection::vec(r#"('|"|\\|\$1|\$\$|;|--|/\*|\*/|[a-zA-Z0-9 \n\t]|E'|[é€🦀\u{202e}]|\)|\(|%s|NULL){0,12}"#, 200)
    ) {
        let database = postgres();
        database.execute("CREATE TABLE tag (code text PRIMARY KEY)");
        let texts: BTreeSet<String> = texts.into_iter().collect();
        let tags: Vec<Tag> = texts.iter().map(|code| Tag { code: code.clone() }).collect();
        database.store.block_on(async {
            let mut transaction = database.store.begin().await.unwrap();
            transaction.upsert(&tags, |_| {}).await.unwrap();
            transaction.commit().await.unwrap();
        });
        for text in &texts {
            let loaded = database.store.load::<Tag>().filter("code = $1", [text.as_str()]).run().unwrap();
            prop_assert_eq!(loaded.height(), 1);
            prop_assert_eq!(loaded.column("code").unwrap().str().unwrap().get(0), Some(text.as_str()));
        }
        prop_assert_eq!(database.number("SELECT count(*) FROM tag"), texts.len() as i64);
    }
}

#[derive(Record)]
#[record(table = "tag")]
struct Tag {
    #[record(key)]
    code: String,
}

impl Row for Tag {
    fn bind(&self, to: &mut Bound) {
        to.text(&self.code);
    }
}

#[test]
fn writing_by_key_counts_new_changed_and_same_rows_and_a_refused_one_undoes_all() {
    let database = postgres();
    database.execute(
        "CREATE TABLE plane (tail text PRIMARY KEY, seats int4 CHECK (seats > 0), note text, CHECK (note <> 'bad'))",
    );
    #[derive(Clone, Record)]
    #[record(table = "plane")]
    struct Plane {
        #[record(key)]
        tail: String,
        seats: Option<i32>,
        note: Option<String>,
    }
    impl Row for Plane {
        fn bind(&self, to: &mut Bound) {
            to.text(&self.tail);
            to.whole_or_null(self.seats);
            to.text_or_null(self.note.as_deref());
        }
    }
    let write = |planes: &[Plane]| -> Result<Upserted, StoreError> {
        database.store.block_on(async {
            let mut transaction = database.store.begin().await?;
            let done = transaction.upsert(planes, |_| {}).await?;
            transaction.commit().await?;
            Ok(done)
        })
    };
    let plane = |tail: &str, seats, note: Option<&str>| Plane {
        tail: tail.into(),
        seats,
        note: note.map(str::to_owned),
    };
    let mut planes = vec![
        plane("N1", Some(2), Some("tab\tline\nback\\slash \\N")),
        plane("N2", None, None),
        plane("N3", Some(9), Some("")),
    ];
    let first = write(&planes).unwrap();
    assert_eq!(
        first,
        Upserted {
            new: 3,
            changed: 0,
            same: 0
        }
    );
    planes[1].seats = Some(4);
    planes.push(plane("N4", None, None));
    let second = write(&planes).unwrap();
    assert_eq!(
        second,
        Upserted {
            new: 1,
            changed: 1,
            same: 2
        }
    );
    let loaded = database
        .store
        .load::<Plane>()
        .filter("tail = $1", ["N1"])
        .run()
        .unwrap();
    assert_eq!(
        loaded.column("note").unwrap().str().unwrap().get(0),
        Some("tab\tline\nback\\slash \\N")
    );
    let error = write(&[plane("N5", None, None), plane("N6", None, Some("bad"))]).unwrap_err();
    assert!(error.to_string().contains("plane_note_check"), "{error}");
    assert_eq!(database.number("SELECT count(*) FROM plane"), 4);
}

#[test]
fn migrations_apply_once_all_or_nothing_and_a_newer_database_is_refused() {
    let database = postgres();
    let of = |version, statements| Migration {
        version,
        description: "a step",
        statements,
    };
    let migrate = |migrations: &[Migration]| {
        database.store.migrate(&Migrations {
            postgres: migrations,
            ..Migrations::default()
        })
    };
    let (one, two) = (
        of(1, "CREATE TABLE a (x int4)"),
        of(2, "CREATE TABLE b (x int4)"),
    );
    let broken = of(3, "CREATE TABLE c (x int4); CREATE TABLE c (x int4)");
    assert!(matches!(
        migrate(&[one, two, broken]).unwrap_err(),
        StoreError::Migration { version: 3, .. }
    ));
    assert_eq!(
        migrate(&[one]).unwrap(),
        Migrated {
            applied: 1,
            version: 1
        }
    );
    assert_eq!(
        migrate(&[one, two]).unwrap(),
        Migrated {
            applied: 1,
            version: 2
        }
    );
    assert_eq!(
        migrate(&[one, two]).unwrap(),
        Migrated {
            applied: 0,
            version: 2
        }
    );
    assert!(matches!(
        migrate(&[one]).unwrap_err(),
        StoreError::Newer {
            found: 2,
            known: 1,
            ..
        }
    ));
    let edited = of(1, "CREATE TABLE other (x int4)");
    assert!(matches!(
        migrate(&[edited, two]).unwrap_err(),
        StoreError::Changed { version: 1, .. }
    ));
}

#[test]
fn a_server_that_does_not_let_us_in_is_named_without_the_password() {
    let database = postgres();
    let wrong = |from: &str, to: &str| {
        let url = database.url.replace(from, to);
        assert_ne!(url, database.url);
        let error = Store::open_urls(&url, None).unwrap_err().to_string();
        assert!(
            !error.contains("secret") && !error.contains("wr0ng"),
            "{error}"
        );
        error
    };
    let error = wrong(":secret@", ":wr0ng@");
    assert!(error.contains("check the user and the password"), "{error}");
    let error = wrong("carnet_test_", "no_such_");
    assert!(error.contains("create the database"), "{error}");
    let start = Instant::now();
    let (_, rest) = database.url.rsplit_once(':').unwrap();
    let (port, _) = rest.split_once('/').unwrap();
    let error = wrong(&format!(":{port}/"), ":1/");
    assert!(error.contains("check that the server runs"), "{error}");
    assert!(start.elapsed() < Duration::from_secs(5));
    let error = Store::open_urls("postgres://carnet:sec ret@[/x", None)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("postgres://USER") && !error.contains("ret@"),
        "{error}"
    );
}

#[test]
fn what_may_not_be_read_and_what_takes_too_long_is_an_error_of_the_server() {
    let database = sensors();
    database.execute("CREATE ROLE carnet_reader LOGIN PASSWORD 'secret'");
    let url = database.url.replace("//carnet:", "//carnet_reader:");
    let store = Store::open_urls(&url, None).unwrap();
    let error = store.load::<Sensor>().run().unwrap_err().to_string();
    assert!(
        error.contains("permission denied for table sensor"),
        "{error}"
    );
    drop(store);
    database.execute("DROP OWNED BY carnet_reader; DROP ROLE carnet_reader");

    let name = database.url.rsplit_once('/').unwrap().1.to_owned();
    database.execute(&format!(
        "ALTER DATABASE {name} SET statement_timeout = '200ms'"
    ));
    database.execute(SLOW);
    let store = Store::open_urls(&database.url, None).unwrap();
    let error = store.load::<Slow>().run().unwrap_err().to_string();
    assert!(error.contains("statement timeout"), "{error}");
    assert_eq!(
        store.load::<Sensor>().run().unwrap().height(),
        3,
        "the store works on"
    );
}

/// Rows that take a millisecond each.
const SLOW: &str = "CREATE VIEW slow AS SELECT i AS n FROM generate_series(1, 100000) AS i WHERE pg_sleep(0.001) IS NOT NULL";

#[derive(Record)]
#[record(table = "slow")]
#[allow(dead_code)]
struct Slow {
    n: Option<i32>,
}

const ACTIVE: &str = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'COPY%' AND state = 'active'";

fn until(what: &str, mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < Duration::from_secs(20), "never: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_server_process_killed_in_mid_read_is_an_error_and_the_next_load_works() {
    let database = sensors();
    database.execute(SLOW);
    let store = database.store.clone();
    let reading =
        std::thread::spawn(move || store.load::<Slow>().run().map(|loaded| loaded.height()));
    until("the read begins", || database.number(ACTIVE) == 1);
    database.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'COPY%'",
    );
    let error = reading.join().unwrap().unwrap_err().to_string();
    assert!(
        error.contains("the connection to PostgreSQL at") && error.contains("load again"),
        "{error}"
    );
    assert_eq!(database.store.load::<Sensor>().run().unwrap().height(), 3);
}

#[test]
fn a_load_that_is_dropped_ends_the_servers_query() {
    let database = sensors();
    database.execute(SLOW);
    let load = database.store.load::<Slow>().run_async();
    let stopped = database.store.block_on(async {
        tokio::time::timeout(Duration::from_millis(500), load)
            .await
            .is_err()
    });
    assert!(stopped);
    until("the query ends", || database.number(ACTIVE) == 0);
    assert_eq!(database.store.load::<Sensor>().run().unwrap().height(), 3);
}
