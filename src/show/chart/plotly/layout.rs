//! Axes, title, legend, reference lines and footer of the interactive figure.

use plotly::Layout;
use plotly::common::{Anchor, DashType, Font, Orientation, Pad, Title};
use plotly::layout::{
    Annotation, Axis as PlotlyAxis, AxisRange, AxisType, BarMode, HoverMode, Legend, Margin,
    ModeBar, Shape, ShapeLine, ShapeType,
};

use super::escape;
use crate::show::chart::description::{Axis, Description, Marks, Reference};
use crate::show::chart::palette::{PLOTLY_GRID, PLOTLY_INK};
use crate::show::chart::svg::HEIGHT;
use crate::show::chart::time;

const TRANSPARENT: &str = "rgba(0,0,0,0)";

pub(super) fn layout(description: &Description, lying: bool) -> Layout {
    let categories = |axis: PlotlyAxis| axis.type_(AxisType::Category).show_grid(false);
    let (mut x, mut y) = (axis(&description.x), axis(&description.y));
    match &description.marks {
        // Zero is where a bar begins: the axis holds it without being asked.
        Marks::Bars { .. } => x = categories(x),
        Marks::Boxes(_) => x = categories(x),
        Marks::Heat { .. } => (x, y) = (categories(x), categories(y)),
        Marks::Lines(_) | Marks::Scatter(_) | Marks::Histogram(_) | Marks::Density(_) => {
            x = x.show_grid(false)
        }
    }
    if lying {
        // The first name is the uppermost.
        let names = match &description.marks {
            Marks::Bars { categories, .. } => categories.len() as f64,
            _ => 0.0,
        };
        (x, y) = (y, x.range(AxisRange::new(names - 0.5, -0.5)));
    }
    let above = 34
        + 22 * usize::from(description.title.is_some())
        + 20 * usize::from(description.subtitle.is_some());
    let series = match &description.marks {
        Marks::Bars { series, .. } => series.len(),
        Marks::Lines(series) | Marks::Scatter(series) => series.len(),
        _ => 1,
    };
    let above = above + 24 * usize::from(series > 1);
    let (shapes, mut words) = references(description, lying);
    words.extend(footer(description));
    let layout = Layout::new()
        .height(HEIGHT as usize)
        .paper_background_color(TRANSPARENT)
        .plot_background_color(TRANSPARENT)
        .font(Font::new().color(PLOTLY_INK).size(12))
        .margin(Margin::new().left(64).right(24).top(above).bottom(84))
        .x_axis(x)
        .y_axis(y)
        .show_legend(series > 1)
        .hover_mode(HoverMode::Closest)
        .mode_bar(
            ModeBar::new()
                .background_color(TRANSPARENT)
                .color(PLOTLY_INK),
        )
        .shapes(shapes)
        .annotations(words);
    let layout = if matches!(description.marks, Marks::Histogram(_)) {
        layout.bar_gap(0.02)
    } else {
        layout
    };
    let layout = if series > 1 {
        let legend = Legend::new()
            .orientation(Orientation::Horizontal)
            .x(0.0)
            .y(1.02)
            .y_anchor(Anchor::Bottom);
        let group = description
            .group
            .as_deref()
            .map(|group| Title::with_text(format!("{}  ", escape(group))));
        let legend = match group {
            Some(group) => legend.title(group),
            None => legend,
        };
        layout.legend(legend).bar_mode(if description.stacked {
            BarMode::Stack
        } else {
            BarMode::Group
        })
    } else {
        layout
    };
    match title(description) {
        Some(title) => layout.title(title),
        None => layout,
    }
}

fn title(description: &Description) -> Option<Title> {
    let main = description
        .title
        .as_ref()
        .map(|title| format!("<b>{}</b>", escape(title)));
    let sub = description
        .subtitle
        .as_ref()
        .map(|text| format!("<span style=\"font-size:13px\">{}</span>", escape(text)));
    let text = [main, sub]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join("<br>");
    if text.is_empty() {
        return None;
    }
    let title = Title::with_text(text)
        .x(0.0)
        .x_anchor(Anchor::Left)
        .y(1.0)
        .y_anchor(Anchor::Top);
    Some(title.pad(Pad::new(14, 0, 12)).font(Font::new().size(16)))
}

fn axis(axis: &Axis) -> PlotlyAxis {
    let found = PlotlyAxis::new()
        .title(Title::with_text(escape(&axis.text())))
        .grid_color(PLOTLY_GRID)
        .zero_line_color(PLOTLY_INK)
        .line_color(PLOTLY_INK)
        .auto_margin(true);
    let found = if axis.percent {
        found.tick_format(".0%").hover_format(".1%")
    } else {
        found
    };
    let found = if axis.time {
        found.type_(AxisType::Date)
    } else {
        found
    };
    match axis.range {
        Some((low, high)) if axis.time => {
            found.range(AxisRange::new(time::iso(low), time::iso(high)))
        }
        Some((low, high)) => found.range(AxisRange::new(low, high)),
        None => found,
    }
}

/// Dashed lines over the whole plot, with their words.
fn references(description: &Description, lying: bool) -> (Vec<Shape>, Vec<Annotation>) {
    let (across, upright) = if lying {
        (&description.x_references, &description.y_references)
    } else {
        (&description.y_references, &description.x_references)
    };
    let line = || {
        ShapeLine::new()
            .color(PLOTLY_INK)
            .width(1.3)
            .dash(DashType::Dash)
    };
    let shape = || Shape::new().shape_type(ShapeType::Line).line(line());
    let words = |text: &str| Annotation::new().text(escape(text)).show_arrow(false);
    let mut shapes = Vec::new();
    let mut annotations = Vec::new();
    if let Some(label) = &description.diagonal {
        let high = |axis: &Axis| axis.range.map_or(f64::INFINITY, |range| range.1);
        let end = high(&description.x).min(high(&description.y));
        let end = if end.is_finite() {
            end
        } else {
            largest(description)
        };
        shapes.push(shape().x0(0.0).y0(0.0).x1(end).y1(end));
        let at = words(label).x(end).y(end).x_anchor(Anchor::Right);
        annotations.push(at.y_anchor(Anchor::Top));
    }
    for Reference { value, label } in across {
        shapes.push(shape().x_ref("paper").x0(0.0).x1(1.0).y0(*value).y1(*value));
        annotations.push(
            words(label)
                .x_ref("paper")
                .x(1.0)
                .y(*value)
                .x_anchor(Anchor::Right)
                .y_anchor(Anchor::Bottom)
                // On a plate of its own: it may lie on a bar.
                .background_color("rgba(255,255,255,0.8)")
                .font(Font::new().color("#333333").size(12)),
        );
    }
    for Reference { value, label } in upright {
        let at = words(label)
            .y_ref("paper")
            .y(1.0)
            .x_anchor(Anchor::Left)
            .y_anchor(Anchor::Bottom);
        if description.x.time && !lying {
            let instant = time::iso(*value);
            shapes.push(
                shape()
                    .y_ref("paper")
                    .y0(0.0)
                    .y1(1.0)
                    .x0(instant.clone())
                    .x1(instant.clone()),
            );
            annotations.push(at.x(instant));
        } else {
            shapes.push(shape().y_ref("paper").y0(0.0).y1(1.0).x0(*value).x1(*value));
            annotations.push(at.x(*value));
        }
    }
    (shapes, annotations)
}

/// The largest value on either axis.
fn largest(description: &Description) -> f64 {
    let Marks::Lines(series) = &description.marks else {
        return 1.0;
    };
    let points = series.iter().flat_map(|one| &one.points);
    points.map(|point| point.0.max(point.1)).fold(0.0, f64::max)
}

/// Notes at the bottom left, the source at the bottom right.
fn footer(description: &Description) -> Vec<Annotation> {
    let words = |text: String| {
        Annotation::new()
            .text(text)
            .show_arrow(false)
            .font(Font::new().size(10))
            .x_ref("paper")
            .y_ref("paper")
            .y(0.0)
            .y_anchor(Anchor::Top)
    };
    let mut found = Vec::new();
    let notes: Vec<String> = description
        .all_notes()
        .iter()
        .map(|note| format!("{}.", escape(note.trim_end_matches('.'))))
        .collect();
    if !notes.is_empty() {
        found.push(
            words(notes.join("<br>"))
                .x(0.0)
                .x_anchor(Anchor::Left)
                .y_shift(-52.0),
        );
    }
    if let Some(source) = &description.source {
        found.push(
            words(format!("Source: {}", escape(source)))
                .x(1.0)
                .x_anchor(Anchor::Right)
                .y_shift(-66.0),
        );
    }
    found
}
