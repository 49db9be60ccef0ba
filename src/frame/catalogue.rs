//! What a store holds, as frames: the columns of all tables, and the collections.
//!
//! Both ask the database for what it knows of itself; no row and no document is read. Only SQLite does not know how many there
//! are: it counts.

use super::FrameError;
use crate::store::relational::{Listed, postgres_catalogue, sqlite_catalogue};
use crate::store::{Documents, Store, StoreError, Tables, document};
use polars::prelude::{Column, DataFrame};

impl Store {
    /// One row for each column of every table and view that is the user's, by table and in the table's order:
    ///
    /// | column | what it is |
    /// | --- | --- |
    /// | `table` | the table or view; with its schema, such as `old.customer`, where PostgreSQL would not find it without |
    /// | `kind` | `table` or `view`; a materialized view is a `view`, a foreign table a `table` |
    /// | `column` | the column |
    /// | `type` | its type as declared, such as `numeric(10,2)`; empty where SQLite's definition names none |
    /// | `nullable` | whether a null is allowed; PostgreSQL knows this of tables only, so in its views it is unless a domain forbids it |
    /// | `key` | its place in the primary key, from 1; null when it is not part of one |
    /// | `references` | the `table.column` that a foreign key refers to; null without one |
    /// | `rows` | the table's rows: in SQLite counted, in PostgreSQL what ANALYZE or VACUUM last estimated and null before the first; null for views |
    ///
    /// Embedded collections are not among the tables; [`Store::collections`] has them.
    ///
    /// # Errors
    /// When the database fails.
    pub fn catalogue(&self) -> Result<DataFrame, FrameError> {
        self.block_on(self.list_columns())
    }

    /// One row for each collection of the document store, by name: `collection`; `documents`, their number, in the embedded store
    /// counted and in MongoDB as its statistics have it; and `indexed`, the paths with an index, comma-separated, without `_id`.
    /// No rows when tables are in PostgreSQL and no MongoDB was named.
    ///
    /// # Errors
    /// When the database fails.
    pub fn collections(&self) -> Result<DataFrame, FrameError> {
        self.block_on(self.list_collections())
    }

    async fn list_columns(&self) -> Result<DataFrame, FrameError> {
        let listed = match &self.tables {
            Tables::Sqlite(sqlite) => {
                let mut connection = sqlite.pool().acquire().await.map_err(|e| self.failed(e))?;
                let collections = document::collections(&mut connection)
                    .await
                    .map_err(|e| self.failed(e))?;
                let without: Vec<String> = collections
                    .iter()
                    .map(|name| document::table_of(name))
                    .collect();
                sqlite_catalogue::list(&mut connection, &without).await
            }
            Tables::Postgres(postgres) => {
                let mut connection = postgres
                    .pool()
                    .acquire()
                    .await
                    .map_err(|e| self.failed(e))?;
                postgres_catalogue::list(&mut connection).await
            }
        };
        frame(&listed.map_err(|e| self.failed(e))?)
    }

    async fn list_collections(&self) -> Result<DataFrame, FrameError> {
        let listed = match &self.documents {
            Documents::Embedded(sqlite) => {
                let mut connection = sqlite.pool().acquire().await.map_err(|e| self.failed(e))?;
                document::list(&mut connection).await?
            }
            Documents::Mongo(mongo) => mongo.list().await?,
            Documents::Nowhere => Vec::new(),
        };
        let names: Vec<&str> = listed.iter().map(|one| one.name.as_str()).collect();
        let documents: Vec<i64> = listed
            .iter()
            .map(|one| i64::try_from(one.documents).unwrap_or(i64::MAX))
            .collect();
        let indexed: Vec<String> = listed.iter().map(|one| one.indexed.join(", ")).collect();
        Ok(DataFrame::new(
            listed.len(),
            vec![
                Column::new("collection".into(), names),
                Column::new("documents".into(), documents),
                Column::new("indexed".into(), indexed),
            ],
        )?)
    }

    /// The relational database's error, with where the store is.
    pub(super) fn failed(&self, source: sqlx::Error) -> FrameError {
        FrameError::Store(StoreError::Database {
            store: self.to_string(),
            source,
        })
    }
}

fn frame(listed: &[Listed]) -> Result<DataFrame, FrameError> {
    fn texts<'a>(listed: &'a [Listed], of: impl Fn(&'a Listed) -> &'a str) -> Vec<&'a str> {
        listed.iter().map(of).collect()
    }
    let kinds = texts(listed, |one| if one.view { "view" } else { "table" });
    let nullable: Vec<bool> = listed.iter().map(|one| one.nullable).collect();
    let keys: Vec<Option<i32>> = listed.iter().map(|one| one.key).collect();
    let references: Vec<Option<&str>> =
        listed.iter().map(|one| one.references.as_deref()).collect();
    let rows: Vec<Option<i64>> = listed.iter().map(|one| one.rows).collect();
    Ok(DataFrame::new(
        listed.len(),
        vec![
            Column::new("table".into(), texts(listed, |one| &one.table)),
            Column::new("kind".into(), kinds),
            Column::new("column".into(), texts(listed, |one| &one.column)),
            Column::new("type".into(), texts(listed, |one| &one.declared)),
            Column::new("nullable".into(), nullable),
            Column::new("key".into(), keys),
            Column::new("references".into(), references),
            Column::new("rows".into(), rows),
        ],
    )?)
}
