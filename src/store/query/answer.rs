//! [`Answer`]: the rows that a declared query gives, and how they are written as CSV and as JSON.

use serde_json::{Map, Number, Value};
use std::fmt;
use std::time::Duration;

/// One value of an answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// No value.
    Null,
    /// True or false.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// A real number.
    Real(f64),
    /// A number of exact decimal places, as the database writes it.
    Decimal(String),
    /// Text. An instant is text too: `2013-01-01T10:15:00Z`, in UTC.
    Text(String),
}

impl Cell {
    /// The value as a real number, if it is a number.
    pub fn number(&self) -> Option<f64> {
        match self {
            Cell::Integer(number) => Some(*number as f64),
            Cell::Real(number) => Some(*number),
            Cell::Decimal(text) => text.parse().ok(),
            Cell::Null | Cell::Boolean(_) | Cell::Text(_) => None,
        }
    }

    fn json(&self) -> Value {
        match self {
            Cell::Null => Value::Null,
            Cell::Boolean(value) => Value::Bool(*value),
            Cell::Integer(number) => Value::from(*number),
            // JSON has no infinities and no NaN.
            Cell::Real(number) => Number::from_f64(*number)
                .map_or_else(|| Value::String(number.to_string()), Value::Number),
            Cell::Decimal(text) | Cell::Text(text) => Value::String(text.clone()),
        }
    }
}

/// As it is, with all its digits; nothing for null.
impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cell::Null => Ok(()),
            Cell::Boolean(value) => write!(f, "{value}"),
            Cell::Integer(number) => write!(f, "{number}"),
            Cell::Real(number) => write!(f, "{number}"),
            Cell::Decimal(text) | Cell::Text(text) => f.write_str(text),
        }
    }
}

/// What a query gave.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The columns' names.
    pub columns: Vec<String>,
    /// The rows, each with a cell for every column.
    pub rows: Vec<Vec<Cell>>,
    /// How long it took, from the question to the last row.
    pub took: Duration,
}

impl Answer {
    /// As CSV (RFC 4180, lines end in a line feed): a line of names, then the rows. Null is an empty field, empty text `""`.
    pub fn to_csv(&self) -> String {
        let names = self.columns.iter().map(|name| quoted(name)).collect();
        let rows = self.rows.iter().map(|row| row.iter().map(field).collect());
        let lines = std::iter::once(names).chain(rows);
        lines
            .map(|line: Vec<String>| line.join(",") + "\n")
            .collect()
    }

    /// As JSON: an array of one object a row. Decimals are text, so that no digit is lost.
    pub fn to_json(&self) -> Value {
        let row = |row: &Vec<Cell>| {
            let cells = self.columns.iter().cloned().zip(row.iter().map(Cell::json));
            Value::Object(cells.collect::<Map<_, _>>())
        };
        self.rows.iter().map(row).collect()
    }
}

fn field(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) => quoted(text),
        other => other.to_string(),
    }
}

fn quoted(text: &str) -> String {
    if text.is_empty() || text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn csv_keeps_null_from_empty_text_and_json_keeps_types() {
        let answer = Answer {
            columns: vec!["a".into(), "b, c".into()],
            rows: vec![
                vec![Cell::Null, Cell::Text(String::new())],
                vec![Cell::Real(0.1), Cell::Text("say \"x\"\n".into())],
                vec![Cell::Decimal("1.50".into()), Cell::Boolean(true)],
                vec![Cell::Integer(i64::MAX), Cell::Real(f64::NAN)],
            ],
            took: Duration::ZERO,
        };
        assert_eq!(
            answer.to_csv(),
            "a,\"b, c\"\n,\"\"\n0.1,\"say \"\"x\"\"\n\"\n1.50,true\n9223372036854775807,NaN\n"
        );
        assert_eq!(
            answer.to_json(),
            json!([
                { "a": null, "b, c": "" },
                { "a": 0.1, "b, c": "say \"x\"\n" },
                { "a": "1.50", "b, c": true },
                { "a": i64::MAX, "b, c": "NaN" },
            ])
        );
    }
}
