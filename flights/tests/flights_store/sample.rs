//! The five files themselves: their rows, their keys, their size.

use flights::source::{File, Source};
use std::collections::HashSet;

#[test]
fn the_files_have_the_rows_of_the_source_and_stay_small() {
    let rows = File::ALL.map(|file| Source::Embedded.read(file).unwrap().len());
    assert_eq!(rows, [16, 1_458, 3_322, 26_115, 336_776]);
    let bytes: usize = File::ALL.iter().map(|file| file.embedded().len()).sum();
    assert!(bytes <= 6_000_000, "{bytes}");
}

#[test]
fn no_two_flights_share_carrier_number_origin_and_departure() {
    let key = |flight: &'static flights::Flight| {
        (
            &flight.carrier,
            flight.flight_number,
            &flight.origin,
            flight.scheduled_departure,
        )
    };
    let keys: HashSet<_> = super::RECORDS.flights.iter().map(key).collect();
    assert_eq!(keys.len(), 336_776);
}

#[test]
fn no_two_observations_share_station_and_hour() {
    let ids: HashSet<_> = super::RECORDS
        .observations
        .iter()
        .map(|observation| &observation.id)
        .collect();
    assert_eq!(ids.len(), 26_115);
}

#[test]
fn a_measurement_that_was_not_made_is_left_out_of_the_document() {
    let find = |id: &str| {
        super::RECORDS
            .observations
            .iter()
            .find(|observation| observation.id == id)
            .unwrap()
    };
    let calm = find("EWR/2013-03-27T21:00:00Z").document();
    let obs = calm.get_document("obs").unwrap();
    assert!(obs.get("wind").unwrap().is_none());
    assert_eq!(obs.get_f64("temperature_f").unwrap(), 51.98);
    let gusty = find("JFK/2013-01-01T06:00:00Z").document();
    assert!(
        gusty
            .get_document("obs")
            .unwrap()
            .get_document("wind")
            .unwrap()
            .get("gust_mph")
            .unwrap()
            .is_none()
    );
}
