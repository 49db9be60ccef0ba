//! Cells coloured by value, and a grid of counts in place of too many dots; each with the scale of its colours.

use super::axes::{self, Ends, Side, TICK};
use super::canvas::{Anchor, Area, Canvas, Letters};
use crate::show::chart::bin::Grid;
use crate::show::chart::description::{Axis, Description};
use crate::show::chart::number::{self, NumberFormat};
use crate::show::chart::palette::{self, NO_VALUE, SOFT_INK};
use crate::show::chart::scale::{self, Linear, extent};
use crate::show::chart::text;

/// Room for the colour scale on the right.
const BAR_ROOM: f64 = 92.0;

pub(crate) fn heat(
    canvas: &mut Canvas,
    area: Area,
    description: &Description,
    columns: &[String],
    rows: &[String],
    cells: &[Vec<f64>],
) {
    let axes_area = Area {
        right: area.right - BAR_ROOM,
        ..area
    };
    let ordered = |labels: &[String]| labels.iter().all(|label| label.parse::<f64>().is_ok());
    let x = Side::Bands {
        labels: columns.to_vec(),
        ordered: ordered(columns),
    };
    // The first row is the lowest; bands are counted from the top.
    let y = Side::Bands {
        labels: rows.iter().rev().cloned().collect(),
        ordered: ordered(rows),
    };
    let plot = axes::axes(
        canvas,
        axes_area,
        &x,
        &y,
        &description.x.text(),
        &description.y.text(),
    );
    let Some((low, high)) = extent(cells.iter().flatten().copied()) else {
        canvas.nothing(plot.area, "no data");
        return;
    };
    let inside = plot.area;
    let (width, height) = (
        inside.width() / columns.len() as f64,
        inside.height() / rows.len() as f64,
    );
    let gap = if width > 6.0 && height > 6.0 {
        0.5
    } else {
        0.0
    };
    let all = || cells.iter().flatten().copied();
    let percent = description.colour.percent;
    // Three digits where they fit in a cell, else two.
    let fitting = [3, 2].map(|digits| NumberFormat::for_values(all(), digits, percent));
    let fits = |format: &NumberFormat| {
        let mut written = all().filter(|value| value.is_finite());
        height >= TICK + 4.0
            && written.all(|value| text::width(&format.text(value), TICK - 1.0) + 4.0 <= width)
    };
    let format = fitting.into_iter().find(fits);
    for (row, values) in cells.iter().enumerate() {
        let bottom = inside.bottom - height * row as f64;
        for (column, &value) in values.iter().enumerate() {
            let left = inside.left + width * column as f64;
            let cell = Area {
                left: left + gap,
                top: bottom - height + gap,
                right: left + width - gap,
                bottom: bottom - gap,
            };
            if !value.is_finite() {
                canvas.rectangle(cell, NO_VALUE);
                continue;
            }
            let colour = palette::sequential(share(value, low, high));
            canvas.rectangle(cell, &palette::hex(colour));
            if let Some(format) = &format {
                let middle = (left + width / 2.0, bottom - height / 2.0 + TICK * 0.33);
                let letters =
                    Letters::new(TICK - 1.0, palette::ink_on(colour)).anchor(Anchor::Middle);
                canvas.text(middle, &format.text(value), letters);
            }
        }
    }
    colour_bar(canvas, area, inside, (low, high), &description.colour);
}

pub(crate) fn density(canvas: &mut Canvas, area: Area, description: &Description, grid: &Grid) {
    let axes_area = Area {
        right: area.right - BAR_ROOM,
        ..area
    };
    let x = Side::numbers(Some(grid.x), &description.x, Ends::Tight, 7);
    let y = Side::numbers(Some(grid.y), &description.y, Ends::Tight, 6);
    let plot = axes::axes(
        canvas,
        axes_area,
        &x,
        &y,
        &description.x.text(),
        &description.y.text(),
    );
    let most = grid.counts.iter().flatten().max().copied().unwrap_or(0) as f64;
    let (columns, rows) = grid.middles();
    let half = (
        (grid.x.1 - grid.x.0) / columns.len() as f64 / 2.0,
        (grid.y.1 - grid.y.0) / rows.len() as f64 / 2.0,
    );
    for (row, counts) in grid.counts.iter().enumerate() {
        for (column, &count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            let (x, y) = (columns[column], rows[row]);
            // On whole pixels of the picture, so that no seam shows.
            let snapped = |pixel: f64| (pixel * 2.0).round() / 2.0;
            let cell = Area {
                left: snapped(plot.x().at(x - half.0).max(plot.area.left)),
                right: snapped(plot.x().at(x + half.0).min(plot.area.right)),
                top: snapped(plot.y().at(y + half.1).max(plot.area.top)),
                bottom: snapped(plot.y().at(y - half.1).min(plot.area.bottom)),
            };
            canvas.rectangle(
                cell,
                &palette::hex(palette::sequential(share(count as f64, 0.0, most))),
            );
        }
    }
    axes::references(canvas, &plot, description, false);
    colour_bar(
        canvas,
        area,
        plot.area,
        (0.0, most.max(1.0)),
        &description.colour,
    );
}

fn share(value: f64, low: f64, high: f64) -> f64 {
    if high > low {
        (value - low) / (high - low)
    } else {
        0.5
    }
}

/// The colours from the lowest value to the highest, with ticks, on the right of the plot.
fn colour_bar(canvas: &mut Canvas, area: Area, plot: Area, (low, high): (f64, f64), axis: &Axis) {
    let bar = Area {
        left: area.right - BAR_ROOM + 22.0,
        right: area.right - BAR_ROOM + 36.0,
        top: plot.top,
        bottom: plot.bottom,
    };
    const STEPS: usize = 40;
    // Edges on whole pixels of the picture, so that no seam shows.
    let edge = |index: usize| {
        ((bar.bottom - bar.height() * index as f64 / STEPS as f64) * 2.0).round() / 2.0
    };
    for index in 0..STEPS {
        let share = index as f64 / (STEPS - 1) as f64;
        let step = Area {
            top: edge(index + 1),
            bottom: edge(index),
            ..bar
        };
        canvas.rectangle(step, &palette::hex(palette::sequential(share)));
    }
    let letters = Letters::new(TICK, SOFT_INK);
    if high > low {
        let side = Side::numbers(Some((low, high)), axis, Ends::Tight, 6);
        if let Side::Numbers(numbers) = side {
            let scale = Linear {
                domain: scale::drawable(low, high),
                range: (bar.bottom, bar.top),
            };
            for (value, label) in &numbers.ticks {
                let y = scale.at(*value);
                canvas.line((bar.right, y), (bar.right + 3.0, y), SOFT_INK, 1.0, "");
                canvas.text((bar.right + 6.0, y + TICK * 0.35), label, letters);
            }
        }
    } else {
        let middle = (bar.right + 6.0, (bar.top + bar.bottom) / 2.0);
        canvas.text(middle, &number::value_text(low, axis.percent), letters);
    }
    let words = text::shortened(&axis.text(), TICK, bar.height());
    let middle = (area.right - 1.0, (bar.top + bar.bottom) / 2.0);
    canvas.text(middle, &words, letters.anchor(Anchor::Middle).turn(-90.0));
}
