//! Queries without a record, readers that share one snapshot, frames in batches, progress.

use super::{Sensor, sensors};
use crate::servers::{Postgres, postgres};
use carnet::frame::{FrameError, content_hash};
use carnet::polars::prelude::*;
use carnet::record::Record;
use std::sync::{Arc, Mutex};

#[test]
fn a_querys_columns_have_the_databases_types_and_its_values_are_bound() {
    let database = sensors();
    let query = "SELECT s.code, s.price, count(*) AS n, sum(s.price) AS total, s.installed::date AS day,
                   array_agg(s.floors) AS floors, max(s.height) AS height, '10.0.0.1'::inet AS address
                 FROM sensor s WHERE s.code <> $1 AND s.sensor_id < $2 GROUP BY 1, 2, 5 ORDER BY 1;";
    let loaded = database.store.query(query, ("it's", 5)).run().unwrap();
    assert_eq!(
        loaded.dtypes(),
        [
            DataType::String,
            DataType::Decimal(38, 4),
            DataType::Int64,
            DataType::Float64,
            DataType::Date,
            DataType::List(Box::new(DataType::Int32)),
            DataType::Float64,
            DataType::String,
        ]
    );
    assert_eq!(loaded.height(), 2);
    assert_eq!(
        loaded.column("address").unwrap().str().unwrap().get(0),
        Some("10.0.0.1/32")
    );
    let code = &loaded.report.columns[0];
    assert_eq!(
        (code.declared.as_deref(), code.nullable),
        (Some("character varying(20)"), Some(false))
    );
    assert_eq!(loaded.report.columns[2].nullable, Some(true));
    let outer = "SELECT s.code FROM generate_series(1, 2) i LEFT JOIN sensor s ON s.sensor_id = -i";
    let loaded = database.store.query(outer, ()).run().unwrap();
    assert_eq!(
        (
            loaded.report.columns[0].nullable,
            loaded.report.columns[0].nulls
        ),
        (None, 2)
    );
}

#[test]
fn a_query_that_changes_something_or_is_none_is_refused() {
    let database = sensors();
    let refused = |sql: &str| database.store.query(sql, ()).run().unwrap_err().to_string();
    for sql in [
        "DELETE FROM sensor RETURNING code",
        "SELECT 1) TO STDOUT; DROP TABLE sensor; --",
        "SELECT 1; DROP TABLE sensor",
        "SELECT 1 AS a, 2 AS a",
        "SELEC 1",
        "SELECT $1::int",
    ] {
        let error = refused(sql);
        assert!(!error.is_empty(), "{sql}");
        assert_eq!(database.number("SELECT count(*) FROM sensor"), 3, "{sql}");
    }
    assert!(refused("SELECT 1 AS a, 2 AS a").contains("two columns a"));
}

#[derive(Record)]
#[record(table = "wide")]
#[allow(dead_code)]
struct Wide {
    #[record(key)]
    id: i64,
    part: Option<i32>,
    day: Option<chrono::NaiveDate>,
    label: String,
}

fn wide() -> Postgres {
    let database = postgres();
    database.execute(
        "CREATE TABLE wide (id int8 PRIMARY KEY, part int4, day date, label text NOT NULL);
         INSERT INTO wide SELECT i, CASE WHEN i % 7 > 0 THEN (i * i) % 1000 - 500 END,
           CASE WHEN i % 5 > 0 THEN date '2013-01-01' + (i % 365)::int END, 'row ' || i FROM generate_series(1, 10000) AS i",
    );
    database
}

#[test]
fn partitions_have_each_row_once_whatever_they_are_ranges_of() {
    let database = wide();
    let whole = database.store.load::<Wide>().run().unwrap();
    for (field, readers) in [
        ("id", 2),
        ("id", 7),
        ("part", 3),
        ("day", 4),
        ("ctid", 3),
        ("id", 1),
    ] {
        let load = database.store.load::<Wide>().partition_by(field, readers);
        let loaded = load.run().unwrap();
        assert_eq!(loaded.height(), 10_000, "{field} by {readers}");
        assert_eq!(
            loaded.report.hash(),
            whole.report.hash(),
            "{field} by {readers}"
        );
        assert_eq!(loaded.report.partitions, readers);
        assert_eq!(loaded.report.query, whole.report.query);
    }
    let narrowed = |load: carnet::frame::Load<Wide>| load.filter("part > $1", [100]).run().unwrap();
    let one = narrowed(database.store.load::<Wide>());
    let shared = narrowed(database.store.load::<Wide>().partition_by("id", 3));
    assert!(one.height() > 1_000);
    assert_eq!(shared.report.hash(), one.report.hash());
    database.execute("DELETE FROM wide");
    let empty = database
        .store
        .load::<Wide>()
        .partition_by("id", 3)
        .run()
        .unwrap();
    assert_eq!((empty.height(), empty.width()), (0, 4));
    let error = database
        .store
        .load::<Wide>()
        .partition_by("label", 2)
        .run()
        .unwrap_err();
    assert!(error.to_string().contains("label: it is text"), "{error}");
    database.execute(
        "ALTER TABLE wide RENAME TO narrow; CREATE VIEW wide AS SELECT * FROM narrow WHERE id IS NOT NULL",
    );
    let load = database.store.load::<Wide>().partition_by("ctid", 2);
    let error = load.run().unwrap_err().to_string();
    assert!(error.contains("no table of its own"), "{error}");
    let error = database
        .store
        .load::<Wide>()
        .partition_by("id", 99)
        .run()
        .unwrap_err();
    assert!(matches!(error, FrameError::Partition { .. }), "{error}");
}

#[test]
fn misfits_of_all_partitions_are_one_error() {
    let database = wide();
    database.execute("UPDATE wide SET day = 'infinity' WHERE id IN (1, 5000, 9999)");
    let error = database
        .store
        .load::<Wide>()
        .partition_by("id", 3)
        .run()
        .unwrap_err();
    let FrameError::Mismatch { mismatches, .. } = &error else {
        panic!("{error}")
    };
    assert_eq!((mismatches.len(), mismatches[0].count), (1, 3));
    assert_eq!(mismatches[0].examples, ["1", "5000", "9999"]);
}

#[test]
fn loads_at_one_snapshot_see_one_state_and_a_later_load_another() {
    let database = wide();
    let snapshot = database.store.snapshot().unwrap();
    database.execute("DELETE FROM wide WHERE id > 10");
    let store = &database.store;
    let at = |load: carnet::frame::Load<Wide>| load.at(&snapshot).run().unwrap();
    assert_eq!(at(store.load()).height(), 10_000);
    assert_eq!(at(store.load().partition_by("id", 2)).height(), 10_000);
    let counted = store
        .query("SELECT count(*) AS n FROM wide", ())
        .at(&snapshot)
        .run()
        .unwrap();
    assert_eq!(
        counted.column("n").unwrap().i64().unwrap().get(0),
        Some(10_000)
    );
    assert_eq!(store.load::<Wide>().run().unwrap().height(), 10);
    let told = at(store.load()).report.snapshot.unwrap();
    assert_eq!(snapshot.to_string(), format!("the state of {told}"));
    drop(snapshot);
    let error = crate::world::world()
        .store
        .load::<Wide>()
        .at(&store.snapshot().unwrap())
        .run();
    assert!(matches!(error.unwrap_err(), FrameError::ForeignSnapshot));
}

#[test]
fn batches_are_the_whole_in_pieces_with_its_hash() {
    let database = wide();
    let whole = database.store.load::<Wide>().run().unwrap();
    for readers in [1, 3] {
        let load = database.store.load::<Wide>().partition_by("id", readers);
        let mut batches = load.batches(3_000);
        let frames: Vec<DataFrame> = batches.by_ref().map(Result::unwrap).collect();
        let heights: Vec<usize> = frames.iter().map(DataFrame::height).collect();
        assert_eq!(heights.iter().sum::<usize>(), 10_000);
        if readers == 1 {
            assert_eq!(heights, [3_000, 3_000, 3_000, 1_000]);
        }
        let mut all = DataFrame::empty_with_schema(frames[0].schema());
        frames.iter().for_each(|frame| {
            all.vstack_mut(frame).unwrap();
        });
        let report = batches.report().unwrap();
        assert_eq!(content_hash(&all), whole.report.hash());
        assert_eq!(report.hash(), whole.report.hash());
        assert_eq!(
            (report.rows, report.columns[1].nulls),
            (10_000, whole.report.columns[1].nulls)
        );
    }
    let mut none = database
        .store
        .load::<Wide>()
        .filter("id < 0", ())
        .batches(10);
    assert_eq!(none.next().unwrap().unwrap().shape(), (0, 4));
    assert!(none.next().is_none());
}

#[test]
fn a_misfit_ends_batches_before_the_frame_that_has_it() {
    let database = wide();
    database.execute("UPDATE wide SET day = 'infinity' WHERE id = 2500");
    let mut batches = database.store.load::<Wide>().sort("id").batches(1_000);
    assert_eq!(batches.by_ref().take(2).map(Result::unwrap).count(), 2);
    let error = batches.next().unwrap().unwrap_err();
    assert!(error.to_string().contains("such as 2500"), "{error}");
    assert!(batches.next().is_none());
}

#[test]
fn rows_are_sorted_as_every_store_sorts_them() {
    let database = sensors();
    database.execute("INSERT INTO sensor VALUES (4, 'Zoo', now(), -1, 2, true, 1)");
    let codes = |load: carnet::frame::Load<Sensor>| -> Vec<String> {
        let loaded = load.run().unwrap();
        let codes = loaded.column("code").unwrap().str().unwrap().clone();
        codes.iter().map(|code| code.unwrap().to_owned()).collect()
    };
    let load = || database.store.load::<Sensor>();
    assert_eq!(codes(load().sort("code")), ["", "Zoo", "north", "söuth"]);
    assert_eq!(
        codes(load().sort_descending("height").limit(2)),
        ["north", "Zoo"]
    );
    assert_eq!(
        codes(load().sort("active").sort_descending("id")),
        ["söuth", "", "Zoo", "north"]
    );
    let error = load().sort("nothing").run().unwrap_err().to_string();
    assert!(
        error.contains("no field nothing; it has: id, code"),
        "{error}"
    );
}

#[test]
fn a_long_load_tells_how_far_it_is() {
    let database = postgres();
    database.execute(
        "CREATE VIEW slow AS SELECT i AS n FROM generate_series(1, 40000) AS i WHERE i % 1000 > 0 OR pg_sleep(0.02) IS NOT NULL",
    );
    #[derive(Record)]
    #[record(table = "slow")]
    #[allow(dead_code)]
    struct Slow {
        n: Option<i32>,
    }
    let told = Arc::new(Mutex::new(Vec::new()));
    let here = told.clone();
    let load = database.store.load::<Slow>();
    load.on_progress(move |progress| here.lock().unwrap().push(progress.rows))
        .run()
        .unwrap();
    let told = told.lock().unwrap();
    assert!(told.len() >= 2 && told.is_sorted(), "{told:?}");
    assert!(
        told.iter().all(|rows| *rows > 0 && *rows <= 40_000),
        "{told:?}"
    );
}
