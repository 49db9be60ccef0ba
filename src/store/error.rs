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
    #[error("a store at {scheme}: is not supported: give {supported}")]
    UnsupportedUrl {
        /// The part before the first colon; the rest may hold a password.
        scheme: String,
        /// What is supported there.
        supported: &'static str,
    },
    /// A URL that cannot be read.
    #[error(
        "the URL of the store cannot be read: write {form}, with special characters of the password as %XX"
    )]
    Url {
        /// What it should look like; never the URL, which may hold a password.
        form: &'static str,
    },
    /// A server that does not let us in.
    #[error("{store} cannot be opened: {source}; {remedy}")]
    Connect {
        /// The server and the database, without the password.
        store: String,
        /// Its reason, or the system's.
        source: Box<dyn std::error::Error + Send + Sync>,
        /// What to do.
        remedy: &'static str,
    },
    /// A collection asked for, and no document store.
    #[error(
        "there is no document store for collection {collection}: tables are in PostgreSQL, so set CARNET_DOCUMENTS_URL=mongodb://HOST:PORT/DATABASE"
    )]
    NoDocuments {
        /// The collection.
        collection: String,
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
        "{store} is at migration {found}, newer than the {known} this program knows: update the program, or use another file"
    )]
    Newer {
        /// The database.
        store: String,
        /// The newest migration in it.
        found: i64,
        /// The newest this program has.
        known: i64,
    },
    /// An applied migration whose text differs.
    #[error(
        "migration {version} was applied to {store} with another text: applied migrations never change; write a new one instead"
    )]
    Changed {
        /// The database.
        store: String,
        /// The migration.
        version: i64,
    },
    /// A migration that fails.
    #[error("migration {version} ({description}) failed: {source}")]
    Migration {
        /// Its number.
        version: i64,
        /// Its name.
        description: String,
        /// The database's reason.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A name that is none of the databases'.
    #[error("{name} is not a database here: there are {known}")]
    NoDatabase {
        /// The name.
        name: String,
        /// Those there are.
        known: String,
    },
    /// A version that no migration has.
    #[error("there is no version {version}: give one from 0, before all migrations, to {known}")]
    NoVersion {
        /// The one asked for.
        version: i64,
        /// The newest there is.
        known: i64,
    },
    /// A migration that would have to be undone.
    #[error(
        "migration {version} ({description}) of {store} cannot be undone: nothing says how; nothing was changed; to go back before it, make a new database and load it again"
    )]
    Irreversible {
        /// The database.
        store: String,
        /// The migration.
        version: i64,
        /// Its name.
        description: String,
    },
    /// A document that cannot be brought to a newer version.
    #[error("document {id} of {collection} cannot be brought to version {version}: {reason}")]
    Upgrade {
        /// The collection.
        collection: String,
        /// The document's `_id`.
        id: String,
        /// The version.
        version: i32,
        /// What is in the way.
        reason: String,
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
    #[error("{store}: {source}")]
    Database {
        /// The database.
        store: String,
        /// Its reason.
        source: sqlx::Error,
    },
    /// A server that went away, or a network that did.
    #[error(
        "the connection to {store} was lost: {source}; nothing was kept of what it did; check the server and load again"
    )]
    Lost {
        /// The server and the database, without the password.
        store: String,
        /// The system's reason.
        source: sqlx::Error,
    },
    /// Anything that MongoDB says.
    #[error("{store}: {source}")]
    Mongo {
        /// The server and the database, without the password.
        store: String,
        /// Its reason.
        source: Box<mongodb::error::Error>,
    },
    /// A statement within a caller's own transaction.
    #[error("the database refused a statement: {0}")]
    Statement(#[from] sqlx::Error),
}
