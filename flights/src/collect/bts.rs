//! BTS: the carriers, then the flights, month by month.

use super::plan::month_name;
use super::run::{Sorted, ask, base, begins_with, is_zip, keep, sort, write};
use super::{CollectError, Plan, body, read, unreadable};
use crate::airline::Airline;
use crate::airport::{self, Airport};
use crate::flight::Flight;
use crate::month;
use crate::progress::Progress;
use crate::provider::{ORIGINS, bts};
use carnet::source::Response;
use carnet::store::Store;
use carnet::store::collection::Collecting;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Collects the carriers, and the months of the period that no run has collected yet.
pub(super) async fn collect(
    collecting: &mut Collecting,
    store: &Store,
    plan: &Plan,
    progress: &Progress,
) -> Result<(), CollectError> {
    let base = base(plan, &bts::PROVIDER);
    let is_lookup = |response: &Response| begins_with(response, b"Code,", "the lookup of carriers");
    let response = ask(collecting, &bts::carriers(base.as_deref()), is_lookup).await?;
    let provenance = response.provenance.clone();
    let airlines = Arc::new(read(move || airlines(&response)).await?);
    keep(collecting, &provenance, "airline", &airlines, progress).await?;
    let carriers: Arc<BTreeSet<String>> = Arc::new(
        airlines
            .0
            .iter()
            .map(|airline| airline.carrier.clone())
            .collect(),
    );

    let known = Airport::with_zones(store).await?;
    let has_zone = |faa: &str| {
        let mut airports = known.iter();
        airports.any(|airport| airport.faa == faa && airport.time_zone.is_some())
    };
    if !ORIGINS.iter().all(|origin| has_zone(origin)) {
        return Err(CollectError::NoZones);
    }
    let mut known = Arc::new(known);
    for (year, month) in plan.months() {
        let cursor = month_name((year, month));
        if collecting
            .cursor()
            .is_some_and(|done| done >= cursor.as_str())
        {
            continue;
        }
        let request = bts::month(base.as_deref(), year, month);
        let response = ask(collecting, &request, is_zip).await?;
        let provenance = response.provenance.clone();
        let (of_month, carriers) = (Arc::clone(&known), Arc::clone(&carriers));
        let month_rows = read(move || of_zip(&response, &of_month, &carriers)).await?;
        month::make(store, &month_rows.flights.0).await?;
        let mut step = collecting.step(&provenance).await?;
        if !month_rows.unlisted.is_empty() {
            let unlisted = (month_rows.unlisted.clone(), Vec::new());
            write(&mut step, "airport", &unlisted, progress).await?;
        }
        write(&mut step, "flight", &month_rows.flights, progress).await?;
        step.commit(Some(&cursor)).await?;
        Arc::make_mut(&mut known).extend(month_rows.unlisted);
    }
    Ok(())
}

fn airlines(response: &Response) -> Result<Sorted<Airline>, CollectError> {
    let provenance = &response.provenance;
    let mut sorted = Sorted::default();
    for row in bts::carrier_rows(response.open()?).map_err(unreadable(&provenance.url))? {
        match row.map_err(unreadable(&provenance.url))? {
            Ok(carrier) => sorted.0.extend(carrier.airline().map(|airline| Airline {
                response_id: Some(provenance.id),
                ..airline
            })),
            Err(rejected) => sorted.1.push(rejected),
        }
    }
    Ok(sorted)
}

/// What a month's file gave.
struct Month {
    flights: Sorted<Flight>,
    /// Airports that only its flights name.
    unlisted: Vec<Airport>,
}

fn of_zip(
    response: &Response,
    known: &[Airport],
    carriers: &BTreeSet<String>,
) -> Result<Month, CollectError> {
    let provenance = &response.provenance;
    let mut zip =
        bts::Month::open(response.open()?).map_err(|error| body(&provenance.url, error))?;
    let rows = zip.rows().map_err(|error| body(&provenance.url, error))?;
    // Codes are looked up before zones, since the zone of a place that only flights name may be known all the same.
    let (mut on_time, mut rejected) = (Vec::new(), Vec::new());
    for row in rows {
        match row.map_err(unreadable(&provenance.url))? {
            Ok(row) => on_time.push(row),
            Err(misfit) => rejected.push(misfit),
        }
    }
    let codes = on_time.iter().flat_map(|row| [&row.origin, &row.dest]);
    let unlisted = Airport::unlisted_codes(known, codes.map(String::as_str));
    let mut zones = airport::zones(known);
    zones.extend(airport::zones(&unlisted));
    let mut flights = (Vec::with_capacity(on_time.len()), rejected);
    for row in on_time {
        let flight = row
            .flight(&zones)
            .and_then(|flight| row.of_carrier(carriers).map(|()| flight));
        sort(
            &mut flights,
            flight.map(|flight| Flight {
                response_id: Some(provenance.id),
                ..flight
            }),
        );
    }
    Ok(Month { flights, unlisted })
}
