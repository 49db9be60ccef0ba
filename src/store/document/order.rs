//! Sorting documents as MongoDB does.
//!
//! [`Order::key`] takes from each document once what it is sorted by; keys then compare without the documents. Types are in the
//! order of MongoDB, and an absent value is a null. Where a path meets an array, each element makes a key, and the one that
//! comes first counts: the smallest going up, the largest going down; an empty array is below null. Paths that meet the same
//! array take their values from the same element of it.

use super::path::{Part, Path};
use super::value::Value;
use bson::raw::{RawArray, RawBsonRef, RawDocument};
use std::cmp::Reverse;
use thiserror::Error;

/// Why documents cannot be sorted.
#[derive(Debug, Error)]
pub(crate) enum OrderError {
    /// The bytes are not valid BSON.
    #[error(transparent)]
    Bson(#[from] bson::error::Error),
    /// Each element of one array would have to be combined with each of another; MongoDB refuses that too.
    #[error("it has two arrays at the paths to sort by, of which only one can decide")]
    Arrays,
    /// MongoDB refuses that too.
    #[error(
        "it has {name} at a path to sort by, which is a place in an array and a name in an element of that array"
    )]
    Ambiguous {
        /// The part of the path.
        name: String,
    },
}

/// Paths to sort by, the first one first.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Order {
    paths: Vec<(Path, Direction)>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Direction {
    Up,
    Down,
}

/// What a document is sorted by. Keys of one order compare as their documents do.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key(Vec<Directed<'static>>);

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Directed<'a> {
    Up(Value<'a>),
    Down(Reverse<Value<'a>>),
}

impl Order {
    /// From dotted paths, each with whether it is descending.
    pub(crate) fn new<'a>(paths: impl IntoIterator<Item = (&'a str, bool)>) -> Order {
        let directed = |(path, descending)| {
            let direction = if descending {
                Direction::Down
            } else {
                Direction::Up
            };
            (Path::new(path), direction)
        };
        Order {
            paths: paths.into_iter().map(directed).collect(),
        }
    }

    /// The document's key.
    ///
    /// # Errors
    /// When the bytes are not valid BSON, or the arrays at the paths make no key.
    pub(crate) fn key(&self, document: &RawDocument) -> Result<Key, OrderError> {
        let reached: Result<Vec<_>, _> = self
            .paths
            .iter()
            .map(|(path, _)| reach(document, path.parts()))
            .collect();
        let mut first = None;
        self.expand(&reached?, &mut first)?;
        let first = first.unwrap_or_default();
        Ok(Key(first.into_iter().map(Directed::into_owned).collect()))
    }

    /// Makes a key for each element of the array that was reached, and keeps the one that comes first.
    fn expand<'a>(
        &self,
        reached: &[Reached<'_, 'a>],
        first: &mut Option<Vec<Directed<'a>>>,
    ) -> Result<(), OrderError> {
        let Some(items) = array_of(reached)? else {
            let key = self.directed(reached)?;
            if first.as_ref().is_none_or(|first| key < *first) {
                *first = Some(key);
            }
            return Ok(());
        };
        if items.is_empty() {
            return self.expand(&step(reached, items, None)?, first);
        }
        for item in items {
            self.expand(&step(reached, items, Some(item?))?, first)?;
        }
        Ok(())
    }

    fn directed<'a>(
        &self,
        reached: &[Reached<'_, 'a>],
    ) -> Result<Vec<Directed<'a>>, bson::error::Error> {
        self.paths
            .iter()
            .zip(reached)
            .map(|((_, direction), reached)| {
                let value = match reached {
                    Reached::Value(raw) => Value::of(*raw)?,
                    Reached::Array { .. } => Value::Null,
                };
                Ok(match direction {
                    Direction::Up => Directed::Up(value),
                    Direction::Down => Directed::Down(Reverse(value)),
                })
            })
            .collect()
    }
}

impl Directed<'_> {
    fn into_owned(self) -> Directed<'static> {
        match self {
            Directed::Up(value) => Directed::Up(value.into_owned()),
            Directed::Down(Reverse(value)) => Directed::Down(Reverse(value.into_owned())),
        }
    }
}

/// How far a path has been followed.
#[derive(Debug, Clone, Copy)]
enum Reached<'p, 'a> {
    /// To its end, or to where nothing is.
    Value(RawBsonRef<'a>),
    /// To an array that is still to be taken apart.
    Array {
        items: &'a RawArray,
        rest: &'p [Part],
        /// Whether a number led to it: at its end such a path means the array as a whole.
        numbered: bool,
    },
}

/// Follows a path to its end or to the first array.
fn reach<'p, 'a>(
    document: &'a RawDocument,
    parts: &'p [Part],
) -> Result<Reached<'p, 'a>, bson::error::Error> {
    let Some((part, rest)) = parts.split_first() else {
        return Ok(Reached::Value(RawBsonRef::Null));
    };
    onward(document.get(&part.name)?, rest, false)
}

/// Follows the rest of a path from a value.
fn onward<'p, 'a>(
    value: Option<RawBsonRef<'a>>,
    rest: &'p [Part],
    numbered: bool,
) -> Result<Reached<'p, 'a>, bson::error::Error> {
    match value {
        Some(RawBsonRef::Array(items)) => Ok(Reached::Array {
            items,
            rest,
            numbered,
        }),
        Some(value) if rest.is_empty() => Ok(Reached::Value(value)),
        Some(RawBsonRef::Document(inner)) => reach(inner, rest),
        _ => Ok(Reached::Value(RawBsonRef::Null)),
    }
}

/// The array that paths have come to, if any has.
fn array_of<'a>(reached: &[Reached<'_, 'a>]) -> Result<Option<&'a RawArray>, OrderError> {
    let mut found: Option<&RawArray> = None;
    for reached in reached {
        if let Reached::Array { items, .. } = reached {
            // The same bytes at the same place, not equal ones.
            if found.is_some_and(|found| !std::ptr::eq(found.as_bytes(), items.as_bytes())) {
                return Err(OrderError::Arrays);
            }
            found = Some(items);
        }
    }
    Ok(found)
}

/// Takes the paths that have come to the array on to one item of it; none if it is empty.
fn step<'p, 'a>(
    reached: &[Reached<'p, 'a>],
    items: &'a RawArray,
    item: Option<RawBsonRef<'a>>,
) -> Result<Vec<Reached<'p, 'a>>, OrderError> {
    reached
        .iter()
        .map(|reached| {
            let Reached::Array { rest, numbered, .. } = *reached else {
                return Ok(*reached);
            };
            let Some((part, further)) = rest.split_first() else {
                return Ok(Reached::Value(match item {
                    None => RawBsonRef::Undefined,
                    Some(_) if numbered => RawBsonRef::Array(items),
                    Some(item) => item,
                }));
            };
            let named = match item {
                Some(RawBsonRef::Document(inner)) => inner.get(&part.name)?,
                _ => None,
            };
            let at_place = match part.index {
                Some(index) => items.get(index)?,
                None => None,
            };
            match (named, at_place) {
                (Some(_), Some(_)) => Err(OrderError::Ambiguous {
                    name: part.name.clone(),
                }),
                (named, None) => Ok(onward(named, further, false)?),
                (None, at_place) => Ok(onward(at_place, further, true)?),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use bson::{Bson, DateTime, RawDocumentBuf, bson, doc, oid::ObjectId, rawdoc};

    /// Documents with these values at `v`.
    fn documents(values: impl IntoIterator<Item = Bson>) -> Vec<RawDocumentBuf> {
        let document = |value| RawDocumentBuf::try_from(&doc! { "v": value }).unwrap();
        values.into_iter().map(document).collect()
    }

    fn keys<'a>(
        order: &Order,
        documents: impl IntoIterator<Item = &'a RawDocumentBuf>,
    ) -> Vec<Key> {
        let key = |document: &RawDocumentBuf| order.key(document).unwrap();
        documents.into_iter().map(key).collect()
    }

    #[test]
    fn types_are_in_the_order_of_mongodb_and_down_is_the_reverse() {
        let ascending = documents([
            Bson::MinKey,
            bson!([]),
            Bson::Null,
            bson!(f64::NEG_INFINITY),
            bson!(7_i64),
            bson!("a"),
            bson!({ "a": 1 }),
            bson!([["a"]]),
            Bson::Binary(bson::Binary {
                subtype: bson::spec::BinarySubtype::Generic,
                bytes: vec![1],
            }),
            Bson::ObjectId(ObjectId::from_bytes([0; 12])),
            bson!(false),
            Bson::DateTime(DateTime::from_millis(0)),
            Bson::Timestamp(bson::Timestamp {
                time: 0,
                increment: 0,
            }),
            Bson::MaxKey,
        ]);
        assert!(keys(&Order::new([("v", false)]), &ascending).is_sorted_by(|a, b| a < b));
        assert!(keys(&Order::new([("v", true)]), &ascending).is_sorted_by(|a, b| a > b));
        let order = Order::new([("v", false)]);
        let absent = order.key(&rawdoc! {}).unwrap();
        assert_eq!(absent, order.key(&rawdoc! { "v": null }).unwrap());
    }

    #[test]
    fn of_an_array_the_smallest_counts_going_up_and_the_largest_going_down() {
        let [low, one, wide, high] = [bson!(0), bson!([1, 5]), bson!([0.5, 9]), bson!(7)];
        let up = [&low, &wide, &one, &high].map(Clone::clone);
        let down = [&wide, &high, &one, &low].map(Clone::clone);
        assert!(keys(&Order::new([("v", false)]), &documents(up)).is_sorted_by(|a, b| a < b));
        assert!(keys(&Order::new([("v", true)]), &documents(down)).is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn a_path_goes_into_the_documents_of_an_array_and_to_a_numbered_element() {
        let order = |path| Order::new([(path, false)]);
        let document = rawdoc! {
            "d": [{ "n": 3 }, { "n": [2, 4] }, 1],
            "m": [[8, 9], 5],
            "e": [],
            "z": [{ "0": 1 }],
        };
        for (path, value) in [
            // The number in the array has no `n`, which is as good as null.
            ("d.n", bson!(null)),
            ("d.0.n", bson!(3)),
            ("d.1.n", bson!(2)),
            ("d.7.n", bson!(null)),
            ("m.0", bson!([[8, 9]])),
            ("m.0.1", bson!(9)),
            ("m", bson!(5)),
            ("e", bson!([])),
            ("e.n", bson!(null)),
            ("d.n.x", bson!(null)),
        ] {
            let like = keys(&order("v"), &documents([value]));
            assert_eq!(keys(&order(path), [&document]), like, "{path}");
        }
        assert!(matches!(
            order("z.0").key(&document),
            Err(OrderError::Ambiguous { .. })
        ));
    }

    #[test]
    fn several_paths_decide_in_turn_and_share_the_elements_of_one_array() {
        let order = Order::new([("a", false), ("b", true)]);
        let ascending = [
            rawdoc! { "a": 1, "b": 9 },
            rawdoc! { "a": 1, "b": 2 },
            rawdoc! { "a": 2, "b": 3 },
            rawdoc! { "a": 2 },
        ];
        assert!(keys(&order, &ascending).is_sorted_by(|a, b| a < b));
        let shared = rawdoc! { "d": [{ "x": 2, "y": 0 }, { "x": 1, "y": 9 }] };
        let plain = rawdoc! { "d": { "x": 1, "y": 9 } };
        let order = Order::new([("d.x", false), ("d.y", false)]);
        assert_eq!(order.key(&shared).unwrap(), order.key(&plain).unwrap());
        let order = Order::new([("a", false), ("b", false)]);
        let two = rawdoc! { "a": [1], "b": [1] };
        assert!(matches!(order.key(&two), Err(OrderError::Arrays)));
    }
}
