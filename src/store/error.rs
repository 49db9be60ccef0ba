//! What can go wrong with a store, each with what was asked, what was found, and what to do.

use std::path::PathBuf;
use thiserror::Error;

/// Why a store could not be opened, migrated or written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// No database file.
    #[error(
        "there is no database at {path}: load data first, or set CARNET_DATABASE_URL=sqlite:PATH to one that exists"
    )]
    NoFile {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// A file that is something else.
    #[error("{path} is not a SQLite database: give another path, or move that file away")]
    NotADatabase {
        /// The file.
        path: PathBuf,
    },
    /// A URL of another kind.
    #[error("the store {scheme}: is not supported: this version opens sqlite:PATH")]
    UnsupportedUrl {
        /// The part before the first colon; the rest may hold a password.
        scheme: String,
    },
    /// A folder that cannot be read or made.
    #[error("the folder {path} cannot be used: {source}")]
    Folder {
        /// The folder.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// A database of a newer program.
    #[error(
        "{path} is at migration {found}, newer than the {known} this program knows: update the program, or use another file"
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// The newest migration in it.
        found: i64,
        /// The newest this program has.
        known: i64,
    },
    /// An applied migration whose text differs.
    #[error(
        "migration {version} was applied to {path} with another text: applied migrations never change; write a new one instead"
    )]
    Changed {
        /// The file.
        path: PathBuf,
        /// The migration.
        version: i64,
    },
    /// A migration that fails.
    #[error("migration {version} ({description}) failed and nothing of it was kept: {source}")]
    Migration {
        /// Its number.
        version: i64,
        /// Its name.
        description: String,
        /// The database's reason.
        source: sqlx::Error,
    },
    /// A collection that no migration made.
    #[error("there is no collection {name}; there are: {existing}")]
    NoCollection {
        /// The one asked for.
        name: String,
        /// Those that exist.
        existing: String,
    },
    /// A record that cannot be written by key.
    #[error("records of {place} cannot be written by key: {reason}")]
    Unwritable {
        /// Where the record lives.
        place: String,
        /// What is missing.
        reason: &'static str,
    },
    /// A variable of the environment that cannot be used.
    #[error("{variable} cannot be used: {reason}")]
    Variable {
        /// The variable.
        variable: &'static str,
        /// Why not, and what to do; never the value, which may hold a password.
        reason: &'static str,
    },
    /// A document that cannot be stored.
    #[error("document {position} of {collection} cannot be stored: {reason}")]
    Document {
        /// The collection.
        collection: String,
        /// Its position in the batch, from 0.
        position: usize,
        /// Why not.
        reason: String,
    },
    /// Anything else the database says.
    #[error("{path}: {source}")]
    Database {
        /// The file.
        path: PathBuf,
        /// The database's reason.
        source: sqlx::Error,
    },
    /// A statement within a caller's own transaction.
    #[error("the database refused a statement: {0}")]
    Statement(#[from] sqlx::Error),
}
