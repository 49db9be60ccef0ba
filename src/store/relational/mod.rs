//! Relational tables: PostgreSQL and the embedded SQLite file by sqlx, their catalogues, and writing to them.

mod catalogue;
mod lease;
mod postgres;
mod sqlite;
mod upsert;

pub use catalogue::CatalogueColumn;
pub(crate) use catalogue::{Listed, postgres as postgres_catalogue, sqlite as sqlite_catalogue};
pub(crate) use lease::Lease;
pub(crate) use postgres::Postgres;
pub(crate) use sqlite::{Opening, PARAMETERS, Sqlite, count, stored_instant};
pub use upsert::{Bound, Row};
pub(crate) use upsert::{Rows, into_postgres, into_sqlite};
