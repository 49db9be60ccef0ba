//! What a database itself says about its tables: names, declared types, whether nulls are allowed. Loads are checked against
//! this, never against the first rows.

pub(crate) mod postgres;
pub(crate) mod sqlite;

/// One column as the catalogue has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogueColumn {
    /// Its name.
    pub name: String,
    /// The declared type: in SQLite as written in the table's definition, in upper case; in PostgreSQL as `format_type` writes
    /// it, such as `numeric(10,2)`.
    pub declared: String,
    /// The type that decides how values travel. In SQLite that is `declared`; in PostgreSQL the name of the built-in type below
    /// any domain, `enum` for an enumerated type, and empty for any other that is not PostgreSQL's own; for an array `_` and that of
    /// its items.
    pub base: String,
    /// Whether a null is allowed: neither NOT NULL nor part of the primary key.
    pub nullable: bool,
}

/// One column of one table or view, as a list of the whole database has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Listed {
    /// The table, with its schema where that has to be written.
    pub(crate) table: String,
    /// Whether it is a view, materialized or not.
    pub(crate) view: bool,
    /// The column.
    pub(crate) column: String,
    /// Its type, as declared.
    pub(crate) declared: String,
    /// Whether a null is allowed.
    pub(crate) nullable: bool,
    /// Its place in the primary key, from 1.
    pub(crate) key: Option<i32>,
    /// The `table.column` that a foreign key refers to, all of them when there are several.
    pub(crate) references: Option<String>,
    /// The rows of the table.
    pub(crate) rows: Option<i64>,
}
