//! [`Observation`]: weather at a station in an hour, a document because most hours lack some measurement.

use crate::source::{NAME, Rows, SourceError};
use bson::raw::{CStr, RawDocumentBuf, cstr};
use carnet::record::Record;
use chrono::{DateTime, SecondsFormat, Utc};

/// The collection.
pub const COLLECTION: &str = "observation";
/// The version of its documents that is written.
const VERSION: i32 = 2;

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
    /// The instant of the report; null where the source does not say it.
    pub reported: Option<DateTime<Utc>>,
    /// `routine` or `special`; null where the source does not tell them apart.
    pub report: Option<String>,
    /// The name of the source, with its version.
    #[record(path = "source.name")]
    pub source: String,
    /// The response that it was read from; null for one that came with the program.
    #[record(path = "source.response")]
    pub response: Option<i64>,
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
    /// True when there was precipitation too little to measure, which `precipitation_in` is then null for.
    #[record(path = "obs.precipitation_trace")]
    pub precipitation_trace: Option<bool>,
    /// Pressure at sea level in hPa.
    #[record(path = "obs.pressure_hpa")]
    pub pressure_hpa: Option<f64>,
    /// Visibility in miles.
    #[record(path = "obs.visibility_mi")]
    pub visibility_mi: Option<f64>,
    /// The report as the station sent it, in the code of METAR; null where the source does not say it.
    pub metar: Option<String>,
}

/// What kind of report an observation was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReportKind {
    /// Made each hour, near its end.
    Routine,
    /// Made between, because the weather changed.
    Special,
}

impl ReportKind {
    /// As documents have it.
    pub fn name(self) -> &'static str {
        match self {
            ReportKind::Routine => "routine",
            ReportKind::Special => "special",
        }
    }
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
                    reported: None,
                    report: None,
                    source: NAME.to_owned(),
                    response: None,
                    temperature_f: temperature.get(row),
                    dew_point_f: dew_point.get(row),
                    humidity_pct: humidity.get(row),
                    wind_direction_deg: direction.get(row),
                    wind_speed_mph: speed.get(row),
                    wind_gust_mph: gust.get(row),
                    precipitation_in: precipitation.get(row),
                    precipitation_trace: None,
                    pressure_hpa: pressure.get(row),
                    visibility_mi: visibility.get(row),
                    metar: None,
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
        if let Some(trace) = self.precipitation_trace {
            obs.append(cstr!("precipitation_trace"), trace);
        }
        append(&mut obs, cstr!("pressure_hpa"), self.pressure_hpa);
        append(&mut obs, cstr!("visibility_mi"), self.visibility_mi);

        let mut source = RawDocumentBuf::new();
        source.append(cstr!("name"), self.source.as_str());
        if let Some(response) = self.response {
            source.append(cstr!("response"), response);
        }

        // In the order that upgraded documents have, so that one that came so is the same, byte for byte.
        let mut document = RawDocumentBuf::new();
        document.append(cstr!("_id"), self.id.as_str());
        document.append(cstr!("schema"), VERSION);
        document.append(cstr!("station"), self.station.as_str());
        document.append(cstr!("time"), instant(self.time));
        if let Some(reported) = self.reported {
            document.append(cstr!("reported"), instant(reported));
        }
        if let Some(report) = &self.report {
            document.append(cstr!("report"), report.as_str());
        }
        document.append(cstr!("obs"), obs);
        if let Some(metar) = &self.metar {
            document.append(cstr!("metar"), metar.as_str());
        }
        document.append(cstr!("source"), source);
        document
    }
}

fn instant(of: DateTime<Utc>) -> bson::DateTime {
    bson::DateTime::from_millis(of.timestamp_millis())
}

fn append(document: &mut RawDocumentBuf, name: &CStr, value: Option<f64>) {
    if let Some(value) = value {
        document.append(name, value);
    }
}
