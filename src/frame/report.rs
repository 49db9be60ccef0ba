//! What a load did and what did not fit.

use super::hash::Hash;
use crate::record::Kind;
use polars::prelude::DataFrame;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::OnceLock;
use std::time::Duration;

/// Keys kept as examples of one kind of mismatch.
const EXAMPLES: usize = 3;
/// Documents that are searched for fields no record names, and such fields kept.
pub(super) const SEARCHED: u64 = 100;
const UNNAMED: usize = 200;

/// Values of one field and one type that did not fit the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// The record's field; within a subdocument with its own name before a dot.
    pub field: String,
    /// What the record asks for.
    pub wanted: String,
    /// What was there: a type, `null`, or `nothing` where not even a null was.
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
        wanted: &Kind,
        found: &str,
        key: impl FnOnce() -> String,
    ) {
        let at = self.place(field, &wanted.to_string(), found);
        let mismatch = &mut self.0[at];
        mismatch.count += 1;
        if mismatch.examples.len() < EXAMPLES {
            mismatch.examples.push(key());
        }
    }

    /// Adds what another reader of the same load found.
    pub(super) fn merge(&mut self, others: Mismatches) {
        for other in others.0 {
            let at = self.place(&other.field, &other.wanted, &other.found);
            let mismatch = &mut self.0[at];
            mismatch.count += other.count;
            let room = EXAMPLES.saturating_sub(mismatch.examples.len());
            mismatch
                .examples
                .extend(other.examples.into_iter().take(room));
        }
    }

    fn place(&mut self, field: &str, wanted: &str, found: &str) -> usize {
        let known = |own: &Mismatch| own.field == field && own.found == found;
        if let Some(at) = self.0.iter().position(known) {
            return at;
        }
        self.0.push(Mismatch {
            field: field.to_owned(),
            wanted: wanted.to_owned(),
            found: found.to_owned(),
            count: 0,
            examples: Vec::new(),
        });
        self.0.len() - 1
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn list(&self) -> &[Mismatch] {
        &self.0
    }

    pub(super) fn into_inner(self) -> Vec<Mismatch> {
        self.0
    }
}

/// Paths of the first documents that no field of the record names.
#[derive(Debug, Default)]
pub(super) struct Unnamed {
    pub(super) searched: u64,
    paths: BTreeMap<String, u64>,
}

impl Unnamed {
    /// Whether another document is to be searched.
    pub(super) fn wants(&self) -> bool {
        self.searched < SEARCHED
    }

    pub(super) fn add(&mut self, path: String) {
        if self.paths.len() < UNNAMED || self.paths.contains_key(&path) {
            *self.paths.entry(path).or_default() += 1;
        }
    }

    pub(super) fn into_inner(self) -> BTreeMap<String, u64> {
        self.paths
    }
}

/// One column of what was loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportColumn {
    /// Its name in the frame.
    pub name: String,
    /// Its type in the frame.
    pub kind: String,
    /// Its type in the database, where the database has types of columns.
    pub declared: Option<String>,
    /// Whether the database's catalogue rules nulls out; none where it says nothing.
    pub nullable: Option<bool>,
    /// Nulls in the frame.
    pub nulls: usize,
    /// Those of the nulls that come from documents with nothing at the path, not even a null.
    pub missing: u64,
}

/// What a load read, from where, how fast, and what did not fit.
#[derive(Debug, Clone)]
pub struct LoadReport {
    /// The table or collection, or `a query`.
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
    /// Readers that shared the work.
    pub partitions: usize,
    /// Tries it took: 2 when the connection was lost once.
    pub tries: usize,
    /// Time from the question to the frame.
    pub elapsed: Duration,
    /// The frame's columns.
    pub columns: Vec<ReportColumn>,
    /// What did not fit and became null.
    pub mismatches: Vec<Mismatch>,
    /// Paths in the first 100 documents that the record does not name, with the number of documents that have them.
    pub unnamed: BTreeMap<String, u64>,
    pub(super) hash: LoadHash,
}

/// The hash of what was loaded, as far as it is known.
#[derive(Debug, Clone)]
pub(super) enum LoadHash {
    /// To be made of this frame when it is asked for.
    Of(DataFrame, OnceLock<String>),
    /// Made of frames that are gone.
    Made(String),
}

impl LoadHash {
    pub(super) fn of(frame: &DataFrame) -> LoadHash {
        LoadHash::Of(frame.clone(), OnceLock::new())
    }

    pub(super) fn made(hash: &Hash) -> LoadHash {
        LoadHash::Made(hash.text())
    }
}

impl LoadReport {
    /// Equal for equal data, see [`super::content_hash`]. Of a whole frame it is computed when it is asked for: a load does not
    /// wait for it.
    pub fn hash(&self) -> &str {
        match &self.hash {
            LoadHash::Of(frame, hash) => hash.get_or_init(|| super::content_hash(frame)),
            LoadHash::Made(hash) => hash,
        }
    }

    /// Rows a second.
    pub fn rows_per_second(&self) -> f64 {
        self.rows as f64 / self.elapsed.as_secs_f64().max(1e-9)
    }
}

impl fmt::Display for LoadReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.elapsed.as_secs_f64();
        write!(
            f,
            "{} rows × {} columns from {} in {seconds:.2} s ({:.0} rows/s, {:.1} MB",
            self.rows,
            self.columns.len(),
            self.place,
            self.rows_per_second(),
            self.bytes as f64 / 1e6,
        )?;
        if self.read != self.rows {
            write!(f, ", {} read", self.read)?;
        }
        if self.partitions > 1 {
            write!(f, ", {} partitions", self.partitions)?;
        }
        if self.tries > 1 {
            write!(f, ", after {} lost connection", self.tries - 1)?;
        }
        f.write_str(")")?;
        if let Some(snapshot) = &self.snapshot {
            write!(f, " as of {snapshot}")?;
        }
        write!(f, "; {}; data {}", self.query, self.hash())?;
        for mismatch in &self.mismatches {
            write!(f, "\n  became null: {mismatch}")?;
        }
        if !self.unnamed.is_empty() {
            write!(f, "\n  not in the record: {}", self.unnamed_text())?;
        }
        Ok(())
    }
}

impl LoadReport {
    /// The paths that the record does not name, as text.
    pub(crate) fn unnamed_text(&self) -> String {
        let paths: Vec<&str> = self.unnamed.keys().map(String::as_str).collect();
        paths.join(", ")
    }
}
