//! Column builders of the record's kinds: values go in one by one, a polars column comes out.

use crate::record::{DIGITS, Field, Kind};
use chrono::{DateTime, NaiveDate, Utc};
use polars::prelude::{
    BinaryChunkedBuilder, BooleanChunkedBuilder, ChunkedBuilder, Column, CompatLevel, Float32Type,
    Float64Type, Int32Type, Int64Type, Int128Type, IntoColumn, IntoSeries, PlSmallStr,
    PolarsResult, PrimitiveChunkedBuilder, Series, StringChunkedBuilder, StructChunked, TimeUnit,
    TimeZone,
};
use polars_arrow::array::ListArray;
use polars_arrow::bitmap::BitmapBuilder;
use polars_arrow::offset::Offsets;

/// A column being built.
pub(super) enum Builder {
    Bool(BooleanChunkedBuilder),
    Int32(PrimitiveChunkedBuilder<Int32Type>),
    Int64(PrimitiveChunkedBuilder<Int64Type>),
    Float32(PrimitiveChunkedBuilder<Float32Type>),
    Float64(PrimitiveChunkedBuilder<Float64Type>),
    /// Numbers times ten to the scale beside them.
    Decimal(PrimitiveChunkedBuilder<Int128Type>, u8),
    Text(StringChunkedBuilder),
    Bytes(BinaryChunkedBuilder),
    /// Days since the epoch.
    Date(PrimitiveChunkedBuilder<Int32Type>),
    /// Nanoseconds since midnight, less than a day of them.
    Time(PrimitiveChunkedBuilder<Int64Type>),
    /// Microseconds since the epoch, in no zone.
    Datetime(PrimitiveChunkedBuilder<Int64Type>),
    /// Microseconds since the epoch, UTC.
    Timestamp(PrimitiveChunkedBuilder<Int64Type>),
    List(Box<ListBuilder>),
    Struct(Box<StructBuilder>),
}

/// Lists: the items of all rows in one builder, and where each row's end.
pub(super) struct ListBuilder {
    name: PlSmallStr,
    /// Items are pushed here; [`ListBuilder::close`] makes those since the last one a list.
    pub(super) item: Builder,
    /// Items pushed so far.
    pub(super) items: usize,
    offsets: Offsets<i64>,
    lists: BitmapBuilder,
}

/// Structs: a builder for each field, and which rows are there at all.
pub(super) struct StructBuilder {
    name: PlSmallStr,
    pub(super) fields: Vec<Builder>,
    rows: BitmapBuilder,
}

impl Builder {
    /// An empty column for the field, with room for so many rows.
    pub(super) fn new(field: &Field, rows: usize) -> Builder {
        Builder::of(field.name.as_str().into(), &field.kind, rows)
    }

    fn of(name: PlSmallStr, kind: &Kind, rows: usize) -> Builder {
        match kind {
            Kind::Bool => Builder::Bool(BooleanChunkedBuilder::new(name, rows)),
            Kind::Int32 => Builder::Int32(PrimitiveChunkedBuilder::new(name, rows)),
            Kind::Int64 => Builder::Int64(PrimitiveChunkedBuilder::new(name, rows)),
            Kind::Float32 => Builder::Float32(PrimitiveChunkedBuilder::new(name, rows)),
            Kind::Float64 => Builder::Float64(PrimitiveChunkedBuilder::new(name, rows)),
            Kind::Decimal(scale) => {
                Builder::Decimal(PrimitiveChunkedBuilder::new(name, rows), *scale)
            }
            Kind::Text => Builder::Text(StringChunkedBuilder::new(name, rows)),
            Kind::Bytes => Builder::Bytes(BinaryChunkedBuilder::new(name, rows)),
            Kind::Date => Builder::Date(PrimitiveChunkedBuilder::new(name, rows)),
            Kind::Time => Builder::Time(PrimitiveChunkedBuilder::new(name, rows)),
            Kind::Datetime => Builder::Datetime(PrimitiveChunkedBuilder::new(name, rows)),
            Kind::Timestamp => Builder::Timestamp(PrimitiveChunkedBuilder::new(name, rows)),
            Kind::List { item, .. } => Builder::List(Box::new(ListBuilder {
                name,
                item: Builder::of("item".into(), item, rows),
                items: 0,
                offsets: Offsets::with_capacity(rows),
                lists: BitmapBuilder::with_capacity(rows),
            })),
            Kind::Struct(fields) => Builder::Struct(Box::new(StructBuilder {
                name,
                fields: fields
                    .iter()
                    .map(|field| Builder::new(field, rows))
                    .collect(),
                rows: BitmapBuilder::with_capacity(rows),
            })),
        }
    }

    #[inline]
    pub(super) fn push_null(&mut self) {
        match self {
            Builder::Bool(builder) => builder.append_null(),
            Builder::Int32(builder) | Builder::Date(builder) => builder.append_null(),
            Builder::Int64(builder)
            | Builder::Time(builder)
            | Builder::Datetime(builder)
            | Builder::Timestamp(builder) => builder.append_null(),
            Builder::Float32(builder) => builder.append_null(),
            Builder::Float64(builder) => builder.append_null(),
            Builder::Decimal(builder, _) => builder.append_null(),
            Builder::Text(builder) => builder.append_null(),
            Builder::Bytes(builder) => builder.append_null(),
            Builder::List(builder) => builder.close(false),
            Builder::Struct(builder) => {
                builder.fields.iter_mut().for_each(Builder::push_null);
                builder.rows.push(false);
            }
        }
    }

    /// The column of what was pushed.
    pub(super) fn finish(self) -> PolarsResult<Column> {
        self.series().map(IntoColumn::into_column)
    }

    fn series(self) -> PolarsResult<Series> {
        Ok(match self {
            Builder::Bool(builder) => builder.finish().into_series(),
            Builder::Int32(builder) => builder.finish().into_series(),
            Builder::Int64(builder) => builder.finish().into_series(),
            Builder::Float32(builder) => builder.finish().into_series(),
            Builder::Float64(builder) => builder.finish().into_series(),
            Builder::Decimal(builder, scale) => builder
                .finish()
                .into_decimal(DIGITS.into(), scale.into())?
                .into_series(),
            Builder::Text(builder) => builder.finish().into_series(),
            Builder::Bytes(builder) => builder.finish().into_series(),
            Builder::Date(builder) => builder.finish().into_date().into_series(),
            Builder::Time(builder) => builder.finish().into_time().into_series(),
            Builder::Datetime(builder) => builder
                .finish()
                .into_datetime(TimeUnit::Microseconds, None)
                .into_series(),
            Builder::Timestamp(builder) => builder
                .finish()
                .into_datetime(TimeUnit::Microseconds, Some(TimeZone::UTC))
                .into_series(),
            Builder::List(builder) => builder.series()?,
            Builder::Struct(builder) => builder.series()?,
        })
    }
}

impl ListBuilder {
    /// Ends a row: a list of the items since the last one, or a null.
    pub(super) fn close(&mut self, is_list: bool) {
        let since = self.items - usize::try_from(*self.offsets.last()).unwrap_or(0);
        // Fails beyond 2^63 items, which no memory holds.
        let _ = self.offsets.try_push(since);
        self.lists.push(is_list);
    }

    fn series(self) -> PolarsResult<Series> {
        let items = self.item.series()?.rechunk();
        let values = items.to_arrow(0, CompatLevel::newest());
        let kind = ListArray::<i64>::default_datatype(values.dtype().clone());
        let lists = ListArray::try_new(
            kind,
            self.offsets.into(),
            values,
            self.lists.into_opt_validity(),
        )?;
        Series::try_from((self.name, lists.boxed()))
    }
}

impl StructBuilder {
    /// Ends a row, after each field has got a value.
    pub(super) fn close(&mut self) {
        self.rows.push(true);
    }

    fn series(self) -> PolarsResult<Series> {
        let rows = self.rows.len();
        let mut fields = Vec::with_capacity(self.fields.len());
        for field in self.fields {
            fields.push(field.series()?);
        }
        Ok(StructChunked::from_series(self.name, rows, fields.iter())?
            .with_outer_validity(self.rows.into_opt_validity())
            .into_series())
    }
}

/// Whether the calendar has the day: a frame with one beyond it could not be shown.
#[inline]
pub(super) fn has_day(days: i32) -> bool {
    const FIRST: i32 = NaiveDate::MIN.to_epoch_days();
    const LAST: i32 = NaiveDate::MAX.to_epoch_days();
    (FIRST..=LAST).contains(&days)
}

/// Whether the calendar has the instant, in microseconds.
#[inline]
pub(super) fn has_instant(micros: i64) -> bool {
    const FIRST: i64 = DateTime::<Utc>::MIN_UTC.timestamp_micros();
    const LAST: i64 = DateTime::<Utc>::MAX_UTC.timestamp_micros();
    (FIRST..=LAST).contains(&micros)
}

/// Whether a float whose mantissa has this many bits holds the integer exactly, as it does all others of its size or less.
#[inline]
pub(super) fn holds(mantissa: u32, value: i64) -> bool {
    value.unsigned_abs() <= 1 << mantissa
}

/// Whether a 32-bit float has the value in its range; it may round, but neither to infinity nor to zero.
#[inline]
pub(super) fn narrows(value: f64) -> bool {
    let narrow = value as f32;
    narrow.is_finite() == value.is_finite() && (narrow == 0.0) == (value == 0.0)
}

/// Appends a whole number; false when the column does not hold it exactly.
#[inline]
pub(super) fn push_whole(builder: &mut Builder, value: i64) -> bool {
    match builder {
        Builder::Int64(builder) => builder.append_value(value),
        Builder::Int32(builder) => match i32::try_from(value) {
            Ok(value) => builder.append_value(value),
            Err(_) => return false,
        },
        Builder::Float64(builder) if holds(f64::MANTISSA_DIGITS, value) => {
            builder.append_value(value as f64)
        }
        Builder::Float32(builder) if holds(f32::MANTISSA_DIGITS, value) => {
            builder.append_value(value as f32)
        }
        Builder::Decimal(builder, scale) => {
            let scaled = 10_i128
                .checked_pow((*scale).into())
                .and_then(|ten| ten.checked_mul(value.into()))
                .filter(|number| number.unsigned_abs() < 10_u128.pow(DIGITS.into()));
            match scaled {
                Some(number) => builder.append_value(number),
                None => return false,
            }
        }
        _ => return false,
    }
    true
}

/// Appends a float; false when the column does not hold it.
#[inline]
pub(super) fn push_float(builder: &mut Builder, value: f64) -> bool {
    match builder {
        Builder::Float64(builder) => builder.append_value(value),
        Builder::Float32(builder) if narrows(value) => builder.append_value(value as f32),
        _ => return false,
    }
    true
}
