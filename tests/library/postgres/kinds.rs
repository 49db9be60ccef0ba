//! Days, times, decimals, bytes and lists: exact in their own kinds, and what does not fit counted.

use crate::servers::postgres;
use carnet::frame::FrameError;
use carnet::polars::prelude::*;
use carnet::record::{Decimal, Record};
use chrono::{NaiveDate, NaiveDateTime, NaiveTime};

#[derive(Record)]
#[record(table = "thing")]
#[allow(dead_code)]
struct Thing {
    #[record(key)]
    id: i32,
    day: Option<NaiveDate>,
    at: Option<NaiveTime>,
    moment: Option<NaiveDateTime>,
    price: Option<Decimal<2>>,
    body: Option<Vec<u8>>,
    numbers: Option<Vec<Option<i64>>>,
    words: Option<Vec<String>>,
    addresses: Option<Vec<String>>,
    days: Option<Vec<NaiveDate>>,
}

const THINGS: &str = "CREATE TABLE thing (id int PRIMARY KEY, day date, at time, moment timestamp, price numeric(12,2), body bytea,
       numbers int4[], words text[], addresses inet[], days date[]);
     INSERT INTO thing VALUES
       (1, '2013-03-10', '23:59:59.999999', '1969-12-31 23:59:59.5', 12.34, '\\x00ff', '{1,NULL,-3}', '{a,\"b,c\",\"\"}', '{10.0.0.1}', '{2000-01-01}'),
       (2, '0001-01-01', '00:00', '2013-03-10 02:30', -0.05, '', '{}', '{}', '{}', '{}'),
       (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)";

#[test]
fn each_kind_has_its_polars_type_and_its_exact_values() {
    let database = postgres();
    database.execute(THINGS);
    let loaded = database.store.load::<Thing>().run().unwrap();
    let list = |item: DataType| DataType::List(Box::new(item));
    assert_eq!(
        loaded.dtypes()[1..],
        [
            DataType::Date,
            DataType::Time,
            DataType::Datetime(TimeUnit::Microseconds, None),
            DataType::Decimal(38, 2),
            DataType::Binary,
            list(DataType::Int64),
            list(DataType::String),
            list(DataType::String),
            list(DataType::Date),
        ]
    );
    let row = |row: usize| -> Vec<String> {
        let values = loaded.columns().iter().skip(1);
        values
            .map(|column| match column.get(row).unwrap() {
                AnyValue::List(items) => {
                    format!(
                        "{:?}",
                        items
                            .iter()
                            .map(|item| item.to_string())
                            .collect::<Vec<_>>()
                    )
                }
                AnyValue::Binary(bytes) => format!("{bytes:?}"),
                value => value.to_string(),
            })
            .collect()
    };
    assert_eq!(
        row(0),
        [
            "2013-03-10",
            "23:59:59.999999",
            "1969-12-31 23:59:59.500",
            "12.34",
            "[0, 255]",
            "[\"1\", \"null\", \"-3\"]",
            r#"["\"a\"", "\"b,c\"", "\"\""]"#,
            r#"["\"10.0.0.1/32\""]"#,
            "[\"2000-01-01\"]",
        ]
    );
    assert_eq!(row(1)[0], "0001-01-01");
    assert_eq!(row(1)[3..], ["-0.05", "[]", "[]", "[]", "[]", "[]"]);
    assert!(row(2).iter().all(|value| value == "null"), "{:?}", row(2));
    let declared = &loaded.report.columns[4];
    assert_eq!(declared.declared.as_deref(), Some("numeric(12,2)"));
    assert_eq!((declared.nullable, declared.nulls), (Some(true), 1));
    assert_eq!(loaded.report.columns[0].nullable, Some(false));
}

#[test]
fn what_a_kind_cannot_hold_is_told_by_its_own_reason() {
    let database = postgres();
    database.execute(THINGS);
    database.execute(
        "ALTER TABLE thing ALTER price TYPE numeric;
         DELETE FROM thing;
         INSERT INTO thing VALUES (7, 'infinity', '24:00', '-infinity', 1.005, NULL, '{{1},{2}}', '{a,NULL}', NULL, '{infinity}')",
    );
    let error = database.store.load::<Thing>().run().unwrap_err();
    let FrameError::Mismatch { mismatches, .. } = &error else {
        panic!("{error}")
    };
    let told: Vec<(&str, &str)> = mismatches
        .iter()
        .map(|one| (one.field.as_str(), one.found.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            ("day", "an infinite or too distant date"),
            ("at", "24:00:00"),
            ("moment", "an infinite or too distant timestamp"),
            ("price", "a number out of range or with more places"),
            ("numbers", "an array of 2 dimensions"),
            ("words", "an item that is null"),
            ("days", "an item that is an infinite or too distant date"),
        ]
    );
    assert!(mismatches.iter().all(|one| one.examples == ["7"]));
    let loaded = database
        .store
        .load::<Thing>()
        .misfits_as_null()
        .run()
        .unwrap();
    let words = loaded
        .column("words")
        .unwrap()
        .list()
        .unwrap()
        .get_as_series(0)
        .unwrap();
    assert_eq!((words.len(), words.null_count()), (2, 1));
    assert_eq!(loaded.column("numbers").unwrap().null_count(), 1);
}

#[test]
fn a_frame_is_written_by_key_and_comes_back_the_same() {
    let database = postgres();
    database.execute(THINGS);
    let loaded = database.store.load::<Thing>().run().unwrap();
    database.execute(
        "DELETE FROM thing WHERE id = 1; UPDATE thing SET price = 9, words = '{z}' WHERE id = 2",
    );
    let done = database.store.write::<Thing>(&loaded).upsert().unwrap();
    assert_eq!((done.new, done.changed, done.same), (1, 1, 1));
    let again = database.store.load::<Thing>().run().unwrap();
    let sorted = |frame: &DataFrame| frame.sort(["id"], Default::default()).unwrap();
    assert!(
        sorted(&again).equals_missing(&sorted(&loaded)),
        "{again} {loaded}"
    );
    assert_eq!(again.report.hash(), loaded.report.hash());
    let done = database.store.write::<Thing>(&again).upsert().unwrap();
    assert_eq!((done.new, done.changed, done.same), (0, 0, 3));
}

#[test]
fn a_frame_that_is_not_of_the_record_or_a_refused_row_writes_nothing() {
    #[derive(Record)]
    #[record(table = "small")]
    #[allow(dead_code)]
    struct Small {
        #[record(key)]
        id: i32,
        name: String,
    }
    let database = postgres();
    database.execute(
        "CREATE TABLE small (id int PRIMARY KEY, name text NOT NULL CHECK (name <> ''), kind text)",
    );
    let write = |frame: DataFrame| database.store.write::<Small>(&frame).upsert();
    let frame = df!("id" => [1i64], "name" => [None::<&str>], "extra" => [1.0]).unwrap();
    let error = write(frame).unwrap_err().to_string();
    assert!(
        error.contains("id: the frame has i64, the record says i32"),
        "{error}"
    );
    assert!(
        error.contains("name: 1 nulls") && error.contains("extra: the record has no"),
        "{error}"
    );
    let error = write(df!("id" => [1, 2], "name" => ["a", ""]).unwrap())
        .unwrap_err()
        .to_string();
    assert!(error.contains("check constraint"), "{error}");
    assert_eq!(database.number("SELECT count(*) FROM small"), 0);
    assert_eq!(
        write(df!("id" => [1], "name" => ["a\tb\\N"]).unwrap())
            .unwrap()
            .new,
        1
    );
    assert_eq!(
        database.number("SELECT count(*) FROM small WHERE name = E'a\\tb\\\\N'"),
        1
    );
    database.execute("DROP TABLE small; CREATE TABLE small (id int PRIMARY KEY, name int)");
    let error = write(df!("id" => [1], "name" => ["a"]).unwrap())
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("invalid input syntax for type integer"),
        "{error}"
    );
}

#[test]
fn what_a_column_would_round_is_refused_and_what_its_equality_does_not_tell_apart_is_written() {
    #[derive(Record)]
    #[record(table = "exact")]
    #[allow(dead_code)]
    struct Fine {
        #[record(key)]
        id: i32,
        price: Decimal<4>,
        weight: f64,
        count: Decimal<2>,
        at: NaiveDateTime,
    }
    #[derive(Record)]
    #[record(table = "odd")]
    #[allow(dead_code)]
    struct Odd {
        #[record(key)]
        id: i32,
        term: String,
        body: String,
    }
    let database = postgres();
    database.execute(
        "CREATE TABLE exact (id int PRIMARY KEY, price numeric(10,2), weight float4, count int4, at timestamp(0));
         CREATE TABLE odd (id int PRIMARY KEY, term interval, body json);
         INSERT INTO odd VALUES (1, '30 days', '{}')",
    );
    let moment = NaiveDate::from_ymd_opt(2013, 3, 10)
        .unwrap()
        .and_hms_opt(1, 2, 3)
        .unwrap();
    let decimal = |scale| DataType::Decimal(38, scale);
    let mut frame = df!("id" => [1], "price" => [12.3456], "weight" => [0.1], "count" => [5.0], "at" => [moment]).unwrap();
    let cast = |frame: &DataFrame, name: &str, to: DataType| {
        frame.column(name).unwrap().cast(&to).unwrap()
    };
    for (name, to) in [
        ("price", decimal(4)),
        ("count", decimal(2)),
        ("at", DataType::Datetime(TimeUnit::Microseconds, None)),
    ] {
        let column = cast(&frame, name, to);
        frame.with_column(column).unwrap();
    }
    let error = database.store.write::<Fine>(&frame).upsert().unwrap_err();
    let FrameError::Record { differences, .. } = &error else {
        panic!("{error}")
    };
    let fields: Vec<&str> = differences.iter().map(|one| one.field.as_str()).collect();
    assert_eq!(fields, ["price", "weight", "count", "at"], "{error}");
    let frame = df!("id" => [1, 2], "term" => ["1 mon", "1 day"], "body" => ["{}", "[1]"]).unwrap();
    let done = database.store.write::<Odd>(&frame).upsert().unwrap();
    assert_eq!((done.new, done.changed, done.same), (1, 1, 0));
    let done = database.store.write::<Odd>(&frame).upsert().unwrap();
    assert_eq!((done.new, done.changed, done.same), (0, 0, 2));
}

#[test]
fn a_list_with_a_null_is_not_written_as_one_without() {
    #[derive(Record)]
    #[record(table = "listed")]
    #[allow(dead_code)]
    struct Listed {
        #[record(key)]
        id: i32,
        items: Vec<i32>,
    }
    let database = postgres();
    database.execute("CREATE TABLE listed (id int PRIMARY KEY, items int4[] NOT NULL)");
    let items = Series::new("".into(), [Some(1), None]);
    let frame = df!("id" => [1], "items" => [items]).unwrap();
    let error = database.store.write::<Listed>(&frame).upsert().unwrap_err();
    assert!(error.to_string().contains("items:"), "{error}");
    assert_eq!(database.number("SELECT count(*) FROM listed"), 0);
}
