//! `carnet db` by the program itself, on SQLite files and on the servers that `scripts/test-servers` starts.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod deployment;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The project whose migrations are applied.
fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

/// `carnet db` with these arguments, in the project's folder, whatever databases the environment names.
fn db(arguments: &[&str]) -> (i32, String) {
    let output: Output = Command::new(env!("CARGO_BIN_EXE_carnet"))
        .arg("db")
        .args(arguments)
        .current_dir(project())
        .env_remove("CARNET_DATABASE_URL")
        .env_remove("CARNET_DOCUMENTS_URL")
        .output()
        .unwrap();
    let told = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    (output.status.code().unwrap(), told)
}

/// A server's URL with a database of this test's own.
fn server(variable: &str, name: &str) -> String {
    let url = std::env::var(variable).unwrap_or_else(|_| {
        panic!(
            "{variable} names no server: run `make test`, or `scripts/test-servers cargo test …`"
        )
    });
    let (host, _) = url.rsplit_once('/').unwrap();
    format!("{host}/carnet_db_{name}_{}", std::process::id())
}

/// From nothing to a database with all migrations, and back to nothing.
fn whole_life(urls: &[&str], names: &[&str]) {
    let with = |command: &[&str]| db(&[command, urls].concat());
    let (code, told) = with(&["status"]);
    assert_eq!(code, 1, "{told}");
    let (code, told) = with(&["create"]);
    assert!(code == 0 && told.contains("made"), "{told}");
    let (code, told) = with(&["create"]);
    assert!(code == 0 && told.contains("there already"), "{told}");
    let (code, told) = with(&["status"]);
    assert!(code == 1 && told.contains("pending"), "{told}");
    let (code, told) = with(&["migrate"]);
    assert!(code == 0 && told.contains("0 undone"), "{told}");
    let (code, told) = with(&["status"]);
    assert!(
        code == 0 && told.contains("0004") && told.contains("applied"),
        "{told}"
    );
    assert!(
        told.contains("flight ") && told.contains("airport_page"),
        "{told}"
    );
    assert!(!told.contains("secret"), "{told}");
    let (code, told) = with(&["verify"]);
    assert!(code == 0 && told.contains("flight_observation"), "{told}");
    let (code, told) = with(&["migrate", "--to", "2"]);
    assert!(code == 1 && told.contains("cannot be undone"), "{told}");
    let (code, told) = with(&["drop"]);
    assert!(
        code == 2
            && names
                .iter()
                .all(|name| told.contains(&format!("--yes {name}"))),
        "{told}"
    );
    let (code, told) = with(&["drop", "--yes", "another"]);
    assert!(code == 1 && told.contains("not a database here"), "{told}");
    assert_eq!(with(&["status"]).0, 0);
    let yes: Vec<&str> = names.iter().flat_map(|name| ["--yes", name]).collect();
    let (code, told) = with(&[&["drop"], &yes[..]].concat());
    assert!(code == 0 && told.contains("dropped"), "{told}");
    assert_eq!(with(&["status"]).0, 1);
}

#[test]
fn a_file_lives_from_create_to_drop() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("new/my.db").display());
    whole_life(&["--database-url", &url], &["my.db"]);
}

#[test]
fn databases_on_servers_live_from_create_to_drop() {
    let tables = server("CARNET_TEST_DATABASE_URL", "life");
    let documents = server("CARNET_TEST_DOCUMENTS_URL", "life_documents");
    let name = |url: &str| url.rsplit_once('/').unwrap().1.to_owned();
    whole_life(
        &["--database-url", &tables, "--documents-url", &documents],
        &[&name(&tables), &name(&documents)],
    );
}

#[test]
fn tables_go_down_and_up_again_where_no_document_was_upgraded() {
    let tables = server("CARNET_TEST_DATABASE_URL", "down");
    let with = |command: &[&str]| db(&[command, &["--database-url", &tables]].concat());
    assert_eq!(with(&["create"]).0, 0);
    assert_eq!(with(&["migrate"]).0, 0);
    let (code, told) = with(&["migrate", "--to", "2"]);
    assert!(
        code == 0 && told.contains("3 undone") && told.contains("at version 2"),
        "{told}"
    );
    let (code, told) = with(&["migrate", "--to", "99"]);
    assert!(
        code == 1 && told.contains("there is no version 99"),
        "{told}"
    );
    let (_, name) = tables.rsplit_once('/').unwrap();
    assert_eq!(with(&["drop", "--yes", name]).0, 0);
}

#[test]
fn more_dangling_ends_than_declared_are_a_problem() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("my.db").display());
    let links = folder.path().join("links.json");
    let text = r#"[{ "name": "own", "description": "d", "from": "airport", "to": { "table": "airline", "column": "carrier" }, "key": "{faa}" }]"#;
    std::fs::write(&links, text).unwrap();
    let with = |command: &[&str]| db(&[command, &["--database-url", &url]].concat());
    assert_eq!(with(&["create"]).0, 0);
    assert_eq!(with(&["migrate"]).0, 0);
    let links = links.to_str().unwrap();
    assert_eq!(with(&["verify", "--links", links]).0, 0);
    let filled = Command::new("python3")
        .args(["-c", "import sqlite3, sys; db = sqlite3.connect(sys.argv[1]); db.execute(\"INSERT INTO airport (faa) VALUES ('JFK')\"); db.commit()"])
        .arg(folder.path().join("my.db"))
        .status()
        .unwrap();
    assert!(filled.success());
    let (code, told) = with(&["verify", "--links", links]);
    assert!(
        code == 1 && told.contains("TOO MANY") && told.contains("own, from: JFK"),
        "{told}"
    );
}

#[test]
fn what_is_asked_wrongly_exits_with_two() {
    for arguments in [
        &["migrate", "--to", "soon"][..],
        &["mend"],
        &["drop", "--no"],
    ] {
        assert_eq!(db(arguments).0, 2, "{arguments:?}");
    }
    let (code, told) = db(&["migrate", "--migrations", "nowhere"]);
    assert!(code == 1 && told.contains("nowhere"), "{told}");
    let (code, told) = db(&["status", "--database-url", "mysql://user:secret@host/db"]);
    assert!(
        code == 1 && told.contains("not supported") && !told.contains("secret"),
        "{told}"
    );
}

#[test]
fn the_diagram_of_the_architecture_is_that_of_the_migrations_and_links() {
    let (code, told) = db(&["diagram", "--check", "docs/ARCHITECTURE.md"]);
    assert_eq!(code, 0, "{told}");
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("copy.md");
    let document = std::fs::read_to_string(project().join("docs/ARCHITECTURE.md")).unwrap();
    std::fs::write(&copy, document.replace("distance float", "distance text")).unwrap();
    let copy = copy.to_str().unwrap();
    assert_eq!(db(&["diagram", "--check", copy]).0, 1);
    assert_eq!(db(&["diagram", "--write", copy]).0, 0);
    assert_eq!(std::fs::read_to_string(copy).unwrap(), document);
}
