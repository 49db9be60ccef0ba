//! `store.load::<T>()`: what to read, how to treat what does not fit, and the frame that comes of it.

use super::plan::Plan;
use super::request::Request;
use super::{Batches, Cancel, FrameError, IntoParams, LoadReport, Progress};
use crate::record::Record;
use crate::store::{Snapshot, Store};
use bson::Document;
use polars::prelude::{DataFrame, IntoLazy, LazyFrame};
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

/// What becomes of a value that does not fit the record.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Policy {
    /// The load fails, listing every kind of misfit.
    #[default]
    Fail,
    /// It becomes a null, counted in the report.
    Null,
}

/// A load being described; [`Load::run`] does it.
#[derive(Debug)]
pub struct Load<T> {
    pub(super) plan: Plan,
    pub(super) record: PhantomData<fn() -> T>,
}

// A derived one would ask records to be `Clone`.
impl<T> Clone for Load<T> {
    fn clone(&self) -> Self {
        Load {
            plan: self.plan.clone(),
            record: PhantomData,
        }
    }
}

/// A frame and the report of the load that made it. It can be used wherever a frame can.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The data, with exactly the record's columns and types.
    pub frame: DataFrame,
    /// What was read and what did not fit.
    pub report: LoadReport,
}

impl Loaded {
    /// The frame as a lazy one, for expressions.
    pub fn lazy(&self) -> LazyFrame {
        self.frame.clone().lazy()
    }
}

impl Deref for Loaded {
    type Target = DataFrame;
    fn deref(&self) -> &DataFrame {
        &self.frame
    }
}

impl fmt::Display for Loaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n{}", self.frame, self.report)
    }
}

impl Store {
    /// Describes a load of records of this type: all of them, unless narrowed.
    pub fn load<T: Record>(&self) -> Load<T> {
        let schema = T::schema();
        let key = schema.fields.iter().find(|field| field.key);
        let key = key.map(|field| field.path.clone());
        let mut request = Request::of(schema);
        request.key = key;
        Load {
            plan: Plan::new(self, request),
            record: PhantomData,
        }
    }
}

impl<T: Record> Load<T> {
    /// Only rows of the table for which this SQL condition holds. Values go where `$1`, `$2`, … stand and are bound, never
    /// spliced: `.filter("origin = $1", ["JFK"])`, `.filter("origin = $1 AND day > $2", ("JFK", 7))`, `.filter("tail IS NULL", ())`.
    /// Conditions are joined by AND in one filter; a second one is refused when the load is run.
    #[must_use]
    pub fn filter(mut self, condition: &str, values: impl IntoParams) -> Self {
        let first = self.plan.request.condition.replace(condition.to_owned());
        self.plan.is_filtered_twice |= first.is_some();
        self.plan.request.values = values.into_params();
        self
    }

    /// Only documents of the collection that pass this filter, in MongoDB's language: `.matching(doc! { "station": "JFK" })`. Called
    /// again, those that pass both.
    #[must_use]
    pub fn matching(mut self, filter: Document) -> Self {
        let matching = &mut self.plan.request.matching;
        *matching = if matching.is_empty() {
            filter
        } else {
            bson::doc! { "$and": [std::mem::take(matching), filter] }
        };
        self.plan.is_for_documents = true;
        self
    }

    /// The documents that these stages make of those of the collection, by MongoDB's aggregation; the record's paths are looked up
    /// in what comes out. Embedded documents have none.
    #[must_use]
    pub fn pipeline(mut self, stages: impl IntoIterator<Item = Document>) -> Self {
        self.plan.request.pipeline = Some(stages.into_iter().collect());
        self.plan.is_for_documents = true;
        self
    }

    /// Only these fields of the record, in the record's order.
    #[must_use]
    pub fn columns<'a>(mut self, names: impl IntoIterator<Item = &'a str>) -> Self {
        let names: Vec<&str> = names.into_iter().collect();
        for name in &names {
            self.path(name);
        }
        let fields = &mut self.plan.request.schema.fields;
        fields.retain(|field| names.contains(&field.name.as_str()));
        self
    }

    /// Sorted by this field, the smallest first; called again, by a further one among equals. In every store nulls come first, and
    /// text goes by its bytes; an enumerated type of PostgreSQL goes by its own order.
    #[must_use]
    pub fn sort(self, field: &str) -> Self {
        self.sorted(field, false)
    }

    /// As [`Load::sort`], the greatest first and nulls last.
    #[must_use]
    pub fn sort_descending(self, field: &str) -> Self {
        self.sorted(field, true)
    }

    fn sorted(mut self, field: &str, descending: bool) -> Self {
        if let Some(path) = self.path(field) {
            self.plan.request.sort.push((path, descending));
        }
        self
    }

    /// Where the field lives; one that the record does not have is told when the load is run.
    fn path(&mut self, name: &str) -> Option<String> {
        let schema = T::schema();
        let path = schema.field(name).map(|field| field.path.clone());
        if path.is_none() {
            let existing = schema.names().collect::<Vec<_>>().join(", ");
            let wrong = self.plan.wrong.get_or_insert((Vec::new(), existing));
            wrong.0.push(name.to_owned());
        }
        path
    }

    /// At most this many rows.
    #[must_use]
    pub fn limit(mut self, rows: usize) -> Self {
        self.plan.request.limit = Some(rows);
        self
    }

    /// Values that do not fit become nulls and are counted in the report, instead of failing the load.
    #[must_use]
    pub fn misfits_as_null(mut self) -> Self {
        self.plan.policy = Policy::Null;
        self
    }

    /// Reads by so many connections at once, at most 16, each a range of this field: a column of numbers, dates or timestamps in
    /// PostgreSQL, or `ctid`, the place in the table, which is the cheapest; `_id` in MongoDB. In PostgreSQL all of them read one
    /// snapshot. The rows of a whole frame come range by range. A load that is
    /// sorted or limited is read by one, and so are SQLite and embedded documents, which are one file.
    #[must_use]
    pub fn partition_by(mut self, field: &str, readers: usize) -> Self {
        // What every table and every collection has, whether the record names it or not.
        let path = match field {
            "ctid" | "_id" => Some(field.to_owned()),
            field => self.path(field),
        };
        self.plan.partition = path.map(|path| (path, readers));
        self
    }
}

/// What is said and done alike of loads with and without a record.
impl<T> Load<T> {
    /// Reads the state that the snapshot holds, so that several loads see the same.
    #[must_use]
    pub fn at(mut self, snapshot: &Snapshot) -> Self {
        self.plan.snapshot = Some(snapshot.clone());
        self
    }

    /// Tells how far the load is, some times a second.
    #[must_use]
    pub fn on_progress(mut self, tell: impl Fn(Progress) + Send + Sync + 'static) -> Self {
        self.plan.watch.listen(tell);
        self
    }

    /// Lets the load be broken off.
    #[must_use]
    pub fn cancelled_by(mut self, cancel: &Cancel) -> Self {
        self.plan.watch.cancel = cancel.clone();
        self
    }

    /// Reads the rows. When the connection is lost on the way, they are read once more from the beginning.
    ///
    /// # Errors
    /// When the record does not match the table (every difference is listed), a value does not fit and the policy is to
    /// fail, the filter cannot be used, a query would change something or gives two columns of one name, or the database
    /// fails. There is never half a frame.
    pub fn run(self) -> Result<Loaded, FrameError> {
        let store = self.plan.store.clone();
        store.block_on(self.run_async())
    }

    /// [`Load::run`] for async code; dropped, it ends the server's query. Rows of SQLite are read on the calling thread.
    ///
    /// # Errors
    /// As [`Load::run`].
    pub async fn run_async(self) -> Result<Loaded, FrameError> {
        self.plan.run().await
    }

    /// Reads the rows in frames of so many, the last of fewer. They are read as they are taken, so memory holds a few
    /// frames at most, however many rows there are, but for embedded documents that are sorted: those are all read first. A lost
    /// connection is an error, since frames before it are given already. Frames of several readers come as each has them.
    pub fn batches(self, rows: usize) -> Batches {
        Batches::begin(self.plan, rows)
    }
}
