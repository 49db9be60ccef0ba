//! Relational tables: the embedded SQLite file by sqlx, its migrations, and its catalogue.

mod catalogue;
mod migrate;
mod sqlite;

pub use catalogue::{CatalogueColumn, columns_of_table, tables};
pub use migrate::{Migrated, Migration};
pub(crate) use sqlite::{Database, path_of_url};
