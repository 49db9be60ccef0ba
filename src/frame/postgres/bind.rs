//! Values for the placeholders of a COPY, which takes none itself.
//!
//! Each value is bound, by the protocol's own parameters, to a setting of the transaction (`set_config('carnet.p1', $1, true)`),
//! and the placeholder becomes `current_setting('carnet.p1')::type`, with the type that the server gives that placeholder. So no
//! value is ever part of a statement's text, and none can change what a statement does, whatever characters it has. The setting
//! is stable within a statement, so indexes are used as with a constant.

use super::Failed;
use super::placeholder::replace;
use crate::frame::{FrameError, Param};
use chrono::SecondsFormat;
use sqlx::{AssertSqlSafe, PgConnection, SqlSafeStr};

/// The statement without placeholders, after its values are in the transaction's settings. One with text that a caller gave is
/// found to be one statement, whether it has values or not.
pub(super) async fn bind(
    connection: &mut PgConnection,
    sql: &str,
    values: &[Param],
    is_callers: bool,
) -> Result<String, Failed> {
    let (_, placeholders) = replace(sql, |_| String::new());
    if placeholders != values.len() {
        return Err(Failed::Told(FrameError::Parameters {
            placeholders,
            values: values.len(),
        }));
    }
    if !is_callers {
        return Ok(sql.to_owned());
    }
    let types = types(connection, sql).await?;
    for (number, value) in (1..).zip(values) {
        let Some(text) = text(value) else {
            continue;
        };
        sqlx::query("SELECT set_config($1, $2, true)")
            .bind(name(number))
            .bind(text)
            .execute(&mut *connection)
            .await?;
    }
    let (bound, _) = replace(sql, |number| {
        let place = number.wrapping_sub(1);
        let of = types.get(place).map_or("text", String::as_str);
        match values.get(place) {
            Some(Param::Null) | None => format!("NULL::{of}"),
            Some(_) => format!("current_setting('{}')::{of}", name(number)),
        }
    });
    Ok(bound)
}

fn name(number: usize) -> String {
    format!("carnet.p{number}")
}

/// The type of each placeholder as the server infers it, as SQL. The statement is prepared by a statement of SQL, since sqlx would
/// look up the types of all its columns as well, and does not know each kind of type there is. Sent with parameters, although it has
/// none, it must be one statement: so nothing can follow the text that a caller gives.
async fn types(connection: &mut PgConnection, sql: &str) -> Result<Vec<String>, Failed> {
    let prepare = AssertSqlSafe(format!("PREPARE carnet AS {sql}")).into_sql_str();
    sqlx::query(prepare)
        .persistent(false)
        .execute(&mut *connection)
        .await?;
    let names = sqlx::query_scalar(
        "SELECT type::text FROM pg_prepared_statements, unnest(parameter_types) WITH ORDINALITY AS t (type, place) \
         WHERE name = 'carnet' ORDER BY place",
    )
    .fetch_all(&mut *connection)
    .await?;
    sqlx::query("DEALLOCATE carnet").execute(connection).await?;
    Ok(names)
}

/// The value as text that any type it fits reads; none for null.
fn text(value: &Param) -> Option<String> {
    Some(match value {
        Param::Null => return None,
        Param::Integer(number) => number.to_string(),
        Param::Real(number) if number.is_infinite() => {
            let sign = if *number < 0.0 { "-" } else { "" };
            format!("{sign}Infinity")
        }
        Param::Real(number) => format!("{number:?}"),
        Param::Text(text) => text.clone(),
        Param::Instant(instant) => instant.to_rfc3339_opts(SecondsFormat::AutoSi, true),
    })
}
