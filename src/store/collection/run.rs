//! [`Collecting`]: one run of one source, from its first response to its last, so that a program killed at any point and
//! started again ends with the same rows.
//!
//! What a response gave, what of it did not fit, where it came from and where the next run goes on are written by one
//! transaction, a [`Step`]. Documents in MongoDB are outside of it: they are written by key, before the cursor moves.

use super::{CollectionHost, CollectionRun, Outcome, RejectedRecord, SourceCursor, SourceResponse};
use crate::record::extract::Rejected;
use crate::source::{Client, Provenance, RowCounts, RunReport};
use crate::store::relational::Row;
use crate::store::{Store, StoreError, Tables, Transaction, Upserted};
use bson::raw::RawDocumentBuf;
use chrono::{SubsecRound, Utc};

/// A run that is under way.
#[derive(Debug)]
pub struct Collecting {
    store: Store,
    client: Client,
    run: CollectionRun,
    cursor: Option<String>,
}

impl Collecting {
    /// Begins a run of this source, whose responses come through this client, which should be the run's own: what it was
    /// asked is the run's report. A run of the same source that was killed is marked as stopped.
    ///
    /// # Errors
    /// When the tables of [this module](super) are not there, or the database fails.
    pub async fn begin(
        store: &Store,
        client: &Client,
        source: &str,
    ) -> Result<Collecting, StoreError> {
        let run = CollectionRun::begin(source);
        let cursor = store.cursor_of(source).await?;
        stop_killed(store, source).await?;
        let mut transaction = store.begin().await?;
        transaction
            .upsert(std::slice::from_ref(&run), |_| ())
            .await?;
        transaction.commit().await?;
        Ok(Collecting {
            store: store.clone(),
            client: client.clone(),
            run,
            cursor,
        })
    }

    /// Where the last run of the source, or the last step of this one, got to; nothing at the very beginning.
    pub fn cursor(&self) -> Option<&str> {
        self.cursor.as_deref()
    }

    /// The client that the run asks through.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Begins to write what one response gave.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn step(&mut self, response: &Provenance) -> Result<Step<'_>, StoreError> {
        let mut transaction = self.store.begin().await?;
        let row = response_row(&self.run, response);
        transaction.upsert(&[row], |_| ()).await?;
        Ok(Step {
            collecting: self,
            transaction,
            response: response.clone(),
            counts: RowCounts::default(),
        })
    }

    /// Ends the run: done, or stopped or failed for a reason. Gives its report.
    ///
    /// # Errors
    /// When the database fails; the run then looks like one that was killed.
    pub async fn end(
        self,
        outcome: Outcome,
        reason: Option<String>,
    ) -> Result<RunReport, StoreError> {
        let report = self.client.report();
        let mut transaction = self.store.begin().await?;
        write_hosts(&mut transaction, &self.run, &report).await?;
        transaction
            .upsert(&[self.run.end(outcome, reason)], |_| ())
            .await?;
        transaction.commit().await?;
        Ok(report)
    }
}

/// What one response gave, on its way into the store. Dropped without [`Step::commit`], nothing of it stays, but for
/// documents in MongoDB.
#[derive(Debug)]
pub struct Step<'a> {
    collecting: &'a mut Collecting,
    transaction: Transaction,
    response: Provenance,
    counts: RowCounts,
}

impl Step<'_> {
    /// What rows and documents point to as their origin: the key of `source_response`.
    pub fn response_id(&self) -> i64 {
        self.response.id
    }

    /// Writes rows by their record's key, telling `progress` how many are written so far.
    ///
    /// # Errors
    /// As [`Transaction::upsert`].
    pub async fn upsert<R: Row>(
        &mut self,
        rows: &[R],
        progress: impl FnMut(usize),
    ) -> Result<Upserted, StoreError> {
        let written = self.transaction.upsert(rows, progress).await?;
        self.count(written);
        Ok(written)
    }

    /// Writes documents by their `_id`.
    ///
    /// # Errors
    /// As [`Transaction::upsert_documents`].
    pub async fn upsert_documents(
        &mut self,
        collection: &str,
        documents: &[RawDocumentBuf],
    ) -> Result<Upserted, StoreError> {
        let written = self
            .transaction
            .upsert_documents(collection, documents)
            .await?;
        self.count(written);
        Ok(written)
    }

    /// Keeps what did not fit, with the rule and the reason.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn reject(&mut self, rejected: &[Rejected]) -> Result<(), StoreError> {
        let run_id = self.collecting.run.run_id;
        let rows: Vec<RejectedRecord> = rejected
            .iter()
            .map(|rejected| RejectedRecord {
                response_id: self.response.id,
                place: rejected.place.to_string(),
                rule: rejected.rule.clone(),
                reason: rejected.reason.clone(),
                raw: rejected.raw.clone(),
                run_id,
            })
            .collect();
        self.transaction.upsert(&rows, |_| ()).await?;
        self.counts.rejected += rows.len() as u64;
        Ok(())
    }

    /// Keeps all of it, and from now on the source's next run begins after `cursor`, if one is given.
    ///
    /// # Errors
    /// When the database fails; nothing of the step is kept then.
    pub async fn commit(mut self, cursor: Option<&str>) -> Result<RowCounts, StoreError> {
        let counts = self.counts;
        let run = &self.collecting.run;
        let counted = CollectionRun {
            rows_new: run.rows_new + whole(counts.new),
            rows_changed: run.rows_changed + whole(counts.changed),
            rows_same: run.rows_same + whole(counts.same),
            rows_rejected: run.rows_rejected + whole(counts.rejected),
            ..run.clone()
        };
        if let Some(cursor) = cursor {
            let moved = SourceCursor {
                source: run.source.clone(),
                cursor: cursor.to_owned(),
                run_id: run.run_id,
                moved_at: Utc::now().trunc_subsecs(0),
            };
            self.transaction.upsert(&[moved], |_| ()).await?;
        }
        self.transaction
            .upsert(std::slice::from_ref(&counted), |_| ())
            .await?;
        let report = self.collecting.client.report();
        write_hosts(&mut self.transaction, &counted, &report).await?;
        self.transaction.commit().await?;
        // Only now: what was not kept is not counted.
        self.collecting.run = counted;
        if let Some(cursor) = cursor {
            self.collecting.cursor = Some(cursor.to_owned());
        }
        self.collecting.client.count_rows(&self.response, counts);
        Ok(counts)
    }

    fn count(&mut self, written: Upserted) {
        self.counts.new += written.new;
        self.counts.changed += written.changed;
        self.counts.same += written.same;
    }
}

impl Store {
    /// Where the last run of a source got to; nothing if none moved its cursor.
    ///
    /// # Errors
    /// When the tables of [this module](super) are not there, or the database fails.
    pub async fn cursor_of(&self, source: &str) -> Result<Option<String>, StoreError> {
        let sql = "SELECT cursor FROM source_cursor WHERE source = $1";
        Ok(match &self.tables {
            Tables::Sqlite(sqlite) => {
                let asked = sqlx::query_scalar(sql).bind(source);
                asked.fetch_optional(sqlite.pool()).await?
            }
            Tables::Postgres(postgres) => {
                let asked = sqlx::query_scalar(sql).bind(source);
                asked.fetch_optional(postgres.pool()).await?
            }
        })
    }

    /// Forgets where a source's runs got to: the next one begins anew, and finds its rows there.
    ///
    /// # Errors
    /// As [`Store::cursor_of`].
    pub async fn forget_cursor(&self, source: &str) -> Result<(), StoreError> {
        let sql = "DELETE FROM source_cursor WHERE source = $1";
        match &self.tables {
            Tables::Sqlite(sqlite) => {
                sqlx::query(sql).bind(source).execute(sqlite.pool()).await?;
            }
            Tables::Postgres(postgres) => {
                sqlx::query(sql)
                    .bind(source)
                    .execute(postgres.pool())
                    .await?;
            }
        }
        Ok(())
    }
}

/// Marks runs of a source that nothing ended.
async fn stop_killed(store: &Store, source: &str) -> Result<(), StoreError> {
    let message = "it was killed: nothing ended it before the next run began";
    match &store.tables {
        Tables::Sqlite(sqlite) => {
            let sql = "UPDATE collection_run SET outcome = 'stopped', message = $2, \
                       ended_at = strftime('%Y-%m-%dT%H:%M:%SZ', max(julianday(started_at), julianday('now'))) \
                       WHERE source = $1 AND outcome = 'running'";
            let query = sqlx::query(sql).bind(source).bind(message);
            query.execute(sqlite.pool()).await?;
        }
        Tables::Postgres(postgres) => {
            let sql = "UPDATE collection_run SET outcome = 'stopped', message = $2, \
                       ended_at = greatest(started_at, date_trunc('second', now())) \
                       WHERE source = $1 AND outcome = 'running'";
            let query = sqlx::query(sql).bind(source).bind(message);
            query.execute(postgres.pool()).await?;
        }
    }
    Ok(())
}

async fn write_hosts(
    transaction: &mut Transaction,
    run: &CollectionRun,
    report: &RunReport,
) -> Result<(), StoreError> {
    let hosts: Vec<CollectionHost> = report
        .hosts
        .iter()
        .map(|(host, asked)| CollectionHost {
            run_id: run.run_id,
            host: host.clone(),
            requests: whole(asked.requests),
            bytes: whole(asked.bytes),
            cache_hits: whole(asked.cache_hits),
            retries: whole(asked.retries),
            waited_s: asked.waited.as_secs_f64(),
        })
        .collect();
    transaction.upsert(&hosts, |_| ()).await?;
    Ok(())
}

fn response_row(run: &CollectionRun, response: &Provenance) -> SourceResponse {
    let mut headers = serde_json::Map::new();
    for (name, value) in &response.headers {
        // A header that comes twice means its values after each other (RFC 9110, 5.3).
        let joined = match headers.get(name).and_then(serde_json::Value::as_str) {
            Some(before) => format!("{before}, {value}"),
            None => value.clone(),
        };
        headers.insert(name.clone(), joined.into());
    }
    let header = |name| response.header(name).map(str::to_owned);
    SourceResponse {
        response_id: response.id,
        source: run.source.clone(),
        url: response.url.clone(),
        final_url: response.final_url.clone(),
        fetched_at: response.fetched_at.trunc_subsecs(0),
        status: i32::from(response.status),
        headers: serde_json::Value::Object(headers).to_string(),
        sha256: response.sha256.clone(),
        bytes: whole(response.bytes),
        content_type: header("content-type"),
        etag: header("etag"),
        last_modified: header("last-modified"),
        run_id: run.run_id,
    }
}

/// A count as databases hold it.
fn whole(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
