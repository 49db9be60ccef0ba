//! Filters over documents, in MongoDB's language: `{ "station": "JFK", "obs.wind.speed": { "$gt": 20 } }`.
//!
//! A filter is checked once, then tried on raw bytes. It passes the documents that MongoDB would find: an array stands for each
//! of its elements and for itself ([`Path`] says which values are tried), and what is negated must hold for none of them.

use super::path::Path;
use super::value::Value;
use bson::raw::{RawBsonRef, RawDocument};
use bson::{Bson, Document, RawBson};
use std::cmp::Ordering;
use thiserror::Error;

/// Why a filter cannot be used.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum FilterError {
    /// An operator that is not known.
    #[error(
        "the filter has {operator} at {path}: known are $eq $ne $gt $gte $lt $lte $in $nin $exists $not, and $and $or $nor at the top"
    )]
    Operator {
        /// Where.
        path: String,
        /// The operator.
        operator: String,
    },
    /// An operator with an operand of the wrong type.
    #[error("the filter's {operator} at {path} needs {expected}")]
    Operand {
        /// Where.
        path: String,
        /// The operator.
        operator: String,
        /// What it needs.
        expected: &'static str,
    },
}

/// A checked filter.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter(pub(super) Node);

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    All(Vec<Node>),
    Any(Vec<Node>),
    Not(Box<Node>),
    Test {
        /// As it was written.
        name: String,
        path: Path,
        test: Test,
    },
}

/// What one of the values at a path must be.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Test {
    Equal(Value<'static>),
    Compare(Bound, Value<'static>),
    /// In ascending order.
    In(Vec<Value<'static>>),
    Exists,
}

/// A side of a value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Bound {
    Above,
    AtLeast,
    Below,
    AtMost,
}

impl Bound {
    /// Whether a value that compares so with the bound is on its side.
    fn allows(self, ordering: Ordering) -> bool {
        match self {
            Bound::Above => ordering.is_gt(),
            Bound::AtLeast => ordering.is_ge(),
            Bound::Below => ordering.is_lt(),
            Bound::AtMost => ordering.is_le(),
        }
    }
}

impl Filter {
    /// Checks a filter document. An empty one passes every document.
    ///
    /// # Errors
    /// When an operator is unknown or has an operand of the wrong type.
    pub fn new(filter: &Document) -> Result<Filter, FilterError> {
        all(filter).map(Filter)
    }

    /// The filter that passes every document.
    pub(super) fn all() -> Filter {
        Filter(Node::All(Vec::new()))
    }

    /// Whether the document passes. As in MongoDB, `null` equals an absent value, and values of different types never compare
    /// (all numbers are one type).
    ///
    /// # Errors
    /// When the bytes are not valid BSON.
    pub fn passes(&self, document: &RawDocument) -> Result<bool, bson::error::Error> {
        passes(&self.0, document)
    }
}

fn all(filter: &Document) -> Result<Node, FilterError> {
    let mut nodes = Vec::new();
    for (key, value) in filter {
        match key.as_str() {
            "$and" => nodes.push(Node::All(branches(key, value)?)),
            "$or" => nodes.push(Node::Any(branches(key, value)?)),
            "$nor" => nodes.push(not(Node::Any(branches(key, value)?))),
            operator if operator.starts_with('$') => {
                return Err(FilterError::Operator {
                    path: "the top".into(),
                    operator: operator.into(),
                });
            }
            path => nodes.push(at_path(path, value)?),
        }
    }
    Ok(Node::All(nodes))
}

fn not(node: Node) -> Node {
    Node::Not(Box::new(node))
}

fn branches(operator: &str, value: &Bson) -> Result<Vec<Node>, FilterError> {
    let wrong = || FilterError::Operand {
        path: "the top".into(),
        operator: operator.into(),
        expected: "an array of filters",
    };
    let items = value
        .as_array()
        .filter(|items| !items.is_empty())
        .ok_or_else(wrong)?;
    items
        .iter()
        .map(|item| all(item.as_document().ok_or_else(wrong)?))
        .collect()
}

/// The document of operators, if the value is one: its first name says so.
fn operators(value: &Bson) -> Option<&Document> {
    let first = |document: &Document| {
        document
            .keys()
            .next()
            .is_some_and(|key| key.starts_with('$'))
    };
    value.as_document().filter(|document| first(document))
}

fn at_path(path: &str, value: &Bson) -> Result<Node, FilterError> {
    match operators(value) {
        Some(operators) => operated(path, operators),
        // Alone, a regular expression is searched for in text, which this filter cannot do.
        None if matches!(value, Bson::RegularExpression(_)) => Err(FilterError::Operator {
            path: path.into(),
            operator: "a regular expression".into(),
        }),
        None => Ok(tested(path, Test::Equal(operand(path, "$eq", value)?))),
    }
}

fn tested(path: &str, test: Test) -> Node {
    Node::Test {
        name: path.to_owned(),
        path: Path::new(path),
        test,
    }
}

fn operated(path: &str, operators: &Document) -> Result<Node, FilterError> {
    let mut nodes = Vec::new();
    for (operator, value) in operators {
        let wrong = |expected| FilterError::Operand {
            path: path.into(),
            operator: operator.clone(),
            expected,
        };
        let test = |test| tested(path, test);
        let compare = |bound| {
            let value = plain(path, operator, value)?;
            Ok(test(Test::Compare(bound, value)))
        };
        let among = || {
            let items = value.as_array().ok_or_else(|| wrong("an array"))?;
            let values: Result<Vec<_>, _> = items
                .iter()
                .map(|item| plain(path, operator, item))
                .collect();
            let mut values = values?;
            values.sort();
            Ok(test(Test::In(values)))
        };
        nodes.push(match operator.as_str() {
            "$eq" => test(Test::Equal(operand(path, operator, value)?)),
            "$ne" => not(test(Test::Equal(plain(path, operator, value)?))),
            "$gt" => compare(Bound::Above)?,
            "$gte" => compare(Bound::AtLeast)?,
            "$lt" => compare(Bound::Below)?,
            "$lte" => compare(Bound::AtMost)?,
            "$in" => among()?,
            "$nin" => not(among()?),
            "$exists" => match value.as_bool().ok_or_else(|| wrong("true or false"))? {
                true => test(Test::Exists),
                false => not(test(Test::Exists)),
            },
            "$not" => {
                let negated = self::operators(value);
                not(operated(path, negated.ok_or_else(|| wrong("operators"))?)?)
            }
            _ => {
                return Err(FilterError::Operator {
                    path: path.into(),
                    operator: operator.clone(),
                });
            }
        });
    }
    Ok(Node::All(nodes))
}

/// An operand that is no regular expression: MongoDB refuses those or searches for them.
fn plain(path: &str, operator: &str, value: &Bson) -> Result<Value<'static>, FilterError> {
    match operand(path, operator, value)? {
        Value::Regex(..) => Err(FilterError::Operand {
            path: path.into(),
            operator: operator.into(),
            expected: "values that are no regular expressions",
        }),
        value => Ok(value),
    }
}

fn operand(path: &str, operator: &str, value: &Bson) -> Result<Value<'static>, FilterError> {
    let raw = RawBson::try_from(value.clone()).ok();
    let value = raw
        .as_ref()
        .and_then(|raw| Value::of(raw.as_raw_bson_ref()).ok());
    match value {
        Some(value) if value != Value::Undefined => Ok(value.into_owned()),
        _ => Err(FilterError::Operand {
            path: path.into(),
            operator: operator.into(),
            expected: "values that BSON can hold, and not undefined",
        }),
    }
}

fn passes(node: &Node, document: &RawDocument) -> Result<bool, bson::error::Error> {
    Ok(match node {
        Node::All(nodes) => {
            for node in nodes {
                if !passes(node, document)? {
                    return Ok(false);
                }
            }
            true
        }
        Node::Any(nodes) => {
            for node in nodes {
                if passes(node, document)? {
                    return Ok(true);
                }
            }
            false
        }
        Node::Not(node) => !passes(node, document)?,
        Node::Test { path, test, .. } => path.any(document, &mut |value| holds(test, value))?,
    })
}

fn holds(test: &Test, raw: Option<RawBsonRef<'_>>) -> Result<bool, bson::error::Error> {
    // An absent value is null to all tests but `$exists`.
    let value = || Value::of(raw.unwrap_or(RawBsonRef::Null));
    Ok(match test {
        Test::Exists => raw.is_some(),
        Test::Equal(wanted) => value()? == *wanted,
        Test::In(wanted) => wanted.binary_search(&value()?).is_ok(),
        Test::Compare(bound, wanted) => compares(&value()?, *bound, wanted),
    })
}

/// Whether the value is on the bound's side: of one type with it, unless the bound is an end of the order of types. NaN is
/// on neither side of a number, but as low and as high as itself.
fn compares(value: &Value<'_>, bound: Bound, wanted: &Value<'_>) -> bool {
    let comparable = match (value, wanted) {
        (Value::Number(value), Value::Number(wanted)) => value.is_nan() == wanted.is_nan(),
        (_, Value::MinKey | Value::MaxKey) => true,
        _ => value.kind() == wanted.kind(),
    };
    comparable && bound.allows(value.cmp(wanted))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use bson::{doc, rawdoc};

    fn passes(filter: Document, document: &bson::RawDocumentBuf) -> bool {
        Filter::new(&filter).unwrap().passes(document).unwrap()
    }

    /// Tries filters on a document; each says whether it passes.
    fn check(document: bson::RawDocumentBuf, filters: impl IntoIterator<Item = (Document, bool)>) {
        for (filter, expected) in filters {
            let said = filter.to_string();
            assert_eq!(passes(filter, &document), expected, "{said}");
        }
    }

    #[test]
    fn a_filter_compares_numbers_of_any_width_and_never_across_types() {
        let decimal = |text: &str| Bson::Decimal128(text.parse().unwrap());
        check(
            rawdoc! { "n": 5, "t": "5", "d": { "x": 2.5 }, "w": i64::MAX, "b": true },
            [
                (doc! { "n": 5_i64, "d.x": { "$gt": 2, "$lte": 2.5 } }, true),
                (doc! { "n": 5.0, "d.x": decimal("2.50") }, true),
                (doc! { "t": 5 }, false),
                (doc! { "t": { "$gt": 1 } }, false),
                (doc! { "w": i64::MAX as f64 }, false),
                (doc! { "w": { "$lt": i64::MAX as f64 } }, true),
                (doc! { "b": { "$gt": false } }, true),
                (doc! { "b": 1 }, false),
            ],
        );
    }

    #[test]
    fn nan_equals_itself_and_is_above_and_below_nothing() {
        let nan = f64::NAN;
        check(
            rawdoc! { "nan": nan, "n": 1 },
            [
                (doc! { "nan": nan }, true),
                (
                    doc! { "nan": { "$gte": nan, "$lte": nan, "$in": [nan] } },
                    true,
                ),
                (doc! { "nan": { "$lt": 5 } }, false),
                (doc! { "nan": { "$gt": nan } }, false),
                (doc! { "n": { "$gte": nan } }, false),
                (doc! { "nan": { "$ne": nan } }, false),
            ],
        );
    }

    #[test]
    fn null_equals_an_absent_value_and_exists_tells_them_apart() {
        check(
            rawdoc! { "n": null, "items": [{ "a": 1 }, {}], "numbers": [1], "none": [] },
            [
                (doc! { "n": null, "m": null }, true),
                (
                    doc! { "n": { "$exists": true }, "m": { "$exists": false } },
                    true,
                ),
                (doc! { "m": { "$ne": 1 } }, true),
                (
                    doc! { "m": { "$gte": null, "$lte": null, "$in": [1, null] } },
                    true,
                ),
                (doc! { "m": { "$gt": null } }, false),
                (doc! { "items.a": null }, true),
                (doc! { "items.b": null }, true),
                // Nothing to go into is not an absent value.
                (doc! { "numbers.a": null }, false),
                (doc! { "none.a": null }, false),
                (doc! { "none.a": { "$exists": false, "$ne": null } }, true),
            ],
        );
    }

    #[test]
    fn an_array_passes_as_a_whole_or_by_any_element_and_negation_needs_none() {
        check(
            rawdoc! { "a": [1, "x", [2]], "d": [{ "n": 1 }, { "n": [5, 7] }], "z": [] },
            [
                (doc! { "a": "x" }, true),
                (doc! { "a": [1, "x", [2]] }, true),
                (doc! { "a": [2] }, true),
                (doc! { "a": 2 }, false),
                (doc! { "a.1": "x" }, true),
                (doc! { "a.2": [2] }, true),
                (doc! { "a.2": 2 }, false),
                (doc! { "a": { "$ne": 1 } }, false),
                (doc! { "a": { "$nin": [3, "y"] } }, true),
                (doc! { "a": { "$nin": [3, "x"] } }, false),
                // Each bound may be met by another element.
                (doc! { "d.n": { "$gt": 6, "$lt": 2 } }, true),
                (doc! { "d.n": { "$gt": 7 } }, false),
                (doc! { "d.n": { "$not": { "$gt": 7 } } }, true),
                (doc! { "d.1.n": 7 }, true),
                (doc! { "d.0.n": 7 }, false),
                (doc! { "a": { "$gt": [1, "w"] } }, true),
                (doc! { "z": [] }, true),
                (doc! { "z": { "$exists": true, "$gte": [] } }, true),
                (doc! { "z": null }, false),
            ],
        );
    }

    #[test]
    fn documents_are_equal_only_in_one_order_of_elements() {
        check(
            rawdoc! { "d": { "a": 1, "b": null } },
            [
                (doc! { "d": { "a": 1_i64, "b": null } }, true),
                (doc! { "d": { "b": null, "a": 1 } }, false),
                (doc! { "d": { "a": 1 } }, false),
                (doc! { "d": { "$gt": { "a": 1 } } }, true),
                (
                    doc! { "d": { "$gt": Bson::MinKey, "$lt": Bson::MaxKey } },
                    true,
                ),
                (doc! { "e": { "$gt": Bson::MinKey } }, true),
                (doc! { "d": { "$gt": Bson::MaxKey } }, false),
                // Only a first name that begins with a dollar makes operators.
                (doc! { "d": { "a": 1, "$gt": 1 } }, false),
            ],
        );
    }

    #[test]
    fn and_or_nor_and_in_combine() {
        check(
            rawdoc! { "a": 1, "b": "x" },
            [
                (
                    doc! { "$or": [{ "a": 2 }, { "b": { "$in": ["x", "y"] } }] },
                    true,
                ),
                (doc! { "$and": [{ "a": 1 }, { "b": "z" }] }, false),
                (doc! { "$nor": [{ "a": 2 }, { "b": "y" }] }, true),
                (doc! { "$nor": [{ "a": 2 }, { "b": "x" }] }, false),
                (doc! { "a": { "$in": [] } }, false),
            ],
        );
    }

    #[test]
    fn an_unknown_operator_or_a_wrong_operand_is_named() {
        let error = Filter::new(&doc! { "a": { "$regex": "x" } }).unwrap_err();
        assert_eq!(
            error,
            FilterError::Operator {
                path: "a".into(),
                operator: "$regex".into()
            }
        );
        let regex = Bson::RegularExpression(bson::Regex {
            pattern: "x".try_into().unwrap(),
            options: "".try_into().unwrap(),
        });
        for refused in [
            doc! { "a": regex.clone() },
            doc! { "a": { "$in": [regex.clone()] } },
            doc! { "a": { "$gt": Bson::Undefined } },
            doc! { "a": { "$not": 1 } },
            doc! { "a": { "$not": {} } },
            doc! { "a": { "$nin": 1 } },
            doc! { "a": { "$exists": 1 } },
            doc! { "a": { "$gt": 1, "b": 2 } },
            doc! { "$nor": [] },
            doc! { "$where": "x" },
        ] {
            assert!(Filter::new(&refused).is_err(), "{refused}");
        }
        assert!(Filter::new(&doc! { "a": { "$eq": regex } }).is_ok());
    }
}
