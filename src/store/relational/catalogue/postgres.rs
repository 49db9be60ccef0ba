//! PostgreSQL's catalogue: `pg_attribute` and `pg_type`, domains followed down to the type they are of.

use super::{CatalogueColumn, Listed};
use sqlx::postgres::types::Oid;
use sqlx::postgres::{PgColumn, PgRow};
use sqlx::{AssertSqlSafe, Column, PgConnection, Row, SqlSafeStr};

/// What decides how values of a type travel: `below.base` and `below.not_null` of the type `typid`, domains followed down.
const BELOW: &str = "CROSS JOIN LATERAL ( \
       WITH RECURSIVE chain AS ( \
         SELECT t.*, t.typnotnull AS not_null FROM pg_type t WHERE t.oid = typid \
         UNION ALL \
         SELECT t.*, chain.not_null OR t.typnotnull \
         FROM chain JOIN pg_type t ON t.oid = chain.typbasetype WHERE chain.typtype = 'd') \
       SELECT CASE WHEN c.typcategory = 'A' THEN '_' || \
           CASE WHEN i.typtype = 'e' THEN 'enum' WHEN i.typnamespace = 'pg_catalog'::regnamespace THEN i.typname::text ELSE '' END \
         WHEN c.typtype = 'e' THEN 'enum' \
         WHEN c.typnamespace = 'pg_catalog'::regnamespace THEN c.typname::text ELSE '' END AS base, c.not_null \
       FROM chain c LEFT JOIN pg_type i ON i.oid = c.typelem WHERE c.typtype <> 'd') below";

/// The columns of a table, view or foreign table in order; empty when there is none of that name. The name may have a schema
/// before a dot; both parts are taken as they are written, in their own case.
///
/// # Errors
/// What the database says.
pub(crate) async fn columns_of_table(
    connection: &mut PgConnection,
    table: &str,
) -> Result<Vec<CatalogueColumn>, sqlx::Error> {
    let sql = format!(
        "SELECT a.attname::text, format_type(a.atttypid, a.atttypmod), below.base, NOT (a.attnotnull OR below.not_null) \
         FROM pg_attribute a CROSS JOIN LATERAL (SELECT a.atttypid) type (typid) {BELOW} \
         WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum"
    );
    sqlx::query(AssertSqlSafe(sql).into_sql_str())
        .bind(quoted_path(table))
        .fetch_all(connection)
        .await?
        .iter()
        .map(column)
        .collect()
}

/// The columns of a prepared statement's result. One that is a column of a table has what is declared there; of others the server
/// says the type, and nothing about nulls.
///
/// # Errors
/// What the database says.
pub(crate) async fn columns_of_statement(
    connection: &mut PgConnection,
    columns: &[PgColumn],
) -> Result<Vec<CatalogueColumn>, sqlx::Error> {
    let names: Vec<&str> = columns.iter().map(|column| column.name()).collect();
    let types: Vec<Oid> = columns
        .iter()
        .map(|column| column.type_info().oid().unwrap_or_default())
        .collect();
    let tables: Vec<Option<Oid>> = columns.iter().map(PgColumn::relation_id).collect();
    let places: Vec<Option<i16>> = columns
        .iter()
        .map(PgColumn::relation_attribute_no)
        .collect();
    let sql = format!(
        "SELECT c.name, format_type(c.typid, a.atttypmod), below.base, NOT (coalesce(a.attnotnull, false) OR below.not_null) \
         FROM unnest($1::text[], $2::oid[], $3::oid[], $4::int2[]) WITH ORDINALITY AS c (name, typid, relation, attribute, place) \
         LEFT JOIN pg_attribute a ON a.attrelid = c.relation AND a.attnum = c.attribute {BELOW} ORDER BY c.place"
    );
    sqlx::query(AssertSqlSafe(sql).into_sql_str())
        .bind(names)
        .bind(types)
        .bind(tables)
        .bind(places)
        .fetch_all(connection)
        .await?
        .iter()
        .map(column)
        .collect()
}

fn column(row: &PgRow) -> Result<CatalogueColumn, sqlx::Error> {
    Ok(CatalogueColumn {
        name: row.try_get(0)?,
        declared: row.try_get(1)?,
        base: row.try_get(2)?,
        nullable: row.try_get(3)?,
    })
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

/// The names of all tables that are no partition of another, without views.
///
/// # Errors
/// What the database says.
pub(crate) async fn whole_tables(
    connection: &mut PgConnection,
) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT CASE WHEN pg_table_is_visible(c.oid) THEN '' ELSE n.nspname || '.' END || c.relname AS name \
         FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
         WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname NOT IN ('pg_catalog', 'information_schema') \
           AND n.nspname NOT LIKE 'pg\\_%' AND c.relname <> '_sqlx_migrations' ORDER BY name",
    )
    .fetch_all(connection)
    .await
}

/// The columns of the primary key of a table, in the key's order; none when it has no key.
///
/// # Errors
/// What the database says.
pub(crate) async fn key_of_table(
    connection: &mut PgConnection,
    table: &str,
) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT a.attname::text FROM pg_constraint k \
         JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey) \
         WHERE k.contype = 'p' AND k.conrelid = to_regclass($1) ORDER BY array_position(k.conkey, a.attnum)",
    )
    .bind(quoted_path(table))
    .fetch_all(connection)
    .await
}

/// Every column of every table and view that [`tables`] names. `strict` are the domains that forbid nulls, and the domains over
/// them; a foreign key to a partitioned table has, below it, one for each partition, which say nothing new. The rows are those
/// that the last ANALYZE or VACUUM estimated.
///
/// # Errors
/// What the database says.
pub(crate) async fn list(connection: &mut PgConnection) -> Result<Vec<Listed>, sqlx::Error> {
    sqlx::query(
        "WITH RECURSIVE strict AS ( \
           SELECT oid FROM pg_type WHERE typtype = 'd' AND typnotnull \
           UNION SELECT t.oid FROM pg_type t JOIN strict ON t.typbasetype = strict.oid WHERE t.typtype = 'd'), \
         named AS ( \
           SELECT c.*, CASE WHEN pg_table_is_visible(c.oid) THEN '' ELSE n.nspname || '.' END || c.relname AS name, \
             n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_%' \
               AND c.relname <> '_sqlx_migrations' AS is_ours \
           FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'v', 'm', 'p', 'f')) \
         SELECT c.name, c.relkind IN ('v', 'm'), a.attname::text, format_type(a.atttypid, a.atttypmod), \
           NOT (a.attnotnull OR a.atttypid IN (SELECT oid FROM strict)), \
           (SELECT array_position(k.conkey, a.attnum) FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'p'), \
           (SELECT string_agg(other.name || '.' || b.attname, ', ' ORDER BY f.conname) \
            FROM pg_constraint f JOIN named other ON other.oid = f.confrelid \
            JOIN pg_attribute b ON b.attrelid = f.confrelid AND b.attnum = f.confkey[array_position(f.conkey, a.attnum)] \
            WHERE f.conrelid = c.oid AND f.contype = 'f' AND a.attnum = ANY (f.conkey) AND NOT EXISTS ( \
              SELECT FROM pg_constraint above WHERE above.oid = f.conparentid AND above.conrelid = f.conrelid)), \
           CASE WHEN c.relkind <> 'v' AND c.reltuples >= 0 THEN c.reltuples::bigint END \
         FROM named c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped \
         WHERE c.is_ours ORDER BY c.name, a.attnum",
    )
    .fetch_all(connection)
    .await?
    .iter()
    .map(|row| {
        Ok(Listed {
            table: row.try_get(0)?,
            view: row.try_get(1)?,
            column: row.try_get(2)?,
            declared: row.try_get(3)?,
            nullable: row.try_get(4)?,
            key: row.try_get(5)?,
            references: row.try_get(6)?,
            rows: row.try_get(7)?,
        })
    })
    .collect()
}

/// A table's name as SQL: `table` or `schema.table`, each part quoted.
pub(crate) fn quoted_path(table: &str) -> String {
    let parts: Vec<String> = table.split('.').map(crate::store::quoted).collect();
    parts.join(".")
}
