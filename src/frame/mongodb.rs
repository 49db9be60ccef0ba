//! MongoDB documents → columns: the server filters and projects, whole batches arrive as raw bytes, and the record's paths are
//! looked up in them.

use super::FrameError;
use super::bson::{Paths, append, damaged, search};
use super::output::Output;
use super::report::SEARCHED;
use super::request::{Read, Request};
use crate::record::Field;
use crate::store::StoreError;
use crate::store::document::Mongo;
use bson::raw::{RawBsonRef, RawDocument};
use bson::{Bson, Document, doc};
use futures_util::TryStreamExt;
use mongodb::Collection;

/// Documents in one batch at most; the server also ends a batch at 16 MB.
const BATCH: u32 = 20_000;

/// Reads the documents of a collection that pass the filter, or what a pipeline makes of them.
pub(super) async fn read(
    store: &Mongo,
    collection: &str,
    request: &Request,
    output: &mut Output<'_>,
) -> Result<Read, FrameError> {
    let failed = |error| FrameError::Store(store.error(error));
    let invalid = |error: bson::error::Error| damaged(collection, "?".into(), error.to_string());
    let documents: Collection<Document> = store.database().collection(collection);
    output.begin(&request.schema.fields);
    let mut paths = Paths::of(&request.schema.fields);
    let named = Paths::of(&request.record);
    let stages = request.pipeline.as_ref().map(|own| stages(request, own));
    let query = match &stages {
        Some(stages) => format!("aggregate {}", Bson::from(stages.clone())),
        None => told(request),
    };
    // A limit of 0 is no limit to the server.
    if request.limit != Some(0) {
        let mut batches = match stages {
            Some(stages) => {
                let aggregate = documents.aggregate(stages).batch_size(BATCH);
                aggregate.batch().await.map_err(failed)?
            }
            None => {
                let find = documents
                    .find(request.filter())
                    .projection(projection(&request.schema.fields))
                    .sort(order(request))
                    .batch_size(BATCH);
                let find = match request.limit {
                    Some(limit) => find.limit(number(limit)),
                    None => find,
                };
                find.batch().await.map_err(failed)?
            }
        };
        while let Some(batch) = batches.try_next().await.map_err(failed)? {
            for document in batch.doc_slices().map_err(failed)? {
                let Some(document) = document.map_err(invalid)?.as_document() else {
                    return Err(damaged(collection, "?".into(), "it is no document".into()));
                };
                append(document, &mut paths, output, &|| id(document)).map_err(invalid)?;
                if request.pipeline.is_some() && output.unnamed.wants() {
                    search(document, &named, &mut output.unnamed).map_err(invalid)?;
                }
                output.row(document.as_bytes().len() as u64)?;
            }
        }
    }
    if output.rows == 0 {
        let existing = store.collections().await?;
        if !existing.iter().any(|name| name == collection) {
            return Err(FrameError::Store(StoreError::NoCollection {
                name: collection.to_owned(),
                existing: existing.join(", "),
            }));
        }
    } else if request.pipeline.is_none() && request.is_first {
        // The projection leaves out what no field names, so a few documents are asked for whole.
        let find = documents.find(request.filter());
        let whole = find.sort(order(request)).limit(SEARCHED.cast_signed());
        let mut batches = whole.batch().await.map_err(failed)?;
        while let Some(batch) = batches.try_next().await.map_err(failed)? {
            for document in batch.doc_slices().map_err(failed)? {
                if let Some(document) = document.map_err(invalid)?.as_document() {
                    search(document, &named, &mut output.unnamed).map_err(invalid)?;
                }
            }
        }
    }
    Ok(Read {
        query,
        read: output.rows,
        snapshot: None,
        columns: Vec::new(),
    })
}

/// The caller's stages, after the filter and before sorting and the limit.
fn stages(request: &Request, own: &[Document]) -> Vec<Document> {
    let mut stages = Vec::with_capacity(own.len() + 3);
    if !request.matching.is_empty() {
        stages.push(doc! { "$match": request.matching.clone() });
    }
    stages.extend_from_slice(own);
    if !request.sort.is_empty() {
        stages.push(doc! { "$sort": order(request) });
    }
    stages.extend(request.limit.map(|limit| doc! { "$limit": number(limit) }));
    stages
}

fn number(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

/// What was asked, in the server's words, for the report.
pub(super) fn told(request: &Request) -> String {
    let mut told = format!("find {}", request.matching);
    if !request.sort.is_empty() {
        told.push_str(&format!(" sort {}", order(request)));
    }
    if let Some(limit) = request.limit {
        told.push_str(&format!(" limit {limit}"));
    }
    told
}

fn order(request: &Request) -> Document {
    let direction = |descending: bool| if descending { -1 } else { 1 };
    let sort = request.sort.iter();
    sort.map(|(path, descending)| (path.clone(), Bson::Int32(direction(*descending))))
        .collect()
}

/// Filters that share the collection out by ranges of `_id`, about equal in number. Each document passes exactly one of them:
/// ranges compare within one type of `_id`, and the first one takes all of other types.
pub(super) async fn ranges(
    store: &Mongo,
    collection: &str,
    partitions: usize,
) -> Result<Vec<Document>, FrameError> {
    let failed = |error| FrameError::Store(store.error(error));
    let documents: Collection<Document> = store.database().collection(collection);
    let count = documents.estimated_document_count().await.map_err(failed)?;
    let mut bounds: Vec<Bson> = Vec::new();
    for part in 1..partitions as u64 {
        let key = documents
            .find(doc! {})
            .projection(doc! { "_id": 1 })
            .sort(doc! { "_id": 1 })
            .skip(count * part / partitions as u64)
            .limit(1)
            .await
            .map_err(failed)?
            .try_next()
            .await
            .map_err(failed)?
            .and_then(|mut document| document.remove("_id"));
        let Some(key) = key else { break };
        let kind = bounds.first().unwrap_or(&key).element_type();
        if key.element_type() == kind && bounds.last() != Some(&key) {
            bounds.push(key);
        }
    }
    let Some(first) = bounds.first() else {
        return Ok(vec![doc! {}]);
    };
    let mut ranges = vec![doc! { "_id": { "$not": { "$gte": first.clone() } } }];
    for (at, from) in bounds.iter().enumerate() {
        let mut range = doc! { "$gte": from.clone() };
        if let Some(to) = bounds.get(at + 1) {
            range.insert("$lt", to.clone());
        }
        ranges.push(doc! { "_id": range });
    }
    Ok(ranges)
}

/// What the server shall send: each path of the record, up to the first part that is a number, since a projection does not
/// reach into arrays by index; a path within another one goes with it.
fn projection(fields: &[Field]) -> Document {
    let mut paths: Vec<String> = fields
        .iter()
        .map(|field| {
            let parts: Vec<&str> = field
                .path
                .split('.')
                .take_while(|part| part.parse::<usize>().is_err())
                .collect();
            parts.join(".")
        })
        .collect();
    paths.sort();
    let mut kept: Vec<String> = Vec::new();
    for path in paths {
        let goes_with = |other: &String| {
            let rest = path.strip_prefix(other.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        if !kept.iter().any(goes_with) {
            kept.push(path);
        }
    }
    let projection = kept.into_iter().map(|path| (path, Bson::Int32(1)));
    projection.collect()
}

/// The document's key, for messages.
fn id(document: &RawDocument) -> String {
    match document.get("_id") {
        Ok(Some(RawBsonRef::String(text))) => text.to_owned(),
        Ok(Some(RawBsonRef::ObjectId(id))) => id.to_hex(),
        Ok(Some(RawBsonRef::Int32(number))) => number.to_string(),
        Ok(Some(RawBsonRef::Int64(number))) => number.to_string(),
        Ok(Some(other)) => format!("{other:?}"),
        _ => "a document without a key".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Kind;

    #[test]
    fn a_projection_has_each_path_once_and_stops_before_an_index() {
        let field = |path: &str| Field {
            name: path.into(),
            kind: Kind::Text,
            nullable: true,
            key: false,
            path: path.into(),
            description: None,
        };
        let paths = [
            "_id",
            "obs.wind.speed",
            "obs.wind",
            "obs.wind-dir",
            "runways.0.length",
            "runways.1.length",
            "ob",
        ];
        assert_eq!(
            projection(&paths.map(field)),
            doc! { "_id": 1, "ob": 1, "obs.wind": 1, "obs.wind-dir": 1, "runways": 1 }
        );
    }
}
