//! Declared queries: questions to a filled store that are kept as files beside the migrations, each with its answer in words and
//! the index that it uses. A statement of SQL asks the tables, a pipeline asks a collection; both run read-only.
//!
//! [`Queries::read`] reads and checks a folder of them, [`Store::ask`] runs one into an [`Answer`], [`Store::explain`] says how the
//! database goes about it.

mod answer;
mod documents;
mod error;
mod file;
mod postgres;
mod sqlite;
mod statement;

pub use answer::{Answer, Cell};
pub use error::QueryError;
pub use file::Queries;
pub use statement::Statement;

use super::document::Pipeline;
use super::{Documents, Store, StoreError, Tables};
use std::future::Future;
use std::time::Instant;

/// A query as its file declares it.
#[derive(Debug, Clone)]
pub struct NamedQuery {
    /// The file's name without its ending.
    pub name: String,
    /// What it answers, in a sentence.
    pub question: String,
    /// What the answer was on the data that it was written for.
    pub answer: String,
    /// Which index it uses, or why none.
    pub index: IndexUse,
    /// The units of columns that have one, by the column's name.
    pub units: Vec<(String, String)>,
    /// What is asked.
    pub text: Text,
}

/// What is asked of a store.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Text {
    /// A statement for the tables; one is missing where the query cannot be asked of that kind of database.
    Tables {
        /// As SQLite takes it.
        sqlite: Option<Statement>,
        /// As PostgreSQL takes it.
        postgres: Option<Statement>,
    },
    /// A pipeline for a collection.
    Documents {
        /// The collection.
        collection: String,
        /// Its stages.
        pipeline: Pipeline,
    },
}

/// The indexes that a query says it uses, in words and by what they index, since their names differ between databases.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct IndexUse {
    /// On SQLite and on embedded documents: table or collection, and the first column or path.
    pub sqlite: Vec<(String, String)>,
    /// On PostgreSQL and MongoDB.
    pub server: Vec<(String, String)>,
    /// Why these, or why none.
    pub reason: String,
}

impl NamedQuery {
    /// The unit of a column, if it has one.
    pub fn unit(&self, column: &str) -> Option<&str> {
        let unit = self.units.iter().find(|(name, _)| name == column);
        unit.map(|(_, unit)| unit.as_str())
    }
}

impl Store {
    /// Runs a declared query. When `stop` ends first, so does the query, on a server of PostgreSQL as well; MongoDB finishes what it
    /// has begun on its side.
    ///
    /// # Errors
    /// When the query is not for this kind of store, the database refuses it, a value is of a type that a table cannot show, or it
    /// was stopped.
    pub async fn ask(
        &self,
        query: &NamedQuery,
        stop: impl Future<Output = ()>,
    ) -> Result<Answer, QueryError> {
        let start = Instant::now();
        let asked = match &query.text {
            Text::Tables { sqlite, postgres } => match &self.tables {
                Tables::Sqlite(tables) => {
                    let statement = written(query, sqlite.as_ref(), "SQLite")?;
                    sqlite::ask(tables, statement, stop).await
                }
                Tables::Postgres(tables) => {
                    let statement = written(query, postgres.as_ref(), "PostgreSQL")?;
                    postgres::ask(tables, statement, stop).await
                }
            },
            Text::Documents {
                collection,
                pipeline,
            } => match &self.documents {
                Documents::Embedded(tables) => {
                    documents::ask_embedded(tables, collection, pipeline, stop).await
                }
                Documents::Mongo(mongo) => {
                    documents::ask_mongo(mongo, collection, pipeline, stop).await
                }
                Documents::Nowhere => Err(nowhere(collection)),
            },
        };
        let (columns, rows) = asked.map_err(|error| error.of(&query.name))?;
        Ok(Answer {
            columns,
            rows,
            took: start.elapsed(),
        })
    }

    /// How the database goes about a declared query, in its own words.
    ///
    /// # Errors
    /// As [`Store::ask`]; and for a pipeline on MongoDB, whose plan its own shell shows.
    pub async fn explain(&self, query: &NamedQuery) -> Result<String, QueryError> {
        let explained = match &query.text {
            Text::Tables { sqlite, postgres } => match &self.tables {
                Tables::Sqlite(tables) => {
                    let statement = written(query, sqlite.as_ref(), "SQLite")?;
                    sqlite::explain(tables, statement.sql(), &[]).await
                }
                Tables::Postgres(tables) => {
                    let statement = written(query, postgres.as_ref(), "PostgreSQL")?;
                    postgres::explain(tables, statement).await
                }
            },
            Text::Documents {
                collection,
                pipeline,
            } => match &self.documents {
                Documents::Embedded(tables) => {
                    documents::explain_embedded(tables, collection, pipeline).await
                }
                Documents::Mongo(_) => Err(documents::unexplained(collection, pipeline)),
                Documents::Nowhere => Err(nowhere(collection)),
            },
        };
        explained.map_err(|error| error.of(&query.name))
    }
}

fn written<'a>(
    query: &NamedQuery,
    statement: Option<&'a Statement>,
    database: &'static str,
) -> Result<&'a Statement, QueryError> {
    statement.ok_or_else(|| QueryError::OtherDatabase {
        name: query.name.clone(),
        database,
    })
}

fn nowhere(collection: &str) -> QueryError {
    QueryError::Store(StoreError::NoDocuments {
        collection: collection.to_owned(),
    })
}
