//! A frame as an HTML table: bounded in rows, columns and cell length whatever the frame holds, and it says what it left out.
//!
//! No script and no colour of its own: text, lines and shades follow the page, so the table reads in light and dark.

use polars::prelude::{Column, DataFrame, DataType, IntoColumn, Series};

use super::{Bundle, Role, Show, limits, mime, send};

mod cell;

/// Most rows and columns, whatever is asked for.
const MOST_ROWS: usize = 1_000;
const MOST_COLUMNS: usize = 100;
/// HTML bytes after which no more rows are written.
const BYTES: usize = 300_000;
/// Characters that the cells of one row share: the more columns, the shorter each.
const ROW: usize = 30_000;

/// A frame with the limits of its display; made by [`table`].
#[derive(Clone, Debug)]
pub struct Table {
    frame: DataFrame,
    rows: usize,
    columns: usize,
    cell: usize,
    caption: Option<String>,
}

/// `frame` as a table: at most 10 rows (the first six, the last four), 30 columns, 100 characters a cell; each limit can be
/// changed, here or for all tables by [`set_limits`](super::set_limits).
pub fn table(frame: &DataFrame) -> Table {
    let limits = limits();
    Table {
        frame: frame.clone(),
        rows: limits.rows.min(MOST_ROWS),
        columns: limits.columns.min(MOST_COLUMNS),
        cell: limits.cell.clamp(1, 10_000),
        caption: None,
    }
}

impl Table {
    /// Shows at most `rows` rows, up to 1,000: the first six tenths and the last four of a longer frame.
    pub fn rows(mut self, rows: usize) -> Self {
        self.rows = rows.min(MOST_ROWS);
        self
    }

    /// Shows at most `columns` columns, up to 100: the first two thirds and the last third of a wider frame.
    pub fn columns(mut self, columns: usize) -> Self {
        self.columns = columns.min(MOST_COLUMNS);
        self
    }

    /// Shows at most `characters` of a cell, up to 10,000.
    pub fn cell(mut self, characters: usize) -> Self {
        self.cell = characters.clamp(1, 10_000);
        self
    }

    /// A title above the table.
    pub fn caption(mut self, caption: impl Into<String>) -> Self {
        self.caption = Some(caption.into());
        self
    }

    /// The table as HTML.
    pub fn html(&self) -> String {
        let rows = Shown::of(self.frame.height(), self.rows, 6, 10);
        let columns = Shown::of(self.frame.width(), self.columns, 2, 3);
        let all = self.frame.columns();
        let most = self
            .cell
            .min(ROW / self.columns.clamp(1, self.frame.width().max(1)));
        let cells: Vec<Option<(&Column, Vec<cell::Cell>)>> = columns
            .places()
            .map(|place| {
                let column = all.get(place?)?;
                Some((column, cell::cells(column, rows.places().flatten(), most)))
            })
            .collect();
        let mut html = String::from("<div style=\"overflow-x:auto\">");
        if let Some(caption) = &self.caption {
            html.push_str(&format!("<div><b>{}</b></div>", escape(caption)));
        }
        html.push_str("<table style=\"border-collapse:collapse\"><thead><tr>");
        for shown in &cells {
            html.push_str(&match shown {
                Some((column, _)) => header(column, most),
                None => "<th>…</th>".to_owned(),
            });
        }
        html.push_str("</tr></thead><tbody>");
        let mut written = 0;
        for place in rows.places() {
            if html.len() > BYTES {
                break;
            }
            html.push_str("<tr>");
            for shown in &cells {
                match (place, shown) {
                    (Some(_), Some((_, cells))) => {
                        cells.get(written).map_or((), |cell| cell.write(&mut html))
                    }
                    _ => html.push_str("<td style=\"text-align:center\">…</td>"),
                }
            }
            html.push_str("</tr>");
            written += usize::from(place.is_some());
        }
        html.push_str("</tbody></table>");
        html.push_str(&format!(
            "<div style=\"opacity:.7\"><small>{}</small></div></div>",
            escape(&self.shape(written, &rows, &columns))
        ));
        html
    }

    /// The shape of the frame, with what of it is shown.
    fn shape(&self, written: usize, rows: &Shown, columns: &Shown) -> String {
        let (height, width) = (self.frame.height(), self.frame.width());
        let plural = |count: usize, one: &str| {
            format!(
                "{} {one}{}",
                super::chart::count(count),
                if count == 1 { "" } else { "s" }
            )
        };
        let mut text = format!("{} × {}", plural(height, "row"), plural(width, "column"));
        let ends = |shown: &Shown, one: &str| {
            let last = shown.last.len();
            match (shown.first, last) {
                (0, 0) => format!("no {one}s"),
                (first, 0) => format!("first {}", plural(first, one)),
                (first, last) => format!("first {first} and last {last} {one}s"),
            }
        };
        let mut shown = Vec::new();
        if written < rows.first + rows.last.len() {
            shown.push(format!(
                "first {} (the rest is too long)",
                plural(written, "row")
            ));
        } else if written < height {
            shown.push(ends(rows, "row"));
        }
        if width > self.columns {
            shown.push(ends(columns, "column"));
        }
        if !shown.is_empty() {
            text.push_str(&format!("; {} shown", shown.join(", ")));
        }
        text
    }

    /// Shows the table under stock evcxr.
    pub fn evcxr_display(&self) {
        send(Role::Result, &self.bundle());
    }
}

impl Show for Table {
    fn bundle(&self) -> Bundle {
        let caption = self
            .caption
            .as_ref()
            .map(|caption| format!("{caption}\n"))
            .unwrap_or_default();
        // Polars' own text form cuts rows, columns and cells by itself.
        Bundle::text(format!("{caption}{}", self.frame)).with(mime::HTML, self.html())
    }
}

impl Show for DataFrame {
    fn bundle(&self) -> Bundle {
        table(self).bundle()
    }
}

impl Show for Series {
    fn bundle(&self) -> Bundle {
        self.clone().into_column().bundle()
    }
}

impl Show for Column {
    fn bundle(&self) -> Bundle {
        match DataFrame::new(self.len(), vec![self.clone()]) {
            Ok(frame) => frame.bundle(),
            Err(error) => Bundle::text(format!("A column that could not be shown: {error}")),
        }
    }
}

/// The name with the type below.
fn header(column: &Column, most: usize) -> String {
    let align = if cell::is_number(column.dtype()) {
        "right"
    } else {
        "left"
    };
    let name = escape(&cell::cut(column.name(), most));
    let dtype = escape(&cell::cut(&dtype_text(column.dtype()), most));
    format!(
        "<th style=\"text-align:{align};border-bottom:1px solid currentColor;padding:2px 8px\">{name}<br>\
         <small style=\"font-weight:normal;opacity:.7\">{dtype}</small></th>"
    )
}

fn dtype_text(dtype: &DataType) -> String {
    dtype.to_string()
}

/// Which of many rows or columns are shown: `None` stands for those between.
struct Shown {
    first: usize,
    last: std::ops::Range<usize>,
}

impl Shown {
    /// At most `most` of `all`, `part` of `whole` of them from the front.
    fn of(all: usize, most: usize, part: usize, whole: usize) -> Self {
        if all <= most {
            return Self {
                first: all,
                last: all..all,
            };
        }
        let first = (most * part).div_ceil(whole);
        Self {
            first,
            last: all - (most - first)..all,
        }
    }

    fn places(&self) -> impl Iterator<Item = Option<usize>> {
        let gap = (self.first < self.last.start).then_some(None);
        (0..self.first)
            .map(Some)
            .chain(gap)
            .chain(self.last.clone().map(Some))
    }
}

/// `text` for HTML.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\0' => escaped.push('\u{fffd}'),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_frame_shows_its_first_and_last_rows_around_a_gap() {
        let places: Vec<_> = Shown::of(100, 10, 6, 10).places().collect();
        assert_eq!(
            places,
            [
                Some(0),
                Some(1),
                Some(2),
                Some(3),
                Some(4),
                Some(5),
                None,
                Some(96),
                Some(97),
                Some(98),
                Some(99)
            ]
        );
        assert_eq!(Shown::of(3, 10, 6, 10).places().count(), 3);
        assert_eq!(Shown::of(0, 10, 6, 10).places().count(), 0);
        assert_eq!(Shown::of(5, 0, 6, 10).places().collect::<Vec<_>>(), [None]);
    }
}
