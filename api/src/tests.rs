//! Each way a request can be refused or fail, at the router, without a socket.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use axum::body::Body;
use axum::http::Request;
use futures::stream;
use serde_json::{Value, json};
use std::time::Duration;
use tower::ServiceExt;

fn service(limits: Limits) -> Arc<Service> {
    Service::new(parcel::artefact(), limits).unwrap()
}

async fn ask(limits: Limits, request: Request<Body>) -> Response {
    router(service(limits)).oneshot(request).await.unwrap()
}

fn post(body: impl Into<Body>) -> Request<Body> {
    Request::post("/v1/predict")
        .header("content-type", "application/json")
        .body(body.into())
        .unwrap()
}

fn get_request(path: &str) -> Request<Body> {
    Request::get(path).body(Body::empty()).unwrap()
}

/// The body of a problem, after checking that it is one of this status and kind.
async fn problem(response: Response, status: u16, kind: &str) -> Value {
    assert_eq!(
        response.headers()["content-type"],
        "application/problem+json"
    );
    assert_eq!(
        response.headers().contains_key("retry-after"),
        status == 503
    );
    let answered = response.status().as_u16();
    let bytes = axum::body::to_bytes(response.into_body(), usize::MAX)
        .await
        .unwrap();
    let body: Value = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(
        (answered, &body["type"]),
        (status, &json!(format!("urn:carnet:problem:{kind}"))),
        "{body}"
    );
    assert_eq!(body["status"], status);
    body
}

fn list(rows: usize) -> String {
    Value::from(parcel::records(rows)).to_string()
}

#[tokio::test]
async fn a_short_and_a_long_list_are_answered_whichever_thread_does_the_work() {
    for rows in [1, 3, 500] {
        let body = list(rows);
        assert_eq!(body.len() > 4096, rows == 500);
        let response = ask(Limits::default(), post(body)).await;
        assert_eq!(response.status(), 200);
        let bytes = axum::body::to_bytes(response.into_body(), usize::MAX)
            .await
            .unwrap();
        let body: Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(body["predictions"].as_array().unwrap().len(), rows);
    }
}

#[tokio::test]
async fn not_json() {
    let body = problem(
        ask(Limits::default(), post("{\"distance\": NaN}")).await,
        400,
        "not-json",
    )
    .await;
    assert_eq!((&body["line"], &body["column"]), (&json!(1), &json!(14)));
}

#[tokio::test]
async fn a_broken_body() {
    let parts = stream::iter([
        Ok("[{\"distance\""),
        Err(std::io::Error::other("the client went away")),
    ]);
    let body = problem(
        ask(Limits::default(), post(Body::from_stream(parts))).await,
        400,
        "broken-body",
    )
    .await;
    assert!(body["detail"].as_str().unwrap().contains("went away"));
}

#[tokio::test]
async fn no_such_route_and_no_such_method() {
    let body = problem(
        ask(Limits::default(), get_request("/v2/predict")).await,
        404,
        "not-found",
    )
    .await;
    assert!(body["detail"].as_str().unwrap().contains("/v2/predict"));
    let body = problem(
        ask(Limits::default(), get_request("/v1/predict")).await,
        405,
        "method-not-allowed",
    )
    .await;
    assert!(body["detail"].as_str().unwrap().contains("GET"));
}

#[tokio::test]
async fn a_slow_body() {
    let limits = Limits {
        timeout: Duration::from_millis(20),
        ..Limits::default()
    };
    let never = Body::from_stream(stream::pending::<Result<&str, std::io::Error>>());
    problem(ask(limits, post(never)).await, 408, "slow-body").await;
}

#[tokio::test]
async fn too_many_bytes_records_or_values() {
    let few = Limits {
        body_limit: 100,
        max_records: 2,
        ..Limits::default()
    };
    let body = problem(ask(few, post(list(1))).await, 413, "too-large").await;
    assert_eq!(body["limit"], 100);
    let undeclared = Body::from_stream(stream::iter([
        Ok::<_, std::io::Error>("x".repeat(60)),
        Ok("x".repeat(60)),
    ]));
    problem(ask(few, post(undeclared)).await, 413, "too-large").await;
    let body = problem(ask(few, post("[{},{},{}]")).await, 413, "too-large").await;
    assert!(body["detail"].as_str().unwrap().contains("2 records"));
    let wide = format!("{{\"distance\":[{}0]}}", "0,".repeat(5_000));
    let limits = Limits {
        max_records: 2,
        ..Limits::default()
    };
    let body = problem(ask(limits, post(wide)).await, 413, "too-large").await;
    assert!(body["detail"].as_str().unwrap().contains("values"));
}

#[tokio::test]
async fn a_wrong_media_type() {
    let request = Request::post("/v1/predict")
        .header("content-type", "text/plain")
        .body(Body::from("{}"))
        .unwrap();
    problem(ask(Limits::default(), request).await, 415, "media-type").await;
}

#[tokio::test]
async fn no_records_and_wrong_records() {
    problem(ask(Limits::default(), post("[]")).await, 422, "no-records").await;
    let body = problem(
        ask(Limits::default(), post("{\"distance\": \"far\"}")).await,
        422,
        "record-does-not-fit",
    )
    .await;
    let distance = &body["errors"][0];
    assert_eq!(distance["path"], "distance");
    assert!(
        distance["expected"].as_str().unwrap().contains("number")
            && distance["found"].as_str().unwrap().contains("far")
    );
}

#[tokio::test]
async fn a_panic_is_answered_without_its_message() {
    async fn broken() {
        panic!("a secret")
    }
    let response = guarded(Router::new().route("/", get(broken)))
        .oneshot(get_request("/"))
        .await
        .unwrap();
    let body = problem(response, 500, "internal").await;
    assert!(!body.to_string().contains("secret"));
    let told = Problem::panic(Box::new("a secret".to_owned())).to_string();
    assert!(told.contains("a secret"), "the log is told: {told}");
}

#[tokio::test]
async fn no_place_left() {
    let limits = Limits {
        concurrency: 0,
        ..Limits::default()
    };
    let body = problem(ask(limits, post(list(1))).await, 503, "busy").await;
    assert_eq!(body["limit"], 0);
    assert_eq!(ask(limits, get_request("/health/live")).await.status(), 200);
}

#[tokio::test]
async fn a_prediction_that_takes_too_long() {
    let limits = Limits {
        timeout: Duration::from_nanos(1),
        ..Limits::default()
    };
    let service = service(limits);
    let response = router(service.clone())
        .oneshot(post(list(5_000)))
        .await
        .unwrap();
    problem(response, 503, "timed-out").await;
    // The place is given back when the work has ended, not before.
    let back = async {
        while service.places.available_permits() < limits.concurrency {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), back)
        .await
        .unwrap();
}

#[tokio::test]
async fn not_ready_once_it_stops_but_alive() {
    let service = service(Limits::default());
    assert_eq!(
        router(service.clone())
            .oneshot(get_request("/health/ready"))
            .await
            .unwrap()
            .status(),
        200
    );
    service.begin_stop();
    problem(
        router(service.clone())
            .oneshot(get_request("/health/ready"))
            .await
            .unwrap(),
        503,
        "not-ready",
    )
    .await;
    assert_eq!(
        router(service)
            .oneshot(get_request("/health/live"))
            .await
            .unwrap()
            .status(),
        200
    );
}
