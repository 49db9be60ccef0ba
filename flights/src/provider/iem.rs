//! Iowa Environmental Mesonet: the weather reports (METAR) of airport stations.

use super::{Declared, Provider, Refused, Request, declared};
use crate::observation::{Observation, ReportKind};
use carnet::record::Record;
use carnet::record::extract::{Column, ExtractError, Extracted, Format, Rejected, Table};
use chrono::{DateTime, DurationRound, SecondsFormat, TimeDelta, Utc};
use serde::Deserialize;
use std::sync::LazyLock;
use std::time::Duration;
use thiserror::Error;

/// The provider.
pub const PROVIDER: Provider = Provider {
    name: "iem",
    title: "Iowa Environmental Mesonet, Iowa State University: ASOS and METAR archive",
    base: "https://mesonet.agron.iastate.edu",
    gives: "Weather reports of airport stations: the routine report of each hour, made near minute 51, and special reports between, with temperature, dew point, humidity, wind, gusts, precipitation, pressure, visibility, weather codes and the raw METAR.",
    access: "GET /cgi-bin/request/asos.py with station (repeated), data, sts and ets (UTC; the start is included, the end is not), tz, format, missing, trace and report_type (3 routine, 4 special). All stations of a year are one request, and the two kinds are asked for apart, because a row does not say which it is.",
    structure: "CSV without quoting, times as YYYY-MM-DD HH:MM in UTC, numbers with two decimals; M is missing and T a trace of precipitation, less than can be measured. Lines that begin with #DEBUG: may come first. A failure after the first bytes leaves a short body with status 200, so a last line that is cut is an error.",
    licence: "Public domain, for any lawful purpose; attribution is appreciated.",
    terms: "One request a second, of which this project asks for one in six seconds; 429 and 503 are waited for. The maintainer asks for few large requests instead of many small ones.",
    gap: Duration::from_secs(6),
    refused: &[
        Refused {
            what: "five-minute reports (report_type 1)",
            why: "twelve times the rows, mostly empty, and not what was forecast from in 2013",
        },
        Refused {
            what: "the trace written as 0.0001",
            why: "it looks like a measured number; it is asked for as T and kept apart",
        },
    ],
};

/// Miles per hour in a knot, to the five decimals with which the sample was made.
pub const MPH_PER_KNOT: f64 = 1.15078;

/// The data that are asked for, in the order in which they come.
pub const DATA: [&str; 12] = [
    "tmpf", "dwpf", "relh", "drct", "sknt", "p01i", "alti", "mslp", "vsby", "gust", "wxcodes",
    "metar",
];

/// The request for the reports of one kind at some stations; those made at `until` are left out.
pub fn reports_request(
    base: Option<&str>,
    stations: &[&str],
    from: DateTime<Utc>,
    until: DateTime<Utc>,
    kind: ReportKind,
) -> Request {
    let instant = |time: DateTime<Utc>| time.to_rfc3339_opts(SecondsFormat::Secs, true);
    let mut query: Vec<String> = stations
        .iter()
        .map(|station| format!("station={station}"))
        .collect();
    query.extend([
        format!("data={}", DATA.join(",")),
        format!("sts={}", instant(from)),
        format!("ets={}", instant(until)),
        "tz=UTC&format=onlycomma&missing=M&trace=T".into(),
        format!("report_type={}", report_type(kind)),
    ]);
    let path = format!("/cgi-bin/request/asos.py?{}", query.join("&"));
    PROVIDER.request(base, &path, "text/plain, text/csv")
}

/// The provider's number of a kind.
pub fn report_type(kind: ReportKind) -> u8 {
    match kind {
        ReportKind::Routine => 3,
        ReportKind::Special => 4,
    }
}

/// A line, as sent.
#[derive(Debug, Clone, PartialEq, Record, Deserialize)]
pub struct Report {
    /// The station, without the K of its ICAO code.
    pub station: String,
    /// When the report was made.
    pub valid: DateTime<Utc>,
    /// Temperature in °F.
    pub tmpf: Option<f64>,
    /// Dew point in °F.
    pub dwpf: Option<f64>,
    /// Relative humidity in per cent.
    pub relh: Option<f64>,
    /// Direction the wind comes from in degrees; null when variable.
    pub drct: Option<i32>,
    /// Wind speed in knots.
    pub sknt: Option<f64>,
    /// Precipitation in inches since the last routine report; null also for a trace.
    pub p01i: Option<f64>,
    /// Whether there was precipitation too little to measure.
    pub trace: bool,
    /// Altimeter in inches of mercury.
    pub alti: Option<f64>,
    /// Pressure at sea level in hPa.
    pub mslp: Option<f64>,
    /// Visibility in miles.
    pub vsby: Option<f64>,
    /// Speed of gusts in knots.
    pub gust: Option<f64>,
    /// Weather codes, such as `-RA BR`.
    pub wxcodes: Option<String>,
    /// The report itself.
    pub metar: Option<String>,
}

static REPORTS: Declared<Table<Report>> = LazyLock::new(|| {
    let value = |name| Column::new(name, name).nulls(["M"]);
    Ok(Table::new([
        Column::new("station", "station"),
        Column::new("valid", "valid").format(Format::Datetime("%Y-%m-%d %H:%M")),
        value("tmpf"),
        value("dwpf"),
        value("relh"),
        value("drct"),
        value("sknt"),
        Column::new("p01i", "p01i").nulls(["M", "T"]),
        Column::new("trace", "p01i")
            .nulls([])
            .format(Format::Is("T")),
        value("alti"),
        value("mslp"),
        value("vsby"),
        value("gust"),
        value("wxcodes"),
        value("metar"),
    ])?
    .unquoted()
    .trimmed()
    .comment(COMMENT))
});

/// What lines that are no data begin with.
const COMMENT: &str = "#DEBUG:";

/// Why a body holds no reports.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum IemError {
    /// A text instead of a table.
    #[error(
        "the station archive answered with a text instead of reports: {text:?}; ask again later, or for less"
    )]
    Said {
        /// Its first characters.
        text: String,
    },
    /// A table that breaks off: the service failed after it had begun to answer.
    #[error("the body breaks off at line {line}, {last:?}, so reports are missing; fetch it again")]
    Incomplete {
        /// The last line's number.
        line: usize,
        /// The last line.
        last: String,
    },
    /// A table of another form.
    #[error(transparent)]
    Extract(#[from] ExtractError),
}

/// Whether a body is a table that does not break off.
///
/// # Errors
/// When it is a text, or breaks off.
pub fn check(body: &[u8]) -> Result<(), IemError> {
    let mut lines = body
        .split_inclusive(|byte| *byte == b'\n')
        .enumerate()
        .filter(|(_, line)| !line.starts_with(COMMENT.as_bytes()) && !line.trim_ascii().is_empty());
    let shown = |line: &[u8]| -> String {
        let text = String::from_utf8_lossy(line.trim_ascii()).into_owned();
        text.chars().take(200).collect()
    };
    let Some((_, header)) = lines.next() else {
        return Err(IemError::Said {
            text: String::new(),
        });
    };
    if !header.trim_ascii_start().starts_with(b"station,valid") {
        return Err(IemError::Said {
            text: shown(header),
        });
    }
    let commas = |line: &[u8]| line.iter().filter(|byte| **byte == b',').count();
    if let Some((index, last)) = lines.last()
        && (!last.ends_with(b"\n") || commas(last) < commas(header))
    {
        return Err(IemError::Incomplete {
            line: index + 1,
            last: shown(last),
        });
    }
    Ok(())
}

/// The reports in a body. None of a body that breaks off are given: a part would look like an hour without reports.
///
/// # Errors
/// When it is a text, breaks off, or its header lacks a column.
pub fn reports(body: &[u8]) -> Result<Vec<Extracted<Report>>, IemError> {
    check(body)?;
    let rows = declared(&REPORTS)?.read(body)?;
    Ok(rows.collect::<Result<Vec<_>, _>>()?)
}

impl Report {
    /// The observation. A routine report stands for the hour in which it was made, a special one for its own instant.
    ///
    /// # Errors
    /// When it is a five-minute report, which was not asked for.
    pub fn observation(&self, kind: ReportKind) -> Extracted<Observation> {
        let reject = |rule: &str, reason: String| {
            let place = format!("report of {} at {}", self.station, self.valid);
            Err(Rejected::new(
                place,
                rule,
                reason,
                format!("{self:?}").as_bytes(),
            ))
        };
        if self
            .metar
            .as_deref()
            .is_some_and(|metar| metar.contains("MADISHF"))
        {
            return reject(
                "a routine or a special report",
                "found a five-minute report, marked MADISHF".into(),
            );
        }
        let Ok(hour) = self.valid.duration_trunc(TimeDelta::hours(1)) else {
            return reject("an instant in the calendar", self.valid.to_string());
        };
        let mph = |knots: f64| knots * MPH_PER_KNOT;
        Ok(Observation {
            id: match kind {
                ReportKind::Routine => Observation::id_of(&self.station, hour),
                ReportKind::Special => {
                    format!("{}/special", Observation::id_of(&self.station, self.valid))
                }
            },
            station: self.station.clone(),
            time: hour,
            reported: Some(self.valid),
            report: Some(kind.name().to_owned()),
            source: PROVIDER.title.to_owned(),
            response: None,
            temperature_f: self.tmpf,
            dew_point_f: self.dwpf,
            humidity_pct: self.relh,
            wind_direction_deg: self.drct,
            wind_speed_mph: self.sknt.map(mph),
            wind_gust_mph: self.gust.map(mph),
            precipitation_in: self.p01i,
            precipitation_trace: self.trace.then_some(true),
            pressure_hpa: self.mslp,
            visibility_mi: self.vsby,
            metar: self.metar.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    const HEADER: &str =
        "station,valid,tmpf,dwpf,relh,drct,sknt,p01i,alti,mslp,vsby,gust,wxcodes,metar";
    const ROW: &str = "JFK,2025-01-01 00:51,50.00,43.00,76.76,90.00,14.00,0.00,29.68,1004.90,10.00,M,M,KJFK 010051Z 09014KT";

    fn read(body: &str) -> Vec<Extracted<Report>> {
        reports(body.as_bytes()).unwrap()
    }

    fn one(row: &str) -> Report {
        read(&format!("{HEADER}\n{row}\n")).remove(0).unwrap()
    }

    #[test]
    fn a_routine_report_is_the_observation_of_its_hour_and_a_special_one_of_its_minute() {
        let report = one(ROW);
        let routine = report.observation(ReportKind::Routine).unwrap();
        assert_eq!(routine.id, "JFK/2025-01-01T00:00:00Z");
        assert_eq!(
            routine.time,
            "2025-01-01T00:00:00Z".parse::<DateTime<Utc>>().unwrap()
        );
        assert_eq!(
            routine.reported,
            Some("2025-01-01T00:51:00Z".parse().unwrap())
        );
        assert_eq!(routine.report.as_deref(), Some("routine"));
        assert_eq!(routine.wind_speed_mph, Some(14.0 * 1.15078));
        assert_eq!(routine.wind_direction_deg, Some(90));
        assert_eq!(routine.wind_gust_mph, None);
        assert_eq!(routine.metar.as_deref(), Some("KJFK 010051Z 09014KT"));
        let special = report.observation(ReportKind::Special).unwrap();
        assert_eq!(special.id, "JFK/2025-01-01T00:51:00Z/special");
        assert_eq!(special.report.as_deref(), Some("special"));
    }

    #[test]
    fn a_trace_of_rain_is_neither_a_number_nor_nothing() {
        let with = |rain: &str| one(&ROW.replace("0.00,29.68", &format!("{rain},29.68")));
        let observed = |rain| with(rain).observation(ReportKind::Routine).unwrap();
        let (trace, missing, some) = (observed("T"), observed("M"), observed("0.12"));
        assert_eq!(
            (trace.precipitation_in, trace.precipitation_trace),
            (None, Some(true))
        );
        assert_eq!(
            (missing.precipitation_in, missing.precipitation_trace),
            (None, None)
        );
        assert_eq!(
            (some.precipitation_in, some.precipitation_trace),
            (Some(0.12), None)
        );
    }

    #[test]
    fn debug_lines_and_unquoted_quotation_marks_are_no_trouble() {
        let body = format!(
            "#DEBUG: Format Typ    -> comma\n#DEBUG: Entries Found -> -1\n{HEADER}\n{}\n{ROW}\n",
            ROW.replace("KJFK", "\"KJFK")
        );
        let rows = read(&body);
        assert_eq!(rows.len(), 2);
        assert!(rows.iter().all(Result::is_ok), "{rows:?}");
    }

    #[test]
    fn no_reports_are_an_empty_list() {
        assert_eq!(read(&format!("{HEADER}\n")), []);
    }

    #[test]
    fn a_body_that_breaks_off_gives_no_reports_at_all() {
        let whole = format!("{HEADER}\n{ROW}\n{ROW}\n");
        for cut in HEADER.len() + ROW.len() + 3..whole.len() {
            let error = reports(&whole.as_bytes()[..cut]).unwrap_err();
            assert!(
                matches!(error, IemError::Incomplete { line: 3, .. }),
                "{cut}: {error}"
            );
        }
        let told = format!("{HEADER}\n{ROW}\nERROR: server over capacity\n");
        assert!(matches!(
            reports(told.as_bytes()),
            Err(IemError::Incomplete { .. })
        ));
    }

    #[test]
    fn a_text_instead_of_a_table_is_told() {
        for text in [
            "ERROR: server over capacity, please try later",
            "Invalid times provided.",
            "",
            "<html><body>Too many requests</body></html>",
        ] {
            let error = reports(text.as_bytes()).unwrap_err();
            assert!(
                matches!(&error, IemError::Said { text: told } if told == text),
                "{error}"
            );
        }
    }

    #[test]
    fn a_value_that_is_none_and_a_five_minute_report_are_rejected() {
        let rows = read(&format!("{HEADER}\n{}\n", ROW.replace("50.00", "warm")));
        let rejected = rows[0].as_ref().unwrap_err();
        assert!(rejected.rule.contains("tmpf") && rejected.reason.contains("warm"));
        let fine = one(&format!("{ROW} MADISHF"));
        assert!(
            fine.observation(ReportKind::Routine)
                .unwrap_err()
                .reason
                .contains("MADISHF")
        );
    }

    #[test]
    fn the_request_asks_for_the_trace_and_one_kind_of_report() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let request = reports_request(
            Some("http://127.0.0.1:1/iem"),
            &["EWR", "JFK"],
            at("2013-01-01T05:00:00Z"),
            at("2014-01-01T05:00:00Z"),
            ReportKind::Special,
        );
        assert_eq!(
            request.url,
            "http://127.0.0.1:1/iem/cgi-bin/request/asos.py?station=EWR&station=JFK&data=tmpf,dwpf,relh,drct,sknt,p01i,alti,\
             mslp,vsby,gust,wxcodes,metar&sts=2013-01-01T05:00:00Z&ets=2014-01-01T05:00:00Z&tz=UTC&format=onlycomma&missing=M\
             &trace=T&report_type=4"
        );
    }
}
