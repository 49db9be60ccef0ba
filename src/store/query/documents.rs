//! Asking a collection: MongoDB runs a pipeline itself; over embedded documents it is run here, on those that SQLite's indexes leave.

use super::sqlite::{Session, arguments, database, explain, until};
use super::{Cell, QueryError};
use crate::store::StoreError;
use crate::store::document::{Mongo, Pipeline, Run, indexed_paths};
use crate::store::relational::Sqlite;
use bson::raw::{RawBsonRef, RawDocument, RawDocumentBuf};
use bson::{Bson, Document};
use chrono::{DateTime, SecondsFormat};
use futures_util::TryStreamExt;
use sqlx::{AssertSqlSafe, Row, SqlSafeStr};

type Rows = (Vec<String>, Vec<Vec<Cell>>);

/// Runs a pipeline over an embedded collection.
pub(super) async fn ask_embedded(
    tables: &Sqlite,
    collection: &str,
    pipeline: &Pipeline,
    stop: impl Future<Output = ()>,
) -> Result<Rows, QueryError> {
    let mut session = Session::begin(tables).await?;
    let switch = session.switch();
    let work = async {
        let failed = |error| database(tables, error);
        let indexed = indexed_paths(&mut session.connection, collection).await?;
        let (sql, values) = pipeline.narrowed_by().statement(collection, &indexed);
        let query = sqlx::query_with(AssertSqlSafe(sql).into_sql_str(), arguments(&values)?);
        let mut documents = query.fetch(&mut *session.connection);
        let mut run = Run::new(pipeline);
        while let Some(row) = documents.try_next().await.map_err(failed)? {
            let body: &[u8] = row.try_get("body").map_err(failed)?;
            let document = RawDocument::from_bytes(body).map_err(|error| {
                let id = row.try_get("id").unwrap_or("?");
                QueryError::refused(format!("document {id} of {collection} is damaged: {error}"))
            })?;
            if !run.push(document)? {
                break;
            }
        }
        rows(pipeline, &run.end()?)
    };
    until(&switch, work, stop).await
}

/// Has the server run a pipeline.
pub(super) async fn ask_mongo(
    mongo: &Mongo,
    collection: &str,
    pipeline: &Pipeline,
    stop: impl Future<Output = ()>,
) -> Result<Rows, QueryError> {
    let work = async {
        let failed = |error| QueryError::Store(mongo.error(error));
        let asked = mongo.database().collection::<Document>(collection);
        let stages = pipeline.stages().to_vec();
        let mut found = asked.aggregate(stages).await.map_err(failed)?;
        let mut documents = Vec::new();
        while found.advance().await.map_err(failed)? {
            documents.push(found.current().to_owned());
        }
        // A server has any collection that is asked for, an empty one.
        if documents.is_empty() {
            let existing = mongo.collections().await?;
            if !existing.iter().any(|name| name == collection) {
                return Err(QueryError::Store(StoreError::NoCollection {
                    name: collection.to_owned(),
                    existing: existing.join(", "),
                }));
            }
        }
        rows(pipeline, &documents)
    };
    tokio::select! {
        done = work => done,
        () = stop => Err(QueryError::stopped()),
    }
}

/// How SQLite finds the documents of a collection that a pipeline is run over.
pub(super) async fn explain_embedded(
    tables: &Sqlite,
    collection: &str,
    pipeline: &Pipeline,
) -> Result<String, QueryError> {
    let mut session = Session::begin(tables).await?;
    let indexed = indexed_paths(&mut session.connection, collection).await?;
    let (sql, values) = pipeline.narrowed_by().statement(collection, &indexed);
    drop(session);
    let plan = explain(tables, &sql, &values).await?;
    let stages = Bson::from(pipeline.stages().to_vec());
    Ok(format!("{plan}then, document by document: {stages}\n"))
}

/// What to ask a server's shell instead.
pub(super) fn unexplained(collection: &str, pipeline: &Pipeline) -> QueryError {
    let stages = match serde_json::to_string(pipeline.stages()) {
        Ok(stages) => stages,
        Err(error) => return QueryError::refused(error),
    };
    let collection = serde_json::Value::from(collection);
    QueryError::Unexplained {
        name: String::new(),
        command: format!(
            "EJSON.stringify(db[{collection}].explain().aggregate(EJSON.deserialize({stages})))"
        ),
    }
}

fn rows(pipeline: &Pipeline, documents: &[RawDocumentBuf]) -> Result<Rows, QueryError> {
    let columns = pipeline.columns()?;
    let row = |document: &RawDocumentBuf| {
        columns
            .iter()
            .map(|column| cell(document, column))
            .collect()
    };
    let rows: Result<_, QueryError> = documents.iter().map(row).collect();
    Ok((columns, rows?))
}

fn cell(document: &RawDocument, column: &str) -> Result<Cell, QueryError> {
    Ok(match document.get(column).map_err(QueryError::refused)? {
        None | Some(RawBsonRef::Null | RawBsonRef::Undefined) => Cell::Null,
        Some(RawBsonRef::Boolean(value)) => Cell::Boolean(value),
        Some(RawBsonRef::Int32(number)) => Cell::Integer(number.into()),
        Some(RawBsonRef::Int64(number)) => Cell::Integer(number),
        Some(RawBsonRef::Double(number)) => Cell::Real(number),
        Some(RawBsonRef::Decimal128(number)) => Cell::Decimal(number.to_string()),
        Some(RawBsonRef::String(text) | RawBsonRef::Symbol(text)) => Cell::Text(text.to_owned()),
        Some(RawBsonRef::ObjectId(id)) => Cell::Text(id.to_hex()),
        Some(RawBsonRef::DateTime(instant)) => {
            let millis = instant.timestamp_millis();
            let instant = DateTime::from_timestamp_millis(millis).ok_or_else(|| {
                QueryError::refused(format!(
                    "{millis} ms in column {column} is beyond the calendar"
                ))
            })?;
            Cell::Text(instant.to_rfc3339_opts(SecondsFormat::AutoSi, true))
        }
        Some(other) => {
            let kind = format!("{:?}", other.element_type());
            let remedy = "name what is in it by $project, such as \"x\": \"$a.b\"";
            return Err(QueryError::unshowable(column, kind, remedy));
        }
    })
}
