//! Rows of text under headers, aligned: words to the left, numbers to the right.

use indicatif::HumanCount;

/// A column: its head, its cells, and whether they stand to the right.
pub(super) struct Column {
    pub(super) head: String,
    pub(super) cells: Vec<String>,
    pub(super) right: bool,
}

/// The columns as lines, the heads first, with a rule below them if it is asked for.
pub(super) fn lines(columns: &[Column], ruled: bool) -> Vec<String> {
    let length = |text: &String| text.chars().count();
    let widths: Vec<usize> = columns
        .iter()
        .map(|column| column.cells.iter().chain([&column.head]).map(length).max())
        .map(Option::unwrap_or_default)
        .collect();
    let line = |text: &dyn Fn(&Column, usize) -> String| {
        let cells = columns.iter().zip(&widths);
        let padded: Vec<String> = cells
            .map(|(column, width)| match column.right {
                true => format!("{:>width$}", text(column, *width)),
                false => format!("{:<width$}", text(column, *width)),
            })
            .collect();
        padded.join("  ").trim_end().to_owned()
    };
    let mut lines = vec![line(&|column, _| column.head.clone())];
    if ruled {
        lines.push(line(&|_, width| "─".repeat(width)));
    }
    let rows = columns.first().map_or(0, |column| column.cells.len());
    lines.extend((0..rows).map(|row| line(&|column, _| column.cells[row].clone())));
    lines
}

/// The rows below their headers; a column of whole numbers stands to the right.
pub(super) fn aligned(headers: &[&str], rows: &[Vec<String>]) -> String {
    let is_number = |cell: &String| {
        !cell.is_empty() && cell.chars().all(|one| one.is_ascii_digit() || one == ',')
    };
    let columns: Vec<Column> = headers
        .iter()
        .enumerate()
        .map(|(at, head)| {
            let cells: Vec<String> = rows.iter().filter_map(|row| row.get(at).cloned()).collect();
            Column {
                head: (*head).to_owned(),
                right: cells.iter().all(is_number),
                cells,
            }
        })
        .collect();
    lines(&columns, false).join("\n")
}

/// A number with a comma between thousands.
pub(super) fn counted(number: u64) -> String {
    HumanCount(number).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stand_left_and_numbers_right() {
        let rows =
            [["flight", "336,776"], ["plane", "0"]].map(|row| row.map(str::to_owned).to_vec());
        assert_eq!(
            aligned(&["table", "rows"], &rows),
            "table      rows\nflight  336,776\nplane         0"
        );
    }

    #[test]
    fn thousands_are_apart() {
        assert_eq!(
            [0, 999, 1_000, 1_234_567].map(counted),
            ["0", "999", "1,000", "1,234,567"]
        );
    }
}
