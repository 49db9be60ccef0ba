//! PostgreSQL's catalogue: `pg_attribute` and `pg_type`, domains followed down to the type they are of.

use super::CatalogueColumn;
use sqlx::{PgConnection, Row};

/// The columns of a table, view or foreign table in order; empty when there is none of that name. The name may have a schema
/// before a dot; both parts are taken as they are written, in their own case.
///
/// # Errors
/// What the database says.
pub(crate) async fn columns_of_table(
    connection: &mut PgConnection,
    table: &str,
) -> Result<Vec<CatalogueColumn>, sqlx::Error> {
    sqlx::query(
        "SELECT a.attname::text, format_type(a.atttypid, a.atttypmod), \
           CASE WHEN b.typtype = 'e' THEN 'enum' WHEN b.typnamespace = 'pg_catalog'::regnamespace THEN b.typname::text ELSE '' END, \
           NOT (a.attnotnull OR b.not_null) \
         FROM pg_attribute a CROSS JOIN LATERAL ( \
           WITH RECURSIVE below AS ( \
             SELECT oid, typname, typtype, typbasetype, typnamespace, typnotnull AS not_null FROM pg_type WHERE oid = a.atttypid \
             UNION ALL \
             SELECT t.oid, t.typname, t.typtype, t.typbasetype, t.typnamespace, below.not_null OR t.typnotnull \
             FROM below JOIN pg_type t ON t.oid = below.typbasetype WHERE below.typtype = 'd') \
           SELECT typname, typtype, typnamespace, not_null FROM below WHERE typtype <> 'd') b \
         WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum",
    )
    .bind(quoted_path(table))
    .fetch_all(connection)
    .await?
    .iter()
    .map(|row| {
        Ok(CatalogueColumn {
            name: row.try_get(0)?,
            declared: row.try_get(1)?,
            base: row.try_get(2)?,
            nullable: row.try_get(3)?,
        })
    })
    .collect()
}

/// The names of all tables and views of the database that are the user's, with their schema where it has to be written.
///
/// # Errors
/// What the database says.
pub(crate) async fn tables(connection: &mut PgConnection) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT CASE WHEN pg_table_is_visible(c.oid) THEN '' ELSE n.nspname || '.' END || c.relname AS name \
         FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
         WHERE c.relkind IN ('r', 'v', 'm', 'p', 'f') AND n.nspname NOT IN ('pg_catalog', 'information_schema') \
           AND n.nspname NOT LIKE 'pg\\_%' AND c.relname <> '_sqlx_migrations' ORDER BY name",
    )
    .fetch_all(connection)
    .await
}

/// A table's name as SQL: `table` or `schema.table`, each part quoted.
pub(crate) fn quoted_path(table: &str) -> String {
    let parts: Vec<String> = table.split('.').map(crate::store::quoted).collect();
    parts.join(".")
}
