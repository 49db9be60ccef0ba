//! The notebook's path to features (stores, typed loads, joins in polars) and the service's (JSON over HTTP, the request
//! schema) end in the same bits, and so do the probabilities of a model before it is saved and after it is served.

use crate::loaded;
use carnet::prelude::*;
use carnet::record::Columns;
use carnet::serde_json::{Value, from_slice};
use carnet_api::{Limits, Service, serve};
use flights::{Flight, Observation, Plane};
use std::future::pending;
use std::time::Duration;

const ROWS: usize = 1_000;

/// Every flight that arrived, with its aircraft and the weather of the hour before it should leave.
fn table() -> DataFrame {
    let store = loaded();
    let flights = store.load::<Flight>().run().unwrap();
    let weather = store.load::<Observation>().run().unwrap();
    let planes = store.load::<Plane>().run().unwrap();
    let hour_before = col("scheduled_departure").dt().truncate(lit("1h"))
        - lit(carnet::chrono::TimeDelta::hours(1));
    flights
        .frame
        .lazy()
        .filter(col("arrival_delay").is_not_null())
        .with_columns([
            col("arrival_delay").gt_eq(lit(15.0)).alias("late"),
            hour_before.alias("weather_time"),
        ])
        .join(
            weather.frame.lazy(),
            [col("origin"), col("weather_time")],
            [col("station"), col("time")],
            JoinArgs::new(JoinType::Left),
        )
        .join(
            planes.frame.lazy(),
            [col("tail")],
            [col("tail")],
            JoinArgs::new(JoinType::Left),
        )
        .collect()
        .unwrap()
}

/// Rows spread over the year, so that all carriers, hours and both clocks are among them.
fn spread(frame: &DataFrame) -> DataFrame {
    let step = frame.height() / ROWS;
    let rows: Vec<u32> = (0..ROWS).map(|row| (row * step) as u32).collect();
    frame.take(&IdxCa::from_vec("row".into(), rows)).unwrap()
}

/// The rows as a caller writes them: JSON text.
fn written(artefact: &Artefact, columns: &Columns) -> String {
    let records: Vec<Value> = (0..columns.rows())
        .map(|row| artefact.recipe().record_json(columns, row).unwrap())
        .collect();
    Value::from(records).to_string()
}

/// Serves the artefact on a loopback port, sends one request through a socket and returns the body of the answer.
fn asked(artefact: Artefact, body: &str) -> Value {
    carnet::source::prepare_tls();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let service = Service::new(artefact, Limits::default()).unwrap();
    let listener = runtime
        .block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))
        .unwrap();
    let address = listener.local_addr().unwrap();
    runtime.spawn(serve(listener, service, pending(), Duration::ZERO));
    runtime.block_on(async {
        let request = reqwest::Client::new()
            .post(format!("http://{address}/v1/predict"))
            .header("content-type", "application/json")
            .timeout(Duration::from_secs(60))
            .body(body.to_owned());
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 200);
        answer.json().await.unwrap()
    })
}

fn bits(values: &[f64]) -> Vec<u64> {
    values.iter().map(|value| value.to_bits()).collect()
}

#[test]
fn a_thousand_real_rows_have_the_same_features_and_answers_from_a_frame_and_over_http() {
    let table = table();
    let split = Split::by_time_in(
        &table,
        "scheduled_departure",
        "2013-10-01",
        "late",
        "America/New_York",
    )
    .unwrap();
    let recipe = Recipe::new()
        .numeric(["distance", "year", "seats"])
        .numeric([
            "temperature_f",
            "humidity_pct",
            "wind_speed_mph",
            "precipitation_in",
            "pressure_hpa",
            "visibility_mi",
        ])
        .category(["origin", "carrier", "dest"])
        .clock("scheduled_departure")
        .time_zone("America/New_York");
    let boost = Boost {
        rounds: 5,
        ..Boost::default()
    };
    let compared = compare(&split, &recipe, [Logistic::default().into(), boost.into()]).unwrap();
    let columns = columns_of(&spread(&table)).unwrap();
    assert_eq!(columns.rows(), ROWS);
    let from_frame = compared.recipe().apply(&columns).unwrap();
    for model in compared.candidates() {
        let chosen = compared.choose(&model.name, "to be served").unwrap();
        let made = chosen.artefact(CardNotes::new("parity")).unwrap();
        let saved = Artefact::from_bytes(&made.to_bytes().unwrap()).unwrap();
        let body = written(&saved, &columns);
        let received: Vec<Value> = from_slice(body.as_bytes()).unwrap();
        let requests = saved.schema().read_json(&received).unwrap();
        let from_json = saved.recipe().apply(&requests).unwrap();
        assert_eq!(from_frame.names(), from_json.names());
        assert_eq!(bits(from_frame.values()), bits(from_json.values()));

        let answer = asked(saved, &body);
        let answers: Vec<f64> = answer["predictions"]
            .as_array()
            .unwrap()
            .iter()
            .map(|prediction| prediction["probability"].as_f64().unwrap())
            .collect();
        assert_eq!(bits(&made.predict(&columns).unwrap()), bits(&answers));
    }
}
