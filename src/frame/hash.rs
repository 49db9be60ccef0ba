//! A hash of what a frame holds, so that two loads can be told equal and a model can name its data.

use polars::prelude::{AnyValue, DataFrame};
use sha2::{Digest, Sha256};

/// The first 16 hexadecimal digits of the SHA-256 over every column's name, type and values in order; equal for equal data,
/// whatever the chunks.
pub fn content_hash(frame: &DataFrame) -> String {
    let mut digest = Sha256::new();
    for column in frame.columns() {
        digest.update(column.name().as_bytes());
        digest.update([0]);
        digest.update(column.dtype().to_string());
        digest.update([0]);
        let series = column.as_materialized_series();
        let mut buffer = Vec::with_capacity(1 << 16);
        for value in series.rechunk().iter() {
            encode(&value, &mut buffer);
            if buffer.len() > 1 << 15 {
                digest.update(&buffer);
                buffer.clear();
            }
        }
        digest.update(&buffer);
    }
    digest
        .finalize()
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// A tag and the bytes of one value; text carries its length so that neighbours cannot run together.
fn encode(value: &AnyValue<'_>, buffer: &mut Vec<u8>) {
    match value {
        AnyValue::Null => buffer.push(0),
        AnyValue::Boolean(value) => buffer.extend([1, u8::from(*value)]),
        AnyValue::String(text) => {
            buffer.push(2);
            buffer.extend((text.len() as u64).to_le_bytes());
            buffer.extend(text.as_bytes());
        }
        AnyValue::Int32(value) => fixed(3, i64::from(*value).to_le_bytes(), buffer),
        AnyValue::Int64(value) => fixed(3, value.to_le_bytes(), buffer),
        AnyValue::Datetime(value, ..) => fixed(4, value.to_le_bytes(), buffer),
        AnyValue::Float32(value) => fixed(5, f64::from(*value).to_bits().to_le_bytes(), buffer),
        AnyValue::Float64(value) => fixed(5, value.to_bits().to_le_bytes(), buffer),
        other => {
            let text = other.to_string();
            buffer.push(6);
            buffer.extend((text.len() as u64).to_le_bytes());
            buffer.extend(text.as_bytes());
        }
    }
}

fn fixed(tag: u8, bytes: [u8; 8], buffer: &mut Vec<u8>) {
    buffer.push(tag);
    buffer.extend(bytes);
}
