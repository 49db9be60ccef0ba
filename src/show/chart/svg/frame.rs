//! What surrounds the marks: title, subtitle, legend above; notes and source below.

use super::canvas::{Anchor, Area, Canvas, Letters};
use crate::show::chart::description::Description;
use crate::show::chart::palette::{self, FAINT_INK, INK, SOFT_INK};
use crate::show::chart::text;

/// Space between the page's edge and everything.
pub(crate) const EDGE: f64 = 18.0;
pub(crate) const TITLE: f64 = 17.0;
const SUBTITLE: f64 = 12.5;
const LEGEND: f64 = 12.0;
const FOOTER: f64 = 10.5;

/// How the legend shows a series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Key {
    Block,
    Line,
    Dot,
}

/// Draws the surroundings; what is left for axes and marks.
pub(crate) fn surround(
    canvas: &mut Canvas,
    page: Area,
    description: &Description,
    names: &[&str],
    key: Key,
) -> Area {
    let room = page.width() - 2.0 * EDGE;
    let left = page.left + EDGE;
    let mut y = page.top + 14.0;
    for line in text::wrapped(
        description.title.as_deref().unwrap_or_default(),
        TITLE * 1.02,
        room,
        2,
    ) {
        y += TITLE;
        canvas.text((left, y), &line, Letters::new(TITLE, INK).bold());
        y += 5.0;
    }
    for line in text::wrapped(
        description.subtitle.as_deref().unwrap_or_default(),
        SUBTITLE,
        room,
        2,
    ) {
        y += SUBTITLE + 1.0;
        canvas.text((left, y), &line, Letters::new(SUBTITLE, SOFT_INK));
        y += 3.0;
    }
    if names.len() > 1 {
        y = legend(
            canvas,
            (left, y + 6.0),
            room,
            description.group.as_deref(),
            names,
            key,
        );
    }
    let bottom = footer(canvas, page, description);
    Area {
        left: page.left + EDGE,
        top: y + 12.0,
        right: page.right - EDGE,
        bottom,
    }
}

/// Entries from left to right, in as many rows as they need; the y below them.
fn legend(
    canvas: &mut Canvas,
    at: (f64, f64),
    room: f64,
    group: Option<&str>,
    names: &[&str],
    key: Key,
) -> f64 {
    let (left, top) = at;
    let mut x = left;
    let mut y = top + LEGEND;
    if let Some(group) = group {
        let words = text::shortened(group, LEGEND, room / 3.0);
        canvas.text((x, y), &words, Letters::new(LEGEND, SOFT_INK));
        x += text::width(&words, LEGEND) + 14.0;
    }
    let indent = x;
    for (index, name) in names.iter().enumerate() {
        let name = text::shortened(name, LEGEND, room / 2.0);
        let width = 22.0 + text::width(&name, LEGEND) + 16.0;
        if x + width - 16.0 > left + room && x > indent {
            x = indent;
            y += LEGEND + 7.0;
        }
        let colour = palette::series(index);
        let middle = y - LEGEND * 0.36;
        match key {
            Key::Block => {
                canvas.rectangle(
                    Area {
                        left: x,
                        top: middle - 5.5,
                        right: x + 11.0,
                        bottom: middle + 5.5,
                    },
                    colour,
                );
                x -= 6.0;
            }
            Key::Line => canvas.line((x, middle), (x + 17.0, middle), colour, 2.6, dash(index)),
            Key::Dot => {
                canvas.dot((x + 5.0, middle), 4.5, colour, 0.9);
                x -= 7.0;
            }
        }
        canvas.text((x + 22.0, y), &name, Letters::new(LEGEND, INK));
        x += width;
    }
    y + 4.0
}

/// Lines after the seventh repeat the colours; dashes tell them apart.
pub(crate) fn dash(index: usize) -> &'static str {
    if index < palette::SERIES.len() {
        ""
    } else {
        "5 4"
    }
}

/// Notes on the left, source on the right, on one line where both fit; the y above them.
fn footer(canvas: &mut Canvas, page: Area, description: &Description) -> f64 {
    let room = page.width() - 2.0 * EDGE;
    let notes = sentence(&description.all_notes());
    let source = description
        .source
        .as_ref()
        .map(|source| format!("Source: {source}"));
    let notes = text::wrapped(&notes, FOOTER, room, 2);
    let source = source.map(|source| text::shortened(&source, FOOTER, room));
    let source_width = source
        .as_ref()
        .map_or(0.0, |source| text::width(source, FOOTER));
    let mut y = page.bottom - 12.0;
    let letters = Letters::new(FOOTER, FAINT_INK);
    if let Some(source) = &source {
        canvas.text((page.right - EDGE, y), source, letters.anchor(Anchor::End));
    }
    let last_fits = notes
        .last()
        .is_none_or(|note| text::width(note, FOOTER) + 24.0 + source_width <= room);
    if source.is_some() && !last_fits {
        y -= FOOTER + 4.0;
    }
    for note in notes.iter().rev() {
        canvas.text((page.left + EDGE, y), note, letters);
        y -= FOOTER + 4.0;
    }
    match (source.is_some(), notes.is_empty()) {
        (false, true) => page.bottom - 14.0,
        (true, true) => y - FOOTER - 10.0,
        (_, false) => y - 6.0,
    }
}

/// Notes as sentences in a row.
fn sentence(notes: &[String]) -> String {
    notes
        .iter()
        .map(|note| format!("{}.", note.trim_end_matches('.')))
        .collect::<Vec<_>>()
        .join(" ")
}
