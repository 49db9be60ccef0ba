//! Airports in the format of OurAirports.
//!
//! The sample has code, name, position and elevation. The format's own code of an airport, to which runways refer, is the code of
//! ICAO for the three airports of New York and the sample's code for all others. Runways are those of the three airports, as
//! [`super::wikipedia`] has them, with the widths that nycaviation.com lists for EWR and LGA and aircraft.fandom.com for JFK.

use super::ReplayError;
use super::respond::Answer;
use super::sample::Sample;
use super::wikipedia::{FACTS, Facts};
use crate::airport::Airport;
use std::fmt::Write;

const AIRPORTS: &str = "\"id\",\"ident\",\"type\",\"name\",\"latitude_deg\",\"longitude_deg\",\"elevation_ft\",\"continent\",\"iso_country\",\"iso_region\",\"municipality\",\"scheduled_service\",\"icao_code\",\"iata_code\",\"gps_code\",\"local_code\",\"home_link\",\"wikipedia_link\",\"keywords\"\n";
const RUNWAYS: &str = "\"id\",\"airport_ref\",\"airport_ident\",\"length_ft\",\"width_ft\",\"surface\",\"lighted\",\"closed\",\"le_ident\",\"le_latitude_deg\",\"le_longitude_deg\",\"le_elevation_ft\",\"le_heading_degT\",\"le_displaced_threshold_ft\",\"he_ident\",\"he_latitude_deg\",\"he_longitude_deg\",\"he_elevation_ft\",\"he_heading_degT\",\"he_displaced_threshold_ft\"\n";

/// The paths of OurAirports.
pub(super) fn answer(sample: &Sample, path: &str) -> Result<Answer, ReplayError> {
    let text = match path {
        "/airports.csv" => airports(&sample.airports).map_err(|error| ReplayError::Write {
            what: "airports",
            source: std::io::Error::other(error),
        })?,
        "/runways.csv" => runways(),
        _ => return Ok(Answer::missing()),
    };
    Ok(Answer::of("text/csv; charset=utf-8", text.into_bytes()))
}

fn facts(faa: &str) -> Option<&'static Facts> {
    FACTS.iter().find(|facts| facts.faa == faa)
}

/// Empty texts are bare.
fn quoted(text: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    format!("\"{}\"", text.replace('"', "\"\""))
}

fn airports(airports: &[Airport]) -> Result<String, std::fmt::Error> {
    let mut text = String::from(AIRPORTS);
    for (index, airport) in airports.iter().enumerate() {
        let facts = facts(&airport.faa);
        let icao = facts.map_or("", |facts| facts.icao);
        let ident = if icao.is_empty() { &airport.faa } else { icao };
        let link = facts.map_or_else(String::new, |facts| {
            format!("https://en.wikipedia.org/wiki/{}", facts.page)
        });
        let number = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
        writeln!(
            text,
            "{},{},,{},{},{},{},,,,,,{},{},,,,{},",
            index + 1,
            quoted(ident),
            quoted(airport.name.as_deref().unwrap_or_default()),
            number(airport.latitude_deg),
            number(airport.longitude_deg),
            number(airport.altitude_ft.map(f64::from)),
            quoted(icao),
            quoted(&airport.faa),
            quoted(&link),
        )?;
    }
    Ok(text)
}

fn runways() -> String {
    let mut text = String::from(RUNWAYS);
    let mut id = 0;
    for facts in &FACTS {
        let strips = facts
            .runways
            .iter()
            .map(|runway| (runway.name, runway.feet, Some(runway.width), runway.surface));
        let pads = facts
            .helipads
            .iter()
            .map(|pad| (pad.name, pad.feet, None, pad.surface));
        for (name, feet, width, surface) in strips.chain(pads) {
            id += 1;
            let (low, high) = name.split_once('/').unwrap_or((name, ""));
            let width = width.map_or_else(String::new, |width: u32| width.to_string());
            text.push_str(&format!(
                "{id},,{},{feet},{width},{},,0,{},,,,,,{},,,,,\n",
                quoted(facts.icao),
                quoted(surface.split('<').next().unwrap_or_default()),
                quoted(low),
                quoted(high),
            ));
        }
    }
    text
}
