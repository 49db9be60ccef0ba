//! The notebook's path to features (stores, typed loads, a join in polars) and the service's (JSON text, the request
//! schema) end in the same bits, and so do the probabilities of a model before it is saved and after it is served.

use crate::loaded;
use carnet::prelude::*;
use carnet::record::Columns;
use carnet::serde_json::{Value, from_str};
use flights::{Flight, Observation};

const ROWS: usize = 1_000;

/// Every flight that arrived, with the weather of the hour before it should leave.
fn table() -> DataFrame {
    let store = loaded();
    let flights = store.load::<Flight>().run().unwrap();
    let weather = store.load::<Observation>().run().unwrap();
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
        .collect()
        .unwrap()
}

/// Rows spread over the year, so that all carriers, hours and both clocks are among them.
fn spread(frame: &DataFrame) -> DataFrame {
    let step = frame.height() / ROWS;
    let rows: Vec<u32> = (0..ROWS).map(|row| (row * step) as u32).collect();
    frame.take(&IdxCa::from_vec("row".into(), rows)).unwrap()
}

/// The rows as a caller sends them: JSON text, read again.
fn sent(recipe: &carnet::recipe::FittedRecipe, columns: &Columns) -> Vec<Value> {
    (0..columns.rows())
        .map(|row| {
            let text = recipe.record_json(columns, row).unwrap().to_string();
            from_str(&text).unwrap()
        })
        .collect()
}

fn bits(values: &[f64]) -> Vec<u64> {
    values.iter().map(|value| value.to_bits()).collect()
}

#[test]
fn a_thousand_real_rows_have_the_same_features_and_answers_from_a_frame_and_from_json() {
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
        .numeric([
            "distance",
            "temperature_f",
            "wind_speed_mph",
            "visibility_mi",
        ])
        .category(["origin", "carrier", "dest"])
        .clock("scheduled_departure")
        .time_zone("America/New_York");
    let compared = compare(
        &split,
        &recipe,
        [Logistic::default().into(), Tree::default().into()],
    )
    .unwrap();
    let made = compared.best().artefact(CardNotes::new("parity")).unwrap();
    let served = Artefact::from_bytes(&made.to_bytes().unwrap()).unwrap();

    let columns = columns_of(&spread(&table)).unwrap();
    assert_eq!(columns.rows(), ROWS);
    let requests = served
        .schema()
        .read_json(&sent(served.recipe(), &columns))
        .unwrap();
    let from_frame = compared.recipe().apply(&columns).unwrap();
    let from_json = served.recipe().apply(&requests).unwrap();
    assert_eq!(from_frame.names(), from_json.names());
    assert_eq!(bits(from_frame.values()), bits(from_json.values()));
    assert_eq!(
        bits(&made.predict(&columns).unwrap()),
        bits(&served.predict(&requests).unwrap())
    );
}
