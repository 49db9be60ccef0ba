//! Weather in the format of the Iowa Environmental Mesonet, and its rules about what may be asked for.
//!
//! The sample labels an observation with the hour in which it was made and does not say the minute: every report here is made at
//! minute 51, when these stations report. It has no special reports, so asking for those alone gives none. Wind is in whole knots
//! × 1.15078 in the sample, and in knots here.

use super::ReplayError;
use super::respond::Answer;
use super::sample::Sample;
use crate::observation::Observation;
use crate::provider::iem::MPH_PER_KNOT;
use axum::http::StatusCode;
use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};

/// The minute of a routine report.
const MINUTE: i64 = 51;

/// What `data=all` gives, in order.
#[rustfmt::skip]
const ALL: [&str; 28] = [
    "tmpf", "dwpf", "relh", "drct", "sknt", "p01i", "alti", "mslp", "vsby", "gust", "skyc1", "skyc2", "skyc3",
    "skyc4", "skyl1", "skyl2", "skyl3", "skyl4", "wxcodes", "ice_accretion_1hr", "ice_accretion_3hr",
    "ice_accretion_6hr", "peak_wind_gust", "peak_wind_drct", "peak_wind_time", "feel", "metar", "snowdepth",
];

/// What is asked for.
#[derive(Debug)]
struct Asked {
    stations: Vec<String>,
    data: Vec<&'static str>,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
    missing: &'static str,
    debug: bool,
    delimiter: char,
    routine: bool,
}

/// The path of IEM.
pub(super) fn answer(sample: &Sample, path: &str, query: &str) -> Result<Answer, ReplayError> {
    if path != "/cgi-bin/request/asos.py" {
        return Ok(Answer::missing());
    }
    let asked = match Asked::read(query) {
        Ok(asked) => asked,
        Err((status, text)) => return Ok(Answer::text(status, text)),
    };
    let write = |source| ReplayError::Write {
        what: "weather",
        source,
    };
    let mut text = asked.head();
    for observation in &sample.observations {
        let valid = observation.time + TimeDelta::minutes(MINUTE);
        let is_asked = asked.routine
            && (asked.from..asked.until).contains(&valid)
            && (asked.stations.is_empty() || asked.stations.contains(&observation.station));
        if is_asked {
            asked.line(observation, valid, &mut text).map_err(write)?;
        }
    }
    Ok(Answer {
        ends_early: true,
        ..Answer::of("text/plain; charset=utf-8", text.into_bytes())
    })
}

impl Asked {
    fn read(query: &str) -> Result<Asked, (StatusCode, &'static str)> {
        let pairs: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect();
        let all = |name: &str| {
            pairs
                .iter()
                .filter(move |(one, _)| one == name)
                .flat_map(|(_, value)| value.split(','))
                .map(str::to_owned)
                .collect::<Vec<String>>()
        };
        let one = |name: &str| all(name).pop();
        let invalid = (StatusCode::UNPROCESSABLE_ENTITY, "Invalid times provided.");
        let (from, until) = (one("sts"), one("ets"));
        let instant = |text: Option<String>| text.as_deref().and_then(instant).ok_or(invalid);
        let (from, until) = (instant(from)?, instant(until)?);
        if until <= from {
            return Err(invalid);
        }
        if one("tz").is_some_and(|tz| tz != "UTC") {
            return Err((
                StatusCode::UNPROCESSABLE_ENTITY,
                "This replay answers in UTC only.",
            ));
        }
        // The K of an ICAO code is cut off.
        let station = |code: String| match code.strip_prefix('K') {
            Some(rest) if code.len() == 4 => rest.to_owned(),
            _ => code,
        };
        let stations: Vec<String> = all("station").into_iter().map(station).collect();
        if stations.is_empty() && until - from > TimeDelta::hours(24) {
            return Err((
                StatusCode::BAD_REQUEST,
                "Requesting all stations must be less than 24 hours.",
            ));
        }
        let named = all("data");
        let mut data: Vec<&'static str> = if named.iter().any(|name| name == "all") {
            ALL.to_vec()
        } else {
            let known = |name: &String| ALL.iter().find(|one| *one == name).copied();
            named.iter().filter_map(known).collect()
        };
        if data.is_empty() {
            data.push("tmpf");
        }
        let format = one("format").unwrap_or_else(|| "onlycomma".into());
        let kinds = all("report_type");
        Ok(Asked {
            stations,
            data,
            from,
            until,
            missing: match one("missing").as_deref() {
                Some("null") => "null",
                Some("empty") => "",
                _ => "M",
            },
            debug: !format.starts_with("only"),
            delimiter: if format.ends_with("tdf") { '\t' } else { ',' },
            // 2 is an older number of both routine and special reports.
            routine: kinds.is_empty() || kinds.iter().any(|kind| kind == "3" || kind == "2"),
        })
    }

    fn head(&self) -> String {
        let mut text = String::new();
        if self.debug {
            text.push_str("#DEBUG: Format Typ    -> comma\n#DEBUG: Time Period   -> ");
            text.push_str(&format!("{} {}\n", self.from, self.until));
            text.push_str("#DEBUG: Time Zone     -> UTC\n#DEBUG: Data Contact   -> replay\n#DEBUG: Entries Found -> -1\n");
        }
        text.push_str("station");
        text.push(self.delimiter);
        text.push_str("valid");
        for name in &self.data {
            text.push(self.delimiter);
            text.push_str(name);
        }
        text.push('\n');
        text
    }

    fn line(
        &self,
        observed: &Observation,
        valid: DateTime<Utc>,
        text: &mut String,
    ) -> std::io::Result<()> {
        text.push_str(&observed.station);
        text.push(self.delimiter);
        text.push_str(&valid.format("%Y-%m-%d %H:%M").to_string());
        for name in &self.data {
            let value = match *name {
                "tmpf" => observed.temperature_f,
                "dwpf" => observed.dew_point_f,
                "relh" => observed.humidity_pct,
                "drct" => observed.wind_direction_deg.map(f64::from),
                "sknt" => observed.wind_speed_mph.map(knots),
                "gust" => observed.wind_gust_mph.map(knots),
                "p01i" => observed.precipitation_in,
                "mslp" => observed.pressure_hpa,
                "vsby" => observed.visibility_mi,
                _ => None,
            };
            text.push(self.delimiter);
            match value {
                None => text.push_str(self.missing),
                Some(value) => {
                    let written = format!("{value:.2}");
                    // Two decimals are all that the format has; a value with more would come back as another.
                    if written.parse() != Ok(value) {
                        return Err(std::io::Error::other(format!(
                            "{name} of {value} has more than two decimals"
                        )));
                    }
                    text.push_str(&written);
                }
            }
        }
        text.push('\n');
        Ok(())
    }
}

/// The whole knots of a speed in the sample.
fn knots(mph: f64) -> f64 {
    (mph / MPH_PER_KNOT).round()
}

/// An instant of ISO 8601 with a zone, or without one in UTC.
fn instant(text: &str) -> Option<DateTime<Utc>> {
    let zoned = DateTime::parse_from_rfc3339(text).map(|instant| instant.to_utc());
    zoned.ok().or_else(|| {
        let forms = ["%Y-%m-%dT%H:%MZ", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M"];
        let read = |form: &&str| NaiveDateTime::parse_from_str(text, form).ok();
        forms.iter().find_map(read).map(|local| local.and_utc())
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_the_provider_refuses_is_refused() {
        let asked = |query: &str| {
            Asked::read(query)
                .map(|_| ())
                .map_err(|(status, _)| status.as_u16())
        };
        assert_eq!(
            asked("station=JFK&sts=2013-01-01T00:00Z&ets=2013-02-01T00:00Z"),
            Ok(())
        );
        assert_eq!(asked("station=JFK&sts=2013-01-01T00:00Z"), Err(422));
        assert_eq!(
            asked("station=JFK&sts=2013-02-01T00:00Z&ets=2013-01-01T00:00Z"),
            Err(422)
        );
        assert_eq!(
            asked("sts=2013-01-01T00:00Z&ets=2013-02-01T00:00Z"),
            Err(400)
        );
        assert_eq!(asked("sts=2013-01-01T00:00Z&ets=2013-01-01T12:00Z"), Ok(()));
    }

    #[test]
    fn parameters_say_stations_columns_and_marks() {
        let span = "sts=2013-01-01T00:00Z&ets=2013-01-02T00:00Z";
        let asked = Asked::read(&format!(
            "station=KJFK,LGA&data=sknt,none,tmpf&missing=null&format=tdf&report_type=4&{span}"
        ))
        .unwrap();
        assert_eq!(asked.stations, ["JFK", "LGA"]);
        assert_eq!(asked.data, ["sknt", "tmpf"]);
        assert_eq!(
            (asked.missing, asked.debug, asked.delimiter),
            ("null", true, '\t')
        );
        assert!(!asked.routine);
        let all = Asked::read(&format!("data=all&{span}")).unwrap();
        assert_eq!(all.data.len(), 28);
        assert_eq!(
            Asked::read(&format!("data=none&{span}")).unwrap().data,
            ["tmpf"]
        );
    }
}
