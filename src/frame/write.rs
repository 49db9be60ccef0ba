//! `store.write::<T>(&frame)`: a frame's rows into the record's table, by key and all or nothing.

use super::{FrameError, check, postgres};
use crate::record::{Field, Kind, Place, Record, Schema, decimal_text};
use crate::store::relational::{Bound, CatalogueColumn, Rows};
use crate::store::{Store, StoreError, Tables, Upserted};
use chrono::{DateTime, NaiveDate, NaiveTime, SecondsFormat};
use polars::prelude::{
    BinaryChunked, BooleanChunked, DataFrame, DataType, Float64Chunked, Int64Chunked,
    Int128Chunked, ListChunked, PolarsResult, Series, StringChunked, TimeUnit,
};
use polars_arrow::array::Array;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Range;

/// A frame on its way to a table; [`Write::upsert`] writes it.
pub struct Write<'f, T> {
    store: Store,
    frame: &'f DataFrame,
    progress: Box<dyn FnMut(usize) + Send + 'f>,
    record: PhantomData<fn() -> T>,
}

impl<T> fmt::Debug for Write<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Write")
            .field("rows", &self.frame.height())
            .finish_non_exhaustive()
    }
}

impl Store {
    /// Describes a write of the frame's rows to the record's table.
    pub fn write<'f, T: Record>(&self, frame: &'f DataFrame) -> Write<'f, T> {
        Write {
            store: self.clone(),
            frame,
            progress: Box::new(|_| {}),
            record: PhantomData,
        }
    }
}

/// One way in which a frame does not fit the record it is to be written as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfit {
    /// The column, or the record's field.
    pub column: String,
    /// What is wrong, and what to do.
    pub reason: String,
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.column, self.reason)
    }
}

impl<'f, T: Record> Write<'f, T> {
    /// Tells how many rows have been sent.
    #[must_use]
    pub fn on_progress(mut self, tell: impl FnMut(usize) + Send + 'f) -> Self {
        self.progress = Box::new(tell);
        self
    }

    /// Writes the rows by the record's key: new ones are added, those with another value updated, equal ones left alone. The frame
    /// has a column for each field, by the field's name.
    ///
    /// # Errors
    /// When the frame's columns are not those of the record, or the record's not those of the table (every difference is listed),
    /// a field that allows no null has some, or the database refuses a row. Nothing is written then.
    pub fn upsert(self) -> Result<Upserted, FrameError> {
        let store = self.store.clone();
        store.block_on(self.upsert_async())
    }

    /// [`Write::upsert`] for async code.
    ///
    /// # Errors
    /// As [`Write::upsert`].
    pub async fn upsert_async(self) -> Result<Upserted, FrameError> {
        let schema = T::schema();
        let Place::Table(table) = &schema.place else {
            return Err(FrameError::Store(StoreError::Unwritable {
                place: schema.place.to_string(),
                reason: "a frame is written to a table; documents are written whole, by Transaction::upsert_documents",
            }));
        };
        let columns = columns(&schema, self.frame)?;
        let mut transaction = self.store.begin().await?;
        let catalogue = transaction.catalogue(table).await?;
        let catalogue = catalogue.map_err(|tables| FrameError::NoTable {
            name: table.clone(),
            existing: tables.join(", "),
        })?;
        match &self.store.tables {
            Tables::Postgres(_) => {
                check::types(&schema, &catalogue, postgres::kinds, postgres::takes)?;
            }
            Tables::Sqlite(_) => {
                check::types(&schema, &catalogue, check::sqlite_kinds, |_, _| true)?;
                fits_floats(&schema, &columns, &catalogue)?;
            }
        }
        let rows = Rows {
            schema: &schema,
            count: self.frame.height(),
            provenance: None,
            bind: &|row, bound| columns.iter().for_each(|column| column.bind(row, bound)),
        };
        let done = transaction.upsert_rows(rows, self.progress).await?;
        transaction.commit().await?;
        Ok(done)
    }
}

/// SQLite makes a float of a decimal number unless the column is one of text, and a float has 15 digits for sure.
fn fits_floats(
    schema: &Schema,
    columns: &[Values],
    catalogue: &[CatalogueColumn],
) -> Result<(), FrameError> {
    const DIGITS: u128 = 1_000_000_000_000_000;
    let mut unfit = Vec::new();
    for (field, values) in schema.fields.iter().zip(columns) {
        let column = catalogue.iter().find(|column| column.name == field.path);
        let is_text = column.is_some_and(|column| {
            ["CHAR", "CLOB", "TEXT"]
                .iter()
                .any(|part| column.base.contains(part))
        });
        if let (Values::Decimal(values, _), false) = (values, is_text)
            && values
                .iter()
                .flatten()
                .any(|value| value.unsigned_abs() >= DIGITS)
        {
            unfit.push(Unfit {
                column: field.name.clone(),
                reason: "decimals of more than 15 digits, which SQLite would round: declare the column as TEXT".into(),
            });
        }
    }
    refuse(schema, unfit)
}

fn refuse(schema: &Schema, unfit: Vec<Unfit>) -> Result<(), FrameError> {
    if unfit.is_empty() {
        return Ok(());
    }
    Err(FrameError::Unfit {
        place: schema.place.to_string(),
        unfit,
    })
}

/// The frame's columns in the record's order.
fn columns(schema: &Schema, frame: &DataFrame) -> Result<Vec<Values>, FrameError> {
    let mut unfit = Vec::new();
    let mut columns = Vec::new();
    for field in &schema.fields {
        match column(field, frame) {
            Ok(values) => columns.push(values),
            Err(reason) => unfit.push(Unfit {
                column: field.name.clone(),
                reason,
            }),
        }
    }
    for name in frame.get_column_names() {
        if schema.field(name).is_none() {
            unfit.push(Unfit {
                column: name.to_string(),
                reason: "the record has no such field; drop it from the frame".into(),
            });
        }
    }
    refuse(schema, unfit)?;
    Ok(columns)
}

fn column(field: &Field, frame: &DataFrame) -> Result<Values, String> {
    let Ok(column) = frame.column(&field.name) else {
        return Err("the frame has no such column".into());
    };
    let nulls = column.null_count();
    if nulls > 0 && !field.nullable {
        return Err(format!(
            "{nulls} nulls, and the record says {}, which has none",
            check::rust_type(&field.kind)
        ));
    }
    let series = column.as_materialized_series().rechunk();
    match Values::of(&series, &field.kind) {
        Ok(Some(values)) => match values.unwritable() {
            0 => Ok(values),
            count => Err(format!(
                "{count} values are beyond the calendar, or finer than a microsecond"
            )),
        },
        Ok(None) => Err(format!(
            "the frame has {}, the record says {}; cast the column, or correct the record",
            series.dtype(),
            check::rust_type(&field.kind)
        )),
        Err(error) => Err(error.to_string()),
    }
}

/// A column's values, in the form they are bound in.
enum Values {
    Bool(BooleanChunked),
    Whole(Int64Chunked),
    Float(Float64Chunked),
    /// With the places after the point.
    Decimal(Int128Chunked, u8),
    Text(StringChunked),
    Bytes(BinaryChunked),
    /// Days, nanoseconds, and microseconds.
    Date(Int64Chunked),
    Time(Int64Chunked),
    Datetime(Int64Chunked),
    Timestamp(Int64Chunked),
    /// With the items of all of them.
    List(ListChunked, Box<Values>),
}

impl Values {
    /// `None` when the column is not of the kind.
    fn of(series: &Series, kind: &Kind) -> PolarsResult<Option<Values>> {
        let whole = || {
            series
                .to_physical_repr()
                .cast(&DataType::Int64)?
                .i64()
                .cloned()
        };
        Ok(Some(match (kind, series.dtype()) {
            (Kind::Bool, DataType::Boolean) => Values::Bool(series.bool()?.clone()),
            (Kind::Int32, DataType::Int32) => Values::Whole(whole()?),
            (Kind::Int64, DataType::Int64 | DataType::Int32) => Values::Whole(whole()?),
            (Kind::Float32, DataType::Float32)
            | (Kind::Float64, DataType::Float64 | DataType::Float32) => {
                Values::Float(series.cast(&DataType::Float64)?.f64()?.clone())
            }
            (Kind::Decimal(places), DataType::Decimal(_, scale))
                if usize::from(*places) == *scale =>
            {
                Values::Decimal(series.to_physical_repr().i128()?.clone(), *places)
            }
            (Kind::Text, DataType::String) => Values::Text(series.str()?.clone()),
            (Kind::Bytes, DataType::Binary) => Values::Bytes(series.binary()?.clone()),
            (Kind::Date, DataType::Date) => Values::Date(whole()?),
            (Kind::Time, DataType::Time) => Values::Time(whole()?),
            (Kind::Datetime, DataType::Datetime(TimeUnit::Microseconds, None)) => {
                Values::Datetime(whole()?)
            }
            (Kind::Timestamp, DataType::Datetime(TimeUnit::Microseconds, Some(_))) => {
                Values::Timestamp(whole()?)
            }
            (Kind::List { item, nullable }, DataType::List(_)) => {
                let lists = series.list()?.clone();
                if !nullable && lists.get_inner().null_count() > 0 {
                    return Ok(None);
                }
                match Values::of(&lists.get_inner(), item)? {
                    Some(Values::List(..)) | None => return Ok(None),
                    Some(items) => Values::List(lists, Box::new(items)),
                }
            }
            _ => return Ok(None),
        }))
    }

    /// Values that are there and have no text, and times that a database would round.
    fn unwritable(&self) -> usize {
        let values = match self {
            Values::Date(values)
            | Values::Time(values)
            | Values::Datetime(values)
            | Values::Timestamp(values) => values,
            Values::List(_, items) => return items.unwritable(),
            _ => return 0,
        };
        let rows = 0..values.len();
        let is_fine = |value: i64| matches!(self, Values::Time(_)) && value % 1_000 != 0;
        rows.filter(|row| {
            values
                .get(*row)
                .is_some_and(|value| is_fine(value) || self.text(*row).is_none())
        })
        .count()
    }

    fn bind(&self, row: usize, bound: &mut Bound) {
        match self {
            Values::Bool(values) => bound.bool_or_null(values.get(row)),
            Values::Whole(values) => bound.whole_or_null(values.get(row)),
            Values::Float(values) => bound.number_or_null(values.get(row)),
            Values::Text(values) => bound.text_or_null(values.get(row)),
            Values::Bytes(values) => bound.bytes_or_null(values.get(row)),
            Values::Timestamp(values) => {
                bound.instant_or_null(values.get(row).and_then(DateTime::from_timestamp_micros));
            }
            _ => bound.text_or_null(self.text(row).as_deref()),
        }
    }

    /// The value as text that the database reads.
    fn text(&self, row: usize) -> Option<String> {
        let micros = |values: &Int64Chunked| DateTime::from_timestamp_micros(values.get(row)?);
        Some(match self {
            Values::Bool(values) => values.get(row)?.to_string(),
            Values::Whole(values) => values.get(row)?.to_string(),
            Values::Float(values) => format!("{:?}", values.get(row)?),
            Values::Decimal(values, scale) => decimal_text(values.get(row)?, *scale),
            Values::Text(values) => values.get(row)?.to_owned(),
            Values::Bytes(values) => {
                let hex = values.get(row)?.iter().map(|byte| format!("{byte:02x}"));
                format!("\\x{}", hex.collect::<String>())
            }
            Values::Date(values) => {
                let days = i32::try_from(values.get(row)?).ok()?;
                NaiveDate::from_epoch_days(days)?.to_string()
            }
            Values::Time(values) => {
                let nanos = u64::try_from(values.get(row)?).ok()?;
                let seconds = u32::try_from(nanos / 1_000_000_000).ok()?;
                let rest = u32::try_from(nanos % 1_000_000_000).ok()?;
                NaiveTime::from_num_seconds_from_midnight_opt(seconds, rest)?.to_string()
            }
            Values::Datetime(values) => micros(values)?
                .naive_utc()
                .format("%Y-%m-%d %H:%M:%S%.f")
                .to_string(),
            Values::Timestamp(values) => {
                micros(values)?.to_rfc3339_opts(SecondsFormat::AutoSi, true)
            }
            Values::List(lists, items) => {
                // A frame's column was made one chunk.
                let list = lists.downcast_iter().next()?;
                if list.is_null(row) {
                    return None;
                }
                let (start, end) = list.offsets().start_end(row);
                array(items, start..end)
            }
        })
    }
}

/// An array as PostgreSQL reads it, every item quoted (its documentation, "Array Input and Output Syntax").
fn array(items: &Values, range: Range<usize>) -> String {
    let items = range.map(|item| match items.text(item) {
        None => "NULL".to_owned(),
        Some(text) => format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")),
    });
    format!("{{{}}}", items.collect::<Vec<_>>().join(","))
}
