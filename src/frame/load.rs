//! `store.load::<T>()`: what to read, how to treat what does not fit, and the frame that comes of it.

use super::builder::Builder;
use super::report::Mismatches;
use super::{FrameError, LoadReport, Param, embedded, mongodb, postgres, sqlite};
use crate::record::{Place, Record, Schema};
use crate::store::{Documents, Store, StoreError, Tables};
use bson::Document;
use polars::prelude::{DataFrame, IntoLazy, LazyFrame};
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::OnceLock;
use std::time::Instant;

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
#[derive(Debug, Clone)]
pub struct Load<T> {
    store: Store,
    condition: Option<(String, Vec<Param>)>,
    matching: Option<Document>,
    columns: Option<Vec<String>>,
    limit: Option<usize>,
    policy: Policy,
    record: PhantomData<fn() -> T>,
}

/// What a backend is asked for.
#[derive(Debug)]
pub(super) struct Request<'a> {
    /// The record's fields, narrowed to the columns asked for.
    pub(super) schema: &'a Schema,
    /// Where the record's key lives, for messages.
    pub(super) key: Option<&'a str>,
    /// The condition on a table, and its values.
    pub(super) condition: Option<(&'a str, &'a [Param])>,
    /// The filter on a collection.
    pub(super) matching: &'a Document,
    /// Rows at most.
    pub(super) limit: Option<usize>,
}

impl Request<'_> {
    /// The SQL from FROM on; `table` must be quoted.
    pub(super) fn clauses(&self, table: &str) -> String {
        let mut rest = format!("FROM {table}");
        if let Some((condition, _)) = self.condition {
            // On lines of its own, so that a comment at the condition's end cannot swallow the bracket.
            rest.push_str(&format!(" WHERE (\n{condition}\n)"));
        }
        if let Some(limit) = self.limit {
            rest.push_str(&format!(" LIMIT {limit}"));
        }
        rest
    }

    /// The values of the condition's placeholders.
    pub(super) fn values(&self) -> &[Param] {
        self.condition.map_or(&[][..], |(_, values)| values)
    }
}

/// Where a backend puts what it reads.
pub(super) struct Output {
    /// One for each field of the schema.
    pub(super) builders: Vec<Builder>,
    pub(super) mismatches: Mismatches,
}

/// What a backend did.
#[derive(Debug)]
pub(super) struct Read {
    /// The statement or filter that was sent, with placeholders for values.
    pub(super) query: String,
    /// Rows in the frame.
    pub(super) rows: usize,
    /// Rows or documents that were read to find them.
    pub(super) read: usize,
    /// Bytes of values that were read.
    pub(super) bytes: u64,
    /// The moment that the rows are of, if the database says it.
    pub(super) snapshot: Option<String>,
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
        Load {
            store: self.clone(),
            condition: None,
            matching: None,
            columns: None,
            limit: None,
            policy: Policy::Fail,
            record: PhantomData,
        }
    }
}

impl<T: Record> Load<T> {
    /// Only rows of the table for which this SQL condition holds. Values go where `$1`, `$2`, … stand and are bound, never
    /// spliced: `.filter("origin = $1", ["JFK"])`.
    #[must_use]
    pub fn filter<P: Into<Param>>(
        mut self,
        condition: &str,
        values: impl IntoIterator<Item = P>,
    ) -> Self {
        self.condition = Some((
            condition.to_owned(),
            values.into_iter().map(Into::into).collect(),
        ));
        self
    }

    /// Only documents of the collection that pass this filter, in MongoDB's language: `.matching(doc! { "station": "JFK" })`.
    #[must_use]
    pub fn matching(mut self, filter: Document) -> Self {
        self.matching = Some(filter);
        self
    }

    /// Only these fields of the record, in the record's order.
    #[must_use]
    pub fn columns<'a>(mut self, names: impl IntoIterator<Item = &'a str>) -> Self {
        self.columns = Some(names.into_iter().map(str::to_owned).collect());
        self
    }

    /// At most this many rows.
    #[must_use]
    pub fn limit(mut self, rows: usize) -> Self {
        self.limit = Some(rows);
        self
    }

    /// Values that do not fit become nulls and are counted in the report, instead of failing the load.
    #[must_use]
    pub fn misfits_as_null(mut self) -> Self {
        self.policy = Policy::Null;
        self
    }

    /// Reads the records.
    ///
    /// # Errors
    /// When the record does not match the table (every difference is listed), a value does not fit and the policy is to
    /// fail, the filter cannot be used, or the database fails. There is never half a frame.
    pub fn run(self) -> Result<Loaded, FrameError> {
        let store = self.store.clone();
        store.block_on(self.run_async())
    }

    /// [`Load::run`] for async code. Rows of SQLite are read on the calling thread.
    ///
    /// # Errors
    /// As [`Load::run`].
    pub async fn run_async(self) -> Result<Loaded, FrameError> {
        let start = Instant::now();
        let whole = T::schema();
        let schema = self.narrowed(whole.clone())?;
        let matching = self.matching.clone().unwrap_or_default();
        let request = Request {
            schema: &schema,
            key: whole
                .fields
                .iter()
                .find(|field| field.key)
                .map(|field| field.path.as_str()),
            condition: self
                .condition
                .as_ref()
                .map(|(condition, values)| (condition.as_str(), values.as_slice())),
            matching: &matching,
            limit: self.limit,
        };
        let mut output = Output {
            builders: schema.fields.iter().map(Builder::new).collect(),
            mismatches: Mismatches::default(),
        };
        let read = self.read(&request, &mut output).await?;
        let Output {
            builders,
            mismatches,
        } = output;
        let mismatches = mismatches.into_inner();
        if self.policy == Policy::Fail && !mismatches.is_empty() {
            return Err(FrameError::Mismatch {
                place: schema.place.to_string(),
                mismatches,
            });
        }
        let columns = builders.into_iter().map(Builder::finish).collect();
        let frame = DataFrame::new(read.rows, columns)?;
        let report = LoadReport {
            place: schema.place.to_string(),
            query: read.query,
            rows: read.rows,
            read: read.read,
            bytes: read.bytes,
            snapshot: read.snapshot,
            elapsed: start.elapsed(),
            columns: LoadReport::columns_of(&frame),
            mismatches,
            frame: frame.clone(),
            hash: OnceLock::new(),
        };
        Ok(Loaded { frame, report })
    }

    async fn read(&self, request: &Request<'_>, output: &mut Output) -> Result<Read, FrameError> {
        let wrong_filter = |method| FrameError::WrongFilter {
            place: request.schema.place.to_string(),
            method,
        };
        match &request.schema.place {
            Place::Table(_) if self.matching.is_some() => {
                Err(wrong_filter(".filter(\"column = $1\", [value])"))
            }
            Place::Table(table) => match &self.store.tables {
                Tables::Sqlite(store) => sqlite::read(store, table, request, output).await,
                Tables::Postgres(store) => postgres::read(store, table, request, output).await,
            },
            Place::Collection(_) if self.condition.is_some() => {
                Err(wrong_filter(".matching(doc! { \"path\": value })"))
            }
            Place::Collection(collection) => match &self.store.documents {
                Documents::Embedded(store) => {
                    embedded::read(store, collection, request, output).await
                }
                Documents::Mongo(store) => mongodb::read(store, collection, request, output).await,
                Documents::Nowhere => Err(FrameError::Store(StoreError::NoDocuments {
                    collection: collection.clone(),
                })),
            },
            Place::Inline => Err(FrameError::NoPlace),
        }
    }

    /// The schema with only the columns asked for.
    fn narrowed(&self, mut schema: Schema) -> Result<Schema, FrameError> {
        if let Some(names) = &self.columns {
            if let Some(name) = names.iter().find(|name| schema.field(name).is_none()) {
                let existing = schema.names().collect::<Vec<_>>().join(", ");
                return Err(FrameError::NoField {
                    name: name.clone(),
                    existing,
                });
            }
            schema.fields.retain(|field| names.contains(&field.name));
        }
        Ok(schema)
    }
}
