//! One reader with its share of a load, and all of them put together.

use super::hash::Hash;
use super::output::Output;
use super::report::{LoadHash, Mismatches, Unnamed};
use super::request::{Read, Request};
use super::watch::{Cancel, Watch};
use super::{FrameError, LoadReport, Policy, ReportColumn, embedded, mongodb, postgres, sqlite};
use crate::record::Place;
use crate::store::{Documents, Snapshot, Store, StoreError, Tables};
use polars::prelude::DataFrame;
use std::collections::BTreeMap;
use std::sync::mpsc::SyncSender;

/// What one reader has.
pub(super) struct Part {
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
    pub(super) async fn read(self) -> Result<Part, FrameError> {
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

/// The name of a snapshot in PostgreSQL.
pub(super) fn exported(snapshot: Option<&Snapshot>) -> Result<Option<&str>, FrameError> {
    match snapshot {
        None => Ok(None),
        Some(snapshot) => match snapshot.exported() {
            Some(name) => Ok(Some(name)),
            None => Err(FrameError::ForeignSnapshot),
        },
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
