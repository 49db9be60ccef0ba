//! Where data lives: a relational store and a document store, opened together by URL.
//!
//! The embedded default keeps both in one SQLite file: [`relational`] tables by sqlx, and [`document`] collections as BSON.
//! [`Store`] is the synchronous face for notebooks; it owns no second implementation, only the process's one runtime.

pub mod document;
mod error;
pub mod relational;
mod runtime;

pub use error::StoreError;
pub use relational::{Migrated, Migration};

use relational::Database;
use sqlx::SqlitePool;
use std::env::VarError;
use std::future::Future;
use std::path::{Path, PathBuf};

/// Where the embedded database is made unless `CARNET_DATABASE_URL` says otherwise.
pub const DEFAULT_FILE: &str = "data/carnet.db";

/// The name as an SQL identifier: quoted, so that dots and any other character are safe.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// What writing by key did, to rows of a table or documents of a collection.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Upserted {
    /// Those that were not there before.
    pub new: u64,
    /// Those that were there with another value (a document: other bytes, or other values at its indexed paths) and were replaced.
    pub changed: u64,
    /// Those that were there and are the same.
    pub same: u64,
}

/// An open store: tables and documents behind one value.
#[derive(Debug, Clone)]
pub struct Store {
    database: Database,
}

impl Store {
    /// Opens the store that `CARNET_DATABASE_URL` names (`sqlite:PATH`), or `data/carnet.db` in this folder or the nearest
    /// folder above that has one, so that a notebook in a subfolder finds its project's data.
    ///
    /// # Errors
    /// When there is no such file, it is not a database, or the environment asks for a store of a kind that is not supported.
    pub fn open() -> Result<Store, StoreError> {
        match asked_for()? {
            Some(url) => Store::open_url(&url),
            None => Store::open_file(nearest_default()?),
        }
    }

    /// Opens the store that `CARNET_DATABASE_URL` names, or `data/carnet.db` in this folder, making the file and its folder if
    /// they are not there.
    ///
    /// # Errors
    /// As [`Store::create_file`], or when the environment asks for a store of a kind that is not supported.
    pub fn create() -> Result<Store, StoreError> {
        match asked_for()? {
            Some(url) => Store::create_file(relational::path_of_url(&url)?),
            None => Store::create_file(DEFAULT_FILE),
        }
    }

    /// Opens the store at this URL: `sqlite:PATH`.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open_url(url: &str) -> Result<Store, StoreError> {
        Store::open_file(relational::path_of_url(url)?)
    }

    /// Opens the SQLite file at this path.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open_file(path: impl AsRef<Path>) -> Result<Store, StoreError> {
        let database = runtime::block_on(Database::open(path.as_ref(), false))?;
        Ok(Store { database })
    }

    /// Opens the SQLite file at this path, making it and its folder if they are not there.
    ///
    /// # Errors
    /// When it cannot be made, or what is there is not a database.
    pub fn create_file(path: impl AsRef<Path>) -> Result<Store, StoreError> {
        let database = runtime::block_on(Database::open(path.as_ref(), true))?;
        Ok(Store { database })
    }

    /// Brings the tables up to these migrations, all or nothing; what is applied already is left alone.
    ///
    /// # Errors
    /// When the file was written by a newer program, an applied migration has changed since, or one fails (then none of
    /// those applied now stays).
    pub fn migrate(&self, migrations: &[Migration]) -> Result<Migrated, StoreError> {
        runtime::block_on(self.database.migrate(migrations))
    }

    /// The path of the embedded database.
    pub fn path(&self) -> &Path {
        self.database.path()
    }

    /// The connections, for statements of your own through sqlx.
    pub fn pool(&self) -> &SqlitePool {
        self.database.pool()
    }

    /// Runs a future to its end on the process's one runtime, which outlives every cell: a client made in one cell works in
    /// the next. Not to be called from inside async code.
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        runtime::block_on(future)
    }
}

/// The URL in the environment, if there is one.
fn asked_for() -> Result<Option<String>, StoreError> {
    if std::env::var_os("CARNET_DOCUMENTS_URL").is_some_and(|url| !url.is_empty()) {
        return Err(StoreError::Variable {
            variable: "CARNET_DOCUMENTS_URL",
            reason: "this version keeps documents in the embedded database only; unset it",
        });
    }
    match std::env::var("CARNET_DATABASE_URL") {
        Ok(url) if url.is_empty() => Ok(None),
        Ok(url) => Ok(Some(url)),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(_)) => Err(StoreError::Variable {
            variable: "CARNET_DATABASE_URL",
            reason: "it is not UTF-8; give sqlite:PATH",
        }),
    }
}

/// `data/carnet.db` here or in the nearest folder above.
fn nearest_default() -> Result<PathBuf, StoreError> {
    let here = std::env::current_dir().map_err(|source| StoreError::Folder {
        path: ".".into(),
        source,
    })?;
    here.ancestors()
        .map(|folder| folder.join(DEFAULT_FILE))
        .find(|file| file.is_file())
        .ok_or_else(|| StoreError::NoFile {
            path: DEFAULT_FILE.into(),
        })
}
