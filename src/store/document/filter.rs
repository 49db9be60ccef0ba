//! Filters over documents, in MongoDB's language: `{ "station": "JFK", "obs.wind.speed": { "$gt": 20 } }`.
//!
//! A filter is checked once, then tried on raw bytes. Conditions on indexed paths that have to hold also become SQL on the
//! columns beside the bodies, which only narrows what is read: every document is tried against the whole filter, so both
//! ways give the same answer.

use super::lookup;
use crate::store::quoted;
use bson::raw::{RawBsonRef, RawDocument};
use bson::{Bson, Document};
use std::cmp::Ordering;
use thiserror::Error;

/// Why a filter cannot be used.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum FilterError {
    /// An operator that is not known.
    #[error(
        "the filter has {operator} at {path}: known are $eq $ne $gt $gte $lt $lte $in $exists, and $and $or at the top"
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
pub struct Filter(Node);

#[derive(Debug, Clone, PartialEq)]
enum Node {
    All(Vec<Node>),
    Any(Vec<Node>),
    Test { path: String, test: Test },
}

#[derive(Debug, Clone, PartialEq)]
enum Test {
    Equal(Bson),
    NotEqual(Bson),
    /// The comparison holds when the value compares as one of these orderings.
    Compare(Bson, &'static [Ordering], &'static str),
    In(Vec<Bson>),
    Exists(bool),
}

impl Filter {
    /// Checks a filter document. An empty one passes every document.
    ///
    /// # Errors
    /// When an operator is unknown or has an operand of the wrong type.
    pub fn new(filter: &Document) -> Result<Filter, FilterError> {
        all(filter).map(Filter)
    }

    /// Whether the document passes. As in MongoDB, `null` equals an absent value, and values of different types never compare
    /// (all numbers are one type).
    ///
    /// # Errors
    /// When the bytes are not valid BSON.
    pub fn passes(&self, document: &RawDocument) -> Result<bool, bson::error::Error> {
        passes(&self.0, document)
    }

    /// Conditions on indexed columns that every passing document meets, as SQL with `?` and the values to bind.
    pub(crate) fn pushed_down(&self, indexed: &[String]) -> (Vec<String>, Vec<Bson>) {
        let (mut conditions, mut values) = (Vec::new(), Vec::new());
        push_down(&self.0, indexed, &mut conditions, &mut values);
        (conditions, values)
    }
}

fn all(filter: &Document) -> Result<Node, FilterError> {
    let mut nodes = Vec::new();
    for (key, value) in filter {
        match key.as_str() {
            "$and" => nodes.push(Node::All(branches(key, value)?)),
            "$or" => nodes.push(Node::Any(branches(key, value)?)),
            operator if operator.starts_with('$') => {
                return Err(FilterError::Operator {
                    path: "the top".into(),
                    operator: operator.into(),
                });
            }
            path => tests(path, value, &mut nodes)?,
        }
    }
    Ok(Node::All(nodes))
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

fn tests(path: &str, value: &Bson, nodes: &mut Vec<Node>) -> Result<(), FilterError> {
    let mut add = |test| {
        nodes.push(Node::Test {
            path: path.to_owned(),
            test,
        })
    };
    let operators = match value {
        Bson::Document(inner) if inner.keys().any(|key| key.starts_with('$')) => inner,
        plain => {
            add(Test::Equal(plain.clone()));
            return Ok(());
        }
    };
    for (operator, operand) in operators {
        let wrong = |expected| FilterError::Operand {
            path: path.into(),
            operator: operator.clone(),
            expected,
        };
        add(match operator.as_str() {
            "$eq" => Test::Equal(operand.clone()),
            "$ne" => Test::NotEqual(operand.clone()),
            "$gt" => Test::Compare(operand.clone(), &[Ordering::Greater], ">"),
            "$gte" => Test::Compare(operand.clone(), &[Ordering::Greater, Ordering::Equal], ">="),
            "$lt" => Test::Compare(operand.clone(), &[Ordering::Less], "<"),
            "$lte" => Test::Compare(operand.clone(), &[Ordering::Less, Ordering::Equal], "<="),
            "$in" => Test::In(operand.as_array().ok_or_else(|| wrong("an array"))?.clone()),
            "$exists" => Test::Exists(operand.as_bool().ok_or_else(|| wrong("true or false"))?),
            _ => {
                return Err(FilterError::Operator {
                    path: path.into(),
                    operator: operator.clone(),
                });
            }
        });
    }
    Ok(())
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
        Node::Test { path, test } => holds(test, lookup(document, path)?),
    })
}

fn holds(test: &Test, value: Option<RawBsonRef<'_>>) -> bool {
    match test {
        Test::Equal(wanted) => equal(value, wanted),
        Test::NotEqual(wanted) => !equal(value, wanted),
        Test::In(wanted) => wanted.iter().any(|wanted| equal(value, wanted)),
        Test::Exists(exists) => value.is_some() == *exists,
        Test::Compare(wanted, orderings, _) => value
            .and_then(|value| compare(value, wanted))
            .is_some_and(|ordering| orderings.contains(&ordering)),
    }
}

fn equal(value: Option<RawBsonRef<'_>>, wanted: &Bson) -> bool {
    match (value, wanted) {
        (None | Some(RawBsonRef::Null), Bson::Null) => true,
        (None, _) => false,
        (Some(value), wanted) => match compare(value, wanted) {
            Some(ordering) => ordering == Ordering::Equal,
            None => Bson::try_from(value).is_ok_and(|value| value == *wanted),
        },
    }
}

/// Orders two values of one type; `None` when their types do not compare. Whole numbers compare exactly.
fn compare(value: RawBsonRef<'_>, wanted: &Bson) -> Option<Ordering> {
    match (value, wanted) {
        (RawBsonRef::String(a), Bson::String(b)) => Some(a.cmp(b.as_str())),
        (RawBsonRef::DateTime(a), Bson::DateTime(b)) => Some(a.cmp(b)),
        (RawBsonRef::Boolean(a), Bson::Boolean(b)) => Some(a.cmp(b)),
        (RawBsonRef::ObjectId(a), Bson::ObjectId(b)) => Some(a.cmp(b)),
        (a, b) => {
            if let (Some(a), Some(b)) = (whole(a), b.as_i64().or(b.as_i32().map(i64::from))) {
                return Some(a.cmp(&b));
            }
            let b = b
                .as_f64()
                .or(b.as_i64().map(|b| b as f64))
                .or(b.as_i32().map(f64::from))?;
            let a = a.as_f64().or(whole(a).map(|a| a as f64))?;
            a.partial_cmp(&b)
        }
    }
}

fn whole(value: RawBsonRef<'_>) -> Option<i64> {
    value.as_i64().or(value.as_i32().map(i64::from))
}

fn push_down(
    node: &Node,
    indexed: &[String],
    conditions: &mut Vec<String>,
    values: &mut Vec<Bson>,
) {
    match node {
        // What is under an `$or` need not hold, so it narrows nothing.
        Node::Any(_) => {}
        Node::All(nodes) => nodes
            .iter()
            .for_each(|node| push_down(node, indexed, conditions, values)),
        Node::Test { path, test } if path == "_id" || indexed.contains(path) => {
            let column = if path == "_id" {
                "id".to_owned()
            } else {
                quoted(path)
            };
            let bindable = |value: &Bson| {
                matches!(
                    value,
                    Bson::String(_)
                        | Bson::Int32(_)
                        | Bson::Int64(_)
                        | Bson::Double(_)
                        | Bson::DateTime(_)
                )
            };
            match test {
                Test::Equal(value) if bindable(value) => {
                    conditions.push(format!("{column} = ?"));
                    values.push(value.clone());
                }
                Test::Compare(value, _, operator) if bindable(value) => {
                    conditions.push(format!("{column} {operator} ?"));
                    values.push(value.clone());
                }
                Test::In(wanted)
                    if !wanted.is_empty()
                        && wanted.len() <= 1000
                        && wanted.iter().all(bindable) =>
                {
                    conditions.push(format!("{column} IN (?{})", ", ?".repeat(wanted.len() - 1)));
                    values.extend(wanted.iter().cloned());
                }
                _ => {}
            }
        }
        Node::Test { .. } => {}
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use bson::{doc, rawdoc};

    fn passes(filter: Document, document: bson::RawDocumentBuf) -> bool {
        Filter::new(&filter).unwrap().passes(&document).unwrap()
    }

    #[test]
    fn a_filter_compares_numbers_of_any_width_and_never_across_types() {
        let document = rawdoc! { "n": 5, "t": "5", "d": { "x": 2.5 } };
        assert!(passes(
            doc! { "n": 5_i64, "d.x": { "$gt": 2, "$lte": 2.5 } },
            document.clone()
        ));
        assert!(!passes(doc! { "t": 5 }, document.clone()));
        assert!(!passes(doc! { "t": { "$gt": 1 } }, document));
    }

    #[test]
    fn null_equals_an_absent_value_and_exists_tells_them_apart() {
        let document = rawdoc! { "n": null };
        assert!(passes(doc! { "n": null, "m": null }, document.clone()));
        assert!(passes(
            doc! { "n": { "$exists": true }, "m": { "$exists": false } },
            document.clone()
        ));
        assert!(passes(doc! { "m": { "$ne": 1 } }, document));
    }

    #[test]
    fn and_or_and_in_combine() {
        let document = rawdoc! { "a": 1, "b": "x" };
        assert!(passes(
            doc! { "$or": [{ "a": 2 }, { "b": { "$in": ["x", "y"] } }] },
            document.clone()
        ));
        assert!(!passes(
            doc! { "$and": [{ "a": 1 }, { "b": "z" }] },
            document
        ));
    }

    #[test]
    fn an_unknown_operator_is_named() {
        let error = Filter::new(&doc! { "a": { "$regex": "x" } }).unwrap_err();
        assert_eq!(
            error,
            FilterError::Operator {
                path: "a".into(),
                operator: "$regex".into()
            }
        );
    }

    #[test]
    fn conditions_under_or_are_not_pushed_down() {
        let filter =
            Filter::new(&doc! { "station": "JFK", "$or": [{ "time": 1 }, { "x": 2 }], "x": 3 })
                .unwrap();
        let (conditions, values) = filter.pushed_down(&["station".into(), "time".into()]);
        assert_eq!(conditions, ["\"station\" = ?"]);
        assert_eq!(values, [Bson::String("JFK".into())]);
    }
}
