//! [`Observation`]: weather at a station in an hour, a document because most hours lack some measurement.

use crate::source::{NAME, Rows, SourceError};
use bson::raw::{CStr, RawDocumentBuf, cstr};
use carnet::record::Record;
use chrono::{DateTime, SecondsFormat, Utc};

/// The collection.
pub const COLLECTION: &str = "observation";

/// Weather at a station in an hour. It may have been observed up to 51 minutes after the hour began, so what has to be
/// known at an instant is the observation of an hour that ended before.
#[derive(Debug, Clone, PartialEq, Record)]
#[record(collection = "observation")]
pub struct Observation {
    /// Station and hour, such as `JFK/2013-01-01T06:00:00Z`.
    #[record(key, path = "_id")]
    pub id: String,
    /// FAA code of the station's airport.
    pub station: String,
    /// The hour's beginning.
    pub time: DateTime<Utc>,
    /// Temperature in °F.
    #[record(path = "obs.temperature_f")]
    pub temperature_f: Option<f64>,
    /// Dew point in °F.
    #[record(path = "obs.dew_point_f")]
    pub dew_point_f: Option<f64>,
    /// Relative humidity in per cent.
    #[record(path = "obs.humidity_pct")]
    pub humidity_pct: Option<f64>,
    /// Direction the wind comes from, in degrees; null when variable or not reported.
    #[record(path = "obs.wind.direction_deg")]
    pub wind_direction_deg: Option<i32>,
    /// Wind speed in miles per hour.
    #[record(path = "obs.wind.speed_mph")]
    pub wind_speed_mph: Option<f64>,
    /// Speed of gusts in miles per hour; null when none were reported.
    #[record(path = "obs.wind.gust_mph")]
    pub wind_gust_mph: Option<f64>,
    /// Precipitation in inches.
    #[record(path = "obs.precipitation_in")]
    pub precipitation_in: Option<f64>,
    /// Pressure at sea level in hPa.
    #[record(path = "obs.pressure_hpa")]
    pub pressure_hpa: Option<f64>,
    /// Visibility in miles.
    #[record(path = "obs.visibility_mi")]
    pub visibility_mi: Option<f64>,
}

impl Observation {
    /// The key of the observation at a station in the hour that begins at `time`.
    pub fn id_of(station: &str, time: DateTime<Utc>) -> String {
        format!(
            "{station}/{}",
            time.to_rfc3339_opts(SecondsFormat::Secs, true)
        )
    }

    /// All rows of the file.
    ///
    /// # Errors
    /// When a column, a station or an hour is missing.
    pub fn read(rows: &Rows) -> Result<Vec<Observation>, SourceError> {
        let (station, time) = (rows.text("origin")?, rows.instant("time_hour")?);
        let (temperature, dew_point, humidity) = (
            rows.number("temp")?,
            rows.number("dewp")?,
            rows.number("humid")?,
        );
        let (direction, speed, gust) = (
            rows.whole("wind_dir")?,
            rows.number("wind_speed")?,
            rows.number("wind_gust")?,
        );
        let (precipitation, pressure, visibility) = (
            rows.number("precip")?,
            rows.number("pressure")?,
            rows.number("visib")?,
        );
        (0..rows.len())
            .map(|row| {
                let (station, time) = (station.must_text(row)?, time.must(row)?);
                Ok(Observation {
                    id: Observation::id_of(&station, time),
                    station,
                    time,
                    temperature_f: temperature.get(row),
                    dew_point_f: dew_point.get(row),
                    humidity_pct: humidity.get(row),
                    wind_direction_deg: direction.get(row),
                    wind_speed_mph: speed.get(row),
                    wind_gust_mph: gust.get(row),
                    precipitation_in: precipitation.get(row),
                    pressure_hpa: pressure.get(row),
                    visibility_mi: visibility.get(row),
                })
            })
            .collect()
    }

    /// The document. A measurement that was not made is left out, and so is `wind` when it has none.
    pub fn document(&self) -> RawDocumentBuf {
        let mut wind = RawDocumentBuf::new();
        if let Some(direction) = self.wind_direction_deg {
            wind.append(cstr!("direction_deg"), direction);
        }
        append(&mut wind, cstr!("speed_mph"), self.wind_speed_mph);
        append(&mut wind, cstr!("gust_mph"), self.wind_gust_mph);

        let mut obs = RawDocumentBuf::new();
        append(&mut obs, cstr!("temperature_f"), self.temperature_f);
        append(&mut obs, cstr!("dew_point_f"), self.dew_point_f);
        append(&mut obs, cstr!("humidity_pct"), self.humidity_pct);
        if !wind.is_empty() {
            obs.append(cstr!("wind"), wind);
        }
        append(&mut obs, cstr!("precipitation_in"), self.precipitation_in);
        append(&mut obs, cstr!("pressure_hpa"), self.pressure_hpa);
        append(&mut obs, cstr!("visibility_mi"), self.visibility_mi);

        let mut document = RawDocumentBuf::new();
        document.append(cstr!("_id"), self.id.as_str());
        document.append(cstr!("station"), self.station.as_str());
        document.append(
            cstr!("time"),
            bson::DateTime::from_millis(self.time.timestamp_millis()),
        );
        document.append(cstr!("obs"), obs);
        document.append(cstr!("source"), NAME);
        document
    }
}

fn append(document: &mut RawDocumentBuf, name: &CStr, value: Option<f64>) {
    if let Some(value) = value {
        document.append(name, value);
    }
}
