//! One reader with its share of a load, and all of them put together.

use super::hash::Hash;
use super::output::{Counted, Output, Sink};
use super::report::{LoadHash, Mismatches};
use super::request::{Read, Request};
use super::watch::{Cancel, Watch};
use super::{FrameError, LoadReport, Policy, ReportColumn, embedded, mongodb, postgres, sqlite};
use crate::record::Place;
use crate::store::{Documents, Snapshot, Store, StoreError, Tables};
use polars::prelude::DataFrame;
use std::collections::BTreeMap;
use std::future::Future;
use std::sync::mpsc::SyncSender;

/// What one reader has.
pub(super) struct Part {
    /// Those not sent on.
    frames: Vec<DataFrame>,
    /// Of those sent on.
    hash: Hash,
    columns: Vec<ReportColumn>,
    read: Read,
    counted: Counted,
}

/// One reader with its share of the work.
pub(super) struct Reader {
    pub(super) store: Store,
    pub(super) request: Request,
    pub(super) policy: Policy,
    pub(super) snapshot: Option<Snapshot>,
    pub(super) watch: Watch,
    /// Set off when the others need not go on.
    pub(super) stop: Cancel,
    /// Rows of a frame at most.
    pub(super) rows: usize,
    /// Where frames go; kept, if nowhere.
    pub(super) to: Option<SyncSender<DataFrame>>,
}

impl Reader {
    /// Whether the rows come from a server. If not, they are read on the calling thread: SQLite's cursor stays on one.
    pub(super) fn is_remote(&self) -> bool {
        match self.request.schema.place {
            Place::Collection(_) => !matches!(self.store.documents, Documents::Embedded(_)),
            Place::Table(_) | Place::Inline => matches!(self.store.tables, Tables::Postgres(_)),
        }
    }

    pub(super) async fn read(self) -> Result<Part, FrameError> {
        if self.is_remote() {
            self.read_remote().await
        } else {
            self.read_file().await
        }
    }

    /// Reads from a server; the future can move between threads.
    pub(super) async fn read_remote(self) -> Result<Part, FrameError> {
        let mut kept = Kept::new(&self.to);
        let mut sink = |frame| kept.take(frame);
        let mut output = self.output(&mut sink);
        let read = self.unless_stopped(self.ask_server(&mut output)).await?;
        let counted = output.counted()?;
        Ok(kept.part(read, counted))
    }

    async fn read_file(self) -> Result<Part, FrameError> {
        let mut kept = Kept::new(&self.to);
        let mut sink = |frame| kept.take(frame);
        let mut output = self.output(&mut sink);
        let read = self.unless_stopped(self.ask_file(&mut output)).await?;
        let counted = output.counted()?;
        Ok(kept.part(read, counted))
    }

    fn output<'a>(&'a self, sink: Sink<'a>) -> Output<'a> {
        let place = self.request.place();
        Output::new(place, self.policy, self.rows, sink, &self.watch)
    }

    /// What is read, unless the caller breaks it off or another reader has failed.
    async fn unless_stopped(
        &self,
        reading: impl Future<Output = Result<Read, FrameError>>,
    ) -> Result<Read, FrameError> {
        tokio::select! {
            read = reading => read,
            () = self.watch.cancel.cancelled() => Err(FrameError::Cancelled),
            () = self.stop.cancelled() => Err(FrameError::Cancelled),
        }
    }

    async fn ask_server(&self, output: &mut Output<'_>) -> Result<Read, FrameError> {
        let request = &self.request;
        match (
            &request.schema.place,
            &self.store.tables,
            &self.store.documents,
        ) {
            (Place::Collection(collection), _, Documents::Mongo(store)) => {
                mongodb::read(store, collection, request, output).await
            }
            (Place::Table(_) | Place::Inline, Tables::Postgres(store), _) => {
                let Some(snapshot) = &self.snapshot else {
                    return postgres::read(store, request, None, output).await;
                };
                let (name, taken) = snapshot
                    .exported(store)
                    .ok_or(FrameError::ForeignSnapshot)?;
                let mut read = postgres::read(store, request, Some(name), output).await?;
                read.snapshot = Some(taken.to_owned());
                Ok(read)
            }
            _ => Err(FrameError::Store(StoreError::NoDocuments {
                collection: request.table().to_owned(),
            })),
        }
    }

    async fn ask_file(&self, output: &mut Output<'_>) -> Result<Read, FrameError> {
        let Reader { request, watch, .. } = self;
        let store = match (&self.store.tables, &self.store.documents) {
            (Tables::Sqlite(store), _) | (_, Documents::Embedded(store)) => store,
            _ => return Err(FrameError::NoPlace),
        };
        let (mut held, mut own);
        let connection = match &self.snapshot {
            Some(snapshot) => {
                held = snapshot.connection(store).await;
                &mut **held.as_mut().ok_or(FrameError::ForeignSnapshot)?
            }
            None => {
                // The catalogue, the types of a query's values and the rows are all of one state.
                own = store.pool().begin().await?;
                &mut *own
            }
        };
        match &request.schema.place {
            Place::Collection(collection) => {
                embedded::read(connection, collection, request, watch, output).await
            }
            Place::Table(_) | Place::Inline => {
                sqlite::read(connection, request, watch, output).await
            }
        }
    }
}

/// The frames of one reader, kept or sent on.
struct Kept<'a> {
    to: &'a Option<SyncSender<DataFrame>>,
    frames: Vec<DataFrame>,
    hash: Hash,
    columns: Vec<ReportColumn>,
}

impl<'a> Kept<'a> {
    fn new(to: &'a Option<SyncSender<DataFrame>>) -> Kept<'a> {
        Kept {
            to,
            frames: Vec::new(),
            hash: Hash::default(),
            columns: Vec::new(),
        }
    }

    fn take(&mut self, frame: DataFrame) -> Result<(), FrameError> {
        count(&mut self.columns, &frame);
        match self.to {
            Some(to) => {
                self.hash.add(&frame);
                // An error says that nobody takes them any more.
                to.send(frame).map_err(|_| FrameError::Cancelled)
            }
            None => {
                self.frames.push(frame);
                Ok(())
            }
        }
    }

    fn part(mut self, read: Read, counted: Counted) -> Part {
        for (column, missing) in self.columns.iter_mut().zip(&counted.missing) {
            column.missing = *missing;
        }
        Part {
            frames: self.frames,
            hash: self.hash,
            columns: self.columns,
            read,
            counted,
        }
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
pub(super) fn merged(request: &Request, parts: Vec<Part>) -> (LoadReport, Vec<DataFrame>) {
    let partitions = parts.len();
    let mut parts = parts.into_iter();
    let mut frames = Vec::new();
    let mut hash = Hash::default();
    let mut mismatches = Mismatches::default();
    let mut unnamed = BTreeMap::new();
    let mut report = LoadReport {
        place: request.place(),
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
        report.rows += part.counted.rows;
        report.read += part.read.read;
        report.bytes += part.counted.bytes;
        hash.merge(&part.hash);
        mismatches.merge(part.counted.mismatches);
        for (path, count) in part.counted.unnamed.into_inner() {
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
