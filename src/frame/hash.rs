//! A hash of what a frame holds, so that two loads can be told equal and a model can name its data.

use polars::prelude::{AnyValue, Column, DataFrame};
use xxhash_rust::xxh3::xxh3_64;

/// What stands for a null; a value that hashes to the same is as unlikely as any other collision.
const NULL: u64 = 0x9e37_79b9_7f4a_7c15;

/// Sixteen hexadecimal digits that are equal for equal data: the same columns, by name and type, with the same rows, in whatever
/// order and chunks they come, since databases give rows in the order that suits them. Not meant against an adversary.
pub fn content_hash(frame: &DataFrame) -> String {
    let mut rows = vec![0; frame.height()];
    let mut columns = frame.height() as u64;
    for column in frame.columns() {
        let head = format!("{}\0{}", column.name(), column.dtype());
        columns = mixed(columns ^ xxh3_64(head.as_bytes()));
        fold(column, &mut rows);
    }
    let sum = rows
        .into_iter()
        .fold(0, |sum: u64, row| sum.wrapping_add(mixed(row)));
    format!("{:016x}", mixed(sum ^ columns))
}

/// Mixes each value of the column into its row's hash.
fn fold(column: &Column, rows: &mut [u64]) {
    let series = column.as_materialized_series();
    let physical = series.to_physical_repr();
    if let Ok(values) = physical.i64() {
        mix(
            rows,
            values.iter().map(|value| value.map(i64::cast_unsigned)),
        );
    } else if let Ok(values) = physical.i32() {
        let wide = |value| i64::from(value).cast_unsigned();
        mix(rows, values.iter().map(|value| value.map(wide)));
    } else if let Ok(values) = physical.f64() {
        mix(rows, values.iter().map(|value| value.map(f64::to_bits)));
    } else if let Ok(values) = physical.f32() {
        let wide = |value| f64::from(value).to_bits();
        mix(rows, values.iter().map(|value| value.map(wide)));
    } else if let Ok(values) = physical.bool() {
        mix(rows, values.iter().map(|value| value.map(u64::from)));
    } else if let Ok(values) = series.str() {
        let hash = |text: &str| xxh3_64(text.as_bytes());
        mix(rows, values.iter().map(|value| value.map(hash)));
    } else {
        let hash = |value: AnyValue<'_>| Some(xxh3_64(value.to_string().as_bytes()));
        mix(rows, series.rechunk().iter().map(hash));
    }
}

fn mix(rows: &mut [u64], values: impl Iterator<Item = Option<u64>>) {
    for (row, value) in rows.iter_mut().zip(values) {
        *row = mixed(row.rotate_left(5) ^ value.unwrap_or(NULL));
    }
}

/// The finisher of SplitMix64 (Steele and others 2014): each bit of the input changes half of the output's.
fn mixed(mut word: u64) -> u64 {
    word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use polars::prelude::*;

    fn frame() -> DataFrame {
        df!("a" => [Some(1i64), None, Some(3)], "b" => ["x", "", "z"], "c" => [0.5, f64::NAN, -0.0])
            .unwrap()
    }

    #[test]
    fn the_order_of_rows_and_chunks_do_not_matter_and_everything_else_does() {
        let hash = content_hash(&frame());
        assert_eq!(content_hash(&frame().reverse()), hash);
        let mut parts = frame().slice(0, 1);
        parts.vstack_mut(&frame().slice(1, 2)).unwrap();
        assert_eq!(content_hash(&parts), hash);
        let changed = [
            df!("a" => [Some(1i64), None, Some(3)], "b" => ["x", "z", ""], "c" => [0.5, f64::NAN, -0.0]).unwrap(),
            df!("a" => [Some(1i64), Some(0), Some(3)], "b" => ["x", "", "z"], "c" => [0.5, f64::NAN, -0.0]).unwrap(),
            df!("A" => [Some(1i64), None, Some(3)], "b" => ["x", "", "z"], "c" => [0.5, f64::NAN, -0.0]).unwrap(),
            df!("a" => [Some(1i32), None, Some(3)], "b" => ["x", "", "z"], "c" => [0.5, f64::NAN, -0.0]).unwrap(),
            frame().slice(0, 2),
            frame().vstack(&frame()).unwrap(),
        ];
        for other in changed {
            assert_ne!(content_hash(&other), hash, "{other}");
        }
    }
}
