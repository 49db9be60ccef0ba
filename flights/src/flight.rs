//! [`Flight`]: a scheduled departure and what became of it, with clock times made instants.

use crate::clock;
use crate::source::{Rows, SourceError};
use carnet::record::Record;
use carnet::store::relational::{Bound, Row};
use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use std::collections::{HashMap, HashSet};

/// A scheduled departure and what became of it.
#[derive(Debug, Clone, PartialEq, Record)]
#[record(table = "flight")]
pub struct Flight {
    /// Who flies.
    #[record(key)]
    pub carrier: String,
    /// The carrier's number of the flight; the same number leaves each day.
    #[record(key)]
    pub flight_number: i32,
    /// The aircraft's tail number; null when none was reported.
    pub tail: Option<String>,
    /// Where from: FAA code.
    #[record(key)]
    pub origin: String,
    /// Where to: FAA code.
    pub dest: String,
    /// When it should leave.
    #[record(key)]
    pub scheduled_departure: DateTime<Utc>,
    /// When it should arrive; null when the destination's time zone is not known.
    pub scheduled_arrival: Option<DateTime<Utc>>,
    /// Minutes late at departure, negative when early; null when cancelled.
    pub departure_delay: Option<f32>,
    /// Minutes late at arrival, negative when early; null when cancelled or diverted.
    pub arrival_delay: Option<f32>,
    /// Minutes in the air; null when cancelled or diverted.
    pub air_time: Option<f32>,
    /// Miles between the two airports.
    pub distance: f32,
    /// The response that it was read from; null for one that came with the program.
    pub response_id: Option<i64>,
}

impl Flight {
    /// All rows of the file. `zones` has the time zones of airports, `carriers` the known carriers.
    ///
    /// # Errors
    /// When a column or a value is missing, a carrier is not known, an origin has no time zone, or a time is none.
    pub fn read(
        rows: &Rows,
        zones: &HashMap<&str, Tz>,
        carriers: &HashSet<&str>,
    ) -> Result<Vec<Flight>, SourceError> {
        let (year, month, day) = (
            rows.whole("year")?,
            rows.whole("month")?,
            rows.whole("day")?,
        );
        let (leaves, arrives) = (rows.whole("sched_dep_time")?, rows.whole("sched_arr_time")?);
        let (departure_delay, arrival_delay) = (rows.whole("dep_delay")?, rows.whole("arr_delay")?);
        let (carrier, number, tail) = (
            rows.text("carrier")?,
            rows.whole("flight")?,
            rows.text("tailnum")?,
        );
        let (origin, dest) = (rows.text("origin")?, rows.text("dest")?);
        let (air_time, distance) = (rows.whole("air_time")?, rows.whole("distance")?);
        // Minutes and miles are below 2^24, so a 32-bit float holds them exactly.
        let exact = |number: i32| number as f32;
        (0..rows.len())
            .map(|row| {
                let date = date(year.must(row)?, month.must(row)?, day.must(row)?)
                    .ok_or_else(|| day.wrong(row, "is not in that month's calendar"))?;
                let code = carrier.must(row)?;
                if !carriers.contains(code) {
                    return Err(carrier.wrong(row, format!("is {code}, which the airlines lack")));
                }
                let from = origin.must(row)?;
                let zone = *zones.get(from).ok_or_else(|| {
                    origin.wrong(row, format!("is {from}, whose time zone is not known"))
                })?;
                let scheduled_departure = clock::instant(date, leaves.must(row)?, zone)
                    .map_err(|error| leaves.no_instant(row, &error))?;
                let to = dest.must(row)?;
                let clock_there = arrives.must(row)?;
                let scheduled_arrival = zones
                    .get(to)
                    .map(|zone| clock::next(scheduled_departure, clock_there, *zone))
                    .transpose()
                    .map_err(|error| arrives.no_instant(row, &error))?;
                Ok(Flight {
                    carrier: code.to_owned(),
                    flight_number: number.must(row)?,
                    tail: tail.text(row),
                    origin: from.to_owned(),
                    dest: to.to_owned(),
                    scheduled_departure,
                    scheduled_arrival,
                    departure_delay: departure_delay.get(row).map(exact),
                    arrival_delay: arrival_delay.get(row).map(exact),
                    air_time: air_time.get(row).map(exact),
                    distance: exact(distance.must(row)?),
                    response_id: None,
                })
            })
            .collect()
    }
}

fn date(year: i32, month: i32, day: i32) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(year, u32::try_from(month).ok()?, u32::try_from(day).ok()?)
}

impl Row for Flight {
    const PROVENANCE: Option<&'static str> = Some("response_id");

    fn bind(&self, to: &mut Bound) {
        to.text(&self.carrier);
        to.whole_or_null(Some(self.flight_number));
        to.text_or_null(self.tail.as_deref());
        to.text(&self.origin);
        to.text(&self.dest);
        to.instant_or_null(Some(self.scheduled_departure));
        to.instant_or_null(self.scheduled_arrival);
        to.number_or_null(self.departure_delay.map(f64::from));
        to.number_or_null(self.arrival_delay.map(f64::from));
        to.number_or_null(self.air_time.map(f64::from));
        to.number_or_null(Some(f64::from(self.distance)));
        to.whole_or_null(self.response_id);
    }
}
