//! A frame as [`Columns`]: the last place polars is needed before a recipe.

use super::FrameError;
use crate::record::{Column, Columns};
use polars::prelude::{DataFrame, DataType, TimeUnit};

/// Every column of the frame as typed values with nulls. Integers and floats are widened, decimals become the nearest floats; dates and datetimes become
/// instants, those without a zone taken as UTC.
///
/// # Errors
/// When a column's type has no counterpart: lists, structs, categories and so on.
pub fn columns_of(frame: &DataFrame) -> Result<Columns, FrameError> {
    let mut columns = Columns::new();
    for column in frame.columns() {
        let series = column.as_materialized_series();
        let values = match series.dtype() {
            DataType::Boolean => Column::Bool(series.bool()?.iter().collect()),
            DataType::String => Column::Text(
                series
                    .str()?
                    .iter()
                    .map(|text| text.map(str::to_owned))
                    .collect(),
            ),
            kind if kind.is_integer()
                && !matches!(
                    kind,
                    DataType::UInt64 | DataType::Int128 | DataType::UInt128
                ) =>
            {
                Column::Int(series.cast(&DataType::Int64)?.i64()?.iter().collect())
            }
            kind if kind.is_float() || kind.is_decimal() => {
                Column::Float(series.cast(&DataType::Float64)?.f64()?.iter().collect())
            }
            DataType::Date | DataType::Datetime(..) => {
                let zone = match series.dtype() {
                    DataType::Datetime(_, zone) => zone.clone(),
                    _ => None,
                };
                let micros = series.cast(&DataType::Datetime(TimeUnit::Microseconds, zone))?;
                Column::Timestamp(micros.cast(&DataType::Int64)?.i64()?.iter().collect())
            }
            other => {
                return Err(FrameError::Type {
                    name: column.name().to_string(),
                    found: other.to_string(),
                });
            }
        };
        // A frame's columns have distinct names and one length, so this cannot fail; if it did, the name says where.
        columns
            .push(column.name().to_string(), values)
            .map_err(|error| FrameError::Type {
                name: column.name().to_string(),
                found: error.to_string(),
            })?;
    }
    Ok(columns)
}
