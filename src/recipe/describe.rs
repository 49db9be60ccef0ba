//! Back from columns to a JSON record: the example in a service's documentation, and the other side of parity tests.

use super::FittedRecipe;
use crate::record::{Column, Columns};
use chrono::{DateTime, SecondsFormat};
use serde_json::{Map, Value};

impl FittedRecipe {
    /// One row as the JSON record a service would be sent, with the schema's fields only; `None` if a column or the row is not
    /// there. Numbers keep their bits; instants are RFC 3339 in UTC.
    pub fn record_json(&self, columns: &Columns, row: usize) -> Option<Value> {
        if row >= columns.rows() {
            return None;
        }
        let mut record = Map::new();
        for field in &self.schema().fields {
            record.insert(field.name.clone(), cell(columns.get(&field.name)?, row));
        }
        Some(Value::Object(record))
    }

    /// The first row, at or after `from`, in which every field has a value.
    pub fn complete_row(&self, columns: &Columns, from: usize) -> Option<usize> {
        let used: Vec<&Column> = self
            .schema()
            .fields
            .iter()
            .filter_map(|field| columns.get(&field.name))
            .collect();
        (from..columns.rows()).find(|&row| used.iter().all(|column| !cell(column, row).is_null()))
    }
}

fn cell(column: &Column, row: usize) -> Value {
    match column {
        Column::Bool(values) => values[row].into(),
        Column::Int(values) => values[row].into(),
        // A float that is not finite has no JSON form; the recipe takes it as a null too.
        Column::Float(values) => values[row].filter(|value| value.is_finite()).into(),
        Column::Text(values) => values[row].clone().into(),
        Column::Timestamp(values) => values[row]
            .and_then(DateTime::from_timestamp_micros)
            .map(|instant| instant.to_rfc3339_opts(SecondsFormat::AutoSi, true))
            .into(),
    }
}
