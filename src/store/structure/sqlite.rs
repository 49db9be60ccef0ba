//! The structure of an SQLite file, from its pragmas and from the text of its tables, which is the only place where checks are.

use super::{Column, Index, Reference, Table};
use crate::store::document::collections;
use crate::store::relational::sqlite_catalogue;
use crate::store::{StoreError, document};
use sqlx::{Row, SqliteConnection};

/// All tables by their names.
pub(super) async fn tables(connection: &mut SqliteConnection) -> Result<Vec<Table>, StoreError> {
    let documents: Vec<String> = collections(connection)
        .await?
        .iter()
        .map(|name| document::table_of(name))
        .collect();
    let mut tables = Vec::new();
    for name in sqlite_catalogue::tables(connection).await? {
        let text: Option<String> =
            sqlx::query_scalar("SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = $1")
                .bind(&name)
                .fetch_optional(&mut *connection)
                .await?;
        // A view has a text of another kind.
        let Some(text) = text.filter(|_| !documents.contains(&name)) else {
            continue;
        };
        let columns = sqlite_catalogue::columns_of_table(connection, &name).await?;
        let (unique, indexes) = indexes(connection, &name).await?;
        tables.push(Table {
            comment: None,
            columns: columns
                .into_iter()
                .map(|column| Column {
                    family: family(&column.declared).to_owned(),
                    name: column.name,
                    nullable: column.nullable,
                    comment: None,
                })
                .collect(),
            key: sqlite_catalogue::key_of_table(connection, &name).await?,
            unique,
            references: references(connection, &name).await?,
            indexes,
            checks: checks(&text),
            partitioned_by: Vec::new(),
            name,
        });
    }
    Ok(tables)
}

fn family(declared: &str) -> &str {
    match declared {
        "TEXT" => "text",
        "INTEGER" => "integer",
        "REAL" => "float",
        "TIMESTAMP" => "instant",
        "BLOB" => "bytes",
        other => other,
    }
}

/// The columns of unique constraints, and the indexes that somebody made.
async fn indexes(
    connection: &mut SqliteConnection,
    table: &str,
) -> Result<(Vec<Vec<String>>, Vec<Index>), StoreError> {
    let listed: Vec<(String, String)> =
        sqlx::query_as("SELECT name, origin FROM pragma_index_list($1) ORDER BY name")
            .bind(table)
            .fetch_all(&mut *connection)
            .await?;
    let (mut unique, mut indexes) = (Vec::new(), Vec::new());
    for (name, origin) in listed {
        let columns: Vec<String> =
            sqlx::query_scalar("SELECT name FROM pragma_index_info($1) ORDER BY seqno")
                .bind(&name)
                .fetch_all(&mut *connection)
                .await?;
        match origin.as_str() {
            "u" => unique.push(columns),
            "c" => indexes.push(Index { name, columns }),
            _ => {}
        }
    }
    unique.sort();
    Ok((unique, indexes))
}

async fn references(
    connection: &mut SqliteConnection,
    table: &str,
) -> Result<Vec<Reference>, StoreError> {
    let rows = sqlx::query(
        "SELECT id, \"table\", \"from\", \"to\" FROM pragma_foreign_key_list($1) ORDER BY id, seq",
    )
    .bind(table)
    .fetch_all(&mut *connection)
    .await?;
    let mut found: Vec<(i64, Reference)> = Vec::new();
    for row in rows {
        let (id, table, from): (i64, String, String) =
            (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        let to: Option<String> = row.try_get(3)?;
        if found.last().is_none_or(|(last, _)| *last != id) {
            let reference = Reference {
                columns: Vec::new(),
                table: table.clone(),
                to: Vec::new(),
            };
            found.push((id, reference));
        }
        if let Some((_, reference)) = found.last_mut() {
            reference.columns.push(from);
            reference.to.extend(to);
        }
    }
    let mut references: Vec<Reference> = found.into_iter().map(|(_, one)| one).collect();
    for reference in &mut references {
        // One that names no columns refers to the other table's key.
        if reference.to.is_empty() {
            reference.to = sqlite_catalogue::key_of_table(connection, &reference.table).await?;
        }
    }
    references.sort();
    Ok(references)
}

/// How many checks the text of a table has, but for those that hold the form of an instant or the type of a number, for which
/// PostgreSQL has types. Comments and quoted text are no checks.
fn checks(text: &str) -> usize {
    let bare = without_comments(text);
    let upper = bare.to_ascii_uppercase();
    let mut count = 0;
    for (at, _) in upper.match_indices("CHECK") {
        let is_word = upper[..at]
            .chars()
            .next_back()
            .is_none_or(|before| !before.is_alphanumeric() && before != '_');
        let body = upper[at + "CHECK".len()..].trim_start();
        if !is_word || !body.starts_with('(') {
            continue;
        }
        let body = &body[..closing(body)];
        if !body.contains("STRFTIME(") && !body.contains("TYPEOF(") {
            count += 1;
        }
    }
    count
}

/// The text with its comments, and what is in quotes, left out.
fn without_comments(text: &str) -> String {
    let (mut bare, mut rest) = (String::new(), text);
    while let Some(first) = rest.chars().next() {
        let skipped = if rest.starts_with("--") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if first == '\'' || first == '"' {
            rest[1..].find(first).map_or(rest.len(), |end| end + 2)
        } else {
            bare.push(first);
            first.len_utf8()
        };
        rest = &rest[skipped..];
    }
    bare
}

/// Where the parenthesis that the text begins with closes.
fn closing(text: &str) -> usize {
    let mut depth = 0;
    for (at, character) in text.char_indices() {
        match character {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at;
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_are_counted_but_for_those_that_hold_a_type() {
        let text = "CREATE TABLE t (
            -- Not a CHECK (comment).
            a TEXT CHECK (a <> 'CHECK (x)'), b REAL CHECK (typeof(b) IN ('real', 'null')),
            c TIMESTAMP CHECK (c IS strftime('%Y', c)), check_d INTEGER, CHECK ((a IS NULL) = (b IS NULL)))";
        assert_eq!(checks(text), 2);
    }
}
