//! From a frame and column names to marks: rows are matched, sorted, bounded in number, and whatever that leaves out is noted.

use std::collections::HashMap;

use polars::prelude::DataFrame;

use super::columns::{Labels, labels, numbers, positions};
use super::description::{LINE_POINTS, Marks, Points, SCATTER_POINTS, SERIES, Series};
use super::error::ChartError;
use super::{bin, number};

/// Most bars over numbers or dates.
pub(super) const ORDERED_BARS: usize = 400;
/// Most bars over names; the largest are kept.
const NAMED_BARS: usize = 40;
/// Most cells along one side of a heat map.
pub(super) const HEAT_SIDE: usize = 150;
/// Most boxes.
pub(super) const BOXES: usize = 40;

/// Marks with what a reader has to know about them.
pub(super) struct Built {
    pub(super) marks: Marks,
    pub(super) notes: Vec<String>,
    pub(super) time: bool,
}

impl Built {
    fn new(marks: Marks, notes: Vec<String>) -> Self {
        Self {
            marks,
            notes,
            time: false,
        }
    }
}

pub(super) fn bars(
    frame: &DataFrame,
    x: &str,
    y: &str,
    group: Option<&str>,
) -> Result<Built, ChartError> {
    let values = numbers(frame, y, "the length of a bar")?;
    let names = labels(frame, x)?;
    let group_column = group;
    let groups = group.map(|group| labels(frame, group)).transpose()?;
    let mut notes = Vec::new();
    let mut categories = names.distinct();
    let ordered = names.ordered();
    if ordered && categories.len() > ORDERED_BARS {
        return Err(ChartError::TooMany {
            column: x.to_owned(),
            found: categories.len(),
            chart: "a bar chart over numbers",
            most: ORDERED_BARS,
            instead: "use a line or a histogram",
        });
    }
    let series_names = match &groups {
        Some(groups) => kept_series(groups, &mut notes),
        None => vec![y.replace('_', " ")],
    };
    let mut cells: HashMap<(&str, &str), f64> = HashMap::new();
    let mut missing = 0;
    for (row, &value) in values.iter().enumerate() {
        let group = match &groups {
            Some(groups) => groups.values[row].as_deref(),
            None => series_names.first().map(String::as_str),
        };
        let (Some(name), Some(group), true) =
            (names.values[row].as_deref(), group, value.is_finite())
        else {
            missing += 1;
            continue;
        };
        if cells.insert((name, group), value).is_some() {
            return Err(repeated(&[Some(x), group_column], name));
        }
    }
    note_missing(&mut notes, missing, values.len());
    if !ordered {
        let size = |name: &String| {
            let sizes = series_names
                .iter()
                .filter_map(|group| cells.get(&(name.as_str(), group.as_str())));
            sizes.fold(0.0, |most: f64, value| most.max(value.abs()))
        };
        keep_largest(&mut categories, size, &mut notes);
    }
    let series = series_names
        .iter()
        .map(|group| Series {
            name: group.clone(),
            values: categories
                .iter()
                .map(|name| {
                    cells
                        .get(&(name.as_str(), group.as_str()))
                        .copied()
                        .unwrap_or(f64::NAN)
                })
                .collect(),
        })
        .collect();
    Ok(Built::new(
        Marks::Bars {
            categories,
            ordered,
            series,
        },
        notes,
    ))
}

/// Leaves the largest where there are more names than bars can be read.
pub(super) fn keep_largest(
    categories: &mut Vec<String>,
    size: impl Fn(&String) -> f64,
    notes: &mut Vec<String>,
) {
    let all = categories.len();
    if all <= NAMED_BARS {
        return;
    }
    let mut sizes: Vec<f64> = categories.iter().map(&size).collect();
    sizes.sort_by(|a, b| b.total_cmp(a));
    let least = sizes[NAMED_BARS - 1];
    // Of those that are as large as the smallest that is drawn, the first.
    let mut room = NAMED_BARS - sizes.iter().filter(|size| **size > least).count();
    categories.retain(|name| {
        let size = size(name);
        let tied = size == least && room > 0;
        room -= usize::from(tied);
        tied || size > least
    });
    notes.push(format!(
        "The {NAMED_BARS} largest of {} are drawn",
        number::count(all)
    ));
}

/// Lines, whose points are put in rising order of x, or dots, which stay as they come.
pub(super) fn points(
    frame: &DataFrame,
    (x, y): (&str, &str),
    group: Option<&str>,
    line: bool,
) -> Result<Built, ChartError> {
    let across = positions(frame, x, "the horizontal axis")?;
    let up = numbers(frame, y, "the vertical axis")?;
    let groups = group.map(|group| labels(frame, group)).transpose()?;
    let mut notes = Vec::new();
    let names = match &groups {
        Some(groups) => kept_series(groups, &mut notes),
        None => vec![y.replace('_', " ")],
    };
    let place: HashMap<&str, usize> = names
        .iter()
        .enumerate()
        .map(|(index, name)| (name.as_str(), index))
        .collect();
    let mut series: Vec<Vec<(f64, f64)>> = vec![Vec::new(); names.len()];
    let mut missing = 0;
    for (row, (&x, &y)) in across.values.iter().zip(&up).enumerate() {
        let index = match &groups {
            Some(groups) => match groups.values[row].as_deref() {
                Some(name) => place.get(name).copied(),
                None => {
                    missing += 1;
                    continue;
                }
            },
            None => Some(0),
        };
        missing += usize::from(!x.is_finite() || !y.is_finite());
        // A line keeps a point without a value: there it has a gap.
        let kept = x.is_finite() && (line || y.is_finite());
        if let Some(points) = index
            .and_then(|index| series.get_mut(index))
            .filter(|_| kept)
        {
            points.push((x, y));
        }
    }
    note_missing(&mut notes, missing, up.len());
    let marks = if line {
        lines(names, series, &mut notes)
    } else {
        dots(names, series, groups.is_some(), &mut notes)
    };
    Ok(Built {
        marks,
        notes,
        time: across.time,
    })
}

/// Lines that join their points in rising order of x.
pub(super) fn lines(
    names: Vec<String>,
    mut series: Vec<Vec<(f64, f64)>>,
    notes: &mut Vec<String>,
) -> Marks {
    for points in &mut series {
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
    }
    lines_as_given(names, series, notes)
}

/// Lines that join their points in the order they come.
pub(super) fn lines_as_given(
    names: Vec<String>,
    series: Vec<Vec<(f64, f64)>>,
    notes: &mut Vec<String>,
) -> Marks {
    let all: usize = series.iter().map(Vec::len).sum();
    let mut any_thinned = false;
    let thin = |(name, points): (String, Vec<(f64, f64)>)| {
        let (points, thinned) = bin::thin(points);
        any_thinned |= thinned;
        Points { name, points }
    };
    let series: Vec<Points> = names.into_iter().zip(series).map(thin).collect();
    if any_thinned {
        let stretches = LINE_POINTS / 2;
        notes.push(format!(
            "{} points are drawn by the lowest and highest of {stretches} stretches",
            number::count(all)
        ));
    }
    Marks::Lines(series)
}

pub(super) fn dots(
    names: Vec<String>,
    mut series: Vec<Vec<(f64, f64)>>,
    grouped: bool,
    notes: &mut Vec<String>,
) -> Marks {
    let all: usize = series.iter().map(Vec::len).sum();
    if all > SCATTER_POINTS && !grouped {
        let points: Vec<(f64, f64)> = series.into_iter().flatten().collect();
        notes.push(format!(
            "{} rows are counted in 60 × 40 cells",
            number::count(all)
        ));
        return Marks::Density(bin::grid(&points));
    }
    if all > SCATTER_POINTS {
        let every = all.div_ceil(SCATTER_POINTS);
        for points in &mut series {
            *points = points.iter().copied().step_by(every).collect();
        }
        notes.push(format!(
            "Every {every}th of {} rows is drawn",
            number::count(all)
        ));
    }
    Marks::Scatter(
        names
            .into_iter()
            .zip(series)
            .map(|(name, points)| Points { name, points })
            .collect(),
    )
}

pub(super) fn histogram(frame: &DataFrame, column: &str) -> Result<Built, ChartError> {
    let mut values = numbers(frame, column, "a histogram")?;
    let all = values.len();
    values.retain(|value| value.is_finite());
    let mut notes = Vec::new();
    note_missing(&mut notes, all - values.len(), all);
    Ok(Built::new(Marks::Histogram(values), notes))
}

pub(super) fn heat(frame: &DataFrame, x: &str, y: &str, value: &str) -> Result<Built, ChartError> {
    let values = numbers(frame, value, "the colour of a cell")?;
    let (across, up) = (labels(frame, x)?, labels(frame, y)?);
    let columns = across.distinct();
    let mut rows = up.distinct();
    for (column, found) in [(x, columns.len()), (y, rows.len())] {
        if found > HEAT_SIDE {
            return Err(ChartError::TooMany {
                column: column.to_owned(),
                found,
                chart: "a heat map",
                most: HEAT_SIDE,
                instead: "bin the column first, or use scatter, which bins by itself",
            });
        }
    }
    // Numbers rise from the bottom like any axis; names read from the top.
    if !up.ordered() {
        rows.reverse();
    }
    let place = |labels: &[String]| -> HashMap<String, usize> {
        labels
            .iter()
            .enumerate()
            .map(|(index, label)| (label.clone(), index))
            .collect()
    };
    let (column_place, row_place) = (place(&columns), place(&rows));
    let mut cells = vec![vec![f64::NAN; columns.len()]; rows.len()];
    let mut seen = std::collections::HashSet::new();
    let mut missing = 0;
    for (row, &value) in values.iter().enumerate() {
        let at = |labels: &Labels, place: &HashMap<String, usize>| {
            labels.values[row]
                .as_ref()
                .and_then(|label| place.get(label).copied())
        };
        let (Some(column), Some(line)) = (at(&across, &column_place), at(&up, &row_place)) else {
            missing += 1;
            continue;
        };
        if !seen.insert((column, line)) {
            return Err(repeated(
                &[Some(x), Some(y)],
                &format!("{}, {}", columns[column], rows[line]),
            ));
        }
        missing += usize::from(!value.is_finite());
        cells[line][column] = value;
    }
    let mut notes = Vec::new();
    note_missing(&mut notes, missing, values.len());
    if seen.len() < columns.len() * rows.len() {
        notes.push("Cells without a colour have no rows".to_owned());
    }
    Ok(Built::new(
        Marks::Heat {
            columns,
            rows,
            cells,
        },
        notes,
    ))
}

pub(super) fn boxes(frame: &DataFrame, group: &str, value: &str) -> Result<Built, ChartError> {
    let values = numbers(frame, value, "a box plot")?;
    let groups = labels(frame, group)?;
    let names = groups.distinct();
    if names.len() > BOXES {
        return Err(ChartError::TooMany {
            column: group.to_owned(),
            found: names.len(),
            chart: "a box plot",
            most: BOXES,
            instead: "filter the frame or bin the column",
        });
    }
    let mut parts: HashMap<&str, Vec<f64>> = HashMap::new();
    let mut missing = 0;
    for (name, &value) in groups.values.iter().zip(&values) {
        match name {
            Some(name) if value.is_finite() => parts.entry(name).or_default().push(value),
            _ => missing += 1,
        }
    }
    let found = names
        .iter()
        .filter_map(|name| bin::five_numbers(name.clone(), parts.remove(name.as_str())?))
        .collect();
    let mut notes =
        vec!["Whiskers reach 1.5 interquartile ranges; values beyond are not drawn".to_owned()];
    note_missing(&mut notes, missing, values.len());
    Ok(Built::new(Marks::Boxes(found), notes))
}

/// Names of the series: all, or the twelve with the most rows.
fn kept_series(groups: &Labels, notes: &mut Vec<String>) -> Vec<String> {
    let mut names = groups.distinct();
    if names.len() > SERIES {
        let mut rows: HashMap<&str, usize> = HashMap::new();
        for name in groups.values.iter().flatten() {
            *rows.entry(name).or_default() += 1;
        }
        let all = names.len();
        let mut by_size = names.clone();
        by_size
            .sort_by_key(|name| std::cmp::Reverse(rows.get(name.as_str()).copied().unwrap_or(0)));
        by_size.truncate(SERIES);
        names.retain(|name| by_size.contains(name));
        notes.push(format!(
            "The {SERIES} groups of {all} with the most rows are drawn"
        ));
    }
    names
}

pub(super) fn note_missing(notes: &mut Vec<String>, missing: usize, all: usize) {
    if missing > 0 {
        let share = number::value_text(missing as f64 / all as f64, true);
        notes.push(format!(
            "{} of {} rows ({share}) have no value here",
            number::count(missing),
            number::count(all)
        ));
    }
}

fn repeated(columns: &[Option<&str>], value: &str) -> ChartError {
    let columns: Vec<String> = columns
        .iter()
        .flatten()
        .map(|name| format!("\"{name}\""))
        .collect();
    ChartError::Repeated {
        columns: columns.join(", "),
        value: value.to_owned(),
    }
}
