//! What is to be read, and reading it: by one reader or several, and once more when a connection is lost.

use super::hash::Hash;
use super::output::Output;
use super::report::{LoadHash, Mismatches, Unnamed};
use super::watch::{Cancel, Watch};
use super::{
    FrameError, LoadReport, Loaded, Param, Policy, ReportColumn, embedded, mongodb, postgres,
    sqlite,
};
use crate::record::{Place, Schema};
use crate::store::relational::CatalogueColumn;
use crate::store::{Documents, Snapshot, Store, StoreError, Tables, runtime};
use bson::Document;
use polars::prelude::DataFrame;
use std::collections::BTreeMap;
use std::sync::mpsc::SyncSender;
use std::time::Instant;

/// Readers of one load at most.
pub(super) const PARTITIONS: usize = 16;

/// What a reader is asked for.
#[derive(Debug, Clone)]
pub(super) struct Request {
    /// The record's fields, narrowed to the columns asked for; none for a query.
    pub(super) schema: Schema,
    /// The text of a query.
    pub(super) statement: Option<String>,
    /// Where the record's key lives, for messages.
    pub(super) key: Option<String>,
    /// The condition on a table.
    pub(super) condition: Option<String>,
    /// Which rows of a table, or documents of a collection, are this reader's.
    pub(super) range: Option<String>,
    pub(super) share: Option<Document>,
    /// The values of placeholders.
    pub(super) values: Vec<Param>,
    /// The filter on a collection.
    pub(super) matching: Document,
    /// The stages that make documents of those of the collection.
    pub(super) pipeline: Option<Vec<Document>>,
    /// Columns or paths to sort by, the first first, and whether descending.
    pub(super) sort: Vec<(String, bool)>,
    /// Rows at most.
    pub(super) limit: Option<usize>,
    /// Whether this is the first of several readers, or the only one.
    pub(super) is_first: bool,
}

impl Request {
    pub(super) fn of(schema: Schema) -> Request {
        Request {
            schema,
            statement: None,
            key: None,
            condition: None,
            range: None,
            share: None,
            values: Vec::new(),
            matching: Document::new(),
            pipeline: None,
            sort: Vec::new(),
            limit: None,
            is_first: true,
        }
    }

    /// What is read, for people.
    fn place(&self) -> String {
        match &self.statement {
            Some(_) => "a query".to_owned(),
            None => self.schema.place.to_string(),
        }
    }

    /// The table's name.
    pub(super) fn table(&self) -> &str {
        match &self.schema.place {
            Place::Table(name) | Place::Collection(name) => name,
            Place::Inline => "",
        }
    }

    /// The filter with what narrows it to this reader's share.
    pub(super) fn filter(&self) -> Document {
        match &self.share {
            Some(share) if !share.is_empty() => {
                bson::doc! { "$and": [share.clone(), self.matching.clone()] }
            }
            _ => self.matching.clone(),
        }
    }

    /// The SQL from FROM on; `table` must be quoted, and `order` writes a column to sort by. Nulls come first, as SQLite and
    /// MongoDB have them, and last where it descends.
    pub(super) fn clauses(&self, table: &str, order: impl Fn(&str) -> String) -> String {
        let mut rest = format!("FROM {table}");
        // On lines of their own, so that a comment at a condition's end cannot swallow the bracket.
        let conditions: Vec<String> = [&self.condition, &self.range]
            .into_iter()
            .flatten()
            .map(|condition| format!("(\n{condition}\n)"))
            .collect();
        if !conditions.is_empty() {
            rest.push_str(&format!(" WHERE {}", conditions.join(" AND ")));
        }
        let sorted: Vec<String> = self
            .sort
            .iter()
            .map(|(column, descending)| {
                let direction = if *descending {
                    "DESC NULLS LAST"
                } else {
                    "ASC NULLS FIRST"
                };
                format!("{} {direction}", order(column))
            })
            .collect();
        if !sorted.is_empty() {
            rest.push_str(&format!(" ORDER BY {}", sorted.join(", ")));
        }
        if let Some(limit) = self.limit {
            rest.push_str(&format!(" LIMIT {limit}"));
        }
        rest
    }
}

/// What a reader did.
#[derive(Debug)]
pub(super) struct Read {
    /// The statement or filter that was sent, with placeholders for values.
    pub(super) query: String,
    /// Rows or documents that were read.
    pub(super) read: usize,
    /// The moment that the rows are of, if the database says it.
    pub(super) snapshot: Option<String>,
    /// What the database says of each column; none where it says nothing.
    pub(super) columns: Vec<Declared>,
}

/// What a database says of a column.
#[derive(Debug, Clone, Default)]
pub(super) struct Declared {
    pub(super) kind: Option<String>,
    pub(super) nullable: Option<bool>,
}

impl Declared {
    pub(super) fn of(column: Option<&CatalogueColumn>) -> Declared {
        column.map_or_else(Declared::default, |column| Declared {
            kind: Some(column.declared.clone()),
            nullable: Some(column.nullable),
        })
    }
}

/// A load with all that was said of it.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub(super) store: Store,
    pub(super) request: Request,
    /// A filter or stages of the language of documents were given.
    pub(super) is_for_documents: bool,
    pub(super) policy: Policy,
    /// The field to share the rows out by, and among how many readers.
    pub(super) partition: Option<(String, usize)>,
    pub(super) snapshot: Option<Snapshot>,
    pub(super) watch: Watch,
    /// The first field said that the record does not have, and those it has.
    pub(super) wrong: Option<(String, String)>,
}

impl Plan {
    pub(super) fn new(store: &Store, request: Request) -> Plan {
        Plan {
            store: store.clone(),
            request,
            is_for_documents: false,
            policy: Policy::Fail,
            partition: None,
            snapshot: None,
            watch: Watch::default(),
            wrong: None,
        }
    }

    /// Reads everything into one frame.
    pub(super) async fn run(mut self) -> Result<Loaded, FrameError> {
        let start = Instant::now();
        self.prepare()?;
        let mut tries = 1;
        let parts = loop {
            match self.read(usize::MAX, None).await {
                // Nothing has been given to anybody and nothing was written, so it can be done again.
                Err(error) if tries == 1 && self.snapshot.is_none() && error.is_lost() => {
                    tries += 1
                }
                outcome => break outcome?,
            }
        };
        let (mut report, frames) = merged(&self, parts);
        if self.policy == Policy::Fail && !report.mismatches.is_empty() {
            return Err(FrameError::Mismatch {
                place: report.place,
                mismatches: report.mismatches,
            });
        }
        let mut frames = frames.into_iter();
        let mut frame = frames.next().unwrap_or_default();
        for other in frames {
            frame.vstack_mut(&other)?;
        }
        report.hash = LoadHash::of(&frame);
        (report.elapsed, report.tries) = (start.elapsed(), tries);
        Ok(Loaded { frame, report })
    }

    /// Reads everything and sends it on in frames of so many rows.
    pub(super) async fn send(
        mut self,
        rows: usize,
        to: SyncSender<DataFrame>,
    ) -> Result<LoadReport, FrameError> {
        let start = Instant::now();
        self.prepare()?;
        let parts = self.read(rows, Some(to)).await?;
        let (mut report, _) = merged(&self, parts);
        report.elapsed = start.elapsed();
        Ok(report)
    }

    fn prepare(&mut self) -> Result<(), FrameError> {
        if let Some((name, existing)) = self.wrong.take() {
            return Err(FrameError::NoField { name, existing });
        }
        let wrong_filter = |method| FrameError::WrongFilter {
            place: self.request.schema.place.to_string(),
            method,
        };
        match &self.request.schema.place {
            Place::Table(_) if self.is_for_documents => {
                return Err(wrong_filter(".filter(\"column = $1\", [value])"));
            }
            Place::Collection(_) if self.request.condition.is_some() => {
                return Err(wrong_filter(".matching(doc! { \"path\": value })"));
            }
            Place::Inline if self.request.statement.is_none() => return Err(FrameError::NoPlace),
            _ => {}
        }
        self.watch.begin();
        Ok(())
    }

    /// Reads by as many readers as there are parts.
    async fn read(
        &self,
        rows: usize,
        to: Option<SyncSender<DataFrame>>,
    ) -> Result<Vec<Part>, FrameError> {
        let stop = StopOnDrop(Cancel::default());
        let (parts, snapshot) = self.parts().await?;
        let mut readers: Vec<Reader> = parts
            .into_iter()
            .map(|request| Reader {
                store: self.store.clone(),
                request,
                // What is not sent on is looked at as a whole, so that one error tells of all.
                policy: if to.is_some() {
                    self.policy
                } else {
                    Policy::Null
                },
                snapshot: snapshot.clone(),
                watch: self.watch.clone(),
                stop: stop.0.clone(),
                rows,
                to: to.clone(),
            })
            .collect();
        drop(to);
        if readers.len() == 1
            && let Some(reader) = readers.pop()
        {
            return Ok(vec![reader.read().await?]);
        }
        // Each on a thread of its own, since a reader's work is decoding and a full channel makes it wait.
        let readers: Vec<_> = readers
            .into_iter()
            .map(|reader| {
                runtime::spawn_blocking(move || {
                    let stop = reader.stop.clone();
                    let outcome = runtime::block_on(reader.read());
                    if outcome.is_err() {
                        stop.cancel();
                    }
                    outcome
                })
            })
            .collect();
        let (mut parts, mut first) = (Vec::with_capacity(readers.len()), None);
        for reader in readers {
            match reader.await.map_err(FrameError::Thread)? {
                Ok(part) => parts.push(part),
                // The others end because of the one that failed.
                Err(error) if first.is_none() || matches!(first, Some(FrameError::Cancelled)) => {
                    first = Some(error);
                }
                Err(_) => {}
            }
        }
        match first {
            Some(error) => Err(error),
            None => Ok(parts),
        }
    }

    /// What each reader shall read, and the snapshot that they share.
    async fn parts(&self) -> Result<(Vec<Request>, Option<Snapshot>), FrameError> {
        let whole = (vec![self.request.clone()], self.snapshot.clone());
        let Some((field, partitions)) = &self.partition else {
            return Ok(whole);
        };
        // The order of a sorted load, and which rows a limited one has, are of the whole.
        let is_whole = !self.request.sort.is_empty()
            || self.request.limit.is_some()
            || self.request.pipeline.is_some();
        if *partitions < 2 || is_whole {
            return Ok(whole);
        }
        if *partitions > PARTITIONS {
            return Err(FrameError::Partition {
                place: self.request.schema.place.to_string(),
                column: field.clone(),
                reason: format!("{partitions} readers are more than {PARTITIONS}"),
            });
        }
        let known = self.request.schema.field(field);
        let path = known.map_or(field.as_str(), |field| &field.path);
        let mut parts = Vec::new();
        match (
            &self.request.schema.place,
            &self.store.tables,
            &self.store.documents,
        ) {
            (Place::Table(_), Tables::Postgres(store), _) => {
                let snapshot = match &self.snapshot {
                    Some(snapshot) => snapshot.clone(),
                    None => Snapshot::of_postgres(store).await?,
                };
                let name = exported(Some(&snapshot))?.unwrap_or_default().to_owned();
                let request = &self.request;
                for range in postgres::ranges(store, request, &name, path, *partitions).await? {
                    parts.push(Request {
                        range: Some(range),
                        is_first: parts.is_empty(),
                        ..self.request.clone()
                    });
                }
                Ok((parts, Some(snapshot)))
            }
            (Place::Collection(collection), _, Documents::Mongo(store)) => {
                if path != "_id" {
                    return Err(FrameError::Partition {
                        place: self.request.schema.place.to_string(),
                        column: field.clone(),
                        reason: "collections are shared out by ranges of _id".into(),
                    });
                }
                for range in mongodb::ranges(store, collection, *partitions).await? {
                    parts.push(Request {
                        share: Some(range),
                        is_first: parts.is_empty(),
                        ..self.request.clone()
                    });
                }
                Ok((parts, None))
            }
            // One file is read by one cursor.
            _ => Ok(whole),
        }
    }
}

/// The name of a snapshot in PostgreSQL.
fn exported(snapshot: Option<&Snapshot>) -> Result<Option<&str>, FrameError> {
    match snapshot {
        None => Ok(None),
        Some(snapshot) => match snapshot.exported() {
            Some(name) => Ok(Some(name)),
            None => Err(FrameError::ForeignSnapshot),
        },
    }
}

/// Ends the readers of a load that nobody waits for any more.
struct StopOnDrop(Cancel);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

/// What one reader has.
struct Part {
    /// Those not sent on.
    frames: Vec<DataFrame>,
    /// Of those sent on.
    hash: Hash,
    columns: Vec<ReportColumn>,
    read: Read,
    rows: usize,
    bytes: u64,
    mismatches: Mismatches,
    unnamed: Unnamed,
}

/// One reader with its share of the work.
struct Reader {
    store: Store,
    request: Request,
    policy: Policy,
    snapshot: Option<Snapshot>,
    watch: Watch,
    /// Set off when the others need not go on.
    stop: Cancel,
    /// Rows of a frame at most.
    rows: usize,
    /// Where frames go; kept, if nowhere.
    to: Option<SyncSender<DataFrame>>,
}

impl Reader {
    async fn read(self) -> Result<Part, FrameError> {
        let Reader {
            store,
            request,
            policy,
            snapshot,
            watch,
            stop,
            rows,
            to,
        } = self;
        let (mut frames, mut hash, mut columns) = (Vec::new(), Hash::default(), Vec::new());
        let mut sink = |frame: DataFrame| {
            count(&mut columns, &frame);
            match &to {
                Some(to) => {
                    hash.add(&frame);
                    // Nobody takes them any more.
                    to.send(frame).map_err(|_| FrameError::Cancelled)
                }
                None => {
                    frames.push(frame);
                    Ok(())
                }
            }
        };
        let mut output = Output::new(request.place(), policy, rows, &mut sink, &watch);
        let reading = async {
            let read = read(&store, &request, snapshot.as_ref(), &watch, &mut output).await?;
            output.finish()?;
            Ok::<Read, FrameError>(read)
        };
        let read = tokio::select! {
            read = reading => read?,
            () = watch.cancel.cancelled() => return Err(FrameError::Cancelled),
            () = stop.cancelled() => return Err(FrameError::Cancelled),
        };
        let (rows, bytes) = (output.rows, output.bytes);
        let (mismatches, unnamed, missing) = (output.mismatches, output.unnamed, output.missing);
        for (column, missing) in columns.iter_mut().zip(missing) {
            column.missing = missing;
        }
        Ok(Part {
            frames,
            hash,
            columns,
            read,
            rows,
            bytes,
            mismatches,
            unnamed,
        })
    }
}

async fn read(
    store: &Store,
    request: &Request,
    snapshot: Option<&Snapshot>,
    watch: &Watch,
    output: &mut Output<'_>,
) -> Result<Read, FrameError> {
    let is_table = !matches!(request.schema.place, Place::Collection(_));
    if is_table && let Tables::Postgres(store) = &store.tables {
        return postgres::read(store, request, exported(snapshot)?, output).await;
    }
    match (&store.tables, &store.documents) {
        (_, Documents::Mongo(store)) if !is_table => {
            mongodb::read(store, request.table(), request, output).await
        }
        (Tables::Sqlite(store), _) => {
            let held = match snapshot {
                Some(snapshot) => Some(
                    snapshot
                        .connection()
                        .await
                        .ok_or(FrameError::ForeignSnapshot)?,
                ),
                None => None,
            };
            let mut own;
            let mut held = held;
            let connection = match &mut held {
                Some(held) => &mut ***held,
                None => {
                    own = store.pool().acquire().await?;
                    &mut *own
                }
            };
            if is_table {
                sqlite::read(connection, request, watch, output).await
            } else {
                embedded::read(connection, request.table(), request, watch, output).await
            }
        }
        (Tables::Postgres(_), _) => Err(FrameError::Store(StoreError::NoDocuments {
            collection: request.table().to_owned(),
        })),
    }
}

/// Counts the frame's nulls by column.
fn count(columns: &mut Vec<ReportColumn>, frame: &DataFrame) {
    if columns.is_empty() {
        *columns = frame
            .columns()
            .iter()
            .map(|column| ReportColumn {
                name: column.name().to_string(),
                kind: column.dtype().to_string(),
                declared: None,
                nullable: None,
                nulls: 0,
                missing: 0,
            })
            .collect();
    }
    for (column, values) in columns.iter_mut().zip(frame.columns()) {
        column.nulls += values.null_count();
    }
}

/// The report of all parts together, and their frames in order.
fn merged(plan: &Plan, parts: Vec<Part>) -> (LoadReport, Vec<DataFrame>) {
    let partitions = parts.len();
    let mut parts = parts.into_iter();
    let mut frames = Vec::new();
    let mut hash = Hash::default();
    let mut mismatches = Mismatches::default();
    let mut unnamed = BTreeMap::new();
    let mut report = LoadReport {
        place: plan.request.place(),
        query: String::new(),
        rows: 0,
        read: 0,
        bytes: 0,
        snapshot: None,
        partitions,
        tries: 1,
        elapsed: Default::default(),
        columns: Vec::new(),
        mismatches: Vec::new(),
        unnamed: BTreeMap::new(),
        hash: LoadHash::made(&hash),
    };
    for part in parts.by_ref() {
        if report.query.is_empty() {
            report.query = part.read.query;
            report.snapshot = part.read.snapshot;
            report.columns = part.columns;
            for (column, declared) in report.columns.iter_mut().zip(part.read.columns) {
                (column.declared, column.nullable) = (declared.kind, declared.nullable);
            }
        } else {
            for (column, other) in report.columns.iter_mut().zip(part.columns) {
                column.nulls += other.nulls;
                column.missing += other.missing;
            }
        }
        report.rows += part.rows;
        report.read += part.read.read;
        report.bytes += part.bytes;
        hash.merge(&part.hash);
        mismatches.merge(part.mismatches);
        for (path, count) in part.unnamed.into_inner() {
            *unnamed.entry(path).or_default() += count;
        }
        frames.extend(part.frames);
    }
    for column in &mut report.columns {
        // A column of a table on the outer side of a join has nulls all the same.
        if column.nulls > 0 && column.nullable == Some(false) {
            column.nullable = None;
        }
    }
    report.hash = LoadHash::made(&hash);
    report.mismatches = mismatches.into_inner();
    report.unnamed = unnamed;
    (report, frames)
}
