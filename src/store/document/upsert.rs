//! Writing documents by key: new ones are added, changed ones replaced, equal ones left alone.

use super::{indexed_paths, lookup, table_of};
use crate::store::relational::{PARAMETERS, count};
use crate::store::{StoreError, Upserted, quoted};
use bson::raw::{RawBsonRef, RawDocument, RawDocumentBuf};
use sqlx::sqlite::SqliteArguments;
use sqlx::{Arguments, AssertSqlSafe, SqlSafeStr, SqliteConnection};

/// Levels of documents and arrays at most, as in MongoDB: what reads them goes down level by level.
const NESTING: usize = 100;
/// More would make no statement faster.
const ROWS_A_STATEMENT: usize = 500;

/// Writes documents by their `_id`, which must be text, in the caller's transaction.
///
/// # Errors
/// When the collection does not exist, a document has no text `_id`, an indexed path holds something that a column cannot
/// (an array or a document), or the database fails. What was written before the error is the transaction's to undo.
pub(crate) async fn upsert(
    connection: &mut SqliteConnection,
    collection: &str,
    documents: &[RawDocumentBuf],
) -> Result<Upserted, StoreError> {
    let paths: Vec<String> = indexed_paths(connection, collection)
        .await?
        .into_iter()
        .map(|indexed| indexed.path)
        .collect();
    let table = quoted(&table_of(collection));
    let before = count(connection, &table).await?;
    let mut written = 0;
    let chunk = ROWS_A_STATEMENT.min(PARAMETERS / (paths.len() + 2));
    for (number, rows) in documents.chunks(chunk).enumerate() {
        let mut arguments = SqliteArguments::default();
        for (offset, document) in rows.iter().enumerate() {
            bind(&mut arguments, document, &paths).map_err(|reason| StoreError::Document {
                collection: collection.to_owned(),
                position: number * chunk + offset,
                reason,
            })?;
        }
        let sql = AssertSqlSafe(statement(&table, &paths, rows.len())).into_sql_str();
        written += sqlx::query_with(sql, arguments)
            .execute(&mut *connection)
            .await?
            .rows_affected();
    }
    let new = count(connection, &table).await? - before;
    Ok(Upserted {
        new,
        changed: written - new,
        same: documents.len() as u64 - written,
    })
}

/// Whether documents and arrays nest deeper than so many levels.
fn nests_deeper(value: RawBsonRef<'_>, levels: usize) -> Result<bool, bson::error::Error> {
    if !matches!(value, RawBsonRef::Document(_) | RawBsonRef::Array(_)) {
        return Ok(false);
    }
    let Some(below) = levels.checked_sub(1) else {
        return Ok(true);
    };
    let mut deeper = false;
    match value {
        RawBsonRef::Document(document) => {
            for element in document.iter_elements() {
                deeper |= nests_deeper(element?.value()?, below)?;
            }
        }
        RawBsonRef::Array(items) => {
            for item in items {
                deeper |= nests_deeper(item?, below)?;
            }
        }
        _ => {}
    }
    Ok(deeper)
}

/// An insert of `rows` documents that replaces those whose bytes or indexed values differ. Names are quoted; every value is a parameter.
fn statement(table: &str, paths: &[String], rows: usize) -> String {
    let columns: Vec<String> = paths.iter().map(|path| quoted(path)).collect();
    let names: String = columns.iter().map(|column| format!(", {column}")).collect();
    let sets: String = columns
        .iter()
        .map(|column| format!(", {column} = excluded.{column}"))
        .collect();
    // A path that was indexed after a document was written has nulls in its column, though the bytes are the same.
    let stale: String = columns
        .iter()
        .map(|column| format!(" OR {column} IS NOT excluded.{column}"))
        .collect();
    let row = format!("(?, ?{})", ", ?".repeat(columns.len()));
    let values = vec![row; rows].join(", ");
    format!(
        "INSERT INTO {table} (id, body{names}) VALUES {values} \
         ON CONFLICT (id) DO UPDATE SET body = excluded.body{sets} WHERE body IS NOT excluded.body{stale}"
    )
}

fn bind(
    arguments: &mut SqliteArguments,
    document: &RawDocument,
    paths: &[String],
) -> Result<(), String> {
    let id = document
        .get_str("_id")
        .map_err(|_| "it has no _id, or one that is not text".to_owned())?;
    if nests_deeper(RawBsonRef::Document(document), NESTING).map_err(|error| error.to_string())? {
        return Err(format!(
            "it nests deeper than {NESTING} levels, as MongoDB takes them"
        ));
    }
    let add =
        |outcome: Result<(), sqlx::error::BoxDynError>| outcome.map_err(|error| error.to_string());
    add(arguments.add(id.to_owned()))?;
    add(arguments.add(document.as_bytes().to_vec()))?;
    for path in paths {
        add(
            match lookup(document, path).map_err(|error| error.to_string())? {
                None | Some(RawBsonRef::Null) => arguments.add(None::<i64>),
                Some(RawBsonRef::String(text)) => arguments.add(text.to_owned()),
                Some(RawBsonRef::Int32(number)) => arguments.add(i64::from(number)),
                Some(RawBsonRef::Int64(number)) => arguments.add(number),
                Some(RawBsonRef::Double(number)) => arguments.add(number),
                Some(RawBsonRef::Boolean(value)) => arguments.add(value),
                Some(RawBsonRef::DateTime(instant)) => arguments.add(instant.timestamp_millis()),
                Some(RawBsonRef::ObjectId(id)) => arguments.add(id.to_hex()),
                Some(other) => {
                    return Err(format!(
                        "its indexed path {path} holds {:?}, which a column cannot",
                        other.element_type()
                    ));
                }
            },
        )?;
    }
    Ok(())
}
