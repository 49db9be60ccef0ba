//! Tables into frames: types, binding, filters, what does not fit.

use crate::world::world;
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
    height: Option<f32>,
    floors: Option<i32>,
    active: bool,
}

#[test]
fn a_frame_has_exactly_the_records_columns_and_types() {
    let loaded = world().store.load::<Sensor>().run().unwrap();
    let types: Vec<(String, DataType)> = loaded
        .columns()
        .iter()
        .map(|column| (column.name().to_string(), column.dtype().clone()))
        .collect();
    let instant = DataType::Datetime(TimeUnit::Microseconds, Some(TimeZone::UTC));
    let wanted = [
        ("id", DataType::Int64),
        ("code", DataType::String),
        ("installed", instant),
        ("height", DataType::Float32),
        ("floors", DataType::Int32),
        ("active", DataType::Boolean),
    ];
    assert_eq!(types, wanted.map(|(name, kind)| (name.to_owned(), kind)));
    assert_eq!(
        loaded.column("code").unwrap().str().unwrap().get(1),
        Some("söuth")
    );
    let installed = loaded.column("installed").unwrap().datetime().unwrap();
    assert_eq!(installed.physical().get(1), Some(1_383_454_800_250_000));
    assert_eq!(installed.physical().get(2), Some(-1_000_000));
    assert_eq!(loaded.column("height").unwrap().f32().unwrap().get(1), None);
    assert_eq!(
        loaded.column("floors").unwrap().i32().unwrap().get(2),
        Some(i32::MAX)
    );
    assert_eq!(loaded.report.rows, 3);
}

#[test]
fn a_second_filter_does_not_replace_the_first() {
    let load = world().store.load::<Sensor>().filter("active", ());
    let error = load.filter("floors = 3", ()).run().unwrap_err();
    assert!(
        error.to_string().contains("join their conditions by AND"),
        "{error}"
    );
}

#[test]
fn a_load_of_no_column_is_refused() {
    let load = world().store.load::<Sensor>().columns([]);
    assert!(matches!(load.run().unwrap_err(), FrameError::NoColumns));
}

#[test]
fn values_are_bound_never_spliced() {
    let world = world();
    let hostile = "' OR 1=1; DROP TABLE sensor; --";
    assert_eq!(
        world
            .store
            .load::<Sensor>()
            .filter("code = $1", [hostile])
            .run()
            .unwrap()
            .height(),
        0
    );
    let second_first = world
        .store
        .load::<Sensor>()
        .filter("floors = $2 AND code = $1", ["north", "3"]);
    assert_eq!(
        second_first.run().unwrap().height(),
        1,
        "$2 is the second value wherever it stands"
    );
    assert_eq!(world.store.load::<Sensor>().run().unwrap().height(), 3);
}

#[test]
fn a_filter_that_is_more_than_a_condition_is_refused() {
    let world = world();
    for condition in [
        "1=1); DROP TABLE sensor; --",
        "1=1\n); DELETE FROM sensor; --",
    ] {
        let error = world
            .store
            .load::<Sensor>()
            .filter(condition, [0i64; 0])
            .run()
            .unwrap_err();
        assert!(
            matches!(
                error,
                FrameError::Trailing { .. } | FrameError::Sqlite { .. }
            ),
            "{error}"
        );
    }
    assert_eq!(world.store.load::<Sensor>().run().unwrap().height(), 3);
    let error = world
        .store
        .load::<Sensor>()
        .filter("code = $1", ["a", "b"])
        .run()
        .unwrap_err();
    assert!(
        error.to_string().contains("1 placeholders") && error.to_string().contains("2 values"),
        "{error}"
    );
}

#[test]
fn a_record_with_three_wrong_columns_is_one_error_with_three_differences() {
    #[derive(Record)]
    #[record(table = "sensor")]
    #[allow(dead_code)]
    struct Wrong {
        sensor_id: String,
        heigth: Option<f64>,
        floors: i64,
        code: String,
    }
    let error = world().store.load::<Wrong>().run().unwrap_err();
    let FrameError::Record { differences, .. } = &error else {
        panic!("{error}")
    };
    let fields: Vec<&str> = differences
        .iter()
        .map(|difference| difference.field.as_str())
        .collect();
    assert_eq!(fields, ["sensor_id", "heigth", "floors"]);
    let text = error.to_string();
    assert!(text.contains("INTEGER; write i64"), "{text}");
    assert!(
        text.contains("no column heigth") && text.contains("height"),
        "{text}"
    );
    assert!(text.contains("allows nulls; write Option<i64>"), "{text}");
}

#[test]
fn cells_of_another_type_fail_the_load_or_become_counted_nulls() {
    let world = world();
    world.execute("UPDATE sensor SET height = 'tall' WHERE sensor_id IN (1, 3)");
    world.execute("UPDATE sensor SET floors = 3000000000 WHERE sensor_id = 3");
    let error = world.store.load::<Sensor>().run().unwrap_err().to_string();
    assert!(
        error.contains("height") && error.contains("2 rows, such as 1 ("),
        "{error}"
    );
    assert!(
        error.contains("floors") && error.contains("1 row, such as 3 ("),
        "{error}"
    );
    let loaded = world
        .store
        .load::<Sensor>()
        .misfits_as_null()
        .run()
        .unwrap();
    assert_eq!(loaded.report.mismatches.len(), 2);
    assert_eq!(loaded.column("height").unwrap().null_count(), 3);
}

#[test]
fn a_missing_table_and_a_missing_field_name_those_that_exist() {
    #[derive(Record)]
    #[record(table = "sensors")]
    #[allow(dead_code)]
    struct Nowhere {
        code: String,
    }
    let world = world();
    let error = world.store.load::<Nowhere>().run().unwrap_err().to_string();
    assert!(
        error.contains("no table sensors") && error.contains("sensor"),
        "{error}"
    );
    let error = world
        .store
        .load::<Sensor>()
        .columns(["hight"])
        .run()
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("no field hight") && error.contains("height"),
        "{error}"
    );
}

#[test]
fn columns_and_limit_narrow_and_equal_data_has_an_equal_hash() {
    let world = world();
    let one = world
        .store
        .load::<Sensor>()
        .columns(["code", "height"])
        .limit(2)
        .run()
        .unwrap();
    assert_eq!(one.shape(), (2, 2));
    let again = world
        .store
        .load::<Sensor>()
        .columns(["height", "code"])
        .limit(2)
        .run()
        .unwrap();
    assert_eq!(one.report.hash(), again.report.hash());
    world.execute("UPDATE sensor SET height = 12.25 WHERE sensor_id = 1");
    let changed = world
        .store
        .load::<Sensor>()
        .columns(["code", "height"])
        .limit(2)
        .run()
        .unwrap();
    assert_ne!(one.report.hash(), changed.report.hash());
}

#[test]
fn a_null_that_the_catalogue_rules_out_is_a_mismatch_not_a_silent_null() {
    #[derive(Record)]
    #[record(table = "label")]
    #[allow(dead_code)]
    struct Label {
        #[record(key)]
        code: String,
    }
    let world = world();
    // SQLite lets a primary key of a table that is not STRICT hold nulls (sqlite.org/quirks.html, section 5).
    world.execute("CREATE TABLE label (code TEXT PRIMARY KEY)");
    world.execute("INSERT INTO label VALUES ('a'), (NULL)");
    let error = world.store.load::<Label>().run().unwrap_err().to_string();
    assert!(
        error.contains("code") && error.contains("found null in 1 row"),
        "{error}"
    );
}

#[test]
fn a_number_that_a_narrow_float_cannot_hold_does_not_fit() {
    let world = world();
    world.execute("UPDATE sensor SET height = 1e300 WHERE sensor_id = 1");
    let error = world.store.load::<Sensor>().run().unwrap_err().to_string();
    assert!(
        error.contains("height") && error.contains("1 row, such as 1 (1e300)"),
        "{error}"
    );
}

#[test]
fn placeholders_of_both_kinds_in_one_filter_are_refused() {
    let world = world();
    let load = world
        .store
        .load::<Sensor>()
        .filter("code = ? AND floors = $1", ["north", "3"]);
    let error = load.run().unwrap_err();
    assert!(
        matches!(error, FrameError::MixedPlaceholders { number: 1 }),
        "{error}"
    );
}

#[test]
fn instants_compare_as_they_are_stored_and_parts_of_a_second_are_refused() {
    let world = world();
    let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
    let load = |condition, instant| {
        let load = world.store.load::<Sensor>();
        load.filter(condition, [instant]).run()
    };
    let until = load("installed <= $1", at("2013-03-10T06:30:00Z"));
    assert_eq!(until.unwrap().height(), 2);
    let error = load("installed <= $1", at("2013-03-10T06:30:00.5Z")).unwrap_err();
    assert!(error.to_string().contains("whole second"), "{error}");
    let error = load("installed > $1", at("2013-03-10T06:30:00Z")).unwrap_err();
    assert!(
        error.to_string().contains("2013-11-03T05:00:00.25Z"),
        "{error}"
    );
}

#[test]
fn instants_without_an_offset_are_utc_and_can_be_taken_as_text() {
    #[derive(Record)]
    #[record(table = "note")]
    #[allow(dead_code)]
    struct Note {
        made: DateTime<Utc>,
        #[record(path = "made")]
        text: String,
        day: String,
    }
    let world = world();
    world.execute("CREATE TABLE note (made TIMESTAMP NOT NULL, day DATE NOT NULL)");
    world.execute("INSERT INTO note VALUES ('2021-01-04 08:00:00', '2021-01-04'), ('2021-01-04T08:00:00.5', '2021-01-04')");
    let loaded = world.store.load::<Note>().run().unwrap();
    let made = loaded.column("made").unwrap().datetime().unwrap();
    assert_eq!(made.physical().get(0), Some(1_609_747_200_000_000));
    assert_eq!(made.physical().get(1), Some(1_609_747_200_500_000));
    assert_eq!(
        loaded.column("text").unwrap().str().unwrap().get(0),
        Some("2021-01-04 08:00:00")
    );
    let bound = "2021-01-04T07:00:00Z".parse::<DateTime<Utc>>().unwrap();
    let load = world.store.load::<Note>();
    let error = load.filter("made > $1", [bound]).run().unwrap_err();
    assert!(
        error
            .to_string()
            .contains("\"2021-01-04T08:00:00.5\" is not written as"),
        "{error}"
    );
    world.execute("INSERT INTO note VALUES (1609747200, '')");
    let error = world.store.load::<Note>().run().unwrap_err().to_string();
    assert!(
        error.contains("found an integer in 1 row, such as row 3 (1609747200)"),
        "{error}"
    );
}

#[test]
fn columns_of_numeric_of_no_type_and_of_a_view_are_loaded_by_what_they_hold() {
    #[derive(Record)]
    #[record(table = "priced")]
    #[allow(dead_code)]
    struct Priced {
        price: Option<f64>,
        any: Option<String>,
        twice: Option<f64>,
    }
    let world = world();
    world.execute("CREATE TABLE item (price NUMERIC(10,2), any)");
    world.execute("INSERT INTO item VALUES (12.5, 'a'), (3, NULL)");
    world.execute("CREATE VIEW priced AS SELECT price, any, price * 2 AS twice FROM item");
    let loaded = world.store.load::<Priced>().run().unwrap();
    let twice = loaded.column("twice").unwrap().f64().unwrap();
    assert_eq!((twice.get(0), twice.get(1)), (Some(25.0), Some(6.0)));
    world.execute("INSERT INTO item VALUES ('dear', 7)");
    let error = world.store.load::<Priced>().run().unwrap_err().to_string();
    assert!(
        error.contains("price: wanted 64-bit float, found other text")
            && error.contains("any: wanted text, found an integer"),
        "{error}"
    );
}
