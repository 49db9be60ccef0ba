//! Bars, standing or lying, alone or in groups, and the bins of a histogram.

use super::axes::{self, Ends, Plot, Side, TICK};
use super::canvas::{Anchor, Area, Canvas, Letters};
use crate::show::chart::description::{Description, Series};
use crate::show::chart::number::NumberFormat;
use crate::show::chart::palette::{self, SOFT_INK};
use crate::show::chart::scale::extent;

/// Share of a category's band that its bars fill.
const FILL: f64 = 0.78;

pub(crate) fn bars(
    canvas: &mut Canvas,
    area: Area,
    description: &Description,
    categories: &[String],
    ordered: bool,
    series: &[Series],
    lying: bool,
) {
    let found = if description.stacked {
        let ends = (0..categories.len()).flat_map(|index| Description::stacked(series, index));
        extent(ends.flat_map(|(from, to)| [from, to]))
    } else {
        extent(series.iter().flat_map(|one| one.values.iter().copied()))
    };
    let found = with_references(found, description.y_references.iter().map(|one| one.value));
    let padding = if description.value_labels { 0.09 } else { 0.04 };
    let values = Side::numbers(found, &description.y, Ends::Padded(padding), 6);
    let all = series.iter().flat_map(|one| one.values.iter().copied());
    let format = NumberFormat::for_values(all, 3, description.y.percent);
    let area = axes::below_references(area, description, lying);
    let bands = Side::Bands {
        labels: categories.to_vec(),
        ordered,
    };
    let (x_text, y_text) = (description.x.text(), description.y.text());
    let plot = if lying {
        axes::axes(canvas, area, &values, &bands, &y_text, &x_text)
    } else {
        axes::axes(canvas, area, &bands, &values, &x_text, &y_text)
    };
    if found.is_none() || categories.is_empty() {
        canvas.nothing(plot.area, "no data");
        return;
    }
    let length = if lying {
        plot.area.height()
    } else {
        plot.area.width()
    };
    let band = length / categories.len() as f64;
    let bar = match description.stacked {
        true => band * FILL,
        false => band * FILL / series.len() as f64,
    };
    let start = if lying { plot.area.top } else { plot.area.left };
    for (number, one) in series.iter().enumerate() {
        for (index, &value) in one
            .values
            .iter()
            .enumerate()
            .filter(|(_, value)| value.is_finite())
        {
            let first = start + band * (index as f64 + (1.0 - FILL) / 2.0);
            if description.stacked {
                let ends = Description::stacked(series, index)[number];
                let across = (first, first + bar);
                rectangle(canvas, &plot, across, ends, palette::series(number), lying);
                continue;
            }
            let from = first + bar * number as f64;
            // A hair between the bars of one group.
            let to = from
                + if series.len() > 1 {
                    bar - (bar * 0.08).min(1.0)
                } else {
                    bar
                };
            rectangle(
                canvas,
                &plot,
                (from, to),
                (0.0, value),
                palette::series(number),
                lying,
            );
            if description.value_labels && bar >= 9.0 {
                value_label(
                    canvas,
                    &plot,
                    (from + to) / 2.0,
                    value,
                    &format.text(value),
                    lying,
                );
            }
        }
    }
    axes::baseline(canvas, &plot, lying);
    axes::references(canvas, &plot, description, lying);
}

fn rectangle(
    canvas: &mut Canvas,
    plot: &Plot,
    (from, to): (f64, f64),
    (base, value): (f64, f64),
    fill: &str,
    lying: bool,
) {
    let scale = if lying { plot.x() } else { plot.y() };
    let (low, high) = scale.domain;
    let zero = scale.at(base.clamp(low, high));
    let end = scale.at(value.clamp(low, high));
    let (near, far) = (zero.min(end), zero.max(end));
    let area = if lying {
        Area {
            left: near,
            top: from,
            right: far,
            bottom: to,
        }
    } else {
        Area {
            left: from,
            top: near,
            right: to,
            bottom: far,
        }
    };
    canvas.rectangle(area, fill);
}

/// The number at the end of a bar.
fn value_label(
    canvas: &mut Canvas,
    plot: &Plot,
    middle: f64,
    value: f64,
    words: &str,
    lying: bool,
) {
    let letters = Letters::new(TICK - 1.0, SOFT_INK).halo();
    if lying {
        let end = plot.x().at(value);
        let (x, anchor) = if value < 0.0 {
            (end - 5.0, Anchor::End)
        } else {
            (end + 5.0, Anchor::Start)
        };
        canvas.text((x, middle + TICK * 0.32), words, letters.anchor(anchor));
    } else {
        let end = plot.y().at(value);
        let y = if value < 0.0 {
            end + TICK + 2.0
        } else {
            end - 4.0
        };
        canvas.text((middle, y), words, letters.anchor(Anchor::Middle));
    }
}

pub(crate) fn histogram(
    canvas: &mut Canvas,
    area: Area,
    description: &Description,
    values: &[f64],
) {
    let area = axes::below_references(area, description, false);
    let bins = description.histogram(values);
    let ends = bins.edges.first().copied().zip(bins.edges.last().copied());
    let x = Side::numbers(ends, &description.x, Ends::Tight, 8);
    let most = bins.counts.iter().max().map(|&count| (0.0, count as f64));
    let y = Side::numbers(
        most.filter(|_| !values.is_empty()),
        &description.y,
        Ends::Padded(0.04),
        6,
    );
    let plot = axes::axes(
        canvas,
        area,
        &x,
        &y,
        &description.x.text(),
        &description.y.text(),
    );
    if values.is_empty() {
        canvas.nothing(plot.area, "no data");
        return;
    }
    for (edges, &count) in bins.edges.windows(2).zip(&bins.counts) {
        let (from, to) = (plot.x().at(edges[0]), plot.x().at(edges[1]));
        let gap = if to - from > 5.0 { 0.5 } else { 0.0 };
        let from = from.max(plot.area.left) + gap;
        let to = to.min(plot.area.right) - gap;
        let bar = Area {
            left: from,
            top: plot.y().at(count as f64),
            right: to,
            bottom: plot.area.bottom,
        };
        canvas.rectangle(bar, palette::series(0));
    }
    axes::baseline(canvas, &plot, false);
    axes::references(canvas, &plot, description, false);
}

/// The extent with the reference lines inside it.
pub(crate) fn with_references(
    found: Option<(f64, f64)>,
    references: impl Iterator<Item = f64>,
) -> Option<(f64, f64)> {
    let (low, high) = found?;
    extent([low, high].into_iter().chain(references))
}
