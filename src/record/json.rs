//! JSON records to [`Columns`], every wrong field named. The service answers with these errors, so they say where, what was
//! expected and what came, and never stop at the first.

use super::{Column, Columns, Field, Kind, Schema};
use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::borrow::Cow;

/// Errors that [`Schema::read_json`] lists at most: a body of thousands of wrong records does not deserve an answer longer than
/// itself.
pub const ERRORS_LISTED: usize = 100;
/// Characters of a wrong value or an unknown name that are repeated back.
const SHOWN: usize = 60;
/// Edits that a slip of the keyboard makes at most.
const SLIPS: usize = 2;

/// One value that does not fit the schema.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldError {
    /// Where: the record's index and the field, such as `[3].carrier`.
    pub path: String,
    /// What the schema asks for.
    pub expected: String,
    /// What was there.
    pub found: String,
}

impl Schema {
    /// Reads JSON objects into columns, one for each field, in the schema's order.
    ///
    /// Numbers are never rounded silently: a fraction is not an integer, and an integer outside a field's range does not fit.
    /// Timestamps are RFC 3339 text with an offset; days and times without zone are text without one.
    ///
    /// # Errors
    /// Every value that does not fit, every field that is missing or unknown, up to the first [`ERRORS_LISTED`].
    pub fn read_json(&self, records: &[Value]) -> Result<Columns, Vec<FieldError>> {
        let mut columns = Vec::with_capacity(self.fields.len());
        let mut errors = Vec::new();
        for field in &self.fields {
            match Column::with_capacity(&field.kind, records.len()) {
                Some(column) => columns.push(column),
                None => errors.push(FieldError {
                    path: field.name.clone(),
                    expected: "a field that a request can hold".into(),
                    found: field.kind.to_string(),
                }),
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        for (index, record) in records.iter().enumerate() {
            if errors.len() >= ERRORS_LISTED {
                break;
            }
            self.read_record(index, record, &mut columns, &mut errors);
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        let mut result = Columns::new();
        for (field, column) in self.fields.iter().zip(columns) {
            result.push(field.name.clone(), column).map_err(|error| {
                vec![FieldError {
                    path: field.name.clone(),
                    expected: "a schema of distinct fields".into(),
                    found: error.to_string(),
                }]
            })?;
        }
        Ok(result)
    }

    fn read_record(
        &self,
        index: usize,
        record: &Value,
        columns: &mut [Column],
        errors: &mut Vec<FieldError>,
    ) {
        let Value::Object(object) = record else {
            errors.push(FieldError {
                path: format!("[{index}]"),
                expected: "an object with the model's fields".into(),
                found: describe(record),
            });
            return;
        };
        for (field, column) in self.fields.iter().zip(columns) {
            if errors.len() >= ERRORS_LISTED {
                return;
            }
            let value = object.get(&field.name).unwrap_or(&Value::Null);
            if let Err(found) = push(column, field, value) {
                let found = if object.contains_key(&field.name) {
                    found
                } else {
                    "nothing".into()
                };
                errors.push(FieldError {
                    path: format!("[{index}].{}", field.name),
                    expected: expected(field),
                    found,
                });
            }
        }
        for (name, value) in object {
            if errors.len() >= ERRORS_LISTED {
                return;
            }
            if self.field(name).is_none() {
                errors.push(FieldError {
                    path: format!("[{index}].{}", cut(name)),
                    expected: match nearest(name, self.names()) {
                        Some(near) => format!("no such field; did you mean {near}?"),
                        None => format!(
                            "no such field; the fields are {}",
                            self.names().collect::<Vec<_>>().join(", ")
                        ),
                    },
                    found: describe(value),
                });
            }
        }
    }
}

/// Appends the value, or says what it is instead.
fn push(column: &mut Column, field: &Field, value: &Value) -> Result<(), String> {
    if value.is_null() {
        return if field.nullable {
            column.push_null();
            Ok(())
        } else {
            Err("null".into())
        };
    }
    let wrong = || describe(value);
    match column {
        Column::Bool(values) => values.push(Some(value.as_bool().ok_or_else(wrong)?)),
        Column::Int(values) => {
            let number = value.as_i64().ok_or_else(wrong)?;
            if field.kind == Kind::Int32 && i32::try_from(number).is_err() {
                return Err(wrong());
            }
            values.push(Some(number));
        }
        Column::Float(values) => {
            let number = value
                .as_f64()
                .filter(|number| number.is_finite())
                .ok_or_else(wrong)?;
            // A 32-bit field holds what a 32-bit column would hold, so that a request and a frame give the same features.
            let number = if field.kind == Kind::Float32 {
                f64::from(number as f32)
            } else {
                number
            };
            if !number.is_finite() {
                return Err(wrong());
            }
            values.push(Some(number));
        }
        Column::Text(values) => values.push(Some(value.as_str().ok_or_else(wrong)?.to_owned())),
        Column::Timestamp(values) => {
            let text = value.as_str().ok_or_else(wrong)?;
            let instant = match field.kind {
                Kind::Date => text
                    .parse()
                    .map(|day: NaiveDate| day.and_time(NaiveTime::MIN).and_utc()),
                Kind::Datetime => text.parse().map(|time: NaiveDateTime| time.and_utc()),
                _ => DateTime::parse_from_rfc3339(text).map(|instant| instant.to_utc()),
            };
            let instant = instant.map_err(|error| format!("{} ({error})", describe(value)))?;
            values.push(Some(instant.timestamp_micros()));
        }
    }
    Ok(())
}

fn expected(field: &Field) -> String {
    let kind = match &field.kind {
        Kind::Date => "a date (such as 2013-01-31)".to_owned(),
        Kind::Datetime => "a date and time without offset (such as 2013-01-01T10:15:00)".into(),
        Kind::Timestamp => {
            "a timestamp with offset (RFC 3339, such as 2013-01-01T10:15:00Z)".into()
        }
        Kind::Bool => "true or false".into(),
        Kind::Text => "text".into(),
        Kind::Int32 | Kind::Int64 => format!("a whole number ({})", field.kind),
        kind @ (Kind::Float32 | Kind::Float64 | Kind::Decimal(_)) => format!("a number ({kind})"),
        other => other.to_string(),
    };
    if field.nullable {
        format!("{kind} or null")
    } else {
        kind
    }
}

fn describe(value: &Value) -> String {
    let kind = match value {
        Value::Null => return "null".into(),
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "text",
        Value::Array(items) => return format!("an array of {}", items.len()),
        Value::Object(fields) => return format!("an object of {} fields", fields.len()),
    };
    format!("{kind} {}", cut(&value.to_string()))
}

/// The first characters of a text, with an ellipsis when there are more.
fn cut(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]).into(),
        None => text.into(),
    }
}

/// The known name that differs from `name` least, if it is close enough to be a slip.
fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    // A caller's name may be a megabyte: one that is longer or shorter than so many edits of 4-byte characters is not compared.
    known
        .filter(|other| other.len().abs_diff(name.len()) <= 4 * SLIPS)
        .map(|other| (distance(name, other), other))
        .filter(|(far, _)| *far <= SLIPS)
        .min()
        .map(|(_, other)| other)
}

/// The number of single-character edits between two names (Levenshtein 1966).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use crate::record::Place;
    use serde_json::json;

    fn schema() -> Schema {
        let field = |name: &str, kind, nullable| Field {
            name: name.into(),
            kind,
            nullable,
            key: false,
            path: name.into(),
            description: None,
        };
        Schema {
            place: Place::Inline,
            fields: vec![
                field("carrier", Kind::Text, false),
                field("seats", Kind::Int32, true),
                field("wind", Kind::Float32, true),
                field("at", Kind::Timestamp, false),
            ],
        }
    }

    #[test]
    fn every_wrong_field_of_every_record_is_named_with_what_came() {
        let errors = schema()
            .read_json(&[
                json!({"carrier": 7, "seats": 2.5, "wind": "calm", "at": "2013-01-01 10:00"}),
                json!({"carier": "AA", "at": "2013-01-01T10:00:00Z"}),
                json!([1]),
            ])
            .unwrap_err();
        let told: Vec<String> = errors
            .iter()
            .map(|e| format!("{} | {} | {}", e.path, e.expected, e.found))
            .collect();
        assert_eq!(told.len(), 7, "{told:#?}");
        assert!(told[0].starts_with("[0].carrier | text | number 7"));
        assert!(told[1].contains("whole number") && told[1].contains("2.5"));
        assert!(told[3].contains("RFC 3339"));
        assert_eq!(told[4], "[1].carrier | text | nothing");
        assert!(told[5].contains("did you mean carrier?"));
        assert!(told[6].contains("an array of 1"));
    }

    #[test]
    fn numbers_out_of_a_fields_range_do_not_fit() {
        let at = "2013-01-01T10:00:00Z";
        assert!(
            schema()
                .read_json(&[json!({"carrier": "A", "seats": 3_000_000_000_i64, "at": at})])
                .is_err()
        );
        assert!(
            schema()
                .read_json(&[json!({"carrier": "A", "wind": 1e300, "at": at})])
                .is_err()
        );
    }

    #[test]
    fn values_become_columns_with_nulls_and_instants() {
        let columns = schema()
            .read_json(&[json!({"carrier": "A", "seats": null, "wind": 0.1, "at": "2013-01-01T05:00:00-05:00"})])
            .unwrap();
        assert_eq!(columns.get("seats"), Some(&Column::Int(vec![None])));
        assert_eq!(
            columns.get("wind"),
            Some(&Column::Float(vec![Some(f64::from(0.1_f32))]))
        );
        assert_eq!(
            columns.get("at"),
            Some(&Column::Timestamp(vec![Some(1_357_034_400_000_000)]))
        );
    }

    #[test]
    fn the_list_of_errors_is_bounded() {
        let wrong = vec![json!({}); 10_000];
        assert_eq!(schema().read_json(&wrong).unwrap_err().len(), 100);
    }

    #[test]
    fn one_wide_record_and_one_long_name_are_answered_briefly() {
        let wide: serde_json::Map<String, Value> =
            (0..50_000).map(|n| (format!("x{n}"), json!(1))).collect();
        assert_eq!(
            schema()
                .read_json(&[Value::Object(wide)])
                .unwrap_err()
                .len(),
            100
        );
        let long = "n".repeat(1_000_000);
        let errors = schema().read_json(&[json!({ long: 1 })]).unwrap_err();
        let told: usize = errors
            .iter()
            .map(|error| error.path.len() + error.expected.len())
            .sum();
        assert!(told < 2_000, "{told} bytes");
    }
}
