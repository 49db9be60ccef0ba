//! MongoDB documents → columns: the server filters and projects, whole batches arrive as raw bytes, and the record's paths are
//! looked up in them.

use super::FrameError;
use super::bson::{Paths, append, damaged};
use super::load::{Output, Read, Request};
use crate::record::Schema;
use crate::store::StoreError;
use crate::store::document::Mongo;
use bson::raw::{RawBsonRef, RawDocument};
use bson::{Document, doc};
use futures_util::TryStreamExt;

/// Documents in one batch at most; the server also ends a batch at 16 MB.
const BATCH: u32 = 20_000;

/// Reads the documents of a collection that pass the filter.
pub(super) async fn read(
    store: &Mongo,
    collection: &str,
    request: &Request<'_>,
    output: &mut Output,
) -> Result<Read, FrameError> {
    let failed = |error| FrameError::Store(store.error(error));
    let documents = store.database().collection::<Document>(collection);
    let mut find = documents
        .find(request.matching.clone())
        .projection(projection(request.schema))
        .batch_size(BATCH);
    if let Some(limit) = request.limit {
        find = find.limit(i64::try_from(limit).unwrap_or(i64::MAX));
    }
    let mut paths = Paths::of(request.schema);
    let (mut rows, mut bytes) = (0, 0);
    // A limit of 0 is no limit to the server.
    if request.limit != Some(0) {
        let mut batches = find.batch().await.map_err(failed)?;
        while let Some(batch) = batches.try_next().await.map_err(failed)? {
            bytes += batch.as_raw_document().as_bytes().len() as u64;
            for document in batch.doc_slices().map_err(failed)? {
                let invalid =
                    |error: bson::error::Error| damaged(collection, "?".into(), error.to_string());
                let Some(document) = document.map_err(invalid)?.as_document() else {
                    return Err(damaged(collection, "?".into(), "it is no document".into()));
                };
                append(document, &mut paths, request.schema, output, || {
                    id(document)
                })
                .map_err(invalid)?;
                rows += 1;
            }
        }
    }
    if rows == 0 {
        let existing = store.collections().await?;
        if !existing.iter().any(|name| name == collection) {
            return Err(FrameError::Store(StoreError::NoCollection {
                name: collection.to_owned(),
                existing: existing.join(", "),
            }));
        }
    }
    Ok(Read {
        query: format!("find {}", request.matching),
        rows,
        read: rows,
        bytes,
        snapshot: None,
    })
}

/// What the server shall send: each path of the record, up to the first part that is a number, since a projection does not
/// reach into arrays by index; a path within another one goes with it.
fn projection(schema: &Schema) -> Document {
    let mut paths: Vec<String> = schema
        .fields
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
    let mut projection = doc! {};
    let mut last: Option<String> = None;
    for path in paths {
        let within = last.as_ref().is_some_and(|last| {
            path == *last
                || path
                    .strip_prefix(last.as_str())
                    .is_some_and(|rest| rest.starts_with('.'))
        });
        if !within {
            projection.insert(path.clone(), 1);
            last = Some(path);
        }
    }
    projection
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
    use crate::record::{Field, Kind, Place};

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
            "runways.0.length",
            "runways.1.length",
            "ob",
        ];
        let schema = Schema {
            place: Place::Collection("x".into()),
            fields: paths.map(field).into(),
        };
        assert_eq!(
            projection(&schema),
            doc! { "_id": 1, "ob": 1, "obs.wind": 1, "runways": 1 }
        );
    }
}
