//! Lines and dots over two axes of numbers or time.

use super::axes::{self, Ends, Plot, Side};
use super::bars::with_references;
use super::canvas::{Anchor, Area, Canvas, Letters};
use super::frame::dash;
use crate::show::chart::description::{Axis, Description, Points};
use crate::show::chart::palette::{self, REFERENCE};
use crate::show::chart::scale::{self, extent};

pub(crate) fn lines(canvas: &mut Canvas, area: Area, description: &Description, series: &[Points]) {
    let Some(plot) = plot(canvas, area, description, series, true) else {
        return;
    };
    axes::baseline(canvas, &plot, false);
    let (x, y) = (plot.x(), plot.y());
    // Many points on one line are a band when it is thick.
    let longest = series.iter().map(|one| one.points.len()).max().unwrap_or(0);
    let width = if longest > 150 { 1.3 } else { 2.2 };
    for (number, one) in series.iter().enumerate() {
        let colour = palette::series(number);
        for run in one.points.split(|point| !drawn(&plot, *point)) {
            let pixels: Vec<(f64, f64)> = run
                .iter()
                .map(|point| (x.at(point.0), y.at(point.1)))
                .collect();
            if description.filled && pixels.len() > 1 {
                let (low, high) = y.domain;
                canvas.area(&pixels, y.at(0f64.clamp(low, high)), colour, 0.25);
            }
            canvas.polyline(&pixels, colour, width, dash(number));
            // One value between two gaps has no line to be seen by.
            if description.markers || pixels.len() == 1 {
                for pixel in pixels {
                    canvas.dot(pixel, 3.2, colour, 1.0);
                }
            }
        }
    }
    diagonal(canvas, &plot, description);
    axes::references(canvas, &plot, description, false);
}

/// The line on which both axes have the same value.
fn diagonal(canvas: &mut Canvas, plot: &Plot, description: &Description) {
    let Some(label) = &description.diagonal else {
        return;
    };
    let (x, y) = (plot.x(), plot.y());
    let (low, high) = (x.domain.0.max(y.domain.0), x.domain.1.min(y.domain.1));
    if low >= high {
        return;
    }
    let end = (x.at(high), y.at(high));
    canvas.line((x.at(low), y.at(low)), end, REFERENCE, 1.2, "5 4");
    let letters = Letters::new(axes::TICK, REFERENCE).halo();
    canvas.text(
        (end.0 - 8.0, end.1 + 34.0),
        label,
        letters.anchor(Anchor::End),
    );
}

pub(crate) fn scatter(
    canvas: &mut Canvas,
    area: Area,
    description: &Description,
    series: &[Points],
) {
    let Some(plot) = plot(canvas, area, description, series, false) else {
        return;
    };
    axes::baseline(canvas, &plot, false);
    let (x, y) = (plot.x(), plot.y());
    let count: usize = series.iter().map(|one| one.points.len()).sum();
    let (radius, opacity) = match count {
        0..=60 => (4.0, 0.85),
        61..=400 => (3.2, 0.65),
        _ => (2.4, 0.45),
    };
    for (number, one) in series.iter().enumerate() {
        for point in one.points.iter().filter(|point| drawn(&plot, **point)) {
            canvas.dot(
                (x.at(point.0), y.at(point.1)),
                radius,
                palette::series(number),
                opacity,
            );
        }
    }
    axes::references(canvas, &plot, description, false);
}

/// Both axes; `None`, with a sentence drawn, where there is nothing to draw on them.
fn plot(
    canvas: &mut Canvas,
    area: Area,
    description: &Description,
    series: &[Points],
    line: bool,
) -> Option<Plot> {
    let area = axes::below_references(area, description, false);
    let points = || {
        series
            .iter()
            .flat_map(|one| &one.points)
            .filter(|point| point.1.is_finite())
    };
    let across = extent(points().map(|point| point.0));
    let across = with_references(across, description.x_references.iter().map(|one| one.value));
    let up = extent(points().map(|point| point.1));
    let up = with_references(up, description.y_references.iter().map(|one| one.value));
    let up = match description.filled {
        true => with_references(up, std::iter::once(0.0)),
        false => up,
    };
    if let Some(aspect) = description.aspect()
        && let (Some(across), Some(up)) = (across, up)
    {
        return Some(map(canvas, area, description, (across, up), aspect));
    }
    let (x_ends, y_ends) = if line {
        (Ends::Tight, Ends::Round)
    } else {
        (Ends::Around(0.03), Ends::Around(0.04))
    };
    let x = Side::numbers(across, &description.x, x_ends, 8);
    let y = Side::numbers(up, &description.y, y_ends, 6);
    let plot = axes::axes(
        canvas,
        area,
        &x,
        &y,
        &description.x.text(),
        &description.y.text(),
    );
    if up.is_none() {
        canvas.nothing(plot.area, "no data");
        return None;
    }
    Some(plot)
}

/// Axes of degrees: the narrower side is widened until the ground is drawn alike in both directions.
fn map(
    canvas: &mut Canvas,
    area: Area,
    description: &Description,
    (across, up): ((f64, f64), (f64, f64)),
    aspect: f64,
) -> Plot {
    let around = |ends: (f64, f64)| {
        let (low, high) = scale::drawable(ends.0, ends.1);
        let room = (high - low) * 0.05;
        (low - room, high + room)
    };
    let widened = |(low, high): (f64, f64), wanted: f64| {
        let more = (wanted - (high - low)).max(0.0) / 2.0;
        (low - more, high + more)
    };
    let (across, up) = (around(across), around(up));
    // About what labels and ticks leave of the area.
    let (width, height) = (area.width() - 62.0, area.height() - 48.0);
    let across_wanted = (up.1 - up.0) * aspect * width / height;
    let up_wanted = (across.1 - across.0) * height / (width * aspect);
    let side = |axis: &Axis, range, target| {
        let axis = Axis {
            range: Some(range),
            ..axis.clone()
        };
        Side::numbers(Some(range), &axis, Ends::Tight, target)
    };
    let x = side(&description.x, widened(across, across_wanted), 8);
    let y = side(&description.y, widened(up, up_wanted), 6);
    let (x_text, y_text) = (description.x.text(), description.y.text());
    let plot = axes::axes(canvas, area, &x, &y, &x_text, &y_text);
    // Meridians too: a map is read in both directions.
    if let Side::Numbers(numbers) = &x {
        for (value, _) in &numbers.ticks {
            let at = plot.x().at(*value);
            let ends = ((at, plot.area.top), (at, plot.area.bottom));
            canvas.line(ends.0, ends.1, palette::GRID, 1.0, "");
        }
    }
    plot
}

fn drawn(plot: &Plot, (x, y): (f64, f64)) -> bool {
    x.is_finite() && y.is_finite() && plot.x().contains(x) && plot.y().contains(y)
}
