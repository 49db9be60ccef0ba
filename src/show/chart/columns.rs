//! Columns of a frame as a chart needs them: numbers, positions on an axis, or labels.

use polars::prelude::{Column, DataFrame, DataType, PolarsError, TimeUnit};

use super::error::ChartError;
use super::{number, time};

/// Positions on a numeric axis or on one of time (seconds since 1970); NaN is a missing one.
pub(super) struct Positions {
    pub(super) values: Vec<f64>,
    pub(super) time: bool,
}

/// Labels of rows; `None` is a missing one.
pub(super) struct Labels {
    pub(super) values: Vec<Option<String>>,
    /// Sort keys of numbers and dates, whose order says something; empty for text.
    keys: Vec<f64>,
}

impl Labels {
    pub(super) fn ordered(&self) -> bool {
        !self.keys.is_empty()
    }

    /// The distinct labels: numbers and dates in rising order, text in order of appearance.
    pub(super) fn distinct(&self) -> Vec<String> {
        let mut seen = std::collections::HashSet::new();
        let mut found: Vec<(usize, &String)> = Vec::new();
        for (row, label) in self.values.iter().enumerate() {
            if let Some(label) = label.as_ref().filter(|label| seen.insert(*label)) {
                found.push((row, label));
            }
        }
        if self.ordered() {
            found.sort_by(|a, b| self.keys[a.0].total_cmp(&self.keys[b.0]));
        }
        found.into_iter().map(|(_, label)| label.clone()).collect()
    }
}

pub(super) fn column<'a>(frame: &'a DataFrame, name: &str) -> Result<&'a Column, ChartError> {
    frame.column(name).map_err(|_| ChartError::NoColumn {
        column: name.to_owned(),
        columns: frame
            .get_column_names()
            .iter()
            .map(|name| name.to_string())
            .collect(),
    })
}

/// A column of numbers (true is 1) with NaN for null.
pub(super) fn numbers(
    frame: &DataFrame,
    name: &str,
    place: &'static str,
) -> Result<Vec<f64>, ChartError> {
    let column = column(frame, name)?;
    let dtype = column.dtype();
    if !(dtype.is_primitive_numeric() || dtype.is_bool() || dtype.is_decimal()) {
        return Err(ChartError::WrongType {
            column: name.to_owned(),
            found: dtype.to_string(),
            place,
            needed: "numbers",
        });
    }
    floats(column).map_err(|source| ChartError::Column {
        column: name.to_owned(),
        source,
    })
}

/// A column of numbers, dates or instants.
pub(super) fn positions(
    frame: &DataFrame,
    name: &str,
    place: &'static str,
) -> Result<Positions, ChartError> {
    let column = column(frame, name)?;
    let failed = |source| ChartError::Column {
        column: name.to_owned(),
        source,
    };
    if let Some(divisor) = time_divisor(column.dtype()) {
        let values = floats(&column.to_physical_repr()).map_err(failed)?;
        return Ok(Positions {
            values: values.into_iter().map(|value| value / divisor).collect(),
            time: true,
        });
    }
    match numbers(frame, name, place) {
        Ok(values) => Ok(Positions {
            values,
            time: false,
        }),
        Err(ChartError::WrongType {
            column,
            found,
            place,
            ..
        }) => Err(ChartError::WrongType {
            column,
            found,
            place,
            needed: "numbers, dates or timestamps",
        }),
        Err(other) => Err(other),
    }
}

/// Any column as labels.
pub(super) fn labels(frame: &DataFrame, name: &str) -> Result<Labels, ChartError> {
    let column = column(frame, name)?;
    let failed = |source| ChartError::Column {
        column: name.to_owned(),
        source,
    };
    let dtype = column.dtype();
    if time_divisor(dtype).is_some() || dtype.is_primitive_numeric() {
        let Positions { values: keys, time } = positions(frame, name, "a label")?;
        let label = |&key: &f64| {
            key.is_finite().then(|| {
                if time {
                    time::iso(key)
                } else {
                    number_label(key)
                }
            })
        };
        return Ok(Labels {
            values: keys.iter().map(label).collect(),
            keys,
        });
    }
    let text = column.cast(&DataType::String).map_err(failed)?;
    let text = text.str().map_err(failed)?;
    let values = (0..text.len())
        .map(|row| text.get(row).map(str::to_owned))
        .collect();
    Ok(Labels {
        values,
        keys: Vec::new(),
    })
}

/// A number as a label: whole ones without decimals and without groups (a year is 2013, not 2,013).
fn number_label(value: f64) -> String {
    if value.fract() == 0.0 && value.abs() < 1e15 {
        format!("{value:.0}")
    } else {
        number::rounded(value, 6).to_string()
    }
}

fn floats(column: &Column) -> Result<Vec<f64>, PolarsError> {
    let column = column.cast(&DataType::Float64)?;
    let values = column.f64()?;
    Ok((0..values.len())
        .map(|row| values.get(row).unwrap_or(f64::NAN))
        .collect())
}

/// Parts of a column's whole numbers in one second, for columns of time.
fn time_divisor(dtype: &DataType) -> Option<f64> {
    match dtype {
        DataType::Date => Some(1.0 / 86_400.0),
        DataType::Datetime(TimeUnit::Nanoseconds, _) => Some(1e9),
        DataType::Datetime(TimeUnit::Microseconds, _) => Some(1e6),
        DataType::Datetime(TimeUnit::Milliseconds, _) => Some(1e3),
        _ => None,
    }
}
