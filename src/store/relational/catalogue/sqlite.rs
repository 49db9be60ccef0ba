//! SQLite's catalogue: `pragma_table_info` and `sqlite_schema`.

use super::CatalogueColumn;
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
