//! Documents to look at: all of a small collection, a thousand drawn at random of a larger one.

use super::tally::Tally;
use crate::frame::FrameError;
use crate::frame::bson::damaged;
use crate::store::document::{Mongo, table_of};
use crate::store::quoted;
use crate::store::relational::{Sqlite, count};
use bson::raw::{RawBsonRef, RawDocument};
use bson::{Document, doc};
use futures_util::TryStreamExt;
use mongodb::error::ErrorKind;
use sqlx::{AssertSqlSafe, Row, SqlSafeStr};

/// Documents looked at at most.
pub(super) const SAMPLE: usize = 1_000;

/// How the documents were chosen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Choice {
    /// All there were.
    #[default]
    All,
    /// At random, each as likely as any other.
    Random,
    /// Those that came first, of a server that draws none.
    First,
}

/// The documents looked at, counted.
#[derive(Debug, Default)]
pub(super) struct Sample {
    pub(super) tally: Tally,
    pub(super) choice: Choice,
    /// Documents of the collection; in MongoDB as its statistics have it.
    pub(super) of: usize,
}

impl Sample {
    fn of(tally: Tally, choice: Choice, of: u64) -> Sample {
        let of = usize::try_from(of).unwrap_or(usize::MAX);
        let looked_at = tally.documents;
        let is_all = looked_at < SAMPLE || looked_at == of;
        Sample {
            tally,
            choice: if is_all { Choice::All } else { choice },
            of: of.max(looked_at),
        }
    }
}

/// Looks at documents of an embedded collection. Keys are drawn from the index on them, so only the drawn bodies are read.
pub(super) async fn embedded(store: &Sqlite, collection: &str) -> Result<Sample, FrameError> {
    let mut connection = store.pool().acquire().await?;
    let table = quoted(&table_of(collection));
    let of = count(&mut connection, &table).await?;
    let sql = format!(
        "SELECT id, body FROM {table} WHERE id IN (SELECT id FROM {table} ORDER BY random() LIMIT {SAMPLE}) ORDER BY id"
    );
    let mut rows = sqlx::query(AssertSqlSafe(sql).into_sql_str()).fetch(&mut *connection);
    let mut tally = Tally::default();
    while let Some(row) = rows.try_next().await? {
        let (Ok(id), Ok(body)) = (row.try_get::<String, _>(0), row.try_get::<&[u8], _>(1)) else {
            let reason = "its row holds no BSON".into();
            return Err(damaged(collection, "?".into(), reason));
        };
        RawDocument::from_bytes(body)
            .and_then(|document| tally.add(document))
            .map_err(|error| damaged(collection, id, error.to_string()))?;
    }
    Ok(Sample::of(tally, Choice::Random, of))
}

/// Looks at documents of a MongoDB collection.
pub(super) async fn mongodb(store: &Mongo, collection: &str) -> Result<Sample, FrameError> {
    let failed = |error| FrameError::Store(store.error(error));
    let documents = store.database().collection::<Document>(collection);
    let of = documents.estimated_document_count().await.map_err(failed)?;
    let size = i64::try_from(SAMPLE).unwrap_or(i64::MAX);
    let drawn = documents
        .aggregate([doc! { "$sample": { "size": size } }])
        .batch()
        .await;
    let (mut batches, choice) = match drawn {
        Ok(batches) => (batches, Choice::Random),
        // Not every server that speaks MongoDB's language knows this stage.
        Err(error) if matches!(error.kind.as_ref(), ErrorKind::Command(_)) => {
            let first = documents.find(doc! {}).limit(size).batch().await;
            (first.map_err(failed)?, Choice::First)
        }
        Err(error) => return Err(failed(error)),
    };
    let mut tally = Tally::default();
    let invalid = |error: bson::error::Error| damaged(collection, "?".into(), error.to_string());
    while let Some(batch) = batches.try_next().await.map_err(failed)? {
        for document in batch.doc_slices().map_err(failed)? {
            if let RawBsonRef::Document(document) = document.map_err(invalid)? {
                tally.add(document).map_err(invalid)?;
            }
        }
    }
    Ok(Sample::of(tally, choice, of))
}
