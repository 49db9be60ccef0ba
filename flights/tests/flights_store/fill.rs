//! What a load puts into the two stores, that typed loads read it back, and that a second run changes nothing.

use super::{LOADED, all_rows, command, fill, loaded, number, run, text};
use bson::doc;
use carnet::store::Upserted;
use flights::{Airline, Airport, Flight, Observation, Plane};
use sqlx::Row;

#[test]
fn every_row_of_the_sample_is_there_and_the_four_unlisted_airports() {
    let store = loaded();
    assert_eq!(number(&store, "SELECT count(*) FROM airline"), 16);
    assert_eq!(
        number(
            &store,
            "SELECT count(*) FROM airport WHERE name IS NOT NULL"
        ),
        1_458
    );
    assert_eq!(
        text(
            &store,
            "SELECT group_concat(faa) FROM airport WHERE name IS NULL ORDER BY faa"
        ),
        "BQN,PSE,SJU,STT"
    );
    assert_eq!(number(&store, "SELECT count(*) FROM plane"), 3_322);
    assert_eq!(number(&store, "SELECT count(*) FROM flight"), 336_776);
    assert_eq!(
        number(&store, "SELECT count(*) FROM document_observation"),
        26_115
    );
    assert_eq!(
        number(&store, "SELECT count(*) FROM pragma_foreign_key_check"),
        0
    );
    assert_eq!(text(&store, "PRAGMA integrity_check"), "ok");
}

#[test]
fn missing_values_are_nulls() {
    let store = loaded();
    assert_eq!(
        number(
            &store,
            "SELECT count(*) FROM flight WHERE departure_delay IS NULL"
        ),
        8_255
    );
    assert_eq!(
        number(
            &store,
            "SELECT count(*) FROM flight WHERE arrival_delay IS NULL"
        ),
        9_430
    );
    assert_eq!(
        number(&store, "SELECT count(*) FROM flight WHERE air_time IS NULL"),
        9_430
    );
    assert_eq!(
        number(&store, "SELECT count(*) FROM flight WHERE tail IS NULL"),
        2_512
    );
    assert_eq!(
        number(
            &store,
            "SELECT count(*) FROM flight WHERE scheduled_arrival IS NULL"
        ),
        0
    );
    assert_eq!(
        number(&store, "SELECT count(*) FROM plane WHERE year IS NULL"),
        70
    );
    assert_eq!(
        number(&store, "SELECT count(*) FROM plane WHERE speed_mph IS NULL"),
        3_299
    );
    assert_eq!(
        text(
            &store,
            "SELECT group_concat(faa) FROM airport WHERE time_zone IS NULL ORDER BY faa"
        ),
        "EEN,LRO,YAK"
    );
}

#[test]
fn dangling_links_are_counted() {
    let store = loaded();
    let sql = include_str!("../../../migrations/queries/links.sql");
    let rows = store
        .block_on(sqlx::query(sql).fetch_all(store.sqlite().unwrap()))
        .unwrap();
    let total = |at: usize| rows.iter().map(|row| row.get::<i64, _>(at)).sum::<i64>();
    assert_eq!((total(1), total(2)), (334_264, 50_094));
    assert_eq!(
        number(
            &store,
            "SELECT count(*) FROM flight WHERE NOT EXISTS (
                 SELECT 1 FROM document_observation
                 WHERE id = origin || '/' || substr(scheduled_departure, 1, 13) || ':00:00Z')"
        ),
        1_556
    );
}

#[test]
fn the_first_flight_of_the_year_reads_back_as_its_record() {
    let flights = loaded()
        .load::<Flight>()
        .filter("carrier = $1 AND flight_number = 1545", ["UA"])
        .limit(1)
        .run()
        .unwrap();
    let frame = flights.frame;
    let cell = |name: &str| frame.column(name).unwrap().get(0).unwrap().to_string();
    let instant = |name: &str| {
        frame
            .column(name)
            .unwrap()
            .datetime()
            .unwrap()
            .physical()
            .get(0)
            .unwrap()
    };
    assert_eq!(
        [cell("tail"), cell("origin"), cell("dest")],
        ["\"N14228\"", "\"EWR\"", "\"IAH\""]
    );
    assert_eq!(
        instant("scheduled_departure"),
        1_357_035_300_000_000,
        "2013-01-01 05:15 in New York"
    );
    assert_eq!(
        instant("scheduled_arrival"),
        1_357_049_940_000_000,
        "2013-01-01 08:19 in Chicago"
    );
    assert_eq!(
        [
            cell("departure_delay"),
            cell("arrival_delay"),
            cell("air_time")
        ],
        ["2.0", "11.0", "227.0"]
    );
}

#[test]
fn every_record_loads_typed_from_what_the_migrations_made() {
    let store = loaded();
    assert_eq!(store.load::<Airline>().run().unwrap().frame.height(), 16);
    assert_eq!(store.load::<Airport>().run().unwrap().frame.height(), 1_462);
    assert_eq!(store.load::<Plane>().run().unwrap().frame.height(), 3_322);
    assert_eq!(
        store.load::<Flight>().run().unwrap().frame.height(),
        336_776
    );
    let weather = store.load::<Observation>().run().unwrap();
    let nulls = |name: &str| weather.frame.column(name).unwrap().null_count();
    assert_eq!(weather.frame.height(), 26_115);
    assert_eq!(
        [
            nulls("wind_gust_mph"),
            nulls("pressure_hpa"),
            nulls("wind_direction_deg")
        ],
        [20_778, 2_729, 460]
    );
    assert_eq!(
        [
            nulls("wind_speed_mph"),
            nulls("temperature_f"),
            nulls("visibility_mi")
        ],
        [4, 1, 0]
    );
}

#[test]
fn documents_are_found_by_station_and_hour() {
    let store = loaded();
    let first = store
        .load::<Observation>()
        .matching(doc! { "_id": "JFK/2013-01-01T06:00:00Z" })
        .run()
        .unwrap();
    assert_eq!(first.frame.height(), 1);
    let at_jfk = store
        .load::<Observation>()
        .matching(doc! { "station": "JFK" })
        .run()
        .unwrap();
    assert_eq!(at_jfk.frame.height(), 8_706);
    // Known to be wrong, and kept.
    let storm = store
        .load::<Observation>()
        .matching(doc! { "obs.wind.speed_mph": { "$gt": 1000.0 } })
        .run()
        .unwrap();
    assert_eq!(
        storm
            .frame
            .column("id")
            .unwrap()
            .get(0)
            .unwrap()
            .to_string(),
        "\"EWR/2013-02-12T08:00:00Z\""
    );
}

#[test]
fn a_second_load_changes_nothing_and_a_third_repairs_what_was_changed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new/carnet.db");
    let output = command(&path).output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        told.contains("336,776")
            && told.contains("BQN, PSE, SJU, STT")
            && told.contains("carnet.db"),
        "{told}"
    );

    let again = fill(&path);
    for entry in &again.filled {
        assert_eq!(
            (entry.written.new, entry.written.changed),
            (0, 0),
            "{}",
            entry.name
        );
    }
    assert_eq!(again.of("airport").unwrap().written.same, 1_462);

    let store = carnet::store::Store::open_file(&path).unwrap();
    run(&store, "UPDATE flight SET tail = 'N0' WHERE flight_id = 1");
    run(&store, "DELETE FROM flight WHERE flight_id = 2");
    run(
        &store,
        "UPDATE document_observation SET body = zeroblob(5) WHERE id = 'JFK/2013-01-01T06:00:00Z'",
    );
    let third = fill(&path);
    let written = |name: &str| third.of(name).unwrap().written;
    assert_eq!(
        written("flight"),
        Upserted {
            new: 1,
            changed: 1,
            same: 336_774
        }
    );
    assert_eq!(
        written("observation"),
        Upserted {
            new: 0,
            changed: 1,
            same: 26_114
        }
    );
    assert_eq!(
        all_rows(&store),
        all_rows(&carnet::store::Store::open_file(&*LOADED).unwrap())
    );
}
