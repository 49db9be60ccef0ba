//! SQLite's catalogue: `pragma_table_info`, `pragma_foreign_key_list` and `sqlite_schema`.

use super::{CatalogueColumn, Listed};
use crate::store::quoted;
use crate::store::relational::count;
use sqlx::{Row, SqliteConnection};

/// The columns of a table or view in order; empty when there is no such table.
///
/// # Errors
/// What the database says.
pub(crate) async fn columns_of_table(
    connection: &mut SqliteConnection,
    table: &str,
) -> Result<Vec<CatalogueColumn>, sqlx::Error> {
    sqlx::query("SELECT name, upper(type), \"notnull\", pk FROM pragma_table_info($1) ORDER BY cid")
        .bind(table)
        .fetch_all(connection)
        .await?
        .iter()
        .map(|row| {
            let (not_null, key): (bool, i64) = (row.try_get(2)?, row.try_get(3)?);
            let declared: String = row.try_get(1)?;
            Ok(CatalogueColumn {
                name: row.try_get(0)?,
                base: declared.clone(),
                declared,
                nullable: !not_null && key == 0,
            })
        })
        .collect()
}

/// The names of all tables and views, without SQLite's and sqlx's own.
///
/// # Errors
/// What the database says.
pub(crate) async fn tables(connection: &mut SqliteConnection) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') \
         AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name NOT LIKE '\\_sqlx\\_%' ESCAPE '\\' ORDER BY name",
    )
    .fetch_all(connection)
    .await
}

/// The columns of the primary key of a table, in the key's order; none when it has no key.
///
/// # Errors
/// What the database says.
pub(crate) async fn key_of_table(
    connection: &mut SqliteConnection,
    table: &str,
) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar("SELECT name FROM pragma_table_info($1) WHERE pk > 0 ORDER BY pk")
        .bind(table)
        .fetch_all(connection)
        .await
}

/// Every column of every table and view that [`tables`] names, but for tables of these names. The rows of a table are counted,
/// for which SQLite reads the smallest of its indexes.
///
/// # Errors
/// What the database says.
pub(crate) async fn list(
    connection: &mut SqliteConnection,
    without: &[String],
) -> Result<Vec<Listed>, sqlx::Error> {
    let mut listed = Vec::new();
    for row in sqlx::query(
        "SELECT s.name, s.type = 'view', c.name, c.type, c.\"notnull\" = 0 AND c.pk = 0, nullif(c.pk, 0) \
         FROM sqlite_schema s, pragma_table_info(s.name) c WHERE s.type IN ('table', 'view') \
         AND s.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND s.name NOT LIKE '\\_sqlx\\_%' ESCAPE '\\' ORDER BY s.name, c.cid",
    )
    .fetch_all(&mut *connection)
    .await?
    {
        listed.push(Listed {
            table: row.try_get(0)?,
            view: row.try_get(1)?,
            column: row.try_get(2)?,
            declared: row.try_get(3)?,
            nullable: row.try_get(4)?,
            key: row.try_get(5)?,
            references: None,
            rows: None,
        });
    }
    refer(connection, &mut listed).await?;
    listed.retain(|column| !without.contains(&column.table));
    for table in listed.chunk_by_mut(|one, next| one.table == next.table) {
        if !table[0].view {
            let rows = count(connection, &quoted(&table[0].table)).await?;
            let rows = i64::try_from(rows).ok();
            table.iter_mut().for_each(|column| column.rows = rows);
        }
    }
    Ok(listed)
}

/// Adds what foreign keys refer to. One that names no columns refers to the other table's primary key.
async fn refer(
    connection: &mut SqliteConnection,
    listed: &mut [Listed],
) -> Result<(), sqlx::Error> {
    for row in sqlx::query(
        "SELECT s.name, f.\"from\", f.\"table\", f.\"to\", f.seq + 1 \
         FROM sqlite_schema s, pragma_foreign_key_list(s.name) f WHERE s.type = 'table' ORDER BY s.name, f.id, f.seq",
    )
    .fetch_all(connection)
    .await?
    {
        let (table, column, other): (String, String, String) =
            (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        let (to, place): (Option<String>, i32) = (row.try_get(3)?, row.try_get(4)?);
        let to = to.or_else(|| {
            let key = listed.iter().find(|column| {
                column.table.eq_ignore_ascii_case(&other) && column.key == Some(place)
            });
            key.map(|column| column.column.clone())
        });
        let target = match to {
            Some(to) => format!("{other}.{to}"),
            None => other,
        };
        for column in listed.iter_mut().filter(|listed| {
            listed.table == table && listed.column.eq_ignore_ascii_case(&column)
        }) {
            match &mut column.references {
                Some(before) => {
                    before.push_str(", ");
                    before.push_str(&target);
                }
                none => *none = Some(target.clone()),
            }
        }
    }
    Ok(())
}
