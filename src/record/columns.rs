//! [`Columns`]: typed columns with nulls that need no frame library. A frame and a JSON request both become these before a
//! recipe sees them, which is why a feature cannot differ between training and serving.

use super::Kind;
use thiserror::Error;

/// The values of one field over all rows; `None` is a null. Narrow kinds are widened without loss.
#[derive(Debug, Clone, PartialEq)]
pub enum Column {
    /// Booleans.
    Bool(Vec<Option<bool>>),
    /// 32- and 64-bit integers.
    Int(Vec<Option<i64>>),
    /// 32- and 64-bit floats.
    Float(Vec<Option<f64>>),
    /// Text.
    Text(Vec<Option<String>>),
    /// Instants, in microseconds since 1970-01-01T00:00:00Z.
    Timestamp(Vec<Option<i64>>),
}

impl Column {
    /// An empty column for values of this kind, with room for `rows`; none for bytes, times of day, lists and structs, which no
    /// recipe uses. Decimals are floats here, and days and zoneless times are instants in UTC.
    pub fn with_capacity(kind: &Kind, rows: usize) -> Option<Column> {
        Some(match kind {
            Kind::Bool => Column::Bool(Vec::with_capacity(rows)),
            Kind::Int32 | Kind::Int64 => Column::Int(Vec::with_capacity(rows)),
            Kind::Float32 | Kind::Float64 | Kind::Decimal(_) => {
                Column::Float(Vec::with_capacity(rows))
            }
            Kind::Text => Column::Text(Vec::with_capacity(rows)),
            Kind::Timestamp | Kind::Date | Kind::Datetime => {
                Column::Timestamp(Vec::with_capacity(rows))
            }
            Kind::Bytes | Kind::Time | Kind::List { .. } | Kind::Struct(_) => return None,
        })
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        match self {
            Column::Bool(v) => v.len(),
            Column::Int(v) | Column::Timestamp(v) => v.len(),
            Column::Float(v) => v.len(),
            Column::Text(v) => v.len(),
        }
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number of nulls.
    pub fn nulls(&self) -> usize {
        fn count<T>(values: &[Option<T>]) -> usize {
            values.iter().filter(|value| value.is_none()).count()
        }
        match self {
            Column::Bool(v) => count(v),
            Column::Int(v) | Column::Timestamp(v) => count(v),
            Column::Float(v) => count(v),
            Column::Text(v) => count(v),
        }
    }

    /// What the values are, for messages.
    pub fn type_name(&self) -> &'static str {
        match self {
            Column::Bool(_) => "boolean",
            Column::Int(_) => "integer",
            Column::Float(_) => "float",
            Column::Text(_) => "text",
            Column::Timestamp(_) => "timestamp",
        }
    }

    /// Appends a null.
    pub fn push_null(&mut self) {
        match self {
            Column::Bool(v) => v.push(None),
            Column::Int(v) | Column::Timestamp(v) => v.push(None),
            Column::Float(v) => v.push(None),
            Column::Text(v) => v.push(None),
        }
    }
}

/// Why columns cannot be put together.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ColumnsError {
    /// A column of another length than those before it.
    #[error(
        "column {name} has {found} rows where the others have {expected}: all columns must be equally long"
    )]
    Length {
        /// The column that was added.
        name: String,
        /// The rows of the columns before it.
        expected: usize,
        /// Its own rows.
        found: usize,
    },
    /// A name that is taken.
    #[error("there is already a column {name}: rename one of the two")]
    Duplicate {
        /// The name.
        name: String,
    },
}

/// Named columns of equal length.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Columns {
    columns: Vec<(String, Column)>,
}

impl Columns {
    /// No columns yet.
    pub fn new() -> Columns {
        Columns::default()
    }

    /// Adds a column.
    ///
    /// # Errors
    /// When its length differs from the others', or its name is taken.
    pub fn push(&mut self, name: impl Into<String>, column: Column) -> Result<(), ColumnsError> {
        let name = name.into();
        if self.get(&name).is_some() {
            return Err(ColumnsError::Duplicate { name });
        }
        if !self.columns.is_empty() && column.len() != self.rows() {
            return Err(ColumnsError::Length {
                name,
                expected: self.rows(),
                found: column.len(),
            });
        }
        self.columns.push((name, column));
        Ok(())
    }

    /// The column with this name.
    pub fn get(&self, name: &str) -> Option<&Column> {
        self.columns
            .iter()
            .find(|(own, _)| own == name)
            .map(|(_, column)| column)
    }

    /// The number of rows; 0 when there are no columns.
    pub fn rows(&self) -> usize {
        self.columns.first().map_or(0, |(_, column)| column.len())
    }

    /// The names, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|(name, _)| name.as_str())
    }

    /// Names and columns, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Column)> {
        self.columns
            .iter()
            .map(|(name, column)| (name.as_str(), column))
    }
}
