//! Figures made with the plotly crate by hand: shown as they are, and beside them a static picture of those whose traces the
//! charts here can draw too. A figure holds all its values, and a notebook keeps what it is shown: one that is too large has
//! its picture alone.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::chart::{Chart, count, drawn};
use super::{Bundle, Show, mime};

/// Most bytes of an output, the figure and its picture together.
const MOST_BYTES: usize = 500_000;

/// The interactive figure, with a picture of lines, dots, bars, histograms, boxes and heat maps. For other traces the text
/// says that there is none. A figure with which the output would take more than 500 KB is left out, which the picture and
/// the text say.
impl Show for plotly::Plot {
    fn bundle(&self) -> Bundle {
        let figure = match serde_json::to_value(self) {
            Ok(figure) => figure,
            Err(error) => {
                return Bundle::text(format!(
                    "An interactive chart that could not be written: {error}"
                ));
            }
        };
        let chart = drawn(&figure);
        let size = figure.to_string().len();
        if size <= MOST_BYTES {
            let bundle = still(chart.clone(), None).with(mime::PLOTLY, figure);
            let whole = serde_json::to_string(&bundle);
            if whole.map_or(usize::MAX, |text| text.len()) <= MOST_BYTES {
                return bundle;
            }
        }
        still(chart, Some(left_out(size)))
    }
}

/// The picture and the text of a figure, or the text that says why there is no picture; with a note, if there is one.
fn still(chart: Result<Chart, String>, note: Option<String>) -> Bundle {
    let noted = chart.map(|chart| match &note {
        Some(note) => chart.note(note),
        None => chart,
    });
    let pictured = noted.and_then(|chart| {
        let picture = chart.png().map_err(|error| error.to_string())?;
        Ok((chart.text(), STANDARD.encode(picture)))
    });
    match pictured {
        Ok((text, picture)) => Bundle::text(text).with(mime::PNG, picture),
        Err(why) => {
            let note = note.map_or_else(String::new, |note| format!(" {note}."));
            Bundle::text(format!(
                "An interactive chart (plotly) without a static picture: {why}.{note} What is read where nothing runs is better drawn by carnet::show::chart."
            ))
        }
    }
}

/// The words in the place of a figure of `size` bytes.
fn left_out(size: usize) -> String {
    format!(
        "The interactive figure ({} KB; an output may take {} KB with its picture) is left out: aggregate, or draw fewer points",
        count(size.div_ceil(1_000)),
        count(MOST_BYTES / 1_000)
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use plotly::common::Mode;
    use plotly::layout::{Axis, Layout};
    use plotly::{Bar, BoxPlot, HeatMap, Histogram, Pie, Plot, Scatter};

    use super::*;

    fn shown(plot: &Plot) -> (String, bool) {
        let bundle = plot.bundle();
        assert!(bundle.get(mime::PLOTLY).is_some());
        let has_picture = bundle.get(mime::PNG).is_some();
        (bundle.plain_text().unwrap().to_owned(), has_picture)
    }

    #[test]
    fn common_traces_have_a_picture() {
        let traces: Vec<(Box<dyn plotly::Trace>, &str)> = vec![
            (
                Scatter::new(vec![1, 2, 3], vec![4.0, 5.0, 6.0]),
                "line chart",
            ),
            (
                Scatter::new(vec![1.0, 2.0], vec![4, 5]).mode(Mode::Markers),
                "scatter chart",
            ),
            (
                Scatter::new(vec!["2013-01-01", "2013-01-02 12:00:00"], vec![4, 5]),
                "line chart",
            ),
            (Bar::new(vec!["a", "b"], vec![1, 2]), "bar chart"),
            (Histogram::new(vec![1.0, 2.0, 2.5, 9.0]), "histogram"),
            (
                BoxPlot::<f64, f64>::new(vec![1.0, 2.0, 3.0, 9.0]),
                "box plot",
            ),
            (
                HeatMap::new_z(vec![vec![1.0, 2.0], vec![3.0, 4.0]]),
                "heat map",
            ),
        ];
        for (trace, words) in traces {
            let mut plot = Plot::new();
            plot.add_trace(trace);
            plot.set_layout(
                Layout::new()
                    .title("A title")
                    .x_axis(Axis::new().title("across")),
            );
            let (text, has_picture) = shown(&plot);
            assert!(
                has_picture && text.contains(words) && text.contains("A title"),
                "{words}: {text}"
            );
        }
    }

    #[test]
    fn a_figure_that_is_too_large_is_left_out_and_its_picture_says_so() {
        let mut plot = Plot::new();
        let x: Vec<f64> = (0..100_000).map(f64::from).collect();
        plot.add_trace(Scatter::new(x.clone(), x));
        let bundle = plot.bundle();
        assert!(bundle.get(mime::PNG).is_some() && bundle.get(mime::PLOTLY).is_none());
        let text = bundle.plain_text().unwrap();
        assert!(
            text.contains("100,000 points are drawn by the lowest and highest")
                && text.contains("KB; an output may take 500 KB")
                && text.ends_with("is left out: aggregate, or draw fewer points."),
            "{text}"
        );
        let figure = serde_json::to_value(&plot).unwrap();
        let chart = drawn(&figure).unwrap().note(left_out(1_234_567));
        let svg = chart.svg();
        assert!(
            svg.contains("(1,235") && svg.contains("aggregate,"),
            "{svg}"
        );
    }

    #[test]
    fn a_figure_that_is_shown_in_neither_form_says_why_and_what_to_do() {
        let mut plot = Plot::new();
        plot.add_trace(Pie::new(vec![1; 1_000_000]));
        let bundle = plot.bundle();
        assert_eq!(bundle.0.len(), 1);
        let text = bundle.plain_text().unwrap();
        assert!(
            text.contains("traces of the kind `pie`") && text.contains("draw fewer points"),
            "{text}"
        );
    }

    #[test]
    fn what_has_no_picture_says_so() {
        let mut plot = Plot::new();
        plot.add_trace(Pie::new(vec![1, 2]));
        let (text, has_picture) = shown(&plot);
        assert!(
            !has_picture && text.contains("traces of the kind `pie`"),
            "{text}"
        );
    }
}
