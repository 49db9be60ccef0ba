//! Marks as plotly traces.

use plotly::common::{
    ColorBar, ColorScale, ColorScaleElement, DashType, HoverInfo, Line, Marker, Mode, Orientation,
    Title,
};
use plotly::{Bar, BoxPlot, HeatMap, Scatter, Trace};

use super::{escape, finite};
use crate::show::chart::description::{Axis, Description, Marks, Points, Series};
use crate::show::chart::palette::{self, SEQUENTIAL};
use crate::show::chart::{number, time};

pub(super) fn traces(description: &Description, lying: bool) -> Vec<Box<dyn Trace>> {
    match &description.marks {
        Marks::Bars {
            categories, series, ..
        } => series
            .iter()
            .enumerate()
            .map(|(index, one)| bar(description, categories, one, index, lying))
            .collect(),
        Marks::Lines(series) => series
            .iter()
            .enumerate()
            .map(|(index, one)| points(description, one, index, true))
            .collect(),
        Marks::Scatter(series) => series
            .iter()
            .enumerate()
            .map(|(index, one)| points(description, one, index, false))
            .collect(),
        Marks::Histogram(values) => vec![histogram(description, values)],
        Marks::Heat {
            columns,
            rows,
            cells,
        } => {
            let cells = cells
                .iter()
                .map(|row| row.iter().copied().map(finite).collect())
                .collect();
            vec![heat(
                HeatMap::new(columns.clone(), rows.clone(), cells),
                &description.colour,
            )]
        }
        Marks::Density(grid) => {
            let (x, y) = grid.middles();
            let count = |&count: &usize| (count > 0).then_some(count as f64);
            let cells = grid
                .counts
                .iter()
                .map(|row| row.iter().map(count).collect())
                .collect();
            vec![heat(HeatMap::new(x, y, cells), &description.colour)]
        }
        Marks::Boxes(_) => vec![boxes(description)],
    }
}

fn bar(
    description: &Description,
    names: &[String],
    series: &Series,
    index: usize,
    lying: bool,
) -> Box<dyn Trace> {
    let values: Vec<Option<f64>> = series.values.iter().copied().map(finite).collect();
    let hover = format!(
        "%{{{}}}: %{{{}}}<extra></extra>",
        if lying { "y" } else { "x" },
        if lying { "x" } else { "y" }
    );
    let marker = Marker::new().color(palette::series(index));
    let name = escape(&series.name);
    if lying {
        return Bar::new(values, names.to_vec())
            .orientation(Orientation::Horizontal)
            .name(name)
            .marker(marker)
            .hover_template(named(&hover, description));
    }
    Bar::new(names.to_vec(), values)
        .name(name)
        .marker(marker)
        .hover_template(named(&hover, description))
}

/// The hover text with the series' name where there are several.
fn named(hover: &str, description: &Description) -> String {
    let many = match &description.marks {
        Marks::Bars { series, .. } => series.len() > 1,
        Marks::Lines(series) | Marks::Scatter(series) => series.len() > 1,
        _ => false,
    };
    if many {
        format!("%{{fullData.name}}<br>{hover}")
    } else {
        hover.to_owned()
    }
}

fn points(description: &Description, series: &Points, index: usize, line: bool) -> Box<dyn Trace> {
    let y: Vec<Option<f64>> = series.points.iter().map(|point| finite(point.1)).collect();
    let colour = palette::series(index);
    let mode = match (line, description.markers || series.points.len() == 1) {
        (true, false) => Mode::Lines,
        (true, true) => Mode::LinesMarkers,
        (false, _) => Mode::Markers,
    };
    let dash = if index < palette::SERIES.len() {
        DashType::Solid
    } else {
        DashType::Dash
    };
    let (opacity, size) = if line { (1.0, 6) } else { (0.6, 6) };
    let hover = named("%{x}: %{y}<extra></extra>", description);
    let name = escape(&series.name);
    macro_rules! trace {
        ($x:expr) => {
            Scatter::new($x, y)
                .name(name)
                .mode(mode)
                .line(Line::new().color(colour).width(2.0).dash(dash))
                .marker(Marker::new().color(colour).opacity(opacity).size(size))
                .hover_template(hover)
        };
    }
    if description.x.time {
        trace!(
            series
                .points
                .iter()
                .map(|point| time::iso(point.0))
                .collect::<Vec<_>>()
        )
    } else {
        trace!(
            series
                .points
                .iter()
                .map(|point| point.0)
                .collect::<Vec<_>>()
        )
    }
}

/// Bins as bars: the values themselves stay behind.
fn histogram(description: &Description, values: &[f64]) -> Box<dyn Trace> {
    let bins = description.histogram(values);
    let middles: Vec<f64> = bins
        .edges
        .windows(2)
        .map(|edge| (edge[0] + edge[1]) / 2.0)
        .collect();
    let width = bins
        .edges
        .windows(2)
        .next()
        .map_or(1.0, |edge| edge[1] - edge[0]);
    let labels: Vec<String> = bins
        .edges
        .windows(2)
        .zip(&bins.counts)
        .map(|(edge, &count)| {
            let (low, high) = (
                number::value_text(edge[0], false),
                number::value_text(edge[1], false),
            );
            format!("{low} to {high}: {}", number::count(count))
        })
        .collect();
    Bar::new(
        middles,
        bins.counts.iter().map(|&count| count as f64).collect(),
    )
    .width(width)
    .marker(Marker::new().color(palette::series(0)))
    .hover_text_array(labels)
    .hover_info(HoverInfo::Text)
}

fn heat<X, Y>(trace: Box<HeatMap<X, Y, Vec<Option<f64>>>>, colour: &Axis) -> Box<dyn Trace>
where
    X: serde::Serialize + Clone + 'static,
    Y: serde::Serialize + Clone + 'static,
{
    let last = (SEQUENTIAL.len() - 1) as f64;
    let scale = SEQUENTIAL
        .iter()
        .enumerate()
        .map(|(index, &stop)| ColorScaleElement(index as f64 / last, palette::hex(stop)))
        .collect();
    let bar = ColorBar::new()
        .title(Title::with_text(escape(&colour.text())))
        .outline_width(0)
        .thickness(14);
    let bar = if colour.percent {
        bar.tick_format(".0%")
    } else {
        bar
    };
    let value = if colour.percent { "%{z:.1%}" } else { "%{z}" };
    trace
        .color_scale(ColorScale::Vector(scale))
        .color_bar(bar)
        .hover_on_gaps(false)
        .hover_template(format!("%{{x}}, %{{y}}: {value}<extra></extra>"))
}

fn boxes(description: &Description) -> Box<dyn Trace> {
    let Marks::Boxes(groups) = &description.marks else {
        return BoxPlot::<String, f64>::new_xy(Vec::new(), Vec::new());
    };
    let all = |value: fn(&crate::show::chart::description::FiveNumbers) -> f64| {
        groups.iter().map(value).collect::<Vec<_>>()
    };
    BoxPlot::<String, f64>::default()
        .x(groups.iter().map(|one| one.name.clone()).collect())
        .lower_fence(all(|one| one.low))
        .q1(all(|one| one.lower_quartile))
        .median(all(|one| one.median))
        .q3(all(|one| one.upper_quartile))
        .upper_fence(all(|one| one.high))
        .marker(Marker::new().color(palette::series(0)))
}
