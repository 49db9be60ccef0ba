//! What the runs of all providers have in common: asking, and writing what an answer gave.

use super::{CollectError, Plan};
use crate::progress::Progress;
use crate::provider;
use carnet::record::extract::{Extracted, Rejected};
use carnet::source::{Provenance, Request, Response, SourceError};
use carnet::store::collection::{Collecting, Step};
use carnet::store::relational::Row;

/// Records that fit, and what did not.
pub(super) type Sorted<R> = (Vec<R>, Vec<Rejected>);

/// Rows or documents written between two signs of progress.
const STEP: usize = 5_000;

/// Asks for what a provider describes. A body that `fits` refuses is asked for again, like a broken one.
pub(super) async fn ask(
    collecting: &Collecting,
    request: &provider::Request,
    fits: impl Fn(&Response) -> Result<(), String> + Send + Sync + 'static,
) -> Result<Response, SourceError> {
    let request = Request::new(&request.url)?
        .accept(request.accept)?
        .check(fits);
    collecting.client().get(&request).await
}

/// The base of a provider's requests, if it is another than its own.
pub(super) fn base(plan: &Plan, provider: &provider::Provider) -> Option<String> {
    plan.base.is_some().then(|| plan.base_of(provider))
}

/// Whether a body is a zip file by its first bytes; some servers send a page of theirs instead.
pub(super) fn is_zip(response: &Response) -> Result<(), String> {
    begins_with(response, b"PK", "a zip file")
}

/// Whether a body begins so, after a byte order mark perhaps.
pub(super) fn begins_with(response: &Response, wanted: &[u8], what: &str) -> Result<(), String> {
    use std::io::Read;
    let mut begin = Vec::new();
    let file = response.open().map_err(|error| error.to_string())?;
    file.take(64)
        .read_to_end(&mut begin)
        .map_err(|error| error.to_string())?;
    let begin = begin.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&begin);
    if begin.starts_with(wanted) {
        return Ok(());
    }
    let shown: String = String::from_utf8_lossy(begin).chars().take(40).collect();
    Err(format!(
        "{what} was asked for, and the body begins with {shown:?}"
    ))
}

/// Takes a record to those that fit or to those that do not.
pub(super) fn sort<R>(sorted: &mut Sorted<R>, extracted: Extracted<R>) {
    match extracted {
        Ok(record) => sorted.0.push(record),
        Err(rejected) => sorted.1.push(rejected),
    }
}

/// Writes rows and what did not fit.
pub(super) async fn write<R: Row>(
    step: &mut Step<'_>,
    name: &'static str,
    (rows, rejected): &Sorted<R>,
    progress: &Progress,
) -> Result<(), CollectError> {
    let mut stage = progress.stage(name, rows.len());
    step.upsert(rows, |done| stage.at(done)).await?;
    step.reject(rejected).await?;
    stage.end();
    Ok(())
}

/// Keeps the rows that a response gave, and what did not fit, in one step.
pub(super) async fn keep<R: Row>(
    collecting: &mut Collecting,
    response: &Provenance,
    name: &'static str,
    sorted: &Sorted<R>,
    progress: &Progress,
) -> Result<(), CollectError> {
    let mut step = collecting.step(response).await?;
    write(&mut step, name, sorted, progress).await?;
    step.commit(None).await?;
    Ok(())
}

/// Keeps the documents that a response gave, and what did not fit, in one step, with where the next run goes on.
pub(super) async fn keep_documents<R>(
    collecting: &mut Collecting,
    response: &Provenance,
    collection: &'static str,
    (records, rejected): &Sorted<R>,
    document: impl Fn(&R) -> bson::raw::RawDocumentBuf,
    cursor: Option<&str>,
    progress: &Progress,
) -> Result<(), CollectError> {
    let mut step = collecting.step(response).await?;
    let mut stage = progress.stage(collection, records.len());
    let mut done = 0;
    for some in records.chunks(STEP) {
        let documents: Vec<_> = some.iter().map(&document).collect();
        step.upsert_documents(collection, &documents).await?;
        done += some.len();
        stage.at(done);
    }
    step.reject(rejected).await?;
    stage.end();
    step.commit(cursor).await?;
    Ok(())
}
