//! What a notebook displays: tables and charts from frames, in every form they have.

use carnet::model::{Logistic, Split, compare};
use carnet::polars::prelude::*;
use carnet::recipe::Recipe;
use carnet::record::{self, Columns, Record};
use carnet::show::{Bundle, Chart, ChartError, Show, chart, mime, table};
use carnet::value_bundle;

use crate::world::world;

#[derive(Record)]
#[record(table = "sensor")]
#[allow(dead_code)]
struct Sensor {
    #[record(key, path = "sensor_id")]
    id: i64,
    code: String,
}

/// Largest output a notebook should hold.
const LIMIT: usize = 500_000;

fn html(bundle: &Bundle) -> String {
    bundle
        .get(mime::HTML)
        .and_then(|html| html.as_str())
        .unwrap()
        .to_owned()
}

/// Saves a form for a reader's eyes where `CARNET_TEST_PICTURES` names a folder.
fn saved(name: &str, content: impl FnOnce() -> Vec<u8>) {
    if let Some(folder) = std::env::var_os("CARNET_TEST_PICTURES") {
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(std::path::Path::new(&folder).join(name), content()).unwrap();
    }
}

/// Renders the chart in every form and checks what every chart promises.
fn shown(name: &str, chart: &Chart) -> Bundle {
    let bundle = chart.bundle();
    saved(&format!("{name}.png"), || chart.png().unwrap());
    saved(&format!("{name}.json"), || {
        bundle.get(mime::PLOTLY).unwrap().to_string().into_bytes()
    });
    let size: usize = bundle
        .0
        .values()
        .map(|content| content.to_string().len())
        .sum();
    assert!(size <= LIMIT, "{name}: {size} bytes");
    let figure = bundle.get(mime::PLOTLY).unwrap();
    assert!(
        figure["data"].is_array() && figure["layout"].is_object(),
        "{figure}"
    );
    assert!(figure["layout"].get("template").is_none());
    assert_eq!(figure["layout"]["paper_bgcolor"], "rgba(0,0,0,0)");
    assert!(
        bundle
            .get(mime::PNG)
            .unwrap()
            .as_str()
            .unwrap()
            .starts_with("iVBORw0KGgo")
    );
    assert_eq!(bundle.plain_text().unwrap().lines().count(), 1);
    bundle
}

fn hours() -> DataFrame {
    df!(
        "hour" => (5..24).rev().collect::<Vec<i32>>(),
        "share_open" => (5..24).rev().map(|hour| 0.1 + 0.015 * f64::from(hour - 5)).collect::<Vec<f64>>(),
    )
    .unwrap()
}

#[test]
fn a_bar_chart_has_both_renderings_of_the_same_values_in_order() {
    let chart = chart::bar(&hours(), "hour", "share_open")
        .unwrap()
        .title("Evenings are open <twice> as often")
        .subtitle("Share of shops that are open")
        .x_label("time of day")
        .x_unit("local hour")
        .percent()
        .y_reference(0.24, "all day")
        .source("opening hours, 2013");
    let bundle = shown("bar", &chart);
    let figure = bundle.get(mime::PLOTLY).unwrap();
    assert_eq!(figure["data"][0]["x"][0], "5");
    assert_eq!(figure["data"][0]["y"][0], 0.1);
    assert_eq!(figure["layout"]["yaxis"]["tickformat"], ".0%");
    let title = figure["layout"]["title"]["text"].as_str().unwrap();
    assert!(title.contains("&lt;twice&gt;"), "{title}");
    let text = bundle.plain_text().unwrap();
    assert!(
        text.contains("19 bars")
            && text.contains("from 10% to 37%")
            && text.contains("Source: opening"),
        "{text}"
    );
}

#[test]
fn long_names_make_the_bars_lie() {
    let names: Vec<String> = (0..16)
        .map(|number| format!("A shop with a long name, number {number}"))
        .collect();
    let values: Vec<Option<f64>> = (0..16)
        .map(|number| (number != 3).then_some(8.0 - f64::from(number)))
        .collect();
    let frame = df!("shop" => names, "delay" => values).unwrap();
    let bundle = shown(
        "lying",
        &chart::bar(&frame, "shop", "delay")
            .unwrap()
            .y_unit("minutes")
            .value_labels(),
    );
    let figure = bundle.get(mime::PLOTLY).unwrap();
    assert_eq!(figure["data"][0]["orientation"], "h");
    assert!(figure["data"][0]["x"][3].is_null());
    assert!(
        bundle
            .plain_text()
            .unwrap()
            .contains("1 of 16 rows (6.25%) have no value")
    );
    shown(
        "turned",
        &chart::bar(&frame, "shop", "delay").unwrap().vertical(),
    );
}

#[test]
fn groups_make_series_with_a_legend() {
    let frame = df!(
        "model" => ["a", "b", "a", "b"], "x" => [1, 1, 2, 2], "y" => [0.1, 0.2, 0.3, 0.4],
    )
    .unwrap();
    let charts = [
        chart::grouped_bar(&frame, "x", "y", "model").unwrap(),
        chart::line(&frame, "x", "y")
            .unwrap()
            .group("model")
            .unwrap(),
        chart::scatter(&frame, "x", "y")
            .unwrap()
            .group("model")
            .unwrap(),
    ];
    for chart in charts {
        let bundle = shown("grouped", &chart);
        let figure = bundle.get(mime::PLOTLY).unwrap();
        assert_eq!(figure["data"].as_array().unwrap().len(), 2);
        assert_eq!(figure["layout"]["showlegend"], true);
        assert!(chart.svg().contains(">model<") && chart.svg().contains(">b<"));
    }
}

#[test]
fn a_line_over_time_has_dates_and_a_gap_where_a_value_is_missing() {
    let start = 1_356_998_400_000_000i64;
    let days: Vec<i64> = (0..365).map(|day| start + day * 86_400_000_000).collect();
    let delay: Vec<Option<f64>> = (0..365)
        .map(|day| (day != 100).then_some(f64::from(day % 30)))
        .collect();
    let mut frame = df!("day" => days, "delay" => delay).unwrap();
    let instant = DataType::Datetime(TimeUnit::Microseconds, Some(TimeZone::UTC));
    let day = frame.column("day").unwrap().cast(&instant).unwrap();
    frame.with_column(day).unwrap();
    let chart = chart::line(&frame, "day", "delay")
        .unwrap()
        .y_unit("minutes")
        .title("A year of delays");
    let bundle = shown("line", &chart);
    let figure = bundle.get(mime::PLOTLY).unwrap();
    assert_eq!(figure["data"][0]["x"][0], "2013-01-01");
    assert!(figure["data"][0]["y"][100].is_null());
    assert_eq!(figure["layout"]["xaxis"]["type"], "date");
    assert!(chart.svg().contains("Jan 2013"));
}

#[test]
fn a_million_points_are_counted_thinned_or_binned_and_the_chart_says_so() {
    let many = 300_000;
    let x: Vec<f64> = (0..many).map(|row| f64::from(row % 997) * 1.1).collect();
    let y: Vec<f64> = (0..many)
        .map(|row| (f64::from(row) / 1000.0).sin() * 40.0)
        .collect();
    let frame = df!("x" => x, "y" => y).unwrap();
    let scatter = shown("density", &chart::scatter(&frame, "x", "y").unwrap());
    assert!(
        scatter
            .plain_text()
            .unwrap()
            .contains("300,000 rows are counted in 60 × 40 cells")
    );
    let line = shown("thinned", &chart::line(&frame, "x", "y").unwrap());
    assert!(
        line.plain_text()
            .unwrap()
            .contains("300,000 points are drawn by the lowest and highest")
    );
    let histogram = chart::histogram(&frame, "y")
        .unwrap()
        .bins(40)
        .x_range(0.0, 40.0)
        .x_reference(15.0, "long");
    let histogram = shown("histogram", &histogram);
    assert!(
        histogram
            .plain_text()
            .unwrap()
            .contains("lie outside the axis")
    );
    assert_eq!(
        histogram.get(mime::PLOTLY).unwrap()["data"][0]["x"]
            .as_array()
            .unwrap()
            .len(),
        40
    );
}

#[test]
fn a_heat_map_keeps_the_order_of_names_and_shows_missing_cells() {
    let days = ["Monday", "Tuesday", "Wednesday"];
    let (mut hour, mut weekday, mut share) = (Vec::new(), Vec::new(), Vec::new());
    for (index, day) in days.iter().enumerate() {
        for at in [10, 9, 8] {
            if (index, at) != (1, 9) {
                hour.push(at);
                weekday.push(*day);
                share.push(0.1 * f64::from(at) / (index as f64 + 1.0));
            }
        }
    }
    let frame = df!("hour" => hour, "weekday" => weekday, "share" => share).unwrap();
    let bundle = shown(
        "heat",
        &chart::heat_map(&frame, "hour", "weekday", "share")
            .unwrap()
            .percent(),
    );
    let trace = &bundle.get(mime::PLOTLY).unwrap()["data"][0];
    assert_eq!(trace["x"][0], "8");
    assert_eq!(trace["y"][2], "Monday", "the first name is the uppermost");
    assert!(trace["z"][1][1].is_null());
    assert!(
        bundle
            .plain_text()
            .unwrap()
            .contains("Cells without a colour have no rows")
    );
}

#[test]
fn a_box_plot_carries_five_numbers_a_group() {
    let frame =
        df!("group" => ["a", "a", "a", "a", "a", "b"], "value" => [1.0, 2.0, 3.0, 4.0, 100.0, 7.0])
            .unwrap();
    let bundle = shown("boxes", &chart::box_plot(&frame, "group", "value").unwrap());
    let trace = &bundle.get(mime::PLOTLY).unwrap()["data"][0];
    assert_eq!(
        (&trace["q1"][0], &trace["median"][0], &trace["q3"][0]),
        (&2.into(), &3.into(), &4.into())
    );
}

#[test]
fn a_wrong_column_is_an_error_that_names_what_exists() {
    let missing = chart::bar(&hours(), "our", "share_open").unwrap_err();
    assert!(matches!(&missing, ChartError::NoColumn { column, .. } if column == "our"));
    assert_eq!(
        missing.to_string(),
        "the frame has no column \"our\" to draw; it has \"hour\", \"share_open\""
    );
    let text = df!("name" => ["a"], "value" => ["b"]).unwrap();
    let wrong = chart::bar(&text, "name", "value").unwrap_err().to_string();
    assert!(
        wrong.contains("\"value\" is str") && wrong.contains("needs numbers"),
        "{wrong}"
    );
    let twice = df!("name" => ["a", "a"], "value" => [1, 2]).unwrap();
    assert!(
        chart::bar(&twice, "name", "value")
            .unwrap_err()
            .to_string()
            .contains("aggregate first")
    );
    assert!(matches!(
        chart::histogram(&hours(), "hour").unwrap().group("hour"),
        Err(ChartError::NoGroups { .. })
    ));
}

#[test]
fn no_frame_makes_a_chart_panic() {
    let frames = [
        df!("x" => Vec::<i64>::new(), "y" => Vec::<f64>::new()).unwrap(),
        df!("x" => [1i64], "y" => [42.0]).unwrap(),
        df!("x" => [1i64, 2], "y" => [f64::NAN, f64::INFINITY]).unwrap(),
        df!("x" => [None::<i64>, None], "y" => [None::<f64>, None]).unwrap(),
        df!("x" => [i64::MIN, i64::MAX], "y" => [f64::MIN, f64::MAX]).unwrap(),
        df!("x" => [1i64, 2], "y" => [-0.0, -1e-300]).unwrap(),
        df!("x" => [1i64, 2], "y" => [1e15, 1e15 + 1.0]).unwrap(),
    ];
    for frame in &frames {
        shown(
            "odd",
            &chart::bar(frame, "x", "y")
                .unwrap()
                .value_labels()
                .y_reference(f64::NAN, "none"),
        );
        shown("odd", &chart::bar(frame, "x", "y").unwrap().horizontal());
        shown(
            "odd",
            &chart::line(frame, "x", "y").unwrap().markers().percent(),
        );
        shown(
            "odd",
            &chart::scatter(frame, "x", "y").unwrap().x_range(3.0, 3.0),
        );
        shown("odd", &chart::histogram(frame, "y").unwrap().bins(0));
        shown("odd", &chart::heat_map(frame, "x", "x", "y").unwrap());
        shown("odd", &chart::box_plot(frame, "x", "y").unwrap());
    }
    shown(
        "odd",
        &chart::curves("x", "y", [("none", Vec::new())])
            .title("\u{1}\n<&>")
            .source("s".repeat(1000)),
    );
}

#[test]
fn a_table_shows_types_nulls_instants_and_escapes_markup() {
    let mut frame = df!(
        "name" => [Some("<script>alert(1)</script>"), None],
        "share" => [0.25f64, 0.5],
        "at" => [1_357_034_400_000_000i64, 0],
    )
    .unwrap();
    let instant = DataType::Datetime(TimeUnit::Microseconds, Some(TimeZone::UTC));
    let at = frame.column("at").unwrap().cast(&instant).unwrap();
    frame.with_column(at).unwrap();
    let html = html(&frame.bundle());
    saved("table.html", || html.clone().into_bytes());
    assert!(!html.contains("<script"), "{html}");
    assert!(html.contains("&lt;script&gt;"));
    assert!(html.contains("<i style=\"opacity:.55\">null</i>"));
    assert!(html.contains("2013-01-01T10:00:00Z"));
    assert!(html.contains("text-align:right;padding:2px 8px\">0.25<"));
    assert!(html.contains("2 rows × 3 columns"));
    assert!(!html.contains("background"), "colours are the page's own");
    assert!(
        frame
            .bundle()
            .plain_text()
            .unwrap()
            .contains("shape: (2, 3)")
    );
}

#[test]
fn a_table_of_any_shape_stays_small_and_says_what_is_left_out() {
    let wide: Vec<Column> = (0..1000)
        .map(|number| Column::new(format!("c{number}").into(), &[1i64, 2]))
        .collect();
    let wide = DataFrame::new(2, wide).unwrap();
    let shown = html(&wide.bundle());
    assert!(shown.len() < 20_000, "{}", shown.len());
    assert!(
        shown.contains("1,000 columns; first 20 and last 10 columns shown")
            && shown.contains("c999")
            && !shown.contains("c500<")
    );

    let long = df!("text" => ["x".repeat(1_000_000)]).unwrap();
    let shown = html(&long.bundle());
    assert!(shown.len() < 2_000 && shown.contains("(1,000,000 characters)"));
    assert!(long.bundle().plain_text().unwrap().len() < 2_000);

    let tall = df!("row" => (0..100_000i64).collect::<Vec<_>>()).unwrap();
    let shown = html(&tall.bundle());
    assert!(shown.contains(">5<") && !shown.contains(">6<") && shown.contains(">99999<"));
    assert!(shown.contains("100,000 rows × 1 column; first 6 and last 4 rows shown"));
    assert!(html(&table(&tall).rows(50).bundle()).contains("first 30 and last 20 rows shown"));

    let worst: Vec<Column> = (0..100)
        .map(|number| Column::new(format!("c{number}").into(), vec!["<&>".repeat(5000); 1000]))
        .collect();
    let worst = table(&DataFrame::new(1000, worst).unwrap())
        .rows(1000)
        .columns(100)
        .cell(10_000);
    assert!(worst.html().len() < LIMIT, "{}", worst.html().len());
    assert!(html(&DataFrame::empty().bundle()).contains("0 rows × 0 columns"));
}

#[test]
fn the_last_expression_of_a_cell_shows_frames_and_charts_as_themselves() {
    let frame = hours();
    assert!(value_bundle!(frame).get(mime::HTML).is_some());
    assert!(
        value_bundle!(frame.column("hour").unwrap())
            .get(mime::HTML)
            .is_some()
    );
    assert!(
        value_bundle!(chart::bar(&frame, "hour", "share_open"))
            .get(mime::PNG)
            .is_some()
    );
    let error = value_bundle!(chart::bar(&frame, "our", "share_open"));
    assert!(
        error
            .plain_text()
            .unwrap()
            .starts_with("Error: the frame has no column")
    );
}

#[test]
fn a_load_shows_its_frame_and_below_it_what_was_read() {
    let loaded = world().store.load::<Sensor>().run().unwrap();
    let bundle = value_bundle!(loaded);
    let html = html(&bundle);
    assert!(
        html.contains("söuth") && html.contains("3 rows × 2 columns"),
        "{html}"
    );
    assert!(
        html.contains("3 rows from") && html.contains("Query: <code>SELECT"),
        "{html}"
    );
    assert!(
        bundle
            .plain_text()
            .unwrap()
            .contains("3 rows × 2 columns from")
    );
}

#[test]
fn a_comparison_shows_its_scores_its_choice_and_its_split() {
    let rows = 400;
    let x: Vec<Option<f64>> = (0..rows)
        .map(|row| Some(f64::from(row * 37 % 100)))
        .collect();
    let late = (0..rows)
        .map(|row| Some(row * 37 % 100 + row * 13 % 40 > 70))
        .collect();
    let mut columns = Columns::new();
    columns.push("x", record::Column::Float(x)).unwrap();
    columns.push("late", record::Column::Bool(late)).unwrap();
    let split = Split::new(&columns, "late", "every fourth row tests", |row| {
        row % 4 == 0
    })
    .unwrap();
    let compared = compare(
        &split,
        &Recipe::new().numeric(["x"]),
        [Logistic::default().into()],
    )
    .unwrap();
    let bundle = value_bundle!(compared);
    let html = html(&bundle);
    assert!(
        html.contains("<b>Choice:</b> Logistic") && html.contains("every fourth row tests"),
        "{html}"
    );
    assert!(
        html.contains(&format!("<b>{:.4}</b>", compared.best().scores().log_loss)),
        "the best score is bold"
    );
    assert!(bundle.plain_text().unwrap().contains("Training: 300 rows"));
    assert!(compared.roc_chart().svg().contains("AUC"));
    assert!(
        shown("calibration", &compared.calibration_chart())
            .plain_text()
            .unwrap()
            .contains("3 series")
    );
}
