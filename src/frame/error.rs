//! Why a load or a conversion failed: what was asked, of what, what was found, what to do.

use super::{Difference, Mismatch, Unfit};
use crate::store::StoreError;
use crate::store::document::FilterError;
use chrono::{DateTime, Utc};
use polars::error::PolarsError;
use thiserror::Error;

/// Why there is no frame. Nothing half-read is ever returned.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FrameError {
    /// No such table.
    #[error("there is no table {name}; there are: {existing}")]
    NoTable {
        /// The one the record names.
        name: String,
        /// Those that exist.
        existing: String,
    },
    /// A name of neither a table nor a collection.
    #[error(
        "there is no table or collection {name}; tables: {}; collections: {}",
        names(.tables),
        names(.collections)
    )]
    Unknown {
        /// The name.
        name: String,
        /// The tables and views that exist.
        tables: Vec<String>,
        /// The collections that exist.
        collections: Vec<String>,
    },
    /// A record that does not match the table; every difference at once.
    #[error("the record does not match {place}:{}", list(.differences))]
    Record {
        /// The table.
        place: String,
        /// The differences, in field order.
        differences: Vec<Difference>,
    },
    /// Values that do not fit the record, under the policy `Fail`.
    #[error(
        "{place} holds values that do not fit the record:{}\n  correct the record, or load with .misfits_as_null()",
        list(.mismatches)
    )]
    Mismatch {
        /// The table or collection.
        place: String,
        /// What did not fit, by field and type.
        mismatches: Vec<Mismatch>,
    },
    /// A field asked for that the record does not have.
    #[error("the record has no field {name}; it has: {existing}")]
    NoField {
        /// The one asked for.
        name: String,
        /// Those it has.
        existing: String,
    },
    /// Placeholders and values that do not go together.
    #[error(
        "the statement has {placeholders} placeholders ($1, $2, …) and {values} values were given"
    )]
    Parameters {
        /// Placeholders in the text.
        placeholders: usize,
        /// Values given.
        values: usize,
    },
    /// Two spellings of placeholders in one filter.
    #[error(
        "two placeholders of the statement stand for value {number}: write $1, $2, … throughout, or ? throughout"
    )]
    MixedPlaceholders {
        /// The value's number, from 1.
        number: usize,
    },
    /// A bound instant that cannot be compared with stored ones.
    #[error("an instant in a filter must be a whole second, as stored ones are: {instant} is not")]
    Instant {
        /// The instant given.
        instant: DateTime<Utc>,
    },
    /// A bound instant compared with text of another form.
    #[error(
        "the filter compares an instant with {field}, but {found} is not written as YYYY-MM-DDTHH:MM:SSZ, so texts do not sort as time does: give the bound as text in the column's own form"
    )]
    InstantForm {
        /// The field.
        field: String,
        /// A value of it.
        found: String,
    },
    /// More than one statement in a filter.
    #[error("the statement is more than one: {rest:?} follows it")]
    Trailing {
        /// What follows.
        rest: String,
    },
    /// A filter of the wrong language.
    #[error("{place} is filtered by {method}")]
    WrongFilter {
        /// The table or collection.
        place: String,
        /// The method to use.
        method: &'static str,
    },
    /// A record without a place.
    #[error(
        "the record lives in no table or collection: give it #[record(table = \"…\")] or #[record(collection = \"…\")]"
    )]
    NoPlace,
    /// What SQLite says.
    #[error("SQLite refused {sql:?}: {message}")]
    Sqlite {
        /// The statement.
        sql: String,
        /// The reason.
        message: String,
    },
    /// A stored document that is not BSON.
    #[error("document {id} of {collection} is damaged: {reason}")]
    Damaged {
        /// The collection.
        collection: String,
        /// Its key.
        id: String,
        /// What is wrong.
        reason: String,
    },
    /// A frame column that has no counterpart.
    #[error(
        "column {name} is of type {found}, which has no kind: cast it to boolean, integer, float, text or datetime"
    )]
    Type {
        /// The column.
        name: String,
        /// Its type.
        found: String,
    },
    /// A frame that cannot be written as this record.
    #[error("the frame does not fit the record of {place}:{}", list(.unfit))]
    Unfit {
        /// The table.
        place: String,
        /// What is wrong, by column.
        unfit: Vec<Unfit>,
    },
    /// A load that was broken off by the caller.
    #[error("the load was cancelled; nothing of it is kept")]
    Cancelled,
    /// A field by whose ranges readers cannot share the work.
    #[error("{place} cannot be shared out by {column}: {reason}")]
    Partition {
        /// The table or collection.
        place: String,
        /// The field.
        column: String,
        /// Why not.
        reason: String,
    },
    /// A snapshot of another database.
    #[error("the snapshot is of another store: take it from the store that is loaded from")]
    ForeignSnapshot,
    /// A statement that is no query.
    #[error("{sql:?} does not only read: a query gives rows and changes nothing")]
    NoQuery {
        /// The statement.
        sql: String,
    },
    /// Two columns of one name.
    #[error("the query gives two columns {name}: name one of them otherwise, with AS")]
    DuplicateColumn {
        /// The name.
        name: String,
    },
    /// Two conditions.
    #[error("the load has two filters: join their conditions by AND in one .filter(…)")]
    FilteredTwice,
    /// A load of no column.
    #[error(
        "a load has at least one column: name fields of the record in .columns(…), or leave it out"
    )]
    NoColumns,
    /// A stage that would write.
    #[error("a load does not write: leave $out and $merge out of the pipeline")]
    Stage,
    /// Frames of a held state of an SQLite file.
    #[error(
        "an SQLite file is not read in batches at a snapshot, which is one connection: leave .at(…) out, since the batches of one load see one state anyway"
    )]
    HeldBatches,
    /// Stages for documents that are embedded.
    #[error(
        "collection {collection} is embedded, where there are no aggregation pipelines: use .matching(…), .sort(…) and .limit(…), or MongoDB"
    )]
    NoPipeline {
        /// The collection.
        collection: String,
    },
    /// A document that has no place in an order.
    #[error("document {id} of {collection} cannot be sorted: {reason}")]
    Unsortable {
        /// The collection.
        collection: String,
        /// Its key.
        id: String,
        /// Why not.
        reason: String,
    },
    /// A reader's thread that did not come to its end.
    #[error("a reader of the load ended early: {0}")]
    Thread(tokio::task::JoinError),
    /// A document filter that cannot be used.
    #[error(transparent)]
    Filter(#[from] FilterError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// polars.
    #[error(transparent)]
    Polars(#[from] PolarsError),
}

impl FrameError {
    /// Whether the connection to a server broke, so that another try may find it again.
    pub(super) fn is_lost(&self) -> bool {
        match self {
            FrameError::Store(StoreError::Lost { .. }) => true,
            FrameError::Store(StoreError::Mongo { source, .. }) => matches!(
                *source.kind,
                mongodb::error::ErrorKind::Io(_)
                    | mongodb::error::ErrorKind::ConnectionPoolCleared { .. }
            ),
            _ => false,
        }
    }
}

impl From<sqlx::Error> for FrameError {
    fn from(error: sqlx::Error) -> FrameError {
        FrameError::Store(StoreError::Statement(error))
    }
}

fn names(existing: &[String]) -> String {
    if existing.is_empty() {
        "none".into()
    } else {
        existing.join(", ")
    }
}

fn list<T: std::fmt::Display>(items: &[T]) -> String {
    items.iter().map(|item| format!("\n  {item}")).collect()
}
