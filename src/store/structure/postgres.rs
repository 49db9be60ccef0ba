//! The structure of a PostgreSQL database, from `pg_catalog`.

use super::{Column, Index, Reference, Table};
use crate::store::StoreError;
use crate::store::relational::postgres_catalogue::{key_of_table, quoted_path, whole_tables};
use sqlx::{PgConnection, Row};

/// The names of columns by their numbers, in their order, as an array of text.
const NAMED: &str = "(SELECT array_agg(a.attname::text ORDER BY part.place) FROM unnest(@numbers) WITH ORDINALITY AS part (number, place) \
     JOIN pg_attribute a ON a.attrelid = @table AND a.attnum = part.number)";

fn named(numbers: &str, table: &str) -> String {
    NAMED.replace("@numbers", numbers).replace("@table", table)
}

fn sql(text: String) -> sqlx::SqlStr {
    sqlx::SqlSafeStr::into_sql_str(sqlx::AssertSqlSafe(text))
}

/// All tables by their names.
pub(super) async fn tables(connection: &mut PgConnection) -> Result<Vec<Table>, StoreError> {
    let mut tables = Vec::new();
    for name in whole_tables(connection).await? {
        let path = quoted_path(&name);
        let rows = sqlx::query(
            "SELECT a.attname::text, format_type(a.atttypid, a.atttypmod), NOT a.attnotnull, col_description(a.attrelid, a.attnum) \
             FROM pg_attribute a WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum",
        )
        .bind(&path)
        .fetch_all(&mut *connection)
        .await?;
        let mut columns = Vec::new();
        for row in rows {
            let declared: String = row.try_get(1)?;
            columns.push(Column {
                name: row.try_get(0)?,
                family: family(&declared).to_owned(),
                nullable: row.try_get(2)?,
                comment: row.try_get(3)?,
            });
        }
        let whole = sqlx::query(sql(format!(
            "SELECT obj_description(c.oid, 'pg_class'), \
               (SELECT count(*) FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'c'), \
               (SELECT {} FROM pg_partitioned_table p WHERE p.partrelid = c.oid) \
             FROM pg_class c WHERE c.oid = to_regclass($1)",
            named("p.partattrs::int2[]", "c.oid"),
        )))
        .bind(&path)
        .fetch_one(&mut *connection)
        .await?;
        let checks: i64 = whole.try_get(1)?;
        let partitioned_by: Option<Vec<String>> = whole.try_get(2)?;
        tables.push(Table {
            comment: whole.try_get(0)?,
            columns,
            key: key_of_table(connection, &name).await?,
            unique: unique(connection, &path).await?,
            references: references(connection, &path).await?,
            indexes: indexes(connection, &path).await?,
            checks: usize::try_from(checks).unwrap_or(0),
            partitioned_by: partitioned_by.unwrap_or_default(),
            name,
        });
    }
    Ok(tables)
}

fn family(declared: &str) -> &str {
    match declared {
        "text" => "text",
        "smallint" | "integer" | "bigint" => "integer",
        "real" | "double precision" => "float",
        "timestamp with time zone" => "instant",
        "bytea" => "bytes",
        other => other,
    }
}

async fn unique(connection: &mut PgConnection, path: &str) -> Result<Vec<Vec<String>>, StoreError> {
    let names = named("k.conkey", "k.conrelid");
    let mut unique: Vec<Vec<String>> = sqlx::query_scalar(sql(format!(
        "SELECT {names} FROM pg_constraint k WHERE k.contype = 'u' AND k.conrelid = to_regclass($1)"
    )))
    .bind(path)
    .fetch_all(connection)
    .await?;
    unique.sort();
    Ok(unique)
}

async fn references(
    connection: &mut PgConnection,
    path: &str,
) -> Result<Vec<Reference>, StoreError> {
    let (from, to) = (
        named("k.conkey", "k.conrelid"),
        named("k.confkey", "k.confrelid"),
    );
    // One to a partitioned table has one more for each partition, which say nothing new.
    let rows = sqlx::query(sql(format!(
        "SELECT {from}, k.confrelid::regclass::text, {to} FROM pg_constraint k \
         WHERE k.contype = 'f' AND k.conparentid = 0 AND k.conrelid = to_regclass($1)"
    )))
    .bind(path)
    .fetch_all(connection)
    .await?;
    let mut references = Vec::new();
    for row in rows {
        references.push(Reference {
            columns: row.try_get(0)?,
            table: row.try_get(1)?,
            to: row.try_get(2)?,
        });
    }
    references.sort();
    Ok(references)
}

async fn indexes(connection: &mut PgConnection, path: &str) -> Result<Vec<Index>, StoreError> {
    let names = named("i.indkey::int2[]", "i.indrelid");
    let rows = sqlx::query(sql(format!(
        "SELECT c.relname::text, {names} FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid \
         WHERE i.indrelid = to_regclass($1) AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid) \
         ORDER BY 1"
    )))
    .bind(path)
    .fetch_all(connection)
    .await?;
    let mut indexes = Vec::new();
    for row in rows {
        indexes.push(Index {
            name: row.try_get(0)?,
            columns: row.try_get(1)?,
        });
    }
    Ok(indexes)
}
