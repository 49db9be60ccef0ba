//! Writing to both stores: rows and documents by key, kept together by one commit where the databases can.

use super::document::{self, Mongo};
use super::relational::{
    CatalogueColumn, Row, Rows, into_postgres, into_sqlite, postgres_catalogue, sqlite_catalogue,
};
use super::{Documents, Store, StoreError, Tables};
use bson::raw::RawDocumentBuf;

/// What writing by key did, to rows of a table or documents of a collection.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Upserted {
    /// Those that were not there before.
    pub new: u64,
    /// Those that were there with another value (an embedded document: other bytes, or other values at its indexed paths) and
    /// were replaced.
    pub changed: u64,
    /// Those that were there and are the same.
    pub same: u64,
}

/// Writing to the stores. Dropped without [`Transaction::commit`], nothing of it stays in a relational database, nor in embedded
/// documents. Documents in MongoDB are written at once: by key, so that what broke off can be run again and ends the same.
#[derive(Debug)]
pub struct Transaction {
    open: Open,
    mongo: Option<Mongo>,
}

#[derive(Debug)]
enum Open {
    Sqlite(sqlx::Transaction<'static, sqlx::Sqlite>),
    Postgres(sqlx::Transaction<'static, sqlx::Postgres>),
}

impl Transaction {
    pub(super) async fn begin(store: &Store) -> Result<Transaction, StoreError> {
        let open = match &store.tables {
            // One that began by reading could not go on to write once another program has written.
            Tables::Sqlite(sqlite) => {
                Open::Sqlite(sqlite.pool().begin_with("BEGIN IMMEDIATE").await?)
            }
            Tables::Postgres(postgres) => Open::Postgres(postgres.pool().begin().await?),
        };
        let mongo = match &store.documents {
            Documents::Mongo(mongo) => Some(mongo.clone()),
            Documents::Embedded(_) | Documents::Nowhere => None,
        };
        Ok(Transaction { open, mongo })
    }

    /// Writes rows by their record's key, telling `progress` how many are written so far: new ones are added, those with another
    /// value updated, equal ones left alone.
    ///
    /// # Errors
    /// When the record has no table or no key, or the database refuses a row. What was written before is undone unless it is
    /// committed all the same.
    pub async fn upsert<R: Row>(
        &mut self,
        rows: &[R],
        progress: impl FnMut(usize),
    ) -> Result<Upserted, StoreError> {
        let rows = Rows {
            schema: &R::schema(),
            count: rows.len(),
            provenance: R::PROVENANCE,
            bind: &|row, bound| rows[row].bind(bound),
        };
        self.upsert_rows(rows, progress).await
    }

    /// [`Transaction::upsert`] of rows that are no records.
    pub(crate) async fn upsert_rows(
        &mut self,
        rows: Rows<'_>,
        progress: impl FnMut(usize),
    ) -> Result<Upserted, StoreError> {
        match &mut self.open {
            Open::Sqlite(transaction) => into_sqlite(transaction, rows, progress).await,
            Open::Postgres(transaction) => into_postgres(transaction, rows, progress).await,
        }
    }

    /// The columns of a table, and all tables if there is none of that name.
    pub(crate) async fn catalogue(
        &mut self,
        table: &str,
    ) -> Result<Result<Vec<CatalogueColumn>, Vec<String>>, StoreError> {
        let (columns, tables) = match &mut self.open {
            Open::Sqlite(transaction) => (
                sqlite_catalogue::columns_of_table(transaction, table).await?,
                sqlite_catalogue::tables(transaction).await?,
            ),
            Open::Postgres(transaction) => (
                postgres_catalogue::columns_of_table(transaction, table).await?,
                postgres_catalogue::tables(transaction).await?,
            ),
        };
        Ok(if columns.is_empty() {
            Err(tables)
        } else {
            Ok(columns)
        })
    }

    /// Writes documents by their `_id`, which must be text in the embedded store.
    ///
    /// # Errors
    /// When there is no document store or no such collection, a document has no usable `_id`, or the database refuses one.
    pub async fn upsert_documents(
        &mut self,
        collection: &str,
        documents: &[RawDocumentBuf],
    ) -> Result<Upserted, StoreError> {
        match (&self.mongo, &mut self.open) {
            (Some(mongo), _) => mongo.upsert(collection, documents).await,
            (None, Open::Sqlite(transaction)) => {
                document::upsert(transaction, collection, documents).await
            }
            (None, Open::Postgres(_)) => Err(StoreError::NoDocuments {
                collection: collection.to_owned(),
            }),
        }
    }

    /// Keeps what was written.
    ///
    /// # Errors
    /// When the database fails; nothing is kept then.
    pub async fn commit(self) -> Result<(), StoreError> {
        match self.open {
            Open::Sqlite(transaction) => transaction.commit().await?,
            Open::Postgres(transaction) => transaction.commit().await?,
        }
        Ok(())
    }
}
