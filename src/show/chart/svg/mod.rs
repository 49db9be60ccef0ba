//! The static picture: a description as SVG text, 760 × 440 logical pixels, on a white page of its own so that it reads
//! the same in a dark notebook, in print and in a browser that runs no script.

mod axes;
mod bars;
mod boxes;
mod canvas;
mod frame;
mod heat;
mod points;

use canvas::{Area, Canvas};
use frame::Key;

use super::description::{Description, Marks};

/// Logical width of a picture.
pub(crate) const WIDTH: f64 = 760.0;
/// Logical height of a picture; lying bars may need more.
pub(crate) const HEIGHT: f64 = 440.0;

/// Draws `description`.
pub(crate) fn draw(description: &Description) -> String {
    let lying = lying(description);
    let page = Area {
        left: 0.0,
        top: 0.0,
        right: WIDTH,
        bottom: height(description, lying),
    };
    let mut canvas = Canvas::new(page.width(), page.height());
    let (names, key) = legend(description);
    let area = frame::surround(&mut canvas, page, description, &names, key);
    match &description.marks {
        Marks::Bars {
            categories,
            ordered,
            series,
        } => {
            bars::bars(
                &mut canvas,
                area,
                description,
                categories,
                *ordered,
                series,
                lying,
            );
        }
        Marks::Histogram(values) => bars::histogram(&mut canvas, area, description, values),
        Marks::Lines(series) => points::lines(&mut canvas, area, description, series),
        Marks::Scatter(series) => points::scatter(&mut canvas, area, description, series),
        Marks::Heat {
            columns,
            rows,
            cells,
        } => heat::heat(&mut canvas, area, description, columns, rows, cells),
        Marks::Density(grid) => heat::density(&mut canvas, area, description, grid),
        Marks::Boxes(groups) => boxes::boxes(&mut canvas, area, description, groups),
    }
    canvas.finish()
}

/// True where bars lie: asked for, or because names do not fit side by side under standing ones.
pub(crate) fn lying(description: &Description) -> bool {
    let Marks::Bars {
        categories,
        ordered,
        ..
    } = &description.marks
    else {
        return false;
    };
    let too_long = !ordered && !axes::fit_flat(categories, WIDTH - 2.0 * frame::EDGE - 60.0);
    description.lying.unwrap_or(too_long)
}

/// Height of the page: lying bars get room for their names.
fn height(description: &Description, lying: bool) -> f64 {
    match &description.marks {
        Marks::Bars {
            categories, series, ..
        } if lying => {
            let band = (8.0 * series.len() as f64 + 6.0).max(17.0);
            (categories.len() as f64 * band + 130.0).clamp(HEIGHT, 900.0)
        }
        _ => HEIGHT,
    }
}

fn legend(description: &Description) -> (Vec<&str>, Key) {
    match &description.marks {
        Marks::Bars { series, .. } => (
            series.iter().map(|one| one.name.as_str()).collect(),
            Key::Block,
        ),
        Marks::Lines(series) => (
            series.iter().map(|one| one.name.as_str()).collect(),
            Key::Line,
        ),
        Marks::Scatter(series) => (
            series.iter().map(|one| one.name.as_str()).collect(),
            Key::Dot,
        ),
        _ => (Vec::new(), Key::Block),
    }
}
