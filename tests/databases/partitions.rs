//! Flights in PostgreSQL by month: where rows go, and writing by key to a partitioned table.

use crate::servers::postgres;
use crate::{execute, migrations, number};
use carnet::record::Record;
use carnet::store::relational::{Bound, Row};
use carnet::store::{Store, StoreError, Upserted};
use chrono::{DateTime, TimeDelta, Utc};

#[derive(Clone, Record)]
#[record(table = "flight")]
struct Departure {
    #[record(key)]
    carrier: String,
    #[record(key)]
    flight_number: i32,
    #[record(key)]
    origin: String,
    dest: String,
    #[record(key)]
    scheduled_departure: DateTime<Utc>,
    distance: f64,
    response_id: Option<i64>,
}

impl Row for Departure {
    const PROVENANCE: Option<&'static str> = Some("response_id");

    fn bind(&self, to: &mut Bound) {
        to.text(&self.carrier);
        to.whole_or_null(Some(self.flight_number));
        to.text(&self.origin);
        to.text(&self.dest);
        to.instant_or_null(Some(self.scheduled_departure));
        to.number_or_null(Some(self.distance));
        to.whole_or_null(self.response_id);
    }
}

fn departures(count: i32) -> Vec<Departure> {
    let first: DateTime<Utc> = "2013-01-31T22:00:00Z".parse().unwrap();
    (1..=count)
        .map(|number| Departure {
            carrier: "UA".into(),
            flight_number: number,
            origin: "JFK".into(),
            dest: "BOS".into(),
            scheduled_departure: first + TimeDelta::hours(i64::from(number)),
            distance: 100.0,
            response_id: None,
        })
        .collect()
}

fn write(store: &Store, rows: &[Departure]) -> Result<(u64, u64, u64), StoreError> {
    store.block_on(async {
        let mut transaction = store.begin().await?;
        let Upserted { new, changed, same } = transaction.upsert(rows, |_| {}).await?;
        transaction.commit().await?;
        Ok((new, changed, same))
    })
}

const PARENTS: &str = "INSERT INTO airline (carrier, name) VALUES ('UA', 'United');
    INSERT INTO airport (faa) VALUES ('JFK'), ('BOS');
    INSERT INTO collection_run VALUES (1, 's', '2013-01-01T00:00:00Z', NULL, 'running', NULL, 0, 0, 0, 0);";
const RESPONSES: &str = "INSERT INTO source_response (response_id, source, url, final_url, fetched_at, status, headers, sha256, bytes, run_id)
    SELECT n, 's', 'u', 'u', '2013-01-01T00:00:00Z', 200, '{}', @, 0, 1 FROM (SELECT 7 AS n UNION SELECT 8) AS n;";

fn filled(store: &Store) {
    store.migrate(&migrations()).unwrap();
    execute(store, PARENTS);
    let hash = format!("'{}'", "a".repeat(64));
    execute(store, &RESPONSES.replace('@', &hash));
}

#[test]
fn rows_go_to_the_partition_of_their_month_in_utc_and_wait_in_the_default_one_without() {
    let database = postgres();
    let store = &database.store;
    filled(store);
    execute(
        store,
        "SET timezone TO 'America/New_York'; SELECT flight_month('2013-01-31T20:00:00-05')",
    );
    write(store, &departures(5)).unwrap();
    assert_eq!(number(store, "SELECT count(*) FROM flight_2013_02"), 4);
    assert_eq!(number(store, "SELECT count(*) FROM flight_other"), 1);
    execute(
        store,
        "SELECT flight_month('2013-01-01T00:00:00Z'), flight_month('2013-01-31T23:59:59Z')",
    );
    assert_eq!(number(store, "SELECT count(*) FROM flight_2013_01"), 1);
    assert_eq!(number(store, "SELECT count(*) FROM flight_other"), 0);
    assert_eq!(
        number(
            store,
            "SELECT count(*) FROM pg_inherits WHERE inhparent = 'flight'::regclass"
        ),
        3
    );
}

#[test]
fn months_that_two_make_at_once_are_made_once() {
    let database = postgres();
    filled(&database.store);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let store = Store::open_urls(&database.url, None).unwrap();
                for _ in 0..3 {
                    execute(&store, "SELECT flight_month('2013-05-05T00:00:00Z')");
                }
            });
        }
    });
    assert_eq!(
        number(
            &database.store,
            "SELECT count(*) FROM pg_inherits WHERE inhparent = 'flight'::regclass"
        ),
        2
    );
}

fn counts_by_key(store: &Store) {
    filled(store);
    if store.postgres().is_some() {
        // The rest stays in the default partition.
        execute(store, "SELECT flight_month('2013-02-01T00:00:00Z')");
    }
    let mut rows = departures(900);
    assert_eq!(write(store, &rows).unwrap(), (900, 0, 0));
    assert_eq!(write(store, &rows).unwrap(), (0, 0, 900));
    rows[3].distance = 7.0;
    rows[800].dest = "JFK".into();
    rows.truncate(890);
    let mut more = departures(902);
    rows.extend(more.drain(900..));
    assert_eq!(write(store, &rows).unwrap(), (2, 2, 888));
    // Read from another response with the same values: the same row, which keeps what it was read from.
    rows[0].response_id = Some(7);
    rows[1].response_id = Some(7);
    rows[1].distance = 8.0;
    assert_eq!(write(store, &rows).unwrap(), (0, 1, 891));
    assert_eq!(
        number(
            store,
            "SELECT count(*) FROM flight WHERE response_id = 7 AND distance = 8"
        ),
        1
    );
    assert_eq!(
        number(
            store,
            "SELECT count(*) FROM flight WHERE response_id IS NOT NULL"
        ),
        1
    );
}

#[test]
fn new_changed_and_same_rows_are_told_apart_in_a_partitioned_table() {
    counts_by_key(&postgres().store);
}

#[test]
fn new_changed_and_same_rows_are_told_apart_in_sqlite_and_provenance_changes_nothing() {
    counts_by_key(&crate::sqlite().0);
}

#[test]
fn two_rows_of_one_key_are_refused_rather_than_one_of_them_chosen() {
    let database = postgres();
    filled(&database.store);
    let mut rows = departures(3);
    rows.push(rows[0].clone());
    let error = write(&database.store, &rows).unwrap_err();
    assert!(error.to_string().contains("same key"), "{error}");
    assert_eq!(number(&database.store, "SELECT count(*) FROM flight"), 0);
}
