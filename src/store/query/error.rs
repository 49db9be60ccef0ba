//! What can go wrong with a declared query.

use crate::store::StoreError;
use crate::store::document::PipelineError;
use std::path::PathBuf;
use thiserror::Error;

/// Why a query could not be read, found or answered.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum QueryError {
    /// A folder or a file that cannot be read.
    #[error("the queries at {path} cannot be read: {source}")]
    Unreadable {
        /// Where.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// A file that does not declare a query.
    #[error("{path} declares no query: {reason}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong, and what it should be.
        reason: String,
    },
    /// A name that no file has.
    #[error("there is no query {name} in {folder}; {near}")]
    Unknown {
        /// The name asked for.
        name: String,
        /// Where it was looked for.
        folder: PathBuf,
        /// Names that are near, or where to see all.
        near: String,
    },
    /// A query that is not written for the kind of database that is open.
    #[error(
        "query {name} is not written for {database}: there is neither {name}.sql nor a file of its own for it"
    )]
    OtherDatabase {
        /// The query.
        name: String,
        /// What is open.
        database: &'static str,
    },
    /// The database's refusal.
    #[error("query {name} was refused: {reason}")]
    Refused {
        /// The query.
        name: String,
        /// The database's words.
        reason: String,
    },
    /// A value that has no place in a table of text and numbers.
    #[error("query {name} gives {kind} in column {column}: {remedy}")]
    Unshowable {
        /// The query.
        name: String,
        /// The column.
        column: String,
        /// The value's type.
        kind: String,
        /// What to do in the query.
        remedy: &'static str,
    },
    /// A pipeline that cannot go on.
    #[error("query {name}: {source}")]
    Pipeline {
        /// The query.
        name: String,
        /// Why.
        source: PipelineError,
    },
    /// A plan that is not asked for from here.
    #[error(
        "the plan of query {name} is shown by the server's own shell: mongosh URL --eval '{command}'"
    )]
    Unexplained {
        /// The query.
        name: String,
        /// What to ask it.
        command: String,
    },
    /// It was stopped.
    #[error("query {name} was stopped; it changed nothing")]
    Stopped {
        /// The query.
        name: String,
    },
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl QueryError {
    /// The same error with the name of the query, which those that run its text do not know.
    pub(super) fn of(mut self, query: &str) -> QueryError {
        match &mut self {
            QueryError::Refused { name, .. }
            | QueryError::Unshowable { name, .. }
            | QueryError::Pipeline { name, .. }
            | QueryError::Unexplained { name, .. }
            | QueryError::Stopped { name } => query.clone_into(name),
            _ => {}
        }
        self
    }

    pub(super) fn refused(reason: impl ToString) -> QueryError {
        QueryError::Refused {
            name: String::new(),
            reason: reason.to_string(),
        }
    }

    pub(super) fn unshowable(
        column: &str,
        kind: impl Into<String>,
        remedy: &'static str,
    ) -> QueryError {
        QueryError::Unshowable {
            name: String::new(),
            column: column.to_owned(),
            kind: kind.into(),
            remedy,
        }
    }

    pub(super) fn stopped() -> QueryError {
        QueryError::Stopped {
            name: String::new(),
        }
    }
}

impl From<PipelineError> for QueryError {
    fn from(source: PipelineError) -> QueryError {
        QueryError::Pipeline {
            name: String::new(),
            source,
        }
    }
}

/// The database's refusal in its own words; a connection that went away is the store's error.
pub(super) fn by_database(error: &sqlx::Error) -> Option<QueryError> {
    match error {
        sqlx::Error::Database(error) => Some(QueryError::refused(error.message())),
        _ => None,
    }
}
