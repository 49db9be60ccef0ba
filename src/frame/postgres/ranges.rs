//! Sharing a table out by ranges of one of its columns, so that several connections read it at once.

use super::Failed;
use crate::frame::FrameError;
use crate::frame::request::Request;
use crate::record::Schema;
use crate::store::quoted;
use crate::store::relational::{Lease, Postgres, postgres_catalogue};
use sqlx::{AssertSqlSafe, PgConnection, SqlSafeStr};

/// The column that every ordinary table has: where a row lies.
const PLACE: &str = "ctid";

/// Conditions that share the rows out by ranges of equal width between the column's least and greatest value, one for each
/// connection: each row meets exactly one, and those with a null there meet the first. Bounds are literals that the server itself
/// has written.
pub(crate) async fn ranges(
    store: &Postgres,
    request: &Request,
    snapshot: &str,
    column: &str,
    partitions: usize,
) -> Result<Vec<String>, FrameError> {
    let failed = |source| FrameError::Store(store.error(source));
    let lease = Lease::begin(store.pool(), Some(snapshot)).await;
    let mut lease = lease.map_err(failed)?;
    let bounds = bounds(
        lease.connection(),
        &request.schema,
        request.table(),
        column,
        partitions,
    );
    let bounds = match bounds.await {
        Ok(bounds) => bounds,
        Err(Failed::Told(error)) => return Err(error),
        Err(Failed::Database(source)) => return Err(failed(source)),
    };
    lease.end().await.map_err(failed)?;
    let name = quoted(column);
    let Some(first) = bounds.first() else {
        return Ok(vec!["true".into()]);
    };
    // A place is never null, and the server finds it by its pages only if nothing else is asked.
    let nulls = if column == PLACE {
        String::new()
    } else {
        format!(" OR {name} IS NULL")
    };
    let mut ranges = vec![format!("{name} < {first}{nulls}")];
    for (at, from) in bounds.iter().enumerate() {
        ranges.push(match bounds.get(at + 1) {
            Some(to) => format!("{name} >= {from} AND {name} < {to}"),
            None => format!("{name} >= {from}"),
        });
    }
    Ok(ranges)
}

/// The values between the ranges, as SQL, in order and each once.
async fn bounds(
    connection: &mut PgConnection,
    schema: &Schema,
    table: &str,
    column: &str,
    partitions: usize,
) -> Result<Vec<String>, Failed> {
    if column == PLACE {
        return places(connection, schema, table, partitions).await;
    }
    let columns = postgres_catalogue::columns_of_table(connection, table).await?;
    let Some(found) = columns.iter().find(|found| found.name == column) else {
        // A table or a column that is not there is told with all other differences by the read itself.
        return Ok(Vec::new());
    };
    let between = match found.base.as_str() {
        "int2" | "int4" | "int8" => {
            format!(
                "(low + floor((high::numeric - low) * part / {partitions}))::{}",
                found.base
            )
        }
        "numeric" => format!("low + (high - low) * part / {partitions}"),
        "float4" | "float8" => {
            format!(
                "(low * (1 - part::float8 / {partitions}) + high * (part::float8 / {partitions}))::{}",
                found.base
            )
        }
        "date" => format!("low + ((high - low)::int8 * part / {partitions})::int4"),
        "timestamp" | "timestamptz" => {
            format!("low + (high - low) * (part::float8 / {partitions})")
        }
        _ => {
            return Err(Failed::Told(FrameError::Partition {
                place: schema.place.to_string(),
                column: column.to_owned(),
                reason: format!(
                    "it is {}, and ranges are of numbers, dates and timestamps",
                    found.declared
                ),
            }));
        }
    };
    let name = quoted(column);
    let finite = match found.base.as_str() {
        "date" | "timestamp" | "timestamptz" => format!("isfinite({name})"),
        "float4" | "float8" => format!("{name} NOT IN ('NaN', 'Infinity', '-Infinity')"),
        "numeric" => format!("{name} <> 'NaN'"),
        _ => "true".into(),
    };
    let sql = format!(
        "SELECT DISTINCT ON (bound) quote_literal(bound::text) || '::{}' FROM ( \
           SELECT {between} AS bound FROM (SELECT min({name}) AS low, max({name}) AS high FROM {} WHERE {finite}) ends, \
             generate_series(1, {}) part) bounds WHERE bound IS NOT NULL ORDER BY bound",
        found.base,
        postgres_catalogue::quoted_path(table),
        partitions - 1,
    );
    Ok(sqlx::query_scalar(AssertSqlSafe(sql).into_sql_str())
        .fetch_all(connection)
        .await?)
}

/// The pages between the ranges. The server reads only the pages of a range, so this is the cheapest way to share out a table,
/// whatever columns and indexes it has.
async fn places(
    connection: &mut PgConnection,
    schema: &Schema,
    table: &str,
    partitions: usize,
) -> Result<Vec<String>, Failed> {
    let pages: Option<i64> = sqlx::query_scalar(
        "SELECT pg_relation_size(oid) / current_setting('block_size')::int8 FROM pg_class WHERE oid = to_regclass($1) AND relkind IN ('r', 'm')",
    )
    .bind(postgres_catalogue::quoted_path(table))
    .fetch_optional(connection)
    .await?;
    let Some(pages) = pages else {
        return Err(Failed::Told(FrameError::Partition {
            place: schema.place.to_string(),
            column: PLACE.to_owned(),
            reason: "it is no table of its own, whose rows have a place".into(),
        }));
    };
    let partitions = partitions as i64;
    let mut bounds: Vec<i64> = (1..partitions)
        .map(|part| pages * part / partitions)
        .collect();
    bounds.dedup();
    bounds.retain(|page| *page > 0);
    Ok(bounds
        .iter()
        .map(|page| format!("'({page},0)'::tid"))
        .collect())
}
