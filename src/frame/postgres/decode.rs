//! Values of a COPY row into column builders. What does not fit its column becomes a null there and is counted, with its key.

use super::copy::RowValues;
use super::numeric;
use super::types::Wire;
use crate::frame::builder::{Builder, holds, narrows};
use crate::frame::load::Output;
use crate::record::Schema;
use polars::prelude::ChunkedBuilder;

/// Microseconds from 1970-01-01 to 2000-01-01, where PostgreSQL's timestamps begin.
const EPOCH: i64 = 946_684_800_000_000;

/// Reads the values of one column.
pub(super) struct Decoder {
    wire: Wire,
    /// For the digits of a numeric, kept from one value to the next.
    digits: String,
}

impl Decoder {
    pub(super) fn new(wire: Wire) -> Decoder {
        Decoder {
            wire,
            digits: String::new(),
        }
    }
}

/// Appends one row. In messages it is named by its value in the column `key`, or by its number.
pub(super) fn append(
    row: &RowValues<'_>,
    key: Option<usize>,
    schema: &Schema,
    decoders: &mut [Decoder],
    output: &mut Output,
) {
    let key_wire = key
        .and_then(|key| decoders.get(key))
        .map(|decoder| decoder.wire);
    let columns = decoders.iter_mut().zip(output.builders.iter_mut());
    for (index, (decoder, builder)) in columns.enumerate() {
        let value = row.get(index);
        let fits = match value {
            None => {
                builder.push_null();
                schema.fields[index].nullable
            }
            Some(bytes) => {
                let fits = push(builder, decoder, bytes);
                if !fits {
                    builder.push_null();
                }
                fits
            }
        };
        if !fits {
            let field = &schema.fields[index];
            let found = found(decoder, value);
            let name = || match (key.and_then(|key| row.get(key)), key_wire) {
                (Some(bytes), Some(wire)) => shown(wire, bytes),
                _ => format!("row {}", row.number()),
            };
            output
                .mismatches
                .add(&field.name, &field.kind.to_string(), &found, name);
        }
    }
}

/// Appends the value; false when it does not fit.
#[inline]
fn push(builder: &mut Builder, decoder: &mut Decoder, bytes: &[u8]) -> bool {
    match (decoder.wire, builder) {
        (Wire::Text, Builder::Text(builder)) => match std::str::from_utf8(bytes) {
            Ok(text) => builder.append_value(text),
            Err(_) => return false,
        },
        (Wire::Bool, Builder::Bool(builder)) => match bytes {
            [byte] => builder.append_value(*byte != 0),
            _ => return false,
        },
        (Wire::Float8, Builder::Float64(builder)) => match bytes.try_into() {
            Ok(bytes) => builder.append_value(f64::from_be_bytes(bytes)),
            Err(_) => return false,
        },
        (Wire::Float8, Builder::Float32(builder)) => match bytes.try_into().map(f64::from_be_bytes)
        {
            Ok(value) if narrows(value) => builder.append_value(value as f32),
            _ => return false,
        },
        (Wire::Float4, Builder::Float32(builder)) => match bytes.try_into() {
            Ok(bytes) => builder.append_value(f32::from_be_bytes(bytes)),
            Err(_) => return false,
        },
        (Wire::Float4, Builder::Float64(builder)) => match bytes.try_into() {
            Ok(bytes) => builder.append_value(f32::from_be_bytes(bytes).into()),
            Err(_) => return false,
        },
        (Wire::Timestamptz, Builder::Timestamp(builder)) => match instant(bytes) {
            Some(micros) => builder.append_value(micros),
            None => return false,
        },
        (Wire::Numeric, Builder::Float64(builder)) => {
            match numeric::to_f64(bytes, &mut decoder.digits) {
                Some(value) => builder.append_value(value),
                None => return false,
            }
        }
        (wire, builder) => match whole(wire, bytes) {
            Some(value) => return push_whole(builder, value),
            None => return false,
        },
    }
    true
}

fn push_whole(builder: &mut Builder, value: i64) -> bool {
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
        _ => return false,
    }
    true
}

fn whole(wire: Wire, bytes: &[u8]) -> Option<i64> {
    Some(match wire {
        Wire::Int2 => i16::from_be_bytes(bytes.try_into().ok()?).into(),
        Wire::Int4 => i32::from_be_bytes(bytes.try_into().ok()?).into(),
        Wire::Int8 => i64::from_be_bytes(bytes.try_into().ok()?),
        Wire::Oid => u32::from_be_bytes(bytes.try_into().ok()?).into(),
        _ => return None,
    })
}

/// Microseconds since 1970; `None` for the two infinities and for what a 64-bit count from 1970 cannot hold.
fn instant(bytes: &[u8]) -> Option<i64> {
    let micros = i64::from_be_bytes(bytes.try_into().ok()?);
    if micros == i64::MAX || micros == i64::MIN {
        return None;
    }
    micros.checked_add(EPOCH)
}

/// What did not fit, in words.
fn found(decoder: &Decoder, value: Option<&[u8]>) -> String {
    let Some(bytes) = value else {
        return "null".into();
    };
    match decoder.wire {
        Wire::Timestamptz => "an infinite or too distant timestamp".into(),
        Wire::Numeric | Wire::Float8 => "a number out of range".into(),
        Wire::Int2 | Wire::Int4 | Wire::Int8 | Wire::Oid => "an integer out of range".into(),
        Wire::Text => "text that is not UTF-8".into(),
        Wire::Bool | Wire::Float4 => format!("{} bytes of another form", bytes.len()),
    }
}

/// A key for messages.
fn shown(wire: Wire, bytes: &[u8]) -> String {
    match (wire, whole(wire, bytes)) {
        (_, Some(number)) => number.to_string(),
        (Wire::Text, None) => String::from_utf8_lossy(bytes).into_owned(),
        _ => format!("{bytes:02x?}"),
    }
}
