//! `store.load::<T>()`: what to read, how to treat what does not fit, and the frame that comes of it.

use super::builder::Builder;
use super::cursor::Cursor;
use super::report::Mismatches;
use super::{
    FrameError, LoadReport, Param, bson as documents, check, content_hash, sqlite as rows,
};
use crate::record::{Place, Record, Schema};
use crate::store::document::{Filter, indexed_paths, table_of};
use crate::store::{Store, quoted, relational};
use bson::{Bson, Document};
use polars::prelude::DataFrame;
use sqlx::SqliteConnection;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;
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

/// A frame and the report of the load that made it. It can be used wherever a frame can.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The data, with exactly the record's columns and types.
    pub frame: DataFrame,
    /// What was read and what did not fit.
    pub report: LoadReport,
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

    /// [`Load::run`] for async code. Rows are read on the calling thread.
    ///
    /// # Errors
    /// As [`Load::run`].
    pub async fn run_async(self) -> Result<Loaded, FrameError> {
        let start = Instant::now();
        let schema = self.schema()?;
        let mut connection = self.store.pool().acquire().await?;
        let mut mismatches = Mismatches::default();
        let mut builders: Vec<Builder> = schema.fields.iter().map(Builder::new).collect();
        let (query, count, read) = match &schema.place {
            Place::Table(table) => {
                let (query, shown) = self.table_query(&mut connection, &schema, table).await?;
                let values = self
                    .condition
                    .as_ref()
                    .map_or(&[][..], |(_, values)| values);
                let mut handle = connection.lock_handle().await?;
                let mut cursor = Cursor::open(&mut handle, &query, values)?;
                let count = rows::read(&mut cursor, &schema, &mut builders, &mut mismatches)?;
                (shown, count, count)
            }
            Place::Collection(collection) => {
                let filter = Filter::new(&self.matching.clone().unwrap_or_default())?;
                let (query, values) = self
                    .document_query(&mut connection, collection, &filter)
                    .await?;
                let mut handle = connection.lock_handle().await?;
                let mut cursor = Cursor::open(&mut handle, &query, &values)?;
                let from = (&schema, collection.as_str());
                let (count, read) = documents::read(
                    &mut cursor,
                    from,
                    &filter,
                    self.limit,
                    &mut builders,
                    &mut mismatches,
                )?;
                (
                    format!("find {}", self.matching.clone().unwrap_or_default()),
                    count,
                    read,
                )
            }
            Place::Inline => return Err(FrameError::NoPlace),
        };
        let mismatches = mismatches.into_inner();
        if self.policy == Policy::Fail && !mismatches.is_empty() {
            return Err(FrameError::Mismatch {
                place: schema.place.to_string(),
                mismatches,
            });
        }
        let frame = DataFrame::new(count, builders.into_iter().map(Builder::finish).collect())?;
        let report = LoadReport {
            place: schema.place.to_string(),
            query,
            rows: count,
            read,
            elapsed: start.elapsed(),
            columns: LoadReport::columns_of(&frame),
            mismatches,
            hash: content_hash(&frame),
        };
        Ok(Loaded { frame, report })
    }

    /// The record's schema, narrowed to the columns asked for.
    fn schema(&self) -> Result<Schema, FrameError> {
        let mut schema = T::schema();
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

    /// Checks the record against the catalogue and makes the statement: the key for messages, then the fields. With it comes
    /// what the report shows, without the key.
    async fn table_query(
        &self,
        connection: &mut SqliteConnection,
        schema: &Schema,
        table: &str,
    ) -> Result<(String, String), FrameError> {
        if self.matching.is_some() {
            let method = ".filter(\"column = $1\", [value])";
            return Err(FrameError::WrongFilter {
                place: schema.place.to_string(),
                method,
            });
        }
        let columns = relational::columns_of_table(connection, table).await?;
        if columns.is_empty() {
            let existing = relational::tables(connection).await?.join(", ");
            return Err(FrameError::NoTable {
                name: table.to_owned(),
                existing,
            });
        }
        let differences = check::differences(schema, &columns);
        if !differences.is_empty() {
            return Err(FrameError::Record {
                place: schema.place.to_string(),
                differences,
            });
        }
        let key = T::schema()
            .fields
            .iter()
            .find(|field| field.key)
            .map_or("NULL".to_owned(), |key| quoted(&key.path));
        let fields = schema
            .fields
            .iter()
            .map(|field| quoted(&field.path))
            .collect::<Vec<_>>()
            .join(", ");
        let mut rest = format!("FROM {}", quoted(table));
        if let Some((condition, _)) = &self.condition {
            // On lines of its own, so that a comment at the condition's end cannot swallow the bracket.
            rest.push_str(&format!(" WHERE (\n{condition}\n)"));
        }
        if let Some(limit) = self.limit {
            rest.push_str(&format!(" LIMIT {limit}"));
        }
        Ok((
            format!("SELECT {key}, {fields} {rest}"),
            format!("SELECT {fields} {rest}"),
        ))
    }

    async fn document_query(
        &self,
        connection: &mut SqliteConnection,
        collection: &str,
        filter: &Filter,
    ) -> Result<(String, Vec<Param>), FrameError> {
        if self.condition.is_some() {
            let method = ".matching(doc! { \"path\": value })";
            return Err(FrameError::WrongFilter {
                place: format!("collection {collection}"),
                method,
            });
        }
        let indexed = indexed_paths(connection, collection).await?;
        let (conditions, values) = filter.pushed_down(&indexed);
        let narrowed = if conditions.is_empty() {
            String::new()
        } else {
            format!(" WHERE {}", conditions.join(" AND "))
        };
        let query = format!(
            "SELECT id, body FROM {}{narrowed}",
            quoted(&table_of(collection))
        );
        let values = values
            .into_iter()
            .map(|value| match value {
                Bson::String(text) => Param::Text(text),
                Bson::Double(number) => Param::Real(number),
                Bson::DateTime(instant) => Param::Integer(instant.timestamp_millis()),
                other => other
                    .as_i64()
                    .or(other.as_i32().map(i64::from))
                    .map_or(Param::Null, Param::Integer),
            })
            .collect();
        Ok((query, values))
    }
}
