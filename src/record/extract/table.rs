//! [`Table`]: CSV rows into records by declared [`Column`]s, one row at a time from any reader.

use super::cell::{self, Misfit};
use super::error::ExtractError;
use super::kept::{Kept, TooLong};
use super::plan::{Declared, Slot, resolve};
use super::{Extracted, Format, Rejected};
use crate::record::Record;
use csv::{ByteRecord, ErrorKind, Reader, ReaderBuilder};
use serde::de::DeserializeOwned;
use std::any::type_name;
use std::fmt;
use std::io::Read;
use std::marker::PhantomData;

/// Bytes that a row may have; the rows of a file whose quotation mark is never closed would else be one row in memory.
pub const ROW_BYTES: usize = 1 << 20;
/// Bytes that are read at once.
const BUFFER: usize = 1 << 16;

/// Which column fills a field, and how its text is read. Without a format, a field of text is the text, a whole number
/// [`Format::Whole`], a float [`Format::Number`], a boolean [`Format::Flag`], a date `%Y-%m-%d`; empty text is a null.
#[derive(Debug, Clone)]
pub struct Column {
    field: &'static str,
    headers: Vec<&'static str>,
    format: Option<Format>,
    nulls: Vec<&'static str>,
    absent: bool,
}

impl Column {
    /// The field of the record, and the column's name in the header.
    pub fn new(field: &'static str, header: &'static str) -> Column {
        Column {
            field,
            headers: vec![header],
            format: None,
            nulls: vec![""],
            absent: false,
        }
    }

    /// Another name of the same column, in another generation of the file.
    pub fn or(mut self, header: &'static str) -> Column {
        self.headers.push(header);
        self
    }

    /// How its text is read.
    pub fn format(mut self, format: Format) -> Column {
        self.format = Some(format);
        self
    }

    /// The texts that mean null, instead of the empty text.
    pub fn nulls(mut self, nulls: impl IntoIterator<Item = &'static str>) -> Column {
        self.nulls = nulls.into_iter().collect();
        self
    }

    /// A file without this column is one too; the field is then null in all of its rows.
    pub fn or_absent(mut self) -> Column {
        self.absent = true;
        self
    }
}

/// CSV rows into records, by declaration.
#[derive(Debug, Clone)]
pub struct Table<R> {
    /// In the record's order.
    columns: Vec<(Vec<&'static str>, bool, Slot)>,
    delimiter: u8,
    quoting: bool,
    comment: Option<&'static str>,
    trim: bool,
    private: bool,
    /// The column that says which rows are asked for, by its place among `columns`, and what it says of those.
    scope: Option<(usize, Vec<&'static str>)>,
    record: PhantomData<fn() -> R>,
}

impl<R: Record + DeserializeOwned> Table<R> {
    /// A table with a comma between cells, quoted by `"`, with a header in its first line; each field of the record needs a
    /// column.
    ///
    /// # Errors
    /// When a field has no column or two, a column no field, or a format does not make the field's kind; all are listed.
    pub fn new(columns: impl IntoIterator<Item = Column>) -> Result<Table<R>, ExtractError> {
        let columns: Vec<Column> = columns.into_iter().collect();
        let declared: Vec<Declared<'_>> = columns
            .iter()
            .map(|column| Declared {
                field: column.field,
                label: format!("column {}", column.headers.join(" or ")),
                format: column.format,
                nulls: &column.nulls,
                absent: column.absent,
            })
            .collect();
        let slots = resolve::<R>(&declared, Vec::new())?;
        let columns = slots
            .into_iter()
            .filter_map(|(index, slot)| {
                let column = columns.get(index)?;
                Some((column.headers.clone(), column.absent, slot))
            })
            .collect();
        Ok(Table {
            columns,
            delimiter: b',',
            quoting: true,
            comment: None,
            trim: false,
            private: false,
            scope: None,
            record: PhantomData,
        })
    }

    /// What stands between cells, instead of a comma.
    pub fn delimiter(mut self, delimiter: u8) -> Table<R> {
        self.delimiter = delimiter;
        self
    }

    /// Quotation marks are characters like others.
    pub fn unquoted(mut self) -> Table<R> {
        self.quoting = false;
        self
    }

    /// Lines that begin with this are no rows.
    pub fn comment(mut self, prefix: &'static str) -> Table<R> {
        self.comment = Some(prefix);
        self
    }

    /// Spaces around a cell are not part of it.
    pub fn trimmed(mut self) -> Table<R> {
        self.trim = true;
        self
    }

    /// Columns that are not declared are about people: a rejected row is shown without them.
    pub fn private(mut self) -> Table<R> {
        self.private = true;
        self
    }

    /// Keeps only the rows whose column of `field` has one of these texts; the others are counted, and not read further.
    ///
    /// # Errors
    /// When the record has no such field.
    pub fn only(
        mut self,
        field: &str,
        texts: impl IntoIterator<Item = &'static str>,
    ) -> Result<Table<R>, ExtractError> {
        let Some(place) = R::schema().names().position(|name| name == field) else {
            return Err(ExtractError::Declaration {
                record: type_name::<R>(),
                problems: vec![format!(
                    "rows are told by {field}, which the record does not have"
                )],
            });
        };
        self.scope = Some((place, texts.into_iter().collect()));
        Ok(self)
    }

    /// Reads the header; the rows are read as they are asked for.
    ///
    /// # Errors
    /// When a declared column is missing from the header or there twice, or nothing can be read.
    pub fn read<D: Read>(&self, data: D) -> Result<Rows<'_, R, D>, ExtractError> {
        let reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(self.delimiter)
            .quoting(self.quoting)
            .buffer_capacity(BUFFER)
            .from_reader(Kept::new(data));
        let mut rows = Rows {
            table: self,
            reader,
            cells: ByteRecord::new(),
            header: Vec::new(),
            found: Vec::new(),
            width: 0,
            out_of_scope: 0,
            done: false,
        };
        if !rows.advance()? {
            return Err(ExtractError::Empty {
                record: type_name::<R>(),
            });
        }
        rows.take_header()?;
        Ok(rows)
    }
}

/// The rows of one file: an iterator of records and of rows that are none. The outer error means that the body itself broke
/// off; nothing follows it.
pub struct Rows<'t, R, D> {
    table: &'t Table<R>,
    reader: Reader<Kept<D>>,
    cells: ByteRecord,
    header: Vec<String>,
    /// For each field, its place in a row.
    found: Vec<Option<usize>>,
    /// The cells of a row, without empty ones at the end of the header.
    width: usize,
    out_of_scope: u64,
    done: bool,
}

impl<R, D> fmt::Debug for Rows<'_, R, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rows")
            .field("header", &self.header)
            .finish_non_exhaustive()
    }
}

impl<R, D: Read> Rows<'_, R, D> {
    /// The names in the header.
    pub fn header(&self) -> &[String] {
        &self.header
    }

    /// The rows so far that [`Table::only`] left out.
    pub fn out_of_scope(&self) -> u64 {
        self.out_of_scope
    }

    /// The text of a field's cell in the row.
    fn text(&self, place: Option<usize>) -> Option<&[u8]> {
        let text = self.cells.get(place?)?;
        Some(if self.table.trim {
            text.trim_ascii()
        } else {
            text
        })
    }

    fn is_out_of_scope(&self) -> bool {
        let Some((field, texts)) = &self.table.scope else {
            return false;
        };
        // A row that is too short to tell is a misfit, and one of those that were asked for.
        self.text(self.found.get(*field).copied().flatten())
            .is_some_and(|found| texts.iter().all(|text| text.as_bytes() != found))
    }

    /// Reads the next line that is no comment into `cells`; false at the end.
    fn advance(&mut self) -> Result<bool, ExtractError> {
        loop {
            let (start, line) = (self.reader.position().byte(), self.reader.position().line());
            self.reader.get_mut().begin(start);
            match self.reader.read_byte_record(&mut self.cells) {
                Ok(false) => return Ok(false),
                Ok(true) if self.is_comment() => {}
                Ok(true) => return Ok(true),
                Err(error) => return Err(self.broken(error, line)),
            }
        }
    }

    /// Line ends before the row: the second byte of the last row's, and empty lines.
    fn skipped(&self) -> u64 {
        let ends = self
            .raw()
            .iter()
            .take_while(|byte| matches!(byte, b'\r' | b'\n'));
        ends.filter(|byte| **byte == b'\n').count() as u64
    }

    fn is_comment(&self) -> bool {
        let first = self.cells.get(0).unwrap_or_default();
        self.table
            .comment
            .is_some_and(|prefix| first.starts_with(prefix.as_bytes()))
    }

    fn broken(&self, error: csv::Error, line: u64) -> ExtractError {
        let source = match error.into_kind() {
            ErrorKind::Io(source) => source,
            other => std::io::Error::other(format!("{other:?}")),
        };
        if source.get_ref().is_some_and(|inner| inner.is::<TooLong>()) {
            return ExtractError::TooLong {
                line: line + self.skipped(),
                limit: ROW_BYTES,
                raw: self.beginning(),
            };
        }
        ExtractError::Read { line, source }
    }

    /// The first characters of a row that has no end.
    fn beginning(&self) -> String {
        if self.table.private {
            return String::new();
        }
        let raw = self.reader.get_ref().row(u64::MAX);
        String::from_utf8_lossy(&raw[..raw.len().min(100)]).into_owned()
    }

    /// The row as it came.
    fn raw(&self) -> &[u8] {
        self.reader.get_ref().row(self.reader.position().byte())
    }

    fn take_header(&mut self) -> Result<(), ExtractError> {
        self.header = self
            .cells
            .iter()
            .map(|name| String::from_utf8_lossy(name.trim_ascii()).into_owned())
            .collect();
        while self.header.last().is_some_and(String::is_empty) {
            self.header.pop();
        }
        self.width = self.header.len();
        let mut problems = Vec::new();
        for (names, absent, _) in &self.table.columns {
            let places: Vec<usize> = (0..self.width)
                .filter(|place| names.contains(&self.header[*place].as_str()))
                .collect();
            match places.as_slice() {
                [place] => self.found.push(Some(*place)),
                [] if *absent => self.found.push(None),
                [] => problems.push(format!("there is no column {}", names.join(" or "))),
                _ => problems.push(format!("column {} is there twice", names.join(" or "))),
            }
        }
        if problems.is_empty() {
            return Ok(());
        }
        let mut found: String = self.header.join(", ").chars().take(2_000).collect();
        if found.is_empty() {
            found.push_str("none");
        }
        Err(ExtractError::Header {
            record: type_name::<R>(),
            problems,
            found,
        })
    }

    fn reject(&self, rule: String, reason: String) -> Rejected {
        let line = self.cells.position().map_or(0, csv::Position::line) + self.skipped();
        let place = format!("line {line}");
        if !self.table.private {
            return Rejected::new(place, rule, reason, self.raw());
        }
        let declared: Vec<&[u8]> = self
            .found
            .iter()
            .map(|place| self.text(*place).unwrap_or_default())
            .collect();
        let delimiter = [self.table.delimiter];
        Rejected::new(place, rule, reason, &declared.join(&delimiter[..]))
    }

    fn misfit(&self, misfit: Misfit) -> Rejected {
        let (field, reason) = misfit.parts();
        let rule = match (self.table.columns.get(field), self.found.get(field)) {
            (Some((names, _, slot)), Some(place)) => {
                let name = place
                    .and_then(|place| self.header.get(place))
                    .map(String::as_str);
                format!("column {}: {slot}", name.unwrap_or(names[0]))
            }
            _ => "a record".into(),
        };
        self.reject(rule, reason)
    }
}

impl<R: Record + DeserializeOwned, D: Read> Rows<'_, R, D> {
    fn record(&self) -> Extracted<R> {
        let wide = self.cells.len();
        // A comma may end each row, whether or not one ends the header.
        let more = |cell: &[u8]| !cell.trim_ascii().is_empty();
        if wide < self.width || self.cells.iter().skip(self.width).any(more) {
            return Err(self.reject(
                format!("a row has the {} columns of the header", self.width),
                format!("found {wide}"),
            ));
        }
        let columns = self.table.columns.iter().zip(&self.found);
        let cells = columns.map(|((_, _, slot), place)| (slot, self.text(*place)));
        cell::build(cells).map_err(|misfit| self.misfit(misfit))
    }
}

impl<R: Record + DeserializeOwned, D: Read> Iterator for Rows<'_, R, D> {
    type Item = Result<Extracted<R>, ExtractError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        loop {
            match self.advance() {
                Ok(true) if self.is_out_of_scope() => self.out_of_scope += 1,
                Ok(true) => return Some(Ok(self.record())),
                Ok(false) => {
                    self.done = true;
                    return None;
                }
                Err(error) => {
                    self.done = true;
                    return Some(Err(error));
                }
            }
        }
    }
}
