//! What an SQLite file can do as servers do: kinds, queries, snapshots, batches, cancelling, writing frames.

use crate::world::{World, world};
use carnet::frame::{Cancel, FrameError};
use carnet::polars::prelude::*;
use carnet::record::{Decimal, Record};
use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use std::time::{Duration, Instant};

#[derive(Record)]
#[record(table = "thing")]
#[allow(dead_code)]
struct Thing {
    #[record(key)]
    id: i64,
    day: Option<NaiveDate>,
    at: Option<NaiveTime>,
    moment: Option<NaiveDateTime>,
    price: Option<Decimal<2>>,
    body: Option<Vec<u8>>,
}

fn things() -> World {
    let world = world();
    world.execute("CREATE TABLE thing (id INTEGER PRIMARY KEY, day DATE, at TIME, moment DATETIME, price NUMERIC(12,2), body BLOB)");
    world.execute(
        "INSERT INTO thing VALUES (1, '2013-03-10', '23:59:59.5', '1969-12-31 23:59:59.5', 12.34, x'00ff'),
           (2, '0001-01-01', '00:00', '2013-03-10T02:30:00', 7, x''), (3, NULL, NULL, NULL, NULL, NULL)",
    );
    world
}

#[test]
fn days_times_decimals_and_bytes_have_their_own_kinds_and_come_back_when_written() {
    let world = things();
    let loaded = world.store.load::<Thing>().run().unwrap();
    let text =
        |column: &str, row: usize| loaded.column(column).unwrap().get(row).unwrap().to_string();
    assert_eq!(text("day", 0), "2013-03-10");
    assert_eq!(text("at", 0), "23:59:59.500");
    assert_eq!(text("moment", 0), "1969-12-31 23:59:59.500");
    assert_eq!(
        (text("price", 0), text("price", 1)),
        ("12.34".into(), "7.00".into())
    );
    assert_eq!(
        loaded.column("body").unwrap().binary().unwrap().get(0),
        Some(&[0, 255][..])
    );
    world.execute("DELETE FROM thing WHERE id = 1");
    let done = world.store.write::<Thing>(&loaded).upsert().unwrap();
    assert_eq!(done.new, 1);
    let again = world.store.load::<Thing>().sort("id").run().unwrap();
    assert_eq!(again.report.hash(), loaded.report.hash());
    world.execute("UPDATE thing SET day = 'yesterday', at = '24:00', price = 1.005 WHERE id = 2");
    let error = world.store.load::<Thing>().run().unwrap_err();
    assert!(
        matches!(&error, FrameError::Mismatch { mismatches, .. } if mismatches.len() == 3),
        "{error}"
    );
}

#[test]
fn a_querys_columns_are_of_their_declared_types_and_expressions_of_those_of_all_values() {
    let world = world();
    let loaded = world
        .store
        .query(
            "SELECT code, installed, active, height * 2 AS twice, count(*) AS n, floors || '' AS text,
               CASE sensor_id WHEN 1 THEN 1 WHEN 2 THEN 'two' END AS mixed, x'01' AS body, NULL AS empty,
               CASE sensor_id WHEN 1 THEN 1 ELSE 0.5 END AS number
             FROM sensor WHERE sensor_id < $1 GROUP BY sensor_id ORDER BY sensor_id",
            [3],
        )
        .run()
        .unwrap();
    assert_eq!(
        loaded.dtypes(),
        [
            DataType::String,
            DataType::Datetime(TimeUnit::Microseconds, Some(TimeZone::UTC)),
            DataType::Boolean,
            DataType::Float64,
            DataType::Int64,
            DataType::String,
            DataType::String,
            DataType::Binary,
            DataType::String,
            DataType::Float64,
        ]
    );
    let mixed: Vec<_> = loaded
        .column("mixed")
        .unwrap()
        .str()
        .unwrap()
        .iter()
        .collect();
    assert_eq!(mixed, [Some("1"), Some("two")]);
    let code = &loaded.report.columns[0];
    assert_eq!(
        (code.declared.as_deref(), code.nullable),
        (Some("TEXT"), Some(false))
    );
    assert_eq!(loaded.report.columns[3].declared, None);
    assert!(loaded.report.mismatches.is_empty());
    for sql in [
        "PRAGMA foreign_keys = OFF",
        "DELETE FROM sensor",
        "DELETE FROM sensor RETURNING code",
        "SELECT 1; SELECT 2",
        "SELECT 1 AS a, 2 AS a",
    ] {
        assert!(world.store.query(sql, ()).run().is_err(), "{sql}");
        assert_eq!(
            world
                .store
                .query("SELECT code FROM sensor", ())
                .run()
                .unwrap()
                .height(),
            3,
            "{sql}"
        );
    }
}

#[test]
fn loads_at_one_snapshot_see_one_state() {
    let world = things();
    let snapshot = world.store.snapshot().unwrap();
    world.execute("DELETE FROM thing");
    for _ in 0..2 {
        assert_eq!(
            world
                .store
                .load::<Thing>()
                .at(&snapshot)
                .run()
                .unwrap()
                .height(),
            3
        );
    }
    assert_eq!(world.store.load::<Thing>().run().unwrap().height(), 0);
    drop(snapshot);
    world.execute("DELETE FROM sensor");
}

#[test]
fn batches_and_partitions_are_the_whole() {
    let world = world();
    world.execute(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
         INSERT INTO sensor SELECT i + 10, 's' || i, '2013-01-01T00:00:00Z', i, i, 1 FROM n",
    );
    #[derive(Record)]
    #[record(table = "sensor")]
    #[allow(dead_code)]
    struct Sensor {
        #[record(key)]
        sensor_id: i64,
        installed: DateTime<Utc>,
    }
    let whole = world
        .store
        .load::<Sensor>()
        .partition_by("sensor_id", 4)
        .run()
        .unwrap();
    assert_eq!((whole.height(), whole.report.partitions), (5_003, 1));
    let mut batches = world.store.load::<Sensor>().batches(2_000);
    let heights: Vec<usize> = batches
        .by_ref()
        .map(|frame| frame.unwrap().height())
        .collect();
    assert_eq!(heights, [2_000, 2_000, 1_003]);
    assert_eq!(batches.report().unwrap().hash(), whole.report.hash());
}

#[test]
fn a_statement_that_takes_long_is_cancelled_in_its_midst() {
    let world = world();
    let cancel = Cancel::default();
    let endless = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) AS m FROM n";
    let query = world.store.query(endless, ()).cancelled_by(&cancel);
    let start = Instant::now();
    let reading = std::thread::spawn(move || query.run());
    std::thread::sleep(Duration::from_millis(100));
    cancel.cancel();
    let error = reading.join().unwrap().unwrap_err();
    assert!(matches!(error, FrameError::Cancelled), "{error}");
    assert!(start.elapsed() < Duration::from_secs(20));
    assert_eq!(
        world
            .store
            .query("SELECT 1 AS one", ())
            .run()
            .unwrap()
            .height(),
        1
    );
}

#[test]
fn mixed_values_of_an_expression_lose_nothing() {
    let world = world();
    let query = |sql: &str| world.store.query(sql, ()).run().unwrap();
    let loaded =
        query("SELECT 0.1 + 0.2 AS v UNION ALL SELECT 'x' UNION ALL SELECT 9007199254740993");
    let values: Vec<_> = loaded.column("v").unwrap().str().unwrap().iter().collect();
    assert_eq!(
        values,
        [
            Some("0.30000000000000004"),
            Some("x"),
            Some("9007199254740993")
        ]
    );
    let loaded = query("SELECT 9007199254740993 AS v UNION ALL SELECT 0.5");
    assert_eq!(loaded.column("v").unwrap().null_count(), 1);
    assert_eq!(loaded.report.mismatches[0].count, 1);
}

#[test]
fn a_column_of_a_type_that_sqlite_does_not_know_is_text() {
    let world = world();
    world.execute("CREATE TABLE free (id UUID, body JSON)");
    world.execute("INSERT INTO free VALUES ('a0eebc99', '{\"a\": 1}')");
    let loaded = world.store.query("SELECT * FROM free", ()).run().unwrap();
    assert_eq!(loaded.dtypes(), [DataType::String, DataType::String]);
    assert!(loaded.report.mismatches.is_empty());
}

#[test]
fn a_snapshot_is_of_its_own_file_and_of_one_connection() {
    let (one, other) = (things(), things());
    let snapshot = one.store.snapshot().unwrap();
    let error = other.store.load::<Thing>().at(&snapshot).run().unwrap_err();
    assert!(matches!(error, FrameError::ForeignSnapshot), "{error}");
    let mut batches = one.store.load::<Thing>().at(&snapshot).batches(1);
    let error = batches.next().unwrap().unwrap_err();
    assert!(error.to_string().contains("leave .at(…) out"), "{error}");
}

#[test]
fn batches_of_a_file_are_cancelled_by_the_callers_cancel() {
    let world = world();
    let cancel = Cancel::default();
    let endless = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT 1 AS one FROM n WHERE i < 0";
    let mut batches = world
        .store
        .query(endless, ())
        .cancelled_by(&cancel)
        .batches(10);
    let stop = cancel.clone();
    let stopping = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(100));
        stop.cancel();
    });
    let error = batches.next().unwrap().unwrap_err();
    assert!(matches!(error, FrameError::Cancelled), "{error}");
    stopping.join().unwrap();
}
