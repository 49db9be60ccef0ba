//! Reads a plotly figure as a description, so that a picture of it can be drawn. A figure may hold any number of values: its
//! marks are bounded as those of a frame are, and what that leaves out is noted.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use chrono::{DateTime, NaiveDate, NaiveDateTime};
use serde_json::Value;

use super::build::{self, BOXES, Built, HEAT_SIDE, ORDERED_BARS, note_missing};
use super::description::{Axis, Marks, SERIES, Series};
use super::{Chart, bin, number};

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
    let mut notes = Vec::new();
    let marks = match first.as_str() {
        "scatter" | "scattergl" => {
            let mut series = Vec::new();
            for (index, trace) in traces.iter().enumerate() {
                let (points, is_time) = points(trace)?;
                time |= is_time;
                series.push((name(trace, index), points));
            }
            let series = kept(series, Vec::len, &mut notes);
            let (names, mut series): (Vec<String>, Vec<Vec<(f64, f64)>>) =
                series.into_iter().unzip();
            let has_lines = |trace: &Value| {
                trace["mode"]
                    .as_str()
                    .is_none_or(|mode| mode.contains("lines"))
            };
            if traces.iter().any(has_lines) {
                build::lines_as_given(names, series, &mut notes)
            } else {
                for points in &mut series {
                    points.retain(|point| point.0.is_finite() && point.1.is_finite());
                }
                let grouped = names.len() > 1;
                build::dots(names, series, grouped, &mut notes)
            }
        }
        "bar" => bars(traces, &mut notes)?,
        "histogram" => {
            let mut values = numbers(values(&traces[0], &["x", "y"])?)?;
            let all = values.len();
            values.retain(|value| value.is_finite());
            note_missing(&mut notes, all - values.len(), all);
            Marks::Histogram(values)
        }
        "box" if traces.len() > BOXES => {
            return Err(format!(
                "it has {} boxes, and a picture shows at most {BOXES}",
                number::count(traces.len())
            ));
        }
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

/// The traces that are drawn: all, or the twelve with the most values.
fn kept<T>(
    traces: Vec<(String, T)>,
    size: impl Fn(&T) -> usize,
    notes: &mut Vec<String>,
) -> Vec<(String, T)> {
    let all = traces.len();
    if all <= SERIES {
        return traces;
    }
    let mut places: Vec<usize> = (0..all).collect();
    places.sort_by_key(|&place| Reverse(size(&traces[place].1)));
    places.truncate(SERIES);
    notes.push(format!(
        "The {SERIES} traces of {} with the most values are drawn",
        number::count(all)
    ));
    let traces = traces.into_iter().enumerate();
    traces
        .filter(|(place, _)| places.contains(place))
        .map(|(_, trace)| trace)
        .collect()
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

/// A value as the name of a bar or of a row.
fn label(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// Bars by name; those that lie have their names on the other axis.
fn bars(traces: &[Value], notes: &mut Vec<String>) -> Result<Marks, String> {
    let mut found = Vec::new();
    for (index, trace) in traces.iter().enumerate() {
        let lies = trace["orientation"] == "h";
        let (names, lengths) = if lies { ("y", "x") } else { ("x", "y") };
        let bars = (
            values(trace, &[names])?,
            numbers(values(trace, &[lengths])?)?,
        );
        found.push((name(trace, index), bars));
    }
    let found = kept(found, |(names, _)| names.len(), notes);
    let mut seen = HashSet::new();
    let mut names: Vec<Value> = Vec::new();
    for (_, (own, _)) in &found {
        for value in *own {
            if seen.insert(label(value)) {
                names.push(value.clone());
            }
        }
    }
    let mut categories: Vec<String> = names.iter().map(label).collect();
    // Numbers and dates stand in order, whatever order they come in.
    let positions = positions(&names).ok().map(|(positions, _)| positions);
    let ordered = positions.is_some();
    if let Some(positions) = positions {
        if categories.len() > ORDERED_BARS {
            return Err(format!(
                "it has bars over {} numbers or dates, and a picture shows at most {ORDERED_BARS}; use a line or a histogram",
                number::count(categories.len())
            ));
        }
        let mut placed: Vec<(f64, String)> = positions.into_iter().zip(categories).collect();
        placed.sort_by(|one, other| one.0.total_cmp(&other.0));
        categories = placed.into_iter().map(|(_, name)| name).collect();
    }
    let found: Vec<(String, HashMap<String, f64>)> = found
        .into_iter()
        .map(|(name, (own, lengths))| (name, own.iter().map(label).zip(lengths).collect()))
        .collect();
    if !ordered {
        let size = |name: &String| {
            let lengths = found.iter().filter_map(|(_, lengths)| lengths.get(name));
            lengths.fold(0.0, |most: f64, length| most.max(length.abs()))
        };
        build::keep_largest(&mut categories, size, notes);
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
        ordered,
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
    let is_even = cells.iter().all(|row| row.len() == width);
    if !is_even || cells.len() > HEAT_SIDE || width > HEAT_SIDE {
        return Err(format!(
            "its heat map is uneven or larger than {HEAT_SIDE} × {HEAT_SIDE}"
        ));
    }
    let labels = |name: &str, count: usize| -> Vec<String> {
        let given = trace[name].as_array().filter(|given| given.len() == count);
        match given {
            Some(given) => given.iter().map(label).collect(),
            None => (0..count).map(|index| index.to_string()).collect(),
        }
    };
    Ok(Marks::Heat {
        columns: labels("x", width),
        rows: labels("y", cells.len()),
        cells,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use crate::show::chart::description::LINE_POINTS;
    use serde_json::json;

    /// The marks of a figure with these traces, and what is said of them.
    fn marks(traces: Value) -> (Marks, String) {
        let chart = drawn(&json!({ "data": traces })).unwrap();
        (chart.description.marks.clone(), chart.text())
    }

    #[test]
    fn a_closed_curve_of_many_points_stays_closed() {
        let turn = |index: u32| f64::from(index) / 10_000.0 * std::f64::consts::TAU;
        let x: Vec<f64> = (0..10_000).map(|index| turn(index).cos()).collect();
        let y: Vec<f64> = (0..10_000).map(|index| turn(index).sin()).collect();
        let (marks, text) = marks(json!([{ "type": "scatter", "x": x, "y": y }]));
        let Marks::Lines(series) = &marks else {
            panic!("{marks:?}");
        };
        let points = &series[0].points;
        assert!(points.len() <= LINE_POINTS, "{}", points.len());
        let step = |pair: &[(f64, f64)]| (pair[0].0 - pair[1].0).hypot(pair[0].1 - pair[1].1);
        assert!(points.windows(2).all(|pair| step(pair) < 0.02));
        assert!(
            text.contains("10,000 points are drawn by the lowest and highest"),
            "{text}"
        );
    }

    #[test]
    fn bars_over_numbers_stand_in_order_and_too_many_are_refused() {
        let bars = |count: usize| {
            let x: Vec<usize> = (0..count).rev().collect();
            json!([{ "type": "bar", "x": x, "y": vec![1.0; count] }])
        };
        let (marks, _) = marks(bars(100));
        let Marks::Bars {
            categories,
            ordered,
            ..
        } = &marks
        else {
            panic!("{marks:?}");
        };
        assert!(*ordered && categories.len() == 100, "{categories:?}");
        assert_eq!((&*categories[0], &*categories[99]), ("0", "99"));
        let refused = drawn(&json!({ "data": bars(1_000) })).unwrap_err();
        assert!(
            refused.contains("bars over 1,000 numbers or dates") && refused.contains("at most 400"),
            "{refused}"
        );
    }

    #[test]
    fn of_many_names_the_largest_and_of_many_traces_the_longest_are_drawn() {
        let names: Vec<String> = (0..100).map(|index| format!("name {index}")).collect();
        // The largest come last, behind more equal ones than there is room for.
        let lengths: Vec<f64> = (0..100_i32).map(|index| f64::from(index.max(90))).collect();
        let (marks, text) = marks(json!([{ "type": "bar", "x": names, "y": lengths }]));
        let Marks::Bars { categories, .. } = &marks else {
            panic!("{marks:?}");
        };
        assert_eq!(categories.len(), 40);
        assert_eq!((&*categories[30], &*categories[39]), ("name 30", "name 99"));
        assert!(text.contains("The 40 largest of 100 are drawn."), "{text}");
        let traces: Vec<Value> = (1..=30)
            .map(|length| json!({ "type": "scatter", "y": vec![1.0; length] }))
            .collect();
        let (marks, text) = self::marks(traces.into());
        let Marks::Lines(series) = &marks else {
            panic!("{marks:?}");
        };
        let names: Vec<&str> = series.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(
            (names.len(), names[0], names[11]),
            (12, "trace 19", "trace 30")
        );
        assert!(
            text.contains("The 12 traces of 30 with the most values are drawn."),
            "{text}"
        );
    }
}
