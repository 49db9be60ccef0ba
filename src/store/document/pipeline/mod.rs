//! A small part of MongoDB's aggregation pipelines, checked once and then run over raw documents: `$match`, `$group`, `$project`,
//! `$sort` and `$limit`. MongoDB runs the same stages itself, so that one declared query answers from either store.
//!
//! Every other stage and operator is refused by its name. A result is flat: `$project` gives each value a name of its own.

mod expression;
mod group;
mod run;

pub(crate) use run::Run;

use super::filter::{Filter, FilterError};
use super::order::Order;
use bson::{Bson, Document};
use expression::Expression;
use group::Group;
use thiserror::Error;

/// Why a pipeline cannot be used, or cannot go on.
#[derive(Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum PipelineError {
    /// A stage that is not known.
    #[error(
        "stage {at} of the pipeline is {stage}: known are $match $group $project $sort $limit, one a stage"
    )]
    Stage {
        /// Its number, from 1.
        at: usize,
        /// What it is.
        stage: String,
    },
    /// A known stage with something else in it than it takes.
    #[error("{stage}, stage {at} of the pipeline, has {found} at {name}: it takes {expected}")]
    Operand {
        /// Its number, from 1.
        at: usize,
        /// The stage.
        stage: &'static str,
        /// Where in it.
        name: String,
        /// What is there.
        found: String,
        /// What it takes.
        expected: &'static str,
    },
    /// A `$match` that is no filter.
    #[error("stage {at} of the pipeline: {source}")]
    Filter {
        /// Its number, from 1.
        at: usize,
        /// What is wrong with it.
        source: FilterError,
    },
    /// A pipeline that gives whole documents.
    #[error(
        "nothing in the pipeline says which columns the result has: end it in $group or $project, with $match, $sort and $limit after it where they are needed"
    )]
    Shapeless,
    /// A document that the pipeline cannot take.
    #[error("the pipeline stops at document {id}: {reason}")]
    Document {
        /// The document's `_id`.
        id: String,
        /// Why.
        reason: String,
    },
}

/// A checked pipeline.
#[derive(Debug, Clone)]
pub struct Pipeline {
    stages: Vec<Stage>,
    written: Vec<Document>,
}

#[derive(Debug, Clone)]
enum Stage {
    Match(Filter),
    Group(Group),
    Project(Projection),
    Sort(Order),
    Limit(u64),
}

/// What `$project` keeps and makes, each name at the top of the result.
#[derive(Debug, Clone)]
struct Projection {
    /// Kept as they are.
    kept: Vec<String>,
    made: Vec<(String, Expression)>,
    /// All names as they were written.
    names: Vec<String>,
}

impl Pipeline {
    /// Checks the stages, each a document of one name.
    ///
    /// # Errors
    /// When a stage or an operator is not known, or has an operand that it does not take.
    pub fn new(stages: &[Document]) -> Result<Pipeline, PipelineError> {
        let checked: Result<_, _> = (1..)
            .zip(stages)
            .map(|(at, stage)| check(at, stage))
            .collect();
        Ok(Pipeline {
            stages: checked?,
            written: stages.to_vec(),
        })
    }

    /// The stages as they were written, which is what MongoDB takes.
    pub fn stages(&self) -> &[Document] {
        &self.written
    }

    /// The names of the result's columns in the order in which the last `$group` or `$project` has them.
    ///
    /// # Errors
    /// When neither is there.
    pub fn columns(&self) -> Result<Vec<String>, PipelineError> {
        let named = self.stages.iter().rev().find_map(|stage| match stage {
            Stage::Group(group) => Some(group.names()),
            Stage::Project(projection) => Some(projection.names.clone()),
            Stage::Match(_) | Stage::Sort(_) | Stage::Limit(_) => None,
        });
        named.ok_or(PipelineError::Shapeless)
    }

    /// The filter that the pipeline begins with, by which a store may narrow what it reads; one that passes all if there is none.
    pub(crate) fn narrowed_by(&self) -> Filter {
        match self.stages.first() {
            Some(Stage::Match(filter)) => filter.clone(),
            _ => Filter::all(),
        }
    }
}

fn check(at: usize, stage: &Document) -> Result<Stage, PipelineError> {
    let unknown = || PipelineError::Stage {
        at,
        stage: match stage.len() {
            0 => "empty".into(),
            _ => stage.keys().cloned().collect::<Vec<_>>().join(" with "),
        },
    };
    let mut entries = stage.iter();
    let (Some((name, operand)), None) = (entries.next(), entries.next()) else {
        return Err(unknown());
    };
    match name.as_str() {
        "$match" => {
            let place = Place {
                at,
                stage: "$match",
            };
            let filter = place.document(operand, "a filter")?;
            let filter =
                Filter::new(filter).map_err(|source| PipelineError::Filter { at, source })?;
            Ok(Stage::Match(filter))
        }
        "$group" => {
            let place = Place {
                at,
                stage: "$group",
            };
            let operand = place.document(operand, "_id and the values to make")?;
            Ok(Stage::Group(Group::new(place, operand)?))
        }
        "$project" => {
            let place = Place {
                at,
                stage: "$project",
            };
            let operand = place.document(operand, "names with 1 or what to make of others")?;
            Ok(Stage::Project(Projection::new(place, operand)?))
        }
        "$sort" => {
            let place = Place { at, stage: "$sort" };
            let operand = place.document(operand, "paths, each with 1 or -1")?;
            Ok(Stage::Sort(sort(place, operand)?))
        }
        "$limit" => {
            let place = Place {
                at,
                stage: "$limit",
            };
            let limit = whole(operand).and_then(|limit| u64::try_from(limit).ok());
            match limit {
                Some(limit) if limit > 0 => Ok(Stage::Limit(limit)),
                _ => Err(place.refuse("$limit", operand, "a whole number above 0")),
            }
        }
        _ => Err(unknown()),
    }
}

/// A stage, for messages.
#[derive(Debug, Clone, Copy)]
struct Place {
    at: usize,
    stage: &'static str,
}

impl Place {
    fn refuse(self, name: &str, found: &Bson, expected: &'static str) -> PipelineError {
        PipelineError::Operand {
            at: self.at,
            stage: self.stage,
            name: name.to_owned(),
            found: found.to_string(),
            expected,
        }
    }

    fn document<'a>(
        self,
        operand: &'a Bson,
        expected: &'static str,
    ) -> Result<&'a Document, PipelineError> {
        let document = operand.as_document();
        document.ok_or_else(|| self.refuse(self.stage, operand, expected))
    }

    /// A name at the top of what the stage makes.
    fn name(self, name: &str, operand: &Bson) -> Result<(), PipelineError> {
        if name.is_empty() || name.contains('.') || name.starts_with('$') {
            return Err(self.refuse(
                name,
                operand,
                "names without dots and without $ before them",
            ));
        }
        Ok(())
    }
}

impl Projection {
    fn new(place: Place, operand: &Document) -> Result<Projection, PipelineError> {
        let expected = "1 to keep it, a path such as \"$a.b\", a part of a date, or 0 for _id";
        let (mut kept, mut made, mut names) = (Vec::new(), Vec::new(), Vec::new());
        for (name, value) in operand {
            place.name(name, value)?;
            match is_kept(value) {
                Some(true) => kept.push(name.clone()),
                Some(false) if name == "_id" => continue,
                Some(false) => return Err(place.refuse(name, value, expected)),
                None => {
                    let expression = Expression::new(value);
                    made.push((
                        name.clone(),
                        expression.ok_or_else(|| place.refuse(name, value, expected))?,
                    ));
                }
            }
            names.push(name.clone());
        }
        if names.is_empty() {
            return Err(place.refuse(
                "$project",
                &Bson::from(operand.clone()),
                "at least one name to keep or to make",
            ));
        }
        // The key is kept unless it is left out by name.
        if !operand.contains_key("_id") {
            kept.push("_id".into());
            names.insert(0, "_id".into());
        }
        Ok(Projection { kept, made, names })
    }
}

/// Whether the value says that its name is kept or left out; nothing when it makes something.
fn is_kept(value: &Bson) -> Option<bool> {
    match value {
        Bson::Boolean(kept) => Some(*kept),
        Bson::Int32(_) | Bson::Int64(_) | Bson::Double(_) => Some(whole(value) != Some(0)),
        _ => None,
    }
}

fn sort(place: Place, operand: &Document) -> Result<Order, PipelineError> {
    if operand.is_empty() {
        return Err(place.refuse("$sort", &Bson::from(operand.clone()), "at least one path"));
    }
    let directed: Result<Vec<_>, _> = operand
        .iter()
        .map(|(path, direction)| match whole(direction) {
            Some(1) => Ok((path.as_str(), false)),
            Some(-1) => Ok((path.as_str(), true)),
            _ => Err(place.refuse(path, direction, "1 or -1")),
        })
        .collect();
    Ok(Order::new(directed?))
}

/// A number without a fraction.
fn whole(value: &Bson) -> Option<i64> {
    match value {
        Bson::Int32(number) => Some(i64::from(*number)),
        Bson::Int64(number) => Some(*number),
        Bson::Double(number) if number.fract() == 0.0 && number.abs() < 9.0e15 => {
            Some(*number as i64)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use bson::doc;

    fn refused(stages: &[Document]) -> String {
        Pipeline::new(stages).unwrap_err().to_string()
    }

    #[test]
    fn what_is_not_supported_is_refused_by_its_name() {
        for (stage, said) in [
            (doc! { "$out": "x" }, "stage 1 of the pipeline is $out"),
            (doc! { "$lookup": {} }, "stage 1 of the pipeline is $lookup"),
            (doc! {}, "stage 1 of the pipeline is empty"),
            (doc! { "$match": {}, "$limit": 1 }, "$match with $limit"),
            (doc! { "$match": { "a": { "$regex": "x" } } }, "$regex"),
            (doc! { "$limit": 0 }, "a whole number above 0"),
            (doc! { "$limit": 1.5 }, "a whole number above 0"),
            (doc! { "$sort": { "a": 2 } }, "1 or -1"),
            (doc! { "$sort": {} }, "at least one path"),
            (doc! { "$project": { "a": 0 } }, "1 to keep it"),
            (doc! { "$project": { "_id": 0 } }, "at least one name"),
            (doc! { "$project": { "a.b": 1 } }, "names without dots"),
            (doc! { "$project": { "a": "$$ROOT" } }, "1 to keep it"),
            (
                doc! { "$project": { "a": { "$toUpper": "$b" } } },
                "1 to keep it",
            ),
            (doc! { "$group": { "n": { "$sum": 1 } } }, "_id"),
            (
                doc! { "$group": { "_id": "$a", "n": { "$push": "$b" } } },
                "$push",
            ),
            (doc! { "$group": { "_id": "$a", "n": 1 } }, "$sum"),
            (doc! { "$group": { "_id": { "$add": [1, 2] } } }, "$add"),
        ] {
            let error = refused(std::slice::from_ref(&stage));
            assert!(error.contains(said), "{stage}: {error}");
        }
    }

    #[test]
    fn the_columns_are_those_of_the_last_stage_that_shapes() {
        let columns = |stages: &[Document]| Pipeline::new(stages).unwrap().columns();
        let group = doc! { "$group": { "_id": "$a", "n": { "$sum": 1 } } };
        assert_eq!(
            columns(&[group.clone(), doc! { "$limit": 1 }]).unwrap(),
            ["_id", "n"]
        );
        let project = doc! { "$project": { "n": 1, "a": "$_id", "_id": 0 } };
        assert_eq!(columns(&[group, project]).unwrap(), ["n", "a"]);
        assert_eq!(
            columns(&[doc! { "$project": { "n": 1 } }]).unwrap(),
            ["_id", "n"]
        );
        assert_eq!(
            columns(&[doc! { "$match": {} }]),
            Err(PipelineError::Shapeless)
        );
    }
}
