//! What a load did and what did not fit.

use polars::prelude::DataFrame;
use std::fmt;
use std::sync::OnceLock;
use std::time::Duration;

/// Keys kept as examples of one kind of mismatch.
const EXAMPLES: usize = 3;

/// Values of one field and one type that did not fit the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// The record's field.
    pub field: String,
    /// What the record asks for.
    pub wanted: String,
    /// What was there.
    pub found: String,
    /// How many values.
    pub count: u64,
    /// The keys of the first three.
    pub examples: Vec<String>,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Mismatch {
            field,
            wanted,
            found,
            count,
            examples,
        } = self;
        write!(
            f,
            "{field}: wanted {wanted}, found {found} in {count} {}, such as {}",
            if *count == 1 { "row" } else { "rows" },
            examples.join(", ")
        )
    }
}

/// Collects mismatches by field and type found.
#[derive(Debug, Default)]
pub(super) struct Mismatches(Vec<Mismatch>);

impl Mismatches {
    pub(super) fn add(
        &mut self,
        field: &str,
        wanted: &str,
        found: &str,
        key: impl FnOnce() -> String,
    ) {
        let at = match self
            .0
            .iter()
            .position(|own| own.field == field && own.found == found)
        {
            Some(at) => at,
            None => {
                self.0.push(Mismatch {
                    field: field.to_owned(),
                    wanted: wanted.to_owned(),
                    found: found.to_owned(),
                    count: 0,
                    examples: Vec::new(),
                });
                self.0.len() - 1
            }
        };
        let mismatch = &mut self.0[at];
        mismatch.count += 1;
        if mismatch.examples.len() < EXAMPLES {
            mismatch.examples.push(key());
        }
    }

    pub(super) fn into_inner(self) -> Vec<Mismatch> {
        self.0
    }
}

/// What a load read, from where, how fast, and what did not fit.
#[derive(Debug, Clone)]
pub struct LoadReport {
    /// The table or collection.
    pub place: String,
    /// The statement or filter that was sent; values are placeholders.
    pub query: String,
    /// Rows in the frame.
    pub rows: usize,
    /// Rows or documents that were read to find them.
    pub read: usize,
    /// Bytes of values that were read.
    pub bytes: u64,
    /// The moment that the rows are of, if the database says it.
    pub snapshot: Option<String>,
    /// Time from the question to the frame.
    pub elapsed: Duration,
    /// Column names with their types and nulls.
    pub columns: Vec<(String, String, usize)>,
    /// What did not fit and became null.
    pub mismatches: Vec<Mismatch>,
    /// The frame, for its hash.
    pub(super) frame: DataFrame,
    /// Computed once, when it is asked for.
    pub(super) hash: OnceLock<String>,
}

impl LoadReport {
    /// Equal for equal data, see [`super::content_hash`]. It is computed when it is asked for: a load does not wait for it.
    pub fn hash(&self) -> &str {
        self.hash.get_or_init(|| super::content_hash(&self.frame))
    }

    pub(super) fn columns_of(frame: &DataFrame) -> Vec<(String, String, usize)> {
        frame
            .columns()
            .iter()
            .map(|column| {
                (
                    column.name().to_string(),
                    column.dtype().to_string(),
                    column.null_count(),
                )
            })
            .collect()
    }
}

impl fmt::Display for LoadReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.elapsed.as_secs_f64();
        write!(
            f,
            "{} rows × {} columns from {} in {seconds:.2} s",
            self.rows,
            self.columns.len(),
            self.place
        )?;
        if self.read != self.rows {
            write!(f, " ({} read)", self.read)?;
        }
        write!(f, "; {}; data {}", self.query, self.hash())?;
        for mismatch in &self.mismatches {
            write!(f, "\n  became null: {mismatch}")?;
        }
        Ok(())
    }
}
