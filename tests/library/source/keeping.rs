//! What the archive keeps: every response with where it came from, and answers without the network.

use super::server::{Reply, Server};
use super::{client, request, settings};
use carnet::source::{Client, SourceError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// All files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| {
            if path.is_dir() {
                files(&path)
            } else {
                vec![path]
            }
        })
        .collect()
}

#[test]
fn a_second_run_asks_only_whether_it_has_changed() {
    let version = Arc::new(AtomicUsize::new(1));
    let current = Arc::clone(&version);
    let server = Server::start(move |asked, _| {
        let tag = format!("\"v{}\"", current.load(Ordering::Relaxed));
        let headers = [("ETag", tag.as_str())];
        match asked.path.as_str() {
            "/a" if asked.headers.get("if-none-match") == Some(&tag) => {
                Some(Reply::new("304 Not Modified", &headers, ""))
            }
            "/a" => Some(Reply::new("200 OK", &headers, format!("body {tag}"))),
            _ => None,
        }
    });
    let folder = tempfile::tempdir().unwrap();
    let fetch = || {
        client(folder.path(), &server)
            .fetch(&request(&server, "/a"))
            .unwrap()
    };
    let first = fetch();
    let second = fetch();
    assert!(!first.was_kept && second.was_kept);
    assert_eq!(first.provenance, second.provenance);
    assert_eq!(second.bytes().unwrap(), b"body \"v1\"");
    version.store(2, Ordering::Relaxed);
    let third = fetch();
    assert!(!third.was_kept);
    assert_ne!(third.provenance.id, first.provenance.id);
    assert_eq!(third.bytes().unwrap(), b"body \"v2\"");
    // The bytes that were there before are still there for the records made of them.
    assert_eq!(first.bytes().unwrap(), b"body \"v1\"");
    assert_eq!(server.asked().len(), 3);
}

#[test]
fn what_is_said_to_be_fresh_is_not_asked_for() {
    let server = Server::start(|asked, _| {
        (asked.path == "/a").then(|| Reply::new("200 OK", &[("Cache-Control", "max-age=600")], "x"))
    });
    let folder = tempfile::tempdir().unwrap();
    for was_kept in [false, true] {
        let client = client(folder.path(), &server);
        let response = client.fetch(&request(&server, "/a")).unwrap();
        assert_eq!(response.was_kept, was_kept);
        assert_eq!(client.report().total().cache_hits, u64::from(was_kept));
    }
    assert_eq!(server.asked().len(), 1);
}

#[test]
fn offline_gives_the_same_bytes_and_says_what_it_lacks() {
    let server = Server::start(|_, before| Some(Reply::ok(format!("answer {before}"))));
    let folder = tempfile::tempdir().unwrap();
    let online = client(folder.path(), &server)
        .fetch(&request(&server, "/a"))
        .unwrap();
    let offline = Client::new(settings(folder.path(), &server).offline(true)).unwrap();
    let again = offline.fetch(&request(&server, "/a")).unwrap();
    assert_eq!(again.bytes().unwrap(), online.bytes().unwrap());
    assert_eq!(again.provenance, online.provenance);
    let error = offline.fetch(&request(&server, "/b")).unwrap_err();
    assert!(matches!(error, SourceError::NotKept { .. }), "{error}");
    assert_eq!(server.asked().len(), 1);
    assert_eq!(offline.report().total().requests, 0);
}

#[test]
fn every_response_is_kept_with_its_provenance_failures_too() {
    let server = Server::start(|asked, before| match (asked.path.as_str(), before) {
        ("/a", 0) => Some(Reply::new("503 Service Unavailable", &[], "busy")),
        ("/a", _) => Some(Reply::new(
            "200 OK",
            &[("Last-Modified", "Sun, 06 Nov 1994 08:49:37 GMT")],
            "data",
        )),
        _ => None,
    });
    let folder = tempfile::tempdir().unwrap();
    let response = client(folder.path(), &server)
        .fetch(&request(&server, "/a"))
        .unwrap();
    let provenance = &response.provenance;
    assert_eq!(
        provenance.sha256,
        "3a6eb0790f39ac87c94f3856b2dd2c5d110e6811602261a9a923d3bb23adc8b7"
    );
    assert_eq!(
        (provenance.status, provenance.bytes, provenance.complete),
        (200, 4, true)
    );
    assert_eq!(
        provenance.header("last-modified"),
        Some("Sun, 06 Nov 1994 08:49:37 GMT")
    );
    let records: Vec<String> = files(&folder.path().join("responses"))
        .into_iter()
        .map(|path| std::fs::read_to_string(path).unwrap())
        .collect();
    let with = |status: &str| {
        records
            .iter()
            .filter(|record| record.contains(status))
            .count()
    };
    // robots.txt was not there; the good answer is its own record and the current one.
    assert_eq!(
        (
            with("\"status\": 404"),
            with("\"status\": 503"),
            with("\"status\": 200")
        ),
        (1, 1, 2)
    );
    let bodies: Vec<Vec<u8>> = files(&folder.path().join("bodies"))
        .into_iter()
        .map(|path| std::fs::read(path).unwrap())
        .collect();
    assert!(bodies.contains(&b"busy".to_vec()) && bodies.contains(&b"data".to_vec()));
}

#[test]
fn a_damaged_archive_is_told_offline_and_mended_online() {
    let server = Server::start(|asked, _| {
        (asked.path == "/a")
            .then(|| Reply::new("200 OK", &[("Cache-Control", "max-age=600")], "data"))
    });
    let folder = tempfile::tempdir().unwrap();
    let response = client(folder.path(), &server)
        .fetch(&request(&server, "/a"))
        .unwrap();
    std::fs::write(response.path(), "dat").unwrap();
    let offline = Client::new(settings(folder.path(), &server).offline(true)).unwrap();
    let error = offline.fetch(&request(&server, "/a")).unwrap_err();
    assert!(matches!(error, SourceError::Damaged { .. }), "{error}");
    let mended = client(folder.path(), &server)
        .fetch(&request(&server, "/a"))
        .unwrap();
    assert_eq!(mended.bytes().unwrap(), b"data");
    assert_eq!(
        offline
            .fetch(&request(&server, "/a"))
            .unwrap()
            .bytes()
            .unwrap(),
        b"data"
    );
}

#[test]
fn a_failure_leaves_what_was_kept() {
    let server = Server::start(|asked, before| match (asked.path.as_str(), before) {
        ("/a", 0) => Some(Reply::ok("data")),
        ("/a", _) => Some(Reply::new("500 Internal Server Error", &[], "")),
        _ => None,
    });
    let folder = tempfile::tempdir().unwrap();
    let client = client(folder.path(), &server);
    client.fetch(&request(&server, "/a")).unwrap();
    assert!(client.fetch(&request(&server, "/a")).is_err());
    let offline = Client::new(settings(folder.path(), &server).offline(true)).unwrap();
    assert_eq!(
        offline
            .fetch(&request(&server, "/a"))
            .unwrap()
            .bytes()
            .unwrap(),
        b"data"
    );
}

#[test]
fn a_kept_answer_is_asked_about_only_where_it_came_from() {
    let month = Arc::new(AtomicUsize::new(2));
    let newest = Arc::clone(&month);
    let server = Server::start(move |asked, _| {
        let headers = |day| [("Last-Modified", day), ("Cache-Control", "max-age=600")];
        match asked.path.as_str() {
            "/latest" => Some(Reply::to(&format!(
                "/{}.csv",
                newest.load(Ordering::Relaxed)
            ))),
            "/2.csv" => Some(Reply::new(
                "200 OK",
                &headers("Tue, 05 Mar 2013 00:00:00 GMT"),
                "two",
            )),
            // Older than the other: a date alone would say that nothing has changed.
            "/3.csv" if asked.headers.contains_key("if-modified-since") => {
                Some(Reply::new("304 Not Modified", &[], ""))
            }
            "/3.csv" => Some(Reply::new(
                "200 OK",
                &headers("Mon, 04 Mar 2013 00:00:00 GMT"),
                "three",
            )),
            _ => None,
        }
    });
    let folder = tempfile::tempdir().unwrap();
    let fetch = || {
        client(folder.path(), &server)
            .fetch(&request(&server, "/latest"))
            .unwrap()
    };
    let first = fetch();
    assert_eq!(first.provenance.redirects, [server.url("/latest")]);
    assert_eq!(first.provenance.final_url, server.url("/2.csv"));
    assert_eq!(first.bytes().unwrap(), b"two");
    month.store(3, Ordering::Relaxed);
    assert_eq!(fetch().bytes().unwrap(), b"three");
}

#[test]
fn what_is_kept_has_to_pass_the_check_of_who_asks() {
    let server = Server::start(|asked, before| {
        let fresh = [("Cache-Control", "max-age=600")];
        let body = if before == 0 { "page" } else { "data" };
        (asked.path == "/a").then(|| Reply::new("200 OK", &fresh, body))
    });
    let folder = tempfile::tempdir().unwrap();
    client(folder.path(), &server)
        .fetch(&request(&server, "/a"))
        .unwrap();
    let data = request(&server, "/a").check(|response| {
        let bytes = response.bytes().map_err(|error| error.to_string())?;
        (bytes == b"data")
            .then_some(())
            .ok_or_else(|| "no data".to_owned())
    });
    let offline = Client::new(settings(folder.path(), &server).offline(true)).unwrap();
    let error = offline.fetch(&data).unwrap_err();
    assert!(matches!(error, SourceError::Unfit { .. }), "{error}");
    let response = client(folder.path(), &server).fetch(&data).unwrap();
    assert_eq!(response.bytes().unwrap(), b"data");
}
