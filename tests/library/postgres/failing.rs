//! Servers that do not let us in, refuse, take too long or go away.

use super::{Sensor, sensors};
use crate::servers::postgres;
use carnet::frame::{Cancel, FrameError};
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

const KILL: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'COPY%'";

#[test]
fn a_server_process_killed_in_mid_read_is_read_again_once_and_then_an_error() {
    let database = sensors();
    database.execute(&SLOW.replace("100000", "1000"));
    let read = || {
        let store = database.store.clone();
        std::thread::spawn(move || store.load::<Slow>().run())
    };
    let reading = read();
    until("the read begins", || database.number(ACTIVE) == 1);
    database.execute(KILL);
    let loaded = reading.join().unwrap().unwrap();
    assert_eq!((loaded.height(), loaded.report.tries), (1000, 2));

    let reading = read();
    until("it ends", || {
        database.execute(KILL);
        reading.is_finished()
    });
    let error = reading.join().unwrap().unwrap_err().to_string();
    assert!(
        error.contains("the connection to PostgreSQL at") && error.contains("load again"),
        "{error}"
    );
    assert_eq!(database.store.load::<Sensor>().run().unwrap().height(), 3);
}

#[test]
fn frames_already_given_are_not_read_again_when_the_connection_is_lost() {
    let database = sensors();
    database.execute(SLOW);
    let mut batches = database.store.load::<Slow>().batches(100);
    assert_eq!(batches.next().unwrap().unwrap().height(), 100);
    database.execute(KILL);
    let error = batches.find_map(Result::err).unwrap().to_string();
    assert!(error.contains("was lost"), "{error}");
    assert!(batches.next().is_none() && batches.report().is_none());
}

#[test]
fn a_load_that_is_cancelled_before_its_first_row_ends_the_servers_query_too() {
    #[derive(Record)]
    #[record(table = "sorted")]
    #[allow(dead_code)]
    struct Sorted {
        n: Option<i32>,
    }
    let database = sensors();
    database.execute(SLOW);
    database.execute("CREATE VIEW sorted AS SELECT n FROM slow ORDER BY n DESC");
    let cancel = Cancel::default();
    let load = database.store.load::<Sorted>().cancelled_by(&cancel);
    let reading = std::thread::spawn(move || load.run());
    until("the read begins", || database.number(ACTIVE) == 1);
    cancel.cancel();
    let error = reading.join().unwrap().unwrap_err();
    assert!(matches!(error, FrameError::Cancelled), "{error}");
    until("the query ends", || database.number(ACTIVE) == 0);
    assert_eq!(database.store.load::<Sensor>().run().unwrap().height(), 3);
}

#[test]
fn batches_that_are_dropped_end_the_servers_query() {
    let database = sensors();
    database.execute(SLOW);
    let mut batches = database.store.load::<Slow>().batches(10);
    assert_eq!(batches.next().unwrap().unwrap().height(), 10);
    drop(batches);
    until("the query ends", || database.number(ACTIVE) == 0);
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
