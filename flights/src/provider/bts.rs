//! BTS TranStats: the on-time performance of reporting carriers, a zip file a month, and the lookup of carrier names.

use super::zip_entry::{self, Limited, ZipError};
use super::{Declared, ORIGINS, Provider, Refused, Request, declared};
use crate::airline::Airline;
use crate::clock::{self, ClockError};
use crate::flight::Flight;
use carnet::record::Record;
use carnet::record::extract::{Column, ExtractError, Extracted, Format, Rejected, Rows, Table};
use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use serde::Deserialize;
use std::collections::{BTreeSet, HashMap};
use std::io::{Read, Seek};
use std::sync::LazyLock;
use std::time::Duration;
use thiserror::Error;
use zip::ZipArchive;
use zip::read::ZipFile;

/// The provider.
pub const PROVIDER: Provider = Provider {
    name: "bts",
    title: "US Bureau of Transportation Statistics, TranStats: reporting carrier on-time performance",
    base: "https://transtats.bts.gov",
    gives: "Every scheduled flight of the reporting carriers: date, carrier, number, tail, airports, scheduled and actual local clock times, delays, cancellations, diversions, distance. The names of carriers come from its lookup of carrier codes.",
    access: "GET /PREZIP/On_Time_Reporting_Carrier_On_Time_Performance_1987_present_YYYY_M.zip, one file a month, the month without a leading zero; GET /Download_Lookup.asp?Lookup=L_UNIQUE_CARRIERS for names. A month appears four to ten weeks after it ends, and old months are issued again: Last-Modified and the hash say when.",
    structure: "A zip file with readme.html and one CSV file of 109 columns, each line ended by a comma. Two generations of the header are read (Reporting_Airline, before that UniqueCarrier). Text and clock times are quoted, clock times are local hhmm with 2400 for the midnight that ends the day, whole numbers are written as decimals, an empty cell is a null.",
    licence: "Work of the United States government, in the public domain.",
    terms: "No terms for automatic requests were found; robots.txt is obeyed, one request at a time, and a file that was fetched is asked for again only with its ETag.",
    gap: Duration::from_secs(2),
    refused: &[
        Refused {
            what: "flights that do not leave EWR, JFK or LGA",
            why: "outside the question; they are counted and not kept",
        },
        Refused {
            what: "causes of delay, taxi and wheels times as features",
            why: "known only after the flight: they would tell the answer",
        },
        Refused {
            what: "a connection whose certificate cannot be verified",
            why: "the host has served an incomplete chain at times; checking is never switched off",
        },
    ],
};

/// The request for a month. `base` is another server to ask, such as a replay.
pub fn month(base: Option<&str>, year: i32, month: u32) -> Request {
    let path = format!(
        "/PREZIP/On_Time_Reporting_Carrier_On_Time_Performance_1987_present_{year}_{month}.zip"
    );
    PROVIDER.request(base, &path, "application/zip, application/octet-stream")
}

/// The request for the names of carriers.
pub fn carriers(base: Option<&str>) -> Request {
    PROVIDER.request(
        base,
        "/Download_Lookup.asp?Lookup=L_UNIQUE_CARRIERS",
        "text/csv, text/plain",
    )
}

/// A line of the file, as sent: those of its 109 columns that are used. Times are local clock times, `hhmm`.
#[derive(Debug, Clone, PartialEq, Record, Deserialize)]
pub struct OnTime {
    /// The day of the scheduled departure, at the origin.
    pub date: NaiveDate,
    /// Who reports the flight.
    pub carrier: String,
    /// Tail number; null when none was reported.
    pub tail: Option<String>,
    /// The carrier's number of the flight.
    pub number: i32,
    /// Where from.
    pub origin: String,
    /// Where to.
    pub dest: String,
    /// When it should leave, at the origin.
    pub scheduled_departure: String,
    /// When it left, at the origin.
    pub departure: Option<String>,
    /// Minutes late at departure, negative when early.
    pub departure_delay: Option<i32>,
    /// When it should arrive, at the destination.
    pub scheduled_arrival: String,
    /// When it arrived, at the destination.
    pub arrival: Option<String>,
    /// Minutes late at arrival, negative when early.
    pub arrival_delay: Option<i32>,
    /// Whether it was cancelled.
    pub cancelled: Option<bool>,
    /// Why it was cancelled: A carrier, B weather, C national air system, D security.
    pub cancellation_code: Option<String>,
    /// Whether it landed elsewhere first or only.
    pub diverted: Option<bool>,
    /// Minutes in the air.
    pub air_time: Option<i32>,
    /// Miles between the two airports.
    pub distance: i32,
    /// When it left the gate first, if it came back to it.
    pub first_departure: Option<String>,
    /// Minutes on the ground away from a gate, when it came back to it or was cancelled after leaving it.
    pub ground_time: Option<i32>,
    /// Whether a diverted flight reached its destination.
    pub reached: Option<bool>,
    /// Minutes late at arrival of a diverted flight that reached its destination.
    pub diverted_delay: Option<i32>,
}

static ON_TIME: Declared<Table<OnTime>> = LazyLock::new(|| {
    Table::new([
        Column::new("date", "FlightDate"),
        Column::new("carrier", "Reporting_Airline").or("UniqueCarrier"),
        Column::new("tail", "Tail_Number").or("TailNum"),
        Column::new("number", "Flight_Number_Reporting_Airline").or("FlightNum"),
        Column::new("origin", "Origin"),
        Column::new("dest", "Dest"),
        Column::new("scheduled_departure", "CRSDepTime").format(Format::Clock),
        Column::new("departure", "DepTime").format(Format::Clock),
        Column::new("departure_delay", "DepDelay"),
        Column::new("scheduled_arrival", "CRSArrTime").format(Format::Clock),
        Column::new("arrival", "ArrTime").format(Format::Clock),
        Column::new("arrival_delay", "ArrDelay"),
        Column::new("cancelled", "Cancelled"),
        Column::new("cancellation_code", "CancellationCode"),
        Column::new("diverted", "Diverted"),
        Column::new("air_time", "AirTime"),
        Column::new("distance", "Distance"),
        Column::new("first_departure", "FirstDepTime").format(Format::Clock),
        Column::new("ground_time", "TotalAddGTime"),
        Column::new("reached", "DivReachedDest"),
        Column::new("diverted_delay", "DivArrDelay"),
    ])?
    .only("origin", ORIGINS)
});

/// Why a month cannot be read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BtsError {
    /// The zip file.
    #[error(transparent)]
    Zip(#[from] ZipError),
    /// The CSV file in it.
    #[error(transparent)]
    Extract(#[from] ExtractError),
}

const WHAT: &str = "on-time performance";

/// The zip file of a month.
#[derive(Debug)]
pub struct Month<D: Read + Seek> {
    archive: ZipArchive<D>,
    table: usize,
}

impl<D: Read + Seek> Month<D> {
    /// Looks for the CSV file, by what its first line says and not by its name.
    ///
    /// # Errors
    /// When the body is no zip file, or has no such file in it.
    pub fn open(data: D) -> Result<Month<D>, BtsError> {
        let mut archive = zip_entry::open(data, WHAT)?;
        for table in 0..archive.len() {
            let mut begin = Vec::new();
            zip_entry::entry(&mut archive, table, WHAT)?
                .take(4_096)
                .read_to_end(&mut begin)
                .map_err(|source| ZipError::Read { what: WHAT, source })?;
            let line = begin
                .split(|byte| *byte == b'\n')
                .next()
                .unwrap_or_default();
            let has = |name: &[u8]| line.windows(name.len()).any(|part| part == name);
            if has(b"FlightDate") && has(b"CRSDepTime") {
                return Ok(Month { archive, table });
            }
        }
        Err(zip_entry::missing(
            &archive,
            "CSV file whose header has FlightDate and CRSDepTime",
        )
        .into())
    }

    /// Reads it, line by line as it is decompressed. Flights from elsewhere are counted by [`Rows::out_of_scope`].
    ///
    /// # Errors
    /// When the header lacks a column that is needed; all of them are named.
    pub fn rows(&mut self) -> Result<MonthRows<'_, D>, BtsError> {
        let entry = zip_entry::entry(&mut self.archive, self.table, WHAT)?;
        Ok(rows(entry)?)
    }
}

/// When a flight should leave and, where the zone is known, arrive.
type Instants = (DateTime<Utc>, Option<DateTime<Utc>>);

/// The lines of a month, decompressed as they are read.
pub type MonthRows<'a, D> = Rows<'static, OnTime, Limited<ZipFile<'a, D>>>;

/// The lines of the CSV file itself.
///
/// # Errors
/// When the header lacks a column that is needed; all of them are named.
pub fn rows<D: Read>(data: D) -> Result<Rows<'static, OnTime, D>, ExtractError> {
    declared(&ON_TIME)?.read(data)
}

impl OnTime {
    /// The flight, its clock times made instants. `zones` has the time zones of airports.
    ///
    /// # Errors
    /// When the origin's time zone is not known, or two columns contradict each other.
    pub fn flight(&self, zones: &HashMap<&str, Tz>) -> Extracted<Flight> {
        let reject = |rule: &str, reason: String| {
            let place = format!(
                "flight {} {} from {} on {}",
                self.carrier, self.number, self.origin, self.date
            );
            Err(Rejected::new(
                place,
                rule,
                reason,
                format!("{self:?}").as_bytes(),
            ))
        };
        if self.cancelled == Some(true) && self.arrival_delay.is_some() {
            return reject("a cancelled flight has no ArrDelay", "found one".into());
        }
        if self.diverted == Some(true) && self.arrival_delay.is_some() {
            return reject("a diverted flight has no ArrDelay", "found one".into());
        }
        if self.air_time.is_some() != self.arrival_delay.is_some() {
            return reject(
                "AirTime is there when ArrDelay is",
                format!(
                    "AirTime {:?}, ArrDelay {:?}",
                    self.air_time, self.arrival_delay
                ),
            );
        }
        let Some(zone) = zones.get(self.origin.as_str()) else {
            return reject(
                "the origin's time zone is known",
                format!("{} has none", self.origin),
            );
        };
        let instants = self.instants(*zone, zones.get(self.dest.as_str()).copied());
        let (scheduled_departure, scheduled_arrival) = match instants {
            Ok(instants) => instants,
            Err(error) => return reject("the scheduled times are instants", error.to_string()),
        };
        // Minutes and miles are below 2^24, so a 32-bit float holds them exactly.
        let exact = |number: i32| number as f32;
        Ok(Flight {
            carrier: self.carrier.clone(),
            flight_number: self.number,
            tail: self.tail.clone(),
            origin: self.origin.clone(),
            dest: self.dest.clone(),
            scheduled_departure,
            scheduled_arrival,
            departure_delay: self.departure_delay.map(exact),
            arrival_delay: self.arrival_delay.map(exact),
            air_time: self.air_time.map(exact),
            distance: exact(self.distance),
            response_id: None,
        })
    }

    /// Nothing, when its carrier is one of these.
    ///
    /// # Errors
    /// When it is not.
    pub fn of_carrier(&self, carriers: &BTreeSet<String>) -> Extracted<()> {
        if carriers.contains(&self.carrier) {
            return Ok(());
        }
        Err(Rejected::new(
            format!(
                "flight {} {} from {} on {}",
                self.carrier, self.number, self.origin, self.date
            ),
            "the carrier is in the lookup of carriers",
            format!("found {:?}", self.carrier),
            format!("{self:?}").as_bytes(),
        ))
    }

    fn instants(&self, from: Tz, to: Option<Tz>) -> Result<Instants, ClockError> {
        // Both are four digits, as their format says.
        let hmm = |clock: &str| clock.parse().unwrap_or(-1);
        let (leaves, arrives) = (hmm(&self.scheduled_departure), hmm(&self.scheduled_arrival));
        let departure = clock::instant(self.date, leaves, from)?;
        let arrival = to
            .map(|zone| clock::next(departure, arrives, zone))
            .transpose()?;
        Ok((departure, arrival))
    }
}

/// A line of the lookup of carriers.
#[derive(Debug, Clone, PartialEq, Record, Deserialize)]
pub struct Carrier {
    /// Code: two characters, more for one that another carrier had before.
    pub code: String,
    /// Full name.
    pub description: String,
}

static CARRIERS: Declared<Table<Carrier>> = LazyLock::new(|| {
    Table::new([
        Column::new("code", "Code"),
        Column::new("description", "Description"),
    ])
});

/// The lines of the lookup of carriers.
///
/// # Errors
/// When the header is another.
pub fn carrier_rows<D: Read>(data: D) -> Result<Rows<'static, Carrier, D>, ExtractError> {
    declared(&CARRIERS)?.read(data)
}

impl Carrier {
    /// The airline; none for the code of a former carrier, such as `PA (1)`.
    pub fn airline(&self) -> Option<Airline> {
        (self.code.len() == 2).then(|| Airline {
            carrier: self.code.clone(),
            name: self.description.clone(),
            response_id: None,
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use chrono_tz::America::{Los_Angeles, New_York};
    use std::io::{Cursor, Write};
    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    const NEW: &str =
        "\"FlightDate\",\"Reporting_Airline\",\"Tail_Number\",\"Flight_Number_Reporting_Airline\",";
    const OLD: &str = "\"FlightDate\",\"UniqueCarrier\",\"TailNum\",\"FlightNum\",";
    const REST: &str = "\"Origin\",\"OriginCityName\",\"Dest\",\"CRSDepTime\",\"DepTime\",\"DepDelay\",\"CRSArrTime\",\"ArrTime\",\"ArrDelay\",\"Cancelled\",\"CancellationCode\",\"Diverted\",\"AirTime\",\"Distance\",\"FirstDepTime\",\"TotalAddGTime\",\"DivReachedDest\",\"DivArrDelay\",";
    const FLOWN: &str = "2013-01-01,\"B6\",\"N104NN\",\"1\",\"JFK\",\"New York, NY\",\"LAX\",\"0659\",\"0656\",-3.00,\"1020\",\"1013\",-7.00,0.00,\"\",0,344.00,2475.00,\"\",,,,";
    const CANCELLED: &str = "2013-01-01,\"UA\",\"\",\"7\",\"EWR\",\"Newark, NJ\",\"LAX\",\"0053\",\"\",,\"0400\",\"\",,1.00,\"B\",0.00,,2454.00,\"\",,,,";
    const DIVERTED: &str = "2013-01-01,\"UA\",\"N1\",\"8\",\"EWR\",\"Newark, NJ\",\"LAX\",\"2359\",\"2400\",1.00,\"0300\",\"0545\",,0.00,\"\",1.00,,2454.00,\"\",,1.00,165.00,";
    const RETURNED: &str = "2013-01-01,\"UA\",\"N1\",\"9\",\"LGA\",\"New York, NY\",\"LAX\",\"0900\",\"0950\",50.00,\"1200\",\"1250\",50.00,0.00,\"\",0.00,300.00,2454.00,\"0901\",41.00,,,";
    const ELSEWHERE: &str = "not a date,\"UA\",\"N1\",\"9\",\"ORD\",\"Chicago, IL\",\"LAX\",";

    fn body(head: &str, rows: &[&str], end: &str) -> Vec<u8> {
        let mut text = format!("{head}{REST}{end}");
        for row in rows {
            text.push_str(row);
            text.push_str(end);
        }
        text.into_bytes()
    }

    fn zip(files: &[(&str, &[u8])]) -> Cursor<Vec<u8>> {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in files {
            zip.start_file(*name, SimpleFileOptions::default()).unwrap();
            zip.write_all(bytes).unwrap();
        }
        zip.finish().unwrap()
    }

    fn read(body: &[u8]) -> Vec<Extracted<OnTime>> {
        rows(body).unwrap().map(Result::unwrap).collect()
    }

    fn zones() -> HashMap<&'static str, Tz> {
        HashMap::from([
            ("JFK", New_York),
            ("EWR", New_York),
            ("LGA", New_York),
            ("LAX", Los_Angeles),
        ])
    }

    #[test]
    fn both_generations_of_the_header_and_both_line_ends_give_the_same_lines() {
        let all = [FLOWN, CANCELLED, DIVERTED, RETURNED];
        let new = read(&body(NEW, &all, "\r\n"));
        assert_eq!(new, read(&body(OLD, &all, "\n")));
        assert!(new.iter().all(Result::is_ok), "{new:?}");
    }

    #[test]
    fn cancelled_diverted_and_returned_flights_keep_what_they_have() {
        let lines: Vec<OnTime> = read(&body(NEW, &[FLOWN, CANCELLED, DIVERTED, RETURNED], "\n"))
            .into_iter()
            .map(Result::unwrap)
            .collect();
        let zones = zones();
        let flights: Vec<Flight> = lines
            .iter()
            .map(|line| line.flight(&zones).unwrap())
            .collect();
        let utc = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        assert_eq!(flights[0].scheduled_departure, utc("2013-01-01T11:59:00Z"));
        assert_eq!(
            flights[0].scheduled_arrival,
            Some(utc("2013-01-01T18:20:00Z"))
        );
        assert_eq!(
            (flights[0].departure_delay, flights[0].arrival_delay),
            (Some(-3.0), Some(-7.0))
        );
        assert_eq!(lines[1].scheduled_departure, "0053");
        assert_eq!(
            (lines[1].cancelled, lines[1].cancellation_code.as_deref()),
            (Some(true), Some("B"))
        );
        assert_eq!(
            (&flights[1].tail, flights[1].departure_delay),
            (&None, None)
        );
        assert_eq!(lines[2].departure.as_deref(), Some("2400"));
        assert_eq!(
            (lines[2].reached, lines[2].diverted_delay),
            (Some(true), Some(165))
        );
        assert_eq!(
            (flights[2].departure_delay, flights[2].arrival_delay),
            (Some(1.0), None)
        );
        assert_eq!(
            (lines[3].first_departure.as_deref(), lines[3].ground_time),
            (Some("0901"), Some(41))
        );
        assert_eq!(flights[3].departure_delay, Some(50.0));
    }

    #[test]
    fn flights_from_elsewhere_are_counted_and_not_read() {
        let body = body(NEW, &[FLOWN, ELSEWHERE, ELSEWHERE], "\n");
        let mut rows = rows(&body[..]).unwrap();
        let read: Vec<OnTime> = rows.by_ref().map(|row| row.unwrap().unwrap()).collect();
        assert_eq!(read.len(), 1);
        assert_eq!(rows.out_of_scope(), 2);
    }

    #[test]
    fn bytes_in_another_code_page_and_a_fraction_of_a_minute_reject_their_line_alone() {
        let mut text = body(NEW, &[&FLOWN.replace("-3.00", "-3.50"), FLOWN], "\n");
        let at = text.windows(6).position(|part| part == b"N104NN").unwrap();
        text[at] = 0xE4;
        let rejected: Vec<Rejected> = read(&text).into_iter().filter_map(Result::err).collect();
        assert_eq!(rejected.len(), 1);
        assert!(rejected[0].rule.contains("Tail_Number"), "{}", rejected[0]);
        let fraction = read(&body(NEW, &[&FLOWN.replace("-3.00", "-3.50")], "\n"));
        assert!(fraction[0].as_ref().unwrap_err().reason.contains("-3.50"));
    }

    #[test]
    fn the_table_is_found_by_its_first_line_and_read_from_the_zip_file() {
        let table = body(NEW, &[FLOWN], "\n");
        let files: [(&str, &[u8]); 2] = [
            ("readme.html", b"<html>FlightDate</html>"),
            ("x(1987_present).csv", &table),
        ];
        let mut month = Month::open(zip(&files)).unwrap();
        assert_eq!(month.rows().unwrap().count(), 1);
        let error = Month::open(zip(&files[..1])).unwrap_err().to_string();
        assert!(error.contains("readme.html"), "{error}");
        let page = Month::open(Cursor::new(b"<html>Error</html>".to_vec())).unwrap_err();
        assert!(
            matches!(page, BtsError::Zip(ZipError::NoZip { .. })),
            "{page}"
        );
    }

    #[test]
    fn a_damaged_zip_file_is_an_error_and_not_a_shorter_month() {
        let table = body(NEW, &[FLOWN; 2_000], "\n");
        let options =
            SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        writer.start_file("x.csv", options).unwrap();
        writer.write_all(&table).unwrap();
        let mut bytes = writer.finish().unwrap().into_inner();
        // A digit of a distance, so that the lines still fit and only the checksum tells.
        let at = bytes.len() / 2;
        let at = at
            + bytes[at..]
                .windows(7)
                .position(|part| part == b"2475.00")
                .unwrap();
        bytes[at] = b'1';
        let mut month = Month::open(Cursor::new(bytes)).unwrap();
        let last = month.rows().unwrap().last().unwrap();
        assert!(last.is_err(), "the checksum does not match");
    }

    #[test]
    fn columns_that_contradict_each_other_reject_the_flight() {
        let flight = |row: &str| {
            read(&body(NEW, &[row], "\n"))
                .remove(0)
                .unwrap()
                .flight(&zones())
        };
        for (row, rule) in [
            (FLOWN.replace("-7.00,0.00", "-7.00,1.00"), "cancelled"),
            (FLOWN.replace("344.00", ""), "AirTime"),
        ] {
            assert!(flight(&row).unwrap_err().rule.contains(rule), "{row}");
        }
        let unknown = read(&body(NEW, &[FLOWN], "\n")).remove(0).unwrap();
        let elsewhere = unknown.flight(&HashMap::new()).unwrap_err();
        assert!(elsewhere.rule.contains("time zone"), "{elsewhere}");
        let nowhere = HashMap::from([("JFK", New_York)]);
        assert_eq!(unknown.flight(&nowhere).unwrap().scheduled_arrival, None);
    }

    #[test]
    fn a_former_carriers_code_is_no_airline() {
        let body = "Code,Description\r\n\"9E\",\"Endeavor Air Inc.\"\r\n\"PA (1)\",\"Pan American World Airways\"\r\n";
        let airlines: Vec<Option<Airline>> = carrier_rows(body.as_bytes())
            .unwrap()
            .map(|row| row.unwrap().unwrap().airline())
            .collect();
        assert_eq!(airlines[0].as_ref().unwrap().name, "Endeavor Air Inc.");
        assert_eq!(airlines[1], None);
    }
}
