//! Charts for a reader who only reads: one description, drawn as a static picture and as an interactive figure.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use carnet::show::chart;
//! use polars::prelude::*;
//!
//! let by_hour = df!("hour" => [6, 12, 18], "share_open" => [0.13, 0.22, 0.34])?;
//! let picture = chart::bar(&by_hour, "hour", "share_open")?
//!     .title("Evenings are open twice as often")
//!     .x_unit("local hour")
//!     .percent()
//!     .y_reference(0.24, "all day")
//!     .source("opening hours, 2013");
//! # carnet::show::display(&picture);
//! # Ok(())
//! # }
//! ```
//!
//! A constructor, and every method that names a column, fails at once if the column is not there or of a type that cannot
//! stand in its place ([`ChartError`]). Options never fail. Rows are never dropped in silence: what is missing, binned or
//! beyond the limits is written under the chart.

mod bin;
mod build;
mod builder;
mod columns;
mod description;
mod error;
mod evaluation;
mod figure;
mod number;
mod palette;
mod plotly;
mod png;
mod scale;
mod svg;
mod text;
mod time;

use ::polars::prelude::DataFrame;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{Bundle, Role, Show, mime, send};
use build::Built;
use description::{Axis, Description, Marks};
pub use error::ChartError;
pub use evaluation::{calibration, roc};
pub(crate) use figure::drawn;
pub(crate) use number::count;
pub use png::PictureError;

/// A chart that is ready to be shown; its options are methods that take and give it.
///
/// Every chart is shown as an interactive plotly figure, a PNG of 1,520 × 880 pixels with a white page of its own, and one
/// line of text.
#[derive(Clone, Debug)]
pub struct Chart {
    description: Description,
    origin: Option<Origin>,
}

/// Where a chart's marks come from, so that they can be split by one more column.
#[derive(Clone, Debug)]
struct Origin {
    frame: DataFrame,
    x: String,
    y: String,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Line,
    Scatter,
}

/// One bar a row: `y` (numbers) by `x` (anything). Numbers and dates on `x` are put in order, names stay in the frame's.
/// Long names make the bars lie. A value of `x` that occurs twice is an error: aggregate first, or see [`grouped_bar`].
pub fn bar(frame: &DataFrame, x: &str, y: &str) -> Result<Chart, ChartError> {
    let built = build::bars(frame, x, y, None)?;
    Ok(Chart::from_built(
        built,
        Axis::of_column(x),
        Axis::of_column(y),
    ))
}

/// Bars side by side for each value of `x`, one for each value of `group`, with a legend; otherwise as [`bar`].
pub fn grouped_bar(frame: &DataFrame, x: &str, y: &str, group: &str) -> Result<Chart, ChartError> {
    let built = build::bars(frame, x, y, Some(group))?;
    let mut chart = Chart::from_built(built, Axis::of_column(x), Axis::of_column(y));
    chart.description.group = Some(group.replace('_', " "));
    Ok(chart)
}

/// A line through `y` (numbers) over `x` (numbers, dates or timestamps), in rising order of `x`, with a gap where `y` is null.
pub fn line(frame: &DataFrame, x: &str, y: &str) -> Result<Chart, ChartError> {
    Chart::from_origin(frame, x, y, Kind::Line)
}

/// A line as [`line`], with the area between it and zero filled. Groups lie over each other, each to be seen through.
pub fn area(frame: &DataFrame, x: &str, y: &str) -> Result<Chart, ChartError> {
    let mut chart = Chart::from_origin(frame, x, y, Kind::Line)?;
    chart.description.filled = true;
    Ok(chart)
}

/// Bars as [`grouped_bar`], the groups on top of each other: for parts of a whole. Negative values go down from zero.
pub fn stacked_bar(frame: &DataFrame, x: &str, y: &str, group: &str) -> Result<Chart, ChartError> {
    let mut chart = grouped_bar(frame, x, y, group)?;
    chart.description.stacked = true;
    Ok(chart)
}

/// Points on a map: one dot a row at `longitude` and `latitude` (degrees, numbers), drawn so that distances in the middle of
/// the map are alike in both directions. Many rows are counted in cells, as in [`scatter`].
pub fn map(frame: &DataFrame, longitude: &str, latitude: &str) -> Result<Chart, ChartError> {
    let chart = Chart::from_origin(frame, longitude, latitude, Kind::Scatter)?;
    let mut chart = chart.x_unit("degrees east").y_unit("degrees north");
    chart.description.is_map = true;
    Ok(chart)
}

/// One dot a row: `y` against `x`. Above 3,000 rows, rows are counted in cells and the counts coloured, which the chart says.
pub fn scatter(frame: &DataFrame, x: &str, y: &str) -> Result<Chart, ChartError> {
    Chart::from_origin(frame, x, y, Kind::Scatter)
}

/// How often the values of `column` (numbers) fall in each of evenly wide bins.
pub fn histogram(frame: &DataFrame, column: &str) -> Result<Chart, ChartError> {
    let built = build::histogram(frame, column)?;
    let y = Axis {
        label: "rows".to_owned(),
        ..Axis::default()
    };
    Ok(Chart::from_built(built, Axis::of_column(column), y))
}

/// Cells coloured by `value` (numbers) for each pair of `x` and `y` (anything). Numbers and dates are put in order, names
/// stay in the frame's order, the first at the top. A pair that occurs twice is an error: aggregate first.
pub fn heat_map(frame: &DataFrame, x: &str, y: &str, value: &str) -> Result<Chart, ChartError> {
    let built = build::heat(frame, x, y, value)?;
    let mut chart = Chart::from_built(built, Axis::of_column(x), Axis::of_column(y));
    chart.description.colour = Axis::of_column(value);
    Ok(chart)
}

/// Median, quartiles and whiskers (1.5 interquartile ranges) of `value` (numbers) for each value of `group` (anything).
pub fn box_plot(frame: &DataFrame, group: &str, value: &str) -> Result<Chart, ChartError> {
    let built = build::boxes(frame, group, value)?;
    Ok(Chart::from_built(
        built,
        Axis::of_column(group),
        Axis::of_column(value),
    ))
}

/// Named lines that are not columns of a frame, such as the ROC curves of several models: each a name and its (x, y) points.
pub fn curves<N, P>(x_label: &str, y_label: &str, curves: impl IntoIterator<Item = (N, P)>) -> Chart
where
    N: Into<String>,
    P: IntoIterator<Item = (f64, f64)>,
{
    let (names, points): (Vec<String>, Vec<Vec<(f64, f64)>>) = curves
        .into_iter()
        .map(|(name, points)| {
            (
                name.into(),
                points
                    .into_iter()
                    .filter(|point| point.0.is_finite())
                    .collect(),
            )
        })
        .unzip();
    let mut notes = Vec::new();
    let marks = build::lines(names, points, &mut notes);
    let axis = |label: &str| Axis {
        label: label.to_owned(),
        ..Axis::default()
    };
    Chart::from_built(
        Built {
            marks,
            notes,
            time: false,
        },
        axis(x_label),
        axis(y_label),
    )
}

impl Chart {
    fn from_origin(frame: &DataFrame, x: &str, y: &str, kind: Kind) -> Result<Self, ChartError> {
        let origin = Origin {
            frame: frame.clone(),
            x: x.to_owned(),
            y: y.to_owned(),
            kind,
        };
        let built = origin.build(None)?;
        let mut chart = Self::from_built(built, Axis::of_column(x), Axis::of_column(y));
        chart.origin = Some(origin);
        Ok(chart)
    }

    fn from_built(built: Built, x: Axis, y: Axis) -> Self {
        let x = Axis {
            time: built.time,
            ..x
        };
        let mut description = Description::new(built.marks, x, y);
        description.notes = built.notes;
        if matches!(description.marks, Marks::Density(_)) {
            description.colour.label = "rows".to_owned();
        }
        Self {
            description,
            origin: None,
        }
    }

    /// One series for each value of `column`, with a legend: of a line or scatter chart.
    pub fn group(mut self, column: &str) -> Result<Self, ChartError> {
        let refused = || ChartError::NoGroups {
            column: column.to_owned(),
        };
        let built = self
            .origin
            .as_ref()
            .ok_or_else(refused)?
            .build(Some(column))?;
        self.description.marks = built.marks;
        self.description.notes = built.notes;
        self.description.group = Some(column.replace('_', " "));
        Ok(self)
    }

    /// The static picture as SVG text.
    pub fn svg(&self) -> String {
        svg::draw(&self.description)
    }

    /// The static picture as a PNG file, twice as many pixels as its logical size of 760 × 440.
    pub fn png(&self) -> Result<Vec<u8>, PictureError> {
        png::png(&self.svg())
    }

    /// The interactive figure as plotly.js reads it: `data`, `layout`, `config`.
    pub fn plotly(&self) -> serde_json::Value {
        plotly::figure(&self.description)
    }

    /// One line that says what the chart shows.
    pub fn summary(&self) -> String {
        self.description.summary()
    }

    /// The summary, with what stands under the picture.
    pub(crate) fn text(&self) -> String {
        let mut text = self.summary();
        for note in self.description.all_notes() {
            text.push_str(&format!(" {}.", note.trim_end_matches('.')));
        }
        if let Some(source) = &self.description.source {
            text.push_str(&format!(" Source: {source}."));
        }
        text
    }

    /// Shows the chart under stock evcxr.
    pub fn evcxr_display(&self) {
        send(Role::Result, &self.bundle());
    }
}

impl Origin {
    fn build(&self, group: Option<&str>) -> Result<Built, ChartError> {
        let Self { frame, x, y, kind } = self;
        match kind {
            Kind::Line => build::points(frame, (x, y), group, true),
            Kind::Scatter => build::points(frame, (x, y), group, false),
        }
    }
}

impl Show for Chart {
    fn bundle(&self) -> Bundle {
        let text = self.text();
        let bundle = Bundle::new().with(mime::PLOTLY, self.plotly());
        match self.png() {
            Ok(picture) => bundle
                .with(mime::PNG, STANDARD.encode(picture))
                .with(mime::TEXT, text),
            Err(error) => bundle.with(mime::TEXT, format!("{text} (No picture: {error}.)")),
        }
    }
}
