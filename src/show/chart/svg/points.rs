//! Lines and dots over two axes of numbers or time.

use super::axes::{self, Ends, Plot, Side};
use super::bars::with_references;
use super::canvas::{Area, Canvas};
use super::frame::dash;
use crate::show::chart::description::{Description, Points};
use crate::show::chart::palette;
use crate::show::chart::scale::extent;

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
            canvas.polyline(&pixels, colour, width, dash(number));
            // One value between two gaps has no line to be seen by.
            if description.markers || pixels.len() == 1 {
                for pixel in pixels {
                    canvas.dot(pixel, 3.2, colour, 1.0);
                }
            }
        }
    }
    axes::references(canvas, &plot, description, false);
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

fn drawn(plot: &Plot, (x, y): (f64, f64)) -> bool {
    x.is_finite() && y.is_finite() && plot.x().contains(x) && plot.y().contains(y)
}
