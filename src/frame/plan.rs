//! A load with all that was said of it: read by one reader or several, and once more when a connection is lost.

use super::reader::{Part, Reader, merged};
use super::report::LoadHash;
use super::request::Request;
use super::watch::{Cancel, Watch};
use super::{FrameError, LoadReport, Loaded, Policy, mongodb, postgres};
use crate::record::Place;
use crate::runtime;
use crate::store::{Documents, Snapshot, Store, Tables};
use polars::prelude::DataFrame;
use std::sync::mpsc::SyncSender;
use std::time::Instant;
use tokio::task::JoinHandle;

/// Readers of one load at most.
const PARTITIONS: usize = 16;

/// A load with all that was said of it.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub(super) store: Store,
    pub(super) request: Request,
    /// A filter or stages of the language of documents were given.
    pub(super) is_for_documents: bool,
    /// A second condition was given.
    pub(super) is_filtered_twice: bool,
    pub(super) policy: Policy,
    /// The column or path to share the rows out by, and among how many readers.
    pub(super) partition: Option<(String, usize)>,
    pub(super) snapshot: Option<Snapshot>,
    pub(super) watch: Watch,
    /// Fields said that the record does not have, and those it has.
    pub(super) wrong: Option<(Vec<String>, String)>,
}

impl Plan {
    pub(super) fn new(store: &Store, request: Request) -> Plan {
        Plan {
            store: store.clone(),
            request,
            is_for_documents: false,
            is_filtered_twice: false,
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
        let (mut report, frames) = merged(&self.request, parts);
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
        // The one connection that sees the state would be taken while the caller, who takes the frames, wants it for another load.
        if self
            .snapshot
            .as_ref()
            .is_some_and(Snapshot::is_one_connection)
        {
            return Err(FrameError::HeldBatches);
        }
        let parts = self.read(rows, Some(to)).await?;
        let (mut report, _) = merged(&self.request, parts);
        report.elapsed = start.elapsed();
        Ok(report)
    }

    fn prepare(&mut self) -> Result<(), FrameError> {
        if let Some((names, existing)) = self.wrong.take() {
            let name = names.join(", ");
            return Err(FrameError::NoField { name, existing });
        }
        if self.is_filtered_twice {
            return Err(FrameError::FilteredTwice);
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
            Place::Collection(_) if self.request.writes() => return Err(FrameError::Stage),
            Place::Table(_) | Place::Collection(_) if self.request.schema.fields.is_empty() => {
                return Err(FrameError::NoColumns);
            }
            _ => {}
        }
        let place = match &self.request.schema.place {
            Place::Inline => "the query".to_owned(),
            place => place.to_string(),
        };
        self.watch.begin(&place);
        Ok(())
    }

    /// Reads by as many readers as there are parts.
    async fn read(
        &self,
        rows: usize,
        to: Option<SyncSender<DataFrame>>,
    ) -> Result<Vec<Part>, FrameError> {
        let stop = StopOnDrop(Cancel::default());
        let (parts, snapshot) = tokio::select! {
            parts = self.parts() => parts?,
            () = self.watch.cancel.cancelled() => return Err(FrameError::Cancelled),
        };
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
        // A file is read here, and so is a server when frames go to a channel that only this thread may wait for.
        let is_here = |reader: &Reader| !reader.is_remote() || to.is_some();
        if let [reader] = readers.as_slice()
            && is_here(reader)
            && let Some(reader) = readers.pop()
        {
            drop(to);
            return Ok(vec![reader.read().await?]);
        }
        drop(to);
        let readers: Vec<_> = readers.into_iter().map(begin).collect();
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
                let (name, _) = snapshot
                    .exported(store)
                    .ok_or(FrameError::ForeignSnapshot)?;
                let request = &self.request;
                for range in postgres::ranges(store, request, name, field, *partitions).await? {
                    parts.push(Request {
                        range: Some(range),
                        is_first: parts.is_empty(),
                        ..self.request.clone()
                    });
                }
                Ok((parts, Some(snapshot.clone())))
            }
            (Place::Collection(collection), _, Documents::Mongo(store)) => {
                if field != "_id" {
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

/// Begins to read from a server beside the caller.
fn begin(reader: Reader) -> JoinHandle<Result<Part, FrameError>> {
    let stop = reader.stop.clone();
    let ended = move |outcome: Result<Part, FrameError>| {
        if outcome.is_err() {
            stop.cancel();
        }
        outcome
    };
    if reader.to.is_some() {
        // A full channel makes it wait, which must not hold up what else the runtime does.
        return runtime::spawn_blocking(move || ended(runtime::block_on(reader.read())));
    }
    // On the very threads that the socket wakes: handing each message to another one costs more than decoding it.
    runtime::spawn(async move { ended(reader.read_remote().await) })
}

/// Ends the readers of a load that nobody waits for any more.
struct StopOnDrop(Cancel);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}
