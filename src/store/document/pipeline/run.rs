//! Running a pipeline: documents are pushed in one by one and go as far as they can; `$group` and `$sort` hold them back until the
//! last has come. What is held is one entry a group, and for `$sort` all that came to it.

use super::group::{Made, append};
use super::{Pipeline, PipelineError, Projection, Stage};
use crate::store::document::order::Key;
use crate::store::document::value::Value;
use bson::RawDocumentBuf;
use bson::raw::{RawBson, RawBsonRef, RawDocument};
use std::collections::BTreeMap;
use std::mem::take;

/// A pipeline at work.
#[derive(Debug)]
pub(crate) struct Run<'p> {
    stages: Vec<(&'p Stage, Held)>,
    result: Vec<RawDocumentBuf>,
}

/// What a stage holds.
#[derive(Debug)]
enum Held {
    Nothing,
    /// By key in MongoDB's order, so that groups always come out in one order.
    Groups(BTreeMap<Value<'static>, (RawBson, Vec<Made>)>),
    Sorted(Vec<(Key, RawDocumentBuf)>),
    /// Documents still to be let through.
    Left(u64),
}

impl<'p> Run<'p> {
    /// Begins.
    pub(crate) fn new(pipeline: &'p Pipeline) -> Run<'p> {
        let held = |stage: &Stage| match stage {
            Stage::Match(_) | Stage::Project(_) => Held::Nothing,
            Stage::Group(_) => Held::Groups(BTreeMap::new()),
            Stage::Sort(_) => Held::Sorted(Vec::new()),
            Stage::Limit(limit) => Held::Left(*limit),
        };
        Run {
            stages: pipeline
                .stages
                .iter()
                .map(|stage| (stage, held(stage)))
                .collect(),
            result: Vec::new(),
        }
    }

    /// Takes a document in; whether more would change anything.
    ///
    /// # Errors
    /// When the document is damaged, or has something that a stage cannot take.
    pub(crate) fn push(&mut self, document: &RawDocument) -> Result<bool, PipelineError> {
        pass(&mut self.stages, &mut self.result, document)
    }

    /// The result, when the last document has been taken in.
    ///
    /// # Errors
    /// As [`Run::push`].
    pub(crate) fn end(mut self) -> Result<Vec<RawDocumentBuf>, PipelineError> {
        for at in 0..self.stages.len() {
            let (stage, held) = &mut self.stages[at];
            let documents = match held {
                Held::Groups(groups) => {
                    let Stage::Group(group) = stage else { continue };
                    let groups = take(groups).into_values();
                    let ended: Result<Vec<_>, _> =
                        groups.map(|(key, made)| group.end(key, made)).collect();
                    ended.map_err(|reason| PipelineError::Document {
                        id: "of a group".into(),
                        reason,
                    })?
                }
                Held::Sorted(sorted) => {
                    // Stable: equal ones stay in the order in which they came.
                    sorted.sort_by(|(a, _), (b, _)| a.cmp(b));
                    take(sorted)
                        .into_iter()
                        .map(|(_, document)| document)
                        .collect()
                }
                Held::Nothing | Held::Left(_) => continue,
            };
            for document in documents {
                if !pass(&mut self.stages[at + 1..], &mut self.result, &document)? {
                    break;
                }
            }
        }
        Ok(self.result)
    }
}

fn pass(
    stages: &mut [(&Stage, Held)],
    result: &mut Vec<RawDocumentBuf>,
    document: &RawDocument,
) -> Result<bool, PipelineError> {
    let stopped = |reason: String| PipelineError::Document {
        id: id(document),
        reason,
    };
    let Some(((stage, held), rest)) = stages.split_first_mut() else {
        result.push(document.to_owned());
        return Ok(true);
    };
    match (stage, held) {
        (Stage::Match(filter), _) => match filter
            .passes(document)
            .map_err(|error| stopped(error.to_string()))?
        {
            true => pass(rest, result, document),
            false => Ok(true),
        },
        (Stage::Project(projection), _) => {
            let projected = project(projection, document).map_err(stopped)?;
            pass(rest, result, &projected)
        }
        (Stage::Group(group), Held::Groups(groups)) => {
            let key = group.key(document).map_err(stopped)?;
            let place =
                Value::of(key.as_raw_bson_ref()).map_err(|error| stopped(error.to_string()))?;
            let place = place.into_owned();
            let (_, made) = groups.entry(place).or_insert_with(|| (key, group.begin()));
            group.add(made, document).map_err(stopped)?;
            Ok(true)
        }
        (Stage::Sort(order), Held::Sorted(sorted)) => {
            let key = order
                .key(document)
                .map_err(|error| stopped(error.to_string()))?;
            sorted.push((key, document.to_owned()));
            Ok(true)
        }
        (Stage::Limit(_), Held::Left(left)) => {
            let Some(less) = left.checked_sub(1) else {
                return Ok(false);
            };
            *left = less;
            Ok(pass(rest, result, document)? && less > 0)
        }
        // `Run::new` gives every stage what it holds.
        (Stage::Group(_) | Stage::Sort(_) | Stage::Limit(_), _) => Ok(true),
    }
}

/// As in MongoDB, what is kept comes in the document's order, and after it what is made.
fn project(projection: &Projection, document: &RawDocument) -> Result<RawDocumentBuf, String> {
    let mut projected = RawDocumentBuf::new();
    for element in document.iter() {
        let (name, value) = element.map_err(|error| error.to_string())?;
        if projection.kept.iter().any(|kept| kept == name.as_str()) {
            append(&mut projected, name.as_str(), RawBson::from(value))?;
        }
    }
    for (name, expression) in &projection.made {
        if let Some(value) = expression.value(document)? {
            append(&mut projected, name, value)?;
        }
    }
    Ok(projected)
}

fn id(document: &RawDocument) -> String {
    match document.get("_id") {
        Ok(Some(RawBsonRef::String(text))) => text.to_owned(),
        Ok(Some(value)) => format!("{value:?}"),
        _ => "without an _id".into(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use bson::{Bson, Document, doc, rawdoc};

    fn run(
        stages: &[Document],
        documents: &[RawDocumentBuf],
    ) -> Result<Vec<Document>, PipelineError> {
        let pipeline = Pipeline::new(stages).unwrap();
        let mut run = Run::new(&pipeline);
        for document in documents {
            if !run.push(document)? {
                break;
            }
        }
        let result = run.end()?;
        Ok(result
            .iter()
            .map(|raw| Document::try_from(raw.as_ref()).unwrap())
            .collect())
    }

    #[test]
    fn groups_sum_what_is_a_number_and_keep_what_is_not_null() {
        let documents = [
            rawdoc! { "_id": 1, "k": "a", "v": 2 },
            rawdoc! { "_id": 2, "k": "a", "v": 0.5 },
            rawdoc! { "_id": 3, "k": "a", "v": "text" },
            rawdoc! { "_id": 4, "k": "a", "v": null },
            rawdoc! { "_id": 5, "v": [1, 2] },
            rawdoc! { "_id": 6, "k": null },
        ];
        let group = doc! { "$group": {
            "_id": "$k", "n": { "$sum": 1 }, "sum": { "$sum": "$v" }, "mean": { "$avg": "$v" },
            "least": { "$min": "$v" }, "most": { "$max": "$v" },
        } };
        assert_eq!(
            run(&[group], &documents).unwrap(),
            [
                // Absent and null are one key; an array is no number.
                doc! { "_id": null, "n": 2, "sum": 0, "mean": null, "least": [1, 2], "most": [1, 2] },
                doc! { "_id": "a", "n": 4, "sum": 2.5, "mean": 1.25, "least": 0.5, "most": "text" },
            ]
        );
    }

    #[test]
    fn a_key_of_several_leaves_out_what_is_absent_and_numbers_are_one_key_in_every_width() {
        let documents = [
            rawdoc! { "_id": 1, "a": 1, "b": null },
            rawdoc! { "_id": 2, "a": 1.0, "b": null },
            rawdoc! { "_id": 3, "a": 1_i64 },
        ];
        let group = doc! { "$group": { "_id": { "a": "$a", "b": "$b" }, "n": { "$sum": 1 } } };
        let mut groups = run(&[group], &documents).unwrap();
        groups.sort_by_key(|group| group.get_i32("n").unwrap());
        assert_eq!(
            groups,
            [
                doc! { "_id": { "a": 1_i64 }, "n": 1 },
                doc! { "_id": { "a": 1, "b": null }, "n": 2 },
            ]
        );
    }

    #[test]
    fn whole_sums_widen_and_a_sum_of_reals_does_not_hang_on_their_order() {
        let sum = |values: &[Bson]| {
            let documents: Vec<_> = values
                .iter()
                .map(|value| RawDocumentBuf::try_from(&doc! { "v": value }).unwrap())
                .collect();
            let group = doc! { "$group": { "_id": null, "s": { "$sum": "$v" } } };
            run(&[group], &documents).unwrap()[0]
                .get("s")
                .unwrap()
                .clone()
        };
        assert_eq!(sum(&[Bson::Int32(1), Bson::Int32(2)]), Bson::Int32(3));
        let wide = i64::from(i32::MAX) + 1;
        assert_eq!(
            sum(&[Bson::Int32(i32::MAX), Bson::Int32(1)]),
            Bson::Int64(wide)
        );
        assert_eq!(sum(&[Bson::Int64(1), Bson::Int32(2)]), Bson::Int64(3));
        let beyond = Bson::Double(i64::MAX as f64 * 2.0);
        assert_eq!(sum(&[Bson::Int64(i64::MAX), Bson::Int64(i64::MAX)]), beyond);
        let reals = [1e16, 1.0, 1.0, -1e16].map(Bson::Double);
        let [a, b, c, d] = reals.clone();
        assert_eq!(sum(&reals), Bson::Double(2.0));
        assert_eq!(sum(&[b, a, d, c]), Bson::Double(2.0));
        assert_eq!(
            sum(&[Bson::Double(f64::INFINITY), Bson::Int32(1)]),
            Bson::Double(f64::INFINITY)
        );
    }

    #[test]
    fn stages_follow_each_other_and_a_limit_ends_the_reading() {
        let documents: Vec<_> = (0..10)
            .map(|n| rawdoc! { "_id": n, "k": n % 3, "v": { "x": n } })
            .collect();
        let stages = [
            doc! { "$match": { "v.x": { "$gte": 2 } } },
            doc! { "$group": { "_id": "$k", "most": { "$max": "$v.x" }, "n": { "$sum": 1 } } },
            doc! { "$match": { "n": { "$gte": 3 } } },
            doc! { "$sort": { "most": -1 } },
            doc! { "$limit": 1 },
            doc! { "$project": { "_id": 0, "k": "$_id", "most": 1 } },
        ];
        assert_eq!(
            run(&stages, &documents).unwrap(),
            [doc! { "most": 9, "k": 0 }]
        );

        let pipeline =
            Pipeline::new(&[doc! { "$limit": 2 }, doc! { "$project": { "k": 1 } }]).unwrap();
        let mut limited = Run::new(&pipeline);
        assert!(limited.push(&documents[0]).unwrap());
        assert!(!limited.push(&documents[1]).unwrap());
        assert!(!limited.push(&documents[2]).unwrap());
        assert_eq!(limited.end().unwrap().len(), 2);
    }

    #[test]
    fn a_document_that_a_stage_cannot_take_is_named() {
        let decimal: bson::Decimal128 = "1.5".parse().unwrap();
        let documents = [rawdoc! { "_id": "x/1", "v": decimal, "t": 5 }];
        let error = |stage| run(&[stage], &documents).unwrap_err().to_string();
        let sum = error(doc! { "$group": { "_id": null, "s": { "$sum": "$v" } } });
        assert!(sum.contains("x/1") && sum.contains("decimal"), "{sum}");
        let hour = error(doc! { "$project": { "h": { "$hour": "$t" } } });
        assert!(
            hour.contains("x/1") && hour.contains("no date at t"),
            "{hour}"
        );
    }
}
