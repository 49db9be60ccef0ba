//! Reads a plotly figure as a description, so that a picture of it can be drawn.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, NaiveDateTime};
use serde_json::Value;

use super::Chart;
use super::bin;
use super::build::Built;
use super::description::{Axis, Marks, Points, Series};

/// The chart that draws what the figure shows; the error says why there is none.
pub(crate) fn drawn(figure: &Value) -> Result<Chart, String> {
    let traces = figure["data"]
        .as_array()
        .filter(|traces| !traces.is_empty());
    let traces = traces.ok_or("it has no traces")?;
    let kind = |trace: &Value| trace["type"].as_str().unwrap_or("scatter").to_owned();
    let first = kind(&traces[0]);
    if let Some(other) = traces.iter().map(kind).find(|other| *other != first) {
        return Err(format!(
            "it mixes traces of the kinds `{first}` and `{other}`"
        ));
    }
    let mut time = false;
    let marks = match first.as_str() {
        "scatter" | "scattergl" => {
            let mut series = Vec::new();
            for (index, trace) in traces.iter().enumerate() {
                let (points, is_time) = points(trace)?;
                time |= is_time;
                series.push(Points {
                    name: name(trace, index),
                    points,
                });
            }
            let has_lines = |trace: &Value| {
                trace["mode"]
                    .as_str()
                    .is_none_or(|mode| mode.contains("lines"))
            };
            match traces.iter().any(has_lines) {
                true => Marks::Lines(series),
                false => Marks::Scatter(series),
            }
        }
        "bar" => bars(traces)?,
        "histogram" => Marks::Histogram(numbers(values(&traces[0], &["x", "y"])?)?),
        "box" => Marks::Boxes(
            traces
                .iter()
                .enumerate()
                .filter_map(|(index, trace)| {
                    let values = values(trace, &["y", "x"]).and_then(numbers).ok()?;
                    bin::five_numbers(name(trace, index), values)
                })
                .collect(),
        ),
        "heatmap" => heat(&traces[0])?,
        other => return Err(format!("there are none of traces of the kind `{other}`")),
    };
    let layout = &figure["layout"];
    let axis = |name: &str| Axis {
        label: title(&layout[name]["title"]).unwrap_or_default(),
        ..Axis::default()
    };
    let notes = Vec::new();
    let mut chart = Chart::from_built(Built { marks, notes, time }, axis("xaxis"), axis("yaxis"));
    if let Some(title) = title(&layout["title"]) {
        chart = chart.title(title);
    }
    Ok(chart)
}

fn name(trace: &Value, index: usize) -> String {
    let named = trace["name"].as_str();
    named.map_or_else(|| format!("trace {}", index + 1), str::to_owned)
}

fn title(title: &Value) -> Option<String> {
    let text = title.as_str().or(title["text"].as_str())?;
    Some(
        text.replace("<b>", "")
            .replace("</b>", "")
            .replace("<br>", " "),
    )
}

fn values<'a>(trace: &'a Value, names: &[&str]) -> Result<&'a [Value], String> {
    let found = names.iter().find_map(|name| trace[*name].as_array());
    found
        .map(Vec::as_slice)
        .ok_or_else(|| format!("a trace has no values `{}`", names.join("` or `")))
}

/// Null is a missing value.
fn numbers(values: &[Value]) -> Result<Vec<f64>, String> {
    let number = |value: &Value| match value {
        Value::Null => Ok(f64::NAN),
        value => value
            .as_f64()
            .ok_or_else(|| format!("`{value}` is not a number")),
    };
    values.iter().map(number).collect()
}

/// Numbers, or instants as seconds since 1970.
fn positions(values: &[Value]) -> Result<(Vec<f64>, bool), String> {
    if let Ok(numbers) = numbers(values) {
        return Ok((numbers, false));
    }
    let instant = |value: &Value| {
        let text = value.as_str().unwrap_or_default();
        instant(text)
            .ok_or_else(|| format!("`{text}` stands on an axis and is neither a number nor a date"))
    };
    let instants: Result<Vec<f64>, String> = values.iter().map(instant).collect();
    Ok((instants?, true))
}

fn instant(text: &str) -> Option<f64> {
    let seconds = |time: NaiveDateTime| time.and_utc().timestamp_millis() as f64 / 1e3;
    let parsed = DateTime::parse_from_rfc3339(text).map(|time| time.naive_utc());
    let parsed = parsed.or_else(|_| NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f"));
    let parsed = parsed.or_else(|_| NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f"));
    let midnight = |day: NaiveDate| day.and_hms_opt(0, 0, 0);
    let parsed = parsed.ok();
    parsed
        .or_else(|| {
            NaiveDate::parse_from_str(text, "%Y-%m-%d")
                .ok()
                .and_then(midnight)
        })
        .map(seconds)
}

fn points(trace: &Value) -> Result<(Vec<(f64, f64)>, bool), String> {
    let up = numbers(values(trace, &["y"])?)?;
    let (across, time) = match trace["x"].as_array() {
        Some(values) => positions(values)?,
        None => ((0..up.len()).map(|index| index as f64).collect(), false),
    };
    Ok((across.into_iter().zip(up).collect(), time))
}

/// Bars by name; those that lie have their names on the other axis.
fn bars(traces: &[Value]) -> Result<Marks, String> {
    let mut categories: Vec<String> = Vec::new();
    let mut found: Vec<(String, BTreeMap<String, f64>)> = Vec::new();
    for (index, trace) in traces.iter().enumerate() {
        let lies = trace["orientation"] == "h";
        let (names, lengths) = if lies { ("y", "x") } else { ("x", "y") };
        let names = values(trace, &[names])?.iter().map(|name| match name {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        });
        let names: Vec<String> = names.collect();
        let lengths = numbers(values(trace, &[lengths])?)?;
        for name in &names {
            if !categories.contains(name) {
                categories.push(name.clone());
            }
        }
        found.push((name(trace, index), names.into_iter().zip(lengths).collect()));
    }
    let series = found
        .into_iter()
        .map(|(name, lengths)| Series {
            name,
            values: categories
                .iter()
                .map(|category| lengths.get(category).copied().unwrap_or(f64::NAN))
                .collect(),
        })
        .collect();
    Ok(Marks::Bars {
        categories,
        ordered: false,
        series,
    })
}

fn heat(trace: &Value) -> Result<Marks, String> {
    let rows = values(trace, &["z"])?;
    let cells: Result<Vec<Vec<f64>>, String> = rows
        .iter()
        .map(|row| numbers(row.as_array().ok_or("a heat map's row is not a list")?))
        .collect();
    let cells = cells?;
    let width = cells.first().map_or(0, Vec::len);
    if cells.iter().any(|row| row.len() != width) || cells.len() > 150 || width > 150 {
        return Err("its heat map is uneven or larger than 150 × 150".to_owned());
    }
    let labels = |name: &str, count: usize| -> Vec<String> {
        let given = trace[name].as_array().filter(|given| given.len() == count);
        let text = |value: &Value| {
            value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned)
        };
        match given {
            Some(given) => given.iter().map(text).collect(),
            None => (0..count).map(|index| index.to_string()).collect(),
        }
    };
    Ok(Marks::Heat {
        columns: labels("x", width),
        rows: labels("y", cells.len()),
        cells,
    })
}
