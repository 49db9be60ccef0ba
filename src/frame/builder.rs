//! Column builders of the record's kinds: values go in one by one, a polars column comes out.

use crate::record::{Field, Kind};
use polars::prelude::{
    BooleanChunkedBuilder, ChunkedBuilder, Column, Float32Type, Float64Type, Int32Type, Int64Type,
    IntoColumn, IntoSeries, PrimitiveChunkedBuilder, StringChunkedBuilder, TimeUnit, TimeZone,
};

/// A column being built.
pub(super) enum Builder {
    Bool(BooleanChunkedBuilder),
    Int32(PrimitiveChunkedBuilder<Int32Type>),
    Int64(PrimitiveChunkedBuilder<Int64Type>),
    Float32(PrimitiveChunkedBuilder<Float32Type>),
    Float64(PrimitiveChunkedBuilder<Float64Type>),
    Text(StringChunkedBuilder),
    /// Microseconds since the epoch, UTC.
    Timestamp(PrimitiveChunkedBuilder<Int64Type>),
}

impl Builder {
    /// An empty column for the field.
    pub(super) fn new(field: &Field) -> Builder {
        const ROWS: usize = 1024;
        let name = field.name.as_str().into();
        match field.kind {
            Kind::Bool => Builder::Bool(BooleanChunkedBuilder::new(name, ROWS)),
            Kind::Int32 => Builder::Int32(PrimitiveChunkedBuilder::new(name, ROWS)),
            Kind::Int64 => Builder::Int64(PrimitiveChunkedBuilder::new(name, ROWS)),
            Kind::Float32 => Builder::Float32(PrimitiveChunkedBuilder::new(name, ROWS)),
            Kind::Float64 => Builder::Float64(PrimitiveChunkedBuilder::new(name, ROWS)),
            Kind::Text => Builder::Text(StringChunkedBuilder::new(name, ROWS)),
            Kind::Timestamp => Builder::Timestamp(PrimitiveChunkedBuilder::new(name, ROWS)),
        }
    }

    pub(super) fn push_null(&mut self) {
        match self {
            Builder::Bool(builder) => builder.append_null(),
            Builder::Int32(builder) => builder.append_null(),
            Builder::Int64(builder) | Builder::Timestamp(builder) => builder.append_null(),
            Builder::Float32(builder) => builder.append_null(),
            Builder::Float64(builder) => builder.append_null(),
            Builder::Text(builder) => builder.append_null(),
        }
    }

    pub(super) fn finish(self) -> Column {
        match self {
            Builder::Bool(builder) => builder.finish().into_column(),
            Builder::Int32(builder) => builder.finish().into_column(),
            Builder::Int64(builder) => builder.finish().into_column(),
            Builder::Float32(builder) => builder.finish().into_column(),
            Builder::Float64(builder) => builder.finish().into_column(),
            Builder::Text(builder) => builder.finish().into_column(),
            Builder::Timestamp(builder) => builder
                .finish()
                .into_datetime(TimeUnit::Microseconds, Some(TimeZone::UTC))
                .into_series()
                .into_column(),
        }
    }
}

/// Whether a float whose mantissa has this many bits holds the integer exactly, as it does all others of its size or less.
pub(super) fn holds(mantissa: u32, value: i64) -> bool {
    value.unsigned_abs() <= 1 << mantissa
}

/// Whether a 32-bit float has the value in its range; it may round, but neither to infinity nor to zero.
pub(super) fn narrows(value: f64) -> bool {
    let narrow = value as f32;
    narrow.is_finite() == value.is_finite() && (narrow == 0.0) == (value == 0.0)
}
