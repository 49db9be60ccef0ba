//! Bad input: what is refused, with which status, and what the client is told.

use crate::{
    parcel,
    server::{Server, problem},
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

const MIB: usize = 1024 * 1024;

#[tokio::test]
async fn what_is_not_json_is_refused_with_line_and_column() {
    let server = Server::start(&[]);
    for (text, line, column) in [
        ("late?", 1, 1),
        ("", 1, 0),
        ("{\n\"distance\": 1,\n\"weight\": NaN}", 3, 11),
        ("{\"distance\": 1", 1, 14),
        ("{\"distance\": 1}}", 1, 16),
        ("[{\"distance\": -Infinity}]", 1, 16),
    ] {
        let body = problem(server.post(text).await, 400, "not-json").await;
        assert_eq!(
            (&body["line"], &body["column"]),
            (&json!(line), &json!(column)),
            "{text}: {body}"
        );
    }
    let body = problem(server.post("{\"weight\": NaN}").await, 400, "not-json").await;
    assert!(
        body["detail"]
            .as_str()
            .unwrap()
            .contains("a missing value is null"),
        "{body}"
    );
    let body = problem(server.post(vec![b'"', 0xff, b'"']).await, 400, "not-json").await;
    assert_eq!(body["line"], 1);
}

#[tokio::test]
async fn every_wrong_value_is_named_with_its_path_what_was_expected_and_what_came() {
    let server = Server::start(&[]);
    let mut record = parcel::records(1).remove(0);
    record["distance"] = json!("far");
    record["express"] = json!("yes");
    record["sent"] = json!("2024-01-01 10:00");
    record["colour"] = json!("brown");
    record.as_object_mut().unwrap().remove("depot");
    let body = problem(
        server.post(record.to_string()).await,
        422,
        "record-does-not-fit",
    )
    .await;
    let mut errors: Vec<(String, String, String)> = body["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| {
            ["path", "expected", "found"]
                .map(|name| e[name].as_str().unwrap().to_owned())
                .into()
        })
        .collect();
    errors.sort();
    let paths: Vec<&str> = errors.iter().map(|error| error.0.as_str()).collect();
    assert_eq!(
        paths,
        ["colour", "depot", "distance", "express", "sent"],
        "{body}"
    );
    assert!(errors[0].1.contains("no such field") && errors[0].2.contains("brown"));
    assert_eq!(
        (errors[1].1.as_str(), errors[1].2.as_str()),
        ("text", "nothing")
    );
    assert!(errors[2].1.contains("a number") && errors[2].2.contains("far"));
    assert!(errors[3].1.contains("true or false"));
    assert!(errors[4].1.contains("RFC 3339"));

    let list = json!([parcel::records(1)[0], record]);
    let body = problem(
        server.post(list.to_string()).await,
        422,
        "record-does-not-fit",
    )
    .await;
    assert!(
        body["errors"]
            .as_array()
            .unwrap()
            .iter()
            .all(|error| error["path"].as_str().unwrap().starts_with("[1].")),
        "{body}"
    );
}

#[tokio::test]
async fn what_is_no_record_is_refused() {
    let server = Server::start(&[]);
    problem(server.post("[]").await, 422, "no-records").await;
    for text in ["7", "null", "\"late\"", "true"] {
        let body = problem(server.post(text).await, 422, "record-does-not-fit").await;
        assert_eq!(body["errors"][0]["path"], "body");
    }
    let body = problem(server.post("[{}, 7]").await, 422, "record-does-not-fit").await;
    assert!(
        body["errors"]
            .as_array()
            .unwrap()
            .iter()
            .any(|error| error["path"] == "[1]"),
        "{body}"
    );
    let body = problem(
        server
            .post(Value::from(vec![json!({}); 10_000]).to_string())
            .await,
        422,
        "record-does-not-fit",
    )
    .await;
    assert_eq!(body["errors"].as_array().unwrap().len(), 100);
    assert!(
        body["detail"]
            .as_str()
            .unwrap()
            .contains("100 values or more"),
        "{body}"
    );
}

#[tokio::test]
async fn a_body_that_is_not_declared_as_json_is_refused() {
    let server = Server::start(&[]);
    let record = parcel::records(1)[0].to_string();
    let send = |kind: Option<&'static str>| {
        let request = server
            .client
            .post(server.url("/v1/predict"))
            .body(record.clone());
        kind.map_or_else(
            || request.try_clone().unwrap(),
            |kind| request.try_clone().unwrap().header("content-type", kind),
        )
        .send()
    };
    let body = problem(send(Some("text/csv")).await.unwrap(), 415, "media-type").await;
    assert!(body["detail"].as_str().unwrap().contains("text/csv"));
    problem(send(None).await.unwrap(), 415, "media-type").await;
    assert_eq!(
        send(Some("application/json; charset=utf-8"))
            .await
            .unwrap()
            .status(),
        200
    );
}

#[tokio::test]
async fn an_unknown_route_and_a_wrong_method_are_problems_too() {
    let server = Server::start(&[]);
    let body = problem(server.get("/v1/predictions").await, 404, "not-found").await;
    assert!(body["detail"].as_str().unwrap().contains("/v1/predictions"));
    let response = server.get("/v1/predict").await;
    assert_eq!(response.headers()["allow"], "POST");
    problem(response, 405, "method-not-allowed").await;
    problem(
        server
            .client
            .delete(server.url("/v1/model"))
            .send()
            .await
            .unwrap(),
        405,
        "method-not-allowed",
    )
    .await;
}

#[tokio::test]
async fn a_body_of_100_mb_is_refused_by_its_length_without_being_kept() {
    let server = Server::start(&[]);
    let before = server.most_memory();
    let body = problem(server.post(vec![b' '; 100 * MIB]).await, 413, "too-large").await;
    assert_eq!(body["limit"], 8 * MIB);
    assert!(
        server.most_memory() - before < 16 * MIB,
        "{} more bytes",
        server.most_memory() - before
    );
    assert_eq!(
        server
            .post(parcel::records(1)[0].to_string())
            .await
            .status(),
        200
    );
}

#[tokio::test]
async fn a_body_of_100_mb_of_undeclared_length_is_refused_without_being_kept() {
    let server = Server::start(&[]);
    let before = server.most_memory();
    let mut stream = TcpStream::connect(&server.address).await.unwrap();
    let head = "POST /v1/predict HTTP/1.1\r\nhost: test\r\ncontent-type: application/json\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut chunk = format!("{MIB:x}\r\n").into_bytes();
    chunk.resize(chunk.len() + MIB, b' ');
    chunk.extend_from_slice(b"\r\n");
    for _ in 0..100 {
        stream.write_all(&chunk).await.unwrap();
    }
    stream.write_all(b"0\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 413 ") && answer.contains("urn:carnet:problem:too-large"),
        "{answer}"
    );
    assert!(
        server.most_memory() - before < 32 * MIB,
        "{} more bytes",
        server.most_memory() - before
    );
}

#[tokio::test]
async fn a_client_that_asks_first_need_not_send_what_is_too_large() {
    let server = Server::start(&["--body-limit", "1000"]);
    let mut stream = TcpStream::connect(&server.address).await.unwrap();
    let head = "POST /v1/predict HTTP/1.1\r\nhost: test\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: 1001\r\nexpect: 100-continue\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
}

#[tokio::test]
async fn a_body_that_does_not_arrive_in_time_is_told_so() {
    let server = Server::start(&["--timeout", "0.3"]);
    let mut stream = server.begin(100).await;
    stream.write_all(b"{").await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 408 ") && answer.contains("0.3 s"),
        "{answer}"
    );
}

#[tokio::test]
async fn one_request_more_than_allowed_is_refused_at_once_and_welcome_later() {
    let server = Server::start(&["--concurrency", "1"]);
    let record = parcel::records(1)[0].to_string();
    let mut holder = server.begin(record.len()).await;
    let response = server.post(record.clone()).await;
    assert_eq!(response.headers()["retry-after"], "1");
    problem(response, 503, "busy").await;
    assert_eq!(server.get("/health/ready").await.status(), 200);
    holder.write_all(record.as_bytes()).await.unwrap();
    let mut answer = String::new();
    holder.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert_eq!(server.post(record).await.status(), 200);
}
