//! Axes with their grid lines, ticks and labels, for numbers, time and categories; what is left inside is the marks'.

use super::canvas::{Anchor, Area, Canvas, Letters};
use crate::show::chart::description::{Axis, Description, Reference};
use crate::show::chart::number::NumberFormat;
use crate::show::chart::palette::{BASELINE, GRID, INK, REFERENCE, SOFT_INK};
use crate::show::chart::scale::{self, Linear};
use crate::show::chart::{text, time};

pub(crate) const TICK: f64 = 11.5;
const LABEL: f64 = 12.0;
/// Height of the words over one upright reference line.
const ABOVE: f64 = TICK + 4.0;
/// Space between two labels of one axis.
const APART: f64 = 8.0;

/// Values on an axis with the ticks that are drawn.
#[derive(Clone, Debug)]
pub(crate) struct Numbers {
    pub(crate) domain: (f64, f64),
    pub(crate) ticks: Vec<(f64, String)>,
}

/// Where an axis ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Ends {
    /// On round numbers just outside the values.
    Round,
    /// On the lowest and the highest value.
    Tight,
    /// A share of the length beyond the values, but never beyond a zero that values start from.
    Padded(f64),
    /// A share of the length beyond the values on both sides, wherever zero is.
    Around(f64),
}

/// One side of the plot.
#[derive(Clone, Debug)]
pub(crate) enum Side {
    Numbers(Numbers),
    /// One band a category; `ordered` labels may be thinned, others are turned.
    Bands {
        labels: Vec<String>,
        ordered: bool,
    },
}

impl Side {
    /// Numbers over `extent`, which ends as `ends` says unless a range is asked for; padding keeps zero on the axis.
    pub(crate) fn numbers(
        extent: Option<(f64, f64)>,
        axis: &Axis,
        ends: Ends,
        target: usize,
    ) -> Self {
        let (mut low, mut high) = axis.range.or(extent).unwrap_or((0.0, 1.0));
        if axis.time {
            let (low, high) = scale::drawable(low, high);
            return Side::Numbers(Numbers {
                domain: (low, high),
                ticks: time::ticks(low, high, target),
            });
        }
        if let (Ends::Padded(share), None) = (ends, axis.range) {
            (low, high) = (low.min(0.0), high.max(0.0));
            let room = (high - low) * share;
            (low, high) = (
                if low < 0.0 { low - room } else { low },
                if high > 0.0 { high + room } else { high },
            );
        }
        if let (Ends::Around(share), None) = (ends, axis.range) {
            (low, high) = scale::drawable(low, high);
            (low, high) = (low - (high - low) * share, high + (high - low) * share);
        }
        let (domain, ticks) = if axis.range.is_some() || ends != Ends::Round {
            let domain = scale::drawable(low, high);
            (domain, scale::ticks(domain.0, domain.1, target))
        } else {
            scale::nice(low, high, target)
        };
        let largest = domain.0.abs().max(domain.1.abs());
        let format = NumberFormat::for_ticks(largest, ticks.step, axis.percent);
        let ticks = ticks
            .values
            .into_iter()
            .map(|value| (value, format.text(value)))
            .collect();
        Side::Numbers(Numbers { domain, ticks })
    }

    fn tick_labels(&self) -> Vec<&str> {
        match self {
            Side::Numbers(numbers) => numbers
                .ticks
                .iter()
                .map(|(_, label)| label.as_str())
                .collect(),
            Side::Bands { labels, .. } => labels.iter().map(String::as_str).collect(),
        }
    }
}

/// The inside of the axes.
#[derive(Clone, Debug)]
pub(crate) struct Plot {
    pub(crate) area: Area,
    x: Option<(f64, f64)>,
    y: Option<(f64, f64)>,
}

impl Plot {
    /// Pixels of values on the horizontal axis; of a unit interval where it has categories.
    pub(crate) fn x(&self) -> Linear {
        Linear {
            domain: self.x.unwrap_or((0.0, 1.0)),
            range: (self.area.left, self.area.right),
        }
    }

    /// Pixels of values on the vertical axis, which grows upwards.
    pub(crate) fn y(&self) -> Linear {
        Linear {
            domain: self.y.unwrap_or((0.0, 1.0)),
            range: (self.area.bottom, self.area.top),
        }
    }
}

/// Draws both axes in `area`, with grid lines where values are read off.
pub(crate) fn axes(
    canvas: &mut Canvas,
    area: Area,
    x: &Side,
    y: &Side,
    x_text: &str,
    y_text: &str,
) -> Plot {
    let y_label_room = if y_text.is_empty() { 0.0 } else { LABEL + 8.0 };
    let widest = y
        .tick_labels()
        .iter()
        .map(|label| text::width(label, TICK))
        .fold(0.0, f64::max)
        .min(area.width() * 0.36);
    let left = area.left + y_label_room + widest + 7.0;
    let last_half = match x {
        Side::Numbers(numbers) => numbers
            .ticks
            .last()
            .map_or(0.0, |(_, label)| text::width(label, TICK) / 2.0),
        Side::Bands { .. } => 0.0,
    };
    let right = area.right - last_half.clamp(2.0, 40.0);
    let labels = XLabels::fit(x, right - left);
    let x_label_room = if x_text.is_empty() { 0.0 } else { LABEL + 8.0 };
    let bottom = area.bottom - x_label_room - labels.height - 6.0;
    let inside = Area {
        left,
        top: area.top,
        right,
        bottom,
    };
    let plot = Plot {
        area: inside,
        x: domain(x),
        y: domain(y),
    };
    y_axis(canvas, &plot, y, widest);
    x_axis(canvas, &plot, x, &labels, matches!(y, Side::Bands { .. }));
    let middle = ((inside.left + inside.right) / 2.0, area.bottom - 3.0);
    let x_text = text::shortened(x_text, LABEL, inside.width());
    canvas.text(
        middle,
        &x_text,
        Letters::new(LABEL, SOFT_INK).anchor(Anchor::Middle),
    );
    let middle = (area.left + LABEL * 0.8, (inside.top + inside.bottom) / 2.0);
    let y_text = text::shortened(y_text, LABEL, inside.height());
    canvas.text(
        middle,
        &y_text,
        Letters::new(LABEL, SOFT_INK)
            .anchor(Anchor::Middle)
            .turn(-90.0),
    );
    plot
}

fn domain(side: &Side) -> Option<(f64, f64)> {
    match side {
        Side::Numbers(numbers) => Some(numbers.domain),
        Side::Bands { .. } => None,
    }
}

fn y_axis(canvas: &mut Canvas, plot: &Plot, y: &Side, widest: f64) {
    let area = plot.area;
    let letters = Letters::new(TICK, SOFT_INK).anchor(Anchor::End);
    match y {
        Side::Numbers(numbers) => {
            for (value, label) in &numbers.ticks {
                let at = plot.y().at(*value);
                canvas.line((area.left, at), (area.right, at), GRID, 1.0, "");
                canvas.text((area.left - 7.0, at + TICK * 0.35), label, letters);
            }
        }
        Side::Bands { labels, ordered } => {
            let band = area.height() / labels.len().max(1) as f64;
            let every = if *ordered {
                (TICK * 1.15 / band).ceil().max(1.0) as usize
            } else {
                1
            };
            let size = TICK.min(band.max(7.0));
            for (index, label) in labels.iter().enumerate().step_by(every) {
                let at = area.top + band * (index as f64 + 0.5);
                let label = text::shortened(label, size, widest + 1.0);
                canvas.text(
                    (area.left - 7.0, at + size * 0.35),
                    &label,
                    Letters { size, ..letters },
                );
            }
        }
    }
}

fn x_axis(canvas: &mut Canvas, plot: &Plot, x: &Side, labels: &XLabels, grid: bool) {
    let area = plot.area;
    let below = area.bottom + TICK + 5.0;
    let letters = Letters::new(TICK, SOFT_INK);
    match x {
        Side::Numbers(numbers) => {
            for (index, (value, label)) in numbers.ticks.iter().enumerate() {
                let at = plot.x().at(*value);
                if grid {
                    canvas.line((at, area.top), (at, area.bottom), GRID, 1.0, "");
                } else {
                    canvas.line(
                        (at, area.bottom),
                        (at, area.bottom + 4.0),
                        BASELINE,
                        1.0,
                        "",
                    );
                }
                if index % labels.every == 0 {
                    canvas.text((at, below), label, letters.anchor(Anchor::Middle));
                }
            }
        }
        Side::Bands { labels: names, .. } => {
            let band = area.width() / names.len().max(1) as f64;
            for (index, name) in names.iter().enumerate().step_by(labels.every) {
                let at = area.left + band * (index as f64 + 0.5);
                if labels.turned {
                    // A label may not reach over the left edge of the page either.
                    let room = (at / XLabels::ANGLE.to_radians().cos()).min(XLabels::LONGEST);
                    let name = text::shortened(name, TICK, room);
                    canvas.text(
                        (at + 4.0, area.bottom + 11.0),
                        &name,
                        letters.anchor(Anchor::End).turn(-XLabels::ANGLE),
                    );
                } else {
                    canvas.text((at, below), name, letters.anchor(Anchor::Middle));
                }
            }
        }
    }
}

/// The line that values start from, drawn over the marks; nothing where zero is off the axis.
pub(crate) fn baseline(canvas: &mut Canvas, plot: &Plot, lying: bool) {
    let area = plot.area;
    if lying {
        if plot.x().contains(0.0) {
            let at = plot.x().at(0.0);
            canvas.line((at, area.top), (at, area.bottom), BASELINE, 1.2, "");
        }
    } else {
        let at = if plot.y().contains(0.0) {
            plot.y().at(0.0)
        } else {
            area.bottom
        };
        canvas.line((area.left, at), (area.right, at), BASELINE, 1.2, "");
    }
}

/// Reference lines with their words; `lying` swaps the axes, as lying bars do.
pub(crate) fn references(canvas: &mut Canvas, plot: &Plot, description: &Description, lying: bool) {
    let (across, upright): (&[Reference], &[Reference]) = if lying {
        (&description.x_references, &description.y_references)
    } else {
        (&description.y_references, &description.x_references)
    };
    let area = plot.area;
    for Reference { value, label } in across
        .iter()
        .filter(|one| plot.y.is_some() && plot.y().contains(one.value))
    {
        let at = plot.y().at(*value);
        canvas.line((area.left, at), (area.right, at), REFERENCE, 1.3, "6 4");
        let label = text::shortened(label, TICK, area.width() * 0.6);
        let width = text::width(&label, TICK);
        // Above the line, or below it where the plot ends.
        let base = if at - area.top > TICK + 8.0 {
            at - 6.0
        } else {
            at + TICK + 5.0
        };
        let plate = Area {
            left: area.right - width - 6.0,
            right: area.right,
            top: base - TICK,
            bottom: base + 3.5,
        };
        if !label.is_empty() {
            canvas.plate(plate);
        }
        canvas.text(
            (area.right - 3.0, base),
            &label,
            Letters::new(TICK, INK).anchor(Anchor::End),
        );
    }
    for (index, one) in upright
        .iter()
        .filter(|one| plot.x.is_some() && plot.x().contains(one.value))
        .enumerate()
    {
        let at = plot.x().at(one.value);
        let base = area.top - 5.0 - ABOVE * index as f64;
        canvas.line((at, base + 1.0), (at, area.bottom), REFERENCE, 1.3, "6 4");
        let label = text::shortened(&one.label, TICK, area.width() * 0.5);
        let fits_right = at + 5.0 + text::width(&label, TICK) <= area.right;
        let (place, anchor) = if fits_right {
            (at + 5.0, Anchor::Start)
        } else {
            (at - 5.0, Anchor::End)
        };
        canvas.text(
            (place, base + 1.0),
            &label,
            Letters::new(TICK, INK).anchor(anchor),
        );
    }
}

/// `area` without the room that words over upright reference lines need above the plot.
pub(crate) fn below_references(area: Area, description: &Description, lying: bool) -> Area {
    let upright = if lying {
        description.y_references.len()
    } else {
        description.x_references.len()
    };
    Area {
        top: area.top + ABOVE * upright as f64,
        ..area
    }
}

/// How the labels below the plot are set so that none touches the next.
struct XLabels {
    every: usize,
    turned: bool,
    height: f64,
}

impl XLabels {
    /// Longest turned label, in pixels along the text.
    const LONGEST: f64 = 130.0;
    /// Degrees by which labels are turned.
    const ANGLE: f64 = 40.0;

    fn fit(side: &Side, room: f64) -> Self {
        let labels = side.tick_labels();
        let widest = labels
            .iter()
            .map(|label| text::width(label, TICK))
            .fold(0.0, f64::max);
        let slot = room / labels.len().max(1) as f64;
        let flat = |every: usize| Self {
            every,
            turned: false,
            height: TICK + 6.0,
        };
        if widest + APART <= slot {
            return flat(1);
        }
        match side {
            Side::Bands { ordered: false, .. } => {
                // Turned labels need their line height only, so nearly any number of them fits.
                let every = ((TICK * 1.3) / slot).ceil().max(1.0) as usize;
                let angle = Self::ANGLE.to_radians();
                let height = widest.min(Self::LONGEST) * angle.sin() + TICK * angle.cos() + 8.0;
                Self {
                    every,
                    turned: true,
                    height,
                }
            }
            _ => flat(((widest + APART) / slot.max(0.1)).ceil().max(1.0) as usize),
        }
    }
}

/// True where `labels` fit side by side in `room` pixels.
pub(crate) fn fit_flat(labels: &[String], room: f64) -> bool {
    let slot = room / labels.len().max(1) as f64;
    labels
        .iter()
        .all(|label| text::width(label, TICK) + APART <= slot)
}
