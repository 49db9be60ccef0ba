//! [`Airport`]: where flights leave from and go to, and the time zone of each, without which no clock time is an instant.

use crate::source::{Rows, SourceError};
use carnet::record::Record;
use carnet::store::relational::{Bound, Row};
use carnet::store::{Store, StoreError};
use chrono_tz::Tz;
use std::collections::{BTreeSet, HashMap};

/// Destinations that the source's airports lack, with the time zone of their territory in the IANA time zone database
/// (zone.tab: PR America/Puerto_Rico, VI America/St_Thomas).
const UNLISTED_ZONES: [(&str, &str); 4] = [
    ("BQN", "America/Puerto_Rico"),
    ("PSE", "America/Puerto_Rico"),
    ("SJU", "America/Puerto_Rico"),
    ("STT", "America/St_Thomas"),
];

/// A place that flights leave from or go to. One that only flights name has its code, its time zone if it is known, and
/// nulls.
#[derive(Debug, Clone, PartialEq, Record)]
#[record(table = "airport")]
pub struct Airport {
    /// FAA code, such as JFK.
    #[record(key)]
    pub faa: String,
    /// Full name.
    pub name: Option<String>,
    /// Degrees north.
    pub latitude_deg: Option<f64>,
    /// Degrees east, negative in America.
    pub longitude_deg: Option<f64>,
    /// Feet above sea level.
    pub altitude_ft: Option<i32>,
    /// Hours from UTC in winter.
    pub utc_offset_hours: Option<i32>,
    /// Daylight saving: A as in the United States, N none, U unknown.
    pub dst: Option<String>,
    /// IANA time zone, such as America/New_York.
    pub time_zone: Option<String>,
    /// The response that it was read from; null for one that came with the program.
    pub response_id: Option<i64>,
}

impl Airport {
    /// All rows of the file.
    ///
    /// # Errors
    /// When a column or a value is missing, or a time zone is not in the IANA database.
    pub fn read(rows: &Rows) -> Result<Vec<Airport>, SourceError> {
        let (faa, name) = (rows.text("faa")?, rows.text("name")?);
        let (latitude, longitude) = (rows.number("lat")?, rows.number("lon")?);
        let (altitude, offset) = (rows.whole("alt")?, rows.whole("tz")?);
        let (dst, zone) = (rows.text("dst")?, rows.text("tzone")?);
        (0..rows.len())
            .map(|row| {
                let time_zone = zone.text(row);
                if let Some(name) = time_zone
                    .as_deref()
                    .filter(|name| name.parse::<Tz>().is_err())
                {
                    return Err(zone.wrong(
                        row,
                        format!("is {name}, which the IANA time zone database lacks"),
                    ));
                }
                Ok(Airport {
                    faa: faa.must_text(row)?,
                    name: Some(name.must_text(row)?),
                    latitude_deg: Some(latitude.must(row)?),
                    longitude_deg: Some(longitude.must(row)?),
                    altitude_ft: Some(altitude.must(row)?),
                    utc_offset_hours: Some(offset.must(row)?),
                    dst: Some(dst.must_text(row)?),
                    time_zone,
                    response_id: None,
                })
            })
            .collect()
    }

    /// A row for each code that these flights name and `airports` lacks, in alphabetical order.
    ///
    /// # Errors
    /// When a flight has no origin or no destination.
    pub fn unlisted(airports: &[Airport], flights: &Rows) -> Result<Vec<Airport>, SourceError> {
        let mut named = BTreeSet::new();
        for column in ["origin", "dest"] {
            let codes = flights.text(column)?;
            for row in 0..flights.len() {
                named.insert(codes.must(row)?);
            }
        }
        Ok(Airport::unlisted_codes(airports, named))
    }

    /// A row for each of these codes that `airports` lacks, in alphabetical order.
    pub fn unlisted_codes<'a>(
        airports: &[Airport],
        codes: impl IntoIterator<Item = &'a str>,
    ) -> Vec<Airport> {
        let listed: BTreeSet<&str> = airports
            .iter()
            .map(|airport| airport.faa.as_str())
            .collect();
        let unlisted: BTreeSet<&str> = codes
            .into_iter()
            .filter(|code| !listed.contains(code))
            .collect();
        unlisted
            .into_iter()
            .map(|code| Airport::of_code(code.to_owned()))
            .collect()
    }

    /// The airports of a store, as far as clocks need them: their codes and time zones.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn with_zones(store: &Store) -> Result<Vec<Airport>, StoreError> {
        let sql = "SELECT faa, time_zone FROM airport ORDER BY faa";
        let rows: Vec<(String, Option<String>)> = match (store.sqlite(), store.postgres()) {
            (Some(sqlite), _) => sqlx::query_as(sql).fetch_all(sqlite).await?,
            (None, Some(postgres)) => sqlx::query_as(sql).fetch_all(postgres).await?,
            (None, None) => Vec::new(),
        };
        let airport = |(faa, time_zone)| Airport {
            time_zone,
            ..Airport::of_code(faa)
        };
        Ok(rows.into_iter().map(airport).collect())
    }

    fn of_code(faa: String) -> Airport {
        let zone = UNLISTED_ZONES
            .iter()
            .find(|(code, _)| *code == faa)
            .map(|(_, zone)| (*zone).to_owned());
        Airport {
            faa,
            name: None,
            latitude_deg: None,
            longitude_deg: None,
            altitude_ft: None,
            utc_offset_hours: None,
            dst: None,
            time_zone: zone,
            response_id: None,
        }
    }
}

/// The time zone of every airport that has one, by code.
pub fn zones(airports: &[Airport]) -> HashMap<&str, Tz> {
    let zone = |airport: &Airport| {
        airport
            .time_zone
            .as_deref()
            .and_then(|name| name.parse().ok())
    };
    airports
        .iter()
        .filter_map(|airport| Some((airport.faa.as_str(), zone(airport)?)))
        .collect()
}

impl Row for Airport {
    const PROVENANCE: Option<&'static str> = Some("response_id");

    fn bind(&self, to: &mut Bound) {
        to.text(&self.faa);
        to.text_or_null(self.name.as_deref());
        to.number_or_null(self.latitude_deg);
        to.number_or_null(self.longitude_deg);
        to.whole_or_null(self.altitude_ft);
        to.whole_or_null(self.utc_offset_hours);
        to.text_or_null(self.dst.as_deref());
        to.text_or_null(self.time_zone.as_deref());
        to.whole_or_null(self.response_id);
    }
}
