//! Declared queries on real databases: what a value becomes, that nothing can be written, and that a query can be stopped.

use crate::servers::{mongodb, postgres};
use crate::world::{both, readings, world};
use carnet::store::Store;
use carnet::store::query::{Answer, Cell, Queries, QueryError};
use std::future::{Future, pending};
use std::time::{Duration, Instant};

const HEAD: &str = "-- Question: what?\n-- Answer: this.\n-- Index: none: a test.\n";

/// Asks a text as the file of a query has it.
fn ask_until(
    store: &Store,
    file: &str,
    text: &str,
    stop: impl Future<Output = ()>,
) -> Result<Answer, QueryError> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(file), text).unwrap();
    let queries = Queries::read(folder.path())?;
    let query = queries.iter().next().unwrap();
    store.block_on(store.ask(query, stop))
}

fn ask(store: &Store, sql: &str) -> Result<Answer, QueryError> {
    ask_until(store, "asked.sql", &format!("{HEAD}{sql}"), pending())
}

fn pipeline(stages: &str) -> String {
    format!(
        r#"{{ "question": "what?", "answer": "this.", "index": "none: a test.", "collection": "reading", "pipeline": {stages} }}"#
    )
}

#[test]
fn values_have_one_form_whichever_database_gives_them() {
    let (world, server) = (world(), postgres());
    server.execute("CREATE TABLE sensor (sensor_id bigint, code text, installed timestamptz, height double precision);
        INSERT INTO sensor VALUES (1, 'north', '2013-03-10 06:30:00Z', 12.5), (2, 'söuth', '2013-11-03 05:00:00.25Z', NULL)");
    let sql = "SELECT sensor_id, code, installed, height FROM sensor WHERE sensor_id <= 2 ORDER BY sensor_id";
    for store in [&world.store, &server.store] {
        let answer = ask(store, sql).unwrap();
        assert_eq!(answer.columns, ["sensor_id", "code", "installed", "height"]);
        let row = |id, code: &str, installed: &Cell, height| {
            vec![
                Cell::Integer(id),
                Cell::Text(code.into()),
                installed.clone(),
                height,
            ]
        };
        assert_eq!(
            answer.rows[0],
            row(
                1,
                "north",
                &Cell::Text("2013-03-10T06:30:00Z".into()),
                Cell::Real(12.5)
            )
        );
        assert_eq!(
            answer.rows[1],
            row(2, "söuth", &answer.rows[1][2], Cell::Null)
        );
    }
    let server = &server.store;
    assert_eq!(
        ask(server, "SELECT 1.50, true, DATE '2013-01-02'")
            .unwrap()
            .to_csv(),
        "?column?,?column?,date\n1.50,true,2013-01-02\n"
    );
    // Columns are known when there is no row.
    assert_eq!(
        ask(server, "SELECT 1 AS a WHERE false").unwrap().columns,
        ["a"]
    );
    assert_eq!(
        ask(&world.store, "SELECT 1 AS a WHERE false")
            .unwrap()
            .columns,
        ["a"]
    );
    let error = ask(&world.store, "SELECT x'00ff' AS raw")
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("query asked gives BLOB in column raw: show it as hex"),
        "{error}"
    );
}

#[test]
fn a_query_cannot_write_even_where_its_text_begins_like_one_that_reads() {
    let server = postgres();
    server.execute("CREATE TABLE a (n bigint); INSERT INTO a VALUES (1)");
    for (sql, said) in [
        (
            "WITH gone AS (DELETE FROM a RETURNING n) SELECT n FROM gone",
            "read-only transaction",
        ),
        (
            "SELECT set_config('transaction_read_only', 'off', true)",
            "read-write mode",
        ),
        // What this reads as one text the server reads as three statements.
        (
            "SELECT E'\\'' ; COMMIT; DELETE FROM a; -- '",
            "multiple commands",
        ),
        ("SELECT E'\\', ''; COMMIT; DELETE FROM a -- '", ""),
    ] {
        let error = ask(&server.store, sql).unwrap_err().to_string();
        assert!(error.contains(said), "{sql}: {error}");
    }
    assert_eq!(server.number("SELECT count(*) FROM a"), 1);

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    let made = Store::create_file(&path).unwrap();
    let sql = "CREATE TABLE a (n); INSERT INTO a VALUES (1)";
    made.block_on(sqlx::raw_sql(sql).execute(made.sqlite().unwrap()))
        .unwrap();
    let store = Store::open_read_only(Some(path.to_str().unwrap()), None).unwrap();
    assert_eq!(ask(&store, "SELECT n FROM a").unwrap().rows.len(), 1);
    let error = ask(&store, "WITH b AS (SELECT 1) DELETE FROM a")
        .unwrap_err()
        .to_string();
    assert!(error.contains("readonly"), "{error}");
    assert_eq!(ask(&made, "SELECT n FROM a").unwrap().rows.len(), 1);
}

#[test]
fn a_query_that_is_stopped_ends_at_once_and_leaves_the_store_usable() {
    let (world, server) = (world(), postgres());
    let endless =
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
    let long = "SELECT count(*) FROM generate_series(1, 100000000000)";
    for (store, sql) in [(&world.store, endless), (&server.store, long)] {
        let start = Instant::now();
        let error = store.block_on(async {
            let folder = tempfile::tempdir().unwrap();
            std::fs::write(folder.path().join("long.sql"), format!("{HEAD}{sql}")).unwrap();
            let queries = Queries::read(folder.path()).unwrap();
            store
                .ask(queries.get("long").unwrap(), async {
                    tokio::time::sleep(Duration::from_millis(200)).await
                })
                .await
                .unwrap_err()
        });
        assert!(matches!(error, QueryError::Stopped { .. }), "{error}");
        assert!(
            start.elapsed() < Duration::from_secs(20),
            "{:?}",
            start.elapsed()
        );
        assert_eq!(
            ask(store, "SELECT 1 AS a").unwrap().rows,
            [[Cell::Integer(1)]]
        );
    }
    let others = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND pid <> pg_backend_pid() AND datname = current_database()";
    let start = Instant::now();
    while server.number(others) > 0 {
        assert!(
            start.elapsed() < Duration::from_secs(20),
            "the server still counts"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_pipeline_gives_the_same_rows_from_mongodb_and_from_embedded_documents() {
    both(&readings(50), |store| {
        let asked =
            |stages: &str| ask_until(store, "asked.json", &pipeline(stages), pending()).unwrap();
        let answer = asked(
            r#"[{ "$match": { "station": "A" } },
                { "$group": { "_id": { "hour": { "$hour": "$time" }, "s": "$station" }, "n": { "$sum": 1 },
                    "wind": { "$avg": "$obs.wind.speed" }, "first": { "$min": "$time" }, "most": { "$max": "$obs.temperature" },
                    "none": { "$sum": "$absent" }, "nothing": { "$avg": "$absent" } } },
                { "$match": { "n": { "$gte": 2 } } },
                { "$sort": { "_id.hour": -1 } }, { "$limit": 5 },
                { "$project": { "_id": 0, "hour": "$_id.hour", "s": "$_id.s", "n": 1, "wind": 1, "first": 1, "most": 1, "none": 1, "nothing": 1 } }]"#,
        );
        assert_eq!(
            answer.to_csv(),
            "hour,s,n,wind,first,most,none,nothing\n\
             22,A,2,34.5,1970-01-01T22:00:00Z,23,0,\n\
             20,A,2,20.5,1970-01-01T20:00:00Z,22,0,\n\
             18,A,2,30,1970-01-01T18:00:00Z,21,0,\n\
             16,A,2,28.5,1970-01-01T16:00:00Z,20,0,\n\
             14,A,2,38.5,1970-01-01T14:00:00Z,19,0,\n"
        );
        let whole = asked(
            r#"[{ "$sort": { "_id": 1 } }, { "$limit": 1 }, { "$project": { "station": 1, "at": "$time", "no": "$x.y" } }]"#,
        );
        assert_eq!(
            whole.to_csv(),
            "_id,station,at,no\nA/00000,A,1970-01-01T00:00:00Z,\n"
        );
        let error = ask_until(
            store,
            "asked.json",
            &pipeline(r#"[{ "$limit": 1 }, { "$project": { "obs": 1 } }]"#),
            pending(),
        )
        .unwrap_err();
        assert!(
            error
                .to_string()
                .contains("in column obs: name what is in it by $project"),
            "{error}"
        );
        let nowhere = pipeline(r#"[{ "$project": { "a": 1 } }]"#).replace("reading", "nowhere");
        let error = ask_until(store, "asked.json", &nowhere, pending())
            .unwrap_err()
            .to_string();
        assert!(error.contains("no collection nowhere"), "{error}");
    });
}

#[test]
fn the_plan_of_a_pipeline_on_mongodb_is_left_to_its_shell() {
    let server = mongodb();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("p.json"),
        pipeline(r#"[{ "$project": { "a": 1 } }]"#),
    )
    .unwrap();
    let queries = Queries::read(folder.path()).unwrap();
    let error = server
        .store
        .block_on(server.store.explain(queries.get("p").unwrap()))
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("db[\"reading\"].explain().aggregate("),
        "{error}"
    );
}
