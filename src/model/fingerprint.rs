//! A hash of the rows a model was trained on, so that a card can say which data it speaks of.

use crate::record::{Column, Columns};
use sha2::{Digest, Sha256};

/// SHA-256, in hexadecimal, over the named columns (name, type, each value or null, in row order) and the target.
pub(super) fn fingerprint(columns: &Columns, names: &[&str], target: &[bool]) -> String {
    let mut hash = Sha256::new();
    hash.update((columns.rows() as u64).to_le_bytes());
    for name in names {
        let Some(column) = columns.get(name) else {
            continue;
        };
        text(&mut hash, name);
        text(&mut hash, column.type_name());
        match column {
            Column::Bool(values) => each(&mut hash, values, |hash, value| {
                hash.update([u8::from(*value)])
            }),
            Column::Int(values) | Column::Timestamp(values) => {
                each(&mut hash, values, |hash, value| {
                    hash.update(value.to_le_bytes())
                });
            }
            Column::Float(values) => each(&mut hash, values, |hash, value| {
                hash.update(value.to_bits().to_le_bytes())
            }),
            Column::Text(values) => each(&mut hash, values, |hash, value| text(hash, value)),
        }
    }
    for happened in target {
        hash.update([u8::from(*happened)]);
    }
    hash.finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Length first, so that no two lists of texts run together to the same bytes.
fn text(hash: &mut Sha256, text: &str) {
    hash.update((text.len() as u64).to_le_bytes());
    hash.update(text);
}

fn each<T>(hash: &mut Sha256, values: &[Option<T>], write: impl Fn(&mut Sha256, &T)) {
    for value in values {
        match value {
            None => hash.update([0]),
            Some(value) => {
                hash.update([1]);
                write(hash, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn any_change_of_value_order_or_target_changes_the_hash() {
        let of = |values: Vec<Option<&str>>, target: &[bool]| {
            let mut columns = Columns::new();
            columns
                .push(
                    "a",
                    Column::Text(values.into_iter().map(|v| v.map(str::to_owned)).collect()),
                )
                .unwrap();
            fingerprint(&columns, &["a"], target)
        };
        let known = of(vec![Some("x"), None], &[true, false]);
        assert_eq!(known.len(), 64);
        assert_eq!(known, of(vec![Some("x"), None], &[true, false]));
        for other in [
            of(vec![None, Some("x")], &[true, false]),
            of(vec![Some("x"), Some("")], &[true, false]),
            of(vec![Some("y"), None], &[true, false]),
            of(vec![Some("x"), None], &[true, true]),
        ] {
            assert_ne!(known, other);
        }
    }
}
