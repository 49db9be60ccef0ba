//! Where data lives: a relational store and a document store, opened together by URL.
//!
//! The embedded default keeps both in one SQLite file: [`relational`] tables by sqlx, and [`document`] collections as BSON.
//! By URL, tables are in PostgreSQL and documents in MongoDB instead, with the same records and the same calls. [`Store`] is
//! the synchronous face for notebooks; it owns no second implementation, only the process's one runtime.

pub mod collection;
pub mod document;
mod error;
pub mod link;
mod location;
mod manage;
mod migrate;
pub mod query;
pub mod relational;
mod snapshot;
pub mod structure;
mod transaction;

pub use crate::runtime::{block_on, enter};
pub use error::StoreError;
pub use link::{Dangling, Links};
pub use manage::{Contents, DatabaseName, Databases, Made, MadeBy};
pub use migrate::{
    Migrated, Migration, MigrationState, MigrationStatus, Migrations, MigrationsError,
};
pub use snapshot::Snapshot;
pub use transaction::{Transaction, Upserted};

use crate::runtime;
use document::Mongo;
use location::{Location, nearest_default};
use relational::{Opening, Postgres, Sqlite};
use std::fmt;
use std::future::Future;
use std::path::Path;

/// Where the embedded database is made unless `CARNET_DATABASE_URL` says otherwise.
pub const DEFAULT_FILE: &str = "data/carnet.db";

/// The name as an SQL identifier: quoted, so that dots and any other character are safe.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// An open store: tables and documents behind one value.
#[derive(Debug, Clone)]
pub struct Store {
    pub(crate) tables: Tables,
    pub(crate) documents: Documents,
}

/// The open relational store.
#[derive(Debug, Clone)]
pub(crate) enum Tables {
    Sqlite(Sqlite),
    Postgres(Postgres),
}

/// The open document store.
#[derive(Debug, Clone)]
pub(crate) enum Documents {
    /// In the SQLite file of the tables.
    Embedded(Sqlite),
    Mongo(Mongo),
    /// Tables are in PostgreSQL, and no MongoDB was named.
    Nowhere,
}

impl Store {
    /// Opens the stores that the environment names: `CARNET_DATABASE_URL` (`sqlite:PATH` or `postgres://…`) for tables and
    /// `CARNET_DOCUMENTS_URL` (`mongodb://…`) for documents. Without the first it is `data/carnet.db` in this folder or the
    /// nearest folder above that has one, so that a notebook in a subfolder finds its project's data; without the second,
    /// documents are in the same SQLite file.
    ///
    /// # Errors
    /// When a file is not there or is not a database, a server does not answer or refuses, or a URL is of a kind that is not
    /// supported.
    pub fn open() -> Result<Store, StoreError> {
        let location = Location::of_urls_or_environment(None, None, nearest_default)?;
        runtime::block_on(Store::connect(location, Opening::Existing))
    }

    /// As [`Store::open`], but an SQLite file is made if it is not there, with its folder; `data/carnet.db` in this folder
    /// when none is named. A database on a server must be there.
    ///
    /// # Errors
    /// As [`Store::open`], or when the file cannot be made.
    pub fn create() -> Result<Store, StoreError> {
        let location = Location::of_urls_or_environment(None, None, || Ok(DEFAULT_FILE.into()))?;
        runtime::block_on(Store::connect(location, Opening::Create))
    }

    /// Opens the tables at this URL, `sqlite:PATH` or `postgres://USER:PASSWORD@HOST:PORT/DATABASE`, and the documents at
    /// the other, `mongodb://USER:PASSWORD@HOST:PORT/DATABASE`. Without the second, documents are in the SQLite file.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open_urls(tables: &str, documents: Option<&str>) -> Result<Store, StoreError> {
        let location = Location::of_urls(tables, documents)?;
        runtime::block_on(Store::connect(location, Opening::Existing))
    }

    /// Opens the stores at these URLs, each from the environment as in [`Store::open`] when it is not given, so that an SQLite
    /// file cannot be written to. On servers it is each transaction that says so.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open_read_only(
        tables: Option<&str>,
        documents: Option<&str>,
    ) -> Result<Store, StoreError> {
        let location = Location::of_urls_or_environment(tables, documents, nearest_default)?;
        runtime::block_on(Store::connect(location, Opening::ReadOnly))
    }

    /// Opens the SQLite file at this path.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open_file(path: impl AsRef<Path>) -> Result<Store, StoreError> {
        let sqlite = runtime::block_on(Sqlite::open(path.as_ref(), Opening::Existing))?;
        Ok(Store::embedded(sqlite))
    }

    /// Opens the SQLite file at this path, making it and its folder if they are not there.
    ///
    /// # Errors
    /// When it cannot be made, or what is there is not a database.
    pub fn create_file(path: impl AsRef<Path>) -> Result<Store, StoreError> {
        let sqlite = runtime::block_on(Sqlite::open(path.as_ref(), Opening::Create))?;
        Ok(Store::embedded(sqlite))
    }

    fn embedded(sqlite: Sqlite) -> Store {
        Store {
            tables: Tables::Sqlite(sqlite.clone()),
            documents: Documents::Embedded(sqlite),
        }
    }

    async fn connect(location: Location, opening: Opening) -> Result<Store, StoreError> {
        let tables = match &location.tables {
            location::Tables::File(path) => Tables::Sqlite(Sqlite::open(path, opening).await?),
            location::Tables::Postgres(url) => Tables::Postgres(Postgres::open(url).await?),
        };
        let documents = match (&location.documents, &tables) {
            (Some(url), _) => Documents::Mongo(Mongo::open(url).await?),
            (None, Tables::Sqlite(sqlite)) => Documents::Embedded(sqlite.clone()),
            (None, Tables::Postgres(_)) => Documents::Nowhere,
        };
        Ok(Store { tables, documents })
    }

    /// Begins to write: rows and documents, kept by [`Transaction::commit`].
    ///
    /// # Errors
    /// When the database fails.
    pub async fn begin(&self) -> Result<Transaction, StoreError> {
        Transaction::begin(self).await
    }

    /// The connections to SQLite for statements of your own through sqlx, if tables are there.
    pub fn sqlite(&self) -> Option<&sqlx::SqlitePool> {
        match &self.tables {
            Tables::Sqlite(sqlite) => Some(sqlite.pool()),
            Tables::Postgres(_) => None,
        }
    }

    /// The connections to PostgreSQL for statements of your own through sqlx, if tables are there.
    pub fn postgres(&self) -> Option<&sqlx::PgPool> {
        match &self.tables {
            Tables::Postgres(postgres) => Some(postgres.pool()),
            Tables::Sqlite(_) => None,
        }
    }

    /// The MongoDB database for commands of your own through its driver, if documents are there.
    pub fn mongodb(&self) -> Option<&mongodb::Database> {
        match &self.documents {
            Documents::Mongo(mongo) => Some(mongo.database()),
            Documents::Embedded(_) | Documents::Nowhere => None,
        }
    }

    /// The embedded file, if tables are in one.
    pub fn path(&self) -> Option<&Path> {
        match &self.tables {
            Tables::Sqlite(sqlite) => Some(sqlite.path()),
            Tables::Postgres(_) => None,
        }
    }

    /// Runs a future to its end on the process's one runtime, which outlives every cell: a client made in one cell works in
    /// the next. Not to be called from inside async code.
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        runtime::block_on(future)
    }
}

/// Where the stores are, without passwords.
impl fmt::Display for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.tables {
            Tables::Sqlite(sqlite) => write!(f, "{}", sqlite.path().display())?,
            Tables::Postgres(postgres) => f.write_str(postgres.name())?,
        }
        match &self.documents {
            Documents::Mongo(mongo) => write!(f, " and {}", mongo.name()),
            Documents::Embedded(_) | Documents::Nowhere => Ok(()),
        }
    }
}
