//! The collection over real HTTP, from a replay of the providers: it ends with the rows of the sample, whatever goes wrong on
//! the way, and however often it is killed.

use super::{loaded, number, run};
use carnet::store::Store;
use flights::collect::{CollectSummary, Plan, collect};
use flights::progress::Progress;
use flights::replay::{Faults, Replay};
use std::future::pending;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tokio::runtime::Runtime;

/// A replay, and the runtime that it lives on.
struct Served {
    runtime: Runtime,
    replay: Option<Replay>,
}

impl Served {
    fn start(faults: Faults) -> Served {
        let runtime = Runtime::new().unwrap();
        let replay = runtime.block_on(Replay::start(0, faults)).unwrap();
        Served {
            runtime,
            replay: Some(replay),
        }
    }

    fn base_url(&self) -> String {
        self.replay.as_ref().unwrap().base_url()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _inside = self.runtime.enter();
        self.replay = None;
    }
}

fn plan(served: &Served, folder: &Path) -> Plan {
    Plan {
        base: Some(served.base_url()),
        archive: folder.join("archive"),
        gap: Some(Duration::ZERO),
        ..Plan::of_year(2013, "ops@example.org")
    }
}

fn collected(path: &Path, plan: &Plan) -> CollectSummary {
    let store = Store::create_file(path).unwrap();
    store.migrate(&flights::MIGRATIONS).unwrap();
    let progress = Progress::quiet();
    store
        .block_on(collect(&store, plan, &progress, pending()))
        .unwrap()
}

/// Rows of one store that the other lacks, by these columns, both ways.
fn differ(store: &Store, other: &Path, table: &str, columns: &str) -> (i64, i64) {
    let other = other.display();
    let of = |one: &str, two: &str| {
        format!(
            "SELECT count(*) FROM (SELECT {columns} FROM {one}.{table} EXCEPT SELECT {columns} FROM {two}.{table})"
        )
    };
    store.block_on(async {
        let mut connection = store.sqlite().unwrap().acquire().await.unwrap();
        let attach = sqlx::AssertSqlSafe(format!("ATTACH '{other}' AS other"));
        sqlx::query(attach).execute(&mut *connection).await.unwrap();
        let mut counts = Vec::new();
        for sql in [of("main", "other"), of("other", "main")] {
            let sql = sqlx::AssertSqlSafe(sql);
            counts.push(
                sqlx::query_scalar(sql)
                    .fetch_one(&mut *connection)
                    .await
                    .unwrap(),
            );
        }
        sqlx::query("DETACH other")
            .execute(&mut *connection)
            .await
            .unwrap();
        (counts[0], counts[1])
    })
}

const FLIGHT: &str = "carrier, flight_number, tail, origin, dest, scheduled_departure, scheduled_arrival, departure_delay, \
                      arrival_delay, air_time, distance";
const PLANE: &str = "tail, year, type, manufacturer, model, engines, seats, speed_mph, engine";
const AIRPORT: &str = "faa, name, latitude_deg, longitude_deg, altitude_ft";

#[test]
fn what_is_collected_through_all_faults_is_the_sample_and_a_second_run_finds_nothing_new() {
    let served = Served::start(Faults::Some);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("carnet.db");
    let mut plan = plan(&served, folder.path());
    let summary = collected(&path, &plan);
    assert!(summary.is_done(), "{summary}");
    let retries: u64 = summary
        .runs
        .iter()
        .map(|run| run.report.total().retries)
        .sum();
    assert!(retries > 0, "{summary}");

    let store = Store::open_file(&path).unwrap();
    loaded();
    let sample = super::LOADED.as_path();
    for (table, columns) in [
        ("flight", FLIGHT),
        ("plane", PLANE),
        ("airline", "carrier, name"),
        ("airport", AIRPORT),
    ] {
        assert_eq!(differ(&store, sample, table, columns), (0, 0), "{table}");
    }
    let rows = |sql| number(&store, sql);
    assert_eq!(rows("SELECT count(*) FROM flight"), 336_776);
    assert_eq!(rows("SELECT count(*) FROM document_observation"), 26_115);
    assert_eq!(rows("SELECT count(*) FROM document_airport_page"), 3);
    assert!(rows("SELECT count(*) FROM runway") > 0);
    assert_eq!(rows("SELECT count(*) FROM rejected_record"), 0);
    // Every row can be traced to the bytes it came from.
    assert_eq!(
        rows("SELECT count(*) FROM flight WHERE response_id IS NULL"),
        0
    );
    assert_eq!(rows("SELECT count(DISTINCT response_id) FROM flight"), 12);
    assert_eq!(
        rows("SELECT count(*) FROM collection_run WHERE outcome = 'done'"),
        5
    );
    assert_eq!(
        rows("SELECT sum(retries) FROM collection_host"),
        retries.cast_signed()
    );

    // Asked again: what has not changed is not sent, and no row changes.
    plan.again = true;
    let again = collected(&path, &plan);
    assert!(again.is_done(), "{again}");
    for run in &again.runs {
        let counts = run.report.total_rows();
        assert_eq!((counts.new, counts.changed), (0, 0), "{again}");
    }
    // And without the network.
    plan.offline = true;
    drop(served);
    let fresh = folder.path().join("offline.db");
    let offline = collected(&fresh, &plan);
    assert!(offline.is_done(), "{offline}");
    let store = Store::open_file(&fresh).unwrap();
    assert_eq!(
        differ(&store, &path, "flight", &format!("{FLIGHT}, response_id")),
        (0, 0)
    );
    assert_eq!(
        differ(&store, &path, "document_observation", "id, body"),
        (0, 0)
    );
}

/// `flights collect` of two months, not started yet.
fn command(served: &Served, folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_flights"));
    command
        .args([
            "collect",
            "--contact",
            "ops@example.org",
            "--from",
            "2013-01",
            "--until",
            "2013-02",
        ])
        .args(["--gap-ms", "0", "--base-url", &served.base_url()])
        .arg("--database")
        .arg(folder.join("carnet.db"))
        .arg("--archive")
        .arg(folder.join("archive"))
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

fn killed_after(mut child: Child, wait: Duration) -> bool {
    std::thread::sleep(wait);
    let was_running = child.try_wait().unwrap().is_none();
    let _ = child.kill();
    child.wait().unwrap();
    was_running
}

#[test]
fn a_collection_that_is_killed_again_and_again_ends_with_the_same_rows() {
    let served = Served::start(Faults::None);
    let whole = tempfile::tempdir().unwrap();
    assert!(command(&served, whole.path()).status().unwrap().success());

    let folder = tempfile::tempdir().unwrap();
    // Chance decides when; the seed of each run is told, so that a failure can be looked at.
    let seed = std::collections::hash_map::RandomState::new();
    let mut kills = 0;
    for round in 0_u64..12 {
        use std::hash::BuildHasher;
        let wait = Duration::from_millis(seed.hash_one(round) % 4_000);
        let child = command(&served, folder.path()).spawn().unwrap();
        if killed_after(child, wait) {
            kills += 1;
        }
        println!("round {round}: {} ms", wait.as_millis());
    }
    assert!(kills > 0);
    assert!(command(&served, folder.path()).status().unwrap().success());

    let store = Store::open_file(folder.path().join("carnet.db")).unwrap();
    let other = whole.path().join("carnet.db");
    for (table, columns) in [
        ("flight", FLIGHT),
        ("flight", "response_id"),
        ("plane", PLANE),
        ("airline", "carrier, name"),
        ("airport", AIRPORT),
        ("runway", "airport, name, length_ft, width_ft, surface"),
        ("document_observation", "id, body"),
        ("document_airport_page", "id, body"),
        ("rejected_record", "place, rule, reason, raw"),
        ("source_cursor", "source, cursor"),
    ] {
        assert_eq!(differ(&store, &other, table, columns), (0, 0), "{table}");
    }
    let rows = |sql| number(&store, sql);
    assert_eq!(rows("SELECT count(*) FROM flight"), 27_004 + 24_951);
    assert_eq!(
        rows("SELECT count(*) FROM collection_run WHERE outcome = 'running'"),
        0
    );
    let parts = std::fs::read_dir(folder.path().join("archive/parts")).unwrap();
    // A part of a killed program may be left; none is a response.
    assert!(parts.count() <= kills);
    run(&store, "PRAGMA integrity_check");
}

#[test]
fn a_registry_page_that_is_declined_stops_that_run_and_no_other() {
    let served = Served::start(Faults::Some);
    let folder = tempfile::tempdir().unwrap();
    let mut plan = plan(&served, folder.path());
    plan.aircraft = vec!["N14228".to_owned()];
    plan.only = vec![
        "faa".to_owned(),
        "wikipedia".to_owned(),
        "ourairports".to_owned(),
    ];
    let path = folder.path().join("carnet.db");
    let summary = collected(&path, &plan);
    let outcome = |name: &str| {
        let run = summary
            .runs
            .iter()
            .find(|run| run.provider.name == name)
            .unwrap();
        (run.outcome.name(), run.reason.clone().unwrap_or_default())
    };
    assert_eq!(outcome("wikipedia").0, "done");
    let (stopped, reason) = outcome("faa");
    assert_eq!(stopped, "stopped");
    assert!(
        reason.contains("declined") && reason.contains("403"),
        "{reason}"
    );
    let store = Store::open_file(&path).unwrap();
    assert_eq!(number(&store, "SELECT count(*) FROM plane"), 3_322);
}
