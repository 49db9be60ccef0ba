//! Servers that do not let us in, refuse, take too long or go away.

use super::{Sensor, sensors};
use crate::servers::postgres;
use carnet::record::Record;
use carnet::store::Store;
use std::time::{Duration, Instant};

#[test]
fn a_server_that_does_not_let_us_in_is_named_without_the_password() {
    let database = postgres();
    let wrong = |from: &str, to: &str| {
        let url = database.url.replace(from, to);
        assert_ne!(url, database.url);
        let error = Store::open_urls(&url, None).unwrap_err().to_string();
        assert!(
            !error.contains("secret") && !error.contains("wr0ng"),
            "{error}"
        );
        error
    };
    let error = wrong(":secret@", ":wr0ng@");
    assert!(error.contains("check the user and the password"), "{error}");
    let error = wrong("carnet_test_", "no_such_");
    assert!(error.contains("create the database"), "{error}");
    let start = Instant::now();
    let (_, rest) = database.url.rsplit_once(':').unwrap();
    let (port, _) = rest.split_once('/').unwrap();
    let error = wrong(&format!(":{port}/"), ":1/");
    assert!(error.contains("check that the server runs"), "{error}");
    assert!(start.elapsed() < Duration::from_secs(5));
    let error = Store::open_urls("postgres://carnet:sec ret@[/x", None)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("postgres://USER") && !error.contains("ret@"),
        "{error}"
    );
}

#[test]
fn what_may_not_be_read_and_what_takes_too_long_is_an_error_of_the_server() {
    let database = sensors();
    database.execute("CREATE ROLE carnet_reader LOGIN PASSWORD 'secret'");
    let url = database.url.replace("//carnet:", "//carnet_reader:");
    let store = Store::open_urls(&url, None).unwrap();
    let error = store.load::<Sensor>().run().unwrap_err().to_string();
    assert!(
        error.contains("permission denied for table sensor"),
        "{error}"
    );
    drop(store);
    database.execute("DROP OWNED BY carnet_reader; DROP ROLE carnet_reader");

    let name = database.url.rsplit_once('/').unwrap().1.to_owned();
    database.execute(&format!(
        "ALTER DATABASE {name} SET statement_timeout = '200ms'"
    ));
    database.execute(SLOW);
    let store = Store::open_urls(&database.url, None).unwrap();
    let error = store.load::<Slow>().run().unwrap_err().to_string();
    assert!(error.contains("statement timeout"), "{error}");
    assert_eq!(
        store.load::<Sensor>().run().unwrap().height(),
        3,
        "the store works on"
    );
}

/// Rows that take a millisecond each.
const SLOW: &str = "CREATE VIEW slow AS SELECT i AS n FROM generate_series(1, 100000) AS i WHERE pg_sleep(0.001) IS NOT NULL";

#[derive(Record)]
#[record(table = "slow")]
#[allow(dead_code)]
struct Slow {
    n: Option<i32>,
}

const ACTIVE: &str = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'COPY%' AND state = 'active'";

fn until(what: &str, mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < Duration::from_secs(20), "never: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_server_process_killed_in_mid_read_is_an_error_and_the_next_load_works() {
    let database = sensors();
    database.execute(SLOW);
    let store = database.store.clone();
    let reading =
        std::thread::spawn(move || store.load::<Slow>().run().map(|loaded| loaded.height()));
    until("the read begins", || database.number(ACTIVE) == 1);
    database.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'COPY%'",
    );
    let error = reading.join().unwrap().unwrap_err().to_string();
    assert!(
        error.contains("the connection to PostgreSQL at") && error.contains("load again"),
        "{error}"
    );
    assert_eq!(database.store.load::<Sensor>().run().unwrap().height(), 3);
}

#[test]
fn a_load_that_is_dropped_ends_the_servers_query() {
    let database = sensors();
    database.execute(SLOW);
    let load = database.store.load::<Slow>().run_async();
    let stopped = database.store.block_on(async {
        tokio::time::timeout(Duration::from_millis(500), load)
            .await
            .is_err()
    });
    assert!(stopped);
    until("the query ends", || database.number(ACTIVE) == 0);
    assert_eq!(database.store.load::<Sensor>().run().unwrap().height(), 3);
}
