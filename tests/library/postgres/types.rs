//! Every type's fate: as text, as its own kind, and what does not fit.

use crate::servers::postgres;
use carnet::frame::FrameError;
use carnet::record::Record;
use chrono::{DateTime, Utc};

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
        let natural = database
            .store
            .query("SELECT n, value, value AS \"again\" FROM one", ());
        let natural = natural
            .run()
            .unwrap_or_else(|error| panic!("{kind}: {error}"));
        let declared = natural.report.columns[1].declared.clone().unwrap();
        // The only values here that their own kinds cannot hold: infinite instants, 24:00, NaN with two places, an array of two
        // dimensions.
        let misfits = natural
            .report
            .mismatches
            .iter()
            .map(|one| one.count)
            .sum::<u64>();
        let unfit = [
            "timestamp",
            "timestamptz",
            "time",
            "numeric(5,2)",
            "text[][]",
        ]
        .contains(kind);
        assert_eq!(
            misfits,
            if unfit { 2 } else { 0 },
            "{kind}: {}",
            natural.report
        );
        assert_eq!(
            natural.column("value").unwrap().null_count(),
            if unfit { 3 } else { 2 },
            "{kind}"
        );
        assert!(!declared.is_empty(), "{kind}");
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
