//! SQL that narrows what is read for a filter, by the columns beside the bodies.
//!
//! It only narrows: every document that is read is tried against the whole filter, so a condition may keep too many documents
//! but must not lose one. A column that is not null holds the one value at its path, and no array is on the way. A null says
//! nothing: the value may be absent, or be below an array, or be a NaN, or the document may be older than the column. So a
//! condition on a column that can be null also keeps the nulls. What a column's type makes of a value decides which
//! conditions it can answer.

use super::filter::{Bound, Filter, Node, Test};
use super::number::Number;
use super::table_of;
use super::value::Value;
use crate::store::quoted;
use bson::{Bson, DateTime, oid::ObjectId};

/// Values bound in one statement, and conditions in it, at most; the rest of the filter narrows nothing.
const VALUES: usize = 1_000;
const CONDITIONS: usize = 50;
/// Columns with nulls that are combined so that an index over several of them is used.
const COMBINED: usize = 3;
/// Below this a double has every integer.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// A column that holds the values at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct IndexedPath {
    /// The path, which is the column's name.
    pub(crate) path: String,
    pub(crate) affinity: Affinity,
    pub(crate) nullable: bool,
}

/// What SQLite makes of a value that is put into a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Affinity {
    /// Numbers become text.
    Text,
    /// Text that looks like a number becomes one.
    Numeric,
    /// As numeric, and integers become doubles.
    Real,
    /// Nothing changes.
    None,
}

impl Affinity {
    /// SQLite's rule for a declared type in upper case.
    pub(crate) fn of(declared: &str) -> Affinity {
        let has = |names: &[&str]| names.iter().any(|name| declared.contains(name));
        if has(&["INT"]) {
            Affinity::Numeric
        } else if has(&["CHAR", "CLOB", "TEXT"]) {
            Affinity::Text
        } else if declared.is_empty() || has(&["BLOB"]) {
            Affinity::None
        } else if has(&["REAL", "FLOA", "DOUB"]) {
            Affinity::Real
        } else {
            Affinity::Numeric
        }
    }

    /// What to bind for a value, if the column's values are equal to it, above it and below it just as the documents' are.
    fn bound(self, value: &Value<'_>) -> Option<Bson> {
        match (value, self) {
            (Value::Text(text), Affinity::Text | Affinity::None) => {
                Some(Bson::String(text.as_ref().to_owned()))
            }
            (Value::Id(id), Affinity::Text | Affinity::None) => {
                Some(Bson::String(ObjectId::from_bytes(*id).to_hex()))
            }
            (_, Affinity::Text) => None,
            (Value::Number(Number::Whole(whole)), _) if self.holds(*whole as f64) => {
                Some(Bson::Int64(*whole))
            }
            (Value::Number(Number::Real(real)), _) if self.holds(*real) => {
                Some(Bson::Double(*real))
            }
            (Value::Date(millis), _) if self.holds(*millis as f64) => {
                Some(Bson::DateTime(DateTime::from_millis(*millis)))
            }
            _ => None,
        }
    }

    /// Whether no other number of the documents is the same one in the column. SQLite has no NaN.
    fn holds(self, number: f64) -> bool {
        !number.is_nan() && (self != Affinity::Real || number.abs() < EXACT)
    }
}

impl Filter {
    /// The statement that reads the key and the body of each document that may pass, and the values to bind to `?1`, `?2`, ….
    pub(crate) fn statement(
        &self,
        collection: &str,
        indexed: &[IndexedPath],
    ) -> (String, Vec<Bson>) {
        let (conditions, values) = self.pushed_down(indexed);
        let narrowed = if conditions.is_empty() {
            String::new()
        } else {
            format!(" WHERE {}", conditions.join(" AND "))
        };
        let table = quoted(&table_of(collection));
        (format!("SELECT id, body FROM {table}{narrowed}"), values)
    }

    /// Conditions that every passing document meets, as SQL with `?1`, `?2`, … and the values to bind.
    fn pushed_down(&self, indexed: &[IndexedPath]) -> (Vec<String>, Vec<Bson>) {
        let id = IndexedPath {
            path: "_id".into(),
            affinity: Affinity::Text,
            nullable: false,
        };
        let columns = std::iter::once(&id).chain(indexed);
        let mut narrowing = Narrowing {
            columns: columns.map(|column| (column, Vec::new())).collect(),
            values: Vec::new(),
            conditions: 0,
        };
        narrowing.add(&self.0);
        (narrowing.sql(), narrowing.values)
    }
}

struct Narrowing<'a> {
    /// Each column's conditions.
    columns: Vec<(&'a IndexedPath, Vec<String>)>,
    values: Vec<Bson>,
    conditions: usize,
}

impl Narrowing<'_> {
    fn add(&mut self, node: &Node) {
        match node {
            Node::All(nodes) => nodes.iter().for_each(|node| self.add(node)),
            Node::Test { name, test, path }
                if path.parts().iter().all(|part| part.index.is_none()) =>
            {
                self.add_test(name, test);
            }
            // What is under an `$or` need not hold, and what is negated holds for the others. A number in a path is a name as
            // well as a place, so that there is more than one value to try.
            Node::Any(_) | Node::Not(_) | Node::Test { .. } => {}
        }
    }

    fn add_test(&mut self, path: &str, test: &Test) {
        let Some((column, conditions)) = self
            .columns
            .iter_mut()
            .find(|(column, _)| column.path == path)
        else {
            return;
        };
        let wanted = match test {
            Test::Equal(value) | Test::Compare(_, value) => std::slice::from_ref(value),
            Test::In(values) => values,
            Test::Exists => return,
        };
        let bound: Option<Vec<Bson>> = wanted
            .iter()
            .map(|value| column.affinity.bound(value))
            .collect();
        let Some(bound) = bound.filter(|bound| !bound.is_empty()) else {
            return;
        };
        if self.values.len() + bound.len() > VALUES || self.conditions == CONDITIONS {
            return;
        }
        let numbers = self.values.len() + 1..=self.values.len() + bound.len();
        let places: Vec<String> = numbers.map(|number| format!("?{number}")).collect();
        let (name, places) = (name_of(column), places.join(", "));
        conditions.push(match test {
            Test::Equal(_) => format!("{name} = {places}"),
            Test::Compare(side, _) => {
                let operator = match side {
                    Bound::Above => ">",
                    Bound::AtLeast => ">=",
                    Bound::Below => "<",
                    Bound::AtMost => "<=",
                };
                format!("{name} {operator} {places} COLLATE BINARY")
            }
            _ => format!("{name} IN ({places})"),
        });
        self.values.extend(bound);
        self.conditions += 1;
    }

    fn sql(&self) -> Vec<String> {
        let narrowed = || {
            self.columns
                .iter()
                .filter(|(_, conditions)| !conditions.is_empty())
        };
        let with_nulls = || narrowed().filter(|(column, _)| column.nullable);
        if with_nulls().next().is_none() {
            return narrowed()
                .flat_map(|(_, conditions)| conditions.clone())
                .collect();
        }
        // Each combination of "as wanted" and "null", so that each can be found by whatever index finds what is wanted.
        let mut combinations = vec![
            narrowed()
                .filter(|(column, _)| !column.nullable)
                .flat_map(|(_, conditions)| conditions.clone())
                .collect::<Vec<_>>(),
        ];
        for (column, conditions) in with_nulls().take(COMBINED) {
            let null = [format!("{} IS NULL", name_of(column))];
            combinations = combinations
                .iter()
                .flat_map(|combination| {
                    let wanted = [combination.as_slice(), conditions].concat();
                    [wanted, [combination.as_slice(), &null].concat()]
                })
                .collect();
        }
        let combinations: Vec<String> = combinations
            .iter()
            .map(|combination| format!("({})", combination.join(" AND ")))
            .collect();
        let mut sql = vec![format!("({})", combinations.join(" OR "))];
        for (column, conditions) in with_nulls().skip(COMBINED) {
            let wanted = conditions.join(" AND ");
            sql.push(format!("(({wanted}) OR {} IS NULL)", name_of(column)));
        }
        sql
    }
}

fn name_of(column: &IndexedPath) -> String {
    if column.path == "_id" {
        "id".to_owned()
    } else {
        quoted(&column.path)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use bson::{Document, doc};

    fn column(path: &str, declared: &str, nullable: bool) -> IndexedPath {
        IndexedPath {
            path: path.into(),
            affinity: Affinity::of(declared),
            nullable,
        }
    }

    fn pushed_down(filter: Document) -> (Vec<String>, Vec<Bson>) {
        Filter::new(&filter).unwrap().pushed_down(&[
            column("station", "TEXT", false),
            column("time", "INTEGER", true),
            column("height", "REAL", true),
            column("a.0", "", false),
        ])
    }

    #[test]
    fn what_need_not_hold_is_not_pushed_down() {
        let filter = doc! {
            "station": "JFK",
            "$or": [{ "time": 1 }, { "x": 2 }],
            "$nor": [{ "time": 1 }],
            "time": { "$not": { "$gt": 1 }, "$ne": 2, "$exists": true },
            "x": 3,
            "a.0": 4,
        };
        let (conditions, values) = pushed_down(filter);
        assert_eq!(conditions, ["\"station\" = ?1"]);
        assert_eq!(values, [Bson::String("JFK".into())]);
    }

    #[test]
    fn a_column_that_can_be_null_keeps_its_nulls() {
        let filter = doc! { "station": "JFK", "time": { "$gte": 5, "$lt": 7 }, "_id": { "$in": ["a", "b"] } };
        let (conditions, values) = pushed_down(filter);
        assert_eq!(
            conditions,
            [
                "((id IN (?4, ?5) AND \"station\" = ?1 AND \"time\" >= ?2 COLLATE BINARY AND \"time\" < ?3 COLLATE BINARY) \
               OR (id IN (?4, ?5) AND \"station\" = ?1 AND \"time\" IS NULL))"
            ]
        );
        assert_eq!(values.len(), 5);
    }

    #[test]
    fn a_column_answers_only_for_values_that_it_keeps() {
        for filter in [
            doc! { "station": 5 },
            doc! { "station": { "$gt": DateTime::from_millis(0) } },
            doc! { "time": "5" },
            doc! { "time": f64::NAN },
            doc! { "time": null },
            doc! { "time": { "$in": [1, null] } },
            doc! { "time": { "$in": [] } },
            doc! { "time": true },
            doc! { "height": { "$gt": 1_i64 << 53 } },
            doc! { "height": -(1_i64 << 53) },
        ] {
            assert_eq!(pushed_down(filter.clone()), (vec![], vec![]), "{filter}");
        }
        let (conditions, _) = pushed_down(doc! { "height": (1_i64 << 53) - 1 });
        assert_eq!(conditions, ["((\"height\" = ?1) OR (\"height\" IS NULL))"]);
    }
}
