//! A hash of what a frame holds, so that two loads can be told equal and a model can name its data.

use polars::prelude::{AnyValue, DataFrame, Series};
use xxhash_rust::xxh3::xxh3_64;

/// What stands for a null; a value that hashes to the same is as unlikely as any other collision.
const NULL: u64 = 0x9e37_79b9_7f4a_7c15;

/// Sixteen hexadecimal digits that are equal for equal data: the same columns, by name and type, with the same rows, in whatever
/// order and chunks they come, since databases give rows in the order that suits them. Not meant against an adversary.
pub fn content_hash(frame: &DataFrame) -> String {
    let mut hash = Hash::default();
    hash.add(frame);
    hash.text()
}

/// The hash of frames that come one after the other, as of one.
#[derive(Debug, Clone, Default)]
pub(super) struct Hash {
    rows: u64,
    /// The sum of the rows' own hashes: it has no order.
    sum: u64,
    columns: Vec<u64>,
}

impl Hash {
    pub(super) fn add(&mut self, frame: &DataFrame) {
        let mut rows = vec![0; frame.height()];
        self.columns.clear();
        for column in frame.columns() {
            let head = format!("{}\0{}", column.name(), column.dtype());
            self.columns.push(xxh3_64(head.as_bytes()));
            fold(column.as_materialized_series(), &mut rows);
        }
        self.rows += rows.len() as u64;
        for row in rows {
            self.sum = self.sum.wrapping_add(mixed(row));
        }
    }

    /// Adds what another reader of the same columns has.
    pub(super) fn merge(&mut self, other: &Hash) {
        self.rows += other.rows;
        self.sum = self.sum.wrapping_add(other.sum);
        self.columns.clone_from(&other.columns);
    }

    pub(super) fn text(&self) -> String {
        let columns = self.columns.iter();
        let columns = columns.fold(self.rows, |all, column| mixed(all ^ column));
        format!("{:016x}", mixed(self.sum ^ columns))
    }
}

/// Mixes each value of the column into its row's hash.
fn fold(series: &Series, rows: &mut [u64]) {
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
    } else if let Ok(values) = physical.i128() {
        let hash = |value: i128| xxh3_64(&value.to_le_bytes());
        mix(rows, values.iter().map(|value| value.map(hash)));
    } else if let Ok(values) = series.str() {
        let hash = |text: &str| xxh3_64(text.as_bytes());
        mix(rows, values.iter().map(|value| value.map(hash)));
    } else if let Ok(values) = series.binary() {
        mix(rows, values.iter().map(|value| value.map(xxh3_64)));
    } else if let Ok(lists) = series.list() {
        // The order within a list counts.
        let hash = |items: &Series| {
            let mut hashes = vec![0; items.len()];
            fold(items, &mut hashes);
            let count = hashes.len() as u64;
            hashes.iter().fold(count, |all, item| mixed(all ^ item))
        };
        let lists = lists.amortized_iter();
        mix(
            rows,
            lists.map(|list| list.map(|items| hash(items.as_ref()))),
        );
    } else if let Ok(structs) = series.struct_() {
        mix(
            rows,
            series.is_null().iter().map(|null| null.map(u64::from)),
        );
        for field in structs.fields_as_series() {
            fold(&field, rows);
        }
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
    fn lists_and_structs_count_with_their_nulls_and_in_their_own_order() {
        let list = |items: &[i32]| Series::new("".into(), items);
        let one = df!("l" => [list(&[1, 2]), list(&[])]).unwrap();
        let hash = content_hash(&one);
        assert_eq!(content_hash(&one.reverse()), hash);
        for other in [
            [list(&[2, 1]), list(&[])],
            [list(&[1]), list(&[2])],
            [list(&[1, 2]), list(&[0])],
        ] {
            assert_ne!(content_hash(&df!("l" => other).unwrap()), hash);
        }
        let pair = df!("a" => [Some(1), None], "b" => ["x", "y"]).unwrap();
        let fields = pair.columns().to_vec();
        let pairs = StructChunked::from_columns("s".into(), 2, &fields)
            .unwrap()
            .into_series();
        let one = DataFrame::new(2, vec![pairs.into_column()]).unwrap();
        assert_eq!(content_hash(&one.reverse()), content_hash(&one));
        assert_ne!(
            content_hash(&one.slice(0, 1)),
            content_hash(&one.slice(1, 1))
        );
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
