//! Boxes with whiskers: where the middle half of each group lies.

use super::axes::{self, Ends, Side};
use super::bars::with_references;
use super::canvas::{Area, Canvas};
use crate::show::chart::description::{Description, FiveNumbers};
use crate::show::chart::palette;
use crate::show::chart::scale::extent;

pub(crate) fn boxes(
    canvas: &mut Canvas,
    area: Area,
    description: &Description,
    groups: &[FiveNumbers],
) {
    let found = extent(groups.iter().flat_map(|one| [one.low, one.high]));
    let found = with_references(found, description.y_references.iter().map(|one| one.value));
    let names: Vec<String> = groups.iter().map(|one| one.name.clone()).collect();
    let ordered = !names.is_empty() && names.iter().all(|name| name.parse::<f64>().is_ok());
    let x = Side::Bands {
        labels: names,
        ordered,
    };
    let y = Side::numbers(found, &description.y, Ends::Around(0.04), 6);
    let plot = axes::axes(
        canvas,
        area,
        &x,
        &y,
        &description.x.text(),
        &description.y.text(),
    );
    if found.is_none() {
        canvas.nothing(plot.area, "no data");
        return;
    }
    axes::baseline(canvas, &plot, false);
    axes::references(canvas, &plot, description, false);
    let band = plot.area.width() / groups.len() as f64;
    let half = (band * 0.32).min(36.0);
    let scale = plot.y();
    let at = |value: f64| scale.at(value.clamp(scale.domain.0, scale.domain.1));
    let colour = palette::series(0);
    for (index, one) in groups.iter().enumerate() {
        let middle = plot.area.left + band * (index as f64 + 0.5);
        canvas.line(
            (middle, at(one.low)),
            (middle, at(one.lower_quartile)),
            colour,
            1.4,
            "",
        );
        canvas.line(
            (middle, at(one.upper_quartile)),
            (middle, at(one.high)),
            colour,
            1.4,
            "",
        );
        for end in [one.low, one.high] {
            canvas.line(
                (middle - half * 0.5, at(end)),
                (middle + half * 0.5, at(end)),
                colour,
                1.4,
                "",
            );
        }
        let body = Area {
            left: middle - half,
            right: middle + half,
            top: at(one.upper_quartile),
            bottom: at(one.lower_quartile),
        };
        canvas.rectangle(body, "#D6E6F2");
        canvas.outline(body, colour, 1.4);
        canvas.line(
            (middle - half, at(one.median)),
            (middle + half, at(one.median)),
            colour,
            2.6,
            "",
        );
    }
}
