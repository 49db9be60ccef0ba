//! What a relational database's catalogue says of its tables, in words that both kinds share, so that two can be compared and
//! drawn. What collections look like is read from their validators.

mod mermaid;
mod postgres;
mod shape;
mod sqlite;

pub use mermaid::class_diagram;
pub use shape::{Collection, Path, collections};

use super::{Store, StoreError, Tables};
use crate::runtime;

/// One table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// What the catalogue says it is; SQLite's says nothing.
    pub comment: Option<String>,
    /// Its columns, in order.
    pub columns: Vec<Column>,
    /// The columns of its primary key, in order.
    pub key: Vec<String>,
    /// The columns of each other unique constraint.
    pub unique: Vec<Vec<String>>,
    /// Its foreign keys.
    pub references: Vec<Reference>,
    /// Its indexes, but for those that hold keys and unique constraints.
    pub indexes: Vec<Index>,
    /// Its checks, but for those that only hold a type which the database itself lacks.
    pub checks: usize,
    /// The columns that it is partitioned by.
    pub partitioned_by: Vec<String>,
}

/// One column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// What kind of value it holds: `text`, `integer`, `float`, `instant`, `bytes`, or else the type as declared.
    pub family: String,
    /// Whether a null is allowed.
    pub nullable: bool,
    /// What the catalogue says it is.
    pub comment: Option<String>,
}

/// One foreign key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reference {
    /// Its columns.
    pub columns: Vec<String>,
    /// The table that it refers to.
    pub table: String,
    /// The columns there.
    pub to: Vec<String>,
}

/// One index.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Index {
    /// Its name.
    pub name: String,
    /// Its columns, in order.
    pub columns: Vec<String>,
}

impl Store {
    /// The tables of the relational store by their names: without partitions, which are their table's, and without the tables of
    /// embedded documents.
    ///
    /// # Errors
    /// When the database fails.
    pub fn structure(&self) -> Result<Vec<Table>, StoreError> {
        runtime::block_on(async {
            match &self.tables {
                Tables::Sqlite(sqlite) => {
                    let mut connection = sqlite.pool().acquire().await?;
                    sqlite::tables(&mut connection).await
                }
                Tables::Postgres(store) => {
                    let mut connection = store.pool().acquire().await?;
                    postgres::tables(&mut connection).await
                }
            }
        })
    }
}
