//! What a collection from sources leaves beside the rows themselves, as records that any project can write: its runs, what each
//! host was asked, the responses that were kept, what did not fit, and where the next run goes on. Their tables are in the
//! migration files `0004_collection.sql`.
//!
//! Instants are whole seconds, as SQLite keeps them here; the key of a run has the microseconds.

#[cfg(feature = "source")]
mod run;

#[cfg(feature = "source")]
pub use run::{Collecting, Step};

use super::Migration;
use super::relational::{Bound, Row};
use crate::record::Record;
use chrono::{DateTime, SubsecRound, Utc};

/// The migration that makes these tables in SQLite.
pub const SQLITE: Migration = Migration::with_undo(
    4,
    "collection",
    include_str!("../../../migrations/sqlite/0004_collection.sql"),
    include_str!("../../../migrations/sqlite/0004_collection.down.sql"),
);

/// The migration that makes these tables in PostgreSQL.
pub const POSTGRES: Migration = Migration::with_undo(
    4,
    "collection",
    include_str!("../../../migrations/postgres/0004_collection.sql"),
    include_str!("../../../migrations/postgres/0004_collection.down.sql"),
);

/// How a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It runs, or was killed: nothing ended it.
    Running,
    /// It collected all there was.
    Done,
    /// A person or a budget stopped it; the next run goes on.
    Stopped,
    /// It could not go on.
    Failed,
}

impl Outcome {
    /// As the table has it.
    pub fn name(self) -> &'static str {
        match self {
            Outcome::Running => "running",
            Outcome::Done => "done",
            Outcome::Stopped => "stopped",
            Outcome::Failed => "failed",
        }
    }
}

/// One run of one source's collection.
#[derive(Debug, Clone, PartialEq, Record)]
#[record(table = "collection_run")]
pub struct CollectionRun {
    /// When it started, in microseconds since 1970-01-01T00:00:00Z.
    #[record(key)]
    pub run_id: i64,
    /// The source's name.
    pub source: String,
    /// When it started, to the second.
    pub started_at: DateTime<Utc>,
    /// When it ended, to the second; null while it runs.
    pub ended_at: Option<DateTime<Utc>>,
    /// How it stands: see [`Outcome`].
    pub outcome: String,
    /// Why it stopped or failed.
    pub message: Option<String>,
    /// Rows and documents that were not there before.
    pub rows_new: i64,
    /// Rows and documents that were there with another value.
    pub rows_changed: i64,
    /// Rows and documents that were there and are the same.
    pub rows_same: i64,
    /// What did not fit.
    pub rows_rejected: i64,
}

impl CollectionRun {
    /// A run of this source that starts now.
    pub fn begin(source: impl Into<String>) -> CollectionRun {
        CollectionRun::begin_at(source, Utc::now())
    }

    /// A run of this source that starts at this instant.
    pub fn begin_at(source: impl Into<String>, start: DateTime<Utc>) -> CollectionRun {
        CollectionRun {
            run_id: start.timestamp_micros(),
            source: source.into(),
            started_at: start.trunc_subsecs(0),
            ended_at: None,
            outcome: Outcome::Running.name().to_owned(),
            message: None,
            rows_new: 0,
            rows_changed: 0,
            rows_same: 0,
            rows_rejected: 0,
        }
    }

    /// The run, ended now, or at its start should the clock have been set back meanwhile.
    pub fn end(self, outcome: Outcome, message: Option<String>) -> CollectionRun {
        CollectionRun {
            ended_at: (outcome != Outcome::Running)
                .then(|| Utc::now().trunc_subsecs(0).max(self.started_at)),
            outcome: outcome.name().to_owned(),
            message,
            ..self
        }
    }
}

impl Row for CollectionRun {
    fn bind(&self, to: &mut Bound) {
        to.whole_or_null(Some(self.run_id));
        to.text(&self.source);
        to.instant_or_null(Some(self.started_at));
        to.instant_or_null(self.ended_at);
        to.text(&self.outcome);
        to.text_or_null(self.message.as_deref());
        to.whole_or_null(Some(self.rows_new));
        to.whole_or_null(Some(self.rows_changed));
        to.whole_or_null(Some(self.rows_same));
        to.whole_or_null(Some(self.rows_rejected));
    }
}

/// What a run asked of one host.
#[derive(Debug, Clone, PartialEq, Record)]
#[record(table = "collection_host")]
pub struct CollectionHost {
    /// The run.
    #[record(key)]
    pub run_id: i64,
    /// The host's name, with its port where that is not the scheme's own.
    #[record(key)]
    pub host: String,
    /// Requests that were sent, with those that were tried again.
    pub requests: i64,
    /// Bytes of bodies that were received, as they came over the wire.
    pub bytes: i64,
    /// Answers that came from the cache.
    pub cache_hits: i64,
    /// Requests that were tried again.
    pub retries: i64,
    /// Seconds waited to be polite or because the host asked for it.
    pub waited_s: f64,
}

impl Row for CollectionHost {
    fn bind(&self, to: &mut Bound) {
        to.whole_or_null(Some(self.run_id));
        to.text(&self.host);
        to.whole_or_null(Some(self.requests));
        to.whole_or_null(Some(self.bytes));
        to.whole_or_null(Some(self.cache_hits));
        to.whole_or_null(Some(self.retries));
        to.number_or_null(Some(self.waited_s));
    }
}

/// A response as it came; the body is in the archive under its SHA-256.
#[derive(Debug, Clone, PartialEq, Record)]
#[record(table = "source_response")]
pub struct SourceResponse {
    /// The first 63 bits of the SHA-256 over the URL, a newline and the body's SHA-256 in hexadecimal, as `Provenance::id_of`
    /// of the source gives it: the same answer has the same key, however often and wherever it is fetched.
    #[record(key)]
    pub response_id: i64,
    /// The source's name.
    pub source: String,
    /// What was asked for.
    pub url: String,
    /// Where it came from after redirects.
    pub final_url: String,
    /// When it came, to the second.
    pub fetched_at: DateTime<Utc>,
    /// The HTTP status.
    pub status: i32,
    /// All headers as a JSON object.
    pub headers: String,
    /// The body's SHA-256 in lower-case hex.
    pub sha256: String,
    /// The body's length in bytes, decompressed.
    pub bytes: i64,
    /// The header Content-Type.
    pub content_type: Option<String>,
    /// The header ETag.
    pub etag: Option<String>,
    /// The header Last-Modified.
    pub last_modified: Option<String>,
    /// The run that fetched it.
    pub run_id: i64,
}

impl Row for SourceResponse {
    fn bind(&self, to: &mut Bound) {
        to.whole_or_null(Some(self.response_id));
        to.text(&self.source);
        to.text(&self.url);
        to.text(&self.final_url);
        to.instant_or_null(Some(self.fetched_at));
        to.whole_or_null(Some(self.status));
        to.text(&self.headers);
        to.text(&self.sha256);
        to.whole_or_null(Some(self.bytes));
        to.text_or_null(self.content_type.as_deref());
        to.text_or_null(self.etag.as_deref());
        to.text_or_null(self.last_modified.as_deref());
        to.whole_or_null(Some(self.run_id));
    }
}

/// What a response held and no rule could make a record of.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
#[record(table = "rejected_record")]
pub struct RejectedRecord {
    /// The response it is in.
    #[record(key)]
    pub response_id: i64,
    /// Where in it: a line, a row, an element.
    #[record(key)]
    pub place: String,
    /// The rule that it broke.
    #[record(key)]
    pub rule: String,
    /// What was wanted and what was found.
    pub reason: String,
    /// The raw text, as far as it was kept.
    pub raw: String,
    /// The run that met it.
    pub run_id: i64,
}

impl Row for RejectedRecord {
    // A run that meets the same again rejects nothing new.
    const PROVENANCE: Option<&'static str> = Some("run_id");

    fn bind(&self, to: &mut Bound) {
        to.whole_or_null(Some(self.response_id));
        to.text(&self.place);
        to.text(&self.rule);
        to.text(&self.reason);
        to.text(&self.raw);
        to.whole_or_null(Some(self.run_id));
    }
}

/// Where the next run of a source goes on; moved in the transaction that writes the rows before it.
#[derive(Debug, Clone, PartialEq, Eq, Record)]
#[record(table = "source_cursor")]
pub struct SourceCursor {
    /// The source's name.
    #[record(key)]
    pub source: String,
    /// What the source makes of it: a month, a page, a token.
    pub cursor: String,
    /// The run that moved it.
    pub run_id: i64,
    /// When it was moved, to the second.
    pub moved_at: DateTime<Utc>,
}

impl Row for SourceCursor {
    fn bind(&self, to: &mut Bound) {
        to.text(&self.source);
        to.text(&self.cursor);
        to.whole_or_null(Some(self.run_id));
        to.instant_or_null(Some(self.moved_at));
    }
}
