//! BSON documents → columns: the record's paths are looked up in the raw bytes; no document is built.

use super::FrameError;
use super::builder::{Builder, holds, narrows};
use super::cursor::{Cell, Cursor};
use super::report::Mismatches;
use crate::record::Schema;
use crate::store::document::{Filter, lookup};
use bson::raw::{RawBsonRef, RawDocument};
use polars::prelude::ChunkedBuilder;

/// Reads the documents that pass the filter, up to `limit`: column 0 is the id, column 1 the body. Returns how many passed
/// and how many were read.
pub(super) fn read(
    cursor: &mut Cursor<'_, '_>,
    (schema, collection): (&Schema, &str),
    filter: &Filter,
    limit: Option<usize>,
    builders: &mut [Builder],
    mismatches: &mut Mismatches,
) -> Result<(usize, usize), FrameError> {
    let (mut passed, mut rows) = (0, 0);
    while limit.is_none_or(|limit| passed < limit) && cursor.step()? {
        rows += 1;
        let (Cell::Text(id), Cell::Blob(bytes)) = (cursor.cell(0), cursor.cell(1)) else {
            return Err(damaged(collection, b"?", "its row holds no BSON".into()));
        };
        let document = RawDocument::from_bytes(bytes)
            .map_err(|error| damaged(collection, id, error.to_string()))?;
        if !filter
            .passes(document)
            .map_err(|error| damaged(collection, id, error.to_string()))?
        {
            continue;
        }
        passed += 1;
        for (field, builder) in schema.fields.iter().zip(builders.iter_mut()) {
            let value = lookup(document, &field.path)
                .map_err(|error| damaged(collection, id, error.to_string()))?;
            let found = match value {
                None | Some(RawBsonRef::Null) if field.nullable => {
                    builder.push_null();
                    continue;
                }
                None => "nothing".to_owned(),
                Some(value) if push(builder, value) => continue,
                Some(value) => format!("{:?}", value.element_type()),
            };
            builder.push_null();
            mismatches.add(&field.name, &field.kind.to_string(), &found, || {
                String::from_utf8_lossy(id).into_owned()
            });
        }
    }
    Ok((passed, rows))
}

/// Appends the value; false when it does not fit. Widening is lossless: int32 to int64, and integers to floats that hold
/// them exactly.
fn push(builder: &mut Builder, value: RawBsonRef<'_>) -> bool {
    let whole = value.as_i64().or(value.as_i32().map(i64::from));
    match (builder, value) {
        (Builder::Bool(builder), RawBsonRef::Boolean(value)) => builder.append_value(value),
        (Builder::Int32(builder), RawBsonRef::Int32(value)) => builder.append_value(value),
        (Builder::Int64(builder), _) => match whole {
            Some(value) => builder.append_value(value),
            None => return false,
        },
        (Builder::Float64(builder), RawBsonRef::Double(value)) => builder.append_value(value),
        (Builder::Float32(builder), RawBsonRef::Double(value)) if narrows(value) => {
            builder.append_value(value as f32)
        }
        (Builder::Float64(builder), _) => {
            match whole.filter(|value| holds(f64::MANTISSA_DIGITS, *value)) {
                Some(value) => builder.append_value(value as f64),
                None => return false,
            }
        }
        (Builder::Float32(builder), _) => {
            match whole.filter(|value| holds(f32::MANTISSA_DIGITS, *value)) {
                Some(value) => builder.append_value(value as f32),
                None => return false,
            }
        }
        (Builder::Text(builder), RawBsonRef::String(value)) => builder.append_value(value),
        (Builder::Text(builder), RawBsonRef::ObjectId(value)) => {
            builder.append_value(value.to_hex())
        }
        (Builder::Timestamp(builder), RawBsonRef::DateTime(value)) => {
            match value.timestamp_millis().checked_mul(1000) {
                Some(micros) => builder.append_value(micros),
                None => return false,
            }
        }
        _ => return false,
    }
    true
}

fn damaged(collection: &str, id: &[u8], reason: String) -> FrameError {
    FrameError::Damaged {
        collection: collection.to_owned(),
        id: String::from_utf8_lossy(id).into_owned(),
        reason,
    }
}
