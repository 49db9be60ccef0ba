//! Figures made with the plotly crate by hand: shown as they are, and beside them a static picture of those whose traces the
//! charts here can draw too.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::chart::drawn;
use super::{Bundle, Show, mime};

/// The interactive figure, with a picture of lines, dots, bars, histograms, boxes and heat maps. For other traces the text
/// says that there is none.
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
        let pictured = drawn(&figure).and_then(|chart| {
            let picture = chart.png().map_err(|error| error.to_string())?;
            Ok((chart.summary(), STANDARD.encode(picture)))
        });
        match pictured {
            Ok((summary, picture)) => Bundle::text(summary).with(mime::PNG, picture),
            Err(why) => Bundle::text(format!(
                "An interactive chart (plotly) without a static picture: {why}. What is read where nothing runs is better drawn by carnet::show::chart."
            )),
        }
        .with(mime::PLOTLY, figure)
    }
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
