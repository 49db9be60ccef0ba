//! Relational tables: the embedded SQLite file by sqlx, its migrations, its catalogue, and writing to it.

mod catalogue;
mod migrate;
mod sqlite;
mod upsert;

pub use catalogue::{CatalogueColumn, columns_of_table, tables};
pub use migrate::{Migrated, Migration};
pub use upsert::{Bound, Row, upsert};

pub(crate) use sqlite::{Database, path_of_url};
