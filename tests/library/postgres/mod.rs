//! PostgreSQL tables into frames by binary COPY, and writing them.

mod binding;
mod failing;
mod kinds;
mod reading;
mod types;
mod writing;

use crate::servers::{Postgres, postgres};
use carnet::frame::FrameError;
use carnet::polars::prelude::*;
use carnet::record::Record;
use chrono::{DateTime, Utc};

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
        text.contains("bigint; write i64 or i32 or f64 or Decimal<0> or String"),
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
