//! Dotted paths into raw BSON: `obs.wind.speed`, `runways.0.length`. Only the bytes on the way are read.
//!
//! There are two ways to read a path. [`lookup`] gives the one value that a column can hold. [`Path::any`] gives every value
//! that a filter of MongoDB tries: an array on the way stands for each document in it.

use bson::raw::{RawArray, RawBsonRef, RawDocument};

/// The value at a dotted path; digits index arrays. `None` when any part of the way is absent or is neither a document nor
/// an array.
///
/// # Errors
/// When the bytes are not valid BSON.
pub fn lookup<'a>(
    document: &'a RawDocument,
    path: &str,
) -> Result<Option<RawBsonRef<'a>>, bson::error::Error> {
    let mut parts = path.split('.');
    let Some(first) = parts.next() else {
        return Ok(None);
    };
    let mut value = document.get(first)?;
    for part in parts {
        value = match value {
            Some(RawBsonRef::Document(inner)) => inner.get(part)?,
            Some(RawBsonRef::Array(items)) => match part.parse::<usize>() {
                Ok(index) => items.get(index)?,
                Err(_) => None,
            },
            _ => return Ok(None),
        };
    }
    Ok(value)
}

/// A dotted path that is read many times.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Path {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Part {
    pub(super) name: String,
    /// The name as a place in an array, if it is written as one: `0`, `10`, but not `01`.
    pub(super) index: Option<usize>,
}

impl Path {
    pub(super) fn new(path: &str) -> Path {
        let part = |name: &str| Part {
            name: name.to_owned(),
            index: name
                .parse()
                .ok()
                .filter(|index: &usize| index.to_string() == name),
        };
        Path {
            parts: path.split('.').map(part).collect(),
        }
    }

    pub(super) fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// Whether a value at the path passes the test; `None` is an absent one. As in MongoDB, a part that meets an array goes
    /// into each document in it, and to an element if it is a number; an array at the end is each of its elements and itself.
    /// An array on the way that has nothing to go into has no value, not even an absent one.
    ///
    /// # Errors
    /// When the bytes are not valid BSON, or the test fails.
    pub(super) fn any<'a>(
        &self,
        document: &'a RawDocument,
        test: &mut impl FnMut(Option<RawBsonRef<'a>>) -> Result<bool, bson::error::Error>,
    ) -> Result<bool, bson::error::Error> {
        any_in_document(document, &self.parts, test)
    }
}

fn any_in_document<'a>(
    document: &'a RawDocument,
    parts: &[Part],
    test: &mut impl FnMut(Option<RawBsonRef<'a>>) -> Result<bool, bson::error::Error>,
) -> Result<bool, bson::error::Error> {
    let Some((first, rest)) = parts.split_first() else {
        return Ok(false);
    };
    match document.get(&first.name)? {
        Some(RawBsonRef::Array(items)) => any_in_array(items, rest, test),
        value if rest.is_empty() => test(value),
        Some(RawBsonRef::Document(inner)) => any_in_document(inner, rest, test),
        _ => test(None),
    }
}

fn any_in_array<'a>(
    items: &'a RawArray,
    parts: &[Part],
    test: &mut impl FnMut(Option<RawBsonRef<'a>>) -> Result<bool, bson::error::Error>,
) -> Result<bool, bson::error::Error> {
    let Some((first, rest)) = parts.split_first() else {
        for item in items {
            if test(Some(item?))? {
                return Ok(true);
            }
        }
        return test(Some(RawBsonRef::Array(items)));
    };
    for (index, item) in items.into_iter().enumerate() {
        let item = item?;
        if let RawBsonRef::Document(inner) = item
            && any_in_document(inner, parts, test)?
        {
            return Ok(true);
        }
        if first.index == Some(index) {
            let found = match item {
                // An array that a number leads to is not taken apart.
                _ if rest.is_empty() => test(Some(item))?,
                RawBsonRef::Document(inner) => any_in_document(inner, rest, test)?,
                RawBsonRef::Array(inner) => any_in_array(inner, rest, test)?,
                _ => false,
            };
            if found {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use bson::{Bson, RawDocumentBuf, bson, rawdoc};

    #[test]
    fn a_path_goes_through_documents_and_arrays_and_stops_where_nothing_is() {
        let document = rawdoc! { "a": { "b": [1, { "c": "x" }] }, "n": null };
        assert_eq!(
            lookup(&document, "a.b.1.c").unwrap().unwrap().as_str(),
            Some("x")
        );
        assert_eq!(lookup(&document, "n").unwrap(), Some(RawBsonRef::Null));
        assert_eq!(lookup(&document, "a.b.7").unwrap(), None);
        assert_eq!(lookup(&document, "a.x.y").unwrap(), None);
        assert_eq!(lookup(&document, "n.x").unwrap(), None);
    }

    /// Every value that a filter tries; a symbol stands for an absent one.
    fn tried(document: &RawDocumentBuf, path: &str) -> Bson {
        let mut tried = Vec::new();
        let found = Path::new(path).any(document, &mut |value| {
            tried.push(match value {
                Some(value) => Bson::try_from(value).unwrap(),
                None => Bson::Symbol("absent".into()),
            });
            Ok(false)
        });
        assert!(!found.unwrap());
        Bson::Array(tried)
    }

    #[test]
    fn a_filter_tries_what_mongodb_tries() {
        let absent = Bson::Symbol("absent".into());
        let document = rawdoc! {
            "s": { "t": 1 },
            "e": [],
            "n": [1, 2],
            "d": [{ "t": 1 }, { "t": [2, 3] }, {}, 4, [{ "t": 5 }]],
            "m": [[6, 7], [{ "t": 8 }]],
            "z": [{ "0": 9 }, 10],
        };
        for (path, values) in [
            ("s.t", bson!([1])),
            ("s.u", bson!([absent.clone()])),
            ("s.t.u", bson!([absent.clone()])),
            ("x.y", bson!([absent.clone()])),
            ("e", bson!([[]])),
            ("e.t", bson!([])),
            ("n", bson!([1, 2, [1, 2]])),
            ("n.t", bson!([])),
            ("n.1", bson!([2])),
            ("n.01", bson!([])),
            ("n.2", bson!([])),
            ("n.1.t", bson!([])),
            ("d.t", bson!([1, 2, 3, [2, 3], absent.clone()])),
            (
                "d.1.t",
                bson!([absent.clone(), absent.clone(), 2, 3, [2, 3], absent.clone()]),
            ),
            (
                "d.4.t",
                bson!([absent.clone(), absent.clone(), absent.clone(), 5]),
            ),
            ("m.0", bson!([[6, 7]])),
            ("m.0.1", bson!([7])),
            ("m.1.t", bson!([8])),
            ("m.t", bson!([])),
            ("z.0", bson!([9, { "0": 9 }])),
        ] {
            assert_eq!(tried(&document, path), values, "{path}");
        }
    }
}
