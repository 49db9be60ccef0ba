//! OurAirports: airports of the world and their runways, kept by volunteers.

use super::{Declared, Provider, Refused, Request, declared};
use crate::airport::Airport;
use crate::runway::Runway;
use carnet::record::Record;
use carnet::record::extract::{Column, ExtractError, Extracted, Rejected, Rows, Table};
use chrono::{NaiveDate, Offset, TimeZone};
use chrono_tz::{OffsetComponents, Tz};
use serde::Deserialize;
use std::io::Read;
use std::sync::LazyLock;
use std::time::Duration;

/// The provider.
pub const PROVIDER: Provider = Provider {
    name: "ourairports",
    title: "OurAirports",
    base: "https://davidmegginson.github.io/ourairports-data",
    gives: "Airports of the world: codes, name, position, elevation, the address of their Wikipedia page; and their runways: length, width, surface, whether lighted or closed.",
    access: "GET /airports.csv and GET /runways.csv: the nightly copy that the maintainer publishes on GitHub, each one file of some megabytes.",
    structure: "CSV in UTF-8, texts quoted and empty ones bare. Columns are taken by name, as older copies lack some. The continent NA is North America and no null. There is no time zone: it is looked up by the position in the map of time zones that tzf-rs carries.",
    licence: "Public domain, as its maintainers declare.",
    terms: "None but those of the host (GitHub Pages); a file is asked for once a run, with its ETag.",
    gap: Duration::from_secs(1),
    refused: &[
        Refused {
            what: "closed airports and runways, helipads, and airports without an IATA code",
            why: "no scheduled flight goes there, and the code is the key; they are counted",
        },
        Refused {
            what: "scraping ourairports.com itself",
            why: "the same data is offered as files, and its certificate was bad at times",
        },
    ],
};

/// The request for the airports.
pub fn airports_request(base: Option<&str>) -> Request {
    PROVIDER.request(base, "/airports.csv", "text/csv, text/plain")
}

/// The request for the runways.
pub fn runways_request(base: Option<&str>) -> Request {
    PROVIDER.request(base, "/runways.csv", "text/csv, text/plain")
}

/// A line of the airports, as sent: the columns that are used.
#[derive(Debug, Clone, PartialEq, Record, Deserialize)]
pub struct Listed {
    /// The provider's own code, mostly the one of ICAO; runways refer to it.
    pub ident: String,
    /// Such as `large_airport`, `heliport` or `closed`.
    pub kind: Option<String>,
    /// Full name.
    pub name: String,
    /// Degrees north.
    pub latitude_deg: f64,
    /// Degrees east.
    pub longitude_deg: f64,
    /// Feet above sea level.
    pub elevation_ft: Option<i32>,
    /// Two letters; `NA` is North America.
    pub continent: Option<String>,
    /// Two letters of ISO 3166.
    pub country: Option<String>,
    /// The code that passengers know.
    pub iata_code: Option<String>,
    /// The address of its page in Wikipedia.
    pub wikipedia: Option<String>,
}

static AIRPORTS: Declared<Table<Listed>> = LazyLock::new(|| {
    Table::new([
        Column::new("ident", "ident"),
        Column::new("kind", "type"),
        Column::new("name", "name"),
        Column::new("latitude_deg", "latitude_deg"),
        Column::new("longitude_deg", "longitude_deg"),
        Column::new("elevation_ft", "elevation_ft"),
        Column::new("continent", "continent"),
        Column::new("country", "iso_country"),
        Column::new("iata_code", "iata_code"),
        Column::new("wikipedia", "wikipedia_link"),
    ])
});

/// The lines of the airports.
///
/// # Errors
/// When the header lacks a column that is needed; all of them are named.
pub fn airports<D: Read>(data: D) -> Result<Rows<'static, Listed, D>, ExtractError> {
    declared(&AIRPORTS)?.read(data)
}

/// The year whose rule of daylight saving is told: the one of the flights.
const YEAR: i32 = 2013;

impl Listed {
    /// Whether it is open and has a code by which flights name it.
    pub fn is_in_scope(&self) -> bool {
        self.kind.as_deref() != Some("closed") && self.iata_code.is_some()
    }

    /// The misfit of a second line whose code another has.
    pub fn is_doubled(&self, faa: &str, other: &str) -> Rejected {
        Rejected::new(
            format!("airport {}", self.ident),
            "no two airports have one IATA code",
            format!("{faa} is also the code of {other}"),
            format!("{self:?}").as_bytes(),
        )
    }

    /// The airport. Its offset and its daylight saving are those of `zone` in the year of the flights; without a zone they are
    /// null, as is an offset that is not of whole hours.
    ///
    /// # Errors
    /// When it has no IATA code, or a position that is none.
    pub fn airport(&self, zone: Option<Tz>) -> Extracted<Airport> {
        let reject = |rule: &str, reason: String| {
            let raw = format!("{self:?}");
            Err(Rejected::new(
                format!("airport {}", self.ident),
                rule,
                reason,
                raw.as_bytes(),
            ))
        };
        let Some(faa) = self.iata_code.clone() else {
            return reject("an IATA code", "found none".into());
        };
        let (north, east) = (self.latitude_deg, self.longitude_deg);
        if !(-90.0..=90.0).contains(&north) || !(-180.0..=180.0).contains(&east) {
            return reject(
                "a position in degrees",
                format!("found {north} north, {east} east"),
            );
        }
        Ok(Airport {
            faa,
            name: Some(self.name.clone()),
            latitude_deg: Some(north),
            longitude_deg: Some(east),
            altitude_ft: self.elevation_ft,
            utc_offset_hours: zone.and_then(standard_offset),
            dst: zone.map(|zone| saving(zone).to_owned()),
            time_zone: zone.map(|zone| zone.name().to_owned()),
            response_id: None,
        })
    }
}

fn offset_on(zone: Tz, month: u32, day: u32) -> Option<chrono_tz::TzOffset> {
    let noon = NaiveDate::from_ymd_opt(YEAR, month, day)?.and_hms_opt(12, 0, 0)?;
    Some(zone.offset_from_utc_datetime(&noon))
}

/// Hours from UTC without daylight saving.
fn standard_offset(zone: Tz) -> Option<i32> {
    let offset = offset_on(zone, 1, 1)?.base_utc_offset();
    let hours = offset.num_hours();
    (offset.num_minutes() == 60 * hours)
        .then(|| i32::try_from(hours).ok())
        .flatten()
}

/// Daylight saving as the sample has it: A when clocks go forward on the day of the United States, N when they never do, else U.
fn saving(zone: Tz) -> &'static str {
    let seconds =
        |month, day| offset_on(zone, month, day).map(|offset| offset.fix().local_minus_utc());
    let (winter, before, after, summer) =
        (seconds(1, 1), seconds(3, 9), seconds(3, 11), seconds(7, 1));
    if winter == before && before < after && after == summer {
        "A"
    } else if winter == before && before == after && after == summer {
        "N"
    } else {
        "U"
    }
}

/// A line of the runways, as sent: the columns that are used.
#[derive(Debug, Clone, PartialEq, Record, Deserialize)]
pub struct ListedRunway {
    /// The provider's code of the airport.
    pub airport_ident: String,
    /// Feet.
    pub length_ft: Option<i32>,
    /// Feet.
    pub width_ft: Option<i32>,
    /// As its surveyors wrote it: `CON`, `ASP`, `asphalt/concrete`.
    pub surface: Option<String>,
    /// Whether it has lights.
    pub lighted: Option<bool>,
    /// Whether it is no longer used.
    pub closed: Option<bool>,
    /// The name of its low-numbered end.
    pub low_end: Option<String>,
    /// The name of its high-numbered end; a helipad has none.
    pub high_end: Option<String>,
}

static RUNWAYS: Declared<Table<ListedRunway>> = LazyLock::new(|| {
    Table::new([
        Column::new("airport_ident", "airport_ident"),
        Column::new("length_ft", "length_ft"),
        Column::new("width_ft", "width_ft"),
        Column::new("surface", "surface"),
        Column::new("lighted", "lighted"),
        Column::new("closed", "closed"),
        Column::new("low_end", "le_ident"),
        Column::new("high_end", "he_ident"),
    ])
});

/// The lines of the runways.
///
/// # Errors
/// When the header lacks a column that is needed; all of them are named.
pub fn runways<D: Read>(data: D) -> Result<Rows<'static, ListedRunway, D>, ExtractError> {
    declared(&RUNWAYS)?.read(data)
}

impl ListedRunway {
    /// Whether it is in use and no helipad.
    pub fn is_in_scope(&self) -> bool {
        self.closed != Some(true) && !self.is_helipad()
    }

    /// Whether it is for helicopters: its one end is named H and a number.
    pub fn is_helipad(&self) -> bool {
        let name = self.low_end.as_deref().unwrap_or_default();
        self.high_end.is_none()
            && name
                .strip_prefix('H')
                .is_some_and(|rest| rest.bytes().all(|digit| digit.is_ascii_digit()))
    }

    /// The misfit of a second line of the same runway.
    pub fn is_doubled(&self, faa: &str, name: &str) -> Rejected {
        Rejected::new(
            format!("a runway of {faa}"),
            "an airport has each runway once",
            format!("{name} came before"),
            format!("{self:?}").as_bytes(),
        )
    }

    /// The runway of the airport whose code is `faa`.
    ///
    /// # Errors
    /// When an end has no name, or the length is missing or none.
    pub fn runway(&self, faa: &str) -> Extracted<Runway> {
        let reject = |rule: &str, reason: String| {
            let raw = format!("{self:?}");
            Err(Rejected::new(
                format!("a runway of {faa}"),
                rule,
                reason,
                raw.as_bytes(),
            ))
        };
        let (Some(low), Some(high)) = (&self.low_end, &self.high_end) else {
            return reject(
                "names of both ends",
                format!("found {:?}, {:?}", self.low_end, self.high_end),
            );
        };
        let Some(length_ft) = self.length_ft.filter(|feet| *feet > 0) else {
            return reject("a length in feet", format!("found {:?}", self.length_ft));
        };
        Ok(Runway {
            airport: faa.to_owned(),
            name: format!("{low}/{high}"),
            length_ft,
            // A width of nothing is how some lines say that it is not known.
            width_ft: self.width_ft.filter(|feet| *feet > 0),
            surface: self.surface.clone(),
            response_id: None,
        })
    }
}

/// The time zone of a position, by the map of `tzf-rs`; over the sea one of whole hours. None when the position is none.
pub fn zone(latitude_deg: f64, longitude_deg: f64) -> Option<Tz> {
    static MAP: LazyLock<tzf_rs::DefaultFinder> = LazyLock::new(tzf_rs::DefaultFinder::new);
    MAP.get_tz_name(longitude_deg, latitude_deg).parse().ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use chrono_tz::America::{New_York, Phoenix};
    use chrono_tz::Asia::Kathmandu;
    use chrono_tz::Europe::Paris;

    const AIRPORTS: &str = "\"id\",\"ident\",\"type\",\"name\",\"latitude_deg\",\"longitude_deg\",\"elevation_ft\",\"continent\",\"iso_country\",\"iso_region\",\"municipality\",\"scheduled_service\",\"icao_code\",\"iata_code\",\"gps_code\",\"local_code\",\"home_link\",\"wikipedia_link\",\"keywords\"
3622,\"KJFK\",\"large_airport\",\"John F Kennedy International Airport\",40.639447,-73.779317,13,\"NA\",\"US\",\"US-NY\",\"New York\",\"yes\",\"KJFK\",\"JFK\",\"KJFK\",\"JFK\",,\"https://en.wikipedia.org/wiki/John_F._Kennedy_International_Airport\",\"Idlewild, \"\"Manhattan\"\"\"
1,\"00AK\",\"closed\",\"Lowell Field\",59.947733,-151.692524,,\"NA\",\"US\",\"US-AK\",,\"no\",,\"XXX\",,,,,
2,\"00A\",\"heliport\",\"Total Rf Heliport\",40.07,-74.93,11,\"NA\",\"US\",\"US-PA\",\"Bensalem\",\"no\",,,,,,,
";

    fn listed(body: &str) -> Vec<Listed> {
        airports(body.as_bytes())
            .unwrap()
            .map(|row| row.unwrap().unwrap())
            .collect()
    }

    #[test]
    fn north_america_is_a_continent_and_closed_or_codeless_airports_are_out_of_scope() {
        let all = listed(AIRPORTS);
        assert_eq!(
            all.iter().map(Listed::is_in_scope).collect::<Vec<_>>(),
            [true, false, false]
        );
        assert_eq!(all[0].continent.as_deref(), Some("NA"));
        assert_eq!(all[1].elevation_ft, None);
        let airport = all[0].airport(Some(New_York)).unwrap();
        assert_eq!(airport.faa, "JFK");
        assert_eq!(
            (airport.altitude_ft, airport.utc_offset_hours),
            (Some(13), Some(-5))
        );
        assert_eq!(airport.dst.as_deref(), Some("A"));
        assert!(all[2].airport(None).unwrap_err().rule.contains("IATA"));
    }

    #[test]
    fn columns_are_taken_by_name_so_that_older_copies_are_read() {
        let old = "ident,name,type,longitude_deg,latitude_deg,iata_code,elevation_ft,continent,iso_country,wikipedia_link\n\
                   KJFK,Kennedy,large_airport,-73.8,40.6,JFK,13,NA,US,\n";
        let airport = listed(old).remove(0);
        assert_eq!((airport.latitude_deg, airport.longitude_deg), (40.6, -73.8));
        let error = airports(&b"ident,name\n"[..]).unwrap_err().to_string();
        assert!(
            error.contains("iata_code") && error.contains("latitude_deg"),
            "{error}"
        );
    }

    #[test]
    fn offset_and_daylight_saving_are_those_of_the_zone() {
        assert_eq!(
            (standard_offset(New_York), saving(New_York)),
            (Some(-5), "A")
        );
        assert_eq!((standard_offset(Phoenix), saving(Phoenix)), (Some(-7), "N"));
        assert_eq!((standard_offset(Paris), saving(Paris)), (Some(1), "U"));
        assert_eq!((standard_offset(Kathmandu), saving(Kathmandu)), (None, "N"));
    }

    #[test]
    fn a_position_has_the_zone_of_its_territory() {
        for (north, east, name) in [
            (40.639_4, -73.779_3, "America/New_York"),
            (18.439_4, -66.001_8, "America/Puerto_Rico"),
            (33.434_3, -112.011_6, "America/Phoenix"),
            (21.318_7, -157.922_5, "Pacific/Honolulu"),
        ] {
            assert_eq!(zone(north, east).map(|zone| zone.name()), Some(name));
        }
    }

    #[test]
    fn helipads_are_told_from_runways_and_a_runway_needs_both_ends() {
        let body = "\"id\",\"airport_ref\",\"airport_ident\",\"length_ft\",\"width_ft\",\"surface\",\"lighted\",\"closed\",\"le_ident\",\"le_latitude_deg\",\"he_ident\"\n\
                    1,2,\"KJFK\",12079,200,\"CON\",1,0,\"04L\",,\"22R\"\n\
                    1,2,\"KJFK\",60,0,\"ASP\",0,0,\"H1\",,\n\
                    1,2,\"KJFK\",,150,,1,1,\"13L\",,\"31R\"\n\
                    1,2,\"KJFK\",100,150,,2,1,\"13L\",,\"31R\"\n";
        let rows: Vec<Extracted<ListedRunway>> = runways(body.as_bytes())
            .unwrap()
            .map(Result::unwrap)
            .collect();
        let long = rows[0].as_ref().unwrap();
        assert!(long.is_in_scope());
        assert_eq!(long.runway("JFK").unwrap().name, "04L/22R");
        let pad = rows[1].as_ref().unwrap();
        assert!(pad.is_helipad() && !pad.is_in_scope());
        assert!(pad.runway("JFK").is_err());
        let closed = rows[2].as_ref().unwrap();
        assert!(!closed.is_in_scope() && !closed.is_helipad());
        assert!(closed.runway("JFK").unwrap_err().rule.contains("length"));
        assert!(rows[3].as_ref().unwrap_err().rule.contains("lighted"));
    }
}
