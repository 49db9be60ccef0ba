//! Values of a COPY row into column builders. What does not fit its column becomes a null there and is counted, with its key.

use super::array;
use super::copy::RowValues;
use super::numeric;
use super::types::{Form, Wire};
use crate::frame::builder::{Builder, has_day, has_instant, push_float, push_whole};
use crate::frame::output::Output;
use crate::record::{Field, Kind};
use polars::prelude::ChunkedBuilder;

/// Microseconds from 1970-01-01 to 2000-01-01, where PostgreSQL's timestamps begin, and days.
const EPOCH: i64 = 946_684_800_000_000;
const EPOCH_DAYS: i32 = 10_957;
/// Microseconds of a day: PostgreSQL has a time 24:00:00, which is none of the day.
const DAY: i64 = 86_400_000_000;

/// Reads the values of one column.
pub(super) struct Decoder {
    form: Form,
    /// For the digits of a numeric, kept from one value to the next.
    digits: String,
}

impl Decoder {
    pub(super) fn new(form: Form) -> Decoder {
        Decoder {
            form,
            digits: String::new(),
        }
    }
}

/// Appends one row. In messages it is named by its value in the column `key`, or by its number.
pub(super) fn append(
    row: &RowValues<'_>,
    key: Option<usize>,
    fields: &[Field],
    decoders: &mut [Decoder],
    output: &mut Output<'_>,
) {
    let (builders, mismatches) = output.columns();
    let mut misfits = Vec::new();
    for (index, (decoder, builder)) in decoders.iter_mut().zip(builders).enumerate() {
        let field = &fields[index];
        match row.get(index) {
            None => {
                builder.push_null();
                if !field.nullable {
                    misfits.push((index, "null".to_owned()));
                }
            }
            Some(bytes) if decoder.form.array => {
                let mut wrong = |found: String| misfits.push((index, found));
                push_list(builder, decoder, &field.kind, bytes, &mut wrong);
            }
            Some(bytes) => {
                if !push(builder, decoder, bytes) {
                    builder.push_null();
                    misfits.push((index, found(decoder.form.wire, bytes)));
                }
            }
        }
    }
    for (index, found) in misfits {
        let name = || match key.and_then(|key| Some((decoders.get(key)?, row.get(key)?))) {
            Some((decoder, bytes)) => shown(decoder.form.wire, bytes),
            None => format!("row {}", row.number()),
        };
        mismatches.add(&fields[index].name, &fields[index].kind, &found, name);
    }
}

/// Appends an array as a list, or a null when it is none. Items that do not fit become nulls; both are told.
fn push_list(
    builder: &mut Builder,
    decoder: &mut Decoder,
    kind: &Kind,
    bytes: &[u8],
    wrong: &mut impl FnMut(String),
) {
    let (Builder::List(list), Kind::List { nullable, .. }) = (&mut *builder, kind) else {
        builder.push_null();
        return wrong("an array".into());
    };
    let items = match array::items(bytes) {
        Ok(items) => items,
        Err(found) => {
            list.close(false);
            return wrong(found.to_string());
        }
    };
    for item in items {
        list.items += 1;
        match item {
            Some(Ok(bytes)) if push(&mut list.item, decoder, bytes) => {}
            None if *nullable => list.item.push_null(),
            unfit => {
                list.item.push_null();
                wrong(match unfit {
                    Some(Ok(bytes)) => {
                        format!("an item that is {}", found(decoder.form.wire, bytes))
                    }
                    Some(Err(damage)) => damage.to_string(),
                    None => "an item that is null".into(),
                });
            }
        }
    }
    list.close(true);
}

/// Appends the value; false when it does not fit.
#[inline]
fn push(builder: &mut Builder, decoder: &mut Decoder, bytes: &[u8]) -> bool {
    match (decoder.form.wire, builder) {
        (Wire::Text, Builder::Text(builder)) => match std::str::from_utf8(bytes) {
            Ok(text) => builder.append_value(text),
            Err(_) => return false,
        },
        (Wire::Bytes, Builder::Bytes(builder)) => builder.append_value(bytes),
        (Wire::Bool, Builder::Bool(builder)) => match bytes {
            [byte] => builder.append_value(*byte != 0),
            _ => return false,
        },
        (Wire::Float8, builder) => {
            return bytes
                .try_into()
                .is_ok_and(|bytes| push_float(builder, f64::from_be_bytes(bytes)));
        }
        (Wire::Float4, Builder::Float32(builder)) => match bytes.try_into() {
            Ok(bytes) => builder.append_value(f32::from_be_bytes(bytes)),
            Err(_) => return false,
        },
        (Wire::Float4, builder) => {
            return bytes
                .try_into()
                .is_ok_and(|bytes| push_float(builder, f32::from_be_bytes(bytes).into()));
        }
        (Wire::Date, Builder::Date(builder)) => match day(bytes) {
            Some(days) => builder.append_value(days),
            None => return false,
        },
        (Wire::Time, Builder::Time(builder)) => match bytes.try_into().map(i64::from_be_bytes) {
            Ok(micros) if (0..DAY).contains(&micros) => builder.append_value(micros * 1_000),
            _ => return false,
        },
        (Wire::Timestamptz, Builder::Timestamp(builder))
        | (Wire::Timestamp, Builder::Datetime(builder)) => match instant(bytes) {
            Some(micros) => builder.append_value(micros),
            None => return false,
        },
        (Wire::Numeric, Builder::Float64(builder)) => {
            match numeric::to_f64(bytes, &mut decoder.digits) {
                Some(value) => builder.append_value(value),
                None => return false,
            }
        }
        (Wire::Numeric, Builder::Decimal(builder, scale)) => {
            match numeric::to_decimal(bytes, *scale, &mut decoder.digits) {
                Some(value) => builder.append_value(value),
                None => return false,
            }
        }
        (wire, builder) => {
            return whole(wire, bytes).is_some_and(|value| push_whole(builder, value));
        }
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

/// Microseconds since 1970; `None` for the two infinities and beyond the calendar.
fn instant(bytes: &[u8]) -> Option<i64> {
    let micros = i64::from_be_bytes(bytes.try_into().ok()?);
    if micros == i64::MAX || micros == i64::MIN {
        return None;
    }
    micros
        .checked_add(EPOCH)
        .filter(|micros| has_instant(*micros))
}

/// Days since 1970; `None` for the two infinities and beyond the calendar.
fn day(bytes: &[u8]) -> Option<i32> {
    let days = i32::from_be_bytes(bytes.try_into().ok()?);
    if days == i32::MAX || days == i32::MIN {
        return None;
    }
    days.checked_add(EPOCH_DAYS).filter(|days| has_day(*days))
}

/// What did not fit, in words.
fn found(wire: Wire, bytes: &[u8]) -> String {
    match wire {
        Wire::Timestamptz | Wire::Timestamp => "an infinite or too distant timestamp".into(),
        Wire::Date => "an infinite or too distant date".into(),
        Wire::Time => "24:00:00".into(),
        Wire::Numeric => "a number out of range or with more places".into(),
        Wire::Float8 => "a number out of range".into(),
        Wire::Int2 | Wire::Int4 | Wire::Int8 | Wire::Oid => "an integer out of range".into(),
        Wire::Text => "text that is not UTF-8".into(),
        Wire::Bool | Wire::Float4 | Wire::Bytes => format!("{} bytes of another form", bytes.len()),
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
