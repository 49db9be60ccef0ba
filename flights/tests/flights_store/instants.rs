//! The flights' instants, checked against what the source says in other ways.

use super::{RECORDS, loaded, number, text};
use chrono::{DurationRound, TimeDelta};
use flights::Flight;
use flights::source::{File, Source};

#[test]
fn every_departure_is_in_the_hour_that_the_source_gives_in_utc() {
    let rows = Source::Embedded.read(File::Flights).unwrap();
    let hours = rows.instant("time_hour").unwrap();
    for (row, flight) in RECORDS.flights.iter().enumerate() {
        let hour = flight
            .scheduled_departure
            .duration_trunc(TimeDelta::hours(1))
            .unwrap();
        assert_eq!(hour, hours.must(row).unwrap(), "row {row}: {flight:?}");
    }
}

#[test]
fn no_flight_that_arrived_was_longer_in_the_air_than_from_gate_to_gate() {
    // The time from gate to gate comes from both time zones and the day of arrival; the time in the air is measured.
    let store = loaded();
    let wrong = number(
        &store,
        "SELECT count(*) FROM (SELECT air_time, arrival_delay - departure_delay
             + round((julianday(scheduled_arrival) - julianday(scheduled_departure)) * 1440) AS gate_to_gate FROM flight)
         WHERE NOT (gate_to_gate > air_time AND gate_to_gate < air_time + 240)",
    );
    assert_eq!(wrong, 0);
}

#[test]
fn scheduled_times_from_gate_to_gate_are_plausible() {
    let minutes = |flight: &Flight| {
        (flight.scheduled_arrival.unwrap() - flight.scheduled_departure).num_minutes()
    };
    let (shortest, longest) = RECORDS
        .flights
        .iter()
        .map(minutes)
        .fold((i64::MAX, 0), |(a, b), m| (a.min(m), b.max(m)));
    assert!(
        shortest >= 30 && longest <= 720,
        "{shortest} to {longest} minutes"
    );
}

#[test]
fn clocks_change_on_10_march_and_3_november() {
    let store = loaded();
    // The first departure of a day, which is at 5:00 or, on the last of these days, 5:20.
    let first = |day: &str| {
        let sql = "SELECT min(scheduled_departure) FROM flight WHERE scheduled_departure BETWEEN $1 AND $2";
        let (from, to) = (format!("{day}T08:30:00Z"), format!("{day}T12:00:00Z"));
        let query = sqlx::query_scalar::<_, String>(sql).bind(from).bind(to);
        store
            .block_on(query.fetch_one(store.sqlite().unwrap()))
            .unwrap()
    };
    assert_eq!(first("2013-03-09"), "2013-03-09T10:00:00Z");
    assert_eq!(first("2013-03-10"), "2013-03-10T09:00:00Z");
    assert_eq!(first("2013-11-02"), "2013-11-02T09:00:00Z");
    assert_eq!(first("2013-11-03"), "2013-11-03T10:20:00Z");
}

#[test]
fn an_overnight_flight_to_puerto_rico_arrives_on_the_next_day() {
    let store = loaded();
    let arrival = text(
        &store,
        "SELECT scheduled_departure || ' ' || scheduled_arrival FROM flight
         WHERE dest = 'BQN' AND carrier = 'B6' AND flight_number = 727 ORDER BY scheduled_departure LIMIT 1",
    );
    assert_eq!(arrival, "2013-01-02T04:59:00Z 2013-01-02T08:37:00Z");
}
