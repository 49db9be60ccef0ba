//! Documents: in MongoDB, or in the embedded database as BSON bytes in one table a collection, with the paths that are queried
//! copied into columns beside them.
//!
//! In the embedded database collection `X` is the table `document_X`, made by a migration: `id TEXT PRIMARY KEY`, `body BLOB NOT NULL`, and one column
//! for each indexed path, named exactly as the dotted path. Writing fills those columns from the body, so they cannot
//! disagree with it; [`Filter`] uses them where it can and reads raw bytes for the rest.

mod filter;
mod mongodb;
mod order;
mod path;
mod upsert;

pub use filter::{Filter, FilterError};
pub(crate) use mongodb::Mongo;
pub(crate) use order::{Order, SortKey};
pub use path::lookup;
pub(crate) use upsert::upsert;

use crate::store::StoreError;
use crate::store::relational::sqlite_catalogue;
use sqlx::SqliteConnection;

const PREFIX: &str = "document_";

/// The table of a collection.
pub(crate) fn table_of(collection: &str) -> String {
    format!("{PREFIX}{collection}")
}

/// The indexed paths of a collection, in column order.
///
/// # Errors
/// When no migration made the collection, or the database fails.
pub async fn indexed_paths(
    connection: &mut SqliteConnection,
    collection: &str,
) -> Result<Vec<String>, StoreError> {
    let columns = sqlite_catalogue::columns_of_table(connection, &table_of(collection)).await?;
    if columns.is_empty() {
        let existing = collections(connection).await?;
        let existing = if existing.is_empty() {
            "none".to_owned()
        } else {
            existing.join(", ")
        };
        return Err(StoreError::NoCollection {
            name: collection.to_owned(),
            existing,
        });
    }
    Ok(columns
        .into_iter()
        .map(|column| column.name)
        .filter(|name| name != "id" && name != "body")
        .collect())
}

/// The names of all collections.
///
/// # Errors
/// What the database says.
pub async fn collections(connection: &mut SqliteConnection) -> Result<Vec<String>, sqlx::Error> {
    let tables = sqlite_catalogue::tables(connection).await?;
    Ok(tables
        .iter()
        .filter_map(|table| table.strip_prefix(PREFIX))
        .map(str::to_owned)
        .collect())
}
