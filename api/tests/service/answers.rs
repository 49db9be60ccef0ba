//! What is answered when everything is right.

use crate::{parcel, server::Server};
use serde_json::{Value, json};
use std::time::Duration;

#[tokio::test]
async fn one_record_and_a_list_get_the_same_predictions() {
    let server = Server::start(&[]);
    let records = parcel::records(3);
    let many: Value = server
        .post(Value::from(records.clone()).to_string())
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(
        many["model"],
        json!({"name": "parcel-late", "version": many["model"]["version"]})
    );
    assert!(
        many["model"]["version"]
            .as_str()
            .is_some_and(|version| !version.is_empty())
    );
    assert_eq!(many["predictions"].as_array().unwrap().len(), 3);
    for (record, expected) in records.iter().zip(many["predictions"].as_array().unwrap()) {
        let one: Value = server.post(record.to_string()).await.json().await.unwrap();
        assert_eq!(one["predictions"], json!([expected]));
        assert_eq!(one["model"], many["model"]);
        let (probability, threshold) = (
            expected["probability"].as_f64().unwrap(),
            expected["threshold"].as_f64().unwrap(),
        );
        assert!((0.0..=1.0).contains(&probability));
        assert_eq!(expected["label"], probability >= threshold);
    }
}

#[tokio::test]
async fn the_answers_are_those_of_the_library() {
    let server = Server::start(&[]);
    let records = parcel::records(200);
    let artefact = parcel::artefact();
    let expected = artefact
        .predict(&artefact.schema().read_json(&records).unwrap())
        .unwrap();
    let answer: Value = server
        .post(Value::from(records).to_string())
        .await
        .json()
        .await
        .unwrap();
    let answered: Vec<u64> = answer["predictions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| p["probability"].as_f64().unwrap().to_bits())
        .collect();
    assert_eq!(
        answered,
        expected.iter().map(|p| p.to_bits()).collect::<Vec<_>>()
    );
    assert!(
        answered
            .iter()
            .collect::<std::collections::HashSet<_>>()
            .len()
            > 10,
        "the model tells parcels apart"
    );
}

#[tokio::test]
async fn ten_thousand_records_are_answered_and_one_more_is_refused() {
    let server = Server::start(&[]);
    let mut records = parcel::records(10_000);
    let response = server.post(Value::from(records.clone()).to_string()).await;
    assert_eq!(response.status(), 200);
    let answer: Value = response.json().await.unwrap();
    assert_eq!(answer["predictions"].as_array().unwrap().len(), 10_000);
    records.push(records[0].clone());
    let body = crate::server::problem(
        server.post(Value::from(records).to_string()).await,
        413,
        "too-large",
    )
    .await;
    assert_eq!(body["limit"], 10_000);
    assert!(body["detail"].as_str().unwrap().contains("10000 records"));
}

#[tokio::test]
async fn a_null_or_a_missing_field_is_fine_where_training_had_nulls() {
    let server = Server::start(&[]);
    let mut record = parcel::records(1).remove(0);
    record["weight"] = Value::Null;
    let null: Value = server.post(record.to_string()).await.json().await.unwrap();
    record.as_object_mut().unwrap().remove("weight");
    let missing: Value = server.post(record.to_string()).await.json().await.unwrap();
    assert!(null["predictions"][0]["probability"].is_f64(), "{null}");
    assert_eq!(null, missing);
}

#[tokio::test]
async fn the_card_health_and_listing_are_there_and_each_request_is_logged() {
    let server = Server::start(&[]);
    let card: Value = server.get("/v1/model").await.json().await.unwrap();
    assert_eq!(card["name"], "parcel-late");
    for (path, status) in [("/health/live", "live"), ("/health/ready", "ready")] {
        let health: Value = server.get(path).await.json().await.unwrap();
        assert_eq!(health, json!({"status": status}));
    }
    let listing = server.get("/").await.text().await.unwrap();
    assert!(
        listing.contains("POST /v1/predict") && listing.contains("parcel-late"),
        "{listing}"
    );
    assert_eq!(server.get("/no-such?secret=1").await.status(), 404);
    server.signal("TERM");
    let (status, log) = server.ended(Duration::from_secs(10));
    assert!(status.success(), "{log}");
    let logged = |path: &str| {
        log.lines()
            .filter(|line| line.contains(&format!("path={path:?} ")))
            .count()
    };
    for path in [
        "/v1/model",
        "/health/live",
        "/health/ready",
        "/",
        "/no-such",
    ] {
        assert_eq!(logged(path), 1, "{path} in {log}");
    }
    assert!(
        log.contains("status=404") && log.contains("ms=") && !log.contains("secret"),
        "{log}"
    );
}
