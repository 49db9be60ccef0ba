//! A load that is stopped half way: killed, interrupted, or refused by the database. Nothing of it stays.

use super::{RECORDS, all_rows, command, fill, number, run};
use carnet::store::Store;
use flights::load::load;
use flights::progress::Progress;
use std::future::pending;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Starts a load and returns it when it says that it is among the flights.
fn half_way(database: &Path) -> (Child, BufReader<impl Read>) {
    let mut child = command(database)
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut told = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.starts_with("flight ") {
        line.clear();
        assert!(
            told.read_line(&mut line).unwrap() > 0,
            "the load ended before it came to the flights"
        );
    }
    assert!(
        !line.contains("336776 of"),
        "the first sign of progress came at the end: {line}"
    );
    (child, told)
}

#[test]
fn a_killed_load_leaves_empty_tables_and_the_next_one_fills_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("carnet.db");
    let (mut child, _told) = half_way(&path);
    child.kill().unwrap();
    assert!(!child.wait().unwrap().success());

    let store = Store::open_file(&path).unwrap();
    assert_eq!(all_rows(&store), 0);
    drop(store);
    assert_eq!(fill(&path).of("flight").unwrap().written.new, 336_776);
}

#[test]
fn ctrl_c_says_that_nothing_was_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("carnet.db");
    let (mut child, mut told) = half_way(&path);
    assert!(
        Command::new("kill")
            .args(["-INT", &child.id().to_string()])
            .status()
            .unwrap()
            .success()
    );
    let mut rest = String::new();
    told.read_to_string(&mut rest).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1));
    assert!(
        rest.contains("interrupted: nothing of this load was kept"),
        "{rest}"
    );
    assert_eq!(all_rows(&Store::open_file(&path).unwrap()), 0);
}

#[test]
fn a_row_that_the_database_refuses_undoes_all_rows_before_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::create_file(folder.path().join("carnet.db")).unwrap();
    store.migrate(&flights::MIGRATIONS).unwrap();
    run(
        &store,
        "INSERT INTO airline (carrier, name) VALUES ('ZZ', 'There before')",
    );
    run(
        &store,
        "CREATE TRIGGER full BEFORE INSERT ON document_observation WHEN NEW.id = 'LGA/2013-06-01T12:00:00Z'
         BEGIN SELECT RAISE(ABORT, 'the disk is full'); END",
    );
    let error = store
        .block_on(load(&store, &RECORDS, &Progress::quiet(), pending()))
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("observation was not filled, and nothing of this load was kept"),
        "{error}"
    );
    assert!(error.contains("the disk is full"), "{error}");
    assert_eq!(
        (
            all_rows(&store),
            number(&store, "SELECT count(*) FROM airline WHERE carrier = 'ZZ'")
        ),
        (1, 1)
    );
}
