//! Embedded documents → columns: bodies are read by SQLite's cursor and tried on the filter as raw bytes.

use super::bson::{Paths, append, damaged, search};
use super::cursor::{Cell, Cursor};
use super::output::Output;
use super::request::{Read, Request};
use super::watch::Watch;
use super::{FrameError, Param};
use crate::store::document::{Filter, IndexedPath, Key, Order, OrderError, indexed_paths};
use bson::Bson;
use bson::raw::RawDocument;
use sqlx::SqliteConnection;

/// Reads the documents of a collection that pass the filter.
pub(super) async fn read(
    connection: &mut SqliteConnection,
    collection: &str,
    request: &Request,
    watch: &Watch,
    output: &mut Output<'_>,
) -> Result<Read, FrameError> {
    if request.pipeline.is_some() {
        return Err(FrameError::NoPipeline {
            collection: collection.to_owned(),
        });
    }
    let filter = Filter::new(&request.matching)?;
    let indexed = indexed_paths(connection, collection).await?;
    let (query, values) = query(collection, &filter, &indexed);
    let mut handle = connection.lock_handle().await?;
    let mut cursor = Cursor::open(&mut handle, &query, &values, watch)?;
    output.begin(&request.schema.fields);
    let mut paths = Paths::of(&request.schema.fields);
    let named = Paths::of(&request.record);
    let order = (!request.sort.is_empty()).then(|| {
        let paths = request.sort.iter();
        Order::new(paths.map(|(path, descending)| (path.as_str(), *descending)))
    });
    let mut sorted: Vec<(Key, Vec<u8>)> = Vec::new();
    let mut read = 0;
    let mut put = |document: &RawDocument, output: &mut Output<'_>| {
        let id = || match document.get_str("_id") {
            Ok(id) => id.to_owned(),
            Err(_) => "?".to_owned(),
        };
        let invalid = |error: bson::error::Error| damaged(collection, id(), error.to_string());
        append(document, &mut paths, output, &id).map_err(invalid)?;
        if output.unnamed.wants() {
            search(document, &named, &mut output.unnamed).map_err(invalid)?;
        }
        output.row(document.as_bytes().len() as u64)
    };
    // A sorted load is limited when all of it is known.
    let limit = match order {
        Some(_) => usize::MAX,
        None => request.limit.unwrap_or(usize::MAX),
    };
    while output.rows < limit && cursor.step()? {
        read += 1;
        let (Cell::Text(id), Cell::Blob(bytes)) = (cursor.cell(0), cursor.cell(1)) else {
            return Err(damaged(
                collection,
                "?".into(),
                "its row holds no BSON".into(),
            ));
        };
        let id = || String::from_utf8_lossy(id).into_owned();
        let invalid = |error: bson::error::Error| damaged(collection, id(), error.to_string());
        let document = RawDocument::from_bytes(bytes).map_err(invalid)?;
        if !filter.passes(document).map_err(invalid)? {
            output.bytes += bytes.len() as u64;
            continue;
        }
        match &order {
            Some(order) => {
                let key = order.key(document).map_err(|error| match error {
                    OrderError::Bson(error) => invalid(error),
                    other => FrameError::Unsortable {
                        collection: collection.to_owned(),
                        id: id(),
                        reason: other.to_string(),
                    },
                })?;
                sorted.push((key, bytes.to_vec()));
                // Of a limited load only the first ones are kept, with room for more between two times of sorting.
                if let Some(limit) = request.limit
                    && sorted.len() > limit.saturating_add(512).saturating_mul(2)
                {
                    sorted.sort_by(|(a, _), (b, _)| a.cmp(b));
                    sorted.truncate(limit);
                }
            }
            None => put(document, output)?,
        }
    }
    if order.is_some() {
        sorted.sort_by(|(a, _), (b, _)| a.cmp(b));
        for (_, bytes) in sorted.iter().take(request.limit.unwrap_or(usize::MAX)) {
            let invalid =
                |error: bson::error::Error| damaged(collection, "?".into(), error.to_string());
            put(RawDocument::from_bytes(bytes).map_err(invalid)?, output)?;
        }
    }
    Ok(Read {
        query: super::mongodb::told(request),
        read,
        snapshot: None,
        columns: Vec::new(),
    })
}

/// The statement that reads bodies, narrowed by conditions on indexed paths.
fn query(collection: &str, filter: &Filter, indexed: &[IndexedPath]) -> (String, Vec<Param>) {
    let (sql, values) = filter.statement(collection, indexed);
    let values = values
        .into_iter()
        .map(|value| match value {
            Bson::String(text) => Param::Text(text),
            Bson::Double(number) => Param::Real(number),
            Bson::DateTime(instant) => Param::Integer(instant.timestamp_millis()),
            other => other
                .as_i64()
                .or(other.as_i32().map(i64::from))
                .map_or(Param::Null, Param::Integer),
        })
        .collect();
    (sql, values)
}
