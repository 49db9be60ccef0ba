//! Every kind of chart, built from a frame and column names, within its size.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use carnet::plotly::common::Mode;
use carnet::plotly::{Bar, Plot, Scatter, Trace};
use carnet::show::chart::{self, Chart};
use carnet::show::{Show, mime};
use polars::prelude::*;

/// What an output of a notebook may take.
const MOST_BYTES: usize = 500_000;

/// A large frame: numbers that wander, a class, three hundred groups, places around New York.
fn large(rows: usize) -> DataFrame {
    let wave = |index: usize, length: f64| (index as f64 / length).sin();
    let noise = |index: usize| ((index * 7919) % 1000) as f64 / 1000.0;
    df!(
        "x" => (0..rows).map(|i| i as f64).collect::<Vec<_>>(),
        "y" => (0..rows).map(|i| 100.0 * wave(i, 9_999.0) + 20.0 * noise(i)).collect::<Vec<_>>(),
        "group" => (0..rows).map(|i| format!("group {}", i % 300)).collect::<Vec<_>>(),
        "late" => (0..rows).map(|i| noise(i) > 0.7).collect::<Vec<_>>(),
        "score" => (0..rows).map(|i| (noise(i) + noise(i / 3)) / 2.0).collect::<Vec<_>>(),
        "lon" => (0..rows).map(|i| -74.0 + wave(i, 777.0)).collect::<Vec<_>>(),
        "lat" => (0..rows).map(|i| 40.7 + 0.5 * wave(i, 555.0)).collect::<Vec<_>>(),
    )
    .unwrap()
}

fn counted(frame: &DataFrame, columns: [&str; 2]) -> DataFrame {
    frame
        .clone()
        .lazy()
        .group_by(columns.map(col))
        .agg([len().alias("rows")])
        .sort(columns, SortMultipleOptions::default())
        .collect()
        .unwrap()
}

fn every_kind(frame: &DataFrame) -> Vec<(&'static str, Chart)> {
    let counts = counted(frame, ["group", "late"]);
    let totals = counts.clone().lazy().filter(col("late")).collect().unwrap();
    let small = frame.head(Some(3_000));
    let hours = small
        .lazy()
        .with_columns([
            (col("x") / lit(100.0))
                .floor()
                .cast(DataType::Int32)
                .alias("column"),
            (col("x") % lit(100.0)).cast(DataType::Int32).alias("row"),
        ])
        .collect()
        .unwrap();
    vec![
        ("line", chart::line(frame, "x", "y").unwrap()),
        ("area", chart::area(frame, "x", "y").unwrap()),
        ("bar", chart::bar(&totals, "group", "rows").unwrap()),
        (
            "stacked bar",
            chart::stacked_bar(&counts, "group", "rows", "late").unwrap(),
        ),
        ("histogram", chart::histogram(frame, "y").unwrap()),
        (
            "box",
            chart::box_plot(&frame.head(Some(40)), "group", "y").unwrap(),
        ),
        ("scatter", chart::scatter(frame, "x", "y").unwrap()),
        (
            "grouped scatter",
            chart::scatter(frame, "x", "y")
                .unwrap()
                .group("group")
                .unwrap(),
        ),
        (
            "heat map",
            chart::heat_map(&hours, "column", "row", "y").unwrap(),
        ),
        (
            "calibration",
            chart::calibration(frame, "late", "score").unwrap(),
        ),
        ("roc", chart::roc(frame, "late", "score").unwrap()),
        ("map", chart::map(frame, "lon", "lat").unwrap()),
    ]
}

#[test]
fn a_million_rows_and_three_hundred_groups_stay_within_the_size_of_an_output() {
    let frame = large(1_000_000);
    for (kind, chart) in every_kind(&frame) {
        let chart = chart.title(format!("A {kind}")).source("made up");
        let bundle = chart.bundle();
        let size = serde_json::to_string(&bundle).unwrap().len();
        assert!(size <= MOST_BYTES, "{kind}: {size} bytes");
        assert!(
            bundle.get(mime::PNG).is_some() && bundle.get(mime::PLOTLY).is_some(),
            "{kind}"
        );
        if let Some(folder) = std::env::var_os("CARNET_TEST_PICTURES") {
            let file = std::path::Path::new(&folder).join(format!("{kind}.png"));
            std::fs::write(file, chart.png().unwrap()).unwrap();
        }
    }
}

#[test]
fn a_figure_made_by_hand_of_a_year_of_flights_stays_within_the_size_of_an_output() {
    let rows = 336_776;
    let across: Vec<f64> = (0..rows).map(f64::from).collect();
    let up: Vec<f64> = across.iter().map(|x| (x / 9_999.0).sin()).collect();
    let names: Vec<String> = (0..rows).map(|row| format!("flight {row}")).collect();
    let traces: Vec<(Box<dyn Trace>, &str)> = vec![
        (
            Scatter::new(across.clone(), up.clone()),
            "336,776 points are drawn by the lowest and highest",
        ),
        (
            Scatter::new(across, up.clone()).mode(Mode::Markers),
            "336,776 rows are counted in 60 × 40 cells",
        ),
        (Bar::new(names, up), "The 40 largest of 336,776 are drawn"),
    ];
    for (trace, words) in traces {
        let mut plot = Plot::new();
        plot.add_trace(trace);
        let bundle = plot.bundle();
        let size = serde_json::to_string(&bundle).unwrap().len();
        assert!(size <= MOST_BYTES, "{words}: {size} bytes");
        assert!(
            bundle.get(mime::PNG).is_some() && bundle.get(mime::PLOTLY).is_none(),
            "{words}"
        );
        let text = bundle.plain_text().unwrap();
        assert!(
            text.contains(words) && text.contains("The interactive figure ("),
            "{text}"
        );
    }
}

#[test]
fn what_was_left_out_or_binned_is_said() {
    let frame = large(100_000);
    let said = |chart: &Chart| chart.bundle().plain_text().unwrap().to_owned();
    for (kind, chart) in every_kind(&frame) {
        let text = said(&chart);
        let part = match kind {
            "line" | "area" => "are drawn by the lowest and highest",
            "bar" | "stacked bar" => "largest of 300 are drawn",
            "scatter" | "map" => "are counted in 60 × 40 cells",
            "grouped scatter" => "th of ",
            "calibration" => "10 bands of at least",
            "roc" => "line chart",
            _ => "",
        };
        assert!(text.contains(part), "{kind}: {text}");
    }
}

#[test]
fn stacked_bars_stand_on_each_other_and_their_axis_holds_the_sum() {
    let frame = df!("x" => ["a", "a", "b", "b"], "y" => [3.0, 4.0, 5.0, -2.0], "part" => ["p", "q", "p", "q"]).unwrap();
    let chart = chart::stacked_bar(&frame, "x", "y", "part").unwrap();
    assert_eq!(chart.plotly()["layout"]["barmode"], "stack");
    assert!(
        chart.svg().contains(">6<") && chart.svg().contains(">−2<"),
        "{}",
        chart.svg()
    );
    assert!(chart.summary().contains("stacked bar chart"));
}

#[test]
fn a_perfect_score_has_an_area_of_one_and_what_cannot_be_judged_is_an_error() {
    let frame =
        df!("late" => [0, 0, 1, 1], "score" => [-5.0, 1.0, 7.0, 9.0], "all" => [1, 1, 1, 1])
            .unwrap();
    let chart = chart::roc(&frame, "late", "score").unwrap();
    assert!(
        chart.svg().contains("area under the curve 1.000"),
        "{}",
        chart.svg()
    );
    assert!(chart.svg().contains("chance"));
    let error = chart::roc(&frame, "all", "score").unwrap_err().to_string();
    assert!(
        error.contains("ROC curve of \"score\" against \"all\"") && error.contains("both answers"),
        "{error}"
    );
    let error = chart::calibration(&frame, "late", "score")
        .unwrap_err()
        .to_string();
    assert!(error.contains("not a probability from 0 to 1"), "{error}");
    let error = chart::map(&frame, "lon", "lat").unwrap_err().to_string();
    assert!(error.contains("no column \"lon\""), "{error}");
}

#[test]
fn a_map_is_drawn_alike_in_both_directions() {
    let frame = df!("lon" => [-74.0, -73.0], "lat" => [59.5, 60.5]).unwrap();
    let figure = chart::map(&frame, "lon", "lat").unwrap().plotly();
    let ratio = figure["layout"]["yaxis"]["scaleratio"].as_f64().unwrap();
    assert!((ratio - 2.0).abs() < 0.01, "{ratio}");
    assert_eq!(figure["layout"]["yaxis"]["scaleanchor"], "x");
}
