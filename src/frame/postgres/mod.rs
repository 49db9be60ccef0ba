//! PostgreSQL rows → columns, by `COPY (…) TO STDOUT (FORMAT binary)`: bytes of the wire go straight into column builders, row
//! by row as they arrive, while the server makes the next ones.
//!
//! One load is one read-only transaction of one snapshot: the catalogue that the record is checked against, the types of the
//! filter's placeholders and the rows are all of the same moment. The readers of a partitioned load share one.

mod array;
mod bind;
mod copy;
mod decode;
mod numeric;
mod placeholder;
mod ranges;
mod types;

pub(super) use ranges::ranges;
pub(super) use types::{kinds, takes};

use super::output::Output;
use super::request::{Declared, Read, Request};
use super::{FrameError, check, query};
use crate::record::Field;
use crate::store::quoted;
use crate::store::relational::{Lease, Postgres, postgres_catalogue};
use copy::{CopyError, Reader};
use decode::Decoder;
use futures_util::TryStreamExt;
use sqlx::{AssertSqlSafe, PgConnection, Row, SqlSafeStr};

/// Reads the rows of a table or view, or those that a query gives.
pub(super) async fn read(
    store: &Postgres,
    request: &Request,
    snapshot: Option<&str>,
    output: &mut Output<'_>,
) -> Result<Read, FrameError> {
    let failed = |source| FrameError::Store(store.error(source));
    let mut lease = Lease::begin(store.pool(), snapshot).await.map_err(failed)?;
    let now = lease.now().to_owned();
    match in_transaction(lease.connection(), request, output).await {
        Ok(mut read) => {
            lease.end().await.map_err(failed)?;
            read.snapshot = Some(now);
            Ok(read)
        }
        Err(Failed::Told(error)) => Err(error),
        Err(Failed::Database(source)) => Err(failed(source)),
    }
}

/// Why a read ended early.
enum Failed {
    /// An error of ours.
    Told(FrameError),
    /// The database's or the connection's.
    Database(sqlx::Error),
}

impl From<sqlx::Error> for Failed {
    fn from(error: sqlx::Error) -> Failed {
        Failed::Database(error)
    }
}

impl From<FrameError> for Failed {
    fn from(error: FrameError) -> Failed {
        Failed::Told(error)
    }
}

impl From<CopyError> for Failed {
    fn from(error: CopyError) -> Failed {
        Failed::Database(sqlx::Error::Protocol(error.to_string()))
    }
}

async fn in_transaction(
    connection: &mut PgConnection,
    request: &Request,
    output: &mut Output<'_>,
) -> Result<Read, Failed> {
    let Selection {
        bound,
        told,
        fields,
        mut decoders,
        columns,
    } = match &request.statement {
        Some(statement) => of_statement(connection, statement, request).await?,
        None => of_table(connection, request).await?,
    };
    let key = request
        .key
        .as_ref()
        .and_then(|key| fields.iter().position(|field| field.path == *key));
    output.begin(&fields);
    let mut stream = connection
        .copy_out_raw(&format!("COPY ({bound}\n) TO STDOUT (FORMAT binary)"))
        .await?;
    let mut reader = Reader::new(decoders.len());
    while let Some(message) = stream.try_next().await? {
        take(&mut reader, &message, key, &fields, &mut decoders, output)?;
    }
    let read = reader.finish()?;
    Ok(Read {
        query: told,
        read,
        snapshot: None,
        columns,
    })
}

/// Puts the rows that are whole with this message into the columns.
fn take(
    reader: &mut Reader,
    message: &[u8],
    key: Option<usize>,
    fields: &[Field],
    decoders: &mut [Decoder],
    output: &mut Output<'_>,
) -> Result<(), Failed> {
    reader.feed(message, |row| {
        decode::append(row, key, fields, decoders, output);
        Ok(output.row(row.size())?)
    })
}

/// What to select, and how it is read.
struct Selection {
    /// The statement with its values bound.
    bound: String,
    /// What the report shows: with placeholders, without this reader's range.
    told: String,
    fields: Vec<Field>,
    decoders: Vec<Decoder>,
    columns: Vec<Declared>,
}

/// The record's fields, compared with the table's columns.
async fn of_table(connection: &mut PgConnection, request: &Request) -> Result<Selection, Failed> {
    let table = request.table();
    let columns = postgres_catalogue::columns_of_table(connection, table).await?;
    if columns.is_empty() {
        return Err(Failed::Told(FrameError::NoTable {
            name: table.to_owned(),
            existing: postgres_catalogue::tables(connection).await?.join(", "),
        }));
    }
    check::check(&request.schema, &columns, types::kinds)?;
    let fields = request.schema.fields.clone();
    let (mut expressions, mut decoders, mut declared) = (Vec::new(), Vec::new(), Vec::new());
    for field in &fields {
        // The check has found each field's column.
        let column = columns.iter().find(|column| column.name == field.path);
        let base = column.map_or("", |column| column.base.as_str());
        let (form, cast) = types::form(base, &field.kind);
        let name = quoted(&field.path);
        expressions.push(match cast {
            Some(to) => format!("{name}::{to}"),
            None => name,
        });
        decoders.push(Decoder::new(form));
        declared.push(Declared::of(column));
    }
    let order = |path: &str| {
        let name = quoted(path);
        let column = columns.iter().find(|column| column.name == path);
        // As everywhere else: by bytes, not by the rules of a language.
        let is_text = column.is_some_and(|column| {
            matches!(column.base.as_str(), "text" | "varchar" | "bpchar" | "name")
        });
        if is_text {
            format!("{name} COLLATE \"C\"")
        } else {
            name
        }
    };
    let select = |request: &Request| {
        let rest = request.clauses(&postgres_catalogue::quoted_path(table), order);
        format!("SELECT {} {rest}", expressions.join(", "))
    };
    let is_callers = request.condition.is_some();
    let bound = bind::bind(connection, &select(request), &request.values, is_callers).await?;
    Ok(Selection {
        bound,
        told: select(&Request {
            range: None,
            ..request.clone()
        }),
        fields,
        decoders,
        columns: declared,
    })
}

/// The columns of a query, as the server describes it, each of the natural kind of its type.
async fn of_statement(
    connection: &mut PgConnection,
    statement: &str,
    request: &Request,
) -> Result<Selection, Failed> {
    let bound = bind::bind(connection, statement, &request.values, true).await?;
    // One row without values has the columns of the query, which is not run for it.
    let empty =
        format!("SELECT query.* FROM (SELECT 1) AS one LEFT JOIN (\n{bound}\n) AS query ON false");
    let empty = sqlx::raw_sql(AssertSqlSafe(empty).into_sql_str())
        .fetch_one(&mut *connection)
        .await?;
    let columns = postgres_catalogue::columns_of_statement(connection, empty.columns()).await?;
    let fields = query::fields(&columns, types::kinds)?;
    let (mut expressions, mut decoders) = (Vec::new(), Vec::new());
    let mut is_cast = false;
    for (place, (field, column)) in fields.iter().zip(&columns).enumerate() {
        let (form, cast) = types::form(&column.base, &field.kind);
        is_cast |= cast.is_some();
        expressions.push(match cast {
            Some(to) => format!("c{place}::{to}"),
            None => format!("c{place}"),
        });
        decoders.push(Decoder::new(form));
    }
    let wrapped = |statement: &str| {
        let names: Vec<String> = (0..columns.len())
            .map(|place| format!("c{place}"))
            .collect();
        let (expressions, names) = (expressions.join(", "), names.join(", "));
        format!("SELECT {expressions} FROM (\n{statement}\n) AS query ({names})")
    };
    Ok(Selection {
        bound: if is_cast { wrapped(&bound) } else { bound },
        told: statement.to_owned(),
        fields,
        decoders,
        columns: columns
            .iter()
            .map(|column| Declared::of(Some(column)))
            .collect(),
    })
}

/// What fuzzing needs of this module, which is nobody else's.
#[cfg(any(test, fuzzing))]
mod hostile {
    use super::{Decoder, Reader, types};
    use crate::frame::output::Output;
    use crate::record::{Field, Kind};

    /// Every form in which values come, with a kind they can be loaded as.
    pub(crate) fn forms() -> Vec<(types::Form, Kind)> {
        let mut forms = Vec::new();
        for fate in types::FATES {
            for kind in types::kinds_of(fate.base) {
                forms.push((types::form(fate.base, &kind).0, kind));
            }
            let array = format!("_{}", fate.base);
            for kind in types::kinds_of(&array) {
                forms.push((types::form(&array, &kind).0, kind));
            }
        }
        forms
    }

    /// Rows decoded, if the stream came to its end.
    pub(crate) fn decode_all<'a>(
        fields: &[Field],
        forms: &[types::Form],
        messages: impl Iterator<Item = &'a [u8]>,
        output: &mut Output<'_>,
    ) -> Option<usize> {
        output.begin(fields);
        let mut decoders: Vec<Decoder> = forms.iter().copied().map(Decoder::new).collect();
        let mut reader = Reader::new(fields.len());
        for message in messages {
            super::take(&mut reader, message, Some(0), fields, &mut decoders, output).ok()?;
        }
        reader.finish().ok()
    }
}
#[cfg(any(test, fuzzing))]
pub(super) use {copy::HEAD, hostile::decode_all, hostile::forms};
