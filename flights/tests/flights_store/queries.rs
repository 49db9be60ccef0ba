//! The declared queries on the whole sample: every one gives its recorded answer on every backend, and uses the index that its
//! file names.

use super::servers::{Servers, filled_servers};
use super::{Store, loaded};
use carnet::store::query::{Answer, Cell, NamedQuery, Queries, Text};
use sqlx::AssertSqlSafe;
use std::future::pending;
use std::path::{Path, PathBuf};

/// Sums of reals come in another order on each database.
const TOLERANCE: f64 = 1e-9;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../migrations/queries")
}

fn queries() -> Queries {
    Queries::read(folder()).unwrap()
}

fn is_for_tables(query: &NamedQuery) -> bool {
    matches!(query.text, Text::Tables { .. })
}

fn ask(store: &Store, query: &NamedQuery) -> Answer {
    store.block_on(store.ask(query, pending())).unwrap()
}

/// The answer that is kept in a file: the columns, then the rows as text.
fn recorded(query: &NamedQuery) -> (Vec<String>, Vec<Vec<String>>) {
    let path = folder().join("answers").join(format!("{}.csv", query.name));
    let mut file = csv::Reader::from_path(&path).unwrap_or_else(|error| {
        panic!(
            "{}: {error}; record it: carnet db query {} --format csv",
            path.display(),
            query.name
        )
    });
    let columns = file.headers().unwrap().iter().map(str::to_owned).collect();
    let rows = file
        .records()
        .map(|row| row.unwrap().iter().map(str::to_owned).collect());
    (columns, rows.collect())
}

/// Whether a value is the recorded one: numbers within the tolerance, all else to the letter.
fn is_same(cell: &Cell, recorded: &str) -> bool {
    match (cell.number(), recorded.parse::<f64>()) {
        (Some(number), Ok(recorded)) => {
            (number - recorded).abs() <= TOLERANCE * number.abs().max(recorded.abs())
        }
        (None, _) => cell.to_string() == recorded,
        (Some(_), Err(_)) => false,
    }
}

fn check_answer(store: &Store, query: &NamedQuery) {
    let (answer, (columns, rows)) = (ask(store, query), recorded(query));
    assert_eq!(answer.columns, columns, "{} on {store}", query.name);
    assert_eq!(
        answer.rows.len(),
        rows.len(),
        "{} on {store}:\n{}",
        query.name,
        answer.to_csv()
    );
    for (number, (found, kept)) in answer.rows.iter().zip(&rows).enumerate() {
        let same = found
            .iter()
            .zip(kept)
            .all(|(cell, kept)| is_same(cell, kept));
        assert!(
            same,
            "{} on {store}, row {number}: {found:?} is not {kept:?}",
            query.name
        );
    }
    assert!(!rows.is_empty(), "{} has an answer", query.name);
}

/// The names of all indexes whose first column this is.
fn indexes_of(store: &Store, table: &str, column: &str) -> Vec<String> {
    let found = match store.postgres() {
        Some(pool) => {
            let sql = "SELECT of.relname::text FROM pg_index
                JOIN pg_class AS of ON of.oid = indexrelid
                JOIN pg_attribute ON attrelid = indrelid AND attnum = indkey[0]
                WHERE attname = $2 AND (indrelid = $1::regclass OR indrelid IN (SELECT relid FROM pg_partition_tree($1::regclass)))";
            store.block_on(
                sqlx::query_scalar(sql)
                    .bind(table)
                    .bind(column)
                    .fetch_all(pool),
            )
        }
        None => {
            let sql = "SELECT list.name FROM pragma_index_list($1) AS list
                JOIN pragma_index_info(list.name) AS first ON first.seqno = 0 WHERE first.name = $2";
            store.block_on(
                sqlx::query_scalar(sql)
                    .bind(table)
                    .bind(column)
                    .fetch_all(store.sqlite().unwrap()),
            )
        }
    };
    found.unwrap()
}

/// What is wrong with a query's head: the plan names an index for each one that the query says it uses, and none when it says
/// that it uses none.
fn misstated(store: &Store, query: &NamedQuery) -> Option<String> {
    let plan = store.block_on(store.explain(query)).unwrap();
    let is_server = store.postgres().is_some();
    let declared = if is_server {
        &query.index.server
    } else {
        &query.index.sqlite
    };
    for (table, column) in declared {
        let table = match query.text {
            Text::Documents { .. } => format!("document_{table}"),
            _ => table.clone(),
        };
        let indexes = indexes_of(store, &table, column);
        if !indexes.iter().any(|index| plan.contains(index.as_str())) {
            return Some(format!(
                "{} on {store} uses none of {indexes:?}:\n{plan}",
                query.name
            ));
        }
    }
    if declared.is_empty() {
        let uses = if is_server { "Index" } else { " INDEX " };
        // One that SQLite makes for the query alone is not of the database.
        let used = plan
            .lines()
            .find(|line| line.contains(uses) && !line.contains("AUTOMATIC"));
        return used.map(|line| {
            format!(
                "{} on {store} says that it uses none: {line}\n{plan}",
                query.name
            )
        });
    }
    None
}

#[test]
fn every_query_answers_as_recorded_from_sqlite_and_embedded_documents() {
    let (store, queries) = (loaded(), queries());
    let statements = queries.iter().filter(|query| is_for_tables(query)).count();
    assert!(statements >= 15, "{statements} statements");
    assert!(
        queries.iter().count() - statements >= 10,
        "too few pipelines"
    );
    let mut wrong = Vec::new();
    for query in &queries {
        check_answer(&store, query);
        wrong.extend(misstated(&store, query));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_query_answers_as_recorded_from_postgresql_and_mongodb() {
    let Servers { store, .. } = &filled_servers();
    let analyse = sqlx::raw_sql(AssertSqlSafe("ANALYZE".to_owned()));
    store
        .block_on(analyse.execute(store.postgres().unwrap()))
        .unwrap();
    let mut wrong = Vec::new();
    for query in &queries() {
        check_answer(store, query);
        match &query.text {
            Text::Documents { collection, .. } => {
                // Which one it uses only a real MongoDB would say; that it is there every server does.
                let indexed = store
                    .mongodb()
                    .unwrap()
                    .collection::<bson::Document>(collection);
                let names = store
                    .block_on(indexed.list_index_names().into_future())
                    .unwrap();
                for (_, path) in &query.index.server {
                    assert!(
                        names.iter().any(|name| name == path),
                        "{}: {names:?}",
                        query.name
                    );
                }
            }
            _ => wrong.extend(misstated(store, query)),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_list_of_queries_is_what_their_files_say() {
    let mut expected = String::new();
    for (title, is_listed) in [("Statements", true), ("Pipelines", false)] {
        expected += &format!(
            "## {title}\n\n| query | question | answer on the sample |\n| --- | --- | --- |\n"
        );
        for query in queries()
            .iter()
            .filter(|query| is_for_tables(query) == is_listed)
        {
            expected += &format!(
                "| `{}` | {} | {} |\n",
                query.name, query.question, query.answer
            );
        }
        expected += "\n";
    }
    let kept = std::fs::read_to_string(folder().join("README.md")).unwrap();
    assert!(
        kept.trim_end().ends_with(expected.trim_end()),
        "the end of migrations/queries/README.md should be:\n{expected}"
    );
}
