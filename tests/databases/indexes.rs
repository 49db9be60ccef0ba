//! Each index, the question it is there for, and what both databases say of it without the index and with it. The answers are
//! docs/INDEXES.md: `CARNET_WRITE_INDEXES=1 scripts/test-servers cargo test --test databases indexes` writes it, and without the
//! variable it is compared.

use crate::servers::postgres;
use crate::{execute, folder, migrations, number, sqlite};
use carnet::store::Store;
use sqlx::Row;
use std::fmt::Write;

struct Question {
    index: &'static str,
    asks: &'static str,
    sql: &'static str,
    /// What the names of the partitions' own indexes have in them.
    columns: &'static str,
}

const TABLES: [Question; 7] = [
    Question {
        index: "flight_scheduled_departure",
        asks: "What left in this hour?",
        sql: "SELECT carrier, flight_number FROM flight WHERE scheduled_departure >= '2013-01-10T12:00:00Z' AND scheduled_departure < '2013-01-10T13:00:00Z'",
        columns: "scheduled_departure_idx",
    },
    Question {
        index: "flight_tail",
        asks: "What did this aircraft fly in a week, in order?",
        sql: "SELECT flight_number, origin, dest, arrival_delay FROM flight WHERE tail = 'N42' AND scheduled_departure >= '2013-01-10T00:00:00Z' AND scheduled_departure < '2013-01-17T00:00:00Z' ORDER BY scheduled_departure",
        columns: "tail_scheduled_departure_idx",
    },
    Question {
        index: "flight_response",
        asks: "Which flights were read from this response?",
        sql: "SELECT carrier, flight_number FROM flight WHERE response_id = 7 AND scheduled_departure < '2013-02-01T00:00:00Z'",
        columns: "response_id_idx",
    },
    Question {
        index: "collection_run_source",
        asks: "How did the last run of this source end?",
        sql: "SELECT outcome, ended_at FROM collection_run WHERE source = 's7' ORDER BY started_at DESC LIMIT 1",
        columns: "collection_run_source",
    },
    Question {
        index: "source_response_url",
        asks: "Which ETag did this URL have last?",
        sql: "SELECT etag FROM source_response WHERE url = 'https://example.org/7' ORDER BY fetched_at DESC LIMIT 1",
        columns: "source_response_url",
    },
    Question {
        index: "source_response_run",
        asks: "What did this run fetch?",
        sql: "SELECT url, status FROM source_response WHERE run_id = 7",
        columns: "source_response_run",
    },
    Question {
        index: "rejected_record_run",
        asks: "What did this run reject, and why?",
        sql: "SELECT rule, reason FROM rejected_record WHERE run_id = 7",
        columns: "rejected_record_run",
    },
];

const DOCUMENTS: [Question; 5] = [
    Question {
        index: "document_observation_station_time",
        asks: "What was the last report at this station at or before an instant?",
        sql: "SELECT body FROM document_observation WHERE \"station\" = 'JFK' AND \"time\" <= 1357041600000 ORDER BY \"time\" DESC LIMIT 1",
        columns: "",
    },
    Question {
        index: "document_observation_response",
        asks: "Which reports were read from this response?",
        sql: "SELECT id FROM document_observation WHERE \"source.response\" = 7",
        columns: "",
    },
    Question {
        index: "document_airport_page_response",
        asks: "Which airport's page is this response?",
        sql: "SELECT id FROM document_airport_page WHERE \"source.response\" = 7",
        columns: "",
    },
    Question {
        index: "document_aircraft_page_outcome",
        asks: "Which tail numbers are deregistered?",
        sql: "SELECT id FROM document_aircraft_page WHERE \"outcome\" = 'deregistered'",
        columns: "",
    },
    Question {
        index: "document_aircraft_page_response",
        asks: "Which aircraft's page is this response?",
        sql: "SELECT id FROM document_aircraft_page WHERE \"source.response\" = 7",
        columns: "",
    },
];

/// Two months of 20,000 made-up flights of 500 aircraft, 200 runs, 2,000 responses and as many rejected records: enough that
/// PostgreSQL prefers an index, and the same each time.
fn fill(store: &Store, numbers: fn(u32) -> String, instant: fn(&str, &str) -> String) {
    store.migrate(&migrations()).unwrap();
    let runs = instant("2013-01-01T00:00:00Z", "n * 60");
    let leaves = instant("2013-01-01T00:00:00Z", "n * 240");
    let statements = [
        "INSERT INTO airline (carrier, name) VALUES ('UA', 'United')".to_owned(),
        "INSERT INTO airport (faa) VALUES ('JFK'), ('LGA'), ('EWR'), ('BOS')".to_owned(),
        format!(
            "INSERT INTO collection_run SELECT n, 's' || n % 20, {runs}, NULL, 'running', NULL, 0, 0, 0, 0 FROM {}",
            numbers(200)
        ),
        format!(
            "INSERT INTO source_response SELECT n, 's', 'https://example.org/' || n % 500, 'u', {runs}, 200, '{{}}', '{}', 0, NULL, 'e', NULL, n % 200 + 1 FROM {}",
            "a".repeat(64),
            numbers(2_000)
        ),
        format!(
            "INSERT INTO rejected_record SELECT n, 'p', 'r', 'why', '', n % 200 + 1 FROM {}",
            numbers(2_000)
        ),
        format!(
            "INSERT INTO flight (carrier, flight_number, tail, origin, dest, scheduled_departure, distance, response_id) \
             SELECT 'UA', n, 'N' || n % 500, CASE n % 3 WHEN 0 THEN 'JFK' WHEN 1 THEN 'LGA' ELSE 'EWR' END, 'BOS', {leaves}, 100, n % 2000 + 1 FROM {}",
            numbers(20_000)
        ),
    ];
    if store.postgres().is_some() {
        execute(
            store,
            "SELECT flight_month('2013-01-01T00:00:00Z'), flight_month('2013-02-01T00:00:00Z')",
        );
    }
    for statement in statements {
        execute(store, &statement);
    }
    if store.postgres().is_some() {
        execute(store, "ANALYZE");
    }
}

/// What the database says it would do, without the index and with it.
fn plans(store: &Store, question: &Question) -> (String, String) {
    let explain = if store.sqlite().is_some() {
        "EXPLAIN QUERY PLAN"
    } else {
        "EXPLAIN (COSTS OFF)"
    };
    let explain = format!("{explain} {}", question.sql);
    let safe = |sql: &str| sqlx::SqlSafeStr::into_sql_str(sqlx::AssertSqlSafe(sql.to_owned()));
    let drop = format!("DROP INDEX {}", question.index);
    store.block_on(async {
        let mut plans = Vec::new();
        for without in [true, false] {
            let lines: Vec<String> = if let Some(pool) = store.sqlite() {
                let mut transaction = pool.begin().await.unwrap();
                if without {
                    sqlx::query(safe(&drop))
                        .execute(&mut *transaction)
                        .await
                        .unwrap();
                }
                let rows = sqlx::query(safe(&explain))
                    .fetch_all(&mut *transaction)
                    .await
                    .unwrap();
                rows.iter().map(|row| row.get("detail")).collect()
            } else {
                let mut transaction = store.postgres().unwrap().begin().await.unwrap();
                if without {
                    sqlx::query(safe(&drop))
                        .execute(&mut *transaction)
                        .await
                        .unwrap();
                }
                let rows = sqlx::query(safe(&explain))
                    .fetch_all(&mut *transaction)
                    .await
                    .unwrap();
                rows.iter().map(|row| row.get(0)).collect()
            };
            plans.push(lines.join("\n"));
        }
        let with = plans.pop().unwrap();
        (plans.pop().unwrap(), with)
    })
}

fn part(text: &mut String, store: &str, (without, with): &(String, String)) {
    let _ = write!(
        text,
        "\n{store}, without it, and with it:\n\n```\n{without}\n```\n\n```\n{with}\n```\n"
    );
}

const HEAD: &str = "# What each index is for

Written by `CARNET_WRITE_INDEXES=1 scripts/test-servers cargo test --test databases indexes`, and compared by the same test: each index, a
question that it answers, and the plan of both databases without it and with it (made-up rows: 20,000 flights of 500 aircraft in two months).
In PostgreSQL an index of `flight` has one of its own in each partition, named for its columns. MongoDB has the same indexes of documents
(`migrations/mongodb`); the server that tests run against explains no plan, so theirs are not shown.
";

#[test]
fn every_index_answers_its_question_and_the_document_shows_how() {
    let (file, _folder) = sqlite();
    fill(
        &file,
        |count| {
            format!(
                "(WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {count}) SELECT n FROM n)"
            )
        },
        |from, seconds| {
            format!("strftime('%Y-%m-%dT%H:%M:%SZ', '{from}', '+' || ({seconds}) || ' seconds')")
        },
    );
    let server = postgres();
    fill(
        &server.store,
        |count| format!("generate_series(1, {count}) AS n"),
        |from, seconds| format!("timestamptz '{from}' + ({seconds}) * interval '1 second'"),
    );
    let major = number(
        &server.store,
        "SELECT current_setting('server_version_num')::bigint / 10000",
    );
    let path = folder().join("../docs/INDEXES.md");
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    let writes = std::env::var_os("CARNET_WRITE_INDEXES").is_some();
    let mut text = HEAD.to_owned();
    for question in TABLES.iter().chain(&DOCUMENTS) {
        let Question {
            index,
            asks,
            sql,
            columns,
        } = question;
        let _ = write!(text, "\n## {index}\n{asks}\n\n```sql\n{sql}\n```\n");
        let plan = plans(&file, question);
        assert!(
            !plan.0.contains(index) && plan.1.contains(index),
            "{index}: {plan:?}"
        );
        part(&mut text, "SQLite", &plan);
        // Documents are not PostgreSQL's.
        if columns.is_empty() {
            continue;
        }
        let plan = plans(&server.store, question);
        assert!(plan.1.contains(columns), "{index}: {}", plan.1);
        assert_ne!(plan.0, plan.1, "{index}");
        let title = format!("PostgreSQL {major}");
        // Another version may word its plans otherwise: then what is written stays.
        if writes || written.contains(&title) {
            part(&mut text, &title, &plan);
        } else if let Some(kept) = kept(&written, index) {
            text.push_str(&kept);
        }
    }
    if writes {
        std::fs::write(&path, &text).unwrap();
    }
    assert!(
        text == std::fs::read_to_string(&path).unwrap_or_default(),
        "docs/INDEXES.md is another: write it anew"
    );
    let indexes: Vec<String> = file
        .structure()
        .unwrap()
        .into_iter()
        .flat_map(|table| table.indexes)
        .map(|index| index.name)
        .collect();
    let asked: Vec<&str> = TABLES.iter().map(|question| question.index).collect();
    assert!(
        indexes.iter().all(|name| asked.contains(&name.as_str())),
        "{indexes:?}"
    );
}

/// PostgreSQL's part of an index in the document.
fn kept(written: &str, index: &str) -> Option<String> {
    let (_, section) = written.split_once(&format!("\n## {index}\n"))?;
    let section = section.split("\n## ").next()?;
    let at = section.find("\nPostgreSQL ")?;
    Some(section[at..].to_owned())
}
