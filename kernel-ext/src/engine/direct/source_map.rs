//! Where each byte of a generated crate comes from, so that what rustc and panics say of it is said of the cell.

use std::ops::Range;

/// What a piece of generated text is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The cell's text from this byte on.
    Cell(usize),
    /// Takes an earlier variable.
    Take(String),
    /// Puts an earlier variable back.
    PutBack(String),
    /// Stores a variable of this cell, or one that was taken into the statements.
    Store(String),
    /// Repeats this import of an earlier cell.
    Import(String),
    /// The rest.
    Frame,
}

#[derive(Debug, Clone)]
struct Piece {
    range: Range<usize>,
    origin: Origin,
}

/// A generated crate and its map to the cell.
#[derive(Debug, Clone)]
pub(crate) struct SourceMap {
    /// How the cell is called in messages: `cell [3]`.
    pub(crate) label: String,
    /// The cell's text.
    pub(crate) cell: String,
    /// The generated text.
    pub(crate) generated: String,
    pieces: Vec<Piece>,
}

impl SourceMap {
    pub(crate) fn new(label: String, cell: String) -> Self {
        Self {
            label,
            cell,
            generated: String::new(),
            pieces: Vec::new(),
        }
    }

    /// Appends generated text.
    pub(crate) fn push(&mut self, text: &str, origin: Origin) {
        if !text.is_empty() {
            let start = self.generated.len();
            self.generated.push_str(text);
            self.pieces.push(Piece {
                range: start..self.generated.len(),
                origin,
            });
        }
    }

    /// Appends a range of the cell's text.
    pub(crate) fn push_cell(&mut self, range: Range<usize>) {
        let text = self.cell[range.clone()].to_owned();
        self.push(&text, Origin::Cell(range.start));
    }

    /// What the byte at `place` is a part of.
    pub(crate) fn origin(&self, place: usize) -> &Origin {
        match self.piece(place) {
            Some(piece) => &piece.origin,
            None => &Origin::Frame,
        }
    }

    /// The range of the cell that a range of the generated text stands for; none when it begins in generated code.
    /// One that ends in generated code ends where its piece of the cell does.
    pub(crate) fn to_cell(&self, range: Range<usize>) -> Option<Range<usize>> {
        let start = self.place_in_cell(range.start)?;
        if range.is_empty() {
            return Some(start..start);
        }
        let end = self.place_in_cell(range.end - 1).map(|last| last + 1);
        match end {
            Some(end) if end > start => Some(start..self.at_boundary(end)),
            _ => {
                let piece = self.piece(range.start)?;
                Some(start..start + (piece.range.end - range.start))
            }
        }
    }

    /// The line and column (from 1, columns in characters) in the cell of a line and column of the generated text.
    pub(crate) fn line_in_cell(&self, line: usize, column: usize) -> Option<(usize, usize)> {
        let line_start = match line {
            0 => return None,
            1 => 0,
            _ => self.generated.match_indices('\n').nth(line - 2)?.0 + 1,
        };
        let text = self.generated.get(line_start..)?;
        let within = text
            .char_indices()
            .nth(column.saturating_sub(1))
            .map_or(text.len(), |(at, _)| at);
        let place = self.place_in_cell(line_start + within)?;
        let before = &self.cell[..place];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Some((
            before.matches('\n').count() + 1,
            before[line_start..].chars().count() + 1,
        ))
    }

    fn piece(&self, place: usize) -> Option<&Piece> {
        let index = self
            .pieces
            .partition_point(|piece| piece.range.end <= place);
        self.pieces.get(index)
    }

    fn place_in_cell(&self, place: usize) -> Option<usize> {
        match self.piece(place) {
            Some(Piece {
                range,
                origin: Origin::Cell(start),
            }) => Some(start + (place - range.start)),
            _ => None,
        }
    }

    /// The end of a character, for an end that was computed from its last byte.
    fn at_boundary(&self, mut place: usize) -> usize {
        while !self.cell.is_char_boundary(place) {
            place += 1;
        }
        place
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map() -> SourceMap {
        let mut map = SourceMap::new("cell [1]".to_owned(), "let ü = 1;\nfoo(ü)".to_owned());
        map.push("fn f() { ", Origin::Frame);
        map.push_cell(0..12);
        map.push("show(", Origin::Frame);
        map.push_cell(12..19);
        map.push(")\n", Origin::Store("x".to_owned()));
        map
    }

    #[test]
    fn ranges_map_back_and_generated_ones_do_not() {
        let map = map();
        let at = |text: &str| map.generated.find(text).unwrap_or(0);
        let foo = at("foo");
        assert_eq!(map.to_cell(foo..foo + 3), Some(12..15));
        assert_eq!(map.to_cell(at("show")..at("show") + 2), None);
        assert_eq!(map.to_cell(foo..map.generated.len()), Some(12..19));
        assert_eq!(
            map.origin(map.generated.len() - 1),
            &Origin::Store("x".to_owned())
        );
    }

    #[test]
    fn lines_and_columns_count_characters() {
        let map = map();
        assert_eq!(map.line_in_cell(1, 14), Some((1, 5)));
        assert_eq!(map.line_in_cell(2, 6), Some((2, 1)));
        assert_eq!(map.line_in_cell(2, 10), Some((2, 5)));
        assert_eq!(map.line_in_cell(1, 1), None);
        assert_eq!(map.line_in_cell(9, 1), None);
    }
}
