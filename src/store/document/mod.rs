//! Documents: in MongoDB, or in the embedded database as BSON bytes in one table a collection, with the paths that are queried
//! copied into columns beside them.
//!
//! In the embedded database collection `X` is the table `document_X`, made by a migration: `id TEXT PRIMARY KEY`, `body BLOB NOT NULL`, and one column
//! for each indexed path, named exactly as the dotted path. Writing fills those columns from the body, so they cannot
//! disagree with it; [`Filter`] uses them where it can and reads raw bytes for the rest.

mod filter;
mod mongodb;
mod narrow;
mod number;
mod order;
mod path;
mod pipeline;
mod upgrade;
mod upsert;
mod value;

pub use filter::{Filter, FilterError};
pub(crate) use mongodb::Mongo;
pub(crate) use narrow::IndexedPath;
pub(crate) use order::{Key, Order, OrderError};
pub use path::lookup;
pub(crate) use pipeline::Run;
pub use pipeline::{Pipeline, PipelineError};
pub(crate) use upgrade::Upgrade;
pub(crate) use upsert::upsert;

use crate::store::relational::{count, sqlite_catalogue};
use crate::store::{StoreError, quoted};
use narrow::Affinity;
use sqlx::SqliteConnection;

const PREFIX: &str = "document_";

/// One collection, as a list of all has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ListedCollection {
    pub(crate) name: String,
    /// Its documents: counted in the embedded store, in MongoDB what the server's own statistics say.
    pub(crate) documents: u64,
    /// The paths that are indexed, but for the key.
    pub(crate) indexed: Vec<String>,
}

/// The table of a collection.
pub(crate) fn table_of(collection: &str) -> String {
    format!("{PREFIX}{collection}")
}

/// The indexed paths of a collection, in column order.
///
/// # Errors
/// When no migration made the collection, or the database fails.
pub(crate) async fn indexed_paths(
    connection: &mut SqliteConnection,
    collection: &str,
) -> Result<Vec<IndexedPath>, StoreError> {
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
        .filter(|column| column.name != "id" && column.name != "body")
        .map(|column| IndexedPath {
            affinity: Affinity::of(&column.declared),
            nullable: column.nullable,
            path: column.name,
        })
        .collect())
}

/// The names of all collections: of the tables of such a name, those with the columns of one.
///
/// # Errors
/// What the database says.
pub async fn collections(connection: &mut SqliteConnection) -> Result<Vec<String>, sqlx::Error> {
    let mut collections = Vec::new();
    for table in sqlite_catalogue::tables(connection).await? {
        let Some(name) = table.strip_prefix(PREFIX) else {
            continue;
        };
        let columns = sqlite_catalogue::columns_of_table(connection, &table).await?;
        let has = |name| columns.iter().any(|column| column.name == name);
        if has("id") && has("body") {
            collections.push(name.to_owned());
        }
    }
    Ok(collections)
}

/// All collections, their documents counted.
///
/// # Errors
/// What the database says.
pub(crate) async fn list(
    connection: &mut SqliteConnection,
) -> Result<Vec<ListedCollection>, StoreError> {
    let mut listed = Vec::new();
    for name in collections(connection).await? {
        listed.push(ListedCollection {
            documents: count(connection, &quoted(&table_of(&name))).await?,
            indexed: indexed_paths(connection, &name)
                .await?
                .into_iter()
                .map(|indexed| indexed.path)
                .collect(),
            name,
        });
    }
    Ok(listed)
}
