//! SVG text, one shape a call.

use std::fmt::Write;

use crate::show::chart::palette::INK;
use crate::show::chart::text::escape;

/// A rectangle in pixels; y grows downwards.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Area {
    pub(crate) left: f64,
    pub(crate) top: f64,
    pub(crate) right: f64,
    pub(crate) bottom: f64,
}

impl Area {
    pub(crate) fn width(&self) -> f64 {
        self.right - self.left
    }

    pub(crate) fn height(&self) -> f64 {
        self.bottom - self.top
    }
}

/// Which end of a text its position names.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

/// How a text looks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Letters<'a> {
    pub(crate) size: f64,
    pub(crate) fill: &'a str,
    pub(crate) anchor: Anchor,
    /// Width of the outline that thickens the font, which comes in one light weight only.
    pub(crate) weight: f64,
    /// Degrees, clockwise, around the position.
    pub(crate) turn: f64,
    /// A white edge, so that the text stands off what is under it.
    pub(crate) halo: bool,
}

impl<'a> Letters<'a> {
    pub(crate) fn new(size: f64, fill: &'a str) -> Self {
        Self {
            size,
            fill,
            anchor: Anchor::Start,
            weight: size * 0.022,
            turn: 0.0,
            halo: false,
        }
    }

    pub(crate) fn bold(self) -> Self {
        Self {
            weight: self.size * 0.052,
            ..self
        }
    }

    pub(crate) fn anchor(self, anchor: Anchor) -> Self {
        Self { anchor, ..self }
    }

    pub(crate) fn turn(self, turn: f64) -> Self {
        Self { turn, ..self }
    }

    pub(crate) fn halo(self) -> Self {
        Self { halo: true, ..self }
    }
}

/// A drawing that grows.
pub(crate) struct Canvas {
    body: String,
    width: f64,
    height: f64,
}

impl Canvas {
    /// A white page.
    pub(crate) fn new(width: f64, height: f64) -> Self {
        let mut canvas = Self {
            body: String::with_capacity(16 * 1024),
            width,
            height,
        };
        canvas.rectangle(
            Area {
                left: 0.0,
                top: 0.0,
                right: width,
                bottom: height,
            },
            "#FFFFFF",
        );
        canvas
    }

    /// The whole drawing as an SVG file.
    pub(crate) fn finish(self) -> String {
        let Self {
            body,
            width,
            height,
        } = self;
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" font-family=\"sans-serif\">{body}</svg>"
        )
    }

    pub(crate) fn rectangle(&mut self, area: Area, fill: &str) {
        let (left, top, width, height) = (
            area.left,
            area.top,
            area.width().max(0.0),
            area.height().max(0.0),
        );
        let _ = write!(
            self.body,
            "<rect x=\"{left:.2}\" y=\"{top:.2}\" width=\"{width:.2}\" height=\"{height:.2}\" fill=\"{fill}\"/>"
        );
    }

    /// A nearly white ground, so that words stand off what is under them.
    pub(crate) fn plate(&mut self, area: Area) {
        let (left, top, width, height) = (
            area.left,
            area.top,
            area.width().max(0.0),
            area.height().max(0.0),
        );
        let _ = write!(
            self.body,
            "<rect x=\"{left:.2}\" y=\"{top:.2}\" width=\"{width:.2}\" height=\"{height:.2}\" rx=\"2\" fill=\"#FFFFFF\" fill-opacity=\"0.88\"/>"
        );
    }

    pub(crate) fn outline(&mut self, area: Area, stroke: &str, width: f64) {
        let (left, top) = (area.left, area.top);
        let (across, down) = (area.width().max(0.0), area.height().max(0.0));
        let _ = write!(
            self.body,
            "<rect x=\"{left:.2}\" y=\"{top:.2}\" width=\"{across:.2}\" height=\"{down:.2}\" fill=\"none\" stroke=\"{stroke}\" stroke-width=\"{width}\"/>"
        );
    }

    pub(crate) fn line(
        &mut self,
        from: (f64, f64),
        to: (f64, f64),
        stroke: &str,
        width: f64,
        dash: &str,
    ) {
        let _ = write!(
            self.body,
            "<path d=\"M{:.2} {:.2}L{:.2} {:.2}\" stroke=\"{stroke}\" stroke-width=\"{width}\" stroke-dasharray=\"{}\"/>",
            from.0,
            from.1,
            to.0,
            to.1,
            if dash.is_empty() { "none" } else { dash }
        );
    }

    /// The area between a line and the height `base`.
    pub(crate) fn area(&mut self, points: &[(f64, f64)], base: f64, fill: &str, opacity: f64) {
        let (Some(first), Some(last)) = (points.first(), points.last()) else {
            return;
        };
        let mut path = format!("M{:.1} {base:.1}", first.0);
        for (x, y) in points {
            path.push_str(&format!(" L{x:.1} {y:.1}"));
        }
        path.push_str(&format!(" L{:.1} {base:.1} Z", last.0));
        self.body.push_str(&format!(
            "<path d=\"{path}\" fill=\"{fill}\" fill-opacity=\"{opacity}\"/>"
        ));
    }

    pub(crate) fn polyline(&mut self, points: &[(f64, f64)], stroke: &str, width: f64, dash: &str) {
        if points.len() < 2 {
            return;
        }
        self.body.push_str("<path d=\"");
        for (index, (x, y)) in points.iter().enumerate() {
            let _ = write!(
                self.body,
                "{}{x:.2} {y:.2}",
                if index == 0 { 'M' } else { 'L' }
            );
        }
        let _ = write!(
            self.body,
            "\" fill=\"none\" stroke=\"{stroke}\" stroke-width=\"{width}\" stroke-linejoin=\"round\" stroke-linecap=\"round\" stroke-dasharray=\"{}\"/>",
            if dash.is_empty() { "none" } else { dash }
        );
    }

    pub(crate) fn dot(&mut self, (x, y): (f64, f64), radius: f64, fill: &str, opacity: f64) {
        let _ = write!(
            self.body,
            "<circle cx=\"{x:.2}\" cy=\"{y:.2}\" r=\"{radius}\" fill=\"{fill}\" fill-opacity=\"{opacity}\"/>"
        );
    }

    pub(crate) fn text(&mut self, (x, y): (f64, f64), text: &str, letters: Letters<'_>) {
        if text.is_empty() {
            return;
        }
        let Letters {
            size,
            fill,
            anchor,
            weight,
            turn,
            halo,
        } = letters;
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let turned = if turn == 0.0 {
            String::new()
        } else {
            format!(" transform=\"rotate({turn} {x:.2} {y:.2})\"")
        };
        let place = format!(
            "x=\"{x:.2}\" y=\"{y:.2}\" font-size=\"{size}\" text-anchor=\"{anchor}\"{turned}"
        );
        let text = escape(text);
        if halo {
            let _ = write!(
                self.body,
                "<text {place} fill=\"#FFFFFF\" stroke=\"#FFFFFF\" stroke-width=\"3\" stroke-linejoin=\"round\">{text}</text>"
            );
        }
        let _ = write!(
            self.body,
            "<text {place} fill=\"{fill}\" stroke=\"{fill}\" stroke-width=\"{weight:.2}\" stroke-linejoin=\"round\">{text}</text>"
        );
    }

    /// A sentence in the middle of `area`, for a chart without data.
    pub(crate) fn nothing(&mut self, area: Area, words: &str) {
        let middle = (
            (area.left + area.right) / 2.0,
            (area.top + area.bottom) / 2.0,
        );
        self.text(
            middle,
            words,
            Letters::new(13.0, INK).anchor(Anchor::Middle),
        );
    }
}
