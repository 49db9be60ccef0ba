//! What a recipe promises, on rows small enough to check by hand.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use crate::record::{Column, Columns};
use proptest::prelude::*;

fn texts(values: &[Option<&str>]) -> Column {
    Column::Text(
        values
            .iter()
            .map(|value| value.map(str::to_owned))
            .collect(),
    )
}

fn columns(parts: Vec<(&str, Column)>) -> Columns {
    let mut columns = Columns::new();
    for (name, column) in parts {
        columns.push(name, column).unwrap();
    }
    columns
}

/// 2013-03-10 is the Sunday on which New York's clocks went from 02:00 to 03:00.
fn training() -> Columns {
    columns(vec![
        (
            "wind",
            Column::Float(vec![Some(1.0), Some(3.0), None, Some(f64::NAN)]),
        ),
        (
            "carrier",
            texts(&[Some("UA"), Some("AA"), Some("UA"), Some("ZZ")]),
        ),
        (
            "night",
            Column::Bool(vec![Some(true), Some(false), Some(true), Some(false)]),
        ),
        (
            "at",
            // 06:30Z is 01:30 EST, 07:30Z is 03:30 EDT, then Monday 16:00Z is 12:00 EDT.
            Column::Timestamp(vec![
                Some(1_362_897_000_000_000),
                Some(1_362_900_600_000_000),
                Some(1_363_017_600_000_000),
                Some(1_363_017_600_000_000),
            ]),
        ),
    ])
}

fn recipe() -> Recipe {
    let recipe = Recipe::new()
        .numeric(["wind", "night"])
        .category(["carrier"])
        .category_top("carrier", 2)
        .unwrap();
    recipe.clock("at").time_zone("America/New_York")
}

#[test]
fn numbers_are_standardised_and_nulls_become_the_median_with_a_flag() {
    let fitted = recipe().fit(&training()).unwrap();
    let features = fitted.apply(&training()).unwrap();
    assert_eq!(&features.names()[..3], ["wind", "wind missing", "night"]);
    // Known values 1 and 3: mean 2, standard deviation 1, median 2.
    let wind: Vec<[f64; 2]> = (0..4)
        .map(|row| [features.row(row)[0], features.row(row)[1]])
        .collect();
    assert_eq!(wind, [[-1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 1.0]]);
    assert_eq!(features.row(0)[2], 1.0);
    assert_eq!(features.row(1)[2], -1.0);
}

#[test]
fn categories_keep_the_most_frequent_levels_and_unseen_values_count_as_other() {
    let fitted = recipe().fit(&training()).unwrap();
    let (names, sources) = fitted.feature_names();
    assert_eq!(&names[3..6], ["carrier=UA", "carrier=AA", "carrier other"]);
    assert_eq!(sources[5], "carrier");
    let mut unseen = training();
    unseen = columns(
        unseen
            .iter()
            .map(|(n, c)| {
                (
                    n,
                    if n == "carrier" {
                        texts(&[Some("QQ"), None, Some("AA"), Some("UA")])
                    } else {
                        c.clone()
                    },
                )
            })
            .collect(),
    );
    let features = fitted.apply(&unseen).unwrap();
    assert_eq!(&features.row(0)[3..6], [0.0, 0.0, 1.0]);
    assert_eq!(&features.row(1)[3..6], [0.0, 0.0, 1.0]);
    assert_eq!(&features.row(2)[3..6], [0.0, 1.0, 0.0]);
}

#[test]
fn the_clock_is_read_in_the_recipes_zone_across_the_change_of_clocks() {
    let fitted = recipe().fit(&training()).unwrap();
    let features = fitted.apply(&training()).unwrap();
    let angle = |row: usize| {
        features.row(row)[6]
            .atan2(features.row(row)[7])
            .rem_euclid(std::f64::consts::TAU)
    };
    let hours = |row: usize| angle(row) / std::f64::consts::TAU * 24.0;
    assert!((hours(0) - 1.5).abs() < 1e-9, "{}", hours(0));
    assert!((hours(1) - 3.5).abs() < 1e-9, "{}", hours(1));
    assert!((hours(2) - 12.0).abs() < 1e-9);
    assert_eq!(features.names()[14], "at weekday Sun");
    assert_eq!(features.row(0)[14], 1.0);
    assert_eq!(features.row(2)[8], 1.0);
}

#[test]
fn the_schema_asks_for_the_columns_used_and_allows_null_only_where_training_had_it() {
    let fitted = recipe()
        .describe("wind", "Wind speed, miles an hour")
        .fit(&training())
        .unwrap();
    let fields: Vec<(&str, bool)> = fitted
        .schema()
        .fields
        .iter()
        .map(|f| (f.name.as_str(), f.nullable))
        .collect();
    assert_eq!(
        fields,
        [
            ("wind", true),
            ("night", false),
            ("carrier", false),
            ("at", false)
        ]
    );
    assert_eq!(
        fitted.schema().fields[0].description.as_deref(),
        Some("Wind speed, miles an hour")
    );
    fitted.check().unwrap();
}

#[test]
fn every_problem_is_told_at_once() {
    let asked = Recipe::new()
        .numeric(["carrier", "gust"])
        .category(["wind"])
        .clock("at")
        .clock("at")
        .time_zone("Mars/Base");
    let error = asked.fit(&training()).unwrap_err();
    let told = error.to_string();
    assert_eq!(error.problems().len(), 5, "{told}");
    for part in [
        "carrier is text",
        "gust",
        "wind is float",
        "at is used as clock twice",
        "Mars/Base",
    ] {
        assert!(told.contains(part), "{part} is missing in {told}");
    }
    assert!(matches!(
        Recipe::new().fit(&training()).unwrap_err().problems(),
        [Problem::NoSteps]
    ));
    let empty = columns(vec![("wind", Column::Float(vec![None, None]))]);
    assert!(matches!(
        Recipe::new()
            .numeric(["wind"])
            .fit(&empty)
            .unwrap_err()
            .problems(),
        [Problem::Empty { .. }]
    ));
    assert!(Recipe::new().category_top("carrier", 0).is_err());
}

#[test]
fn a_column_that_changed_its_type_or_went_missing_is_refused() {
    let fitted = recipe().fit(&training()).unwrap();
    let now = columns(vec![
        ("wind", texts(&[Some("calm")])),
        ("night", Column::Bool(vec![None])),
    ]);
    let told = fitted.apply(&now).unwrap_err();
    assert_eq!(told.problems().len(), 3, "{told}");
}

#[test]
fn a_recipe_with_parts_that_do_not_agree_fails_its_check() {
    let fitted = recipe().fit(&training()).unwrap();
    let mut json = serde_json::to_value(&fitted).unwrap();
    json["schema"]["fields"][0]["kind"] = "text".into();
    json["steps"].as_array_mut().unwrap().pop();
    let broken: FittedRecipe = serde_json::from_value(json).unwrap();
    assert!(broken.check().unwrap_err().problems().len() >= 2);
}

proptest! {
    #[test]
    fn a_row_sent_as_json_gives_the_same_bits_as_in_a_frame(
        rows in proptest::collection::vec(
            (any::<Option<f64>>(), proptest::option::of("[A-C]{1,2}"), any::<Option<i32>>(), 0_i64..4_000_000_000_000_000), 2..20),
    ) {
        let frame = columns(vec![
            ("a", Column::Float(rows.iter().map(|r| r.0).chain([Some(1.5), None]).collect())),
            ("b", Column::Text(rows.iter().map(|r| r.1.clone()).chain([Some("A".into()), None]).collect())),
            ("c", Column::Int(rows.iter().map(|r| r.2.map(i64::from)).chain([Some(1), None]).collect())),
            ("d", Column::Timestamp(rows.iter().map(|r| Some(r.3)).chain([Some(0), None]).collect())),
        ]);
        let recipe = Recipe::new().numeric(["a", "c"]).category(["b", "c"]).category_top("b", 2).unwrap().clock("d").time_zone("Europe/Paris");
        let fitted = recipe.fit(&frame).unwrap();
        let whole = fitted.apply(&frame).unwrap();
        let records: Vec<_> = (0..frame.rows()).map(|row| fitted.record_json(&frame, row).unwrap()).collect();
        // Through text, as a request would come.
        let sent: Vec<serde_json::Value> = serde_json::from_str(&serde_json::to_string(&records).unwrap()).unwrap();
        for (row, record) in sent.iter().enumerate() {
            let one = fitted.apply(&fitted.schema().read_json(std::slice::from_ref(record)).unwrap()).unwrap();
            let bits = |values: &[f64]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
            prop_assert_eq!(bits(one.row(0)), bits(whole.row(row)));
        }
    }
}
