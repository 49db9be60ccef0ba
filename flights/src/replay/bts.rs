//! Flights in the format of BTS: a zip file a month with a readme and a CSV file of 109 columns, and the lookup of carriers.
//!
//! The sample does not say whether a flight that left and has no arrival delay was diverted or cancelled after leaving, so
//! `Cancelled` and `Diverted` are empty for those; without a departure time a flight was cancelled.

use super::ReplayError;
use super::respond::Answer;
use super::sample::Sample;
use crate::source::{Cells, Rows, SourceError};
use chrono::{Datelike, NaiveDate};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{self, Cursor, Write};
use std::sync::Arc;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// The columns, in order; true for those whose values are quoted, also when they are empty.
#[rustfmt::skip]
const COLUMNS: [(&str, bool); 109] = [
    ("Year", false), ("Quarter", false), ("Month", false), ("DayofMonth", false), ("DayOfWeek", false), ("FlightDate", false),
    ("Reporting_Airline", true), ("DOT_ID_Reporting_Airline", false), ("IATA_CODE_Reporting_Airline", true), ("Tail_Number", true),
    ("Flight_Number_Reporting_Airline", true),
    ("OriginAirportID", false), ("OriginAirportSeqID", false), ("OriginCityMarketID", false), ("Origin", true), ("OriginCityName", true),
    ("OriginState", true), ("OriginStateFips", true), ("OriginStateName", true), ("OriginWac", false),
    ("DestAirportID", false), ("DestAirportSeqID", false), ("DestCityMarketID", false), ("Dest", true), ("DestCityName", true),
    ("DestState", true), ("DestStateFips", true), ("DestStateName", true), ("DestWac", false),
    ("CRSDepTime", true), ("DepTime", true), ("DepDelay", false), ("DepDelayMinutes", false), ("DepDel15", false),
    ("DepartureDelayGroups", false), ("DepTimeBlk", true), ("TaxiOut", false), ("WheelsOff", true), ("WheelsOn", true), ("TaxiIn", false),
    ("CRSArrTime", true), ("ArrTime", true), ("ArrDelay", false), ("ArrDelayMinutes", false), ("ArrDel15", false),
    ("ArrivalDelayGroups", false), ("ArrTimeBlk", true),
    ("Cancelled", false), ("CancellationCode", true), ("Diverted", false), ("CRSElapsedTime", false), ("ActualElapsedTime", false),
    ("AirTime", false), ("Flights", false), ("Distance", false), ("DistanceGroup", false),
    ("CarrierDelay", false), ("WeatherDelay", false), ("NASDelay", false), ("SecurityDelay", false), ("LateAircraftDelay", false),
    ("FirstDepTime", true), ("TotalAddGTime", false), ("LongestAddGTime", false),
    ("DivAirportLandings", false), ("DivReachedDest", false), ("DivActualElapsedTime", false), ("DivArrDelay", false), ("DivDistance", false),
    ("Div1Airport", true), ("Div1AirportID", false), ("Div1AirportSeqID", false), ("Div1WheelsOn", true),
    ("Div1TotalGTime", false), ("Div1LongestGTime", false), ("Div1WheelsOff", true), ("Div1TailNum", true),
    ("Div2Airport", true), ("Div2AirportID", false), ("Div2AirportSeqID", false), ("Div2WheelsOn", true),
    ("Div2TotalGTime", false), ("Div2LongestGTime", false), ("Div2WheelsOff", true), ("Div2TailNum", true),
    ("Div3Airport", true), ("Div3AirportID", false), ("Div3AirportSeqID", false), ("Div3WheelsOn", true),
    ("Div3TotalGTime", false), ("Div3LongestGTime", false), ("Div3WheelsOff", true), ("Div3TailNum", true),
    ("Div4Airport", true), ("Div4AirportID", false), ("Div4AirportSeqID", false), ("Div4WheelsOn", true),
    ("Div4TotalGTime", false), ("Div4LongestGTime", false), ("Div4WheelsOff", true), ("Div4TailNum", true),
    ("Div5Airport", true), ("Div5AirportID", false), ("Div5AirportSeqID", false), ("Div5WheelsOn", true),
    ("Div5TotalGTime", false), ("Div5LongestGTime", false), ("Div5WheelsOff", true), ("Div5TailNum", true),
];

const README: &str = "<html><head><title>Reporting Carrier On-Time Performance (1987-present)</title></head><body>\
    <p>Replayed from a sample: flights that left EWR, JFK or LGA in 2013.</p></body></html>";

/// The paths of BTS.
pub(super) fn answer(sample: &Sample, path: &str, query: &str) -> Result<Answer, ReplayError> {
    if path == "/Download_Lookup.asp" && query.eq_ignore_ascii_case("Lookup=L_UNIQUE_CARRIERS") {
        return Ok(Answer::of(
            "text/csv; charset=utf-8",
            carriers(sample).into_bytes(),
        ));
    }
    let month = path
        .strip_prefix("/PREZIP/On_Time_Reporting_Carrier_On_Time_Performance_1987_present_2013_")
        .and_then(|rest| rest.strip_suffix(".zip"))
        // The provider writes a month without a leading zero, and knows no other spelling.
        .filter(|month| !month.starts_with('0'))
        .and_then(|month| month.parse().ok());
    let zip = month.map_or(Ok(None), |month| sample.month(month))?;
    Ok(zip.map_or_else(Answer::missing, |zip| {
        Answer::of("application/x-zip-compressed", zip)
    }))
}

fn carriers(sample: &Sample) -> String {
    let mut text = String::from("Code,Description\r\n");
    for airline in &sample.airlines {
        let name = airline.name.replace('"', "\"\"");
        text.push_str(&format!("\"{}\",\"{name}\"\r\n", airline.carrier));
    }
    text
}

/// The zip files of all months.
pub(super) fn months(flights: &Rows) -> Result<BTreeMap<u32, Arc<[u8]>>, ReplayError> {
    let departures = Departures::of(flights)?;
    let write = |source| ReplayError::Write {
        what: "flights",
        source,
    };
    let mut months: BTreeMap<u32, ZipWriter<Cursor<Vec<u8>>>> = BTreeMap::new();
    for row in 0..flights.len() {
        let date = departures.date(row)?;
        let zip = match months.entry(date.month()) {
            std::collections::btree_map::Entry::Occupied(entry) => entry.into_mut(),
            std::collections::btree_map::Entry::Vacant(entry) => {
                entry.insert(begin(date.month()).map_err(write)?)
            }
        };
        let line = departures.line(row, date)?;
        write_line(zip, &line).map_err(write)?;
    }
    let finished = months.into_iter().map(|(month, zip)| {
        let bytes = zip.finish().map_err(io::Error::other)?.into_inner();
        Ok((month, bytes.into()))
    });
    finished.collect::<io::Result<_>>().map_err(write)
}

fn begin(month: u32) -> io::Result<ZipWriter<Cursor<Vec<u8>>>> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    // The fastest, as it is made while somebody waits.
    let options = SimpleFileOptions::default().compression_level(Some(1));
    zip.start_file("readme.html", options)
        .map_err(io::Error::other)?;
    zip.write_all(README.as_bytes())?;
    let name =
        format!("On_Time_Reporting_Carrier_On_Time_Performance_(1987_present)_2013_{month}.csv");
    zip.start_file(name, options).map_err(io::Error::other)?;
    for (column, _) in COLUMNS {
        write!(zip, "\"{column}\",")?;
    }
    zip.write_all(b"\n")?;
    Ok(zip)
}

/// The values of a line by their columns' names; all others are empty.
type Line<'a> = Vec<(&'static str, Cow<'a, str>)>;

fn write_line(to: &mut impl Write, line: &Line<'_>) -> io::Result<()> {
    let mut values = line.iter().peekable();
    let mut text = String::with_capacity(400);
    for (column, is_quoted) in COLUMNS {
        let value = values.next_if(|(name, _)| *name == column);
        let value = value.map_or("", |(_, value)| value.as_ref());
        if is_quoted {
            text.push('"');
            text.push_str(value);
            text.push('"');
        } else {
            text.push_str(value);
        }
        text.push(',');
    }
    if let Some((name, _)) = values.next() {
        return Err(io::Error::other(format!(
            "{name} is not in the order of the columns"
        )));
    }
    text.push('\n');
    to.write_all(text.as_bytes())
}

/// The columns of the sample's flights.
struct Departures<'a> {
    year: Cells<'a, i32>,
    month: Cells<'a, i32>,
    day: Cells<'a, i32>,
    carrier: Cells<'a, &'a str>,
    number: Cells<'a, i32>,
    tail: Cells<'a, &'a str>,
    origin: Cells<'a, &'a str>,
    dest: Cells<'a, &'a str>,
    leaves: Cells<'a, i32>,
    left: Cells<'a, i32>,
    departure_delay: Cells<'a, i32>,
    arrives: Cells<'a, i32>,
    arrived: Cells<'a, i32>,
    arrival_delay: Cells<'a, i32>,
    air_time: Cells<'a, i32>,
    distance: Cells<'a, i32>,
}

impl<'a> Departures<'a> {
    fn of(rows: &'a Rows) -> Result<Departures<'a>, SourceError> {
        Ok(Departures {
            year: rows.whole("year")?,
            month: rows.whole("month")?,
            day: rows.whole("day")?,
            carrier: rows.text("carrier")?,
            number: rows.whole("flight")?,
            tail: rows.text("tailnum")?,
            origin: rows.text("origin")?,
            dest: rows.text("dest")?,
            leaves: rows.whole("sched_dep_time")?,
            left: rows.whole("dep_time")?,
            departure_delay: rows.whole("dep_delay")?,
            arrives: rows.whole("sched_arr_time")?,
            arrived: rows.whole("arr_time")?,
            arrival_delay: rows.whole("arr_delay")?,
            air_time: rows.whole("air_time")?,
            distance: rows.whole("distance")?,
        })
    }

    fn date(&self, row: usize) -> Result<NaiveDate, SourceError> {
        let part = |number: i32| u32::try_from(number).unwrap_or_default();
        let (month, day) = (part(self.month.must(row)?), part(self.day.must(row)?));
        NaiveDate::from_ymd_opt(self.year.must(row)?, month, day)
            .ok_or_else(|| self.day.wrong(row, "is not in that month's calendar"))
    }

    fn line(&self, row: usize, date: NaiveDate) -> Result<Line<'_>, SourceError> {
        let plain = |number: u32| Cow::Owned(number.to_string());
        let clock =
            |hmm: Option<i32>| hmm.map_or(Cow::Borrowed(""), |hmm| format!("{hmm:04}").into());
        let decimal = |number: Option<i32>| {
            number.map_or(Cow::Borrowed(""), |number| format!("{number}.00").into())
        };
        let delay = self.departure_delay.get(row);
        let arrival = self.arrival_delay.get(row);
        let late = |delay: Option<i32>| delay.map(|minutes| minutes.max(0));
        let is_late = |delay: Option<i32>| delay.map(|minutes| i32::from(minutes >= 15));
        let (cancelled, diverted) = match (self.left.get(row), arrival) {
            (None, _) => (Some(1), Some(0)),
            (Some(_), Some(_)) => (Some(0), Some(0)),
            (Some(_), None) => (None, None),
        };
        let carrier = self.carrier.must(row)?;
        Ok(vec![
            ("Year", Cow::Owned(date.year().to_string())),
            ("Quarter", plain(date.month0() / 3 + 1)),
            ("Month", plain(date.month())),
            ("DayofMonth", plain(date.day())),
            ("DayOfWeek", plain(date.weekday().number_from_monday())),
            ("FlightDate", Cow::Owned(date.to_string())),
            ("Reporting_Airline", carrier.into()),
            ("IATA_CODE_Reporting_Airline", carrier.into()),
            (
                "Tail_Number",
                self.tail.text(row).unwrap_or_default().into(),
            ),
            (
                "Flight_Number_Reporting_Airline",
                self.number.must(row)?.to_string().into(),
            ),
            ("Origin", self.origin.must(row)?.into()),
            ("Dest", self.dest.must(row)?.into()),
            ("CRSDepTime", clock(Some(self.leaves.must(row)?))),
            ("DepTime", clock(self.left.get(row))),
            ("DepDelay", decimal(delay)),
            ("DepDelayMinutes", decimal(late(delay))),
            ("DepDel15", decimal(is_late(delay))),
            ("CRSArrTime", clock(Some(self.arrives.must(row)?))),
            ("ArrTime", clock(self.arrived.get(row))),
            ("ArrDelay", decimal(arrival)),
            ("ArrDelayMinutes", decimal(late(arrival))),
            ("ArrDel15", decimal(is_late(arrival))),
            ("Cancelled", decimal(cancelled)),
            ("Diverted", decimal(diverted)),
            ("AirTime", decimal(self.air_time.get(row))),
            ("Flights", "1.00".into()),
            ("Distance", decimal(Some(self.distance.must(row)?))),
        ])
    }
}
