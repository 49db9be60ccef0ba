//! Embedded documents → columns: bodies are read by SQLite's cursor and tried on the filter as raw bytes.

use super::bson::{Paths, append, damaged};
use super::cursor::{Cell, Cursor};
use super::load::{Output, Read, Request};
use super::{FrameError, Param};
use crate::store::document::{Filter, indexed_paths, table_of};
use crate::store::quoted;
use crate::store::relational::Sqlite;
use bson::Bson;
use bson::raw::RawDocument;

/// Reads the documents of a collection that pass the filter.
pub(super) async fn read(
    store: &Sqlite,
    collection: &str,
    request: &Request<'_>,
    output: &mut Output,
) -> Result<Read, FrameError> {
    let filter = Filter::new(request.matching)?;
    let mut connection = store.pool().acquire().await?;
    let indexed = indexed_paths(&mut connection, collection).await?;
    let (query, values) = query(collection, &filter, &indexed);
    let mut handle = connection.lock_handle().await?;
    let mut cursor = Cursor::open(&mut handle, &query, &values)?;
    let mut paths = Paths::of(request.schema);
    let (mut passed, mut read, mut size) = (0, 0, 0);
    while request.limit.is_none_or(|limit| passed < limit) && cursor.step()? {
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
        size += bytes.len() as u64;
        if filter.passes(document).map_err(invalid)? {
            append(document, &mut paths, request.schema, output, id).map_err(invalid)?;
            passed += 1;
        }
    }
    Ok(Read {
        query: format!("find {}", request.matching),
        rows: passed,
        read,
        bytes: size,
        snapshot: None,
    })
}

/// The statement that reads bodies, narrowed by conditions on indexed paths.
fn query(collection: &str, filter: &Filter, indexed: &[String]) -> (String, Vec<Param>) {
    let (conditions, values) = filter.pushed_down(indexed);
    let narrowed = if conditions.is_empty() {
        String::new()
    } else {
        format!(" WHERE {}", conditions.join(" AND "))
    };
    let table = quoted(&table_of(collection));
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
    (format!("SELECT id, body FROM {table}{narrowed}"), values)
}
