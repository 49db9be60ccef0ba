//! One value as a table cell: nulls that can be seen, numbers that line up, instants in ISO form, text cut and escaped.

use chrono::{DateTime, SecondsFormat};
use polars::prelude::{AnyValue, Column, DataType, TimeUnit};

use super::escape;

/// Decimals of a column of floats, at most.
const DECIMALS: usize = 4;

/// What a cell shows.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Cell {
    /// Aligned as the other values of its column.
    Null {
        right: bool,
    },
    Number(String),
    Text(String),
}

impl Cell {
    /// Appends the cell to `html`.
    pub(super) fn write(&self, html: &mut String) {
        let (align, text) = match self {
            Cell::Null { right } => (
                if *right { "right" } else { "left" },
                "<i style=\"opacity:.55\">null</i>".to_owned(),
            ),
            Cell::Number(text) => ("right", escape(text)),
            Cell::Text(text) => ("left", escape(text)),
        };
        html.push_str(&format!(
            "<td style=\"text-align:{align};padding:2px 8px\">{text}</td>"
        ));
    }
}

/// The cells of `column` at `rows`, each of at most `most` characters. Floats share their number of decimals.
pub(super) fn cells(column: &Column, rows: impl Iterator<Item = usize>, most: usize) -> Vec<Cell> {
    let values: Vec<AnyValue<'_>> = rows.filter_map(|row| column.get(row).ok()).collect();
    let decimals = decimals(&values);
    values
        .iter()
        .map(|value| cell(value, is_number(column.dtype()), decimals, most))
        .collect()
}

/// True where a column's values are right-aligned.
pub(super) fn is_number(dtype: &DataType) -> bool {
    dtype.is_primitive_numeric() || dtype.is_decimal()
}

/// `text` in at most `most` characters, with how many there are if it was cut.
pub(super) fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some((end, _)) => {
            format!(
                "{}… ({} characters)",
                &text[..end],
                crate::show::chart::count(text.chars().count())
            )
        }
    }
}

fn cell(value: &AnyValue<'_>, right: bool, decimals: usize, most: usize) -> Cell {
    match value {
        AnyValue::Null => Cell::Null { right },
        AnyValue::Float64(value) => Cell::Number(float(*value, decimals)),
        AnyValue::Float32(value) => Cell::Number(float(f64::from(*value), decimals)),
        AnyValue::String(text) => Cell::Text(cut(text, most)),
        AnyValue::StringOwned(text) => Cell::Text(cut(text, most)),
        AnyValue::Binary(bytes) => Cell::Text(format!("{} bytes", bytes.len())),
        AnyValue::BinaryOwned(bytes) => Cell::Text(format!("{} bytes", bytes.len())),
        AnyValue::Datetime(value, unit, zone) => {
            let zone = zone.as_ref().map(|zone| zone.as_str());
            Cell::Text(
                instant(*value, *unit, zone).unwrap_or_else(|| cut(&value.to_string(), most)),
            )
        }
        AnyValue::DatetimeOwned(value, unit, zone) => {
            let zone = zone.as_ref().map(|zone| zone.as_str());
            Cell::Text(
                instant(*value, *unit, zone).unwrap_or_else(|| cut(&value.to_string(), most)),
            )
        }
        other if is_number(&other.dtype()) => Cell::Number(cut(&other.to_string(), most)),
        other => Cell::Text(cut(&other.to_string(), most)),
    }
}

/// The fewest decimals, at most four, that show every float of a column exactly; four where none do.
fn decimals(values: &[AnyValue<'_>]) -> usize {
    let floats = || {
        values.iter().filter_map(|value| match value {
            AnyValue::Float64(value) => Some(*value),
            // A 32-bit float has about seven digits; the rest of its 64-bit form is noise.
            AnyValue::Float32(value) => value.to_string().parse().ok(),
            _ => None,
        })
    };
    let exact = |decimals: usize| {
        let power = 10f64.powi(decimals as i32);
        floats().all(|value| {
            !value.is_finite()
                || ((value * power).round() / power - value).abs() <= value.abs() * 1e-12
        })
    };
    (1..DECIMALS)
        .find(|&decimals| exact(decimals))
        .unwrap_or(DECIMALS)
}

/// A float with fixed decimals, or in powers of ten where those would hide it.
fn float(value: f64, decimals: usize) -> String {
    if !value.is_finite() {
        return match value {
            value if value.is_nan() => "NaN".to_owned(),
            value if value > 0.0 => "∞".to_owned(),
            _ => "−∞".to_owned(),
        };
    }
    let size = value.abs();
    if value != 0.0 && (size >= 1e12 || size < 0.5 * 10f64.powi(-(decimals as i32))) {
        return format!("{value:.3e}");
    }
    format!("{value:.decimals$}")
}

/// An instant as RFC 3339, in its own zone where it has one; `None` outside the calendar.
fn instant(value: i64, unit: TimeUnit, zone: Option<&str>) -> Option<String> {
    let at = match unit {
        TimeUnit::Nanoseconds => DateTime::from_timestamp_nanos(value),
        TimeUnit::Microseconds => DateTime::from_timestamp_micros(value)?,
        TimeUnit::Milliseconds => DateTime::from_timestamp_millis(value)?,
    };
    Some(match zone {
        None => at.naive_utc().format("%Y-%m-%dT%H:%M:%S%.f").to_string(),
        Some("UTC") => at.to_rfc3339_opts(SecondsFormat::AutoSi, true),
        Some(zone) => format!(
            "{} [{zone}]",
            at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_share_as_few_decimals_as_show_them_exactly() {
        let values = [
            AnyValue::Float64(1.5),
            AnyValue::Float64(2.25),
            AnyValue::Null,
        ];
        assert_eq!(decimals(&values), 2);
        assert_eq!(decimals(&[AnyValue::Float64(1.0 / 3.0)]), 4);
        assert_eq!(decimals(&[AnyValue::Float32(0.1)]), 1);
        assert_eq!(
            [float(1.5, 2), float(1e-9, 2), float(f64::NAN, 2)],
            ["1.50", "1.000e-9", "NaN"]
        );
    }

    #[test]
    fn instants_are_in_iso_form() {
        let value = 1_357_034_400_000_000;
        assert_eq!(
            instant(value, TimeUnit::Microseconds, Some("UTC")).as_deref(),
            Some("2013-01-01T10:00:00Z")
        );
        assert_eq!(
            instant(value, TimeUnit::Microseconds, None).as_deref(),
            Some("2013-01-01T10:00:00")
        );
    }

    #[test]
    fn a_long_text_is_cut_and_says_how_long_it_was() {
        assert_eq!(cut("abc", 3), "abc");
        assert_eq!(cut(&"é".repeat(2000), 3), "ééé… (2,000 characters)");
    }
}
